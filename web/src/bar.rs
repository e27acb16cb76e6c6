//! The bar over the page. Controls that do not fit, by their measured widths, move into a menu at
//! its end, the least needed first. Every control can be reached at every width and text size.

use js_sys::Array;
use leptos::html::Header;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, KeyboardEvent, ResizeObserver};

use crate::acting::focus_soon;
use crate::bind::text;
use crate::menu::{self, MainMenu};
use crate::state::{Dialog, Page, Popup};
use crate::toolbar::{
    DesignName, Found, History, OperatorView, Restart, RunControls, SavedState, Seed, Speed, Step,
    StoryToggle, ThemeButton,
};
use crate::{icons, toolbar};

/// The parts that may leave the bar, by their `data-part`, the least needed first. `false`: the
/// part only labels an icon, and the menu need not show it.
const LEAVING: [(&str, bool); 13] = [
    ("seed-text", false),
    ("operators", true),
    ("theme", true),
    ("step", true),
    ("seed", true),
    ("gallery", true),
    ("saved", false),
    ("share-text", false),
    ("restart", true),
    ("story", true),
    ("speed", true),
    ("found", true),
    ("history", true),
];
/// The class of a part that has left.
const AWAY: &str = "away";

/// The bar.
#[component]
pub(crate) fn Bar(
    /// Whether the story margin is folded away.
    folded: RwSignal<bool>,
) -> impl IntoView {
    let page = Page::get();
    let bar = NodeRef::<Header>::new();
    let gone = RwSignal::new(Vec::new());
    bar.on_load(move |bar| follow_widths(&bar, gone));
    view! {
        <header class="bar" node_ref=bar>
            <StoryToggle folded=folded />
            <MainMenu />
            <Gallery />
            <DesignName />
            <SavedState />
            <History />
            <RunControls />
            <span class="spring"></span>
            <Found />
            <OperatorView />
            <ThemeButton />
            <button
                class="button share"
                aria-label="Share"
                on:click=move |_| page.dialog.set(Some(Dialog::Share))
            >
                {icons::glyph(icons::SHARE)}
                <span data-part="share-text">"Share"</span>
            </button>
            <More gone=gone folded=folded />
        </header>
    }
}

#[component]
fn Gallery() -> impl IntoView {
    let page = Page::get();
    view! {
        <button
            class="button bare icon gallery-button"
            data-part="gallery"
            aria-label="Lessons and designs"
            title=toolbar::tip("Lessons and designs", editor::PageAction::Gallery)
            on:click=move |_| page.dialog.set(Some(Dialog::Gallery))
        >
            {icons::glyph(icons::GALLERY)}
        </button>
    }
    .into_any()
}

/// The button and the menu of the controls that do not fit.
#[component]
fn More(gone: RwSignal<Vec<&'static str>>, folded: RwSignal<bool>) -> impl IntoView {
    let page = Page::get();
    let open = Memo::new(move |_| page.popup.with(|popup| *popup == Some(Popup::More)));
    let one = move |part: &'static str| match part {
        "operators" => view! { <OperatorView /> }.into_any(),
        "theme" => view! { <ThemeButton /> }.into_any(),
        "step" => view! { <Step /> }.into_any(),
        "seed" => view! { <Seed /> }.into_any(),
        "gallery" => view! { <Gallery /> }.into_any(),
        "restart" => view! { <Restart /> }.into_any(),
        "story" => view! { <StoryToggle folded=folded /> }.into_any(),
        "speed" => view! { <Speed /> }.into_any(),
        "found" => view! { <Found /> }.into_any(),
        "history" => view! { <History /> }.into_any(),
        _ => ().into_any(),
    };
    let close = move || {
        page.popup.set(None);
        focus_soon(".more > button");
    };
    view! {
        <div class="more away">
            <button
                class="button bare icon"
                aria-label="More controls"
                aria-haspopup="dialog"
                aria-expanded=text(move || open.get().to_string())
                title="More controls"
                on:click=move |_| {
                    page.popup.set((!open.get_untracked()).then_some(Popup::More));
                }
            >
                {icons::glyph(icons::MORE)}
            </button>
            {move || {
                open.get()
                    .then(|| {
                        menu::close_elsewhere(page, ".more");
                        focus_soon(".more-menu :is(button, select):not(:disabled)");
                        view! {
                            <div
                                class="menu more-menu"
                                role="dialog"
                                aria-label="More controls"
                                on:click=move |event| {
                                    let target = event_target::<Element>(&event);
                                    if matches!(target.closest("button"), Ok(Some(_))) {
                                        close();
                                    }
                                }
                                on:keydown=move |event: KeyboardEvent| {
                                    if event.key() == "Escape" {
                                        event.stop_propagation();
                                        close();
                                    }
                                }
                            >
                                {move || gone.get().into_iter().rev().map(one).collect_view()}
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// Fits the bar again whenever the width of it or of its parts changes.
fn follow_widths(bar: &HtmlElement, gone: RwSignal<Vec<&'static str>>) {
    let waits = StoredValue::new(false);
    let bar = bar.clone();
    let fit_soon = {
        let bar = bar.clone();
        move || {
            // Not in the observer's own callback: a change made there would cause its next report.
            if waits.try_get_value() == Some(false) {
                waits.set_value(true);
                let bar = bar.clone();
                request_animation_frame(move || {
                    let _ = waits.try_set_value(false);
                    fit_all(&bar, gone);
                });
            }
        }
    };
    fit_soon();
    let seen = Closure::<dyn FnMut()>::new(fit_soon);
    // Every browser with WebAssembly has it.
    let Ok(observer) = ResizeObserver::new(seen.as_ref().unchecked_ref()) else {
        return;
    };
    // The run's controls of a phone are measured too: they are at the bottom.
    for element in all(&document_of(&bar), ".bar, .bar > *, .run, .run > *") {
        observer.observe(&element);
    }
    // Lives as long as the page.
    seen.forget();
}

fn document_of(element: &Element) -> Element {
    let root = element
        .owner_document()
        .and_then(|all| all.document_element());
    root.unwrap_or_else(|| element.clone())
}

/// Returns all elements below `root` that match a selector.
fn all(root: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = root.query_selector_all(selector) else {
        return Vec::new();
    };
    let found = Array::from(&found).into_iter();
    found.filter_map(|one| one.dyn_into().ok()).collect()
}

/// Fits the bar, and the run's controls where a phone has them at its lower edge.
fn fit_all(bar: &HtmlElement, gone: RwSignal<Vec<&'static str>>) {
    let rows = all(&document_of(bar), ".bar, .page > .run");
    let more = all(bar, ".more");
    let show_more = |shown: bool| {
        for more in &more {
            // Fails only for invalid names.
            let _ = more.class_list().toggle_with_force(AWAY, !shown);
        }
    };
    show_more(false);
    for part in rows.iter().flat_map(|row| all(row, "[data-part]")) {
        let _ = part.class_list().remove_1(AWAY);
    }
    // From the bottom first: controls that leave it need the bar's menu.
    let mut left = Vec::new();
    for row in rows.iter().rev() {
        left.extend(fit(row, || show_more(true)));
        if !left.is_empty() {
            show_more(true);
        }
    }
    if gone
        .try_get_untracked()
        .is_some_and(|before| before != left)
    {
        gone.set(left);
    }
}

/// Removes parts from a row until the rest fits; returns those for the menu.
fn fit(row: &HtmlElement, leave: impl Fn()) -> Vec<&'static str> {
    let mut left = Vec::new();
    for (name, is_control) in LEAVING {
        if row.scroll_width() <= row.client_width() {
            break;
        }
        for part in all(row, &format!("[data-part={name}]")) {
            // In a phone's bar, the run's controls are not shown at all.
            if part.offset_width() == 0 || part.closest(".more-menu").is_ok_and(|it| it.is_some()) {
                continue;
            }
            // Fails only for invalid names.
            let _ = part.class_list().add_1(AWAY);
            if is_control {
                leave();
                left.push(name);
            }
        }
    }
    left
}
