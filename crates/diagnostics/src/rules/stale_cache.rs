//! Caches that serve old values.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{AGE, Facts};
use crate::remedies;
use design::kinds::cache::Cache;
use design::link::{Mode, OnWrite};
use design::{Link, Metric, Value};
use report::{Finding, Message, Remedy, message, ms, name, percent, time, whole};
use sim::Report;

/// Least share of stale reads for a finding, and least staleness where none is required.
const SHARE: f64 = 0.01;
const OLD_MS: f64 = 20_000.0;
/// Least number of stale reads for a finding.
const SAMPLES: u64 = 20;

pub(super) const RULE: Rule = Rule {
    id: "stale-cache",
    title: "Stale cache",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A write changes the origin but not its cached copies, so a cache serves the old value \
        until the TTL expires. With invalidation, a concurrent fill may still put the old value \
        back.",
    evidence: "Structural: writes bypass a cache whose entries never expire, or live longer than \
        the required staleness (a note). Measured: a cache returned most of the stale reads, and a \
        staleness requirement was missed. Where other requirements exist but none on staleness: at \
        least 1% of the reads were stale, some of them by 20 s or more. The cause is the TTL if \
        writes do not reach the cache. If they do, it is the race between fill and invalidation, \
        or invalidations that were late or lost.",
    silent: "Stale reads within the requirement, or less than 20 s old where there is none.",
    fixes: "Invalidate on every write, use leases against the race, or shorten the TTL. The cost: \
        more calls, and more misses.",
};

fn are_writes_known(facts: &Facts<'_>, cache: &str) -> bool {
    let links = facts.graph.inward(cache).iter();
    links
        .filter(|link| link.mode == Mode::Call)
        .any(|link| link.on_write != OnWrite::None)
        || facts
            .graph
            .inward(cache)
            .iter()
            .any(|link| link.mode == Mode::Consume)
}

fn has_writes(facts: &Facts<'_>) -> bool {
    facts
        .databases()
        .any(|(node, _)| facts.flow.writes(&facts.graph, &node.id) > 0.0)
}

fn fixes(facts: &Facts<'_>, id: &str, cache: &Cache) -> Vec<Remedy> {
    let links: Vec<&Link> = facts
        .calls_to(id)
        .filter(|link| link.on_write == OnWrite::None)
        .collect();
    let mut fixes = Vec::new();
    let invalidate: Vec<_> = (links.iter())
        .map(|link| remedies::link(&link.id, "on_write", Value::text("invalidate")))
        .collect();
    let mut with_leases = invalidate.clone();
    if facts.calls_from(id).next().is_none() {
        with_leases.push(remedies::node(id, "leases", Value::Bool(true)));
    }
    fixes.push(Remedy::new(
        "Invalidate on write, with leases against stale fills",
        "One more call per write, and another load when a written key is read again.",
        with_leases,
    ));
    if let Some(ttl) = cache.ttl.filter(|ttl| ttl.as_s() > 2.0) {
        fixes.push(Remedy::new(
            message!("Shorten the TTL of {} to a tenth", name(id)),
            "Entries are loaded up to ten times as often.",
            vec![remedies::node(
                id,
                "ttl",
                remedies::duration(ttl.as_s() / 10.0),
            )],
        ));
    } else if cache.ttl.is_none() {
        fixes.push(Remedy::new(
            message!("Set a TTL of 30 s at {}", name(id)),
            "Every entry is loaded again after 30 s.",
            vec![remedies::node(id, "ttl", Value::text("30s"))],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    if !has_writes(facts) {
        return Vec::new();
    }
    let allowed = facts.design.requirements.iter().find_map(|requirement| {
        match (requirement.metric, requirement.at_most) {
            (Metric::StalenessMax, Some(design::requirement::Bound::Duration(most))) => Some(most),
            _ => None,
        }
    });
    let mut found = Vec::new();
    for (node, cache) in facts.caches() {
        let is_too_long = match (cache.ttl, allowed) {
            (None, _) => true,
            (Some(ttl), Some(allowed)) => ttl > allowed,
            (Some(_), None) => false,
        };
        if are_writes_known(facts, &node.id) || !is_too_long || cache.hit_ratio.is_some() {
            continue;
        }
        let lives = cache
            .ttl
            .map_or(Message::from("indefinitely"), |ttl| message!("for {}", ttl));
        found.push(
            Finding::new(RULE.id, [node.id.clone()])
                .says(
                    message!("Writes do not reach {}, which serves its entries {}", name(&node.id), lives),
                    "Writes go directly to the origin, and nothing invalidates the cached entries.",
                    "Invalidate on write, or set a TTL no longer than the staleness that readers accept.",
                )
                .endangers(Metric::StalenessMax)
                .fixed_by(fixes(facts, &node.id, cache)),
        );
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let data = &report.data;
    let share = data.stale_reads as f64 / data.reads.max(1) as f64;
    let max = data.staleness_ms.max.unwrap_or(0.0);
    let missed = facts.missed(&AGE);
    // Without any requirement it is unknown what is too old: requirements-trap reports that.
    let is_old = !facts.requires(&AGE)
        && !facts.design.requirements.is_empty()
        && share >= SHARE
        && max >= OLD_MS;
    if data.stale_reads < SAMPLES && missed.is_none() || missed.is_none() && !is_old {
        return Vec::new();
    }
    let stale = |id: &str| {
        report
            .nodes
            .get(id)
            .and_then(|node| node.stale_reads)
            .unwrap_or(0)
    };
    let of_databases: u64 = facts.databases().map(|(node, _)| stale(&node.id)).sum();
    let mut caches: Vec<(&str, &Cache, u64)> = facts
        .caches()
        .map(|(node, cache)| (node.id.as_str(), cache, stale(&node.id)))
        .collect();
    caches.sort_by_key(|(_, _, stale)| std::cmp::Reverse(*stale));
    let Some((id, cache, count)) = caches
        .first()
        .copied()
        .filter(|(_, _, count)| *count > 0 && *count >= of_databases)
    else {
        return Vec::new();
    };
    let stale_of = || field::of("data.stale_reads");
    let reads_of = || field::of("data.reads");
    let partition = facts
        .design
        .faults
        .iter()
        .any(|fault| fault.kind == design::FaultKind::Partition);
    let cause = match are_writes_known(facts, id) {
        false => match cache.ttl {
            Some(ttl) => message!(
                "Writes do not reach {}, so an entry stays for its TTL of {}",
                name(id),
                time(ttl.as_s())
            ),
            None => message!(
                "Writes do not reach {}, and its entries never expire",
                name(id)
            ),
        },
        true if partition => Message::from("Invalidations were lost during the partition"),
        true if cache.leases => Message::from("Invalidations take time to arrive"),
        true => message!(
            "A fill that is in flight when {} is invalidated can put the old value back until its TTL expires",
            name(id)
        ),
    };
    vec![
        Finding::new(RULE.id, [id])
            .measured(None)
            .says(
                message!(
                    "{} served stale entries: {} of all reads were stale, by up to {}",
                    name(id),
                    percent(share).of(stale_of().over(reads_of())),
                    ms(max).maybe_of(
                        data.staleness_ms
                            .max
                            .map(|_| field::of("data.staleness_ms.max"))
                    )
                ),
                message!(
                    "{} of {} reads were stale. {} answered {} lookups with an old version. {}.",
                    whole(data.stale_reads as f64).of(stale_of()),
                    whole(data.reads as f64).of(reads_of()),
                    name(id),
                    whole(count as f64).of(field::node(id, "stale_reads")),
                    cause
                ),
                "Invalidate on write, with leases, and keep the TTL as a fallback.",
            )
            .endangers(missed.unwrap_or(Metric::StalenessMax))
            .fixed_by(fixes(facts, id, cache)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};

    fn design(ttl: &str, on_write: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "operations": [
                {{"name": "get", "weight": 9, "keys": {{"uniform": {{"n": 50}}}}}}, {{"name": "put", "effect": "write", "keys": {{"uniform": {{"n": 50}}}}}}]}},
            {{"id": "api", "kind": "service", "concurrency": 100, "service_time": "1ms"}},
            {{"id": "cache", "kind": "cache", "ttl": {ttl}}}, {{"id": "db", "kind": "database"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "2s"}}, {{"from": "api", "to": "cache", "when": "reads", "on_write": "{on_write}"}},
                {{"from": "api", "to": "db", "when": ["on_miss", "writes"], "timeout": "1s"}}]}}"#
        ))
    }

    #[test]
    fn entries_nobody_invalidates_are_stale_and_short_ones_are_not() {
        let faulty = design("null", "none");
        assert!(
            lint("stale-cache", &faulty)[0]
                .what
                .contains("indefinitely")
        );
        let finding = &found("stale-cache", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.why.contains("never expire"),
            "{finding:?}"
        );
        let fixed = design("null", "invalidate");
        assert!(lint("stale-cache", &fixed).is_empty());
        let brief = design("\"2s\"", "none");
        assert!(found("stale-cache", &brief, &run(&brief)).is_empty());
    }
}
