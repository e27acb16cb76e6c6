//! Faults, at something they can hit.

use design::fault::FaultKind;
use design::{Duration, Kind, Value};

use super::DURATION_MAX_S;
use super::nodes::Drawn;
use super::values::{decimal, distribution, duration};
use crate::Rng;

pub(super) fn faults(rng: &mut Rng, nodes: &[Drawn], links: &[Value]) -> Vec<Value> {
    let mut faults = Vec::new();
    for _ in 0..rng.below(4) {
        let kind = *rng.pick(FaultKind::ALL);
        let zones = zones_of(nodes);
        let targets: Vec<(String, u32)> = if kind == FaultKind::Partition {
            let ids = nodes.iter().map(|node| node.id.clone());
            let links = (0..links.len()).map(|at| default_id(links, at));
            let all = zones.iter().cloned().chain(ids).chain(links);
            all.map(|id| (id, 1)).collect()
        } else if kind.is_for_links() {
            let id = |at: usize| default_id(links, at);
            let fits = |at: &usize| {
                let has_pool = links[*at]
                    .get("pool")
                    .is_some_and(|pool| *pool != Value::Null);
                kind != FaultKind::ConnectionLeak || has_pool
            };
            (0..links.len())
                .filter(fits)
                .map(|at| (id(at), 1))
                .collect()
        } else {
            let replays = |node: &Drawn| {
                let arrivals = node.value.get("arrivals");
                arrivals.is_some_and(|arrivals| arrivals.get("replay").is_some())
            };
            let fits = |node: &&Drawn| {
                let is_vain = kind == FaultKind::TrafficSpike && replays(node);
                let autoscale = node.value.get("autoscale");
                let is_scaled = autoscale.is_some_and(|autoscale| *autoscale != Value::Null);
                let is_vain = is_vain || kind == FaultKind::RollingDeploy && is_scaled;
                let is_leaderless = match &node.kind {
                    Kind::Database(database) => !database.has_leader(),
                    _ => false,
                };
                let is_vain = is_vain || kind == FaultKind::LeaderFailover && is_leaderless;
                let is_vain = is_vain || kind == FaultKind::ClockSkew && !node.kind.reads_clock();
                kind.targets().contains(&node.kind.name()) && !is_vain
            };
            let target = |node: &Drawn| (node.id.clone(), node.kind.replicas());
            nodes.iter().filter(fits).map(target).collect()
        };
        if targets.is_empty() {
            continue;
        }
        let (mut target, replicas) = rng.pick(&targets).clone();
        let is_for_nodes = !kind.targets().is_empty();
        let hit = nodes.iter().find(|node| node.id == target);
        let mut is_of_zone = false;
        if let Some(zone) = hit.and_then(|node| zones_of(std::slice::from_ref(node)).pop())
            && is_for_nodes
            && !kind.is_of_one_node()
            && rng.chance(20)
            && !nodes.iter().any(|node| node.id == zone)
        {
            (target, is_of_zone) = (zone, true);
        }
        let mut fault = vec![
            ("kind".to_owned(), Value::text(kind.name())),
            ("target".to_owned(), Value::text(&target)),
            (
                "at".to_owned(),
                Value::text(Duration::ms(rng.below(DURATION_MAX_S * 1000)).to_string()),
            ),
        ];
        if rng.chance(80) {
            let lasts = Duration::ms(rng.between(1, 5_000));
            fault.push(("for".to_owned(), Value::text(lasts.to_string())));
        }
        if rng.chance(60) {
            fault.push(("times".to_owned(), Value::Number(decimal(rng, 0.1, 8.0))));
        }
        if rng.chance(40) {
            fault.push(("add".to_owned(), Value::text(distribution(rng))));
        }
        if rng.chance(40) {
            fault.push(("loss".to_owned(), Value::Number(decimal(rng, 0.0, 1.0))));
        }
        fault.extend(fault_course(rng, kind));
        if let Some(Kind::Database(database)) = hit.map(|node| &node.kind)
            && kind == FaultKind::Reshard
        {
            fault.extend(resharding(rng, database.shards.count));
        }
        if kind == FaultKind::ClockSkew {
            fault.extend(clock_skew(rng));
        }
        if kind == FaultKind::Partition {
            let ids: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();
            let alike = [&zones, &ids]
                .into_iter()
                .find(|list| list.contains(&target));
            let others = alike.into_iter().flatten().filter(|id| **id != target);
            let others: Vec<&String> = others.collect();
            if !others.is_empty() && rng.chance(40) {
                fault.push(("to".to_owned(), Value::text(*rng.pick(&others))));
            }
            fault.push(("one_way".to_owned(), Value::Bool(rng.chance(30))));
        }
        if rng.chance(40) && is_for_nodes && !is_of_zone && !kind.is_of_one_node() {
            let replica = rng.below(u64::from(replicas));
            fault.push(("replica".to_owned(), Value::Number(replica as f64)));
        }
        faults.push(Value::Map(fault));
    }
    faults
}

/// A clock that is off.
fn clock_skew(rng: &mut Rng) -> Vec<(String, Value)> {
    let offset = Value::text(duration(rng, 0.001, 5.0).to_string());
    let behind = Value::Bool(rng.chance(50));
    vec![("offset".to_owned(), offset), ("behind".to_owned(), behind)]
}

/// A resharding of a database with this many shards, to another number.
fn resharding(rng: &mut Rng, count: u32) -> Vec<(String, Value)> {
    let shards = rng.between(1, 6);
    let shards = shards + u64::from(shards == u64::from(count));
    let numbers = [("shards", shards), ("batch", rng.between(1, 5_000))];
    let numbers = numbers.map(|(name, value)| (name.to_owned(), Value::Number(value as f64)));
    let mut fault = numbers.to_vec();
    for (name, most) in [("copy_time", 0.0005), ("cutover", 0.2)] {
        let value = Value::text(duration(rng, 0.000_01, most).to_string());
        fault.push((name.to_owned(), value));
    }
    if rng.chance(30) {
        let rate = format!("{}/s", rng.between(50, 5_000));
        fault.push(("rate".to_owned(), Value::text(rate)));
    }
    fault
}

/// Shares and times of a fault that are not those of every kind.
fn fault_course(rng: &mut Rng, kind: FaultKind) -> Vec<(String, Value)> {
    let mut course = Vec::new();
    for share in ["errors", "hot"] {
        if rng.chance(40) {
            course.push((share.to_owned(), Value::Number(decimal(rng, 0.0, 1.0))));
        }
    }
    if kind == FaultKind::SchemaMigration && rng.chance(50) {
        course.push(("reads".to_owned(), Value::Bool(true)));
    }
    let mut time = |rng: &mut Rng, name: &str, low, high| {
        let value = Value::text(duration(rng, low, high).to_string());
        course.push((name.to_owned(), value));
    };
    if rng.chance(60) {
        time(rng, "every", 0.5, 4.0);
        time(rng, "pause", 0.001, 0.4);
    }
    if rng.chance(60) {
        time(rng, "step", 0.05, 3.0);
    }
    if rng.chance(25) && !kind.has_own_course() {
        time(rng, "mtbf", 0.2, 6.0);
        if rng.chance(60) && !kind.is_of_a_moment() {
            time(rng, "mttr", 0.05, 2.0);
        }
    }
    if kind == FaultKind::CacheFlush && rng.chance(50) {
        let share = Value::Number(decimal(rng, 0.0, 1.0));
        course.push(("share".to_owned(), share));
    }
    if rng.chance(20) {
        let messages = Value::Number(rng.between(1, 20) as f64);
        course.push(("messages".to_owned(), messages));
    }
    course
}

/// The zones that nodes run in, each once.
fn zones_of(nodes: &[Drawn]) -> Vec<String> {
    let mut zones: Vec<String> = Vec::new();
    let mut note = |zone: &Value| {
        if let Value::Text(zone) = zone
            && !zones.contains(zone)
        {
            zones.push(zone.clone());
        }
    };
    for node in nodes {
        node.value.get("zone").into_iter().for_each(&mut note);
        if let Some(Value::List(items)) = node.value.get("zones") {
            items.iter().for_each(&mut note);
        }
    }
    zones
}

/// The id that reading gives to a link that has none.
fn default_id(links: &[Value], at: usize) -> String {
    let text = |link: &Value, name: &str| match link.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let ends = |link: &Value| (text(link, "from"), text(link, "to"));
    if let Some(Value::Text(id)) = links[at].get("id") {
        return id.clone();
    }
    let (from, to) = ends(&links[at]);
    match links[..at]
        .iter()
        .filter(|link| ends(link) == (from.clone(), to.clone()))
        .count()
    {
        0 => format!("{from}->{to}"),
        n => format!("{from}->{to}#{}", n + 1),
    }
}
