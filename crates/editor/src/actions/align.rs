//! Aligns nodes and distributes them at equal distances. All nodes have the same size, so their
//! upper left corners decide.

use crate::tools::dragging::Places;
use design::Command;

/// The line on which nodes are aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// The left edge of the leftmost node.
    Left,
    /// Halfway between the leftmost and the rightmost node.
    Center,
    /// The left edge of the rightmost node.
    Right,
    /// The top edge of the topmost node.
    Top,
    /// Halfway between the topmost and the bottommost node.
    Middle,
    /// The top edge of the bottommost node.
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
    /// The index of the coordinate of this axis.
    fn of(self) -> usize {
        match self {
            Self::Horizontal => 0,
            Self::Vertical => 1,
        }
    }
}

/// Returns the moves that put all nodes on one line. A node that is already there gets none.
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

/// Returns the moves that put nodes at equal distances along an axis. The first and the last stay.
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
