//! `package`: the parts of a release, in `target/package/`. The release workflow calls this on each
//! platform, so that a release can be tried on any machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::npm;
use crate::page::{self, Flavour};
use crate::steps::{cargo, output, root, run, step, target_dir};

/// The version of everything in the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What goes into every archive beside its own files.
const LICENSES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
/// The list of checksums, in the format of `sha256sum`.
const CHECKSUMS: &str = "SHA256SUMS";

/// A part of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The command line of one platform.
    Binary,
    /// The static page.
    Page,
    /// The JavaScript module.
    Npm,
    /// The section of CHANGELOG.md.
    Notes,
    /// Checksums of the other parts.
    Checksums,
}

/// In the order they are made: checksums are last.
const PARTS: [(&str, Part); 5] = [
    ("binary", Part::Binary),
    ("page", Part::Page),
    ("npm", Part::Npm),
    ("notes", Part::Notes),
    ("checksums", Part::Checksums),
];

/// Makes the named parts, or all of them. `target` is the platform of the binary if it is not this
/// one; `tag` is the tag of the release, which must be of the workspace's version.
pub(crate) fn make(names: &[String], target: Option<&str>, tag: Option<&str>) -> Result<()> {
    let parts = parts(names)?;
    if let Some(tag) = tag
        && tag != format!("v{VERSION}")
    {
        bail!("the tag is {tag} and the version is {VERSION}; expected the tag v{VERSION}");
    }
    let dir = target_dir().join("package");
    fs::create_dir_all(&dir)?;
    // Page and module are one build.
    if parts.contains(&Part::Page) || parts.contains(&Part::Npm) {
        page::build(Flavour::Release)?;
    }
    for part in parts {
        let made = match part {
            Part::Binary => vec![step("package: binary", || binary(&dir, target))?],
            Part::Page => vec![step("package: page", || archive_page(&dir))?],
            Part::Npm => step("package: npm", || npm::pack(&dir))?,
            Part::Notes => vec![notes(&dir, tag.is_some())?],
            Part::Checksums => vec![checksums(&dir)?],
        };
        made.iter().for_each(|path| println!("{}", path.display()));
    }
    Ok(())
}

fn parts(names: &[String]) -> Result<Vec<Part>> {
    for name in names {
        if !PARTS.iter().any(|(known, _)| known == name) {
            let known = PARTS.map(|(known, _)| known).join(", ");
            bail!("unknown part `{name}` of a release; expected one of {known}");
        }
    }
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let wanted = PARTS.iter().filter(|(name, _)| is_wanted(name));
    Ok(wanted.map(|(_, part)| *part).collect())
}

/// Builds the command line, sees that it runs, and archives it.
fn binary(dir: &Path, target: Option<&str>) -> Result<PathBuf> {
    let host = host()?;
    let platform = target.unwrap_or(&host);
    let mut command = cargo(&["build", "--profile", "native", "-p", "faultline"]);
    let mut built = target_dir();
    if let Some(target) = target {
        command.args(["--target", target]);
        built.push(target);
    }
    run(&mut command)?;
    let windows = platform.contains("windows");
    let name = if windows {
        "faultline.exe"
    } else {
        "faultline"
    };
    let binary = built.join("native").join(name);
    if platform == host {
        let said = output(Command::new(&binary).arg("--version"))?;
        if said.trim() != format!("faultline {VERSION}") {
            bail!("{} says it is {said}", binary.display());
        }
        output(Command::new(&binary).args(["run", "retry-storm", "--duration", "5s"]))?;
    }
    let mut files = vec![(name.to_owned(), binary)];
    files.extend(documents(&["README.md", "CHANGELOG.md"]));
    archive(dir, &format!("faultline-v{VERSION}-{platform}"), files)
}

/// The platform that this machine's compiler makes binaries for.
fn host() -> Result<String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

fn archive_page(dir: &Path) -> Result<PathBuf> {
    let dist = Flavour::Release.dist();
    let mut files = Vec::new();
    list(&dist, &dist, &mut files)?;
    files.extend(documents(&[]));
    archive(dir, &format!("faultline-page-v{VERSION}"), files)
}

/// The files below a directory, by their paths in it.
fn list(base: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            list(base, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(base)?.to_string_lossy();
        files.push((name.replace('\\', "/"), path));
    }
    Ok(())
}

/// The licenses and these documents.
fn documents(names: &[&str]) -> Vec<(String, PathBuf)> {
    let names = LICENSES.iter().chain(names);
    names
        .map(|name| ((*name).to_owned(), root().join(name)))
        .collect()
}

/// Writes `NAME.tar.gz` with these files in a directory `NAME`. The same files give the same bytes.
fn archive(dir: &Path, name: &str, mut files: Vec<(String, PathBuf)>) -> Result<PathBuf> {
    files.sort();
    let path = dir.join(format!("{name}.tar.gz"));
    let file = fs::File::create(&path).with_context(|| path.display().to_string())?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    tar.mode(tar::HeaderMode::Deterministic);
    for (inside, outside) in files {
        tar.append_path_with_name(&outside, format!("{name}/{inside}"))
            .with_context(|| outside.display().to_string())?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(path)
}

/// Writes what the release says: its section of the changelog. Until the version is tagged, what is
/// not released yet will do.
fn notes(dir: &Path, is_tagged: bool) -> Result<PathBuf> {
    let path = dir.join("NOTES.md");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
    let unreleased = || match is_tagged {
        true => None,
        false => section(&changelog, "Unreleased"),
    };
    let section = section(&changelog, VERSION)
        .or_else(unreleased)
        .with_context(|| format!("CHANGELOG.md has no section `## [{VERSION}]`"))?;
    fs::write(&path, section)?;
    Ok(path)
}

/// The text below the heading of a version, up to the next heading of that level.
fn section(changelog: &str, version: &str) -> Option<String> {
    let heading = format!("## [{version}]");
    let mut lines = changelog.lines();
    lines.find(|line| line.starts_with(&heading))?;
    let is_inside = |line: &&str| !line.starts_with("## ") && !line.starts_with("[");
    let section: Vec<&str> = lines.take_while(is_inside).collect();
    let text = section.join("\n").trim().to_owned();
    (!text.is_empty()).then(|| text + "\n")
}

/// Writes the checksums of all archives in the directory.
fn checksums(dir: &Path) -> Result<PathBuf> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
            names.push(name);
        }
    }
    names.sort();
    let mut list = String::new();
    for name in names {
        let bytes = fs::read(dir.join(&name))?;
        list += &format!("{}  {name}\n", sha256(&bytes));
    }
    let path = dir.join(CHECKSUMS);
    fs::write(&path, list)?;
    Ok(path)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory of this name.
    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("faultline-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn parts_are_made_in_their_order() {
        let of = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            parts(&names).map_err(|error| error.to_string())
        };
        assert_eq!(of(&[]).unwrap().len(), PARTS.len());
        assert_eq!(
            of(&["checksums", "npm"]),
            Ok(vec![Part::Npm, Part::Checksums])
        );
        assert!(of(&["bin"]).unwrap_err().contains("one of binary, page"));
    }

    #[test]
    fn a_tag_of_another_version_makes_nothing() {
        let refused = make(&["notes".to_owned()], None, Some("v0.0.9")).unwrap_err();
        assert!(refused.to_string().contains(&format!("v{VERSION}")));
    }

    #[test]
    fn an_archive_has_its_files_in_one_directory_and_is_the_same_again() {
        let dir = scratch("archive");
        fs::create_dir_all(dir.join("in/deep")).unwrap();
        fs::write(dir.join("in/deep/b.txt"), "b").unwrap();
        fs::write(dir.join("in/a.txt"), "a").unwrap();
        let mut files = Vec::new();
        list(&dir.join("in"), &dir.join("in"), &mut files).unwrap();
        files.extend(documents(&[]));
        let made = archive(&dir, "x", files.clone()).unwrap();
        let bytes = fs::read(&made).unwrap();
        files.reverse();
        assert_eq!(fs::read(archive(&dir, "x", files).unwrap()).unwrap(), bytes);

        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
        let entries = tar.entries().unwrap();
        let names: Vec<String> = entries
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        assert_eq!(
            names,
            [
                "x/LICENSE-APACHE",
                "x/LICENSE-MIT",
                "x/a.txt",
                "x/deep/b.txt"
            ]
        );
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let dir = scratch("checksums");
        fs::write(dir.join("b.tgz"), "abc").unwrap();
        fs::write(dir.join("a.tar.gz"), "").unwrap();
        fs::write(dir.join("other.txt"), "x").unwrap();
        let list = fs::read_to_string(checksums(&dir).unwrap()).unwrap();
        // FIPS 180-4's example, and the digest of nothing.
        assert_eq!(
            list,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.tar.gz\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.tgz\n"
        );
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn notes_are_the_section_of_the_version() {
        let changelog = "# Changelog\n\n## [Unreleased]\n\n- c\n\n## [0.2.0] - 2026-01-01\n\n\
                         ### Added\n\n- b\n\n## [0.1.0]\n\n- a\n\n[0.1.0]: https://example.org\n";
        let of = |version| section(changelog, version);
        assert_eq!(of("0.2.0").as_deref(), Some("### Added\n\n- b\n"));
        assert_eq!(of("0.1.0").as_deref(), Some("- a\n"));
        assert_eq!(of("0.3.0"), None);
        let of_repository = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
        let is_known = |version| section(&of_repository, version).is_some();
        assert!(is_known("Unreleased") || is_known(VERSION));
    }
}
