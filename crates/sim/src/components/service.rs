//! Services: own work in a slot, then the plan. A service that blocks holds the slot meanwhile.

pub(crate) mod autoscale;
mod concurrency;
mod gates;
mod rate_limit;
mod start_up;

pub use gates::{REASONS, TurnedAway, Why};
pub use start_up::StartUps;

use super::{Component, as_answer};
use crate::call::{Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::data::{Memory, Repeat};
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::Gauge;
use crate::network::Done;
use crate::plan::Progress;
use crate::random::{self, Sampler, Stream};
use crate::station::{Admission, Rules, Station};
use crate::world::{Delay, Stage, World};
use autoscale::Autoscaler;
use design::kinds::load_balancer::Depth;
use design::kinds::service::{self as spec, CallQueue, Discipline};
use gates::Gates;

/// A service of a run.
#[derive(Clone, Debug)]
pub struct Service {
    node: NodeIx,
    is_blocking: bool,
    time: Sampler,
    error_rate: f64,
    /// Maximum time that a call may wait, if bounded.
    patience: Option<Box<Patience>>,
    gates: Option<Box<Gates>>,
    stations: Vec<Station>,
    times: Stream,
    errors: Stream,
    idempotency_window: Option<u64>,
    memory: Memory,
    /// Rejected calls (measured), by reason.
    pub turned_away: TurnedAway,
    pub(crate) autoscaler: Option<Box<Autoscaler>>,
    /// Number of out-of-memory kills, and the downtime after each (0 without a limit).
    pub(crate) kills: u64,
    restart: u64,
}

/// Maximum time that a call may wait for its slot.
#[derive(Clone, Debug)]
struct Patience {
    max_wait: Option<Delay>,
    /// CoDel: in a standing queue, and in one that is not.
    codel: Option<(Delay, Delay)>,
}

impl Patience {
    fn new(queue: &CallQueue, cx: &mut World) -> Option<Box<Self>> {
        let max_wait = queue.max_wait.map(|wait| cx.delay(wait.0));
        let is_codel = queue.discipline == Discipline::Codel || queue.codel.is_some();
        let codel = is_codel.then(|| {
            let codel = queue.codel.clone().unwrap_or_default();
            (cx.delay(codel.target.0), cx.delay(codel.interval.0))
        });
        let is_bounded = max_wait.is_some() || codel.is_some();
        is_bounded.then(|| Box::new(Self { max_wait, codel }))
    }

    /// Returns the maximum wait of a call that enters the queue now.
    fn of(&self, queue_stands: bool) -> Option<Delay> {
        let codel = self.codel.map(|(standing, usual)| match queue_stands {
            true => standing,
            false => usual,
        });
        let bounds = self.max_wait.into_iter().chain(codel);
        bounds.min_by_key(|delay| delay.duration)
    }
}

/// Returns the rules of a service's stations.
fn rules(queue: &CallQueue, cx: &World) -> Rules {
    let codel = queue.codel.clone().unwrap_or_default();
    let last = queue.priority.len();
    let classes = cx.operations.iter().map(|operation| {
        let named = queue
            .priority
            .iter()
            .position(|name| *name == operation.name);
        named.unwrap_or(last) as u32
    });
    Rules {
        discipline: queue.discipline,
        standing: codel.interval.0,
        classes: classes.collect(),
        class_count: last + 1,
    }
}

impl Service {
    /// Returns the service of a design.
    pub fn new(node: NodeIx, spec: &spec::Service, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        let mut service = Self {
            node,
            is_blocking: true,
            time: Sampler::Const(0),
            error_rate: 0.0,
            patience: None,
            gates: None,
            stations: Vec::new(),
            times: stream(random::Purpose::Service),
            errors: stream(random::Purpose::Errors),
            idempotency_window: None,
            memory: Memory::default(),
            turned_away: [0; 5],
            autoscaler: None,
            kills: 0,
            restart: 0,
        };
        service.update(spec, cx);
        service
    }

    /// Takes new parameters. Calls in a slot keep the service time they drew.
    pub fn update(&mut self, spec: &spec::Service, cx: &mut World) {
        self.is_blocking = spec.blocking;
        self.time = Sampler::new(&spec.service_time);
        self.error_rate = spec.error_rate;
        self.idempotency_window = spec.idempotency_window.map(|window| window.0);
        let (slots, places) = (
            spec.concurrency.map(u64::from),
            spec.queue.capacity.map(u64::from),
        );
        self.patience = Patience::new(&spec.queue, cx);
        let replicas = cx.node(self.node).replicas.len();
        self.gates = Gates::new(spec, self.gates.take(), replicas, cx.now);
        self.restart = spec.memory.as_ref().map_or(0, |memory| memory.restart.0);
        let rules = rules(&spec.queue, cx);
        // Removed replicas have been emptied as in a crash, and keep their metrics.
        while self.stations.len() < replicas {
            self.stations
                .push(Station::new(slots, places, Discipline::Fifo));
        }
        for (replica, station) in self.stations.iter_mut().enumerate() {
            station.places = places;
            for (id, work) in station.set_rules(&rules, &mut cx.calls, cx.now) {
                cx.after(work, Event::Served(id));
            }
            let state = cx.node(self.node).replicas.get(replica);
            let is_there =
                state.is_some_and(|state| !matches!(state.stage, Stage::Absent | Stage::Starting));
            // `None` would mean unlimited slots.
            let slots = slots.map(|slots| if is_there { slots } else { 0 });
            station.set_slots(slots, cx.now);
        }
        for replica in 0..self.stations.len() {
            self.fill_slots(replica as u32, cx);
            self.turn_out(replica, cx);
            self.look_when_due(replica as u32, cx);
        }
        let scaler = self.autoscaler.take();
        self.autoscaler = Autoscaler::updated(scaler, spec, self.node, &self.stations, cx);
    }

    #[inline(always)]
    fn begin(&mut self, id: CallId, cx: &mut World) {
        let repeat = self.look_up(id, cx);
        let call = &cx.calls[id];
        let replica = call.replica;
        let work = match call.purpose {
            _ if repeat != Repeat::No => 0,
            Purpose::Probe(_) => 0,
            Purpose::Request
            | Purpose::Call
            | Purpose::Delivery
            | Purpose::Background
            | Purpose::Part => {
                let work = self.time.draw_here(&mut self.times);
                cx.slowed(work, self.node, replica)
            }
        };
        cx.count_wait(id);
        let station = &mut self.stations[replica as usize];
        if station.shares() {
            station.share(id, work, cx.now);
            self.look_when_due(replica, cx);
        } else {
            cx.after(work, Event::Served(id));
        }
    }

    /// Schedules the end of the next call, if slots are shared.
    fn look_when_due(&mut self, replica: u32, cx: &mut World) {
        if let Some(due) = self.stations[replica as usize].next_due(cx.now) {
            let node = self.node;
            cx.at(due, Event::Shared { node, replica });
        }
    }

    /// Ends calls that share a replica's slots and are done.
    fn finish_shared(&mut self, replica: u32, cx: &mut World) {
        let place = replica as usize;
        if !self.stations[place].is_due(cx.now) {
            return;
        }
        while let Some(id) = self.stations[place].shared_out(cx.now) {
            self.served(id, cx);
        }
        self.look_when_due(replica, cx);
    }

    /// Limits a call's wait to its maximum.
    #[cold]
    fn limit_wait(&mut self, id: CallId, cx: &mut World) {
        let station = &self.stations[cx.calls[id].replica as usize];
        let patience = self.patience.as_ref();
        if let Some(wait) = patience.and_then(|patience| patience.of(station.stands(cx.now))) {
            cx.after_delay(wait, Event::Leave(id));
        }
    }

    /// Handles a call that has waited for its maximum time.
    #[cold]
    fn leave(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        cx.waiting -= u64::from(!call.is_probe());
        let station = &mut self.stations[call.replica as usize];
        station.leave(id, &mut cx.calls, cx.now);
        station.present -= 1;
        self.reject(id, Why::MaxWait, cx);
    }

    /// Applies the admission control before the queue. Returns why a call is rejected, if so.
    #[inline(never)]
    fn turns_away(&mut self, id: CallId, cx: &mut World) -> Option<Why> {
        let gates = self.gates.as_mut()?;
        let call = &cx.calls[id];
        if call.is_probe() {
            return None;
        }
        let replica = call.replica;
        let station = &self.stations[replica as usize];
        let why = gates.turn_away(call, station, &cx.calls, cx.now);
        if why.is_none() && gates.overflows(station) {
            // It will die at this moment, with this call.
            let (node, now) = (self.node, cx.now);
            cx.node_mut(node).replicas[replica as usize].due = now;
            cx.at(now, Event::Replica { node, replica });
        }
        why
    }

    /// Returns whether its memory has a limit.
    pub fn has_memory(&self) -> bool {
        self.restart > 0
    }

    /// Counts an out-of-memory kill and returns its downtime.
    pub(crate) fn count_kill(&mut self) -> u64 {
        self.kills += 1;
        self.restart
    }

    /// Handles a call that finds the queue full: it is rejected, or another call is.
    #[cold]
    fn make_room(&mut self, id: CallId, cx: &mut World) {
        let station = &mut self.stations[cx.calls[id].replica as usize];
        let pushed_out = station.push_out(id, &mut cx.calls, cx.now);
        station.present -= 1;
        if let Some(oldest) = pushed_out {
            cx.waiting += u64::from(!cx.calls[id].is_probe());
            cx.waiting -= u64::from(!cx.calls[oldest].is_probe());
            if self.patience.is_some() {
                self.limit_wait(id, cx);
            }
        }
        self.reject(pushed_out.unwrap_or(id), Why::QueueFull, cx);
    }

    /// Rejects the calls that exceed a queue that an edit made shorter.
    fn turn_out(&mut self, replica: usize, cx: &mut World) {
        while let Some(id) = self.stations[replica].beyond_places(&cx.calls, cx.now) {
            cx.waiting -= u64::from(!cx.calls[id].is_probe());
            self.stations[replica].withdraw(id, &mut cx.calls, cx.now);
            self.reject(id, Why::QueueFull, cx);
        }
    }

    #[cold]
    fn reject(&mut self, id: CallId, why: Why, cx: &mut World) {
        self.turned_away[why as usize] += u64::from(cx.calls[id].is_measured);
        cx.answer_with(id, Cause::Rejected, why.detail());
    }

    /// Returns the adaptive limits over time, one per replica, if there are any.
    pub fn limits(&self) -> impl Iterator<Item = &Gauge> {
        let limits = self.gates.as_ref().and_then(|gates| gates.limits.as_ref());
        limits.into_iter().flat_map(|limits| limits.levels())
    }

    /// Returns the adaptive limits over time, one per replica, if there are any.
    pub fn limits_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        let limits = self.gates.as_mut().and_then(|gates| gates.limits.as_mut());
        limits.into_iter().flat_map(|limits| limits.levels_mut())
    }

    /// Returns whether a call repeats one that was done or is in progress.
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

    #[inline(always)]
    fn fill_slots(&mut self, replica: u32, cx: &mut World) {
        if self.stations[replica as usize].has_waiting() {
            self.take_waiting(replica, cx);
        }
    }

    #[inline(never)]
    fn take_waiting(&mut self, replica: u32, cx: &mut World) {
        while let Some(next) = self.stations[replica as usize].next(&mut cx.calls, cx.now) {
            cx.waiting -= u64::from(!cx.calls[next].is_probe());
            self.begin(next, cx);
        }
    }

    /// Releases the slot and answers.
    #[inline(never)]
    fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        self.finish_here(id, outcome, cx);
    }

    #[inline(always)]
    fn finish_here(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        let call = &cx.calls[id];
        if matches!(call.purpose, Purpose::Background) {
            return self.start_up_called(id, outcome, cx);
        }
        let (replica, since) = (call.replica, call.slot_since);
        let holds_slot = since != Call::NO_SLOT;
        let station = &mut self.stations[replica as usize];
        if let Some(gates) = &mut self.gates {
            let took = cx.now - call.arrived;
            gates.finished(replica, took, station.present, outcome, cx.now);
        }
        station.present -= 1;
        if holds_slot {
            station.release(since, cx.now);
        }
        if let Some(window) = self.idempotency_window
            && let Some(key) = cx.repeat_id(id)
        {
            let is_done = outcome.is_answer();
            self.memory.end(key, id, is_done, cx.now, window);
        }
        cx.answer_here(id, as_answer(outcome));
        if holds_slot {
            self.fill_slots(replica, cx);
        }
    }
}

impl Component for Service {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        if matches!(call.purpose, Purpose::Probe(Depth::Tcp)) {
            return cx.answer(id, Outcome::Ok);
        }
        let replica = call.replica;
        let station = &mut self.stations[replica as usize];
        station.arrivals += u64::from(call.is_measured);
        if self.gates.is_some()
            && let Some(why) = self.turns_away(id, cx)
        {
            return self.reject(id, why, cx);
        }
        let station = &mut self.stations[replica as usize];
        station.present += 1;
        match station.admit(id, &mut cx.calls, cx.now) {
            Admission::Slot => self.begin(id, cx),
            Admission::Queued => {
                cx.waiting += u64::from(!cx.calls[id].is_probe());
                if self.patience.is_some() {
                    self.limit_wait(id, cx);
                }
            }
            Admission::Full => self.make_room(id, cx),
        }
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        let call = &cx.calls[id];
        let (replica, purpose) = (call.replica as usize, call.purpose);
        self.stations[replica].working.down(cx.now);
        match self.look_up(id, cx) {
            Repeat::No => {}
            Repeat::UnderWay => return self.finish(id, Outcome::Failed(Cause::Error), cx),
            Repeat::Done => return self.finish(id, Outcome::Ok, cx),
        }
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
            | Purpose::Background
            | Purpose::Part => cx.start_plan_here(id),
        };
        match progress {
            Progress::Finished(outcome) => self.finish(id, outcome, cx),
            Progress::Waiting if self.is_blocking && !self.stations[replica].shares() => {}
            Progress::Waiting => {
                let since = std::mem::replace(&mut cx.calls[id].slot_since, Call::NO_SLOT);
                self.stations[replica].release(since, cx.now);
                self.fill_slots(replica as u32, cx);
            }
        }
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        match cx.continue_plan(job, &done) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finish(job, outcome, cx),
        }
    }

    #[inline(always)]
    fn done_well(&mut self, job: CallId, link: LinkIx, is_miss: bool, cx: &mut World) {
        match cx.go_on(job, link, is_miss, true) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finish_here(job, outcome, cx),
        }
    }

    fn stop(&mut self, job: CallId, cx: &mut World) {
        self.finish(job, Outcome::Failed(Cause::Abandoned), cx);
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        if let Event::Leave(id) = event {
            self.leave(id, cx);
        } else if let Event::Shared { replica, .. } = event {
            self.finish_shared(replica, cx);
        } else if let Event::Step(job) = event {
            self.continue_start_up(job, cx);
        }
    }

    fn crash(&mut self, replica: u32, cx: &mut World) {
        if let Some(station) = self.stations.get_mut(replica as usize) {
            cx.waiting -= station.queued.level();
            station.clear(cx.now);
        }
        if self.idempotency_window.is_some() {
            self.memory.forget_dead(&cx.calls);
        }
        if let Some(gates) = &mut self.gates {
            gates.crash(replica, cx.now);
        }
    }

    fn stations(&self) -> &[Station] {
        &self.stations
    }

    fn stations_mut(&mut self) -> &mut [Station] {
        &mut self.stations
    }
}
