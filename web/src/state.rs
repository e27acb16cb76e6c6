//! What the whole page shares: the document's latest state for views, the selection, the run's
//! status, and the only ways to change them. `Page` is a handful of keys: copy it freely.

use std::sync::Arc;

use design::{Command, Design};
use leptos::prelude::*;

use crate::history::{History, SharedHistory};

/// The nodes and links that are selected, by id. (Replaced by the editor's own once it has one.)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Node ids.
    pub(crate) nodes: Vec<String>,
    /// Link ids.
    pub(crate) links: Vec<String>,
}

/// The run's figures as views show them; renewed at most ten times a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Status {
    /// Simulated time, in seconds.
    pub(crate) time_s: f64,
}

/// Everything components share.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// The design after the last command.
    pub(crate) design: RwSignal<Arc<Design>>,
    /// What is selected.
    pub(crate) selection: RwSignal<Selection>,
    /// The run's figures.
    pub(crate) status: RwSignal<Status>,
    /// What the charts draw.
    pub(crate) history: SharedHistory,
    /// Rises when `history` has changed, at most ten times a second.
    pub(crate) tick: RwSignal<u32>,
}

impl Page {
    /// A page with an empty document.
    pub(crate) fn new() -> Self {
        Self {
            design: RwSignal::new(Arc::new(Design::default())),
            selection: RwSignal::new(Selection::default()),
            status: RwSignal::new(Status::default()),
            history: StoredValue::new_local(History::default()),
            tick: RwSignal::new(0),
        }
    }

    /// The page that this component is part of.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    /// Carries out one edit: the document, the running simulation and the history follow.
    pub(crate) fn command(self, command: Command) {
        let mut design = Design::clone(&self.design.get_untracked());
        if design.apply(command).is_ok() {
            self.design.set(Arc::new(design));
        }
    }

    /// As a callback, for components that only edit.
    pub(crate) fn on_command(self) -> Callback<Command> {
        Callback::new(move |command| self.command(command))
    }
}
