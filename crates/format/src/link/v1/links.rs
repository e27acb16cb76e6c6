//! What a link says, with its policies, in link format 1.

use crate::link::table::Wire::*;
use crate::link::table::{Field, Record, Wire};

static RELAY: Record = Record {
    name: "relay",
    fields: &[
        Field("poll", Duration, "500ms"),
        Field("batch", Integer, "100"),
    ],
};

/// An empty id is the usual one: `from->to`, numbered where links are parallel.
pub(super) static LINK: Record = Record {
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
        Field("start_calls", Integer, "0"),
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

pub(super) const REDELIVERY: Wire = Variants(&[
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
        Field("judges", Choice(&["attempts", "calls"]), "attempts"),
    ],
};

static POOL: Record = Record {
    name: "pool",
    fields: &[
        Field("size", Integer, "10"),
        Field("wait", Optional(&Duration), "30s"),
        Field("shared", Optional(&Text), "null"),
    ],
};
