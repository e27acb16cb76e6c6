//! What follows a miss: a load by the cache itself or by its caller, for one look-up or for all
//! that need the key.

use super::*;

impl Cache {
    /// Returns whether concurrent misses of a key wait for one load.
    fn coalesces(&self, is_read_through: bool) -> bool {
        self.spec.single_flight || self.lease_interval.is_some() && !is_read_through
    }

    /// Handles a look-up that found nothing to serve.
    #[inline(always)]
    pub(super) fn miss(&mut self, id: CallId, cx: &mut World) {
        let is_read_through = self.is_read_through(cx);
        let key = cx.calls[id].key;
        if self.coalesces(is_read_through) {
            if self.flights.get(key).is_some() {
                self.tally.coalesced += 1;
                return self.wait(id, cx);
            }
            if is_read_through {
                return self.load_for_all(id, cx);
            }
            self.lease_to(id, cx);
        }
        match is_read_through {
            true => self.load(id, cx),
            false => self.tell_of_miss(id, cx),
        }
    }

    /// Handles a look-up that found an expired entry that may still be served while one look-up
    /// loads it again.
    #[cold]
    pub(super) fn serve_stale(&mut self, id: CallId, place: u32, cx: &mut World) {
        let key = cx.calls[id].key;
        let is_first = self.flights.get(key).is_none();
        if is_first && !self.is_read_through(cx) {
            self.count(cx.calls[id].is_measured, false, cx);
            self.lease_to(id, cx);
            return self.tell_of_miss(id, cx);
        }
        self.store.read(place);
        cx.serve(id, self.store.entry(place).seen);
        self.tally.stale_served += 1;
        self.count(cx.calls[id].is_measured, true, cx);
        if is_first {
            self.tally.refreshes += 1;
            let job = self.background(id, cx);
            cx.calls[job].root = job;
            cx.needed.begin(job);
            self.take_off(job, cx);
        }
        cx.answer(id, Outcome::Ok);
    }

    /// Returns a miss to the caller of a look-aside cache, which then loads.
    #[inline(always)]
    fn tell_of_miss(&mut self, id: CallId, cx: &mut World) {
        if self.spec.early_expiry.is_some() {
            let (key, now, patience) = (cx.calls[id].key, cx.now, self.spec.lease_time.0);
            // The first caller that receives a miss sets the time, until its fill arrives or can no
            // longer be expected.
            let asked = self.asked.entry(key).or_insert(now);
            if now - *asked > patience {
                *asked = now;
            }
        }
        if let Some(leases) = &mut self.leases {
            let (key, holder) = (cx.calls[id].key, cx.calls[id].parent);
            leases.give(key, holder, cx.now, self.spec.lease_time.0);
        }
        cx.calls[id].is_miss = true;
        cx.answer_here(id, Outcome::Ok);
    }

    /// Handles a change of a key's value: the load in progress is wasted, and the next waiting
    /// look-up loads immediately, unless leases are limited.
    #[cold]
    pub(super) fn void_lease(&mut self, key: u32, cx: &mut World) {
        if let Some(leases) = &mut self.leases {
            leases.void(key, cx.now, self.spec.lease_time.0);
        }
        if self.lease_interval.is_none() {
            self.hand_lease_on(key, cx);
        }
    }

    /// Forgets of some keys when they had a token last, after their entries were lost.
    #[cold]
    pub(super) fn forget_intervals(&mut self, is_lost: impl Fn(u32) -> bool, cx: &mut World) {
        if self.lease_interval.is_some() {
            for key in self.flights.keys_where(is_lost) {
                self.hand_lease_on(key, cx);
            }
        }
    }

    /// Ends the lease of a key: the next waiting look-up gets one.
    fn hand_lease_on(&mut self, key: u32, cx: &mut World) {
        if self.flights.get(key).is_none_or(|flight| flight.is_load) {
            return;
        }
        let Some(mut flight) = self.flights.end(key) else {
            return;
        };
        cx.calls.remove(flight.job);
        let mut has_holder = false;
        while let Some(id) = self.flights.take_next(&mut flight) {
            if !is_waiting(id, cx) {
                continue;
            }
            if has_holder {
                self.flights.wait(key, id);
            } else if !is_wanted(id, cx) {
                let_down(id, cx);
            } else {
                has_holder = true;
                self.lease_to(id, cx);
                self.tell_of_miss(id, cx);
            }
        }
    }

    /// Returns whether a fill is accepted: from a loader with a valid token, or from a writer
    /// (`None`), which has the latest value.
    fn lets_in(&mut self, key: u32, holder: Option<CallId>, cx: &mut World) -> bool {
        let lasts = self.spec.lease_time.0;
        let is_good = match (&mut self.leases, holder) {
            (None, _) => true,
            (Some(leases), None) => {
                leases.void(key, cx.now, lasts);
                true
            }
            (Some(leases), Some(holder)) => leases.redeem(key, holder, cx.now, lasts),
        };
        self.tally.fills_refused += u64::from(!is_good);
        is_good
    }

    /// Keeps a look-up in the cache until the flight of its key has ended.
    fn wait(&mut self, id: CallId, cx: &mut World) {
        cx.calls[id].phase = Phase::Planning;
        self.flights.wait(cx.calls[id].key, id);
    }

    /// Loads a key for every look-up that needs it until it is there.
    fn load_for_all(&mut self, id: CallId, cx: &mut World) {
        let job = self.background(id, cx);
        self.begin(job, true, cx);
        self.wait(id, cx);
        self.start(job, cx);
    }

    fn take_off(&mut self, job: CallId, cx: &mut World) {
        self.begin(job, true, cx);
        self.start(job, cx);
    }

    /// Makes the caller of a look-up load its key.
    fn lease_to(&mut self, id: CallId, cx: &mut World) {
        let job = self.background(id, cx);
        cx.calls[job].phase = Phase::Serving;
        cx.after_delay(self.time_of_lease(), Event::Served(job));
        self.begin(job, false, cx);
    }

    /// Returns when the next caller may load a key after one has received a miss.
    fn time_of_lease(&self) -> Delay {
        self.lease_interval.unwrap_or(self.lease)
    }

    fn begin(&mut self, job: CallId, is_load: bool, cx: &World) {
        self.flights.begin(cx.calls[job].key, job, cx.now, is_load);
    }

    /// Returns a record for work that no caller waits for, of the same request.
    pub(super) fn background(&mut self, id: CallId, cx: &mut World) -> CallId {
        let call = &cx.calls[id];
        let mut job = Call::new(Purpose::Background, self.node, crate::event::LinkIx::NONE);
        (job.operation, job.key, job.root) = (call.operation, call.key, call.root);
        (job.is_measured, job.is_shown) = (call.is_measured, call.is_shown);
        (job.is_awaited, job.replica) = (false, 0);
        cx.calls.insert(job)
    }

    /// Loads a key for one look-up alone (or takes its write to the origin).
    pub(super) fn load(&mut self, id: CallId, cx: &mut World) {
        cx.calls[id].slot_since = cx.now;
        self.start(id, cx);
    }

    pub(super) fn start(&mut self, job: CallId, cx: &mut World) {
        cx.calls[job].phase = Phase::Planning;
        match cx.start_plan(job) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finished(job, outcome, cx),
        }
    }

    /// Handles the answer or failure of a call to the origin.
    pub(super) fn finished(&mut self, job: CallId, outcome: Outcome, cx: &mut World) {
        let call = &cx.calls[job];
        let (key, since) = (call.key, call.slot_since);
        if call.purpose == Purpose::Background {
            return match call.place {
                WRITE => self.written_through(job, outcome, cx),
                _ => self.landed(job, outcome, cx),
            };
        }
        if outcome.is_answer() && !self.is_ahead(key) {
            self.fill(key, cx.seen(job), cx.now - since, cx.now);
        }
        cx.answer(job, as_answer(outcome));
    }

    /// Ends a load that others wait for.
    fn landed(&mut self, job: CallId, outcome: Outcome, cx: &mut World) {
        let (key, seen) = (cx.calls[job].key, cx.seen(job));
        cx.calls.remove(job);
        let Some(mut flight) = self.flights.end(key) else {
            return;
        };
        if outcome.is_answer() && !self.is_ahead(key) {
            self.fill(key, seen, cx.now - flight.since, cx.now);
        }
        while let Some(id) = self.flights.take_next(&mut flight) {
            if is_waiting(id, cx) {
                cx.serve(id, seen);
                cx.answer(id, as_answer(outcome));
            }
        }
    }

    /// Takes a fill from a caller that loaded the key itself, or a new value from a writer.
    pub fn take_fill(&mut self, fill: Fill, cx: &mut World) {
        let Fill { key, seen, .. } = fill;
        if !self.hears(cx) {
            return;
        }
        if self.leases.is_some() && !self.lets_in(key, fill.holder, cx) {
            return;
        }
        let asked = self.asked.remove(&key);
        let before = || {
            self.store
                .find(key)
                .map(|place| self.store.entry(place).load)
        };
        let load = match asked {
            Some(asked) => cx.now - asked,
            None => before().unwrap_or(0),
        };
        self.fill(key, seen, load, cx.now);
        if self.flights.get(key).is_none_or(|flight| flight.is_load) {
            return;
        }
        let Some(mut flight) = self.flights.end(key) else {
            return;
        };
        if self.lease_interval.is_none() {
            cx.calls.remove(flight.job);
        }
        while let Some(id) = self.flights.take_next(&mut flight) {
            if is_waiting(id, cx) {
                cx.serve(id, seen);
                cx.answer(id, Outcome::Ok);
            }
        }
        if self.lease_interval.is_some() {
            // The key gets no other token until the interval is over.
            self.flights.resume(key, flight);
        }
    }

    /// Handles a background record that is due: a write goes to the origin, or a lease expired and
    /// the next waiting look-up loads.
    #[cold]
    pub(super) fn due(&mut self, job: CallId, cx: &mut World) {
        if cx.calls[job].place == WRITE {
            return self.write_to_origin(job, cx);
        }
        let key = cx.calls[job].key;
        let Some(mut flight) = self.flights.end(key) else {
            return cx.calls.remove(job);
        };
        while let Some(id) = self.flights.take_next(&mut flight) {
            if !is_waiting(id, cx) {
                continue;
            }
            if self.is_read_through(cx) {
                // An edit has given the cache an origin since.
                self.load(id, cx);
                continue;
            }
            if !is_wanted(id, cx) {
                let_down(id, cx);
                continue;
            }
            flight.since = cx.now;
            self.flights.resume(key, flight);
            cx.after_delay(self.time_of_lease(), Event::Served(job));
            return self.tell_of_miss(id, cx);
        }
        cx.calls.remove(job);
    }
}

/// As a background record's place: it takes a write to the origin.
pub(super) const WRITE: u32 = 1;

/// Returns whether a look-up is still there: its caller may have canceled it.
fn is_waiting(id: CallId, cx: &World) -> bool {
    cx.calls
        .get(id)
        .is_some_and(|call| call.phase == Phase::Planning)
}

/// Returns whether the caller of a look-up still waits. A caller that timed out does not load.
fn is_wanted(id: CallId, cx: &World) -> bool {
    let call = &cx.calls[id];
    call.is_awaited && cx.is_waiting(call.parent)
}

/// Returns a miss to a look-up whose caller has timed out; the answer is ignored.
fn let_down(id: CallId, cx: &mut World) {
    cx.calls[id].is_miss = true;
    cx.answer(id, Outcome::Ok);
}
