//! Presets are data: every one must be a node that the document takes, and say something new.

use design::{Design, KINDS, Node, PRESETS, Preset};
use std::collections::BTreeSet;

fn all() -> impl Iterator<Item = &'static Preset> {
    PRESETS.iter().flat_map(|group| group.presets)
}

#[test]
fn every_preset_is_a_valid_node_alone() {
    let mut names = BTreeSet::new();
    for preset in all() {
        let kind = preset.make();
        assert_eq!(kind.name(), preset.kind);
        assert!(names.insert(preset.name), "{} is a duplicate", preset.name);
        let node = Node::new(preset.name, kind.clone(), [0, 0]);
        let design = Design {
            nodes: vec![node],
            ..Design::default()
        };
        assert_eq!(design.problems(), [], "{}", preset.name);
        assert_eq!(Design::read(&design.write(true)).as_ref(), Ok(&design));
        assert_ne!(
            kind,
            (preset.info().make)(),
            "{} is the plain kind",
            preset.name
        );
    }
    assert!(names.len() >= 35, "{} presets", names.len());
}

#[test]
fn every_value_of_a_preset_stands_in_its_node() {
    for preset in all() {
        let written = preset.make().write();
        for given in preset.values {
            let there = written.at_path(given.path);
            assert!(there.is_some(), "{}: {}", preset.name, given.path);
            let plain = given.value.value();
            let is_whole = matches!(plain, design::Value::Number(_) | design::Value::Bool(_));
            if is_whole {
                assert_eq!(there, Some(&plain), "{}: {}", preset.name, given.path);
            }
        }
        assert!(
            preset
                .values
                .iter()
                .any(|given| given.source.is_empty() || given.source.len() > 5)
        );
    }
}

#[test]
fn every_kind_stands_under_one_heading() {
    let mut kinds: Vec<&str> = PRESETS
        .iter()
        .flat_map(|group| group.kinds.to_vec())
        .collect();
    kinds.sort_unstable();
    let mut wanted: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    wanted.sort_unstable();
    assert_eq!(kinds, wanted);
}
