//! A station: the slots of one replica and the queue before them.

mod classes;
mod sharing;

use crate::agenda::Time;
use crate::call::{Call, CallId, Calls, Phase};
use crate::measure::Gauge;
use classes::{Classes, NOBODY};
use design::kinds::service::Discipline;
use sharing::Sharing;

/// The result of an arriving call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It has a slot.
    Slot,
    /// It waits.
    Queued,
    /// There is no place for it.
    Full,
}

/// How waiting calls and slots are managed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Which call is next.
    pub discipline: Discipline,
    /// A queue that has not been empty for this long is a standing one, in ns.
    pub standing: u64,
    /// Each operation's priority class, by its index in the run.
    pub classes: Vec<u32>,
    /// Number of classes, including that of unlisted operations.
    pub class_count: usize,
}

/// Slots and a queue. Waiting calls are linked through their records, so a queue of any length
/// costs nothing until it is used.
#[derive(Clone, Debug)]
pub struct Station {
    /// Slots; `None` is unbounded.
    pub slots: Option<u64>,
    /// Waiting places; `None` is unbounded.
    pub places: Option<u64>,
    /// Maximum number of calls in the station: the slots, plus the places if slots are shared.
    room: Option<u64>,
    discipline: Discipline,
    standing: u64,
    first: u32,
    last: u32,
    /// Waiting calls, health probes included.
    waiting: u64,
    /// Since when the queue has not been empty, if it is not.
    standing_since: Time,
    classes: Option<Box<Classes>>,
    sharing: Option<Box<Sharing>>,
    /// Waiting calls. Health probes are not part of the traffic.
    pub queued: Gauge,
    /// Offered slots; 0 if unbounded.
    pub offered: Gauge,
    /// Held slots, working or not.
    pub held: Gauge,
    /// Slots in which the replica's own work is done.
    pub working: Gauge,
    /// Total time for which calls that left held slots, in ns: the other side of the utilization
    /// law.
    pub held_total: u128,
    /// Calls that arrived and were measured.
    pub arrivals: u64,
    /// Calls admitted and not answered yet, with or without a slot; its owner counts them.
    pub present: u64,
}

impl Station {
    /// Returns an empty station.
    pub fn new(slots: Option<u64>, places: Option<u64>, discipline: Discipline) -> Self {
        Self {
            slots,
            places,
            room: slots,
            discipline,
            standing: 0,
            first: NOBODY,
            last: NOBODY,
            waiting: 0,
            standing_since: 0,
            classes: None,
            sharing: None,
            queued: Gauge::default(),
            offered: Gauge::default(),
            held: Gauge::default(),
            working: Gauge::default(),
            held_total: 0,
            arrivals: 0,
            present: 0,
        }
    }

    /// Changes the number of slots.
    pub fn set_slots(&mut self, slots: Option<u64>, now: Time) {
        self.slots = slots;
        self.offered.set(now, slots.unwrap_or(0));
        self.room = slots;
        if let Some(sharing) = &mut self.sharing {
            sharing.set_processors(slots, now);
            self.room = slots.zip(self.places).map(|(slots, places)| slots + places);
        }
    }

    /// Takes new rules; [`Self::set_slots`] must follow. Waiting calls are put in their order.
    /// Returns the calls that shared slots until now and no longer do, each with its remaining
    /// work.
    pub fn set_rules(&mut self, rules: &Rules, calls: &mut Calls, now: Time) -> Vec<(CallId, u64)> {
        (self.discipline, self.standing) = (rules.discipline, rules.standing);
        let waiting: Vec<CallId> = self.waiting(calls).collect();
        (self.first, self.last) = (NOBODY, NOBODY);
        self.classes = (rules.discipline == Discipline::Priority)
            .then(|| Box::new(Classes::new(rules.classes.clone(), rules.class_count)));
        for id in waiting {
            self.enqueue(id, calls);
        }
        let shares = rules.discipline == Discipline::ProcessorSharing;
        match &mut self.sharing {
            None if shares => self.sharing = Some(Box::new(Sharing::new(self.slots))),
            Some(sharing) if !shares => {
                let left = sharing.dissolve(now);
                self.sharing = None;
                return left;
            }
            None | Some(_) => {}
        }
        Vec::new()
    }

    /// Returns the waiting calls, in the order of the list.
    fn waiting(&self, calls: &Calls) -> impl Iterator<Item = CallId> {
        let id = |slot: u32| (slot != NOBODY).then(|| calls.id_at(slot));
        std::iter::successors(id(self.first), move |last| id(calls[*last].next))
    }

    /// Admits a call, if there is room.
    #[inline(always)]
    pub fn admit(&mut self, id: CallId, calls: &mut Calls, now: Time) -> Admission {
        if self.has_free_slot() {
            self.hold(id, calls, now);
            return Admission::Slot;
        }
        let is_full = self.places.is_some_and(|places| self.waiting >= places);
        // Calls that share do not wait: their places are room to share.
        if is_full || self.sharing.is_some() {
            return Admission::Full;
        }
        self.queue(id, calls, now);
        Admission::Queued
    }

    #[inline]
    fn queue(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        if self.first == NOBODY {
            self.standing_since = now;
        }
        self.enqueue(id, calls);
        self.waiting += 1;
        let call = &mut calls[id];
        call.phase = Phase::Queued;
        if !call.is_probe() {
            self.queued.up(now);
        }
    }

    /// Admits a call to a full queue in which the newest is served first. The oldest, which is
    /// least likely to be served, loses its place, and its owner answers it.
    #[cold]
    pub fn push_out(&mut self, id: CallId, calls: &mut Calls, now: Time) -> Option<CallId> {
        if self.first == NOBODY || !self.serves_newest(now) {
            return None;
        }
        // The queue is full throughout, so it has been standing just as long.
        let since = self.standing_since;
        let oldest = calls.id_at(self.first);
        self.leave(oldest, calls, now);
        self.queue(id, calls, now);
        self.standing_since = since;
        Some(oldest)
    }

    fn serves_newest(&self, now: Time) -> bool {
        match self.discipline {
            Discipline::Lifo => true,
            Discipline::AdaptiveLifo => self.stands(now),
            Discipline::Fifo
            | Discipline::Codel
            | Discipline::Priority
            | Discipline::ProcessorSharing => false,
        }
    }

    /// Returns whether a call that arrives now finds a slot or a place.
    pub fn has_room(&self) -> bool {
        let has_place = || self.places.is_none_or(|places| self.waiting < places);
        self.has_free_slot() || self.sharing.is_none() && has_place()
    }

    fn has_free_slot(&self) -> bool {
        self.room.is_none_or(|room| self.held.level() < room)
    }

    #[inline]
    fn hold(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        let call = &mut calls[id];
        call.slot_since = now;
        call.phase = Phase::Serving;
        self.held.step_up(now);
        self.working.step_up(now);
    }

    /// Frees a slot. [`Self::next`] must follow.
    #[inline]
    pub fn release(&mut self, slot_since: Time, now: Time) {
        self.held.down(now);
        self.held_total += u128::from(now - slot_since);
    }

    /// Returns whether any call waits.
    #[inline(always)]
    pub fn has_waiting(&self) -> bool {
        self.first != NOBODY
    }

    /// Gives a free slot to the next waiting call, if there are both.
    #[inline]
    pub fn next(&mut self, calls: &mut Calls, now: Time) -> Option<CallId> {
        if self.first == NOBODY || !self.has_free_slot() {
            return None;
        }
        let id = calls.id_at(match self.discipline {
            Discipline::Lifo => self.last,
            Discipline::AdaptiveLifo if self.stands(now) => self.last,
            Discipline::Fifo
            | Discipline::AdaptiveLifo
            | Discipline::Codel
            | Discipline::Priority
            | Discipline::ProcessorSharing => self.first,
        });
        self.leave(id, calls, now);
        self.hold(id, calls, now);
        Some(id)
    }

    /// Removes a waiting call from the queue.
    pub fn leave(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        self.unchain(id, calls);
        self.waiting -= 1;
        if !calls[id].is_probe() {
            self.queued.down(now);
        }
    }

    /// Returns the waiting call that would be served last, if more calls wait than there are
    /// places.
    pub fn beyond_places(&self, calls: &Calls, now: Time) -> Option<CallId> {
        let last = match self.serves_newest(now) {
            true => self.first,
            false => self.last,
        };
        let is_beyond = self.places.is_some_and(|places| self.waiting > places);
        is_beyond.then(|| calls.id_at(last))
    }

    /// Takes a waiting call out of the queue; its owner answers it.
    pub fn withdraw(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        self.leave(id, calls, now);
        // Only some owners count admitted calls.
        self.present = self.present.saturating_sub(1);
    }

    /// Returns when the oldest waiting call arrived.
    pub fn oldest(&self, calls: &Calls) -> Option<Time> {
        let arrived = |slot: u32| (slot != NOBODY).then(|| calls[calls.id_at(slot)].arrived);
        let Some(classes) = &self.classes else {
            return arrived(self.first);
        };
        // The first of each class is behind the last of the one before.
        let behind = |end: u32| calls[calls.id_at(end)].next;
        let firsts = classes.ends().map(behind).chain([self.first]);
        firsts.filter_map(arrived).min()
    }

    /// Returns whether the queue has not been empty for longer than the rules allow: the waiting
    /// calls are not a burst that drains by itself (Maurer, Fail at Scale, 2015).
    pub fn stands(&self, now: Time) -> bool {
        self.first != NOBODY && now - self.standing_since > self.standing
    }

    fn enqueue(&mut self, id: CallId, calls: &mut Calls) {
        let previous = match &mut self.classes {
            None => self.last,
            Some(classes) => {
                let class = classes.of(&calls[id]);
                let previous = classes.before(class);
                classes.set_end(class, id.slot);
                previous
            }
        };
        let next = match previous {
            NOBODY => std::mem::replace(&mut self.first, id.slot),
            slot => {
                let previous = calls.id_at(slot);
                std::mem::replace(&mut calls[previous].next, id.slot)
            }
        };
        (calls[id].previous, calls[id].next) = (previous, next);
        match next {
            NOBODY => self.last = id.slot,
            slot => {
                let next = calls.id_at(slot);
                calls[next].previous = id.slot;
            }
        }
    }

    fn unchain(&mut self, id: CallId, calls: &mut Calls) {
        let (previous, next) = (calls[id].previous, calls[id].next);
        if let Some(classes) = &mut self.classes {
            let class = classes.of(&calls[id]);
            if classes.end(class) == id.slot {
                let is_of_class =
                    |slot: u32| slot != NOBODY && classes.of(&calls[calls.id_at(slot)]) == class;
                let end = if is_of_class(previous) {
                    previous
                } else {
                    NOBODY
                };
                classes.set_end(class, end);
            }
        }
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

    /// Returns whether calls share the slots: such a call holds no slot of its own while it waits
    /// for callees.
    #[inline]
    pub fn shares(&self) -> bool {
        self.sharing.is_some()
    }

    /// Begins the work of an admitted call at a share of the slots.
    pub fn share(&mut self, id: CallId, work: u64, now: Time) {
        if let Some(sharing) = &mut self.sharing {
            sharing.add(id, work, now);
        }
    }

    /// Returns the next sharing call that is done by now.
    pub fn shared_out(&mut self, now: Time) -> Option<CallId> {
        self.sharing.as_mut()?.finished(now)
    }

    /// Returns when to check for finished calls next, if no event is scheduled for it already.
    pub fn next_due(&mut self, now: Time) -> Option<Time> {
        self.sharing.as_mut()?.next_due(now)
    }

    /// Returns whether such an event is the one that counts.
    pub fn is_due(&mut self, now: Time) -> bool {
        let sharing = self.sharing.as_mut();
        sharing.is_some_and(|sharing| sharing.is_due(now))
    }

    /// Returns the gauge of calls doing their own work, not waiting for callees.
    pub fn at_work(&self) -> &Gauge {
        match &self.sharing {
            Some(sharing) => &sharing.busy,
            None => &self.working,
        }
    }

    /// Returns the gauge that utilization is based on: held slots, or, if they are shared, working
    /// ones.
    pub fn busy(&self) -> &Gauge {
        match &self.sharing {
            Some(sharing) => &sharing.busy,
            None => &self.held,
        }
    }

    /// Counts a call that is lost in a crash: the time for which it held its slot still counts.
    pub fn count_lost(&mut self, call: &Call, now: Time) {
        if call.holds_slot() {
            self.held_total += u128::from(now - call.slot_since);
        }
    }

    /// Removes all calls, as a process that dies does. The caller answers for the calls.
    pub fn clear(&mut self, now: Time) {
        self.first = NOBODY;
        self.last = NOBODY;
        (self.waiting, self.present) = (0, 0);
        if let Some(classes) = &mut self.classes {
            classes.clear();
        }
        if let Some(sharing) = &mut self.sharing {
            sharing.clear(now);
        }
        self.queued.set(now, 0);
        self.held.set(now, 0);
        self.working.set(now, 0);
    }

    /// Returns every gauge of the station.
    pub fn gauges_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        let shared = self.sharing.as_mut().map(|sharing| &mut sharing.busy);
        [
            &mut self.queued,
            &mut self.offered,
            &mut self.held,
            &mut self.working,
        ]
        .into_iter()
        .chain(shared)
    }
}
