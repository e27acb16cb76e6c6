//! Builds the static page: its wasm module with its JavaScript, and the files beside it; and the
//! module for programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::embedding;
use crate::frame;
use crate::lessons;
use crate::npm;
use crate::offline;
use crate::reading;
use crate::rules;
use crate::setup::Need;
use crate::steps::{cargo, root, run, step, target_dir};

/// How the page is compiled, and where it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// What is published: small, slow to compile, in `dist/`.
    Release,
    /// What `serve` shows: compiled quickly, in `target/page/`.
    Serve,
}

impl Flavour {
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Flavour::Release => "release",
            Flavour::Serve => "serve",
        }
    }

    pub(crate) fn dist(self) -> PathBuf {
        match self {
            Flavour::Release => root().join("dist"),
            Flavour::Serve => target_dir().join("page"),
        }
    }
}

/// The wasm modules: package, name in `dist/`, and the artefact that cargo makes of it.
const MODULES: [(&str, &str); 2] = [
    ("faultline-web", "faultline-web.wasm"),
    (PROGRAMS, "faultline_wasm.wasm"),
];
/// The module for programs, the only one with types: people write code against it.
const PROGRAMS: &str = "faultline-wasm";

pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// What a build needs on this machine.
pub(crate) const NEEDS: &[Need] = &[Need::WasmTarget];

/// Builds the page and returns the directory it is in.
pub(crate) fn build(flavour: Flavour) -> Result<PathBuf> {
    let profile = flavour.profile();
    step(
        &format!("compile the page and the module for programs ({profile})"),
        || {
            let mut command = cargo(&["build", "--target", WASM, "--profile", profile]);
            for (package, _) in MODULES {
                command.args(["-p", package]);
            }
            run(&mut command)
        },
    )?;
    let dist = flavour.dist();
    // Built beside the old page and then moved, so that a server never serves half of one.
    let fresh = dist.with_extension("new");
    remove_dir(&fresh)?;
    fs::create_dir_all(&fresh)?;
    step("wasm-bindgen", || bindgen(profile, &fresh, &MODULES))?;
    step("static files", || {
        copy_static_files(&fresh)?;
        npm::write(&fresh)?;
        let versions = version_urls(&fresh)?;
        offline::write(&fresh, &versions)
    })?;
    let old = dist.with_extension("old");
    remove_dir(&old)?;
    if dist.exists() {
        fs::rename(&dist, &old)?;
    }
    fs::rename(&fresh, &dist)?;
    remove_dir(&old)?;
    Ok(dist)
}

/// Builds the module for programs alone, as it is published, and returns the directory it is in.
pub(crate) fn engine() -> Result<PathBuf> {
    let (package, _) = MODULES[1];
    let profile = Flavour::Release.profile();
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--target",
        WASM,
        "--profile",
        profile,
        "-p",
        package,
    ]))?;
    let dir = target_dir().join("engine");
    remove_dir(&dir)?;
    fs::create_dir_all(&dir)?;
    bindgen(profile, &dir, &MODULES[1..])?;
    Ok(dir)
}

/// No wasm-opt after it: of what LLVM leaves it takes 5 % before compression and nothing after it,
/// and the engine gets no faster.
fn bindgen(profile: &str, dist: &Path, modules: &[(&str, &str)]) -> Result<()> {
    for (name, artefact) in modules {
        let wasm = target_dir().join(WASM).join(profile).join(artefact);
        let bindings = dist.join(name);
        Bindgen::new()
            .input_path(&wasm)
            .out_name(name)
            .web(true)?
            .typescript(*name == PROGRAMS)
            .omit_default_module_path(false)
            .remove_producers_section(true)
            .remove_name_section(profile == "release")
            .generate(&bindings)
            .with_context(|| format!("wasm-bindgen on {}", wasm.display()))?;
        // Each module in a directory of its own until we know what it consists of.
        for entry in fs::read_dir(&bindings)? {
            let entry = entry?;
            let name = entry.file_name();
            // Types of what the JavaScript calls itself.
            if name.to_string_lossy().ends_with(".wasm.d.ts") {
                fs::remove_file(entry.path())?;
                continue;
            }
            if entry.file_type()?.is_dir() {
                bail!(
                    "{} has JavaScript snippets: use a file in web/ instead",
                    wasm.display()
                );
            }
            fs::rename(entry.path(), dist.join(name))?;
        }
        fs::remove_dir(&bindings)?;
    }
    Ok(())
}

/// The names of what wasm-bindgen makes.
pub(crate) fn bindings() -> Vec<String> {
    let names = MODULES.iter().map(|(name, _)| name);
    names
        .flat_map(|name| [format!("{name}.js"), format!("{name}_bg.wasm")])
        .collect()
}

/// The scripts in `web/`, which are published as they are.
const SCRIPTS: [&str; 3] = ["first.js", "boot.js", "worker.js"];

/// Hashes of the content of files, by their names in `dist/`.
pub(crate) type Versions = BTreeMap<String, String>;

/// Writes all but what is compiled.
pub(crate) fn copy_static_files(dist: &Path) -> Result<()> {
    for name in ["index.html", "embed.html"] {
        let html = fs::read_to_string(root().join(name)).with_context(|| name.to_string())?;
        fs::write(dist.join(name), without_trunk_links(&html))?;
    }
    for name in SCRIPTS.into_iter().chain([offline::NAME]) {
        fs::copy(root().join("web").join(name), dist.join(name))
            .with_context(|| format!("web/{name}"))?;
    }
    embedding::write(dist)?;
    fs::create_dir_all(dist.join("styles"))?;
    let css = inline_imports(&root().join("web/styles"), "main.css")?;
    fs::write(dist.join("styles/main.css"), css)?;
    write_pages(dist)?;
    // The page has the scenario that it opens with compiled in, and fetches the others.
    copy_dir(
        &root().join("crates/scenarios/library"),
        &dist.join("scenarios"),
    )?;
    let public = root().join("web/public");
    if public.is_dir() {
        copy_dir(&public, &dist.join("public"))?;
    }
    Ok(())
}

/// Writes the pages to read, and the list of all pages where the address of the site is known.
pub(crate) fn write_pages(dist: &Path) -> Result<()> {
    let site = frame::site()?;
    let site = site.as_deref();
    reading::write(dist, site)?;
    lessons::write(dist, site)?;
    rules::write(dist, site)?;
    match site {
        Some(site) => frame::write_sitemap(dist, site, &html_files(dist)?),
        None => Ok(()),
    }
}

/// The pages below a directory, by their names there, in order.
fn html_files(dist: &Path) -> Result<Vec<String>> {
    let mut names = offline::files(dist)?;
    names.retain(|name| name.ends_with(".html"));
    Ok(names)
}

/// The links that tell Trunk what to build are Trunk's alone; they stand on lines of their own.
fn without_trunk_links(html: &str) -> String {
    let lines = html.lines().filter(|line| !line.contains("data-trunk"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// One style sheet of `main.css` and its imports, so that the browser sends one request.
fn inline_imports(dir: &Path, name: &str) -> Result<String> {
    let path = dir.join(name);
    let css = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut whole = String::new();
    for line in css.lines() {
        let import = line
            .trim()
            .strip_prefix("@import \"")
            .and_then(|rest| rest.strip_suffix("\";"));
        match import {
            Some(import) => whole.push_str(&inline_imports(dir, import.trim_start_matches("./"))?),
            None => whole.extend([line, "\n"]),
        }
    }
    Ok(whole)
}

/// Gives every quoted file name that we generate the hash of its content, and returns the hashes.
/// From the leaves up, since a file's hash covers the versions it quotes.
fn version_urls(dist: &Path) -> Result<Versions> {
    const PLAYGROUNDS: [&str; 2] = ["index.html", "embed.html"];
    let pages = html_files(dist)?;
    let to_read = pages.iter().map(String::as_str);
    let documents: Vec<&str> = to_read.filter(|it| !PLAYGROUNDS.contains(it)).collect();
    let order: [&[&str]; 5] = [
        &[
            "faultline-web_bg.wasm",
            "faultline-wasm_bg.wasm",
            "styles/main.css",
        ],
        &["faultline-web.js", "faultline-wasm.js"],
        &SCRIPTS,
        &PLAYGROUNDS,
        &documents,
    ];
    let mut versions = Versions::new();
    for names in order {
        let mut found = Vec::new();
        for &name in names {
            let path = dist.join(name);
            if !name.ends_with(".wasm") {
                let text = fs::read_to_string(&path)?;
                fs::write(&path, with_versions(&text, &versions))?;
            }
            found.push((name.to_owned(), fingerprint(&fs::read(&path)?)));
        }
        versions.extend(found);
    }
    Ok(versions)
}

fn with_versions(text: &str, versions: &Versions) -> String {
    let mut text = text.to_string();
    for (name, version) in versions {
        for before in ['"', '\'', '/'] {
            for after in ['"', '\''] {
                text = text.replace(
                    &format!("{before}{name}{after}"),
                    &format!("{before}{name}?v={version}{after}"),
                );
            }
        }
    }
    text
}

/// FNV-1a, 64 bits: enough to tell two builds apart, the same on every machine.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")[..10].to_string()
}

pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quoted_names_get_a_version() {
        let versions = Versions::from([("worker.js".to_string(), "0a".to_string())]);
        let text = r#"content="worker.js" './worker.js' worker.js my-worker.js"#;
        assert_eq!(
            with_versions(text, &versions),
            r#"content="worker.js?v=0a" './worker.js?v=0a' worker.js my-worker.js"#
        );
    }

    #[test]
    fn pages_to_read_name_versions_and_are_no_part_of_a_first_visit() {
        let site = target_dir().join("site-of-tests");
        remove_dir(&site).unwrap();
        fs::create_dir_all(&site).unwrap();
        copy_static_files(&site).unwrap();
        for name in bindings() {
            fs::write(site.join(&name), name).unwrap();
        }
        let versions = version_urls(&site).unwrap();
        let read = |name: &str| fs::read_to_string(site.join(name)).unwrap();
        let css = format!("styles/main.css?v={}\"", versions["styles/main.css"]);
        for (page, up) in [
            ("model.html", ""),
            ("lessons/index.html", "../"),
            ("lessons/cap/index.html", "../../"),
            ("rules/cap/index.html", "../../"),
        ] {
            assert!(read(page).contains(&format!("\"{up}{css}")), "{page}");
        }
        // The service worker fetches all that it names behind a first visit.
        offline::write(&site, &versions).unwrap();
        let worker = read(offline::NAME);
        assert!(worker.contains("\"model.html\"") && !worker.contains("lessons/"));
    }

    #[test]
    fn trunk_links_are_left_out() {
        let html = "<head>\n  <link data-trunk rel=\"rust\">\n  <title>x</title>\n";
        assert_eq!(without_trunk_links(html), "<head>\n  <title>x</title>\n");
    }
}
