//! Fixes that several rules suggest.

use design::kinds::Kind;
use design::{Attribute, Command, Design, Duration, Link, Target, Value};
use report::{Remedy, count, message, name};
use text::title;

/// Returns a number as a value.
pub(crate) fn number(x: f64) -> Value {
    Value::Number(x)
}

/// Returns a duration as a value, rounded to whole microseconds, from seconds.
pub(crate) fn duration(s: f64) -> Value {
    let us = libm::round(s * 1e6).clamp(1.0, 86_400e6);
    Duration::us(us as u64).write()
}

/// Returns a record as a value.
pub(crate) fn map(entries: &[(&str, Value)]) -> Value {
    let entries = entries.iter();
    Value::Map(
        entries
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

/// Sets a field of a node.
pub(crate) fn node(id: &str, field: &str, to: Value) -> Command {
    Command::Set(Target::Node(id.to_owned()), field.to_owned(), to)
}

/// Sets a field of a link.
pub(crate) fn link(id: &str, field: &str, to: Value) -> Command {
    Command::Set(Target::Link(id.to_owned()), field.to_owned(), to)
}

/// Sets few retries, with backoff and jitter, within a budget of 10% of the calls.
pub(crate) fn budgeted() -> Value {
    let base = map(&[("base", Value::text("100ms")), ("cap", Value::text("2s"))]);
    map(&[
        ("max_attempts", number(2.0)),
        ("backoff", map(&[("exponential", base)])),
        ("jitter", Value::text("full")),
        (
            "budget",
            map(&[("ratio", number(0.1)), ("burst", number(10.0))]),
        ),
    ])
}

/// Limits the retries of these links.
pub(crate) fn budget_retries(links: &[&Link]) -> Remedy {
    let edits = links.iter().map(|l| link(&l.id, "retry", budgeted()));
    Remedy::new(
        "Limit retries to one, with backoff, jitter and a 10% budget",
        "Some requests fail that another attempt would have saved.",
        edits.collect(),
    )
}

/// Keeps the retries of the first of these links and removes those of the others.
pub(crate) fn retry_once(links: &[&Link]) -> Remedy {
    let mut edits = Vec::new();
    for (at, l) in links.iter().enumerate() {
        let to = if at == 0 { budgeted() } else { Value::Null };
        edits.push(link(&l.id, "retry", to));
    }
    Remedy::new(
        "Retry only at the outermost layer, within a budget",
        "A failure in an inner layer repeats the whole request instead of one call.",
        edits,
    )
}

/// Spreads the retries of a link over half a minute.
pub(crate) fn backoff(id: &str) -> [Command; 2] {
    let pause = map(&[("base", Value::text("1s")), ("cap", Value::text("30s"))]);
    [
        link(id, "retry.backoff", map(&[("exponential", pause)])),
        link(id, "retry.jitter", Value::text("full")),
    ]
}

/// Gives links timeouts, in seconds.
pub(crate) fn timeouts(links: &[(&Link, f64)]) -> Remedy {
    let edits = links
        .iter()
        .map(|(l, s)| link(&l.id, "timeout", duration(*s)));
    Remedy::new(
        "Set timeouts well above the usual response time",
        "Calls that would have been answered late fail.",
        edits.collect(),
    )
}

/// Gives links a circuit breaker.
pub(crate) fn breakers(links: &[&Link]) -> Remedy {
    let breaker = map(&[
        ("failure_rate", number(0.5)),
        ("open_for", Value::text("5s")),
    ]);
    let edits = links
        .iter()
        .map(|l| link(&l.id, "breaker", breaker.clone()));
    Remedy::new(
        "Add circuit breakers",
        "While a breaker is open, calls fail that might have succeeded.",
        edits.collect(),
    )
}

/// Multiplies the replicas of a service.
pub(crate) fn replicas(design: &Design, id: &str, to: u32) -> Option<Remedy> {
    let Kind::Service(service) = &design.node(id)?.kind else {
        return None;
    };
    if service.autoscale.is_some() || to <= service.replicas || to > 1_000 {
        return None;
    }
    let added = to - service.replicas;
    Some(Remedy::new(
        message!("Scale {} to {} replicas", name(id), to),
        message!(
            "You pay for {}, and its callees have more connections.",
            count(u64::from(added), "more replica", "more replicas")
        ),
        vec![node(id, "replicas", number(f64::from(to)))],
    ))
}

/// Rejects new calls while calls wait too long.
pub(crate) fn shed(design: &Design, id: &str) -> Option<Remedy> {
    let Kind::Service(service) = &design.node(id)?.kind else {
        return None;
    };
    (service.shed.is_none()).then(|| {
        Remedy::new(
            message!(
                "Shed load at {} while calls wait longer than 100 ms",
                name(id)
            ),
            "Requests that would have been served late are rejected immediately.",
            vec![node(
                id,
                "shed",
                map(&[("queue_delay", Value::text("100ms"))]),
            )],
        )
    })
}

/// Adds an alert on the backlog of a node.
pub(crate) fn watch_backlog(design: &Design, id: &str, above: u32) -> Option<Remedy> {
    let at = design.node(id)?;
    let is_waiting_place = matches!(
        at.kind,
        Kind::Service(_) | Kind::Queue(_) | Kind::Database(_) | Kind::Coordinator(_)
    );
    if !is_waiting_place || !at.deployment.telemetry.metrics || design.settings.alerts.len() >= 90 {
        return None;
    }
    let mut alerts: Vec<Value> = design
        .settings
        .alerts
        .iter()
        .map(Attribute::write)
        .collect();
    let backlog = map(&[("above", number(f64::from(above)))]);
    alerts.push(map(&[
        ("name", Value::text(format!("{} falls behind", title(at)))),
        ("node", Value::text(id)),
        ("when", map(&[("backlog", backlog)])),
    ]));
    Some(Remedy::new(
        message!("Alert on the backlog of {}", name(id)),
        "Someone is paged, sometimes for a burst that would have passed.",
        vec![Command::Set(
            Target::Settings,
            "alerts".to_owned(),
            Value::List(alerts),
        )],
    ))
}

/// Adds alerts on failures and on slow responses at a node that users call.
pub(crate) fn watch_symptoms(design: &Design, id: &str, slower_than_s: f64) -> Option<Remedy> {
    let at = design.node(id)?;
    if design.settings.alerts.len() >= 90 {
        return None;
    }
    let mut edits = Vec::new();
    if !at.deployment.telemetry.metrics {
        edits.push(node(id, "telemetry.metrics", Value::Bool(true)));
    }
    let mut alerts: Vec<Value> = design
        .settings
        .alerts
        .iter()
        .map(Attribute::write)
        .collect();
    let alert = |name: String, when: Value| {
        map(&[
            ("name", Value::text(name)),
            ("node", Value::text(id)),
            ("when", when),
            ("every", Value::text("5s")),
        ])
    };
    let errors = map(&[("above", number(0.02)), ("over", Value::text("30s"))]);
    alerts.push(alert(
        format!("{} fails", title(at)),
        map(&[("error_ratio", errors)]),
    ));
    let slow = map(&[
        ("slower_than", duration(slower_than_s)),
        ("above", number(0.05)),
        ("over", Value::text("30s")),
    ]);
    alerts.push(alert(
        format!("{} is slow", title(at)),
        map(&[("slow_ratio", slow)]),
    ));
    edits.push(Command::Set(
        Target::Settings,
        "alerts".to_owned(),
        Value::List(alerts),
    ));
    Some(Remedy::new(
        message!("Alert on failures and slow responses of {}", name(id)),
        "Metrics to store, and an on-call engineer.",
        edits,
    ))
}
