//! Zones: the distances between them, and partitions of zones and links.
//!
//! What runs in no zone is reachable from everywhere and never partitioned. A design without zones
//! has no cost for them: its links' trips stay known beforehand.

use crate::call::{CallId, Purpose};
use crate::event::{LinkIx, NodeIx};
use crate::random::{self, Sampler, Stream};
use crate::world::{LinkState, NodeState, World};
use std::collections::BTreeMap;

/// A zone by its place in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneIx(u16);

/// The direction of a packet over its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the caller to the callee.
    There,
    /// From the callee to the caller.
    Back,
}

/// From one zone to another.
#[derive(Clone, Debug)]
struct Between {
    added: Sampler,
    is_cut: bool,
}

/// Every zone that occurs in a run.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    places: BTreeMap<String, ZoneIx>,
    /// By sender, then receiver.
    between: Vec<Between>,
}

impl Zones {
    /// Takes the zones of a design. Partitions stay.
    pub(crate) fn take(&mut self, design: &design::Design) {
        let old = std::mem::take(self);
        for node in &design.nodes {
            for zone in node.deployment.zones() {
                let next = ZoneIx(self.places.len() as u16);
                self.places.entry(zone.clone()).or_insert(next);
            }
        }
        let spec = &design.settings.zones;
        let count = self.places.len();
        let usual = Sampler::new(&spec.latency);
        for place in 0..count * count {
            let is_within = place / count == place % count;
            let added = if is_within {
                Sampler::Const(0)
            } else {
                usual.clone()
            };
            let is_cut = false;
            self.between.push(Between { added, is_cut });
        }
        for pair in &spec.pairs {
            // A pair may name a zone that no node runs in yet.
            if let (Some(a), Some(b)) = (self.place(&pair.between), self.place(&pair.and)) {
                for place in [self.at(a, b), self.at(b, a)] {
                    self.between[place].added = Sampler::new(&pair.latency);
                }
            }
        }
        for (from, there) in &old.places {
            for (to, here) in &old.places {
                if let (Some(a), Some(b)) = (self.place(from), self.place(to)) {
                    let place = self.at(a, b);
                    self.between[place].is_cut = old.between[old.at(*there, *here)].is_cut;
                }
            }
        }
    }

    /// Returns the place of a zone.
    pub(crate) fn place(&self, name: &str) -> Option<ZoneIx> {
        self.places.get(name).copied()
    }

    fn at(&self, from: ZoneIx, to: ZoneIx) -> usize {
        usize::from(from.0) * self.places.len() + usize::from(to.0)
    }

    /// Heals every partition.
    pub(crate) fn heal(&mut self) {
        for way in &mut self.between {
            way.is_cut = false;
        }
    }

    /// Partitions a zone from another, or from all others.
    pub(crate) fn cut(&mut self, zone: &str, from: Option<&str>, is_one_way: bool) {
        let Some(zone) = self.place(zone) else {
            return;
        };
        for other in 0..self.places.len() as u16 {
            let other = ZoneIx(other);
            let is_meant = from.is_none_or(|name| self.place(name) == Some(other));
            if other != zone && is_meant {
                let (there, back) = (self.at(zone, other), self.at(other, zone));
                self.between[there].is_cut = true;
                self.between[back].is_cut |= !is_one_way;
            }
        }
    }

    /// Returns whether a packet between any of these is slower than its link, or lost.
    fn matter(&self, from: &[ZoneIx], to: &[ZoneIx]) -> bool {
        let is_plain = |way: &Between| way.added.constant() == Some(0) && !way.is_cut;
        let ends = from.iter().flat_map(|a| to.iter().map(move |b| (*a, *b)));
        let mut ways = ends.flat_map(|(a, b)| [self.at(a, b), self.at(b, a)]);
        ways.any(|place| !is_plain(&self.between[place]))
    }
}

impl NodeState {
    /// Returns the zone of a replica; `None` if the node is in no zone.
    #[inline]
    pub fn zone_of(&self, replica: u32) -> Option<ZoneIx> {
        let place = (replica as usize).checked_rem(self.zones.len())?;
        Some(self.zones[place])
    }
}

impl World {
    /// Returns the zone of a node's replica; `None` if it runs in no zone.
    pub fn zone_of(&self, node: NodeIx, replica: u32) -> Option<ZoneIx> {
        self.node(node).zone_of(replica)
    }

    /// Returns whether a partition blocks what one zone sends to another. What is in no zone is
    /// never partitioned.
    pub fn is_cut(&self, from: Option<ZoneIx>, to: Option<ZoneIx>) -> bool {
        match (from, to) {
            (Some(from), Some(to)) => self.zones.between[self.zones.at(from, to)].is_cut,
            _ => false,
        }
    }

    /// Returns whether a partition blocks anything that a link carries, in either direction.
    pub fn is_link_cut(&self, link: LinkIx) -> bool {
        self.link(link).cut != [false; 2] || self.zone_pairs(link).any(|is_apart| is_apart)
    }

    /// Returns whether some replicas at the ends of a link reach each other in both directions.
    pub fn is_link_passable(&self, link: LinkIx) -> bool {
        let mut pairs = self.zone_pairs(link).peekable();
        // An end in no zone is reachable from everywhere.
        let reaches = pairs.peek().is_none() || pairs.any(|is_apart| !is_apart);
        self.link(link).cut == [false; 2] && reaches
    }

    /// Returns for each pair of zones at the ends of a link whether a partition separates them, in
    /// either direction.
    fn zone_pairs(&self, link: LinkIx) -> impl Iterator<Item = bool> {
        let LinkState { from, to, .. } = self.link(link);
        let [from, to] = [from, to].map(|end| &self.node(*end).zones);
        let is_apart =
            |a: ZoneIx, b: ZoneIx| self.is_cut(Some(a), Some(b)) || self.is_cut(Some(b), Some(a));
        from.iter()
            .flat_map(move |a| to.iter().map(move |b| is_apart(*a, *b)))
    }

    /// Draws what distance adds to a packet from one zone to another, in ns.
    pub fn draw_distance(
        &self,
        from: Option<ZoneIx>,
        to: Option<ZoneIx>,
        stream: &mut Stream,
    ) -> u64 {
        match (from, to) {
            (Some(from), Some(to)) => self.zones.between[self.zones.at(from, to)]
                .added
                .draw(stream),
            _ => 0,
        }
    }

    /// Returns the zones of a call's ends, sender first.
    pub(crate) fn zones_of_call(&self, id: CallId, way: Way) -> [Option<ZoneIx>; 2] {
        let call = &self.calls[id];
        let caller = match call.purpose {
            Purpose::Probe(_) => NodeIx(call.remaining),
            Purpose::Part => call.node,
            Purpose::Request | Purpose::Call | Purpose::Delivery => self.link(call.link).from,
            // Never travels.
            Purpose::Background => call.node,
        };
        let ends = [
            self.zone_of(caller, call.caller_replica),
            self.zone_of(call.node, call.replica),
        ];
        match way {
            Way::There => ends,
            Way::Back => [ends[1], ends[0]],
        }
    }

    /// Returns the effect of zones on a packet: whether it is blocked, and what distance adds, in
    /// ns. A blocked packet draws its distance too, as a lost one does.
    #[cold]
    pub(crate) fn cross_zones(
        &mut self,
        link: LinkIx,
        direction: Way,
        ends: [Option<ZoneIx>; 2],
    ) -> (bool, u64) {
        let is_link_cut = self.links[link.0 as usize].cut[direction as usize];
        let [Some(from), Some(to)] = ends else {
            return (is_link_cut, 0);
        };
        let way = &self.zones.between[self.zones.at(from, to)];
        let state = &mut self.links[link.0 as usize];
        let Some(stream) = &mut state.distance_stream else {
            return (way.is_cut || is_link_cut, 0);
        };
        (way.is_cut || is_link_cut, way.added.draw(stream))
    }

    /// Updates links after zones, partitions or distances changed: they remember whether they are
    /// affected.
    pub(crate) fn look_at_zones(&mut self) {
        for place in 0..self.links.len() {
            let LinkState { from, to, cut, .. } = self.links[place];
            let [from, to] = [from, to].map(|end| &self.nodes[end.0 as usize].zones[..]);
            let crosses = self.zones.matter(from, to) || cut != [false; 2];
            let link = &mut self.links[place];
            if crosses && link.distance_stream.is_none() {
                let purpose = random::Purpose::Distance;
                let stream = Stream::new(self.seed, &link.id, purpose);
                link.distance_stream = Some(Box::new(stream));
            }
            if link.crosses_zones != crosses {
                link.crosses_zones = crosses;
                link.refresh();
            }
        }
    }
}
