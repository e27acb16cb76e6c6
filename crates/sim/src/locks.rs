//! The holders of locks: kept at the holder, so that locks are released when its job ends.

use crate::call::CallId;
use crate::event::{Event, LinkIx, LockTag};
use crate::world::World;

/// Locks held by jobs, found by the place of the job's record.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    /// Number of held locks; while it is 0, nothing is searched.
    pub(crate) count: u32,
    first: Vec<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    job: CallId,
    /// The link over which it was requested.
    link: LinkIx,
    grant: u32,
    /// Whether it survives a crash of its holder.
    has_lease: bool,
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Locks {
    /// Adds a lock that a job holds from now on.
    pub(crate) fn hold(&mut self, job: CallId, link: LinkIx, grant: u32, has_lease: bool) {
        let slot = job.slot as usize;
        if self.first.len() <= slot {
            self.first.resize((slot + 1).next_power_of_two(), NONE);
        }
        let entry = Entry {
            job,
            link,
            grant,
            has_lease,
            next: self.first[slot],
        };
        self.first[slot] = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        self.count += 1;
    }

    /// Removes one of the locks that a job holds.
    fn take(&mut self, job: CallId) -> Option<Entry> {
        let first = self.first.get_mut(job.slot as usize)?;
        let entry = self.entries.get(*first as usize)?.clone();
        debug_assert_eq!(entry.job, job, "a job ended and kept its locks");
        self.free.push(std::mem::replace(first, entry.next));
        self.count -= 1;
        Some(entry)
    }
}

impl World {
    /// Releases the locks of a job that has ended. The coordinators learn of it a link's latency
    /// later; the message is repeated until it arrives, so it is not lost. A process that is dead
    /// or partitioned sends nothing; its locks end with its connection, or with their lease if they
    /// have one.
    #[cold]
    pub(crate) fn let_go(&mut self, job: CallId) {
        while let Some(held) = self.locks.take(job) {
            let (holder, place) = (self.calls[job].node, self.calls[job].replica);
            let replica = self.node(holder).replicas.get(place as usize);
            let is_alive = replica.is_some_and(|replica| replica.is_up);
            let node = self.link(held.link).to;
            let ends = [self.zone_of(holder, place), self.zone_of(node, 0)];
            let is_cut = self.is_cut(ends[0], ends[1]) || self.link(held.link).cut[0];
            let is_heard = is_alive && !is_cut;
            if is_heard || !held.has_lease {
                let tag = LockTag::Release(held.grant).pack();
                self.words += 1;
                self.note_surely(held.link, place, Event::Lock { node, tag });
            }
        }
    }
}
