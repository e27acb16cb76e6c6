//! Faults: what fails, when, and for how long.

use crate::quantity::{Duration, Rate};
use crate::{choice, record};

record! {
    /// A fault: scheduled in the design, or injected during a run at the moment `at`.
    pub struct Fault {
        /// When the fault starts.
        pub at: Duration = Duration::ZERO => { label: "At" },
        /// How long the fault lasts. `null` lasts until the end of the run.
        pub lasts as "for": Option<Duration> = Some(Duration::s(10)) => { label: "Duration", range: 0.001..=2592000 },
        /// Kind of fault.
        pub kind: FaultKind = FaultKind::Slowdown => { label: "Kind" },
        /// The node, link or zone that the fault affects.
        pub target: String = String::new() => { label: "Target" },
        /// Limits the fault to one replica, counted from 0. `null` affects all replicas.
        pub replica: Option<u32> = None => { label: "Replica", range: 0..=9999 },
        /// For a slowdown, gray failure or traffic spike: the factor.
        pub times: f64 = 10.0 => { label: "Factor", range: 0..=10000 },
        /// Latency: added to each packet in each direction. Jitter: each packet gets a uniform
        /// share of it, from none to all.
        pub add: crate::Distribution = crate::Distribution::Const(Duration::ms(100)) => { label: "Added latency" },
        /// Packet loss: share of packets lost in each direction.
        pub loss: f64 = 0.5 => { label: "Packet loss", range: 0..=1 },
        /// For a partition: the zone or node that the target cannot reach. `null` means all others.
        pub to: Option<String> = None => { label: "Partitioned from" },
        /// For a partition: packets from the target are lost; packets to it arrive.
        pub one_way: bool = false => { label: "One way" },
        /// Error rate, gray failure, third-party outage: share of calls that fail. Connection leak:
        /// share of connections never returned.
        pub errors: f64 = 0.5 => { label: "Affected share", range: 0..=1 },
        /// For a cache flush: share of the keys lost, as when one cache node is lost.
        pub share: f64 = 1.0 => { label: "Share of keys", range: 0..=1 },
        /// For a key skew: share of the requests that go to a single key.
        pub hot: f64 = 0.5 => { label: "Hot-key share", range: 0..=1 },
        /// For GC pauses: time between the starts of two pauses.
        pub every: Duration = Duration::s(10) => { label: "Every", range: 0.001..=2592000 },
        /// For GC pauses: length of a pause.
        pub pause: Duration = Duration::ms(200) => { label: "Pause", range: 0.000001..=3600, source: "G1 aims at 200 ms" },
        /// For a schema migration: reads are blocked too.
        pub reads: bool = false => { label: "Blocks reads" },
        /// For a rolling deploy: how long each replica is down before the next one.
        pub step: Duration = Duration::s(10) => { label: "Downtime per replica", range: 0.001..=86400 },
        /// For poison messages: number of messages.
        pub messages: u32 = 1 => { label: "Messages", range: 1..=1000000 },
        /// For a resharding: number of shards afterwards.
        pub shards: u32 = 2 => { label: "Shards", unit: "shards", range: 1..=4096 },
        /// For a resharding: number of keys that move together.
        pub batch: u32 = 100 => { label: "Batch", unit: "keys", range: 1..=10000000 },
        /// For a resharding: time to copy one key, spent at the source shard and again at the
        /// destination.
        pub copy_time: Duration = Duration::us(100) => { label: "Copy time", range: 0.000001..=3600, source: "10 to 50 MB/s per shard: 10,000 rows of 1 kB a second" },
        /// For a resharding: how long writes to the moving keys are blocked at the end of each
        /// batch.
        pub cutover: Duration = Duration::ms(10) => { label: "Cutover time", range: 0..=3600, source: "MongoDB: the critical section of a chunk migration" },
        /// For a resharding: maximum keys moved per second. `null` copies at full speed.
        pub rate: Option<Rate> = None => { label: "Rate", range: 0.001..=10000000 },
        /// For a clock skew: how far the clock is off.
        pub offset: Duration = Duration::s(1) => { label: "Offset", range: 0.000001..=86400, source: "NTP over the internet is off by 1 to 100 ms, an unsynchronized clock drifts about 1 s a day" },
        /// For a clock skew: the clock is behind instead of ahead.
        pub behind: bool = false => { label: "Behind" },
        /// Repeats the fault at random, with exponentially distributed uptimes of this mean. Each
        /// replica fails independently; a zone or link fails as a whole. `null` happens once.
        pub mtbf: Option<Duration> = None => { label: "Mean time between failures", range: 0.001..=31536000 },
        /// For a repeating fault: repair times are exponentially distributed with this mean. `null`
        /// repairs after the fault's duration.
        pub mttr: Option<Duration> = None => { label: "Mean time to repair", range: 0.001..=2592000 },
    }
}

choice! {
    /// Kind of fault.
    pub enum FaultKind {
        /// The process dies. Its work is lost and new calls are refused immediately. At the end it
        /// restarts, empty.
        Crash = "crash",
        /// All work of the node takes `times` as long.
        Slowdown = "slowdown",
        /// Adds latency to a link.
        Latency = "latency",
        /// A link loses packets.
        Loss = "loss",
        /// A client sends `times` as many requests. A closed-loop client has `times` as many users.
        TrafficSpike = "traffic_spike",
        /// A cache loses all entries, or a `share` of its keys.
        CacheFlush = "cache_flush",
        /// Cuts a zone, node or link off from another, or from all others. Packets between them are
        /// lost, including health probes. Traffic within a zone continues.
        Partition = "partition",
        /// The process freezes: packets sent to it are lost and it sends nothing. Work in progress
        /// resumes when the hang is over.
        Hang = "hang",
        /// A share of the calls (`errors`) fails immediately, including HTTP health probes.
        ErrorRate = "error_rate",
        /// Health probes pass, but a share of the calls (`errors`) fails immediately and the others
        /// take `times` as long.
        GrayFailure = "gray_failure",
        /// Adds a different random latency to each packet of a link.
        Jitter = "jitter",
        /// A share of a client's requests (`hot`) goes to a single key.
        KeySkew = "key_skew",
        /// A cache refuses every call. It keeps its entries.
        CacheOutage = "cache_outage",
        /// A queue refuses every message and delivers none. It keeps its messages.
        QueueOutage = "queue_outage",
        /// Restarts replicas one after another. Each is down for `step`, as in a crash. The deploy
        /// ends when all have restarted.
        RollingDeploy = "rolling_deploy",
        /// Writes fail with an error. Reads continue.
        DiskFull = "disk_full",
        /// The process freezes for `pause`, repeatedly. Arriving calls wait, and nothing is lost.
        GcPauses = "gc_pauses",
        /// A share of the calls (`errors`) fails immediately. The others never get a response.
        ThirdPartyOutage = "third_party_outage",
        /// The node's telemetry is lost: no metrics reach any alert.
        TelemetryLoss = "telemetry_loss",
        /// The leader steps down immediately and another is elected. In a database, this happens in
        /// each shard.
        LeaderFailover = "leader_failover",
        /// Locks a database's tables: writes are blocked until it is over. With `reads`, reads are
        /// blocked too.
        SchemaMigration = "schema_migration",
        /// A share of the connections of a link's pool (`errors`) is never returned, until the
        /// caller restarts.
        ConnectionLeak = "connection_leak",
        /// The next `messages` messages that a queue accepts are poison: they fail on every
        /// attempt.
        PoisonMessage = "poison_message",
        /// Changes a database's number of shards to `shards`, moving keys in batches. Copying takes
        /// time and loads the shards involved.
        Reshard = "reshard",
        /// A node's clock is off by `offset` and is corrected at the end. Timestamps and expiry
        /// decisions are wrong by that much.
        ClockSkew = "clock_skew",
    }
}

impl FaultKind {
    /// The kinds of node this can be aimed at; none for faults of links and zones.
    pub fn targets(self) -> &'static [&'static str] {
        match self {
            Self::Crash | Self::Hang | Self::ErrorRate => &[
                "load_balancer",
                "service",
                "cache",
                "queue",
                "database",
                "coordinator",
            ],
            Self::Slowdown | Self::ClockSkew => &["service", "cache", "database", "coordinator"],
            Self::GrayFailure => &["service", "cache", "database"],
            Self::GcPauses => &["service", "cache", "queue", "database", "coordinator"],
            Self::SchemaMigration | Self::Reshard => &["database"],
            Self::Latency | Self::Jitter | Self::Loss | Self::ConnectionLeak | Self::Partition => {
                &[]
            }
            Self::TrafficSpike | Self::KeySkew => &["client"],
            Self::CacheFlush | Self::CacheOutage => &["cache"],
            Self::QueueOutage | Self::PoisonMessage => &["queue"],
            Self::RollingDeploy => &["service", "coordinator"],
            Self::ThirdPartyOutage => &["service"],
            Self::LeaderFailover => &["coordinator", "database"],
            Self::DiskFull => &["queue", "database"],
            Self::TelemetryLoss => &[
                "client",
                "load_balancer",
                "service",
                "cache",
                "queue",
                "database",
                "coordinator",
            ],
        }
    }

    /// Whether it is aimed at a link.
    pub fn is_for_links(self) -> bool {
        match self {
            Self::Latency | Self::Jitter | Self::Loss | Self::ConnectionLeak => true,
            Self::Crash
            | Self::Slowdown
            | Self::TrafficSpike
            | Self::CacheFlush
            | Self::Partition
            | Self::Hang
            | Self::ErrorRate
            | Self::GrayFailure
            | Self::KeySkew
            | Self::CacheOutage
            | Self::QueueOutage
            | Self::RollingDeploy
            | Self::DiskFull
            | Self::GcPauses
            | Self::ThirdPartyOutage
            | Self::TelemetryLoss
            | Self::SchemaMigration
            | Self::PoisonMessage
            | Self::Reshard
            | Self::ClockSkew
            | Self::LeaderFailover => false,
        }
    }

    /// Whether it happens at one moment, and is over (or, a resharding, goes on by itself).
    pub fn is_of_a_moment(self) -> bool {
        matches!(
            self,
            Self::CacheFlush | Self::LeaderFailover | Self::PoisonMessage | Self::Reshard
        )
    }

    /// Whether it goes over time in a way of its own, so that it cannot come and go.
    pub fn has_own_course(self) -> bool {
        matches!(self, Self::RollingDeploy | Self::GcPauses | Self::Reshard)
    }

    /// Whether it is aimed at a node by its name, and never at all in a zone.
    pub fn is_of_one_node(self) -> bool {
        matches!(self, Self::RollingDeploy | Self::Reshard)
    }

    /// Whether it happens to a node as a whole, and not to each replica for itself.
    pub fn is_of_whole_node(self) -> bool {
        self.is_of_a_moment()
            || matches!(
                self,
                Self::TrafficSpike
                    | Self::KeySkew
                    | Self::TelemetryLoss
                    | Self::SchemaMigration
                    | Self::Partition
            )
    }
}

impl Fault {
    /// The moment it is over, if it ends; for a rolling deploy of a node with this many replicas.
    pub fn ends(&self, replicas: u32) -> Option<Duration> {
        let after = |ns: u64| Some(Duration(self.at.0.saturating_add(ns)));
        match self.kind {
            FaultKind::RollingDeploy => after(self.step.0.saturating_mul(u64::from(replicas))),
            _ if self.mtbf.is_some() => None,
            kind if kind.is_of_a_moment() => Some(self.at),
            _ => after(self.lasts?.0),
        }
    }
}
