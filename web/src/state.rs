//! State that the whole page shares: the document's latest state for views, the selection, the
//! run's status. `Page` is a handful of keys: copy it freely. Its behavior is in [`crate::edits`]
//! (the design) and [`crate::runs`] (the simulation).

use std::sync::Arc;

use design::Design;
use editor::{Editor, Gesture, Hit, Point, QuickAdd, Selection, Viewport};
use format::message::RunState;
use leptos::prelude::*;

use crate::arriving::Arrived;
use crate::canvas::{Live, Places};
use crate::engine::Engine;
use crate::findings::{Lab, Review};
use crate::history::{History, SharedHistory};
use crate::keeping::{Desk, Saved};
use crate::lesson::{Lesson, Path};
use crate::opening::{self, Opened};
use crate::theme::Theme;

/// What kind of page this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The page itself: saves designs in the browser.
    Playground,
    /// A frame in another page: saves nothing.
    Embed,
}

/// The run's metrics as views show them; updated a few times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Status {
    /// Simulated time, in seconds.
    pub(crate) time_s: f64,
    /// Where the run is.
    pub(crate) state: RunState,
    /// Requests made so far.
    pub(crate) offered: u64,
    /// Answered so far.
    pub(crate) ok: u64,
    /// Failed so far.
    pub(crate) failed: u64,
    /// Recent simulated seconds per second.
    pub(crate) pace: f64,
}

/// The hash of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunHash {
    /// None: the run has not ended, or was edited.
    #[default]
    None,
    /// 16 hex digits.
    Known(String),
    /// The present design cannot be run.
    Invalid,
}

/// What the undo and redo buttons would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UndoNames {
    pub(crate) undo: Option<String>,
    pub(crate) redo: Option<String>,
    /// Whether undoing returns to the design that was open before; no edit of this one is undone.
    pub(crate) opened: bool,
}

/// A message that stays until it is dismissed or resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Its subject; a later notice about the same one replaces it.
    pub(crate) about: About,
    /// Its text.
    pub(crate) text: String,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A link or a file that did not open.
    Opening,
    /// The simulation's worker.
    Worker,
    /// The present design cannot be run.
    Design,
    /// Saving in the browser.
    Keeping,
}

/// A message near the pointer that disappears by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) at: Point,
}

/// A dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// The link, the file, the frame.
    Share,
    /// Everything that can be found by name.
    Find,
    /// All shortcuts.
    Shortcuts,
    /// The saved designs.
    Designs,
    /// The design as tables.
    Outline,
    /// What is wrong with a text that did not open.
    Problems,
    /// Lessons and reference designs.
    Gallery,
    /// Two runs side by side.
    Compare,
    /// The design as a picture, to be saved or copied.
    Picture,
}

/// A list that is open on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Popup {
    /// Which kind of node to add.
    QuickAdd(QuickAdd),
    /// The menu of the selection or the canvas, at a place of the screen.
    Menu(Point),
    /// The menu of a zone.
    Zone(String, Point),
    /// The faults for a node, a link or a zone, at a place of the screen.
    Break(Point, String),
    /// A fault of the design, by its index, to be edited.
    Fault(usize, Point),
    /// The main menu, below its button.
    Main,
    /// The controls that do not fit into the bar.
    More,
    /// The choice about a design that was pasted or dropped over another.
    Arrived(Box<Arrived>),
}

/// A text that did not open.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rejected {
    /// What did not open.
    pub(crate) title: String,
    /// Everything that is wrong with it: where, and what would be valid.
    pub(crate) problems: Vec<[String; 2]>,
    /// The text itself with a name, if it would be lost otherwise.
    pub(crate) text: Option<(String, String)>,
}

/// Everything components share.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// Playground or embed.
    pub(crate) place: Place,
    /// The design after the last command. It changes with every command except those that only move
    /// nodes.
    pub(crate) design: RwSignal<Arc<Design>>,
    /// Where its nodes are: these signals report moves, not `design`.
    pub(crate) places: Places,
    /// The selection.
    pub(crate) selection: RwSignal<Selection>,
    /// The node that the Tab key leads to.
    pub(crate) focus_stop: RwSignal<Option<String>>,
    /// The node whose name is being typed.
    pub(crate) renaming: RwSignal<Option<String>>,
    /// What undo and redo would do.
    pub(crate) undo_names: RwSignal<UndoNames>,
    /// Position and zoom of the canvas.
    pub(crate) view: RwSignal<Viewport>,
    /// Changes when what a tool draws over the canvas has changed.
    pub(crate) overlay: RwSignal<u32>,
    /// What the pointer is over, if it is highlighted.
    pub(crate) hover: RwSignal<Hit>,
    /// The note that is being typed, by its index.
    pub(crate) writing: RwSignal<Option<usize>>,
    /// Whether the list of everything that can be added is open.
    pub(crate) adding: RwSignal<bool>,
    /// A list open on the canvas.
    pub(crate) popup: RwSignal<Option<Popup>>,
    /// A message near the pointer.
    pub(crate) toast: RwSignal<Option<Toast>>,
    /// The text of a polite live region.
    pub(crate) announce: RwSignal<String>,
    /// Messages at the top.
    pub(crate) notices: RwSignal<Vec<Notice>>,
    /// The dialog that is open.
    pub(crate) dialog: RwSignal<Option<Dialog>>,
    /// What the dialog of problems shows.
    pub(crate) rejected: RwSignal<Rejected>,
    /// Whether the design is saved.
    pub(crate) saved: RwSignal<Saved>,
    /// Changes when the list of saved designs has changed.
    pub(crate) shelf: RwSignal<u32>,
    /// The lesson that is open.
    pub(crate) lesson: StoredValue<Lesson>,
    /// The user's progress in it.
    pub(crate) path: Path,
    /// The diagnosis of the run.
    pub(crate) review: Review,
    /// Whether a lesson or an own design is open.
    pub(crate) opened: RwSignal<Opened>,
    /// Light or dark.
    pub(crate) theme: RwSignal<Theme>,
    /// Whether the run plays.
    pub(crate) playing: RwSignal<bool>,
    /// Simulated seconds per second.
    pub(crate) speed: RwSignal<f64>,
    /// The run's metrics.
    pub(crate) status: RwSignal<Status>,
    /// The run's hash.
    pub(crate) hash: RwSignal<RunHash>,
    /// What the charts draw.
    pub(crate) history: SharedHistory,
    /// Changes when `history` has changed, at most ten times a second.
    pub(crate) tick: RwSignal<u32>,
    /// Whether the wheel zooms without a modifier key.
    pub(crate) wheel_zooms: RwSignal<bool>,
    /// Whether the whole design is shown small in a corner.
    pub(crate) minimap: RwSignal<bool>,
    /// The nodes with active faults, each with the words of its fault.
    pub(crate) broken: RwSignal<Vec<(String, String)>>,
    /// Whether only what the operators' telemetry reports is shown.
    pub(crate) for_operators: RwSignal<bool>,
    /// The requested traces.
    pub(crate) why: RwSignal<Option<crate::why::Why>>,
    /// The contents of the selected cache or database.
    pub(crate) inside: RwSignal<Option<Arc<format::message::Inside>>>,
    /// Changes when the inspector should be shown.
    pub(crate) inspect: RwSignal<u32>,
    /// Whether the inspector shows the design itself while nothing is selected.
    pub(crate) about_design: RwSignal<bool>,
    /// Whether the canvas is visible.
    pub(crate) in_sight: RwSignal<bool>,
    /// The moving picture.
    pub(crate) live: Live,
    pub(crate) editor: StoredValue<Editor, LocalStorage>,
    pub(crate) engine: StoredValue<Option<Engine>, LocalStorage>,
    /// The workers that make experiments.
    pub(crate) lab: StoredValue<Lab, LocalStorage>,
    pub(crate) hidden: StoredValue<Hidden, LocalStorage>,
}

/// State that no view shows.
#[derive(Default)]
pub(crate) struct Hidden {
    /// Which document this is, in the browser's storage.
    pub(crate) document: String,
    /// Its pending writes.
    pub(crate) desk: Desk,
    /// The gesture that edits with this key join.
    pub(crate) gesture: Option<(String, Gesture)>,
    /// Whether the design has changed since the worker received it.
    pub(crate) edit_due: bool,
    /// Number of edits of this run that the worker has received.
    pub(crate) edits_sent: u32,
    /// The trial that waits for the run's design and edits.
    pub(crate) trial: u32,
    /// Increases with every toast; a timer that finds another number is outdated.
    pub(crate) toast_token: u32,
    /// Where the pointer was pressed, on the stage.
    pub(crate) pressed: Option<Point>,
    /// The node whose contents the worker reports.
    pub(crate) looked_into: Option<String>,
    /// Increases with every file that is fetched.
    pub(crate) fetch_token: u32,
    /// Increases with every request for traces.
    pub(crate) why_token: u32,
    /// The jump in time in progress.
    pub(crate) seeking: crate::seek::Seeking,
    /// Whether the space bar is down.
    pub(crate) space_down: bool,
    /// Whether the view moved while the space bar was down: then it is not play or pause.
    pub(crate) space_used: bool,
    /// The pointer's last place, on the stage.
    pub(crate) pointer: Point,
    /// Where a finger was pressed that has not moved since.
    pub(crate) press: Option<Point>,
    pub(crate) press_token: u32,
    /// The layers over and beside the canvas that are open, in the order in which they opened.
    pub(crate) layers: Vec<crate::layers::Layer>,
    /// Whether the pointer was used last, and no key that moves the focus since.
    pub(crate) by_pointer: bool,
    /// The name of the design that the open one replaced, if Undo returns to it.
    pub(crate) over: Option<String>,
    /// The entries of the browser's history.
    pub(crate) trail: crate::trail::Trail,
}

impl Page {
    /// Returns a page with an empty document and no engine yet.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            design: RwSignal::new(Arc::new(Design::default())),
            places: Places::new(),
            selection: RwSignal::new(Selection::default()),
            focus_stop: RwSignal::new(None),
            renaming: RwSignal::new(None),
            undo_names: RwSignal::new(UndoNames::default()),
            view: RwSignal::new(Viewport::default()),
            overlay: RwSignal::new(0),
            hover: RwSignal::new(Hit::Empty),
            writing: RwSignal::new(None),
            adding: RwSignal::new(false),
            popup: RwSignal::new(None),
            toast: RwSignal::new(None),
            announce: RwSignal::new(String::new()),
            notices: RwSignal::new(Vec::new()),
            dialog: RwSignal::new(None),
            rejected: RwSignal::new(Rejected::default()),
            saved: RwSignal::new(Saved::Untouched),
            shelf: RwSignal::new(0),
            lesson: StoredValue::new(opening::lesson()),
            path: Path::default(),
            review: Review::default(),
            opened: RwSignal::new(Opened::Own),
            theme: RwSignal::new(Theme::Auto),
            playing: RwSignal::new(false),
            speed: RwSignal::new(1.0),
            status: RwSignal::new(Status::default()),
            hash: RwSignal::new(RunHash::None),
            history: StoredValue::new_local(History::default()),
            tick: RwSignal::new(0),
            wheel_zooms: RwSignal::new(false),
            minimap: RwSignal::new(false),
            broken: RwSignal::new(Vec::new()),
            for_operators: RwSignal::new(false),
            why: RwSignal::new(None),
            inside: RwSignal::new(None),
            inspect: RwSignal::new(0),
            about_design: RwSignal::new(false),
            in_sight: RwSignal::new(true),
            live: Live::new(),
            editor: StoredValue::new_local(Editor::default()),
            engine: StoredValue::new_local(None),
            lab: StoredValue::new_local(Lab::default()),
            hidden: StoredValue::new_local(Hidden::default()),
        }
    }

    /// Returns the page that this component is part of.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Shows a message until it is dismissed or resolved.
    pub(crate) fn notice(self, about: About, text: impl Into<String>) {
        let text = text.into();
        self.notices.update(|notices| {
            notices.retain(|notice| notice.about != about);
            notices.push(Notice { about, text });
        });
    }

    /// Removes a message.
    pub(crate) fn dismiss(self, about: About) {
        if self
            .notices
            .with_untracked(|notices| notices.iter().any(|notice| notice.about == about))
        {
            self.notices
                .update(|notices| notices.retain(|notice| notice.about != about));
        }
    }

    /// Shows why something is not possible, or what it did instead: near the pointer, and to screen
    /// readers.
    pub(crate) fn refuse(self, why: &str) {
        // The editor's messages begin in the middle of a sentence.
        self.say(crate::words::sentence(why));
    }

    /// Shows a message for a while: near the pointer, and to screen readers.
    pub(crate) fn say(self, text: String) {
        let at = self.hidden.with_value(|hidden| hidden.pointer);
        self.announce.set(text.clone());
        self.toast.set(Some(Toast { text, at }));
        let token = self
            .hidden
            .try_update_value(|hidden| {
                hidden.toast_token += 1;
                hidden.toast_token
            })
            .unwrap_or_default();
        set_timeout(
            move || {
                if self.hidden.with_value(|hidden| hidden.toast_token) == token {
                    self.toast.set(None);
                }
            },
            std::time::Duration::from_secs(5),
        );
    }
}
