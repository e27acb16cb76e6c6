//! Messages that always fail and are redelivered indefinitely.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::queue::Delivery;
use design::link::Mode;
use design::{FaultKind, Link, Metric, Node};
use report::{
    Field, Finding, Message, Messages, Remedy, count_of, figure, message, ms, name, percent, whole,
};
use sim::Report;

/// Least number of redeliveries per message that cannot be processed.
const RECEIVES: f64 = 10.0;
/// Least number of redeliveries in total.
const AGAIN: u64 = 20;

pub(super) const RULE: Rule = Rule {
    id: "poison-message",
    title: "Poison message without a dead-letter queue",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A message that fails on every attempt is redelivered indefinitely. In a queue with \
        partitions it blocks all messages behind it. Without partitions, each redelivery takes \
        consumer time.",
    evidence: "Structural: an at-least-once queue has no limit on receives (a note), or it drops a \
        message at the limit because it has no dead-letter link (a note). Measured: a queue \
        without a limit, or with one above 50 receives, had messages that cannot be processed and \
        at least 20 redeliveries. In addition, each such message was redelivered at least 10 \
        times, or at least 50 messages waited behind them.",
    silent: "A limit on receives with a dead-letter link. Redeliveries because a consumer crashed.",
    fixes: "Limit the receives of a message, and move it to a dead-letter queue. The cost: someone \
        has to inspect the dead letters.",
};

fn has_dead_letter(facts: &Facts<'_>, id: &str) -> bool {
    let mut links = facts.graph.out(id).iter();
    links.any(|link| link.mode == Mode::DeadLetter)
}

fn fixes(facts: &Facts<'_>, node: &Node) -> Remedy {
    let mut edits = vec![remedies::node(
        &node.id,
        "max_receives",
        remedies::number(3.0),
    )];
    if !has_dead_letter(facts, &node.id) {
        let id = facts.design.free_id("dead-letters");
        let dead = design::Node::new(
            id.clone(),
            design::Kind::Queue(design::kinds::Queue::default()),
            [node.at[0], node.at[1] + 160],
        );
        edits.push(design::Command::AddNode(usize::MAX, Box::new(dead)));
        edits.push(design::Command::AddLink(
            usize::MAX,
            Box::new(Link {
                id: facts.design.free_link_id(&node.id, &id),
                from: node.id.clone(),
                to: id,
                mode: Mode::DeadLetter,
                ..Link::default()
            }),
        ));
    }
    Remedy::new(
        "Move a message to a dead-letter queue after three receives",
        "Someone has to inspect the dead letters, and some of them only failed at random.",
        edits,
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, queue) in facts.queues() {
        let is_read = facts
            .graph
            .out(&node.id)
            .iter()
            .any(|link| link.mode == Mode::Consume);
        if queue.delivery != Delivery::AtLeastOnce || !is_read {
            continue;
        }
        let finding = match queue.max_receives {
            None => Finding::new(RULE.id, [node.id.clone()]).says(
                message!("{} redelivers a message that cannot be processed indefinitely", name(&node.id)),
                match queue.partitions {
                    Some(_) => "It has no limit on receives and it preserves order, so such a message blocks its whole partition.",
                    None => "It has no limit on receives, so each such message takes consumer time again and again.",
                },
                "Move a message to a dead-letter queue after a few receives.",
            ),
            Some(most) if !has_dead_letter(facts, &node.id) => Finding::new(RULE.id, [node.id.clone()]).says(
                message!("{} drops a message after {} receives", name(&node.id), most),
                "There is no dead-letter link, so a message that fails is lost, whatever the \
                 reason.",
                "Add a dead-letter queue.",
            ),
            Some(_) => continue,
        };
        found.push(
            finding
                .endangers(Metric::LostWrites)
                .fixed_by([fixes(facts, node)]),
        );
    }
    found
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, queue) in facts.queues() {
        let Some(messages) = report
            .nodes
            .get(&node.id)
            .and_then(|node| node.messages.as_ref())
        else {
            continue;
        };
        let fault = facts
            .faults_on(&[&node.id])
            .find(|fault| fault.kind == FaultKind::PoisonMessage);
        let is_poisoned = fault.is_some() || queue.poison > 0.0;
        // A consumer that always fails some messages has the same effect.
        if queue.delivery != Delivery::AtLeastOnce || !is_poisoned || messages.redelivered < AGAIN {
            continue;
        }
        let bad = (messages.published as f64 * queue.poison)
            .max(fault.map_or(0.0, |fault| f64::from(fault.messages)))
            .max(1.0);
        let each = messages.redelivered as f64 / bad;
        let blocked = messages
            .partitions
            .iter()
            .filter(|partition| partition.waiting_max >= 50)
            .count();
        let endless = queue.max_receives.is_none_or(|most| most > 50);
        if !endless || each < RECEIVES && messages.waiting < 50 && blocked == 0 {
            continue;
        }
        let onset = fault
            .map(|fault| fault.at.as_s())
            .or(facts.series.as_ref().map(|series| series.whole().from_s));
        let at = |name: &str| field::node(&node.id, &format!("messages.{name}"));
        let behind = behind(&node.id, messages, blocked);
        let delivered = messages.redelivered as f64 / messages.delivered.max(1) as f64;
        let again = || at("redelivered").over(at("delivered"));
        let metric = facts.missed_by_users().unwrap_or(Metric::Goodput);
        let mut finding = Finding::new(RULE.id, [node.id.clone()])
            .measured(onset)
            .says(
                message!(
                    "{} kept redelivering messages that cannot be processed: {} of its deliveries",
                    name(&node.id),
                    percent(delivered).of(again())
                ),
                message!(
                    "Each message that cannot be processed was redelivered about {} times.{}",
                    figure(each).of(at("redelivered").times(1.0 / bad)),
                    behind
                ),
                "Move a message to a dead-letter queue after a few receives.",
            )
            .endangers(metric)
            .fixed_by([fixes(facts, node)]);
        if blocked > 0 {
            finding = finding.severity(report::Severity::Error);
        }
        found.push(finding);
    }
    found
}

/// Says which messages waited behind those that cannot be processed.
fn behind(id: &str, messages: &Messages, blocked: usize) -> Message {
    let at = |name: &str| field::node(id, &format!("messages.{name}"));
    let left = left(messages.waiting, at("waiting"));
    match (blocked, messages.waiting) {
        (0, 0) => Message::new(),
        (0, _) => message!(" {} left at the end.", left),
        (n, _) => message!(
            " They blocked {} of {} partitions. {} left at the end, and the oldest had waited {}.",
            n,
            messages.partitions.len(),
            left,
            ms(messages.oldest_ms.max).of(at("oldest_ms.max"))
        ),
    }
}

/// "1 message was", "20 messages were".
fn left(waiting: u64, of: Field) -> Message {
    count_of(whole(waiting as f64).of(of), "message was", "messages were")
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(max_receives: &str) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "30/s"}}}},
            {{"id": "jobs", "kind": "queue", "partitions": 4, "max_receives": {max_receives}, "redelivery": "at_once"}},
            {{"id": "dead", "kind": "queue"}},
            {{"id": "worker", "kind": "service", "replicas": 2, "service_time": "exp(10ms)"}}],
            "links": [{{"from": "users", "to": "jobs", "mode": "publish"}}, {{"from": "jobs", "to": "worker", "mode": "consume"}},
                {{"from": "jobs", "to": "dead", "mode": "dead_letter"}}], "drain": false}}"#
        ));
        design.faults.push(fault(
            r#"{"at": "20s", "kind": "poison_message", "target": "jobs", "messages": 1}"#,
        ));
        design
    }

    #[test]
    fn a_poison_message_blocks_its_partition_until_it_is_given_up() {
        let faulty = design("null");
        assert!(lint("poison-message", &faulty)[0].why.contains("partition"));
        let finding = &found("poison-message", &faulty, &run(&faulty))[0];
        assert_eq!((finding.measured, finding.onset_s), (true, Some(20.0)));
        let fixed = design("3");
        assert!(lint("poison-message", &fixed).is_empty());
        assert!(found("poison-message", &fixed, &run(&fixed)).is_empty());
    }
}
