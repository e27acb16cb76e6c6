//! What can be removed from a design to test whether it was the cause: one suspect at a time, with
//! everything else unchanged. Most of these edits are no remedies, since nobody can prevent a
//! partition. They answer a question.

mod nodes;
mod traffic;
mod wiring;

use super::investigation::DATA;
use crate::facts::{AGE, Facts, place};
use design::kinds::Client;
use design::{Command, Design, Fault, Kind, Metric};
use report::{Message, Piece, link_name, listed, message, name, zone_name};

/// Factor by which slots and connections are raised to test whether they were short.
const LIFTED: f64 = 50.0;

/// What an experiment removes.
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
    /// Cache layers that rarely hit.
    Lookups,
    /// Retries that are synchronized.
    RetryWaves,
    /// Retries that come without a pause.
    Haste,
    /// A shard key with few tenants or values.
    CoarseShards,
    /// Keys that receive more requests than others.
    SkewedKeys,
    /// Uneven load on the replicas behind a load balancer, or on the members of a store.
    Imbalance,
    /// Few keys, each with much of the load.
    FewKeys,
    /// Locks.
    Locks,
    /// A memory limit.
    Memory,
    /// Requests that arrive simultaneously.
    Steps,
    /// A limit on the connections of a link.
    PoolLimit,
    /// Slots that calls hold while they wait for another slot of the same service.
    NestedCalls,
    /// Leaders of a database that are elected outside their first zone.
    FarLeader,
    /// Redelivery of a message that is still being processed.
    EarlyRedelivery,
    /// Repeated writes that are applied again.
    Repeats,
    /// Messages of one key that overtake each other.
    Disorder,
    /// Requests that query all shards.
    CrossShard,
    /// A queue order in which some calls wait for all others.
    Discipline,
    /// Hedged requests.
    Hedges,
    /// A circuit breaker.
    Breaker,
    /// A limit that rejects calls.
    Refusals,
    /// Outlier ejection.
    Ejection,
    /// Health checks that also test dependencies.
    DeepChecks,
    /// A node's own errors.
    OwnErrors,
    /// Stale entries of a cache.
    OldEntries,
    /// Replication lag.
    Lag,
    /// Variation of a node's service time.
    Tail,
    /// Latency and packet loss of a link.
    Network,
    /// Page reloads by users.
    Reloads,
    /// All retries.
    Retries,
    /// Replicas that are ready too late.
    LateReplicas,
    /// Contention between concurrent calls.
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
    /// Several calls where one would be enough.
    ManyCalls,
    /// Calls to unhealthy replicas.
    Blindness,
    /// A fault of one replica.
    ReplicaFault,
    /// A fault.
    Fault,
    /// Too few consumers.
    Consumers,
    /// A limit on slots.
    Slots,
}

/// From this tier on, a suspect is the trigger, and not the reason for the extent of the failure.
pub(super) const TRIGGERS: u8 = 3;
/// The tier of missing capacity.
pub(super) const CAPACITY: u8 = 4;

impl Without {
    /// Returns how much a suspect explains by itself. The lower, the better: a pathology (0), what
    /// amplifies it (1), the load of another client (2), the trigger (3), and missing capacity (4).
    /// Within a tier, suspects earlier in the list explain more.
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

    /// Returns whether removing it may change a metric other than by reducing the work that is
    /// done.
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
    /// The nodes and links that it is about.
    pub(crate) subjects: Vec<String>,
    /// What follows "without", with its place: "the row locks of orders".
    pub(crate) label: Message,
    pub(crate) edits: Vec<Command>,
}

impl Intervention {
    /// Returns whether another removes the same thing, perhaps from another version of the design.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.without, &self.subjects, &self.label)
            == (other.without, &other.subjects, &other.label)
    }
}

/// Returns everything that can be removed from this design, in a fixed order.
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

/// Lists nodes, links and zones by their ids, each once.
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

/// Names what a fault hits: the replica, if it is only one.
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
