//! A station: the slots of one replica and the queue before them.

mod classes;
mod sharing;

use crate::agenda::Time;
use crate::call::{Call, CallId, Calls, Phase};
use crate::measure::Gauge;
use classes::{Classes, NOBODY};
use design::kinds::service::Discipline;
use sharing::Sharing;

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

/// How waiting calls and slots are managed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Who is next.
    pub discipline: Discipline,
    /// A queue that has not been empty for so long is a standing one, in ns.
    pub standing: u64,
    /// Each operation's class of priority, by its place in the run.
    pub classes: Vec<u32>,
    /// How many classes there are, that of the unlisted included.
    pub class_count: usize,
}

/// Slots and a queue. Waiting calls are chained through their records, so a queue of any length
/// costs nothing until it is used.
#[derive(Clone, Debug)]
pub struct Station {
    /// Slots; `None` is unbounded.
    pub slots: Option<u64>,
    /// Waiting places; `None` is unbounded.
    pub places: Option<u64>,
    /// Calls that may hold at once: the slots, and where they are shared the places besides.
    room: Option<u64>,
    discipline: Discipline,
    standing: u64,
    first: u32,
    last: u32,
    /// Waiting calls, health probes included.
    waiting: u64,
    /// Since when somebody has waited, where somebody does.
    standing_since: Time,
    classes: Option<Box<Classes>>,
    sharing: Option<Box<Sharing>>,
    /// Waiting. Health probes are no part of the traffic.
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
    /// Calls let in and not answered yet, with a slot or without; its owner counts.
    pub present: u64,
}

impl Station {
    /// An empty station.
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

    /// Changes how many slots there are.
    pub fn set_slots(&mut self, slots: Option<u64>, now: Time) {
        self.slots = slots;
        self.offered.set(now, slots.unwrap_or(0));
        self.room = slots;
        if let Some(sharing) = &mut self.sharing {
            sharing.set_processors(slots, now);
            self.room = slots.zip(self.places).map(|(slots, places)| slots + places);
        }
    }

    /// Takes new rules; [`Self::set_slots`] follows. Those who wait are put in their order. Gives
    /// those who shared slots until now and do so no more, each with the work left.
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

    /// Those who wait, in the order of the chain.
    fn waiting(&self, calls: &Calls) -> impl Iterator<Item = CallId> {
        let id = |slot: u32| (slot != NOBODY).then(|| calls.id_at(slot));
        std::iter::successors(id(self.first), move |last| id(calls[*last].next))
    }

    /// Lets a call in, if there is room.
    #[inline(always)]
    pub fn admit(&mut self, id: CallId, calls: &mut Calls, now: Time) -> Admission {
        if self.has_free_slot() {
            self.hold(id, calls, now);
            return Admission::Slot;
        }
        let is_full = self.places.is_some_and(|places| self.waiting >= places);
        // Those who share do not wait: their places are room to share.
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

    /// Lets a call into a full queue where the newest is served first: the oldest, which has the
    /// least hope, gives up its place, and its owner answers it.
    #[cold]
    pub fn push_out(&mut self, id: CallId, calls: &mut Calls, now: Time) -> Option<CallId> {
        if self.first == NOBODY || !self.serves_newest(now) {
            return None;
        }
        // It is full throughout, and so stands as long as it has.
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

    /// Whether a call that comes now finds a slot or a place.
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

    /// Frees a slot. The caller then asks [`Self::next`].
    #[inline]
    pub fn release(&mut self, slot_since: Time, now: Time) {
        self.held.down(now);
        self.held_total += u128::from(now - slot_since);
    }

    /// Whether anybody waits.
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

    /// A waiting call leaves the queue.
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

    /// A waiting call is taken out of the queue: its owner answers it.
    pub fn withdraw(&mut self, id: CallId, calls: &mut Calls, now: Time) {
        self.leave(id, calls, now);
        // Of those let in only some owners keep count.
        self.present = self.present.saturating_sub(1);
    }

    /// When the oldest of those who wait came.
    pub fn oldest(&self, calls: &Calls) -> Option<Time> {
        let arrived = |slot: u32| (slot != NOBODY).then(|| calls[calls.id_at(slot)].arrived);
        let Some(classes) = &self.classes else {
            return arrived(self.first);
        };
        // The first of each class stands behind the last of the one before.
        let behind = |end: u32| calls[calls.id_at(end)].next;
        let firsts = classes.ends().map(behind).chain([self.first]);
        firsts.filter_map(arrived).min()
    }

    /// Whether the queue has not been empty for longer than the rules let pass: what waits is no
    /// burst that goes away by itself (Maurer, Fail at Scale, 2015).
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

    /// Whether calls share the slots: such a one has no slot of its own to hold while it waits for
    /// others.
    #[inline]
    pub fn shares(&self) -> bool {
        self.sharing.is_some()
    }

    /// A call that was let in begins its work at a share of the slots.
    pub fn share(&mut self, id: CallId, work: u64, now: Time) {
        if let Some(sharing) = &mut self.sharing {
            sharing.add(id, work, now);
        }
    }

    /// The next sharing call that is done by now.
    pub fn shared_out(&mut self, now: Time) -> Option<CallId> {
        self.sharing.as_mut()?.finished(now)
    }

    /// When to look again who is done, where no event says so already.
    pub fn next_due(&mut self, now: Time) -> Option<Time> {
        self.sharing.as_mut()?.next_due(now)
    }

    /// Whether an event that says so is the one that counts.
    pub fn is_due(&mut self, now: Time) -> bool {
        let sharing = self.sharing.as_mut();
        sharing.is_some_and(|sharing| sharing.is_due(now))
    }

    /// Calls at their own work, and not waiting for others.
    pub fn at_work(&self) -> &Gauge {
        match &self.sharing {
            Some(sharing) => &sharing.busy,
            None => &self.working,
        }
    }

    /// What utilisation is of: the slots held, or where they are shared those at work.
    pub fn busy(&self) -> &Gauge {
        match &self.sharing {
            Some(sharing) => &sharing.busy,
            None => &self.held,
        }
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

    /// Every gauge of the station.
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
