//! The event queue: future events in the total order of (time, sequence number).
//!
//! A binary heap holds events at arbitrary times. *Lanes* hold events that are always scheduled the
//! same duration ahead (timeouts, constant latencies). A lane is a FIFO whose order is the order of
//! time, so scheduling and firing are O(1), and a canceled timer is skipped instead of searched
//! for. Only the head of each lane is in the heap. Events of the present moment wait in a separate
//! list.

use crate::event::{Event, KIND_BITS, LANE_HEAD, Packed};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Simulated time in ns.
pub type Time = u64;

/// The index of a lane.
pub type LaneIx = u32;

#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Time,
    /// The sequence number above the kind of event. Sequence numbers differ, so kinds do not affect
    /// the order.
    sequence: u64,
    payload: u64,
}

impl Entry {
    #[inline(always)]
    fn new(time: Time, sequence: u64, event: Packed) -> Self {
        Self {
            time,
            sequence: sequence << KIND_BITS | event.kind,
            payload: event.payload,
        }
    }

    #[inline(always)]
    fn packed(&self) -> Packed {
        Packed {
            kind: self.sequence & ((1 << KIND_BITS) - 1),
            payload: self.payload,
        }
    }

    /// Returns the total order as one number, for one comparison without a branch.
    #[inline]
    fn key(&self) -> u128 {
        u128::from(self.time) << 64 | u128::from(self.sequence)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}
impl Eq for Entry {}
/// Reversed: the heap's greatest entry is the earliest. The heap compares by `<=` and `<`, which
/// are implemented here because the default goes through an `Option<Ordering>`.
impl PartialOrd for Entry {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
    #[inline]
    fn lt(&self, other: &Self) -> bool {
        self.key() > other.key()
    }
    #[inline]
    fn le(&self, other: &Self) -> bool {
        self.key() >= other.key()
    }
    #[inline]
    fn gt(&self, other: &Self) -> bool {
        self.key() < other.key()
    }
    #[inline]
    fn ge(&self, other: &Self) -> bool {
        self.key() <= other.key()
    }
}
impl Ord for Entry {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

#[derive(Clone, Debug)]
struct Lane {
    duration: u64,
    entries: VecDeque<Entry>,
}

/// Maximum number of lanes. Further durations go through the heap, in the same order.
const LANES_MAX: usize = 256;

/// The event queue.
#[derive(Clone, Debug)]
pub struct Agenda {
    heap: BinaryHeap<Entry>,
    /// Whether the heap's first entry has fired and only keeps its place. Most events schedule
    /// another, which then takes that place in one walk down instead of two.
    is_first_fired: bool,
    /// Time of the first entry that has not fired.
    next_time: Time,
    /// The first event of the present moment, or [`Packed::NONE`]. Time does not advance while any
    /// is left. All of them were scheduled now, after everything in the heap for now, so they need
    /// neither time nor sequence number, and the heap goes first. Usually there is only one, so the
    /// first is stored apart from the others.
    at_once: Packed,
    behind: VecDeque<Packed>,
    lanes: Vec<Lane>,
    sequence: u64,
    /// Number of scheduled events that are housekeeping, except those of the present moment.
    housekeeping: usize,
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            is_first_fired: false,
            next_time: Time::MAX,
            at_once: Packed::NONE,
            behind: VecDeque::new(),
            lanes: Vec::new(),
            sequence: 0,
            housekeeping: 0,
        }
    }
}

impl Agenda {
    /// Returns whether anything but housekeeping is scheduled. Canceled timers that have not been
    /// reached count. Call it between moments, when nothing is due now.
    pub fn has_work(&self) -> bool {
        let in_lanes: usize = self.lanes.iter().map(|lane| lane.entries.len()).sum();
        let heads = self.lanes.iter().filter(|lane| !lane.entries.is_empty());
        let in_heap = self.heap.len() - usize::from(self.is_first_fired) - heads.count();
        in_lanes + in_heap > self.housekeeping
    }

    /// Returns the lane for a constant duration, and makes it on first use. `None` for a duration
    /// of 0, and if there are too many lanes.
    pub fn lane(&mut self, duration: u64) -> Option<LaneIx> {
        if duration == 0 {
            return None;
        }
        let known = self.lanes.iter().position(|lane| lane.duration == duration);
        let ix = known.or_else(|| {
            (self.lanes.len() < LANES_MAX).then(|| {
                self.lanes.push(Lane {
                    duration,
                    entries: VecDeque::new(),
                });
                self.lanes.len() - 1
            })
        })?;
        Some(ix as u32)
    }

    /// Schedules an event at a time not before `now`.
    #[inline(always)]
    pub fn at(&mut self, now: Time, time: Time, event: Event) {
        debug_assert!(time >= now, "an event is scheduled in the past");
        if time == now {
            self.at_once(event);
        } else {
            self.later(time, event);
        }
    }

    /// Returns whether nothing else is due at this moment.
    #[inline(always)]
    pub(crate) fn is_quiet(&self, now: Time) -> bool {
        self.at_once.is_none() && self.next_time > now
    }

    /// Returns whether an event of a kind is still due at this moment.
    #[cold]
    pub(crate) fn has_due(&self, now: Time, is_of_kind: impl Fn(&Event) -> bool) -> bool {
        let entries = self.heap.as_slice().iter();
        let left = entries.skip(usize::from(self.is_first_fired));
        let due = left.filter(|entry| entry.time <= now).map(Entry::packed);
        let at_once = [self.at_once]
            .into_iter()
            .chain(self.behind.iter().copied());
        let at_once = at_once.filter(|event| !event.is_none());
        due.chain(at_once).any(|event| is_of_kind(&event.unpack()))
    }

    /// Schedules an event at the present moment, after everything that is due by now.
    #[inline(always)]
    pub fn at_once(&mut self, event: Event) {
        let event = event.pack();
        if self.at_once.is_none() {
            self.at_once = event;
        } else {
            self.queue(event);
        }
    }

    #[inline(never)]
    fn queue(&mut self, event: Packed) {
        self.behind.push_back(event);
    }

    #[inline(always)]
    fn later(&mut self, time: Time, event: Event) {
        self.housekeeping += usize::from(event.is_housekeeping());
        self.push_next(time, event.pack());
    }

    #[inline(never)]
    fn push_next(&mut self, time: Time, event: Packed) {
        self.sequence += 1;
        self.push(Entry::new(time, self.sequence, event));
    }

    /// Schedules an event a lane's duration ahead.
    #[inline]
    pub fn in_lane_at(&mut self, now: Time, lane: LaneIx, event: Event) {
        self.housekeeping += usize::from(event.is_housekeeping());
        self.push_in_lane(now, lane, event.pack());
    }

    #[inline(never)]
    fn push_in_lane(&mut self, now: Time, lane: LaneIx, event: Packed) {
        self.sequence += 1;
        let Lane { duration, entries } = &mut self.lanes[lane as usize];
        let time = now + *duration;
        let is_head = entries.is_empty();
        entries.push_back(Entry::new(time, self.sequence, event));
        if is_head {
            let head = Event::LaneHead { lane }.pack();
            self.push(Entry::new(time, self.sequence, head));
        }
    }

    #[inline(always)]
    fn push(&mut self, entry: Entry) {
        self.next_time = self.next_time.min(entry.time);
        if !self.is_first_fired {
            return self.heap.push(entry);
        }
        self.is_first_fired = false;
        if let Some(mut first) = self.heap.peek_mut() {
            *first = entry;
        }
    }

    /// Takes the next event of the present moment, unless an event scheduled earlier is due first.
    #[inline(always)]
    pub(crate) fn pop_at_once(&mut self, now: Time) -> Option<Packed> {
        if self.next_time <= now {
            return None;
        }
        let event = self.at_once;
        if event.is_none() {
            return None;
        }
        self.at_once = match self.behind.is_empty() {
            true => Packed::NONE,
            false => self.next_behind(),
        };
        Some(event)
    }

    #[inline(never)]
    fn next_behind(&mut self) -> Packed {
        self.behind.pop_front().unwrap_or(Packed::NONE)
    }

    /// Takes the next event that is due before `limit`, once [`Self::pop_at_once`] has none left.
    /// It may belong to a canceled timer; `is_live` recognizes those, and lanes drop them.
    #[inline(always)]
    pub(crate) fn pop_later(
        &mut self,
        limit: Time,
        is_live: impl Fn(&Event) -> bool,
    ) -> Option<(Time, Packed)> {
        if self.next_time >= limit {
            return None;
        }
        let first = self.pop_heap()?;
        let mut event = first.packed();
        if event.kind == LANE_HEAD {
            event = self.advance_lane(event.payload as u32, is_live)?;
        }
        self.housekeeping -= usize::from(event.is_housekeeping());
        Some((first.time, event))
    }

    /// Takes the heap's first entry, which keeps its place until the next one is added or removed.
    #[inline]
    fn pop_heap(&mut self) -> Option<Entry> {
        if self.is_first_fired {
            self.heap.pop();
        }
        self.is_first_fired = true;
        // In a binary heap the second is one of the two below the first.
        let entries = self.heap.as_slice();
        let time = |place: usize| entries.get(place).map_or(Time::MAX, |entry| entry.time);
        self.next_time = time(1).min(time(2));
        entries.first().copied()
    }

    /// Takes a lane's head, drops the canceled ones behind it, and puts the next into the heap.
    #[inline(never)]
    fn advance_lane(&mut self, lane: u32, is_live: impl Fn(&Event) -> bool) -> Option<Packed> {
        let entries = &mut self.lanes[lane as usize].entries;
        let head = entries.pop_front()?.packed();
        while let Some(next) = entries.front().copied() {
            let event = next.packed();
            if is_live(&event.unpack()) {
                let head = Event::LaneHead { lane }.pack();
                self.push(Entry::new(next.time, next.sequence >> KIND_BITS, head));
                break;
            }
            self.housekeeping -= usize::from(event.is_housekeeping());
            entries.pop_front();
        }
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallId;

    fn timer(n: u32) -> Event {
        Event::Timeout(CallId {
            slot: n,
            generation: 0,
        })
    }

    /// Returns the next event, as the run's loop takes it.
    fn pop(
        agenda: &mut Agenda,
        now: Time,
        is_live: impl Fn(&Event) -> bool,
    ) -> Option<(Time, Event)> {
        let next = agenda.pop_at_once(now).map(|event| (now, event));
        let next = next.or_else(|| agenda.pop_later(Time::MAX, is_live));
        next.map(|(time, event)| (time, event.unpack()))
    }

    #[test]
    fn order_is_time_then_sequence_across_heap_and_lanes() {
        let mut agenda = Agenda::default();
        let lane = agenda.lane(10).unwrap();
        agenda.at(0, 10, timer(1));
        agenda.in_lane_at(0, lane, timer(2));
        agenda.at(0, 10, timer(3));
        agenda.at(0, 5, timer(0));
        agenda.in_lane_at(0, lane, timer(4));
        let order: Vec<Event> = std::iter::from_fn(|| pop(&mut agenda, 0, |_| true))
            .map(|(_, event)| event)
            .collect();
        assert_eq!(order, (0..5).map(timer).collect::<Vec<_>>());
    }

    #[test]
    fn what_happens_at_once_comes_after_what_was_due_already() {
        let mut agenda = Agenda::default();
        agenda.at(0, 7, timer(0));
        agenda.at(0, 7, timer(1));
        assert_eq!(pop(&mut agenda, 0, |_| true), Some((7, timer(0))));
        agenda.at(7, 7, timer(2));
        assert_eq!(pop(&mut agenda, 7, |_| true), Some((7, timer(1))));
        assert_eq!(pop(&mut agenda, 7, |_| true), Some((7, timer(2))));
    }

    #[test]
    fn cancelled_timers_are_skipped() {
        let mut agenda = Agenda::default();
        let lane = agenda.lane(10).unwrap();
        for n in 0..100 {
            agenda.in_lane_at(u64::from(n), lane, timer(n));
        }
        let live = |event: &Event| matches!(event, Event::Timeout(call) if call.slot == 50 || call.slot == 99);
        assert_eq!(
            pop(&mut agenda, 0, live),
            Some((10, timer(0))),
            "the head was in the heap when it was canceled: the event is skipped when it is taken"
        );
        assert_eq!(pop(&mut agenda, 10, live), Some((60, timer(50))));
        assert_eq!(pop(&mut agenda, 60, live), Some((109, timer(99))));
        assert_eq!(pop(&mut agenda, 109, live), None);
        assert!(!agenda.has_work());
    }
}
