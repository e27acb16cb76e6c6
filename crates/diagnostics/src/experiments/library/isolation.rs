//! Remedies that isolate callers and callees from one another.

use super::Library;
use crate::remedies::{self, duration, link, map, number};
use design::link::Mode;
use design::{Command, Kind, Link, Value};
use report::{link_name, message, name, time, whole};

impl<'a> Library<'a, '_> {
    /// Limits how much of a shared callee one caller can use.
    pub(super) fn isolation(&mut self) {
        for (at, database) in self.facts.databases() {
            for l in self.shared(&at.id) {
                let callers = self
                    .facts
                    .graph
                    .node(&l.from)
                    .map_or(1, |node| node.kind.replicas());
                let slots = f64::from(database.concurrency * database.shards.count);
                for (share, words) in [(0.5, "half"), (0.25, "a quarter")] {
                    let most = libm::floor(slots * share / f64::from(callers.max(1))).max(1.0);
                    let bulkhead = map(&[
                        ("max_concurrent", number(most)),
                        ("wait", Value::text("10s")),
                    ]);
                    let edits = vec![link(&l.id, "bulkhead", bulkhead)];
                    let label = message!(
                        "Limit {} to {} of {}, and queue the rest",
                        name(&l.from),
                        words,
                        name(&at.id)
                    );
                    let cost = message!("{} is slower when it needs more.", name(&l.from));
                    self.add(format!("share {}", l.id), label, cost, edits);
                }
                self.own_database(at, l);
            }
        }
        for l in self.calls() {
            let is_client = matches!(
                self.facts.graph.node(&l.from).map(|node| &node.kind),
                Some(Kind::Client(_))
            );
            if is_client && self.facts.clients().count() > 1 {
                for most in [2.0, 8.0, 32.0] {
                    let bulkhead = map(&[
                        ("max_concurrent", number(most)),
                        ("wait", Value::text("30s")),
                    ]);
                    let edits = vec![link(&l.id, "bulkhead", bulkhead)];
                    let label = message!(
                        "Limit {} to {} requests in flight",
                        name(&l.from),
                        whole(most)
                    );
                    let cost = message!("Requests beyond that wait at {}.", name(&l.from));
                    self.add(format!("in flight {}", l.id), label, cost, edits);
                }
            }
        }
    }

    pub(super) fn shared(&self, id: &str) -> Vec<&'a Link> {
        let inward = self.facts.graph.inward(id).iter().copied();
        let inward: Vec<&Link> = inward.filter(|l| l.mode == Mode::Call).collect();
        let mut callers: Vec<&str> = inward.iter().map(|l| l.from.as_str()).collect();
        callers.sort_unstable();
        callers.dedup();
        match callers.len() {
            2..=6 => inward,
            _ => Vec::new(),
        }
    }

    /// Gives a caller a database of its own.
    pub(super) fn own_database(&mut self, at: &design::Node, l: &Link) {
        let mut copy = at.clone();
        copy.id = self
            .facts
            .design
            .free_id(&format!("{}-of-{}", at.id, l.from));
        copy.label = None;
        copy.at[1] += 120;
        let mut moved = l.clone();
        copy.id.clone_into(&mut moved.to);
        moved.id = self.facts.design.free_link_id(&l.from, &copy.id);
        let edits = vec![
            Command::AddNode(usize::MAX, Box::new(copy)),
            Command::RemoveLink(l.id.clone()),
            Command::AddLink(usize::MAX, Box::new(moved)),
        ];
        let label = message!("Give {} a database of its own", name(&l.from));
        let cost = "A second database to run, and no transactions across both.";
        self.add(format!("own {}", l.id), label, cost, edits);
    }

    /// Stores the messages of each queue among these nodes on disk.
    fn durable(&mut self, nodes: &[&str]) {
        for id in nodes {
            let kind = self.facts.design.node(id).map(|node| &node.kind);
            if matches!(kind, Some(Kind::Queue(queue)) if !queue.durable) {
                self.add(
                    format!("durable {id}"),
                    message!("Store the messages of {} durably", name(id)),
                    "Each publish waits for the disk, which the model does not count.",
                    vec![remedies::node(id, "durable", Value::Bool(true))],
                );
            }
        }
    }

    /// Remedies at a caller for a callee that is slow, unreachable or failing.
    pub(super) fn dependencies(&mut self) {
        let targets: Vec<&str> = (self.facts.design.faults.iter())
            .map(|fault| fault.target.as_str())
            .collect();
        self.durable(&targets);
        let hit: Vec<&Link> = (self.calls().into_iter())
            .filter(|l| {
                let served = self.facts.graph.served_by(l);
                targets.contains(&l.id.as_str())
                    || served
                        .iter()
                        .any(|node| targets.contains(&node.id.as_str()))
            })
            .collect();
        for l in hit {
            let usual = self.facts.flow.call(&self.facts.graph, l).max(1e-3);
            self.waits(l, usual);
            self.without_it(l, usual);
            let callers = self.facts.graph.node(&l.from);
            let slots = match callers.map(|node| &node.kind) {
                Some(Kind::Service(service)) => service.concurrency,
                _ => None,
            };
            for part in [2, 4] {
                if let Some(slots) = slots.filter(|slots| *slots >= 2 * part) {
                    let most = f64::from(slots / part);
                    let edits = vec![link(
                        &l.id,
                        "bulkhead",
                        map(&[("max_concurrent", number(most))]),
                    )];
                    let label = message!(
                        "Limit calls in flight on {} to {}",
                        link_name(&l.id),
                        whole(most)
                    );
                    let cost = "Calls beyond the limit fail immediately.";
                    self.add(format!("bulkhead {}", l.id), label, cost, edits);
                }
            }
            let from = callers.map(|node| &node.kind);
            let retry = remedies::budgeted();
            if l.retry.is_none() && !matches!(from, Some(Kind::LoadBalancer(_))) {
                let edits = vec![link(&l.id, "retry", retry)];
                let label = message!("Retry once on {}, within a budget", link_name(&l.id));
                self.add(
                    format!("retry {}", l.id),
                    label,
                    "Up to 10% more calls.",
                    edits,
                );
            }
        }
        self.balancers();
    }

    /// Limits how long a caller waits for a callee, with and without a circuit breaker.
    fn waits(&mut self, l: &Link, usual: f64) {
        for factor in [3.0, 10.0] {
            let timeout = duration(usual * factor);
            let wait = time(usual * factor);
            let edits = vec![link(&l.id, "timeout", timeout.clone())];
            let label = message!("Set a timeout of {} on {}", wait.clone(), link_name(&l.id));
            let cost = "Calls that would have been answered later fail.";
            self.add(format!("timeout {}", l.id), label, cost, edits);
            let breaker = map(&[
                ("failure_rate", number(0.5)),
                ("open_for", Value::text("2s")),
            ]);
            let edits = vec![
                link(&l.id, "timeout", timeout),
                link(&l.id, "breaker", breaker),
            ];
            let label = message!(
                "Set a timeout of {} and a circuit breaker on {}",
                wait.clone(),
                link_name(&l.id)
            );
            let cost = "While the breaker is open, calls fail that might have succeeded.";
            self.add(format!("breaker {}", l.id), label, cost, edits);
        }
    }

    /// Lets a caller respond without the callee, if the caller is a service.
    pub(super) fn without_it(&mut self, l: &Link, usual_s: f64) {
        // A service must have something to respond with when this callee is missing.
        let is_service = self.facts.graph.service(&l.from).is_some();
        let others = self.facts.calls_from(&l.from).count();
        let is_data = matches!(
            self.facts.graph.node(&l.to).map(|node| &node.kind),
            Some(Kind::Database(_) | Kind::Cache(_))
        );
        if l.optional || !is_service || others < 2 || is_data {
            return;
        }
        let mut edits = vec![link(&l.id, "optional", Value::Bool(true))];
        if l.timeout
            .is_none_or(|timeout| timeout.as_s() > 10.0 * usual_s)
        {
            edits.push(link(&l.id, "timeout", duration(usual_s * 5.0)));
        }
        let label = message!(
            "Let {} respond without {} when it fails",
            name(&l.from),
            name(&l.to)
        );
        self.add(
            format!("optional {}", l.id),
            label,
            "Some responses are incomplete.",
            edits,
        );
    }
}
