//! Coordinators: the holder of a lock, waiting callers, and simultaneous holders.

use crate::*;

fn locks(rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    node(
        "locks",
        "coordinator",
        &format!(r#""service_time": "const(0s)"{comma}{rest}"#),
    )
}

/// Returns work in a critical section of 10 ms: the lock first, then the work.
fn section(moments: &[u64], rest: &str) -> ([String; 4], [String; 3]) {
    let nodes = [
        replay(moments.iter().copied()),
        service("api", 0, ""),
        locks(rest),
        service("db", 10, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->locks", ""),
        link("api->db", ""),
    ];
    (nodes, links)
}

#[test]
fn one_at_a_time_and_the_others_in_turn() {
    let (nodes, links) = section(&[0, 2, 4], "");
    let run = run(&nodes, &links);
    assert_eq!(
        run.trace("u->api"),
        "call 0, call 2, call 4, answer 10, answer 20, answer 30"
    );
    assert_eq!(run.sent("api->db"), [0.0, 10.0, 20.0]);
    // Waits of 0, 8 and 16 ms.
    assert_eq!(run.number("/nodes/locks/wait_ms/mean"), 8.0);
    assert_eq!(run.number("/nodes/locks/queue_max"), 2.0);
    assert_eq!(run.number("/nodes/locks/locks/held_mean"), 0.03);
    assert_eq!(run.number("/nodes/locks/locks/granted"), 3.0);
    assert_eq!(run.number("/nodes/locks/locks/released"), 3.0);
}

#[test]
fn a_lock_per_key_keeps_keys_apart() {
    let two = r#""operations": [{"name": "a", "keys": {"uniform": {"n": 1}}}]"#;
    let (mut nodes, links) = section(&[0, 0], r#""scope": "per_key""#);
    nodes[0] = replay_by("u", [0, 0], two);
    assert_eq!(run(&nodes, &links).latency(), 20.0, "one key");
    let many = r#""operations": [{"name": "a", "keys": {"uniform": {"n": 1000000}}}]"#;
    nodes[0] = replay_by("u", [0, 0], many);
    assert_eq!(run(&nodes, &links).latency(), 10.0, "two keys");
}

#[test]
fn the_word_that_a_lock_is_free_takes_the_links_latency() {
    let (nodes, mut links) = section(&[0, 0], "");
    links[1] = link("api->locks", r#""latency": "1ms""#);
    // Requested at 1, granted and received at 2; done at 12; free at 13, received at 14, done at
    // 24.
    let run = run(&nodes, &links);
    assert_eq!(run.trace("u->api"), "call 0, call 0, answer 12, answer 24");
}

#[test]
fn a_drain_waits_for_the_word_that_a_lock_is_free() {
    let (nodes, mut links) = section(&[990], "");
    links[1] = link("api->locks", r#""latency": "50ms""#);
    // Granted and received at 1090, done at 1100; free at 1150.
    let run = run(&nodes, &links);
    assert_eq!(run.latency(), 110.0);
    assert_eq!(run.number("/nodes/locks/locks/granted"), 1.0);
    assert_eq!(run.number("/nodes/locks/locks/released"), 1.0);
}

#[test]
fn who_gave_up_waiting_gets_no_lock() {
    let (nodes, mut links) = section(&[0, 1, 2], "");
    links[1] = link("api->locks", r#""timeout": "5ms""#);
    let run = run(&nodes, &links);
    assert_eq!(
        run.trace("u->api"),
        "call 0, call 1, call 2, failure 6, failure 7, answer 10"
    );
    assert_eq!(run.number("/nodes/locks/locks/granted"), 1.0);
}

#[test]
fn a_lease_that_runs_out_lets_another_in_beside_the_first() {
    // Leases of 6 ms, work of 10: the second begins at 6, the first is done at 10, the third begins
    // at 12 beside the second, which is done at 16.
    let (nodes, links) = section(&[0, 1, 2], r#""lease": "6ms""#);
    let run = run(&nodes, &links);
    assert_eq!(run.sent("api->db"), [0.0, 6.0, 12.0]);
    let locks = |name: &str| run.number(&format!("/nodes/locks/locks/{name}"));
    assert_eq!(locks("lease_overlaps"), 2.0);
    assert_eq!((locks("expired"), locks("released")), (3.0, 0.0));
    // A long enough lease is released in time.
    let (nodes, links) = section(&[0, 1, 2], r#""lease": "11ms""#);
    let fine = crate::run(&nodes, &links);
    assert_eq!(fine.number("/nodes/locks/locks/lease_overlaps"), 0.0);
    assert_eq!(fine.number("/nodes/locks/locks/released"), 3.0);
}

#[test]
fn the_lock_of_a_dead_holder_goes_with_its_connection_or_its_lease() {
    // The holder dies at 5; another replica has been waiting since 1.
    let two = |rest: &str| {
        let (mut nodes, links) = section(&[0, 1], rest);
        nodes[1] = service("api", 0, r#""replicas": 2"#);
        let dies = fault("crash", "api", 5, 900, r#""replica": 0"#);
        run_with(IN_ORDER, &nodes, &links, &[dies]).trace("u->api")
    };
    assert_eq!(two(""), "call 0, call 1, failure 5, answer 15");
    assert_eq!(
        two(r#""lease": "50ms""#),
        "call 0, call 1, failure 5, answer 60"
    );
}

#[test]
fn without_a_leader_or_a_majority_it_is_unavailable() {
    let calls = |fault: String| {
        let (nodes, links) = section(&[0, 40, 80, 120, 160, 200], r#""election_time": "50ms""#);
        let run = run_with("", &nodes, &links, &[fault]);
        let ends = run.trace("u->api");
        let ends: Vec<&str> = ends
            .split(", ")
            .filter(|end| !end.starts_with("call"))
            .collect();
        ends.join(", ")
    };
    // The leader dies at 30: the next leads from 80 on.
    assert_eq!(
        calls(fault("crash", "locks", 30, 900, r#""replica": 0"#)),
        "answer 10, failure 40, answer 90, answer 130, answer 170, answer 210"
    );
    // The death of a follower has no effect.
    assert_eq!(
        calls(fault("crash", "locks", 30, 900, r#""replica": 2"#)),
        "answer 10, answer 50, answer 90, answer 130, answer 170, answer 210"
    );
    // All are down from 30 to 130: refused, and then an election until 180.
    assert_eq!(
        calls(fault("crash", "locks", 30, 130, "")),
        "answer 10, failure 40, failure 80, failure 120, failure 160, answer 210"
    );
    let steps_down = r#"{"kind": "leader_failover", "target": "locks", "at": "30ms"}"#;
    assert_eq!(
        calls(steps_down.to_owned()),
        "answer 10, failure 40, answer 90, answer 130, answer 170, answer 210"
    );
}

#[test]
fn a_partition_leaves_the_lock_with_the_majority() {
    // Members in a, b and c. Zone a is partitioned, with its leader, from 30 on: b leads from 80
    // on.
    let (mut nodes, links) = section(
        &[0, 40, 100],
        r#""zones": ["a", "b", "c"], "election_time": "50ms""#,
    );
    nodes[1] = service("api", 0, r#""zone": "b""#);
    let cut = fault("partition", "a", 30, 900, "");
    let run = run_with(IN_ORDER, &nodes, &links, &[cut]);
    // Callers use all members in turn: the first calls the first, the second the second, ...
    assert_eq!(
        run.trace("u->api"),
        "call 0, answer 10, call 40, failure 40, call 100, answer 110"
    );
}

#[test]
fn a_lock_bounds_throughput_as_the_machine_repair_model_says() {
    // D09: users who work for Exp(9 ms) apart, then for Exp(1 ms) under one lock.
    for (users, throughput) in [(1, 100.0), (5, 475.092), (10, 832.037), (50, 1000.0)] {
        let arrivals =
            format!(r#""arrivals": {{"closed": {{"users": {users}, "think": "exp(9ms)"}}}}"#);
        let nodes = [
            node("u", "client", &arrivals),
            service("api", 0, r#""concurrency": null"#),
            locks(""),
            node(
                "db",
                "service",
                r#""service_time": "exp(1ms)", "concurrency": null"#,
            ),
        ];
        let links = [
            link("u->api", ""),
            link("api->locks", ""),
            link("api->db", ""),
        ];
        let run = run_with(r#""duration": "60s", "warmup": "1s""#, &nodes, &links, &[]);
        let is = run.number("/requests/throughput_per_s");
        assert!(
            (is - throughput).abs() < 0.02 * throughput,
            "{users}: {is} against {throughput}"
        );
    }
}
