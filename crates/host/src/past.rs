//! The past of a live run: keyframes, which are clones of the simulation, and the log of what was
//! edited when. Any moment of it is the nearest keyframe before it and a replay from there, and is
//! to the byte what it was the first time.
//!
//! Bounded: past [`KEYFRAMES_MAX`] keyframes or [`BYTES_MAX`] every other is dropped and they stand
//! twice as far apart; past [`EDITS_MAX`] edits or [`EDIT_BYTES_MAX`] the run can no longer go back
//! to before the first of them.

use design::Design;
use diagnostics::experiments::EDITS_MAX as EXPERIMENT_EDITS_MAX;
use format::message::Course;
use sim::agenda::Time;
use sim::{Simulation, Status};

/// Most keyframes, and most bytes that they take together, about.
const KEYFRAMES_MAX: usize = 60;
const BYTES_MAX: usize = 64 << 20;
/// How far apart they stand at first.
const EVERY: Time = 1_000_000_000;
/// Most edits kept, and most bytes that their designs take together, about.
const EDITS_MAX: usize = 1_024;
const EDIT_BYTES_MAX: usize = 24 << 20;

/// Keyframes and edits of one run.
#[derive(Debug)]
pub(crate) struct Past {
    /// In order of time; the first is where the run can go back to.
    keyframes: Vec<Keyframe>,
    every: Time,
    /// In order of time.
    edits: Vec<Edit>,
    /// How many of them the run has applied so far.
    done: usize,
    /// The furthest it ever got.
    known: Time,
    /// The run before the last edit, so that another at the same moment takes that one's place:
    /// what a slider passed on its way never was.
    before: Option<Box<Before>>,
}

#[derive(Debug)]
struct Before {
    simulation: Simulation,
    /// Where the run stood after the edit.
    at: (Time, u64),
}

#[derive(Debug)]
struct Keyframe {
    at: Time,
    /// Edits taken in by then.
    done: usize,
    weight: usize,
    simulation: Simulation,
}

/// An edit comes after all that happens at its moment.
#[derive(Debug)]
struct Edit {
    at: Time,
    design: Design,
    weight: usize,
}

impl Past {
    /// Of a run that begins.
    pub(crate) fn new(simulation: &Simulation) -> Self {
        let mut past = Self {
            keyframes: Vec::new(),
            every: EVERY,
            edits: Vec::new(),
            done: 0,
            known: 0,
            before: None,
        };
        past.push(simulation);
        past
    }

    /// The furthest the run ever got: beyond it nothing is known yet.
    pub(crate) fn known(&self) -> Time {
        self.known
    }

    /// How far it can go back.
    pub(crate) fn from(&self) -> Time {
        self.keyframes.first().map_or(0, |keyframe| keyframe.at)
    }

    /// Whether the run was edited.
    pub(crate) fn is_edited(&self) -> bool {
        !self.edits.is_empty()
    }

    /// The design and the edits of the run, up to the furthest moment. The last design is replaced
    /// by the given one, which makes the same run but may have other requirements. Nothing where
    /// the run cannot be repeated.
    pub(crate) fn course(&self, design: &Design) -> Option<Course> {
        let first = self.keyframes.first().filter(|first| first.done == 0)?;
        if self.edits.len() > EXPERIMENT_EDITS_MAX {
            return None;
        }
        let mut first = format::json::write(first.simulation.design());
        let mut edits: Vec<(Time, String)> = (self.edits.iter())
            .map(|edit| (edit.at, format::json::write(&edit.design)))
            .collect();
        let last = edits.last_mut().map_or(&mut first, |(_, design)| design);
        *last = format::json::write(design);
        Some(Course {
            first,
            edits,
            until_ns: Some(self.known),
        })
    }

    /// Advances towards a moment by at most this many events, reapplying edits on the way. True if
    /// it is there or can go no further.
    pub(crate) fn run(&mut self, simulation: &mut Simulation, to: Time, events: u64) -> bool {
        let mut done = self.done;
        let is_there = self.follow(simulation, &mut done, to, events);
        self.done = done;
        self.keep(simulation);
        is_there
    }

    /// The same for a copy of the run that has applied the first `done` edits.
    pub(crate) fn follow(
        &self,
        simulation: &mut Simulation,
        done: &mut usize,
        to: Time,
        events: u64,
    ) -> bool {
        let due = self.edits.get(*done).filter(|edit| edit.at <= to);
        let before = simulation.events();
        let status = simulation.run_until(due.map_or(to, |edit| edit.at), events);
        let is_there = status != Status::Running || simulation.events() - before < events;
        if let Some(edit) = due.filter(|_| is_there) {
            simulation.edit(&edit.design);
            *done += 1;
        }
        is_there && due.is_none()
    }

    /// A copy of the run at the nearest keyframe at or before a moment, and the edits it has taken
    /// in.
    pub(crate) fn copy_at(&self, time: Time) -> (Simulation, usize) {
        let next = self
            .keyframes
            .partition_point(|keyframe| keyframe.at <= time);
        let keyframe = &self.keyframes[next.saturating_sub(1)];
        (keyframe.simulation.clone(), keyframe.done)
    }

    /// Takes an edit in, now. What came after this moment never happened.
    pub(crate) fn edit(&mut self, simulation: &mut Simulation, design: &Design, weight: usize) {
        let stands = (simulation.now(), simulation.events());
        let is_last = self.done == self.edits.len();
        match self.before.take() {
            Some(before) if before.at == stands && is_last => {
                self.edits.pop();
                self.done -= 1;
                *simulation = before.simulation.clone();
                self.before = Some(before);
            }
            _ => self.fork(simulation),
        }
        simulation.edit(design);
        let at = simulation.now();
        if let Some(before) = &mut self.before {
            before.at = (at, simulation.events());
        }
        self.edits.push(Edit {
            at,
            design: design.clone(),
            weight,
        });
        self.done += 1;
        let weights = self.edits.iter().map(|edit| edit.weight);
        let is_heavy = self.edits.len() > 1 && weights.sum::<usize>() > EDIT_BYTES_MAX;
        if self.edits.len() > EDITS_MAX || is_heavy {
            self.forget_edits(simulation);
        }
    }

    /// This moment is the last that is known.
    fn fork(&mut self, simulation: &mut Simulation) {
        let now = simulation.now();
        while !self.run(simulation, now, u64::MAX) {}
        let done = self.done;
        self.edits.truncate(done);
        self.keyframes
            .retain(|keyframe| keyframe.at <= now && keyframe.done <= done);
        self.known = now;
        let mut simulation = simulation.clone();
        simulation.tap_mut().take().for_each(drop);
        let at = (now, simulation.events());
        self.before = Some(Box::new(Before { simulation, at }));
    }

    /// The nearest keyframe at or before a moment, to continue from; `None` if the run itself is
    /// nearer.
    pub(crate) fn restore(&mut self, simulation: &Simulation, time: Time) -> Option<Simulation> {
        let next = self
            .keyframes
            .partition_point(|keyframe| keyframe.at <= time);
        let keyframe = &self.keyframes[next.saturating_sub(1)];
        let now = simulation.now();
        // Where an edit has been taken in at this very moment, all of it has.
        if now <= time && now >= keyframe.at {
            return None;
        }
        self.done = keyframe.done;
        Some(keyframe.simulation.clone())
    }

    /// Notes how far the run got, and keeps a keyframe where one is due.
    fn keep(&mut self, simulation: &Simulation) {
        let now = simulation.now();
        if simulation.status() != Status::Running {
            // A run ends with its last event, although it may have waited past that.
            self.known = now;
            let later = self
                .keyframes
                .partition_point(|keyframe| keyframe.at <= now);
            self.keyframes.truncate(later.max(1));
            return;
        }
        self.known = self.known.max(now);
        let last = self.keyframes.last().map_or(0, |keyframe| keyframe.at);
        if now >= last.saturating_add(self.every) {
            self.push(simulation);
        }
    }

    fn push(&mut self, simulation: &Simulation) {
        let mut simulation = simulation.clone();
        // What it was about to show was shown.
        simulation.tap_mut().take().for_each(drop);
        self.keyframes.push(Keyframe {
            at: simulation.now(),
            done: self.done,
            weight: simulation.weight(),
            simulation,
        });
        let bytes = |frames: &[Keyframe]| frames.iter().map(|frame| frame.weight).sum::<usize>();
        while self.keyframes.len() > KEYFRAMES_MAX
            || (self.keyframes.len() > 1 && bytes(&self.keyframes) > BYTES_MAX)
        {
            self.thin();
        }
    }

    fn thin(&mut self) {
        self.every = self.every.saturating_mul(2);
        let (every, mut next) = (self.every, 0);
        self.keyframes.retain(|keyframe| {
            let stays = keyframe.at >= next;
            if stays {
                next = keyframe.at.saturating_add(every);
            }
            stays
        });
    }

    /// The older half of the edits can no longer be undone by going back.
    fn forget_edits(&mut self, simulation: &Simulation) {
        let gone = self.edits.len() / 2;
        self.keyframes.retain(|keyframe| keyframe.done >= gone);
        if self.keyframes.is_empty() {
            self.push(simulation);
        }
        self.edits.drain(..gone);
        self.done -= gone;
        for keyframe in &mut self.keyframes {
            keyframe.done -= gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counted;
    use design::{Command, Fault, FaultKind, Target, Value};

    const S: Time = 1_000_000_000;

    fn scenarios() -> impl Iterator<Item = Design> {
        let few = ["retry-storm", "cache-stampede", "poison-message", "cap"];
        few.into_iter().filter_map(scenarios::find).map(|scenario| {
            let mut design = scenario.design.clone();
            design.settings.duration = design::Duration::s(20);
            design
        })
    }

    fn begin(design: &Design) -> (Simulation, Past) {
        let mut simulation = Simulation::new(design);
        simulation.tap_mut().is_open = true;
        let past = Past::new(&simulation);
        (simulation, past)
    }

    fn go(past: &mut Past, simulation: &mut Simulation, to: Time) {
        while !past.run(simulation, to, 997) {}
    }

    fn seek(past: &mut Past, simulation: &mut Simulation, to: Time) {
        if let Some(restored) = past.restore(simulation, to) {
            *simulation = restored;
        }
        go(past, simulation, to);
    }

    fn seen(simulation: &Simulation) -> (Time, String) {
        (simulation.now(), Counted(&simulation.report()).json())
    }

    #[test]
    fn any_moment_is_as_it_was_and_the_run_ends_as_it_would_have() {
        for design in scenarios() {
            let mut straight = Simulation::new(&design);
            let moments = [0, 3 * S + 123_456_789, 7 * S, 12 * S + 1, 19 * S];
            let was: Vec<_> = moments
                .iter()
                .map(|to| {
                    straight.run_until(*to, u64::MAX);
                    seen(&straight)
                })
                .collect();
            straight.run();
            let (mut simulation, mut past) = begin(&design);
            go(&mut past, &mut simulation, 17 * S + 5);
            for at in [3, 1, 4, 2, 0, 2] {
                seek(&mut past, &mut simulation, moments[at]);
                assert!(
                    seen(&simulation) == was[at],
                    "{}, moment {at}",
                    design.settings.name
                );
            }
            assert_eq!(past.known(), 19 * S);
            go(&mut past, &mut simulation, Time::MAX);
            assert!(
                seen(&simulation) == seen(&straight),
                "{}",
                design.settings.name
            );
        }
    }

    #[test]
    fn random_designs_too() {
        testing::cases(15, 10).check(|design, _| {
            let budget = 150_000;
            let mut straight = Simulation::new(design).with_budget(budget);
            straight.run();
            let end = straight.now();
            let mut part = Simulation::new(design).with_budget(budget);
            part.run_until(end / 3, u64::MAX);
            let mut simulation = Simulation::new(design).with_budget(budget);
            simulation.tap_mut().is_open = true;
            let mut past = Past::new(&simulation);
            go(&mut past, &mut simulation, end / 3 * 2);
            seek(&mut past, &mut simulation, end / 3);
            // The tap changes how many events there are, and so where a budget ends.
            if straight.status() == Status::Ended {
                assert!(seen(&simulation) == seen(&part), "it is as it was");
                go(&mut past, &mut simulation, Time::MAX);
                assert!(seen(&simulation) == seen(&straight), "it goes on as it did");
            }
        });
    }

    fn broken(design: &Design, at: Time) -> Design {
        let client = design
            .nodes
            .iter()
            .find(|node| node.kind.name() == "client");
        let fault = Fault {
            at: design::Duration(at),
            kind: FaultKind::TrafficSpike,
            target: client.expect("every scenario has users").id.clone(),
            ..Fault::default()
        };
        let mut changed = design.clone();
        let command = Command::AddFault(changed.faults.len(), fault);
        changed.apply(command).expect("it fits");
        changed
    }

    #[test]
    fn edits_are_taken_in_again_where_they_were_made() {
        for design in scenarios() {
            let edits = [(4 * S, broken(&design, 5 * S)), (9 * S + 7, design.clone())];
            let (mut straight, mut unused) = begin(&design);
            let (mut simulation, mut past) = begin(&design);
            for (at, changed) in &edits {
                go(&mut unused, &mut straight, *at);
                unused.edit(&mut straight, changed, 1);
                go(&mut past, &mut simulation, *at);
                past.edit(&mut simulation, changed, 1);
            }
            go(&mut unused, &mut straight, 11 * S);
            go(&mut past, &mut simulation, 11 * S);
            seek(&mut past, &mut simulation, 2 * S);
            assert_eq!(simulation.design(), &design);
            seek(&mut past, &mut simulation, 6 * S);
            assert_eq!(simulation.design(), &edits[0].1);
            seek(&mut past, &mut simulation, 11 * S);
            assert!(
                seen(&simulation) == seen(&straight),
                "{}",
                design.settings.name
            );
        }
    }

    #[test]
    fn an_edit_in_the_past_drops_what_came_after_it() {
        let design = scenarios().next().expect("there are some");
        let (mut simulation, mut past) = begin(&design);
        go(&mut past, &mut simulation, 6 * S);
        past.edit(&mut simulation, &broken(&design, 7 * S), 1);
        go(&mut past, &mut simulation, 10 * S);
        seek(&mut past, &mut simulation, 3 * S);
        let late = broken(&design, 15 * S);
        past.edit(&mut simulation, &late, 1);
        assert_eq!((past.known(), past.edits.len()), (3 * S, 1));
        go(&mut past, &mut simulation, 10 * S);
        let (mut straight, mut unused) = begin(&design);
        go(&mut unused, &mut straight, 3 * S);
        unused.edit(&mut straight, &late, 1);
        go(&mut unused, &mut straight, 10 * S);
        assert!(seen(&simulation) == seen(&straight));
    }

    #[test]
    fn what_a_slider_passes_at_one_moment_is_one_edit() {
        let design = scenarios().next().expect("there are some");
        let (mut simulation, mut past) = begin(&design);
        go(&mut past, &mut simulation, 5 * S);
        let (mut straight, mut unused) = begin(&design);
        go(&mut unused, &mut straight, 5 * S);
        for at in 6..12 {
            past.edit(&mut simulation, &broken(&design, at * S), 1);
        }
        assert_eq!(past.edits.len(), 1);
        unused.edit(&mut straight, &broken(&design, 11 * S), 1);
        go(&mut past, &mut simulation, 12 * S);
        go(&mut unused, &mut straight, 12 * S);
        assert!(seen(&simulation) == seen(&straight));
        past.edit(&mut simulation, &design, 1);
        assert_eq!(past.edits.len(), 2);
    }

    #[test]
    fn keyframes_and_edits_are_bounded() {
        let mut design = scenarios().next().expect("there are some");
        design.settings.duration = design::Duration::s(400);
        let (mut simulation, mut past) = begin(&design);
        for at in 1..=300 {
            go(&mut past, &mut simulation, at * S);
            let name = Value::Text(format!("take {at}"));
            let rename = Command::Set(Target::Settings, "name".to_owned(), name);
            design.apply(rename).expect("any name will do");
            past.edit(&mut simulation, &design, EDIT_BYTES_MAX / 100);
        }
        assert!(past.keyframes.len() <= KEYFRAMES_MAX && past.keyframes.len() >= 10);
        assert!(past.edits.len() <= 100);
        assert!(past.from() > 0 && past.from() <= 250 * S);
        let from = past.from();
        seek(&mut past, &mut simulation, from);
        assert_eq!(simulation.now(), from);
        seek(&mut past, &mut simulation, 300 * S);
        assert_eq!(simulation.design(), &design);
    }
}
