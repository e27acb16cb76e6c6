//! The future: events in the total order of (time, sequence number).
//!
//! A binary heap for what comes at any time, and *lanes* for what is always scheduled the same
//! duration ahead (timeouts, constant latencies). A lane is a FIFO whose order is the order of time,
//! so scheduling and firing are O(1), and a cancelled timer is skipped instead of searched for. Only
//! the head of each lane stands in the heap. What is due at once waits in a list of its own.

use crate::event::Event;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

/// Simulated time in ns.
pub type Time = u64;

/// Which lane.
pub type LaneIx = u32;

#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Time,
    sequence: u64,
    event: Event,
}

impl Entry {
    /// The total order as one number: one comparison without a branch.
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
/// Reversed: the heap's greatest is the earliest. The heap compares by `<=` and `<`, spelled out
/// here because the default goes through an `Option<Ordering>`.
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

/// Most lanes; durations past that go through the heap, in the same order.
const LANES_MAX: usize = 256;

/// The future-event list.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Entry>,
    /// Events of this very moment, in order; those before `fired` have fired. Time does not move on
    /// while any is left, so all were scheduled now, after everything that stands in the heap for
    /// now: they need neither time nor sequence number, and the heap goes first.
    at_once: Vec<Event>,
    fired: usize,
    lanes: Vec<Lane>,
    sequence: u64,
    /// Scheduled events that are housekeeping.
    housekeeping: usize,
}

impl Agenda {
    /// Whether anything but housekeeping is scheduled, cancelled timers not yet met included.
    pub fn has_work(&self) -> bool {
        let in_lanes: usize = self.lanes.iter().map(|lane| lane.entries.len()).sum();
        let heads = self.lanes.iter().filter(|lane| !lane.entries.is_empty());
        let in_heap = self.heap.len() - heads.count();
        in_lanes + in_heap + self.at_once.len() - self.fired > self.housekeeping
    }

    /// The lane for a constant duration, made when first asked for; `None` for what is due at once,
    /// and once there are too many.
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
    #[inline]
    pub fn at(&mut self, now: Time, time: Time, event: Event) {
        debug_assert!(time >= now, "an event is scheduled in the past");
        self.housekeeping += usize::from(event.is_housekeeping());
        if time == now {
            return self.at_once.push(event);
        }
        self.sequence += 1;
        self.heap.push(Entry {
            time,
            sequence: self.sequence,
            event,
        });
    }

    /// Schedules an event a lane's duration ahead.
    #[inline]
    pub fn in_lane_at(&mut self, now: Time, lane: LaneIx, event: Event) {
        self.housekeeping += usize::from(event.is_housekeeping());
        self.sequence += 1;
        let Lane { duration, entries } = &mut self.lanes[lane as usize];
        let entry = Entry {
            time: now + *duration,
            sequence: self.sequence,
            event,
        };
        entries.push_back(entry);
        if entries.len() == 1 {
            self.heap.push(Entry {
                event: Event::LaneHead { lane },
                ..entry
            });
        }
    }

    /// Takes the next event that is due before `limit`. `is_live` tells cancelled timers, which are
    /// dropped on the way.
    #[inline]
    pub fn pop(
        &mut self,
        now: Time,
        limit: Time,
        is_live: impl Fn(&Event) -> bool,
    ) -> Option<(Time, Event)> {
        loop {
            let first = self.heap.peek().map_or(Time::MAX, |entry| entry.time);
            let (time, event) = if self.fired < self.at_once.len() && first > now {
                if now >= limit {
                    return None;
                }
                (now, self.pop_at_once())
            } else if first < limit {
                (first, self.pop_heap(&is_live)?)
            } else {
                return None;
            };
            self.housekeeping -= usize::from(event.is_housekeeping());
            if is_live(&event) {
                return Some((time, event));
            }
        }
    }

    #[inline]
    fn pop_at_once(&mut self) -> Event {
        let event = self.at_once[self.fired];
        self.fired += 1;
        if self.fired == self.at_once.len() {
            self.at_once.clear();
            self.fired = 0;
        }
        event
    }

    #[inline]
    fn pop_heap(&mut self, is_live: &impl Fn(&Event) -> bool) -> Option<Event> {
        match self.heap.pop()?.event {
            Event::LaneHead { lane } => self.advance_lane(lane, is_live),
            event => Some(event),
        }
    }

    /// Takes a lane's head, drops the cancelled ones behind it, and puts the next into the heap.
    fn advance_lane(&mut self, lane: u32, is_live: &impl Fn(&Event) -> bool) -> Option<Event> {
        let entries = &mut self.lanes[lane as usize].entries;
        let head = entries.pop_front()?.event;
        while let Some(next) = entries.front() {
            if is_live(&next.event) {
                self.heap.push(Entry {
                    event: Event::LaneHead { lane },
                    ..*next
                });
                break;
            }
            self.housekeeping -= usize::from(next.event.is_housekeeping());
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

    #[test]
    fn order_is_time_then_sequence_across_heap_and_lanes() {
        let mut agenda = Agenda::default();
        let lane = agenda.lane(10).unwrap();
        agenda.at(0, 10, timer(1));
        agenda.in_lane_at(0, lane, timer(2));
        agenda.at(0, 10, timer(3));
        agenda.at(0, 5, timer(0));
        agenda.in_lane_at(0, lane, timer(4));
        let order: Vec<Event> = std::iter::from_fn(|| agenda.pop(0, Time::MAX, |_| true))
            .map(|(_, event)| event)
            .collect();
        assert_eq!(order, (0..5).map(timer).collect::<Vec<_>>());
    }

    #[test]
    fn what_happens_at_once_comes_after_what_was_due_already() {
        let mut agenda = Agenda::default();
        agenda.at(0, 7, timer(0));
        agenda.at(0, 7, timer(1));
        assert_eq!(agenda.pop(0, Time::MAX, |_| true), Some((7, timer(0))));
        agenda.at(7, 7, timer(2));
        assert_eq!(agenda.pop(7, Time::MAX, |_| true), Some((7, timer(1))));
        assert_eq!(agenda.pop(7, Time::MAX, |_| true), Some((7, timer(2))));
    }

    #[test]
    fn cancelled_timers_are_skipped() {
        let mut agenda = Agenda::default();
        let lane = agenda.lane(10).unwrap();
        for n in 0..100 {
            agenda.in_lane_at(u64::from(n), lane, timer(n));
        }
        let live = |event: &Event| matches!(event, Event::Timeout(call) if call.slot == 50 || call.slot == 99);
        assert_eq!(agenda.pop(100, Time::MAX, live), Some((60, timer(50))));
        assert_eq!(agenda.pop(100, Time::MAX, live), Some((109, timer(99))));
        assert_eq!(agenda.pop(100, Time::MAX, live), None);
    }
}
