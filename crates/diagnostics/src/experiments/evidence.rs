//! Which suspects the run shows a sign of. A suspect that never rejected a call, never timed out
//! and never made a caller wait need not be removed.

use super::interventions::{Intervention, Without};
use super::outcome::Goal;
use crate::facts::Facts;
use design::Metric;
use report::NodeReport;
use std::collections::BTreeSet;

/// Share of a missed latency from which a hop matters.
const NOTABLE: f64 = 0.02;

/// Returns whether the run shows a sign that this may matter for a goal that was missed.
pub(super) fn is_suspect(facts: &Facts<'_>, missed: &[Goal], of: &Intervention) -> bool {
    let bears = |goal: &Goal| of.without.bears_on(goal.metric);
    if !missed.iter().any(bears) {
        return false;
    }
    let subjects = || of.subjects.iter().map(String::as_str);
    let node = |is: fn(&NodeReport) -> bool| subjects().any(|id| facts.node(id).is_some_and(is));
    let link =
        |is: fn(&report::LinkReport) -> bool| subjects().any(|id| facts.link(id).is_some_and(is));
    let is_missed = |metric: Metric| missed.iter().any(|goal| goal.metric == metric);
    match of.without {
        Without::Haste => subjects().any(|id| fills(facts, id)),
        Without::Retries | Without::RetryWaves => link(|link| link.retries > 0),
        Without::Hedges => link(|link| link.hedges > 0),
        Without::Breaker => link(|link| link.breaker_open_s + link.breaker_half_open_s > 0.0),
        Without::Timeout => link(|link| link.timeouts > 0),
        Without::PoolLimit => {
            link(|link| link.failures.contains_key("pool_timeout")) || waits_for_pool(facts, of)
        }
        Without::Slots | Without::Contention => node(|node| {
            node.queue_max > 0 || !node.turned_away.is_empty() || node.utilization > Some(0.5)
        }),
        Without::Refusals => node(|node| !node.turned_away.is_empty() || !node.failures.is_empty()),
        Without::FarLeader => node(|node| {
            let database = node.database.as_ref();
            let replication = database.and_then(|database| database.replication.as_ref());
            replication.is_some_and(|replication| replication.failovers > 0)
        }),
        Without::Memory => node(|node| node.out_of_memory > Some(0)),
        Without::OwnErrors => node(|node| !node.failures.is_empty()),
        Without::Consumers => node(|node| node.queue_max > 0),
        Without::Lookups | Without::RepeatedLoads | Without::JointExpiry => {
            node(|node| node.hit_ratio < Some(1.0))
        }
        Without::Ejection | Without::DeepChecks | Without::EarlyRedelivery => {
            let mut nodes = subjects().filter_map(|id| facts.node(id));
            nodes.any(|node| has_acted(node, of.without))
        }
        Without::Blindness => subjects().any(|id| {
            let mut out = facts.graph.out(id).iter();
            out.any(|link| {
                // A full queue is no sign of an unhealthy replica.
                facts
                    .link(&link.id)
                    .is_some_and(|link| link.failures.keys().any(|why| *why != "rejected"))
            })
        }),
        Without::Tail => subjects().any(|id| {
            let p99 = facts
                .node(id)
                .and_then(|node| node.response_ms.p99)
                .unwrap_or(0.0);
            p99 > NOTABLE * slowest(missed)
        }),
        Without::Network => subjects().any(|id| {
            let of = facts.design.link(id);
            let each = of.and_then(|link| link.latency.mean_s()).unwrap_or(0.0) * 1e3;
            let calls = of.map_or(0, |link| link.calls);
            let is_lossy = of.is_some_and(|link| link.loss > 0.0);
            is_lossy || 2.0 * each * f64::from(calls) > NOTABLE * slowest(missed)
        }),
        Without::Disorder => is_missed(Metric::OutOfOrder),
        Without::Repeats => is_missed(Metric::DuplicateEffects),
        _ => true,
    }
}

/// Returns whether a node took replicas out of service, or delivered messages again although their
/// consumer was not done with them.
fn has_acted(node: &NodeReport, what: Without) -> bool {
    let out = node.out_of_service.as_ref();
    let messages = node.messages.as_ref();
    let early = ["visibility_timeout", "session_timeout", "poll_interval"];
    match what {
        Without::Ejection => out.is_some_and(|out| out.ejected_s + out.panic_s > 0.0),
        Without::DeepChecks => out.is_some_and(|out| out.failed_checks > 0),
        _ => messages.is_some_and(|messages| {
            let mut causes = early.iter();
            causes.any(|cause| messages.redelivered_after.contains_key(cause))
        }),
    }
}

/// Returns whether a link had retries, and a node behind it was saturated at some time.
fn fills(facts: &Facts<'_>, id: &str) -> bool {
    let link = facts.design.link(id);
    let behind = link.map_or_else(BTreeSet::new, |link| facts.graph.reach(&link.to));
    let is_full = |id: &&str| {
        let series = facts.series.as_ref();
        let node = facts.node(id);
        series.is_some_and(|series| !series.saturated(id).is_empty())
            || node.is_some_and(|node| node.out_of_memory > Some(0))
    };
    facts.link(id).is_some_and(|link| link.retries > 0) && behind.iter().any(is_full)
}

/// Returns whether all connections of a pool were in use for a while, or calls of a database
/// waited.
fn waits_for_pool(facts: &Facts<'_>, of: &Intervention) -> bool {
    let Some(series) = &facts.series else {
        return true;
    };
    of.subjects.iter().any(|id| {
        let Some(link) = facts.design.link(id) else {
            return facts.node(id).is_some_and(|node| {
                node.queue_max > 0 || !node.turned_away.is_empty() || !node.failures.is_empty()
            });
        };
        let callers = facts
            .graph
            .node(&link.from)
            .map_or(1, |node| node.kind.replicas());
        let sizes = [
            link.pool.as_ref().map(|pool| pool.size),
            link.bulkhead
                .as_ref()
                .map(|bulkhead| bulkhead.max_concurrent),
        ];
        let size = sizes.into_iter().flatten().min().unwrap_or(0);
        let most = series
            .link(id)
            .and_then(|windows| windows.in_flight.iter().max());
        // A window shows the number at its end, not the maximum within it.
        most.is_some_and(|most| 2 * *most >= u64::from(size) * u64::from(callers))
    })
}

/// Returns the shortest latency that was required and missed, in ms; without one, every hop
/// matters.
fn slowest(missed: &[Goal]) -> f64 {
    let latencies = missed.iter().filter(|goal| goal.metric.is_duration());
    latencies
        .map(|goal| goal.bound)
        .reduce(f64::min)
        .unwrap_or(0.0)
}
