//! Remedies for where data is stored: hot rows and shards, followers, slow tails, and messages that
//! are delivered twice.

use super::{Library, Sized};
use crate::remedies::{duration, link, map, node, number};
use design::kinds::client::Keys;
use design::{Kind, Link, Value};
use report::{message, name, time, whole};

impl<'a> Library<'a, '_> {
    pub(super) fn hot_places(&mut self) {
        for (at, database) in self.facts.databases() {
            if database.row_locks {
                self.split_rows(&at.id);
                for share in [0.5, 0.25] {
                    let held = database.lock_time.mean_s().unwrap_or(0.0) * share;
                    if held > 0.0 {
                        let edits = vec![node(&at.id, "lock_time", duration(held))];
                        let label = message!(
                            "Hold the row locks of {} for {} as long",
                            name(&at.id),
                            times(share)
                        );
                        let cost = "Some work has to move out of the transaction.";
                        self.add(format!("locks {}", at.id), label, cost, edits);
                    }
                }
            }
            if let Some(remedy) = crate::rules::near_cache(self.facts, at) {
                self.all.push(Sized {
                    family: format!("cache {}", at.id),
                    size: None,
                    remedy,
                });
            }
            for factor in [2.0, 4.0] {
                let count = f64::from(database.shards.count) * factor;
                if database.shards.count > 1 && count <= 4096.0 {
                    let edits = vec![node(&at.id, "shards.count", number(count))];
                    let label = message!("Split {} into {} shards", name(&at.id), whole(count));
                    let cost = "More shards to run, and keys move once.";
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
                let label = message!("Split {} into {} partitions", name(&at.id), whole(count));
                let cost = "More partitions to run, and keys move once.";
                self.add(format!("partitions {}", at.id), label, cost, edits);
            }
            let edits = vec![node(&at.id, "partitions", Value::Null)];
            let label = message!("Remove the partitions of {}", name(&at.id));
            let cost = "Messages with one key may be processed out of order.";
            self.add(format!("unordered {}", at.id), label, cost, edits);
        }
        self.balancers();
    }

    /// Spreads a row that many requests write over several rows.
    pub(super) fn split_rows(&mut self, id: &str) {
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
            let label = message!("Split each row of {} into {}", name(id), rows);
            let cost = "A read has to combine the parts.";
            self.add(format!("rows {id}"), label, cost, edits);
        }
    }

    pub(super) fn replication(&mut self) {
        for (at, database) in self.facts.databases() {
            if database.has_leader() {
                let edits = vec![node(&at.id, "replication.read_from", Value::text("leader"))];
                let label = message!("Read from the leader of {}", name(&at.id));
                self.add(
                    format!("leader {}", at.id),
                    label,
                    "The leader serves all reads.",
                    edits,
                );
            }
        }
    }

    pub(super) fn tails(&mut self) {
        let slow: Vec<&Link> = (self.calls().into_iter())
            .filter(|l| {
                let to = self.facts.graph.node(&l.to).map(|node| &node.kind);
                matches!(
                    to,
                    Some(Kind::Service(_) | Kind::Database(_) | Kind::LoadBalancer(_))
                ) && !matches!(
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
            let label = "Hedge slow requests with a second attempt";
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
                    node(
                        &at.id,
                        "concurrency",
                        number(f64::from(database.concurrency * part)),
                    ),
                ];
                let label = message!("Merge {} into {} larger shards", name(&at.id), count);
                self.add(
                    format!("shards {}", at.id),
                    label,
                    "Larger machines, and keys move once.",
                    edits,
                );
            }
            let edits = vec![node(&at.id, "cross_shard", Value::Null)];
            let label = message!(
                "Shard {} so that each request needs one shard",
                name(&at.id)
            );
            self.add(
                format!("one shard {}", at.id),
                label,
                "The data has to be arranged by that key.",
                edits,
            );
        }
    }

    pub(super) fn redelivery(&mut self) {
        for (at, queue) in self.facts.queues() {
            let now = queue.visibility_timeout.as_s();
            for factor in [2.0, 5.0, 20.0, 100.0] {
                let longer = (now * factor).min(43_200.0);
                let mut edits = vec![node(&at.id, "visibility_timeout", duration(longer))];
                if queue.partitions.is_some() {
                    let session = (queue.session_timeout.as_s() * factor).min(3_600.0);
                    edits.push(node(&at.id, "session_timeout", duration(session)));
                }
                if let Some(interval) = queue.max_poll_interval {
                    let interval = (interval.as_s() * factor).min(86_400.0);
                    edits.push(node(&at.id, "max_poll_interval", duration(interval)));
                }
                let wait = time(longer);
                let label = message!(
                    "Raise the visibility timeout of {} to {}",
                    name(&at.id),
                    wait.clone()
                );
                let cost = "Messages of a crashed consumer are redelivered later.";
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
                let label = message!(
                    "Send an idempotency key with each write to {}",
                    name(&at.id)
                );
                self.add(
                    format!("unique {}", at.id),
                    label,
                    "A lookup per write, and keys to store.",
                    edits,
                );
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
