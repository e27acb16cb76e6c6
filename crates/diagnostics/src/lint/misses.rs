//! Links for misses that are never called, because no cache is looked up before them.

use crate::facts::Facts;
use crate::remedies;
use design::link::{Condition, Mode};
use design::{Kind, Link, Metric};
use report::{Finding, Remedy, Severity, link_name, message, name};

pub(super) const RULE: &str = "cache-all";

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let links = facts.design.links.iter();
    let of_misses = links.filter(|link| link.when.0 == [Condition::OnMiss]);
    of_misses.filter_map(|link| finding(facts, link)).collect()
}

fn finding(facts: &Facts<'_>, link: &Link) -> Option<Finding> {
    let out = facts.graph.out(&link.from);
    let stage = |at: usize| out[at].stage.unwrap_or(at as u32);
    let is_planned = |at: &usize| matches!(out[*at].mode, Mode::Call | Mode::Publish);
    let is_cache = |at: &usize| {
        let callee = facts.graph.node(&out[*at].to);
        let is_cache = callee.is_some_and(|node| matches!(node.kind, Kind::Cache(_)));
        is_cache && out[*at].mode == Mode::Call
    };
    let own = stage(out.iter().position(|other| other.id == link.id)?);
    let planned = || (0..out.len()).filter(is_planned);
    let before = planned().map(stage).filter(|stage| *stage < own).max();
    if planned()
        .filter(is_cache)
        .any(|at| Some(stage(at)) == before)
    {
        return None;
    }
    let cache = planned().filter(is_cache).max_by_key(|at| stage(*at));
    let finding = Finding::new(RULE, [link.id.clone()])
        .severity(Severity::Warning)
        .endangers(Metric::Availability);
    let why = message!(
        "A link for misses is called when a cache in the stage before it misses. {}",
        match cache {
            Some(at) => message!("{} is not in that stage.", name(&out[at].to)),
            None => message!("{} calls no cache.", name(&link.from)),
        }
    );
    let finding = finding.says(
        message!("{} is never called", link_name(&link.id)),
        why,
        "Call the cache in the stage before this link.",
    );
    let Some(at) = cache else {
        return Some(finding);
    };
    let after = f64::from(stage(at) + 1);
    Some(finding.fixed_by([Remedy::new(
        message!("Call {} before {}", name(&out[at].to), name(&link.to)),
        message!("{} receives only the calls that miss.", name(&link.to)),
        vec![remedies::link(&link.id, "stage", remedies::number(after))],
    )]))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{Says, lint, read, run};

    fn design(links: &str) -> design::Design {
        read(&format!(
            r#"{{"duration": "10s", "nodes": [
            {{"id": "u", "kind": "client", "arrivals": {{"poisson": "100/s"}}}},
            {{"id": "api", "kind": "service"}}, {{"id": "db", "kind": "database"}},
            {{"id": "log", "kind": "service"}}, {{"id": "c", "kind": "cache"}}],
            "links": [{{"from": "u", "to": "api"}}, {links}]}}"#
        ))
    }

    const CACHE: &str = r#"{"from": "api", "to": "c"}"#;
    const MISS: &str = r#"{"from": "api", "to": "db", "when": "on_miss"}"#;

    #[test]
    fn a_link_for_misses_before_its_cache_is_told_and_its_remedy_fixes_it() {
        let faulty = design(&format!("{MISS}, {CACHE}"));
        let found = lint(RULE, &faulty);
        assert_eq!(found[0].what.text(), "api->db is never called");
        assert_eq!(found[0].subjects, ["api->db"]);
        assert_eq!(run(&faulty).links["api->db"].calls, 0);
        let mut fixed = faulty;
        fixed.apply(found[0].remedies[0].command()).unwrap();
        assert!(lint(RULE, &fixed).is_empty());
        assert!(run(&fixed).links["api->db"].calls > 100);
    }

    #[test]
    fn one_that_is_near_is_told_and_one_that_works_is_not() {
        // Another stage is between the cache and the link.
        let apart = design(&format!(
            r#"{CACHE}, {{"from": "api", "to": "log"}}, {MISS}"#
        ));
        assert_eq!(lint(RULE, &apart).len(), 1);
        assert_eq!(run(&apart).links["api->db"].calls, 0);
        // Without any cache.
        let alone = lint(RULE, &design(MISS));
        assert!(
            alone[0].why.ends_with("api calls no cache."),
            "{}",
            alone[0].why.text()
        );
        assert!(alone[0].remedies.is_empty());
        for works in [
            format!("{CACHE}, {MISS}"),
            // The stages decide, whatever the order of the links.
            MISS.replace("on_miss\"", "on_miss\", \"stage\": 5") + ", " + CACHE,
            // The link is also called for other reasons.
            MISS.replace("\"on_miss\"", "[\"on_miss\", \"writes\"]") + ", " + CACHE,
        ] {
            assert!(lint(RULE, &design(&works)).is_empty(), "{works}");
        }
    }
}
