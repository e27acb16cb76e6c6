//! Databases that publish their writes: the outbox.

use crate::*;

/// "u" writes to "db", which relays to "q"; "w" keeps "view" up to date.
fn relayed(moments: &[u64], database_rest: &str, relay: &str, faults: &[String]) -> Run {
    let operations =
        r#""operations": [{"name": "o", "effect": "write", "keys": {"uniform": {"n": 1}}}]"#;
    let nodes = [
        replay_by("u", moments.iter().copied(), operations),
        database("db", 10, database_rest),
        node("q", "queue", ""),
        service("w", 0, ""),
        database("view", 5, r#""copy_of": "db""#),
    ];
    let links = [
        link("u->db", ""),
        link("db->q", &format!(r#""mode": "publish"{relay}"#)),
        link("q->w", r#""mode": "consume""#),
        link("w->view", ""),
    ];
    run_with("", &nodes, &links, faults)
}

const RELAY: &str = r#", "relay": {"poll": "100ms", "batch": 2}"#;

#[test]
fn writes_are_published_at_a_beat_and_so_many_at_a_time() {
    // Committed at 10, 10, 10 and 160 ms.
    let run = relayed(&[0, 0, 0, 150], "", RELAY, &[]);
    assert_eq!(run.latency(), 10.0, "nobody waits for it");
    assert_eq!(run.sent("db->q"), [100.0, 100.0, 200.0, 200.0]);
    let relay = "/nodes/db/database/relays/db->q";
    assert_eq!(run.number(&format!("{relay}/published")), 4.0);
    assert_eq!(run.number(&format!("{relay}/waiting_max")), 3.0);
    assert_eq!(run.number(&format!("{relay}/lag_ms/mean")), 102.5);
    assert_eq!(run.number(&format!("{relay}/lag_ms/max")), 190.0);
    assert_eq!(run.number("/data/effect_delay_ms/max"), 195.0);
    for metric in ["divergent_keys", "torn_writes", "lost_writes"] {
        assert_eq!(run.number(&format!("/data/{metric}")), 0.0, "{metric}");
    }
    // As usual: every 500 ms.
    assert_eq!(relayed(&[0], "", "", &[]).sent("db->q"), [500.0]);
    // What was not committed is not published.
    let erring = relayed(&[0], r#""error_rate": 1"#, RELAY, &[]);
    assert_eq!(erring.sent("db->q"), [0.0; 0]);
}

#[test]
fn what_a_queue_refuses_is_published_again_in_order() {
    let out = [fault("queue_outage", "q", 50, 250, "")];
    let run = relayed(&[0, 0, 0], "", RELAY, &out);
    assert_eq!(
        run.sent("db->q"),
        [100.0, 100.0, 200.0, 200.0, 300.0, 300.0, 400.0]
    );
    assert_eq!(run.number("/data/divergent_keys"), 0.0);
    assert_eq!(run.number("/data/out_of_order"), 0.0);
}

#[test]
fn a_crash_publishes_twice_what_it_does_not_know_to_be_accepted() {
    // Sent at 100, accepted at 150; the answer would arrive at 200.
    let relay = r#", "latency": "50ms", "relay": {"poll": "100ms", "batch": 2}"#;
    let crash = [fault("crash", "db", 160, 180, "")];
    let run = relayed(&[0], "", relay, &crash);
    assert_eq!(run.sent("db->q"), [100.0, 200.0]);
    assert_eq!(run.number("/nodes/q/messages/published"), 2.0);
    assert_eq!(run.number("/nodes/db/database/relays/db->q/published"), 1.0);
    // The next batch waits until the last one is finished.
    let run = relayed(&[0, 0, 0], "", relay, &[]);
    assert_eq!(run.sent("db->q"), [100.0, 100.0, 300.0]);
}

#[test]
fn what_a_failover_undid_is_lost_whoever_has_heard_of_it() {
    // Published at 100, in the view at 105. The leader dies at 150.
    let ran = |lag: &str| {
        let copies = format!(
            r#""replication": {{"replicas": 2, "lag": "const({lag})", "detection_time": "100ms", "election_time": "100ms"}}"#
        );
        let dies = [fault("crash", "db", 150, 600, r#""replica": 0"#)];
        let run = relayed(&[0], &copies, RELAY, &dies);
        [
            "/data/lost_writes",
            "/nodes/db/divergent_keys",
            "/nodes/view/divergent_keys",
        ]
        .map(|path| run.number(path))
    };
    assert_eq!(ran("1s"), [1.0, 0.0, 1.0]);
    assert_eq!(ran("50ms"), [0.0, 0.0, 0.0]);
}

#[test]
fn a_relay_that_stands_still_goes_on_with_the_next_leader() {
    // Committed at 10. Sent at 100, accepted at 150; the answer would arrive at 200, but its leader
    // hangs: another leads from 360 on, and publishes at 400.
    let ran = |replicas: u32| {
        let copies = format!(
            r#""replication": {{"replicas": {replicas}, "lag": "const(10ms)", "detection_time": "100ms", "election_time": "100ms"}}"#
        );
        let relay = r#", "latency": "50ms", "relay": {"poll": "100ms", "batch": 2}"#;
        let hangs = [fault("hang", "db", 160, 750, r#""replica": 0"#)];
        let run = relayed(&[0], &copies, relay, &hangs);
        let published = run.number("/nodes/db/database/relays/db->q/published");
        (run.sent("db->q"), published)
    };
    assert_eq!(ran(2), (vec![100.0, 400.0], 1.0));
    // Alone, it receives the answer when it continues.
    assert_eq!(ran(1), (vec![100.0], 1.0));
    // While it is frozen it publishes nothing.
    let hangs = [fault("hang", "db", 50, 250, "")];
    assert_eq!(relayed(&[0], "", RELAY, &hangs).sent("db->q"), [300.0]);
}

#[test]
fn a_relay_goes_with_its_link() {
    let with = |relay: bool| {
        let operations =
            r#""operations": [{"name": "o", "effect": "write", "keys": {"uniform": {"n": 1}}}]"#;
        let nodes = [
            replay_by("u", (0..50).map(|n| n * 10), operations),
            database("db", 1, ""),
            node("q", "queue", ""),
            service("w", 0, ""),
        ];
        let mut links = vec![link("u->db", ""), link("q->w", r#""mode": "consume""#)];
        if relay {
            links.push(link("db->q", &format!(r#""mode": "publish"{RELAY}"#)));
        }
        design("", &nodes, &links, &[])
    };
    let mut simulation = Simulation::new(&with(true));
    for (at, relay) in [(250, false), (300, true)] {
        simulation.run_until(at * 1_000_000, u64::MAX);
        simulation.edit(&with(relay));
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    }
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    let report = serde_json::to_value(simulation.report()).unwrap();
    let relay = &report["nodes"]["db"]["database"]["relays"]["db->q"];
    // The writes from 300 ms on: at 301, 311, ... 491.
    assert_eq!(
        (&relay["published"], &relay["waiting"]),
        (&20.into(), &0.into())
    );
}

#[test]
fn who_cannot_relay_is_told_so() {
    let refusal = |database: &str, link: &str| {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "own", "kind": "database"}}, {{"id": "db", "kind": "database"{database}}},
            {{"id": "api", "kind": "service"}}, {{"id": "q", "kind": "queue"}}], "links": [{{"to": "q", "mode": "publish"{link}}}]}}"#
        );
        let problems = format::json::read(&text).expect_err(&text);
        format!("{}: {}", problems[0].path, problems[0].message)
    };
    let from = |id: &str, rest: &str| format!(r#", "from": "{id}"{rest}"#);
    for (database, link, why) in [
        (
            "",
            from("api", r#", "relay": {}"#),
            "links[0].relay: applies to links from a database to a queue; set it to null",
        ),
        (
            r#", "copy_of": "own""#,
            from("db", ""),
            "links[0].from: is a copy, whose writes come from messages; link its owner instead",
        ),
        (
            r#", "replication": {"mode": "quorum"}"#,
            from("db", ""),
            "links[0].from: has no leader whose log could be relayed; use replication mode async or semi_sync",
        ),
        (
            "",
            from("db", r#", "when": "reads""#),
            "links[0].when: every write is relayed; set it to always",
        ),
        (
            "",
            from("db", r#", "ack": "none""#),
            "links[0].ack: a relay retries until the queue has the write; set it to accepted",
        ),
    ] {
        assert_eq!(refusal(database, &link), why);
    }
}
