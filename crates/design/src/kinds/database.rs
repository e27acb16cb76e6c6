//! Databases: connections, slots, shards, contention.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record, variants};

record! {
    /// Stores versions of keys. `connections` limits admitted calls, `concurrency` limits calls in
    /// progress.
    pub struct Database {
        /// Maximum connections of each member: calls waiting or in progress. Further calls are
        /// refused. `null` is unbounded.
        pub connections: Option<u32> = Some(100) => { label: "Connections", unit: "connections", range: 1..=1000000, source: "PostgreSQL max_connections: 100" },
        /// Calls that each member works on in parallel. Other connected calls wait, first come,
        /// first served.
        pub concurrency: u32 = 16 => { label: "Concurrency", unit: "slots", range: 1..=1000000 },
        /// Time a read takes.
        pub read_time: Distribution = Distribution::Exp(Duration::ms(3)) => { label: "Read time", source: "a point read takes 1 to 10 ms" },
        /// Time a write takes.
        pub write_time: Distribution = Distribution::Exp(Duration::ms(6)) => { label: "Write time" },
        /// The owner database that this read model copies. Message consumers write it, and its
        /// reads are compared with the owner's data. `null` owns its data.
        pub copy_of: Option<String> = None => { label: "Copy of" },
        /// Ignores a write whose idempotency key or message id was applied before.
        pub unique_ids: bool = false => { label: "Unique ids" },
        /// Share of reads and writes that fail after doing their work.
        pub error_rate: f64 = 0.0 => { label: "Error rate", range: 0..=1 },
        /// Work slows down as concurrency rises.
        pub contention: Option<Contention> = None => { label: "Contention" },
        /// Writes of the same key wait for each other, as for a row lock.
        pub row_locks: bool = false => { label: "Row locks" },
        /// How long a write keeps its row locked after its own work: the rest of the transaction.
        /// It holds no slot meanwhile.
        pub lock_time: Distribution = Distribution::Const(Duration::ZERO) => { label: "Lock time" },
        /// How keys are distributed over shards.
        pub shards: Shards = Shards::default() => { label: "Shards" },
        /// Operations that touch every shard: a read needs all of them, a write commits in two
        /// phases. `null` is none.
        pub cross_shard: Option<CrossShard> = None => { label: "Cross-shard operations" },
        /// Copies of each shard. `null` is one member per shard.
        pub replication: Option<Replication> = None => { label: "Replication" },
        /// One-way network latency between members, and between members and the query coordinator.
        pub member_latency: Distribution = Distribution::Const(Duration::us(250)) => { label: "Member latency", source: "half a round trip of 0.5 ms within a zone" },
    }
}

record! {
    /// Universal Scalability Law: with N calls in progress, work takes 1 + α (N − 1) + β N (N − 1)
    /// times as long.
    pub struct Contention {
        /// Serial share of the work (α), which only one call can do at a time.
        pub alpha: f64 = 0.03 => { label: "Contention (α)", range: 0..=1, source: "Gunther, Guerrilla Capacity Planning, 2007: serial fractions of 1% to 5%" },
        /// Coherency cost per pair (β): why adding concurrency can reduce throughput.
        pub beta: f64 = 0.0001 => { label: "Coherency (β)", range: 0..=1, source: "Gunther, 2007" },
    }
}

record! {
    /// How keys are distributed over shards.
    pub struct Shards {
        /// Number of shards.
        pub count: u32 = 1 => { label: "Count", unit: "shards", range: 1..=4096 },
        /// How the shard of a key is chosen.
        pub by: ShardBy = ShardBy::Hash => { label: "Shard by" },
        /// With `tenant`: number of tenants. Key k belongs to tenant k modulo this number.
        pub tenants: u32 = 100 => { label: "Tenants", range: 1..=10000000 },
    }
}

choice! {
    /// How the shard of a key is chosen.
    pub enum ShardBy {
        /// By a hash of the key: even, and adjacent popular keys are separated. The seed decides
        /// which keys share a shard.
        Hash = "hash",
        /// By ranges of adjacent keys. The popular keys share the first shard.
        Range = "range",
        /// By a hash of the tenant: all keys of a tenant share a shard.
        Tenant = "tenant",
        /// By hash modulo the number of shards: as even as `hash`, but nearly all keys move when
        /// that number changes.
        Modulo = "modulo",
    }
}

variants! {
    /// Which operations touch every shard.
    pub enum CrossShard {
        bare {
            /// All operations.
            Always = "always",
            /// Operations that read.
            Reads = "reads",
            /// Operations that write.
            Writes = "writes",
        }
        with {
            /// The named operations.
            Operations(Vec<String>) = "operations", or Vec::new();
            /// Each operation with this probability.
            Probability(f64) = "probability", or 0.1, range: 0..=1;
        }
    }
}

record! {
    /// Copies of each shard, on members of their own.
    pub struct Replication {
        /// Members of each shard, including the leader.
        pub replicas: u32 = 3 => { label: "Replicas", range: 1..=9 },
        /// When a write is acknowledged.
        pub mode: ReplicationMode = ReplicationMode::Async => { label: "Mode" },
        /// Delay from a write at the leader until a follower applies it, drawn per follower, in
        /// order. Also the time a returning member needs to catch up.
        pub lag: Distribution = Distribution::Exp(Duration::ms(50)) => { label: "Replication lag", source: "5 to 50 ms between zones, 80 to 500 ms between regions" },
        /// Which members serve reads when there is a leader.
        pub read_from: ReadFrom = ReadFrom::Leader => { label: "Read from" },
        /// How the sides of a network partition behave.
        pub on_partition: OnPartition = OnPartition::Refuse => { label: "On partition" },
        /// Time until members detect that their leader is gone or unreachable.
        pub detection_time: Duration = Duration::s(1) => { label: "Detection time", range: 0..=3600, source: "etcd and Kafka (KRaft): 1 s" },
        /// Time from that detection until another leader is elected.
        pub election_time: Duration = Duration::s(1) => { label: "Election time", range: 0..=3600, source: "hashicorp/raft: 1 s" },
        /// Quorum mode: number of members that a read contacts. The newest version wins.
        pub r: u32 = 2 => { label: "Read quorum", range: 1..=9 },
        /// Quorum mode: number of members that must have a write before it is acknowledged.
        pub w: u32 = 2 => { label: "Write quorum", range: 1..=9 },
        /// Quorum mode: which members a write is sent to.
        pub write_to: WriteTo = WriteTo::All => { label: "Write to" },
        /// Time a follower needs to apply one write. Writes are applied one at a time, so
        /// replication lag grows under load.
        pub apply_time: Distribution = Distribution::Const(Duration::ZERO) => { label: "Apply time" },
        /// Zones whose members are never elected (MongoDB: priority 0).
        pub no_leader_in: Vec<String> = Vec::new() => { label: "No leader in" },
    }
}

choice! {
    /// How the sides of a network partition behave.
    pub enum OnPartition {
        /// CP: at most one side continues, the one with a majority of running members, or half of
        /// them and the leader. Quorum mode: any side that reaches a quorum.
        Refuse = "refuse",
        /// AP: every side continues. When the partition heals, the last write of each key wins and
        /// the other side's writes are lost. Quorum mode: reachable members suffice.
        Diverge = "diverge",
    }
}

choice! {
    /// When a write is acknowledged.
    pub enum ReplicationMode {
        /// When the leader has it. Writes that no follower has yet are lost with the leader.
        Async = "async",
        /// When the leader and one follower have it. Without a follower, writes are unavailable.
        SemiSync = "semi_sync",
        /// When `w` members have it. There is no leader.
        Quorum = "quorum",
    }
}

choice! {
    /// Which members serve reads.
    pub enum ReadFrom {
        /// The leader, which has every write.
        Leader = "leader",
        /// The followers in turn, which lag behind the leader.
        Follower = "follower",
        /// All members in turn.
        Any = "any",
    }
}

choice! {
    /// Which members a write is sent to.
    pub enum WriteTo {
        /// All members. The write is acknowledged when `w` of them have it.
        All = "all",
        /// `w` members drawn at random. The others never get it (the partial quorums of Bailis et
        /// al. 2012).
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
