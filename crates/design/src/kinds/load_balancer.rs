//! Load balancers: whom they choose, and what they believe of the others' health.

use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Passes each call to one of the replicas behind it, and the answer back.
    pub struct LoadBalancer {
        /// How the next replica is chosen.
        pub algorithm: Algorithm = Algorithm::RoundRobin => { label: "Algorithm", source: "round robin is the default of nginx, HAProxy and AWS ALB" },
        /// Active probes of every replica. Without them a dead replica keeps its share of the calls.
        pub health_check: Option<HealthCheck> = None => { label: "Health check" },
        /// Below this share of healthy replicas, health is ignored and all are used; with 0 calls fail where none is healthy.
        pub panic_threshold: f64 = 0.5 => { label: "Panic threshold", range: 0..=1, source: "Envoy: 50 %" },
        /// Takes a replica whose calls fail out for a while.
        pub outlier_ejection: Option<OutlierEjection> = None => { label: "Outlier ejection" },
        /// Replicas drawn at random, all different, of which `power_of_two` and `peak_ewma` take the best.
        pub choices: u32 = 2 => { label: "Choices", unit: "replicas", range: 1..=32, source: "Finagle, Envoy, HAProxy and nginx draw 2" },
        /// For the algorithm `consistent_hash`.
        pub consistent_hash: ConsistentHash = ConsistentHash::default() => { label: "Consistent hash" },
    }
}

/// Most replicas drawn for one choice.
pub const CHOICES_MAX: u32 = 32;

record! {
    /// Takes out who fails, by what its calls come to (Envoy's outlier detection).
    pub struct OutlierEjection {
        /// Failed attempts in a row that take a replica out.
        pub consecutive_errors: u32 = 5 => { label: "Consecutive errors", unit: "attempts", range: 1..=10000, source: "Envoy 5, nginx max_fails 1" },
        /// How long the first ejection lasts; each further one lasts longer by as much, unless ten seconds without have passed for each.
        pub eject_for: Duration = Duration::s(30) => { label: "Eject for", range: 0.001..=86400, source: "Envoy 30 s, nginx fail_timeout 10 s" },
        /// The longest ejection. As long as the first, every ejection lasts alike, as with nginx.
        pub max_eject_for: Duration = Duration::s(300) => { label: "Eject for at most", range: 0.001..=86400, source: "Envoy: 300 s" },
        /// Largest share of the replicas that is out at a time; one may always be.
        pub max_ejected: f64 = 0.1 => { label: "Ejected at most", range: 0..=1, source: "Envoy: 10 %, but at least one" },
    }
}

record! {
    /// A ring of points on which each key goes to the next (Karger et al. 1997).
    pub struct ConsistentHash {
        /// Points of each replica on the ring: more make the shares more even.
        pub virtual_nodes: u32 = 100 => { label: "Virtual nodes", unit: "points", range: 1..=10000, source: "Ketama uses 160, nginx 160 times the weight" },
        /// Most calls in flight of a replica, as a multiple of the mean; what is above goes on to the next on the ring. `null` is unbounded.
        pub bounded_load: Option<f64> = None => { label: "Bounded load", range: 1..=100, source: "HAProxy hash-balance-factor: 1.25 to 2 where it is on" },
    }
}

choice! {
    /// How a balancer chooses.
    pub enum Algorithm {
        /// One after the other.
        RoundRobin = "round_robin",
        /// Any, with a chance by the weights of the links.
        Random = "random",
        /// The one with the fewest calls in flight from this balancer; ties go round.
        LeastOutstanding = "least_outstanding",
        /// The less busy of two drawn at random (Mitzenmacher 1996); `choices` says of how many.
        PowerOfTwo = "power_of_two",
        /// By the weights of the links, evenly mixed (nginx's smooth weighted round robin).
        Weighted = "weighted",
        /// Of two drawn at random the one whose calls take less time, the slowest remembered longest, times the calls in flight (Finagle).
        PeakEwma = "peak_ewma",
        /// Each key has its replica, as long as that is well.
        ConsistentHash = "consistent_hash",
    }
}

record! {
    /// A probe of each replica, again and again.
    pub struct HealthCheck {
        /// How deep a probe looks.
        pub depth: Depth = Depth::Http => { label: "Depth" },
        /// Time between two probes of a replica.
        pub interval: Duration = Duration::s(5) => { label: "Interval", range: 0.01..=3600, source: "HAProxy 2 s, nginx Plus 5 s, Kubernetes 10 s, AWS ALB 30 s" },
        /// A probe unanswered for this long has failed.
        pub timeout: Duration = Duration::s(1) => { label: "Timeout", range: 0.001..=3600, source: "Kubernetes 1 s, AWS ALB 5 s" },
        /// Failed probes in a row that take a replica out.
        pub unhealthy_after: u32 = 3 => { label: "Unhealthy after", unit: "probes", range: 1..=100, source: "HAProxy and Kubernetes: 3" },
        /// Good probes in a row that bring it back.
        pub healthy_after: u32 = 2 => { label: "Healthy after", unit: "probes", range: 1..=100, source: "HAProxy: 2" },
    }
}

choice! {
    /// What a health probe exercises.
    pub enum Depth {
        /// Opens a connection: a process that runs answers, however busy it is.
        Tcp = "tcp",
        /// Asks the process for a page that costs nothing: it waits for a slot like any call.
        Http = "http",
        /// Asks for a page that calls through to every dependency.
        Deep = "deep",
    }
}
