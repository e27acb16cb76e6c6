//! What the parameters of a database must say together.

use super::hint;
use crate::attribute::Reader;
use crate::kinds::Database;
use crate::kinds::database::CrossShard;
use std::collections::BTreeSet;

pub(super) fn check(database: &Database, known: &BTreeSet<&str>, reader: &mut Reader) {
    match &database.cross_shard {
        Some(CrossShard::Probability(p)) if !(0.0..=1.0).contains(p) => {
            reader.within("cross_shard.probability", |reader| {
                reader.problem(format!("{p} is not a probability from 0 to 1"));
            });
        }
        Some(CrossShard::Operations(names)) => {
            for name in names.iter().filter(|name| !known.contains(name.as_str())) {
                let hint = hint(reader, name, known.iter().copied());
                reader.within("cross_shard.operations", |reader| {
                    reader.problem(format!("no client has an operation \"{name}\"{hint}"));
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
