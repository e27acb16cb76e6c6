//! Fragments of a design: copies a selection and pastes it under free ids.

use crate::selection::Selection;
use design::document::{LINKS_MAX, NODES_MAX};
use design::note::{NOTES_MAX, Place};
use design::{Attribute, Command, Design, Kind, Note, Settings, Target};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the selected nodes with the links among them, and the selected notes, as a design.
pub fn copy(design: &Design, selection: &Selection) -> Design {
    let within = |id: &String| selection.nodes.contains(id);
    let notes = selection.notes.iter();
    let notes = notes.filter_map(|at| design.settings.notes.get(*at).cloned());
    Design {
        settings: Settings {
            notes: notes.collect(),
            ..Settings::default()
        },
        nodes: design
            .nodes
            .iter()
            .filter(|node| within(&node.id))
            .cloned()
            .collect(),
        links: design
            .links
            .iter()
            .filter(|link| within(&link.from) && within(&link.to))
            .cloned()
            .collect(),
        ..Design::default()
    }
}

/// A paste that can be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Paste {
    /// Adds the nodes and links.
    pub command: Command,
    /// The ids that the nodes get, in the order of the fragment.
    pub nodes: Vec<String>,
    /// The nodes and notes that it adds.
    pub selection: Selection,
}

/// Returns a paste of the nodes, links and notes of a fragment, moved by `by`, under free ids.
/// Faults and requirements of the fragment are left out: they belong to a system, not to a part of
/// it.
pub fn paste(design: &Design, fragment: &Design, by: [i32; 2]) -> Result<Paste, String> {
    if design.nodes.len() + fragment.nodes.len() > NODES_MAX {
        return Err(format!("a design has at most {NODES_MAX} nodes"));
    }
    if design.links.len() + fragment.links.len() > LINKS_MAX {
        return Err(format!("a design has at most {LINKS_MAX} links"));
    }
    let had = design.settings.notes.len();
    if had + fragment.settings.notes.len() > NOTES_MAX {
        return Err(format!("a design has at most {NOTES_MAX} notes"));
    }
    let mut taken: BTreeSet<String> = design
        .nodes
        .iter()
        .map(|node| &node.id)
        .chain(design.links.iter().map(|link| &link.id))
        .cloned()
        .collect();
    let mut renamed = BTreeMap::new();
    let mut nodes = Vec::new();
    for node in &fragment.nodes {
        let id = free(&mut taken, &node.id);
        renamed.insert(node.id.as_str(), id.clone());
        nodes.push(id);
    }
    let mut commands = Vec::new();
    for (node, id) in fragment.nodes.iter().zip(&nodes) {
        let mut copy = node.clone();
        copy.id.clone_from(id);
        copy.at = [moved(node.at[0], by[0]), moved(node.at[1], by[1])];
        if let Kind::Database(database) = &mut copy.kind {
            let owner = database.copy_of.take();
            database.copy_of = owner.and_then(|owner| owner_of_copy(design, &renamed, owner));
        }
        commands.push(Command::AddNode(usize::MAX, Box::new(copy)));
    }
    for link in &fragment.links {
        let (Some(from), Some(to)) = (
            renamed.get(link.from.as_str()),
            renamed.get(link.to.as_str()),
        ) else {
            continue;
        };
        let mut copy = link.clone();
        copy.id = free(&mut taken, &format!("{from}->{to}"));
        copy.from.clone_from(from);
        copy.to.clone_from(to);
        commands.push(Command::AddLink(usize::MAX, Box::new(copy)));
    }
    if !fragment.settings.notes.is_empty() {
        let mut notes = design.settings.notes.clone();
        notes.extend(fragment.settings.notes.iter().map(|note| Note {
            at: Place([moved(note.at.0[0], by[0]), moved(note.at.0[1], by[1])]),
            ..note.clone()
        }));
        commands.push(set_notes(&notes));
    }
    Ok(Paste {
        command: Command::Batch(commands),
        selection: Selection {
            nodes: nodes.iter().cloned().collect(),
            notes: (had..had + fragment.settings.notes.len()).collect(),
            ..Selection::none()
        },
        nodes,
    })
}

/// Returns the database that a pasted copy follows: one pasted with it, else one of the design.
fn owner_of_copy(
    design: &Design,
    renamed: &BTreeMap<&str, String>,
    owner: String,
) -> Option<String> {
    if let Some(pasted) = renamed.get(owner.as_str()) {
        return Some(pasted.clone());
    }
    let is_owner = |kind: &Kind| matches!(kind, Kind::Database(it) if it.copy_of.is_none());
    let there = design.node(&owner)?;
    is_owner(&there.kind).then_some(owner)
}

/// Returns what pasting leaves out of a whole design because it belongs to the system and not to a
/// part. Empty for an ordinary fragment.
pub fn left_out(whole: &Design) -> Vec<String> {
    let (settings, usual) = (&whole.settings, Settings::default());
    let mut left = Vec::new();
    let run = |of: &Settings| (of.seed, of.duration, of.warmup, of.drain);
    if run(settings) != run(&usual) {
        left.push("the seed and duration of its run".to_owned());
    }
    for (count, one) in [
        (whole.requirements.len(), "requirement"),
        (whole.faults.len(), "fault"),
        (settings.alerts.len(), "alert"),
        (settings.allow.len(), "accepted finding"),
    ] {
        match count {
            0 => {}
            1 => left.push(format!("1 {one}")),
            many => left.push(format!("{many} {one}s")),
        }
    }
    if settings.zones != usual.zones {
        left.push("the latency between its zones".to_owned());
    }
    left
}

/// Returns the command that replaces all notes with these.
pub(crate) fn set_notes(notes: &[Note]) -> Command {
    let notes = notes.to_vec().write();
    Command::Set(Target::Settings, "notes".to_owned(), notes)
}

fn moved(at: i32, by: i32) -> i32 {
    use design::document::POSITION_MAX;
    at.saturating_add(by).clamp(-POSITION_MAX, POSITION_MAX)
}

/// Returns `wanted` or the next free numbered name (`api`, `api-2`, `api-3`), and marks it as
/// taken.
fn free(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    if taken.insert(wanted.to_owned()) {
        return wanted.to_owned();
    }
    let (stem, number) = match wanted.rsplit_once('-') {
        Some((stem, digits)) if !stem.is_empty() => match digits.parse::<u32>() {
            Ok(number) => (stem, u64::from(number)),
            Err(_) => (wanted, 1),
        },
        _ => (wanted, 1),
    };
    let mut number = number + 1;
    loop {
        let id = format!("{stem}-{number}");
        if taken.insert(id.clone()) {
            return id;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;

    #[test]
    fn a_copy_brings_its_own_links_and_gets_free_ids() {
        let mut design = small();
        let fragment = copy(
            &design,
            &Selection::of_nodes(["api".to_owned(), "db".to_owned()]),
        );
        assert_eq!((fragment.nodes.len(), fragment.links.len()), (2, 1));
        for _ in 0..2 {
            let paste = paste(&design, &fragment, [24, 24]).unwrap();
            design.apply(paste.command).unwrap();
        }
        let nodes: Vec<&str> = design.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(
            nodes,
            ["users", "api", "db", "api-2", "db-2", "api-3", "db-3"]
        );
        assert_eq!(design.links[3].id, "api-3->db-3");
        assert_eq!(design.nodes[3].at, [324, 24]);
        assert_eq!(design.problems(), []);
    }

    #[test]
    fn what_is_about_a_whole_system_is_left_out_by_name() {
        assert_eq!(left_out(&small()), Vec::<String>::new());
        let mut whole = small();
        whole.settings.duration = design::Duration::s(90);
        whole.settings.zones.latency = design::Distribution::Const(design::Duration::ms(1));
        whole.faults = vec![design::Fault::default(); 2];
        whole.requirements = vec![design::Requirement::default()];
        assert_eq!(
            left_out(&whole),
            [
                "the seed and duration of its run",
                "1 requirement",
                "2 faults",
                "the latency between its zones"
            ]
        );
    }

    #[test]
    fn a_copy_of_a_numbered_node_counts_on() {
        let mut design = small();
        design.nodes[1].id = "api-7".into();
        let fragment = copy(&design, &Selection::of_nodes(["api-7".to_owned()]));
        assert_eq!(paste(&design, &fragment, [0, 0]).unwrap().nodes, ["api-8"]);
    }
}
