//! Who holds which locks: kept at the holder, so that they are let go when its job ends.

use crate::call::CallId;
use crate::event::{Event, LinkIx, LockTag};
use crate::world::World;

/// Locks held by jobs, found by the place of the job's record.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    /// How many are held: while it is none, nothing is looked for.
    pub(crate) count: u32,
    first: Vec<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    job: CallId,
    /// Over which link it was asked for.
    link: LinkIx,
    grant: u32,
    /// Whether it outlives a crash of its holder.
    has_lease: bool,
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Locks {
    /// A job holds a lock from now on.
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

    /// Takes one of the locks that a job holds.
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
    /// A job has ended: the coordinators hear of the locks it held, a link's latency later. What it
    /// says is said until it is heard: it is not lost. Of a process that is dead or cut off nothing
    /// is heard; its locks go with its connection, or where there is a lease, with that.
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
