//! Message queues.

use crate::link::Exponential;
use crate::quantity::Duration;
use crate::{choice, record, variants};

record! {
    /// Keeps messages until a consumer acknowledges them. A publish succeeds once the queue has
    /// accepted the message.
    pub struct Queue {
        /// The delivery guarantee.
        pub delivery: Delivery = Delivery::AtLeastOnce => { label: "Delivery", source: "Amazon SQS standard queues and RabbitMQ with acknowledgements: at least once" },
        /// Maximum number of messages, including delivered ones not yet acknowledged. With fan-out,
        /// the limit is per subscriber. `null` is unbounded.
        pub capacity: Option<u32> = Some(100_000) => { label: "Capacity", unit: "messages", range: 1..=100000000 },
        /// What happens to a new message when the queue is full.
        pub overflow: Overflow = Overflow::Reject => { label: "Overflow" },
        /// A delivered message that is not acknowledged within this time is delivered again.
        pub visibility_timeout: Duration = Duration::s(30) => { label: "Visibility timeout", range: 0.001..=43200, source: "Amazon SQS: 30 s" },
        /// Deliveries before a message goes to the dead-letter queue, or is dropped if there is
        /// none. `null` redelivers indefinitely.
        pub max_receives: Option<u32> = Some(5) => { label: "Max receives", unit: "deliveries", range: 1..=1000, source: "Amazon SQS has none by default; its console proposes 10" },
        /// When a failed message is delivered again. With partitions, the rest of its partition
        /// waits.
        pub redelivery: Redelivery = Redelivery::OnTimeout => { label: "Redelivery" },
        /// Keeps messages in order per key. Each partition is read by one consumer replica, one
        /// message at a time, regardless of `concurrency`. `null` keeps no order.
        pub partitions: Option<u32> = None => { label: "Partitions", range: 1..=1000, source: "Kafka: 1 unless the topic says otherwise" },
        /// With partitions: a consumer that sends no heartbeat for this long loses its partitions
        /// to the others.
        pub session_timeout: Duration = Duration::s(45) => { label: "Session timeout", range: 0.001..=3600, source: "Kafka consumer session.timeout.ms: 45 s" },
        /// With partitions: how often a consumer sends a heartbeat.
        pub heartbeat: Duration = Duration::s(3) => { label: "Heartbeat interval", range: 0.001..=3600, source: "Kafka consumer heartbeat.interval.ms: 3 s" },
        /// With partitions: a consumer that works on one message for longer leaves its group. Its
        /// partitions go to others, and its messages are delivered again while it still works on
        /// them. The visibility timeout then applies only to lost messages. `null` sets no limit.
        pub max_poll_interval: Option<Duration> = None => {
            label: "Max poll interval",
            range: 0.001..=86400,
            source: "Kafka consumer max.poll.interval.ms: 5 min"
        },
        /// Each consume link gets every message, with a backlog of its own. Otherwise consumers
        /// compete for messages.
        pub fan_out: bool = false => { label: "Fan-out" },
        /// Messages survive a crash of the queue.
        pub durable: bool = true => { label: "Durable" },
        /// Share of messages that fail on every attempt.
        pub poison: f64 = 0.0 => { label: "Poison messages", range: 0..=1 },
    }
}

choice! {
    /// The delivery guarantee.
    pub enum Delivery {
        /// Deleted on delivery. If the consumer fails, the message is lost.
        AtMostOnce = "at_most_once",
        /// Kept until acknowledged. If the consumer fails or is too slow, the message is delivered
        /// again.
        AtLeastOnce = "at_least_once",
    }
}

choice! {
    /// What a full queue does.
    pub enum Overflow {
        /// Rejects the new message. Its publisher gets `rejected`.
        Reject = "reject",
        /// Drops the oldest waiting message to make room.
        DropOldest = "drop_oldest",
        /// Blocks the publisher until there is room.
        Block = "block",
    }
}

variants! {
    /// When a failed message is delivered again.
    pub enum Redelivery {
        bare {
            /// When its visibility timeout expires. The consumer reports no failure.
            OnTimeout = "on_timeout",
            /// Immediately, ahead of all other messages. The consumer rejects the message.
            AtOnce = "at_once",
        }
        with {
            /// After a fixed delay.
            Constant(Duration) = "constant", or Duration::s(1);
            /// After a delay that doubles with every delivery, up to a cap.
            Exponential(Exponential) = "exponential", or Exponential::default();
        }
    }
}
