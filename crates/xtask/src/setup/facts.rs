//! What is known about a machine, and how it is found out.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Need;
use crate::page::WASM;
use crate::steps::{cargo, output, root};

/// What is known about a machine. `Facts::probe` looks up only the facts that decide about the
/// given needs; the others keep their defaults, which mean "missing".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// What manages the Rust toolchain.
    pub rust: Rust,
    /// Whether the toolchain can compile to WebAssembly.
    pub wasm_target: bool,
    /// Whether `cargo fmt` works.
    pub rustfmt: bool,
    /// Whether `cargo clippy` works.
    pub clippy: bool,
    /// What `node --version` prints.
    pub node: Option<String>,
    /// Whether npm runs.
    pub npm: bool,
    /// The packages of `package-lock.json`.
    pub packages: Packages,
    /// The browser that the tests would drive.
    pub browser: Browser,
    /// Whether valgrind runs.
    pub valgrind: bool,
    /// How software is installed on this system.
    pub system: System,
}

/// What manages the Rust toolchain that compiles this workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rust {
    /// rustup, which calls the toolchain by this name.
    Rustup(String),
    /// Something else, such as a distribution, although rustup is installed. The path is the
    /// toolchain's directory.
    BesideRustup(PathBuf),
    /// Something else; rustup is not installed.
    #[default]
    WithoutRustup,
}

/// The state of `node_modules/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Packages {
    Current,
    /// Older than `package-lock.json`.
    Stale,
    #[default]
    Missing,
}

/// The browser that the tests would drive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Browser {
    /// `CHROME`, the system's browser, or Playwright's own, in this order.
    Found(PathBuf),
    /// `CHROME` names something that is not a file.
    WrongVariable(PathBuf),
    #[default]
    Missing,
}

/// How software is installed on a system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct System {
    pub packager: Option<Packager>,
    pub is_root: bool,
    /// Ubuntu's chromium package only installs a snap, which does not run in containers.
    pub is_ubuntu: bool,
    pub is_windows: bool,
}

/// The client that installs the system's packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packager {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Apk,
    Brew,
    Winget,
}

impl Packager {
    const ALL: [(&str, Packager); 7] = [
        ("apt-get", Packager::Apt),
        ("dnf", Packager::Dnf),
        ("pacman", Packager::Pacman),
        ("zypper", Packager::Zypper),
        ("apk", Packager::Apk),
        ("brew", Packager::Brew),
        ("winget.exe", Packager::Winget),
    ];
}

impl Facts {
    /// Looks up the facts that decide about these needs.
    pub(crate) fn probe(needs: &[Need]) -> Facts {
        let needed = |any: &[Need]| any.iter().any(|need| needs.contains(need));
        let uses_rust = needed(&[Need::WasmTarget, Need::Rustfmt, Need::Clippy]);
        let uses_node = needed(&[Need::Node, Need::NpmPackages, Need::Browser]);
        Facts {
            rust: if uses_rust { rust() } else { Rust::default() },
            wasm_target: needed(&[Need::WasmTarget]) && has_wasm_target(),
            rustfmt: needed(&[Need::Rustfmt]) && output(&mut cargo(&["fmt", "--version"])).is_ok(),
            clippy: needed(&[Need::Clippy]) && output(&mut cargo(&["clippy", "--version"])).is_ok(),
            node: if uses_node { node_version() } else { None },
            npm: uses_node && output(Command::new(npm()).arg("--version")).is_ok(),
            packages: if uses_node {
                packages()
            } else {
                Packages::default()
            },
            browser: if needed(&[Need::Browser]) {
                browser()
            } else {
                Browser::default()
            },
            valgrind: needed(&[Need::Valgrind])
                && output(Command::new("valgrind").arg("--version")).is_ok(),
            system: System::probe(),
        }
    }
}

impl System {
    fn probe() -> System {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let packager = Packager::ALL
            .iter()
            .find(|(name, _)| !on_path(name).is_empty());
        System {
            packager: packager.map(|(_, packager)| *packager),
            is_root: output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0"),
            is_ubuntu: release
                .lines()
                .any(|line| line.replace('"', "") == "ID=ubuntu"),
            is_windows: cfg!(windows),
        }
    }
}

/// The name of npm's program.
pub(crate) fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// The version that `node --version` prints, `None` where node does not run.
pub(crate) fn node_version() -> Option<String> {
    let version = output(Command::new("node").arg("--version")).ok()?;
    Some(version.trim().to_owned())
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// A toolchain that rustup manages is in its directory `toolchains/`, under its own name or under
/// that of the toolchain that it is a link to. `RUSTUP_TOOLCHAIN` is set by rustup's cargo.
fn rust() -> Rust {
    if output(Command::new("rustup").arg("--version")).is_err() {
        return Rust::WithoutRustup;
    }
    let sysroot = output(rustc().args(["--print", "sysroot"])).unwrap_or_default();
    let sysroot = PathBuf::from(sysroot.trim());
    let parent = sysroot.parent().and_then(Path::file_name);
    match (parent, sysroot.file_name()) {
        (Some(parent), Some(directory)) if parent == "toolchains" => {
            let name = std::env::var("RUSTUP_TOOLCHAIN").ok();
            Rust::Rustup(name.unwrap_or_else(|| directory.to_string_lossy().into_owned()))
        }
        _ => Rust::BesideRustup(sysroot),
    }
}

fn has_wasm_target() -> bool {
    let Ok(dir) = output(rustc().args(["--print", "target-libdir", "--target", WASM])) else {
        return false;
    };
    let files = std::fs::read_dir(dir.trim())
        .into_iter()
        .flatten()
        .flatten();
    files
        .into_iter()
        .any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn packages() -> Packages {
    let written = |path: &str| {
        root()
            .join(path)
            .metadata()
            .and_then(|meta| meta.modified())
            .ok()
    };
    match written("node_modules/.package-lock.json") {
        None => Packages::Missing,
        installed if installed >= written("package-lock.json") => Packages::Current,
        Some(_) => Packages::Stale,
    }
}

fn browser() -> Browser {
    if let Some(path) = std::env::var_os("CHROME") {
        let path = PathBuf::from(path);
        return match path.is_file() {
            true => Browser::Found(path),
            false => Browser::WrongVariable(path),
        };
    }
    match system_browser().or_else(playwright_browser) {
        Some(path) => Browser::Found(path),
        None => Browser::Missing,
    }
}

fn system_browser() -> Option<PathBuf> {
    const NAMES: [&str; 4] = [
        "chromium",
        "google-chrome-stable",
        "google-chrome",
        "chromium-browser",
    ];
    const PLACES: [&str; 3] = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "C:/Program Files/Google/Chrome/Application/chrome.exe",
    ];
    // Ubuntu's chromium-browser may be a script that only says that a snap is missing, so a file
    // on the PATH counts only if it runs.
    let runs = |path: &PathBuf| output(Command::new(path).arg("--version")).is_ok();
    let named = NAMES.iter().flat_map(|name| on_path(name)).find(runs);
    named.or_else(|| PLACES.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// The browser that Playwright has installed. Playwright computes its path from its own version and
/// the system.
fn playwright_browser() -> Option<PathBuf> {
    let script =
        "import('playwright-core').then(m => console.log(m.default.chromium.executablePath()))";
    let path = output(Command::new("node").args(["--eval", script])).ok()?;
    let path = PathBuf::from(path.trim());
    path.is_file().then_some(path)
}

/// The files of this name in the directories of `PATH`.
fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let files = std::env::split_paths(&path).map(|dir| dir.join(name));
    files.filter(|file| file.is_file()).collect()
}
