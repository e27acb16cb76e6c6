//! Patterns that people know by name: what one gesture builds at the selected node or link.

use crate::catalog::thing;
use crate::geometry::{Point, node_rect, rect_at};
use crate::layout::{LAYER_STEP, ROW_STEP};
use crate::selection::{Item, Selection};
use crate::wire::insert_into_link;
use design::link::{Condition, Conditions, Mode, OnWrite};
use design::validate::link_refusal;
use design::{Attribute, Command, Design, Duration, Kind, Link, Node, Target, Value};

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The caller asks a cache first, loads what it misses, and invalidates what it writes.
    LookAside,
    /// The cache stands between caller and origin, and loads what it misses itself.
    ReadThrough,
    /// The same, and writes are answered before the origin has them.
    WriteBehind,
    /// A service asks three others side by side.
    FanOut,
    /// Each link of a gateway serves operations of its own.
    Routes,
    /// What a database commits is handed to a queue, and a consumer works on it.
    Outbox,
    /// A service hands work to a queue, and workers take it from there.
    WorkerPool,
}

/// What a pattern builds.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) commands: Vec<Command>,
    /// For the list of what can be undone.
    pub(crate) name: String,
    /// What is selected afterwards.
    pub(crate) selection: Selection,
}

impl Pattern {
    /// All of them, in the order menus show them.
    pub const ALL: [Self; 7] = [
        Self::LookAside,
        Self::ReadThrough,
        Self::WriteBehind,
        Self::FanOut,
        Self::Routes,
        Self::Outbox,
        Self::WorkerPool,
    ];

    /// A stable name for markup and tests.
    pub fn key(self) -> &'static str {
        match self {
            Self::LookAside => "look-aside-cache",
            Self::ReadThrough => "read-through-cache",
            Self::WriteBehind => "write-behind-cache",
            Self::FanOut => "fan-out",
            Self::Routes => "routes",
            Self::Outbox => "outbox",
            Self::WorkerPool => "worker-pool",
        }
    }

    /// As shown to a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::LookAside => "Add a look-aside cache",
            Self::ReadThrough => "Add a read-through cache",
            Self::WriteBehind => "Add a write-behind cache",
            Self::FanOut => "Fan out to three services",
            Self::Routes => "Route by operation",
            Self::Outbox => "Add an outbox",
            Self::WorkerPool => "Add a queue and workers",
        }
    }

    /// What it builds at the selection. None if it does not fit there.
    pub(crate) fn build(self, design: &Design, selection: &Selection) -> Option<Built> {
        let mut builder = Builder::new(design);
        match self {
            Self::LookAside => look_aside(&mut builder, link_of(design, selection)?)?,
            Self::ReadThrough => {
                in_line(&mut builder, link_of(design, selection)?, OnWrite::None)?;
            }
            Self::WriteBehind => {
                let link = link_of(design, selection)?;
                in_line(&mut builder, link, OnWrite::WriteBehind)?;
            }
            Self::FanOut => fan_out(&mut builder, node_of(design, selection)?)?,
            Self::Routes => routes(&mut builder, node_of(design, selection)?)?,
            Self::Outbox => outbox(&mut builder, node_of(design, selection)?)?,
            Self::WorkerPool => worker_pool(&mut builder, node_of(design, selection)?)?,
        }
        let selection = match builder.added.is_empty() {
            true => selection.clone(),
            false => Selection::of_nodes(builder.added),
        };
        Some(Built {
            commands: builder.commands,
            name: self.name().to_owned(),
            selection,
        })
    }
}

/// Builds step by step, each on top of those before.
struct Builder {
    design: Design,
    commands: Vec<Command>,
    added: Vec<String>,
}

impl Builder {
    fn new(design: &Design) -> Self {
        Self {
            design: design.clone(),
            commands: Vec::new(),
            added: Vec::new(),
        }
    }

    fn apply(&mut self, command: Command) -> Option<()> {
        self.design.apply(command.clone()).ok()?;
        self.commands.push(command);
        Some(())
    }

    /// Adds a node as the palette has it, near a place, in the zone of `beside`.
    fn node(&mut self, kind: &str, name: &str, beside: &Node, at: Point) -> Option<String> {
        let id = self.design.free_id(name);
        let at = free_place(&self.design, at).to_position();
        let mut node = Node::new(id.clone(), thing(kind)?.make(), at);
        node.deployment.zone.clone_from(&beside.deployment.zone);
        let place = self.design.nodes.len();
        self.apply(Command::AddNode(place, Box::new(node)))?;
        self.added.push(id.clone());
        Some(id)
    }

    /// Adds a link at a place among the links, as `adapt` leaves it.
    fn link(
        &mut self,
        (from, to): (&str, &str),
        mode: Mode,
        place: usize,
        adapt: impl FnOnce(&mut Link),
    ) -> Option<()> {
        let kinds = (&self.design.node(from)?.kind, &self.design.node(to)?.kind);
        if link_refusal(kinds.0, kinds.1, mode).is_some() {
            return None;
        }
        let mut link = Link::new(self.design.free_link_id(from, to), from, to, mode);
        adapt(&mut link);
        self.apply(Command::AddLink(place, Box::new(link)))
    }

    fn set(&mut self, link: &str, field: &str, value: Value) -> Option<()> {
        let target = Target::Link(link.to_owned());
        self.apply(Command::Set(target, field.to_owned(), value))
    }
}

/// Asks the cache for reads before the link, which then serves misses and writes.
fn look_aside(builder: &mut Builder, link: &Link) -> Option<()> {
    let when = match link.when.0.as_slice() {
        [Condition::Always] => vec![Condition::OnMiss, Condition::Writes],
        [Condition::Reads] => vec![Condition::OnMiss],
        _ => return None,
    };
    let (caller, owner) = (builder.caller_of(link)?, builder.callee_of(link)?);
    // A link at a stage of its own choice would have to be put behind the cache's.
    if link.stage.is_some() || !is_owner(&owner.kind) {
        return None;
    }
    let above = Point::from(owner.at) - Point::new(0.0, ROW_STEP);
    let cache = builder.node("cache", "cache", &owner, above)?;
    let place = builder
        .design
        .links
        .iter()
        .position(|it| it.id == link.id)?;
    // The cache comes before what loads misses. One that fails or is slow is a miss.
    builder.link((&caller.id, &cache), Mode::Call, place, |link| {
        link.when = Conditions(vec![Condition::Reads]);
        link.on_write = OnWrite::Invalidate;
        link.timeout = Some(Duration::ms(100));
        link.optional = true;
    })?;
    builder.set(&link.id, "when", Conditions(when).write())
}

/// Puts a cache into the link.
fn in_line(builder: &mut Builder, link: &Link, on_write: OnWrite) -> Option<()> {
    let (caller, owner) = (builder.caller_of(link)?, builder.callee_of(link)?);
    if !is_owner(&owner.kind) || link.on_write != OnWrite::None {
        return None;
    }
    let between = (Point::from(caller.at) + Point::from(owner.at)) * 0.5;
    let cache = builder.node("cache", "cache", &owner, between)?;
    for command in insert_into_link(&builder.design, &link.id, &cache)? {
        builder.apply(command)?;
    }
    match on_write {
        OnWrite::None => Some(()),
        other => builder.set(&link.id, "on_write", other.write()),
    }
}

/// Three services that are called in one stage.
fn fan_out(builder: &mut Builder, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Service(_)) {
        return None;
    }
    let calls = builder
        .design
        .links
        .iter()
        .filter(|link| link.from == node.id);
    let last = calls.clone().filter_map(|link| link.stage).max();
    // Links without a stage each have one of their own, in the order drawn.
    let unstaged = calls.filter(|link| link.stage.is_none()).count();
    let stage = last.map_or(0, |last| last + 1) + u32::try_from(unstaged).ok()?;
    for at in 0..3 {
        let down = ROW_STEP * f64::from(at - 1);
        let place = Point::from(node.at) + Point::new(LAYER_STEP, down);
        let leaf = builder.node("service", "leaf", node, place)?;
        let end = builder.design.links.len();
        builder.link((&node.id, &leaf), Mode::Call, end, |link| {
            link.stage = Some(stage);
        })?;
    }
    Some(())
}

/// Gives each link of a service the operations that are called like what it leads to, and deals
/// out the others. What was meant is one tick away.
fn routes(builder: &mut Builder, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Service(_)) {
        return None;
    }
    let is_route = |link: &&Link| {
        let is_plain = matches!(link.when.0.as_slice(), [Condition::Always]);
        link.from == node.id && link.mode == Mode::Call && is_plain
    };
    let links: Vec<Link> = builder
        .design
        .links
        .iter()
        .filter(is_route)
        .cloned()
        .collect();
    let mut operations: Vec<String> = Vec::new();
    for name in builder.design.operation_names() {
        if !operations.iter().any(|known| known == name) {
            operations.push(name.to_owned());
        }
    }
    if links.len() < 2 || operations.len() < 2 {
        return None;
    }
    let mut dealt = vec![Vec::new(); links.len()];
    let mut left = Vec::new();
    for operation in operations {
        let is_alike = |link: &Link| {
            let title = builder.design.node(&link.to).map_or("", Node::title);
            is_called_like(&operation, &link.to) || is_called_like(&operation, title)
        };
        match links.iter().position(is_alike) {
            Some(at) => dealt[at].push(operation),
            None => left.push(operation),
        }
    }
    for operation in left {
        let at = (0..dealt.len()).min_by_key(|at| dealt[*at].len())?;
        dealt[at].push(operation);
    }
    for (link, operations) in links.iter().zip(dealt) {
        let when = Conditions(vec![Condition::Operations(operations)]);
        builder.set(&link.id, "when", when.write())?;
    }
    Some(())
}

/// Whether two names share a word, or one a beginning of another: `checkout`, `check-out-api`.
fn is_called_like(operation: &str, callee: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        // Short words, and those that every service may be called, say nothing.
        let says = |word: &&str| word.len() > 2 && !["service", "api", "get", "the"].contains(word);
        words.filter(says).map(str::to_owned).collect()
    };
    let (operation, callee) = (words(operation), words(callee));
    operation.iter().any(|word| {
        let mut others = callee.iter();
        others.any(|other| other.starts_with(&**word) || word.starts_with(&**other))
    })
}

fn outbox(builder: &mut Builder, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Database(_)) {
        return None;
    }
    queue_and_consumer(builder, node, ("outbox", "consumer"))
}

fn worker_pool(builder: &mut Builder, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Service(_)) {
        return None;
    }
    queue_and_consumer(builder, node, ("jobs", "worker"))
}

fn queue_and_consumer(builder: &mut Builder, node: &Node, names: (&str, &str)) -> Option<()> {
    let beside = Point::from(node.at) + Point::new(LAYER_STEP, 0.0);
    let queue = builder.node("queue", names.0, node, beside)?;
    let beside = Point::from(builder.design.node(&queue)?.at) + Point::new(LAYER_STEP, 0.0);
    let consumer = builder.node("service", names.1, node, beside)?;
    let end = builder.design.links.len();
    builder.link((&node.id, &queue), Mode::Publish, end, |_| {})?;
    builder.link((&queue, &consumer), Mode::Consume, end + 1, |_| {})
}

impl Builder {
    fn caller_of(&self, link: &Link) -> Option<Node> {
        let is_service = |node: &&Node| matches!(node.kind, Kind::Service(_));
        let caller = self.design.node(&link.from).filter(is_service);
        caller.filter(|_| link.mode == Mode::Call).cloned()
    }

    fn callee_of(&self, link: &Link) -> Option<Node> {
        self.design.node(&link.to).cloned()
    }
}

/// Whether a cache may stand before it.
fn is_owner(kind: &Kind) -> bool {
    matches!(kind, Kind::Database(_) | Kind::Service(_))
}

/// The selected link; of a selected service, the link to its only database.
fn link_of<'a>(design: &'a Design, selection: &Selection) -> Option<&'a Link> {
    match selection.single()? {
        Item::Link(id) => design.link(&id),
        Item::Node(id) => {
            let is_to_database = |link: &&Link| {
                let callee = design.node(&link.to).map(|node| &node.kind);
                link.from == id && matches!(callee, Some(Kind::Database(_)))
            };
            let mut links = design.links.iter().filter(is_to_database);
            links.next().filter(|_| links.next().is_none())
        }
        Item::Note(_) => None,
    }
}

fn node_of<'a>(design: &'a Design, selection: &Selection) -> Option<&'a Node> {
    match selection.single()? {
        Item::Node(id) => design.node(&id),
        Item::Link(_) | Item::Note(_) => None,
    }
}

/// The first free place from here down, row by row.
fn free_place(design: &Design, at: Point) -> Point {
    let is_free = |at: &Point| {
        let here = rect_at(*at);
        !design
            .nodes
            .iter()
            .any(|node| node_rect(node).intersects(&here))
    };
    let mut rows = (0..20).map(|row| at + Point::new(0.0, ROW_STEP * f64::from(row)));
    rows.find(is_free).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Hand, kind, small};
    use design::kinds::client::Operation;

    /// Runs the pattern on a selected node or link, checks that the design is valid and that one
    /// undo takes everything back, and returns the hand with the pattern done.
    fn done(design: Design, item: Item, pattern: Pattern) -> Hand {
        let mut hand = Hand::on(design);
        let before = hand.editor.design().clone();
        hand.editor.select(Selection::only(item));
        hand.play(pattern.key());
        assert_eq!(hand.editor.design().problems(), []);
        assert_ne!(hand.editor.design(), &before, "{pattern:?} does nothing");
        hand.play("undo");
        assert_eq!(hand.editor.design(), &before);
        hand.play("redo");
        hand
    }

    fn node(id: &str) -> Item {
        Item::Node(id.to_owned())
    }

    fn link(id: &str) -> Item {
        Item::Link(id.to_owned())
    }

    #[test]
    fn a_look_aside_cache_is_asked_before_the_database() {
        for selected in [link("api->db"), node("api")] {
            let hand = done(small(), selected, Pattern::LookAside);
            assert_eq!(hand.links(), "users->api api->cache api->db");
            let design = hand.editor.design();
            let cache = design.link("api->cache").unwrap();
            assert_eq!(cache.when.0, [Condition::Reads]);
            assert_eq!(cache.on_write, OnWrite::Invalidate);
            let owner = design.link("api->db").unwrap();
            assert_eq!(owner.when.0, [Condition::OnMiss, Condition::Writes]);
            assert_eq!(hand.selected(), "cache");
        }
    }

    #[test]
    fn a_cache_in_line_takes_over_the_link() {
        let hand = done(small(), link("api->db"), Pattern::ReadThrough);
        assert_eq!(hand.links(), "users->api api->cache cache->db");
        let hand = done(small(), link("api->db"), Pattern::WriteBehind);
        let link = hand.editor.design().link("api->db").unwrap();
        assert_eq!((&*link.to, link.on_write), ("cache", OnWrite::WriteBehind));
    }

    #[test]
    fn a_fan_out_is_one_stage_after_what_was_there() {
        let hand = done(small(), node("api"), Pattern::FanOut);
        let design = hand.editor.design();
        let stages: Vec<_> = design.links.iter().map(|link| link.stage).collect();
        assert_eq!(stages, [None, None, Some(1), Some(1), Some(1)]);
        let again = done(design.clone(), node("api"), Pattern::FanOut);
        let last = again.editor.design().links.last().unwrap();
        assert_eq!(last.stage, Some(3));
    }

    #[test]
    fn queues_are_filled_and_emptied() {
        let hand = done(small(), node("db"), Pattern::Outbox);
        assert_eq!(
            hand.links(),
            "users->api api->db db->outbox outbox->consumer"
        );
        let hand = done(small(), node("api"), Pattern::WorkerPool);
        assert_eq!(hand.links(), "users->api api->db api->jobs jobs->worker");
        let modes: Vec<Mode> = hand.editor.design().links[2..]
            .iter()
            .map(|link| link.mode)
            .collect();
        assert_eq!(modes, [Mode::Publish, Mode::Consume]);
    }

    /// A gateway with two services behind it, and clients with four operations.
    fn gateway() -> Design {
        let mut design = small();
        if let Kind::Client(client) = &mut design.nodes[0].kind {
            let names = ["browse", "cart.add", "checkout", "list catalog"];
            let named = |name: &str| Operation {
                name: name.to_owned(),
                ..Operation::default()
            };
            client.operations = names.map(named).to_vec();
        }
        for (id, label) in [("carts", None), ("svc-2", Some("Catalog service"))] {
            let mut node = Node::new(id, kind("service"), [600, 200]);
            node.label = label.map(str::to_owned);
            design.nodes.push(node);
            let link = Link::new(format!("api->{id}"), "api", id, Mode::Call);
            design.links.push(link);
        }
        design.links.remove(1);
        design
    }

    #[test]
    fn routes_follow_the_names_and_leave_nothing_out() {
        let hand = done(gateway(), node("api"), Pattern::Routes);
        let operations = |id: &str| match &hand.editor.design().link(id).unwrap().when.0[..] {
            [Condition::Operations(names)] => names.join(", "),
            other => panic!("{other:?}"),
        };
        assert_eq!(operations("api->carts"), "cart.add, browse");
        assert_eq!(operations("api->svc-2"), "list catalog, checkout");
        // Done once, the links have conditions that somebody chose.
        let design = hand.editor.design();
        let again = Pattern::Routes.build(design, &Selection::only(node("api")));
        assert!(again.is_none());
    }

    #[test]
    fn a_pattern_is_offered_only_where_it_fits() {
        let offered = |design: &Design, item: Item| -> Vec<&str> {
            let selection = Selection::only(item);
            let mut patterns = Pattern::ALL.to_vec();
            patterns.retain(|pattern| pattern.build(design, &selection).is_some());
            patterns.into_iter().map(Pattern::key).collect()
        };
        let design = small();
        let caches = [
            "look-aside-cache",
            "read-through-cache",
            "write-behind-cache",
        ];
        assert_eq!(offered(&design, link("api->db")), caches);
        assert!(offered(&design, link("users->api")).is_empty());
        assert!(offered(&design, node("users")).is_empty());
        assert_eq!(offered(&design, node("db")), ["outbox"]);
        assert_eq!(
            offered(&design, node("api")),
            [&caches[..], &["fan-out", "worker-pool"]].concat()
        );
        assert!(offered(&gateway(), node("api")).contains(&"routes"));
        let mut staged = small();
        staged.links[1].stage = Some(0);
        assert!(!offered(&staged, link("api->db")).contains(&"look-aside-cache"));
    }

    #[test]
    fn what_is_added_is_in_view() {
        let mut hand = Hand::new();
        hand.editor.resize(Point::new(600.0, 400.0));
        hand.editor.select(Selection::only(node("db")));
        hand.play("outbox");
        let visible = hand.editor.viewport().visible();
        for id in ["outbox", "consumer"] {
            let card = node_rect(hand.editor.design().node(id).unwrap());
            assert!(visible.contains(card.min) && visible.contains(card.max));
        }
    }

    #[test]
    fn what_is_added_covers_nothing() {
        let mut hand = Hand::new();
        for _ in 0..3 {
            for id in ["api", "db"] {
                for pattern in [Pattern::WorkerPool, Pattern::FanOut, Pattern::Outbox] {
                    hand.editor.select(Selection::only(node(id)));
                    hand.play(pattern.key());
                }
            }
        }
        let nodes = &hand.editor.design().nodes;
        assert!(nodes.len() > 20, "{}", nodes.len());
        for (at, one) in nodes.iter().enumerate() {
            let mut others = nodes[..at].iter();
            let covered = others.find(|other| node_rect(other).intersects(&node_rect(one)));
            assert!(covered.is_none(), "{} covers {covered:?}", one.id);
        }
    }
}
