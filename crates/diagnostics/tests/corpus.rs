//! All rules over all scenarios (faulty, near misses, fixed) and all reference designs: hits,
//! misses and false alarms, and the page that lists them.

use design::Design;
use diagnostics::diagnose;
use diagnostics::rules::ALL;
use report::{Finding, Message, Severity};
use sim::{Report, Simulation};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn text(message: &Message) -> String {
    text::message(message, &text::Titles::ids())
}

fn run(design: &Design) -> Report {
    let mut simulation = Simulation::new(design);
    simulation.run();
    simulation.report()
}

/// A design to run, and the rule it is about.
#[derive(Clone, Debug)]
enum Case {
    Faulty(String, String),
    NearMiss(String, String, String),
    Fixed(String, String),
    Sound(String),
}

impl Case {
    fn name(&self) -> String {
        match self {
            Self::Faulty(id, _) => format!("{id} (faulty)"),
            Self::NearMiss(id, _, label) => format!("{id} (near miss: {label})"),
            Self::Fixed(id, _) => format!("{id} (fixed)"),
            Self::Sound(id) => format!("{id} (reference design)"),
        }
    }
}

fn cases() -> Vec<(Case, Design)> {
    let mut cases = Vec::new();
    for scenario in scenarios::all() {
        let claims = scenarios::claims(&scenario.id).expect("it has claims");
        let (id, rule) = (scenario.id.clone(), claims.rule.clone());
        cases.push((Case::Faulty(id.clone(), rule.clone()), scenario.faulty()));
        cases.push((Case::Fixed(id.clone(), rule.clone()), scenario.fixed()));
        for near in &claims.near_misses {
            let mut design = scenario.faulty();
            design
                .apply(near.command.clone())
                .expect("the near miss fits");
            let case = Case::NearMiss(id.clone(), rule.clone(), near.label.clone());
            cases.push((case, design));
        }
    }
    let sound = scenarios::sound().into_iter();
    cases.extend(sound.map(|sound| (Case::Sound(sound.id), sound.design)));
    cases
}

/// Runs all cases and returns what was found in them, in order.
fn look() -> Vec<(Case, Vec<Finding>)> {
    let cases = cases();
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Vec<Finding>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let at = next.fetch_add(1, Ordering::Relaxed)
                    && let Some((_, design)) = cases.get(at)
                {
                    let found = diagnose(design, Some(&run(design)));
                    done.lock().unwrap().insert(at, found);
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    let cases = cases.into_iter().zip(done.into_values());
    cases.map(|((case, _), found)| (case, found)).collect()
}

#[derive(Default)]
struct Row {
    broken: usize,
    on_top: usize,
    silent: usize,
    said: usize,
    sound: usize,
}

fn said(findings: &[&Finding]) -> String {
    let each = findings.iter().map(|f| {
        let how = if f.measured { "" } else { " (structural)" };
        format!("{} {}{how}", f.severity.name(), f.rule)
    });
    each.collect::<Vec<_>>().join(", ")
}

#[test]
fn rules_name_every_broken_scenario_and_are_silent_on_the_sound() {
    let looked = look();
    let mut rows: BTreeMap<&str, Row> = ALL.iter().map(|rule| (rule.id, Row::default())).collect();
    let mut problems = Vec::new();
    for (case, found) in &looked {
        let is_alarm = |f: &&Finding| f.severity > Severity::Note;
        let alarms: Vec<&Finding> = found
            .iter()
            .flat_map(Finding::all)
            .filter(is_alarm)
            .collect();
        let tops: Vec<&Finding> = found.iter().filter(is_alarm).collect();
        println!("{}: {}", case.name(), said(&tops));
        if let Some(top) = tops.first() {
            let below: Vec<&Finding> = top.symptoms.iter().collect();
            println!(
                "    {} | {} | below: {}",
                text(&top.what),
                text(&top.why),
                said(&below)
            );
        }
        match case {
            Case::Faulty(_, rule) => {
                let row = rows.get_mut(rule.as_str()).expect("a rule of the table");
                row.broken += 1;
                let is_hit = tops.first().is_some_and(|f| f.rule == *rule && f.measured);
                row.on_top += usize::from(is_hit);
                if !is_hit {
                    let below = if alarms.iter().any(|f| f.rule == *rule) {
                        "below"
                    } else {
                        "missed"
                    };
                    problems.push(format!("{}: {below}; on top {}", case.name(), said(&tops)));
                }
            }
            Case::NearMiss(_, rule, _) | Case::Fixed(_, rule) => {
                let row = rows.get_mut(rule.as_str()).expect("a rule of the table");
                row.silent += 1;
                if alarms.iter().any(|f| f.rule == *rule) {
                    row.said += 1;
                    problems.push(format!("{}: {rule} is not silent", case.name()));
                }
                let is_fixed = matches!(case, Case::Fixed(..));
                if is_fixed && alarms.iter().any(|f| f.severity == Severity::Error) {
                    problems.push(format!("{}: errors {}", case.name(), said(&alarms)));
                }
            }
            Case::Sound(_) => {
                for alarm in &alarms {
                    rows.get_mut(&*alarm.rule)
                        .expect("a rule of the table")
                        .sound += 1;
                    let (name, said) = (case.name(), said(&[alarm]));
                    let [what, why] = [&alarm.what, &alarm.why].map(text);
                    problems.push(format!("{name}: {said}: {what} | {why}"));
                }
            }
        }
    }
    let sound = looked
        .iter()
        .filter(|(case, _)| matches!(case, Case::Sound(_)));
    let page = page(&rows, sound.count());
    println!("----\n{}", problems.join("\n"));
    assert!(problems.is_empty(), "{} problems", problems.len());
    check_current(&page);
}

/// Checks the page in the repository against the rules, or writes it.
fn check_current(page: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let is_current = written == page;
    assert!(
        is_current,
        "docs/rules.md differs from what the rules say: run this test with UPDATE_EXPECT=1"
    );
}

fn page(rows: &BTreeMap<&str, Row>, sound: usize) -> String {
    let mut page = "# The rules

`UPDATE_EXPECT=1 cargo test -p faultline-diagnostics --test corpus` writes this page from the texts
of the rules (`crates/diagnostics/src/rules/`) and from runs of every scenario and reference design.

A **structural** finding says what could happen, a **measured** one what did happen in a run.
Findings have three severities:

- A *note* is worth knowing.
- A *warning* is a likely problem, or one that occurred without missing a requirement.
- An *error* did harm in this run: a requirement was missed, or writes were lost, duplicated or torn.

A design accepts the findings of a rule with
`\"allow\": [{\"rule\": \"retry-storm\", \"because\": \"...\"}]`.

## Over the corpus

The table counts, for each rule:

- the faulty scenarios that show it, and how often its finding was at the top as the root cause;
- the near misses and fixed designs of these scenarios, and the false alarms on them (warnings and
  errors of the rule);
- the false alarms on "
        .to_owned();
    let _ = writeln!(page, "{sound} reference designs.\n");
    page += "| rule | faulty | at the top | missed | near misses and fixed | false alarms | on reference designs |\n|---|---|---|---|---|---|---|\n";
    for rule in ALL {
        let row = &rows[rule.id];
        let missed = row.broken - row.on_top;
        let _ = writeln!(
            page,
            "| [{id}](#{id}) | {} | {} | {missed} | {} | {} | {} |",
            row.broken,
            row.on_top,
            row.silent,
            row.said,
            row.sound,
            id = rule.id
        );
    }
    page += "\nThe rules are in the order of the search for a root cause. If two findings\nexplain each other, the finding of the rule further up is at the top.\n";
    let mut sorted: Vec<_> = ALL.iter().collect();
    sorted.sort_by_key(|rule| rule.id);
    for rule in sorted {
        let about = rule.explanation();
        let _ = write!(
            page,
            "\n## {}\n\n**{}.** {}\n\n*Evidence.* {}\n\n*Silent on.* {}\n\n*Fixed by.* {}\n",
            rule.id, rule.title, about.means, about.evidence, about.silent, about.fixes
        );
    }
    page
}
