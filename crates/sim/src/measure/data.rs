//! The report's section on data: what became of the writes, and how old the answers were.

use super::Histogram;
use super::fill::{ms, time};
use super::report::Time;
use crate::data::{Applied, DataTally, Divergence, Duplicate};
use crate::event::LinkIx;
use crate::simulation::Simulation;
use design::kinds::client::Effect;
use serde::Serialize;

/// What became of data, by requests that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct DataReport {
    /// Requests to read that were answered.
    pub reads: u64,
    /// Of those, answered with a version out of date: a newer one had been acknowledged to the
    /// client that wrote it before the request started.
    pub stale_reads: u64,
    /// From that acknowledgement to the start of the request; 0 for answers that were not stale.
    pub staleness_ms: Staleness,
    /// Requests to write that were acknowledged.
    pub writes: u64,
    /// Versions committed to databases that own their data.
    pub effects: u64,
    /// Of those, applied again for the same step of the same intent.
    pub duplicate_effects: u64,
    /// Intents with such effects.
    pub duplicated_writes: u64,
    /// The first of them, with the two attempts that applied it; `null` where there is none.
    pub first_duplicate: Option<DuplicateReport>,
    /// Acknowledged, and applied nowhere.
    pub lost_writes: u64,
    /// Standing in some of the databases that the operation always writes to, and not in others.
    pub torn_writes: u64,
    /// Applied after a later write of the same client to the same key.
    pub out_of_order: u64,
    /// Keys on which a cache or a copy disagrees with the owner, now.
    pub divergent_keys: u64,
    /// From the answer the client got to the last effect of its write; 0 where that came first.
    pub effect_delay_ms: Time,
}

/// A write that was applied twice.
#[derive(Clone, Debug, Serialize)]
pub struct DuplicateReport {
    /// Who wanted it.
    pub client: String,
    /// The operation.
    pub operation: String,
    /// The key.
    pub key: u32,
    /// When it was wanted.
    pub wanted_s: f64,
    /// The database that applied it.
    pub node: String,
    /// By whom.
    pub first: AppliedReport,
    /// By whom again: the attempt of the call itself, or of the nearest above it that was tried
    /// again, or (over a queue's link) delivered again.
    pub again: AppliedReport,
}

/// An attempt that applied a write.
#[derive(Clone, Debug, Serialize)]
pub struct AppliedReport {
    /// When.
    pub at_s: f64,
    /// The link it went over; `null` for a cache that writes behind the answer.
    pub link: Option<String>,
    /// Which attempt of its call it was, from 1.
    pub attempt: u16,
}

/// How old answers to reads were. `null` where none was given.
#[derive(Clone, Debug, Serialize)]
pub struct Staleness {
    /// Of all reads, within 0.4 %.
    pub p99: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}

impl Simulation {
    pub(super) fn data_report(&self, divergence: &Divergence) -> DataReport {
        let tally = self.data_tally();
        let answered = |effect: Effect| {
            let mine = self.world.operations.iter();
            mine.filter(|operation| operation.effect == effect)
                .map(|operation| operation.tally.ok + operation.tally.degraded)
                .sum()
        };
        let reads = answered(Effect::Read);
        let DataTally {
            staleness,
            effects,
            duplicate_effects,
            duplicated_writes,
            first_duplicate,
            lost_writes,
            torn_writes,
            out_of_order,
            effect_delay,
        } = tally;
        DataReport {
            reads,
            stale_reads: staleness.count(),
            staleness_ms: Staleness {
                p99: among(&staleness, reads, 0.99),
                max: (reads > 0).then(|| ms(staleness.max().unwrap_or(0))),
            },
            writes: answered(Effect::Write),
            effects,
            duplicate_effects,
            duplicated_writes,
            first_duplicate: first_duplicate.map(|one| self.duplicate_report(&one)),
            lost_writes,
            torn_writes,
            out_of_order,
            divergent_keys: divergence.keys,
            effect_delay_ms: time(&effect_delay),
        }
    }

    #[cold]
    fn duplicate_report(&self, one: &Duplicate) -> DuplicateReport {
        let world = &self.world;
        let name = |node| world.node(node).id.clone();
        let [first, again] = one.attempts.map(|applied: Applied| AppliedReport {
            at_s: applied.at as f64 / 1e9,
            link: (applied.link != LinkIx::NONE).then(|| world.link(applied.link).id.clone()),
            attempt: applied.attempt,
        });
        let operation = world.operations.get(one.operation as usize);
        DuplicateReport {
            client: name(one.client),
            operation: operation.map_or(String::new(), |operation| operation.name.clone()),
            key: one.key,
            wanted_s: one.made as f64 / 1e9,
            node: name(one.node),
            first,
            again,
        }
    }
}

/// A percentile over all reads, of which all but the stale ones count as 0.
fn among(stale: &Histogram, reads: u64, q: f64) -> Option<f64> {
    if reads == 0 {
        return None;
    }
    let rank = libm::ceil(q * reads as f64) as u64;
    let among_stale = rank.saturating_sub(reads.saturating_sub(stale.count()));
    let age = match among_stale {
        0 => 0,
        // Half a rank less: the quantile rounds up, and a quotient may be a hair above.
        rank => stale.quantile((rank as f64 - 0.5) / stale.count() as f64)?,
    };
    Some(ms(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_over_all_reads_is_0_until_enough_of_them_are_stale() {
        let mut stale = Histogram::default();
        stale.add(5_000_000);
        assert_eq!(among(&stale, 0, 0.99), None);
        assert_eq!(among(&stale, 100, 0.99), Some(0.0));
        let p99 = |stale: &Histogram, reads| among(stale, reads, 0.99).unwrap();
        assert!((p99(&stale, 99) / 5.0 - 1.0).abs() < 0.004);
        stale.add(7_000_000);
        assert!((p99(&stale, 100) / 5.0 - 1.0).abs() < 0.004);
        assert!((p99(&stale, 99) / 7.0 - 1.0).abs() < 0.004);
    }
}
