//! Presets of load balancers and gateways, with their default settings.

use super::Plain::{False, Number, Off, On, Text, True};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "nginx",
        label: "nginx",
        kind: "load_balancer",
        words: "reverse proxy openresty nginx-proxy ingress",
        about: "Round robin without probes. One failed call removes a server for 10 s.",
        values: &[
            given(
                "algorithm",
                Text("round_robin"),
                "nginx: round robin by default",
            ),
            given(
                "outlier_ejection",
                On,
                "nginx: max_fails and fail_timeout, on by default",
            ),
            given(
                "outlier_ejection.consecutive_errors",
                Number(1.0),
                "nginx max_fails: 1",
            ),
            given(
                "outlier_ejection.eject_for",
                Text("10s"),
                "nginx fail_timeout: 10 s",
            ),
            given(
                "outlier_ejection.max_eject_for",
                Text("10s"),
                "nginx fail_timeout: 10 s, constant",
            ),
            given(
                "outlier_ejection.max_ejected",
                Number(1.0),
                "nginx: no limit on removed servers",
            ),
            given(
                "panic_threshold",
                Number(0.0),
                "nginx: 502 where no upstream is live",
            ),
        ],
    },
    Preset {
        name: "envoy",
        label: "Envoy",
        kind: "load_balancer",
        words: "proxy sidecar mesh istio gateway",
        about: "Round robin with outlier detection. It ignores health when fewer than half of the hosts are healthy.",
        values: &[
            given(
                "outlier_ejection",
                On,
                "Envoy: off unless configured; the fields are its defaults",
            ),
            given(
                "outlier_ejection.consecutive_errors",
                Number(5.0),
                "Envoy consecutive_5xx: 5",
            ),
            given(
                "outlier_ejection.eject_for",
                Text("30s"),
                "Envoy base_ejection_time: 30 s",
            ),
            given(
                "outlier_ejection.max_eject_for",
                Text("300s"),
                "Envoy max_ejection_time: 300 s",
            ),
            given(
                "outlier_ejection.max_ejected",
                Number(0.1),
                "Envoy max_ejection_percent: 10%, at least one",
            ),
            given(
                "panic_threshold",
                Number(0.5),
                "Envoy healthy_panic_threshold: 50%",
            ),
        ],
    },
    Preset {
        name: "haproxy",
        label: "HAProxy",
        kind: "load_balancer",
        words: "proxy",
        about: "Round robin over servers that accept connections, probed every 2 s.",
        values: &[
            given("health_check", On, "HAProxy: with check on the server"),
            given(
                "health_check.depth",
                Text("tcp"),
                "HAProxy: a check opens a connection by default",
            ),
            given("health_check.interval", Text("2s"), "HAProxy inter: 2 s"),
            given(
                "health_check.timeout",
                Text("2s"),
                "HAProxy: as long as inter",
            ),
            given(
                "health_check.unhealthy_after",
                Number(3.0),
                "HAProxy fall: 3",
            ),
            given("health_check.healthy_after", Number(2.0), "HAProxy rise: 2"),
            given(
                "panic_threshold",
                Number(0.0),
                "HAProxy: 503 where no server is up",
            ),
        ],
    },
    Preset {
        name: "aws-alb",
        label: "AWS ALB",
        kind: "load_balancer",
        words: "amazon application load balancer elb alb elastic",
        about: "Probes every 30 s. A dead target keeps its share of the calls for up to a minute.",
        values: &[
            given("algorithm", Text("round_robin"), "AWS ALB: round robin"),
            given("health_check", On, "AWS ALB: on"),
            given("health_check.interval", Text("30s"), "AWS ALB: 30 s"),
            given("health_check.timeout", Text("5s"), "AWS ALB: 5 s"),
            given("health_check.unhealthy_after", Number(2.0), "AWS ALB: 2"),
            given("health_check.healthy_after", Number(5.0), "AWS ALB: 5"),
            given(
                "panic_threshold",
                Number(0.01),
                "AWS ALB: to all targets where none is healthy",
            ),
        ],
    },
    Preset {
        name: "k8s-service",
        label: "Kubernetes Service",
        kind: "load_balancer",
        words: "k8s kube-proxy clusterip pods readiness",
        about: "A random ready pod. A pod is ready while its readiness probe succeeds.",
        values: &[
            given(
                "algorithm",
                Text("random"),
                "kube-proxy with iptables: at random",
            ),
            given("health_check", On, "Kubernetes: a readiness probe"),
            given(
                "health_check.interval",
                Text("10s"),
                "Kubernetes periodSeconds: 10 s",
            ),
            given(
                "health_check.timeout",
                Text("1s"),
                "Kubernetes timeoutSeconds: 1 s",
            ),
            given(
                "health_check.unhealthy_after",
                Number(3.0),
                "Kubernetes failureThreshold: 3",
            ),
            given(
                "health_check.healthy_after",
                Number(1.0),
                "Kubernetes successThreshold: 1",
            ),
            given(
                "panic_threshold",
                Number(0.0),
                "Kubernetes: endpoints that are not ready get no traffic",
            ),
        ],
    },
    Preset {
        name: "cdn",
        label: "CDN",
        kind: "cache",
        words: "edge cloudfront cloudflare fastly akamai varnish content delivery static",
        about: "Read-through cache at the edge: concurrent misses are coalesced, and stale pages are served while they are reloaded.",
        values: &[
            example("capacity", Number(100_000.0)),
            example("ttl", Text("5m")),
            example("hit_time", Text("lognormal(p50=2ms,p99=10ms)")),
            example("single_flight", True),
            given(
                "stale_while_revalidate",
                Text("60s"),
                "RFC 5861: stale-while-revalidate; the origin sets the period",
            ),
        ],
    },
    Preset {
        name: "api-gateway",
        label: "API gateway",
        kind: "service",
        words: "apigw amazon kong apigee tyk krakend throttle edge",
        about: "Forwards calls without blocking a thread, and rejects calls above its rate limit.",
        values: &[
            given("concurrency", Off, "event loops: not bounded by threads"),
            given(
                "blocking",
                False,
                "event loops: a waiting call holds no thread",
            ),
            example("service_time", Text("lognormal(p50=1ms,p99=8ms)")),
            given(
                "rate_limit.rate",
                Text("10000/s"),
                "Amazon API Gateway: 10,000 per second and account",
            ),
            given(
                "rate_limit.burst",
                Number(5_000.0),
                "Amazon API Gateway: 5,000",
            ),
            given(
                "rate_limit.scope",
                Text("service"),
                "Amazon API Gateway: one bucket for the account",
            ),
        ],
    },
];
