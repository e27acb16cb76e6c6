//! Replicas that are added and removed: autoscaling, warm-up, memory.

use crate::*;

const SECOND: u64 = 1_000_000_000;

/// Evenly spaced requests that hold a slot for a second each, at a service with ten slots a
/// replica: 10% of a replica's slots for each request a second.
fn scaled(per_s: f64, replicas: u32, autoscale: &str) -> Design {
    let usual = [
        ("max", "20"),
        ("target", "0.5"),
        ("interval", r#""10s""#),
        ("startup", r#""0s""#),
        ("stabilization", r#""0s""#),
        ("tolerance", "0"),
    ];
    let usual = usual.iter().filter(|(name, _)| !autoscale.contains(name));
    let usual = usual.map(|(name, value)| format!(r#""{name}": {value}"#));
    let own = (!autoscale.is_empty()).then(|| autoscale.to_owned());
    let autoscale: Vec<String> = usual.chain(own).collect();
    let api = format!(
        r#""replicas": {replicas}, "concurrency": 10, "queue": {{"capacity": null}}, "autoscale": {{{}}}"#,
        autoscale.join(", ")
    );
    let arrivals = format!(r#""arrivals": {{"constant": "{per_s}/s"}}"#);
    let nodes = [node("u", "client", &arrivals), service("api", 1000, &api)];
    let settings = r#""duration": "100s", "drain": false"#;
    design(settings, &nodes, &[link("u->api", "")], &[])
}

/// Returns the number of replicas at each of these seconds.
fn replicas(design: &Design, seconds: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut simulation = Simulation::new(design);
    let mut seen = |second: u64| {
        simulation.run_until(second * SECOND, u64::MAX);
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
        let report = serde_json::to_value(simulation.report()).unwrap();
        report["nodes"]["api"]["replicas_now"].as_u64().unwrap()
    };
    seconds.into_iter().map(&mut seen).collect()
}

#[test]
fn it_asks_for_what_would_bring_the_load_to_the_target() {
    // 20 calls a second hold 20 slots: 40 would be half full. The first evaluation sees the slots
    // fill up for the first second: a mean of 19, so 3.8 replicas of ten slots at half.
    let out = scaled(20.0, 2, "");
    assert_eq!(replicas(&out, [9, 10, 20, 30]), [2, 4, 4, 4]);
    // The same from above.
    let back = scaled(20.0, 10, "");
    assert_eq!(replicas(&back, [9, 10, 20, 30]), [10, 4, 4, 4]);
    // 21 slots held of 40 are 52.5%: within a tenth of half, and more than a thirtieth above it.
    let near = scaled(21.0, 4, r#""tolerance": 0.1"#);
    assert_eq!(replicas(&near, [10, 20, 30]), [4, 4, 4]);
    let past = scaled(21.0, 4, r#""tolerance": 0.03"#);
    assert_eq!(replicas(&past, [10, 20, 30]), [4, 5, 5]);
}

#[test]
fn growth_and_number_are_bounded() {
    // All held slots are ten times the target. One may become five, five ten, and there are no more
    // than twenty.
    let out = scaled(300.0, 1, r#""target": 0.1"#);
    assert_eq!(replicas(&out, [10, 20, 30, 40]), [5, 10, 20, 20]);
    let soon = scaled(300.0, 1, r#""target": 0.1, "growth": 8"#);
    assert_eq!(replicas(&soon, [10, 20]), [8, 20]);
}

#[test]
fn a_new_replica_takes_calls_when_it_has_started() {
    let out = scaled(20.0, 2, r#""startup": "7s""#);
    assert_eq!(replicas(&out, [10, 16, 17]), [2, 2, 4]);
    let mut simulation = Simulation::new(&out);
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    let api = &report["nodes"]["api"];
    // Two for 17 s and four for 83; paid for from the decision on.
    assert_eq!(api["replicas_mean"], (34.0 + 4.0 * 83.0) / 100.0);
    assert_eq!(api["replicas_paid_mean"], (20.0 + 4.0 * 90.0) / 100.0);
    assert_eq!(api["replicas_max"], 4);
    assert_eq!(
        (&api["scaled_out"], &api["scaled_in"]),
        (&2.into(), &0.into())
    );
    let monthly = report["cost"]["by_node"]["api"].as_f64().unwrap();
    assert!((monthly - 3.8 * 0.049_37 * 730.0).abs() < 1e-6);
    // The first of the new ones gets every fourth call from then on: 415 of the 1,660 to come.
    assert_eq!(api["replicas"][2]["arrivals"], 415);
}

#[test]
fn it_comes_down_to_the_most_that_was_asked_for_lately() {
    // Ten replicas are wanted until 50 s, then two.
    let falling = |stabilization: &str| {
        let api = format!(
            r#""replicas": 10, "concurrency": 10, "autoscale": {{"max": 20, "target": 0.5,
            "interval": "10s", "startup": "0s", "stabilization": "{stabilization}"}}"#
        );
        let client =
            r#""arrivals": {"constant": "50/s"}, "profile": [{"at": "50s", "times": 0.2}]"#;
        let nodes = [node("u", "client", client), service("api", 1000, &api)];
        let settings = r#""duration": "120s", "drain": false"#;
        design(settings, &nodes, &[link("u->api", "")], &[])
    };
    // The evaluation at 60 s sees one second of the old load drain: 14 slots on average over the
    // period.
    assert_eq!(replicas(&falling("0s"), [50, 60, 70, 80]), [10, 3, 2, 2]);
    // The recommendation of 50 s counts until 80 s: it is 30 s old then, and older at 90 s.
    assert_eq!(
        replicas(&falling("30s"), [50, 60, 80, 90, 100]),
        [10, 10, 10, 3, 2]
    );
}

#[test]
fn who_is_taken_away_finishes_what_it_has() {
    // Four calls of 8 s at two replicas; at 10 s hardly anything is held, and one is enough.
    let of = |grace: &str| {
        let api = format!(
            r#""replicas": 2, "concurrency": 10, "autoscale": {{"max": 2, "interval": "10s", "grace": "{grace}",
            "stabilization": "0s"}}"#
        );
        let nodes = [
            replay([9_500, 9_500, 9_500, 9_500, 11_000]),
            service("api", 8_000, &api),
        ];
        run_with(r#""duration": "30s""#, &nodes, &[link("u->api", "")], &[])
    };
    let run = of("30s");
    assert_eq!(run.ok(), 5.0);
    assert_eq!(run.number("/nodes/api/replicas/0/arrivals"), 3.0);
    assert_eq!(run.number("/nodes/api/replicas_now"), 1.0);
    // Paid for until the first check after 17.5 s.
    let paid = run.number("/nodes/api/replicas_paid_mean");
    assert_eq!(paid, 1.0 + 18.0 / 30.0);
    // Killed after 5 s: the two calls there are lost.
    let killed = of("5s");
    assert_eq!((killed.ok(), killed.failed().as_str()), (3.0, "error 2"));
}

#[test]
fn balancers_and_their_probes_see_new_replicas() {
    let lb = node(
        "lb",
        "load_balancer",
        r#""health_check": {"interval": "1s"}"#,
    );
    let api = r#""replicas": 2, "concurrency": 10, "queue": {"capacity": null}, "autoscale": {"max": 20,
        "target": 0.5, "interval": "10s", "startup": "5s", "tolerance": 0.0}"#;
    let client = node("u", "client", r#""arrivals": {"constant": "20/s"}"#);
    let nodes = [client, lb, service("api", 1000, api)];
    let links = [link("u->lb", ""), link("lb->api", "")];
    // A third one, once it is there, is dead from 20 s on; it is detected after three probes.
    let faults = [fault("crash", "api", 20_000, 80_000, r#""replica": 2"#)];
    let design = design(r#""duration": "60s""#, &nodes, &links, &faults);
    let mut simulation = Simulation::new(&design);
    simulation.run_until(16 * SECOND, u64::MAX);
    let place = simulation.node_place("lb").unwrap();
    let backends = |simulation: &Simulation| {
        let balancer = simulation.world().node(place).balancer.as_ref();
        balancer.map_or(0, |balancer| balancer.backends.len())
    };
    assert_eq!(backends(&simulation), 4);
    let api = simulation.node_place("api").unwrap();
    simulation.run_until(24 * SECOND, u64::MAX);
    assert!(simulation.world().is_ejected(api, 2));
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    // One that is down is not ready: only the other three are counted.
    let report = serde_json::to_value(simulation.report()).unwrap();
    assert_eq!(report["nodes"]["api"]["replicas_now"], 4);
}

#[test]
fn edits_keep_the_number_and_bounds_apply_at_once() {
    let wide = scaled(20.0, 2, "");
    let mut simulation = Simulation::new(&wide);
    let mut at = |design: &Design, second: u64| {
        simulation.run_until(second * SECOND, u64::MAX);
        simulation.edit(design);
        simulation.run_until(second * SECOND + 1_000_000, u64::MAX);
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
        let report = serde_json::to_value(simulation.report()).unwrap();
        let now = &report["nodes"]["api"]["replicas_now"];
        (
            now.as_u64(),
            report["nodes"]["api"]["replicas"].as_array().unwrap().len(),
        )
    };
    assert_eq!(at(&wide, 15), (Some(4), 4));
    let narrow = scaled(20.0, 2, r#""max": 3"#);
    assert_eq!(at(&narrow, 25), (Some(3), 4));
    let mut fixed = wide.clone();
    let design::Kind::Service(api) = &mut fixed.nodes[1].kind else {
        panic!("no service");
    };
    api.autoscale = None;
    assert_eq!(at(&fixed, 35), (None, 2));
    assert_eq!(at(&wide, 45), (Some(2), 2));
    // An interval after that.
    assert_eq!(at(&wide, 56), (Some(4), 4));
}

#[test]
fn a_process_that_starts_is_slow_at_first() {
    // Down from 1 s to 2 s; then three times as slow, less by the second: at 2 s 30 ms, half way
    // (4 s) 20 ms, from 6 s on 10 ms.
    let api = service("api", 10, r#""warm_up": {"for": "4s", "times": 3}"#);
    let at = |ms: u64| {
        let nodes = [replay([ms]), api.clone()];
        let faults = [fault("crash", "api", 1_000, 2_000, "")];
        let settings = r#""duration": "10s""#;
        run_with(settings, &nodes, &[link("u->api", "")], &faults).latency()
    };
    assert_eq!(
        [0, 2_000, 4_000, 5_000, 6_000].map(at),
        [10.0, 30.0, 20.0, 15.0, 10.0]
    );
    // A slowdown is added.
    let nodes = [replay([4_000]), api];
    let faults = [
        fault("crash", "api", 1_000, 2_000, ""),
        fault("slowdown", "api", 0, 9_000, r#""times": 2"#),
    ];
    let run = run_with(
        r#""duration": "10s""#,
        &nodes,
        &[link("u->api", "")],
        &faults,
    );
    assert_eq!(run.latency(), 40.0);
}

#[test]
fn a_replica_without_memory_left_is_killed_and_starts_again() {
    // Room for four calls of 25 MB beside the process itself; the fifth kills them all.
    let api = |calls: &str| {
        service(
            "api",
            100,
            &format!(
                r#""concurrency": 2, "queue": {{"capacity": {calls}}}, "warm_up": {{"for": "1s", "times": 2}},
                "memory": {{"limit_mb": 200, "idle_mb": 100, "call_mb": 25, "restart": "1s"}}"#
            ),
        )
    };
    let fits = run(&[replay([0; 4]), api("null")], &[link("u->api", "")]);
    assert_eq!(
        (fits.ok(), fits.number("/nodes/api/out_of_memory")),
        (4.0, 0.0)
    );
    let nodes = [replay([0, 0, 0, 0, 10, 500, 1010]), api("null")];
    let run_long =
        |nodes: &[String]| run_with(r#""duration": "3s""#, nodes, &[link("u->api", "")], &[]);
    let killed = run_long(&nodes);
    assert_eq!(killed.failed(), "error 5, refused 1");
    assert_eq!(killed.number("/nodes/api/out_of_memory"), 1.0);
    // The last comes when it is back, cold.
    assert_eq!(killed.latency(), 200.0);
    // A queue that rejects in time is what helps.
    let bounded = run_long(&[replay([0, 0, 0, 0, 10]), api("2")]);
    assert_eq!(
        (bounded.ok(), bounded.failed().as_str()),
        (4.0, "rejected 1")
    );
    assert_eq!(bounded.number("/nodes/api/out_of_memory"), 0.0);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let problems = |api: &str| {
        let text =
            format!(r#"{{"faultline": 1, "nodes": [{{"id": "api", "kind": "service", {api}}}]}}"#);
        let problems = format::json::read(&text).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let check = |api: &str, wanted: &str| assert_eq!(problems(api), [wanted]);
    check(
        r#""replicas": 5, "autoscale": {"max": 4}"#,
        "nodes[0].replicas: 5 is out of range; expected 1 to 4 (the bounds of autoscale)",
    );
    check(
        r#""concurrency": null, "autoscale": {}"#,
        "nodes[0].autoscale: needs the share of slots in use, but slots are unbounded; set \
         concurrency or cores",
    );
    let fits = r#"{"faultline": 1, "nodes": [{"id": "api", "kind": "service",
        "concurrency": null, "autoscale": {"cores": 2}}]}"#;
    assert!(format::json::read(fits).is_ok());
    check(
        r#""memory": {"limit_mb": 100, "idle_mb": 100}"#,
        "nodes[0].memory: limit_mb 100 is less than idle_mb 100 plus call_mb 1 and leaves no room for a call",
    );
}

#[test]
fn a_replica_that_starts_has_no_slots_yet() {
    // Four calls a second of 500 ms hold two slots of four, until a second replica is requested.
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "4/s"}"#),
        node(
            "api",
            "service",
            r#""replicas": 1, "concurrency": 4, "service_time": "500ms", "autoscale": {"min": 1, "max": 2, "target": 0.25, "interval": "10s", "startup": "5s"}"#,
        ),
    ];
    let run = run_with(r#""duration": "30s""#, &nodes, &[link("u->api", "")], &[]);
    let windows = run.report["node_windows"]["api"]["utilization"].as_array();
    let windows: Vec<f64> = windows
        .expect("a list")
        .iter()
        .map(|share| share.as_f64().expect("slots have an end"))
        .collect();
    // Two of four while it starts, two of eight from 15 s on.
    assert_eq!(windows[11..14], [0.5; 3]);
    assert_eq!(windows[16..29], [0.25; 13]);
}

#[test]
fn by_processor_time_a_call_that_waits_for_others_counts_as_idle() {
    // 40 calls a second work for 100 ms and wait for 400 ms: 20 slots held, and 4 cores busy.
    let scaled = |rest: &str, blocking: bool| {
        let api = format!(
            r#""replicas": 2, "concurrency": 20, "blocking": {blocking},
                "queue": {{"capacity": null}}, "autoscale": {{"max": 20, "target": 0.5, "interval": "10s", "startup": "0s",
                    "stabilization": "0s", "tolerance": 0{rest}}}"#
        );
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "40/s"}"#),
            service("api", 100, &api),
            node(
                "db",
                "service",
                r#""service_time": "400ms", "concurrency": null"#,
            ),
        ];
        let links = [link("u->api", ""), link("api->db", "")];
        design(r#""duration": "100s", "drain": false"#, &nodes, &links, &[])
    };
    // By slots: 20 of 20 at half are 2 replicas. By 4 cores of 4 at half: 2. By 8, one is enough.
    assert_eq!(replicas(&scaled("", true), [20, 50]), [2, 2]);
    assert_eq!(replicas(&scaled(r#", "cores": 4"#, true), [20, 50]), [2, 2]);
    assert_eq!(replicas(&scaled(r#", "cores": 8"#, true), [20, 50]), [1, 1]);
    // Two cores are all busy at two replicas: as many again, and then 4 of 8 are busy.
    assert_eq!(replicas(&scaled(r#", "cores": 2"#, true), [10, 50]), [4, 4]);
    // If waiting calls hold no slot, both give the same.
    assert_eq!(
        replicas(&scaled(r#", "cores": 20"#, false), [50]),
        replicas(&scaled("", false), [50])
    );
}

#[test]
fn slots_full_of_waiting_do_not_scale_by_processor_time() {
    // A database that takes 4 s instead of 400 ms: 160 slots are wanted, and 4 cores as before.
    let after = |rest: &str| {
        let api = format!(
            r#""replicas": 2, "concurrency": 20, "queue": {{"capacity": null}},
                "autoscale": {{"max": 20, "target": 0.5, "interval": "10s", "startup": "0s",
                    "stabilization": "0s"{rest}}}"#
        );
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "40/s"}"#),
            service("api", 100, &api),
            node(
                "db",
                "service",
                r#""service_time": "400ms", "concurrency": null"#,
            ),
        ];
        let slow = fault("slowdown", "db", 20_000, 100_000, r#""times": 10"#);
        let links = [link("u->api", ""), link("api->db", "")];
        let design = design(
            r#""duration": "100s", "drain": false"#,
            &nodes,
            &links,
            &[slow],
        );
        replicas(&design, [19, 90])
    };
    let by_slots = after("");
    assert!(by_slots[1] >= 16, "{by_slots:?}");
    let by_cores = after(r#", "cores": 4"#);
    assert!(by_cores[1] <= 2, "{by_cores:?}");
}
