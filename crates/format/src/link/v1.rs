//! Link format 1. Frozen: a link made with these tables opens for ever.
//!
//! A new field of the document is appended to its record with its present default; a new name is
//! appended to its list. The tests say what is missing. Where the document's own defaults change,
//! these stay: links spell out what differs from here. What a field *means* must never change; a
//! field that the document drops is migrated in [`super::from_value`].

use super::table::Wire::*;
use super::table::{Field, Record, Wire};

pub(super) static DESIGN: Record = Record {
    name: "design",
    fields: &[
        Field("name", Text, "Untitled"),
        Field("seed", Integer, "1"),
        Field("duration", Duration, "60s"),
        Field("nodes", Nodes(KINDS), "[]"),
        Field("links", Links(&LINK), "[]"),
        Field("faults", List(&Record(&FAULT)), "[]"),
        Field("view", Optional(&Record(&VIEW)), "null"),
        Field("warmup", Duration, "0s"),
        Field("drain", Bool, "true"),
        Field("requirements", List(&Record(&REQUIREMENT)), "[]"),
        Field("zones", Record(&ZONES), "{}"),
        Field("alerts", List(&Record(&ALERT)), "[]"),
        Field("notes", List(&Record(&NOTE)), "[]"),
    ],
};

static NOTE: Record = Record {
    name: "note",
    fields: &[
        Field("at", List(&Signed), "[0, 0]"),
        Field("text", Text, ""),
        Field("width", Integer, "200"),
    ],
};

static ALERT: Record = Record {
    name: "alert",
    fields: &[
        Field("name", Text, "alert"),
        Field("node", Text, ""),
        Field("when", SIGNAL, r#"{"burn_rate": {}}"#),
        Field("every", Duration, "15s"),
    ],
};

const SIGNAL: Wire = Variants(&[
    ("burn_rate", Some(Record(&BURN_RATE))),
    ("error_ratio", Some(Record(&ERROR_RATIO))),
    ("slow_ratio", Some(Record(&SLOW_RATIO))),
    ("silence", Some(Duration)),
    ("backlog", Some(Record(&BACKLOG))),
    ("oldest_age", Some(Record(&OLDEST_AGE))),
]);

static BACKLOG: Record = Record {
    name: "backlog",
    fields: &[
        Field("above", Integer, "1000"),
        Field("for", Optional(&Duration), "null"),
    ],
};

static OLDEST_AGE: Record = Record {
    name: "oldest_age",
    fields: &[Field("above", Duration, "1m")],
};

static BURN_RATE: Record = Record {
    name: "burn_rate",
    fields: &[
        Field("slo", Number, "0.999"),
        Field("times", Number, "14.4"),
        Field("long", Duration, "1h"),
        Field("short", Duration, "5m"),
    ],
};

static ERROR_RATIO: Record = Record {
    name: "error_ratio",
    fields: &[
        Field("above", Number, "0.05"),
        Field("over", Duration, "1m"),
    ],
};

static SLOW_RATIO: Record = Record {
    name: "slow_ratio",
    fields: &[
        Field("slower_than", Duration, "500ms"),
        Field("above", Number, "0.01"),
        Field("over", Duration, "1m"),
    ],
};

static TELEMETRY: Record = Record {
    name: "telemetry",
    fields: &[
        Field("metrics", Bool, "true"),
        Field("logs", Bool, "true"),
        Field("traces", Number, "0"),
    ],
};

static ZONES: Record = Record {
    name: "zones",
    fields: &[
        Field("latency", Distribution, "const(0s)"),
        Field("pairs", List(&Record(&ZONE_PAIR)), "[]"),
    ],
};

static ZONE_PAIR: Record = Record {
    name: "zone_pair",
    fields: &[
        Field("between", Text, ""),
        Field("and", Text, ""),
        Field("latency", Distribution, "const(0s)"),
    ],
};

static COST: Record = Record {
    name: "cost",
    fields: &[
        Field("replica_month", Number, "0"),
        Field("per_million_calls", Number, "0"),
        Field("storage_month", Number, "0"),
        Field("per_million_traces", Number, "0"),
        Field("per_million_log_lines", Number, "0"),
    ],
};

static VIEW: Record = Record {
    name: "view",
    fields: &[
        Field("x", Signed, "0"),
        Field("y", Signed, "0"),
        Field("zoom_percent", Integer, "100"),
    ],
};

/// Kinds of node, by number.
static KINDS: &[&Record] = &[
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

static RELAY: Record = Record {
    name: "relay",
    fields: &[
        Field("poll", Duration, "500ms"),
        Field("batch", Integer, "100"),
    ],
};

/// An empty id is the usual one: `from->to`, numbered where links are parallel.
static LINK: Record = Record {
    name: "link",
    fields: &[
        Field(
            "mode",
            Choice(&["call", "publish", "consume", "dead_letter"]),
            "call",
        ),
        Field("timeout", Optional(&Duration), "null"),
        Field("retry", Optional(&Record(&RETRY)), "null"),
        Field("latency", Distribution, "const(250us)"),
        Field("when", OneOrMany(&CONDITION), "always"),
        Field("breaker", Optional(&Record(&BREAKER)), "null"),
        Field("pool", Optional(&Record(&POOL)), "null"),
        Field("stage", Optional(&Integer), "null"),
        Field("calls", Integer, "1"),
        Field("optional", Bool, "false"),
        Field(
            "on_write",
            Choice(&["none", "invalidate", "update", "write_behind"]),
            "none",
        ),
        Field("loss", Number, "0"),
        Field("concurrency", Integer, "8"),
        Field("id", Text, ""),
        Field(
            "adaptive_throttle",
            Optional(&Record(&ADAPTIVE_THROTTLE)),
            "null",
        ),
        Field("bulkhead", Optional(&Record(&BULKHEAD)), "null"),
        Field("hedge", Optional(&Record(&HEDGE)), "null"),
        Field("deadline", Bool, "false"),
        Field("cancellation", Bool, "false"),
        Field("weight", Integer, "1"),
        Field("prefetch", Optional(&Integer), "null"),
        Field("ack", Choice(&["accepted", "none"]), "accepted"),
        Field("relay", Optional(&Record(&RELAY)), "null"),
    ],
};

const CONDITION: Wire = Variants(&[
    ("always", None),
    ("reads", None),
    ("writes", None),
    ("on_miss", None),
    ("on_error", None),
    ("operations", Some(List(&Text))),
    ("probability", Some(Number)),
]);

static RETRY: Record = Record {
    name: "retry",
    fields: &[
        Field("max_attempts", Integer, "3"),
        Field("backoff", BACKOFF, "none"),
        Field(
            "jitter",
            Choice(&["none", "full", "equal", "decorrelated"]),
            "none",
        ),
        Field("budget", Optional(&Record(&BUDGET)), "null"),
        Field(
            "on",
            List(&Choice(&[
                "timeout",
                "refused",
                "rejected",
                "unavailable",
                "error",
                "circuit_open",
                "pool_timeout",
            ])),
            r#"["timeout", "refused", "rejected", "unavailable", "error"]"#,
        ),
        Field("throttle", Optional(&Record(&RETRY_THROTTLE)), "null"),
        Field("quota", Optional(&Record(&RETRY_QUOTA)), "null"),
    ],
};

const BACKOFF: Wire = Variants(&[
    ("none", None),
    ("constant", Some(Duration)),
    ("exponential", Some(Record(&EXPONENTIAL))),
]);

const REDELIVERY: Wire = Variants(&[
    ("on_timeout", None),
    ("at_once", None),
    ("constant", Some(Duration)),
    ("exponential", Some(Record(&EXPONENTIAL))),
]);

static EXPONENTIAL: Record = Record {
    name: "exponential",
    fields: &[
        Field("base", Duration, "100ms"),
        Field("cap", Duration, "2s"),
    ],
};

static BUDGET: Record = Record {
    name: "budget",
    fields: &[Field("ratio", Number, "0.1"), Field("burst", Number, "10")],
};

static RETRY_THROTTLE: Record = Record {
    name: "retry_throttle",
    fields: &[
        Field("tokens", Number, "10"),
        Field("token_ratio", Number, "0.1"),
    ],
};

static RETRY_QUOTA: Record = Record {
    name: "retry_quota",
    fields: &[
        Field("capacity", Integer, "500"),
        Field("cost", Integer, "5"),
        Field("timeout_cost", Integer, "10"),
        Field("refund", Integer, "1"),
    ],
};

static ADAPTIVE_THROTTLE: Record = Record {
    name: "adaptive_throttle",
    fields: &[Field("k", Number, "2"), Field("window", Duration, "2m")],
};

static BULKHEAD: Record = Record {
    name: "bulkhead",
    fields: &[
        Field("max_concurrent", Integer, "25"),
        Field("wait", Optional(&Duration), "0s"),
    ],
};

static HEDGE: Record = Record {
    name: "hedge",
    fields: &[Field("after", Duration, "50ms"), Field("max", Integer, "1")],
};

static BREAKER: Record = Record {
    name: "breaker",
    fields: &[
        Field("failure_rate", Optional(&Number), "0.5"),
        Field("window", Integer, "100"),
        Field("min_calls", Integer, "20"),
        Field("consecutive_failures", Optional(&Integer), "null"),
        Field("open_for", Duration, "5s"),
        Field("half_open_calls", Integer, "10"),
        Field("window_time", Optional(&Duration), "null"),
        Field("slow_call_rate", Optional(&Number), "null"),
        Field("slow_call_duration", Duration, "60s"),
    ],
};

static POOL: Record = Record {
    name: "pool",
    fields: &[
        Field("size", Integer, "10"),
        Field("wait", Optional(&Duration), "30s"),
    ],
};

static FAULT: Record = Record {
    name: "fault",
    fields: &[
        Field("at", Duration, "0s"),
        Field(
            "kind",
            Choice(&[
                "crash",
                "slowdown",
                "latency",
                "loss",
                "traffic_spike",
                "cache_flush",
                "partition",
                "hang",
                "error_rate",
                "gray_failure",
                "jitter",
                "key_skew",
                "cache_outage",
                "queue_outage",
                "rolling_deploy",
                "disk_full",
                "gc_pauses",
                "third_party_outage",
                "telemetry_loss",
                "leader_failover",
                "schema_migration",
                "connection_leak",
                "poison_message",
                "reshard",
                "clock_skew",
            ]),
            "slowdown",
        ),
        Field("target", Target, ""),
        Field("for", Optional(&Duration), "10s"),
        Field("times", Number, "10"),
        Field("add", Distribution, "const(100ms)"),
        Field("loss", Number, "0.5"),
        Field("replica", Optional(&Integer), "null"),
        Field("to", Optional(&Target), "null"),
        Field("one_way", Bool, "false"),
        Field("errors", Number, "0.5"),
        Field("hot", Number, "0.5"),
        Field("every", Duration, "10s"),
        Field("pause", Duration, "200ms"),
        Field("step", Duration, "10s"),
        Field("mtbf", Optional(&Duration), "null"),
        Field("mttr", Optional(&Duration), "null"),
        Field("reads", Bool, "false"),
        Field("messages", Integer, "1"),
        Field("shards", Integer, "2"),
        Field("batch", Integer, "100"),
        Field("copy_time", Duration, "100us"),
        Field("cutover", Duration, "10ms"),
        Field("rate", Optional(&Rate), "null"),
        Field("offset", Duration, "1s"),
        Field("behind", Bool, "false"),
    ],
};

static REQUIREMENT: Record = Record {
    name: "requirement",
    fields: &[
        Field(
            "metric",
            Choice(&[
                "availability",
                "latency_mean",
                "latency_p50",
                "latency_p90",
                "latency_p95",
                "latency_p99",
                "latency_p999",
                "goodput",
                "throughput",
                "staleness_max",
                "staleness_p99",
                "stale_reads",
                "duplicate_effects",
                "lost_writes",
                "torn_writes",
                "out_of_order",
                "divergent_keys",
                "time_to_detect",
                "recovery_time",
                "monthly_cost",
            ]),
            "availability",
        ),
        Field("at_least", Optional(&Bound), "null"),
        Field("at_most", Optional(&Bound), "null"),
    ],
};
