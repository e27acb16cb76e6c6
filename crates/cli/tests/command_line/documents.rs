//! Input and output other than metrics: designs in their notations, traces, pictures.

use std::process::Command;

use crate::*;
use expect_test::expect_file;

const SHOP_TOML: &str = r#"faultline = 1
name = "Shop"
seed = 7
duration = "5s"

[[nodes]]
id = "users"
kind = "client"
arrivals = {poisson = "50/s"}

[[nodes]]
id = "api"
kind = "service"
replicas = 2

[[nodes]]
id = "db"
kind = "database"

[[links]]
from = "users"
to = "api"

[[links]]
from = "api"
to = "db"
timeout = "300ms"
[links.retry]
max_attempts = 2

[[requirements]]
metric = "availability"
at_least = 0.99
"#;

#[test]
fn every_problem_is_told_on_stderr() {
    let broken = SHOP
        .replace("max_attempts", "max_atempts")
        .replace("\"seed\"", "\"sede\"");
    let path = file("broken.json", &broken);
    assert_eq!(
        refused(&["run", &path]),
        format!(
            "{path}: sede: unknown field, did you mean seed?\n\
             {path}: links[1].retry.max_atempts: unknown field, did you mean max_attempts?\n"
        )
    );
    for (arguments, said) in [
        (&["run"][..], "<SOURCE>"),
        (&["run", "no-such-thing"], "retry-storm"),
        (
            &["run", "retry-storm", "--sede", "3"],
            "a similar argument exists: '--seed'",
        ),
        (
            &["run", "retry-storm", "--seed", "-3"],
            "expected a whole number from 0",
        ),
        (
            &["run", "retry-storm", "--seed"],
            "a value is required for '--seed <N>'",
        ),
        (&["run", &path, "--remedy"], "needs a scenario"),
        (&["open", "d1.AAAA"], "damaged"),
        (&["open", "d2.AAAA"], "newer"),
        (&["open", "nothing"], "no design in this link"),
        (&["fly"], "Commands: run, check, lint"),
    ] {
        let stderr = refused(arguments);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn toml_is_the_same_design() {
    let (json, toml) = (file("same.json", SHOP), file("same.toml", SHOP_TOML));
    assert_eq!(fine(&["link", &json]), fine(&["link", &toml]));
    assert_eq!(
        report(&["run", &json, "--format", "json"]),
        report(&["run", &toml, "--format", "json"])
    );
}

#[test]
fn every_problem_of_toml_is_told_with_its_path() {
    let broken = SHOP_TOML
        .replace("max_attempts", "max_atempts")
        .replace("\"database\"", "\"databse\"")
        .replace("replicas = 2", "replicas = 1979-05-27")
        .replace("seed =", "sede =");
    let path = file("broken.toml", &broken);
    assert_eq!(
        refused(&["run", &path]),
        format!(
            "{path}: sede: unknown field, did you mean seed?\n\
             {path}: nodes[1].replicas: \"1979-05-27\" is not valid here; expected a whole number from 1 to 10000\n\
             {path}: nodes[2].kind: unknown kind \"databse\", did you mean database?\n\
             {path}: links[1].retry.max_atempts: unknown field, did you mean max_attempts?\n"
        )
    );
    let path = file("torn.toml", &SHOP_TOML.replace("seed = 7", "seed = "));
    assert!(
        refused(&["run", &path]).starts_with(&format!("{path}: line 3, column ")),
        "{}",
        refused(&["run", &path])
    );
}

#[test]
fn the_schema_is_printed() {
    let schema = report(&["schema"]);
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert!(refused(&["schema", "please"]).contains("unexpected argument 'please'"));
}

#[test]
fn stdin_is_a_design() {
    use std::io::Write;
    for text in [SHOP, SHOP_TOML] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faultline"))
            .args(["run", "-", "--duration", "1s"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("seed 7, 1 s"));
    }
}

/// The trace opens in a viewer: every span has its time, lies within what it nests in on its line,
/// and the report is that of a run without.
#[test]
fn traces_are_written_for_viewers() {
    let path = file("traced.json", SHOP);
    let out = file("trace.json", "");
    let arguments = [
        "run",
        &path,
        "--format",
        "json",
        "--trace",
        &out,
        "--trace-sample",
        "0.5",
    ];
    let traced = report(&arguments);
    assert_eq!(traced, report(&["run", &path, "--format", "json"]));
    let text = std::fs::read_to_string(&out).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (made, kept) = (
        &trace["otherData"]["requests"],
        &trace["otherData"]["requests_kept"],
    );
    assert_eq!(*made, traced["requests"]["offered"]);
    let share = kept.as_f64().unwrap() / made.as_f64().unwrap();
    assert!((0.3..0.7).contains(&share), "{share}");
    let mut lines = std::collections::BTreeMap::new();
    for event in trace["traceEvents"].as_array().unwrap() {
        assert!(event["name"].is_string() && event["pid"].is_u64() && event["tid"].is_u64());
        if event["ph"] == "M" {
            continue;
        }
        assert_eq!(event["ph"], "X");
        let (start, length) = (
            event["ts"].as_f64().unwrap(),
            event["dur"].as_f64().unwrap(),
        );
        assert!(start >= 0.0 && length >= 0.0, "{event}");
        let ns = |us: f64| (us * 1e3).round() as u64;
        let line = (event["pid"].as_u64(), event["tid"].as_u64());
        let spans: &mut Vec<(u64, u64)> = lines.entry(line).or_default();
        spans.push((ns(start), ns(start) + ns(length)));
    }
    assert!(lines.len() > 30);
    for spans in lines.values() {
        for (at, a) in spans.iter().enumerate() {
            for b in &spans[at + 1..] {
                let is_apart = a.1 <= b.0 || b.1 <= a.0;
                let is_nested = (a.0 <= b.0 && b.1 <= a.1) || (b.0 <= a.0 && a.1 <= b.1);
                assert!(is_apart || is_nested, "{a:?} crosses {b:?}");
            }
        }
    }
    assert!(refused(&["run", &path, "--trace", "/no/such/place.json"]).contains("--trace"));
    assert!(
        refused(&["run", &path, "--trace", &out, "--trace-sample", "2"]).contains("from 0 to 1")
    );
    assert!(refused(&["run", &path, "--trace-sample", "0.1"]).contains("--trace <OUT.json>"));
    assert!(
        refused(&["run", &path, "--trace", &out, "--seeds", "2"])
            .contains("cannot be used with '--seeds <N>'")
    );
}

#[test]
fn pictures_come_and_go() {
    let path = file("pictured.json", SHOP);
    let drawn = fine(&["export", "mermaid", &path]);
    assert!(
        drawn.contains("users((\"users\"))\n") && drawn.contains("api --> db\n"),
        "{drawn}"
    );
    let chart = file("pictured.mmd", &drawn);
    let design = format::json::read(&fine(&["import", "mermaid", &chart])).unwrap();
    assert_eq!(design.links.len(), 2);
    assert_ne!(design.nodes[0].at, design.nodes[1].at);
    let svg = fine(&["export", "svg", &path]);
    assert!(svg.starts_with("<svg ") && svg.contains("prefers-color-scheme: dark"));
    assert!(!svg.contains("<script") && svg.contains(">api</text>"));
    let dark = fine(&["export", "svg", "--theme", "dark", &path]);
    assert_eq!(fine(&["export", "svg", &path, "--theme=dark"]), dark);
    assert!(!dark.contains("prefers-color-scheme"));
    assert_ne!(fine(&["export", "svg", &path, "--theme", "light"]), dark);
    for (arguments, said) in [
        (
            &["--theme", "blue", &path][..],
            "[possible values: light, dark]",
        ),
        (
            &[&path, "--theme"],
            "a value is required for '--theme <THEME>'",
        ),
        (&[&path, &path], "unexpected argument"),
        (&[], "<SOURCE>"),
    ] {
        let stderr = refused(&[&["export", "svg"], arguments].concat());
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    let compose = file(
        "compose.yaml",
        "services: {web: {image: nginx, ports: ['80'], depends_on: [api]}, api: {build: .}}",
    );
    let (code, stdout, stderr) = faultline(&["import", "compose", &compose]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let imported = file("composed.json", &stdout);
    assert!(
        report(&["run", &imported, "--duration", "1s", "--format", "json"])["requests"]["ok"]
            .as_u64()
            > Some(0)
    );
    assert!(refused(&["import", "svg", &path]).contains("[possible values: compose, mermaid]"));
    assert!(refused(&["export", "compose", &path]).contains("[possible values: mermaid, svg]"));
    assert!(refused(&["import", "compose", &path]).contains("services"));
    assert!(refused(&["import", "mermaid", &path]).contains("not a Mermaid flowchart"));
    assert!(refused(&["import", "mermaid", "/no/such/file"]).contains("/no/such/file"));
}

/// Every lesson and every reference design as a picture: all of its nodes and zones are in it by
/// name, its tags match, and no text holds markup.
#[test]
fn every_design_of_the_library_has_a_picture() {
    let lessons = host::scenarios::all().into_iter();
    let references = host::scenarios::sound().into_iter();
    let designs: Vec<design::Design> = lessons
        .map(|lesson| lesson.design)
        .chain(references.map(|reference| reference.design))
        .collect();
    assert!(designs.len() > 40);
    for design in &designs {
        let svg = editor::svg::write(design);
        for node in &design.nodes {
            let title = node.title().replace('&', "&amp;");
            assert!(svg.contains(&format!("<g><title>{title}, ")), "{title}");
            for zone in node.deployment.zones() {
                assert!(svg.contains(zone), "{zone}");
            }
        }
        let mut open = Vec::new();
        for piece in svg.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap();
            assert!(!text.contains('>'), "{text}");
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.ends_with('/') => {}
                None => open.extend(tag.split(' ').next()),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

/// `UPDATE_EXPECT=1 cargo test -p faultline pictures` draws them again.
#[test]
fn the_pictures_of_the_documents_are_what_the_export_draws() {
    for (theme, picture) in [
        (
            "light",
            expect_file!["../../../../docs/pictures/event-orders-light.svg"],
        ),
        (
            "dark",
            expect_file!["../../../../docs/pictures/event-orders-dark.svg"],
        ),
    ] {
        picture.assert_eq(&fine(&["export", "svg", "event-orders", "--theme", theme]));
    }
}

/// The pages of the lessons show them: light or dark, as the reader prefers.
#[test]
fn the_pictures_of_the_lessons_are_what_the_export_draws() {
    let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures/lessons");
    for entry in host::scenarios::INDEX {
        let id = entry.id;
        let picture = expect_file![format!("{pictures}/{id}.svg")];
        picture.assert_eq(&fine(&["export", "svg", id]));
    }
}
