//! The report of a queue.

use super::Gauge;
use super::fill::time;
use crate::components::Queue;
use crate::components::queue::{MessageTally, REASONS};
use crate::world::World;
use report::{Age, Backlog, Messages, Partition, Reader, Subscriber};
use std::collections::BTreeMap;

pub(super) fn messages(queue: &Queue, world: &World) -> Messages {
    let tally = &queue.tally;
    let (warmup, end, now) = (world.warmup, world.end, world.now);
    let name = |link, replica| format!("{}#{replica}", world.node(world.link(link).to).id);
    let subscriptions = queue.subscriptions();
    let subscribers = subscriptions.iter().filter_map(|state| {
        Some(Subscriber {
            link: world.link(state.link()?).id.clone(),
            delivered: state.delivered,
            acknowledged: state.acknowledged,
            waiting: state.held,
        })
    });
    let first = subscriptions.first();
    let partitions = first.into_iter().flat_map(|state| state.partitions());
    let readers = first.into_iter().flat_map(|state| state.readers());
    Messages {
        published: tally.published,
        delivered: tally.delivered,
        redelivered: tally.redelivered,
        redelivered_after: redelivered_after(tally),
        expired: tally.expired,
        acknowledged: tally.acknowledged,
        dead_lettered: tally.dead_lettered,
        dropped: tally.dropped,
        lost: tally.lost,
        waiting: queue.held(),
        backlog: Backlog {
            mean: mean(&queue.waiting, world),
            max: queue.waiting.max(),
        },
        wait_ms: time(&queue.wait),
        oldest_ms: Age {
            mean: queue.oldest_age.mean(warmup, end, now) / 1e6,
            max: queue.oldest_age.max(now) as f64 / 1e6,
        },
        subscribers: subscribers.collect(),
        partitions: partitions
            .map(|view| Partition {
                waiting: view.waiting,
                waiting_max: view.waiting_max,
                delivered: view.delivered,
                reader: view.reader.map(|(link, replica)| name(link, replica)),
            })
            .collect(),
        readers: readers
            .map(|(link, replica, partitions)| Reader {
                reader: name(link, replica),
                partitions,
            })
            .collect(),
    }
}

fn redelivered_after(tally: &MessageTally) -> BTreeMap<&'static str, u64> {
    let counted = REASONS.iter().zip(tally.redelivered_after);
    let counted = counted.filter(|(_, count)| *count > 0);
    counted.map(|((_, name), count)| (*name, count)).collect()
}

fn mean(gauge: &Gauge, world: &World) -> f64 {
    gauge.mean(world.warmup, world.end, world.now)
}
