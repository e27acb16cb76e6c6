//! Runs: one, several seeds, two designs beside each other.

use crate::*;

#[test]
fn a_file_and_its_link_give_the_same_run() {
    let path = file("same.json", SHOP);
    let link = fine(&["link", &path]);
    let from_file = report(&["run", &path, "--format", "json"]);
    let from_link = report(&["run", link.trim(), "--format=json"]);
    assert_eq!(from_file, from_link);
    assert_eq!(from_file["run"]["seed"], 7);
    assert!(from_file["requests"]["offered"].as_u64() > Some(100));
    let opened = file(
        "opened.json",
        &fine(&["open", &format!("https://example.org/#{link}")]),
    );
    assert_eq!(report(&["run", &opened, "--format", "json"]), from_file);
    let other = report(&["run", &path, "--format", "json", "--seed", "8"]);
    assert_ne!(other["run"]["hash"], from_file["run"]["hash"]);
}

#[test]
fn figures_for_people() {
    let text = fine(&["run", &file("people.json", SHOP), "--duration", "3s"]);
    for part in [
        "Shop\nseed 7, 3 s",
        "hash ",
        "availability  100.00%",
        "api->db",
        "amplification",
        "availability  ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn fields_are_set_by_name_and_by_place() {
    let path = file("set.json", SHOP);
    for setting in ["api.replicas=3", "nodes[1].replicas=3"] {
        let report = report(&["run", &path, "--format", "json", "--set", setting]);
        assert_eq!(
            report["nodes"]["api"]["replicas"].as_array().unwrap().len(),
            3,
            "{setting}"
        );
    }
    let fails = report(&[
        "run",
        &path,
        "--format",
        "json",
        "--set",
        "api->db.timeout=1us",
        "--set",
        "api->db.retry=null",
    ]);
    assert_eq!(fails["requests"]["ok"], 0);
    for (setting, said) in [
        ("api.replcas=3", "did you mean replicas?"),
        ("api.replicas=0", "expected 1 to 10000"),
        ("nodes[9].replicas=3", "out of range"),
        ("api.replicas", "expected PATH=VALUE"),
        ("=3", "expected PATH=VALUE"),
        ("é=3", "expected PATH=VALUE"),
        ("api.é=3", "expected PATH=VALUE"),
    ] {
        let stderr = refused(&["run", &path, "--set", setting]);
        assert!(stderr.contains(said), "{setting}: {stderr}");
    }
}

#[test]
fn changes_are_checked_together_whatever_their_order() {
    let path = file("together.json", SHOP);
    // Each alone is refused: a warm-up longer than the run, a floor above the ceiling.
    let changes = [
        "warmup=8s",
        "duration=10s",
        r#"api.adaptive_concurrency={"aimd": {"min": 1, "max": 2}}"#,
        "api.adaptive_concurrency.aimd.min=50",
        "api.adaptive_concurrency.aimd.max=60",
    ];
    let run = |changes: &[&str]| {
        let mut arguments = vec!["run", &path, "--format", "json"];
        arguments.extend(changes.iter().flat_map(|change| ["--set", change]));
        report(&arguments)
    };
    let forward = run(&changes);
    assert_eq!(forward["run"]["warmup_s"], 8.0);
    assert_eq!(forward["run"]["duration_s"], 10.0);
    let [warmup, duration, limit, min, max] = changes;
    assert_eq!(run(&[limit, max, min, duration, warmup]), forward);
}

#[test]
fn a_change_that_is_wrong_is_named() {
    let path = file("wrong.json", SHOP);
    let stderr = refused(&[
        "run",
        &path,
        "--set",
        "seed=3",
        "--set",
        "api.replicas=0",
        "--set",
        "warmup=8s",
    ]);
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(
        lines,
        [
            "--set api.replicas=0: nodes[1].replicas: 0 is not valid here; expected 1 to 10000",
            "--set warmup=8s: warmup: 8s is longer than the duration (5s): nothing is measured",
        ]
    );
    // What no change is about is said of all of them.
    let stderr = refused(&[
        "run",
        &path,
        "--set",
        "seed=3",
        "--set",
        "duration=1s",
        "--set",
        "nodes=[]",
    ]);
    assert!(
        stderr.contains("--set seed=3 --set duration=1s --set nodes=[]: links[0].from"),
        "{stderr}"
    );
    for setting in ["api.id=web", "api.kind=database", "users->api.id=first"] {
        let stderr = refused(&["run", &path, "--set", setting]);
        assert!(stderr.contains("cannot be changed"), "{stderr}");
    }
    // The second design of a comparison takes both kinds of change.
    let compared = fine(&[
        "compare",
        &path,
        "--seeds",
        "2",
        "--set",
        "duration=4s",
        "--set-b",
        "warmup=3s",
    ]);
    assert!(compared.contains("warmup=3s"), "{compared}");
}

#[test]
fn percentages_are_read_from_files_and_changes() {
    let toml = r#"
faultline = 1
[[nodes]]
id = "users"
kind = "client"
[[nodes]]
id = "api"
kind = "service"
error_rate = "50%"
[[links]]
from = "users"
to = "api"
[[requirements]]
metric = "availability"
at_least = "99.9%"
"#;
    let path = file("percent.toml", toml);
    let score = |arguments: &[&str]| {
        let (code, stdout, _) =
            faultline(&[&["check", &path, "--format", "json"], arguments].concat());
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let score = &report["requirements"][0];
        (code, score["at_least"].clone(), score["met"].clone())
    };
    assert_eq!(score(&[]), (1, 0.999.into(), false.into()));
    let changed = [
        "--set",
        "api.error_rate=0%",
        "--set",
        "requirements[0].at_least=99%",
    ];
    assert_eq!(score(&changed), (0, 0.99.into(), true.into()));
    let stderr = refused(&["check", &path, "--set", "requirements[0].at_least=99.9"]);
    assert!(stderr.contains("did you mean 0.999 or 99.9%?"), "{stderr}");
    // A link carries the number.
    let link = fine(&["link", &path]);
    assert!(fine(&["open", link.trim()]).contains(r#""at_least": 0.999"#));
}

#[test]
fn scenarios_are_listed_and_run() {
    assert!(fine(&["scenarios"]).contains("retry-storm  "));
    assert!(fine(&[]).contains("  check  "));
    let help = fine(&["run", "--help"]);
    assert!(help.contains("faultline run [OPTIONS] <SOURCE>") && !help.contains("check shop"));
    assert_eq!(fine(&["--help"]), fine(&["help"]));
    let broken = fine(&["link", "retry-storm"]);
    let design = format::link::decode(&broken).unwrap().design;
    assert!(!design.faults.is_empty());
}

#[test]
fn several_seeds_give_means_and_intervals() {
    let path = file("seeds.json", SHOP);
    let summary = report(&["run", &path, "--seeds", "5", "--format", "json"]);
    assert_eq!(
        summary["run"]["seeds"],
        serde_json::json!([7, 8, 9, 10, 11])
    );
    let runs: Vec<f64> = (7..12)
        .map(|seed| {
            let seed = seed.to_string();
            let run = report(&["run", &path, "--seed", &seed, "--format", "json"]);
            run["requests"]["latency_ms"]["mean"].as_f64().unwrap()
        })
        .collect();
    let mean = runs.iter().sum::<f64>() / 5.0;
    let deviation = (runs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 4.0).sqrt();
    // Student's t for 4 degrees of freedom is 2.7764.
    let half = 2.7764 * deviation / 5f64.sqrt();
    let latency = &summary["requests"]["latency_ms"]["mean"];
    let near = |value: &serde_json::Value, wanted: f64| {
        assert!(
            (value.as_f64().unwrap() - wanted).abs() < 1e-9,
            "{latency} is not {wanted}"
        );
    };
    near(&latency["mean"], mean);
    near(&latency["ci95"][0], mean - half);
    near(&latency["ci95"][1], mean + half);
    assert_eq!(summary["windows"]["width_s"], 1.0);
    assert!(summary["windows"]["offered_per_s"][4]["mean"].as_f64() > Some(10.0));
    assert_eq!(summary["requirements"][0]["met_in"], 5);
    let text = fine(&["run", &path, "--seeds", "5"]);
    for part in ["5 seeds, 7 to 11", " ± ", "met in 5 of 5"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let again = fine(&["run", &path, "--seeds", "5", "--format", "json"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&again).unwrap(),
        summary
    );
}

#[test]
fn csv_has_a_figure_a_line() {
    let path = file("csv.json", SHOP);
    let csv = fine(&["run", &path, "--format", "csv"]);
    let report = report(&["run", &path, "--format", "json"]);
    assert!(
        csv.starts_with("section,of,figure,value\nrun,,seed,7\n"),
        "{csv}"
    );
    for line in [
        format!("requests,,ok,{}", report["requests"]["ok"]),
        format!("nodes,api,arrivals,{}", report["nodes"]["api"]["arrivals"]),
        format!(
            "links,api->db,latency_ms.p99,{}",
            report["links"]["api->db"]["latency_ms"]["p99"]
        ),
        format!(
            "windows,2,offered_per_s,{}",
            report["windows"]["offered_per_s"][2]
        ),
        "requirements,availability,met,true".to_owned(),
    ] {
        assert!(
            csv.lines().any(|found| found == line),
            "{line} is not in\n{csv}"
        );
    }
    let seeds = fine(&["run", &path, "--format", "csv", "--seeds", "3"]);
    assert!(seeds.starts_with("section,of,figure,missing_in,mean,ci95_low,ci95_high\n"));
    assert!(
        seeds.lines().all(|line| line.split(',').count() == 7),
        "{seeds}"
    );
}

#[test]
fn two_designs_are_compared_seed_by_seed() {
    let path = file("a.json", SHOP);
    let comparison = report(&["compare", "retry-storm", "--seeds", "4", "--format", "json"]);
    assert_eq!(comparison["seeds"].as_array().unwrap().len(), 4);
    let figure = |comparison: &serde_json::Value, name: &str| {
        let figures = comparison["figures"].as_array().unwrap();
        let found = figures
            .iter()
            .find(|row| row["of"] == "" && row["figure"] == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let goodput = figure(&comparison, "goodput_per_s");
    assert_eq!(goodput["significant"], true, "{goodput}");
    assert!(goodput["difference"].as_f64() > Some(0.0));
    // The same design does not differ from itself: pairs share their randomness.
    let same = report(&["compare", &path, &path, "--seeds", "3", "--format", "json"]);
    for row in same["figures"].as_array().unwrap() {
        assert_eq!(
            (&row["difference"], &row["significant"]),
            (&0.0.into(), &false.into()),
            "{row}"
        );
    }
    // Requests are those of the other design, to the last one: only what was changed differs.
    let slower = report(&[
        "compare",
        &path,
        "--set-b",
        "db.read_time=exp(30ms)",
        "--seeds",
        "3",
        "--format",
        "json",
    ]);
    assert_eq!(figure(&slower, "offered")["difference"], 0.0);
    assert_eq!(figure(&slower, "latency_ms.p50")["significant"], true);
    let text = fine(&["compare", &path, "--set-b", "db.read_time=exp(30ms)"]);
    assert!(text.contains("10 seeds, 7 to 16"), "{text}");
    assert!(text.contains("db response_ms.mean"), "{text}");
    let csv = fine(&["compare", &path, &path, "--seeds", "2", "--format", "csv"]);
    assert!(
        csv.starts_with("section,of,figure,pairs,a,b,difference,ci95_low,ci95_high,significant\n")
    );
    assert!(refused(&["compare", &path]).contains("--set-b"));
    assert!(refused(&["compare", "-", "-"]).contains("stdin"));
}

#[test]
fn completions_and_the_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = fine(&["completions", shell]);
        for word in ["explain", "max-events", "trace-sample"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let manual = fine(&["man"]);
    assert!(manual.contains(".TH faultline 1") && manual.contains("faultline\\-compare"));
    let of_run = fine(&["man", "run"]);
    assert!(of_run.contains("trace\\-sample") && !of_run.contains("set\\-b"));
    assert!(refused(&["man", "fly"]).contains("unknown command \"fly\""));
}
