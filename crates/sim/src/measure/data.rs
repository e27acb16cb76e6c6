//! The report's section on data: what became of the writes, and how old the answers were.

use super::Histogram;
use super::fill::{ms, time};
use super::report::Time;
use crate::data::{DataTally, Divergence};
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
            lost_writes,
            torn_writes,
            out_of_order,
            divergent_keys: divergence.keys,
            effect_delay_ms: time(&effect_delay),
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
