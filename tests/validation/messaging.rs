//! Queues and consumers: delivery, order, dead letters, sagas.

use super::harness::{
    Measured, Point, Report, design, link, per_s, report, run, s, settings, simulate, users, with,
};
use serde_json::{Value as Json, json};

fn queue(more: Json) -> Json {
    with(
        json!({"id": "queue", "kind": "queue", "capacity": null}),
        more,
    )
}

fn worker(time: &str, more: Json) -> Json {
    with(
        json!({"id": "worker", "kind": "service", "concurrency": null, "service_time": time}),
        more,
    )
}

fn publish() -> Json {
    with(link("users", "queue"), json!({"mode": "publish"}))
}

fn consume(concurrency: u32) -> Json {
    with(
        link("queue", "worker"),
        json!({"mode": "consume", "concurrency": concurrency}),
    )
}

const MESSAGES: &str = "/nodes/queue/messages";

fn of_messages(r: &Report, name: &str) -> f64 {
    r.count(&format!("{MESSAGES}/{name}"))
}

/// A visibility timeout shorter than the work.
pub(crate) fn visibility(p: &Point) -> Measured {
    let text = p.text("processing");
    let time = match text.strip_prefix("exactly ") {
        Some(exact) => format!("const({}s)", exact.split(' ').next().unwrap_or("1")),
        None => text.to_lowercase().replace(' ', ""),
    };
    // A second receipt is the last: what counts is whether a message came again at all.
    let queue = queue(json!({"visibility_timeout": s(p.n("visibility_s")), "max_receives": 2}));
    let r = run(design(
        settings(3, 500.0, 0.0),
        json!([users(100.0), queue, worker(&time, json!({}))]),
        json!([publish(), consume(1_000_000)]),
    ));
    let published = of_messages(&r, "published");
    let again = of_messages(&r, "delivered") / published - 1.0;
    vec![
        ("prob_redelivered", json!(again)),
        ("deliveries_per_message", json!(1.0 + again)),
        (
            "duplicates",
            json!(r.n("/nodes/worker/completions") / published - 1.0),
        ),
    ]
}

/// Messages that fail again and again.
pub(crate) fn dead_letters(p: &Point) -> Measured {
    let queue = queue(json!({"visibility_timeout": "1s", "max_receives": p.n("max_receive")}));
    let dead = with(link("queue", "dead"), json!({"mode": "dead_letter"}));
    let nodes = json!([users(1000.0), queue, worker("const(1ms)", json!({"error_rate": p.n("c")})),
        {"id": "dead", "kind": "queue", "capacity": null}]);
    let mut whole = design(
        settings(3, 200.0, 0.0),
        nodes,
        json!([publish(), consume(100_000), dead]),
    );
    whole["drain"] = json!(true);
    let r = run(whole);
    let published = of_messages(&r, "published");
    vec![
        (
            "dlq_fraction",
            json!(of_messages(&r, "dead_lettered") / published),
        ),
        (
            "mean_receives",
            json!(of_messages(&r, "delivered") / published),
        ),
    ]
}

/// A partition has one consumer: more consumers than partitions stand idle.
pub(crate) fn partitions(p: &Point) -> Measured {
    let (partitions, consumers, rate) = (
        p.n("partitions"),
        p.n("consumers"),
        p.n("per_consumer_rate"),
    );
    let go = |offered: f64| {
        let client = with(
            users(offered),
            json!({"operations": [{"effect": "write", "keys": {"uniform": {"n": 1_000_000}}}]}),
        );
        // One message at a time per consumer: the rate is what its work allows.
        let worker = worker(
            &format!("const({}s)", 1.0 / rate),
            json!({"replicas": consumers, "concurrency": 1}),
        );
        let mut whole = design(
            settings(3, 1000.0, 20.0),
            json!([client, queue(json!({"partitions": partitions})), worker]),
            json!([publish(), consume(1)]),
        );
        whole["drain"] = json!(false);
        run(whole)
    };
    // The fastest rate at which every consumer still keeps up with its partitions.
    let keeps_up =
        |offered: f64| go(offered).n(&format!("{MESSAGES}/waiting")) < 0.002 * offered * 1000.0;
    let (mut low, mut high) = (rate, rate * consumers.max(partitions) * 1.2);
    while high - low > 0.01 * low {
        let middle = (low + high) / 2.0;
        if keeps_up(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    let r = go(rate);
    let served: Vec<f64> = r
        .at("/nodes/worker/replicas")
        .as_array()
        .into_iter()
        .flatten()
        .map(|replica| replica["arrivals"].as_f64().unwrap_or(0.0))
        .collect();
    let total: f64 = served.iter().sum();
    let share = |arrivals: &f64| (arrivals / total * partitions).round();
    vec![
        (
            "max_partitions_on_one",
            json!(served.iter().map(share).fold(0.0, f64::max)),
        ),
        (
            "idle_consumers",
            json!(served.iter().filter(|arrivals| **arrivals == 0.0).count() as f64),
        ),
        ("max_total_rate", json!((low + high) / 2.0)),
    ]
}

/// A message that cannot be processed holds up its partition.
pub(crate) fn poison(_: &Point) -> Measured {
    let client = json!({"id": "users", "kind": "client", "arrivals": {"constant": "100/s"},
        "operations": [{"effect": "write", "keys": {"uniform": {"n": 1}}}]});
    let queue = queue(json!({"partitions": 1, "max_receives": 6,
        "redelivery": {"exponential": {"base": "1s", "cap": "16s"}}, "visibility_timeout": "1h"}));
    let worker = worker("const(5ms)", json!({"replicas": 1, "concurrency": 1}));
    let mut whole = design(
        settings(3, 120.0, 0.0),
        json!([client, queue, worker]),
        json!([publish(), consume(1)]),
    );
    whole["faults"] =
        json!([{"kind": "poison_message", "target": "queue", "at": "10s", "for": null}]);
    let mut simulation = simulate(whole);
    let mut waiting = Vec::new();
    for tick in 0..=12_000u64 {
        simulation.run_until(tick * 10_000_000, u64::MAX);
        waiting.push(report(&simulation).n(&format!("{MESSAGES}/waiting")));
    }
    let peak = waiting.iter().copied().fold(0.0, f64::max);
    let at = |holds: &dyn Fn(f64) -> bool, from: usize| {
        (from..waiting.len())
            .find(|tick| holds(waiting[*tick]))
            .unwrap_or(waiting.len()) as f64
            / 100.0
    };
    let begun = at(&|waiting| waiting > 3.0, 0);
    let top = waiting
        .iter()
        .position(|waiting| *waiting == peak)
        .unwrap_or(0);
    let drained = at(&|waiting| waiting < 3.0, top);
    vec![
        ("blocked_s", json!(top as f64 / 100.0 - begun + 0.03)),
        ("backlog", json!(peak)),
        ("drain_s", json!(drained - top as f64 / 100.0)),
    ]
}

/// Steps one after another, each undone when a later one fails.
///
/// Step k calls step k + 1. When that fails, it calls its own compensation, which counts and then
/// says error, so that the step above hears of the failure too.
pub(crate) fn saga(p: &Point) -> Measured {
    let (steps, fails) = (p.n("steps") as u32, p.n("p"));
    let (mut nodes, mut links) = (vec![users(1000.0)], vec![link("users", "step1")]);
    for step in 1..=steps {
        let id = format!("step{step}");
        nodes.push(json!({"id": id, "kind": "service", "concurrency": null, "service_time": "const(1ms)", "error_rate": fails}));
        if step < steps {
            let undo = format!("undo{step}");
            nodes.push(json!({"id": undo, "kind": "service", "concurrency": null, "service_time": "const(1ms)", "error_rate": 1.0}));
            links.push(with(
                link(&id, &format!("step{}", step + 1)),
                json!({"stage": 0}),
            ));
            links.push(with(
                link(&id, &undo),
                json!({"stage": 1, "when": "on_error"}),
            ));
        }
    }
    let r = run(design(settings(3, 100.0, 0.0), json!(nodes), json!(links)));
    let undone: f64 = (1..steps)
        .map(|step| r.n(&format!("/nodes/undo{step}/arrivals")))
        .sum();
    vec![
        (
            "prob_success",
            json!(r.n("/requests/ok") / r.n("/requests/completed")),
        ),
        (
            "compensations_per_saga",
            json!(undone / r.n("/requests/completed")),
        ),
    ]
}

/// A relay that polls the outbox of a database.
pub(crate) fn outbox(p: &Point) -> Measured {
    let rate = p.n("rate");
    let client = json!({"id": "users", "kind": "client", "arrivals": {"poisson": per_s(rate)},
        "operations": [{"name": "write", "effect": "write"}]});
    let database = json!({"id": "db", "kind": "database", "connections": null, "concurrency": 1000, "write_time": "const(0s)"});
    let relay = with(
        link("db", "queue"),
        json!({"mode": "publish", "relay": {"poll": "500ms", "batch": 100}}),
    );
    let copy = json!({"id": "view", "kind": "database", "copy_of": "db", "connections": null, "concurrency": 1000, "write_time": "const(0s)"});
    let nodes = json!([
        client,
        database,
        queue(json!({})),
        worker("const(0s)", json!({})),
        copy
    ]);
    let mut whole = design(
        settings(3, 300.0, 0.0),
        nodes,
        json!([
            link("users", "db"),
            relay,
            consume(100_000),
            link("worker", "view")
        ]),
    );
    whole["drain"] = json!(false);
    let r = run(whole);
    let (written, relayed) = (r.n("/nodes/db/completions"), of_messages(&r, "published"));
    let growth = (written - relayed) / 300.0;
    vec![
        ("mean_lag_s", json!(r.s("/data/effect_delay_ms/mean"))),
        ("stable", json!(growth < 1.0)),
        ("lag_growth_per_s", json!(growth)),
    ]
}

/// A consumer dies: its partitions wait until the others are given them.
pub(crate) fn rebalance(p: &Point) -> Measured {
    let (session, heartbeat) = (p.n("session_timeout_s"), p.n("heartbeat_s"));
    let runs = 20u32;
    let (mut detected, mut lag, mut drained) = (0.0, 0.0, 0.0);
    for n in 0..runs {
        let client = json!({"id": "users", "kind": "client", "arrivals": {"constant": "1000/s"},
            "operations": [{"effect": "write", "keys": {"uniform": {"n": 1_000_000}}}]});
        let worker = worker("const(2.5ms)", json!({"replicas": 4, "concurrency": 1}));
        let queue = queue(
            json!({"partitions": 12, "session_timeout": s(session), "heartbeat": s(heartbeat)}),
        );
        let mut whole = design(
            settings(u64::from(n) + 1, 250.0, 0.0),
            json!([client, queue, worker]),
            json!([publish(), consume(1)]),
        );
        let at = 30.0 + heartbeat * (f64::from(n) + 0.5) / f64::from(runs);
        whole["faults"] =
            json!([{"kind": "crash", "target": "worker", "replica": 0, "at": s(at), "for": null}]);
        whole["drain"] = json!(false);
        let mut simulation = simulate(whole);
        let mut waiting = Vec::new();
        for tick in 0..2500u64 {
            simulation.run_until(tick * 100_000_000, u64::MAX);
            waiting.push(report(&simulation).n(&format!("{MESSAGES}/waiting")));
        }
        let peak = waiting.iter().copied().fold(0.0, f64::max);
        let top = waiting
            .iter()
            .position(|waiting| *waiting == peak)
            .unwrap_or(0);
        let empty = (top..waiting.len())
            .find(|tick| waiting[*tick] < 20.0)
            .unwrap_or(waiting.len());
        detected += top as f64 / 10.0 - at;
        lag += peak;
        drained += (empty - top) as f64 / 10.0;
    }
    let mean = |sum: f64| json!(sum / f64::from(runs));
    vec![
        ("mean_detection_s", mean(detected)),
        ("lag_at_detection", mean(lag)),
        ("drain_s_after_takeover", mean(drained)),
    ]
}

/// How long a silent member is believed alive.
pub(crate) fn heartbeats(p: &Point) -> Measured {
    let (heartbeat, timeout) = (p.n("heartbeat_s"), p.n("timeout_s"));
    let runs = 50u32;
    let mut delays = Vec::new();
    for n in 0..runs {
        let client = json!({"id": "users", "kind": "client", "arrivals": {"constant": "10/s"},
            "operations": [{"effect": "write", "keys": {"uniform": {"n": 1}}}]});
        let worker = worker("const(1ms)", json!({"replicas": 2, "concurrency": 1}));
        let queue = queue(
            json!({"partitions": 1, "session_timeout": s(timeout), "heartbeat": s(heartbeat)}),
        );
        let at = 2.0 * heartbeat + heartbeat * (f64::from(n) + 0.5) / f64::from(runs);
        let mut whole = design(
            settings(1, at + timeout + 10.0, 0.0),
            json!([client, queue, worker]),
            json!([publish(), consume(1)]),
        );
        whole["faults"] =
            json!([{"kind": "crash", "target": "worker", "replica": 0, "at": s(at), "for": null}]);
        whole["drain"] = json!(false);
        let r = run(whole);
        // Ten messages a second wait for whoever takes the partition over.
        delays.push(of_messages(&r, "backlog/max") / 10.0);
    }
    let mean = delays.iter().sum::<f64>() / f64::from(runs);
    vec![
        ("mean_s", json!(mean)),
        (
            "min_s",
            json!(delays.iter().copied().fold(f64::INFINITY, f64::min)),
        ),
        ("max_s", json!(delays.iter().copied().fold(0.0, f64::max))),
    ]
}
