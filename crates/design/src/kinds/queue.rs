//! Message queues.

use crate::link::Exponential;
use crate::quantity::Duration;
use crate::{choice, record, variants};

record! {
    /// Keeps messages until a consumer has acknowledged them. Publishing answers once the message is accepted.
    pub struct Queue {
        /// What is promised of each message.
        pub delivery: Delivery = Delivery::AtLeastOnce => { label: "Delivery", source: "Amazon SQS standard queues and RabbitMQ with acknowledgements: at least once" },
        /// Most messages held, delivered ones included until acknowledged; with fan-out, for each subscriber. `null` is unbounded.
        pub capacity: Option<u32> = Some(100_000) => { label: "Capacity", unit: "messages", range: 1..=100000000 },
        /// What happens to a message that finds the queue full.
        pub overflow: Overflow = Overflow::Reject => { label: "Overflow" },
        /// A delivered message unacknowledged for this long is delivered again.
        pub visibility_timeout: Duration = Duration::s(30) => { label: "Visibility timeout", range: 0.001..=43200, source: "Amazon SQS: 30 s" },
        /// Deliveries after which a message goes to the dead-letter link, or is dropped where there is none. `null` never gives up.
        pub max_receives: Option<u32> = Some(5) => { label: "Max receives", unit: "deliveries", range: 1..=1000, source: "Amazon SQS has none by default; its console proposes 10" },
        /// When a message comes again that its consumer failed at. With partitions nothing of its partition is delivered before.
        pub redelivery: Redelivery = Redelivery::OnTimeout => { label: "Redelivery" },
        /// Keeps messages in order of their key: each partition has one message in flight, at the one replica of the consumers that reads it (their links' `concurrency` does not bound it further). `null` keeps no order.
        pub partitions: Option<u32> = None => { label: "Partitions", range: 1..=1000, source: "Kafka: 1 unless the topic says otherwise" },
        /// With partitions: a reader not heard of for this long loses its partitions to the others.
        pub session_timeout: Duration = Duration::s(45) => { label: "Session timeout", range: 0.001..=3600, source: "Kafka consumer session.timeout.ms: 45 s" },
        /// With partitions: how often a reader says that it lives.
        pub heartbeat: Duration = Duration::s(3) => { label: "Heartbeat", range: 0.001..=3600, source: "Kafka consumer heartbeat.interval.ms: 3 s" },
        /// Every consume link gets every message, from a backlog of its own. Otherwise consumers compete.
        pub fan_out: bool = false => { label: "Fan-out" },
        /// Whether messages outlive a crash of the queue.
        pub durable: bool = true => { label: "Durable" },
        /// Share of messages that every attempt fails at.
        pub poison: f64 = 0.0 => { label: "Poison messages", range: 0..=1 },
    }
}

choice! {
    /// The promise of delivery.
    pub enum Delivery {
        /// Forgotten once handed over: a consumer that fails loses the message.
        AtMostOnce = "at_most_once",
        /// Kept until acknowledged: a consumer that fails or dawdles makes it come again.
        AtLeastOnce = "at_least_once",
    }
}

choice! {
    /// What a full queue does.
    pub enum Overflow {
        /// Refuses the new message; its publisher sees `rejected`.
        Reject = "reject",
        /// Drops the oldest waiting message to make room.
        DropOldest = "drop_oldest",
        /// Lets the publisher wait until there is room.
        Block = "block",
    }
}

variants! {
    /// When a message comes again that its consumer failed at.
    pub enum Redelivery {
        bare {
            /// When its visibility timeout runs out: the consumer says nothing.
            OnTimeout = "on_timeout",
            /// At once, before all others: the consumer rejects it.
            AtOnce = "at_once",
        }
        with {
            /// After a pause, always the same.
            Constant(Duration) = "constant", or Duration::s(1);
            /// After a pause that doubles with every delivery, up to a cap.
            Exponential(Exponential) = "exponential", or Exponential::default();
        }
    }
}
