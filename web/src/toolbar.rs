//! The controls of the bar: design, history, and those of the run, which a phone shows at the
//! bottom.

use editor::{ActionId, PageAction};
use format::message::RunState;
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::findings::{mark, tally};
use crate::keeping::Saved;
use crate::state::{About, Page, Place, RunHash};
use crate::theme::Theme;
use crate::{icons, menu, words};

/// Speeds to choose from: simulated seconds per second.
pub(crate) const SPEEDS: [(f64, &str); 9] = [
    (0.01, "0.01×"),
    (0.1, "0.1×"),
    (0.25, "0.25×"),
    (0.5, "0.5×"),
    (1.0, "1×"),
    (2.0, "2×"),
    (5.0, "5×"),
    (20.0, "20×"),
    (f64::INFINITY, "max"),
];

/// Folds the side panel and unfolds it.
#[component]
pub(crate) fn StoryToggle(folded: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="button bare icon story-toggle"
            data-part="story"
            aria-label="Story"
            aria-expanded=text(move || (!folded.get()).to_string())
            title="Story"
            on:click=move |_| folded.update(|folded| *folded = !*folded)
        >
            {icons::changing(move || if folded.get() { icons::UNFOLD } else { icons::FOLD })}
        </button>
    }
    .into_any()
}

/// Whether the design is saved. A failure stays in the bar, and its reason is one click away.
#[component]
pub(crate) fn SavedState() -> impl IntoView {
    let page = Page::get();
    let failed = Memo::new(move |_| match page.saved.get() {
        Saved::Failed(why) => Some(format!("Not saved: {why}.")),
        Saved::Untouched | Saved::Saving | Saved::Kept => None,
    });
    let state = text(move || match page.saved.get() {
        Saved::Untouched | Saved::Failed(_) => String::new(),
        Saved::Saving => "Saving\u{2026}".to_owned(),
        Saved::Kept => "Saved".to_owned(),
    });
    view! {
        <span class="saved quiet" data-part="saved" role="status">
            {state}
        </span>
        {move || {
            failed
                .get()
                .map(|why| {
                    let title = why.clone();
                    view! {
                        <button
                            class="button bare not-saved"
                            title=title
                            on:click=move |_| page.notice(About::Keeping, why.clone())
                        >
                            {icons::glyph(icons::WARNING)}
                            "Not saved"
                        </button>
                    }
                })
        }}
    }
    .into_any()
}

#[component]
pub(crate) fn DesignName() -> impl IntoView {
    let page = Page::get();
    let name = Memo::new(move |_| page.design.with(|design| design.settings.name.clone()));
    view! {
        <input
            class="design-name"
            aria-label="Design name"
            maxlength="80"
            prop:value=name
            on:change=move |event| page.rename_design(event_target_value(&event))
            on:keydown=|event| {
                if event.key() == "Enter" {
                    let target = event_target::<web_sys::HtmlElement>(&event);
                    // Only fails for elements that cannot lose the focus.
                    let _ = target.blur();
                }
            }
        />
    }
}

#[component]
pub(crate) fn History() -> impl IntoView {
    let page = Page::get();
    let button = move |icon: &'static str,
                       verb: &'static str,
                       id: ActionId,
                       name: fn(&crate::state::UndoNames) -> Option<String>,
                       act: fn(Page)| {
        let name = Memo::new(move |_| page.undo_names.with(name));
        let title = text(move || match name.get() {
            Some(name) => menu::tip(&format!("{verb}: {name}"), id),
            None => menu::tip(verb, id),
        });
        view! {
            <button
                class="button bare icon"
                aria-label=verb
                title=title
                disabled=flag(move || name.with(Option::is_none))
                on:click=move |_| act(page)
            >
                {icons::glyph(icon)}
            </button>
        }
    };
    view! {
        <div class="history" data-part="history" role="group" aria-label="History">
            {button(icons::UNDO, "Undo", ActionId::Undo, |names| names.undo.clone(), Page::undo)}
            {button(icons::REDO, "Redo", ActionId::Redo, |names| names.redo.clone(), Page::redo)}
        </div>
    }
}

pub(crate) fn tip(what: &str, action: PageAction) -> String {
    menu::tip(what, ActionId::Page(action))
}

/// Whether a run in this state has nothing more to show.
pub(crate) fn is_over(state: RunState) -> bool {
    matches!(state, RunState::Ended | RunState::OutOfBudget)
}

/// Restart, play, step, speed, time, seed.
#[component]
pub(crate) fn RunControls() -> impl IntoView {
    let page = Page::get();
    let over = Memo::new(move |_| page.status.with(|status| is_over(status.state)));
    let play_label = move || match (over.get(), page.playing.get()) {
        (true, _) => "Run again",
        (false, true) => "Pause",
        (false, false) => "Play",
    };
    view! {
        <div class="run" role="group" aria-label="Run">
            <Restart />
            <button
                class="button icon play"
                aria-label=text(move || play_label().to_owned())
                title=text(move || tip(play_label(), PageAction::Play))
                on:click=move |_| page.toggle_play()
            >
                {icons::changing(move || match play_label() {
                    "Pause" => icons::PAUSE,
                    _ => icons::PLAY,
                })}
            </button>
            <Step />
            <span data-part="speed">
                <Speed />
                <Pace />
            </span>
            <Time />
            <Seed />
        </div>
    }
}

#[component]
pub(crate) fn Restart() -> impl IntoView {
    let page = Page::get();
    view! {
        <button
            class="button bare icon restart"
            data-part="restart"
            aria-label="Restart with the same seed"
            title=tip("Run again with the same seed", PageAction::Restart)
            on:click=move |_| page.restart()
        >
            {icons::glyph(icons::RESTART)}
        </button>
    }
    .into_any()
}

#[component]
pub(crate) fn Step() -> impl IntoView {
    let page = Page::get();
    view! {
        <button
            class="button bare icon step"
            data-part="step"
            aria-label="Step"
            title=tip("Step 10 ms", PageAction::Step)
            disabled=flag(move || page.status.with(|status| is_over(status.state)))
            on:click=move |_| page.step()
        >
            {icons::glyph(icons::STEP)}
        </button>
    }
    .into_any()
}

/// Simulated time and duration of the run. On the page itself, it opens the run's settings.
#[component]
fn Time() -> impl IntoView {
    let page = Page::get();
    let duration_s = Memo::new(move |_| page.design.with(|design| design.settings.duration.as_s()));
    let drains = Memo::new(move |_| page.status.with(|status| status.time_s) > duration_s.get());
    let shown = move || {
        view! {
            {text(move || page.status.with(|status| words::clock(status.time_s)))}
            <span class="quiet">
                {text(move || format!(" / {}", words::clock(duration_s.get())))}
            </span>
            <span class="drain quiet">{text(move || drain_word(drains.get()).to_owned())}</span>
        }
    };
    if page.place == Place::Embed {
        let shown = shown();
        return view! {
            <span class="time num" role="timer" aria-label="Simulated time">
                {shown}
            </span>
        }
        .into_any();
    }
    let title = text(move || {
        match drains.get() {
            true => "Drain: arrivals have ended, and the run continues until no work is in flight",
            false => "Simulated time and duration of the run: click to change its settings",
        }
        .to_owned()
    });
    view! {
        <button
            class="button bare time num"
            title=title
            on:click=move |_| page.show_settings("duration")
        >
            <span class="visually-hidden">"Settings of the run: "</span>
            {shown()}
        </button>
    }
    .into_any()
}

fn drain_word(drains: bool) -> &'static str {
    if drains { " drain" } else { "" }
}

#[component]
pub(crate) fn Seed() -> impl IntoView {
    let page = Page::get();
    view! {
        <button
            class="button bare seed"
            data-part="seed"
            title=tip("New seed: another run of the same design", PageAction::NewSeed)
            on:click=move |_| page.new_seed()
        >
            {icons::glyph(icons::SEED)}
            <span class="seed-text" data-part="seed-text">
                <span class="quiet">"seed "</span>
                <span class="num">
                    {text(move || page.design.with(|design| design.settings.seed.to_string()))}
                </span>
            </span>
        </button>
    }
    .into_any()
}

#[component]
pub(crate) fn Speed() -> impl IntoView {
    let page = Page::get();
    let options = SPEEDS.map(|(speed, label)| {
        view! {
            <option value=label selected=flag(move || page.speed.get() == speed)>
                {label}
            </option>
        }
    });
    view! {
        <select
            class="speed num"
            aria-label="Speed"
            title=format!(
                "{}, {}",
                tip("Simulated seconds per second: faster", PageAction::Faster),
                tip("slower", PageAction::Slower)
            )
            on:change=move |event| {
                let label = event_target_value(&event);
                if let Some((speed, _)) = SPEEDS.into_iter().find(|(_, name)| *name == label) {
                    page.set_speed(speed);
                }
            }
        >
            {options.collect_view()}
        </select>
    }
}

/// The actual speed of the run, if it is lower than the selected one.
#[component]
fn Pace() -> impl IntoView {
    let page = Page::get();
    let pace = Memo::new(move |_| {
        let (pace, state) = page.status.with(|status| (status.pace, status.state));
        let asked = page.speed.get();
        let is_other = asked.is_infinite() || pace < 0.9 * asked;
        (state == RunState::Playing && pace > 0.0 && is_other).then_some(pace)
    });
    let shown = text(move || match pace.get() {
        Some(pace) if pace >= 1.0 => format!("{}×", words::figure(pace)),
        Some(pace) => format!("{pace:.2}×"),
        None => String::new(),
    });
    let title = text(move || match page.speed.get().is_infinite() {
        true => "Simulated seconds per second".to_owned(),
        false => {
            "Simulated seconds per second: this machine cannot keep up with the selected speed"
                .to_owned()
        }
    });
    view! { <span class="pace num quiet" title=title>{shown}</span> }
}

/// The hash of the run, once it has ended.
#[component]
pub(crate) fn Hash() -> impl IntoView {
    let page = Page::get();
    let hash = text(move || match page.hash.get() {
        RunHash::None => "\u{2026}".to_owned(),
        RunHash::Known(hash) => hash,
        RunHash::Invalid => "does not run".to_owned(),
    });
    view! {
        <p
            class="hash quiet"
            title="The same design and seed have the same hash on every machine. A run that was edited has none."
        >
            "Hash of the run: "
            <span class="num hash-text">{hash}</span>
        </p>
    }
}

/// The number of findings, and the highest severity.
#[component]
pub(crate) fn Found() -> impl IntoView {
    let page = Page::get();
    let tally = Memo::new(move |_| page.review.findings.with(|findings| tally(findings)));
    let is_known = Memo::new(move |_| page.review.until_s.with(Option::is_some));
    let says = text(move || match tally.get() {
        (0, _) | (_, None) if is_known.get() => "Findings: none".to_owned(),
        (0, _) | (_, None) => "Findings: not known yet".to_owned(),
        (count, Some(worst)) => format!("Findings: {count}, the worst an {}", worst.name())
            .replace("an n", "a n")
            .replace("an w", "a w"),
    });
    view! {
        <button
            class="button bare found"
            data-part="found"
            aria-label=says
            title=tip("Findings and requirements", PageAction::Findings)
            on:click=move |_| page.perform(PageAction::Findings)
        >
            {move || tally.get().1.map(mark)}
            <span>{text(move || match tally.get().0 {
                0 => "Findings".to_owned(),
                count => count.to_string(),
            })}</span>
        </button>
    }
    .into_any()
}

/// Switches between everything and what the operators' telemetry reports.
#[component]
pub(crate) fn OperatorView() -> impl IntoView {
    let page = Page::get();
    Effect::new(move || page.live.show_to_operators(page.for_operators.get()));
    view! {
        <button
            class="button bare operator-view"
            data-part="operators"
            aria-pressed=text(move || page.for_operators.get().to_string())
            title="Operators' view: only what the telemetry of the design shows"
            on:click=move |_| page.for_operators.update(|on| *on = !*on)
        >
            "Operators"
        </button>
    }
}

#[component]
pub(crate) fn ThemeButton() -> impl IntoView {
    let page = Page::get();
    let label = text(move || {
        match page.theme.get() {
            Theme::Auto => "Theme: system",
            Theme::Light => "Theme: light",
            Theme::Dark => "Theme: dark",
        }
        .to_owned()
    });
    view! {
        <button
            class="button bare icon theme"
            data-part="theme"
            aria-label=label
            title=label
            on:click=move |_| {
                let next = page.theme.get_untracked().next();
                next.store();
                page.theme.set(next);
            }
        >
            {icons::glyph(icons::THEME)}
        </button>
    }
}
