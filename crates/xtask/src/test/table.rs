//! The steps of `cargo xtask test`: what each checks, needs and depends on, and which subsets it
//! belongs to. Execution, `--help` and the table for CONTRIBUTING.md come from this one.

use std::fmt::Write;

use anyhow::{Result, bail};

use super::work::{self, Context};
use crate::count;
use crate::setup::Need;

/// A part of the tests that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subset {
    Fast,
    Model,
    Page,
    Long,
}

impl Subset {
    pub(crate) const ALL: [Subset; 4] = [Subset::Fast, Subset::Model, Subset::Page, Subset::Long];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subset::Fast => "fast",
            Subset::Model => "model",
            Subset::Page => "page",
            Subset::Long => "long",
        }
    }

    /// When to run it.
    fn purpose(self) -> &'static str {
        match self {
            Subset::Fast => "while you edit; under a minute after a first build",
            Subset::Model => "after a change to the engine, the rules or the scenarios",
            Subset::Page => "after a change to the page",
            Subset::Long => "before a release, and after a change to how the engine counts",
        }
    }
}

/// Whether a step shares the machine with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concurrency {
    Shared,
    /// Its time limits assume that nothing else keeps the processor busy.
    Exclusive,
}

/// A profile that steps compile with. Steps of the same profile wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Xtask,
    Dev,
    /// The release profile, or that of the quick build.
    Page,
    Native,
}

/// Whether `cargo xtask test` without a name runs a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InEverything {
    Yes,
    /// It takes too long. The text says which step checks a part of it.
    No(&'static str),
}

/// One step of the tests.
pub(crate) struct Step {
    pub name: &'static str,
    /// What it checks, for people.
    pub checks: &'static str,
    pub subsets: &'static [Subset],
    pub in_everything: InEverything,
    pub needs: &'static [Need],
    /// The steps whose results it uses. They run as well when only this step is selected.
    pub after: &'static [&'static str],
    pub concurrency: Concurrency,
    /// The profile whose directory cargo locks while this step compiles.
    pub profile: Option<Profile>,
    /// Why this machine cannot run it, if it cannot.
    pub not_here: Option<&'static str>,
    pub work: fn(&Context) -> Result<()>,
}

impl Step {
    /// What most steps have in common.
    pub(crate) const COMMON: Step = Step {
        name: "",
        checks: "",
        subsets: &[],
        in_everything: InEverything::Yes,
        needs: &[],
        after: &[],
        concurrency: Concurrency::Shared,
        profile: None,
        not_here: None,
        work: |_| Ok(()),
    };
}

/// The steps, in the order in which they start as far as dependencies and free processor cores
/// allow: what fails quickly comes first, and the page comes early because others wait for it.
pub(crate) static STEPS: &[Step] = &[
    Step {
        name: "formatting",
        checks: "rustfmt changes nothing",
        subsets: &[Subset::Fast],
        needs: &[Need::Rustfmt],
        work: work::formatting,
        ..Step::COMMON
    },
    Step {
        name: "tidiness",
        checks: "every file and test is reached; lengths, links, dependencies and words",
        subsets: &[Subset::Fast],
        work: work::tidiness,
        ..Step::COMMON
    },
    Step {
        name: "xtask",
        checks: "xtask's own tests, and the structure of the workspace",
        subsets: &[Subset::Fast],
        profile: Some(Profile::Xtask),
        work: work::xtask,
        ..Step::COMMON
    },
    Step {
        name: "lint-xtask",
        checks: "clippy on xtask",
        subsets: &[Subset::Fast],
        needs: &[Need::Clippy],
        profile: Some(Profile::Xtask),
        work: work::lint_xtask,
        ..Step::COMMON
    },
    Step {
        name: "lint-native",
        checks: "clippy on the native crates and their tests",
        subsets: &[Subset::Fast],
        needs: &[Need::Clippy],
        profile: Some(Profile::Dev),
        work: work::lint_native,
        ..Step::COMMON
    },
    Step {
        name: "lint-page",
        checks: "clippy on the page and the module for programs",
        subsets: &[Subset::Fast, Subset::Page],
        needs: &[Need::Clippy, Need::WasmTarget],
        profile: Some(Profile::Dev),
        work: work::lint_page,
        ..Step::COMMON
    },
    Step {
        name: "unit",
        checks: "unit tests of the native crates",
        subsets: &[Subset::Fast, Subset::Model],
        profile: Some(Profile::Dev),
        work: work::unit,
        ..Step::COMMON
    },
    Step {
        name: "build",
        checks: "the page compiles and keeps its size budget",
        subsets: &[Subset::Page],
        needs: &[Need::WasmTarget, Need::Node],
        profile: Some(Profile::Page),
        work: work::build,
        ..Step::COMMON
    },
    Step {
        name: "integration",
        checks: "theory, laws, scenarios, validation in part, command line, formats",
        subsets: &[Subset::Model],
        profile: Some(Profile::Dev),
        work: work::integration,
        ..Step::COMMON
    },
    Step {
        name: "doc-examples",
        checks: "examples in doc comments",
        subsets: &[Subset::Model],
        profile: Some(Profile::Dev),
        work: work::doc_examples,
        ..Step::COMMON
    },
    Step {
        name: "all-ran",
        checks: "every test that is written ran",
        subsets: &[Subset::Model],
        after: &["xtask", "unit", "integration", "doc-examples"],
        work: work::all_ran,
        ..Step::COMMON
    },
    Step {
        name: "instructions",
        checks: "instructions per event, against the stored counts",
        subsets: &[Subset::Long],
        needs: &[Need::Valgrind],
        not_here: count::NOT_COMPARABLE,
        profile: Some(Profile::Native),
        work: work::instructions,
        ..Step::COMMON
    },
    Step {
        name: "validation",
        checks: "published results, known causes and fixes of lessons; docs/accuracy.md is of them",
        subsets: &[Subset::Long],
        in_everything: InEverything::No("`integration` checks a sample of them"),
        profile: Some(Profile::Native),
        work: work::validation,
        ..Step::COMMON
    },
    Step {
        name: "fuzz",
        checks: "mutated input of every format is read or refused (five minutes)",
        subsets: &[Subset::Long],
        in_everything: InEverything::No("`unit` mutates for two seconds"),
        profile: Some(Profile::Native),
        work: work::fuzz,
        ..Step::COMMON
    },
    Step {
        name: "same-hashes",
        checks: "runs are the same in WebAssembly as natively, to the byte",
        subsets: &[Subset::Long],
        needs: &[Need::Node],
        after: &["build", "integration"],
        work: work::same_hashes,
        ..Step::COMMON
    },
    Step {
        name: "wasm",
        checks: "the JavaScript API, under Node.js",
        subsets: &[Subset::Page],
        needs: &[Need::Node],
        after: &["build"],
        concurrency: Concurrency::Exclusive,
        work: work::wasm,
        ..Step::COMMON
    },
    Step {
        name: "browser",
        checks: "the page in a headless Chromium",
        subsets: &[Subset::Page],
        needs: &[Need::Node, Need::NpmPackages, Need::Browser],
        after: &["build"],
        concurrency: Concurrency::Exclusive,
        work: work::browser,
        ..Step::COMMON
    },
];

/// The steps that the names select, and the steps that those depend on, in the table's order. A
/// name is that of a subset or of a step. Without names, everything is selected.
pub(crate) fn select(names: &[String]) -> Result<Vec<&'static Step>> {
    let is_known = |name: &&String| {
        Subset::ALL
            .iter()
            .any(|subset| subset.name() == name.as_str())
            || STEPS.iter().any(|step| step.name == name.as_str())
    };
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        bail!(
            "unknown part of the tests `{unknown}`; expected one of {}",
            known()
        );
    }
    let is_named = |name: &str| names.iter().any(|named| named == name);
    let is_selected = |step: &Step| match names {
        [] => step.in_everything == InEverything::Yes,
        _ => is_named(step.name) || step.subsets.iter().any(|subset| is_named(subset.name())),
    };
    let mut selected: Vec<bool> = STEPS.iter().map(is_selected).collect();
    // A step comes after those that it depends on, so that one pass from the end finds them all.
    for at in (0..STEPS.len()).rev() {
        if selected[at] {
            for (before, step) in STEPS.iter().enumerate() {
                selected[before] |= STEPS[at].after.contains(&step.name);
            }
        }
    }
    let steps = STEPS.iter().zip(selected);
    Ok(steps
        .filter(|(_, is_selected)| *is_selected)
        .map(|(step, _)| step)
        .collect())
}

fn known() -> String {
    let names = Subset::ALL.iter().map(|subset| subset.name());
    let names: Vec<&str> = names.chain(STEPS.iter().map(|step| step.name)).collect();
    names.join(", ")
}

/// The steps for `--help`: subset by subset, a line for each step.
pub(crate) fn help() -> String {
    let mut text = String::new();
    for subset in Subset::ALL {
        let _ = writeln!(text, "\n  {:<17}{}", subset.name(), subset.purpose());
        for step in STEPS.iter().filter(|step| step.subsets.contains(&subset)) {
            let _ = writeln!(text, "    {:<15}{}", step.name, step.checks);
        }
    }
    text
}

/// The steps as a Markdown table, for CONTRIBUTING.md.
pub(crate) fn markdown() -> String {
    let mut text = "| step | checks | subsets |\n|---|---|---|\n".to_owned();
    for step in STEPS {
        let subsets: Vec<&str> = step.subsets.iter().map(|subset| subset.name()).collect();
        let left_out = match step.in_everything {
            InEverything::Yes => String::new(),
            InEverything::No(instead) => format!("; not part of everything: {instead}"),
        };
        let _ = writeln!(
            text,
            "| `{}` | {}{left_out} | {} |",
            step.name,
            step.checks,
            subsets.join(", ")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &[&str]) -> Vec<&'static str> {
        let selection: Vec<String> = selection.iter().map(|name| (*name).to_owned()).collect();
        select(&selection)
            .unwrap()
            .iter()
            .map(|step| step.name)
            .collect()
    }

    #[test]
    fn every_step_is_in_a_subset_and_in_everything_or_says_why_not() {
        let everything = names(&[]);
        for step in STEPS {
            assert!(!step.subsets.is_empty(), "{} is in no subset", step.name);
            match step.in_everything {
                InEverything::Yes => assert!(everything.contains(&step.name), "{}", step.name),
                InEverything::No(instead) => {
                    assert!(!everything.contains(&step.name), "{}", step.name);
                    assert!(instead.len() > 20, "{}", step.name);
                }
            }
        }
        for subset in Subset::ALL {
            assert!(
                STEPS.iter().any(|step| step.subsets.contains(&subset)),
                "{subset:?}"
            );
        }
    }

    #[test]
    fn names_are_unique_and_dependencies_come_first() {
        let mut seen: Vec<&str> = Subset::ALL.iter().map(|subset| subset.name()).collect();
        for step in STEPS {
            assert!(!seen.contains(&step.name), "{} appears twice", step.name);
            for before in step.after {
                assert!(seen.contains(before), "{} comes before {before}", step.name);
            }
            seen.push(step.name);
        }
    }

    #[test]
    fn a_selection_includes_what_it_depends_on() {
        assert_eq!(
            names(&["same-hashes"]),
            ["build", "integration", "same-hashes"]
        );
        assert_eq!(
            names(&["browser", "formatting"]),
            ["formatting", "build", "browser"]
        );
        assert!(names(&["page"]).contains(&"browser"));
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_known_ones() {
        let message = select(&["brwser".to_owned()]).err().unwrap().to_string();
        let expected = "unknown part of the tests `brwser`; expected one of fast, model, page,";
        assert!(
            message.starts_with(expected) && message.ends_with(", browser"),
            "{message}"
        );
    }

    #[test]
    fn help_and_table_name_every_step() {
        for step in STEPS {
            assert!(
                help().contains(&format!("    {} ", step.name)),
                "{}",
                step.name
            );
            assert!(
                markdown().contains(&format!("| `{}` |", step.name)),
                "{}",
                step.name
            );
        }
    }

    /// `UPDATE_EXPECT=1 cargo test --profile xtask -p xtask` writes the table.
    #[test]
    fn contributing_has_the_table() {
        const BEGIN: &str = "<!-- steps: cargo xtask test --list -->\n";
        let path = crate::steps::root().join("CONTRIBUTING.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (written, after) = rest.split_once("<!-- end of steps -->").unwrap();
        let table = markdown();
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let text = [before, BEGIN, &table, "<!-- end of steps -->", after].concat();
            std::fs::write(&path, text).unwrap();
        } else {
            assert_eq!(written, table, "UPDATE_EXPECT=1 writes it");
        }
    }
}
