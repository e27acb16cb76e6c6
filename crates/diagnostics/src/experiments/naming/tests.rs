use crate::experiments::interventions::{self, Without};
use crate::experiments::tests::conclude;
use crate::testing::{Says, fault, read, run, shares};
use crate::{Facts, testing};
use design::Design;
use report::{Finding, Message, Piece};

fn first(design: &Design) -> Finding {
    conclude(design).findings.remove(0)
}

/// A client and a service with these fields.
fn service(fields: &str, rest: &str) -> Design {
    read(&format!(
        r#"{{"nodes": [
        {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "patience": "2s"}},
        {{"id": "api", "kind": "service", "replicas": 2, "concurrency": 20,
            "service_time": "exp(5ms)"{fields}}}],
        "links": [{{"from": "users", "to": "api"}}],
        "requirements": [{{"metric": "availability", "at_least": 0.999}}{rest}],
        "warmup": "5s", "duration": "40s"}}"#
    ))
}

#[test]
fn a_limit_that_rejects_is_told_with_its_calls_and_what_they_were_of_all() {
    let limited = service(r#", "rate_limit": {"rate": "30/s", "burst": 10}"#, "");
    let finding = first(&limited);
    let rejected = run(&limited).nodes["api"].turned_away["rate_limit"];
    let opening = format!(
        "The rate limit of api rejected {} calls, and ",
        text::count(rejected as f64)
    );
    let what = finding.what.text();
    assert!(
        what.starts_with(&opening) && what.ends_with("% of requests failed"),
        "{what}"
    );
    let why = finding.why.text();
    let opening =
        "Without the rate limit of api, on the same seed, 0% of requests failed instead of ";
    assert!(why.starts_with(opening), "{why}");
    // The same number, and it is read from the report of the run.
    assert_eq!(shares(&finding.what)[0], shares(&finding.why)[1]);
}

#[test]
fn a_fault_is_told_with_its_place_and_moment() {
    let mut crashed = service("", "");
    crashed.faults.push(fault(
        r#"{"at": "20s", "for": "8s", "kind": "crash", "target": "api"}"#,
    ));
    let finding = first(&crashed);
    let what = finding.what.text();
    assert!(what.starts_with("api crashed at 20.0 s, and "), "{what}");
    assert!(
        finding
            .why
            .starts_with("Without the crash of api at 20.0 s, on the same seed, ")
    );
    let mut one = service("", "");
    one.faults.push(fault(
        r#"{"at": "20s", "for": "8s", "kind": "crash", "target": "api", "replica": 1}"#,
    ));
    let facts = Facts::new(&one, None);
    let mut labels = interventions::all(&facts).into_iter();
    let label = labels.find(|of| of.without == Without::ReplicaFault);
    assert_eq!(label.unwrap().label.text(), "the crash of api#1 at 20.0 s");
}

#[test]
fn an_outage_that_no_alert_told_of_says_so_without_a_time() {
    let mut silent = service("", r#", {"metric": "time_to_detect", "at_most": "30s"}"#);
    silent.faults.push(fault(
        r#"{"at": "20s", "for": "8s", "kind": "error_rate", "target": "api", "errors": 0.9}"#,
    ));
    let all = conclude(&silent).findings;
    let blind = all
        .iter()
        .flat_map(Finding::all)
        .find(|f| f.rule == "flying-blind");
    let what = blind.expect("nobody was told").what.text();
    assert!(
        what.contains("no alert") && !what.contains("instead"),
        "{what}"
    );
}

#[test]
fn messages_that_came_again_too_early_are_counted() {
    let queue = |timeout: &str| {
        read(&format!(
            r#"{{"duration": "40s", "warmup": "5s", "nodes": [
            {{"id": "u", "kind": "client", "arrivals": {{"poisson": "20/s"}},
                "operations": [{{"name": "job", "effect": "write"}}]}},
            {{"id": "jobs", "kind": "queue", "visibility_timeout": "{timeout}"}},
            {{"id": "worker", "kind": "service", "concurrency": 100,
                "service_time": "lognormal(p50=300ms,p99=2500ms)"}},
            {{"id": "db", "kind": "database"}}],
            "links": [{{"from": "u", "to": "jobs", "mode": "publish"}},
                {{"from": "jobs", "to": "worker", "mode": "consume", "concurrency": 100}},
                {{"from": "worker", "to": "db", "timeout": "1s"}}],
            "requirements": [{{"metric": "duplicate_effects", "at_most": 0}}]}}"#
        ))
    };
    let early = queue("1s");
    let facts_of = |design: &Design| {
        let report = run(design);
        let facts = Facts::new(design, Some(&report));
        let mut all = interventions::all(&facts).into_iter();
        let of = all.find(|of| of.without == Without::EarlyRedelivery);
        super::happened::happened(&facts, &of.unwrap()).text()
    };
    let report = run(&early);
    let messages = report.nodes["jobs"].messages.as_ref().unwrap();
    let count = messages.redelivered_after["visibility_timeout"];
    assert!(count > 10);
    let said = format!("jobs redelivered {count} messages while they were being processed");
    assert_eq!(facts_of(&early), said);
    assert_eq!(conclude(&early).findings[0].rule, "happy-path");
    assert_eq!(
        facts_of(&queue("1h")),
        "jobs redelivered messages while they were being processed"
    );
}

#[test]
fn ejections_that_never_happened_are_no_suspects() {
    let behind = |ejection: &str, errors: f64| {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"constant": "100/s"}}}},
            {{"id": "lb", "kind": "load_balancer", "outlier_ejection": {ejection}}},
            {{"id": "api", "kind": "service", "replicas": 2, "concurrency": 20,
                "service_time": "2ms", "error_rate": {errors}}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "api"}}],
            "requirements": [{{"metric": "availability", "at_least": 0.999}}],
            "warmup": "5s", "duration": "40s"}}"#
        ))
    };
    let is_tried = |design: &Design| {
        let all = conclude(design).tried;
        all.iter()
            .any(|tried| tried.without.contains("the outlier ejections of lb"))
    };
    // One failure in a hundred is never followed by 99 others.
    assert!(!is_tried(&behind(r#"{"consecutive_errors": 100}"#, 0.01)));
    assert!(is_tried(&behind(r#"{"consecutive_errors": 1}"#, 0.01)));
}

/// Every label names its place, so that it can be understood alone after "without".
#[test]
fn what_follows_without_names_where_it_is() {
    let mut all = testing::read(
        r#"{"nodes": [
        {"id": "users", "kind": "client", "reload": 0.1, "batch": 10,
            "arrivals": {"constant": "5/s"}, "profile": [{"at": "9s", "times": 2}],
            "operations": [{"name": "get", "weight": 9, "keys": {"zipf": {"n": 100, "s": 1}}},
                {"name": "put", "weight": 1, "effect": "write", "keys": {"uniform": {"n": 10}}}]},
        {"id": "robots", "kind": "client"},
        {"id": "lb", "kind": "load_balancer", "algorithm": "round_robin",
            "health_check": {"depth": "deep"}, "outlier_ejection": {}},
        {"id": "api", "kind": "service", "replicas": 2, "concurrency": 9,
            "queue": {"capacity": 9, "max_wait": "1s", "discipline": "lifo"},
            "service_time": "exp(2ms)",
            "error_rate": 0.01, "rate_limit": {"rate": "50/s"}, "shed": {},
                "adaptive_concurrency": {"aimd": {}}, "memory": {"limit_mb": 512, "idle_mb": 100,
                "call_mb": 1}},
        {"id": "near", "kind": "cache", "ttl": "9s"},
        {"id": "db", "kind": "database", "connections": 50, "row_locks": true,
            "shards": {"count": 4, "by": "tenant"}, "cross_shard": "reads", "error_rate": 0.01,
            "contention": {"alpha": 0.1, "beta": 0.01}, "replication": {}},
        {"id": "jobs", "kind": "queue", "poison": 0.01}, {"id": "worker", "kind": "service",
            "concurrency": 3},
        {"id": "lock", "kind": "coordinator"}],
        "links": [{"from": "users", "to": "lb"}, {"from": "robots", "to": "lb"}, {"from": "lb",
            "to": "api"},
            {"from": "api", "to": "near"}, {"from": "api", "to": "lock"},
            {"from": "api", "to": "db", "when": "on_miss", "latency": "5ms", "loss": 0.01,
                "timeout": "1s", "calls": 3, "pool": {"size": 3},
                "bulkhead": {"max_concurrent": 3},
                "breaker": {}, "hedge": {"after": "10ms"},
                    "retry": {"backoff": {"constant": "1s"}}},
            {"from": "api", "to": "jobs", "mode": "publish"}, {"from": "jobs", "to": "worker",
                "mode": "consume"}, {"from": "worker", "to": "db"}]}"#,
    );
    for kind in ["latency", "loss", "jitter"] {
        let json = format!(r#"{{"at": "9s", "kind": "{kind}", "target": "api->db"}}"#);
        all.faults.push(fault(&json));
    }
    let facts = Facts::new(&all, None);
    let list = interventions::all(&facts);
    assert!(list.len() > 50, "{}", list.len());
    let is_general = |label: &Message| {
        let text = label.text();
        text.contains("all ") || text == "repeated writes that are applied again"
    };
    for of in &list {
        let text = of.label.text();
        let is_place =
            |piece: &Piece| matches!(piece, Piece::Node(_) | Piece::Link(_) | Piece::Zone(_));
        let is_placed = of.label.pieces().iter().any(is_place);
        assert!(is_placed || is_general(&of.label), "where is it? {text}");
        assert!(!text.split(' ').any(|word| word == "its"), "{text}");
    }
    // No two labels read the same.
    let mut texts: Vec<String> = list.iter().map(|of| of.label.text()).collect();
    texts.sort();
    let before = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), before, "{texts:#?}");
}

#[test]
fn a_miss_that_no_experiment_explains_says_where_the_time_went() {
    let far = read(
        r#"{"nodes": [
        {"id": "users", "kind": "client", "arrivals": {"poisson": "50/s"}},
        {"id": "api", "kind": "service", "concurrency": 50, "service_time": "2ms"},
        {"id": "store", "kind": "database", "concurrency": 50, "read_time": "30ms"}],
        "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "store"}],
        "requirements": [{"metric": "latency_p50", "at_most": "1ms"}],
        "warmup": "5s", "duration": "40s"}"#,
    );
    let finding = first(&far);
    assert_eq!(finding.rule, "unexplained");
    let why = finding.why.text();
    assert!(
        why.contains("most of the requests in progress from users waited for store."),
        "{why}"
    );
    assert_eq!(finding.subjects, ["store"]);
}
