//! The diagnosis of the run on the canvas, and the results of the experiments on it.

use std::sync::Arc;

use format::message::{Course, Diagnosed, Reply, Request, RunId};
use leptos::prelude::*;
use report::{Finding, Severity};
use text::Titles;

use super::marks;
use super::trials::{Order, Trials, are_alike};
use crate::engine::EngineEvent;
use crate::state::{About, Page, Place, RunHash};

/// Maximum number of earlier findings that are kept after an edit.
const EARLIER_MAX: usize = 12;

impl Page {
    /// Takes the diagnosis of the run up to now.
    pub(crate) fn take_diagnosis(self, shown: Diagnosed) {
        if !self.is_present(shown.run, shown.edit) {
            return;
        }
        self.dismiss(About::Design);
        let hash = shown.hash.clone().map_or(RunHash::None, RunHash::Known);
        if self.hash.with_untracked(|now| *now != hash) {
            self.hash.set(hash);
        }
        let titles = self
            .design
            .with_untracked(|design| Titles::of_design(design));
        self.review.titles.set(Arc::new(titles));
        self.review.scores.set(Arc::new(shown.scores.clone()));
        self.review.until_s.set(Some(shown.until_ns as f64 / 1e9));
        self.review.recovery_s.set(shown.recovery_s);
        self.review.stuck.set(super::feedback::parts(&shown));
        let stands = !self.playing.get_untracked();
        let order = self.with_trials(|trials| trials.show(shown, stands));
        self.obey(order);
        self.show_findings();
    }

    /// The run has stopped at this moment: it is tested there.
    pub(crate) fn stand(self, at_ns: u64) {
        let order = self.with_trials(|trials| trials.stand(at_ns));
        self.obey(order);
    }

    /// Takes a hash that needed a run of its own.
    pub(crate) fn take_hash(self, run: RunId, edit: u32, hash: String) {
        if self.is_present(run, edit) {
            self.hash.set(RunHash::Known(hash));
        }
    }

    /// Whether a message is about the present run after its last edit.
    fn is_present(self, run: RunId, edit: u32) -> bool {
        let (sent, is_due) = self
            .hidden
            .with_value(|hidden| (hidden.edits_sent, hidden.edit_due));
        self.run_id() == Some(run) && edit == sent && !is_due
    }

    /// Discards the findings: another run begins.
    pub(crate) fn forget_findings(self) {
        let order = self.with_trials(Trials::forget);
        self.obey(order);
        self.hidden.update_value(|hidden| hidden.edits_sent = 0);
        self.hash.set(RunHash::None);
        self.review.until_s.set(None);
        self.review.recovery_s.set(None);
        self.review.stuck.set(None);
        self.review.says.set(None);
        self.review.scores.set(Arc::default());
        self.review.earlier.set(Arc::default());
        self.show_findings();
    }

    /// Handles an edit of the run. After an edit of the system, the findings of the run before it
    /// are kept apart.
    pub(crate) fn part_findings(self, is_edit: bool) {
        let now_s = self.history.with_value(|history| history.now_s);
        let shown = self.review.findings.get_untracked();
        self.review.earlier.update(|earlier| {
            let begun = |finding: &&Finding| finding.onset_s.is_none_or(|onset| onset <= now_s);
            let mut all: Vec<(f64, Finding)> = earlier
                .iter()
                .filter(|(at_s, _)| *at_s <= now_s)
                .cloned()
                .collect();
            let is_told =
                |finding: &&Finding| finding.measured && finding.worst() != Severity::Note;
            let told = shown.iter().filter(is_told).filter(begun);
            for finding in told.filter(|_| is_edit && now_s > 0.0) {
                all.retain(|(_, known)| known.key() != finding.key());
                all.push((now_s, finding.clone()));
            }
            let spare = all.len().saturating_sub(EARLIER_MAX);
            *earlier = Arc::new(all.split_off(spare));
        });
        let order = self.with_trials(Trials::part);
        self.obey(order);
        self.show_findings();
    }

    fn with_trials<T>(self, act: impl FnOnce(&mut Trials) -> T) -> T {
        let mut result = None;
        self.review
            .trials
            .update_value(|trials| result = Some(act(trials)));
        result.expect("the trials live as long as the page")
    }

    /// Notes whether the pointer or the focus is on the findings; shows the latest when it leaves.
    pub(super) fn read_findings(self, is_read: bool) {
        self.review.is_read.set_value(is_read);
        if !is_read {
            self.show_findings();
        }
    }

    /// Updates the signals that the views read.
    fn show_findings(self) {
        let (findings, stage, lags) = self
            .review
            .trials
            .with_value(|trials| (trials.findings(), trials.stage().clone(), trials.lags()));
        let top = |findings: &[Finding]| findings.first().map(Finding::key);
        let (known, now) = (
            self.review.findings.with_untracked(|known| top(known)),
            top(&findings),
        );
        // The top cause is unfolded, also when it changes, unless the user chose otherwise.
        let chosen = self
            .review
            .open
            .with_untracked(|open| known.is_some() && open[..] != known.as_slice()[..]);
        if !chosen && known != now {
            self.review.open.set(now.into_iter().collect());
        }
        self.history
            .update_value(|history| history.take_findings(marks(self, &findings)));
        let is_read = self.review.is_read.get_value() && self.playing.get_untracked();
        let is_new = self.review.findings.with_untracked(|known| match is_read {
            true => !are_alike(known, &findings),
            false => **known != findings,
        });
        if is_new {
            self.review.findings.set(Arc::new(findings));
        }
        if self.review.stage.with_untracked(|known| *known != stage) {
            self.review.stage.set(stage);
        }
        if self.review.lags.get_untracked() != lags {
            self.review.lags.set(lags);
        }
        self.tick.update(|tick| *tick = tick.wrapping_add(1));
    }

    fn obey(self, order: Order) {
        match order {
            Order::Nothing => {}
            // The embed shows no findings.
            Order::Try(_) if self.place == Place::Embed => {}
            Order::Try(token) => {
                self.hidden.update_value(|hidden| hidden.trial = token);
                self.tell(|run| Request::Course { run });
            }
            Order::LeaveOff => self.stop_experiments(),
        }
    }

    /// Passes the run's design and edits on to the worker that makes the experiments.
    pub(crate) fn take_course(self, run: RunId, course: Option<Course>) {
        let token = self.hidden.with_value(|hidden| hidden.trial);
        if self.run_id() != Some(run) {
            return;
        }
        let Some(course) = course else {
            let why = "This run has too many edits to repeat. Restart it to test causes.";
            self.with_trials(|trials| trials.give_up(token, why.to_owned()));
            return self.show_findings();
        };
        self.begin_experiments(token, course);
    }

    pub(super) fn on_lab(self, event: EngineEvent) {
        match event {
            EngineEvent::Reply(Reply::Concluded {
                token,
                done,
                planned,
                is_done,
                conclusion,
            }) => {
                let progress = (done, planned, is_done);
                let order = self.with_trials(|trials| trials.conclude(token, progress, conclusion));
                self.obey(order);
            }
            EngineEvent::Reply(Reply::Invalid {
                token: Some(token),
                problems,
                ..
            }) => {
                let why = problems.first().map_or(String::new(), |(path, why)| {
                    format!("The design cannot be run: {path} {why}.")
                });
                self.with_trials(|trials| trials.give_up(token, why));
            }
            EngineEvent::Failed { message, .. } => {
                let why = format!("The experiments stopped: {message}.");
                self.with_trials(|trials| trials.lose(why));
            }
            EngineEvent::Reply(Reply::Job(job)) => return self.hand_out(job),
            EngineEvent::Reply(_) => return,
        }
        self.show_findings();
    }

    /// Starts the experiments, or stops them.
    pub(super) fn try_or_stop(self, tries: bool) {
        let order = self.with_trials(match tries {
            true => Trials::resume,
            false => Trials::stop,
        });
        self.obey(order);
        self.show_findings();
    }
}
