//! What a store gives up while the network is cut.

use super::Rule;
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::Database;
use design::kinds::database::{OnPartition, ReplicationMode};
use design::{FaultKind, Metric, Node, Value};
use report::{Field, Finding, Message, Remedy, Severity, count_of, message, name, percent, whole};
use sim::Report;
use std::collections::BTreeSet;

/// Calls without a side that may answer, by all, from which it is told.
const UNAVAILABLE: f64 = 0.002;
const SAMPLES: u64 = 20;

pub(super) const RULE: Rule = Rule {
    id: "cap",
    title: "A partition nobody chose for",
    means: "While the network is cut a replicated store either refuses on one side (CP) or goes on with both and loses writes of one when they meet (AP). There is no third way; what there is, is a choice per operation, and not to make it is the default's choice.",
    evidence: "Structural: a store over several zones that diverges, or refuses, without a requirement that says which is right (a note). Measured: a partition with calls refused for want of a majority, or with acknowledged writes undone on healing in a store without a leader. A warning where something required was missed, else a note: then the price was agreed to.",
    silent: "Stores in one zone; partitions that cut nobody off.",
    mends: "For each operation the side its business needs: availability bought with lost writes, or the other way round.",
    structural,
    measured,
};

/// Stores with members in several zones.
pub(super) fn spread<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a Database)> {
    let stores = facts.databases().filter(|(node, database)| {
        let zones: BTreeSet<&String> = node.deployment.zones().iter().collect();
        zones.len() > 1 && database.copies() > 1
    });
    stores.collect()
}

fn on_partition(database: &Database) -> OnPartition {
    database
        .replication
        .as_ref()
        .map_or(OnPartition::Refuse, |replication| replication.on_partition)
}

fn other_side(node: &Node, database: &Database) -> Remedy {
    match on_partition(database) {
        OnPartition::Refuse => Remedy::new(
            message!("{} goes on on both sides", name(&node.id)),
            "What one side acknowledged is lost where the other wrote the same key later.",
            vec![remedies::node(
                &node.id,
                "replication.on_partition",
                Value::text("diverge"),
            )],
        ),
        OnPartition::Diverge => Remedy::new(
            message!("{} refuses on the smaller side", name(&node.id)),
            "Whoever is there gets errors until the network is whole.",
            vec![remedies::node(
                &node.id,
                "replication.on_partition",
                Value::text("refuse"),
            )],
        ),
    }
}

/// What leaves nothing behind on a leader that is cut off.
pub(super) fn waits_for_a_follower(node: &Node) -> Remedy {
    Remedy::new(
        message!("{} answers a write once a follower has it", name(&node.id)),
        "A write takes a trip to a follower longer, and is refused where none is in reach.",
        vec![remedies::node(
            &node.id,
            "replication.mode",
            Value::text("semi_sync"),
        )],
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, database) in spread(facts) {
        let (metric, what, why) = match on_partition(database) {
            OnPartition::Refuse => (
                Metric::Availability,
                message!(
                    "{} refuses on the smaller side of a partition",
                    name(&node.id)
                ),
                "Nothing is required of availability, so nobody has said whether that is right.",
            ),
            OnPartition::Diverge => (
                Metric::LostWrites,
                message!("{} goes on on both sides of a partition", name(&node.id)),
                "What both sides write is kept once: acknowledged writes are lost on healing. Nothing required says whether that is right.",
            ),
        };
        if !facts.requires(&[metric]) {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        what,
                        why,
                        "Say for each operation which side its business needs, and require it.",
                    )
                    .endangers(metric)
                    .mended_by([other_side(node, database)]),
            );
        }
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(cut) = facts
        .design
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::Partition)
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, database) in spread(facts) {
        let Some(figures) = report.nodes.get(&node.id) else {
            continue;
        };
        let unavailable = figures.failures.get("unavailable").copied().unwrap_or(0);
        let silent: u64 = facts
            .asked(&node.id)
            .filter_map(|link| report.links.get(&link.id))
            .map(|link| link.timeouts)
            .sum();
        let refused = unavailable.max(silent);
        let of = refused_of(facts, report, &node.id, unavailable >= silent);
        let undone_of = || field::node(&node.id, "database.replication.undone_writes");
        let undone = figures
            .database
            .as_ref()
            .and_then(|d| d.replication.as_ref())
            .map_or(0, |r| r.undone_writes);
        let leaderless = database
            .replication
            .as_ref()
            .is_some_and(|r| r.mode == ReplicationMode::Quorum);
        let finding = match on_partition(database) {
            OnPartition::Refuse if refused >= SAMPLES && refused as f64 >= UNAVAILABLE * figures.arrivals as f64 => {
                let lost = match undone {
                    0 => Message::from("No write was lost for it."),
                    n => message!("{} acknowledged by the old leader had not reached the new one, and stood nowhere in the end.", count_of(whole(n as f64).of(undone_of()), "write", "writes")),
                };
                Finding::new(RULE.id, [node.id.as_str(), cut.target.as_str()])
                    .measured(Some(cut.at.as_s()))
                    .says(
                        message!("{} refused requests on the smaller side of the partition", name(&node.id)),
                        message!("{} of its calls ({}) found no side that may answer, or heard nothing, while {} was cut off. {}", whole(refused as f64).of(of.clone()), percent(refused as f64 / figures.arrivals.max(1) as f64).of(of.over(field::node(&node.id, "arrivals"))), facts.target(&cut.target), lost),
                        "Let go on what may be put right later, and refuse only what may not.",
                    )
                    .endangers(facts.missed(&[Metric::Availability, Metric::Goodput]).unwrap_or_else(|| match undone {
                        0 => Metric::Availability,
                        _ => facts.missed(&[Metric::LostWrites]).unwrap_or(Metric::Availability),
                    }))
                    .mended_by((undone > 0).then(|| waits_for_a_follower(node)))
            }
            OnPartition::Diverge if undone > 0 && leaderless => {
                Finding::new(RULE.id, [node.id.as_str(), cut.target.as_str()])
                    .measured(Some(cut.at.as_s()))
                    .says(
                        message!("{} answered on both sides of the cut, and lost {} when they met", name(&node.id), count_of(whole(undone as f64).of(undone_of()), "write", "writes")),
                        message!("{} acknowledged, {} lost for good: of each key that both sides wrote the last write stands.", count_of(whole(report.data.writes as f64).of(field::of("data.writes")), "write was", "writes were"), whole(report.data.lost_writes as f64).of(field::of("data.lost_writes"))),
                        "Refuse what may not be lost, and let go on only what may be put right.",
                    )
                    .endangers(Metric::LostWrites)
            }
            OnPartition::Refuse | OnPartition::Diverge => continue,
        };
        found.push(agreed(
            facts,
            finding.mended_by([other_side(node, database)]),
        ));
    }
    found
}

/// Where it is in the report how many calls a database refused, or did not answer.
fn refused_of(facts: &Facts<'_>, report: &Report, id: &str, is_said: bool) -> Field {
    let asked = facts.asked(id).map(|link| link.id.as_str());
    let asked = asked.filter(|id| report.links.contains_key(*id));
    match is_said {
        true => field::node(id, "failures.unavailable"),
        false => field::links(asked, "timeouts"),
    }
}

/// A note where what is required was met all the same: then that price was agreed to.
pub(super) fn agreed(facts: &Facts<'_>, finding: Finding) -> Finding {
    let metrics = [
        Metric::Availability,
        Metric::Goodput,
        Metric::LostWrites,
        Metric::DivergentKeys,
    ];
    let metric = finding.requirement;
    let is_asked = facts
        .design
        .requirements
        .iter()
        .any(|asked| Some(asked.metric) == metric);
    match facts.missed(&metrics) {
        Some(_) => finding,
        None if is_asked => finding.severity(Severity::Note),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, found, lint, read, run};

    fn design(at_least: f64) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "zone": "b", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "put", "effect": "write"}}]}},
            {{"id": "app", "kind": "service", "zone": "b"}},
            {{"id": "db", "kind": "database", "zones": ["a", "b", "c"], "replication": {{"on_partition": "refuse"}}}}],
            "links": [{{"from": "users", "to": "app"}}, {{"from": "app", "to": "db", "timeout": "300ms"}}],
            "requirements": [{{"metric": "availability", "at_least": {at_least}}}]}}"#
        ));
        design.faults.push(fault(
            r#"{"at": "20s", "for": "20s", "kind": "partition", "target": "b"}"#,
        ));
        design
    }

    #[test]
    fn a_side_that_is_refused_is_told_as_far_as_it_was_not_agreed_to() {
        let broken = design(0.99);
        assert!(lint("cap", &broken).is_empty());
        let finding = &found("cap", &broken, &run(&broken))[0];
        assert_eq!(
            (finding.severity, finding.onset_s),
            (report::Severity::Warning, Some(20.0))
        );
        let agreed = design(0.1);
        assert_eq!(
            found("cap", &agreed, &run(&agreed))[0].severity,
            report::Severity::Note
        );
        let mut whole = design(0.99);
        whole.faults.clear();
        assert!(found("cap", &whole, &run(&whole)).is_empty());
    }
}
