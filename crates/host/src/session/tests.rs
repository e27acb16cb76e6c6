mod frames;

use super::*;
use format::message::{Answer, Diagnosed, Job};
use report::Standing;
use std::cell::Cell;

fn design() -> String {
    let scenario = scenarios::find("retry-storm").expect("it is in the library");
    format::json::write(&scenario.faulty())
}

/// Drives a session with a clock that jumps, as timers do.
fn drive(session: &mut Session, ms: f64, calls: usize) -> Vec<Reply> {
    let time = Cell::new(0.0);
    let mut replies = Vec::new();
    for call in 0..calls {
        time.set(call as f64 * ms / calls as f64);
        for reply in session.advance(&|| time.get()) {
            if let Reply::Frame(frame) = &reply {
                session.handle(Request::Taken { run: frame.run });
            }
            replies.push(reply);
        }
    }
    replies
}

#[test]
fn time_passes_at_the_speed_asked_for() {
    let mut session = Session::new();
    load(&mut session, design(), 2.0);
    let replies = drive(&mut session, 1_000.0, 60);
    let Some(Reply::Frame(last)) = replies.last() else {
        panic!("frames come")
    };
    let seconds = last.time_ns as f64 / 1e9;
    assert!((1.9..=2.0).contains(&seconds), "{seconds}");
    assert!(last.offered > 200 && last.flights.len() <= format::message::FLIGHTS_MAX);
    assert_eq!((last.nodes.len(), last.links.len()), (4, 3));
}

#[test]
fn the_next_frame_waits_until_the_last_was_taken() {
    let mut session = Session::new();
    load(&mut session, design(), 1.0);
    let time = Cell::new(0.0);
    let mut frames = 0;
    for call in 0..50 {
        time.set(f64::from(call) * 20.0);
        let replies = session.advance(&|| time.get());
        let frame = |reply: &&Reply| matches!(reply, Reply::Frame(_));
        frames += replies.iter().filter(frame).count();
    }
    assert_eq!(frames, 1);
}

/// Drives a session until it has nothing to do, with a clock that moves on at every look.
fn work(session: &mut Session) -> Vec<Reply> {
    let time = Cell::new(session.last_ms.unwrap_or(0.0));
    let mut replies = Vec::new();
    while session.is_busy() {
        let told = session.advance(&|| {
            time.set(time.get() + 1.0);
            time.get()
        });
        for reply in told {
            if let Reply::Frame(frame) = &reply {
                session.handle(Request::Taken { run: frame.run });
            }
            replies.push(reply);
        }
    }
    replies
}

fn load(session: &mut Session, design: String, speed: f64) {
    session.handle(Request::Load {
        run: 1,
        design,
        playing: true,
        speed,
    });
}

fn diagnosed(replies: Vec<Reply>) -> Vec<Diagnosed> {
    let diagnosed = replies.into_iter().filter_map(|reply| match reply {
        Reply::Diagnosed(diagnosed) => Some(*diagnosed),
        _ => None,
    });
    diagnosed.collect()
}

#[test]
fn what_a_live_run_shows_is_told_as_it_grows_and_at_its_end_is_that_of_a_run_alone() {
    let mut session = Session::new();
    load(&mut session, design(), f64::INFINITY);
    let told = diagnosed(work(&mut session));
    assert!(told.len() > 1, "{}", told.len());
    assert!(told.is_sorted_by_key(|one| one.until_ns));
    let begun = |one: &Diagnosed| {
        let mut all = one.findings.iter().flat_map(report::Finding::all);
        all.all(|finding| finding.onset_s.unwrap_or(0.0) * 1e9 <= one.until_ns as f64)
    };
    assert!(
        told.iter().all(begun),
        "nothing is reported before it happened"
    );
    let last = told.last().expect("there is an end");
    let reply = Reply::Diagnosed(Box::new(last.clone()));
    let read = Reply::decode(&reply.encode()).expect("it is read as it was written");
    assert_eq!(read, reply);
    let design = format::json::read(&design()).expect("it is valid");
    let alone = crate::run(&design, &crate::Options::default()).expect("it is valid");
    let findings = diagnostics::diagnose(&design, Some(&alone));
    assert!(!findings.is_empty());
    assert_eq!(last.findings, findings);
    assert_eq!(last.scores, alone.requirements);
    assert_eq!(last.hash, Some(alone.run.hash));
}

#[test]
fn a_run_that_waited_past_its_last_event_tells_its_end() {
    let document = format::json::read(&design()).expect("it is valid");
    let mut alone = Simulation::new(&document);
    alone.run();
    let (end_ns, hash) = (alone.now(), alone.report().run.hash);
    // A slice ends after the last event and before the mark at which the engine ends the run.
    for pause_us in [1, 523, 5_230] {
        let mut session = Session::new();
        load(&mut session, design(), f64::INFINITY);
        session.handle(Request::Pause { run: 1 });
        session.handle(Request::Seek {
            run: 1,
            time_ns: end_ns + pause_us * 1_000,
            token: 1,
        });
        work(&mut session);
        session.handle(Request::Play { run: 1 });
        let told = diagnosed(work(&mut session));
        let last = told.last().map(|last| last.hash.clone());
        assert_eq!(last, Some(Some(hash.clone())), "{pause_us} µs");
        assert_eq!(
            session.live.as_ref().map(|live| live.past.known()),
            Some(end_ns)
        );
    }
}

#[test]
fn a_look_back_says_nothing_new_and_a_requirement_is_judged_where_the_run_stands() {
    let mut session = Session::new();
    load(&mut session, design(), f64::INFINITY);
    work(&mut session);
    session.handle(Request::Seek {
        run: 1,
        time_ns: 5_000_000_000,
        token: 1,
    });
    assert!(diagnosed(work(&mut session)).is_empty());
    session.handle(Request::Seek {
        run: 1,
        time_ns: u64::MAX,
        token: 2,
    });
    work(&mut session);
    let mut asked = format::json::read(&design()).expect("it is valid");
    asked.requirements.clear();
    let asked = format::json::write(&asked);
    session.handle(Request::Edit {
        run: 1,
        edit: 1,
        design: asked,
    });
    let told = diagnosed(work(&mut session));
    let last = told.last().expect("it is judged again");
    assert!(last.scores.is_empty() && last.hash.is_some());
}

#[test]
fn a_run_has_a_fingerprint_where_a_run_of_its_design_has_the_same() {
    let whole = format::json::read(&design()).expect("it is valid");
    let mut calm = whole.clone();
    calm.faults.clear();
    let alone = crate::run(&whole, &crate::Options::default()).expect("it is valid");
    let begins = whole.faults[0].at.as_ms();
    for (after_ms, hash) in [(begins - 1.0, Some(alone.run.hash)), (begins + 500.0, None)] {
        let mut session = Session::new();
        load(&mut session, format::json::write(&calm), f64::INFINITY);
        session.handle(Request::Step {
            run: 1,
            ms: after_ms,
        });
        work(&mut session);
        session.handle(Request::Edit {
            run: 1,
            edit: 7,
            design: format::json::write(&whole),
        });
        session.handle(Request::Play { run: 1 });
        let replies = work(&mut session);
        let told = replies.iter().find_map(|reply| match reply {
            Reply::Hash { edit: 7, hash, .. } => Some(hash),
            _ => None,
        });
        assert_eq!(told, hash.as_ref(), "{after_ms}");
        let told = diagnosed(replies);
        assert!(told.iter().all(|one| one.edit == 7 && one.hash.is_none()));
    }
}

/// All replies about experiments on what a session has run.
fn tried(session: &mut Session) -> Vec<Reply> {
    let replies = session.handle(Request::Course { run: 1 });
    let [
        Reply::Course {
            course: Some(course),
            ..
        },
    ] = &replies[..]
    else {
        panic!("it can be made again")
    };
    let mut lab = Session::new();
    lab.handle(Request::Try {
        token: 3,
        course: course.clone(),
        experiments: 150,
        helpers: 0,
    });
    work(&mut lab)
}

#[test]
fn what_is_suspected_is_tried_and_comes_to_what_the_command_line_says() {
    let mut session = Session::new();
    load(&mut session, design(), f64::INFINITY);
    work(&mut session);
    let told = tried(&mut session);
    let standings = |findings: &[report::Finding]| -> Vec<Standing> {
        findings.iter().map(|finding| finding.standing).collect()
    };
    let Some(Reply::Concluded { conclusion, .. }) = told.first() else {
        panic!("it is reported while it continues")
    };
    assert!(standings(&conclusion.findings).contains(&Standing::Suspected));
    let Some(Reply::Concluded {
        conclusion,
        is_done: true,
        done,
        planned,
        ..
    }) = told.last()
    else {
        panic!("it comes to an end")
    };
    assert_eq!(done, planned);
    for reply in &told {
        let read = Reply::decode(&reply.encode()).expect("it is read as it was written");
        assert_eq!(read, *reply);
    }
    let design = format::json::read(&design()).expect("it is valid");
    let alone = crate::run(&design, &crate::Options::default()).expect("it is valid");
    let budget = crate::experiments::budget(alone.run.events, 150);
    let other = crate::experiments::investigate(&design, &alone, budget, 2);
    assert_eq!(*conclusion, other);
    assert!(!standings(&other.findings).contains(&Standing::Suspected));
}

/// Makes the experiments on what a session has run with this many other workers, of which one fails
/// at its second job. Returns the last conclusion, and the number of jobs that others did.
fn tried_together(session: &mut Session, workers: usize) -> (report::Conclusion, usize) {
    let replies = session.handle(Request::Course { run: 1 });
    let Some(Reply::Course { course, .. }) = replies.into_iter().next() else {
        panic!("it can be made again")
    };
    let mut lab = Session::new();
    lab.handle(Request::Try {
        token: 3,
        course: course.expect("it has few edits"),
        experiments: 150,
        helpers: u32::try_from(workers).unwrap(),
    });
    let mut helpers: Vec<(Session, Vec<Job>)> = Vec::new();
    helpers.resize_with(workers, || (Session::new(), Vec::new()));
    let (mut conclusion, mut done, mut has_failed) = (None, 0, false);
    let time = Cell::new(0.0);
    let clock = || {
        time.set(time.get() + 1.0);
        time.get()
    };
    while lab.is_busy() || helpers.iter().any(|(helper, _)| helper.is_busy()) {
        for reply in lab.advance(&clock) {
            match reply {
                Reply::Job(job) => {
                    let free = helpers.iter_mut().find(|(helper, _)| !helper.is_busy());
                    let (helper, had) = free.expect("no more jobs than workers");
                    had.push(job.clone());
                    helper.handle(Request::Run(job));
                }
                Reply::Concluded {
                    conclusion: new, ..
                } => conclusion = Some(new),
                other => panic!("{other:?}"),
            }
        }
        for (at, (helper, had)) in helpers.iter_mut().enumerate() {
            if at == 0 && had.len() == 2 && !has_failed {
                has_failed = true;
                *helper = Session::new();
                let Job { token, id, .. } = had[1];
                lab.handle(Request::Lost { token, id });
            }
            for reply in helper.advance(&clock) {
                let Reply::Ran(answer) = reply else {
                    panic!("{reply:?}")
                };
                done += 1;
                // An answer to earlier experiments is not taken.
                let token = answer.token - 1;
                lab.handle(Request::Ran(Answer {
                    token,
                    ..answer.clone()
                }));
                lab.handle(Request::Ran(answer));
            }
        }
    }
    assert_eq!(has_failed, workers > 0);
    (conclusion.expect("it comes to an end"), done)
}

#[test]
fn experiments_that_several_workers_share_come_to_the_same_conclusion() {
    let mut session = Session::new();
    load(&mut session, design(), f64::INFINITY);
    work(&mut session);
    let (alone, none) = tried_together(&mut session, 0);
    assert_eq!(none, 0);
    let (together, done) = tried_together(&mut session, 3);
    assert_eq!(together, alone);
    assert!(done > 6, "others made {done} of the runs");
}

#[test]
fn experiments_on_a_run_that_was_edited_make_the_same_edits_at_the_same_moments() {
    let mut calm = format::json::read(&design()).expect("it is valid");
    let faults = std::mem::take(&mut calm.faults);
    let mut session = Session::new();
    load(&mut session, format::json::write(&calm), f64::INFINITY);
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Step {
        run: 1,
        ms: 10_000.0,
    });
    work(&mut session);
    calm.faults = faults;
    session.handle(Request::Edit {
        run: 1,
        edit: 1,
        design: format::json::write(&calm),
    });
    session.handle(Request::Step {
        run: 1,
        ms: 80_000.0,
    });
    let told = diagnosed(work(&mut session));
    let shown = told.last().expect("it is reported");
    assert_eq!((shown.until_ns, &shown.hash), (90_000_000_000, &None));
    let told = tried(&mut session);
    let Some(Reply::Concluded { conclusion, .. }) = told.last() else {
        panic!("it comes to an end")
    };
    let top = conclusion.findings.first().expect("something is found");
    assert_eq!(
        (&*top.rule, top.standing),
        ("retry-storm", Standing::Confirmed)
    );
    let experiment = top.experiments.first().expect("it was tried");
    let steps = &experiment.curve.goodput_per_s;
    let length_s = steps.len() as f64 * experiment.curve.width_s;
    assert!((89.0..=92.0).contains(&length_s), "{length_s}");
    assert!(!top.remedies.is_empty());
}

#[test]
fn trying_stops_when_it_is_wanted_no_more() {
    let mut session = Session::new();
    let course = format::message::Course {
        first: design(),
        ..Default::default()
    };
    session.handle(Request::Try {
        token: 1,
        course,
        experiments: 150,
        helpers: 0,
    });
    assert!(session.is_behind());
    session.handle(Request::LeaveOff);
    assert!(!session.is_busy());
    let course = format::message::Course::default();
    let refused = session.handle(Request::Try {
        token: 2,
        course,
        experiments: 150,
        helpers: 0,
    });
    assert!(matches!(
        refused[..],
        [Reply::Invalid { token: Some(2), .. }]
    ));
}

#[test]
fn two_designs_are_compared_as_each_would_run_alone() {
    let mut other = format::json::read(&design()).expect("it is valid");
    other.settings.seed += 1;
    let designs = [design(), format::json::write(&other)];
    let mut session = Session::new();
    session.handle(Request::Compare {
        token: 9,
        designs: designs.clone(),
    });
    assert!(session.is_behind());
    let replies = drive(&mut session, 10_000.0, 2_000);
    let [
        Reply::Compared {
            token: 9,
            counted: both,
        },
    ] = &replies[..]
    else {
        panic!("one answer comes")
    };
    for (design, one) in designs.iter().zip(both) {
        let design = format::json::read(design).expect("it is valid");
        let alone = crate::run(&design, &crate::Options::default()).expect("it is valid");
        assert_eq!(*one, counted(alone));
    }
    assert!(!session.is_busy());
    let designs = ["{".to_owned(), design()];
    let refused = session.handle(Request::Compare { token: 10, designs });
    assert!(matches!(
        refused[..],
        [Reply::Invalid {
            token: Some(10),
            ..
        }]
    ));
}

#[test]
fn what_cannot_run_is_answered_with_its_problems_and_the_run_goes_on() {
    let mut session = Session::new();
    load(&mut session, design(), 1.0);
    let replies = session.handle(Request::Edit {
        run: 1,
        edit: 1,
        design: "{".into(),
    });
    assert!(matches!(
        &replies[..],
        [Reply::Invalid { run: Some(1), .. }]
    ));
    assert!(!drive(&mut session, 100.0, 10).is_empty());
    assert!(
        session.handle(Request::Pause { run: 77 }).is_empty(),
        "another run's message drops"
    );
    assert!(session.is_busy());
}

#[test]
fn a_partition_separates_members_and_leaves_each_side_its_own() {
    let scenario = scenarios::find("split-brain").expect("it is in the library");
    let design = scenario.faulty();
    let mut session = Session::new();
    load(&mut session, format::json::write(&design), 1.0);
    session.handle(Request::Pause { run: 1 });
    session.handle(Request::Seek {
        run: 1,
        time_ns: design.faults[0].at.0 + 5_000_000_000,
        token: 1,
    });
    let replies = work(&mut session);
    let mut frames = replies.iter().filter_map(|reply| match reply {
        Reply::Frame(frame) => Some(frame),
        _ => None,
    });
    let frame = frames.next_back().expect("frames come");
    let place = |id: &str| design.nodes.iter().position(|node| node.id == id);
    let rooms = &frame.nodes[place("rooms").expect("it is there")];
    let cut: Vec<bool> = rooms.boxes.iter().map(|member| member.cut).collect();
    assert_eq!(cut, [false, true]);
    // Each side still reaches the member in its zone.
    for (link, shown) in design.links.iter().zip(&frame.links) {
        let is_torn = link.to == "rooms";
        assert_eq!((shown.cut, shown.passes), (is_torn, true), "{}", link.id);
    }
}
