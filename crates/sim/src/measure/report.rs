//! The report: what a run counted, in the structure people and programs read.

use super::caches::CacheReport;
use super::cost::CostReport;
use super::data::DataReport;
use super::database_report::DatabaseReport;
use super::locks::LockReport;
use super::operator::Operator;
use super::parts::{LinkWindows, NodeWindows};
use super::queues::Messages;
use super::recovery::{Aftermath, Metastable, Recovery};
use super::score::{Outcome, score};
use super::service_report::ScalingReport;
use super::{ByCause, Hash, Histogram, RequestTally};
use crate::call::CAUSES;
use crate::components::{Component, Node};
use crate::data::Divergence;
use crate::simulation::{Simulation, Status};
use crate::station::Station;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the report's structure.
pub const VERSION: u32 = 1;

/// A finished (or running) run's figures. Times are in ms unless a name says otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was run.
    pub run: Run,
    /// End to end.
    pub requests: Requests,
    /// What became of data.
    pub data: DataReport,
    /// By node id.
    pub nodes: BTreeMap<String, NodeReport>,
    /// By link id.
    pub links: BTreeMap<String, LinkReport>,
    /// Each requirement of the design, scored.
    pub requirements: Vec<Score>,
    /// What the operators saw.
    pub operator: Operator,
    /// How the system came back after its last fault; `null` where there was none that ended.
    pub recovery: Option<Recovery>,
    /// Where goodput stayed down by itself after the trigger was over.
    pub metastable: Option<Metastable>,
    /// What the design costs a month.
    pub cost: CostReport,
    /// Over time.
    pub windows: WindowReport,
    /// By node id, over time.
    pub node_windows: BTreeMap<String, NodeWindows>,
    /// By link id, over time.
    pub link_windows: BTreeMap<String, LinkWindows>,
}

/// What was run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Seed of all streams.
    pub seed: u64,
    /// How long requests arrived.
    pub duration_s: f64,
    /// What came before the figures.
    pub warmup_s: f64,
    /// When the run ended, the drain included.
    pub ended_s: f64,
    /// `ended`, `running` or `out_of_budget`; only the first has all of its figures.
    pub status: &'static str,
    /// Events fired.
    pub events: u64,
    /// Of all that was counted: the same hash is the same run.
    pub hash: String,
    /// Of this structure.
    pub version: u32,
}

/// Requests, end to end, that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct Requests {
    /// Made by users.
    pub offered: u64,
    /// Finished in any way.
    pub completed: u64,
    /// Answered whole.
    pub ok: u64,
    /// Answered in part.
    pub degraded: u64,
    /// Not answered, by cause; causes that did not occur are left out.
    pub failed: BTreeMap<&'static str, u64>,
    /// Neither: still under way when the run ended.
    pub in_flight: u64,
    /// (ok + degraded) / completed, and once the run is over and drained also / what is still in
    /// flight, which is never answered; 1 where nothing was asked.
    pub availability: f64,
    /// What finished between warm-up and duration, per second.
    pub throughput_per_s: f64,
    /// Of that, what finished ok and in time.
    pub goodput_per_s: f64,
    /// Of requests answered.
    pub latency_ms: Latency,
    /// The same by operation (the client's id before it where two clients share a name).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_operation: BTreeMap<String, Requests>,
}

/// A latency distribution; `null` where nothing was counted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// How many were counted. A percentile p of fewer than 1 / (1 - p) samples is their maximum.
    pub samples: u64,
    /// Exact.
    pub mean: Option<f64>,
    /// Percentiles are within 0.4 %.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}

/// Mean, 99th percentile and maximum of a time.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// Exact.
    pub mean: Option<f64>,
    /// Within 0.4 %.
    pub p99: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}

/// A node's figures.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Calls (for a client: requests) that started after the warm-up.
    pub arrivals: u64,
    /// Answered.
    pub completions: u64,
    /// Failed, by cause as the node answered.
    pub failures: BTreeMap<&'static str, u64>,
    /// Neither: still there when the run ended.
    pub in_flight: u64,
    /// Mean number present, from the warm-up to the duration.
    pub in_flight_mean: f64,
    /// Mean number waiting for a slot (for a queue: messages waiting; for a coordinator: for a lock).
    pub queue_mean: f64,
    /// Most waiting, in one replica.
    pub queue_max: u64,
    /// Share of calls served that found no free slot; `null` where nothing was served.
    pub waited: Option<f64>,
    /// From arrival to slot.
    pub wait_ms: Time,
    /// From arrival to answer, waiting included.
    pub response_ms: Time,
    /// Mean share of slots held; `null` where slots are unbounded or none.
    pub utilization: Option<f64>,
    /// Mean share of slots held by calls that wait for others.
    pub blocked: Option<f64>,
    /// Share of work done after its caller had given up.
    pub wasted_work: f64,
    /// Look-ups that found their key; `null` for other kinds.
    pub hit_ratio: Option<f64>,
    /// For a cache or a database: reads that it answered with a version out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_reads: Option<u64>,
    /// For a cache or a database: keys on which it disagrees with their owner, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergent_keys: Option<u64>,
    /// For a service: calls turned away before they had a slot, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub turned_away: BTreeMap<&'static str, u64>,
    /// For a service with adaptive concurrency: the mean limit of a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_limit_mean: Option<f64>,
    /// For a service that scales itself: how many replicas it had.
    #[serde(flatten)]
    pub scaling: Option<ScalingReport>,
    /// For a service whose memory has a limit: how often a replica was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_memory: Option<u64>,
    /// For a queue: what became of its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// For a cache: what became of its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReport>,
    /// For a coordinator: what became of its locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks: Option<LockReport>,
    /// For a database: what its members do among themselves, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseReport>,
    /// One by one: of a database, shard after shard.
    pub replicas: Vec<ReplicaReport>,
}

/// A replica's figures.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicaReport {
    /// Calls that reached it.
    pub arrivals: u64,
    /// Mean share of its slots held.
    pub utilization: Option<f64>,
}

/// A link's figures.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Requests that needed it.
    pub requests: u64,
    /// What callers needed: calls made, retries apart.
    pub calls: u64,
    /// What was sent.
    pub attempts: u64,
    /// Of that, retries.
    pub retries: u64,
    /// Attempts sent beside others that took long.
    pub hedges: u64,
    /// Attempts given up because another of the same call was answered first.
    pub abandoned: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// All failed attempts, by cause as the caller saw it.
    pub failures: BTreeMap<&'static str, u64>,
    /// Attempts per request that needed the link: retries of all layers above and repeated calls
    /// multiply here.
    pub amplification: f64,
    /// How long breakers were open, summed over calling replicas.
    pub breaker_open_s: f64,
    /// How long they were half open: trial calls apart, closed to traffic.
    pub breaker_half_open_s: f64,
    /// Mean number of attempts under way.
    pub in_flight_mean: f64,
    /// Of attempts answered well.
    pub latency_ms: Time,
}

/// A requirement, scored.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Which figure.
    pub metric: &'static str,
    /// The bound, as written.
    pub target: String,
    /// What the run gave.
    pub actual: String,
    /// Whether it held.
    pub met: bool,
}

/// Figures over time, the warm-up included.
#[derive(Clone, Debug, Serialize)]
pub struct WindowReport {
    /// Width of a window; the last may be cut short by the end of the run.
    pub width_s: f64,
    /// Requests made.
    pub offered_per_s: Vec<f64>,
    /// Requests finished.
    pub throughput_per_s: Vec<f64>,
    /// Requests finished ok and in time.
    pub goodput_per_s: Vec<f64>,
    /// Requests failed.
    pub failed_per_s: Vec<f64>,
    /// Median latency of what was answered; `null` where nothing was.
    pub latency_p50_ms: Vec<Option<f64>>,
    /// 99th percentile.
    pub latency_p99_ms: Vec<Option<f64>>,
    /// Attempts into nodes that call nobody, per request made.
    pub amplification: Vec<Option<f64>>,
    /// Calls waiting in all queues, at the end of the window.
    pub waiting: Vec<u64>,
}

impl Simulation {
    /// The report as of now.
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
                };
                score(requirement, &outcome)
            })
            .collect();
        let (recovery, metastable) = match aftermath {
            Aftermath::Judged(recovery, metastable) => (Some(recovery), metastable),
            Aftermath::Calm | Aftermath::Unjudged(_) => (None, None),
        };
        let settings = &design.settings;
        Report {
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
                events: self.events,
                hash: self.hash(),
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
            recovery,
            metastable,
            cost,
            windows: self.window_report(),
            node_windows: self.node_windows(),
            link_windows: self.link_windows(),
        }
    }

    /// How long was measured, in seconds: from the warm-up to the end of arrivals.
    fn measured_s(&self) -> f64 {
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
                let is_shared = operations
                    .iter()
                    .filter(|other| other.name == operation.name)
                    .count()
                    > 1;
                let name = match is_shared {
                    true => format!(
                        "{}/{}",
                        self.world.node(operation.client).id,
                        operation.name
                    ),
                    false => operation.name.clone(),
                };
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

    /// The share answered. What a run that has ended and drained left without an answer never gets
    /// one: that counts against it as a failure does.
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
        // Replicas taken away keep what they did, but are not there.
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
        let (queue_mean, queue_max) = match node {
            Node::Queue(queue) => (mean(&queue.waiting), queue.waiting.max()),
            Node::Coordinator(coordinator) => {
                (mean(&coordinator.waiting), coordinator.waiting.max())
            }
            _ => (
                stations.iter().map(|station| mean(&station.queued)).sum(),
                stations
                    .iter()
                    .map(|station| station.queued.max())
                    .max()
                    .unwrap_or(0),
            ),
        };
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
            response_ms: time(&tally.response),
            utilization: if stations.is_empty() {
                None
            } else {
                share(held)
            },
            blocked: if stations.is_empty() {
                None
            } else {
                share((held - working).max(0.0))
            },
            wasted_work: if tally.worked == 0 {
                0.0
            } else {
                tally.wasted as f64 / tally.worked as f64
            },
            hit_ratio: ratio(tally.hits[1], tally.hits[1] + tally.misses[1]),
            turned_away: self.turned_away(node),
            concurrency_limit_mean: self.concurrency_limit_mean(node),
            scaling: self.scaling(node),
            out_of_memory: self.out_of_memory(node),
            messages: match node {
                Node::Queue(queue) => Some(Messages::of(queue, &self.world)),
                _ => None,
            },
            locks: self.lock_report(node),
            stale_reads: matches!(node, Node::Cache(_) | Node::Database(_))
                .then_some(tally.stale_reads),
            divergent_keys: matches!(node, Node::Cache(_) | Node::Database(_))
                .then(|| divergence.by_node.get(&place).copied().unwrap_or(0)),
            cache: match node {
                Node::Cache(cache) => Some(CacheReport::of(cache, self.world.now)),
                _ => None,
            },
            database: self.database_report(node),
            replicas: present
                .iter()
                .map(|station| self.replica_report(station))
                .collect(),
        }
    }

    fn replica_report(&self, station: &Station) -> ReplicaReport {
        let mean =
            |gauge: &super::Gauge| gauge.mean(self.world.warmup, self.world.end, self.world.now);
        let (held, offered) = (mean(station.busy()), mean(&station.offered));
        ReplicaReport {
            arrivals: station.arrivals,
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
            amplification: ratio(tally.attempts[1], tally.needed).unwrap_or(1.0),
            breaker_open_s: mean(&tally.open) * measured_s,
            breaker_half_open_s: mean(&tally.half_open) * measured_s,
            in_flight_mean: mean(&tally.in_flight),
            latency_ms: time(&tally.latency),
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

    /// The hash of all that was counted so far.
    pub fn hash(&self) -> String {
        let mut hash = Hash::default();
        hash.words([self.world.now, self.events, self.world.seed]);
        hash.words(self.world.requests().words());
        hash.words(self.data_tally().words());
        for watch in &self.watches.list {
            hash.words(watch.words());
        }
        for node in &self.world.nodes {
            hash.text(&node.id);
            let tally = &node.tally;
            hash.words([
                tally.all.arrivals,
                tally.all.completions,
                tally.measured.arrivals,
                tally.measured.completions,
            ]);
            hash.words(tally.all.failures);
            hash.words([
                tally.sojourn as u64,
                tally.worked as u64,
                tally.wasted as u64,
            ]);
            hash.word(tally.stale_reads);
            hash.words(tally.hits.into_iter().chain(tally.misses));
            hash.words(tally.wait.words().chain(tally.response.words()));
            hash.words([
                tally.present.level(),
                tally.present.area(self.world.now) as u64,
            ]);
        }
        for node in &self.nodes {
            for station in node.stations() {
                let areas = [&station.queued, &station.held, &station.working]
                    .map(|gauge| gauge.area(self.world.now) as u64);
                hash.words(areas);
            }
            if let Node::Service(service) = node {
                hash.words(service.scaling_words(self.world.now));
            }
            if let Node::Cache(cache) = node {
                CacheReport::hash(cache, &mut hash);
            }
            if let Node::Coordinator(coordinator) = node {
                hash.words(coordinator.tally.words());
            }
            if let Node::Database(database) = node {
                hash.words(database.words(self.world.now));
            }
            if let Node::Queue(queue) = node {
                Messages::hash(queue, self.world.now, &mut hash);
            }
        }
        for link in &self.world.links {
            hash.text(&link.id);
            let tally = &link.tally;
            hash.words(
                tally
                    .calls
                    .into_iter()
                    .chain(tally.attempts)
                    .chain(tally.retries)
                    .chain(tally.answers),
            );
            hash.words(tally.failures.into_iter().flatten());
            hash.words(tally.latency.words());
        }
        for window in &self.world.windows.closed {
            hash.words([
                window.offered,
                window.finished,
                window.good,
                window.failed,
                window.bottom_attempts,
                window.waiting,
            ]);
        }
        hash.finish()
    }
}

/// The share of the slots offered that was held. Calls that keep a slot that an edit took away hold
/// more than is offered; all of it is all.
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

pub(super) fn time(histogram: &Histogram) -> Time {
    Time {
        mean: histogram.mean().map(|ns| ns / 1e6),
        p99: histogram.quantile(0.99).map(ms),
        max: histogram.max().map(ms),
    }
}
