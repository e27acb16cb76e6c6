//! Queues: order, partitions, subscribers, and what happens on failures or without room.

use crate::*;

/// Many requests for one key, as messages: "u" publishes to "q", "w" consumes.
fn nodes(moments: impl IntoIterator<Item = u64>, queue: &str, worker: &str) -> [String; 3] {
    [
        replay(moments),
        node("q", "queue", queue),
        worker.to_owned(),
    ]
}

fn links(consume: &str) -> [String; 2] {
    let comma = if consume.is_empty() { "" } else { ", " };
    [
        link("u->q", r#""mode": "publish""#),
        link("q->w", &format!(r#""mode": "consume"{comma}{consume}"#)),
    ]
}

fn run_queue(
    moments: impl IntoIterator<Item = u64>,
    queue: &str,
    worker: &str,
    consume: &str,
    faults: &[String],
) -> Run {
    let settings = r#""duration": "60s""#;
    run_with(
        settings,
        &nodes(moments, queue, worker),
        &links(consume),
        faults,
    )
}

#[test]
fn a_publisher_waits_for_room_where_the_queue_blocks() {
    let slow = service("w", 100, r#""concurrency": 1"#);
    let spec = r#""capacity": 2, "overflow": "block""#;
    let run = run_queue([0; 4], spec, &slow, r#""concurrency": 1"#, &[]);
    // Two are accepted immediately; one more for each that is done.
    assert_eq!(run.trace("u->q").matches("answer 0").count(), 2);
    assert_eq!((run.ok(), run.latency()), (4.0, 200.0));
    assert_eq!(run.sent("q->w"), [0.0, 100.0, 200.0, 300.0]);
    assert_eq!(run.number("/nodes/q/messages/published"), 4.0);
}

/// A message that was handed over at most once needs no room any more: the next publisher need not
/// wait until the consumer is done.
#[test]
fn a_message_handed_over_at_most_once_makes_room_immediately() {
    let slow = service("w", 100, r#""concurrency": 1"#);
    let spec = r#""capacity": 1, "overflow": "block", "delivery": "at_most_once""#;
    let run = run_queue([0; 4], spec, &slow, r#""concurrency": 1"#, &[]);
    // The first is handed over, the second accepted; one more for each that is handed over.
    assert_eq!(run.trace("u->q").matches("answer 0").count(), 2);
    assert_eq!((run.ok(), run.latency()), (4.0, 200.0));
    assert_eq!(run.sent("q->w"), [0.0, 100.0, 200.0, 300.0]);
}

#[test]
fn who_gave_up_waiting_for_room_does_not_publish() {
    let slow = service("w", 100, r#""concurrency": 1"#);
    let nodes = nodes([0; 3], r#""capacity": 1, "overflow": "block""#, &slow);
    let links = [
        link("u->q", r#""mode": "publish", "timeout": "150ms""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
    ];
    let run = run(&nodes, &links);
    assert_eq!((run.ok(), run.failed().as_str()), (2.0, "timeout 1"));
    assert_eq!(run.sent("q->w"), [0.0, 100.0]);
}

#[test]
fn a_crash_of_the_queue_resets_who_waits_for_room() {
    let slow = service("w", 1000, "");
    let spec = r#""capacity": 1, "overflow": "block""#;
    let run = run_queue(
        [0, 1],
        spec,
        &slow,
        "",
        &[fault("crash", "q", 500, 600, "")],
    );
    assert_eq!((run.ok(), run.failed().as_str()), (1.0, "error 1"));
}

#[test]
fn a_publisher_that_asks_for_no_answer_goes_on_at_once() {
    let nodes = [
        replay([0]),
        service("api", 0, ""),
        node("q", "queue", ""),
        service("w", 1, ""),
    ];
    for (ack, latency) in [("accepted", 20.0), ("none", 0.0)] {
        let publish = format!(r#""mode": "publish", "latency": "10ms", "ack": "{ack}""#);
        let links = [
            link("u->api", ""),
            link("api->q", &publish),
            link("q->w", r#""mode": "consume""#),
        ];
        let run = run(&nodes, &links);
        assert_eq!(run.latency(), latency, "{ack}");
        assert_eq!(run.sent("q->w"), [10.0], "{ack}");
    }
    // The publisher does not learn that the queue is down.
    let links = [
        link("u->api", ""),
        link("api->q", r#""mode": "publish", "ack": "none""#),
        link("q->w", r#""mode": "consume""#),
    ];
    let down = [fault("crash", "q", 0, 500, "")];
    let run = run_with("", &nodes, &links, &down);
    assert_eq!((run.ok(), run.sent("q->w").len()), (1.0, 0));
}

#[test]
fn every_subscriber_gets_every_message() {
    let nodes = [
        replay([0, 1]),
        node("q", "queue", r#""fan_out": true"#),
        service("w", 10, ""),
        service("v", 10, r#""error_rate": 1"#),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
        link("q->v", r#""mode": "consume""#),
    ];
    let settings = r#""duration": "300s""#;
    let run = run_with(settings, &nodes, &links, &[]);
    assert_eq!(run.sent("q->w"), [0.0, 1.0]);
    assert_eq!(run.sent("q->v").len(), 10, "five times each, and dropped");
    assert_eq!(
        run.messages("q"),
        "published 2, delivered 12, redelivered 8, expired 10, acknowledged 2, dropped 2"
    );
    assert_eq!(
        run.number("/nodes/q/messages/subscribers/0/acknowledged"),
        2.0
    );
    assert_eq!(
        run.number("/nodes/q/messages/subscribers/1/delivered"),
        10.0
    );
}

#[test]
fn what_is_not_durable_is_lost_with_its_queue() {
    for (durable, messages) in [
        (
            true,
            "published 3, delivered 4, redelivered 1, acknowledged 3",
        ),
        (false, "published 3, delivered 1, lost 3"),
    ] {
        let slow = service("w", 1000, r#""concurrency": 1"#);
        let spec = format!(r#""durable": {durable}"#);
        let faults = [fault("crash", "q", 500, 600, "")];
        let run = run_queue([0; 3], &spec, &slow, r#""concurrency": 1"#, &faults);
        assert_eq!(run.messages("q"), messages);
    }
}

#[test]
fn a_queue_that_is_down_delivers_nothing_and_gives_nothing_up() {
    let bad = service("w", 10, r#""error_rate": 1"#);
    let spec = r#""visibility_timeout": "1s", "max_receives": 2"#;
    let nodes = [
        replay([0]),
        node("q", "queue", spec),
        bad,
        node("dead", "queue", ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
        link("q->dead", r#""mode": "dead_letter""#),
    ];
    let faults = [fault("crash", "q", 500, 5000, "")];
    let run = run_with(r#""duration": "20s""#, &nodes, &links, &faults);
    assert_eq!(run.sent("q->w"), [0.0, 5000.0]);
    assert_eq!(run.sent("q->dead"), [6000.0]);
}

#[test]
fn a_failed_message_may_come_again_sooner_than_its_visibility_says() {
    for (redelivery, sent) in [
        (r#""at_once""#, [0.0, 10.0, 20.0, 30.0]),
        (r#"{"constant": "100ms"}"#, [0.0, 110.0, 220.0, 330.0]),
        (
            r#"{"exponential": {"base": "100ms", "cap": "200ms"}}"#,
            [0.0, 110.0, 320.0, 530.0],
        ),
    ] {
        let bad = service("w", 10, r#""error_rate": 1"#);
        let spec = format!(r#""redelivery": {redelivery}, "max_receives": 4"#);
        let run = run_queue([0], &spec, &bad, "", &[]);
        assert_eq!(run.sent("q->w"), sent, "{redelivery}");
        assert_eq!(
            run.messages("q"),
            "published 1, delivered 4, redelivered 3, dropped 1"
        );
    }
}

/// Retried in place after 1, 2, 4, 8 and 16 s and then parked, while 100 messages a second of 5 ms
/// each wait behind it.
#[test]
fn a_poison_message_blocks_its_partition() {
    let poison = r#""partitions": 1, "max_receives": 6, "poison": 1, "visibility_timeout": "120s",
        "redelivery": {"exponential": {"base": "1s", "cap": "60s"}}"#;
    let healthy = poison.replace(r#""poison": 1, "#, "");
    let of = |spec: &str| {
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
            node("q", "queue", spec),
            service("w", 5, ""),
            node("dead", "queue", ""),
        ];
        let links = [
            link("u->q", r#""mode": "publish""#),
            link("q->w", r#""mode": "consume""#),
            link("q->dead", r#""mode": "dead_letter""#),
        ];
        design(r#""duration": "80s""#, &nodes, &links, &[])
    };
    let mut simulation = Simulation::new(&of(poison));
    // The first message comes at 10 ms; those after it are fine.
    simulation.run_until(15_000_000, u64::MAX);
    simulation.edit(&of(&healthy));
    simulation.tap_mut().is_open = true;
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    let report = serde_json::to_value(simulation.report()).unwrap();
    let messages = &report["nodes"]["q"]["messages"];
    assert_eq!(
        (
            messages["redelivered"].as_u64(),
            messages["dead_lettered"].as_u64()
        ),
        (Some(5), Some(1))
    );
    // Blocked for 31.03 s: messages that arrived meanwhile wait, and are worked off at 200 - 100 a
    // second.
    let backlog = messages["backlog"]["max"].as_f64().unwrap();
    assert!((backlog - 3103.0).abs() <= 2.0, "{backlog}");
    assert!((messages["oldest_ms"]["max"].as_f64().unwrap() - 31_020.0).abs() < 20.0);
}

#[test]
fn each_partition_has_one_message_in_flight_and_keeps_its_order() {
    let run = run_queue([0; 4], r#""partitions": 1"#, &service("w", 10, ""), "", &[]);
    assert_eq!(run.sent("q->w"), [0.0, 10.0, 20.0, 30.0]);
}

/// Twelve partitions of even load: a consumer with three of them is the bottleneck.
#[test]
fn partitions_bound_how_many_consumers_work() {
    for (partitions, consumers, most, idle, rate) in [
        (12, 5, 3, 0, 400.0),
        (12, 12, 1, 0, 1200.0),
        (12, 16, 1, 4, 1200.0),
        (10, 4, 3, 0, 1000.0 / 3.0),
    ] {
        let nodes = [
            node(
                "u",
                "client",
                &format!(r#""arrivals": {{"constant": "{}/s"}}"#, 2.0 * rate),
            ),
            node(
                "q",
                "queue",
                &format!(r#""partitions": {partitions}, "capacity": null"#),
            ),
            service(
                "w",
                10,
                &format!(r#""concurrency": 1, "replicas": {consumers}"#),
            ),
        ];
        let run = run_with(
            r#""duration": "20s", "drain": false"#,
            &nodes,
            &links(""),
            &[],
        );
        let readers = run.report["nodes"]["q"]["messages"]["readers"]
            .as_array()
            .unwrap();
        let shares: Vec<u64> = readers
            .iter()
            .map(|reader| reader["partitions"].as_u64().unwrap())
            .collect();
        assert_eq!(shares.iter().max(), Some(&most));
        assert_eq!(shares.iter().filter(|share| **share == 0).count(), idle);
        // All partitions are overloaded: each consumer that has any works all the time.
        let busy = (consumers - idle) as f64;
        let done = run.number("/nodes/q/messages/acknowledged") / (busy * 100.0 * 20.0);
        assert!(
            (0.99..=1.0).contains(&done),
            "{partitions} for {consumers}: {done}"
        );
    }
}

#[test]
fn a_dead_reader_is_missed_when_its_session_runs_out() {
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "1000/s"}, "operations": [{"name": "m", "keys": {"uniform": {"n": 100000}}}]"#,
        ),
        node(
            "q",
            "queue",
            r#""partitions": 4, "session_timeout": "4s", "heartbeat": "1s", "capacity": null"#,
        ),
        service("w", 1, r#""replicas": 4"#),
    ];
    let crash = fault("crash", "w", 10_000, 50_000, r#""replica": 1"#);
    let settings = r#""duration": "40s", "drain": false"#;
    let run = run_with(settings, &nodes, &links(""), &[crash]);
    let readers = &run.report["nodes"]["q"]["messages"]["readers"];
    assert_eq!(readers.as_array().unwrap().len(), 3, "{readers}");
    // Noticed between 3 and 4 s after its death: its quarter of the messages waited meanwhile.
    let backlog = run.number("/nodes/q/messages/backlog/max");
    assert!((700.0..1100.0).contains(&backlog), "{backlog}");
    let oldest = run.number("/nodes/q/messages/oldest_ms/max");
    assert!((3000.0..=4001.0).contains(&oldest), "{oldest}");
    assert_eq!(run.number("/nodes/q/messages/waiting").max(3.0), 3.0);
}

#[test]
fn a_reader_that_is_back_in_time_keeps_its_partitions() {
    let spec = r#""partitions": 1, "session_timeout": "10s", "heartbeat": "1s""#;
    let worker = service("w", 100, r#""replicas": 2"#);
    let crash = fault("crash", "w", 50, 3000, r#""replica": 0"#);
    let run = run_queue([0, 1], spec, &worker, "", &[crash]);
    // The first was with it when it died, and is the first again.
    assert_eq!(run.sent("q->w"), [0.0, 3000.0, 3100.0]);
    assert_eq!(
        run.messages("q"),
        "published 2, delivered 3, redelivered 1, acknowledged 2"
    );
}

#[test]
fn what_a_reader_was_at_when_it_was_missed_is_first_again() {
    let spec = r#""partitions": 1, "session_timeout": "500ms", "heartbeat": "100ms""#;
    let worker = service("w", 10, r#""replicas": 2"#);
    let hung = |until: u64| {
        let hang = fault("hang", "w", 5, until, r#""replica": 0"#);
        run_queue([0, 1], spec, &worker, "", &[hang])
    };
    // Halfway through the first message it hangs, which is noticed 500 ms after its last heartbeat.
    // What it finally finishes is ignored.
    let run = hung(2_000);
    let sent = run.sent("q->w");
    let missed = sent[1];
    assert!((400.0..=505.0).contains(&missed), "{missed}");
    assert_eq!(sent, [0.0, missed, missed + 10.0]);
    assert_eq!(
        run.messages("q"),
        "published 2, delivered 3, redelivered 1, acknowledged 2"
    );
    assert_eq!(run.number("/nodes/w/completions"), 3.0);
    // If it is back before that, it continues where it was.
    let run = hung(300);
    assert_eq!(run.sent("q->w"), [0.0, 305.0]);
}

#[test]
fn what_is_fetched_ahead_waits_at_its_replica() {
    // Two replicas of one slot; the first message keeps one of them busy for long.
    let worker = service("w", 100, r#""replicas": 2, "concurrency": 1"#);
    let wide = run_queue([0; 6], "", &worker, r#""prefetch": 3"#, &[]);
    assert_eq!(wide.sent("q->w"), [0.0; 6]);
    let narrow = run_queue([0; 6], "", &worker, r#""prefetch": 1"#, &[]);
    assert_eq!(narrow.sent("q->w"), [0.0, 0.0, 100.0, 100.0, 200.0, 200.0]);
    // A slow replica keeps what it fetched, although the other is idle.
    let slow = [fault(
        "slowdown",
        "w",
        0,
        50_000,
        r#""replica": 0, "times": 10"#,
    )];
    let kept = run_queue([0; 6], "", &worker, r#""prefetch": 3"#, &slow);
    assert_eq!(kept.number("/links/q->w/latency_ms/max"), 3000.0);
    let fair = run_queue([0; 6], "", &worker, r#""prefetch": 1"#, &slow);
    assert_eq!(fair.sent("q->w"), [0.0, 0.0, 100.0, 200.0, 300.0, 400.0]);
}

#[test]
fn ages_and_waits_of_messages_are_exact() {
    let down = [fault("crash", "w", 0, 2000, "")];
    let run = run_queue(
        [1000, 1500],
        "",
        &service("w", 10, r#""concurrency": 1"#),
        r#""concurrency": 1"#,
        &down,
    );
    // The first waits from 1 to 2 s, the second from 1.5 to 2.01 s; the head's age is 0 to 1 s,
    // then 0.5 to 0.51 s, over 60 s.
    assert_eq!(
        run.number("/nodes/q/messages/wait_ms/mean"),
        (1000.0 + 510.0) / 2.0
    );
    assert_eq!(run.number("/nodes/q/messages/oldest_ms/max"), 1000.0);
    let mean = (500_000.0 + 505.0 * 10.0) / 60_000.0;
    assert!((run.number("/nodes/q/messages/oldest_ms/mean") - mean).abs() < 1e-9);
    assert_eq!(run.number("/nodes/q/messages/backlog/max"), 2.0);
}

#[test]
fn edits_of_subscribers_and_partitions_keep_messages() {
    let of = |spec: &str, replicas: u32| {
        let worker = service("w", 1, &format!(r#""replicas": {replicas}"#));
        let down = [fault("crash", "w", 0, 5000, "")];
        design(
            r#""duration": "10s""#,
            &nodes(0..50, spec, &worker),
            &links(""),
            &down,
        )
    };
    let mut simulation = Simulation::new(&of("", 1));
    for (at, spec, replicas) in [
        (1, r#""partitions": 7"#, 2),
        (2, r#""partitions": 3, "fan_out": true"#, 3),
        (3, r#""fan_out": true"#, 1),
        (4, "", 1),
    ] {
        simulation.run_until(at * 1_000_000_000, u64::MAX);
        simulation.edit(&of(spec, replicas));
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    }
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    assert_eq!(report["nodes"]["q"]["messages"]["acknowledged"], 50);
}

#[test]
fn a_fault_poisons_the_next_messages() {
    // Four messages. Of those published from 15 ms on, the next two are poison, and each is
    // attempted three times before it becomes a dead letter.
    let nodes = [
        replay([0, 10, 20, 30, 40]),
        service("api", 1, ""),
        node(
            "jobs",
            "queue",
            r#""max_receives": 3, "redelivery": "at_once""#,
        ),
        service("worker", 5, ""),
        node("dead", "queue", ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->jobs", r#""mode": "publish""#),
        link("jobs->worker", r#""mode": "consume", "concurrency": 1"#),
        link("jobs->dead", r#""mode": "dead_letter""#),
    ];
    let run_with = |faults: &[String]| run_with(r#""drain": false"#, &nodes, &links, faults);
    let poison = fault("poison_message", "jobs", 15, 16, r#""messages": 2"#);
    let run = run_with(&[poison]);
    assert_eq!(run.number("/nodes/jobs/messages/dead_lettered"), 2.0);
    assert_eq!(run.number("/nodes/jobs/messages/acknowledged"), 3.0);
    assert_eq!(run.number("/links/jobs->worker/attempts"), 3.0 + 2.0 * 3.0);
    let calm = run_with(&[]);
    assert_eq!(calm.number("/nodes/jobs/messages/acknowledged"), 5.0);
}
