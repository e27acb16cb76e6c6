//! Components: the behavior of each kind of node, each a state machine in a file of its own.
//!
//! Dispatch is by enum: no trait objects, and the compiler lists what a new kind has to implement.

pub mod cache;
pub mod client;
pub mod coordinator;
pub mod database;
pub mod load_balancer;
pub mod queue;
pub mod service;
pub(crate) mod store;

pub use cache::Cache;
pub use client::Client;
pub use coordinator::Coordinator;
pub use database::Database;
pub use load_balancer::LoadBalancer;
pub use queue::Queue;
pub use service::Service;
pub(crate) use store::KeyHasher;

use crate::agenda::Time;
use crate::call::{CallId, Cause, Outcome};
use crate::data::Held;
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::station::Station;
use crate::world::World;

/// What every kind of node implements.
pub trait Component {
    /// Handles a call (or a message, or a probe) that has reached the node at a live replica.
    fn arrive(&mut self, call: CallId, cx: &mut World);
    /// Handles the end of the node's own work on a call.
    fn served(&mut self, call: CallId, cx: &mut World);
    /// Handles the end of a call that a job of this node waited for.
    fn done(&mut self, job: CallId, done: Done, cx: &mut World);
    /// Handles, as [`Self::done`], a call that was answered in full; spelled out where that saves
    /// time.
    fn done_well(&mut self, job: CallId, link: LinkIx, is_miss: bool, cx: &mut World) {
        let outcome = Outcome::Ok;
        self.done(
            job,
            Done {
                link,
                outcome,
                is_miss,
                detail: None,
            },
            cx,
        );
    }
    /// Handles a caller that stopped waiting for a job that waits for others. A service drops the
    /// job; a cache continues to load, for later look-ups.
    fn stop(&mut self, _job: CallId, _cx: &mut World) {}
    /// Handles another event of this node.
    fn timer(&mut self, event: Event, cx: &mut World);
    /// Handles a replica that died. Its calls have been answered; its memory is lost.
    fn crash(&mut self, replica: u32, cx: &mut World);
    /// Marks the versions and intents it keeps, so that they are not forgotten.
    fn hold(&self, _now: Time, _held: &mut Held) {}
    /// Returns its stations, one per replica, if it has slots.
    fn stations(&self) -> &[Station] {
        &[]
    }
    /// Returns its stations, one per replica, if it has slots.
    fn stations_mut(&mut self) -> &mut [Station] {
        &mut []
    }
}

macro_rules! components {
    ($($Kind:ident),*) => {
        /// A node's behavior. Its tag is stored separately: hidden in a niche, it would take longer
        /// to read than the jump on it.
        #[derive(Clone, Debug)]
        #[repr(u8)]
        pub enum Node { $(
            #[doc = concat!("A ", stringify!($Kind), ".")]
            $Kind($Kind),
        )* }

        impl Component for Node {
            #[inline(always)]
            fn arrive(&mut self, call: CallId, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.arrive(call, cx)),* }
            }
            #[inline(always)]
            fn served(&mut self, call: CallId, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.served(call, cx)),* }
            }
            fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.done(job, done, cx)),* }
            }
            #[inline(always)]
            fn done_well(&mut self, job: CallId, link: LinkIx, is_miss: bool, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.done_well(job, link, is_miss, cx)),* }
            }
            fn timer(&mut self, event: Event, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.timer(event, cx)),* }
            }
            fn stop(&mut self, job: CallId, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.stop(job, cx)),* }
            }
            fn crash(&mut self, replica: u32, cx: &mut World) {
                match self { $(Self::$Kind(node) => node.crash(replica, cx)),* }
            }
            fn hold(&self, now: Time, held: &mut Held) {
                match self { $(Self::$Kind(node) => node.hold(now, held)),* }
            }
            fn stations(&self) -> &[Station] {
                match self { $(Self::$Kind(node) => node.stations()),* }
            }
            fn stations_mut(&mut self) -> &mut [Station] {
                match self { $(Self::$Kind(node) => node.stations_mut()),* }
            }
        }
    };
}

components!(
    Client,
    LoadBalancer,
    Service,
    Cache,
    Queue,
    Database,
    Coordinator
);

impl Node {
    /// Returns the behavior of a kind, for a node already placed in the world.
    pub fn new(node: NodeIx, kind: &design::Kind, cx: &mut World) -> Self {
        match kind {
            design::Kind::Client(spec) => Self::Client(Client::new(node, spec, cx)),
            design::Kind::LoadBalancer(spec) => {
                Self::LoadBalancer(LoadBalancer::new(node, spec, cx))
            }
            design::Kind::Service(spec) => Self::Service(Service::new(node, spec, cx)),
            design::Kind::Cache(spec) => Self::Cache(Cache::new(node, spec, cx)),
            design::Kind::Queue(spec) => Self::Queue(Queue::new(node, spec, cx)),
            design::Kind::Database(spec) => Self::Database(Database::new(node, spec, cx)),
            design::Kind::Coordinator(spec) => Self::Coordinator(Coordinator::new(node, spec, cx)),
        }
    }

    /// Takes new parameters during a run. The kind is the same: another kind under the same id is
    /// placed as another node.
    pub fn update(&mut self, kind: &design::Kind, cx: &mut World) {
        match (self, kind) {
            (Self::Client(node), design::Kind::Client(spec)) => node.update(spec, cx),
            (Self::LoadBalancer(node), design::Kind::LoadBalancer(spec)) => node.update(spec),
            (Self::Service(node), design::Kind::Service(spec)) => node.update(spec, cx),
            (Self::Cache(node), design::Kind::Cache(spec)) => node.update(spec, cx),
            (Self::Queue(node), design::Kind::Queue(spec)) => node.update(spec, cx),
            (Self::Database(node), design::Kind::Database(spec)) => node.update(spec, cx),
            (Self::Coordinator(node), design::Kind::Coordinator(spec)) => node.update(spec, cx),
            (node, kind) => unreachable!("{node:?} is updated as a {}", kind.name()),
        }
    }
}

/// Returns what a caller receives from a callee whose own call failed: an error.
fn as_answer(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Ok | Outcome::Degraded | Outcome::Failed(Cause::Abandoned) => outcome,
        Outcome::Failed(_) => Outcome::Failed(Cause::Error),
    }
}

impl Node {
    /// Returns the number of calls that wait for a slot or a lock, or of messages that wait for a
    /// consumer.
    pub(crate) fn waiting(&self) -> u64 {
        let queued = |station: &Station| station.queued.level();
        let others = match self {
            Self::Queue(queue) => queue.waiting.level(),
            Self::Coordinator(coordinator) => coordinator.waiting.level(),
            Self::Client(_)
            | Self::LoadBalancer(_)
            | Self::Service(_)
            | Self::Cache(_)
            | Self::Database(_) => 0,
        };
        others + self.stations().iter().map(queued).sum::<u64>()
    }
}
