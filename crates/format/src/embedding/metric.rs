//! Metrics of a run by their names.

use crate::message::Frame;
use design::attribute::Reader;
use design::{Design, Problem};

/// The metrics of the whole system, as the charts show them, and the simulated time.
pub const NAMES: [&str; 9] = [
    "goodput_per_s",
    "offered_per_s",
    "throughput_per_s",
    "failed_per_s",
    "p50_ms",
    "p99_ms",
    "amplification",
    "waiting",
    "time_s",
];
/// The metrics of a node: `nodes.api.waiting`.
const OF_NODES: [&str; 2] = ["waiting", "in_use"];
/// The metrics of a link: `links.api->database.in_flight`.
const OF_LINKS: [&str; 2] = ["in_flight", "breakers_open"];

/// A metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// Of the whole system, by its place in [`NAMES`].
    System(usize),
    /// Of a node, by its id.
    Node(String, usize),
    /// Of a link, by its id.
    Link(String, usize),
}

impl Metric {
    /// Reads the name of a metric of this design.
    ///
    /// # Errors
    ///
    /// What is wrong with the name, and which names would be valid.
    pub fn read(name: &str, design: &Design) -> Result<Self, Vec<Problem>> {
        let place = |field: &str, of: &[&str]| of.iter().position(|known| *known == field);
        if let Some(at) = place(name, &NAMES) {
            return Ok(Self::System(at));
        }
        let mut reader = Reader::default();
        let is_link = name.starts_with("links.");
        let below = name.strip_prefix("nodes.");
        let below = below.or_else(|| name.strip_prefix("links."));
        let Some((id, field)) = below.and_then(|below| below.rsplit_once('.')) else {
            let mut names = NAMES.to_vec();
            names.extend(["nodes.ID.waiting", "links.ID.in_flight"]);
            reader.within(name, |reader| reader.unknown("metric", name, &names));
            return Err(reader.finish());
        };
        let (what, ids, fields): (_, Vec<&str>, _) = match is_link {
            true => {
                let ids = design.links.iter().map(|link| link.id.as_str());
                ("link", ids.collect(), OF_LINKS)
            }
            false => {
                let ids = design.nodes.iter().map(|node| node.id.as_str());
                ("node", ids.collect(), OF_NODES)
            }
        };
        match (ids.contains(&id), place(field, &fields)) {
            (true, Some(at)) if is_link => return Ok(Self::Link(id.to_owned(), at)),
            (true, Some(at)) => return Ok(Self::Node(id.to_owned(), at)),
            (true, None) => {
                reader.within(name, |reader| reader.unknown("metric", field, &fields));
            }
            (false, _) => reader.within(name, |reader| reader.unknown(what, id, &ids)),
        }
        Err(reader.finish())
    }

    /// Returns the value. `system` has the values of [`NAMES`], in their order. `None` where there
    /// is none: nothing was measured, or the node or link is not in the design.
    pub fn of(&self, system: &[f64; NAMES.len()], frame: &Frame, design: &Design) -> Option<f64> {
        let value = match self {
            Self::System(at) => system[*at],
            Self::Node(id, at) => {
                let node = design.nodes.iter().position(|node| node.id == *id)?;
                let node = frame.nodes.get(node)?;
                [node.waiting, node.working + node.blocked].map(f64::from)[*at]
            }
            Self::Link(id, at) => {
                let link = design.links.iter().position(|link| link.id == *id)?;
                let link = frame.links.get(link)?;
                [link.in_flight, link.breakers_open].map(f64::from)[*at]
            }
        };
        value.is_finite().then_some(value)
    }
}
