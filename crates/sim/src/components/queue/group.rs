//! The consumer group of a queue with partitions: which replica reads which.
//!
//! Like Kafka's consumer groups with the cooperative sticky assignor: each partition has one
//! reader, the shares differ by at most one, and a rebalance moves only what it must. A dead member
//! is noticed when its session expires, counted from its last heartbeat; until then, its partitions
//! have no reader.

use crate::agenda::Time;
use crate::event::LinkIx;
use crate::random::Stream;

/// A consuming replica.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) link: LinkIx,
    pub(super) replica: u32,
    /// Whether it has partitions, or could have some.
    pub(super) is_in: bool,
    /// Whether it left because it worked on a message for too long, and has not come back.
    pub(super) is_late: bool,
    /// When its process went down, while the group has not noticed.
    pub(super) down_since: Option<Time>,
    /// The time of its heartbeats within their interval, as a share of it.
    phase: f64,
    joined: Time,
}

/// Members and their partitions.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    /// By partition: the index of its reader among the members.
    owners: Vec<Option<u32>>,
}

impl Group {
    /// Returns a group without members.
    pub(super) fn new(partitions: usize) -> Self {
        Self {
            members: Vec::new(),
            owners: vec![None; partitions],
        }
    }

    /// Takes the present replicas. Those that were there before stay; those that are gone lose
    /// their partitions.
    pub(super) fn set_members(
        &mut self,
        wanted: impl Iterator<Item = (LinkIx, u32)>,
        stream: &mut Stream,
    ) {
        let old = std::mem::take(&mut self.members);
        let known = |link, replica| {
            let is_it = |member: &Member| (member.link, member.replica) == (link, replica);
            old.iter().position(is_it)
        };
        let mut moved: Vec<Option<u32>> = vec![None; old.len()];
        for (link, replica) in wanted {
            let member = match known(link, replica) {
                Some(place) => {
                    moved[place] = Some(self.members.len() as u32);
                    old[place].clone()
                }
                None => Member {
                    link,
                    replica,
                    is_in: false,
                    is_late: false,
                    down_since: None,
                    phase: stream.unit(),
                    joined: 0,
                },
            };
            self.members.push(member);
        }
        for owner in &mut self.owners {
            *owner = owner.and_then(|place| moved[place as usize]);
        }
    }

    /// Returns whether it has this many partitions.
    pub(super) fn has_partitions(&self, partitions: usize) -> bool {
        self.owners.len() == partitions
    }

    /// Returns whether the members are these.
    pub(super) fn has_members(&self, wanted: impl Iterator<Item = (LinkIx, u32)>) -> bool {
        wanted.eq(self
            .members
            .iter()
            .map(|member| (member.link, member.replica)))
    }

    /// A member joins.
    pub(super) fn join(&mut self, place: usize, now: Time) {
        let member = &mut self.members[place];
        (member.is_in, member.down_since, member.joined) = (true, None, now);
    }

    /// A member leaves because it worked on a message for too long; its partitions go to others.
    pub(super) fn leave_late(&mut self, (link, replica): (LinkIx, u32)) {
        let is_it = |member: &&mut Member| (member.link, member.replica) == (link, replica);
        if let Some(member) = self.members.iter_mut().find(is_it) {
            (member.is_in, member.is_late, member.down_since) = (false, true, None);
            self.rebalance();
        }
    }

    /// A member that left late is done with what it had: it joins again if it runs.
    pub(super) fn come_back(&mut self, (link, replica): (LinkIx, u32), runs: bool, now: Time) {
        let mut members = self.members.iter_mut();
        let is_it = |member: &Member| (member.link, member.replica) == (link, replica);
        let Some(place) = members.position(|member| is_it(member) && member.is_late) else {
            return;
        };
        self.members[place].is_late = false;
        if runs {
            self.join(place, now);
            self.rebalance();
        }
    }

    /// Returns when the group will notice a member that has been down since a moment.
    pub(super) fn missed_at(
        &self,
        place: usize,
        since: Time,
        heartbeat: u64,
        session: u64,
    ) -> Time {
        let member = &self.members[place];
        let offset = member.joined + (member.phase * heartbeat as f64) as u64;
        let last = match since.checked_sub(offset) {
            Some(gone) => offset + gone / heartbeat.max(1) * heartbeat.max(1),
            None => member.joined,
        };
        (last + session).max(since)
    }

    /// Returns the reader of a partition.
    pub(super) fn owner(&self, partition: u32) -> Option<&Member> {
        let place = (*self.owners.get(partition as usize)?)?;
        self.members.get(place as usize)
    }

    /// Returns the number of partitions of each member.
    pub(super) fn shares(&self) -> Vec<u32> {
        let mut shares = vec![0; self.members.len()];
        for place in self.owners.iter().flatten() {
            shares[*place as usize] += 1;
        }
        shares
    }

    /// Gives every partition a reader, and every reader a fair share.
    pub(super) fn rebalance(&mut self) {
        let is_in = |place: u32| self.members[place as usize].is_in;
        for owner in &mut self.owners {
            *owner = owner.filter(|place| is_in(*place));
        }
        let mut shares = self.shares();
        let members = &self.members;
        let able = || (0..members.len()).filter(|place| members[*place].is_in);
        for owner in self.owners.iter_mut().filter(|owner| owner.is_none()) {
            let Some(least) = able().min_by_key(|place| shares[*place]) else {
                return;
            };
            *owner = Some(least as u32);
            shares[least] += 1;
        }
        loop {
            let least = able().min_by_key(|place| shares[*place]);
            let most = able().max_by_key(|place| (shares[*place], std::cmp::Reverse(*place)));
            let (Some(least), Some(most)) = (least, most) else {
                return;
            };
            if shares[most] <= shares[least] + 1 {
                return;
            }
            let is_most = |owner: &&mut Option<u32>| **owner == Some(most as u32);
            if let Some(owner) = self.owners.iter_mut().rev().find(is_most) {
                *owner = Some(least as u32);
            }
            shares[most] -= 1;
            shares[least] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn group(partitions: usize, members: u32) -> Group {
        let mut group = Group::new(partitions);
        let mut stream = Stream::new(1, "q", Purpose::Sessions);
        group.set_members(
            (0..members).map(|replica| (LinkIx(0), replica)),
            &mut stream,
        );
        (0..members as usize).for_each(|place| group.join(place, 0));
        group.rebalance();
        group
    }

    #[test]
    fn shares_differ_by_one_at_most() {
        assert_eq!(group(12, 5).shares(), [3, 3, 2, 2, 2]);
        assert_eq!(group(10, 4).shares(), [3, 3, 2, 2]);
        let idle = group(12, 16)
            .shares()
            .iter()
            .filter(|share| **share == 0)
            .count();
        assert_eq!(idle, 4);
        assert_eq!(group(3, 0).owner(0).map(|member| member.replica), None);
    }

    #[test]
    fn a_rebalance_moves_only_what_it_must() {
        let mut group = group(12, 4);
        let before = group.owners.clone();
        group.members[1].is_in = false;
        group.rebalance();
        assert_eq!(group.shares(), [4, 0, 4, 4]);
        let stayed = before
            .iter()
            .zip(&group.owners)
            .filter(|(was, is)| was == is)
            .count();
        assert_eq!(stayed, 9);
        group.join(1, 5);
        group.rebalance();
        assert_eq!(group.shares(), [3, 3, 3, 3]);
    }

    #[test]
    fn a_session_runs_from_the_last_heartbeat() {
        let mut group = group(1, 1);
        group.members[0].phase = 0.5;
        // Heartbeats at 50, 150, 250 ...
        assert_eq!(group.missed_at(0, 249, 100, 1000), 1150);
        assert_eq!(group.missed_at(0, 250, 100, 1000), 1250);
        assert_eq!(
            group.missed_at(0, 20, 100, 1000),
            1000,
            "before the first, from the joining"
        );
    }
}
