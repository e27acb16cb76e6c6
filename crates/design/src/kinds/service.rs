//! Services: replicas with slots and a queue each.

use crate::distribution::Distribution;
use crate::quantity::{Duration, Rate};
use crate::{choice, record, variants};

record! {
    /// Does work of its own in a slot, then calls what it depends on.
    pub struct Service {
        /// Identical processes.
        pub replicas: u32 = 1 => { label: "Replicas", range: 1..=10000 },
        /// Slots of each replica: how many calls one process works on at a time. `null` is unbounded.
        pub concurrency: Option<u32> = Some(20) => { label: "Slots per replica", unit: "slots", range: 1..=1000000, source: "Tomcat ships 200 threads, Hystrix pools 10; 20 keeps queues visible" },
        /// Whether a slot is held while calls to others are under way, as a thread that blocks is.
        pub blocking: bool = true => { label: "Blocking" },
        /// Where calls wait for a slot.
        pub queue: CallQueue = CallQueue::default() => { label: "Queue" },
        /// Own work per call, without that of its dependencies.
        pub service_time: Distribution = Distribution::Exp(Duration::ms(10)) => { label: "Service time" },
        /// Share of calls that end in an error after their work.
        pub error_rate: f64 = 0.0 => { label: "Error rate", range: 0..=1 },
        /// How long it remembers what it has done for an idempotency key (or, for messages, for a message): asked again, it answers at once and does nothing. Asked while it is still at it, it answers with an error. `null` remembers nothing.
        pub idempotency_window: Option<Duration> = None => { label: "Idempotency window", range: 0.001..=2592000, source: "Stripe keeps idempotency keys for 24 h and answers a concurrent repeat with 409 Conflict" },
        /// Calls let in per second; others are rejected before they wait or cost anything.
        pub rate_limit: Option<RateLimit> = None => { label: "Rate limit" },
        /// A limit on calls under way in each replica that follows how long they take; one more is rejected.
        pub adaptive_concurrency: Option<AdaptiveConcurrency> = None => { label: "Adaptive concurrency" },
        /// Rejects new calls while those that wait have waited too long.
        pub shed: Option<Shed> = None => { label: "Load shedding" },
        /// Replicas come and go with the load; `replicas` is how many there are at the start.
        pub autoscale: Option<Autoscale> = None => { label: "Autoscaling" },
        /// A replica that has just started is slower at first.
        pub warm_up: Option<WarmUp> = None => { label: "Warm-up" },
        /// What the calls in a replica take of its memory; past its limit the process is killed and starts again.
        pub memory: Option<Memory> = None => { label: "Memory" },
    }
}

record! {
    /// The horizontal autoscaler of Kubernetes, on the share of slots held: every interval it asks for as many replicas as would bring that to the target.
    pub struct Autoscale {
        /// The fewest replicas.
        pub min: u32 = 1 => { label: "Fewest", unit: "replicas", range: 1..=10000 },
        /// The most replicas.
        pub max: u32 = 10 => { label: "Most", unit: "replicas", range: 1..=10000 },
        /// The mean share of slots held that it aims at.
        pub target: f64 = 0.8 => { label: "Target utilisation", range: 0.01..=1, source: "Kubernetes aims at 80 % where no metric is given" },
        /// How often it looks, at the mean since it last did.
        pub interval: Duration = Duration::s(15) => { label: "Interval", range: 1..=3600, source: "Kubernetes horizontal-pod-autoscaler-sync-period: 15 s" },
        /// From the decision to start a replica to the moment it takes calls.
        pub startup: Distribution = Distribution::Const(Duration::s(30)) => { label: "Start-up time", source: "pods take 10 to 60 s, virtual machines 1 to 5 min" },
        /// Replicas are taken away only down to the most that any look of this last while asked for.
        pub stabilization: Duration = Duration::s(300) => { label: "Stabilisation", range: 0..=86400, source: "Kubernetes: downscale stabilisation of 5 min" },
        /// Nothing changes while utilisation is within this share of the target.
        pub tolerance: f64 = 0.1 => { label: "Tolerance", range: 0..=1, source: "Kubernetes: 0.1" },
        /// At most so many times the replicas there are after one look, though four more are always allowed.
        pub growth: f64 = 2.0 => { label: "Growth at a time", range: 1..=10000, source: "Kubernetes: 100 % or 4 pods in 15 s, whichever is more" },
        /// How long a replica that is taken away may take to finish what it has; then it is killed.
        pub grace: Duration = Duration::s(30) => { label: "Grace period", range: 0.001..=3600, source: "Kubernetes terminationGracePeriodSeconds: 30 s" },
        /// Cores of each replica: then it goes by processor time. `null` goes by slots held.
        pub cores: Option<u32> = None => { label: "Cores", unit: "cores", range: 1..=10000 },
    }
}

record! {
    /// Caches and compilers are cold in a process that has just started: its work takes `times` as long at first, and less and less so in a straight line.
    pub struct WarmUp {
        /// How long it takes until the replica is at full speed.
        pub lasts as "for": Duration = Duration::s(60) => { label: "For", range: 0.001..=86400 },
        /// How many times as long work takes at the start.
        pub times: f64 = 3.0 => { label: "Times", range: 1..=10000 },
    }
}

record! {
    /// Memory of each replica. Calls take it from their arrival to their answer, waiting or not.
    pub struct Memory {
        /// Past this the process is killed: what it has is lost, as in a crash.
        pub limit_mb: f64 = 512.0 => { label: "Limit", unit: "MB", range: 0.001..=100000000 },
        /// What it takes without any call.
        pub idle_mb: f64 = 128.0 => { label: "Idle", unit: "MB", range: 0..=100000000 },
        /// What each call takes.
        pub call_mb: f64 = 1.0 => { label: "Per call", unit: "MB", range: 0.000001..=1000000 },
        /// How long the replica is down then.
        pub restart: Duration = Duration::s(10) => { label: "Restart", range: 0.001..=86400, source: "Kubernetes waits 10 s before it restarts a container that failed again" },
    }
}

impl Autoscale {
    /// The most replicas that can stand side by side: those there are, and those that still finish what they have.
    pub fn places(&self) -> u32 {
        2 * self.max
    }
}

impl Memory {
    /// How many calls fit into a replica.
    pub fn calls(&self) -> u64 {
        // Less than a millionth of a call is not what it fails at.
        libm::floor((self.limit_mb - self.idle_mb) / self.call_mb + 1e-6) as u64
    }
}

record! {
    /// A token bucket: each call takes a token, and is rejected where there is none.
    pub struct RateLimit {
        /// Tokens per second.
        pub rate: Rate = Rate(100.0) => { label: "Rate", range: 0.001..=10000000 },
        /// Most tokens saved up: calls that may come at once. The bucket starts full.
        pub burst: u32 = 50 => { label: "Burst", unit: "calls", range: 1..=1000000 },
        /// Who shares a bucket.
        pub scope: Scope = Scope::Replica => { label: "Scope", source: "nginx limit_req and Envoy's local rate limit count per process" },
        /// Whether each key has a bucket of its own.
        pub per: Per = Per::All => { label: "Per" },
    }
}

choice! {
    /// Who shares a rate limiter.
    pub enum Scope {
        /// Each replica has its own, so all of them together let in as many times the rate.
        Replica = "replica",
        /// All replicas together, as with a limiter in a gateway or in Redis that costs no time.
        Service = "service",
    }
}

choice! {
    /// What a rate limiter tells apart.
    pub enum Per {
        /// Nothing: all calls are alike.
        All = "all",
        /// The key: each has the whole rate and burst to itself, as a customer has a quota.
        Key = "key",
    }
}

variants! {
    /// How a limit on calls under way follows how long they take (Netflix concurrency-limits).
    pub enum AdaptiveConcurrency {
        bare {}
        with {
            /// Shrinks as the time of now grows over that of always (Gradient2).
            Gradient(Gradient) = "gradient", or Gradient::default();
            /// One more per window, and a share less when the time passes a bound.
            Aimd(Aimd) = "aimd", or Aimd::default();
        }
    }
}

record! {
    /// A limit by the ratio of long and short mean times.
    pub struct Gradient {
        /// The limit at the start.
        pub initial: u32 = 20 => { label: "Initial limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// The lowest limit.
        pub min: u32 = 20 => { label: "Lowest limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// The highest limit.
        pub max: u32 = 200 => { label: "Highest limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 200" },
        /// How many times the usual the time may grow before the limit shrinks.
        pub tolerance: f64 = 1.5 => { label: "Tolerance", range: 1..=100, source: "Netflix concurrency-limits: 1.5" },
        /// How often the limit moves.
        pub window: Duration = Duration::s(1) => { label: "Window", range: 0.001..=3600, source: "Netflix concurrency-limits: 1 s" },
    }
}

record! {
    /// A limit that grows by one and shrinks by a share.
    pub struct Aimd {
        /// The limit at the start.
        pub initial: u32 = 20 => { label: "Initial limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// The lowest limit.
        pub min: u32 = 20 => { label: "Lowest limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// The highest limit.
        pub max: u32 = 200 => { label: "Highest limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 200" },
        /// The mean time of a window above which the limit shrinks.
        pub timeout: Duration = Duration::s(5) => { label: "Timeout", range: 0.000001..=3600, source: "Netflix concurrency-limits: 5 s" },
        /// What of the limit is kept when it shrinks.
        pub backoff: f64 = 0.9 => { label: "Backoff", range: 0.5..=0.99, source: "Netflix concurrency-limits: 0.9" },
        /// How often the limit moves.
        pub window: Duration = Duration::s(1) => { label: "Window", range: 0.001..=3600, source: "Netflix concurrency-limits: 1 s" },
    }
}

record! {
    /// Load shedding by the age of the queue.
    pub struct Shed {
        /// New calls are rejected while the oldest that waits has waited longer than this.
        pub queue_delay: Duration = Duration::ms(100) => { label: "Queue delay", range: 0..=86400 },
    }
}

record! {
    /// Waiting places in front of the slots.
    pub struct CallQueue {
        /// Waiting places per replica; a call that finds none is rejected, or where the newest is served first, the oldest that waits. `null` is unbounded, 0 has none.
        pub capacity: Option<u32> = Some(100) => { label: "Waiting places", unit: "calls", range: 0..=10000000, source: "Tomcat's acceptCount is 100; its task queue is unbounded" },
        /// Who is served next.
        pub discipline: Discipline = Discipline::Fifo => { label: "Discipline" },
        /// Operations by urgency, the most urgent first, for the discipline `priority`. Those not named come last, together.
        pub priority: Vec<String> = Vec::new() => { label: "Priority" },
        /// A call that has waited this long leaves the queue and is rejected. `null` waits until its turn.
        pub max_wait: Option<Duration> = None => { label: "Longest wait", range: 0.000001..=86400 },
        /// Bounds the wait by how long the queue has been standing, whatever the discipline.
        pub codel: Option<Codel> = None => { label: "Controlled delay" },
    }
}

record! {
    /// Controlled delay: short bursts may wait, a standing queue may not (Nichols and Jacobson 2012; as a service uses it: Maurer, Fail at Scale, 2015).
    pub struct Codel {
        /// Longest wait of a call that comes while the queue has not been empty for the interval.
        pub target: Duration = Duration::ms(5) => { label: "Target", range: 0.000001..=3600, source: "Facebook 5 ms, RFC 8289 5 ms" },
        /// Longest wait of a call that comes otherwise; a queue that has not been empty for this long is a standing one.
        pub interval: Duration = Duration::ms(100) => { label: "Interval", range: 0.000001..=3600, source: "Facebook 100 ms, RFC 8289 100 ms" },
    }
}

choice! {
    /// The order in which waiting calls get a slot.
    pub enum Discipline {
        /// The oldest first.
        Fifo = "fifo",
        /// The newest first: under overload somebody is still served in time.
        Lifo = "lifo",
        /// The oldest first, but the newest first while the queue has not been empty for the interval of its controlled delay (100 ms).
        AdaptiveLifo = "adaptive_lifo",
        /// The oldest first, with waits bounded by controlled delay.
        Codel = "codel",
        /// The most urgent operation first, and the oldest of it. Work under way is not interrupted.
        Priority = "priority",
        /// All at once, each at an equal share of the slots: nobody waits, everybody slows down.
        ProcessorSharing = "processor_sharing",
    }
}
