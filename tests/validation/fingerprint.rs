//! What engine a page was made with: a fingerprint that changes as soon as the engine, or a case,
//! gives anything else.
//!
//! Running every case takes minutes. The fingerprint is taken of all of them in seconds: the first
//! simulation of each point is stopped after its first events, and the hash of its report by then
//! is noted. Another order of events, one more random number or a number counted in another way
//! shows in some of them.

use super::harness::{Point, Published};
use super::{Case, TABLE};
use sim::Simulation;
use std::cell::RefCell;

/// Events of each simulation.
const EVENTS: u64 = 1_500;

thread_local! {
    /// What was noted of a point; `None` while cases run to their end.
    static NOTED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Returns a simulation as it is to be run: to its end, or not far.
pub(super) fn begin(simulation: Simulation) -> Simulation {
    match NOTED.with_borrow(Option::is_some) {
        true => simulation.with_budget(EVENTS),
        false => simulation,
    }
}

/// Notes what a simulation has come to, and ends the point: what a case makes of so few events is
/// of no use, and may not even exist.
pub(super) fn take(simulation: &Simulation) {
    let is_noted = NOTED.with_borrow_mut(|noted| {
        let noted = noted.as_mut();
        noted.map(|noted| noted.push(simulation.report().run.hash))
    });
    assert!(is_noted.is_none(), "enough is noted of this point");
}

/// Returns the fingerprint of all cases: what they expect and what the engine does for them.
pub(crate) fn fingerprint(published: &[Published]) -> String {
    let each = published.iter().map(|known| {
        let case = TABLE.iter().find(|case| case.id == known.id);
        let expected = format!("{} {} {}", known.id, known.title, known.source);
        let points = known.points.iter().map(|point| {
            let expected = format!("{:?} {:?}", point.params, point.expected);
            (expected, case.map(|case| noted(case, point)))
        });
        let omits = case.map(|case| case.omits);
        (expected, omits, points.collect::<Vec<_>>())
    });
    sim::measure::hash_of(&each.collect::<Vec<_>>())
}

/// What is noted of a point: nothing where it needs no simulation.
fn noted(case: &Case, point: &Point) -> Vec<String> {
    NOTED.set(Some(Vec::new()));
    // Ends where enough is noted.
    testing::failure_of(|| {
        (case.measure)(point);
    });
    NOTED.take().unwrap_or_default()
}
