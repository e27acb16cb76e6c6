//! Short work behind long work.

use super::Rule;
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

/// How many times as long the long work takes.
const LONGER: f64 = 10.0;
/// How many times what it takes by itself the short work takes.
const BLOCKED: f64 = 5.0;
/// Squared coefficient of variation of mixed work worth a note.
const VARIED: f64 = 10.0;

pub(super) const RULE: Rule = Rule {
    id: "head-of-line-blocking",
    title: "Head-of-line blocking",
    means: "In one first-come, first-served queue, a few long jobs hold all slots and the short \
        ones wait behind them. Most of the work is quick, and all of it is slow.",
    evidence: "Structural: one first-come, first-served queue in front of work whose squared \
        coefficient of variation is above 10 (a note). Measured: a service whose calls found no \
        free slot, with operations whose work differs at least tenfold, and a short one that \
        took 5 times as long as it would alone; partitions of a queue that are blocked while \
        others are empty.",
    silent: "Work of similar length; free slots; separate queues, or slots that are shared evenly.",
    mends: "A queue for each, processor sharing, priority for the short: long work takes longer.",
    structural,
    measured,
};

/// Squared coefficient of variation, where it has one that is known.
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

/// Whether one call in a hundred or more finds no free slot, by the usual approximation of Erlang's
/// C (Sakasegawa 1977), where the load is known.
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
                    message!("The squared coefficient of variation of its service time is {}. A few long calls hold the slots that many short ones wait for.", figure(varied)),
                    "Give them separate queues, or share the slots evenly.",
                )
                .endangers(Metric::LatencyP99)
                .mended_by([share(node)]),
        );
    }
    found
}

/// Links that only some operations take, with them and the time of a call.
fn by_operation<'a>(facts: &Facts<'a>, id: &str) -> Vec<(&'a Link, &'a [String], f64)> {
    let each = facts
        .asks(id)
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
        // It was long all along: what became slow is another matter.
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
                        "{} of the calls take {} there, and the others {}. All share one queue and waited {} on average, {} times the short work.",
                        percent(rare).maybe_of(rare_of), time(slow), time(quick + own), time(wait).maybe_of(wait_of), figure(wait / (quick + own).max(1e-9))
                    ),
                    "Give each a queue of its own.",
                )
                .endangers(facts.felt())
                .mended_by([bulkhead(node, service, long)]),
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
        "Long calls are rejected while their half is full.",
        vec![remedies::link(
            &long.id,
            "bulkhead",
            remedies::map(&[("max_concurrent", remedies::number(most))]),
        )],
    )
}

/// Partitions that stand still behind slow messages while others are empty.
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
                        message!("One partition of {} had {} waiting while another had {}", name(&node.id), count_of(whole(most as f64).maybe_of(at(most)), "message", "messages"), whole(least as f64).maybe_of(at(least))),
                        message!("A slow message delays all messages behind it in its partition. The oldest waited {}.", ms(messages.oldest_ms.max).of(field::node(&node.id, "messages.oldest_ms.max"))),
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
        let broken = design("3s");
        let finding = &found("head-of-line-blocking", &broken, &run(&broken))[0];
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
