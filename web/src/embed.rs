//! The embed: a run in a frame of another page. It stores nothing in the browser.

use editor::Access;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{IntersectionObserver, IntersectionObserverEntry};

use crate::app::{Notices, follow_theme};
use crate::bind::text;
use crate::canvas::{self, Popups, Stage};
use crate::charts::Charts;
use crate::inspect::Inspect;
use crate::lesson::Trigger;
use crate::opening::{self, Opened, parameter};
use crate::palette::Palette;
use crate::share::{Copied, page_url};
use crate::state::{Page, Place};
use crate::theme::Theme;
use crate::toolbar::RunControls;
use crate::{announcing, debug, embedding, files, icons, storage};

/// What a reader may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Watch.
    View,
    /// Also run it and inject faults.
    Play,
    /// Also edit it.
    Edit,
}

/// The whole frame.
#[component]
pub(crate) fn Embed() -> impl IntoView {
    storage::disable();
    let page = Page::new(Place::Embed);
    provide_context(page);
    provide_context(page.live);
    page.theme
        .set(parameter("theme").map_or(Theme::Auto, |name| Theme::from_name(&name)));
    follow_theme(page);
    let mode = match parameter("mode").as_deref() {
        Some("view") => Mode::View,
        Some("edit") => Mode::Edit,
        _ => Mode::Play,
    };
    if mode != Mode::View {
        canvas::listen_to_keys(page);
        files::listen_to_clipboard(page);
    }
    let access = match mode {
        Mode::View | Mode::Play => Access::Look,
        Mode::Edit => Access::Edit,
    };
    page.edit(|editor| editor.set_access(access));
    page.start();
    opening::open_address(page);
    opening::follow_address(page);
    pause_out_of_sight(page);
    announcing::announce_run(page);
    embedding::listen(page);
    debug::install(page);

    // The rows of the chart, by name.
    let panels = parameter("panels").unwrap_or_else(|| "rates".to_owned());
    let panels = (panels != "none").then(|| panels.replace(',', " "));
    let name = text(move || page.design.with(|design| design.settings.name.clone()));
    let controls = parameter("controls").unwrap_or_default();
    let breaks = move || mode != Mode::View && page.opened.get() == Opened::Lesson;
    view! {
        <main class="embed" data-mode=format!("{mode:?}").to_lowercase()>
            <h1 class="visually-hidden">{name}</h1>
            <Notices />
            <div class="stage">
                <Stage />
                {(mode == Mode::Edit).then(|| view! { <Palette /> })}
                <Popups />
            </div>
            {(mode == Mode::Edit).then(|| view! { <Inspect /> })}
            {panels
                .map(|panels| {
                    view! {
                        <section class="embed-charts" aria-label="Charts" data-panels=panels>
                            <Charts history=page.history tick=page.tick />
                        </section>
                    }
                })}
            <footer class="embed-bar" data-controls=controls>
                {(mode != Mode::View).then(|| view! { <RunControls /> })}
                <span class="embed-name">{name}</span>
                <Show when=breaks>
                    <Trigger lesson=page.lesson />
                </Show>
                <OpenInPlayground />
            </footer>
        </main>
    }
}

/// The address of the playground with the present state.
fn address(page: Page) -> String {
    let fragment = page.design.with_untracked(|design| {
        format::link::encode(&format::link::Shared {
            design: design.as_ref().clone(),
            view: None,
        })
    });
    page_url("", &fragment)
}

/// A link that carries the present state along. It is made when the user follows it. A frame may be
/// forbidden to open windows; the address is shown then.
#[component]
fn OpenInPlayground() -> impl IntoView {
    let page = Page::get();
    let href = RwSignal::new(page_url("", ""));
    let refused = RwSignal::new(None::<String>);
    let renew = move || href.set(address(page));
    let open = move |event: web_sys::MouseEvent| {
        renew();
        let has_modifier = event.ctrl_key() || event.meta_key() || event.shift_key();
        if has_modifier {
            return;
        }
        event.prevent_default();
        // A sandbox answers with no window.
        match window().open_with_url_and_target(&href.get_untracked(), "_blank") {
            Ok(Some(opened)) => {
                // Fails only for a window that is gone already.
                let _ = opened.set_opener(&JsValue::NULL);
            }
            Ok(None) | Err(_) => refused.set(Some(href.get_untracked())),
        }
    };
    let shown = move || {
        refused.get().map(|address| {
            let address = Memo::new(move |_| address.clone());
            view! {
                <div class="embed-address" role="group" aria-label="Address of the playground">
                    <p>
                        "The page around this frame forbids new windows. Copy the address instead."
                    </p>
                    <Copied label="Address" value=address />
                    <button class="button bare" on:click=move |_| refused.set(None)>
                        "Close"
                    </button>
                </div>
            }
        })
    };
    view! {
        {shown}
        <a
            class="button open-playground"
            href=href
            target="_blank"
            rel="noopener"
            on:pointerenter=move |_| renew()
            on:focus=move |_| renew()
            on:click=open
        >
            {icons::glyph(icons::OUT)}
            <span>"Open in playground"</span>
        </a>
    }
}

/// Pauses the run while it is off the screen or in a hidden tab.
fn pause_out_of_sight(page: Page) {
    let resume = StoredValue::new(false);
    let set_visible = move |visible: bool| {
        if page.in_sight.get_untracked() != visible {
            page.in_sight.set(visible);
        }
        if !visible && page.playing.get_untracked() {
            resume.set_value(true);
            page.play(false);
        } else if visible && resume.get_value() {
            resume.set_value(false);
            page.play(true);
        }
    };
    let on_screen = StoredValue::new(true);
    let renew = move || {
        let hidden = document().hidden();
        set_visible(on_screen.get_value() && !hidden);
    };
    let handle = window_event_listener_untyped("visibilitychange", move |_| renew());
    on_cleanup(move || handle.remove());
    let observed = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.get(entries.length().saturating_sub(1));
        if let Ok(entry) = last.dyn_into::<IntersectionObserverEntry>() {
            on_screen.set_value(entry.is_intersecting());
            renew();
        }
    });
    let observer = IntersectionObserver::new(observed.as_ref().unchecked_ref());
    if let (Ok(observer), Some(body)) = (observer, document().body()) {
        observer.observe(&body);
    }
    // Lives as long as the page.
    observed.forget();
}
