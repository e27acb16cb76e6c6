//! Remedies for confirmed causes, in addition to those that rules suggest. Several sizes of one
//! remedy are a family, of which the smallest sufficient one is kept.

mod balancing;
mod caches;
mod capacity;
mod isolation;
mod limits;
mod places;
pub(super) mod sizes;

use super::interventions::{Intervention, Without};
use crate::facts::Facts;
use design::link::Mode;
use design::{Command, Link};
use report::{Message, Remedy, listed, message, name};
use sizes::Size;

/// A remedy of some size.
#[derive(Clone, Debug)]
pub(super) struct Sized {
    /// The name that all sizes of it share.
    pub(super) family: String,
    /// The size, if it has one that can be searched.
    pub(super) size: Option<Size>,
    pub(super) remedy: Remedy,
}

/// Returns what to try if removing this suspect was enough.
pub(super) fn remedies(facts: &Facts<'_>, cause: &Intervention) -> Vec<Sized> {
    let mut list = Library {
        facts,
        all: Vec::new(),
    };
    match cause.without {
        Without::Retries | Without::RetryWaves | Without::Haste | Without::Reloads => {
            list.retries(&cause.subjects)
        }
        Without::SkewedKeys | Without::FewKeys | Without::Locks => list.hot_places(),
        Without::DeepChecks
        | Without::Imbalance
        | Without::ReplicaFault
        | Without::Ejection
        | Without::Blindness => {
            list.balancers();
        }
        Without::PoolLimit => list.pools(&cause.subjects),
        Without::RepeatedLoads | Without::ColdCache | Without::JointExpiry => list.caches(),
        Without::OldEntries | Without::Lookups => list.freshness(),
        Without::Lag => list.replication(),
        Without::FarLeader => {
            list.add(
                "leader",
                message!(
                    "Elect the leaders of {} in their first zone only",
                    listed(cause.subjects.iter().map(name))
                ),
                "No member leads while that zone is cut off.",
                cause.edits.clone(),
            );
            list.losses();
        }
        Without::Tail | Without::CrossShard | Without::Hedges => list.tails(),
        Without::EarlyRedelivery | Without::Repeats | Without::Disorder => list.redelivery(),
        Without::LateReplicas => list.scaling(),
        Without::Sharing | Without::Client | Without::LoadChange | Without::Contention => {
            list.isolation();
        }
        Without::Fault => list.dependencies(),
        Without::Memory | Without::Breaker | Without::Refusals => list.limits(&cause.subjects),
        Without::OwnErrors | Without::Network | Without::ManyCalls => list.losses(),
        Without::Timeout => list.timeouts(&cause.subjects),
        Without::Discipline => list.discipline(&cause.subjects),
        Without::Operation
        | Without::Steps
        | Without::NestedCalls
        | Without::Slots
        | Without::Consumers
        | Without::Poison
        | Without::CoarseShards => {}
    }
    if cause.without.tier() > 0
        || matches!(
            cause.without,
            Without::Steps | Without::Locks | Without::NestedCalls
        )
    {
        list.capacity(&cause.subjects);
    }
    list.all
}

/// Returns a remedy in another size.
pub(super) fn resized(facts: &Facts<'_>, size: Size) -> Option<Sized> {
    let mut list = Library {
        facts,
        all: Vec::new(),
    };
    list.size(size);
    list.all.pop()
}

struct Library<'a, 'f> {
    facts: &'f Facts<'a>,
    all: Vec<Sized>,
}

impl<'a> Library<'a, '_> {
    fn add(
        &mut self,
        family: impl Into<String>,
        label: impl Into<Message>,
        cost: impl Into<Message>,
        edits: Vec<Command>,
    ) {
        if !edits.is_empty() {
            self.all.push(Sized {
                family: family.into(),
                size: None,
                remedy: Remedy::new(label, cost, edits),
            });
        }
    }

    fn calls(&self) -> Vec<&'a Link> {
        let links = self.facts.design.links.iter();
        links.filter(|link| link.mode == Mode::Call).collect()
    }
}
