//! The canvas element: layers, pointer events, and its size.

use editor::{Cursor, Input, Point, Tool, WheelAction};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DragEvent, HtmlElement, ResizeObserver};

use super::input::{self, Pointing};
use super::links::Links;
use super::nodes::Nodes;
use super::notes::Notes;
use super::overlay::Overlay;
use super::surface::{Surface, Way};
use super::wheel;
use super::zones::{Regions, ZoneNames};
use crate::bind::text;
use crate::findings::{FeedbackLoop, Flags, Traced};
use crate::state::Page;

/// Links, nodes, dots and overlay.
#[component]
pub(crate) fn Stage() -> impl IntoView {
    let page = Page::get();
    let surface = NodeRef::<Div>::new();
    let worlds = [NodeRef::<Div>::new(), NodeRef::<Div>::new()];
    surface.on_load(move |element| observe_size(page, element.unchecked_into()));
    follow_view(page, surface, worlds);
    let cursor = text(move || {
        page.overlay.track();
        let cursor = page.editor.with_value(editor::Editor::cursor);
        cursor_name(cursor).to_owned()
    });
    let pointing = Pointing::new(page);
    view! {
        <div
            class="surface"
            node_ref=surface
            role="group"
            aria-label="Canvas"
            data-cursor=cursor
            on:pointerdown=move |event| pointing.down(&event)
            on:pointermove=move |event| pointing.moved(&event)
            on:pointerup=move |event| pointing.up(&event)
            on:pointercancel=move |_| pointing.cancel()
            on:pointerleave=move |_| pointing.leave()
            on:dblclick=move |event| pointing.double(&event)
            on:contextmenu=move |event| pointing.menu(&event)
            on:wheel=move |event| wheel::turned(page, &event)
            on:focusin=move |event| input::focused(page, &event)
            on:dragover=|event: DragEvent| event.prevent_default()
            on:drop=move |event: DragEvent| drop_file(page, &event)
        >
            <div class="world" node_ref=worlds[0]>
                <Regions />
                <Notes />
                <FeedbackLoop />
                <Links />
            </div>
            // Requests travel on links and go into cards, not over them.
            {dots(page)}
            <div class="world" node_ref=worlds[1]>
                <Nodes />
                <ZoneNames />
                <Traced />
                <Flags />
            </div>
            <Overlay />
        </div>
    }
}

/// The canvas that requests are drawn on. It is created again if another way of drawing is needed,
/// and removed while it is not visible.
fn dots(page: Page) -> impl IntoView {
    let way = RwSignal::new(Way::WebGl2);
    let canvas = move |way_now: Way| {
        let canvas = NodeRef::<Canvas>::new();
        canvas.on_load(move |canvas| {
            let give_up = move || way.set(Way::Canvas2d);
            let surface = Surface::new(canvas, way_now, give_up);
            if surface.is_none() && way_now == Way::WebGl2 {
                give_up();
            }
            page.live.set_surface(surface);
        });
        let name = match way_now {
            Way::WebGl2 => "webgl2",
            Way::Canvas2d => "2d",
        };
        view! { <canvas class="dots" data-way=name node_ref=canvas aria-hidden="true"></canvas> }
    };
    let ways = move || {
        let seen = page.in_sight.get().then_some(way.get());
        if seen.is_none() {
            page.live.set_surface(None);
        }
        seen
    };
    // By key: an element that was drawn on in one way cannot be drawn on in the other.
    view! {
        <For each=ways key=|way| *way let:way>
            {canvas(way)}
        </For>
    }
}

/// Moves the layers with the viewport. This writes to the elements, because a pan changes it every
/// frame.
fn follow_view(page: Page, surface: NodeRef<Div>, worlds: [NodeRef<Div>; 2]) {
    Effect::new(move || {
        let view = page.view.get();
        let (Some(surface), [Some(below), Some(above)]) =
            (surface.get(), worlds.map(|world| world.get()))
        else {
            return;
        };
        let (offset, scale) = (view.offset(), view.scale());
        page.live.set_viewport(&view);
        let style = |element: &HtmlElement, name: &str, value: String| {
            // Fails for names that are no property names; ours are constants.
            let _ = element.style().set_property(name, &value);
        };
        let transform = format!("translate({}px,{}px) scale({scale})", offset.x, offset.y);
        // The grid stays fine: its dots are never nearer than 16 px.
        let grid = 24.0
            * scale
            * if scale < 0.7 { 2.0 } else { 1.0 }
            * if scale < 0.35 { 2.0 } else { 1.0 };
        // Not through custom properties: every element below would inherit them, and get a new
        // style in each frame of a pan.
        style(&surface, "background-size", format!("{grid}px {grid}px"));
        let position = format!("{}px {}px", offset.x, offset.y);
        style(&surface, "background-position", position);
        let size = match scale {
            s if s < 0.3 => "world small tiny",
            s if s < 0.55 => "world small",
            s if s < 0.76 => "world mid",
            _ => "world",
        };
        for world in [below, above] {
            style(&world, "transform", transform.clone());
            // Cards inherit this one, so a pan must not touch it.
            let zoom = format!("{scale}");
            let declared = HtmlElement::style(&world);
            if declared.get_property_value("--scale").as_ref() != Ok(&zoom) {
                style(&world, "--scale", zoom);
            }
            if world.class_name() != size {
                world.set_class_name(size);
            }
        }
    });
}

/// Takes the element's size, now and whenever it changes. The first time, the design is fitted in.
fn observe_size(page: Page, element: HtmlElement) {
    let fitted = StoredValue::new(false);
    let measured = element.clone();
    let on_resize = Closure::<dyn FnMut()>::new(move || {
        let rect = measured.get_bounding_client_rect();
        let (width, height) = (rect.width(), rect.height());
        if width < 1.0 || height < 1.0 {
            return;
        }
        page.live.resize_surface(width, height);
        let effects = page.edit(|editor| {
            let mut effects = editor.resize(Point::new(width, height));
            if !fitted.get_value() {
                effects.extend(editor.fit());
            }
            effects
        });
        fitted.set_value(true);
        page.follow_all(effects);
        reveal_selection(page);
    });
    if let Ok(observer) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
        observer.observe(&element);
    }
    // Lives as long as the page.
    on_resize.forget();
}

/// Returns how far `min` to `max` reaches beyond `0` to `size`, with a little free space around it.
/// A range larger than `size` keeps its start in view.
fn beyond(min: f64, max: f64, size: f64) -> f64 {
    /// Free space, in screen pixels.
    const MARGIN: f64 = 24.0;
    let (before, after) = (min - MARGIN, max + MARGIN - size);
    if before < 0.0 {
        before
    } else {
        after.clamp(0.0, before)
    }
}

/// Moves the view just far enough that the selection is not hidden, for example by an inspector
/// that opened beside the canvas.
pub(crate) fn reveal_selection(page: Page) {
    if is_busy(page) {
        // During a drag, moving the view under the pointer is worse than a hidden selection.
        request_animation_frame(move || reveal_selection(page));
        return;
    }
    let way = page.editor.with_value(|editor| {
        let bounds = editor.scene().bounds_of(editor.selection())?;
        let view = editor.viewport();
        let (min, max) = (view.to_screen(bounds.min), view.to_screen(bounds.max));
        let size = view.size();
        let by = Point::new(beyond(min.x, max.x, size.x), beyond(min.y, max.y, size.y));
        (by != Point::default()).then_some(by)
    });
    if let Some(by) = way {
        let action = WheelAction::Pan;
        let at = Point::default();
        page.input(Input::Wheel { at, by, action });
    }
}

fn cursor_name(cursor: Cursor) -> &'static str {
    match cursor {
        Cursor::Default => "default",
        Cursor::Pointer => "pointer",
        Cursor::Move => "move",
        Cursor::Grabbing => "grabbing",
        Cursor::Crosshair => "crosshair",
        Cursor::NotAllowed => "not-allowed",
    }
}

/// Opens a dropped file, or a dropped text that is a link or a flowchart.
fn drop_file(page: Page, event: &DragEvent) {
    let Some(data) = event.data_transfer() else {
        return;
    };
    event.prevent_default();
    match data.files().and_then(|files| files.get(0)) {
        Some(file) => crate::files::open_file(page, file, true),
        None => {
            let text = data.get_data("text/plain").unwrap_or_default();
            if !text.is_empty() {
                page.open_text(&text, "The dropped text", true);
            }
        }
    }
}

/// Returns whether a gesture is in progress.
pub(super) fn is_busy(page: Page) -> bool {
    page.editor
        .with_value(|editor| !matches!(editor.tool(), Tool::Idle(_)))
}
