//! The charts: rates, latency, amplification and waiting calls on one time axis.
//!
//! One canvas for all rows, painted when the history has changed (ten times a second at most) or
//! when size or theme have. Legend, crosshair and read-outs are ordinary elements above it.

mod brush;
mod columns;
mod draw;
mod legend;
mod scale;
mod surface;
mod words;

use leptos::ev::PointerEvent;
use leptos::html::{Canvas, Div};
use leptos::prelude::*;

use crate::history::SharedHistory;
use brush::{Picture, Places};
use columns::{Figures, column_at, columns};
use draw::paint;
use scale::axis_end_s;
use surface::Surface;

/// The sentence that stands for the picture changes no more often than this, in milliseconds: a
/// screen reader may be reading it.
const SUMMARY_EVERY_MS: f64 = 1_000.0;

/// What the last painting showed: what the pointer reads off, and where.
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
    history: SharedHistory,
    root: NodeRef<Div>,
    canvas: NodeRef<Canvas>,
    painted: StoredValue<Painted, LocalStorage>,
    /// The figures of the recent past.
    now: RwSignal<(f64, Option<Figures>)>,
    /// Where the pointer is, in seconds of the run.
    hover: RwSignal<Option<f64>>,
    summary: RwSignal<String>,
}

/// The charts of the present run.
#[component]
pub(crate) fn Charts(
    /// What is drawn.
    history: SharedHistory,
    /// Rises when `history` has changed, at most ten times a second.
    #[prop(into)]
    tick: Signal<u32>,
) -> impl IntoView {
    let charter = Charter {
        history,
        root: NodeRef::new(),
        canvas: NodeRef::new(),
        painted: StoredValue::new_local(Painted::default()),
        now: RwSignal::new((0.0, None)),
        hover: RwSignal::new(None),
        summary: RwSignal::new(words::summary(0.0, None)),
    };
    Effect::new(move |_| {
        tick.track();
        charter.paint();
    });
    surface::on_change(charter.root, move || charter.paint());
    let empty = Memo::new(move |_| charter.now.with(|(_, figures)| figures.is_none()));
    view! {
        <div class="charts" node_ref=charter.root>
            <canvas
                node_ref=charter.canvas
                class="charts-canvas"
                role="img"
                aria-label=move || charter.summary.get()
                on:pointermove=move |event| charter.point(&event)
                on:pointerdown=move |event| charter.point(&event)
                on:pointerleave=move |_| charter.hover.set(None)
            ></canvas>
            {legend::rows(charter.now, charter.hover, move |at_s| charter.read(at_s))}
            <div
                class="crosshair"
                class:shown=move || charter.hover.get().is_some()
                style=move || charter.crosshair()
            ></div>
            {move || empty.get().then(|| view! { <p class="charts-empty">"No requests yet"</p> })}
            {surface::probes()}
        </div>
    }
}

impl Charter {
    fn paint(self) {
        let (Some(root), Some(canvas)) = (self.root.get_untracked(), self.canvas.get_untracked())
        else {
            return;
        };
        let Some(Surface { cx, look, places }) = surface::prepare(&root, &canvas) else {
            return;
        };
        self.history.with_value(|history| {
            let end_s = axis_end_s(history.now_s, history.duration_s);
            let columns = columns(&history.windows, end_s, places.axis.width);
            let picture = Picture {
                columns: &columns,
                marks: &history.marks,
                now_s: history.now_s,
                end_s,
            };
            paint(&cx, &look, &places, &picture);
            let now = Figures::now(&history.windows);
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

    /// The pointer reads off the moment below it.
    fn point(self, event: &PointerEvent) {
        let x = f64::from(event.offset_x());
        let at_s = self.painted.with_value(|painted| {
            let axis = painted.places.axis;
            let share = (x - axis.x) / axis.width;
            let at_s = share * painted.end_s;
            (axis.width > 0.0 && share >= 0.0 && at_s <= painted.now_s).then_some(at_s)
        });
        self.hover.set(at_s);
    }

    /// The figures at a moment.
    fn read(self, at_s: f64) -> Option<Figures> {
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
}
