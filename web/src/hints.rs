//! Hints on what to do next, if there is nothing to see yet.

use editor::{ActionId, PageAction};
use leptos::prelude::*;

use crate::bind::text;
use crate::menu::keys_of;
use crate::state::Page;
use crate::{icons, storage};

/// What is missing on the canvas.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    /// Nodes.
    Nodes,
    /// A run: nothing has played yet.
    Run,
    Nothing,
}

/// A line in the middle of an empty canvas, or at the bottom of one that is paused at its start.
#[component]
pub(crate) fn Hint() -> impl IntoView {
    let page = Page::get();
    let lack = Memo::new(move |_| {
        let started = page.status.with(|status| status.time_s > 0.0) || page.playing.get();
        match (page.design.with(|design| design.nodes.is_empty()), started) {
            (true, _) => Lack::Nodes,
            (false, false) => Lack::Run,
            (false, true) => Lack::Nothing,
        }
    });
    let class = text(move || {
        match lack.get() {
            Lack::Nodes => "hint empty",
            Lack::Run => "hint",
            Lack::Nothing => "hint none",
        }
        .to_owned()
    });
    let keys = |action: PageAction| keys_of(ActionId::Page(action));
    let words = text(move || match lack.get() {
        Lack::Nodes if crate::theme::has_mouse() => format!(
            "Nothing is here yet. Add a client and a service from the bar above, or press {} and type \u{201c}add\u{201d}.",
            keys(PageAction::Find)
        ),
        Lack::Nodes => {
            "Nothing is here yet. Add a client and a service from the bar above.".to_owned()
        }
        Lack::Run => format!(
            "The run is at its start. Press {} to play.",
            keys(PageAction::Play)
        ),
        Lack::Nothing => String::new(),
    });
    view! { <p class=class>{words}</p> }
}

/// The introduction of the page.
const INTRODUCTION: &str = "Faultline simulates distributed systems. Break this one, see why it \
                            fails, then try a fix.";
/// Storage key: the user dismissed the introduction.
const KNOWN: &str = "faultline.known";

/// The introduction, for a first visit by a link; until it is dismissed.
#[component]
pub(crate) fn Introduction() -> impl IntoView {
    let is_open = RwSignal::new(!storage::flag(KNOWN));
    view! {
        <Show when=move || is_open.get()>
            <p class="introduction">
                {INTRODUCTION}
                <button
                    class="button bare icon"
                    aria-label="Dismiss the introduction"
                    on:click=move |_| {
                        storage::set_flag(KNOWN, true);
                        is_open.set(false);
                    }
                >
                    {icons::glyph(icons::CLOSE)}
                </button>
            </p>
        </Show>
    }
}
