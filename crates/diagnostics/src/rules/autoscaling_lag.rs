//! Replicas that are ready only after the outage has begun.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::service::{Autoscale, Service};
use design::{Kind, Metric, Node};
use report::{
    Finding, Fold, Remedy, count, count_of, figure, message, moment, name, rate, time, whole,
};
use sim::Report;

/// Seconds of saturation before new replicas are ready from which they count as late.
const LATE_S: f64 = 10.0;

pub(super) const RULE: Rule = Rule {
    id: "autoscaling-lag",
    title: "Autoscaling lag",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "An autoscaler decides at intervals, and new replicas take time to start. Until then, \
        the old number of replicas serves the new load. Calls that queue up meanwhile can make the \
        autoscaler start too many replicas.",
    evidence: "Structural: the load rises above the capacity of the replicas faster than new ones \
        start, and nothing sheds load (a note). Measured: an autoscaled service was saturated for \
        at least 10 s before its new replicas were ready, while users were affected.",
    silent: "Enough headroom for the rise. Replicas that are ready in time. A load that grows \
        slowly.",
    fixes: "Keep headroom, limit the queue, or scale on a schedule. The cost: idle replicas, or \
        rejected requests.",
};

fn reaction_s(scale: &Autoscale) -> f64 {
    scale.interval.as_s() + scale.startup.mean_s().unwrap_or(0.0)
}

fn scaled<'a>(
    facts: &Facts<'a>,
) -> impl Iterator<Item = (&'a Node, &'a Service, &'a Autoscale)> + use<'a> {
    facts
        .services()
        .filter_map(|(node, service)| Some((node, service, service.autoscale.as_ref()?)))
}

fn fixes(node: &Node, service: &Service, scale: &Autoscale, wanted: f64) -> Vec<Remedy> {
    let wanted = libm::ceil(wanted).clamp(f64::from(scale.min), f64::from(scale.max));
    let mut fixes = vec![Remedy::new(
        message!(
            "Keep at least {} replicas of {}",
            whole(wanted),
            name(&node.id)
        ),
        message!(
            "You pay for {} idle most of the time.",
            count_of(
                whole(wanted - f64::from(scale.min)),
                "more replica that is",
                "more replicas that are"
            )
        ),
        vec![
            remedies::node(&node.id, "autoscale.min", remedies::number(wanted)),
            remedies::node(
                &node.id,
                "replicas",
                remedies::number(wanted.max(f64::from(service.replicas))),
            ),
        ],
    )];
    if service.shed.is_none() {
        fixes.push(Remedy::new(
            "Shed load while calls wait longer than 100 ms",
            "Requests are rejected until the new replicas are ready.",
            vec![remedies::node(&node.id, "shed", remedies::map(&[]))],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let rise = facts
        .design
        .nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Client(client) => client
                .profile
                .iter()
                .filter(|step| step.times > 1.0)
                .max_by(|a, b| a.times.total_cmp(&b.times)),
            _ => None,
        });
    let Some(rise) = rise.max_by(|a, b| a.times.total_cmp(&b.times)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, service, scale) in scaled(facts) {
        let load = facts.flow.node(&facts.graph, &node.id) * rise.times;
        let bears = facts.flow.capacity(&facts.graph, &node.id);
        let late = reaction_s(scale);
        if load > bears && rise.over.as_s() < late && service.shed.is_none() {
            let wanted = f64::from(service.replicas) * load / bears * 1.2;
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("New replicas of {} are ready {} after the load rises", name(&node.id), time(late)),
                        message!("The load rises to {} times its usual level within {}. Until new replicas are ready, the service can process {} of the {} that arrive. Scaling decisions are {} apart, and a replica takes {} to start.", figure(rise.times), time(rise.over.as_s()), rate(bears), rate(load), scale.interval, time(scale.startup.mean_s().unwrap_or(0.0))),
                        "Keep headroom for the rise, or shed load until the new replicas are \
                         ready.",
                    )
                    .endangers(Metric::Availability)
                    .fixed_by(fixes(node, service, scale, wanted)),
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
    for (node, service, scale) in scaled(facts) {
        let Some(scaling) = report
            .nodes
            .get(&node.id)
            .and_then(|node| node.scaling.as_ref())
        else {
            continue;
        };
        let spans = series.saturated(&node.id);
        let Some(span) = spans.iter().copied().max_by(|a, b| a.s().total_cmp(&b.s())) else {
            continue;
        };
        let is_felt = facts.missed_by_users().is_some()
            || series
                .losses
                .iter()
                .any(|loss| loss.from_s < span.until_s && loss.until_s > span.from_s);
        if scaling.scaled_out == 0 || span.s() < LATE_S || !is_felt {
            continue;
        }
        // No finding where a callee is the limit: more replicas would not have helped.
        if facts
            .calls_from(&node.id)
            .any(|link| series.saturated_s(&link.to) > 0.5 * span.s())
        {
            continue;
        }
        let at = |name| field::node_over(&node.id, name, Fold::Mean, span);
        let (came, went) = series.flow_of(&node.id, span);
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .measured(Some(span.from_s))
                .says(
                    message!("{} had no free slot from {} to {} while it scaled out", name(&node.id), moment(span.from_s), moment(span.until_s)),
                    message!(
                        "In that time, calls arrived at {} and completed at {}. It began with {} and reached at most {}. Scaling decisions are {} apart, and a replica takes {} to start.",
                        rate(came).of(at("arrivals_per_s")), rate(went).of(at("completions_per_s")), count(u64::from(service.replicas), "replica", "replicas"), whole(scaling.replicas_max as f64).of(field::node(&node.id, "replicas_max")), scale.interval, time(scale.startup.mean_s().unwrap_or(0.0))
                    ),
                    "Keep headroom for the rise, and shed load until the new replicas are ready.",
                )
                .endangers(facts.felt())
                .fixed_by(fixes(node, service, scale, 0.7 * scaling.replicas_max as f64)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(startup: &str, replicas: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "60/s"}}, "profile": [{{"at": "30s", "times": 4}}], "patience": "3s"}},
            {{"id": "api", "kind": "service", "replicas": {replicas}, "concurrency": 5, "service_time": "exp(50ms)",
              "autoscale": {{"min": {replicas}, "max": 20, "target": 0.5, "interval": "5s", "startup": "{startup}"}}}}],
            "links": [{{"from": "users", "to": "api"}}], "duration": "120s", "warmup": "5s"}}"#
        ))
    }

    #[test]
    fn replicas_that_come_too_late_are_told_and_headroom_is_not() {
        let faulty = design("40s", 2);
        assert!(
            lint("autoscaling-lag", &faulty)[0]
                .what
                .contains("ready 45 s after")
        );
        let finding = &found("autoscaling-lag", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.onset_s.unwrap() >= 29.0,
            "{finding:?}"
        );
        let roomy = design("40s", 8);
        assert!(lint("autoscaling-lag", &roomy).is_empty());
        assert!(found("autoscaling-lag", &roomy, &run(&roomy)).is_empty());
    }
}
