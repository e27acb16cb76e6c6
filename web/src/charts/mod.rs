//! The charts: rates, latency, amplification and waiting calls on one time axis.
//!
//! One canvas for all rows, painted when the history has changed (ten times a second at most) or
//! when size or theme have. Legend, crosshair and values are ordinary elements above it.

mod bands;
mod brush;
mod columns;
mod draw;
mod legend;
mod scale;
mod surface;
mod timeline;
mod words;

use format::message::WindowFrame;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use crate::history::{History, Mark, MarkKind, SharedHistory};
use crate::state::Page;
use brush::{Picture, Places};
use columns::{Figures, column_at, columns};
use draw::paint;
use scale::{axis_end_s, busy_until_s};
use surface::Surface;

/// Minimum time between changes of the text alternative, in milliseconds: a screen reader may be
/// reading it.
const SUMMARY_EVERY_MS: f64 = 1_000.0;

/// What the last painting showed, for reading values at the pointer.
#[derive(Clone, Default)]
struct Painted {
    columns: Vec<Figures>,
    places: Places,
    end_s: f64,
    now_s: f64,
    /// When the summary was last made, in milliseconds of the page.
    summary_ms: Option<f64>,
}

#[derive(Clone, Copy)]
struct Charter {
    page: Page,
    history: SharedHistory,
    root: NodeRef<Div>,
    canvas: NodeRef<Canvas>,
    painted: StoredValue<Painted, LocalStorage>,
    measured: StoredValue<surface::Measured, LocalStorage>,
    /// The metrics of the recent past.
    now: RwSignal<(f64, Option<Figures>)>,
    /// Where the pointer is, in seconds of the run.
    hover: RwSignal<Option<f64>>,
    /// Whether the time line is being dragged.
    held: StoredValue<bool>,
    summary: RwSignal<String>,
}

/// Returns the p99 latency of the recent past, in ms, as the charts show it beside its name. It is
/// NaN if there is none.
pub(crate) fn p99_ms(history: &History) -> f64 {
    Figures::now(history).map_or(f64::NAN, |now| now.p99_ms)
}

/// Returns the metrics named [`format::embedding::NAMES`], in their order, as the charts show them
/// beside their names; NaN where nothing was measured.
pub(crate) fn metrics(history: &History) -> [f64; 9] {
    named(Figures::now(history), history.now_s)
}

/// Returns the same metrics of one window.
pub(crate) fn metrics_of(window: &WindowFrame) -> [f64; 9] {
    let end_s = window.start_s + window.width_s;
    named(Figures::of(std::slice::from_ref(window)), end_s)
}

fn named(figures: Option<Figures>, at_s: f64) -> [f64; 9] {
    let Some(of) = figures else {
        let mut none = [f64::NAN; 9];
        none[8] = at_s;
        return none;
    };
    [
        of.goodput,
        of.offered,
        of.throughput,
        of.failed,
        of.p50_ms,
        of.p99_ms,
        of.amplification,
        of.waiting,
        at_s,
    ]
}

/// The charts of the present run.
#[component]
pub(crate) fn Charts(
    /// What is drawn.
    history: SharedHistory,
    /// Changes when `history` has changed, at most ten times a second.
    #[prop(into)]
    tick: Signal<u32>,
) -> impl IntoView {
    let charter = Charter {
        page: Page::get(),
        history,
        root: NodeRef::new(),
        canvas: NodeRef::new(),
        painted: StoredValue::new_local(Painted::default()),
        measured: StoredValue::new_local(None),
        now: RwSignal::new((0.0, None)),
        hover: RwSignal::new(None),
        held: StoredValue::new(false),
        summary: RwSignal::new(words::summary(0.0, None)),
    };
    Effect::new(move |_| {
        tick.track();
        charter.page.for_operators.track();
        charter.paint();
    });
    surface::on_change(charter.root, move || {
        charter.measured.set_value(None);
        charter.paint();
    });
    let crosshair = Memo::new(move |_| charter.crosshair());
    let empty = Memo::new(move |_| charter.now.with(|(_, figures)| figures.is_none()));
    view! {
        <div class="charts" node_ref=charter.root>
            <canvas
                node_ref=charter.canvas
                class="charts-canvas"
                role="img"
                aria-label=move || charter.summary.get()
                on:pointermove=move |event| charter.point(&event)
                on:pointerdown=move |event| match event.pointer_type().as_str() {
                    // A touch here reads values and scrolls; it drags the time line below.
                    "touch" => charter.point(&event),
                    _ => charter.grab(&event),
                }
                on:pointerup=move |_| charter.release()
                on:pointercancel=move |_| charter.release()
                on:pointerleave=move |_| charter.leave()
            ></canvas>
            {legend::rows(
                charter.now,
                charter.hover,
                move |at_s| charter.read(at_s),
                bands::bands(charter),
                timeline::slider(charter),
            )}
            <div
                class="crosshair"
                class:shown=move || charter.hover.get().is_some()
                class:left=move || charter.is_right_half()
                prop:style=crosshair
            >
                <span>{move || charter.what_happens()}</span>
            </div>
            {move || empty.get().then(|| charter.says_why_empty())}
            {surface::probes()}
        </div>
    }
}

impl Charter {
    /// Why there is nothing to draw.
    fn says_why_empty(self) -> impl IntoView {
        let said = match self.page.for_operators.get() {
            true => "No data",
            false => "No requests yet",
        };
        view! { <p class="charts-empty">{said}</p> }
    }

    fn paint(self) {
        let (Some(root), Some(canvas)) = (self.root.get_untracked(), self.canvas.get_untracked())
        else {
            return;
        };
        let Some(Surface { cx, look, places }) = surface::prepare(&root, &canvas, self.measured)
        else {
            return;
        };
        self.history.with_value(|history| {
            let reached_s = history.known_s.max(history.now_s);
            let busy_s = busy_until_s(&history.windows, reached_s, history.duration_s);
            let end_s = axis_end_s(busy_s, history.duration_s);
            let columns = columns(&history.windows, end_s, places.axis.width);
            let for_operators = self.page.for_operators.get_untracked();
            // Operators see alerts and their own edits, but not faults and diagnoses.
            let told: Vec<Mark>;
            let marks = match for_operators {
                true => {
                    let known =
                        |mark: &&Mark| matches!(mark.kind, MarkKind::Alert | MarkKind::Edit);
                    told = history.marks.iter().filter(known).cloned().collect();
                    &told
                }
                false => &history.marks,
            };
            let picture = Picture {
                columns: &columns,
                marks,
                now_s: history.now_s,
                known_s: history.known_s,
                duration_s: history.duration_s,
                end_s,
                unheard: match for_operators {
                    true => &history.unheard,
                    false => &[],
                },
            };
            paint(&cx, &look, &places, &picture);
            let now = Figures::now(history).filter(|_| !self.is_unheard(history.now_s));
            self.summarise(history.now_s, now.as_ref());
            self.painted.update_value(|painted| {
                painted.columns = columns;
                painted.places = places;
                painted.end_s = end_s;
                painted.now_s = history.now_s;
            });
            self.now.set((history.now_s, now));
        });
    }

    fn summarise(self, now_s: f64, now: Option<&Figures>) {
        let wall_ms = crate::engine::now_ms();
        let due = self.painted.with_value(|painted| {
            painted
                .summary_ms
                .is_none_or(|last| wall_ms - last >= SUMMARY_EVERY_MS)
        });
        if due {
            self.painted
                .update_value(|painted| painted.summary_ms = Some(wall_ms));
            self.summary.set(words::summary(now_s, now));
        }
    }

    /// Returns the metrics at a moment.
    fn read(self, at_s: f64) -> Option<Figures> {
        if self.is_unheard(at_s) {
            return None;
        }
        self.painted
            .with_value(|painted| column_at(&painted.columns, at_s))
    }

    fn crosshair(self) -> String {
        // Moves with the axis while the run goes on.
        self.now.track();
        let Some(at_s) = self.hover.get() else {
            return String::new();
        };
        self.painted.with_value(|painted| {
            let axis = painted.places.axis;
            let x = axis.x + at_s / painted.end_s * axis.width;
            format!("transform:translateX({x:.1}px)")
        })
    }

    /// Returns whether there is no telemetry of that moment, and only what the operators see is
    /// shown.
    fn is_unheard(self, at_s: f64) -> bool {
        let within = |(from_s, to_s): &(f64, f64)| (*from_s..=*to_s).contains(&at_s);
        self.page.for_operators.get_untracked()
            && self
                .history
                .with_value(|history| history.unheard.iter().any(within))
    }

    /// Returns whether the crosshair is in the right half, where the words beside it are to its
    /// left.
    fn is_right_half(self) -> bool {
        let end_s = self.painted.with_value(|painted| painted.end_s);
        self.hover.get().is_some_and(|at_s| at_s > end_s / 2.0)
    }

    /// Returns the marks at the moment under the pointer.
    fn what_happens(self) -> String {
        let Some(at_s) = self.hover.get() else {
            return String::new();
        };
        let near_s = self.painted.with_value(|painted| {
            let width = painted.places.axis.width.max(1.0);
            painted.end_s / width * 4.0
        });
        self.history.with_value(|history| {
            let at_it = |mark: &&crate::history::Mark| {
                let end_s = mark.end_s.unwrap_or(mark.time_s);
                (mark.time_s - near_s..=end_s + near_s).contains(&at_s)
            };
            let marks = history.marks.iter().filter(at_it).take(4);
            let names: Vec<&str> = marks.map(|mark| mark.label.as_str()).collect();
            names.join("\n")
        })
    }
}
