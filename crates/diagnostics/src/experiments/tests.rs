//! Which of several correct findings is at the top, for designs of the corpus and variants of them.

use crate::experiments::{Budget, Conclusion, Investigation, Job};
use crate::testing::{Says, lint, read, run};
use design::{Command, Design, Target, Value};
use report::{Finding, Severity, Standing};

/// Concludes from few experiments: causes that findings name and pathologies are tried first.
pub(super) fn conclude(design: &Design) -> Conclusion {
    let budget = Budget {
        experiments: 30,
        events: 60_000_000,
    };
    let mut investigation = Investigation::new(design, &run(design), budget);
    loop {
        let jobs: Vec<Job> = investigation.jobs().cloned().collect();
        if jobs.is_empty() {
            return investigation.conclusion();
        }
        for job in jobs {
            investigation.answer(job.id, job.answer(&run(job.course.design())));
        }
    }
}

/// Reads a design of the corpus.
fn case(name: &str) -> Design {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
    let case: serde_json::Value = serde_json::from_str(&text).unwrap();
    let design = format::json::read(&case["design"].to_string());
    design.unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn set(design: &mut Design, node: &str, field: &str, to: Value) {
    let target = Target::Node(node.to_owned());
    let command = Command::Set(target, field.to_owned(), to);
    design.apply(command).unwrap();
}

/// Returns the rules of the errors and warnings at the top.
fn loud(of: &Conclusion) -> Vec<&str> {
    let loud = of.findings.iter().filter(|f| f.severity != Severity::Note);
    loud.map(|finding| &*finding.rule).collect()
}

fn is_tried(of: &Conclusion, label: &str) -> bool {
    of.tried.iter().any(|tried| tried.without.contains(label))
}

/// A pool of connections, modeled as a service: half of the transactions need a second connection.
fn nested(connections: u32, back: &str) -> Design {
    read(&format!(
        r#"{{"nodes": [
        {{"id": "users", "kind": "client", "arrivals": {{"poisson": "60/s"}}, "patience": "9s"}},
        {{"id": "app", "kind": "service", "concurrency": 64, "service_time": "exp(2ms)"}},
        {{"id": "pool", "kind": "service", "concurrency": {connections},
            "service_time": "exp(8ms)"}},
        {{"id": "nested", "kind": "service", "concurrency": null, "service_time": "1ms"}},
        {{"id": "other", "kind": "service", "concurrency": 9, "service_time": "1ms"}}],
        "links": [{{"from": "users", "to": "app"}}, {{"from": "app", "to": "pool"}},
            {{"from": "pool", "to": "nested", "when": {{"probability": 0.5}}}},
            {{"from": "nested", "to": "{back}"}}],
        "requirements": [{{"metric": "availability", "at_least": 0.999}}],
        "warmup": "2s", "duration": "30s"}}"#
    ))
}

#[test]
fn calls_that_wait_for_another_slot_of_the_same_service_block_each_other() {
    let blocked = nested(5, "pool");
    let conclusion = conclude(&blocked);
    let first = &conclusion.findings[0];
    assert_eq!(
        (&*first.rule, first.standing),
        ("pool-exhaustion", Standing::Confirmed)
    );
    let what = first.what.text();
    assert!(
        what.starts_with("Calls that held the slots of pool"),
        "{what}"
    );
    assert!(
        lint("pool-exhaustion", &blocked)[0]
            .what
            .contains("in a ring")
    );
    // With enough slots the ring is only a possibility that the design shows.
    let near = conclude(&nested(400, "pool"));
    assert!(
        near.findings
            .iter()
            .flat_map(Finding::all)
            .all(|f| !f.measured)
    );
    assert!(lint("pool-exhaustion", &nested(5, "other")).is_empty());
}

#[test]
fn a_silent_dependency_is_the_cause_and_not_the_requests_that_need_it() {
    let silent = case("incidents/model-calls-hold-both-workers");
    assert_eq!(loud(&conclude(&silent)), ["unreliable-network"]);
    // Requests that always take long delay the others by themselves.
    let mut long = silent;
    long.faults.clear();
    set(&mut long, "model", "service_time", Value::text("exp(9s)"));
    assert_eq!(loud(&conclude(&long))[0], "head-of-line-blocking");
}

#[test]
fn long_work_of_a_client_of_its_own_is_the_cause_by_its_load() {
    let reports = case("faulty/reports-take-the-lookup-threads");
    assert_eq!(loud(&conclude(&reports)), ["head-of-line-blocking"]);
}

#[test]
fn a_leader_that_moved_far_away_is_named() {
    let moved = case("incidents/new-leader-on-the-far-coast");
    let conclusion = conclude(&moved);
    let first = &conclusion.findings[0];
    let what = first.what.text();
    assert!(
        what.starts_with("The leader of metadata moved to another zone"),
        "{what}"
    );
    assert!(
        first.why.contains("Trigger: zone east was cut off"),
        "{}",
        first.why.text()
    );
    // Where no leader moves, the sequential calls are what is slow.
    let mut stays = moved;
    stays.faults.clear();
    let farther = Command::Set(
        Target::Link("app-east->metadata".to_owned()),
        "latency".to_owned(),
        Value::text("25ms"),
    );
    stays.apply(farther).unwrap();
    let conclusion = conclude(&stays);
    assert_eq!(loud(&conclusion)[0], "data-ownership");
    assert!(!is_tried(&conclusion, "another zone"));
}

#[test]
fn immediate_retries_that_fill_a_node_are_a_herd_and_others_are_not() {
    let herd = case("incidents/reconnect-herd-fills-frontends");
    let conclusion = conclude(&herd);
    let first = &conclusion.findings[0];
    assert_eq!(&*first.rule, "thundering-herd");
    assert!(
        first.why.contains("frontends ran out of memory"),
        "{}",
        first.why.text()
    );
    // No node is saturated here: later retries would only have come after the errors.
    let counted = case("incidents/breaker-counts-every-attempt");
    let conclusion = conclude(&counted);
    assert!(!is_tried(&conclusion, "immediate retries"));
    let first = &conclusion.findings[0];
    assert!(
        first.what.starts_with("The circuit breaker"),
        "{}",
        first.what.text()
    );
    let why = first.why.text();
    assert!(
        why.contains("so 4 failing calls can open it for 5 s. Trigger: "),
        "{why}"
    );
    // A circuit breaker around the retries counts a call once.
    let mut around = counted;
    let judges = Command::Set(
        Target::Link("app->backend".to_owned()),
        "breaker.judges".to_owned(),
        Value::text("calls"),
    );
    around.apply(judges).unwrap();
    let first = &conclude(&around).findings[0];
    assert!(
        !first.why.contains("counts every attempt"),
        "{}",
        first.why.text()
    );
}

#[test]
fn users_who_wait_are_told_of_where_all_of_them_do() {
    let frozen = case("incidents/frozen-and-hardly-counted");
    let said = "wait for a response before they send another request";
    assert!(conclude(&frozen).findings[0].why.contains(said));
    let mut open = frozen;
    let poisson = crate::remedies::map(&[("poisson", Value::text("40/s"))]);
    set(&mut open, "users", "arrivals", poisson);
    assert!(!conclude(&open).findings[0].why.contains(said));
}

#[test]
fn requests_in_step_are_spread_at_the_rate_that_they_had() {
    let pollers = case("faulty/pollers-on-the-minute");
    let conclusion = conclude(&pollers);
    assert!(is_tried(&conclusion, "simultaneous requests from pollers"));
    assert_eq!(loud(&conclusion)[0], "thundering-herd");
}

#[test]
fn work_that_always_times_out_keeps_a_system_down() {
    let stuck = case("faulty/redelivery-keeps-the-store-busy");
    assert_eq!(loud(&conclude(&stuck))[0], "metastable-failure");
    // A timeout that is too short only under another client's load is no cause.
    let loaded = case("faulty/reviews-live-in-the-order-store");
    assert_eq!(loud(&conclude(&loaded)), ["shared-database"]);
    let short = case("faulty/timeout-below-the-median");
    assert!(
        conclude(&short).findings[0]
            .what
            .starts_with("The timeout of")
    );
}

#[test]
fn full_queues_are_no_sign_of_replicas_that_do_not_work() {
    let full = case("faulty/too-small-from-the-first-day");
    let conclusion = conclude(&full);
    assert!(!is_tried(&conclusion, "unhealthy replicas"));
    assert_eq!(loud(&conclusion), ["monitoring-over-prevention"]);
    assert!(is_tried(
        &conclude(&case("faulty/unchecked-worker-is-down")),
        "unhealthy replicas"
    ));
}

#[test]
fn writes_that_die_with_their_leader_were_not_copied_yet() {
    let lost = case("faulty/leader-crash-loses-orders");
    assert_eq!(loud(&conclude(&lost)), ["eventual-is-not-instant"]);
}

#[test]
fn two_events_that_only_together_are_too_much_are_both_on_top() {
    let both = case("faulty/flush-during-an-export");
    assert_eq!(
        loud(&conclude(&both)),
        ["cache-cold-start", "noisy-neighbour"]
    );
}

#[test]
fn two_causes_of_half_the_harm_are_both_on_top() {
    let both = case("faulty/bad-imports-and-a-hot-row");
    assert_eq!(loud(&conclude(&both)), ["hot-key", "poison-message"]);
}

#[test]
fn a_second_cause_is_found_beside_the_first() {
    let both = case("faulty/late-scaling-and-a-chatty-list");
    let conclusion = conclude(&both);
    assert_eq!(loud(&conclusion), ["autoscaling-lag", "data-ownership"]);
    // Removing it alone changes nothing; it closes the gap that removing the first cause leaves.
    let second = &conclusion.findings[1].experiments[0];
    let label = second.without.text();
    assert!(
        label.starts_with("the delay of autoscaling at dashboard and repeated"),
        "{label}"
    );
    let mut one = both;
    let batch = Command::Set(
        Target::Link("lists->people".to_owned()),
        "calls".to_owned(),
        crate::remedies::number(4.0),
    );
    one.apply(batch).unwrap();
    assert_eq!(loud(&conclude(&one)), ["autoscaling-lag"]);
}

#[test]
fn broken_data_that_goes_with_the_cause_is_its_symptom() {
    let storm = case("faulty/payment-storm-in-a-large-shop");
    let conclusion = conclude(&storm);
    assert_eq!(loud(&conclusion), ["retry-storm"]);
    let mut symptoms = conclusion.findings[0].symptoms.iter();
    assert!(symptoms.any(|finding| finding.rule == "data-ownership"));
}
