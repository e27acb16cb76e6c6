//! Databases of several members: shards, two phases, rows, contention.

use crate::*;

/// Returns a client that reads or writes one key, and a database.
fn one_key(moments: impl IntoIterator<Item = u64>, effect: &str, rest: &str) -> [String; 2] {
    let operations = format!(
        r#""operations": [{{"name": "o", "effect": "{effect}", "keys": {{"uniform": {{"n": 1}}}}}}]"#
    );
    [
        replay_by("u", moments, &operations),
        database("db", 10, rest),
    ]
}

fn asked(nodes: [String; 2], faults: &[String]) -> Run {
    run_with("", &nodes, &[link("u->db", "")], faults)
}

impl Run {
    /// Returns the calls and parts that reached each replica.
    fn arrivals(&self, node: &str) -> Vec<u64> {
        let replicas = self.report["nodes"][node]["replicas"].as_array().unwrap();
        let arrivals = replicas
            .iter()
            .map(|replica| replica["arrivals"].as_u64().unwrap());
        arrivals.collect()
    }
}

#[test]
fn a_key_lives_on_one_shard_and_its_shard_alone_is_hot() {
    let shards = r#""shards": {"count": 4}"#;
    let run = asked(one_key([0; 12], "read", shards), &[]);
    let mut arrivals = run.arrivals("db");
    arrivals.sort_unstable();
    assert_eq!(arrivals, [0, 0, 0, 12]);
    // By range the first key is on the first shard.
    let shards = r#""shards": {"count": 4, "by": "range"}"#;
    let run = asked(one_key([0; 12], "read", shards), &[]);
    assert_eq!(run.arrivals("db"), [12, 0, 0, 0]);
}

#[test]
fn connections_and_slots_are_of_each_member() {
    // Two keys on two shards, one slot and two connections each: of many simultaneous calls to each
    // shard, two are served, the second after the first.
    let client = replay_by(
        "u",
        [0; 20],
        r#""operations": [{"name": "o", "keys": {"uniform": {"n": 2}}}]"#,
    );
    let rest = r#""shards": {"count": 2, "by": "range"}, "concurrency": 1, "connections": 2"#;
    let run = asked([client, database("db", 10, rest)], &[]);
    assert_eq!((run.ok(), run.failed().as_str()), (4.0, "refused 16"));
    assert_eq!(run.latency(), 20.0);
    assert_eq!(run.arrivals("db").iter().sum::<u64>(), 20);
}

#[test]
fn a_dead_shard_refuses_its_own_keys_alone() {
    let client = replay_by(
        "u",
        (0..20).map(|n| n * 20),
        r#""operations": [{"name": "o", "keys": {"uniform": {"n": 2}}}]"#,
    );
    let rest = r#""shards": {"count": 2, "by": "range"}"#;
    let nodes = [client, database("db", 10, rest)];
    let whole = asked(nodes.clone(), &[]);
    assert_eq!(whole.ok(), 20.0);
    let arrivals = whole.arrivals("db");
    let broken = asked(nodes, &[fault("crash", "db", 0, 900, r#""replica": 0"#)]);
    assert_eq!(broken.arrivals("db"), [0, arrivals[1]]);
    assert_eq!(broken.ok(), arrivals[1] as f64);
    assert_eq!(broken.failed(), format!("refused {}", arrivals[0]));
}

#[test]
fn what_touches_every_shard_takes_as_long_as_the_slowest() {
    let rest = r#""shards": {"count": 4}, "member_latency": "const(1ms)", "concurrency": 1"#;
    let spread = format!(r#"{rest}, "cross_shard": "reads""#);
    // 1 ms each way, 10 ms of work at all members simultaneously; the second waits for the first.
    let run = asked(one_key([0, 0], "read", &spread), &[]);
    assert_eq!(run.latency(), 22.0);
    assert_eq!(run.number("/requests/latency_ms/mean"), 17.0);
    assert_eq!(run.arrivals("db"), [2, 2, 2, 2]);
    // An unmarked operation goes directly to its own shard.
    assert_eq!(asked(one_key([0], "read", rest), &[]).latency(), 10.0);
    let one = r#""cross_shard": "reads", "member_latency": "const(1ms)""#;
    assert_eq!(asked(one_key([0], "read", one), &[]).latency(), 10.0);
}

#[test]
fn one_dead_shard_fails_what_touches_all() {
    let rest = r#""shards": {"count": 4, "by": "range"}, "member_latency": "const(1ms)", "cross_shard": "always""#;
    let dead = [fault("crash", "db", 0, 900, r#""replica": 2"#)];
    let read = asked(one_key([10], "read", rest), &dead);
    assert_eq!(read.trace("u->db"), "call 10, failure 12");
    assert_eq!(read.failed(), "error 1");
    let write = asked(one_key([10], "write", rest), &dead);
    assert_eq!(write.failed(), "error 1");
    assert_eq!(
        write.report["nodes"]["db"]["database"]["two_phase"]["aborted"],
        1
    );
    // The others prepared, which was wasted, and nothing was committed anywhere.
    assert_eq!(write.arrivals("db"), [1, 1, 0, 1]);
}

#[test]
fn a_write_to_every_shard_commits_in_two_phases() {
    let rest = r#""shards": {"count": 3, "by": "range"}, "member_latency": "const(1ms)", "cross_shard": "writes""#;
    // Two trips there, 10 ms of work, and back.
    let run = asked(one_key([0], "write", rest), &[]);
    assert_eq!(run.latency(), 24.0);
    assert_eq!(run.arrivals("db"), [2, 2, 2]);
    assert_eq!(run.number("/nodes/db/database/two_phase/committed"), 1.0);
    assert_eq!(run.number("/nodes/db/arrivals"), 1.0);
    // A member that dies after all have prepared (at 11 ms) cannot undo it.
    let dead = [fault("crash", "db", 12, 900, r#""replica": 2"#)];
    let run = asked(one_key([0], "write", rest), &dead);
    assert_eq!((run.ok(), run.latency()), (1.0, 24.0));
    // One that dies while it prepares can: it is reset at 5 ms, which is known at 6.
    let dead = [fault("crash", "db", 5, 900, r#""replica": 2"#)];
    let run = asked(one_key([0], "write", rest), &dead);
    assert_eq!(run.trace("u->db"), "call 0, failure 6");
}

#[test]
fn writes_of_one_row_go_one_after_another() {
    let locks = r#""row_locks": true"#;
    let run = asked(one_key([0, 0, 0], "write", locks), &[]);
    assert_eq!(
        run.trace("u->db"),
        "call 0, call 0, call 0, answer 10, answer 20, answer 30"
    );
    assert_eq!(run.number("/nodes/db/database/row_locks/waits"), 2.0);
    assert_eq!(run.number("/nodes/db/database/row_locks/wait_ms/max"), 20.0);
    // A call waits for its row without a slot, and before it: `wait_ms` includes both.
    assert_eq!(run.number("/nodes/db/wait_ms/max"), 20.0);
    assert_eq!(run.number("/nodes/db/utilization"), 0.03 / 16.0);
    for (effect, rest) in [("read", locks), ("write", "")] {
        assert_eq!(asked(one_key([0, 0, 0], effect, rest), &[]).latency(), 10.0);
    }
    let held = r#""row_locks": true, "lock_time": "const(5ms)""#;
    assert_eq!(
        asked(one_key([0, 0, 0], "write", held), &[]).latency(),
        45.0
    );
    // Without row locks nothing is held: the rest of the transaction affects no other call.
    let free = r#""lock_time": "const(5ms)""#;
    assert_eq!(asked(one_key([0], "write", free), &[]).latency(), 10.0);
}

#[test]
fn who_waits_for_a_row_holds_a_connection() {
    let rest = r#""row_locks": true, "connections": 2, "concurrency": 2"#;
    let run = asked(one_key([0, 0, 0], "write", rest), &[]);
    assert_eq!((run.ok(), run.failed().as_str()), (2.0, "refused 1"));
}

#[test]
fn a_crash_frees_the_rows() {
    let dead = [fault("crash", "db", 5, 6, "")];
    let run = asked(
        one_key([0, 0, 0, 10], "write", r#""row_locks": true"#),
        &dead,
    );
    assert_eq!(
        run.trace("u->db"),
        "call 0, call 0, call 0, failure 5, failure 5, failure 5, call 10, answer 20"
    );
}

#[test]
fn a_row_is_held_through_both_phases() {
    // Gray's serial lock: two round trips of 0.5 ms and two log writes of 1 ms hold it 3 ms, so 50
    // users get 1 / 3 ms = 333.3 writes a second out of it, each after 50 × 3 ms.
    let operations =
        r#""operations": [{"name": "o", "effect": "write", "keys": {"uniform": {"n": 1}}}]"#;
    let client =
        format!(r#""arrivals": {{"closed": {{"users": 50, "think": "const(0s)"}}}}, {operations}"#);
    let rest = r#""shards": {"count": 2}, "cross_shard": "writes", "row_locks": true, "member_latency": "const(250us)""#;
    let nodes = [node("u", "client", &client), database("db", 1, rest)];
    let settings = r#""duration": "12s", "warmup": "3s", "drain": false"#;
    let run = run_with(settings, &nodes, &[link("u->db", "")], &[]);
    assert_eq!(run.number("/requests/throughput_per_s"), 3_000.0 / 9.0);
    assert_eq!(run.number("/requests/latency_ms/mean"), 150.0);
}

#[test]
fn contention_stretches_work_by_what_goes_on_beside_it() {
    let rest = r#""contention": {"alpha": 0.1, "beta": 0.01}"#;
    // 1, 1 + 0.1 + 0.02, 1 + 0.2 + 0.06, 1 + 0.3 + 0.12 times 10 ms.
    let run = asked(one_key([0; 4], "read", rest), &[]);
    assert_eq!(
        run.trace("u->db"),
        "call 0, call 0, call 0, call 0, answer 10, answer 11.2, answer 12.6, answer 14.2"
    );
    assert_eq!(asked(one_key([0], "read", rest), &[]).latency(), 10.0);
}

#[test]
fn errors_are_of_each_member() {
    let rest = r#""error_rate": 1, "shards": {"count": 2}, "cross_shard": "always""#;
    assert_eq!(asked(one_key([0], "read", rest), &[]).failed(), "error 1");
    assert_eq!(
        asked(one_key([0], "read", r#""error_rate": 1"#), &[]).failed(),
        "error 1"
    );
}

#[test]
fn shards_may_be_added_while_it_runs() {
    let operations =
        r#""operations": [{"name": "o", "effect": "write", "keys": {"uniform": {"n": 100}}}]"#;
    let client = replay_by("u", (0..100).map(|n| n * 5), operations);
    let with = |rest: &str| {
        design(
            "",
            &[client.clone(), database("db", 10, rest)],
            &[link("u->db", "")],
            &[],
        )
    };
    let mut simulation = Simulation::new(&with(r#""row_locks": true"#));
    for (at, rest) in [
        (
            100,
            r#""shards": {"count": 3, "by": "range"}, "cross_shard": {"probability": 0.5}"#,
        ),
        (
            200,
            r#""shards": {"count": 5, "by": "tenant"}, "row_locks": true"#,
        ),
        (300, ""),
    ] {
        simulation.run_until(at * 1_000_000, u64::MAX);
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
        simulation.edit(&with(rest));
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    }
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    assert_eq!(report["requests"]["completed"], 100);
    // Only the work of members that an edit removed is lost.
    assert!(report["requests"]["ok"].as_u64().unwrap() >= 95, "{report}");
}

#[test]
fn a_balancer_sees_one_address() {
    let client = replay_by(
        "u",
        [0; 8],
        r#""operations": [{"name": "o", "keys": {"uniform": {"n": 4}}}]"#,
    );
    let check = r#""algorithm": "least_outstanding", "health_check": {"depth": "http", "interval": "100ms", "timeout": "50ms"}"#;
    let nodes = [
        client,
        node("lb", "load_balancer", check),
        database("db", 10, r#""shards": {"count": 4, "by": "range"}"#),
    ];
    let links = [link("u->lb", ""), link("lb->db", "")];
    let run = run_with("", &nodes, &links, &[]);
    assert_eq!((run.ok(), run.latency()), (8.0, 10.0));
}
