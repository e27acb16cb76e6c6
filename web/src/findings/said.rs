//! Messages on the page: names lead to the canvas, moments to the time line.

use design::Metric;
use leptos::prelude::*;
use report::{Figure, Message, Piece, Unit};

use crate::state::Page;

/// A message. Each name and moment in it is a button.
pub(super) fn view(page: Page, message: &Message) -> AnyView {
    let pieces = message
        .pieces()
        .iter()
        .map(|piece| self::piece(page, piece));
    pieces.collect_view().into_any()
}

/// Returns a message as text, for places without buttons.
pub(crate) fn plain(page: Page, message: &Message) -> String {
    let titles = page.review.titles;
    titles.with_untracked(|titles| text::message(message, titles))
}

/// Returns a metric in the middle of a sentence.
pub(super) fn metric(metric: Metric) -> String {
    text::metric(metric).to_lowercase()
}

/// Returns the value of a metric in a run, or why it has none.
pub(super) fn value(metric: Metric, value: Option<f64>) -> String {
    match value {
        Some(value) => unbroken(&text::figure(&Figure::new(value, Unit::of(metric)))),
        None if metric == Metric::RecoveryTime => "not recovered".to_owned(),
        None if metric == Metric::TimeToDetect => "not detected".to_owned(),
        None => "not measured".to_owned(),
    }
}

fn piece(page: Page, piece: &Piece) -> AnyView {
    let shown = plain(page, &piece.clone().into());
    match piece {
        Piece::Text(_) | Piece::Zone(_) | Piece::Operation(_) => shown.into_any(),
        Piece::Node(id) | Piece::Link(id) => {
            let (id, pointed) = (id.clone(), Some(id.clone()));
            let show = Callback::new(move |()| page.show_part(&id));
            button(page, shown, "Show on the canvas", show, pointed)
        }
        Piece::Moment(at_s) | Piece::Instant(at_s) => {
            let at_s = *at_s;
            let go = Callback::new(move |()| page.show_moment(at_s));
            button(page, unbroken(&shown), "Go to this moment", go, None)
        }
        Piece::Figure(figure) => {
            let title = figure.field.as_deref().map(text::field);
            view! { <span title=title>{unbroken(&shown)}</span> }.into_any()
        }
    }
}

/// A button inside a line of text: a `<button>` could not wrap to two lines. While it has the
/// pointer or the focus, what it names is outlined on the canvas.
fn button(
    page: Page,
    shown: String,
    title: &'static str,
    press: Callback<()>,
    pointed: Option<String>,
) -> AnyView {
    let pointed = StoredValue::new(pointed);
    let point = move |is: bool| {
        let at = pointed.get_value().filter(|_| is);
        page.review.pointed.set(at);
    };
    view! {
        <span
            class="said"
            role="button"
            tabindex="0"
            title=title
            on:click=move |_| press.run(())
            on:keydown=move |event| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    event.stop_propagation();
                    press.run(());
                }
            }
            on:pointerenter=move |_| point(true)
            on:pointerleave=move |_| point(false)
            on:focus=move |_| point(true)
            on:blur=move |_| point(false)
        >
            {shown}
        </span>
    }
    .into_any()
}

/// Keeps a number and its unit on one line.
fn unbroken(figure: &str) -> String {
    figure.replace(' ', "\u{a0}")
}
