//! The laws that hold in every run at every moment, to the nanosecond. The tests assert them.

use crate::call::{Call, Cause, Detail, Purpose};
use crate::components::{Component, Node};
use crate::event::LinkIx;
use crate::simulation::Simulation;
use crate::world::LinkState;

impl Simulation {
    /// Returns every law that does not hold now; empty in a correct engine.
    pub fn broken_laws(&self) -> Vec<String> {
        let mut broken = Vec::new();
        self.check_flow(&mut broken);
        self.check_little(&mut broken);
        self.check_utilisation(&mut broken);
        self.check_messages(&mut broken);
        self.check_locks(&mut broken);
        self.check_relays(&mut broken);
        self.check_connections(&mut broken);
        self.check_links(&mut broken);
        self.world.data.check(&mut broken);
        broken
    }

    /// Arrivals = completions + failures + in flight, for every node and for requests.
    fn check_flow(&self, broken: &mut Vec<String>) {
        for (place, node) in self.world.nodes.iter().enumerate() {
            let present = self.present(place).count() as u64;
            let tally = &node.tally;
            if tally.all.arrivals != tally.all.left() + present {
                broken.push(format!(
                    "{}: {} arrived, {} left, {present} are there",
                    node.id,
                    tally.all.arrivals,
                    tally.all.left()
                ));
            }
            let level = tally.present.level();
            if level != present {
                broken.push(format!(
                    "{}: gauge of {level} for {present} present",
                    node.id
                ));
            }
        }
        let requests = self.world.requests();
        let requests_now = self
            .world
            .calls
            .iter()
            .filter(|(_, call)| call.purpose == Purpose::Request && call.is_measured);
        let under_way = requests_now.count() as u64;
        if requests.offered != requests.completed() + under_way {
            broken.push(format!(
                "requests: {} made, {} finished, {under_way} under way",
                requests.offered,
                requests.completed()
            ));
        }
    }

    /// Little's law as an identity: the area under the number present is the time spent by all that
    /// left, and so far by all that are present.
    fn check_little(&self, broken: &mut Vec<String>) {
        let now = self.world.now;
        for (place, node) in self.world.nodes.iter().enumerate() {
            let so_far: u128 = self
                .present(place)
                .map(|arrived| u128::from(now - arrived))
                .sum();
            let (area, spent) = (node.tally.present.area(now), node.tally.sojourn + so_far);
            if area != spent {
                broken.push(format!(
                    "{}: Little's law, area {area} against {spent}",
                    node.id
                ));
            }
        }
    }

    /// The area under the held slots is the time for which all calls held slots.
    fn check_utilisation(&self, broken: &mut Vec<String>) {
        let now = self.world.now;
        for (place, node) in self.nodes.iter().enumerate() {
            for (replica, station) in node.stations().iter().enumerate() {
                let holding = self.world.calls.iter().filter(|(_, call)| {
                    call.node.0 as usize == place
                        && call.replica as usize == replica
                        && call.holds_slot()
                });
                let so_far: u128 = holding
                    .map(|(_, call)| u128::from(now - call.slot_since))
                    .sum();
                let (area, held) = (station.held.area(now), station.held_total + so_far);
                if area != held {
                    broken.push(format!(
                        "{} #{replica}: slots held {area} against {held}",
                        self.world.nodes[place].id
                    ));
                }
            }
        }
    }

    /// Granted = released + revoked + held.
    fn check_locks(&self, broken: &mut Vec<String>) {
        for (place, node) in self.nodes.iter().enumerate() {
            let Node::Coordinator(coordinator) = node else {
                continue;
            };
            let tally = &coordinator.tally;
            let accounted = tally.released + tally.expired + coordinator.held.level();
            if tally.granted != accounted {
                broken.push(format!(
                    "{}: {} locks granted, {accounted} accounted for",
                    self.world.nodes[place].id, tally.granted
                ));
            }
        }
    }

    /// The connections of a database's members are those of the calls that are present.
    fn check_connections(&self, broken: &mut Vec<String>) {
        for (place, node) in self.nodes.iter().enumerate() {
            let Node::Database(database) = node else {
                continue;
            };
            if let Some([known, held]) = database.connections(&self.world)
                && known != held
            {
                let id = &self.world.nodes[place].id;
                broken.push(format!("{id}: connections {known:?}, held {held:?}"));
            }
        }
    }

    /// Noted = accepted by the queue + held.
    fn check_relays(&self, broken: &mut Vec<String>) {
        for node in &self.nodes {
            let Node::Database(database) = node else {
                continue;
            };
            for (link, relay) in database.relays() {
                let accounted = relay.accepted + relay.held();
                if relay.noted != accounted || relay.level.level() != relay.held() {
                    broken.push(format!(
                        "{}: {} writes noted, {accounted} accounted for",
                        self.world.link(link).id,
                        relay.noted
                    ));
                }
            }
        }
    }

    /// Kept (published, for every subscriber) = acknowledged + dead-lettered + dropped + lost + held.
    /// Every redelivery has one reason.
    fn check_messages(&self, broken: &mut Vec<String>) {
        for (place, node) in self.nodes.iter().enumerate() {
            let Node::Queue(queue) = node else { continue };
            let tally = &queue.tally;
            let given_up = tally.dead_lettered + tally.dropped + tally.lost;
            let accounted = tally.acknowledged + given_up + queue.held();
            let again: u64 = tally.redelivered_after.iter().sum();
            if tally.kept != accounted || tally.redelivered != again || !queue.is_in_order() {
                broken.push(format!(
                    "{}: {} messages kept, {accounted} accounted for",
                    self.world.nodes[place].id, tally.kept
                ));
            }
        }
    }

    /// Attempts sent = answers + failures of those sent + abandoned for another + in progress.
    fn check_links(&self, broken: &mut Vec<String>) {
        for link in &self.world.links {
            let tally = &link.tally;
            let awaited = tally.in_flight.level();
            // Refusals by the caller's own policies were never sent.
            let failed: u64 = tally.failures[0].iter().sum::<u64>() - tally.unsent;
            let unawaited = tally.unawaited;
            let gone = tally.answers[0] + failed + tally.abandoned[0];
            if tally.attempts[0] != gone + awaited + unawaited {
                broken.push(format!(
                    "{}: {} sent, {} answered, {failed} failed, {awaited} under way",
                    link.id, tally.attempts[0], tally.answers[0]
                ));
            }
            self.check_refusals(link, broken);
            if tally.attempts[0] < tally.retries[0] + tally.hedges[0] {
                broken.push(format!(
                    "{}: more retries and hedges than attempts",
                    link.id
                ));
            }
        }
    }

    /// Every rejection is by one limit, and no more attempts are refused for want of a connection
    /// than are refused.
    fn check_refusals(&self, link: &LinkState, broken: &mut Vec<String>) {
        use Detail as D;
        let limits = link.tally.refused.as_deref().copied().unwrap_or_default();
        let by = |details: &[Detail]| details.iter().map(|it| limits[*it as usize]).sum::<u64>();
        let failed = |cause: Cause| link.tally.failures[1][cause as usize];
        let own = by(&[D::AdaptiveThrottle, D::Bulkhead, D::QueueFull, D::MaxWait]);
        let rejected = own + by(&[D::RateLimit, D::ConcurrencyLimit, D::Shed]);
        let are_told = rejected == failed(Cause::Rejected)
            && by(&[D::CircuitBreaker]) == failed(Cause::CircuitOpen)
            && by(&[D::Pool]) == failed(Cause::PoolTimeout)
            && by(&[D::Connections]) <= failed(Cause::Refused);
        if !are_told {
            broken.push(format!("{}: refused by {limits:?}", link.id));
        }
    }

    /// Returns when each call present at a node arrived. Probes are not part of the traffic.
    fn present(&self, place: usize) -> impl Iterator<Item = u64> {
        let calls = || self.world.calls.iter().map(|(_, call)| call);
        let is_here =
            move |call: &&Call| call.node.0 as usize == place && call.phase.is_at_callee();
        let passing = calls().filter(|call| call.via != LinkIx::NONE);
        let passing = passing.filter(move |call| self.world.link(call.via).to.0 as usize == place);
        let here = calls()
            .filter(is_here)
            .filter_map(|call| match call.purpose {
                Purpose::Request => Some(call.started),
                Purpose::Call => Some(call.arrived),
                Purpose::Delivery | Purpose::Background | Purpose::Part | Purpose::Probe(_) => None,
            });
        here.chain(passing.map(|call| call.started))
    }
}
