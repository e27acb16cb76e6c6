//! The live session as the page drives it: going back, traces of single requests, what nodes hold,
//! who is heard.

use design::{Design, Kind};
use format::message::{Frame, Reply, Request, TracedKind};
use host::Session;
use std::cell::Cell;

const S: u64 = 1_000_000_000;

fn storm() -> Design {
    host::scenarios::find("retry-storm")
        .expect("it is in the library")
        .design
}

fn load(design: &Design) -> Session {
    let mut session = Session::new();
    session.handle(Request::Load {
        run: 1,
        design: format::json::write(design),
        playing: true,
        speed: 10.0,
    });
    session
}

/// Lets wall time pass; the frames and other replies that came.
fn drive(session: &mut Session, from_ms: f64, ms: f64) -> (Vec<Frame>, Vec<Reply>) {
    let time = Cell::new(from_ms);
    let (mut frames, mut others) = (Vec::new(), Vec::new());
    while time.get() < from_ms + ms {
        time.set(time.get() + 16.0);
        for reply in session.advance(&|| time.get()) {
            match reply {
                Reply::Frame(frame) => {
                    session.handle(Request::Taken { run: 1 });
                    frames.push(*frame);
                }
                other => others.push(other),
            }
        }
    }
    (frames, others)
}

fn why(session: &mut Session, from_ms: f64, of: Option<(u16, u64)>) -> Reply {
    session.handle(Request::Why {
        run: 1,
        token: 7,
        of,
    });
    let (_, others) = drive(session, from_ms, 2_000.0);
    others.into_iter().next().expect("an answer comes")
}

#[test]
fn the_slowest_requests_and_where_their_time_went() {
    let mut session = load(&storm());
    drive(&mut session, 0.0, 1_500.0);
    session.handle(Request::Pause { run: 1 });
    let Reply::Why {
        token: 7,
        from_ns,
        until_ns,
        seen,
        requests,
    } = why(&mut session, 1_500.0, None)
    else {
        panic!("traces come")
    };
    assert!(seen > 500, "{seen}");
    assert_eq!(until_ns - from_ns, 10 * S);
    assert!(requests.len() >= 10, "{}", requests.len());
    let took = requests[..10]
        .iter()
        .map(|request| request.end_ns - request.start_ns);
    let took: Vec<u64> = took.collect();
    assert!(took.is_sorted_by(|a, b| a >= b), "slowest first: {took:?}");
    for request in &requests {
        let root = &request.spans[0];
        assert_eq!((root.kind, root.depth), (TracedKind::Request, 0));
        assert!((from_ns..=until_ns).contains(&request.start_ns));
        let in_time = request.spans.iter().filter(|span| !span.is_late);
        for span in in_time {
            assert!(span.start_ns >= root.start_ns && span.end_ns >= span.start_ns);
        }
        let work = |span: &format::message::TracedSpan| span.kind == TracedKind::Service;
        assert!(request.spans.iter().any(work));
    }
}

#[test]
fn a_dot_is_followed_to_its_request_and_the_run_is_left_alone() {
    let mut session = load(&storm());
    let (frames, _) = drive(&mut session, 0.0, 1_000.0);
    session.handle(Request::Pause { run: 1 });
    let mut latest = frames.iter().rev();
    let flight = latest
        .find_map(|frame| frame.flights.last())
        .expect("something is under way");
    let at = flight.start_ns;
    let Reply::Why { requests, .. } = why(&mut session, 1_000.0, Some((flight.link, at))) else {
        panic!("traces come")
    };
    let of_it = |span: &format::message::TracedSpan| span.start_ns == at || span.end_ns == at;
    assert!(
        requests[0].spans.iter().any(of_it),
        "the one clicked comes first"
    );
    session.handle(Request::Step { run: 1, ms: 1.0 });
    let (after, _) = drive(&mut session, 3_000.0, 100.0);
    let moved = after.last().expect("a step shows").time_ns - frames.last().unwrap().time_ns;
    assert!(moved < S, "the run stood still: {moved}");
}

#[test]
fn a_seek_shows_the_moment_and_what_led_to_it() {
    let mut session = load(&storm());
    let (frames, _) = drive(&mut session, 0.0, 2_000.0);
    let known = frames.last().expect("frames come").time_ns;
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Seek {
        run: 1,
        time_ns: 5 * S,
        token: 3,
    });
    let (frames, _) = drive(&mut session, 2_000.0, 200.0);
    let sought = |frame: &&Frame| frame.seek == 3;
    let shown = frames.iter().find(sought).expect("it is shown");
    assert_eq!((shown.time_ns, shown.from_ns), (5 * S, 0));
    assert!(shown.known_ns >= known);
    let lead = shown.lead.as_ref().expect("what led to it");
    assert_eq!(
        lead.time_ns,
        4 * S,
        "as long before as rates are taken over"
    );
    assert!(lead.offered < shown.offered);
    assert!(shown.windows.is_empty(), "nothing is reported twice");
    session.handle(Request::Play { run: 1 });
    let (frames, _) = drive(&mut session, 2_200.0, 3_000.0);
    let windows = frames.iter().flat_map(|frame| &frame.windows);
    let told: Vec<f64> = windows.map(|window| window.start_s).collect();
    let first = (known / S) as f64;
    assert!(!told.is_empty() && told[0] >= first, "{told:?}");
}

#[test]
fn a_run_that_is_paused_sends_no_frames() {
    let mut session = load(&storm());
    drive(&mut session, 0.0, 640.0);
    session.handle(Request::Pause { run: 1 });
    let (frames, _) = drive(&mut session, 640.0, 1_000.0);
    assert_eq!(frames.len(), 1, "the one that says so");
    assert!(!session.is_busy());
}

#[test]
fn an_edit_in_the_past_tells_what_is_new_of_it() {
    let mut session = load(&storm());
    drive(&mut session, 0.0, 2_000.0);
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Seek {
        run: 1,
        time_ns: 5 * S + S / 2,
        token: 1,
    });
    // At once: the edit is made where the jump leads.
    let mut changed = storm();
    changed.links[0].calls += 1;
    edit(&mut session, &changed);
    session.handle(Request::Play { run: 1 });
    let (frames, _) = drive(&mut session, 2_000.0, 500.0);
    assert!(frames[0].known_ns < 6 * S, "what came after is dropped");
    let windows = frames.iter().flat_map(|frame| &frame.windows);
    let told: Vec<f64> = windows.map(|window| window.start_s).collect();
    assert_eq!(told[0], 5.0, "the window it was made in is reported again");
}

#[test]
fn caches_and_databases_show_what_they_hold() {
    let (mut caches, mut databases) = (0, 0);
    for seed in 0..60 {
        let mut design = testing::design(seed);
        design.settings.duration = design::Duration::s(5);
        let node = design.nodes.iter().find(|node| match node.kind {
            Kind::Cache(_) => caches < 3,
            Kind::Database(_) => databases < 3,
            _ => false,
        });
        let Some(node) = node.cloned() else { continue };
        let mut session = load(&design);
        session.handle(Request::Look {
            run: 1,
            node: Some(node.id.clone()),
        });
        let (frames, _) = drive(&mut session, 0.0, 300.0);
        let told = frames.iter().filter_map(|frame| frame.inside.as_ref());
        let told: Vec<_> = told.collect();
        assert!(told.len() <= 3, "four times a second at most");
        for inside in told {
            assert_eq!(design.nodes[usize::from(inside.node)].id, node.id);
            assert!(inside.rows.len() <= format::message::ROWS_MAX);
            assert!(inside.rows.len() as u64 <= inside.held);
            if inside.rows.is_empty() {
                continue;
            }
            match node.kind {
                Kind::Cache(_) => caches += 1,
                _ => databases += 1,
            }
        }
    }
    assert!(
        caches > 0 && databases > 0,
        "{caches} caches, {databases} databases"
    );
}

#[test]
fn who_tells_nothing_is_not_heard() {
    let mut design = storm();
    design.nodes[0].deployment.telemetry.metrics = false;
    let (frames, _) = drive(&mut load(&design), 0.0, 200.0);
    let last = frames.last().expect("frames come");
    let heard: Vec<bool> = last.nodes.iter().map(|node| node.heard).collect();
    assert_eq!(heard, [false, true, true, true]);
}

/// Edits that no run reads, each with what it is.
fn renamed(design: &Design) -> Vec<(&'static str, Design)> {
    let with = |change: fn(&mut Design)| {
        let mut changed = design.clone();
        change(&mut changed);
        changed
    };
    vec![
        ("name", with(|design| design.settings.name = "Shop".into())),
        (
            "labels",
            with(|design| {
                for node in &mut design.nodes {
                    node.label = Some(format!("The {}", node.id));
                }
            }),
        ),
        (
            "requirements",
            with(|design| {
                let one = design::Requirement::default();
                match design.requirements.pop() {
                    Some(_) => {}
                    None => design.requirements.push(one),
                }
            }),
        ),
        (
            "notes",
            with(|design| design.settings.notes.push(design::Note::default())),
        ),
        (
            "team",
            with(|design| design.nodes[0].deployment.team = Some("Checkout".into())),
        ),
        ("places", with(|design| design.nodes[0].at = [400, 90])),
    ]
}

fn edit(session: &mut Session, design: &Design) {
    session.handle(Request::Edit {
        edit: 1,
        run: 1,
        design: format::json::write(design),
    });
}

/// A run of 6 s that was paused, and went back to 2.9 s.
fn gone_back(design: &Design) -> (Session, Frame) {
    let mut session = load(design);
    drive(&mut session, 0.0, 640.0);
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Seek {
        run: 1,
        time_ns: 29 * S / 10,
        token: 3,
    });
    let (frames, _) = drive(&mut session, 640.0, 400.0);
    let stands = frames.into_iter().last().expect("it shows where it is");
    assert_eq!(stands.time_ns, 29 * S / 10);
    assert!(stands.known_ns > 6 * S, "{}", stands.known_ns);
    (session, stands)
}

#[test]
fn an_edit_that_changes_nothing_in_the_run_keeps_the_recorded_future() {
    let design = storm();
    for (what, changed) in renamed(&design) {
        let (mut session, stands) = gone_back(&design);
        edit(&mut session, &changed);
        // Whatever is asked next is answered from the same run.
        session.handle(Request::Look { run: 1, node: None });
        let (frames, _) = drive(&mut session, 1_040.0, 100.0);
        let after = frames.last().expect("a frame comes");
        assert_eq!(after.known_ns, stands.known_ns, "{what}");
        assert_eq!(after.time_ns, stands.time_ns, "{what}");
    }
    let (mut session, stands) = gone_back(&design);
    let mut changed = design.clone();
    changed.links[0].calls += 1;
    edit(&mut session, &changed);
    let (frames, _) = drive(&mut session, 1_040.0, 100.0);
    let after = frames.last().expect("a frame comes");
    assert_eq!(after.known_ns, stands.time_ns, "another run begins there");
}

#[test]
fn what_keeps_the_future_makes_the_same_run() {
    for scenario in host::scenarios::all() {
        let mut design = scenario.design.clone();
        design.settings.duration = design.settings.duration.min(design::Duration::s(10));
        let run = |design: &Design| {
            let mut simulation = sim::Simulation::new(design);
            simulation.run_until(10 * S, 200_000);
            let report = simulation.report();
            (
                report.run.events,
                format!(
                    "{:?}",
                    (report.requests, report.nodes, report.links, report.windows)
                ),
            )
        };
        let was = run(&design);
        for (what, changed) in renamed(&design) {
            assert!(design.makes_same_run(&changed), "{what}");
            assert!(run(&changed) == was, "{what} of {}", design.settings.name);
        }
    }
}
