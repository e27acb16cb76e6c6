//! Several services that share one database.

use super::noisy_neighbour::saturated;
use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Span};
use design::kinds::{Database, Kind};
use design::{Fault, FaultKind, Metric, Node};
use report::{
    Field, Figure, Finding, Fold, Message, list, message, moment, ms, name, percent, rate,
};
use sim::Report;

/// Least ratio of a service's response time to its usual one.
const SLOWER: f64 = 2.0;

pub(super) const RULE: Rule = Rule {
    id: "shared-database",
    title: "Shared database",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Services that share a database share its connections, its locks and its outages. A \
        heavy query of one service, or a migration of its tables, affects the others. No team can \
        change a table without coordination.",
    evidence: "Structural: two or more services call one database that receives writes (a note, \
        also within one team, because the load is shared in any case). Measured: the database was \
        saturated, or its tables were locked. Meanwhile a service that received no more than \
        before took at least twice its usual time or failed.",
    silent: "One service per database. A database that is never short of capacity.",
    fixes: "Give each service its own store, and synchronize them by events. The cost: data of the \
        other service is slightly old.",
};

fn users<'a>(facts: &Facts<'a>, id: &str) -> Vec<&'a Node> {
    let callers = facts.callers(id).into_iter();
    callers
        .filter(|node| matches!(node.kind, Kind::Service(_)))
        .collect()
}

fn is_shared<'a>(facts: &Facts<'a>, node: &Node, database: &Database) -> Option<Vec<&'a Node>> {
    let users = users(facts, &node.id);
    let owners = database.copy_of.is_none() && users.len() >= 2;
    owners.then_some(users)
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, database) in facts.databases() {
        let Some(users) = is_shared(facts, node, database) else {
            continue;
        };
        if facts.flow.writes(&facts.graph, &node.id) <= 0.0 {
            continue;
        }
        let names: Vec<&str> = users.iter().map(|user| user.id.as_str()).collect();
        let teams: std::collections::BTreeSet<&str> = users
            .iter()
            .filter_map(|user| user.deployment.team.as_deref())
            .collect();
        let teams = match teams.len() {
            0 | 1 => Message::new(),
            n => message!(" They belong to {} teams.", n),
        };
        found.push(
            Finding::new(RULE.id, std::iter::once(node.id.clone()).chain(names.iter().map(|name| (*name).to_owned())))
                .says(
                    message!("{} share {}", list(&names), name(&node.id)),
                    message!("A heavy query, a migration or too many connections of one of them affects all of them.{}", teams),
                    "Give each service its own store, and share data through events.",
                )
                .endangers(Metric::LatencyP99),
        );
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, database) in facts.databases() {
        let Some(users) = is_shared(facts, node, database).filter(|_| facts.is_hurt()) else {
            continue;
        };
        let locked = facts
            .faults_on(&[&node.id])
            .find(|fault| fault.kind == FaultKind::SchemaMigration);
        let until = series.whole().until_s;
        let span = match (locked, series.saturated(&node.id).first()) {
            (Some(fault), _) => Span {
                from_s: fault.at.as_s(),
                until_s: facts
                    .design
                    .fault_ends(fault)
                    .map_or(until, |end| end.as_s())
                    .min(until),
            },
            (None, Some(_)) => {
                let spans = series.saturated(&node.id);
                Span {
                    from_s: spans[0].from_s,
                    until_s: spans[spans.len() - 1].until_s,
                }
            }
            (None, None) => continue,
        };
        let rates: Vec<(&Node, f64, f64, f64)> = users
            .iter()
            .filter_map(|user| {
                let windows = series.node(&user.id)?;
                let before = series.mean(&windows.arrivals_per_s, windows.width_s, series.calm);
                let during = series.mean(&windows.arrivals_per_s, windows.width_s, span);
                Some((*user, before, during, slowdown(facts, &user.id, span)))
            })
            .collect();
        // The service whose load grew most, or, where no load grew, the one that keeps it busiest.
        let work = |user: &Node| {
            let links = facts.graph.out(&user.id).iter();
            let of: f64 = links
                .filter(|link| {
                    facts
                        .graph
                        .served_by(link)
                        .iter()
                        .any(|to| to.id == node.id)
                })
                .filter_map(|link| Some(report.links.get(&link.id)?.in_flight_mean))
                .sum();
            of
        };
        let culprit = rates
            .iter()
            .filter(|(_, before, during, _)| *during > 1.5 * before && *during > 1.0)
            .max_by(|a, b| (a.2 / a.1.max(1e-9)).total_cmp(&(b.2 / b.1.max(1e-9))))
            .or_else(|| rates.iter().max_by(|a, b| work(a.0).total_cmp(&work(b.0))));
        let Some((culprit, ..)) = culprit.copied() else {
            continue;
        };
        let victim = rates.iter().filter(|(user, before, during, slower)| {
            user.id != culprit.id && *during <= 1.3 * before + 1.0 && *slower >= SLOWER
        });
        let victim = victim.max_by(|a, b| a.3.total_cmp(&b.3)).copied();
        let Some((victim, ..)) = victim else {
            continue;
        };
        let (what, why) = how(facts, &node.id, (culprit, victim), (locked, span));
        let work_of = |user: &Node| {
            let links = facts.graph.out(&user.id).iter().filter(|link| {
                let served = facts.graph.served_by(link);
                served.iter().any(|to| to.id == node.id) && report.links.contains_key(&link.id)
            });
            field::links(links.map(|link| link.id.as_str()), "in_flight_mean")
        };
        let all = users.iter().map(|user| work_of(user)).collect();
        let share_of = work_of(culprit).over(Field::Sum(all));
        let share = work(culprit) / users.iter().map(|user| work(user)).sum::<f64>().max(1e-9);
        found.push(
            Finding::new(RULE.id, [node.id.clone(), culprit.id.clone(), victim.id.clone()])
                .measured(Some(span.from_s))
                .says(
                    what,
                    message!("{} On average, {} of the calls in flight at {} were from {}.", why, percent(share).of(share_of), name(&node.id), name(&culprit.id)),
                    "Give each service its own store, or limit what one service can use: a bulkhead, a pool, or a replica for heavy reads.",
                )
                .endangers(facts.felt())
                .fixed_by(bulkhead(facts, &culprit.id, node, database)),
        );
    }
    found
}

/// Limits the calls that one service may have in flight.
fn bulkhead(
    facts: &Facts<'_>,
    culprit: &str,
    node: &Node,
    database: &Database,
) -> Vec<report::Remedy> {
    let replicas = facts
        .graph
        .node(culprit)
        .map_or(1, |node| node.kind.replicas())
        .max(1);
    let most = (database.concurrency / 4 / replicas).max(1);
    let links = facts.graph.out(culprit).iter();
    let links = links.filter(|link| {
        facts
            .graph
            .served_by(link)
            .iter()
            .any(|to| to.id == node.id)
    });
    let bulkhead =
        crate::remedies::map(&[("max_concurrent", crate::remedies::number(f64::from(most)))]);
    let edits = links.map(|link| crate::remedies::link(&link.id, "bulkhead", bulkhead.clone()));
    vec![report::Remedy::new(
        message!("Limit {} to a quarter of {}", name(culprit), name(&node.id)),
        message!("Calls of {} beyond that limit fail.", name(culprit)),
        edits.collect(),
    )]
}

/// Says how a service was affected: by a migration, or by the load of another service.
fn how(
    facts: &Facts<'_>,
    database: &str,
    (culprit, victim): (&Node, &Node),
    (locked, span): (Option<&Fault>, Span),
) -> (Message, Message) {
    let harm = message!(
        "{}, which received no more than before, {}.",
        name(&victim.id),
        suffered(facts, &victim.id, span)
    );
    let calm = facts.series.as_ref().map_or(span, |series| series.calm);
    match locked {
        Some(fault) => (
            message!(
                "A migration locked the tables of {} at {} and blocked {}",
                name(database),
                moment(fault.at.as_s()),
                name(&victim.id)
            ),
            harm,
        ),
        None => (
            saturated(&culprit.id, database, &victim.id, span),
            message!(
                "{} sent calls to it at {}, up from {}. {}",
                name(&culprit.id),
                sent(facts, culprit, database, span),
                sent(facts, culprit, database, calm),
                harm
            ),
        ),
    }
}

/// Returns the attempts per second that one node sends another, including retries.
fn sent(facts: &Facts<'_>, from: &Node, to: &str, span: Span) -> Figure {
    let links = facts.graph.out(&from.id).iter().filter(|link| {
        let served = facts.graph.served_by(link);
        served.iter().any(|node| node.id == to)
    });
    let (mut sum, mut fields) = (0.0, Vec::new());
    for link in links {
        let series = facts.series.as_ref();
        if let Some((series, windows)) = series.and_then(|of| Some((of, of.link(&link.id)?))) {
            sum += series.mean(&windows.attempts_per_s, windows.width_s, span);
            let name = "attempts_per_s";
            fields.push(field::link_over(&link.id, name, Fold::Mean, span));
        }
    }
    rate(sum).of(Field::Sum(fields))
}

/// Says how a node was affected: it completed less than half of its usual calls, or took longer.
pub(super) fn suffered(facts: &Facts<'_>, id: &str, span: Span) -> Message {
    let Some(series) = &facts.series else {
        return Message::new();
    };
    let at = |name, span| field::node_over(id, name, Fold::Mean, span);
    let done = |span| rate(series.flow_of(id, span).1).of(at("completions_per_s", span));
    let took = |span: Span| {
        let windows = series.node(id)?;
        let means = &windows.response_mean_ms;
        let part = series.between(means, windows.width_s, span).iter();
        let part: Vec<f64> = part.flatten().copied().collect();
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        (!part.is_empty()).then(|| ms(mean).of(at("response_mean_ms", span)))
    };
    let (less, usual) = (done(span), done(series.calm));
    match (took(span), took(series.calm)) {
        (Some(slow), Some(fast)) if less.value >= 0.5 * usual.value => {
            message!("had a mean response time of {} instead of {}", slow, fast)
        }
        _ => message!("completed calls at {} instead of {}", less, usual),
    }
}

/// Returns the ratio of a node's response time, or of its completions where it completed few, to
/// their usual values.
pub(super) fn slowdown(facts: &Facts<'_>, id: &str, span: Span) -> f64 {
    let Some((series, windows)) = facts
        .series
        .as_ref()
        .and_then(|series| Some((series, series.node(id)?)))
    else {
        return 1.0;
    };
    let mean = |span: Span| {
        let part: Vec<f64> = series
            .between(&windows.response_mean_ms, windows.width_s, span)
            .iter()
            .flatten()
            .copied()
            .collect();
        part.iter().sum::<f64>() / part.len().max(1) as f64
    };
    let done = |span: Span| series.mean(&windows.completions_per_s, windows.width_s, span);
    let slower = mean(span) / mean(series.calm).max(1e-6);
    match done(span) < 0.5 * done(series.calm) {
        true => slower
            .max(done(series.calm) / done(span).max(0.01))
            .min(100.0),
        false => slower,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{found, lint, read, run};

    fn design(rise: f64, to: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "shoppers", "kind": "client", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "buy", "effect": "write"}}]}},
            {{"id": "analysts", "kind": "client", "arrivals": {{"poisson": "5/s"}}, "profile": [{{"at": "20s", "times": {rise}}}]}},
            {{"id": "shop", "kind": "service", "concurrency": 200}}, {{"id": "reports", "kind": "service", "concurrency": 200}},
            {{"id": "db", "kind": "database", "concurrency": 8, "connections": 400, "read_time": "100ms", "write_time": "exp(5ms)"}},
            {{"id": "db2", "kind": "database"}}],
            "links": [{{"from": "shoppers", "to": "shop", "timeout": "3s"}}, {{"from": "analysts", "to": "reports", "timeout": "30s"}},
                {{"from": "shop", "to": "db", "timeout": "1s"}}, {{"from": "reports", "to": "{to}", "timeout": "20s"}}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn one_users_load_takes_the_other_down_unless_it_has_its_own_store() {
        let faulty = design(30.0, "db");
        assert_eq!(lint("shared-database", &faulty)[0].subjects[0], "db");
        let finding = &found("shared-database", &faulty, &run(&faulty))[0];
        assert!(finding.measured);
        assert_eq!(finding.subjects, ["db", "reports", "shop"]);
        let light = design(2.0, "db");
        assert!(
            found("shared-database", &light, &run(&light))
                .iter()
                .all(|f| !f.measured)
        );
        assert!(lint("shared-database", &design(30.0, "db2")).is_empty());
    }
}
