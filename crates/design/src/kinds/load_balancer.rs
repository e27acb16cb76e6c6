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
        /// Below this share of healthy replicas, health is ignored and all are used.
        pub panic_threshold: f64 = 0.5 => { label: "Panic threshold", range: 0..=1, source: "Envoy: 50 %" },
    }
}

choice! {
    /// How a balancer chooses.
    pub enum Algorithm {
        /// One after the other.
        RoundRobin = "round_robin",
        /// Any, with equal chance.
        Random = "random",
        /// The one with the fewest calls in flight from this balancer; ties go round.
        LeastOutstanding = "least_outstanding",
        /// The less busy of two drawn at random (Mitzenmacher 1996).
        PowerOfTwo = "power_of_two",
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
