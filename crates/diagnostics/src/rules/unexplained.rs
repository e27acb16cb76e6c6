//! A missed requirement that no pattern has a name for. Its findings come from experiments alone.

use super::Rule;
use crate::facts::Facts;
use report::Finding;
use sim::Report;

pub(super) const RULE: Rule = Rule {
    id: "unexplained",
    title: "A missed requirement without a known pattern",
    means: "Something in the design or in the run keeps a requirement from being met, and it is \
        none of the known patterns. The finding says what was taken away and what that \
        changed.",
    evidence: "Measured: a requirement was missed, and no finding of another rule explains it. An \
        experiment took one thing away (a limit, a timeout, a policy, a fault) and at least \
        half of the distance to the bound went with it; or none did, and the finding lists \
        what was tried.",
    silent: "A missed requirement that a finding of another rule explains.",
    mends: "What the experiment shows: each remedy that is offered was tried.",
    structural: super::nothing,
    measured,
};

fn measured(_: &Facts<'_>, _: &Report) -> Vec<Finding> {
    Vec::new()
}
