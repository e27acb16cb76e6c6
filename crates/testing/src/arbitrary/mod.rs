//! Random valid designs, the same for the same seed.
//!
//! Parameters are drawn along the document's own tables of fields, so a new field takes part as
//! soon as it is declared. Sizes are kept small enough that a run takes well under a second: a
//! request causes a few dozen attempts at most, and few hundred requests arrive. Cycles of calls
//! are left out, since they may honestly deadlock, and so is endless redelivery.

mod faults;
mod links;
mod nodes;
mod values;

use crate::Rng;
use design::{Design, Duration, Metric, Value};

use faults::faults;
use links::links;
use nodes::{alert, nodes};
use values::{decimal, duration, name, record};

/// Most attempts that one request may cause, counted along all paths.
const ATTEMPTS_MAX: u64 = 60;
/// Seconds in which requests arrive, at most.
const DURATION_MAX_S: u64 = 12;

/// Returns the random valid design of a seed.
///
/// # Panics
///
/// Panics where the design it drew is not valid, which is a mistake of this module.
pub fn design(rng_seed: u64) -> Design {
    let rng = &mut Rng::new(rng_seed);
    let nodes = nodes(rng);
    let links = links(rng, &nodes);
    let faults = faults(rng, &nodes, &links);
    let mut document = vec![("faultline".to_owned(), Value::Number(1.0))];
    document.extend(settings(rng));
    let alerts = (0..rng.below(3))
        .filter_map(|_| alert(rng, &nodes))
        .collect();
    document.push(("alerts".to_owned(), Value::List(alerts)));
    let notes = (0..rng.below(3)).map(|_| note(rng)).collect();
    document.push(("notes".to_owned(), Value::List(notes)));
    let written = nodes.into_iter().map(|node| node.value).collect();
    document.push(("nodes".to_owned(), Value::List(written)));
    document.push(("links".to_owned(), Value::List(links)));
    document.push(("faults".to_owned(), Value::List(faults)));
    let requirements = (0..rng.below(4)).map(|_| requirement(rng)).collect();
    document.push(("requirements".to_owned(), Value::List(requirements)));
    let allow = (0..rng.below(8).saturating_sub(5)).map(|_| allowance(rng));
    document.push(("allow".to_owned(), Value::List(allow.collect())));
    match Design::read(&Value::Map(document)) {
        Ok(design) => design,
        Err(problems) => panic!("the random design of seed {rng_seed} is not valid: {problems:?}"),
    }
}

fn settings(rng: &mut Rng) -> Vec<(String, Value)> {
    let duration_s = rng.between(2, DURATION_MAX_S);
    let seed = match rng.below(3) {
        0 => rng.below(100),
        1 => rng.below(1 << 32),
        _ => rng.below(1 << 53),
    };
    let mut settings = vec![
        ("seed".to_owned(), Value::Number(seed as f64)),
        (
            "duration".to_owned(),
            Value::text(Duration::s(duration_s).to_string()),
        ),
    ];
    if rng.chance(70) {
        settings.push(("name".to_owned(), Value::text(name(rng))));
    }
    if rng.chance(50) {
        let warmup = Duration::ms(rng.below(duration_s * 500));
        settings.push(("warmup".to_owned(), Value::text(warmup.to_string())));
    }
    if rng.chance(30) {
        settings.push(("drain".to_owned(), Value::Bool(false)));
    }
    if rng.chance(30) {
        settings.push(("zones".to_owned(), record(rng, design::Zones::RECORD)));
    }
    settings
}

fn note(rng: &mut Rng) -> Value {
    let place = |rng: &mut Rng| Value::Number(rng.below(4_000) as f64 - 2_000.0);
    let at = Value::List(vec![place(rng), place(rng)]);
    let mut note = vec![
        ("at".to_owned(), at),
        ("text".to_owned(), Value::text(name(rng))),
    ];
    if rng.chance(50) {
        let width = Value::Number(rng.between(80, 1_000) as f64);
        note.push(("width".to_owned(), width));
    }
    Value::Map(note)
}

fn allowance(rng: &mut Rng) -> Value {
    let rule = Value::text(*rng.pick(&design::allow::RULES));
    let because = Value::text(format!("it is so: {}", name(rng)));
    Value::Map(vec![
        ("rule".to_owned(), rule),
        ("because".to_owned(), because),
    ])
}

fn requirement(rng: &mut Rng) -> Value {
    let metric = *rng.pick(Metric::ALL);
    let bound = match metric.is_duration() {
        true => Value::text(duration(rng, 0.001, 5.0).to_string()),
        false => Value::Number(decimal(rng, 0.0, 1.0)),
    };
    let side = *rng.pick(&["at_least", "at_most"]);
    Value::Map(vec![
        ("metric".to_owned(), Value::text(metric.name())),
        (side.to_owned(), bound),
    ])
}

#[cfg(test)]
mod tests;
