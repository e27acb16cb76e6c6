//! The run on the canvas: it plays, steps, goes back and ahead in time, takes edits in, and tells
//! in frames what there is to see.

use crate::Counted;
use crate::SLICE_EVENTS;
use crate::frame;
use crate::past::Past;
use design::Design;
use format::message::{Course, Diagnosed, Frame, Reply, RunId, RunState};
use scenarios::Status as Subject;
use sim::agenda::Time;
use sim::{Simulation, Status};

/// Frames come at most this often, in ms.
const FRAME_MS: f64 = 15.0;
/// A jump in time shows the run this much earlier as well, in ns: rates are taken over it.
const LEAD: Time = crate::rates::OVER_NS;
/// Least simulated time between two diagnoses of a playing run, in ns.
const LOOK_EVERY: Time = 1_000_000_000;
/// Least wall-clock time between two diagnoses: in ms, or as a multiple of the duration of the
/// last one; for a playing run, and for a paused one.
const LOOK_PLAYING: (f64, f64) = (700.0, 15.0);
const LOOK_STANDING: (f64, f64) = (120.0, 4.0);
/// The same between two status sentences. Badges are written about as often.
const SAY: (f64, f64) = (150.0, 15.0);
/// Most events of a live run.
const LIVE_EVENTS: u64 = 2_000_000_000;

/// The run on the canvas.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) run: RunId,
    pub(crate) simulation: Simulation,
    pub(crate) past: Past,
    /// What the page shows, whatever the run was made of at a moment of the past.
    pub(crate) design: Design,
    seeking: Option<Seek>,
    /// The last seek that was done.
    sought: u32,
    lead: Option<Frame>,
    pub(crate) is_playing: bool,
    speed: f64,
    /// How far simulated time should be by now, in ns.
    target: f64,
    pub(crate) is_taken: bool,
    pub(crate) has_news: bool,
    last_frame_ms: f64,
    /// Number of the last edit.
    edit: u32,
    /// The moment of the last diagnosis, and whether the run had ended by then.
    told: Option<Time>,
    is_over: bool,
    /// Whether a run of the present design from its start would be the same run, and whether its
    /// hash was sent.
    is_straight: bool,
    is_hash_told: bool,
    /// That run, while it is being made for its hash.
    again: Option<Box<Simulation>>,
    /// Wall-clock time of the last diagnosis, and its duration, in ms.
    last_look: (f64, f64),
    /// The lesson whose status sentence is reported, the moment of the last sentence, and its
    /// wall-clock time and duration, in ms.
    lesson: Option<Subject>,
    said: Option<Time>,
    last_said: (f64, f64),
    pub(crate) observer: frame::Observer,
}

/// A jump in time that is being made.
#[derive(Clone, Copy, Debug)]
struct Seek {
    to: Time,
    token: u32,
    /// The run a little earlier was noted.
    has_lead: bool,
}

impl Live {
    pub(crate) fn new(run: RunId, design: Design, is_playing: bool, speed: f64) -> Self {
        let mut simulation = Simulation::new(&design).with_budget(LIVE_EVENTS);
        simulation.tap_mut().is_open = true;
        let mut live = Self {
            run,
            past: Past::new(&simulation),
            simulation,
            design,
            seeking: None,
            sought: 0,
            lead: None,
            is_playing,
            speed: 1.0,
            target: 0.0,
            is_taken: true,
            has_news: true,
            last_frame_ms: f64::NEG_INFINITY,
            edit: 0,
            told: None,
            is_over: false,
            is_straight: true,
            is_hash_told: false,
            again: None,
            last_look: (f64::NEG_INFINITY, 0.0),
            lesson: None,
            said: None,
            last_said: (f64::NEG_INFINITY, 0.0),
            observer: frame::Observer::default(),
        };
        live.set_speed(speed);
        live
    }

    pub(crate) fn set_speed(&mut self, speed: f64) {
        // Not a number, or backwards, is a page's mistake: real time.
        self.speed = if speed > 0.0 { speed } else { 1.0 };
    }

    /// Adds a lesson's status sentence to the frames, or leaves it out.
    pub(crate) fn follow(&mut self, status: Option<&str>) {
        self.lesson = status.and_then(Subject::parse);
        self.said = None;
    }

    /// Takes an edit in at the moment where the page is. What came after it never happened, unless
    /// the edit changes nothing that a run reads: then all that is known of the run stays.
    pub(crate) fn edit(&mut self, edit: u32, design: Design, weight: usize) {
        self.edit = edit;
        (self.told, self.said, self.is_over) = (None, None, false);
        (self.again, self.is_hash_told) = (None, false);
        if self.design.makes_same_run(&design) {
            self.design = design;
            return;
        }
        // An edit is made where the page stands: that is where it wanted to go.
        let now_ms = self.last_frame_ms;
        self.jump(&|| now_ms, f64::INFINITY);
        let now = self.simulation.now();
        self.is_straight = now == 0 || self.is_straight && self.is_ahead(&design, now);
        self.past.edit(&mut self.simulation, &design, weight);
        self.design = design;
        self.observer.forget_places();
        self.observer.forget_windows(&self.simulation);
        self.has_news = true;
    }

    /// Whether a changed design differs only in faults that take effect after now.
    fn is_ahead(&self, changed: &Design, now: Time) -> bool {
        let mut same = changed.clone();
        same.faults.clone_from(&self.design.faults);
        let now = design::Duration(now);
        same.makes_same_run(&self.design) && self.design.has_same_faults_until(changed, now)
    }

    pub(crate) fn step(&mut self, ms: f64) {
        self.is_playing = false;
        let ns = (ms.clamp(0.0, 3_600_000.0) * 1e6) as u64;
        let now = self.seeking.map_or(self.simulation.now(), |seek| seek.to);
        self.seeking = Some(Seek {
            to: now.saturating_add(ns),
            token: self.seeking.map_or(self.sought, |seek| seek.token),
            has_lead: true,
        });
    }

    pub(crate) fn seek(&mut self, to: Time, token: u32) {
        let to = to.max(self.past.from());
        if let Some(simulation) = self.past.restore(&self.simulation, to.saturating_sub(LEAD)) {
            self.simulation = simulation;
        }
        self.lead = None;
        self.seeking = Some(Seek {
            to,
            token,
            has_lead: false,
        });
    }

    /// Goes on with a jump until `until_ms`, or to where it leads.
    fn jump(&mut self, clock: &dyn Fn() -> f64, until_ms: f64) {
        while let Some(seek) = &mut self.seeking {
            let to = match seek.has_lead {
                true => seek.to,
                false => seek.to.saturating_sub(LEAD),
            };
            if !self.past.run(&mut self.simulation, to, SLICE_EVENTS) {
                if clock() >= until_ms {
                    return;
                }
                continue;
            }
            if seek.has_lead {
                self.sought = seek.token;
                self.seeking = None;
                self.observer.jumped(&self.simulation, clock());
                self.has_news = true;
            } else {
                seek.has_lead = true;
                let lead = frame::state(self.run, &self.simulation, &self.design);
                self.lead = Some(lead);
            }
        }
    }

    /// A diagnosis of the run up to now, when one is due. A run that was moved back in time has
    /// none: its last diagnosis still holds.
    pub(crate) fn diagnosis(&mut self, clock: &dyn Fn() -> f64) -> Option<Diagnosed> {
        let start_ms = clock();
        let pace = match self.is_running() {
            true => LOOK_PLAYING,
            false => LOOK_STANDING,
        };
        if !self.owes_diagnosis() || !is_due(start_ms, self.last_look, pace) {
            return None;
        }
        let now = self.simulation.now();
        self.told = Some(now);
        self.simulation.judge_by(&self.design);
        let report = self.simulation.report();
        let findings = diagnostics::diagnose(&self.design, Some(&report));
        self.last_look = (start_ms, clock() - start_ms);
        self.is_over = self.simulation.status() == Status::Ended;
        Some(Diagnosed {
            run: self.run,
            edit: self.edit,
            until_ns: now,
            scores: report.requirements,
            findings,
            recovery_s: report.recovery.and_then(|recovery| recovery.recovery_s),
            stuck_s: report.metastable.map(|stuck| stuck.since_s),
            hash: (self.is_over && !self.past.is_edited()).then_some(report.run.hash),
        })
    }

    /// The lesson's status sentence about the run as it is shown, when one is due. No rule runs for
    /// it, so that it follows the badges at any speed.
    fn says(&mut self, clock: &dyn Fn() -> f64) -> Option<String> {
        let start_ms = clock();
        if !self.owes_sentence() || !is_due(start_ms, self.last_said, SAY) {
            return None;
        }
        let now = self.simulation.now();
        self.said = Some(now);
        // During the warm-up nothing is counted that a sentence could tell.
        let is_measured = now >= self.design.settings.warmup.0;
        let says = self.lesson.as_ref().filter(|_| is_measured).map(|status| {
            let json = Counted(&self.simulation.report()).json();
            let report = format::json::value_from_str(&json);
            report.map_or_else(|_| String::new(), |report| status.say(&report))
        });
        self.last_said = (start_ms, clock() - start_ms);
        Some(says.unwrap_or_default())
    }

    /// Whether the sentence was last of another moment.
    pub(crate) fn owes_sentence(&self) -> bool {
        let is_other = self.said != Some(self.simulation.now());
        self.lesson.is_some() && self.seeking.is_none() && is_other
    }

    /// The hash of a run of the present design from its start. It takes a run of its own, which is
    /// made when the live run has ended and the worker is idle.
    pub(crate) fn hash(&mut self, is_over: &dyn Fn() -> bool) -> Option<Reply> {
        if !self.owes_hash() {
            return None;
        }
        let begin = || Box::new(Simulation::new(&self.design).with_budget(LIVE_EVENTS));
        let again = self.again.get_or_insert_with(begin);
        while again.status() == Status::Running && !is_over() {
            again.run_until(u64::MAX, SLICE_EVENTS);
        }
        if again.status() == Status::Running {
            return None;
        }
        let hash = again.report().run.hash;
        (self.again, self.is_hash_told) = (None, true);
        Some(Reply::Hash {
            run: self.run,
            edit: self.edit,
            hash,
        })
    }

    /// Whether that hash is still to be sent.
    pub(crate) fn owes_hash(&self) -> bool {
        self.is_over && self.is_straight && !self.is_hash_told && self.past.is_edited()
    }

    /// Whether the run went on or was edited since the last diagnosis.
    pub(crate) fn owes_diagnosis(&self) -> bool {
        let now = self.simulation.now();
        let is_ahead = self.seeking.is_none() && now >= self.past.known();
        let is_news = match (self.told, self.is_running()) {
            (None, _) => true,
            (Some(told), true) => now >= told.saturating_add(LOOK_EVERY),
            (Some(told), false) => now != told,
        };
        is_ahead && is_news
    }

    /// The design and the edits of the run, up to the furthest moment. Nothing where the run
    /// cannot be repeated.
    pub(crate) fn course(&self) -> Option<Course> {
        let course = self.past.course(&self.design)?;
        Some(Course {
            until_ns: course.until_ns.filter(|_| !self.is_over),
            ..course
        })
    }

    fn is_running(&self) -> bool {
        self.is_playing && self.simulation.status() == Status::Running
    }

    pub(crate) fn has_work(&self) -> bool {
        self.seeking.is_some() || self.is_running()
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.seeking.is_some() || (self.simulation.now() as f64) < self.target
    }

    pub(crate) fn advance(&mut self, passed_ms: f64, until_ms: f64, clock: &dyn Fn() -> f64) {
        if self.seeking.is_some() {
            return self.jump(clock, until_ms);
        }
        if !self.is_running() {
            return;
        }
        let now = self.simulation.now();
        self.target = if self.speed.is_finite() {
            // Time that could not be kept up with is let go, not owed.
            let owed = passed_ms * 1e6 * self.speed;
            self.target.clamp(now as f64, now as f64 + owed) + owed
        } else {
            u64::MAX as f64
        };
        let target = self.target as u64;
        while !self.past.run(&mut self.simulation, target, SLICE_EVENTS) && clock() < until_ms {}
        self.observer.watch_speed(self.simulation.now(), clock());
        self.has_news = true;
    }

    pub(crate) fn frame(&mut self, clock: &dyn Fn() -> f64) -> Option<Frame> {
        let now_ms = clock();
        let is_due = now_ms - self.last_frame_ms >= FRAME_MS;
        if !self.is_taken || !is_due || self.seeking.is_some() {
            return None;
        }
        let says = self.says(clock);
        if !self.has_news && says.is_none() {
            return None;
        }
        self.has_news = false;
        self.is_taken = false;
        self.last_frame_ms = now_ms;
        let state = match self.simulation.status() {
            Status::Running if self.is_playing => RunState::Playing,
            Status::Running => RunState::Paused,
            Status::Ended => RunState::Ended,
            Status::OutOfBudget => RunState::OutOfBudget,
        };
        let simulation = &mut self.simulation;
        let frame = self
            .observer
            .frame(self.run, state, simulation, &self.design, now_ms);
        Some(Frame {
            known_ns: self.past.known(),
            from_ns: self.past.from(),
            seek: self.sought,
            says,
            lead: self.lead.take().map(Box::new),
            ..frame
        })
    }
}

/// Whether it is time for something that was last done at a wall-clock time, in ms, and took so
/// long. `pace` is the least time between two, in ms and as a multiple of that duration.
fn is_due(now_ms: f64, (last_ms, took_ms): (f64, f64), (least_ms, ratio): (f64, f64)) -> bool {
    now_ms >= last_ms + least_ms.max(ratio * took_ms)
}
