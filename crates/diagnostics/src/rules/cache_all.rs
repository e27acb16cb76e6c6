//! Caches behind caches.

use super::Rule;
use crate::facts::field;
use crate::facts::{AGE, Facts};
use crate::remedies;
use design::kinds::Cache;
use design::link::Mode;
use design::{Command, Metric, Node};
use report::{Finding, Message, Remedy, list, message, name, percent, time};
use sim::Report;
use std::collections::BTreeSet;

/// Hit ratio below which a cache does not pay, over so many look-ups.
const POOR: f64 = 0.2;
const LOOKUPS: u64 = 500;
/// Share of values never read again that are kept for nothing.
const UNREAD: f64 = 0.5;
/// Caches in a row from which their ages matter.
const LAYERS: usize = 3;

pub(super) const RULE: Rule = Rule {
    id: "cache-all",
    title: "A cache at every layer",
    means: "Behind a cache only what it lacks arrives, and that is what the next one lacks too: inner layers hardly ever hit, and all of them add their age. An answer may be as old as all TTLs together.",
    evidence: "Structural: three caches or more on one path (a note); a link for misses without a cache in the stage before it, which is never called (a warning). Measured: a cache behind another with a hit ratio below 20% over 500 look-ups or more, or half of whose values were never read; or three in a row while a required age is missed. The worst age is the sum of the TTLs.",
    silent: "One cache; two of which both hit.",
    mends: "One layer at the hot spot: what the others saved is gone, where they saved anything.",
    structural,
    measured,
};

/// Caches that a request passes one after the other, from the top.
fn layers<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a Cache)> {
    let mut best: Vec<(&Node, &Cache)> = Vec::new();
    for (client, _) in facts.clients() {
        let below = facts.graph.reach(&client.id);
        let mut layers: Vec<(&Node, &Cache)> = facts
            .caches()
            .filter(|(node, _)| below.contains(node.id.as_str()))
            .collect();
        layers.sort_by_key(|(node, _)| depth(facts, &client.id, &node.id));
        // Alternatives of one another (behind one balancer) are one layer.
        let mut seen = BTreeSet::new();
        layers.retain(|(node, _)| seen.insert(depth(facts, &client.id, &node.id)));
        if layers.len() > best.len() {
            best = layers;
        }
    }
    best
}

/// Place of a cache on the way of a request: how many calls come before it.
fn depth(facts: &Facts<'_>, client: &str, id: &str) -> usize {
    let mut at: Vec<(&str, usize)> = vec![(client, 0)];
    let mut seen = BTreeSet::new();
    let mut next = 0;
    while let Some((node, depth)) = at.get(next).copied() {
        next += 1;
        if node == id {
            return depth;
        }
        if !seen.insert(node) {
            continue;
        }
        for (place, link) in facts.graph.out(node).iter().enumerate() {
            if link.mode == Mode::Call {
                at.push((&link.to, 100 * (depth / 100 + 1) + place));
            }
        }
    }
    usize::MAX
}

fn worst_age_s(layers: &[(&Node, &Cache)]) -> Option<f64> {
    layers
        .iter()
        .map(|(_, cache)| cache.ttl.map(design::Duration::as_s))
        .sum()
}

fn said_age(layers: &[(&Node, &Cache)]) -> Message {
    match worst_age_s(layers) {
        Some(age) => message!("all TTLs together are {}", time(age)),
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
                    "What the first lacks, the next mostly lacks too, and their ages add up: {}.",
                    said_age(&layers)
                ),
                "Keep the one at the hot spot.",
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
    let unread = poor.iter().map(|(node, _, unread)| (node, *unread));
    let never = match unread.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((node, unread)) if unread >= UNREAD => {
            let fills = field::node(&node.id, "cache.fills");
            let of = field::node(&node.id, "cache.never_read").over(fills);
            let unread = percent(unread).of(of);
            message!(" {} of what was put in was never read.", unread)
        }
        _ => Message::new(),
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
                message!(
                    "{} caches in a row, and the inner ones hardly hit",
                    layers.len()
                ),
                message!(
                    "Hits: {}.{} An answer may be as old as all layers allow: {}.",
                    Message::join(each, ", "),
                    never,
                    said_age(&layers)
                ),
                "Keep the one at the hot spot; each further one adds its age and its bill.",
            )
            .endangers(missed.unwrap_or(Metric::StalenessMax))
            .mended_by([without(facts, &names)]),
    ]
}

/// Takes look-aside caches out, and lets callers of read-through ones ask the origin.
fn without(facts: &Facts<'_>, caches: &[String]) -> Remedy {
    let mut edits = Vec::new();
    for cache in caches {
        let origin = facts.asks(cache).next();
        if let Some(origin) = origin {
            for link in facts.asked(cache) {
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
        message!("Take {} out", list(&names)),
        "What they did save is asked of the next layer.",
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
        let broken = design(3);
        assert!(lint("cache-all", &broken)[0].why.contains("180 s"));
        let finding = &found("cache-all", &broken, &run(&broken))[0];
        assert!(finding.measured);
        let one = design(1);
        assert!(lint("cache-all", &one).is_empty());
        assert!(found("cache-all", &one, &run(&one)).is_empty());
    }
}
