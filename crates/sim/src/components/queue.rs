//! Message queues: at least once, with visibility timeout, max receives and dead letters.
//!
//! After Amazon SQS: a delivered message is invisible until it is acknowledged or its visibility
//! timeout runs out. A consumer that fails does not acknowledge, so a failed message comes back
//! after the timeout, not at once. Consumers compete; the queue outlives a crash of its own node.

use super::Component;
use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::data::{Carried, Held};
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::Gauge;
use crate::network::Done;
use crate::world::{Delay, Replica, World};
use design::kinds::queue::{self as spec, Delivery, Overflow};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct Message {
    operation: u32,
    key: u32,
    is_measured: bool,
    published: Time,
    receives: u32,
    carried: Carried,
}

/// As a delivery's place: its message is no longer its own.
const NO_MESSAGE: u32 = u32::MAX;

/// What became of a queue's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageTally {
    /// Accepted.
    pub published: u64,
    /// Deliveries, each time again.
    pub received: u64,
    /// Acknowledged, or handed over where that is all that is promised.
    pub acknowledged: u64,
    /// Given up and passed to the dead-letter link.
    pub dead_lettered: u64,
    /// Given up without one, dropped by overflow, or lost by at-most-once delivery.
    pub dropped: u64,
}

/// A queue of a run.
#[derive(Clone, Debug)]
pub struct Queue {
    node: NodeIx,
    spec: spec::Queue,
    visibility: Delay,
    messages: Vec<Option<Message>>,
    free: Vec<u32>,
    ready: VecDeque<u32>,
    /// Consumers, with their deliveries in flight.
    consumers: Vec<(LinkIx, u32)>,
    dead_letters: Option<LinkIx>,
    next_consumer: usize,
    /// Messages waiting to be delivered.
    pub waiting: Gauge,
    /// What became of the messages.
    pub tally: MessageTally,
}

impl Queue {
    /// Of a design.
    pub fn new(node: NodeIx, spec: &spec::Queue, cx: &mut World) -> Self {
        Self {
            node,
            spec: spec.clone(),
            visibility: cx.delay(spec.visibility_timeout.0),
            messages: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            consumers: Vec::new(),
            dead_letters: None,
            next_consumer: 0,
            waiting: Gauge::default(),
            tally: MessageTally::default(),
        }
    }

    /// New parameters; [`Self::connect`] follows.
    pub fn update(&mut self, spec: &spec::Queue, cx: &mut World) {
        self.spec = spec.clone();
        self.visibility = cx.delay(spec.visibility_timeout.0);
    }

    /// Takes the links as they are now.
    pub fn connect(
        &mut self,
        consumers: Vec<LinkIx>,
        dead_letters: Option<LinkIx>,
        cx: &mut World,
    ) {
        let old = std::mem::take(&mut self.consumers);
        let in_flight = |link| {
            old.iter()
                .find(|(known, _)| *known == link)
                .map_or(0, |(_, count)| *count)
        };
        self.consumers = consumers
            .into_iter()
            .map(|link| (link, in_flight(link)))
            .collect();
        self.dead_letters = dead_letters;
        self.pump(cx);
    }

    /// Messages accepted and not yet acknowledged, dead-lettered or dropped.
    pub fn held(&self) -> u64 {
        (self.messages.len() - self.free.len()) as u64
    }

    /// When the oldest waiting message was published.
    pub fn oldest(&self) -> Option<Time> {
        self.ready
            .front()
            .and_then(|place| self.messages[*place as usize].as_ref())
            .map(|message| message.published)
    }

    /// Delivers while there is a message and a consumer with room.
    pub fn pump(&mut self, cx: &mut World) {
        if !cx
            .node(self.node)
            .replicas
            .first()
            .is_some_and(Replica::serves)
        {
            return;
        }
        while !self.ready.is_empty() {
            let Some(place) = self.free_consumer(cx) else {
                return;
            };
            let Some(message) = self.ready.pop_front() else {
                return;
            };
            self.waiting.down(cx.now);
            cx.waiting -= 1;
            self.deliver(message, place, cx);
        }
    }

    /// The next consumer, in turn, that has room and runs.
    fn free_consumer(&mut self, cx: &World) -> Option<usize> {
        let count = self.consumers.len();
        let place = (0..count)
            .map(|step| (self.next_consumer + step) % count)
            .find(|place| {
                let (link, in_flight) = self.consumers[*place];
                let state = cx.link(link);
                in_flight < state.concurrency
                    && cx.node(state.to).replicas.iter().any(Replica::serves)
            })?;
        self.next_consumer = (place + 1) % count;
        Some(place)
    }

    fn deliver(&mut self, place: u32, consumer: usize, cx: &mut World) {
        let Some(message) = &mut self.messages[place as usize] else {
            return;
        };
        message.receives += 1;
        self.tally.received += 1;
        let (link, in_flight) = &mut self.consumers[consumer];
        *in_flight += 1;
        let link = *link;
        let mut call = Call::new(Purpose::Delivery, self.node, link);
        (call.operation, call.key, call.is_measured) =
            (message.operation, message.key, message.is_measured);
        (call.place, call.replica, call.phase, call.is_awaited) =
            (place, 0, Phase::Planning, false);
        call.pending = 1;
        let carried = message.carried;
        let id = cx.calls.insert(call);
        cx.carry(id, carried);
        cx.calls[id].root = id;
        cx.needed.begin(id);
        if self.spec.delivery == Delivery::AtMostOnce {
            // Handed over is done, whatever becomes of it.
            self.tally.acknowledged += 1;
            self.forget(place, cx);
            cx.calls[id].place = NO_MESSAGE;
        }
        cx.after_delay(self.visibility, Event::Visibility(id));
        cx.call(id, link);
    }

    fn consumer_freed(&mut self, link: LinkIx) {
        if let Some((_, in_flight)) = self.consumers.iter_mut().find(|(known, _)| *known == link) {
            *in_flight = in_flight.saturating_sub(1);
        }
    }

    fn forget(&mut self, place: u32, cx: &mut World) {
        self.messages[place as usize] = None;
        self.free.push(place);
        cx.messages -= 1;
    }

    /// A delivery was not acknowledged in time: the message is delivered again, or given up.
    fn expire(&mut self, id: CallId, cx: &mut World) {
        let Some(call) = cx.calls.get_mut(id) else {
            return;
        };
        let (place, link) = (call.place, call.link);
        let (is_under_way, was_lost) = (call.phase == Phase::Planning, call.saw_failure);
        call.place = NO_MESSAGE;
        if !is_under_way || was_lost {
            cx.calls.remove(id);
        }
        if is_under_way && was_lost {
            // The consumer never got it, or its answer never came: it has room again.
            self.consumer_freed(link);
        }
        if place == NO_MESSAGE {
            return self.pump(cx);
        }
        let Some(message) = &self.messages[place as usize] else {
            return;
        };
        if self
            .spec
            .max_receives
            .is_some_and(|max| message.receives >= max)
        {
            let (operation, key, is_measured, carried) = (
                message.operation,
                message.key,
                message.is_measured,
                message.carried,
            );
            self.forget(place, cx);
            match self.dead_letters {
                Some(link) => {
                    self.tally.dead_lettered += 1;
                    cx.send_and_forget(link, operation, key, is_measured, carried);
                }
                None => self.tally.dropped += 1,
            }
        } else {
            self.ready.push_back(place);
            self.waiting.up(cx.now);
            cx.waiting += 1;
        }
        self.pump(cx);
    }

    /// Makes room for one more message; false where there is none.
    fn make_room(&mut self, cx: &mut World) -> bool {
        if self
            .spec
            .capacity
            .is_none_or(|capacity| self.held() < u64::from(capacity))
        {
            return true;
        }
        match self.spec.overflow {
            Overflow::Reject => false,
            Overflow::DropOldest => {
                let Some(oldest) = self.ready.pop_front() else {
                    return false;
                };
                self.waiting.down(cx.now);
                cx.waiting -= 1;
                self.tally.dropped += 1;
                self.forget(oldest, cx);
                true
            }
        }
    }
}

impl Component for Queue {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].is_probe() {
            return cx.answer(id, Outcome::Ok);
        }
        if !self.make_room(cx) {
            return cx.answer(id, Outcome::Failed(Cause::Rejected));
        }
        let carried = cx.carried(id);
        let call = &cx.calls[id];
        let (operation, key, is_measured) = (call.operation, call.key, call.is_measured);
        let message = Message {
            carried,
            operation,
            key,
            is_measured,
            published: cx.now,
            receives: 0,
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.messages[place as usize] = Some(message);
                place
            }
            None => {
                self.messages.push(Some(message));
                self.messages.len() as u32 - 1
            }
        };
        self.ready.push_back(place);
        self.waiting.up(cx.now);
        cx.waiting += 1;
        cx.messages += 1;
        self.tally.published += 1;
        cx.answer(id, Outcome::Ok);
        self.pump(cx);
    }

    fn served(&mut self, _call: CallId, _cx: &mut World) {}

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        let (place, link) = (cx.calls[job].place, cx.calls[job].link);
        self.consumer_freed(link);
        match done.outcome {
            // The message is already another delivery's, or nobody's.
            _ if place == NO_MESSAGE => cx.calls.remove(job),
            Outcome::Ok | Outcome::Degraded => {
                self.tally.acknowledged += 1;
                self.forget(place, cx);
                cx.calls.remove(job);
            }
            // Invisible until its timeout runs out.
            Outcome::Failed(_) => cx.calls[job].phase = Phase::Gone,
        }
        self.pump(cx);
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        if let Event::Visibility(id) = event {
            self.expire(id, cx);
        }
    }

    fn crash(&mut self, _replica: u32, _cx: &mut World) {}

    fn hold(&self, _now: Time, held: &mut Held) {
        for message in self.messages.iter().flatten() {
            held.message(message.key, &message.carried);
        }
    }
}
