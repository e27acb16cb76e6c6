//! What does the work.

use super::Plain::{False, Number, Off, Text};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "tomcat",
        label: "Tomcat service",
        kind: "service",
        words: "java spring boot thread pool jvm servlet http backend",
        about: "One thread per call, 200 threads, and thousands of connections that may wait.",
        values: &[
            given("concurrency", Number(200.0), "Tomcat maxThreads: 200"),
            given(
                "queue.capacity",
                Number(8_092.0),
                "Tomcat maxConnections 8192 and acceptCount 100, less 200 at work",
            ),
            example("service_time", Text("lognormal(p50=8ms,p99=80ms)")),
        ],
    },
    Preset {
        name: "node-js",
        label: "Node.js service",
        kind: "service",
        words: "node javascript express nest event loop deno bun",
        about: "One event loop: waiting for other services blocks nothing, but the service's own work runs one call at a time.",
        values: &[
            given("concurrency", Number(1.0), "Node.js: one event loop"),
            given("blocking", False, "Node.js: I/O does not block"),
            given("queue.capacity", Off, "Node.js: the queue is unbounded"),
            example("service_time", Text("lognormal(p50=2ms,p99=20ms)")),
        ],
    },
    Preset {
        name: "go-service",
        label: "Go service",
        kind: "service",
        words: "golang goroutine net/http grpc",
        about: "One goroutine per call without a limit: no call waits and no call is rejected.",
        values: &[
            given(
                "concurrency",
                Off,
                "Go net/http: a goroutine per request, unbounded",
            ),
            example("service_time", Text("lognormal(p50=3ms,p99=25ms)")),
        ],
    },
    Preset {
        name: "lambda",
        label: "Serverless function",
        kind: "service",
        words: "aws lambda faas cloud functions run azure function",
        about: "One instance per call, up to the account's limit; further calls are rejected. Some calls are cold starts.",
        values: &[
            given(
                "concurrency",
                Number(1_000.0),
                "AWS Lambda: 1,000 concurrent executions per account and region",
            ),
            given(
                "queue.capacity",
                Number(0.0),
                "AWS Lambda: throttles, it does not queue",
            ),
            example(
                "service_time",
                Text("empirical(0:5ms,0.5:20ms,0.98:60ms,0.985:400ms,1:1s)"),
            ),
        ],
    },
    Preset {
        name: "worker-pool",
        label: "Worker pool",
        kind: "service",
        words: "workers consumer celery sidekiq background jobs resque thread pool executor",
        about: "Replicas that process messages, a few at a time each.",
        values: &[
            example("replicas", Number(4.0)),
            example("concurrency", Number(4.0)),
            example("service_time", Text("lognormal(p50=80ms,p99=600ms)")),
        ],
    },
    Preset {
        name: "hystrix-pool",
        label: "Hystrix command",
        kind: "service",
        words: "netflix bulkhead thread pool isolation java",
        about: "Ten threads and no queue: the eleventh call is rejected immediately.",
        values: &[
            given("concurrency", Number(10.0), "Hystrix coreSize: 10"),
            given(
                "queue.capacity",
                Number(0.0),
                "Hystrix maxQueueSize: -1, no queue",
            ),
            example("service_time", Text("lognormal(p50=10ms,p99=100ms)")),
        ],
    },
    Preset {
        name: "third-party-api",
        label: "Third-party API",
        kind: "service",
        words: "external stripe payment provider partner saas vendor webhook twilio",
        about: "A system you do not control: slow in the tail, with occasional errors and a rate limit.",
        values: &[
            given("concurrency", Off, "bounded by the provider"),
            example("service_time", Text("lognormal(p50=150ms,p99=1500ms)")),
            example("error_rate", Number(0.005)),
            given(
                "idempotency_window",
                Text("24h"),
                "Stripe keeps idempotency keys for at least 24 h",
            ),
            example("rate_limit.rate", Text("100/s")),
            example("rate_limit.burst", Number(100.0)),
            example("rate_limit.scope", Text("service")),
        ],
    },
];
