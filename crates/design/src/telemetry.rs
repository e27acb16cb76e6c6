//! What operators see of a running system, and what wakes them.

use crate::quantity::Duration;
use crate::{record, variants};

record! {
    /// What a node reports to its operators.
    pub struct Telemetry {
        /// Reports call counts, failures and latencies. Alerts need them.
        pub metrics: bool = true => { label: "Metrics" },
        /// Writes a log line for each failure, which names the cause.
        pub logs: bool = true => { label: "Logs" },
        /// Share of calls whose trace is kept (head sampling: decided when the call starts).
        pub traces: f64 = 0.0 => { label: "Trace sampling", range: 0..=1, source: "Jaeger's default 0.001; OpenTelemetry's keeps all" },
    }
}

record! {
    /// An alert rule on a node's metrics.
    pub struct Alert {
        /// Name of the alert.
        pub name: String = "alert".to_owned() => { label: "Name" },
        /// The node whose metrics are evaluated.
        pub node: String = String::new() => { label: "Node" },
        /// The condition that fires the alert.
        pub when: Signal = Signal::BurnRate(BurnRate::default()) => { label: "Condition" },
        /// How often the alert is evaluated.
        pub every: Duration = Duration::s(15) => { label: "Evaluation interval", range: 1..=3600, source: "Prometheus examples: 15 s; its default is 1 min" },
    }
}

variants! {
    /// The condition that fires an alert.
    pub enum Signal {
        bare {}
        with {
            /// The error budget burns too fast over both a long and a short window (Google SRE
            /// workbook, chapter 5).
            BurnRate(BurnRate) = "burn_rate", or BurnRate::default();
            /// The share of failed calls is too high.
            ErrorRatio(ErrorRatio) = "error_ratio", or ErrorRatio::default();
            /// The share of slow calls is too high.
            SlowRatio(SlowRatio) = "slow_ratio", or SlowRatio::default();
            /// No data for this long: no calls, or no metrics.
            Silence(Duration) = "silence", or Duration::s(300);
            /// Too many calls wait for a slot, or messages for a consumer.
            Backlog(Backlog) = "backlog", or Backlog::default();
            /// The oldest waiting message of a queue is too old.
            OldestAge(OldestAge) = "oldest_age", or OldestAge::default();
        }
    }
}

record! {
    /// The error rate as a multiple of what the objective allows.
    pub struct BurnRate {
        /// The service level objective: the share of calls that must succeed.
        pub slo: f64 = 0.999 => { label: "Objective (SLO)", range: 0..=0.999999 },
        /// Fires when the error rate reaches this multiple of what the objective allows.
        pub times: f64 = 14.4 => { label: "Burn rate", range: 0.01..=1000000, source: "Google SRE workbook: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3 d and 6 h" },
        /// The long window, which shows that the problem is significant.
        pub long: Duration = Duration::s(3600) => { label: "Long window", range: 1..=2592000 },
        /// The short window, which shows that the problem is ongoing.
        pub short: Duration = Duration::s(300) => { label: "Short window", range: 1..=2592000 },
    }
}

record! {
    /// The error rate over a window.
    pub struct ErrorRatio {
        /// Fires above this error rate.
        pub above: f64 = 0.05 => { label: "Threshold", range: 0..=1 },
        /// Length of the window.
        pub over: Duration = Duration::s(60) => { label: "Window", range: 1..=2592000 },
    }
}

record! {
    /// The share of slow responses over a window.
    pub struct SlowRatio {
        /// A response that takes longer than this is slow.
        pub slower_than: Duration = Duration::ms(500) => { label: "Slow threshold", range: 0.000001..=86400 },
        /// Fires above this share. 0.01 monitors the 99th percentile.
        pub above: f64 = 0.01 => { label: "Threshold", range: 0..=1 },
        /// Length of the window.
        pub over: Duration = Duration::s(60) => { label: "Window", range: 1..=2592000 },
    }
}

record! {
    /// Number of calls or messages waiting at a node.
    pub struct Backlog {
        /// Fires above this number, over all replicas.
        pub above: u32 = 1000 => { label: "Threshold", range: 0..=1000000000 },
        /// Fires only if every evaluation in this period is above the threshold. `null` fires
        /// immediately.
        pub lasts as "for": Option<Duration> = None => { label: "Duration", range: 1..=2592000 },
    }
}

record! {
    /// How long the oldest message of a queue has waited.
    pub struct OldestAge {
        /// Fires above this age.
        pub above: Duration = Duration::s(60) => { label: "Threshold", range: 0.000001..=2592000 },
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
