//! Moves from node to node by keyboard.

use crate::actions::Direction;
use crate::geometry::Point;
use crate::layout::flow_order;
use design::{Design, Node};

/// Returns the node that a step from another one leads to: the nearest in that direction, where
/// sideways distance counts twice. If there is none, the next (right, down) or the previous (left,
/// up) in the order of flow, so that every node can be reached. `None` if there is no other node.
pub fn step(design: &Design, from: &str, way: Direction) -> Option<String> {
    let here = Point::from(design.node(from)?.at);
    let (dx, dy) = match way {
        Direction::Left => (-1.0, 0.0),
        Direction::Right => (1.0, 0.0),
        Direction::Up => (0.0, -1.0),
        Direction::Down => (0.0, 1.0),
    };
    let cost = |node: &Node| -> Option<f64> {
        let to = Point::from(node.at) - here;
        let ahead = to.x * dx + to.y * dy;
        let aside = (to.x * dy - to.y * dx).abs();
        (ahead > 0.0 && aside <= 2.0 * ahead).then_some(ahead + 2.0 * aside)
    };
    let others = design.nodes.iter().filter(|node| node.id != from);
    let nearest = others
        .filter_map(|node| Some((cost(node)?, node)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, node)) = nearest {
        return Some(node.id.clone());
    }
    let order = flow_order(design);
    let at = order.iter().position(|id| id == from)?;
    let to = match way {
        Direction::Right | Direction::Down => (at + 1) % order.len(),
        Direction::Left | Direction::Up => (at + order.len() - 1) % order.len(),
    };
    order.into_iter().nth(to).filter(|id| id != from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{kind, small};

    /// `users`, `api`, `db` in a row 300 apart, `jobs` far below `api`.
    fn more() -> Design {
        let mut design = small();
        let jobs = Node::new("jobs", kind("service"), [310, 200]);
        design.nodes.push(jobs);
        design
    }

    #[test]
    fn steps_lead_where_the_eye_expects() {
        let design = more();
        for (from, way, wanted) in [
            ("users", Direction::Right, "api"),
            ("api", Direction::Right, "db"),
            ("api", Direction::Left, "users"),
            ("api", Direction::Down, "jobs"),
            ("jobs", Direction::Up, "api"),
        ] {
            assert_eq!(
                step(&design, from, way).as_deref(),
                Some(wanted),
                "{from} {way:?}"
            );
        }
    }

    #[test]
    fn where_nothing_lies_the_flow_goes_on_and_round() {
        let design = more();
        let order = flow_order(&design);
        let at = order.iter().position(|id| id == "db").unwrap();
        let next = order.get(at + 1).unwrap_or(&order[0]);
        assert_eq!(step(&design, "db", Direction::Right).as_ref(), Some(next));
        assert_eq!(
            step(&design, "users", Direction::Left),
            order.last().cloned()
        );
        let mut lonely = small();
        lonely.nodes.truncate(1);
        lonely.links.clear();
        assert_eq!(step(&lonely, "users", Direction::Right), None);
        assert_eq!(step(&lonely, "nobody", Direction::Right), None);
    }

    #[test]
    fn every_node_is_reached_from_every_other() {
        let design = more();
        for start in &design.nodes {
            let mut seen = vec![start.id.clone()];
            let mut at = 0;
            while at < seen.len() {
                for way in [
                    Direction::Left,
                    Direction::Right,
                    Direction::Up,
                    Direction::Down,
                ] {
                    if let Some(next) = step(&design, &seen[at], way)
                        && !seen.contains(&next)
                    {
                        seen.push(next);
                    }
                }
                at += 1;
            }
            assert_eq!(seen.len(), design.nodes.len(), "from {}", start.id);
        }
    }
}
