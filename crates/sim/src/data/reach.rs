//! The owners that the plan of an operation always writes to, and how stores follow the design.

use super::store::{Copied, Store};
use super::{Data, NO_STORE, Seen, Table};
use crate::event::NodeIx;
use crate::plan::Condition;
use crate::world::World;
use design::kinds::client::Effect;
use design::link::Mode;
use design::{Design, Kind};

/// Maximum work for one design, in steps. Further operations are not judged as lost or torn.
const WORK_MAX: usize = 20_000_000;

/// Takes a design: its databases become stores, and the owners that each operation must write are
/// determined again.
pub(crate) fn take_design(design: &Design, world: &mut World) {
    let mut has_owner = false;
    let mut began_without = Vec::new();
    for store in &mut world.data.stores {
        began_without.push(!std::mem::take(&mut store.is_present));
    }
    for node in &design.nodes {
        if let Kind::Database(_) = &node.kind {
            world.data.place_store(world.node_places[&node.id]);
            has_owner = true;
        }
    }
    for node in &design.nodes {
        if let Kind::Database(spec) = &node.kind {
            let owner = spec.copy_of.as_ref();
            let owner = owner.and_then(|id| world.data.store_at(*world.node_places.get(id)?));
            if let Some(store) = world.data.store_at(world.node_places[&node.id]) {
                let owner = owner.map(|owner| owner as u16);
                let is_new = began_without.get(store).is_none_or(|is_new| *is_new);
                let state = &mut world.data.stores[store];
                let is_other = state.copy_of != owner;
                (state.copy_of, state.is_present) = (owner, true);
                state.has_unique_ids = spec.unique_ids;
                if let Some(owner) = owner.filter(|_| is_new || is_other) {
                    world.data.load_copy(store, usize::from(owner));
                }
            }
        }
    }
    let remembers = design.nodes.iter().any(|node| match &node.kind {
        Kind::Service(service) => service.idempotency_window.is_some(),
        _ => false,
    });
    let writes = |operation: &design::kinds::client::Operation| operation.effect == Effect::Write;
    let has_writer = design.nodes.iter().any(|node| match &node.kind {
        Kind::Client(client) => client.operations.iter().any(writes),
        _ => false,
    });
    // Once enabled, it stays enabled, because what is known then remains true.
    world.calls.rows.is_on |= has_writer && has_owner || remembers;
    if world.calls.rows.is_on {
        let must_write = must_write(world);
        // If the plans have not changed, intents in progress are judged as usual.
        if must_write != world.data.must_write {
            world.data.edition += 1;
            world.data.must_write = must_write;
        }
        world.data.sources = sources(world);
    }
}

impl Data {
    /// Gives a copy that an edit adds the present data of its owner, as from a snapshot.
    fn load_copy(&mut self, copy: usize, owner: usize) {
        let mut copied = Table::<Copied>::default();
        for (key, known) in self.stores[owner].keys.iter() {
            copied.entry(key).version = known.standing;
        }
        self.stores[copy].copied = copied;
    }

    fn place_store(&mut self, node: NodeIx) -> usize {
        let place = node.0 as usize;
        if self.store_of.len() <= place {
            self.store_of.resize(place + 1, NO_STORE);
        }
        if self.store_of[place] == NO_STORE && self.stores.len() < usize::from(NO_STORE) {
            self.store_of[place] = self.stores.len() as u16;
            self.stores.push(Store::new());
        }
        usize::from(self.store_of[place])
    }
}

/// Returns the owners by operation.
fn must_write(world: &World) -> Vec<Vec<u16>> {
    let onward = onward(world);
    let mut work = 0;
    let each = world
        .operations
        .iter()
        .enumerate()
        .map(|(place, operation)| {
            if operation.effect != Effect::Write || work > WORK_MAX {
                return Vec::new();
            }
            let mut reach = Reach {
                world,
                onward: &onward,
                wanted: Wanted::Writes(place as u32),
                known: vec![None; world.nodes.len()],
                work: world.nodes.len() + world.links.len(),
            };
            let stores = reach.from(operation.client);
            work += reach.work;
            match work > WORK_MAX {
                true => Vec::new(),
                false => stores,
            }
        });
    each.collect()
}

/// Returns, by node, where its links lead, with the conditions of each.
fn onward(world: &World) -> Vec<Vec<(NodeIx, &[Condition])>> {
    let mut onward = vec![Vec::new(); world.nodes.len()];
    for (place, node) in world
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, node)| node.is_present)
    {
        for step in node.plan.stages.iter().flat_map(|stage| &stage.steps) {
            onward[place].push((world.link(step.link).to, &step.when[..]));
        }
    }
    for link in world.links.iter().filter(|link| link.is_present) {
        if link.mode == Mode::Consume {
            onward[link.from.0 as usize].push((link.to, &[Condition::Always][..]));
        }
    }
    onward
}

/// Returns, by node, what entries of a cache from before any write are made of.
fn sources(world: &World) -> Vec<Seen> {
    let onward = onward(world);
    let mut reach = Reach {
        world,
        onward: &onward,
        wanted: Wanted::Reads,
        known: vec![None; world.nodes.len()],
        work: 0,
    };
    let mut sources = vec![Seen::NOTHING; world.nodes.len()];
    let mut add = |cache: NodeIx, origin: NodeIx| {
        for store in reach.from(origin) {
            sources[cache.0 as usize].merge(&Seen::of(store, 0));
        }
    };
    for (place, node) in world.nodes.iter().enumerate() {
        if node.kind == "cache" && node.is_present && !node.plan.stages.is_empty() {
            add(NodeIx(place as u32), NodeIx(place as u32));
        }
    }
    for link in world.links.iter().filter(|link| link.is_present) {
        let callee = world.node(link.to);
        if callee.kind == "cache" && callee.plan.stages.is_empty() {
            // Look-aside: its callers load what it lacks.
            for (origin, when) in &onward[link.from.0 as usize] {
                if when.contains(&Condition::OnMiss) {
                    add(link.to, *origin);
                }
            }
        }
    }
    sources
}

/// What is searched for: the owners that an operation always writes to, or those that reads may
/// use.
#[derive(Clone, Copy)]
enum Wanted {
    Writes(u32),
    Reads,
}

struct Reach<'a> {
    world: &'a World,
    onward: &'a [Vec<(NodeIx, &'a [Condition])>],
    wanted: Wanted,
    /// By node. A node that is being visited reaches nothing yet, because cycles add nothing new.
    known: Vec<Option<Vec<u16>>>,
    work: usize,
}

impl Reach<'_> {
    /// Returns the stores reached from a node. Depth first with an explicit stack, because designs
    /// may be ten thousand nodes deep.
    fn from(&mut self, start: NodeIx) -> Vec<u16> {
        if let Some(known) = &self.known[start.0 as usize] {
            return known.clone();
        }
        let mut stack = vec![(start, 0)];
        self.known[start.0 as usize] = Some(Vec::new());
        while let Some((node, next)) = stack.pop() {
            match self.onward[node.0 as usize].get(next) {
                Some((to, when)) => {
                    stack.push((node, next + 1));
                    if self.takes(when) && self.known[to.0 as usize].is_none() {
                        self.known[to.0 as usize] = Some(Vec::new());
                        stack.push((*to, 0));
                    }
                }
                None => {
                    let stores = self.stores_of(node);
                    self.work += stores.len();
                    self.known[node.0 as usize] = Some(stores);
                    if self.work > WORK_MAX {
                        break;
                    }
                }
            }
        }
        self.known[start.0 as usize].clone().unwrap_or_default()
    }

    /// Returns the stores that all of a node's links reach; if only one of several links is taken,
    /// those that every one of them reaches.
    fn stores_of(&self, node: NodeIx) -> Vec<u16> {
        if let Some(store) = self.world.data.store_at(node) {
            let owner = self.world.data.owner_of(store);
            return match self.wanted {
                Wanted::Writes(_) if owner != store => Vec::new(),
                Wanted::Writes(_) | Wanted::Reads => vec![owner as u16],
            };
        }
        let taken = self.onward[node.0 as usize]
            .iter()
            .filter(|(_, when)| self.takes(when))
            .filter_map(|(to, _)| self.known[to.0 as usize].as_ref());
        let mut stores: Vec<u16> = match (self.wanted, self.world.node(node).kind) {
            (Wanted::Reads, "queue") => Vec::new(),
            (Wanted::Writes(_), "load_balancer" | "queue") => taken
                .cloned()
                .reduce(|one, other| {
                    one.into_iter()
                        .filter(|store| other.contains(store))
                        .collect()
                })
                .unwrap_or_default(),
            _ => taken.flatten().copied().collect(),
        };
        stores.sort_unstable();
        stores.dedup();
        stores
    }

    fn takes(&self, when: &[Condition]) -> bool {
        let holds = |condition: &Condition| match (condition, self.wanted) {
            (Condition::Always, _) => true,
            (Condition::Writes, wanted) => matches!(wanted, Wanted::Writes(_)),
            (Condition::Reads | Condition::OnMiss, wanted) => matches!(wanted, Wanted::Reads),
            (Condition::Operations(these), Wanted::Writes(operation)) => these.contains(&operation),
            (Condition::Probability(p), Wanted::Writes(_)) => *p >= 1.0,
            (Condition::Operations(_) | Condition::Probability(_), Wanted::Reads) => true,
            (Condition::OnError, _) => false,
        };
        when.iter().any(holds)
    }
}
