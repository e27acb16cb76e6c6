//! Handles for the faults over the charts. A drag moves a fault, a drag of its end changes its
//! duration, and a click opens a form.

use design::{Command, Duration, Fault, Target, Value};
use editor::Point;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::Charter;
use crate::acting::focus_soon;
use crate::bind::text;
use crate::faults::has_length;
use crate::history::fault_label;
use crate::state::{Page, Popup};

/// Step of an arrow key, in seconds.
const KEY_S: f64 = 1.0;
/// A pointer that moved less far than this clicked, in pixels.
const CLICK_PX: f64 = 3.0;

/// How a fault is held.
#[derive(Clone, Copy, PartialEq)]
enum Grip {
    Move,
    Stretch,
}

/// A fault that is held.
#[derive(Clone)]
struct Held {
    grip: Grip,
    /// Where the pointer was pressed, in pixels of the window.
    from_x: f64,
    /// The fault as it was then.
    fault: Fault,
    moved: bool,
}

/// The bands in the strip of marks.
pub(super) fn bands(charter: Charter) -> impl IntoView {
    let page = charter.page;
    let count = Memo::new(move |_| page.design.with(|design| design.faults.len()));
    move || (0..count.get()).map(|ix| band(charter, ix)).collect_view()
}

/// The handle of one fault, by the fault's index in the design.
#[derive(Clone, Copy)]
struct Band {
    charter: Charter,
    ix: usize,
    held: StoredValue<Option<Held>>,
}

impl Band {
    fn fault(self) -> Option<Fault> {
        let faults = |design: &std::sync::Arc<design::Design>| design.faults.get(self.ix).cloned();
        self.charter.page.design.with_untracked(faults)
    }

    fn take(self, event: &PointerEvent, grip: Grip) {
        let (0, Some(fault)) = (event.button(), self.fault()) else {
            return;
        };
        event.stop_propagation();
        let target = event.current_target();
        if let Some(element) = target.and_then(|it| it.dyn_into::<Element>().ok()) {
            // Fails only for a pointer that is gone.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        self.charter.page.end_gesture();
        self.held.set_value(Some(Held {
            grip,
            from_x: f64::from(event.client_x()),
            fault,
            moved: false,
        }));
    }

    fn drag(self, event: &PointerEvent) {
        let Some(mut held) = self.held.get_value() else {
            return;
        };
        let by_px = f64::from(event.client_x()) - held.from_x;
        if !held.moved && by_px.abs() <= CLICK_PX {
            return;
        }
        let by_s = by_px * self.charter.seconds_per_px();
        change(
            self.charter.page,
            self.ix,
            &held.fault,
            held.grip,
            by_s,
            "drag",
        );
        held.moved = true;
        self.held.set_value(Some(held));
    }

    fn release(self) {
        let held = self.held.try_update_value(Option::take).flatten();
        self.charter.page.end_gesture();
        if held.is_some_and(|held| !held.moved) {
            open(self.charter.page, self.ix);
        }
    }

    fn label(self) -> Signal<String> {
        text(move || {
            self.charter.page.design.with(|design| {
                let fault = design.faults.get(self.ix);
                fault.map_or_else(String::new, |fault| {
                    let from_s = fault.at.as_s();
                    format!("{}, from {from_s:.1} s", fault_label(fault, design))
                })
            })
        })
    }
}

fn band(charter: Charter, ix: usize) -> AnyView {
    /// The second line of the tooltip.
    const HOW: &str = "Drag to move it, drag its end to change its duration, click to edit it";
    let page = charter.page;
    let band = Band {
        charter,
        ix,
        held: StoredValue::new(None),
    };
    let label = band.label();
    let can_stretch = Memo::new(move |_| {
        page.design
            .with(|design| design.faults.get(ix).is_some_and(has_length))
    });
    let place = Memo::new(move |_| charter.place_of(ix));
    let end = move || {
        let stretch = move |event: PointerEvent| band.take(&event, Grip::Stretch);
        view! { <i class="fault-end" on:pointerdown=stretch></i> }
    };
    view! {
        <button
            class="fault-band"
            aria-label=text(move || format!("Edit the fault: {}", label.get()))
            aria-haspopup="dialog"
            title=text(move || format!("{}\n{HOW}", label.get()))
            prop:style=place
            on:pointerdown=move |event| band.take(&event, Grip::Move)
            on:pointermove=move |event| band.drag(&event)
            on:pointerup=move |_| band.release()
            on:pointercancel=move |_| band.held.set_value(None)
            on:keydown=move |event| by_key(page, ix, &event)
            on:click=move |event| {
                // By keyboard or screen reader: pointers are handled above.
                if event.detail() == 0 {
                    open(page, ix);
                }
            }
        >
            {move || can_stretch.get().then(end)}
        </button>
    }
    .into_any()
}

fn by_key(page: Page, ix: usize, event: &KeyboardEvent) {
    let Some(fault) = page
        .design
        .with_untracked(|design| design.faults.get(ix).cloned())
    else {
        return;
    };
    let grip = match event.shift_key() {
        true => Grip::Stretch,
        false => Grip::Move,
    };
    match event.key().as_str() {
        "ArrowLeft" => change(page, ix, &fault, grip, -KEY_S, "keys"),
        "ArrowRight" => change(page, ix, &fault, grip, KEY_S, "keys"),
        "Delete" | "Backspace" => page.remove_fault(ix),
        _ => return,
    }
    event.prevent_default();
    // The canvas and the time line know these keys too.
    event.stop_propagation();
}

/// Moves or stretches a fault by a time from its start, in whole tenths of a second.
fn change(page: Page, ix: usize, was: &Fault, grip: Grip, by_s: f64, gesture: &str) {
    let tenths = |at: Duration, least: f64| {
        let tenths = ((at.as_s() + by_s) * 10.0).round().max(least);
        Duration::ms(tenths as u64 * 100).to_string()
    };
    let (field, value) = match (grip, was.lasts) {
        (Grip::Move, _) => ("at", tenths(was.at, 0.0)),
        (Grip::Stretch, Some(lasts)) if has_length(was) => ("for", tenths(lasts, 1.0)),
        // A fault that lasts to the end of the run is shortened from there.
        (Grip::Stretch, _) if has_length(was) => {
            let end = page
                .design
                .with_untracked(|design| design.settings.duration);
            ("for", tenths(Duration(end.0.saturating_sub(was.at.0)), 1.0))
        }
        (Grip::Stretch, _) => return,
    };
    page.command_keyed(
        Command::Set(Target::Fault(ix), field.to_owned(), Value::Text(value)),
        format!("fault-{gesture}-{ix}-{field}"),
    );
}

/// Opens the form of a fault, over the canvas.
fn open(page: Page, ix: usize) {
    let size = page.view.with_untracked(|view| view.size());
    page.popup.set(Some(Popup::Fault(
        ix,
        Point::new(size.x / 2.0 - 150.0, 0.0),
    )));
    focus_soon(".fault-menu :is(input, select, button):not(:disabled)");
}

impl Charter {
    fn seconds_per_px(self) -> f64 {
        self.painted.with_value(|painted| {
            let width = painted.places.axis.width;
            if width > 0.0 {
                painted.end_s / width
            } else {
                0.0
            }
        })
    }

    /// Returns the style of a fault's band over the strip of marks.
    fn place_of(self, ix: usize) -> String {
        /// Minimum width, so that a fault without a duration can be dragged too.
        const LEAST_PX: f64 = 10.0;
        // Moves with the axis while the run goes on.
        self.now.track();
        let ends = self.page.design.with(|design| {
            let fault = design.faults.get(ix)?;
            let end_s = design
                .fault_ends(fault)
                .map_or(f64::INFINITY, |end| end.as_s());
            Some((fault.at.as_s(), end_s))
        });
        let shown = self.painted.with_value(|painted| {
            let (from_s, until_s) = ends.filter(|(from_s, _)| *from_s <= painted.end_s)?;
            let share = |at_s: f64| (at_s / painted.end_s).clamp(0.0, 1.0);
            let width = painted.places.axis.width;
            let left = (share(from_s) * width).min(width - LEAST_PX);
            let wide = (share(until_s) * width - left).max(LEAST_PX);
            Some(format!("left:{left:.1}px;width:{wide:.1}px"))
        });
        shown.unwrap_or_else(|| "display:none".to_owned())
    }
}
