//! `faultline`: runs designs, opens and makes links, lists scenarios.
//!
//! Exit codes: 0 fine, 2 bad input (the message on stderr, nothing on stdout).

mod arguments;
mod input;
mod text;
mod toml_file;

use arguments::{Format, Invocation, Run};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let output = arguments::parse(&arguments).and_then(|invocation| carry_out(&invocation));
    match output {
        Ok(output) => {
            // Whoever reads along (`| head`) may stop reading.
            let _ = std::io::stdout().write_all(output.as_bytes());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::from(2)
        }
    }
}

/// What goes to stdout; an error is for stderr.
fn carry_out(invocation: &Invocation) -> Result<String, String> {
    match invocation {
        Invocation::Help => Ok(arguments::HELP.to_owned()),
        Invocation::Version => Ok(format!("faultline {}\n", env!("CARGO_PKG_VERSION"))),
        Invocation::Run(run) => run_design(run),
        Invocation::Scenarios => Ok(scenarios()),
        Invocation::Schema => Ok(format::schema::write()),
        Invocation::Link(source) => {
            let design = input::design(source)?;
            let shared = format::link::Shared { design, view: None };
            Ok(format!("{}\n", format::link::encode(&shared)))
        }
        Invocation::Open(link) => match format::link::decode(link) {
            Ok(shared) => Ok(format::json::write(&shared.design)),
            Err(error) => Err(error.to_string()),
        },
    }
}

fn run_design(run: &Run) -> Result<String, String> {
    let mut design = match run.remedy {
        true => input::mended(&run.source)?,
        false => input::design(&run.source)?,
    };
    for setting in &run.settings {
        design = input::set(design, setting)?;
    }
    let options = host::Options {
        seed: run.seed,
        duration: run.duration,
        ..host::Options::default()
    };
    let report =
        host::run(&design, &options).map_err(|problems| input::lines(&run.source, &problems))?;
    Ok(match run.format {
        Format::Json => host::report_json(&report) + "\n",
        Format::Text => text::report(&design, &report),
    })
}

fn scenarios() -> String {
    let scenarios = host::scenarios::all();
    let width = scenarios.iter().map(|scenario| scenario.id.len()).max();
    scenarios
        .iter()
        .map(|scenario| {
            let width = width.unwrap_or(0);
            format!("{:width$}  {}\n", scenario.id, scenario.summary)
        })
        .collect()
}
