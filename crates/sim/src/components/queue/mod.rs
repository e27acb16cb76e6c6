//! Message queues: at-least-once delivery, with visibility timeout, max receives and dead letters;
//! competing consumers or several subscribers; unordered, or ordered within each partition.
//!
//! After Amazon SQS: a delivered message is invisible until it is acknowledged or its visibility
//! timeout expires. A consumer that fails does not acknowledge, so a failed message returns after
//! the timeout, unless `redelivery` says sooner. Partitions follow Kafka: one message of a
//! partition is in flight at a time, at the replica to which the group assigned the partition.

mod again;
mod deliver;
mod group;
mod oldest;
mod poison;
mod poll;
mod shape;
mod subscription;

pub use again::{Again, ByReason, REASONS};
pub use oldest::OldestAge;
pub use subscription::Subscription;

use super::Component;
use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Detail, Outcome, Phase, Purpose};
use crate::data::{Carried, Held};
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::{Gauge, Histogram};
use crate::network::Done;
use crate::policies::Backoff;
use crate::random::{self, Stream};
use crate::world::{Delay, Replica, World};
use design::kinds::queue::{self as spec, Delivery, Overflow};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct Message {
    operation: u32,
    key: u32,
    /// Its subscription: every subscriber has its own copy.
    subscription: u32,
    receives: u32,
    published: Time,
    is_measured: bool,
    /// Whether it waits to be delivered: it is neither with a consumer nor invisible.
    is_ready: bool,
    /// Whether every attempt at it fails.
    is_poison: bool,
    /// Why it was delivered more than once, the last time.
    again: Again,
    carried: Carried,
}

/// As a delivery's place: the message is no longer its own.
const NO_MESSAGE: u32 = u32::MAX;

/// Counts of a queue's messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageTally {
    /// Accepted.
    pub published: u64,
    /// Kept for a subscriber: with several of them, a message counts for each.
    pub kept: u64,
    /// Deliveries, repeated ones included.
    pub delivered: u64,
    /// Of those, deliveries of messages that had been delivered before.
    pub redelivered: u64,
    /// The same, by reason.
    pub redelivered_after: ByReason,
    /// Deliveries not acknowledged within the visibility timeout.
    pub expired: u64,
    /// Acknowledged, or handed over if at-most-once delivery is promised.
    pub acknowledged: u64,
    /// Abandoned and passed to the dead-letter link.
    pub dead_lettered: u64,
    /// Abandoned without one, dropped by overflow, or left by a subscriber that an edit removed.
    pub dropped: u64,
    /// Lost with the memory of a queue that is not durable.
    pub lost: u64,
}

/// A queue of a run.
#[derive(Clone, Debug)]
pub struct Queue {
    node: NodeIx,
    spec: Box<spec::Queue>,
    visibility: Delay,
    /// Maximum time that a reader of partitions works on a message.
    poll_interval: Option<Delay>,
    /// Pauses before a failed message is redelivered; `None` waits for the visibility timeout.
    redelivery: Option<Backoff>,
    messages: Vec<Option<Message>>,
    free: Vec<u32>,
    subscriptions: Vec<Subscription>,
    dead_letters: Option<LinkIx>,
    /// Publishers that wait for room.
    blocked: VecDeque<CallId>,
    /// Number of future messages that will be poison.
    to_poison: u32,
    poison: Stream,
    sessions: Stream,
    /// Messages waiting to be delivered.
    pub waiting: Gauge,
    /// The counts of messages.
    pub tally: MessageTally,
    /// From publishing to the first delivery (measured).
    pub wait: Box<Histogram>,
    /// The age of the oldest message that waits.
    pub oldest_age: Box<OldestAge>,
}

impl Queue {
    /// Returns the queue of a design.
    pub fn new(node: NodeIx, spec: &spec::Queue, cx: &mut World) -> Self {
        let (seed, id) = (cx.seed, cx.node(node).id.clone());
        Self {
            node,
            spec: Box::new(spec.clone()),
            visibility: cx.delay(spec.visibility_timeout.0),
            poll_interval: poll_interval(spec, cx),
            redelivery: redelivery(spec),
            messages: Vec::new(),
            free: Vec::new(),
            subscriptions: Vec::new(),
            dead_letters: None,
            blocked: VecDeque::new(),
            to_poison: 0,
            poison: Stream::new(seed, &id, random::Purpose::Poison),
            sessions: Stream::new(seed, &id, random::Purpose::Sessions),
            waiting: Gauge::default(),
            tally: MessageTally::default(),
            wait: Box::default(),
            oldest_age: Box::default(),
        }
    }

    /// Takes new parameters. [`Self::connect`] must follow.
    pub fn update(&mut self, spec: &spec::Queue, cx: &mut World) {
        *self.spec = spec.clone();
        self.visibility = cx.delay(spec.visibility_timeout.0);
        self.poll_interval = poll_interval(spec, cx);
        self.redelivery = redelivery(spec);
    }

    /// Returns the number of messages accepted and not yet acknowledged, dead-lettered, dropped or
    /// lost.
    pub fn held(&self) -> u64 {
        (self.messages.len() - self.free.len()) as u64
    }

    /// Returns when the oldest waiting message was published.
    pub fn oldest(&self) -> Option<Time> {
        let heads = self.subscriptions.iter().flat_map(Subscription::heads);
        heads
            .filter_map(|place| self.messages[place as usize].as_ref())
            .map(|message| message.published)
            .min()
    }

    /// Returns every subscription: one if consumers compete, one per consumer if each receives all
    /// messages.
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Returns whether waiting and delivered messages add up to what each subscription holds: a
    /// law.
    pub(crate) fn is_in_order(&self) -> bool {
        let held = |state: &Subscription| {
            let lanes = state.lanes.iter();
            let here = lanes.map(|lane| lane.ready.len() as u64 + u64::from(lane.out));
            here.sum::<u64>() == state.held
        };
        let waiting = self.subscriptions.iter().flat_map(|state| &state.lanes);
        let waiting: u64 = waiting.map(|lane| lane.ready.len() as u64).sum();
        self.subscriptions.iter().all(held) && waiting == self.waiting.level()
    }

    /// Returns the number of publishers that wait for room.
    pub fn blocked(&self) -> usize {
        self.blocked.len()
    }

    /// Makes the next accepted messages poison: every attempt at them fails.
    pub fn poison_next(&mut self, messages: u32) {
        self.to_poison = self.to_poison.saturating_add(messages);
    }

    fn is_up(&self, cx: &World) -> bool {
        let replicas = &cx.node(self.node).replicas;
        replicas.first().is_some_and(Replica::serves)
    }

    /// Updates the oldest message after a change of the waiting ones.
    #[inline]
    fn look_at_oldest(&mut self, now: Time) {
        let oldest = self.oldest();
        self.oldest_age.set(now, oldest);
    }

    fn fills(&self, subscription: &Subscription) -> bool {
        let capacity = self.spec.capacity.map(u64::from);
        capacity.is_some_and(|capacity| subscription.held >= capacity)
    }

    /// Returns whether some subscription has no room for one more.
    fn is_full(&self) -> bool {
        let mut subscriptions = self.subscriptions.iter();
        subscriptions.any(|subscription| self.fills(subscription))
    }

    /// Returns whether every subscription has room for one more; makes room if that is the policy.
    fn make_room(&mut self, cx: &mut World) -> bool {
        if !self.is_full() {
            return true;
        }
        if self.spec.overflow != Overflow::DropOldest {
            return false;
        }
        for place in 0..self.subscriptions.len() {
            if !self.fills(&self.subscriptions[place]) {
                continue;
            }
            let Some(oldest) = self.take_oldest(place, cx) else {
                return false;
            };
            self.tally.dropped += 1;
            self.forget(oldest, cx);
        }
        true
    }

    /// Accepts a message, for every subscriber.
    fn publish(&mut self, id: CallId, cx: &mut World) {
        let carried = cx.carried(id);
        let call = &cx.calls[id];
        let is_poison = match self.to_poison {
            0 => self.poison.chance(self.spec.poison),
            _ => {
                self.to_poison -= 1;
                true
            }
        };
        let message = Message {
            operation: call.operation,
            key: call.key,
            subscription: 0,
            receives: 0,
            published: cx.now,
            is_measured: call.is_measured,
            is_ready: false,
            is_poison,
            again: Again::Failure,
            carried,
        };
        self.tally.published += 1;
        for subscription in 0..self.subscriptions.len() as u32 {
            let copy = Message {
                subscription,
                ..message.clone()
            };
            let place = match self.free.pop() {
                Some(place) => {
                    self.messages[place as usize] = Some(copy);
                    place
                }
                None => {
                    self.messages.push(Some(copy));
                    self.messages.len() as u32 - 1
                }
            };
            self.tally.kept += 1;
            cx.messages += 1;
            self.subscriptions[subscription as usize].held += 1;
            self.queue(place, End::Back, cx);
        }
    }

    /// Accepts messages of publishers that waited for room, as far as there is some.
    #[cold]
    fn admit_blocked(&mut self, cx: &mut World) {
        while let Some(id) = self.blocked.front().copied() {
            let is_there = cx
                .calls
                .get(id)
                .is_some_and(|call| call.phase == Phase::Queued && call.node == self.node);
            if is_there && !self.make_room(cx) {
                return;
            }
            self.blocked.pop_front();
            cx.waiting -= 1;
            if !is_there {
                continue;
            }
            // A publisher that has timed out does not publish; one that never waited for an answer
            // does.
            let call = &cx.calls[id];
            if call.is_awaited || cx.link(call.link).is_unawaited {
                self.publish(id, cx);
                cx.answer(id, Outcome::Ok);
            } else {
                cx.answer_with(id, Cause::Rejected, Detail::QueueFull);
            }
        }
    }

    fn forget(&mut self, place: u32, cx: &mut World) {
        if let Some(message) = self.messages[place as usize].take() {
            self.subscriptions[message.subscription as usize].held -= 1;
            self.free.push(place);
            cx.messages -= 1;
        }
    }

    /// Lets publishers and messages advance after room or consumers may have become free.
    fn settle(&mut self, cx: &mut World) {
        loop {
            if !self.blocked.is_empty() {
                self.admit_blocked(cx);
            }
            self.deliver_all(cx);
            // A message that is handed over at most once, or abandoned, has made room.
            if self.blocked.is_empty() || self.is_full() {
                break;
            }
        }
        self.look_at_oldest(cx.now);
    }
}

/// An end of the waiting messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

fn poll_interval(spec: &spec::Queue, cx: &mut World) -> Option<Delay> {
    let interval = spec.max_poll_interval.filter(|_| spec.partitions.is_some());
    interval.map(|interval| cx.delay(interval.0))
}

fn redelivery(spec: &spec::Queue) -> Option<Backoff> {
    use design::link::{self, Jitter};
    let backoff = match &spec.redelivery {
        spec::Redelivery::OnTimeout => return None,
        spec::Redelivery::AtOnce => link::Backoff::None,
        spec::Redelivery::Constant(pause) => link::Backoff::Constant(*pause),
        spec::Redelivery::Exponential(pause) => link::Backoff::Exponential(pause.clone()),
    };
    Some(Backoff::new(&link::Retry {
        backoff,
        jitter: Jitter::None,
        ..link::Retry::default()
    }))
}

impl Component for Queue {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].is_probe() {
            return cx.answer(id, Outcome::Ok);
        }
        if !self.make_room(cx) {
            if self.spec.overflow == Overflow::Block {
                cx.calls[id].phase = Phase::Queued;
                cx.waiting += 1;
                return self.blocked.push_back(id);
            }
            return cx.answer_with(id, Cause::Rejected, Detail::QueueFull);
        }
        self.publish(id, cx);
        cx.answer(id, Outcome::Ok);
        self.deliver_all(cx);
        self.look_at_oldest(cx.now);
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        // A consumer's session has expired.
        let call = &cx.calls[id];
        let (subscription, member, since) = (call.stage, call.place, call.arrived);
        cx.calls.remove(id);
        self.miss_member(subscription as usize, member as usize, since, cx);
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        self.concluded(job, &done, cx);
        self.settle(cx);
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        match event {
            Event::Visibility(id) => self.expire(id, cx),
            Event::Step(id) => self.overrun(id, cx),
            _ => return,
        }
        self.settle(cx);
    }

    fn crash(&mut self, _replica: u32, cx: &mut World) {
        cx.waiting -= self.blocked.len() as u64;
        self.blocked.clear();
        self.forget_deliveries(cx);
        if !self.spec.durable {
            self.lose_all(cx);
        }
        self.look_at_oldest(cx.now);
    }

    fn hold(&self, _now: Time, held: &mut Held) {
        for message in self.messages.iter().flatten() {
            held.message(message.key, &message.carried);
        }
    }
}
