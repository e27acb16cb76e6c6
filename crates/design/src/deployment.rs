//! Where nodes run: what any node may say besides the parameters of its kind, and how far apart
//! zones are.

use crate::cost::Cost;
use crate::distribution::Distribution;
use crate::record;
use crate::telemetry::Telemetry;

record! {
    /// Where a node runs, who owns it and what it costs.
    pub struct Deployment {
        /// The zone the node runs in. `null` is no zone: reachable from everywhere and never
        /// partitioned.
        pub zone: Option<String> = None => { label: "Zone" },
        /// Zones of the replicas, in turn: replica 0 in the first, replica 1 in the second, and so
        /// on. Replaces `zone`.
        pub zones: Vec<String> = Vec::new() => { label: "Zones of replicas" },
        /// What the node reports to its operators.
        pub telemetry: Telemetry = Telemetry::default() => { label: "Telemetry" },
        /// Owning team. Shown on the canvas; it does not affect the run.
        pub team: Option<String> = None => { label: "Team" },
        /// Monthly cost. `null` uses the list price of a comparable service at a large cloud.
        pub cost: Option<Cost> = None => { label: "Cost" },
    }
}

record! {
    /// Network distance between zones.
    pub struct Zones {
        /// One-way latency between two different zones, added to the latency of the link.
        pub latency: Distribution = Distribution::ZERO => { label: "Inter-zone latency", source: "between availability zones 0.3 to 0.75 ms one way" },
        /// Latencies of particular pairs of zones, used instead of `latency`.
        pub pairs: Vec<ZonePair> = Vec::new() => { label: "Pairs" },
    }
}

record! {
    /// Network distance between two zones.
    pub struct ZonePair {
        /// One zone.
        pub between: String = String::new() => { label: "Between" },
        /// The other zone.
        pub and: String = String::new() => { label: "And" },
        /// One-way latency between the two, added to the latency of the link.
        pub latency: Distribution = Distribution::ZERO => { label: "Latency" },
    }
}

impl Deployment {
    /// The zones of its replicas, in turn; empty where it is in none.
    pub fn zones(&self) -> &[String] {
        match &self.zone {
            Some(zone) => std::slice::from_ref(zone),
            None => &self.zones,
        }
    }

    /// The zone of a replica, counted from 0.
    pub fn zone_of(&self, replica: u32) -> Option<&str> {
        let zones = self.zones();
        let place = (replica as usize).checked_rem(zones.len())?;
        Some(&zones[place])
    }
}
