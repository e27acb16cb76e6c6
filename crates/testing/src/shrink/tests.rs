use super::*;
use crate::design;
use design::Kind;

/// What a finished search leaves: nothing can be left out without losing what fails.
fn smallest(seeds: std::ops::Range<u64>, fails: impl Fn(&Design) -> bool) -> Vec<Design> {
    let drawn = seeds.map(design).filter(|design| fails(design));
    drawn.map(|design| shrink(&design, &fails).0).collect()
}

#[test]
fn only_what_fails_is_left() {
    let is_replicated = |design: &Design| {
        let mut kinds = design.nodes.iter().map(|node| &node.kind);
        kinds.any(|kind| matches!(kind, Kind::Service(service) if service.replicas >= 3))
    };
    let found = smallest(0..30, is_replicated);
    assert!(found.len() > 5, "{}", found.len());
    for design in found {
        let text = format::json::write(&design);
        let [node] = &design.nodes[..] else {
            panic!("one node is left: {text}");
        };
        let Value::Map(fields) = node.write(true) else {
            panic!("a node is written as a map");
        };
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["id", "kind", "at", "replicas"], "{text}");
        assert_eq!(fields[3].1, Value::Number(3.0));
        let settings = design::Settings {
            duration: design.settings.duration,
            ..design::Settings::default()
        };
        assert_eq!(design.settings, settings, "{text}");
        assert!(design.settings.duration <= Duration::ms(1), "{text}");
    }
}

#[test]
fn nodes_on_the_way_are_bypassed() {
    // A client whose requests reach a database, however far the way is.
    fn reaches(design: &Design) -> bool {
        let clients = design
            .nodes
            .iter()
            .filter(|node| matches!(node.kind, Kind::Client(_)));
        let mut found: Vec<&str> = clients.map(|node| node.id.as_str()).collect();
        let mut place = 0;
        while let Some(from) = found.get(place).copied() {
            let next = design.links.iter().filter(|link| link.from == from);
            let next: Vec<&str> = next.map(|link| link.to.as_str()).collect();
            found.extend(
                next.into_iter()
                    .filter(|id| !found.contains(id))
                    .collect::<Vec<_>>(),
            );
            place += 1;
        }
        let is_database = |id: &&str| {
            design
                .node(id)
                .is_some_and(|node| matches!(node.kind, Kind::Database(_)))
        };
        found.iter().any(is_database)
    }
    let found = smallest(0..40, reaches);
    assert!(found.len() > 5, "{}", found.len());
    for design in found {
        assert_eq!((design.nodes.len(), design.links.len()), (2, 1));
    }
}

#[test]
fn a_design_that_cannot_be_smaller_stays() {
    let design = design(3);
    let (same, tries) = shrink(&design, |_| false);
    assert_eq!(same, design);
    assert!(tries > 50, "{tries}");
}
