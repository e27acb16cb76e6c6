//! Coordinators: a lock, a leader or a scheduler that others must ask.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Grants a lock to one caller at a time; other callers wait their turn. The lock is held until
    /// the caller's plan completes or the lease expires.
    pub struct Coordinator {
        /// Time the leader spends on a lock request. It handles one request at a time, like a
        /// replicated log.
        pub service_time: Distribution = Distribution::Exp(Duration::ms(1)) => { label: "Service time" },
        /// Number of members. A majority must be up and able to reach each other.
        pub members: u32 = 3 => { label: "Members", unit: "processes", range: 1..=99, source: "etcd and ZooKeeper advise 3 or 5" },
        /// Time from losing the leader until another is elected. Meanwhile the coordinator is
        /// unavailable.
        pub election_time: Duration = Duration::s(1) => { label: "Election time", range: 0.001..=3600, source: "etcd: election timeout 1000 ms" },
        /// What a lock covers.
        pub scope: Scope = Scope::Global => { label: "Scope" },
        /// Releases a lock after this long, even if its holder still works. `null` has no lease:
        /// the lock is released when its holder's process dies.
        pub lease: Option<Duration> = None => { label: "Lease", range: 0.001..=86400 },
    }
}

choice! {
    /// What a lock covers.
    pub enum Scope {
        /// One lock for everything.
        Global = "global",
        /// One lock per key.
        PerKey = "per_key",
    }
}
