//! The facts that rules read: the graph, the load on it, and the run over time.

mod duplicate;
pub(crate) mod field;
mod flow;
mod graph;
mod series;
mod walk;

pub(crate) use duplicate::first_duplicate;
pub use flow::{Flow, top_key};
pub use graph::{Graph, Storm, is_bounded};
pub use series::{Event, Series, Span};
pub(crate) use walk::{Along, Walk};

use design::kinds::{Cache, Client, Coordinator, Database, LoadBalancer, Queue, Service};
use design::{Design, Kind, Link, Metric, Node};
use report::{LinkReport, NodeReport, Score};
use report::{Message, link_name, message, name, zone_name};
use sim::Report;

/// Everything known about a design and, if there is one, about a run of it.
pub struct Facts<'a> {
    /// The design.
    pub design: &'a Design,
    /// The run, if it is long enough to be judged.
    pub report: Option<&'a Report>,
    /// The design as a graph of calls.
    pub graph: Graph<'a>,
    /// The load that the design alone determines.
    pub flow: Flow,
    /// The same while every cache is empty.
    pub cold: Flow,
    /// The run over time.
    pub series: Option<Series<'a>>,
}

macro_rules! of_kind {
    ($($name:ident: $Kind:ident;)*) => { $(
        /// Returns the nodes of this kind.
        pub fn $name(&self) -> impl Iterator<Item = (&'a Node, &'a $Kind)> + use<'a> {
            self.design.nodes.iter().filter_map(|node| match &node.kind {
                Kind::$Kind(kind) => Some((node, kind)),
                _ => None,
            })
        }
    )* };
}

impl<'a> Facts<'a> {
    /// Derives the facts.
    pub fn new(design: &'a Design, report: Option<&'a Report>) -> Self {
        let graph = Graph::new(design);
        let hits = |id: &str| report.and_then(|report| report.nodes.get(id)?.hit_ratio);
        let flow = Flow::new(&graph, &hits);
        let cold = Flow::new(&graph, &|_| Some(0.0));
        let series = report.map(|report| Series::new(design, report, &graph));
        Self {
            design,
            report,
            graph,
            flow,
            cold,
            series,
        }
    }

    of_kind! {
        clients: Client;
        balancers: LoadBalancer;
        services: Service;
        caches: Cache;
        queues: Queue;
        databases: Database;
        coordinators: Coordinator;
    }

    /// Returns the report of a node.
    pub fn node(&self, id: &str) -> Option<&'a NodeReport> {
        self.report?.nodes.get(id)
    }

    /// Returns the report of a link.
    pub fn link(&self, id: &str) -> Option<&'a LinkReport> {
        self.report?.links.get(id)
    }

    /// Names the target of a fault: a node, a link or a zone.
    pub fn target(&self, id: &str) -> Message {
        place(self.design, id)
    }

    /// Returns the length of the run after the warm-up, in seconds.
    pub fn measured_s(&self) -> f64 {
        self.report
            .map_or(0.0, |report| {
                report.run.duration_s.min(report.run.ended_s) - report.run.warmup_s
            })
            .max(1e-9)
    }

    /// Returns the calls per second that reach a node: the mean of the run, else by the design.
    pub fn rate(&self, id: &str) -> f64 {
        match self.node(id) {
            Some(node) => node.arrivals as f64 / self.measured_s(),
            None => self.flow.node(&self.graph, id),
        }
    }

    /// Returns the first of these metrics whose requirement the run missed.
    pub fn missed(&self, metrics: &[Metric]) -> Option<Metric> {
        let report = self.report?;
        let is_unmet = |score: &&Score| crate::is_unmet(report, score);
        let scores = report.requirements.iter().filter(is_unmet);
        let mut missed = scores.filter(|score| metrics.contains(&score.metric));
        missed.next().map(|score| score.metric)
    }

    /// Returns whether the design has a requirement on one of these metrics.
    pub fn requires(&self, metrics: &[Metric]) -> bool {
        let mut requirements = self.design.requirements.iter();
        requirements.any(|requirement| metrics.contains(&requirement.metric))
    }

    /// Returns a metric that users experience and whose requirement the run missed.
    pub fn missed_by_users(&self) -> Option<Metric> {
        self.missed(&FELT)
    }

    /// Returns the metric that describes the effect on users best: one whose requirement was
    /// missed, else availability or the p99 latency.
    pub fn felt(&self) -> Metric {
        let usual = match self.failed_share() > 0.001 {
            true => Metric::Availability,
            false => Metric::LatencyP99,
        };
        self.missed_by_users().unwrap_or(usual)
    }

    /// Returns whether the run affected users: a span of failures or slow responses, more than 0.5%
    /// of failures, or a missed requirement on what users experience.
    pub fn is_hurt(&self) -> bool {
        let Some(report) = self.report else {
            return false;
        };
        let failed = report.requests.offered as f64 * self.failed_share();
        let lost = self
            .series
            .as_ref()
            .is_some_and(|series| !series.losses.is_empty());
        lost || self.failed_share() > 0.005 && failed >= 20.0 || self.missed_by_users().is_some()
    }

    /// Returns whether all users wait for a response before they send another request: their load
    /// then adapts to the system.
    pub fn is_closed(&self) -> bool {
        let mut clients = self.clients();
        clients.all(|(_, client)| {
            matches!(client.arrivals, design::kinds::client::Arrivals::Closed(_))
        })
    }

    /// Returns whether goodput was below half of the offered load for at least ten seconds.
    pub fn is_collapsed(&self) -> bool {
        let Some(series) = &self.series else {
            return false;
        };
        let mut losses = series.losses.iter();
        losses.any(|loss| loss.s() >= 10.0 && series.good_share(*loss) < 0.5)
    }

    /// Returns the share of requests that failed or never got a response.
    pub fn failed_share(&self) -> f64 {
        self.report
            .map_or(0.0, |report| 1.0 - report.requests.availability)
    }

    /// Returns the links over which a node calls others and waits.
    pub fn calls_from(&self, id: &str) -> impl Iterator<Item = &'a Link> + '_ {
        let links = self.graph.out(id).iter().copied();
        links.filter(|link| link.mode == design::link::Mode::Call)
    }

    /// Returns the links over which others call a node and wait.
    pub fn calls_to(&self, id: &str) -> impl Iterator<Item = &'a Link> + '_ {
        let links = self.graph.inward(id).iter().copied();
        links.filter(|link| link.mode == design::link::Mode::Call)
    }

    /// Returns the services, clients and caches that call a node, directly or through load
    /// balancers.
    pub fn callers(&self, id: &str) -> Vec<&'a Node> {
        self.graph.callers(id)
    }

    /// Returns the faults of these nodes and links that begin while requests arrive.
    pub fn faults_on(&self, ids: &[&str]) -> impl Iterator<Item = &'a design::Fault> + use<'a> {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let end = self.design.settings.duration;
        let faults = self.design.faults.iter();
        faults.filter(move |fault| fault.at < end && ids.contains(&fault.target))
    }
}

/// Names a node, a link or a zone, by its id.
pub(crate) fn place(design: &Design, id: &str) -> Message {
    match (design.node(id), design.link(id)) {
        (Some(_), _) => name(id).into(),
        (None, Some(_)) => link_name(id).into(),
        (None, None) => message!("zone {}", zone_name(id)),
    }
}

/// Metrics that users experience.
pub const FELT: [Metric; 9] = [
    Metric::Availability,
    Metric::LatencyP99,
    Metric::LatencyP999,
    Metric::LatencyP95,
    Metric::LatencyP90,
    Metric::LatencyP50,
    Metric::LatencyMean,
    Metric::Goodput,
    Metric::RecoveryTime,
];

/// Metrics of staleness.
pub const AGE: [Metric; 4] = [
    Metric::StalenessMax,
    Metric::StalenessP99,
    Metric::StaleReads,
    Metric::DivergentKeys,
];
