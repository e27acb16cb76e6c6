//! Databases: connections bound who may ask, concurrency how many are worked on at once.

use super::Component;
use crate::call::{CallId, Cause, Outcome, Purpose};
use crate::event::{Event, NodeIx};
use crate::network::Done;
use crate::random::{self, Sampler, Stream};
use crate::station::{Admission, Station};
use crate::world::World;
use design::kinds::client::Effect;
use design::kinds::database as spec;
use design::kinds::load_balancer::Depth;
use design::kinds::service::Discipline;

/// A database of a run.
#[derive(Clone, Debug)]
pub struct Database {
    node: NodeIx,
    read: Sampler,
    write: Sampler,
    station: Station,
    times: Stream,
}

impl Database {
    /// Of a design.
    pub fn new(node: NodeIx, spec: &spec::Database, cx: &mut World) -> Self {
        let times = Stream::new(cx.seed, &cx.node(node).id, random::Purpose::Service);
        let station = Station::new(None, None, Discipline::Fifo);
        let mut database = Self {
            node,
            read: Sampler::Const(0),
            write: Sampler::Const(0),
            station,
            times,
        };
        database.update(spec, cx);
        database
    }

    /// New parameters.
    pub fn update(&mut self, spec: &spec::Database, cx: &mut World) {
        self.read = Sampler::new(&spec.read_time);
        self.write = Sampler::new(&spec.write_time);
        self.station
            .set_slots(Some(u64::from(spec.concurrency)), cx.now);
        self.station.places = spec
            .connections
            .map(|connections| u64::from(connections.saturating_sub(spec.concurrency)));
        // Fewer connections than concurrency bound the latter.
        if let Some(connections) = spec.connections {
            let slots = spec.concurrency.min(connections);
            self.station.set_slots(Some(u64::from(slots)), cx.now);
        }
        self.fill_slots(cx);
    }

    fn begin(&mut self, id: CallId, cx: &mut World) {
        let work = match (cx.calls[id].purpose, cx.effect(id)) {
            (Purpose::Probe(_), _) => 0,
            (_, Effect::Read) => self.read.draw(&mut self.times),
            (_, Effect::Write) => self.write.draw(&mut self.times),
        };
        cx.count_wait(id);
        cx.after(cx.slowed(work, self.node, 0), Event::Served(id));
    }

    fn fill_slots(&mut self, cx: &mut World) {
        while let Some(next) = self.station.next(&mut cx.calls, cx.now) {
            cx.waiting -= 1;
            self.begin(next, cx);
        }
    }
}

impl Component for Database {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].purpose == Purpose::Probe(Depth::Tcp) {
            return cx.answer(id, Outcome::Ok);
        }
        self.station.arrivals += u64::from(cx.calls[id].is_measured);
        match self.station.admit(id, &mut cx.calls, cx.now) {
            Admission::Slot => self.begin(id, cx),
            Admission::Queued => cx.waiting += 1,
            // "Too many connections": the server refuses, as PostgreSQL does.
            Admission::Full => cx.answer(id, Outcome::Failed(Cause::Refused)),
        }
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        let since = cx.calls[id].slot_since;
        if !cx.calls[id].is_probe() {
            match cx.effect(id) {
                Effect::Read => cx.read_store(id),
                Effect::Write => cx.apply_write(id),
            }
        }
        cx.answer(id, Outcome::Ok);
        self.station.working.down(cx.now);
        self.station.release(since, cx.now);
        self.fill_slots(cx);
    }

    fn done(&mut self, _job: CallId, _done: Done, _cx: &mut World) {}

    fn timer(&mut self, _event: Event, _cx: &mut World) {}

    fn crash(&mut self, _replica: u32, cx: &mut World) {
        cx.waiting -= self.station.queued.level();
        self.station.clear(cx.now);
    }

    fn stations(&self) -> &[Station] {
        std::slice::from_ref(&self.station)
    }

    fn stations_mut(&mut self) -> &mut [Station] {
        std::slice::from_mut(&mut self.station)
    }
}
