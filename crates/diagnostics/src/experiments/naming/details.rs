//! What the design and the run add to the result of an experiment.

use super::super::interventions::{Intervention, Without};
use super::faults_of;
use crate::facts::{Facts, field};
use design::link::{Breaker, Judged};
use design::{FaultKind, Link};
use report::{Message, count_of, message, name, whole};

/// Returns a sentence with a space before it, or nothing.
pub(super) fn of(facts: &Facts<'_>, of: &Intervention) -> Message {
    let id = of.subjects.first().map_or("", String::as_str);
    match (of.without, facts.design.link(id)) {
        (Without::Breaker, Some(link)) => attempts_count(link),
        (Without::Haste, _) => out_of_memory(facts),
        (Without::Fault | Without::ReplicaFault, _) if facts.is_closed() => closed(facts, of),
        _ => Message::new(),
    }
}

/// Says that a circuit breaker inside retries counts one call several times.
fn attempts_count(link: &Link) -> Message {
    let attempts = link.retry.as_ref().map_or(1, |retry| retry.max_attempts);
    let inside = |breaker: &&Breaker| breaker.judges == Judged::Attempts && attempts > 1;
    let Some(breaker) = link.breaker.as_ref().filter(inside) else {
        return Message::new();
    };
    let enough = match breaker.consecutive_failures {
        Some(failures) if breaker.failure_rate.is_none() => failures,
        _ => breaker.min_calls,
    };
    message!(
        " The circuit breaker counts every attempt, and a failing call makes up to {}, so {} can \
         open it for {}.",
        attempts,
        count_of(
            whole(f64::from(enough.div_ceil(attempts))),
            "failing call",
            "failing calls"
        ),
        breaker.open_for
    )
}

/// Says which service ran out of memory.
fn out_of_memory(facts: &Facts<'_>) -> Message {
    let mut killed = facts.services().filter_map(|(node, _)| {
        let times = facts
            .node(&node.id)?
            .out_of_memory
            .filter(|times| *times > 0)?;
        let times = whole(times as f64).of(field::node(&node.id, "out_of_memory"));
        let times = count_of(times, "time", "times");
        Some(message!(" {} ran out of memory {}.", name(&node.id), times))
    });
    killed.next().unwrap_or_default()
}

/// Says that waiting users send no requests, so that counts of requests hide their waiting time.
fn closed(facts: &Facts<'_>, of: &Intervention) -> Message {
    let stops = |kind: FaultKind| {
        matches!(
            kind,
            FaultKind::GcPauses | FaultKind::Hang | FaultKind::Slowdown | FaultKind::Crash
        )
    };
    let is_stopped = faults_of(facts, of).iter().any(|fault| stops(fault.kind));
    match facts.clients().next().filter(|_| is_stopped) {
        Some((users, _)) => message!(
            " The users of {} wait for a response before they send another request, so few \
             requests show the problem.",
            name(&users.id)
        ),
        None => Message::new(),
    }
}
