//! Caches: real keys, in a real store.
//!
//! Look-ups do not queue: a cache is modeled as having room for all of them. Its limits are its
//! memory and its origin. Read-through: a write goes to the origin and then to the cache, or the
//! other way round if the link says `write_behind`.

mod flights;
mod inside;
mod leases;
mod loading;
mod write_behind;

pub use inside::EntryView;

use super::store::{ByKey, Store, Value};
use super::{Component, as_answer};
use crate::agenda::Time;
use crate::call::{Call, CallId, Outcome, Phase, Purpose};
use crate::data::{Carried, Fill, Held, Seen};
use crate::event::{Event, NodeIx};
use crate::network::Done;
use crate::plan::Progress;
use crate::random::{self, Sampler, Stream, unit_exponential};
use crate::world::{Delay, World};
use design::kinds::cache as spec;
use design::kinds::client::Effect;
use design::link::OnWrite;
use flights::Flights;
use leases::Leases;

/// A cache of a run.
#[derive(Clone, Debug)]
pub struct Cache {
    node: NodeIx,
    spec: Box<spec::Cache>,
    time: Sampler,
    store: Store,
    flights: Box<Flights>,
    /// Lease tokens, if fills need one.
    leases: Option<Box<Leases>>,
    /// Keys written here and not yet at the origin, with the record that will write them there.
    unwritten: ByKey<CallId>,
    /// By pending write: the earlier writes of its key that it includes.
    earlier: Vec<Vec<Carried>>,
    /// Look-aside with early expiry: when a caller received a miss and began to load a key.
    asked: ByKey<Time>,
    /// Offset of its clock, in ns; positive is ahead.
    clock: i64,
    lease: Delay,
    /// With leases limited per key: the time between two tokens of a key.
    lease_interval: Option<Delay>,
    write_delay: Delay,
    times: Stream,
    ttl: Stream,
    hits: Stream,
    early: Stream,
    flushes: Stream,
    /// Counts of look-ups and entries.
    pub tally: CacheTally,
}

/// Counts of a cache's look-ups and entries, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheTally {
    /// Entries found too old to serve.
    pub expirations: u64,
    /// Hits on entries that had expired.
    pub stale_served: u64,
    /// Misses that waited for another look-up's load.
    pub coalesced: u64,
    /// Loads in the background.
    pub refreshes: u64,
    /// Look-ups that loaded an entry again before it expired.
    pub early: u64,
    /// Fills whose token was void.
    pub fills_refused: u64,
    /// Writes that were acknowledged before they reached the origin.
    pub written_behind: u64,
    /// Sum of the ages of everything that was served before it expired, in ns; wraps around at 2⁶⁴.
    pub served_age: u64,
}

/// Returns a number between 0 and 1 for a key, evenly distributed, and different for every salt.
fn lot(key: u32, salt: u64) -> f64 {
    let mixed = crate::random::splitmix(&mut (salt ^ u64::from(key)));
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// Draws how long an entry may be served, in ns.
fn lifetime(spec: &spec::Cache, stream: &mut Stream) -> u64 {
    match spec.ttl {
        None => u64::MAX,
        Some(ttl) if spec.ttl_jitter == 0.0 => ttl.0,
        Some(ttl) => {
            let spread = 1.0 + spec.ttl_jitter * (2.0 * stream.unit() - 1.0);
            (ttl.0 as f64 * spread) as u64
        }
    }
}

/// Returns the time between two tokens of a key, if leases are limited. A cache that stores no
/// entries has none that callers could wait for.
fn lease_interval(spec: &spec::Cache, cx: &mut World) -> Option<Delay> {
    let is_limited = spec.leases && spec.hit_ratio.is_none();
    let interval = spec.lease_interval.filter(|_| is_limited);
    interval.map(|interval| cx.delay(interval.0))
}

/// The result of a look-up in the store.
enum Found {
    /// An entry to serve, and the versions it is made of.
    Fresh(Seen),
    /// An expired entry that may be served.
    Stale(u32),
    /// No entry, or one that this look-up must load again.
    Missing,
}

impl Cache {
    /// Returns the cache of a design.
    pub fn new(node: NodeIx, spec: &spec::Cache, cx: &mut World) -> Self {
        let (seed, id) = (cx.seed, cx.node(node).id.clone());
        let stream = |purpose| Stream::new(seed, &id, purpose);
        let mut cache = Self {
            node,
            spec: Box::new(spec.clone()),
            time: Sampler::new(&spec.hit_time),
            store: Store::new(spec.eviction, stream(random::Purpose::Eviction)),
            flights: Box::default(),
            leases: spec.leases.then(Box::default),
            unwritten: ByKey::default(),
            earlier: Vec::new(),
            asked: ByKey::default(),
            clock: 0,
            lease: cx.delay(spec.lease_time.0),
            lease_interval: lease_interval(spec, cx),
            write_delay: cx.delay(spec.write_behind_delay.0),
            times: stream(random::Purpose::Service),
            ttl: stream(random::Purpose::Ttl),
            hits: stream(random::Purpose::Hits),
            early: stream(random::Purpose::EarlyExpiry),
            flushes: stream(random::Purpose::Flush),
            tally: CacheTally::default(),
        };
        cache.preload(cx);
        cache
    }

    /// Takes new parameters. A shorter TTL also applies to present entries: with their old TTL,
    /// popular entries might be served until the end of the run.
    pub fn update(&mut self, spec: &spec::Cache, cx: &mut World) {
        let before = self.spec.ttl.map_or(u64::MAX, |ttl| ttl.0);
        let is_shorter = spec.ttl.is_some_and(|ttl| ttl.0 < before);
        *self.spec = spec.clone();
        if is_shorter {
            let (spec, stream) = (&self.spec, &mut self.ttl);
            self.store.shorten(|| lifetime(spec, stream));
        }
        self.time = Sampler::new(&spec.hit_time);
        self.lease = cx.delay(spec.lease_time.0);
        self.lease_interval = lease_interval(spec, cx);
        match spec.leases {
            true => _ = self.leases.get_or_insert_default(),
            false => self.leases = None,
        }
        self.write_delay = cx.delay(spec.write_behind_delay.0);
        self.store.set_eviction(spec.eviction);
        self.store.shrink(spec.capacity);
        if spec.hit_ratio.is_some() {
            self.store.clear();
        }
    }

    /// Fills the cache with the most popular keys at the start; the most popular is the most
    /// recently used.
    fn preload(&mut self, cx: &World) {
        if self.spec.warm == 0.0 || self.spec.hit_ratio.is_some() {
            return;
        }
        let room = u64::from(self.spec.capacity.unwrap_or(PRELOAD_MAX).min(PRELOAD_MAX));
        let count = (self.spec.warm * room.min(cx.keys) as f64) as u32;
        for key in (0..count).rev() {
            self.fill(key, Seen::FIRST, 0, cx.now);
        }
    }

    /// Sets the offset of its clock. Entries expire by this clock, at the moment that was stored
    /// for each.
    pub(crate) fn set_clock(&mut self, clock: i64, now: Time) {
        let step = clock - std::mem::replace(&mut self.clock, clock);
        if step != 0 {
            self.store.step_clock(step, now);
        }
    }

    /// Discards a share of all keys, with everything about them: entries, tokens, unwritten writes.
    pub fn flush_share(&mut self, share: f64, cx: &mut World) {
        if share >= 1.0 {
            return self.flush(cx);
        }
        // The keys of one of several cache nodes: others at each flush.
        let salt = self.flushes.bits();
        let is_lost = |key: u32| lot(key, salt) < share;
        self.store.forget(is_lost);
        if let Some(leases) = &mut self.leases {
            leases.void_where(is_lost);
        }
        self.forget_intervals(is_lost, cx);
        self.forget_unwritten_of(is_lost, cx);
    }

    /// Discards everything.
    pub fn flush(&mut self, cx: &mut World) {
        self.store.clear();
        if let Some(leases) = &mut self.leases {
            leases.void_all();
        }
        self.forget_intervals(|_| true, cx);
        self.forget_unwritten(cx);
    }

    /// Returns the number of entries.
    pub fn entries(&self) -> usize {
        self.store.len()
    }

    fn fill(&mut self, key: u32, seen: Seen, load: u64, now: Time) {
        if self.spec.hit_ratio.is_some() {
            return;
        }
        let value = Value {
            seen,
            lifetime: lifetime(&self.spec, &mut self.ttl),
            load,
        };
        self.store.fill(key, now, value, self.spec.capacity);
    }

    /// Returns whether it accepts fills and invalidations. During an outage they are refused, like
    /// look-ups; during a hang they are lost.
    fn hears(&self, cx: &World) -> bool {
        // A cache that an edit removed has no replica left.
        let replica = cx.node(self.node).replicas.first();
        replica.is_some_and(|replica| replica.is_up && !replica.is_out && !replica.is_deaf)
    }

    fn is_read_through(&self, cx: &World) -> bool {
        !cx.node(self.node).plan.stages.is_empty()
    }

    #[inline]
    fn look_up(&mut self, key: u32, now: Time) -> Found {
        if let Some(ratio) = self.spec.hit_ratio {
            return match self.hits.chance(ratio) {
                true => Found::Fresh(Seen::NOTHING),
                false => Found::Missing,
            };
        }
        let Some(place) = self.store.find(key) else {
            return match self.is_ahead(key) {
                true => Found::Fresh(Seen::NOTHING),
                false => Found::Missing,
            };
        };
        let entry = self.store.entry(place);
        if entry.expires <= now {
            return self.expired(key, place, now);
        }
        if let Some(early) = &self.spec.early_expiry {
            let ahead = entry.load as f64 * early.beta * unit_exponential(&mut self.early);
            if ahead >= (entry.expires - now) as f64 && self.flights.get(key).is_none() {
                self.tally.early += 1;
                return Found::Missing;
            }
        }
        let age = now - entry.filled;
        self.tally.served_age = self.tally.served_age.wrapping_add(age);
        self.store.read(place);
        if self.spec.sliding_ttl {
            let entry = self.store.entry_mut(place);
            entry.expires = now.saturating_add(entry.lifetime);
        }
        Found::Fresh(self.store.entry(place).seen)
    }

    #[cold]
    fn expired(&mut self, key: u32, place: u32, now: Time) -> Found {
        // An entry that the origin does not have yet never expires.
        if self.is_ahead(key) {
            self.store.read(place);
            return Found::Fresh(self.store.entry(place).seen);
        }
        let ends = |grace| self.store.entry(place).expires.saturating_add(grace);
        if self
            .spec
            .stale_while_revalidate
            .is_some_and(|grace| now < ends(grace.0))
        {
            return Found::Stale(place);
        }
        self.tally.expirations += 1;
        self.store.remove(place);
        Found::Missing
    }

    #[inline(always)]
    fn count(&mut self, is_measured: bool, is_hit: bool, cx: &mut World) {
        let tally = &mut cx.node_mut(self.node).tally;
        let count = match is_hit {
            true => &mut tally.hits,
            false => &mut tally.misses,
        };
        count[0] += 1;
        count[1] += u64::from(is_measured);
    }
}

/// Maximum number of entries of a warm start: the largest capacity.
const PRELOAD_MAX: u32 = 10_000_000;

impl Component for Cache {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        let call = &mut cx.calls[id];
        if call.operation == Call::NO_OPERATION {
            return cx.answer(id, Outcome::Ok);
        }
        call.phase = Phase::Serving;
        let work = self.time.draw_here(&mut self.times);
        cx.after(cx.slowed(work, self.node, 0), Event::Served(id));
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        if matches!(call.purpose, Purpose::Background) {
            return self.due(id, cx);
        }
        let (key, is_measured) = (call.key, call.is_measured);
        cx.count_work(id);
        if self.is_read_through(cx) && cx.effect(id) == Effect::Write {
            return self.write(id, cx);
        }
        match self.look_up(key, cx.now) {
            Found::Fresh(seen) => {
                self.count(is_measured, true, cx);
                cx.serve(id, seen);
                cx.answer_here(id, Outcome::Ok);
            }
            Found::Stale(place) => self.serve_stale(id, place, cx),
            Found::Missing => {
                self.count(is_measured, false, cx);
                self.miss(id, cx);
            }
        }
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        match cx.continue_plan(job, &done) {
            Progress::Waiting => {}
            Progress::Finished(outcome) => self.finished(job, outcome, cx),
        }
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        if let Event::Invalidate { key, .. } = event
            && self.hears(cx)
        {
            if let Some(place) = self.store.find(key) {
                self.store.remove(place);
            }
            if self.leases.is_some() {
                self.void_lease(key, cx);
            }
        }
    }

    fn crash(&mut self, _replica: u32, _cx: &mut World) {
        self.store.clear();
        self.flights.clear();
        if let Some(leases) = &mut self.leases {
            leases.void_all();
        }
        self.unwritten.clear();
        self.asked.clear();
        self.earlier.clear();
    }

    fn hold(&self, now: Time, held: &mut Held) {
        for (key, seen) in self.versions(now) {
            held.seen(key, seen);
        }
        for carried in self.earlier.iter().flatten() {
            held.op(carried.op);
        }
    }
}
