//! Two nodes that both act as the leader.

use super::cap::{agreed, spread};
use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::database::{OnPartition, ReplicationMode};
use design::{FaultKind, Metric, Value};
use report::{Finding, Remedy, Severity, count_of, message, name, whole};
use sim::Report;

pub(super) const RULE: Rule = Rule {
    id: "split-brain",
    title: "Split brain",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Two leaders accept conflicting writes, or two callers hold one lock. Some of the \
        writes that they acknowledge are lost.",
    evidence: "Structural: both sides of a store with a leader accept writes in a partition, or an \
        even number of members has no majority when it is split in half (notes). Measured: writes \
        of a store with a leader were undone when a partition healed. It is an error where lost \
        writes are not limited by a requirement, or exceed it, and a note where all requirements \
        were met. Or a lock was granted while an earlier holder, whose lease had expired, was \
        still working.",
    silent: "Stores that require a majority. Leases that last longer than the work of their \
        holders. Partitions that separate no members.",
    fixes: "Use an odd number of members and require a majority, fence old leaders, or make leases \
        longer. The cost: the minority side is unavailable.",
};

fn majority(id: &str) -> Remedy {
    Remedy::new(
        message!("Let {} continue only with a majority", name(id)),
        "Clients on the minority side get errors until the partition heals.",
        vec![
            remedies::node(id, "replication.replicas", remedies::number(3.0)),
            remedies::node(id, "replication.on_partition", Value::text("refuse")),
        ],
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, database) in spread(facts) {
        let Some(replication) = &database.replication else {
            continue;
        };
        if replication.mode == ReplicationMode::Quorum {
            continue;
        }
        if replication.on_partition == OnPartition::Diverge
            && !facts.requires(&[Metric::LostWrites])
        {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("A partition gives {} two leaders", name(&node.id)),
                        "Each side elects a leader and accepts writes. Conflicting writes of one side are lost when the partition heals.",
                        "Let only a majority elect a leader.",
                    )
                    .endangers(Metric::LostWrites)
                    .fixed_by([majority(&node.id)]),
            );
        } else if replication.on_partition == OnPartition::Refuse
            && replication.replicas.is_multiple_of(2)
        {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("{} has {} members, and no majority when they are split in half", name(&node.id), replication.replicas),
                        "Only the half with the leader continues. If the leader is lost, neither half does, so the even member adds no fault tolerance.",
                        "Use an odd number of members.",
                    )
                    .endangers(Metric::Availability),
            );
        }
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    let cut = facts
        .design
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::Partition);
    for (node, database) in facts.databases() {
        let Some(replication) = database
            .replication
            .as_ref()
            .filter(|r| r.mode != ReplicationMode::Quorum)
        else {
            continue;
        };
        let undone = report
            .nodes
            .get(&node.id)
            .and_then(|n| n.database.as_ref()?.replication.as_ref())
            .map_or(0, |r| r.undone_writes);
        if undone == 0 || cut.is_none() || replication.on_partition != OnPartition::Diverge {
            continue;
        }
        let finding = Finding::new(RULE.id, [node.id.clone()])
            .measured(cut.map(|cut| cut.at.as_s()))
            .severity(Severity::Error)
            .says(
                message!("{} had two leaders, and {} undone when the partition healed", name(&node.id), count_of(whole(undone as f64).of(field::node(&node.id, "database.replication.undone_writes")), "write was", "writes were")),
                message!("Each side accepted writes during the partition. {} acknowledged writes were lost.", whole(report.data.lost_writes as f64).of(field::of("data.lost_writes"))),
                "Let only a majority elect a leader, and fence the old leader.",
            )
            .endangers(Metric::LostWrites)
            .fixed_by([majority(&node.id)]);
        found.push(agreed(facts, finding));
    }
    for (node, coordinator) in facts.coordinators() {
        let overlaps = report
            .nodes
            .get(&node.id)
            .and_then(|n| n.locks.as_ref())
            .map_or(0, |locks| locks.lease_overlaps);
        if overlaps == 0 {
            continue;
        }
        let Some(lease) = coordinator.lease else {
            continue;
        };
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .measured(None)
                .says(
                    message!("Two callers held the same lock of {}, {}", name(&node.id), count_of(whole(overlaps as f64).of(field::node(&node.id, "locks.lease_overlaps")), "time", "times")),
                    message!("A lease of {} expired while its holder was still working, and the next caller got the lock. Nothing notifies the first holder.", lease),
                    "Make leases much longer than the work, and let the store reject the token of an earlier holder (fencing).",
                )
                .endangers(Metric::LostWrites)
                .fixed_by([Remedy::new(
                    message!("Make leases of {} ten times as long", name(&node.id)),
                    "After a holder crashes, the next caller waits ten times as long.",
                    vec![remedies::node(&node.id, "lease", remedies::duration((10.0 * lease.as_s()).min(86_400.0)))],
                )]),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};
    use report::Severity;

    fn design(on_partition: &str) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "west", "kind": "client", "zone": "a", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "put", "effect": "write", "keys": {{"uniform": {{"n": 50}}}}}}]}},
            {{"id": "east", "kind": "client", "zone": "b", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "put", "effect": "write", "keys": {{"uniform": {{"n": 50}}}}}}]}},
            {{"id": "app-a", "kind": "service", "zone": "a"}}, {{"id": "app-b", "kind": "service", "zone": "b"}},
            {{"id": "db", "kind": "database", "zones": ["a", "b"], "replication": {{"replicas": 2, "on_partition": "{on_partition}"}}}}],
            "links": [{{"from": "west", "to": "app-a"}}, {{"from": "east", "to": "app-b"}}, {{"from": "app-a", "to": "db", "timeout": "300ms"}},
                {{"from": "app-b", "to": "db", "timeout": "300ms"}}]}}"#
        ));
        design.faults.push(fault(
            r#"{"at": "20s", "for": "20s", "kind": "partition", "target": "b"}"#,
        ));
        design
    }

    #[test]
    fn two_leaders_lose_writes_and_a_majority_does_not() {
        let faulty = design("diverge");
        assert!(lint("split-brain", &faulty)[0].what.contains("two leaders"));
        let finding = &found("split-brain", &faulty, &run(&faulty))[0];
        assert_eq!(
            (finding.severity, finding.onset_s),
            (Severity::Error, Some(20.0))
        );
        let fixed = design("refuse");
        assert!(
            found("split-brain", &fixed, &run(&fixed))
                .iter()
                .all(|f| !f.measured)
        );
    }
}
