//! A run over time: when nothing disturbed it, which events followed, and when users were affected.

use super::graph::Graph;
use design::kinds::Kind;
use design::{Design, FaultKind};
use report::{LinkWindows, NodeWindows};
use report::{Message, figure, message};
use sim::Report;
use std::collections::BTreeMap;

/// Share of slots in use from which a node counts as saturated.
const SATURATED: f64 = 0.95;
/// Least number of windows, and of seconds, that a condition must hold.
const LASTING: usize = 3;
const LASTING_S: f64 = 3.0;
/// For saturation, also this many times the time of a call divided by the slots. Below saturation,
/// all slots are in use for short times too.
const LASTING_CALLS: f64 = 100.0;
/// Ratio to the usual response time from which a node counts as slow.
const SLOW: f64 = 3.0;
/// Share of failures from which a window counts as failing.
const FAILING: f64 = 0.1;
/// Least number of calls in a span that is judged.
const SAMPLES: f64 = 20.0;
/// Most events kept.
const EVENTS_MAX: usize = 400;

/// A span of the run, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Its start.
    pub from_s: f64,
    /// Its end.
    pub until_s: f64,
}

impl Span {
    /// Returns its length.
    pub fn s(&self) -> f64 {
        self.until_s - self.from_s
    }
}

/// An event of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened, in seconds.
    pub at_s: f64,
    /// The node or link it happened to.
    pub subject: String,
    /// What happened.
    pub what: Message,
    /// Whether it is a fault or a change of load, rather than a reaction of the system.
    pub is_fault: bool,
}

/// A run over time.
pub struct Series<'a> {
    report: &'a Report,
    /// The span before anything disturbed the system.
    pub calm: Span,
    /// Events, in order.
    pub events: Vec<Event>,
    /// Spans in which users were affected.
    pub losses: Vec<Span>,
    saturated: BTreeMap<&'a str, Vec<Span>>,
    slow: BTreeMap<&'a str, Vec<Span>>,
}

impl<'a> Series<'a> {
    /// Reads a report's windows.
    pub fn new(design: &'a Design, report: &'a Report, graph: &Graph<'a>) -> Self {
        let mut series = Self {
            report,
            calm: calm(design, report),
            events: Vec::new(),
            losses: Vec::new(),
            saturated: BTreeMap::new(),
            slow: BTreeMap::new(),
        };
        series.losses = series.find_losses();
        for node in &design.nodes {
            if let Some(windows) = report.node_windows.get(&node.id) {
                let slots = match &node.kind {
                    Kind::Service(service) => service.concurrency.map(f64::from),
                    Kind::Database(database) => Some(f64::from(database.concurrency)),
                    _ => None,
                };
                let saturated = series.find_saturated(windows, slots.unwrap_or(1.0));
                let slow = match node.kind {
                    Kind::Client(_) | Kind::LoadBalancer(_) => Vec::new(),
                    _ => series.find_slow(windows),
                };
                series.saturated.insert(&node.id, saturated);
                series.slow.insert(&node.id, slow);
            }
        }
        series.events = series.find_events(design, graph);
        series
    }

    /// Returns the spans in which a node was saturated.
    pub fn saturated(&self, id: &str) -> &[Span] {
        self.saturated.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the spans in which a node took several times as long as usual.
    pub fn slow(&self, id: &str) -> &[Span] {
        self.slow.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns how long a node was saturated in total, in seconds.
    pub fn saturated_s(&self, id: &str) -> f64 {
        self.saturated(id).iter().map(Span::s).sum()
    }

    /// Returns the windows of a node.
    pub fn node(&self, id: &str) -> Option<&'a NodeWindows> {
        self.report.node_windows.get(id)
    }

    /// Returns the windows of a link.
    pub fn link(&self, id: &str) -> Option<&'a LinkWindows> {
        self.report.link_windows.get(id)
    }

    /// Returns when users were first affected, in seconds.
    pub fn first_loss(&self) -> Option<f64> {
        self.losses.first().map(|loss| loss.from_s)
    }

    /// Returns how long users were affected in total, in seconds.
    pub fn loss_s(&self) -> f64 {
        self.losses.iter().map(Span::s).sum()
    }

    /// Returns goodput as a share of the offered load in a span.
    pub fn good_share(&self, span: Span) -> f64 {
        let windows = &self.report.windows;
        let sum = |of: &[f64]| self.between(of, windows.width_s, span).iter().sum::<f64>();
        sum(&windows.goodput_per_s) / sum(&windows.offered_per_s).max(1e-9)
    }

    /// Returns the windows of a series in a span.
    pub fn between<'s, T>(&self, of: &'s [T], width_s: f64, span: Span) -> &'s [T] {
        let from = (span.from_s / width_s).round().max(0.0) as usize;
        let until = (span.until_s / width_s).round().max(0.0) as usize;
        let until = until.min(of.len());
        &of[from.min(until)..until]
    }

    /// Returns the mean of a series in a span.
    pub fn mean(&self, of: &[f64], width_s: f64, span: Span) -> f64 {
        let part = self.between(of, width_s, span);
        match part.len() {
            0 => 0.0,
            n => part.iter().sum::<f64>() / n as f64,
        }
    }

    /// Returns the calls per second that arrived at a node, and that it completed, in a span.
    pub fn flow_of(&self, id: &str, span: Span) -> (f64, f64) {
        let Some(windows) = self.node(id) else {
            return (0.0, 0.0);
        };
        let mean = |of: &[f64]| self.mean(of, windows.width_s, span);
        (
            mean(&windows.arrivals_per_s),
            mean(&windows.completions_per_s),
        )
    }

    /// Returns the run after the warm-up, as long as requests arrived.
    pub fn whole(&self) -> Span {
        let run = &self.report.run;
        Span {
            from_s: run.warmup_s,
            until_s: run.duration_s.min(run.ended_s),
        }
    }

    /// Returns the events at nodes and links that satisfy a condition, from a time on.
    pub fn events_at<'s>(
        &'s self,
        is_there: impl Fn(&str) -> bool + 's,
        from_s: f64,
    ) -> impl Iterator<Item = &'s Event> {
        let events = self.events.iter();
        events.filter(move |event| event.at_s >= from_s && is_there(&event.subject))
    }

    fn find_saturated(&self, windows: &NodeWindows, slots: f64) -> Vec<Span> {
        let node_s: Vec<f64> = windows.response_mean_ms.iter().flatten().copied().collect();
        let usual_s = median(&node_s).unwrap_or(0.0) / 1e3;
        let least_s = LASTING_S.max((LASTING_CALLS * usual_s / slots).min(30.0));
        self.spans(windows.width_s, windows.utilization.len(), least_s, |at| {
            windows.utilization[at].is_some_and(|share| share >= SATURATED)
        })
    }

    fn find_slow(&self, windows: &NodeWindows) -> Vec<Span> {
        let calm = self.between(&windows.response_mean_ms, windows.width_s, self.calm);
        let calm: Vec<f64> = calm.iter().flatten().copied().collect();
        if calm.is_empty() {
            return Vec::new();
        }
        let usual = calm.iter().sum::<f64>() / calm.len() as f64;
        self.spans(
            windows.width_s,
            windows.response_mean_ms.len(),
            LASTING_S,
            |at| {
                let left = windows.completions_per_s[at] + windows.failures_per_s[at];
                let is_sampled = left * windows.width_s >= SAMPLES / LASTING as f64;
                let response = windows.response_mean_ms[at];
                is_sampled && response.is_some_and(|ms| ms > SLOW * usual && ms > 1.0)
                    // Where all calls wait, none completes.
                    || response.is_none() && windows.in_flight[at] > 0 && usual < 300.0 * windows.width_s
            },
        )
    }

    fn find_losses(&self) -> Vec<Span> {
        let windows = &self.report.windows;
        let width = windows.width_s;
        let count = windows.offered_per_s.len();
        // A request fails some time after it arrived, so departures are compared with arrivals.
        self.spans(width, count, LASTING_S, |at| {
            let offered = windows.offered_per_s[at] * width;
            let failed = windows.failed_per_s[at] * width;
            let left = windows.throughput_per_s[at] * width;
            let good = windows.goodput_per_s[at] * width;
            if offered < SAMPLES / LASTING as f64 {
                return false;
            }
            let is_failing = failed >= FAILING * left.max(1.0) && failed >= 3.0;
            let is_stuck = left < 0.5 * offered - 3.0 * libm::sqrt(offered);
            let is_late = good < 0.7 * left && left >= 10.0 && failed < 1.0 && self.has_patience();
            is_failing || is_stuck || is_late
        })
    }

    fn has_patience(&self) -> bool {
        // Degraded responses are no goodput, but do not count as users affected either.
        self.report.requests.degraded == 0
    }

    /// Returns the spans after the warm-up in which a condition holds long enough. Gaps of one
    /// window are ignored.
    fn spans(
        &self,
        width_s: f64,
        count: usize,
        least_s: f64,
        is: impl Fn(usize) -> bool,
    ) -> Vec<Span> {
        let first = libm::ceil(self.report.run.warmup_s / width_s) as usize;
        let mut spans: Vec<Span> = Vec::new();
        let mut from = None;
        for at in first..=count {
            let holds = at < count && (is(at) || from.is_some() && at + 1 < count && is(at + 1));
            match (holds, from) {
                (true, None) => from = Some(at),
                (false, Some(start)) => {
                    let span = Span {
                        from_s: start as f64 * width_s,
                        until_s: at as f64 * width_s,
                    };
                    if at - start >= LASTING && span.s() >= least_s {
                        spans.push(span);
                    }
                    from = None;
                }
                _ => {}
            }
        }
        spans
    }

    /// Returns for each window whether the links of a pool of this size use all its connections.
    fn full_pool(&self, size: u64, links: &[&design::Link], graph: &Graph<'_>) -> Vec<bool> {
        let mut held: Vec<u64> = Vec::new();
        for windows in links.iter().filter_map(|link| self.link(&link.id)) {
            held.resize(held.len().max(windows.in_flight.len()), 0);
            for (held, more) in held.iter_mut().zip(&windows.in_flight) {
                *held += more;
            }
        }
        let caller = links.first().and_then(|link| graph.node(&link.from));
        let callers = u64::from(caller.map_or(1, |node| node.kind.replicas()));
        held.iter().map(|held| *held >= size * callers).collect()
    }

    fn find_events(&self, design: &Design, graph: &Graph<'a>) -> Vec<Event> {
        let mut events = Vec::new();
        let mut add = |at_s: f64, subject: &str, what: Message, is_fault: bool| {
            events.push(Event {
                at_s,
                subject: subject.to_owned(),
                what,
                is_fault,
            });
        };
        let end = self.whole().until_s;
        for fault in &design.faults {
            if fault.at.as_s() < end {
                add(
                    fault.at.as_s(),
                    &fault.target,
                    begun(fault.kind).into(),
                    true,
                );
            }
        }
        for node in &design.nodes {
            if let Kind::Client(client) = &node.kind {
                for step in client.profile.iter().filter(|step| step.times > 1.0) {
                    if step.at.as_s() < end {
                        let times = figure(step.times);
                        let what = message!("the load rose to {} times its usual level", times);
                        add(step.at.as_s(), &node.id, what, true);
                    }
                }
            }
            let what_slots = match node.kind {
                Kind::Coordinator(_) => "it was at least 95% busy",
                _ => "at least 95% of its slots were in use",
            };
            for span in self.saturated(&node.id).iter().take(3) {
                add(span.from_s, &node.id, what_slots.into(), false);
            }
            for span in self.slow(&node.id).iter().take(3) {
                add(
                    span.from_s,
                    &node.id,
                    "its response time was more than 3 times the usual".into(),
                    false,
                );
            }
        }
        for link in &design.links {
            let Some(windows) = self.link(&link.id) else {
                continue;
            };
            let failing = self.spans(
                windows.width_s,
                windows.attempts_per_s.len(),
                LASTING_S,
                |at| {
                    let failed = windows.failures_per_s[at];
                    let ended = windows.answers_per_s[at] + failed;
                    failed * windows.width_s >= 3.0 && failed >= FAILING * ended
                },
            );
            for span in failing.iter().take(2) {
                add(
                    span.from_s,
                    &link.id,
                    "at least 10% of its attempts failed".into(),
                    false,
                );
            }
            if let Some(pool) = &link.pool {
                let full = self.full_pool(u64::from(pool.size), &design.pool_links(link), graph);
                let full = self.spans(windows.width_s, full.len(), LASTING_S, |at| full[at]);
                if let Some(span) = full.first() {
                    add(
                        span.from_s,
                        &link.id,
                        "all its connections were in use".into(),
                        false,
                    );
                }
            }
            let open = windows.breakers_open.iter().position(|open| *open > 0.0);
            if let Some(at) = open {
                let at_s = at as f64 * windows.width_s;
                add(at_s, &link.id, "its circuit breaker opened".into(), false);
            }
        }
        if let Some(loss) = self.losses.first() {
            let is_client = |node: &&design::Node| matches!(node.kind, Kind::Client(_));
            let clients = design.nodes.iter().filter(is_client);
            // The clients whose requests failed, or all of them if requests were only slow.
            let has_failed = |node: &&design::Node| {
                self.node(&node.id).is_some_and(|windows| {
                    let failed = self.between(&windows.failures_per_s, windows.width_s, *loss);
                    failed.iter().sum::<f64>() > 0.0
                })
            };
            let any = clients.clone().any(|node| has_failed(&node));
            for node in clients.filter(|node| !any || has_failed(node)) {
                add(
                    loss.from_s,
                    &node.id,
                    "its users were affected".into(),
                    false,
                );
            }
        }
        // A window does not show when something in it began: no earlier than a cause in it.
        let causes: Vec<f64> = events
            .iter()
            .filter(|event| event.is_fault)
            .map(|event| event.at_s)
            .collect();
        for event in events.iter_mut().filter(|event| !event.is_fault) {
            let within = event.at_s..event.at_s + self.report.windows.width_s;
            let begun = causes.iter().copied().filter(|at| within.contains(at));
            event.at_s = begun.fold(event.at_s, f64::max);
        }
        events.sort_by(|a, b| {
            a.at_s
                .total_cmp(&b.at_s)
                .then_with(|| b.is_fault.cmp(&a.is_fault))
        });
        events.truncate(EVENTS_MAX);
        events
    }
}

/// Returns the span before the first fault or change of load, or else the first third of the run.
fn calm(design: &Design, report: &Report) -> Span {
    let from = report.run.warmup_s;
    let end = report.run.duration_s.min(report.run.ended_s);
    let faults = design.faults.iter().map(|fault| fault.at.as_s());
    let loads = design.nodes.iter().flat_map(|node| match &node.kind {
        Kind::Client(client) => client.profile.as_slice(),
        _ => &[],
    });
    let loads = loads
        .filter(|step| step.times != 1.0)
        .map(|step| step.at.as_s());
    let first = faults.chain(loads).fold(f64::INFINITY, f64::min);
    let until = match first < end {
        true => first.max(from),
        false => from + (end - from) / 3.0,
    };
    Span {
        from_s: from,
        until_s: until,
    }
}

fn median(of: &[f64]) -> Option<f64> {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn begun(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Crash => "it crashed",
        FaultKind::Slowdown => "it became slow",
        FaultKind::Latency => "its latency rose",
        FaultKind::Loss => "it began to lose packets",
        FaultKind::TrafficSpike => "the load rose",
        FaultKind::CacheFlush => "it was flushed",
        FaultKind::Partition => "it was cut off",
        FaultKind::Hang => "it hung",
        FaultKind::ErrorRate => "it began to return errors",
        FaultKind::GrayFailure => "it failed while its health checks passed",
        FaultKind::Jitter => "its latency began to vary",
        FaultKind::KeySkew => "one key became hot",
        FaultKind::CacheOutage => "it went down",
        FaultKind::QueueOutage => "it went down",
        FaultKind::RollingDeploy => "its replicas were restarted one by one",
        FaultKind::DiskFull => "its disk was full",
        FaultKind::GcPauses => "it began to pause",
        FaultKind::ThirdPartyOutage => "it went down",
        FaultKind::TelemetryLoss => "its telemetry was lost",
        FaultKind::LeaderFailover => "its leader stepped down",
        FaultKind::SchemaMigration => "its tables were locked",
        FaultKind::ConnectionLeak => "it leaked connections",
        FaultKind::PoisonMessage => "it received messages that cannot be processed",
        FaultKind::Reshard => "it was resharded",
        FaultKind::ClockSkew => "its clock was off",
    }
}
