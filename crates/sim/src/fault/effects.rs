//! The effects of faults on nodes, links and zones. Several on one target multiply, or add up.

use super::course::Course;
use super::{Faults, crash};
use crate::components::Node;
use crate::event::{Event, NodeIx};
use crate::frozen::Frozen;
use crate::random::{Purpose, Sampler, Stream};
use crate::world::{NodeState, Stage, StartUp, Troubles, World};
use design::{Fault, FaultKind};

/// The combined faults of a replica.
struct Sum {
    is_crashed: bool,
    /// It is frozen; whether what arrives meanwhile is lost.
    is_hung: bool,
    is_paused: bool,
    is_out: bool,
    slowdown: f64,
    clock: i64,
    troubles: Troubles,
}

impl Faults {
    /// Returns the active faults of a node or link, for a replica.
    fn on<'a>(
        &'a self,
        list: &'a [u32],
        replica: u32,
        cx: &'a World,
    ) -> impl Iterator<Item = &'a Fault> {
        let courses = list.iter().map(|place| &self.list[*place as usize]);
        courses
            .filter(move |course| course.is_on(cx.now, replica))
            .map(|course: &Course| &course.fault)
    }

    pub(super) fn cut_zones(&self, cx: &mut World) {
        cx.zones.heal();
        cx.links.iter_mut().for_each(|link| link.cut = [false; 2]);
        for course in &self.list {
            let fault = &course.fault;
            if fault.kind == FaultKind::Partition && course.is_on(cx.now, 0) {
                match cx.zones.place(&fault.target) {
                    Some(_) => {
                        let to = fault.to.as_deref();
                        cx.zones.cut(&fault.target, to, fault.one_way);
                    }
                    None => cut_links(fault, cx),
                }
            }
        }
        cx.look_at_zones();
    }

    pub(crate) fn apply_to_node(&self, place: u32, nodes: &mut [Node], cx: &mut World) {
        let none = Vec::new();
        let list = self.of_node.get(&place).unwrap_or(&none);
        let node = NodeIx(place);
        let mut dying = Vec::new();
        for replica in 0..cx.node(node).replicas.len() as u32 {
            let sum = self.sum(list, node, replica, cx);
            if is_dying(&sum, node, replica, cx) {
                dying.push(replica);
            }
        }
        if !dying.is_empty() {
            crash(node, &dying, &mut nodes[place as usize], cx);
        }
        // Telemetry is of a node as a whole: it is lost if it is lost for every replica.
        let replicas = cx.node(node).replicas.len().max(1) as u32;
        let is_mute = (0..replicas).all(|replica| {
            let losses = self.on(list, replica, cx);
            let mut losses = losses.filter(|fault| fault.kind == FaultKind::TelemetryLoss);
            losses.any(|fault| hits(fault, cx.node(node), replica, cx))
        });
        let state = cx.node_mut(node);
        state.is_mute = is_mute;
        state.listen();
        if let Node::Cache(cache) = &mut nodes[place as usize] {
            cache.set_clock(cx.clock_of(node, 0), cx.now);
        }
        if let Node::Client(client) = &mut nodes[place as usize] {
            let of = |kind| self.on(list, 0, cx).filter(move |fault| fault.kind == kind);
            let times = of(FaultKind::TrafficSpike)
                .map(|fault| fault.times)
                .product();
            let hot = of(FaultKind::KeySkew).fold(0.0, |hot, fault| either(hot, fault.hot));
            client.set_hot(hot);
            client.set_spike(times, cx);
        }
    }

    /// Returns the combined faults of one replica: those of the node, of this replica, and of its
    /// zone.
    fn sum(&self, list: &[u32], node: NodeIx, replica: u32, cx: &World) -> Sum {
        let state = cx.node(node);
        let mut sum = Sum {
            is_crashed: false,
            is_hung: false,
            is_paused: false,
            is_out: false,
            slowdown: 1.0,
            clock: 0,
            troubles: Troubles::default(),
        };
        for fault in self
            .on(list, replica, cx)
            .filter(|fault| hits(fault, state, replica, cx))
        {
            let troubles = &mut sum.troubles;
            match fault.kind {
                FaultKind::Crash | FaultKind::RollingDeploy => sum.is_crashed = true,
                FaultKind::Hang => sum.is_hung = true,
                FaultKind::GcPauses => sum.is_paused = true,
                FaultKind::Slowdown => sum.slowdown *= fault.times,
                FaultKind::CacheOutage | FaultKind::QueueOutage => sum.is_out = true,
                FaultKind::ErrorRate => {
                    troubles.errors = either(troubles.errors, fault.errors);
                }
                FaultKind::GrayFailure => {
                    troubles.hidden_errors = either(troubles.hidden_errors, fault.errors);
                    sum.slowdown *= fault.times;
                }
                FaultKind::ThirdPartyOutage => {
                    troubles.errors = either(troubles.errors, fault.errors);
                    troubles.is_silent = true;
                }
                FaultKind::DiskFull => troubles.is_full = true,
                FaultKind::ClockSkew => {
                    let offset = fault.offset.0 as i64;
                    sum.clock += if fault.behind { -offset } else { offset };
                }
                FaultKind::SchemaMigration => {
                    troubles.is_locked[0] = true;
                    troubles.is_locked[1] |= fault.reads;
                }
                FaultKind::Latency
                | FaultKind::Loss
                | FaultKind::Jitter
                | FaultKind::Partition
                | FaultKind::TrafficSpike
                | FaultKind::KeySkew
                | FaultKind::CacheFlush
                | FaultKind::TelemetryLoss
                | FaultKind::ConnectionLeak
                | FaultKind::PoisonMessage
                | FaultKind::Reshard
                | FaultKind::LeaderFailover => {}
            }
        }
        sum
    }

    pub(super) fn apply_to_link(&self, place: u32, cx: &mut World) {
        let none = Vec::new();
        let list = self.of_link.get(&place).unwrap_or(&none);
        let (mut loss, mut leak, mut latency) = (0.0, 0.0, Vec::new());
        for fault in self.on(list, 0, cx) {
            match fault.kind {
                FaultKind::Loss => loss = either(loss, fault.loss),
                FaultKind::ConnectionLeak => leak = either(leak, fault.errors),
                FaultKind::Latency => latency.push((Sampler::new(&fault.add), false)),
                FaultKind::Jitter => latency.push((Sampler::new(&fault.add), true)),
                _ => {}
            }
        }
        let seed = cx.seed;
        let link = &mut cx.links[place as usize];
        (link.added_loss, link.added_latency) = (loss, latency);
        match &mut link.leak {
            Some(known) => known.0 = leak,
            none if leak > 0.0 => {
                let stream = Stream::new(seed, &link.id, Purpose::Leaks);
                *none = Some(Box::new((leak, stream)));
            }
            _ => {}
        }
        link.refresh();
    }
}

/// Partitions a link, or all links of a node (or those between it and another).
fn cut_links(fault: &Fault, cx: &mut World) {
    let (node, other) = (
        cx.node_places.get(&fault.target).copied(),
        fault
            .to
            .as_ref()
            .and_then(|to| cx.node_places.get(to).copied()),
    );
    for link in &mut cx.links {
        let is_meant = |end: NodeIx| other.is_none_or(|other| other == end);
        let [sends, hears] = match node {
            Some(node) => [
                link.from == node && is_meant(link.to),
                link.to == node && is_meant(link.from),
            ],
            None => [link.id == fault.target, false],
        };
        link.cut[0] |= sends || hears && !fault.one_way;
        link.cut[1] |= hears || sends && !fault.one_way;
    }
}

/// Returns whether a fault hits this replica: its node, itself, or its zone.
pub(super) fn hits(fault: &Fault, node: &NodeState, replica: u32, cx: &World) -> bool {
    match fault.target == node.id {
        true => fault.replica.is_none_or(|only| only == replica),
        false => cx.zones.place(&fault.target) == node.zone_of(replica),
    }
}

/// Returns the probability of at least one of two independent events.
fn either(a: f64, b: f64) -> f64 {
    a + b - a * b
}

/// Applies its faults to a replica. Returns whether it dies of them now.
fn is_dying(sum: &Sum, node: NodeIx, replica: u32, cx: &mut World) -> bool {
    let now = cx.now;
    let warm_up = cx.node(node).warm_up;
    let has_start_up = cx.node(node).start_ups.is_some();
    let mut starts = false;
    let state = &mut cx.nodes[node.0 as usize].replicas[replica as usize];
    let was_troubled = state.is_troubled();
    let troubles = state.troubles.as_ref();
    let was_locked = troubles.map_or([false; 2], |troubles| troubles.is_locked);
    state.set_slowdown(sum.slowdown);
    (state.is_out, state.clock) = (sum.is_out, sum.clock);
    state.troubles = match sum.troubles == Troubles::default() {
        true => None,
        false => Some(Box::new(sum.troubles.clone())),
    };
    let opens = was_locked != [false; 2] && was_locked != sum.troubles.is_locked;
    let dies = sum.is_crashed && state.is_up;
    if sum.is_crashed {
        state.is_crashed = true;
        if std::mem::take(&mut state.start_up) != StartUp::None {
            state.stage = Stage::Running;
        }
    } else if std::mem::take(&mut state.is_crashed) && state.stage == Stage::Running {
        starts = has_start_up;
        match has_start_up {
            true => (state.stage, state.due) = (Stage::Restarting, now),
            false => state.start(warm_up, now),
        }
    }
    // A dead process is not frozen: it refuses.
    let stands = (sum.is_hung || sum.is_paused) && !sum.is_crashed;
    let stood = state.stands_since.is_some();
    state.is_deaf = sum.is_hung;
    if stands && !stood {
        state.stands_since = Some(now);
    }
    let since = state.stands_since;
    if !stands {
        state.stands_since = None;
    }
    let is_troubled = state.is_troubled();
    cx.troubled += u32::from(is_troubled);
    cx.troubled -= u32::from(was_troubled);
    match (since, stands) {
        (Some(_), true) if !stood => {
            cx.part_all();
            cx.frozen.freeze();
        }
        (Some(since), false) => Frozen::thaw(node, replica, since, cx),
        _ => {}
    }
    if opens || dies {
        Frozen::let_in(node, replica, cx);
    }
    if starts {
        cx.at(now, Event::Replica { node, replica });
    }
    dies
}
