//! The clock of the picture: which simulated moment is on the screen.
//!
//! Frames arrive when the worker has them; the screen refreshes at its own rate. The clock follows
//! the newest frame a little behind it, so that motion is smooth, and never passes it: nothing is
//! drawn that the simulation has not decided.

/// Simulated and animated time on the screen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// The simulated moment shown, in ns.
    pub(crate) shown_ns: f64,
    /// Time for motion, in ms of wall time. It stops while the run is paused.
    pub(crate) motion_ms: f64,
    /// Simulated ns per ms of wall time, smoothed.
    pub(crate) rate: f64,
    known_ns: f64,
    frame_at_ms: f64,
    interval_ms: f64,
    /// Motion left to play out after the run paused.
    coast_ms: f64,
}

/// How long dots move on after a step or a pause, so that the last ones can be seen to move.
const COAST_MS: f64 = 400.0;

impl Clock {
    /// Another run begins; motion continues from where it was.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            motion_ms: self.motion_ms,
            ..Self::default()
        };
    }

    /// The run jumped to another time, which is shown without motion.
    pub(crate) fn jump(&mut self, time_ns: u64, now_ms: f64) {
        let time_ns = time_ns as f64;
        (self.known_ns, self.shown_ns) = (time_ns, time_ns);
        (self.frame_at_ms, self.coast_ms) = (now_ms, 0.0);
    }

    /// Takes a frame of this simulated time at this wall time; `playing` says whether time
    /// advances.
    pub(crate) fn take(&mut self, time_ns: u64, now_ms: f64, playing: bool) {
        let time_ns = time_ns as f64;
        let wall = (now_ms - self.frame_at_ms).clamp(1.0, 250.0);
        let moved = time_ns - self.known_ns;
        if moved > 0.0 {
            let rate = moved / wall;
            self.rate = if self.rate > 0.0 {
                self.rate * 0.8 + rate * 0.2
            } else {
                rate
            };
            self.coast_ms = COAST_MS;
        }
        self.interval_ms = self.interval_ms * 0.8 + wall * 0.2;
        self.known_ns = time_ns;
        self.frame_at_ms = now_ms;
        if !playing {
            self.shown_ns = time_ns;
        }
    }

    /// Advances wall time by this much.
    pub(crate) fn advance(&mut self, elapsed_ms: f64) {
        let elapsed_ms = elapsed_ms.clamp(0.0, 100.0);
        let lag = self.known_ns - self.shown_ns;
        if lag > 0.0 {
            let usual_lag = self.rate * self.interval_ms.max(16.0);
            let mut step = self.rate * elapsed_ms;
            if lag > 3.0 * usual_lag {
                step += (lag - usual_lag) * 0.3;
            }
            self.shown_ns += step.min(lag);
            self.coast_ms = COAST_MS;
        }
        if self.coast_ms > 0.0 {
            self.motion_ms += elapsed_ms;
            self.coast_ms -= elapsed_ms;
        }
    }

    /// Whether something may still move.
    pub(crate) fn is_moving(&self) -> bool {
        self.coast_ms > 0.0 || self.known_ns > self.shown_ns
    }
}
