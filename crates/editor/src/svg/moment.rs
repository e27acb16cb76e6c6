//! The metrics of one moment of a run, as the canvas shows them.

use super::shape::{Drawn, Ink};

/// What the canvas shows beyond the design.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// The moment: `at 0:12.3 of the run`.
    pub when: String,
    /// By node id. A node that is not listed has no metrics.
    pub nodes: Vec<(String, NodeNow)>,
    /// By link id.
    pub links: Vec<(String, LinkNow)>,
}

// Lists instead of maps: each kind of map costs the page kilobytes of code.
impl Moment {
    /// Returns the metrics of a node.
    pub(super) fn node(&self, id: &str) -> Option<&NodeNow> {
        let mut nodes = self.nodes.iter();
        nodes.find(|(of, _)| of == id).map(|(_, now)| now)
    }

    /// Returns the metrics of a link.
    pub(super) fn link(&self, id: &str) -> Option<&LinkNow> {
        let mut links = self.links.iter();
        links.find(|(of, _)| of == id).map(|(_, now)| now)
    }
}

/// What a node's card shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeNow {
    /// Its state as a word, as a color and as a shape, 10 × 10.
    pub state: Option<(&'static str, Ink, String)>,
    /// Rate of arriving calls: `150/s`.
    pub rate: String,
    /// The metric of its kind: `96% hits`, `12 versions`.
    pub tell: String,
    /// Below the card: wasted work, and harm to data.
    pub harm: String,
    /// Number of failed calls so far, and whether some failed just now.
    pub failures: (String, bool),
    /// All slots, those that work, and those that wait for a callee.
    pub slots: [u32; 3],
    /// Calls in its queue.
    pub waiting: u32,
    /// The picture in the card, 176 × 28: its slots, replicas, users, or contents.
    pub body: Vec<Drawn>,
    /// The capacity of its queue, 56 × 10.
    pub places: Vec<Drawn>,
    /// Whether a fault is active on it.
    pub broken: bool,
}

/// What a link shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkNow {
    /// The current rate of attempts: `150/s`.
    pub rate: String,
    /// Width of its line.
    pub width: f64,
    /// Whether a partition blocks all packets.
    pub cut: bool,
    /// Whether the network is slow or loses packets.
    pub impaired: bool,
    /// Whether its circuit breaker is open, at one replica at least.
    pub open: bool,
}
