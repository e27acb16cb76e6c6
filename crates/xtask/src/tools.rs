//! Finds what is not Rust (node, npm packages, a browser) and installs what is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{output, root, run, step};

const NODE_MAJOR_MIN: u32 = 20;

/// Fails with advice when node is missing or too old.
pub(crate) fn node() -> Result<()> {
    let version = output(Command::new("node").arg("--version"))
        .context("node is missing: install Node.js 20 or newer")?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let major: u32 = major.and_then(|major| major.parse().ok()).unwrap_or(0);
    if major < NODE_MAJOR_MIN {
        bail!(
            "node is {}, the tests need {NODE_MAJOR_MIN} or newer",
            version.trim()
        );
    }
    Ok(())
}

/// Installs the npm packages when `package-lock.json` is newer than what is installed.
pub(crate) fn node_packages() -> Result<()> {
    node()?;
    let written = |path: PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
    let installed = written(root().join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= written(root().join("package-lock.json")) {
        return Ok(());
    }
    step("npm packages: what drives the browser", || {
        run(Command::new(npm()).args(["ci", "--no-audit", "--no-fund"]))
    })
}

/// A Chromium: `CHROME`, the system's, Playwright's own; else one that this installs.
pub(crate) fn browser() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("CHROME is {}, which is not a file", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = system_browser().or_else(playwright_browser) {
        return Ok(path);
    }
    if debian_as_root() {
        step("a browser: Debian's chromium, by apt", || {
            run(Command::new("apt-get").args(["update", "-q"]))?;
            run(Command::new("apt-get")
                .args(["install", "-y", "-q", "--no-install-recommends", "chromium"])
                .env("DEBIAN_FRONTEND", "noninteractive"))
        })?;
    } else {
        step("a browser: Playwright's chromium", || {
            run(Command::new("node").args([
                "node_modules/playwright-core/cli.js",
                "install",
                "chromium",
            ]))
        })?;
    }
    system_browser()
        .or_else(playwright_browser)
        .context("no browser found: install Chromium or Chrome, or set CHROME to one's path")
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
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
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES
        .iter()
        .flat_map(|name| dirs.iter().map(move |dir| dir.join(name)))
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|candidate| candidate.is_file())
}

/// Asks Playwright where its browser would be, since that depends on its version and the system.
fn playwright_browser() -> Option<PathBuf> {
    let script =
        "import('playwright-core').then(m => console.log(m.default.chromium.executablePath()))";
    let path = output(Command::new("node").args(["--eval", script])).ok()?;
    let path = PathBuf::from(path.trim());
    path.is_file().then_some(path)
}

fn debian_as_root() -> bool {
    let debian = std::fs::read_to_string("/etc/os-release")
        .is_ok_and(|text| text.lines().any(|line| line == "ID=debian"));
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    debian && root && Path::new("/usr/bin/apt-get").is_file()
}
