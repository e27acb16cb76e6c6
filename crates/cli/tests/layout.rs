//! The designs of the library as Tidy up lays them out: no line crosses a card, and none another
//! line where that can be avoided.

use design::Design;
use editor::{LinkPath, Scene, layout, node_rect};

fn tidy(mut design: Design) -> Design {
    for command in layout::tidy(&design) {
        design.apply(command).expect("a move is valid");
    }
    design
}

/// Whether two lines cross, their ends aside.
fn cross(a: &LinkPath, b: &LinkPath) -> bool {
    let side = |a: editor::Point, b: editor::Point, c: editor::Point| {
        (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    };
    a.points().windows(2).any(|p| {
        b.points().windows(2).any(|q| {
            side(p[0], p[1], q[0]) * side(p[0], p[1], q[1]) < 0.0
                && side(q[0], q[1], p[0]) * side(q[0], q[1], p[1]) < 0.0
        })
    })
}

#[test]
fn the_library_is_laid_out_without_crossings_that_can_be_avoided() {
    let lessons = host::scenarios::all().into_iter();
    let lessons = lessons.map(|lesson| (lesson.id.to_string(), lesson.design));
    let sound = host::scenarios::sound().into_iter();
    let sound = sound.map(|sound| (sound.id.to_string(), sound.design));
    let mut crossed = Vec::new();
    for (id, design) in lessons.chain(sound) {
        let design = tidy(design);
        let lines: Vec<_> = Scene::new(&design).lines().collect();
        let paths: Vec<_> = lines
            .iter()
            .map(|(_, line)| LinkPath::new(line.clone()))
            .collect();
        for ((link, _), path) in lines.iter().zip(&paths) {
            let others = design.nodes.iter();
            for node in others.filter(|node| node.id != link.from && node.id != link.to) {
                let card = node_rect(node);
                let inside = path.points().iter().any(|point| card.contains(*point));
                assert!(!inside, "{id}: {} crosses {}", link.id, node.id);
            }
        }
        let mut count = 0;
        for (at, (link, _)) in lines.iter().enumerate() {
            let apart = |other: &usize| {
                let other = lines[*other].0;
                link.from != other.from && link.to != other.to
            };
            let others = (at + 1..lines.len()).filter(apart);
            count += others
                .filter(|other| cross(&paths[at], &paths[*other]))
                .count();
        }
        if count > 0 {
            crossed.push((id, count));
        }
    }
    assert!(crossed.is_empty(), "{crossed:?}");
}
