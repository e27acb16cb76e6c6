//! What a replicated store does during a partition: refuse requests, or diverge.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::Database;
use design::kinds::database::{OnPartition, ReplicationMode};
use design::{FaultKind, Metric, Node, Value};
use report::{
    Field, Figure, Finding, Message, Remedy, Severity, count_of, message, name, percent, whole,
};
use sim::Report;
use std::collections::BTreeSet;

/// Least share of calls refused or unanswered in a partition, and least number, for a finding.
const UNAVAILABLE: f64 = 0.002;
const SAMPLES: u64 = 20;

pub(super) const RULE: Rule = Rule {
    id: "cap",
    title: "CAP: consistency or availability in a partition",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "During a partition, a replicated store either refuses requests on one side (CP), or \
        accepts writes on both sides and loses conflicting ones when the partition heals (AP). \
        There is no third option. A design that does not decide this for each operation gets the \
        default.",
    evidence: "Structural: a store across zones refuses requests or diverges in a partition, and \
        no requirement says which is right (a note). Measured: during a partition, calls were \
        refused or timed out for lack of a majority. Or a store without a leader undid \
        acknowledged writes when the partition healed. It is a warning where a requirement was \
        missed. Otherwise it is a note: the price is one that the requirements accept.",
    silent: "Stores in one zone. Partitions that separate no members.",
    fixes: "Decide for each operation whether availability or consistency matters more. The cost: \
        lost writes, or errors during a partition.",
};

/// Returns the stores with members in several zones.
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
            message!("Let both sides of {} continue", name(&node.id)),
            "A write acknowledged on one side is lost if the other side later wrote the same key.",
            vec![remedies::node(
                &node.id,
                "replication.on_partition",
                Value::text("diverge"),
            )],
        ),
        OnPartition::Diverge => Remedy::new(
            message!("Refuse requests on the minority side of {}", name(&node.id)),
            "Clients on that side get errors until the partition heals.",
            vec![remedies::node(
                &node.id,
                "replication.on_partition",
                Value::text("refuse"),
            )],
        ),
    }
}

/// Makes a leader acknowledge a write only after a follower has it, so that a new leader has it
/// too.
pub(super) fn waits_for_a_follower(node: &Node) -> Remedy {
    Remedy::new(
        message!(
            "Acknowledge a write of {} once a follower has it",
            name(&node.id)
        ),
        "Writes take an additional round trip to a follower, and fail when no follower is \
         reachable.",
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
                    "{} refuses requests on the minority side of a partition",
                    name(&node.id)
                ),
                "No requirement on availability says whether that is acceptable.",
            ),
            OnPartition::Diverge => (
                Metric::LostWrites,
                message!(
                    "Both sides of {} accept writes in a partition",
                    name(&node.id)
                ),
                "When both sides write a key, one of the writes is lost when the partition heals. No requirement on lost writes says whether that is acceptable.",
            ),
        };
        if !facts.requires(&[metric]) {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        what,
                        why,
                        "Decide between availability and consistency for each operation, and state it as a requirement.",
                    )
                    .endangers(metric)
                    .fixed_by([other_side(node, database)]),
            );
        }
    }
    found
}

/// What a run shows of a store during a partition.
struct Seen {
    /// Calls that it refused or did not answer.
    refused: u64,
    /// Whether most of them were refused with an error, rather than left without an answer.
    is_said: bool,
    /// Acknowledged writes that were undone.
    undone: u64,
    is_leaderless: bool,
}

impl Seen {
    fn new(facts: &Facts<'_>, report: &Report, node: &Node, database: &Database) -> Option<Self> {
        let figures = report.nodes.get(&node.id)?;
        let said = figures.failures.get("unavailable").copied().unwrap_or(0);
        let links = facts.calls_to(&node.id);
        let links = links.filter_map(|link| report.links.get(&link.id));
        let silent: u64 = links.map(|link| link.timeouts).sum();
        let members = figures.database.as_ref();
        let members = members.and_then(|members| members.replication.as_ref());
        let mode = database.replication.as_ref().map(|set| set.mode);
        Some(Self {
            refused: said.max(silent),
            is_said: said >= silent,
            undone: members.map_or(0, |members| members.undone_writes),
            is_leaderless: mode == Some(ReplicationMode::Quorum),
        })
    }
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut faults = facts.design.faults.iter();
    let Some(cut) = faults.find(|fault| fault.kind == FaultKind::Partition) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (node, database) in spread(facts) {
        let Some(seen) = Seen::new(facts, report, node, database) else {
            continue;
        };
        let arrivals = report.nodes[&node.id].arrivals;
        let is_out =
            seen.refused >= SAMPLES && seen.refused as f64 >= UNAVAILABLE * arrivals as f64;
        let finding = Finding::new(RULE.id, [node.id.as_str(), cut.target.as_str()])
            .measured(Some(cut.at.as_s()));
        let finding = match on_partition(database) {
            OnPartition::Refuse if is_out => {
                let (what, why) = refused(facts, report, node, &cut.target, &seen);
                let remedy = "Accept what can be reconciled later, and refuse only what cannot.";
                finding
                    .says(what, why, remedy)
                    .endangers(endangered(facts, seen.undone))
                    .fixed_by((seen.undone > 0).then(|| waits_for_a_follower(node)))
            }
            OnPartition::Diverge if seen.undone > 0 && seen.is_leaderless => {
                let (what, why) = diverged(report, &node.id, seen.undone);
                let remedy =
                    "Refuse what must not be lost, and accept only what can be reconciled.";
                finding
                    .says(what, why, remedy)
                    .endangers(Metric::LostWrites)
            }
            OnPartition::Refuse | OnPartition::Diverge => continue,
        };
        let finding = finding.fixed_by([other_side(node, database)]);
        found.push(agreed(facts, finding));
    }
    found
}

fn undone_of(id: &str) -> Field {
    field::node(id, "database.replication.undone_writes")
}

/// Says how many calls a store refused or did not answer, and why.
fn refused(
    facts: &Facts<'_>,
    report: &Report,
    node: &Node,
    target: &str,
    seen: &Seen,
) -> (Message, Message) {
    let of = refused_of(facts, report, &node.id, seen.is_said);
    let calls = whole(seen.refused as f64).of(of.clone());
    (
        message!(
            "{} {} {} while {} was cut off",
            name(&node.id),
            if seen.is_said {
                "refused"
            } else {
                "did not answer"
            },
            count_of(calls, "call", "calls"),
            facts.target(target)
        ),
        message!(
            "That is {} of all calls to it. A member serves calls only while it reaches {}. {}",
            part_of(facts, report, &node.id, seen, of),
            if seen.is_leaderless {
                "a quorum"
            } else {
                "a leader with a majority"
            },
            lost(seen.undone, undone_of(&node.id))
        ),
    )
}

/// Returns the metric that refused calls endanger.
fn endangered(facts: &Facts<'_>, undone: u64) -> Metric {
    let missed = facts.missed(&[Metric::Availability, Metric::Goodput]);
    let lost = || facts.missed(&[Metric::LostWrites]).filter(|_| undone > 0);
    missed.or_else(lost).unwrap_or(Metric::Availability)
}

/// Says what a store without a leader lost because it accepted writes on both sides.
fn diverged(report: &Report, id: &str, undone: u64) -> (Message, Message) {
    let lost = whole(report.data.lost_writes as f64).of(field::of("data.lost_writes"));
    (
        message!(
            "Both sides of {} accepted writes, and {} lost when the partition healed",
            name(id),
            writes(undone, undone_of(id))
        ),
        message!(
            "{} acknowledged in total, and {} are lost. Of the writes to one key on both sides, \
             only the last remains.",
            writes(report.data.writes, field::of("data.writes")),
            lost
        ),
    )
}

/// Returns the share of calls that a database refused, of those that it received. Calls without an
/// answer are counted of those sent to it, since a call lost on the way never arrives.
fn part_of(facts: &Facts<'_>, report: &Report, id: &str, seen: &Seen, of: Field) -> Figure {
    let incoming = facts.calls_to(id).map(|link| link.id.as_str());
    let incoming: Vec<&str> = incoming
        .filter(|id| report.links.contains_key(*id))
        .collect();
    let (all, place) = match seen.is_said {
        true => (
            report.nodes.get(id).map_or(0, |node| node.arrivals),
            field::node(id, "arrivals"),
        ),
        false => (
            incoming.iter().map(|id| report.links[*id].attempts).sum(),
            field::links(incoming, "attempts"),
        ),
    };
    percent(seen.refused as f64 / all.max(1) as f64).maybe_of((all > 0).then(|| of.over(place)))
}

/// "1 write was", "20 writes were".
fn writes(n: u64, of: Field) -> Message {
    count_of(whole(n as f64).of(of), "write was", "writes were")
}

/// Says what became of the writes that an old leader acknowledged.
fn lost(undone: u64, of: Field) -> Message {
    match undone {
        0 => Message::from("No acknowledged write was undone."),
        n => message!(
            "{} acknowledged by the old leader had not reached the new leader and were lost.",
            count_of(whole(n as f64).of(of), "write", "writes")
        ),
    }
}

/// Returns the field of the report that counts the calls a database refused or did not answer.
fn refused_of(facts: &Facts<'_>, report: &Report, id: &str, is_said: bool) -> Field {
    let incoming = facts.calls_to(id).map(|link| link.id.as_str());
    let incoming = incoming.filter(|id| report.links.contains_key(*id));
    match is_said {
        true => field::node(id, "failures.unavailable"),
        false => field::links(incoming, "timeouts"),
    }
}

/// Lowers a finding to a note where all requirements were met: they accept this price.
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
        .any(|required| Some(required.metric) == metric);
    match facts.missed(&metrics) {
        Some(_) => finding,
        None if is_asked => finding.severity(Severity::Note),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

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
        let faulty = design(0.99);
        assert!(lint("cap", &faulty).is_empty());
        let finding = &found("cap", &faulty, &run(&faulty))[0];
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

    #[test]
    fn a_share_of_calls_that_never_arrived_is_of_those_that_were_sent() {
        // Most calls of the application are lost for most of the run: the database receives a
        // tenth.
        let mut lost = read(
            r#"{"nodes": [
            {"id": "users", "kind": "client", "zone": "b", "arrivals": {"poisson": "50/s"}, "operations": [{"name": "put", "effect": "write"}]},
            {"id": "app", "kind": "service", "zone": "b"},
            {"id": "db", "kind": "database", "zones": ["a", "c"], "replication": {"replicas": 2, "on_partition": "refuse"}}],
            "links": [{"from": "users", "to": "app"}, {"from": "app", "to": "db", "timeout": "300ms"}],
            "requirements": [{"metric": "availability", "at_least": 0.99}], "duration": "60s"}"#,
        );
        lost.faults.push(fault(
            r#"{"at": "8s", "for": "50s", "kind": "partition", "target": "b"}"#,
        ));
        let told = &found("cap", &lost, &run(&lost))[0];
        let (what, why) = (told.what.text(), told.why.text());
        assert!(
            what.starts_with("db did not answer") && !what.contains("side"),
            "{what}"
        );
        let share = crate::testing::shares(&told.why)[0];
        assert!(share > 0.5 && share <= 1.0, "{why}");
    }
}
