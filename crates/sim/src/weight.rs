//! The approximate memory of a run, by which holders of copies limit them.

use crate::call::Call;
use crate::components::Node;
use crate::simulation::Simulation;

/// Approximate size of the histograms and counters of a node and of a link, in bytes.
const OF_NODE: usize = 24_000;
const OF_LINK: usize = 12_000;
/// Size of an entry of a cache, a key of a store and a message, with their places in the indices.
const OF_ENTRY: usize = 96;

impl Simulation {
    /// Returns the approximate size of a clone, in bytes.
    pub fn weight(&self) -> usize {
        let world = &self.world;
        let parts = self.nodes.len() * OF_NODE + world.links.len() * OF_LINK;
        let caches = self.nodes.iter().map(|node| match node {
            Node::Cache(cache) => cache.entries(),
            _ => 0,
        });
        let entries = caches.sum::<usize>() + world.data.rows() + world.messages as usize;
        let windows = std::mem::size_of_val(world.windows.closed.as_slice());
        parts + world.calls.room() * size_of::<Call>() + entries * OF_ENTRY + windows
    }
}
