//! The layout of the playground.

use design::{Kind, Link};
use editor::keeping::{Kept, Order, sort};
use leptos::html::Span;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::bar::Bar;
use crate::bind::text;
use crate::canvas::{self, Minimap, Popups, Shape, Stage};
use crate::charts::Charts;
use crate::dialogs::Dialogs;
use crate::faults::LiveFaults;
use crate::findings::{Findings, Side, tally};
use crate::hints::{Hint, Introduction};
use crate::inspect::Inspect;
use crate::keeping::shelf;
use crate::lesson::Story;
use crate::opening::{self, Opened};
use crate::palette::Palette;
use crate::state::{About, Dialog, Notice, Page, Place};
use crate::theme::{self, Theme};
use crate::toolbar::RunControls;
use crate::why::WhyPanel;
use crate::{announcing, debug, files, icons, keeping, storage, trail};

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let page = Page::new(Place::Playground);
    provide_context(page);
    provide_context(page.live);
    page.theme.set(Theme::stored());
    page.minimap.set(storage::flag(crate::acting::MINIMAP));
    page.wheel_zooms
        .set(storage::flag(crate::canvas::WHEEL_ZOOMS));
    follow_theme(page);
    canvas::listen_to_keys(page);
    files::listen_to_clipboard(page);
    keeping::watch_leaving(page);
    page.start();
    page.follow_looks();
    opening::begin(page);
    trail::follow(page);
    announcing::announce_run(page);
    debug::install(page);
    let on_sight = window_event_listener_untyped("visibilitychange", move |_| {
        page.in_sight.set(!document().hidden());
    });
    on_cleanup(move || on_sight.remove());

    let (folded, tab) = margin(page);
    let side = page.review.side;
    view! {
        <main
            class="page"
            class:folded=folded
            class:for-operators=move || page.for_operators.get()
            data-tab=tab
        >
            <h1 class="visually-hidden">"Faultline"</h1>
            <Bar folded=folded />
            <Notices />
            <aside class="side" id="story" aria-label="Story" tabindex="-1">
                <Sides />
                <Introduction />
                {move || match (side.get(), page.opened.get()) {
                    (Side::Findings, _) => view! { <Findings /> }.into_any(),
                    (Side::Story, Opened::Lesson) => view! { <Story lesson=page.lesson /> }.into_any(),
                    (Side::Story, Opened::Own) => view! { <Own /> }.into_any(),
                }}
                <p class="fidelity quiet">
                    <a href="model.html" target="_blank">"What is modeled, and what is not"</a>
                </p>
                <Resume />
            </aside>
            <div class="stage">
                <Stage />
                <Palette />
                <DotKey />
                <Zoom />
                <Minimap />
                <LiveFaults />
                <WhyPanel />
                <Hint />
                <Popups />
            </div>
            <Inspect />
            <section class="graphs" id="graphs" aria-label="Charts">
                <Charts history=page.history tick=page.tick />
            </section>
            <Tabs tab=tab />
            <RunControls />
        </main>
        <Dialogs />
    }
}

/// Whether the side panel is folded, and which panel a phone shows: the one requested last.
fn margin(page: Page) -> (RwSignal<bool>, RwSignal<&'static str>) {
    let folded = RwSignal::new(false);
    let tab = RwSignal::new("side");
    let follow = |count: RwSignal<u32>, show: fn(RwSignal<bool>, RwSignal<&'static str>)| {
        Effect::new(move |before: Option<u32>| {
            let count = count.get();
            if before.is_some_and(|before| before != count) {
                show(folded, tab);
            }
            count
        });
    };
    follow(page.inspect, |_, tab| tab.set("inspect"));
    follow(page.review.asked, |folded, tab| {
        folded.set(false);
        tab.set("side");
    });
    (folded, tab)
}

/// Switches the side panel between story and findings.
#[component]
fn Sides() -> impl IntoView {
    let page = Page::get();
    let button = move |side: Side, label: Signal<String>| {
        view! {
            <button
                aria-pressed=text(move || (page.review.side.get() == side).to_string())
                on:click=move |_| page.review.side.set(side)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="sides" role="group" aria-label="Side panel">
            {button(Side::Story, text(|| "Story".to_owned()))}
            {button(Side::Findings, found_label(page))}
        </div>
    }
    .into_any()
}

/// `Findings 3`.
fn found_label(page: Page) -> Signal<String> {
    text(
        move || match page.review.findings.with(|findings| tally(findings)).0 {
            0 => "Findings".to_owned(),
            n => format!("Findings\u{a0}{n}"),
        },
    )
}

/// Applies the chosen theme, and redraws what does not follow the style sheet by itself.
pub(crate) fn follow_theme(page: Page) {
    Effect::new(move || {
        page.theme.get().apply();
        page.live.recolor();
    });
    theme::on_system_change(move || page.live.recolor());
    page.live.set_still(theme::wants_less_motion());
}

/// Messages that stay until they are dismissed or resolved.
#[component]
pub(crate) fn Notices() -> impl IntoView {
    let page = Page::get();
    let shown = move |Notice { about, text: said }: Notice| {
        let color = match about {
            About::Opening | About::Worker | About::Keeping => "notice",
            About::Design => "notice mild",
        };
        view! {
            <div class=color role="alert">
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

/// The side panel of a design that is not a lesson.
#[component]
fn Own() -> impl IntoView {
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
    let next = text(move || page.design.with(|design| next_step(design)).to_owned());
    view! {
        <article class="story" aria-labelledby="story-title">
            <h2 id="story-title">{title}</h2>
            <p>{parts}</p>
            <p class="quiet">{next}</p>
            <button
                class="button resume"
                on:click=move |_| page.dialog.set(Some(Dialog::Gallery))
            >
                "Lessons and designs"
            </button>
            <button class="button resume" on:click=move |_| page.open_lesson(true)>
                {page
                    .lesson
                    .with_value(|lesson| {
                        format!("Open the lesson \u{201c}{}\u{201d}", lesson.scenario.title)
                    })}
            </button>
        </article>
    }
}

/// Returns what to do next with a design, by what it has so far.
fn next_step(design: &design::Design) -> &'static str {
    let asks = |node: &design::Node| matches!(node.kind, design::Kind::Client(_));
    if design.nodes.is_empty() {
        "Nothing is here yet. Add a client and a service from the bar over the canvas, paste a Mermaid flowchart, or drop a design file onto the canvas."
    } else if !design.nodes.iter().any(asks) {
        "This system has no traffic. Add a client and connect its right side to the service it calls."
    } else if design.links.is_empty() {
        "Nothing is connected. Drag from the right side of one node to another, or select a node and press C."
    } else if design.faults.is_empty() {
        "Select a node or link to change or break it. Edits take effect in the current run."
    } else {
        "Select a node to change or break it. Drag from port to port to connect. Edits take effect in the current run."
    }
}

/// Offers to open the design of an earlier visit.
#[component]
fn Resume() -> impl IntoView {
    let page = Page::get();
    let kept = RwSignal::new(None::<Kept>);
    let first = StoredValue::new(true);
    Effect::new(move || {
        if page.shelf.get() == 0 || !first.get_value() {
            return;
        }
        first.set_value(false);
        wasm_bindgen_futures::spawn_local(async move {
            let mut list = shelf::list().await.unwrap_or_default();
            sort(&mut list, Order::Time);
            let open = page.hidden.with_value(|hidden| hidden.document.clone());
            kept.set(
                list.into_iter()
                    .find(|kept| kept.nodes.is_some() && kept.id != open),
            );
        });
    });
    view! {
        {move || {
            kept.get()
                .map(|Kept { id, name, .. }| {
                    let title = format!("Continue your design \u{201c}{name}\u{201d}");
                    view! {
                        <div class="story">
                            <button
                                class="button resume"
                                on:click=move |_| {
                                    kept.set(None);
                                    page.open_kept(id.clone(), name.clone());
                                }
                            >
                                {title}
                            </button>
                        </div>
                    }
                })
        }}
    }
}

/// What the marks on the canvas mean.
#[component]
pub(crate) fn DotKey() -> impl IntoView {
    let page = Page::get();
    let has = move |is: fn(&Kind) -> bool| {
        Memo::new(move |_| {
            let design = page.design.get();
            design.nodes.iter().any(|node| is(&node.kind))
        })
    };
    let links = move |is: fn(&Link) -> bool| {
        Memo::new(move |_| page.design.with(|design| design.links.iter().any(is)))
    };
    let queues = has(|kind| matches!(kind, Kind::Queue(_)));
    let copies = has(|kind| match kind {
        Kind::Cache(_) => true,
        Kind::Database(database) => database.replication.is_some(),
        _ => false,
    });
    let leaves = has(|kind| matches!(kind, Kind::Client(client) if client.patience.is_some()));
    let waits = links(|link| link.timeout.is_some());
    let guards = links(|link| link.breaker.is_some() || link.pool.is_some());
    let late = Memo::new(move |_| waits.get() || leaves.get());
    let ends = [
        (waits, Shape::Clock, "timed out"),
        (guards, Shape::Switch, "not sent"),
        (leaves, Shape::Turned, "caller left"),
        (late, Shape::Void, "too late"),
    ];
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
    let scale = NodeRef::<Span>::new();
    scale.on_load(move |element| page.live.add_scale(element.unchecked_into()));
    view! {
        <div class="dot-key">
            {key("ink", "M5 2a3 3 0 1 0 .01 0z", true, "request")}
            {key("", "M5 2a3 3 0 1 0 .01 0z", false, "answer")}
            {move || queues.get().then(|| key("ink", "M2 2h6v6h-6z", true, "message"))}
            {move || copies.get().then(|| key("stale", "M5 2a3 3 0 1 0 .01 0z", false, "out of date"))}
            {key("retry", "M5 5L8 2.5A4 4 0 1 0 8 7.5z", true, "retry")}
            {key("fail", "M2 2l6 6M8 2l-6 6", false, "failed")}
            {key("fail", canvas::mark(Shape::Wall), false, "refused")}
            {ends
                .into_iter()
                .map(|(is, shape, says)| {
                    let class = if shape == Shape::Void { "" } else { "fail" };
                    move || is.get().then(|| key(class, canvas::mark(shape), false, says))
                })
                .collect_view()}
            <span>"Click a dot to trace its request"</span>
            // Last, so that nothing shifts when it comes and goes.
            <span class="scale num" node_ref=scale></span>
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
                title=crate::menu::tip(label, action)
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
                title=crate::menu::tip("Zoom to 100%", ActionId::ZoomReset)
                on:click=move |_| page.act(ActionId::ZoomReset)
            >
                {text(move || format!("{}%", percent.get()))}
            </button>
            {button("Zoom in", icons::PLUS, ActionId::ZoomIn)}
            {button("Zoom to fit", icons::FIT, ActionId::ZoomFit)}
        </div>
    }
}

/// The tabs of a phone: which panel is shown.
#[component]
fn Tabs(tab: RwSignal<&'static str>) -> impl IntoView {
    let page = Page::get();
    let button = move |name: &'static str, side: Option<Side>, label: Signal<String>| {
        let is_on =
            move || tab.get() == name && side.is_none_or(|side| page.review.side.get() == side);
        view! {
            <button
                role="tab"
                aria-selected=text(move || is_on().to_string())
                aria-controls=if side.is_some() { "story" } else { name }
                on:click=move |_| {
                    tab.set(name);
                    if name == "inspect" {
                        page.about_design.set(true);
                    }
                    if let Some(side) = side {
                        page.review.side.set(side);
                    }
                }
            >
                {label}
            </button>
        }
    };
    let named = |label: &'static str| text(move || label.to_owned());
    view! {
        <div class="tabs" role="tablist" aria-label="Panels">
            {button("side", Some(Side::Story), named("Story"))}
            {button("side", Some(Side::Findings), found_label(page))}
            {button("graphs", None, named("Charts"))}
            {button("inspect", None, named("Inspect"))}
        </div>
    }
}
