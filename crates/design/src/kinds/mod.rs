//! The kinds of node: one file per kind's parameters, one row per kind here.

pub mod cache;
pub mod client;
pub mod coordinator;
pub mod database;
pub mod load_balancer;
pub mod queue;
pub mod service;

pub use cache::Cache;
pub use client::Client;
pub use coordinator::Coordinator;
pub use database::Database;
pub use load_balancer::LoadBalancer;
pub use queue::Queue;
pub use service::Service;

use crate::attribute::{Attribute, Reader, Record};
use crate::value::Value;

/// What the editor, the schema and the docs know of a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// As written in a file.
    pub name: &'static str,
    /// As shown to a person.
    pub label: &'static str,
    /// Its parameters.
    pub record: &'static Record,
    /// A new node of this kind, all defaults.
    pub make: fn() -> Kind,
}

macro_rules! kinds {
    ($($Kind:ident = $name:literal, $label:literal;)*) => {
        /// What a node is, with its parameters.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Kind { $(
            #[doc = concat!("A ", $label, ".")]
            $Kind($Kind),
        )* }

        /// Every kind, in the order the palette shows them.
        pub const KINDS: &[KindInfo] = &[$(
            KindInfo { name: $name, label: $label, record: $Kind::RECORD, make: || Kind::$Kind($Kind::default()) },
        )*];

        impl Kind {
            /// As written in a file.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$Kind(_) => $name,)* }
            }

            /// What is known of this kind.
            pub fn info(&self) -> &'static KindInfo {
                let name = self.name();
                KINDS.iter().find(|info| info.name == name).expect("every kind has a row")
            }

            /// Reads the parameters of the kind called `name`, which must be one of [`KINDS`].
            pub fn read(name: &str, parameters: &Value, reader: &mut Reader) -> Option<Self> {
                match name {
                    $($name => <$Kind as Attribute>::read(parameters, reader).map(Self::$Kind),)*
                    _ => {
                        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                        reader.within("kind", |reader| reader.unknown(&format!("kind \"{}\"", name.chars().take(60).collect::<String>()), name, &names));
                        None
                    }
                }
            }

            /// Writes all parameters, defaults included.
            pub fn write(&self) -> Value {
                match self { $(Self::$Kind(parameters) => parameters.write(),)* }
            }
        }
    };
}

kinds! {
    Client = "client", "client";
    LoadBalancer = "load_balancer", "load balancer";
    Service = "service", "service";
    Cache = "cache", "cache";
    Queue = "queue", "queue";
    Database = "database", "database";
    Coordinator = "coordinator", "coordinator";
}

impl Kind {
    /// The most replicas it may run: more than at the start where it is scaled by itself.
    pub fn replicas_max(&self) -> u32 {
        let autoscale = match self {
            Self::Service(service) => service.autoscale.as_ref(),
            _ => None,
        };
        autoscale.map_or(self.replicas(), |autoscale| autoscale.max)
    }

    /// Whether it keeps time by the time of day, whatever its links say.
    pub fn reads_clock(&self) -> bool {
        match self {
            Self::Cache(cache) => cache.ttl.is_some() && cache.hit_ratio.is_none(),
            Self::Coordinator(coordinator) => coordinator.lease.is_some(),
            Self::Database(node) => node.replication.as_ref().is_some_and(|replication| {
                replication.on_partition == database::OnPartition::Diverge || !node.has_leader()
            }),
            Self::Client(_) | Self::LoadBalancer(_) | Self::Service(_) | Self::Queue(_) => false,
        }
    }

    /// How many identical processes the node runs, at the start.
    pub fn replicas(&self) -> u32 {
        match self {
            Self::Service(service) => service.replicas,
            Self::Coordinator(coordinator) => coordinator.members,
            Self::Database(database) => database.members(),
            Self::Client(_) | Self::LoadBalancer(_) | Self::Cache(_) | Self::Queue(_) => 1,
        }
    }
}
