//! Helpers of the tests of this crate.

use crate::actions;
use crate::editor::Editor;
use crate::effect::{Change, Effect};
use crate::geometry::{End, Point, node_rect, port};
use crate::hit::grips;
use crate::input::{Button, Input, Modifiers, Pointer, PointerKind};
use crate::selection::Item;
use design::link::Mode;
use design::{Design, KINDS, Kind, Link, Node};

/// Returns a new node's kind, by name.
pub(crate) fn kind(name: &str) -> Kind {
    let info = KINDS.iter().find(|info| info.name == name).unwrap();
    (info.make)()
}

/// `users` → `api` → `db`, side by side, 300 px apart.
pub(crate) fn small() -> Design {
    Design {
        nodes: [("users", "client"), ("api", "service"), ("db", "database")]
            .iter()
            .enumerate()
            .map(|(at, (id, name))| Node::new(*id, kind(name), [at as i32 * 300, 0]))
            .collect(),
        links: vec![
            Link::new("users->api", "users", "api", Mode::Call),
            Link::new("api->db", "api", "db", Mode::Call),
        ],
        ..Design::default()
    }
}

/// Checks that any two cards are at least 80 units apart beside each other, or 56 above each other.
/// Links with their labels need the former, and what is written below a card needs the latter.
pub(crate) fn check_apart(design: &Design) {
    for (at, one) in design.nodes.iter().enumerate() {
        let rect = node_rect(one);
        for other in &design.nodes[..at] {
            let [x, y] = [0, 1].map(|axis| (one.at[axis] - other.at[axis]).abs());
            let size = rect.size();
            let is_apart = f64::from(x) >= size.x + 80.0 || f64::from(y) >= size.y + 56.0;
            assert!(is_apart, "{} and {}: {x} and {y}", one.id, other.id);
        }
    }
}

/// An editor with a hand that follows a script.
pub(crate) struct Hand {
    pub(crate) editor: Editor,
    /// The effects of the last script.
    pub(crate) effects: Vec<Effect>,
}

impl Hand {
    /// Returns a hand on [`small`], at 100%, with the canvas's origin in the upper left corner.
    pub(crate) fn new() -> Self {
        Self::on(small())
    }

    pub(crate) fn on(design: Design) -> Self {
        Self {
            editor: Editor::new(design),
            effects: Vec::new(),
        }
    }

    /// Carries out a script such as `down 380 10 shift; move 400 10; up 400 10; cancel`, at screen
    /// positions or at what [`place`] knows. Further words: `touch`, `#2` (a second finger),
    /// `middle`, `right`, `command`, `alt`, `space`. Other words of a line are keys of actions.
    pub(crate) fn play(&mut self, script: &str) -> &mut Self {
        self.effects.clear();
        for line in script.split(';') {
            let words: Vec<&str> = line.split_whitespace().collect();
            let effects = match input(&self.editor, &words) {
                Some(input) => self.editor.handle(input),
                None => {
                    let action = actions::actions()
                        .into_iter()
                        .find(|action| action.key == words[0])
                        .unwrap_or_else(|| panic!("no input and no action: {line}"));
                    actions::run(&mut self.editor, action.id)
                }
            };
            self.effects.extend(effects);
        }
        self
    }

    /// Returns the position of a node.
    pub(crate) fn at(&self, id: &str) -> [i32; 2] {
        self.editor.design().node(id).unwrap().at
    }

    /// Returns the selection, in one line.
    pub(crate) fn selected(&self) -> String {
        let items = self.editor.selection().items();
        let ids: Vec<String> = items
            .map(|item| match item {
                Item::Note(at) => format!("note-{at}"),
                Item::Node(id) | Item::Link(id) => id,
            })
            .collect();
        ids.join(" ")
    }

    /// Returns all links, in one line.
    pub(crate) fn links(&self) -> String {
        let links = self.editor.design().links.iter();
        let ends: Vec<String> = links
            .map(|link| format!("{}->{}", link.from, link.to))
            .collect();
        ends.join(" ")
    }

    /// Returns what can be undone, the last first.
    pub(crate) fn history(&self) -> Vec<&str> {
        self.editor.document().undo_names().collect()
    }

    /// Returns whether the last script changed this much of the design.
    pub(crate) fn has_changed(&self, change: Change) -> bool {
        self.has_said(|effect| matches!(effect, Effect::Changed(edit) if edit.change == change))
    }

    pub(crate) fn has_said(&self, wanted: impl Fn(&Effect) -> bool) -> bool {
        self.effects.iter().any(wanted)
    }
}

/// Returns a place by its name: `api.in` and `api.out` are ports, `api->db` is the middle of a
/// link, `api->db.from` and `api->db.to` are its grips.
fn place(editor: &Editor, name: &str) -> Option<Point> {
    let scene = editor.scene();
    let node = |id: &str| editor.design().node(id);
    match name.rsplit_once('.') {
        Some((id, "in")) => Some(port(node(id)?, End::To)),
        Some((id, "out")) => Some(port(node(id)?, End::From)),
        Some((id, "from")) => Some(grips(&scene.path(id)?)[0]),
        Some((id, "to")) => Some(grips(&scene.path(id)?)[1]),
        _ => Some(scene.path(name)?.at(0.5)),
    }
}

fn input(editor: &Editor, words: &[&str]) -> Option<Input> {
    if words == ["cancel"] {
        return Some(Input::Cancel);
    }
    let [verb, rest @ ..] = words else {
        return None;
    };
    let (at, rest) = match rest {
        [name, rest @ ..] if name.parse::<f64>().is_err() => (place(editor, name)?, rest),
        [x, y, rest @ ..] => (Point::new(x.parse().unwrap(), y.parse().unwrap()), rest),
        _ => return None,
    };
    let has = |word: &str| rest.contains(&word);
    let pointer = Pointer {
        id: i32::from(has("#2")),
        at,
        button: match () {
            () if has("middle") => Button::Middle,
            () if has("right") => Button::Secondary,
            () => Button::Primary,
        },
        kind: if has("touch") {
            PointerKind::Touch
        } else {
            PointerKind::Mouse
        },
        modifiers: Modifiers {
            shift: has("shift"),
            command: has("command"),
            alt: has("alt"),
            space: has("space"),
        },
    };
    match *verb {
        "down" => Some(Input::PointerDown(pointer)),
        "move" => Some(Input::PointerMove(pointer)),
        "up" => Some(Input::PointerUp(pointer)),
        "double" => Some(Input::DoubleClick(pointer)),
        "menu" => Some(Input::Menu(pointer)),
        _ => None,
    }
}
