//! Escape closes the panel, menu or selection that opened last.

use editor::ActionId;
use leptos::prelude::*;

use crate::state::Page;

/// Something that opens and closes. Dialogs belong to the browser, and close before any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// A menu or a list on the canvas or below the bar.
    Popup,
    /// The list of everything that can be added.
    Adding,
    /// Traces of requests.
    Why,
    /// The settings of the design.
    Settings,
    /// The selection, and with it the inspector.
    Selection,
}

impl Layer {
    const ALL: [Self; 5] = [
        Self::Popup,
        Self::Adding,
        Self::Why,
        Self::Settings,
        Self::Selection,
    ];

    fn is_open(self, page: Page) -> bool {
        match self {
            Self::Popup => page.popup.with(Option::is_some),
            Self::Adding => page.adding.get(),
            Self::Why => page.why.with(Option::is_some),
            Self::Settings => page.about_design.get(),
            Self::Selection => page.selection.with(|selection| !selection.is_empty()),
        }
    }

    fn close(self, page: Page) {
        match self {
            Self::Popup => page.popup.set(None),
            Self::Adding => page.adding.set(false),
            Self::Why => page.why.set(None),
            Self::Settings => page.about_design.set(false),
            Self::Selection => page.act(ActionId::Deselect),
        }
    }
}

/// Tracks the order in which layers open.
pub(crate) fn follow(page: Page) {
    for layer in Layer::ALL {
        let open = Memo::new(move |_| layer.is_open(page));
        Effect::new(move || {
            let open = open.get();
            page.hidden.update_value(|hidden| {
                hidden.layers.retain(|other| *other != layer);
                if open {
                    hidden.layers.push(layer);
                }
            });
        });
    }
}

/// Closes the layer that opened last. Returns false if none is open.
pub(crate) fn close_last(page: Page) -> bool {
    let last = page.hidden.with_value(|hidden| {
        let open = |layer: &&Layer| untrack(|| layer.is_open(page));
        hidden.layers.iter().rev().find(open).copied()
    });
    if let Some(layer) = last {
        layer.close(page);
    }
    last.is_some()
}
