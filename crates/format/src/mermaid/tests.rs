//! Flowcharts there and back.

use super::{read, write};
use design::link::{Condition, Mode};

fn shape(design: &design::Design) -> Vec<String> {
    let nodes = design
        .nodes
        .iter()
        .map(|node| format!("{} {} {}", node.id, node.kind.name(), node.title()));
    let links = design.links.iter().map(|link| {
        format!(
            "{} {:?} {:?} {}",
            link.id, link.mode, link.when, link.optional
        )
    });
    nodes.chain(links).collect()
}

#[test]
fn what_people_draw_is_understood() {
    let drawn = "```mermaid\n---\ntitle: Shop\n---\nflowchart TD\n\
        %% a comment\n\
        subgraph edge\n  U((Users)) -->|HTTPS| LB{nginx}\n  end\n\
        LB --> api1[Checkout API] & api2[Checkout API 2]\n\
        api1 & api2 -- reads --> C([Redis])\n\
        api1 ---> D[(Orders db)]; api2 -.-> Q[[Jobs; all of them]]\n\
        Q ==> W(Worker):::green\n\
        classDef green fill:#0f0\n\
        W --> D\n\
        D --> api1\n\
        W <--> kafka\n\
        this is: no mermaid\n```\nand prose\n";
    let imported = read(drawn).unwrap();
    let design = &imported.design;
    let kinds: Vec<String> = design
        .nodes
        .iter()
        .map(|node| format!("{} {}", node.id, node.kind.name()))
        .collect();
    assert_eq!(
        kinds,
        [
            "U client",
            "LB load_balancer",
            "api1 service",
            "api2 service",
            "C cache",
            "D database",
            "Q queue",
            "W service",
            "kafka queue",
            "this service"
        ]
    );
    assert_eq!(design.node("D").unwrap().title(), "Orders db");
    assert_eq!(design.link("api2->Q").unwrap().mode, Mode::Publish);
    assert_eq!(design.link("Q->W").unwrap().mode, Mode::Consume);
    assert_eq!(design.link("api1->C").unwrap().when.0, [Condition::Reads]);
    assert!(design.link("api1->D").is_some() && design.link("D->api1").is_none());
    for part in [
        "HTTPS",
        "a database makes no calls",
        "bidirectional",
        "this is: no mermaid",
        "subgraph",
    ] {
        assert!(
            imported.notes.iter().any(|note| note.contains(part)),
            "{part}: {:#?}",
            imported.notes
        );
    }
}

#[test]
fn there_and_back() {
    let plain = r#"{"faultline": 1, "nodes": [
        {"id": "users", "kind": "client"}, {"id": "edge", "kind": "load_balancer", "label": "The \"edge\" #1"},
        {"id": "redis_service", "kind": "service"}, {"id": "cache", "kind": "cache"}, {"id": "db", "kind": "database"},
        {"id": "jobs", "kind": "queue"}],
        "links": [{"from": "users", "to": "edge"}, {"from": "edge", "to": "redis_service"},
        {"from": "redis_service", "to": "cache", "when": "reads", "optional": true},
        {"from": "redis_service", "to": "db", "when": ["on_miss", "writes"]},
        {"from": "redis_service", "to": "db", "when": {"probability": 0.25}},
        {"from": "redis_service", "to": "jobs", "mode": "publish"}]}"#;
    let design = crate::json::read(plain).unwrap();
    let imported = read(&write(&design)).unwrap();
    assert_eq!(shape(&imported.design), shape(&design));
    assert_eq!(imported.notes, Vec::<String>::new());
}

#[test]
fn random_designs_come_back_with_their_shape() {
    testing::cases(100, 100).check(|design, _| {
        let written = write(design);
        let imported = read(&written).unwrap_or_else(|problems| panic!("{problems:?}\n{written}"));
        let kinds = |design: &design::Design| {
            let mut kinds: Vec<_> = design.nodes.iter().map(|node| node.kind.name()).collect();
            kinds.sort_unstable();
            kinds
        };
        assert_eq!(kinds(&imported.design), kinds(design), "{written}");
        // A picture does not say what is a copy, and two stores for the same keys cannot be: one of
        // their links is left out, with a note.
        let is_copy = |node: &design::Node| match &node.kind {
            design::Kind::Database(database) => database.copy_of.is_some(),
            _ => false,
        };
        assert!(
            imported.design.links.len() == design.links.len() || design.nodes.iter().any(is_copy),
            "{written}\n{:?}",
            imported.notes
        );
        // Written again, it is the same picture but for its own names.
        let again = read(&write(&imported.design)).unwrap();
        assert_eq!(shape(&again.design), shape(&imported.design));
    });
}

#[test]
fn nonsense_is_refused_or_noted() {
    assert!(read("sequenceDiagram\nA->>B: hi").is_err());
    assert!(read("").is_err());
    let empty = read("flowchart LR").unwrap();
    assert_eq!(empty.design.nodes.len(), 0);
    let cycle = read("graph LR\na --> b --> c --> a").unwrap();
    assert!(
        cycle.notes.iter().any(|note| note.contains("cycle")),
        "{:?}",
        cycle.notes
    );
    assert_eq!(cycle.design.problems(), []);
    let many = format!(
        "flowchart LR\n{}",
        (0..10_050).map(|n| format!("a{n}\n")).collect::<String>()
    );
    assert!(read(&many).unwrap_err()[0].message.contains("too many"));
    let product = (0..200)
        .map(|n| format!("a{n}"))
        .collect::<Vec<_>>()
        .join(" & ");
    let huge = format!("flowchart LR\n{product} --> {}", product.replace('a', "b"));
    assert!(read(&huge).unwrap_err()[0].message.contains("too many"));
}
