//! Comparison of two whole runs with the same seed, side by side.

mod chart;
mod table;

use std::sync::Arc;

use design::{Design, Value};
use format::message::{Counted, Request};
use host::scenarios::Shown;
use leptos::prelude::*;
use report::Score;

use crate::dialogs::head;
use crate::state::{Dialog, Page};

/// Name of the chart of latency.
const LATENCY: &str = "p99 latency of answered requests, ms";

/// What is compared.
#[derive(Clone, Debug, Default)]
pub(crate) enum Of {
    /// The design before and after its last edit.
    #[default]
    Edit,
    /// A lesson, faulty and fixed, with the metrics that it shows; whether by its main remedy.
    Lesson(Vec<Shown>, bool),
}

/// Two runs side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    token: u32,
    of: Of,
    names: [String; 2],
    seed: u64,
    duration_s: f64,
    /// When faults were active, from and to.
    faults: Vec<(f64, f64)>,
    state: State,
    /// The scores of the requirements in both runs, once they are done.
    scores: Arc<[Vec<Score>; 2]>,
}

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    None,
    Running,
    Done(Arc<[Value; 2]>),
    Failed(String),
}

impl Page {
    /// Runs two designs whole, with the seed of the second, and shows them side by side.
    pub(crate) fn compare(self, before: &Design, after: &Design, names: [String; 2], of: Of) {
        let mut before = before.clone();
        before.settings.seed = after.settings.seed;
        self.begin_comparison(&before, after, names, of);
        self.dialog.set(Some(Dialog::Compare));
    }

    /// Compares the design with its state before the last edit.
    pub(crate) fn compare_with_before(self) {
        let before = self.editor.with_value(|editor| {
            let mut document = editor.document().clone();
            let name = document.undo_name().map(str::to_owned)?;
            document.undo()?;
            Some((document.design().clone(), name))
        });
        match before {
            Some((before, name)) => {
                let after = self.design.get_untracked();
                let names = ["Before".to_owned(), format!("After: {name}")];
                self.compare(&before, &after, names, Of::Edit);
            }
            None => self.refuse("there is no edit to compare yet"),
        }
    }

    /// Runs two designs whole.
    pub(crate) fn begin_comparison(
        self,
        before: &Design,
        after: &Design,
        names: [String; 2],
        of: Of,
    ) {
        let token = self.review.compared.with_untracked(|last| last.token);
        let token = token.wrapping_add(1);
        let end = |fault| {
            after
                .fault_ends(fault)
                .map_or(f64::INFINITY, design::Duration::as_s)
        };
        self.review.compared.set(Comparison {
            token,
            of,
            names,
            seed: after.settings.seed,
            duration_s: after.settings.duration.as_s(),
            faults: after
                .faults
                .iter()
                .map(|fault| (fault.at.as_s(), end(fault)))
                .collect(),
            state: State::Running,
            scores: Arc::default(),
        });
        let designs = [before, after].map(format::json::write);
        self.tell(|_| Request::Compare { token, designs });
    }

    /// Takes the result.
    pub(crate) fn take_comparison(self, token: u32, counted: [Counted; 2]) {
        let [before, after] = counted
            .each_ref()
            .map(|one| format::json::value_from_str(&one.json));
        let scores = Arc::new(counted.map(|one| one.scores));
        self.review.compared.update(|now| {
            if now.token == token {
                now.scores = scores;
            }
        });
        self.end_comparison(
            token,
            match (before, after) {
                (Ok(before), Ok(after)) => State::Done(Arc::new([before, after])),
                _ => State::Failed("The runs produced no report.".to_owned()),
            },
        );
    }

    /// Reports that one of the designs cannot be run.
    pub(crate) fn refuse_comparison(self, token: u32, problems: &[(String, String)]) {
        let first = problems
            .first()
            .map(|(path, message)| format!("{path} {message}"));
        let why = first.unwrap_or_default();
        self.end_comparison(
            token,
            State::Failed(format!("One of the two designs cannot be run: {why}.")),
        );
    }

    /// Reports that the worker failed during the comparison.
    pub(crate) fn lose_comparison(self) {
        let token = self.review.compared.with_untracked(|now| match now.state {
            State::Running => Some(now.token),
            State::None | State::Done(_) | State::Failed(_) => None,
        });
        if let Some(token) = token {
            let why = "The simulation stopped. Close this and compare again.".to_owned();
            self.end_comparison(token, State::Failed(why));
        }
    }

    fn end_comparison(self, token: u32, state: State) {
        let (is_it, is_told) = self
            .review
            .compared
            .with_untracked(|now| (now.token == token, matches!(now.of, Of::Lesson(_, true))));
        if !is_it {
            return;
        }
        if let (true, State::Done(reports)) = (is_told, &state) {
            self.take_lesson_runs(Arc::clone(reports));
        }
        self.review.compared.update(|now| now.state = state);
    }
}

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let body = move || {
        page.review.compared.with(|now| match &now.state {
            State::None | State::Running => view! {
                <p class="quiet compare-wait" role="status">
                    "Running both designs with the same seed \u{2026}"
                </p>
            }
            .into_any(),
            State::Failed(why) => view! { <p role="status">{why.clone()}</p> }.into_any(),
            State::Done(reports) => done(now, reports),
        })
    };
    let is_edit = move || {
        page.review.compared.with(|now| matches!(now.of, Of::Edit))
            && page
                .undo_names
                .with(|names| names.undo.is_some() && !names.opened)
    };
    view! {
        <div class="dialog-body compare">
            {head("Before and after")} {body}
            <div class="dialog-foot">
                {move || {
                    is_edit()
                        .then(|| {
                            view! {
                                <button
                                    class="button"
                                    on:click=move |_| {
                                        page.dialog.set(None);
                                        page.undo();
                                    }
                                >
                                    "Undo the change"
                                </button>
                            }
                        })
                }}
                <button class="button primary" data-first="" on:click=move |_| page.dialog.set(None)>
                    "Close"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn done(now: &Comparison, reports: &[Value; 2]) -> AnyView {
    let told = format!(
        "One run of each, {:.0} s, seed {}: the same requests at the same times. For confidence intervals over many seeds: ",
        now.duration_s, now.seed
    );
    let shows = match &now.of {
        Of::Lesson(shows, _) => shows.as_slice(),
        Of::Edit => &[],
    };
    view! {
        <p class="quiet">{told} <code class="num">"faultline compare A\u{a0}B --seeds\u{a0}10"</code></p>
        {shows.first().and_then(|shown| chart::bars(shown, now, reports))}
        <div class="compare-charts">
            {chart::view("Goodput, requests/s", "windows.goodput_per_s", now, reports)}
            {chart::view(LATENCY, "windows.latency_p99_ms", now, reports)}
        </div>
        {table::view(shows, &now.names, reports, &now.scores)}
    }
    .into_any()
}
