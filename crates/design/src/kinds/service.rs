//! Services: replicas with slots and a queue each.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Does work of its own in a slot, then calls what it depends on.
    pub struct Service {
        /// Identical processes.
        pub replicas: u32 = 1 => { label: "Replicas", range: 1..=10000 },
        /// Slots of each replica: how many calls one process works on at a time. `null` is unbounded.
        pub concurrency: Option<u32> = Some(20) => { label: "Slots per replica", unit: "slots", range: 1..=1000000, source: "Tomcat ships 200 threads, Hystrix pools 10; 20 keeps queues visible" },
        /// Whether a slot is held while calls to others are under way, as a thread that blocks is.
        pub blocking: bool = true => { label: "Blocking" },
        /// Where calls wait for a slot.
        pub queue: CallQueue = CallQueue::default() => { label: "Queue" },
        /// Own work per call, without that of its dependencies.
        pub service_time: Distribution = Distribution::Exp(Duration::ms(10)) => { label: "Service time" },
        /// Share of calls that end in an error after their work.
        pub error_rate: f64 = 0.0 => { label: "Error rate", range: 0..=1 },
        /// How long it remembers what it has done for an idempotency key (or, for messages, for a message): asked again, it answers at once and does nothing. Asked while it is still at it, it answers with an error. `null` remembers nothing.
        pub idempotency_window: Option<Duration> = None => { label: "Idempotency window", range: 0.001..=2592000, source: "Stripe keeps idempotency keys for 24 h and answers a concurrent repeat with 409 Conflict" },
    }
}

record! {
    /// Waiting places in front of the slots.
    pub struct CallQueue {
        /// Waiting places per replica; a call that finds none is rejected. `null` is unbounded, 0 has none.
        pub capacity: Option<u32> = Some(100) => { label: "Waiting places", unit: "calls", range: 0..=10000000, source: "Tomcat's acceptCount is 100; its task queue is unbounded" },
        /// Who is served next.
        pub discipline: Discipline = Discipline::Fifo => { label: "Discipline" },
    }
}

choice! {
    /// The order in which waiting calls get a slot.
    pub enum Discipline {
        /// The oldest first.
        Fifo = "fifo",
        /// The newest first: under overload somebody is still served in time.
        Lifo = "lifo",
    }
}
