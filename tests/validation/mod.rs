//! The engine against published results and closed forms: 70 cases, each a design file run through
//! the public report, but for two that this simulator does not express at all.
//!
//! `expected.json` holds what the literature says (parameters, values, tolerances, source);
//! [`TABLE`] says by which function each case becomes a design and numbers of its report, and what
//! of it this simulator does not express, with the reason. Tolerances hold for one run of the
//! stated size with a rate of false alarms well below one in a thousand.

mod balancing;
mod caches;
mod calls;
mod data;
mod fingerprint;
mod harness;
mod messaging;
mod operations;
mod page;
mod queueing;

pub(crate) use fingerprint::fingerprint;
pub(crate) use harness::{Line, Point, Published, Verdict, all, check};
pub(crate) use page::{document, fingerprint_of, has};

use harness::Measured;

/// How a case is checked.
pub(crate) struct Case {
    /// As in `expected.json`.
    pub(crate) id: &'static str,
    /// From a point's parameters to numbers of the report, by the names of the expected values.
    pub(crate) measure: fn(&Point) -> Measured,
    /// How many of its points, from the first, are quick enough for the ordinary tests.
    pub(crate) quick: usize,
    /// Expected values that are not measured: name (or `*` for all) and why.
    pub(crate) omits: &'static [(&'static str, &'static str)],
}

const fn case(id: &'static str, measure: fn(&Point) -> Measured, quick: usize) -> Case {
    omitting(id, measure, quick, &[])
}

const fn omitting(
    id: &'static str,
    measure: fn(&Point) -> Measured,
    quick: usize,
    omits: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        id,
        measure,
        quick,
        omits,
    }
}

const ARITHMETIC: &str = "arithmetic on the parameters, with nothing to simulate";
const NO_GOSSIP: &str = "no component gossips; load balancers learn membership from health checks, and queues from sessions";
const NO_CAS: &str = "the model has no conditional write; a database applies every write it receives, and row locks make writers wait instead";

/// Which case maps to which design: the functions build it.
pub(crate) const TABLE: &[Case] = &[
    case("Q01", queueing::mm1, 1),
    case("Q02", queueing::mmc, 0),
    case("Q03", queueing::loss, 0),
    case("Q05", queueing::bounded, 0),
    case("Q06", queueing::deterministic, 0),
    case("Q07", queueing::lognormal, 0),
    case("Q11", queueing::priority, 0),
    case("Q12", queueing::closed, 2),
    case("Q14", queueing::jackson, 0),
    case("Q15", queueing::laws, 1),
    case("Q17", queueing::impatient, 0),
    case("Q18", queueing::doomed, 0),
    case("Q21", queueing::infinite, 0),
    case("Q22", queueing::cron, 2),
    case("Q24", queueing::backlog, 1),
    omitting(
        "L01",
        balancing::choices,
        0,
        &[("infinite_server_limit", ARITHMETIC)],
    ),
    omitting(
        "L02",
        balancing::shortest,
        0,
        &[("lower_bound_central_queue", ARITHMETIC)],
    ),
    omitting(
        "L03",
        balancing::slow_server,
        0,
        &[("max_stable_total_rate", ARITHMETIC)],
    ),
    case("L05", balancing::smooth, 0),
    case("L06", balancing::ring, 0),
    case("L08", balancing::detection, 0),
    case("L10", balancing::passive, 0),
    case("T01", calls::fan_out, 2),
    case("T03", calls::hedged, 0),
    case("T04", calls::timeout_retry, 0),
    case("R01", calls::amplification, 4),
    case("R02", calls::layers, 1),
    case("R03", calls::backoff, 1),
    omitting("R04", calls::none, 0, &[("*", NO_CAS)]),
    case("R05", calls::quota, 2),
    case("R07", calls::budgets, 3),
    case("R09", calls::metastable, 0),
    case("R12", calls::hystrix, 1),
    case("R14", calls::stale_queue, 1),
    case("R15", calls::overload, 0),
    case("C01", caches::ttl, 1),
    omitting(
        "C02",
        caches::lru,
        0,
        &[("best_possible_top_C", ARITHMETIC)],
    ),
    case("C04", caches::ttl_zipf, 0),
    case("C05", caches::stampede, 0),
    case("C07", caches::cold_start, 1),
    omitting(
        "C09",
        caches::critical,
        0,
        &[("critical_hit_ratio", ARITHMETIC)],
    ),
    case("C12", caches::avalanche, 0),
    case("D01", data::lag, 0),
    case("D03", data::quorum, 0),
    case("D06", data::bins, 0),
    case("D07", data::hot_shard, 0),
    case("D08", data::scatter, 0),
    omitting(
        "D09",
        data::central_lock,
        0,
        &[
            ("amdahl_speedup", ARITHMETIC),
            ("asymptote", ARITHMETIC),
            ("peak_concurrency", ARITHMETIC),
        ],
    ),
    omitting(
        "D13",
        data::two_phase,
        0,
        &[
            (
                "commits_on_row_during_crash",
                "the model has no separate transaction coordinator; the crash of the process that runs both phases releases its locks",
            ),
            ("other_rows_unaffected", "the same reason"),
        ],
    ),
    case("D14", data::in_sync, 0),
    case("D16", data::duplicates, 0),
    case("M01", messaging::visibility, 0),
    case("M02", messaging::dead_letters, 0),
    case("M03", messaging::partitions, 0),
    case("M05", messaging::rebalance, 0),
    case("M06", messaging::poison, 0),
    case("M07", messaging::outbox, 0),
    case("M08", messaging::saga, 0),
    case("A01", calls::chain, 0),
    case("A02", operations::redundancy, 0),
    case("A03", operations::repairs, 0),
    omitting(
        "A04",
        operations::burn_rate,
        0,
        &[("budget_exhausted_s", ARITHMETIC)],
    ),
    case("A05", operations::sampled, 0),
    case("A07", calls::chatty, 4),
    case("S01", operations::autoscaler, 5),
    case("S02", operations::token_bucket, 0),
    case("S05", operations::pauses, 0),
    case("G01", messaging::heartbeats, 0),
    omitting("G03", calls::none, 0, &[("*", NO_GOSSIP)]),
    case("Q26", queueing::saturation, 0),
];
