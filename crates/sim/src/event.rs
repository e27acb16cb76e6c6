//! Events: everything that can be scheduled.

mod packed;

pub(crate) use packed::{ARRIVE, KIND_BITS, LANE_HEAD, Packed, REPLY, REQUEST, SERVED};

use crate::call::CallId;

/// A node by its place in the run. Places are never reused within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

/// A link by its place in the run. Places are never reused within a run.
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
    /// A callee has finished its own work.
    Served(CallId),
    /// An answer reaches the caller, or the caller's own policy refuses the attempt.
    Reply(CallId),
    /// The caller's timeout for an answer expires.
    Timeout(CallId),
    /// The balancer's timeout for a probe expires.
    ProbeTimeout(CallId),
    /// The caller's timeout for a connection expires.
    PoolWait(CallId),
    /// The pause before a further attempt is over.
    Backoff(CallId),
    /// The caller's cancellation reaches the callee.
    Cancel(CallId),
    /// The deadline of a call passes while it waits for a slot.
    Expire(CallId),
    /// An attempt has been in progress long enough for a hedge.
    Hedge(CallId),
    /// The user's patience for the whole request expires.
    Patience(CallId),
    /// A delivered message was not acknowledged in time.
    Visibility(CallId),
    /// A call continues inside its node, between the members of a database.
    Step(CallId),
    /// A client's next request is due. An older generation belongs to a rate that no longer holds.
    Request {
        /// The client.
        node: NodeIx,
        /// The generation of the rate it was scheduled under.
        generation: u32,
    },
    /// A user of a closed client has finished thinking. An older generation has left.
    Think {
        /// The client.
        node: NodeIx,
        /// The generation of the client's users.
        generation: u32,
    },
    /// A user whose request failed reloads.
    Reload {
        /// The client.
        node: NodeIx,
        /// The index among the client's users that are about to reload.
        place: u32,
    },
    /// A client's arrival rate changes.
    RateChange {
        /// The client.
        node: NodeIx,
        /// The generation of the client's parameters.
        generation: u32,
    },
    /// A balancer probes a backend.
    Probe {
        /// The balancer.
        node: NodeIx,
        /// The index of its backend.
        backend: u16,
        /// The generation of the list of backends.
        generation: u16,
    },
    /// A fill reaches a look-aside cache.
    Fill {
        /// The cache.
        node: NodeIx,
        /// The index among the fills in progress.
        fill: u32,
    },
    /// An invalidation reaches a cache.
    Invalidate {
        /// The cache.
        node: NodeIx,
        /// The key.
        key: u32,
    },
    /// A database's relay publishes pending writes.
    Relay {
        /// The database.
        node: NodeIx,
        /// The link to the queue.
        link: u32,
    },
    /// A member of a database notices that it lacks a leader, or takes part in an election.
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
    /// A call has waited for a slot for its callee's maximum time.
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
        /// The generation of the list of faults.
        generation: u32,
        /// The index in the list.
        fault: u32,
    },
    /// An alert is evaluated.
    Watch {
        /// The index in the list of alerts.
        alert: u32,
        /// The generation of that list.
        generation: u32,
    },
    /// An event of a coordinator's locks is due.
    Lock {
        /// The coordinator.
        node: NodeIx,
        /// The kind, as [`LockTag`] packs it.
        tag: u32,
    },
    /// An autoscaler evaluates, or a leaving replica is checked.
    Scale {
        /// The service.
        node: NodeIx,
        /// The replica; [`ALL_REPLICAS`] for the service as a whole.
        replica: u32,
    },
    /// A replica starts, restarts or is killed, by its stage.
    Replica {
        /// The service.
        node: NodeIx,
        /// The replica's place.
        replica: u32,
    },
    /// The head of a lane: only inside the event queue.
    LaneHead {
        /// The lane.
        lane: u32,
    },
}

/// For [`Event::Scale`]: the service as a whole.
pub const ALL_REPLICAS: u32 = u32::MAX;

/// What is due at a coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockTag {
    /// The holder of a grant releases it.
    Release(u32),
    /// The lease of a grant expires.
    Lease(u32),
    /// An election ends.
    Election(u32),
}

impl LockTag {
    /// The highest number of a grant; then numbers start over.
    pub const GRANT_MAX: u32 = u32::MAX >> 2;

    /// Packs it into 32 bits.
    pub fn pack(self) -> u32 {
        match self {
            Self::Release(grant) => grant << 2,
            Self::Lease(grant) => grant << 2 | 1,
            Self::Election(election) => election << 2 | 2,
        }
    }

    /// Unpacks it from 32 bits.
    pub fn unpack(tag: u32) -> Self {
        match tag & 3 {
            0 => Self::Release(tag >> 2),
            1 => Self::Lease(tag >> 2),
            _ => Self::Election(tag >> 2),
        }
    }
}

impl Event {
    /// Returns whether it repeats by itself indefinitely, so that a drain does not wait for it.
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
