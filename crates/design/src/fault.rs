//! Faults: what is broken, when, and for how long.

use crate::quantity::{Duration, Rate};
use crate::{choice, record};

record! {
    /// Something breaks: scheduled in the design, or injected by a person at the moment `at`.
    pub struct Fault {
        /// When it begins.
        pub at: Duration = Duration::ZERO => { label: "At" },
        /// How long it lasts. `null` is to the end of the run.
        pub lasts as "for": Option<Duration> = Some(Duration::s(10)) => { label: "For", range: 0.001..=2592000 },
        /// What happens.
        pub kind: FaultKind = FaultKind::Slowdown => { label: "Kind" },
        /// The node, link or zone it happens to.
        pub target: String = String::new() => { label: "Target" },
        /// One replica alone, counted from 0. `null` is all of them.
        pub replica: Option<u32> = None => { label: "Replica", range: 0..=9999 },
        /// For a slowdown, a gray failure or a traffic spike: times this.
        pub times: f64 = 10.0 => { label: "Times", range: 0..=10000 },
        /// For latency: added to each packet, each way. For jitter: each packet takes an even share of it, from nothing to all.
        pub add: crate::Distribution = crate::Distribution::Const(Duration::ms(100)) => { label: "Added latency" },
        /// For loss: share of packets lost, each way.
        pub loss: f64 = 0.5 => { label: "Loss", range: 0..=1 },
        /// For a partition: the zone (or, of a node, the node) that the target is cut from. `null` is every other.
        pub to: Option<String> = None => { label: "Cut from" },
        /// For a partition: only what the target sends is lost; what is sent to it arrives.
        pub one_way: bool = false => { label: "One way" },
        /// For an error rate, a gray failure or a third-party outage: share of the calls answered with an error. For a connection leak: share of the connections never given back.
        pub errors: f64 = 0.5 => { label: "Share", range: 0..=1 },
        /// For a cache flush: share of the keys forgotten, as when one of its nodes is lost.
        pub share: f64 = 1.0 => { label: "Share of the keys", range: 0..=1 },
        /// For a key skew: share of the requests that are for one and the same key.
        pub hot: f64 = 0.5 => { label: "Share of the hot key", range: 0..=1 },
        /// For pauses: how often one begins.
        pub every: Duration = Duration::s(10) => { label: "Every", range: 0.001..=2592000 },
        /// For pauses: how long one is.
        pub pause: Duration = Duration::ms(200) => { label: "Pause", range: 0.000001..=3600, source: "G1 aims at 200 ms" },
        /// For a schema migration: reads wait too.
        pub reads: bool = false => { label: "Reads wait" },
        /// For a rolling deploy: how long each replica is down before the next one is.
        pub step: Duration = Duration::s(10) => { label: "Step", range: 0.001..=86400 },
        /// For poison messages: how many.
        pub messages: u32 = 1 => { label: "Messages", range: 1..=1000000 },
        /// For a resharding: how many shards there are afterwards.
        pub shards: u32 = 2 => { label: "Shards", unit: "shards", range: 1..=4096 },
        /// For a resharding: keys that move together.
        pub batch: u32 = 100 => { label: "Batch", unit: "keys", range: 1..=10000000 },
        /// For a resharding: work of copying one key, at the shard it leaves and again at the one it comes to.
        pub copy_time: Duration = Duration::us(100) => { label: "Copy time", range: 0.000001..=3600, source: "10 to 50 MB/s per shard: 10,000 rows of 1 kB a second" },
        /// For a resharding: how long writes of the keys that move wait, at the end of each batch, until these are at their new shard.
        pub cutover: Duration = Duration::ms(10) => { label: "Cutover", range: 0..=3600, source: "MongoDB: the critical section of a chunk migration" },
        /// For a resharding: keys moved per second at most. `null` is as fast as copying goes.
        pub rate: Option<Rate> = None => { label: "Rate", range: 0.001..=10000000 },
        /// For a clock skew: how far the clock is off.
        pub offset: Duration = Duration::s(1) => { label: "Offset", range: 0.000001..=86400, source: "NTP over the internet is off by 1 to 100 ms, a clock nobody sets by 1 s a day" },
        /// For a clock skew: the clock is behind; else it is ahead.
        pub behind: bool = false => { label: "Behind" },
        /// It comes again and again: what works breaks after an exponential time of this mean, each replica for itself (a zone or a link as a whole). What happens at one moment happens again after such a time. `null` is once.
        pub mtbf: Option<Duration> = None => { label: "Mean time between failures", range: 0.001..=31536000 },
        /// Where it comes again and again: what is broken works again after an exponential time of this mean. `null` is after `for`.
        pub mttr: Option<Duration> = None => { label: "Mean time to repair", range: 0.001..=2592000 },
    }
}

choice! {
    /// What happens.
    pub enum FaultKind {
        /// The process dies: what it worked on is lost, new calls are refused at once. It starts again, empty, at the end.
        Crash = "crash",
        /// Everything the node does takes `times` as long.
        Slowdown = "slowdown",
        /// A link takes longer.
        Latency = "latency",
        /// A link loses packets.
        Loss = "loss",
        /// A client sends `times` as much (a closed one has `times` as many users).
        TrafficSpike = "traffic_spike",
        /// A cache forgets everything, or a `share` of its keys.
        CacheFlush = "cache_flush",
        /// A zone or a node is cut from another, or from all others, or a link is: what they send each other is lost, health probes too. Within the zone all goes on.
        Partition = "partition",
        /// The process stands still: what it is sent is lost, it says nothing, and what it was at goes on where it stood once the hang is over.
        Hang = "hang",
        /// A share of the calls, `errors`, is answered with an error at once; health probes that ask for a page too.
        ErrorRate = "error_rate",
        /// Health probes pass, while a share of the calls, `errors`, is answered with an error at once, and the work of the others takes `times` as long.
        GrayFailure = "gray_failure",
        /// A link takes longer by a different time for each packet.
        Jitter = "jitter",
        /// A share of a client's requests, `hot`, is for one key.
        KeySkew = "key_skew",
        /// Every call to a cache is refused. It keeps what it holds.
        CacheOutage = "cache_outage",
        /// A queue refuses every message and delivers none. It keeps what it holds.
        QueueOutage = "queue_outage",
        /// Replicas are restarted one after another, each down for `step`, as in a crash. It takes as long as that takes.
        RollingDeploy = "rolling_deploy",
        /// Writes are answered with an error; reads go on.
        DiskFull = "disk_full",
        /// The process stands still for `pause`, again and again. What arrives meanwhile waits, and nothing is lost.
        GcPauses = "gc_pauses",
        /// A share of the calls, `errors`, is answered with an error at once; the others hear nothing.
        ThirdPartyOutage = "third_party_outage",
        /// What the node tells its operators gets lost: no metrics reach an alert.
        TelemetryLoss = "telemetry_loss",
        /// The leader steps down, at once; another is elected. Of a database, each shard's does.
        LeaderFailover = "leader_failover",
        /// A database's tables are locked: writes wait until it is over, and with `reads` reads too.
        SchemaMigration = "schema_migration",
        /// A share of the connections of a link's pool, `errors`, is never given back, until the caller restarts.
        ConnectionLeak = "connection_leak",
        /// The next messages that a queue accepts, `messages` of them, are poison: every attempt at them fails.
        PoisonMessage = "poison_message",
        /// A database is spread over another number of shards, `shards`, batch by batch. It takes as long as copying the keys that move takes, and what copying costs the shards that lose and get them.
        Reshard = "reshard",
        /// The clock of a node is off by `offset`, and set right at the end: what it judges by the time of day, or stamps with it, is wrong by that much.
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
