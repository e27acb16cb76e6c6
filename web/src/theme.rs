//! Light, dark, or the system's theme; the choice is stored.

use editor::Point;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::storage;

const KEY: &str = "faultline.theme";

/// The theme that the user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// The system's theme.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Returns its name in storage and in an embed's address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme with this name; any other name is the system's theme.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// Returns the choice of an earlier visit.
    pub(crate) fn stored() -> Self {
        storage::get(KEY).map_or(Self::Auto, |name| Self::from_name(&name))
    }

    /// Stores the choice.
    pub(crate) fn store(self) {
        match self {
            Self::Auto => storage::remove(KEY),
            Self::Light | Self::Dark => storage::set(KEY, self.name()),
        }
    }

    /// Returns the next choice of the button: the opposite of what is shown now, then back.
    pub(crate) fn next(self) -> Self {
        match (self, system_is_dark()) {
            (Self::Auto, true) => Self::Light,
            (Self::Auto, false) => Self::Dark,
            (Self::Light, true) | (Self::Dark, false) => Self::Auto,
            (Self::Light, false) => Self::Dark,
            (Self::Dark, true) => Self::Light,
        }
    }

    /// Returns whether the page is dark now.
    pub(crate) fn is_dark(self) -> bool {
        match self {
            Self::Auto => system_is_dark(),
            Self::Light => false,
            Self::Dark => true,
        }
    }

    /// Applies it.
    pub(crate) fn apply(self) {
        let Some(root) = document().document_element() else {
            return;
        };
        // Fails for names that are no attribute names; ours is a constant.
        let _ = match self {
            Self::Auto => root.remove_attribute("data-theme"),
            Self::Light | Self::Dark => root.set_attribute("data-theme", self.name()),
        };
    }
}

fn system_is_dark() -> bool {
    matches("(prefers-color-scheme: dark)")
}

/// Returns whether the user prefers reduced motion.
pub(crate) fn wants_less_motion() -> bool {
    matches("(prefers-reduced-motion: reduce)")
}

/// Returns whether a mouse is in use, and with it most likely a keyboard.
pub(crate) fn has_mouse() -> bool {
    matches("(hover: hover)")
}

/// Returns the part of a phone's canvas that tools do not cover, in pixels; `None` on a screen wide
/// enough for a row of cards. It is known before the canvas is laid out.
pub(crate) fn phone() -> Option<Point> {
    /// Width above which four cards in a row can be read, in pixels.
    const NARROW: f64 = 560.0;
    let size = |value: Result<JsValue, JsValue>| value.ok()?.as_f64();
    let width = size(window().inner_width())?;
    let height = size(window().inner_height())?;
    // The sheet and the bars take the rest, and tools cover the edges of the canvas.
    let room = Point::new(width - 16.0, (0.58 * height - 268.0).max(120.0));
    (width < NARROW).then_some(room)
}

fn matches(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}

/// Calls back whenever the system's theme changes.
pub(crate) fn on_system_change(call: impl FnMut() + 'static) {
    use wasm_bindgen::JsCast;
    use wasm_bindgen::prelude::Closure;
    let Ok(Some(list)) = window().match_media("(prefers-color-scheme: dark)") else {
        return;
    };
    let call = Closure::<dyn FnMut()>::new(call);
    // Lives as long as the page.
    let _ = list.add_event_listener_with_callback("change", call.as_ref().unchecked_ref());
    call.forget();
}
