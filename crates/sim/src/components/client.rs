//! Clients: arrivals, users, patience.
//!
//! Open arrivals are a process in "work": the next arrival is due when the integral of the rate
//! reaches a drawn amount. A rate that changes (profile, burst, spike) therefore stretches the same
//! arrivals instead of drawing new ones, and two designs with one seed have the same requests.

mod load;
mod patience;

use super::Component;
use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::data::OpId;
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::plan::Progress;
use crate::random::{self, KeySampler, Sampler, Stream, unit_exponential};
use crate::world::World;
use design::kinds::client::{self as spec, Arrivals};
use load::{Load, Pace};
use patience::Patience;

/// A client of a run.
#[derive(Clone, Debug)]
pub struct Client {
    node: NodeIx,
    load: Load,
    /// Requests of one arrival.
    batch: u32,
    /// Share of requests that faults direct to the hot key.
    hot: f64,
    /// The pace at `since`.
    pace: Pace,
    /// Work left until the next arrival, at `since`.
    work: f64,
    since: Time,
    generation: u32,
    replayed: usize,
    users: u64,
    /// Generation of the users: users of an older one have left permanently. A request carries the
    /// generation of its user as its `place`.
    crowd: u32,
    think: Sampler,
    patience: Patience,
    reload: f64,
    /// The link of its plan, if the plan makes exactly one call.
    only_call: Option<LinkIx>,
    /// Cumulative weights, the operation's place in the run, and its keys.
    operations: Vec<(f64, u32, KeySampler)>,
    /// Users that are about to reload.
    reloads: Vec<Reload>,
    free_reloads: Vec<u32>,
    streams: Streams,
}

/// A request that a user will repeat.
#[derive(Clone, Copy, Debug)]
struct Reload {
    operation: u32,
    key: u32,
    intent: OpId,
    crowd: u32,
}

#[derive(Clone, Debug)]
struct Streams {
    arrivals: Stream,
    operations: Stream,
    keys: Stream,
    think: Stream,
    reload: Stream,
    hot_keys: Stream,
}

impl Client {
    /// Returns the client of a design.
    pub fn new(node: NodeIx, spec: &spec::Client, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        let streams = Streams {
            arrivals: stream(random::Purpose::Arrivals),
            operations: stream(random::Purpose::Operations),
            keys: stream(random::Purpose::Keys),
            think: stream(random::Purpose::Think),
            reload: stream(random::Purpose::Reload),
            hot_keys: stream(random::Purpose::HotKeys),
        };
        let mut client = Self {
            node,
            load: Load {
                arrivals: Arrivals::Replay(Vec::new()),
                profile: Vec::new(),
                spike: 1.0,
            },
            batch: 1,
            hot: 0.0,
            pace: Pace::default(),
            work: 0.0,
            since: cx.now,
            generation: 0,
            replayed: 0,
            users: 0,
            crowd: 0,
            think: Sampler::Const(0),
            patience: Patience::Endless,
            reload: 0.0,
            only_call: None,
            operations: Vec::new(),
            reloads: Vec::new(),
            free_reloads: Vec::new(),
            streams,
        };
        client.take(spec, cx);
        client.draw_work();
        client.reschedule(cx);
        client
    }

    /// Takes new parameters.
    pub fn update(&mut self, spec: &spec::Client, cx: &mut World) {
        let is_same_process =
            std::mem::discriminant(&self.load.arrivals) == std::mem::discriminant(&spec.arrivals);
        let was_closed = matches!(self.load.arrivals, Arrivals::Closed(_));
        self.settle(cx.now);
        let batch = self.batch;
        self.take(spec, cx);
        if is_same_process {
            // The wait for the next batch scales with the batch size.
            self.work *= f64::from(self.batch) / f64::from(batch);
        } else {
            self.draw_work();
            if was_closed || matches!(self.load.arrivals, Arrivals::Closed(_)) {
                self.dismiss();
            }
        }
        self.reschedule(cx);
    }

    /// Makes all users leave permanently.
    fn dismiss(&mut self) {
        self.users = 0;
        self.crowd += 1;
    }

    /// Handles a traffic spike that begins, changes or ends.
    pub fn set_spike(&mut self, times: f64, cx: &mut World) {
        if times == self.load.spike {
            return;
        }
        self.settle(cx.now);
        self.load.spike = times;
        self.reschedule(cx);
    }

    /// Handles a key skew that begins, changes or ends.
    pub fn set_hot(&mut self, share: f64) {
        self.hot = share;
    }

    fn take(&mut self, spec: &spec::Client, cx: &mut World) {
        if let Arrivals::Replay(times) = &spec.arrivals {
            // Some of an edit's moments may have been replayed already.
            let kept = match &self.load.arrivals {
                Arrivals::Replay(old) if times.get(..self.replayed) == old.get(..self.replayed) => {
                    self.replayed
                }
                _ => 0,
            };
            self.replayed = kept.max(times.partition_point(|time| time.0 < cx.now));
        }
        self.load.arrivals = spec.arrivals.clone();
        self.load.profile = spec.profile.clone();
        self.batch = spec.batch;
        self.patience.update(spec.patience.as_ref(), self.node, cx);
        self.reload = spec.reload;
        self.only_call = cx.node(self.node).plan.only_call();
        let mut sum = 0.0;
        let node = self.node;
        let places = spec.operations.iter().map(|operation| {
            sum += operation.weight;
            let place = cx
                .operations
                .iter()
                .position(|known| known.client == node && known.name == operation.name);
            let place = place.expect("operations are placed before their client");
            (sum, place as u32, KeySampler::new(&operation.keys))
        });
        self.operations = places.collect();
        if let Arrivals::Closed(closed) = &self.load.arrivals {
            self.think = Sampler::new(&closed.think);
        }
    }

    #[inline(always)]
    fn draw_work(&mut self) {
        self.work = match self.load.arrivals {
            Arrivals::Poisson(_) | Arrivals::OnOff(_) => {
                unit_exponential(&mut self.streams.arrivals)
            }
            Arrivals::Constant(_) | Arrivals::Closed(_) | Arrivals::Replay(_) => 1.0,
        };
        // The rate is of requests: batches arrive that much less often.
        self.work *= f64::from(self.batch);
    }

    /// Subtracts the work done at the present rate. An arrival that was rounded up by a fraction of
    /// a ns leaves less than nothing. Time without arrivals, as in a drain, is not made up for.
    #[inline(always)]
    fn settle(&mut self, now: Time) {
        let done = self.pace.pass((now - self.since) as f64);
        let (left, least) = (self.work - done, -self.pace.rate);
        // As `f64::max`, without its check for NaN.
        self.work = if left > least { left } else { least };
        self.since = now;
    }

    /// Schedules the next arrival and the next change of the rate.
    fn reschedule(&mut self, cx: &mut World) {
        self.generation += 1;
        let (generation, node) = (self.generation, self.node);
        let now = cx.now;
        self.since = now;
        self.pace = self.load.pace_at(now);
        match &self.load.arrivals {
            Arrivals::Closed(_) => self.match_users(cx),
            Arrivals::Replay(times) => {
                if let Some(time) = times.get(self.replayed) {
                    cx.at(time.0.max(now), Event::Request { node, generation });
                }
            }
            Arrivals::Poisson(_) | Arrivals::Constant(_) | Arrivals::OnOff(_) => {
                self.schedule_next(cx)
            }
        }
        if let Some(time) = self.load.next_change(now) {
            cx.at(time, Event::RateChange { node, generation });
        }
    }

    #[inline(always)]
    fn schedule_next(&mut self, cx: &mut World) {
        if let Some(wait) = self.pace.time_for(self.work) {
            // Rounded to the nearest ns; the next arrival makes up for the difference. Through a
            // signed number, because the processor converts to that.
            let wait = (wait + 0.5).clamp(0.0, 1e18) as i64 as u64;
            cx.after(
                wait,
                Event::Request {
                    node: self.node,
                    generation: self.generation,
                },
            );
        }
    }

    /// Adjusts the number of users. New ones begin by thinking; surplus ones leave before their
    /// next request.
    fn match_users(&mut self, cx: &mut World) {
        while self.users < self.load.users_wanted(cx.now) {
            self.users += 1;
            self.think(cx);
        }
    }

    fn think(&mut self, cx: &mut World) {
        if !cx.is_draining() {
            let pause = self.think.draw(&mut self.streams.think);
            cx.after(pause, self.next_thought());
        }
    }

    fn next_thought(&self) -> Event {
        Event::Think {
            node: self.node,
            generation: self.crowd,
        }
    }

    /// Makes the next request of an open client and schedules the one after it.
    #[inline(never)]
    pub(crate) fn request_due(&mut self, generation: u32, cx: &mut World) {
        if generation != self.generation || cx.is_draining() {
            return;
        }
        if let Arrivals::Replay(_) = &self.load.arrivals {
            self.replay_next(cx);
        } else {
            self.settle(cx.now);
            let rest = self.work;
            self.draw_work();
            self.work += rest;
            self.schedule_next(cx);
        }
        if self.batch == 1 {
            return self.make_request(cx);
        }
        cx.several_at_once(|cx| (0..self.batch).for_each(|_| self.make_request(cx)));
    }

    #[inline(never)]
    fn replay_next(&mut self, cx: &mut World) {
        self.replayed += 1;
        let (node, generation) = (self.node, self.generation);
        if let Arrivals::Replay(times) = &self.load.arrivals
            && let Some(next) = times.get(self.replayed)
        {
            cx.at(next.0.max(cx.now), Event::Request { node, generation });
        }
    }

    /// Ends the think time of a user of a closed client.
    #[inline(never)]
    fn thought(&mut self, cx: &mut World) {
        let is_closed = matches!(self.load.arrivals, Arrivals::Closed(_));
        if is_closed && self.users > self.load.users_wanted(cx.now) {
            self.users -= 1;
        } else {
            self.make_request(cx);
        }
    }

    /// Makes a user's request.
    #[inline(always)]
    fn make_request(&mut self, cx: &mut World) {
        let place = match self.operations.len() {
            1 => 0,
            _ => self.draw_operation(),
        };
        let (_, operation, keys) = &self.operations[place];
        let (operation, mut key) = (*operation, keys.draw(&mut self.streams.keys));
        if self.streams.hot_keys.chance(self.hot) {
            // The most popular key of a skewed distribution, and any key of a uniform one.
            key = 0;
        }
        self.send_request(operation, key, OpId::NONE, cx);
    }

    fn draw_operation(&mut self) -> usize {
        let total = self.operations.last().map_or(0.0, |(sum, ..)| *sum);
        let point = self.streams.operations.unit() * total;
        let place = self.operations.iter().position(|(sum, ..)| point < *sum);
        place.unwrap_or(0)
    }

    /// Sends a request, of an intent that is new or is retried.
    #[inline(always)]
    fn send_request(&mut self, operation: u32, key: u32, intent: OpId, cx: &mut World) {
        let mut call = Call::new(Purpose::Request, self.node, LinkIx::NONE);
        (call.operation, call.key) = (operation, key);
        call.replica = 0;
        call.place = self.crowd;
        call.phase = Phase::Planning;
        call.is_awaited = false;
        call.started = cx.now;
        call.is_measured = cx.now >= cx.warmup;
        call.pending = u32::from(self.only_call.is_some());
        let id = cx.request_made(call);
        if cx.calls.rows.is_on {
            cx.want(id, intent);
        }
        if let Some(patience) = self.patience.of_request() {
            if cx.spares_work {
                cx.notes.of(id).deadline = cx.now + patience.duration;
            }
            cx.after_delay(patience, Event::Patience(id));
        }
        if let Some(link) = self.only_call {
            return cx.call_here(id, link);
        }
        if cx.node(self.node).plan.stages.is_empty() {
            return self.finish(id, Outcome::Failed(Cause::Unavailable), cx);
        }
        match cx.start_plan(id) {
            Progress::Waiting => {}
            // No link serves this operation: a plan that makes a call never ends immediately.
            Progress::Finished(_) => self.finish(id, Outcome::Failed(Cause::Unavailable), cx),
        }
    }

    #[inline(never)]
    fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        let is_gone = cx.calls[id].place != self.crowd;
        let (operation, key) = (cx.calls[id].operation, cx.calls[id].key);
        let intent = cx.intent(id);
        cx.request_finished(id, outcome);
        let wants_again = !outcome.is_answer() && self.streams.reload.chance(self.reload);
        let is_closed = matches!(self.load.arrivals, Arrivals::Closed(_));
        if cx.is_draining() || is_gone {
            return;
        }
        match (is_closed, wants_again) {
            // Without a pause, but as an event of its own, because a client that fails immediately
            // must not recurse.
            (true, true) => self.reload(0, operation, key, intent, cx),
            (true, false) => self.think(cx),
            (false, true) => self.reload(RELOAD_PAUSE, operation, key, intent, cx),
            (false, false) => {}
        }
    }

    /// Schedules a user's reload of the same request.
    fn reload(&mut self, pause: u64, operation: u32, key: u32, intent: OpId, cx: &mut World) {
        let reload = Reload {
            operation,
            key,
            intent: cx.keep_intent(intent),
            crowd: self.crowd,
        };
        let place = self.free_reloads.pop().unwrap_or(self.reloads.len() as u32);
        match self.reloads.get_mut(place as usize) {
            Some(free) => *free = reload,
            None => self.reloads.push(reload),
        }
        let node = self.node;
        cx.after(pause, Event::Reload { node, place });
    }

    /// Repeats the request of a user that reloads, if still there.
    fn reloaded(&mut self, place: u32, cx: &mut World) {
        let reload = self.reloads[place as usize];
        self.free_reloads.push(place);
        if cx.is_draining() || reload.crowd != self.crowd {
            return cx.drop_intent(reload.intent);
        }
        let is_closed = matches!(self.load.arrivals, Arrivals::Closed(_));
        if is_closed && self.users > self.load.users_wanted(cx.now) {
            self.users -= 1;
            return cx.drop_intent(reload.intent);
        }
        self.send_request(reload.operation, reload.key, reload.intent, cx);
    }
}

/// Time that a user takes to reload. Without it, an immediate failure would loop within one moment.
const RELOAD_PAUSE: u64 = 1_000_000;

impl Component for Client {
    fn arrive(&mut self, call: CallId, cx: &mut World) {
        // Validation refuses links into a client.
        cx.answer(call, Outcome::Failed(Cause::Refused));
    }

    fn served(&mut self, _call: CallId, _cx: &mut World) {}

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        match cx.continue_plan(job, &done) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finish(job, outcome, cx),
        }
    }

    #[inline(always)]
    fn done_well(&mut self, job: CallId, link: LinkIx, is_miss: bool, cx: &mut World) {
        let call = &cx.calls[job];
        // Its plan may have been another before an edit.
        let is_only = call.pending == 1 && call.missed == 0 && !call.lacks_look_up;
        if self.only_call.is_some() && is_only {
            let is_degraded = call.is_degraded;
            return match is_degraded {
                true => self.finish(job, Outcome::Degraded, cx),
                false => self.finish(job, Outcome::Ok, cx),
            };
        }
        match cx.go_on(job, link, is_miss, true) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finish(job, outcome, cx),
        }
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        match event {
            Event::RateChange { generation, .. } if generation == self.generation => {
                self.settle(cx.now);
                self.reschedule(cx);
            }
            Event::Think { generation, .. } if generation == self.crowd && !cx.is_draining() => {
                self.thought(cx);
            }
            Event::Reload { place, .. } => self.reloaded(place, cx),
            Event::Patience(id) if cx.calls.get(id).is_some() => {
                if cx.watches(id) {
                    cx.show_departure(self.node);
                }
                self.finish(id, Outcome::Failed(Cause::Abandoned), cx);
            }
            _ => {}
        }
    }

    /// Handles a client that the design no longer has: no fault crashes a client.
    fn crash(&mut self, _replica: u32, cx: &mut World) {
        self.settle(cx.now);
        self.pace = Pace::default();
        self.dismiss();
    }
}
