//! A wire that is being drawn: where it starts, what it may connect to, and what connecting it
//! does.

use crate::geometry::End;
use design::document::LINKS_MAX;
use design::link::Mode;
use design::validate::{check_link, link_refusal, second_owner, usual_mode};
use design::{Attribute, Command, Design, KINDS, Kind, KindInfo, Link, Reader, Target, Value};
use std::collections::BTreeSet;

/// A link with one loose end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The node at the fixed end.
    pub node: String,
    /// The loose end: [`End::To`] looks for a callee.
    pub loose: End,
    /// The link whose end was taken off; `None` for a new link.
    pub link: Option<String>,
}

impl Wire {
    /// Returns a new wire that starts at this node's port.
    pub fn from_port(node: impl Into<String>, port: End) -> Self {
        Self {
            node: node.into(),
            loose: port.other(),
            link: None,
        }
    }

    /// Returns the wire of a link whose end is taken off.
    pub fn from_link(link: &Link, end: End) -> Self {
        let fixed = match end {
            End::From => &link.to,
            End::To => &link.from,
        };
        Self {
            node: fixed.clone(),
            loose: end,
            link: Some(link.id.clone()),
        }
    }

    /// Returns caller and callee if the loose end is put on `other`.
    pub fn ends<'a>(&'a self, other: &'a str) -> (&'a str, &'a str) {
        match self.loose {
            End::From => (other, &self.node),
            End::To => (&self.node, other),
        }
    }

    /// Returns why the loose end cannot be put on this node, if it cannot.
    pub fn refusal(&self, design: &Design, other: &str) -> Option<String> {
        if self.node == other {
            return Some("a node cannot call itself".to_owned());
        }
        if self.link.is_none() && design.links.len() >= LINKS_MAX {
            return Some(format!("a design has at most {LINKS_MAX} links"));
        }
        let (caller, callee) = self.ends(other);
        if self.link.is_some() && self.twin(design, other).is_some() {
            let title = |id: &str| Some(design.node(id)?.title().to_owned());
            let (caller, callee) = (title(caller)?, title(callee)?);
            return Some(format!("{caller} is already linked to {callee}"));
        }
        let (from, to) = (&design.node(caller)?.kind, &design.node(callee)?.kind);
        link_refusal(from, to, self.mode(design, from, to)).or_else(|| match to {
            Kind::Database(database) => {
                let owner = database.copy_of.as_deref().unwrap_or(callee);
                second_owner(design, caller, Some(owner), self.link.as_deref())
            }
            _ => None,
        })
    }

    /// Returns the existing link between the two nodes, if the loose end were put on this one.
    pub fn twin<'a>(&self, design: &'a Design, other: &str) -> Option<&'a Link> {
        let (from, to) = self.ends(other);
        let is_self = |link: &Link| self.link.as_ref() == Some(&link.id);
        let mut links = design.links.iter();
        links.find(|link| link.from == from && link.to == to && !is_self(link))
    }

    /// Returns the kinds of node on which the loose end may be put: those that the quick-add
    /// offers.
    pub fn kinds(&self, design: &Design) -> Vec<&'static KindInfo> {
        let Some(node) = design.node(&self.node) else {
            return Vec::new();
        };
        let fits = |info: &&KindInfo| {
            let other = (info.make)();
            let (from, to) = match self.loose {
                End::From => (&other, &node.kind),
                End::To => (&node.kind, &other),
            };
            let is_second = || {
                matches!((self.loose, &other), (End::To, Kind::Database(_)))
                    && second_owner(design, &self.node, None, self.link.as_deref()).is_some()
            };
            link_refusal(from, to, self.mode(design, from, to)).is_none() && !is_second()
        };
        KINDS.iter().filter(fits).collect()
    }

    /// Returns the command that puts the loose end on this node, and the id of the link. The caller
    /// has checked [`Wire::refusal`] before. `None` if the node no longer exists.
    pub fn connect(&self, design: &Design, other: &str) -> Option<(Command, String)> {
        let (from, to) = self.ends(other);
        let (caller, callee) = (&design.node(from)?.kind, &design.node(to)?.kind);
        let mode = self.mode(design, caller, callee);
        // A cache with an origin loads by itself and gives no leases.
        let is_leasing = matches!(caller, Kind::Cache(cache) if cache.leases);
        let no_leases = is_leasing.then(|| {
            let target = Target::Node(from.to_owned());
            Command::Set(target, "leases".to_owned(), Value::Bool(false))
        });
        let Some(id) = &self.link else {
            let id = design.free_link_id(from, to);
            let link = Link::new(id.clone(), from, to, mode);
            let add = Command::AddLink(design.links.len(), Box::new(link));
            let command = match no_leases {
                Some(first) => Command::Batch(vec![first, add]),
                None => add,
            };
            return Some((command, id));
        };
        let set = |field: &str, value: Value| {
            Command::Set(Target::Link(id.clone()), field.to_owned(), value)
        };
        let mut commands: Vec<Command> = no_leases.into_iter().collect();
        let present = design.link(id)?;
        // Fields that do not apply in the new place are reset first, because each step of an undo
        // must be valid too.
        let usual = Link::default().write();
        for field in idle_fields(present, mode, caller) {
            let value = usual.at_path(&field).cloned().unwrap_or(Value::Null);
            commands.push(set(&field, value));
        }
        if present.mode != mode {
            commands.push(set("mode", mode.write()));
        }
        commands.push(set(self.loose.field(), Value::text(other)));
        Some((Command::Batch(commands), id.clone()))
    }

    /// Returns the mode of a link. The link keeps its mode where that is still possible.
    fn mode(&self, design: &Design, from: &Kind, to: &Kind) -> Mode {
        let present = self.link.as_ref().and_then(|id| design.link(id));
        match present {
            Some(link) if link_refusal(from, to, link.mode).is_none() => link.mode,
            _ => usual_mode(from, to),
        }
    }
}

/// Returns the fields of a link that this mode or this caller does not allow.
fn idle_fields(link: &Link, mode: Mode, caller: &Kind) -> BTreeSet<String> {
    let mut reader = Reader::default();
    let link = Link {
        mode,
        ..link.clone()
    };
    check_link(&link, Some(caller), &mut reader);
    let problems = reader.finish();
    let fields = problems
        .iter()
        .map(|problem| problem.path.split('.').next());
    fields.flatten().map(str::to_owned).collect()
}

/// Returns the commands that route a link through a node: the link then ends at the node, and a new
/// one leads on from there. `None` if one side cannot call the node, or the node cannot call the
/// other side.
pub fn insert_into_link(design: &Design, link: &str, node: &str) -> Option<Vec<Command>> {
    let link = design.link(link)?;
    let first = Wire::from_link(link, End::To);
    let second = Wire::from_port(node, End::From);
    if link.from == node
        || link.to == node
        || first.refusal(design, node).is_some()
        || second.refusal(design, &link.to).is_some()
    {
        return None;
    }
    let (to_node, _) = first.connect(design, node)?;
    let (onwards, _) = second.connect(design, &link.to)?;
    Some(vec![to_node, onwards])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{kind, small};
    use design::Node;

    fn names(kinds: Vec<&'static KindInfo>) -> Vec<&'static str> {
        kinds.into_iter().map(|info| info.name).collect()
    }

    #[test]
    fn the_quick_add_offers_what_may_connect() {
        let design = small();
        assert_eq!(
            names(Wire::from_port("db", End::To).kinds(&design)),
            ["client", "load_balancer", "service", "cache"]
        );
        assert_eq!(
            names(Wire::from_port("api", End::From).kinds(&design)),
            [
                "load_balancer",
                "service",
                "cache",
                "queue",
                "database",
                "coordinator"
            ]
        );
        assert!(Wire::from_port("gone", End::From).kinds(&design).is_empty());
    }

    #[test]
    fn a_wire_says_why_not() {
        let design = small();
        let wire = Wire::from_port("api", End::From);
        assert_eq!(wire.refusal(&design, "db"), None);
        for (other, why) in [("api", "itself"), ("users", "cannot be called")] {
            let refusal = wire.refusal(&design, other).unwrap();
            assert!(refusal.contains(why), "{refusal}");
        }
    }

    #[test]
    fn an_end_put_elsewhere_keeps_the_policies_and_adapts_the_mode() {
        let mut design = small();
        design
            .nodes
            .push(Node::new("jobs", kind("queue"), [600, 200]));
        design.links[1].calls = 7;
        let wire = Wire::from_link(&design.links[1], End::To);
        let (command, id) = wire.connect(&design, "jobs").unwrap();
        design.apply(command).unwrap();
        let link = design.link(&id).unwrap();
        assert_eq!(
            (link.to.as_str(), link.mode, link.calls),
            ("jobs", Mode::Publish, 7)
        );
    }

    #[test]
    fn policies_that_mean_nothing_in_the_new_mode_are_taken_off_and_come_back() {
        let mut design = small();
        design
            .nodes
            .push(Node::new("jobs", kind("queue"), [600, 200]));
        design
            .nodes
            .push(Node::new("dead", kind("queue"), [0, 200]));
        let link = Link::new("jobs->api", "jobs", "api", Mode::Consume);
        design.links.push(Link {
            retry: Some(design::link::Retry::default()),
            ..link
        });
        let before = design.clone();
        let wire = Wire::from_link(&before.links[2], End::To);
        let (command, id) = wire.connect(&design, "dead").unwrap();
        let undo = design.apply(command).unwrap();
        let link = design.link(&id).unwrap();
        assert_eq!((link.mode, &link.retry), (Mode::DeadLetter, &None));
        assert_eq!(design.problems(), []);
        design.apply(undo).unwrap();
        assert_eq!(design, before);
    }

    #[test]
    fn a_place_in_a_plan_is_taken_off_a_link_that_a_balancer_gets() {
        let mut design = small();
        design
            .nodes
            .push(Node::new("lb", kind("load_balancer"), [600, 200]));
        design
            .nodes
            .push(Node::new("other", kind("service"), [0, 200]));
        let link = Link::new("api->other", "api", "other", Mode::Call);
        design.links.push(Link {
            stage: Some(3),
            optional: true,
            ..link
        });
        let before = design.clone();
        let wire = Wire::from_link(&before.links[2], End::From);
        let (command, id) = wire.connect(&design, "lb").unwrap();
        let undo = design.apply(command).unwrap();
        let link = design.link(&id).unwrap();
        assert_eq!(
            (link.from.as_str(), link.stage, link.optional),
            ("lb", None, false)
        );
        assert_eq!(design.problems(), []);
        design.apply(undo).unwrap();
        assert_eq!(design, before);
    }

    #[test]
    fn a_cache_that_gets_an_origin_gives_no_leases() {
        let mut design = small();
        let memcached = crate::catalog::thing("memcached").unwrap();
        design
            .nodes
            .push(Node::new("cache", memcached.make(), [600, 200]));
        for wire in [
            Wire::from_port("cache", End::From),
            Wire::from_link(&design.links[1], End::From),
        ] {
            let other = if wire.link.is_some() { "cache" } else { "db" };
            let mut made = design.clone();
            let (command, _) = wire.connect(&made, other).unwrap();
            let undo = made.apply(command).unwrap();
            assert_eq!(made.problems(), []);
            made.apply(undo).unwrap();
            assert_eq!(made, design);
        }
    }

    #[test]
    fn a_second_owner_behind_a_cache_is_not_wired() {
        let mut design = small();
        for (id, of) in [("cache", "cache"), ("one", "database"), ("two", "database")] {
            design.nodes.push(Node::new(id, kind(of), [600, 200]));
        }
        let wire = Wire::from_port("cache", End::From);
        let offers = |design: &Design| names(wire.kinds(design)).contains(&"database");
        assert!(wire.refusal(&design, "one").is_none() && offers(&design));
        design
            .links
            .push(Link::new("cache->one", "cache", "one", Mode::Call));
        let why = wire.refusal(&design, "two").unwrap();
        assert!(
            why.starts_with("cache already loads the same keys from one"),
            "{why}"
        );
        assert!(!offers(&design));
        // Its own link may move from one to the other, and a copy may be beside its owner.
        let moved = Wire::from_link(&design.links[2], End::To);
        assert_eq!(moved.refusal(&design, "two"), None);
        if let Kind::Database(two) = &mut design.nodes.last_mut().unwrap().kind {
            two.copy_of = Some("one".to_owned());
        }
        assert_eq!(wire.refusal(&design, "two"), None);
    }

    #[test]
    fn a_node_goes_into_a_link_it_fits() {
        let mut design = small();
        design
            .nodes
            .push(Node::new("cache", kind("cache"), [600, 200]));
        for command in insert_into_link(&design, "api->db", "cache").unwrap() {
            design.apply(command).unwrap();
        }
        let ends: Vec<(&str, &str)> = design
            .links
            .iter()
            .map(|link| (link.from.as_str(), link.to.as_str()))
            .collect();
        assert_eq!(ends, [("users", "api"), ("api", "cache"), ("cache", "db")]);
        assert_eq!(insert_into_link(&design, "users->api", "users"), None);
        assert_eq!(insert_into_link(&design, "api->db", "db"), None);
    }
}
