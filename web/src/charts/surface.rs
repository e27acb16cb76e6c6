//! The canvas and the page around it: sizes, the theme's colors, and when they change.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    CanvasRenderingContext2d, Element, FontFaceSet, HtmlCanvasElement, HtmlElement,
    MutationObserver, MutationObserverInit, ResizeObserver,
};

use super::brush::{Area, Look, Places};

/// All that a painting needs.
pub(super) struct Surface {
    pub(super) cx: CanvasRenderingContext2d,
    pub(super) look: Look,
    pub(super) places: Places,
}

/// When sizes and colors were last measured, and what they were.
pub(super) type Measured = Option<(f64, Look, Places)>;

/// The names of the probes, in the order of [`Look`].
const PROBES: [&str; 8] = [
    "ink", "quiet", "line", "fine", "failing", "degraded", "waiting", "accent",
];

/// Elements with the theme's colors. A canvas needs computed colors, and a custom property with
/// `light-dark()` is not computed until an element uses it.
pub(super) fn probes() -> impl IntoView {
    let probe = |name: &'static str| {
        view! { <i data-probe=name prop:style=format!("color:var(--{name})")></i> }
    };
    view! {
        <span class="probes num" hidden>
            {PROBES.map(probe).collect_view()}
        </span>
    }
}

/// How long measured sizes and colors stay valid, in ms, unless a change is reported. Measuring
/// them forces the browser to lay out the page.
const MEASURED_MS: f64 = 1_000.0;

/// Returns the surface as it is now, or was when it was last measured; `None` while the charts are
/// not shown.
pub(super) fn prepare(
    root: &HtmlElement,
    canvas: &HtmlCanvasElement,
    measured: StoredValue<Measured, LocalStorage>,
) -> Option<Surface> {
    let now_ms = crate::engine::now_ms();
    let known = measured.with_value(|measured| {
        let (at_ms, look, places) = measured.as_ref()?;
        (now_ms - at_ms < MEASURED_MS).then(|| (look.clone(), *places))
    });
    let (look, places) = match known {
        Some(known) => known,
        None => {
            let (places, look) = (measure(root)?, look(root));
            measured.set_value(Some((now_ms, look.clone(), places)));
            (look, places)
        }
    };
    let ratio = window().device_pixel_ratio();
    let (width, height) = (
        (places.whole.width * ratio).round() as u32,
        (places.whole.height * ratio).round() as u32,
    );
    // Setting a size clears the canvas and its state, even where the size is the same.
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let cx = canvas
        .get_context("2d")
        .ok()
        .flatten()?
        .dyn_into::<CanvasRenderingContext2d>()
        .ok()?;
    cx.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    Some(Surface { cx, look, places })
}

fn measure(root: &HtmlElement) -> Option<Places> {
    let outer = root.get_bounding_client_rect();
    if outer.width() < 1.0 || outer.height() < 1.0 {
        return None;
    }
    let area = |selector: &str| {
        let element = root.query_selector(selector).ok().flatten()?;
        let rect = element.get_bounding_client_rect();
        let area = Area {
            x: rect.x() - outer.x(),
            y: rect.y() - outer.y(),
            width: rect.width(),
            height: rect.height(),
        };
        (area.height >= 1.0).then_some(area)
    };
    Some(Places {
        whole: Area {
            x: 0.0,
            y: 0.0,
            width: outer.width(),
            height: outer.height(),
        },
        marks: area("[data-plot=marks]")?,
        rows: [
            area("[data-plot=rates]"),
            area("[data-plot=latency]"),
            area("[data-plot=amplification]"),
            area("[data-plot=waiting]"),
        ],
        axis: area("[data-plot=axis]")?,
    })
}

fn look(root: &HtmlElement) -> Look {
    let computed = |selector: &str, property: &str| {
        let element = root.query_selector(selector).ok().flatten();
        element
            .and_then(|element: Element| window().get_computed_style(&element).ok().flatten())
            .and_then(|style| style.get_property_value(property).ok())
            .unwrap_or_default()
    };
    let [ink, quiet, line, fine, failing, degraded, waiting, accent] =
        PROBES.map(|name| computed(&format!("[data-probe={name}]"), "color"));
    let numbers = computed(".probes", "font-family");
    let text = computed(".legend", "font-family");
    Look {
        ink,
        quiet,
        line,
        fine,
        failing,
        degraded,
        waiting,
        accent,
        numbers,
        text,
    }
}

/// Calls `paint` when the size of `root` or the theme changes.
pub(super) fn on_change(root: NodeRef<Div>, paint: impl Fn() + Copy + 'static) {
    let watched = StoredValue::new_local(None::<Watch>);
    Effect::new(move |_| {
        if let Some(root) = root.get() {
            watched.set_value(Watch::start(&root, paint).ok());
        }
    });
    on_cleanup(move || {
        watched.try_update_value(Option::take);
    });
}

struct Watch {
    size: ResizeObserver,
    theme: MutationObserver,
    scheme: Option<web_sys::MediaQueryList>,
    faces: FontFaceSet,
    _changed: Closure<dyn FnMut()>,
}

impl Watch {
    fn start(root: &Element, paint: impl Fn() + 'static) -> Result<Self, JsValue> {
        let changed = Closure::<dyn FnMut()>::new(paint);
        let call = changed.as_ref().unchecked_ref::<js_sys::Function>();
        let size = ResizeObserver::new(call)?;
        size.observe(root);
        let theme = MutationObserver::new(call)?;
        if let Some(page) = document().document_element() {
            let init = MutationObserverInit::new();
            init.set_attributes(true);
            theme.observe_with_options(&page, &init)?;
        }
        let scheme = window().match_media("(prefers-color-scheme: dark)")?;
        if let Some(scheme) = &scheme {
            scheme.set_onchange(Some(call));
        }
        // What was painted before the page's fonts loaded is painted again with them.
        let faces = document().fonts();
        faces.set_onloadingdone(Some(call));
        Ok(Self {
            size,
            theme,
            scheme,
            faces,
            _changed: changed,
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.size.disconnect();
        self.theme.disconnect();
        self.faces.set_onloadingdone(None);
        if let Some(scheme) = &self.scheme {
            scheme.set_onchange(None);
        }
    }
}
