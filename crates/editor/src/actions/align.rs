//! Aligning nodes with each other, and distributing them at equal distances. All nodes are of one
//! size, so their upper left corners decide.

use crate::tools::dragging::Places;
use design::Command;

/// A line that nodes are put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Of the leftmost.
    Left,
    /// Halfway between the leftmost and the rightmost.
    Center,
    /// Of the rightmost.
    Right,
    /// Of the topmost.
    Top,
    /// Halfway between the topmost and the bottommost.
    Middle,
    /// Of the bottommost.
    Bottom,
}

/// A direction along which nodes are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// From left to right.
    Horizontal,
    /// From top to bottom.
    Vertical,
}

impl Axis {
    /// Which coordinate it is.
    fn of(self) -> usize {
        match self {
            Self::Horizontal => 0,
            Self::Vertical => 1,
        }
    }
}

/// The moves that put all nodes on one line; none for a node that is there already.
pub(super) fn align(places: &Places, alignment: Alignment) -> Vec<Command> {
    let axis = match alignment {
        Alignment::Left | Alignment::Center | Alignment::Right => Axis::Horizontal,
        Alignment::Top | Alignment::Middle | Alignment::Bottom => Axis::Vertical,
    };
    let all = || places.nodes.values().map(|at| at[axis.of()]);
    let (Some(first), Some(last)) = (all().min(), all().max()) else {
        return Vec::new();
    };
    let line = match alignment {
        Alignment::Left | Alignment::Top => first,
        Alignment::Center | Alignment::Middle => first.midpoint(last),
        Alignment::Right | Alignment::Bottom => last,
    };
    let nodes = places.nodes.iter();
    moves(nodes.map(|(id, at)| (id, *at, line)), axis)
}

/// The moves that put nodes at equal distances along an axis. The first and the last stay.
pub(super) fn distribute(places: &Places, axis: Axis) -> Vec<Command> {
    let mut nodes: Vec<(&String, [i32; 2])> =
        places.nodes.iter().map(|(id, at)| (id, *at)).collect();
    nodes.sort_by_key(|(_, at)| at[axis.of()]);
    let ends = nodes.first().zip(nodes.last());
    let Some((first, last)) = ends.map(|(first, last)| (first.1[axis.of()], last.1[axis.of()]))
    else {
        return Vec::new();
    };
    let step = f64::from(last - first) / (nodes.len() - 1).max(1) as f64;
    let nodes = nodes.into_iter().enumerate();
    let nodes = nodes.map(|(rank, (id, at))| {
        let to = f64::from(first) + step * rank as f64;
        (id, at, to.round() as i32)
    });
    moves(nodes, axis)
}

fn moves<'a>(nodes: impl Iterator<Item = (&'a String, [i32; 2], i32)>, axis: Axis) -> Vec<Command> {
    let elsewhere = nodes.filter(|(_, at, to)| at[axis.of()] != *to);
    elsewhere
        .map(|(id, mut at, to)| {
            at[axis.of()] = to;
            Command::Move(id.clone(), at)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::actions::{ActionId, Axis, is_enabled};
    use crate::selection::Selection;
    use crate::testing::{Hand, kind, small};
    use design::Node;

    /// Four nodes, none on a line with another; `aside` is never selected.
    fn scattered() -> Hand {
        let mut design = small();
        design
            .nodes
            .push(Node::new("aside", kind("cache"), [900, 900]));
        for (at, place) in [[0, 40], [310, 0], [95, 161]].into_iter().enumerate() {
            design.nodes[at].at = place;
        }
        let mut hand = Hand::on(design);
        let three = ["users", "api", "db"].map(str::to_owned);
        hand.editor.select(Selection::of_nodes(three));
        hand
    }

    #[test]
    fn nodes_are_put_on_one_line_or_at_equal_distances() {
        for (action, wanted) in [
            ("align-left", [[0, 40], [0, 0], [0, 161]]),
            ("align-center", [[155, 40], [155, 0], [155, 161]]),
            ("align-right", [[310, 40], [310, 0], [310, 161]]),
            ("align-top", [[0, 0], [310, 0], [95, 0]]),
            ("align-middle", [[0, 80], [310, 80], [95, 80]]),
            ("align-bottom", [[0, 161], [310, 161], [95, 161]]),
            ("distribute-horizontally", [[0, 40], [310, 0], [155, 161]]),
            ("distribute-vertically", [[0, 81], [310, 0], [95, 161]]),
        ] {
            let mut hand = scattered();
            let before = hand.editor.design().clone();
            hand.play(action);
            assert_eq!(
                ["users", "api", "db"].map(|id| hand.at(id)),
                wanted,
                "{action}"
            );
            assert_eq!(hand.at("aside"), [900, 900]);
            assert_eq!(hand.history().len(), 1, "{action}");
            assert_eq!(hand.selected(), "api db users");
            hand.play(action);
            assert_eq!(hand.history().len(), 1, "{action}: nothing left to do");
            hand.play("undo");
            assert_eq!(hand.editor.design(), &before);
        }
    }

    #[test]
    fn two_nodes_can_be_aligned_and_three_distributed() {
        let mut hand = scattered();
        let align = ActionId::Align(super::Alignment::Top);
        let distribute = ActionId::Distribute(Axis::Horizontal);
        for (ids, wanted) in [
            (&["users"][..], [false, false]),
            (&["users", "api"], [true, false]),
            (&["users", "api", "db"], [true, true]),
        ] {
            let ids = ids.iter().map(|id| (*id).to_owned());
            hand.editor.select(Selection::of_nodes(ids));
            let enabled = [align, distribute].map(|id| is_enabled(&hand.editor, id));
            assert_eq!(enabled, wanted);
        }
    }
}
