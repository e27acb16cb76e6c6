//! Short descriptions of nodes and links, for their cards and for exported pictures.

use crate::icons;
use design::kinds::cache::{Cache, Eviction};
use design::kinds::client::{Arrivals, Client};
use design::kinds::coordinator::Scope;
use design::kinds::load_balancer::Algorithm;
use design::kinds::service::Service;
use design::link::{Condition, Mode, OnWrite};
use design::{Distribution, Kind, Link};

/// Returns what a node is, in one line.
pub fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Client(client) => of_client(client),
        Kind::LoadBalancer(balancer) => {
            let algorithm = match balancer.algorithm {
                Algorithm::RoundRobin => "round robin",
                Algorithm::Random => "random",
                Algorithm::LeastOutstanding => "least outstanding",
                Algorithm::PowerOfTwo => "power of two",
                Algorithm::Weighted => "weighted",
                Algorithm::PeakEwma => "peak EWMA",
                Algorithm::ConsistentHash => "consistent hash",
            };
            match balancer.health_check {
                Some(_) => format!("{algorithm}, checks health"),
                None => algorithm.to_owned(),
            }
        }
        Kind::Service(service) => of_service(service),
        Kind::Cache(cache) => of_cache(cache),
        Kind::Queue(queue) => match queue.capacity {
            Some(places) => format!("capacity {}", count(places.into())),
            None => "no limit".to_owned(),
        },
        Kind::Coordinator(coordinator) => {
            let members = count(coordinator.members.into());
            let scope = match coordinator.scope {
                Scope::Global => "one lock",
                Scope::PerKey => "a lock per key",
            };
            match coordinator.lease {
                Some(lease) => {
                    let lease = spaced(&lease.to_string());
                    format!("{members} members, {scope}, lease {lease}")
                }
                None => format!("{members} members, {scope}"),
            }
        }
        Kind::Database(database) => format!(
            "{} slots, reads {}",
            count(database.concurrency.into()),
            time(&database.read_time)
        ),
    }
}

fn of_client(client: &Client) -> String {
    let arrivals = match &client.arrivals {
        Arrivals::Poisson(rate) => format!("{rate}, random"),
        Arrivals::Constant(rate) => format!("{rate}, even"),
        Arrivals::OnOff(bursts) => format!("bursts of {}", bursts.rate),
        Arrivals::Closed(closed) => format!("{} users", count(u64::from(closed.users))),
        Arrivals::Replay(times) => format!("{} recorded", count(times.len() as u64)),
    };
    match &client.patience {
        Some(patience) => format!("{arrivals}, leave after {}", time(patience)),
        None => arrivals,
    }
}

fn of_service(service: &Service) -> String {
    // A design states the bounds of an autoscaled service, not how many replicas run.
    let replicas = match &service.autoscale {
        Some(scale) => {
            let [min, max] = [scale.min, scale.max].map(|n| count(n.into()));
            Some(format!("{min}\u{2013}{max}"))
        }
        None if service.replicas == 1 => None,
        None => Some(count(service.replicas.into())),
    };
    let slots = match service.concurrency {
        Some(slots) => format!("{} slots", count(slots.into())),
        None => "no limit".to_owned(),
    };
    match (replicas, service.concurrency) {
        (Some(replicas), None) => format!("{replicas} × {slots}"),
        (Some(replicas), _) => {
            format!("{replicas} × {slots}, {}", time(&service.service_time))
        }
        (None, _) => format!("{slots}, {}", time(&service.service_time)),
    }
}

fn of_cache(cache: &Cache) -> String {
    let eviction = match cache.eviction {
        Eviction::Lru => "LRU",
        Eviction::Fifo => "FIFO",
        Eviction::Lfu => "LFU",
        Eviction::Random => "random",
        Eviction::Sieve => "SIEVE",
    };
    let size = cache
        .capacity
        .map_or("no limit".to_owned(), |n| count(n.into()));
    match cache.ttl {
        Some(ttl) => format!("{eviction} {size}, TTL {}", spaced(&ttl.to_string())),
        None => format!("{eviction} {size}"),
    }
}

/// Returns a number with commas between groups of three digits: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a typical value of a distribution: `≈ 5 ms`.
fn time(distribution: &Distribution) -> String {
    let middle = match distribution {
        Distribution::Const(value) => return spaced(&value.to_string()),
        Distribution::Exp(mean) | Distribution::Normal(mean, _) | Distribution::Erlang(_, mean) => {
            *mean
        }
        Distribution::Lognormal { p50, .. } => *p50,
        Distribution::Uniform(..)
        | Distribution::Hyperexp(_)
        | Distribution::Pareto { .. }
        | Distribution::Empirical(_) => return "varied times".to_owned(),
    };
    format!("≈ {}", spaced(&middle.to_string()))
}

/// Returns `5ms` as `5 ms`, with a no-break space.
pub fn spaced(quantity: &str) -> String {
    let unit = quantity
        .find(|c: char| c.is_alphabetic() || c == 'µ')
        .unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(unit);
    format!("{number}\u{a0}{unit}")
}

/// A property of a link beyond calling: its icon, if it has one, and its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Trait {
    /// One of [`icons`], 10 × 10 around its middle. An empty one indents the words.
    pub icon: Option<&'static str>,
    /// `timeout 1 s`, `3 attempts`.
    pub words: String,
}

/// Returns the condition under which a link is called, if it is not always: `reads`, `on miss`,
/// `buy or pay`.
pub fn condition(link: &Link) -> Option<String> {
    // Any condition is enough: beside "always" the others have no effect.
    let conditions = link.when.0.iter().map(|condition| match condition {
        Condition::Always => None,
        Condition::Reads => Some("reads".to_owned()),
        Condition::Writes => Some("writes".to_owned()),
        Condition::OnMiss => Some("on miss".to_owned()),
        Condition::OnError => Some("on error".to_owned()),
        Condition::Operations(names) if names.is_empty() => Some("no operation".to_owned()),
        Condition::Operations(names) => Some(names.join(" or ")),
        Condition::Probability(share) => Some(percent(*share)),
    });
    let conditions: Vec<String> = conditions.collect::<Option<_>>()?;
    (!conditions.is_empty()).then(|| conditions.join(" or "))
}

/// Returns the properties of a link beyond calling, in the order in which a call meets them.
pub fn traits(link: &Link) -> Vec<Trait> {
    let mut traits = Vec::new();
    let mut put = |icon: Option<&'static str>, words: String| traits.push(Trait { icon, words });
    if link.mode == Mode::DeadLetter {
        put(None, "dead letters".to_owned());
    }
    if link.calls > 1 {
        put(None, format!("{} calls each", count(link.calls.into())));
    }
    let on_write = match link.on_write {
        OnWrite::None => "",
        OnWrite::Invalidate => "invalidates on write",
        OnWrite::Update => "updates on write",
        OnWrite::WriteBehind => "write-behind",
    };
    if !on_write.is_empty() {
        put(None, on_write.to_owned());
    }
    if let Some(pool) = &link.pool {
        let shared = match &pool.shared {
            Some(name) => format!(" shared as {name}"),
            None => String::new(),
        };
        put(
            Some(icons::POOL),
            format!("pool of {}{shared}", count(pool.size.into())),
        );
    }
    if let Some(bulkhead) = &link.bulkhead {
        let most = count(bulkhead.max_concurrent.into());
        put(Some(icons::BULKHEAD), format!("bulkhead of {most}"));
    }
    if link.breaker.is_some() {
        put(Some(icons::SWITCH), "circuit breaker".to_owned());
    }
    if link.adaptive_throttle.is_some() {
        put(Some(icons::THROTTLE), "adaptive throttling".to_owned());
    }
    if let Some(timeout) = link.timeout {
        put(
            Some(icons::TIMEOUT),
            format!("timeout {}", spaced(&timeout.to_string())),
        );
    }
    if let Some(retry) = &link.retry {
        let attempts = format!("{} attempts", count(retry.max_attempts.into()));
        put(Some(icons::RETRY), attempts);
        if let Some(budget) = &retry.budget {
            // It concerns the retries above it, so it is indented like them.
            put(Some(""), format!("budget {}", percent(budget.ratio)));
        }
    }
    if let Some(hedge) = &link.hedge {
        let after = spaced(&hedge.after.to_string());
        put(Some(icons::HEDGE), format!("hedged after {after}"));
    }
    for (has, words) in [
        (link.deadline, "propagates its deadline"),
        (link.cancellation, "cancels"),
        (link.optional, "optional"),
    ] {
        if has {
            put(None, words.to_owned());
        }
    }
    traits
}

/// Returns a share as `12.5%`.
fn percent(share: f64) -> String {
    // For 0.07, a plain product has digits that nobody wrote.
    format!("{}%", (share * 1e8).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::Duration;
    use design::kinds::service::Autoscale;

    #[test]
    fn a_service_is_described_by_its_replicas_slots_and_service_time() {
        let service = Service {
            service_time: Distribution::Exp(Duration::ms(10)),
            concurrency: Some(5),
            replicas: 1,
            ..Service::default()
        };
        let autoscale = Autoscale {
            min: 4,
            max: 2_000,
            ..Autoscale::default()
        };
        // For an autoscaled service, the number of replicas is its initial number.
        for (replicas, autoscale, concurrency, wanted) in [
            (1, None, Some(5), "5 slots, ≈ 10\u{a0}ms"),
            (3, None, Some(5), "3 × 5 slots, ≈ 10\u{a0}ms"),
            (1, None, None, "no limit, ≈ 10\u{a0}ms"),
            (3, None, None, "3 × no limit"),
            (
                1,
                Some(&autoscale),
                Some(5),
                "4\u{2013}2,000 × 5 slots, ≈ 10\u{a0}ms",
            ),
            (
                9,
                Some(&autoscale),
                Some(5),
                "4\u{2013}2,000 × 5 slots, ≈ 10\u{a0}ms",
            ),
            (1, Some(&autoscale), None, "4\u{2013}2,000 × no limit"),
        ] {
            let service = Service {
                replicas,
                concurrency,
                autoscale: autoscale.cloned(),
                ..service.clone()
            };
            assert_eq!(describe(&Kind::Service(service)), wanted);
        }
    }
}
