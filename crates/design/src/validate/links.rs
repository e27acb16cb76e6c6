//! What a link may join, and what it may say.

use std::collections::{BTreeMap, BTreeSet};

use super::{hint, relay};
use crate::attribute::Reader;
use crate::document::{Design, Node};
use crate::kinds::Kind;
use crate::link::{Ack, Backoff, Breaker, Condition, Judged, Link, Mode, OnWrite};

/// Why two kinds cannot be linked in a mode, if they cannot. The editor checks before a wire is
/// dropped.
pub fn link_refusal(from: &Kind, to: &Kind, mode: Mode) -> Option<String> {
    let refuse = |why: &str| Some(why.to_owned());
    match (from, mode, to) {
        (_, _, Kind::Client(_)) => refuse("a client makes calls and cannot be called"),
        (Kind::Database(_), Mode::Publish, Kind::Queue(_)) => None,
        (Kind::Database(_), ..) => {
            refuse("a database makes no calls; its writes can be published to a queue")
        }
        (Kind::Coordinator(_), ..) => refuse("a coordinator makes no calls"),
        (Kind::Queue(_), Mode::Consume, Kind::Service(_)) => None,
        (Kind::Queue(_), Mode::Consume, _) => refuse("only a service can consume messages"),
        (Kind::Queue(_), Mode::DeadLetter, Kind::Queue(_)) => None,
        (Kind::Queue(_), Mode::DeadLetter, _) => {
            refuse("the target of dead letters must be a queue")
        }
        (Kind::Queue(_), Mode::Call | Mode::Publish, _) => refuse(
            "a queue makes no calls; use mode consume (to a service) or dead_letter (to a queue)",
        ),
        (_, Mode::Consume | Mode::DeadLetter, _) => {
            refuse("only links from a queue can have mode consume or dead_letter")
        }
        (_, Mode::Call, Kind::Queue(_)) => refuse("a queue accepts messages; use mode publish"),
        (Kind::LoadBalancer(_), Mode::Publish, Kind::Queue(_)) => {
            refuse("a load balancer forwards calls and cannot publish")
        }
        (Kind::Cache(_), Mode::Publish, Kind::Queue(_)) => {
            refuse("a cache loads from its origin and cannot publish")
        }
        (_, Mode::Publish, Kind::Queue(_)) => None,
        (Kind::LoadBalancer(_), Mode::Call, Kind::Coordinator(_)) => {
            refuse("a load balancer cannot hold a lock; link the service that does the work")
        }
        (Kind::Cache(_), Mode::Call, Kind::Coordinator(_)) => {
            refuse("a cache loads from its origin and takes no locks")
        }
        (_, Mode::Publish, _) => refuse("only a queue accepts published messages; use mode call"),
        (_, Mode::Call, _) => None,
    }
}

/// The mode a wire between these kinds gets when a person draws it.
pub fn usual_mode(from: &Kind, to: &Kind) -> Mode {
    match (from, to) {
        (Kind::Queue(_), Kind::Queue(_)) => Mode::DeadLetter,
        (Kind::Queue(_), _) => Mode::Consume,
        (_, Kind::Queue(_)) => Mode::Publish,
        _ => Mode::Call,
    }
}

pub(super) fn ends(
    link: &Link,
    design: &Design,
    nodes: &BTreeMap<&str, &Kind>,
    reader: &mut Reader,
) {
    for (name, end) in [("from", &link.from), ("to", &link.to)] {
        if !nodes.contains_key(end.as_str()) {
            let hint = hint(reader, end, nodes.keys().copied());
            reader.within(name, |reader| {
                reader.problem(format!("unknown node \"{end}\"{hint}"))
            });
        }
    }
    let (Some(from), Some(to)) = (nodes.get(link.from.as_str()), nodes.get(link.to.as_str()))
    else {
        return;
    };
    if link.start_calls > 0 && matches!(to, Kind::Coordinator(_)) {
        reader.within("start_calls", |reader| {
            reader.problem("a start-up takes no locks; set it to 0")
        });
    }
    if link.from == link.to {
        reader.problem("a node cannot call itself");
    } else if let Some(why) = link_refusal(from, to, link.mode) {
        reader.problem(format!(
            "{} cannot be linked to {}: {why}",
            design.title_of(&link.from),
            design.title_of(&link.to)
        ));
    }
}

/// What a link out of a load balancer says of a plan, which a balancer does not have.
fn of_balancer(link: &Link, reader: &mut Reader) {
    if link
        .breaker
        .as_ref()
        .is_some_and(|breaker| breaker.judges == Judged::Calls)
    {
        reader.within("breaker.judges", |reader| {
            reader.problem("a load balancer chooses a replica for each attempt; set it to attempts")
        });
    }
    let usual = Link::default();
    let is_set = [
        ("when", link.when != usual.when, "always"),
        ("stage", link.stage != usual.stage, "null"),
        ("calls", link.calls != usual.calls, "1"),
        ("optional", link.optional != usual.optional, "false"),
    ];
    for (name, _, usual) in is_set.iter().filter(|(_, is_set, _)| *is_set) {
        reader.within(name, |reader| {
            reader.problem(format!(
                "has no effect here: a load balancer forwards each call to one of its targets; set it to {usual}"
            ))
        });
    }
}

/// Rejects settings without effect on a link whose sender does not wait for a response.
fn unheard(link: &Link, place: &str, reader: &mut Reader) {
    let is_set = [
        ("retry", link.retry.is_some()),
        ("timeout", link.timeout.is_some()),
        ("breaker", link.breaker.is_some()),
        ("pool", link.pool.is_some()),
        ("adaptive_throttle", link.adaptive_throttle.is_some()),
        ("bulkhead", link.bulkhead.is_some()),
    ];
    for (name, _) in is_set.iter().filter(|(_, is_set)| *is_set) {
        reader.within(name, |reader| {
            reader.problem(format!(
                "has no effect {place}, since the sender does not wait for a response; set it to null"
            ))
        });
    }
}

/// A cache that loads by itself gives no leases.
pub(super) fn leases(node: &Node, callers: &BTreeSet<&str>, reader: &mut Reader) {
    if matches!(&node.kind, Kind::Cache(cache) if cache.leases) && callers.contains(&*node.id) {
        reader.within("leases", |reader| {
            reader.problem("is for look-aside caches; this cache has a link to its origin (read-through); set it to false");
        });
    }
}

/// Rejects a look-aside cache behind a load balancer: a caller fills only a cache that it calls
/// directly, so this one would never be filled.
pub(super) fn balanced_cache(
    link: &Link,
    design: &Design,
    callers: &BTreeSet<&str>,
    nodes: &BTreeMap<&str, &Kind>,
    reader: &mut Reader,
) {
    let is_kind = |id: &str, is: fn(&Kind) -> bool| nodes.get(id).is_some_and(|kind| is(kind));
    if is_kind(&link.from, |kind| matches!(kind, Kind::LoadBalancer(_)))
        && is_kind(&link.to, |kind| matches!(kind, Kind::Cache(_)))
        && !callers.contains(link.to.as_str())
    {
        let cache = design.title_of(&link.to);
        reader.problem(format!(
            "{cache} would never be filled: it has no origin, and callers fill only a cache that they call directly; link {cache} to its origin, or link its callers to it"
        ));
    }
}

/// Pools that links of one caller share are one pool, and have one size.
pub(super) fn shared_pool(link: &Link, design: &Design, reader: &mut Reader) {
    let Some((pool, name)) = link
        .pool
        .as_ref()
        .and_then(|pool| Some((pool, pool.shared.as_ref()?)))
    else {
        return;
    };
    if name.trim().is_empty() {
        reader.within("pool.shared", |reader| {
            reader.problem("must not be empty; set a name or null")
        });
        return;
    }
    let of_one_caller = design.links.iter().filter(|other| other.from == link.from);
    let mut pools = of_one_caller.filter_map(|other| Some((other, other.pool.as_ref()?)));
    let first = pools.find(|(_, other)| other.shared.as_ref() == Some(name));
    if let Some((first, other)) = first.filter(|(_, other)| other.size != pool.size) {
        let message = format!(
            "{} differs from the {} of {}, which shares the pool \"{name}\"; both must have the same \
             size",
            pool.size,
            other.size,
            design.title_of(&first.id)
        );
        reader.within("pool.size", |reader| reader.problem(message));
    }
}

/// A cache can write behind an answer only where it has an origin to write to.
pub(super) fn write_behind(
    link: &Link,
    design: &Design,
    nodes: &BTreeMap<&str, &Kind>,
    reader: &mut Reader,
) {
    let has_origin = || {
        matches!(nodes.get(link.to.as_str()), Some(Kind::Cache(_)))
            && design.links.iter().any(|other| other.from == link.to)
    };
    if link.on_write == OnWrite::WriteBehind && !has_origin() {
        reader.within("on_write", |reader| {
            reader.problem("write_behind needs a cache with a link to its origin; for a look-aside cache use none, invalidate or update");
        });
    }
}

/// What is wrong with a link from such a node, whatever else surrounds it.
pub fn check_link(link: &Link, from: Option<&Kind>, reader: &mut Reader) {
    if matches!(from, Some(Kind::LoadBalancer(_))) {
        of_balancer(link, reader);
    }
    if link.mode == Mode::DeadLetter {
        unheard(link, "on a dead-letter link", reader);
    }
    if link.mode == Mode::Publish && link.ack == Ack::None {
        unheard(link, "with ack none", reader);
    }
    let is_of_service = matches!(from, None | Some(Kind::Service(_)));
    if link.start_calls > 0 && !(is_of_service && link.mode == Mode::Call) {
        reader.within("start_calls", |reader| {
            reader.problem("only services make calls at start-up, in mode call; set it to 0")
        });
    }
    policies(link, reader);
    relay::check(link, from, reader);
}

fn policies(link: &Link, reader: &mut Reader) {
    for (name, is_set) in [
        ("deadline", link.deadline),
        ("cancellation", link.cancellation),
    ] {
        if is_set && link.mode != Mode::Call {
            reader.within(name, |reader| {
                reader.problem(
                    "applies to calls only: a message outlives its sender; set it to false",
                )
            });
        }
    }
    if link.hedge.is_some() && link.mode != Mode::Call {
        reader.within("hedge", |reader| {
            reader.problem(
                "applies to calls only: a hedged message would be delivered twice; set it to null",
            )
        });
    }
    if let Some(retry) = &link.retry
        && retry.on.is_empty()
    {
        reader.within("retry.on", |reader| {
            reader.problem("must not be empty; list the failures to retry, or set retry to null")
        });
    }
    if let Some(retry) = &link.retry
        && let Backoff::Exponential(pause) = &retry.backoff
        && pause.base > pause.cap
    {
        let message = format!("{} is longer than the cap ({})", pause.base, pause.cap);
        reader.within("retry.backoff.exponential.base", |reader| {
            reader.problem(message)
        });
    }
    if let Some(breaker) = &link.breaker
        && breaker.failure_rate.is_none()
        && breaker.consecutive_failures.is_none()
        && breaker.slow_call_rate.is_none()
    {
        reader.within("breaker", |reader| {
            reader.problem("never opens; set failure_rate, slow_call_rate or consecutive_failures")
        });
    }
    let judges_calls = |breaker: &Breaker| breaker.judges == Judged::Calls;
    if link.breaker.as_ref().is_some_and(judges_calls) && link.hedge.is_some() {
        reader.within("breaker.judges", |reader| {
            reader.problem("hedged calls cannot be counted; set it to attempts")
        });
    }
}

pub(super) fn conditions(link: &Link, known: &BTreeSet<&str>, reader: &mut Reader) {
    for condition in &link.when.0 {
        match condition {
            Condition::Operations(names) => {
                for name in names.iter().filter(|name| !known.contains(name.as_str())) {
                    let hint = hint(reader, name, known.iter().copied());
                    reader.within("when.operations", |reader| {
                        reader.problem(format!("unknown operation \"{name}\"{hint}"));
                    });
                }
            }
            Condition::Always
            | Condition::Reads
            | Condition::Writes
            | Condition::OnMiss
            | Condition::OnError
            | Condition::Probability(_) => {}
        }
    }
}
