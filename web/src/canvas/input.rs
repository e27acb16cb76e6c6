//! Converts browser events to the editor's inputs.

use editor::actions::{self, ActionId, Direction};
use editor::{
    Button, Input, Item, KeyPress, Modifiers, PageAction, Point, Pointer, PointerKind, Selection,
    walk,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, MouseEvent, PointerEvent};

use super::animation::to_stage;
use super::stage::is_busy;
use crate::layers;
use crate::state::Page;

/// A touch that stays this long opens the menu.
const LONG_PRESS: std::time::Duration = std::time::Duration::from_millis(500);

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
            // Without capture, a drag merely ends at the window's edge.
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
        self.wait_for_long_press(event);
    }

    pub(super) fn moved(self, event: &PointerEvent) {
        self.send(event, Input::PointerMove);
        let at = self.page.hidden.with_value(|hidden| hidden.pointer);
        let held = self.page.hidden.with_value(|hidden| hidden.press);
        if held.is_some_and(|from| from.distance(at) > PointerKind::Touch.drag_threshold()) {
            self.end_press();
        }
    }

    pub(super) fn up(self, event: &PointerEvent) {
        self.end_press();
        self.send(event, Input::PointerUp);
        let pressed = self
            .page
            .hidden
            .try_update_value(|hidden| hidden.pressed.take())
            .flatten();
        let released = to_stage([event.client_x().into(), event.client_y().into()]);
        // A click on a dot, not on a card: shows its request.
        let on_card = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|element| matches!(element.closest(".node"), Ok(Some(_))));
        if let (Some(pressed), Some(released)) = (pressed, released)
            && pressed == released
            && !on_card
            && !is_busy(self.page)
            && let Some(dot) = self.page.live.dot_at(pressed)
        {
            self.page.ask_why(Some(dot));
        }
    }

    pub(super) fn cancel(self) {
        self.end_press();
        self.page.input(Input::Cancel);
    }

    fn end_press(self) {
        self.page.hidden.update_value(|hidden| hidden.press = None);
    }

    /// Opens the menu for a finger that stays where it is. Some browsers do so by themselves, some
    /// do not. A second finger is a pinch.
    fn wait_for_long_press(self, event: &PointerEvent) {
        let page = self.page;
        let pointer = self
            .mouse(event)
            .filter(|_| event.pointer_type() == "touch");
        let first = page.hidden.with_value(|hidden| hidden.press.is_none());
        let Some(pointer) = pointer.filter(|_| first) else {
            return self.end_press();
        };
        let token = page
            .hidden
            .try_update_value(|hidden| {
                hidden.press = Some(pointer.at);
                hidden.press_token += 1;
                hidden.press_token
            })
            .unwrap_or_default();
        let pressed = move || {
            let still = page
                .hidden
                .with_value(|hidden| hidden.press.is_some() && hidden.press_token == token);
            if still {
                self.end_press();
                page.input(Input::Menu(pointer));
            }
        };
        set_timeout(pressed, LONG_PRESS);
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

/// Returns the place of a captured pointer outside the element.
fn outside(event: &MouseEvent, [x, y]: [f64; 2]) -> Option<Point> {
    let element: Element = event.current_target()?.dyn_into().ok()?;
    let rect = element.get_bounding_client_rect();
    Some(Point::new(x - rect.left(), y - rect.top()))
}

/// Listens to the keyboard for the lifetime of the page.
pub(crate) fn listen_to_keys(page: Page) {
    let down = window_event_listener(leptos::ev::keydown, move |event| key_down(page, &event));
    let up = window_event_listener(leptos::ev::keyup, move |event| key_up(page, &event));
    let pointer = window_event_listener(leptos::ev::pointerdown, move |_| {
        page.hidden.update_value(|hidden| hidden.by_pointer = true);
    });
    let blur = window_event_listener(leptos::ev::blur, move |_| {
        page.hidden.update_value(|hidden| hidden.space_down = false);
    });
    on_cleanup(move || {
        down.remove();
        up.remove();
        pointer.remove();
        blur.remove();
    });
}

fn key_down(page: Page, event: &KeyboardEvent) {
    let target = event.target();
    if page.dialog.with_untracked(Option::is_some) {
        return;
    }
    if event.key() == "Escape" && leave_inspector(page, target.as_ref()) {
        return;
    }
    if is_typing(target.as_ref()) {
        // Finding, saving and help work everywhere; in a field, a letter is text.
        if event.ctrl_key() || event.meta_key() {
            act_on_key(page, event, true);
        }
        return;
    }
    let key = event.key();
    if key == "Tab" {
        page.hidden.update_value(|hidden| hidden.by_pointer = false);
    }
    // A button that was clicked keeps the focus, but the user does not mean to press it again by
    // keyboard.
    let by_pointer = page.hidden.with_value(|hidden| hidden.by_pointer);
    let on_control = is_control(target.as_ref()) && !by_pointer;
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
        "Escape" if !is_busy(page) && layers::close_last(page) => return,
        "Enter" if is_control(target.as_ref()) => return,
        _ => {}
    }
    if !held && !is_busy(page) && focus_key(page, &key, target.as_ref()) {
        event.prevent_default();
        return;
    }
    if is_menu_key(&key, event.shift_key()) {
        select_card_of(page, target.as_ref());
    }
    act_on_key(page, event, false);
}

/// Carries out the action of a key. In a field, only those that find and save: the field has its
/// own undo and clipboard.
fn act_on_key(page: Page, event: &KeyboardEvent, in_field: bool) {
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
    let ActionId::Page(of_page) = action else {
        if !in_field && page.can(action) {
            event.prevent_default();
            page.act(action);
        }
        return;
    };
    // The browser sends its own events for these, with access to the clipboard.
    let is_clipboard = matches!(
        of_page,
        PageAction::Copy | PageAction::Cut | PageAction::Paste
    );
    let anywhere = matches!(
        of_page,
        PageAction::Find | PageAction::Designs | PageAction::Save
    );
    if is_clipboard || (in_field && !anywhere) || !page.can(action) {
        return;
    }
    event.prevent_default();
    page.act(action);
}

fn is_menu_key(key: &str, shift: bool) -> bool {
    key == "ContextMenu" || (key == "F10" && shift)
}

fn card_of(target: Option<&web_sys::EventTarget>) -> Option<String> {
    let element = target.and_then(|target| target.dyn_ref::<Element>())?;
    element.closest(".node").ok()??.get_attribute("data-id")
}

/// Selects the card that has the focus, since the menu is about it.
fn select_card_of(page: Page, target: Option<&web_sys::EventTarget>) {
    if let Some(id) = card_of(target) {
        let item = Item::Node(id);
        let selected = page
            .selection
            .with_untracked(|selection| selection.contains(&item));
        if !selected {
            page.select(Selection::only(item));
        }
    }
}

/// Handles Escape in the inspector: the focus returns to the card.
fn leave_inspector(page: Page, target: Option<&web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_ref::<Element>());
    let inside =
        element.is_some_and(|element| element.closest("#inspect").ok().flatten().is_some());
    if !inside {
        return false;
    }
    if page.selection.with_untracked(Selection::is_empty) && page.about_design.get_untracked() {
        page.about_design.set(false);
        crate::acting::focus_soon(".bar .time");
        return true;
    }
    match page.selection.with_untracked(Selection::single) {
        Some(Item::Node(id)) => focus_card(&id),
        Some(Item::Link(_) | Item::Note(_)) | None => {
            if let Some(stop) = page.focus_stop.get_untracked() {
                focus_card(&stop);
            }
        }
    }
    true
}

fn key_up(page: Page, event: &KeyboardEvent) {
    if event.key() != " " {
        return;
    }
    let plays = page
        .hidden
        .try_update_value(|hidden| std::mem::take(&mut hidden.space_down) && !hidden.space_used);
    let by_pointer = page.hidden.with_value(|hidden| hidden.by_pointer);
    if plays.is_some() && by_pointer && is_control(event.target().as_ref()) {
        // Some browsers press the button on the way up.
        event.prevent_default();
    }
    if plays == Some(true) {
        page.toggle_play();
    }
}

/// Handles keys of a card that has the focus but is not selected: arrows go to the next card, Enter
/// selects it and shows its parameters.
fn focus_key(page: Page, key: &str, target: Option<&web_sys::EventTarget>) -> bool {
    let Some(id) = card_of(target) else {
        return false;
    };
    let selected = page
        .selection
        .with_untracked(|selection| selection.nodes.contains(&id));
    if selected {
        return false;
    }
    let way = match key {
        "ArrowLeft" => Direction::Left,
        "ArrowRight" => Direction::Right,
        "ArrowUp" => Direction::Up,
        "ArrowDown" => Direction::Down,
        "Enter" => {
            page.select(Selection::only(Item::Node(id)));
            page.inspect.update(|count| *count += 1);
            return true;
        }
        _ => return false,
    };
    let next = page
        .design
        .with_untracked(|design| walk::step(design, &id, way));
    if let Some(next) = next {
        page.focus_stop.set(Some(next.clone()));
        focus_card(&next);
    }
    true
}

/// Brings a card that gets the focus by keyboard into view. A press does not move the view.
pub(super) fn focused(page: Page, event: &web_sys::FocusEvent) {
    let target = event.target();
    let by_key = target
        .as_ref()
        .and_then(|target| target.dyn_ref::<Element>())
        .is_some_and(|element| element.matches(":focus-visible").unwrap_or(false));
    if let Some(id) = card_of(target.as_ref()).filter(|_| by_key && !is_busy(page)) {
        page.focus_stop.set(Some(id.clone()));
        let effects = page.edit(|editor| editor.bring_into_view(&Item::Node(id)));
        page.follow_all(effects);
    }
}

/// Focuses the card of the only selected node, once it is there.
pub(crate) fn focus_selected(page: Page) {
    request_animation_frame(move || {
        if let Some(Item::Node(id)) = page.selection.with_untracked(Selection::single) {
            focus_card(&id);
        }
    });
}

/// Focuses a card.
pub(crate) fn focus_card(id: &str) {
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

/// Returns whether keys go to a field.
pub(crate) fn is_typing(target: Option<&web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_ref::<Element>());
    element.is_some_and(|element| {
        let typed = "input,select,textarea,[contenteditable],[role=menu]";
        element.closest(typed).ok().flatten().is_some()
    })
}

/// Returns whether Space and Enter belong to a button.
fn is_control(target: Option<&web_sys::EventTarget>) -> bool {
    let element = target.and_then(|target| target.dyn_ref::<Element>());
    element.is_some_and(|element| {
        let control = "button,a,summary,[role=tab],[role=switch],[role=slider]";
        element.closest(control).ok().flatten().is_some()
    })
}
