//! Designs without requirements, or with requirements on averages only.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use design::requirement::Bound;
use design::{Command, Duration, Metric, Requirement};
use report::{Finding, Message, Remedy, message, ms, percent, whole};
use sim::Report;

/// Metrics that do not show slow requests or stale reads.
const AVERAGE: [Metric; 4] = [
    Metric::LatencyMean,
    Metric::LatencyP50,
    Metric::Throughput,
    Metric::MonthlyCost,
];
/// Ratio of the 99th percentile to the mean from which the mean says nothing about the tail.
const TAIL: f64 = 5.0;
/// Least number of requests for a 99th percentile.
const SAMPLES: u64 = 1_000;

pub(super) const RULE: Rule = Rule {
    id: "requirements-trap",
    title: "Missing or average-only requirements",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Without requirements, no run can fail, so no design can be shown to be wrong. \
        Requirements on averages have the same effect: a mean says nothing about the slowest 1% of \
        requests or about stale reads.",
    evidence: "Structural: no requirement, or only on the mean or median latency, throughput or \
        cost (a note). Measured: the same, in a run with at least 1,000 requests. In addition, the \
        99th percentile is at least 5 times the mean, users were affected, or at least 100 reads \
        were stale.",
    silent: "A requirement on a percentile, on availability or on staleness.",
    fixes: "Require what users experience. The cost: agreeing on what is good enough.",
};

fn is_of_tail(metric: Metric) -> bool {
    !AVERAGE.contains(&metric)
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let required = &facts.design.requirements;
    if facts.clients().next().is_none() || required.iter().any(|r| is_of_tail(r.metric)) {
        return Vec::new();
    }
    let what = match required.is_empty() {
        true => "This design has no requirements",
        false => "This design has requirements on averages only",
    };
    vec![
        Finding::new(RULE.id, facts.clients().take(1).map(|(node, _)| node.id.clone()))
            .says(
                what,
                "No check can fail, and two designs cannot be compared. State the required availability and p99 latency.",
                "Require an availability and a p99 latency.",
            )
            .fixed_by([require(0.999, Duration::ms(500))]),
    ]
}

fn require(availability: f64, p99: Duration) -> Remedy {
    let add = |requirement| Command::AddRequirement(usize::MAX, requirement);
    Remedy::new(
        message!(
            "Require an availability of {} and a p99 latency of {}",
            percent(availability),
            p99
        ),
        "Checks can fail from then on.",
        vec![
            add(Requirement {
                metric: Metric::Availability,
                at_least: Some(Bound::Number(availability)),
                at_most: None,
            }),
            add(Requirement {
                metric: Metric::LatencyP99,
                at_least: None,
                at_most: Some(Bound::Duration(p99)),
            }),
        ],
    )
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let latency = &report.requests.latency_ms;
    let (Some(mean), Some(p99)) = (latency.mean, latency.p99) else {
        return Vec::new();
    };
    if latency.samples < SAMPLES {
        return Vec::new();
    }
    let client = facts.clients().take(1).map(|(node, _)| node.id.clone());
    let required = &facts.design.requirements;
    let is_on_tail = required.iter().any(|r| is_of_tail(r.metric));
    let is_telling =
        p99 >= TAIL * mean || facts.is_hurt() || report.data.stale_reads >= SAMPLES / 10;
    if is_on_tail || !is_telling {
        return Vec::new();
    }
    let stale = match report.data.stale_reads {
        0 => Message::new(),
        n => message!(
            " {} of the reads were stale, by up to {}.",
            percent(n as f64 / report.data.reads.max(1) as f64)
                .of(field::of("data.stale_reads").over(field::of("data.reads"))),
            ms(report.data.staleness_ms.max.unwrap_or(0.0)).of(field::of("data.staleness_ms.max"))
        ),
    };
    let what = match required.is_empty() {
        true => "This design has no requirements, so nothing limits its slow requests",
        false => "The requirements do not limit the slow requests",
    };
    let at = |name: &str| field::of(&format!("requests.latency_ms.{name}"));
    let bound = Duration::ms((2.0 * p99).clamp(1.0, 1e6) as u64);
    vec![
        Finding::new(RULE.id, client)
            .measured(None)
            .says(
                what,
                message!("The mean latency was {} and the p99 latency {}, which is {} times as long. No requirement limits the p99 latency.{}", ms(mean).of(at("mean")), ms(p99).of(at("p99")), whole(p99 / mean.max(1e-9)).of(at("p99").over(at("mean"))), stale),
                "Require a p99 latency, and a maximum staleness where data is copied.",
            )
            .endangers(Metric::LatencyP99)
            .fixed_by([require(0.999, bound)]),
    ]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, chain, found, lint, read, run};

    #[test]
    fn a_design_without_requirements_is_noted() {
        let mut design = chain("");
        assert!(lint("requirements-trap", &design).is_empty());
        design.requirements.clear();
        let noted = &lint("requirements-trap", &design)[0];
        assert!(noted.what.contains("has no requirements"));
        design.apply(noted.remedies[0].command()).unwrap();
        assert!(lint("requirements-trap", &design).is_empty());
    }

    #[test]
    fn a_mean_that_hides_the_tail_is_told() {
        let design = |times: &str, required: &str| {
            read(&format!(
                r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "50/s"}}}},
            {{"id": "api", "kind": "service", "concurrency": null, "service_time": "{times}"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "30s"}}], "requirements": [{required}]}}"#
            ))
        };
        let (mean, p99) = (
            r#"{"metric": "latency_mean", "at_most": "100ms"}"#,
            r#"{"metric": "latency_p99", "at_most": "2s"}"#,
        );
        let skewed = "hyperexp(0.95:5ms,0.05:500ms)";
        let faulty = design(skewed, mean);
        assert!(found("requirements-trap", &faulty, &run(&faulty))[0].measured);
        let required = design(skewed, p99);
        assert!(found("requirements-trap", &required, &run(&required)).is_empty());
        let even = design("exp(20ms)", mean);
        assert!(
            found("requirements-trap", &even, &run(&even))
                .iter()
                .all(|f| !f.measured)
        );
    }
}
