//! Remedies that add capacity, in sizes, or shed load that exceeds it.

use super::sizes::{Scaled, Size};
use super::{Library, Sized};
use crate::remedies::{self, duration, link, node, number};
use design::Value;
use design::kinds::Kind;
use report::{link_name, message, name, time, whole};

impl<'a> Library<'a, '_> {
    pub(super) fn capacity(&mut self, near: &[String]) {
        for (at, service) in self.facts.services() {
            if !self.is_full(&at.id) && !near.contains(&at.id) {
                continue;
            }
            let id = at.id.as_str();
            if service.autoscale.is_none() {
                let of = Scaled::Replicas(at.id.clone());
                self.sizes(&of, f64::from(service.replicas), &[1.5, 2.0, 3.0]);
            }
            if let Some(remedy) = remedies::shed(self.facts.design, id) {
                self.all.push(Sized {
                    family: format!("shed {id}"),
                    size: None,
                    remedy,
                });
            }
            let edits = vec![node(id, "queue.discipline", Value::text("adaptive_lifo"))];
            let label = message!(
                "Serve the newest calls first at {} under overload",
                name(id)
            );
            self.add(
                format!("lifo {id}"),
                label,
                "The calls that have waited longest time out.",
                edits,
            );
            let edits = vec![node(
                id,
                "queue.capacity",
                number(1_000.0 + f64::from(service.queue.capacity.unwrap_or(0)) * 4.0),
            )];
            let label = message!("Lengthen the queue of {}", name(id));
            self.add(
                format!("queue {id}"),
                label,
                "Calls wait longer instead of being rejected.",
                edits,
            );
        }
        for (at, database) in self.facts.databases() {
            let is_full = self.is_full(&at.id) || near.contains(&at.id);
            if is_full {
                let of = Scaled::Slots(at.id.clone());
                self.sizes(&of, f64::from(database.concurrency), &[1.5, 2.0, 3.0]);
            }
        }
        self.buffer();
    }

    /// Returns whether a node had no free slot for a while, or rejected calls.
    pub(super) fn is_full(&self, id: &str) -> bool {
        let series = self.facts.series.as_ref();
        let is_saturated = series.is_some_and(|series| !series.saturated(id).is_empty());
        let is_waited_for = self.facts.node(id).is_some_and(|node| {
            !node.turned_away.is_empty() || node.waited.is_some_and(|share| share > 0.2)
        });
        is_saturated || is_waited_for
    }

    /// Adds a remedy in each of these multiples of the present size.
    pub(super) fn sizes(&mut self, of: &Scaled, now: f64, factors: &[f64]) {
        for factor in factors {
            let to = match of {
                Scaled::Timeout(_) => now * factor,
                _ => libm::ceil(now * factor),
            };
            self.size(Size {
                of: of.clone(),
                now,
                to,
            });
        }
    }

    /// Adds a remedy of one size.
    pub(in super::super) fn size(&mut self, size: Size) {
        let to = size.to;
        let many = || whole(to);
        let before = self.all.len();
        match &size.of {
            Scaled::Replicas(id) => {
                let remedy = remedies::replicas(self.facts.design, id, to as u32);
                self.all.extend(remedy.map(|remedy| Sized {
                    family: format!("replicas {id}"),
                    size: None,
                    remedy,
                }));
            }
            Scaled::Least(id) => {
                let replicas = self.facts.design.node(id);
                let replicas = replicas.map_or(1, |node| node.kind.replicas());
                let edits = vec![
                    node(id, "autoscale.min", number(to)),
                    node(id, "replicas", number(to.max(f64::from(replicas)))),
                ];
                let label = message!("Keep at least {} replicas of {}", many(), name(id));
                let cost = "You pay for replicas that are idle most of the time.";
                self.add(format!("least {id}"), label, cost, edits);
            }
            Scaled::Slots(id) => {
                let edits = vec![node(id, "concurrency", number(to))];
                let label = message!("Raise the concurrency of {} to {}", name(id), many());
                let cost = "A larger machine to pay for.";
                self.add(format!("slots {id}"), label, cost, edits);
            }
            Scaled::Connections(id) => {
                let edits = vec![node(id, "connections", number(to))];
                let label = message!("Raise the connection limit of {} to {}", name(id), many());
                let cost = "Memory for each connection.";
                self.add(format!("connections {id}"), label, cost, edits);
            }
            Scaled::Memory(id) => {
                let edits = vec![node(id, "memory.limit_mb", number(to))];
                let label = message!("Raise the memory of {} to {} MB", name(id), many());
                let cost = "More memory to pay for.";
                self.add(format!("memory {id}"), label, cost, edits);
            }
            Scaled::Pool(id) => self.pool(id, to),
            Scaled::Consumers(id) => {
                let edits = vec![link(id, "concurrency", number(to))];
                let on = link_name(id);
                let label = message!("Process {} messages concurrently on {}", many(), on);
                let cost = "More load on the consumer and on what it calls.";
                self.add(format!("consumers {id}"), label, cost, edits);
            }
            Scaled::Timeout(id) => {
                let edits = vec![link(id, "timeout", duration(to))];
                let label = message!("Raise the timeout on {} to {}", link_name(id), time(to));
                let cost = "Callers wait longer for a callee that does not respond.";
                self.add(format!("timeout {id}"), label, cost, edits);
            }
        }
        for added in &mut self.all[before..] {
            added.size = Some(size.clone());
        }
    }

    /// Sizes the pool of a link, and of those that share it.
    fn pool(&mut self, id: &str, to: f64) {
        let Some(pooled) = self.facts.design.link(id) else {
            return;
        };
        let shared = self.facts.design.pool_links(pooled).into_iter();
        let edits = shared.map(|l| link(&l.id, "pool.size", number(to)));
        let edits = edits.collect();
        let to = whole(to);
        let label = message!("Raise the connection pool of {} to {}", link_name(id), to);
        let cost = "More connections for the callee to hold open.";
        self.add(format!("pool {id}"), label, cost, edits);
    }

    /// Keeps more replicas of services that scale by themselves.
    pub(super) fn scaling(&mut self) {
        for (at, service) in self.facts.services() {
            let Some(scale) = &service.autoscale else {
                continue;
            };
            let (min, max) = (f64::from(scale.min), f64::from(scale.max));
            let mut sizes: Vec<f64> = [0.25, 0.5, 0.75, 1.0]
                .map(|share| libm::ceil(max * share))
                .into();
            sizes.retain(|to| *to > min);
            sizes.dedup();
            for to in sizes {
                self.size(Size {
                    of: Scaled::Least(at.id.clone()),
                    now: min,
                    to,
                });
            }
        }
    }

    /// Adds consumers for the messages that wait in a queue.
    pub(super) fn buffer(&mut self) {
        let links = self.facts.design.links.iter();
        for l in links.filter(|l| l.mode == design::link::Mode::Consume) {
            let of = Scaled::Consumers(l.id.clone());
            self.sizes(&of, f64::from(l.concurrency), &[2.0, 4.0]);
        }
    }

    pub(super) fn pools(&mut self, ids: &[String]) {
        for id in ids {
            let link = self.facts.design.link(id);
            if let Some(pool) = link.and_then(|link| link.pool.as_ref()) {
                let of = Scaled::Pool(id.clone());
                self.sizes(&of, f64::from(pool.size), &[1.5, 2.0, 4.0]);
            }
            let Some(Kind::Database(at)) = self.facts.design.node(id).map(|n| &n.kind) else {
                continue;
            };
            if let Some(connections) = at.connections {
                let of = Scaled::Connections(id.clone());
                self.sizes(&of, f64::from(connections), &[1.5, 2.0, 4.0]);
            }
        }
    }

    pub(super) fn timeouts(&mut self, ids: &[String]) {
        for l in self.calls() {
            if let Some(timeout) = l.timeout.filter(|_| ids.contains(&l.id)) {
                let of = Scaled::Timeout(l.id.clone());
                self.sizes(&of, timeout.as_s(), &[2.0, 4.0]);
            }
        }
    }
}
