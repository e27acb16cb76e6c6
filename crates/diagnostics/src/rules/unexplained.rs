//! Missed requirements without a known pattern. The findings come from experiments alone.

use super::{Explanation, Rule};
use crate::facts::Facts;
use report::Finding;
use sim::Report;

pub(super) const RULE: Rule = Rule {
    id: "unexplained",
    title: "Unexplained missed requirement",
    structural: super::nothing,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Something in the design or in the run keeps a requirement from being met, and it is \
        none of the known patterns. The finding says which experiment helped: what was removed, \
        and what changed.",
    evidence: "Measured: a requirement was missed, and no finding of another rule explains it. An \
        experiment removed one thing (a limit, a timeout, a policy or a fault) and closed at least \
        half of the distance to the required bound. Or none did, and the finding lists what was \
        tried.",
    silent: "A missed requirement that a finding of another rule explains.",
    fixes: "Change what the experiment shows. Each fix that is offered was tried.",
};

fn measured(_: &Facts<'_>, _: &Report) -> Vec<Finding> {
    Vec::new()
}
