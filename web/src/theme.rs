//! Light, dark, or the system's theme; the choice is stored.

use leptos::prelude::*;

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
