//! Frames: what the page shows of a running simulation.

use design::{Design, Kind};
use format::message as wire;
use sim::Simulation;
use sim::components::coordinator::Coordinator;
use sim::components::{Component, Node};
use sim::event::{LinkIx, NodeIx};
use sim::measure::{FlightKind, Window};
use sim::world::{Replica, Stage, World};

/// Replicas shown of one node.
const REPLICAS_SHOWN: usize = 64;
/// Dots per second of wall-clock time that a link shows at most, about.
const DOTS_PER_S: f64 = 60.0;
/// How often a frame has the contents of a node, in ms.
const INSIDE_EVERY_MS: f64 = 250.0;
/// Most firings of alerts told; the latest.
const ALERTS_MAX: usize = 64;
/// How often the number of calls per dot is updated, in ms.
const DOTS_EVERY_MS: f64 = 500.0;

/// What has been told already, and what the next frame needs to know of the past.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    windows_told: usize,
    width_told: u64,
    /// The design's place of each link's place in the run.
    link_of: Vec<Option<u16>>,
    /// Attempts per link when the dots were last set, and when.
    dots: Vec<u64>,
    dots_ms: f64,
    speed: f64,
    speed_from: Option<(u64, f64)>,
    /// The node that is looked into, and when it was last told what it holds.
    looked_into: Option<String>,
    looked_ms: f64,
}

impl Observer {
    /// The design changed: places have to be looked up again.
    pub(crate) fn forget_places(&mut self) {
        self.link_of.clear();
    }

    /// Simulated seconds per second, over about half a second.
    pub(crate) fn watch_speed(&mut self, now: u64, now_ms: f64) {
        match self.speed_from {
            Some((then, then_ms)) if now_ms - then_ms < 500.0 && now >= then => {}
            Some((then, then_ms)) => {
                self.speed = now.saturating_sub(then) as f64 / 1e6 / (now_ms - then_ms).max(1.0);
                self.speed_from = Some((now, now_ms));
            }
            None => self.speed_from = Some((now, now_ms)),
        }
    }

    /// Looks into a node from now on.
    pub(crate) fn look(&mut self, node: Option<String>) {
        (self.looked_into, self.looked_ms) = (node, f64::NEG_INFINITY);
    }

    fn inside(
        &mut self,
        simulation: &Simulation,
        design: &Design,
        now_ms: f64,
    ) -> Option<wire::Inside> {
        let id = self.looked_into.as_ref()?;
        if now_ms - self.looked_ms < INSIDE_EVERY_MS {
            return None;
        }
        self.looked_ms = now_ms;
        let at = design.nodes.iter().position(|node| node.id == *id)?;
        let place = simulation.node_place(id)?;
        let inside = simulation.look_inside(place, wire::ROWS_MAX)?;
        let row = |row: &sim::Held| wire::Held {
            key: row.key,
            version: row.version,
            standing: row.standing,
            age_ns: row.age,
            expires_ns: row.expires_in,
            hits: row.hits,
        };
        Some(wire::Inside {
            node: at as u16,
            held: inside.held,
            never_read: inside.never_read,
            rows: inside.rows.iter().map(row).collect(),
        })
    }

    /// The run jumped to another time: the next frame begins there.
    pub(crate) fn jumped(&mut self, simulation: &Simulation, now_ms: f64) {
        self.forget_places();
        self.speed_from = None;
        let links = simulation.world().links();
        self.dots = links.iter().map(|link| link.tally.attempts[0]).collect();
        self.dots_ms = now_ms;
        self.looked_ms = f64::NEG_INFINITY;
    }

    /// What comes after now is no longer what was told.
    pub(crate) fn forget_windows(&mut self, simulation: &Simulation) {
        let closed = simulation.world().windows().closed.len();
        self.windows_told = self.windows_told.min(closed);
    }

    /// The state of the run now, and what happened since the last frame.
    pub(crate) fn frame(
        &mut self,
        run: wire::RunId,
        state: wire::RunState,
        simulation: &mut Simulation,
        design: &Design,
        now_ms: f64,
    ) -> wire::Frame {
        self.look_up_links(simulation, design);
        self.set_dots(simulation, now_ms);
        let flights = self.flights(simulation);
        wire::Frame {
            state,
            speed: self.speed,
            inside: self.inside(simulation, design, now_ms),
            alerts: alerts(simulation),
            windows: self.windows(simulation),
            flights,
            ..self::state(run, simulation, design)
        }
    }

    fn look_up_links(&mut self, simulation: &Simulation, design: &Design) {
        let count = simulation.world().links().len();
        // A replay takes edits in by itself.
        if self.link_of.len() == count {
            return;
        }
        self.link_of = vec![None; count];
        let links = design.links.iter().take(usize::from(u16::MAX));
        for (at, link) in links.enumerate() {
            if let Some(place) = simulation.link_place(&link.id) {
                self.link_of[place.0 as usize] = Some(at as u16);
            }
        }
    }

    /// Sets the number of calls per dot so that a link shows about [`DOTS_PER_S`].
    fn set_dots(&mut self, simulation: &mut Simulation, now_ms: f64) {
        if now_ms - self.dots_ms < DOTS_EVERY_MS {
            return;
        }
        let passed_s = (now_ms - self.dots_ms).min(10_000.0) / 1e3;
        self.dots_ms = now_ms;
        let count = simulation.world().links().len();
        self.dots.resize(count, 0);
        for place in 0..count {
            let attempts = simulation.world().links()[place].tally.attempts[0];
            let per_s = attempts.saturating_sub(self.dots[place]) as f64 / passed_s;
            self.dots[place] = attempts;
            // Round figures: "1 dot = 20" reads better than "1 dot = 17".
            let dot = [
                1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000,
            ];
            let wanted = per_s / DOTS_PER_S;
            let dot = dot
                .into_iter()
                .find(|dot| f64::from(*dot) >= wanted)
                .unwrap_or(1_000_000);
            simulation.set_dot(LinkIx(place as u32), dot);
        }
    }

    fn flights(&self, simulation: &mut Simulation) -> Vec<wire::Flight> {
        let all: Vec<_> = simulation.tap_mut().take().collect();
        // Where there are too many, the latest are the ones still to be seen.
        let skipped = all.len().saturating_sub(wire::FLIGHTS_MAX);
        let shown = all.into_iter().skip(skipped).filter_map(|flight| {
            Some(wire::Flight {
                link: (*self.link_of.get(flight.link.0 as usize)?)?,
                kind: flight_kind(flight.kind),
                start_ns: flight.start,
                duration_ns: flight.duration.max(1),
            })
        });
        shown.collect()
    }

    fn windows(&mut self, simulation: &Simulation) -> Vec<wire::WindowFrame> {
        let windows = simulation.world().windows();
        if windows.width != self.width_told {
            // Neighbours were merged: tell all of it anew.
            (self.width_told, self.windows_told) = (windows.width, 0);
        }
        let first = self.windows_told.min(windows.closed.len());
        // A run that went back tells nothing twice.
        self.windows_told = self.windows_told.max(windows.closed.len());
        let ended = simulation.world().end;
        let frames = windows.closed.iter().enumerate().skip(first);
        frames
            .map(|(place, window)| window_frame(place, window, windows.width, ended))
            .collect()
    }
}

/// The current state, in the order of a design that may be newer than the run's.
pub(crate) fn state(run: wire::RunId, simulation: &Simulation, design: &Design) -> wire::Frame {
    let totals = simulation.totals();
    let node = |node: &design::Node| match simulation.node_place(&node.id) {
        Some(place) => node_frame(simulation, place, &node.kind),
        None => wire::NodeFrame::default(),
    };
    let link = |link: &design::Link| match simulation.link_place(&link.id) {
        Some(place) => link_frame(simulation, place),
        None => wire::LinkFrame::default(),
    };
    wire::Frame {
        run,
        time_ns: simulation.now(),
        offered: totals.offered,
        ok: totals.answered,
        degraded: totals.degraded,
        failed: totals.failed,
        nodes: design.nodes.iter().map(node).collect(),
        links: design.links.iter().map(link).collect(),
        ..wire::Frame::default()
    }
}

fn window_frame(place: usize, window: &Window, width: u64, ended: u64) -> wire::WindowFrame {
    let start = place as u64 * width;
    let width_s = ended.saturating_sub(start).clamp(1, width) as f64 / 1e9;
    let per_s = |count: u64| (count as f64 / width_s) as f32;
    let ms = |ns: Option<u64>| ns.map_or(f32::NAN, |ns| (ns as f64 / 1e6) as f32);
    wire::WindowFrame {
        start_s: start as f64 / 1e9,
        width_s,
        offered_per_s: per_s(window.offered),
        throughput_per_s: per_s(window.finished),
        goodput_per_s: per_s(window.good),
        failed_per_s: per_s(window.failed),
        p50_ms: ms(window.p50),
        p99_ms: ms(window.p99),
        amplification: if window.offered == 0 {
            f32::NAN
        } else {
            (window.bottom_attempts as f64 / window.offered as f64) as f32
        },
        waiting: window.waiting.min(u64::from(u32::MAX)) as u32,
    }
}

fn node_frame(simulation: &Simulation, place: NodeIx, kind: &Kind) -> wire::NodeFrame {
    let world = simulation.world();
    let state = world.node(place);
    let behaviour = simulation.behaviour(place);
    let stations = behaviour.stations();
    let sum = |of: fn(&sim::station::Station) -> u64| clip(stations.iter().map(of).sum());
    let held = sum(|station| station.held.level());
    let working = sum(|station| station.working.level());
    let (waiting, capacity) = match (behaviour, kind) {
        (Node::Queue(queue), Kind::Queue(spec)) => {
            (clip(queue.waiting.level()), spec.capacity.unwrap_or(0))
        }
        (Node::Cache(cache), Kind::Cache(spec)) => {
            (cache.entries() as u32, spec.capacity.unwrap_or(0))
        }
        _ => (
            sum(|station| station.queued.level()),
            sum(|station| station.places.unwrap_or(0)),
        ),
    };
    let tally = &state.tally;
    wire::NodeFrame {
        working,
        blocked: held.saturating_sub(working),
        slots: sum(|station| station.slots.unwrap_or(0)),
        waiting,
        capacity,
        arrivals: tally.all.arrivals,
        completions: tally.all.completions,
        failures: tally.all.failures.map(clip),
        hits: tally.hits[0],
        misses: tally.misses[0],
        versions: match behaviour {
            Node::Database(_) => world.commits(place),
            _ => 0,
        },
        age_ns: match behaviour {
            Node::Queue(queue) => queue.oldest().map_or(0, |since| world.now - since),
            Node::Database(database) => database.behind(world.now),
            Node::Cache(cache) => cache.tally.served_age,
            _ => 0,
        },
        worked_ms: [tally.worked, tally.wasted].map(|ns| (ns / 1_000_000) as u64),
        harm: [
            tally.stale_reads,
            tally.duplicates,
            match behaviour {
                Node::Database(database) => {
                    database.replication().map_or(0, |(_, undone, _)| undone)
                }
                _ => 0,
            },
        ],
        redelivered: match behaviour {
            Node::Queue(queue) => queue.tally.redelivered,
            _ => 0,
        },
        heard: state.emits_metrics(),
        replicas: replicas(world, place),
        boxes: boxes(world, place, behaviour),
    }
}

/// The replicas that are shown, by their places: those that are there, and while all are drawn one
/// by one, those that the autoscaler removed.
fn shown(world: &World, place: NodeIx) -> impl Iterator<Item = (usize, &Replica)> {
    let replicas = &world.node(place).replicas;
    let has_room = replicas.len() <= wire::BOXES_MAX;
    let replicas = replicas.iter().enumerate();
    replicas.filter(move |(_, state)| has_room || state.stage != Stage::Absent)
}

/// The load and the role of each replica, where there are several and not too many.
fn boxes(world: &World, place: NodeIx, behaviour: &Node) -> Vec<wire::BoxFrame> {
    let stations = behaviour.stations();
    let count = shown(world, place).count();
    if stations.is_empty() || !(2..=wire::BOXES_MAX).contains(&count) {
        return Vec::new();
    }
    let mut before = None;
    let nobody_leads = |coordinator: &Coordinator| {
        let mut members = 0..stations.len() as u32;
        !members.any(|member| coordinator.is_leader(member))
    };
    let boxes = shown(world, place).map(|(replica, state)| {
        if state.stage == Stage::Absent {
            return wire::BoxFrame::default();
        }
        let zone = world.zone_of(place, replica as u32);
        let last = before.replace(zone).flatten();
        let cut = world.is_cut(last, zone) || world.is_cut(zone, last);
        let Some(station) = stations.get(replica) else {
            return wire::BoxFrame {
                cut,
                ..wire::BoxFrame::default()
            };
        };
        let (held, working) = (station.held.level(), station.working.level());
        let (shard, leads, lag) = match behaviour {
            Node::Database(database) => database.member(replica as u32, world.now),
            Node::Coordinator(coordinator) => (0, coordinator.is_leader(replica as u32), 0),
            _ => (0, false, 0),
        };
        let is_vacant = match behaviour {
            Node::Coordinator(coordinator) => replica == 0 && nobody_leads(coordinator),
            _ => leads && !state.is_up,
        };
        wire::BoxFrame {
            working: clip(working),
            blocked: clip(held.saturating_sub(working)),
            slots: clip(station.slots.unwrap_or(0)),
            waiting: clip(station.queued.level()),
            shard,
            leads: leads && !is_vacant,
            is_vacant,
            lag_ms: clip(lag / 1_000_000),
            cut,
        }
    });
    boxes.collect()
}

fn replicas(world: &World, place: NodeIx) -> Vec<wire::ReplicaState> {
    let shown = shown(world, place).take(REPLICAS_SHOWN);
    shown
        .map(|(replica, state)| match state {
            state if state.stage == Stage::Absent => wire::ReplicaState::Removed,
            state
                if matches!(state.stage, Stage::Starting | Stage::Restarting)
                    && !state.is_crashed =>
            {
                wire::ReplicaState::Starting
            }
            state if !state.is_up => wire::ReplicaState::Down,
            _ if world.is_ejected(place, replica as u32) => wire::ReplicaState::Ejected,
            state if state.is_faulty() => wire::ReplicaState::Faulty,
            state if state.pace(world.now) != 1.0 => wire::ReplicaState::Slow,
            _ => wire::ReplicaState::Up,
        })
        .collect()
}

fn link_frame(simulation: &Simulation, place: LinkIx) -> wire::LinkFrame {
    let link = simulation.world().link(place);
    let tally = &link.tally;
    let timeouts = tally.failures[0][0];
    wire::LinkFrame {
        calls: tally.calls[0],
        attempts: tally.attempts[0],
        timeouts,
        failures: tally.failures[0].iter().sum::<u64>() - timeouts,
        in_flight: clip(tally.in_flight.level()),
        dot: link.dot,
        breakers_open: clip(tally.open.level()),
        impaired: simulation.is_impaired(place),
        cut: simulation.world().is_link_cut(place),
        passes: simulation.world().is_link_passable(place),
    }
}

fn alerts(simulation: &Simulation) -> Vec<(u16, u64, Option<u64>)> {
    let fired = simulation.alert_episodes();
    let mut fired: Vec<_> = fired
        .map(|(at, episode)| {
            (
                at.min(usize::from(u16::MAX)) as u16,
                episode.from,
                episode.until,
            )
        })
        .collect();
    fired.sort_by_key(|(at, from, _)| (*from, *at));
    fired.drain(..fired.len().saturating_sub(ALERTS_MAX));
    fired
}

fn clip(count: u64) -> u32 {
    count.min(u64::from(u32::MAX)) as u32
}

fn flight_kind(kind: FlightKind) -> wire::FlightKind {
    match kind {
        FlightKind::Call => wire::FlightKind::Call,
        FlightKind::Retry => wire::FlightKind::Retry,
        FlightKind::Message => wire::FlightKind::Message,
        FlightKind::Answer => wire::FlightKind::Answer,
        FlightKind::Failure => wire::FlightKind::Failure,
        FlightKind::Timeout => wire::FlightKind::Timeout,
        FlightKind::Lost => wire::FlightKind::Lost,
        FlightKind::Stale => wire::FlightKind::Stale,
        FlightKind::Refused => wire::FlightKind::Refused,
        FlightKind::Unsent => wire::FlightKind::Unsent,
        FlightKind::Abandoned => wire::FlightKind::Abandoned,
        FlightKind::Late => wire::FlightKind::Late,
    }
}
