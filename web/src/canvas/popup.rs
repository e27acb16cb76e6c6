//! Lists that open on the canvas: nodes to add, menus.

use editor::actions::Menu;
use editor::{Point, QuickAdd, Thing};
use leptos::prelude::*;

use crate::faults::{FaultPalette, edit_fault};
use crate::menu;
use crate::palette::catalog;
use crate::state::{Page, Popup, Toast};

/// The list that is open, and the message near the pointer.
#[component]
pub(crate) fn Popups() -> impl IntoView {
    let page = Page::get();
    view! {
        {move || match page.popup.get() {
            Some(Popup::QuickAdd(wanted)) => Some(quick_add(page, &wanted)),
            Some(Popup::Zone(name, at)) => Some(super::zones::menu(page, name, at)),
            Some(Popup::Menu(at)) => Some(menu::view(page, Menu::Context, place(at, MENU))),
            Some(Popup::Break(at, target)) => Some(break_it(page, at, target)),
            Some(Popup::Fault(ix, at)) => Some(edit_it(page, at, ix)),
            Some(Popup::Arrived(arrived)) => Some(crate::arriving::view(page, *arrived)),
            Some(Popup::Main | Popup::More) | None => None,
        }}
        {move || page.toast.get().map(toast)}
        <div class="visually-hidden" role="log" aria-live="polite">
            {page.announce}
        </div>
    }
}

fn toast(Toast { text, at }: Toast) -> impl IntoView {
    let style = format!(
        "left:min({}px, calc(100% - 332px));top:min({}px, calc(100% - 48px))",
        (at.x + 14.0).max(8.0),
        (at.y + 14.0).max(8.0)
    );
    view! {
        <div class="toast" prop:style=style>
            {text}
        </div>
    }
}

/// Room that a list needs, with the space around it, in px.
const ADD: [f64; 2] = [308.0, 368.0];
/// Size of the fault palette; the style sheet sets its height.
pub(super) const BREAK: [f64; 2] = [308.0, 0.0];
/// Size of a menu before it is there and reports its own.
const MENU: [f64; 2] = [228.0, 240.0];

/// Returns the style for a place at a point, or as near to it as all of the list is on the canvas.
pub(super) fn place(at: Point, [width, height]: [f64; 2]) -> String {
    let side = |at: f64, size: &str, room: f64| {
        format!("max(8px, min({at}px, calc(100% - var(--{size}, {room}px))))")
    };
    format!(
        "left:{};top:{}",
        side(at.x, "width", width),
        side(at.y, "height", height)
    )
}

fn quick_add(page: Page, wanted: &QuickAdd) -> AnyView {
    let at = page.view.get_untracked().to_screen(wanted.at);
    let choose = Callback::new(move |thing: Thing| {
        page.quick_add(&thing);
        super::focus_selected(page);
    });
    let close = Callback::new(move |()| page.popup.set(None));
    view! {
        <div class="quick-add" role="dialog" aria-label="Add a node" prop:style=place(at, ADD)>
            {catalog::view(page, Some(wanted), None, choose, close)}
        </div>
    }
    .into_any()
}

/// The fault palette of what the menu was opened on.
fn break_it(page: Page, at: Point, target: String) -> AnyView {
    let title = page
        .design
        .with_untracked(|design| crate::findings::name_of(design, &target));
    let title = format!("Break {title}");
    let body = view! {
        <h3>{title.clone()}</h3>
        <FaultPalette target=target on_done=move |()| page.popup.set(None) />
    };
    fault_popup(page, at, title, "menu break-menu", body.into_any())
}

/// The form of a fault that is already in the design.
fn edit_it(page: Page, at: Point, ix: usize) -> AnyView {
    let body = edit_fault(page, ix);
    let title = "Edit the fault".to_owned();
    fault_popup(
        page,
        at,
        title,
        "menu break-menu fault-menu",
        body.into_any(),
    )
}

fn fault_popup(
    page: Page,
    at: Point,
    title: String,
    class: &'static str,
    body: AnyView,
) -> AnyView {
    view! {
        <div
            class=class
            role="dialog"
            aria-label=title
            prop:style=place(at, BREAK)
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    page.popup.set(None);
                }
                // Keys must not reach the canvas.
                event.stop_propagation();
            }
        >
            {body}
        </div>
    }
    .into_any()
}
