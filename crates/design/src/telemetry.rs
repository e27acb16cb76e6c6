//! What operators see of a running system, and what wakes them.

use crate::quantity::Duration;
use crate::{record, variants};

record! {
    /// What a node tells its operators.
    pub struct Telemetry {
        /// Whether it counts calls, failures and times: what alerts run on.
        pub metrics: bool = true => { label: "Metrics" },
        /// Whether it writes a line for each failure: what names the cause.
        pub logs: bool = true => { label: "Logs" },
        /// Share of calls whose trace it keeps, drawn before anybody knows how they end.
        pub traces: f64 = 0.0 => { label: "Trace sampling", range: 0..=1, source: "Jaeger's default 0.001; OpenTelemetry's keeps all" },
    }
}

record! {
    /// A rule over a node's metrics that wakes somebody.
    pub struct Alert {
        /// What people call it.
        pub name: String = "alert".to_owned() => { label: "Name" },
        /// The node whose metrics it watches.
        pub node: String = String::new() => { label: "Node" },
        /// What it fires on.
        pub when: Signal = Signal::BurnRate(BurnRate::default()) => { label: "When" },
        /// How often it is evaluated.
        pub every: Duration = Duration::s(15) => { label: "Evaluated every", range: 1..=3600, source: "Prometheus examples: 15 s; its default is 1 min" },
    }
}

variants! {
    /// What an alert fires on.
    pub enum Signal {
        bare {}
        with {
            /// The error budget burns too fast, over a long and over a short time (Google SRE workbook, chapter 5).
            BurnRate(BurnRate) = "burn_rate", or BurnRate::default();
            /// Too many of the answers are failures.
            ErrorRatio(ErrorRatio) = "error_ratio", or ErrorRatio::default();
            /// Too many of the answers are slow.
            SlowRatio(SlowRatio) = "slow_ratio", or SlowRatio::default();
            /// Nothing at all was heard for this long: no calls, or no metrics.
            Silence(Duration) = "silence", or Duration::s(300);
            /// Too many calls wait for a slot, or messages for a consumer.
            Backlog(Backlog) = "backlog", or Backlog::default();
            /// A queue's oldest waiting message is too old.
            OldestAge(OldestAge) = "oldest_age", or OldestAge::default();
        }
    }
}

record! {
    /// The share of failures, as a multiple of what the objective allows.
    pub struct BurnRate {
        /// The objective: the share of calls that must succeed.
        pub slo: f64 = 0.999 => { label: "Objective", range: 0..=0.999999 },
        /// Fires from this many times the failures that the objective allows.
        pub times: f64 = 14.4 => { label: "Burn rate", range: 0.01..=1000000, source: "Google SRE workbook: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3 d and 6 h" },
        /// The long time, which says that it matters.
        pub long: Duration = Duration::s(3600) => { label: "Long window", range: 1..=2592000 },
        /// The short time, which says that it still goes on.
        pub short: Duration = Duration::s(300) => { label: "Short window", range: 1..=2592000 },
    }
}

record! {
    /// The share of failures over a while.
    pub struct ErrorRatio {
        /// Fires above this share.
        pub above: f64 = 0.05 => { label: "Above", range: 0..=1 },
        /// Over how long.
        pub over: Duration = Duration::s(60) => { label: "Over", range: 1..=2592000 },
    }
}

record! {
    /// The share of slow answers over a while.
    pub struct SlowRatio {
        /// An answer that takes longer is slow.
        pub slower_than: Duration = Duration::ms(500) => { label: "Slow from", range: 0.000001..=86400 },
        /// Fires above this share: 0.01 watches the 99th percentile.
        pub above: f64 = 0.01 => { label: "Above", range: 0..=1 },
        /// Over how long.
        pub over: Duration = Duration::s(60) => { label: "Over", range: 1..=2592000 },
    }
}

record! {
    /// How many calls or messages wait at a node.
    pub struct Backlog {
        /// Fires above this many, all replicas together.
        pub above: u32 = 1000 => { label: "Above", range: 0..=1000000000 },
        /// And only if it has been so for this long, at every evaluation. `null` is at once.
        pub lasts as "for": Option<Duration> = None => { label: "For", range: 1..=2592000 },
    }
}

record! {
    /// How long the oldest message of a queue has waited.
    pub struct OldestAge {
        /// Fires above this age.
        pub above: Duration = Duration::s(60) => { label: "Above", range: 0.000001..=2592000 },
    }
}

impl Signal {
    /// The longest time it looks back.
    pub fn looks_back(&self) -> Duration {
        match self {
            Self::BurnRate(burn) => burn.long.max(burn.short),
            Self::ErrorRatio(ratio) => ratio.over,
            Self::SlowRatio(ratio) => ratio.over,
            Self::Silence(over) => *over,
            // They are of the moment.
            Self::Backlog(_) | Self::OldestAge(_) => Duration::ZERO,
        }
    }
}
