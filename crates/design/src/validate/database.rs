//! What the parameters of a database must say together.

use super::hint;
use crate::attribute::Reader;
use crate::document::Node;
use crate::kinds::database::{CrossShard, Replication, ReplicationMode};
use crate::kinds::{Database, Kind};
use std::collections::BTreeSet;

pub(super) fn check(database: &Database, known: &BTreeSet<&str>, reader: &mut Reader) {
    if let Some(replication) = &database.replication {
        check_replication(database, replication, reader);
    }
    match &database.cross_shard {
        Some(CrossShard::Operations(names)) => {
            for name in names.iter().filter(|name| !known.contains(name.as_str())) {
                let hint = hint(reader, name, known.iter().copied());
                reader.within("cross_shard.operations", |reader| {
                    reader.problem(format!("unknown operation \"{name}\"{hint}"));
                });
            }
        }
        Some(
            CrossShard::Always
            | CrossShard::Reads
            | CrossShard::Writes
            | CrossShard::Probability(_),
        )
        | None => {}
    }
}

/// Zones whose members never lead are zones of its members, and leave every shard one that may.
pub(super) fn check_leaders(node: &Node, reader: &mut Reader) {
    let Kind::Database(database) = &node.kind else {
        return;
    };
    let Some(replication) = &database.replication else {
        return;
    };
    let forbidden = &replication.no_leader_in;
    if forbidden.is_empty() {
        return;
    }
    let mut problem = |message: String| {
        reader.within("replication.no_leader_in", |reader| reader.problem(message));
    };
    if replication.mode == ReplicationMode::Quorum {
        let message = "has no effect in replication mode quorum, which has no leader; \
                       leave it empty";
        return problem(message.to_owned());
    }
    let zones = node.deployment.zones();
    if let Some(unknown) = forbidden.iter().find(|name| !zones.contains(name)) {
        return problem(format!("no member runs in zone \"{unknown}\""));
    }
    let may_lead = |member: u32| {
        let zone = &zones[member as usize % zones.len()];
        !forbidden.contains(zone)
    };
    let members = |shard: u32| shard * replication.replicas..(shard + 1) * replication.replicas;
    let mut shards = 0..database.shards.count;
    if let Some(shard) = shards.find(|shard| !members(*shard).any(may_lead)) {
        problem(format!(
            "leaves shard {shard} without an eligible leader; remove a zone or add replicas"
        ));
    }
}

fn check_replication(database: &Database, replication: &Replication, reader: &mut Reader) {
    let mut problem = |field: &str, message: String| {
        reader.within(field, |reader| reader.problem(message));
    };
    let members = replication.replicas;
    if database.copy_of.is_some() {
        let message = "a copy is written by message consumers and cannot be replicated; set it to null, or remove copy_of";
        problem("replication", message.to_owned());
    }
    if replication.mode == ReplicationMode::SemiSync && members < 2 {
        let message = "semi_sync waits for a follower; expected at least 2";
        problem("replication.replicas", message.to_owned());
    }
    if replication.mode != ReplicationMode::Quorum {
        return;
    }
    for (name, quorum) in [("r", replication.r), ("w", replication.w)] {
        if quorum > members {
            let message = format!("{quorum} exceeds the number of members ({members})");
            problem(&format!("replication.{name}"), message);
        }
    }
    let needs_leader = [
        ("row_locks", database.row_locks, "set it to false"),
        (
            "cross_shard",
            database.cross_shard.is_some(),
            "set it to null",
        ),
    ];
    for (field, is_on, remedy) in needs_leader {
        if is_on {
            let message = format!(
                "needs a leader, which replication mode quorum does not have; {remedy}, or set the mode to async or semi_sync"
            );
            problem(field, message);
        }
    }
}
