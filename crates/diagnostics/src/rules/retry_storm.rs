//! Retries that multiply across layers and keep an overloaded callee overloaded.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Series, Span, is_bounded};
use crate::remedies;
use design::{Link, Metric};
use report::{
    Field, Figure, Finding, Fold, Message, Severity, figure, link_list, link_name, message, moment,
    name, percent, rate,
};
use sim::Report;

/// Least share of retries among the attempts of a window: one and a half attempts per call.
const RETRIES: f64 = 1.0 / 3.0;
/// Share of successful attempts below which retries do not help.
const ANSWERED: f64 = 0.9;
/// Least duration of such windows together, in seconds.
const STORMY_S: f64 = 5.0;
/// Attempts per request, over layers whose retries nothing limits, for a note and for a warning.
const NOTED: f64 = 4.0;
const WARNED: f64 = 6.0;

pub(super) const RULE: Rule = Rule {
    id: "retry-storm",
    title: "Retry storm",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Retries at several layers multiply: with three attempts at each of three layers, one \
        request causes up to 27 calls to the innermost service. They come exactly when that \
        service cannot keep up, so the overload outlives its trigger.",
    evidence: "Structural: the product of the attempts along a path of at least two layers is at \
        least 4 (a note) or 6 (a warning). Only links whose retries nothing limits count: no \
        budget, throttle, quota, circuit breaker or adaptive throttling. Or one layer makes at \
        least ten attempts without a pause (a warning). Measured: for at least 5 s, a third of the \
        attempts on a link were retries and less than 90% succeeded. Meanwhile a node below it was \
        saturated or rejected calls.",
    silent: "Retries at one layer. Retries within a budget. Retries while nothing below is short \
        of capacity, such as after a crash that refuses calls immediately.",
    fixes: "Retry within a budget of 10% with backoff and jitter, or retry at one layer only. The \
        cost: some requests fail that a third attempt would have saved.",
};

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let storm = facts.graph.worst_storm();
    if storm.layers.len() < 2 || storm.attempts < NOTED {
        return Vec::new();
    }
    let links = links(facts, &storm.layers);
    let names: Vec<&str> = storm.layers.iter().map(String::as_str).collect();
    let severity = match storm.attempts >= WARNED {
        true => Severity::Warning,
        false => Severity::Note,
    };
    vec![
        Finding::new(RULE.id, storm.layers.clone())
            .severity(severity)
            .says(
                message!("Retries at {} layers can multiply one request into {} attempts", names.len(), figure(storm.attempts)),
                message!("{} retry, and nothing limits the total number of attempts. When the innermost callee slows down, it receives up to {} times the load.", link_list(&names), figure(storm.attempts)),
                "Retry at one layer only, or within a budget of 10% of the calls.",
            )
            .endangers(Metric::Availability)
            .fixed_by([remedies::budget_retries(&links), remedies::retry_once(&links)]),
    ]
}

fn links<'a>(facts: &Facts<'a>, ids: &[String]) -> Vec<&'a Link> {
    ids.iter().filter_map(|id| facts.design.link(id)).collect()
}

/// Returns when retries over a link loaded a node that could not keep up.
fn stormy(facts: &Facts<'_>, link: &Link) -> Option<Span> {
    let series = facts.series.as_ref()?;
    let windows = series.link(&link.id)?;
    let whole = series.whole();
    let count = |at: usize| windows.attempts_per_s[at] * windows.width_s;
    let is_stormy = |at: &usize| {
        let from = *at as f64 * windows.width_s;
        let ended = windows.answers_per_s[*at] + windows.failures_per_s[*at];
        from >= whole.from_s
            && count(*at) >= 10.0
            && windows.retries_per_s[*at] >= RETRIES * windows.attempts_per_s[*at]
            && windows.answers_per_s[*at] < ANSWERED * ended.max(1e-9)
    };
    let stormy: Vec<usize> = (0..windows.attempts_per_s.len())
        .filter(is_stormy)
        .collect();
    let lasted = stormy.len() as f64 * windows.width_s;
    if lasted < STORMY_S.max(2.0 * windows.width_s) {
        return None;
    }
    let span = Span {
        from_s: stormy[0] as f64 * windows.width_s,
        until_s: (stormy[stormy.len() - 1] + 1) as f64 * windows.width_s,
    };
    let below = facts.graph.reach(&link.to);
    let is_short = below.iter().any(|id| {
        let mut saturated = series.saturated(id).iter();
        let overlaps = saturated.any(|s| s.from_s < span.until_s && s.until_s > span.from_s);
        let turned_away = facts.node(id).is_some_and(|node| {
            let rejected = node.failures.get("rejected").copied().unwrap_or(0);
            rejected as f64 > 0.05 * node.arrivals as f64 && rejected >= 50
        });
        overlaps || turned_away
    });
    is_short.then_some(span)
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let calls = facts.design.links.iter();
    let tries = calls.filter(|link| {
        let more = link
            .retry
            .as_ref()
            .is_some_and(|retry| retry.max_attempts > 1);
        more && !is_bounded(link)
    });
    let stormy: Vec<(&Link, Span)> = tries
        .filter_map(|link| Some((link, stormy(facts, link)?)))
        .collect();
    let Some(onset) = stormy.iter().map(|(_, span)| span.from_s).reduce(f64::min) else {
        return Vec::new();
    };
    // Where a single layer keeps the system down, the finding is metastable-failure.
    let deep = facts.graph.worst_storm();
    if deep.layers.len() < 2 && report.metastable.is_some() {
        return Vec::new();
    }
    let until = stormy
        .iter()
        .map(|(_, span)| span.until_s)
        .fold(onset, f64::max);
    let span = Span {
        from_s: onset,
        until_s: until,
    };
    let links: Vec<&Link> = stormy.iter().map(|(link, _)| *link).collect();
    let names: Vec<&str> = links.iter().map(|link| link.id.as_str()).collect();
    let each: Vec<Message> = (links.iter().take(4))
        .filter_map(|link| per_call(series, link, span))
        .collect();
    let good = series.good_share(span);
    let offered = field::over("offered_per_s", Fold::Sum, span);
    let answered = field::over("goodput_per_s", Fold::Sum, span).over(offered);
    let after = match &report.metastable {
        Some(stuck) => message!(
            " Goodput stayed at {} from {} on, down from {}, although the trigger was over.",
            rate(stuck.goodput_per_s).of(field::of("metastable.goodput_per_s")),
            moment(stuck.since_s),
            rate(stuck.goodput_before_per_s).of(field::of("metastable.goodput_before_per_s"))
        ),
        None => Message::new(),
    };
    let mut finding = Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
        .measured(Some(onset))
        .says(
            message!(
                "Retries multiplied the load on {} while it could not keep up from {} on",
                name(last(&links)),
                moment(onset)
            ),
            message!(
                "{}.{} In that time, {} of the requests succeeded.{}",
                Message::join(each, ", "),
                reached(facts, &links, span),
                percent(good).of(answered),
                after
            ),
            "Retry at one layer only, or within a budget of 10% of the calls, with backoff and jitter.",
        )
        .endangers(facts.felt())
        .fixed_by([remedies::budget_retries(&links), remedies::retry_once(&links), remedies::breakers(&links)]);
    if report.metastable.is_some() || good < 0.5 && span.s() >= 10.0 {
        finding = finding.severity(Severity::Error);
    }
    vec![finding]
}

/// "a → b made 3 attempts per call".
fn per_call(series: &Series, link: &Link, span: Span) -> Option<Message> {
    let windows = series.link(&link.id)?;
    let attempts = series.mean(&windows.attempts_per_s, windows.width_s, span);
    let retries = series.mean(&windows.retries_per_s, windows.width_s, span);
    let at = |series| field::link_over(&link.id, series, Fold::Mean, span);
    let first = at("attempts_per_s").minus(at("retries_per_s"));
    Some(message!(
        "{} made {} attempts per call",
        link_name(&link.id),
        at_most(
            attempts / (attempts - retries).max(1e-9),
            attempts_max(link),
            at("attempts_per_s").over(first)
        )
    ))
}

fn attempts_max(link: &Link) -> f64 {
    let retry = link.retry.as_ref();
    retry.map_or(1.0, |retry| f64::from(retry.max_attempts))
}

/// Returns the attempts per call. Some attempts of the span belong to earlier calls, so the ratio
/// may exceed the possible maximum; it is then that maximum.
fn at_most(times: f64, most: f64, of: Field) -> Figure {
    match times > most {
        true => figure(most),
        false => figure(times).of(of),
    }
}

/// Says how many attempts reached the innermost node per call on the outermost links. Requests on
/// other paths are not counted: they would hide how far the retries multiplied.
fn reached(facts: &Facts<'_>, links: &[&Link], span: Span) -> Message {
    let inner = last(links);
    let is_outer = |link: &&&Link| links.iter().all(|other| other.to != link.from);
    let is_inner = |link: &&&Link| link.to == inner;
    let (outer, inner): (Vec<&Link>, Vec<&Link>) = (
        links.iter().filter(is_outer).copied().collect(),
        links.iter().filter(is_inner).copied().collect(),
    );
    let Some(series) = facts.series.as_ref().filter(|_| links.len() > 1) else {
        return Message::new();
    };
    let mean = |link: &Link, is_first: bool| {
        let Some(windows) = series.link(&link.id) else {
            return 0.0;
        };
        let of = |of: &[f64]| series.mean(of, windows.width_s, span);
        match is_first {
            true => of(&windows.attempts_per_s) - of(&windows.retries_per_s),
            false => of(&windows.attempts_per_s),
        }
    };
    let at = |link: &Link, name| field::link_over(&link.id, name, Fold::Mean, span);
    let entered: f64 = outer.iter().map(|link| mean(link, true)).sum();
    let arrived: f64 = inner.iter().map(|link| mean(link, false)).sum();
    if entered <= 0.0 {
        return Message::new();
    }
    let first = |link: &&Link| at(link, "attempts_per_s").minus(at(link, "retries_per_s"));
    let entered_of = Field::Sum(outer.iter().map(first).collect());
    let arrived_of = inner.iter().map(|link| at(link, "attempts_per_s"));
    let place = Field::Sum(arrived_of.collect()).over(entered_of);
    let ids: Vec<&str> = outer.iter().map(|link| link.id.as_str()).collect();
    message!(
        " Each call on {} caused {} attempts at {}.",
        link_list(&ids),
        at_most(arrived / entered, possible(facts, links), place),
        name(last(links))
    )
}

/// Most attempts at the end for a call at the start, where these links are one path: on others a
/// call may reach the end several times.
fn possible(facts: &Facts<'_>, links: &[&Link]) -> f64 {
    let storm = facts.graph.worst_storm();
    let is_layer = |link: &&Link| storm.layers.contains(&link.id);
    let into = |node: &str| {
        facts
            .design
            .links
            .iter()
            .filter(|link| link.to == node)
            .count()
    };
    let is_path = storm.layers.len() == links.len() && links.iter().all(is_layer);
    match is_path && links.iter().all(|link| into(&link.to) == 1) {
        true => storm.attempts,
        false => f64::INFINITY,
    }
}

/// Returns the node that the innermost of these links leads to.
fn last<'a>(links: &[&'a Link]) -> &'a str {
    let inner = links
        .iter()
        .find(|link| links.iter().all(|other| other.from != link.to));
    inner.or(links.last()).map_or("", |link| link.to.as_str())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, chain, found, lint, run};

    #[test]
    fn three_layers_of_three_are_27_and_one_layer_is_silent() {
        let storm = lint("retry-storm", &chain(r#""retry": {"max_attempts": 3}"#));
        assert!(
            storm[0].what.contains("27 attempts"),
            "{}",
            storm[0].what.text()
        );
        assert_eq!(storm[0].subjects, ["users->front", "front->api", "api->db"]);
        let budget =
            chain(r#""retry": {"max_attempts": 3, "budget": {"ratio": 0.1, "burst": 10}}"#);
        assert!(lint("retry-storm", &budget).is_empty());
        let mut once = chain(r#""retry": {"max_attempts": 3}"#);
        once.links[0].retry = None;
        once.links[1].retry = None;
        assert!(lint("retry-storm", &once).is_empty());
    }

    #[test]
    fn a_slow_database_under_retries_is_a_storm_and_a_crash_is_none() {
        let mut faulty = chain(r#""retry": {"max_attempts": 3}, "timeout": "200ms""#);
        faulty.faults.push(crate::testing::fault(
            r#"{"at": "20s", "for": "15s", "kind": "slowdown", "target": "db", "times": 30}"#,
        ));
        let report = run(&faulty);
        let storm = found("retry-storm", &faulty, &report);
        assert!(storm[0].measured, "{storm:?}");
        assert!(storm[0].onset_s.unwrap() >= 20.0);
        let mut crash = faulty.clone();
        crash.faults[0].kind = design::FaultKind::Crash;
        let report = run(&crash);
        assert!(
            found("retry-storm", &crash, &report)
                .iter()
                .all(|finding| !finding.measured)
        );
    }

    #[test]
    fn requests_on_another_path_do_not_hide_the_attempts_of_a_storm() {
        let mut faulty = chain(r#""retry": {"max_attempts": 3}, "timeout": "200ms""#);
        faulty.faults.push(crate::testing::fault(
            r#"{"at": "20s", "for": "25s", "kind": "slowdown", "target": "db", "times": 60}"#,
        ));
        let report = run(&faulty);
        let told = found("retry-storm", &faulty, &report)[0].why.text();
        let each = told.split(" attempts per call").take(3);
        let most = each.map(|said| said.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
        assert!(
            most.fold(0.0, f64::max) <= 3.0,
            "no more than is possible: {told}"
        );
        // Ten times as many requests that do not pass these links.
        let other = crate::testing::read(
            r#"{"nodes": [
            {"id": "robots", "kind": "client", "arrivals": {"poisson": "1500/s"}},
            {"id": "static", "kind": "service", "concurrency": 64, "service_time": "1ms"}],
            "links": [{"from": "robots", "to": "static"}]}"#,
        );
        faulty.nodes.extend(other.nodes);
        faulty.links.extend(other.links);
        let report = run(&faulty);
        let told = &found("retry-storm", &faulty, &report)[0];
        let why = told.why.text();
        let after = why.split("caused ").nth(1).expect("it says how many");
        let attempts: f64 = after.split(' ').next().unwrap().parse().unwrap();
        assert!(attempts > 10.0 && attempts <= 27.5, "{why}");
    }
}
