//! The load in a design's usual state, as far as the design alone determines it: call rates, times
//! without waiting, and the capacity of each node (by Little's law).

use super::graph::Graph;
use design::kinds::client::{Arrivals, Client, Effect, Keys, Operation};
use design::kinds::coordinator::Scope;
use design::kinds::database::{ReadFrom, ReplicationMode};
use design::kinds::{Cache, Database, Kind};
use design::link::{Condition, Link, Mode};
use std::collections::BTreeMap;

/// Most operations that are distinguished; others count as the last of their effect.
const OPERATIONS_MAX: usize = 32;

/// Rates, times and capacities.
pub struct Flow {
    /// Calls per second that reach each node, by position.
    nodes: Vec<f64>,
    /// Writes per second among them.
    writes: Vec<f64>,
    /// Calls per second over each link without retries, by id.
    links: BTreeMap<String, f64>,
    /// Time of a call at each node without waiting, in seconds.
    response: Vec<f64>,
    /// The part of it on the network.
    network: Vec<f64>,
    /// Calls per second that each node can serve; infinite where nothing limits it.
    capacity: Vec<f64>,
}

/// Returns the mean arrival rate of a client in its usual state, per second.
fn client_rate(client: &Client, response_s: f64) -> f64 {
    match &client.arrivals {
        Arrivals::Poisson(rate) | Arrivals::Constant(rate) => rate.0,
        Arrivals::OnOff(bursts) => {
            let whole = bursts.on.as_s() + bursts.off.as_s();
            bursts.rate.0 * bursts.on.as_s() / whole.max(1e-9)
        }
        Arrivals::Closed(closed) => {
            let cycle = closed.think.mean_s().unwrap_or(0.0) + response_s;
            f64::from(closed.users) / cycle.max(1e-6)
        }
        Arrivals::Replay(times) => {
            let last = times.last().map_or(0.0, |last| last.as_s());
            times.len() as f64 / last.max(1.0)
        }
    }
}

/// Returns the share of the most popular key, and the number of keys, of an operation.
pub fn top_key(keys: &Keys) -> (f64, u64) {
    match keys {
        Keys::Uniform(uniform) => (1.0 / uniform.n as f64, uniform.n),
        Keys::Zipf(zipf) => (1.0 / harmonic(zipf.n as f64, zipf.s), zipf.n),
    }
}

/// Returns the generalized harmonic number, to within a few percent.
fn harmonic(n: f64, s: f64) -> f64 {
    let head = n.min(50.0) as u32;
    let exact: f64 = (1..=head).map(|k| libm::pow(f64::from(k), -s)).sum();
    let from = f64::from(head) + 0.5;
    let rest = match (n > from, (s - 1.0).abs() < 1e-9) {
        (false, _) => 0.0,
        (true, true) => libm::log((n + 0.5) / from),
        (true, false) => (libm::pow(n + 0.5, 1.0 - s) - libm::pow(from, 1.0 - s)) / (1.0 - s),
    };
    exact + rest
}

/// Returns the hit ratio of a cache that keeps as many of the most popular keys as fit.
fn likely_hits(cache: &Cache, operations: &[&Operation]) -> f64 {
    if let Some(ratio) = cache.hit_ratio {
        return ratio;
    }
    let reads = operations
        .iter()
        .filter(|operation| operation.effect == Effect::Read);
    let (mut hits, mut weight) = (0.0, 0.0);
    for operation in reads {
        let held = cache.capacity.map_or(f64::INFINITY, f64::from);
        let share = match &operation.keys {
            Keys::Uniform(uniform) => (held / uniform.n as f64).min(1.0),
            Keys::Zipf(zipf) => {
                let n = zipf.n as f64;
                harmonic(held.min(n), zipf.s) / harmonic(n, zipf.s)
            }
        };
        hits += operation.weight * share;
        weight += operation.weight;
    }
    // Entries expire and change, so the ratio is never quite 1.
    if weight > 0.0 {
        (hits / weight).min(0.99)
    } else {
        0.9
    }
}

impl Flow {
    /// Derives the load. `hits` returns the hit ratio of a cache, if it is known.
    pub fn new(graph: &Graph<'_>, hits: &dyn Fn(&str) -> Option<f64>) -> Self {
        let count = graph.design.nodes.len();
        let mut flow = Self {
            nodes: vec![0.0; count],
            writes: vec![0.0; count],
            links: BTreeMap::new(),
            response: vec![0.0; count],
            network: vec![0.0; count],
            capacity: vec![f64::INFINITY; count],
        };
        let operations: Vec<&Operation> = (graph.design.nodes.iter())
            .filter_map(|node| match &node.kind {
                Kind::Client(client) => Some(&client.operations),
                _ => None,
            })
            .flatten()
            .take(OPERATIONS_MAX)
            .collect();
        let ratio = |id: &str, cache: &Cache| {
            let known = hits(id).unwrap_or_else(|| likely_hits(cache, &operations));
            1.0 - known
        };
        // Twice, because the time of a call depends on the mix of operations, and the rate of
        // closed clients depends on the time of a call.
        for _ in 0..2 {
            for place in graph.order().iter().rev() {
                flow.times(graph, *place, &ratio);
            }
            let mut by_operation = vec![vec![0.0; operations.len()]; count];
            for place in graph.order() {
                flow.pass_on(graph, *place, &operations, &mut by_operation, &ratio);
            }
        }
        for place in graph.order().iter().rev() {
            flow.capacity[*place] = flow.capacity_of(graph, *place);
        }
        flow
    }

    /// Computes the times of a node, after those of its callees.
    fn times(&mut self, graph: &Graph<'_>, place: usize, miss: &dyn Fn(&str, &Cache) -> f64) {
        let node = &graph.design.nodes[place];
        let mean = |of: &design::Distribution| of.mean_s().unwrap_or(1.0);
        let (own, shares) = match &node.kind {
            Kind::Client(_) => (0.0, 1.0),
            Kind::LoadBalancer(_) => (0.0, 1.0 / graph.out(&node.id).len().max(1) as f64),
            Kind::Service(service) => (mean(&service.service_time), 1.0),
            Kind::Cache(cache) => (mean(&cache.hit_time), miss(&node.id, cache)),
            Kind::Queue(_) => (0.0, 0.0),
            Kind::Database(database) => (mean(&database.read_time), 0.0),
            Kind::Coordinator(coordinator) => (mean(&coordinator.service_time), 0.0),
        };
        let mut stages: BTreeMap<(u32, usize), (f64, f64)> = BTreeMap::new();
        let mut missed = 1.0;
        for (at, link) in graph.out(&node.id).iter().enumerate() {
            let stage = link.stage.map_or((0, at), |stage| (stage, 0));
            let known = matches!(node.kind, Kind::Service(_))
                .then(|| self.share_over(place, link))
                .flatten();
            let likely = known.unwrap_or_else(|| likely_share(link, missed));
            if let Some(design::Node {
                id,
                kind: Kind::Cache(cache),
                ..
            }) = graph.node(&link.to)
                && graph.out(&link.to).is_empty()
            {
                missed *= miss(id, cache);
            }
            let way = 2.0 * mean(&link.latency);
            let Some(to) = graph.place(&link.to) else {
                continue;
            };
            let (time, network) = match link.mode {
                Mode::Call => (way + self.response[to], way + self.network[to]),
                Mode::Publish => (way, way),
                Mode::Consume | Mode::DeadLetter => continue,
            };
            let times = likely * f64::from(link.calls) * shares;
            let sum = matches!(node.kind, Kind::LoadBalancer(_));
            let stage = stages.entry(if sum { (0, at) } else { stage }).or_default();
            if times * time > stage.0 {
                *stage = (times * time, times * network);
            }
        }
        self.response[place] = own + stages.values().map(|(time, _)| time).sum::<f64>();
        self.network[place] = stages.values().map(|(_, network)| network).sum();
    }

    /// Returns the share of a node's calls that go over a link, once the load of the node is known.
    fn share_over(&self, place: usize, link: &Link) -> Option<f64> {
        let over = self.links.get(&link.id)?;
        let all = self.nodes[place] * f64::from(link.calls);
        (all > 0.0).then(|| over / all)
    }

    /// Passes the load of a node on to its callees.
    fn pass_on(
        &mut self,
        graph: &Graph<'_>,
        place: usize,
        operations: &[&Operation],
        rates: &mut [Vec<f64>],
        miss: &dyn Fn(&str, &Cache) -> f64,
    ) {
        let node = &graph.design.nodes[place];
        if let Kind::Client(client) = &node.kind {
            let rate = client_rate(client, self.response[place]);
            let weights: f64 = client.operations.iter().map(|o| o.weight).sum();
            for operation in &client.operations {
                let same = |known: &&&Operation| std::ptr::eq(**known, operation);
                if let Some(at) = operations.iter().position(|known| same(&known)) {
                    rates[place][at] += rate * operation.weight / weights.max(1e-12);
                }
            }
        }
        let mine = rates[place].clone();
        let sum: f64 = mine.iter().sum();
        self.nodes[place] = sum;
        let is_write = |at: usize| operations[at].effect == Effect::Write;
        self.writes[place] = (0..mine.len())
            .filter(|at| is_write(*at))
            .map(|at| mine[at])
            .sum();
        let out = graph.out(&node.id);
        let weight = |link: &Link| {
            let replicas = graph.node(&link.to).map_or(1, |node| node.kind.replicas());
            f64::from(link.weight) * f64::from(replicas)
        };
        let weights: f64 = out.iter().map(|link| weight(link)).sum();
        let consumers: f64 = out
            .iter()
            .filter(|link| link.mode == Mode::Consume)
            .map(|link| f64::from(link.concurrency))
            .sum();
        let mut missed = 1.0;
        for link in out {
            let Some(to) = graph.place(&link.to) else {
                continue;
            };
            let mut over = 0.0;
            for (at, rate) in mine.iter().enumerate() {
                let share = match (&node.kind, link.mode) {
                    (_, Mode::DeadLetter) => 0.0,
                    (Kind::LoadBalancer(_), _) => weight(link) / weights,
                    (Kind::Queue(queue), _) if queue.fan_out => 1.0,
                    (Kind::Queue(_), _) => f64::from(link.concurrency) / consumers.max(1.0),
                    (Kind::Cache(cache), _) if !is_write(at) => miss(&node.id, cache),
                    (Kind::Database(_), _) => f64::from(u8::from(is_write(at))),
                    _ => share_of(link, operations[at], missed),
                };
                rates[to][at] += rate * share * f64::from(link.calls);
                over += rate * share * f64::from(link.calls);
            }
            if let Some(design::Node {
                id,
                kind: Kind::Cache(cache),
                ..
            }) = graph.node(&link.to)
                && graph.out(&link.to).is_empty()
            {
                missed *= miss(id, cache);
            }
            self.links.insert(link.id.clone(), over);
        }
    }

    fn capacity_of(&self, graph: &Graph<'_>, place: usize) -> f64 {
        let node = &graph.design.nodes[place];
        match &node.kind {
            Kind::Client(_) | Kind::LoadBalancer(_) | Kind::Cache(_) => f64::INFINITY,
            Kind::Service(service) => {
                let Some(slots) = service.concurrency else {
                    return f64::INFINITY;
                };
                let own = service.service_time.mean_s().unwrap_or(1.0);
                let held = if service.blocking {
                    self.response[place]
                } else {
                    own
                };
                f64::from(service.replicas) * f64::from(slots) / held.max(1e-9)
            }
            Kind::Queue(_) => {
                let consumers = graph.out(&node.id).iter();
                let consumers = consumers.filter(|link| link.mode == Mode::Consume);
                let each = consumers.filter_map(|link| {
                    let to = graph.place(&link.to)?;
                    let time = 2.0 * link.latency.mean_s().unwrap_or(0.0) + self.response[to];
                    let by_link = f64::from(link.concurrency) / time.max(1e-9);
                    Some(by_link.min(self.capacity[to]))
                });
                let each: Vec<f64> = each.collect();
                match (&node.kind, each.is_empty()) {
                    (_, true) => f64::INFINITY,
                    (Kind::Queue(queue), _) if queue.fan_out => {
                        each.into_iter().fold(f64::INFINITY, f64::min)
                    }
                    _ => each.iter().sum(),
                }
            }
            Kind::Database(database) => self.database_capacity(database, place),
            Kind::Coordinator(coordinator) => {
                let work = coordinator.service_time.mean_s().unwrap_or(0.0);
                let held = match coordinator.scope {
                    Scope::PerKey => work,
                    // It answers the next call while the caller before still holds the lock.
                    Scope::Global => work.max(self.held_s(graph, &node.id)),
                };
                1.0 / held.max(1e-9)
            }
        }
    }

    fn database_capacity(&self, database: &Database, place: usize) -> f64 {
        let share = match self.nodes[place] {
            sum if sum > 0.0 => self.writes[place] / sum,
            _ => 0.0,
        };
        let read = database.read_time.mean_s().unwrap_or(1.0);
        let write = database.write_time.mean_s().unwrap_or(1.0);
        let slots = f64::from(database.concurrency);
        let slowed = database.contention.as_ref().map_or(1.0, |contention| {
            let others = slots - 1.0;
            1.0 + contention.alpha * others + contention.beta * slots * others
        });
        let copies = f64::from(database.copies());
        let (reads_by, writes_by) = match &database.replication {
            None => (1.0, 1.0),
            Some(replication) if replication.mode == ReplicationMode::Quorum => {
                let read_by = f64::from(replication.r);
                (copies / read_by.max(1.0), 1.0)
            }
            Some(replication) => match replication.read_from {
                ReadFrom::Leader => (1.0, 1.0),
                ReadFrom::Follower => ((copies - 1.0).max(1.0), 1.0),
                ReadFrom::Any => (copies, 1.0),
            },
        };
        let work = ((1.0 - share) * read / reads_by).max(0.0) + share * write / writes_by;
        f64::from(database.shards.count) * slots / (work * slowed).max(1e-9)
    }

    /// Returns how long a lock is held: the time of what its callers do after they have it.
    fn held_s(&self, graph: &Graph<'_>, id: &str) -> f64 {
        let (mut held, mut count) = (0.0, 0.0);
        for link in graph.inward(id) {
            let rest = graph.out(&link.from).iter();
            let rest = rest.skip_while(|other| other.id != link.id).skip(1);
            let time: f64 = rest
                .filter(|other| other.mode == Mode::Call)
                .map(|other| f64::from(other.calls) * self.call(graph, other))
                .sum();
            held += time + link.latency.mean_s().unwrap_or(0.0) * 2.0;
            count += 1.0;
        }
        if count > 0.0 { held / count } else { 0.0 }
    }

    fn of(&self, series: &[f64], graph: &Graph<'_>, id: &str) -> f64 {
        graph.place(id).map_or(0.0, |place| series[place])
    }

    /// Returns the calls per second that reach a node.
    pub fn node(&self, graph: &Graph<'_>, id: &str) -> f64 {
        self.of(&self.nodes, graph, id)
    }

    /// Returns the writes per second that reach a node.
    pub fn writes(&self, graph: &Graph<'_>, id: &str) -> f64 {
        self.of(&self.writes, graph, id)
    }

    /// Returns the calls per second over a link.
    pub fn link(&self, id: &str) -> f64 {
        self.links.get(id).copied().unwrap_or(0.0)
    }

    /// Returns the time of a call at a node without waiting, in seconds.
    pub fn response(&self, graph: &Graph<'_>, id: &str) -> f64 {
        self.of(&self.response, graph, id)
    }

    /// Returns the part of it on the network.
    pub fn network(&self, graph: &Graph<'_>, id: &str) -> f64 {
        self.of(&self.network, graph, id)
    }

    /// Returns the calls per second that a node can serve.
    pub fn capacity(&self, graph: &Graph<'_>, id: &str) -> f64 {
        self.of(&self.capacity, graph, id)
    }

    /// Returns the time of a call over a link without waiting, both ways.
    pub fn call(&self, graph: &Graph<'_>, link: &Link) -> f64 {
        2.0 * link.latency.mean_s().unwrap_or(0.0) + self.response(graph, &link.to)
    }

    /// Returns the calls between nodes per request, over all links except those of clients.
    pub fn calls_per_request(&self, graph: &Graph<'_>) -> f64 {
        let (mut calls, mut requests) = (0.0, 0.0);
        for link in &graph.design.links {
            let from = graph.node(&link.from).map(|node| &node.kind);
            match from {
                Some(Kind::Client(_)) => requests += self.link(&link.id),
                Some(Kind::LoadBalancer(_)) | None => {}
                Some(_) if link.mode == Mode::Call => calls += self.link(&link.id),
                Some(_) => {}
            }
        }
        if requests > 0.0 {
            calls / requests
        } else {
            0.0
        }
    }
}

/// Returns the probability that an operation calls a link.
fn share_of(link: &Link, operation: &Operation, missed: f64) -> f64 {
    let each = link.when.0.iter().map(|condition| match condition {
        Condition::Always => 1.0,
        Condition::Reads => f64::from(u8::from(operation.effect == Effect::Read)),
        Condition::Writes => f64::from(u8::from(operation.effect == Effect::Write)),
        Condition::OnMiss if operation.effect == Effect::Read => missed,
        Condition::OnMiss | Condition::OnError => 0.0,
        Condition::Operations(names) => f64::from(u8::from(names.contains(&operation.name))),
        Condition::Probability(p) => *p,
    });
    1.0 - each.map(|p| 1.0 - p).product::<f64>()
}

/// Returns the same without regard to the operation.
fn likely_share(link: &Link, missed: f64) -> f64 {
    let each = link.when.0.iter().map(|condition| match condition {
        Condition::Always | Condition::Reads => 1.0,
        Condition::Writes | Condition::Operations(_) => 0.5,
        Condition::OnMiss => missed,
        Condition::OnError => 0.0,
        Condition::Probability(p) => *p,
    });
    1.0 - each.map(|p| 1.0 - p).product::<f64>()
}
