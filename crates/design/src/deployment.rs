//! Where nodes run: what any node may say besides the parameters of its kind, and how far apart
//! zones are.

use crate::cost::Cost;
use crate::distribution::Distribution;
use crate::record;
use crate::telemetry::Telemetry;

record! {
    /// Where a node runs, and what it costs there.
    pub struct Deployment {
        /// The zone it runs in. `null` is none: it is reached from everywhere, and never cut off.
        pub zone: Option<String> = None => { label: "Zone" },
        /// The zones of its replicas, in turn: replica 0 in the first, 1 in the second, and round again. In place of `zone`.
        pub zones: Vec<String> = Vec::new() => { label: "Zones of replicas" },
        /// What it tells its operators.
        pub telemetry: Telemetry = Telemetry::default() => { label: "Telemetry" },
        /// Who owns it: shown, and heeded by nothing.
        pub team: Option<String> = None => { label: "Team" },
        /// What it costs. `null` is the list price of its like at a large cloud.
        pub cost: Option<Cost> = None => { label: "Cost" },
    }
}

record! {
    /// How far zones are apart.
    pub struct Zones {
        /// Added to a link's own latency, each way, between two different zones.
        pub latency: Distribution = Distribution::ZERO => { label: "Latency between zones", source: "between availability zones 0.3 to 0.75 ms one way" },
        /// Two zones that are farther apart, or nearer: for them in place of `latency`.
        pub pairs: Vec<ZonePair> = Vec::new() => { label: "Pairs" },
    }
}

record! {
    /// How far two zones are apart.
    pub struct ZonePair {
        /// One zone.
        pub between: String = String::new() => { label: "Between" },
        /// The other.
        pub and: String = String::new() => { label: "And" },
        /// Added to a link's own latency, each way, between them.
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
