//! What alerts watch, and whether they can.

use super::hint;
use crate::attribute::Reader;
use crate::document::Design;
use crate::kinds::Kind;
use crate::telemetry::Signal;
use std::collections::BTreeMap;

/// Most alerts of one design.
const ALERTS_MAX: usize = 100;

pub(super) fn check(design: &Design, nodes: &BTreeMap<&str, &Kind>, reader: &mut Reader) {
    let alerts = &design.settings.alerts;
    if alerts.len() > ALERTS_MAX {
        let message = format!(
            "{} entries are too many; at most {ALERTS_MAX}",
            alerts.len()
        );
        reader.within("alerts", |reader| reader.problem(message));
    }
    for (at, alert) in alerts.iter().enumerate() {
        reader.within(&format!("alerts[{at}]"), |reader| {
            match design.node(&alert.node) {
                None => {
                    let hint = hint(reader, &alert.node, nodes.keys().copied());
                    let message = format!("unknown node \"{}\"{hint}", alert.node);
                    reader.within("node", |reader| reader.problem(message));
                }
                Some(node) if !node.deployment.telemetry.metrics => {
                    let message = format!(
                        "{} reports no metrics; turn on telemetry.metrics",
                        node.title()
                    );
                    reader.within("node", |reader| reader.problem(message));
                }
                Some(node) => check_kind(&alert.when, node.title(), &node.kind, reader),
            }
            check_signal(&alert.when, reader);
        });
    }
}

/// Only what can wait has a backlog.
fn check_kind(signal: &Signal, title: &str, kind: &Kind, reader: &mut Reader) {
    let (name, valid): (&str, &[&str]) = match signal {
        Signal::Backlog(_) => ("backlog", &["service", "queue", "database", "coordinator"]),
        Signal::OldestAge(_) => ("oldest_age", &["queue"]),
        Signal::BurnRate(_) | Signal::ErrorRatio(_) | Signal::SlowRatio(_) | Signal::Silence(_) => {
            return;
        }
    };
    if !valid.contains(&kind.name()) {
        let message = format!(
            "{title} is a {}, which has nothing for {name} to measure; valid nodes: {}",
            kind.info().label,
            valid.join(", ")
        );
        reader.within("node", |reader| reader.problem(message));
    }
}

fn check_signal(signal: &Signal, reader: &mut Reader) {
    match signal {
        Signal::BurnRate(burn) if burn.short > burn.long => {
            let message = format!(
                "{} is longer than the long window ({})",
                burn.short, burn.long
            );
            reader.within("when.burn_rate.short", |reader| reader.problem(message));
        }
        Signal::Silence(over) if over.0 == 0 => {
            reader.within("when.silence", |reader| {
                reader.problem("must be greater than 0")
            });
        }
        Signal::BurnRate(_)
        | Signal::ErrorRatio(_)
        | Signal::SlowRatio(_)
        | Signal::Silence(_)
        | Signal::Backlog(_)
        | Signal::OldestAge(_) => {}
    }
}
