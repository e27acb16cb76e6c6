//! Makes components from the design, at the start of a run and at every edit during it.
//!
//! Nodes and links keep their place for the whole run, by their stable id. What the design no
//! longer has keeps its place, refuses calls, and is not drawn.

use crate::components::Node;
use crate::data;
use crate::event::{LinkIx, NodeIx};
use crate::fault;
use crate::hop::Hop;
use crate::measure::{LinkTally, NodeTally, RequestTally};
use crate::plan::{self, Condition, Plan, Stage, Step};
use crate::policies::Backoff;
use crate::random::{Purpose, Sampler, Stream};
use crate::simulation::Simulation;
use crate::watch::Traces;
use crate::world::{Guards, LinkState, NodeState, Operation, Replica, RetryState, World};
use design::kinds::client::Keys;
use design::link::{Ack, Mode, RetryOn};
use design::{Design, Kind, Link};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Makes the run's components match a design.
pub(crate) fn construct(simulation: &mut Simulation, design: &Design) {
    let world = &mut simulation.world;
    // An end that has passed does not move.
    world.end = design.settings.duration.0.max(world.end.min(world.now));
    world.warmup = if world.now == 0 {
        design.settings.warmup.0
    } else {
        world.warmup
    };
    let index = Index::new(design);
    world.zones.take(design);
    world.nodes.iter_mut().for_each(|node| node.zones.clear());
    place_nodes(design, world);
    place_operations(design, world);
    place_links(design, &index, world);
    world.place_start_ups(design);
    world.share_pools(design);
    world.needed.resize(world.links.len());
    make_plans(design, world);
    retire(&index, simulation);
    look_at_callees(&mut simulation.world);
    simulation.world.look_at_zones();
    // Before the caches, which may start with the contents of the stores.
    data::take_design(design, &mut simulation.world);
    make_behaviours(&index, simulation);
    connect(design, simulation);
    simulation.world.grant();
}

/// The places in a design, by id.
struct Index<'a> {
    nodes: BTreeMap<&'a str, &'a design::Node>,
    links: BTreeSet<&'a str>,
}

impl<'a> Index<'a> {
    fn new(design: &'a Design) -> Self {
        let mut index = Self {
            nodes: BTreeMap::new(),
            links: BTreeSet::new(),
        };
        for node in &design.nodes {
            index.nodes.insert(&node.id, node);
        }
        for link in &design.links {
            index.links.insert(&link.id);
        }
        index
    }
}

fn place_nodes(design: &Design, world: &mut World) {
    for node in &design.nodes {
        let replicas = node.kind.replicas() as usize;
        let kind = node.kind.name();
        let warm_up = match &node.kind {
            Kind::Service(service) => service.warm_up.as_ref(),
            _ => None,
        };
        let warm_up = warm_up.map(|warm_up| (warm_up.lasts.0, warm_up.times));
        let zones = node.deployment.zones().iter();
        let zones = zones.filter_map(|zone| world.zones.place(zone)).collect();
        // A node of another kind under the same id is another node.
        let known = world
            .node_places
            .get(&node.id)
            .filter(|place| world.nodes[place.0 as usize].kind == kind);
        let telemetry = &node.deployment.telemetry;
        if let Some(place) = known {
            let state = &mut world.nodes[place.0 as usize];
            state.is_present = true;
            state.has_metrics = telemetry.metrics;
            match &mut state.traces {
                Some(traces) => traces.set_share(telemetry.traces),
                none => *none = Traces::new(telemetry.traces, world.seed, &node.id),
            }
            state.zones = zones;
            state.warm_up = warm_up;
            let is_scaled =
                matches!(&node.kind, Kind::Service(service) if service.autoscale.is_some());
            state.place_replicas(replicas, is_scaled, world.now);
            continue;
        }
        let places = Arc::make_mut(&mut world.node_places);
        places.insert(node.id.clone(), NodeIx(world.nodes.len() as u32));
        world.nodes.push(NodeState {
            id: node.id.clone(),
            kind,
            is_present: true,
            replicas: vec![Replica::default(); replicas],
            warm_up,
            start_ups: None,
            zones,
            plan: Plan::default(),
            is_bottom: true,
            fault_errors: None,
            router: None,
            resharded: None,
            balancer: None,
            has_metrics: telemetry.metrics,
            is_mute: false,
            unheard: None,
            traces: Traces::new(telemetry.traces, world.seed, &node.id),
            tally: NodeTally::default(),
        });
    }
}

fn place_operations(design: &Design, world: &mut World) {
    world.keys = 0;
    for node in &design.nodes {
        let Kind::Client(client) = &node.kind else {
            continue;
        };
        let place = world.node_places[&node.id];
        for operation in &client.operations {
            world.keys = world.keys.max(match &operation.keys {
                Keys::Uniform(uniform) => uniform.n,
                Keys::Zipf(zipf) => zipf.n,
            });
            let known = world
                .operations
                .iter_mut()
                .find(|known| known.client == place && known.name == operation.name);
            match known {
                Some(known) => {
                    known.effect = operation.effect;
                    known.has_idempotency_key = operation.idempotency_key;
                }
                None => world.operations.push(Operation {
                    client: place,
                    name: operation.name.clone(),
                    effect: operation.effect,
                    has_idempotency_key: operation.idempotency_key,
                    tally: RequestTally::default(),
                }),
            }
        }
    }
}

fn place_links(design: &Design, index: &Index, world: &mut World) {
    for link in &design.links {
        let caller = world.node_places[&link.from];
        let callers = match index.nodes.get(link.from.as_str()) {
            Some(node) => world.node(caller).replicas_wanted(&node.kind) as usize,
            None => 1,
        };
        let place = match world.link_places.get(&link.id) {
            Some(place) => place.0 as usize,
            None => {
                let state = new_link(link, world);
                let places = Arc::make_mut(&mut world.link_places);
                places.insert(link.id.clone(), LinkIx(world.links.len() as u32));
                world.links.push(state);
                world.links.len() - 1
            }
        };
        set_policies(place, link, callers, world);
    }
}

fn new_link(link: &Link, world: &World) -> LinkState {
    let stream = |purpose| Stream::new(world.seed, &link.id, purpose);
    LinkState {
        id: link.id.clone(),
        is_present: true,
        from: NodeIx(0),
        to: NodeIx(0),
        mode: link.mode,
        on_write: link.on_write,
        calls: 1,
        is_optional: false,
        concurrency: 1,
        weight: 1,
        prefetch: None,
        is_unawaited: false,
        latency: Sampler::Const(0),
        latency_lane: None,
        steady_trip: None,
        is_instant: false,
        callee_replicas: 0,
        is_into_bottom: false,
        is_simple: false,
        is_into_traced: false,
        hop: Hop::default(),
        passes: false,
        is_guarded: false,
        loss: 0.0,
        timeout: None,
        retry: None,
        breaker: None,
        pool: None,
        shared_pool: None,
        callers: Vec::new(),
        guards: Guards {
            adaptive: None,
            adaptive_stream: stream(Purpose::Throttle),
            counts_answers: false,
            bulkhead: None,
            hedge: None,
            passes_deadline: false,
            cancels: false,
            has_hedged: false,
            has_held: false,
        },
        turns: Vec::new(),
        turn_stream: stream(Purpose::Turn),
        added_latency: Vec::new(),
        added_loss: 0.0,
        latency_stream: stream(Purpose::Latency),
        fault_stream: stream(Purpose::FaultLatency),
        leak: None,
        cut: [false; 2],
        crosses_zones: false,
        distance_stream: None,
        conditions: stream(Purpose::Conditions),
        step: 0,
        loads: false,
        looks_up: false,
        loss_stream: stream(Purpose::Loss),
        jitter_stream: stream(Purpose::Jitter),
        dot: 1,
        until_dot: 0,
        tally: LinkTally::default(),
    }
}

fn set_policies(place: usize, link: &Link, callers: usize, world: &mut World) {
    let (from, to) = (world.node_places[&link.from], world.node_places[&link.to]);
    let latency = Sampler::new(&link.latency);
    let latency_lane = latency
        .constant()
        .filter(|ns| *ns > 0)
        .and_then(|ns| world.agenda.lane(ns));
    let timeout = link.timeout.map(|timeout| world.delay(timeout.0));
    let pool = link
        .pool
        .as_ref()
        .map(|pool| (pool.size, pool.wait.map(|wait| world.delay(wait.0))));
    let bulkhead = link.bulkhead.as_ref().map(|bulkhead| {
        let wait = bulkhead.wait.map(|wait| world.delay(wait.0));
        (bulkhead.max_concurrent, wait)
    });
    let hedge = link
        .hedge
        .as_ref()
        .map(|hedge| (world.delay(hedge.after.0), hedge.max));
    let now = world.now;
    let state = &mut world.links[place];
    (state.guards.bulkhead, state.guards.hedge) = (bulkhead, hedge);
    (state.guards.passes_deadline, state.guards.cancels) = (link.deadline, link.cancellation);
    // Calls in progress may have been affected before an edit.
    world.spares_work |= link.deadline || link.cancellation;
    (state.is_present, state.from, state.to, state.mode) = (true, from, to, link.mode);
    (state.on_write, state.calls, state.is_optional) = (link.on_write, link.calls, link.optional);
    (state.latency, state.latency_lane, state.loss) = (latency, latency_lane, link.loss);
    (state.timeout, state.concurrency) = (timeout, link.concurrency);
    state.weight = link.weight;
    state.prefetch = link.prefetch;
    state.is_unawaited = match link.mode {
        Mode::DeadLetter => true,
        Mode::Publish => link.ack == Ack::None,
        Mode::Call | Mode::Consume => false,
    };
    state.pool = pool;
    state.retry = link.retry.as_ref().map(|retry| RetryState {
        max_attempts: retry.max_attempts,
        backoff: Backoff::new(retry),
        on: causes(&retry.on),
    });
    state.take_guards(link, callers, now);
    state.refresh();
}

fn causes(on: &[RetryOn]) -> [bool; 8] {
    let mut causes = [false; 8];
    for cause in on {
        causes[match cause {
            RetryOn::Timeout => 0,
            RetryOn::Refused => 1,
            RetryOn::Rejected => 2,
            RetryOn::CircuitOpen => 3,
            RetryOn::PoolTimeout => 4,
            RetryOn::Unavailable => 5,
            RetryOn::Error => 6,
        }] = true;
    }
    causes
}

fn make_plans(design: &Design, world: &mut World) {
    for state in &mut world.nodes {
        state.plan = Plan::default();
        state.is_bottom = true;
    }
    let mut outgoing: BTreeMap<&str, Vec<&Link>> = BTreeMap::new();
    for link in &design.links {
        outgoing.entry(&link.from).or_default().push(link);
    }
    for node in &design.nodes {
        let place = world.node_places[&node.id];
        let outgoing = outgoing
            .get(node.id.as_str())
            .map_or(&[][..], Vec::as_slice);
        let mut steps: Vec<(u32, Step)> = Vec::new();
        let mut notes = Vec::new();
        for (order, link) in outgoing.iter().enumerate() {
            let place = world.link_places[&link.id];
            if plan::is_told_of_writes(link.on_write) {
                notes.push(place);
            }
            if plan::is_planned(link.mode) {
                steps.push((
                    link.stage.unwrap_or(order as u32),
                    Step {
                        link: place,
                        when: conditions(link, world),
                    },
                ));
            }
        }
        steps.sort_by_key(|(stage, _)| *stage);
        let stages = steps.chunk_by(|a, b| a.0 == b.0);
        let is_awaited = |step: &Step| !world.link(step.link).is_unawaited;
        let stages = stages
            .map(|stage| Stage::new(stage.iter().map(|(_, step)| step.clone()).collect()))
            .map(|stage| match stage.steps.iter().all(is_awaited) {
                true => stage,
                false => stage.without_only(),
            })
            .collect();
        let plan = Plan { stages, notes };
        for (step, link) in plan.links().enumerate() {
            world.link_mut(link).step = step as u32;
        }
        for step in plan.stages.iter().flat_map(|stage| &stage.steps) {
            world.link_mut(step.link).loads = step.when.contains(&Condition::OnMiss);
        }
        let state = world.node_mut(place);
        state.plan = plan;
        // Publications of a database are not part of a request.
        state.is_bottom = outgoing.is_empty() || matches!(node.kind, Kind::Database(_));
    }
}

fn conditions(link: &Link, world: &World) -> Vec<Condition> {
    use design::link::Condition as Spec;
    let made = link.when.0.iter().map(|condition| match condition {
        Spec::Always => Condition::Always,
        Spec::Reads => Condition::Reads,
        Spec::Writes => Condition::Writes,
        Spec::OnMiss => Condition::OnMiss,
        Spec::OnError => Condition::OnError,
        Spec::Probability(p) => Condition::Probability(*p),
        Spec::Operations(names) => world.operations_named(names),
    });
    made.collect()
}

/// Retires what the design no longer has: its processes end, as in a crash, and its links carry
/// nothing more.
fn retire(index: &Index, simulation: &mut Simulation) {
    let world = &mut simulation.world;
    for link in &mut world.links {
        link.is_present = index.links.contains(link.id.as_str());
    }
    for place in 0..simulation.nodes.len() {
        let id = world.nodes[place].id.clone();
        let is_current = world.node_places[&id].0 as usize == place;
        let wanted = index
            .nodes
            .get(id.as_str())
            .filter(|_| is_current)
            .map_or(0, |node| world.nodes[place].replicas_wanted(&node.kind));
        world.nodes[place].is_present = wanted > 0;
        let replicas = &world.nodes[place].replicas;
        let dying: Vec<u32> = (wanted..replicas.len() as u32)
            .filter(|replica| replicas[*replica as usize].is_up)
            .collect();
        if !dying.is_empty() {
            let node = &mut simulation.nodes[place];
            fault::crash(NodeIx(place as u32), &dying, node, world);
        }
        world.nodes[place].replicas.truncate(wanted as usize);
    }
}

/// Stores in links what they need to know of their callees, once replicas and plans are known.
fn look_at_callees(world: &mut World) {
    for place in 0..world.links.len() {
        let link = &world.links[place];
        let callee = &world.nodes[link.to.0 as usize];
        let mut leaving = callee.plan.links();
        let passes = callee.kind == "load_balancer"
            && link.mode == Mode::Call
            && leaving.all(|link| world.links[link.0 as usize].is_passage());
        let link = &mut world.links[place];
        link.passes = passes;
        link.callee_replicas = callee.replicas.len() as u32;
        link.is_into_bottom = callee.is_bottom;
        link.is_into_traced = callee.traces.is_some();
        link.looks_up = callee.kind == "cache" && link.mode == Mode::Call;
    }
}

fn make_behaviours(index: &Index, simulation: &mut Simulation) {
    let world = &mut simulation.world;
    // In order of place, so that the order of draws and events does not depend on the order of the
    // document.
    for place in 0..world.nodes.len() {
        if !world.nodes[place].is_present {
            continue;
        }
        let Some(node) = index.nodes.get(world.nodes[place].id.as_str()) else {
            continue;
        };
        match simulation.nodes.get_mut(place) {
            Some(known) => known.update(&node.kind, world),
            None => {
                let behaviour = Node::new(NodeIx(place as u32), &node.kind, world);
                simulation.nodes.push(behaviour);
            }
        }
    }
}

/// Gives balancers, queues and databases their links.
fn connect(design: &Design, simulation: &mut Simulation) {
    let world = &mut simulation.world;
    // The outgoing links of queues, by queue and whether they are for dead letters, in order of
    // place.
    let mut outgoing: BTreeMap<(usize, bool), Vec<LinkIx>> = BTreeMap::new();
    for (at, link) in world.links.iter().enumerate() {
        if link.is_present && matches!(link.mode, Mode::Consume | Mode::DeadLetter) {
            let from = (link.from.0 as usize, link.mode == Mode::DeadLetter);
            outgoing.entry(from).or_default().push(LinkIx(at as u32));
        }
    }
    let mut relays: BTreeMap<usize, Vec<(LinkIx, u64, u32)>> = BTreeMap::new();
    for link in design
        .links
        .iter()
        .filter(|link| link.mode == Mode::Publish)
    {
        let (place, from) = (world.link_places[&link.id], world.node_places[&link.from]);
        let relay = link.relay.clone().unwrap_or_default();
        let entry = (place, relay.poll.0, relay.batch);
        relays.entry(from.0 as usize).or_default().push(entry);
    }
    for place in 0..simulation.nodes.len() {
        if let Node::Database(database) = &mut simulation.nodes[place] {
            let mine = relays.remove(&place).unwrap_or_default();
            database.take_relays(mine, world);
        }
        if !world.nodes[place].is_present {
            continue;
        }
        let mut of = |mode: Mode| {
            outgoing
                .remove(&(place, mode == Mode::DeadLetter))
                .unwrap_or_default()
        };
        let (consumers, dead) = (of(Mode::Consume), of(Mode::DeadLetter).first().copied());
        match &mut simulation.nodes[place] {
            Node::LoadBalancer(balancer) => balancer.connect(world),
            Node::Queue(queue) => queue.connect(consumers, dead, world),
            Node::Client(_)
            | Node::Service(_)
            | Node::Cache(_)
            | Node::Database(_)
            | Node::Coordinator(_) => {}
        }
    }
}
