//! Counts by outcome and cause: of everything that happened, and of what started after the warm-up.

use super::{Gauge, Histogram};
use crate::call::{ByLimit, Cause, Detail, Outcome};

/// A count per cause, in the order of [`crate::call::CAUSES`].
pub type ByCause = [u64; 8];

/// Arrivals, and their outcomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Arrived.
    pub arrivals: u64,
    /// Left with an answer.
    pub completions: u64,
    /// Left without an answer, by cause.
    pub failures: ByCause,
}

impl Tally {
    /// Counts a departure.
    #[inline]
    pub fn leave(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Ok | Outcome::Degraded => self.completions += 1,
            Outcome::Failed(cause) => self.failures[cause as usize] += 1,
        }
    }

    /// Returns the number of departures.
    pub fn left(&self) -> u64 {
        self.completions + self.failures.iter().sum::<u64>()
    }
}

/// Times: their number, exact sum and maximum, in ns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Their number.
    pub count: u64,
    /// Their sum, at most 2⁶⁴ - 1 (584 years).
    pub sum: u64,
    /// Their maximum.
    pub max: u64,
}

impl Times {
    #[inline(always)]
    pub(crate) fn add(&mut self, time: u64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(time);
        self.max = self.max.max(time);
    }
}

/// The times of one operation at a node (measured).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OperationTimes {
    /// From arrival to slot.
    pub wait: Times,
    /// Own work.
    pub work: Times,
}

/// The metrics of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeTally {
    /// All calls since the start.
    pub all: Tally,
    /// Those whose request started after the warm-up.
    pub measured: Tally,
    /// Number of calls that had arrived when the warm-up ended, and when arrivals ended.
    pub came: (u64, Option<u64>),
    /// Calls present: waiting, served, or waiting for callees.
    pub present: Gauge,
    /// Total time of all that left, in ns: the other side of Little's law.
    pub sojourn: u128,
    /// From arrival to slot (measured).
    pub wait: Histogram,
    /// From arrival to answer, waiting included (measured).
    pub response: Histogram,
    /// The same for failed calls.
    pub failed: Histogram,
    /// The times of each operation that it served, by its index in the run; empty if the run has
    /// only one.
    pub by_operation: Vec<OperationTimes>,
    /// Start-ups of its processes (measured).
    pub start_ups: Times,
    /// Work finished after its caller had timed out (measured), in ns.
    pub wasted: u128,
    /// Work finished (measured), in ns.
    pub worked: u128,
    /// Reads that it answered with stale data (measured).
    pub stale_reads: u64,
    /// Effects applied here that had been applied before (measured).
    pub duplicates: u64,
    /// Look-ups that found their key (all, measured).
    pub hits: [u64; 2],
    /// Look-ups that did not (all, measured).
    pub misses: [u64; 2],
}

impl NodeTally {
    /// Returns the calls that arrived between the warm-up and the end of arrivals: those of a drain
    /// are not part of the cost of the load.
    pub fn calls_paid(&self) -> u64 {
        let (before, until) = self.came;
        until.unwrap_or(self.all.arrivals) - before
    }

    /// Returns the times of one of several operations; none of a call that belongs to no operation.
    #[inline(always)]
    pub(crate) fn times_of(&mut self, operation: u32, count: usize) -> Option<&mut OperationTimes> {
        let place = operation as usize;
        if place >= self.by_operation.len() {
            self.grow(place, count);
        }
        self.by_operation.get_mut(place)
    }

    #[cold]
    fn grow(&mut self, place: usize, count: usize) {
        if place < count {
            let none = OperationTimes::default();
            self.by_operation.resize(place + 1, none);
        }
    }

    /// Returns the histogram of times for an outcome.
    #[inline(always)]
    pub(crate) fn times(&mut self, outcome: Outcome) -> &mut Histogram {
        match outcome {
            Outcome::Ok | Outcome::Degraded => &mut self.response,
            Outcome::Failed(_) => &mut self.failed,
        }
    }
}

/// The metrics of a link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkTally {
    /// Requests that needed it (measured): each counts once, however many calls it makes here.
    pub needed: u64,
    /// Calls: what callers needed (all, measured).
    pub calls: [u64; 2],
    /// Attempts sent (all, measured).
    pub attempts: [u64; 2],
    /// Attempts that were a retry (all, measured).
    pub retries: [u64; 2],
    /// Attempts that failed, by cause as the caller saw it (all, measured).
    pub failures: [ByCause; 2],
    /// Attempts that a limit refused, as the caller saw it (measured), once there is any.
    pub refused: Option<Box<ByLimit>>,
    /// Attempts answered well (all, measured).
    pub answers: [u64; 2],
    /// Attempts that the caller's own policies refused.
    pub unsent: u64,
    /// Attempts that were a hedge (all, measured).
    pub hedges: [u64; 2],
    /// Attempts that the caller abandoned without an outcome, because another answered first (all,
    /// measured).
    pub abandoned: [u64; 2],
    /// Sent without a caller that waits for the answer (dead letters).
    pub unawaited: u64,
    /// Attempts sent and not concluded.
    pub in_flight: Gauge,
    /// From sending to a good answer (measured).
    pub latency: Histogram,
    /// Pauses before retries (measured).
    pub pauses: Histogram,
    /// Waits for a connection of the caller's pool, of attempts that got one (measured).
    pub pool_waits: Histogram,
    /// Replicas' breakers now open.
    pub open: Gauge,
    /// Replicas' breakers now half open.
    pub half_open: Gauge,
}

impl LinkTally {
    /// Counts into all, and if measured, into measured.
    #[inline]
    pub fn count(pair: &mut [u64; 2], is_measured: bool) {
        pair[0] += 1;
        pair[1] += u64::from(is_measured);
    }

    /// Counts a failure of which more is known.
    #[inline]
    pub(crate) fn count_refusal(&mut self, detail: Detail, is_measured: bool) {
        if is_measured && detail != Detail::Reset {
            self.refused.get_or_insert_default()[detail as usize] += 1;
        }
    }

    /// Counts a failure by cause.
    #[inline]
    pub fn fail(&mut self, cause: Cause, is_measured: bool) {
        self.failures[0][cause as usize] += 1;
        self.failures[1][cause as usize] += u64::from(is_measured);
    }
}

/// Requests, end to end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTally {
    /// Made.
    pub offered: u64,
    /// Answered in full.
    pub ok: u64,
    /// Answered in part.
    pub degraded: u64,
    /// Not answered, by cause.
    pub failed: ByCause,
    /// From the request to the answer, of answered ones.
    pub latency: Histogram,
    /// Finished between warm-up and the end of arrivals, whenever they started.
    pub finished_in_time: u64,
    /// Of those, ok.
    pub good_in_time: u64,
}

impl RequestTally {
    /// Returns the number of finished ones.
    pub fn completed(&self) -> u64 {
        self.ok + self.degraded + self.failed.iter().sum::<u64>()
    }

    /// Counts the end of a request.
    #[inline(always)]
    pub fn finish(&mut self, outcome: Outcome, latency: u64, bucket: usize) {
        match outcome {
            Outcome::Ok => self.ok += 1,
            Outcome::Degraded => self.degraded += 1,
            Outcome::Failed(cause) => {
                self.failed[cause as usize] += 1;
                return;
            }
        }
        self.latency.add_in(bucket, latency);
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.ok += other.ok;
        self.degraded += other.degraded;
        for (sum, failed) in self.failed.iter_mut().zip(other.failed) {
            *sum += failed;
        }
        self.latency.merge(&other.latency);
        self.finished_in_time += other.finished_in_time;
        self.good_in_time += other.good_in_time;
    }
}
