//! Shard keys that put most of the load on one shard.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, top_key};
use crate::remedies;
use design::kinds::Database;
use design::kinds::client::{Effect, Keys, Operation};
use design::kinds::database::{CrossShard, ShardBy};
use design::link::Condition;
use design::{FaultKind, Link, Metric, Node, Value};
use report::{Field, Figure, Finding, Message, Remedy, figure, message, name, percent};
use sim::Report;
use std::collections::BTreeSet;

/// Least ratio of the busiest shard's load to the mean, and its least utilization.
const SKEWED: f64 = 2.0;
const BUSY: f64 = 0.8;
/// Least number of calls for a finding.
const CALLS: u64 = 500;

pub(super) const RULE: Rule = Rule {
    id: "shard-key",
    title: "Hot shard (uneven shard key)",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A shard key that keeps neighboring keys or one large tenant together saturates one \
        shard while the others are idle. The capacity of the others is paid for and cannot be \
        used. Operations that do not name the shard key query all shards and wait for the \
        slowest.",
    evidence: "Structural: sharding by range under skewed keys, fewer than ten tenants per shard, \
        or reads that query at least four shards (notes). Measured: the busiest shard received at \
        least twice the mean of the shards and was at least 80% busy, while users were affected. \
        Or operations query several shards, and even the idlest is at least 80% busy.",
    silent: "Shards that are unevenly loaded but all have capacity. Skew of one key alone \
        (`hot-key`).",
    fixes: "Shard by a hash or by a key with more values. The cost: neighboring keys are no longer \
        read together.",
};

fn fixes(node: &Node, database: &Database) -> Vec<Remedy> {
    match database.shards.by {
        ShardBy::Hash | ShardBy::Modulo => Vec::new(),
        ShardBy::Range | ShardBy::Tenant => vec![Remedy::new(
            "Shard by a hash of the key",
            "Neighboring keys (or the rows of a tenant) are on different shards, so reading them together queries several shards.",
            vec![remedies::node(&node.id, "shards.by", Value::text("hash"))],
        )],
    }
}

fn is_skewed(facts: &Facts<'_>) -> bool {
    facts.clients().any(|(_, client)| {
        let mut operations = client.operations.iter();
        operations.any(|operation| matches!(&operation.keys, Keys::Zipf(zipf) if zipf.s >= 0.5))
    })
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, database) in facts
        .databases()
        .filter(|(_, database)| database.shards.count > 1)
    {
        let count = database.shards.count;
        let note = |what: Message, why: &str, remedy: &str| {
            Finding::new(RULE.id, [node.id.clone()])
                .says(what, why, remedy)
                .endangers(Metric::LatencyP99)
                .fixed_by(fixes(node, database))
        };
        match database.shards.by {
            ShardBy::Range if is_skewed(facts) => found.push(note(
                message!(
                    "The popular keys of {} are all on its first shard",
                    name(&node.id)
                ),
                "Sharding by range keeps neighboring keys together, and few keys receive most of the calls.",
                "Shard by a hash of the key.",
            )),
            ShardBy::Tenant if database.shards.tenants < 10 * count => found.push(note(
                message!(
                    "{} has {} tenants for {} shards",
                    name(&node.id),
                    database.shards.tenants,
                    count
                ),
                "With few tenants per shard, the load is uneven: some shards get several large tenants, and some get none.",
                "Shard by a key with many more values.",
            )),
            _ => {}
        }
        if count >= 4
            && matches!(
                database.cross_shard,
                Some(CrossShard::Always | CrossShard::Reads)
            )
        {
            found.push(note(
                message!("Reads of {} query all {} shards", name(&node.id), count),
                "Each read waits for the slowest shard, and more shards make that slower.",
                "Shard by what the reads query.",
            ));
        }
    }
    found
}

/// Returns the calls and the utilization of each shard.
pub(super) fn shards(report: &Report, node: &Node, database: &Database) -> Vec<(f64, f64)> {
    let Some(figures) = report.nodes.get(&node.id) else {
        return Vec::new();
    };
    let copies = database.copies().max(1) as usize;
    let shards = figures.replicas.chunks(copies);
    shards
        .map(|members| {
            let calls: u64 = members.iter().map(|member| member.arrivals).sum();
            let busy = members
                .iter()
                .filter_map(|member| member.utilization)
                .fold(0.0, f64::max);
            (calls as f64, busy)
        })
        .collect()
}

/// Returns the field of the report with the calls of a shard: those of all its members.
pub(super) fn calls_of(node: &Node, database: &Database, shard: usize) -> Field {
    let members = members(database, shard);
    let path = |member: usize| format!("replicas.{member}.arrivals");
    Field::Sum(members.map(|at| field::node(&node.id, &path(at))).collect())
}

/// Returns the field of the report with the utilization of a shard: that of its busiest member.
pub(super) fn busy_of(node: &Node, database: &Database, shard: usize) -> Field {
    let members = members(database, shard);
    let path = |member: usize| format!("replicas.{member}.utilization");
    Field::Max(members.map(|at| field::node(&node.id, &path(at))).collect())
}

/// Returns the field of the report with the calls of all shards.
pub(super) fn all_calls_of(report: &Report, node: &Node) -> Field {
    let members = 0..report
        .nodes
        .get(&node.id)
        .map_or(0, |node| node.replicas.len());
    let path = |member: usize| format!("replicas.{member}.arrivals");
    Field::Sum(members.map(|at| field::node(&node.id, &path(at))).collect())
}

/// Returns the positions of a shard's members among the replicas of its database.
fn members(database: &Database, shard: usize) -> std::ops::Range<usize> {
    let copies = database.copies().max(1) as usize;
    shard * copies..(shard + 1) * copies
}

/// Returns the share of a store's calls that are for the most popular key, as far as the design
/// determines it. Keys are ranks of one key space: the most popular key is the same for all
/// operations and all clients.
pub(super) fn one_key(facts: &Facts<'_>, id: &str) -> f64 {
    let (mut hot, mut all) = (0.0, 0.0);
    for (node, client) in facts.clients() {
        let weights: f64 = client
            .operations
            .iter()
            .map(|operation| operation.weight)
            .sum();
        let skewed = skewed(facts, node);
        for operation in client
            .operations
            .iter()
            .filter(|operation| reaches(facts, &node.id, id, operation))
        {
            let rate = facts.rate(&node.id) * operation.weight / weights.max(1e-9);
            let usual = top_key(&operation.keys).0;
            hot += rate * (skewed + (1.0 - skewed) * usual);
            all += rate;
        }
    }
    if all > 0.0 { hot / all } else { 0.0 }
}

/// Returns the share of a client's requests in the run that faults direct to one key.
fn skewed(facts: &Facts<'_>, client: &Node) -> f64 {
    let zones = client.deployment.zones().iter().map(String::as_str);
    let hit_by: Vec<&str> = std::iter::once(client.id.as_str()).chain(zones).collect();
    let from = facts.design.settings.warmup.as_s();
    let whole = facts.measured_s();
    let faults = facts
        .faults_on(&hit_by)
        .filter(|fault| fault.kind == FaultKind::KeySkew);
    let shares = faults.map(|fault| {
        let at = fault.at.as_s();
        let until = fault.lasts.map_or(f64::INFINITY, |lasts| at + lasts.as_s());
        fault.hot * (until.min(from + whole) - at.max(from)).max(0.0) / whole
    });
    shares.sum::<f64>().min(1.0)
}

/// Returns whether an operation of a client reaches a node, over links that it uses.
fn reaches(facts: &Facts<'_>, client: &str, id: &str, operation: &Operation) -> bool {
    let mut seen = BTreeSet::from([client]);
    let mut next = vec![client];
    while let Some(at) = next.pop() {
        let links = facts
            .graph
            .out(at)
            .iter()
            .filter(|link| is_for(link, operation));
        next.extend(
            links
                .map(|link| link.to.as_str())
                .filter(|to| seen.insert(to)),
        );
    }
    seen.contains(id)
}

fn is_for(link: &Link, operation: &Operation) -> bool {
    link.when.0.iter().any(|condition| match condition {
        Condition::Reads => operation.effect == Effect::Read,
        Condition::Writes => operation.effect == Effect::Write,
        Condition::Operations(names) => names.contains(&operation.name),
        Condition::Always | Condition::OnMiss | Condition::OnError | Condition::Probability(_) => {
            true
        }
    })
}

/// Returns the utilization of the idlest shard.
fn idlest(node: &Node, database: &Database, shards: &[(f64, f64)]) -> Figure {
    let each = shards.iter().map(|(_, busy)| *busy).enumerate();
    let idlest = each.min_by(|a, b| a.1.total_cmp(&b.1));
    let (at, busy) = idlest.unwrap_or_default();
    percent(busy).of(busy_of(node, database, at))
}

/// Returns when the busiest shard no longer keeps up, as far as the metrics of its node show it.
pub(super) fn onset(facts: &Facts<'_>, id: &str) -> Option<f64> {
    let series = facts.series.as_ref()?;
    let slow = series.slow(id).first().map(|span| span.from_s);
    slow.or(series.first_loss())
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (node, database) in facts
        .databases()
        .filter(|(_, database)| database.shards.count > 1)
    {
        let shards = shards(report, node, database);
        let sum: f64 = shards.iter().map(|(calls, _)| calls).sum();
        let mean = sum / shards.len().max(1) as f64;
        let hottest = shards
            .iter()
            .copied()
            .enumerate()
            .max_by(|a, b| a.1.0.total_cmp(&b.1.0));
        let Some((at, (calls, busy))) = hottest.filter(|_| sum >= CALLS as f64) else {
            continue;
        };
        let mine = calls_of(node, database, at);
        let all = all_calls_of(report, node);
        let idle = shards
            .iter()
            .map(|(_, busy)| *busy)
            .fold(f64::INFINITY, f64::min);
        let limit = match facts
            .design
            .faults
            .iter()
            .any(|fault| fault.kind == FaultKind::KeySkew)
        {
            true => 0.5 * BUSY,
            false => BUSY,
        };
        let by_one = one_key(facts, &node.id) * sum >= 0.5 * (calls - mean);
        if calls >= SKEWED * mean && busy >= limit && !by_one {
            let how = match database.shards.by {
                ShardBy::Range => {
                    Message::from("It holds neighboring keys, and they are the popular ones.")
                }
                ShardBy::Tenant => message!(
                    "It holds large tenants: {} tenants do not spread evenly over {} shards.",
                    database.shards.tenants,
                    shards.len()
                ),
                ShardBy::Hash | ShardBy::Modulo => message!(
                    "The most popular key alone accounts for {} of all calls.",
                    percent(one_key(facts, &node.id))
                ),
            };
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .measured(onset(facts, &node.id))
                    .says(
                        message!("Shard {} of {} received {} of the calls", at.to_string(), name(&node.id), percent(calls / sum).of(mine.clone().over(all.clone()))),
                        message!("That is {} times the mean of the shards. It was {} busy, and the idlest shard {}. {}", figure(calls / mean).of(mine.over(all.times(1.0 / shards.len() as f64))), percent(busy).of(busy_of(node, database, at)), idlest(node, database, &shards), how),
                        "Choose a shard key that spreads the load.",
                    )
                    .endangers(facts.felt())
                    .fixed_by(fixes(node, database)),
            );
        } else if database.cross_shard.is_some()
            && idle >= BUSY
            && facts.flow.node(&facts.graph, &node.id) > 0.0
        {
            let per = sum
                / report
                    .nodes
                    .get(&node.id)
                    .map_or(1, |figures| figures.arrivals)
                    .max(1) as f64;
            if per >= 2.0 {
                found.push(
                    Finding::new(RULE.id, [node.id.clone()])
                        .measured(onset(facts, &node.id))
                        .says(
                            message!("Each call to {} queries {} of its shards on average", name(&node.id), figure(per).of(all.over(field::node(&node.id, "arrivals")))),
                            message!("More shards add no capacity when a call queries several: even the idlest was {} busy.", idlest(node, database, &shards)),
                            "Shard by what the calls query.",
                        )
                        .endangers(facts.felt()),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(by: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "400/s"}}, "operations": [{{"name": "get", "keys": {{"zipf": {{"n": 10000, "s": 0.8}}}}}}]}},
            {{"id": "db", "kind": "database", "concurrency": 2, "read_time": "exp(10ms)", "connections": 50, "shards": {{"count": 8, "by": "{by}"}}}}],
            "links": [{{"from": "users", "to": "db", "timeout": "1s"}}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn popular_neighbours_on_one_shard_are_told_and_a_hash_is_fine() {
        let faulty = design("range");
        assert!(lint("shard-key", &faulty)[0].what.contains("first shard"));
        let finding = &found("shard-key", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.what.starts_with("Shard 0"),
            "{finding:?}"
        );
        let fixed = design("hash");
        assert!(lint("shard-key", &fixed).is_empty());
        assert!(found("shard-key", &fixed, &run(&fixed)).is_empty());
    }

    /// Reads of a skewed store, divided into several identical operations on the same keys.
    fn split(operations: usize) -> design::Design {
        let each: Vec<String> = (0..operations)
            .map(|at| {
                format!(r#"{{"name": "get-{at}", "keys": {{"zipf": {{"n": 10000, "s": 1.3}}}}}}"#)
            })
            .collect();
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "2600/s"}}, "operations": [{}]}},
            {{"id": "db", "kind": "database", "concurrency": 4, "read_time": "exp(5ms)", "connections": 50, "shards": {{"count": 8}}}}],
            "links": [{{"from": "users", "to": "db", "timeout": "500ms"}}], "warmup": "2s", "duration": "20s"}}"#,
            each.join(",")
        ))
    }

    #[test]
    fn operations_on_the_same_keys_have_one_hottest_key() {
        for operations in [1, 6] {
            let design = split(operations);
            let share = super::one_key(&crate::Facts::new(&design, None), "db");
            assert!((share - 0.269).abs() < 0.005, "{share}");
            let report = run(&design);
            assert!(found("shard-key", &design, &report).is_empty());
            let hot = &found("hot-key", &design, &report)[0];
            assert!(
                hot.why
                    .contains("The most popular key alone accounts for about 26."),
                "{hot:?}"
            );
        }
    }

    #[test]
    fn only_what_reaches_a_store_counts_for_its_hottest_key() {
        let design = read(
            r#"{"nodes": [
            {"id": "a", "kind": "client", "arrivals": {"constant": "30/s"}, "operations": [
                {"name": "get", "weight": 2, "keys": {"uniform": {"n": 10}}}, {"name": "put", "effect": "write", "keys": {"uniform": {"n": 2}}}]},
            {"id": "b", "kind": "client", "arrivals": {"constant": "60/s"}, "operations": [{"name": "all", "keys": {"uniform": {"n": 4}}}]},
            {"id": "api", "kind": "service"},
            {"id": "reads", "kind": "database"}, {"id": "writes", "kind": "database"}, {"id": "other", "kind": "database"}],
            "links": [{"from": "a", "to": "api"}, {"from": "b", "to": "reads"},
                {"from": "api", "to": "reads", "when": "reads"}, {"from": "api", "to": "writes", "when": "writes"}]}"#,
        );
        let facts = crate::Facts::new(&design, None);
        // 20 per second, of which a tenth, and 60 per second, of which a quarter.
        assert!((super::one_key(&facts, "reads") - 17.0 / 80.0).abs() < 1e-9);
        assert!((super::one_key(&facts, "writes") - 0.5).abs() < 1e-9);
        assert!(super::one_key(&facts, "other").abs() < 1e-9);
    }
}
