//! Decides what to install on a machine, and what to say where that is not possible. Nothing here
//! looks at the machine or runs a command, so the tests cover every decision without a network.

use std::fmt;

use super::Need;
use super::facts::{Browser, Facts, Packager, Packages, Rust, System, npm};
use crate::page::WASM;

/// Node.js releases older than this one are not supported.
pub(crate) const NODE_MAJOR_MIN: u32 = 20;

const RUSTUP_INSTALL: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";

/// What has to happen before a command can start.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is installed, in this order.
    pub installs: Vec<Install>,
    /// One sentence for each thing that cannot be installed, with the command to run.
    pub refusals: Vec<String>,
}

/// Commands that install something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Install {
    pub what: String,
    pub lines: Vec<Line>,
    /// A command that does the same in another way.
    pub otherwise: Option<String>,
}

/// A command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub program: String,
    pub args: Vec<String>,
    /// The commands after this one may succeed although this one failed.
    pub may_fail: bool,
}

impl Line {
    fn new(program: &str, args: &[&str]) -> Line {
        Line {
            program: program.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            may_fail: false,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.program)?;
        self.args.iter().try_for_each(|arg| write!(to, " {arg}"))
    }
}

impl Plan {
    /// The plan for a machine that lacks some of the needs.
    pub(crate) fn new(needs: &[Need], facts: &Facts) -> Plan {
        let mut plan = Plan::default();
        plan.rust(needs, facts);
        if needs.contains(&Need::Node) || needs.contains(&Need::NpmPackages) {
            plan.node(facts);
        }
        if needs.contains(&Need::NpmPackages) {
            plan.npm_packages(facts);
        }
        let mut from_apt = Vec::new();
        if needs.contains(&Need::Browser) {
            plan.browser(facts, &mut from_apt);
        }
        if needs.contains(&Need::Valgrind) {
            plan.valgrind(facts, &mut from_apt);
        }
        plan.apt(&from_apt);
        plan
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.installs.is_empty() && self.refusals.is_empty()
    }

    fn install(&mut self, what: &str, line: Line) {
        self.installs.push(Install {
            what: what.to_owned(),
            lines: vec![line],
            otherwise: None,
        });
    }

    fn rust(&mut self, needs: &[Need], facts: &Facts) {
        let target = needs.contains(&Need::WasmTarget) && !facts.wasm_target;
        let mut components = Vec::new();
        for (need, is_there, name) in [
            (Need::Rustfmt, facts.rustfmt, "rustfmt"),
            (Need::Clippy, facts.clippy, "clippy"),
        ] {
            if needs.contains(&need) && !is_there {
                components.push(name);
            }
        }
        if !target && components.is_empty() {
            return;
        }
        if let Rust::Rustup(toolchain) = &facts.rust {
            if target {
                let args = ["target", "add", "--toolchain", toolchain, WASM];
                self.install("the WebAssembly target", Line::new("rustup", &args));
            }
            if !components.is_empty() {
                let what = components.join(" and ");
                let args = [
                    &["component", "add", "--toolchain", toolchain],
                    &components[..],
                ];
                self.install(&what, Line::new("rustup", &args.concat()));
            }
            return;
        }
        let target = target.then_some("the target wasm32-unknown-unknown");
        let lacks: Vec<&str> = target.into_iter().chain(components).collect();
        self.refusals.push(without_rustup(&lacks.join(", "), facts));
    }

    fn node(&mut self, facts: &Facts) {
        let found = match facts.node.as_deref() {
            Some(version) if major(version) >= NODE_MAJOR_MIN => return,
            Some(version) => format!("`node` is {version}"),
            None => "`node` does not run".to_owned(),
        };
        let install = match by_hand(&facts.system, Software::Node) {
            Some(command) => format!("run `{command}`"),
            None => "run `nvm install 22`, or install it from https://nodejs.org".to_owned(),
        };
        self.refusals.push(format!(
            "Node.js {NODE_MAJOR_MIN} or newer is required, but {found}: {install}"
        ));
    }

    fn npm_packages(&mut self, facts: &Facts) {
        let what = match facts.packages {
            Packages::Current => return,
            Packages::Stale => "the npm packages, since package-lock.json has changed",
            Packages::Missing => "the npm packages",
        };
        if facts.npm {
            return self.install(what, Line::new(npm(), &["ci", "--no-audit", "--no-fund"]));
        }
        // Without Node.js, its own refusal is enough: npm comes with it.
        if facts.node.is_some() {
            let install = match by_hand(&facts.system, Software::Npm) {
                Some(command) => format!("run `{command}`"),
                None => "install Node.js from https://nodejs.org, which includes it".to_owned(),
            };
            self.refusals.push(format!(
                "npm is required for the npm packages, but `npm` does not run: {install}"
            ));
        }
    }

    fn browser(&mut self, facts: &Facts, from_apt: &mut Vec<&str>) {
        match &facts.browser {
            Browser::Found(_) => return,
            Browser::WrongVariable(path) => {
                return self.refusals.push(format!(
                    "CHROME is `{}`, which is not a file: set it to the path of a Chromium or \
                     Chrome, or run `unset CHROME`",
                    path.display()
                ));
            }
            Browser::Missing => {}
        }
        let apt = installs_from_apt(&facts.system);
        if apt && !facts.system.is_ubuntu {
            return from_apt.push("chromium");
        }
        let cli = "node_modules/playwright-core/cli.js";
        let args: &[&str] = match apt {
            true => &[cli, "install", "--with-deps", "chromium"],
            false => &[cli, "install", "chromium"],
        };
        self.installs.push(Install {
            what: "a browser (Playwright's Chromium)".to_owned(),
            lines: vec![Line::new("node", args)],
            otherwise: by_hand(&facts.system, Software::Browser),
        });
    }

    fn valgrind(&mut self, facts: &Facts, from_apt: &mut Vec<&str>) {
        if facts.valgrind {
            return;
        }
        if installs_from_apt(&facts.system) {
            return from_apt.push("valgrind");
        }
        let install = match by_hand(&facts.system, Software::Valgrind) {
            Some(command) => format!("run `{command}`"),
            None => "install it from https://valgrind.org".to_owned(),
        };
        self.refusals.push(format!(
            "valgrind is required to count instructions, but does not run: {install}"
        ));
    }

    fn apt(&mut self, packages: &[&str]) {
        if packages.is_empty() {
            return;
        }
        let mut update = Line::new("apt-get", &["update", "-q"]);
        // One broken source among many fails an update and does not matter here.
        update.may_fail = true;
        let args = [
            &["install", "-y", "-q", "--no-install-recommends"],
            packages,
        ]
        .concat();
        self.installs.push(Install {
            what: packages.join(" and "),
            lines: vec![update, Line::new("apt-get", &args)],
            otherwise: None,
        });
    }
}

fn without_rustup(lacks: &str, facts: &Facts) -> String {
    match &facts.rust {
        Rust::BesideRustup(sysroot) => format!(
            "the Rust toolchain in {} lacks {lacks}, and rustup does not manage it: put rustup's \
             cargo first with `export PATH=\"$HOME/.cargo/bin:$PATH\"`",
            sysroot.display()
        ),
        _ if facts.system.is_windows => format!(
            "the Rust toolchain lacks {lacks}, and rustup is not installed: run \
             `winget install Rustlang.Rustup`"
        ),
        _ => format!(
            "the Rust toolchain lacks {lacks}, and rustup is not installed: run \
             `{RUSTUP_INSTALL}`"
        ),
    }
}

/// The first number of `v20.11.0`; 0 if there is none.
fn major(version: &str) -> u32 {
    let number = version.trim_start_matches('v').split('.').next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn installs_from_apt(system: &System) -> bool {
    system.packager == Some(Packager::Apt) && system.is_root
}

/// Software that the system's packages offer.
#[derive(Clone, Copy)]
enum Software {
    Node,
    Npm,
    Browser,
    Valgrind,
}

/// The command with which a person installs something from the system's packages.
fn by_hand(system: &System, software: Software) -> Option<String> {
    use Packager::{Apk, Apt, Brew, Dnf, Pacman, Winget, Zypper};
    let packager = system.packager?;
    let packages = match (software, packager) {
        // The stable releases of these offer a Node.js that is too old.
        (Software::Node, Apt | Zypper) => return None,
        (Software::Node, Dnf | Pacman | Apk) => "nodejs npm",
        (Software::Node | Software::Npm, Brew) => "node",
        (Software::Node | Software::Npm, Winget) => "OpenJS.NodeJS.LTS",
        (Software::Npm, Apt | Dnf | Pacman | Apk) => "npm",
        (Software::Npm, Zypper) => return None,
        // A snap, which does not run everywhere.
        (Software::Browser, Apt) if system.is_ubuntu => return None,
        (Software::Browser, Apt | Dnf | Pacman | Zypper | Apk) => "chromium",
        (Software::Browser, Brew) => "--cask google-chrome",
        (Software::Browser, Winget) => "Google.Chrome",
        (Software::Valgrind, Winget) => return None,
        (Software::Valgrind, Apt | Dnf | Pacman | Zypper | Apk | Brew) => "valgrind",
    };
    let (installs, needs_root) = match packager {
        Apt => ("apt-get install -y", true),
        Dnf => ("dnf install -y", true),
        Pacman => ("pacman -S --noconfirm", true),
        Zypper => ("zypper install -y", true),
        Apk => ("apk add", true),
        Brew => ("brew install", false),
        Winget => ("winget install", false),
    };
    let sudo = if needs_root && !system.is_root {
        "sudo "
    } else {
        ""
    };
    Some(format!("{sudo}{installs} {packages}"))
}

#[cfg(test)]
mod tests;
