//! What can be taken away from a design to see whether it was the cause: one suspect at a time,
//! all else as it was. Most of these edits are no remedies (nobody can order a partition not to
//! happen); they are questions.

use super::investigation::DATA;
use crate::facts::{AGE, Facts};
use crate::remedies::{duration, link, map, node, number};
use design::kinds::client::{Arrivals, Keys};
use design::kinds::{Client, Database, Service};
use design::link::Mode;
use design::{Attribute, Command, Design, FaultKind, Kind, Link, Metric, Rate, Value};
use report::{Message, message};

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
            Self::Reloads | Self::Retries | Self::LateReplicas | Self::Contention | Self::Timeout => 1,
            Self::LoadChange | Self::Client | Self::Sharing | Self::Operation => 2,
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
    /// "the retries", as in "without the retries".
    pub(crate) label: Message,
    pub(crate) edits: Vec<Command>,
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
    list.together();
    list.repeats();
    list.faults();
    list.sharing(facts);
    list.all
}

struct List<'a> {
    design: &'a Design,
    all: Vec<Intervention>,
}

fn constant(of: &design::Distribution) -> Option<Value> {
    let is_constant = matches!(of, design::Distribution::Const(_));
    let mean = of.mean_s().filter(|_| !is_constant)?;
    Some(duration(mean))
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

    fn retries(&mut self) {
        let retried = |link: &&Link| {
            let mut retry = link.retry.iter();
            retry.any(|retry| retry.max_attempts > 1)
        };
        let links: Vec<&Link> = self.design.links.iter().filter(retried).collect();
        let edits = links.iter().map(|at| link(&at.id, "retry", Value::Null));
        let edits: Vec<Command> = edits.collect();
        let reloading = clients(self.design).filter(|(_, client)| client.reload > 0.0);
        let reloading: Vec<&str> = reloading.map(|(id, _)| id).collect();
        let reloads = reloading.iter().map(|id| node(id, "reload", number(0.0)));
        let reloads = reloads.collect();
        let ids: Vec<String> = links.iter().map(|link| link.id.clone()).collect();
        self.add(Without::Retries, ids.clone(), "retries", edits);
        self.add(Without::Reloads, reloading, "reloads by users", reloads);
        let paused = links.iter().filter(|at| {
            let retry = at.retry.as_ref();
            retry.is_some_and(|retry| {
                retry.jitter == design::link::Jitter::None
                    && retry.backoff != design::link::Backoff::None
            })
        });
        let paused = paused.map(|at| link(&at.id, "retry.jitter", Value::text("full")));
        let paused: Vec<Command> = paused.collect();
        self.add(Without::RetryWaves, ids, "retries that come together", paused);
    }

    fn client(&mut self, id: &str, client: &Client) {
        self.keys(id, client);
        self.operations(id, client);
        let (arrivals, times) = match &client.arrivals {
            Arrivals::OnOff(burst) => {
                let (on, off) = (burst.on.as_s(), burst.off.as_s());
                let mean = burst.rate.0 * on / (on + off).max(1e-9);
                (Some(mean), 1.0)
            }
            Arrivals::Poisson(rate) | Arrivals::Constant(rate) if client.batch > 1 => {
                (Some(rate.0), f64::from(client.batch))
            }
            Arrivals::Closed(closed) => {
                self.think(id, closed);
                (None, 1.0)
            }
            Arrivals::Replay(moments) => {
                let all = self.design.settings.duration.as_s().max(1e-9);
                (Some(moments.len() as f64 / all), f64::from(client.batch))
            }
            _ => (None, 1.0),
        };
        if let Some(rate) = arrivals.filter(|rate| *rate > 0.0) {
            let poisson = map(&[("poisson", Rate(rate * times).write())]);
            let mut edits = vec![node(id, "arrivals", poisson)];
            if client.batch > 1 {
                edits.push(node(id, "batch", number(1.0)));
            }
            self.add(Without::Steps, [id], "requests that arrive together", edits);
        }
        if client.profile.iter().any(|step| step.times != 1.0) {
            let first = client.profile.iter().find(|step| step.at.as_s() <= 0.0);
            let steady = first.map_or(1.0, |step| step.times);
            let profile = match steady == 1.0 {
                true => Vec::new(),
                false => vec![map(&[("at", Value::text("0s")), ("times", number(steady))])],
            };
            let edits = vec![node(id, "profile", Value::List(profile))];
            self.add(Without::LoadChange, [id], "the change of its load", edits);
        }
        if clients(self.design).count() > 1 {
            let edits = vec![Command::RemoveNode(id.to_owned())];
            self.add(Without::Client, [id], "its requests", edits);
        }
    }

    /// Users who think equally long come back together.
    fn think(&mut self, id: &str, closed: &design::kinds::client::Closed) {
        if let design::Distribution::Const(pause) = closed.think {
            let field = "arrivals.closed.think";
            let edits = vec![node(id, field, Value::text(format!("exp({pause})")))];
            self.add(Without::Steps, [id], "requests that arrive together", edits);
        }
    }

    /// An operation that is a small part of a client's requests.
    fn operations(&mut self, id: &str, client: &Client) {
        let all: f64 = client.operations.iter().map(|operation| operation.weight).sum();
        for (at, operation) in client.operations.iter().enumerate() {
            if client.operations.len() > 1 && operation.weight <= 0.2 * all {
                let field = format!("operations[{at}].weight");
                let edits = vec![node(id, &field, number(0.0))];
                let label = message!("the requests of {}", report::operation(&operation.name));
                self.add(Without::Operation, [id, &operation.name], label, edits);
            }
        }
    }

    fn keys(&mut self, id: &str, client: &Client) {
        let mut edits = Vec::new();
        for (at, operation) in client.operations.iter().enumerate() {
            let field = format!("operations[{at}].keys");
            if let Keys::Zipf(zipf) = &operation.keys {
                let uniform = map(&[("n", number(zipf.n as f64))]);
                edits.push(node(id, &field, map(&[("uniform", uniform)])));
            }
        }
        let skews = self.faults_of(|fault| fault.kind == FaultKind::KeySkew && fault.target == id);
        edits.extend(skews);
        self.add(Without::SkewedKeys, [id], "the skew of its keys", edits);
        let few = client.operations.iter().enumerate().filter(|(_, operation)| {
            matches!(&operation.keys, Keys::Uniform(uniform) if uniform.n < 1_000)
        });
        let many = few.map(|(at, _)| {
            let uniform = map(&[("n", number(1e6))]);
            let field = format!("operations[{at}].keys");
            node(id, &field, map(&[("uniform", uniform)]))
        });
        let many: Vec<Command> = many.collect();
        self.add(Without::FewKeys, [id], "having so few keys", many);
    }

    /// Takes faults away: the last first, so that the places of the others hold.
    fn faults_of(&self, is: impl Fn(&design::Fault) -> bool) -> Vec<Command> {
        let faults = self.design.faults.iter().enumerate().rev();
        faults
            .filter(|(_, fault)| is(fault))
            .map(|(at, _)| Command::RemoveFault(at))
            .collect()
    }

    fn service(&mut self, id: &str, service: &Service) {
        let mut slots = Vec::new();
        if let Some(now) = service.concurrency {
            let lifted = (f64::from(now) * LIFTED).min(1e6);
            slots.push(node(id, "concurrency", number(lifted)));
        }
        if let Some(now) = service.queue.capacity {
            let lifted = (f64::from(now) * LIFTED + 1e5).min(1e7);
            slots.push(node(id, "queue.capacity", number(lifted)));
        }
        self.add(Without::Slots, [id], "the limit on its slots", slots);
        for (is_set, field, label) in [
            (service.rate_limit.is_some(), "rate_limit", "its rate limit"),
            (service.shed.is_some(), "shed", "its load shedding"),
            (service.adaptive_concurrency.is_some(), "adaptive_concurrency", "its adaptive limit"),
            (service.queue.max_wait.is_some(), "queue.max_wait", "its longest wait"),
        ] {
            if is_set {
                self.add(Without::Refusals, [id], label, vec![node(id, field, Value::Null)]);
            }
        }
        if service.queue.discipline != design::kinds::service::Discipline::Fifo {
            let edits = vec![node(id, "queue.discipline", Value::text("fifo"))];
            self.add(Without::Discipline, [id], "its queue discipline", edits);
        }
        if service.memory.is_some() {
            let edits = vec![node(id, "memory", Value::Null)];
            self.add(Without::Memory, [id], "its memory limit", edits);
        }
        if let Some(mean) = constant(&service.service_time) {
            let edits = vec![node(id, "service_time", mean)];
            self.add(Without::Tail, [id], "the variation of its work", edits);
        }
        if service.error_rate > 0.0 {
            let edits = vec![node(id, "error_rate", number(0.0))];
            self.add(Without::OwnErrors, [id], "its own errors", edits);
        }
        if let Some(scale) = &service.autoscale {
            let edits = vec![
                node(id, "autoscale.min", number(f64::from(scale.max))),
                node(id, "replicas", number(f64::from(scale.max))),
            ];
            self.add(Without::LateReplicas, [id], "the time to add replicas", edits);
        }
    }

    fn database(&mut self, id: &str, database: &Database) {
        let lifted = (f64::from(database.concurrency) * LIFTED).min(1e6);
        let mut slots = vec![node(id, "concurrency", number(lifted))];
        if database.connections.is_some() {
            slots.push(node(id, "connections", Value::Null));
        }
        if database.contention.is_some() {
            slots.push(node(id, "contention", Value::Null));
        }
        self.add(Without::Slots, [id], "the limit on its slots", slots);
        if database.contention.is_some() {
            let edits = vec![node(id, "contention", Value::Null)];
            self.add(Without::Contention, [id], "contention among its calls", edits);
        }
        if database.connections.is_some() {
            let edits = vec![node(id, "connections", Value::Null)];
            self.add(Without::PoolLimit, [id], "the limit on its connections", edits);
        }
        if database.row_locks {
            let edits = vec![node(id, "row_locks", Value::Bool(false))];
            self.add(Without::Locks, [id], "its row locks", edits);
        }
        if database.shards.count > 1 {
            let shards = map(&[
                ("count", number(f64::from(database.shards.count))),
                ("by", Value::text("hash")),
                ("tenants", number(100_000.0)),
            ]);
            let edits = match database.shards.by {
                design::kinds::database::ShardBy::Hash => Vec::new(),
                _ => vec![node(id, "shards", shards)],
            };
            self.add(Without::CoarseShards, [id], "its shard key", edits);
        }
        if database.cross_shard.is_some() {
            let edits = vec![node(id, "cross_shard", Value::Null)];
            self.add(Without::CrossShard, [id], "requests to all shards", edits);
        }
        let mut tail = Vec::new();
        for (of, field) in [
            (&database.read_time, "read_time"),
            (&database.write_time, "write_time"),
        ] {
            tail.extend(constant(of).map(|mean| node(id, field, mean)));
        }
        self.add(Without::Tail, [id], "the variation of its work", tail);
        if database.error_rate > 0.0 {
            let edits = vec![node(id, "error_rate", number(0.0))];
            self.add(Without::OwnErrors, [id], "its own errors", edits);
        }
        if database.has_leader() {
            let edits = vec![node(id, "replication.read_from", Value::text("leader"))];
            self.add(Without::Lag, [id], "reads from followers", edits);
            let edits = vec![node(id, "replication.lag", Value::text("1us"))];
            self.add(Without::Lag, [id], "its replication lag", edits);
        }
    }

    fn balancer(&mut self, id: &str, balancer: &design::kinds::LoadBalancer) {
        use design::kinds::load_balancer::Algorithm;
        if balancer.algorithm != Algorithm::LeastOutstanding {
            let edits = vec![node(id, "algorithm", Value::text("least_outstanding"))];
            self.add(Without::Imbalance, [id], "its imbalance", edits);
        }
        let check = map(&[
            ("depth", Value::text("deep")),
            ("interval", Value::text("100ms")),
            ("timeout", Value::text("100ms")),
            ("unhealthy_after", number(1.0)),
            ("healthy_after", number(1.0)),
        ]);
        let ejection = map(&[
            ("consecutive_errors", number(1.0)),
            ("eject_for", Value::text("1s")),
            ("max_ejected", number(1.0)),
        ]);
        let edits = vec![
            node(id, "health_check", check),
            node(id, "outlier_ejection", ejection),
            node(id, "panic_threshold", number(0.0)),
        ];
        self.add(Without::Blindness, [id], "calls to replicas that do not work", edits);
        if balancer.outlier_ejection.is_some() {
            let edits = vec![node(id, "outlier_ejection", Value::Null)];
            self.add(Without::Ejection, [id], "its ejections", edits);
            let edits = vec![
                node(id, "outlier_ejection.max_ejected", number(1.0)),
                node(id, "panic_threshold", number(0.0)),
            ];
            self.add(Without::Ejection, [id], "the limit on its ejections", edits);
        }
    }

    fn cache(&mut self, id: &str, cache: &design::kinds::Cache) {
        if cache.ttl.is_some() && cache.ttl_jitter < 0.5 {
            let edits = vec![node(id, "ttl_jitter", number(0.9))];
            self.add(Without::JointExpiry, [id], "entries that expire together", edits);
        }
        let edits = vec![node(id, "hit_time", Value::text("0s"))];
        self.add(Without::Lookups, [id], "the time of its lookups", edits);
        if !cache.single_flight {
            let edits = vec![node(id, "single_flight", Value::Bool(true))];
            let label = "concurrent loads of one key";
            self.add(Without::RepeatedLoads, [id], label, edits);
        }
        let mut warm = self.faults_of(|fault| fault.target == id);
        if cache.hit_ratio.is_none() && cache.warm < 1.0 {
            warm.push(node(id, "warm", number(1.0)));
        }
        self.add(Without::ColdCache, [id], "the time that it was cold", warm);
        if cache.hit_ratio.is_none() {
            let edits = vec![node(id, "ttl", Value::text("1ms"))];
            self.add(Without::OldEntries, [id], "the age of its entries", edits);
        }
    }

    fn queue(&mut self, id: &str, queue: &design::kinds::Queue) {
        if queue.partitions.is_none() {
            let edits = vec![node(id, "partitions", number(16.0))];
            self.add(Without::Disorder, [id], "messages that overtake each other", edits);
        }
        self.consumers(id);
        let mut edits = vec![node(id, "visibility_timeout", Value::text("12h"))];
        if queue.partitions.is_some() {
            edits.push(node(id, "session_timeout", Value::text("1h")));
        }
        self.add(Without::EarlyRedelivery, [id], "redelivery of slow messages", edits);
        let mut poison =
            self.faults_of(|fault| fault.kind == FaultKind::PoisonMessage && fault.target == id);
        if queue.poison > 0.0 {
            poison.push(node(id, "poison", number(0.0)));
        }
        self.add(Without::Poison, [id], "its poison messages", poison);
    }

    /// Consumers enough, and services behind them that keep up.
    fn consumers(&mut self, id: &str) {
        let links = self.design.links.iter();
        let mut edits = Vec::new();
        for l in links.filter(|l| l.from == id && l.mode == Mode::Consume) {
            let many = (f64::from(l.concurrency) * LIFTED).min(1e6);
            edits.push(link(&l.id, "concurrency", number(many)));
            if let Some(Kind::Service(service)) = self.design.node(&l.to).map(|node| &node.kind)
                && let Some(slots) = service.concurrency
            {
                let slots = (f64::from(slots) * LIFTED).min(1e6);
                edits.push(node(&l.to, "concurrency", number(slots)));
            }
        }
        self.add(Without::Consumers, [id], "the limit on its consumers", edits);
    }

    fn coordinator(&mut self, id: &str) {
        let edits = vec![
            node(id, "service_time", Value::text("1us")),
            node(id, "scope", Value::text("per_key")),
        ];
        self.add(Without::Locks, [id], "its locks", edits);
    }

    fn link(&mut self, at: &Link) {
        let mut limits = Vec::new();
        if at.pool.is_some() {
            limits.push(link(&at.id, "pool", Value::Null));
        }
        if at.bulkhead.is_some() {
            limits.push(link(&at.id, "bulkhead", Value::Null));
        }
        self.add(Without::PoolLimit, [&at.id], "its pool", limits);
        let latency = at.latency.mean_s().unwrap_or(0.0);
        if latency > 0.002 || at.loss > 0.0 {
            let edits = vec![
                link(&at.id, "latency", Value::text("1us")),
                link(&at.id, "loss", number(0.0)),
            ];
            self.add(Without::Network, [&at.id], "its latency and losses", edits);
        }
        if let Some(timeout) = at.timeout {
            let longer = duration((timeout.as_s() * 20.0).min(86_400.0));
            let edits = vec![link(&at.id, "timeout", longer)];
            self.add(Without::Timeout, [&at.id], "its timeout", edits);
        }
        if at.hedge.is_some() {
            let edits = vec![link(&at.id, "hedge", Value::Null)];
            self.add(Without::Hedges, [&at.id], "its hedged requests", edits);
        }
        if at.breaker.is_some() {
            let edits = vec![link(&at.id, "breaker", Value::Null)];
            self.add(Without::Breaker, [&at.id], "its circuit breaker", edits);
        }
    }

    /// Hops that each do a little harm do much of it together.
    fn together(&mut self) {
        for (without, label) in [
            (Without::OwnErrors, "the errors of all nodes"),
            (Without::Network, "the latency and losses of all links"),
            (Without::PoolLimit, "the limits of all pools"),
            (Without::Lookups, "the time of all lookups"),
            (Without::JointExpiry, "entries that expire together, in all caches"),
        ] {
            let all = self.all.iter().filter(|of| of.without == without);
            let (mut subjects, mut edits) = (Vec::new(), Vec::new());
            for of in all {
                subjects.extend(of.subjects.iter().cloned());
                edits.extend(of.edits.iter().cloned());
            }
            if subjects.len() > 1 {
                self.add(without, subjects, label, edits);
            }
        }
    }

    fn repeats(&mut self) {
        let mut edits = Vec::new();
        for (id, client) in clients(self.design) {
            for (at, operation) in client.operations.iter().enumerate() {
                let is_write = operation.effect == design::kinds::client::Effect::Write;
                if is_write && !operation.idempotency_key {
                    let field = format!("operations[{at}].idempotency_key");
                    edits.push(node(id, &field, Value::Bool(true)));
                }
            }
        }
        for at in &self.design.nodes {
            if let Kind::Database(database) = &at.kind
                && !database.unique_ids
            {
                edits.push(node(&at.id, "unique_ids", Value::Bool(true)));
            }
        }
        let none: [&str; 0] = [];
        self.add(Without::Repeats, none, "repeats that are applied again", edits);
    }

    fn faults(&mut self) {
        for (at, fault) in self.design.faults.iter().enumerate() {
            let without = match fault.replica {
                Some(_) => Without::ReplicaFault,
                None => Without::Fault,
            };
            let label = message!("the {} at {}", words_of(fault.kind), moment(fault));
            let edits = vec![Command::RemoveFault(at)];
            self.add(without, [&fault.target], label, edits);
        }
        if self.design.faults.len() > 1 {
            let edits = self.faults_of(|_| true);
            let targets = self.design.faults.iter().map(|fault| &fault.target);
            self.add(Without::Fault, targets, "any fault", edits);
        }
    }

    /// Gives each caller of a shared database a database of its own.
    fn sharing(&mut self, facts: &Facts<'_>) {
        for at in &self.design.nodes {
            let Kind::Database(_) = &at.kind else {
                continue;
            };
            let inward: Vec<&Link> = (facts.graph.inward(&at.id).iter().copied())
                .filter(|link| link.mode == Mode::Call)
                .collect();
            let mut callers: Vec<&str> = inward.iter().map(|link| link.from.as_str()).collect();
            callers.dedup();
            callers.sort_unstable();
            callers.dedup();
            if callers.len() < 2 || callers.len() > 8 {
                continue;
            }
            // Each gets its part of what there was, so that nothing is added.
            let part = callers.len() as u32;
            let mut own = at.clone();
            let mut edits = Vec::new();
            if let Kind::Database(database) = &mut own.kind {
                database.concurrency = (database.concurrency / part).max(1);
                let slots = number(f64::from(database.concurrency));
                edits.push(node(&at.id, "concurrency", slots));
            }
            for (nth, caller) in callers.iter().enumerate().skip(1) {
                let mut copy = own.clone();
                copy.id = format!("{}-of-{caller}", at.id);
                copy.at[1] += 120 * nth as i32;
                let to = copy.id.clone();
                edits.push(Command::AddNode(usize::MAX, Box::new(copy)));
                for link in inward.iter().filter(|link| link.from == *caller) {
                    edits.extend(relinked(self.design, link, &to));
                }
            }
            self.add(Without::Sharing, [&at.id], "callers that share it", edits);
        }
    }
}

/// The same link to another node, at the same place of the list.
pub(super) fn relinked(design: &Design, link: &Link, to: &str) -> Vec<Command> {
    let place = design.links.iter().position(|other| other.id == link.id);
    let mut moved = link.clone();
    to.clone_into(&mut moved.to);
    vec![
        Command::RemoveLink(link.id.clone()),
        Command::AddLink(place.unwrap_or(usize::MAX), Box::new(moved)),
    ]
}

fn clients(design: &Design) -> impl Iterator<Item = (&str, &Client)> {
    design.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Client(client) => Some((node.id.as_str(), client)),
        _ => None,
    })
}

fn words_of(kind: FaultKind) -> String {
    kind.name().replace('_', " ")
}

fn moment(fault: &design::Fault) -> report::Piece {
    report::moment(fault.at.as_s())
}
