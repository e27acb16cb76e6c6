//! A case: the claims of its file, and the results of its runs.

mod conclusions;
mod figures;
mod runs;
mod sound;

use design::{Command, Design, Problem, Value};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

pub(crate) use runs::problems_of;

/// The directory that a case is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It misses a requirement, with a known cause.
    Faulty,
    /// The same, after a public incident report.
    Incident,
    /// It meets all of its requirements.
    Reference,
}

/// The result of an attempted fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A requirement is still missed.
    Missed,
    /// Over all seeds together, something is clearly worse than before.
    Worse,
    /// Every requirement is met.
    Cured,
}

/// Attempted edits.
pub(crate) struct Attempt {
    pub(crate) what: String,
    pub(crate) edits: Command,
    pub(crate) outcome: Outcome,
}

/// A case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// With the `needs` among its requirements.
    pub(crate) design: Design,
    pub(crate) cure: Option<Command>,
    pub(crate) tried: Vec<Attempt>,
    /// The rest of the file.
    file: Value,
}

const FIELDS: [&str; 10] = [
    "why", "source", "roots", "also", "innocent", "must_say", "needs", "cure", "tried", "design",
];

/// Returns every case, in the order of their names.
///
/// # Panics
///
/// Panics if a file cannot be read, with its name, the path in it, and what is wrong there.
pub(crate) fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let kinds = [
        ("faulty", Kind::Faulty),
        ("incidents", Kind::Incident),
        ("reference", Kind::Reference),
    ];
    let mut cases = Vec::new();
    for (directory, kind) in kinds {
        let entries = std::fs::read_dir(root.join(directory)).expect("the directory is there");
        for entry in entries {
            let path = entry.expect("it can be read").path();
            let text = std::fs::read_to_string(&path).expect("it is text");
            let name = path.file_stem().expect("it has a name").to_string_lossy();
            let case = read(&name, kind, &text);
            cases.push(case.unwrap_or_else(|problems| panic!("{name}: {problems:?}")));
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn read(name: &str, kind: Kind, text: &str) -> Result<Case, Vec<Problem>> {
    let file = format::json::value_from_str(text).map_err(|problem| vec![problem])?;
    let mut design = file.get("design").cloned().unwrap_or(Value::Null);
    let mut requirements = items(design.get("requirements")).to_vec();
    requirements.extend_from_slice(items(file.get("needs")));
    // A design without the field has an empty list.
    let placed = design.set_path("requirements", Value::List(requirements));
    placed.expect("a design is an object");
    let attempt = |value: &Value| -> Result<Attempt, Vec<Problem>> {
        Ok(Attempt {
            what: text_at(value, "what"),
            edits: design::edits::read_all(value.get("edits").unwrap_or(&Value::Null))?,
            outcome: match &*text_at(value, "result") {
                "missed" => Outcome::Missed,
                "worse" => Outcome::Worse,
                "cured" => Outcome::Cured,
                other => panic!("{name}: a result is missed, worse or cured, not {other:?}"),
            },
        })
    };
    Ok(Case {
        name: name.to_owned(),
        kind,
        design: Design::read(&design)?,
        cure: file.get("cure").map(design::edits::read_all).transpose()?,
        tried: items(file.get("tried"))
            .iter()
            .map(attempt)
            .collect::<Result<_, _>>()?,
        file,
    })
}

impl Case {
    /// Returns the rules that name each root cause, the best first.
    pub(crate) fn roots(&self) -> Vec<Vec<&str>> {
        let roots = items(self.file.get("roots"));
        roots.iter().map(|root| texts(Some(root))).collect()
    }

    /// Returns the rules that also apply.
    pub(crate) fn also(&self) -> Vec<&str> {
        texts(self.file.get("also"))
    }

    /// Returns what is wrong with the form of the case.
    pub(crate) fn malformed(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, _) in self.file.entries() {
            if !FIELDS.contains(&name.as_str()) {
                problems.push(format!("unknown field {name:?}"));
            }
        }
        if text_at(&self.file, "why").trim().is_empty() {
            problems.push("`why` is missing".to_owned());
        }
        if self.design.requirements.is_empty() {
            problems.push("neither requirements nor `needs`".to_owned());
        }
        let roots = self.roots();
        if self.kind == Kind::Reference {
            if !roots.is_empty() || self.cure.is_some() || !self.tried.is_empty() {
                problems.push("a reference design has no cause and needs no cure".to_owned());
            }
            return problems;
        }
        if roots.is_empty() || roots.iter().any(Vec::is_empty) {
            problems.push("`roots` is missing".to_owned());
        }
        if self.cure.is_none() {
            problems.push("`cure` is missing".to_owned());
        }
        if self.kind == Kind::Incident && items(self.file.get("source")).is_empty() {
            problems.push("an incident has a `source`".to_owned());
        }
        let roots: BTreeSet<&str> = roots.concat().into_iter().collect();
        let innocent = texts(self.file.get("innocent"));
        let also = texts(self.file.get("also"));
        for rule in roots.iter().chain(&innocent).chain(&also) {
            if *rule != "unexplained" && !design::allow::RULES.contains(rule) {
                problems.push(format!("unknown rule {rule}"));
            }
        }
        for rule in innocent.iter().filter(|rule| roots.contains(**rule)) {
            problems.push(format!("{rule} is a root cause and innocent"));
        }
        let named = texts(self.file.get("must_say"));
        let exists = |id: &&str| self.design.node(id).is_some() || self.design.link(id).is_some();
        for id in named.iter().filter(|id| !exists(id)) {
            problems.push(format!("`must_say` names {id}, which the design lacks"));
        }
        if roots.contains("unexplained") && named.is_empty() {
            problems.push("`must_say` is missing where no rule names the cause".to_owned());
        }
        problems
    }
}

/// Works on every case, on two threads, and returns the results in the order of the cases.
pub(crate) fn each<T: Sync, R: Send>(cases: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(cases.iter().enumerate());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some((at, case)) = next.lock().expect("nobody panics with it").next()
                    else {
                        break;
                    };
                    let result = work(case);
                    done.lock()
                        .expect("nobody panics with it")
                        .push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("nobody panics with it");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    let texts = items(value).iter().map(|item| match item {
        Value::Text(text) => text.as_str(),
        other => panic!("a text is wanted, not {other:?}"),
    });
    texts.collect()
}

fn text_at(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}
