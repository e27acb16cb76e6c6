//! Events in the form in which they wait.

use super::{Event, NodeIx};
use crate::call::CallId;

/// An event in the form in which it waits: two words, which stay in registers on their way into and
/// out of the event queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// The kind of event, below 2^[`KIND_BITS`].
    pub(crate) kind: u64,
    /// Its data.
    pub(crate) payload: u64,
}

/// The most frequent kinds of a run.
pub(crate) const ARRIVE: u64 = 0;
pub(crate) const SERVED: u64 = 1;
pub(crate) const REPLY: u64 = 2;
pub(crate) const REQUEST: u64 = 8;

/// The kind of a lane's head.
pub(crate) const LANE_HEAD: u64 = 16;

/// Bits of a kind.
pub(crate) const KIND_BITS: u32 = 5;

/// The kinds that are housekeeping, one bit each.
const HOUSEKEEPING: u32 = {
    let (mut kinds, mut kind) = (0, 0);
    while kind < 1 << KIND_BITS {
        let event = Packed { kind, payload: 0 }.unpack();
        kinds |= (event.is_housekeeping() as u32) << kind;
        kind += 1;
    }
    kinds
};

/// Kinds differ by their number alone: no event is of this kind.
const NOTHING: u64 = u64::MAX;

impl Packed {
    /// No event.
    pub(crate) const NONE: Self = Self {
        kind: NOTHING,
        payload: 0,
    };

    /// Returns whether there is no event.
    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        self.kind == NOTHING
    }

    #[inline(always)]
    fn of_call(kind: u64, call: CallId) -> Self {
        Self::of_two(kind, call.slot, call.generation)
    }

    #[inline(always)]
    fn of_two(kind: u64, low: u32, high: u32) -> Self {
        let payload = u64::from(low) | u64::from(high) << 32;
        Self { kind, payload }
    }

    /// See [`Event::is_housekeeping`].
    #[inline(always)]
    pub(crate) fn is_housekeeping(self) -> bool {
        HOUSEKEEPING >> self.kind & 1 == 1
    }

    /// Returns the call of a call's event.
    #[inline(always)]
    pub(crate) fn call(self) -> CallId {
        CallId {
            slot: self.payload as u32,
            generation: (self.payload >> 32) as u32,
        }
    }

    #[inline(always)]
    pub(crate) const fn unpack(self) -> Event {
        let (low, high) = (self.payload as u32, (self.payload >> 32) as u32);
        let call = CallId {
            slot: low,
            generation: high,
        };
        let node = NodeIx(low);
        match self.kind {
            ARRIVE => Event::Arrive(call),
            SERVED => Event::Served(call),
            REPLY => Event::Reply(call),
            3 => Event::Timeout(call),
            4 => Event::PoolWait(call),
            5 => Event::Backoff(call),
            6 => Event::Patience(call),
            7 => Event::Visibility(call),
            REQUEST => Event::Request {
                node,
                generation: high,
            },
            9 => Event::Think {
                node,
                generation: high,
            },
            10 => Event::RateChange {
                node,
                generation: high,
            },
            11 => Event::Probe {
                node,
                backend: high as u16,
                generation: (high >> 16) as u16,
            },
            12 => Event::Fill { node, fill: high },
            13 => Event::Invalidate { node, key: high },
            14 => Event::Fault {
                generation: low,
                fault: high,
            },
            15 => Event::ProbeTimeout(call),
            20 => Event::Reload { node, place: high },
            30 => Event::Watch {
                alert: low,
                generation: high,
            },
            28 => Event::Hedge(call),
            29 => Event::Cancel(call),
            27 => Event::Expire(call),
            17 => Event::Lock { node, tag: high },
            19 => Event::Leave(call),
            18 => Event::Shared {
                node,
                replica: high,
            },
            24 => Event::Step(call),
            25 => Event::Scale {
                node,
                replica: high,
            },
            26 => Event::Replica {
                node,
                replica: high,
            },
            21 => Event::Reshard { node },
            22 => Event::Elect { node, member: high },
            23 => Event::Relay { node, link: high },
            _ => Event::LaneHead { lane: low },
        }
    }
}

impl Event {
    #[inline(always)]
    pub(crate) fn pack(self) -> Packed {
        match self {
            Self::Arrive(call) => Packed::of_call(ARRIVE, call),
            Self::Served(call) => Packed::of_call(SERVED, call),
            Self::Reply(call) => Packed::of_call(REPLY, call),
            Self::Timeout(call) => Packed::of_call(3, call),
            Self::PoolWait(call) => Packed::of_call(4, call),
            Self::Backoff(call) => Packed::of_call(5, call),
            Self::Patience(call) => Packed::of_call(6, call),
            Self::Visibility(call) => Packed::of_call(7, call),
            Self::Request { node, generation } => Packed::of_two(REQUEST, node.0, generation),
            Self::Think { node, generation } => Packed::of_two(9, node.0, generation),
            Self::RateChange { node, generation } => Packed::of_two(10, node.0, generation),
            Self::Probe {
                node,
                backend,
                generation,
            } => {
                let high = u32::from(backend) | u32::from(generation) << 16;
                Packed::of_two(11, node.0, high)
            }
            Self::Fill { node, fill } => Packed::of_two(12, node.0, fill),
            Self::Invalidate { node, key } => Packed::of_two(13, node.0, key),
            Self::Fault { generation, fault } => Packed::of_two(14, generation, fault),
            Self::ProbeTimeout(call) => Packed::of_call(15, call),
            Self::Reload { node, place } => Packed::of_two(20, node.0, place),
            Self::Watch { alert, generation } => Packed::of_two(30, alert, generation),
            Self::Hedge(call) => Packed::of_call(28, call),
            Self::Cancel(call) => Packed::of_call(29, call),
            Self::Expire(call) => Packed::of_call(27, call),
            Self::Lock { node, tag } => Packed::of_two(17, node.0, tag),
            Self::Leave(call) => Packed::of_call(19, call),
            Self::Shared { node, replica } => Packed::of_two(18, node.0, replica),
            Self::Step(call) => Packed::of_call(24, call),
            Self::Scale { node, replica } => Packed::of_two(25, node.0, replica),
            Self::Replica { node, replica } => Packed::of_two(26, node.0, replica),
            Self::Reshard { node } => Packed::of_two(21, node.0, 0),
            Self::Elect { node, member } => Packed::of_two(22, node.0, member),
            Self::Relay { node, link } => Packed::of_two(23, node.0, link),
            Self::LaneHead { lane } => Packed::of_two(LANE_HEAD, lane, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ALL_REPLICAS;
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let (node, call) = (
            NodeIx(7),
            CallId {
                slot: u32::MAX - 1,
                generation: 3,
            },
        );
        for event in [
            Event::Arrive(call),
            Event::Served(call),
            Event::Reply(call),
            Event::Timeout(call),
            Event::PoolWait(call),
            Event::Backoff(call),
            Event::Patience(call),
            Event::Visibility(call),
            Event::ProbeTimeout(call),
            Event::Hedge(call),
            Event::Cancel(call),
            Event::Expire(call),
            Event::Step(call),
            Event::Request {
                node,
                generation: 9,
            },
            Event::Think {
                node,
                generation: 5,
            },
            Event::RateChange {
                node,
                generation: u32::MAX,
            },
            Event::Probe {
                node,
                backend: u16::MAX,
                generation: 12,
            },
            Event::Fill {
                node,
                fill: u32::MAX,
            },
            Event::Invalidate { node, key: 1 },
            Event::Reload { node, place: 7 },
            Event::Reshard { node },
            Event::Fault {
                generation: 2,
                fault: 7,
            },
            Event::Watch {
                alert: 3,
                generation: 4,
            },
            Event::Lock { node, tag: 77 },
            Event::Elect { node, member: 5 },
            Event::Relay { node, link: 9 },
            Event::Leave(call),
            Event::Shared { node, replica: 3 },
            Event::Scale {
                node,
                replica: ALL_REPLICAS,
            },
            Event::Replica { node, replica: 4 },
            Event::LaneHead { lane: 255 },
        ] {
            let packed = event.pack();
            assert_eq!(packed.unpack(), event);
            assert!(packed.kind < 1 << KIND_BITS);
            assert_eq!(packed.is_housekeeping(), event.is_housekeeping());
        }
    }
}
