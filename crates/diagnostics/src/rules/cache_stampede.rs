//! Concurrent loads of a key that one load could serve.

use super::cache_cold_start::origins;
use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::cache::Cache;
use design::kinds::client::Effect;
use design::{Metric, Value};
use report::{
    Field, Finding, Fold, Message, Remedy, figure, message, name, percent, rate, time, whole,
};
use sim::Report;

/// Concurrent loads of one key from which it is a stampede: arrival rate × time to load.
const CONCURRENT: f64 = 5.0;
/// Least number of loads per expiry in a run.
const LOADS: f64 = 3.0;
/// Least number of redundant loads in a run.
const EXTRA: f64 = 50.0;
/// Height of a peak of loads, in times their mean, and the number of such peaks, for entries that
/// expire together.
const PEAK: f64 = 4.0;
const PEAKS: usize = 3;

pub(super) const RULE: Rule = Rule {
    id: "cache-stampede",
    title: "Cache stampede",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "When a hot key expires, every request for it loads it until the first load is done. \
        The number of concurrent loads is the request rate of the key times its load time. Entries \
        that were filled together also expire together, once every TTL.",
    evidence: "Structural: the request rate of the hottest key times its load time is at least 5, \
        the key expires, and nothing coalesces the loads (a note). Measured: at least 3 loads per \
        expiry, and at least 50 redundant loads. Or the loads peak at 4 times their mean at least \
        three times, one TTL apart. In both cases, the origin was short of capacity or users were \
        affected.",
    silent: "Single-flight, stale-while-revalidate, early expiry. TTLs with jitter. Loads that do \
        not slow the origin down.",
    fixes: "Coalesce loads with single-flight, reload entries before they expire, or add jitter to \
        the TTL. The cost: misses wait for another load, some loads are unnecessary, or entries \
        differ in age.",
};

fn is_guarded(cache: &Cache) -> bool {
    cache.single_flight
        || cache.stale_while_revalidate.is_some()
        || cache.early_expiry.is_some()
        || cache.hit_ratio.is_some()
}

/// Returns the request rate of the hottest key of a cache, per second.
fn hottest(facts: &Facts<'_>, cache: &str) -> f64 {
    let mut share: f64 = 0.0;
    for (_, client) in facts.clients() {
        for operation in client
            .operations
            .iter()
            .filter(|o| o.effect == Effect::Read)
        {
            share = share.max(crate::facts::top_key(&operation.keys).0);
        }
    }
    share * facts.flow.node(&facts.graph, cache)
}

/// Returns the time from a miss to the fill, in seconds.
fn load_s(facts: &Facts<'_>, origins: &[&str]) -> f64 {
    let times = origins
        .iter()
        .map(|origin| facts.flow.response(&facts.graph, origin));
    times.fold(0.0, f64::max)
}

fn fixes(id: &str, cache: &Cache) -> Vec<Remedy> {
    let mut fixes = vec![
        Remedy::new(
            message!(
                "Coalesce concurrent loads of a key (single-flight) in {}",
                name(id)
            ),
            "Misses wait for the load of another request, and fail if it fails.",
            vec![remedies::node(id, "single_flight", Value::Bool(true))],
        ),
        Remedy::new(
            "Reload popular entries shortly before they expire",
            "Some entries are loaded earlier than necessary.",
            vec![remedies::node(id, "early_expiry", remedies::map(&[]))],
        ),
    ];
    if cache.ttl_jitter == 0.0 {
        fixes.push(Remedy::new(
            "Add 20% of jitter to the TTL",
            "Some entries live up to 20% longer.",
            vec![remedies::node(id, "ttl_jitter", remedies::number(0.2))],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, origins) in origins(facts) {
        let Some((_, cache)) = facts.caches().find(|(node, _)| node.id == id) else {
            continue;
        };
        let concurrent = hottest(facts, id) * load_s(facts, &origins);
        let Some(ttl) = cache
            .ttl
            .filter(|_| !is_guarded(cache) && concurrent >= CONCURRENT)
        else {
            continue;
        };
        let load = load_s(facts, &origins);
        found.push(
            Finding::new(RULE.id, std::iter::once(id).chain(origins))
                .says(
                    message!(
                        "Whenever the hottest key of {} expires, about {} requests load it simultaneously",
                        name(id),
                        whole(concurrent)
                    ),
                    message!(
                        "Requests for this key arrive at {}, and a load takes {}. The key expires \
                         every {}.",
                        rate(hottest(facts, id)),
                        time(load),
                        ttl
                    ),
                    "Let one load serve all waiting requests (single-flight), or reload entries \
                     before they expire.",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by(fixes(id, cache)),
        );
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (id, origins) in origins(facts) {
        let Some((_, cache)) = facts.caches().find(|(node, _)| node.id == id) else {
            continue;
        };
        let Some(counts) = report.nodes.get(id).and_then(|node| node.cache.as_ref()) else {
            continue;
        };
        if is_guarded(cache) || cache.ttl.is_none() {
            continue;
        }
        let busy: Vec<&str> = (origins.iter().copied())
            .filter(|origin| {
                let windows = series.node(origin);
                let most =
                    windows.and_then(|w| w.utilization.iter().flatten().copied().reduce(f64::max));
                most.is_some_and(|most| most >= 0.9)
            })
            .collect();
        if busy.is_empty() && !facts.is_hurt() {
            continue;
        }
        let inward = facts.graph.inward(id).iter();
        let written = inward.filter(|link| link.on_write != design::link::OnWrite::None);
        let written = written.count() as f64;
        let writes = written * report.data.writes as f64;
        let needed = (counts.entries + counts.evictions + counts.expirations) as f64 + writes;
        let extra = counts.fills as f64 - needed;
        let per = counts.fills as f64 / (counts.expirations as f64).max(1.0);
        let is_flushed = facts.faults_on(&[id]).next().is_some();
        let peaks = avalanche(facts, id, cache);
        let at = |name: &str| field::node(id, &format!("cache.{name}"));
        let enough = Field::Sum(vec![
            at("entries"),
            at("evictions"),
            at("expirations"),
            field::of("data.writes").times(written),
        ]);
        let more = at("fills").minus(enough.clone());
        let subjects = || std::iter::once(id).chain(origins.iter().copied());
        let finding = if !is_flushed && counts.expirations >= 3 && per >= LOADS && extra >= EXTRA {
            Finding::new(RULE.id, subjects()).measured(first_peak(facts, &origins)).says(
                message!("Each time a key of {} expired, {} requests loaded it on average", name(id), figure(1.0 + extra / counts.expirations as f64).of(at("expirations").over(at("expirations")).minus(more.over(at("expirations")).times(-1.0)))),
                message!(
                    "Keys were loaded {} times where {} loads would have been enough: {} of the loads were redundant. {} entries expired, and a load takes {}.",
                    whole(counts.fills as f64).of(at("fills")), whole(needed).of(enough.clone()), percent(extra / counts.fills as f64).of(at("fills").minus(enough).over(at("fills"))), whole(counts.expirations as f64).of(at("expirations")), time(load_s(facts, &origins))
                ),
                "Let one load serve all waiting requests (single-flight), or reload entries before \
                 they expire.",
            )
        } else if let Some((first, count, peak)) = peaks {
            Finding::new(RULE.id, subjects()).measured(Some(first)).says(
                message!("The entries of {} expired together and were loaded together", name(id)),
                message!("Loads peaked {} times, at up to {} times their mean. The peaks were {} apart, which is the TTL of all entries.", count, figure(peak.times).of(peak.field), cache.ttl.map_or(Message::new(), Message::from)),
                "Add jitter to the TTL, so that entries filled together do not expire together.",
            )
        } else {
            continue;
        };
        found.push(finding.endangers(facts.felt()).fixed_by(fixes(id, cache)));
    }
    found
}

fn first_peak(facts: &Facts<'_>, origins: &[&str]) -> Option<f64> {
    let series = facts.series.as_ref()?;
    let from = series.whole().from_s;
    origins.iter().find_map(|origin| {
        let windows = series.node(origin)?;
        let at = windows
            .utilization
            .iter()
            .enumerate()
            .position(|(at, share)| {
                at as f64 * windows.width_s >= from && share.is_some_and(|share| share >= 0.9)
            })?;
        Some(at as f64 * windows.width_s)
    })
}

/// Returns how high loads peaked, in times their mean.
struct Peak {
    times: f64,
    field: Field,
}

/// Returns the first of the peaks of loads that repeat after each TTL, their number, and the height
/// of the highest.
fn avalanche(facts: &Facts<'_>, id: &str, cache: &Cache) -> Option<(f64, usize, Peak)> {
    let series = facts.series.as_ref()?;
    let ttl = cache.ttl.filter(|_| cache.ttl_jitter < 0.05)?.as_s();
    let loads = facts
        .graph
        .inward(id)
        .iter()
        .flat_map(|link| facts.graph.out(&link.from));
    let mut loads = loads.filter(|link| link.when.0.contains(&design::link::Condition::OnMiss));
    let link = loads.next().copied().or(facts.calls_from(id).next())?;
    let windows = series.link(&link.id)?;
    let whole = series.whole();
    let part = series.between(&windows.attempts_per_s, windows.width_s, whole);
    let mean = part.iter().sum::<f64>() / part.len().max(1) as f64;
    if mean * windows.width_s < 2.0 || ttl < 3.0 * windows.width_s {
        return None;
    }
    let mut peaks: Vec<(f64, f64)> = Vec::new();
    for (at, rate) in part.iter().enumerate() {
        let time = whole.from_s + at as f64 * windows.width_s;
        if *rate < PEAK * mean {
            continue;
        }
        match peaks.last_mut() {
            // Neighboring windows are one peak: the highest of them counts.
            Some(last) if time - last.0 < 0.4 * ttl => last.1 = last.1.max(*rate),
            _ => peaks.push((time, *rate)),
        }
    }
    let apart = peaks.windows(2).filter(|pair| {
        let gap = pair[1].0 - pair[0].0;
        (gap - ttl).abs() <= (0.25 * ttl).max(1.5 * windows.width_s)
    });
    let is_periodic = apart.count() + 1 >= PEAKS && peaks.len() >= PEAKS;
    let most = peaks
        .iter()
        .map(|(_, rate)| rate / mean)
        .fold(0.0, f64::max);
    let at = |fold| field::link_over(&link.id, "attempts_per_s", fold, whole);
    let peak = Peak {
        times: most,
        field: at(Fold::Max).over(at(Fold::Mean)),
    };
    is_periodic.then(|| (peaks[0].0, peaks.len(), peak))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(guard: &str, rate: u32) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "operations": [{{"name": "get", "keys": {{"uniform": {{"n": 2}}}}}}]}},
            {{"id": "api", "kind": "service", "replicas": 4, "concurrency": 200, "service_time": "1ms"}},
            {{"id": "cache", "kind": "cache", "ttl": "5s"{guard}}},
            {{"id": "db", "kind": "database", "concurrency": 8, "connections": 400, "read_time": "200ms"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "5s"}}, {{"from": "api", "to": "cache"}},
                {{"from": "api", "to": "db", "when": "on_miss", "timeout": "3s"}}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn many_loads_of_one_key_are_told_and_one_is_not() {
        let faulty = design("", 300);
        assert!(
            lint("cache-stampede", &faulty)[0]
                .what
                .contains("load it simultaneously")
        );
        let finding = &found("cache-stampede", &faulty, &run(&faulty))[0];
        assert!(finding.measured, "{finding:?}");
        let fixed = design(r#", "single_flight": true"#, 300);
        assert!(lint("cache-stampede", &fixed).is_empty());
        assert!(found("cache-stampede", &fixed, &run(&fixed)).is_empty());
        let calm = design("", 4);
        assert!(found("cache-stampede", &calm, &run(&calm)).is_empty());
    }
}
