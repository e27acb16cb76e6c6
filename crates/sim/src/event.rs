//! Events: all that can be scheduled.

use crate::call::CallId;

/// A node by its place in the run. Places are never used twice within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

/// A link by its place in the run. Places are never used twice within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkIx(pub u32);

impl LinkIx {
    /// No link: a client's request, or a balanced call before its backend is chosen.
    pub const NONE: Self = Self(u32::MAX);
}

/// Something that happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An attempt reaches its callee.
    Arrive(CallId),
    /// Work of its own is done at the callee.
    Served(CallId),
    /// An answer reaches the caller, or the caller's own policy refuses the attempt.
    Reply(CallId),
    /// The caller has waited long enough for an answer.
    Timeout(CallId),
    /// The caller has waited long enough for a connection.
    PoolWait(CallId),
    /// The pause before a further attempt is over.
    Backoff(CallId),
    /// The user has waited long enough for the whole request.
    Patience(CallId),
    /// A delivered message was not acknowledged in time.
    Visibility(CallId),
    /// A client's next request is due. An older generation is of a rate that no longer holds.
    Request {
        /// The client.
        node: NodeIx,
        /// Of the rate it was scheduled under.
        generation: u32,
    },
    /// A user of a closed client has thought enough. An older generation has left.
    Think {
        /// The client.
        node: NodeIx,
        /// Of the client's users.
        generation: u32,
    },
    /// A client's arrival rate changes.
    RateChange {
        /// The client.
        node: NodeIx,
        /// Of the client's parameters.
        generation: u32,
    },
    /// A balancer probes a backend.
    Probe {
        /// The balancer.
        node: NodeIx,
        /// Its backend's place, and the generation of the backend list.
        backend: u16,
        /// Of the list of backends.
        generation: u16,
    },
    /// A fill reaches a look-aside cache.
    Fill {
        /// The cache.
        node: NodeIx,
        /// The key.
        key: u32,
    },
    /// An invalidation reaches a cache.
    Invalidate {
        /// The cache.
        node: NodeIx,
        /// The key.
        key: u32,
    },
    /// A fault begins or ends.
    Fault {
        /// Of the list of faults.
        generation: u32,
    },
    /// The head of a lane: inside the agenda only.
    LaneHead {
        /// Which.
        lane: u32,
    },
}

impl Event {
    /// Whether it goes on by itself for ever, so that a drain does not wait for it.
    pub fn is_housekeeping(&self) -> bool {
        match self {
            Self::Probe { .. }
            | Self::Fault { .. }
            | Self::RateChange { .. }
            | Self::Request { .. } => true,
            Self::Arrive(_)
            | Self::Served(_)
            | Self::Reply(_)
            | Self::Timeout(_)
            | Self::PoolWait(_)
            | Self::Backoff(_)
            | Self::Patience(_)
            | Self::Visibility(_)
            | Self::Think { .. }
            | Self::Fill { .. }
            | Self::Invalidate { .. }
            | Self::LaneHead { .. } => false,
        }
    }
}
