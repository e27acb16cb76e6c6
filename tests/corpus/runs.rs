//! The results of the runs of a case.

use super::{Attempt, Case, Kind, Outcome};
use design::requirement::Bound;
use design::{Command, Design};
use report::Score;

/// Maximum number of events of a run of the present design, because the corpus must stay quick.
const EVENTS_MAX: u64 = 3_000_000;

/// Goodput below this share of the value before is worse.
const GOODPUT_KEPT: f64 = 0.98;

/// A requirement that is missed by more than this factor is worse.
const FARTHER: f64 = 1.1;

/// The result of one run.
struct Run {
    events: u64,
    goodput: f64,
    scores: Vec<Score>,
}

impl Run {
    fn missed(&self) -> Vec<&Score> {
        self.scores.iter().filter(|score| !score.is_met()).collect()
    }

    fn is_well(&self) -> bool {
        self.scores.iter().all(|score| score.is_met())
    }
}

/// Returns the claims of a case that these seeds contradict.
pub(crate) fn problems_of(case: &Case, seeds: &[u64]) -> Vec<String> {
    let mut problems = Vec::new();
    let plain = runs(&case.design, seeds, &mut problems);
    let most = plain.iter().map(|run| run.events).max().unwrap_or(0);
    if most > EVENTS_MAX {
        problems.push(format!("{most} events, more than {EVENTS_MAX}"));
    }
    if case.kind == Kind::Reference {
        for (seed, run) in seeds.iter().zip(&plain).filter(|(_, run)| !run.is_well()) {
            problems.push(format!("seed {seed}: misses {}", say(&run.missed())));
        }
    } else {
        let is_always_missed = |at: usize| plain.iter().all(|run| !run.scores[at].is_met());
        if !(0..case.design.requirements.len()).any(is_always_missed) {
            problems.push("no requirement is missed in every seed".to_owned());
        }
        if let Some(cure) = &case.cure {
            let cured = runs(&edited(case, cure), seeds, &mut problems);
            for (seed, run) in seeds.iter().zip(&cured).filter(|(_, run)| !run.is_well()) {
                problems.push(format!(
                    "seed {seed}: the cure leaves {}",
                    say(&run.missed())
                ));
            }
        }
        for attempt in &case.tried {
            let after = runs(&edited(case, &attempt.edits), seeds, &mut problems);
            problems.extend(contradiction(case, attempt, &plain, &after));
        }
    }
    let named = problems.into_iter();
    named
        .map(|problem| format!("{}: {problem}", case.name))
        .collect()
}

fn edited(case: &Case, edits: &Command) -> Design {
    let mut design = case.design.clone();
    let applied = design.apply(edits.clone());
    assert!(applied.is_ok(), "{}: {applied:?}", case.name);
    design
}

fn runs(design: &Design, seeds: &[u64], problems: &mut Vec<String>) -> Vec<Run> {
    let mut run = |seed: u64| {
        let mut design = design.clone();
        design.settings.seed = seed;
        let report = host::run(&design, &host::Options::default()).expect("it can be run");
        if report.run.status != "ended" {
            problems.push(format!("seed {seed}: {}", report.run.status));
        }
        Run {
            events: report.run.events,
            goodput: report.requests.goodput_per_s,
            scores: report.requirements,
        }
    };
    seeds.iter().map(|seed| run(*seed)).collect()
}

/// Returns the claim of an attempt that is contradicted.
fn contradiction(case: &Case, attempt: &Attempt, before: &[Run], after: &[Run]) -> Option<String> {
    let what = &attempt.what;
    match attempt.outcome {
        Outcome::Missed if after.iter().any(Run::is_well) => {
            Some(format!("`{what}` cures it in a seed"))
        }
        Outcome::Cured if !after.iter().all(Run::is_well) => {
            Some(format!("`{what}` does not cure it"))
        }
        Outcome::Worse if !is_worse(&case.design, before, after) => {
            Some(format!("`{what}` makes nothing worse"))
        }
        _ => None,
    }
}

/// Returns whether goodput falls, a requirement that was met in each seed is missed in each, or one
/// that was missed in each is missed by clearly more.
fn is_worse(design: &Design, before: &[Run], after: &[Run]) -> bool {
    let goodput = |runs: &[Run]| runs.iter().map(|run| run.goodput).sum::<f64>();
    if goodput(after) < GOODPUT_KEPT * goodput(before) {
        return true;
    }
    design.requirements.iter().enumerate().any(|(at, wanted)| {
        let is_met = |run: &Run| run.scores[at].is_met();
        if before.iter().all(is_met) {
            return !after.iter().any(is_met);
        }
        if before.iter().chain(after).any(is_met) {
            return false;
        }
        let bound = match wanted.at_least.as_ref().or(wanted.at_most.as_ref()) {
            Some(Bound::Number(number)) => *number,
            Some(Bound::Duration(duration)) => duration.as_ms(),
            None => return false,
        };
        // Empty if one has no value: a missing recovery is neither near nor far.
        let shortfall = |runs: &[Run]| -> Option<f64> {
            let each = runs
                .iter()
                .map(|run| Some((run.scores[at].actual.ok()? - bound).abs()));
            each.sum()
        };
        match (shortfall(before), shortfall(after)) {
            (Some(before), Some(after)) => after > FARTHER * before,
            _ => false,
        }
    })
}

fn say(scores: &[&Score]) -> String {
    let each = scores.iter().map(|score| text::score(score));
    each.collect::<Vec<_>>().join(", ")
}
