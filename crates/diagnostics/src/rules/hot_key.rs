//! One key that receives most of the load.

use super::shard_key::{one_key, onset, shards};
use super::{Explanation, Rule, nothing};
use crate::facts::Facts;
use crate::facts::field;
use design::link::{Condition, Mode};
use design::{FaultKind, Metric, Node};
use report::{Field, Finding, Remedy, count_of, figure, message, ms, name, percent, whole};
use sim::Report;

/// Least ratio of a shard's calls to the mean of the shards, and its least utilization.
const TIMES: f64 = 2.0;
const BUSY: f64 = 0.5;
/// Least number of calls for a finding.
const CALLS: f64 = 500.0;
/// Least share of writes that waited for a row lock.
const LOCKED: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    id: "hot-key",
    title: "Hot key",
    structural: nothing,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A key is in one shard, partition or row, however many of them there are. When most \
        requests are for one key, its shard is saturated while the others are idle.",
    evidence: "Measured: users were affected, and the busiest shard received at least twice the \
        mean of the shards and was at least 50% busy. The most popular key alone explains at least \
        half of the excess. Or at least 20% of all writes, and at least 100, waited for a row \
        lock.",
    silent: "Skew that many keys cause (`shard-key`). A hot key that its shard can serve.",
    fixes: "Cache the key for a short time, keep copies of it, or split it. The cost: slightly old \
        responses, or reads that combine the parts.",
};

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (node, database) in facts.databases() {
        if database.shards.count > 1 {
            found.extend(of_shards(facts, report, node, database));
        }
        if database.row_locks {
            found.extend(of_rows(facts, report, node));
        }
    }
    found
}

fn of_shards(
    facts: &Facts<'_>,
    report: &Report,
    node: &Node,
    database: &design::kinds::Database,
) -> Option<Finding> {
    let shards = shards(report, node, database);
    let sum: f64 = shards.iter().map(|(calls, _)| calls).sum();
    let mean = sum / shards.len() as f64;
    let (at, (calls, busy)) = shards
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    let share = one_key(facts, &node.id);
    if sum < CALLS || calls < TIMES * mean || busy < BUSY || share * sum < 0.5 * (calls - mean) {
        return None;
    }
    let others: f64 = shards
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != at)
        .map(|(_, (_, busy))| busy)
        .sum();
    let others = others / (shards.len() - 1).max(1) as f64;
    let rest = (0..shards.len()).filter(|place| *place != at);
    let busy_of = |place| super::shard_key::busy_of(node, database, place);
    let others_of = Field::Sum(rest.map(busy_of).collect());
    let others_of = others_of.times(1.0 / (shards.len() - 1).max(1) as f64);
    let mine = super::shard_key::calls_of(node, database, at);
    let all = super::shard_key::all_calls_of(report, node);
    Some(
        Finding::new(RULE.id, [node.id.clone()])
            .measured(when(facts).or(onset(facts, &node.id)))
            .says(
                message!("A hot key sent {} of all calls to shard {} of {}", percent(calls / sum).of(mine.clone().over(all.clone())), at.to_string(), name(&node.id)),
                message!(
                    "That is {} times the mean of the shards. The most popular key alone accounts for about {} of all calls. The shard was {} busy, and the others {} on average.",
                    figure(calls / mean).of(mine.over(all.times(1.0 / shards.len() as f64))), percent(share), percent(busy).of(super::shard_key::busy_of(node, database, at)), percent(others).of(others_of)
                ),
                "Cache the value of the key for a short time, or split the key.",
            )
            .endangers(facts.felt())
            .fixed_by(near_cache(facts, node)),
    )
}

fn when(facts: &Facts<'_>) -> Option<f64> {
    let mut faults = facts.design.faults.iter();
    let fault = faults.find(|fault| fault.kind == FaultKind::KeySkew)?;
    Some(fault.at.as_s())
}

fn of_rows(facts: &Facts<'_>, report: &Report, node: &Node) -> Option<Finding> {
    let locks = report
        .nodes
        .get(&node.id)?
        .database
        .as_ref()?
        .row_locks
        .as_ref()?;
    let writes = report.data.writes.max(1) as f64;
    let waited = locks.wait_ms.mean?;
    if (locks.waits as f64) < LOCKED * writes || locks.waits < 100 {
        return None;
    }
    let at = |name: &str| field::node(&node.id, &format!("database.row_locks.{name}"));
    Some(
        Finding::new(RULE.id, [node.id.clone()])
            .measured(when(facts).or(onset(facts, &node.id)))
            .says(
                message!(
                    "{} to {} waited for row locks",
                    count_of(whole(locks.waits as f64).of(at("waits")), "write", "writes"),
                    name(&node.id)
                ),
                message!(
                    "They waited {} on average, and up to {} of them waited at the same time.",
                    ms(waited).of(at("wait_ms.mean")),
                    whole(locks.waiting_max as f64).of(at("waiting_max"))
                ),
                "Hold the lock for less time, or split the row that these writes share.",
            )
            .endangers(Metric::LatencyP99),
    )
}

/// Puts a cache with a TTL of 1 s between a database and the first calling service without a cache.
pub(crate) fn near_cache(facts: &Facts<'_>, node: &Node) -> Option<Remedy> {
    use design::{Kind, Link};
    let caller = facts.callers(&node.id).into_iter().find(|caller| {
        let has = facts.calls_from(&caller.id).any(|link| {
            matches!(
                facts.graph.node(&link.to).map(|n| &n.kind),
                Some(Kind::Cache(_))
            )
        });
        matches!(caller.kind, Kind::Service(_)) && !has
    })?;
    let over = facts
        .calls_from(&caller.id)
        .find(|link| link.to == node.id && link.when.0 == [Condition::Always])?;
    if over.mode != Mode::Call {
        return None;
    }
    let id = facts.design.free_id("near-cache");
    let cache = design::kinds::Cache {
        ttl: Some(design::Duration::s(1)),
        single_flight: true,
        ..design::kinds::Cache::default()
    };
    let stage = over.stage;
    let at = [(caller.at[0] + node.at[0]) / 2, caller.at[1] - 120];
    let near = Link {
        id: facts.design.free_link_id(&caller.id, &id),
        from: caller.id.clone(),
        to: id.clone(),
        when: design::link::Conditions(vec![Condition::Reads]),
        stage: stage.map(|stage| stage.saturating_sub(1)),
        ..Link::default()
    };
    let mut behind = over.clone();
    behind.when = design::link::Conditions(vec![Condition::OnMiss, Condition::Writes]);
    if stage == Some(0) {
        behind.stage = Some(1);
    }
    // Links are called in the order of their list, so the cache comes before what a miss calls.
    let edits = vec![
        design::Command::AddNode(
            usize::MAX,
            Box::new(design::Node::new(id, Kind::Cache(cache), at)),
        ),
        design::Command::RemoveLink(over.id.clone()),
        design::Command::AddLink(usize::MAX, Box::new(near)),
        design::Command::AddLink(usize::MAX, Box::new(behind)),
    ];
    Some(Remedy::new(
        message!(
            "Cache reads for 1 s between {} and {}",
            name(&caller.id),
            name(&node.id)
        ),
        "Responses may be 1 s old, and there is another cache to run.",
        edits,
    ))
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, found, read, run};

    fn design(hot: f64) -> design::Design {
        let mut design = read(
            r#"{"nodes": [
            {"id": "users", "kind": "client", "arrivals": {"poisson": "400/s"}},
            {"id": "api", "kind": "service", "replicas": 3, "concurrency": 200, "service_time": "1ms"},
            {"id": "db", "kind": "database", "concurrency": 2, "read_time": "exp(10ms)", "connections": 50, "shards": {"count": 8}}],
            "links": [{"from": "users", "to": "api", "timeout": "2s"}, {"from": "api", "to": "db", "timeout": "1s"}], "warmup": "2s"}"#,
        );
        design.faults.push(fault(&format!(
            r#"{{"at": "20s", "for": "35s", "kind": "key_skew", "target": "users", "hot": {hot}}}"#
        )));
        design
    }

    #[test]
    fn a_key_that_fills_its_shard_is_told_and_its_remedy_holds() {
        let faulty = design(0.6);
        let finding = &found("hot-key", &faulty, &run(&faulty))[0];
        assert_eq!(finding.onset_s, Some(20.0));
        let mut fixed = faulty.clone();
        fixed.apply(finding.remedies[0].command()).unwrap();
        assert_eq!(fixed.problems(), []);
        assert!(found("hot-key", &fixed, &run(&fixed)).is_empty());
        let near = design(0.1);
        assert!(found("hot-key", &near, &run(&near)).is_empty());
    }
}
