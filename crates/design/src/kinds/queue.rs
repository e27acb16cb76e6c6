//! Message queues.

use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Keeps messages until a consumer has acknowledged them. Publishing answers once the message is accepted.
    pub struct Queue {
        /// What is promised of each message.
        pub delivery: Delivery = Delivery::AtLeastOnce => { label: "Delivery", source: "Amazon SQS standard queues and RabbitMQ with acknowledgements: at least once" },
        /// Most messages held, delivered ones included until acknowledged. `null` is unbounded.
        pub capacity: Option<u32> = Some(100_000) => { label: "Capacity", unit: "messages", range: 1..=100000000 },
        /// What happens to a message that finds the queue full.
        pub overflow: Overflow = Overflow::Reject => { label: "Overflow" },
        /// A delivered message unacknowledged for this long is delivered again.
        pub visibility_timeout: Duration = Duration::s(30) => { label: "Visibility timeout", range: 0.001..=43200, source: "Amazon SQS: 30 s" },
        /// Deliveries after which a message goes to the dead-letter link, or is dropped where there is none. `null` never gives up.
        pub max_receives: Option<u32> = Some(5) => { label: "Max receives", unit: "deliveries", range: 1..=1000, source: "Amazon SQS has none by default; its console proposes 10" },
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
    }
}
