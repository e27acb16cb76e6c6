//! When the charts follow a run, and when its words and rates are written.

use format::message::Frame;
use host::rates::{Rates, Recent};

/// Interval at which the charts follow a run, in ms.
const TICK_EVERY_MS: f64 = 120.0;
/// Interval at which words and rates of a playing run are written, in ms: slow enough to read them.
const WRITE_EVERY_MS: f64 = 480.0;

/// What is due, and what was written last.
#[derive(Default)]
pub(super) struct Pace {
    unticked: bool,
    unwritten: bool,
    ticked_ms: f64,
    written_ms: f64,
    users: Recent<[u64; 4]>,
    /// What users got recently, as of the last writing.
    pub(super) rates: Option<Rates>,
}

impl Pace {
    /// Makes everything due with the next frame.
    pub(super) fn hurry(&mut self) {
        (self.ticked_ms, self.written_ms) = (0.0, 0.0);
    }

    /// Returns whether the charts follow now, and whether words are written now.
    pub(super) fn turn(&mut self, is_taken: bool, is_playing: bool, now_ms: f64) -> (bool, bool) {
        self.unticked |= is_taken;
        self.unwritten |= is_taken;
        if !self.unticked || now_ms - self.ticked_ms < TICK_EVERY_MS {
            return (false, false);
        }
        (self.ticked_ms, self.unticked) = (now_ms, false);
        // A run that does not play sends no other frame.
        let is_due = !is_playing || now_ms - self.written_ms >= WRITE_EVERY_MS;
        if !self.unwritten || !is_due {
            return (true, false);
        }
        (self.written_ms, self.unwritten) = (now_ms, false);
        (true, true)
    }

    /// Takes the rates of a frame that is written.
    pub(super) fn write(&mut self, frame: &Frame) {
        self.rates = Rates::of(frame, &mut self.users);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_follow_often_words_are_readable_and_a_paused_run_shows_its_last_frame() {
        let mut pace = Pace::default();
        let mut writes = |from: u32, is_taken: bool, is_playing: bool| {
            let turns = (from..from + 100)
                .map(|turn| pace.turn(is_taken, is_playing, 1_000.0 + f64::from(turn) * 16.0));
            turns.fold((0, 0), |(ticks, writes), (tick, write)| {
                (ticks + u32::from(tick), writes + u32::from(write))
            })
        };
        assert_eq!(writes(0, true, true), (13, 4));
        // The frame that came last is written as soon as the run is paused.
        assert_eq!(writes(100, false, false).1, 1);
        assert_eq!(writes(200, false, false), (0, 0));
    }
}
