//! What was done and can be undone: one entry per gesture, a bounded number of them.

use crate::effect::{Change, Edit, EditKind, EditStep};
use crate::selection::Selection;
use design::Command;
use std::collections::VecDeque;

/// Most entries kept; the oldest go first.
pub const ENTRIES_MAX: usize = 500;
/// Most different edits of one gesture. A gesture that goes on beyond begins another entry, so that
/// no entry grows without bound.
pub const STEPS_MAX: usize = 10_000;

/// Tells gestures apart. Edits of one gesture are one entry of the history, however long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GestureId(pub(crate) u64);

/// Something a person does that is undone in one step: a drag, the use of a slider, one remedy.
/// [`crate::Editor::gesture`] begins one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gesture {
    /// Which.
    pub id: GestureId,
    /// What it does, as the menu says it after "Undo": `Move api`.
    pub name: String,
}

/// One gesture's edits.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) gesture: Gesture,
    /// The inverses, in the order the edits were made (after an undo: of the undoing).
    pub(crate) inverses: Vec<Command>,
    pub(crate) change: Change,
    pub(crate) kind: EditKind,
    /// What was selected before the first edit and after the last.
    pub(crate) before: Selection,
    pub(crate) after: Selection,
}

impl Entry {
    /// The command that takes all of it back.
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

    /// Takes in the inverse of one more edit. A drag edits the same positions hundreds of times;
    /// only the first inverse, which leads back to the start, is worth keeping.
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

/// Whether both commands set exactly the same things, to whatever values.
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

/// The stacks of what was done and what was undone.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) done: VecDeque<Entry>,
    pub(crate) undone: Vec<Entry>,
    /// What could be redone when the open gesture began: back again if that is called off.
    stashed: Vec<Entry>,
    /// The gesture whose edits still join the last entry.
    open: Option<GestureId>,
}

impl History {
    /// Notes an edit that was made while `selection` was selected, and gives the entry it joined.
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

    /// The last entry, if it is this gesture's and still takes edits in.
    pub(crate) fn open_entry(&mut self, gesture: &Gesture) -> Option<&mut Entry> {
        if self.open != Some(gesture.id) {
            return None;
        }
        self.done
            .back_mut()
            .filter(|entry| entry.gesture.id == gesture.id)
    }

    /// Takes this gesture's entry out, and puts back what could be redone before it.
    pub(crate) fn call_off(&mut self, gesture: &Gesture) -> Option<Entry> {
        self.open_entry(gesture)?;
        self.undone = std::mem::take(&mut self.stashed);
        self.open = None;
        self.done.pop_back()
    }

    /// No more edits join the last entry.
    pub(crate) fn close(&mut self) {
        self.open = None;
        self.stashed.clear();
    }
}
