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
        let parts = name.split_once('.').and_then(|(list, rest)| {
            let (id, field) = rest.rsplit_once('.')?;
            Some((list, id, field))
        });
        match parts {
            Some(("nodes", id, field)) => {
                let ids: Vec<&str> = design.nodes.iter().map(|node| node.id.as_str()).collect();
                match (ids.contains(&id), place(field, &OF_NODES)) {
                    (true, Some(at)) => return Ok(Self::Node(id.to_owned(), at)),
                    (true, None) => {
                        reader.within(name, |at| at.unknown("metric", field, &OF_NODES))
                    }
                    (false, _) => reader.within(name, |at| at.unknown("node", id, &ids)),
                }
            }
            Some(("links", id, field)) => {
                let ids: Vec<&str> = design.links.iter().map(|link| link.id.as_str()).collect();
                match (ids.contains(&id), place(field, &OF_LINKS)) {
                    (true, Some(at)) => return Ok(Self::Link(id.to_owned(), at)),
                    (true, None) => {
                        reader.within(name, |at| at.unknown("metric", field, &OF_LINKS))
                    }
                    (false, _) => reader.within(name, |at| at.unknown("link", id, &ids)),
                }
            }
            _ => {
                let forms = ["nodes.ID.waiting", "links.ID.in_flight"];
                let names: Vec<&str> = NAMES.into_iter().chain(forms).collect();
                reader.within(name, |at| at.unknown("metric", name, &names));
            }
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
