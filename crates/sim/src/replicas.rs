//! Replicas that are added and removed during a run: by an autoscaler, or by out-of-memory kills.
//!
//! A new replica takes calls when it has started, and then every caller has its address. A removed
//! one loses its address immediately, finishes its calls and those on their way to it, and ends. It
//! is checked once a second, and killed after its grace period. Places are reused.

use crate::call::{CallId, Purpose};
use crate::components::database::Change;
use crate::components::service::autoscale::wanted;
use crate::components::{Node, Service};
use crate::event::{ALL_REPLICAS, Event, NodeIx};
use crate::fault;
use crate::frozen::Frozen;
use crate::simulation::Simulation;
use crate::world::{NodeState, Replica, Stage, StartUp, World};
use design::Kind;

/// Interval at which a leaving replica is checked.
const LOOK_EVERY: u64 = 1_000_000_000;

impl NodeState {
    /// Returns the number of replicas of a design; for an autoscaled node, the number of places.
    pub(crate) fn replicas_wanted(&self, kind: &Kind) -> u32 {
        match kind {
            Kind::Service(service) if service.autoscale.is_some() && !self.replicas.is_empty() => {
                self.replicas.len() as u32
            }
            Kind::Database(database) => match self.resharded.as_deref() {
                Some((shards, count)) if *shards == database.shards => count * database.copies(),
                _ => database.members(),
            },
            kind => kind.replicas(),
        }
    }

    /// Takes the number of replicas of a design; an autoscaled node keeps its own.
    pub(crate) fn place_replicas(&mut self, replicas: usize, is_scaled: bool, now: u64) {
        if is_scaled && !self.replicas.is_empty() {
            return;
        }
        let warm_up = self.warm_up;
        for replica in self.replicas.iter_mut().take(replicas) {
            let has_come = matches!(replica.stage, Stage::Starting | Stage::Absent);
            if has_come || replica.stage == Stage::Leaving {
                replica.stage = Stage::Running;
            }
            if has_come {
                // Nothing that was scheduled for its start happens any more.
                (replica.start_up, replica.due) = (StartUp::None, 0);
            }
            if has_come && !replica.is_crashed {
                replica.start(warm_up, now);
            }
        }
        let mut fresh = Replica::default();
        if now > 0 {
            fresh.start(warm_up, now);
        }
        self.replicas
            .resize(replicas.max(self.replicas.len()), fresh);
    }
}

impl NodeState {
    /// Grows to at least this many replicas: added ones start now.
    pub(crate) fn grow_to(&mut self, count: usize, now: u64) {
        let mut fresh = Replica::default();
        fresh.start(self.warm_up, now);
        let count = count.max(self.replicas.len());
        self.replicas.resize(count, fresh);
    }
}

impl Simulation {
    /// Carries out the next step of a resharding.
    #[cold]
    pub(crate) fn reshard(&mut self, node: NodeIx) {
        let Node::Database(database) = &mut self.nodes[node.0 as usize] else {
            return;
        };
        match database.go_on_resharding(&mut self.world) {
            Change::None => {}
            Change::Grown => self.replicas_changed(node),
            Change::Shrinks(members) => self.end_members(node, members),
        }
    }

    /// Ends the members of a database beyond a number; they have no keys any more.
    fn end_members(&mut self, node: NodeIx, members: u32) {
        let place = node.0 as usize;
        let world = &mut self.world;
        let replicas = &world.nodes[place].replicas;
        let all = members..replicas.len() as u32;
        let dying: Vec<u32> = all.filter(|at| replicas[*at as usize].is_up).collect();
        fault::crash(node, &dying, &mut self.nodes[place], world);
        let gone = world.nodes[place].replicas.split_off(members as usize);
        world.troubled -= gone.iter().filter(|replica| replica.is_troubled()).count() as u32;
        world
            .frozen
            .release_where_nothing_is(&world.nodes, &mut world.agenda, world.now);
        if let Node::Database(database) = &mut self.nodes[place] {
            database.has_shrunk(members, world);
        }
        self.replicas_changed(node);
    }

    fn service(&mut self, node: NodeIx) -> Option<(&mut Service, &mut World)> {
        match &mut self.nodes[node.0 as usize] {
            Node::Service(service) => Some((service, &mut self.world)),
            _ => None,
        }
    }

    /// Evaluates an autoscaler, or checks a leaving replica.
    pub(crate) fn scale(&mut self, node: NodeIx, replica: u32) {
        if replica != ALL_REPLICAS {
            return self.look_at_leaving(node, replica);
        }
        let wanted = self
            .service(node)
            .and_then(|(service, world)| service.look(world));
        if let Some(wanted) = wanted {
            self.scale_to(node, wanted);
        }
    }

    /// Adjusts the number of replicas to the bounds, after an edit.
    pub(crate) fn keep_within_bounds(&mut self) {
        for place in 0..self.nodes.len() as u32 {
            let node = NodeIx(place);
            let now = wanted(&self.world.node(node).replicas);
            let is_present = self.world.node(node).is_present;
            let Some((service, _)) = self.service(node) else {
                continue;
            };
            let bounded = service.autoscaler.as_ref().map(|scaler| scaler.clamp(now));
            if let Some(bounded) = bounded.filter(|bounded| is_present && *bounded != now) {
                self.scale_to(node, bounded);
            }
        }
    }

    /// Starts or removes replicas, until this many are wanted.
    fn scale_to(&mut self, node: NodeIx, wanted_now: u32) {
        let current = wanted(&self.world.node(node).replicas);
        for _ in current..wanted_now {
            self.start_replica(node);
        }
        let mut leaving = Vec::new();
        for _ in wanted_now..current {
            leaving.extend(self.send_away(node));
        }
        if wanted_now != current {
            self.replicas_changed(node);
        }
        for replica in leaving {
            self.look_at_leaving(node, replica);
        }
    }

    /// Requests a replica, in the first free place; none while too many are still leaving.
    fn start_replica(&mut self, node: NodeIx) {
        let Some((service, world)) = self.service(node) else {
            return;
        };
        let Some(scaler) = &mut service.autoscaler else {
            return;
        };
        let replicas = &mut world.nodes[node.0 as usize].replicas;
        let free = replicas
            .iter()
            .position(|replica| replica.stage == Stage::Absent);
        let place = free.unwrap_or(replicas.len());
        if place >= scaler.spec.places() as usize {
            return;
        }
        if place == replicas.len() {
            replicas.push(Replica::default());
        }
        scaler.scaled_out += 1;
        let due = world.now + scaler.draw_startup();
        let replica = &mut replicas[place];
        (replica.stage, replica.is_up, replica.due) = (Stage::Starting, false, due);
        let replica = place as u32;
        world.at(due, Event::Replica { node, replica });
    }

    /// Removes one replica: one that has not started, else one that is down, else the youngest.
    /// Returns one that still has to end.
    fn send_away(&mut self, node: NodeIx) -> Option<u32> {
        let (service, world) = self.service(node)?;
        let scaler = service.autoscaler.as_mut()?;
        let replicas = &mut world.nodes[node.0 as usize].replicas;
        let places = replicas.iter_mut().zip(0..);
        let rank = |replica: &Replica| match replica.stage {
            Stage::Starting => (2, replica.due),
            Stage::Running | Stage::Restarting => (u32::from(!replica.is_up), replica.up_since),
            Stage::Leaving | Stage::Absent => (0, 0),
        };
        let is_there =
            |replica: &Replica| replica.is_registered() || replica.stage == Stage::Starting;
        let (replica, place) = places
            .filter(|(replica, _)| is_there(replica))
            .max_by_key(|(replica, place)| (rank(replica), *place))?;
        scaler.scaled_in += 1;
        replica.start_up = StartUp::None;
        if replica.stage == Stage::Starting {
            replica.stage = Stage::Absent;
            return None;
        }
        replica.stage = Stage::Leaving;
        replica.due = world.now + scaler.spec.grace.0;
        Some(place)
    }

    /// Ends a leaving replica that has no work or no time left.
    fn look_at_leaving(&mut self, node: NodeIx, replica: u32) {
        let world = &mut self.world;
        let Some(state) = world.nodes[node.0 as usize].replicas.get(replica as usize) else {
            return;
        };
        if state.stage != Stage::Leaving {
            return;
        }
        let (now, due) = (world.now, state.due);
        if now < due && has_work(node, replica, world) {
            return world.after(LOOK_EVERY.min(due - now), Event::Scale { node, replica });
        }
        self.end_replica(node, replica, Stage::Absent);
        self.replicas_changed(node);
    }

    /// Starts or restarts a replica, or kills it because its memory is full.
    pub(crate) fn turn_replica(&mut self, node: NodeIx, replica: u32) {
        let world = &mut self.world;
        let (now, state) = (world.now, &mut world.nodes[node.0 as usize]);
        let warm_up = state.warm_up;
        let Some(state) = state.replicas.get_mut(replica as usize) else {
            return;
        };
        if state.due != now {
            return;
        }
        match state.stage {
            Stage::Starting | Stage::Restarting => {
                let is_to_load = state.start_up == StartUp::None && !state.is_crashed;
                let is_loading = matches!(state.start_up, StartUp::UnderWay(_));
                if is_loading || is_to_load && world.begin_start_up(node, replica) {
                    return;
                }
                let state = &mut world.nodes[node.0 as usize].replicas[replica as usize];
                state.start_up = StartUp::None;
                state.stage = Stage::Running;
                if !state.is_crashed {
                    state.start(warm_up, now);
                }
            }
            Stage::Running if state.is_up => self.run_out_of_memory(node, replica),
            Stage::Leaving => self.end_replica(node, replica, Stage::Absent),
            Stage::Running | Stage::Absent => return,
        }
        self.replicas_changed(node);
    }

    fn run_out_of_memory(&mut self, node: NodeIx, replica: u32) {
        self.end_replica(node, replica, Stage::Restarting);
        let Some((service, world)) = self.service(node) else {
            return;
        };
        let due = world.now + service.count_kill();
        world.nodes[node.0 as usize].replicas[replica as usize].due = due;
        world.at(due, Event::Replica { node, replica });
    }

    /// Ends a process, with everything it still has.
    fn end_replica(&mut self, node: NodeIx, replica: u32, stage: Stage) {
        let place = node.0 as usize;
        let world = &mut self.world;
        if world.nodes[place].replicas[replica as usize].is_up {
            fault::crash(node, &[replica], &mut self.nodes[place], world);
            Frozen::let_in(node, replica, world);
        }
        world.nodes[place].replicas[replica as usize].stage = stage;
    }

    /// Informs everything that depends on a service's replicas of a change.
    fn replicas_changed(&mut self, node: NodeIx) {
        let count = self.world.node(node).replicas.len();
        if let Some((service, world)) = self.service(node) {
            service.take_replicas(world);
        }
        self.link_replicas(node, count);
        // Scheduled faults also hit a new replica; random ones hit each replica independently.
        self.faults.follow(node, &mut self.world);
        self.faults
            .apply_to_node(node.0, &mut self.nodes, &mut self.world);
        for behaviour in &mut self.nodes {
            if let Node::LoadBalancer(balancer) = behaviour
                && balancer.calls(node, &self.world)
            {
                balancer.connect(&mut self.world);
            }
        }
        fault::wake(&mut self.nodes, &mut self.world);
    }

    /// Updates links: they have state for each calling replica, and know the number of called ones.
    fn link_replicas(&mut self, node: NodeIx, count: usize) {
        let world = &mut self.world;
        let now = world.now;
        let mut has_new_callers = false;
        for link in world.links.iter_mut().filter(|link| link.is_present) {
            if link.to == node {
                link.callee_replicas = count as u32;
            }
            has_new_callers |= link.from == node && link.callers.len() < count;
        }
        if !has_new_callers {
            return;
        }
        for link in &self.design.links {
            let place = world.link_places[&link.id];
            if world.link(place).from == node {
                world.link_mut(place).take_guards(link, count, now);
            }
        }
    }
}

/// Returns whether a replica has calls, or some are on their way to it.
fn has_work(node: NodeIx, replica: u32, cx: &World) -> bool {
    let is_its = |(_, call): (CallId, &crate::call::Call)| {
        let is_here = call.node == node && call.replica == replica;
        is_here && call.purpose == Purpose::Call && call.phase.is_before_answer()
    };
    cx.calls.iter().any(is_its)
}
