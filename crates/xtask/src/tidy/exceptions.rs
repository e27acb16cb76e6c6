//! What may be over a limit: `exceptions.toml`, which may only shrink.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::repository::text;
use crate::steps::root;

const FILE: &str = "crates/xtask/src/tidy/exceptions.toml";

/// How much is over a limit at one place.
#[derive(Default)]
pub(super) struct Over {
    pub(super) amount: usize,
    /// One of them, for the message.
    pub(super) example: String,
}

/// The file, by limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lines: Vec<Group>,
    #[serde(default)]
    functions: Vec<Group>,
    #[serde(default)]
    circles: Vec<Group>,
    #[serde(default)]
    structs: Vec<Group>,
    #[serde(default)]
    spread: Vec<Group>,
    #[serde(default)]
    files: Vec<Group>,
}

/// Exceptions of one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    because: String,
    at: BTreeMap<String, usize>,
}

/// What may be over a limit.
pub(super) struct Allowed {
    text: String,
    /// Limit and place, and how much may be over it there.
    amounts: BTreeMap<(String, String), usize>,
    /// Those of them that are larger than what is left, with what is left.
    too_large: BTreeMap<(String, String), usize>,
}

impl Allowed {
    /// Reads the file.
    pub(super) fn read() -> Result<Allowed> {
        Allowed::of(text(FILE)?)
    }

    fn of(text: String) -> Result<Allowed> {
        let file: File = toml::from_str(&text).context(FILE)?;
        let mut amounts = BTreeMap::new();
        let limits = [
            ("lines", file.lines),
            ("functions", file.functions),
            ("circles", file.circles),
            ("structs", file.structs),
            ("spread", file.spread),
            ("files", file.files),
        ];
        for (limit, group) in limits
            .into_iter()
            .flat_map(|(limit, groups)| groups.into_iter().map(move |group| (limit, group)))
        {
            ensure!(
                !group.because.trim().is_empty(),
                "{FILE}: a group of {limit} has no reason"
            );
            for (place, amount) in group.at {
                let before = amounts.insert((limit.to_owned(), place.clone()), amount);
                ensure!(before.is_none(), "{FILE}: {place} is in {limit} twice");
            }
        }
        Ok(Allowed {
            text,
            amounts,
            too_large: BTreeMap::new(),
        })
    }

    /// What is over a limit by more than is allowed; notes what is allowed and not needed.
    pub(super) fn compare(&mut self, limit: &str, over: &BTreeMap<String, Over>) -> Vec<String> {
        let places = self.amounts.iter().filter(|((of, _), _)| of == limit);
        for ((_, place), allowed) in places {
            let left = over.get(place).map_or(0, |over| over.amount);
            if left < *allowed {
                self.too_large
                    .insert((limit.to_owned(), place.clone()), left);
            }
        }
        let over = over.iter().filter_map(|(place, over)| {
            let key = (limit.to_owned(), place.clone());
            match self.amounts.get(&key) {
                None => Some(over.example.clone()),
                Some(allowed) if over.amount > *allowed => Some(format!(
                    "{place}: {limit}: {} over the limit, {allowed} are excepted ({})",
                    over.amount, over.example
                )),
                Some(_) => None,
            }
        });
        over.collect()
    }

    /// Exceptions that are larger than what is left.
    pub(super) fn too_large(&self) -> impl Iterator<Item = String> {
        self.too_large.iter().map(|((limit, place), left)| {
            format!(
                "{FILE}: {place}: {limit}: {left} are left of {}: run `cargo xtask tidy --lower`",
                self.amounts[&(limit.clone(), place.clone())]
            )
        })
    }

    /// Writes what is left into the file.
    pub(super) fn lower(&self) -> Result<()> {
        std::fs::write(root().join(FILE), self.lowered()).context(FILE)
    }

    fn lowered(&self) -> String {
        let mut limit = String::new();
        let mut lowered = String::new();
        for line in self.text.lines() {
            if let Some(name) = line.strip_prefix("[[").and_then(|it| it.strip_suffix("]]")) {
                limit = name.to_owned();
            }
            let place = line
                .strip_prefix('"')
                .and_then(|line| line.split_once("\" = "));
            let key = place.map(|(place, _)| (limit.clone(), place.to_owned()));
            match key.and_then(|key| Some((key.1.clone(), *self.too_large.get(&key)?))) {
                Some((_, 0)) => {}
                Some((place, left)) => lowered += &format!("\"{place}\" = {left}\n"),
                None => lowered += &format!("{line}\n"),
            }
        }
        lowered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# Why.\n[[lines]]\nbecause = \"tables\"\n[lines.at]\n\"a.rs\" = 3\n\"b.rs\" = 2\n";

    fn over(amounts: &[(&str, usize)]) -> BTreeMap<String, Over> {
        let over = amounts.iter().map(|(place, amount)| {
            let example = format!("{place}:1");
            let over = Over {
                amount: *amount,
                example,
            };
            ((*place).to_owned(), over)
        });
        over.collect()
    }

    #[test]
    fn what_is_new_or_has_grown_is_a_problem() {
        let mut allowed = Allowed::of(TEXT.to_owned()).unwrap();
        let problems = allowed.compare("lines", &over(&[("a.rs", 4), ("b.rs", 2), ("c.rs", 1)]));
        assert_eq!(
            problems,
            [
                "a.rs: lines: 4 over the limit, 3 are excepted (a.rs:1)",
                "c.rs:1"
            ]
        );
        assert_eq!(allowed.too_large().count(), 0);
    }

    #[test]
    fn what_has_shrunk_is_a_problem_until_the_file_says_so() {
        let mut allowed = Allowed::of(TEXT.to_owned()).unwrap();
        assert!(allowed.compare("lines", &over(&[("a.rs", 1)])).is_empty());
        assert_eq!(allowed.too_large().count(), 2);
        let lowered = "# Why.\n[[lines]]\nbecause = \"tables\"\n[lines.at]\n\"a.rs\" = 1\n";
        assert_eq!(allowed.lowered(), lowered);
    }

    #[test]
    fn an_exception_needs_a_reason_and_a_limit() {
        let read = |text: &str| Allowed::of(text.to_owned());
        assert!(read(TEXT).is_ok());
        assert!(read("[[lines]]\n[lines.at]\n\"a.rs\" = 3\n").is_err());
        assert!(read(&TEXT.replace("tables", " ")).is_err());
        assert!(read(&TEXT.replace("lines", "colums")).is_err());
    }
}
