//! Links on which a database relays its writes to a queue.

use crate::attribute::Reader;
use crate::kinds::Kind;
use crate::link::{Ack, Condition, Link, Mode};

/// Checks that a relay link has a suitable source and no settings without effect.
pub(super) fn check(link: &Link, from: Option<&Kind>, reader: &mut Reader) {
    let mut problem = |field: &str, message: &str| {
        reader.within(field, |reader| reader.problem(message));
    };
    let Some(Kind::Database(database)) = from else {
        if link.relay.is_some() {
            problem(
                "relay",
                "applies to links from a database to a queue; set it to null",
            );
        }
        return;
    };
    if link.mode != Mode::Publish {
        return;
    }
    if database.copy_of.is_some() {
        problem(
            "from",
            "is a copy, whose writes come from messages; link its owner instead",
        );
    }
    if database.replication.is_some() && !database.has_leader() {
        problem(
            "from",
            "has no leader whose log could be relayed; use replication mode async or semi_sync",
        );
    }
    let is_vain = [
        (
            "when",
            link.when.0 != [Condition::Always],
            "every write is relayed; set it to always",
        ),
        (
            "stage",
            link.stage.is_some(),
            "a relay has no stages; set it to null",
        ),
        (
            "calls",
            link.calls != 1,
            "every write is relayed once; set it to 1",
        ),
        (
            "optional",
            link.optional,
            "no caller waits for a relay; set it to false",
        ),
        (
            "ack",
            link.ack == Ack::None,
            "a relay retries until the queue has the write; set it to accepted",
        ),
    ];
    for (field, is_set, message) in is_vain {
        if is_set {
            problem(field, message);
        }
    }
}
