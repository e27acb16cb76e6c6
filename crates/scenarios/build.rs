//! Finds the scenario files, so that a new one needs no line of code.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    // As it is now: a kept target folder may have been built where the sources stood before.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let library = Path::new(&root).join("library");
    println!("cargo::rerun-if-changed={}", library.display());
    let mut files: Vec<_> = std::fs::read_dir(&library)
        .expect("the library folder is there")
        .map(|entry| entry.expect("an entry of the library can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut code = String::from(
        "/// Id and text of every scenario file.\npub(crate) const FILES: &[(&str, &str)] = &[\n",
    );
    for file in files {
        let id = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("scenario files have plain names");
        let path = file.to_str().expect("scenario files have plain names");
        writeln!(code, "    ({id:?}, include_str!({path:?})),").expect("writing to a string");
    }
    code.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("cargo says where");
    std::fs::write(Path::new(&out).join("files.rs"), code).expect("the list can be written");
}
