//! A coordinator that every request needs.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Series, Span};
use crate::remedies;
use design::kinds::Coordinator;
use design::kinds::coordinator::Scope;
use design::{Metric, Value};
use report::{
    Figure, Finding, Fold, Message, Remedy, Severity, count_of, message, moment, ms, name, percent,
    rate, whole,
};
use sim::Report;

/// Least utilization of a coordinator, and least share of its callers' time spent waiting for it.
const BUSY: f64 = 0.8;
const SHARE: f64 = 0.4;
/// Load as a share of capacity from which the design alone is worth a warning.
const FULL: f64 = 1.0;

pub(super) const RULE: Rule = Rule {
    id: "central-coordinator",
    title: "Central coordinator bottleneck",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "One lock, leader or scheduler on the path of every request limits all of them. \
        Throughput cannot exceed the rate at which it grants requests, regardless of the number of \
        replicas. While it elects a leader, it grants nothing.",
    evidence: "Structural: a coordinator receives as many requests as it can grant, or more (a \
        warning). Or every request needs one global lock (a note). A global lock counts as held \
        until its holder has done the rest of its work. Measured: users were affected, and calls \
        to a coordinator took at least 40% of the time of its callers. Meanwhile it was at least \
        80% busy, or at least two calls waited for it on average. Calls that found no leader are a \
        note.",
    silent: "Locks per key with little contention. A coordinator on the path of few requests.",
    fixes: "Use a lock per key or leases, or decide where the data is. The cost: decisions made in \
        several places have to be reconciled.",
};

fn fixes(id: &str, scope: Scope) -> Vec<Remedy> {
    match scope {
        Scope::PerKey => Vec::new(),
        Scope::Global => vec![Remedy::new(
            "Use a lock per key",
            "Operations on several keys are no longer under one lock.",
            vec![remedies::node(id, "scope", Value::text("per_key"))],
        )],
    }
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let requests: f64 = facts
        .clients()
        .map(|(node, _)| facts.flow.node(&facts.graph, &node.id))
        .sum();
    for (node, coordinator) in facts.coordinators() {
        let comes = facts.flow.node(&facts.graph, &node.id);
        let goes = facts.flow.capacity(&facts.graph, &node.id);
        let finding = Finding::new(RULE.id, [node.id.clone()]).endangers(Metric::Goodput);
        if comes >= FULL * goes && comes > 0.0 {
            found.push(
                finding
                    .severity(Severity::Warning)
                    .says(
                        message!("{} receives more requests than it can grant", name(&node.id)),
                        message!("Requests arrive at {}{}, but it can grant at most {}, regardless of the number of replicas.", rate(comes), if facts.is_closed() { " when none of them has to wait" } else { "" }, rate(goes)),
                        "Divide what the lock protects: use a lock per key, or decide where the \
                         data is.",
                    )
                    .fixed_by(fixes(&node.id, coordinator.scope)),
            );
        } else if coordinator.scope == Scope::Global && comes >= 0.9 * requests && requests > 0.0 {
            found.push(
                finding
                    .says(
                        message!("Every request needs one global lock of {}", name(&node.id)),
                        message!("It can grant at most {}, and requests arrive at {}. During a leader election, which takes {}, it grants nothing.", rate(goes), rate(comes), coordinator.election_time),
                        "Divide what the lock protects: use a lock per key, or decide where the \
                         data is.",
                    )
                    .fixed_by(fixes(&node.id, coordinator.scope)),
            );
        }
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = facts.series.as_ref().filter(|_| facts.is_hurt()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, coordinator) in facts.coordinators() {
        let Some(figures) = report.nodes.get(&node.id) else {
            continue;
        };
        let Some(own) = figures.response_ms.mean.or(figures.wait_ms.mean) else {
            continue;
        };
        let own_of = match figures.response_ms.mean {
            Some(_) => "response_ms",
            None => "wait_ms",
        };
        let callers = facts.callers(&node.id);
        let times = callers.iter().filter_map(|caller| {
            let mean = report.nodes.get(&caller.id)?.response_ms.mean?;
            Some((caller.id.clone(), mean))
        });
        let slowest = times.max_by(|a, b| a.1.total_cmp(&b.1));
        let (slowest, longest) = slowest.unwrap_or_default();
        let share = (own / longest.max(1e-9)).min(1.0);
        let busy = figures.utilization.unwrap_or(0.0);
        let held = figures.locks.as_ref().map_or(0.0, |locks| locks.held_mean);
        let is_full = busy >= BUSY
            || coordinator.scope == Scope::Global && held >= BUSY
            || figures.queue_mean >= 2.0;
        let elected = figures.locks.as_ref().map_or(0, |locks| locks.elections);
        let unavailable = figures.failures.get("unavailable").copied().unwrap_or(0);
        let is_out = unavailable >= 20 && unavailable as f64 >= 0.005 * figures.arrivals as f64;
        if !(is_out || is_full && share >= SHARE) {
            continue;
        }
        let onset = series
            .saturated(&node.id)
            .first()
            .map(|span| span.from_s)
            .or(series.first_loss());
        let others = facts.services().filter_map(|(service, _)| {
            let figures = report.nodes.get(&service.id)?;
            Some(figures.utilization? - figures.blocked.unwrap_or(0.0))
        });
        let others = others.fold(0.0, f64::max);
        let busiest = facts.services().find(|(service, _)| {
            let figures = report.nodes.get(&service.id);
            let own = figures.and_then(|of| Some(of.utilization? - of.blocked.unwrap_or(0.0)));
            own == Some(others)
        });
        let others_of = busiest.map(|(service, _)| {
            let blocked = report.nodes[&service.id].blocked;
            let own = field::node(&service.id, "utilization");
            match blocked {
                Some(_) => own.minus(field::node(&service.id, "blocked")),
                None => own,
            }
        });
        let (what, why) = match is_full && share >= SHARE {
            true => {
                let time = ms(own).of(field::node(&node.id, &format!("{own_of}.mean")));
                let of = (own < longest).then(|| {
                    field::node(&node.id, &format!("{own_of}.mean"))
                        .over(field::node(&slowest, "response_ms.mean"))
                });
                let others = percent(others).maybe_of(others_of);
                bounds(
                    series,
                    &node.id,
                    (time, percent(share).maybe_of(of), others),
                )
            }
            false => unserved(&node.id, coordinator, unavailable, elected),
        };
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .measured(onset)
                .severity(if is_full && share >= SHARE {
                    Severity::Warning
                } else {
                    Severity::Note
                })
                .says(
                    what,
                    why,
                    "Divide what the lock protects: use a lock per key or leases, or decide where the data is.",
                )
                .endangers(facts.felt())
                .fixed_by(fixes(&node.id, coordinator.scope)),
        );
    }
    found
}

/// Says that everything waited for a coordinator: the time of a call to it, its share of the
/// caller's time, and the utilization of the busiest service by work of its own.
fn bounds(
    series: &Series<'_>,
    id: &str,
    (time, share, others): (Figure, Figure, Figure),
) -> (Message, Message) {
    let span = held_up(series, id);
    let most = series.node(id).map_or(0, |windows| {
        let waiting = series.between(&windows.waiting, windows.width_s, span);
        waiting.iter().copied().max().unwrap_or(0)
    });
    let most = whole(most as f64).of(field::node_over(id, "waiting", Fold::Max, span));
    let went_of = field::node_over(id, "completions_per_s", Fold::Mean, span);
    let went = rate(series.flow_of(id, span).1).of(went_of);
    let why = message!(
        "From {} to {}, up to {} waited for it. A call to it took {} on average, which is {} of \
         the time of its caller. No service was busy with its own work for more than {} of the \
         time.",
        moment(span.from_s),
        moment(span.until_s),
        count_of(most, "call", "calls"),
        time,
        share,
        others
    );
    (
        message!(
            "{} limited the throughput of the whole system to {}",
            name(id),
            went
        ),
        why,
    )
}

/// Says which calls a coordinator did not serve: without a leader, without a majority, or because
/// they timed out while they waited for a lock.
fn unserved(
    id: &str,
    coordinator: &Coordinator,
    unavailable: u64,
    elected: u64,
) -> (Message, Message) {
    let of = |n: u64, path: &str| whole(n as f64).of(field::node(id, path));
    let calls = count_of(of(unavailable, "failures.unavailable"), "call", "calls");
    let elections = count_of(of(elected, "locks.elections"), "election", "elections");
    match elected {
        0 => (
            message!("{} did not serve {}", name(id), calls),
            Message::from(
                "It held no election. These calls timed out while they waited for a lock, or it had no majority.",
            ),
        ),
        _ => (
            message!("{} had no leader for {}", name(id), calls),
            message!(
                "It held {}, and an election takes {}.",
                elections,
                coordinator.election_time
            ),
        ),
    }
}

/// Returns when calls first waited for it: while it was saturated, or while users were affected.
fn held_up(series: &Series<'_>, id: &str) -> Span {
    let saturated = series.saturated(id).first();
    let lost = series.losses.first();
    saturated.or(lost).copied().unwrap_or(series.whole())
}

#[cfg(test)]
mod tests {
    use crate::remedies::{map, node, number};
    use crate::testing::{Says, found, lint, read, run};
    use design::Value;

    fn design(scope: &str, rate: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "operations": [{{"name": "put", "effect": "write"}}]}},
            {{"id": "api", "kind": "service", "replicas": 4, "concurrency": 100, "service_time": "1ms"}},
            {{"id": "lock", "kind": "coordinator", "scope": "{scope}"}}, {{"id": "db", "kind": "database", "write_time": "5ms"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "3s"}}, {{"from": "api", "to": "lock", "timeout": "2s"}},
                {{"from": "api", "to": "db", "timeout": "1s"}}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn a_global_lock_bounds_all_and_locks_by_key_do_not() {
        let faulty = design("global", 250);
        assert!(
            lint("central-coordinator", &faulty)[0]
                .what
                .contains("more requests than it can grant")
        );
        let finding = &found("central-coordinator", &faulty, &run(&faulty))[0];
        assert!(finding.measured, "{finding:?}");
        let keyed = design("per_key", 250);
        assert!(lint("central-coordinator", &keyed).is_empty());
        assert!(found("central-coordinator", &keyed, &run(&keyed)).is_empty());
        let light = design("global", 30);
        assert!(
            found("central-coordinator", &light, &run(&light))
                .iter()
                .all(|f| !f.measured)
        );
    }

    #[test]
    fn how_many_waited_is_told_of_the_time_when_they_did() {
        // A burst of 2 s in a run of 200 s: on average, hardly any call waits.
        let mut short = design("global", 20);
        short.settings.duration = design::Duration::s(200);
        let step = |at: &str, times: f64| map(&[("at", Value::text(at)), ("times", number(times))]);
        let steps = vec![step("20s", 30.0), step("24s", 1.0)];
        let profile = node("users", "profile", Value::List(steps));
        short.apply(profile).unwrap();
        let report = run(&short);
        let told = found("central-coordinator", &short, &report);
        let why = told[0].why.text();
        let most = why
            .split("up to ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        let most: f64 = most.unwrap().parse().unwrap();
        let mean = report.nodes["lock"].queue_mean;
        assert!(mean < 20.0 && most > 10.0 * mean, "{mean}: {why}");
    }

    #[test]
    fn calls_that_timed_out_for_a_lock_are_no_election() {
        let mut busy = design("per_key", 60);
        // One key, held for longer than calls wait for it.
        let one = map(&[("uniform", map(&[("n", number(1.0))]))]);
        busy.apply(node("users", "operations[0].keys", one))
            .unwrap();
        busy.apply(node("db", "write_time", Value::text("100ms")))
            .unwrap();
        let report = run(&busy);
        assert_eq!(report.nodes["lock"].locks.as_ref().unwrap().elections, 0);
        assert!(report.nodes["lock"].failures["unavailable"] > 20);
        for finding in found("central-coordinator", &busy, &report) {
            assert!(!finding.what.contains("leader"), "{}", finding.what.text());
        }
    }
}
