//! Clients: where requests come from, and how long a user waits.

use crate::quantity::{Duration, Rate};
use crate::{choice, record, variants};

record! {
    /// Sends requests: at a rate of their own (open), or each user after an answer and a pause (closed).
    pub struct Client {
        /// How requests arrive. Open arrivals do not slow down when the system does; closed users wait for their answer first.
        pub arrivals: Arrivals = Arrivals::Poisson(Rate(100.0)) => { label: "Arrivals" },
        /// Requests that come together, at the same moment. The rate stays that of requests.
        pub batch: u32 = 1 => { label: "Batch", unit: "requests", range: 1..=10000 },
        /// Multiples of the arrival rate from given moments on: a ramp, a spike, a daily curve.
        pub profile: Vec<ProfileStep> = Vec::new() => { label: "Load profile" },
        /// How long a user waits for the whole request before leaving. The work already under way goes on in vain.
        pub patience: Option<crate::Distribution> = None => { label: "Patience" },
        /// Probability that a user who left or got an error tries again at once with a new request.
        pub reload: f64 = 0.0 => { label: "Reload probability", range: 0..=0.99 },
        /// What users ask for, by weight.
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
            /// Bursts: a Poisson rate for a while, then silence, over and over.
            OnOff(OnOff) = "on_off", or OnOff::default();
            /// A closed loop: each user asks, waits for the answer, thinks, and asks again.
            Closed(Closed) = "closed", or Closed::default();
            /// Recorded moments, each relative to the start.
            Replay(Vec<Duration>) = "replay", or Vec::new();
        }
    }
}

record! {
    /// Bursty arrivals.
    pub struct OnOff {
        /// Poisson rate during a burst.
        pub rate: Rate = Rate(200.0) => { label: "Rate in a burst" },
        /// Length of a burst.
        pub on: Duration = Duration::s(1) => { label: "Burst", range: 0.001..=86400 },
        /// Silence between bursts.
        pub off: Duration = Duration::s(1) => { label: "Silence", range: 0.001..=86400 },
    }
}

record! {
    /// A closed loop of users.
    pub struct Closed {
        /// How many users there are; also the most requests that can be in flight.
        pub users: u32 = 50 => { label: "Users", unit: "users", range: 0..=1000000 },
        /// Pause of a user between an answer and the next request.
        pub think: crate::Distribution = crate::Distribution::Exp(Duration::s(1)) => { label: "Think time" },
    }
}

record! {
    /// From a moment on, the arrival rate is multiplied.
    pub struct ProfileStep {
        /// From when on.
        pub at: Duration = Duration::ZERO => { label: "At" },
        /// Times the arrival rate.
        pub times: f64 = 1.0 => { label: "Times", range: 0..=1000 },
        /// How long it takes to get there from the multiple before, in a straight line.
        pub over: Duration = Duration::ZERO => { label: "Over", range: 0..=2592000 },
    }
}

record! {
    /// A kind of request.
    pub struct Operation {
        /// What people call it; links can be limited to it.
        pub name: String = "request".to_owned() => { label: "Name" },
        /// Its share, relative to the other operations' weights.
        pub weight: f64 = 1.0 => { label: "Weight", range: 0..=1000000 },
        /// Whether it reads or changes data.
        pub effect: Effect = Effect::Read => { label: "Effect" },
        /// Which keys it touches.
        pub keys: Keys = Keys::Uniform(Uniform::default()) => { label: "Keys" },
        /// Whether the client sends an id with each write that it keeps when it tries again, so that services and databases that remember ids can know it again.
        pub idempotency_key: bool = false => { label: "Idempotency key" },
    }
}

choice! {
    /// What an operation does to data.
    pub enum Effect {
        /// Reads a key.
        Read = "read",
        /// Changes a key.
        Write = "write",
    }
}

variants! {
    /// The distribution of keys.
    pub enum Keys {
        bare {}
        with {
            /// All keys alike.
            Uniform(Uniform) = "uniform", or Uniform::default();
            /// Few keys get most of the traffic: the k-th most popular in proportion to 1/k^s.
            Zipf(Zipf) = "zipf", or Zipf::default();
        }
    }
}

record! {
    /// All keys alike.
    pub struct Uniform {
        /// How many keys there are.
        pub n: u64 = 10_000 => { label: "Keys", range: 1..=1000000000 },
    }
}

record! {
    /// Zipf's law over ranked keys.
    pub struct Zipf {
        /// How many keys there are.
        pub n: u64 = 10_000 => { label: "Keys", range: 1..=1000000000 },
        /// Skew; web traffic is usually between 0.6 and 1.1.
        pub s: f64 = 1.0 => { label: "Skew", range: 0..=5, source: "Breslau et al., Web Caching and Zipf-like Distributions, 1999" },
    }
}
