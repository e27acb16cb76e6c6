//! Faults of a process that neither runs nor is down, faults of a share of the calls, and repeating
//! faults.

use crate::*;

#[test]
fn what_a_hung_process_is_sent_is_lost_and_what_it_was_at_goes_on_where_it_stood() {
    // Work from 0 to 10 is frozen from 4 to 104; the call of 50 gets no answer; that of 115 is
    // served.
    let nodes = [replay([0, 50, 115]), service("api", 10, "")];
    let links = [link("u->api", r#""timeout": "200ms""#)];
    let hung = run_with("", &nodes, &links, &[fault("hang", "api", 4, 104, "")]);
    assert_eq!(
        hung.trace("u->api"),
        "call 0, call 50, answer 110, call 115, answer 125, timeout 250"
    );
    assert_eq!(hung.number("/nodes/api/arrivals"), 2.0);
    // Work that would have outlasted the hang is delayed by all of it too.
    let nodes = [replay([0]), service("api", 100, "")];
    let hung = run_with("", &nodes, &links, &[fault("hang", "api", 10, 50, "")]);
    assert_eq!(hung.latency(), 140.0);
    // By both: it is frozen twice.
    let twice = [
        fault("hang", "api", 10, 50, ""),
        fault("hang", "api", 60, 90, ""),
    ];
    assert_eq!(run_with("", &nodes, &links, &twice).latency(), 170.0);
    let twice = [
        fault("hang", "api", 10, 50, ""),
        fault("hang", "api", 120, 140, ""),
    ];
    assert_eq!(run_with("", &nodes, &links, &twice).latency(), 160.0);
}

#[test]
fn a_hung_caller_hears_answers_and_its_own_timers_when_it_goes_on() {
    // The database answers at 10; the caller handles it at 60. Its timeout of 30 came later: too
    // late.
    let nodes = [replay([0]), service("api", 0, ""), database("db", 10, "")];
    let links = [link("u->api", ""), link("api->db", r#""timeout": "30ms""#)];
    let run = run_with("", &nodes, &links, &[fault("hang", "api", 5, 60, "")]);
    assert_eq!(run.trace("u->api"), "call 0, answer 60");
    assert_eq!(run.trace("api->db"), "call 0, answer 10");
}

#[test]
fn a_crash_of_a_hung_process_resets_its_calls() {
    let nodes = [replay([0, 30]), service("api", 100, "")];
    let links = [link("u->api", "")];
    let faults = [
        fault("hang", "api", 10, 500, ""),
        fault("crash", "api", 20, 40, ""),
    ];
    let run = run_with("", &nodes, &links, &faults);
    assert_eq!(
        run.trace("u->api"),
        "call 0, failure 20, call 30, failure 30"
    );
}

#[test]
fn nothing_is_lost_in_a_pause() {
    // Pauses from 100 to 300, from 500 to 700. Work begun at 95 has 5 left at 300; the call of 150
    // waits until 300; that of 320 is not affected.
    let nodes = [replay([95, 150, 320, 690]), service("api", 10, "")];
    let every = r#""every": "400ms", "pause": "200ms""#;
    let run = run_with(
        "",
        &nodes,
        &[link("u->api", "")],
        &[fault("gc_pauses", "api", 100, 900, every)],
    );
    assert_eq!(
        run.trace("u->api"),
        "call 95, call 150, answer 305, answer 310, call 320, answer 330, call 690, answer 710"
    );
    // From arrival, which counts when the process handles it: 210, 10, 10 and 10.
    assert_eq!(run.number("/nodes/api/response_ms/max"), 210.0);
    assert_eq!(run.ok(), 4.0);
}

#[test]
fn stop_the_world_pauses_delay_as_they_should() {
    // S05: pauses of 200 ms every 10 s, unlimited workers of exactly 10 ms. Arrivals in a pause
    // wait for its rest, those in flight wait for all of it: of 100/s, 2.1 % are late, mean 12.2
    // ms.
    let nodes = [
        node("u", "client", r#""arrivals": {"poisson": "100/s"}"#),
        service("api", 10, r#""concurrency": null"#),
    ];
    let pauses = r#"{"kind": "gc_pauses", "target": "api", "at": "5s", "for": null}"#;
    let run = run_with(
        r#""duration": "1000s""#,
        &nodes,
        &[link("u->api", "")],
        &[pauses.to_owned()],
    );
    let close = |path: &str, wanted: f64, by: f64| {
        let is = run.number(&format!("/requests/latency_ms/{path}"));
        assert!(
            (is - wanted).abs() <= by * wanted,
            "{path}: {is} against {wanted}"
        );
    };
    close("mean", 12.2, 0.02);
    close("p95", 10.0, 0.01);
    close("p99", 120.0, 0.06);
    close("p999", 210.0, 0.02);
    assert!(run.latency() <= 210.0);
}

#[test]
fn an_error_rate_answers_its_share_at_once_and_a_gray_failure_hides_from_probes() {
    let nodes = [replay((0..10).map(|n| n * 20)), service("api", 10, "")];
    let links = [link("u->api", "")];
    let all = fault("error_rate", "api", 40, 100, r#""errors": 1"#);
    let run = run_with("", &nodes, &links, &[all]);
    // 40, 60 and 80 fail without any work.
    assert_eq!((run.ok(), run.failed().as_str()), (7.0, "error 3"));
    assert_eq!(run.number("/nodes/api/arrivals"), 10.0);
    assert_eq!(run.number("/nodes/api/replicas/0/arrivals"), 10.0);
    let balanced = [
        nodes[0].clone(),
        node(
            "lb",
            "load_balancer",
            r#""panic_threshold": 0, "health_check": {"interval": "20ms", "timeout": "5ms", "unhealthy_after": 1}"#,
        ),
        service("api", 5, r#""replicas": 2"#),
    ];
    let links = [link("u->lb", ""), link("lb->api", "")];
    let failing = |kind: &str| {
        let one = fault(kind, "api", 0, 900, r#""errors": 1, "replica": 1"#);
        run_with("", &balanced, &links, &[one]).failed()
    };
    // Replica 1 is probed at 20, so of its calls (20, 60, ...) only the first fails.
    assert_eq!(failing("error_rate"), "error 1");
    assert_eq!(failing("gray_failure"), "error 5");
    // The process accepts connections throughout: every call of the replica fails (20, 60, ...).
    for kind in ["error_rate", "third_party_outage"] {
        let one = fault(kind, "api", 0, 900, r#""errors": 1, "replica": 1"#);
        let mut tcp = balanced.clone();
        tcp[1] = tcp[1].replace(r#""interval""#, r#""depth": "tcp", "interval""#);
        let run = run_with("", &tcp, &links, &[one]);
        assert_eq!(run.failed(), "error 5", "{kind}");
    }
    // Calls that do not fail are slow.
    let slow = fault("gray_failure", "api", 0, 900, r#""errors": 0, "times": 3"#);
    let one = [replay([0]), service("api", 10, "")];
    assert_eq!(
        run_with("", &one, &[link("u->api", "")], &[slow]).latency(),
        30.0
    );
}

#[test]
fn shares_of_errors_are_what_they_say() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "1000/s"}"#),
        service("api", 0, ""),
    ];
    let links = [link("u->api", r#""timeout": "10ms""#)];
    let run = |kind: &str, share: &str| {
        let fault =
            format!(r#"{{"kind": "{kind}", "target": "api", "for": null, "errors": {share}}}"#);
        run_with(r#""duration": "20s""#, &nodes, &links, &[fault])
    };
    let errors = run("error_rate", "0.3").number("/requests/failed/error") / 20_000.0;
    assert!((errors - 0.3).abs() < 0.013, "{errors}");
    // With a third-party outage, the others get no answer.
    let out = run("third_party_outage", "0.3");
    let errors = out.number("/requests/failed/error") / 20_000.0;
    assert!((errors - 0.3).abs() < 0.013, "{errors}");
    assert_eq!(out.ok(), 0.0);
}

#[test]
fn jitter_adds_an_even_share_each_way() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "1000/s"}"#),
        service("api", 0, ""),
    ];
    let links = [link("u->api", r#""latency": "1ms""#)];
    let jitter = r#"{"kind": "jitter", "target": "u->api", "for": null, "add": "const(10ms)"}"#;
    let run = run_with(r#""duration": "20s""#, &nodes, &links, &[jitter.to_owned()]);
    // 2 + two uniform draws from 0 to 10: mean 12, at most 22.
    let mean = run.number("/requests/latency_ms/mean");
    assert!((mean - 12.0).abs() < 0.12, "{mean}");
    assert!((21.0..=22.0).contains(&run.latency()), "{}", run.latency());
}

#[test]
fn an_outage_refuses_and_keeps_what_is_held() {
    let nodes = [
        replay([0, 10, 20, 30]),
        node("c", "cache", r#""hit_time": "const(0s)""#),
        service("o", 5, ""),
    ];
    let links = [link("u->c", ""), link("c->o", "")];
    // Each request has the only key.
    let mut one_key = nodes.clone();
    one_key[0] = replay_by(
        "u",
        [0, 10, 20, 30],
        r#""operations": [{"name": "get", "keys": {"uniform": {"n": 1}}}]"#,
    );
    let out = fault("cache_outage", "c", 5, 25, "");
    let run = run_with("", &one_key, &links, &[out]);
    assert_eq!(
        run.trace("u->c"),
        "call 0, answer 5, call 10, failure 10, call 20, failure 20, call 30, answer 30"
    );
    assert_eq!(run.failed(), "refused 2");
    // A queue neither accepts nor delivers; what it held is delivered afterwards.
    let nodes = [
        replay([0, 10, 20]),
        node("q", "queue", ""),
        service("w", 15, r#""concurrency": 1"#),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
    ];
    let out = fault("queue_outage", "q", 12, 50, "");
    let run = run_with("", &nodes, &links, &[out]);
    assert_eq!(run.failed(), "refused 1");
    assert_eq!(run.sent("q->w"), [0.0, 50.0]);
}

#[test]
fn a_full_disk_fails_writes_and_not_reads() {
    let operations = r#""operations": [{"name": "w", "effect": "write"}]"#;
    let full = || fault("disk_full", "db", 0, 900, "");
    let links = [link("u->db", "")];
    let writes = run_with(
        "",
        &[replay_by("u", [0, 1], operations), database("db", 5, "")],
        &links,
        &[full()],
    );
    assert_eq!(writes.failed(), "error 2");
    let reads = run_with(
        "",
        &[replay([0, 1]), database("db", 5, "")],
        &links,
        &[full()],
    );
    assert_eq!(reads.ok(), 2.0);
}

#[test]
fn a_rolling_deploy_takes_one_replica_after_another() {
    // Each of three replicas is down for 100 ms: 100 to 200, 200 to 300, 300 to 400.
    let nodes = [
        replay((0..50).map(|n| n * 10)),
        service("api", 1, r#""replicas": 3"#),
    ];
    let deploy = r#"{"kind": "rolling_deploy", "target": "api", "at": "100ms", "step": "100ms"}"#;
    let run = run_with("", &nodes, &[link("u->api", "")], &[deploy.to_owned()]);
    // Callers use the running replicas in turn: nothing fails, and each replica missed ten turns
    // for fifteen.
    assert_eq!(run.ok(), 50.0);
    let arrivals: f64 = (0..3)
        .map(|replica| run.number(&format!("/nodes/api/replicas/{replica}/arrivals")))
        .sum();
    assert_eq!(arrivals, 50.0);
    // One replica alone: arrivals in its 100 ms are refused.
    let one = [nodes[0].clone(), service("api", 1, "")];
    assert_eq!(
        run_with("", &one, &[link("u->api", "")], &[deploy.to_owned()]).failed(),
        "refused 10"
    );
}

#[test]
fn a_key_skew_sends_its_share_to_one_key() {
    // A cache of one entry before two thousand keys: hits are of the hot key after itself.
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "1000/s"}, "operations": [{"name": "get", "keys": {"uniform": {"n": 1000000}}}]"#,
        ),
        node("c", "cache", r#""capacity": 1, "hit_time": "const(0s)""#),
        service("o", 0, ""),
    ];
    let links = [link("u->c", ""), link("c->o", "")];
    let skew = r#"{"kind": "key_skew", "target": "u", "for": null, "hot": 0.8}"#;
    let run = run_with(r#""duration": "20s""#, &nodes, &links, &[skew.to_owned()]);
    let hits = run.number("/nodes/c/hit_ratio");
    assert!((hits - 0.64).abs() < 0.015, "{hits}");
}

#[test]
fn what_breaks_by_chance_is_up_for_its_share_of_the_time() {
    // A03: up 1000 s and down 10 or 100 s on average, over two thousand cycles.
    let nodes = |replicas: u32| {
        [
            node("u", "client", r#""arrivals": {"constant": "0.05/s"}"#),
            service("api", 0, &format!(r#""replicas": {replicas}"#)),
        ]
    };
    let availability = |replicas: u32, mttr: &str| {
        let breaks =
            format!(r#"{{"kind": "crash", "target": "api", "mtbf": "1000s", "mttr": "{mttr}"}}"#);
        let settings = r#""duration": "2000000s""#;
        let run = run_with(settings, &nodes(replicas), &[link("u->api", "")], &[breaks]);
        run.number("/requests/availability")
    };
    assert!((availability(1, "10s") - 0.990_099).abs() < 0.002);
    assert!((availability(1, "100s") - 0.909_091).abs() < 0.006);
    // Two replicas fail independently, and a caller uses the one that runs.
    assert!((availability(2, "100s") - 0.991_736).abs() < 0.003);
}

#[test]
fn an_injected_fault_does_not_start_the_others_anew() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        service("api", 1, r#""replicas": 2"#),
    ];
    let breaks = r#"{"kind": "crash", "target": "api", "mtbf": "2s", "mttr": "1s"}"#.to_owned();
    let later = fault("slowdown", "api", 900_000, 900_001, "");
    let settings = r#""duration": "60s""#;
    let links = [link("u->api", "")];
    let plain = design(settings, &nodes, &links, std::slice::from_ref(&breaks));
    let injected = design(settings, &nodes, &links, &[later, breaks]);
    let mut run = Simulation::new(&plain);
    run.run_until(20_000_000_000, u64::MAX);
    run.edit(&injected);
    run.run();
    let report = serde_json::to_value(run.report()).unwrap();
    assert_eq!(report["requests"], run_design(&plain).report["requests"]);
}

#[test]
fn a_migration_makes_writes_wait_and_reads_where_it_says_so() {
    let operations = r#""operations": [{"name": "w", "effect": "write"}]"#;
    let nodes = [
        replay_by("w", [0, 50, 250], operations),
        replay_by("r", [50], ""),
        database("db", 10, ""),
    ];
    let links = [link("w->db", ""), link("r->db", "")];
    let run = |rest: &str| {
        let migration = fault("schema_migration", "db", 40, 200, rest);
        run_with("", &nodes, &links, &[migration])
    };
    let plain = run("");
    assert_eq!(
        plain.trace("w->db"),
        "call 0, answer 10, call 50, answer 210, call 250, answer 260"
    );
    assert_eq!(plain.trace("r->db"), "call 50, answer 60");
    assert_eq!(
        run(r#""reads": true"#).trace("r->db"),
        "call 50, answer 210"
    );
    // A crash meanwhile refuses the waiting calls.
    let faults = [
        fault("schema_migration", "db", 40, 200, ""),
        fault("crash", "db", 100, 300, ""),
    ];
    let crashed = run_with("", &nodes, &links, &faults);
    assert_eq!(crashed.failed(), "refused 2");
}

#[test]
fn a_leaked_connection_stays_away_until_the_caller_restarts() {
    // Two connections, both leaked by the calls of 10 and 20: from then on callers wait until they
    // time out, until the process has restarted at 100.
    let nodes = [
        replay([0, 10, 20, 30, 110]),
        service("api", 0, ""),
        database("db", 1, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", r#""pool": {"size": 2, "wait": "5ms"}"#),
    ];
    let faults = [
        fault("connection_leak", "api->db", 5, 60, r#""errors": 1"#),
        fault("crash", "api", 90, 100, ""),
    ];
    let run = run_with("", &nodes, &links, &faults);
    assert_eq!(
        run.trace("u->api"),
        "call 0, answer 1, call 10, answer 11, call 20, answer 21, call 30, failure 35, call 110, answer 111"
    );
}

#[test]
fn what_happens_at_a_moment_comes_again_by_chance() {
    // A leader steps down every 10 s on average: over 20,000 s it does about 2,000 times (a Poisson
    // count, so within 4 standard deviations of 45).
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "0.01/s"}"#),
        node("locks", "coordinator", r#""election_time": "1ms""#),
        node("cache", "cache", ""),
    ];
    let links = [link("u->locks", ""), link("u->cache", "")];
    let settings = r#""duration": "20000s", "drain": false"#;
    let elections = |rest: &str| {
        let steps_down = format!(r#"{{"kind": "leader_failover", "target": "locks"{rest}}}"#);
        let run = run_with(settings, &nodes, &links, &[steps_down]);
        run.number("/nodes/locks/locks/elections")
    };
    assert_eq!(elections(""), 1.0);
    let often = elections(r#", "mtbf": "10s""#);
    assert!((often - 2000.0).abs() < 180.0, "{often}");
    // Every flush costs one miss of the key that is looked up continuously: 1,000 in 10,000 s.
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "100/s"}, "operations": [{"name": "get", "keys": {"uniform": {"n": 1}}}]"#,
        ),
        node("cache", "cache", r#""ttl": null"#),
        database("db", 0, ""),
    ];
    let links = [link("u->cache", ""), link("cache->db", "")];
    let flush = r#"{"kind": "cache_flush", "target": "cache", "mtbf": "10s"}"#.to_owned();
    let run = run_with(r#""duration": "10000s""#, &nodes, &links, &[flush]);
    let loads = run.number("/nodes/db/arrivals");
    assert!((loads - 1000.0).abs() < 130.0, "{loads}");
}

#[test]
fn what_takes_no_time_has_no_time_to_repair() {
    let text = r#"{"faultline": 1, "nodes": [{"id": "c", "kind": "cache"}],
        "faults": [{"kind": "cache_flush", "target": "c", "mtbf": "10s", "mttr": "1s"}]}"#;
    let problems = format::json::read(text).unwrap_err();
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["faults[0].mttr: has no effect on cache_flush, which is instantaneous; set it to null"]
    );
}

#[test]
fn replicas_that_come_later_break_each_for_itself() {
    // One replica, and soon three, because there is work for them; then next to no work.
    let api = r#""replicas": 1, "concurrency": 1, "queue": {"capacity": null}, "autoscale": {"min": 1, "max": 3, "target": 0.5, "interval": "10s", "startup": "0s", "stabilization": "86400s", "tolerance": 0}"#;
    let profile = r#""arrivals": {"constant": "1/s"}, "profile": [{"at": "0s", "times": 1000}, {"at": "100s", "times": 1}]"#;
    let nodes = [node("u", "client", profile), service("api", 10, api)];
    let breaks = r#"{"kind": "crash", "target": "api", "mtbf": "30s", "mttr": "10s"}"#.to_owned();
    let settings = r#""duration": "40000s", "warmup": "200s""#;
    let run = run_with(settings, &nodes, &[link("u->api", "")], &[breaks]);
    assert_eq!(run.number("/nodes/api/replicas_now"), 3.0);
    // All are down simultaneously for a quarter cubed of the time, 1.6%, in some 190 periods; a
    // common clock would refuse a quarter of the calls.
    let refused = 1.0 - run.number("/requests/availability");
    assert!((refused - 0.0156).abs() < 0.005, "{refused}");
}
