//! Followers and read models that lag behind.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{AGE, Facts};
use crate::remedies;
use design::kinds::Database;
use design::kinds::database::ReadFrom;
use design::kinds::queue::Delivery;
use design::{Metric, Node, Value};
use report::{DataReport, Finding, Message, Remedy, count_of, message, ms, name, percent, whole};
use sim::Report;

/// Least share of stale reads, and least staleness, where no staleness is required.
const SHARE: f64 = 0.01;
const OLD_MS: f64 = 5_000.0;

pub(super) const RULE: Rule = Rule {
    id: "eventual-is-not-instant",
    title: "Replication lag and stale reads",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A follower or a read model lags behind its source, more so under load, and permanently \
        if an event is lost. Users may not see their own writes.",
    evidence: "Structural: reads come from followers or from a copy, and no requirement limits \
        their staleness (a note). Or a copy is fed by a queue that may lose events (a note). \
        Measured: a staleness requirement was missed. In addition, a store, not a cache, returned \
        most of the stale responses, or keys differ from their owner after all queues have \
        drained. Where other requirements exist but none on staleness: at least 1% of the reads \
        were stale, some of them by 5 s or more.",
    silent: "Lag within the requirement. Reads from the leader.",
    fixes: "Read your own writes from the leader, deliver events at least once and in order, and \
        reconcile copies. The cost: more load on the leader, and a reconciliation job to run.",
};

fn reads_followers(database: &Database) -> bool {
    let replication = database.replication.as_ref();
    database.has_leader()
        && replication.is_some_and(|replication| replication.read_from != ReadFrom::Leader)
}

/// Returns a queue that may lose the events that feed a copy.
fn lossy<'a>(facts: &Facts<'a>, copy: &Node) -> Option<&'a Node> {
    let above = facts.graph.reached_by(&copy.id);
    let queue = facts.queues().find(|(node, queue)| {
        above.contains(node.id.as_str())
            && (queue.delivery == Delivery::AtMostOnce || !queue.durable)
    });
    queue.map(|(node, _)| node)
}

fn fixes(facts: &Facts<'_>, node: &Node, database: &Database) -> Vec<Remedy> {
    let mut fixes = Vec::new();
    if reads_followers(database) {
        fixes.push(Remedy::new(
            message!("Read from the leader of {}", name(&node.id)),
            "The leader serves all reads, and the followers serve none.",
            vec![remedies::node(
                &node.id,
                "replication.read_from",
                Value::text("leader"),
            )],
        ));
    }
    if let Some(queue) = lossy(facts, node) {
        fixes.push(Remedy::new(
            message!("Deliver messages of {} at least once", name(&queue.id)),
            "Some messages arrive twice, so consumers must recognize duplicates.",
            vec![
                remedies::node(&queue.id, "delivery", Value::text("at_least_once")),
                remedies::node(&queue.id, "durable", Value::Bool(true)),
            ],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, database) in facts.databases() {
        let is_copy = database.copy_of.is_some();
        let what = if reads_followers(database) && !facts.requires(&AGE) {
            message!(
                "Reads of {} come from members that lag behind",
                name(&node.id)
            )
        } else if is_copy && lossy(facts, node).is_some() {
            message!("A lost event leaves {} wrong permanently", name(&node.id))
        } else {
            continue;
        };
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .says(
                    what,
                    match is_copy {
                        true => {
                            "The queue that feeds it may lose messages, and nothing compares it \
                             with its owner."
                        }
                        false => {
                            "No requirement limits the lag. Users may not see their own writes."
                        }
                    },
                    "Require a maximum staleness, and read from the leader what must be current.",
                )
                .endangers(Metric::StalenessMax)
                .fixed_by(fixes(facts, node, database)),
        );
    }
    found
}

/// Returns when the node was saturated, else when the first fault began.
fn onset(facts: &Facts<'_>, id: &str) -> Option<f64> {
    facts.series.as_ref().and_then(|series| {
        series
            .saturated(id)
            .first()
            .map(|span| span.from_s)
            .or(series
                .events
                .iter()
                .find(|event| event.is_fault)
                .map(|event| event.at_s))
    })
}

/// Says that a copy differed from its owner, though no read returned an old version.
fn unread(id: &str, apart: u64) -> (Message, Message) {
    let keys = whole(apart as f64).of(field::node(id, "divergent_keys"));
    let keys = count_of(keys, "key", "keys");
    (
        message!(
            "{} differed from its owner in {} at the end",
            name(id),
            keys
        ),
        Message::from(
            "No read was stale, but the difference remained after all queues had drained.",
        ),
    )
}

/// Says how many reads of a store were stale, and by how much.
fn stale_reads(id: &str, data: &DataReport) -> (Message, Message) {
    let at = |name: &str| field::of(&format!("data.{name}"));
    let max = data.staleness_ms.max;
    let max = ms(max.unwrap_or(0.0)).maybe_of(max.map(|_| at("staleness_ms.max")));
    let share = data.stale_reads as f64 / data.reads.max(1) as f64;
    let share_of = (data.reads > 0).then(|| at("stale_reads").over(at("reads")));
    (
        message!("{} served reads that were stale by up to {}", name(id), max),
        message!(
            "{} of {} reads ({}) missed a write that had been acknowledged before the read began.",
            whole(data.stale_reads as f64).of(at("stale_reads")),
            whole(data.reads as f64).of(at("reads")),
            percent(share).maybe_of(share_of)
        ),
    )
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let data = &report.data;
    let missed = facts.missed(&AGE);
    let stale = |id: &str| {
        report
            .nodes
            .get(id)
            .and_then(|node| node.stale_reads)
            .unwrap_or(0)
    };
    let apart = |id: &str| {
        report
            .nodes
            .get(id)
            .and_then(|node| node.divergent_keys)
            .unwrap_or(0)
    };
    let of_caches: u64 = facts.caches().map(|(node, _)| stale(&node.id)).sum();
    let lagging = facts.databases().filter(|(_, database)| {
        reads_followers(database) || database.copy_of.is_some() || database.replication.is_some()
    });
    let worst = lagging.max_by_key(|(node, _)| (stale(&node.id), apart(&node.id)));
    let Some((node, database)) = worst else {
        return Vec::new();
    };
    let (count_stale, max) = (stale(&node.id), data.staleness_ms.max.unwrap_or(0.0));
    let share = data.stale_reads as f64 / data.reads.max(1) as f64;
    let is_old = !facts.requires(&AGE)
        && !facts.design.requirements.is_empty()
        && share >= SHARE
        && max >= OLD_MS;
    let diverged: u64 = facts.databases().map(|(node, _)| apart(&node.id)).sum();
    let is_apart = diverged > 0
        && report.run.status == "ended"
        && facts.design.settings.drain
        && missed.is_some();
    if count_stale <= of_caches && !is_apart || missed.is_none() && !is_old {
        return Vec::new();
    }
    let lag = report
        .nodes
        .get(&node.id)
        .and_then(|n| n.database.as_ref()?.replication.as_ref())
        .and_then(|r| r.lag_ms.p99);
    let lag = lag.map_or(Message::new(), |lag| {
        message!(
            " The p99 replication lag was {}.",
            ms(lag).of(field::node(&node.id, "database.replication.lag_ms.p99"))
        )
    });
    let databases = facts.databases().map(|(node, _)| node.id.as_str());
    let apart_in = databases.filter(|id| {
        let node = report.nodes.get(*id);
        node.is_some_and(|node| node.divergent_keys.is_some())
    });
    let left = match diverged {
        _ if data.stale_reads == 0 => Message::new(),
        0 => Message::new(),
        n => message!(
            " {} from their owner after all queues had drained.",
            count_of(
                whole(n as f64).of(field::nodes(apart_in, "divergent_keys")),
                "key still differed",
                "keys still differed"
            )
        ),
    };
    let onset = onset(facts, &node.id);
    let apart = apart(&node.id);
    let (what, stale_said) = match data.stale_reads {
        0 => unread(&node.id, apart),
        _ => stale_reads(&node.id, data),
    };
    vec![
        Finding::new(RULE.id, [node.id.clone()])
            .measured(onset)
            .says(
                what,
                message!("{}{}{}", stale_said, lag, left),
                "Read from the leader what must be current, and compare copies with their owner.",
            )
            .endangers(missed.unwrap_or(Metric::StalenessMax))
            .fixed_by(fixes(facts, node, database)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(read_from: &str, apply: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "operations": [{{"name": "get", "keys": {{"uniform": {{"n": 100}}}}}}, {{"name": "put", "effect": "write", "keys": {{"uniform": {{"n": 100}}}}}}]}},
            {{"id": "db", "kind": "database", "replication": {{"read_from": "{read_from}", "apply_time": "{apply}"}}}}],
            "links": [{{"from": "users", "to": "db", "timeout": "1s"}}], "requirements": [{{"metric": "staleness_max", "at_most": "1s"}}]}}"#
        ))
    }

    #[test]
    fn followers_that_fall_behind_are_told_and_the_leader_is_not() {
        let faulty = design("follower", "22ms");
        assert!(found("eventual-is-not-instant", &faulty, &run(&faulty))[0].measured);
        let leader = design("leader", "22ms");
        assert!(lint("eventual-is-not-instant", &leader).is_empty());
        assert!(found("eventual-is-not-instant", &leader, &run(&leader)).is_empty());
        let quick = design("follower", "1ms");
        assert!(found("eventual-is-not-instant", &quick, &run(&quick)).is_empty());
        let mut unasked = faulty.clone();
        unasked.requirements.remove(0);
        assert_eq!(lint("eventual-is-not-instant", &unasked).len(), 1);
    }

    #[test]
    fn a_copy_that_nobody_read_is_told_by_its_keys_alone() {
        let mut lossy = read(
            r#"{"nodes": [
            {"id": "users", "kind": "client", "arrivals": {"poisson": "50/s"}, "operations": [{"name": "put", "effect": "write"}]},
            {"id": "app", "kind": "service"}, {"id": "db", "kind": "database"},
            {"id": "events", "kind": "queue", "delivery": "at_most_once"}, {"id": "indexer", "kind": "service", "service_time": "200ms"},
            {"id": "index", "kind": "database", "copy_of": "db"}],
            "links": [{"from": "users", "to": "app"}, {"from": "app", "to": "db"}, {"from": "db", "to": "events", "mode": "publish", "relay": {}},
                {"from": "events", "to": "indexer", "mode": "consume", "concurrency": 50}, {"from": "indexer", "to": "index", "timeout": "1s"}],
            "requirements": [{"metric": "divergent_keys", "at_most": 0}], "drain": true}"#,
        );
        lossy.faults.push(crate::testing::fault(
            r#"{"at": "20s", "for": "2s", "kind": "crash", "target": "indexer"}"#,
        ));
        let told = &found("eventual-is-not-instant", &lossy, &run(&lossy))[0];
        assert!(
            told.what.contains("index differed from its owner in"),
            "{}",
            told.what.text()
        );
        assert!(
            told.why.starts_with("No read was stale, but"),
            "{}",
            told.why.text()
        );
    }
}
