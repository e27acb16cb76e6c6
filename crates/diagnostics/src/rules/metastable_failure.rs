//! Systems that stay overloaded after the trigger is over.

use super::{Explanation, Rule, nothing};
use crate::facts::field;
use crate::facts::{Facts, Span, is_bounded};
use crate::remedies;
use design::kinds::Kind;
use design::kinds::service::Discipline;
use design::{Link, Value};
use report::{Finding, Fold, Message, Severity, link_name, message, moment, name, percent, rate};
use sim::Report;

pub(super) const RULE: Rule = Rule {
    id: "metastable-failure",
    title: "Metastable failure",
    structural: nothing,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "The trigger is over and the load is back at its earlier level, but goodput stays down. \
        The system is kept busy by work whose results nobody uses, such as retries. It recovers \
        only when the load falls far below the level that it served before.",
    evidence: "Measured: goodput is below half of its level before the trigger, although the load \
        is back at its earlier level. This lasts at least 10 s and at least ten times the earlier \
        99th percentile (Bronson et al., HotOS 2021). Retries and work for callers that timed out \
        show what sustains the failure.",
    silent: "A fault that still lasts, or a load that is still higher. A recovery that is only \
        slow.",
    fixes: "Use retry budgets, serve the newest calls first under overload, propagate deadlines, \
        and shed load. The cost: some requests are rejected that would have been served.",
};

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let (Some(stuck), Some(series)) = (&report.metastable, &facts.series) else {
        return Vec::new();
    };
    let span = Span {
        from_s: stuck.since_s,
        until_s: stuck.until_s.unwrap_or(series.whole().until_s),
    };
    let mut busiest: Vec<(&str, f64)> = facts
        .design
        .nodes
        .iter()
        .filter_map(|node| {
            let windows = series.node(&node.id)?;
            let part = series.between(&windows.utilization, windows.width_s, span);
            let known: Vec<f64> = part.iter().flatten().copied().collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            (mean >= 0.9).then_some((node.id.as_str(), mean))
        })
        .collect();
    busiest.sort_by(|a, b| b.1.total_cmp(&a.1));
    let retried: Vec<(&Link, f64)> = facts
        .design
        .links
        .iter()
        .filter_map(|link| {
            let windows = series.link(&link.id)?;
            let attempts = series.mean(&windows.attempts_per_s, windows.width_s, span);
            let retries = series.mean(&windows.retries_per_s, windows.width_s, span);
            let share = retries / attempts.max(1e-9);
            (share >= 0.2 && !is_bounded(link)).then_some((link, share))
        })
        .collect();
    let wasted = facts.design.nodes.iter().filter_map(|node| {
        let share = report.nodes.get(&node.id)?.wasted_work;
        (share >= 0.2).then_some((node.id.as_str(), share))
    });
    let wasted = wasted.max_by(|a, b| a.1.total_cmp(&b.1));
    let (mut because, mut wasted_said) = (Vec::new(), Message::new());
    if let Some((id, share)) = busiest.first() {
        because.push(message!(
            "{} was {} busy",
            name(id),
            percent(*share).of(field::node_over(id, "utilization", Fold::Mean, span))
        ));
    }
    if let Some((link, share)) = retried.first() {
        let at = |series| field::link_over(&link.id, series, Fold::Mean, span);
        because.push(message!(
            "{} of the attempts on {} were retries",
            percent(*share).of(at("retries_per_s").over(at("attempts_per_s"))),
            link_name(&link.id)
        ));
    }
    if let Some((id, share)) = wasted {
        wasted_said = message!(
            " Over the whole run, {} of the work of {} was for callers that had timed out.",
            percent(share).of(field::node(id, "wasted_work")),
            name(id)
        );
    }
    let sustained = match because.is_empty() {
        true => Message::new(),
        false => message!(" In that time, {}.", Message::join(because, ", and ")),
    };
    let until = until(stuck.until_s, report);
    let subject = busiest
        .first()
        .map(|(id, _)| *id)
        .or(wasted.map(|(id, _)| id));
    let subjects = subject.into_iter().map(str::to_owned);
    let subjects = subjects.chain(retried.iter().map(|(link, _)| link.id.clone()));
    let links: Vec<&Link> = retried.iter().map(|(link, _)| *link).collect();
    let mut fixes = vec![remedies::budget_retries(&links)];
    fixes.extend(
        busiest
            .iter()
            .chain(&wasted)
            .filter_map(|(id, _)| newest_first(facts, id)),
    );
    fixes.extend(
        busiest
            .first()
            .and_then(|(id, _)| remedies::shed(facts.design, id)),
    );
    fixes.truncate(3);
    vec![
        Finding::new(RULE.id, subjects)
            .measured(Some(stuck.since_s))
            .severity(Severity::Error)
            .says(
                message!("Goodput stayed at {} of its earlier level after the trigger was over", percent(stuck.goodput_per_s / stuck.goodput_before_per_s.max(1e-9)).of(field::of("metastable.goodput_per_s").over(field::of("metastable.goodput_before_per_s")))),
                message!(
                    "Goodput was {} before. From {} {}, at the same load, it was {}.{}",
                    rate(stuck.goodput_before_per_s).of(field::of("metastable.goodput_before_per_s")), moment(stuck.since_s), until, rate(stuck.goodput_per_s).of(field::of("metastable.goodput_per_s"))
                , message!("{}{}", sustained, wasted_said)),
                "Break the feedback loop: limit retries, drop requests whose callers have timed out, and shed load.",
            )
            .endangers(facts.felt())
            .fixed_by(fixes),
    ]
}

/// "to 68.0 s": the end of the failure.
fn until(until_s: Option<f64>, report: &Report) -> Message {
    match until_s {
        Some(until_s) => message!("to {}", moment(until_s)),
        None if report.run.status == "running" => message!("to {}", moment(report.run.ended_s)),
        None => Message::from("to the end of the requests"),
    }
}

fn newest_first(facts: &Facts<'_>, id: &str) -> Option<report::Remedy> {
    let Kind::Service(service) = &facts.design.node(id)?.kind else {
        return None;
    };
    (service.queue.discipline == Discipline::Fifo).then(|| {
        report::Remedy::new(
            message!(
                "Serve the newest calls first at {} under overload",
                name(id)
            ),
            "The calls that have waited longest time out.",
            vec![remedies::node(
                id,
                "queue.discipline",
                Value::text("adaptive_lifo"),
            )],
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, read, run};
    use report::Severity;

    /// One layer: users time out after a second and retry, and work for callers that have left goes
    /// on.
    fn design(rate: u32) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "patience": "5s"}},
            {{"id": "api", "kind": "service", "replicas": 2, "concurrency": 2, "queue": {{"capacity": null}}, "service_time": "exp(22ms)"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "1s", "retry": {{"max_attempts": 3}}}}],
            "duration": "120s", "warmup": "5s"}}"#
        ));
        design.faults.push(fault(
            r#"{"at": "20s", "for": "8s", "kind": "traffic_spike", "target": "users", "times": 3}"#,
        ));
        design
    }

    #[test]
    fn what_stays_down_is_named_and_what_comes_back_is_not() {
        let faulty = design(140);
        let report = run(&faulty);
        assert!(report.metastable.is_some());
        let stuck = &found("metastable-failure", &faulty, &report)[0];
        assert_eq!(
            (stuck.severity, stuck.subjects[0].as_str()),
            (Severity::Error, "api")
        );
        let mut under_way = sim::Simulation::new(&faulty);
        under_way.run_until(50_000_000_000, u64::MAX);
        let so_far = under_way.report();
        let stuck = &found("metastable-failure", &faulty, &so_far)[0];
        assert!(stuck.why.contains("to 50.0 s"), "{}", stuck.why.text());
        let mut fixed = faulty.clone();
        fixed.links[0].retry = None;
        let report = run(&fixed);
        assert_eq!(
            report.metastable.is_some(),
            !found("metastable-failure", &fixed, &report).is_empty()
        );
        let light = design(40);
        assert!(found("metastable-failure", &light, &run(&light)).is_empty());
    }
}
