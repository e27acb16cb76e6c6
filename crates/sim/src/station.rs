//! A station: the slots of one replica and the queue before them.

use crate::agenda::Time;
use crate::call::{Call, CallId, Calls, Phase};
use crate::measure::Gauge;
use design::kinds::service::Discipline;

/// What becomes of a call that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It has a slot.
    Slot,
    /// It waits.
    Queued,
    /// There is no place for it.
    Full,
}

/// Slots and a queue. Waiting calls are chained through their records, so a queue of any length
/// costs nothing until it is used.
#[derive(Clone, Debug)]
pub struct Station {
    /// Slots; `None` is unbounded.
    pub slots: Option<u64>,
    /// Waiting places; `None` is unbounded.
    pub places: Option<u64>,
    /// Who is next.
    pub discipline: Discipline,
    first: u32,
    last: u32,
    /// Waiting.
    pub queued: Gauge,
    /// Slots there are; 0 while they are unbounded.
    pub offered: Gauge,
    /// Slots held, working or not.
    pub held: Gauge,
    /// Slots in which work of the replica's own is done.
    pub working: Gauge,
    /// Total time slots were held by what has left, in ns: the other side of the utilisation law.
    pub held_total: u128,
    /// Calls that arrived and were measured.
    pub arrivals: u64,
}

const NOBODY: u32 = u32::MAX;

impl Station {
    /// An empty station.
    pub fn new(slots: Option<u64>, places: Option<u64>, discipline: Discipline) -> Self {
        Self {
            slots,
            places,
            discipline,
            first: NOBODY,
            last: NOBODY,
            queued: Gauge::default(),
            offered: Gauge::default(),
            held: Gauge::default(),
            working: Gauge::default(),
            held_total: 0,
            arrivals: 0,
        }
    }

    /// Changes how many slots there are.
    pub fn set_slots(&mut self, slots: Option<u64>, now: Time) {
        self.slots = slots;
        self.offered.set(now, slots.unwrap_or(0));
    }

    /// Lets a call in, if there is room.
    #[inline]
    pub fn admit(&mut self, id: CallId, calls: &mut Calls, now: Time) -> Admission {
        if self.has_free_slot() {
            self.hold(id, calls, now);
            return Admission::Slot;
        }
        if self
            .places
            .is_some_and(|places| self.queued.level() >= places)
        {
            return Admission::Full;
        }
        self.enqueue(id, calls);
        self.queued.up(now);
        calls[id].phase = Phase::Queued;
        Admission::Queued
    }

    fn has_free_slot(&self) -> bool {
        self.slots.is_none_or(|slots| self.held.level() < slots)
    }

    #[inline]
    fn hold(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        let call = &mut calls[id];
        call.slot_since = now;
        call.phase = Phase::Serving;
        self.held.step_up(now);
        self.working.step_up(now);
    }

    /// Frees a slot. The caller then asks [`Self::next`].
    #[inline]
    pub fn release(&mut self, slot_since: Time, now: Time) {
        self.held.down(now);
        self.held_total += u128::from(now - slot_since);
    }

    /// Gives a free slot to the next waiting call, if there are both.
    #[inline]
    pub fn next(&mut self, calls: &mut Calls, now: Time) -> Option<CallId> {
        if self.first == NOBODY || !self.has_free_slot() {
            return None;
        }
        let id = calls.id_at(match self.discipline {
            Discipline::Fifo => self.first,
            Discipline::Lifo => self.last,
        });
        self.unchain(id, calls);
        self.queued.down(now);
        self.hold(id, calls, now);
        Some(id)
    }

    /// Takes a waiting call out of the queue.
    pub fn withdraw(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        self.unchain(id, calls);
        self.queued.down(now);
    }

    fn enqueue(&mut self, id: CallId, calls: &mut Calls) {
        calls[id].next = NOBODY;
        calls[id].previous = self.last;
        if self.last == NOBODY {
            self.first = id.slot;
        } else {
            let last = calls.id_at(self.last);
            calls[last].next = id.slot;
        }
        self.last = id.slot;
    }

    fn unchain(&mut self, id: CallId, calls: &mut Calls) {
        let (previous, next) = (calls[id].previous, calls[id].next);
        match previous {
            NOBODY => self.first = next,
            slot => {
                let previous = calls.id_at(slot);
                calls[previous].next = next;
            }
        }
        match next {
            NOBODY => self.last = previous,
            slot => {
                let next = calls.id_at(slot);
                calls[next].previous = previous;
            }
        }
        (calls[id].previous, calls[id].next) = (NOBODY, NOBODY);
    }

    /// A call is lost in a crash: the time it held its slot still counts.
    pub fn count_lost(&mut self, call: &Call, now: Time) {
        if call.holds_slot() {
            self.held_total += u128::from(now - call.slot_since);
        }
    }

    /// Forgets everybody, as a process that dies does. The caller answers for the calls.
    pub fn clear(&mut self, now: Time) {
        self.first = NOBODY;
        self.last = NOBODY;
        self.queued.set(now, 0);
        self.held.set(now, 0);
        self.working.set(now, 0);
    }

    /// Every gauge of the station.
    pub fn gauges_mut(&mut self) -> [&mut Gauge; 4] {
        [
            &mut self.queued,
            &mut self.offered,
            &mut self.held,
            &mut self.working,
        ]
    }
}
