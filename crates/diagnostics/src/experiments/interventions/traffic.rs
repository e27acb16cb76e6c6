//! Suspects at clients and callers: load, keys, retries, repeated writes.

use super::{List, Without, clients, places};
use crate::remedies::{link, map, node, number};
use design::kinds::Client;
use design::kinds::client::{Arrivals, Keys};
use design::{Attribute, Command, FaultKind, Kind, Link, Rate, Value};
use report::{message, name};

impl List<'_> {
    pub(super) fn retries(&mut self) {
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
        let label = message!("retries on {}", places(self.design, &ids));
        self.add(Without::Retries, ids.clone(), label, edits);
        let users: Vec<String> = reloading.iter().map(|id| (*id).to_owned()).collect();
        let label = message!("page reloads by {}", places(self.design, &users));
        self.add(Without::Reloads, users, label, reloads);
        let paused = links.iter().filter(|at| {
            let retry = at.retry.as_ref();
            retry.is_some_and(|retry| {
                retry.jitter == design::link::Jitter::None
                    && retry.backoff != design::link::Backoff::None
            })
        });
        let paused = paused.map(|at| link(&at.id, "retry.jitter", Value::text("full")));
        let paused: Vec<Command> = paused.collect();
        let label = message!("synchronized retries on {}", places(self.design, &ids));
        self.add(Without::RetryWaves, ids, label, paused);
        self.haste(&links);
    }

    /// Spreads retries that come without a pause, as reconnects often do.
    fn haste(&mut self, links: &[&Link]) {
        let hasty = |at: &&&Link| {
            let retry = at.retry.as_ref();
            retry.is_some_and(|retry| retry.backoff == design::link::Backoff::None)
        };
        let hasty: Vec<&&Link> = links.iter().filter(hasty).collect();
        let ids: Vec<String> = hasty.iter().map(|at| at.id.clone()).collect();
        let edits = hasty.iter().flat_map(|at| crate::remedies::backoff(&at.id));
        let edits = edits.collect();
        let label = message!("immediate retries on {}", places(self.design, &ids));
        self.add(Without::Haste, ids, label, edits);
    }

    pub(super) fn client(&mut self, id: &str, client: &Client) {
        self.keys(id, client);
        self.operations(id, client);
        let (arrivals, times) = match &client.arrivals {
            Arrivals::OnOff(burst) => {
                let (on, off) = (burst.on.as_s(), burst.off.as_s());
                let mean = burst.rate.0 * on / (on + off).max(1e-9);
                (Some(mean), 1.0)
            }
            Arrivals::Poisson(rate) | Arrivals::Constant(rate) if client.batch > 1 => {
                (Some(rate.0), 1.0)
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
            let label = message!("simultaneous requests from {}", name(id));
            self.add(Without::Steps, [id], label, edits);
        }
        if client.profile.iter().any(|step| step.times != 1.0) {
            let first = client.profile.iter().find(|step| step.at.as_s() <= 0.0);
            let steady = first.map_or(1.0, |step| step.times);
            let profile = match steady == 1.0 {
                true => Vec::new(),
                false => vec![map(&[("at", Value::text("0s")), ("times", number(steady))])],
            };
            let edits = vec![node(id, "profile", Value::List(profile))];
            self.add(
                Without::LoadChange,
                [id],
                message!("the change in load from {}", name(id)),
                edits,
            );
        }
        if clients(self.design).count() > 1 {
            let edits = vec![Command::RemoveNode(id.to_owned())];
            self.add(
                Without::Client,
                [id],
                message!("the requests from {}", name(id)),
                edits,
            );
        }
    }

    /// Varies the think time of users: users who think equally long return together.
    pub(super) fn think(&mut self, id: &str, closed: &design::kinds::client::Closed) {
        if let design::Distribution::Const(pause) = closed.think {
            let field = "arrivals.closed.think";
            let edits = vec![node(id, field, Value::text(format!("exp({pause})")))];
            let label = message!("simultaneous requests from {}", name(id));
            self.add(Without::Steps, [id], label, edits);
        }
    }

    /// Removes an operation that is a small part of a client's requests.
    pub(super) fn operations(&mut self, id: &str, client: &Client) {
        let all: f64 = client
            .operations
            .iter()
            .map(|operation| operation.weight)
            .sum();
        for (at, operation) in client.operations.iter().enumerate() {
            if client.operations.len() > 1 && operation.weight <= 0.2 * all {
                let field = format!("operations[{at}].weight");
                let edits = vec![node(id, &field, number(0.0))];
                let name_of = report::operation(&operation.name);
                let label = message!("{} requests from {}", name_of, name(id));
                self.add(Without::Operation, [id, &operation.name], label, edits);
            }
        }
    }

    pub(super) fn keys(&mut self, id: &str, client: &Client) {
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
        self.add(
            Without::SkewedKeys,
            [id],
            message!("popular keys in requests from {}", name(id)),
            edits,
        );
        let few = client.operations.iter().enumerate().filter(
            |(_, operation)| matches!(&operation.keys, Keys::Uniform(uniform) if uniform.n < 1_000),
        );
        let many = few.map(|(at, _)| {
            let uniform = map(&[("n", number(1e6))]);
            let field = format!("operations[{at}].keys");
            node(id, &field, map(&[("uniform", uniform)]))
        });
        let many: Vec<Command> = many.collect();
        self.add(
            Without::FewKeys,
            [id],
            message!("the small number of keys that {} uses", name(id)),
            many,
        );
    }

    pub(super) fn repeats(&mut self) {
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
        self.add(
            Without::Repeats,
            none,
            "repeated writes that are applied again",
            edits,
        );
    }
}
