//! Remedies that are tried for what an experiment showed to be a cause, beside those that rules
//! propose. Several sizes of one remedy make a family: of each, the smallest that is enough stays.

use super::interventions::{Intervention, Without};
use crate::facts::Facts;
use crate::remedies::{self, duration, link, map, node, number};
use design::kinds::client::Keys;
use design::kinds::{Cache, Database, Service};
use design::link::{Mode, OnWrite};
use design::{Attribute, Command, Duration, Kind, Link, Value};
use report::{Message, Remedy, figure, link_name, message, name, percent, time, whole};

/// A remedy of some size.
#[derive(Clone, Debug)]
pub(super) struct Sized {
    /// What all sizes of it share.
    pub(super) family: String,
    pub(super) remedy: Remedy,
}

/// What to try where taking this away was enough.
pub(super) fn remedies(facts: &Facts<'_>, cause: &Intervention) -> Vec<Sized> {
    let mut list = Library {
        facts,
        all: Vec::new(),
    };
    match cause.without {
        Without::Retries | Without::RetryWaves | Without::Reloads => list.retries(&cause.subjects),
        Without::SkewedKeys | Without::FewKeys | Without::Locks => list.hot_places(),
        Without::Imbalance | Without::ReplicaFault | Without::Ejection | Without::Blindness => {
            list.balancers();
        }
        Without::PoolLimit => list.pools(&cause.subjects),
        Without::RepeatedLoads | Without::ColdCache | Without::JointExpiry => list.caches(),
        Without::OldEntries | Without::Lookups => list.freshness(),
        Without::Lag => list.replication(),
        Without::Tail | Without::CrossShard | Without::Hedges => list.tails(),
        Without::EarlyRedelivery | Without::Repeats | Without::Disorder => list.redelivery(),
        Without::LateReplicas => list.scaling(),
        Without::Sharing | Without::Client | Without::LoadChange | Without::Contention => {
            list.isolation();
        }
        Without::Fault => list.dependencies(),
        Without::Memory | Without::Breaker | Without::Refusals => list.limits(&cause.subjects),
        Without::OwnErrors | Without::Network => list.losses(),
        Without::Timeout => list.timeouts(&cause.subjects),
        Without::Discipline => list.discipline(&cause.subjects),
        Without::Operation
        | Without::Steps
        | Without::Slots
        | Without::Consumers
        | Without::Poison
        | Without::CoarseShards => {}
    }
    if cause.without.tier() > 0 || matches!(cause.without, Without::Steps | Without::Locks) {
        list.capacity(&cause.subjects);
    }
    list.all
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
                remedy: Remedy::new(label, cost, edits),
            });
        }
    }

    fn calls(&self) -> Vec<&'a Link> {
        let links = self.facts.design.links.iter();
        links.filter(|link| link.mode == Mode::Call).collect()
    }

    fn retries(&mut self, ids: &[String]) {
        let links: Vec<&Link> = (self.calls().into_iter())
            .filter(|link| ids.contains(&link.id))
            .collect();
        for remedy in [
            remedies::budget_retries(&links),
            remedies::retry_once(&links),
            remedies::breakers(&links),
        ] {
            self.all.push(Sized {
                family: format!("{:?}", remedy.label),
                remedy,
            });
        }
        let edits = links.iter().map(|l| link(&l.id, "retry", Value::Null));
        let edits = edits.collect();
        let cost = "A request fails with its first failed call.";
        self.add("no retries", "No retries", cost, edits);
        let spread = map(&[("base", Value::text("1s")), ("cap", Value::text("30s"))]);
        let mut edits = Vec::new();
        for l in &links {
            edits.push(link(&l.id, "retry.backoff", map(&[("exponential", spread.clone())])));
            edits.push(link(&l.id, "retry.jitter", Value::text("full")));
        }
        let label = "Exponential backoff from 1 s to 30 s, with full jitter";
        self.add("backoff", label, "A retry comes later.", edits);
    }

    fn hot_places(&mut self) {
        for (at, database) in self.facts.databases() {
            if database.row_locks {
                self.split_rows(&at.id);
                for share in [0.5, 0.25] {
                    let held = database.lock_time.mean_s().unwrap_or(0.0) * share;
                    if held > 0.0 {
                        let edits = vec![node(&at.id, "lock_time", duration(held))];
                        let label = message!("Row locks of {} held {} as long", name(&at.id), times(share));
                        let cost = "Work to take out of the transaction.";
                        self.add(format!("locks {}", at.id), label, cost, edits);
                    }
                }
            }
            if let Some(remedy) = crate::rules::near_cache(self.facts, at) {
                self.all.push(Sized {
                    family: format!("cache {}", at.id),
                    remedy,
                });
            }
            for factor in [2.0, 4.0] {
                let count = f64::from(database.shards.count) * factor;
                if database.shards.count > 1 && count <= 4096.0 {
                    let edits = vec![node(&at.id, "shards.count", number(count))];
                    let label = message!("{} shards of {}", whole(count), name(&at.id));
                    let cost = "More shards to run, and keys to move once.";
                    self.add(format!("shards {}", at.id), label, cost, edits);
                }
            }
        }
        for (at, queue) in self.facts.queues() {
            let Some(partitions) = queue.partitions else {
                continue;
            };
            for factor in [2.0, 4.0, 8.0] {
                let count = (f64::from(partitions) * factor).min(1000.0);
                let edits = vec![node(&at.id, "partitions", number(count))];
                let label = message!("{} partitions of {}", whole(count), name(&at.id));
                let cost = "More partitions to run; keys move once.";
                self.add(format!("partitions {}", at.id), label, cost, edits);
            }
            let edits = vec![node(&at.id, "partitions", Value::Null)];
            let label = message!("{} without partitions", name(&at.id));
            let cost = "Messages of one key may be processed out of order.";
            self.add(format!("unordered {}", at.id), label, cost, edits);
        }
        self.balancers();
    }

    /// Spreads what everybody writes to over several rows.
    fn split_rows(&mut self, id: &str) {
        for rows in [4_u32, 10] {
            let mut edits = Vec::new();
            for (client, kind) in self.facts.clients() {
                for (at, operation) in kind.operations.iter().enumerate() {
                    let n = match &operation.keys {
                        Keys::Uniform(keys) if keys.n < 1_000 => keys.n,
                        _ => continue,
                    };
                    let many = map(&[("n", number(n as f64 * f64::from(rows)))]);
                    let field = format!("operations[{at}].keys");
                    edits.push(node(&client.id, &field, map(&[("uniform", many)])));
                }
            }
            let label = message!("Each row of {} split into {}", name(id), rows);
            let cost = "A read has to add up the parts.";
            self.add(format!("rows {id}"), label, cost, edits);
        }
    }

    fn balancers(&mut self) {
        for (at, balancer) in self.facts.balancers() {
            let id = at.id.as_str();
            for (algorithm, words) in [
                ("least_outstanding", "the replica with the fewest requests in flight"),
                ("power_of_two", "the less loaded of two random replicas"),
            ] {
                if balancer.algorithm.name() != algorithm {
                    let edits = vec![node(id, "algorithm", Value::text(algorithm))];
                    let label = message!("{} picks {}", name(id), words);
                    let cost = "A key no longer goes to one replica; the balancer keeps counts.";
                    self.add(format!("algorithm {id} {algorithm}"), label, cost, edits);
                }
            }
            if balancer.algorithm.name() == "consistent_hash" {
                for load in [1.25, 2.0] {
                    let edits = vec![node(id, "consistent_hash.bounded_load", number(load))];
                    let label = message!("{} gives no replica more than {} times the mean load", name(id), figure(load));
                    let cost = "Some requests of a hot key go to another replica.";
                    self.add(format!("bounded {id}"), label, cost, edits);
                }
            }
            for (share, after, back) in [(0.1, 5.0, "30s"), (0.5, 5.0, "30s"), (0.5, 5.0, "5s"), (1.0, 3.0, "30s")] {
                let ejection = map(&[
                    ("consecutive_errors", number(after)),
                    ("eject_for", Value::text(back)),
                    ("max_ejected", number(share)),
                ]);
                let edits = vec![node(id, "outlier_ejection", ejection)];
                let label = message!("{} ejects a replica for {} after {} errors in a row, {} of them at most", name(id), back, whole(after), percent(share));
                let cost = "Fewer replicas take the load while one is ejected.";
                self.add(format!("ejection {id}"), label, cost, edits);
            }
            if balancer.outlier_ejection.is_some() {
                let edits = vec![node(id, "panic_threshold", number(0.5))];
                let label = message!("{} ignores ejections once half are out", name(id));
                let cost = "Requests go to replicas that fail.";
                self.add(format!("panic {id}"), label, cost, edits);
                let edits = vec![node(id, "outlier_ejection", Value::Null)];
                let label = message!("{} ejects nothing", name(id));
                let cost = "A replica that fails keeps its share of the load.";
                self.add(format!("no ejection {id}"), label, cost, edits);
            }
            let check = map(&[
                ("depth", Value::text("http")),
                ("interval", Value::text("2s")),
                ("unhealthy_after", number(2.0)),
            ]);
            let edits = vec![node(id, "health_check", check)];
            let label = message!("{} checks the health of each replica every 2 s", name(id));
            let cost = "Probes to answer.";
            self.add(format!("health {id}"), label, cost, edits);
            self.ejection_and_retry(id);
        }
    }

    /// Ejection alone leaves those requests that meet the replica first; a retry saves them.
    fn ejection_and_retry(&mut self, id: &str) {
        let ejection = map(&[
            ("consecutive_errors", number(3.0)),
            ("max_ejected", number(0.5)),
        ]);
        let mut edits = vec![node(id, "outlier_ejection", ejection)];
        let into = self.facts.graph.inward(id).iter();
        let into = into.filter(|link| link.mode == Mode::Call && link.retry.is_none());
        edits.extend(into.map(|l| link(&l.id, "retry", remedies::budgeted())));
        if edits.len() > 1 {
            let label = message!("{} ejects failing replicas, and its callers retry once", name(id));
            let cost = "Up to a tenth more calls.";
            self.add(format!("ejection and retry {id}"), label, cost, edits);
        }
    }

    fn pools(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(pool) = self.facts.design.link(id).and_then(|link| link.pool.as_ref()) {
                for factor in [1.5, 2.0, 4.0] {
                    let size = libm::ceil(f64::from(pool.size) * factor);
                    let edits = vec![link(id, "pool.size", number(size))];
                    let label = message!("{} connections in the pool of {}", whole(size), link_name(id));
                    let cost = "More connections for the callee to hold.";
                    self.add(format!("pool {id}"), label, cost, edits);
                }
            }
            if let Some(Kind::Database(database)) = self.facts.design.node(id).map(|n| &n.kind) {
                self.connections(id, database);
            }
        }
    }

    fn connections(&mut self, id: &str, database: &Database) {
        let Some(connections) = database.connections else {
            return;
        };
        for factor in [1.5, 2.0, 4.0] {
            let count = libm::ceil(f64::from(connections) * factor);
            let edits = vec![node(id, "connections", number(count))];
            let label = message!("{} connections to {}", whole(count), name(id));
            let cost = "Memory for each connection.";
            self.add(format!("connections {id}"), label, cost, edits);
        }
    }

    fn caches(&mut self) {
        for (at, cache) in self.facts.caches() {
            self.cache(&at.id, cache);
            self.origin(&at.id);
        }
    }

    fn cache(&mut self, id: &str, cache: &Cache) {
        let mut add = |family: &str, label: &str, cost: &str, field: &str, to: Value| {
            let label = message!("{} {}", name(id), label);
            self.add(format!("{family} {id}"), label, cost, vec![node(id, field, to)]);
        };
        if !cache.single_flight {
            let cost = "Requests for a key wait for one load of it.";
            add("single flight", "loads each key once at a time", cost, "single_flight", Value::Bool(true));
        }
        if cache.ttl.is_some() && cache.stale_while_revalidate.is_none() {
            let cost = "Some answers are older than the TTL.";
            let label = "answers with an expired entry for up to 30 s while it reloads";
            add("stale", label, cost, "stale_while_revalidate", Value::text("30s"));
        }
        if cache.ttl.is_some() && cache.early_expiry.is_none() {
            let cost = "Keys are loaded a little more often.";
            let label = "reloads entries early, at random";
            add("early", label, cost, "early_expiry", map(&[("beta", number(1.0))]));
        }
        if cache.ttl.is_some() && cache.ttl_jitter == 0.0 {
            let cost = "Entries live for different times.";
            add("jitter", "spreads its TTLs by 50%", cost, "ttl_jitter", number(0.5));
        }
    }

    /// What protects the origin of a cache while it is cold.
    fn origin(&mut self, id: &str) {
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
                    let label = message!("At most {} loads at a time over {}", whole(most), link_name(&l.id));
                    let cost = "Loads beyond that fail immediately.";
                    self.add(format!("bulkhead {}", l.id), label, cost, edits);
                }
            }
        }
    }

    fn freshness(&mut self) {
        let bounds = self.facts.design.requirements.iter().filter_map(|requirement| {
            let is_age = crate::facts::AGE.contains(&requirement.metric);
            match requirement.at_most {
                Some(design::requirement::Bound::Duration(bound)) if is_age => Some(bound.as_s()),
                _ => None,
            }
        });
        let bound = bounds.reduce(f64::min);
        let caches: Vec<(&design::Node, &Cache)> = self.facts.caches().collect();
        let with_ttl = caches.iter().filter(|(_, cache)| cache.ttl.is_some()).count();
        for share in [0.9, 0.5, 0.2] {
            let Some(bound) = bound else {
                break;
            };
            let ttl = Duration::us((bound * share / with_ttl.max(1) as f64 * 1e6) as u64);
            let longer = caches.iter().filter(|(_, cache)| cache.ttl.is_some_and(|now| now > ttl));
            let edits: Vec<Command> = longer.map(|(at, _)| node(&at.id, "ttl", ttl.write())).collect();
            let label = match with_ttl {
                1 => message!("A TTL of {}", ttl),
                _ => message!("A TTL of {} in each cache", ttl),
            };
            self.add("ttl", label, "More misses, and more load behind the cache.", edits);
        }
        self.invalidate();
        for (at, _) in &caches {
            self.bypass(&at.id);
        }
    }

    /// Every write goes past the caches that hold what it changes.
    fn invalidate(&mut self) {
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
                true => "Invalidate on write, with leases against late fills",
            };
            self.add("invalidate", label, "A call to the cache with each write.", edits);
        }
    }

    /// Callers of a cache call what is behind it.
    fn bypass(&mut self, id: &str) {
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
        let label = message!("Without the cache {}", name(id));
        self.add(format!("bypass {id}"), label, "More load behind it, and slower answers.", edits);
    }

    fn replication(&mut self) {
        for (at, database) in self.facts.databases() {
            if database.has_leader() {
                let edits = vec![node(&at.id, "replication.read_from", Value::text("leader"))];
                let label = message!("Read from the leader of {}", name(&at.id));
                self.add(format!("leader {}", at.id), label, "The leader does all reads.", edits);
            }
        }
    }

    fn tails(&mut self) {
        let slow: Vec<&Link> = (self.calls().into_iter())
            .filter(|l| {
                let to = self.facts.graph.node(&l.to).map(|node| &node.kind);
                matches!(to, Some(Kind::Service(_) | Kind::Database(_) | Kind::LoadBalancer(_)))
                    && !matches!(
                        self.facts.graph.node(&l.from).map(|node| &node.kind),
                        Some(Kind::Client(_) | Kind::LoadBalancer(_))
                    )
            })
            .collect();
        for times in [2.0, 4.0] {
            let hedges = slow.iter().map(|l| {
                let after = self.facts.flow.call(&self.facts.graph, l) * times;
                link(&l.id, "hedge", map(&[("after", duration(after.max(1e-3)))]))
            });
            let edits = hedges.collect();
            let label = "Hedged requests: a second attempt where the first takes long";
            self.add("hedge", label, "A few percent more calls.", edits);
        }
        for (at, database) in self.facts.databases() {
            if database.cross_shard.is_none() {
                continue;
            }
            for part in [2, 4] {
                let count = (database.shards.count / part).max(1);
                let edits = vec![
                    node(&at.id, "shards.count", number(f64::from(count))),
                    node(&at.id, "concurrency", number(f64::from(database.concurrency * part))),
                ];
                let label = message!("{} larger shards of {}", count, name(&at.id));
                self.add(format!("shards {}", at.id), label, "Keys to move once.", edits);
            }
            let edits = vec![node(&at.id, "cross_shard", Value::Null)];
            let label = message!("A shard key of {} by which each request needs one shard", name(&at.id));
            self.add(format!("one shard {}", at.id), label, "Data to arrange by that key.", edits);
        }
    }

    fn redelivery(&mut self) {
        for (at, queue) in self.facts.queues() {
            let now = queue.visibility_timeout.as_s();
            for factor in [2.0, 5.0, 20.0, 100.0] {
                let longer = (now * factor).min(43_200.0);
                let mut edits = vec![node(&at.id, "visibility_timeout", duration(longer))];
                if queue.partitions.is_some() {
                    let session = (queue.session_timeout.as_s() * factor).min(3_600.0);
                    edits.push(node(&at.id, "session_timeout", duration(session)));
                }
                let wait = time(longer);
                let label = message!("A visibility timeout of {} at {}", wait.clone(), name(&at.id));
                let cost = "A message of a dead consumer is delivered again that much later.";
                self.add(format!("visibility {}", at.id), label, cost, edits);
            }
        }
        for (at, database) in self.facts.databases() {
            if !database.unique_ids {
                let mut edits = vec![node(&at.id, "unique_ids", Value::Bool(true))];
                for (client, kind) in self.facts.clients() {
                    for (nth, operation) in kind.operations.iter().enumerate() {
                        let is_write = operation.effect == design::kinds::client::Effect::Write;
                        if is_write && !operation.idempotency_key {
                            let field = format!("operations[{nth}].idempotency_key");
                            edits.push(node(&client.id, &field, Value::Bool(true)));
                        }
                    }
                }
                let label = message!("A key with each write, unique at {}", name(&at.id));
                self.add(format!("unique {}", at.id), label, "A look-up with each write.", edits);
            }
        }
    }

    fn scaling(&mut self) {
        for (at, service) in self.facts.services() {
            let Some(scale) = &service.autoscale else {
                continue;
            };
            for share in [0.25, 0.5, 0.75, 1.0] {
                let least = libm::ceil(f64::from(scale.max) * share);
                if least > f64::from(scale.min) {
                    let edits = vec![
                        node(&at.id, "autoscale.min", number(least)),
                        node(&at.id, "replicas", number(least.max(f64::from(service.replicas)))),
                    ];
                    let label = message!("At least {} replicas of {}", whole(least), name(&at.id));
                    let cost = "Replicas that idle most of the time.";
                    self.add(format!("least {}", at.id), label, cost, edits);
                }
            }
        }
    }

    /// A bound on what one caller may take of what others need too.
    fn isolation(&mut self) {
        for (at, database) in self.facts.databases() {
            for l in self.shared(&at.id) {
                let callers = self.facts.graph.node(&l.from).map_or(1, |node| node.kind.replicas());
                let slots = f64::from(database.concurrency * database.shards.count);
                for (share, words) in [(0.5, "half"), (0.25, "a quarter")] {
                    let most = libm::floor(slots * share / f64::from(callers.max(1))).max(1.0);
                    let bulkhead = map(&[
                        ("max_concurrent", number(most)),
                        ("wait", Value::text("10s")),
                    ]);
                    let edits = vec![link(&l.id, "bulkhead", bulkhead)];
                    let label = message!("{} waits with more than {} of {}", name(&l.from), words, name(&at.id));
                    let cost = message!("{} is slower where it needs more.", name(&l.from));
                    self.add(format!("share {}", l.id), label, cost, edits);
                }
                self.own_database(at, l);
            }
        }
        for l in self.calls() {
            let is_client = matches!(
                self.facts.graph.node(&l.from).map(|node| &node.kind),
                Some(Kind::Client(_))
            );
            if is_client && self.facts.clients().count() > 1 {
                for most in [2.0, 8.0, 32.0] {
                    let bulkhead = map(&[("max_concurrent", number(most)), ("wait", Value::text("30s"))]);
                    let edits = vec![link(&l.id, "bulkhead", bulkhead)];
                    let label = message!("{} has at most {} requests in flight", name(&l.from), whole(most));
                    let cost = message!("{} waits at its own side.", name(&l.from));
                    self.add(format!("in flight {}", l.id), label, cost, edits);
                }
            }
        }
    }

    fn shared(&self, id: &str) -> Vec<&'a Link> {
        let inward = self.facts.graph.inward(id).iter().copied();
        let inward: Vec<&Link> = inward.filter(|l| l.mode == Mode::Call).collect();
        let mut callers: Vec<&str> = inward.iter().map(|l| l.from.as_str()).collect();
        callers.sort_unstable();
        callers.dedup();
        match callers.len() {
            2..=6 => inward,
            _ => Vec::new(),
        }
    }

    /// A caller gets a database of its own.
    fn own_database(&mut self, at: &design::Node, l: &Link) {
        let mut copy = at.clone();
        copy.id = self.facts.design.free_id(&format!("{}-of-{}", at.id, l.from));
        copy.label = None;
        copy.at[1] += 120;
        let mut moved = l.clone();
        copy.id.clone_into(&mut moved.to);
        moved.id = self.facts.design.free_link_id(&l.from, &copy.id);
        let edits = vec![
            Command::AddNode(usize::MAX, Box::new(copy)),
            Command::RemoveLink(l.id.clone()),
            Command::AddLink(usize::MAX, Box::new(moved)),
        ];
        let label = message!("{} has a database of its own", name(&l.from));
        let cost = "A second database, and no transactions across both.";
        self.add(format!("own {}", l.id), label, cost, edits);
    }

    /// What a caller can do about a callee that is slow, away or failing.
    fn dependencies(&mut self) {
        let targets: Vec<&str> = (self.facts.design.faults.iter())
            .map(|fault| fault.target.as_str())
            .collect();
        let hit: Vec<&Link> = (self.calls().into_iter())
            .filter(|l| {
                let served = self.facts.graph.served_by(l);
                targets.contains(&l.id.as_str())
                    || served.iter().any(|node| targets.contains(&node.id.as_str()))
            })
            .collect();
        for l in hit {
            let usual = self.facts.flow.call(&self.facts.graph, l).max(1e-3);
            for factor in [3.0, 10.0] {
                let timeout = duration(usual * factor);
                let wait = time(usual * factor);
                let edits = vec![link(&l.id, "timeout", timeout.clone())];
                let label = message!("A timeout of {} on {}", wait.clone(), link_name(&l.id));
                let cost = "Calls that would have been answered later fail.";
                self.add(format!("timeout {}", l.id), label, cost, edits);
                let breaker = map(&[("failure_rate", number(0.5)), ("open_for", Value::text("2s"))]);
                let edits = vec![link(&l.id, "timeout", timeout), link(&l.id, "breaker", breaker)];
                let label = message!("A timeout of {} and a circuit breaker on {}", wait.clone(), link_name(&l.id));
                let cost = "While the breaker is open, calls fail that might have been answered.";
                self.add(format!("breaker {}", l.id), label, cost, edits);
            }
            self.without_it(l, usual);
            let callers = self.facts.graph.node(&l.from);
            let slots = match callers.map(|node| &node.kind) {
                Some(Kind::Service(service)) => service.concurrency,
                _ => None,
            };
            for part in [2, 4] {
                if let Some(slots) = slots.filter(|slots| *slots >= 2 * part) {
                    let most = f64::from(slots / part);
                    let edits = vec![link(&l.id, "bulkhead", map(&[("max_concurrent", number(most))]))];
                    let label = message!("At most {} calls in flight over {}", whole(most), link_name(&l.id));
                    let cost = "Calls beyond that fail immediately.";
                    self.add(format!("bulkhead {}", l.id), label, cost, edits);
                }
            }
            let from = callers.map(|node| &node.kind);
            let retry = remedies::budgeted();
            if l.retry.is_none() && !matches!(from, Some(Kind::LoadBalancer(_))) {
                let edits = vec![link(&l.id, "retry", retry)];
                let label = message!("One retry over {}, within a budget", link_name(&l.id));
                self.add(format!("retry {}", l.id), label, "Up to a tenth more calls.", edits);
            }
        }
        self.balancers();
    }

    /// An answer without the callee, where the caller is a service.
    fn without_it(&mut self, l: &Link, usual_s: f64) {
        // What a service adds has to be something without this callee too.
        let is_service = self.facts.graph.service(&l.from).is_some();
        let others = self.facts.asks(&l.from).count();
        let is_data = matches!(
            self.facts.graph.node(&l.to).map(|node| &node.kind),
            Some(Kind::Database(_) | Kind::Cache(_))
        );
        if l.optional || !is_service || others < 2 || is_data {
            return;
        }
        let mut edits = vec![link(&l.id, "optional", Value::Bool(true))];
        if l.timeout.is_none_or(|timeout| timeout.as_s() > 10.0 * usual_s) {
            edits.push(link(&l.id, "timeout", duration(usual_s * 5.0)));
        }
        let label = message!("{} answers without {} when it has to", name(&l.from), name(&l.to));
        self.add(format!("optional {}", l.id), label, "Some answers lack a part.", edits);
    }

    fn limits(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(service) = self.facts.graph.service(id) {
                self.memory(id, service);
            }
            let breaker = self.facts.design.link(id).and_then(|l| l.breaker.as_ref());
            if let Some(breaker) = breaker {
                let window = (breaker.window * 10).min(10_000);
                let edits = vec![
                    link(id, "breaker.window", number(f64::from(window))),
                    link(id, "breaker.min_calls", number(f64::from(window / 2))),
                ];
                let label = message!("The breaker of {} judges {} calls", link_name(id), window);
                self.add(format!("window {id}"), label, "It opens later.", edits);
                let edits = vec![link(id, "breaker.open_for", Value::text("1s"))];
                let label = message!("The breaker of {} opens for 1 s", link_name(id));
                let cost = "Trial calls come sooner to a callee that fails.";
                self.add(format!("open {id}"), label, cost, edits);
            }
        }
        let retried: Vec<String> = (self.calls().iter())
            .filter(|l| l.retry.is_some())
            .map(|l| l.id.clone())
            .collect();
        if !retried.is_empty() {
            self.retries(&retried);
        }
    }

    fn memory(&mut self, id: &str, service: &Service) {
        let Some(memory) = &service.memory else {
            return;
        };
        let fit = memory.calls().max(1) as f64;
        for share in [0.8, 0.5] {
            let slots = libm::floor(fit * share).max(1.0);
            let edits = vec![
                node(id, "concurrency", number(libm::ceil(slots / 2.0))),
                node(id, "queue.capacity", number(libm::floor(slots / 2.0))),
            ];
            let label = message!("{} takes no more calls than {} of its memory holds", name(id), percent(share));
            let cost = "Calls beyond that are refused.";
            self.add(format!("admit {id}"), label, cost, edits);
        }
        for factor in [2.0, 4.0] {
            let limit = memory.limit_mb * factor;
            let edits = vec![node(id, "memory.limit_mb", number(limit))];
            let label = message!("{} MB of memory for {}", whole(limit), name(id));
            self.add(format!("memory {id}"), label, "Memory to pay for.", edits);
        }
    }

    fn timeouts(&mut self, ids: &[String]) {
        for l in self.calls() {
            if let Some(timeout) = l.timeout.filter(|_| ids.contains(&l.id)) {
                for factor in [2.0, 4.0] {
                    let longer = timeout.as_s() * factor;
                    let edits = vec![link(&l.id, "timeout", duration(longer))];
                    let wait = time(longer);
                    let label = message!("A timeout of {} on {}", wait.clone(), link_name(&l.id));
                    let cost = "A caller waits longer for a callee that does not answer.";
                    self.add(format!("timeout {}", l.id), label, cost, edits);
                }
            }
        }
    }

    fn discipline(&mut self, ids: &[String]) {
        for id in ids {
            let Some(service) = self.facts.graph.service(id) else {
                continue;
            };
            let edits = vec![node(id, "queue.discipline", Value::text("fifo"))];
            let label = message!("{} serves in the order of arrival", name(id));
            self.add(format!("fifo {id}"), label, "Nobody is served first.", edits);
            let order = &service.queue.priority;
            if order.len() > 1 {
                let turned = order.iter().rev().map(Value::text).collect();
                let edits = vec![node(id, "queue.priority", Value::List(turned))];
                let label = message!("The priorities of {} the other way round", name(id));
                self.add(format!("order {id}"), label, "What was first waits.", edits);
            }
        }
    }

    /// Calls that get lost or fail by themselves.
    fn losses(&mut self) {
        let calls = self.calls();
        let bare: Vec<&Link> = calls
            .into_iter()
            .filter(|l| {
                let from = self.facts.graph.node(&l.from).map(|node| &node.kind);
                l.retry.is_none() && !matches!(from, Some(Kind::LoadBalancer(_)))
            })
            .collect();
        let mut edits = Vec::new();
        for l in &bare {
            let usual = self.facts.flow.call(&self.facts.graph, l).max(1e-3);
            if l.timeout.is_none() {
                edits.push(link(&l.id, "timeout", duration(usual * 10.0)));
            }
            edits.push(link(&l.id, "retry", remedies::budgeted()));
        }
        let label = "One retry on each hop, within a budget";
        self.add("retry each hop", label, "A few more calls.", edits);
        let many: Vec<Command> = (self.facts.design.links.iter())
            .filter(|l| l.calls > 1)
            .map(|l| link(&l.id, "calls", number(1.0)))
            .collect();
        let label = "One call in place of several, wherever there are several";
        self.add("batch", label, "An interface that takes many at a time.", many);
    }

    fn capacity(&mut self, near: &[String]) {
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
            let label = message!("{} serves the newest first under overload", name(id));
            self.add(format!("lifo {id}"), label, "Calls that wait longest are lost.", edits);
            let edits = vec![node(id, "queue.capacity", number(1_000.0 + f64::from(service.queue.capacity.unwrap_or(0)) * 4.0))];
            let label = message!("A longer queue at {}", name(id));
            self.add(format!("queue {id}"), label, "Calls wait longer in place of being refused.", edits);
        }
        for (at, database) in self.facts.databases() {
            let is_full = self.is_full(&at.id) || near.contains(&at.id);
            for factor in [1.5, 2.0, 3.0] {
                if is_full {
                    let slots = libm::ceil(f64::from(database.concurrency) * factor);
                    let edits = vec![node(&at.id, "concurrency", number(slots))];
                    let label = message!("{} slots at {}", whole(slots), name(&at.id));
                    let cost = "A larger machine.";
                    self.add(format!("slots {}", at.id), label, cost, edits);
                }
            }
        }
        self.buffer();
    }

    /// Whether a node had no slot left for a while, or turned calls away.
    fn is_full(&self, id: &str) -> bool {
        let series = self.facts.series.as_ref();
        let is_saturated = series.is_some_and(|series| !series.saturated(id).is_empty());
        let is_waited_for = self.facts.node(id).is_some_and(|node| {
            !node.turned_away.is_empty() || node.waited.is_some_and(|share| share > 0.2)
        });
        is_saturated || is_waited_for
    }

    /// Consumers for what waits in a queue.
    fn buffer(&mut self) {
        let consumers = self.facts.design.links.iter().filter(|l| l.mode == Mode::Consume);
        for l in consumers {
            for factor in [2.0, 4.0] {
                let many = libm::ceil(f64::from(l.concurrency) * factor);
                let edits = vec![link(&l.id, "concurrency", number(many))];
                let label = message!("{} messages at a time over {}", whole(many), link_name(&l.id));
                let cost = "More load on the consumer and what it calls.";
                self.add(format!("consumers {}", l.id), label, cost, edits);
            }
        }
    }
}

fn times(share: f64) -> &'static str {
    match share >= 0.5 {
        true => "half",
        false => "a quarter",
    }
}

fn is_on_miss(link: &Link) -> bool {
    link.when.0.contains(&design::link::Condition::OnMiss)
}
