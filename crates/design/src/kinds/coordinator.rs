//! Coordinators: a lock, a leader or a scheduler that others must ask.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Grants a lock to one caller at a time; the others wait their turn. It is held until the caller's
    /// plan is through, or its lease runs out.
    pub struct Coordinator {
        /// Work of a request for the lock. The leader takes one after another, as a log does.
        pub service_time: Distribution = Distribution::Exp(Duration::ms(1)) => { label: "Service time" },
        /// Processes that keep it; a majority of them must be up and reach each other.
        pub members: u32 = 3 => { label: "Members", unit: "processes", range: 1..=99, source: "etcd and ZooKeeper advise 3 or 5" },
        /// From the loss of the leader until another leads; meanwhile it is unavailable.
        pub election_time: Duration = Duration::s(1) => { label: "Election time", range: 0.001..=3600, source: "etcd: election timeout 1000 ms" },
        /// What a lock is on.
        pub scope: Scope = Scope::Global => { label: "Scope" },
        /// A lock is taken back after this long, whether its holder is through or not. `null` is never; then it is let go when its holder's process dies.
        pub lease: Option<Duration> = None => { label: "Lease", range: 0.001..=86400 },
    }
}

choice! {
    /// What a lock is on.
    pub enum Scope {
        /// One lock for all.
        Global = "global",
        /// One lock per key.
        PerKey = "per_key",
    }
}
