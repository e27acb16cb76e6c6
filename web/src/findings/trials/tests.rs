use super::*;
use report::message;

fn finding(rule: &'static str, what: &'static str) -> Finding {
    Finding::new(rule, ["db"]).measured(Some(1.0)).says(
        message!("{}", report::whole(3.0)),
        what,
        "",
    )
}

fn shown(until_s: u64, findings: Vec<Finding>) -> Diagnosed {
    Diagnosed {
        until_ns: until_s * 1_000_000_000,
        findings,
        ..Diagnosed::default()
    }
}

fn confirmed(rule: &'static str, what: &'static str) -> Conclusion {
    let mut finding = finding(rule, what);
    finding.standing = Standing::Confirmed;
    Conclusion {
        findings: vec![finding],
        ..Conclusion::default()
    }
}

fn standings(trials: &Trials) -> Vec<(String, Standing)> {
    let findings = trials.findings();
    let pair = |finding: &Finding| (finding.rule.to_string(), finding.standing);
    findings.iter().map(pair).collect()
}

#[test]
fn a_calm_run_is_left_alone() {
    let mut trials = Trials::default();
    assert_eq!(trials.show(shown(5, Vec::new()), true), Order::Nothing);
    let note = Finding::new("happy-path", ["db"]);
    assert_eq!(trials.show(shown(6, vec![note]), true), Order::Nothing);
    assert_eq!(*trials.stage(), Stage::Idle);
}

#[test]
fn what_is_suspected_is_tried_once_while_the_run_plays() {
    let mut trials = Trials::default();
    let storm = || vec![finding("retry-storm", "")];
    assert_eq!(trials.show(shown(5, storm()), false), Order::Try(1));
    assert_eq!(
        standings(&trials),
        [("retry-storm".to_owned(), Standing::Suspected)]
    );
    assert_eq!(trials.show(shown(6, storm()), false), Order::Nothing);
    // Something else waits until this trial is over.
    let more = || vec![finding("retry-storm", "now"), finding("hot-key", "")];
    assert_eq!(trials.show(shown(7, more()), false), Order::Nothing);
    let order = trials.conclude(1, (3, 3, true), confirmed("retry-storm", "then"));
    assert_eq!(order, Order::Try(2));
    assert_eq!(
        standings(&trials),
        [
            ("retry-storm".to_owned(), Standing::Confirmed),
            ("hot-key".to_owned(), Standing::Untested)
        ]
    );
    assert_eq!(trials.lags(), Some(5.0));
    // In the present words.
    let plain = |message: &report::Message| text::message(message, &text::Titles::ids());
    assert_eq!(plain(&trials.findings()[0].why), "now");
}

#[test]
fn a_run_whose_last_diagnosis_came_before_its_end_was_known_is_tried_at_its_end() {
    let mut trials = Trials::default();
    let storm = || vec![finding("retry-storm", "")];
    assert_eq!(trials.show(shown(5, storm()), false), Order::Try(1));
    let order = trials.conclude(1, (3, 3, true), confirmed("retry-storm", ""));
    assert_eq!(order, Order::Nothing);
    // The diagnosis of the end arrives while the page believes that the run plays.
    assert_eq!(trials.show(shown(9, storm()), false), Order::Nothing);
    assert_eq!(trials.stand(8_000_000_000), Order::Nothing);
    assert_eq!(trials.stand(9_000_000_000), Order::Try(2));
    assert_eq!(trials.stand(9_000_000_000), Order::Nothing);
}

#[test]
fn a_run_that_stands_is_tried_where_it_stands() {
    let mut trials = Trials::default();
    let storm = || vec![finding("retry-storm", "")];
    assert_eq!(trials.show(shown(5, storm()), false), Order::Try(1));
    assert_eq!(trials.show(shown(9, storm()), true), Order::Try(2));
    // The answers to the first one come too late.
    let late = trials.conclude(1, (1, 3, false), confirmed("retry-storm", ""));
    assert_eq!((late, trials.lags()), (Order::Nothing, None));
    let order = trials.conclude(2, (3, 3, true), confirmed("retry-storm", ""));
    assert_eq!((order, trials.stage()), (Order::Nothing, &Stage::Done));
    assert_eq!(trials.lags(), None);
    assert_eq!(trials.show(shown(9, storm()), true), Order::Nothing);
}

#[test]
fn an_edit_drops_what_is_being_tried() {
    let mut trials = Trials::default();
    let storm = || vec![finding("retry-storm", "")];
    trials.show(shown(5, storm()), false);
    assert_eq!(trials.part(), Order::LeaveOff);
    let late = trials.conclude(1, (3, 3, true), confirmed("retry-storm", ""));
    // Its findings stay visible, and are not tested.
    assert_eq!((late, trials.findings().len()), (Order::Nothing, 1));
    assert_eq!(trials.forget(), Order::Nothing);
    assert_eq!(trials.findings().len(), 0);
    assert!(matches!(
        trials.show(shown(6, storm()), false),
        Order::Try(_)
    ));
}

#[test]
fn a_person_stops_it_and_takes_it_up_again() {
    let mut trials = Trials::default();
    let storm = || vec![finding("retry-storm", "")];
    trials.show(shown(5, storm()), true);
    assert_eq!(trials.stop(), Order::LeaveOff);
    assert_eq!(trials.stop(), Order::Nothing);
    assert_eq!(trials.show(shown(7, storm()), true), Order::Nothing);
    assert_eq!(*trials.stage(), Stage::Stopped);
    assert!(matches!(trials.resume(), Order::Try(_)));
    trials.lose("the worker stopped".to_owned());
    assert!(matches!(trials.stage(), Stage::Impossible(_)));
    // Nor is it tested repeatedly.
    assert_eq!(trials.show(shown(7, storm()), true), Order::Nothing);
    assert!(matches!(
        trials.show(shown(8, storm()), true),
        Order::Try(_)
    ));
}

#[test]
fn what_was_ruled_out_does_not_come_back_by_itself() {
    let mut trials = Trials::default();
    let both = || vec![finding("retry-storm", ""), finding("hot-key", "")];
    trials.show(shown(5, both()), true);
    let mut conclusion = confirmed("retry-storm", "");
    let mut out = finding("hot-key", "");
    out.standing = Standing::RuledOut;
    conclusion.ruled_out.push(out);
    trials.conclude(1, (2, 2, true), conclusion);
    trials.show(shown(6, both()), false);
    assert_eq!(
        standings(&trials),
        [("retry-storm".to_owned(), Standing::Confirmed)]
    );
    let known = trials.known().expect("it was concluded");
    assert_eq!(known.ruled_out.len(), 1);
}

#[test]
fn what_is_accepted_or_required_is_tried_anew_and_is_gone_before() {
    let mut trials = Trials::default();
    let both = || vec![finding("retry-storm", ""), finding("hot-key", "")];
    trials.show(shown(5, both()), true);
    let mut conclusion = confirmed("retry-storm", "");
    conclusion.findings.push(finding("hot-key", ""));
    conclusion.findings.push(finding("unexplained", ""));
    trials.conclude(1, (2, 2, true), conclusion);
    let mut accepted = shown(5, vec![finding("retry-storm", "")]);
    accepted.edit = 1;
    assert_eq!(trials.show(accepted, true), Order::Try(2));
    assert_eq!(
        standings(&trials),
        [
            ("retry-storm".to_owned(), Standing::Confirmed),
            ("unexplained".to_owned(), Standing::Untested)
        ]
    );
}

#[test]
fn figures_that_grow_are_nothing_new() {
    let storm = || finding("retry-storm", "3 attempts");
    let grown = finding("retry-storm", "4 attempts");
    assert!(are_alike(&[storm()], std::slice::from_ref(&grown)));
    let mut known = grown.clone();
    known.standing = Standing::Confirmed;
    assert!(!are_alike(&[storm()], &[known]));
    let mut cause = grown;
    cause.symptoms.push(finding("hot-key", ""));
    assert!(!are_alike(&[storm()], &[cause]));
    assert!(!are_alike(&[storm()], &[]));
}
