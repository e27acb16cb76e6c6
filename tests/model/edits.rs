//! A design that is changed while it runs: what is new begins, what is gone ends, the rest goes on.

use crate::*;

/// A run that is edited at a moment, in ms.
fn edited(before: &Design, at: u64, after: &Design) -> Json {
    let mut simulation = Simulation::new(before);
    simulation.run_until(at * 1_000_000, u64::MAX);
    simulation.edit(after);
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    serde_json::to_value(simulation.report()).unwrap()
}

#[test]
fn closed_users_come_back_after_an_edit_and_back() {
    let of = |arrivals: &str| {
        let nodes = [
            node("u", "client", &format!(r#""arrivals": {arrivals}"#)),
            service("api", 0, ""),
        ];
        design(r#""duration": "10s""#, &nodes, &[link("u->api", "")], &[])
    };
    let closed = of(r#"{"closed": {"users": 5, "think": "const(100ms)"}}"#);
    let gone = design(r#""duration": "10s""#, &[service("api", 0, "")], &[], &[]);
    for between in [of(r#"{"constant": "1/s"}"#), gone] {
        let mut simulation = Simulation::new(&closed);
        simulation.run_until(1_000_000_000, u64::MAX);
        simulation.edit(&between);
        simulation.run_until(5_000_000_000, u64::MAX);
        simulation.edit(&closed);
        let before = simulation.totals().offered;
        simulation.run();
        assert!(simulation.totals().offered - before >= 240);
    }
}

#[test]
fn a_shorter_duration_ends_the_run_when_it_says() {
    let of = |duration: &str| {
        let nodes = [
            node("u", "client", ""),
            service("api", 20_000, r#""concurrency": null"#),
        ];
        design(
            &format!(r#""duration": "{duration}", "drain": false"#),
            &nodes,
            &[link("u->api", "")],
            &[],
        )
    };
    assert_eq!(
        edited(&of("60s"), 10_200, &of("10500ms"))["run"]["ended_s"],
        10.5
    );
}

#[test]
fn a_recorded_moment_is_not_played_twice() {
    let plain = design(
        "",
        &[replay([100]), service("api", 1, "")],
        &[link("u->api", "")],
        &[],
    );
    assert_eq!(edited(&plain, 100, &plain)["requests"]["offered"], 1);
}
