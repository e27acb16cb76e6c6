//! What is found in the design and in the run up to now: the scorecard, causes with what they
//! explain and the results of experiments, the moment to jump to, and remedies with a preview.

mod accept;
mod evidence;
mod feedback;
mod flags;
mod lab;
mod panel;
mod progress;
mod remedy;
pub(crate) mod said;
mod scorecard;
pub(crate) mod shapes;
mod trials;
mod trying;

use std::sync::Arc;

use design::Design;
use editor::Item;
use editor::preview::Preview;
use leptos::prelude::*;
use report::{Finding, Remedy, Score, Severity};
use text::Titles;

use crate::compare::Comparison;
use crate::history::{Mark, MarkKind};
use crate::state::Page;

pub(crate) use feedback::FeedbackLoop;
pub(crate) use flags::{Flags, Traced, cause};
pub(crate) use lab::Lab;
pub(crate) use panel::Findings;
use trials::{Stage, Trials};

/// What the side panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Side {
    #[default]
    Story,
    Findings,
}

/// State that views of the diagnosis share.
#[derive(Clone, Copy)]
pub(crate) struct Review {
    /// The moment of the scores and findings, in seconds.
    pub(crate) until_s: RwSignal<Option<f64>>,
    /// Time from the last disturbance until the run recovered, in seconds.
    pub(crate) recovery_s: RwSignal<Option<f64>>,
    /// The moment since which a feedback loop keeps the run down, in s, and its parts.
    pub(crate) stuck: RwSignal<Option<(f64, Vec<String>)>>,
    /// The lesson's own status sentence.
    pub(crate) says: RwSignal<Option<String>>,
    /// The scores of its design's requirements.
    pub(crate) scores: RwSignal<Arc<Vec<Score>>>,
    /// The names of the nodes and links of its design.
    pub(crate) titles: RwSignal<Arc<Titles>>,
    /// Its findings, causes first.
    pub(crate) findings: RwSignal<Arc<Vec<Finding>>>,
    /// Findings of the run before an edit, with the moment of the edit.
    earlier: RwSignal<Arc<Vec<(f64, Finding)>>>,
    /// Experiments, and their stage.
    trials: StoredValue<Trials, LocalStorage>,
    stage: RwSignal<Stage>,
    /// The moment of the experiments, if it is earlier than that of the findings.
    lags: RwSignal<Option<f64>>,
    /// What the side panel shows.
    pub(crate) side: RwSignal<Side>,
    /// Changes when the side panel should be shown.
    pub(crate) asked: RwSignal<u32>,
    /// The keys of the unfolded findings.
    open: RwSignal<Vec<String>>,
    /// Whether the pointer or the focus is on the findings. While it is, the list is not redrawn
    /// only because numbers increased.
    is_read: StoredValue<bool>,
    /// Whether the lists of ruled-out findings and of all experiments are unfolded.
    unfolded: [RwSignal<bool>; 2],
    /// The finding whose acceptance is being written.
    accepting: RwSignal<Option<String>>,
    /// The node or link that a text points at.
    pub(crate) pointed: RwSignal<Option<String>>,
    /// What a remedy would change.
    pub(crate) preview: RwSignal<Option<Arc<Preview>>>,
    /// Two runs side by side.
    pub(crate) compared: RwSignal<Comparison>,
}

impl Default for Review {
    fn default() -> Self {
        Self {
            until_s: RwSignal::new(None),
            recovery_s: RwSignal::new(None),
            stuck: RwSignal::new(None),
            says: RwSignal::new(None),
            scores: RwSignal::new(Arc::default()),
            titles: RwSignal::new(Arc::default()),
            findings: RwSignal::new(Arc::default()),
            earlier: RwSignal::new(Arc::default()),
            trials: StoredValue::new_local(Trials::default()),
            stage: RwSignal::new(Stage::default()),
            lags: RwSignal::new(None),
            side: RwSignal::new(Side::Story),
            asked: RwSignal::new(0),
            open: RwSignal::new(Vec::new()),
            is_read: StoredValue::new(false),
            unfolded: [false; 2].map(RwSignal::new),
            accepting: RwSignal::new(None),
            pointed: RwSignal::new(None),
            preview: RwSignal::new(None),
            compared: RwSignal::new(Comparison::default()),
        }
    }
}

impl Page {
    /// Discards the diagnosis: another design is open.
    pub(crate) fn forget_review(self) {
        self.review.accepting.set(None);
        self.review.pointed.set(None);
        self.review.preview.set(None);
    }

    /// Shows the side panel, with this in it.
    pub(crate) fn show_side(self, side: Side) {
        self.review.side.set(side);
        self.review.asked.update(|count| *count += 1);
    }

    /// Shows the findings, this one unfolded.
    fn show_finding(self, key: String) {
        let findings = self.review.findings.get_untracked();
        let top = findings.iter().find(|top| {
            let all = top.all();
            all.iter().any(|finding| finding.key() == key)
        });
        let keys = top.map(Finding::key).into_iter().chain([key]);
        self.review.open.update(|open| open.extend(keys));
        self.show_side(Side::Findings);
        crate::acting::focus_soon("#findings .finding-head[aria-expanded=true]");
    }

    /// Goes to a moment of the run and selects its subject.
    fn jump(self, at_s: f64, subject: &str) {
        self.show_moment(at_s);
        self.show_part(subject);
    }

    /// Goes to a moment of the run.
    fn show_moment(self, at_s: f64) {
        self.play(false);
        self.seek(at_s);
    }

    /// Selects a node or a link by its id and brings it into view.
    pub(crate) fn show_part(self, id: &str) {
        if let Some(item) = self.design.with_untracked(|design| item(design, id)) {
            let effects = self.edit(|editor| editor.reveal(item));
            self.follow_all(effects);
        }
    }

    /// Previews what a remedy would change, or nothing.
    fn foresee(self, remedy: Option<&Remedy>) {
        let preview = remedy.map(|remedy| {
            let preview =
                |design: &Arc<Design>| editor::preview::preview(design, &remedy.command());
            Arc::new(self.design.with_untracked(preview))
        });
        self.review.preview.set(preview);
    }

    /// Applies a remedy and compares both runs.
    fn apply_remedy(self, remedy: &Remedy) {
        self.review.preview.set(None);
        let before = self.design.get_untracked();
        self.end_gesture();
        let label = said::plain(self, &remedy.label);
        self.command_named(remedy.command(), &format!("Apply: {label}"));
        let after = self.design.get_untracked();
        if before != after {
            self.compare(
                &before,
                &after,
                ["Before".to_owned(), format!("After: {label}")],
                crate::compare::Of::Edit,
            );
        }
    }
}

fn item(design: &Design, id: &str) -> Option<Item> {
    if design.node(id).is_some() {
        return Some(Item::Node(id.to_owned()));
    }
    design.link(id).map(|_| Item::Link(id.to_owned()))
}

/// Returns the name of a node, link or zone.
pub(crate) fn name_of(design: &Design, id: &str) -> String {
    if let Some(node) = design.node(id) {
        return node.title().to_owned();
    }
    let title = |id: &str| design.node(id).map_or(id, |node| node.title()).to_owned();
    match design.link(id) {
        Some(link) => {
            // The second of two is `from->to#2`.
            let which = id.strip_prefix(&format!("{}->{}", link.from, link.to));
            let which = which.unwrap_or_default();
            format!("{} \u{2192} {}{which}", title(&link.from), title(&link.to))
        }
        None => id.to_owned(),
    }
}

/// Returns the marks of causes on the time line: the moment each begins.
fn marks(page: Page, findings: &[Finding]) -> Vec<Mark> {
    let begun = findings.iter().filter_map(|finding| {
        Some(Mark {
            time_s: finding.onset_s?,
            end_s: None,
            label: said::plain(page, &finding.what),
            kind: MarkKind::Finding(finding.worst()),
        })
    });
    begun.collect()
}

/// Returns the number of causes, and the highest severity.
pub(crate) fn tally(findings: &[Finding]) -> (usize, Option<Severity>) {
    (findings.len(), findings.iter().map(Finding::worst).max())
}

/// The mark of a severity.
pub(crate) fn mark(severity: Severity) -> impl IntoView {
    view! {
        <svg class="severity" data-severity=severity.name() viewBox="0 0 10 10" aria-hidden="true">
            <path d=shapes::severity(severity)></path>
        </svg>
    }
}
