//! The walk to the end of the wait: from the client that suffers, over the calls that failed or
//! took the time, to the place that nothing further along explains.

use super::{Facts, Series, Span, field};
use design::Link;
use design::link::Mode;
use report::{
    Fold, LinkReport, Message, count_of, link_name, message, moment, ms, name, percent, whole,
};

/// Least share of a node's failures, or of its calls in progress, that one link accounts for if it
/// is followed.
const MOST: f64 = 0.5;
/// Least utilization of the last node that is mentioned.
const BUSY: f64 = 0.5;

/// What the requests that suffer have in common at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// They failed.
    Failures,
    /// They were in progress.
    Time,
}

/// A walk from a client.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    span: Span,
    client: &'a str,
    /// The links over which failures were followed, from the client on.
    failing: Vec<&'a Link>,
    /// The links over which the time was followed, after these.
    waiting: Vec<&'a Link>,
}

impl<'a> Walk<'a> {
    /// Walks from the client that suffers most in a span; `None` if nothing leads away from it.
    ///
    /// along: what to follow. Where most failures of a link are timeouts, the walk follows the time
    /// from there on.
    pub(crate) fn new(facts: &Facts<'a>, span: Span, along: Along) -> Option<Self> {
        let weight = |id: &str| weight_of_node(facts, id, span, along);
        let clients = facts.clients().map(|(node, _)| node.id.as_str());
        let client = clients.max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
        let mut walk = Self {
            span,
            client,
            failing: Vec::new(),
            waiting: Vec::new(),
        };
        let mut is_slow = along == Along::Time;
        while !is_slow && let Some(link) = walk.next(facts, Along::Failures) {
            walk.failing.push(link);
            is_slow = facts.link(&link.id).is_some_and(|counts| {
                let failed: u64 = counts.failures.values().sum();
                2 * counts.timeouts > failed
            });
        }
        // Users who stop waiting fail without a failed call.
        is_slow |= walk.failing.is_empty();
        while is_slow && let Some(link) = walk.next(facts, Along::Time) {
            walk.waiting.push(link);
        }
        (walk.end() != client).then_some(walk)
    }

    fn links(&self) -> impl Iterator<Item = &'a Link> {
        self.failing.iter().chain(&self.waiting).copied()
    }

    /// Returns the link that accounts for most of what the client and the last node suffer.
    fn next(&self, facts: &Facts<'a>, along: Along) -> Option<&'a Link> {
        let at_node = |id: &str| weight_of_node(facts, id, self.span, along);
        let all = at_node(self.end()).max(at_node(self.client));
        let weight = |link: &Link| weight_of_link(facts, link, self.span, along);
        let out = facts.graph.out(self.end()).iter().copied();
        let calls = out.filter(|link| link.mode == Mode::Call);
        let most = calls.max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
        let is_new = most.to != self.client && self.links().all(|link| link.to != most.to);
        let is_most = weight(most) > 0.0 && weight(most) >= MOST * all;
        (is_new && is_most).then_some(most)
    }

    /// Returns where the walk ends.
    pub(crate) fn end(&self) -> &'a str {
        self.links().last().map_or(self.client, |link| &link.to)
    }

    /// Describes the walk in a few sentences.
    pub(crate) fn text(&self, facts: &Facts<'_>) -> Message {
        let (failed, waited) = (self.failed(facts), self.waited());
        message!(
            "{}{}{}{}",
            failed,
            waited,
            self.queue(facts),
            self.busy(facts)
        )
    }

    /// "Most failed requests of users failed on api → db, where 790 attempts ended as `rejected`."
    fn failed(&self, facts: &Facts<'_>) -> Message {
        let Some(link) = self.failing.last() else {
            return Message::new();
        };
        let Some((cause, n)) = facts.link(&link.id).and_then(most_failures) else {
            return Message::new();
        };
        let place = field::link(&link.id, &format!("failures.{cause}"));
        message!(
            " Most failed requests of {} failed on {}, where {} ended as `{}`.",
            name(self.client),
            link_name(&link.id),
            count_of(whole(n as f64).of(place), "attempt", "attempts"),
            cause
        )
    }

    /// "From 20.0 s to 50.0 s, most of the requests in progress from users waited for db."
    fn waited(&self) -> Message {
        if self.waiting.is_empty() {
            return Message::new();
        }
        message!(
            " From {} to {}, most of the requests in progress from {} waited for {}.",
            moment(self.span.from_s),
            moment(self.span.until_s),
            name(self.client),
            name(self.end())
        )
    }

    /// "Successful calls to db took 700 ms on average, of which they waited 620 ms for a slot."
    fn queue(&self, facts: &Facts<'_>) -> Message {
        let end = self.end();
        let Some((wait, response)) = facts.node(end).and_then(|node| {
            let wait = node.wait_ms.mean.filter(|ms| *ms > 0.0)?;
            Some((wait, node.response_ms.mean?))
        }) else {
            return Message::new();
        };
        if wait < MOST * response {
            return Message::new();
        }
        message!(
            " Successful calls to {} took {} on average, and waited {} for a slot.",
            name(end),
            ms(response).of(field::node(end, "response_ms.mean")),
            ms(wait).of(field::node(end, "wait_ms.mean"))
        )
    }

    /// "From 20.0 s to 50.0 s, db was 99% busy."
    fn busy(&self, facts: &Facts<'_>) -> Message {
        let end = self.end();
        let series = facts.series.as_ref();
        let windows = series.and_then(|series| Some((series, series.node(end)?)));
        let busy = windows.and_then(|(series, windows)| {
            let held = series.between(&windows.utilization, windows.width_s, self.span);
            let held: Vec<f64> = held.iter().flatten().copied().collect();
            (!held.is_empty()).then(|| held.iter().sum::<f64>() / held.len() as f64)
        });
        match busy.filter(|busy| *busy >= BUSY) {
            Some(busy) => message!(
                " From {} to {}, {} was {} busy.",
                moment(self.span.from_s),
                moment(self.span.until_s),
                name(end),
                percent(busy).of(field::node_over(end, "utilization", Fold::Mean, self.span))
            ),
            None => Message::new(),
        }
    }
}

/// Returns the most frequent cause of failed attempts.
fn most_failures(of: &LinkReport) -> Option<(&'static str, u64)> {
    let causes = of.failures.iter().map(|(cause, n)| (*cause, *n));
    causes.max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0)
}

/// Returns the failures per second at a node, or the calls in progress there.
fn weight_of_node(facts: &Facts<'_>, id: &str, span: Span, along: Along) -> f64 {
    let series = facts.series.as_ref();
    let windows = series.and_then(|series| Some((series, series.node(id)?)));
    windows.map_or(0.0, |(series, of)| {
        let counts = (&of.failures_per_s[..], &of.in_flight[..]);
        weight(series, counts, of.width_s, span, along)
    })
}

/// Returns the same for a link.
fn weight_of_link(facts: &Facts<'_>, link: &Link, span: Span, along: Along) -> f64 {
    let series = facts.series.as_ref();
    let windows = series.and_then(|series| Some((series, series.link(&link.id)?)));
    windows.map_or(0.0, |(series, of)| {
        let counts = (&of.failures_per_s[..], &of.in_flight[..]);
        weight(series, counts, of.width_s, span, along)
    })
}

fn weight(
    series: &Series<'_>,
    (failures_per_s, in_flight): (&[f64], &[u64]),
    width_s: f64,
    span: Span,
    along: Along,
) -> f64 {
    match along {
        Along::Failures => series.mean(failures_per_s, width_s, span),
        Along::Time => {
            let counts = series.between(in_flight, width_s, span);
            counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Says, fault, read, run};
    use design::Design;

    fn walked(design: &Design, along: Along) -> Option<(String, String)> {
        let report = run(design);
        let facts = Facts::new(design, Some(&report));
        let series = facts.series.as_ref()?;
        let span = series.losses.first().copied().unwrap_or(series.whole());
        let walk = Walk::new(&facts, span, along)?;
        Some((walk.end().to_owned(), walk.text(&facts).text()))
    }

    /// Users of a service behind a load balancer, and its database.
    fn shop(api: &str, call: &str, database: &str) -> Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}},
                "patience": "2s"}},
            {{"id": "lb", "kind": "load_balancer"}},
            {{"id": "api", "kind": "service", "replicas": 2, "concurrency": 100,
                "service_time": "exp(5ms)"{api}}},
            {{"id": "db", "kind": "database", "read_time": "exp(10ms)"{database}}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "api"}},
                {{"from": "api", "to": "db"{call}}}],
            "requirements": [{{"metric": "availability", "at_least": 0.999}}],
            "warmup": "5s", "duration": "40s"}}"#
        ))
    }

    #[test]
    fn users_who_stop_waiting_lead_to_the_database_that_is_full() {
        let full = shop("", "", r#", "concurrency": 1"#);
        let (end, text) = walked(&full, Along::Failures).unwrap();
        assert_eq!(end, "db", "{text}");
        assert!(text.contains("waited for db."), "{text}");
        assert!(text.contains(" db was 98"), "{text}");
    }

    #[test]
    fn timeouts_lead_to_the_place_that_the_calls_waited_for() {
        let full = shop("", r#", "timeout": "200ms""#, r#", "concurrency": 1"#);
        let (end, text) = walked(&full, Along::Failures).unwrap();
        assert_eq!(end, "db", "{text}");
        assert!(text.contains("failed on api->db, where "), "{text}");
        assert!(text.contains("ended as `timeout`."), "{text}");
    }

    #[test]
    fn rejections_lead_to_the_service_that_rejects() {
        let limited = shop(r#", "rate_limit": {"rate": "30/s", "burst": 10}"#, "", "");
        let (end, text) = walked(&limited, Along::Failures).unwrap();
        assert_eq!(end, "api", "{text}");
        assert!(text.contains("failed on lb->api, where "), "{text}");
        assert!(text.contains("ended as `rejected`."), "{text}");
    }

    #[test]
    fn a_slow_service_is_where_the_time_goes_and_not_its_fast_callee() {
        let mut slow = shop("", "", r#", "concurrency": 50"#);
        slow.faults.push(fault(
            r#"{"at": "15s", "for": "10s", "kind": "slowdown", "target": "api", "times": 60}"#,
        ));
        let (end, text) = walked(&slow, Along::Time).unwrap();
        assert_eq!(end, "api", "{text}");
    }

    #[test]
    fn a_design_without_failures_has_nothing_to_follow_but_time() {
        let (end, text) = walked(&shop("", "", r#", "concurrency": 50"#), Along::Time).unwrap();
        assert_eq!(
            end, "db",
            "most of the time of a request is the database's: {text}"
        );
    }
}
