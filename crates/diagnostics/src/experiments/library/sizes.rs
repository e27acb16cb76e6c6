//! Remedies with a size, such as the number of replicas, and the search for the least sufficient
//! one.

use super::{Library, Sized};
use crate::remedies::{self, duration, link, node, number};
use design::kinds::Kind;
use report::{link_name, message, name, time, whole};

/// Largest multiple of the present size that is tried.
const FACTOR_MAX: f64 = 6.0;
/// Two sizes with a smaller ratio are not told apart.
const FINE: f64 = 1.15;

/// What a remedy makes larger. The names are those of nodes or links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Scaled {
    Replicas(String),
    /// The smallest number of replicas that autoscaling keeps.
    Least(String),
    /// The concurrency of a database.
    Slots(String),
    Connections(String),
    Memory(String),
    Pool(String),
    /// The messages that one consumer processes concurrently.
    Consumers(String),
    Timeout(String),
}

/// What a remedy makes larger, and how far.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Size {
    pub(in super::super) of: Scaled,
    /// The size in the design.
    pub(in super::super) now: f64,
    pub(in super::super) to: f64,
}

impl Size {
    /// Returns the size to try next: between a sufficient one and the largest insufficient one, or
    /// above all if none was sufficient. `None` if there is nothing to gain.
    ///
    /// tried: sizes of one remedy, and whether each was sufficient.
    pub(in super::super) fn next(&self, tried: &[(f64, bool)]) -> Option<f64> {
        let sufficient = tried.iter().filter(|(_, is_enough)| *is_enough);
        let least = sufficient.map(|(to, _)| *to).reduce(f64::min);
        let below = |bound: f64| {
            let small = tried.iter().map(|(to, _)| *to).filter(|to| *to < bound);
            small.fold(self.now, f64::max)
        };
        let next = match least {
            Some(least) if least / below(least) < FINE => return None,
            Some(least) => libm::sqrt(below(least) * least),
            None => below(f64::INFINITY) * 2.0,
        };
        let next = self.of.rounded(next);
        let is_new = next > self.now && tried.iter().all(|(to, _)| *to != next);
        (is_new && next <= self.now * FACTOR_MAX).then_some(next)
    }
}

impl Scaled {
    /// Rounds a size up to one that can be written: a whole number, or two digits of a duration.
    fn rounded(&self, size: f64) -> f64 {
        let unit = match self {
            Self::Timeout(_) => libm::pow(10.0, libm::floor(libm::log10(size)) - 1.0),
            _ => 1.0,
        };
        libm::ceil(size / unit - 1e-9) * unit
    }
}

impl Library<'_, '_> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(now: f64) -> Size {
        Size {
            of: Scaled::Pool("api->db".into()),
            now,
            to: now,
        }
    }

    #[test]
    fn the_search_closes_in_on_the_least_sufficient_size() {
        let needed = 23.0;
        let mut tried: Vec<(f64, bool)> = vec![(15.0, false), (20.0, false), (40.0, true)];
        while let Some(next) = pool(10.0).next(&tried) {
            tried.push((next, next >= needed));
            assert!(tried.len() < 12, "the search does not end: {tried:?}");
        }
        let enough = tried.iter().filter(|(_, is_enough)| *is_enough);
        let least = enough.map(|(to, _)| *to).fold(f64::INFINITY, f64::min);
        assert!(
            (needed..=needed * FINE * 1.05).contains(&least),
            "{tried:?}"
        );
    }

    #[test]
    fn the_search_goes_up_where_no_size_was_sufficient() {
        assert_eq!(pool(10.0).next(&[(15.0, false), (30.0, false)]), Some(60.0));
        assert_eq!(pool(10.0).next(&[(60.0, false)]), None);
    }

    #[test]
    fn a_size_next_to_an_insufficient_one_is_kept() {
        assert_eq!(pool(1.0).next(&[(2.0, true)]), None);
        assert_eq!(pool(10.0).next(&[(40.0, false), (44.0, true)]), None);
    }

    #[test]
    fn timeouts_have_two_digits() {
        let timeout = Size {
            of: Scaled::Timeout("a->b".into()),
            now: 0.1,
            to: 0.1,
        };
        let next = timeout.next(&[(0.2, false), (0.4, true)]).unwrap();
        assert!((next - 0.29).abs() < 1e-9, "{next}");
    }
}
