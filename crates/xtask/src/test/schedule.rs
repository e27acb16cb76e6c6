//! Runs steps side by side, in an order that respects what each step depends on.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;

use super::table::{Concurrency, Step};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
}

/// What happens to a step.
pub(crate) enum Event<R> {
    Started,
    /// With what its work returned.
    Ended(Outcome, R),
}

/// Runs the steps, at most `slots` of them at a time. A step starts after the steps that it depends
/// on; of several that could start, the first in the list does. After a failure no further step
/// starts; the steps under way run to their end.
///
/// `work` runs one step on a thread of its own. `report` is called on this thread for each event.
pub(crate) fn run<R: Send>(
    steps: &[&'static Step],
    slots: usize,
    work: impl Fn(&'static Step) -> (Outcome, R) + Sync,
    mut report: impl FnMut(&'static Step, Event<R>),
) {
    let mut waiting: Vec<&'static Step> = steps.to_vec();
    let mut running: Vec<&'static Step> = Vec::new();
    let mut has_failed = false;
    let (done, results) = mpsc::channel();
    thread::scope(|scope| {
        loop {
            while let Some(at) = next(&waiting, &running, slots)
                && !has_failed
            {
                let step = waiting.remove(at);
                running.push(step);
                report(step, Event::Started);
                let (done, work) = (done.clone(), &work);
                scope.spawn(move || done.send((step, work(step))));
            }
            if running.is_empty() {
                return;
            }
            let (step, (how, result)) = results.recv().expect("this function holds a sender");
            running.retain(|other| other.name != step.name);
            has_failed |= how == Outcome::Failed;
            report(step, Event::Ended(how, result));
        }
    });
}

/// Which of the waiting steps starts now: the first that can, but rather one that compiles with
/// another profile than the steps under way, since it need not wait for cargo's lock. A step that
/// runs alone starts when no other step can, so that it holds none of them up.
fn next(waiting: &[&Step], running: &[&Step], slots: usize) -> Option<usize> {
    let is_alone = |step: &Step| step.concurrency == Concurrency::Exclusive;
    if running.len() >= slots || running.iter().any(|step| is_alone(step)) {
        return None;
    }
    let unfinished: BTreeSet<&str> = waiting
        .iter()
        .chain(running)
        .map(|step| step.name)
        .collect();
    let is_ready = |step: &Step| step.after.iter().all(|name| !unfinished.contains(name));
    let is_locked = |step: &Step| {
        step.profile.is_some() && running.iter().any(|other| other.profile == step.profile)
    };
    let first = |suits: &dyn Fn(&Step) -> bool| {
        waiting
            .iter()
            .position(|step| is_ready(step) && suits(step))
    };
    let beside_others = first(&|step| !is_alone(step) && !is_locked(step))
        .or_else(|| first(&|step| !is_alone(step)));
    match beside_others {
        None if running.is_empty() => first(&|_| true),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    const fn step(
        name: &'static str,
        after: &'static [&'static str],
        concurrency: Concurrency,
    ) -> Step {
        Step {
            name,
            after,
            concurrency,
            ..Step::COMMON
        }
    }

    static STEPS: [Step; 6] = [
        step("alone", &["a"], Concurrency::Exclusive),
        step("a", &[], Concurrency::Shared),
        step("b", &["a"], Concurrency::Shared),
        step("c", &[], Concurrency::Shared),
        step("d", &["b", "c"], Concurrency::Shared),
        step("also-alone", &[], Concurrency::Exclusive),
    ];

    /// Runs the steps and returns what started and ended, in order ("+a", "-a").
    fn log(slots: usize, failing: &str) -> Vec<String> {
        let log = Mutex::new(Vec::new());
        let note =
            |mark: &str, step: &Step| log.lock().unwrap().push(format!("{mark}{}", step.name));
        let steps: Vec<&Step> = STEPS.iter().collect();
        let mut told = Vec::new();
        let work = |step: &'static Step| {
            note("+", step);
            thread::sleep(Duration::from_millis(2));
            note("-", step);
            let failed = step.name == failing;
            (
                if failed {
                    Outcome::Failed
                } else {
                    Outcome::Passed
                },
                step.name,
            )
        };
        run(&steps, slots, work, |step, event| match event {
            Event::Started => told.push((step.name, None)),
            Event::Ended(how, name) => {
                assert_eq!(step.name, name);
                told.push((name, Some(how)));
            }
        });
        let log = log.into_inner().unwrap();
        assert_eq!(
            told.len(),
            log.len(),
            "every start and every end is reported"
        );
        let failed = told.iter().filter(|(_, how)| *how == Some(Outcome::Failed));
        assert!(
            failed
                .map(|(name, _)| *name)
                .eq([failing].into_iter().filter(|name| *name != "none"))
        );
        log
    }

    #[test]
    fn every_step_runs_after_what_it_depends_on() {
        for slots in 1..=4 {
            let log = log(slots, "none");
            assert_eq!(log.len(), 2 * STEPS.len());
            let at = |mark: &str, name: &str| {
                let text = format!("{mark}{name}");
                log.iter().position(|entry| *entry == text).unwrap()
            };
            for step in &STEPS {
                for before in step.after {
                    assert!(at("-", before) < at("+", step.name), "{log:?}");
                }
            }
        }
    }

    #[test]
    fn no_more_steps_run_than_there_are_slots_and_some_run_alone() {
        /// The most steps that ran at the same time.
        fn most(log: &[String]) -> usize {
            let mut running: Vec<&str> = Vec::new();
            let mut most = 0;
            for entry in log {
                let (mark, name) = entry.split_at(1);
                match mark {
                    "+" => running.push(name),
                    _ => running.retain(|other| *other != name),
                }
                most = most.max(running.len());
                let alone = running.iter().any(|name| name.ends_with("alone"));
                assert!(!alone || running.len() == 1, "{log:?}");
            }
            most
        }

        assert_eq!(most(&log(1, "none")), 1);
        for slots in 2..=4 {
            // On a busy machine a step may be over before the next one has a thread.
            let runs: Vec<_> = (0..20).map(|_| log(slots, "none")).collect();
            let most: Vec<usize> = runs.iter().map(|log| most(log)).collect();
            assert!(most.iter().all(|most| *most <= slots), "{runs:?}");
            assert!(most.iter().any(|most| *most > 1), "{runs:?}");
        }
    }

    #[test]
    fn one_slot_keeps_the_order_of_the_list() {
        let log = log(1, "none");
        let starts: Vec<&str> = log
            .iter()
            .filter_map(|entry| entry.strip_prefix('+'))
            .collect();
        assert_eq!(starts, ["a", "b", "c", "d", "alone", "also-alone"]);
    }

    #[test]
    fn a_step_that_need_not_wait_for_a_lock_starts_first() {
        use super::super::table::Profile;

        let with = |name, profile| Step {
            name,
            profile: Some(profile),
            ..Step::COMMON
        };
        let running = with("running", Profile::Dev);
        let (same, other) = (with("same", Profile::Dev), with("other", Profile::Page));
        assert_eq!(next(&[&same, &other], &[&running], 2), Some(1));
        assert_eq!(next(&[&same], &[&running], 2), Some(0));
        assert_eq!(next(&[&same, &other], &[], 2), Some(0));
    }

    #[test]
    fn after_a_failure_no_step_starts() {
        assert_eq!(log(1, "b"), ["+a", "-a", "+b", "-b"]);
    }
}
