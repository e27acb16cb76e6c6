//! The report's section on data: the outcome of the writes, and the age of the answers.

use super::Histogram;
use super::fill::{ms, time};
use crate::data::{Applied, DataTally, Divergence, Duplicate};
use crate::event::LinkIx;
use crate::simulation::Simulation;
use design::kinds::client::Effect;
use report::{AppliedReport, DataReport, DuplicateReport, Staleness};

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

/// Returns a percentile over all reads, of which all but the stale ones count as 0.
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
