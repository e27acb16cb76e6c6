//! The hash of a run: of everything that was counted.

use super::Hash;
use super::caches::CacheReport;
use super::queues::Messages;
use crate::components::{Component, Node};
use crate::simulation::Simulation;

impl Simulation {
    /// The hash of all that was counted so far.
    pub fn hash(&self) -> String {
        let mut hash = Hash::default();
        hash.words([self.world.now, self.world.events, self.world.seed]);
        hash.words(self.world.requests().words());
        hash.words(self.data_tally().words());
        for watch in &self.watches.list {
            hash.words(watch.words());
        }
        for node in &self.world.nodes {
            hash.text(&node.id);
            let tally = &node.tally;
            hash.words([
                tally.all.arrivals,
                tally.all.completions,
                tally.measured.arrivals,
                tally.measured.completions,
            ]);
            hash.words(tally.all.failures);
            hash.words([
                tally.sojourn as u64,
                tally.worked as u64,
                tally.wasted as u64,
            ]);
            hash.word(tally.stale_reads);
            hash.words(tally.hits.into_iter().chain(tally.misses));
            hash.words(tally.wait.words().chain(tally.response.words()));
            hash.words(tally.failed.words());
            hash.words([
                tally.present.level(),
                tally.present.area(self.world.now) as u64,
            ]);
        }
        for node in &self.nodes {
            for station in node.stations() {
                let areas = [&station.queued, &station.held, &station.working]
                    .map(|gauge| gauge.area(self.world.now) as u64);
                hash.words(areas);
            }
            if let Node::Service(service) = node {
                hash.words(service.scaling_words(self.world.now));
            }
            if let Node::Cache(cache) = node {
                CacheReport::hash(cache, &mut hash);
            }
            if let Node::Coordinator(coordinator) = node {
                hash.words(coordinator.tally.words());
            }
            if let Node::Database(database) = node {
                hash.words(database.words(self.world.now));
            }
            if let Node::Queue(queue) = node {
                Messages::hash(queue, self.world.now, &mut hash);
            }
        }
        for link in &self.world.links {
            hash.text(&link.id);
            let tally = &link.tally;
            hash.words(
                tally
                    .calls
                    .into_iter()
                    .chain(tally.attempts)
                    .chain(tally.retries)
                    .chain(tally.answers),
            );
            hash.words(tally.failures.into_iter().flatten());
            hash.words(tally.latency.words().chain(tally.pauses.words()));
        }
        for window in &self.world.windows.closed {
            hash.words([
                window.offered,
                window.finished,
                window.good,
                window.failed,
                window.bottom_attempts,
                window.waiting,
            ]);
        }
        hash.finish()
    }
}
