//! Both sides of a partition: which side answers, which refuses, and what is lost or undone when
//! they meet.

use super::replication::{of_key, ran, replicated};
use crate::*;

/// Members in zones a, b and c, the first of which leads; users in a and c.
fn cut(zone: &str, replication: &str, near: &[u64], far: &[u64]) -> Run {
    let clients = [
        of_key("ua", "write", near, r#""zone": "a""#),
        of_key("uc", "write", far, r#""zone": "c""#),
    ];
    let replication = format!(r#""replicas": 3{replication}"#);
    let database = replicated(&replication, r#""zones": ["a", "b", "c"]"#);
    ran(
        &clients,
        database,
        &[fault("partition", zone, 100, 600, "")],
    )
}

#[test]
fn refusing_costs_the_smaller_side_its_answers() {
    let run = cut("c", "", &[200, 400], &[50, 200, 400, 610]);
    assert_eq!(
        run.trace("ua->db"),
        "call 200, answer 210, call 400, answer 410"
    );
    assert_eq!(
        run.trace("uc->db"),
        "call 50, answer 60, call 200, failure 200, call 400, failure 400, call 610, answer 620"
    );
    assert_eq!(run.failed(), "unavailable 2");
    assert_eq!(
        (run.data("lost_writes"), run.copies("failovers")),
        (0.0, 0.0)
    );
    assert_eq!(run.data("divergent_keys"), 0.0);
}

#[test]
fn a_leader_on_the_smaller_side_steps_down_and_its_last_writes_are_lost() {
    // Noticed at 300; another leads from 400 on.
    let run = cut("a", "", &[150, 350], &[350, 450]);
    assert_eq!(
        run.trace("ua->db"),
        "call 150, answer 160, call 350, failure 350"
    );
    assert_eq!(
        run.trace("uc->db"),
        "call 350, failure 350, call 450, answer 460"
    );
    assert_eq!(
        (run.data("lost_writes"), run.copies("failovers")),
        (1.0, 1.0)
    );
    assert_eq!(run.data("divergent_keys"), 0.0);
    // With semi_sync it could not have promised that one.
    let run = cut("a", r#", "mode": "semi_sync""#, &[150], &[450]);
    assert_eq!(run.trace("ua->db"), "call 150, failure 160");
    assert_eq!(run.data("lost_writes"), 0.0);
}

#[test]
fn diverging_answers_everywhere_and_the_last_write_stands() {
    let diverge = r#", "on_partition": "diverge""#;
    let run = cut("a", diverge, &[150, 350], &[350, 450]);
    assert_eq!(
        run.trace("ua->db"),
        "call 150, answer 160, call 350, answer 360"
    );
    assert_eq!(
        run.trace("uc->db"),
        "call 350, failure 350, call 450, answer 460"
    );
    assert_eq!(
        (run.data("lost_writes"), run.copies("undone_writes")),
        (2.0, 2.0)
    );
    assert_eq!(run.data("divergent_keys"), 0.0);
    // The other way round: the side with the last write wins.
    let run = cut("a", diverge, &[150, 500], &[450]);
    assert_eq!(run.data("lost_writes"), 1.0);
    // Only one side wrote: nothing to reconcile.
    let run = cut("a", diverge, &[150, 350], &[650]);
    assert_eq!(
        (run.data("lost_writes"), run.data("divergent_keys")),
        (0.0, 0.0)
    );
    // A write in transit when they parted belongs to one side too.
    let run = cut("a", diverge, &[50], &[450]);
    assert_eq!(
        (run.data("lost_writes"), run.data("divergent_keys")),
        (1.0, 0.0)
    );
}

#[test]
fn a_quorum_may_be_as_large_as_its_side() {
    let quorum = r#", "mode": "quorum", "w": 2"#;
    let run = cut("a", quorum, &[200], &[300]);
    assert_eq!((run.failed().as_str(), run.ok()), ("unavailable 1", 1.0));
    let sloppy = format!(r#"{quorum}, "on_partition": "diverge""#);
    let run = cut("a", &sloppy, &[200], &[300]);
    assert_eq!((run.ok(), run.data("lost_writes")), (2.0, 1.0));
    assert_eq!(run.data("divergent_keys"), 0.0);
    let run = cut("a", &sloppy, &[200], &[650]);
    assert_eq!((run.ok(), run.data("lost_writes")), (2.0, 0.0));
}

#[test]
fn what_the_other_side_wrote_takes_its_time_to_come_over() {
    // The far side writes at 460; they meet at 600. The remaining leader has it a lag of 100 ms
    // later: a read of 620 is stale, one of 710 is not.
    let diverge = r#""replicas": 3, "on_partition": "diverge""#;
    let database = |rest: &str| {
        let replication = format!("{diverge}{rest}");
        replicated(&replication, r#""zones": ["a", "b", "c"]"#)
    };
    let clients = |reads: &[u64]| {
        [
            of_key("uc", "write", &[450], r#""zone": "c""#),
            of_key("r", "read", reads, r#""zone": "a""#),
        ]
    };
    let cut = [fault("partition", "a", 100, 600, "")];
    let stale = |reads: &[u64], rest: &str| {
        let run = ran(&clients(reads), database(rest), &cut);
        assert_eq!(run.data("lost_writes"), 0.0);
        assert_eq!(run.data("divergent_keys"), 0.0);
        (run.data("stale_reads"), run.copies("lag_ms/max"))
    };
    assert_eq!(stale(&[610, 685], ""), (2.0, 240.0));
    assert_eq!(stale(&[691, 720], ""), (0.0, 240.0));
    // And as long as it takes to apply it.
    let slow = r#", "apply_time": "const(50ms)""#;
    assert_eq!(stale(&[691, 745], slow), (1.0, 290.0));
}
