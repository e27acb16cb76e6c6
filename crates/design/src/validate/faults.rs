//! What a fault is aimed at, and what it needs for that.

use super::hint;
use crate::attribute::Reader;
use crate::document::Design;
use crate::fault::{Fault, FaultKind};
use crate::kinds::Kind;
use crate::kinds::client::Arrivals;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(
    fault: &Fault,
    design: &Design,
    nodes: &BTreeMap<&str, &Kind>,
    zones: &BTreeSet<&str>,
    reader: &mut Reader,
) {
    if fault.kind == FaultKind::Partition {
        check_partition(fault, design, nodes, zones, reader);
    } else if fault.kind.is_for_links() {
        check_link(fault, design, reader);
    } else if let Some(kind) = nodes.get(fault.target.as_str()) {
        check_node(fault, design, kind, reader);
        check_resharding(fault, design, kind, reader);
        check_clock(fault, design, kind, reader);
    } else if zones.contains(fault.target.as_str()) && !fault.kind.is_of_one_node() {
        check_nodes_of_zone(fault, design, reader);
    } else {
        let hint = hint(reader, &fault.target, nodes.keys().copied());
        reader.within("target", |reader| {
            reader.problem(format!("unknown node \"{}\"{hint}", fault.target))
        });
    }
    check_course(fault, reader);
}

/// What it says of its course over time.
fn check_course(fault: &Fault, reader: &mut Reader) {
    let mut problem = |field: &str, message: String| {
        reader.within(field, |reader| reader.problem(message));
    };
    let is_slow = matches!(fault.kind, FaultKind::Slowdown | FaultKind::GrayFailure);
    if is_slow && fault.times <= 0.0 {
        problem("times", "must be greater than 0".to_owned());
    }
    let name = fault.kind.name();
    if fault.mtbf.is_some() && fault.kind.has_own_course() {
        let message =
            format!("has no effect on {name}, which has its own schedule; set it to null");
        problem("mtbf", message);
    }
    if fault.mttr.is_some() && fault.mtbf.is_none() {
        let message = "has no effect without mtbf; set it to null, or set both".to_owned();
        problem("mttr", message);
    }
    if fault.mttr.is_some() && fault.kind.is_of_a_moment() {
        let message = format!("has no effect on {name}, which is instantaneous; set it to null");
        problem("mttr", message);
    }
    if fault.kind == FaultKind::GcPauses && fault.pause >= fault.every {
        let message = format!(
            "{} must be less than `every` ({})",
            fault.pause, fault.every
        );
        problem("pause", message);
    }
    let of_all = match fault.kind {
        FaultKind::RollingDeploy => "a deploy restarts all replicas",
        FaultKind::Reshard => "a resharding affects all shards",
        _ => return,
    };
    if fault.replica.is_some() {
        problem("replica", format!("{of_all}; set it to null"));
    }
}

/// A zone is cut from zones, a node from nodes, a link as it is.
fn check_partition(
    fault: &Fault,
    design: &Design,
    nodes: &BTreeMap<&str, &Kind>,
    zones: &BTreeSet<&str>,
    reader: &mut Reader,
) {
    let target = fault.target.as_str();
    let is_of_zone = zones.contains(target);
    let is_of_link = !is_of_zone && design.link(target).is_some();
    if !is_of_zone && !is_of_link && !nodes.contains_key(target) {
        return check_zone("target", target, zones, reader);
    }
    let Some(to) = &fault.to else {
        return;
    };
    let mut problem = |message: String| reader.within("to", |reader| reader.problem(message));
    if is_of_link {
        problem(format!("{target} is a link; set it to null"));
    } else if to == target {
        problem("must differ from the target".to_owned());
    } else if is_of_zone {
        check_zone("to", to, zones, reader);
    } else if !nodes.contains_key(to.as_str()) {
        let hint = hint(reader, to, nodes.keys().copied());
        reader.within("to", |reader| {
            reader.problem(format!("unknown node \"{to}\"{hint}"))
        });
    }
}

fn check_zone(field: &str, name: &str, zones: &BTreeSet<&str>, reader: &mut Reader) {
    if !zones.contains(name) {
        let hint = hint(reader, name, zones.iter().copied());
        reader.within(field, |reader| {
            reader.problem(format!("no node runs in zone \"{name}\"{hint}"))
        });
    }
}

fn check_link(fault: &Fault, design: &Design, reader: &mut Reader) {
    if fault.kind == FaultKind::ConnectionLeak
        && design
            .link(&fault.target)
            .is_some_and(|link| link.pool.is_none())
    {
        let message = format!(
            "{} has no connection pool; set its pool",
            design.link_title(&fault.target)
        );
        reader.within("target", |reader| reader.problem(message));
    }
    if design.link(&fault.target).is_none() {
        let ids = design.links.iter().map(|link| link.id.as_str());
        let hint = hint(reader, &fault.target, ids);
        let message = format!("unknown link \"{}\"{hint}", fault.target);
        reader.within("target", |reader| reader.problem(message));
    }
}

fn has_leader(kind: &Kind) -> bool {
    match kind {
        Kind::Database(database) => database.has_leader(),
        _ => true,
    }
}

fn check_clock(fault: &Fault, design: &Design, kind: &Kind, reader: &mut Reader) {
    let is_hit = fault.kind.targets().contains(&kind.name());
    if fault.kind == FaultKind::ClockSkew && is_hit && !design.reads_clock(&fault.target, kind) {
        let remedy = match kind {
            Kind::Cache(_) => "a ttl, or a link with a deadline",
            Kind::Coordinator(_) => "a lease, or a link with a deadline",
            Kind::Database(_) => {
                "replication in mode quorum or that diverges, or a link with a deadline"
            }
            _ => "a link with a deadline",
        };
        let node = design.title_of(&fault.target);
        let message = format!("{node} reads no clock; give it {remedy}");
        reader.within("target", |reader| reader.problem(message));
    }
}

fn check_resharding(fault: &Fault, design: &Design, kind: &Kind, reader: &mut Reader) {
    let Kind::Database(database) = kind else {
        return;
    };
    let title = design.title_of(&fault.target);
    let is_resharding =
        |other: &&Fault| other.kind == FaultKind::Reshard && other.target == fault.target;
    let all = design.faults.iter().filter(is_resharding);
    let most = all.clone().map(|other| other.shards).max().unwrap_or(0);
    let members = most.max(database.shards.count) * database.copies();
    if fault.replica.is_some_and(|replica| replica >= members) {
        let message = format!("out of range; {title} has {members} replicas, counted from 0");
        reader.within("replica", |reader| reader.problem(message));
    }
    if fault.kind != FaultKind::Reshard {
        return;
    }
    if fault.shards == database.shards.count && all.count() == 1 {
        let message = format!("{title} already has {} shards", fault.shards);
        reader.within("shards", |reader| reader.problem(message));
    }
}

fn check_nodes_of_zone(fault: &Fault, design: &Design, reader: &mut Reader) {
    let is_hit = |node: &crate::Node| {
        let is_there = node.deployment.zones().contains(&fault.target);
        let means_something = match fault.kind {
            FaultKind::ClockSkew => design.reads_clock(&node.id, &node.kind),
            FaultKind::LeaderFailover => has_leader(&node.kind),
            _ => true,
        };
        is_there && means_something && fault.kind.targets().contains(&node.kind.name())
    };
    if !design.nodes.iter().any(is_hit) {
        let message = format!(
            "zone {} has no target for {}; valid targets: {}",
            fault.target,
            fault.kind.name(),
            fault.kind.targets().join(", ")
        );
        reader.within("target", |reader| reader.problem(message));
    }
    if fault.replica.is_some() {
        reader.within("replica", |reader| {
            reader.problem(
                "has no effect on a zone fault, which affects all replicas there; set it to null",
            )
        });
    }
}

fn check_node(fault: &Fault, design: &Design, kind: &Kind, reader: &mut Reader) {
    let title = design.title_of(&fault.target);
    if !fault.kind.targets().contains(&kind.name()) {
        let message = format!(
            "{} cannot target a {}; valid targets: {}",
            fault.kind.name(),
            kind.info().label,
            fault.kind.targets().join(", ")
        );
        reader.within("target", |reader| reader.problem(message));
    }
    let is_scaled = matches!(kind, Kind::Service(service) if service.autoscale.is_some());
    if fault.kind == FaultKind::RollingDeploy && is_scaled {
        let message = format!(
            "{title} is autoscaled, and a rolling deploy needs a fixed number of replicas; set autoscale to null"
        );
        reader.within("target", |reader| reader.problem(message));
    }
    if fault.kind == FaultKind::LeaderFailover && !has_leader(kind) {
        let message = format!("{title} has no leader; use replication mode async or semi_sync");
        reader.within("target", |reader| reader.problem(message));
    }
    if fault.kind == FaultKind::TrafficSpike
        && let Kind::Client(client) = kind
        && matches!(client.arrivals, Arrivals::Replay(_))
    {
        let message =
            format!("{title} replays recorded arrivals, so a traffic spike has no effect");
        reader.within("target", |reader| reader.problem(message));
    }
    // Those of a database are a matter of its reshardings too.
    if let Some(replica) = fault.replica
        && !matches!(kind, Kind::Database(_))
        && replica >= kind.replicas_max()
    {
        let message = format!(
            "out of range; {title} has {} replicas, counted from 0",
            kind.replicas_max()
        );
        reader.within("replica", |reader| reader.problem(message));
    }
}
