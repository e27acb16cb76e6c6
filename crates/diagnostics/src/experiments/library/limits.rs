//! Remedies at limits and policies: retries, pools, circuit breakers, timeouts, memory.

use super::sizes::Scaled;
use super::{Library, Sized};
use crate::remedies::{self, duration, link, node, number};
use design::kinds::Service;
use design::{Command, Kind, Link, Value};
use report::{link_name, message, name, percent};

impl<'a> Library<'a, '_> {
    pub(super) fn retries(&mut self, ids: &[String]) {
        let links: Vec<&Link> = (self.calls().into_iter())
            .filter(|link| ids.contains(&link.id))
            .collect();
        for remedy in [
            remedies::budget_retries(&links),
            remedies::retry_once(&links),
            remedies::breakers(&links),
        ] {
            self.all.push(Sized {
                family: format!("{:?}", remedy.label),
                size: None,
                remedy,
            });
        }
        let edits = links.iter().map(|l| link(&l.id, "retry", Value::Null));
        let edits = edits.collect();
        let cost = "A request fails when its first attempt fails.";
        self.add("no retries", "Turn off retries", cost, edits);
        let edits = links.iter().flat_map(|l| remedies::backoff(&l.id));
        let edits = edits.collect();
        let label = "Back off exponentially from 1 s to 30 s, with full jitter";
        self.add("backoff", label, "Retries come later.", edits);
    }

    pub(super) fn limits(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(service) = self.facts.graph.service(id) {
                self.memory(id, service);
            }
            let breaker = self.facts.design.link(id).and_then(|l| l.breaker.as_ref());
            if let Some(breaker) = breaker {
                let window = (breaker.window * 10).min(10_000);
                let edits = vec![
                    link(id, "breaker.window", number(f64::from(window))),
                    link(id, "breaker.min_calls", number(f64::from(window / 2))),
                ];
                let label = message!(
                    "Let the circuit breaker on {} judge {} calls",
                    link_name(id),
                    window
                );
                self.add(
                    format!("window {id}"),
                    label,
                    "The circuit breaker opens later.",
                    edits,
                );
                let edits = vec![link(id, "breaker.open_for", Value::text("1s"))];
                let label = message!("Open the circuit breaker on {} for 1 s only", link_name(id));
                let cost = "A failing callee gets trial calls sooner.";
                self.add(format!("open {id}"), label, cost, edits);
            }
        }
        let retried: Vec<String> = (self.calls().iter())
            .filter(|l| l.retry.is_some())
            .map(|l| l.id.clone())
            .collect();
        if !retried.is_empty() {
            self.retries(&retried);
        }
    }

    pub(super) fn memory(&mut self, id: &str, service: &Service) {
        let Some(memory) = &service.memory else {
            return;
        };
        let fit = memory.calls().max(1) as f64;
        for share in [0.8, 0.5] {
            let slots = libm::floor(fit * share).max(1.0);
            let edits = vec![
                node(id, "concurrency", number(libm::ceil(slots / 2.0))),
                node(id, "queue.capacity", number(libm::floor(slots / 2.0))),
            ];
            let label = message!(
                "Admit no more calls to {} than fill {} of its memory",
                name(id),
                percent(share)
            );
            let cost = "Calls beyond that are rejected.";
            self.add(format!("admit {id}"), label, cost, edits);
        }
        let of = Scaled::Memory(id.to_owned());
        self.sizes(&of, memory.limit_mb, &[2.0, 4.0]);
    }

    pub(super) fn discipline(&mut self, ids: &[String]) {
        for id in ids {
            let Some(service) = self.facts.graph.service(id) else {
                continue;
            };
            let edits = vec![node(id, "queue.discipline", Value::text("fifo"))];
            let label = message!("Serve calls to {} in order of arrival", name(id));
            self.add(format!("fifo {id}"), label, "No call has priority.", edits);
            let order = &service.queue.priority;
            if order.len() > 1 {
                let turned = order.iter().rev().map(Value::text).collect();
                let edits = vec![node(id, "queue.priority", Value::List(turned))];
                let label = message!("Reverse the priorities of {}", name(id));
                self.add(
                    format!("order {id}"),
                    label,
                    "Calls that were served first wait.",
                    edits,
                );
            }
        }
    }

    /// Retries for calls that are lost or fail by themselves.
    pub(super) fn losses(&mut self) {
        let calls = self.calls();
        let bare: Vec<&Link> = calls
            .into_iter()
            .filter(|l| {
                let from = self.facts.graph.node(&l.from).map(|node| &node.kind);
                l.retry.is_none() && !matches!(from, Some(Kind::LoadBalancer(_)))
            })
            .collect();
        let mut edits = Vec::new();
        for l in &bare {
            let usual = self.facts.flow.call(&self.facts.graph, l).max(1e-3);
            if l.timeout.is_none() {
                edits.push(link(&l.id, "timeout", duration(usual * 10.0)));
            }
            edits.push(link(&l.id, "retry", remedies::budgeted()));
        }
        let label = "Retry once on each hop, within a budget";
        self.add("retry each hop", label, "Up to 10% more calls.", edits);
        let many: Vec<Command> = (self.facts.design.links.iter())
            .filter(|l| l.calls > 1)
            .map(|l| link(&l.id, "calls", number(1.0)))
            .collect();
        let label = "Make one call instead of several, wherever there are several";
        self.add(
            "batch",
            label,
            "Interfaces that take many items per call.",
            many,
        );
    }
}
