//! Failures that no metric or alert shows.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::remedies;
use design::{Kind, Metric};
use report::{Finding, Message, Severity, list, message, moment};
use sim::Report;

pub(super) const RULE: Rule = Rule {
    id: "flying-blind",
    title: "Missing metrics and alerts",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Without metrics, logs, traces and alerts, users are the first to report a failure, and \
        nothing shows which part failed.",
    evidence: "Structural: a time to detect is required but there is no alert (a warning), or \
        nodes emit no metrics (a note). Measured: a fault affected users and no alert fired for \
        it. In addition, nodes emit no metrics, or there is no alert and the required time to \
        detect was missed. This is a warning, or an error where the requirement was missed.",
    silent: "Faults that affected no user. Designs whose nodes all emit metrics and that require \
        no time to detect.",
    fixes: "Emit metrics, alert on failures and slow responses, and trace some requests. The cost: \
        storage, and an on-call engineer.",
};

/// Returns the nodes that emit no metrics.
fn mute<'a>(facts: &Facts<'a>) -> Vec<&'a str> {
    let nodes = facts.design.nodes.iter();
    let nodes = nodes
        .filter(|node| !matches!(node.kind, Kind::Client(_)) && !node.deployment.telemetry.metrics);
    nodes.map(|node| node.id.as_str()).collect()
}

/// Returns the node that users call first, and the response time from which it counts as slow, in
/// seconds.
pub(super) fn edge<'a>(facts: &Facts<'a>) -> Option<(&'a str, f64)> {
    let (client, _) = facts.clients().next()?;
    let link = facts.graph.out(&client.id).first()?;
    let usual = facts.flow.response(&facts.graph, &link.to);
    Some((link.to.as_str(), (10.0 * usual).max(0.05)))
}

fn fixes(facts: &Facts<'_>) -> Vec<report::Remedy> {
    let Some((edge, slow)) = edge(facts) else {
        return Vec::new();
    };
    let mut fixes: Vec<_> = remedies::watch_symptoms(facts.design, edge, slow)
        .into_iter()
        .collect();
    if let Some(fix) = fixes.first_mut() {
        for id in mute(facts).into_iter().filter(|id| *id != edge) {
            fix.edits.push(remedies::node(
                id,
                "telemetry.metrics",
                design::Value::Bool(true),
            ));
            fix.edits.push(remedies::node(
                id,
                "telemetry.logs",
                design::Value::Bool(true),
            ));
        }
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mute = mute(facts);
    let is_required = facts.requires(&[Metric::TimeToDetect]);
    let no_alert = facts.design.settings.alerts.is_empty();
    if !(is_required && no_alert) && mute.is_empty() {
        return Vec::new();
    }
    let what = match mute.is_empty() {
        true => Message::from("A time to detect is required, and there is no alert"),
        false => message!(
            "{} {} no metrics",
            list(&mute),
            if mute.len() == 1 { "emits" } else { "emit" }
        ),
    };
    // Without an alert nothing is ever detected, so the requirement cannot be met.
    let severity = match is_required && no_alert {
        true => Severity::Warning,
        false => Severity::Note,
    };
    vec![
        Finding::new(RULE.id, mute.iter().map(|id| (*id).to_owned()))
            .severity(severity)
            .says(
                what,
                "Without metrics and alerts, users are the first to report a failure, and nothing shows where it is.",
                "Emit metrics, and alert on failures and slow responses at the nodes that users \
                 call.",
            )
            .endangers(Metric::TimeToDetect)
            .fixed_by(fixes(facts)),
    ]
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mute = mute(facts);
    let unseen: Vec<_> = (report.operator.incidents.iter())
        .filter(|incident| incident.was_felt && incident.detected_after_s.is_none())
        .collect();
    let Some(first) = unseen.first() else {
        return Vec::new();
    };
    let missed = facts.missed(&[Metric::TimeToDetect]);
    let no_alert = facts.design.settings.alerts.is_empty();
    if mute.is_empty() && !(no_alert && missed.is_some()) {
        return Vec::new();
    }
    let ended = report.run.duration_s.min(report.run.ended_s);
    // If users were served as before again, the failure ended then.
    let recovered = report
        .recovery
        .as_ref()
        .and_then(|recovery| Some(recovery.trigger_end_s + recovery.recovery_s?));
    let ended = recovered
        .filter(|at| *at > first.at_s)
        .map_or(ended, |at| at.min(ended));
    let seen = report.operator.nodes.get(&first.target);
    let named = match seen.and_then(|seen| seen.failures.as_ref()) {
        Some(_) => Message::from("Its logs name the failure."),
        None => message!(
            "{} writes no logs that name the failure.",
            facts.target(&first.target)
        ),
    };
    let alerts = match facts.design.settings.alerts.len() {
        0 => "The design has no alert.",
        1 => "Its only alert did not fire.",
        _ => "None of its alerts fired.",
    };
    let silent = match mute.len() {
        0 => Message::new(),
        1 => message!(" {} emits no metrics.", list(&mute)),
        _ => message!(" {} emit no metrics.", list(&mute)),
    };
    let finding = Finding::new(
        RULE.id,
        std::iter::once(first.target.clone()).chain(
            mute.iter()
                .filter(|id| **id != first.target)
                .map(|id| (*id).to_owned()),
        ),
    )
    .measured(Some(first.at_s))
    .says(
        message!(
            "{} failed from {} to {}, users were affected, and no alert fired",
            facts.target(&first.target),
            moment(first.at_s),
            moment(ended)
        ),
        message!("{}{} {}", alerts, silent, named),
        "Emit metrics, and alert on failures and slow responses at the nodes that users call.",
    )
    .endangers(Metric::TimeToDetect)
    .fixed_by(fixes(facts));
    vec![match missed {
        Some(_) => finding.severity(Severity::Error),
        None => finding,
    }]
}

#[cfg(test)]
mod tests {
    use crate::testing::{chain, fault, found, lint, run};
    use report::Severity;

    #[test]
    fn what_nobody_was_told_of_is_told_and_an_alert_silences_it() {
        let mut faulty = chain(r#""timeout": "1s""#);
        faulty.requirements = crate::testing::read(r#"{"nodes": [], "links": [], "requirements": [{"metric": "time_to_detect", "at_most": "30s"}]}"#).requirements;
        faulty.faults.push(fault(
            r#"{"at": "10s", "for": "45s", "kind": "error_rate", "target": "api", "errors": 0.5}"#,
        ));
        let alone = &lint("flying-blind", &faulty)[0];
        assert_eq!(alone.severity, Severity::Warning, "no alert, no detection");
        let report = run(&faulty);
        let finding = &found("flying-blind", &faulty, &report)[0];
        assert_eq!(
            (finding.severity, finding.onset_s),
            (Severity::Error, Some(10.0))
        );
        let mut fixed = faulty.clone();
        fixed.apply(finding.remedies[0].command()).unwrap();
        assert!(lint("flying-blind", &fixed).is_empty());
        assert!(found("flying-blind", &fixed, &run(&fixed)).is_empty());
        let plain = chain("");
        assert!(lint("flying-blind", &plain).is_empty());
    }
}
