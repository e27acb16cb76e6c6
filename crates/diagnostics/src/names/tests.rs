use super::*;
use crate::testing::read;
use crate::{Remedy, Step};

/// A finding whose every text is this one, and another below it.
fn finding(text: &str) -> Finding {
    let mut finding = Finding::new("retry-storm", ["api"]).says(text, text, text);
    finding.chain.push(Step {
        at_s: 1.0,
        subject: "api".to_owned(),
        what: text.to_owned(),
    });
    finding.remedies.push(Remedy::new(text, text, Vec::new()));
    finding.symptoms.push(finding.clone());
    finding
}

/// What a text says, wherever in a finding it stands.
fn said(design: &Design, names: Names, text: &str) -> String {
    let mut findings = [finding(text)];
    resolve(&mut findings, design, names);
    let mut texts = Vec::new();
    each_text(&mut findings, &mut |text| texts.push(text.clone()));
    assert_eq!(texts.len(), 12);
    assert!(texts.iter().all(|other| *other == texts[0]), "{texts:?}");
    texts.swap_remove(0)
}

fn labelled(labels: &[(&str, &str)]) -> Design {
    let mut design = read(
        r#"{"nodes": [
        {"id": "users", "kind": "client"}, {"id": "api", "kind": "service"},
        {"id": "cache", "kind": "cache"}, {"id": "db", "kind": "database"}],
        "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "cache"},
        {"from": "api", "to": "db", "when": "on_miss"}, {"from": "api", "to": "db", "when": "writes"},
        {"id": "bulk", "from": "api", "to": "db", "when": {"probability": 0.1}}]}"#,
    );
    for node in &mut design.nodes {
        let label = labels.iter().find(|(id, _)| *id == node.id);
        node.label = label.map(|(_, label)| (*label).to_owned());
    }
    design
}

#[test]
fn names_are_ids_or_titles_and_words_stay_words() {
    let design = labelled(&[("cache", "Redis"), ("db", "PostgreSQL")]);
    let text = format!(
        "{} cannot do without {}: no cache, {}",
        name("db"),
        name("cache"),
        name("api")
    );
    assert_eq!(
        said(&design, Names::Ids, &text),
        "db cannot do without cache: no cache, api"
    );
    assert_eq!(
        said(&design, Names::Titles, &text),
        "PostgreSQL cannot do without Redis: no cache, api"
    );
    // A zone is called what it is called.
    let zone = format!("{} was cut off", name("eu-west"));
    assert_eq!(said(&design, Names::Titles, &zone), "eu-west was cut off");
}

#[test]
fn links_are_named_by_their_ends_and_told_from_those_beside_them() {
    let design = labelled(&[("api", "Shop"), ("db", "PostgreSQL")]);
    let of = |id: &str, names| said(&design, names, &name(id).to_string());
    for (id, title) in [
        ("users->api", "users->Shop"),
        ("api->db", "Shop->PostgreSQL"),
        ("api->db#2", "Shop->PostgreSQL#2"),
        ("bulk", "Shop->PostgreSQL (bulk)"),
    ] {
        assert_eq!(of(id, Names::Ids), id);
        assert_eq!(of(id, Names::Titles), title);
    }
}

#[test]
fn nodes_with_one_title_are_told_apart_by_their_ids() {
    let design = labelled(&[("api", "Store"), ("db", "Store"), ("users", "cache")]);
    let text = crate::words::list(&["users", "api", "db"]);
    assert_eq!(
        said(&design, Names::Titles, &text),
        "cache (users), Store (api) and Store (db)"
    );
    let text = format!("{} over {}", name("cache"), name("api->cache"));
    assert_eq!(
        said(&design, Names::Titles, &text),
        "cache over Store (api)->cache"
    );
}

#[test]
fn no_title_breaks_a_text() {
    let long = "x".repeat(2_000);
    let design = labelled(&[
        ("users", " \u{e001}"),
        ("api", "\u{e001}A\u{e000}PI\u{f8ff}"),
        ("cache", "\u{e000}db\u{e001}"),
        ("db", &long),
    ]);
    let text = format!(
        "{}, {}, {}: {}",
        name("users"),
        name("api"),
        name("cache"),
        name("db")
    );
    let short = &long[..LETTERS_MAX];
    assert_eq!(
        said(&design, Names::Titles, &text),
        format!("users, API\u{f8ff}, db: {short}\u{2026}")
    );
    // Words of others that look like marks, as the name of an alert may.
    for names in [Names::Ids, Names::Titles] {
        for (word, is) in [
            ("\u{e000}fired", "fired at api"),
            ("\u{e001}fired", "fired at api"),
            ("\u{e000}\u{e000}fired\u{e001}\u{e001}", "fired at api"),
        ] {
            let design = labelled(&[]);
            let text = format!("{word} at {}", name("api"));
            assert_eq!(said(&design, names, &text), is);
        }
    }
    let id = format!("{}", name("a\u{e000}b\u{e001}c"));
    assert_eq!(said(&design, Names::Ids, &id), "abc");
}
