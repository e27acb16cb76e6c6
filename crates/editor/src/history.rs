//! The undo history: one entry per gesture, up to a limit.

use crate::effect::{Change, Edit, EditKind, EditStep};
use crate::selection::Selection;
use design::Command;
use std::collections::VecDeque;

/// Maximum number of entries; the oldest are dropped first.
pub const ENTRIES_MAX: usize = 500;
/// Maximum number of different edits of one gesture. A longer gesture begins another entry, so that
/// no entry grows without bound.
pub const STEPS_MAX: usize = 10_000;

/// Identifies a gesture. All edits of one gesture are one entry of the history, however long it
/// takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GestureId(pub(crate) u64);

/// Something that is undone in one step: a drag, the use of a slider, one remedy.
/// [`crate::Editor::gesture`] begins one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gesture {
    /// Its id.
    pub id: GestureId,
    /// What it does, as the menu shows it after "Undo": `Move api`.
    pub name: String,
}

/// The edits of one gesture.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) gesture: Gesture,
    /// The inverses, in the order the edits were made; after an undo, in the order of the undoing.
    pub(crate) inverses: Vec<Command>,
    pub(crate) change: Change,
    pub(crate) kind: EditKind,
    /// The selections before the first edit and after the last.
    pub(crate) before: Selection,
    pub(crate) after: Selection,
}

impl Entry {
    /// Returns the command that reverts all of its edits.
    pub(crate) fn inverse(&self) -> Command {
        Command::Batch(self.inverses.iter().rev().cloned().collect())
    }

    /// Returns the edit that all of it amounts to.
    pub(crate) fn edit(&self, step: EditStep) -> Edit {
        Edit {
            change: self.change,
            kind: self.kind,
            step,
            gesture: self.gesture.clone(),
        }
    }

    /// Adds the inverse of one more edit. A drag edits the same positions hundreds of times; only
    /// the first inverse, which leads back to the start, is kept.
    pub(crate) fn add(&mut self, inverse: Command) {
        let repeats = self
            .inverses
            .last()
            .is_some_and(|last| same_places(last, &inverse));
        if !repeats {
            self.inverses.push(inverse);
        }
    }
}

/// Returns whether both commands set exactly the same fields, to whatever values.
fn same_places(a: &Command, b: &Command) -> bool {
    match (a, b) {
        (Command::Move(a, _), Command::Move(b, _)) => a == b,
        (Command::Set(a, at, _), Command::Set(b, bt, _)) => a == b && at == bt,
        (Command::Batch(a), Command::Batch(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_places(a, b))
        }
        _ => false,
    }
}

/// The undo and redo stacks.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) done: VecDeque<Entry>,
    pub(crate) undone: Vec<Entry>,
    /// What could be redone when the open gesture began. It is restored if the gesture is canceled.
    stashed: Vec<Entry>,
    /// The gesture whose edits still join the last entry.
    open: Option<GestureId>,
}

impl History {
    /// Records an edit that was made while `selection` was selected, and returns the entry it
    /// joined.
    pub(crate) fn note(
        &mut self,
        inverse: Command,
        edit: &Edit,
        selection: &Selection,
    ) -> &mut Entry {
        let joins = self
            .open_entry(&edit.gesture)
            .is_some_and(|entry| entry.inverses.len() < STEPS_MAX);
        if !joins {
            self.begin(edit, selection);
        }
        let last = self.done.len() - 1;
        let entry = &mut self.done[last];
        entry.add(inverse);
        entry.change = entry.change.max(edit.change);
        entry.kind = entry.kind.max(edit.kind);
        entry
    }

    fn begin(&mut self, edit: &Edit, selection: &Selection) {
        self.open = Some(edit.gesture.id);
        self.stashed = std::mem::take(&mut self.undone);
        if self.done.len() >= ENTRIES_MAX {
            self.done.pop_front();
        }
        self.done.push_back(Entry {
            gesture: edit.gesture.clone(),
            inverses: Vec::new(),
            change: edit.change,
            kind: edit.kind,
            before: selection.clone(),
            after: selection.clone(),
        });
    }

    /// Returns the last entry if it belongs to this gesture and still accepts edits.
    pub(crate) fn open_entry(&mut self, gesture: &Gesture) -> Option<&mut Entry> {
        if self.open != Some(gesture.id) {
            return None;
        }
        self.done
            .back_mut()
            .filter(|entry| entry.gesture.id == gesture.id)
    }

    /// Removes this gesture's entry, and restores what could be redone before it.
    pub(crate) fn call_off(&mut self, gesture: &Gesture) -> Option<Entry> {
        self.open_entry(gesture)?;
        self.undone = std::mem::take(&mut self.stashed);
        self.open = None;
        self.done.pop_back()
    }

    /// Closes the last entry: no more edits join it.
    pub(crate) fn close(&mut self) {
        self.open = None;
        self.stashed.clear();
    }
}
