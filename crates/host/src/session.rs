//! A live run, driven by messages and by the passing of wall-clock time, in small slices so that
//! its host stays responsive. The clock is given from outside and decides only how far to
//! simulate, never what happens.

use crate::inquiry::{Errand, Inquiry};
use crate::live::Live;
use crate::why::Why;
use crate::{Counted as Written, SLICE_EVENTS};
use design::{Design, Problem};
use format::json;
use format::message::{Counted, Reply, Request, RunId};
use sim::{Simulation, Status};

/// Work per call of [`Session::advance`], in ms of wall-clock time.
const SLICE_MS: f64 = 8.0;
/// After a pause of the host (a hidden tab), at most this much time is made up for, in ms.
const CATCH_UP_MS: f64 = 100.0;
/// Most events of a run that the page compares: a few seconds of work.
const COMPARED_EVENTS: u64 = 40_000_000;

/// A live run and the queries about it.
#[derive(Debug, Default)]
pub struct Session {
    live: Option<Box<Live>>,
    inquiry: Option<Box<Inquiry>>,
    errand: Option<Box<Errand>>,
    pair: Option<Box<Pair>>,
    why: Option<Box<Why>>,
    last_ms: Option<f64>,
}

/// Two runs that are to be compared: the second follows the first.
#[derive(Debug)]
struct Pair {
    token: u32,
    running: Simulation,
    next: Option<Simulation>,
    /// The report of the first.
    first: Option<Counted>,
}

impl Session {
    /// A session with nothing loaded.
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles a message and returns the immediate replies.
    pub fn handle(&mut self, request: Request) -> Vec<Reply> {
        match request {
            Request::Load {
                run,
                design,
                playing,
                speed,
            } => self.load(run, &design, playing, speed),
            Request::Edit { run, edit, design } => match (json::read(&design), self.live_of(run)) {
                (Ok(changed), Some(live)) => {
                    live.edit(edit, changed, 2 * design.len());
                    Vec::new()
                }
                (Ok(_), None) => Vec::new(),
                (Err(problems), _) => vec![invalid(Some(run), None, &problems)],
            },
            Request::Course { run } => match self.live_of(run) {
                Some(live) => vec![Reply::Course {
                    run,
                    course: live.course(),
                }],
                None => Vec::new(),
            },
            Request::Try {
                token,
                course,
                experiments,
                helpers,
            } => self.inquire(token, Inquiry::new(token, &course, experiments, helpers)),
            Request::Run(job) => match Errand::new(&job) {
                Ok(errand) => {
                    self.errand = Some(Box::new(errand));
                    Vec::new()
                }
                Err(problems) => vec![invalid(None, Some(job.token), &problems)],
            },
            Request::Ran(answer) => self.with_inquiry(|inquiry| inquiry.take(&answer)),
            Request::Lost { token, id } => self.with_inquiry(|inquiry| inquiry.lose(token, id)),
            Request::LeaveOff => {
                (self.inquiry, self.errand) = (None, None);
                Vec::new()
            }
            Request::Compare { token, designs } => self.compare(token, &designs),
            Request::Play { run } => self.with_live(run, |live| live.is_playing = true),
            Request::Pause { run } => self.with_live(run, |live| live.is_playing = false),
            Request::Speed { run, speed } => self.with_live(run, |live| live.set_speed(speed)),
            Request::Taken { run } => self.taken(run),
            Request::Step { run, ms } => self.with_live(run, |live| live.step(ms)),
            Request::Follow { run, status } => {
                self.with_live(run, |live| live.follow(status.as_deref()))
            }
            Request::Look { run, node } => self.with_live(run, |live| live.observer.look(node)),
            Request::Why { run, token, of } => {
                if let Some(live) = self.live.as_ref().filter(|live| live.run == run) {
                    let of = of.and_then(|(link, at)| {
                        Some((live.design.links.get(usize::from(link))?.id.clone(), at))
                    });
                    let now = live.simulation.now();
                    self.why = Some(Box::new(Why::new(token, of, &live.past, now)));
                }
                Vec::new()
            }
            Request::Seek {
                run,
                time_ns,
                token,
            } => self.with_live(run, |live| live.seek(time_ns, token)),
        }
    }

    fn load(&mut self, run: RunId, design: &str, playing: bool, speed: f64) -> Vec<Reply> {
        match json::read(design) {
            Ok(design) => {
                self.live = Some(Box::new(Live::new(run, design, playing, speed)));
                self.why = None;
                Vec::new()
            }
            Err(problems) => vec![invalid(Some(run), None, &problems)],
        }
    }

    /// Only the last inquiry requested is needed.
    fn inquire(&mut self, token: u32, inquiry: Result<Inquiry, Vec<Problem>>) -> Vec<Reply> {
        match inquiry {
            Ok(inquiry) => {
                self.inquiry = Some(Box::new(inquiry));
                Vec::new()
            }
            Err(problems) => vec![invalid(None, Some(token), &problems)],
        }
    }

    fn with_inquiry(&mut self, act: impl FnOnce(&mut Inquiry)) -> Vec<Reply> {
        self.inquiry.as_deref_mut().map(act);
        Vec::new()
    }

    fn compare(&mut self, token: u32, designs: &[String; 2]) -> Vec<Reply> {
        match both(designs) {
            Ok([before, after]) => {
                let begin = |design| Simulation::new(design).with_budget(COMPARED_EVENTS);
                self.pair = Some(Box::new(Pair {
                    token,
                    running: begin(&before),
                    next: Some(begin(&after)),
                    first: None,
                }));
                Vec::new()
            }
            Err(problems) => vec![invalid(None, Some(token), &problems)],
        }
    }

    /// Simulates on, for at most about 8 ms by the clock given, and tells what there is to tell.
    pub fn advance(&mut self, clock: &dyn Fn() -> f64) -> Vec<Reply> {
        let start_ms = clock();
        let passed_ms = self
            .last_ms
            .map_or(0.0, |last| (start_ms - last).clamp(0.0, CATCH_UP_MS));
        self.last_ms = Some(start_ms);
        let is_asked = self.is_asked();
        let mut replies = Vec::new();
        if let Some(live) = &mut self.live {
            let budget_ms = match is_asked {
                true => SLICE_MS / 2.0,
                false => SLICE_MS,
            };
            live.advance(passed_ms, start_ms + budget_ms, clock);
        }
        if let (Some(why), Some(live)) = (&mut self.why, &self.live) {
            let is_over = || clock() >= start_ms + SLICE_MS;
            let mut is_done = why.advance(&live.past);
            while !is_done && !is_over() {
                is_done = why.advance(&live.past);
            }
            if is_done {
                replies.extend(self.why.take().map(|why| why.reply()));
            }
        }
        if let Some(pair) = &mut self.pair
            && let Some(counted) = pair.advance(&|| clock() < start_ms + SLICE_MS)
        {
            let token = pair.token;
            replies.push(Reply::Compared { token, counted });
            self.pair = None;
        }
        if let Some(inquiry) = &mut self.inquiry {
            replies.extend(inquiry.advance(&|| clock() < start_ms + SLICE_MS, start_ms));
            if inquiry.is_done() {
                self.inquiry = None;
            }
        }
        if let Some(errand) = &mut self.errand
            && let Some(reply) = errand.advance(&|| clock() < start_ms + SLICE_MS)
        {
            replies.push(reply);
            self.errand = None;
        }
        if let Some(live) = &mut self.live {
            let diagnosed = live.diagnosis(clock).map(Box::new);
            replies.extend(diagnosed.map(Reply::Diagnosed));
            replies.extend(live.hash(&|| clock() >= start_ms + SLICE_MS));
            replies.extend(live.frame(clock).map(|frame| Reply::Frame(Box::new(frame))));
        }
        replies
    }

    /// Whether there is work to do now; otherwise the driver may rest until a message comes.
    pub fn is_busy(&self) -> bool {
        self.is_asked() || {
            let is_busy = |live: &Live| {
                let owes = live.owes_diagnosis() || live.owes_sentence() || live.owes_hash();
                owes || live.has_work() || live.has_news
            };
            self.live.as_deref().is_some_and(is_busy)
        }
    }

    /// Whether another slice could run immediately: at full speed, or when the run is behind.
    pub fn is_behind(&self) -> bool {
        self.is_asked()
            || self
                .live
                .as_ref()
                .is_some_and(|live| live.has_work() && live.is_behind())
    }

    /// Whether something beside the live run is under way.
    fn is_asked(&self) -> bool {
        let is_trying = self
            .inquiry
            .as_ref()
            .is_some_and(|inquiry| inquiry.has_work());
        is_trying || self.errand.is_some() || self.pair.is_some() || self.why.is_some()
    }

    /// A frame was taken. That is no news by itself: a run that is paused has nothing more to show.
    fn taken(&mut self, run: RunId) -> Vec<Reply> {
        if let Some(live) = self.live_of(run) {
            live.is_taken = true;
        }
        Vec::new()
    }

    fn live_of(&mut self, run: RunId) -> Option<&mut Live> {
        self.live.as_deref_mut().filter(|live| live.run == run)
    }

    fn with_live(&mut self, run: RunId, act: impl FnOnce(&mut Live)) -> Vec<Reply> {
        if let Some(live) = self.live_of(run) {
            act(live);
            live.has_news = true;
        }
        Vec::new()
    }
}

impl Pair {
    /// Simulates on while there is time; both reports once both are done.
    fn advance(&mut self, has_time: &dyn Fn() -> bool) -> Option<[Counted; 2]> {
        while has_time() {
            if self.running.status() == Status::Running {
                self.running.run_until(u64::MAX, SLICE_EVENTS);
                continue;
            }
            let report = counted(self.running.report());
            match self.next.take() {
                Some(next) => {
                    self.first = Some(report);
                    self.running = next;
                }
                None => return Some([self.first.take().unwrap_or_default(), report]),
            }
        }
        None
    }
}

fn counted(report: sim::Report) -> Counted {
    Counted {
        json: Written(&report).json(),
        scores: report.requirements,
    }
}

fn both([before, after]: &[String; 2]) -> Result<[Design; 2], Vec<Problem>> {
    Ok([json::read(before)?, json::read(after)?])
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
mod tests;
