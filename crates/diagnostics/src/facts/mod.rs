//! What the rules look at: the graph, what flows through it, and how a run went over time.

mod duplicate;
pub(crate) mod field;
mod flow;
mod graph;
mod series;

pub(crate) use duplicate::first_duplicate;
pub use flow::{Flow, top_key};
pub use graph::{Graph, Storm, is_bounded};
pub use series::{Event, Series, Span};

use design::kinds::{Cache, Client, Coordinator, Database, LoadBalancer, Queue, Service};
use design::{Design, Kind, Link, Metric, Node};
use report::{LinkReport, NodeReport, Score};
use report::{Message, link_name, message, name, zone_name};
use sim::Report;

/// What is known of a design and, where there is one, of a run of it.
pub struct Facts<'a> {
    /// The design.
    pub design: &'a Design,
    /// The run, where one has shown enough.
    pub report: Option<&'a Report>,
    /// Who calls whom.
    pub graph: Graph<'a>,
    /// What flows, as far as the design says it.
    pub flow: Flow,
    /// The same while every cache is empty.
    pub cold: Flow,
    /// How the run went over time.
    pub series: Option<Series<'a>>,
}

macro_rules! of_kind {
    ($($name:ident: $Kind:ident;)*) => { $(
        /// The nodes of this kind.
        pub fn $name(&self) -> impl Iterator<Item = (&'a Node, &'a $Kind)> + use<'a> {
            self.design.nodes.iter().filter_map(|node| match &node.kind {
                Kind::$Kind(kind) => Some((node, kind)),
                _ => None,
            })
        }
    )* };
}

impl<'a> Facts<'a> {
    /// Works out what the rules ask for.
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

    /// What the run says of a node.
    pub fn node(&self, id: &str) -> Option<&'a NodeReport> {
        self.report?.nodes.get(id)
    }

    /// What the run says of a link.
    pub fn link(&self, id: &str) -> Option<&'a LinkReport> {
        self.report?.links.get(id)
    }

    /// What a text calls the target of a fault: a node, a link or a zone.
    pub fn target(&self, id: &str) -> Message {
        place(self.design, id)
    }

    /// Seconds that count, of the run.
    pub fn measured_s(&self) -> f64 {
        self.report
            .map_or(0.0, |report| {
                report.run.duration_s.min(report.run.ended_s) - report.run.warmup_s
            })
            .max(1e-9)
    }

    /// Calls a second that reach a node: as the run had it in the mean, else as the design has it.
    pub fn rate(&self, id: &str) -> f64 {
        match self.node(id) {
            Some(node) => node.arrivals as f64 / self.measured_s(),
            None => self.flow.node(&self.graph, id),
        }
    }

    /// Whether a requirement on one of these figures was missed in the run.
    pub fn missed(&self, metrics: &[Metric]) -> Option<Metric> {
        let report = self.report?;
        let is_unmet = |score: &&Score| crate::is_unmet(report, score);
        let scores = report.requirements.iter().filter(is_unmet);
        let mut missed = scores.filter(|score| metrics.contains(&score.metric));
        missed.next().map(|score| score.metric)
    }

    /// Whether the design asks for anything of one of these figures.
    pub fn requires(&self, metrics: &[Metric]) -> bool {
        let mut requirements = self.design.requirements.iter();
        requirements.any(|requirement| metrics.contains(&requirement.metric))
    }

    /// A requirement on what users feel that the run missed.
    pub fn missed_by_users(&self) -> Option<Metric> {
        self.missed(&FELT)
    }

    /// What users felt most: the figure they miss, else availability or the slow answers.
    pub fn felt(&self) -> Metric {
        let usual = match self.failed_share() > 0.001 {
            true => Metric::Availability,
            false => Metric::LatencyP99,
        };
        self.missed_by_users().unwrap_or(usual)
    }

    /// Whether users felt anything in the run: a time of bad service, more than half a percent of
    /// failures, or a requirement on what they feel that was missed.
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

    /// Whether all users wait for an answer before they ask again: then they never ask for more
    /// than can be done for long.
    pub fn is_closed(&self) -> bool {
        let mut clients = self.clients();
        clients.all(|(_, client)| {
            matches!(client.arrivals, design::kinds::client::Arrivals::Closed(_))
        })
    }

    /// Whether goodput was below half of what was asked for, for ten seconds at least.
    pub fn is_collapsed(&self) -> bool {
        let Some(series) = &self.series else {
            return false;
        };
        let mut losses = series.losses.iter();
        losses.any(|loss| loss.s() >= 10.0 && series.good_share(*loss) < 0.5)
    }

    /// Share of requests that failed, or were never answered.
    pub fn failed_share(&self) -> f64 {
        self.report
            .map_or(0.0, |report| 1.0 - report.requests.availability)
    }

    /// Links over which a node asks others and waits.
    pub fn asks(&self, id: &str) -> impl Iterator<Item = &'a Link> + '_ {
        let links = self.graph.out(id).iter().copied();
        links.filter(|link| link.mode == design::link::Mode::Call)
    }

    /// Links over which others ask a node and wait.
    pub fn asked(&self, id: &str) -> impl Iterator<Item = &'a Link> + '_ {
        let links = self.graph.inward(id).iter().copied();
        links.filter(|link| link.mode == design::link::Mode::Call)
    }

    /// The services, clients or caches that ask a node, balancers in between left out.
    pub fn askers(&self, id: &str) -> Vec<&'a Node> {
        self.graph.askers(id)
    }

    /// Whether faults of this kind hit any of these nodes or links while requests came.
    pub fn faults_on(&self, ids: &[&str]) -> impl Iterator<Item = &'a design::Fault> + use<'a> {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let end = self.design.settings.duration;
        let faults = self.design.faults.iter();
        faults.filter(move |fault| fault.at < end && ids.contains(&fault.target))
    }
}

/// A node, a link or a zone, by its id.
pub(crate) fn place(design: &Design, id: &str) -> Message {
    match (design.node(id), design.link(id)) {
        (Some(_), _) => name(id).into(),
        (None, Some(_)) => link_name(id).into(),
        (None, None) => message!("zone {}", zone_name(id)),
    }
}

/// Figures that users feel.
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

/// Figures of the age of answers.
pub const AGE: [Metric; 4] = [
    Metric::StalenessMax,
    Metric::StalenessP99,
    Metric::StaleReads,
    Metric::DivergentKeys,
];
