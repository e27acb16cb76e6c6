//! The run as it goes on, in figures and sentences.

use design::Design;
use format::message::WindowFrame;
use leptos::prelude::*;

use super::Lesson;
use super::trigger::spans;
use crate::bind::text;
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
    /// The trigger is over and the system works again; how long after it, where that is known.
    Recovered { after_s: Option<f64> },
}

/// What the sentences say of the run now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    phase: Phase,
    offered: f64,
    goodput: f64,
    before: f64,
    p99_ms: f64,
    calls: f64,
}

/// Figures and sentences.
#[component]
pub(super) fn Now(lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let figures = Memo::new(move |_| {
        page.tick.track();
        page.design
            .with(|design| lesson.with_value(|lesson| figures(page, lesson, design)))
    });
    let breaks = lesson.with_value(|lesson| lesson.scenario.trigger.is_some());
    let said = text(move || figures.with(sentence));
    let row = move |label: &'static str,
                    unit: &'static str,
                    state: fn(&Figures) -> &'static str,
                    read: fn(&Figures) -> f64| {
        view! {
            <div data-state=text(move || figures.with(state).to_owned())>
                <dt>{label}</dt>
                <dd>
                    <span class="num">{text(move || words::figure(figures.with(read)))}</span>
                    " "
                    <span class="quiet">{unit}</span>
                </dd>
            </div>
        }
    };
    let fine = |_: &Figures| "";
    let failing = |figures: &Figures| {
        if figures.goodput < 0.5 * figures.offered {
            "failing"
        } else {
            ""
        }
    };
    let repeated = |figures: &Figures| if figures.calls > 2.5 { "degraded" } else { "" };
    view! {
        <dl class="numbers" aria-label="Figures now">
            {row("Asked for", "per s", fine, |figures| figures.offered)}
            {breaks.then(|| row("Answered in time, before", "per s", fine, |figures| figures.before))}
            {row("Answered in time, now", "per s", failing, |figures| figures.goodput)}
            {row("99th percentile, now", "ms", fine, |figures| figures.p99_ms)}
            {row("Calls at the bottom, per request", "", repeated, |figures| figures.calls)}
        </dl>
        <p class="now">{said}</p>
    }
    .into_any()
}

fn figures(page: Page, lesson: &Lesson, design: &Design) -> Figures {
    let recovery_s = page.review.recovery_s.get();
    page.history.with_value(|history| {
        let now_s = history.now_s;
        let spans = spans(lesson, design);
        let lately = lately(history.so_far());
        // What was usual is what was before the first of them, however often it was broken since.
        let first = spans
            .iter()
            .map(|(at, _)| *at)
            .fold(f64::INFINITY, f64::min);
        let end = spans.iter().map(|(_, end)| *end).fold(0.0, f64::max);
        let is_on = |(at, end): &&(f64, f64)| (*at..*end).contains(&now_s);
        let on = spans
            .iter()
            .filter(is_on)
            .map(|(at, _)| *at)
            .reduce(f64::min);
        let before_end = first.min(now_s);
        let before = history.between((before_end - BEFORE_S).max(0.5), before_end - 0.5);
        let offered = mean(lately, |window| window.offered_per_s);
        let goodput = mean(lately, |window| window.goodput_per_s);
        let phase = match on {
            Some(at) => Phase::During {
                since_s: now_s - at,
            },
            None if now_s < end || spans.is_empty() => Phase::Before,
            None if goodput >= 0.8 * offered => Phase::Recovered {
                // What the report says, so that the page gives one figure: of the run as far as it
                // is known.
                after_s: recovery_s.filter(|_| now_s >= history.known_s - 1.0),
            },
            None => Phase::Down { for_s: now_s - end },
        };
        Figures {
            phase,
            offered,
            goodput,
            before: mean(before, |window| window.goodput_per_s),
            p99_ms: mean(lately, |window| window.p99_ms),
            calls: mean(lately, |window| window.amplification),
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

fn sentence(figures: &Figures) -> String {
    let [offered, goodput] = [figures.offered, figures.goodput].map(words::figure);
    let before = match figures.before.is_nan() {
        true => String::new(),
        false => format!("; before, it was {}", words::figure(figures.before)),
    };
    match figures.phase {
        Phase::Before if figures.offered.is_nan() => "The run begins.".to_owned(),
        Phase::Before => {
            format!("Users ask {offered} times a second and get {goodput} answers in time.")
        }
        Phase::During { since_s } => format!(
            "It has been broken for {}. Users ask {offered} times a second and get {goodput} answers in time{before}.",
            seconds(since_s)
        ),
        Phase::Down { for_s } => format!(
            "What broke it has been over for {}, and still only {goodput} of {offered} requests a second are answered in time{before}.",
            seconds(for_s)
        ),
        Phase::Recovered { after_s: None } => format!(
            "Users ask {offered} times a second and get {goodput} answers in time again{before}."
        ),
        Phase::Recovered {
            after_s: Some(after_s),
        } => {
            let when = match after_s {
                s if s >= 0.5 => format!("{} after what broke it was over", seconds(s)),
                _ => "as soon as what broke it was over".to_owned(),
            };
            format!(
                "The system recovered {when}: users ask {offered} times a second and get {goodput} answers in time{before}."
            )
        }
    }
}

fn seconds(s: f64) -> String {
    match s {
        s if s < 1.5 => "1\u{a0}second".to_owned(),
        s => format!("{:.0}\u{a0}seconds", s),
    }
}
