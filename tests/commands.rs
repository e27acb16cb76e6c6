//! A command and its inverse leave no trace in a run: they give the same design and the same run,
//! and changes of the drawing alone have no effect.

use design::{Attribute, Command, Design, Target, Value};
use sim::Simulation;

/// Enough events to tell two runs apart.
const EVENTS: u64 = 4_000;

fn hash(design: &Design) -> String {
    let mut run = Simulation::new(design).with_budget(EVENTS);
    run.run();
    run.report().run.hash
}

/// Returns all metrics except the number of events: an edit causes additional checks.
fn report(run: &Simulation) -> serde_json::Value {
    let mut report = serde_json::to_value(run.report()).unwrap();
    for counts in ["events", "hash"] {
        report["run"].as_object_mut().unwrap().remove(counts);
    }
    report
}

/// Returns the first difference of two reports, because a whole report is too much to read.
fn difference(one: &serde_json::Value, other: &serde_json::Value, path: &str) -> Option<String> {
    use serde_json::Value::{Array, Object};
    match (one, other) {
        (Object(one), Object(other)) if one.keys().eq(other.keys()) => one
            .iter()
            .find_map(|(key, value)| difference(value, &other[key], &format!("{path}/{key}"))),
        (Array(one), Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(at, (one, other))| difference(one, other, &format!("{path}/{at}"))),
        _ => (one != other).then(|| format!("{path}: {one} and {other}")),
    }
}

/// Returns every field of `other` that differs from `own`, as a command on `target`.
fn changes(target: &Target, own: &Value, other: &Value) -> Vec<Command> {
    let Value::Map(fields) = other else {
        return Vec::new();
    };
    let differs = |(name, value): &&(String, Value)| own.at_path(name) != Some(value);
    let fields = fields.iter().filter(differs);
    fields
        .map(|(name, value)| Command::Set(target.clone(), name.clone(), value.clone()))
        .collect()
}

/// Returns commands of every kind, from the differences to another random design. Some are refused.
fn commands(design: &Design, other: &Design) -> Vec<Command> {
    let mut all = changes(
        &Target::Settings,
        &design.settings.write(),
        &other.settings.write(),
    );
    for (place, node) in design.nodes.iter().enumerate() {
        let target = Target::Node(node.id.clone());
        let kin = other
            .nodes
            .iter()
            .find(|kin| kin.kind.name() == node.kind.name());
        if let Some(kin) = kin {
            all.extend(changes(&target, &node.write(false), &kin.write(false)));
        }
        all.push(Command::RemoveNode(node.id.clone()));
        all.push(Command::Move(node.id.clone(), [place as i32 * 7, -3]));
    }
    for (link, kin) in design.links.iter().zip(&other.links) {
        let target = Target::Link(link.id.clone());
        all.extend(changes(&target, &link.write(), &kin.write()));
        all.push(Command::RemoveLink(link.id.clone()));
    }
    for (at, fault) in other.faults.iter().enumerate() {
        all.push(Command::AddFault(at, fault.clone()));
    }
    for at in 0..design.faults.len() {
        all.push(Command::RemoveFault(at));
    }
    for (at, node) in other.nodes.iter().enumerate() {
        let mut node = node.clone();
        node.id = format!("new-{at}");
        all.push(Command::AddNode(at, Box::new(node)));
    }
    if let [one, other, ..] = &all[..] {
        all.push(Command::Batch(vec![one.clone(), other.clone()]));
    }
    all
}

#[test]
fn a_command_and_its_inverse_leave_the_design_and_the_run_as_they_were() {
    let (mut taken, mut refused) = (0, 0);
    let cases = testing::cases(30, 30);
    cases.check(|first, rng| {
        let expected = hash(first);
        let mut design = first.clone();
        for command in commands(first, &testing::design(rng.bits())) {
            let said = format!("{command:?}");
            match design.apply(command) {
                Ok(inverse) => {
                    taken += 1;
                    design
                        .apply(inverse)
                        .unwrap_or_else(|error| panic!("{said}: {error}"));
                }
                Err(_) => refused += 1,
            }
            assert_eq!(design, *first, "{said}");
        }
        assert_eq!(hash(&design), expected);
    });
    if cases.has_fixed_set() {
        assert!(
            taken > 500 && refused > 0,
            "{taken} taken, {refused} refused"
        );
    }
}

#[test]
fn what_only_the_eye_sees_changes_no_run() {
    let mut compared = 0;
    let cases = testing::cases(30, 30);
    cases.check(|first, _| {
        let mut changed = first.clone();
        let ids: Vec<String> = changed.nodes.iter().map(|node| node.id.clone()).collect();
        for id in ids {
            changed.apply(Command::Move(id.clone(), [1, 2])).unwrap();
            let label = Value::text("Another name");
            let rename = Command::Set(Target::Node(id), "label".to_owned(), label);
            changed.apply(rename).unwrap();
        }
        let mut run = Simulation::new(first);
        run.run_until(u64::MAX, EVENTS / 2);
        let now = run.now();
        run.edit(&changed);
        run.run_until(now + 200_000_000, EVENTS);
        let mut plain = Simulation::new(first);
        plain.run_until(now + 200_000_000, 2 * EVENTS);
        if run.now() == plain.now() {
            compared += 1;
            let differs = difference(&report(&run), &report(&plain), "");
            assert_eq!(differs, None, "at {now} ns");
        }
    });
    if cases.has_fixed_set() {
        assert!(compared > 10, "{compared}");
    }
}
