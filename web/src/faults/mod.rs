//! Fault injection by the user: the possible faults, the active faults, and ending one. An injected
//! fault is part of the design, with its time, so that a link or a file replays the incident.

mod edit;
mod live;
mod palette;

use design::{Command, Design, Fault, FaultKind, Kind, Target, Value};
use leptos::prelude::*;

use crate::state::Page;

pub(crate) use edit::edit_fault;
pub(crate) use live::LiveFaults;
pub(crate) use palette::FaultPalette;

/// Returns the faults that are possible for a node, a link or a zone.
pub(crate) fn faults_for(design: &Design, target: &str) -> Vec<FaultKind> {
    let kind = design.node(target).map(|node| &node.kind);
    let is_link = design.link(target).is_some();
    let inside = || design.nodes.iter().filter(|node| is_in(node, target));
    let fits = |fault: &FaultKind| match kind {
        Some(_) if *fault == FaultKind::Partition => true,
        Some(kind) if *fault == FaultKind::ClockSkew => {
            fault.targets().contains(&Kind::name(kind)) && design.reads_clock(target, kind)
        }
        Some(Kind::Database(database)) if *fault == FaultKind::LeaderFailover => {
            database.has_leader()
        }
        Some(kind) => fault.targets().contains(&Kind::name(kind)),
        None if is_link => fault.is_for_links() || *fault == FaultKind::Partition,
        // Of a zone: the partition, and whatever can hit a node in it.
        None if *fault == FaultKind::Partition => inside().next().is_some(),
        None if fault.is_of_one_node() => false,
        None => inside().any(|node| fault.targets().contains(&node.kind.name())),
    };
    let mut kinds: Vec<FaultKind> = FaultKind::ALL.iter().copied().filter(fits).collect();
    if kind.is_none() && !is_link {
        // Partitions are the main purpose of zones.
        kinds.sort_by_key(|kind| *kind != FaultKind::Partition);
    }
    kinds
}

fn is_in(node: &design::Node, zone: &str) -> bool {
    node.deployment.zones().iter().any(|own| own == zone)
}

/// Returns the fields of a fault that apply to a kind, without its target and its time.
fn parameters(kind: FaultKind) -> Vec<&'static str> {
    let mut names = Vec::new();
    if !kind.is_of_whole_node() && !kind.is_for_links() && kind != FaultKind::Partition {
        names.push("replica");
    }
    names.extend(match kind {
        FaultKind::Slowdown | FaultKind::TrafficSpike => &["times"][..],
        FaultKind::GrayFailure => &["times", "errors"],
        FaultKind::Latency | FaultKind::Jitter => &["add"],
        FaultKind::Loss => &["loss"],
        FaultKind::Partition => &["to", "one_way"],
        FaultKind::ErrorRate | FaultKind::ThirdPartyOutage | FaultKind::ConnectionLeak => {
            &["errors"]
        }
        FaultKind::KeySkew => &["hot"],
        FaultKind::GcPauses => &["every", "pause"],
        FaultKind::SchemaMigration => &["reads"],
        FaultKind::RollingDeploy => &["step"],
        FaultKind::PoisonMessage => &["messages"],
        FaultKind::CacheFlush => &["share"],
        FaultKind::Reshard => &["shards", "batch", "copy_time", "cutover", "rate"],
        FaultKind::ClockSkew => &["offset", "behind"],
        FaultKind::Crash
        | FaultKind::Hang
        | FaultKind::CacheOutage
        | FaultKind::QueueOutage
        | FaultKind::DiskFull
        | FaultKind::TelemetryLoss
        | FaultKind::LeaderFailover => &[],
    });
    names
}

/// Returns whether a fault has a duration that the user can choose.
pub(crate) fn has_length(fault: &Fault) -> bool {
    !fault.kind.is_of_a_moment() && fault.kind != FaultKind::RollingDeploy
}

/// Returns whether a fault is active at a moment, in seconds, and could be ended then.
pub(crate) fn is_on(design: &Design, fault: &Fault, now_s: f64) -> bool {
    let ends = design.fault_ends(fault).map(|end| end.as_s());
    let is_over = ends.is_some_and(|end_s| end_s <= now_s);
    has_length(fault) && fault.mtbf.is_none() && fault.at.as_s() <= now_s && !is_over
}

/// Returns the nodes that faults hit at a moment, in seconds, each with the words of its fault. A
/// fault of a zone hits the nodes in it.
fn broken_now(design: &Design, now_s: f64) -> Vec<(String, String)> {
    let on = design
        .faults
        .iter()
        .filter(|fault| is_on(design, fault, now_s));
    let hit = on.flat_map(|fault| {
        let hits = |node: &&design::Node| node.id == fault.target || is_in(node, &fault.target);
        let nodes = design.nodes.iter().filter(hits);
        nodes.map(|node| (node.id.clone(), crate::inspector::fault_words(fault)))
    });
    hit.collect()
}

impl Page {
    /// Tracks the nodes with active faults, for their cards on the canvas.
    pub(crate) fn follow_faults(self) {
        let broken = Memo::new(move |_| {
            self.tick.track();
            let now_s = self.history.with_value(|history| history.now_s);
            self.design.with(|design| broken_now(design, now_s))
        });
        Effect::new(move || self.broken.set(broken.get()));
    }

    /// Ends a fault now.
    pub(crate) fn mend(self, at: usize) {
        self.end_peek();
        let Some(fault) = self
            .design
            .with_untracked(|design| design.faults.get(at).cloned())
        else {
            return;
        };
        let lasted = self.soon().0.saturating_sub(fault.at.0);
        // No fault is shorter than a millisecond.
        let lasts = design::Duration(lasted.max(1_000_000));
        self.command_named(
            Command::Set(
                Target::Fault(at),
                "for".to_owned(),
                Value::Text(lasts.to_string()),
            ),
            &format!("End: {}", crate::inspector::fault_words(&fault)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::kinds::{Client, Service};
    use design::link::Mode;
    use design::{Link, Node};

    fn design() -> Design {
        let mut api = Node::new("api", Kind::Service(Service::default()), [300, 0]);
        api.deployment.zones = vec!["eu".to_owned()];
        Design {
            nodes: vec![
                Node::new("users", Kind::Client(Client::default()), [0, 0]),
                api,
            ],
            links: vec![Link::new("users->api", "users", "api", Mode::Call)],
            ..Design::default()
        }
    }

    #[test]
    fn faults_fit_their_target() {
        let design = design();
        let of = |target: &str| faults_for(&design, target);
        let users = of("users");
        assert!(users.contains(&FaultKind::TrafficSpike) && !users.contains(&FaultKind::Crash));
        let api = of("api");
        assert!(api.contains(&FaultKind::Crash) && !api.contains(&FaultKind::CacheFlush));
        assert_eq!(
            of("users->api"),
            [
                FaultKind::Latency,
                FaultKind::Loss,
                FaultKind::Partition,
                FaultKind::Jitter,
                FaultKind::ConnectionLeak
            ]
        );
        let eu = of("eu");
        assert_eq!(eu[0], FaultKind::Partition);
        assert!(eu.contains(&FaultKind::Crash) && !eu.contains(&FaultKind::TrafficSpike));
        assert!(!eu.contains(&FaultKind::RollingDeploy));
        assert!(of("nowhere").is_empty());
    }

    #[test]
    fn every_parameter_is_a_field() {
        for kind in FaultKind::ALL {
            for name in parameters(*kind) {
                let known = |field: &design::Field| field.name == name;
                assert!(Fault::RECORD.fields.iter().any(known), "{name}");
            }
        }
    }

    #[test]
    fn a_fault_shows_on_the_nodes_that_it_hits() {
        let mut design = design();
        let fault = |target: &str| Fault {
            at: design::Duration::s(10),
            target: target.to_owned(),
            ..Fault::default()
        };
        design.faults = vec![fault("api"), fault("eu"), fault("users->api")];
        let hit = broken_now(&design, 15.0);
        let ids: Vec<&str> = hit.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["api", "api"], "{hit:?}");
        assert_eq!(broken_now(&design, 9.0), []);
    }

    #[test]
    fn a_fault_is_on_between_its_ends() {
        let design = design();
        let fault = Fault {
            at: design::Duration::s(10),
            ..Fault::default()
        };
        let on = |now_s| is_on(&design, &fault, now_s);
        assert_eq!(
            [on(9.9), on(10.0), on(19.9), on(20.0)],
            [false, true, true, false]
        );
    }
}
