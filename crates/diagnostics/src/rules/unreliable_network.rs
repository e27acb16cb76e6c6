//! Calls that wait for the network indefinitely.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Span};
use crate::remedies;
use design::link::Mode;
use design::{Kind, Link, Metric};
use report::{
    Field, Finding, Fold, Message, count_of, link_list, link_name, message, moment, name, percent,
    time, whole,
};
use sim::Report;

/// Least timeout that counts as none: a multiple of the usual time of a call, and seconds.
const LONG: f64 = 20.0;
const LONG_S: f64 = 2.0;
/// Least share of a caller's slots held by calls over one link.
const HELD: f64 = 0.7;

pub(super) const RULE: Rule = Rule {
    id: "unreliable-network",
    title: "Missing timeouts",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A call without a timeout waits as long as its callee takes, and holds a slot of its \
        caller meanwhile. One dependency that is slow or unreachable then exhausts the slots of \
        its callers, and of their callers, up to the edge.",
    evidence: "Structural: calls without a timeout, or timeouts that are not below that of the \
        call above them (notes). Measured: a caller was saturated, and at least 70% of its slots \
        were held by calls over one link. The link has no timeout, or one of at least 2 s and 20 \
        times the usual time of a call. The calls took at least 3 times their usual time or did \
        not end.",
    silent: "Callers with free slots. Calls that time out early. Callees that are only somewhat \
        slower than usual.",
    fixes: "Set timeouts below the caller's own, add circuit breakers, or make calls optional. The \
        cost: some calls fail that would have succeeded late.",
};

/// Returns the links without a timeout, and those whose timeout is not below that of the call
/// above.
fn endless<'a>(facts: &Facts<'a>) -> (Vec<&'a Link>, Vec<&'a Link>) {
    let (mut none, mut inverted) = (Vec::new(), Vec::new());
    for link in facts
        .design
        .links
        .iter()
        .filter(|link| link.mode == Mode::Call)
    {
        let from = facts.graph.node(&link.from).map(|node| &node.kind);
        if matches!(from, Some(Kind::LoadBalancer(_)) | None) {
            continue;
        }
        let Some(own) = link.timeout else {
            // A propagated deadline limits the call as well.
            let above = facts.graph.inward(&link.from);
            if !above.iter().any(|up| up.deadline && up.timeout.is_some()) {
                none.push(link);
            }
            continue;
        };
        let above = facts.graph.inward(&link.from).iter();
        let above = above
            .filter(|up| up.mode == Mode::Call)
            .filter_map(|up| up.timeout);
        if above.min().is_some_and(|up| own >= up) {
            inverted.push(link);
        }
    }
    (none, inverted)
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let (none, inverted) = endless(facts);
    let mut found = Vec::new();
    if !none.is_empty() {
        let names: Vec<&str> = none.iter().map(|link| link.id.as_str()).collect();
        found.push(
            Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
                .says(
                    message!("Calls on {} have no timeout", link_list(&names)),
                    "If a packet is lost or the callee hangs, such a call waits indefinitely and holds its caller's slot.",
                    "Set timeouts, each below the timeout of the call above it.",
                )
                .endangers(Metric::Availability)
                .fixed_by([remedies::timeouts(&sensible(facts, &none))]),
        );
    }
    if !inverted.is_empty() {
        let names: Vec<&str> = inverted.iter().map(|link| link.id.as_str()).collect();
        found.push(
            Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
                .says(
                    message!("Timeouts on {} expire after the caller has timed out", link_list(&names)),
                    "They are not below the timeouts of the calls above them. The call continues after its caller has timed out, and nobody receives the result of a retry.",
                    "Decrease timeouts from the edge inward.",
                )
                .endangers(Metric::LatencyP99),
        );
    }
    found
}

/// Returns a timeout for each link: well above its usual time, and below the ones above it.
fn sensible<'a>(facts: &Facts<'_>, links: &[&'a Link]) -> Vec<(&'a Link, f64)> {
    let each = links.iter().map(|link| {
        let usual = facts.flow.call(&facts.graph, link).max(1e-3);
        let above = facts
            .graph
            .inward(&link.from)
            .iter()
            .filter_map(|up| up.timeout);
        let most = above.min().map_or(30.0, |up| 0.8 * up.as_s());
        let wanted = (10.0 * usual).max(0.1);
        (
            *link,
            (libm::ceil(wanted * 20.0) / 20.0).min(most.max(1e-3)),
        )
    });
    each.collect()
}

fn measured(facts: &Facts<'_>, _: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut held: Vec<(f64, &Link, f64, Span, f64)> = Vec::new();
    for (node, service) in facts.services() {
        let Some(slots) = service.concurrency.filter(|_| service.blocking) else {
            continue;
        };
        let slots = f64::from(slots) * f64::from(service.replicas);
        for span in series.saturated(&node.id) {
            for link in facts.calls_from(&node.id) {
                let usual = facts.flow.call(&facts.graph, link);
                let is_long = link
                    .timeout
                    .is_none_or(|timeout| timeout.as_s() >= (LONG * usual).max(LONG_S));
                let Some(windows) = series.link(&link.id).filter(|_| is_long) else {
                    continue;
                };
                let waiting: Vec<f64> = (series
                    .between(&windows.in_flight, windows.width_s, *span)
                    .iter())
                .map(|n| *n as f64)
                .collect();
                let mean = waiting.iter().sum::<f64>() / waiting.len().max(1) as f64;
                if mean >= HELD * slots && is_late(facts, link, *span, usual) {
                    held.push((span.from_s, link, mean / slots, *span, slots));
                    break;
                }
            }
        }
    }
    // The innermost of these links is where it began.
    let deepest = held.iter().find(|(_, link, ..)| {
        let below = facts.graph.reach(&link.to);
        !held
            .iter()
            .any(|(_, other, ..)| other.id != link.id && below.contains(other.from.as_str()))
    });
    let Some((_, cause, share, span, slots)) = deepest.or(held.first()) else {
        return Vec::new();
    };
    let onset = held
        .iter()
        .map(|(from, ..)| *from)
        .fold(span.from_s, f64::min);
    let in_flight = field::link_over(&cause.id, "in_flight", Fold::Mean, *span);
    let held_of = in_flight.times(1.0 / slots);
    let mut names: Vec<&str> = vec![&cause.id];
    for (_, link, ..) in &held {
        if !names.contains(&link.id.as_str()) {
            names.push(&link.id);
        }
    }
    let (none, _) = endless(facts);
    let mut fix = none.clone();
    fix.extend(
        held.iter()
            .map(|(_, link, ..)| *link)
            .filter(|l| none.iter().all(|n| n.id != l.id)),
    );
    let mut breaker = remedies::breakers(&[cause]);
    breaker
        .edits
        .extend(remedies::timeouts(&sensible(facts, &[cause])).edits);
    breaker.label = message!(
        "Set a timeout and a circuit breaker on {}",
        link_name(&cause.id)
    );
    vec![
        Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
            .measured(Some(onset))
            .says(
                message!(
                    "Calls to {} held {} of the slots of {} from {} to {}",
                    name(&cause.to),
                    percent(share.min(1.0)).maybe_of((*share <= 1.0).then_some(held_of)),
                    name(&cause.from),
                    moment(span.from_s),
                    moment(span.until_s)
                ),
                message!(
                    "{} {}. {} Other calls waited for the slots that these calls held.",
                    link_name(&cause.id),
                    waits(cause),
                    took(facts, cause, *span)
                ),
                "Set timeouts below the caller's own, and add a circuit breaker or make the call optional.",
            )
            .endangers(facts.felt())
            .fixed_by([remedies::timeouts(&sensible(facts, &fix)), breaker]),
    ]
}

/// Says when a caller times out.
fn waits(link: &Link) -> Message {
    match link.timeout {
        None => Message::from("has no timeout"),
        Some(timeout) => message!("has a timeout of {}", timeout),
    }
}

/// Returns whether calls over a link took several times the usual time, or did not end.
fn is_late(facts: &Facts<'_>, link: &Link, span: Span, usual_s: f64) -> bool {
    let (under_way, ended) = in_and_out(facts, link, span);
    under_way / ended.max(1e-9) >= 3.0 * usual_s.max(1e-3)
}

/// Returns the calls in flight over a link, and those that ended, both summed over windows. By
/// Little's law, their ratio is the duration of a call in seconds.
fn in_and_out(facts: &Facts<'_>, link: &Link, span: Span) -> (f64, f64) {
    let series = facts.series.as_ref();
    let Some((series, windows)) = series.and_then(|of| Some((of, of.link(&link.id)?))) else {
        return (0.0, 0.0);
    };
    let under_way = series.between(&windows.in_flight, windows.width_s, span);
    let sum = |of: &[f64]| {
        let part = series.between(of, windows.width_s, span);
        part.iter().sum::<f64>()
    };
    let under_way = under_way.iter().map(|n| *n as f64).sum();
    (
        under_way,
        sum(&windows.answers_per_s) + sum(&windows.failures_per_s),
    )
}

/// Says how long calls over a link took in a span, and before anything happened.
fn took(facts: &Facts<'_>, link: &Link, span: Span) -> Message {
    let at = |name, span| field::link_over(&link.id, name, Fold::Sum, span);
    let series = facts.series.as_ref();
    let width_s = series.and_then(|series| Some(series.link(&link.id)?.width_s));
    let width_s = width_s.unwrap_or(1.0);
    let of = |span: Span| {
        let (under_way, ended) = in_and_out(facts, link, span);
        let both = Field::Sum(vec![at("answers_per_s", span), at("failures_per_s", span)]);
        let time = time(under_way / ended).of(at("in_flight", span).over(both));
        (ended > 0.0).then_some(time)
    };
    let calm = facts.series.as_ref().map(|series| series.calm);
    let before = match calm.filter(|calm| calm.until_s <= span.from_s).and_then(of) {
        Some(before) => message!(" instead of {} before {}", before, moment(calm_end(facts))),
        None => Message::new(),
    };
    let (_, ended) = in_and_out(facts, link, span);
    match of(span) {
        // Few calls ended, so it is not known how long the others would have taken.
        Some(each) if each.value > span.s() => {
            let both = Field::Sum(vec![at("answers_per_s", span), at("failures_per_s", span)]);
            let ended = whole(ended * width_s).of(both.times(width_s));
            message!(
                "Only {} ended in that time.",
                count_of(ended, "call", "calls")
            )
        }
        Some(each) => message!("A call took {} on average{}.", each, before),
        None => "No call ended.".into(),
    }
}

fn calm_end(facts: &Facts<'_>) -> f64 {
    facts
        .series
        .as_ref()
        .map_or(0.0, |series| series.calm.until_s)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, chain, fault, found, lint, run};

    #[test]
    fn calls_without_and_with_inverted_timeouts_are_noted() {
        assert!(
            lint("unreliable-network", &chain(""))
                .iter()
                .any(|f| f.what.contains("no timeout"))
        );
        let equal = chain(r#""timeout": "1s""#);
        assert!(
            lint("unreliable-network", &equal)[0]
                .what
                .contains("after the caller has timed out")
        );
        let mut falling = equal.clone();
        for (at, ms) in [(0, 2000), (1, 1000), (2, 400)] {
            falling.links[at].timeout = Some(design::Duration::ms(ms));
        }
        assert!(lint("unreliable-network", &falling).is_empty());
    }

    #[test]
    fn a_database_that_hangs_takes_the_edge_down_unless_it_is_given_up() {
        let mut faulty = chain("");
        faulty.faults.push(fault(
            r#"{"at": "20s", "for": "20s", "kind": "hang", "target": "db"}"#,
        ));
        let finding = &found("unreliable-network", &faulty, &run(&faulty))[0];
        assert_eq!(finding.subjects[0], "api->db");
        assert!(finding.measured && finding.onset_s.unwrap() >= 20.0);
        let mut fixed = faulty.clone();
        fixed.links[2].timeout = Some(design::Duration::ms(50));
        let report = run(&fixed);
        assert!(
            found("unreliable-network", &fixed, &report)
                .iter()
                .all(|f| !f.measured)
        );
    }
}
