//! Previews: what a command would change on the canvas, drawn before it is carried out.

use crate::curve::Line;
use crate::geometry::{Rect, node_rect};
use crate::scene::Scene;
use design::{Command, Design};

/// What happens to a node or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is changed.
    Changed,
    /// It is new.
    Added,
    /// It is removed.
    Removed,
}

/// What a command would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Nodes: rectangle, title, and what happens to them.
    pub nodes: Vec<(Rect, String, Fate)>,
    /// Links.
    pub links: Vec<(Line, Fate)>,
}

/// Returns what a command would change of a design; nothing if it cannot be carried out.
pub fn preview(design: &Design, command: &Command) -> Preview {
    let mut after = design.clone();
    match after.apply(command.clone()) {
        Ok(_) => compare(design, &after),
        Err(_) => Preview::default(),
    }
}

fn compare(before: &Design, after: &Design) -> Preview {
    let mut preview = Preview::default();
    let scenes = [Scene::new(before), Scene::new(after)];
    for node in &after.nodes {
        let fate = match before.node(&node.id) {
            Some(known) if known == node => continue,
            Some(_) => Fate::Changed,
            None => Fate::Added,
        };
        let title = node.title().to_owned();
        preview.nodes.push((node_rect(node), title, fate));
    }
    let gone = before
        .nodes
        .iter()
        .filter(|node| after.node(&node.id).is_none());
    preview
        .nodes
        .extend(gone.map(|node| (node_rect(node), node.title().to_owned(), Fate::Removed)));
    for link in &after.links {
        let fate = match before.link(&link.id) {
            Some(known) if known == link => continue,
            Some(_) => Fate::Changed,
            None => Fate::Added,
        };
        preview
            .links
            .extend(scenes[1].line(&link.id).map(|line| (line, fate)));
    }
    let gone = before
        .links
        .iter()
        .filter(|link| after.link(&link.id).is_none());
    let gone = gone.filter_map(|link| scenes[0].line(&link.id));
    preview.links.extend(gone.map(|line| (line, Fate::Removed)));
    preview
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{kind, small};
    use design::link::Mode;
    use design::{Link, Node, Target, Value};

    #[test]
    fn what_is_changed_added_and_removed() {
        let design = small();
        let label = Value::text("API");
        let cache = Node::new("cache", kind("cache"), [300, 200]);
        let command = Command::Batch(vec![
            Command::Set(Target::Node("api".into()), "label".into(), label),
            Command::RemoveLink("api->db".into()),
            Command::AddNode(9, Box::new(cache)),
            Command::AddLink(
                9,
                Box::new(Link::new("api->cache", "api", "cache", Mode::Call)),
            ),
        ]);
        let preview = preview(&design, &command);
        let fates: Vec<_> = preview
            .nodes
            .iter()
            .map(|(_, name, fate)| (name.as_str(), *fate))
            .collect();
        assert_eq!(fates, [("API", Fate::Changed), ("cache", Fate::Added)]);
        let fates: Vec<_> = preview.links.iter().map(|(_, fate)| *fate).collect();
        assert_eq!(fates, [Fate::Added, Fate::Removed]);
    }

    #[test]
    fn what_cannot_be_done_changes_nothing() {
        let command = Command::RemoveNode("nobody".into());
        assert_eq!(preview(&small(), &command), Preview::default());
    }
}
