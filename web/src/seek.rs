//! Going to another moment of the run: by dragging the time line, by its keys, or for a look while
//! the pointer rests on the charts.
//!
//! One jump is under way at a time; where it leads may change until it is sent. So the worker is
//! never asked for more moments than it can show.

use format::message::{Frame, Request};
use leptos::prelude::*;

use crate::state::Page;

/// The jump under way, and what the pointer is about.
#[derive(Debug, Default)]
pub(crate) struct Seeking {
    token: u32,
    is_under_way: bool,
    /// Where the last one leads.
    to_s: f64,
    /// Where to go once the one under way is done.
    next_s: Option<f64>,
    /// Where the run stood before the pointer asked for a look.
    home_s: Option<f64>,
    /// While the time line is dragged: whether the run played before.
    was_playing: Option<bool>,
}

impl Page {
    /// Goes to a moment that the run has been at.
    pub(crate) fn seek(self, time_s: f64) {
        self.hidden
            .update_value(|hidden| hidden.seeking.home_s = None);
        self.go_to(time_s);
    }

    /// Goes on or back by so many seconds.
    pub(crate) fn seek_by(self, by_s: f64) {
        let now_s = self.hidden.with_value(|hidden| {
            let seeking = &hidden.seeking;
            let to_s = seeking.is_under_way.then_some(seeking.to_s);
            seeking.next_s.or(to_s)
        });
        let now_s = now_s.unwrap_or_else(|| self.history.with_value(|history| history.now_s));
        self.seek(now_s + by_s);
    }

    /// Goes to a moment that the run has been at, or before this one.
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

    /// A frame came: the jump under way may be done.
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

    /// Another run begins: no jump of the last one is waited for.
    pub(crate) fn forget_seeks(self) {
        self.hidden
            .update_value(|hidden| hidden.seeking = Seeking::default());
    }

    /// The time line is taken hold of.
    pub(crate) fn grab_time(self) {
        let playing = self.playing.get_untracked();
        self.hidden
            .update_value(|hidden| hidden.seeking.was_playing = Some(playing));
        if playing {
            self.play(false);
        }
    }

    /// It is let go of: a run that played plays on from there.
    pub(crate) fn release_time(self) {
        let was_playing = self
            .hidden
            .try_update_value(|hidden| hidden.seeking.was_playing.take());
        if was_playing.flatten() == Some(true) {
            self.play(true);
        }
    }

    /// Shows a moment for as long as the pointer rests on it; only while the run stands still.
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

    /// The pointer is gone, or something is about to be done: the run is where it stood again.
    pub(crate) fn end_peek(self) {
        let home_s = self
            .hidden
            .try_update_value(|hidden| hidden.seeking.home_s.take());
        if let Some(home_s) = home_s.flatten() {
            // What is done next is done there: this jump does not wait for its turn.
            self.hidden.update_value(|hidden| {
                hidden.seeking.is_under_way = false;
                hidden.seeking.next_s = None;
            });
            self.go_to(home_s);
        }
    }

    /// Where the run stands, in seconds: not where the pointer looks.
    pub(crate) fn stands_at(self, frame: &Frame) -> f64 {
        let shown_s = frame.time_ns as f64 / 1e9;
        let home_s = self.hidden.with_value(|hidden| hidden.seeking.home_s);
        home_s.unwrap_or(shown_s)
    }
}
