//! Remedies at caches and at their origins.

use super::Library;
use crate::remedies::{link, map, node, number};
use design::kinds::Cache;
use design::link::{Mode, OnWrite};
use design::{Attribute, Command, Duration, Kind, Link, Value};
use report::{link_name, message, name, whole};

impl<'a> Library<'a, '_> {
    pub(super) fn caches(&mut self) {
        for (at, cache) in self.facts.caches() {
            self.cache(&at.id, cache);
            self.origin(&at.id);
        }
    }

    pub(super) fn cache(&mut self, id: &str, cache: &Cache) {
        let mut add = |family: &str, label: &str, cost: &str, field: &str, to: Value| {
            let label = message!("{} {}", label, name(id));
            self.add(
                format!("{family} {id}"),
                label,
                cost,
                vec![node(id, field, to)],
            );
        };
        if !cache.single_flight {
            let cost = "Misses wait for the load of another request, and fail if it fails.";
            add(
                "single flight",
                "Coalesce concurrent loads of a key (single-flight) in",
                cost,
                "single_flight",
                Value::Bool(true),
            );
        }
        if cache.ttl.is_some() && cache.stale_while_revalidate.is_none() {
            let cost = "Some responses are older than the TTL.";
            let label = "Serve expired entries for up to 30 s while they are reloaded in";
            add(
                "stale",
                label,
                cost,
                "stale_while_revalidate",
                Value::text("30s"),
            );
        }
        if cache.ttl.is_some() && cache.early_expiry.is_none() {
            let cost = "Slightly more loads.";
            let label = "Reload entries at random before they expire in";
            add(
                "early",
                label,
                cost,
                "early_expiry",
                map(&[("beta", number(1.0))]),
            );
        }
        if cache.ttl.is_some() && cache.ttl_jitter == 0.0 {
            let cost = "Some entries expire sooner, and some later.";
            add(
                "jitter",
                "Add 50% of jitter to the TTL of",
                cost,
                "ttl_jitter",
                number(0.5),
            );
        }
    }

    /// Remedies that protect the origin of a cache while the cache is cold.
    pub(super) fn origin(&mut self, id: &str) {
        let misses: Vec<&Link> = (self.facts.design.links.iter())
            .filter(|l| l.mode == Mode::Call && (l.from == id || is_on_miss(l)))
            .collect();
        for l in &misses {
            for to in self.facts.graph.served_by(l) {
                let (slots, callers) = match &to.kind {
                    Kind::Database(database) => (database.concurrency * database.shards.count, 1),
                    Kind::Service(service) => {
                        (service.concurrency.unwrap_or(100) * service.replicas, 1)
                    }
                    _ => continue,
                };
                let callers = self
                    .facts
                    .graph
                    .node(&l.from)
                    .map_or(callers, |node| node.kind.replicas())
                    .max(1);
                for share in [1.0, 2.0] {
                    let most = (f64::from(slots) * share / f64::from(callers)).max(1.0);
                    let most = libm::floor(most);
                    let bulkhead = map(&[("max_concurrent", number(most))]);
                    let edits = vec![link(&l.id, "bulkhead", bulkhead)];
                    let label = message!(
                        "Limit concurrent loads on {} to {}",
                        link_name(&l.id),
                        whole(most)
                    );
                    let cost = "Loads beyond the limit fail immediately.";
                    self.add(format!("bulkhead {}", l.id), label, cost, edits);
                }
            }
        }
    }

    pub(super) fn freshness(&mut self) {
        let bounds = self
            .facts
            .design
            .requirements
            .iter()
            .filter_map(|requirement| {
                let is_age = crate::facts::AGE.contains(&requirement.metric);
                match requirement.at_most {
                    Some(design::requirement::Bound::Duration(bound)) if is_age => {
                        Some(bound.as_s())
                    }
                    _ => None,
                }
            });
        let bound = bounds.reduce(f64::min);
        let caches: Vec<(&design::Node, &Cache)> = self.facts.caches().collect();
        let with_ttl = caches
            .iter()
            .filter(|(_, cache)| cache.ttl.is_some())
            .count();
        for share in [0.9, 0.5, 0.2] {
            let Some(bound) = bound else {
                break;
            };
            let ttl = Duration::us((bound * share / with_ttl.max(1) as f64 * 1e6) as u64);
            let longer = caches
                .iter()
                .filter(|(_, cache)| cache.ttl.is_some_and(|now| now > ttl));
            let edits: Vec<Command> = longer
                .map(|(at, _)| node(&at.id, "ttl", ttl.write()))
                .collect();
            let label = match with_ttl {
                1 => message!("Shorten the TTL to {}", ttl),
                _ => message!("Shorten the TTL of each cache to {}", ttl),
            };
            self.add(
                "ttl",
                label,
                "More misses, and more load on the origin.",
                edits,
            );
        }
        self.invalidate();
        for (at, _) in &caches {
            self.bypass(&at.id);
        }
    }

    /// Sends every write to the caches that hold what it changes.
    pub(super) fn invalidate(&mut self) {
        for leases in [false, true] {
            let mut edits = Vec::new();
            for (at, cache) in self.facts.caches() {
                let into = self.facts.graph.inward(&at.id).iter();
                let silent = into.filter(|l| l.mode == Mode::Call && l.on_write == OnWrite::None);
                edits.extend(silent.map(|l| link(&l.id, "on_write", Value::text("invalidate"))));
                if leases && !cache.leases {
                    edits.push(node(&at.id, "leases", Value::Bool(true)));
                }
            }
            let label = match leases {
                false => "Invalidate on write",
                true => "Invalidate on write, with leases against stale fills",
            };
            self.add(
                "invalidate",
                label,
                "One more call to the cache per write.",
                edits,
            );
        }
    }

    /// Lets callers of a cache call its origin directly.
    pub(super) fn bypass(&mut self, id: &str) {
        let out: Vec<&Link> = self.facts.graph.out(id).to_vec();
        let [behind] = out[..] else {
            return;
        };
        let mut edits = vec![Command::RemoveNode(id.to_owned())];
        for l in self.facts.graph.inward(id) {
            let mut moved = (*l).clone();
            behind.to.clone_into(&mut moved.to);
            moved.id = self.facts.design.free_link_id(&l.from, &behind.to);
            moved.on_write = OnWrite::None;
            edits.push(Command::AddLink(usize::MAX, Box::new(moved)));
        }
        let label = message!("Remove the cache {}", name(id));
        self.add(
            format!("bypass {id}"),
            label,
            "More load on its origin, and slower responses.",
            edits,
        );
    }
}

fn is_on_miss(link: &Link) -> bool {
    link.when.0.contains(&design::link::Condition::OnMiss)
}
