//! `serve`: builds the page, serves it, and builds it again when a source changes.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::page::{self, Flavour};
use crate::steps::root;
use crate::{serve, setup};

const SOURCES: [&str; 5] = ["crates", "web", "index.html", "embed.html", "Cargo.toml"];
const POLL: Duration = Duration::from_millis(500);

pub(crate) fn serve_and_rebuild(port: Option<u16>, base: &str) -> Result<()> {
    let base = serve::normal_base(base)?;
    // First the port, so that a wrong one is reported before the build.
    let listener = serve::listen(port)?;
    setup::ensure(page::NEEDS)?;
    let url = format!("http://{}{base}", listener.local_addr()?);
    let mut seen = newest();
    page::build(Flavour::Serve)?;
    let dist = Flavour::Serve.dist();
    thread::spawn(move || serve::serve(&listener, &dist, &base));
    println!("\n{url}\n(rebuilds on change; Ctrl+C ends it)");
    loop {
        thread::sleep(POLL);
        let now = newest();
        if now == seen {
            continue;
        }
        seen = now;
        match page::build(Flavour::Serve) {
            Ok(_) => println!("\n{url} has changed: reload it"),
            Err(error) => println!("\n{error:#}\nthe page stays as it was"),
        }
    }
}

/// The newest change among the sources and their number, so that a deletion counts too.
fn newest() -> (SystemTime, usize) {
    let mut newest = (SystemTime::UNIX_EPOCH, 0);
    for source in SOURCES {
        look(&root().join(source), &mut newest);
    }
    newest
}

fn look(path: &Path, newest: &mut (SystemTime, usize)) {
    let Ok(meta) = path.metadata() else { return };
    if meta.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        for entry in entries {
            look(&entry.path(), newest);
        }
    } else if let Ok(modified) = meta.modified() {
        newest.0 = newest.0.max(modified);
        newest.1 += 1;
    }
}
