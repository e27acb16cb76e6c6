//! Clients: where requests come from, and how long a user waits.

use crate::quantity::{Duration, Rate};
use crate::{choice, record, variants};

record! {
    /// Sends requests: at a given rate (open loop), or from users who wait for each response
    /// (closed loop).
    pub struct Client {
        /// How requests arrive. Open arrivals do not slow down with the system; closed-loop users
        /// wait for a response first.
        pub arrivals: Arrivals = Arrivals::Poisson(Rate(100.0)) => { label: "Arrivals" },
        /// Number of requests that arrive at the same moment. The arrival rate still counts
        /// requests.
        pub batch: u32 = 1 => { label: "Batch", unit: "requests", range: 1..=10000 },
        /// Multiplies the arrival rate from given moments on: a ramp, a spike, a daily curve.
        pub profile: Vec<ProfileStep> = Vec::new() => { label: "Load profile" },
        /// How long a user waits for the whole request before leaving. Work already in progress
        /// continues and is wasted.
        pub patience: Option<crate::Distribution> = None => { label: "Patience" },
        /// Probability that a user who left or got an error immediately sends a new request.
        pub reload: f64 = 0.0 => { label: "Reload probability", range: 0..=0.99 },
        /// The operations that users request, by weight.
        pub operations: Vec<Operation> = vec![Operation::default()] => { label: "Operations" },
    }
}

variants! {
    /// How a client's requests arrive.
    pub enum Arrivals {
        bare {}
        with {
            /// Independent arrivals at a mean rate.
            Poisson(Rate) = "poisson", or Rate(100.0);
            /// Evenly spaced arrivals.
            Constant(Rate) = "constant", or Rate(100.0);
            /// Bursts: Poisson arrivals for a while, then none, repeatedly.
            OnOff(OnOff) = "on_off", or OnOff::default();
            /// A closed loop: each user sends a request, waits for the response, thinks, and
            /// repeats.
            Closed(Closed) = "closed", or Closed::default();
            /// Recorded arrival times, relative to the start.
            Replay(Vec<Duration>) = "replay", or Vec::new();
        }
    }
}

record! {
    /// Bursty arrivals.
    pub struct OnOff {
        /// Poisson rate during a burst.
        pub rate: Rate = Rate(200.0) => { label: "Burst rate" },
        /// Length of a burst.
        pub on: Duration = Duration::s(1) => { label: "Burst length", range: 0.001..=86400 },
        /// Time between bursts.
        pub off: Duration = Duration::s(1) => { label: "Time between bursts", range: 0.001..=86400 },
    }
}

record! {
    /// A closed loop of users.
    pub struct Closed {
        /// Number of users, which is also the maximum number of requests in flight.
        pub users: u32 = 50 => { label: "Users", unit: "users", range: 0..=1000000 },
        /// Time between a response and the user's next request.
        pub think: crate::Distribution = crate::Distribution::Exp(Duration::s(1)) => { label: "Think time" },
    }
}

record! {
    /// Multiplies the arrival rate from a moment on.
    pub struct ProfileStep {
        /// When the step starts.
        pub at: Duration = Duration::ZERO => { label: "At" },
        /// Factor applied to the arrival rate.
        pub times: f64 = 1.0 => { label: "Factor", range: 0..=1000 },
        /// How long the linear ramp from the previous factor takes.
        pub over: Duration = Duration::ZERO => { label: "Ramp time", range: 0..=2592000 },
    }
}

record! {
    /// A kind of request.
    pub struct Operation {
        /// Name of the operation. Links can be limited to it.
        pub name: String = "request".to_owned() => { label: "Name" },
        /// Share of requests, relative to the weights of the other operations.
        pub weight: f64 = 1.0 => { label: "Weight", range: 0..=1000000 },
        /// Whether it reads or writes data.
        pub effect: Effect = Effect::Read => { label: "Effect" },
        /// Distribution of the keys it accesses.
        pub keys: Keys = Keys::Uniform(Uniform::default()) => { label: "Keys" },
        /// Sends an id with each write and repeats it on retries, so that services and databases
        /// can recognize the repeat.
        pub idempotency_key: bool = false => { label: "Idempotency key" },
    }
}

choice! {
    /// What an operation does to data.
    pub enum Effect {
        /// Reads a key.
        Read = "read",
        /// Writes a key.
        Write = "write",
    }
}

variants! {
    /// The distribution of keys.
    pub enum Keys {
        bare {}
        with {
            /// All keys are equally popular.
            Uniform(Uniform) = "uniform", or Uniform::default();
            /// A few keys get most of the traffic: the k-th most popular is requested in proportion
            /// to 1/k^s.
            Zipf(Zipf) = "zipf", or Zipf::default();
        }
    }
}

record! {
    /// All keys are equally popular.
    pub struct Uniform {
        /// Number of keys.
        pub n: u64 = 10_000 => { label: "Keys", range: 1..=1000000000 },
    }
}

record! {
    /// Zipf's law over ranked keys.
    pub struct Zipf {
        /// Number of keys.
        pub n: u64 = 10_000 => { label: "Keys", range: 1..=1000000000 },
        /// Skew; web traffic is usually between 0.6 and 1.1.
        pub s: f64 = 1.0 => { label: "Skew", range: 0..=5, source: "Breslau et al., Web Caching and Zipf-like Distributions, 1999" },
    }
}
