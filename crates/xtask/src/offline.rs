//! The service worker of a build: `web/offline.js` with the files that it keeps.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::page::{Versions, fingerprint};
use crate::steps::root;

/// The name of the worker, in `web/` and in the page.
pub(crate) const NAME: &str = "offline.js";

/// Beginnings and ends of the names of what is published for others than the playground.
const LEFT_OUT: (&[&str], &[&str]) = (
    &[
        "embed.classic.js",
        "embed.js",
        "essays/",
        "faultline-wasm",
        NAME,
        "lessons/",
        "pictures/lessons/",
        "rules/",
        "sitemap.xml",
    ],
    &[".d.ts", ".txt"],
);

/// Writes the worker of the build in `dist`. `versions` are those that the page's addresses carry.
pub(crate) fn write(dist: &Path, versions: &Versions) -> Result<()> {
    let source = root().join("web").join(NAME);
    let text = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    let mut names = files(dist)?;
    names.retain(|name| is_kept(name));
    let mut hashes = fingerprint(text.as_bytes());
    // A visit asks for the directory, a link may name the file.
    let mut addresses = vec!["./".to_owned()];
    for name in &names {
        hashes += &fingerprint(&fs::read(dist.join(name))?);
        // A page is asked for by its name alone, from outside.
        let version = versions.get(name).filter(|_| !name.ends_with(".html"));
        addresses.push(match version {
            Some(version) => format!("{name}?v={version}"),
            None => name.clone(),
        });
    }
    let text = with_files(&text, &fingerprint(hashes.as_bytes()), &addresses)?;
    fs::write(dist.join(NAME), text)?;
    Ok(())
}

/// The files of a directory and of those in it, by their names below it, in order.
pub(crate) fn files(dist: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    collect(dist, "", &mut names)?;
    names.sort();
    Ok(names)
}

fn collect(dist: &Path, below: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(dist.join(below))? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(dist, &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn is_kept(name: &str) -> bool {
    let (starts, ends) = LEFT_OUT;
    !starts.iter().any(|start| name.starts_with(start))
        && !ends.iter().any(|end| name.ends_with(end))
}

fn with_files(text: &str, version: &str, addresses: &[String]) -> Result<String> {
    let places = ["const VERSION = \"\";", "const FILES = [];"];
    let found = places.iter().all(|place| text.matches(place).count() == 1);
    ensure!(found, "web/{NAME} needs the lines {}", places.join(" and "));
    let files: String = addresses
        .iter()
        .map(|it| format!("\n  \"{it}\","))
        .collect();
    let text = text.replace(places[0], &format!("const VERSION = \"{version}\";"));
    Ok(text.replace(places[1], &format!("const FILES = [{files}\n];")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_lists_the_files_of_its_version() {
        let text = "const VERSION = \"\";\nconst FILES = [];\n";
        let addresses = ["./", "boot.js?v=0a"].map(str::to_owned);
        assert_eq!(
            with_files(text, "0b", &addresses).unwrap(),
            "const VERSION = \"0b\";\nconst FILES = [\n  \"./\",\n  \"boot.js?v=0a\",\n];\n"
        );
        assert!(with_files("const FILES = [];\n", "0b", &addresses).is_err());
    }

    #[test]
    fn what_is_for_others_is_not_kept() {
        for name in [
            "faultline-wasm_bg.wasm",
            "faultline-wasm.d.ts",
            "embed.js",
            "offline.js",
            "lessons/cap/index.html",
            "pictures/lessons/cap.svg",
        ] {
            assert!(!is_kept(name), "{name}");
        }
        for name in [
            "index.html",
            "rules.html",
            "faultline-web_bg.wasm",
            "scenarios/sound/saga.json",
        ] {
            assert!(is_kept(name), "{name}");
        }
    }
}
