//! Menus: rows of the editor's table of actions, by mouse and by keyboard.

use editor::actions::{self, Menu};
use editor::{ActionId, keys};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::bind::text;
use crate::icons;
use crate::state::{Page, Popup};
use crate::words::keyboard;

/// Keeps a menu inside the canvas, also when that shrinks because an inspector opens. Its style
/// positions it by its size.
fn keep_inside(menu: &HtmlElement) {
    let style = HtmlElement::style(menu);
    let set = |name: &str, value: &str| {
        // Fails only for names that are none.
        let _ = style.set_property(name, value);
    };
    set("max-height", "min(560px, calc(100% - 16px))");
    set("--width", &format!("{}px", menu.offset_width() + 8));
    set("--height", &format!("{}px", menu.offset_height() + 8));
}

/// Closes the open menu on a press outside of what the selector matches.
pub(crate) fn close_elsewhere(page: Page, own: &'static str) {
    let elsewhere = window_event_listener(leptos::ev::pointerdown, move |event| {
        let target = event.target();
        let pressed = target
            .as_ref()
            .and_then(|target| target.dyn_ref::<Element>());
        if pressed.is_some_and(|pressed| pressed.closest(own).ok().flatten().is_none()) {
            page.popup.set(None);
        }
    });
    on_cleanup(move || elsewhere.remove());
}

/// The button of the page's own menu.
#[component]
pub(crate) fn MainMenu() -> impl IntoView {
    let page = Page::get();
    let open = Memo::new(move |_| page.popup.with(|popup| *popup == Some(Popup::Main)));
    view! {
        <div class="main-menu">
            <button
                class="button bare wordmark"
                aria-haspopup="menu"
                aria-expanded=text(move || open.get().to_string())
                title="Menu"
                on:click=move |_| {
                    page.popup.set((!open.get_untracked()).then_some(Popup::Main));
                }
            >
                "Faultline"
                {icons::glyph(icons::DOWN)}
            </button>
            {move || open.get().then(|| view(page, Menu::Main, String::new()))}
        </div>
    }
}

/// A menu that is open. Its style says where.
pub(crate) fn view(page: Page, which: Menu, style: String) -> AnyView {
    let sections = page.editor.with_value(|editor| {
        let sections = actions::menu(editor, which);
        let named = sections.into_iter().map(|section| {
            let rows = section.into_iter().filter(|action| page.can(action.id));
            rows.map(|action| (actions::title(editor, &action), action))
                .collect::<Vec<_>>()
        });
        named
            .filter(|section| !section.is_empty())
            .collect::<Vec<_>>()
    });
    let element = NodeRef::<Div>::new();
    let opener = StoredValue::new_local(active_element());
    element.on_load(move |element| {
        // Not immediately: the element is not in the document yet.
        request_animation_frame(move || {
            if matches!(which, Menu::Context) {
                keep_inside(&element);
            }
            focus_row(&element, Go::First);
        });
    });
    // The canvas and the menu's own button close it themselves.
    close_elsewhere(page, ".menu,.main-menu,.surface");
    let close = move || {
        page.popup.set(None);
        if let Some(opener) = opener.get_value() {
            // Fails only for elements that cannot have the focus.
            let _ = opener.focus();
        }
    };
    let sections = sections.into_iter().map(|section| {
        let rows = section.into_iter().map(|(title, action)| {
            let shown = action
                .shortcuts
                .first()
                .map(|one| keys::label(one, keyboard()));
            view! {
                <button
                    role="menuitem"
                    tabindex="-1"
                    data-action=action.key
                    on:click=move |_| {
                        close();
                        page.act(action.id);
                    }
                >
                    <span>{title}</span>
                    <span class="keys" aria-hidden="true">{shown}</span>
                </button>
            }
        });
        view! { <div role="group">{rows.collect_view()}</div> }
    });
    let label = match which {
        Menu::Main => "Menu",
        Menu::Context => "Actions",
    };
    view! {
        <div
            class="menu"
            role="menu"
            // A menu longer than the page scrolls, and keyboard users must be able to do so.
            tabindex="0"
            aria-label=label
            prop:style=style
            node_ref=element
            on:contextmenu=|event| event.prevent_default()
            on:keydown=move |event: KeyboardEvent| {
                let go = match event.key().as_str() {
                    "Escape" | "Tab" => {
                        event.prevent_default();
                        return close();
                    }
                    "ArrowDown" => Go::Next,
                    "ArrowUp" => Go::Previous,
                    "Home" => Go::First,
                    "End" => Go::Last,
                    _ => return,
                };
                event.prevent_default();
                if let Some(element) = element.get_untracked() {
                    focus_row(&element, go);
                }
            }
        >
            {sections.collect_view()}
        </div>
    }
    .into_any()
}

/// Returns the key of an action, as printed on this keyboard; empty if there is none.
pub(crate) fn keys_of(id: ActionId) -> String {
    let mut table = actions::actions().into_iter();
    let shortcuts = table
        .find(|action| action.id == id)
        .map_or(&[][..], |action| action.shortcuts);
    let first = shortcuts.first();
    first.map_or_else(String::new, |one| keys::label(one, keyboard()))
}

/// Returns a tooltip: what it does, and its key.
pub(crate) fn tip(what: &str, id: ActionId) -> String {
    match keys_of(id) {
        keys if keys.is_empty() => what.to_owned(),
        keys => format!("{what} ({keys})"),
    }
}

/// Returns the element that has the focus.
pub(crate) fn active_element() -> Option<HtmlElement> {
    document().active_element()?.dyn_into().ok()
}

#[derive(Clone, Copy)]
enum Go {
    First,
    Last,
    Next,
    Previous,
}

/// Focuses another row of the menu, and wraps around at the ends.
fn focus_row(menu: &HtmlElement, go: Go) {
    let Ok(rows) = menu.query_selector_all("[role=menuitem]") else {
        return;
    };
    let rows: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|at| rows.get(at)?.dyn_into().ok())
        .collect();
    if rows.is_empty() {
        return;
    }
    let active = active_element();
    let at = rows.iter().position(|row| Some(row) == active.as_ref());
    let last = rows.len() - 1;
    let to = match (go, at) {
        (Go::First, _) | (Go::Next, None) => 0,
        (Go::Last, _) | (Go::Previous, None | Some(0)) => last,
        (Go::Next, Some(at)) => (at + 1) % rows.len(),
        (Go::Previous, Some(at)) => at - 1,
    };
    // Fails only for elements that cannot have the focus.
    let _ = rows[to].focus();
}
