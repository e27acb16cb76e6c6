//! The first name that the user gives a new node also becomes its id: `cart`, not `service-2`.

use crate::selection::Selection;
use design::{Command, Design, Kind, Link, Target, Value};

/// Maximum length of an id that is made from a name, in characters.
const ID_MAX: usize = 40;

/// A node's first name.
pub(crate) struct FirstName {
    /// Renames the node and changes its id.
    pub(crate) command: Command,
    /// The new id.
    pub(crate) id: String,
}

impl FirstName {
    /// Reads a command that sets a node's label, and adds the change of the node's id to match.
    /// `None` for any other command, and if the id cannot follow: then only the label changes.
    pub(crate) fn of(command: &Command, design: &Design) -> Option<Self> {
        let Command::Set(Target::Node(old), path, Value::Text(label)) = command else {
            return None;
        };
        let wanted = slug(label).filter(|_| path == "label")?;
        if wanted == *old {
            return None;
        }
        let id = design.free_id(&wanted);
        let mut commands = rename(design, old, &id)?;
        commands.push(Command::Set(
            Target::Node(id.clone()),
            path.clone(),
            Value::text(label),
        ));
        Some(Self {
            command: Command::Batch(commands),
            id,
        })
    }
}

/// Returns the selection with a node's new id in place of its old one.
pub(crate) fn follow(selection: &Selection, old: &str, new: &str) -> Selection {
    let ids = selection.nodes.iter();
    let ids = ids.map(|id| {
        if id == old {
            new.to_owned()
        } else {
            id.clone()
        }
    });
    Selection {
        nodes: ids.collect(),
        ..selection.clone()
    }
}

/// Returns a name as an id: small letters and digits, joined by hyphens. `None` if it has neither.
fn slug(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let slug: String = words.join("-").chars().take(ID_MAX).collect();
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Returns the commands that remove a node and add it under another id, with everything that refers
/// to it. `None` if they would not produce exactly that design.
fn rename(design: &Design, old: &str, new: &str) -> Option<Vec<Command>> {
    let renamed = with_id(design, old, new);
    let at = design.nodes.iter().position(|node| node.id == old)?;
    let mut made = design.clone();
    let mut commands = Vec::new();
    let mut apply = |made: &mut Design, command: Command| {
        commands.push(command.clone());
        made.apply(command).ok()
    };
    apply(&mut made, Command::RemoveNode(old.to_owned()))?;
    let node = Box::new(renamed.nodes[at].clone());
    apply(&mut made, Command::AddNode(at, node))?;
    for (at, link) in renamed.links.iter().enumerate() {
        if made.links.get(at) != Some(link) {
            apply(&mut made, Command::AddLink(at, Box::new(link.clone())))?;
        }
    }
    for (at, fault) in renamed.faults.iter().enumerate() {
        if made.faults.get(at) != Some(fault) {
            apply(&mut made, Command::AddFault(at, fault.clone()))?;
        }
    }
    for node in &renamed.nodes {
        if let Kind::Database(database) = &node.kind
            && made.node(&node.id) != Some(node)
        {
            let owner = database.copy_of.as_ref().map_or(Value::Null, Value::text);
            let target = Target::Node(node.id.clone());
            apply(&mut made, Command::Set(target, "copy_of".to_owned(), owner))?;
        }
    }
    for (at, alert) in renamed.settings.alerts.iter().enumerate() {
        if made.settings.alerts.get(at) != Some(alert) {
            let path = format!("alerts[{at}].node");
            let node = Value::text(&alert.node);
            apply(&mut made, Command::Set(Target::Settings, path, node))?;
        }
    }
    (made == renamed).then_some(commands)
}

/// Returns the design in which a node has another id, wherever it is named. The ids of its links
/// follow if they were made from its id.
fn with_id(design: &Design, old: &str, new: &str) -> Design {
    let mut design = design.clone();
    let put = |id: &mut String| {
        if id == old {
            new.clone_into(id);
        }
    };
    let mut links = Vec::new();
    for link in &mut design.links {
        let before = ends(link);
        put(&mut link.from);
        put(&mut link.to);
        let rest = link.id.strip_prefix(&before).map(str::to_owned);
        let is_made = |rest: &String| rest.is_empty() || rest.starts_with('#');
        if let Some(rest) = rest.filter(is_made) {
            let id = ends(link) + &rest;
            links.push((std::mem::replace(&mut link.id, id.clone()), id));
        }
    }
    for fault in &mut design.faults {
        for end in std::iter::once(&mut fault.target).chain(fault.to.as_mut()) {
            let link = links.iter().find(|(before, _)| before == end);
            match link {
                Some((_, now)) => end.clone_from(now),
                None => put(end),
            }
        }
    }
    for node in &mut design.nodes {
        put(&mut node.id);
        if let Kind::Database(database) = &mut node.kind {
            database.copy_of.as_mut().into_iter().for_each(put);
        }
    }
    for alert in &mut design.settings.alerts {
        put(&mut alert.node);
    }
    design
}

fn ends(link: &Link) -> String {
    format!("{}->{}", link.from, link.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;
    use crate::testing::Hand;
    use design::{Fault, FaultKind};

    fn label(id: &str, label: &str) -> Command {
        Command::Set(Target::Node(id.into()), "label".into(), Value::text(label))
    }

    #[test]
    fn names_as_ids() {
        for (name, id) in [
            ("Cart", Some("cart")),
            ("  Go service 2! ", Some("go-service-2")),
            ("Größe", Some("gr-e")),
            ("購物車", None),
            ("", None),
        ] {
            assert_eq!(slug(name).as_deref(), id, "{name}");
        }
    }

    #[test]
    fn the_first_name_of_a_new_node_makes_its_id_and_all_that_names_it_follows() {
        let mut hand = Hand::new();
        hand.play("add-service; add-database");
        let copy =
            |of: &str| Command::Set(Target::Node("db".into()), "copy_of".into(), Value::text(of));
        let crash = |target: &str| Fault {
            kind: FaultKind::Crash,
            target: target.into(),
            ..Fault::default()
        };
        let cut = Fault {
            kind: FaultKind::Latency,
            target: "api->service".into(),
            ..Fault::default()
        };
        let link = |from: &str, to: &str| {
            let id = format!("{from}->{to}");
            Box::new(Link::new(id, from, to, design::link::Mode::Call))
        };
        for command in [
            Command::AddLink(1, link("api", "service")),
            Command::AddLink(9, link("service", "database")),
            Command::AddFault(0, crash("service")),
            Command::AddFault(0, cut),
            Command::AddFault(2, crash("db")),
            copy("database"),
        ] {
            hand.editor.apply(command).unwrap();
        }
        let before = hand.editor.design().clone();
        hand.editor
            .select(Selection::of_nodes(["service".to_owned(), "db".to_owned()]));
        hand.editor.apply(label("service", "Cart")).unwrap();
        hand.editor.apply(label("database", "Cart")).unwrap();
        let design = hand.editor.design().clone();
        let ids: Vec<&str> = design.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids, ["users", "api", "db", "cart", "cart-2"]);
        assert_eq!(hand.links(), "users->api api->cart api->db cart->cart-2");
        let of = |fault: &Fault| fault.target.clone();
        let faults: Vec<String> = design.faults.iter().map(of).collect();
        assert_eq!(faults, ["api->cart", "cart", "db"]);
        assert_eq!(design.links[1].id, "api->cart");
        assert_eq!(hand.selected(), "cart db");
        assert!(matches!(
            &design.node("db").unwrap().kind,
            Kind::Database(db) if db.copy_of.as_deref() == Some("cart-2")
        ));
        assert_eq!(design.problems(), before.problems());
        assert_eq!(hand.history()[..2], ["Rename database", "Rename service"]);
        hand.play("undo; undo");
        assert_eq!(hand.editor.design(), &before);
        assert_eq!(hand.selected(), "db service");
        hand.play("redo; redo");
        assert_eq!(hand.editor.design(), &design);
    }

    #[test]
    fn an_id_that_a_person_chose_stays() {
        let mut hand = Hand::new();
        hand.play("add-service");
        // The second name, an id that was read, and a copy.
        for (id, name, wanted) in [
            ("service", "Cart", "cart"),
            ("cart", "Basket", "cart"),
            ("api", "Orders", "api"),
        ] {
            hand.editor.apply(label(id, name)).unwrap();
            assert!(hand.editor.design().node(wanted).is_some(), "{name}");
        }
        hand.editor.select(Selection::of_nodes(["api".to_owned()]));
        let copied = hand.editor.copy().unwrap();
        hand.editor.paste(&copied, None);
        hand.editor.apply(label("api-2", "Other")).unwrap();
        assert!(hand.editor.design().node("api-2").is_some());
        let all = catalog::shelves(hand.editor.design(), None, "");
        let thing = all.iter().flat_map(|shelf| &shelf.things).next().unwrap();
        hand.editor.add_thing(thing, None);
        let id = hand.selected();
        hand.editor.apply(label(&id, "購物車")).unwrap();
        assert!(hand.editor.design().node(&id).is_some(), "{id}");
    }
}
