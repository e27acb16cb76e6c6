//! Zones: distance, partitions.

use crate::*;

const ZONES: &str = r#""zones": {"latency": "const(3ms)"}"#;

#[test]
fn distance_is_paid_each_way_between_different_zones_and_not_within_one() {
    let nodes = |at: &str| {
        [
            replay_by("u", [0], r#""zone": "a""#),
            service("api", 10, &format!(r#""zone": "{at}""#)),
        ]
    };
    let links = [link("u->api", r#""latency": "1ms""#)];
    assert_eq!(run_with(ZONES, &nodes("a"), &links, &[]).latency(), 12.0);
    assert_eq!(run_with(ZONES, &nodes("b"), &links, &[]).latency(), 18.0);
    let far = r#""zones": {"latency": "3ms", "pairs": [{"between": "b", "and": "a", "latency": "const(40ms)"}]}"#;
    assert_eq!(run_with(far, &nodes("b"), &links, &[]).latency(), 92.0);
    assert_eq!(run_with(far, &nodes("c"), &links, &[]).latency(), 18.0);
    // What runs in no zone is near to all.
    let nowhere = [replay([0]), service("api", 10, r#""zone": "b""#)];
    assert_eq!(run_with(ZONES, &nowhere, &links, &[]).latency(), 12.0);
}

#[test]
fn replicas_stand_in_their_zones_in_turn() {
    // Replicas 0, 2 and 4 in a, 1 and 3 in b; callers use them in turn: 10, 16, 10, 16, 10.
    let nodes = [
        replay_by("u", [0, 100, 200, 300, 400], r#""zone": "a""#),
        service("api", 10, r#""replicas": 5, "zones": ["a", "b"]"#),
    ];
    let settings = format!("{ZONES}, {IN_ORDER}");
    let run = run_with(&settings, &nodes, &[link("u->api", "")], &[]);
    assert_eq!(
        run.trace("u->api"),
        "call 0, answer 10, call 100, answer 113, call 200, answer 210, call 300, answer 313, \
         call 400, answer 410"
    );
}

#[test]
fn a_partition_is_silence_between_zones_and_heals() {
    let nodes = [
        replay_by("u", [0, 100, 200], r#""zone": "a""#),
        service("api", 10, r#""zone": "b""#),
    ];
    let links = [link("u->api", r#""timeout": "50ms""#)];
    for (target, to) in [
        ("a", ""),
        ("b", ""),
        ("a", r#""to": "b""#),
        ("b", r#""to": "a""#),
    ] {
        let cut = fault("partition", target, 100, 150, to);
        let run = run_with("", &nodes, &links, &[cut]);
        assert_eq!(
            run.trace("u->api"),
            "call 0, answer 10, lost 100, timeout 150, call 200, answer 210",
            "{target} {to}"
        );
    }
    // Other zones, and none, are not affected.
    let third = node("other", "service", r#""zone": "c""#);
    let nodes_and_third = [nodes[0].clone(), nodes[1].clone(), third];
    let cut = fault("partition", "c", 0, 900, "");
    assert_eq!(run_with("", &nodes_and_third, &links, &[cut]).ok(), 3.0);
    let outside = [replay([0]), nodes[1].clone()];
    let cut = fault("partition", "b", 0, 900, "");
    assert_eq!(run_with("", &outside, &links, &[cut]).ok(), 1.0);
}

#[test]
fn a_partition_may_cut_one_way() {
    let nodes = [
        replay_by("u", [0], r#""zone": "a""#),
        service("api", 10, r#""zone": "b""#),
    ];
    let links = [link("u->api", r#""timeout": "50ms""#)];
    let one_way = |target| {
        let cut = fault("partition", target, 0, 900, r#""one_way": true"#);
        run_with("", &nodes, &links, &[cut])
    };
    // What a sends is lost: the callee never receives it.
    let deaf = one_way("a");
    assert_eq!(deaf.trace("u->api"), "lost 0, timeout 50");
    assert_eq!(deaf.number("/nodes/api/arrivals"), 0.0);
    // What b sends is lost: the work is done, and the caller does not know.
    let mute = one_way("b");
    assert_eq!(mute.trace("u->api"), "call 0, lost 10, timeout 50");
    assert_eq!(mute.number("/nodes/api/completions"), 1.0);
}

#[test]
fn a_balancer_takes_out_what_it_cannot_reach() {
    // The replica in b is probed every 20 ms and partitioned from 100 on: its second probe since
    // has failed at 125, and it is ejected.
    let nodes = [
        replay((0..40).map(|n| n * 10)),
        node(
            "lb",
            "load_balancer",
            r#""zone": "a", "health_check": {"depth": "tcp", "interval": "20ms", "timeout": "5ms", "unhealthy_after": 2}"#,
        ),
        service("api", 1, r#""replicas": 2, "zones": ["a", "b"]"#),
    ];
    let links = [link("u->lb", ""), link("lb->api", r#""timeout": "8ms""#)];
    let cut = fault("partition", "a", 100, 900, "");
    let run = run_with("", &nodes, &links, &[cut]);
    // The call at 110 went to the second replica and failed; its probes of 100 and 120 detected it.
    assert_eq!(run.failed(), "timeout 1");
    assert_eq!(run.ok(), 39.0);
}

#[test]
fn a_fault_of_a_zone_hits_what_runs_there() {
    let nodes = [
        replay((0..20).map(|n| n * 10)),
        service("api", 1, r#""replicas": 3, "zones": ["a", "b", "a"]"#),
        service("other", 1, r#""zone": "b""#),
    ];
    let links = [link("u->api", ""), link("api->other", "")];
    let down = |zone| run_with("", &nodes, &links, &[fault("crash", zone, 0, 900, "")]);
    // Only the middle replica is left, and it answers all.
    let a = down("a");
    assert_eq!(a.number("/nodes/api/replicas/1/arrivals"), 20.0);
    assert_eq!((a.ok(), a.failed().as_str()), (20.0, ""));
    assert_eq!(down("b").failed(), "error 20");
}

#[test]
fn a_design_without_cut_or_distance_does_not_change_by_its_zones() {
    let plain = [
        node("u", "client", ""),
        service("api", 1, r#""replicas": 3"#),
    ];
    let zoned = [
        node("u", "client", r#""zone": "a""#),
        service("api", 1, r#""replicas": 3, "zones": ["a", "b"]"#),
    ];
    let links = [link("u->api", r#""loss": 0.01, "latency": "exp(1ms)""#)];
    assert_eq!(run(&plain, &links).hash(), run(&zoned, &links).hash());
}

#[test]
fn a_partition_may_be_of_a_link_or_between_two_nodes() {
    let nodes = [
        replay([0, 110, 150, 250]),
        service("api", 0, ""),
        database("db", 1, ""),
        database("other", 1, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", r#""timeout": "20ms""#),
        link("api->other", r#""timeout": "20ms", "optional": true"#),
    ];
    let cut = |target: &str, rest: &str| {
        let run = run_with(
            "",
            &nodes,
            &links,
            &[fault("partition", target, 100, 200, rest)],
        );
        let arrivals = ["db", "other"].map(|id| run.number(&format!("/nodes/{id}/arrivals")));
        (run.failed(), arrivals)
    };
    let lost = || "error 2".to_owned();
    assert_eq!(cut("api->db", ""), (lost(), [2.0, 2.0]));
    // One way: what the caller sends is lost, or what the callee does.
    assert_eq!(cut("api->db", r#""one_way": true"#), (lost(), [2.0, 2.0]));
    assert_eq!(cut("db", r#""one_way": true"#), (lost(), [4.0, 2.0]));
    // A node from another: the rest continues.
    assert_eq!(cut("db", r#""to": "api""#), (lost(), [2.0, 2.0]));
    assert_eq!(cut("db", r#""to": "other""#), (String::new(), [4.0, 4.0]));
    assert_eq!(cut("api", r#""to": "other""#), (String::new(), [4.0, 2.0]));
    // And from all: the users wait indefinitely, and the drain counts them as failed.
    let (failed, arrivals) = cut("api", "");
    assert_eq!((failed.as_str(), arrivals), ("", [2.0, 2.0]));
    let text = r#"{"faultline": 1, "nodes": [{"id": "u", "kind": "client"}, {"id": "s", "kind": "service"}],
        "links": [{"from": "u", "to": "s"}], "faults": [{"kind": "partition", "target": "u->s", "to": "s"}]}"#;
    let problems = format::json::read(text).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "faults[0].to: u->s is a link; set it to null"
    );
}
