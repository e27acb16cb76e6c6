//! Actions of the editor's table that the page carries out: running, finding, saving.

use design::Design;
use editor::actions::{self, Action};
use editor::{ActionId, Item, PageAction, Point, Selection};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::faults::faults_for;
use crate::files;
use crate::keeping::unique;
use crate::state::{Dialog, Page, Place, Popup};
use crate::storage;
use crate::toolbar::SPEEDS;

/// Whether the minimap was shown on the last visit.
pub(crate) const MINIMAP: &str = "faultline.minimap";

impl Page {
    /// Returns whether an action would do something now, on this page.
    pub(crate) fn can(self, id: ActionId) -> bool {
        let here = match (self.place, id) {
            (Place::Playground, _) => true,
            (Place::Embed, ActionId::Page(action)) => is_for_embeds(action),
            (Place::Embed, _) => true,
        };
        let breaks = id != ActionId::Page(PageAction::Break) || self.aim().is_some();
        let compares = id != ActionId::Page(PageAction::Compare)
            || self
                .undo_names
                .with_untracked(|names| names.undo.is_some() && !names.opened);
        let leads_back = id == ActionId::Undo
            && self.place == Place::Playground
            && self.undo_names.with_untracked(|names| names.opened);
        let enabled = leads_back
            || self
                .editor
                .with_value(|editor| actions::is_enabled(editor, id));
        here && breaks && compares && enabled
    }

    /// Returns all actions that are enabled now, with their current names.
    pub(crate) fn offered(self) -> Vec<Action> {
        let table = actions::actions().into_iter();
        self.editor.with_value(|editor| {
            table
                .filter(|action| self.can(action.id))
                .map(|action| Action {
                    name: actions::title(editor, &action),
                    ..action
                })
                .collect()
        })
    }

    /// Carries out an action of the page.
    pub(crate) fn perform(self, action: PageAction) {
        match action {
            PageAction::Play => self.toggle_play(),
            PageAction::Step => self.step(),
            PageAction::Restart => self.restart(),
            PageAction::NewSeed => self.new_seed(),
            PageAction::Faster => self.shift_speed(1),
            PageAction::Slower => self.shift_speed(-1),
            PageAction::Find => self.dialog.set(Some(Dialog::Find)),
            PageAction::Shortcuts => self.dialog.set(Some(Dialog::Shortcuts)),
            PageAction::Outline => self.dialog.set(Some(Dialog::Outline)),
            PageAction::Gallery => self.dialog.set(Some(Dialog::Gallery)),
            PageAction::Findings => {
                self.show_side(crate::findings::Side::Findings);
                focus_soon("#findings .finding-head;#findings");
            }
            PageAction::Compare => self.compare_with_before(),
            PageAction::Designs => self.dialog.set(Some(Dialog::Designs)),
            PageAction::Share => self.dialog.set(Some(Dialog::Share)),
            PageAction::Menu => self.open_menu_by_key(),
            PageAction::Break => {
                if let Some(target) = self.aim() {
                    self.popup
                        .set(Some(Popup::Break(self.beside_selection(), target)));
                    focus_soon(".break-menu :is(button, input, select):not(:disabled)");
                }
            }
            PageAction::Inspect if self.selection.with_untracked(Selection::is_empty) => {
                self.show_settings("duration");
            }
            PageAction::Inspect => {
                self.inspect.update(|count| *count += 1);
                focus_soon("#inspect :is(input, select, button):not(:disabled)");
            }
            PageAction::Theme => {
                let next = self.theme.get_untracked().next();
                next.store();
                self.theme.set(next);
            }
            PageAction::Wheel => crate::canvas::turn_wheel(self),
            PageAction::Minimap => {
                self.minimap.update(|shown| *shown = !*shown);
                storage::set_flag(MINIMAP, self.minimap.get_untracked());
            }
            PageAction::Operators => self.for_operators.update(|on| *on = !*on),
            PageAction::New => {
                self.dialog.set(None);
                self.open_own(Design::default(), unique());
            }
            PageAction::Save => self.save_now(),
            PageAction::Import => files::choose(self),
            PageAction::ExportJson => files::export_json(self),
            PageAction::ExportPicture => self.dialog.set(Some(Dialog::Picture)),
            PageAction::ExportMermaid => files::export_mermaid(self),
            PageAction::Copy => files::copy(self),
            PageAction::Cut => {
                files::copy(self);
                self.act(ActionId::Delete);
            }
            PageAction::Paste => files::paste(self),
        }
    }

    /// Shows the settings of the design and focuses this one.
    pub(crate) fn show_settings(self, field: &str) {
        self.act(ActionId::Deselect);
        self.about_design.set(true);
        self.inspect.update(|count| *count += 1);
        let controls = ":is(input, select, textarea, .fold):not(:disabled)";
        focus_soon(format!("#inspect [data-field=\"{field}\"] {controls}"));
    }

    /// Selects the next higher or lower speed.
    fn shift_speed(self, by: isize) {
        let now = self.speed.get_untracked();
        let at = SPEEDS.iter().position(|(speed, _)| *speed >= now);
        let at = at.unwrap_or(SPEEDS.len() - 1).saturating_add_signed(by);
        let (speed, label) = SPEEDS[at.min(SPEEDS.len() - 1)];
        self.set_speed(speed);
        self.announce.set(format!("Speed {label}"));
    }

    /// Returns the only selected item, if there are faults for it.
    fn aim(self) -> Option<String> {
        let item = self.selection.with_untracked(Selection::single)?;
        let id = item.id()?.to_owned();
        let faults = self.design.with_untracked(|design| faults_for(design, &id));
        (!faults.is_empty()).then_some(id)
    }

    /// Opens the menu of the selection, or of the canvas if nothing is selected.
    fn open_menu_by_key(self) {
        self.popup.set(Some(Popup::Menu(self.beside_selection())));
    }

    /// Returns the place on the screen at which a menu of the selection opens.
    fn beside_selection(self) -> Point {
        self.editor.with_value(|editor| {
            let view = editor.viewport();
            let bounds = editor.scene().bounds_of(editor.selection());
            bounds.map_or(view.size() * 0.5, |bounds| {
                view.to_screen(Point::new(bounds.max.x, bounds.min.y))
            })
        })
    }

    /// Selects one item, brings it into view and focuses it.
    pub(crate) fn reveal(self, item: Item) {
        let effects = self.edit(|editor| editor.reveal(item.clone()));
        self.follow_all(effects);
        self.inspect.update(|count| *count += 1);
        if let Item::Node(id) = item {
            request_animation_frame(move || crate::canvas::focus_card(&id));
        }
    }
}

/// Returns whether an embed offers the action: nothing is saved there, and nothing leaves the
/// frame.
fn is_for_embeds(action: PageAction) -> bool {
    matches!(
        action,
        PageAction::Play
            | PageAction::Step
            | PageAction::Restart
            | PageAction::NewSeed
            | PageAction::Faster
            | PageAction::Slower
            | PageAction::Menu
            | PageAction::Inspect
            | PageAction::Break
            | PageAction::Copy
            | PageAction::Cut
            | PageAction::Paste
    )
}

/// Focuses the first element of a selector, once the pending update is drawn. With several
/// selectors, separated by semicolons, the first that matches counts.
pub(crate) fn focus_soon(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || {
        let find = |selector: &str| document().query_selector(selector).ok().flatten();
        let found = selector.split(';').find_map(find);
        if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            // Fails only for elements that cannot have the focus.
            let _ = element.focus();
        }
    });
}
