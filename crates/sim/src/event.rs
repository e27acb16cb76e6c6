//! Events: all that can be scheduled.

mod packed;

pub(crate) use packed::{ARRIVE, KIND_BITS, LANE_HEAD, Packed, REPLY, REQUEST, SERVED};

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
    /// The balancer has waited long enough for a probe's answer.
    ProbeTimeout(CallId),
    /// The caller has waited long enough for a connection.
    PoolWait(CallId),
    /// The pause before a further attempt is over.
    Backoff(CallId),
    /// The caller's word that it gave up reaches the callee.
    Cancel(CallId),
    /// The deadline of a call passes while it waits for a slot.
    Expire(CallId),
    /// An attempt has been under way for so long that another is sent beside it.
    Hedge(CallId),
    /// The user has waited long enough for the whole request.
    Patience(CallId),
    /// A delivered message was not acknowledged in time.
    Visibility(CallId),
    /// A call goes on inside its node, between the members of a database.
    Step(CallId),
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
    /// A user who failed asks again.
    Reload {
        /// The client.
        node: NodeIx,
        /// Its place among the client's users about to do so.
        place: u32,
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
        /// Its place among the fills under way.
        fill: u32,
    },
    /// An invalidation reaches a cache.
    Invalidate {
        /// The cache.
        node: NodeIx,
        /// The key.
        key: u32,
    },
    /// A database's relay looks for writes to publish.
    Relay {
        /// The database.
        node: NodeIx,
        /// The link to the queue.
        link: u32,
    },
    /// A member of a database misses its leader, or takes part in an election.
    Elect {
        /// The database.
        node: NodeIx,
        /// The member.
        member: u32,
    },
    /// The next step of moving a database's keys to other shards.
    Reshard {
        /// The database.
        node: NodeIx,
    },
    /// A call has waited for a slot as long as its callee lets it.
    Leave(CallId),
    /// The next of the calls that share a replica's slots is done.
    Shared {
        /// The service.
        node: NodeIx,
        /// Its replica.
        replica: u32,
    },
    /// A fault begins or ends.
    Fault {
        /// Of the list of faults.
        generation: u32,
        /// Its place in the list.
        fault: u32,
    },
    /// An alert is evaluated.
    Watch {
        /// Its place in the list of alerts.
        alert: u32,
        /// Of that list.
        generation: u32,
    },
    /// Something about a coordinator's locks is due.
    Lock {
        /// The coordinator.
        node: NodeIx,
        /// What, as [`LockTag`] packs it.
        tag: u32,
    },
    /// An autoscaler looks, or one that leaves is looked at.
    Scale {
        /// The service.
        node: NodeIx,
        /// Of which replica; of all of them, [`ALL_REPLICAS`].
        replica: u32,
    },
    /// A replica starts, starts again or is killed, by its stage.
    Replica {
        /// The service.
        node: NodeIx,
        /// Its place.
        replica: u32,
    },
    /// The head of a lane: inside the agenda only.
    LaneHead {
        /// Which.
        lane: u32,
    },
}

/// For [`Event::Scale`]: the service as a whole.
pub const ALL_REPLICAS: u32 = u32::MAX;

/// What is due at a coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockTag {
    /// The holder of a grant lets it go.
    Release(u32),
    /// The lease of a grant has run out.
    Lease(u32),
    /// An election is over.
    Election(u32),
}

impl LockTag {
    /// The highest number of a grant; then they begin again.
    pub const GRANT_MAX: u32 = u32::MAX >> 2;

    /// In 32 bits.
    pub fn pack(self) -> u32 {
        match self {
            Self::Release(grant) => grant << 2,
            Self::Lease(grant) => grant << 2 | 1,
            Self::Election(election) => election << 2 | 2,
        }
    }

    /// From 32 bits.
    pub fn unpack(tag: u32) -> Self {
        match tag & 3 {
            0 => Self::Release(tag >> 2),
            1 => Self::Lease(tag >> 2),
            _ => Self::Election(tag >> 2),
        }
    }
}

impl Event {
    /// Whether it goes on by itself for ever, so that a drain does not wait for it.
    #[inline(always)]
    pub const fn is_housekeeping(&self) -> bool {
        match self {
            Self::ProbeTimeout(_)
            | Self::Probe { .. }
            | Self::Fault { .. }
            | Self::RateChange { .. }
            | Self::Watch { .. }
            | Self::Scale { .. }
            | Self::Reshard { .. }
            | Self::Request { .. } => true,
            Self::Arrive(_)
            | Self::Served(_)
            | Self::Reply(_)
            | Self::Timeout(_)
            | Self::PoolWait(_)
            | Self::Backoff(_)
            | Self::Hedge(_)
            | Self::Cancel(_)
            | Self::Expire(_)
            | Self::Patience(_)
            | Self::Visibility(_)
            | Self::Step(_)
            | Self::Elect { .. }
            | Self::Relay { .. }
            | Self::Think { .. }
            | Self::Reload { .. }
            | Self::Fill { .. }
            | Self::Invalidate { .. }
            | Self::Lock { .. }
            | Self::Leave(_)
            | Self::Shared { .. }
            | Self::Replica { .. }
            | Self::LaneHead { .. } => false,
        }
    }
}
