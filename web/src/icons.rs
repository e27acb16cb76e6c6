//! Icons, 20 × 20, stroked in the color of the text around them.

use leptos::prelude::*;

pub(crate) use editor::icons::{BROKEN, of_kind};

/// An icon from one of the paths below.
pub(crate) fn glyph(path: &'static str) -> impl IntoView {
    view! {
        <svg class="glyph" viewBox="0 0 20 20" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

/// An icon that changes.
pub(crate) fn changing(path: impl Fn() -> &'static str + Send + Sync + 'static) -> impl IntoView {
    let path = crate::bind::text(move || path().to_owned());
    view! {
        <svg class="glyph" viewBox="0 0 20 20" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

pub(crate) const PLAY: &str = "M6 4l10 6l-10 6z";
pub(crate) const PAUSE: &str = "M7 4.500v11M13 4.500v11";
pub(crate) const STEP: &str = "M5 5l7 5l-7 5zM15 5v10";
pub(crate) const RESTART: &str = "M4.5 10a5.5 5.5 0 1 0 1.8-4.100M6.5 2.5v3.5h3.5";
pub(crate) const SEED: &str =
    "M4 4h12v12h-12zM7.5 7.500h.01M12.5 7.500h.01M10 10h.01M7.5 12.5h.01M12.5 12.5h.01";
pub(crate) const UNDO: &str = "M4 8h8a4 4 0 0 1 0 8h-3M7 5l-3 3l3 3";
pub(crate) const REDO: &str = "M16 8h-8a4 4 0 0 0 0 8h3M13 5l3 3l-3 3";
pub(crate) const THEME: &str = "M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 0 1 0 13";
pub(crate) const SHARE: &str = "M10 12.5v-9.500M6.5 6l3.5-3.5l3.5 3.5M4 10.500v6h12v-6";
pub(crate) const FOLD: &str = "M3.5 4h13v12h-13zM8 4v12M13.5 8l-2 2l2 2";
pub(crate) const UNFOLD: &str = "M3.5 4h13v12h-13zM8 4v12M11.5 8l2 2l-2 2";
pub(crate) const FIT: &str = "M4 7.500v-3.5h3.5M12.5 4h3.5v3.5M16 12.5v3.5h-3.5M7.5 16h-3.5v-3.5";
pub(crate) const NOTE: &str = "M4 3.5h12v9l-4 4h-8zM12 16.5v-4h4M7 7.500h6M7 10.500h3";
pub(crate) const AIM: &str =
    "M10 5.5a4.5 4.500 0 1 0 .01 0zM10 2.500v4M10 13.500v4M2.5 10h4M13.5 10h4";
pub(crate) const GALLERY: &str =
    "M3.5 4h5.5v5h-5.500zM11 4h5.500v5h-5.500zM3.5 11h5.500v5h-5.500zM11 11h5.500v5h-5.500z";
pub(crate) const PATTERNS: &str = "M3.5 3.5h5v5h-5zM11.5 11.5h5v5h-5zM8.5 6h5.5v5.5M6 8.5v5.5h5.5";
pub(crate) const PLUS: &str = "M10 5v10M5 10h10";
pub(crate) const MINUS: &str = "M5 10h10";
pub(crate) const DOWN: &str = "M6 8l4 4l4-4";
pub(crate) const CLOSE: &str = "M5 5l10 10M15 5l-10 10";
pub(crate) const MORE: &str = "M4.500 10h.01M10 10h.01M15.500 10h.01";
pub(crate) const WARNING: &str = "M10 3.5l7 12.5h-14zM10 8.500v3.5M10 14h.01";
pub(crate) const OUT: &str = "M8 4h-4v12h12v-4M11 4h5v5M16 4l-7 7";

/// Returns the icon of a pattern.
pub(crate) fn of_pattern(pattern: editor::Pattern) -> &'static str {
    use editor::Pattern;
    match pattern {
        Pattern::LookAside => "M2.5 11h4v4h-4zM13.5 11h4v4h-4zM8 3h4v4h-4zM6.5 13h7M5 11l3-4.5",
        Pattern::ReadThrough => {
            "M2 8h3.5v4h-3.5zM8 7h4v6h-4zM14.5 8h3.5v4h-3.5zM5.5 10h2.5M12 10h2.5"
        }
        Pattern::WriteBehind => {
            "M2 8h3.5v4h-3.5zM8 7h4v6h-4zM15.5 8h2.5v4h-2.5zM5.5 10h2.5M12 10h.6M13.8 10h.6"
        }
        Pattern::FanOut => {
            "M2 8h3.5v4h-3.5zM14 2.5h4v3h-4zM14 8.5h4v3h-4zM14 14.5h4v3h-4zM5.5 10l8.5-6M5.5 10h8.5\
             M5.5 10l8.5 6"
        }
        Pattern::Routes => {
            "M2 8h3.5v4h-3.5zM5.5 10l5-4.5h6.5M5.5 10l5 4.5h6.5M14.5 3l2.5 2.5l-2.5 2.5\
             M14.5 12l2.5 2.5l-2.5 2.5"
        }
        Pattern::Outbox => {
            "M2 6c0-2 6-2 6 0v8c0 2-6 2-6 0zM2 6c0 2 6 2 6 0M8 10h3M11.5 8h2.5v4h-2.5z\
             M15.5 8h2.5v4h-2.5z"
        }
        Pattern::WorkerPool => {
            "M2 8h2.5v4h-2.5zM6 8h2.5v4h-2.5zM8.5 10h4M12.5 3h5v3.5h-5zM12.5 8.2h5v3.5h-5z\
             M12.5 13.5h5v3.5h-5zM10.5 4.7h2M10.5 15.2h2M10.5 4.7v10.5"
        }
    }
}
