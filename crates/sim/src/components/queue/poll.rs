//! The maximum poll interval: a reader that works on a message for too long leaves its group.
//!
//! As in Kafka, where a consumer that does not poll in time leaves by itself, although its
//! heartbeats go on. It keeps working, its acknowledgment is ignored, and it joins the group again
//! at its next poll.

use super::*;

impl Queue {
    /// Limits the time that a reader may work on a message.
    pub(super) fn limit_work(&self, delivery: CallId, subscription: usize, cx: &mut World) {
        if let Some(interval) = self.poll_interval
            && self.subscriptions[subscription].group.is_some()
        {
            cx.after_delay(interval, Event::Step(delivery));
        }
    }

    /// Handles a delivery after the maximum poll interval: if its reader still works on it, the
    /// reader leaves the group, and its messages are next in their partitions.
    pub(super) fn overrun(&mut self, delivery: CallId, cx: &mut World) {
        let call = &cx.calls[delivery];
        let is_at_work = call.phase == Phase::Planning && !call.saw_failure;
        let (place, reader) = (call.place, (call.link, call.remaining));
        let message = self.messages.get(place as usize).and_then(Option::as_ref);
        let Some(message) = message.filter(|_| is_at_work) else {
            return;
        };
        let subscription = message.subscription as usize;
        let Some(group) = &mut self.subscriptions[subscription].group else {
            return;
        };
        group.leave_late(reader);
        self.take_back(subscription, reader, Again::PollInterval, cx);
    }

    /// Returns whether a delivery may go on beyond its visibility timeout: the time that a reader
    /// works on a message is limited by the poll interval.
    pub(super) fn may_go_on(&self, delivery: &Call) -> bool {
        let message = self.messages.get(delivery.place as usize);
        let message = message.and_then(Option::as_ref);
        let is_of_group = message.is_some_and(|message| {
            let subscription = &self.subscriptions[message.subscription as usize];
            subscription.group.is_some()
        });
        let is_at_work = delivery.phase == Phase::Planning && !delivery.saw_failure;
        self.poll_interval.is_some() && is_of_group && is_at_work
    }

    /// Lets a reader that had left its group join again, once it has nothing more to work on.
    pub(super) fn poll_again(&mut self, link: LinkIx, replica: u32, cx: &World) {
        for state in &mut self.subscriptions {
            let consumer = state.consumers.iter().find(|known| known.link == link);
            let in_flight = consumer.and_then(|known| known.by_replica.get(replica as usize));
            let is_idle = in_flight.is_none_or(|count| *count == 0);
            let callee = cx.node(cx.link(link).to);
            let serves = callee
                .replicas
                .get(replica as usize)
                .is_some_and(Replica::serves);
            if let Some(group) = &mut state.group
                && is_idle
            {
                group.come_back((link, replica), serves && callee.is_present, cx.now);
            }
        }
    }
}
