//! Values along the tables of fields.

use design::attribute::{Field, Record, Shape};
use design::{Duration, Rate, Value};

use super::nodes::ZONES;
use crate::Rng;

/// About half of a record's fields; the others stay at their defaults.
pub(super) fn record(rng: &mut Rng, record: &'static Record) -> Value {
    let mut entries = Vec::new();
    for field in record.fields {
        let is_of_links = field.name == "mode" && record.name != "Replication";
        if is_of_links || matches!(field.name, "id" | "from" | "to") || rng.chance(50) {
            continue;
        }
        entries.push((field.name.to_owned(), tame(rng, record, field)));
    }
    // A client's own rate is far too high for a quick run, and a message must not come for ever.
    if record.name == "Client" && !entries.iter().any(|(name, _)| name == "arrivals") {
        let rate = Value::Map(vec![("poisson".to_owned(), rate(rng))]);
        entries.push(("arrivals".to_owned(), rate));
    }
    if record.name == "Client" && is_replay(&entries) {
        entries.retain(|(name, _)| name != "profile");
    }
    if record.name == "Client" && (is_replay(&entries) || is_closed(&entries)) {
        entries.retain(|(name, _)| name != "batch");
    }
    // Scaled by the share of slots held, and not at a fixed number.
    let is_scaled = entries
        .iter()
        .any(|(name, value)| name == "autoscale" && *value != Value::Null);
    if is_scaled {
        entries.retain(|(name, value)| name != "concurrency" || *value != Value::Null);
    }
    if record.name == "Database" && is_quorum(&entries) {
        entries.retain(|(name, _)| !["row_locks", "cross_shard"].contains(&name.as_str()));
    }
    // One duration that must not be longer than another.
    let pair = match record.name {
        "Exponential" => Some(("base", "cap")),
        "BurnRate" => Some(("short", "long")),
        _ => None,
    };
    if let Some((less, more)) = pair {
        let long = |name: &str| {
            let entry = entries.iter().find(|(known, _)| known == name);
            let field = record.fields.iter().find(|field| field.name == name);
            let value = entry.map(|(_, value)| value.clone());
            match value.or_else(|| field.map(|field| (field.default)())) {
                Some(Value::Text(text)) => Duration::parse(&text).map_or(0, |long| long.0),
                _ => 0,
            }
        };
        if long(less) > long(more) {
            let less = entries.iter().position(|(name, _)| name == less);
            let more = entries.iter().position(|(name, _)| name == more);
            match (less, more) {
                (Some(less), Some(more)) => {
                    let longer = std::mem::replace(&mut entries[less].1, Value::Null);
                    entries[less].1 = std::mem::replace(&mut entries[more].1, longer);
                }
                _ => entries.clear(),
            }
        }
    }
    Value::Map(entries)
}

fn is_closed(client: &[(String, Value)]) -> bool {
    let arrivals = client.iter().find(|(name, _)| name == "arrivals");
    arrivals.is_some_and(|(_, arrivals)| arrivals.get("closed").is_some())
}

/// Whether a database has members without a leader.
fn is_quorum(database: &[(String, Value)]) -> bool {
    let replication = database.iter().find(|(name, _)| name == "replication");
    let mode = replication.and_then(|(_, replication)| replication.get("mode"));
    mode == Some(&Value::text("quorum"))
}

fn is_replay(client: &[(String, Value)]) -> bool {
    let arrivals = client.iter().find(|(name, _)| name == "arrivals");
    arrivals.is_some_and(|(_, arrivals)| arrivals.get("replay").is_some())
}

/// A field's value, where its range alone would give designs that are invalid or run indefinitely.
fn tame(rng: &mut Rng, record: &'static Record, field: &'static Field) -> Value {
    let whole = |n: u64| Value::Number(n as f64);
    match (record.name, field.name) {
        ("Client", "operations") => {
            let count = rng.between(1, 3);
            Value::List((0..count).map(|at| operation(rng, at)).collect())
        }
        ("Client", "profile") => {
            let mut at_ms = 0;
            let mut over_ms = 0;
            let mut step = || {
                at_ms += over_ms + rng.between(1, 4_000);
                over_ms = rng.below(2) * rng.below(2_000);
                Value::Map(vec![
                    (
                        "at".to_owned(),
                        Value::text(Duration::ms(at_ms).to_string()),
                    ),
                    ("times".to_owned(), Value::Number(decimal(rng, 0.0, 4.0))),
                    (
                        "over".to_owned(),
                        Value::text(Duration::ms(over_ms).to_string()),
                    ),
                ])
            };
            Value::List((0..3).map(|_| step()).collect())
        }
        ("Zones", "pairs") => {
            let latency = ("latency".to_owned(), Value::text(distribution(rng)));
            let [between, and] = [("between", ZONES[0]), ("and", ZONES[2])]
                .map(|(name, zone)| (name.to_owned(), Value::text(zone)));
            Value::List(vec![Value::Map(vec![between, and, latency])])
        }
        // A user who hardly thinks asks thousands of times a second.
        ("Closed", "think") => Value::text(format!("exp({})", duration(rng, 0.2, 2.0))),
        // Deep probes cause calls of their own.
        ("HealthCheck", "interval") => Value::text(duration(rng, 0.2, 5.0).to_string()),
        ("Client", "reload") => Value::Number(decimal(rng, 0.0, 0.6)),
        ("Coordinator", "members") | ("Service", "replicas") => whole(rng.between(1, 5)),
        // At least as many as a service may start with.
        ("Autoscale", "min") => whole(1),
        ("Autoscale", "max") => whole(rng.between(5, 9)),
        ("Autoscale", "interval") => Value::text(duration(rng, 1.0, 3.0).to_string()),
        ("Memory", "limit_mb") => Value::Number(decimal(rng, 130.0, 150.0)),
        ("Memory", "idle_mb") => Value::Number(decimal(rng, 100.0, 128.0)),
        ("Memory", "call_mb") => Value::Number(decimal(rng, 0.1, 1.9)),
        ("Gradient" | "Aimd", "min") | ("Pool", "size") => whole(rng.between(1, 20)),
        ("Gradient" | "Aimd", "max") => whole(rng.between(20, 60)),
        ("Link", "calls") => whole(rng.between(1, 3)),
        ("Link", "loss") => Value::Number(decimal(rng, 0.0, 0.2)),
        ("Retry", "max_attempts") | ("Shards", "count") | ("Client", "batch") => {
            whole(rng.between(1, 4))
        }
        ("Replication", "no_leader_in") => Value::List(Vec::new()),
        ("Retry", "on") => match any(rng, &field.shape, field.range) {
            Value::List(items) if items.is_empty() => (field.default)(),
            items => items,
        },
        ("Pool", "shared") => Value::text(*rng.pick(&["one", "two"])),
        ("Hedge", "max") | ("Replication", "r" | "w") => whole(rng.between(1, 2)),
        ("Breaker", "failure_rate") => Value::Number(decimal(rng, 0.05, 1.0)),
        ("Queue", "visibility_timeout") => Value::text(duration(rng, 0.5, 20.0).to_string()),
        ("Replication", "replicas") => whole(rng.between(2, 4)),
        // Operations are not known here.
        ("Database", "cross_shard") => match any(rng, &field.shape, None) {
            Value::Map(mut entries) => {
                let value = match entries[0].0.as_str() {
                    "probability" => Value::Number(decimal(rng, 0.0, 1.0)),
                    _ => Value::List(Vec::new()),
                };
                entries[0].1 = value;
                Value::Map(entries)
            }
            bare => bare,
        },
        ("Queue", "max_receives") => whole(rng.between(1, 8)),
        _ => any(rng, &field.shape, field.range),
    }
}

fn operation(rng: &mut Rng, at: u64) -> Value {
    let keys = match rng.below(2) {
        0 => (
            "uniform".to_owned(),
            Value::Map(vec![(
                "n".to_owned(),
                Value::Number(rng.between(1, 500) as f64),
            )]),
        ),
        _ => {
            let n = ("n".to_owned(), Value::Number(rng.between(1, 500) as f64));
            let s = ("s".to_owned(), Value::Number(decimal(rng, 0.0, 2.0)));
            ("zipf".to_owned(), Value::Map(vec![n, s]))
        }
    };
    let name = match rng.below(2) {
        0 => format!("operation {at}"),
        _ => format!("{}{at}", name(rng)),
    };
    Value::Map(vec![
        ("name".to_owned(), Value::text(name)),
        ("weight".to_owned(), Value::Number(decimal(rng, 0.1, 10.0))),
        (
            "effect".to_owned(),
            Value::text(*rng.pick(&["read", "read", "write"])),
        ),
        ("keys".to_owned(), Value::Map(vec![keys])),
    ])
}

/// Any value of a shape, small.
pub(super) fn any(rng: &mut Rng, shape: &'static Shape, range: Option<(f64, f64)>) -> Value {
    let (low, high) = range.unwrap_or((0.0, f64::INFINITY));
    match shape {
        Shape::Bool => Value::Bool(rng.chance(50)),
        Shape::Integer => Value::Number(libm::floor(rng.skewed(low, high.min(low + 60.0)))),
        Shape::Number | Shape::Ratio => Value::Number(decimal(rng, low, high.min(low + 3.0))),
        Shape::Text => Value::text(name(rng)),
        Shape::Duration => Value::text(duration(rng, low.max(0.0001), high.min(3.0)).to_string()),
        Shape::Rate => rate(rng),
        Shape::Distribution => Value::text(distribution(rng)),
        Shape::Choice(names) => Value::text(rng.pick(names).name),
        Shape::Optional(_) if rng.chance(20) => Value::Null,
        Shape::Optional(inner) => any(rng, inner, range),
        Shape::List(inner) => {
            let mut items: Vec<Value> = (0..rng.below(20)).map(|_| any(rng, inner, None)).collect();
            // The lists whose order matters hold moments, which do not go backwards.
            items.sort_by_key(|item| match item {
                Value::Text(text) => Duration::parse(text).map_or(0, |duration| duration.0),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::List(_)
                | Value::Map(_) => 0,
            });
            Value::List(items)
        }
        Shape::OneOrMany(inner) => any(rng, inner, range),
        Shape::Record(inner) => record(rng, inner),
        Shape::Variants(bare, with) => match rng.below((bare.len() + with.len()) as u64) as usize {
            at if at < bare.len() => Value::text(bare[at].name),
            at => {
                let variant = &with[at - bare.len()];
                let value = any(rng, &variant.shape, None);
                Value::Map(vec![(variant.name.to_owned(), value)])
            }
        },
    }
}

fn rate(rng: &mut Rng) -> Value {
    Value::text(Rate(decimal(rng, 2.0, 150.0)).to_string())
}

/// Mostly as people type numbers; now and then with every digit.
pub(super) fn decimal(rng: &mut Rng, low: f64, high: f64) -> f64 {
    let n = rng.skewed(low, high);
    match rng.below(5) {
        0 => n,
        1 => (libm::ceil(n)).clamp(low, high),
        _ => (libm::round(n * 100.0) / 100.0).clamp(low, high),
    }
}

/// Bounds in seconds.
pub(super) fn duration(rng: &mut Rng, low: f64, high: f64) -> Duration {
    let ns = rng.skewed(low, high) * 1e9;
    let unit = *rng.pick(&[1.0, 1e3, 1e6, 1e6, 1e6]);
    let ns = (libm::ceil(ns / unit) * unit).clamp(libm::ceil(low * 1e9), high * 1e9);
    Duration(ns as u64)
}

pub(super) fn distribution(rng: &mut Rng) -> String {
    let mut some = |low, high| duration(rng, low, high).to_string();
    let (a, b) = (some(0.000_01, 0.005), some(0.01, 0.1));
    match rng.below(9) {
        0 => a,
        1 => format!("exp({a})"),
        2 => format!("uniform({a},{b})"),
        3 => format!("normal({b},{a})"),
        4 => format!("lognormal(p50={a},p99={b})"),
        5 => format!("erlang({},{a})", rng.between(1, 6)),
        6 => format!("hyperexp(0.9:{a},0.1:{b})"),
        7 => match rng.below(2) {
            0 => format!("pareto(min={a},alpha={})", decimal(rng, 1.2, 3.0)),
            _ => format!("pareto(min={a},alpha={},max={b})", decimal(rng, 0.5, 3.0)),
        },
        _ => format!("empirical(0:{a},{}:{a},1:{b})", decimal(rng, 0.1, 0.9)),
    }
}

/// A name as people give them, some of them awkward.
pub(super) fn name(rng: &mut Rng) -> String {
    (*rng.pick(&[
        "api",
        "checkout",
        "Orders",
        "payment gateway",
        "users \"new\"",
        "größe",
        "データ",
        "🦀",
        "a->b",
        "x#2",
        "edge/eu-west-1",
        "<b>bold</b>",
        "back\\slash",
        "orders.v2",
        "search",
    ]))
    .to_owned()
}
