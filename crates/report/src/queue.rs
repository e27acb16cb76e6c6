//! What became of the messages of a queue.

use crate::run::Time;
use serde::Serialize;

/// What became of a queue's messages, over the whole run, and how long they waited.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// Accepted.
    pub published: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Of those, of messages delivered before.
    pub redelivered: u64,
    /// Deliveries that were not acknowledged within the visibility timeout.
    pub expired: u64,
    /// Acknowledged messages.
    pub acknowledged: u64,
    /// Sent to the dead-letter queue.
    pub dead_lettered: u64,
    /// Dropped after too many deliveries without a dead-letter queue, or by overflow.
    pub dropped: u64,
    /// Lost in a crash of a queue that is not durable.
    pub lost: u64,
    /// Still held when the run ended: waiting, or delivered and not acknowledged. With several
    /// subscribers a message counts for each, here and in all but `published`.
    pub waiting: u64,
    /// Messages waiting to be delivered, from the warm-up to the duration.
    pub backlog: Backlog,
    /// From publishing to the first delivery, of messages whose request started after the warm-up.
    pub wait_ms: Time,
    /// The age of the oldest message that waits; 0 while none does.
    pub oldest_ms: Age,
    /// Each subscriber, where every one gets every message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscribers: Vec<Subscriber>,
    /// Each partition, where there are any (of several subscribers, the first one's).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<Partition>,
    /// The readers of the partitions; one with none is idle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
}

/// A number of messages over time.
#[derive(Clone, Debug, Serialize)]
pub struct Backlog {
    /// Exact.
    pub mean: f64,
    /// Exact.
    pub max: u64,
}

/// An age over time, in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Age {
    /// Exact, over time.
    pub mean: f64,
    /// Exact.
    pub max: f64,
}

/// One of several subscribers.
#[derive(Clone, Debug, Serialize)]
pub struct Subscriber {
    /// The link to its consumers.
    pub link: String,
    /// Deliveries.
    pub delivered: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Held for it when the run ended.
    pub waiting: u64,
}

/// A partition.
#[derive(Clone, Debug, Serialize)]
pub struct Partition {
    /// Messages waiting when the run ended.
    pub waiting: u64,
    /// Most that waited.
    pub waiting_max: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Its reader, as "node#replica"; `null` where it has none.
    pub reader: Option<String>,
}

/// A reader of partitions.
#[derive(Clone, Debug, Serialize)]
pub struct Reader {
    /// As "node#replica".
    pub reader: String,
    /// How many partitions it has.
    pub partitions: u32,
}
