//! The outcome of an experiment's run, and how much better one outcome is than another.

use design::requirement::Bound;
use design::{Design, Metric, Requirement};
use report::{Change, Curve, Effect, Finding, Requests, Seeds, Severity, Verdict};
use serde::{Deserialize, Serialize};
use sim::Report;
use std::collections::BTreeMap;

/// Largest difference in counts of wrong data that is no harm.
const COUNT_SLACK: f64 = 5.0;
/// Largest ratio by which a count may rise without harm.
const COUNT_RATIO: f64 = 1.05;
/// Largest fall in availability that is no harm.
const AVAILABILITY_SLACK: f64 = 0.004;
/// Least share of the distance to a bound that counts as an improvement.
pub(super) const IMPROVED: f64 = 0.2;

/// The part of a run's report that experiments compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// A value for each metric, in their order; durations in ms. A metric without a value has the
    /// worst possible one: a run that never recovers took until its end.
    values: Vec<f64>,
    /// Metrics whose values the run does not give.
    #[serde(with = "report::metric::many")]
    unknown: Vec<Metric>,
    /// Metrics whose bounds were missed.
    #[serde(with = "report::metric::many")]
    missed: Vec<Metric>,
    /// The outcome of each client's own requests.
    clients: BTreeMap<String, ClientOutcome>,
    /// The outcome of each operation's requests, with the client's id where names clash.
    operations: BTreeMap<String, ClientOutcome>,
    /// Number of events of the run.
    pub events: u64,
    /// Offered load and goodput over time, for the curves beside a finding.
    pub curve: Curve,
}

/// The outcome of a client's own requests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct ClientOutcome {
    available: f64,
    /// 99th percentile of the response time.
    response_ms: f64,
}

/// Metrics for which a client's own response time is used.
const FELT_AS_LATENCY: [Metric; 6] = [
    Metric::LatencyMean,
    Metric::LatencyP50,
    Metric::LatencyP90,
    Metric::LatencyP95,
    Metric::LatencyP99,
    Metric::LatencyP999,
];

/// Most points of a curve.
const STEPS_MAX: usize = 60;

/// Returns offered load and goodput of a run, at a few points.
fn curve(report: &Report) -> Curve {
    let windows = &report.windows;
    let each = windows.offered_per_s.len().div_ceil(STEPS_MAX).max(1);
    let thin = |of: &[f64]| {
        let chunks = of.chunks(each);
        chunks
            .map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64)
            .collect()
    };
    Curve {
        width_s: windows.width_s * each as f64,
        offered_per_s: thin(&windows.offered_per_s),
        goodput_per_s: thin(&windows.goodput_per_s),
    }
}

/// A bound that experiments are compared with: one of the design's, or a substitute for a
/// requirement that the design does not state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Goal {
    pub(super) metric: Metric,
    pub(super) bound: f64,
    pub(super) is_most: bool,
}

impl Goal {
    /// Returns how far a value is from the bound; 0 if the bound is met.
    pub(super) fn distance(&self, value: f64) -> f64 {
        match self.is_most {
            true => (value - self.bound).max(0.0),
            false => (self.bound - value).max(0.0),
        }
    }
}

/// Returns the bounds of a design's requirements.
fn goals(requirements: &[Requirement]) -> Vec<Goal> {
    let in_unit = |bound: Bound| match bound {
        Bound::Number(number) => number,
        Bound::Duration(duration) => duration.as_ms(),
    };
    let mut goals = Vec::new();
    for requirement in requirements {
        let mut add = |bound: Option<Bound>, is_most: bool| {
            goals.extend(bound.map(|bound| Goal {
                metric: requirement.metric,
                bound: in_unit(bound),
                is_most,
            }));
        };
        add(requirement.at_least, false);
        add(requirement.at_most, true);
    }
    goals
}

/// Returns the bounds that were missed, or substitutes for what the findings are about.
pub(super) fn goals_of(design: &Design, base: &Outcome, found: &[Finding]) -> Vec<Goal> {
    let stated = goals(&design.requirements);
    if stated
        .iter()
        .any(|goal| goal.distance(base.value(goal.metric)) > 0.0)
    {
        return stated;
    }
    let loud = (found.iter()).filter(|f| f.measured && f.severity != Severity::Note);
    let metrics: Vec<Metric> = loud.filter_map(|finding| finding.requirement).collect();
    let metrics = Metric::ALL.iter().filter(|metric| metrics.contains(metric));
    let stand_ins = metrics.map(|metric| {
        let value = base.value(*metric);
        let (bound, is_most) = match metric {
            Metric::Availability => (0.999_f64.max(value + (1.0 - value) * 0.9), false),
            Metric::Goodput | Metric::Throughput => (value * 1.2, false),
            metric if metric.is_duration() => (value * 0.5, true),
            _ => (0.0, true),
        };
        Goal {
            metric: *metric,
            bound,
            is_most,
        }
    });
    let stand_ins: Vec<Goal> = stand_ins.collect();
    match stand_ins.is_empty() {
        true => Vec::new(),
        false => stated.into_iter().chain(stand_ins).collect(),
    }
}

impl Outcome {
    /// Reads a report.
    pub fn new(design: &Design, report: &Report) -> Self {
        let missed = report
            .requirements
            .iter()
            .filter(|score| score.verdict == Verdict::Missed);
        let clients = design.nodes.iter().filter_map(|node| {
            let client = report.nodes.get(&node.id)?;
            let is_client = matches!(node.kind, design::Kind::Client(_));
            let failed = client.failures.values().sum::<u64>() + client.in_flight;
            let all = client.completions + failed;
            let outcome = ClientOutcome {
                available: 1.0 - failed as f64 / all.max(1) as f64,
                response_ms: client.response_ms.p99.unwrap_or(0.0),
            };
            (is_client && all > 0).then(|| (node.id.clone(), outcome))
        });
        let operations = report.requests.by_operation.iter().map(|(name, requests)| {
            let outcome = ClientOutcome {
                available: requests.availability,
                response_ms: requests.latency_ms.p99.unwrap_or(0.0),
            };
            (name.clone(), outcome)
        });
        Self {
            values: values(report),
            unknown: unknown(report),
            missed: missed.map(|score| score.metric).collect(),
            clients: clients.collect(),
            operations: operations.collect(),
            events: report.run.events,
            curve: curve(report),
        }
    }

    /// Returns the value of a metric.
    pub fn value(&self, metric: Metric) -> f64 {
        self.values.get(metric as usize).copied().unwrap_or(0.0)
    }

    /// Returns the value of a metric, if the run gives one.
    pub fn known(&self, metric: Metric) -> Option<f64> {
        (!self.unknown.contains(&metric)).then(|| self.value(metric))
    }

    /// Returns the metrics of missed requirements.
    pub fn missed(&self) -> &[Metric] {
        &self.missed
    }

    /// Returns the share of a goal's distance that was closed for all clients but one; `None` if
    /// they missed nothing.
    pub(super) fn share_of_others(&self, before: &Self, goal: &Goal, client: &str) -> Option<f64> {
        let others = |of: &Self| {
            worst(
                goal.metric,
                of.clients.iter().filter(|(id, _)| *id != client),
            )
        };
        match (others(before), others(self)) {
            (Some(was), Some(is)) => (goal.distance(was) > 0.0).then(|| went(goal, was, is)),
            // Goodput, recovery and the state of the data are not known for each client.
            _ if goal.metric == Metric::RecoveryTime => Some(self.share(before, goal)),
            _ => None,
        }
    }

    /// Returns the share of a goal's distance that was closed for all operations but one, given by
    /// client and name.
    pub(super) fn share_of_other_operations(
        &self,
        before: &Self,
        goal: &Goal,
        (client, operation): (&str, &str),
    ) -> Option<f64> {
        let is_it =
            |name: &str| name == operation || name.starts_with(client) && name.ends_with(operation);
        let others = |of: &Self| {
            worst(
                goal.metric,
                of.operations.iter().filter(|(name, _)| !is_it(name)),
            )
        };
        match (others(before), others(self)) {
            (Some(was), Some(is)) => (goal.distance(was) > 0.0).then(|| went(goal, was, is)),
            _ => None,
        }
    }

    /// Returns what got worse compared with another run: goals that were met, availability, and
    /// wrong data.
    pub(super) fn worse_than(&self, before: &Self, goals: &[Goal]) -> Vec<Change> {
        let mut worse = Vec::new();
        let mut add = |metric: Metric| {
            let is_new = worse.iter().all(|change: &Change| change.metric != metric);
            if is_new {
                worse.push(Change {
                    metric,
                    before: before.known(metric),
                    after: self.known(metric),
                });
            }
        };
        for goal in goals {
            let (was, is) = (before.value(goal.metric), self.value(goal.metric));
            if goal.distance(was) == 0.0 && goal.distance(is) > 0.0 {
                add(goal.metric);
            }
        }
        let missed = self.missed.iter().copied();
        missed
            .filter(|metric| !before.missed.contains(metric))
            .for_each(&mut add);
        let fell = before.value(Metric::Availability) - self.value(Metric::Availability);
        if fell > AVAILABILITY_SLACK {
            add(Metric::Availability);
        }
        for metric in [
            Metric::LostWrites,
            Metric::TornWrites,
            Metric::DuplicateEffects,
        ] {
            let (was, is) = (before.value(metric), self.value(metric));
            if is > was * COUNT_RATIO + COUNT_SLACK {
                add(metric);
            }
        }
        worse
    }

    /// Returns the effect of a change: how close it comes to the goals, and what else got better or
    /// worse.
    pub(super) fn effect(&self, before: &Self, goals: &[Goal]) -> Option<Effect> {
        let missed = goals
            .iter()
            .filter(|goal| goal.distance(before.value(goal.metric)) > 0.0);
        let shares = missed.map(|goal| (goal, self.share(before, goal)));
        let (goal, share) = shares.reduce(|best, next| match next.1 > best.1 {
            true => next,
            false => best,
        })?;
        let better = goals.iter().filter(|other| {
            other.metric != goal.metric
                && other.distance(before.value(other.metric)) > 0.0
                && self.share(before, other) >= IMPROVED
        });
        let change = |goal: &Goal| Change {
            metric: goal.metric,
            before: before.known(goal.metric),
            after: self.known(goal.metric),
        };
        Some(Effect {
            requirement: change(goal),
            bound: goal.bound,
            met: goal.distance(self.value(goal.metric)) == 0.0,
            fixes: goals
                .iter()
                .all(|goal| goal.distance(self.value(goal.metric)) == 0.0),
            share,
            better: better.map(change).collect(),
            worse: self.worse_than(before, goals),
            monthly_cost: Change {
                metric: Metric::MonthlyCost,
                before: before.known(Metric::MonthlyCost),
                after: self.known(Metric::MonthlyCost),
            },
            seeds: Seeds::default(),
        })
    }

    /// Returns the share of a goal's distance that was closed; below 0 if the distance grew.
    pub(super) fn share(&self, before: &Self, goal: &Goal) -> f64 {
        went(goal, before.value(goal.metric), self.value(goal.metric))
    }
}

fn went(goal: &Goal, was: f64, is: f64) -> f64 {
    let (was, is) = (goal.distance(was), goal.distance(is));
    match was > 0.0 {
        true => ((was - is) / was).clamp(-1.0, 1.0),
        false => 0.0,
    }
}

/// Returns the availability or latency of the worst of these; `None` for metrics that are not known
/// for each of them.
fn worst<'a>(
    metric: Metric,
    of: impl Iterator<Item = (&'a String, &'a ClientOutcome)>,
) -> Option<f64> {
    match metric {
        Metric::Availability => of.map(|(_, of)| of.available).reduce(f64::min),
        metric if FELT_AS_LATENCY.contains(&metric) => {
            of.map(|(_, of)| of.response_ms).reduce(f64::max)
        }
        _ => None,
    }
}

/// Returns a value for each metric that runs are compared by.
fn values(report: &Report) -> Vec<f64> {
    let run_ms = report.run.ended_s * 1e3;
    let Requests {
        latency_ms: latency,
        ..
    } = &report.requests;
    let data = &report.data;
    // Without any response, a latency is at least as long as the run.
    let of = |value: Option<f64>| value.unwrap_or(run_ms);
    let scored = |metric: Metric| {
        let mut scores = report.requirements.iter();
        scores.find(|score| score.metric == metric)
    };
    let recovery = match (&report.recovery, scored(Metric::RecoveryTime)) {
        (Some(recovery), _) => of(recovery.recovery_s.map(|s| s * 1e3)),
        (None, Some(score)) if crate::is_unmet(report, score) => run_ms,
        (None, _) => 0.0,
    };
    let detect = match report.operator.undetected {
        0 => report.operator.time_to_detect_s.map_or(0.0, |s| s * 1e3),
        _ => run_ms,
    };
    let all = [
        (Metric::Availability, report.requests.availability),
        (Metric::LatencyMean, of(latency.mean)),
        (Metric::LatencyP50, of(latency.p50)),
        (Metric::LatencyP90, of(latency.p90)),
        (Metric::LatencyP95, of(latency.p95)),
        (Metric::LatencyP99, of(latency.p99)),
        (Metric::LatencyP999, of(latency.p999)),
        (Metric::Goodput, report.requests.goodput_per_s),
        (Metric::Throughput, report.requests.throughput_per_s),
        (Metric::StalenessMax, data.staleness_ms.max.unwrap_or(0.0)),
        (Metric::StalenessP99, data.staleness_ms.p99.unwrap_or(0.0)),
        (Metric::StaleReads, data.stale_reads as f64),
        (Metric::DuplicateEffects, data.duplicate_effects as f64),
        (Metric::LostWrites, data.lost_writes as f64),
        (Metric::TornWrites, data.torn_writes as f64),
        (Metric::OutOfOrder, data.out_of_order as f64),
        (Metric::DivergentKeys, data.divergent_keys as f64),
        (Metric::TimeToDetect, detect),
        (Metric::RecoveryTime, recovery),
        (Metric::MonthlyCost, report.cost.monthly),
    ];
    let mut values = vec![0.0; Metric::ALL.len()];
    for (metric, value) in all {
        values[metric as usize] = value;
    }
    values
}

/// Returns the metrics that the run gives no value for, because nothing succeeded or it never
/// happened.
fn unknown(report: &Report) -> Vec<Metric> {
    let scores = report.requirements.iter();
    let unknown = scores.filter(|score| score.actual.is_err() && crate::is_unmet(report, score));
    unknown.map(|score| score.metric).collect()
}
