//! The dialog of pictures: what the canvas shows, as PNG or SVG, to be saved or copied.
//!
//! The PNG is painted from the shapes that the SVG is written from. An image of the SVG would need
//! a Content-Security-Policy that allows images from `blob:` or `data:`.

use editor::svg::{self, Drawn, FONTS, Ground, Ink, Moment, Picture, Shape, Words};
use js_sys::{Array, Promise};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, Path2d};

use crate::bind::{flag, text};
use crate::canvas;
use crate::clipboard;
use crate::dialogs::{PRIMARY, button, head};
use crate::files::{blob, design_name, save_blob};
use crate::state::Page;

/// Maximum number of pixels of a picture along one side; browsers refuse more.
const SIDE_MAX: f64 = 8_192.0;
const PNG: &str = "image/png";
const SVG: &str = "image/svg+xml";

/// The choices for a picture.
#[derive(Clone, Copy)]
struct Choice {
    page: Page,
    dark: RwSignal<bool>,
    numbers: RwSignal<bool>,
    /// What the canvas showed when the dialog opened.
    moment: StoredValue<Option<Moment>>,
    /// The result of the last button; empty once another choice is made.
    said: RwSignal<&'static str>,
}

impl Choice {
    fn picture(self) -> Picture {
        let numbers = self.numbers.get();
        self.moment.with_value(|moment| {
            let moment = moment.as_ref().filter(|_| numbers);
            self.page.design.with(|design| svg::picture(design, moment))
        })
    }

    fn ground(self) -> Ground {
        match self.dark.get() {
            true => Ground::Dark,
            false => Ground::Light,
        }
    }

    fn svg(self) -> String {
        svg::to_svg(&self.picture(), self.ground())
    }

    /// Returns the picture as a file, and the ending of its name.
    async fn file(self, kind: &'static str) -> Result<Blob, JsValue> {
        let (picture, ground) = untrack(|| (self.picture(), self.ground()));
        match kind {
            PNG => paint(&picture, ground).await,
            _ => blob(&svg::to_svg(&picture, ground), kind),
        }
    }

    fn act(self, kind: &'static str, copies: bool) {
        self.say("");
        match copies {
            true => self.copy(kind),
            false => self.save(kind),
        }
    }

    fn save(self, kind: &'static str) {
        spawn_local(async move {
            match self.file(kind).await {
                Ok(file) => {
                    let ending = if kind == PNG { "png" } else { "svg" };
                    save_blob(&file, &design_name(self.page), ending);
                }
                Err(_) => self.say("The browser could not draw the picture: download it as SVG."),
            }
        });
    }

    fn copy(self, kind: &'static str) {
        let promised = |kind: &'static str| -> Promise {
            future_to_promise(async move { Ok(self.file(kind).await?.into()) })
        };
        let mut files = Vec::new();
        if kind == PNG || clipboard::takes(SVG) {
            files.push((kind, promised(kind)));
        }
        if kind == SVG {
            // As text, for applications that cannot paste pictures.
            let source = blob(&untrack(|| self.svg()), "text/plain");
            files.push((
                "text/plain",
                future_to_promise(async move { Ok(source?.into()) }),
            ));
        }
        spawn_local(async move {
            if clipboard::write_files(files).await {
                return self.say(match kind {
                    PNG => "Copied as PNG.",
                    _ => "Copied as SVG.",
                });
            }
            self.say(
                "The browser does not let this page copy pictures. It is downloaded as a file \
                 instead.",
            );
            self.save(kind);
        });
    }

    /// Shows a message, unless the dialog is closed by now.
    fn say(self, what: &'static str) {
        let _ = self.said.try_set(what);
    }
}

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let moment = canvas::moment(page);
    let has_numbers = moment.is_some();
    let choice = Choice {
        page,
        dark: RwSignal::new(page.theme.get_untracked().is_dark()),
        numbers: RwSignal::new(false),
        moment: StoredValue::new(moment),
        said: RwSignal::new(""),
    };
    let segment = move |label: &'static str, dark: bool| {
        view! {
            <button
                aria-pressed=text(move || (choice.dark.get() == dark).to_string())
                on:click=move |_| {
                    choice.say("");
                    choice.dark.set(dark);
                }
            >
                {label}
            </button>
        }
        .into_any()
    };
    let buttons = [
        ("Copy as PNG", PRIMARY, PNG, true),
        ("Copy as SVG", "button", SVG, true),
        ("Download PNG", "button", PNG, false),
        ("Download SVG", "button", SVG, false),
    ];
    let buttons = buttons.map(|(label, class, kind, copies)| {
        button(
            label,
            class,
            Callback::new(move |()| choice.act(kind, copies)),
        )
    });
    view! {
        <div class="dialog-body">
            {head("Export as a picture")}
            <div class="picture-choices">
                <div class="segments" role="group" aria-label="Colors">
                    {segment("Light", false)} {segment("Dark", true)}
                </div>
                <label>
                    <input
                        type="checkbox"
                        disabled=!has_numbers
                        prop:checked=flag(move || choice.numbers.get())
                        on:change=move |event| {
                            choice.say("");
                            choice.numbers.set(event_target_checked(&event));
                        }
                    />
                    "Numbers at this moment of the run"
                </label>
            </div>
            <div class="picture-preview" inner_html=text(move || choice.svg())></div>
            <div class="dialog-foot">
                {Vec::from(buttons)}
                <p class="quiet" role="status">
                    {text(move || choice.said.get().to_owned())}
                </p>
            </div>
        </div>
    }
    .into_any()
}

/// Returns the picture as a PNG, two pixels for each of the canvas at 100%.
async fn paint(picture: &Picture, ground: Ground) -> Result<Blob, JsValue> {
    let (corner, size) = (picture.bounds.min, picture.bounds.size());
    let scale = (SIDE_MAX / size.x.max(size.y).max(1.0)).min(2.0);
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    canvas.set_width((size.x * scale).ceil() as u32);
    canvas.set_height((size.y * scale).ceil() as u32);
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.scale(scale, scale)?;
    context.translate(-corner.x, -corner.y)?;
    context.set_line_cap("round");
    context.set_line_join("round");
    for shape in &picture.shapes {
        match shape {
            Shape::Path(path) => paint_path(&context, path, ground)?,
            Shape::Text(words) => paint_words(&context, words, ground)?,
            Shape::Begin(_) | Shape::End => {}
        }
    }
    let drawn = Promise::new(&mut |resolve, _| {
        // Throws for a canvas that is too large; the promise then never resolves to a picture.
        if canvas.to_blob(&resolve).is_err() {
            let _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
        }
    });
    JsFuture::from(drawn).await?.dyn_into()
}

fn paint_path(
    context: &CanvasRenderingContext2d,
    path: &Drawn,
    ground: Ground,
) -> Result<(), JsValue> {
    let value = |ink: Ink| ink.value(ground);
    let line = Path2d::new_with_path_string(&path.d)?;
    context.save();
    context.translate(path.at.x, path.at.y)?;
    context.scale(path.scale[0], path.scale[1])?;
    let paint = path.paint;
    context.set_global_alpha(paint.opacity);
    if let Some(ink) = paint.fill {
        context.set_fill_style_str(value(ink));
        context.fill_with_path_2d(&line);
    }
    if let Some(ink) = paint.stroke {
        context.set_stroke_style_str(value(ink));
        context.set_line_width(paint.width);
        if paint.dash[0] > 0.0 {
            let [dash, gap] = paint.dash.map(JsValue::from);
            context.set_line_dash(&Array::of2(&dash, &gap))?;
        }
        context.stroke_with_path(&line);
    }
    context.restore();
    Ok(())
}

fn paint_words(
    context: &CanvasRenderingContext2d,
    words: &Words,
    ground: Ground,
) -> Result<(), JsValue> {
    let weight = if words.bold { "bold " } else { "" };
    context.set_font(&format!("{weight}{}px {FONTS}", words.size));
    context.set_text_align(if words.from_right { "right" } else { "left" });
    context.set_fill_style_str(words.ink.value(ground));
    context.fill_text(&words.text, words.at.x, words.at.y)
}
