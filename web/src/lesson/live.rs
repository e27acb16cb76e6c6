//! The state of the run in a sentence, updated during the run.

use design::Design;
use format::message::WindowFrame;
use leptos::prelude::*;

use super::Lesson;
use super::trigger::spans;
use crate::bind::text;
use crate::state::Page;
use crate::words;

/// Whether goodput has recovered is judged by means over this many simulated seconds.
const LATELY_S: f64 = 2.0;
/// The metrics before a fault are means over at most this long.
const BEFORE_S: f64 = 10.0;

/// The phase of the run with respect to the lesson's fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// No fault yet.
    Before,
    /// A fault is active.
    During { since_s: f64 },
    /// The fault is over and goodput has not recovered.
    Down { for_s: f64 },
    /// The fault is over and goodput has recovered, after this time if it is known.
    Recovered { after_s: Option<f64> },
}

/// The values in the sentences about the run now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figures {
    phase: Phase,
    offered: f64,
    goodput: f64,
    before: f64,
}

/// The state of the run in a sentence or two: in the lesson's own metric if it has one, which
/// follows the badges, then goodput, with the rates of the charts and the cards.
#[component]
pub(super) fn Status(lesson: StoredValue<Lesson>) -> impl IntoView {
    let page = Page::get();
    let figures = watch(page, lesson);
    let goodput = Memo::new(move |_| figures.with(sentence));
    let said = text(move || {
        let own = page.review.says.get();
        let own = own.map_or_else(String::new, |own| own + " ");
        goodput.with(|goodput| own + goodput)
    });
    view! { <p class="now">{said}</p> }.into_any()
}

/// The metrics of the run, updated as it plays.
fn watch(page: Page, lesson: StoredValue<Lesson>) -> Memo<Figures> {
    Memo::new(move |_| {
        page.tick.track();
        page.design
            .with(|design| lesson.with_value(|lesson| figures(page, lesson, design)))
    })
}

fn figures(page: Page, lesson: &Lesson, design: &Design) -> Figures {
    let recovery_s = page.review.recovery_s.get();
    page.history.with_value(|history| {
        let now_s = history.now_s;
        let spans = spans(lesson, design);
        let lately = lately(history.so_far());
        // The usual state is the one before the first fault, however many followed.
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
        let [offered, goodput] = [
            mean(lately, |window| window.offered_per_s),
            mean(lately, |window| window.goodput_per_s),
        ];
        let phase = match on {
            Some(at) => Phase::During {
                since_s: now_s - at,
            },
            None if now_s < end || spans.is_empty() => Phase::Before,
            None if goodput >= 0.8 * offered => Phase::Recovered {
                // The value of the report, so that the page shows only one: it is of the run as
                // far as it is known.
                after_s: recovery_s.filter(|_| now_s >= history.known_s - 1.0),
            },
            None => Phase::Down { for_s: now_s - end },
        };
        let rates = history.rates;
        Figures {
            phase,
            offered: rates.map_or(f64::NAN, |rates| rates.offered),
            goodput: rates.map_or(f64::NAN, |rates| rates.goodput),
            before: mean(before, |window| window.goodput_per_s),
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

/// Returns the mean over windows that have the metric, weighted by length; NaN if none has.
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
    let now = match figures.offered {
        offered if offered.is_nan() => return "The run begins.".to_owned(),
        offered if offered < 0.5 => "No requests arrive at the moment.".to_owned(),
        // Requests that arrived before this second end in it as well.
        _ if figures.goodput > figures.offered => {
            format!("Goodput is {goodput} requests/s and keeps up with the offered load.")
        }
        _ => format!("Goodput is {goodput} requests/s; offered load is {offered} requests/s."),
    };
    let before = match figures.before.is_nan() {
        true => String::new(),
        false => format!(
            " Before the fault, goodput was {} requests/s.",
            words::figure(figures.before)
        ),
    };
    match figures.phase {
        Phase::Before => now,
        Phase::During { since_s } => {
            format!("The fault began {} ago. {now}{before}", seconds(since_s))
        }
        Phase::Down { for_s } => {
            format!("The fault ended {} ago. {now}{before}", seconds(for_s))
        }
        Phase::Recovered { after_s: None } => format!("The fault is over. {now}{before}"),
        Phase::Recovered {
            after_s: Some(after_s),
        } => {
            let when = match after_s {
                s if s >= 0.5 => format!("{} after the fault ended", seconds(s)),
                _ => "as soon as the fault ended".to_owned(),
            };
            format!("Goodput recovered {when}. {now}{before}")
        }
    }
}

fn seconds(s: f64) -> String {
    match s {
        s if s < 9.95 => format!("{s:.1}\u{a0}s"),
        s => format!("{s:.0}\u{a0}s"),
    }
}
