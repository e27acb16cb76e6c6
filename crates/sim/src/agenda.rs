//! The future: events in the total order of (time, sequence number).
//!
//! A binary heap for what comes at any time, and *lanes* for what is always scheduled the same
//! duration ahead (timeouts, constant latencies, "at once"). A lane is a FIFO whose order is the
//! order of time, so scheduling and firing are O(1), and a cancelled timer is skipped instead of
//! searched for. Only the head of each lane stands in the heap.

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

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    /// Reversed: the heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.sequence).cmp(&(self.time, self.sequence))
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
    /// Events of this very moment: a lane of duration 0, beside the heap because it is the busiest.
    at_once: VecDeque<Entry>,
    lanes: Vec<Lane>,
    sequence: u64,
    /// Scheduled events that are not housekeeping, cancelled timers not yet met included.
    work: u64,
}

impl Agenda {
    /// Whether anything but housekeeping is scheduled.
    pub fn has_work(&self) -> bool {
        self.work > 0
    }

    /// The lane for a constant duration, made when first asked for; `None` once there are too many.
    pub fn lane(&mut self, duration: u64) -> Option<LaneIx> {
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
        let entry = self.entry(time, event);
        if time == now {
            self.at_once.push_back(entry);
        } else {
            self.heap.push(entry);
        }
    }

    /// Schedules an event a lane's duration ahead.
    #[inline]
    pub fn in_lane_at(&mut self, now: Time, lane: LaneIx, event: Event) {
        let time = now + self.lanes[lane as usize].duration;
        let entry = self.entry(time, event);
        let entries = &mut self.lanes[lane as usize].entries;
        entries.push_back(entry);
        if entries.len() == 1 {
            self.heap.push(Entry {
                event: Event::LaneHead { lane },
                ..entry
            });
        }
    }

    fn entry(&mut self, time: Time, event: Event) -> Entry {
        self.sequence += 1;
        self.work += u64::from(!event.is_housekeeping());
        Entry {
            time,
            sequence: self.sequence,
            event,
        }
    }

    /// Takes the next event that is due before `limit`. `is_live` tells cancelled timers, which are
    /// dropped on the way.
    #[inline]
    pub fn pop(&mut self, limit: Time, is_live: impl Fn(&Event) -> bool) -> Option<(Time, Event)> {
        loop {
            let (from_heap, time) = match (self.at_once.front(), self.heap.peek()) {
                (Some(a), Some(b)) if (b.time, b.sequence) < (a.time, a.sequence) => (true, b.time),
                (Some(a), _) => (false, a.time),
                (None, Some(b)) => (true, b.time),
                (None, None) => return None,
            };
            if time >= limit {
                return None;
            }
            let entry = if from_heap {
                self.heap.pop()
            } else {
                self.at_once.pop_front()
            }?;
            let due = match entry.event {
                Event::LaneHead { lane } => self.advance_lane(lane, &is_live)?,
                _ => entry,
            };
            self.work -= u64::from(!due.event.is_housekeeping());
            if is_live(&due.event) {
                return Some((due.time, due.event));
            }
        }
    }

    /// Takes a lane's head, drops the cancelled ones behind it, and puts the next into the heap.
    fn advance_lane(&mut self, lane: u32, is_live: &impl Fn(&Event) -> bool) -> Option<Entry> {
        let entries = &mut self.lanes[lane as usize].entries;
        let head = entries.pop_front();
        while let Some(next) = entries.front() {
            if is_live(&next.event) {
                self.heap.push(Entry {
                    event: Event::LaneHead { lane },
                    ..*next
                });
                break;
            }
            // Timers alone are ever cancelled, and a drain waits for none that is.
            self.work -= u64::from(!next.event.is_housekeeping());
            entries.pop_front();
        }
        head
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
        let order: Vec<Event> = std::iter::from_fn(|| agenda.pop(Time::MAX, |_| true))
            .map(|(_, event)| event)
            .collect();
        assert_eq!(order, (0..5).map(timer).collect::<Vec<_>>());
    }

    #[test]
    fn what_happens_at_once_comes_after_what_was_due_already() {
        let mut agenda = Agenda::default();
        agenda.at(0, 7, timer(0));
        agenda.at(0, 7, timer(1));
        assert_eq!(agenda.pop(Time::MAX, |_| true), Some((7, timer(0))));
        agenda.at(7, 7, timer(2));
        assert_eq!(agenda.pop(Time::MAX, |_| true), Some((7, timer(1))));
        assert_eq!(agenda.pop(Time::MAX, |_| true), Some((7, timer(2))));
    }

    #[test]
    fn cancelled_timers_are_skipped() {
        let mut agenda = Agenda::default();
        let lane = agenda.lane(10).unwrap();
        for n in 0..100 {
            agenda.in_lane_at(u64::from(n), lane, timer(n));
        }
        let live = |event: &Event| matches!(event, Event::Timeout(call) if call.slot == 50 || call.slot == 99);
        assert_eq!(agenda.pop(Time::MAX, live), Some((60, timer(50))));
        assert_eq!(agenda.pop(Time::MAX, live), Some((109, timer(99))));
        assert_eq!(agenda.pop(Time::MAX, live), None);
    }
}
