//! What every scenario must show, broken and mended, over ten seeds: ranges and ratios, with
//! reasons. They stand in the scenario's file; here they are held against runs.

use design::{Design, Value};
use scenarios::{Claims, Expectation, Scenario};
use std::sync::Mutex;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

/// A report, and whether it met every requirement.
struct Run {
    report: Value,
    missed: Vec<String>,
}

fn run(design: &Design, seed: u64) -> Run {
    let mut design = design.clone();
    design.settings.seed = seed;
    let report = host::run(&design, &host::Options::default()).unwrap();
    assert_eq!(report.run.status, "ended", "{}", design.settings.name);
    let missed = report
        .requirements
        .iter()
        .filter(|score| !score.is_met())
        .map(text::score)
        .collect();
    Run {
        report: format::json::value_from_str(&host::Counted(&report).json()).unwrap(),
        missed,
    }
}

/// What is wrong with a figure, if anything is.
fn check(which: &str, expectation: &Expectation, figure: Option<f64>) -> Option<String> {
    let Expectation {
        figure: what,
        at_least,
        at_most,
        because,
    } = expectation;
    match figure {
        Some(figure) if expectation.holds(figure) => None,
        figure => Some(format!(
            "{which}: {what} is {figure:?}, must be in {at_least:?}..{at_most:?}: {because}"
        )),
    }
}

fn wrongs(claims: &Claims, broken: &Run, mended: &Run) -> Vec<String> {
    let of = |run: &Run, expectation: &Expectation| expectation.figure.of(&run.report);
    let ratio =
        |expectation: &Expectation| Some(of(mended, expectation)? / of(broken, expectation)?);
    let broken_wrong = claims
        .broken
        .iter()
        .filter_map(|e| check("broken", e, of(broken, e)));
    let mended_wrong = claims
        .mended
        .iter()
        .filter_map(|e| check("mended", e, of(mended, e)));
    let ratio_wrong = claims
        .ratio
        .iter()
        .filter_map(|e| check("ratio", e, ratio(e)));
    broken_wrong
        .chain(mended_wrong)
        .chain(ratio_wrong)
        .collect()
}

/// The row of a scenario, and what it does not hold.
fn play(scenario: &Scenario) -> (String, Vec<String>) {
    let claims = scenarios::claims(&scenario.id).unwrap();
    let (design, mend) = (scenario.broken(), scenario.mended());
    let others: Vec<_> = scenario
        .remedies
        .iter()
        .zip(&claims.remedies)
        .filter(|(_, claims)| !claims.is_empty())
        .map(|(remedy, claims)| (&remedy.label, scenario.mended_by(remedy), claims))
        .collect();
    let (mut problems, mut holding) = (Vec::new(), 0);
    let mut sums = [[0.0; 2]; 2];
    let shown = &scenario.shows[0];
    for seed in SEEDS {
        let (broken, mended) = (run(&design, seed), run(&mend, seed));
        let mut wrong = wrongs(&claims, &broken, &mended);
        // A design without requirements misses none; its lesson is that.
        if broken.missed.is_empty() && !design.requirements.is_empty() {
            wrong.push("the broken run meets every requirement".to_owned());
        }
        wrong.extend(
            mended
                .missed
                .iter()
                .map(|missed| format!("mended misses {missed}")),
        );
        for (label, design, claims) in &others {
            let run = run(design, seed);
            let claims = claims.iter();
            wrong.extend(claims.filter_map(|e| check(label, e, e.figure.of(&run.report))));
        }
        for (sum, run) in sums.iter_mut().zip([&broken, &mended]) {
            sum[0] += shown.figure.of(&run.report).unwrap_or(f64::NAN);
            sum[1] += run.report.at_path("cost.monthly").map_or(f64::NAN, number);
        }
        holding += u32::from(wrong.is_empty());
        problems.extend(
            wrong
                .into_iter()
                .map(|wrong| format!("{} seed {seed}: {wrong}", scenario.id)),
        );
    }
    let of = |sum: [f64; 2]| sum.map(|sum| sum / SEEDS.count() as f64);
    let ([broken, cost], [mended, mended_cost]) = (of(sums[0]), of(sums[1]));
    let show = |value| shown.unit.show(value);
    let row = format!(
        "{} | {} | {} | {} | ${cost:.0} -> ${mended_cost:.0} | {holding} of {}",
        scenario.id,
        shown.label,
        show(broken),
        show(mended),
        SEEDS.count()
    );
    (row, problems)
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        _ => f64::NAN,
    }
}

/// Works on every item, on two threads, and gives what came of them in their order.
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = {
                        let mut next = next.lock().unwrap();
                        *next += 1;
                        *next - 1
                    };
                    let Some(item) = items.get(at) else {
                        break;
                    };
                    let result = work(item);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// `SCENARIO=id` plays one alone.
#[test]
fn every_scenario_fails_broken_and_holds_mended_on_ten_seeds() {
    let wanted = std::env::var("SCENARIO").ok();
    let mut all = scenarios::all();
    all.retain(|scenario| wanted.as_ref().is_none_or(|wanted| *wanted == scenario.id));
    let played = each(&all, play);
    println!("scenario | figure | broken | mended | cost a month | seeds that hold");
    let mut problems = Vec::new();
    for (row, wrong) in played {
        println!("{row}");
        problems.extend(wrong);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_sound_design_meets_its_requirements_on_ten_seeds() {
    let problems = each(&scenarios::sound(), |sound| {
        assert!(!sound.design.requirements.is_empty(), "{}", sound.id);
        let missed = SEEDS.flat_map(|seed| {
            let missed = run(&sound.design, seed).missed;
            missed.into_iter().map(move |missed| (seed, missed))
        });
        missed
            .map(|(seed, missed)| format!("{} seed {seed}: {missed}", sound.id))
            .collect::<Vec<_>>()
    });
    let problems = problems.concat();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
