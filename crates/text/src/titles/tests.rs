use super::*;
use crate::message::message as written;
use report::{Message, link_name, list, message, name, zone_name};

fn labelled(labels: &[(&str, &str)]) -> Design {
    let mut design: Design = format::json::read(
        r#"{"faultline": 1, "nodes": [
        {"id": "users", "kind": "client"}, {"id": "api", "kind": "service"},
        {"id": "cache", "kind": "cache"}, {"id": "db", "kind": "database"}],
        "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "cache"},
        {"from": "api", "to": "db", "when": "on_miss"},
        {"from": "api", "to": "db", "when": "writes"},
        {"id": "bulk", "from": "api", "to": "db", "when": {"probability": 0.1}}]}"#,
    )
    .unwrap();
    for node in &mut design.nodes {
        let label = labels.iter().find(|(id, _)| *id == node.id);
        node.label = label.map(|(_, label)| (*label).to_owned());
    }
    design
}

fn by_title(design: &Design, message: impl Into<Message>) -> String {
    written(&message.into(), &Titles::of_design(design))
}

#[test]
fn names_are_ids_or_titles_and_words_stay_words() {
    let design = labelled(&[("cache", "Redis"), ("db", "PostgreSQL")]);
    let of = [name("db"), name("cache"), name("api")]
        .map(Message::from)
        .to_vec();
    let said = Message::filled("{} cannot do without {}: no cache, {}", of);
    assert_eq!(
        written(&said, &Titles::ids()),
        "db cannot do without cache: no cache, api"
    );
    assert_eq!(
        by_title(&design, said),
        "PostgreSQL cannot do without Redis: no cache, api"
    );
    // A zone keeps its name, even if a node has the same one.
    let zone = message!("{} was cut off", zone_name("cache"));
    assert_eq!(by_title(&design, zone), "cache was cut off");
}

#[test]
fn links_are_named_by_their_ends_and_told_from_those_beside_them() {
    let design = labelled(&[("api", "Shop"), ("db", "PostgreSQL")]);
    for (id, title) in [
        ("users->api", "users → Shop"),
        ("api->db", "Shop → PostgreSQL"),
        ("api->db#2", "Shop → PostgreSQL#2"),
        ("bulk", "Shop → PostgreSQL (bulk)"),
    ] {
        assert_eq!(written(&link_name(id).into(), &Titles::ids()), id);
        assert_eq!(by_title(&design, link_name(id)), title);
    }
}

#[test]
fn nodes_with_one_title_are_told_apart_by_their_ids() {
    let design = labelled(&[("api", "Store"), ("db", "Store"), ("users", "cache")]);
    assert_eq!(
        by_title(&design, list(&["users", "api", "db"])),
        "cache (users), Store (api) and Store (db)"
    );
    let said = message!("{} over {}", name("cache"), link_name("api->cache"));
    assert_eq!(by_title(&design, said), "cache over Store (api) → cache");
}

#[test]
fn a_title_that_is_a_story_is_cut_off_and_an_empty_one_is_none() {
    let long = "x".repeat(2_000);
    let design = labelled(&[("users", " "), ("api", "{} {db}"), ("db", &long)]);
    let said = message!("{}, {}: {}", name("users"), name("api"), name("db"));
    let short = &long[..LETTERS_MAX];
    assert_eq!(
        by_title(&design, said),
        format!("users, {{}} {{db}}: {short}\u{2026}")
    );
}
