//! The replicas, shards or members of a node as boxes, each filled from the bottom by its load.

use std::fmt::Write;

use format::message::{BoxFrame, ReplicaState};

use super::look::SLOTS;

/// Room above the boxes for the waiting calls and the mark of a leader.
const TOP: u32 = 8;
/// Height of a box.
const HIGH: u32 = 20;
/// Maximum width of a box.
const WIDE: u32 = 24;
/// Minimum lag at which a copy counts as behind, in ms.
const LAG_MS: u32 = 100;
/// The lag that fills the width of a box, in ms.
const LAG_FULL_MS: u32 = 2_000;

/// The parts of the drawing, in their order in [`Paths`].
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Working,
    Blocked,
    Edge,
    Leader,
    Slow,
    Down,
    Ejected,
    Starting,
    Faulty,
    Tear,
    Gone,
}

/// One path per part.
pub(crate) type Paths = [String; 11];

/// Returns all parts of the drawing of a node's boxes.
pub(crate) fn paths(states: &[ReplicaState], boxes: &[BoxFrame]) -> Paths {
    let mut paths = Paths::default();
    let most = boxes.iter().map(|one| one.working + one.blocked).max();
    let scale = most.unwrap_or(0).max(8);
    let columns = columns(boxes);
    for ((state, one), place) in states.iter().zip(boxes).zip(columns) {
        draw_state(&mut paths, *state, place);
        if one.cut {
            // In the gap between two boxes.
            let x = place.0.saturating_sub(2);
            let tear = format_args!("M{x} 1l-2 4 4 4-4 4 4 4-4 4 4 4-4 4 2 3");
            put(&mut paths, Part::Tear, tear);
        }
        // A starting replica has no load yet, and a removed one has none any more.
        if !matches!(state, ReplicaState::Starting | ReplicaState::Removed) {
            draw_load(&mut paths, (*state, one), scale, place);
        }
    }
    paths
}

fn put(paths: &mut Paths, part: Part, path: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = paths[part as usize].write_fmt(path);
}

/// Draws the mark of a state; nothing for a healthy one.
fn draw_state(paths: &mut Paths, state: ReplicaState, (x, w): (u32, u32)) {
    let end = TOP + HIGH;
    match state {
        ReplicaState::Starting => {
            put(
                paths,
                Part::Starting,
                format_args!("M{x} {TOP}v{HIGH}h{w}v-{HIGH}"),
            );
        }
        ReplicaState::Down => {
            let (left, right, top, foot) = (x + 1, x + w - 1, TOP + 2, end - 2);
            let cross = format_args!("M{left} {top}L{right} {foot}M{right} {top}L{left} {foot}");
            put(paths, Part::Down, cross);
        }
        ReplicaState::Ejected => {
            let middle = TOP + HIGH / 2;
            put(paths, Part::Ejected, format_args!("M{x} {middle}h{w}"));
        }
        ReplicaState::Slow => {
            let (middle, top) = (x + w / 2, end - 8);
            put(paths, Part::Slow, format_args!("M{middle} {top}l4 7h-8z"));
        }
        ReplicaState::Faulty => {
            let right = x + w;
            let edge = format_args!("M{x} {TOP}h{w}v{HIGH}h-{w}zM{x} {end}L{right} {TOP}");
            put(paths, Part::Faulty, edge);
        }
        // Its corners: the place is kept, and nothing is wrong with it.
        ReplicaState::Removed => {
            let (right, c) = (x + w, (w / 3).min(5));
            let corners = format_args!(
                "M{x} {}v-{c}h{c}M{} {TOP}h{c}v{c}M{right} {}v{c}h-{c}M{} {end}h-{c}v-{c}",
                TOP + c,
                right - c,
                end - c,
                x + c
            );
            put(paths, Part::Edge, corners);
        }
        ReplicaState::Up => {}
    }
}

/// Draws the box with its load from the bottom, the waiting calls above it, its lag, and whether it
/// leads.
fn draw_load(
    paths: &mut Paths,
    (state, one): (ReplicaState, &BoxFrame),
    scale: u32,
    (x, w): (u32, u32),
) {
    let end = TOP + HIGH;
    let slots = match one.slots {
        0 => scale,
        slots => slots,
    };
    // The place of a replica that is down stays, empty.
    let edge = match state {
        ReplicaState::Down => Part::Gone,
        _ => Part::Edge,
    };
    put(paths, edge, format_args!("M{x} {TOP}h{w}v{HIGH}h-{w}z"));
    let working = share(one.working, slots, HIGH);
    let blocked = share(one.blocked, slots, HIGH).min(HIGH - working);
    let waiting = share(one.waiting, slots, w);
    let lag = match one.lag_ms {
        LAG_MS.. => share(one.lag_ms, LAG_FULL_MS, w),
        _ => 0,
    };
    let bars = [
        (Part::Working, end - working, w, working),
        (Part::Blocked, end - working - blocked, w, blocked),
        (Part::Blocked, TOP - 5, waiting, 3),
        (Part::Slow, end - 3, lag, 3),
    ];
    for (part, y, wide, high) in bars {
        if wide > 0 && high > 0 {
            put(paths, part, format_args!("M{x} {y}h{wide}v{high}h-{wide}z"));
        }
    }
    // The mark of a leader that is missing is hollow.
    let crown = match one.is_vacant {
        true => Part::Gone,
        false => Part::Leader,
    };
    if one.leads || one.is_vacant {
        let left = x + w / 2 - 4;
        put(
            paths,
            crown,
            format_args!("M{left} 6v-5l2 2 2-2 2 2 2-2v5z"),
        );
    }
}

/// Returns left edge and width of each box. The copies of one shard are next to each other.
fn columns(boxes: &[BoxFrame]) -> Vec<(u32, u32)> {
    let count = boxes.len().max(1) as u32;
    let gap = if count <= 12 { 4 } else { 2 };
    let is_copied = boxes.windows(2).any(|pair| pair[0].shard == pair[1].shard);
    let starts = |at: usize| is_copied && boxes[at].shard != boxes[at - 1].shard;
    let breaks = (1..boxes.len()).filter(|at| starts(*at)).count() as u32;
    let room = SLOTS[0] as u32;
    let wide = room.saturating_sub(gap * (count - 1) + gap * breaks) / count;
    let wide = wide.clamp(2, WIDE);
    let mut x = 0;
    let column = |at: usize| {
        if at > 0 && starts(at) {
            x += gap;
        }
        let here = x;
        x += wide + gap;
        (here, wide)
    };
    (0..boxes.len()).map(column).collect()
}

/// Returns a share of a length in whole pixels, at least one unless the share is 0.
fn share(part: u32, whole: u32, length: u32) -> u32 {
    let length = u64::from(length);
    let share = (u64::from(part) * length).div_ceil(u64::from(whole.max(1)));
    share.min(length) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(working: u32) -> BoxFrame {
        BoxFrame {
            working,
            slots: 10,
            ..BoxFrame::default()
        }
    }

    #[test]
    fn a_hot_box_is_full_and_an_idle_one_is_empty() {
        let boxes = [loaded(10), loaded(0), loaded(1)];
        let paths = paths(&[ReplicaState::Up; 3], &boxes);
        assert_eq!(
            paths[Part::Working as usize],
            "M0 8h24v20h-24zM56 26h24v2h-24z"
        );
        assert_eq!(paths[Part::Edge as usize].matches('M').count(), 3);
        for part in [Part::Down, Part::Slow, Part::Leader, Part::Starting] {
            assert_eq!(paths[part as usize], "");
        }
    }

    #[test]
    fn states_and_roles_have_marks_of_their_own() {
        use ReplicaState::{Down, Ejected, Removed, Slow, Starting, Up};
        let states = [Up, Slow, Down, Ejected, Starting, Removed];
        let mut boxes = [loaded(5); 6];
        boxes[0].leads = true;
        boxes[1].lag_ms = 5_000;
        boxes[2].cut = true;
        boxes[2].is_vacant = true;
        let paths = paths(&states, &boxes);
        let count = |part: Part| paths[part as usize].matches('M').count();
        assert_eq!(count(Part::Leader), 1);
        assert_eq!(count(Part::Slow), 2);
        assert_eq!(count(Part::Down), 2);
        assert!(paths[Part::Tear as usize].starts_with("M54 1"));
        assert_eq!(count(Part::Tear), 1);
        assert_eq!(count(Part::Ejected), 1);
        assert_eq!(count(Part::Starting), 1);
        // Three boxes, and the four corners of the place that the autoscaler emptied.
        assert_eq!(count(Part::Edge), 3 + 4);
        // The place of the replica that is down, and of its leader.
        assert_eq!(count(Part::Gone), 2);
    }

    #[test]
    fn as_many_as_are_drawn_fit_beside_each_other() {
        for count in 2..=format::message::BOXES_MAX {
            for copies in [1, 2, 3] {
                let shard = |at: usize| BoxFrame {
                    shard: (at / copies) as u32,
                    ..BoxFrame::default()
                };
                let boxes: Vec<_> = (0..count).map(shard).collect();
                let columns = columns(&boxes);
                let (x, w) = columns[count - 1];
                assert!(f64::from(x + w) <= SLOTS[0], "{count} {copies}: {x} + {w}");
                let apart = columns
                    .windows(2)
                    .all(|pair| pair[0].0 + pair[0].1 < pair[1].0);
                assert!(apart, "{count} {copies}: {columns:?}");
            }
        }
    }
}
