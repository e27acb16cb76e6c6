//! Remedies that add capacity, or shed load that exceeds it.

use super::sizes::Scaled;
use super::{Library, Sized};
use crate::remedies::{self, node, number};
use design::Value;
use report::{message, name};

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
}
