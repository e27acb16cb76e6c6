//! The edited document: a design, the selection, and the history.

use crate::effect::{Change, Edit, EditKind, EditStep};
use crate::history::{Entry, Gesture, GestureId, History};
use crate::scene::Lines;
use crate::selection::Selection;
use design::{Command, CommandError, Design};

/// A design with its history. It changes only through [`Document::apply`], [`Document::undo`] and
/// [`Document::redo`], so the history is complete.
#[derive(Clone, Debug, Default)]
pub struct Document {
    design: Design,
    selection: Selection,
    /// The link that is selected because it was just drawn, not because the user chose it.
    drawn: Option<String>,
    history: History,
    revision: u64,
    gestures: u64,
    /// The lines that hit testing computed, and the revision they are of.
    lines: (u64, Lines),
}

impl Document {
    /// Takes the lines that are known of the present design. The caller gives them back with more.
    pub(crate) fn take_lines(&mut self) -> Lines {
        let (revision, lines) = std::mem::take(&mut self.lines);
        let is_of_now = revision == self.revision;
        if is_of_now { lines } else { Lines::new() }
    }

    /// Keeps lines until the design changes.
    pub(crate) fn keep_lines(&mut self, lines: Lines) {
        self.lines = (self.revision, lines);
    }

    /// Returns a document with this design, an empty selection and no history.
    pub fn new(design: Design) -> Self {
        Self {
            design,
            ..Self::default()
        }
    }

    /// Replaces the design, with an empty selection and no history. Revisions and gestures continue
    /// counting, so none of the old ones can be mistaken for a new one.
    pub(crate) fn replace(&mut self, design: Design) {
        *self = Self {
            design,
            revision: self.revision + 1,
            gestures: self.gestures,
            ..Self::default()
        };
    }

    /// Returns the present design.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Returns the selection.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Changes the selection. This alone adds no entry to the history.
    pub fn select(&mut self, mut selection: Selection) {
        selection.prune(&self.design);
        self.selection = selection;
        self.drawn = self
            .drawn
            .take()
            .filter(|link| self.selection.links.contains(link));
    }

    /// Marks the selection as chosen by the user, even if a gesture had made it before.
    pub(crate) fn choose(&mut self) {
        self.drawn = None;
    }

    /// Returns the link whose ends can be dragged: the only selected item, and chosen by the user.
    /// A link that was just drawn is selected too, but the next press near its port begins another
    /// link.
    pub fn gripped(&self) -> Option<&str> {
        let link = self.selection.links.first();
        link.filter(|link| self.selection.len() == 1 && self.drawn.as_ref() != Some(*link))
            .map(String::as_str)
    }

    /// Returns a number that increases with every change of the design. Equal numbers mean equal
    /// designs.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Begins a gesture. `name` is what the menu shows after "Undo".
    pub fn gesture(&mut self, name: impl Into<String>) -> Gesture {
        self.gestures += 1;
        Gesture {
            id: GestureId(self.gestures),
            name: name.into(),
        }
    }

    /// Applies a command as part of a gesture. On an error, nothing has changed.
    pub fn apply(&mut self, command: Command, gesture: &Gesture) -> Result<Edit, CommandError> {
        let edit = Edit {
            change: Change::of(&command),
            kind: EditKind::of(&command),
            step: EditStep::Made,
            gesture: gesture.clone(),
        };
        let inverse = self.design.apply(command)?;
        self.revision += 1;
        let entry = self.history.note(inverse, &edit, &self.selection);
        if edit.change == Change::Structure || !self.selection.notes.is_empty() {
            self.selection.prune(&self.design);
            entry.after.clone_from(&self.selection);
        }
        Ok(edit)
    }

    /// Selects what a gesture added, so that redoing the gesture selects it again.
    pub fn select_made(&mut self, selection: Selection, gesture: &Gesture) {
        self.select(selection);
        self.drawn = self.selection.links.first().cloned();
        if let Some(entry) = self.history.open_entry(gesture) {
            entry.after = self.selection.clone();
        }
    }

    /// Cancels a gesture: the design, the selection and the redo stack are as before it. `None` if
    /// it changed nothing or if another edit followed.
    pub fn cancel(&mut self, gesture: &Gesture) -> Option<Edit> {
        let mut entry = self.history.call_off(gesture)?;
        self.turn(&mut entry)?;
        let edit = entry.edit(EditStep::Canceled);
        self.selection = entry.before;
        Some(edit)
    }

    /// Undoes the last entry and restores the selection before it.
    pub fn undo(&mut self) -> Option<Edit> {
        self.history.close();
        let mut entry = self.history.done.pop_back()?;
        self.turn(&mut entry)?;
        self.selection = entry.before.clone();
        let edit = entry.edit(EditStep::Undone);
        self.history.undone.push(entry);
        Some(edit)
    }

    /// Redoes the entry that was undone last and restores the selection after it.
    pub fn redo(&mut self) -> Option<Edit> {
        self.history.close();
        let mut entry = self.history.undone.pop()?;
        self.turn(&mut entry)?;
        self.selection = entry.after.clone();
        let edit = entry.edit(EditStep::Redone);
        self.history.done.push_back(entry);
        Some(edit)
    }

    /// Returns whether there is an entry to undo.
    pub fn can_undo(&self) -> bool {
        self.undo_name().is_some()
    }

    /// Returns whether there is an entry to redo.
    pub fn can_redo(&self) -> bool {
        self.redo_name().is_some()
    }

    /// Returns the name of the entry to undo, such as `Move api`.
    pub fn undo_name(&self) -> Option<&str> {
        let entry = self.history.done.back()?;
        Some(&entry.gesture.name)
    }

    /// Returns the name of the entry to redo.
    pub fn redo_name(&self) -> Option<&str> {
        let entry = self.history.undone.last()?;
        Some(&entry.gesture.name)
    }

    /// Returns the names of all entries that can be undone, the last first.
    pub fn undo_names(&self) -> impl Iterator<Item = &str> {
        let entries = self.history.done.iter().rev();
        entries.map(|entry| entry.gesture.name.as_str())
    }

    /// Applies an entry's inverse and turns the entry into its own inverse.
    fn turn(&mut self, entry: &mut Entry) -> Option<()> {
        match self.design.apply(entry.inverse()) {
            Ok(inverse) => {
                entry.inverses = vec![inverse];
                self.revision += 1;
                Some(())
            }
            // Only a design that `Design::read` never read can contain a value that may not be set
            // again. It stays as it is; earlier entries have no effect any more.
            Err(_) => {
                self.history = History::default();
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::ENTRIES_MAX;
    use crate::selection::Item;
    use crate::testing::small;
    use design::{Fault, FaultKind, Target, Value};

    fn move_to(x: i32) -> Command {
        Command::Move("api".into(), [x, 0])
    }

    fn replicas(count: f64) -> Command {
        Command::Set(
            Target::Node("api".into()),
            "replicas".into(),
            Value::Number(count),
        )
    }

    #[test]
    fn a_gesture_is_one_entry_however_many_edits_it_makes() {
        let mut document = Document::new(small());
        let drag = document.gesture("Move api");
        for x in 0..100 {
            document.apply(move_to(x), &drag).unwrap();
        }
        let slider = document.gesture("Change replicas");
        for count in 1..10 {
            document.apply(replicas(f64::from(count)), &slider).unwrap();
        }
        let names: Vec<_> = document.undo_names().map(str::to_owned).collect();
        assert_eq!(names, ["Change replicas", "Move api"]);
        assert!(document.undo().is_some() && document.undo().is_some());
        assert_eq!(document.design(), &small());
        assert!(!document.can_undo());
        assert_eq!(document.redo_name(), Some("Move api"));
        document.redo();
        document.redo();
        assert_eq!(document.design().nodes[1].at, [99, 0]);
        assert_eq!(document.redo(), None);
    }

    #[test]
    fn an_entry_holds_the_first_inverse_of_a_drag_only() {
        let mut document = Document::new(small());
        let drag = document.gesture("Move api");
        for x in 0..100 {
            let both = vec![move_to(x), Command::Move("db".into(), [x, 9])];
            document.apply(Command::Batch(both), &drag).unwrap();
        }
        assert_eq!(document.history.done[0].inverses.len(), 1);
    }

    #[test]
    fn undo_and_redo_restore_the_selection() {
        let mut document = Document::new(small());
        document.select(Selection::only(Item::Node("db".into())));
        let gesture = document.gesture("Delete db");
        document
            .apply(Command::RemoveNode("db".into()), &gesture)
            .unwrap();
        assert!(document.selection().is_empty());
        document.select(Selection::only(Item::Node("api".into())));
        document.undo();
        assert_eq!(document.selection().single(), Some(Item::Node("db".into())));
        document.redo();
        assert!(document.selection().is_empty());
    }

    #[test]
    fn a_gesture_called_off_leaves_no_trace() {
        let mut document = Document::new(small());
        let first = document.gesture("Move api");
        document.apply(move_to(8), &first).unwrap();
        document.undo();
        let second = document.gesture("Move api");
        document.apply(move_to(16), &second).unwrap();
        document.apply(move_to(24), &second).unwrap();
        let canceled = document.cancel(&second).unwrap();
        assert_eq!(
            (canceled.change, canceled.step),
            (Change::Moved, EditStep::Canceled)
        );
        assert_eq!(document.design(), &small());
        assert!(document.can_redo(), "what could be redone still can");
        assert_eq!(document.cancel(&second), None);
    }

    #[test]
    fn after_an_undo_the_same_gesture_begins_another_entry() {
        let mut document = Document::new(small());
        let drag = document.gesture("Move api");
        document.apply(move_to(8), &drag).unwrap();
        document.apply(replicas(0.0), &drag).unwrap_err();
        document.undo();
        document.apply(move_to(16), &drag).unwrap();
        assert!(!document.can_redo());
        document.undo();
        assert_eq!(document.design(), &small());
    }

    #[test]
    fn an_edit_says_what_it_is_about_whatever_its_label() {
        let fault = || {
            Command::AddFault(
                0,
                Fault {
                    kind: FaultKind::Crash,
                    target: "api".into(),
                    ..Fault::default()
                },
            )
        };
        let set = |target: Target, path: &str| {
            Command::Set(target, path.into(), Value::Text("5s".into()))
        };
        let name = set(Target::Settings, "name");
        let notes = Command::Set(Target::Settings, "notes".into(), Value::List(Vec::new()));
        for (commands, kind) in [
            (vec![fault()], EditKind::Faults),
            (vec![fault(), set(Target::Fault(0), "at")], EditKind::Faults),
            (vec![fault(), move_to(8)], EditKind::Faults),
            (vec![fault(), Command::RemoveFault(0)], EditKind::Faults),
            (vec![fault(), replicas(2.0)], EditKind::Design),
            (vec![name], EditKind::Design),
            (vec![move_to(8), notes], EditKind::Drawing),
        ] {
            let mut document = Document::new(small());
            // A label that reads like a fault's.
            let gesture = document.gesture("Add Bank of X");
            let batch = Command::Batch(commands.clone());
            let made = document.apply(batch, &gesture).unwrap();
            assert_eq!(
                (made.kind, made.step),
                (kind, EditStep::Made),
                "{commands:?}"
            );
            for (step, travel) in [
                (EditStep::Undone, Document::undo as fn(&mut Document) -> _),
                (EditStep::Redone, Document::redo),
            ] {
                let edit: Edit = travel(&mut document).unwrap();
                assert_eq!((edit.kind, edit.step), (kind, step), "{commands:?}");
                assert_eq!(edit.gesture, gesture);
            }
        }
    }

    #[test]
    fn a_gesture_is_about_all_that_it_edits() {
        let mut document = Document::new(small());
        let gesture = document.gesture("Break it");
        let crash = Fault {
            target: "api".into(),
            ..Fault::default()
        };
        document.apply(replicas(2.0), &gesture).unwrap();
        document
            .apply(Command::AddFault(0, crash), &gesture)
            .unwrap();
        assert_eq!(document.undo().unwrap().kind, EditKind::Design);
    }

    #[test]
    fn the_oldest_entries_are_dropped() {
        let mut document = Document::new(small());
        for x in 0..ENTRIES_MAX as i32 + 20 {
            let gesture = document.gesture("Move api");
            document.apply(move_to(x), &gesture).unwrap();
        }
        let mut undone = 0;
        while document.undo().is_some() {
            undone += 1;
        }
        assert_eq!(undone, ENTRIES_MAX);
        assert_eq!(document.design().nodes[1].at, [19, 0]);
    }
}
