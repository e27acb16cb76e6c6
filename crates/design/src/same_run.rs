//! Which parts of a design a run reads.

use crate::deployment::Deployment;
use crate::document::{Design, Node, Settings};

impl Design {
    /// Whether both designs make the same run, event by event, from whatever moment on: they differ
    /// in names, places, teams, prices, notes, accepted findings and requirements at most. Reports
    /// judge and price a run by these afterwards.
    pub fn makes_same_run(&self, other: &Self) -> bool {
        // Taken apart, so that a new field does not compile before somebody decides about it.
        let Self {
            settings,
            nodes,
            links,
            faults,
            requirements: _,
        } = self;
        settings.makes_same_run(&other.settings)
            && nodes.len() == other.nodes.len()
            && nodes
                .iter()
                .zip(&other.nodes)
                .all(|(one, two)| one.makes_same_run(two))
            && *links == other.links
            && *faults == other.faults
    }
}

impl Settings {
    fn makes_same_run(&self, other: &Self) -> bool {
        let Self {
            name: _,
            seed,
            duration,
            warmup,
            drain,
            zones,
            alerts,
            notes: _,
            allow: _,
        } = self;
        *seed == other.seed
            && *duration == other.duration
            && *warmup == other.warmup
            && *drain == other.drain
            && *zones == other.zones
            && *alerts == other.alerts
    }
}

impl Node {
    fn makes_same_run(&self, other: &Self) -> bool {
        let Self {
            id,
            label: _,
            at: _,
            deployment,
            kind,
        } = self;
        *id == other.id && deployment.makes_same_run(&other.deployment) && *kind == other.kind
    }
}

impl Deployment {
    fn makes_same_run(&self, other: &Self) -> bool {
        let Self {
            zone,
            zones,
            telemetry,
            team: _,
            cost: _,
        } = self;
        *zone == other.zone && *zones == other.zones && *telemetry == other.telemetry
    }
}
