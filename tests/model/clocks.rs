//! Clock skew: what expires, what is skipped, which write wins.

use crate::*;

fn skew(target: &str, from: u64, to: u64, offset: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    fault(
        "clock_skew",
        target,
        from,
        to,
        &format!(r#""offset": "{offset}ms"{comma}{rest}"#),
    )
}

#[test]
fn entries_expire_by_the_clock_of_their_cache() {
    let key = r#""operations": [{"name": "get", "keys": {"uniform": {"n": 1}}}]"#;
    let nodes = [
        replay_by("u", [0, 50, 160, 240], key),
        node(
            "cache",
            "cache",
            r#""ttl": "100ms", "hit_time": "const(0s)""#,
        ),
        database("db", 0, ""),
    ];
    let links = [link("u->cache", ""), link("cache->db", "")];
    let loads = |faults: &[String]| run_with("", &nodes, &links, faults).sent("cache->db");
    assert_eq!(loads(&[]), [0.0, 160.0]);
    // Ahead from 10 on: what was valid until 100 is valid until 20. What is loaded at 50 is valid
    // until 150 by that clock, which is 230 after it is corrected at 60.
    let ahead = skew("cache", 10, 60, 80, "");
    assert_eq!(loads(&[ahead]), [0.0, 50.0, 240.0]);
    // Too little to have an effect: until 60.
    assert_eq!(loads(&[skew("cache", 10, 60, 40, "")]), [0.0, 160.0]);
    // Behind: what is valid until 100 is valid until 180.
    let behind = skew("cache", 10, 900, 80, r#""behind": true"#);
    assert_eq!(loads(&[behind]), [0.0, 240.0]);
}

#[test]
fn a_coordinator_whose_clock_jumps_takes_leases_back_too_early() {
    let nodes = [
        replay([0, 10]),
        service("api", 0, ""),
        node(
            "locks",
            "coordinator",
            r#""service_time": "const(0s)", "lease": "100ms", "members": 1"#,
        ),
        service("work", 80, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->locks", ""),
        link("api->work", ""),
    ];
    let ran = |faults: &[String]| {
        let run = run_with("", &nodes, &links, faults);
        let count = |name: &str| run.number(&format!("/nodes/locks/locks/{name}"));
        (count("lease_overlaps"), count("expired"), run.latency())
    };
    // One after the other: the second waits from 10 to 80 and works until 160.
    assert_eq!(ran(&[]), (0.0, 0.0, 150.0));
    // Ahead by 50: the first lease ends at 50, while its holder works until 80.
    assert_eq!(ran(&[skew("locks", 20, 900, 50, "")]), (1.0, 1.0, 120.0));
    // By 15: it would end at 85, and is released before.
    assert_eq!(ran(&[skew("locks", 20, 900, 15, "")]), (0.0, 0.0, 150.0));
    // A lease that began under the skewed clock is as long as ever, unless the clock is corrected
    // meanwhile.
    assert_eq!(ran(&[skew("locks", 0, 900, 50, "")]), (0.0, 0.0, 150.0));
}

#[test]
fn deadlines_are_told_by_one_clock_and_read_by_another() {
    // One slot of 50 ms; callers wait for 100.
    let ran = |moments: &[u64], faults: &[String]| {
        let nodes = [
            replay(moments.iter().copied()),
            service("api", 50, r#""concurrency": 1"#),
        ];
        let links = [link("u->api", r#""timeout": "100ms", "deadline": true"#)];
        run_with("", &nodes, &links, faults)
    };
    assert_eq!(ran(&[0, 10], &[]).ok(), 2.0);
    // The second, with a deadline of 110, would be done at 100; by a clock that is ahead, its
    // deadline is 40.
    let ahead = |ms: u64| skew("api", 0, 900, ms, "");
    let run = ran(&[0, 10], &[ahead(70)]);
    assert_eq!((run.ok(), run.failed().as_str()), (1.0, "timeout 1"));
    assert_eq!(run.number("/nodes/api/failure_ms/max"), 30.0);
    assert_eq!(ran(&[0, 10], &[ahead(59)]).ok(), 2.0);
    // The fourth, with a deadline of 130, would begin at 150. By a clock that is behind it does,
    // and is wasted, as is the third of either run.
    let four = [0, 10, 20, 30];
    assert_eq!(ran(&four, &[]).number("/nodes/api/wasted_work"), 1.0 / 3.0);
    let behind = skew("api", 0, 900, 70, r#""behind": true"#);
    assert_eq!(ran(&four, &[behind]).number("/nodes/api/wasted_work"), 0.5);
}

/// Returns a client that reads or writes the only key, from a zone.
fn of_key(id: &str, effect: &str, zone: &str, moments: &[u64]) -> String {
    let operations = format!(
        r#""zone": "{zone}", "operations": [{{"name": "{effect}", "effect": "{effect}", "keys": {{"uniform": {{"n": 1}}}}}}]"#
    );
    replay_by(id, moments.iter().copied(), &operations)
}

/// Three members in zones a, b and c.
fn wrote(replication: &str, [near, far, read]: [&[u64]; 3], faults: &[String]) -> Run {
    let rest = format!(
        r#""zones": ["a", "b", "c"], "member_latency": "const(1ms)", "replication": {{"lag": "const(100ms)", "detection_time": "200ms", "election_time": "100ms", {replication}}}"#
    );
    let nodes = [
        of_key("ua", "write", "a", near),
        of_key("uc", "write", "c", far),
        of_key("r", "read", "a", read),
        database("db", 10, &rest),
    ];
    let links = ["ua->db", "uc->db", "r->db"].map(|ends| link(ends, ""));
    let settings = r#""duration": "3s", "zones": {"latency": "const(0s)"}"#;
    run_with(settings, &nodes, &links, faults)
}

#[test]
fn sides_that_meet_believe_the_clocks_of_their_writers() {
    let diverge = r#""on_partition": "diverge""#;
    let cut = fault("partition", "a", 100, 600, "");
    let ran = |faults: &[String]| {
        let run = wrote(diverge, [&[150], &[450], &[900]], faults);
        let number = |name: &str| run.number(&format!("/data/{name}"));
        (
            number("lost_writes"),
            number("stale_reads"),
            number("divergent_keys"),
        )
    };
    // The last write, at the far side, wins; the other is lost.
    assert_eq!(ran(std::slice::from_ref(&cut)), (1.0, 0.0, 0.0));
    // The near side's clock is a second ahead: its older write wins, and its readers read stale
    // data.
    let ahead = |ms: u64| skew("db", 0, 2000, ms, r#""replica": 0"#);
    assert_eq!(ran(&[cut.clone(), ahead(1000)]), (1.0, 1.0, 0.0));
    // 310 ms lie between the two writes.
    assert_eq!(ran(&[cut.clone(), ahead(290)]), (1.0, 0.0, 0.0));
    // All clocks have the same offset.
    let alike = skew("db", 0, 2000, 1000, "");
    assert_eq!(ran(&[cut, alike]), (1.0, 0.0, 0.0));
}

#[test]
fn a_quorum_keeps_the_write_that_is_stamped_last() {
    let quorum = r#""mode": "quorum""#;
    let ran = |far: u64, faults: &[String]| {
        let run = wrote(quorum, [&[0], &[far], &[2500]], faults);
        let number = |name: &str| run.number(&format!("/data/{name}"));
        assert_eq!(run.failed(), "");
        assert_eq!(number("divergent_keys"), 0.0);
        (number("lost_writes"), number("stale_reads"))
    };
    let ahead = skew("db", 0, 2900, 1000, r#""replica": 0"#);
    assert_eq!(ran(100, &[]), (0.0, 0.0));
    // Coordinated in zone a, the first write is stamped 1,000 ms late: one of 100 is lost
    // immediately, though it is acknowledged; one of 1,100 is not.
    assert_eq!(ran(100, std::slice::from_ref(&ahead)), (1.0, 0.0));
    assert_eq!(ran(1100, &[ahead]), (0.0, 0.0));
}

#[test]
fn a_clock_that_nobody_reads_is_refused() {
    let problems = |kind: &str, rest: &str| {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "n", "kind": "{kind}"{rest}}}], "faults": [{{"kind": "clock_skew", "target": "n"}}]}}"#
        );
        match format::json::read(&text) {
            Ok(_) => String::new(),
            Err(problems) => problems[0].to_string(),
        }
    };
    let said = "faults[0].target: n reads no clock; give it a link with a deadline";
    assert_eq!(problems("service", ""), said);
    assert!(problems("cache", r#", "ttl": null"#).contains("a ttl, or"));
    assert_eq!(problems("cache", r#", "ttl": "1s""#), "");
    assert!(problems("coordinator", "").contains("a lease, or"));
    assert_eq!(problems("coordinator", r#", "lease": "1s""#), "");
    assert!(problems("database", "").contains("reads no clock"));
    assert_eq!(
        problems("database", r#", "replication": {"mode": "quorum"}"#),
        ""
    );
}
