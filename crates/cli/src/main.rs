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
mod input;
mod outcomes;
mod print;
mod runs;
mod statistics;
mod table;
mod toml_file;

use arguments::{
    Command, Compare, Foreign, Format, Invocation, Lint, Picture, Tested, Theme, Tracing,
};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use editor::svg::Ground;
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
    let invocation = match Invocation::try_parse() {
        Ok(invocation) => invocation.with_defaults(),
        Err(error) => return refuse(&error),
    };
    match carry_out(invocation) {
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

/// Prints why the arguments are invalid, or the help that they request.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.kind() == ErrorKind::InvalidSubcommand {
        let all = Invocation::command();
        let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
        let _ = writeln!(std::io::stderr(), "Commands: {}.", names.join(", "));
    }
    // 2 for an error, 0 for help.
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// An error is for stderr.
fn carry_out(invocation: Invocation) -> Result<Output, String> {
    let Some(command) = invocation.command else {
        return Ok(Invocation::command().render_help().to_string().into());
    };
    match command {
        Command::Run { tested, tracing } => Ok(run(&tested, &tracing)?.1.into()),
        Command::Check { tested } => check(&tested),
        Command::Lint(options) => lint(&options),
        Command::Rules => Ok(findings::rules().into()),
        Command::Explain { rule } => Ok(findings::explain(findings::known(&rule)?).into()),
        Command::Compare(options) => compare(&options),
        Command::Scenarios => Ok(scenarios().into()),
        Command::Schema => Ok(format::schema::write().into()),
        Command::Import { from, file } => import(from, &file),
        Command::Export { to, design, theme } => export(to, &design.source, theme),
        Command::Link { design } => {
            let design = input::design(&design.source)?;
            let shared = format::link::Shared { design, view: None };
            Ok(format!("{}\n", format::link::encode(&shared)).into())
        }
        Command::Open { link } => match format::link::decode(&link) {
            Ok(shared) => Ok(format::json::write(&shared.design).into()),
            Err(error) => Err(error.to_string()),
        },
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Invocation::command(), "faultline", &mut script);
            Ok(String::from_utf8_lossy(&script).into_owned().into())
        }
        Command::Man { command } => manual(command.as_deref()),
    }
}

/// The manual page of the program, or of a command.
fn manual(of: Option<&str>) -> Result<Output, String> {
    let mut all = Invocation::command();
    all.build();
    let command = match of {
        None => Some(all),
        Some(name) => all.find_subcommand(name).cloned(),
    };
    let command = command.ok_or_else(|| format!("unknown command \"{}\"", of.unwrap_or("")))?;
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(command).render(&mut page);
    written.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&page).into_owned().into())
}

fn export(to: Picture, source: &str, theme: Option<Theme>) -> Result<Output, String> {
    let ground = theme.map_or(Ground::Either, Ground::from);
    match to {
        Picture::Svg => Ok(editor::svg::write_on(&input::design(source)?, ground).into()),
        Picture::Mermaid if theme.is_some() => {
            Err("a Mermaid flowchart has no color scheme; remove --theme".to_owned())
        }
        Picture::Mermaid => Ok(format::mermaid::write(&input::design(source)?).into()),
    }
}

/// The design on stdout, laid out; what was not understood on stderr.
fn import(from: Foreign, file: &str) -> Result<Output, String> {
    let text = input::text(file)?;
    let imported = match from {
        Foreign::Compose => compose::read(&text),
        Foreign::Mermaid => format::mermaid::read(&text),
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
fn run(tested: &Tested, tracing: &Tracing) -> Result<(runs::Runs, String), String> {
    let source = &tested.design.source;
    let mut design = match tested.remedy {
        true => input::mended(source)?,
        false => input::design(source)?,
    };
    design = input::set(design, &[("--set", &tested.running.changes.set)])?;
    findings::allow(&mut design, &tested.accepted.allow);
    let runs = runs::run(source, &design, tested, tracing)?;
    let text = match tested.format {
        Format::Sarif => findings::sarif(source, &runs.findings()),
        Format::Json => format!("{}\n", statistics::json_of(&runs)),
        Format::Csv => csv::report(&statistics::json_of(&runs)),
        Format::Text => print::report(&design, &runs),
    };
    Ok((runs, text))
}

/// What the design alone shows; fails where that is more than a note.
fn lint(options: &Lint) -> Result<Output, String> {
    let source = &options.design.source;
    let mut design = input::set(input::design(source)?, &[("--set", &options.changes.set)])?;
    findings::allow(&mut design, &options.accepted.allow);
    match design.problems() {
        problems if problems.is_empty() => {}
        problems => return Err(input::lines(source, &problems)),
    }
    let found = findings::of_design(&design);
    let text = match options.format {
        Format::Json => format!("{}\n", findings::json(&found)),
        Format::Sarif => findings::sarif(source, &found),
        Format::Text | Format::Csv if found.is_empty() => "no findings\n".to_owned(),
        Format::Text | Format::Csv => findings::text(&found, false),
    };
    let mut found = found.iter();
    Ok(Output {
        text,
        notes: Vec::new(),
        is_failure: found.any(|seen| findings::has(&seen.finding, Severity::Warning)),
    })
}

/// As a run, and fails where a requirement is missed, in whichever seed, or a finding is an error.
fn check(tested: &Tested) -> Result<Output, String> {
    let (runs, text) = run(tested, &Tracing::default())?;
    let source = &tested.design.source;
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
    if is_unasked && !is_failure && tested.format != Format::Sarif {
        notes.push(format!("{source} has no requirements: nothing was checked"));
    }
    Ok(Output {
        text,
        notes,
        is_failure,
    })
}

fn compare(options: &Compare) -> Result<Output, String> {
    let (a, b) = (options.a.as_str(), options.b.as_deref());
    if (a, b) == ("-", Some("-")) {
        return Err("compare: stdin holds one design, not two".to_owned());
    }
    let is_scenario = host::scenarios::find(a).is_some();
    let first = input::design(a)?;
    let (second, names) = match b {
        Some(b) => (input::design(b)?, [a.to_owned(), b.to_owned()]),
        None if is_scenario && options.set_b.is_empty() => (
            input::mended(a)?,
            [a.to_owned(), format!("{a} with its fix")],
        ),
        None if options.set_b.is_empty() => {
            return Err(String::from(
                "compare needs a second design, or a change: --set-b PATH=VALUE",
            ));
        }
        None => (first.clone(), [a.to_owned(), a.to_owned()]),
    };
    let [name_a, mut name_b] = names;
    for setting in &options.set_b {
        name_b = format!("{name_b}, {setting}");
    }
    let both = ("--set", &options.running.changes.set[..]);
    let first = input::set(first, &[both])?;
    let second = input::set(second, &[both, ("--set-b", &options.set_b)])?;
    // Both under the seeds of the first.
    let seeds = runs::seeds(&first, &options.running);
    let reports = [
        runs::counted(&name_a, &first, &options.running, &seeds)?,
        runs::counted(&name_b, &second, &options.running, &seeds)?,
    ];
    let comparison = compare::compare([name_a, name_b], &seeds, [&reports[0], &reports[1]]);
    Ok(match options.format {
        Format::Text | Format::Sarif => compare::text(&comparison),
        Format::Json => compare::json(&comparison),
        Format::Csv => compare::csv(&comparison),
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
