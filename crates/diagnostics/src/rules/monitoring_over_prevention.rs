//! Saturation that no alert watches.

use super::flying_blind::edge;
use super::{Explanation, Rule};
use crate::facts::{Facts, Series, Span, field};
use crate::remedies;
use design::kinds::Kind;
use design::telemetry::Signal;
use design::{Metric, Node};
use report::{Finding, Fold, Message, Severity, list, message, moment, name, percent, rate};
use sim::Report;

/// Load as a share of capacity from which a node has little headroom.
const NARROW: f64 = 0.85;
/// Least time that a signal must precede the outage, in seconds.
const LEAD_S: f64 = 5.0;

pub(super) const RULE: Rule = Rule {
    id: "monitoring-over-prevention",
    title: "Saturation without an alert",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Backlogs, pools and response times show an outage minutes before it happens. An alert \
        on errors fires only when it has happened.",
    evidence: "Structural: a node is at least 85% busy, and no alert watches a backlog or a \
        response time there or above it (a note). At 100% it is a warning, with or without such an \
        alert. Measured: a node without such an alert was saturated, and no alert fired within 5 \
        s. In addition, users were affected, or the required time to detect was missed. It is a \
        warning where no other rule names the cause, an error where a requirement was missed, and \
        otherwise a note.",
    silent: "Nodes with headroom. Alerts on backlog, message age or response time.",
    fixes: "Alert on backlog and response time, and leave headroom. The cost: spare capacity, and \
        pages for bursts that pass.",
};

/// Returns whether an early alert watches a node or a node above it.
fn is_watched(facts: &Facts<'_>, id: &str) -> bool {
    let mut alerts = facts.design.settings.alerts.iter();
    if alerts.len() == 0 {
        return false;
    }
    let above = facts.graph.reached_by(id);
    alerts.any(|alert| {
        let early = matches!(
            alert.when,
            Signal::Backlog(_) | Signal::SlowRatio(_) | Signal::OldestAge(_)
        );
        early && above.contains(alert.node.as_str())
    })
}

fn is_worker(node: &Node) -> bool {
    matches!(node.kind, Kind::Service(_) | Kind::Database(_))
}

/// Returns alerts and headroom as fixes. Headroom comes first where the load exceeds the capacity,
/// because no alert helps there.
fn more(facts: &Facts<'_>, id: &str, is_overloaded: bool) -> Vec<report::Remedy> {
    let mut watched = Vec::new();
    if let Some((edge, slow)) = edge(facts) {
        watched.extend(remedies::watch_symptoms(facts.design, edge, slow));
    }
    watched.extend(remedies::watch_backlog(facts.design, id, 50));
    let room = room(facts, id);
    match is_overloaded {
        true => room.into_iter().chain(watched).collect(),
        false => watched.into_iter().chain(room).collect(),
    }
}

fn room(facts: &Facts<'_>, id: &str) -> Vec<report::Remedy> {
    let mut fixes = Vec::new();
    if let Some(service) = facts.graph.service(id) {
        fixes.extend(remedies::replicas(facts.design, id, service.replicas * 2));
    } else if let Some(Kind::Database(database)) = facts.graph.node(id).map(|node| &node.kind) {
        let wanted = f64::from(database.concurrency) * 2.0;
        fixes.push(report::Remedy::new(
            message!("Double the concurrency of {}", name(id)),
            "A larger machine to pay for.",
            vec![remedies::node(id, "concurrency", remedies::number(wanted))],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for node in facts.design.nodes.iter().filter(|node| is_worker(node)) {
        let load = facts.flow.node(&facts.graph, &node.id);
        let can = facts.flow.capacity(&facts.graph, &node.id);
        let busy = load / can;
        if busy < NARROW
            || !busy.is_finite()
            || is_consumer(facts, &node.id)
            || is_scaled(node)
            || facts.is_closed()
        {
            continue;
        }
        if busy < 1.0 && is_watched(facts, &node.id) {
            continue;
        }
        // More than eight findings add no information.
        if found.len() >= 8 {
            break;
        }
        let severity = if busy >= 1.0 {
            Severity::Warning
        } else {
            Severity::Note
        };
        let what = match busy >= 1.0 {
            true => message!("{} receives more load than it can serve", name(&node.id)),
            false => message!(
                "{} has little headroom, and no alert watches it",
                name(&node.id)
            ),
        };
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .severity(severity)
                .says(
                    what,
                    load_and_capacity(load, can),
                    "Leave headroom, and alert on backlog and response time.",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by(more(facts, &node.id, busy >= 1.0)),
        );
    }
    found
}

fn load_and_capacity(load: f64, can: f64) -> Message {
    message!(
        "In the design, requests arrive at {} and it can serve {}. That is {} of its capacity.",
        rate(load),
        rate(can),
        percent(load / can)
    )
}

/// Returns whether the design alone sends a node more load than it can serve, all the time.
fn is_overloaded(facts: &Facts<'_>, id: &str) -> bool {
    let (load, can) = (
        facts.flow.node(&facts.graph, id),
        facts.flow.capacity(&facts.graph, id),
    );
    let is_steady = !facts.is_closed() && facts.graph.node(id).is_some_and(|node| !is_scaled(node));
    is_steady && can.is_finite() && load >= can
}

fn is_scaled(node: &Node) -> bool {
    matches!(&node.kind, Kind::Service(service) if service.autoscale.is_some())
}

/// Returns whether a node only consumes, directly or for a consumer: its queue shows its overload.
fn is_consumer(facts: &Facts<'_>, id: &str) -> bool {
    let into = facts.graph.inward(id);
    into.iter()
        .any(|link| link.mode == design::link::Mode::Consume)
        || {
            // The same holds for nodes that only consumers call.
            !into.is_empty()
                && into.iter().all(|link| {
                    facts
                        .graph
                        .inward(&link.from)
                        .iter()
                        .any(|up| up.mode == design::link::Mode::Consume)
                })
        }
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let missed = facts.missed(&[Metric::TimeToDetect]);
    if !facts.is_hurt() && missed.is_none() {
        return Vec::new();
    }
    let mut full: Vec<(&str, Span)> = facts
        .design
        .nodes
        .iter()
        .filter(|node| is_worker(node) && !series.saturated(&node.id).is_empty())
        .filter(|node| !is_watched(facts, &node.id) && !is_consumer(facts, &node.id))
        .filter_map(|node| Some((node.id.as_str(), *series.saturated(&node.id).first()?)))
        .collect();
    full.sort_by(|a, b| a.1.from_s.total_cmp(&b.1.from_s));
    let Some((id, span)) = full.first().copied() else {
        return Vec::new();
    };
    let from = span.from_s;
    let alert = first_alert(report);
    let felt = series.first_loss();
    let lead = felt.map(|felt| felt - from);
    let told = match alert {
        Some((at, name)) => message!("The first alert, \"{}\", fired at {}", name, moment(at)),
        None => Message::from("No alert fired"),
    };
    let hurt = match felt {
        Some(felt) if felt > from + 0.5 => {
            message!(" Users were affected from {} on.", moment(felt))
        }
        _ => Message::new(),
    };
    let names: Vec<&str> = full.iter().map(|(id, _)| *id).collect();
    let late = alert.is_none_or(|(at, _)| at - from >= LEAD_S);
    if missed.is_none() && !(late && lead.is_some_and(|lead| lead >= LEAD_S)) && felt.is_none() {
        return Vec::new();
    }
    if !late {
        return Vec::new();
    }
    let (what, why) = saturation(series, id, &names[1..], (hurt, told));
    vec![
        Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
            .measured(Some(from))
            .says(
                what,
                why,
                "Alert on backlog and response time, and leave headroom.",
            )
            .endangers(missed.unwrap_or(facts.felt()))
            .fixed_by(more(facts, id, is_overloaded(facts, id))),
    ]
}

/// Returns the alert that fired first, with the time.
fn first_alert(report: &Report) -> Option<(f64, &str)> {
    let alerts = report.operator.alerts.iter();
    let fired = alerts.filter_map(|alert| Some((alert.episodes.first()?.from_s, &*alert.name)));
    fired.min_by(|a, b| a.0.total_cmp(&b.0))
}

/// Describes the longest saturation of a node, what followed it, and which alert fired.
fn saturation(
    series: &Series<'_>,
    id: &str,
    others: &[&str],
    (hurt, told): (Message, Message),
) -> (Message, Message) {
    let spans = series.saturated(id).iter().copied();
    let span = spans.reduce(|a, b| if b.s() > a.s() { b } else { a });
    let span = span.unwrap_or(series.whole());
    let (came, went) = series.flow_of(id, span);
    let at = |series| field::node_over(id, series, Fold::Mean, span);
    let others = match others {
        [] => Message::new(),
        others => message!(" Saturation then spread to {}.", list(others)),
    };
    (
        message!(
            "{} had no free slot from {} to {}, and no alert watched for it",
            name(id),
            moment(span.from_s),
            moment(span.until_s)
        ),
        message!(
            "In that time, requests arrived at {} and completed at {}.{}{} {}, and none watches \
             its backlog or its response time.",
            rate(came).of(at("arrivals_per_s")),
            rate(went).of(at("completions_per_s")),
            others,
            hurt,
            told
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(rate: u32, alert: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "patience": "5s"}},
            {{"id": "api", "kind": "service", "concurrency": 2, "queue": {{"capacity": 400}}, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "api"}}], "alerts": [{alert}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn a_node_without_room_is_told_and_one_that_is_watched_is_not() {
        let faulty = design(120, "");
        assert!(
            lint("monitoring-over-prevention", &faulty)[0]
                .what
                .contains("receives more load than it can serve")
        );
        assert!(found("monitoring-over-prevention", &faulty, &run(&faulty))[0].measured);
        let backlog =
            r#"{"name": "full", "node": "api", "when": {"backlog": {"above": 20}}, "every": "5s"}"#;
        let watched = design(120, backlog);
        assert!(
            found("monitoring-over-prevention", &watched, &run(&watched))
                .iter()
                .all(|f| !f.measured)
        );
        // An operation weighs by its share of the requests: 98 in 100 take 10 ms, 2 take 1 s.
        let mixed = |share: u32| {
            read(&format!(
                r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "operations": [{{"name": "photo", "weight": {}}}, {{"name": "video", "weight": {share}}}]}},
            {{"id": "media", "kind": "service", "concurrency": 5, "service_time": "const(0s)"}},
            {{"id": "thumbs", "kind": "service", "service_time": "const(10ms)"}}, {{"id": "encoder", "kind": "service", "service_time": "const(1s)"}}],
            "links": [{{"from": "users", "to": "media"}}, {{"from": "media", "to": "thumbs", "latency": "const(0s)", "when": {{"operations": ["photo"]}}}},
                {{"from": "media", "to": "encoder", "latency": "const(0s)", "when": {{"operations": ["video"]}}}}]}}"#,
                100 - share
            ))
        };
        assert!(lint("monitoring-over-prevention", &mixed(2)).is_empty());
        // 0.95 * 10 ms + 0.05 * 1 s = 59.5 ms: five slots do 84 a second.
        let full = &lint("monitoring-over-prevention", &mixed(5))[0];
        let opening = "In the design, requests arrive at 100/s and it can serve 84/s.";
        assert!(full.why.starts_with(opening), "{}", full.why.text());
        let near = design(70, "");
        assert!(lint("monitoring-over-prevention", &near).is_empty());
        assert!(found("monitoring-over-prevention", &near, &run(&near)).is_empty());
    }
}
