//! Presets of policies for a link, and descriptions of faults.

use design::attribute::Attribute;
use design::fault::Fault;
use design::link::{Backoff, Breaker, Budget, Exponential, Jitter, Link, Mode, Retry};
use design::{Command, Duration, FaultKind, Target};

/// A set of policies.
pub(super) struct Preset {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// Makes the policies from the link's present timeout.
    make: fn(Option<Duration>) -> Policies,
}

#[derive(PartialEq)]
struct Policies {
    timeout: Option<Duration>,
    retry: Option<Retry>,
    breaker: Option<Breaker>,
}

/// The timeout of a preset for a link without one.
const USUAL_TIMEOUT: Duration = Duration::s(1);

pub(super) static PRESETS: [Preset; 3] = [
    Preset {
        name: "None",
        help: "No timeout, retry, or breaker: waits indefinitely.",
        make: |_| Policies {
            timeout: None,
            retry: None,
            breaker: None,
        },
    },
    Preset {
        name: "Naive",
        help: "1 s timeout, 3 attempts without backoff.",
        make: |_| Policies {
            timeout: Some(USUAL_TIMEOUT),
            retry: Some(Retry::default()),
            breaker: None,
        },
    },
    Preset {
        name: "Production",
        help: "Its timeout, else 1 s; 3 attempts, backoff 100 ms to 2 s with full jitter; retries at most 10% of calls; breaker.",
        make: |timeout| Policies {
            timeout: Some(timeout.unwrap_or(USUAL_TIMEOUT)),
            retry: Some(Retry {
                backoff: Backoff::Exponential(Exponential::default()),
                jitter: Jitter::Full,
                budget: Some(Budget::default()),
                ..Retry::default()
            }),
            breaker: Some(Breaker::default()),
        },
    },
];

impl Preset {
    /// Returns the edit that gives a link these policies.
    pub(super) fn command(&self, link: &Link) -> Command {
        let policies = (self.make)(link.timeout);
        let target = Target::Link(link.id.clone());
        Command::Batch(vec![
            Command::Set(target.clone(), "timeout".into(), policies.timeout.write()),
            Command::Set(target.clone(), "retry".into(), policies.retry.write()),
            Command::Set(target, "breaker".into(), policies.breaker.write()),
        ])
    }

    /// Returns whether a link has exactly these policies.
    pub(super) fn is_of(&self, link: &Link) -> bool {
        let policies = (self.make)(link.timeout);
        policies.timeout == link.timeout
            && policies.retry == link.retry
            && policies.breaker == link.breaker
    }
}

/// Returns whether a caller's policies apply to such a link.
pub(super) fn has_policies(link: &Link) -> bool {
    match link.mode {
        Mode::Call | Mode::Publish => true,
        Mode::Consume | Mode::DeadLetter => false,
    }
}

/// Returns a fault in a few words: `Slowdown ×10, 10 s`.
pub(crate) fn fault_words(fault: &Fault) -> String {
    let name = super::notation::title(fault.kind.name());
    let size = match fault.kind {
        FaultKind::Crash
        | FaultKind::Partition
        | FaultKind::Hang
        | FaultKind::CacheOutage
        | FaultKind::QueueOutage
        | FaultKind::ThirdPartyOutage
        | FaultKind::LeaderFailover
        | FaultKind::PoisonMessage
        | FaultKind::SchemaMigration
        | FaultKind::DiskFull
        | FaultKind::TelemetryLoss => String::new(),
        FaultKind::RollingDeploy => {
            let step = super::curve::short_duration(fault.step.as_s());
            return format!("{name}, {step} each");
        }
        FaultKind::Reshard => return format!("{name} to {}", fault.shards),
        FaultKind::CacheFlush if fault.share < 1.0 => {
            return format!("{name} of {:.0}%", fault.share * 100.0);
        }
        FaultKind::CacheFlush => return name,
        FaultKind::ClockSkew => {
            let sign = if fault.behind { "−" } else { "+" };
            format!(
                " {sign}{}",
                super::curve::short_duration(fault.offset.as_s())
            )
        }
        FaultKind::GcPauses => {
            format!(" of {}", super::curve::short_duration(fault.pause.as_s()))
        }
        FaultKind::ErrorRate | FaultKind::GrayFailure | FaultKind::ConnectionLeak => {
            format!(" {:.0}%", fault.errors * 100.0)
        }
        FaultKind::KeySkew => format!(" {:.0}%", fault.hot * 100.0),
        FaultKind::Slowdown | FaultKind::TrafficSpike => format!(" ×{}", fault.times),
        FaultKind::Latency | FaultKind::Jitter => match fault.add.mean_s() {
            Some(mean_s) => format!(" +{}", super::curve::short_duration(mean_s)),
            None => String::new(),
        },
        FaultKind::Loss => format!(" {:.0}%", fault.loss * 100.0),
    };
    match (fault.kind, fault.lasts) {
        (kind, _) if kind.is_of_a_moment() => name,
        (_, Some(lasts)) => format!(
            "{name}{size}, {}",
            super::curve::short_duration(lasts.as_s())
        ),
        (_, None) => format!("{name}{size}, to the end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::kinds::{Client, Service};
    use design::{Design, Kind, Node};

    fn design() -> Design {
        Design {
            nodes: vec![
                Node::new("users", Kind::Client(Client::default()), [0, 0]),
                Node::new("api", Kind::Service(Service::default()), [300, 0]),
            ],
            links: vec![Link::new("users->api", "users", "api", Mode::Call)],
            ..Design::default()
        }
    }

    #[test]
    fn each_preset_is_recognized_after_it_was_applied() {
        let mut design = design();
        for preset in &PRESETS {
            let command = preset.command(&design.links[0]);
            design.apply(command).unwrap();
            let recognized: Vec<&str> = PRESETS
                .iter()
                .filter(|preset| preset.is_of(&design.links[0]))
                .map(|preset| preset.name)
                .collect();
            assert_eq!(recognized, [preset.name]);
            assert!(design.problems().is_empty(), "{:?}", design.problems());
        }
    }

    #[test]
    fn a_fault_in_words() {
        assert_eq!(fault_words(&Fault::default()), "Slowdown ×10, 10 s");
    }
}
