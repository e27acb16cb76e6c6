//! What a store gives up while the network is cut.

use super::Rule;
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

/// Calls without a side that may answer, by all, from which it is told.
const UNAVAILABLE: f64 = 0.002;
const SAMPLES: u64 = 20;

pub(super) const RULE: Rule = Rule {
    id: "cap",
    title: "A partition nobody chose for",
    means: "During a partition, a replicated store either refuses requests on one side (CP), or \
        continues on both sides and loses conflicting writes when they meet (AP). There is no \
        third way. It is a choice per operation, and not making it means taking the default.",
    evidence: "Structural: a store across zones that diverges or refuses, without a requirement \
        that says which is right (a note). Measured: a partition with calls refused for lack of \
        a majority, or with acknowledged writes undone on healing in a store without a leader. A \
        warning where a requirement was missed, else a note: then the price was accepted.",
    silent: "Stores in one zone; partitions that separate nothing.",
    mends: "For each operation, the side that its business needs: availability at the price of \
        lost writes, or the reverse.",
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
            message!("Let both sides of {} continue", name(&node.id)),
            "A write acknowledged on one side is lost when the other side wrote the same key later.",
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

/// What leaves nothing behind on a leader that is cut off.
pub(super) fn waits_for_a_follower(node: &Node) -> Remedy {
    Remedy::new(
        message!(
            "Acknowledge a write of {} once a follower has it",
            name(&node.id)
        ),
        "Writes take a round trip to a follower longer, and fail when none is reachable.",
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
                "No requirement on availability says whether that is right.",
            ),
            OnPartition::Diverge => (
                Metric::LostWrites,
                message!("Both sides of {} continue in a partition", name(&node.id)),
                "When both sides write a key, one write is lost when the partition heals. No requirement on lost writes says whether that is right.",
            ),
        };
        if !facts.requires(&[metric]) {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        what,
                        why,
                        "Decide per operation between availability and consistency, and require it.",
                    )
                    .endangers(metric)
                    .mended_by([other_side(node, database)]),
            );
        }
    }
    found
}

/// What a run shows of a store that a partition went through.
struct Seen {
    /// Calls that it refused, or did not answer.
    refused: u64,
    /// Whether it said so.
    is_said: bool,
    /// Acknowledged writes that were undone.
    undone: u64,
    is_leaderless: bool,
}

impl Seen {
    fn new(facts: &Facts<'_>, report: &Report, node: &Node, database: &Database) -> Option<Self> {
        let figures = report.nodes.get(&node.id)?;
        let said = figures.failures.get("unavailable").copied().unwrap_or(0);
        let links = facts.asked(&node.id);
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
                let remedy =
                    "Continue with what can be reconciled later, and refuse only what cannot.";
                finding
                    .says(what, why, remedy)
                    .endangers(endangered(facts, seen.undone))
                    .mended_by((seen.undone > 0).then(|| waits_for_a_follower(node)))
            }
            OnPartition::Diverge if seen.undone > 0 && seen.is_leaderless => {
                let (what, why) = diverged(report, &node.id, seen.undone);
                let remedy =
                    "Refuse what must not be lost, and continue only with what can be reconciled.";
                finding
                    .says(what, why, remedy)
                    .endangers(Metric::LostWrites)
            }
            OnPartition::Refuse | OnPartition::Diverge => continue,
        };
        let finding = finding.mended_by([other_side(node, database)]);
        found.push(agreed(facts, finding));
    }
    found
}

fn undone_of(id: &str) -> Field {
    field::node(id, "database.replication.undone_writes")
}

/// A store that refused calls, or did not answer them.
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
            "That is {} of all calls to it. It answers only where it reaches {}. {}",
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

/// What refusals endanger.
fn endangered(facts: &Facts<'_>, undone: u64) -> Metric {
    let missed = facts.missed(&[Metric::Availability, Metric::Goodput]);
    let lost = || facts.missed(&[Metric::LostWrites]).filter(|_| undone > 0);
    missed.or_else(lost).unwrap_or(Metric::Availability)
}

/// A store without a leader that continued on both sides.
fn diverged(report: &Report, id: &str, undone: u64) -> (Message, Message) {
    let lost = whole(report.data.lost_writes as f64).of(field::of("data.lost_writes"));
    (
        message!(
            "Both sides of {} accepted writes, and {} lost when the partition healed",
            name(id),
            writes(undone, undone_of(id))
        ),
        message!(
            "{} acknowledged in all, and {} lost for good. Of each key that both sides wrote, \
             only the last write remains.",
            writes(report.data.writes, field::of("data.writes")),
            lost
        ),
    )
}

/// The share of what a database got that it refused, or of what was sent to it that it did not
/// answer: what gets lost on the way never arrives.
fn part_of(facts: &Facts<'_>, report: &Report, id: &str, seen: &Seen, of: Field) -> Figure {
    let asked = facts.asked(id).map(|link| link.id.as_str());
    let asked: Vec<&str> = asked.filter(|id| report.links.contains_key(*id)).collect();
    let (all, place) = match seen.is_said {
        true => (
            report.nodes.get(id).map_or(0, |node| node.arrivals),
            field::node(id, "arrivals"),
        ),
        false => (
            asked.iter().map(|id| report.links[*id].attempts).sum(),
            field::links(asked, "attempts"),
        ),
    };
    percent(seen.refused as f64 / all.max(1) as f64).maybe_of((all > 0).then(|| of.over(place)))
}

/// "1 write was", "20 writes were".
fn writes(n: u64, of: Field) -> Message {
    count_of(whole(n as f64).of(of), "write was", "writes were")
}

/// What became of the writes that an old leader acknowledged.
fn lost(undone: u64, of: Field) -> Message {
    match undone {
        0 => Message::from("No acknowledged write was undone."),
        n => message!(
            "{} acknowledged by the old leader had not reached the new one and were lost.",
            count_of(whole(n as f64).of(of), "write", "writes")
        ),
    }
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

    #[test]
    fn a_share_of_calls_that_never_arrived_is_of_those_that_were_sent() {
        // All that the application sends is lost for most of the run: the database gets a tenth.
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
