//! Caches: real keys, in a real store.
//!
//! Look-ups do not queue: a cache is modelled as having room for all (its limits are memory and
//! what stands behind it). Read-through: a write goes to the origin and then stands in the cache.

use super::store::Store;
use super::{Component, as_answer};
use crate::agenda::Time;
use crate::call::{Call, CallId, Outcome, Phase};
use crate::data::{Held, Seen};
use crate::event::{Event, NodeIx};
use crate::network::Done;
use crate::plan::Progress;
use crate::random::{self, Sampler, Stream};
use crate::world::World;
use design::kinds::cache::{self as spec, Eviction};
use design::kinds::client::Effect;

/// A cache of a run.
#[derive(Clone, Debug)]
pub struct Cache {
    node: NodeIx,
    spec: spec::Cache,
    time: Sampler,
    store: Store,
    times: Stream,
    ttl: Stream,
}

impl Cache {
    /// Of a design.
    pub fn new(node: NodeIx, spec: &spec::Cache, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        Self {
            node,
            spec: spec.clone(),
            time: Sampler::new(&spec.hit_time),
            store: Store::default(),
            times: stream(random::Purpose::Service),
            ttl: stream(random::Purpose::Ttl),
        }
    }

    /// New parameters. Entries keep the TTL they were given.
    pub fn update(&mut self, spec: &spec::Cache, _cx: &mut World) {
        self.spec = spec.clone();
        self.time = Sampler::new(&spec.hit_time);
        self.store.shrink(spec.capacity);
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        self.store.clear();
    }

    /// Entries held.
    pub fn entries(&self) -> usize {
        self.store.len()
    }

    /// A fill has come from a caller that loaded the key itself.
    pub fn take_fill(&mut self, key: u32, seen: Seen, cx: &mut World) {
        let state = cx.node(self.node);
        if state.is_present && state.replicas[0].is_up {
            self.fill(key, seen, cx.now);
        }
    }

    /// The versions it could still serve.
    pub(crate) fn versions(&self, now: u64) -> impl Iterator<Item = (u32, &Seen)> {
        self.store.entries(now)
    }

    fn fill(&mut self, key: u32, seen: Seen, now: u64) {
        let expires = match self.spec.ttl {
            None => u64::MAX,
            Some(ttl) if self.spec.ttl_jitter == 0.0 => now + ttl.0,
            Some(ttl) => {
                let spread = 1.0 + self.spec.ttl_jitter * (2.0 * self.ttl.unit() - 1.0);
                now + (ttl.0 as f64 * spread) as u64
            }
        };
        self.store.insert(key, seen, expires, self.spec.capacity);
    }

    fn is_read_through(&self, cx: &World) -> bool {
        !cx.node(self.node).plan.stages.is_empty()
    }

    fn load(&mut self, id: CallId, cx: &mut World) {
        cx.calls[id].phase = Phase::Planning;
        match cx.start_plan(id) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.loaded(id, outcome, cx),
        }
    }

    fn loaded(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        if outcome.is_answer() {
            let key = cx.calls[id].key;
            self.fill(key, cx.seen(id), cx.now);
        }
        cx.answer(id, as_answer(outcome));
    }
}

impl Component for Cache {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].operation == Call::NO_OPERATION {
            return cx.answer(id, Outcome::Ok);
        }
        cx.calls[id].phase = Phase::Serving;
        let work = self.time.draw(&mut self.times);
        cx.after(cx.slowed(work, self.node, 0), Event::Served(id));
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        let is_read_through = self.is_read_through(cx);
        if is_read_through && cx.effect(id) == Effect::Write {
            return self.load(id, cx);
        }
        let (key, is_measured) = (cx.calls[id].key, cx.calls[id].is_measured);
        let touches = self.spec.eviction == Eviction::Lru;
        let found = self.store.look_up(key, cx.now, touches);
        let is_hit = found.is_some();
        let tally = &mut cx.node_mut(self.node).tally;
        let count = if is_hit {
            &mut tally.hits
        } else {
            &mut tally.misses
        };
        count[0] += 1;
        count[1] += u64::from(is_measured);
        if let Some(seen) = found {
            cx.serve(id, seen);
            cx.answer(id, Outcome::Ok);
        } else if is_read_through {
            self.load(id, cx);
        } else {
            cx.calls[id].is_miss = true;
            cx.answer(id, Outcome::Ok);
        }
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        match cx.continue_plan(job, done) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.loaded(job, outcome, cx),
        }
    }

    fn timer(&mut self, event: Event, _cx: &mut World) {
        if let Event::Invalidate { key, .. } = event {
            self.store.remove(key);
        }
    }

    fn crash(&mut self, _replica: u32, _cx: &mut World) {
        self.flush();
    }

    fn hold(&self, now: Time, held: &mut Held) {
        for (key, seen) in self.versions(now) {
            held.seen(key, seen);
        }
    }
}
