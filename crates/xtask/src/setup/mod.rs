//! Set-up, before anything is compiled: what a command needs is used if it is installed, and
//! installed if it is missing. If that is not possible, one sentence says which command to run.

mod facts;
mod plan;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{run, step};
use facts::{Browser, Facts};
use plan::{Line, Plan};

/// Something that a command needs on this machine, beside cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The target that the page is compiled for.
    WasmTarget,
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`.
    Clippy,
    /// Node.js, recent enough.
    Node,
    /// The packages of `package-lock.json`.
    NpmPackages,
    /// Chromium or Chrome.
    Browser,
    /// valgrind.
    Valgrind,
}

/// Makes sure that this machine has what is needed, and installs what is missing. If something is
/// missing that cannot be installed, fails before it installs anything.
///
/// Returns the browser's path if a browser is among the needs.
pub(crate) fn ensure(needs: &[Need]) -> Result<Option<PathBuf>> {
    let mut facts = Facts::probe(needs);
    let plan = Plan::new(needs, &facts);
    if let Some(problems) = refused(&plan) {
        bail!("{problems}\nNothing was installed or compiled.");
    }
    if !plan.is_empty() {
        carry_out(&plan, &mut |line| {
            let mut command = Command::new(&line.program);
            run(command
                .args(&line.args)
                .env("DEBIAN_FRONTEND", "noninteractive"))
        })?;
        facts = Facts::probe(needs);
        still_missing(&Plan::new(needs, &facts))?;
    }
    Ok(match facts.browser {
        Browser::Found(path) => Some(path),
        Browser::WrongVariable(_) | Browser::Missing => None,
    })
}

/// Whether a recent enough Node.js is installed.
pub(crate) fn has_node() -> bool {
    let needs = [Need::Node];
    Plan::new(&needs, &Facts::probe(&needs)).is_empty()
}

fn refused(plan: &Plan) -> Option<String> {
    if plan.refusals.is_empty() {
        return None;
    }
    let lines = plan
        .refusals
        .iter()
        .map(|refusal| format!("\n  - {refusal}"));
    Some(format!(
        "this machine lacks what the command needs:{}",
        lines.collect::<String>()
    ))
}

/// Runs the plan's commands, and names the one that failed.
fn carry_out(plan: &Plan, run: &mut dyn FnMut(&Line) -> Result<()>) -> Result<()> {
    for install in &plan.installs {
        step(&format!("install {}", install.what), || {
            for line in &install.lines {
                let result = run(line);
                if let (Err(error), false) = (result, line.may_fail) {
                    let otherwise = install.otherwise.as_ref();
                    let otherwise = otherwise.map(|command| format!(", or run `{command}`"));
                    bail!(
                        "{error}\n{} could not be installed, for the reason that is printed above. \
                         `{line}` needs a network connection. Run it by hand{}, then repeat this \
                         command.",
                        install.what,
                        otherwise.unwrap_or_default()
                    );
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Fails if something is missing after everything was installed, and says what.
fn still_missing(plan: &Plan) -> Result<()> {
    if let Some(problems) = refused(plan) {
        bail!("{problems}");
    }
    let Some(install) = plan.installs.first() else {
        return Ok(());
    };
    let line = install
        .lines
        .last()
        .map(Line::to_string)
        .unwrap_or_default();
    bail!(
        "`{line}` succeeded, but this machine still lacks {}: check the PATH",
        install.what
    );
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;
    use facts::{Packager, Rust, System};

    /// Debian, used as root, without the WebAssembly target and without valgrind.
    fn machine() -> Plan {
        let facts = Facts {
            rust: Rust::Rustup("1.95.0-x".to_owned()),
            system: System {
                packager: Some(Packager::Apt),
                is_root: true,
                ..System::default()
            },
            ..Facts::default()
        };
        Plan::new(&[Need::WasmTarget, Need::Valgrind], &facts)
    }

    /// Carries the plan out with commands of which those fail that start with `failing`.
    fn carried_out(plan: &Plan, failing: &str) -> (Vec<String>, Result<()>) {
        let mut lines = Vec::new();
        let result = carry_out(plan, &mut |line| {
            let line = line.to_string();
            let failed = line.starts_with(failing);
            lines.push(line);
            if failed {
                Err(anyhow!("ended with exit status: 1"))
            } else {
                Ok(())
            }
        });
        (lines, result)
    }

    #[test]
    fn everything_is_installed_in_order() {
        let (lines, result) = carried_out(&machine(), "nothing");
        assert!(result.is_ok());
        let programs: Vec<&str> = lines
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(programs, ["rustup", "apt-get", "apt-get"]);
    }

    #[test]
    fn without_a_network_the_message_names_the_command() {
        let (lines, result) = carried_out(&machine(), "rustup target add");
        assert_eq!(lines.len(), 1, "nothing is run after a failure");
        let message = format!("{:#}", result.unwrap_err());
        let command = "`rustup target add --toolchain 1.95.0-x wasm32-unknown-unknown`";
        assert!(
            message.contains("the WebAssembly target could not be installed"),
            "{message}"
        );
        assert!(
            message.contains(&format!("{command} needs a network connection")),
            "{message}"
        );
    }

    #[test]
    fn an_update_of_apt_that_fails_stops_nothing() {
        let (lines, result) = carried_out(&machine(), "apt-get update");
        assert!(result.is_ok());
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_is_still_missing_after_its_installation_is_an_error() {
        let mut plan = machine();
        plan.installs.remove(0);
        let message = still_missing(&plan).unwrap_err().to_string();
        assert_eq!(
            message,
            "`apt-get install -y -q --no-install-recommends valgrind` succeeded, but this \
             machine still lacks valgrind: check the PATH"
        );
        assert!(still_missing(&Plan::default()).is_ok());
    }

    #[test]
    fn all_refusals_are_reported_together() {
        let needs = [Need::WasmTarget, Need::Node, Need::Valgrind];
        let problems = refused(&Plan::new(&needs, &Facts::default())).unwrap();
        assert_eq!(problems.lines().count(), 4, "{problems}");
        assert_eq!(refused(&machine()), None);
    }
}
