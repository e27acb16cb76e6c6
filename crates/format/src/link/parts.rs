//! The parts of a link with a form of their own: ids that go without saying, positions,
//! distributions.

use super::LinkError;
use super::bytes::{Reader, Writer};
use super::table::{entry, place};
use design::{Distribution, Duration, Value};
use std::collections::BTreeMap;

/// The ids the editor gives: a node's kind, numbered where it is taken.
#[derive(Default)]
pub(super) struct UsualIds {
    taken: BTreeMap<String, u64>,
    /// The lowest number that may be free, of the kinds seen.
    numbers: Vec<(&'static str, u64)>,
}

impl UsualIds {
    pub(super) fn next(&mut self, kind: &'static str) -> String {
        let known = self.numbers.iter().position(|(known, _)| *known == kind);
        let at = known.unwrap_or_else(|| {
            self.numbers.push((kind, 1));
            self.numbers.len() - 1
        });
        loop {
            let id = numbered(kind, "-", self.numbers[at].1);
            if !self.taken.contains_key(&id) {
                return id;
            }
            self.numbers[at].1 += 1;
        }
    }

    pub(super) fn take(&mut self, id: &str) {
        self.taken.insert(id.to_owned(), 1);
    }
}

/// `from->to`, numbered where links are parallel; `counts` holds how many there were of each.
pub(super) fn usual_link_id(from: &str, to: &str, counts: &mut BTreeMap<String, u64>) -> String {
    let id = format!("{from}->{to}");
    let count = counts.get(&id).map_or(1, |count| count + 1);
    counts.insert(id.clone(), count);
    numbered(&id, "#", count)
}

fn numbered(name: &str, separator: &str, number: u64) -> String {
    match number {
        1 => name.to_owned(),
        number => format!("{name}{separator}{number}"),
    }
}

/// The grid they all stand on, then each one's distance from the last, in steps of it.
pub(super) fn write_positions(nodes: &[Value], out: &mut Writer) {
    let mut last = [0i64; 2];
    let steps: Vec<i64> = nodes
        .iter()
        .flat_map(|node| {
            let at = [0, 1].map(|axis| match node.get("at") {
                Some(Value::List(at)) => match at.get(axis) {
                    Some(Value::Number(n)) => *n as i64,
                    _ => 0,
                },
                _ => 0,
            });
            let step = [at[0] - last[0], at[1] - last[1]];
            last = at;
            step
        })
        .collect();
    let grid = steps.iter().fold(0, |a, b| common_divisor(a, *b)).max(1);
    out.integer(grid as u64);
    for axis in [0, 1] {
        for step in steps.iter().skip(axis).step_by(2) {
            out.signed(step / grid);
        }
    }
}

pub(super) fn read_positions(count: usize, from: &mut Reader<'_>) -> Result<Vec<Value>, LinkError> {
    let too_far = LinkError::Invalid("a node in it is too far from the origin");
    let grid = i64::try_from(from.integer()?).map_err(|_| too_far.clone())?;
    let mut axis = || {
        let mut at = 0i64;
        (0..count)
            .map(|_| {
                at = from
                    .signed()?
                    .checked_mul(grid)
                    .and_then(|step| at.checked_add(step))
                    .ok_or(too_far.clone())?;
                Ok(Value::Number(at as f64))
            })
            .collect::<Result<Vec<_>, LinkError>>()
    };
    let (x, y) = (axis()?, axis()?);
    Ok(x.into_iter()
        .zip(y)
        .map(|(x, y)| Value::List(vec![x, y]))
        .collect())
}

fn common_divisor(a: i64, b: i64) -> i64 {
    match b {
        0 => a.abs(),
        b => common_divisor(b, a % b),
    }
}

/// Distributions, by number. Append only.
const DISTRIBUTIONS: [&str; 9] = [
    "const",
    "exp",
    "uniform",
    "normal",
    "lognormal",
    "erlang",
    "hyperexp",
    "pareto",
    "empirical",
];

pub(super) fn write_distribution(distribution: &Distribution, out: &mut Writer) {
    let name = |name: &str, out: &mut Writer| out.integer(place(DISTRIBUTIONS.iter(), name));
    let pairs = |pairs: &[(f64, Duration)], out: &mut Writer| {
        out.integer(pairs.len() as u64);
        for (p, duration) in pairs {
            out.number(*p);
            out.duration(duration.0);
        }
    };
    let durations = |durations: &[&Duration], out: &mut Writer| {
        for duration in durations {
            out.duration(duration.0);
        }
    };
    match distribution {
        Distribution::Const(value) => {
            name("const", out);
            durations(&[value], out);
        }
        Distribution::Exp(mean) => {
            name("exp", out);
            durations(&[mean], out);
        }
        Distribution::Uniform(low, high) => {
            name("uniform", out);
            durations(&[low, high], out);
        }
        Distribution::Normal(mean, deviation) => {
            name("normal", out);
            durations(&[mean, deviation], out);
        }
        Distribution::Lognormal { p50, p99 } => {
            name("lognormal", out);
            durations(&[p50, p99], out);
        }
        Distribution::Erlang(k, mean) => {
            name("erlang", out);
            out.integer(u64::from(*k));
            durations(&[mean], out);
        }
        Distribution::Hyperexp(branches) => {
            name("hyperexp", out);
            pairs(branches, out);
        }
        Distribution::Pareto { min, alpha, max } => {
            name("pareto", out);
            durations(&[min], out);
            out.number(*alpha);
            out.integer(u64::from(max.is_some()));
            durations(&max.as_ref().map_or(vec![], |max| vec![max]), out);
        }
        Distribution::Empirical(points) => {
            name("empirical", out);
            pairs(points, out);
        }
    }
}

pub(super) fn read_distribution(from: &mut Reader<'_>) -> Result<Distribution, LinkError> {
    fn duration(from: &mut Reader<'_>) -> Result<Duration, LinkError> {
        from.duration().map(Duration)
    }
    fn pairs(from: &mut Reader<'_>) -> Result<Vec<(f64, Duration)>, LinkError> {
        (0..from.count()?)
            .map(|_| Ok((from.number()?, duration(from)?)))
            .collect()
    }
    let name = entry(&DISTRIBUTIONS, from.index()?)?;
    Ok(match *name {
        "const" => Distribution::Const(duration(from)?),
        "exp" => Distribution::Exp(duration(from)?),
        "uniform" => Distribution::Uniform(duration(from)?, duration(from)?),
        "normal" => Distribution::Normal(duration(from)?, duration(from)?),
        "lognormal" => Distribution::Lognormal {
            p50: duration(from)?,
            p99: duration(from)?,
        },
        "erlang" => {
            let k = u32::try_from(from.integer()?).unwrap_or(u32::MAX);
            Distribution::Erlang(k, duration(from)?)
        }
        "hyperexp" => Distribution::Hyperexp(pairs(from)?),
        "pareto" => Distribution::Pareto {
            min: duration(from)?,
            alpha: from.number()?,
            max: match from.integer()? {
                0 => None,
                _ => Some(duration(from)?),
            },
        },
        _ => Distribution::Empirical(pairs(from)?),
    })
}

/// Adds the zones of a node to those known: faults name them by their place.
pub(super) fn note_zones(node: &Value, zones: &mut Vec<String>) {
    let one = node.get("zone").into_iter();
    let many = match node.get("zones") {
        Some(Value::List(items)) => &items[..],
        _ => &[],
    };
    for zone in one.chain(many) {
        if let Value::Text(zone) = zone
            && !zones.contains(zone)
        {
            zones.push(zone.clone());
        }
    }
}

/// A text field of a map; nothing where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    match value.get(name) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}
