//! Edits. Each is a command on the editor's document, with an inverse. Updates of the views, the
//! simulation and the browser's storage follow from here.

use std::sync::Arc;

use design::{Command, Design, Fault, Target, Value};
use editor::{
    ActionId, Change, Edit, EditKind, Effect, Input, Item, Pattern, Point, Selection, Thing,
    actions,
};
use leptos::prelude::*;

use crate::canvas::Moved;
use crate::state::{Page, Popup, UndoNames};

impl Page {
    /// Opens a design in place of the present one, with a history of its own, and runs it.
    pub(crate) fn open(self, design: Design, document: String, playing: bool) {
        self.leave_document();
        self.end_gesture();
        self.forget_review();
        self.enter_trail(&document, design.clone());
        let effects = self.edit(|editor| {
            let mut effects = editor.load(design);
            effects.extend(editor.fit());
            effects
        });
        self.follow_all(effects);
        self.renew_undo();
        self.enter_document(document);
        self.playing.set(playing);
        self.load_run();
    }

    /// Passes something to the editor and follows its effects.
    pub(crate) fn edit<T>(self, act: impl FnOnce(&mut editor::Editor) -> T) -> T {
        let mut result = None;
        self.editor
            .update_value(|editor| result = Some(act(editor)));
        result.expect("the editor lives as long as the page")
    }

    /// Passes input on the canvas to the editor.
    pub(crate) fn input(self, input: Input) {
        let effects = self.edit(|editor| editor.handle(input));
        self.follow_all(effects);
    }

    /// Carries out an action of the editor's table.
    pub(crate) fn act(self, id: ActionId) {
        if id == ActionId::Undo && self.undo_names.with_untracked(|names| names.opened) {
            return self.undo_opening();
        }
        let said = match id {
            ActionId::Undo => ("Undone", self.undo_names.get_untracked().undo),
            ActionId::Redo => ("Redone", self.undo_names.get_untracked().redo),
            _ => ("", None),
        };
        if let (verb, Some(what)) = said {
            self.end_gesture();
            self.announce.set(format!("{verb}: {what}"));
        }
        let effects = self.edit(|editor| actions::run(editor, id));
        self.follow_all(effects);
    }

    /// Carries out one command, as a gesture of its own.
    pub(crate) fn command(self, command: Command) {
        let result = self.edit(|editor| editor.apply(command));
        self.follow_result(result);
    }

    /// Carries out one command under a name of its own.
    pub(crate) fn command_named(self, command: Command, name: &str) {
        let result = self.edit(|editor| {
            let gesture = editor.gesture(name);
            editor.edit(command, &gesture)
        });
        self.follow_result(result);
    }

    /// Carries out a command that belongs to the gesture with this key. Consecutive commands with
    /// the same key are one entry of the history.
    pub(crate) fn command_keyed(self, command: Command, key: String) {
        let result = self.edit(|editor| {
            let open = self.hidden.try_update_value(|hidden| {
                let same = hidden
                    .gesture
                    .as_ref()
                    .is_some_and(|(open, _)| *open == key);
                if !same {
                    let name = editor::describe::describe(&command, editor.design());
                    hidden.gesture = Some((key, editor.gesture(name)));
                }
                hidden.gesture.as_ref().map(|(_, gesture)| gesture.clone())
            });
            match open.flatten() {
                Some(gesture) => editor.edit(command, &gesture),
                None => editor.apply(command),
            }
        });
        self.follow_result(result);
    }

    /// Undoes the last gesture.
    pub(crate) fn undo(self) {
        self.act(ActionId::Undo);
    }

    /// Redoes the last undone gesture.
    pub(crate) fn redo(self) {
        self.act(ActionId::Redo);
    }

    /// Ends the gesture: further edits begin another entry of the history.
    pub(crate) fn end_gesture(self) {
        self.hidden.update_value(|hidden| hidden.gesture = None);
    }

    /// Selects; nothing else changes.
    pub(crate) fn select(self, selection: Selection) {
        let effects = self.edit(|editor| editor.select(selection));
        self.follow_all(effects);
    }

    /// Adds what was chosen from the palette, at a place of the window or in a free place. Returns
    /// false if that place is outside the canvas.
    pub(crate) fn add_thing(self, thing: &Thing, client: Option<[f64; 2]>) -> bool {
        let Some(at) = self.dropped_at(client) else {
            return false;
        };
        let effects = self.edit(|editor| editor.add_thing(thing, at));
        self.follow_all(effects);
        if at.is_none() {
            crate::canvas::reveal_selection(self);
        }
        true
    }

    /// Builds a pattern at what is at a place of the screen, or at the selection. Returns false if
    /// that place is outside the canvas.
    pub(crate) fn add_pattern(self, pattern: Pattern, client: Option<[f64; 2]>) -> bool {
        let Some(at) = self.dropped_at(client) else {
            return false;
        };
        let effects = self.edit(|editor| editor.add_pattern(pattern, at));
        self.follow_all(effects);
        true
    }

    /// Converts a place of the screen to one of the canvas. `None` if it is given and is outside.
    fn dropped_at(self, client: Option<[f64; 2]>) -> Option<Option<Point>> {
        let Some(client) = client else {
            return Some(None);
        };
        let at = crate::canvas::to_stage(client)?;
        let to_canvas = |editor: &editor::Editor| editor.viewport().to_canvas(at);
        Some(Some(self.editor.with_value(to_canvas)))
    }

    /// Adds the node of a quick-add.
    pub(crate) fn quick_add(self, thing: &Thing) {
        let Some(Popup::QuickAdd(wanted)) = self.popup.get_untracked() else {
            return;
        };
        self.popup.set(None);
        let effects = self.edit(|editor| editor.quick_add(thing, &wanted));
        self.follow_all(effects);
    }

    /// Lets the user name a zone, beside its region.
    fn name_zone(self, zone: String) {
        let corner = self.editor.with_value(|editor| {
            let regions = editor::zones::regions(editor.design());
            let region = regions.into_iter().find(|region| region.name == zone)?;
            Some(editor.viewport().to_screen(region.rect.min))
        });
        if let Some(at) = corner {
            self.popup.set(Some(Popup::Zone(zone, at)));
        }
    }

    /// Renames the design.
    pub(crate) fn rename_design(self, name: String) {
        let name = name.trim().to_owned();
        let same = self
            .design
            .with_untracked(|design| design.settings.name == name);
        if !same && !name.is_empty() {
            self.command(Command::Set(
                Target::Settings,
                "name".to_owned(),
                Value::Text(name),
            ));
        }
    }

    /// Changes a node's label; an empty one removes it. Returns the node's id, which follows its
    /// first name.
    pub(crate) fn rename_node(self, id: &str, label: &str) -> String {
        self.renaming.set(None);
        let label = label.trim();
        let same = self
            .design
            .with_untracked(|design| design.node(id).is_none_or(|node| node.title() == label));
        if same {
            return id.to_owned();
        }
        let at = self
            .design
            .with_untracked(|design| design.nodes.iter().position(|node| node.id == id));
        let value = if label.is_empty() {
            Value::Null
        } else {
            Value::text(label)
        };
        self.command(Command::Set(
            Target::Node(id.to_owned()),
            "label".to_owned(),
            value,
        ));
        let now = at.and_then(|at| {
            let read = |design: &Arc<Design>| Some(design.nodes.get(at)?.id.clone());
            self.design.with_untracked(read)
        });
        now.unwrap_or_else(|| id.to_owned())
    }

    /// Injects a fault now. It becomes part of the design, so that it travels with a link and
    /// recurs when the run is restarted.
    pub(crate) fn inject(self, fault: Fault) {
        let at = self.design.with_untracked(|design| design.faults.len());
        self.command(Command::AddFault(at, fault));
    }

    /// Deletes what the inspector shows.
    pub(crate) fn delete(self, target: &Target) {
        self.command(match target {
            Target::Node(id) => Command::RemoveNode(id.clone()),
            Target::Link(id) => Command::RemoveLink(id.clone()),
            Target::Fault(at) => Command::RemoveFault(*at),
            Target::Settings => return,
        });
    }

    fn follow_result(self, result: Result<Vec<Effect>, design::CommandError>) {
        match result {
            Ok(effects) => self.follow_all(effects),
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    /// Carries out the editor's effects.
    pub(crate) fn follow_all(self, effects: Vec<Effect>) {
        for effect in effects {
            self.follow(effect);
        }
    }

    fn follow(self, effect: Effect) {
        match effect {
            Effect::Loaded => self.show_design(Change::Structure),
            Effect::Changed(edit) => self.changed(&edit),
            Effect::SelectionChanged => {
                let selection = self.editor.with_value(|editor| editor.selection().clone());
                if let Some(Item::Node(id)) = selection.single() {
                    self.focus_stop.set(Some(id));
                }
                self.selection.set(selection);
            }
            Effect::ViewChanged => {
                let view = self.editor.with_value(|editor| *editor.viewport());
                self.view.set(view);
                self.hidden.update_value(|hidden| hidden.space_used = true);
            }
            Effect::OverlayChanged => {
                self.settle();
                self.overlay.update(|count| *count += 1);
                let hover = self.editor.with_value(crate::canvas::hover);
                if self.hover.with_untracked(|now| *now != hover) {
                    self.hover.set(hover);
                    crate::announcing::announce_wire(self);
                }
            }
            Effect::Refused(why) | Effect::Said(why) => self.refuse(&why),
            Effect::QuickAdd(wanted) => self.popup.set(Some(Popup::QuickAdd(wanted))),
            Effect::OpenInspector(item) => {
                self.select(Selection::only(item));
                self.inspect.update(|count| *count += 1);
            }
            Effect::EditNote(at) => self.writing.set(Some(at)),
            Effect::NameZone(zone) => self.name_zone(zone),
            Effect::OpenPalette => self.adding.set(true),
            Effect::OpenMenu { at, .. } => self.popup.set(Some(Popup::Menu(at))),
            Effect::Rename(id) => self.renaming.set(Some(id)),
            Effect::Page(action) => self.perform(action),
        }
    }

    /// Updates views, simulation and storage after an edit of the design.
    fn changed(self, edit: &Edit) {
        if edit.change == Change::Moved {
            self.show_moves();
            self.renew_undo();
            return self.save_soon();
        }
        let before = self.design.get_untracked();
        self.show_design(edit.change);
        self.renew_undo();
        self.save_soon();
        self.hidden.update_value(|hidden| hidden.edit_due = true);
        let after = self.design.get_untracked();
        self.history.update_value(|history| {
            history.take_edit(edit, &before, &after);
        });
        if !before.makes_same_run(&after) {
            self.part_findings(edit.kind == EditKind::Design);
        }
    }

    /// Redraws what moved; nothing else follows.
    fn show_moves(self) {
        let moved = self.editor.with_value(|editor| {
            let take_over = |shown: &mut Arc<Design>| Moved::take_over(shown, editor.design());
            self.design.try_update_untracked(take_over)
        });
        let moved = moved.unwrap_or_default();
        self.design.with_untracked(|design| {
            let lead = |editor: &editor::Editor| self.places.lead(&moved, design, editor.tool());
            let links = self.editor.with_value(lead);
            self.places
                .routes(|routes| self.live.reroute(routes, &links));
            self.places.tell(&moved, &links, design);
        });
    }

    /// Handles a node that was dropped: links lead around it again.
    fn settle(self) {
        let is_idle = self.editor.with_value(|editor| editor.tool().is_idle());
        if is_idle && self.places.routes(editor::Routes::has_loose) {
            self.show_moves();
        }
    }

    /// Updates the views after a change of the design.
    fn show_design(self, change: Change) {
        let design = self
            .editor
            .with_value(|editor| Arc::new(editor.design().clone()));
        let led = self.places.take_design(&design);
        self.places.routes(|routes| match &led {
            Some(links) => self.live.reroute(routes, links),
            None => self.live.reroute_all(&design, routes),
        });
        self.history
            .update_value(|history| history.take_design(&design));
        if change == Change::Structure {
            self.live.take_structure(&design);
            let stop = self.focus_stop.get_untracked();
            let stands = stop.is_some_and(|id| design.node(&id).is_some());
            if !stands {
                let first = editor::layout::flow_order(&design).into_iter().next();
                self.focus_stop.set(first);
            }
        }
        self.design.set(design);
        self.tick.update(|tick| *tick = tick.wrapping_add(1));
    }

    pub(crate) fn renew_undo(self) {
        let mut names = self.editor.with_value(|editor| UndoNames {
            undo: editor.document().undo_name().map(str::to_owned),
            redo: editor.document().redo_name().map(str::to_owned),
            opened: false,
        });
        let over = self.hidden.with_value(|hidden| hidden.over.clone());
        if let (None, Some(name)) = (&names.undo, over) {
            names.undo = Some(format!("Back to \u{201c}{name}\u{201d}"));
            names.opened = true;
        }
        if self.undo_names.with_untracked(|now| *now != names) {
            self.undo_names.set(names);
        }
    }

    /// Stores the pointer's place on the stage: messages appear there.
    pub(crate) fn pointer_at(self, at: Point) {
        self.hidden.update_value(|hidden| hidden.pointer = at);
    }
}
