//! Notifications of moves: the card of the node that moved, its links, and views of all places.
//! The rest of the page does not depend on places, so that a drag costs the same among four nodes
//! and among three hundred.

use std::collections::BTreeMap;
use std::sync::Arc;

use design::Design;
use editor::{LinkPath, Routes, Tool};
use leptos::prelude::*;

use crate::state::Page;

/// Signals that change with a move. Copies share them.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    /// Changes when anything moved: for views of all places.
    all: RwSignal<u32>,
    /// Changes when a note was moved, edited, added or removed.
    notes: RwSignal<u32>,
    one: StoredValue<Each>,
    /// The routes of the links of the design that is shown.
    routes: StoredValue<Routes>,
}

/// The signal of each card and each line that is shown, by id.
#[derive(Default)]
struct Each {
    nodes: BTreeMap<String, RwSignal<u32>>,
    links: BTreeMap<String, RwSignal<u32>>,
    /// How often a card or a line read its shape. Tests count this.
    shapes: u32,
}

/// What an edit of places moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Indices of nodes in the design.
    nodes: Vec<usize>,
    /// Whether notes changed.
    notes: bool,
}

impl Moved {
    /// Copies the places of nodes and the notes of one design to another with the same nodes, and
    /// returns what moved.
    pub(crate) fn take_over(shown: &mut Arc<Design>, design: &Design) -> Self {
        let nodes = shown.nodes.iter().zip(&design.nodes).enumerate();
        let nodes = nodes.filter(|(_, (old, new))| old.at != new.at);
        let moved = Self {
            nodes: nodes.map(|(at, _)| at).collect(),
            notes: shown.settings.notes != design.settings.notes,
        };
        let shown = Arc::make_mut(shown);
        for at in &moved.nodes {
            shown.nodes[*at].at = design.nodes[*at].at;
        }
        if moved.notes {
            shown.settings.notes.clone_from(&design.settings.notes);
        }
        moved
    }
}

impl Page {
    /// Returns the design, for views that show where all of it is.
    pub(crate) fn placed(self) -> RwSignal<Arc<Design>> {
        self.places.all.track();
        self.design
    }
}

impl Places {
    /// Returns an empty set of signals.
    pub(crate) fn new() -> Self {
        Self {
            all: RwSignal::new(0),
            notes: RwSignal::new(0),
            one: StoredValue::new(Each::default()),
            routes: StoredValue::new(Routes::default()),
        }
    }

    /// Takes a design that is about to be shown: see [`Routes::take_design`].
    pub(crate) fn take_design(self, design: &Design) -> Option<Vec<usize>> {
        let lead = |routes: &mut Routes| routes.take_design(design);
        self.routes.try_update_value(lead).flatten()
    }

    /// Updates the links around what moved. Returns the indices of those whose line changed. Links
    /// ignore a node that is about to be put into one.
    pub(crate) fn lead(self, moved: &Moved, design: &Design, tool: &Tool) -> Vec<usize> {
        let loose = match tool {
            Tool::Dragging(dragging) => dragging.loose(),
            _ => None,
        };
        let lead = |routes: &mut Routes| routes.take_moves(design, &moved.nodes, loose);
        self.routes.try_update_value(lead).unwrap_or_default()
    }

    /// Reads the measured lines of all links.
    pub(crate) fn routes<T>(self, read: impl FnOnce(&Routes) -> T) -> T {
        self.routes.with_value(read)
    }

    /// Returns the measured line of a link.
    pub(crate) fn path(self, id: &str) -> Option<LinkPath> {
        self.routes(|routes| routes.path_of(id).cloned())
    }

    /// Returns the signal of a card, for as long as its component exists.
    pub(super) fn of_node(self, id: &str) -> RwSignal<u32> {
        self.of(id, |each| &mut each.nodes)
    }

    /// Returns the signal of a line, for as long as its component exists.
    pub(super) fn of_link(self, id: &str) -> RwSignal<u32> {
        self.of(id, |each| &mut each.links)
    }

    fn of(
        self,
        id: &str,
        map: fn(&mut Each) -> &mut BTreeMap<String, RwSignal<u32>>,
    ) -> RwSignal<u32> {
        let signal = RwSignal::new(0);
        self.one.update_value(|each| {
            map(each).insert(id.to_owned(), signal);
        });
        let id = id.to_owned();
        on_cleanup(move || {
            self.one.try_update_value(|each| map(each).remove(&id));
        });
        signal
    }

    /// Subscribes to changes of notes.
    pub(crate) fn track_notes(self) {
        self.notes.track();
    }

    /// Counts a card or a line that reads its shape.
    pub(super) fn count_shape(self) {
        self.one
            .update_value(|each| each.shapes = each.shapes.wrapping_add(1));
    }

    /// Returns how often cards and lines read their shapes.
    pub(crate) fn shapes(self) -> u32 {
        self.one.with_value(|each| each.shapes)
    }

    /// Notifies the views of what moved.
    pub(crate) fn tell(self, moved: &Moved, links: &[usize], design: &Design) {
        let signals: Vec<RwSignal<u32>> = self.one.with_value(|each| {
            let nodes = moved.nodes.iter().map(|at| &design.nodes[*at].id);
            let nodes = nodes.filter_map(|id| each.nodes.get(id));
            let links = links.iter().map(|at| &design.links[*at].id);
            let links = links.filter_map(|id| each.links.get(id));
            nodes.chain(links).copied().collect()
        });
        let notes = moved.notes.then_some(self.notes);
        for signal in signals.into_iter().chain(notes).chain([self.all]) {
            signal.update(|count| *count = count.wrapping_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::Node;

    #[test]
    fn what_is_taken_over_is_what_moved() {
        let service = || design::Kind::Service(design::kinds::Service::default());
        let node = |id: &str| Node::new(id, service(), [0, 0]);
        let mut design = Design {
            nodes: ["a", "b", "c"].map(node).into(),
            ..Design::default()
        };
        let mut shown = Arc::new(design.clone());
        let first = Arc::as_ptr(&shown);
        assert_eq!(Moved::take_over(&mut shown, &design), Moved::default());
        design.nodes[2].at = [8, 0];
        design.settings.notes.push(design::Note::default());
        let moved = Moved::take_over(&mut shown, &design);
        assert_eq!((&moved.nodes[..], moved.notes), (&[2][..], true));
        assert_eq!(*shown, design);
        assert_eq!(Arc::as_ptr(&shown), first, "the design is not copied");
    }
}
