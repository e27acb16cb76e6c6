//! Short calls that wait behind long ones.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::service::Discipline;
use design::link::Condition;
use design::{Distribution, Link, Metric, Node, Value};
use report::{
    Finding, Message, Remedy, count_of, figure, message, ms, name, operation, percent, time, whole,
};
use sim::Report;

/// Least ratio of a long call's time to a short call's time.
const LONGER: f64 = 10.0;
/// Least ratio of a short call's response time to its time without waiting.
const BLOCKED: f64 = 5.0;
/// Squared coefficient of variation of the service time from which it is worth a note.
const VARIED: f64 = 10.0;

pub(super) const RULE: Rule = Rule {
    id: "head-of-line-blocking",
    title: "Head-of-line blocking",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "In one first-come, first-served queue, a few long calls hold all slots, and the short \
        calls wait behind them. Most of the work is short, but all of it becomes slow.",
    evidence: "Structural: calls whose service time has a squared coefficient of variation of at \
        least 10 share one queue, and at least 1% of them wait (a note). Measured: a service has \
        operations whose times differ at least tenfold. At least 20% of its calls found no free \
        slot, and short calls took at least 5 times as long as they would without waiting. Or one \
        partition of a queue had at least 200 messages waiting, and another at most a tenth of \
        that.",
    silent: "Calls of similar length. Free slots. Separate queues, or slots that are shared \
        evenly.",
    fixes: "Use a queue for each kind of call, processor sharing, or priority for short calls. The \
        cost: long calls take longer.",
};

/// Returns the squared coefficient of variation; 1 where it is not known.
fn variation(of: &Distribution) -> f64 {
    let mean = of.mean_s().unwrap_or(0.0);
    match of {
        Distribution::Hyperexp(branches) => {
            let second: f64 = branches
                .iter()
                .map(|(p, each)| 2.0 * p * each.as_s() * each.as_s())
                .sum();
            second / (mean * mean) - 1.0
        }
        Distribution::Lognormal { p50, p99 } => {
            let sigma = libm::log(p99.as_s() / p50.as_s()) / design::distribution::Z99;
            libm::exp(sigma * sigma) - 1.0
        }
        _ => 1.0,
    }
}

fn in_line(service: &design::kinds::Service) -> bool {
    matches!(
        service.queue.discipline,
        Discipline::Fifo | Discipline::Codel | Discipline::AdaptiveLifo | Discipline::Lifo
    )
}

fn share(node: &Node) -> Remedy {
    Remedy::new(
        message!(
            "Share the slots of {} among all calls (processor sharing)",
            name(&node.id)
        ),
        "Long calls take longer, and all calls slow down under load.",
        vec![remedies::node(
            &node.id,
            "queue.discipline",
            Value::text("processor_sharing"),
        )],
    )
}

/// Returns whether at least one call in a hundred finds no free slot, by the usual approximation of
/// Erlang's C (Sakasegawa 1977). It is true where the load is not known.
fn has_waiting(facts: &Facts<'_>, node: &Node, service: &design::kinds::Service) -> bool {
    let busy =
        facts.flow.node(&facts.graph, &node.id) / facts.flow.capacity(&facts.graph, &node.id);
    let slots = f64::from(service.concurrency.unwrap_or(1));
    !busy.is_finite()
        || busy <= 0.0
        || libm::pow(busy.min(1.0), libm::sqrt(2.0 * (slots + 1.0))) >= 0.01
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, service) in facts.services() {
        let varied = variation(&service.service_time);
        if varied < VARIED
            || !in_line(service)
            || service.concurrency.is_none_or(|slots| slots > 50)
        {
            continue;
        }
        if !has_waiting(facts, node, service) {
            continue;
        }
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .says(
                    message!("Long and short calls share one queue at {}", name(&node.id)),
                    message!("The squared coefficient of variation of its service time is {}. Many short calls wait for slots that a few long calls hold.", figure(varied)),
                    "Use separate queues, or share the slots evenly (processor sharing).",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by([share(node)]),
        );
    }
    found
}

/// Returns links for some operations only, with these operations and the time of a call in seconds.
fn by_operation<'a>(facts: &Facts<'a>, id: &str) -> Vec<(&'a Link, &'a [String], f64)> {
    let each = facts
        .calls_from(id)
        .filter_map(|link| match link.when.0.as_slice() {
            [Condition::Operations(names)] => {
                Some((link, names.as_slice(), facts.flow.call(&facts.graph, link)))
            }
            _ => None,
        });
    each.collect()
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (node, service) in facts.services() {
        let Some(figures) = report
            .nodes
            .get(&node.id)
            .filter(|_| in_line(service) && service.blocking)
        else {
            continue;
        };
        let waited = figures.waited.unwrap_or(0.0);
        let wait = figures.wait_ms.mean.unwrap_or(0.0) / 1e3;
        let mut lanes = by_operation(facts, &node.id);
        lanes.sort_by(|a, b| a.2.total_cmp(&b.2));
        let (Some((short, names, quick)), Some((long, slow_names, slow))) =
            (lanes.first().copied(), lanes.last().copied())
        else {
            continue;
        };
        let own = service.service_time.mean_s().unwrap_or(0.0);
        // Where the long calls only became slow during the run, mixed lengths are not the cause.
        let became_slow = facts
            .series
            .as_ref()
            .is_some_and(|series| !series.slow(&long.to).is_empty());
        if slow < LONGER * (own + quick)
            || waited < 0.2
            || wait < (BLOCKED - 1.0) * (own + quick)
            || became_slow
        {
            continue;
        }
        let calls = |link: &Link| report.links.get(&link.id).map_or(0, |link| link.calls) as f64;
        let rare = calls(long) / (calls(short) + calls(long)).max(1.0);
        let rare_of = (calls(short) + calls(long) >= 1.0).then(|| {
            let both = field::links([long.id.as_str(), short.id.as_str()], "calls");
            field::link(&long.id, "calls").over(both)
        });
        let mean_wait = field::node(&node.id, "wait_ms.mean").times(1e-3);
        let wait_of = figures.wait_ms.mean.map(|_| mean_wait);
        let windows = facts.series.as_ref().and_then(|series| {
            series
                .saturated(&node.id)
                .first()
                .map(|span| span.from_s)
                .or(series.first_loss())
        });
        found.push(
            Finding::new(RULE.id, [node.id.clone(), long.id.clone(), short.id.clone()])
                .measured(windows)
                .says(
                    message!("{} requests waited behind {} requests at {}", Message::join(names.iter().map(operation), ", "), Message::join(slow_names.iter().map(operation), ", "), name(&node.id)),
                    message!(
                        "{} of the calls take {} there, and the others {}. All of them share one queue and waited {} on average, which is {} times the time of a short call.",
                        percent(rare).maybe_of(rare_of), time(slow), time(quick + own), time(wait).maybe_of(wait_of), figure(wait / (quick + own).max(1e-9))
                    ),
                    "Give each kind of call a queue of its own.",
                )
                .endangers(facts.felt())
                .fixed_by([bulkhead(node, service, long)]),
        );
    }
    found.extend(of_partitions(facts, report));
    found
}

fn bulkhead(node: &Node, service: &design::kinds::Service, long: &Link) -> Remedy {
    let most = f64::from((service.concurrency.unwrap_or(4) / 2).max(1));
    Remedy::new(
        message!(
            "Limit long calls to half of the slots of {}",
            name(&node.id)
        ),
        "Long calls are rejected while their half of the slots is in use.",
        vec![remedies::link(
            &long.id,
            "bulkhead",
            remedies::map(&[("max_concurrent", remedies::number(most))]),
        )],
    )
}

/// Returns the finding about a partition that is blocked while another one is nearly empty.
fn of_partitions(facts: &Facts<'_>, report: &Report) -> Option<Finding> {
    for (node, queue) in facts
        .queues()
        .filter(|(_, queue)| queue.partitions.is_some_and(|n| n > 1))
    {
        let messages = report.nodes.get(&node.id)?.messages.as_ref()?;
        let most = messages
            .partitions
            .iter()
            .map(|partition| partition.waiting_max)
            .max()?;
        let least = messages
            .partitions
            .iter()
            .map(|partition| partition.waiting_max)
            .min()?;
        let at = |waiting: u64| {
            let mut all = messages.partitions.iter();
            let place = all.position(|partition| partition.waiting_max == waiting)?;
            let path = format!("messages.partitions.{place}.waiting_max");
            Some(field::node(&node.id, &path))
        };
        let poison = queue.poison > 0.0 || facts.faults_on(&[&node.id]).next().is_some();
        if most >= 200 && least * 10 <= most && !poison {
            return Some(
                Finding::new(RULE.id, [node.id.clone()])
                    .measured(None)
                    .says(
                        message!("One partition of {} had up to {} waiting, and another at most {}", name(&node.id), count_of(whole(most as f64).maybe_of(at(most)), "message", "messages"), whole(least as f64).maybe_of(at(least))),
                        message!("A slow message delays all messages behind it in its partition. The oldest message of the queue waited {}.", ms(messages.oldest_ms.max).of(field::node(&node.id, "messages.oldest_ms.max"))),
                        "Spread the keys, or give slow messages a queue of their own.",
                    )
                    .endangers(facts.felt()),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(long: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "60/s"}}, "patience": "10s", "operations": [{{"name": "photo", "weight": 97}}, {{"name": "video", "weight": 3}}]}},
            {{"id": "media", "kind": "service", "concurrency": 6, "queue": {{"capacity": 300}}, "service_time": "1ms"}},
            {{"id": "thumbs", "kind": "service", "concurrency": 50, "service_time": "10ms"}}, {{"id": "encoder", "kind": "service", "concurrency": 50, "service_time": "{long}"}}],
            "links": [{{"from": "users", "to": "media"}}, {{"from": "media", "to": "thumbs", "when": {{"operations": ["photo"]}}}},
                {{"from": "media", "to": "encoder", "when": {{"operations": ["video"]}}}}], "requirements": [{{"metric": "latency_p95", "at_most": "300ms"}}]}}"#
        ))
    }

    #[test]
    fn photos_behind_videos_are_told_and_work_alike_is_not() {
        let faulty = design("3s");
        let finding = &found("head-of-line-blocking", &faulty, &run(&faulty))[0];
        assert!(
            finding
                .what
                .starts_with("photo requests waited behind video"),
            "{finding:?}"
        );
        let near = design("15ms");
        assert!(found("head-of-line-blocking", &near, &run(&near)).is_empty());
        let mut mixed = near.clone();
        let design::Kind::Service(service) = &mut mixed.nodes[1].kind else {
            unreachable!()
        };
        service.service_time =
            design::Distribution::parse("hyperexp(0.99:1ms,0.01:500ms)").unwrap();
        // Six slots that are 30% busy have one free for nearly every call.
        let busy = |rate: f64| {
            let mut mixed = mixed.clone();
            let design::Kind::Client(client) = &mut mixed.nodes[0].kind else {
                unreachable!()
            };
            client.arrivals = design::kinds::client::Arrivals::Poisson(design::Rate(rate));
            lint("head-of-line-blocking", &mixed)
        };
        assert!(busy(200.0)[0].why.contains("coefficient"));
        assert!(busy(60.0).is_empty());
    }
}
