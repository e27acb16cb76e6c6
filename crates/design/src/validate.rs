//! What the parts of a design must say together. Each part alone was checked when it was read.

pub(crate) mod copies;
mod cycles;
mod database;
mod faults;
mod links;
mod owners;
mod relay;
mod scaling;
mod telemetry;
mod zones;

pub use links::{check_link, link_refusal, usual_mode};
pub use owners::second_owner;

use crate::allow::{ALLOWANCES_MAX, Allowance, RULES};
use crate::attribute::Reader;
use crate::document::{Design, FAULTS_MAX, LINKS_MAX, NODES_MAX};
use crate::kinds::client::{Arrivals, ProfileStep};
use crate::kinds::service::AdaptiveConcurrency;
use crate::kinds::{Kind, Service};
use crate::note::NOTES_MAX;
use crate::quantity::percentage_hint;
use crate::requirement::{Bound, Requirement};
pub use crate::suggest::nearest;
use std::collections::{BTreeMap, BTreeSet};

/// Most replicas of all nodes together.
pub const REPLICAS_MAX: u64 = 100_000;
/// Longest id, in characters.
pub const ID_MAX: usize = 64;
/// Longest id of a link, in characters: two ids of nodes, an arrow, a number.
pub const LINK_ID_MAX: usize = 2 * ID_MAX + 6;

/// Records every problem of the design as a whole.
pub fn validate(design: &Design, reader: &mut Reader) {
    // Inserted one by one: `collect` sorts first, and each map's sort is 4 KB more of the page.
    let mut nodes: BTreeMap<&str, &Kind> = BTreeMap::new();
    for node in &design.nodes {
        nodes.insert(&node.id, &node.kind);
    }
    let mut operations: BTreeSet<&str> = BTreeSet::new();
    for name in design.operation_names() {
        operations.insert(name);
    }
    let callers: BTreeSet<&str> = design.links.iter().map(|link| link.from.as_str()).collect();
    check_counts(design, reader);
    check_ids(design, reader);
    if design.settings.warmup > design.settings.duration {
        let message = format!(
            "{} is longer than the duration ({}): nothing is measured",
            design.settings.warmup, design.settings.duration
        );
        reader.within("warmup", |reader| reader.problem(message));
    }
    for (at, node) in design.nodes.iter().enumerate() {
        reader.within(&format!("nodes[{at}]"), |reader| {
            zones::check_deployment(&node.deployment, reader);
            check_kind(&node.kind, &operations, reader);
            links::leases(node, &callers, reader);
            database::check_leaders(node, reader);
            copies::check(node, design, &nodes, reader);
        });
    }
    let zones = zones::names(design);
    zones::check(design, &zones, reader);
    telemetry::check(design, &nodes, reader);
    for (at, link) in design.links.iter().enumerate() {
        reader.within(&format!("links[{at}]"), |reader| {
            links::ends(link, design, &nodes, reader);
            check_link(link, nodes.get(link.from.as_str()).copied(), reader);
            links::conditions(link, &operations, reader);
            links::balanced_cache(link, design, &callers, &nodes, reader);
            links::write_behind(link, design, &nodes, reader);
            links::shared_pool(link, design, reader);
        });
    }
    owners::check(design, &nodes, reader);
    for (at, fault) in design.faults.iter().enumerate() {
        reader.within(&format!("faults[{at}]"), |reader| {
            faults::check(fault, design, &nodes, &zones, reader)
        });
    }
    for (at, requirement) in design.requirements.iter().enumerate() {
        reader.within(&format!("requirements[{at}]"), |reader| {
            check_requirement(requirement, reader)
        });
    }
    for (at, allowance) in design.settings.allow.iter().enumerate() {
        reader.within(&format!("allow[{at}]"), |reader| {
            check_allowance(allowance, reader)
        });
    }
    if reader.is_clean_at(&["nodes", "links"]) {
        cycles::check(design, reader);
    }
}

fn check_counts(design: &Design, reader: &mut Reader) {
    for (name, count, max) in [
        ("nodes", design.nodes.len(), NODES_MAX),
        ("links", design.links.len(), LINKS_MAX),
        ("faults", design.faults.len(), FAULTS_MAX),
        ("notes", design.settings.notes.len(), NOTES_MAX),
        ("allow", design.settings.allow.len(), ALLOWANCES_MAX),
    ] {
        if count > max {
            reader.within(name, |reader| {
                reader.problem(format!("{count} entries are too many; at most {max}"))
            });
        }
    }
    let replicas: u64 = design
        .nodes
        .iter()
        .map(|node| u64::from(node.kind.replicas_max()))
        .sum();
    if replicas > REPLICAS_MAX {
        let message = format!("{replicas} replicas in all are too many; at most {REPLICAS_MAX}");
        reader.within("nodes", |reader| reader.problem(message));
    }
}

fn check_ids(design: &Design, reader: &mut Reader) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    let nodes = design
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (format!("nodes[{at}].id"), node.id.as_str()));
    let links = design
        .links
        .iter()
        .enumerate()
        .map(|(at, link)| (format!("links[{at}].id"), link.id.as_str()));
    for (path, id) in nodes.chain(links) {
        reader.within(&path.clone(), |reader| {
            if id.is_empty() || id.chars().count() > LINK_ID_MAX || id.chars().any(char::is_control)
            {
                reader.problem(format!(
                    "\"{}\" is not a valid id; expected 1 to {ID_MAX} characters",
                    id.chars().take(20).collect::<String>()
                ));
            } else if let Some(earlier) = seen.get(id) {
                reader.problem(format!(
                    "\"{id}\" is already the id of {}; ids must be unique",
                    earlier.trim_end_matches(".id")
                ));
            }
        });
        seen.entry(id).or_insert(path);
    }
}

fn check_kind(kind: &Kind, operations: &BTreeSet<&str>, reader: &mut Reader) {
    match kind {
        Kind::Client(client) => {
            if client.operations.is_empty() {
                reader.within("operations", |reader| {
                    reader.problem("must not be empty; a client needs at least one operation")
                });
            } else if client
                .operations
                .iter()
                .all(|operation| operation.weight == 0.0)
            {
                reader.within("operations", |reader| {
                    reader.problem("all weights are 0; at least one must be greater than 0")
                });
            }
            if client.operations.len() > 100 {
                reader.within("operations", |reader| {
                    reader.problem("too many operations; at most 100")
                });
            }
            for (at, operation) in client.operations.iter().enumerate() {
                if client.operations[..at]
                    .iter()
                    .any(|earlier| earlier.name == operation.name)
                {
                    reader.within(&format!("operations[{at}].name"), |reader| {
                        reader.problem(format!(
                            "\"{}\" is a duplicate; operation names must be unique within a client",
                            operation.name
                        ));
                    });
                }
            }
            if let Arrivals::Replay(times) = &client.arrivals
                && times.windows(2).any(|pair| pair[0] > pair[1])
            {
                reader.within("arrivals.replay", |reader| {
                    reader.problem("times must not decrease")
                });
            }
            if matches!(client.arrivals, Arrivals::Replay(_)) && !client.profile.is_empty() {
                reader.within("profile", |reader| {
                    reader.problem("has no effect on replayed arrivals; leave it empty")
                });
            }
            if client
                .profile
                .windows(2)
                .any(|pair| pair[0].at >= pair[1].at)
            {
                reader.within("profile", |reader| {
                    reader.problem("steps must be in order of time, without repeats")
                });
            }
            let is_cut = |pair: &[ProfileStep]| pair[0].at.0 + pair[0].over.0 > pair[1].at.0;
            if let Some(step) = client.profile.windows(2).position(is_cut) {
                let (at, next) = (step, client.profile[step + 1].at);
                reader.within(&format!("profile[{at}].over"), |reader| {
                    reader.problem(format!("overlaps the next step, which starts at {next}"))
                });
            }
            let comes_alone = match client.arrivals {
                Arrivals::Closed(_) => Some("closed-loop users send requests independently"),
                Arrivals::Replay(_) => Some("recorded times may be equal instead"),
                Arrivals::Poisson(_) | Arrivals::Constant(_) | Arrivals::OnOff(_) => None,
            };
            if let Some(why) = comes_alone.filter(|_| client.batch > 1) {
                reader.within("batch", |reader| {
                    reader.problem(format!(
                        "has no effect on these arrivals: {why}; set it to 1"
                    ))
                });
            }
        }
        Kind::Service(service) => check_service(service, operations, reader),
        Kind::Database(database) => database::check(database, operations, reader),
        Kind::LoadBalancer(_) | Kind::Cache(_) | Kind::Queue(_) | Kind::Coordinator(_) => {}
    }
}

fn check_service(service: &Service, operations: &BTreeSet<&str>, reader: &mut Reader) {
    scaling::check(service, reader);
    let bounds = match &service.adaptive_concurrency {
        Some(AdaptiveConcurrency::Gradient(limit)) => Some((limit.min, limit.max)),
        Some(AdaptiveConcurrency::Aimd(limit)) => Some((limit.min, limit.max)),
        None => None,
    };
    if let Some((min, max)) = bounds.filter(|(min, max)| min > max) {
        reader.within("adaptive_concurrency", |reader| {
            reader.problem(format!("min {min} is greater than max {max}"));
        });
    }
    let unknown = |name: &&String| !operations.contains(name.as_str());
    for name in service.queue.priority.iter().filter(unknown) {
        let hint = hint(reader, name, operations.iter().copied());
        reader.within("queue.priority", |reader| {
            reader.problem(format!("unknown operation \"{name}\"{hint}"));
        });
    }
}

/// Records what is wrong with a requirement.
pub fn check_requirement(requirement: &Requirement, reader: &mut Reader) {
    if requirement.at_least.is_none() && requirement.at_most.is_none() {
        reader.problem("missing bound; set at_least or at_most");
    }
    for (name, bound) in [
        ("at_least", requirement.at_least),
        ("at_most", requirement.at_most),
    ] {
        let fits = match bound {
            None => true,
            Some(Bound::Duration(_)) => requirement.metric.is_duration(),
            Some(Bound::Number(_)) => !requirement.metric.is_duration(),
        };
        if !fits {
            let wanted = if requirement.metric.is_duration() {
                "a duration, such as \"300ms\""
            } else {
                "a number"
            };
            reader.within(name, |reader| {
                reader.problem(format!(
                    "{} needs {wanted} as its bound",
                    requirement.metric.name()
                ))
            });
        }
        if let (true, Some(Bound::Number(share))) = (requirement.metric.is_share(), bound)
            && !(0.0..=1.0).contains(&share)
        {
            let hint = percentage_hint(share, 0.0..=1.0);
            reader.within(name, |reader| {
                reader.problem(format!("{share} is out of range; expected 0 to 1{hint}"));
            });
        }
    }
}

fn check_allowance(allowance: &Allowance, reader: &mut Reader) {
    let rule = allowance.rule.as_str();
    if !RULES.contains(&rule) {
        let shown: String = rule.chars().take(60).collect();
        reader.within("rule", |reader| {
            reader.unknown(&format!("rule \"{shown}\""), rule, &RULES)
        });
    }
    if allowance.because.trim().is_empty() {
        reader.within("because", |reader| {
            reader.problem("must not be empty; state why the finding is accepted")
        });
    }
}

/// What to write instead; nothing where no further problem will be kept, since looking for the
/// nearest name is the dearest part of reading a hostile file.
fn hint<'a>(reader: &Reader, wrong: &str, valid: impl Iterator<Item = &'a str> + Clone) -> String {
    if reader.is_full() {
        return String::new();
    }
    match nearest(wrong, valid.clone()) {
        Some(near) => format!(", did you mean \"{near}\"?"),
        None => match valid.take(8).collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => String::new(),
            names => format!("; expected one of {names}"),
        },
    }
}
