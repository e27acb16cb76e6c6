//! Suspects within a node: its limits, its locks, its own errors, and its service time.

use super::{LIFTED, List, Without};
use crate::remedies::{duration, link, map, node, number};
use design::kinds::{Database, Service};
use design::link::Mode;
use design::{FaultKind, Kind, Value};
use report::{Message, message, name};

impl List<'_> {
    fn own_errors(&mut self, id: &str, rate: f64) {
        if rate > 0.0 {
            let edits = vec![node(id, "error_rate", number(0.0))];
            let label = message!("the errors of {} itself", name(id));
            self.add(Without::OwnErrors, [id], label, edits);
        }
    }

    pub(super) fn service(&mut self, id: &str, service: &Service) {
        let mut slots = Vec::new();
        if let Some(now) = service.concurrency {
            let lifted = (f64::from(now) * LIFTED).min(1e6);
            slots.push(node(id, "concurrency", number(lifted)));
        }
        if let Some(now) = service.queue.capacity {
            let lifted = (f64::from(now) * LIFTED + 1e5).min(1e7);
            slots.push(node(id, "queue.capacity", number(lifted)));
        }
        let label = of("the capacity limits of", id);
        self.add(Without::Slots, [id], label, slots);
        self.refusals(id, service);
        if service.queue.discipline != design::kinds::service::Discipline::Fifo {
            let edits = vec![node(id, "queue.discipline", Value::text("fifo"))];
            self.add(
                Without::Discipline,
                [id],
                of("the queue discipline of", id),
                edits,
            );
        }
        if service.memory.is_some() {
            let edits = vec![node(id, "memory", Value::Null)];
            self.add(Without::Memory, [id], of("the memory limit of", id), edits);
        }
        if let Some(mean) = constant(&service.service_time) {
            let edits = vec![node(id, "service_time", mean)];
            self.add(
                Without::Tail,
                [id],
                of("variation in the service time of", id),
                edits,
            );
        }
        self.own_errors(id, service.error_rate);
        if let Some(scale) = &service.autoscale {
            let edits = vec![
                node(id, "autoscale.min", number(f64::from(scale.max))),
                node(id, "replicas", number(f64::from(scale.max))),
            ];
            self.add(
                Without::LateReplicas,
                [id],
                of("the delay of autoscaling at", id),
                edits,
            );
        }
    }

    /// Limits that reject calls on purpose.
    fn refusals(&mut self, id: &str, service: &Service) {
        for (is_set, field, limit) in [
            (service.rate_limit.is_some(), "rate_limit", "rate limit"),
            (service.shed.is_some(), "shed", "load shedding"),
            (
                service.adaptive_concurrency.is_some(),
                "adaptive_concurrency",
                "adaptive concurrency limit",
            ),
            (
                service.queue.max_wait.is_some(),
                "queue.max_wait",
                "limit on waiting",
            ),
        ] {
            if is_set {
                let label = message!("the {} of {}", limit, name(id));
                let edits = vec![node(id, field, Value::Null)];
                self.add(Without::Refusals, [id], label, edits);
            }
        }
    }

    pub(super) fn database(&mut self, id: &str, database: &Database) {
        let lifted = (f64::from(database.concurrency) * LIFTED).min(1e6);
        let mut slots = vec![node(id, "concurrency", number(lifted))];
        if database.connections.is_some() {
            slots.push(node(id, "connections", Value::Null));
        }
        if database.contention.is_some() {
            slots.push(node(id, "contention", Value::Null));
        }
        let label = of("the capacity limits of", id);
        self.add(Without::Slots, [id], label, slots);
        if database.contention.is_some() {
            let edits = vec![node(id, "contention", Value::Null)];
            self.add(
                Without::Contention,
                [id],
                of("contention between calls at", id),
                edits,
            );
        }
        if database.connections.is_some() {
            let edits = vec![node(id, "connections", Value::Null)];
            self.add(
                Without::PoolLimit,
                [id],
                of("the connection limit of", id),
                edits,
            );
        }
        if database.row_locks {
            let edits = vec![node(id, "row_locks", Value::Bool(false))];
            self.add(Without::Locks, [id], of("the row locks of", id), edits);
        }
        self.shards(id, database);
        let mut tail = Vec::new();
        for (of, field) in [
            (&database.read_time, "read_time"),
            (&database.write_time, "write_time"),
        ] {
            tail.extend(constant(of).map(|mean| node(id, field, mean)));
        }
        self.add(
            Without::Tail,
            [id],
            of("variation in the time of reads and writes at", id),
            tail,
        );
        self.own_errors(id, database.error_rate);
        if database.has_leader() {
            let edits = vec![node(id, "replication.read_from", Value::text("leader"))];
            self.add(Without::Lag, [id], of("reads from followers of", id), edits);
            let edits = vec![node(id, "replication.lag", Value::text("1us"))];
            self.add(Without::Lag, [id], of("the replication lag of", id), edits);
            self.far_leader(id);
        }
    }

    /// Keeps leaders in the zone of the first member.
    fn far_leader(&mut self, id: &str) {
        let zones = self
            .design
            .node(id)
            .map_or(&[][..], |at| at.deployment.zones());
        let away = zones.iter().filter(|zone| Some(*zone) != zones.first());
        let away: Vec<Value> = away.map(Value::text).collect();
        if !away.is_empty() {
            let edits = vec![node(id, "replication.no_leader_in", Value::List(away))];
            let label = of("the move to another zone by the leader of", id);
            self.add(Without::FarLeader, [id], label, edits);
        }
    }

    fn shards(&mut self, id: &str, database: &Database) {
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
            self.add(
                Without::CoarseShards,
                [id],
                of("the shard key of", id),
                edits,
            );
        }
        if database.cross_shard.is_some() {
            let edits = vec![node(id, "cross_shard", Value::Null)];
            self.add(
                Without::CrossShard,
                [id],
                of("cross-shard requests at", id),
                edits,
            );
        }
    }

    pub(super) fn balancer(&mut self, id: &str, balancer: &design::kinds::LoadBalancer) {
        use design::kinds::load_balancer::Algorithm;
        if balancer.algorithm != Algorithm::LeastOutstanding {
            let edits = vec![node(id, "algorithm", Value::text("least_outstanding"))];
            self.add(
                Without::Imbalance,
                [id],
                of("uneven load behind", id),
                edits,
            );
        }
        let depth = balancer.health_check.as_ref().map(|check| check.depth);
        if depth == Some(design::kinds::load_balancer::Depth::Deep) {
            let edits = vec![node(id, "health_check.depth", Value::text("http"))];
            let label = of("the deep health checks of", id);
            self.add(Without::DeepChecks, [id], label, edits);
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
        self.add(
            Without::Blindness,
            [id],
            of("calls to unhealthy replicas behind", id),
            edits,
        );
        if balancer.outlier_ejection.is_some() {
            let edits = vec![node(id, "outlier_ejection", Value::Null)];
            self.add(
                Without::Ejection,
                [id],
                of("the outlier ejections of", id),
                edits,
            );
            let edits = vec![
                node(id, "outlier_ejection.max_ejected", number(1.0)),
                node(id, "panic_threshold", number(0.0)),
            ];
            self.add(
                Without::Ejection,
                [id],
                of("the limit on ejections at", id),
                edits,
            );
        }
    }

    pub(super) fn cache(&mut self, id: &str, cache: &design::kinds::Cache) {
        if cache.ttl.is_some() && cache.ttl_jitter < 0.5 {
            let edits = vec![node(id, "ttl_jitter", number(0.9))];
            self.add(
                Without::JointExpiry,
                [id],
                of("entries that expire together in", id),
                edits,
            );
        }
        let edits = vec![node(id, "hit_time", Value::text("0s"))];
        self.add(Without::Lookups, [id], of("the lookup time of", id), edits);
        if !cache.single_flight {
            let edits = vec![node(id, "single_flight", Value::Bool(true))];
            let label = of("concurrent loads of one key in", id);
            self.add(Without::RepeatedLoads, [id], label, edits);
        }
        let mut warm = self.faults_of(|fault| fault.target == id);
        if cache.hit_ratio.is_none() && cache.warm < 1.0 {
            warm.push(node(id, "warm", number(1.0)));
        }
        self.add(Without::ColdCache, [id], of("the cold start of", id), warm);
        if cache.hit_ratio.is_none() {
            let edits = vec![node(id, "ttl", Value::text("1ms"))];
            self.add(Without::OldEntries, [id], of("stale entries in", id), edits);
        }
    }

    pub(super) fn queue(&mut self, id: &str, queue: &design::kinds::Queue) {
        if queue.partitions.is_none() {
            let edits = vec![node(id, "partitions", number(16.0))];
            self.add(
                Without::Disorder,
                [id],
                of("messages that overtake each other in", id),
                edits,
            );
        }
        self.consumers(id);
        let mut edits = vec![node(id, "visibility_timeout", Value::text("12h"))];
        if queue.partitions.is_some() {
            edits.push(node(id, "session_timeout", Value::text("1h")));
        }
        if queue.max_poll_interval.is_some() {
            edits.push(node(id, "max_poll_interval", Value::Null));
        }
        self.add(
            Without::EarlyRedelivery,
            [id],
            of("redelivery of slow messages from", id),
            edits,
        );
        let mut poison =
            self.faults_of(|fault| fault.kind == FaultKind::PoisonMessage && fault.target == id);
        if queue.poison > 0.0 {
            poison.push(node(id, "poison", number(0.0)));
        }
        self.add(
            Without::Poison,
            [id],
            of("the poison messages of", id),
            poison,
        );
    }

    /// Gives a queue enough consumers, and the services behind them enough capacity.
    pub(super) fn consumers(&mut self, id: &str) {
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
        self.add(
            Without::Consumers,
            [id],
            of("the limits on the consumers of", id),
            edits,
        );
    }

    pub(super) fn coordinator(&mut self, id: &str) {
        let edits = vec![
            node(id, "service_time", Value::text("1us")),
            node(id, "scope", Value::text("per_key")),
        ];
        self.add(Without::Locks, [id], of("lock waits at", id), edits);
    }
}

/// "the row locks of db".
fn of(what: &str, id: &str) -> Message {
    message!("{} {}", what, name(id))
}

/// Returns the mean of a time that varies.
fn constant(of: &design::Distribution) -> Option<Value> {
    let is_constant = matches!(of, design::Distribution::Const(_));
    let mean = of.mean_s().filter(|_| !is_constant)?;
    Some(duration(mean))
}
