//! Queue disciplines: which call gets the next slot, and the maximum wait.

use crate::*;

/// One client per moment (in ms), each with one request, before a service of one slot and 10 ms.
fn one_by_one(moments: &[u64], queue: &str) -> Run {
    let mut nodes: Vec<String> = moments
        .iter()
        .enumerate()
        .map(|(at, ms)| replay_by(&format!("u{at}"), [*ms], ""))
        .collect();
    let rest = format!(r#""concurrency": 1, "queue": {{{queue}}}"#);
    nodes.push(service("api", 10, &rest));
    let links: Vec<String> = (0..moments.len())
        .map(|at| link(&format!("u{at}->api"), ""))
        .collect();
    run(&nodes, &links)
}

/// Returns when each was answered, in ms; failed ones are left out.
fn answered(run: &Run, count: usize) -> Vec<f64> {
    let of = |at: usize| -> Vec<f64> {
        let link = format!("u{at}->api");
        let answers = run.of(&link).filter(|(word, _)| *word == "answer");
        answers.map(|(_, at)| at).collect()
    };
    (0..count).flat_map(of).collect()
}

#[test]
fn adaptive_lifo_turns_round_once_the_queue_stands() {
    let moments: Vec<u64> = (0..14).collect();
    let fifo = one_by_one(&moments, r#""discipline": "fifo""#);
    let in_turn: Vec<f64> = (1..15).map(|n| f64::from(n) * 10.0).collect();
    assert_eq!(answered(&fifo, 14), in_turn);
    let lifo = one_by_one(&moments[..4], r#""discipline": "lifo""#);
    assert_eq!(answered(&lifo, 4), [10.0, 40.0, 30.0, 20.0]);
    // The queue has not been empty since 1: at 100 that is 99, at 110 more than 100. Eleven have
    // had their slot in turn by then.
    let adaptive = one_by_one(&moments, r#""discipline": "adaptive_lifo""#);
    let turned = [140.0, 130.0, 120.0];
    assert_eq!(answered(&adaptive, 14), [&in_turn[..11], &turned].concat());
    assert_eq!(
        answered(
            &one_by_one(&moments[..11], r#""discipline": "adaptive_lifo""#),
            11
        ),
        in_turn[..11]
    );
    // As at Facebook, with controlled delay in addition: at 110 the newest goes first, and the
    // other two have waited for 100 ms by 112.
    let bounded = one_by_one(&moments, r#""discipline": "adaptive_lifo", "codel": {}"#);
    assert_eq!(answered(&bounded, 14), [&in_turn[..11], &[120.0]].concat());
    assert_eq!(bounded.trace("u12->api"), "call 12, failure 112");
}

#[test]
fn controlled_delay_lets_bursts_wait_and_standing_queues_not() {
    let queue = r#""discipline": "codel", "codel": {"target": "5ms", "interval": "20ms"}"#;
    // The first waits for 9 of its 20 ms. The second waits since 2 and gets its slot at 20. Those
    // of 22 and 23 find a queue that began at 21, the one of 42 too: it has stood for 21, so 5 ms
    // it is.
    let run = one_by_one(&[0, 1, 2, 21, 22, 23, 42], queue);
    assert_eq!(answered(&run, 7), [10.0, 20.0, 30.0, 40.0, 50.0]);
    let left = |at: usize| run.trace(&format!("u{at}->api"));
    assert_eq!(left(5), "call 23, failure 43");
    assert_eq!(left(6), "call 42, failure 47");
    assert_eq!(run.failed(), "rejected 2");
}

#[test]
fn who_has_waited_long_enough_leaves_unless_served() {
    let run = one_by_one(&[0, 1, 2, 3], r#""max_wait": "15ms""#);
    assert_eq!(
        answered(&run, 4),
        [10.0, 20.0],
        "10 ms of work is never cut"
    );
    assert_eq!(run.trace("u2->api"), "call 2, failure 17");
    assert_eq!(run.trace("u3->api"), "call 3, failure 18");
    assert_eq!(run.number("/nodes/api/queue_max"), 3.0);
    assert_eq!(run.number("/nodes/api/failures/rejected"), 2.0);
    let patient = one_by_one(&[0, 1, 2, 3], r#""max_wait": "27ms""#);
    assert_eq!(answered(&patient, 4), [10.0, 20.0, 30.0]);
}

/// Two clients of one operation each, "pay" and "browse".
fn two_classes(queue: &str) -> Run {
    let operation = |name: &str| format!(r#""operations": [{{"name": "{name}"}}]"#);
    let nodes = [
        replay_by("buyer", [3, 4], &operation("pay")),
        replay_by("reader", [0, 1, 2], &operation("browse")),
        service(
            "api",
            10,
            &format!(r#""concurrency": 1, "queue": {{{queue}}}"#),
        ),
    ];
    run(&nodes, &[link("buyer->api", ""), link("reader->api", "")])
}

#[test]
fn the_urgent_go_first_but_interrupt_nobody() {
    let urgent = two_classes(r#""discipline": "priority", "priority": ["pay"]"#);
    assert_eq!(
        urgent.trace("buyer->api"),
        "call 3, call 4, answer 20, answer 30"
    );
    assert_eq!(
        urgent.trace("reader->api"),
        "call 0, call 1, call 2, answer 10, answer 40, answer 50"
    );
    let inverse = two_classes(r#""discipline": "priority", "priority": ["browse", "pay"]"#);
    assert_eq!(
        inverse.trace("buyer->api"),
        "call 3, call 4, answer 40, answer 50"
    );
    let left = two_classes(r#""discipline": "priority", "priority": ["pay"], "max_wait": "20ms""#);
    assert_eq!(
        left.trace("buyer->api"),
        "call 3, call 4, answer 20, answer 30"
    );
    assert_eq!(
        left.trace("reader->api"),
        "call 0, call 1, call 2, answer 10, failure 21, failure 22"
    );
}

#[test]
fn those_who_share_slow_one_another_down() {
    let shared = r#""discipline": "processor_sharing""#;
    // Alone for 5 ms, then at half speed: 5 ms left take 10. The other has 5 left, alone.
    assert_eq!(answered(&one_by_one(&[0, 5], shared), 2), [15.0, 20.0]);
    // Three at a third of the speed each.
    assert_eq!(answered(&one_by_one(&[0, 0, 0], shared), 3), [30.0; 3]);
    let full = one_by_one(
        &[0, 0, 0],
        r#""discipline": "processor_sharing", "capacity": 1"#,
    );
    assert_eq!((full.ok(), full.failed()), (2.0, "rejected 1".to_owned()));
    // Three on two processors run at two thirds.
    let two = [
        replay([0, 0, 0]),
        service(
            "api",
            10,
            r#""concurrency": 2, "queue": {"discipline": "processor_sharing"}"#,
        ),
    ];
    let two = run_with(r#""duration": "30ms""#, &two, &[link("u->api", "")], &[]);
    assert_eq!(
        two.trace("u->api"),
        "call 0, call 0, call 0, answer 15, answer 15, answer 15"
    );
    assert_eq!(two.number("/nodes/api/utilization"), 0.5);
}

#[test]
fn a_discipline_can_change_while_calls_wait() {
    let of = |discipline: &str| {
        let queue = format!(r#""concurrency": 1, "queue": {{"discipline": "{discipline}"}}"#);
        design(
            "",
            &[replay([0, 0, 0, 0]), service("api", 10, &queue)],
            &[link("u->api", "")],
            &[],
        )
    };
    let ends = |from: &str, to: &str| {
        let mut run = sim::Simulation::new(&of(from));
        run.run_until(12_000_000, u64::MAX);
        run.edit(&of(to));
        run.run();
        assert_eq!(run.broken_laws(), Vec::<String>::new());
        serde_json::to_value(run.report()).unwrap()["requests"]["latency_ms"]["max"]
            .as_f64()
            .unwrap()
    };
    // One is done at 10, the second keeps its slot until 20, and two share from 12 on.
    assert_eq!(ends("fifo", "processor_sharing"), 32.0);
    // All four have 7 ms left at 12 and go on as if each were alone.
    assert_eq!(ends("processor_sharing", "fifo"), 19.0);
    assert_eq!(ends("lifo", "priority"), 40.0);
}

#[test]
fn the_newest_pushes_the_oldest_out_of_a_full_queue() {
    // One is served from 0 to 10, those of 1 and 2 wait. The third waiting, of 3, takes the place
    // of the first; then the newest go first.
    let api = |discipline: &str| {
        let queue = format!(
            r#""concurrency": 1, "queue": {{"capacity": 2, "discipline": "{discipline}"}}"#
        );
        service("api", 10, &queue)
    };
    let run_of = |discipline: &str| {
        let nodes = [replay([0, 1, 2, 3]), api(discipline)];
        run(&nodes, &[link("u->api", "")])
    };
    let lifo = run_of("lifo");
    assert_eq!(
        lifo.trace("u->api"),
        "call 0, call 1, call 2, call 3, failure 3, answer 10, answer 20, answer 30"
    );
    // 3, served from 10 on, and 2, from 20 on: 28 ms.
    assert_eq!(
        (
            lifo.latency(),
            lifo.number("/nodes/api/turned_away/queue_full")
        ),
        (28.0, 1.0)
    );
    assert_eq!(lifo.number("/nodes/api/queue_max"), 2.0);
    // First come, first served: the newcomer is rejected, and the call of 2 waits for that of 1.
    assert_eq!(run_of("fifo").latency(), 28.0);
    // A short burst is served in order, also by the adaptive discipline.
    assert_eq!(
        run_of("adaptive_lifo").trace("u->api"),
        run_of("fifo").trace("u->api")
    );
    // A queue that stands for more than 100 ms is not. It has been full since 3, with 82, 92 and
    // 102 at the end; 103 takes the place of 82, and then 103, 102 and 92 are served: until 120,
    // 130, 140.
    let moments = [0, 1, 2, 3]
        .into_iter()
        .chain((12..=102).step_by(10))
        .chain([103]);
    let queue = r#""concurrency": 1, "queue": {"capacity": 3, "discipline": "adaptive_lifo"}"#;
    let nodes = [replay(moments), service("api", 10, queue)];
    let adaptive = run(&nodes, &[link("u->api", "")]);
    let trace = adaptive.trace("u->api");
    assert!(
        trace.contains("call 103, failure 103, answer 110"),
        "{trace}"
    );
    assert_eq!(
        (adaptive.failed().as_str(), adaptive.latency()),
        ("rejected 1", 48.0)
    );
}
