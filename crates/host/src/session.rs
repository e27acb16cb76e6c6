//! A live run, driven by messages and by the passing of wall-clock time, in small slices so that
//! whoever drives it stays responsive. The clock is given from outside and decides only how far to
//! simulate, never what happens.

use crate::frame;
use crate::report_json;
use design::{Design, Problem};
use format::message::{Reply, Request, RunId, RunState};
use sim::{Simulation, Status};

/// Work per call of [`Session::advance`], in ms of wall-clock time.
const SLICE_MS: f64 = 8.0;
/// Events between two looks at the clock.
const SLICE_EVENTS: u64 = 2_000;
/// Frames come at most this often, in ms.
const FRAME_MS: f64 = 15.0;
/// A pause of whoever drives (a hidden tab) is not made up for beyond this, in ms.
const CATCH_UP_MS: f64 = 100.0;
/// Most events of a report that the page asks for: a few seconds of work.
const REPORT_EVENTS: u64 = 40_000_000;
/// Most events of a live run.
const LIVE_EVENTS: u64 = 2_000_000_000;

/// A live run and the reports asked for beside it.
#[derive(Debug, Default)]
pub struct Session {
    live: Option<Live>,
    report: Option<(u32, Simulation)>,
    last_ms: Option<f64>,
}

/// The run on the canvas.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) run: RunId,
    pub(crate) simulation: Simulation,
    is_playing: bool,
    speed: f64,
    /// How far simulated time should be by now, in ns.
    target: f64,
    is_taken: bool,
    has_news: bool,
    last_frame_ms: f64,
    pub(crate) observer: frame::Observer,
}

impl Session {
    /// A session with nothing loaded.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message; what it answers at once.
    pub fn handle(&mut self, request: Request) -> Vec<Reply> {
        match request {
            Request::Load {
                run,
                design,
                playing,
                speed,
            } => match read(&design) {
                Ok(design) => {
                    self.live = Some(Live::new(run, &design, playing, speed));
                    Vec::new()
                }
                Err(problems) => vec![invalid(Some(run), None, &problems)],
            },
            Request::Edit { run, design } => match (read(&design), self.live_of(run)) {
                (Ok(design), Some(live)) => {
                    live.edit(&design);
                    Vec::new()
                }
                (Ok(_), None) => Vec::new(),
                (Err(problems), _) => vec![invalid(Some(run), None, &problems)],
            },
            Request::Report { token, design } => match read(&design) {
                Ok(design) => {
                    // The last one asked for is the one that is wanted.
                    self.report =
                        Some((token, Simulation::new(&design).with_budget(REPORT_EVENTS)));
                    Vec::new()
                }
                Err(problems) => vec![invalid(None, Some(token), &problems)],
            },
            Request::Play { run } => self.with_live(run, |live| live.is_playing = true),
            Request::Pause { run } => self.with_live(run, |live| live.is_playing = false),
            Request::Speed { run, speed } => self.with_live(run, |live| live.set_speed(speed)),
            Request::Taken { run } => self.with_live(run, |live| live.is_taken = true),
            Request::Step { run, ms } => self.with_live(run, |live| live.step(ms)),
        }
    }

    /// Simulates on, for at most about 8 ms by the clock given, and tells what there is to tell.
    pub fn advance(&mut self, clock: &dyn Fn() -> f64) -> Vec<Reply> {
        let start_ms = clock();
        let passed_ms = self
            .last_ms
            .map_or(0.0, |last| (start_ms - last).clamp(0.0, CATCH_UP_MS));
        self.last_ms = Some(start_ms);
        let mut replies = Vec::new();
        if let Some(live) = &mut self.live {
            let budget_ms = if self.report.is_some() {
                SLICE_MS / 2.0
            } else {
                SLICE_MS
            };
            live.advance(passed_ms, start_ms + budget_ms, clock);
        }
        if let Some((token, simulation)) = &mut self.report {
            while simulation.status() == Status::Running && clock() < start_ms + SLICE_MS {
                simulation.run_until(u64::MAX, SLICE_EVENTS);
            }
            if simulation.status() != Status::Running {
                replies.push(Reply::Report {
                    token: *token,
                    json: report_json(&simulation.report()),
                });
                self.report = None;
            }
        }
        if let Some(live) = &mut self.live {
            replies.extend(
                live.frame(clock())
                    .map(|frame| Reply::Frame(Box::new(frame))),
            );
        }
        replies
    }

    /// Whether there is work to do now; otherwise the driver may rest until a message comes.
    pub fn is_busy(&self) -> bool {
        self.report.is_some()
            || self
                .live
                .as_ref()
                .is_some_and(|live| live.is_running() || live.has_news)
    }

    /// Whether more could be done at once: the run is as fast as it goes, or has fallen behind.
    pub fn is_behind(&self) -> bool {
        self.report.is_some()
            || self
                .live
                .as_ref()
                .is_some_and(|live| live.is_running() && live.is_behind())
    }

    fn live_of(&mut self, run: RunId) -> Option<&mut Live> {
        self.live.as_mut().filter(|live| live.run == run)
    }

    fn with_live(&mut self, run: RunId, act: impl FnOnce(&mut Live)) -> Vec<Reply> {
        if let Some(live) = self.live_of(run) {
            act(live);
            live.has_news = true;
        }
        Vec::new()
    }
}

impl Live {
    fn new(run: RunId, design: &Design, is_playing: bool, speed: f64) -> Self {
        let mut simulation = Simulation::new(design).with_budget(LIVE_EVENTS);
        simulation.tap_mut().is_open = true;
        let mut live = Self {
            run,
            simulation,
            is_playing,
            speed: 1.0,
            target: 0.0,
            is_taken: true,
            has_news: true,
            last_frame_ms: f64::NEG_INFINITY,
            observer: frame::Observer::default(),
        };
        live.set_speed(speed);
        live
    }

    fn set_speed(&mut self, speed: f64) {
        // Not a number, or backwards, is a page's mistake: real time.
        self.speed = if speed > 0.0 { speed } else { 1.0 };
    }

    fn edit(&mut self, design: &Design) {
        self.simulation.edit(design);
        self.observer.forget_places();
        self.has_news = true;
    }

    fn step(&mut self, ms: f64) {
        self.is_playing = false;
        let ns = (ms.clamp(0.0, 3_600_000.0) * 1e6) as u64;
        let until = self.simulation.now().saturating_add(ns);
        self.simulation.run_until(until, SLICE_EVENTS * 500);
    }

    fn is_running(&self) -> bool {
        self.is_playing && self.simulation.status() == Status::Running
    }

    fn is_behind(&self) -> bool {
        (self.simulation.now() as f64) < self.target
    }

    fn advance(&mut self, passed_ms: f64, until_ms: f64, clock: &dyn Fn() -> f64) {
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
        while self.simulation.run_until(target, SLICE_EVENTS) == Status::Running {
            if self.simulation.now() >= target || clock() >= until_ms {
                break;
            }
        }
        self.observer.watch_speed(self.simulation.now(), clock());
        self.has_news = true;
    }

    fn frame(&mut self, now_ms: f64) -> Option<format::message::Frame> {
        if !self.has_news || !self.is_taken || now_ms - self.last_frame_ms < FRAME_MS {
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
        Some(
            self.observer
                .frame(self.run, state, &mut self.simulation, now_ms),
        )
    }
}

fn read(design: &str) -> Result<Design, Vec<Problem>> {
    format::json::read(design)
}

fn invalid(run: Option<RunId>, token: Option<u32>, problems: &[Problem]) -> Reply {
    let problems = problems
        .iter()
        .map(|problem| (problem.path.clone(), problem.message.clone()))
        .collect();
    Reply::Invalid {
        run,
        token,
        problems,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn design() -> String {
        let scenario = scenarios::find("retry-storm").expect("it is in the library");
        format::json::write(&scenario.design)
    }

    /// Drives a session with a clock that jumps, as timers do.
    fn drive(session: &mut Session, ms: f64, calls: usize) -> Vec<Reply> {
        let time = Cell::new(0.0);
        let mut replies = Vec::new();
        for call in 0..calls {
            time.set(call as f64 * ms / calls as f64);
            for reply in session.advance(&|| time.get()) {
                if let Reply::Frame(frame) = &reply {
                    session.handle(Request::Taken { run: frame.run });
                }
                replies.push(reply);
            }
        }
        replies
    }

    #[test]
    fn time_passes_at_the_speed_asked_for() {
        let mut session = Session::new();
        session.handle(Request::Load {
            run: 1,
            design: design(),
            playing: true,
            speed: 2.0,
        });
        let replies = drive(&mut session, 1_000.0, 60);
        let Some(Reply::Frame(last)) = replies.last() else {
            panic!("frames come")
        };
        let seconds = last.time_ns as f64 / 1e9;
        assert!((1.9..=2.0).contains(&seconds), "{seconds}");
        assert!(last.offered > 200 && last.flights.len() <= format::message::FLIGHTS_MAX);
        assert_eq!((last.nodes.len(), last.links.len()), (4, 3));
    }

    #[test]
    fn the_next_frame_waits_until_the_last_was_taken() {
        let mut session = Session::new();
        session.handle(Request::Load {
            run: 1,
            design: design(),
            playing: true,
            speed: 1.0,
        });
        let time = Cell::new(0.0);
        let mut frames = 0;
        for call in 0..50 {
            time.set(f64::from(call) * 20.0);
            frames += session.advance(&|| time.get()).len();
        }
        assert_eq!(frames, 1);
    }

    #[test]
    fn a_live_run_with_edits_undone_reports_as_a_run_alone() {
        let mut session = Session::new();
        session.handle(Request::Report {
            token: 4,
            design: design(),
        });
        let replies = drive(&mut session, 10_000.0, 1_000);
        let Some(Reply::Report { token: 4, json }) = replies.first() else {
            panic!("a report comes")
        };
        let design = format::json::read(&design()).expect("it is valid");
        let alone = crate::run(&design, &crate::Options::default()).expect("it is valid");
        assert_eq!(*json, report_json(&alone));
    }

    #[test]
    fn what_cannot_run_is_answered_with_its_problems_and_the_run_goes_on() {
        let mut session = Session::new();
        session.handle(Request::Load {
            run: 1,
            design: design(),
            playing: true,
            speed: 1.0,
        });
        let replies = session.handle(Request::Edit {
            run: 1,
            design: "{".into(),
        });
        assert!(matches!(
            &replies[..],
            [Reply::Invalid { run: Some(1), .. }]
        ));
        assert!(!drive(&mut session, 100.0, 10).is_empty());
        assert!(
            session.handle(Request::Pause { run: 77 }).is_empty(),
            "another run's message drops"
        );
        assert!(session.is_busy());
    }
}
