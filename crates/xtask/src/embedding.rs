//! The script for pages that embed simulations: `web/embed/embed.js`, published as the module that
//! it is and as a classic script.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::steps::root;

/// The module, the classic script made of it, and the types.
pub(crate) const FILES: [&str; 3] = ["embed.js", "embed.classic.js", "embed.d.ts"];
/// What the module has in place of the version, which is the workspace's.
const PLACEHOLDER: &str = "version = \"0.0.0\"";
/// How the module learns its own address.
const ADDRESS: &str = "import.meta.url";
const HEAD: &str = "// Faultline, MIT OR Apache-2.0: https://github.com/faultline-sim/faultline\n";

/// Writes module, classic script and types.
pub(crate) fn write(dist: &Path) -> Result<()> {
    let sources = root().join("web/embed");
    let [module, classic_script, types] = FILES;
    let path = sources.join(module);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let text = published(&text)?;
    fs::write(dist.join(module), &text)?;
    fs::write(dist.join(classic_script), classic(&text)?)?;
    fs::copy(sources.join(types), dist.join(types)).context(types)?;
    Ok(())
}

/// Returns the module with its version, without indentation and comments on lines of their own.
fn published(text: &str) -> Result<String> {
    ensure!(
        text.matches(PLACEHOLDER).count() == 1,
        "web/embed/embed.js needs {PLACEHOLDER} once"
    );
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let lines = text.lines().map(str::trim);
    let is_code = |line: &&str| {
        let is_comment = line.starts_with("//") || line.starts_with("/**") && line.ends_with("*/");
        !line.is_empty() && !is_comment
    };
    let lines = lines.filter(is_code).map(|line| format!("{line}\n"));
    let text: String = lines.collect();
    Ok(HEAD.to_owned() + &text.replace(PLACEHOLDER, &version))
}

/// Returns the module as a classic script, which puts what the module exports into `Faultline`.
fn classic(module: &str) -> Result<String> {
    ensure!(
        module.matches(ADDRESS).count() == 1,
        "web/embed/embed.js needs {ADDRESS} once"
    );
    let mut names = Vec::new();
    let mut body = String::new();
    for line in module.lines() {
        let code = line.strip_prefix("export ").unwrap_or(line);
        if code != line {
            let words = code.split(|c: char| !c.is_alphanumeric());
            let keywords = ["async", "function", "class", "const"];
            let name = words.into_iter().find(|word| !keywords.contains(word));
            names.push(name.context("an export has a name")?.to_owned());
        }
        body.extend([code, "\n"]);
    }
    let body = body.replace(ADDRESS, "document.currentScript.src");
    let names = names.join(", ");
    Ok(format!(
        "{{\n{body}globalThis.Faultline = {{ {names} }};\n}}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classic_script_is_made_of_the_module() {
        let module = "export const version = \"1\";\nlet a = import.meta.url;\n\
            export async function mount() {}\nexport class Sim {}\n";
        assert_eq!(
            classic(module).unwrap(),
            "{\nconst version = \"1\";\nlet a = document.currentScript.src;\n\
            async function mount() {}\nclass Sim {}\n\
            globalThis.Faultline = { version, mount, Sim };\n}\n"
        );
        assert!(classic("").is_err());
    }

    #[test]
    fn comments_on_lines_of_their_own_are_left_out() {
        let text = "// One.\nconst version = \"0.0.0\";\n\n  /** Two. */\n  a(\"//\"); // Three.\n";
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            published(text).unwrap(),
            format!("{HEAD}const version = \"{version}\";\na(\"//\"); // Three.\n")
        );
        assert!(published("").is_err());
    }
}
