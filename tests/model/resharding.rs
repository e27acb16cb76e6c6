//! Resharding: its cost, its waits, and that nothing is lost.

use crate::*;

/// Returns requests at these moments, of a client whose operations are all of one kind on this many
/// keys.
fn of_keys(id: &str, effect: &str, keys: u64, moments: &[u64]) -> String {
    let operations = format!(
        r#""operations": [{{"name": "{effect}", "effect": "{effect}", "keys": {{"uniform": {{"n": {keys}}}}}}}]"#
    );
    replay_by(id, moments.iter().copied(), &operations)
}

/// By range: of four keys, 2 and 3 go to the second shard. Copying a key takes 20 ms at each.
fn reshard(rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    format!(
        r#"{{"kind": "reshard", "target": "db", "at": "100ms", "copy_time": "20ms", "cutover": "30ms"{comma}{rest}}}"#
    )
}

fn ranges(ms: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    let rest = format!(
        r#""concurrency": 1, "shards": {{"by": "range"}}, "member_latency": "const(0s)"{comma}{rest}"#
    );
    database("db", ms, &rest)
}

impl Run {
    fn moved(&self, name: &str) -> f64 {
        self.number(&format!("/nodes/db/database/reshardings/0/{name}"))
    }

    fn members(&self) -> Vec<f64> {
        let members = self.report["nodes"]["db"]["replicas"].as_array().unwrap();
        let arrivals = members.iter().map(|member| member["arrivals"].as_f64());
        arrivals.map(Option::unwrap).collect()
    }
}

#[test]
fn keys_move_batch_by_batch_and_the_copying_takes_slots() {
    // Two batches of one key: 20 ms at the first shard, 20 ms at the second, 30 ms of cutover.
    let reads = of_keys("r", "read", 4, &[90, 101, 125, 150, 175]);
    let nodes = [reads, ranges(10, "")];
    let links = [link("r->db", "")];
    let run = run_with("", &nodes, &links, &[reshard(r#""batch": 1"#)]);
    assert_eq!(run.moved("keys_moved"), 2.0);
    assert_eq!((run.moved("from"), run.moved("to")), (1.0, 2.0));
    assert_eq!((run.moved("at_s"), run.moved("took_s")), (0.1, 0.14));
    // A call that arrives while the first shard copies waits for it: at 101 until 120, at 175 until
    // 190. From 120 on the first shard is free; nothing is at the second yet.
    assert_eq!(
        run.trace("r->db"),
        "call 90, answer 100, call 101, call 125, answer 130, answer 140, call 150, answer 160, \
         call 175, answer 200"
    );
    // In one batch: 40 + 40 + 30.
    let whole = run_with("", &nodes, &links, &[reshard("")]);
    assert_eq!(whole.moved("took_s"), 0.11);
    // At most 10 keys a second: the second batch begins 100 ms after the first, at the earliest.
    let slow = r#""batch": 1, "rate": "10/s""#;
    let slow = run_with("", &nodes, &links, &[reshard(slow)]);
    assert_eq!(slow.moved("took_s"), 0.17);
}

#[test]
fn a_write_of_a_key_waits_for_its_cutover_and_nothing_else_does() {
    // By range two keys are two shards: key 1 moves, in the cutover from 140 to 170.
    let seeded = |seed: u64, at: u64, effect: &str| {
        let nodes = [of_keys("w", effect, 2, &[at]), ranges(1, "")];
        let seed = format!(r#""seed": {seed}"#);
        run_with(&seed, &nodes, &[link("w->db", "")], &[reshard("")])
    };
    // Which of the keys the one request is for depends on the seed.
    let is_of_second = |seed: &u64| seeded(*seed, 165, "write").members() == [0.0, 1.0];
    let is_of_first = |seed: &u64| !is_of_second(seed);
    let stays = seeded((1..).find(is_of_first).unwrap(), 165, "write");
    assert_eq!((stays.latency(), stays.moved("held_writes")), (1.0, 0.0));
    let seed = (1..).find(is_of_second).unwrap();
    let written = |at: u64, effect: &str| seeded(seed, at, effect);
    let late = written(165, "write");
    assert_eq!((late.latency(), late.moved("held_writes")), (6.0, 1.0));
    assert_eq!(late.moved("hold_ms/max"), 5.0);
    // A read continues at the old shard meanwhile, and so does a write before the cutover.
    let read = written(165, "read");
    assert_eq!((read.latency(), read.members()), (1.0, vec![1.0, 0.0]));
    let before = written(139, "write");
    assert_eq!((before.latency(), before.moved("held_writes")), (1.0, 0.0));
    // Afterwards it goes to the new one.
    let after = written(171, "write");
    assert_eq!((after.latency(), after.members()), (1.0, vec![0.0, 1.0]));
}

#[test]
fn what_is_still_at_the_old_shard_when_its_key_has_moved_is_sent_on() {
    // One write of 100 ms begun at 125: its key moves at 170, it is done at the old shard at 225,
    // and done at the new one at 325. Then a read sees it.
    let nodes = [
        of_keys("w", "write", 2, &[125]),
        of_keys("r", "read", 2, &[400]),
        ranges(100, ""),
    ];
    let links = [link("w->db", ""), link("r->db", "")];
    let seeded = |seed: u64| {
        let seed = format!(r#""seed": {seed}"#);
        run_with(&seed, &nodes, &links, &[reshard("")])
    };
    let is_sent_on = |run: &Run| run.moved("redirected") == 1.0;
    let run = (1..).map(seeded).find(is_sent_on).unwrap();
    assert_eq!(run.trace("w->db"), "call 125, answer 325");
    assert_eq!(run.number("/data/lost_writes"), 0.0);
    assert_eq!(run.number("/data/stale_reads"), 0.0);
}

#[test]
fn a_shard_that_dies_is_waited_for_and_nothing_is_lost() {
    // Copying at the first shard until 140 is interrupted at 110: a second later it starts over.
    let nodes = [
        of_keys(
            "w",
            "write",
            100,
            &(0..200).map(|n| 10 * n).collect::<Vec<_>>(),
        ),
        of_keys(
            "r",
            "read",
            100,
            &(0..400).map(|n| 5 * n + 1).collect::<Vec<_>>(),
        ),
        ranges(1, ""),
    ];
    let links = [link("w->db", ""), link("r->db", "")];
    let settings = r#""duration": "3s""#;
    let quick = r#""copy_time": "1ms", "batch": 1000"#;
    let reshard = format!(
        r#"{{"kind": "reshard", "target": "db", "at": "100ms", "cutover": "30ms", {quick}}}"#
    );
    for replica in [0, 1] {
        let crash = fault("crash", "db", 110, 500, &format!(r#""replica": {replica}"#));
        let run = run_with(settings, &nodes, &links, &[reshard.clone(), crash]);
        // The second shard is there from 100 on; it is dead when its part comes at 150.
        let noticed = [0.01, 0.05][replica];
        assert_eq!(run.moved("retries"), 1.0);
        // 50 keys: 50 ms at each, among calls of 1 ms, and 30 of cutover.
        let took = run.moved("took_s") - noticed - 1.0;
        assert!((0.129..0.15).contains(&took), "{took}");
        assert_eq!(run.number("/data/lost_writes"), 0.0);
        assert_eq!(run.number("/data/stale_reads"), 0.0);
        assert_eq!(run.number("/data/divergent_keys"), 0.0);
    }
}

#[test]
fn with_copies_and_with_quorums_no_version_is_lost_on_the_way() {
    let writes: Vec<u64> = (0..700).map(|n| 4 * n).collect();
    let reads: Vec<u64> = (0..700).map(|n| 4 * n + 1).collect();
    let nodes = |replication: &str, by: &str, count: u32| {
        let rest = format!(
            r#""connections": null, "shards": {{"count": {count}, "by": "{by}", "tenants": 7}}, "replication": {{"lag": "const(5ms)", {replication}}}"#
        );
        [
            of_keys("w", "write", 50, &writes),
            of_keys("r", "read", 50, &reads),
            database("db", 3, &rest),
        ]
    };
    let links = [link("w->db", ""), link("r->db", "")];
    let settings = r#""duration": "4s""#;
    for replication in [
        r#""mode": "async""#,
        r#""mode": "semi_sync""#,
        r#""mode": "quorum""#,
    ] {
        for by in ["hash", "modulo", "range", "tenant"] {
            for (from, to) in [(2, 5), (5, 2)] {
                let reshard = format!(
                    r#"{{"kind": "reshard", "target": "db", "at": "500ms", "shards": {to}, "batch": 3, "copy_time": "5ms", "cutover": "20ms"}}"#
                );
                let run = run_with(settings, &nodes(replication, by, from), &links, &[reshard]);
                let label = format!("{replication} {by} {from} {to}");
                assert_eq!(run.failed(), "", "{label}");
                assert!(run.moved("keys_moved") > 0.0, "{label}");
                assert!(run.moved("took_s") > 0.0, "{label}");
                for metric in ["lost_writes", "stale_reads", "divergent_keys"] {
                    assert_eq!(
                        run.number(&format!("/data/{metric}")),
                        0.0,
                        "{label} {metric}"
                    );
                }
                assert_eq!(run.members().len(), 3 * to, "{label}");
            }
        }
    }
}

#[test]
fn the_figures_of_a_move_are_those_of_its_method() {
    let keys = |by: &str, from: u32, to: u32| {
        let nodes = [
            of_keys("r", "read", 10_000, &[0]),
            database(
                "db",
                1,
                &format!(r#""shards": {{"count": {from}, "by": "{by}"}}"#),
            ),
        ];
        let reshard = format!(
            r#"{{"kind": "reshard", "target": "db", "at": "0s", "shards": {to}, "copy_time": "1us"}}"#
        );
        let settings = r#""duration": "60s""#;
        let run = run_with(settings, &nodes, &[link("r->db", "")], &[reshard]);
        run.moved("keys_moved")
    };
    // From 4 to 5 shards: by hash a fifth, within 5 deviations of 40; modulo four fifths. Of halved
    // ranges, the upper halves.
    assert!((keys("hash", 4, 5) - 2_000.0).abs() < 200.0);
    assert!((keys("modulo", 4, 5) - 8_000.0).abs() < 200.0);
    assert_eq!(keys("range", 1, 2), 5_000.0);
    assert_eq!(keys("range", 4, 8), 5_000.0);
}

#[test]
fn one_resharding_follows_another_and_an_edit_redraws_all() {
    let nodes = [of_keys("r", "read", 100, &[1900]), ranges(1, "")];
    let links = [link("r->db", "")];
    let two =
        r#"{"kind": "reshard", "target": "db", "at": "0s", "copy_time": "10ms", "batch": 1000}"#;
    let four = r#"{"kind": "reshard", "target": "db", "at": "1ms", "copy_time": "10ms", "batch": 1000, "shards": 4}"#;
    let faults = [two.to_owned(), four.to_owned()];
    let settings = r#""duration": "4s""#;
    let run = run_with(settings, &nodes, &links, &faults);
    let began = |place: u32| run.number(&format!("/nodes/db/database/reshardings/{place}/at_s"));
    // 50 keys of 10 ms at either shard, and 10 ms of cutover; then two pairs of 25 at the same
    // time.
    assert_eq!((began(0), began(1)), (0.0, 1.01));
    assert_eq!(run.moved("took_s"), 1.01);
    assert_eq!(run.number("/nodes/db/database/reshardings/1/took_s"), 0.51);
    // An edit of the shards in the middle of it: they are three immediately.
    let mut simulation = Simulation::new(&design(settings, &nodes, &links, &faults));
    simulation.run_until(500_000_000, u64::MAX);
    let edited = [
        nodes[0].clone(),
        ranges(1, r#""shards": {"by": "range", "count": 3}"#).replacen(
            r#""shards": {"by": "range"}, "#,
            "",
            1,
        ),
    ];
    simulation.edit(&design(settings, &edited, &links, &faults));
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    let report = serde_json::to_value(simulation.report()).unwrap();
    let moves = &report["nodes"]["db"]["database"]["reshardings"];
    assert_eq!(moves.as_array().unwrap().len(), 1);
    assert_eq!(moves[0]["keys_moved"].as_f64(), Some(0.0));
    assert_eq!(
        report["nodes"]["db"]["replicas"].as_array().unwrap().len(),
        3
    );
    // Any other edit lets it continue, its batch from the start.
    let mut simulation = Simulation::new(&design(settings, &nodes, &links, &faults[..1]));
    simulation.run_until(500_000_000, u64::MAX);
    let edited = [nodes[0].clone(), ranges(2, "")];
    simulation.edit(&design(settings, &edited, &links, &faults[..1]));
    simulation.run();
    let report = serde_json::to_value(simulation.report()).unwrap();
    let moves = &report["nodes"]["db"]["database"]["reshardings"];
    assert_eq!(moves[0]["keys_moved"].as_f64(), Some(50.0));
    assert_eq!(
        report["nodes"]["db"]["replicas"].as_array().unwrap().len(),
        2
    );
}
