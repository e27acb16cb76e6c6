//! The look of a node at one moment: pure functions from its metrics to shapes and words.

use format::message::{BoxFrame, CAUSES, NodeFrame, ReplicaState};

use crate::words;

/// The health of a node, drawn as a color and as a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Health {
    /// Nothing is wrong.
    #[default]
    Fine,
    /// Calls wait, or hold slots while they wait for callees.
    Waiting,
    /// Part of it is slow, down or failing.
    Degraded,
    /// Most of its responses are failures, or no replica is up.
    Failing,
}

/// The shape beside the name of a node without telemetry.
pub(crate) const UNKNOWN: &str = "M3 3.2a2 2 0 1 1 2.6 1.9q-.6.3-.6 1.2M5 8.3v.4";

impl Health {
    /// Returns it as a class and as a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Waiting => "waiting",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }

    /// Returns the shape beside the name, 10 × 10.
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::Fine => "M5 4a1 1 0 1 0 0 2a1 1 0 1 0 0-2",
            Self::Waiting => "M3 1.5v7M7 1.5v7",
            Self::Degraded => "M5 1l4.5 8h-9z",
            Self::Failing => "M1.5 1.5l7 7M8.5 1.5l-7 7",
        }
    }
}

/// The totals of a node, from which rates are computed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) arrivals: u64,
    pub(crate) completions: u64,
    pub(crate) failures: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// For a cache: the sum of the ages of what it served.
    pub(crate) age_ns: u64,
    /// Work finished, and work finished after its caller had timed out.
    pub(crate) worked_ms: [u64; 2],
    /// Duplicate effects and lost writes.
    pub(crate) harm: u64,
}

impl Totals {
    /// Returns the totals of a frame.
    pub(crate) fn of(node: &NodeFrame) -> Self {
        Self {
            arrivals: node.arrivals,
            completions: node.completions,
            failures: failures(node),
            hits: node.hits,
            misses: node.misses,
            age_ns: node.age_ns,
            worked_ms: node.worked_ms,
            // Stale reads are not counted: some designs allow them.
            harm: node.harm[1] + node.harm[2],
        }
    }

    /// Returns what was added since an earlier moment.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            arrivals: self.arrivals.saturating_sub(earlier.arrivals),
            completions: self.completions.saturating_sub(earlier.completions),
            failures: self.failures.saturating_sub(earlier.failures),
            hits: self.hits.saturating_sub(earlier.hits),
            misses: self.misses.saturating_sub(earlier.misses),
            age_ns: self.age_ns.wrapping_sub(earlier.age_ns),
            worked_ms: [0, 1].map(|at| self.worked_ms[at].saturating_sub(earlier.worked_ms[at])),
            harm: self.harm.saturating_sub(earlier.harm),
        }
    }
}

/// Returns the failures of a node so far, of all causes.
pub(crate) fn failures(node: &NodeFrame) -> u64 {
    node.failures.iter().map(|n| u64::from(*n)).sum()
}

/// Returns the health of a node. `recent` is about the last second.
pub(crate) fn health(node: &NodeFrame, recent: Totals) -> Health {
    let up = |state: &&ReplicaState| matches!(state, ReplicaState::Up);
    let replicas_up = node.replicas.iter().filter(up).count();
    let starting = |state: &&ReplicaState| matches!(state, ReplicaState::Starting);
    let starting = node.replicas.iter().filter(starting).count();
    let removed = |state: &&ReplicaState| matches!(state, ReplicaState::Removed);
    let present = node.replicas.len() - node.replicas.iter().filter(removed).count();
    let gone = present > 0
        && node
            .replicas
            .iter()
            .filter(|state| !removed(state))
            .all(|state| matches!(state, ReplicaState::Down | ReplicaState::Starting));
    let answered = recent.completions + recent.failures;
    if gone || answered > 0 && recent.failures * 3 > answered {
        Health::Failing
    } else if replicas_up + starting < present
        || recent.failures * 100 > answered
        || recent.harm > 0
    {
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

/// Width and height of the picture in a card, in pixels.
pub(crate) const SLOTS: [f64; 2] = [176.0, 28.0];
/// More slots than this are drawn in proportion.
const SLOTS_DRAWN_MAX: u32 = 96;
/// Slots of one row.
const SLOTS_A_ROW: u32 = 32;

/// The row of slots of one node: the outline of every slot, made once and joined as they fill.
#[derive(Default)]
pub(crate) struct SlotRow {
    /// How many slots there are, and how wide the row is.
    of: (u32, f64),
    all: String,
    working: Vec<String>,
    blocked: Vec<String>,
}

impl SlotRow {
    /// Returns the slots of a node as three paths: all of them, those that work, and those that
    /// wait for callees.
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
            // Held, but idle: an outline with its lower part filled.
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

/// Number of queue places that are drawn one by one.
pub(crate) const PLACES: u32 = 8;

/// Returns the places in front of a node's inlet, right to left: all of them, and the occupied
/// ones.
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

/// Returns the share of its recent work that a node finished after the caller had timed out; `None`
/// below 10%.
pub(crate) fn wasted(recent: Totals) -> Option<f64> {
    let [worked, wasted] = recent.worked_ms.map(|ms| ms as f64);
    let share = wasted / worked;
    (worked > 0.0 && share >= 0.1).then_some(share)
}

/// Returns all of a node as one box.
pub(crate) fn whole(node: &NodeFrame) -> BoxFrame {
    BoxFrame {
        working: node.working,
        blocked: node.blocked,
        slots: node.slots,
        waiting: node.waiting,
        ..BoxFrame::default()
    }
}

/// Maximum number of coins of a kind.
const COINS_MAX: u64 = 4;
/// The age that has the longest tail, in ns.
const TAIL_NS: f64 = 30e9;

/// Returns the harm that a node did to data so far, as coins in a row, 14 px high: a falling coin
/// for each lost write, two overlapping ones for each duplicate effect, and a clock that runs
/// backwards for stale answers, with a bar as long as they are old.
pub(crate) fn coins([stale, duplicates, undone]: [u64; 3], age_ns: u64) -> String {
    let mut path = String::new();
    let mut x = 1;
    for _ in 0..undone.min(COINS_MAX) {
        path += &format!(
            "M{x} 4a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0M{} 9v4m-2-2l2 2 2-2",
            x as f64 + 3.5
        );
        x += 11;
    }
    for _ in 0..duplicates.min(COINS_MAX) {
        let right = x + 5;
        path +=
            &format!("M{x} 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0M{right} 7a4 4 0 1 0 8 0a4 4 0 1 0-8 0");
        x += 17;
    }
    if stale > 0 || age_ns > 0 {
        let tail = ((age_ns as f64 / TAIL_NS).min(1.0) * 40.0).round();
        let (hands, right) = (x + 6, x + 14);
        path += &format!(
            "M{x} 7a6 6 0 1 1 2 4.5M{x} 7l-2-2m2 2l2.5-1.5M{hands} 4v3.5l2 1.5M{right} 7h{tail}"
        );
    }
    path
}

/// A message that comes round again, with an arrow: it is redelivered.
pub(crate) const LOOP: &str = "M9 2.5h-3a4.5 4.5 0 1 0 4.5 4.5M7 .5l2.5 2-2.5 2M4.5 5.5h3v3h-3z";

/// Returns how often a queue delivered messages again so far, in words.
pub(crate) fn redelivered(times: u64) -> Option<String> {
    (times > 0).then(|| format!("redelivered {}\u{d7}", words::count(times)))
}

/// Returns the harm that a node did to data so far, in words.
pub(crate) fn harm([stale, duplicates, undone]: [u64; 3]) -> Vec<String> {
    let said = [
        (undone, "lost writes", "lost write"),
        (duplicates, "duplicate effects", "duplicate effect"),
        (stale, "stale reads", "stale read"),
    ];
    let happened = said.into_iter().filter(|(count, ..)| *count > 0);
    let words = happened.map(|(count, many, one)| {
        let what = if count == 1 { one } else { many };
        format!("{} {what}", words::short(count))
    });
    words.collect()
}

/// Number of people drawn for the users of a client.
const CROWD: u64 = 12;

/// Returns the users as a crowd: those that are served, and those whose requests fail.
pub(crate) fn crowd(recent: Totals) -> [String; 2] {
    let answered = recent.completions + recent.failures;
    // At least one where any request fails, and never all where one is served.
    let failed = (recent.failures * CROWD)
        .div_ceil(answered.max(1))
        .min(CROWD - u64::from(recent.completions > 0));
    let mut paths: [String; 2] = Default::default();
    for person in 0..CROWD {
        let x = person * 15;
        let path = &mut paths[usize::from(person >= CROWD - failed)];
        *path += &format!("M{} 12a3 3 0 1 0 .01 0zM{x} 27v-2a5 5 0 0 1 10 0v2z", x + 5);
    }
    paths
}

/// Returns the contents of a store as a tank: its edge, its level, and for a cache the share of
/// misses.
pub(crate) fn tank(node: &NodeFrame, recent: Totals) -> [String; 3] {
    let [width, height] = SLOTS;
    let (top, tall) = (10.0, height - 10.0);
    let share = match node.capacity {
        // Without a limit the scale is logarithmic: full at a million.
        0 => libm::log10(f64::from(node.waiting) + 1.0) / 6.0,
        capacity => f64::from(node.waiting) / f64::from(capacity),
    };
    let level = (share.min(1.0) * width).round();
    let open = if node.capacity == 0 { "" } else { "z" };
    let edge = format!("M{width} {top}h-{width}v{tall}h{width}{open}");
    let looked_up = recent.hits + recent.misses;
    let missed = match looked_up {
        0 => String::new(),
        n => {
            let missed = (recent.misses as f64 / n as f64 * width).round();
            rect(width - missed, 0.0, missed, 6.0)
        }
    };
    [edge, rect(0.0, top, level, tall), missed]
}

fn rect(x: f64, y: f64, w: f64, h: f64) -> String {
    format!("M{x:.2} {y:.2}h{w:.2}v{h:.2}h-{w:.2}z")
}

/// Returns the causes of failures with their counts, most frequent first.
pub(crate) fn causes(failures: &[u32; CAUSES]) -> Vec<(&'static str, u32)> {
    let mut causes: Vec<(&'static str, u32)> = format::message::CAUSE_NAMES
        .into_iter()
        .zip(*failures)
        .filter(|(_, n)| *n > 0)
        .collect();
    crate::order::insertion_sort(&mut causes, |a, b| a.1 >= b.1);
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_applied_an_effect_twice_is_not_fine_until_that_is_past() {
        let node = NodeFrame {
            completions: 100,
            harm: [5, 1, 0],
            ..NodeFrame::default()
        };
        let now = Totals::of(&node);
        assert_eq!(
            health(&node, now.since(Totals::default())),
            Health::Degraded
        );
        assert_eq!(health(&node, now.since(now)), Health::Fine);
    }

    #[test]
    fn coins_are_as_many_as_happened_and_a_tail_is_as_long_as_the_answer_is_old() {
        assert_eq!(coins([0, 0, 0], 0), "");
        let shapes = |path: &str| path.matches('M').count();
        // A coin and its arrow for each write undone; two coins for each effect applied again.
        assert_eq!(shapes(&coins([0, 0, 1], 0)), 2);
        assert_eq!(shapes(&coins([0, 3, 0], 0)), 6);
        assert_eq!(coins([0, 4, 0], 0), coins([0, 9_000, 0], 0));
        assert_eq!(shapes(&coins([7, 2, 1], 0)), 2 + 4 + 4);
        let [fresh, old] = [2_000_000_000, 30_000_000_000].map(|age_ns| coins([1, 0, 0], age_ns));
        assert!(
            fresh.ends_with("7h3") && old.ends_with("7h40"),
            "{fresh} {old}"
        );
    }
}
