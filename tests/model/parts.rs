//! Metrics of single nodes and links over time.

use crate::*;

fn series(run: &Run, path: &str) -> Vec<f64> {
    let list = run.report.pointer(path).and_then(Json::as_array);
    let list = list.unwrap_or_else(|| panic!("no list {path}"));
    list.iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect()
}

/// 100 requests a second, 5 ms each in one slot: 50% busy. Down from 4 to 6 s, each refused call is
/// retried once; ten times slower from 8 to 9 s, 20 of the 100 are served.
#[test]
fn every_window_has_what_happened_in_it() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        service("api", 5, r#""concurrency": 1, "queue": {"capacity": null}"#),
    ];
    let again = link(
        "u->api",
        r#""retry": {"max_attempts": 2, "on": ["refused"]}"#,
    );
    let faults = [
        fault("crash", "api", 4_000, 6_000, ""),
        fault("slowdown", "api", 8_000, 9_000, r#""times": 10"#),
    ];
    let run = run_with(r#""duration": "10.5s""#, &nodes, &[again], &faults);
    let of = |name: &str| series(&run, &format!("/node_windows/api/{name}"));
    // The first comes after 10 ms, so 99 in the first second. The last window is half as long.
    let arrivals = [
        99.0, 100.0, 100.0, 100.0, 200.0, 200.0, 100.0, 100.0, 100.0, 100.0, 100.0,
    ];
    assert_eq!(of("arrivals_per_s"), arrivals);
    assert_eq!(of("failures_per_s")[3..7], [0.0, 200.0, 200.0, 0.0]);
    let busy = of("utilization");
    assert!(
        (busy[2] - 0.5).abs() < 0.01 && busy[4] == 0.0 && busy[8] > 0.99,
        "{busy:?}"
    );
    assert_eq!(of("response_mean_ms")[1], 5.0);
    let waiting = of("waiting");
    assert!((78.0..=81.0).contains(&waiting[8]), "{waiting:?}");
    let sent = |name: &str| series(&run, &format!("/link_windows/u->api/{name}"));
    assert_eq!(sent("attempts_per_s"), arrivals);
    assert_eq!(sent("retries_per_s")[3..7], [0.0, 100.0, 100.0, 0.0]);
    assert_eq!(run.number("/node_windows/api/width_s"), 1.0);
}

#[test]
fn a_long_run_has_wider_windows() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "1/s"}"#),
        service("api", 5, ""),
    ];
    let run = run_with(r#""duration": "2000s""#, &nodes, &[link("u->api", "")], &[]);
    let width = run.number("/node_windows/api/width_s");
    let arrivals = series(&run, "/node_windows/api/arrivals_per_s");
    assert!(
        arrivals.len() <= 600 && width == 4.0,
        "{} of {width} s",
        arrivals.len()
    );
    assert_eq!(arrivals.iter().sum::<f64>() * width, 1999.0);
}

#[test]
fn open_breakers_show_when_they_were_open() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        service("api", 1, ""),
    ];
    let guarded = link(
        "u->api",
        r#""breaker": {"failure_rate": null, "consecutive_failures": 5, "open_for": "30s"}"#,
    );
    let errors = fault("error_rate", "api", 10_000, 20_000, r#""errors": 1"#);
    let run = run_with(r#""duration": "30s""#, &nodes, &[guarded], &[errors]);
    let open = series(&run, "/link_windows/u->api/breakers_open");
    assert_eq!((open[8], open[12]), (0.0, 1.0));
    assert!((0.9..1.0).contains(&open[10]), "{open:?}");
}
