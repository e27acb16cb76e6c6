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

#[test]
fn a_fill_on_its_way_to_a_removed_cache_is_dropped() {
    let of = |has_cache: bool| {
        let mut nodes = vec![
            replay_by("u", [0, 50], GET),
            service("api", 0, ""),
            database("db", 10, ""),
        ];
        let mut links = vec![link("u->api", "")];
        if has_cache {
            nodes.push(cache(""));
            links.push(link("api->cache", r#""latency": "const(5ms)""#));
            links.push(link("api->db", r#""when": "on_miss""#));
        } else {
            links.push(link("api->db", ""));
        }
        design("", &nodes, &links, &[])
    };
    // Missed at 10 ms, loaded at 20 ms: the fill is there at 25 ms.
    let report = edited(&of(true), &[(22, &of(false))]);
    assert_eq!(report["requests"]["ok"], 2);
}
