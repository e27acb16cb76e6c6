//! The story in the margin: what the system is, a button that breaks it, a switch that mends it,
//! and sentences with the present run's own numbers.

use design::{Command, Design};
use format::message::WindowFrame;
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::lesson::Lesson;
use crate::state::Page;
use crate::words;

/// The figures of late are means over this many simulated seconds.
const LATELY_S: f64 = 2.0;
/// The figures before a fault are means over at most this long.
const BEFORE_S: f64 = 10.0;

/// How the run stands to the trigger.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Nothing has been broken yet.
    Before,
    /// The trigger is on.
    During { since_s: f64 },
    /// The trigger is over and the system does not recover.
    Down { for_s: f64 },
    /// The trigger is over and the system works again.
    Recovered { after_s: Option<f64> },
}

/// What the sentences say of the run now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    phase: Phase,
    offered: f64,
    goodput: f64,
    before: f64,
    calls: f64,
    mended: bool,
}

/// The story of a lesson.
#[component]
pub(crate) fn Story(lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let mended = Memo::new(move |_| {
        page.design
            .with(|design| lesson.with_value(|lesson| lesson.is_mended(design)))
    });
    let figures = Memo::new(move |_| {
        page.tick.track();
        page.design
            .with(|design| lesson.with_value(|lesson| figures(page, lesson, design, mended.get())))
    });
    let (title, story) = lesson.with_value(|lesson| {
        let scenario = &lesson.scenario;
        (scenario.title.clone(), scenario.story.clone())
    });
    let target = lesson.with_value(|lesson| lesson.target.clone());
    let said = move |at: usize| {
        text(move || {
            let figures = figures.get();
            let sentences = lesson.with_value(|lesson| sentences(lesson, &figures));
            sentences.into_iter().nth(at).unwrap_or_default()
        })
    };
    view! {
        <article class="story" aria-labelledby="story-title">
            <h2 id="story-title">{title}</h2>
            <p>{story.believed}</p>
            <p>{story.watch}</p>
            <Trigger lesson=lesson />
            <Numbers figures=figures target=target />
            <div class="now">
                <p>{said(0)}</p>
                <p>{said(1)}</p>
            </div>
            <Remedy lesson=lesson mended=mended />
        </article>
    }
}

/// The one button that breaks the system.
#[component]
pub(crate) fn Trigger(lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let label = lesson.with_value(|lesson| {
        let trigger = lesson.scenario.trigger.as_ref();
        trigger.map(|trigger| trigger.label.clone())
    });
    let breaks = label.is_some();
    let possible = Memo::new(move |_| {
        page.design
            .with(|design| lesson.with_value(|lesson| lesson.can_break(design)))
    });
    let on = Memo::new(move |_| {
        page.tick.track();
        let now = page.history.with_value(|history| history.now_s);
        page.design.with(|design| {
            lesson.with_value(|lesson| {
                last_trigger(lesson, design).is_some_and(|(at, end)| (at - 0.2..end).contains(&now))
            })
        })
    });
    view! {
        <button
            class="button primary trigger"
            hidden=!breaks
            disabled=flag(move || !possible.get() || on.get())
            on:click=move |_| pull(page, lesson)
        >
            {label}
        </button>
    }
}

/// Breaks the system now. Once the run is over, it is run again and broken a little after its start.
fn pull(page: Page, lesson: StoredValue<Lesson>) {
    let faults_from = |at| lesson.with_value(|lesson| lesson.faults_from(at));
    if !page.is_over() {
        if !page.playing.get_untracked() {
            page.play(true);
        }
        let at = page.soon();
        return faults_from(at)
            .into_iter()
            .for_each(|fault| page.inject(fault));
    }
    let (old, count) = page.design.with_untracked(|design| {
        let old: Vec<usize> = (0..design.faults.len())
            .rev()
            .filter(|at| lesson.with_value(|lesson| lesson.is_trigger(&design.faults[*at])))
            .collect();
        (old, design.faults.len())
    });
    let last = count - old.len();
    let mut commands: Vec<Command> = old.into_iter().map(Command::RemoveFault).collect();
    let faults = faults_from(design::Duration::s(10)).into_iter();
    commands.extend(
        faults
            .enumerate()
            .map(|(nth, fault)| Command::AddFault(last + nth, fault)),
    );
    page.command_named(Command::Batch(commands), "Break it again");
    page.restart();
}

#[component]
fn Remedy(lesson: StoredValue<Lesson>, mended: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let (label, about) = lesson.with_value(|lesson| {
        (
            lesson.scenario.main_remedy().label.clone(),
            lesson.scenario.main_remedy().cost.clone(),
        )
    });
    let change = lesson.with_value(|lesson| lesson.scenario.story.change.clone());
    let possible = Memo::new(move |_| {
        page.design
            .with(|design| lesson.with_value(|lesson| lesson.mended(design).is_some()))
    });
    let flip = move |_| {
        let on = !mended.get_untracked();
        let command = lesson.with_value(|lesson| {
            if on {
                Some(lesson.scenario.main_remedy().command.clone())
            } else {
                lesson.unmend()
            }
        });
        if let Some(command) = command {
            let verb = if on { "Apply" } else { "Remove" };
            page.command_named(command, &format!("{verb}: {label}"));
        }
    };
    let shown = lesson.with_value(|lesson| lesson.scenario.main_remedy().label.clone());
    view! {
        <div class="remedy">
            <button
                class="switch"
                role="switch"
                aria-checked=text(move || mended.get().to_string())
                disabled=flag(move || !possible.get())
                on:click=flip
            >
                <span class="track">
                    <span class="thumb"></span>
                </span>
                <span>{shown}</span>
            </button>
            <p>{change}</p>
            <p class="quiet">{about}</p>
            <button class="button" on:click=move |_| page.restart()>
                "Run again with the same seed"
            </button>
        </div>
    }
}

#[component]
fn Numbers(figures: Memo<Figures>, target: String) -> impl IntoView {
    let calls = words::sentence(&format!("{target} calls per request"));
    let row = move |label: String,
                    unit: &'static str,
                    state: fn(&Figures) -> &'static str,
                    read: fn(&Figures) -> String| {
        view! {
            <div data-state=text(move || figures.with(state).to_owned())>
                <dt>{label}</dt>
                <dd>
                    <span class="num">{text(move || figures.with(read))}</span>
                    " "
                    <span class="quiet">{unit}</span>
                </dd>
            </div>
        }
    };
    let fine = |_: &Figures| "";
    view! {
        <dl class="numbers" aria-label="Figures now">
            {row("Asked for".to_owned(), "per s", fine, |figures| words::figure(figures.offered))}
            {row("Answered in time, before".to_owned(), "per s", fine, |figures| words::figure(figures.before))}
            {row(
                "Answered in time, now".to_owned(),
                "per s",
                |figures| if is_down(figures) { "failing" } else { "" },
                |figures| words::figure(figures.goodput),
            )}
            {row(
                calls,
                "",
                |figures| if figures.calls > 1.5 { "degraded" } else { "" },
                |figures| words::figure(figures.calls),
            )}
        </dl>
    }
}

fn is_down(figures: &Figures) -> bool {
    figures.goodput < 0.5 * figures.offered
}

/// When the lesson's fault was on last, from and to, in seconds.
fn last_trigger(lesson: &Lesson, design: &Design) -> Option<(f64, f64)> {
    design
        .faults
        .iter()
        .filter(|fault| lesson.is_trigger(fault))
        .map(|fault| {
            let end = design
                .fault_ends(fault)
                .map_or(f64::INFINITY, design::Duration::as_s);
            (fault.at.as_s(), end)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
}

fn figures(page: Page, lesson: &Lesson, design: &Design, mended: bool) -> Figures {
    page.history.with_value(|history| {
        let now_s = history.now_s;
        let trigger = last_trigger(lesson, design);
        let lately = lately(history.so_far());
        let before_end = trigger.map_or(now_s, |(at, _)| at.min(now_s));
        let before = history.between((before_end - BEFORE_S).max(0.5), before_end - 0.5);
        let offered = mean(lately, |window| window.offered_per_s);
        let goodput = mean(lately, |window| window.goodput_per_s);
        let phase = match trigger {
            Some((_, end)) if now_s >= end && goodput >= 0.8 * offered => Phase::Recovered {
                after_s: recovered_at(history.between(end, now_s)).map(|s| s - end),
            },
            Some((_, end)) if now_s >= end => Phase::Down { for_s: now_s - end },
            Some((at, _)) if now_s >= at => Phase::During {
                since_s: now_s - at,
            },
            Some(_) | None => Phase::Before,
        };
        Figures {
            phase,
            offered,
            goodput,
            before: mean(before, |window| window.goodput_per_s),
            calls: mean(lately, |window| window.amplification),
            mended,
        }
    })
}

fn lately(windows: &[WindowFrame]) -> &[WindowFrame] {
    let mut seconds = 0.0;
    let mut from = windows.len();
    while from > 0 && seconds < LATELY_S - 1e-9 {
        from -= 1;
        seconds += windows[from].width_s;
    }
    &windows[from..]
}

/// The mean over windows that have the figure, by their length; NaN where none has.
fn mean(windows: &[WindowFrame], read: impl Fn(&WindowFrame) -> f32) -> f64 {
    let (sum, length) = windows
        .iter()
        .map(|window| (f64::from(read(window)), window.width_s))
        .filter(|(value, _)| value.is_finite())
        .fold((0.0, 0.0), |(sum, length), (value, width)| {
            (sum + value * width, length + width)
        });
    sum / length
}

/// When goodput came back for good: the end of the last window that was bad.
fn recovered_at(windows: &[WindowFrame]) -> Option<f64> {
    let good = |window: &WindowFrame| window.goodput_per_s >= 0.8 * window.offered_per_s;
    let last_bad = windows.iter().rposition(|window| !good(window));
    match last_bad {
        Some(at) => windows.get(at + 1).map(|window| window.start_s),
        None => windows.first().map(|window| window.start_s),
    }
}

fn sentences(lesson: &Lesson, figures: &Figures) -> Vec<String> {
    let Figures {
        offered,
        goodput,
        before,
        calls,
        ..
    } = *figures;
    let (offered, goodput, before) = (
        words::figure(offered),
        words::figure(goodput),
        words::figure(before),
    );
    let calls = words::figure(calls);
    let target = &lesson.target;
    match figures.phase {
        Phase::Before if figures.offered.is_nan() => vec!["The run begins.".to_owned()],
        Phase::Before => vec![format!(
            "Users ask {offered} times a second and get {goodput} answers in time. Each request costs {calls} calls of the {target}."
        )],
        Phase::During { since_s } => {
            let mut said = vec![format!(
                "The {target} has been slow for {}. Of {offered} requests a second, {goodput} are answered in time; before, it was {before}.",
                seconds(since_s)
            )];
            said.push(if figures.mended {
                format!(
                    "The retry budget holds: each request costs {calls} calls of the {target}, and most failures are not tried again."
                )
            } else {
                format!(
                    "Callers give up and ask again while the {target} still works on what they gave up on. Each request now costs {calls} calls of the {target}."
                )
            });
            said
        }
        Phase::Down { for_s } => vec![
            format!(
                "The {target} has been back to full speed for {}, and still only {goodput} of {offered} requests a second are answered in time; before, it was {before}.",
                seconds(for_s)
            ),
            if figures.mended {
                format!(
                    "With the budget, each request costs {calls} calls of the {target}. The queues that built up have to be worked off first."
                )
            } else {
                format!(
                    "What broke it is gone. What keeps it down is the retries: each request costs {calls} calls of the {target}. Work that callers have given up on fills its queue, so new calls are refused or time out, and are asked again."
                )
            },
        ],
        Phase::Recovered { after_s } => {
            let when = match after_s {
                Some(s) if s >= 0.5 => format!("{} after the {target} did", seconds(s)),
                Some(_) | None => format!("as soon as the {target} did"),
            };
            vec![format!(
                "The system recovered {when}: {goodput} of {offered} requests a second are answered in time, as before ({before}). Each request costs {calls} calls of the {target}."
            )]
        }
    }
}

fn seconds(s: f64) -> String {
    match s {
        s if s < 1.5 => "1\u{a0}second".to_owned(),
        s => format!("{:.0}\u{a0}seconds", s),
    }
}
