//! Load balancers: how they choose a replica and detect unhealthy ones.

use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Forwards each call to one of the replicas behind it, and returns the response.
    pub struct LoadBalancer {
        /// How the replica for a call is chosen.
        pub algorithm: Algorithm = Algorithm::RoundRobin => { label: "Algorithm", source: "round robin is the default of nginx, HAProxy and AWS ALB" },
        /// Active probes of every replica. Without them, a dead replica keeps receiving its share
        /// of the calls.
        pub health_check: Option<HealthCheck> = None => { label: "Health check" },
        /// Below this share of healthy replicas, health is ignored and all replicas are used. With
        /// 0, calls fail when no replica is healthy.
        pub panic_threshold: f64 = 0.5 => { label: "Panic threshold", range: 0..=1, source: "Envoy: 50%" },
        /// Ejects a replica for a while when its calls fail.
        pub outlier_ejection: Option<OutlierEjection> = None => { label: "Outlier ejection" },
        /// Distinct replicas drawn at random, from which `power_of_two` and `peak_ewma` choose the
        /// best.
        pub choices: u32 = 2 => { label: "Choices", unit: "replicas", range: 1..=32, source: "Finagle, Envoy, HAProxy and nginx draw 2" },
        /// Settings of the `consistent_hash` algorithm.
        pub consistent_hash: ConsistentHash = ConsistentHash::default() => { label: "Consistent hash" },
    }
}

/// Most replicas drawn for one choice.
pub const CHOICES_MAX: u32 = 32;

record! {
    /// Ejects replicas by the results of their calls (Envoy's outlier detection).
    pub struct OutlierEjection {
        /// Consecutive failed attempts that eject a replica.
        pub consecutive_errors: u32 = 5 => { label: "Consecutive errors", unit: "attempts", range: 1..=10000, source: "Envoy 5, nginx max_fails 1" },
        /// Length of the first ejection. Each further ejection adds this much. Every 10 s without
        /// an ejection forgives one.
        pub eject_for: Duration = Duration::s(30) => { label: "Base ejection time", range: 0.001..=86400, source: "Envoy 30 s, nginx fail_timeout 10 s" },
        /// Longest ejection. If equal to the base ejection time, all ejections last equally long,
        /// as in nginx.
        pub max_eject_for: Duration = Duration::s(300) => { label: "Max ejection time", range: 0.001..=86400, source: "Envoy: 300 s" },
        /// Largest share of replicas that may be ejected at the same time. One replica may always
        /// be ejected.
        pub max_ejected: f64 = 0.1 => { label: "Max ejected share", range: 0..=1, source: "Envoy: 10%, but at least one" },
    }
}

record! {
    /// A hash ring: each key goes to the next point on the ring (Karger et al. 1997).
    pub struct ConsistentHash {
        /// Points of each replica on the ring. More points give more even shares.
        pub virtual_nodes: u32 = 100 => { label: "Virtual nodes", unit: "points", range: 1..=10000, source: "Ketama uses 160, nginx 160 times the weight" },
        /// Maximum calls in flight of a replica, as a multiple of the mean. Further calls go to the
        /// next replica on the ring. `null` is unbounded.
        pub bounded_load: Option<f64> = None => { label: "Bounded load", range: 1..=100, source: "HAProxy hash-balance-factor: 1.25 to 2 where it is on" },
    }
}

choice! {
    /// How a replica is chosen.
    pub enum Algorithm {
        /// Each replica in turn.
        RoundRobin = "round_robin",
        /// A random replica, by the weights of the links.
        Random = "random",
        /// The replica with the fewest calls in flight from this balancer. Ties rotate.
        LeastOutstanding = "least_outstanding",
        /// The less loaded of two replicas drawn at random (Mitzenmacher 1996). `choices` sets how
        /// many are drawn.
        PowerOfTwo = "power_of_two",
        /// In turn by the weights of the links (nginx's smooth weighted round robin).
        Weighted = "weighted",
        /// Of two random replicas, the one with the lower peak-sensitive average latency times its
        /// calls in flight (Finagle).
        PeakEwma = "peak_ewma",
        /// Each key goes to the same replica while that replica is healthy.
        ConsistentHash = "consistent_hash",
    }
}

record! {
    /// Probes each replica periodically.
    pub struct HealthCheck {
        /// What a probe exercises.
        pub depth: Depth = Depth::Http => { label: "Depth" },
        /// Time between probes of a replica.
        pub interval: Duration = Duration::s(5) => { label: "Interval", range: 0.01..=3600, source: "HAProxy 2 s, nginx Plus 5 s, Kubernetes 10 s, AWS ALB 30 s" },
        /// A probe without an answer for this long has failed.
        pub timeout: Duration = Duration::s(1) => { label: "Timeout", range: 0.001..=3600, source: "Kubernetes 1 s, AWS ALB 5 s" },
        /// Consecutive failed probes that mark a replica unhealthy.
        pub unhealthy_after: u32 = 3 => { label: "Unhealthy after", unit: "probes", range: 1..=100, source: "HAProxy and Kubernetes: 3" },
        /// Consecutive successful probes that mark it healthy again.
        pub healthy_after: u32 = 2 => { label: "Healthy after", unit: "probes", range: 1..=100, source: "HAProxy: 2" },
    }
}

choice! {
    /// What a health probe exercises.
    pub enum Depth {
        /// Opens a connection. A running process accepts it, however busy it is.
        Tcp = "tcp",
        /// Requests a page that costs no work but waits for a slot like any call.
        Http = "http",
        /// Requests a page that calls every dependency.
        Deep = "deep",
    }
}
