//! Databases: connections, slots, shards, contention.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record, variants};

record! {
    /// Stores versions of keys. Connections bound who may ask, concurrency bounds how many are worked on at once.
    pub struct Database {
        /// Connections: calls waiting or worked on; one more is refused. Of each member. `null` is unbounded.
        pub connections: Option<u32> = Some(100) => { label: "Connections", unit: "connections", range: 1..=1000000, source: "PostgreSQL max_connections: 100" },
        /// Calls worked on at once by each member; the others of the connected wait, first come first served.
        pub concurrency: u32 = 16 => { label: "Concurrency", unit: "slots", range: 1..=1000000 },
        /// Work of a read.
        pub read_time: Distribution = Distribution::Exp(Duration::ms(3)) => { label: "Read time", source: "a point read takes 1 to 10 ms" },
        /// Work of a write.
        pub write_time: Distribution = Distribution::Exp(Duration::ms(6)) => { label: "Write time" },
        /// The database whose data this one copies: a read model, written by whoever consumes the messages about it, each write taking over the version its message tells of. What is read here is judged against that owner. `null` owns its data.
        pub copy_of: Option<String> = None => { label: "Copy of" },
        /// Whether ids are unique: a write is ignored where one with its idempotency key, or of its message, was applied before.
        pub unique_ids: bool = false => { label: "Unique ids" },
        /// Share of reads and writes that end in an error after their work.
        pub error_rate: f64 = 0.0 => { label: "Error rate", range: 0..=1 },
        /// Work gets slower the more of it is done at once.
        pub contention: Option<Contention> = None => { label: "Contention" },
        /// Whether writes of one key wait for each other, as for the lock of a row.
        pub row_locks: bool = false => { label: "Row locks" },
        /// How long a write holds its row after its own work: the rest of its transaction. It needs no slot meanwhile.
        pub lock_time: Distribution = Distribution::Const(Duration::ZERO) => { label: "Lock time" },
        /// How the keys are spread over members.
        pub shards: Shards = Shards::default() => { label: "Shards" },
        /// Which operations touch every shard: all must answer, and a write commits in two phases. `null` is none.
        pub cross_shard: Option<CrossShard> = None => { label: "Cross-shard" },
        /// Copies of each shard. `null` is none: one member per shard.
        pub replication: Option<Replication> = None => { label: "Replication" },
        /// One way between members, and between them and whoever gathers their parts.
        pub member_latency: Distribution = Distribution::Const(Duration::us(250)) => { label: "Member latency", source: "half a round trip of 0.5 ms within a zone" },
    }
}

record! {
    /// The universal scalability law: work takes 1 + α (N - 1) + β N (N - 1) times as long, N being worked on.
    pub struct Contention {
        /// Share of the work that only one at a time can do (α).
        pub alpha: f64 = 0.03 => { label: "Alpha", range: 0..=1, source: "Gunther, Guerrilla Capacity Planning, 2007: serial fractions of 1 to 5 %" },
        /// Cost of each pair that must agree on something (β): what makes more be less.
        pub beta: f64 = 0.0001 => { label: "Beta", range: 0..=1, source: "Gunther, 2007" },
    }
}

record! {
    /// How the keys are spread over members.
    pub struct Shards {
        /// How many there are.
        pub count: u32 = 1 => { label: "Count", unit: "shards", range: 1..=4096 },
        /// Which keys go together.
        pub by: ShardBy = ShardBy::Hash => { label: "By" },
        /// By tenant: how many there are. Key k is of tenant k modulo this.
        pub tenants: u32 = 100 => { label: "Tenants", range: 1..=10000000 },
    }
}

choice! {
    /// Which keys go together on a shard.
    pub enum ShardBy {
        /// Keys spread by a hash: evenly, popular neighbours apart. Which keys meet hangs on the seed.
        Hash = "hash",
        /// Neighbours together, over the keys that clients use: the popular ones meet on the first shard.
        Range = "range",
        /// All keys of a tenant together, the tenants spread by a hash.
        Tenant = "tenant",
        /// Keys spread by a hash, modulo the number of shards: as even as `hash`, but nearly all keys move when that number changes.
        Modulo = "modulo",
    }
}

variants! {
    /// Which operations touch every shard.
    pub enum CrossShard {
        bare {
            /// All of them.
            Always = "always",
            /// Those that read.
            Reads = "reads",
            /// Those that write.
            Writes = "writes",
        }
        with {
            /// These.
            Operations(Vec<String>) = "operations", or Vec::new();
            /// Each with this probability.
            Probability(f64) = "probability", or 0.1, range: 0..=1;
        }
    }
}

record! {
    /// Copies of each shard, on members of their own.
    pub struct Replication {
        /// Members of each shard, the leader included.
        pub replicas: u32 = 3 => { label: "Replicas", range: 1..=9 },
        /// When a write is answered.
        pub mode: ReplicationMode = ReplicationMode::Async => { label: "Mode" },
        /// From a write at the leader until a follower has it, drawn for each; they come in order. Also from the return of a member until it has what it missed.
        pub lag: Distribution = Distribution::Exp(Duration::ms(50)) => { label: "Lag", source: "5 to 50 ms between zones, 80 to 500 ms between regions" },
        /// Who answers reads, where there is a leader.
        pub read_from: ReadFrom = ReadFrom::Leader => { label: "Read from" },
        /// What becomes of the sides of a network partition.
        pub on_partition: OnPartition = OnPartition::Refuse => { label: "On partition" },
        /// Until members notice that their leader is gone or cut off.
        pub detection_time: Duration = Duration::s(1) => { label: "Detection time", range: 0..=3600, source: "etcd and Kafka (KRaft): 1 s" },
        /// From then until another leads.
        pub election_time: Duration = Duration::s(1) => { label: "Election time", range: 0..=3600, source: "hashicorp/raft: 1 s" },
        /// With quorums: members that a read asks; the newest answer counts.
        pub r: u32 = 2 => { label: "Read quorum", range: 1..=9 },
        /// With quorums: members that must have a write before it is answered.
        pub w: u32 = 2 => { label: "Write quorum", range: 1..=9 },
        /// With quorums: whom a write is sent to.
        pub write_to: WriteTo = WriteTo::All => { label: "Write to" },
        /// Work of applying one write at a follower, one after another: what makes the lag grow under load.
        pub apply_time: Distribution = Distribution::Const(Duration::ZERO) => { label: "Apply time" },
        /// Zones whose members are never elected (MongoDB: priority 0).
        pub no_leader_in: Vec<String> = Vec::new() => { label: "No leader in" },
    }
}

choice! {
    /// What becomes of the sides of a network partition.
    pub enum OnPartition {
        /// One side at most goes on, the other is unavailable (CP): that with most of the running members, or half of them and the leader. With quorums: whoever reaches enough.
        Refuse = "refuse",
        /// Every side goes on by itself (AP). Once they meet, of each key that both wrote the last write stands and the other side's are lost. With quorums: those that can be reached are enough.
        Diverge = "diverge",
    }
}

choice! {
    /// When a write is answered.
    pub enum ReplicationMode {
        /// Once the leader has it: what no follower has yet is lost with the leader.
        Async = "async",
        /// Once the leader and one follower have it. Without a follower it is unavailable.
        SemiSync = "semi_sync",
        /// Once `w` members have it. There is no leader.
        Quorum = "quorum",
    }
}

choice! {
    /// Who answers reads.
    pub enum ReadFrom {
        /// The leader, who has every write.
        Leader = "leader",
        /// The followers in turn, who lag behind.
        Follower = "follower",
        /// All members in turn.
        Any = "any",
    }
}

choice! {
    /// Whom a write is sent to.
    pub enum WriteTo {
        /// All members; the first `w` to have it suffice.
        All = "all",
        /// `w` members drawn at random and no others: those never get it (the partial quorums of Bailis et al. 2012).
        Quorum = "quorum",
    }
}

impl Database {
    /// Members: processes that hold data, shard after shard.
    pub fn members(&self) -> u32 {
        self.shards.count * self.copies()
    }

    /// Whether one member of each shard leads the others.
    pub fn has_leader(&self) -> bool {
        let mode = self
            .replication
            .as_ref()
            .map(|replication| replication.mode);
        mode.is_some_and(|mode| mode != ReplicationMode::Quorum)
    }

    /// Members of each shard.
    pub fn copies(&self) -> u32 {
        self.replication
            .as_ref()
            .map_or(1, |replication| replication.replicas)
    }
}
