//! Browser events as the editor's inputs.

use editor::actions::{self, ActionId};
use editor::{
    Button, Input, Item, KeyPress, Modifiers, Point, Pointer, PointerKind, Selection, WheelAction,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};

use super::animation::to_stage;
use super::stage::is_busy;
use crate::state::{Page, Place};

/// Pointer events of the canvas element.
#[derive(Clone, Copy)]
pub(super) struct Pointing {
    page: Page,
}

impl Pointing {
    pub(super) fn new(page: Page) -> Self {
        Self { page }
    }

    pub(super) fn down(self, event: &PointerEvent) {
        if is_typing(event.target().as_ref()) {
            return;
        }
        let element = event_current_target(event);
        if let Some(element) = element {
            // Without capture a drag merely ends at the window's edge.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        self.page.popup.set(None);
        self.page.adding.set(false);
        self.page.toast.set(None);
        self.page.end_gesture();
        let pressed = to_stage([event.client_x().into(), event.client_y().into()]);
        self.page
            .hidden
            .update_value(|hidden| hidden.pressed = pressed.filter(|_| event.button() == 0));
        self.send(event, Input::PointerDown);
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        self.send(event, Input::PointerMove);
    }

    pub(super) fn up(self, event: &PointerEvent) {
        self.send(event, Input::PointerUp);
        let pressed = self
            .page
            .hidden
            .try_update_value(|hidden| hidden.pressed.take())
            .flatten();
        let released = to_stage([event.client_x().into(), event.client_y().into()]);
        // A click on a dot, not on a card: what became of its request.
        let on_card = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|element| matches!(element.closest(".node"), Ok(Some(_))));
        if let (Some(pressed), Some(released)) = (pressed, released)
            && pressed == released
            && !on_card
            && let Some(dot) = self.page.live.dot_at(pressed)
        {
            self.page.ask_why(Some(dot));
        }
    }

    pub(super) fn cancel(self) {
        self.page.input(Input::Cancel);
    }

    pub(super) fn leave(self) {
        if !is_busy(self.page) {
            self.page.input(Input::PointerLeave);
        }
    }

    pub(super) fn double(self, event: &MouseEvent) {
        if is_typing(event.target().as_ref()) {
            return;
        }
        if let Some(pointer) = self.mouse(event) {
            self.page.input(Input::DoubleClick(pointer));
        }
    }

    pub(super) fn menu(self, event: &MouseEvent) {
        if is_typing(event.target().as_ref()) {
            return;
        }
        event.prevent_default();
        if let Some(pointer) = self.mouse(event) {
            self.page.input(Input::Menu(pointer));
        }
    }

    fn send(self, event: &PointerEvent, input: fn(Pointer) -> Input) {
        let Some(mut pointer) = self.mouse(event) else {
            return;
        };
        pointer.id = event.pointer_id();
        pointer.kind = match event.pointer_type().as_str() {
            "touch" => PointerKind::Touch,
            "pen" => PointerKind::Pen,
            _ => PointerKind::Mouse,
        };
        self.page.pointer_at(pointer.at);
        self.page.input(input(pointer));
    }

    fn mouse(self, event: &MouseEvent) -> Option<Pointer> {
        let client = [f64::from(event.client_x()), f64::from(event.client_y())];
        let at = to_stage(client).or_else(|| outside(event, client))?;
        Some(Pointer {
            id: 0,
            at,
            button: match event.button() {
                1 => Button::Middle,
                2 => Button::Secondary,
                _ => Button::Primary,
            },
            kind: PointerKind::Mouse,
            modifiers: Modifiers {
                shift: event.shift_key(),
                command: event.ctrl_key() || event.meta_key(),
                alt: event.alt_key(),
                space: self.page.hidden.with_value(|hidden| hidden.space_down),
            },
        })
    }
}

fn event_current_target(event: &PointerEvent) -> Option<Element> {
    event.current_target()?.dyn_into().ok()
}

/// A captured pointer may leave the element; its place still counts.
fn outside(event: &MouseEvent, [x, y]: [f64; 2]) -> Option<Point> {
    let element: Element = event.current_target()?.dyn_into().ok()?;
    let rect = element.get_bounding_client_rect();
    Some(Point::new(x - rect.left(), y - rect.top()))
}

/// The wheel pans, with Ctrl or ⌘ (and so a pinch on a trackpad) it zooms. In somebody's page it
/// pans nothing: that page scrolls.
pub(super) fn wheel(page: Page, event: &WheelEvent) {
    let zooms = event.ctrl_key() || event.meta_key();
    if page.place == Place::Embed && !zooms {
        return;
    }
    event.prevent_default();
    let client = [f64::from(event.client_x()), f64::from(event.client_y())];
    let Some(at) = to_stage(client) else { return };
    // Firefox counts in lines, some mice in pages.
    let pixels = match event.delta_mode() {
        WheelEvent::DOM_DELTA_LINE => 16.0,
        WheelEvent::DOM_DELTA_PAGE => 400.0,
        _ => 1.0,
    };
    let mut by = Point::new(event.delta_x() * pixels, event.delta_y() * pixels);
    if event.shift_key() && by.x == 0.0 {
        by = Point::new(by.y, 0.0);
    }
    let action = if zooms {
        WheelAction::Zoom
    } else {
        WheelAction::Pan
    };
    page.input(Input::Wheel { at, by, action });
}

/// Listens to the keyboard for as long as the page lives.
pub(crate) fn listen_to_keys(page: Page) {
    let down = window_event_listener(leptos::ev::keydown, move |event| key_down(page, &event));
    let up = window_event_listener(leptos::ev::keyup, move |event| key_up(page, &event));
    let blur = window_event_listener(leptos::ev::blur, move |_| {
        page.hidden.update_value(|hidden| hidden.space_down = false);
    });
    on_cleanup(move || {
        down.remove();
        up.remove();
        blur.remove();
    });
}

fn key_down(page: Page, event: &KeyboardEvent) {
    let target = event.target();
    if page.dialog.with_untracked(Option::is_some) || is_typing(target.as_ref()) {
        return;
    }
    let on_control = is_control(target.as_ref());
    let key = event.key();
    let held = event.ctrl_key() || event.meta_key() || event.alt_key();
    match key.as_str() {
        " " if !on_control => {
            event.prevent_default();
            if !event.repeat() {
                page.hidden.update_value(|hidden| {
                    hidden.space_down = true;
                    hidden.space_used = false;
                });
            }
            return;
        }
        "s" | "S" if !held => {
            event.prevent_default();
            return page.step();
        }
        "Escape" if page.adding.get_untracked() => return page.adding.set(false),
        "Escape" if page.popup.with_untracked(Option::is_some) => return page.popup.set(None),
        "Enter" if on_control => return,
        _ => {}
    }
    if !held && !is_busy(page) && focus_key(page, &key, target.as_ref()) {
        event.prevent_default();
        return;
    }
    act_on_key(page, event);
}

fn act_on_key(page: Page, event: &KeyboardEvent) {
    let (key, code) = (event.key(), event.code());
    let press = KeyPress {
        key: &key,
        code: &code,
        ctrl: event.ctrl_key(),
        meta: event.meta_key(),
        shift: event.shift_key(),
        alt: event.alt_key(),
    };
    let Some(action) = actions::for_key(&press) else {
        return;
    };
    if !page
        .editor
        .with_value(|editor| actions::is_enabled(editor, action))
    {
        return;
    }
    event.prevent_default();
    match action {
        ActionId::Undo => page.undo(),
        ActionId::Redo => page.redo(),
        other => page.act(other),
    }
}

fn key_up(page: Page, event: &KeyboardEvent) {
    if event.key() != " " {
        return;
    }
    let plays = page
        .hidden
        .try_update_value(|hidden| std::mem::take(&mut hidden.space_down) && !hidden.space_used);
    if plays == Some(true) {
        page.toggle_play();
    }
}

/// Keys of a card that has the focus but is not selected: arrows go to the next card, Enter selects
/// it and shows its parameters.
fn focus_key(page: Page, key: &str, target: Option<&web_sys::EventTarget>) -> bool {
    let card = target
        .and_then(|target| target.dyn_ref::<Element>())
        .and_then(|element| element.closest(".node").ok().flatten());
    let Some(id) = card.and_then(|card| card.get_attribute("data-id")) else {
        return false;
    };
    let selected = page
        .selection
        .with_untracked(|selection| selection.nodes.contains(&id));
    if selected {
        return false;
    }
    let way = match key {
        "ArrowLeft" => Point::new(-1.0, 0.0),
        "ArrowRight" => Point::new(1.0, 0.0),
        "ArrowUp" => Point::new(0.0, -1.0),
        "ArrowDown" => Point::new(0.0, 1.0),
        "Enter" => {
            page.select(Selection::only(Item::Node(id)));
            page.inspect.update(|count| *count += 1);
            return true;
        }
        _ => return false,
    };
    if let Some(next) = next_node(page, &id, way) {
        page.focus_stop.set(Some(next.clone()));
        focus_card(&next);
    }
    true
}

/// The nearest node in a direction; what lies aside counts twice as far.
fn next_node(page: Page, from: &str, way: Point) -> Option<String> {
    page.design.with_untracked(|design| {
        let here = Point::from(design.node(from)?.at);
        let cost = |node: &design::Node| -> Option<f64> {
            let to = Point::from(node.at) - here;
            let ahead = to.x * way.x + to.y * way.y;
            let aside = (to.x * way.y - to.y * way.x).abs();
            (ahead > 0.0).then_some(ahead + 2.0 * aside)
        };
        let others = design.nodes.iter().filter(|node| node.id != from);
        others
            .filter_map(|node| Some((cost(node)?, node)))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, node)| node.id.clone())
    })
}

/// Gives the card of the one selected node the focus, once it is there.
pub(crate) fn focus_selected(page: Page) {
    request_animation_frame(move || {
        if let Some(Item::Node(id)) = page.selection.with_untracked(Selection::single) {
            focus_card(&id);
        }
    });
}

/// Gives a card the focus.
pub(super) fn focus_card(id: &str) {
    let cards = document().query_selector_all(".node");
    let Ok(cards) = cards else { return };
    for ix in 0..cards.length() {
        let card = cards
            .get(ix)
            .and_then(|card| card.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(card) = card
            && card.get_attribute("data-id").as_deref() == Some(id)
        {
            // Fails only for elements that cannot have the focus.
            let _ = card.focus();
        }
    }
}

/// Whether keys go into a field.
fn is_typing(target: Option<&web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_ref::<Element>());
    element.is_some_and(|element| {
        let typed = "input,select,textarea,[contenteditable]";
        element.closest(typed).ok().flatten().is_some()
    })
}

/// Whether Space and Enter belong to a button.
fn is_control(target: Option<&web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_ref::<Element>());
    element.is_some_and(|element| {
        let control = "button,a,summary,[role=tab],[role=switch],[role=slider]";
        element.closest(control).ok().flatten().is_some()
    })
}
