//! One subscriber's messages, and their consumers.

use super::group::Group;
use crate::event::LinkIx;
use std::collections::VecDeque;

/// Messages in order of delivery: all of a subscription, or those of a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    /// Waiting messages.
    pub(super) ready: VecDeque<u32>,
    /// Number of delivered messages that are neither acknowledged nor abandoned.
    pub(super) out: u32,
    pub(super) delivered: u64,
    pub(super) most_ready: u32,
}

/// A link to consumers.
#[derive(Clone, Debug)]
pub(super) struct Consumer {
    pub(super) link: LinkIx,
    /// Number of deliveries in flight.
    pub(super) in_flight: u32,
    /// The same by replica, if that is bounded.
    pub(super) by_replica: Vec<u32>,
    pub(super) next_replica: u32,
}

/// One subscriber's messages, and its competing consumers.
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    /// Its consumer, if every consumer receives every message.
    pub(super) link: Option<LinkIx>,
    pub(super) lanes: Vec<Lane>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) next_consumer: usize,
    /// The readers of its partitions, if there are any.
    pub(super) group: Option<Group>,
    /// Number of messages kept and not yet acknowledged or abandoned.
    pub held: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Acknowledged.
    pub acknowledged: u64,
}

/// A partition, as the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionView {
    /// Messages waiting.
    pub waiting: u64,
    /// Maximum number of waiting messages.
    pub waiting_max: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Its reader: a consume link and a replica of its consumer.
    pub reader: Option<(LinkIx, u32)>,
}

impl Subscription {
    /// Returns its link, if every consumer receives every message.
    pub fn link(&self) -> Option<LinkIx> {
        self.link
    }

    /// Returns the consumer whose turn it is.
    pub(super) fn turn(&self) -> Option<LinkIx> {
        let consumer = self.consumers.get(self.next_consumer);
        consumer.map(|consumer| consumer.link)
    }

    /// Returns the first waiting message of every lane.
    pub(super) fn heads(&self) -> impl Iterator<Item = u32> {
        self.lanes
            .iter()
            .filter_map(|lane| lane.ready.front().copied())
    }

    /// Returns the lane of a key.
    #[inline]
    pub(super) fn lane_of(&self, key: u32) -> usize {
        match self.lanes.len() {
            0 | 1 => 0,
            count => {
                let hash = (u64::from(key) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
                ((hash * count as u64) >> 32) as usize
            }
        }
    }

    /// Returns its partitions; empty if it has none.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionView> {
        let group = self.group.as_ref();
        let lanes = self
            .lanes
            .iter()
            .enumerate()
            .filter(move |_| group.is_some());
        lanes.map(move |(partition, lane)| PartitionView {
            waiting: lane.ready.len() as u64,
            waiting_max: u64::from(lane.most_ready),
            delivered: lane.delivered,
            reader: group
                .and_then(|group| group.owner(partition as u32))
                .map(|member| (member.link, member.replica)),
        })
    }

    /// Returns the readers of its partitions, and the number of partitions of each: those with none
    /// are idle.
    pub fn readers(&self) -> Vec<(LinkIx, u32, u32)> {
        let group = self.group.iter();
        let read = group.flat_map(|group| group.members.iter().zip(group.shares()));
        read.filter(|(member, _)| member.is_in)
            .map(|(member, share)| (member.link, member.replica, share))
            .collect()
    }
}
