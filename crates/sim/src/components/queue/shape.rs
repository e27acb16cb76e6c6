//! Changes by an edit, a death or a return: subscribers, partitions, members.

use super::group::Group;
use super::subscription::{Consumer, Lane};
use super::*;

impl Queue {
    /// Takes the present links.
    pub fn connect(
        &mut self,
        consumers: Vec<LinkIx>,
        dead_letters: Option<LinkIx>,
        cx: &mut World,
    ) {
        self.dead_letters = dead_letters;
        let turns: Vec<LinkIx> = self
            .subscriptions
            .iter()
            .filter_map(Subscription::turn)
            .collect();
        let old: Vec<Consumer> = self
            .subscriptions
            .iter_mut()
            .flat_map(|state| std::mem::take(&mut state.consumers))
            .collect();
        let consumer = |link: LinkIx| {
            let known = old.iter().find(|consumer| consumer.link == link);
            known.cloned().unwrap_or_else(|| Consumer::new(link))
        };
        let owners: Vec<Option<LinkIx>> = match self.spec.fan_out {
            true => consumers.iter().map(|link| Some(*link)).collect(),
            false => vec![None],
        };
        self.reshape(&owners, cx);
        for state in &mut self.subscriptions {
            let mine = consumers
                .iter()
                .filter(|link| state.link.is_none_or(|only| only == **link));
            state.consumers = mine.map(|link| consumer(*link)).collect();
            let mut links = state.consumers.iter().map(|consumer| consumer.link);
            state.next_consumer = links.position(|link| turns.contains(&link)).unwrap_or(0);
        }
        self.pump(cx);
    }

    /// Sets the subscriptions to those of these owners, each with its partitions. Messages follow
    /// their subscriber; those of a removed subscriber are dropped.
    fn reshape(&mut self, owners: &[Option<LinkIx>], cx: &mut World) {
        let lanes = self.spec.partitions.unwrap_or(1) as usize;
        let is_partitioned = self.spec.partitions.is_some();
        let is_same =
            self.subscriptions
                .iter()
                .map(|state| state.link)
                .eq(owners.iter().copied())
                && self.subscriptions.iter().all(|state| {
                    state.lanes.len() == lanes && state.group.is_some() == is_partitioned
                });
        if is_same {
            return;
        }
        let old = std::mem::take(&mut self.subscriptions);
        let heir = |state: &Subscription| match (owners, state.link) {
            // All compete now, or each receives everything from now on: present messages go to the
            // first.
            ([None], _) | ([_, ..], None) => Some(0),
            (_, link) => owners.iter().position(|owner| *owner == link),
        };
        let heirs: Vec<Option<usize>> = old.iter().map(heir).collect();
        self.subscriptions = owners
            .iter()
            .map(|owner| {
                let before = old.iter().find(|state| state.link == *owner);
                Subscription {
                    link: *owner,
                    lanes: vec![Lane::default(); lanes],
                    group: is_partitioned.then(|| {
                        let group = before.and_then(|state| state.group.clone());
                        group
                            .filter(|group| group.has_partitions(lanes))
                            .unwrap_or_else(|| Group::new(lanes))
                    }),
                    delivered: before.map_or(0, |state| state.delivered),
                    acknowledged: before.map_or(0, |state| state.acknowledged),
                    ..Subscription::default()
                }
            })
            .collect();
        let mut order: Vec<u32> = (0..self.messages.len() as u32).collect();
        order.retain(|place| self.messages[*place as usize].is_some());
        order.sort_by_key(|place| {
            let message = self.messages[*place as usize].as_ref();
            (message.map(|message| message.published), *place)
        });
        for place in order {
            self.move_message(place, &heirs, cx);
        }
    }

    fn move_message(&mut self, place: u32, heirs: &[Option<usize>], cx: &mut World) {
        let Some(message) = &mut self.messages[place as usize] else {
            return;
        };
        if message.is_ready {
            self.waiting.down(cx.now);
            cx.waiting -= 1;
        }
        let Some(heir) = heirs[message.subscription as usize] else {
            self.messages[place as usize] = None;
            self.free.push(place);
            cx.messages -= 1;
            self.tally.dropped += 1;
            return self.disown(place, cx);
        };
        message.subscription = heir as u32;
        let state = &mut self.subscriptions[heir];
        state.held += 1;
        if message.is_ready {
            return self.queue(place, End::Back, cx);
        }
        let lane = state.lane_of(message.key);
        state.lanes[lane].out += 1;
    }

    /// Detaches the delivery of a message that is gone.
    fn disown(&self, place: u32, cx: &mut World) {
        let is_its = |call: &Call| {
            call.purpose == Purpose::Delivery && (call.node, call.place) == (self.node, place)
        };
        let delivery = cx.calls.iter().find(|(_, call)| is_its(call));
        if let Some(id) = delivery.map(|(id, _)| id) {
            cx.calls[id].place = NO_MESSAGE;
        }
    }

    /// Handles members that were added or removed, died or returned.
    pub(super) fn look_at_members(&mut self, cx: &mut World) {
        if self.spec.partitions.is_none() || !self.is_up(cx) {
            return;
        }
        for subscription in 0..self.subscriptions.len() {
            self.look_at_group(subscription, cx);
        }
    }

    fn look_at_group(&mut self, subscription: usize, cx: &mut World) {
        let state = &mut self.subscriptions[subscription];
        let Some(group) = &mut state.group else {
            return;
        };
        let consumers = &state.consumers;
        let wanted = || {
            consumers.iter().flat_map(|consumer| {
                let replicas = cx.node(cx.link(consumer.link).to).replicas.iter();
                let registered = replicas.zip(0..).filter(|(state, _)| state.is_registered());
                registered.map(|(_, replica)| (consumer.link, replica))
            })
        };
        let mut has_changed = !group.has_members(wanted());
        if has_changed {
            group.set_members(wanted(), &mut self.sessions);
        }
        let mut missing = Vec::new();
        for place in 0..group.members.len() {
            let member = &mut group.members[place];
            let callee = cx.node(cx.link(member.link).to);
            let is_up = callee.replicas[member.replica as usize].serves() && callee.is_present;
            // A process that starts again knows nothing of what was late.
            member.is_late &= callee.replicas[member.replica as usize].is_up;
            match (is_up, member.is_in) {
                (true, false) if member.is_late => {}
                (true, false) => {
                    group.join(place, cx.now);
                    has_changed = true;
                }
                (true, true) => member.down_since = None,
                (false, true) if member.down_since.is_none() => {
                    member.down_since = Some(cx.now);
                    missing.push(place);
                }
                (false, _) => {}
            }
        }
        if has_changed {
            group.rebalance();
        }
        let (heartbeat, session) = (self.spec.heartbeat.0, self.spec.session_timeout.0);
        for place in missing {
            let at = group.missed_at(place, cx.now, heartbeat, session);
            let mut call = Call::new(Purpose::Background, self.node, LinkIx::NONE);
            (call.phase, call.is_awaited, call.replica) = (Phase::Serving, false, 0);
            (call.place, call.stage, call.arrived) = (place as u32, subscription as u32, cx.now);
            let id = cx.calls.insert(call);
            cx.at(at, Event::Served(id));
        }
    }

    /// Handles an expired session: its partitions go to others, if its replica is still down.
    pub(super) fn miss_member(
        &mut self,
        subscription: usize,
        place: usize,
        since: Time,
        cx: &mut World,
    ) {
        let group = self
            .subscriptions
            .get_mut(subscription)
            .and_then(|state| state.group.as_mut());
        let Some(group) = group else { return };
        let Some(member) = group.members.get_mut(place) else {
            return;
        };
        if member.down_since != Some(since) {
            return;
        }
        (member.is_in, member.down_since) = (false, None);
        let reader = (member.link, member.replica);
        group.rebalance();
        self.take_back(subscription, reader, Again::SessionTimeout, cx);
        self.settle(cx);
    }

    /// Requeues a reader's present message first, for the new reader of its partitions. The old
    /// reader may continue with it, and its answer is ignored.
    pub(super) fn take_back(
        &mut self,
        subscription: usize,
        reader: (LinkIx, u32),
        why: Again,
        cx: &mut World,
    ) {
        let is_its = |call: &Call| {
            let is_delivery = call.purpose == Purpose::Delivery && call.phase == Phase::Planning;
            is_delivery && call.node == self.node && (call.link, call.remaining) == reader
        };
        let its = cx.calls.iter().filter(|(_, call)| is_its(call));
        let its: Vec<(CallId, u32)> = its.map(|(id, call)| (id, call.place)).collect();
        for (id, place) in its {
            let message = self.messages.get(place as usize).and_then(Option::as_ref);
            if message.is_some_and(|message| message.subscription as usize == subscription) {
                cx.calls[id].place = NO_MESSAGE;
                self.come_back(place);
                self.note_again(place, why);
                self.queue(place, End::Front, cx);
            }
        }
    }
}
