//! A lesson on the page: its fault, its fixes, whether they fit the design on the canvas, and the
//! user's progress.

mod ask;
mod live;
mod path;
mod told;
mod trigger;
mod view;

use std::sync::Arc;

use design::{Command, Design, Fault, Value};
use format::message::Request;
use host::scenarios::{self, Does, Remedy, Scenario};
use leptos::prelude::*;

use crate::compare::Of;
use crate::gallery::progress;
use crate::history::MarkKind;
use crate::state::{Dialog, Page};

use path::{Done, Guess, Moment};

pub(crate) use path::Path;
pub(crate) use trigger::Trigger;
pub(crate) use view::Story;

/// A scenario with its fault and its fixes.
#[derive(Clone, Debug)]
pub(crate) struct Lesson {
    /// The scenario.
    pub(crate) scenario: Scenario,
}

impl Lesson {
    /// Returns the scenario with this id, if it is compiled in.
    pub(crate) fn load(id: &str) -> Option<Self> {
        scenarios::find(id).map(Self::new)
    }

    /// Returns a scenario as a lesson.
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self { scenario }
    }

    /// Returns whether the lesson's button injected the fault.
    fn is_trigger(&self, fault: &Fault) -> bool {
        faults(&self.scenario)
            .iter()
            .any(|trigger| fault.kind == trigger.kind && fault.target == trigger.target)
    }

    /// Returns whether the story fits this design: its parts are there.
    pub(crate) fn is_told_of(&self, design: &Design) -> bool {
        let main = self.scenario.main_remedy();
        let fits = with_fix(design, main).is_some() || self.has_fix(design, main);
        let nodes = &self.scenario.design.nodes;
        let known = nodes.iter().filter(|node| design.node(&node.id).is_some());
        self.can_break(design) && fits && 2 * known.count() > nodes.len()
    }

    /// Returns whether the target of the lesson's fault is still there.
    fn can_break(&self, design: &Design) -> bool {
        faults(&self.scenario).iter().all(|fault| {
            let target = &fault.target;
            let is_zone = |node: &design::Node| node.deployment.zones().contains(target);
            design.node(target).is_some()
                || design.link(target).is_some()
                || design.nodes.iter().any(is_zone)
        })
    }

    /// Returns whether all edits of a remedy are in the design: reverting and applying them again
    /// leads to the same design.
    fn has_fix(&self, design: &Design, remedy: &Remedy) -> bool {
        let Some(unmend) = self.unmend(remedy) else {
            return false;
        };
        let mut bare = design.clone();
        if bare.apply(unmend).is_err() || bare == *design {
            return false;
        }
        with_fix(&bare, remedy).as_ref() == Some(design)
    }

    /// Returns whether the design is the lesson's own, except for its fault, its fixes and the
    /// seed.
    pub(crate) fn is_played(&self, design: &Design) -> bool {
        let mut bare = design.clone();
        let original = &self.scenario.design;
        bare.faults.clone_from(&original.faults);
        bare.settings.seed = original.settings.seed;
        let mut ways = self.scenario.remedies.iter();
        bare == *original || ways.any(|way| with_fix(original, way).as_ref() == Some(&bare))
    }

    /// Returns the edits that restore what the lesson began with.
    fn unmend(&self, remedy: &Remedy) -> Option<Command> {
        self.scenario
            .design
            .clone()
            .apply(remedy.command.clone())
            .ok()
    }

    /// Returns the step with the question: the one with the fault's button, else the first.
    fn asks_at(&self) -> usize {
        self.step_that(Does::Trigger).unwrap_or(0)
    }

    /// Returns the step by which the run has shown the answer: the one that applies the fix, else
    /// the last.
    fn reveals_at(&self) -> usize {
        let last = self.scenario.steps.len().saturating_sub(1);
        self.step_that(Does::Remedy).unwrap_or(last)
    }

    fn step_that(&self, does: Does) -> Option<usize> {
        let mut steps = self.scenario.steps.iter();
        steps.position(|step| step.does == Some(does))
    }

    /// Says which run the values of the explanation are from: not the one on the canvas, whose
    /// faults begin when the user starts them.
    fn own_run(&self) -> String {
        let faults = faults(&self.scenario);
        let of_own = "These values are from the lesson's own run";
        match faults.iter().map(|fault| fault.at.0).min() {
            Some(at) => {
                let at = design::Duration(at).as_s();
                format!("{of_own}, with the fault at {at:.0}\u{a0}s. Your run may differ somewhat.")
            }
            None => format!("{of_own}."),
        }
    }

    /// Returns the faults of its button, from this moment on.
    fn faults_from(&self, at: design::Duration) -> Vec<Fault> {
        let faults = faults(&self.scenario);
        let first = faults.iter().map(|fault| fault.at.0).min().unwrap_or(0);
        let moved = faults.iter().map(|fault| Fault {
            at: design::Duration(at.0.saturating_add(fault.at.0 - first)),
            ..fault.clone()
        });
        moved.collect()
    }
}

/// Returns what completes steps in the run on the screen.
fn moment(page: Page, lesson: &Lesson) -> Moment {
    let spans = page.design.with(|design| trigger::spans(lesson, design));
    let first = spans.iter().map(|(from, _)| *from).reduce(f64::min);
    let last = spans.iter().map(|(_, to)| *to).reduce(f64::max);
    page.history.with_value(|history| {
        let alerts = history.marks.iter();
        let mut alerts = alerts.filter(|mark| mark.kind == MarkKind::Alert);
        Moment {
            now_s: history.now_s,
            fault: first.zip(last),
            has_trigger: lesson.scenario.trigger.is_some(),
            alert_s: alerts.next().map(|mark| mark.time_s),
        }
    })
}

/// Completes steps by the events of the run that they wait for.
fn follow_run(page: Page, lesson: StoredValue<Lesson>) {
    Effect::new(move || {
        page.tick.track();
        let nth = page.path.done.get().current();
        let is_past = lesson.with_value(|lesson| {
            let step = lesson.scenario.steps.get(nth);
            let until = step.filter(|step| step.does.is_none())?.until?;
            Some(moment(page, lesson).is_past(until))
        });
        if is_past == Some(true) {
            page.stepped(nth);
        }
    });
}

/// Scrolls to the top, because a lesson is read from its beginning.
fn scroll_to_top() {
    if let Some(margin) = document().get_element_by_id("story") {
        margin.set_scroll_top(0);
    }
}

/// Returns the design with a remedy; `None` if the remedy does not fit.
fn with_fix(design: &Design, remedy: &Remedy) -> Option<Design> {
    let mut fixed = design.clone();
    let done = fixed.apply(remedy.command.clone());
    done.is_ok().then_some(fixed)
}

/// Returns the faults of a scenario; none if its system fails by itself.
fn faults(scenario: &Scenario) -> &[Fault] {
    let trigger = scenario.trigger.as_ref();
    trigger.map_or(&[], |trigger| trigger.faults.as_slice())
}

impl Page {
    /// Begins another lesson at its first step.
    pub(crate) fn take_lesson(self, lesson: Lesson) {
        self.lesson.set_value(lesson);
        self.path.done.set(Done::default());
        self.path.guess.set(Guess::Open);
        self.path.runs.set(None);
        self.follow_lesson();
        scroll_to_top();
    }

    /// Makes the frames carry the lesson's status sentence.
    pub(crate) fn follow_lesson(self) {
        let status = self.lesson.with_value(|lesson| {
            let now = lesson.scenario.now.as_ref();
            now.map(|now| now.json.clone())
        });
        self.review.says.set(None);
        self.tell(|run| Request::Follow { run, status });
    }

    /// Marks a step as done.
    fn stepped(self, nth: usize) {
        let done = self.path.done.get_untracked().with(nth);
        if done == self.path.done.get_untracked() {
            return;
        }
        self.path.done.set(done);
        self.lesson.with_value(|lesson| {
            if done.current() >= lesson.scenario.steps.len() {
                progress::note(&lesson.scenario.id, progress::DONE);
            }
        });
    }

    /// Injects the lesson's fault. Returns false if it has none.
    pub(crate) fn break_it(self) -> bool {
        let has_fault = self
            .lesson
            .with_value(|lesson| lesson.scenario.trigger.is_some());
        if has_fault {
            trigger::pull(self, self.lesson);
        }
        has_fault
    }

    /// Returns whether a fix of the lesson is in the design.
    pub(crate) fn is_fixed(self, way: usize) -> bool {
        self.design.with(|design| {
            self.lesson.with_value(|lesson| {
                let ways = &lesson.scenario.remedies;
                ways.get(way)
                    .is_some_and(|remedy| lesson.has_fix(design, remedy))
            })
        })
    }

    /// Applies a fix of the lesson, unless it is applied. Returns false if the fix does not fit the
    /// design.
    pub(crate) fn apply_fix(self, way: usize) -> bool {
        let remedy = self
            .lesson
            .with_value(|lesson| lesson.scenario.remedies.get(way).cloned());
        let fits = |remedy: &Remedy| {
            self.design
                .with_untracked(|design| with_fix(design, remedy).is_some())
        };
        let Some(remedy) = remedy.filter(fits) else {
            return false;
        };
        if !untrack(|| self.is_fixed(way)) {
            self.end_gesture();
            self.command_named(remedy.command, &format!("Apply: {}", remedy.label));
        }
        true
    }

    /// Does what the button of a step does.
    pub(crate) fn do_step(self, does: Option<Does>) {
        match does {
            Some(Does::Trigger) => {
                self.break_it();
            }
            Some(Does::Remedy) => {
                self.apply_fix(0);
            }
            Some(Does::Operators) => self.for_operators.set(true),
            // An embed has no room for two runs side by side.
            Some(Does::Compare) | None => {}
        }
    }

    /// Stores a prediction.
    fn predict(self, choice: usize) {
        self.path.guess.set(Guess::Choice(choice));
        self.lesson
            .with_value(|lesson| progress::note(&lesson.scenario.id, progress::PREDICTED));
    }

    /// Runs the lesson faulty and with one of its remedies, as in its file, with the seed of the
    /// design on the canvas.
    fn run_lesson(self, way: usize, show: bool) {
        let seed = self.design.with_untracked(|design| design.settings.seed);
        let pair = self.lesson.with_value(|lesson| {
            let scenario = &lesson.scenario;
            let remedy = scenario.remedies.get(way)?;
            let mut broken = scenario.faulty();
            broken.settings.seed = seed;
            let fixed = with_fix(&broken, remedy)?;
            let of = Of::Lesson(scenario.shows.clone(), way == 0);
            Some((broken, fixed, remedy.label.clone(), of))
        });
        if let Some((broken, fixed, label, of)) = pair {
            let names = ["Without the fix".to_owned(), label];
            self.begin_comparison(&broken, &fixed, names, of);
            if show {
                self.dialog.set(Some(Dialog::Compare));
            }
        }
    }

    /// Takes the results of the lesson's two runs.
    pub(crate) fn take_lesson_runs(self, runs: Arc<[Value; 2]>) {
        self.path.runs.set(Some(runs));
    }
}
