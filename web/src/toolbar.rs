//! The bar: design, history, share; and the run's controls, which a phone shows at its lower edge.

use editor::actions::Menu;
use editor::{ActionId, PageAction};
use format::message::RunState;
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::findings::{mark, tally};
use crate::keeping::Saved;
use crate::state::{Dialog, Page, Popup, RunHash};
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

/// The bar over the page.
#[component]
pub(crate) fn Bar(
    /// Whether the story margin is folded away.
    folded: RwSignal<bool>,
) -> impl IntoView {
    let page = Page::get();
    view! {
        <header class="bar">
            <button
                class="button bare icon story-toggle"
                aria-label="Story"
                aria-expanded=text(move || (!folded.get()).to_string())
                title="Story"
                on:click=move |_| folded.update(|folded| *folded = !*folded)
            >
                {icons::changing(move || if folded.get() { icons::UNFOLD } else { icons::FOLD })}
            </button>
            <MainMenu />
            <button
                class="button bare icon gallery-button"
                aria-label="Lessons and designs"
                title=tip("Lessons and designs", PageAction::Gallery)
                on:click=move |_| page.dialog.set(Some(Dialog::Gallery))
            >
                {icons::glyph(icons::GALLERY)}
            </button>
            <DesignName />
            <SavedState />
            <History />
            <RunControls />
            <span class="spring"></span>
            <Hash />
            <Found />
            <OperatorView />
            <ThemeButton />
            <button
                class="button share"
                aria-label="Share"
                on:click=move |_| page.dialog.set(Some(Dialog::Share))
            >
                {icons::glyph(icons::SHARE)}
                <span>"Share"</span>
            </button>
        </header>
    }
}

/// The page's own menu.
#[component]
fn MainMenu() -> impl IntoView {
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
            {move || {
                open.get().then(|| menu::view(page, Menu::Main, "top:40px;left:0".to_owned()))
            }}
        </div>
    }
}

/// How the design stands to what is kept.
#[component]
fn SavedState() -> impl IntoView {
    let page = Page::get();
    let state = text(move || match page.saved.get() {
        Saved::Untouched => String::new(),
        Saved::Saving => "Saving\u{2026}".to_owned(),
        Saved::Kept => "Saved".to_owned(),
        Saved::Failed(why) => format!("Not saved: {why}"),
    });
    let failed = flag(move || matches!(page.saved.get(), Saved::Failed(_)));
    view! {
        <span class="saved quiet" class:failed=failed role="status" title=state>
            {state}
        </span>
    }
}

#[component]
fn DesignName() -> impl IntoView {
    let page = Page::get();
    let name = Memo::new(move |_| page.design.with(|design| design.settings.name.clone()));
    view! {
        <input
            class="design-name"
            aria-label="Name of the design"
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
fn History() -> impl IntoView {
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
        <div class="history" role="group" aria-label="History">
            {button(icons::UNDO, "Undo", ActionId::Undo, |names| names.undo.clone(), Page::undo)}
            {button(icons::REDO, "Redo", ActionId::Redo, |names| names.redo.clone(), Page::redo)}
        </div>
    }
}

fn tip(what: &str, action: PageAction) -> String {
    menu::tip(what, ActionId::Page(action))
}

/// Restart, play, step, speed, time, seed.
#[component]
pub(crate) fn RunControls() -> impl IntoView {
    let page = Page::get();
    let state = Memo::new(move |_| page.status.with(|status| status.state));
    let over = move || matches!(state.get(), RunState::Ended | RunState::OutOfBudget);
    let play_label = move || match (over(), page.playing.get()) {
        (true, _) => "Run again",
        (false, true) => "Pause",
        (false, false) => "Play",
    };
    view! {
        <div class="run" role="group" aria-label="Run">
            <button
                class="button bare icon restart"
                aria-label="Restart with the same seed"
                title=tip("Run again with the same seed", PageAction::Restart)
                on:click=move |_| page.restart()
            >
                {icons::glyph(icons::RESTART)}
            </button>
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
            <button
                class="button bare icon step"
                aria-label="Step"
                title=tip("Step 10 ms", PageAction::Step)
                disabled=flag(over)
                on:click=move |_| page.step()
            >
                {icons::glyph(icons::STEP)}
            </button>
            <Speed />
            <Pace />
            <span class="time num" role="timer" aria-label="Simulated time">
                {text(move || page.status.with(|status| words::clock(status.time_s)))}
                <span class="quiet">
                    {text(move || {
                        let duration = page.design.with(|design| design.settings.duration.as_s());
                        // A drain goes on past it.
                        let now = page.status.with(|status| status.time_s);
                        format!(" / {}", words::clock(duration.max(now)))
                    })}
                </span>
            </span>
            <button
                class="button bare seed"
                title=tip("New seed: another run of the same design", PageAction::NewSeed)
                on:click=move |_| page.new_seed()
            >
                {icons::glyph(icons::SEED)}
                <span class="seed-text">
                    <span class="quiet">"seed "</span>
                    <span class="num">
                        {text(move || page.design.with(|design| design.settings.seed.to_string()))}
                    </span>
                </span>
            </button>
        </div>
    }
}

#[component]
fn Speed() -> impl IntoView {
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

/// The speed that the run has where it is not the one asked for.
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
            "Simulated seconds per second: this machine cannot keep up with the speed asked for"
                .to_owned()
        }
    });
    view! { <span class="pace num quiet" title=title>{shown}</span> }
}

#[component]
fn Hash() -> impl IntoView {
    let page = Page::get();
    let hash = text(move || match page.hash.get() {
        RunHash::None => String::new(),
        RunHash::Running(_) => "…".to_owned(),
        RunHash::Known(hash) => hash,
        RunHash::Invalid => "does not run".to_owned(),
    });
    view! {
        <span
            class="hash"
            title="Fingerprint of the whole run: the same design and seed give the same one everywhere"
        >
            <span class="quiet">"run "</span>
            <span class="num hash-text">{hash}</span>
        </span>
    }
}

/// How much was found, and how bad it is.
#[component]
fn Found() -> impl IntoView {
    let page = Page::get();
    let tally = Memo::new(move |_| page.review.findings.with(|findings| tally(findings)));
    let says = text(move || match tally.get() {
        (0, _) | (_, None) => "Findings: none".to_owned(),
        (count, Some(worst)) => format!("Findings: {count}, the worst an {}", worst.name())
            .replace("an n", "a n")
            .replace("an w", "a w"),
    });
    view! {
        <button
            class="button bare found"
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

/// Shows all, or only what reaches the operators.
#[component]
fn OperatorView() -> impl IntoView {
    let page = Page::get();
    Effect::new(move || page.live.show_to_operators(page.for_operators.get()));
    view! {
        <button
            class="button bare operator-view"
            aria-pressed=text(move || page.for_operators.get().to_string())
            title="Operators' view: only what the telemetry of the design shows"
            on:click=move |_| page.for_operators.update(|on| *on = !*on)
        >
            "Operators"
        </button>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let page = Page::get();
    let label = text(move || {
        match page.theme.get() {
            Theme::Auto => "Theme: as the system",
            Theme::Light => "Theme: light",
            Theme::Dark => "Theme: dark",
        }
        .to_owned()
    });
    view! {
        <button
            class="button bare icon theme"
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
