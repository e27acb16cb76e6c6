//! Link format 1. Frozen: a link made with these tables opens indefinitely.
//!
//! A new field of the document is appended to its record with its present default; a new name is
//! appended to its list. The tests say what is missing. Where the document's own defaults change,
//! these stay: links spell out what differs from here. What a field *means* must never change; a
//! field that the document drops is migrated in [`super::from_value`].

mod kinds;
mod links;

use super::table::Wire::*;
use super::table::{Field, Record, Wire};
use kinds::KINDS;
use links::LINK;

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
        Field("allow", List(&Record(&ALLOWANCE)), "[]"),
    ],
};

static ALLOWANCE: Record = Record {
    name: "allowance",
    fields: &[Field("rule", Text, ""), Field("because", Text, "")],
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
        Field("share", Number, "1"),
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
