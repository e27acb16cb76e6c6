//! The choices of balancers, and how long their view of health is wrong.

use crate::*;

fn balancer(rest: &str) -> String {
    node("lb", "load_balancer", rest)
}

/// Runs a database and two copies behind a balancer, with requests every 10 ms.
fn three(rest: &str) -> Run {
    let nodes = [
        replay((0..30).map(|n| n * 10)),
        balancer(rest),
        database("a", 1, ""),
        database("b", 1, r#""copy_of": "a""#),
        database("c", 1, r#""copy_of": "a""#),
    ];
    let links = ["u->lb", "lb->a", "lb->b", "lb->c"].map(|ends| link(ends, ""));
    run_with(IN_ORDER, &nodes, &links, &[])
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

/// Runs two backends, probed at 500 and 1000 ms and every second from then on. Requests come every
/// 100 ms, so that each backend gets one every 200 ms while both are considered healthy.
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

/// Returns the longest time a link was not used: from the last send before to the first after.
fn gap(sent: &[f64]) -> (f64, f64) {
    let pairs = sent.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
        .unwrap()
}

#[test]
fn detection_takes_as_many_probes_as_told_and_so_does_recovery() {
    // Dead from 600 on: probes at 1500, 2500 and 3500 fail. Back at 10000: 10500 and 11500 are
    // good.
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

/// Returns which of a, b and c each request went to, one every 10 ms.
fn order(rest: &str, links: [&str; 3], count: u64) -> String {
    let nodes = [
        replay((0..count).map(|n| n * 10)),
        balancer(rest),
        service("a", 1, ""),
        service("b", 1, ""),
        service("c", 1, ""),
    ];
    let ends = ["lb->a", "lb->b", "lb->c"];
    let mut all = vec![link("u->lb", "")];
    all.extend(ends.iter().zip(links).map(|(ends, rest)| link(ends, rest)));
    let run = run_with(IN_ORDER, &nodes, &all, &[]);
    let sent = |ends: &str| run.sent(ends).into_iter();
    let mut order: Vec<(f64, char)> = Vec::new();
    for (ends, name) in ends.iter().zip(['a', 'b', 'c']) {
        order.extend(sent(ends).map(|at| (at, name)));
    }
    order.sort_by(|one, other| one.0.total_cmp(&other.0));
    order.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn weights_are_mixed_as_nginx_mixes_them() {
    let weighted = r#""algorithm": "weighted""#;
    let five = [r#""weight": 5"#, "", ""];
    assert_eq!(order(weighted, five, 14), "aabacaaaabacaa");
    assert_eq!(order(weighted, ["", "", ""], 6), "abcabc");
    assert_eq!(order("", five, 6), "abcabc", "round robin knows no weights");
}

#[test]
fn random_goes_by_the_weights_of_the_links() {
    let nodes = [
        r#"{"id": "u", "kind": "client", "arrivals": {"constant": "800/s"}}"#.to_owned(),
        balancer(r#""algorithm": "random""#),
        service("a", 1, ""),
        service("b", 1, ""),
        service("c", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->a", r#""weight": 6"#),
        link("lb->b", ""),
        link("lb->c", ""),
    ];
    let run = run_with(r#""duration": "10s""#, &nodes, &links, &[]);
    let share = |id: &str| run.number(&format!("/nodes/{id}/arrivals")) / 8000.0;
    // Six of eight; five standard deviations are 0.024.
    assert!((share("a") - 0.75).abs() < 0.024, "{}", share("a"));
    assert!((share("b") - 0.125).abs() < 0.019, "{}", share("b"));
}

#[test]
fn a_key_stays_with_its_backend_while_that_has_room() {
    let hashed = |rest: &str, moments: Vec<u64>| {
        let one_key = r#""operations": [{"keys": {"uniform": {"n": 1}}}]"#;
        let nodes = [
            replay_by("u", moments, one_key),
            balancer(&format!(
                r#""algorithm": "consistent_hash", "consistent_hash": {{{rest}}}"#
            )),
            service("api", 10, r#""replicas": 3"#),
        ];
        let run = run(&nodes, &[link("u->lb", ""), link("lb->api", "")]);
        let arrivals = |n| run.number(&format!("/nodes/api/replicas/{n}/arrivals"));
        let mut arrivals = [0, 1, 2].map(arrivals);
        arrivals.sort_by(f64::total_cmp);
        arrivals
    };
    assert_eq!(hashed("", vec![0; 9]), [0.0, 0.0, 9.0]);
    assert_eq!(hashed(r#""bounded_load": 1"#, vec![0; 9]), [3.0, 3.0, 3.0]);
    // With sequential calls there is always room.
    let slowly = (0..9).map(|n| n * 20).collect();
    assert_eq!(hashed(r#""bounded_load": 1"#, slowly), [0.0, 0.0, 9.0]);
    // With 1.5 times the mean: 9 calls, at most ceil(9 / 3 x 1.5) = 5 in one place.
    assert_eq!(
        hashed(r#""bounded_load": 1.5"#, vec![0; 9]),
        [0.0, 4.0, 5.0]
    );
}

#[test]
fn who_answers_slowly_is_avoided_by_its_times() {
    let nodes = |algorithm: &str| {
        [
            replay((0..90).map(|n| n * 10)),
            balancer(&format!(r#""algorithm": "{algorithm}""#)),
            service("a", 1, ""),
            service("b", 1, ""),
            service("slow", 9, ""),
        ]
    };
    let links = [
        link("u->lb", ""),
        link("lb->a", ""),
        link("lb->b", ""),
        link("lb->slow", ""),
    ];
    // Every call is over before the next, so by number of calls all look alike.
    let blind = run(&nodes("power_of_two"), &links).number("/nodes/slow/arrivals");
    assert!((20.0..=40.0).contains(&blind), "{blind}");
    let seeing = run(&nodes("peak_ewma"), &links).number("/nodes/slow/arrivals");
    assert!(seeing <= 2.0, "{seeing}");
}

/// Sends requests every 100 ms to two backends of which `b` is always dead; the balancer retries.
fn ejecting(rule: &str, duration_s: u64) -> Run {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "10/s"}"#),
        balancer(&format!(r#""outlier_ejection": {rule}"#)),
        service("a", 1, ""),
        service("b", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->a", r#""retry": {}"#),
        link("lb->b", r#""retry": {}"#),
    ];
    run_with(
        &format!(r#""duration": "{duration_s}s""#),
        &nodes,
        &links,
        &[fault("crash", "b", 0, duration_s * 1000, "")],
    )
}

#[test]
fn passive_checks_as_nginx_does_them() {
    let run = ejecting(
        r#"{"consecutive_errors": 1, "eject_for": "10s", "max_eject_for": "10s", "max_ejected": 1}"#,
        60,
    );
    let tries = run.sent("lb->b");
    assert_eq!(tries.len(), 6, "one per 10 s: {tries:?}");
    assert_eq!(run.failed(), "");
}

#[test]
fn ejections_get_longer_and_are_forgiven() {
    let run = ejecting(r#"{"consecutive_errors": 3, "eject_for": "10s"}"#, 65);
    // Three attempts each time it returns: after 10, then 20, then 30 seconds.
    let tries = run.sent("lb->b");
    assert_eq!(tries.len(), 12, "{tries:?}");
    let gaps: Vec<f64> = tries
        .windows(2)
        .map(|pair| ((pair[1] - pair[0]) / 1000.0).floor())
        .filter(|gap| *gap > 0.0)
        .collect();
    assert_eq!(gaps, [10.0, 20.0, 30.0]);
}

#[test]
fn no_more_than_a_share_is_ejected_but_one_always() {
    let rule = r#""outlier_ejection": {"consecutive_errors": 1, "max_ejected": 0.5}, "panic_threshold": 0"#;
    let nodes = [
        replay((0..30).map(|n| n * 10)),
        balancer(rule),
        service("a", 1, ""),
        service("b", 1, ""),
        service("c", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->a", ""),
        link("lb->b", ""),
        link("lb->c", ""),
    ];
    let faults = ["a", "b", "c"].map(|id| fault("crash", id, 0, 900, ""));
    let run = run_with(IN_ORDER, &nodes, &links, &faults);
    assert_eq!(run.sent("lb->a"), [0.0]);
    assert_eq!(run.sent("lb->b").len() + run.sent("lb->c").len(), 29);
}

#[test]
fn without_a_panic_threshold_a_deep_check_takes_everybody_out() {
    let nodes = |panic: &str| {
        [
            replay((0..100).map(|n| n * 100 + 50)),
            balancer(&format!(
                r#""health_check": {{"depth": "deep", "interval": "1s", "timeout": "100ms", "unhealthy_after": 2}}, "panic_threshold": {panic}"#
            )),
            service("api", 1, r#""replicas": 2"#),
            database("db", 1, ""),
        ]
    };
    let links = [
        link("u->lb", ""),
        link("lb->api", ""),
        link("api->db", r#""when": "writes""#),
    ];
    // No client writes, and the database is dead: the deep check fails twice by 2 s.
    let faults = [fault("crash", "db", 0, 9_000, "")];
    let run = |panic: &str| run_with(r#""duration": "10s""#, &nodes(panic), &links, &faults);
    let unavailable = run("0").number("/requests/failed/unavailable");
    assert!((80.0..=95.0).contains(&unavailable), "{unavailable}");
    assert_eq!(run("0.5").failed(), "");
}

#[test]
fn a_balancer_that_restarts_believes_everybody_well() {
    let run = probed(
        "",
        &[
            fault("crash", "a", 600, 10_000, ""),
            fault("crash", "lb", 5_000, 5_100, ""),
        ],
    );
    // Detected by the probes of 1500 to 3500; forgotten at 5000, detected by those of 5500 to 7500.
    let to_a = run.sent("lb->a");
    let within = |from: f64, to: f64| to_a.iter().filter(|at| (from..to).contains(at)).count();
    assert_eq!(within(3_500.0, 5_000.0), 0);
    assert!(within(5_100.0, 7_500.0) > 10);
    assert_eq!(within(7_500.0, 11_500.0), 0);
}

#[test]
fn a_database_of_several_members_is_one_address_whose_calls_are_counted_back() {
    let nodes = [
        replay((0..20).map(|n| n * 10)),
        balancer(r#""algorithm": "least_outstanding""#),
        database("a", 1, r#""shards": {"count": 3}"#),
        database("b", 1, r#""shards": {"count": 3}, "copy_of": "a""#),
    ];
    let links = [link("u->lb", ""), link("lb->a", ""), link("lb->b", "")];
    let outstanding = {
        let mut run = sim::Simulation::new(&design("", &nodes, &links, &[]));
        run.run();
        let lb = run.node_place("lb").unwrap();
        let balancer = run.world().node(lb).balancer.as_ref().unwrap();
        let counts = balancer.backends.iter().map(|backend| backend.outstanding);
        counts.collect::<Vec<_>>()
    };
    assert_eq!(outstanding, [0, 0]);
}

#[test]
fn rounds_begin_anywhere_and_each_caller_goes_its_own() {
    // Two replicas of a caller, called in turn; each calls the three in turn, from its own start.
    let of = |seed: u64| {
        let nodes = [
            replay((0..12).map(|n| n * 10)),
            service("api", 0, r#""replicas": 2"#),
            service("db", 1, r#""replicas": 3"#),
        ];
        let links = [link("u->api", ""), link("api->db", "")];
        let mut design = design("", &nodes, &links, &[]);
        design.settings.seed = seed;
        let mut simulation = Simulation::new(&design);
        let mut order: Vec<usize> = Vec::new();
        let mut before = [0; 3];
        for ms in 0..12u64 {
            simulation.run_until((ms * 10 + 5) * 1_000_000, u64::MAX);
            let report = serde_json::to_value(simulation.report()).unwrap();
            for (replica, before) in before.iter_mut().enumerate() {
                let path = format!("/nodes/db/replicas/{replica}/arrivals");
                let now = report.pointer(&path).unwrap().as_u64().unwrap();
                order.extend((*before < now).then_some(replica));
                *before = now;
            }
        }
        order
    };
    let mut firsts = [[0; 3]; 2];
    for seed in 0..60 {
        let order = of(seed);
        assert_eq!(order.len(), 12);
        for (caller, firsts) in firsts.iter_mut().enumerate() {
            let own: Vec<usize> = order.iter().skip(caller).step_by(2).copied().collect();
            let round: Vec<usize> = (0..6).map(|n| (own[0] + n) % 3).collect();
            assert_eq!(own, round, "seed {seed}");
            firsts[own[0]] += 1;
        }
    }
    for first in firsts.iter().flatten() {
        assert!((8..=34).contains(first), "{firsts:?}: any is as likely");
    }
}

#[test]
fn clients_at_a_fixed_rate_do_not_stay_in_step() {
    // Ten clients of 100/s each, one balancer each, over ten replicas of 9 ms. If all began with
    // the first replica, all ten would meet there every time: a mean of (1 + ... + 10) * 9 / 10.
    let mut nodes = vec![service(
        "s",
        9,
        r#""replicas": 10, "concurrency": 1, "queue": {"capacity": null}"#,
    )];
    let mut links = Vec::new();
    for at in 0..10 {
        let client = node(
            &format!("c{at}"),
            "client",
            r#""arrivals": {"constant": "100/s"}"#,
        );
        nodes.extend([client, node(&format!("lb{at}"), "load_balancer", "")]);
        links.push(link(&format!("c{at}->lb{at}"), ""));
        links.push(link(&format!("lb{at}->s"), ""));
    }
    let mean = |seed: u64| {
        let settings = format!(r#""duration": "10s", "seed": {seed}"#);
        run_with(&settings, &nodes, &links, &[]).number("/requests/latency_ms/mean")
    };
    // Random starts: a caller that is alone does not wait, and two that meet wait 4.5 ms each.
    let mean = (0..20).map(mean).sum::<f64>() / 20.0;
    assert!((14.0..=24.0).contains(&mean), "{mean}");
}
