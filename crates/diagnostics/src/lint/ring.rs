//! Services that wait for one another in a ring, each with a slot held: when all slots of the ring
//! are taken by calls that wait for a slot of the ring, none comes free.

use crate::facts::Facts;
use crate::remedies;
use design::link::{Condition, Mode};
use design::{Kind, Link, Metric, Value};
use report::{Finding, Remedy, Severity, list, message, name};

pub(super) const RULE: &str = "pool-exhaustion";

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    ring(facts)
        .map(|links| finding(&links, facts))
        .into_iter()
        .collect()
}

/// Whether calls hold something of a node while they wait for what it calls; balancers pass them
/// on.
fn holds(facts: &Facts<'_>, place: usize) -> bool {
    match &facts.design.nodes[place].kind {
        Kind::Service(service) => service.blocking && service.concurrency.is_some(),
        Kind::LoadBalancer(_) => true,
        _ => false,
    }
}

fn is_taken(link: &Link) -> bool {
    let never = |condition: &Condition| matches!(condition, Condition::Probability(0.0));
    link.mode == Mode::Call && !link.when.0.iter().all(never)
}

/// The links of a ring of services that hold slots, if there is one. Depth first, with a stack of
/// its own: designs may be thousands of nodes deep.
fn ring<'a>(facts: &Facts<'a>) -> Option<Vec<&'a Link>> {
    let count = facts.design.nodes.len();
    let mut state = vec![0u8; count];
    let is_service = |place: &usize| matches!(facts.design.nodes[*place].kind, Kind::Service(_));
    for start in (0..count).filter(is_service).filter(|at| holds(facts, *at)) {
        if state[start] != 0 {
            continue;
        }
        // Places on the way, how far each has been looked at, and the link that led there.
        let mut way: Vec<(usize, usize, Option<&'a Link>)> = vec![(start, 0, None)];
        state[start] = 1;
        while let Some((place, next, into)) = way.pop() {
            let Some(link) = facts
                .graph
                .out(&facts.design.nodes[place].id)
                .get(next)
                .copied()
            else {
                state[place] = 2;
                continue;
            };
            way.push((place, next + 1, into));
            let to = facts
                .graph
                .place(&link.to)
                .filter(|to| is_taken(link) && holds(facts, *to));
            match to.map(|to| (to, state[to])) {
                Some((to, 0)) => {
                    state[to] = 1;
                    way.push((to, 0, Some(link)));
                }
                Some((to, 1)) => {
                    let round = way.iter().skip_while(|step| step.0 != to).skip(1);
                    return Some(round.filter_map(|step| step.2).chain([link]).collect());
                }
                _ => {}
            }
        }
    }
    None
}

fn finding(links: &[&Link], facts: &Facts<'_>) -> Finding {
    let is_service = |id: &&str| facts.graph.service(id).is_some();
    let services: Vec<&str> = links
        .iter()
        .map(|link| link.from.as_str())
        .filter(is_service)
        .collect();
    let names: Vec<&str> = services.iter().take(8).copied().collect();
    // A timeout frees the slots again, at the price of the calls.
    let severity = match links.iter().any(|link| link.timeout.is_some()) {
        true => Severity::Note,
        false => Severity::Warning,
    };
    let after = match severity {
        Severity::Note => "Only a timeout frees them.",
        Severity::Warning | Severity::Error => "No timeout ever frees them.",
    };
    let subjects = services
        .iter()
        .copied()
        .chain(links.iter().map(|link| link.id.as_str()));
    let finding = Finding::new(RULE, subjects)
        .severity(severity)
        .says(
            message!("{} wait for one another in a ring", list(&names)),
            message!(
                "Each holds a slot while it waits for the next. Once all slots are held by calls \
                 that wait, no call proceeds. {}",
                after
            ),
            "Take one of the calls out of the ring, through a queue for example, or hold no slot \
             while waiting.",
        )
        .endangers(Metric::Availability);
    let Some(first) = services.first() else {
        return finding;
    };
    finding.mended_by([Remedy::new(
        message!("Hold no slot of {} while it waits", name(first)),
        "Its code has to be asynchronous, and nothing limits its calls in flight.",
        vec![remedies::node(first, "blocking", Value::Bool(false))],
    )])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{Says, lint, read};
    use report::Severity;

    /// The links back are taken at random, or for other operations: else the design is refused.
    fn design(orders: &str, back: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [{{"id": "u", "kind": "client"}}, {{"id": "lb", "kind": "load_balancer"}},
                {{"id": "orders", "kind": "service", {orders}}},
                {{"id": "stock", "kind": "service"}}],
            "links": [{{"from": "u", "to": "orders", "timeout": "9s"}},
                {{"from": "orders", "to": "lb"}}, {{"from": "lb", "to": "stock"}},
                {{"from": "stock", "to": "orders", {back}}}]}}"#
        ))
    }

    const SLOTS: &str = r#""concurrency": 8"#;
    const SOME: &str = r#""when": {"probability": 0.1}"#;

    #[test]
    fn a_ring_of_slots_is_told() {
        let mut broken = design(SLOTS, SOME);
        let found = lint(RULE, &broken);
        assert_eq!(
            found[0].what.text(),
            "orders and stock wait for one another in a ring"
        );
        assert_eq!(found[0].severity, Severity::Warning);
        broken.apply(found[0].remedies[0].command()).unwrap();
        assert!(lint(RULE, &broken).is_empty());
    }

    #[test]
    fn one_with_timeouts_is_a_note_and_one_without_slots_is_none() {
        let timed = design(SLOTS, &format!(r#"{SOME}, "timeout": "1s""#));
        assert_eq!(lint(RULE, &timed)[0].severity, Severity::Note);
        for (orders, back) in [
            (r#""concurrency": null"#, SOME),
            (r#""blocking": false"#, SOME),
            (SLOTS, r#""when": {"probability": 0}"#),
        ] {
            assert!(
                lint(RULE, &design(orders, back)).is_empty(),
                "{orders} {back}"
            );
        }
    }
}
