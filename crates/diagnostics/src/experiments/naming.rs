//! Findings that no rule made: an experiment showed what the cause is, and what was taken away in it
//! says what the pattern is called.

use super::conclude::{CONFIRMED, shown};
use super::interventions::{Intervention, Without};
use super::investigation::Investigation;
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::names::name;
use crate::words::{figure, percent, time};
use design::kinds::load_balancer::Algorithm;
use design::{FaultKind, Kind, Metric};
use std::collections::BTreeSet;

/// The rule that an experiment's finding is of, and what there is to do about it.
struct Pattern {
    rule: &'static str,
    remedy: &'static str,
}

fn pattern(rule: &'static str, remedy: &'static str) -> Option<Pattern> {
    Some(Pattern { rule, remedy })
}

/// What it is called when taking this away is enough.
fn name_of(facts: &Facts<'_>, of: &Intervention) -> Option<Pattern> {
    let subject = of.subjects.first().map_or("", String::as_str);
    match of.without {
        Without::Retries => pattern("retry-storm", "Bound retries by a budget, and retry at one layer only."),
        Without::SkewedKeys | Without::FewKeys => pattern("hot-key", "Split the key, or serve its reads from a cache."),
        Without::Imbalance => match &facts.graph.node(subject)?.kind {
            Kind::LoadBalancer(balancer) if balancer.algorithm == Algorithm::ConsistentHash => {
                pattern("load-balancer-blind", "Bound the load of a replica, or hash by something finer.")
            }
            _ => pattern("load-balancer-blind", "Balance by requests in flight."),
        },
        Without::Ejection => pattern("load-balancer-blind", "Eject as many replicas as fail, and for a shorter time."),
        Without::CoarseShards => pattern("shard-key", "Shard by a key with many values of similar load."),
        Without::PoolLimit => pattern("pool-exhaustion", "Size the pool for the time that a call holds a connection."),
        Without::Locks => match &facts.graph.node(subject)?.kind {
            Kind::Coordinator(_) => pattern("central-coordinator", "Lock by key, or do without the lock."),
            _ => pattern("hot-key", "Hold the lock for less time, or split the row."),
        },
        Without::Steps => pattern("thundering-herd", "Spread the requests, or buffer the burst."),
        Without::RepeatedLoads => pattern("cache-stampede", "Load each key once at a time."),
        Without::ColdCache => pattern("cache-cold-start", "Protect the origin while the cache fills."),
        Without::OldEntries => pattern("stale-cache", "Shorten the TTL, or invalidate on write."),
        Without::Lag => pattern("eventual-is-not-instant", "Read from the leader where age matters."),
        Without::CrossShard => pattern("fan-out-tail", "Fewer shards for a request, or hedged requests."),
        Without::Tail if is_wide(facts, subject) => pattern("fan-out-tail", "Hedge, or ask fewer nodes for a request."),
        Without::OwnErrors => pattern("sync-chain", "Retry once within a budget, or make a hop optional."),
        Without::Repeats => pattern("idempotency", "Give each write a key and apply it once."),
        Without::EarlyRedelivery => pattern("happy-path", "A visibility timeout above the longest work."),
        Without::Poison => pattern("poison-message", "Move a message that keeps failing to a dead-letter queue."),
        Without::LateReplicas => pattern("autoscaling-lag", "Keep more replicas ready, or shed load until they come."),
        Without::Sharing => pattern("shared-database", "Bound what each caller takes, or give it a database of its own."),
        Without::Client => pattern("noisy-neighbour", "Bound what one client can take."),
        Without::LoadChange => match facts.clients().count() {
            1 => overload(),
            _ => pattern("noisy-neighbour", "Bound what one client can take."),
        },
        Without::ReplicaFault => pattern("load-balancer-blind", "Eject a replica that fails."),
        Without::Fault => of_fault(facts, of),
        Without::Slots => overload(),
        Without::Memory => pattern(
            "metastable-failure",
            "Admit no more calls than the memory holds, and let callers return slowly.",
        ),
        Without::Breaker | Without::Refusals => pattern(
            "missed-requirement",
            "Raise the limit, or judge more calls before it acts.",
        ),
        Without::Tail | Without::Network => None,
    }
}

fn overload() -> Option<Pattern> {
    pattern("monitoring-over-prevention", "Add capacity, or shed what cannot be served in time.")
}

/// Whether requests wait for many calls to this node at a time.
fn is_wide(facts: &Facts<'_>, subject: &str) -> bool {
    let into = facts.graph.inward(subject);
    into.iter().any(|link| link.calls >= 4)
        || facts.design.nodes.iter().any(|node| facts.graph.out(&node.id).len() >= 6)
}

/// A fault is what set it off. What the design lacked is a bound on what the fault can take.
fn of_fault(facts: &Facts<'_>, of: &Intervention) -> Option<Pattern> {
    let design::Command::RemoveFault(at) = of.edits.first()? else {
        return None;
    };
    let fault = facts.design.faults.get(*at)?;
    match fault.kind {
        FaultKind::KeySkew => pattern("hot-key", "Split the key, or serve its reads from a cache."),
        FaultKind::CacheFlush | FaultKind::CacheOutage => {
            pattern("cache-cold-start", "Protect the origin while the cache fills.")
        }
        FaultKind::SchemaMigration => {
            pattern("shared-database", "Run the migration in steps that hold locks briefly.")
        }
        FaultKind::TrafficSpike => match facts.clients().count() {
            1 => overload(),
            _ => pattern("noisy-neighbour", "Bound what one client can take."),
        },
        FaultKind::PoisonMessage => {
            pattern("poison-message", "Move a message that keeps failing to a dead-letter queue.")
        }
        _ => pattern("unreliable-network", "Bound the wait for it, and what the wait can hold."),
    }
}

/// Findings for missed requirements that no confirmed finding explains.
pub(super) fn unexplained(of: &Investigation, facts: &Facts<'_>, explained: &[(Metric, u8)], told: &BTreeSet<&str>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let has_cause = explained.iter().any(|(_, tier)| *tier < TRIGGERS);
    for goal in &of.goals {
        if goal.distance(of.base.value(goal.metric)) == 0.0 {
            continue;
        }
        let by = explained.iter().filter(|(metric, _)| *metric == goal.metric);
        let tier = by.map(|(_, tier)| *tier).min().unwrap_or(u8::MAX);
        let mut best: Option<(u8, usize, usize, f64)> = None;
        for at in of.answers.keys() {
            let about = &of.interventions[*at];
            let share = of.share(*at, goal);
            let rank = (about.without.tier(), PRIORITY.iter().position(|w| *w == about.without).unwrap_or(99));
            let is_better = best.is_none_or(|(t, p, _, s)| (rank.0, rank.1) < (t, p) || (rank == (t, p) && share > s));
            // What set it off is no news where a rule has said what it did.
            let is_news = rank.0 < TRIGGERS || !(has_cause || told.contains(goal.metric.name()));
            if is_news && share >= CONFIRMED && rank.0 < tier && is_better && name_of(facts, about).is_some() {
                best = Some((rank.0, rank.1, *at, share));
            }
        }
        let finding = match best {
            Some((.., at, _)) => finding(of, facts, at, goal.metric),
            None if tier == u8::MAX && !told.contains(goal.metric.name()) => Some(nothing_helps(of, facts, goal.metric)),
            None => None,
        };
        let is_new = |finding: &Finding| {
            found.iter().all(|f| f.rule != finding.rule || f.subjects != finding.subjects)
        };
        if let Some(finding) = finding.filter(|finding| is_new(finding)) {
            found.push(finding);
        }
    }
    found
}

/// From this tier on, a suspect set it off, and is not why it went so far.
const TRIGGERS: u8 = 2;

/// Of two suspects that each explain everything, the earlier is the better explanation.
const PRIORITY: [Without; 30] = [
    Without::Poison,
    Without::ColdCache,
    Without::RepeatedLoads,
    Without::Retries,
    Without::CoarseShards,
    Without::SkewedKeys,
    Without::Imbalance,
    Without::FewKeys,
    Without::Locks,
    Without::Memory,
    Without::Steps,
    Without::PoolLimit,
    Without::EarlyRedelivery,
    Without::Repeats,
    Without::LateReplicas,
    Without::CrossShard,
    Without::Ejection,
    Without::OwnErrors,
    Without::OldEntries,
    Without::Lag,
    Without::Tail,
    Without::Network,
    Without::Breaker,
    Without::LoadChange,
    Without::Client,
    Without::Sharing,
    Without::ReplicaFault,
    Without::Fault,
    Without::Refusals,
    Without::Slots,
];

fn finding(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Option<Finding> {
    let about = &of.interventions[at];
    let pattern = name_of(facts, about)?;
    let outcome = &of.answers[&at].outcome;
    let (before, after) = (shown(metric, of.base.value(metric)), shown(metric, outcome.value(metric)));
    let subject = about.subjects.first().map_or("", String::as_str);
    let at_subject = match subject {
        "" => String::new(),
        id => format!(" ({})", name(id)),
    };
    let finding = Finding::new(pattern.rule, about.subjects.iter().cloned())
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            format!("{} explains the missed requirement{at_subject}", capital(&about.label)),
            format!(
                "Without {}, on the same requests, {} is {after}; with it, {before}. {}",
                about.label,
                words_of(metric),
                busiest(facts)
            ),
            pattern.remedy,
        )
        .at_risk(metric.name())
        .severity(Severity::Error);
    Some(Finding { cause: Some(at), ..finding })
}

/// What is said where no single experiment changes a missed requirement by half.
fn nothing_helps(of: &Investigation, facts: &Facts<'_>, metric: Metric) -> Finding {
    let tried: std::collections::BTreeSet<&str> =
        of.answers.keys().map(|at| of.interventions[*at].label.as_str()).collect();
    let tried: Vec<&str> = tried.into_iter().collect();
    let list = match tried.is_empty() {
        true => "No experiment could be made.".to_owned(),
        false => format!("Each was taken away alone, on the same requests: {}.", tried.join(", ")),
    };
    let nodes: Vec<String> = busy_nodes(facts).into_iter().map(|(id, _)| id.to_owned()).take(1).collect();
    Finding::new("missed-requirement", nodes)
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            format!("No single cause explains the missed {}", words_of(metric)),
            format!("{list} None of it removes half of the distance to the bound. {}", busiest(facts)),
            "Look at the busiest node first, then at what it waits for.",
        )
        .at_risk(metric.name())
        .severity(Severity::Error)
}

fn busy_nodes<'a>(facts: &Facts<'a>) -> Vec<(&'a str, f64)> {
    let Some(report) = facts.report else {
        return Vec::new();
    };
    let nodes = facts.design.nodes.iter();
    let mut busy: Vec<(&str, f64)> = nodes
        .filter_map(|node| Some((node.id.as_str(), report.nodes.get(&node.id)?.utilization?)))
        .collect();
    busy.sort_by(|a, b| b.1.total_cmp(&a.1));
    busy
}

/// Where the time goes: the busiest node and the next.
fn busiest(facts: &Facts<'_>) -> String {
    match busy_nodes(facts)[..] {
        [] => String::new(),
        [(id, busy)] => format!("{} was {} busy.", name(id), percent(busy)),
        [(id, busy), (other, less), ..] => format!(
            "{} was {} busy, and {} {}.",
            name(id),
            percent(busy),
            name(other),
            percent(less)
        ),
    }
}

pub(super) fn words_of(metric: Metric) -> String {
    metric.name().replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().collect::<String>() + letters.as_str(),
        None => String::new(),
    }
}

/// A metric's value with its unit.
pub(super) fn value_of(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Availability => percent(value),
        metric if metric.is_duration() => time(value / 1e3),
        _ => figure(value),
    }
}
