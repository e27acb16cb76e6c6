//! Databases.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::record;

record! {
    /// Stores versions of keys. Connections bound who may ask, concurrency bounds how many are worked on at once.
    pub struct Database {
        /// Connections: calls waiting or worked on; one more is refused. `null` is unbounded.
        pub connections: Option<u32> = Some(100) => { label: "Connections", unit: "connections", range: 1..=1000000, source: "PostgreSQL max_connections: 100" },
        /// Calls worked on at once; the others of the connected wait, first come first served.
        pub concurrency: u32 = 16 => { label: "Concurrency", unit: "slots", range: 1..=1000000 },
        /// Work of a read.
        pub read_time: Distribution = Distribution::Exp(Duration::ms(3)) => { label: "Read time", source: "a point read takes 1 to 10 ms" },
        /// Work of a write.
        pub write_time: Distribution = Distribution::Exp(Duration::ms(6)) => { label: "Write time" },
        /// The database whose data this one copies: a read model, written by whoever consumes the messages about it, each write taking over the version its message tells of. What is read here is judged against that owner. `null` owns its data.
        pub copy_of: Option<String> = None => { label: "Copy of" },
        /// Whether ids are unique: a write is ignored where one with its idempotency key, or of its message, was applied before.
        pub unique_ids: bool = false => { label: "Unique ids" },
    }
}
