//! What a node of each kind says, in link format 1.

use super::links::REDELIVERY;
use super::{COST, TELEMETRY};
use crate::link::table::Wire::*;
use crate::link::table::{Field, Record, Wire};

/// Kinds of node, by number.
pub(super) static KINDS: &[&Record] = &[
    &CLIENT,
    &LOAD_BALANCER,
    &SERVICE,
    &CACHE,
    &QUEUE,
    &DATABASE,
    &COORDINATOR,
];

static CLIENT: Record = Record {
    name: "client",
    fields: &[
        Field("arrivals", ARRIVALS, r#"{"poisson": "100/s"}"#),
        Field("operations", List(&Record(&OPERATION)), "[{}]"),
        Field("patience", Optional(&Duration), "null"),
        Field("reload", Number, "0"),
        Field("profile", List(&Record(&PROFILE_STEP)), "[]"),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("patience_drawn", Optional(&Distribution), "null"),
        Field("batch", Integer, "1"),
        Field("team", Optional(&Text), "null"),
    ],
};

const ARRIVALS: Wire = Variants(&[
    ("poisson", Some(Rate)),
    ("constant", Some(Rate)),
    ("on_off", Some(Record(&ON_OFF))),
    ("closed", Some(Record(&CLOSED))),
    ("replay", Some(List(&Duration))),
]);

static ON_OFF: Record = Record {
    name: "on_off",
    fields: &[
        Field("rate", Rate, "200/s"),
        Field("on", Duration, "1s"),
        Field("off", Duration, "1s"),
    ],
};

static CLOSED: Record = Record {
    name: "closed",
    fields: &[
        Field("users", Integer, "50"),
        Field("think", Distribution, "exp(1s)"),
    ],
};

static PROFILE_STEP: Record = Record {
    name: "profile_step",
    fields: &[
        Field("at", Duration, "0s"),
        Field("times", Number, "1"),
        Field("over", Duration, "0s"),
    ],
};

static OPERATION: Record = Record {
    name: "operation",
    fields: &[
        Field("name", Text, "request"),
        Field("weight", Number, "1"),
        Field("effect", Choice(&["read", "write"]), "read"),
        Field("keys", KEYS, r#"{"uniform": {}}"#),
        Field("idempotency_key", Bool, "false"),
    ],
};

const KEYS: Wire = Variants(&[
    ("uniform", Some(Record(&UNIFORM))),
    ("zipf", Some(Record(&ZIPF))),
]);

static UNIFORM: Record = Record {
    name: "uniform",
    fields: &[Field("n", Integer, "10000")],
};

static ZIPF: Record = Record {
    name: "zipf",
    fields: &[Field("n", Integer, "10000"), Field("s", Number, "1")],
};

static LOAD_BALANCER: Record = Record {
    name: "load_balancer",
    fields: &[
        Field(
            "algorithm",
            Choice(&[
                "round_robin",
                "random",
                "least_outstanding",
                "power_of_two",
                "weighted",
                "peak_ewma",
                "consistent_hash",
            ]),
            "round_robin",
        ),
        Field("health_check", Optional(&Record(&HEALTH_CHECK)), "null"),
        Field("panic_threshold", Number, "0.5"),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field(
            "outlier_ejection",
            Optional(&Record(&OUTLIER_EJECTION)),
            "null",
        ),
        Field("choices", Integer, "2"),
        Field("consistent_hash", Record(&CONSISTENT_HASH), "{}"),
        Field("team", Optional(&Text), "null"),
    ],
};

static OUTLIER_EJECTION: Record = Record {
    name: "outlier_ejection",
    fields: &[
        Field("consecutive_errors", Integer, "5"),
        Field("eject_for", Duration, "30s"),
        Field("max_eject_for", Duration, "300s"),
        Field("max_ejected", Number, "0.1"),
    ],
};

static CONSISTENT_HASH: Record = Record {
    name: "consistent_hash",
    fields: &[
        Field("virtual_nodes", Integer, "100"),
        Field("bounded_load", Optional(&Number), "null"),
    ],
};

static HEALTH_CHECK: Record = Record {
    name: "health_check",
    fields: &[
        Field("depth", Choice(&["tcp", "http", "deep"]), "http"),
        Field("interval", Duration, "5s"),
        Field("timeout", Duration, "1s"),
        Field("unhealthy_after", Integer, "3"),
        Field("healthy_after", Integer, "2"),
    ],
};

static SERVICE: Record = Record {
    name: "service",
    fields: &[
        Field("replicas", Integer, "1"),
        Field("concurrency", Optional(&Integer), "20"),
        Field("service_time", Distribution, "exp(10ms)"),
        Field("queue", Record(&CALL_QUEUE), "{}"),
        Field("error_rate", Number, "0"),
        Field("label", Optional(&Text), "null"),
        Field("blocking", Bool, "true"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("idempotency_window", Optional(&Duration), "null"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("rate_limit", Optional(&Record(&RATE_LIMIT)), "null"),
        Field(
            "adaptive_concurrency",
            Optional(&ADAPTIVE_CONCURRENCY),
            "null",
        ),
        Field("shed", Optional(&Record(&SHED)), "null"),
        Field("autoscale", Optional(&Record(&AUTOSCALE)), "null"),
        Field("warm_up", Optional(&Record(&WARM_UP)), "null"),
        Field("memory", Optional(&Record(&MEMORY)), "null"),
        Field("team", Optional(&Text), "null"),
        Field("start_up", Optional(&Distribution), "null"),
    ],
};

static AUTOSCALE: Record = Record {
    name: "autoscale",
    fields: &[
        Field("min", Integer, "1"),
        Field("max", Integer, "10"),
        Field("target", Number, "0.8"),
        Field("interval", Duration, "15s"),
        Field("startup", Distribution, "const(30s)"),
        Field("stabilization", Duration, "300s"),
        Field("tolerance", Number, "0.1"),
        Field("growth", Number, "2"),
        Field("grace", Duration, "30s"),
        Field("cores", Optional(&Integer), "null"),
    ],
};

static WARM_UP: Record = Record {
    name: "warm_up",
    fields: &[Field("for", Duration, "60s"), Field("times", Number, "3")],
};

static MEMORY: Record = Record {
    name: "memory",
    fields: &[
        Field("limit_mb", Number, "512"),
        Field("idle_mb", Number, "128"),
        Field("call_mb", Number, "1"),
        Field("restart", Duration, "10s"),
    ],
};

static RATE_LIMIT: Record = Record {
    name: "rate_limit",
    fields: &[
        Field("rate", Rate, "100/s"),
        Field("burst", Integer, "50"),
        Field("scope", Choice(&["replica", "service"]), "replica"),
        Field("per", Choice(&["all", "key"]), "all"),
    ],
};

const ADAPTIVE_CONCURRENCY: Wire = Variants(&[
    ("gradient", Some(Record(&GRADIENT))),
    ("aimd", Some(Record(&AIMD))),
]);

static GRADIENT: Record = Record {
    name: "gradient",
    fields: &[
        Field("initial", Integer, "20"),
        Field("min", Integer, "20"),
        Field("max", Integer, "200"),
        Field("tolerance", Number, "1.5"),
        Field("window", Duration, "1s"),
    ],
};

static AIMD: Record = Record {
    name: "aimd",
    fields: &[
        Field("initial", Integer, "20"),
        Field("min", Integer, "20"),
        Field("max", Integer, "200"),
        Field("timeout", Duration, "5s"),
        Field("backoff", Number, "0.9"),
        Field("window", Duration, "1s"),
    ],
};

static SHED: Record = Record {
    name: "shed",
    fields: &[Field("queue_delay", Duration, "100ms")],
};

static CALL_QUEUE: Record = Record {
    name: "call_queue",
    fields: &[
        Field("capacity", Optional(&Integer), "100"),
        Field(
            "discipline",
            Choice(&[
                "fifo",
                "lifo",
                "adaptive_lifo",
                "codel",
                "priority",
                "processor_sharing",
            ]),
            "fifo",
        ),
        Field("priority", List(&Text), "[]"),
        Field("max_wait", Optional(&Duration), "null"),
        Field("codel", Optional(&Record(&CODEL)), "null"),
    ],
};

static CODEL: Record = Record {
    name: "codel",
    fields: &[
        Field("target", Duration, "5ms"),
        Field("interval", Duration, "100ms"),
    ],
};

static CACHE: Record = Record {
    name: "cache",
    fields: &[
        Field("capacity", Optional(&Integer), "10000"),
        Field("ttl", Optional(&Duration), "60s"),
        Field("ttl_jitter", Number, "0"),
        Field(
            "eviction",
            Choice(&["lru", "fifo", "lfu", "random", "sieve"]),
            "lru",
        ),
        Field("hit_time", Distribution, "const(300us)"),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("sliding_ttl", Bool, "false"),
        Field("single_flight", Bool, "false"),
        Field("lease_time", Duration, "10s"),
        Field("stale_while_revalidate", Optional(&Duration), "null"),
        Field("early_expiry", Optional(&Record(&EARLY_EXPIRY)), "null"),
        Field("warm", Number, "0"),
        Field("hit_ratio", Optional(&Number), "null"),
        Field("write_behind_delay", Duration, "1s"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("leases", Bool, "false"),
        Field("team", Optional(&Text), "null"),
        Field("lease_interval", Optional(&Duration), "null"),
    ],
};

static EARLY_EXPIRY: Record = Record {
    name: "early_expiry",
    fields: &[Field("beta", Number, "1")],
};

static QUEUE: Record = Record {
    name: "queue",
    fields: &[
        Field("capacity", Optional(&Integer), "100000"),
        Field("visibility_timeout", Duration, "30s"),
        Field("max_receives", Optional(&Integer), "5"),
        Field(
            "delivery",
            Choice(&["at_most_once", "at_least_once"]),
            "at_least_once",
        ),
        Field(
            "overflow",
            Choice(&["reject", "drop_oldest", "block"]),
            "reject",
        ),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("redelivery", REDELIVERY, "on_timeout"),
        Field("partitions", Optional(&Integer), "null"),
        Field("session_timeout", Duration, "45s"),
        Field("heartbeat", Duration, "3s"),
        Field("fan_out", Bool, "false"),
        Field("durable", Bool, "true"),
        Field("poison", Number, "0"),
        Field("team", Optional(&Text), "null"),
        Field("max_poll_interval", Optional(&Duration), "null"),
    ],
};

static DATABASE: Record = Record {
    name: "database",
    fields: &[
        Field("connections", Optional(&Integer), "100"),
        Field("concurrency", Integer, "16"),
        Field("read_time", Distribution, "exp(3ms)"),
        Field("write_time", Distribution, "exp(6ms)"),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("copy_of", Optional(&Target), "null"),
        Field("unique_ids", Bool, "false"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("error_rate", Number, "0"),
        Field("contention", Optional(&Record(&CONTENTION)), "null"),
        Field("row_locks", Bool, "false"),
        Field("lock_time", Distribution, "const(0s)"),
        Field("shards", Record(&SHARDS), "{}"),
        Field("cross_shard", Optional(&CROSS_SHARD), "null"),
        Field("member_latency", Distribution, "const(250us)"),
        Field("replication", Optional(&Record(&REPLICATION)), "null"),
        Field("team", Optional(&Text), "null"),
    ],
};

static REPLICATION: Record = Record {
    name: "replication",
    fields: &[
        Field("replicas", Integer, "3"),
        Field("mode", Choice(&["async", "semi_sync", "quorum"]), "async"),
        Field("lag", Distribution, "exp(50ms)"),
        Field(
            "read_from",
            Choice(&["leader", "follower", "any"]),
            "leader",
        ),
        Field("detection_time", Duration, "1s"),
        Field("election_time", Duration, "1s"),
        Field("r", Integer, "2"),
        Field("w", Integer, "2"),
        Field("write_to", Choice(&["all", "quorum"]), "all"),
        Field("on_partition", Choice(&["refuse", "diverge"]), "refuse"),
        Field("apply_time", Distribution, "const(0s)"),
        Field("no_leader_in", List(&Text), "[]"),
    ],
};

static COORDINATOR: Record = Record {
    name: "coordinator",
    fields: &[
        Field("service_time", Distribution, "exp(1ms)"),
        Field("members", Integer, "3"),
        Field("election_time", Duration, "1s"),
        Field("scope", Choice(&["global", "per_key"]), "global"),
        Field("lease", Optional(&Duration), "null"),
        Field("label", Optional(&Text), "null"),
        Field("zone", Optional(&Text), "null"),
        Field("zones", List(&Text), "[]"),
        Field("telemetry", Record(&TELEMETRY), "{}"),
        Field("cost", Optional(&Record(&COST)), "null"),
        Field("team", Optional(&Text), "null"),
    ],
};

const CROSS_SHARD: Wire = Variants(&[
    ("always", None),
    ("reads", None),
    ("writes", None),
    ("operations", Some(List(&Text))),
    ("probability", Some(Number)),
]);

static CONTENTION: Record = Record {
    name: "contention",
    fields: &[
        Field("alpha", Number, "0.03"),
        Field("beta", Number, "0.0001"),
    ],
};

static SHARDS: Record = Record {
    name: "shards",
    fields: &[
        Field("count", Integer, "1"),
        Field("by", Choice(&["hash", "range", "tenant", "modulo"]), "hash"),
        Field("tenants", Integer, "100"),
    ],
};
