//! What happened, as the first half of a title: what an experiment removed, where and when it was,
//! and how often it occurred in the run.

use super::super::interventions::{Intervention, Without, places, replica};
use crate::facts::{Facts, field, place};
use design::{Fault, FaultKind as F, Kind, Link};
use report::{
    LinkReport, Message, Piece, count_of, figure, link_name, message, moment, operation, percent,
    whole,
};

/// "The rate limit of api rejected 4,210 calls".
pub(super) fn happened(facts: &Facts<'_>, of: &Intervention) -> Message {
    if matches!(of.without, Without::Fault | Without::ReplicaFault) {
        return match faults_of(facts, of)[..] {
            [fault] => of_fault(facts, fault),
            _ => message!("Faults hit {}", places(facts.design, &of.subjects)),
        };
    }
    let id = of.subjects.first().map_or("", String::as_str);
    match facts.design.link(id) {
        Some(link) => of_link(facts, of, link),
        None => of_node(facts, of, id),
    }
}

/// Describes a suspect on links.
fn of_link(facts: &Facts<'_>, of: &Intervention, link: &Link) -> Message {
    let all = || places(facts.design, &of.subjects);
    let on = || link_name(&link.id);
    let counts = facts.link(&link.id);
    match of.without {
        Without::RetryWaves => message!("Retries on {} came in waves", all()),
        Without::Haste => message!("Retries on {} came without a pause", all()),
        Without::Retries => message!("Retries on {} multiplied the load", all()),
        Without::PoolLimit if of.subjects.len() > 1 => {
            message!("Calls on {} waited for free connections", all())
        }
        Without::PoolLimit if link.pool.is_none() => {
            message!("The bulkhead on {} held calls back", on())
        }
        Without::PoolLimit => message!("Calls on {} waited for a free connection", on()),
        Without::Hedges => message!(
            "Hedged requests on {} {}",
            on(),
            counts.map_or("overloaded it".into(), hedged)
        ),
        Without::Breaker => message!(
            "The circuit breaker on {} rejected {}",
            on(),
            counts.map_or("calls".into(), |of| rejected(link, of))
        ),
        Without::Timeout => {
            let timeout = link.timeout.map_or(Message::new(), Message::from);
            let of = counts.map_or("calls".into(), |of| timed_out(link, of));
            message!("The timeout of {} on {} cut off {}", timeout, on(), of)
        }
        Without::ManyCalls => message!(
            "{} called {} {} times for one request",
            Piece::Node(link.from.clone()),
            Piece::Node(link.to.clone()),
            link.calls
        ),
        _ => message!("{} was slow or lost calls", all()),
    }
}

fn hedged(of: &LinkReport) -> Message {
    message!(
        "added {} to its attempts",
        percent(of.hedges as f64 / of.calls.max(1) as f64)
    )
}

fn rejected(link: &Link, of: &LinkReport) -> Message {
    let rejected = of.failures.get("circuit_open").copied().unwrap_or(0);
    let rejected = match rejected {
        0 => whole(0.0),
        n => whole(n as f64).of(field::link(&link.id, "failures.circuit_open")),
    };
    count_of(rejected, "call", "calls")
}

fn timed_out(link: &Link, of: &LinkReport) -> Message {
    let at = |name| field::link(&link.id, name);
    let share = percent(of.timeouts as f64 / of.attempts.max(1) as f64);
    let place = at("timeouts").over(at("attempts"));
    message!(
        "{} of its attempts",
        share.maybe_of((of.attempts > 0).then_some(place))
    )
}

/// Describes a suspect at nodes.
fn of_node(facts: &Facts<'_>, of: &Intervention, id: &str) -> Message {
    let at = || place(facts.design, id);
    let all = || places(facts.design, &of.subjects);
    match of.without {
        Without::Poison => message!("{} kept delivering messages that cannot be processed", at()),
        Without::ColdCache => message!("{} had to serve before it was warm", at()),
        Without::RepeatedLoads => message!("Concurrent misses of {} loaded the same keys", at()),
        Without::JointExpiry => message!("Entries of {} expired together", all()),
        Without::Lookups => message!("Lookups in {} added time and rarely hit", all()),
        Without::CoarseShards => message!("The shard key of {} put the load on few shards", at()),
        Without::SkewedKeys => message!("Requests from {} were for a few popular keys", at()),
        Without::FewKeys => message!("Requests from {} were for too few keys", at()),
        Without::Imbalance => message!("{} spread its calls unevenly", at()),
        Without::Locks => locks(facts, id),
        Without::Memory => out_of_memory(facts, id),
        Without::Steps => message!("Requests from {} arrived together", at()),
        Without::PoolLimit => message!("Calls to {} waited for a free connection", at()),
        Without::NestedCalls => message!(
            "Calls that held the slots of {} waited for another of its slots",
            all()
        ),
        Without::FarLeader => message!("The leader of {} moved to another zone", at()),
        Without::EarlyRedelivery => early(facts, id),
        Without::Repeats => "Repeated writes were applied again".into(),
        Without::Disorder => message!("Messages of {} overtook each other", at()),
        Without::CrossShard => message!("Requests to {} waited for all of its shards", at()),
        Without::Discipline => message!("The queue order of {} delayed the wrong calls", at()),
        Without::Refusals => refusals(facts, of, id),
        Without::Ejection if of.edits.len() > 1 => {
            message!("{} could not eject all of the replicas that failed", at())
        }
        Without::Ejection => ejected(facts, id),
        Without::DeepChecks => taken_out(facts, id),
        Without::OldEntries => message!("{} served stale entries", at()),
        Without::Lag => message!("Followers of {} lagged behind the leader", at()),
        Without::Reloads => message!("{} reloaded pages that took too long", all()),
        Without::LateReplicas => message!("Autoscaling at {} came too late", at()),
        Without::Contention => message!("Concurrent calls slowed {} down", at()),
        Without::Sharing => message!("The callers of {} competed for it", at()),
        Without::Client => message!("Requests from {} took capacity that others needed", at()),
        Without::LoadChange => load_change(facts, id),
        Without::Operation => {
            let name = of.subjects.get(1).map_or("", String::as_str);
            message!(
                "{} requests from {} held up the others",
                operation(name),
                at()
            )
        }
        Without::OwnErrors => message!("{} returned errors", all()),
        Without::Tail => message!("The time of calls to {} varied widely", at()),
        Without::Blindness => message!("{} kept calling unhealthy replicas", at()),
        Without::Consumers => message!("The consumers of {} could not keep up", at()),
        _ => message!("{} ran out of slots", at()),
    }
}

/// "jobs redelivered 48 messages while they were being processed".
fn early(facts: &Facts<'_>, id: &str) -> Message {
    let messages = facts.node(id).and_then(|node| node.messages.as_ref());
    let causes = ["visibility_timeout", "session_timeout", "poll_interval"];
    let counts = causes.iter().filter_map(|cause| {
        let n = *messages?.redelivered_after.get(cause)?;
        Some((n, *cause))
    });
    let most = counts.max();
    let again = match most {
        Some((n, cause)) => {
            let place = field::node(id, &format!("messages.redelivered_after.{cause}"));
            let count = count_of(whole(n as f64).of(place), "message", "messages");
            message!(" {}", count)
        }
        None => " messages".into(),
    };
    message!(
        "{} redelivered{} while {} being processed",
        place(facts.design, id),
        again,
        if most.is_some_and(|(n, _)| n == 1) {
            "it was"
        } else {
            "they were"
        }
    )
}

/// "lb made 12 ejections of replicas that it needed".
fn ejected(facts: &Facts<'_>, id: &str) -> Message {
    let at = place(facts.design, id);
    let out = facts.node(id).and_then(|node| node.out_of_service.as_ref());
    match out.map(|out| out.ejections) {
        Some(n) if n > 0 => {
            let ejections = whole(n as f64).of(field::node(id, "out_of_service.ejections"));
            let ejections = count_of(ejections, "ejection", "ejections");
            message!("{} made {} of replicas that it needed", at, ejections)
        }
        _ => message!("{} ejected replicas that it needed", at),
    }
}

/// "Deep health checks took replicas of lb out of service 8 times".
fn taken_out(facts: &Facts<'_>, id: &str) -> Message {
    let out = facts.node(id).and_then(|node| node.out_of_service.as_ref());
    let often = match out.map(|out| out.failed_checks) {
        Some(n) if n > 0 => {
            let checks = whole(n as f64).of(field::node(id, "out_of_service.failed_checks"));
            message!(" {}", count_of(checks, "time", "times"))
        }
        _ => Message::new(),
    };
    message!(
        "Deep health checks took replicas of {} out of service{}",
        place(facts.design, id),
        often
    )
}

fn locks(facts: &Facts<'_>, id: &str) -> Message {
    match facts.graph.node(id).map(|node| &node.kind) {
        Some(Kind::Coordinator(_)) => message!("Calls waited for {}", place(facts.design, id)),
        _ => message!("Writes to {} waited for row locks", place(facts.design, id)),
    }
}

fn out_of_memory(facts: &Facts<'_>, id: &str) -> Message {
    let at = place(facts.design, id);
    match facts.node(id).and_then(|node| node.out_of_memory) {
        Some(n) if n > 0 => {
            let times = whole(n as f64).of(field::node(id, "out_of_memory"));
            message!(
                "{} ran out of memory {}",
                at,
                count_of(times, "time", "times")
            )
        }
        _ => message!("The memory limit of {} limited its calls", at),
    }
}

/// Names the limit that the experiment removed.
fn refusals(facts: &Facts<'_>, of: &Intervention, id: &str) -> Message {
    let (limit, reason) = match &of.edits[..] {
        [design::Command::Set(_, field, _)] => match field.as_str() {
            "rate_limit" => ("The rate limit", "rate_limit"),
            "adaptive_concurrency" => ("The adaptive concurrency limit", "concurrency_limit"),
            "shed" => ("Load shedding", "shed"),
            _ => ("The limit on waiting", "max_wait"),
        },
        _ => ("A limit", ""),
    };
    let join = match reason {
        "shed" => "at",
        _ => "of",
    };
    let counted = facts.node(id).and_then(|node| node.turned_away.get(reason));
    let calls = match counted {
        Some(n) => {
            let place = field::node(id, &format!("turned_away.{reason}"));
            count_of(whole(*n as f64).of(place), "call", "calls")
        }
        None => "calls".into(),
    };
    message!(
        "{} {} {} rejected {}",
        limit,
        join,
        place(facts.design, id),
        calls
    )
}

fn load_change(facts: &Facts<'_>, id: &str) -> Message {
    let from = place(facts.design, id);
    let steps = match facts.graph.node(id).map(|node| &node.kind) {
        Some(Kind::Client(client)) => client.profile.as_slice(),
        _ => &[],
    };
    let most = steps.iter().max_by(|a, b| a.times.total_cmp(&b.times));
    match most.filter(|step| step.times > 1.0) {
        Some(step) => message!(
            "The load from {} rose to {} times its usual level",
            from,
            figure(step.times)
        ),
        None => message!("The load from {} changed", from),
    }
}

/// Returns the faults that an experiment removes.
pub(super) fn faults_of<'a>(facts: &Facts<'a>, of: &Intervention) -> Vec<&'a Fault> {
    let removed = of.edits.iter().filter_map(|edit| match edit {
        design::Command::RemoveFault(at) => facts.design.faults.get(*at),
        _ => None,
    });
    removed.collect()
}

/// "catalog crashed at 20.0 s".
pub(super) fn of_fault(facts: &Facts<'_>, fault: &Fault) -> Message {
    let it = replica(facts.design, fault);
    if fault.mtbf.is_some() {
        return message!("{} failed repeatedly", it);
    }
    let at = moment(fault.at.as_s());
    match fault.kind {
        F::Crash => message!("{} crashed at {}", it, at),
        F::Slowdown => message!("{} slowed down at {}", it, at),
        F::Latency => message!("The latency of {} rose at {}", it, at),
        F::Loss => message!("{} began to lose packets at {}", it, at),
        F::TrafficSpike => {
            message!(
                "The load from {} rose to {} times its usual level at {}",
                it,
                figure(fault.times),
                at
            )
        }
        F::CacheFlush => message!("{} was flushed at {}", it, at),
        F::Partition => message!("{} was cut off at {}", it, at),
        F::Hang => message!("{} hung at {}", it, at),
        F::ErrorRate => message!("{} began to return errors at {}", it, at),
        F::GrayFailure => message!(
            "{} began to fail at {} while its health checks passed",
            it,
            at
        ),
        F::Jitter => message!("The latency of {} began to vary at {}", it, at),
        F::KeySkew => message!("Requests from {} concentrated on one key at {}", it, at),
        F::CacheOutage | F::QueueOutage | F::ThirdPartyOutage => {
            message!("{} went down at {}", it, at)
        }
        F::RollingDeploy => message!("The replicas of {} restarted in turn from {}", it, at),
        F::DiskFull => message!("The disk of {} was full at {}", it, at),
        F::GcPauses => message!("{} paused for {} every {}", it, fault.pause, fault.every),
        F::TelemetryLoss => message!("The telemetry of {} was lost at {}", it, at),
        F::LeaderFailover => message!("The leader of {} stepped down at {}", it, at),
        F::SchemaMigration => message!("A migration locked the tables of {} at {}", it, at),
        F::ConnectionLeak => message!("Connections on {} leaked from {}", it, at),
        F::PoisonMessage => message!("{} got messages that cannot be processed at {}", it, at),
        F::Reshard => message!("{} was resharded at {}", it, at),
        F::ClockSkew => message!(
            "The clock of {} was off by {} from {}",
            it,
            fault.offset,
            at
        ),
    }
}
