//! Connection pools and slots that calls to one slow dependency exhaust.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Span};
use crate::remedies;
use design::kinds::Kind;
use design::link::Mode;
use design::{Link, Metric};
use report::{
    Field, Finding, Fold, Message, Remedy, Severity, count_of, figure, link_name, list, message,
    moment, name, percent, rate, time, whole,
};
use sim::Report;

/// Least share of calls, and least number, that got no connection in time.
const WAITED: f64 = 0.01;
const SAMPLES: u64 = 30;
/// Connections needed by Little's law, as a share of the pool's size, from which it is too small.
const SHORT: f64 = 0.9;
/// Share of a service's slots held by calls to one slow dependency from which others run short.
const HELD: f64 = 0.6;

pub(super) const RULE: Rule = Rule {
    id: "pool-exhaustion",
    title: "Connection pool exhaustion",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "When fast and slow calls share a pool of connections (or threads), the slow calls hold \
        most of them. The fast calls wait for a connection and fail, although their callee is \
        idle.",
    evidence: "Structural: a pool has fewer connections than its load needs by Little's law: a \
        note from 90% of the pool, a warning from 100%. Or services wait for one another in a ring \
        while each holds a slot: a warning, or a note where a timeout frees the slots. Measured: \
        at least 1% of the calls, and at least 30, got no connection in time while the callee had \
        capacity. Or a service was saturated, and calls of one kind held at least 60% of its \
        slots. These calls went to one slow dependency that only some operations need, or led back \
        to the service itself.",
    silent: "Pools that are exhausted for a moment. Callees that are saturated themselves.",
    fixes: "Use a bulkhead or a pool for each kind of call. The cost: connections idle in one pool \
        while another has none free.",
};

fn pool_of(facts: &Facts<'_>, link: &Link) -> Option<f64> {
    let pool = link.pool.as_ref()?;
    let callers = facts
        .graph
        .node(&link.from)
        .map_or(1, |node| node.kind.replicas());
    Some(f64::from(pool.size) * f64::from(callers))
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for link in &facts.design.links {
        let Some(size) = pool_of(facts, link) else {
            continue;
        };
        let sharing = facts.design.pool_links(link);
        if sharing[0].id != link.id {
            // Reported once, for the first link of a pool.
            continue;
        }
        let calls: f64 = sharing.iter().map(|link| facts.flow.link(&link.id)).sum();
        let held = |link: &&Link| facts.flow.link(&link.id) * facts.flow.call(&facts.graph, link);
        let needed: f64 = sharing.iter().map(held).sum();
        let holds = needed / calls.max(1e-9);
        if needed < SHORT * size {
            continue;
        }
        let severity = if needed >= size {
            Severity::Warning
        } else {
            Severity::Note
        };
        found.push(
            Finding::new(RULE.id, [link.id.clone()])
                .severity(severity)
                .says(
                    message!("The connection pool of {} is too small for its load", link_name(&link.id)),
                    message!("It needs {} connections and has {}. Calls arrive at {}, and each holds a connection for {} (Little's law).", figure(needed), whole(size), rate(calls), time(holds)),
                    "Size the pool by Little's law, or hold connections for less time.",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by([larger(facts, link, needed)]),
        );
    }
    found
}

fn larger(facts: &Facts<'_>, link: &Link, needed: f64) -> Remedy {
    let callers = facts
        .graph
        .node(&link.from)
        .map_or(1, |node| node.kind.replicas());
    let size = libm::ceil(1.5 * needed / f64::from(callers)).clamp(1.0, 10_000.0);
    Remedy::new(
        message!(
            "Raise the connection pool of {} to {} per caller",
            link_name(&link.id),
            whole(size)
        ),
        message!("{} has to hold more connections open.", name(&link.to)),
        (facts.design.pool_links(link).into_iter())
            .map(|link| remedies::link(&link.id, "pool.size", remedies::number(size)))
            .collect(),
    )
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    for link in &facts.design.links {
        if let Some(finding) = of_pool(facts, report, link) {
            found.push(finding);
        }
    }
    if facts.is_hurt() {
        found.extend(crate::lint::ring::measured(facts));
    }
    if found.is_empty() && facts.is_hurt() {
        for (node, _) in facts.services() {
            found.extend(of_slots(facts, &node.id));
        }
    }
    found
}

fn of_pool(facts: &Facts<'_>, report: &Report, link: &Link) -> Option<Finding> {
    let size = pool_of(facts, link)?;
    let figures = report.links.get(&link.id)?;
    let late = figures.failures.get("pool_timeout").copied().unwrap_or(0);
    let is_leaking = facts
        .faults_on(&[&link.id])
        .any(|fault| fault.kind == design::FaultKind::ConnectionLeak);
    if late < SAMPLES || (late as f64) < WAITED * figures.calls as f64 {
        return None;
    }
    let series = facts.series.as_ref()?;
    let windows = series.link(&link.id)?;
    let full = windows
        .in_flight
        .iter()
        .position(|n| *n as f64 >= 0.9 * size);
    let onset = full
        .map(|at| at as f64 * windows.width_s)
        .or(series.first_loss());
    let callee = &link.to;
    let busy = report
        .nodes
        .get(callee)
        .and_then(|node| node.utilization)
        .unwrap_or(0.0);
    let known = report.nodes.get(callee).and_then(|node| node.utilization);
    let busy_of = known.map(|_| field::node(callee, "utilization"));
    let late_of = field::link(&link.id, "failures.pool_timeout");
    // Where the callee itself is saturated, the pool is not the cause.
    if series.saturated_s(callee) >= 5.0 && !is_leaking {
        return None;
    }
    let slow: Vec<&str> = facts
        .graph
        .reach(callee)
        .into_iter()
        .filter(|id| *id != callee && !series.slow(id).is_empty())
        .collect();
    let mut fixes = bulkheads(facts, link);
    let usual = facts.flow.call(&facts.graph, link);
    if link
        .timeout
        .is_none_or(|timeout| timeout.as_s() > 5.0 * usual.max(0.05))
    {
        fixes.push(remedies::timeouts(&[(link, (5.0 * usual).max(0.1))]));
    }
    fixes.push(larger(facts, link, size));
    Some(
        Finding::new(
            RULE.id,
            std::iter::once(link.id.clone()).chain(slow.iter().map(|id| (*id).to_owned())),
        )
        .measured(onset)
        .says(
            message!(
                "{} on {} got no connection while {} had capacity to spare",
                count_of(
                    whole(late as f64).of(late_of.clone()),
                    "attempt",
                    "attempts"
                ),
                link_name(&link.id),
                name(callee)
            ),
            message!(
                "That is {} of the attempts. The pool has {}. {} was {} busy on average.{}",
                percent(late as f64 / (figures.attempts + late) as f64).of(late_of.clone().over(
                    Field::Sum(vec![field::link(&link.id, "attempts"), late_of,])
                )),
                count_of(whole(size), "connection", "connections"),
                name(callee),
                percent(busy).maybe_of(busy_of),
                slow_said(is_leaking, &slow)
            ),
            "Use a pool for each kind of call, so that slow calls exhaust only their own pool.",
        )
        .endangers(facts.felt())
        .fixed_by(fixes),
    )
}

/// Gives each kind of call a pool of its own: by operation, where the callee distinguishes them.
fn bulkheads(facts: &Facts<'_>, link: &Link) -> Vec<Remedy> {
    use design::link::Condition;
    let Some(pool) = link.pool.as_ref().filter(|pool| pool.size >= 2) else {
        return Vec::new();
    };
    let groups = facts
        .calls_from(&link.to)
        .filter_map(|below| match below.when.0.as_slice() {
            [Condition::Operations(names)] => Some(names.clone()),
            _ => None,
        });
    let groups: Vec<Vec<String>> = groups.collect();
    if groups.len() < 2 || link.when.0 != [Condition::Always] {
        return Vec::new();
    }
    let each = f64::from((pool.size / groups.len() as u32).max(1));
    let when = |names: &[String]| {
        let names = names.iter().map(design::Value::text).collect();
        remedies::map(&[("operations", design::Value::List(names))])
    };
    let mut edits = vec![
        remedies::link(&link.id, "when", when(&groups[0])),
        remedies::link(&link.id, "pool.size", remedies::number(each)),
        remedies::link(&link.id, "pool.shared", design::Value::Null),
    ];
    for (at, names) in groups.iter().enumerate().skip(1) {
        let mut other = link.clone();
        other.id = format!("{} pool {}", link.id, at + 1);
        other.when = design::link::Conditions(vec![Condition::Operations(names.clone())]);
        if let Some(pool) = &mut other.pool {
            (pool.size, pool.shared) = (each as u32, None);
        }
        edits.push(design::Command::AddLink(usize::MAX, Box::new(other)));
    }
    vec![Remedy::new(
        "Use a pool for each kind of call",
        "Connections may idle in one pool while another has none free.",
        edits,
    )]
}

/// Returns the finding about a service whose slots are held by calls to one of its dependencies.
fn of_slots(facts: &Facts<'_>, id: &str) -> Option<Finding> {
    let series = facts.series.as_ref()?;
    let service = facts.graph.service(id).filter(|service| service.blocking)?;
    let slots = f64::from(service.concurrency?) * f64::from(service.replicas);
    let span: Span = *series.saturated(id).first()?;
    let links: Vec<&Link> = facts
        .calls_from(id)
        .filter(|link| link.mode == Mode::Call)
        .collect();
    let some_need = links.iter().filter(|link| {
        link.when.0.iter().all(|c| {
            matches!(
                c,
                design::link::Condition::Operations(_) | design::link::Condition::Probability(_)
            )
        })
    });
    let held = some_need.filter_map(|link| {
        let windows = series.link(&link.id)?;
        let part = series.between(&windows.in_flight, windows.width_s, span);
        let mean = part.iter().map(|n| *n as f64).sum::<f64>() / part.len().max(1) as f64;
        (mean >= HELD * slots).then_some((*link, mean / slots))
    });
    let (link, share) = held.max_by(|a, b| a.1.total_cmp(&b.1))?;
    // A dependency that has always been slow is mixed work in one queue (head-of-line-blocking).
    let became_slow = facts
        .graph
        .reach(&link.to)
        .iter()
        .any(|id| !series.slow(id).is_empty());
    if links.len() < 2
        || !became_slow
        || matches!(facts.graph.node(&link.to)?.kind, Kind::Coordinator(_))
    {
        return None;
    }
    let most = libm::ceil(f64::from(service.concurrency?) / 4.0).max(1.0);
    let held_of = field::link_over(&link.id, "in_flight", Fold::Mean, span).times(1.0 / slots);
    Some(
        Finding::new(RULE.id, [id.to_owned(), link.id.clone()])
            .measured(Some(span.from_s))
            .says(
                message!(
                    "Calls to {} held {} of the slots of {} from {} on",
                    name(&link.to),
                    percent(share.min(1.0)).maybe_of((share <= 1.0).then_some(held_of)),
                    name(id),
                    moment(span.from_s)
                ),
                message!(
                    "Calls that do not need {} waited for one of the {} slots of {}.",
                    name(&link.to),
                    whole(slots),
                    name(id)
                ),
                "Limit the slots that each dependency can hold, with a bulkhead.",
            )
            .endangers(facts.felt())
            .fixed_by([bulkhead(link, most)]),
    )
}

/// Says what held the connections.
fn slow_said(is_leaking: bool, slow: &[&str]) -> Message {
    match (is_leaking, slow.is_empty()) {
        (true, _) => Message::from(" A fault leaked connections."),
        (false, true) => Message::new(),
        (false, false) => message!(" {} took several times the usual time.", list(slow)),
    }
}

/// Limits the calls in flight over a link.
fn bulkhead(link: &Link, most: f64) -> Remedy {
    let bulkhead = remedies::map(&[("max_concurrent", remedies::number(most))]);
    Remedy::new(
        message!(
            "Limit calls on {} to a quarter of the slots (bulkhead)",
            link_name(&link.id)
        ),
        "Its calls fail while that quarter is in use, even when other slots are free.",
        vec![remedies::link(&link.id, "bulkhead", bulkhead)],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(pool: u32, times: u32) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "operations": [{{"name": "search", "weight": 9}}, {{"name": "quote"}}]}},
            {{"id": "site", "kind": "service", "concurrency": 200, "service_time": "1ms"}},
            {{"id": "hub", "kind": "service", "concurrency": 400, "service_time": "1ms"}},
            {{"id": "fast", "kind": "service", "concurrency": 50, "service_time": "20ms"}}, {{"id": "slow", "kind": "service", "concurrency": 200, "service_time": "40ms"}}],
            "links": [{{"from": "users", "to": "site"}}, {{"from": "site", "to": "hub", "timeout": "5s", "pool": {{"size": {pool}, "wait": "200ms"}}}},
                {{"from": "hub", "to": "fast", "when": {{"operations": ["search"]}}}}, {{"from": "hub", "to": "slow", "when": {{"operations": ["quote"]}}}}], "warmup": "5s"}}"#
        ));
        design.faults.push(fault(&format!(r#"{{"at": "20s", "for": "20s", "kind": "slowdown", "target": "slow", "times": {times}}}"#)));
        design
    }

    #[test]
    fn a_slow_partner_empties_a_shared_pool_and_pools_apart_hold() {
        let faulty = design(12, 100);
        assert!(lint("pool-exhaustion", &faulty).is_empty());
        assert!(
            lint("pool-exhaustion", &design(2, 1))[0]
                .what
                .contains("too small")
        );
        let finding = &found("pool-exhaustion", &faulty, &run(&faulty))[0];
        assert_eq!(finding.subjects, ["site->hub", "slow"]);
        assert!(finding.remedies[0].label.contains("for each kind"));
        let near = design(60, 10);
        assert!(found("pool-exhaustion", &near, &run(&near)).is_empty());
    }

    #[test]
    fn a_shared_pool_is_judged_by_all_of_its_links() {
        // 200 calls/s over each of two links hold a connection for 20 ms and a round trip: 4.1
        // connections each, and so 8.2 of a pool that both share.
        let of = |size: u32, shared: &str| {
            let pool = format!(r#""pool": {{"size": {size}{shared}}}"#);
            read(&format!(
                r#"{{"nodes": [
                {{"id": "users", "kind": "client", "arrivals": {{"poisson": "200/s"}}}},
                {{"id": "api", "kind": "service", "concurrency": 200, "service_time": "1ms"}},
                {{"id": "db", "kind": "database", "concurrency": 100, "read_time": "20ms"}}],
                "links": [{{"from": "users", "to": "api"}},
                    {{"id": "a", "from": "api", "to": "db", {pool}}},
                    {{"id": "b", "from": "api", "to": "db", {pool}}}]}}"#
            ))
        };
        let found = |size: u32, shared: &str| lint("pool-exhaustion", &of(size, shared));
        let named = r#", "shared": "db""#;
        assert!(found(6, "").is_empty());
        let mut short = of(6, named);
        let told = lint("pool-exhaustion", &short);
        assert_eq!(
            (told.len(), &told[0].subjects[..]),
            (1, &["a".to_owned()][..])
        );
        // The fix has to enlarge the pool of both links in one edit, since they share it.
        short.apply(told[0].remedies[0].command()).unwrap();
        assert_eq!(short.problems(), []);
        assert!(lint("pool-exhaustion", &short).is_empty());
        assert!(found(12, named).is_empty());
    }

    #[test]
    fn attempts_without_a_connection_are_a_share_of_attempts() {
        let tight = read(
            r#"{"nodes": [
            {"id": "users", "kind": "client", "arrivals": {"poisson": "60/s"}, "patience": "5s"},
            {"id": "api", "kind": "service", "concurrency": 200},
            {"id": "db", "kind": "database", "concurrency": 16, "read_time": "50ms"}],
            "links": [{"from": "users", "to": "api"},
                {"from": "api", "to": "db", "timeout": "1s", "pool": {"size": 1, "wait": "10ms"}, "retry": {"max_attempts": 5}}],
            "warmup": "2s"}"#,
        );
        let report = run(&tight);
        let link = &report.links["api->db"];
        assert!(
            link.failures["pool_timeout"] > link.attempts,
            "attempts are what was sent"
        );
        let told = &found("pool-exhaustion", &tight, &report)[0];
        let shares = crate::testing::shares(&told.why);
        assert!(shares[0] > 0.5 && shares[0] < 1.0, "{}", told.why.text());
    }
}
