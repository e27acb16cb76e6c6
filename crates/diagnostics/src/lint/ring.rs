//! Services that wait for one another in a ring while they hold slots. Once calls that need another
//! slot hold all slots of one service, none of its slots is ever freed.

use crate::facts::{Facts, Span, field};
use crate::remedies;
use design::link::{Condition, Mode};
use design::{Command, Kind, Link, Metric, Value};
use report::{
    Finding, Fold, Remedy, Severity, link_name, list, message, moment, name, percent, rate, whole,
};

pub(super) const RULE: &str = "pool-exhaustion";

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    ring(facts)
        .map(|links| finding(&links, facts))
        .into_iter()
        .collect()
}

/// Share of a service's slots held by calls in the ring from which others run short.
const HELD: f64 = 0.6;

/// Returns whether calls hold a slot of a node while they wait for its callees.
fn holds(facts: &Facts<'_>, id: &str) -> bool {
    let service = facts.graph.service(id);
    service.is_some_and(|service| service.blocking && service.concurrency.is_some())
}

/// Returns whether a node waits for its callees, so that its callers wait as well.
fn passes(facts: &Facts<'_>, place: usize) -> bool {
    let kind = &facts.design.nodes[place].kind;
    matches!(kind, Kind::Service(_) | Kind::LoadBalancer(_))
}

fn is_taken(link: &Link) -> bool {
    let never = |condition: &Condition| matches!(condition, Condition::Probability(0.0));
    link.mode == Mode::Call && !link.when.0.iter().all(never)
}

/// Returns the links of a ring of services that hold slots, if there is one. It is a depth-first
/// search with an explicit stack, because designs may be thousands of nodes deep.
fn ring<'a>(facts: &Facts<'a>) -> Option<Vec<&'a Link>> {
    let count = facts.design.nodes.len();
    let mut state = vec![0u8; count];
    for start in (0..count).filter(|at| holds(facts, &facts.design.nodes[*at].id)) {
        if state[start] != 0 {
            continue;
        }
        // Nodes on the path, the next link to follow from each, and the link that led there.
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
                .filter(|to| is_taken(link) && passes(facts, *to));
            match to.map(|to| (to, state[to])) {
                Some((to, 0)) => {
                    state[to] = 1;
                    way.push((to, 0, Some(link)));
                }
                Some((to, 1)) => {
                    let round = way.iter().skip_while(|step| step.0 != to).skip(1);
                    let round: Vec<&Link> = round.filter_map(|step| step.2).chain([link]).collect();
                    if round.iter().any(|link| holds(facts, &link.from)) {
                        return Some(round);
                    }
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
    let holding: Vec<&str> = services
        .iter()
        .copied()
        .filter(|id| holds(facts, id))
        .take(8)
        .collect();
    let names: Vec<&str> = services.iter().take(8).copied().collect();
    // A timeout frees the slots, but the calls fail.
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
            match services[..] {
                [one] => message!("{} waits for itself", name(one)),
                _ => message!("{} wait for one another in a ring", list(&names)),
            },
            message!(
                "A call holds a slot of {} while it waits for calls that may need another one. \
                 Once all slots are held by calls that wait, no call proceeds. {}",
                list(&holding),
                after
            ),
            ADVICE,
        )
        .endangers(Metric::Availability);
    finding.fixed_by(holding.first().map(|first| unheld(first)))
}

const ADVICE: &str = "Take one of the calls out of the ring, for example with a queue, or hold no \
                      slot while waiting.";

fn unheld(id: &str) -> Remedy {
    Remedy::new(
        message!("Hold no slot of {} while it waits", name(id)),
        "Its code has to be asynchronous, and nothing limits its calls in flight.",
        vec![remedies::node(id, "blocking", Value::Bool(false))],
    )
}

/// Returns the services of a ring, each with the edit that stops its calls from holding a slot
/// while they wait.
pub(crate) fn unheld_slots(facts: &Facts<'_>) -> Vec<(String, Command)> {
    let links = ring(facts).unwrap_or_default();
    let holding = links.iter().filter(|link| holds(facts, &link.from));
    let edits = holding.map(|link| {
        let edit = remedies::node(&link.from, "blocking", Value::Bool(false));
        (link.from.clone(), edit)
    });
    edits.collect()
}

/// Returns the finding about a ring in which waiting calls held most slots of a service.
pub(crate) fn measured(facts: &Facts<'_>) -> Option<Finding> {
    let series = facts.series.as_ref()?;
    let links = ring(facts)?;
    let held = links.iter().filter_map(|link| {
        let service = facts.graph.service(&link.from)?;
        let slots = f64::from(service.concurrency?) * f64::from(service.replicas);
        let span: Span = *series.saturated(&link.from).first()?;
        let windows = series.link(&link.id)?;
        let part = series.between(&windows.in_flight, windows.width_s, span);
        let mean = part.iter().map(|n| *n as f64).sum::<f64>() / part.len().max(1) as f64;
        let is_held = service.blocking && mean >= HELD * slots;
        is_held.then_some((*link, span, slots, mean / slots))
    });
    let (link, span, slots, share) = held.max_by(|a, b| a.3.total_cmp(&b.3))?;
    let held_of = field::link_over(&link.id, "in_flight", Fold::Mean, span).times(1.0 / slots);
    let done = series.node(&link.from)?;
    let done = series.mean(&done.completions_per_s, done.width_s, span);
    let done_of = field::node_over(&link.from, "completions_per_s", Fold::Mean, span);
    let subjects = std::iter::once(link.from.clone());
    let subjects = subjects.chain(links.iter().map(|link| link.id.clone()));
    let back = links.iter().find(|other| other.to == link.from);
    Some(
        Finding::new(RULE, subjects)
            .measured(Some(span.from_s))
            .says(
                message!(
                    "Calls that held the slots of {} waited for another of its slots",
                    name(&link.from)
                ),
                message!(
                    "From {} to {}, {} of its {} slots were held by calls on {}, which lead back \
                     to {} on {}. Calls completed at {}.",
                    moment(span.from_s),
                    moment(span.until_s),
                    percent(share.min(1.0)).maybe_of((share <= 1.0).then_some(held_of)),
                    whole(slots),
                    link_name(&link.id),
                    name(&link.from),
                    back.map_or(link_name(&link.id), |back| link_name(&back.id)),
                    rate(done).of(done_of)
                ),
                ADVICE,
            )
            .endangers(facts.felt())
            .fixed_by([unheld(&link.from)]),
    )
}
