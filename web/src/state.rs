//! What the whole page shares: the document's latest state for views, the selection, the run's
//! status. `Page` is a handful of keys: copy it freely. What it does is in [`crate::edits`] (the
//! design) and [`crate::runs`] (the simulation).

use std::sync::Arc;

use design::Design;
use editor::{Editor, Gesture, Hit, Point, QuickAdd, Selection, Viewport};
use format::message::RunState;
use leptos::prelude::*;

use crate::arriving::Arrived;
use crate::canvas::{Live, Places};
use crate::engine::Engine;
use crate::findings::Review;
use crate::history::{History, SharedHistory};
use crate::keeping::{Desk, Saved};
use crate::lesson::{Lesson, Path};
use crate::opening::{self, Opened};
use crate::theme::Theme;

/// What kind of page this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The page itself: keeps designs in the browser's storage.
    Playground,
    /// A frame in somebody's page: keeps nothing.
    Embed,
}

/// The run's figures as views show them; renewed a few times a second.
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
    /// Simulated seconds per second of late.
    pub(crate) pace: f64,
}

/// The fingerprint of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum RunHash {
    /// The run goes on, or was edited on the way.
    #[default]
    None,
    /// 16 hex digits.
    Known(String),
    /// The design as it stands cannot be run.
    Invalid,
}

/// What the undo and redo buttons would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UndoNames {
    pub(crate) undo: Option<String>,
    pub(crate) redo: Option<String>,
    /// Undoing leads back to the design that was open before: of this one nothing is undone.
    pub(crate) opened: bool,
}

/// A message that stays until it is dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// What it is about; a later notice about the same replaces it.
    pub(crate) about: About,
    /// What it says.
    pub(crate) text: String,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A link or a file that did not open.
    Opening,
    /// The simulation's worker.
    Worker,
    /// The design as it stands cannot be run.
    Design,
    /// What is kept in the browser.
    Keeping,
}

/// A word near the pointer that goes away by itself.
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
    /// The designs that are kept.
    Designs,
    /// The design as tables.
    Outline,
    /// What is wrong with a text that did not open.
    Problems,
    /// Lessons and sound designs.
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
    /// What can be done here, on the screen.
    Menu(Point),
    /// What can be done with a zone.
    Zone(String, Point),
    /// How to break a node, a link or a zone, on the screen.
    Break(Point, String),
    /// A fault of the design, by its place in the list, to be edited.
    Fault(usize, Point),
    /// What can be done with the page, below its button.
    Main,
    /// The controls that do not fit into the bar.
    More,
    /// What to do with a design that was pasted or dropped over another.
    Arrived(Box<Arrived>),
}

/// A text that did not open.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rejected {
    /// What it is and that it did not open.
    pub(crate) title: String,
    /// Everything that is wrong with it: where, and what would be right.
    pub(crate) problems: Vec<[String; 2]>,
    /// The text itself with a name, where it would be lost otherwise.
    pub(crate) text: Option<(String, String)>,
}

/// Everything components share.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// Playground or embed.
    pub(crate) place: Place,
    /// The design after the last command. It rises with every command but those that only move
    /// things.
    pub(crate) design: RwSignal<Arc<Design>>,
    /// Where its nodes are: moves alone are told by these, not by `design`.
    pub(crate) places: Places,
    /// What is selected.
    pub(crate) selection: RwSignal<Selection>,
    /// The node that the Tab key leads to.
    pub(crate) focus_stop: RwSignal<Option<String>>,
    /// The node whose name is being typed.
    pub(crate) renaming: RwSignal<Option<String>>,
    /// What undo and redo would do.
    pub(crate) undo_names: RwSignal<UndoNames>,
    /// Position and zoom of the canvas.
    pub(crate) view: RwSignal<Viewport>,
    /// Rises when what a tool draws over the canvas has changed.
    pub(crate) overlay: RwSignal<u32>,
    /// What the pointer is over, as far as it is highlighted.
    pub(crate) hover: RwSignal<Hit>,
    /// The note that is being typed in, by its place.
    pub(crate) writing: RwSignal<Option<usize>>,
    /// The list of what can be added is open.
    pub(crate) adding: RwSignal<bool>,
    /// A list open on the canvas.
    pub(crate) popup: RwSignal<Option<Popup>>,
    /// A word near the pointer.
    pub(crate) toast: RwSignal<Option<Toast>>,
    /// Said by a polite live region.
    pub(crate) announce: RwSignal<String>,
    /// Messages at the top.
    pub(crate) notices: RwSignal<Vec<Notice>>,
    /// The dialog that is open.
    pub(crate) dialog: RwSignal<Option<Dialog>>,
    /// What the dialog of problems shows.
    pub(crate) rejected: RwSignal<Rejected>,
    /// How the design stands to what is kept.
    pub(crate) saved: RwSignal<Saved>,
    /// Rises when other designs are kept than before.
    pub(crate) shelf: RwSignal<u32>,
    /// The lesson that is told.
    pub(crate) lesson: StoredValue<Lesson>,
    /// How far a person has come in it.
    pub(crate) path: Path,
    /// What was found in the run.
    pub(crate) review: Review,
    /// Whether its story is told.
    pub(crate) opened: RwSignal<Opened>,
    /// Light or dark.
    pub(crate) theme: RwSignal<Theme>,
    /// Whether the run shall go on.
    pub(crate) playing: RwSignal<bool>,
    /// Simulated seconds per second.
    pub(crate) speed: RwSignal<f64>,
    /// The run's figures.
    pub(crate) status: RwSignal<Status>,
    /// The run's fingerprint.
    pub(crate) hash: RwSignal<RunHash>,
    /// What the charts draw.
    pub(crate) history: SharedHistory,
    /// Rises when `history` has changed, at most ten times a second.
    pub(crate) tick: RwSignal<u32>,
    /// Whether the wheel zooms without a key held.
    pub(crate) wheel_zooms: RwSignal<bool>,
    /// Whether the whole design is shown small in a corner.
    pub(crate) minimap: RwSignal<bool>,
    /// The nodes that are broken now, each with the words of its fault.
    pub(crate) broken: RwSignal<Vec<(String, String)>>,
    /// Whether only what reaches the operators is shown.
    pub(crate) for_operators: RwSignal<bool>,
    /// Traces that were asked for.
    pub(crate) why: RwSignal<Option<crate::why::Why>>,
    /// What the selected cache or database holds.
    pub(crate) inside: RwSignal<Option<Arc<format::message::Inside>>>,
    /// Rises when the inspector shall be seen.
    pub(crate) inspect: RwSignal<u32>,
    /// Whether the inspector shows the design itself while nothing is selected.
    pub(crate) about_design: RwSignal<bool>,
    /// Whether anybody can see the canvas.
    pub(crate) in_sight: RwSignal<bool>,
    /// The moving picture.
    pub(crate) live: Live,
    pub(crate) editor: StoredValue<Editor, LocalStorage>,
    pub(crate) engine: StoredValue<Option<Engine>, LocalStorage>,
    /// Where experiments are made, once there are some to make.
    pub(crate) lab: StoredValue<Option<Engine>, LocalStorage>,
    pub(crate) hidden: StoredValue<Hidden, LocalStorage>,
}

/// State that no view shows.
#[derive(Default)]
pub(crate) struct Hidden {
    /// Which document this is, in the browser's storage.
    pub(crate) document: String,
    /// What is on its way there.
    pub(crate) desk: Desk,
    /// The gesture that edits with this key join.
    pub(crate) gesture: Option<(String, Gesture)>,
    /// The design has changed since the worker heard of it.
    pub(crate) edit_due: bool,
    /// Edits of this run that the worker was told.
    pub(crate) edits_sent: u32,
    /// The trial that waits to hear what the run is made of.
    pub(crate) trial: u32,
    /// Grows with every toast; a timer that finds another number is late.
    pub(crate) toast_token: u32,
    /// Where the pointer went down, on the stage.
    pub(crate) pressed: Option<Point>,
    /// The node that the worker tells the inside of.
    pub(crate) looked_into: Option<String>,
    /// Grows with every file that is fetched.
    pub(crate) fetch_token: u32,
    /// Grows with every question why.
    pub(crate) why_token: u32,
    /// The jump in time under way.
    pub(crate) seeking: crate::seek::Seeking,
    /// The space bar is down.
    pub(crate) space_down: bool,
    /// The view moved while the space bar was down: that was no play or pause.
    pub(crate) space_used: bool,
    /// Where the pointer was last, on the stage.
    pub(crate) pointer: Point,
    /// Where a finger went down that has not moved since.
    pub(crate) press: Option<Point>,
    pub(crate) press_token: u32,
    /// The layers over and beside the canvas that are open, in the order in which they opened.
    pub(crate) layers: Vec<crate::layers::Layer>,
    /// The pointer was used last, and no key since that moves the focus.
    pub(crate) by_pointer: bool,
    /// What the design is called whose place the open one took: there is a way back by Undo.
    pub(crate) over: Option<String>,
    /// Where the browser's history leads.
    pub(crate) trail: crate::trail::Trail,
}

impl Page {
    /// A page with an empty document and no engine yet.
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
            lab: StoredValue::new_local(None),
            hidden: StoredValue::new_local(Hidden::default()),
        }
    }

    /// The page that this component is part of.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Shows a message until it is dealt with.
    pub(crate) fn notice(self, about: About, text: impl Into<String>) {
        let text = text.into();
        self.notices.update(|notices| {
            notices.retain(|notice| notice.about != about);
            notices.push(Notice { about, text });
        });
    }

    /// Takes a message back.
    pub(crate) fn dismiss(self, about: About) {
        if self
            .notices
            .with_untracked(|notices| notices.iter().any(|notice| notice.about == about))
        {
            self.notices
                .update(|notices| notices.retain(|notice| notice.about != about));
        }
    }

    /// Says why something cannot be done, or was done otherwise: near the pointer, and to a screen
    /// reader.
    pub(crate) fn refuse(self, why: &str) {
        // What the editor says begins in the middle of a sentence.
        self.say(crate::words::sentence(why));
    }

    /// Says something for a while: near the pointer, and to those who listen.
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
