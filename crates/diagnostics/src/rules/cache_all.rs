//! Caches in front of caches.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{AGE, Facts};
use crate::remedies;
use design::kinds::Cache;
use design::link::{Condition, Mode};
use design::{Command, Link, Metric, Node};
use report::{Finding, Message, Remedy, list, message, name, percent, time};
use sim::Report;
use std::collections::BTreeSet;

/// Hit ratio below which a cache is not worth its cost, over at least this many lookups.
const POOR: f64 = 0.2;
const LOOKUPS: u64 = 500;
/// Share of entries never read from which most of a cache's memory is wasted.
const UNREAD: f64 = 0.5;
/// Number of caches in a row from which their TTLs add up to a staleness that matters.
const LAYERS: usize = 3;

pub(super) const RULE: Rule = Rule {
    id: "cache-all",
    title: "Redundant cache layers",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A cache behind another cache receives only the misses of the first, and most of them \
        miss again. Inner layers rarely hit, and every layer adds staleness: a response may be as \
        old as all TTLs together.",
    evidence: "Structural: three or more caches in a row (a note), where a cache is in a row with \
        another if it is looked up when the other misses. Or a link for misses without a cache in \
        the stage before it, so that it is never called (a warning). Measured: a cache behind \
        another has a hit ratio below 20% over at least 500 lookups. Or it has a hit ratio below \
        50%, and half of its entries are never read. Or three caches are in a row and a staleness \
        requirement is missed; the worst staleness is the sum of the TTLs.",
    silent: "One cache. Two caches that both hit. Caches that are looked up side by side.",
    fixes: "Keep the one layer that takes the most load. The cost: the hits of the other layers \
        are lost.",
};

/// Returns the longest row of caches, outermost first: each is looked up when the one before it
/// misses. Caches that are looked up side by side are not in a row.
fn layers<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a Cache)> {
    let caches: Vec<(&Node, &Cache)> = facts
        .caches()
        .filter(|(node, _)| facts.calls_to(&node.id).next().is_some())
        .collect();
    let below: Vec<BTreeSet<&str>> = caches
        .iter()
        .map(|(node, _)| after_a_miss(facts, &node.id))
        .collect();
    // A cache has fewer nodes below it than the caches above it, so this order does callees first.
    let mut order: Vec<usize> = (0..caches.len()).collect();
    order.sort_by_key(|at| below[*at].len());
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); caches.len()];
    for at in order {
        let next = (0..caches.len()).filter(|next| {
            below[at].contains(caches[*next].0.id.as_str()) && !rows[*next].contains(&at)
        });
        let longest = next.map(|next| &rows[next]).max_by_key(|row| row.len());
        let longest = longest.cloned().unwrap_or_default();
        rows[at] = std::iter::once(at).chain(longest).collect();
    }
    let longest = rows.into_iter().max_by_key(Vec::len).unwrap_or_default();
    longest.into_iter().map(|at| caches[at]).collect()
}

/// Returns everything that may be called because a cache misses: its own callees, and what its
/// callers call on a miss.
fn after_a_miss<'a>(facts: &Facts<'a>, id: &str) -> BTreeSet<&'a str> {
    let callers = facts.callers(id).into_iter();
    let on_miss = callers.flat_map(|caller| {
        let links = facts.graph.out(&caller.id);
        let is_to = |link: &Link| facts.graph.served_by(link).iter().any(|node| node.id == id);
        let place = links.iter().position(|link| is_to(link));
        let later = links[place.map_or(links.len(), |place| place + 1)..]
            .iter()
            .copied();
        later.filter(|link| link.mode == Mode::Call && link.when.0.contains(&Condition::OnMiss))
    });
    let own = facts.calls_from(id);
    let mut next: Vec<&str> = on_miss.chain(own).map(|link| link.to.as_str()).collect();
    let mut seen = BTreeSet::new();
    while let Some(at) = next.pop() {
        if at != id && seen.insert(at) {
            next.extend(facts.calls_from(at).map(|link| link.to.as_str()));
        }
    }
    seen
}

fn worst_age_s(layers: &[(&Node, &Cache)]) -> Option<f64> {
    layers
        .iter()
        .map(|(_, cache)| cache.ttl.map(design::Duration::as_s))
        .sum()
}

fn said_age(layers: &[(&Node, &Cache)]) -> Message {
    match worst_age_s(layers) {
        Some(age) => message!("the TTLs add up to {}", time(age)),
        None => Message::from("some entries never expire"),
    }
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let layers = layers(facts);
    if layers.len() < LAYERS {
        return Vec::new();
    }
    let names: Vec<&str> = layers.iter().map(|(node, _)| node.id.as_str()).collect();
    vec![
        Finding::new(RULE.id, names.iter().map(|name| (*name).to_owned()))
            .says(
                message!("{} caches on one path: {}", names.len(), list(&names)),
                message!(
                    "A miss in one cache is mostly a miss in the next, and their staleness adds \
                     up: {}.",
                    said_age(&layers)
                ),
                "Keep the cache that takes the most load.",
            )
            .endangers(Metric::StalenessMax),
    ]
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let layers = layers(facts);
    if layers.len() < 2 {
        return Vec::new();
    }
    let poor: Vec<(&Node, f64, f64)> = layers[1..]
        .iter()
        .filter_map(|(node, _)| {
            let figures = report.nodes.get(&node.id)?;
            let ratio = figures.hit_ratio.filter(|_| figures.arrivals >= LOOKUPS)?;
            let unread = figures.cache.as_ref().map_or(0.0, |cache| {
                cache.never_read as f64 / cache.fills.max(1) as f64
            });
            (ratio < POOR || unread >= UNREAD && ratio < 0.5).then_some((*node, ratio, unread))
        })
        .collect();
    let missed = facts.missed(&AGE);
    if poor.is_empty() && (layers.len() < LAYERS || missed.is_none()) {
        return Vec::new();
    }
    let each: Vec<Message> = layers
        .iter()
        .filter_map(|(node, _)| {
            let ratio = report.nodes.get(&node.id)?.hit_ratio?;
            let of = field::node(&node.id, "hit_ratio");
            Some(message!("{} {}", name(&node.id), percent(ratio).of(of)))
        })
        .collect();
    let never = never_read(&poor);
    let rare: Vec<&str> = poor.iter().map(|(node, ..)| node.id.as_str()).collect();
    let what = match rare.is_empty() {
        true => message!("The staleness of {} caches in a row adds up", layers.len()),
        false => message!(
            "Of {} caches in a row, {} rarely hit",
            layers.len(),
            list(&rare)
        ),
    };
    let names = match poor.is_empty() {
        true => layers[1..]
            .iter()
            .map(|(node, _)| node.id.clone())
            .collect::<Vec<_>>(),
        false => poor.iter().map(|(node, ..)| node.id.clone()).collect(),
    };
    vec![
        Finding::new(RULE.id, names.clone())
            .measured(None)
            .says(
                what,
                message!(
                    "Hit ratios: {}.{} A response may be as old as all layers together allow: {}.",
                    Message::join(each, ", "),
                    never,
                    said_age(&layers)
                ),
                "Keep the cache that takes the most load. Further layers add staleness and cost.",
            )
            .endangers(missed.unwrap_or(Metric::StalenessMax))
            .fixed_by([without(facts, &names)]),
    ]
}

/// Says which of these caches has most entries that were never read, if half of them or more.
fn never_read(poor: &[(&Node, f64, f64)]) -> Message {
    let unread = poor.iter().map(|(node, _, unread)| (node, *unread));
    match unread.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((node, unread)) if unread >= UNREAD => {
            let fills = field::node(&node.id, "cache.fills");
            let of = field::node(&node.id, "cache.never_read").over(fills);
            let unread = percent(unread).of(of);
            message!(
                " {} of the entries of {} were never read.",
                unread,
                name(&node.id)
            )
        }
        _ => Message::new(),
    }
}

/// Removes look-aside caches, and lets callers of read-through caches call the origin.
fn without(facts: &Facts<'_>, caches: &[String]) -> Remedy {
    let mut edits = Vec::new();
    for cache in caches {
        let origin = facts.calls_from(cache).next();
        if let Some(origin) = origin {
            for link in facts.calls_to(cache) {
                edits.push(remedies::link(
                    &link.id,
                    "to",
                    design::Value::text(&origin.to),
                ));
                edits.push(remedies::link(
                    &link.id,
                    "on_write",
                    design::Value::text("none"),
                ));
            }
        }
        edits.push(Command::RemoveNode(cache.clone()));
    }
    let names: Vec<&str> = caches.iter().map(String::as_str).collect();
    Remedy::new(
        message!("Remove {}", list(&names)),
        "The next layer receives the calls that these caches answered.",
        edits,
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(caches: usize) -> design::Design {
        let mut nodes = vec![r#"{"id": "users", "kind": "client", "operations": [{"name": "get", "keys": {"uniform": {"n": 500}}}]}"#.to_owned()];
        let mut links = vec![r#"{"from": "users", "to": "cache-0", "timeout": "2s"}"#.to_owned()];
        for at in 0..caches {
            nodes.push(format!(
                r#"{{"id": "cache-{at}", "kind": "cache", "ttl": "60s"}}"#
            ));
            let to = if at + 1 < caches {
                format!("cache-{}", at + 1)
            } else {
                "db".to_owned()
            };
            links.push(format!(
                r#"{{"from": "cache-{at}", "to": "{to}", "timeout": "1s"}}"#
            ));
        }
        nodes.push(r#"{"id": "db", "kind": "database"}"#.to_owned());
        read(&format!(
            r#"{{"nodes": [{}], "links": [{}], "duration": "200s", "warmup": "10s"}}"#,
            nodes.join(","),
            links.join(",")
        ))
    }

    #[test]
    fn inner_layers_that_hardly_hit_are_told_and_one_layer_is_fine() {
        let faulty = design(3);
        assert!(lint("cache-all", &faulty)[0].why.contains("180 s"));
        let finding = &found("cache-all", &faulty, &run(&faulty))[0];
        assert!(finding.measured);
        let one = design(1);
        assert!(lint("cache-all", &one).is_empty());
        assert!(found("cache-all", &one, &run(&one)).is_empty());
    }

    #[test]
    fn caches_beside_one_another_are_not_in_a_row() {
        let beside = |when: &str| {
            read(&format!(
                r#"{{"nodes": [{{"id": "users", "kind": "client"}}, {{"id": "page",
                    "kind": "service"}},
                {{"id": "names", "kind": "cache", "ttl": "60s"}}, {{"id": "prices",
                    "kind": "cache", "ttl": "60s"}}, {{"id": "stock", "kind": "cache",
                    "ttl": "60s"}},
                {{"id": "db", "kind": "database"}}],
                "links": [{{"from": "users", "to": "page"}}, {{"from": "page", "to": "names"}},
                    {{"from": "page", "to": "prices"{when}}}, {{"from": "page",
                    "to": "stock"{when}}},
                    {{"from": "page", "to": "db", "when": "on_miss"}}]}}"#
            ))
        };
        assert!(lint("cache-all", &beside("")).is_empty());
        // A cache that is looked up when another misses is behind it.
        let facts = beside(r#", "when": "on_miss""#);
        assert_eq!(
            lint("cache-all", &facts)[0].subjects,
            ["names", "prices", "stock"]
        );
    }
}
