//! Nothing pressed: the pointer hovers.

use crate::effect::{Effect, QuickAdd};
use crate::hit::Hit;
use crate::input::{Button, Input, Pointer};
use crate::selection::{Item, Selection};
use crate::tools::{Access, Context, Panning, Pressing, Tool};

/// Nothing is going on.
#[derive(Clone, Debug, Default)]
pub struct Idle {
    /// What the pointer is over.
    pub hover: Hit,
}

impl Idle {
    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerDown(pointer) => return press(pointer, self, cx),
            Input::PointerMove(pointer) => self.hover(cx.hit(pointer), cx),
            Input::PointerLeave => self.hover(Hit::Empty, cx),
            Input::DoubleClick(pointer) => double_click(pointer, cx),
            Input::Menu(pointer) => open_menu(pointer, cx),
            Input::PointerUp(_) | Input::Cancel | Input::Wheel { .. } => {}
        }
        Tool::Idle(self)
    }

    fn hover(&mut self, hit: Hit, cx: &mut Context<'_>) {
        if self.hover != hit {
            self.hover = hit;
            cx.say(Effect::OverlayChanged);
        }
    }
}

fn press(pointer: &Pointer, idle: Idle, cx: &mut Context<'_>) -> Tool {
    match pointer.button {
        Button::Middle => Tool::Panning(Panning::new(pointer, cx)),
        Button::Primary if pointer.modifiers.space => Tool::Panning(Panning::new(pointer, cx)),
        Button::Primary => Tool::Pressing(Pressing::new(pointer, cx)),
        Button::Secondary => Tool::Idle(idle),
    }
}

fn double_click(pointer: &Pointer, cx: &mut Context<'_>) {
    if cx.access == Access::Look || pointer.button != Button::Primary {
        return;
    }
    match cx.hit(pointer) {
        Hit::Node(id) => cx.say(Effect::Rename(id)),
        Hit::Link(id) => cx.say(Effect::OpenInspector(Item::Link(id))),
        Hit::Empty => {
            let at = cx.canvas(pointer);
            cx.say(Effect::QuickAdd(QuickAdd { wire: None, at }));
        }
        Hit::Port(..) | Hit::LinkEnd(..) => {}
    }
}

/// A menu is about what is selected, so what is pointed at becomes that.
pub(super) fn open_menu(pointer: &Pointer, cx: &mut Context<'_>) {
    let item = cx.hit(pointer).item();
    match &item {
        Some(item) if cx.document.selection().contains(item) => {}
        Some(item) => cx.select(Selection::only(item.clone())),
        None => cx.select(Selection::none()),
    }
    cx.say(Effect::OpenMenu {
        at: pointer.at,
        item,
    });
}
