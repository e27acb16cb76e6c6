//! The effect of an edit on calls, queues and entries that are already there.

use crate::*;

const MS: u64 = 1_000_000;

/// Runs a design that is edited at these moments, in ms.
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

/// Returns a user that waits for 20 s of work, directly or through a balancer.
fn slow(links: &[String]) -> Design {
    let nodes = [
        replay([0]),
        node("lb", "load_balancer", ""),
        service("api", 20_000, ""),
    ];
    let through = links.len() == 2;
    let nodes: Vec<String> = match through {
        true => nodes.to_vec(),
        false => vec![nodes[0].clone(), nodes[2].clone()],
    };
    design(r#""duration": "30s""#, &nodes, links, &[])
}

/// Returns when the user's request timed out, in ms.
fn failed_at(report: &Json) -> f64 {
    assert_eq!(report["requests"]["failed"]["timeout"], 1, "{report}");
    let windows = report["windows"]["failed_per_s"].as_array().unwrap();
    let window = windows.iter().position(|failed| *failed != 0.0);
    window.unwrap() as f64
}

#[test]
fn a_timeout_added_or_shortened_applies_to_attempts_under_way() {
    let of = |timeout: &str| slow(&[link("u->api", &format!(r#""timeout": {timeout}"#))]);
    // Sent at 0; the edit is made at 3.5 s.
    for (before, after, fails_s) in [
        ("null", r#""5s""#, 5.0),
        ("null", r#""1s""#, 3.0),
        (r#""9s""#, r#""5s""#, 5.0),
        (r#""9s""#, r#""1s""#, 3.0),
        // A longer one applies to attempts sent after the edit.
        (r#""9s""#, r#""15s""#, 9.0),
        (r#""9s""#, "null", 9.0),
    ] {
        let report = edited(&of(before), &[(3_500, &of(after))]);
        assert_eq!(failed_at(&report), fails_s, "{before} to {after}");
    }
}

#[test]
fn behind_a_balancer_as_well() {
    let of = |first: &str, second: &str| {
        let first = link("u->lb", &format!(r#""timeout": {first}"#));
        slow(&[first, link("lb->api", &format!(r#""timeout": {second}"#))])
    };
    let none = of("null", "null");
    for (before, after, fails_s) in [
        (&none, of("null", r#""5s""#), 5.0),
        (&none, of(r#""5s""#, "null"), 5.0),
        (&of(r#""9s""#, "null"), of(r#""9s""#, r#""5s""#), 5.0),
        (&of(r#""9s""#, "null"), of(r#""9s""#, r#""12s""#), 9.0),
    ] {
        let report = edited(before, &[(3_500, &after)]);
        assert_eq!(failed_at(&report), fails_s);
    }
}

#[test]
fn a_timeout_that_is_added_ends_the_wait_for_a_lost_packet() {
    // Lost at 0, without a timeout: it would hold the only slot to the end. The other call waits
    // for it.
    let of = |loss: u32, timeout: &str| {
        let nodes = [
            replay([0, 500]),
            service("api", 0, r#""concurrency": 1"#),
            service("store", 10, ""),
        ];
        let rest = format!(r#""loss": {loss}, "timeout": {timeout}"#);
        let links = [link("u->api", ""), link("api->store", &rest)];
        design(r#""duration": "5s", "drain": false"#, &nodes, &links, &[])
    };
    let (lossy, whole) = (of(1, "null"), of(0, "null"));
    let hung = edited(&lossy, &[(100, &whole)]);
    assert_eq!(hung["requests"]["completed"], 0);
    let cut = edited(&lossy, &[(100, &whole), (1_000, &of(0, r#""200ms""#))]);
    assert_eq!(cut["requests"]["failed"]["error"], 1);
    assert_eq!(cut["requests"]["latency_ms"]["max"], 510.0);
}

#[test]
fn a_shorter_queue_rejects_the_calls_that_would_be_served_last() {
    // Six calls: one is served for 100 ms, five wait. Room for two of them from 10 ms on.
    let of = |capacity: u32, discipline: &str| {
        let queue = format!(r#"{{"capacity": {capacity}, "discipline": "{discipline}"}}"#);
        let queue = format!(r#""concurrency": 1, "queue": {queue}"#);
        design(
            "",
            &[replay([0, 1, 2, 3, 4, 5]), service("api", 100, &queue)],
            &[link("u->api", "")],
            &[],
        )
    };
    for (discipline, longest) in [("fifo", 298.0), ("lifo", 296.0)] {
        let report = edited(&of(10, discipline), &[(10, &of(2, discipline))]);
        let requests = &report["requests"];
        assert_eq!(requests["failed"]["rejected"], 3, "{discipline}");
        assert_eq!(requests["latency_ms"]["max"], longest, "{discipline}");
        assert_eq!(report["nodes"]["api"]["turned_away"]["queue_full"], 3);
    }
}

#[test]
fn a_shorter_ttl_applies_to_entries_in_the_cache() {
    // Filled at 10 ms. Read at 100 ms and at 150 ms.
    let of = |ttl: &str| {
        let nodes = [
            replay_by("u", [0, 100, 150], GET),
            cache(&format!(r#""ttl": {ttl}"#)),
            database("db", 10, ""),
        ];
        design(
            "",
            &nodes,
            &[link("u->cache", ""), link("cache->db", "")],
            &[],
        )
    };
    for (before, after, loads) in [
        ("null", r#""80ms""#, 2),
        (r#""10s""#, r#""80ms""#, 2),
        (r#""10s""#, r#""120ms""#, 2),
        (r#""10s""#, r#""1s""#, 1),
        // A longer one applies to later fills.
        (r#""80ms""#, r#""10s""#, 2),
    ] {
        let report = edited(&of(before), &[(50, &of(after))]);
        assert_eq!(
            report["links"]["cache->db"]["attempts"], loads,
            "{before} to {after}"
        );
    }
}

#[test]
fn a_smaller_batch_shortens_the_wait_for_the_next_one() {
    // A hundred every ten seconds; from 14 s on one every 100 ms. And back: a hundred at 24 s.
    let of = |batch: u32| {
        let rest = format!(r#""arrivals": {{"constant": "10/s"}}, "batch": {batch}"#);
        let nodes = [node("u", "client", &rest), service("api", 0, "")];
        let settings = r#""duration": "20s""#;
        design(settings, &nodes, &[link("u->api", "")], &[])
    };
    let report = edited(&of(100), &[(14_000, &of(1))]);
    let offered = report["windows"]["offered_per_s"].as_array().unwrap();
    let offered: Vec<f64> = offered.iter().map(|rate| rate.as_f64().unwrap()).collect();
    assert_eq!(offered[13..17], [0.0, 10.0, 10.0, 10.0]);
    let back = edited(&of(1), &[(14_000, &of(100))]);
    let offered = back["windows"]["offered_per_s"].as_array().unwrap();
    assert!(
        offered[15..20].iter().all(|rate| *rate == 0.0),
        "{offered:?}"
    );
}

#[test]
fn a_copy_that_is_added_starts_with_the_data_of_its_owner() {
    let of = |has_copy: bool| {
        let keys = r#""keys": {"uniform": {"n": 20}}"#;
        let writes = format!(r#""operations": [{{"name": "w", "effect": "write", {keys}}}]"#);
        let reads = format!(r#""operations": [{{"name": "r", {keys}}}]"#);
        let moments = |from: u64| (0..40).map(move |nth| from + 10 * nth);
        let mut nodes = vec![
            replay_by("writer", moments(0), &writes),
            replay_by("reader", moments(500), &reads),
            database("db", 1, ""),
        ];
        let mut links = vec![link("writer->db", "")];
        if has_copy {
            nodes.push(database("view", 1, r#""copy_of": "db""#));
            links.push(link("reader->view", ""));
        } else {
            links.push(link("reader->db", ""));
        }
        design(r#""duration": "2s""#, &nodes, &links, &[])
    };
    let (plain, copied) = (of(false), of(true));
    let never_loaded = edited(&copied, &[]);
    assert!(never_loaded["data"]["stale_reads"].as_u64().unwrap() > 0);
    // The copy is either new, or was removed and missed the writes meanwhile.
    for edits in [
        &[(450, &copied)][..],
        &[(10, &copied), (20, &plain), (450, &copied)],
    ] {
        let report = edited(&plain, edits);
        assert_eq!(report["data"]["stale_reads"], 0);
        assert_eq!(report["data"]["divergent_keys"], 0);
    }
    // A copy that stays is not loaded again.
    let report = edited(&copied, &[(450, &copied)]);
    assert!(report["data"]["divergent_keys"].as_u64().unwrap() > 0);
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

#[test]
fn places_and_connections_held_when_their_policy_is_removed_are_released() {
    // Each of four is served for a second. Two hold the two places, or connections, when these are
    // removed, and are answered meanwhile.
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
