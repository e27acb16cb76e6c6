//! The run on the canvas: messages to and from the worker.

use std::sync::Arc;

use design::{Command, Kind, Target, Value};
use format::message::{Frame, Reply, Request, RunState};
use leptos::prelude::*;

use crate::canvas::failed;
use crate::charts;
use crate::engine::{Engine, EngineEvent};
use crate::history::{Mark, MarkKind};
use crate::state::{About, Page, RunHash, Status};

/// Length of a step, in simulated ms.
const STEP_MS: f64 = 10.0;

impl Page {
    /// Starts the engine and the animation loop.
    pub(crate) fn start(self) {
        let engine = Engine::start(move |event| self.on_engine(event));
        self.engine.set_value(Some(engine));
        crate::canvas::animate(move |now_ms| self.turn(now_ms));
        crate::layers::follow(self);
        self.follow_faults();
    }

    fn engine(self, tell: impl FnOnce(&Engine)) {
        self.engine.with_value(|engine| {
            if let Some(engine) = engine {
                tell(engine);
            }
        });
    }

    /// Sends a request about the present run, after the pending edit.
    pub(crate) fn tell(self, request: impl FnOnce(format::message::RunId) -> Request) {
        if self.hidden.with_value(|hidden| hidden.edit_due) {
            self.send_edit();
        }
        self.engine(|engine| engine.send(request(engine.run())));
    }

    /// The present run.
    pub(crate) fn run_id(self) -> Option<format::message::RunId> {
        self.engine
            .with_value(|engine| engine.as_ref().map(Engine::run))
    }

    fn design_json(self) -> String {
        self.design
            .with_untracked(|design| format::json::write(design))
    }

    /// Begins a new run of the present design.
    pub(crate) fn load_run(self) {
        self.history.update_value(crate::history::History::restart);
        self.hidden.update_value(|hidden| hidden.edit_due = false);
        self.forget_seeks();
        self.forget_findings();
        self.inside.set(None);
        self.why.set(None);
        self.live.restart();
        self.status.set(Status::default());
        let (json, playing, speed) = (
            self.design_json(),
            self.playing.get_untracked(),
            self.speed.get_untracked(),
        );
        self.engine(|engine| {
            engine.revive();
            engine.load(json, playing, speed);
        });
        self.look_again();
        self.follow_lesson();
    }

    /// Runs again from the start, with the same seed.
    pub(crate) fn restart(self) {
        self.playing.set(true);
        self.load_run();
    }

    /// Runs again from the start, with another seed.
    pub(crate) fn new_seed(self) {
        let seed = (js_sys::Math::random() * 9_999.0).floor() + 1.0;
        self.command_named(
            Command::Set(Target::Settings, "seed".to_owned(), Value::Number(seed)),
            "New seed",
        );
        self.restart();
    }

    /// Whether the run is over.
    pub(crate) fn is_over(self) -> bool {
        let state = self.status.with_untracked(|status| status.state);
        matches!(state, RunState::Ended | RunState::OutOfBudget)
    }

    /// Plays, pauses, or runs again once it is over.
    pub(crate) fn toggle_play(self) {
        if self.is_over() {
            return self.restart();
        }
        let playing = !self.playing.get_untracked();
        self.play(playing);
    }

    /// Plays or pauses the run.
    pub(crate) fn play(self, playing: bool) {
        self.end_peek();
        self.playing.set(playing);
        self.tell(|run| match playing {
            true => Request::Play { run },
            false => Request::Pause { run },
        });
    }

    /// Advances the run by a little, then pauses it.
    pub(crate) fn step(self) {
        self.end_peek();
        self.playing.set(false);
        self.tell(|run| Request::Step { run, ms: STEP_MS });
    }

    /// Runs to a moment as fast as possible, and plays on from there if it played.
    pub(crate) fn run_ahead(self, to_s: f64) {
        self.end_peek();
        let ahead_s = to_s - self.history.with_value(|history| history.now_s);
        let ms = ahead_s.max(0.0) * 1e3 + STEP_MS;
        self.tell(|run| Request::Step { run, ms });
        if self.playing.get_untracked() {
            self.tell(|run| Request::Play { run });
        }
    }

    /// Changes the speed.
    pub(crate) fn set_speed(self, speed: f64) {
        self.speed.set(speed);
        self.tell(|run| Request::Speed { run, speed });
    }

    /// Returns the moment at which a fault injected now takes effect: just after what the worker
    /// has simulated by then, in whole tenths of a second.
    pub(crate) fn soon(self) -> design::Duration {
        let (now_s, pace) = self
            .live
            .with_frame(|frame| (self.stands_at(frame), frame.speed));
        let speed = match self.speed.get_untracked() {
            speed if speed.is_finite() => speed,
            _ => pace.max(20.0),
        };
        let ahead_s = if self.playing.get_untracked() {
            0.08 * speed
        } else {
            0.0
        };
        let tenths = ((now_s + ahead_s) * 10.0).ceil() as u64;
        design::Duration::ms(tenths * 100)
    }

    /// Makes the worker report the contents of the selected node.
    pub(crate) fn follow_looks(self) {
        let looked = Memo::new(move |_| {
            self.selection.with(|selection| match selection.single() {
                Some(editor::Item::Node(id)) => Some(id),
                _ => None,
            })
        });
        Effect::new(move || {
            let node = looked.get();
            self.inside.set(None);
            self.hidden.update_value(|hidden| hidden.looked_into = node);
            self.look_again();
        });
    }

    fn look_again(self) {
        let node = self.hidden.with_value(|hidden| hidden.looked_into.clone());
        self.tell(|run| Request::Look { run, node });
    }

    /// One turn of the animation loop.
    fn turn(self, now_ms: f64) {
        let turn = self.live.turn(now_ms);
        if turn.taken {
            self.tell(|run| Request::Taken { run });
        }
        if turn.tick {
            self.renew_status();
        }
        let due = self.hidden.with_value(|hidden| hidden.edit_due);
        if due {
            self.send_edit();
        }
    }

    fn send_edit(self) {
        self.hidden.update_value(|hidden| hidden.edit_due = false);
        self.end_peek();
        let design = self.design_json();
        let edit = self.hidden.try_update_value(|hidden| {
            hidden.edits_sent += 1;
            hidden.edits_sent
        });
        let edit = edit.unwrap_or_default();
        self.tell(|run| Request::Edit { run, edit, design });
    }

    fn renew_status(self) {
        let status = self.live.with_frame(|frame| Status {
            time_s: frame.time_ns as f64 / 1e9,
            state: frame.state,
            offered: frame.offered,
            ok: frame.ok,
            failed: failed(frame),
            pace: two_digits(frame.speed),
        });
        if self.status.get_untracked() != status {
            self.status.set(status);
        }
        let rates = self.live.rates();
        self.history.update_value(|history| history.rates = rates);
        self.tick.update(|tick| *tick = tick.wrapping_add(1));
    }

    fn on_engine(self, event: EngineEvent) {
        match event {
            EngineEvent::Reply(Reply::Frame(frame)) => self.take_frame(*frame),
            EngineEvent::Reply(Reply::Why {
                token,
                from_ns,
                until_ns,
                seen,
                requests,
            }) => self.take_why(token, [from_ns, until_ns], seen, requests),
            EngineEvent::Reply(Reply::Compared { token, counted }) => {
                self.take_comparison(token, counted);
            }
            EngineEvent::Reply(Reply::Diagnosed(shown)) => self.take_diagnosis(*shown),
            EngineEvent::Reply(Reply::Hash { run, edit, hash }) => self.take_hash(run, edit, hash),
            EngineEvent::Reply(Reply::Course { run, course }) => self.take_course(run, course),
            EngineEvent::Reply(Reply::Invalid {
                token, problems, ..
            }) => self.take_problems(token, &problems),
            // These are of the workers that make experiments.
            EngineEvent::Reply(
                Reply::Ready { .. }
                | Reply::Failed { .. }
                | Reply::Concluded { .. }
                | Reply::Job(_)
                | Reply::Ran(_),
            ) => {}
            EngineEvent::Failed { message, restarted } => self.take_failure(&message, restarted),
        }
    }

    fn take_frame(self, mut frame: Frame) {
        if let Some(inside) = frame.inside.take() {
            self.inside.set(Some(Arc::new(inside)));
        }
        if let Some(says) = frame.says.take() {
            self.review.says.set((!says.is_empty()).then_some(says));
        }
        let is_same = self.live.with_frame(|last| last.alerts == frame.alerts);
        let fired = (!is_same).then(|| self.alerts(&frame));
        let is_jump = frame.lead.is_some();
        let heard = self.design.with_untracked(|design| {
            let nodes = design.nodes.iter().zip(&frame.nodes);
            let mut clients = nodes.filter(|(node, _)| matches!(node.kind, Kind::Client(_)));
            clients.all(|(_, frame)| frame.heard)
        });
        self.history.update_value(|history| {
            let s = |ns: u64| ns as f64 / 1e9;
            let before_s = history.now_s;
            history.stands(self.stands_at(&frame), s(frame.known_ns), s(frame.from_ns));
            history.extend(&frame.windows);
            if let Some(fired) = fired {
                history.take_alerts(fired);
            }
            history.hear(before_s, heard || is_jump);
        });
        self.sought(&frame);
        let stands = matches!(frame.state, RunState::Ended | RunState::OutOfBudget);
        if stands && self.playing.get_untracked() {
            self.playing.set(false);
            // Otherwise, it would play on by itself from wherever the time line is dragged to.
            self.tell(|run| Request::Pause { run });
        }
        if frame.state != RunState::Playing {
            self.stand(frame.time_ns);
        }
        let p99_ms = self.history.with_value(charts::p99_ms);
        self.live
            .take_frame(frame, self.speed.get_untracked(), p99_ms);
    }

    /// Returns the alerts that fired, as marks on the time line.
    fn alerts(self, frame: &Frame) -> Vec<Mark> {
        let s = |ns: u64| ns as f64 / 1e9;
        self.design.with_untracked(|design| {
            let alerts = &design.settings.alerts;
            let fired = frame.alerts.iter().filter_map(|(at, from, until)| {
                let alert = alerts.get(usize::from(*at))?;
                Some(Mark {
                    time_s: s(*from),
                    end_s: Some(until.map_or(f64::INFINITY, s)),
                    label: format!("Alert: {}", alert.name),
                    kind: MarkKind::Alert,
                })
            });
            fired.collect()
        })
    }

    fn take_problems(self, token: Option<u32>, problems: &[(String, String)]) {
        if let Some(token) = token {
            return self.refuse_comparison(token, problems);
        }
        self.hash.set(RunHash::Invalid);
        let more = problems.len().saturating_sub(1);
        if let Some((path, message)) = problems.first() {
            let rest = if more > 0 {
                format!(" ({more} more)")
            } else {
                String::new()
            };
            self.notice(
                About::Design,
                format!(
                    "The run continues without this edit, because the design cannot be run: {path} {message}{rest}."
                ),
            );
        }
    }

    fn take_failure(self, message: &str, restarted: bool) {
        self.lose_comparison();
        let design = "Your design is intact.";
        self.notice(
            About::Worker,
            if restarted {
                format!("The simulation stopped: {message}. It has been started again from time 0. {design}")
            } else {
                format!("The simulation stopped again: {message}. {design} Change it, or restart the run.")
            },
        );
        if restarted {
            self.load_run();
        } else {
            self.playing.set(false);
        }
    }
}

/// Rounds to two digits, so that a value does not flicker.
fn two_digits(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 0.0;
    }
    let step = libm::pow(10.0, libm::floor(libm::log10(value)) - 1.0);
    (value / step).round() * step
}
