//! A process of a node, as others see it: whether it runs, and how fast.

use crate::agenda::Time;
use crate::call::CallId;

/// The stage of a replica between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is there (if it has crashed, until it recovers).
    Running,
    /// It has been requested, and takes calls when it is ready.
    Starting,
    /// It was killed, and restarts.
    Restarting,
    /// It takes no new calls, and ends when its present calls are done.
    Leaving,
    /// It is not there: its place is free.
    Absent,
}

/// How long a process is slower after its start, in ns, and the factor by which work takes longer
/// at first.
pub(crate) type WarmUp = (u64, f64);

/// The work of a process before it accepts calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StartUp {
    /// There is none, or it has not begun.
    #[default]
    None,
    /// It is in progress: its job.
    UnderWay(CallId),
    /// It is done.
    Done,
}

/// A replica as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// Whether its process runs.
    pub is_up: bool,
    /// Its stage.
    pub stage: Stage,
    /// When the stage changes next, if it does by itself.
    pub(crate) due: Time,
    /// Its work before it accepts calls.
    pub(crate) start_up: StartUp,
    /// Since when it has run.
    pub(crate) up_since: Time,
    /// Whether its work takes no longer than usual.
    is_at_full_speed: bool,
    /// Factor of its work's duration, by faults.
    slowdown: f64,
    /// When its warm-up began, how long it lasts, and the factor by which work takes longer at
    /// first.
    warming: Option<(Time, WarmUp)>,
    /// Whether a fault keeps it down.
    pub is_crashed: bool,
    /// Whether it refuses every call although its process runs.
    pub is_out: bool,
    /// Since when it has been frozen, if it is.
    pub stands_since: Option<Time>,
    /// Whether what it receives while it is frozen is lost; otherwise it waits.
    pub is_deaf: bool,
    /// Offset of its clock, in ns; positive is ahead.
    pub(crate) clock: i64,
    /// What faults do to calls at its entrance.
    pub(crate) troubles: Option<Box<Troubles>>,
    /// Measured calls that faults answered at its entrance: its component never saw them.
    pub(crate) turned_away: u64,
}

/// What faults do to calls at the entrance of a replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Troubles {
    /// Share answered with an error.
    pub(crate) errors: f64,
    /// The same, except for health probes.
    pub(crate) hidden_errors: f64,
    /// Whether all other calls are lost.
    pub(crate) is_silent: bool,
    /// Whether writes are answered with an error.
    pub(crate) is_full: bool,
    /// Whether writes wait, and reads.
    pub(crate) is_locked: [bool; 2],
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            is_up: true,
            stage: Stage::Running,
            due: 0,
            start_up: StartUp::None,
            up_since: 0,
            is_at_full_speed: true,
            slowdown: 1.0,
            warming: None,
            is_crashed: false,
            is_out: false,
            stands_since: None,
            is_deaf: false,
            clock: 0,
            troubles: None,
            turned_away: 0,
        }
    }
}

impl Replica {
    /// Returns whether a fault makes it hang, or fail or delay calls, although its process runs.
    pub fn is_faulty(&self) -> bool {
        let troubles = self.troubles.as_deref();
        let is_troubled = troubles.is_some_and(|troubles| *troubles != Troubles::default());
        self.is_out || self.stands_since.is_some() || is_troubled
    }

    /// Returns whether it takes up work by itself, as a consumer does.
    pub fn serves(&self) -> bool {
        self.takes_calls() && !self.is_out && self.stands_since.is_none()
    }

    /// Returns whether its process runs and is not about to end.
    #[inline]
    pub fn takes_calls(&self) -> bool {
        self.is_up && self.stage != Stage::Leaving
    }

    /// Returns whether others have its address, even while it is down.
    pub fn is_registered(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Restarting)
    }

    /// Starts its process, cold if the node warms up.
    pub(crate) fn start(&mut self, warm_up: Option<WarmUp>, now: Time) {
        self.is_up = true;
        self.up_since = now;
        self.warming = warm_up.map(|warm_up| (now, warm_up));
        self.set_slowdown(self.slowdown);
    }

    /// Sets the factor by which faults make its work take longer.
    pub(crate) fn set_slowdown(&mut self, times: f64) {
        self.slowdown = times;
        self.is_at_full_speed = times == 1.0 && self.warming.is_none();
    }

    /// Returns how long work takes that begins now, in ns.
    #[inline]
    pub(crate) fn time_for(&self, work: u64, now: Time) -> u64 {
        match self.is_at_full_speed {
            true => work,
            false => stretch(work, self.pace(now)),
        }
    }

    /// Returns the factor by which work takes longer that begins now.
    pub fn pace(&self, now: Time) -> f64 {
        let cold = match self.warming {
            Some((since, (lasts, times))) if now < since + lasts => {
                let left = (since + lasts - now) as f64 / lasts as f64;
                1.0 + (times - 1.0) * left
            }
            Some(_) | None => 1.0,
        };
        self.slowdown * cold
    }

    /// Returns whether a call may not be admitted as usual.
    pub(crate) fn is_troubled(&self) -> bool {
        self.is_out || self.stands_since.is_some() || self.troubles.is_some()
    }
}

/// Stretches work, at most to 30 days, however many slowdowns combine: the clock must not overflow.
#[cold]
pub(crate) fn stretch(work: u64, times: f64) -> u64 {
    (work as f64 * times).min(design::quantity::DURATION_MAX.0 as f64) as u64
}
