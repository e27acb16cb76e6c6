//! The npm packages: the module for programs, of what `crates/wasm/npm/` holds and what
//! wasm-bindgen made, and the script for pages that embed simulations. Each is one directory from
//! which `npm pack` makes the archive.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::embedding;
use crate::steps::{output, root, target_dir};

const MANIFEST: &str = "package.json";
/// What the manifest has in place of the version, which is the workspace's.
const PLACEHOLDER: &str = "\"version\": \"0.0.0\"";
const LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

/// A package.
struct Package {
    /// The directory below `target/npm/`.
    name: &'static str,
    /// The directory of its manifest and of what is written by hand.
    sources: &'static str,
    /// The files there but for the manifest.
    written: &'static [&'static str],
    /// The files that the build makes.
    made: &'static [&'static str],
}

const PACKAGES: [Package; 2] = [
    Package {
        name: "engine",
        sources: "crates/wasm/npm",
        written: &["README.md", "browser.js", "index.d.ts", "node.js"],
        made: &[
            "faultline-wasm.js",
            "faultline-wasm.d.ts",
            "faultline-wasm_bg.wasm",
        ],
    },
    Package {
        name: "embed",
        sources: "web/embed",
        written: &["README.md"],
        made: &embedding::FILES,
    },
];

impl Package {
    /// Where the package is.
    fn dir(&self) -> PathBuf {
        target_dir().join("npm").join(self.name)
    }

    /// Writes the package. `built` has what the build makes.
    fn write(&self, built: &Path) -> Result<()> {
        let dir = self.dir();
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| dir.display().to_string())?;
        }
        fs::create_dir_all(&dir)?;
        let sources = root().join(self.sources);
        let written = self.written.iter().map(|name| sources.join(name));
        let licenses = LICENSES.iter().map(|name| root().join(name));
        let made = self.made.iter().map(|name| built.join(name));
        for file in written.chain(licenses).chain(made) {
            let name = file.file_name().expect("every file has a name");
            fs::copy(&file, dir.join(name)).with_context(|| file.display().to_string())?;
        }
        let path = sources.join(MANIFEST);
        let manifest = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(dir.join(MANIFEST), with_version(&manifest)?)?;
        Ok(())
    }
}

/// Writes the packages. `built` has what the build makes.
pub(crate) fn write(built: &Path) -> Result<()> {
    PACKAGES.iter().try_for_each(|package| package.write(built))
}

fn with_version(manifest: &str) -> Result<String> {
    if !manifest.contains(PLACEHOLDER) {
        bail!("{MANIFEST} of an npm package lacks {PLACEHOLDER}");
    }
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    Ok(manifest.replace(PLACEHOLDER, &version))
}

/// Packs the packages, as npm would publish them, into a directory.
pub(crate) fn pack(to: &Path) -> Result<Vec<PathBuf>> {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let pack = |package: &Package| {
        let mut pack = Command::new(npm);
        pack.args(["pack", "--silent", "--pack-destination"]);
        let name = output(pack.arg(to).current_dir(package.dir()))?;
        Ok(to.join(name.trim()))
    };
    PACKAGES.iter().map(pack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_the_version_of_the_workspace() {
        for package in PACKAGES {
            let path = root().join(package.sources).join(MANIFEST);
            let manifest = fs::read_to_string(path).unwrap();
            let manifest: serde_json::Value =
                serde_json::from_str(&with_version(&manifest).unwrap()).unwrap();
            assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
        }
        assert!(with_version("{}").is_err());
    }
}
