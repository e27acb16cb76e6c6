//! What can be taken away from a design to see whether it was the cause: one suspect at a time,
//! all else as it was. Most of these edits are no remedies (nobody can order a partition not to
//! happen); they are questions.

mod nodes;
mod traffic;
mod wiring;

use super::investigation::DATA;
use crate::facts::{AGE, Facts, place};
use design::kinds::Client;
use design::{Command, Design, Fault, Kind, Metric};
use report::{Message, Piece, link_name, listed, message, name, zone_name};

/// Times by which slots and connections are raised to see whether they were what was short.
const LIFTED: f64 = 50.0;

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Without {
    /// Messages that cannot be processed.
    Poison,
    /// A cold cache.
    ColdCache,
    /// Concurrent loads of one key.
    RepeatedLoads,
    /// Entries that expire together.
    JointExpiry,
    /// Layers of caches that rarely hit.
    Lookups,
    /// Retries that come at the same moment.
    RetryWaves,
    /// Retries that come without a pause.
    Haste,
    /// Few tenants or values that a shard key spreads over shards.
    CoarseShards,
    /// Keys that are asked for more often than others.
    SkewedKeys,
    /// Replicas of a balancer or members that get more than their share.
    Imbalance,
    /// Few keys, each with much of the load.
    FewKeys,
    /// Locks.
    Locks,
    /// A limit on memory.
    Memory,
    /// Requests that come in step.
    Steps,
    /// A bound on connections of a link.
    PoolLimit,
    /// Slots that calls hold while they wait for another slot of the same service.
    NestedCalls,
    /// Leaders of a database that are elected away from their first zone.
    FarLeader,
    /// A redelivery while the first delivery is still worked on.
    EarlyRedelivery,
    /// Repeats that are applied again.
    Repeats,
    /// Messages of one key that overtake each other.
    Disorder,
    /// Requests that concern all shards.
    CrossShard,
    /// An order in which some calls wait for all others.
    Discipline,
    /// Second attempts beside the first.
    Hedges,
    /// A circuit breaker.
    Breaker,
    /// A bound that turns calls away.
    Refusals,
    /// Ejection of replicas.
    Ejection,
    /// Health checks that ask what is behind a replica too.
    DeepChecks,
    /// Errors of a node's own.
    OwnErrors,
    /// Age of what a cache holds.
    OldEntries,
    /// Lag of followers.
    Lag,
    /// Variation of a node's work.
    Tail,
    /// Time and losses on a link.
    Network,
    /// Users who reload.
    Reloads,
    /// Retries, everywhere.
    Retries,
    /// Replicas that come late.
    LateReplicas,
    /// What concurrent calls cost each other.
    Contention,
    /// A timeout.
    Timeout,
    /// A change of a client's load.
    LoadChange,
    /// A client.
    Client,
    /// A database that several callers share.
    Sharing,
    /// An operation that takes far longer than the others.
    Operation,
    /// Several calls where one would do.
    ManyCalls,
    /// Calls to replicas that do not work.
    Blindness,
    /// A fault of one replica.
    ReplicaFault,
    /// A fault.
    Fault,
    /// Consumers that are too few.
    Consumers,
    /// A bound on slots.
    Slots,
}

/// From this tier on, a suspect set it off, and is not why it went so far.
pub(super) const TRIGGERS: u8 = 3;
/// The tier of what there was too little of.
pub(super) const CAPACITY: u8 = 4;

impl Without {
    /// How much a suspect explains by itself: a pathology (0) is a better explanation than what
    /// amplifies it (1), that a better one than somebody else's load (2), that a better one than
    /// what set it off (3), and all of them are better than too little of everything (4). Within a
    /// tier, the earlier in the list explains more.
    pub(crate) fn tier(self) -> u8 {
        match self {
            Self::Reloads
            | Self::Retries
            | Self::LateReplicas
            | Self::Contention
            | Self::Timeout => 1,
            Self::LoadChange | Self::Client | Self::Sharing | Self::Operation | Self::ManyCalls => {
                2
            }
            Self::Blindness | Self::ReplicaFault | Self::Fault => TRIGGERS,
            Self::Consumers | Self::Slots => CAPACITY,
            _ => 0,
        }
    }

    /// Whether taking it away may change a metric other than by making less happen.
    pub(crate) fn bears_on(self, metric: Metric) -> bool {
        let is_age = AGE.contains(&metric);
        match self {
            Self::Disorder => metric == Metric::OutOfOrder,
            Self::OldEntries | Self::Lag => is_age,
            Self::Repeats => metric == Metric::DuplicateEffects,
            Self::EarlyRedelivery
            | Self::Retries
            | Self::Network
            | Self::Consumers
            | Self::Fault
            | Self::ReplicaFault => true,
            _ => !DATA.contains(&metric),
        }
    }
}

/// An experiment to make.
#[derive(Clone, Debug)]
pub(crate) struct Intervention {
    pub(crate) without: Without,
    /// Nodes and links that it is about.
    pub(crate) subjects: Vec<String>,
    /// What follows "without", with the place it was at: "the row locks of orders".
    pub(crate) label: Message,
    pub(crate) edits: Vec<Command>,
}

impl Intervention {
    /// Whether another takes the same thing away, from another design maybe.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.without, &self.subjects, &self.label)
            == (other.without, &other.subjects, &other.label)
    }
}

/// Everything that can be taken away from this design, in a fixed order.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Intervention> {
    let mut list = List {
        design: facts.design,
        all: Vec::new(),
    };
    list.retries();
    for at in &facts.design.nodes {
        match &at.kind {
            Kind::Client(client) => list.client(&at.id, client),
            Kind::Service(service) => list.service(&at.id, service),
            Kind::Database(database) => list.database(&at.id, database),
            Kind::LoadBalancer(balancer) => list.balancer(&at.id, balancer),
            Kind::Cache(cache) => list.cache(&at.id, cache),
            Kind::Queue(queue) => list.queue(&at.id, queue),
            Kind::Coordinator(_) => list.coordinator(&at.id),
        }
    }
    for link in &facts.design.links {
        list.link(link);
    }
    list.many_calls();
    list.together();
    list.repeats();
    list.nested_calls(facts);
    list.faults();
    list.sharing(facts);
    list.all
}

struct List<'a> {
    design: &'a Design,
    all: Vec<Intervention>,
}

impl List<'_> {
    fn add(
        &mut self,
        without: Without,
        subjects: impl IntoIterator<Item = impl Into<String>>,
        label: impl Into<Message>,
        edits: Vec<Command>,
    ) {
        if !edits.is_empty() {
            self.all.push(Intervention {
                without,
                subjects: subjects.into_iter().map(Into::into).collect(),
                label: label.into(),
                edits,
            });
        }
    }
}

/// Nodes, links and zones, by their ids; each once.
pub(super) fn places(design: &Design, ids: &[String]) -> Message {
    let mut seen: Vec<&str> = Vec::new();
    for id in ids {
        if !seen.contains(&id.as_str()) {
            seen.push(id);
        }
    }
    let piece = |id: &&str| -> Piece {
        match (design.node(id), design.link(id)) {
            (Some(_), _) => name(id),
            (None, Some(_)) => link_name(id),
            (None, None) => zone_name(id),
        }
    };
    listed(seen.iter().map(piece))
}

/// What a fault hits: the replica, where it is one.
pub(super) fn replica(design: &Design, fault: &Fault) -> Message {
    match fault.replica {
        Some(at) => message!("{}#{}", place(design, &fault.target), at.to_string()),
        None => place(design, &fault.target),
    }
}

fn clients(design: &Design) -> impl Iterator<Item = (&str, &Client)> {
    design.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Client(client) => Some((node.id.as_str(), client)),
        _ => None,
    })
}
