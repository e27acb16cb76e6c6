//! Well-known patterns that are built at the selected node or link in one gesture.

use crate::catalog::thing;
use crate::geometry::Point;
use crate::layout::{LAYER_STEP, ROW_STEP, free_place};
use crate::selection::{Item, Selection};
use crate::wire::insert_into_link;
use design::link::{Condition, Conditions, Mode, OnWrite};
use design::validate::link_refusal;
use design::{Attribute, Command, Design, Duration, Kind, Link, Node, Target, Value};
use std::borrow::Cow;

/// A pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The caller reads the cache first, loads misses, and invalidates what it writes.
    LookAside,
    /// The cache is between caller and origin and loads misses itself.
    ReadThrough,
    /// As read-through, and writes are acknowledged before the origin has them.
    WriteBehind,
    /// A service calls three others at the same time.
    FanOut,
    /// Each link of a gateway serves its own operations.
    Routes,
    /// What a database commits is published to a queue, and a consumer processes it.
    Outbox,
    /// A service publishes jobs to a queue, and workers consume them.
    WorkerPool,
}

/// What a pattern builds.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) commands: Vec<Command>,
    /// The name in the undo history.
    pub(crate) name: String,
    /// What is selected afterwards.
    pub(crate) selection: Selection,
    /// The new nodes, which the user has not named yet.
    pub(crate) added: Vec<String>,
}

impl Pattern {
    /// All patterns, in the order in which menus show them.
    pub const ALL: [Self; 7] = [
        Self::LookAside,
        Self::ReadThrough,
        Self::WriteBehind,
        Self::FanOut,
        Self::Routes,
        Self::Outbox,
        Self::WorkerPool,
    ];

    /// Returns a stable name for markup and tests.
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

    /// Returns the name that users see.
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

    /// Returns a name of one or two words, for a tile.
    pub fn label(self) -> &'static str {
        match self {
            Self::LookAside => "look-aside",
            Self::ReadThrough => "read-through",
            Self::WriteBehind => "write-behind",
            Self::FanOut => "fan-out",
            Self::Routes => "routes",
            Self::Outbox => "outbox",
            Self::WorkerPool => "workers",
        }
    }

    /// Returns what the pattern does, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::LookAside => {
                "The caller reads the cache first, loads misses, and invalidates what it writes."
            }
            Self::ReadThrough => {
                "A cache between caller and origin loads misses itself. Writes go through it."
            }
            Self::WriteBehind => {
                "A cache between caller and origin acknowledges writes before the origin has them."
            }
            Self::FanOut => "A service calls three others at the same time and waits for all.",
            Self::Routes => "Each link of a service serves its own operations.",
            Self::Outbox => {
                "What a database commits is published to a queue, and a consumer processes it."
            }
            Self::WorkerPool => "A service publishes jobs to a queue, and workers consume them.",
        }
    }

    /// Returns where the pattern fits.
    pub fn fits_on(self) -> &'static str {
        match self {
            Self::LookAside => {
                "a call from a service to a database or service, unconditional or for reads"
            }
            Self::ReadThrough | Self::WriteBehind => {
                "a call from a service to a database or service"
            }
            Self::FanOut | Self::WorkerPool => "a service",
            Self::Routes => {
                "a service with two unconditional calls or more, with an operation for each"
            }
            Self::Outbox => "a database",
        }
    }

    /// Returns whether the pattern can be built at the selection.
    pub fn fits(self, design: &Design, selection: &Selection) -> bool {
        self.build(design, selection).is_some()
    }

    /// Returns what the pattern builds at the selection. `None` if it does not fit there.
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
            false => Selection::of_nodes(builder.added.clone()),
        };
        Some(Built {
            commands: builder.commands,
            name: self.name().to_owned(),
            selection,
            added: builder.added,
        })
    }
}

/// Builds step by step, each on top of those before. The design is cloned at the first step,
/// because menus check for every pattern whether it fits, and most do not.
struct Builder<'a> {
    design: Cow<'a, Design>,
    commands: Vec<Command>,
    added: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(design: &'a Design) -> Self {
        Self {
            design: Cow::Borrowed(design),
            commands: Vec::new(),
            added: Vec::new(),
        }
    }

    fn apply(&mut self, command: Command) -> Option<()> {
        self.design.to_mut().apply(command.clone()).ok()?;
        self.commands.push(command);
        Some(())
    }

    /// Adds a node with the palette's defaults, near a place, in the zone of `beside`.
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

    /// Adds a link at an index, as `adapt` leaves it.
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

/// Reads from the cache before the link, which then serves misses and writes.
fn look_aside(builder: &mut Builder<'_>, link: &Link) -> Option<()> {
    let when = match link.when.0.as_slice() {
        [Condition::Always] => vec![Condition::OnMiss, Condition::Writes],
        [Condition::Reads] => vec![Condition::OnMiss],
        _ => return None,
    };
    let (caller, owner) = (builder.caller_of(link)?, builder.callee_of(link)?);
    // A link with an explicit stage would have to be put behind the cache's.
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
    // The cache is called before the link that loads misses. A failed or slow look-up is a miss.
    builder.link((&caller.id, &cache), Mode::Call, place, |link| {
        link.when = Conditions(vec![Condition::Reads]);
        link.on_write = OnWrite::Invalidate;
        link.timeout = Some(Duration::ms(100));
        link.optional = true;
    })?;
    builder.set(&link.id, "when", Conditions(when).write())
}

/// Puts a cache into the link.
fn in_line(builder: &mut Builder<'_>, link: &Link, on_write: OnWrite) -> Option<()> {
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
fn fan_out(builder: &mut Builder<'_>, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Service(_)) {
        return None;
    }
    let calls = builder
        .design
        .links
        .iter()
        .filter(|link| link.from == node.id);
    let last = calls.clone().filter_map(|link| link.stage).max();
    // Links without a stage each have one of their own, in drawing order.
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

/// Gives each link of a service the operations whose names match its callee, and distributes the
/// others. The user can change the assignment with one click.
fn routes(builder: &mut Builder<'_>, node: &Node) -> Option<()> {
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
    // A link without an operation would never be called.
    if dealt.iter().any(Vec::is_empty) {
        return None;
    }
    for (link, operations) in links.iter().zip(dealt) {
        let when = Conditions(vec![Condition::Operations(operations)]);
        builder.set(&link.id, "when", when.write())?;
    }
    Some(())
}

/// Returns whether two names share a word, or whether one is the beginning of the other:
/// `checkout`, `check-out-api`.
fn is_called_like(operation: &str, callee: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric());
        // Short words, and words that fit every service, say nothing.
        let says = |word: &&str| word.len() > 2 && !["service", "api", "get", "the"].contains(word);
        words.filter(says).map(str::to_owned).collect()
    };
    let (operation, callee) = (words(operation), words(callee));
    operation.iter().any(|word| {
        let mut others = callee.iter();
        others.any(|other| other.starts_with(&**word) || word.starts_with(&**other))
    })
}

fn outbox(builder: &mut Builder<'_>, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Database(_)) {
        return None;
    }
    queue_and_consumer(builder, node, ("outbox", "consumer"))
}

fn worker_pool(builder: &mut Builder<'_>, node: &Node) -> Option<()> {
    if !matches!(node.kind, Kind::Service(_)) {
        return None;
    }
    queue_and_consumer(builder, node, ("jobs", "worker"))
}

fn queue_and_consumer(builder: &mut Builder<'_>, node: &Node, names: (&str, &str)) -> Option<()> {
    let beside = Point::from(node.at) + Point::new(LAYER_STEP, 0.0);
    let queue = builder.node("queue", names.0, node, beside)?;
    let beside = Point::from(builder.design.node(&queue)?.at) + Point::new(LAYER_STEP, 0.0);
    let consumer = builder.node("service", names.1, node, beside)?;
    let end = builder.design.links.len();
    builder.link((&node.id, &queue), Mode::Publish, end, |_| {})?;
    builder.link((&queue, &consumer), Mode::Consume, end + 1, |_| {})
}

impl Builder<'_> {
    fn caller_of(&self, link: &Link) -> Option<Node> {
        let is_service = |node: &&Node| matches!(node.kind, Kind::Service(_));
        let caller = self.design.node(&link.from).filter(is_service);
        caller.filter(|_| link.mode == Mode::Call).cloned()
    }

    fn callee_of(&self, link: &Link) -> Option<Node> {
        self.design.node(&link.to).cloned()
    }
}

/// Returns whether a cache may be put before it.
fn is_owner(kind: &Kind) -> bool {
    matches!(kind, Kind::Database(_) | Kind::Service(_))
}

/// Returns the selected link; for a selected service, the link to its only database; for a selected
/// database, the link from its only caller.
fn link_of<'a>(design: &'a Design, selection: &Selection) -> Option<&'a Link> {
    match selection.single()? {
        Item::Link(id) => design.link(&id),
        Item::Node(id) => {
            let is_database = |id: &str| {
                let node = design.node(id);
                node.is_some_and(|node| matches!(node.kind, Kind::Database(_)))
            };
            let is_meant = |link: &&Link| {
                link.mode == Mode::Call
                    && is_database(&link.to)
                    && (link.from == id || link.to == id)
            };
            let mut links = design.links.iter().filter(is_meant);
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

#[cfg(test)]
mod tests;
