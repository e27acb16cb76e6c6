//! The lesson in the side panel: what the team believed, the steps, what happened, the fixes, and
//! further reading.

use host::scenarios::{Does, Remedy, Step, Until};
use leptos::html;
use leptos::prelude::*;

use super::live::Status;
use super::trigger::Trigger;
use super::{Lesson, ask, follow_run, moment, told, with_fix};
use crate::bind::{flag, text};
use crate::gallery;
use crate::icons;
use crate::state::{Dialog, Page};
use crate::toolbar::is_over;

/// The lesson.
#[component]
pub(crate) fn Story(lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let scenario = lesson.with_value(|lesson| lesson.scenario.clone());
    let steps = scenario.steps.clone();
    let count = steps.len();
    follow_run(page, lesson);
    let offers_main = steps.iter().any(|step| step.does == Some(Does::Remedy));
    let offers_trigger = steps.iter().any(|step| step.does == Some(Does::Trigger));
    let watch = steps
        .is_empty()
        .then(|| view! { <p>{scenario.story.watch.clone()}</p> });
    let trigger = (!offers_trigger).then(|| view! { <Trigger lesson=lesson /> });
    let rows = steps
        .into_iter()
        .enumerate()
        .map(|(nth, one)| step(page, lesson, nth, one));
    let others = scenario.remedies.len() - usize::from(offers_main);
    let ways = scenario
        .remedies
        .iter()
        .enumerate()
        .skip(usize::from(offers_main));
    let ways = ways.map(|(way, one)| remedy(page, lesson, way, one.clone(), None));
    let heading = if offers_main { "Other fixes" } else { "Fixes" };
    let sources = scenario.reading.iter().map(|source| {
        view! {
            <li>
                <a href=source.url.clone() target="_blank" rel="noopener noreferrer">
                    {source.title.clone()}
                </a>
            </li>
        }
    });
    view! {
        <article class="story lesson" aria-labelledby="story-title">
            <p class="crumb quiet">
                <button class="link" on:click=move |_| page.dialog.set(Some(Dialog::Gallery))>
                    "All lessons"
                </button>
                {format!(" \u{b7} {} \u{b7} {}\u{a0}min", gallery::theme(scenario.theme), scenario.minutes)}
            </p>
            <h2 id="story-title">{scenario.title.clone()}</h2>
            <p>{scenario.story.believed.clone()}</p>
            {watch}
            {trigger}
            <ol class="steps">{rows.collect_view()}</ol>
            <Show when=move || { count <= page.path.done.with(|done| done.current()) }>
                <Status lesson=lesson />
            </Show>
            {told::view(page, lesson)}
            {(others > 0).then(|| view! { <h3>{heading}</h3> })}
            {ways.collect_view()}
            <button class="button" on:click=move |_| page.restart()>
                "Run again with the same seed"
            </button>
            <h3>"Further reading"</h3>
            <ul class="sources">{sources.collect_view()}</ul>
            {onward(page, &scenario.id)}
        </article>
    }
    .into_any()
}

/// The next lesson, and the way back.
fn onward(page: Page, id: &str) -> AnyView {
    let next = host::scenarios::after(id).map(|entry| {
        view! {
            <button class="button" on:click=move |_| gallery::open_scenario(page, entry.id)>
                {format!("Next: {}", entry.title)}
            </button>
        }
    });
    view! {
        <div class="onward">
            {next}
            <button
                class="button bare"
                on:click=move |_| page.dialog.set(Some(Dialog::Gallery))
            >
                "All lessons"
            </button>
        </div>
    }
    .into_any()
}

/// Returns what completes a step: a button of its own, or its event.
fn action(
    page: Page,
    lesson: StoredValue<Lesson>,
    (nth, is_now): (usize, Memo<bool>),
    step: &Step,
) -> AnyView {
    match step.does {
        Some(Does::Trigger) => {
            // The steps before the fault are done with it.
            let pressed = Callback::new(move |()| (0..=nth).for_each(|step| page.stepped(step)));
            view! { <Trigger lesson=lesson pressed=pressed /> }.into_any()
        }
        Some(Does::Remedy) => {
            let main = lesson.with_value(|lesson| lesson.scenario.main_remedy().clone());
            remedy(page, lesson, 0, main, Some(nth))
        }
        Some(Does::Operators) => {
            let switch = move |_| {
                page.stepped(nth);
                page.for_operators.set(true);
            };
            view! {
                <button class="button primary" on:click=switch>
                    "Switch to the operators' view"
                </button>
            }
            .into_any()
        }
        Some(Does::Compare) => view! {
            <button
                class="button primary"
                on:click=move |_| {
                    page.stepped(nth);
                    page.run_lesson(0, true);
                }
            >
                "Compare both runs"
            </button>
        }
        .into_any(),
        None => onwards(page, lesson, nth, is_now, step.until),
    }
}

fn step(page: Page, lesson: StoredValue<Lesson>, nth: usize, step: Step) -> AnyView {
    let is_now = Memo::new(move |_| page.path.done.with(|done| done.current()) == nth);
    let state = text(move || {
        match page.path.done.with(|done| done.has(nth)) {
            true => "done",
            false if is_now.get() => "now",
            false => "later",
        }
        .to_owned()
    });
    let does = action(page, lesson, (nth, is_now), &step);
    let (asks, reveals) = lesson.with_value(|lesson| (lesson.asks_at(), lesson.reveals_at()));
    let question = (asks == nth).then(|| ask::question(page, lesson));
    let reveal = (reveals == nth).then(|| ask::reveal(page, lesson, nth));
    let show = step.point.map(|id| point(page, id));
    let row = NodeRef::<html::Li>::new();
    Effect::new(move |before: Option<bool>| {
        let is_now = is_now.get();
        if let (true, Some(false), Some(row)) = (is_now, before, row.get_untracked()) {
            scroll_into_view(&row);
        }
        is_now
    });
    view! {
        <li
            node_ref=row
            class="step"
            data-nth=(nth + 1).to_string()
            data-does=step.does.is_some()
            data-state=state
            aria-current=text(move || if is_now.get() { "step" } else { "false" }.to_owned())
        >
            {reveal}
            <p>{step.text}</p>
            {question}
            <div class="step-do">{does} {show}</div>
            <Show when=move || is_now.get()>
                <Status lesson=lesson />
            </Show>
        </li>
    }
    .into_any()
}

/// Scrolls so that the current step is visible, as far as it fits.
fn scroll_into_view(row: &web_sys::Element) {
    let row = row.clone();
    // The next frame lays out what its state shows and hides.
    request_animation_frame(move || {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        row.scroll_into_view_with_scroll_into_view_options(&options);
    });
}

/// Continues to the next step: by a press, or by the event that completes this one. If the moment
/// of the event is known, a press runs ahead to it: the next step says what has happened by then.
fn onwards(
    page: Page,
    lesson: StoredValue<Lesson>,
    nth: usize,
    is_now: Memo<bool>,
    until: Option<Until>,
) -> AnyView {
    let skip_to = Memo::new(move |_| {
        page.tick.track();
        let moment = lesson.with_value(|lesson| moment(page, lesson));
        let end_s = page.design.with(|design| design.settings.duration.as_s());
        until.and_then(|until| moment.skip_to(until, end_s))
    });
    let press = move |_| match skip_to.get_untracked() {
        Some(to_s) => page.run_ahead(to_s),
        None => page.stepped(nth),
    };
    view! {
        <Show when=move || is_now.get()>
            <button class="button" on:click=press>
                {text(move || match skip_to.get() {
                    Some(to_s) => format!("Skip to {to_s:.0}\u{a0}s"),
                    None => "Next".to_owned(),
                })}
            </button>
        </Show>
    }
    .into_any()
}

/// Shows the subject of a step on the canvas: outlined while the button has the pointer, brought
/// into view by a press.
fn point(page: Page, id: String) -> AnyView {
    let id = StoredValue::new(id);
    let aim = move |on: bool| page.review.pointed.set(on.then(|| id.get_value()));
    on_cleanup(move || page.review.pointed.set(None));
    view! {
        <button
            class="button bare show"
            title="Show it on the canvas"
            on:pointerenter=move |_| aim(true)
            on:pointerleave=move |_| aim(false)
            on:focus=move |_| aim(true)
            on:blur=move |_| aim(false)
            on:click=move |_| page.show_part(&id.get_value())
        >
            {icons::glyph(icons::AIM)}
            "Show"
        </button>
    }
    .into_any()
}

/// Offers another run if a remedy was applied after the end of this one.
fn run_again(page: Page, is_on: Memo<bool>) -> impl IntoView {
    let is_late =
        Memo::new(move |_| is_on.get() && page.status.with(|status| is_over(status.state)));
    view! {
        <Show when=move || is_late.get()>
            <button class="button" on:click=move |_| page.restart()>
                "Run again with the fix"
            </button>
        </Show>
    }
}

/// A remedy as a switch, with its costs.
fn remedy(
    page: Page,
    lesson: StoredValue<Lesson>,
    way: usize,
    remedy: Remedy,
    nth: Option<usize>,
) -> AnyView {
    let (label, cost) = (remedy.label.clone(), remedy.cost.clone());
    let remedy = StoredValue::new(remedy);
    let is_on = Memo::new(move |_| {
        page.design.with(|design| {
            lesson.with_value(|lesson| remedy.with_value(|one| lesson.has_fix(design, one)))
        })
    });
    let possible = Memo::new(move |_| {
        let fits =
            |design: &design::Design| remedy.with_value(|one| with_fix(design, one).is_some());
        is_on.get() || page.design.with(|design| fits(design))
    });
    let flip = move |_| {
        let on = !is_on.get_untracked();
        let command = remedy.with_value(|one| match on {
            true => Some(one.command.clone()),
            false => lesson.with_value(|lesson| lesson.unmend(one)),
        });
        if let Some(command) = command {
            let verb = if on { "Apply" } else { "Remove" };
            let name = remedy.with_value(|one| format!("{verb}: {}", one.label));
            page.end_gesture();
            page.command_named(command, &name);
        }
        if let (true, Some(nth)) = (on, nth) {
            page.stepped(nth);
        }
    };
    // If there is a step, it compares the main remedy.
    let compare = nth.is_none().then(|| {
        view! {
            <button class="button" on:click=move |_| page.run_lesson(way, true)>
                "Compare"
            </button>
        }
    });
    view! {
        <div class="remedy">
            <button
                class="switch"
                role="switch"
                aria-checked=text(move || is_on.get().to_string())
                disabled=flag(move || !possible.get())
                on:click=flip
            >
                <span class="track">
                    <span class="thumb"></span>
                </span>
                <span>{label}</span>
            </button>
            {run_again(page, is_on)}
            <p class="quiet">
                "Costs: " {cost}
            </p>
            {compare}
        </div>
    }
    .into_any()
}
