//! Adds nodes to the design: new ones and copies.

use crate::catalog::Thing;
use crate::describe::selected_in_words;
use crate::editor::Editor;
use crate::effect::{Effect, QuickAdd};
use crate::geometry::{GRID, NODE_HEIGHT, NODE_WIDTH, Point, node_rect, port_at, rect_at};
use crate::hit::{Aim, hit};
use crate::input::PointerKind;
use crate::note::{new_note, note_rect};
use crate::patterns::Pattern;
use crate::scene::Scene;
use crate::selection::{Item, Selection};
use crate::tools::Access;
use crate::tools::dragging::link_under_node;
use crate::wire::insert_into_link;
use crate::zones;
use crate::{fragment, layout};
use design::document::{LINKS_MAX, NODES_MAX};
use design::note::NOTES_MAX;
use design::{Command, Design, Kind, Node};
use std::collections::BTreeSet;

/// Distance from a copy to its original, in canvas units.
const ASIDE: i32 = 3 * GRID as i32;
/// Distance between a design and another that is inserted beside it, in canvas units.
const BESIDE: f64 = 120.0;

/// A node that is to be added.
struct Made {
    /// What its id begins with.
    name: &'static str,
    label: Option<String>,
    kind: Kind,
}

impl Made {
    fn plain(kind: Kind) -> Self {
        Self {
            name: kind.name(),
            label: None,
            kind,
        }
    }

    fn of(thing: &Thing, design: &Design) -> Self {
        Self {
            name: thing.name(),
            label: thing.title(design),
            kind: thing.make(),
        }
    }
}

impl Editor {
    /// Adds a node with its middle at a canvas point, or in a free place near the middle of the
    /// screen, and selects it. If it is dropped on a link that it fits into, the link is routed
    /// through it.
    pub fn add_node(&mut self, kind: Kind, at: Option<Point>) -> Vec<Effect> {
        self.add_made(Made::plain(kind), at)
    }

    /// Adds what the user chose from the palette, as [`Editor::add_node`] does.
    pub fn add_thing(&mut self, thing: &Thing, at: Option<Point>) -> Vec<Effect> {
        let made = Made::of(thing, self.design());
        self.add_made(made, at)
    }

    fn add_made(&mut self, made: Made, at: Option<Point>) -> Vec<Effect> {
        let corner = self.corner_for_new(at);
        let count = self.design().nodes.len();
        let mut effects = self.add(made, corner, |design, node| {
            let link = at.and_then(|_| link_under_node(design, node, corner))?;
            insert_into_link(design, &link, node)
        });
        // With many nodes, the free place may be off the screen.
        if at.is_none() && self.design().nodes.len() > count {
            let added = self.selection().clone();
            effects.extend(self.bring_all_into_view(&added));
        }
        effects
    }

    /// Adds the node that the user chose for a quick-add, and connects the wire to it.
    pub fn quick_add(&mut self, thing: &Thing, wanted: &QuickAdd) -> Vec<Effect> {
        let made = Made::of(thing, self.design());
        let Some(wire) = &wanted.wire else {
            return self.add_made(made, Some(wanted.at));
        };
        // The wire's end is where the new node's port should be.
        let corner = on_grid(wanted.at - port_at(Point::default(), wire.loose));
        self.add(made, corner, |design, node| {
            if wire.refusal(design, node).is_some() {
                return None;
            }
            let (command, _) = wire.connect(design, node)?;
            Some(vec![command])
        })
    }

    /// Builds a pattern at the node or link under a canvas point, or at the selection. If it does
    /// not fit there, a message says where it fits.
    pub fn add_pattern(&mut self, pattern: Pattern, at: Option<Point>) -> Vec<Effect> {
        if self.access() == Access::Look {
            return vec![Effect::Refused("this design is read-only".into())];
        }
        let selection = match at {
            Some(at) => self
                .item_at(at)
                .map_or_else(Selection::default, Selection::only),
            None => self.selection().clone(),
        };
        if !pattern.fits(self.design(), &selection) {
            let (name, place) = (pattern.label(), pattern.fits_on());
            let how = match at {
                Some(_) => format!("{name}: drop it on {place}"),
                None => format!("{name}: select {place}, or drag the tile onto it"),
            };
            return vec![Effect::Said(how)];
        }
        let mut effects = self.select(selection);
        effects.extend(self.build(pattern));
        effects
    }

    /// Returns the node or link at a point of the canvas.
    fn item_at(&self, at: Point) -> Option<Item> {
        let aim = Aim {
            kind: PointerKind::Mouse,
            scale: self.viewport().scale(),
        };
        hit(&Scene::new(self.design()), None, at, aim).item()
    }

    /// Builds a pattern at the selection, and selects what it added.
    pub(crate) fn build(&mut self, pattern: Pattern) -> Vec<Effect> {
        let Some(built) = pattern.build(self.design(), self.selection()) else {
            return Vec::new();
        };
        let gesture = self.gesture(built.name);
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                if cx.apply(Command::Batch(built.commands), &gesture) {
                    cx.select_made(built.selection, &gesture);
                }
                tool
            },
            &mut effects,
        );
        let added = self.selection().clone();
        self.unnamed.extend(built.added);
        effects.extend(self.bring_all_into_view(&added));
        effects
    }

    /// Adds a node and then carries out what `connect` returns, as one gesture.
    fn add(
        &mut self,
        made: Made,
        corner: Point,
        connect: impl FnOnce(&Design, &str) -> Option<Vec<Command>>,
    ) -> Vec<Effect> {
        if self.access() == Access::Look {
            return vec![Effect::Refused("this design is read-only".into())];
        }
        if self.design().nodes.len() >= NODES_MAX {
            let why = format!("a design has at most {NODES_MAX} nodes");
            return vec![Effect::Refused(why)];
        }
        self.nudging = None;
        let id = self.design().free_id(made.name);
        let mut node = Node::new(id.clone(), made.kind, corner.to_position());
        node.label = made.label;
        node.deployment.zone = zones::zone_at(self.design(), rect_at(corner).center());
        let gesture = self.gesture(format!("Add {}", node.title()));
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                let place = cx.document.design().nodes.len();
                if cx.apply(Command::AddNode(place, Box::new(node)), &gesture) {
                    if let Some(commands) = connect(cx.document.design(), &id) {
                        cx.apply(Command::Batch(commands), &gesture);
                    }
                    cx.select_made(Selection::only(Item::Node(id.clone())), &gesture);
                }
                tool
            },
            &mut effects,
        );
        self.unnamed.insert(id);
        effects
    }

    /// Returns the upper left corner of a new node.
    fn corner_for_new(&self, at: Option<Point>) -> Point {
        let half = Point::new(NODE_WIDTH, NODE_HEIGHT) * 0.5;
        if let Some(at) = at {
            return on_grid(at - half);
        }
        let corner = on_grid(self.viewport.center() - half);
        layout::free_place(self.design(), corner)
    }

    /// Adds a note with its upper left corner at a canvas point, or in a free place near the middle
    /// of the screen. The note is selected and opened for typing.
    pub fn add_note(&mut self, at: Option<Point>) -> Vec<Effect> {
        if self.access() == Access::Look {
            return vec![Effect::Refused("this design is read-only".into())];
        }
        let mut notes = self.design().settings.notes.clone();
        let place = notes.len();
        if place >= NOTES_MAX {
            return vec![Effect::Refused(format!(
                "a design has at most {NOTES_MAX} notes"
            ))];
        }
        self.nudging = None;
        let corner = match at {
            Some(at) => on_grid(at),
            None => self.corner_for_new(None),
        };
        notes.push(new_note(corner.to_position(), ""));
        let gesture = self.gesture("Add note");
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                if cx.apply(fragment::set_notes(&notes), &gesture) {
                    cx.select_made(Selection::only(Item::Note(place)), &gesture);
                    cx.say(Effect::EditNote(place));
                }
                tool
            },
            &mut effects,
        );
        effects
    }

    /// Returns the selection as a design of its own, for the clipboard. `None` without a node or
    /// note.
    pub fn copy(&self) -> Option<Design> {
        let copied = fragment::copy(self.design(), self.selection());
        (!is_nothing(&copied)).then_some(copied)
    }

    /// Adds a copied fragment and selects it: centered on a canvas point, or at a small distance
    /// from the original.
    pub fn paste(&mut self, copied: &Design, at: Option<Point>) -> Vec<Effect> {
        let notes = copied.settings.notes.iter().map(note_rect);
        let bounds = copied.nodes.iter().map(node_rect).chain(notes);
        let bounds = bounds.reduce(|a, b| a.union(b));
        let by = match (at, bounds) {
            (Some(at), Some(bounds)) => {
                let corner = on_grid(at - bounds.size() * 0.5);
                (corner - bounds.min).to_position()
            }
            _ => [ASIDE, ASIDE],
        };
        self.insert(copied, self.beside(copied, by), "Paste")
    }

    /// Adds another design to the right of the present one and selects it, as one edit. Settings of
    /// the whole system are left out: see [`fragment::left_out`].
    pub fn insert_beside(&mut self, arrived: &Design) -> Vec<Effect> {
        let mut arrived = arrived.clone();
        if layout::lacks_positions(&arrived) {
            let positions = layout::arrange(&arrived);
            for (node, at) in arrived.nodes.iter_mut().zip(positions) {
                node.at = at;
            }
        }
        let there = Scene::new(self.design()).bounds();
        let by = match (there, Scene::new(&arrived).bounds()) {
            (Some(there), Some(new)) => {
                let corner = Point::new(there.max.x + BESIDE, there.min.y);
                on_grid(corner - new.min).to_position()
            }
            _ => [0, 0],
        };
        self.insert(&arrived, self.beside(&arrived, by), "Insert")
    }

    /// Increases a distance until nothing copied lies exactly on something of its kind.
    fn beside(&self, copied: &Design, mut by: [i32; 2]) -> [i32; 2] {
        let design = self.design();
        let nodes = design.nodes.iter().map(|node| node.at);
        let taken: BTreeSet<[i32; 2]> = nodes.collect();
        let notes = design.settings.notes.iter().map(|note| note.at.0);
        let noted: BTreeSet<[i32; 2]> = notes.collect();
        let to =
            |at: [i32; 2], by: [i32; 2]| [at[0].saturating_add(by[0]), at[1].saturating_add(by[1])];
        // Each step leaves at least one place behind, so there are no more steps than places.
        for _ in 0..taken.len() + noted.len() {
            let mut nodes = copied.nodes.iter();
            let mut notes = copied.settings.notes.iter();
            let hides = nodes.any(|node| taken.contains(&to(node.at, by)))
                || notes.any(|note| noted.contains(&to(note.at.0, by)));
            if !hides {
                break;
            }
            by = to(by, [ASIDE, ASIDE]);
        }
        by
    }

    pub(crate) fn duplicate(&mut self) -> Vec<Effect> {
        match self.copy() {
            Some(copied) => self.insert(&copied, [ASIDE, ASIDE], "Duplicate"),
            None => self.duplicate_links(),
        }
    }

    /// Adds a parallel link to each selected link.
    fn duplicate_links(&mut self) -> Vec<Effect> {
        let mut design = self.design().clone();
        let (mut commands, mut made) = (Vec::new(), Selection::none());
        for id in &self.selection().links {
            let Some(mut copy) = design.link(id).cloned() else {
                continue;
            };
            copy.id = design.free_link_id(&copy.from, &copy.to);
            made.add(Item::Link(copy.id.clone()));
            design.links.push(copy.clone());
            commands.push(Command::AddLink(usize::MAX, Box::new(copy)));
        }
        if design.links.len() > LINKS_MAX {
            let why = format!("a design has at most {LINKS_MAX} links");
            return vec![Effect::Refused(why)];
        }
        let what = match &commands[..] {
            [_] => "link".to_owned(),
            several => format!("{} links", several.len()),
        };
        let gesture = self.gesture(format!("Duplicate {what}"));
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                if cx.apply(Command::Batch(commands), &gesture) {
                    cx.select_made(made, &gesture);
                }
                tool
            },
            &mut effects,
        );
        effects
    }

    fn insert(&mut self, copied: &Design, by: [i32; 2], verb: &str) -> Vec<Effect> {
        if self.access() == Access::Look || is_nothing(copied) {
            return Vec::new();
        }
        let paste = match fragment::paste(self.design(), copied, by) {
            Ok(paste) => paste,
            Err(why) => return vec![Effect::Refused(why)],
        };
        self.nudging = None;
        // A copy has an id like its original's.
        paste.nodes.iter().for_each(|id| {
            self.unnamed.remove(id);
        });
        let what = selected_in_words(copied, &Selection::all(copied));
        let gesture = self.gesture(format!("{verb} {what}"));
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                if cx.apply(paste.command, &gesture) {
                    cx.select_made(paste.selection, &gesture);
                }
                tool
            },
            &mut effects,
        );
        effects
    }
}

/// Returns whether there is neither node nor note.
fn is_nothing(copied: &Design) -> bool {
    copied.nodes.is_empty() && copied.settings.notes.is_empty()
}

fn on_grid(at: Point) -> Point {
    Point::new((at.x / GRID).round() * GRID, (at.y / GRID).round() * GRID)
}
