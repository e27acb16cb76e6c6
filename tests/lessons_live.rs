//! Every remedy of every lesson works during the run, whenever it is applied.
//!
//! Each lesson is played as on the page: the trigger is an edit that adds faults, and a remedy is
//! another edit. The remedy comes before, during, right after or long after the faults, or it is
//! switched on, off and on again. The tests check that
//!
//! - goodput is that of the lesson's fixed run within [`RECOVERED_WITHIN_S`] of the later of the
//!   remedy and the end of the faults;
//! - [`SETTLED_S`] later, the run meets every requirement that the fixed run meets;
//! - the remedy causes no outage when it is switched on.
//!
//! [`KNOWN`] lists the exceptions, and what the page says about each of them.

use design::{Command, Design, Duration, Fault, Kind, Metric};
use format::message::{Reply, Request};
use host::Session;
use scenarios::{Remedy, Scenario};
use sim::Simulation;
use std::collections::BTreeMap;

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
/// When the first fault begins; the trigger is pressed just before.
const PRESSED_S: u64 = 10;
/// A fault without an end counts as over after this time.
const ENDLESS_S: u64 = 20;
/// The latest a remedy is switched on, after the end of the faults.
const LATEST_S: u64 = 30;
/// Time for goodput to recover, from the later of the remedy and the end of the faults.
const RECOVERED_WITHIN_S: u64 = 20;
/// Time from the latest remedy until requirements are measured, and for how long they are.
const SETTLED_S: u64 = 25;
const MEASURED_S: u64 = 8;
/// Goodput is averaged over this many windows of one second.
const WINDOWS: usize = 3;
/// The share of the fixed run's goodput that counts as recovered, and the share of the goodput
/// before the remedy below which there is an outage.
const RECOVERED: f64 = 0.9;
const NO_OUTAGE: f64 = 0.7;
/// An outage within this time of a remedy is caused by it.
const OWN_S: usize = 10;

/// What a remedy cannot do live, and how its cost says so.
struct Known {
    lesson: &'static str,
    way: usize,
    what: Limit,
    says: &'static str,
}

#[derive(PartialEq, Eq)]
enum Limit {
    /// It interrupts service when it is switched on.
    Outage,
    /// It leaves a residue that it would have prevented.
    Leaves(Metric),
}

const KNOWN: [Known; 5] = [
    Known {
        lesson: "async-silver-bullet",
        way: 1,
        what: Limit::Outage,
        says: "until the backlog has fallen",
    },
    Known {
        lesson: "split-brain",
        way: 0,
        what: Limit::Outage,
        says: "until the majority has elected a leader",
    },
    Known {
        lesson: "stale-cache",
        way: 0,
        what: Limit::Leaves(Metric::StalenessMax),
        says: "already out of date",
    },
    Known {
        lesson: "stale-cache",
        way: 2,
        what: Limit::Leaves(Metric::StalenessMax),
        says: "already out of date",
    },
    Known {
        lesson: "eventual-is-not-instant",
        way: 0,
        what: Limit::Leaves(Metric::DivergentKeys),
        says: "already missing",
    },
];

/// A lesson, extended long enough to see the result of every press.
struct Stage<'a> {
    scenario: &'a Scenario,
    way: usize,
    quiet: Design,
    faults: Vec<Fault>,
    /// Whether all of its faults end.
    heals: bool,
    over_s: u64,
    end_s: u64,
}

/// When a remedy is switched on, off and on again, in ms.
type Presses = Vec<u64>;

/// The result of a run.
struct Played {
    goodput: Vec<f64>,
    offered: Vec<f64>,
    missed: Vec<Metric>,
}

impl<'a> Stage<'a> {
    fn new(scenario: &'a Scenario, way: usize) -> Self {
        let mut quiet = scenario.design.clone();
        let faults = moved_faults(scenario);
        let heals = faults.iter().all(|fault| quiet.fault_ends(fault).is_some());
        let ends = faults.iter().map(|fault| match quiet.fault_ends(fault) {
            Some(end) => end.0,
            None => fault.at.0 + ENDLESS_S * S,
        });
        let profile_ends = profile_ends(&with(&quiet, &scenario.remedies[way]));
        let over = ends.chain(profile_ends).max().unwrap_or(PRESSED_S * S);
        let over_s = over.div_ceil(S);
        let settled_s = over_s + LATEST_S + SETTLED_S;
        let end_s = settled_s + MEASURED_S;
        quiet.settings.warmup = Duration::s(settled_s);
        quiet.settings.duration = Duration::s(end_s);
        Self {
            scenario,
            way,
            quiet,
            faults,
            heals,
            over_s,
            end_s,
        }
    }

    fn remedy(&self) -> &'a Remedy {
        &self.scenario.remedies[self.way]
    }

    fn is_known(&self, what: &Limit) -> bool {
        KNOWN.iter().any(|known| {
            (known.lesson, known.way) == (&*self.scenario.id, self.way) && known.what == *what
        })
    }

    /// Returns the moment at this share of the time from the trigger until its faults are over, in
    /// ms.
    fn during(&self, percent: u64) -> u64 {
        let lasts_ms = (self.over_s - PRESSED_S) * 1_000;
        PRESSED_S * 1_000 + lasts_ms * percent / 100
    }

    /// Returns the edits of a run in which the trigger is pressed and the remedy is switched on,
    /// off and on: when, in ms, and the design from then on.
    fn edits(&self, presses: &Presses) -> Vec<(u64, Design)> {
        let pressed = PRESSED_S * 1_000 - 100;
        let switches = presses.iter().zip([true, false].into_iter().cycle());
        let mut moments: Vec<(u64, Option<bool>)> =
            switches.map(|(at, on)| (*at, Some(on))).collect();
        moments.push((pressed, None));
        moments.sort_by_key(|(at, _)| *at);
        let mut design = self.quiet.clone();
        let edits = moments.into_iter().map(|(at, switched)| {
            match switched {
                Some(is_on) => self.switch(&mut design, is_on),
                None => design.faults.extend(self.faults.iter().cloned()),
            }
            (at, design.clone())
        });
        edits.collect()
    }

    /// Plays the lesson to its end.
    fn play(&self, presses: &Presses) -> Played {
        let mut run = Simulation::new(&self.quiet);
        for (at, design) in self.edits(presses) {
            run.run_until(at * MS, u64::MAX);
            run.edit(&design);
        }
        finish(run)
    }

    /// Plays the lesson with the remedy from its start.
    fn fixed(&self) -> Played {
        let mut design = with(&self.quiet, self.remedy());
        design.faults.extend(self.faults.iter().cloned());
        finish(Simulation::new(&design))
    }

    fn switch(&self, design: &mut Design, is_on: bool) {
        let command = match is_on {
            true => self.remedy().command.clone(),
            false => undo(self.scenario, self.remedy()),
        };
        design.apply(command).expect("the remedy fits the lesson");
    }

    /// Returns what is wrong with a run in which the last press switched the remedy on.
    fn problems(&self, presses: &Presses, without: &Played, fixed: &Played) -> Vec<String> {
        let played = self.play(presses);
        let named = |what: String| {
            let (lesson, label) = (&self.scenario.id, &self.remedy().label);
            format!("{lesson}, {label:?}, switched at {presses:?} ms: {what}")
        };
        let pressed_s = presses.last().map_or(0, |ms| ms / 1_000);
        let recovered_s = pressed_s.max(self.over_s) + RECOVERED_WITHIN_S;
        let late = later_than(recovered_s as usize, &played, fixed);
        let mut problems: Vec<String> = late.into_iter().map(named).collect();
        if presses.len() == 1 && !self.is_known(&Limit::Outage) {
            let outage = outage(pressed_s as usize, &played, without, fixed);
            problems.extend(outage.map(named));
        }
        let missed = played.missed.iter();
        let unknown = missed.filter(|metric| {
            !fixed.missed.contains(metric) && !self.is_known(&Limit::Leaves(**metric))
        });
        problems.extend(unknown.map(|metric| named(format!("{metric:?} is missed"))));
        problems
    }
}

/// Returns the faults of the trigger, as the page creates them when it is pressed.
fn moved_faults(scenario: &Scenario) -> Vec<Fault> {
    let faults = scenario.trigger.iter().flat_map(|trigger| &trigger.faults);
    let first = faults.clone().map(|fault| fault.at.0).min().unwrap_or(0);
    let moved = faults.map(|fault| Fault {
        at: Duration(PRESSED_S * S + fault.at.0 - first),
        ..fault.clone()
    });
    moved.collect()
}

/// Returns when the scheduled changes of users' load are over.
fn profile_ends(design: &Design) -> Vec<u64> {
    let clients = design.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Client(client) => client.profile.last(),
        _ => None,
    });
    clients.map(|step| step.at.0 + step.over.0).collect()
}

fn with(design: &Design, remedy: &Remedy) -> Design {
    let mut design = design.clone();
    let done = design.apply(remedy.command.clone());
    done.expect("the remedy fits the lesson");
    design
}

/// Returns the edit that reverts a remedy, as the page makes it.
fn undo(scenario: &Scenario, remedy: &Remedy) -> Command {
    let mut design = scenario.design.clone();
    let inverse = design.apply(remedy.command.clone());
    inverse.expect("the remedy fits the lesson")
}

fn finish(mut run: Simulation) -> Played {
    run.run();
    assert_eq!(run.broken_laws(), Vec::<String>::new());
    let report = run.report();
    // Both count from the fault on, which is long over when requirements are measured.
    let is_of_the_fault =
        |metric: Metric| matches!(metric, Metric::RecoveryTime | Metric::TimeToDetect);
    let missed = report.requirements.iter().filter(|score| !score.is_met());
    let missed = missed.map(|score| score.metric);
    Played {
        missed: missed.filter(|metric| !is_of_the_fault(*metric)).collect(),
        goodput: report.windows.goodput_per_s,
        offered: report.windows.offered_per_s,
    }
}

fn mean(series: &[f64], from: usize) -> f64 {
    series[from..from + WINDOWS].iter().sum::<f64>() / WINDOWS as f64
}

/// Returns where goodput is less than in the fixed run, although it had the time to recover.
fn later_than(recovered_s: usize, played: &Played, fixed: &Played) -> Option<String> {
    let windows = recovered_s..played.goodput.len() - WINDOWS;
    let mut low = windows.filter_map(|at| {
        let (now, wanted) = (mean(&played.goodput, at), mean(&fixed.goodput, at));
        (now < RECOVERED * wanted).then(|| format!("{now:.0}/s at {at} s, not {wanted:.0}/s"))
    });
    low.next()
}

/// Returns where goodput just after the remedy is less than just before it, than without it, and
/// than in the fixed run at about that moment: outages in each may be seconds apart.
fn outage(pressed_s: usize, played: &Played, without: &Played, fixed: &Played) -> Option<String> {
    let before = mean(&played.goodput, pressed_s.saturating_sub(WINDOWS));
    let mut low = (pressed_s + 1..=pressed_s + OWN_S).filter_map(|at| {
        let about = at - WINDOWS..=at + WINDOWS;
        let others = about.map(|at| mean(&without.goodput, at).min(mean(&fixed.goodput, at)));
        let least = NO_OUTAGE * others.fold(before, f64::min);
        let now = mean(&played.goodput, at);
        (now < least).then(|| format!("{now:.0}/s at {at} s after {before:.0}/s before it"))
    });
    low.next()
}

/// Returns what is wrong with a remedy of a lesson, over these moments.
fn check(stage: &Stage<'_>, grid: &[Presses]) -> Vec<String> {
    let without = stage.play(&Vec::new());
    let fixed = stage.fixed();
    let mut problems = Vec::new();
    let end = stage.end_s as usize - WINDOWS;
    let (served, asked) = (mean(&fixed.goodput, end), mean(&fixed.offered, end));
    if stage.way == 0 && stage.heals && served < RECOVERED * asked {
        let id = &stage.scenario.id;
        problems.push(format!(
            "{id}: the fixed run serves {served:.0} of {asked:.0}/s"
        ));
    }
    let each = grid.iter();
    problems.extend(each.flat_map(|presses| stage.problems(presses, &without, &fixed)));
    problems
}

/// Plays every remedy of every lesson (`SCENARIO=id`: of one) and fails with everything that is
/// wrong.
fn check_all(grid: impl Fn(&Stage<'_>) -> Vec<Presses> + Sync) {
    let wanted = std::env::var("SCENARIO").ok();
    let mut all = scenarios::all();
    all.retain(|scenario| wanted.as_ref().is_none_or(|wanted| *wanted == scenario.id));
    let stages: Vec<Stage<'_>> = all
        .iter()
        .flat_map(|scenario| (0..scenario.remedies.len()).map(|way| Stage::new(scenario, way)))
        .collect();
    let problems = testing::each(&stages, |stage| check(stage, &grid(stage))).concat();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_remedy_works_whenever_it_is_switched_on() {
    check_all(|stage| {
        let over = stage.over_s * 1_000;
        let some = [stage.during(50) + 40, over + 5_000];
        let all = [
            PRESSED_S * 1_000 - 3_000,
            stage.during(10),
            stage.during(90),
            over,
            over + 2_030,
            over + LATEST_S * 1_000,
        ];
        let again = vec![
            PRESSED_S * 1_000 - 1_500,
            PRESSED_S * 1_000 + 200,
            over + 1_400,
        ];
        let more = match stage.way {
            0 => all.map(|at| vec![at]).into_iter().chain([again]).collect(),
            _ => Vec::new(),
        };
        some.map(|at| vec![at]).into_iter().chain(more).collect()
    });
}

#[test]
#[ignore = "a minute: cargo xtask validate"]
fn every_remedy_works_at_every_moment() {
    check_all(|stage| {
        let over = stage.over_s * 1_000;
        let from = PRESSED_S * 1_000 - 5_000;
        let step = (over + LATEST_S * 1_000 - from) / 40;
        let moments = (0..40).map(|nth| from + nth * step);
        let once = moments.clone().map(|at| vec![at]);
        let again = moments
            .step_by(5)
            .map(|at| vec![at, at + 1_700, at + 2_900]);
        once.chain(again).collect()
    });
}

/// Plays a lesson in the session behind the page. Returns the goodput of its charts.
fn play_in_session(stage: &Stage<'_>, presses: &Presses) -> Vec<f64> {
    let mut session = Session::new();
    session.handle(Request::Load {
        run: 1,
        design: format::json::write(&stage.quiet),
        playing: false,
        speed: 1.0,
    });
    let (mut shown, mut now_ms, mut clock_ms) = (BTreeMap::new(), 0, 0.0);
    let end = (stage.end_s * 1_000, stage.quiet.clone());
    for (edit, (at, design)) in (0..).zip(stage.edits(presses).into_iter().chain([end])) {
        let ms = (at - std::mem::replace(&mut now_ms, at)) as f64;
        session.handle(Request::Step { run: 1, ms });
        let mut is_there = false;
        while !is_there {
            clock_ms += 20.0;
            for reply in session.advance(&|| clock_ms) {
                let Reply::Frame(frame) = reply else { continue };
                is_there = frame.time_ns >= at * MS;
                let windows = frame.windows.iter();
                shown.extend(windows.map(|it| (it.start_s as u64, f64::from(it.goodput_per_s))));
                session.handle(Request::Taken { run: 1 });
            }
        }
        let design = format::json::write(&design);
        session.handle(Request::Edit {
            run: 1,
            edit,
            design,
        });
    }
    shown.into_values().collect()
}

#[test]
fn the_session_behind_the_page_plays_a_lesson_as_it_is_played_here() {
    let scenario = scenarios::find("unreliable-network").expect("it is in the library");
    let stage = Stage::new(&scenario, 0);
    let presses = vec![stage.during(90), stage.over_s * 1_000 + 5_000, 41_000];
    let played = stage.play(&presses).goodput;
    let shown = play_in_session(&stage, &presses);
    assert!(played.contains(&0.0) && played.iter().any(|served| *served > 100.0));
    assert_eq!(shown, played[..shown.len()]);
    assert!(shown.len() + 1 >= played.len(), "{}", shown.len());
}

#[test]
fn what_a_remedy_cannot_do_is_told_with_its_cost() {
    for known in KNOWN {
        let scenario = scenarios::find(known.lesson).expect("the lesson is in the library");
        let cost = &scenario.remedies[known.way].cost;
        assert!(cost.contains(known.says), "{}: {cost:?}", known.lesson);
    }
}
