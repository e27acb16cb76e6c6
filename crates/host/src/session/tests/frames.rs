//! What frames say and show.

use super::*;

#[test]
fn the_status_sentence_is_of_the_frame_that_carries_it_at_any_speed_and_after_a_jump_back() {
    let scenario = scenarios::find("cap").expect("it is in the library");
    let status = scenario.now.clone().expect("it has a sentence");
    let mut session = Session::new();
    load(&mut session, format::json::write(&scenario.faulty()), 20.0);
    session.handle(Request::Follow {
        run: 1,
        status: Some(status.json),
    });
    let mut last_s = 0.0;
    let mut check = |replies: &[Reply]| {
        let frames = replies.iter().filter_map(|reply| match reply {
            Reply::Frame(frame) => Some(frame),
            _ => None,
        });
        let mut sentences = 0;
        for frame in frames {
            let now_s = frame.time_ns as f64 / 1e9;
            if let Some(says) = &frame.says {
                let failed = frame.failed.iter().sum::<u64>();
                let said = match failed {
                    _ if now_s < 5.0 => String::new(),
                    0 => "No request has failed so far.".to_owned(),
                    n => format!("{n} requests have failed so far."),
                };
                assert_eq!(says.replace(',', ""), said, "{now_s}");
                (last_s, sentences) = (now_s, sentences + 1);
            }
            assert!(now_s - last_s <= 4.0, "{now_s} {last_s}");
        }
        sentences
    };
    // At 20x, four simulated seconds are a fifth of a second.
    assert!(check(&drive(&mut session, 3_000.0, 180)) >= 14);
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Seek {
        run: 1,
        time_ns: 10_000_000_000,
        token: 1,
    });
    let replies = work(&mut session);
    check(&replies);
    let last = replies.iter().rev().find_map(|reply| match reply {
        Reply::Frame(frame) => Some((frame.time_ns, frame.says.clone())),
        _ => None,
    });
    let none = Some("No request has failed so far.".to_owned());
    assert_eq!(last, Some((10_000_000_000, none)));
}

#[test]
fn a_call_that_gets_no_answer_is_drawn_where_it_ended_by_its_cause() {
    use format::message::FlightKind::{Abandoned, Late, Refused, Timeout, Unsent};
    for (id, expected) in [
        ("retry-storm", vec![Late, Refused, Timeout]),
        ("cap", vec![Refused]),
        ("central-coordinator", vec![Abandoned, Refused]),
        ("pool-exhaustion", vec![Unsent, Timeout]),
        ("flying-blind", vec![]),
    ] {
        let scenario = scenarios::find(id).expect("it is in the library");
        let mut session = Session::new();
        load(&mut session, format::json::write(&scenario.faulty()), 20.0);
        let (mut seen, mut clocks, mut is_whole) = (Vec::new(), 0, true);
        for reply in drive(&mut session, 3_500.0, 210) {
            let Reply::Frame(frame) = reply else { continue };
            let kinds: Vec<_> = frame.flights.iter().map(|flight| flight.kind).collect();
            clocks += kinds.iter().filter(|kind| **kind == Timeout).count() as u64;
            let timeouts = frame.links.iter().map(|link| link.timeouts).sum::<u64>();
            // Of more dots than a frame takes, the first are left out.
            is_whole &= kinds.len() < format::message::FLIGHTS_MAX;
            assert!(clocks == timeouts || !is_whole, "{id}: {clocks} {timeouts}");
            seen.extend(kinds);
        }
        let ends = [Abandoned, Late, Refused, Unsent, Timeout];
        let seen = ends.into_iter().filter(|end| seen.contains(end));
        assert_eq!(seen.collect::<Vec<_>>(), expected, "{id}");
    }
}

#[test]
fn the_place_of_a_leader_that_is_down_is_vacant_until_another_leads() {
    let design = r#"{
        "faultline": 1, "duration": "20s",
        "nodes": [
            {"id": "users", "kind": "client", "at": [0, 0], "arrivals": {"poisson": "20/s"}},
            {"id": "db", "kind": "database", "at": [280, 0],
             "replication": {"replicas": 3, "detection_time": "1s"}}
        ],
        "links": [{"from": "users", "to": "db"}],
        "faults": [{"at": "5s", "for": "10s", "kind": "crash", "target": "db", "replica": 0}]
    }"#;
    let mut session = Session::new();
    load(&mut session, design.to_owned(), 10.0);
    let mut seen: Vec<String> = Vec::new();
    for reply in drive(&mut session, 1_500.0, 300) {
        let Reply::Frame(frame) = reply else { continue };
        let seats = frame.nodes[1].boxes.iter().map(|one| match one {
            one if one.leads => 'L',
            one if one.is_vacant => '_',
            _ => '.',
        });
        let seats = seats.collect();
        if seen.last() != Some(&seats) {
            seen.push(seats);
        }
    }
    assert_eq!(seen, ["L..", "_..", ".L."]);
}
