//! Copies of databases: lag, failover, quorums.

use crate::*;

/// Returns a client that reads or writes the only key.
pub(super) fn of_key(id: &str, effect: &str, moments: &[u64], rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    let operations = format!(
        r#""operations": [{{"name": "{effect}", "effect": "{effect}", "keys": {{"uniform": {{"n": 1}}}}}}]{comma}{rest}"#
    );
    replay_by(id, moments.iter().copied(), &operations)
}

/// Work takes 10 ms; `replication` is the JSON of its fields.
pub(super) fn replicated(replication: &str, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    let rest = format!(
        r#""replication": {{"lag": "const(100ms)", "detection_time": "200ms", "election_time": "100ms", {replication}}}, "member_latency": "const(1ms)"{comma}{rest}"#
    );
    database("db", 10, &rest)
}

pub(super) fn ran(clients: &[String], database: String, faults: &[String]) -> Run {
    let mut nodes = clients.to_vec();
    nodes.push(database);
    let ids = clients.iter().map(|client| {
        let client: Json = serde_json::from_str(client).unwrap();
        link(&format!("{}->db", client["id"].as_str().unwrap()), "")
    });
    let links: Vec<String> = ids.collect();
    let settings = r#""zones": {"latency": "const(0s)"}"#;
    run_with(settings, &nodes, &links, faults)
}

impl Run {
    pub(super) fn data(&self, name: &str) -> f64 {
        self.number(&format!("/data/{name}"))
    }

    pub(super) fn copies(&self, name: &str) -> f64 {
        self.number(&format!("/nodes/db/database/replication/{name}"))
    }
}

#[test]
fn a_follower_has_a_write_a_lag_after_the_leader() {
    // Acknowledged at 10 ms, at the follower at 110. A read is answered 10 ms after it began.
    let clients = [
        of_key("w", "write", &[0], ""),
        of_key("r", "read", &[5, 20, 90, 100, 200], ""),
    ];
    let follower = replicated(r#""replicas": 2, "read_from": "follower""#, "");
    let run = ran(&clients, follower, &[]);
    assert_eq!(run.data("stale_reads"), 2.0);
    assert_eq!(run.data("staleness_ms/max"), 80.0);
    assert_eq!(run.copies("lag_ms/max"), 100.0);
    assert_eq!(run.data("divergent_keys"), 0.0);
    let arrivals = |run: &Run| {
        let replicas = run.report["nodes"]["db"]["replicas"].clone();
        let replicas = replicas.as_array().unwrap().clone();
        let arrivals = replicas.iter().map(|replica| replica["arrivals"].as_u64());
        arrivals.map(Option::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(arrivals(&run), [1, 5]);
    let leader = ran(&clients, replicated(r#""replicas": 2"#, ""), &[]);
    assert_eq!(leader.data("stale_reads"), 0.0);
    assert_eq!(arrivals(&leader), [6, 0]);
    // In turn: the leader, the follower, and so on: 5, 90 and 200 at the leader.
    let any = ran(
        &clients,
        replicated(r#""replicas": 2, "read_from": "any""#, ""),
        &[],
    );
    assert_eq!((arrivals(&any), any.data("stale_reads")), (vec![4, 2], 1.0));
}

#[test]
fn a_follower_applies_one_write_after_another() {
    // At the leader at 10 and 20 ms; each takes 50 ms to apply: at 160 and 210.
    let clients = [of_key("w", "write", &[0, 10], "")];
    let slow = replicated(r#""replicas": 2, "apply_time": "const(50ms)""#, "");
    let run = ran(&clients, slow, &[]);
    assert_eq!(run.copies("lag_ms/mean"), 170.0);
    assert_eq!(run.copies("lag_ms/max"), 190.0);
}

#[test]
fn semi_sync_waits_for_a_follower() {
    let writes = [of_key("w", "write", &[0], "")];
    let semi = |rest: &str| replicated(r#""mode": "semi_sync", "replicas": 2"#, rest);
    assert_eq!(ran(&writes, semi(""), &[]).latency(), 110.0);
    assert_eq!(
        ran(&writes, replicated(r#""replicas": 2"#, ""), &[]).latency(),
        10.0
    );
    // The row is held until then.
    let two = [of_key("w", "write", &[0, 0], "")];
    let run = ran(&two, semi(r#""row_locks": true"#), &[]);
    assert_eq!(run.trace("w->db"), "call 0, call 0, answer 110, answer 220");
    // In two phases too: 2 × (1 + 10 + 1), then the lag.
    let spread = r#""shards": {"count": 2}, "cross_shard": "writes""#;
    assert_eq!(ran(&writes, semi(spread), &[]).latency(), 124.0);
    // Without a follower nothing can be promised; the leader alone is enough for async.
    let dead = [fault("crash", "db", 0, 900, r#""replica": 1"#)];
    assert_eq!(ran(&writes, semi(""), &dead).failed(), "unavailable 1");
    let run = ran(&writes, replicated(r#""replicas": 2"#, ""), &dead);
    assert_eq!((run.ok(), run.data("divergent_keys")), (1.0, 0.0));
    // It dies while the write waits for it: whether the write is anywhere else is unknown.
    let dies = [fault("crash", "db", 50, 900, r#""replica": 1"#)];
    let run = ran(&writes, semi(""), &dies);
    assert_eq!(run.trace("w->db"), "call 0, failure 110");
    assert_eq!(run.data("lost_writes"), 0.0);
}

#[test]
fn what_no_follower_has_is_lost_with_its_leader() {
    // At the leader at 10 and 60 ms, at the follower at 110 and 160. The leader dies at 120; that
    // is noticed at 320, and another leads from 420 on.
    let clients = [of_key("w", "write", &[0, 50, 130, 410, 420], "")];
    let dead = [fault("crash", "db", 120, 1_100, r#""replica": 0"#)];
    let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &dead);
    assert_eq!(
        run.trace("w->db"),
        "call 0, answer 10, call 50, answer 60, call 130, failure 130, call 410, failure 410, call 420, answer 430"
    );
    assert_eq!(run.failed(), "unavailable 2");
    assert_eq!((run.data("lost_writes"), run.data("effects")), (1.0, 3.0));
    assert_eq!(
        (run.copies("failovers"), run.copies("undone_writes")),
        (1.0, 1.0)
    );
    // The run has drained before the dead one is back: it lacks the last write.
    assert_eq!(run.data("divergent_keys"), 1.0);
    // With semi_sync, the second was not acknowledged.
    let semi = replicated(r#""replicas": 2, "mode": "semi_sync""#, "");
    let two = [of_key("w", "write", &[0, 50], "")];
    let run = ran(&two, semi, &dead);
    assert_eq!(
        run.trace("w->db"),
        "call 0, call 50, answer 110, failure 120"
    );
    assert_eq!(
        (run.data("lost_writes"), run.copies("undone_writes")),
        (0.0, 1.0)
    );
}

#[test]
fn once_all_are_back_nobody_has_what_was_undone() {
    // As above, but nothing is written afterwards: the first write of the key remains, for all.
    let clients = [
        of_key("w", "write", &[0, 50], ""),
        of_key("r", "read", &[500], ""),
    ];
    for kind in ["crash", "hang"] {
        let dies = fault(kind, "db", 120, 600, r#""replica": 0"#);
        let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &[dies]);
        let found = ["lost_writes", "divergent_keys", "effects"].map(|name| run.data(name));
        assert_eq!(found, [1.0, 0.0, 2.0], "{kind}");
        // It knows of the second, and reads the first.
        assert_eq!(run.data("stale_reads"), 1.0, "{kind}");
    }
}

#[test]
fn a_leader_that_is_back_before_it_is_missed_leads_on() {
    let clients = [of_key("w", "write", &[0, 50, 130, 310], "")];
    let short = [fault("crash", "db", 120, 310, r#""replica": 0"#)];
    let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &short);
    assert_eq!((run.ok(), run.failed().as_str()), (3.0, "unavailable 1"));
    assert_eq!(
        (run.data("lost_writes"), run.copies("failovers")),
        (0.0, 0.0)
    );
    assert_eq!(run.data("divergent_keys"), 0.0);
    // One that is back before another leads takes part in the election, and lacks nothing.
    let longer = [fault("crash", "db", 120, 400, r#""replica": 0"#)];
    let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &longer);
    assert_eq!(
        (run.data("lost_writes"), run.copies("failovers")),
        (0.0, 0.0)
    );
    // The loss of a hanging leader is noticed too; requests to it meanwhile wait.
    let hangs = [fault("hang", "db", 120, 900, r#""replica": 0"#)];
    let clients = [of_key("w", "write", &[0, 50, 430], "")];
    let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &hangs);
    assert_eq!((run.ok(), run.data("lost_writes")), (3.0, 1.0));
}

#[test]
fn the_most_advanced_follower_takes_over() {
    // One follower was partitioned from 5 to 115 ms: it has nothing yet of what the other got at
    // 110.
    let zones = r#""zones": ["a", "b", "c"]"#;
    let clients = [
        of_key("w", "write", &[0, 430], r#""zone": "a""#),
        of_key("r", "read", &[500], r#""zone": "c""#),
    ];
    let faults = [
        fault("partition", "b", 5, 115, ""),
        fault("crash", "db", 120, 900, r#""replica": 0"#),
    ];
    let run = ran(&clients, replicated(r#""replicas": 3"#, zones), &faults);
    assert_eq!((run.ok(), run.data("lost_writes")), (3.0, 0.0));
    assert_eq!(run.copies("undone_writes"), 0.0);
}

#[test]
fn a_lost_write_leaves_its_readers_with_what_was_before() {
    let clients = [
        of_key("w", "write", &[0, 50], ""),
        of_key("r", "read", &[100, 500], ""),
    ];
    let dead = [fault("crash", "db", 120, 900, r#""replica": 0"#)];
    let run = ran(&clients, replicated(r#""replicas": 2"#, ""), &dead);
    // The second write was acknowledged at 60: a read of the first at 500 is 440 ms stale.
    assert_eq!(run.data("stale_reads"), 1.0);
    assert_eq!(run.data("staleness_ms/max"), 440.0);
}

#[test]
fn a_retry_of_a_lost_write_is_no_repeat() {
    // Applied at 60 and lost at 120; the answer does not arrive, so it is retried.
    let operations = r#""operations": [{"name": "pay", "effect": "write", "idempotency_key": true, "keys": {"uniform": {"n": 1}}}]"#;
    let rest = r#""latency": "const(40ms)", "timeout": "70ms", "retry": {"max_attempts": 9, "backoff": {"constant": "100ms"}, "jitter": "none"}"#;
    let nodes = [
        replay_by("w", [0], operations),
        replicated(r#""replicas": 2"#, r#""unique_ids": true"#),
    ];
    let dead = [fault("crash", "db", 120, 900, r#""replica": 0"#)];
    let run = run_with("", &nodes, &[link("w->db", rest)], &dead);
    assert_eq!(run.ok(), 0.0);
    let nodes = [
        replay_by("w", [0], operations),
        replicated(r#""replicas": 2"#, r#""unique_ids": true"#),
    ];
    let rest = rest.replace("70ms", "95ms");
    let run = run_with("", &nodes, &[link("w->db", &rest)], &dead);
    assert_eq!(run.data("lost_writes"), 1.0);
}

#[test]
fn a_leader_may_be_told_to_step_down() {
    // No time to notice: another leads 100 ms later.
    let clients = [of_key("w", "write", &[0, 150, 210, 310], "")];
    let told = [fault("leader_failover", "db", 200, 201, "")];
    let run = ran(&clients, replicated(r#""replicas": 3"#, ""), &told);
    assert_eq!(run.failed(), "unavailable 1");
    // The write of 160 was not anywhere else yet.
    assert_eq!(
        (run.data("lost_writes"), run.copies("failovers")),
        (1.0, 1.0)
    );
    assert_eq!(run.data("divergent_keys"), 0.0);
}

#[test]
fn a_quorum_answers_with_its_slowest_that_counts() {
    let quorum = |r: u32, w: u32| {
        replicated(
            &format!(r#""mode": "quorum", "replicas": 3, "r": {r}, "w": {w}"#),
            "",
        )
    };
    for effect in ["read", "write"] {
        let asks = [of_key("u", effect, &[20], "")];
        // 1 ms there, 10 ms of work, 1 ms back.
        assert_eq!(ran(&asks, quorum(2, 2), &[]).latency(), 12.0);
        let slow = [fault(
            "slowdown",
            "db",
            0,
            900,
            r#""replica": 2, "times": 3"#,
        )];
        assert_eq!(ran(&asks, quorum(3, 3), &slow).latency(), 32.0);
        let one = [fault("crash", "db", 0, 900, r#""replica": 2"#)];
        assert_eq!(ran(&asks, quorum(2, 2), &one).latency(), 12.0);
        assert_eq!(ran(&asks, quorum(3, 3), &one).failed(), "unavailable 1");
        let two = [
            one[0].clone(),
            fault("crash", "db", 0, 900, r#""replica": 1"#),
        ];
        assert_eq!(ran(&asks, quorum(2, 2), &two).failed(), "unavailable 1");
        assert_eq!(ran(&asks, quorum(1, 1), &two).latency(), 12.0);
    }
    let slow = [fault(
        "slowdown",
        "db",
        0,
        900,
        r#""replica": 2, "times": 3"#,
    )];
    let writes = [of_key("u", "write", &[20], "")];
    assert_eq!(ran(&writes, quorum(3, 2), &slow).latency(), 12.0);
}

#[test]
fn quorums_that_overlap_read_what_was_written() {
    let writes: Vec<u64> = (0..40).map(|n| n * 20).collect();
    let reads: Vec<u64> = (0..40).map(|n| n * 20 + 15).collect();
    let clients = [
        of_key("w", "write", &writes, ""),
        of_key("r", "read", &reads, ""),
    ];
    let partial = |r: u32, w: u32| {
        let quorum =
            format!(r#""mode": "quorum", "replicas": 3, "r": {r}, "w": {w}, "write_to": "quorum""#);
        ran(&clients, replicated(&quorum, ""), &[])
    };
    assert_eq!(partial(2, 2).data("stale_reads"), 0.0);
    let run = partial(1, 1);
    // 2 of 3 miss, give or take: 40 × 2/3 = 26.7, deviation 3.
    let stale = run.data("stale_reads");
    assert!((18.0..36.0).contains(&stale), "{stale}");
    assert_eq!(run.data("divergent_keys"), 1.0);
}

#[test]
fn a_member_that_was_away_gets_what_it_missed() {
    let quorum = r#""mode": "quorum", "replicas": 2, "r": 1, "w": 1"#;
    let clients = [of_key("w", "write", &[0], "")];
    let away = [fault("crash", "db", 0, 500, r#""replica": 1"#)];
    let run = ran(&clients, replicated(quorum, ""), &away);
    // Written at 11 ms; back at 500, and a lag later it has it.
    assert_eq!(run.copies("lag_ms/max"), 600.0);
    assert_eq!(run.data("divergent_keys"), 0.0);
    assert_eq!(run.data("lost_writes"), 0.0);
}

#[test]
fn copies_may_come_and_go_while_it_runs() {
    let writes: Vec<u64> = (0..100).map(|n| n * 8).collect();
    let clients = [
        of_key("w", "write", &writes, ""),
        of_key("r", "read", &writes, ""),
    ];
    let with = |database: String| {
        let nodes = [&clients[..], &[database]].concat();
        design("", &nodes, &[link("w->db", ""), link("r->db", "")], &[])
    };
    let mut simulation = Simulation::new(&with(database("db", 1, "")));
    for (at, replication) in [
        (
            100,
            r#""replicas": 3, "read_from": "follower", "lag": "const(0s)""#,
        ),
        (
            200,
            r#""replicas": 2, "mode": "semi_sync", "lag": "const(1ms)""#,
        ),
        (
            300,
            r#""replicas": 2, "mode": "quorum", "lag": "const(1ms)""#,
        ),
        (400, r#""replicas": 5, "mode": "quorum", "w": 3, "r": 3"#),
        (500, r#""replicas": 1"#),
    ] {
        simulation.run_until(at * 1_000_000, u64::MAX);
        let rest = format!(r#""replication": {{{replication}}}"#);
        simulation.edit(&with(database("db", 1, &rest)));
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    }
    simulation.run_until(600_000_000, u64::MAX);
    simulation.edit(&with(database("db", 1, "")));
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    // Only the present work of a member that an edit removed is lost.
    assert!(
        report["requests"]["ok"].as_u64().unwrap() >= 192,
        "{report}"
    );
    assert_eq!(report["data"]["stale_reads"], 0, "{report}");
}

#[test]
fn what_is_not_modelled_together_is_refused() {
    let refusal = |rest: &str| {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "own", "kind": "database"}}, {{"id": "db", "kind": "database", {rest}}}]}}"#
        );
        let problems = format::json::read(&text).expect_err(&text);
        format!("{}: {}", problems[0].path, problems[0].message)
    };
    let quorum = r#""replication": {"mode": "quorum"}"#;
    let no_leader = "needs a leader, which replication mode quorum does not have";
    for (rest, why) in [
        (
            format!(r#""row_locks": true, {quorum}"#),
            format!("nodes[1].row_locks: {no_leader}; set it to false, or set the mode to async or semi_sync"),
        ),
        (
            format!(r#""cross_shard": "writes", {quorum}"#),
            format!("nodes[1].cross_shard: {no_leader}; set it to null, or set the mode to async or semi_sync"),
        ),
        (
            r#""replication": {"mode": "quorum", "w": 4}"#.to_owned(),
            "nodes[1].replication.w: 4 exceeds the number of members (3)".to_owned(),
        ),
        (
            r#""replication": {"mode": "semi_sync", "replicas": 1}"#.to_owned(),
            "nodes[1].replication.replicas: semi_sync waits for a follower; expected at least 2".to_owned(),
        ),
        (
            r#""copy_of": "own", "replication": {}"#.to_owned(),
            "nodes[1].replication: a copy is written by message consumers and cannot be replicated; set it to null, or remove copy_of".to_owned(),
        ),
    ] {
        assert_eq!(refusal(&rest), why);
    }
}

#[test]
fn a_failover_of_a_zone_is_one_of_the_leaders_there() {
    let clients = [of_key("w", "write", &[0], "")];
    let failovers = |target: &str, rest: &str| {
        let database = replicated(r#""replicas": 3"#, r#""zones": ["a", "b", "c"]"#);
        let steps_down = fault("leader_failover", target, 100, 200, rest);
        ran(&clients, database, &[steps_down]).copies("failovers")
    };
    assert_eq!((failovers("db", ""), failovers("a", "")), (1.0, 1.0));
    assert_eq!(failovers("b", ""), 0.0);
    assert_eq!(failovers("db", r#""replica": 2"#), 0.0);
    let text = r#"{"faultline": 1, "nodes": [{"id": "db", "kind": "database", "zone": "a", "replication": {"mode": "quorum"}}],
        "faults": [{"kind": "leader_failover", "target": "a"}]}"#;
    let problems = format::json::read(text).unwrap_err();
    assert!(problems[0].to_string().contains("zone a has no target for"));
}

#[test]
fn members_in_some_zones_never_lead() {
    // Members in a, b and c. The leader in a dies at 30: b would be next, and c leads instead.
    let moments: Vec<u64> = (0..10).map(|n| n * 100).collect();
    let leaders = |forbidden: &str, faults: &[String]| {
        let client = of_key("w", "write", &moments, "");
        let rest = format!(r#""replicas": 3, "no_leader_in": {forbidden}"#);
        let run = ran(
            &[client],
            replicated(&rest, r#""zones": ["a", "b", "c"]"#),
            faults,
        );
        let replicas = run.report["nodes"]["db"]["replicas"]
            .as_array()
            .unwrap()
            .clone();
        let arrivals: Vec<u64> = replicas
            .iter()
            .map(|it| it["arrivals"].as_u64().unwrap())
            .collect();
        (arrivals, run.failed())
    };
    let dies = |replica: u32| {
        let replica = format!(r#""replica": {replica}"#);
        fault("crash", "db", 30, 999, &replica)
    };
    let none = String::new();
    assert_eq!(leaders("[]", &[]), (vec![10, 0, 0], none.clone()));
    // The first eligible member leads from the start.
    assert_eq!(leaders(r#"["a"]"#, &[]), (vec![0, 10, 0], none.clone()));
    assert_eq!(leaders(r#"["a", "b"]"#, &[]), (vec![0, 0, 10], none));
    // Unavailable until 330: detection takes 200 ms, the election 100.
    assert_eq!(leaders("[]", &[dies(0)]).0, [1, 6, 0]);
    let (next, failed) = leaders(r#"["b"]"#, &[dies(0)]);
    assert_eq!((next[0], next[2]), (1, 6), "{next:?}");
    assert_eq!(failed, "unavailable 3");
    // No eligible member is left.
    let (_, failed) = leaders(r#"["b", "c"]"#, &[dies(0)]);
    assert_eq!(failed, "unavailable 9");
}

#[test]
fn an_edit_moves_leaders_out_of_zones_where_none_may_be() {
    let with = |forbidden: &str| {
        let client = of_key("w", "write", &[0, 100, 200, 300, 400], "");
        let rest = format!(r#""replicas": 2, "no_leader_in": {forbidden}"#);
        let db = replicated(&rest, r#""zones": ["a", "b"]"#);
        design("", &[client, db], &[link("w->db", "")], &[])
    };
    let mut simulation = Simulation::new(&with("[]"));
    simulation.run_until(150_000_000, u64::MAX);
    simulation.edit(&with(r#"["a"]"#));
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    let arrivals = |at: usize| report["nodes"]["db"]["replicas"][at]["arrivals"].clone();
    // It steps down immediately, and another is elected within 100 ms, at 250.
    assert_eq!(
        report["nodes"]["db"]["database"]["replication"]["failovers"],
        1
    );
    assert_eq!(report["requests"]["failed"]["unavailable"], 1);
    assert_eq!(arrivals(1), 2);
}

#[test]
fn zones_without_leaders_are_checked() {
    let problem = |replication: &str, rest: &str| {
        let db = replicated(replication, rest);
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{}, {db}], "links": [{}]}}"#,
            of_key("w", "write", &[0], ""),
            link("w->db", "")
        );
        match format::json::read(&text) {
            Ok(_) => String::new(),
            Err(problems) => format!("{}: {}", problems[0].path, problems[0].message),
        }
    };
    let zones = r#""zones": ["a", "b"]"#;
    let at = "nodes[1].replication.no_leader_in:";
    assert_eq!(
        problem(r#""replicas": 2, "no_leader_in": ["a"]"#, zones),
        ""
    );
    assert_eq!(
        problem(r#""replicas": 2, "no_leader_in": ["x"]"#, zones),
        format!("{at} no member runs in zone \"x\"")
    );
    assert!(
        problem(r#""replicas": 2, "no_leader_in": ["a", "b"]"#, zones)
            .starts_with(&format!("{at} leaves shard 0 without an eligible leader"))
    );
    assert!(
        problem(
            r#""replicas": 1, "no_leader_in": ["b"]"#,
            &format!(r#"{zones}, "shards": {{"count": 2}}"#)
        )
        .starts_with(&format!("{at} leaves shard 1 without an eligible leader"))
    );
    assert!(
        problem(r#""mode": "quorum", "no_leader_in": ["a"]"#, zones)
            .starts_with(&format!("{at} has no effect"))
    );
}
