//! Links, as many as one request may cause.

use design::link::{Link, Mode};
use design::validate::link_refusal;
use design::{Kind, Value};

use super::ATTEMPTS_MAX;
use super::nodes::{Drawn, operations};
use super::values::{decimal, record};
use crate::Rng;
use std::collections::BTreeMap;

/// Calls from each node to later ones, until a request would cause too many.
pub(super) fn links(rng: &mut Rng, nodes: &[Drawn]) -> Vec<Value> {
    let operations = operations(nodes);
    let mut links = Vec::new();
    // How many attempts of one request reach each node, at most.
    let mut visits = vec![0u64; nodes.len()];
    let mut left = ATTEMPTS_MAX;
    for (from, caller) in nodes.iter().enumerate() {
        if matches!(caller.kind, Kind::Client(_)) {
            visits[from] = 1;
        }
        let wanted = match caller.kind {
            Kind::Client(_) => 1,
            Kind::LoadBalancer(_) => rng.between(1, 2),
            Kind::Cache(ref cache) if cache.leases => 0,
            Kind::Cache(_) => rng.below(2),
            Kind::Service(_) | Kind::Queue(_) | Kind::Database(_) | Kind::Coordinator(_) => {
                rng.below(4)
            }
        };
        for _ in 0..wanted {
            let later: Vec<(usize, Mode)> = (from + 1..nodes.len())
                .flat_map(|to| Mode::ALL.iter().map(move |mode| (to, *mode)))
                .filter(|(to, mode)| link_refusal(&caller.kind, &nodes[*to].kind, *mode).is_none())
                .filter(|_| match &caller.kind {
                    Kind::Database(of) => {
                        of.copy_of.is_none() && (of.replication.is_none() || of.has_leader())
                    }
                    _ => true,
                })
                .collect();
            // What stands for one store must be one.
            let is_second = |to: usize| {
                let is_one = matches!(caller.kind, Kind::LoadBalancer(_) | Kind::Cache(_));
                let of_caller = |link: &&Value| link.get("from") == Some(&Value::text(&caller.id));
                let owner = owner_of(&nodes[to]);
                let mut others = links.iter().filter(of_caller).filter_map(|link| {
                    let is_it = |node: &&Drawn| link.get("to") == Some(&Value::text(&node.id));
                    nodes.iter().find(is_it).and_then(owner_of)
                });
                is_one && owner.is_some() && others.any(|other| Some(other) != owner)
            };
            let later: Vec<(usize, Mode)> = later
                .into_iter()
                .filter(|(to, _)| !is_second(*to))
                .collect();
            if later.is_empty() || visits[from] > left {
                break;
            }
            let (to, mode) = *rng.pick(&later);
            let mut link = link(rng, &operations);
            // What the caller would never heed is refused.
            let is_unheard = link
                .iter()
                .any(|(name, value)| name == "ack" && *value == Value::text("none"));
            if mode == Mode::DeadLetter || (mode == Mode::Publish && is_unheard) {
                let policies = [
                    "retry",
                    "timeout",
                    "breaker",
                    "pool",
                    "adaptive_throttle",
                    "bulkhead",
                ];
                link.retain(|(name, _)| !policies.contains(&name.as_str()));
            }
            let is_relay = matches!(caller.kind, Kind::Database(_));
            link.retain(|(name, _)| match is_relay {
                true => !["when", "stage", "calls", "optional", "ack"].contains(&name.as_str()),
                false => name != "relay",
            });
            let vain = without_effect(&caller.kind, mode, &nodes[to].kind);
            link.retain(|(name, _)| !vain.contains(&name.as_str()));
            let attempts = link_attempts(&link) * visits[from];
            if attempts > left {
                // Too much for what is left: a plain link instead.
                link.retain(|(name, _)| !["retry", "calls", "hedge"].contains(&name.as_str()));
            }
            let attempts = link_attempts(&link) * visits[from];
            left -= attempts;
            visits[to] += attempts;
            link.push(("from".to_owned(), Value::text(&caller.id)));
            link.push(("to".to_owned(), Value::text(&nodes[to].id)));
            link.push(("mode".to_owned(), Value::text(mode.name())));
            if rng.chance(10) {
                link.push((
                    "id".to_owned(),
                    Value::text(format!("link {}", links.len())),
                ));
            }
            links.push(Value::Map(link));
        }
    }
    without_vain_write_behind(without_unfilled_caches(links, nodes), nodes)
}

/// Returns the fields that have no effect on a link from such a node, and are refused there.
fn without_effect(from: &Kind, mode: Mode, to: &Kind) -> Vec<&'static str> {
    let mut fields = Vec::new();
    if mode != Mode::Call {
        fields.extend(["hedge", "deadline", "cancellation"]);
    }
    let starts = mode == Mode::Call && matches!(from, Kind::Service(_));
    if !starts || matches!(to, Kind::Coordinator(_)) {
        fields.push("start_calls");
    }
    // A balancer has no plan.
    if matches!(from, Kind::LoadBalancer(_)) {
        fields.extend(["when", "stage", "calls", "optional"]);
    }
    fields
}

/// A breaker judges attempts, and not calls, where these are hedged or a balancer makes them.
fn judging_attempts(mut links: Vec<Value>, nodes: &[Drawn]) -> Vec<Value> {
    let is_balancer = |id: &str| {
        let mut nodes = nodes.iter();
        nodes.any(|node| node.id == id && matches!(node.kind, Kind::LoadBalancer(_)))
    };
    for link in &mut links {
        let judges = link
            .get("breaker")
            .and_then(|breaker| breaker.get("judges"));
        let is_hedged = link.get("hedge").is_some_and(|hedge| *hedge != Value::Null);
        if judges.is_some() && (is_hedged || is_balancer(&text(link, "from"))) {
            let placed = link.set_path("breaker.judges", Value::text("attempts"));
            placed.expect("a breaker is an object");
        }
    }
    links
}

/// Pools that links of one caller share have one size.
fn agreed_on_pools(mut links: Vec<Value>) -> Vec<Value> {
    let mut sizes: BTreeMap<(String, String), Value> = BTreeMap::new();
    for link in &mut links {
        let from = text(link, "from");
        let Some(pool) = link.get("pool").filter(|pool| **pool != Value::Null) else {
            continue;
        };
        let Some(Value::Text(shared)) = pool.get("shared").cloned() else {
            continue;
        };
        let size = pool.get("size").cloned().unwrap_or(Value::Number(10.0));
        let size = sizes.entry((from, shared)).or_insert(size).clone();
        let placed = link.set_path("pool.size", size);
        placed.expect("a pool is an object");
    }
    links
}

/// Behind a balancer nobody fills a cache that has no origin to load from.
fn without_unfilled_caches(mut links: Vec<Value>, nodes: &[Drawn]) -> Vec<Value> {
    let callers: Vec<String> = links.iter().map(|link| text(link, "from")).collect();
    let is = |id: String, wanted: fn(&Kind) -> bool| {
        let mut nodes = nodes.iter();
        nodes.any(|node| node.id == id && wanted(&node.kind))
    };
    links.retain(|link| {
        let to = text(link, "to");
        callers.contains(&to)
            || !is(to, |kind| matches!(kind, Kind::Cache(_)))
            || !is(text(link, "from"), |kind| {
                matches!(kind, Kind::LoadBalancer(_))
            })
    });
    links
}

/// What a field of a link says, where that is a text.
fn text(link: &Value, name: &str) -> String {
    match link.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Whose data a database holds.
fn owner_of(node: &Drawn) -> Option<String> {
    match &node.kind {
        Kind::Database(database) => Some(database.copy_of.as_ref().unwrap_or(&node.id).clone()),
        _ => None,
    }
}

/// A cache can write behind an answer only where it has an origin to write to.
fn without_vain_write_behind(links: Vec<Value>, nodes: &[Drawn]) -> Vec<Value> {
    let is_cache = |id: &str| {
        let mut caches = nodes
            .iter()
            .filter(|node| matches!(node.kind, Kind::Cache(_)));
        caches.any(|node| node.id == id)
    };
    let callers: Vec<String> = links.iter().map(|link| text(link, "from")).collect();
    let fits = |link: &Value| {
        let to = text(link, "to");
        text(link, "on_write") != "write_behind" || (is_cache(&to) && callers.contains(&to))
    };
    let mended = links.into_iter().map(|link| match (fits(&link), link) {
        (false, Value::Map(mut entries)) => {
            entries.retain(|(name, _)| name != "on_write");
            Value::Map(entries)
        }
        (_, link) => link,
    });
    judging_attempts(agreed_on_pools(mended.collect()), nodes)
}

fn link(rng: &mut Rng, operations: &[Value]) -> Vec<(String, Value)> {
    let Value::Map(mut link) = record(rng, Link::RECORD) else {
        return Vec::new();
    };
    for (name, value) in &mut link {
        if name == "when" {
            *value = conditions(rng, operations);
        }
    }
    link
}

/// Attempts per visit of the caller.
fn link_attempts(link: &[(String, Value)]) -> u64 {
    let link = Value::Map(link.to_vec());
    let number = |path: &str, default: f64| match link.at_path(path) {
        Some(Value::Number(n)) => *n,
        _ => default,
    };
    let attempts = match link.get("retry") {
        None | Some(Value::Null) => 1.0,
        Some(_) => number("retry.max_attempts", 3.0),
    };
    let hedges = match link.get("hedge") {
        None | Some(Value::Null) => 0.0,
        Some(_) => number("hedge.max", 1.0),
    };
    (number("calls", 1.0) * attempts * (1.0 + hedges)) as u64
}

fn conditions(rng: &mut Rng, operations: &[Value]) -> Value {
    let one = |rng: &mut Rng| match rng.below(4) {
        0 => Value::Map(vec![(
            "probability".to_owned(),
            Value::Number(decimal(rng, 0.0, 1.0)),
        )]),
        1 => {
            let named = Value::List(vec![rng.pick(operations).clone()]);
            Value::Map(vec![("operations".to_owned(), named)])
        }
        _ => Value::text(*rng.pick(&["always", "reads", "writes", "on_miss", "on_error"])),
    };
    match rng.below(8) {
        0 => Value::List((0..rng.between(1, 3)).map(|_| one(rng)).collect()),
        1 | 2 => one(rng),
        // Most links see traffic.
        _ => Value::text("always"),
    }
}
