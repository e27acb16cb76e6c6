//! A process of a node, as others can see it: whether it runs, and how fast.

use crate::agenda::Time;

/// Where a replica stands between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is there (if it has crashed, until it is mended).
    Running,
    /// It has been asked for, and takes calls when it is ready.
    Starting,
    /// It was killed, and starts again.
    Restarting,
    /// It takes no new calls, and ends when it is done with those it has.
    Leaving,
    /// It is not there: its place is free.
    Absent,
}

/// How long a process is slower after its start, in ns, and how many times as long work takes at
/// first.
pub(crate) type WarmUp = (u64, f64);

/// A replica as others can see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// Whether its process runs.
    pub is_up: bool,
    /// Where it stands between its start and its end.
    pub stage: Stage,
    /// When that changes next, where it does by itself.
    pub(crate) due: Time,
    /// Since when it has run.
    pub(crate) up_since: Time,
    /// Whether its work takes no longer than usual.
    is_at_full_speed: bool,
    /// Times its work takes, by faults.
    slowdown: f64,
    /// From when on and for how long it warms up, and how many times as long work takes at first.
    warming: Option<(Time, WarmUp)>,
    /// Whether a fault holds it down.
    pub is_crashed: bool,
    /// Whether it refuses every call though its process runs.
    pub is_out: bool,
    /// Since when it stands still, if it does.
    pub stands_since: Option<Time>,
    /// Whether what it is sent while it stands still is lost; else it waits.
    pub is_deaf: bool,
    /// How far its clock is ahead, in ns.
    pub(crate) clock: i64,
    /// What faults do to calls at its door.
    pub(crate) troubles: Option<Box<Troubles>>,
    /// Measured calls that faults answered at its door: its component never saw them.
    pub(crate) turned_away: u64,
}

/// What faults do to calls at the door of a replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Troubles {
    /// Share answered with an error.
    pub(crate) errors: f64,
    /// The same, but not of health probes.
    pub(crate) hidden_errors: f64,
    /// Whether all others hear nothing.
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
    /// Whether a fault makes it hang, or fail or hold up calls, though its process runs.
    pub fn is_faulty(&self) -> bool {
        let troubles = self.troubles.as_deref();
        let is_troubled = troubles.is_some_and(|troubles| *troubles != Troubles::default());
        self.is_out || self.stands_since.is_some() || is_troubled
    }

    /// Whether it takes up work by itself, as a consumer does.
    pub fn serves(&self) -> bool {
        self.takes_calls() && !self.is_out && self.stands_since.is_none()
    }

    /// Whether its process runs and is not about to end.
    #[inline]
    pub fn takes_calls(&self) -> bool {
        self.is_up && self.stage != Stage::Leaving
    }

    /// Whether others have its address: also while it is down.
    pub fn is_registered(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Restarting)
    }

    /// Its process starts, cold where the node warms up.
    pub(crate) fn start(&mut self, warm_up: Option<WarmUp>, now: Time) {
        self.is_up = true;
        self.up_since = now;
        self.warming = warm_up.map(|warm_up| (now, warm_up));
        self.set_slowdown(self.slowdown);
    }

    /// Faults make its work take so many times as long.
    pub(crate) fn set_slowdown(&mut self, times: f64) {
        self.slowdown = times;
        self.is_at_full_speed = times == 1.0 && self.warming.is_none();
    }

    /// How long work takes that begins now, in ns.
    #[inline]
    pub(crate) fn time_for(&self, work: u64, now: Time) -> u64 {
        match self.is_at_full_speed {
            true => work,
            false => stretch(work, self.pace(now)),
        }
    }

    /// How many times as long work takes that begins now.
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

    /// Whether a call may not get in as usual.
    pub(crate) fn is_troubled(&self) -> bool {
        self.is_out || self.stands_since.is_some() || self.troubles.is_some()
    }
}

/// At most 30 days, however many slowdowns come together: the clock must not overflow.
#[cold]
pub(crate) fn stretch(work: u64, times: f64) -> u64 {
    (work as f64 * times).min(design::quantity::DURATION_MAX.0 as f64) as u64
}
