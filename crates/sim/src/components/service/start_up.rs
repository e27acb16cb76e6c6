//! Work of a process before it accepts calls: it takes its time, then makes calls, one by one.
//!
//! The work is a job without a slot. A call that fails is repeated. A crash ends the start-up, and
//! it begins again when the process does.

use super::Service;
use crate::agenda::Time;
use crate::call::{Call, CallId, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::random::{self, Sampler, Stream};
use crate::world::{Replica, StartUp, World};
use design::{Design, Kind};
use std::collections::BTreeMap;

/// Pause before a failed call is repeated.
const PAUSE: Time = 1_000_000_000;
/// As the stage of a job: behind all stages of a plan.
const NO_STAGE: u32 = 0x7fff_ffff;

/// What the processes of a service do before they accept calls.
#[derive(Clone, Debug)]
pub struct StartUps {
    pub(crate) time: Sampler,
    pub(crate) stream: Stream,
    /// Links, and the number of calls over each, in the order of the design.
    pub(crate) links: Vec<(LinkIx, u32)>,
}

impl World {
    /// Determines what the processes of services do when they start.
    pub(crate) fn place_start_ups(&mut self, design: &Design) {
        let mut links: BTreeMap<&str, Vec<(LinkIx, u32)>> = BTreeMap::new();
        for link in design.links.iter().filter(|link| link.start_calls > 0) {
            let place = self.link_places[&link.id];
            links
                .entry(&link.from)
                .or_default()
                .push((place, link.start_calls));
        }
        for node in &design.nodes {
            let Kind::Service(service) = &node.kind else {
                continue;
            };
            let links = links.remove(node.id.as_str()).unwrap_or_default();
            let (place, seed) = (self.node_places[&node.id], self.seed);
            let state = &mut self.nodes[place.0 as usize];
            let known = state.start_ups.take();
            let time = service.start_up.as_ref();
            if time.is_none() && links.is_empty() {
                continue;
            }
            let fresh = || Stream::new(seed, &node.id, random::Purpose::StartUp);
            state.start_ups = Some(Box::new(StartUps {
                time: time.map_or(Sampler::Const(0), Sampler::new),
                stream: known.map_or_else(fresh, |known| known.stream),
                links,
            }));
        }
    }

    /// Begins the start-up of a process. Returns false if its node has none.
    pub(crate) fn begin_start_up(&mut self, node: NodeIx, replica: u32) -> bool {
        let Some(start_ups) = &mut self.nodes[node.0 as usize].start_ups else {
            return false;
        };
        let time = start_ups.time.draw(&mut start_ups.stream);
        let mut job = Call::new(Purpose::Background, node, LinkIx::NONE);
        (job.replica, job.operation, job.stage) = (replica, Call::START_UP, NO_STAGE);
        (job.phase, job.slot_since, job.is_awaited) = (Phase::Planning, Call::NO_SLOT, false);
        (job.is_measured, job.started) = (self.now >= self.warmup, self.now);
        // The link at its place, and the number of calls it has made over it.
        (job.place, job.remaining) = (0, 0);
        let job = self.calls.insert(job);
        self.calls[job].root = job;
        self.needed.begin(job);
        let state = &mut self.node_mut(node).replicas[replica as usize];
        state.start_up = StartUp::UnderWay(job);
        self.after(time, Event::Step(job));
        true
    }

    /// Makes the next call of a start-up; after the last one, the process is ready.
    fn go_on_starting(&mut self, job: CallId) {
        let (node, replica) = (self.calls[job].node, self.calls[job].replica);
        let now = self.now;
        let state = &mut self.nodes[node.0 as usize];
        let process = state.replicas.get_mut(replica as usize);
        let is_its = |process: &&mut Replica| process.start_up == StartUp::UnderWay(job);
        let Some(process) = process.filter(is_its) else {
            // It crashed, or was removed.
            return self.calls.remove(job);
        };
        let call = &mut self.calls[job];
        let links = state.start_ups.as_ref().map_or(&[][..], |it| &it.links);
        while links
            .get(call.place as usize)
            .is_some_and(|(_, calls)| call.remaining >= *calls)
        {
            (call.place, call.remaining) = (call.place + 1, 0);
        }
        let Some((link, _)) = links.get(call.place as usize).copied() else {
            (process.start_up, process.due) = (StartUp::Done, now);
            if call.is_measured {
                state.tally.start_ups.add(now - call.started);
            }
            self.calls.remove(job);
            return self.at(now, Event::Replica { node, replica });
        };
        let keys = self.keys.clamp(1, u64::from(u32::MAX)) as u32;
        call.key = call.remaining % keys;
        (call.pending, call.missed) = (1, 0);
        (call.is_degraded, call.saw_miss) = (false, false);
        self.call_once(job, link);
    }
}

impl Service {
    /// Continues a start-up whose time or pause is over.
    pub(super) fn continue_start_up(&mut self, job: CallId, cx: &mut World) {
        cx.go_on_starting(job);
    }

    /// Handles the end of a call of a start-up.
    #[cold]
    pub(super) fn start_up_called(&mut self, job: CallId, outcome: Outcome, cx: &mut World) {
        if !outcome.is_answer() {
            return cx.after(PAUSE, Event::Step(job));
        }
        cx.calls[job].remaining += 1;
        cx.go_on_starting(job);
    }
}
