//! What frames say and show.

use super::*;
use format::message as wire;

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

#[test]
fn users_cards_and_charts_have_one_rate_at_one_moment() {
    use crate::rates::{Rates, Recent};
    for id in ["retry-storm", "cap", "cache-stampede"] {
        let design = scenarios::find(id).expect("it is in the library").faulty();
        let is_client = |node: &design::Node| matches!(node.kind, design::Kind::Client(_));
        let clients: Vec<bool> = design.nodes.iter().map(is_client).collect();
        let mut session = Session::new();
        load(&mut session, format::json::write(&design), 5.0);
        let (mut users, mut cards) = (Recent::default(), Recent::default());
        let (mut windows, mut shown) = (Vec::new(), Vec::new());
        // A frame comes every 200 ms of the run.
        for reply in drive(&mut session, 4_000.0, 100) {
            let Reply::Frame(frame) = reply else { continue };
            windows.extend(frame.windows.iter().copied());
            let Some(rates) = Rates::of(&frame, &mut users) else {
                continue;
            };
            let sent = frame.nodes.iter().zip(&clients).filter(|(_, is)| **is);
            let sent: u64 = sent.map(|(node, _)| node.arrivals).sum();
            let (base, seconds) = cards.base(frame.time_ns, sent);
            assert_eq!(rates.offered, (sent - base) as f64 / seconds, "{id}");
            if seconds == 1.0 {
                shown.push((frame.time_ns as f64 / 1e9, rates));
            }
        }
        let checked = shown.iter().filter(|(at_s, rates)| {
            let is_within = |window: &&wire::WindowFrame| {
                let end_s = window.start_s + window.width_s;
                window.start_s > at_s - 1.0 - 1e-6 && end_s < at_s + 1e-6
            };
            let drawn: Vec<_> = windows.iter().filter(is_within).collect();
            let width_s: f64 = drawn.iter().map(|window| window.width_s).sum();
            let count = |of: fn(&wire::WindowFrame) -> f32| -> f64 {
                drawn.iter().map(|w| f64::from(of(w)) * w.width_s).sum()
            };
            let is_whole = width_s > 1.0 - 1e-6;
            for (rate, drawn) in [
                (rates.offered, count(|w| w.offered_per_s)),
                (rates.throughput, count(|w| w.throughput_per_s)),
                (rates.goodput, count(|w| w.goodput_per_s)),
                (rates.failed, count(|w| w.failed_per_s)),
            ] {
                // An event at the very boundary may be on either side.
                let is_same = (rate - drawn).abs() < 2.0;
                assert!(!is_whole || is_same, "{id} at {at_s} s: {rate} {drawn}");
            }
            is_whole
        });
        assert!(checked.count() >= 10, "{id}");
    }
}
