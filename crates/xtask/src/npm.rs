//! The JavaScript module as an npm package: what `crates/wasm/npm/` holds and what wasm-bindgen
//! made, in one directory from which `npm pack` makes the archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{output, root, target_dir};

/// The files of `crates/wasm/npm/` but for the manifest.
const WRITTEN: [&str; 4] = ["README.md", "browser.js", "index.d.ts", "node.js"];
const MANIFEST: &str = "package.json";
/// What the manifest has in place of the version, which is the workspace's.
const PLACEHOLDER: &str = "\"version\": \"0.0.0\"";
const LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
/// What wasm-bindgen makes of the module.
const MADE: [&str; 3] = [
    "faultline-wasm.js",
    "faultline-wasm.d.ts",
    "faultline-wasm_bg.wasm",
];

/// Where the package is.
fn dir() -> PathBuf {
    target_dir().join("npm/engine")
}

/// Writes the package with the module in `bindings`.
pub(crate) fn write(bindings: &Path) -> Result<()> {
    let dir = dir();
    if dir.exists() {
        fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
    }
    fs::create_dir_all(&dir)?;
    let sources = root().join("crates/wasm/npm");
    let written = WRITTEN.map(|name| sources.join(name));
    let licenses = LICENSES.map(|name| root().join(name));
    let made = MADE.map(|name| bindings.join(name));
    for file in written.iter().chain(&licenses).chain(&made) {
        let name = file.file_name().expect("every file has a name");
        fs::copy(file, dir.join(name)).with_context(|| file.display().to_string())?;
    }
    let manifest = fs::read_to_string(sources.join(MANIFEST))?;
    fs::write(dir.join(MANIFEST), with_version(&manifest)?)?;
    Ok(())
}

fn with_version(manifest: &str) -> Result<String> {
    if !manifest.contains(PLACEHOLDER) {
        bail!("crates/wasm/npm/{MANIFEST} lacks {PLACEHOLDER}");
    }
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    Ok(manifest.replace(PLACEHOLDER, &version))
}

/// Packs the package, as npm would publish it, into a directory.
pub(crate) fn pack(to: &Path) -> Result<PathBuf> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut pack = Command::new(npm);
    pack.args(["pack", "--silent", "--pack-destination"]);
    let name = output(pack.arg(to).current_dir(dir()))?;
    Ok(to.join(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_has_the_version_of_the_workspace() {
        let manifest = fs::read_to_string(root().join("crates/wasm/npm/package.json")).unwrap();
        let manifest: serde_json::Value =
            serde_json::from_str(&with_version(&manifest).unwrap()).unwrap();
        assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        assert!(with_version("{}").is_err());
    }
}
