//! Clients whose requests arrive at the same moment.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::client::Arrivals;
use design::link::{Backoff, Jitter, Mode};
use design::{Link, Metric, Node, Value};
use report::{
    Finding, Fold, Remedy, count_of, figure, link_list, link_name, message, moment, name, percent,
    rate, whole,
};
use sim::Report;

/// Least ratio of simultaneous requests to the calls that their callee can process concurrently.
const TOGETHER: f64 = 2.0;
/// Least ratio of a window's arrivals to the mean, and least number of such windows.
const PEAK: f64 = 4.0;
const PEAKS: usize = 2;
/// Least number of waves of retries, least ratio of each peak to the retries around it, and least
/// number of retries in a peak.
const WAVES: usize = 3;
const ABOVE: f64 = 2.0;
const RETRIES: f64 = 20.0;
/// Least share of the load that comes from a synchronized client.
const SHARE: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    id: "thundering-herd",
    title: "Thundering herd",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Jobs that start on the full minute, reconnects after an outage, and retries after the \
        same pause send their requests simultaneously. A system that is idle on average is \
        overloaded at that moment.",
    evidence: "Structural: a client sends batches at least twice as large as the concurrency of \
        its callee, or retries pause without jitter (notes). Measured: a client sends at least 20% \
        of the load in such batches, in at least two windows with 4 times its mean arrivals, and \
        users were affected. Or the retries over a link without jitter come in at least three \
        waves. A wave peaks at 20 retries or more and at 4 times the mean of all windows. Within \
        two windows on either side, retries fall to half of the peak or less.",
    silent: "Bursts that are absorbed. Arrivals at random times.",
    fixes: "Add jitter or splay, or put a queue or a rate limit in front. The cost: some requests \
        are sent or served slightly later.",
};

/// Returns the clients that send batches of ten or more requests, with the size of a batch.
fn in_step<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, f64)> {
    let each = facts.clients().filter_map(|(node, client)| {
        let batch = match &client.arrivals {
            Arrivals::Replay(times) => most_simultaneous(times),
            _ => f64::from(client.batch),
        };
        (batch >= 10.0).then_some((node, batch))
    });
    each.collect()
}

/// Returns the largest number of recorded requests within 100 ms.
fn most_simultaneous(times: &[design::Duration]) -> f64 {
    let mut from = 0;
    let mut most = 0;
    for (at, time) in times.iter().enumerate() {
        while time.0 - times[from].0 > 100_000_000 {
            from += 1;
        }
        most = most.max(at + 1 - from);
    }
    most as f64
}

/// Returns the concurrency of the first nodes that a client calls.
fn slots(facts: &Facts<'_>, node: &Node) -> f64 {
    let first = facts
        .graph
        .out(&node.id)
        .iter()
        .flat_map(|link| facts.graph.served_by(link));
    let slots = first.map(|node| match &node.kind {
        design::Kind::Service(service) => service
            .concurrency
            .map_or(f64::INFINITY, |slots| f64::from(slots * service.replicas)),
        design::Kind::Database(database) => {
            f64::from(database.concurrency) * f64::from(database.members())
        }
        _ => f64::INFINITY,
    });
    slots.fold(f64::INFINITY, f64::min)
}

/// Returns the links that retry after a pause that is the same for all callers.
fn unspread<'a>(facts: &Facts<'a>) -> Vec<&'a Link> {
    let links = facts.design.links.iter();
    let links = links.filter(|link| {
        link.retry.as_ref().is_some_and(|retry| {
            retry.max_attempts > 1 && retry.jitter == Jitter::None && retry.backoff != Backoff::None
        })
    });
    links.filter(|link| link.mode == Mode::Call).collect()
}

fn spread(facts: &Facts<'_>, node: &Node) -> Vec<Remedy> {
    let Some((_, client)) = facts.clients().find(|(other, _)| other.id == node.id) else {
        return Vec::new();
    };
    let mut fixes = Vec::new();
    if client.batch > 1 {
        fixes.push(Remedy::new(
            message!("Spread the requests of {} over time", name(&node.id)),
            "Some requests are sent later than before.",
            vec![remedies::node(&node.id, "batch", remedies::number(1.0))],
        ));
    }
    fixes
}

fn with_jitter(links: &[&Link]) -> Remedy {
    let edits = links
        .iter()
        .map(|link| remedies::link(&link.id, "retry.jitter", Value::text("full")));
    Remedy::new(
        "Use full jitter on every backoff",
        "Some retries come sooner, and some later.",
        edits.collect(),
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, batch) in in_step(facts) {
        let slots = slots(facts, node);
        if batch >= TOGETHER * slots {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("{} sends {} requests at the same moment", name(&node.id), figure(batch)),
                        message!("The first callee processes {} at a time. The others wait or are rejected, even if the callee is idle between bursts.", whole(slots)),
                        "Spread the requests over time, or buffer them in a queue.",
                    )
                    .endangers(Metric::LatencyP99)
                    .fixed_by(spread(facts, node)),
            );
        }
    }
    let links = unspread(facts);
    if !links.is_empty() {
        let names: Vec<&str> = links.iter().map(|link| link.id.as_str()).collect();
        found.push(
            Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
                .says(
                    message!("Retries on {} are synchronized", link_list(&names)),
                    "Calls that fail together are retried together, because the backoff has no jitter.",
                    "Use full jitter on the backoff.",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by([with_jitter(&links)]),
        );
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = facts.series.as_ref() else {
        return Vec::new();
    };
    let failed: u64 = report.requests.failed.values().sum();
    let is_felt = facts.is_hurt() || failed >= 20;
    let mut found = Vec::new();
    for (node, batch) in in_step(facts).into_iter().filter(|_| is_felt) {
        let Some(windows) = series.node(&node.id) else {
            continue;
        };
        let whole = series.whole();
        let all = facts
            .clients()
            .filter_map(|(client, _)| Some(report.nodes.get(&client.id)?.arrivals))
            .sum::<u64>();
        let mine = report.nodes.get(&node.id).map_or(0, |node| node.arrivals);
        if (mine as f64) < SHARE * all as f64 || batch < TOGETHER * slots(facts, node) {
            continue;
        }
        let part = series.between(&windows.arrivals_per_s, windows.width_s, whole);
        let mean = part.iter().sum::<f64>() / part.len().max(1) as f64;
        let peaks: Vec<usize> = (0..part.len())
            .filter(|at| part[*at] >= PEAK * mean)
            .collect();
        // Batches that arrive more often than once per window are synchronized all the same.
        let is_dense = mean * windows.width_s >= batch;
        if peaks.len() < PEAKS && !is_dense {
            continue;
        }
        let at = |fold| field::node_over(&node.id, "arrivals_per_s", fold, whole);
        let most = part.iter().copied().fold(0.0, f64::max);
        let first = peaks.first().map_or(whole.from_s, |at| {
            whole.from_s + *at as f64 * windows.width_s
        });
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .measured(Some(first))
                .says(
                    message!("{} sent {} requests at the same moment, and {} of all requests failed", name(&node.id), figure(batch), percent(facts.failed_share()).of(field::of("requests.availability").rest())),
                    message!("Its requests arrived at {} in the busiest window and at {} on average. The first callee processes {} at a time.", rate(most).of(at(Fold::Max)), rate(mean).of(at(Fold::Mean)), count_of(report::whole(slots(facts, node)), "call", "calls")),
                    "Spread the requests over time, or buffer them in a queue.",
                )
                .endangers(facts.felt())
                .fixed_by(spread(facts, node)),
        );
    }
    if found.is_empty() && is_felt {
        found.extend(of_retries(facts));
    }
    found
}

/// Returns windows that exceed the windows before and after them. A wave may last three windows:
/// each side is the lower of the two windows next to the peak. A step has one low side only and is
/// no wave.
fn waves(of: &[f64]) -> Vec<usize> {
    let all = 2..of.len().saturating_sub(2);
    let waves = all.filter(|at| {
        let at = *at;
        let (before, after) = (of[at - 1].min(of[at - 2]), of[at + 1].min(of[at + 2]));
        let is_peak = of[at] >= of[at - 1] && of[at] > of[at + 1];
        is_peak && of[at] >= ABOVE * before.max(after)
    });
    waves.collect()
}

/// Returns the finding about retries that come in waves.
fn of_retries(facts: &Facts<'_>) -> Option<Finding> {
    let series = facts.series.as_ref()?;
    let links = unspread(facts);
    let waves = links.iter().filter_map(|link| {
        let windows = series.link(&link.id)?;
        let retries = &windows.retries_per_s;
        let mean = retries.iter().sum::<f64>() / retries.len().max(1) as f64;
        let waves = waves(retries)
            .into_iter()
            .filter(|at| retries[*at] >= PEAK * mean && retries[*at] * windows.width_s >= RETRIES);
        let peaks: Vec<usize> = waves.collect();
        let first = *peaks.first()? as f64 * windows.width_s;
        (peaks.len() >= WAVES).then_some((*link, first, peaks.len()))
    });
    let (link, first, count) = waves.max_by_key(|(_, _, count)| *count)?;
    Some(
        Finding::new(RULE.id, [link.id.clone()])
            .measured(Some(first))
            .says(
                message!("Retries on {} came in {} waves from {} on", link_name(&link.id), count, moment(first)),
                "Calls that failed together were retried together, because the backoff has no jitter.",
                "Use full jitter on the backoff.",
            )
            .endangers(facts.felt())
            .fixed_by([with_jitter(&links)]),
    )
}

#[cfg(test)]
mod tests {
    use super::waves;
    use crate::testing::{Says, chain, fault, found, lint, read, run};

    fn design(batch: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "cron", "kind": "client", "arrivals": {{"constant": "20/s"}}, "batch": {batch}}},
            {{"id": "api", "kind": "service", "concurrency": 8, "queue": {{"capacity": 50}}}}],
            "links": [{{"from": "cron", "to": "api", "timeout": "2s"}}]}}"#
        ))
    }

    #[test]
    fn jobs_on_the_minute_are_told_and_spread_ones_are_not() {
        let faulty = design(200);
        assert!(
            lint("thundering-herd", &faulty)[0]
                .what
                .contains("200 requests")
        );
        let finding = &found("thundering-herd", &faulty, &run(&faulty))[0];
        assert!(finding.measured, "{finding:?}");
        let near = design(1);
        assert!(lint("thundering-herd", &near).is_empty());
        assert!(found("thundering-herd", &near, &run(&near)).is_empty());
        let even = chain(r#""retry": {"backoff": {"constant": "100ms"}}"#);
        assert!(
            lint("thundering-herd", &even)[0]
                .what
                .contains("synchronized")
        );
    }

    /// Crashes at these seconds, each for this long, and retries that all pause for the same time.
    fn with_crashes(at: &[u32], lasts: &str) -> design::Design {
        let mut design = read(
            r#"{"nodes": [
            {"id": "users", "kind": "client", "arrivals": {"poisson": "100/s"}, "patience": "5s"},
            {"id": "api", "kind": "service", "concurrency": 50, "service_time": "exp(5ms)"}],
            "links": [{"from": "users", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3, "backoff": {"constant": "2s"}}}],
            "requirements": [{"metric": "latency_p99", "at_most": "500ms"}], "warmup": "5s"}"#,
        );
        let faults = at.iter().map(|at| {
            fault(&format!(
                r#"{{"at": "{at}s", "for": "{lasts}", "kind": "crash", "target": "api"}}"#
            ))
        });
        design.faults.extend(faults);
        design
    }

    #[test]
    fn retries_in_waves_are_told_and_a_plateau_of_them_is_not() {
        let faulty = with_crashes(&[10, 20, 30, 40], "1s");
        let finding = &found("thundering-herd", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.what.contains("came in 4 waves"),
            "{finding:?}"
        );
        let near = with_crashes(&[20], "10s");
        assert!(
            found("thundering-herd", &near, &run(&near))
                .iter()
                .all(|f| !f.measured)
        );
    }

    #[test]
    fn a_wave_stands_above_both_sides() {
        assert_eq!(waves(&[0.0, 0.0, 90.0, 0.0, 0.0]), [2]);
        assert_eq!(waves(&[0.0, 0.0, 60.0, 90.0, 60.0, 0.0]), [3]);
        assert_eq!(waves(&[0.0, 0.0, 90.0, 90.0, 0.0, 0.0]), [3]);
        assert!(
            waves(&[
                0.0, 83.0, 194.0, 205.0, 188.0, 186.0, 197.0, 184.0, 198.0, 60.0, 0.0
            ])
            .is_empty()
        );
        assert!(waves(&[0.0, 0.0]).is_empty());
    }
}
