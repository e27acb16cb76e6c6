//! The progress of the experiments, and a button that stops them.

use leptos::prelude::*;

use super::trials::Stage;
use crate::bind;
use crate::state::Page;
use crate::words;

/// A line of text, with a progress bar while experiments run.
pub(super) fn view(page: Page) -> AnyView {
    // The numbers change often: they must not draw the button again.
    let stage = Memo::new(move |_| {
        page.review.stage.with(|stage| match stage {
            Stage::Idle => Shown::Nothing,
            Stage::Trying { .. } => Shown::Trying,
            Stage::Done => Shown::Done,
            Stage::Stopped => Shown::Stopped,
            Stage::Impossible(why) => Shown::Why(why.clone()),
        })
    });
    let shown = move || match stage.get() {
        Shown::Nothing => ().into_any(),
        Shown::Trying => trying(page),
        Shown::Done => done(page),
        Shown::Stopped => line("Stopped before all experiments were done.", Some(page)),
        Shown::Why(why) => line(&why, None),
    };
    shown.into_any()
}

#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Nothing,
    Trying,
    Done,
    Stopped,
    Why(String),
}

fn trying(page: Page) -> AnyView {
    let counts = move || {
        page.review.stage.with(|stage| match stage {
            Stage::Trying { done, planned } => (*done, *planned),
            _ => (0, 0),
        })
    };
    let says = bind::text(move || match counts() {
        (_, 0) => "Repeating this run before testing causes \u{2026}".to_owned(),
        (done, planned) => format!("Testing causes and remedies: run {done} of {planned}"),
    });
    let max = bind::text(move || counts().1.max(1).to_string());
    let value = bind::text(move || counts().0.to_string());
    view! {
        <div class="trying">
            <p class="quiet">{says}</p>
            <progress max=max value=value aria-label="Experiments"></progress>
            <button class="button bare" on:click=move |_| page.try_or_stop(false)>
                "Stop"
            </button>
        </div>
    }
    .into_any()
}

/// The number of experiments, and the moment of the run up to which they hold.
fn done(page: Page) -> AnyView {
    let says = bind::text(move || {
        let tried = page.review.trials.with_value(|trials| {
            let known = trials.known();
            known.map_or(0, |known| known.tried.len())
        });
        let runs = match tried {
            1 => "One suspect was".to_owned(),
            n => format!("{n} suspects were"),
        };
        match (tried, page.review.lags.get()) {
            (0, _) => String::new(),
            (_, None) => format!("{runs} removed from this run, one at a time."),
            (_, Some(until_s)) => format!(
                "{runs} removed, one at a time, from this run up to {}.",
                words::clock(until_s)
            ),
        }
    });
    view! {
        <p class="trying-done quiet" role="status">
            {says}
        </p>
    }
    .into_any()
}

fn line(why: &str, again: Option<Page>) -> AnyView {
    let again = again.map(|page| {
        view! {
            <button class="button bare" on:click=move |_| page.try_or_stop(true)>
                "Continue"
            </button>
        }
    });
    view! {
        <div class="trying">
            <p class="quiet" role="status">
                {why.to_owned()}
            </p>
            {again}
        </div>
    }
    .into_any()
}
