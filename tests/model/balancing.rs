//! Who gets the next call, and how long a balancer believes the wrong thing.

use crate::*;

fn balancer(rest: &str) -> String {
    node("lb", "load_balancer", rest)
}

/// Three databases behind a balancer, with requests every 10 ms.
fn three(rest: &str) -> Run {
    let nodes = [
        replay((0..30).map(|n| n * 10)),
        balancer(rest),
        database("a", 1, ""),
        database("b", 1, ""),
        database("c", 1, ""),
    ];
    run(
        &nodes,
        &[
            link("u->lb", ""),
            link("lb->a", ""),
            link("lb->b", ""),
            link("lb->c", ""),
        ],
    )
}

#[test]
fn nodes_and_replicas_behind_a_balancer_share_alike() {
    for algorithm in ["round_robin", "least_outstanding"] {
        let run = three(&format!(r#""algorithm": "{algorithm}""#));
        for (place, id) in ["a", "b", "c"].iter().enumerate() {
            let expected: Vec<f64> = (0..10).map(|n| (n * 30 + place * 10) as f64).collect();
            assert_eq!(run.sent(&format!("lb->{id}")), expected, "{algorithm}");
        }
    }
    for algorithm in ["random", "power_of_two"] {
        let run = three(&format!(r#""algorithm": "{algorithm}""#));
        for id in ["a", "b", "c"] {
            let share = run.number(&format!("/nodes/{id}/arrivals"));
            assert!((4.0..=16.0).contains(&share), "{algorithm}: {share} of 30");
        }
    }
    let nodes = [
        replay(0..30),
        balancer(""),
        service("api", 1, r#""replicas": 3"#),
    ];
    let behind = run(&nodes, &[link("u->lb", ""), link("lb->api", "")]);
    let alone = run(
        &[replay(0..30), service("api", 1, r#""replicas": 3"#)],
        &[link("u->api", "")],
    );
    for replica in 0..3 {
        let path = format!("/nodes/api/replicas/{replica}/arrivals");
        assert_eq!((behind.number(&path), alone.number(&path)), (10.0, 10.0));
    }
}

#[test]
fn the_least_outstanding_is_the_one_that_answers_soonest() {
    let nodes = [
        replay([0, 2, 4, 6, 60, 62]),
        balancer(r#""algorithm": "least_outstanding""#),
        service("slow", 50, ""),
        service("fast", 1, ""),
    ];
    let run = run(
        &nodes,
        &[
            link("u->lb", ""),
            link("lb->slow", ""),
            link("lb->fast", ""),
        ],
    );
    assert_eq!(run.sent("lb->slow"), [0.0, 60.0]);
    assert_eq!(run.sent("lb->fast"), [2.0, 4.0, 6.0, 62.0]);
}

#[test]
fn every_attempt_chooses_anew() {
    let nodes = [
        replay([0, 10]),
        balancer(""),
        service("a", 1, ""),
        service("b", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->a", r#""retry": {}"#),
        link("lb->b", r#""retry": {}"#),
    ];
    let run = run_with("", &nodes, &links, &[fault("crash", "a", 0, 900, "")]);
    assert_eq!(run.ok(), 2.0);
    assert_eq!(run.trace("lb->a"), "call 0, failure 0, call 10, failure 10");
    assert_eq!(run.trace("lb->b"), "retry 0, answer 1, retry 10, answer 11");
}

/// Two backends, probed at 500 and 1000 ms and every second from then on; requests every 100 ms,
/// so that each backend gets one every 200 ms while both are believed well.
fn probed(rest: &str, faults: &[String]) -> Run {
    let check = r#""health_check": {"interval": "1s", "timeout": "200ms", "unhealthy_after": 3, "healthy_after": 2}"#;
    let nodes = [
        replay((0..200).map(|n| n * 100 + 50)),
        balancer(&format!("{check}{rest}")),
        service("a", 1, ""),
        service("b", 1, ""),
    ];
    let links = [link("u->lb", ""), link("lb->a", ""), link("lb->b", "")];
    run_with(r#""duration": "20s""#, &nodes, &links, faults)
}

/// The longest time a link was not used: from the last send before to the first after.
fn gap(sent: &[f64]) -> (f64, f64) {
    let pairs = sent.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
        .unwrap()
}

#[test]
fn detection_takes_as_many_probes_as_told_and_so_does_recovery() {
    // Dead from 600 on: probes at 1500, 2500 and 3500 fail. Back at 10000: 10500 and 11500 are good.
    let run = probed("", &[fault("crash", "a", 600, 10_000, "")]);
    let (last, first) = gap(&run.sent("lb->a"));
    assert_eq!((last, first), (3450.0, 11_550.0));
    let lost = run
        .sent("lb->a")
        .iter()
        .filter(|at| (600.0..=3450.0).contains(*at))
        .count();
    assert_eq!(
        run.failed(),
        format!("refused {lost}"),
        "it kept its share until then"
    );
}

#[test]
fn a_silent_backend_costs_the_probes_timeout_on_top() {
    let run = probed("", &[fault("loss", "lb->a", 600, 10_000, r#""loss": 1"#)]);
    let to_a: Vec<f64> = run.of("lb->a").map(|(_, at)| at).collect();
    assert_eq!(
        gap(&to_a),
        (3650.0, 11_550.0),
        "the third probe fails at 3700"
    );
}

#[test]
fn below_the_panic_threshold_health_is_ignored() {
    for (threshold, last) in [(0.5, 3450.0), (0.6, 9850.0)] {
        let panic = format!(r#", "panic_threshold": {threshold}"#);
        let run = probed(&panic, &[fault("crash", "a", 600, 10_000, "")]);
        let before: Vec<f64> = run
            .sent("lb->a")
            .into_iter()
            .filter(|at| *at < 10_000.0)
            .collect();
        assert_eq!(before.last(), Some(&last), "threshold {threshold}");
    }
}

#[test]
fn least_outstanding_with_health_checks_leaves_a_dead_backend_alone() {
    let run = probed(
        r#", "algorithm": "least_outstanding""#,
        &[fault("crash", "a", 600, 10_000, "")],
    );
    assert!(
        !run.sent("lb->a")
            .iter()
            .any(|at| (3500.0..11_500.0).contains(at))
    );
}
