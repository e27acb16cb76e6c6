//! Faults: what is broken, when, and for how long.

use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Something breaks: scheduled in the design, or injected by a person at the moment `at`.
    pub struct Fault {
        /// When it begins.
        pub at: Duration = Duration::ZERO => { label: "At" },
        /// How long it lasts. `null` is to the end of the run.
        pub lasts as "for": Option<Duration> = Some(Duration::s(10)) => { label: "For", range: 0.001..=2592000 },
        /// What happens.
        pub kind: FaultKind = FaultKind::Slowdown => { label: "Kind" },
        /// The node, link or zone it happens to.
        pub target: String = String::new() => { label: "Target" },
        /// One replica alone, counted from 0. `null` is all of them.
        pub replica: Option<u32> = None => { label: "Replica", range: 0..=9999 },
        /// For a slowdown or a traffic spike: times this.
        pub times: f64 = 10.0 => { label: "Times", range: 0..=10000 },
        /// For latency: added to each packet, each way.
        pub add: crate::Distribution = crate::Distribution::Const(Duration::ms(100)) => { label: "Added latency" },
        /// For loss: share of packets lost, each way.
        pub loss: f64 = 0.5 => { label: "Loss", range: 0..=1 },
        /// For a partition: the zone that the target is cut from. `null` is every other zone.
        pub to: Option<String> = None => { label: "Cut from" },
        /// For a partition: only what the target sends is lost; what is sent to it arrives.
        pub one_way: bool = false => { label: "One way" },
    }
}

choice! {
    /// What happens.
    pub enum FaultKind {
        /// The process dies: what it worked on is lost, new calls are refused at once. It starts again, empty, at the end.
        Crash = "crash",
        /// Everything the node does takes `times` as long.
        Slowdown = "slowdown",
        /// A link takes longer.
        Latency = "latency",
        /// A link loses packets.
        Loss = "loss",
        /// A client sends `times` as much (a closed one has `times` as many users).
        TrafficSpike = "traffic_spike",
        /// A cache forgets everything, at once.
        CacheFlush = "cache_flush",
        /// A zone is cut from another, or from all others: what they send each other is lost, health probes too. Within the zone all goes on.
        Partition = "partition",
    }
}

impl FaultKind {
    /// The kinds of node this can be aimed at; none for faults of links and zones.
    pub fn targets(self) -> &'static [&'static str] {
        match self {
            Self::Crash => &["load_balancer", "service", "cache", "queue", "database"],
            Self::Slowdown => &["service", "cache", "database"],
            Self::Latency | Self::Loss | Self::Partition => &[],
            Self::TrafficSpike => &["client"],
            Self::CacheFlush => &["cache"],
        }
    }

    /// Whether it is aimed at a link.
    pub fn is_for_links(self) -> bool {
        self.targets().is_empty() && self != Self::Partition
    }
}

impl Fault {
    /// The moment it is over, if it ends.
    pub fn ends(&self) -> Option<Duration> {
        match self.kind {
            FaultKind::CacheFlush => Some(self.at),
            _ => self
                .lasts
                .map(|lasts| Duration(self.at.0.saturating_add(lasts.0))),
        }
    }
}
