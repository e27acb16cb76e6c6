//! Chains of synchronous calls, whose availabilities multiply.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::{Kind, Link, Metric};
use report::{Field, Finding, Message, list, message, name, percent};
use sim::Report;

/// Number of services in series from which a chain is long.
const LONG: usize = 4;
/// Largest share of all failures from one service: above it, that service is the cause.
const ONE: f64 = 0.6;
/// Least number of failures for a finding.
const FAILURES: u64 = 30;
/// Least share of failed requests for a finding, where no availability is required.
const TOLD: f64 = 0.005;

pub(super) const RULE: Rule = Rule {
    id: "sync-chain",
    title: "Long synchronous call chain",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A request that needs five services in series succeeds only if all five do: if each is \
        available 99.9% of the time, all five are available 99.5% of the time. Its latency is the \
        sum of all their latencies.",
    evidence: "Structural: four or more services in series (a note), with the product of their \
        availabilities. Measured: at least 30 requests failed along such a chain, and no service \
        caused more than 60% of the failures. In addition, the required availability was missed, \
        or none is required and more than 0.5% of requests failed. The finding compares the \
        product predicted from each service with the measured availability and its 95% confidence \
        interval (Wilson).",
    silent: "A chain whose failures come from one of its services. Services that are optional.",
    fixes: "Move work that can wait to events, make calls optional, or retry at the top. The cost: \
        users see some results later, or in part.",
};

fn error_rate(facts: &Facts<'_>, id: &str) -> f64 {
    match facts.graph.node(id).map(|node| &node.kind) {
        Some(Kind::Service(service)) => service.error_rate,
        Some(Kind::Database(database)) => database.error_rate,
        _ => 0.0,
    }
}

fn optional(facts: &Facts<'_>, chain: &[&str]) -> report::Remedy {
    let inner = chain.iter().rev().take((chain.len() / 2).min(8));
    let links: Vec<&Link> = inner
        .flat_map(|id| facts.calls_to(id))
        .filter(|link| chain.contains(&link.from.as_str()))
        .collect();
    let edits = links
        .iter()
        .map(|link| remedies::link(&link.id, "optional", true_()));
    report::Remedy::new(
        "Make the inner half of the chain optional",
        "Responses are incomplete when that half fails.",
        edits.collect(),
    )
}

fn true_() -> design::Value {
    design::Value::Bool(true)
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let chain = facts.graph.longest_chain();
    if chain.len() < LONG {
        return Vec::new();
    }
    let product: f64 = chain.iter().map(|id| 1.0 - error_rate(facts, id)).product();
    let promise = match product < 0.999 {
        true => message!(
            "With their own error rates, {} of the requests succeed.",
            percent(product)
        ),
        false => message!(
            "If each were available 99.9% of the time, all of them together would be available {} of the time.",
            percent(libm::pow(0.999, chain.len() as f64))
        ),
    };
    vec![
        Finding::new(RULE.id, chain.iter().map(|id| (*id).to_owned()))
            .says(
                message!("{} calls in series: {}", chain.len(), list(&chain)),
                message!(
                    "Their availabilities multiply and their latencies add up. {}",
                    promise
                ),
                "Respond before the work that can wait, and do that work from events.",
            )
            .endangers(Metric::Availability)
            .fixed_by([optional(facts, &chain)]),
    ]
}

/// Returns Wilson's 95% confidence interval of a share.
fn interval(good: f64, all: f64) -> (f64, f64) {
    let z = 1.96;
    let share = good / all;
    let middle = share + z * z / (2.0 * all);
    let half = z * libm::sqrt(share * (1.0 - share) / all + z * z / (4.0 * all * all));
    let whole = 1.0 + z * z / all;
    ((middle - half) / whole, (middle + half) / whole)
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let chain = facts.graph.longest_chain();
    let requests = &report.requests;
    let failed: u64 = requests.failed.values().sum();
    if chain.len() < LONG || failed < FAILURES {
        return Vec::new();
    }
    let missed = facts.missed(&[Metric::Availability]);
    if missed.is_none() && (facts.requires(&[Metric::Availability]) || facts.failed_share() < TOLD)
    {
        return Vec::new();
    }
    // The failures that a service causes itself: all its failures without those of its callees.
    let own: Vec<(&str, f64)> = chain
        .iter()
        .filter_map(|id| {
            let node = report.nodes.get(*id)?;
            let failures: u64 = node.failures.values().sum();
            let below: u64 = facts
                .calls_from(id)
                .filter_map(|link| report.links.get(&link.id))
                .map(|link| link.failures.values().sum::<u64>())
                .sum();
            let share = failures.saturating_sub(below) as f64 / node.arrivals.max(1) as f64;
            Some((*id, share))
        })
        .collect();
    let sum: f64 = own.iter().map(|(_, share)| share).sum();
    let most = own.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let bringing = own
        .iter()
        .filter(|(_, share)| *share >= 0.05 * sum && *share > 0.0)
        .count();
    if sum <= 0.0 || most > ONE * sum || bringing < 3 || 2.0 * sum < facts.failed_share() {
        return Vec::new();
    }
    let product: f64 = own.iter().map(|(_, share)| 1.0 - share).product();
    let all = requests.completed as f64;
    let (low, high) = interval(all - failed as f64, all);
    let each: Vec<Message> = own
        .iter()
        .take(6)
        .map(|(id, share)| {
            message!(
                "{} {}",
                name(id),
                percent(1.0 - share).of(own_of(facts, report, id).rest())
            )
        })
        .collect();
    vec![
        Finding::new(RULE.id, chain.iter().map(|id| (*id).to_owned()))
            .measured(None)
            .says(
                message!("The errors of {} services in series added up: {} of requests succeeded", chain.len(), percent(requests.availability).of(field::of("requests.availability"))),
                message!(
                    "Each service on its own succeeded for this share of its calls: {}. The product is {}, and the measured availability is {} ({} to {} with 95% confidence).",
                    Message::join(each, ", "), percent(product), percent(requests.availability).of(field::of("requests.availability")), percent(low), percent(high)
                ),
                "Respond before the work that can wait, and do that work from events.",
            )
            .endangers(Metric::Availability)
            .fixed_by([optional(facts, &chain)]),
    ]
}

/// Returns the field of the report with the share of its calls that a node fails by itself.
fn own_of(facts: &Facts<'_>, report: &Report, id: &str) -> Field {
    let below = facts.calls_from(id).map(|link| link.id.as_str());
    let below = below.filter(|id| report.links.contains_key(*id));
    let below = Field::Sum(below.map(field::link_failures).collect());
    let none = field::node_failures(id).times(0.0);
    let own = Field::Max(vec![field::node_failures(id).minus(below), none]);
    own.over(field::node(id, "arrivals"))
}

#[cfg(test)]
mod tests {
    use super::interval;
    use crate::testing::{Says, chain, found, lint, read, run};

    fn design(count: usize, error: f64) -> design::Design {
        let nodes: Vec<String> = (0..count)
            .map(|at| format!(r#"{{"id": "s{at}", "kind": "service", "error_rate": {error}}}"#))
            .collect();
        let links: Vec<String> = (1..count)
            .map(|at| {
                format!(
                    r#"{{"from": "s{}", "to": "s{at}", "timeout": "1s"}}"#,
                    at - 1
                )
            })
            .collect();
        read(&format!(
            r#"{{"nodes": [{{"id": "users", "kind": "client", "arrivals": {{"poisson": "50/s"}}}}, {}],
            "links": [{{"from": "users", "to": "s0"}}, {}], "requirements": [{{"metric": "availability", "at_least": 0.99}}]}}"#,
            nodes.join(","),
            links.join(",")
        ))
    }

    #[test]
    fn five_times_97_percent_are_86_and_the_run_says_so() {
        let faulty = design(5, 0.03);
        assert!(lint("sync-chain", &faulty)[0].why.contains("85.9%"));
        let finding = &found("sync-chain", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.why.contains("95% confidence"),
            "{finding:?}"
        );
        let sound = design(5, 0.0);
        assert!(
            found("sync-chain", &sound, &run(&sound))
                .iter()
                .all(|f| !f.measured)
        );
        assert!(lint("sync-chain", &chain("")).is_empty());
    }

    #[test]
    fn wilsons_interval_is_as_in_the_books() {
        // 81 of 263: 0.2553 to 0.3662 (Newcombe 1998).
        let (low, high) = interval(81.0, 263.0);
        assert!((low - 0.2553).abs() < 1e-4 && (high - 0.3662).abs() < 1e-4);
    }
}
