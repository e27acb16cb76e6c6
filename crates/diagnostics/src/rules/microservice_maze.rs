//! Requests that need many calls between services.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::link::Mode;
use design::{Kind, Link, Metric};
use report::{Finding, Message, Remedy, figure, list, message, ms, name, percent};
use sim::Report;

/// Number of calls between services per request from which it is too many.
const CALLS: f64 = 15.0;
/// Least share of a request's time on the network.
const NETWORK: f64 = 0.4;

pub(super) const RULE: Rule = Rule {
    id: "microservice-maze",
    title: "Chatty microservices",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A call between services takes about a thousand times as long as a function call, and \
        it can fail. A request that needs dozens of such calls mostly waits for the network, and \
        each service on its path can fail it.",
    evidence: "Structural: a request makes at least 15 calls between at least three services, and \
        at least 40% of its time without waiting is on the network (a note). Measured: the same, \
        by the calls counted in a run that missed a latency or availability requirement.",
    silent: "Many services, of which a request uses few. Calls that do substantial work.",
    fixes: "Merge services or batch calls. The cost: fewer parts that can be deployed \
        independently, or larger interfaces.",
};

/// Returns the share of a request's time without waiting that it is on the network, for the client
/// with the largest share.
fn network(facts: &Facts<'_>) -> f64 {
    let each = facts
        .clients()
        .flat_map(|(node, _)| facts.graph.out(&node.id))
        .map(|link| {
            let whole = facts.flow.response(&facts.graph, &link.to);
            facts.flow.network(&facts.graph, &link.to) / whole.max(1e-9)
        });
    each.fold(0.0, f64::max)
}

fn services<'a>(facts: &Facts<'a>) -> Vec<&'a str> {
    let each = facts.services().map(|(node, _)| node.id.as_str());
    each.filter(|id| facts.calls_to(id).next().is_some())
        .collect()
}

fn chatty<'a>(facts: &Facts<'a>) -> Vec<&'a Link> {
    let links = facts.design.links.iter();
    let mut links: Vec<&Link> = links
        .filter(|link| link.mode == Mode::Call && link.calls > 1)
        .collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.calls));
    links
}

fn fixes(facts: &Facts<'_>) -> Vec<Remedy> {
    let edits = chatty(facts)
        .into_iter()
        .map(|link| remedies::link(&link.id, "calls", remedies::number(1.0)));
    vec![Remedy::new(
        "Make one call instead of several, wherever there are several",
        "Larger calls, and interfaces that take many items per call.",
        edits.collect(),
    )]
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let calls = facts.flow.calls_per_request(&facts.graph);
    let services = services(facts);
    let network = network(facts);
    if calls < CALLS || services.len() < 3 || network < NETWORK {
        return Vec::new();
    }
    vec![
        Finding::new(RULE.id, services.iter().take(5).map(|id| (*id).to_owned()))
            .says(
                message!("One request makes {} calls between services", figure(calls)),
                message!(
                    "{} of the time of a request is spent on the network, across {} services.",
                    percent(network),
                    services.len()
                ),
                "Merge services that always call each other, or fetch everything in one call.",
            )
            .endangers(Metric::LatencyP99)
            .fixed_by(fixes(facts)),
    ]
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(missed) = facts.missed_by_users() else {
        return Vec::new();
    };
    let inner = facts.design.links.iter().filter(|link| {
        let from = facts.graph.node(&link.from).map(|node| &node.kind);
        link.mode == Mode::Call && matches!(from, Some(Kind::Service(_)))
    });
    let calls: u64 = inner
        .clone()
        .filter_map(|link| Some(report.links.get(&link.id)?.calls))
        .sum();
    let per = calls as f64 / report.requests.offered.max(1) as f64;
    let counted = inner.clone().map(|link| link.id.as_str());
    let counted = counted.filter(|id| report.links.contains_key(*id));
    let calls_of = field::links(counted, "calls");
    let services = services(facts);
    let passed = services.iter().filter(|id| {
        let arrivals = report.nodes.get(**id).map_or(0, |node| node.arrivals);
        arrivals as f64 >= 0.8 * report.requests.offered as f64
    });
    let passed = passed.count();
    let network = network(facts);
    let is_maze = per >= CALLS && services.len() >= 3;
    // Where a service is saturated, its queue is the reason.
    let is_full = facts
        .series
        .as_ref()
        .is_some_and(|series| services.iter().any(|id| series.saturated_s(id) > 5.0));
    if !is_maze || network < NETWORK || is_full {
        return Vec::new();
    }
    let busiest = inner.max_by_key(|link| {
        report
            .links
            .get(&link.id)
            .map_or(0, |figures| figures.calls)
    });
    let busiest = busiest.map_or(Message::new(), |link| {
        message!(
            " Most of them are calls from {} to {}{}.",
            name(&link.from),
            name(&link.to),
            on_the_way(report, link)
        )
    });
    vec![
        Finding::new(RULE.id, services.iter().take(5).map(|id| (*id).to_owned()))
            .measured(None)
            .says(
                message!(
                    "A request made {} calls between services",
                    figure(per).of(calls_of.over(field::of("requests.offered")))
                ),
                message!(
                    "At least 80% of the requests need {} of {} services: {}.{}",
                    passed,
                    services.len(),
                    list(&services),
                    busiest
                ),
                "Merge services that always call each other, or fetch everything in one call.",
            )
            .endangers(missed)
            .fixed_by(fixes(facts)),
    ]
}

/// Says how long a call over a link took, and how much of that was on the network: the time that
/// its callee does not account for.
fn on_the_way(report: &Report, link: &Link) -> Message {
    let whole = report.links.get(&link.id).and_then(|of| of.latency_ms.mean);
    let there = report
        .nodes
        .get(&link.to)
        .and_then(|of| of.response_ms.mean);
    let (Some(whole), Some(there)) = (whole, there) else {
        return Message::new();
    };
    let whole_of = || field::link(&link.id, "latency_ms.mean");
    let network = whole_of().minus(field::node(&link.to, "response_ms.mean"));
    if there >= whole {
        return Message::new();
    }
    message!(
        ", which took {} on average, {} of it on the network",
        ms(whole).of(whole_of()),
        percent((whole - there) / whole).of(network.over(whole_of()))
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, chain, found, lint, read, run};

    fn design(calls: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [{{"id": "users", "kind": "client", "arrivals": {{"poisson": "20/s"}}}},
            {{"id": "page", "kind": "service", "concurrency": 100, "service_time": "1ms"}}, {{"id": "cart", "kind": "service", "concurrency": 50, "service_time": "200us"}},
            {{"id": "price", "kind": "service", "concurrency": 50, "service_time": "200us"}}],
            "links": [{{"from": "users", "to": "page"}}, {{"from": "page", "to": "cart", "calls": {calls}, "latency": "500us"}}, {{"from": "cart", "to": "price", "calls": 2, "latency": "500us"}}],
            "requirements": [{{"metric": "latency_p99", "at_most": "20ms"}}]}}"#
        ))
    }

    #[test]
    fn dozens_of_calls_over_the_network_are_told_and_few_are_not() {
        let faulty = design(12);
        assert!(
            lint("microservice-maze", &faulty)[0]
                .what
                .contains("36 calls")
        );
        assert!(found("microservice-maze", &faulty, &run(&faulty))[0].measured);
        let near = design(2);
        assert!(lint("microservice-maze", &near).is_empty());
        assert!(found("microservice-maze", &near, &run(&near)).is_empty());
        assert!(lint("microservice-maze", &chain("")).is_empty());
    }

    #[test]
    fn time_on_the_network_counts_the_way_between_zones() {
        let mut faulty = design(12);
        for (node, zone) in faulty.nodes[1..].iter_mut().zip(["a", "b", "c"]) {
            node.deployment.zone = Some(zone.to_owned());
        }
        let far = design::Distribution::parse("const(5ms)").unwrap();
        faulty.settings.zones.latency = far;
        let told = found("microservice-maze", &faulty, &run(&faulty));
        let share = crate::testing::shares(&told[0].why)[0];
        assert!(share > 0.8, "{}", told[0].why.text());
    }
}
