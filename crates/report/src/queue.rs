//! The messages of a queue.

use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// The messages of a queue, over the whole run, and how long they waited.
#[derive(Clone, Debug, Serialize)]
pub struct Messages {
    /// Messages accepted.
    pub published: u64,
    /// Deliveries, including redeliveries.
    pub delivered: u64,
    /// Deliveries of messages that had been delivered before.
    pub redelivered: u64,
    /// The same by cause, as long as there are any: `visibility_timeout` (the consumer was still
    /// working), `failure` (it failed or refused the message), `consumer_crash`, `lost` (on the
    /// network, or at a consumer that hung), `link_timeout`, `session_timeout` and `poll_interval`
    /// (the reader lost its partitions) and `queue_crash`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub redelivered_after: BTreeMap<&'static str, u64>,
    /// Deliveries that were not acknowledged within the visibility timeout.
    pub expired: u64,
    /// Acknowledged messages.
    pub acknowledged: u64,
    /// Messages sent to the dead-letter queue.
    pub dead_lettered: u64,
    /// Messages dropped after too many deliveries without a dead-letter queue, or by overflow.
    pub dropped: u64,
    /// Messages lost in a crash of a queue that is not durable.
    pub lost: u64,
    /// Messages still held when the run ended: waiting, or delivered but not acknowledged. With
    /// several subscribers, a message counts once for each, here and everywhere except in
    /// `published`.
    pub waiting: u64,
    /// Backlog: messages waiting to be delivered, from the warm-up to the duration.
    pub backlog: Backlog,
    /// Time from publishing to the first delivery, of messages whose request started after the
    /// warm-up.
    pub wait_ms: Time,
    /// Age of the oldest waiting message; 0 if none waits.
    pub oldest_ms: Age,
    /// Each subscriber, if every subscriber receives every message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscribers: Vec<Subscriber>,
    /// Each partition, if there are any (with several subscribers, those of the first).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<Partition>,
    /// The consumers assigned to partitions; one without a partition is idle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
}

/// A number of messages over time.
#[derive(Clone, Debug, Serialize)]
pub struct Backlog {
    /// Exact mean.
    pub mean: f64,
    /// Exact maximum.
    pub max: u64,
}

/// An age over time, in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Age {
    /// Exact mean over time.
    pub mean: f64,
    /// Exact maximum.
    pub max: f64,
}

/// One of several subscribers.
#[derive(Clone, Debug, Serialize)]
pub struct Subscriber {
    /// The link to its consumers.
    pub link: String,
    /// Deliveries, including redeliveries.
    pub delivered: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// Messages held for it when the run ended.
    pub waiting: u64,
}

/// A partition.
#[derive(Clone, Debug, Serialize)]
pub struct Partition {
    /// Messages waiting when the run ended.
    pub waiting: u64,
    /// Largest number of waiting messages.
    pub waiting_max: u64,
    /// Deliveries, including redeliveries.
    pub delivered: u64,
    /// Its consumer, as "node#replica"; `null` if it has none.
    pub reader: Option<String>,
}

/// A consumer of partitions.
#[derive(Clone, Debug, Serialize)]
pub struct Reader {
    /// Its name, as "node#replica".
    pub reader: String,
    /// Number of partitions assigned to it.
    pub partitions: u32,
}
