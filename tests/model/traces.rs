//! Traces of single requests: every span where it belongs, to the nanosecond, and recording changes
//! nothing.

use crate::{database, design, fault, link, replay, replay_by, service};
use design::Design;
use sim::Simulation;
use sim::event::LinkIx;
use sim::measure::{RequestTrace, SpanKind};

/// Returns the spans of a request, a line each: indented by depth, with begin and end in ms.
fn shown(simulation: &Simulation, request: &RequestTrace) -> Vec<String> {
    let world = simulation.world();
    let depth = |mut at: usize| {
        let mut depth = 0;
        while let Some(parent) = request.spans[at].parent {
            (at, depth) = (parent as usize, depth + 1);
        }
        depth
    };
    let mut lines: Vec<(u64, usize, String)> = Vec::new();
    for (at, span) in request.spans.iter().enumerate() {
        let place = match (span.kind, span.link) {
            (SpanKind::Call | SpanKind::Attempt, link) if link != LinkIx::NONE => {
                &world.link(link).id
            }
            _ => &world.node(span.node).id,
        };
        let ms = |ns: u64| ns as f64 / 1e6;
        let marks = [
            if span.is_late { " late" } else { "" },
            if span.is_ended || span.outcome.is_some() {
                ""
            } else {
                " unfinished"
            },
        ];
        let line = format!(
            "{}{} {place} {}-{}{}",
            "  ".repeat(depth(at)),
            span.kind.name(),
            ms(span.start),
            ms(span.end),
            marks.concat(),
        );
        lines.push((span.start, at, line));
    }
    // In the order in which they were begun; a parent comes before its parts.
    lines.sort_by_key(|(_, at, _)| *at);
    lines.into_iter().map(|(_, _, line)| line).collect()
}

fn traced(design: &Design) -> Vec<Vec<String>> {
    let mut simulation = Simulation::new(design);
    simulation.trace(1.0);
    simulation.run();
    let trace = simulation.tap_mut().trace.take().unwrap();
    let requests = trace.requests();
    check_laws(&requests);
    requests
        .iter()
        .map(|request| shown(&simulation, request))
        .collect()
}

/// Checks what is true of every trace.
fn check_laws(requests: &[RequestTrace]) {
    for request in requests {
        for (at, span) in request.spans.iter().enumerate() {
            assert!(span.start <= span.end, "{span:?}");
            let Some(parent) = span.parent else { continue };
            assert!((parent as usize) < at);
            let parent = &request.spans[parent as usize];
            assert!(
                parent.start <= span.start && span.end <= parent.end,
                "{parent:?} {span:?}"
            );
        }
        // An answered attempt consists of its waits and its callee's time, without a gap.
        for (at, span) in request.spans.iter().enumerate() {
            let parts = request.spans.iter();
            let parts: Vec<_> = parts
                .filter(|part| part.parent == Some(at as u32))
                .collect();
            let is_answered = span.outcome.is_some_and(|outcome| outcome.is_answer());
            if span.kind == SpanKind::Attempt && is_answered && !parts.is_empty() {
                let sum: u64 = parts.iter().map(|part| part.end - part.start).sum();
                assert_eq!(sum, span.end - span.start, "{span:?} {parts:?}");
            }
        }
    }
}

#[test]
fn waits_and_work_add_up() {
    let one_slot = r#""concurrency": 1"#;
    let design = design(
        "",
        &[replay([0, 1]), service("api", 10, one_slot)],
        &[link("u->api", r#""latency": "1ms""#)],
        &[],
    );
    let traces = traced(&design);
    assert_eq!(
        traces[1],
        [
            "request u 1-22",
            "  call u->api 1-22",
            "    attempt u->api 1-22",
            "      network u 1-2",
            "      serve api 2-21",
            "        queue api 2-11",
            "        service api 11-21",
            "      network api 21-22",
        ]
    );
    assert!(!traces[0].iter().any(|line| line.contains("queue")));
}

#[test]
fn calls_of_a_plan_lie_within_their_callers_work() {
    let design = design(
        "",
        &[replay([0]), service("api", 2, ""), database("db", 3, "")],
        &[link("u->api", ""), link("api->db", "")],
        &[],
    );
    assert_eq!(
        traced(&design)[0],
        [
            "request u 0-5",
            "  call u->api 0-5",
            "    attempt u->api 0-5",
            "      serve api 0-5",
            "        service api 0-2",
            "        call api->db 2-5",
            "          attempt api->db 2-5",
            "            serve db 2-5",
            "              service db 2-5",
        ]
    );
}

#[test]
fn retries_are_attempts_of_one_call_and_work_in_vain_is_late() {
    let design = design(
        "",
        &[replay([0]), service("api", 30, "")],
        &[link(
            "u->api",
            r#""timeout": "10ms", "retry": {"max_attempts": 2, "backoff": {"constant": "5ms"}}"#,
        )],
        &[],
    );
    assert_eq!(
        traced(&design)[0],
        [
            "request u 0-25",
            "  call u->api 0-25",
            "    attempt u->api 0-10",
            "    backoff u 10-15",
            "    attempt u->api 15-25",
            "serve api 0-30 late",
            "  service api 0-30",
            "serve api 15-45 late",
            "  service api 15-45",
        ]
    );
}

#[test]
fn a_wait_for_a_connection_is_a_part_of_the_attempt() {
    let design = design(
        "",
        &[replay([0, 1, 2]), service("api", 10, "")],
        &[link("u->api", r#""pool": {"size": 1, "wait": "12ms"}"#)],
        &[],
    );
    let traces = traced(&design);
    assert_eq!(
        traces[1],
        [
            "request u 1-20",
            "  call u->api 1-20",
            "    attempt u->api 1-20",
            "      connection u 1-10",
            "      serve api 10-20",
            "        service api 10-20",
        ]
    );
    assert_eq!(
        traces[2],
        [
            "request u 2-14",
            "  call u->api 2-14",
            "    attempt u->api 2-14",
            "      connection u 2-14",
        ]
    );
}

#[test]
fn a_crash_leaves_what_it_cut_off_unfinished() {
    let design = design(
        "",
        &[replay([0]), service("api", 30, "")],
        &[link("u->api", r#""timeout": "50ms""#)],
        &[fault("crash", "api", 10, 20, "")],
    );
    let trace = &traced(&design)[0];
    assert_eq!(trace[0].split(' ').next(), Some("request"), "{trace:?}");
    assert!(
        !trace.iter().any(|line| line.contains("service")),
        "{trace:?}"
    );
}

/// Tracing changes nothing, and what is sampled at a share is also traced at any larger one.
#[test]
fn tracing_changes_nothing() {
    let mut sampled = 0;
    let cases = testing::cases(30, 30);
    cases.check(|design, _| {
        let mut plain = Simulation::new(design).with_budget(300_000);
        plain.run();
        let mut traced = Simulation::new(design).with_budget(300_000);
        traced.trace(0.3);
        traced.run();
        assert_eq!(plain.report().run.hash, traced.report().run.hash);
        let trace = traced.tap_mut().trace.take().unwrap();
        let requests = trace.requests();
        for request in &requests {
            for span in &request.spans {
                assert!(span.start <= span.end);
                if let Some(parent) = span.parent {
                    let parent = &request.spans[parent as usize];
                    assert!(parent.start <= span.start && span.end <= parent.end);
                }
            }
        }
        let (made, some) = trace.counts();
        assert!(some <= made);
        sampled += some;
    });
    if cases.has_fixed_set() {
        assert!(sampled > 1_000, "{sampled}");
    }
}

/// A storm of calls fills the available room, and no more.
#[test]
fn traces_are_bounded() {
    let calls = r#""calls": 10000"#;
    let design = design(
        "",
        &[
            replay_by("u", 0..200, ""),
            service("api", 0, r#""concurrency": null"#),
            database("db", 0, r#""connections": null"#),
        ],
        &[link("u->api", ""), link("api->db", calls)],
        &[],
    );
    let mut simulation = Simulation::new(&design);
    simulation.trace(1.0);
    simulation.run();
    let requests = simulation.tap_mut().trace.take().unwrap().requests();
    let spans: usize = requests.iter().map(|request| request.spans.len()).sum();
    assert!(spans <= 205_000, "{spans}");
    assert!(requests.len() < 200);
    assert_eq!(requests.last().unwrap().number, 199);
    assert!(requests[0].dropped > 0);
}
