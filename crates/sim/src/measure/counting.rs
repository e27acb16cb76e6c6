//! Counting of requests made and finished, of waits and of work.

use crate::call::{Call, CallId, Outcome, Phase, Purpose};
use crate::measure::{RequestTally, bucket};
use crate::world::World;

impl World {
    /// Returns the counts of all requests: the sum over operations.
    pub(crate) fn requests(&self) -> RequestTally {
        let mut sum = RequestTally::default();
        for operation in &self.operations {
            sum.add(&operation.tally);
        }
        sum
    }

    /// Counts a request that a user made. It enters the client, where a user is always present.
    #[inline(always)]
    pub fn request_made(&mut self, mut call: Call) -> CallId {
        call.arrived = self.now;
        self.windows.open.offered += 1;
        if call.is_measured {
            self.operations[call.operation as usize].tally.offered += 1;
        }
        self.nodes[call.node.0 as usize].count_entry(&call, self.now);
        let id = self.calls.insert_root(call);
        self.needed.begin(id);
        if self.tap.is_open {
            self.trace_request(id);
        }
        id
    }

    /// Handles further effects of the end of a request, if there are any.
    #[inline(never)]
    fn request_ends(&mut self, id: CallId, outcome: Outcome) {
        if self.calls.rows.is_on {
            self.judge_request(id, outcome);
        }
        if self.watches(id) {
            self.trace_request_end(id, outcome);
        }
        if self.locks.count > 0 {
            self.let_go(id);
        }
        if self.spares_work {
            self.cancel_calls(id);
        }
    }

    /// Counts a request that ended and frees its record.
    #[inline(always)]
    pub fn request_finished(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        if !self.is_plain || self.tap.is_open {
            self.request_ends(id, outcome);
        }
        let call = &self.calls[id];
        let (node, operation, is_measured, latency) = (
            call.node,
            call.operation,
            call.is_measured,
            now - call.started,
        );
        if matches!(outcome, Outcome::Failed(_)) {
            self.needed.outlive(id);
        }
        self.calls.remove_call(id);
        self.requests_degraded += u64::from(matches!(outcome, Outcome::Degraded));
        let bucket = bucket(latency);
        let tally = &mut self.node_mut(node).tally;
        tally.present.down(now);
        tally.sojourn += u128::from(latency);
        tally.all.leave(outcome);
        if is_measured {
            tally.measured.leave(outcome);
            tally.times(outcome).add_in(bucket, latency);
            if let Some(traces) = &mut self.node_mut(node).traces {
                traces.ended(outcome);
            }
        }
        self.windows.open.finished += 1;
        match outcome {
            Outcome::Ok | Outcome::Degraded => self.windows.latency.add_in(bucket, latency),
            Outcome::Failed(_) => self.windows.open.failed += 1,
        }
        // A request that outlives its user's patience has failed as abandoned, so one that is ok is
        // in time.
        let is_good = matches!(outcome, Outcome::Ok);
        self.windows.open.good += u64::from(is_good);
        let is_in_time = now >= self.warmup && now < self.end;
        let tally = &mut self.operations[operation as usize].tally;
        if is_measured {
            tally.finish(outcome, latency, bucket);
        }
        tally.finished_in_time += u64::from(is_in_time);
        tally.good_in_time += u64::from(is_in_time && is_good);
    }

    /// Counts how long a call waited for its slot.
    #[inline(always)]
    pub fn count_wait(&mut self, id: CallId) {
        let call = &self.calls[id];
        if call.is_measured {
            let wait = self.now - call.arrived;
            let (node, operation) = (call.node.0 as usize, call.operation);
            let tally = &mut self.nodes[node].tally;
            tally.wait.add(wait);
            let count = self.operations.len();
            if count > 1
                && let Some(times) = tally.times_of(operation, count)
            {
                times.wait.add(wait);
            }
        }
    }

    /// Returns whether some caller up the chain has stopped waiting: it timed out or died, or the
    /// user left. The result of this call will be ignored.
    #[inline(always)]
    fn is_in_vain(&self, id: CallId) -> bool {
        let mut call = &self.calls[id];
        loop {
            if !matches!(call.purpose, Purpose::Call | Purpose::Part) {
                return false;
            }
            if !call.is_awaited {
                return true;
            }
            match self.calls.get(call.parent) {
                Some(parent) if parent.phase == Phase::Planning => call = parent,
                _ => return true,
            }
        }
    }

    /// Counts finished work on a call; as wasted if no caller waits for it any more.
    #[inline(always)]
    pub fn count_work(&mut self, id: CallId) {
        let call = &self.calls[id];
        if call.is_measured && !call.is_probe() {
            let time = self.now - call.slot_since.max(call.arrived);
            let work = u128::from(time);
            let tally = &mut self.nodes[call.node.0 as usize].tally;
            tally.worked += work;
            let count = self.operations.len();
            if count > 1
                && let Some(times) = tally.times_of(call.operation, count)
            {
                times.work.add(time);
            }
            let is_in_vain = self.is_in_vain(id);
            if is_in_vain {
                self.nodes[self.calls[id].node.0 as usize].tally.wasted += work;
            }
        }
    }
}
