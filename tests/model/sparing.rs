//! Deadline propagation and cancellation: work that no caller waits for is not begun.

use crate::*;

/// One slot of 10 ms for three simultaneous calls, each of which waits 15 ms.
fn three(rest: &str) -> Run {
    let nodes = [replay([0, 0, 0]), service("api", 10, r#""concurrency": 1"#)];
    let link = link("u->api", &format!(r#""timeout": "15ms"{rest}"#));
    run(&nodes, &[link])
}

#[test]
fn work_nobody_waits_for_is_done_in_vain_unless_the_callee_knows() {
    for (rest, completions, failures, busy) in [
        ("", 3.0, "{}", 0.03),
        (r#", "cancellation": true"#, 2.0, r#"{"abandoned":1}"#, 0.02),
        (r#", "deadline": true"#, 2.0, r#"{"timeout":1}"#, 0.02),
    ] {
        let run = three(rest);
        assert_eq!((run.ok(), run.failed().as_str()), (1.0, "timeout 2"));
        // The second is in the slot when its caller times out, and is finished.
        assert_eq!(run.number("/nodes/api/completions"), completions, "{rest}");
        assert_eq!(run.report["nodes"]["api"]["failures"].to_string(), failures);
        assert_eq!(run.number("/nodes/api/utilization"), busy);
        let wasted = (completions - 1.0) / completions;
        assert_eq!(run.number("/nodes/api/wasted_work"), wasted);
    }
}

#[test]
fn a_waiting_call_that_is_dropped_makes_room() {
    // One slot of 20 ms and one waiting place. The second times out at 16; if the callee knows, the
    // third may wait at 17.
    for (rest, failed) in [
        ("", "rejected 1, timeout 2"),
        (r#", "cancellation": true"#, "timeout 3"),
        (r#", "deadline": true"#, "timeout 3"),
    ] {
        let nodes = [
            replay([0, 1, 17]),
            service("api", 20, r#""concurrency": 1, "queue": {"capacity": 1}"#),
        ];
        let link = link("u->api", &format!(r#""timeout": "15ms"{rest}"#));
        assert_eq!(run(&nodes, &[link]).failed(), failed, "{rest}");
    }
}

#[test]
fn the_word_takes_its_time_and_may_come_too_late() {
    // It is sent at 15 and there at 19; the slot is free at 20, or at 18.
    for (work, completions) in [(16, 1.0), (14, 2.0)] {
        let nodes = [replay([0, 0]), service("api", work, r#""concurrency": 1"#)];
        let rest = r#""timeout": "15ms", "cancellation": true, "latency": "const(4ms)""#;
        let run = run(&nodes, &[link("u->api", rest)]);
        assert_eq!(run.number("/nodes/api/completions"), completions, "{work}");
    }
}

/// u -> a -> b, where b takes long.
fn chain(first: &str, second: &str) -> Run {
    let nodes = [
        replay_by("u", [0], r#""patience": "30ms""#),
        service("a", 10, r#""concurrency": 1"#),
        service("b", 100, r#""concurrency": 1"#),
        service("c", 1, ""),
    ];
    let links = [link("u->a", first), link("a->b", second), link("a->c", "")];
    run(&nodes, &links)
}

#[test]
fn cancellation_goes_down_the_tree_as_far_as_links_carry_it() {
    let cancels = r#""cancellation": true"#;
    // The user leaves at 30, when a has waited for b for 20 ms.
    for (first, second, utilization_a, completions_a, abandoned) in [
        ("", "", 0.111, 1.0, 0.0),
        (cancels, "", 0.03, 0.0, 0.0),
        (cancels, cancels, 0.03, 0.0, 1.0),
        ("", cancels, 0.111, 1.0, 0.0),
    ] {
        let run = chain(first, second);
        assert_eq!(run.failed(), "abandoned 1");
        assert_eq!(run.number("/nodes/a/utilization"), utilization_a);
        assert_eq!(run.number("/nodes/a/completions"), completions_a);
        assert_eq!(run.number("/links/a->b/abandoned"), abandoned);
        assert_eq!(
            run.number("/nodes/b/completions"),
            1.0,
            "what b works on it finishes"
        );
        assert_eq!(run.number("/nodes/c/arrivals"), completions_a);
    }
}

#[test]
fn a_deadline_is_the_least_of_those_above() {
    // The user waits for 30 ms, a's timeout for b is 50 from 10 on: b's own wait ends at 30.
    let deadline = r#""deadline": true"#;
    let both = chain(deadline, &format!(r#"{deadline}, "timeout": "50ms""#));
    assert_eq!(both.trace("a->b"), "call 10, timeout 30");
    assert_eq!(both.number("/nodes/a/utilization"), 0.03);
    let not_passed_on = chain("", &format!(r#"{deadline}, "timeout": "50ms""#));
    assert_eq!(not_passed_on.trace("a->b"), "call 10, timeout 60");
    // No time is left when the first pause is over, and a call that is not sent cannot be wasted.
    let retry = r#""retry": {"max_attempts": 5, "backoff": {"constant": "15ms"}}"#;
    let late = chain(
        deadline,
        &format!(r#"{deadline}, "timeout": "10ms", {retry}"#),
    );
    assert_eq!(late.trace("a->b"), "call 10, timeout 20");
}

#[test]
fn the_losers_of_a_hedge_are_cancelled() {
    // One slot: the first's hedge waits behind the second when the first is answered at 30. The
    // second's is next when the second is answered, and has begun before its caller knows.
    for (rest, completions) in [("", 4.0), (r#", "cancellation": true"#, 3.0)] {
        let nodes = [replay([0, 1]), service("api", 30, r#""concurrency": 1"#)];
        let hedge = format!(r#""hedge": {{"after": "10ms"}}{rest}"#);
        let run = run(&nodes, &[link("u->api", &hedge)]);
        assert_eq!(run.ok(), 2.0);
        assert_eq!(run.number("/nodes/api/completions"), completions);
        assert_eq!(run.number("/links/u->api/abandoned"), 2.0);
    }
}

#[test]
fn what_fails_takes_the_rest_of_its_stage_with_it() {
    let cancels = r#""stage": 0, "cancellation": true"#;
    let nodes = [
        replay([0]),
        service("a", 0, ""),
        service("bad", 5, r#""error_rate": 1"#),
        service("b", 10, ""),
        service("c", 10, ""),
    ];
    let links = [
        link("u->a", ""),
        link("a->bad", r#""stage": 0"#),
        link("a->b", cancels),
        link("b->c", ""),
    ];
    let run = run(&nodes, &links);
    assert_eq!(run.failed(), "error 1");
    assert_eq!(run.number("/links/a->b/abandoned"), 1.0);
    assert_eq!(
        run.number("/nodes/c/arrivals"),
        0.0,
        "b stops before its calls"
    );
}

/// M/M/1+D: a call that has waited 100 ms leaves the queue (90 and 120 a second for a server of
/// 100).
#[test]
fn queues_with_impatient_calls_lose_what_theory_says() {
    for (rate, lost) in [(90, 0.047_162_845), (120, 0.183_955_308)] {
        let client = node(
            "u",
            "client",
            &format!(r#""arrivals": {{"poisson": "{rate}/s"}}"#),
        );
        let server =
            r#""concurrency": 1, "queue": {"capacity": null}, "service_time": "exp(10ms)""#;
        let run = run_with(
            r#""duration": "4000s""#,
            &[client, node("api", "service", server)],
            &[link(
                "u->api",
                r#""timeout": "100ms", "cancellation": true"#,
            )],
            &[],
        );
        let share = run.number("/nodes/api/failures/abandoned") / run.number("/nodes/api/arrivals");
        assert!((share / lost - 1.0).abs() < 0.075, "{rate}: {share}");
    }
}
