//! A scenario as the page tells it: what breaks it, what mends it, and whether either fits the
//! design as it stands by now.

use design::{Command, Design, Fault};
use host::scenarios::{self, Scenario};

/// A scenario with a trigger and a remedy.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    /// The scenario.
    pub(crate) scenario: Scenario,
    /// What its trigger breaks, by the name people see.
    pub(crate) target: String,
}

impl Lesson {
    /// The scenario of this id.
    pub(crate) fn load(id: &str) -> Option<Self> {
        let scenario = scenarios::find(id)?;
        let target = faults(&scenario)
            .first()
            .map_or("", |fault| fault.target.as_str());
        let target = match scenario.design.node(target) {
            Some(node) => node.title().to_owned(),
            None => target.to_owned(),
        };
        Some(Self { scenario, target })
    }

    /// Whether the fault is one that the button made.
    pub(crate) fn is_trigger(&self, fault: &Fault) -> bool {
        faults(&self.scenario)
            .iter()
            .any(|trigger| fault.kind == trigger.kind && fault.target == trigger.target)
    }

    /// Whether the story can be told of this design: its parts are there.
    pub(crate) fn is_told_of(&self, design: &Design) -> bool {
        self.can_break(design) && self.mended(design).is_some()
    }

    /// Whether what the button breaks is still there.
    pub(crate) fn can_break(&self, design: &Design) -> bool {
        faults(&self.scenario).iter().all(|fault| {
            let target = &fault.target;
            let is_zone = |node: &design::Node| node.deployment.zones().contains(target);
            design.node(target).is_some()
                || design.link(target).is_some()
                || design.nodes.iter().any(is_zone)
        })
    }

    /// Whether all the remedy's edits are in the design.
    pub(crate) fn is_mended(&self, design: &Design) -> bool {
        self.mended(design).as_ref() == Some(design)
    }

    /// The design with the remedy; `None` where the remedy does not fit.
    pub(crate) fn mended(&self, design: &Design) -> Option<Design> {
        let mut mended = design.clone();
        let done = mended.apply(self.scenario.main_remedy().command.clone());
        done.is_ok().then_some(mended)
    }

    /// Whether the design is the lesson's own, but for what was broken or mended, and its seed.
    pub(crate) fn is_played(&self, design: &Design) -> bool {
        let mut bare = design.clone();
        let original = &self.scenario.design;
        bare.faults.clone_from(&original.faults);
        bare.settings.seed = original.settings.seed;
        bare == *original || self.mended(original).as_ref() == Some(&bare)
    }

    /// The edits that bring back what the lesson began with.
    pub(crate) fn unmend(&self) -> Option<Command> {
        let mut design = self.scenario.design.clone();
        design
            .apply(self.scenario.main_remedy().command.clone())
            .ok()
    }

    /// What its button breaks, from this moment on.
    pub(crate) fn faults_from(&self, at: design::Duration) -> Vec<Fault> {
        let faults = faults(&self.scenario);
        let first = faults.iter().map(|fault| fault.at.0).min().unwrap_or(0);
        let moved = faults.iter().map(|fault| Fault {
            at: design::Duration(at.0.saturating_add(fault.at.0 - first)),
            ..fault.clone()
        });
        moved.collect()
    }
}

/// What breaks a scenario's system; none where it fails by itself.
fn faults(scenario: &Scenario) -> &[Fault] {
    let trigger = scenario.trigger.as_ref();
    trigger.map_or(&[], |trigger| trigger.faults.as_slice())
}
