//! The structure within crates: modules that use each other in a circle, structs with many fields,
//! types whose methods are spread over many files, and long files.
//!
//! Modules are those at the top level of a crate: what is below a folder may use its siblings in
//! any order. Tests and the bodies of macros are left out.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use syn::visit::{self, Visit};
use syn::{Item, ItemImpl, ItemStruct, ItemUse, Type, UseTree};

use super::exceptions::{Allowed, Over};
use super::repository::Sources;

const FIELDS_MAX: usize = 20;
const IMPL_FILES_MAX: usize = 4;
const FILE_LINES_MAX: usize = 500;

/// A file of a crate.
struct Part {
    path: String,
    /// The folder of the crate, for example `crates/sim`.
    krate: String,
    /// The path of the module, empty for the root.
    module: Vec<String>,
    lines: usize,
    seen: Seen,
}

/// What a file declares and uses.
#[derive(Default)]
struct Seen {
    /// Paths within the crate, each from `crate`, `super` or `self`.
    paths: Vec<Vec<String>>,
    /// Names that the file imports or re-exports from its own modules, with the first of them.
    names: BTreeMap<String, String>,
    /// Structs, with the number of their fields.
    structs: Vec<(String, usize)>,
    /// Types with methods.
    impls: BTreeSet<String>,
}

/// The structure of the workspace.
pub(super) struct Structure {
    parts: Vec<Part>,
}

/// The circles of a crate.
struct Circles {
    modules: usize,
    lines: usize,
    /// Modules of each circle.
    circles: Vec<Vec<String>>,
    lines_in_circles: usize,
}

impl Structure {
    pub(super) fn of(sources: &Sources) -> Result<Self> {
        let mut parts = Vec::new();
        for (path, source) in sources {
            let Some((krate, module)) = place(path) else {
                continue;
            };
            let file = syn::parse_file(&source.text).with_context(|| path.clone())?;
            let mut seen = Seen::default();
            seen.visit_file(&file);
            parts.push(Part {
                path: path.clone(),
                krate,
                module,
                lines: source.text.lines().count(),
                seen,
            });
        }
        Ok(Self { parts })
    }

    /// Finds what is over a limit.
    pub(super) fn check(&self, allowed: &mut Allowed) -> Vec<String> {
        let mut problems = allowed.compare("circles", &self.in_circles());
        problems.extend(allowed.compare("structs", &self.large_structs()));
        problems.extend(allowed.compare("spread", &self.spread()));
        problems.extend(allowed.compare("files", &self.long_files()));
        problems
    }

    /// Modules in circles, by crate.
    fn in_circles(&self) -> BTreeMap<String, Over> {
        let over = self.crates().into_iter().filter_map(|krate| {
            let circles = self.circles(krate).circles;
            let amount = circles.iter().map(Vec::len).sum();
            let largest = circles.into_iter().max_by_key(Vec::len)?;
            let example = format!("{krate}: a circle of modules: {}", largest.join(", "));
            Some((krate.to_owned(), Over { amount, example }))
        });
        over.collect()
    }

    fn large_structs(&self) -> BTreeMap<String, Over> {
        let over = self.parts.iter().flat_map(|part| {
            let large = part.seen.structs.iter();
            let large = large.filter(|(_, fields)| *fields > FIELDS_MAX);
            large.map(|(name, fields)| {
                let example = format!(
                    "{}: `{name}` has {fields} fields of {FIELDS_MAX}",
                    part.path
                );
                let amount = *fields;
                (format!("{} {name}", part.path), Over { amount, example })
            })
        });
        over.collect()
    }

    /// Types with methods in many files, by crate and name.
    fn spread(&self) -> BTreeMap<String, Over> {
        let mut files: BTreeMap<String, usize> = BTreeMap::new();
        for part in &self.parts {
            for name in &part.seen.impls {
                *files.entry(format!("{} {name}", part.krate)).or_default() += 1;
            }
        }
        let over = files.into_iter().filter(|(_, n)| *n > IMPL_FILES_MAX);
        let over = over.map(|(place, amount)| {
            let example = format!("{place}: has methods in {amount} files of {IMPL_FILES_MAX}");
            (place, Over { amount, example })
        });
        over.collect()
    }

    fn long_files(&self) -> BTreeMap<String, Over> {
        let long = self.parts.iter().filter(|part| part.lines > FILE_LINES_MAX);
        let over = long.map(|part| {
            let (path, amount) = (&part.path, part.lines);
            let example = format!("{path}: has {amount} lines of {FILE_LINES_MAX}");
            (path.clone(), Over { amount, example })
        });
        over.collect()
    }

    fn crates(&self) -> BTreeSet<&str> {
        self.parts.iter().map(|part| part.krate.as_str()).collect()
    }

    fn circles(&self, krate: &str) -> Circles {
        let parts = || self.parts.iter().filter(|part| part.krate == krate);
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        for part in parts() {
            *lines.entry(part.top()).or_default() += part.lines;
        }
        let root = parts().find(|part| part.module.is_empty());
        let empty = BTreeMap::new();
        let exported = root.map_or(&empty, |root| &root.seen.names);
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for part in parts().filter(|part| !part.module.is_empty()) {
            for path in &part.seen.paths {
                let Some(first) = part.resolved(path) else {
                    continue;
                };
                let first = exported.get(&first).unwrap_or(&first);
                if let Some((target, _)) = lines.get_key_value(first.as_str())
                    && *target != part.top()
                {
                    uses.entry(part.top()).or_default().insert(target);
                }
            }
        }
        let circles = circles(&uses);
        let of = |circle: &Vec<String>| -> usize {
            circle.iter().map(|module| lines[module.as_str()]).sum()
        };
        Circles {
            modules: lines.len(),
            lines: lines.values().sum(),
            lines_in_circles: circles.iter().map(of).sum(),
            circles,
        }
    }

    /// The structure as text, worst first.
    pub(super) fn describe(&self) -> String {
        let mut out = String::from("Circles of modules\n");
        for krate in self.crates() {
            let Circles {
                modules,
                lines,
                circles,
                lines_in_circles,
            } = self.circles(krate);
            let share = 100 * lines_in_circles / lines.max(1);
            let count: usize = circles.iter().map(Vec::len).sum();
            out += &format!("  {krate:20} {count} of {modules} modules, {share}% of lines\n");
            for circle in circles {
                out += &format!("    {}\n", circle.join(", "));
            }
        }
        for (title, over) in [
            ("Structs with many fields", self.large_structs()),
            ("Types with methods in many files", self.spread()),
            ("Long files", self.long_files()),
        ] {
            let mut over: Vec<Over> = over.into_values().collect();
            over.sort_by_key(|over| std::cmp::Reverse(over.amount));
            out += &format!("{title}\n");
            out.extend(over.iter().map(|over| format!("  {}\n", over.example)));
        }
        out
    }
}

impl Part {
    /// The module at the top level of the crate that this is in.
    fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The first name of a path from the root of the crate.
    fn resolved(&self, path: &[String]) -> Option<String> {
        let mut at = self.module.clone();
        let mut rest = path.iter();
        match rest.next()?.as_str() {
            "crate" => at.clear(),
            "super" => drop(at.pop()),
            _ => {}
        }
        let mut rest = rest.peekable();
        while rest.next_if(|name| *name == "super").is_some() {
            at.pop();
        }
        at.first().or(rest.next()).cloned()
    }
}

/// The crate and the module of a file; `None` for tests and for what is not in a crate.
fn place(path: &str) -> Option<(String, Vec<String>)> {
    let (krate, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if module.iter().any(|name| name == "tests") || krate.starts_with("tests") {
        return None;
    }
    let last = module.last().map(String::as_str);
    if last == Some("mod") || module.len() == 1 && matches!(last, Some("lib" | "main")) {
        module.pop();
    }
    Some((krate.to_owned(), module))
}

impl<'ast> Visit<'ast> for Seen {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        let is_test = |attribute: &syn::Attribute| {
            let is_cfg = attribute.path().is_ident("cfg");
            is_cfg
                && attribute
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|of| of == "test")
        };
        if !attributes.iter().any(is_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let fields = item.fields.len();
        self.structs.push((item.ident.to_string(), fields));
        visit::visit_item_struct(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if let (None, Type::Path(of)) = (&item.trait_, &*item.self_ty) {
            let last = of.path.segments.last();
            self.impls.extend(last.map(|last| last.ident.to_string()));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.read_use(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.add(names.collect());
        visit::visit_path(self, path);
    }
}

impl Seen {
    fn add(&mut self, path: Vec<String>) {
        let first = path.first().map(String::as_str);
        if path.len() > 1 && matches!(first, Some("crate" | "super" | "self")) {
            self.paths.push(path);
        }
    }

    fn read_use(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.read_use(&path.tree, &with(&path.ident)),
            UseTree::Group(group) => {
                group
                    .items
                    .iter()
                    .for_each(|tree| self.read_use(tree, before));
            }
            UseTree::Name(name) => self.import(with(&name.ident), &name.ident.to_string()),
            UseTree::Rename(name) => self.import(with(&name.ident), &name.rename.to_string()),
            UseTree::Glob(_) => self.add([before, &["*".to_owned()]].concat()),
        }
    }

    fn import(&mut self, path: Vec<String>, name: &str) {
        let from = path
            .iter()
            .find(|part| !matches!(part.as_str(), "crate" | "self"));
        if let Some(from) = from.filter(|_| path.len() > 1) {
            self.names.insert(name.to_owned(), from.clone());
        }
        self.add(path);
    }
}

/// The groups of modules that use each other, directly or through others.
fn circles(uses: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = uses
        .keys()
        .map(|from| {
            let (mut reached, mut open) = (BTreeSet::new(), vec![*from]);
            while let Some(next) = open.pop() {
                let targets = uses.get(next).into_iter().flatten();
                open.extend(targets.filter(|target| reached.insert(**target)));
            }
            (*from, reached)
        })
        .collect();
    let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, all) in reached.iter().filter(|(from, all)| all.contains(*from)) {
        let returns = |to: &&&str| reached.get(**to).is_some_and(|back| back.contains(from));
        circles.insert(
            all.iter()
                .filter(returns)
                .map(|&to| to.to_owned())
                .collect(),
        );
    }
    circles.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::repository::Source;
    use super::super::rust::Contents;
    use super::*;

    fn structure(files: &[(&str, &str)]) -> Structure {
        let sources = files.iter().map(|(path, text)| {
            let contents = Contents::of(text).unwrap();
            let text = (*text).to_owned();
            ((*path).to_owned(), Source { text, contents })
        });
        Structure::of(&sources.collect()).unwrap()
    }

    #[test]
    fn modules_that_use_each_other_are_a_circle() {
        let structure = structure(&[
            (
                "crates/a/src/lib.rs",
                "mod one; mod two; mod three; pub use one::{One, Other};",
            ),
            ("crates/a/src/one.rs", "use crate::two::{self, Two};"),
            ("crates/a/src/two/mod.rs", "mod deep; struct Two;"),
            (
                "crates/a/src/two/deep.rs",
                "fn f() { super::super::three::g() }",
            ),
            ("crates/a/src/three.rs", "fn g(_: crate::One) {}"),
            ("crates/b/src/lib.rs", "mod one; mod two;"),
            ("crates/b/src/one.rs", "use super::two::Two;"),
            (
                "crates/b/src/two.rs",
                "#[cfg(test)] mod tests { use crate::one::One; }",
            ),
        ]);
        let circles = structure.circles("crates/a").circles;
        assert_eq!(circles, [["one", "three", "two"]]);
        assert!(structure.circles("crates/b").circles.is_empty());
        let over = structure.in_circles();
        assert_eq!((over.len(), over["crates/a"].amount), (1, 3));
    }

    #[test]
    fn large_structs_spread_types_and_long_files_are_found() {
        let fields: String = (0..21).map(|at| format!("f{at}: u8,")).collect();
        let large = format!("struct Large {{ {fields} }} impl Large {{}}");
        let long = "// A line.\n".repeat(501);
        let methods = "impl super::Large {} impl Clone for Small {}";
        let mut files = vec![
            ("crates/a/src/lib.rs", large.as_str()),
            ("crates/a/src/e.rs", &long),
        ];
        let others = ["a", "b", "c", "d"].map(|name| format!("crates/a/src/{name}.rs"));
        files.extend(others.iter().map(|path| (path.as_str(), methods)));
        let structure = structure(&files);
        assert_eq!(
            structure.large_structs()["crates/a/src/lib.rs Large"].amount,
            21
        );
        assert_eq!(structure.spread()["crates/a Large"].amount, 5);
        assert_eq!(structure.spread().len(), 1);
        assert_eq!(structure.long_files()["crates/a/src/e.rs"].amount, 501);
    }
}
