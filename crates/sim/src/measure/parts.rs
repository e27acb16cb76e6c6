//! Metrics of single nodes and links over time.
//!
//! The counters at some moments are kept; a period is a difference between two of them. So thinning
//! out means dropping every other moment. Copies of a run share the moments, in bundles, because a
//! copy is made every second and copying hundreds of references takes time.

use super::fill::ms;
use crate::agenda::Time;
use crate::components::{Component, Node};
use crate::event::{LinkIx, NodeIx};
use crate::simulation::Simulation;
use report::{LinkWindows, NodeWindows};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Maximum number of moments; beyond it, every other one is dropped and the interval doubles.
const MOMENTS_MAX: usize = 600;
/// Number of moments in a bundle.
const BUNDLE: usize = 32;

/// The counters of every node and link at each moment.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    width: Time,
    /// All but the newest, in order of time.
    bundles: Vec<Arc<[Arc<Moment>]>>,
    /// The newest, fewer than a bundle.
    newest: Vec<Arc<Moment>>,
}

#[derive(Debug)]
struct Moment {
    at: Time,
    nodes: Box<[NodeAt]>,
    links: Box<[LinkAt]>,
}

/// The counters and the state of a node at a moment.
#[derive(Clone, Copy, Debug, Default)]
struct NodeAt {
    arrivals: u64,
    completions: u64,
    failures: u64,
    /// Sum of the times in the node of all calls that left.
    sojourn: u128,
    /// Level × time of held slots, and of offered slots.
    held: u128,
    offered: u128,
    waiting: u64,
    present: u64,
}

/// The counters and the state of a link at a moment.
#[derive(Clone, Copy, Debug, Default)]
struct LinkAt {
    attempts: u64,
    retries: u64,
    answers: u64,
    failures: u64,
    /// Open breakers × time.
    open: u128,
    under_way: u64,
}

impl Parts {
    pub(crate) fn new(width: Time) -> Self {
        Self {
            width,
            bundles: Vec::new(),
            newest: Vec::new(),
        }
    }

    fn kept(&self) -> impl Iterator<Item = &Arc<Moment>> {
        self.bundles
            .iter()
            .flat_map(|bundle| bundle.iter())
            .chain(&self.newest)
    }

    fn keep(&mut self, moment: Moment) {
        self.push(Arc::new(moment));
        if self.bundles.len() * BUNDLE + self.newest.len() > MOMENTS_MAX {
            let width = self.width * 2;
            let all = std::mem::replace(self, Self::new(width));
            let kept = all.kept().filter(|moment| moment.at.is_multiple_of(width));
            kept.for_each(|moment| self.push(Arc::clone(moment)));
        }
    }

    fn push(&mut self, moment: Arc<Moment>) {
        self.newest.push(moment);
        if self.newest.len() == BUNDLE {
            self.bundles.push(self.newest.drain(..).collect());
        }
    }

    fn last(&self) -> Option<&Moment> {
        let newest = self.newest.last();
        let moment = newest.or_else(|| self.bundles.last()?.last());
        moment.map(AsRef::as_ref)
    }

    fn width_s(&self) -> f64 {
        self.width as f64 / 1e9
    }

    /// Returns each window of one element: its length in seconds, and the counters before and
    /// after.
    fn windows<T: Copy + Default>(
        &self,
        of: impl Fn(&Moment) -> Option<T>,
    ) -> impl Iterator<Item = (f64, T, T)> {
        let mut before = (0, T::default());
        self.kept().map(move |moment| {
            let after = of(moment).unwrap_or_default();
            let seconds = (moment.at - before.0) as f64 / 1e9;
            let window = (seconds, before.1, after);
            before = (moment.at, after);
            window
        })
    }
}

impl Simulation {
    /// Keeps the present counters, if a window of them ends now.
    #[cold]
    pub(crate) fn keep_parts(&mut self) {
        let now = self.world.now;
        let is_due = now.is_multiple_of(self.parts.width) || now == self.world.end;
        let is_kept = self.parts.last().is_some_and(|last| last.at >= now);
        if !is_due || is_kept || now > self.world.end {
            return;
        }
        let moment = Moment {
            at: now,
            nodes: (0..self.nodes.len())
                .map(|place| self.node_at(place))
                .collect(),
            links: (self.world.links.iter())
                .map(|link| {
                    let tally = &link.tally;
                    LinkAt {
                        attempts: tally.attempts[0],
                        retries: tally.retries[0],
                        answers: tally.answers[0],
                        failures: tally.failures[0].iter().sum(),
                        open: tally.open.area(now),
                        under_way: tally.in_flight.level(),
                    }
                })
                .collect(),
        };
        self.parts.keep(moment);
    }

    fn node_at(&self, place: usize) -> NodeAt {
        let now = self.world.now;
        let node = &self.nodes[place];
        let tally = &self.world.node(NodeIx(place as u32)).tally;
        let stations = node.stations();
        let is_bounded = stations.iter().all(|station| station.slots.is_some());
        let area = |of: u128| if is_bounded { of } else { 0 };
        NodeAt {
            arrivals: tally.all.arrivals,
            completions: tally.all.completions,
            failures: tally.all.failures.iter().sum(),
            sojourn: tally.sojourn,
            held: stations
                .iter()
                .map(|station| station.busy().area(now))
                .sum(),
            offered: area(
                stations
                    .iter()
                    .map(|station| station.offered.area(now))
                    .sum(),
            ),
            waiting: match node {
                Node::Queue(queue) => queue.waiting.level(),
                Node::Coordinator(coordinator) => coordinator.waiting.level(),
                _ => stations.iter().map(|station| station.queued.level()).sum(),
            },
            present: tally.present.level(),
        }
    }

    pub(super) fn node_windows(&self) -> BTreeMap<String, NodeWindows> {
        let nodes = self.design.nodes.iter();
        nodes
            .map(|node| {
                (
                    node.id.clone(),
                    self.windows_of_node(self.world.node_places[&node.id]),
                )
            })
            .collect()
    }

    pub(super) fn link_windows(&self) -> BTreeMap<String, LinkWindows> {
        let links = self.design.links.iter();
        links
            .map(|link| {
                (
                    link.id.clone(),
                    self.windows_of_link(self.world.link_places[&link.id]),
                )
            })
            .collect()
    }

    fn windows_of_node(&self, place: NodeIx) -> NodeWindows {
        let parts = &self.parts;
        let all: Vec<_> = parts
            .windows(|moment| moment.nodes.get(place.0 as usize).copied())
            .collect();
        let rate = |of: fn(&NodeAt) -> u64| {
            let each = all.iter();
            each.map(|(s, before, after)| of(after).saturating_sub(of(before)) as f64 / s)
                .collect()
        };
        let response = |(_, before, after): &(f64, NodeAt, NodeAt)| {
            let left = |at: &NodeAt| at.completions + at.failures;
            let count = left(after).saturating_sub(left(before));
            let time = after.sojourn.saturating_sub(before.sojourn);
            (count > 0).then(|| ms((time / u128::from(count)) as u64))
        };
        let utilization = |(_, before, after): &(f64, NodeAt, NodeAt)| {
            let offered = after.offered.saturating_sub(before.offered);
            let held = after.held.saturating_sub(before.held);
            (offered > 0).then(|| (held as f64 / offered as f64).min(1.0))
        };
        NodeWindows {
            width_s: parts.width_s(),
            arrivals_per_s: rate(|at| at.arrivals),
            completions_per_s: rate(|at| at.completions),
            failures_per_s: rate(|at| at.failures),
            response_mean_ms: all.iter().map(response).collect(),
            utilization: all.iter().map(utilization).collect(),
            waiting: all.iter().map(|(.., after)| after.waiting).collect(),
            in_flight: all.iter().map(|(.., after)| after.present).collect(),
        }
    }

    fn windows_of_link(&self, place: LinkIx) -> LinkWindows {
        let parts = &self.parts;
        let all: Vec<_> = parts
            .windows(|moment| moment.links.get(place.0 as usize).copied())
            .collect();
        let rate = |of: fn(&LinkAt) -> u64| {
            let each = all.iter();
            each.map(|(s, before, after)| of(after).saturating_sub(of(before)) as f64 / s)
                .collect()
        };
        let open = |(s, before, after): &(f64, LinkAt, LinkAt)| {
            after.open.saturating_sub(before.open) as f64 / 1e9 / s
        };
        LinkWindows {
            width_s: parts.width_s(),
            attempts_per_s: rate(|at| at.attempts),
            retries_per_s: rate(|at| at.retries),
            answers_per_s: rate(|at| at.answers),
            failures_per_s: rate(|at| at.failures),
            breakers_open: all.iter().map(open).collect(),
            in_flight: all.iter().map(|(.., after)| after.under_way).collect(),
        }
    }
}
