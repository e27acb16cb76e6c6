//! Services: own work in a slot, then the plan; the slot is held meanwhile where it blocks.

use super::{Component, as_answer};
use crate::call::{Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::data::{Memory, Repeat};
use crate::event::{Event, NodeIx};
use crate::network::Done;
use crate::plan::Progress;
use crate::random::{self, Sampler, Stream};
use crate::station::{Admission, Station};
use crate::world::World;
use design::kinds::load_balancer::Depth;
use design::kinds::service as spec;

/// A service of a run.
#[derive(Clone, Debug)]
pub struct Service {
    node: NodeIx,
    is_blocking: bool,
    time: Sampler,
    error_rate: f64,
    stations: Vec<Station>,
    times: Stream,
    errors: Stream,
    idempotency_window: Option<u64>,
    memory: Memory,
}

impl Service {
    /// Of a design.
    pub fn new(node: NodeIx, spec: &spec::Service, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        let mut service = Self {
            node,
            is_blocking: true,
            time: Sampler::Const(0),
            error_rate: 0.0,
            stations: Vec::new(),
            times: stream(random::Purpose::Service),
            errors: stream(random::Purpose::Errors),
            idempotency_window: None,
            memory: Memory::default(),
        };
        service.update(spec, cx);
        service
    }

    /// New parameters. Calls in a slot keep the time they drew.
    pub fn update(&mut self, spec: &spec::Service, cx: &mut World) {
        self.is_blocking = spec.blocking;
        self.time = Sampler::new(&spec.service_time);
        self.error_rate = spec.error_rate;
        self.idempotency_window = spec.idempotency_window.map(|window| window.0);
        let (slots, places) = (
            spec.concurrency.map(u64::from),
            spec.queue.capacity.map(u64::from),
        );
        // Replicas taken away have been emptied as if they had crashed, and keep their figures.
        while self.stations.len() < spec.replicas as usize {
            self.stations
                .push(Station::new(slots, places, spec.queue.discipline));
        }
        for (replica, station) in self.stations.iter_mut().enumerate() {
            (station.places, station.discipline) = (places, spec.queue.discipline);
            let is_there = replica < spec.replicas as usize;
            station.set_slots(slots.filter(|_| is_there), cx.now);
        }
        for replica in 0..self.stations.len() {
            self.fill_slots(replica as u32, cx);
        }
    }

    fn begin(&mut self, id: CallId, cx: &mut World) {
        let repeat = self.look_up(id, cx);
        let call = &cx.calls[id];
        let work = match call.purpose {
            _ if repeat != Repeat::No => 0,
            Purpose::Probe(_) => 0,
            Purpose::Request | Purpose::Call | Purpose::Delivery | Purpose::Background => {
                let work = self.time.draw(&mut self.times);
                cx.slowed(work, self.node, call.replica)
            }
        };
        cx.count_wait(id);
        cx.after(work, Event::Served(id));
    }

    /// Whether a call repeats what was done, or is being done.
    #[inline]
    fn look_up(&mut self, id: CallId, cx: &World) -> Repeat {
        match self.idempotency_window {
            None => Repeat::No,
            Some(_) => match cx.repeat_id(id) {
                None => Repeat::No,
                Some(key) => self.memory.look(key, id, cx.now, &cx.calls),
            },
        }
    }

    fn fill_slots(&mut self, replica: u32, cx: &mut World) {
        while let Some(next) = self.stations[replica as usize].next(&mut cx.calls, cx.now) {
            cx.waiting -= 1;
            self.begin(next, cx);
        }
    }

    /// Gives the slot back and answers.
    fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        let call = &cx.calls[id];
        let (replica, since) = (call.replica, call.slot_since);
        let holds_slot = since != Call::NO_SLOT;
        if let Some(window) = self.idempotency_window
            && let Some(key) = cx.repeat_id(id)
        {
            let is_done = outcome.is_answer();
            self.memory.end(key, id, is_done, cx.now, window);
        }
        cx.answer(id, as_answer(outcome));
        if holds_slot {
            self.stations[replica as usize].release(since, cx.now);
            self.fill_slots(replica, cx);
        }
    }
}

impl Component for Service {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].purpose == Purpose::Probe(Depth::Tcp) {
            return cx.answer(id, Outcome::Ok);
        }
        let replica = cx.calls[id].replica;
        let station = &mut self.stations[replica as usize];
        station.arrivals += u64::from(cx.calls[id].is_measured);
        match station.admit(id, &mut cx.calls, cx.now) {
            Admission::Slot => self.begin(id, cx),
            Admission::Queued => cx.waiting += 1,
            Admission::Full => cx.answer(id, Outcome::Failed(Cause::Rejected)),
        }
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        let replica = cx.calls[id].replica as usize;
        self.stations[replica].working.down(cx.now);
        match self.look_up(id, cx) {
            Repeat::No => {}
            Repeat::UnderWay => return self.finish(id, Outcome::Failed(Cause::Error), cx),
            Repeat::Done => return self.finish(id, Outcome::Ok, cx),
        }
        let purpose = cx.calls[id].purpose;
        let is_bad = !matches!(purpose, Purpose::Probe(_)) && self.errors.chance(self.error_rate);
        if is_bad || cx.is_poisoned(id) {
            return self.finish(id, Outcome::Failed(Cause::Error), cx);
        }
        cx.calls[id].phase = Phase::Planning;
        let progress = match purpose {
            Purpose::Probe(Depth::Tcp | Depth::Http) => Progress::Finished(Outcome::Ok),
            Purpose::Probe(Depth::Deep)
            | Purpose::Request
            | Purpose::Call
            | Purpose::Delivery
            | Purpose::Background => cx.start_plan(id),
        };
        match progress {
            Progress::Finished(outcome) => self.finish(id, outcome, cx),
            Progress::Waiting if self.is_blocking => {}
            Progress::Waiting => {
                let since = std::mem::replace(&mut cx.calls[id].slot_since, Call::NO_SLOT);
                self.stations[replica].release(since, cx.now);
                self.fill_slots(replica as u32, cx);
            }
        }
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        match cx.continue_plan(job, done) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finish(job, outcome, cx),
        }
    }

    fn stop(&mut self, job: CallId, cx: &mut World) {
        self.finish(job, Outcome::Failed(Cause::Abandoned), cx);
    }

    fn timer(&mut self, _event: Event, _cx: &mut World) {}

    fn crash(&mut self, replica: u32, cx: &mut World) {
        if let Some(station) = self.stations.get_mut(replica as usize) {
            cx.waiting -= station.queued.level();
            station.clear(cx.now);
        }
        if self.idempotency_window.is_some() {
            self.memory.forget_dead(&cx.calls);
        }
    }

    fn stations(&self) -> &[Station] {
        &self.stations
    }

    fn stations_mut(&mut self) -> &mut [Station] {
        &mut self.stations
    }
}
