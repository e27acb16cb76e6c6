//! Relays: committed writes on their way to queues (the outbox pattern, or change data capture).
//!
//! At a fixed interval, a relay takes the oldest writes that the queue does not have and publishes
//! them. A write that is not accepted is published again. Pending writes survive crashes. A member
//! that dies does not know which ones the queue had accepted, so those are published twice.

use super::router::View;
use super::*;
use crate::data::{Carried, Seen};
use crate::measure::{Gauge, Histogram};
use std::collections::VecDeque;

/// A write to be published.
#[derive(Clone, Debug)]
struct Note {
    number: u64,
    operation: u32,
    key: u32,
    is_measured: bool,
    made: u64,
    carried: Carried,
}

/// A link from a database to a queue.
#[derive(Clone, Debug)]
pub struct Relay {
    pub(super) link: LinkIx,
    poll: u64,
    batch: u32,
    waiting: VecDeque<Note>,
    /// Those that the queue has not accepted yet, and the jobs that publish them.
    sent: Vec<(CallId, Note)>,
    is_due: bool,
    /// Number of noted writes, and of those that the queue accepted, over the whole run.
    pub noted: u64,
    /// See `noted`.
    pub accepted: u64,
    /// Writes held.
    pub level: Gauge,
    /// From the commit to the queue's acceptance (measured).
    pub lag: Histogram,
}

impl Relay {
    /// Returns the number of writes that the queue does not have.
    pub fn held(&self) -> u64 {
        (self.waiting.len() + self.sent.len()) as u64
    }

    fn keep(&mut self, note: Note) {
        let place = self
            .waiting
            .partition_point(|other| other.number < note.number);
        self.waiting.insert(place, note);
    }
}

impl Database {
    /// Takes links to queues, with the interval and the batch size. Known ones keep their writes.
    pub(crate) fn take_relays(&mut self, links: Vec<(LinkIx, u64, u32)>, cx: &mut World) {
        let mut old = std::mem::take(&mut self.members.relays);
        for (link, poll, batch) in links {
            let known = old.iter().position(|relay| relay.link == link);
            let mut relay = match known {
                Some(place) => old.swap_remove(place),
                None => Relay {
                    link,
                    poll,
                    batch,
                    waiting: VecDeque::new(),
                    sent: Vec::new(),
                    is_due: false,
                    noted: 0,
                    accepted: 0,
                    level: Gauge::default(),
                    lag: Histogram::default(),
                },
            };
            (relay.poll, relay.batch) = (poll, batch);
            self.members.relays.push(relay);
        }
        for gone in old {
            cx.messages -= gone.held();
        }
        self.has_relays = !self.members.relays.is_empty();
    }

    /// Adds a committed write to the relays.
    #[cold]
    pub(super) fn note_for_relays(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let (operation, key, is_measured) = (call.operation, call.key, call.is_measured);
        let Some((store, version)) = cx.seen(id).iter().next() else {
            return;
        };
        let mut carried = cx.kept(id).unwrap_or(Carried::NOTHING);
        (carried.message, carried.version) = (0, Seen::of(store, version));
        for place in 0..self.members.relays.len() {
            let relay = &mut self.members.relays[place];
            relay.noted += 1;
            relay.waiting.push_back(Note {
                number: relay.noted,
                operation,
                key,
                is_measured,
                made: cx.now,
                carried,
            });
            relay.level.up(cx.now);
            cx.messages += 1;
            self.schedule_poll(place, cx);
        }
    }

    fn schedule_poll(&mut self, place: usize, cx: &mut World) {
        let relay = &mut self.members.relays[place];
        if !std::mem::replace(&mut relay.is_due, true) {
            let next = (cx.now / relay.poll + 1) * relay.poll;
            let event = Event::Relay {
                node: self.node,
                link: relay.link.0,
            };
            cx.at(next, event);
        }
    }

    /// Publishes the pending writes of a relay.
    #[cold]
    pub(super) fn poll(&mut self, link: LinkIx, cx: &mut World) {
        let relays = &mut self.members.relays;
        let Some(place) = relays.iter().position(|relay| relay.link == link) else {
            return;
        };
        relays[place].is_due = false;
        let member = self.relaying_member(cx);
        if let Some(member) = member {
            self.take_over_relay(place, member, cx);
        }
        if let Some(member) = member.filter(|_| self.members.relays[place].sent.is_empty()) {
            let relay = &mut self.members.relays[place];
            let count = relay.waiting.len().min(relay.batch as usize);
            let batch: Vec<Note> = relay.waiting.drain(..count).collect();
            let jobs = batch.into_iter().map(|note| {
                let mut job = Call::new(Purpose::Background, self.node, LinkIx::NONE);
                (job.operation, job.key) = (note.operation, note.key);
                (job.is_measured, job.is_awaited) = (note.is_measured, false);
                (job.replica, job.slot_since) = (member, Call::NO_SLOT);
                (job.phase, job.started) = (Phase::Planning, cx.now);
                let id = cx.calls.insert_root(job);
                cx.needed.begin(id);
                cx.carry(id, note.carried);
                (id, note)
            });
            relay.sent = jobs.collect();
            let ids: Vec<CallId> = relay.sent.iter().map(|(id, _)| *id).collect();
            ids.into_iter().for_each(|id| cx.call(id, link));
        }
        if self.members.relays[place].held() > 0 {
            self.schedule_poll(place, cx);
        }
    }

    /// Returns the member that publishes: a running leader.
    fn relaying_member(&self, cx: &World) -> Option<u32> {
        let mut members = 0..self.stations.len() as u32;
        let replication = self.members.replication.as_ref();
        let leads = |member: u32| replication.is_none_or(|known| known.leads(member));
        let node = self.node;
        members.find(|member| View { node, cx }.runs(*member) && leads(*member))
    }

    /// Makes another member publish. The pending publications of a frozen one are ignored.
    fn take_over_relay(&mut self, place: usize, member: u32, cx: &mut World) {
        let node = self.node;
        let is_stuck = |entry: &mut (CallId, Note)| {
            let sender = cx.calls.get(entry.0).map(|job| job.replica);
            sender.is_some_and(|it| it != member && !View { node, cx }.runs(it))
        };
        let relay = &mut self.members.relays[place];
        let stuck: Vec<_> = relay.sent.extract_if(.., is_stuck).collect();
        for (job, note) in stuck {
            cx.calls.remove(job);
            relay.keep(note);
        }
    }

    /// Handles a write that a queue has accepted or failed to accept; then it is published again.
    #[cold]
    pub(super) fn published(&mut self, job: CallId, done: Done, cx: &mut World) {
        cx.calls.remove(job);
        let mut relays = self.members.relays.iter_mut();
        let Some(relay) = relays.find(|relay| relay.link == done.link) else {
            return;
        };
        let Some(place) = relay.sent.iter().position(|(id, _)| *id == job) else {
            return;
        };
        let (_, note) = relay.sent.swap_remove(place);
        if !done.outcome.is_answer() {
            return relay.keep(note);
        }
        relay.accepted += 1;
        relay.level.down(cx.now);
        cx.messages -= 1;
        if note.is_measured {
            relay.lag.add(cx.now - note.made);
        }
    }

    /// Handles members that died: the results of their publications are unknown.
    pub(super) fn take_back(&mut self, cx: &World) {
        for relay in &mut self.members.relays {
            let is_gone = |entry: &mut (CallId, Note)| cx.calls.get(entry.0).is_none();
            let gone: Vec<_> = relay.sent.extract_if(.., is_gone).collect();
            gone.into_iter().for_each(|(_, note)| relay.keep(note));
        }
    }

    pub(super) fn hold_notes(&self, held: &mut Held) {
        for relay in &self.members.relays {
            let sent = relay.sent.iter().map(|(_, note)| note);
            for note in relay.waiting.iter().chain(sent) {
                held.message(note.key, &note.carried);
            }
        }
    }
}
