//! Deliveries: to which consumer, and their outcomes.

use super::subscription::Consumer;
use super::*;
use crate::call::ANY_REPLICA;

impl Queue {
    /// Handles consumers that died or returned: the groups update their members, and waiting
    /// messages are delivered as far as there are consumers.
    pub fn pump(&mut self, cx: &mut World) {
        self.look_at_members(cx);
        self.settle(cx);
    }

    pub(super) fn deliver_all(&mut self, cx: &mut World) {
        if !self.is_up(cx) {
            return;
        }
        for subscription in 0..self.subscriptions.len() {
            match self.subscriptions[subscription].group {
                None => self.deliver_any(subscription, cx),
                Some(_) => self.deliver_in_order(subscription, cx),
            }
        }
    }

    /// Delivers while there is a message and a consumer with room.
    fn deliver_any(&mut self, subscription: usize, cx: &mut World) {
        while !self.subscriptions[subscription].lanes[0].ready.is_empty() {
            let Some((consumer, replica)) = self.free_consumer(subscription, cx) else {
                return;
            };
            if let Some(message) = self.take(subscription, 0, cx) {
                self.deliver(message, subscription, consumer, replica, cx);
            }
        }
    }

    /// Delivers the head of every partition with none in flight and a running reader.
    fn deliver_in_order(&mut self, subscription: usize, cx: &mut World) {
        for lane in 0..self.subscriptions[subscription].lanes.len() {
            loop {
                let state = &self.subscriptions[subscription];
                if state.lanes[lane].out > 0 || state.lanes[lane].ready.is_empty() {
                    break;
                }
                let owner = state
                    .group
                    .as_ref()
                    .and_then(|group| group.owner(lane as u32));
                let Some((link, replica)) = owner.map(|member| (member.link, member.replica))
                else {
                    break;
                };
                let callee = cx.node(cx.link(link).to);
                let is_up = |replica: u32| {
                    callee
                        .replicas
                        .get(replica as usize)
                        .is_some_and(Replica::serves)
                };
                if !is_up(replica) {
                    break;
                }
                let consumer = state.consumers.iter().position(|known| known.link == link);
                let Some(consumer) = consumer else { break };
                if let Some(message) = self.take(subscription, lane, cx) {
                    self.deliver(message, subscription, consumer, replica, cx);
                }
            }
        }
    }

    /// Returns the next consumer, in turn, that has room and runs, and its replica if that is
    /// bounded.
    #[inline]
    fn free_consumer(&mut self, subscription: usize, cx: &World) -> Option<(usize, u32)> {
        let state = &mut self.subscriptions[subscription];
        let count = state.consumers.len();
        let first = state.next_consumer;
        let (place, replica) = (0..count)
            .map(|step| (first + step) % count)
            .find_map(|place| {
                let consumer = &state.consumers[place];
                free_replica(consumer, cx).map(|replica| (place, replica))
            })?;
        state.next_consumer = (place + 1) % count;
        Some((place, replica))
    }

    /// Takes the first waiting message of a lane, unless it has been received too often.
    fn take(&mut self, subscription: usize, lane: usize, cx: &mut World) -> Option<u32> {
        let place = self.subscriptions[subscription].lanes[lane]
            .ready
            .pop_front()?;
        self.waiting.down(cx.now);
        cx.waiting -= 1;
        let message = self.messages[place as usize].as_mut()?;
        message.is_ready = false;
        if self
            .spec
            .max_receives
            .is_some_and(|max| message.receives >= max)
        {
            self.give_up(place, cx);
            return None;
        }
        self.subscriptions[subscription].lanes[lane].out += 1;
        Some(place)
    }

    fn deliver(
        &mut self,
        place: u32,
        subscription: usize,
        consumer: usize,
        replica: u32,
        cx: &mut World,
    ) {
        let Some(message) = &mut self.messages[place as usize] else {
            return;
        };
        let state = &mut self.subscriptions[subscription];
        let lane = state.lane_of(message.key);
        message.receives += 1;
        self.tally.delivered += 1;
        state.delivered += 1;
        state.lanes[lane].delivered += 1;
        if message.receives > 1 {
            self.tally.redelivered += 1;
            self.tally.redelivered_after[message.again as usize] += 1;
        } else if message.is_measured {
            self.wait.add(cx.now - message.published);
        }
        let consumer = &mut state.consumers[consumer];
        consumer.took(replica);
        let link = consumer.link;
        let mut call = Call::new(Purpose::Delivery, self.node, link);
        (call.operation, call.key, call.is_measured) =
            (message.operation, message.key, message.is_measured);
        (call.place, call.replica, call.phase, call.is_awaited) =
            (place, 0, Phase::Planning, false);
        (call.pending, call.remaining) = (1, replica);
        call.attempt = u16::try_from(message.receives).unwrap_or(u16::MAX);
        let (carried, is_poison) = (message.carried, message.is_poison);
        let id = cx.calls.insert(call);
        cx.carry(id, carried);
        cx.poisons |= is_poison;
        // See [`World::is_poisoned`].
        cx.calls[id].is_miss = is_poison;
        cx.calls[id].root = id;
        cx.needed.begin(id);
        if self.spec.delivery == Delivery::AtMostOnce {
            // At-most-once delivery is done once it is handed over, whatever happens then.
            self.acknowledge(place, cx);
            cx.calls[id].place = NO_MESSAGE;
        }
        cx.after_delay(self.visibility, Event::Visibility(id));
        self.limit_work(id, subscription, cx);
        cx.call_replica(id, link, replica);
    }

    fn acknowledge(&mut self, place: u32, cx: &mut World) {
        self.tally.acknowledged += 1;
        self.come_back(place);
        if let Some(message) = &self.messages[place as usize] {
            self.subscriptions[message.subscription as usize].acknowledged += 1;
        }
        self.forget(place, cx);
    }

    /// Handles a message that is no longer out: its lane may continue.
    pub(super) fn come_back(&mut self, place: u32) {
        if let Some(message) = &self.messages[place as usize] {
            let state = &mut self.subscriptions[message.subscription as usize];
            let lane = state.lane_of(message.key);
            state.lanes[lane].out -= 1;
        }
    }

    fn consumer_freed(&mut self, link: LinkIx, replica: u32, cx: &World) {
        let consumers = self
            .subscriptions
            .iter_mut()
            .flat_map(|state| &mut state.consumers);
        if let Some(consumer) = consumers.into_iter().find(|known| known.link == link) {
            consumer.gave_back(replica);
        }
        self.poll_again(link, replica, cx);
    }

    /// Adds a message to those that wait.
    pub(super) fn queue(&mut self, place: u32, end: End, cx: &mut World) {
        let Some(message) = &mut self.messages[place as usize] else {
            return;
        };
        message.is_ready = true;
        let state = &mut self.subscriptions[message.subscription as usize];
        let lane = state.lane_of(message.key);
        let lane = &mut state.lanes[lane];
        match end {
            End::Front => lane.ready.push_front(place),
            End::Back => lane.ready.push_back(place),
        }
        lane.most_ready = lane.most_ready.max(lane.ready.len() as u32);
        self.waiting.up(cx.now);
        cx.waiting += 1;
    }

    /// Takes the oldest waiting message of a subscription, to drop it.
    pub(super) fn take_oldest(&mut self, subscription: usize, cx: &mut World) -> Option<u32> {
        let published = |place: &u32| {
            let message = self.messages[*place as usize].as_ref();
            message.map_or(Time::MAX, |message| message.published)
        };
        let state = &self.subscriptions[subscription];
        let lanes = state.lanes.iter().enumerate();
        let heads = lanes.filter_map(|(lane, state)| Some((lane, published(state.ready.front()?))));
        let (lane, _) = heads.min_by_key(|(_, published)| *published)?;
        let place = self.subscriptions[subscription].lanes[lane]
            .ready
            .pop_front()?;
        self.waiting.down(cx.now);
        cx.waiting -= 1;
        Some(place)
    }

    /// Handles a delivery that was answered, or whose consumer failed.
    pub(super) fn concluded(&mut self, job: CallId, done: &Done, cx: &mut World) {
        let call = &cx.calls[job];
        let (place, link, replica) = (call.place, call.link, call.remaining);
        self.consumer_freed(link, replica, cx);
        if place == NO_MESSAGE {
            // The message already belongs to another delivery, or to none.
            return cx.calls.remove(job);
        }
        if done.outcome.is_answer() {
            self.acknowledge(place, cx);
            return cx.calls.remove(job);
        }
        let callee = cx.node(cx.link(link).to);
        let is_dead = || {
            callee
                .replicas
                .get(replica as usize)
                .is_none_or(|replica| !replica.is_up)
        };
        let lost_its_reader = self.spec.partitions.is_some() && is_dead();
        self.note_again(
            place,
            match lost_its_reader {
                true => Again::ConsumerCrash,
                false => Again::after(done),
            },
        );
        if lost_its_reader {
            // Its reader died with it: it is next in its partition again, for the new reader.
            cx.calls.remove(job);
            self.come_back(place);
            return self.queue(place, End::Front, cx);
        }
        match self.redelivery.clone() {
            // Invisible until its timeout expires.
            None => cx.calls[job].phase = Phase::Gone,
            Some(backoff) => self.reject(job, place, &backoff, cx),
        }
    }

    /// Notes why a message will be delivered again.
    pub(super) fn note_again(&mut self, place: u32, why: Again) {
        if let Some(message) = &mut self.messages[place as usize] {
            message.again = why;
        }
    }

    /// Handles a message whose consumer reported a failure: it is redelivered after a pause.
    fn reject(&mut self, job: CallId, place: u32, backoff: &Backoff, cx: &mut World) {
        let link = cx.calls[job].link;
        cx.calls.remove(job);
        let Some(message) = &self.messages[place as usize] else {
            return;
        };
        let receives = message.receives;
        if self.spec.max_receives.is_some_and(|max| receives >= max) {
            self.come_back(place);
            return self.give_up(place, cx);
        }
        let pause = backoff.pause(receives + 1, 0, &mut self.poison);
        if pause == 0 {
            self.come_back(place);
            return self.queue(place, End::Front, cx);
        }
        let mut waits = Call::new(Purpose::Delivery, self.node, link);
        (waits.place, waits.phase, waits.is_awaited) = (place, Phase::Gone, false);
        (waits.replica, waits.pending) = (0, 0);
        let id = cx.calls.insert(waits);
        cx.after(pause, Event::Visibility(id));
    }

    /// Handles a delivery that was not acknowledged in time, or a failed message whose pause is
    /// over: it is redelivered or abandoned.
    pub(super) fn expire(&mut self, id: CallId, cx: &mut World) {
        let Some(call) = cx.calls.get_mut(id) else {
            return;
        };
        if self.may_go_on(call) {
            return cx.after_delay(self.visibility, Event::Visibility(id));
        }
        let (place, link, replica) = (call.place, call.link, call.remaining);
        let (is_under_way, was_lost) = (call.phase == Phase::Planning, call.saw_failure);
        let was_pause = call.pending == 0;
        call.place = NO_MESSAGE;
        if !is_under_way || was_lost {
            cx.calls.remove(id);
        }
        if is_under_way && was_lost {
            // The consumer never received it, or its answer was lost: it has room again.
            self.consumer_freed(link, replica, cx);
        }
        if place == NO_MESSAGE {
            return;
        }
        self.tally.expired += u64::from(!was_pause);
        self.come_back(place);
        if is_under_way {
            self.note_again(
                place,
                match was_lost {
                    true => Again::Lost,
                    false => Again::VisibilityTimeout,
                },
            );
        }
        let Some(message) = &self.messages[place as usize] else {
            return;
        };
        if self
            .spec
            .max_receives
            .is_some_and(|max| message.receives >= max)
        {
            return self.give_up(place, cx);
        }
        // Ordered delivery puts it before later messages.
        let end = match self.spec.partitions {
            Some(_) => End::Front,
            None => End::Back,
        };
        self.queue(place, end, cx);
    }

    /// Abandons a message: it goes to the dead-letter link, or is dropped.
    fn give_up(&mut self, place: u32, cx: &mut World) {
        let Some(message) = &self.messages[place as usize] else {
            return;
        };
        let (operation, key) = (message.operation, message.key);
        let (is_measured, carried) = (message.is_measured, message.carried);
        self.forget(place, cx);
        match self.dead_letters {
            Some(link) => {
                self.tally.dead_lettered += 1;
                cx.send_and_forget(link, operation, key, is_measured, carried);
            }
            None => self.tally.dropped += 1,
        }
    }

    /// Handles a queue that died and lost its deliveries: unacknowledged messages wait again, in
    /// the order in which they were published.
    pub(super) fn forget_deliveries(&mut self, cx: &mut World) {
        let mine: Vec<CallId> = cx
            .calls
            .iter()
            .filter(|(_, call)| call.purpose == Purpose::Delivery && call.node == self.node)
            .map(|(id, _)| id)
            .collect();
        mine.into_iter().for_each(|id| cx.calls.remove(id));
        for state in &mut self.subscriptions {
            state.lanes.iter_mut().for_each(|lane| lane.out = 0);
            state.consumers.iter_mut().for_each(Consumer::forget);
            if let Some(group) = &mut state.group {
                // Sessions start over with the queue.
                for member in &mut group.members {
                    (member.down_since, member.is_late) = (None, false);
                }
            }
        }
        let published = |place: u32| {
            self.messages[place as usize]
                .as_ref()
                .map(|m| (m.published, place))
        };
        let is_out = |place: &u32| {
            self.messages[*place as usize]
                .as_ref()
                .is_some_and(|m| !m.is_ready)
        };
        let mut out: Vec<u32> = (0..self.messages.len() as u32).filter(is_out).collect();
        out.sort_by_key(|place| std::cmp::Reverse(published(*place)));
        for place in out {
            self.note_again(place, Again::QueueCrash);
            self.queue(place, End::Front, cx);
        }
    }

    /// Loses all messages.
    pub(super) fn lose_all(&mut self, cx: &mut World) {
        for place in 0..self.messages.len() as u32 {
            if self.messages[place as usize].is_some() {
                self.tally.lost += 1;
                self.waiting.down(cx.now);
                cx.waiting -= 1;
                self.forget(place, cx);
            }
        }
        let lanes = self
            .subscriptions
            .iter_mut()
            .flat_map(|state| &mut state.lanes);
        lanes.for_each(|lane| lane.ready.clear());
    }
}

/// Returns a running replica of a consumer with room; any, if replicas have no limit of their own.
#[inline]
fn free_replica(consumer: &Consumer, cx: &World) -> Option<u32> {
    let link = cx.link(consumer.link);
    if consumer.in_flight >= link.concurrency {
        return None;
    }
    let replicas = &cx.node(link.to).replicas;
    let Some(prefetch) = link.prefetch else {
        return replicas.iter().any(Replica::serves).then_some(ANY_REPLICA);
    };
    let count = replicas.len() as u32;
    (0..count)
        .map(|step| (consumer.next_replica + step) % count)
        .find(|replica| {
            let in_flight = consumer.by_replica.get(*replica as usize).copied();
            replicas[*replica as usize].serves() && in_flight.unwrap_or(0) < prefetch
        })
}

impl Consumer {
    pub(super) fn new(link: LinkIx) -> Self {
        Self {
            link,
            in_flight: 0,
            by_replica: Vec::new(),
            next_replica: 0,
        }
    }

    #[inline]
    fn took(&mut self, replica: u32) {
        self.in_flight += 1;
        if replica != ANY_REPLICA {
            let needed = replica as usize + 1;
            if self.by_replica.len() < needed {
                self.by_replica.resize(needed, 0);
            }
            self.by_replica[replica as usize] += 1;
            self.next_replica = replica + 1;
        }
    }

    #[inline]
    fn gave_back(&mut self, replica: u32) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(count) = self.by_replica.get_mut(replica as usize) {
            *count = count.saturating_sub(1);
        }
    }

    fn forget(&mut self) {
        self.in_flight = 0;
        self.by_replica.fill(0);
    }
}
