//! Runs every scenario with and without its fixes under ten seeds, and checks the claims of its
//! file: ranges and ratios of metrics, what the steps of the lesson say, the order of its events,
//! the answer to its question, and the money that its fixes cost. What the runs show is kept for
//! the pages of the lessons.

mod measured;

use design::{Design, Value};
use measured::Measured;
use scenarios::{Ask, Claims, Does, Expectation, Scenario, Status, Step, Until};
use testing::each;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;

/// A report, and the requirements that the run missed.
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

/// Returns how a value misses its range, or `None` if it does not.
fn check(which: &str, expectation: &Expectation, value: Option<f64>) -> Option<String> {
    let Expectation {
        figure: what,
        at_least,
        at_most,
        because,
    } = expectation;
    match value {
        Some(value) if expectation.holds(value) => None,
        value => Some(format!(
            "{which}: {what} is {value:?}, must be in {at_least:?}..{at_most:?}: {because}"
        )),
    }
}

fn wrongs(claims: &Claims, broken: &Run, mended: &Run) -> Vec<String> {
    let of = |run: &Run, expectation: &Expectation| expectation.figure.of(&run.report);
    let ratio =
        |expectation: &Expectation| Some(of(mended, expectation)? / of(broken, expectation)?);
    let broken_wrong = claims
        .faulty
        .iter()
        .filter_map(|e| check("faulty", e, of(broken, e)));
    let mended_wrong = claims
        .fixed
        .iter()
        .filter_map(|e| check("fixed", e, of(mended, e)));
    let ratio_wrong = claims
        .ratio
        .iter()
        .filter_map(|e| check("ratio", e, ratio(e)));
    broken_wrong
        .chain(mended_wrong)
        .chain(ratio_wrong)
        .collect()
}

/// Returns the claims of the lesson about the faulty run that the run contradicts.
fn wrongs_of_lesson(scenario: &Scenario, claims: &Claims, run: &Run) -> Vec<String> {
    let steps = claims.steps.iter().enumerate();
    let of_steps = steps.flat_map(|(at, claims)| {
        let which = format!("step {}", at + 1);
        let claims = claims.iter();
        claims.filter_map(move |e| check(&which, e, e.figure.of(&run.report)))
    });
    of_steps
        .chain(wrongs_of_order(scenario, claims, run))
        .chain(scenario.ask.iter().filter_map(|ask| unsure(ask, run)))
        .collect()
}

/// Returns how a run leaves the answer to the question unclear, or `None` if it does not: a value
/// 3% higher or lower must select the same choice.
fn unsure(ask: &Ask, run: &Run) -> Option<String> {
    let value = ask.figure.of(&run.report);
    let [lower, exact, higher] =
        [0.97, 1.0, 1.03].map(|times| value.and_then(|value| ask.right(value * times)));
    let is_sure = exact.is_some() && lower == exact && exact == higher;
    (!is_sure).then(|| format!("ask: {} is {value:?}: choice {exact:?}", ask.figure))
}

/// Returns where the steps of a lesson do not match the events of its run.
fn wrongs_of_order(scenario: &Scenario, claims: &Claims, run: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    let ends = scenario.design.settings.duration.as_s();
    let over = moment(scenario, run, Until::TriggerOver);
    let events: Vec<Option<Until>> = scenario.steps.iter().map(event).collect();
    // When the step becomes the current one: the last event that had to happen before it.
    let mut since = 0.0;
    for (at, step) in scenario.steps.iter().enumerate() {
        let nth = at + 1;
        let says_over = [
            "is over",
            "are over",
            "has ended",
            "have ended",
            "is back",
            "are back",
        ]
        .iter()
        .any(|over| step.text.contains(over));
        if says_over && over.is_none_or(|over| since < over) {
            wrong.push(format!(
                "step {nth} comes at {since} s, the end of the trigger at {over:?}"
            ));
        }
        // What a step claims must have begun when the next event completes the step.
        let next = events[at..].iter().flatten().next();
        let leads_on = next
            .and_then(|next| moment(scenario, run, *next))
            .unwrap_or(ends);
        for claim in claims.steps.get(at).into_iter().flatten() {
            if claim
                .figure
                .seconds()
                .is_some_and(|(from, _)| from > leads_on)
            {
                let metric = &claim.figure;
                wrong.push(format!(
                    "step {nth} is over at {leads_on} s and claims {metric}"
                ));
            }
        }
        match events[at].map(|event| moment(scenario, run, event)) {
            None => {}
            Some(Some(done)) if (since..ends).contains(&done) => since = done,
            Some(done) => wrong.push(format!(
                "step {nth} comes at {since} s and ends at {done:?}"
            )),
        }
    }
    wrong
}

/// Returns the event of the run that completes a step, or `None` if a button does.
fn event(step: &Step) -> Option<Until> {
    match step.does {
        Some(Does::Trigger) => Some(Until::TriggerBegins),
        Some(Does::Operators | Does::Remedy | Does::Compare) => None,
        None => step.until,
    }
}

/// Returns the moment of an event in a run, in seconds.
fn moment(scenario: &Scenario, run: &Run, event: Until) -> Option<f64> {
    let faults = scenario.trigger.iter().flat_map(|trigger| &trigger.faults);
    let begins = faults.clone().map(|fault| fault.at.as_s()).reduce(f64::min);
    match event {
        Until::TriggerBegins => begins,
        Until::TriggerOver => {
            let ends: Option<Vec<f64>> = faults.map(|fault| Some(fault.ends(1)?.as_s())).collect();
            ends?.into_iter().reduce(f64::max)
        }
        Until::AlertRaised => {
            let Some(Value::List(alerts)) = run.report.at_path("operator.alerts") else {
                return None;
            };
            let raised = alerts.iter().filter_map(|alert| {
                let from = alert.at_path("episodes[0].from_s").map(number)?;
                from.is_finite().then_some(from)
            });
            raised.reduce(f64::min)
        }
        Until::AfterS(s) => Some(begins.unwrap_or(0.0) + s),
    }
}

/// Plays a scenario. Returns its row of the table, its results, and the claims that do not hold.
fn play(scenario: &Scenario) -> (String, Measured, Vec<String>) {
    let claims = scenarios::claims(&scenario.id).unwrap();
    let (design, mend) = (scenario.faulty(), scenario.fixed());
    let others: Vec<_> = scenario
        .remedies
        .iter()
        .zip(&claims.remedies)
        .filter(|(_, claims)| !claims.is_empty())
        .map(|(remedy, claims)| (&remedy.label, scenario.fixed_by(remedy), claims))
        .collect();
    let (mut problems, mut holding) = (Vec::new(), 0);
    let mut measured = Measured::new(scenario);
    for seed in SEEDS {
        let (broken, mended) = (run(&design, seed), run(&mend, seed));
        let mut wrong = wrongs(&claims, &broken, &mended);
        wrong.extend(wrongs_of_lesson(scenario, &claims, &broken));
        // The lesson about missing requirements has none to miss.
        if broken.missed.is_empty() && !design.requirements.is_empty() {
            wrong.push("the faulty run meets every requirement".to_owned());
        }
        wrong.extend(
            mended
                .missed
                .iter()
                .map(|missed| format!("the fixed run misses {missed}")),
        );
        for (label, design, claims) in &others {
            let run = run(design, seed);
            let claims = claims.iter();
            wrong.extend(claims.filter_map(|e| check(label, e, e.figure.of(&run.report))));
        }
        measured.add(scenario, [&broken.report, &mended.report]);
        holding += u32::from(wrong.is_empty());
        problems.extend(
            wrong
                .into_iter()
                .map(|wrong| format!("{} seed {seed}: {wrong}", scenario.id)),
        );
    }
    let ([faulty, fixed], [cost, fixed_cost]) = (measured.main(scenario), measured.monthly());
    let row = format!(
        "{} | {} | {faulty} | {fixed} | {cost} -> {fixed_cost} | {holding} of {}",
        scenario.id,
        scenario.shows[0].label,
        SEEDS.count()
    );
    (row, measured, problems)
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        _ => f64::NAN,
    }
}

/// `SCENARIO=id` runs one scenario.
#[test]
fn every_scenario_fails_broken_and_holds_mended_on_ten_seeds() {
    let wanted = std::env::var("SCENARIO").ok();
    let mut all = scenarios::all();
    all.retain(|scenario| wanted.as_ref().is_none_or(|wanted| *wanted == scenario.id));
    let played = each(&all, play);
    println!("scenario | metric | faulty | fixed | monthly cost | seeds that hold");
    let mut problems = Vec::new();
    for (row, _, wrong) in &played {
        println!("{row}");
        problems.extend(wrong.iter().map(String::as_str));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let measured = played.iter().map(|(_, measured, _)| measured);
    measured::check_current(&all.iter().zip(measured).collect::<Vec<_>>());
}

/// Returns the amounts of dollars in a text.
fn amounts(text: &str) -> Vec<f64> {
    let after_sign = text.split('$').skip(1);
    let amounts = after_sign.map(|rest| {
        let is_part = |c: &char| c.is_ascii_digit() || *c == ',';
        let digits: String = rest.chars().take_while(is_part).collect();
        digits.replace(',', "").parse().unwrap_or(f64::NAN)
    });
    amounts.collect()
}

#[test]
fn the_cost_of_every_remedy_names_its_money() {
    let wrong = each(&scenarios::all(), |scenario| {
        let seed = scenario.design.settings.seed;
        let monthly = |design: &Design| {
            let report = run(design, seed).report;
            report.at_path("cost.monthly").map_or(f64::NAN, number)
        };
        let before = monthly(&scenario.faulty());
        let check = |remedy: &scenarios::Remedy| {
            let after = monthly(&scenario.fixed_by(remedy));
            let changes = (after - before).abs() > 0.05 * before;
            let said = amounts(&remedy.cost);
            let is_near = |said: f64, is: f64| (said - is).abs() <= 0.02 * is;
            let holds = match said.as_slice() {
                [] => !changes,
                [from, to] => is_near(*from, before) && is_near(*to, after),
                _ => false,
            };
            let (id, label) = (&scenario.id, &remedy.label);
            (!holds).then(|| format!("{id}: {label}: ${before:.0} to ${after:.0}, says {said:?}"))
        };
        scenario
            .remedies
            .iter()
            .filter_map(check)
            .collect::<Vec<_>>()
    });
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_status_sentence_is_known_while_the_run_goes_on() {
    for scenario in scenarios::all() {
        let Some(Status { figure: metric, .. }) = &scenario.now else {
            continue;
        };
        let id = &scenario.id;
        assert_eq!(
            metric.seconds(),
            None,
            "{id}: a run of the page has other moments"
        );
        // In the run without the fix or in the one with it, there is something to say.
        let said = [scenario.faulty(), scenario.fixed()].map(|design| {
            let mut simulation = sim::Simulation::new(&design);
            let mut at = |share: f64| {
                let until = design.settings.duration.0 as f64 * share;
                simulation.run_until(until as u64, u64::MAX);
                let report = host::Counted(&simulation.report()).json();
                metric.of(&format::json::value_from_str(&report).unwrap())
            };
            let values = [at(0.85), at(1.0)];
            values
                .iter()
                .all(|value| value.is_some_and(|value| value != 0.0))
        });
        assert_ne!(
            said,
            [false, false],
            "{id}: {metric} says nothing during the run"
        );
    }
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
