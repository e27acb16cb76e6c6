//! Inserting another design beside the open one adds all of its nodes and links, under free ids, as
//! one edit.

use std::collections::BTreeMap;

use design::document::{LINKS_MAX, NODES_MAX};
use design::note::NOTES_MAX;
use design::{Design, Kind, Link};
use editor::{ActionId, Editor, Rect, actions, node_rect};

fn around<'a>(nodes: impl Iterator<Item = &'a design::Node>) -> Option<Rect> {
    nodes.map(node_rect).reduce(Rect::union)
}

/// Returns whether both fit into one design. The nodes of the result have places.
fn fit(open: &Design, arrived: &Design) -> bool {
    let sum = |of: fn(&Design) -> usize| of(open) + of(arrived);
    sum(|design| design.nodes.len()) <= NODES_MAX
        && sum(|design| design.links.len()) <= LINKS_MAX
        && sum(|design| design.settings.notes.len()) <= NOTES_MAX
        && !arrived.nodes.is_empty()
        && !editor::layout::lacks_positions(open)
}

#[test]
fn ids_are_free_links_follow_and_one_undo_takes_all_of_it_back() {
    let mut inserted = 0;
    for seed in testing::cases(60, 40).seeds() {
        let open = testing::design(seed);
        let arrived = testing::design(seed.wrapping_add(1_000_003));
        if !fit(&open, &arrived) {
            continue;
        }
        inserted += 1;
        let mut editor = Editor::new(open.clone());
        editor.insert_beside(&arrived);
        let now = editor.design().clone();
        let (old, new) = now.nodes.split_at(open.nodes.len());
        assert_eq!(old, open.nodes, "seed {seed}");
        let renamed: BTreeMap<&str, &str> = arrived
            .nodes
            .iter()
            .zip(new)
            .map(|(was, is)| (was.id.as_str(), is.id.as_str()))
            .collect();
        for (was, is) in arrived.nodes.iter().zip(new) {
            let mut wanted = was.clone();
            (wanted.id, wanted.at) = (is.id.clone(), is.at);
            if let Kind::Database(database) = &mut wanted.kind {
                let owner = database.copy_of.take();
                database.copy_of = owner.map(|owner| renamed[owner.as_str()].to_owned());
            }
            assert_eq!(*is, wanted, "seed {seed}");
        }
        if arrived.problems().is_empty() && open.problems().is_empty() {
            assert_eq!(now.problems(), [], "seed {seed}");
        }
        let ids: std::collections::BTreeSet<&str> = now
            .nodes
            .iter()
            .map(|node| node.id.as_str())
            .chain(now.links.iter().map(|link| link.id.as_str()))
            .collect();
        assert_eq!(ids.len(), now.nodes.len() + now.links.len(), "seed {seed}");
        for (was, is) in arrived.links.iter().zip(&now.links[open.links.len()..]) {
            let wanted = Link {
                id: is.id.clone(),
                from: renamed[was.from.as_str()].to_owned(),
                to: renamed[was.to.as_str()].to_owned(),
                ..was.clone()
            };
            assert_eq!(*is, wanted, "seed {seed}");
        }
        assert_eq!(now.links.len(), open.links.len() + arrived.links.len());
        assert_eq!(
            (&now.faults, &now.requirements),
            (&open.faults, &open.requirements)
        );
        let selected = &editor.selection().nodes;
        assert!(new.iter().all(|node| selected.contains(&node.id)) && selected.len() == new.len());

        actions::run(&mut editor, ActionId::Undo);
        assert_eq!(
            format!("{:?}", editor.design()),
            format!("{open:?}"),
            "seed {seed}"
        );
        assert!(!editor.document().can_undo(), "it was one edit");
        actions::run(&mut editor, ActionId::Redo);
        assert_eq!(*editor.design(), now, "seed {seed}");
    }
    assert!(inserted > 0);
}

#[test]
fn what_arrives_stands_beside_what_is_there() {
    let mut open = testing::design(3);
    let mut arrived = testing::design(4);
    let in_rows = |design: &mut Design| {
        for (at, node) in design.nodes.iter_mut().enumerate() {
            node.at = [(at % 3) as i32 * 240, (at / 3) as i32 * 120];
        }
        design.settings.notes.clear();
        for node in &mut design.nodes {
            (node.deployment.zone, node.deployment.zones) = (None, Vec::new());
        }
    };
    in_rows(&mut open);
    for has_places in [true, false] {
        in_rows(&mut arrived);
        if !has_places {
            arrived.nodes.iter_mut().for_each(|node| node.at = [0, 0]);
        }
        let mut editor = Editor::new(open.clone());
        editor.insert_beside(&arrived);
        let nodes = &editor.design().nodes;
        let (old, new) = nodes.split_at(open.nodes.len());
        let (old, new) = (around(old.iter()).unwrap(), around(new.iter()).unwrap());
        assert!(new.min.x >= old.max.x + 100.0, "{old:?} {new:?}");
        let mut places: Vec<[i32; 2]> = nodes.iter().map(|node| node.at).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), nodes.len(), "no node hides another");
    }
}
