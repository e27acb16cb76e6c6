//! The playground: what stands where.

use design::Target;
use editor::Selection;
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::canvas::{self, Popups, Stage};
use crate::charts::Charts;
use crate::faults::LiveFaults;
use crate::inspector::Inspector;
use crate::lesson::Lesson;
use crate::opening::{self, Opened};
use crate::palette::Palette;
use crate::share::Share;
use crate::state::{About, Notice, Page, Place};
use crate::story::Story;
use crate::theme::{self, Theme};
use crate::toolbar::{Bar, RunControls};
use crate::why::WhyPanel;
use crate::{debug, icons};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let page = Page::new(Place::Playground);
    provide_context(page);
    provide_context(page.live);
    page.theme.set(Theme::stored());
    follow_theme(page);
    canvas::listen_to_keys(page);
    page.start();
    page.follow_looks();
    let lesson = StoredValue::new(opening::lesson());
    let opened = RwSignal::new(opening::open_address(page, lesson));
    opening::follow_address(page, lesson, opened);
    debug::install(page);

    let folded = RwSignal::new(false);
    let tab = RwSignal::new("story");
    Effect::new(move |before: Option<u32>| {
        let count = page.inspect.get();
        if before.is_some_and(|before| before != count) {
            tab.set("inspect");
        }
        count
    });
    view! {
        <main class="page" class:folded=folded data-tab=tab>
            <Bar folded=folded />
            <Notices />
            <aside class="side" id="story" aria-label="Story" tabindex="-1">
                {move || match opened.get() {
                    Opened::Lesson => view! { <Story lesson=lesson /> }.into_any(),
                    Opened::Own => view! { <Own opened=opened lesson=lesson /> }.into_any(),
                }}
                <Resume opened=opened lesson=lesson />
                <p class="fidelity quiet">
                    <a href="model.html" target="_blank">"What is modelled, and what is not"</a>
                </p>
            </aside>
            <div class="stage">
                <Stage />
                <Palette />
                <DotKey />
                <Zoom />
                <LiveFaults />
                <WhyPanel />
                <Popups />
            </div>
            <Inspect />
            <section class="figures" id="figures" aria-label="Figures">
                <Charts history=page.history tick=page.tick />
            </section>
            <Tabs tab=tab />
            <RunControls />
        </main>
        <Share />
    }
}

/// Shows the chosen theme, and tells what draws by itself when it is another.
pub(crate) fn follow_theme(page: Page) {
    Effect::new(move || {
        page.theme.get().apply();
        page.live.recolour();
    });
    theme::on_system_change(move || page.live.recolour());
    page.live.set_still(theme::wants_less_motion());
}

/// Messages that stay until they are dealt with.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let page = Page::get();
    let shown = move |Notice { about, text: said }: Notice| {
        let colour = match about {
            About::Opening | About::Worker => "notice",
            About::Design => "notice mild",
        };
        view! {
            <div class=colour role="alert">
                <span class="mark">{icons::glyph(icons::WARNING)}</span>
                <p>{said}</p>
                <button
                    class="button bare icon"
                    aria-label="Dismiss"
                    on:click=move |_| page.dismiss(about)
                >
                    {icons::glyph(icons::CLOSE)}
                </button>
            </div>
        }
    };
    view! {
        <div class="notices">
            {move || page.notices.get().into_iter().map(shown).collect_view()}
        </div>
    }
}

/// The inspector, while something is selected.
#[component]
pub(crate) fn Inspect() -> impl IntoView {
    let page = Page::get();
    let target = Memo::new(move |_| {
        page.selection
            .with(|selection| selection.single().and_then(|item| item.target()))
    });
    let count = Memo::new(move |_| page.selection.with(Selection::len));
    let hint = text(move || match count.get() {
        0 => "Select a node or a link to see what it is made of.".to_owned(),
        1 => String::new(),
        n => format!("{n} things are selected."),
    });
    view! {
        <aside class="inspect" id="inspect" aria-label="Inspector" class:empty=flag(move || count.get() == 0)>
            <Inspector
                target=target
                design=page.design
                on_command=Callback::new(move |(command, key)| page.command_keyed(command, key))
                on_delete=Callback::new(move |target: Target| page.delete(&target))
            />
            <p class="inspect-hint quiet">{hint}</p>
        </aside>
    }
}

/// What the margin says of a design that is no lesson.
#[component]
fn Own(opened: RwSignal<Opened>, lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let title = text(move || page.design.with(|design| design.settings.name.clone()));
    let parts = text(move || {
        page.design.with(|design| {
            let plural = |n: usize, word: &str| match n {
                1 => format!("1 {word}"),
                n => format!("{n} {word}s"),
            };
            format!(
                "{}, {}, {}.",
                plural(design.nodes.len(), "node"),
                plural(design.links.len(), "link"),
                plural(design.faults.len(), "scheduled fault")
            )
        })
    });
    view! {
        <article class="story" aria-labelledby="story-title">
            <h1 id="story-title">{title}</h1>
            <p>{parts}</p>
            <p class="quiet">
                "Select a node to change or break it; drag from one port to another to connect. Edits take effect in the run as it goes on."
            </p>
            <button
                class="button resume"
                on:click=move |_| opening::open_lesson(page, lesson, opened)
            >
                {lesson.with_value(|lesson| format!("Open the lesson \u{201c}{}\u{201d}", lesson.scenario.title))}
            </button>
        </article>
    }
}

/// A quiet way back to the design of an earlier visit.
#[component]
fn Resume(opened: RwSignal<Opened>, lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let kept = opening::kept_design(page);
    let offered = RwSignal::new(kept.is_some());
    let name = kept
        .as_ref()
        .map(|kept| kept.design.settings.name.clone())
        .unwrap_or_default();
    let kept = StoredValue::new(kept);
    view! {
        <Show when=move || offered.get()>
            <div class="story">
                <button
                    class="button resume"
                    on:click=move |_| {
                        offered.set(false);
                        if let Some(kept) = kept.get_value() {
                            let told = lesson.with_value(|lesson| lesson.is_told_of(&kept.design));
                            opened.set(if told { Opened::Lesson } else { Opened::Own });
                            page.open(kept.design, kept.document, true);
                        }
                    }
                >
                    {format!("Continue your design \u{201c}{name}\u{201d}")}
                </button>
            </div>
        </Show>
    }
}

/// What the marks on the canvas mean.
#[component]
pub(crate) fn DotKey() -> impl IntoView {
    let key = |class: &'static str, d: &'static str, solid: bool, says: &'static str| {
        view! {
            <span class=class>
                <svg viewBox="0 0 10 10" aria-hidden="true" class:solid=solid>
                    <path d=d></path>
                </svg>
                {says}
            </span>
        }
    };
    view! {
        <div class="dot-key">
            {key("ink", "M5 2a3 3 0 1 0 .01 0z", true, "request")}
            {key("", "M5 2a3 3 0 1 0 .01 0z", false, "answer")}
            {key("retry", "M5 5L8 2.5A4 4 0 1 0 8 7.5z", true, "asked again")}
            {key("fail", "M2 2l6 6M8 2l-6 6", false, "failed, given up")}
        </div>
    }
}

/// Zoom buttons.
#[component]
pub(crate) fn Zoom() -> impl IntoView {
    use editor::ActionId;
    let page = Page::get();
    let percent = Memo::new(move |_| page.view.with(|view| (view.scale() * 100.0).round()));
    let button = move |label: &'static str, icon: &'static str, action: ActionId| {
        view! {
            <button
                class="button bare icon"
                aria-label=label
                title=label
                on:click=move |_| page.act(action)
            >
                {icons::glyph(icon)}
            </button>
        }
    };
    view! {
        <div class="zoom" role="group" aria-label="Zoom">
            {button("Zoom out", icons::MINUS, ActionId::ZoomOut)}
            <button
                class="button bare level num"
                title="Zoom to 100 %"
                on:click=move |_| page.act(ActionId::ZoomReset)
            >
                {text(move || format!("{}\u{202f}%", percent.get()))}
            </button>
            {button("Zoom in", icons::PLUS, ActionId::ZoomIn)}
            {button("Zoom to fit", icons::FIT, ActionId::ZoomFit)}
        </div>
    }
}

/// On a phone: what the sheet shows.
#[component]
fn Tabs(tab: RwSignal<&'static str>) -> impl IntoView {
    let button = move |name: &'static str, label: &'static str| {
        view! {
            <button
                role="tab"
                aria-selected=text(move || (tab.get() == name).to_string())
                aria-controls=name
                on:click=move |_| tab.set(name)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Sheet">
            {button("story", "Story")}
            {button("figures", "Figures")}
            {button("inspect", "Inspect")}
        </div>
    }
}
