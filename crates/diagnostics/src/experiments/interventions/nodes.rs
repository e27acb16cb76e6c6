//! Suspects within a node: its limits, its locks, its own errors and what it does with time.

use super::{LIFTED, List, Without};
use crate::remedies::{duration, link, map, node, number};
use design::kinds::{Database, Service};
use design::link::Mode;
use design::{FaultKind, Kind, Value};

impl List<'_> {
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
        self.add(Without::Slots, [id], "the limit on its slots", slots);
        for (is_set, field, label) in [
            (service.rate_limit.is_some(), "rate_limit", "its rate limit"),
            (service.shed.is_some(), "shed", "its load shedding"),
            (
                service.adaptive_concurrency.is_some(),
                "adaptive_concurrency",
                "its adaptive limit",
            ),
            (
                service.queue.max_wait.is_some(),
                "queue.max_wait",
                "its longest wait",
            ),
        ] {
            if is_set {
                self.add(
                    Without::Refusals,
                    [id],
                    label,
                    vec![node(id, field, Value::Null)],
                );
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
            self.add(
                Without::LateReplicas,
                [id],
                "the time to add replicas",
                edits,
            );
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
        self.add(Without::Slots, [id], "the limit on its slots", slots);
        if database.contention.is_some() {
            let edits = vec![node(id, "contention", Value::Null)];
            self.add(
                Without::Contention,
                [id],
                "contention among its calls",
                edits,
            );
        }
        if database.connections.is_some() {
            let edits = vec![node(id, "connections", Value::Null)];
            self.add(
                Without::PoolLimit,
                [id],
                "the limit on its connections",
                edits,
            );
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

    pub(super) fn balancer(&mut self, id: &str, balancer: &design::kinds::LoadBalancer) {
        use design::kinds::load_balancer::Algorithm;
        if balancer.algorithm != Algorithm::LeastOutstanding {
            let edits = vec![node(id, "algorithm", Value::text("least_outstanding"))];
            self.add(Without::Imbalance, [id], "its imbalance", edits);
        }
        let depth = balancer.health_check.as_ref().map(|check| check.depth);
        if depth == Some(design::kinds::load_balancer::Depth::Deep) {
            let edits = vec![node(id, "health_check.depth", Value::text("http"))];
            let label = "health checks that ask what is behind";
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
            "calls to replicas that do not work",
            edits,
        );
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

    pub(super) fn cache(&mut self, id: &str, cache: &design::kinds::Cache) {
        if cache.ttl.is_some() && cache.ttl_jitter < 0.5 {
            let edits = vec![node(id, "ttl_jitter", number(0.9))];
            self.add(
                Without::JointExpiry,
                [id],
                "entries that expire together",
                edits,
            );
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

    pub(super) fn queue(&mut self, id: &str, queue: &design::kinds::Queue) {
        if queue.partitions.is_none() {
            let edits = vec![node(id, "partitions", number(16.0))];
            self.add(
                Without::Disorder,
                [id],
                "messages that overtake each other",
                edits,
            );
        }
        self.consumers(id);
        let mut edits = vec![node(id, "visibility_timeout", Value::text("12h"))];
        if queue.partitions.is_some() {
            edits.push(node(id, "session_timeout", Value::text("1h")));
        }
        self.add(
            Without::EarlyRedelivery,
            [id],
            "redelivery of slow messages",
            edits,
        );
        let mut poison =
            self.faults_of(|fault| fault.kind == FaultKind::PoisonMessage && fault.target == id);
        if queue.poison > 0.0 {
            poison.push(node(id, "poison", number(0.0)));
        }
        self.add(Without::Poison, [id], "its poison messages", poison);
    }

    /// Consumers enough, and services behind them that keep up.
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
            "the limit on its consumers",
            edits,
        );
    }

    pub(super) fn coordinator(&mut self, id: &str) {
        let edits = vec![
            node(id, "service_time", Value::text("1us")),
            node(id, "scope", Value::text("per_key")),
        ];
        self.add(Without::Locks, [id], "its locks", edits);
    }
}

/// The mean of a time that varies.
fn constant(of: &design::Distribution) -> Option<Value> {
    let is_constant = matches!(of, design::Distribution::Const(_));
    let mean = of.mean_s().filter(|_| !is_constant)?;
    Some(duration(mean))
}
