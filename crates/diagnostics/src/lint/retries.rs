//! Many retries of one layer without a pause: a refused call is retried as fast as it fails.

use crate::facts::{Facts, is_bounded};
use crate::remedies;
use design::link::{Backoff, RetryOn};
use design::{Link, Metric};
use report::{Finding, Severity, link_name, message, name};

pub(super) const RULE: &str = "retry-storm";

/// Least number of attempts for a finding.
const MANY: u32 = 10;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let links: Vec<&Link> = facts
        .design
        .links
        .iter()
        .filter(|link| is_rash(link))
        .collect();
    // With other layers above or below, the finding is about the product of their attempts.
    if links.is_empty() || facts.graph.worst_storm().layers.len() > 1 {
        return Vec::new();
    }
    links.into_iter().map(finding).collect()
}

fn is_rash(link: &Link) -> bool {
    let Some(retry) = &link.retry else {
        return false;
    };
    // A retry after a timeout only has already waited for the timeout.
    let is_immediate =
        retry.backoff == Backoff::None && retry.on.iter().any(|on| *on != RetryOn::Timeout);
    retry.max_attempts >= MANY && is_immediate && !is_bounded(link)
}

fn finding(link: &Link) -> Finding {
    let attempts = link.retry.as_ref().map_or(0, |retry| retry.max_attempts);
    Finding::new(RULE, [link.id.clone()])
        .severity(Severity::Warning)
        .says(
            message!(
                "{} makes up to {} attempts without a pause",
                link_name(&link.id),
                attempts
            ),
            message!(
                "A call that is refused or rejected is retried immediately. When {} is short of \
                 capacity, it receives up to {} times the load.",
                name(&link.to),
                attempts
            ),
            "Retry a few times, with exponential backoff and jitter, within a budget.",
        )
        .endangers(Metric::Availability)
        .fixed_by([remedies::budget_retries(&[link])])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{Says, lint, read};

    fn design(retry: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [{{"id": "u", "kind": "client"}}, {{"id": "api", "kind": "service"}},
                {{"id": "db", "kind": "database"}}],
            "links": [{{"from": "u", "to": "api"}},
                {{"from": "api", "to": "db", "retry": {{{retry}}}}}]}}"#
        ))
    }

    #[test]
    fn a_hundred_attempts_without_a_pause_are_told() {
        let mut faulty = design(r#""max_attempts": 100"#);
        let found = lint(RULE, &faulty);
        assert_eq!(
            found[0].what.text(),
            "api->db makes up to 100 attempts without a pause"
        );
        assert_eq!(found[0].subjects, ["api->db"]);
        faulty.apply(found[0].remedies[0].command()).unwrap();
        assert!(lint(RULE, &faulty).is_empty());
    }

    #[test]
    fn a_few_or_spaced_or_bounded_ones_are_not() {
        for retry in [
            r#""max_attempts": 9"#,
            r#""max_attempts": 100, "backoff": {"constant": "1s"}"#,
            r#""max_attempts": 100, "budget": {"ratio": 0.1}"#,
            r#""max_attempts": 100, "on": ["timeout"]"#,
        ] {
            assert!(lint(RULE, &design(retry)).is_empty(), "{retry}");
        }
        assert_eq!(lint(RULE, &design(r#""max_attempts": 10"#)).len(), 1);
    }
}
