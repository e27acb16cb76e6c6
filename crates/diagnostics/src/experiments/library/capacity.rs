//! Remedies that add capacity, or shed load that exceeds it.

use super::{Library, Sized};
use crate::remedies::{self, link, node, number};
use design::Value;
use design::link::Mode;
use report::{link_name, message, name, whole};

impl<'a> Library<'a, '_> {
    pub(super) fn scaling(&mut self) {
        for (at, service) in self.facts.services() {
            let Some(scale) = &service.autoscale else {
                continue;
            };
            for share in [0.25, 0.5, 0.75, 1.0] {
                let least = libm::ceil(f64::from(scale.max) * share);
                if least > f64::from(scale.min) {
                    let edits = vec![
                        node(&at.id, "autoscale.min", number(least)),
                        node(
                            &at.id,
                            "replicas",
                            number(least.max(f64::from(service.replicas))),
                        ),
                    ];
                    let label = message!(
                        "Keep at least {} replicas of {}",
                        whole(least),
                        name(&at.id)
                    );
                    let cost = "You pay for replicas that are idle most of the time.";
                    self.add(format!("least {}", at.id), label, cost, edits);
                }
            }
        }
    }

    pub(super) fn capacity(&mut self, near: &[String]) {
        for (at, service) in self.facts.services() {
            if !self.is_full(&at.id) && !near.contains(&at.id) {
                continue;
            }
            let id = at.id.as_str();
            if service.autoscale.is_none() {
                for factor in [1.5, 2.0, 3.0] {
                    let count = libm::ceil(f64::from(service.replicas) * factor);
                    if let Some(remedy) = remedies::replicas(self.facts.design, id, count as u32) {
                        self.all.push(Sized {
                            family: format!("replicas {id}"),
                            remedy,
                        });
                    }
                }
            }
            if let Some(remedy) = remedies::shed(self.facts.design, id) {
                self.all.push(Sized {
                    family: format!("shed {id}"),
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
            for factor in [1.5, 2.0, 3.0] {
                if is_full {
                    let slots = libm::ceil(f64::from(database.concurrency) * factor);
                    let edits = vec![node(&at.id, "concurrency", number(slots))];
                    let label = message!(
                        "Raise the concurrency of {} to {}",
                        name(&at.id),
                        whole(slots)
                    );
                    let cost = "A larger machine to pay for.";
                    self.add(format!("slots {}", at.id), label, cost, edits);
                }
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

    /// Adds consumers for the messages that wait in a queue.
    pub(super) fn buffer(&mut self) {
        let consumers = self
            .facts
            .design
            .links
            .iter()
            .filter(|l| l.mode == Mode::Consume);
        for l in consumers {
            for factor in [2.0, 4.0] {
                let many = libm::ceil(f64::from(l.concurrency) * factor);
                let edits = vec![link(&l.id, "concurrency", number(many))];
                let label = message!(
                    "Process {} messages concurrently on {}",
                    whole(many),
                    link_name(&l.id)
                );
                let cost = "More load on the consumer and on what it calls.";
                self.add(format!("consumers {}", l.id), label, cost, edits);
            }
        }
    }
}
