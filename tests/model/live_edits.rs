//! What an edit does to calls, queues and entries that are there already.

use crate::*;

const MS: u64 = 1_000_000;

/// A run that is edited at these moments, in ms.
fn edited(before: &Design, edits: &[(u64, &Design)]) -> Json {
    let mut simulation = Simulation::new(before);
    for (at, after) in edits {
        simulation.run_until(at * MS, u64::MAX);
        simulation.edit(after);
    }
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    serde_json::to_value(simulation.report()).unwrap()
}

#[test]
fn places_and_connections_held_when_their_policy_is_removed_are_released() {
    // Each of four is served for a second. Two hold the two places, or connections, when these are
    // taken away, and are answered meanwhile.
    let of = |policy: &str| {
        let nodes = [replay([0, 0, 3_000, 3_000]), service("api", 1_000, "")];
        let settings = r#""duration": "6s""#;
        design(settings, &nodes, &[link("u->api", policy)], &[])
    };
    for policy in [
        r#""bulkhead": {"max_concurrent": 2}"#,
        r#""pool": {"size": 2, "wait": "100ms"}"#,
    ] {
        let (with, without) = (of(policy), of(""));
        let report = edited(&with, &[(500, &without), (2_000, &with)]);
        assert_eq!(report["requests"]["ok"], 4, "{policy}");
    }
}
