//! Nodes, and the alerts that watch them.

use design::{KINDS, Kind, Value};

use super::values::{name, record};
use crate::Rng;

/// A node being drawn.
pub(super) struct Drawn {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) value: Value,
}

/// Every kind in the order calls go: clients first, those who call nobody last.
pub(super) fn nodes(rng: &mut Rng) -> Vec<Drawn> {
    let mut nodes: Vec<Drawn> = Vec::new();
    for (kind, low, high) in [
        ("client", 1, 2),
        ("load_balancer", 0, 1),
        ("service", 1, 3),
        ("cache", 0, 2),
        ("queue", 0, 2),
        ("service", 0, 2),
        ("database", 0, 2),
        ("coordinator", 0, 1),
        // What databases publish, and who consumes it.
        ("queue", 0, 1),
        ("service", 0, 1),
    ] {
        for _ in 0..rng.between(low, high) {
            let node = node(rng, kind, &nodes);
            nodes.push(node);
        }
    }
    nodes
}

fn node(rng: &mut Rng, kind: &str, earlier: &[Drawn]) -> Drawn {
    let taken = |id: &str| earlier.iter().any(|node| node.id == id);
    let id = match rng.below(4) {
        0 => name(rng).trim().to_owned(),
        _ => kind.to_owned(),
    };
    let id = (1..)
        .map(|n| {
            if n == 1 {
                id.clone()
            } else {
                format!("{id}-{n}")
            }
        })
        .find(|id| !id.is_empty() && !taken(id))
        .expect("some number is free");
    let grid = *rng.pick(&[1, 20, 20, 20]);
    let at = [0; 2].map(|_| Value::Number((grid * (rng.below(60) as i64 - 10)) as f64));
    let mut value = vec![
        ("id".to_owned(), Value::text(&id)),
        ("kind".to_owned(), Value::text(kind)),
        ("at".to_owned(), Value::List(at.to_vec())),
    ];
    if rng.chance(20) {
        value.push(("label".to_owned(), Value::text(name(rng))));
    }
    let info = KINDS.iter().find(|info| info.name == kind).expect("a kind");
    for record in [record(rng, info.record), deployment(rng)] {
        if let Value::Map(parameters) = record {
            value.extend(parameters);
        }
    }
    copy(rng, &mut value, earlier);
    let mut value = Value::Map(value);
    if value.at_path("queue.priority").is_some() {
        let names = Value::List(operations(earlier));
        value
            .set_path("queue.priority", names)
            .expect("it is there");
    }
    let mut reader = design::Reader::default();
    let node = design::Node::read(&value, &mut reader);
    let Some(node) = node else {
        panic!("a random node is not valid: {:?}", reader.finish());
    };
    Drawn {
        id,
        kind: node.kind,
        value,
    }
}

/// A database copies an earlier one, or none.
fn copy(rng: &mut Rng, value: &mut Vec<(String, Value)>, earlier: &[Drawn]) {
    value.retain(|(name, _)| name != "copy_of");
    let owns = |node: &&Drawn| matches!(&node.kind, Kind::Database(of) if of.copy_of.is_none());
    let is_database = value
        .iter()
        .any(|(name, kind)| name == "kind" && *kind == Value::text("database"));
    if let Some(owner) = earlier.iter().find(owns).filter(|_| is_database)
        && rng.chance(50)
    {
        value.retain(|(name, _)| name != "replication");
        value.push(("copy_of".to_owned(), Value::text(&owner.id)));
    }
}

/// An alert over some node's metrics.
pub(super) fn alert(rng: &mut Rng, nodes: &[Drawn]) -> Option<Value> {
    let mut alert = record(rng, design::telemetry::Alert::RECORD);
    if let Value::Map(entries) = &mut alert {
        entries.retain(|(key, _)| key != "node");
        let emits = |node: &&Drawn| {
            let metrics = node
                .value
                .get("telemetry")
                .and_then(|known| known.get("metrics"));
            metrics != Some(&Value::Bool(false))
        };
        let when = entries.iter().find(|(key, _)| key == "when");
        let watches = |signal: &str| when.is_some_and(|(_, when)| when.get(signal).is_some());
        let can_wait = |node: &&Drawn| match node.kind.name() {
            "queue" => true,
            "service" | "database" | "coordinator" => !watches("oldest_age"),
            _ => !watches("oldest_age") && !watches("backlog"),
        };
        let watched: Vec<&Drawn> = nodes.iter().filter(emits).filter(can_wait).collect();
        if watched.is_empty() {
            return None;
        }
        entries.push(("node".to_owned(), Value::text(&rng.pick(&watched).id)));
    }
    Some(alert)
}

/// Zones there may be.
pub(super) const ZONES: [&str; 3] = ["a", "b", "zone c"];

/// Where a node runs, if that is said.
fn deployment(rng: &mut Rng) -> Value {
    let mut deployment = Vec::new();
    match rng.below(6) {
        0 | 1 => deployment.push(("zone".to_owned(), Value::text(*rng.pick(&ZONES)))),
        2 => {
            let zones = ZONES.iter().map(|zone| Value::text(*zone)).collect();
            deployment.push(("zones".to_owned(), Value::List(zones)));
            deployment.push(("team".to_owned(), Value::text("checkout")));
        }
        _ => {}
    }
    if rng.chance(30) {
        let telemetry = record(rng, design::telemetry::Telemetry::RECORD);
        deployment.push(("telemetry".to_owned(), telemetry));
    }
    if rng.chance(15) {
        deployment.push(("cost".to_owned(), record(rng, design::Cost::RECORD)));
    }
    Value::Map(deployment)
}

/// The names of all operations.
pub(super) fn operations(nodes: &[Drawn]) -> Vec<Value> {
    let of = |node: &Drawn| match &node.kind {
        Kind::Client(client) => client.operations.clone(),
        Kind::LoadBalancer(_)
        | Kind::Service(_)
        | Kind::Cache(_)
        | Kind::Queue(_)
        | Kind::Database(_)
        | Kind::Coordinator(_) => vec![],
    };
    let all = nodes.iter().flat_map(of);
    all.map(|operation| Value::Text(operation.name)).collect()
}
