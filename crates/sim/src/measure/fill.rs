//! Fills the report with the counts of a run.

use super::recovery::Aftermath;
use super::score::{Outcome, score};
use super::{ByCause, Histogram, LinkTally, RequestTally, hash_of};
use crate::call::{CAUSES, LIMITS};
use crate::components::{Component, Node};
use crate::data::Divergence;
use crate::simulation::{Simulation, Status};
use crate::station::Station;
use crate::world::Replica;
use report::{
    Latency, LinkReport, NodeReport, ReplicaReport, Report, Requests, Run, Spread, Time, VERSION,
    WindowReport,
};
use std::collections::BTreeMap;
impl Simulation {
    /// Returns the report as of now.
    pub fn report(&self) -> Report {
        let design = self.design();
        let requests = self.requests();
        let divergence = self.divergence();
        let data = self.data_report(&divergence);
        let operator = self.operator();
        let aftermath = self.aftermath();
        let cost = self.cost_report(self.measured_s());
        let requirements = design
            .requirements
            .iter()
            .flat_map(|requirement| {
                let outcome = Outcome {
                    requests: &requests,
                    data: &data,
                    operator: &operator,
                    aftermath: &aftermath,
                    cost: &cost,
                    is_cut_short: self.status() == Status::OutOfBudget,
                    is_running: self.status() == Status::Running,
                };
                score(requirement, &outcome)
            })
            .collect();
        let (recovery, metastable) = match aftermath {
            Aftermath::Judged(recovery, metastable) => (Some(recovery), metastable),
            Aftermath::Calm | Aftermath::Unjudged(_) => (None, None),
        };
        let settings = &design.settings;
        let mut report = Report {
            run: Run {
                seed: self.world.seed,
                duration_s: settings.duration.as_s(),
                warmup_s: settings.warmup.as_s(),
                ended_s: self.world.now as f64 / 1e9,
                status: match self.status() {
                    Status::Running => "running",
                    Status::Ended => "ended",
                    Status::OutOfBudget => "out_of_budget",
                },
                events: self.world.events,
                hash: String::new(),
                version: VERSION,
            },
            requests,
            data,
            nodes: design
                .nodes
                .iter()
                .map(|node| (node.id.clone(), self.node_report(&node.id, &divergence)))
                .collect(),
            links: design
                .links
                .iter()
                .map(|link| (link.id.clone(), self.link_report(&link.id)))
                .collect(),
            requirements,
            operator,
            steady: self.steady_state(),
            recovery,
            metastable,
            cost,
            windows: self.window_report(),
            node_windows: self.node_windows(),
            link_windows: self.link_windows(),
        };
        report.run.hash = hash_of(&report);
        report
    }

    /// Returns the measured time, in seconds: from the warm-up to the end of arrivals.
    pub(super) fn measured_s(&self) -> f64 {
        let until = self.world.end.min(self.world.now);
        until.saturating_sub(self.world.warmup) as f64 / 1e9
    }

    fn requests(&self) -> Requests {
        let mut requests = self.request_report(&self.world.requests());
        let operations = &self.world.operations;
        requests.by_operation = operations
            .iter()
            .filter(|operation| self.world.node(operation.client).is_present)
            .map(|operation| {
                let name = self.operation_name(operation);
                (name, self.request_report(&operation.tally))
            })
            .collect();
        requests
    }

    fn request_report(&self, tally: &RequestTally) -> Requests {
        let completed = tally.completed();
        let measured_s = self.measured_s();
        let per_s = |count: u64| {
            if measured_s > 0.0 {
                count as f64 / measured_s
            } else {
                0.0
            }
        };
        Requests {
            offered: tally.offered,
            completed,
            ok: tally.ok,
            degraded: tally.degraded,
            failed: causes(&tally.failed),
            in_flight: tally.offered - completed,
            availability: self.availability(tally),
            throughput_per_s: per_s(tally.finished_in_time),
            goodput_per_s: per_s(tally.good_in_time),
            latency_ms: latency(&tally.latency),
            by_operation: BTreeMap::new(),
        }
    }

    /// Returns the share of answered requests. A request without an answer after the drain never
    /// gets one, so it counts as failed.
    fn availability(&self, tally: &RequestTally) -> f64 {
        let is_over = self.status() != Status::Running;
        let judged = match tally.completed() {
            0 if is_over => tally.offered,
            _ if self.has_drained() => tally.offered,
            completed => completed,
        };
        ratio(tally.ok + tally.degraded, judged).unwrap_or(1.0)
    }

    fn node_report(&self, id: &str, divergence: &Divergence) -> NodeReport {
        let place = self.world.node_places[id];
        let tally = &self.world.node(place).tally;
        let measured = &tally.measured;
        let node = self.behaviour(place);
        let stations = node.stations();
        let mean =
            |gauge: &super::Gauge| gauge.mean(self.world.warmup, self.world.end, self.world.now);
        // Removed replicas keep their counts, but are not present.
        let present = &stations[..stations.len().min(self.world.node(place).replicas.len())];
        let slots: Option<u64> = present.iter().map(|station| station.slots).sum();
        let offered: f64 = stations.iter().map(|station| mean(&station.offered)).sum();
        let share = |level: f64| {
            slots
                .filter(|slots| *slots > 0)
                .map(|_| share_of(level, offered))
        };
        let held: f64 = stations.iter().map(|station| mean(station.busy())).sum();
        let working: f64 = stations.iter().map(|station| mean(&station.working)).sum();
        let (queue_mean, queue_max) = self.queue_levels(node);
        NodeReport {
            arrivals: measured.arrivals,
            completions: measured.completions,
            failures: causes(&measured.failures),
            in_flight: measured.arrivals - measured.left(),
            in_flight_mean: mean(&tally.present),
            queue_mean,
            queue_max,
            waited: (tally.wait.count() > 0)
                .then(|| 1.0 - tally.wait.zeros() as f64 / tally.wait.count() as f64),
            wait_ms: time(&tally.wait),
            by_operation: self.operations_at(tally),
            response_ms: time(&tally.response),
            failure_ms: (tally.failed.count() > 0).then(|| time(&tally.failed)),
            utilization: share(held).filter(|_| !stations.is_empty()),
            blocked: share((held - working).max(0.0)).filter(|_| !stations.is_empty()),
            wasted_work: if tally.worked == 0 {
                0.0
            } else {
                tally.wasted as f64 / tally.worked as f64
            },
            hit_ratio: ratio(tally.hits[1], tally.hits[1] + tally.misses[1]),
            turned_away: self.turned_away(node),
            concurrency_limit_mean: self.concurrency_limit_mean(node),
            scaling: self.scaling(node),
            start_ups: super::service_report::start_ups(tally),
            out_of_memory: self.out_of_memory(node),
            out_of_service: self.out_of_service(place),
            messages: match node {
                Node::Queue(queue) => Some(super::queues::messages(queue, &self.world)),
                _ => None,
            },
            locks: self.lock_report(node),
            stale_reads: matches!(node, Node::Cache(_) | Node::Database(_))
                .then_some(tally.stale_reads),
            divergent_keys: matches!(node, Node::Cache(_) | Node::Database(_))
                .then(|| divergence.by_node.get(&place).copied().unwrap_or(0)),
            cache: match node {
                Node::Cache(cache) => Some(super::caches::cache_report(cache, self.world.now)),
                _ => None,
            },
            database: self.database_report(node),
            replicas: present
                .iter()
                .zip(&self.world.node(place).replicas)
                .map(|(station, replica)| self.replica_report(station, replica))
                .collect(),
        }
    }

    /// Returns the mean number waiting at a node, and the maximum at one replica.
    fn queue_levels(&self, node: &Node) -> (f64, u64) {
        let world = &self.world;
        let mean = |gauge: &super::Gauge| gauge.mean(world.warmup, world.end, world.now);
        let queues = || node.stations().iter().map(|station| &station.queued);
        match node {
            Node::Queue(queue) => (mean(&queue.waiting), queue.waiting.max()),
            Node::Coordinator(coordinator) => {
                (mean(&coordinator.waiting), coordinator.waiting.max())
            }
            // An empty sum would be -0.
            _ => (
                queues().map(mean).fold(0.0, |sum, mean| sum + mean),
                queues().map(super::Gauge::max).max().unwrap_or(0),
            ),
        }
    }

    fn replica_report(&self, station: &Station, replica: &Replica) -> ReplicaReport {
        let mean =
            |gauge: &super::Gauge| gauge.mean(self.world.warmup, self.world.end, self.world.now);
        let (held, offered) = (mean(station.busy()), mean(&station.offered));
        ReplicaReport {
            arrivals: station.arrivals + replica.turned_away,
            utilization: station
                .slots
                .filter(|slots| *slots > 0)
                .map(|_| share_of(held, offered)),
        }
    }

    fn link_report(&self, id: &str) -> LinkReport {
        let tally = &self.world.link(self.world.link_places[id]).tally;
        let mean =
            |gauge: &super::Gauge| gauge.mean(self.world.warmup, self.world.end, self.world.now);
        let measured_s = self.measured_s();
        LinkReport {
            requests: tally.needed,
            calls: tally.calls[1],
            attempts: tally.attempts[1],
            retries: tally.retries[1],
            hedges: tally.hedges[1],
            abandoned: tally.abandoned[1],
            timeouts: tally.failures[1][0],
            failures: causes(&tally.failures[1]),
            refused_by: limits(tally),
            amplification: ratio(tally.attempts[1], tally.needed).unwrap_or(1.0),
            breaker_open_s: mean(&tally.open) * measured_s,
            breaker_half_open_s: mean(&tally.half_open) * measured_s,
            in_flight_mean: mean(&tally.in_flight),
            latency_ms: time(&tally.latency),
            pause_ms: spread(&tally.pauses),
            pool_wait_ms: spread(&tally.pool_waits),
        }
    }

    fn window_report(&self) -> WindowReport {
        let windows = &self.world.windows;
        let width_s = windows.width as f64 / 1e9;
        // The last window may be cut short; its rates are over its own length.
        let ended = self.world.end;
        let lengths = (0..windows.closed.len() as u64).map(|place| {
            (ended.saturating_sub(place * windows.width)).clamp(1, windows.width) as f64 / 1e9
        });
        let closed: Vec<_> = windows.closed.iter().zip(lengths).collect();
        let rates = |count: fn(&super::Window) -> u64| {
            closed.iter().map(|(w, s)| count(w) as f64 / s).collect()
        };
        let ms = |ns: Option<u64>| ns.map(|ns| ns as f64 / 1e6);
        WindowReport {
            width_s,
            offered_per_s: rates(|window| window.offered),
            throughput_per_s: rates(|window| window.finished),
            goodput_per_s: rates(|window| window.good),
            failed_per_s: rates(|window| window.failed),
            latency_p50_ms: windows.closed.iter().map(|window| ms(window.p50)).collect(),
            latency_p99_ms: windows.closed.iter().map(|window| ms(window.p99)).collect(),
            amplification: windows
                .closed
                .iter()
                .map(|window| ratio(window.bottom_attempts, window.offered))
                .collect(),
            waiting: windows.closed.iter().map(|window| window.waiting).collect(),
        }
    }
}

/// Returns the share of the offered slots that was held. Calls that keep a slot that an edit
/// removed hold more than is offered; that counts as 1.
fn share_of(held: f64, offered: f64) -> f64 {
    if offered > 0.0 {
        (held / offered).min(1.0)
    } else {
        0.0
    }
}

pub(super) fn causes(counts: &ByCause) -> BTreeMap<&'static str, u64> {
    CAUSES
        .iter()
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(cause, count)| (cause.name(), *count))
        .collect()
}

fn limits(tally: &LinkTally) -> BTreeMap<&'static str, u64> {
    let counts = tally.refused.iter().flat_map(|counts| **counts);
    let named = LIMITS.iter().zip(counts);
    named
        .filter(|(_, count)| *count > 0)
        .map(|((_, name), count)| (*name, count))
        .collect()
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

pub(super) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn latency(histogram: &Histogram) -> Latency {
    let quantile = |q| histogram.quantile(q).map(ms);
    Latency {
        samples: histogram.count(),
        mean: histogram.mean().map(|ns| ns / 1e6),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: histogram.max().map(ms),
    }
}

/// Returns the spread, if there are any values.
fn spread(histogram: &Histogram) -> Option<Spread> {
    (histogram.count() > 0).then(|| Spread {
        min: histogram.quantile(0.0).map(ms),
        time: time(histogram),
    })
}

pub(super) fn time(histogram: &Histogram) -> Time {
    Time {
        mean: histogram.mean().map(|ns| ns / 1e6),
        p99: histogram.quantile(0.99).map(ms),
        max: histogram.max().map(ms),
    }
}
