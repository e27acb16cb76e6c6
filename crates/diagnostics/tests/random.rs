//! Rules over random designs: no remedy leads to an invalid design, no rule panics, and reference
//! designs get almost no findings.

use design::{Design, Value};
use diagnostics::diagnose;
use report::{Finding, Severity};
use sim::{Report, Simulation};
use testing::Rng;

fn run(design: &Design) -> Report {
    let mut simulation = Simulation::new(design).with_budget(300_000);
    simulation.run();
    simulation.report()
}

fn all(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().flat_map(Finding::all).collect()
}

/// Returns whether every subject of a finding is in its design.
fn is_of(finding: &Finding, design: &Design) -> bool {
    let is_there = |id: &String| {
        design.node(id).is_some()
            || design.link(id).is_some()
            || design
                .nodes
                .iter()
                .any(|node| node.deployment.zones().contains(id))
    };
    finding.subjects.iter().all(is_there)
}

#[test]
fn every_remedy_of_every_finding_makes_a_valid_design_and_can_be_undone() {
    let mut remedies = 0;
    let mut rules = std::collections::BTreeSet::new();
    let cases = testing::cases(150, 150);
    cases.check(|design, _| {
        let report = run(design);
        for findings in [diagnose(design, None), diagnose(design, Some(&report))] {
            assert!(findings.len() <= 24, "{} findings", findings.len());
            serde_json::to_string(&text::Written::all(&findings, &text::Titles::ids()))
                .expect("findings are JSON");
            for finding in all(&findings) {
                rules.insert(finding.rule.clone());
                let texts = [&finding.what, &finding.why, &finding.remedy];
                assert!(texts.iter().all(|text| !text.is_empty()), "{finding:?}");
                assert!(is_of(finding, design), "{finding:?}");
                for remedy in &finding.remedies {
                    remedies += 1;
                    assert!(!remedy.cost.is_empty() && !remedy.label.is_empty());
                    let mut mended = design.clone();
                    let undo = mended
                        .apply(remedy.command())
                        .unwrap_or_else(|error| panic!("{}: {error}", finding.rule));
                    assert_eq!(mended.problems(), [], "{}", finding.rule);
                    mended.apply(undo).expect("it is undone");
                    assert_eq!(mended, *design, "{}", finding.rule);
                }
            }
        }
    });
    println!("{remedies} remedies of {} rules", rules.len());
    if cases.has_fixed_set() {
        assert!(remedies > 500, "{remedies}");
    }
}

/// A random reference design: tiers below 60% utilization, timeouts that decrease inward, no
/// retries or retries within a budget, and requirements that it meets with room to spare.
fn sound(seed: u64) -> Design {
    let rng = &mut Rng::new(seed);
    let tiers = 1 + rng.below(3) as usize;
    let rate = rng.within(20.0, 150.0);
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    let with_cache = rng.chance(40);
    let with_queue = rng.chance(30);
    let writes = rng.within(0.05, 0.3);
    nodes.push(format!(
        r#"{{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "operations": [
        {{"name": "get", "weight": {}, "keys": {{"uniform": {{"n": 2000}}}}}}, {{"name": "put", "weight": {writes}, "effect": "write", "idempotency_key": true, "keys": {{"uniform": {{"n": 2000}}}}}}]}}"#,
        1.0 - writes
    ));
    let mut above = "users".to_owned();
    if rng.chance(50) {
        let algorithm = ["round_robin", "least_outstanding", "power_of_two"][rng.below(3) as usize];
        nodes.push(format!(r#"{{"id": "lb", "kind": "load_balancer", "algorithm": "{algorithm}", "health_check": {{}}, "outlier_ejection": {{}}}}"#));
        links
            .push(r#"{"from": "users", "to": "lb", "latency": "5ms", "timeout": "4s"}"#.to_owned());
        above = "lb".to_owned();
    }
    // Each tier holds its slots while those below work: times add up from the innermost.
    let work: Vec<f64> = (0..tiers).map(|_| rng.within(1.0, 15.0)).collect();
    let read = rng.within(1.0, 5.0);
    let utilization = rng.within(0.2, 0.6);
    for tier in 0..tiers {
        let held_ms: f64 =
            work[tier..].iter().sum::<f64>() + 2.0 * read + 2.0 * (tiers - tier) as f64;
        let replicas = 2 + rng.below(3);
        // Never so few slots that a burst of a second fills them: those are other designs.
        let slots = (rate * held_ms / 1e3 / utilization / replicas as f64)
            .ceil()
            .max(4.0);
        nodes.push(format!(
            r#"{{"id": "tier-{tier}", "kind": "service", "replicas": {replicas}, "concurrency": {slots}, "service_time": "exp({}us)"}}"#,
            (work[tier] * 1e3) as u64
        ));
        let retry = if tier == 0 && rng.chance(40) {
            r#", "retry": {"max_attempts": 2, "jitter": "full", "backoff": {"exponential": {}}, "budget": {"ratio": 0.1, "burst": 10}}"#
        } else {
            ""
        };
        let timeout = 3_000 - 600 * tier;
        links.push(format!(
            r#"{{"from": "{above}", "to": "tier-{tier}", "timeout": "{timeout}ms"{retry}}}"#
        ));
        above = format!("tier-{tier}");
    }
    let slots = (rate * read * 2.0 / 1e3 / utilization).ceil().max(4.0);
    nodes.push(format!(r#"{{"id": "db", "kind": "database", "concurrency": {slots}, "connections": 500, "unique_ids": true, "read_time": "exp({}us)", "write_time": "exp({}us)"}}"#, (read * 1e3) as u64, (2e3 * read) as u64));
    if with_cache {
        nodes.push(r#"{"id": "cache", "kind": "cache", "ttl": "10s", "ttl_jitter": 0.2, "single_flight": true}"#.to_owned());
        links.push(format!(r#"{{"from": "{above}", "to": "cache", "when": "reads", "on_write": "invalidate", "timeout": "100ms", "optional": true}}"#));
        links.push(format!(
            r#"{{"from": "{above}", "to": "db", "when": ["on_miss", "writes"], "timeout": "1s"}}"#
        ));
    } else {
        links.push(format!(
            r#"{{"from": "{above}", "to": "db", "timeout": "1s"}}"#
        ));
    }
    if with_queue {
        let (time, consumers) = (rng.within(5.0, 40.0), rate * writes);
        let slots = (consumers * time / 1e3 / 0.5).ceil().max(2.0);
        nodes.push(
            r#"{"id": "events", "kind": "queue"}, {"id": "dead", "kind": "queue"}"#.to_owned(),
        );
        nodes.push(format!(r#"{{"id": "mailer", "kind": "service", "concurrency": {}, "service_time": "exp({}us)"}}"#, slots + 4.0, (time * 1e3) as u64));
        links.push(format!(
            r#"{{"from": "{above}", "to": "events", "mode": "publish", "when": "writes"}}"#
        ));
        links.push(format!(
            r#"{{"from": "events", "to": "mailer", "mode": "consume", "concurrency": {}}}"#,
            slots + 4.0
        ));
        links.push(r#"{"from": "events", "to": "dead", "mode": "dead_letter"}"#.to_owned());
    }
    let asked = if rng.chance(80) {
        r#", "requirements": [{"metric": "availability", "at_least": 0.99}, {"metric": "latency_p99", "at_most": "1s"}]"#
    } else {
        ""
    };
    // Sometimes a small fault that a reference design tolerates: one replica, or a short slowdown.
    let fault = match rng.below(6) {
        0 => {
            r#", "faults": [{"at": "25s", "for": "3s", "kind": "slowdown", "target": "db", "times": 1.3}]"#
        }
        1 => {
            r#", "faults": [{"at": "25s", "for": "10s", "kind": "traffic_spike", "target": "users", "times": 1.3}]"#
        }
        _ => "",
    };
    let text = format!(
        r#"{{"faultline": 1, "seed": {}, "duration": "60s", "warmup": "5s", "nodes": [{}], "links": [{}]{asked}{fault}}}"#,
        1 + rng.below(1_000_000),
        nodes.join(","),
        links.join(",")
    );
    let text = text.replace(['\n'], " ");
    let value =
        format::json::value_from_str(&text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
    assert!(matches!(value, Value::Map(_)));
    Design::read(&value).unwrap_or_else(|problems| panic!("seed {seed}: {problems:?}: {text}"))
}

/// Most false alarms per hundred reference designs.
const ALARMS_MAX: usize = 2;

#[test]
fn sound_designs_raise_no_error_and_all_but_no_warning() {
    let (mut alarms, mut designs) = (Vec::new(), 0);
    let cases = testing::cases(100, 100);
    cases.check_drawn(sound, |design, _| {
        designs += 1;
        let report = run(design);
        for findings in [diagnose(design, None), diagnose(design, Some(&report))] {
            for finding in all(&findings) {
                let [what, why] = [&finding.what, &finding.why]
                    .map(|message| text::message(message, &text::Titles::ids()));
                let said = format!("{}: {what} {why}", finding.rule);
                match finding.severity {
                    Severity::Note => {}
                    Severity::Warning => alarms.push(said),
                    Severity::Error => panic!("{said}"),
                }
            }
        }
    });
    println!("{} warnings over {designs} reference designs", alarms.len());
    if cases.has_fixed_set() {
        let most = ALARMS_MAX * designs / 100;
        assert!(alarms.len() <= most, "{}", alarms.join("\n"));
    }
}

#[test]
fn a_design_says_what_it_accepts_and_a_run_that_warms_up_says_nothing() {
    let mut design = sound(1);
    design.requirements.clear();
    let has = |design: &Design| {
        diagnose(design, None)
            .iter()
            .any(|f| f.rule == "requirements-trap")
    };
    assert!(has(&design));
    design.settings.allow.push(design::Allowance {
        rule: "requirements-trap".to_owned(),
        because: "a sketch".to_owned(),
    });
    assert!(!has(&design));
    // The first seconds of an overloaded run show nothing yet.
    let text = r#"{"faultline": 1, "warmup": "5s", "nodes": [{"id": "users", "kind": "client", "arrivals": {"poisson": "500/s"}}, {"id": "api", "kind": "service", "concurrency": 2}],
        "links": [{"from": "users", "to": "api", "timeout": "1s"}]}"#;
    let value = format::json::value_from_str(text).unwrap();
    let design = Design::read(&value).unwrap();
    let mut simulation = Simulation::new(&design);
    simulation.run_until(7_000_000_000, u64::MAX);
    let early = diagnose(&design, Some(&simulation.report()));
    assert!(early.iter().all(|finding| !finding.measured), "{early:?}");
    simulation.run();
    let late = diagnose(&design, Some(&simulation.report()));
    assert!(late[0].measured, "{late:?}");
}

/// Ten thousand nodes deep, and ten thousand wide: no work is done for each pair of nodes.
#[test]
#[expect(clippy::disallowed_types, reason = "a test may look at the clock")]
fn large_designs_are_looked_at_too() {
    let node = |n: usize| format!(r#"{{"id": "n{n}", "kind": "service"}}"#);
    let many: Vec<String> = (0..9_998).map(node).collect();
    let deep = |n: usize| format!(r#"{{"from": "n{}", "to": "n{n}"}}"#, n - 1);
    let wide = |n: usize| format!(r#"{{"from": "n0", "to": "n{n}", "stage": 1, "retry": {{}}}}"#);
    let all: [&dyn Fn(usize) -> String; 2] = [&deep, &wide];
    for link in all {
        let links: Vec<String> = (1..9_998).map(link).collect();
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "u", "kind": "client", "arrivals": {{"constant": "2/s"}}}}, {}], "links": [{{"from": "u", "to": "n0"}}, {}]}}"#,
            many.join(","),
            links.join(",")
        );
        let value = format::json::value_from_str(&text).unwrap();
        let design = Design::read(&value).unwrap();
        let began = std::time::Instant::now();
        let found = diagnose(&design, None);
        assert!(!found.is_empty() && found.len() <= 24);
        assert!(began.elapsed().as_secs_f64() < 60.0);
    }
}

/// Diagnosis of a long report is quick; wasm takes about twice the time.
#[test]
#[expect(clippy::disallowed_types, reason = "a test may look at the clock")]
fn diagnosis_is_cheap() {
    let scenario = scenarios::find("retry-storm").expect("it is there");
    let design = scenario.faulty();
    let mut simulation = Simulation::new(&design);
    simulation.run();
    let report = simulation.report();
    let began = std::time::Instant::now();
    let rounds = 20;
    for _ in 0..rounds {
        assert!(!diagnose(&design, Some(&report)).is_empty());
    }
    let each = began.elapsed().as_secs_f64() * 1e3 / f64::from(rounds);
    println!("{each:.2} ms for a report of {} s", report.run.duration_s);
    // Unoptimized, on a busy machine.
    assert!(each < 200.0, "{each} ms");
}
