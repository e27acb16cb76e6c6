//! Queues whose consumers are slower than their producers.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Span};
use crate::remedies;
use design::link::Mode;
use design::{FaultKind, Metric, Node};
use report::{
    Finding, Fold, Message, Remedy, Severity, count_of, figure, message, moment, ms, name, rate,
    whole,
};
use sim::Report;

/// Load as a share of the consumers' capacity from which a queue only grows.
const FULL: f64 = 1.0;
/// Least peak of a backlog, in messages, and least age of its oldest message, for a finding.
const WAITING: f64 = 200.0;
const AGE_MS: f64 = 5_000.0;
/// Share of its peak that a backlog must still have at the end to count as not draining.
const STILL: f64 = 0.7;

pub(super) const RULE: Rule = Rule {
    id: "async-silver-bullet",
    title: "Growing queue backlog (consumer lag)",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A queue does not make its consumers faster. When messages arrive faster than they are \
        processed, the latency moves into the backlog. The backlog grows until the queue is full \
        or its messages are too old to be useful, and so does the time from \"accepted\" to \
        \"done\".",
    evidence: "Structural: messages arrive at least as fast as all consumers together can process \
        them (a warning). The capacity of the consumers follows from their concurrency and times \
        (Little's law). Measured: a backlog reached at least 200 messages, the oldest of which \
        waited at least 5 s. Either 70% of that backlog was left when requests ended, or the queue \
        was full while users were affected.",
    silent: "A backlog that drains. A backlog behind a fault that lasts to the end of the run.",
    fixes: "Add consumers, or limit the queue so that publishers get backpressure. The cost: more \
        consumers to pay for, or publishers that wait or are rejected.",
};

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, _) in facts.queues() {
        let comes = facts.flow.node(&facts.graph, &node.id);
        let goes = facts.flow.capacity(&facts.graph, &node.id);
        if comes >= FULL * goes && comes > 0.0 {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .severity(Severity::Warning)
                    .says(
                        message!("Messages arrive at {} faster than its consumers can process \
                            them", name(&node.id)),
                        message!("Messages arrive at {}, and its consumers process at most {}. The backlog grows by {}.", rate(comes), rate(goes), rate(comes - goes)),
                        "Add consumers for this load, and limit the queue so that publishers get backpressure.",
                    )
                    .endangers(Metric::Goodput)
                    .fixed_by(fixes(facts, node, comes)),
            );
        }
    }
    found
}

/// Returns fixes for a load given in messages per second: more consumers, or a bounded queue.
fn fixes(facts: &Facts<'_>, node: &Node, comes: f64) -> Vec<Remedy> {
    let mut edits = Vec::new();
    let goes = facts.flow.capacity(&facts.graph, &node.id);
    let more = (1.3 * comes / goes.max(1e-9)).max(1.5);
    for link in facts
        .graph
        .out(&node.id)
        .iter()
        .filter(|link| link.mode == Mode::Consume)
    {
        let wanted = libm::ceil(f64::from(link.concurrency) * more).min(100_000.0);
        edits.push(remedies::link(
            &link.id,
            "concurrency",
            remedies::number(wanted),
        ));
        if let Some(service) = facts.graph.service(&link.to) {
            let replicas = libm::ceil(f64::from(service.replicas) * more).min(1_000.0);
            if service.autoscale.is_none() {
                edits.push(remedies::node(
                    &link.to,
                    "replicas",
                    remedies::number(replicas),
                ));
            }
        }
    }
    let mut fixes = vec![Remedy::new(
        "Add consumers for this load",
        message!(
            "You pay for {} times the consumers, and they send as many more calls to their \
             callees.",
            figure(more)
        ),
        edits,
    )];
    let design::Kind::Queue(queue) = &node.kind else {
        return fixes;
    };
    let bound = libm::ceil(goes * 10.0).clamp(10.0, 1e6);
    if queue
        .capacity
        .is_none_or(|now| f64::from(now) > 2.0 * bound)
        && goes.is_finite()
    {
        fixes.push(Remedy::new(
            message!("Limit the backlog of {} to 10 s of work", name(&node.id)),
            "Publishers are rejected while the queue is full.",
            vec![remedies::node(
                &node.id,
                "capacity",
                remedies::number(bound),
            )],
        ));
    }
    fixes
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, queue) in facts.queues() {
        let (Some(windows), Some(messages)) = (
            series.node(&node.id),
            report
                .nodes
                .get(&node.id)
                .and_then(|node| node.messages.as_ref()),
        ) else {
            continue;
        };
        let whole = series.whole();
        let waiting = series.between(&windows.waiting, windows.width_s, whole);
        let most = waiting.iter().copied().max().unwrap_or(0);
        let last = waiting.last().copied().unwrap_or(0);
        if (most as f64) < WAITING
            || messages.oldest_ms.max < AGE_MS
            || is_held_up(facts, node, whole)
        {
            continue;
        }
        let is_full = queue
            .capacity
            .is_some_and(|capacity| most as f64 >= 0.95 * f64::from(capacity));
        if (last as f64) < STILL * most as f64 && !(is_full && facts.is_hurt()) {
            continue;
        }
        let first = waiting
            .iter()
            .position(|n| *n as f64 >= 0.05 * most as f64)
            .unwrap_or(0);
        let onset = whole.from_s + first as f64 * windows.width_s;
        let span = Span {
            from_s: onset,
            until_s: whole.until_s,
        };
        let came = series.mean(&windows.arrivals_per_s, windows.width_s, span);
        let grows = (last as f64 - waiting[first] as f64) / span.s().max(1e-9);
        let at = |fold| field::node_over(&node.id, "waiting", fold, span);
        let growth = at(Fold::Last)
            .minus(at(Fold::First))
            .times(1.0 / span.s().max(1e-9));
        let lost = lost(&node.id, messages);
        let is_collapsed = facts.missed_by_users().is_some() || messages.lost > 0;
        let mut finding = Finding::new(RULE.id, std::iter::once(node.id.clone()).chain(consumers(facts, node)))
            .measured(Some(onset))
            .says(
                message!("The backlog of {} grew to {} messages and did not drain", name(&node.id), report::whole(most as f64).of(field::node_over(&node.id, "waiting", Fold::Max, whole))),
                message!(
                    "Messages arrived at {} from {} on, {} faster than its consumers processed them. The oldest message waited {}.{}",
                    rate(came).of(field::node_over(&node.id, "arrivals_per_s", Fold::Mean, span)), moment(onset), rate(grows.max(0.0)).maybe_of((grows >= 0.0).then_some(growth)), ms(messages.oldest_ms.max).of(field::node(&node.id, "messages.oldest_ms.max"))
                , lost),
                "Add consumers for this load, and limit the queue so that publishers get backpressure.",
            )
            .endangers(facts.missed_by_users().unwrap_or(Metric::Goodput))
            .fixed_by(fixes(facts, node, came));
        if is_collapsed {
            finding = finding.severity(Severity::Error);
        }
        found.push(finding);
    }
    found
}

fn lost(id: &str, messages: &report::Messages) -> Message {
    match (messages.dropped, messages.lost) {
        (0, 0) => Message::new(),
        (dropped, 0) => message!(
            " {} dropped.",
            count_of(
                whole(dropped as f64).of(field::node(id, "messages.dropped")),
                "message was",
                "messages were"
            )
        ),
        (_, lost) => message!(
            " {} lost.",
            count_of(
                whole(lost as f64).of(field::node(id, "messages.lost")),
                "message was",
                "messages were"
            )
        ),
    }
}

fn consumers(facts: &Facts<'_>, node: &Node) -> Vec<String> {
    let links = facts.graph.out(&node.id).iter();
    let links = links.filter(|link| link.mode == Mode::Consume);
    links.map(|link| link.to.clone()).collect()
}

/// Returns whether a fault at the consumers or the queue lasts to the end, which explains a
/// backlog.
fn is_held_up(facts: &Facts<'_>, node: &Node, whole: Span) -> bool {
    let mut ids: Vec<&str> = vec![&node.id];
    for link in facts.graph.out(&node.id) {
        ids.extend(facts.graph.reach(&link.to));
    }
    facts.faults_on(&ids).any(|fault| {
        let ends = facts
            .design
            .fault_ends(fault)
            .map_or(f64::INFINITY, |end| end.as_s());
        !matches!(fault.kind, FaultKind::PoisonMessage) && ends >= whole.until_s - 5.0
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(rate: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}}},
            {{"id": "jobs", "kind": "queue"}}, {{"id": "worker", "kind": "service", "concurrency": 4, "service_time": "exp(100ms)"}}],
            "links": [{{"from": "users", "to": "jobs", "mode": "publish"}},
                {{"from": "jobs", "to": "worker", "mode": "consume", "concurrency": 4}}], "warmup": "5s"}}"#
        ))
    }

    #[test]
    fn more_than_consumers_can_do_is_told_and_less_is_not() {
        let faulty = design(60);
        assert!(
            lint("async-silver-bullet", &faulty)[0]
                .why
                .contains("Messages arrive at 60/s")
        );
        let finding = &found("async-silver-bullet", &faulty, &run(&faulty))[0];
        assert!(finding.measured && finding.subjects == ["jobs", "worker"]);
        let mut fixed = faulty.clone();
        fixed.apply(finding.remedies[0].command()).unwrap();
        assert!(found("async-silver-bullet", &fixed, &run(&fixed)).is_empty());
        let near = design(30);
        assert!(lint("async-silver-bullet", &near).is_empty());
        assert!(found("async-silver-bullet", &near, &run(&near)).is_empty());
    }
}
