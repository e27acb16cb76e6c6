//! Moving to another moment of the run: by dragging the time line, by its keys, or while the
//! pointer rests on the charts.
//!
//! One jump is in progress at a time; its target may change until it is sent. So the worker never
//! gets requests for more moments than it can show.

use format::message::{Frame, Request};
use leptos::prelude::*;

use crate::state::Page;

/// The jump in progress, and the state of peeking.
#[derive(Debug, Default)]
pub(crate) struct Seeking {
    token: u32,
    is_under_way: bool,
    /// The target of the last jump.
    to_s: f64,
    /// The target of the next jump, once the present one is done.
    next_s: Option<f64>,
    /// The moment of the run before the pointer began to peek.
    home_s: Option<f64>,
    /// During a drag of the time line: whether the run played before.
    was_playing: Option<bool>,
}

impl Page {
    /// Goes to a moment that the run has reached.
    pub(crate) fn seek(self, time_s: f64) {
        self.hidden
            .update_value(|hidden| hidden.seeking.home_s = None);
        self.go_to(time_s);
    }

    /// Goes forward or back by this many seconds.
    pub(crate) fn seek_by(self, by_s: f64) {
        let now_s = self.hidden.with_value(|hidden| {
            let seeking = &hidden.seeking;
            let to_s = seeking.is_under_way.then_some(seeking.to_s);
            seeking.next_s.or(to_s)
        });
        let now_s = now_s.unwrap_or_else(|| self.history.with_value(|history| history.now_s));
        self.seek(now_s + by_s);
    }

    /// Goes to a moment that the run has reached, or to one before it.
    fn go_to(self, time_s: f64) {
        let time_s = self.history.with_value(|history| {
            let until_s = history.known_s.max(history.now_s);
            time_s.clamp(history.from_s.min(until_s), until_s)
        });
        let waits = self.hidden.try_update_value(|hidden| {
            let seeking = &mut hidden.seeking;
            if seeking.is_under_way {
                seeking.next_s = Some(time_s);
                return true;
            }
            (seeking.is_under_way, seeking.to_s) = (true, time_s);
            seeking.token = seeking.token.wrapping_add(1).max(1);
            false
        });
        if waits != Some(false) {
            return;
        }
        let token = self.hidden.with_value(|hidden| hidden.seeking.token);
        self.tell(|run| Request::Seek {
            run,
            time_ns: (time_s * 1e9).round() as u64,
            token,
        });
    }

    /// Takes a frame: the jump in progress may be done.
    pub(crate) fn sought(self, frame: &Frame) {
        let next = self.hidden.try_update_value(|hidden| {
            let seeking = &mut hidden.seeking;
            if !seeking.is_under_way || frame.seek != seeking.token {
                return None;
            }
            seeking.is_under_way = false;
            seeking.next_s.take()
        });
        if let Some(next_s) = next.flatten() {
            self.go_to(next_s);
        }
    }

    /// Begins another run: discards the jumps of the last one.
    pub(crate) fn forget_seeks(self) {
        self.hidden
            .update_value(|hidden| hidden.seeking = Seeking::default());
    }

    /// Begins to drag the time line.
    pub(crate) fn grab_time(self) {
        let playing = self.playing.get_untracked();
        self.hidden
            .update_value(|hidden| hidden.seeking.was_playing = Some(playing));
        if playing {
            self.play(false);
        }
    }

    /// Ends the drag: a run that played continues from there.
    pub(crate) fn release_time(self) {
        let was_playing = self
            .hidden
            .try_update_value(|hidden| hidden.seeking.was_playing.take());
        if was_playing.flatten() == Some(true) {
            self.play(true);
        }
    }

    /// Shows a moment for as long as the pointer rests on it; only while the run is paused.
    pub(crate) fn peek(self, time_s: f64) {
        let stands = !self.playing.get_untracked();
        let is_held = self
            .hidden
            .with_value(|hidden| hidden.seeking.was_playing.is_some());
        if !stands || is_held {
            return;
        }
        let now_s = self.history.with_value(|history| history.now_s);
        self.hidden.update_value(|hidden| {
            hidden.seeking.home_s.get_or_insert(now_s);
        });
        self.go_to(time_s);
    }

    /// Ends the peek: the run returns to its moment before.
    pub(crate) fn end_peek(self) {
        let home_s = self
            .hidden
            .try_update_value(|hidden| hidden.seeking.home_s.take());
        if let Some(home_s) = home_s.flatten() {
            // The next action applies there: this jump does not wait for its turn.
            self.hidden.update_value(|hidden| {
                hidden.seeking.is_under_way = false;
                hidden.seeking.next_s = None;
            });
            self.go_to(home_s);
        }
    }

    /// Returns the moment of the run, in seconds, regardless of a peek.
    pub(crate) fn stands_at(self, frame: &Frame) -> f64 {
        let shown_s = frame.time_ns as f64 / 1e9;
        let home_s = self.hidden.with_value(|hidden| hidden.seeking.home_s);
        home_s.unwrap_or(shown_s)
    }
}
