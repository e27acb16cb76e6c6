//! Finds the scenario files, so that a new one needs no line of code. Writes an index of all of
//! them, and the texts of those that are compiled in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The scenario that a page opens with; the only one compiled in without the feature `library`.
const FIRST: &str = "retry-storm";

fn main() {
    // As it is now: a kept target folder may have been built where the sources stood before.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let library = Path::new(&root).join("library");
    let mut code = format!(
        "/// The id of the scenario that a page opens with.\npub const FIRST: &str = {FIRST:?};\n"
    );
    tables(&library, ["INDEX", "FILES"], &mut code);
    tables(
        &library.join("sound"),
        ["DESIGNS", "DESIGN_FILES"],
        &mut code,
    );
    courses(&Path::new(&root).join("courses.json"), &mut code);
    let first = std::fs::read_to_string(library.join(format!("{FIRST}.json")));
    let first = first.expect("the first scenario is there");
    write("first.json", &for_page(&first));
    write("files.rs", &code);
}

fn write(name: &str, text: &str) {
    let out = std::env::var("OUT_DIR").expect("cargo says where");
    std::fs::write(Path::new(&out).join(name), text).expect("a file can be written");
}

/// Returns the text of a scenario without what only tests read: it is part of the page's binary.
fn for_page(text: &str) -> String {
    let Ok(mut scenario) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    let mut remove = |part: &str, names: &[&str]| {
        let items = match part {
            "" => std::slice::from_mut(&mut scenario),
            part => scenario[part]
                .as_array_mut()
                .map_or(&mut [][..], Vec::as_mut_slice),
        };
        for item in items
            .iter_mut()
            .filter_map(serde_json::Value::as_object_mut)
        {
            names.iter().for_each(|name| drop(item.remove(*name)));
        }
    };
    remove("", &["rule", "near_miss", "expect"]);
    remove("steps", &["claims"]);
    remove("remedies", &["expect"]);
    scenario.to_string()
}

fn tables(folder: &Path, [index, texts]: [&str; 2], code: &mut String) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let (mut entries, mut files, mut few) = (String::new(), String::new(), String::new());
    for file in json_files(folder) {
        println!("cargo::rerun-if-changed={}", file.display());
        let id = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("scenario files have plain names");
        let path = file.to_str().expect("scenario files have plain names");
        let text = std::fs::read_to_string(&file).expect("a scenario file can be read");
        // The reader and its test report what is wrong with a file.
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let theme = word("theme");
        let variant: String = theme
            .char_indices()
            .map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })
            .collect();
        let minutes = value["minutes"].as_u64().unwrap_or(0);
        let (title, summary) = (word("title"), word("summary"));
        writeln!(
            entries,
            "    Entry {{ id: {id:?}, title: {title:?}, theme: Theme::{variant}, minutes: {minutes}, summary: {summary:?} }},"
        )
        .expect("writing to a string");
        let row = format!("    ({id:?}, include_str!({path:?})),\n");
        files.push_str(&row);
        if id == FIRST {
            let text = "include_str!(concat!(env!(\"OUT_DIR\"), \"/first.json\"))";
            writeln!(few, "    ({id:?}, {text}),").expect("writing to a string");
        }
    }
    writeln!(
        code,
        "/// What there is, in order of id.\npub const {index}: &[Entry] = &[\n{entries}];\n\
         #[cfg(any(test, feature = \"library\"))]\nconst {texts}: &[(&str, &str)] = &[\n{files}];\n\
         #[cfg(not(any(test, feature = \"library\")))]\nconst {texts}: &[(&str, &str)] = &[\n{few}];"
    )
    .expect("writing to a string");
}

/// The list of courses. The site's pages are built from the same file.
fn courses(file: &Path, code: &mut String) {
    println!("cargo::rerun-if-changed={}", file.display());
    let text = std::fs::read_to_string(file).expect("the list of courses can be read");
    let value: serde_json::Value = serde_json::from_str(&text).expect("courses.json is JSON");
    code.push_str(
        "/// All courses, in order. Every lesson is in exactly one of them.\n\
         pub const COURSES: &[Course] = &[\n",
    );
    for course in value.as_array().expect("courses.json is a list") {
        let word = |name: &str| course[name].as_str().expect("a course has texts");
        let lessons = course["lessons"].as_array().expect("a course has lessons");
        let ids: Vec<&str> = lessons.iter().filter_map(|id| id.as_str()).collect();
        let (title, about) = (word("title"), word("about"));
        writeln!(
            code,
            "    Course {{ title: {title:?}, about: {about:?}, lessons: &{ids:?} }},"
        )
        .expect("writing to a string");
    }
    code.push_str("];\n");
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the library folder is there")
        .map(|entry| entry.expect("an entry of the library can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}
