//! Calls: one record per attempt, from the caller's decision until nothing refers to it.
//!
//! One record serves both ends: the caller waits on it, and at the callee it is the job that holds
//! a slot and runs the plan. Either end may finish first: a caller times out, or a callee answers
//! after the caller has stopped waiting. The record is freed when both have finished. An id
//! contains the record's generation, so an id of a freed record finds nothing.

mod detail;
mod table;

pub use detail::{ByLimit, Detail, LIMITS};
pub use table::{CALLS_MAX, Calls};

use crate::agenda::Time;
use crate::event::{LinkIx, NodeIx};

/// The place and generation of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId {
    /// Place in the table.
    pub slot: u32,
    /// The number of times the place had been freed when the record was made.
    pub generation: u32,
}

impl CallId {
    /// No call.
    pub const NONE: Self = Self {
        slot: u32::MAX,
        generation: 0,
    };
}

/// Why something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// The attempt timed out.
    Timeout,
    /// The process is down.
    Refused,
    /// The queue is full.
    Rejected,
    /// The caller's breaker is open.
    CircuitOpen,
    /// No connection became free in time.
    PoolTimeout,
    /// No replica can serve it.
    Unavailable,
    /// The callee answered with an error.
    Error,
    /// The user left.
    Abandoned,
}

/// Every cause, in the order of all tables by cause.
pub const CAUSES: [Cause; 8] = [
    Cause::Timeout,
    Cause::Refused,
    Cause::Rejected,
    Cause::CircuitOpen,
    Cause::PoolTimeout,
    Cause::Unavailable,
    Cause::Error,
    Cause::Abandoned,
];

impl Cause {
    /// Returns the name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::CircuitOpen => "circuit_open",
            Self::PoolTimeout => "pool_timeout",
            Self::Unavailable => "unavailable",
            Self::Error => "error",
            Self::Abandoned => "abandoned",
        }
    }
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered in full.
    Ok,
    /// Answered, with an optional part missing or a fallback's answer.
    Degraded,
    /// Failed.
    Failed(Cause),
}

impl Outcome {
    /// Returns whether there is an answer.
    pub fn is_answer(self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// The phase of a record between its two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// At the caller: pausing before the attempt, or waiting for a connection.
    Held,
    /// On its way to the callee.
    Travelling,
    /// At the callee, waiting for a slot.
    Queued,
    /// At the callee, in a slot, doing its own work.
    Serving,
    /// At the callee, waiting for its callees (in a slot if the node blocks).
    Planning,
    /// Its answer is on the way to the caller.
    Answering,
    /// Lost: nothing more will arrive.
    Gone,
}

impl Phase {
    /// Returns whether its callee has it or may still receive it.
    pub fn is_before_answer(self) -> bool {
        match self {
            Self::Held | Self::Travelling | Self::Queued | Self::Serving | Self::Planning => true,
            Self::Answering | Self::Gone => false,
        }
    }

    /// Returns whether the callee has it.
    pub fn is_at_callee(self) -> bool {
        match self {
            Self::Queued | Self::Serving | Self::Planning => true,
            Self::Held | Self::Travelling | Self::Answering | Self::Gone => false,
        }
    }
}

/// What a record is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A client's request: the root of a tree of calls.
    Request,
    /// A call, or a message being published or delivered.
    Call,
    /// A queue's delivery of one message: the parent of the call to the consumer.
    Delivery,
    /// Work of a node that no caller waits for: a cache's refresh, or a write-behind.
    Background,
    /// The part of a database call that one member does. Its parent is at the same node.
    Part,
    /// A balancer's health probe.
    Probe(design::kinds::load_balancer::Depth),
}

/// One attempt. It fills two cache lines, because in a large run every access to a record is a
/// cache miss.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Call {
    generation: u32,
    /// Links free records, and waiting calls of a station.
    pub(crate) next: u32,
    /// The backward link, in a station. Of a call that failed, it may be a [`Detail`].
    pub(crate) previous: u32,
    /// Its purpose.
    pub purpose: Purpose,
    /// Its phase.
    pub phase: Phase,
    /// Its outcome, once it has ended.
    pub outcome: Outcome,
    /// The job that waits for it.
    pub parent: CallId,
    /// Whether the caller still waits.
    pub is_awaited: bool,
    /// Whether its request started after the warm-up.
    pub is_measured: bool,
    /// Whether it is drawn; if only traces are recorded, whether it is traced.
    pub is_shown: bool,
    /// Whether it holds a connection of the caller's pool.
    pub holds_connection: bool,
    /// Whether the caller's breaker counts its outcome.
    pub is_judged: bool,
    /// Whether the last finished stage of its plan had a miss.
    pub saw_miss: bool,
    /// Whether the last finished stage of its plan failed, and a fallback is due.
    pub saw_failure: bool,
    /// Whether a call of the present stage loaded what was missed before.
    pub has_loaded: bool,
    /// Whether a required part failed: without a fallback, the job fails.
    pub must_fall_back: bool,
    /// Whether an optional part failed, or a fallback answered.
    pub is_degraded: bool,
    /// Whether it is degraded only because a cache did not answer: a load from the origin makes the
    /// answer complete.
    pub lacks_look_up: bool,
    /// For an answer from a cache: whether the key is missing. For a delivery: whether its message
    /// is poison.
    pub is_miss: bool,
    /// Whether its timeout was scheduled and counts.
    pub is_sent: bool,
    /// Whether a balancer chose its backend.
    pub is_balanced: bool,
    /// Whether its hop through a balancer was later given a record of its own, with its own
    /// timeout. The timeout scheduled for this record is then void.
    pub(crate) is_parted: bool,
    /// The link it goes over.
    pub link: LinkIx,
    /// The link to a balancer that passes it on, if that hop has no record of its own (see
    /// [`crate::passage`]), and the place that is reserved for that record.
    pub(crate) via: LinkIx,
    pub(crate) kept: u32,
    /// The callee.
    pub node: NodeIx,
    /// The callee's replica.
    pub replica: u32,
    /// The calling replica.
    pub caller_replica: u32,
    /// The operation.
    pub operation: u32,
    /// The key.
    pub key: u32,
    /// Of its plan at the callee: the present stage.
    pub stage: u32,
    /// Number of calls of that stage in progress.
    pub pending: u32,
    /// Which attempt of its call it is, from 1.
    pub attempt: u16,
    /// Number of calls over this link still to make after this one (N+1). For a probe: its
    /// balancer.
    pub remaining: u32,
    /// Steps of its plan (their first 64) that missed: caches to fill once the key is loaded.
    pub missed: u64,
    /// The request (or delivery) it is made for.
    pub root: CallId,
    /// When the attempt was sent; for a request, when the user made it.
    pub started: Time,
    /// When it reached the callee.
    pub arrived: Time,
    /// When it got its slot.
    pub slot_since: Time,
    /// For a delivery: the message's place in its queue. For a probe or a balanced call: the
    /// backend's index in its balancer's list, as the list was then.
    pub place: u32,
}

impl Call {
    /// As `operation`: none. For a probe, and for the calls of a deep probe.
    pub const NO_OPERATION: u32 = u32::MAX;

    /// As `operation`: a call that a process makes when it starts. It reads, and belongs to no
    /// operation of a client.
    pub const START_UP: u32 = u32::MAX - 1;

    /// As `purpose`: a probe that only checks whether the process accepts a connection.
    pub const TCP_PROBE: Purpose = Purpose::Probe(design::kinds::load_balancer::Depth::Tcp);

    /// As `slot_since`: it released its slot before its plan was finished.
    pub const NO_SLOT: Time = Time::MAX;

    /// Returns whether it holds a slot of its callee.
    pub fn holds_slot(&self) -> bool {
        match self.phase {
            Phase::Serving => true,
            Phase::Planning => self.slot_since != Self::NO_SLOT,
            Phase::Held | Phase::Travelling | Phase::Queued | Phase::Answering | Phase::Gone => {
                false
            }
        }
    }

    /// Returns a record of this purpose that no caller waits for yet.
    #[inline]
    pub fn new(purpose: Purpose, node: NodeIx, link: LinkIx) -> Self {
        Self {
            generation: 0,
            next: u32::MAX,
            previous: u32::MAX,
            purpose,
            phase: Phase::Held,
            outcome: Outcome::Ok,
            parent: CallId::NONE,
            is_awaited: true,
            is_measured: false,
            is_shown: false,
            holds_connection: false,
            is_judged: false,
            saw_miss: false,
            saw_failure: false,
            has_loaded: false,
            must_fall_back: false,
            is_degraded: false,
            lacks_look_up: false,
            is_miss: false,
            is_sent: false,
            is_balanced: false,
            is_parted: false,
            via: LinkIx::NONE,
            kept: 0,
            link,
            node,
            replica: ANY_REPLICA,
            caller_replica: 0,
            operation: 0,
            key: 0,
            stage: 0,
            pending: 0,
            attempt: 1,
            remaining: 0,
            missed: 0,
            root: CallId::NONE,
            started: 0,
            arrived: 0,
            slot_since: 0,
            place: 0,
        }
    }

    /// Returns a call of a job: of the same request, for the same key.
    #[inline]
    pub fn of_job(job: CallId, parent: &Self, link: LinkIx, callee: NodeIx) -> Self {
        Self {
            parent: job,
            caller_replica: parent.replica,
            operation: parent.operation,
            key: parent.key,
            root: parent.root,
            is_measured: parent.is_measured,
            is_shown: parent.is_shown,
            ..Self::new(Purpose::Call, callee, link)
        }
    }

    /// Returns another attempt of the same call.
    pub(crate) fn once_more(&self) -> Self {
        Self {
            parent: self.parent,
            caller_replica: self.caller_replica,
            operation: self.operation,
            key: self.key,
            root: self.root,
            is_measured: self.is_measured,
            is_shown: self.is_shown,
            remaining: self.remaining,
            attempt: self.attempt,
            is_balanced: self.is_balanced,
            ..Self::new(Purpose::Call, self.node, self.link)
        }
    }

    /// Returns whether it is a health probe, which is not part of the traffic.
    #[inline]
    pub fn is_probe(&self) -> bool {
        matches!(self.purpose, Purpose::Probe(_))
    }
}

const _: () = assert!(size_of::<Call>() == 128);

/// No replica is chosen yet.
pub const ANY_REPLICA: u32 = u32::MAX;
