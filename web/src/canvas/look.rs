//! How a node looks at one moment: pure functions from its figures to shapes and words.

use format::message::{CAUSES, NodeFrame, ReplicaState};

/// How a node is doing; drawn as a colour and as a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Health {
    /// Nothing to see.
    #[default]
    Fine,
    /// Calls wait, or hold slots while they wait for others.
    Waiting,
    /// Some of it is slow, down or fails.
    Degraded,
    /// Most of what it answers is a failure, or nobody is there.
    Failing,
}

/// The shape beside the name of a node that nobody hears of.
pub(crate) const UNKNOWN: &str = "M3 3.2a2 2 0 1 1 2.6 1.9q-.6.3-.6 1.2M5 8.3v.4";

impl Health {
    /// As a class and as a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Waiting => "waiting",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }

    /// The shape beside the name, 10 × 10.
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::Fine => "M5 4a1 1 0 1 0 0 2a1 1 0 1 0 0-2",
            Self::Waiting => "M3 1.5v7M7 1.5v7",
            Self::Degraded => "M5 1l4.5 8h-9z",
            Self::Failing => "M1.5 1.5l7 7M8.5 1.5l-7 7",
        }
    }
}

/// A node's totals, from which rates are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) arrivals: u64,
    pub(crate) completions: u64,
    pub(crate) failures: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// Of a cache: the ages of what it served.
    pub(crate) age_ns: u64,
}

impl Totals {
    /// Of a frame.
    pub(crate) fn of(node: &NodeFrame) -> Self {
        Self {
            arrivals: node.arrivals,
            completions: node.completions,
            failures: failures(node),
            hits: node.hits,
            misses: node.misses,
            age_ns: node.age_ns,
        }
    }

    /// What happened since an earlier moment.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            arrivals: self.arrivals.saturating_sub(earlier.arrivals),
            completions: self.completions.saturating_sub(earlier.completions),
            failures: self.failures.saturating_sub(earlier.failures),
            hits: self.hits.saturating_sub(earlier.hits),
            misses: self.misses.saturating_sub(earlier.misses),
            age_ns: self.age_ns.wrapping_sub(earlier.age_ns),
        }
    }
}

/// Failures of a node so far, of all causes.
pub(crate) fn failures(node: &NodeFrame) -> u64 {
    node.failures.iter().map(|n| u64::from(*n)).sum()
}

/// How a node is doing now; `recent` is what happened in about the last second.
pub(crate) fn health(node: &NodeFrame, recent: Totals) -> Health {
    let up = |state: &&ReplicaState| matches!(state, ReplicaState::Up);
    let replicas_up = node.replicas.iter().filter(up).count();
    let starting = |state: &&ReplicaState| matches!(state, ReplicaState::Starting);
    let starting = node.replicas.iter().filter(starting).count();
    let gone = !node.replicas.is_empty()
        && node
            .replicas
            .iter()
            .all(|state| matches!(state, ReplicaState::Down | ReplicaState::Starting));
    let answered = recent.completions + recent.failures;
    if gone || answered > 0 && recent.failures * 3 > answered {
        Health::Failing
    } else if replicas_up + starting < node.replicas.len() || recent.failures * 100 > answered {
        Health::Degraded
    } else if is_waiting(node) {
        Health::Waiting
    } else {
        Health::Fine
    }
}

fn is_waiting(node: &NodeFrame) -> bool {
    let full = node.slots > 0 && node.working + node.blocked >= node.slots;
    full || node.slots > 0 && node.blocked * 2 > node.slots
}

/// Width and height of the row of slots, in pixels.
pub(crate) const SLOTS: [f64; 2] = [152.0, 12.0];
/// More slots than this are drawn in proportion.
const SLOTS_DRAWN_MAX: u32 = 96;
/// Slots of one row.
const SLOTS_A_ROW: u32 = 32;

/// The row of slots of one node: every slot's outline, written once, to be joined as they fill.
#[derive(Default)]
pub(crate) struct SlotRow {
    /// How many slots there are, and how wide the row is.
    of: (u32, f64),
    all: String,
    working: Vec<String>,
    blocked: Vec<String>,
}

impl SlotRow {
    /// The slots of a node as three paths: all of them, those that work, those that wait for
    /// others.
    pub(crate) fn paths(&mut self, node: &NodeFrame, width: f64) -> [String; 3] {
        if self.of != (node.slots, width) {
            *self = Self::new(node.slots, width);
        }
        let drawn = self.working.len();
        let share = |n: u32| match node.slots {
            all if all <= SLOTS_DRAWN_MAX => n as usize,
            // At least one where there is one.
            all => (u64::from(n) * drawn as u64).div_ceil(u64::from(all)) as usize,
        };
        let working = share(node.working).min(drawn);
        let blocked = share(node.blocked).min(drawn - working);
        [
            self.all.clone(),
            self.working[..working].concat(),
            self.blocked[working..working + blocked].concat(),
        ]
    }

    fn new(slots: u32, width: f64) -> Self {
        let mut row = Self {
            of: (slots, width),
            ..Self::default()
        };
        let drawn = slots.min(SLOTS_DRAWN_MAX);
        let rows = drawn.div_ceil(SLOTS_A_ROW).max(1);
        let columns = drawn.div_ceil(rows).max(1);
        let pitch = [
            (width / f64::from(columns)).min(14.0),
            SLOTS[1] / f64::from(rows),
        ];
        let gap = if pitch[0] > 5.0 { 2.0 } else { 1.0 };
        let (w, h) = (pitch[0] - gap, pitch[1] - if rows > 1 { 1.5 } else { 0.0 });
        for ix in 0..drawn {
            let x = f64::from(ix % columns) * pitch[0];
            let y = f64::from(ix / columns) * pitch[1];
            row.all += &rect(x, y + h - 1.0, w, 1.0);
            row.working.push(rect(x, y, w, h));
            // Held, but empty: an outline with its lower part filled.
            let thin = 1.0_f64.min(w / 3.0);
            row.blocked.push(
                rect(x, y, w, thin)
                    + &rect(x, y + thin, thin, h - thin)
                    + &rect(x + w - thin, y + thin, thin, h - thin)
                    + &rect(x + thin, y + h * 0.6, w - 2.0 * thin, h * 0.4),
            );
        }
        row
    }
}

/// Places of a queue that are drawn one by one.
pub(crate) const PLACES: u32 = 8;

/// The places in front of a node's inlet, right to left: those there are, and those taken.
pub(crate) fn places(waiting: u32, capacity: u32) -> [String; 2] {
    let all = match capacity {
        0 => PLACES,
        n => n.min(PLACES),
    };
    let mut paths: [String; 2] = Default::default();
    for ix in 0..all {
        // Whole numbers: this is written with every frame, and fractions take their time.
        let x = (PLACES - 1 - ix) * 7;
        paths[0] += &format!("M{x} 9h5v1h-5z");
        if ix < waiting {
            paths[1] += &format!("M{x} 0h5v10h-5z");
        }
    }
    paths
}

/// Replicas that get a pip of their own.
pub(crate) const PIPS: usize = 8;

/// A pip per replica, 10 × 10 each, by state: up, slow, down, ejected, starting.
pub(crate) fn pips(replicas: &[ReplicaState]) -> [String; 5] {
    let mut paths: [String; 5] = Default::default();
    let shown = replicas.len().min(PIPS);
    for (ix, state) in replicas.iter().take(PIPS).enumerate() {
        // The last one stands at the right edge.
        let x = (PIPS - shown + ix) as f64 * 11.0;
        match state {
            ReplicaState::Up => paths[0] += &format!("M{} 2.5a2.5 2.5 0 1 0 .01 0z", x + 5.0),
            ReplicaState::Slow => paths[1] += &format!("M{} 1.5l4 7h-8z", x + 5.0),
            ReplicaState::Down => {
                paths[2] += &format!("M{} 2l6 6M{} 2l-6 6", x + 2.0, x + 8.0);
            }
            ReplicaState::Ejected => {
                paths[3] += &format!("M{} 2a3 3 0 1 0 .01 0zM{} 8l6-6", x + 5.0, x + 2.0);
            }
            // A ring that is not closed yet.
            ReplicaState::Starting => paths[4] += &format!("M{} 2a3 3 0 1 0 3 3", x + 5.0),
        }
    }
    paths
}

fn rect(x: f64, y: f64, w: f64, h: f64) -> String {
    format!("M{x:.2} {y:.2}h{w:.2}v{h:.2}h-{w:.2}z")
}

/// The causes that happened, with their counts, most frequent first.
pub(crate) fn causes(failures: &[u32; CAUSES]) -> Vec<(&'static str, u32)> {
    let mut causes: Vec<(&'static str, u32)> = format::message::CAUSE_NAMES
        .into_iter()
        .zip(*failures)
        .filter(|(_, n)| *n > 0)
        .collect();
    crate::order::insertion_sort(&mut causes, |a, b| a.1 >= b.1);
    causes
}
