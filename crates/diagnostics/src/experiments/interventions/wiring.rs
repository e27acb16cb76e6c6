//! Suspects between nodes, and faults.

use super::{List, Without, places, replica};
use crate::facts::Facts;
use crate::lint::ring;
use crate::remedies::{duration, link, node, number};
use design::link::Mode;
use design::{Command, Design, FaultKind, Kind, Link, Value};
use report::{Message, link_name, message, moment, name};

impl List<'_> {
    pub(super) fn link(&mut self, at: &Link) {
        let mut limits = Vec::new();
        if at.pool.is_some() {
            limits.push(link(&at.id, "pool", Value::Null));
        }
        if at.bulkhead.is_some() {
            limits.push(link(&at.id, "bulkhead", Value::Null));
        }
        let limit = match (&at.pool, &at.bulkhead) {
            (Some(_), Some(_)) => "the pool and the bulkhead",
            (None, _) => "the bulkhead",
            (Some(_), None) => "the limit on the connection pool",
        };
        let label = message!("{} on {}", limit, link_name(&at.id));
        self.add(Without::PoolLimit, [&at.id], label, limits);
        let latency = at.latency.mean_s().unwrap_or(0.0);
        if latency > 0.002 || at.loss > 0.0 {
            let edits = vec![
                link(&at.id, "latency", Value::text("1us")),
                link(&at.id, "loss", number(0.0)),
            ];
            let what = match at.loss > 0.0 {
                true => "latency and packet loss",
                false => "the latency",
            };
            let label = message!("{} on {}", what, link_name(&at.id));
            self.add(Without::Network, [&at.id], label, edits);
        }
        if let Some(timeout) = at.timeout {
            let longer = duration((timeout.as_s() * 20.0).min(86_400.0));
            let edits = vec![link(&at.id, "timeout", longer)];
            let label = message!("the timeout of {} on {}", timeout, link_name(&at.id));
            self.add(Without::Timeout, [&at.id], label, edits);
        }
        if at.hedge.is_some() {
            let edits = vec![link(&at.id, "hedge", Value::Null)];
            self.add(
                Without::Hedges,
                [&at.id],
                message!("hedged requests on {}", link_name(&at.id)),
                edits,
            );
        }
        if at.breaker.is_some() {
            let edits = vec![link(&at.id, "breaker", Value::Null)];
            self.add(
                Without::Breaker,
                [&at.id],
                message!("the circuit breaker on {}", link_name(&at.id)),
                edits,
            );
        }
    }

    /// Combines calls that are made one by one where one could fetch everything.
    pub(super) fn many_calls(&mut self) {
        let links = self.design.links.iter();
        let many: Vec<&Link> = links.filter(|link| link.calls > 1).collect();
        let edits = many.iter().map(|at| link(&at.id, "calls", number(1.0)));
        let edits = edits.collect();
        let ids: Vec<String> = many.iter().map(|link| link.id.clone()).collect();
        let label = message!(
            "repeated calls per request on {}",
            places(self.design, &ids)
        );
        self.add(Without::ManyCalls, ids, label, edits);
    }

    /// Frees the slots of a ring of services that calls hold while they need another slot of the
    /// ring.
    pub(super) fn nested_calls(&mut self, facts: &Facts<'_>) {
        let (ids, edits): (Vec<String>, _) = ring::unheld_slots(facts).into_iter().unzip();
        let label = message!(
            "slots of {} held by calls that need another",
            places(self.design, &ids)
        );
        self.add(Without::NestedCalls, ids, label, edits);
    }

    /// Combines the hops that each do a little harm, since they do much of it together.
    pub(super) fn together(&mut self) {
        for (without, label) in [
            (Without::OwnErrors, "the errors of all nodes"),
            (Without::Network, "latency and packet loss on all links"),
            (Without::PoolLimit, "the limits on all connections"),
            (Without::Lookups, "the lookup time of all caches"),
            (
                Without::JointExpiry,
                "entries that expire together in all caches",
            ),
        ] {
            let all = self.all.iter().filter(|of| of.without == without);
            let (mut subjects, mut edits) = (Vec::new(), Vec::new());
            for of in all {
                subjects.extend(of.subjects.iter().cloned());
                edits.extend(of.edits.iter().cloned());
            }
            if subjects.len() > 1 {
                self.add(without, subjects, label, edits);
            }
        }
    }

    pub(super) fn faults(&mut self) {
        for (at, fault) in self.design.faults.iter().enumerate() {
            let without = match fault.replica {
                Some(_) => Without::ReplicaFault,
                None => Without::Fault,
            };
            let label = label_of(self.design, fault);
            let edits = vec![Command::RemoveFault(at)];
            self.add(without, [&fault.target], label, edits);
        }
        if self.design.faults.len() > 1 {
            let edits = self.faults_of(|_| true);
            let targets = self.design.faults.iter().map(|fault| &fault.target);
            self.add(Without::Fault, targets, "all of the faults", edits);
        }
    }

    /// Removes faults, the last first, so that the positions of the others stay valid.
    pub(super) fn faults_of(&self, is: impl Fn(&design::Fault) -> bool) -> Vec<Command> {
        let faults = self.design.faults.iter().enumerate().rev();
        faults
            .filter(|(_, fault)| is(fault))
            .map(|(at, _)| Command::RemoveFault(at))
            .collect()
    }

    /// Gives each caller of a shared database a database of its own.
    pub(super) fn sharing(&mut self, facts: &Facts<'_>) {
        for at in &self.design.nodes {
            let Kind::Database(_) = &at.kind else {
                continue;
            };
            let inward: Vec<&Link> = (facts.graph.inward(&at.id).iter().copied())
                .filter(|link| link.mode == Mode::Call)
                .collect();
            let mut callers: Vec<&str> = inward.iter().map(|link| link.from.as_str()).collect();
            callers.dedup();
            callers.sort_unstable();
            callers.dedup();
            if callers.len() < 2 || callers.len() > 8 {
                continue;
            }
            // Each gets its share of the old capacity, so that none is added.
            let part = callers.len() as u32;
            let mut own = at.clone();
            let mut edits = Vec::new();
            if let Kind::Database(database) = &mut own.kind {
                database.concurrency = (database.concurrency / part).max(1);
                let slots = number(f64::from(database.concurrency));
                edits.push(node(&at.id, "concurrency", slots));
            }
            for (nth, caller) in callers.iter().enumerate().skip(1) {
                let mut copy = own.clone();
                copy.id = format!("{}-of-{caller}", at.id);
                copy.at[1] += 120 * nth as i32;
                let to = copy.id.clone();
                edits.push(Command::AddNode(usize::MAX, Box::new(copy)));
                for link in inward.iter().filter(|link| link.from == *caller) {
                    edits.extend(relinked(self.design, link, &to));
                }
            }
            self.add(
                Without::Sharing,
                [&at.id],
                message!("the sharing of {}", name(&at.id)),
                edits,
            );
        }
    }
}

/// Connects the same link to another node, at the same position of the list.
fn relinked(design: &Design, link: &Link, to: &str) -> Vec<Command> {
    let place = design.links.iter().position(|other| other.id == link.id);
    let mut moved = link.clone();
    to.clone_into(&mut moved.to);
    vec![
        Command::RemoveLink(link.id.clone()),
        Command::AddLink(place.unwrap_or(usize::MAX), Box::new(moved)),
    ]
}

/// "the crash of catalog at 20.0 s".
fn label_of(design: &Design, fault: &design::Fault) -> Message {
    let (noun, join) = noun(fault.kind);
    let it = replica(design, fault);
    match fault.mtbf {
        Some(_) => message!("the recurring {} {} {}", noun, join, it),
        None => message!(
            "the {} {} {} at {}",
            noun,
            join,
            it,
            moment(fault.at.as_s())
        ),
    }
}

/// Returns the noun for a fault, and the preposition before its target.
fn noun(kind: FaultKind) -> (&'static str, &'static str) {
    match kind {
        FaultKind::Crash => ("crash", "of"),
        FaultKind::Slowdown => ("slowdown", "of"),
        FaultKind::Latency => ("added latency", "on"),
        FaultKind::Loss => ("packet loss", "at"),
        FaultKind::TrafficSpike => ("traffic spike", "from"),
        FaultKind::CacheFlush => ("flush", "of"),
        FaultKind::Partition => ("partition", "of"),
        FaultKind::Hang => ("hang", "of"),
        FaultKind::ErrorRate => ("errors", "of"),
        FaultKind::GrayFailure => ("gray failure", "of"),
        FaultKind::Jitter => ("jitter", "on"),
        FaultKind::KeySkew => ("hot key", "of"),
        FaultKind::CacheOutage | FaultKind::QueueOutage | FaultKind::ThirdPartyOutage => {
            ("outage", "of")
        }
        FaultKind::RollingDeploy => ("rolling deploy", "of"),
        FaultKind::DiskFull => ("full disk", "of"),
        FaultKind::GcPauses => ("pauses", "of"),
        FaultKind::TelemetryLoss => ("telemetry loss", "of"),
        FaultKind::LeaderFailover => ("leader failover", "of"),
        FaultKind::SchemaMigration => ("schema migration", "of"),
        FaultKind::ConnectionLeak => ("connection leak", "on"),
        FaultKind::PoisonMessage => ("poison messages", "in"),
        FaultKind::Reshard => ("resharding", "of"),
        FaultKind::ClockSkew => ("clock skew", "of"),
    }
}
