use super::*;

fn route() -> Route {
    let at = |place: usize| [place as f32 * 80.0 / STEPS as f32, 0.0];
    Route {
        points: (0..=STEPS).map(at).collect(),
        length: 80.0,
    }
}

fn flight(kind: FlightKind) -> Flight {
    Flight {
        link: 0,
        kind,
        start_ns: 0,
        duration_ns: 1,
    }
}

/// Draws flights that start now, at 100%.
fn sprites(flights: &[Flight]) -> Vec<Sprite> {
    let (mut particles, clock, routes) = (Particles::default(), Clock::default(), [route()]);
    particles.take(flights);
    particles.advance(&clock, &routes);
    let mut sprites = Vec::new();
    particles.sprites(&clock, &routes, 1.0, |sprite| sprites.push(sprite));
    sprites
}

#[test]
fn a_call_ends_in_a_mark_of_its_cause_at_the_end_of_the_link_where_it_ended() {
    use FlightKind::{Abandoned, Late, Refused, Timeout, Unsent};
    for (kind, shape, is_at_callee) in [
        (Timeout, Shape::Clock, false),
        (Unsent, Shape::Switch, false),
        (Abandoned, Shape::Turned, false),
        (Refused, Shape::Wall, true),
        (Late, Shape::Void, true),
    ] {
        let drawn = sprites(&[flight(kind)]);
        assert_eq!(drawn[0].shape, shape);
        let [x, y] = drawn[0].at;
        assert_eq!(
            (x > 40.0, y < 0.0),
            (is_at_callee, is_at_callee),
            "{kind:?}"
        );
        // The failure travels back to the caller.
        assert_eq!(drawn.len(), if kind == Refused { 2 } else { 1 });
    }
}

#[test]
fn marks_are_beside_each_other_and_no_more_than_can_be_told_apart() {
    let drawn = sprites(&[flight(FlightKind::Timeout); 40]);
    assert_eq!(drawn.len(), MARKS_MAX);
    for (nth, one) in drawn.iter().enumerate() {
        for other in &drawn[..nth] {
            let apart = (0..2).map(|axis| (one.at[axis] - other.at[axis]).abs());
            assert!(apart.fold(0.0, f32::max) > 10.0, "{drawn:?}");
        }
    }
}
