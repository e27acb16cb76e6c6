//! `faultline`: runs, checks and compares designs, opens and makes links, lists scenarios.
//!
//! Exit codes: 0 fine, 1 a check failed, 2 bad input (the message on stderr, nothing on stdout).

mod arguments;
mod compare;
mod compose;
mod csv;
mod findings;
#[cfg(test)]
mod fuzz;
mod help;
mod input;
mod outcomes;
mod print;
mod runs;
mod statistics;
mod table;
mod toml_file;

use arguments::{Foreign, Format, Invocation, Options};
use report::Severity;
use std::io::Write;
use std::process::ExitCode;

/// What an invocation comes to.
#[derive(Debug, Default)]
struct Output {
    /// For stdout.
    text: String,
    /// For stderr, beside it.
    notes: Vec<String>,
    /// A check failed.
    is_failure: bool,
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    match arguments::parse(&arguments).and_then(carry_out) {
        Ok(output) => {
            // Whoever reads along (`| head`) may stop reading, here and below.
            let _ = std::io::stdout().write_all(output.text.as_bytes());
            for note in &output.notes {
                let _ = writeln!(std::io::stderr(), "{note}");
            }
            ExitCode::from(u8::from(output.is_failure))
        }
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "{}", message.trim_end());
            ExitCode::from(2)
        }
    }
}

/// An error is for stderr.
fn carry_out(invocation: Invocation) -> Result<Output, String> {
    match invocation {
        Invocation::Help => Ok(arguments::HELP.to_owned().into()),
        Invocation::HelpOf(help) => Ok(help.into()),
        Invocation::Version => Ok(format!("faultline {}\n", env!("CARGO_PKG_VERSION")).into()),
        Invocation::Run(source, options) => Ok(run(&source, &options)?.1.into()),
        Invocation::Check(source, options) => check(&source, &options),
        Invocation::Lint(source, options) => lint(&source, &options),
        Invocation::Rules => Ok(findings::rules().into()),
        Invocation::Explain(rule) => Ok(findings::explain(findings::known(&rule)?).into()),
        Invocation::Compare(a, b, options) => compare(&a, b.as_deref(), &options),
        Invocation::Scenarios => Ok(scenarios().into()),
        Invocation::Schema => Ok(format::schema::write().into()),
        Invocation::Import(from, file) => import(from, &file),
        Invocation::Export(to, source) => {
            let design = input::design(&source)?;
            Ok(match to {
                Foreign::Svg(ground) => editor::svg::write_on(&design, ground),
                Foreign::Mermaid | Foreign::Compose => format::mermaid::write(&design),
            }
            .into())
        }
        Invocation::Link(source) => {
            let design = input::design(&source)?;
            let shared = format::link::Shared { design, view: None };
            Ok(format!("{}\n", format::link::encode(&shared)).into())
        }
        Invocation::Open(link) => match format::link::decode(&link) {
            Ok(shared) => Ok(format::json::write(&shared.design).into()),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// The design on stdout, laid out; what was not understood on stderr.
fn import(from: Foreign, file: &str) -> Result<Output, String> {
    let text = input::text(file)?;
    let imported = match from {
        Foreign::Compose => compose::read(&text),
        Foreign::Mermaid | Foreign::Svg(_) => format::mermaid::read(&text),
    };
    let mut imported = imported.map_err(|problems| input::lines(file, &problems))?;
    let positions = editor::layout::arrange(&imported.design);
    for (node, at) in imported.design.nodes.iter_mut().zip(positions) {
        node.at = at;
    }
    Ok(Output {
        text: format::json::write(&imported.design),
        notes: imported.notes,
        is_failure: false,
    })
}

/// The runs, and as they are printed.
fn run(source: &str, options: &Options) -> Result<(runs::Runs, String), String> {
    let mut design = match options.remedy {
        true => input::mended(source)?,
        false => input::design(source)?,
    };
    design = input::set(design, &[("--set", &options.settings)])?;
    findings::allow(&mut design, &options.allow);
    let runs = runs::run(source, &design, options)?;
    let text = match options.format {
        Format::Sarif => findings::sarif(source, &runs.findings()),
        Format::Json => format!("{}\n", runs.json()),
        Format::Csv => csv::report(&runs.json()),
        Format::Text => print::report(&design, &runs),
    };
    Ok((runs, text))
}

/// What the design alone shows; fails where that is more than a note.
fn lint(source: &str, options: &Options) -> Result<Output, String> {
    let mut design = input::set(input::design(source)?, &[("--set", &options.settings)])?;
    findings::allow(&mut design, &options.allow);
    match design.problems() {
        problems if problems.is_empty() => {}
        problems => return Err(input::lines(source, &problems)),
    }
    let found = findings::of_design(&design);
    let text = match options.format {
        Format::Json => format!("{}\n", findings::json(&found)),
        Format::Sarif => findings::sarif(source, &found),
        Format::Csv => {
            return Err(
                "lint measures nothing to print as csv; use --format text, json or sarif"
                    .to_owned(),
            );
        }
        Format::Text if found.is_empty() => "no findings\n".to_owned(),
        Format::Text => findings::text(&found, false),
    };
    let mut found = found.iter();
    Ok(Output {
        text,
        notes: Vec::new(),
        is_failure: found.any(|seen| findings::has(&seen.finding, Severity::Warning)),
    })
}

/// As a run, and fails where a requirement is missed, in whichever seed, or a finding is an error.
fn check(source: &str, options: &Options) -> Result<Output, String> {
    let (runs, text) = run(source, options)?;
    let mut notes = print::unmet(&runs);
    let found = runs.findings();
    let errors = (found.iter()).filter(|seen| findings::has(&seen.finding, Severity::Error));
    notes.extend(errors.map(|seen| findings::line(&seen.finding)));
    // A run that was cut short has shown nothing.
    if print::status(&runs) != "ended" {
        notes.push("the run stopped early: it reached its event limit".to_owned());
    }
    let is_failure = !notes.is_empty();
    let is_unasked = runs.first().requirements.is_empty();
    if is_unasked && !is_failure && options.format != Format::Sarif {
        notes.push(format!("{source} has no requirements: nothing was checked"));
    }
    Ok(Output {
        text,
        notes,
        is_failure,
    })
}

fn compare(a: &str, b: Option<&str>, options: &Options) -> Result<Output, String> {
    if (a, b) == ("-", Some("-")) {
        return Err("compare: stdin holds one design, not two".to_owned());
    }
    let is_scenario = host::scenarios::find(a).is_some();
    let first = input::design(a)?;
    let (second, names) = match b {
        Some(b) => (input::design(b)?, [a.to_owned(), b.to_owned()]),
        None if is_scenario && options.settings_b.is_empty() => (
            input::mended(a)?,
            [a.to_owned(), format!("{a} with its fix")],
        ),
        None if options.settings_b.is_empty() => {
            return Err(String::from(
                "compare needs a second design, or a change: --set-b PATH=VALUE",
            ));
        }
        None => (first.clone(), [a.to_owned(), a.to_owned()]),
    };
    let [name_a, mut name_b] = names;
    for setting in &options.settings_b {
        name_b = format!("{name_b}, {setting}");
    }
    let both = ("--set", &options.settings[..]);
    let first = input::set(first, &[both])?;
    let second = input::set(second, &[both, ("--set-b", &options.settings_b)])?;
    // Both under the seeds of the first.
    let seeds = runs::seeds(&first, options);
    let reports = [
        runs::counted(&name_a, &first, options, &seeds)?,
        runs::counted(&name_b, &second, options, &seeds)?,
    ];
    let comparison = compare::compare([name_a, name_b], &seeds, [&reports[0], &reports[1]]);
    Ok(match options.format {
        Format::Text => compare::text(&comparison),
        Format::Json => compare::json(&comparison),
        Format::Csv => compare::csv(&comparison),
        Format::Sarif => {
            return Err(
                "compare has no findings to print as sarif; use --format text, json or csv"
                    .to_owned(),
            );
        }
    }
    .into())
}

/// What fails, by theme, and then what does not.
fn scenarios() -> String {
    use host::scenarios::{DESIGNS, Entry, INDEX, Theme};
    let ids = INDEX.iter().chain(DESIGNS).map(|entry| entry.id.len());
    let width = ids.max().unwrap_or(0);
    let row = |entry: &Entry| format!("  {:width$}  {}\n", entry.id, entry.summary);
    let mut listed = String::new();
    for theme in Theme::ALL {
        listed.push_str(&format!("{}\n", theme.name()));
        let of = INDEX.iter().filter(|entry| entry.theme == theme);
        listed.extend(of.map(row));
    }
    listed.push_str("Reference designs\n");
    listed.extend(DESIGNS.iter().map(row));
    listed
}
