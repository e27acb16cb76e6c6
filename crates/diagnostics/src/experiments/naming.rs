//! Findings that no rule made: an experiment showed what the cause is, and what was taken away in it
//! says what the pattern is called.

use super::claims::fault_of;
use super::conclude::CONFIRMED;
use super::interventions::{Intervention, TRIGGERS, Without};
use super::investigation::Investigation;
use crate::facts::Facts;
use design::kinds::load_balancer::Algorithm;
use design::{FaultKind, Kind, Metric};
use report::{
    Figure, Finding, Message, Severity, figure, link_name, message, name, percent, time, zone_name,
};

/// The rule that an experiment's finding is of, and what there is to do about it.
struct Pattern {
    rule: &'static str,
    remedy: &'static str,
}

fn pattern(rule: &'static str, remedy: &'static str) -> Option<Pattern> {
    Some(Pattern { rule, remedy })
}

/// What it is called when taking this away is enough.
fn name_of(facts: &Facts<'_>, of: &Intervention, metric: Metric) -> Option<Pattern> {
    let subject = of.subjects.first().map_or("", String::as_str);
    if metric == Metric::TimeToDetect {
        return pattern(
            "flying-blind",
            "An alert on what users feel, and on each dependency's errors.",
        );
    }
    match of.without {
        Without::Retries => pattern(
            "retry-storm",
            "Bound retries by a budget, and retry at one layer only.",
        ),
        Without::Reloads => pattern(
            "metastable-failure",
            "Shed load early, and serve the newest first.",
        ),
        Without::RetryWaves => pattern(
            "thundering-herd",
            "Back off exponentially, with full jitter.",
        ),
        Without::SkewedKeys => {
            pattern("hot-key", "Split the key, or serve its reads from a cache.")
        }
        Without::FewKeys => match is_sharded(facts) {
            true => pattern(
                "shard-key",
                "Shard by a key with many values of similar load.",
            ),
            false => pattern("hot-key", "Split the key, or serve its reads from a cache."),
        },
        Without::Imbalance => match &facts.graph.node(subject)?.kind {
            Kind::LoadBalancer(balancer) if balancer.algorithm == Algorithm::ConsistentHash => {
                pattern(
                    "load-balancer-blind",
                    "Bound the load of a replica, or hash by something finer.",
                )
            }
            _ => pattern("load-balancer-blind", "Balance by requests in flight."),
        },
        Without::Ejection => pattern(
            "load-balancer-blind",
            "Eject as many replicas as fail, and for a shorter time.",
        ),
        Without::Blindness => pattern("load-balancer-blind", "Health checks and outlier ejection."),
        Without::DeepChecks => pattern(
            "load-balancer-blind",
            "Health checks that ask the replica alone.",
        ),
        Without::ManyCalls => pattern("microservice-maze", "One call for all of it."),
        Without::CoarseShards => pattern(
            "shard-key",
            "Shard by a key with many values of similar load.",
        ),
        Without::PoolLimit => pattern(
            "pool-exhaustion",
            "Size the pool for the time that a call holds a connection.",
        ),
        Without::Locks => match &facts.graph.node(subject)?.kind {
            Kind::Coordinator(_) => pattern(
                "central-coordinator",
                "Lock by key, or do without the lock.",
            ),
            _ => pattern("hot-key", "Hold the lock for less time, or split the row."),
        },
        Without::Memory => pattern(
            "metastable-failure",
            "Admit no more calls than the memory holds, and let callers return slowly.",
        ),
        Without::Steps => pattern(
            "thundering-herd",
            "Spread the requests, or buffer the burst.",
        ),
        Without::RepeatedLoads => pattern("cache-stampede", "Load each key once at a time."),
        Without::JointExpiry => pattern(
            "cache-stampede",
            "Spread the TTLs, or reload entries early.",
        ),
        Without::ColdCache => pattern(
            "cache-cold-start",
            "Protect the origin while the cache fills.",
        ),
        Without::Lookups if facts.caches().count() > 1 => {
            pattern("cache-all", "Take out the layers that rarely hit.")
        }
        Without::OldEntries => pattern("stale-cache", "Shorten the TTL, or invalidate on write."),
        Without::Lag => pattern(
            "eventual-is-not-instant",
            "Read from the leader where age matters.",
        ),
        Without::CrossShard => pattern(
            "fan-out-tail",
            "Fewer shards for a request, or hedged requests.",
        ),
        // A fault or a rise of the load is the better explanation of what began with it.
        Without::Operation if is_disturbed(facts) => None,
        Without::Operation => pattern("head-of-line-blocking", "Give long work slots of its own."),
        Without::Tail if is_mixed(facts, subject) => {
            pattern("head-of-line-blocking", "Give long work slots of its own.")
        }
        Without::Tail if is_wide(facts, subject) => {
            pattern("fan-out-tail", "Hedge, or ask fewer nodes for a request.")
        }
        Without::OwnErrors if is_poisoned(facts, subject) => pattern(
            "poison-message",
            "Move a message that keeps failing to a dead-letter queue.",
        ),
        Without::OwnErrors => pattern(
            "sync-chain",
            "Retry once within a budget, or make a hop optional.",
        ),
        Without::Repeats => pattern("idempotency", "Give each write a key and apply it once."),
        Without::Disorder => pattern("happy-path", "Keep the order of messages with one key."),
        Without::EarlyRedelivery => {
            pattern("happy-path", "A visibility timeout above the longest work.")
        }
        Without::Poison => pattern(
            "poison-message",
            "Move a message that keeps failing to a dead-letter queue.",
        ),
        Without::LateReplicas => pattern(
            "autoscaling-lag",
            "Keep more replicas ready, or shed load until they come.",
        ),
        Without::Sharing => pattern(
            "shared-database",
            "Bound what each caller takes, or give it a database of its own.",
        ),
        Without::Client => pattern("noisy-neighbour", "Bound what one client can take."),
        Without::LoadChange => match facts.clients().count() {
            1 => overload(),
            _ => pattern("noisy-neighbour", "Bound what one client can take."),
        },
        Without::ReplicaFault | Without::Fault => of_fault(facts, of, metric),
        Without::Consumers => pattern(
            "async-silver-bullet",
            "Consumers for the load, or a bound on what is accepted.",
        ),
        Without::Slots => overload(),
        Without::Breaker => plain("Judge more calls before the breaker opens."),
        Without::Refusals => plain("Set the limit for the load and the time that a call takes."),
        Without::Timeout => plain("A timeout above the usual time of an answer."),
        Without::Hedges => plain("Hedge after the 95th percentile, and only where there is room."),
        Without::Discipline => plain("Serve in the order of arrival, or set the priorities right."),
        Without::Contention => plain("Bound the calls in flight to what the database does best."),
        Without::Tail | Without::Network | Without::Lookups => None,
    }
}

/// What has no name of its own: the finding says what it is.
fn plain(remedy: &'static str) -> Option<Pattern> {
    pattern(UNEXPLAINED, remedy)
}

/// The id of findings that no pattern has a name for.
pub(crate) const UNEXPLAINED: &str = "unexplained";

fn overload() -> Option<Pattern> {
    pattern(
        "monitoring-over-prevention",
        "Add capacity, or shed what cannot be served in time.",
    )
}

fn is_disturbed(facts: &Facts<'_>) -> bool {
    let mut clients = facts.clients();
    !facts.design.faults.is_empty()
        || clients.any(|(_, client)| client.profile.iter().any(|step| step.times != 1.0))
}

/// Whether consumers of a queue call a node that fails most of its calls.
fn is_poisoned(facts: &Facts<'_>, subject: &str) -> bool {
    let errors = match facts.graph.node(subject).map(|node| &node.kind) {
        Some(Kind::Service(service)) => service.error_rate,
        Some(Kind::Database(database)) => database.error_rate,
        _ => 0.0,
    };
    let links = facts.design.links.iter();
    let mut consumers = links.filter(|link| link.mode == design::link::Mode::Consume);
    errors >= 0.5 && consumers.any(|link| facts.graph.reach(&link.to).contains(subject))
}

fn is_sharded(facts: &Facts<'_>) -> bool {
    let mut databases = facts.databases();
    databases.any(|(_, database)| {
        let is_by_hash = database.shards.by == design::kinds::database::ShardBy::Hash;
        database.shards.count > 1 && !is_by_hash
    })
}

/// Whether a few calls of a node take far longer than the others.
fn is_mixed(facts: &Facts<'_>, subject: &str) -> bool {
    use design::Distribution as D;
    let is_long = |of: &D| match of {
        D::Hyperexp(_) | D::Pareto { .. } | D::Empirical(_) => true,
        D::Lognormal { p50, p99 } => p99.as_s() > 20.0 * p50.as_s(),
        _ => false,
    };
    match facts.graph.node(subject).map(|node| &node.kind) {
        Some(Kind::Service(service)) => is_long(&service.service_time),
        Some(Kind::Database(database)) => {
            is_long(&database.read_time) || is_long(&database.write_time)
        }
        _ => false,
    }
}

/// Whether requests wait for many calls to this node at a time.
fn is_wide(facts: &Facts<'_>, subject: &str) -> bool {
    let into = facts.graph.inward(subject);
    into.iter().any(|link| link.calls >= 4)
        || facts
            .design
            .nodes
            .iter()
            .any(|node| facts.graph.out(&node.id).len() >= 6)
}

/// A fault is what set it off. What the design lacked is a bound on what the fault can take.
fn of_fault(facts: &Facts<'_>, of: &Intervention, metric: Metric) -> Option<Pattern> {
    let kind = fault_of(facts.design, of)?;
    let subject = of.subjects.first().map_or("", String::as_str);
    let target = facts.graph.node(subject).map(|node| &node.kind);
    let is_data = super::investigation::DATA.contains(&metric);
    let is_ours = matches!(target, Some(Kind::Coordinator(_)));
    match kind {
        FaultKind::KeySkew => pattern("hot-key", "Split the key, or serve its reads from a cache."),
        FaultKind::ClockSkew if matches!(target, Some(Kind::Cache(_))) => pattern(
            "cache-cold-start",
            "Protect the origin while the cache fills.",
        ),
        FaultKind::CacheFlush | FaultKind::CacheOutage if !is_data => pattern(
            "cache-cold-start",
            "Protect the origin while the cache fills.",
        ),
        FaultKind::SchemaMigration if facts.askers(subject).len() > 1 => pattern(
            "shared-database",
            "Run the migration in steps that hold locks briefly.",
        ),
        FaultKind::TrafficSpike => match facts.clients().count() {
            1 => overload(),
            _ => pattern("noisy-neighbour", "Bound what one client can take."),
        },
        FaultKind::PoisonMessage => pattern(
            "poison-message",
            "Move a message that keeps failing to a dead-letter queue.",
        ),
        FaultKind::ConnectionLeak => pattern(
            "pool-exhaustion",
            "Close connections that are idle too long.",
        ),
        _ if is_data && writes_twice(facts) => pattern(
            "data-ownership",
            "Write in one place, and derive the rest from it.",
        ),
        FaultKind::LeaderFailover | FaultKind::Crash if is_ours => pattern(
            "central-coordinator",
            "Let requests that need no lock pass without it.",
        ),
        FaultKind::Partition if has_majority(facts) => {
            pattern("cap", "An odd number of members over three zones.")
        }
        FaultKind::RollingDeploy => pattern(
            "load-balancer-blind",
            "Health checks, and a retry on another replica.",
        ),
        FaultKind::Crash | FaultKind::Hang if of.without == Without::ReplicaFault => {
            pattern("load-balancer-blind", "Health checks and outlier ejection.")
        }
        FaultKind::GrayFailure | FaultKind::Slowdown | FaultKind::ErrorRate
            if of.without == Without::ReplicaFault =>
        {
            pattern("gray-failure", "Outlier ejection by what callers see.")
        }
        FaultKind::Latency
        | FaultKind::Jitter
        | FaultKind::Loss
        | FaultKind::Partition
        | FaultKind::Hang
        | FaultKind::Slowdown
        | FaultKind::ThirdPartyOutage
            if !is_data && holds_slots(facts) =>
        {
            pattern(
                "unreliable-network",
                "Bound the wait for it, and what the wait can hold.",
            )
        }
        _ => plain("Do without it for that time, or have a second one."),
    }
}

/// Whether a service had all of its slots held for a while by calls that waited for others.
fn holds_slots(facts: &Facts<'_>) -> bool {
    let Some(series) = &facts.series else {
        return false;
    };
    let mut services = facts.services();
    services.any(|(node, service)| {
        service.blocking
            && !series.saturated(&node.id).is_empty()
            && facts.asks(&node.id).count() > 0
    })
}

/// Whether a service writes in two places that nothing keeps together.
fn writes_twice(facts: &Facts<'_>) -> bool {
    let mut services = facts.services();
    services.any(|(node, _)| {
        let out = facts.graph.out(&node.id).iter();
        let written = out.filter(|link| {
            let to = facts.graph.node(&link.to).map(|node| &node.kind);
            matches!(
                to,
                Some(Kind::Database(_) | Kind::Queue(_) | Kind::Service(_))
            )
        });
        written.count() > 1
    })
}

/// Whether something in the design needs most of its members to go on.
fn has_majority(facts: &Facts<'_>) -> bool {
    let mut databases = facts.databases();
    facts.coordinators().next().is_some()
        || databases.any(|(_, database)| database.replication.is_some())
}

/// Findings for missed requirements that no confirmed finding explains.
pub(super) fn unexplained(
    of: &Investigation,
    facts: &Facts<'_>,
    explained: &[(Metric, u8)],
    told: &[Metric],
) -> Vec<(Finding, Option<usize>)> {
    let mut found: Vec<(Finding, Option<usize>)> = Vec::new();
    let has_cause = explained.iter().any(|(_, tier)| *tier < TRIGGERS);
    for goal in &of.goals {
        let is_missed = of.base.missed().contains(&goal.metric);
        if !is_missed || goal.distance(of.base.value(goal.metric)) == 0.0 {
            continue;
        }
        let by = explained
            .iter()
            .filter(|(metric, _)| *metric == goal.metric);
        let tier = by.map(|(_, tier)| *tier).min().unwrap_or(u8::MAX);
        let mut best: Option<((u8, Without), usize, f64)> = None;
        for at in of.answers.keys() {
            let about = &of.interventions[*at];
            let share = of.share(*at, goal);
            let rank = (about.without.tier(), about.without);
            let is_better = best.is_none_or(|(known, _, most)| match rank == known {
                true => share > most,
                false => rank < known,
            });
            let is_told = told.contains(&goal.metric);
            // A fault that nobody is told of is explained by whatever says so, and what set it off
            // is no news where a rule has said what it did.
            let is_detection = goal.metric == Metric::TimeToDetect;
            let is_news = match rank.0 < TRIGGERS {
                _ if is_detection => !is_told && tier == u8::MAX,
                true => true,
                false => !has_cause && !is_told,
            };
            let is_enough = share >= CONFIRMED && rank.0 < tier;
            if is_news && is_enough && is_better && name_of(facts, about, goal.metric).is_some() {
                best = Some((rank, *at, share));
            }
        }
        let finding = match best {
            Some((_, at, _)) => {
                finding(of, facts, at, goal.metric).map(|finding| (finding, Some(at)))
            }
            None if tier == u8::MAX && !told.contains(&goal.metric) => {
                Some((nothing_helps(of, facts, goal.metric), None))
            }
            None => None,
        };
        let is_new = |finding: &Finding| {
            let mut found = found.iter();
            found.all(|(f, _)| f.rule != finding.rule || f.subjects != finding.subjects)
        };
        if let Some(finding) = finding.filter(|(finding, _)| is_new(finding)) {
            found.push(finding);
        }
    }
    found
}

fn finding(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Option<Finding> {
    let about = &of.interventions[at];
    let pattern = name_of(facts, about, metric)?;
    let outcome = &of.answers[&at].outcome;
    let (before, after) = (of.base.value(metric), outcome.value(metric));
    let why = message!(
        "On the same requests without {}, {} is {}; with it, {}. {}",
        about.label.clone(),
        words_of(metric),
        shown(metric, after),
        shown(metric, before),
        busiest(facts)
    );
    let finding = Finding::new(pattern.rule, about.subjects.iter().cloned())
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            message!("{}: {}", title(facts, about), about.label.clone()),
            why,
            pattern.remedy,
        )
        .endangers(metric)
        .severity(Severity::Error);
    Some(finding)
}

/// The first of its subjects, as a name; nothing where it is about everything.
fn title(facts: &Facts<'_>, about: &Intervention) -> Message {
    match about.subjects.first() {
        Some(id) if facts.graph.node(id).is_some() => name(id).into(),
        Some(id) if facts.design.link(id).is_some() => link_name(id).into(),
        Some(id) => zone_name(id).into(),
        None => "All of it".into(),
    }
}

/// What is said where no single experiment changes a missed requirement by half.
fn nothing_helps(of: &Investigation, facts: &Facts<'_>, metric: Metric) -> Finding {
    let mut tried: Vec<Message> = Vec::new();
    for at in of.answers.keys() {
        let label = &of.interventions[*at].label;
        if !tried.contains(label) {
            tried.push(label.clone());
        }
    }
    let list = match tried.is_empty() {
        true => message!("No experiment could be made."),
        false => message!(
            "Each of these was taken away alone, on the same requests: {}. None of them was half of \
             the distance to the bound.",
            Message::join(tried, ", ")
        ),
    };
    let nodes = match metric {
        Metric::MonthlyCost => dearest(facts),
        _ => busy_nodes(facts).first().map(|(id, _)| (*id).to_owned()),
    };
    Finding::new(UNEXPLAINED, nodes)
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            message!("No single cause explains the missed {}", words_of(metric)),
            message!("{} {}", list, busiest(facts)),
            "Begin with the busiest node, and with what it waits for.",
        )
        .endangers(metric)
        .severity(Severity::Error)
}

/// The node that costs most.
fn dearest(facts: &Facts<'_>) -> Option<String> {
    let costs = facts.report?.cost.by_node.iter();
    let dearest = costs.max_by(|a, b| a.1.total_cmp(b.1))?;
    Some(dearest.0.clone())
}

/// How busy each node was while users were served badly, or in the whole run.
fn busy_nodes<'a>(facts: &Facts<'a>) -> Vec<(&'a str, f64)> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let span = series.losses.first().copied().unwrap_or(series.whole());
    let nodes = facts.design.nodes.iter();
    let mut busy: Vec<(&str, f64)> = nodes
        .filter_map(|node| {
            let windows = series.node(&node.id)?;
            let held = series.between(&windows.utilization, windows.width_s, span);
            let held: Vec<f64> = held.iter().flatten().copied().collect();
            let mean = held.iter().sum::<f64>() / held.len() as f64;
            (!held.is_empty()).then_some((node.id.as_str(), mean))
        })
        .collect();
    busy.sort_by(|a, b| b.1.total_cmp(&a.1));
    busy
}

/// Where the time goes: the busiest node and the next.
fn busiest(facts: &Facts<'_>) -> Message {
    match busy_nodes(facts)[..] {
        [] => Message::new(),
        [(id, busy)] => message!("Meanwhile {} was {} busy.", name(id), percent(busy)),
        [(id, busy), (other, less), ..] => message!(
            "Meanwhile {} was {} busy, and {} {}.",
            name(id),
            percent(busy),
            name(other),
            percent(less)
        ),
    }
}

fn words_of(metric: Metric) -> String {
    metric.name().replace('_', " ")
}

/// A metric's value with its unit.
fn shown(metric: Metric, value: f64) -> Figure {
    match metric {
        Metric::Availability => percent(value),
        metric if metric.is_duration() => time(value / 1e3),
        _ => figure(value),
    }
}
