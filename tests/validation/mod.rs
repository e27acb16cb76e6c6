//! The engine against published results and closed forms: 70 cases, each a design file run through
//! the public report.
//!
//! `expected.json` holds what the literature says (parameters, values, tolerances, source);
//! [`TABLE`] says by which function each case becomes a design and figures of its report, and what
//! of it this simulator does not express, with the reason. Tolerances hold for one run of the
//! stated size with a rate of false alarms well below one in a thousand.

mod calls;
mod harness;
mod queueing;

pub(crate) use harness::{Line, Point, Verdict, all, check, document};

use harness::Measured;

/// How a case is checked.
pub(crate) struct Case {
    /// As in `expected.json`.
    pub(crate) id: &'static str,
    /// From a point's parameters to figures of the report, by the names of the expected values.
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
    case("T01", calls::fan_out, 2),
    case("T03", calls::hedged, 0),
    case("T04", calls::timeout_retry, 0),
    case("R01", calls::amplification, 8),
    case("R02", calls::layers, 3),
    omitting(
        "R03",
        calls::backoff,
        1,
        &[(
            "support",
            "the report has no histogram of pauses; the engine's unit tests bound every draw",
        )],
    ),
    case("R07", calls::budgets, 3),
    case("R09", calls::metastable, 0),
    case("R14", calls::stale_queue, 1),
    case("R15", calls::overload, 1),
    case("A01", calls::chain, 1),
    case("A07", calls::chatty, 4),
    case("Q26", queueing::saturation, 0),
];
