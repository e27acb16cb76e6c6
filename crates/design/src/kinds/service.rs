//! Services: replicas with slots and a queue each.

use crate::distribution::Distribution;
use crate::quantity::{Duration, Rate};
use crate::{choice, record, variants};

record! {
    /// Does its own work in a slot, then calls its dependencies.
    pub struct Service {
        /// Number of identical processes.
        pub replicas: u32 = 1 => { label: "Replicas", range: 1..=10000 },
        /// Calls that each replica works on in parallel. `null` is unbounded.
        pub concurrency: Option<u32> = Some(20) => { label: "Slots per replica", unit: "slots", range: 1..=1000000, source: "Tomcat ships 200 threads, Hystrix pools 10; 20 keeps queues visible" },
        /// Holds the slot while calls to dependencies are in progress, like a blocking thread.
        pub blocking: bool = true => { label: "Blocking" },
        /// Where calls wait for a slot.
        pub queue: CallQueue = CallQueue::default() => { label: "Queue" },
        /// The service's own work per call, without its dependencies.
        pub service_time: Distribution = Distribution::Exp(Duration::ms(10)) => { label: "Service time" },
        /// Share of calls that fail after doing their work.
        pub error_rate: f64 = 0.0 => { label: "Error rate", range: 0..=1 },
        /// How long completed idempotency keys or message ids are remembered. A repeat returns the
        /// stored result; a concurrent repeat gets an error. `null` remembers nothing.
        pub idempotency_window: Option<Duration> = None => { label: "Idempotency window", range: 0.001..=2592000, source: "Stripe keeps idempotency keys for 24 h and answers a concurrent repeat with 409 Conflict" },
        /// Calls admitted per second. Others are rejected before they wait or cost work.
        pub rate_limit: Option<RateLimit> = None => { label: "Rate limit" },
        /// Limits calls in progress per replica, adjusting the limit to measured latency. Further
        /// calls are rejected.
        pub adaptive_concurrency: Option<AdaptiveConcurrency> = None => { label: "Adaptive concurrency" },
        /// Rejects new calls when the oldest waiting call has waited too long.
        pub shed: Option<Shed> = None => { label: "Load shedding" },
        /// Adds and removes replicas with the load. `replicas` is the number at the start.
        pub autoscale: Option<Autoscale> = None => { label: "Autoscaling" },
        /// A replica is slower right after it starts.
        pub warm_up: Option<WarmUp> = None => { label: "Warm-up" },
        /// Time from the start of a process until it makes its calls at start-up (`start_calls` of
        /// its links) and then accepts calls itself. `null` is none. Replicas that exist at the
        /// start of the run have already started.
        pub start_up: Option<Distribution> = None => { label: "Start-up time" },
        /// Memory used by calls. A replica above its limit is killed and restarts.
        pub memory: Option<Memory> = None => { label: "Memory" },
    }
}

record! {
    /// Horizontal autoscaler as in Kubernetes. Every interval it recommends the number of replicas
    /// that brings mean utilization to the target.
    pub struct Autoscale {
        /// Minimum number of replicas.
        pub min: u32 = 1 => { label: "Min replicas", unit: "replicas", range: 1..=10000 },
        /// Maximum number of replicas.
        pub max: u32 = 10 => { label: "Max replicas", unit: "replicas", range: 1..=10000 },
        /// Mean utilization to aim for: the share of slots in use, or of processor time with
        /// `cores`.
        pub target: f64 = 0.8 => { label: "Target utilization", range: 0.01..=1, source: "Kubernetes aims at 80% where no metric is given" },
        /// How often replicas are evaluated, on the mean utilization since the last evaluation.
        pub interval: Duration = Duration::s(15) => { label: "Evaluation interval", range: 1..=3600, source: "Kubernetes horizontal-pod-autoscaler-sync-period: 15 s" },
        /// Time from the decision to add a replica until it receives calls.
        pub startup: Distribution = Distribution::Const(Duration::s(30)) => { label: "Startup time", source: "pods take 10 to 60 s, virtual machines 1 to 5 min" },
        /// Scale-down stabilization window: scales down no further than the highest recommendation
        /// made in this period.
        pub stabilization: Duration = Duration::s(300) => { label: "Scale-down stabilization window", range: 0..=86400, source: "Kubernetes: downscale stabilization of 5 min" },
        /// No scaling while utilization is within this share of the target.
        pub tolerance: f64 = 0.1 => { label: "Tolerance", range: 0..=1, source: "Kubernetes: 0.1" },
        /// Maximum factor by which one evaluation may increase replicas. Adding four replicas is
        /// always allowed.
        pub growth: f64 = 2.0 => { label: "Max scale-up factor", range: 1..=10000, source: "Kubernetes: 100% or 4 pods in 15 s, whichever is more" },
        /// How long a replica being removed may drain before it is killed.
        pub grace: Duration = Duration::s(30) => { label: "Grace period", range: 0.001..=3600, source: "Kubernetes terminationGracePeriodSeconds: 30 s" },
        /// Processor cores per replica. When set, utilization is processor time; `null` uses the
        /// share of slots in use.
        pub cores: Option<u32> = None => { label: "Cores", unit: "cores", range: 1..=10000 },
    }
}

record! {
    /// Cold start: work takes `times` as long right after start, decreasing linearly to normal.
    pub struct WarmUp {
        /// Time until the replica is at full speed.
        pub lasts as "for": Duration = Duration::s(60) => { label: "Duration", range: 0.001..=86400 },
        /// Factor on the work time right after start.
        pub times: f64 = 3.0 => { label: "Slowdown factor", range: 1..=10000 },
    }
}

record! {
    /// Memory of each replica. A call uses memory from arrival to response, waiting or not.
    pub struct Memory {
        /// Memory limit. Above it the process is killed and its calls are lost, as in a crash.
        pub limit_mb: f64 = 512.0 => { label: "Limit", unit: "MB", range: 0.001..=100000000 },
        /// Memory used without any calls.
        pub idle_mb: f64 = 128.0 => { label: "Idle", unit: "MB", range: 0..=100000000 },
        /// Memory used by each call.
        pub call_mb: f64 = 1.0 => { label: "Per call", unit: "MB", range: 0.000001..=1000000 },
        /// How long the replica is down after it was killed.
        pub restart: Duration = Duration::s(10) => { label: "Restart time", range: 0.001..=86400, source: "Kubernetes waits 10 s before it restarts a container that failed again" },
    }
}

impl Autoscale {
    /// The most replicas that can stand side by side: those there are, and those that still finish
    /// what they have.
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
    /// Token bucket: each call takes a token, and is rejected when none is left.
    pub struct RateLimit {
        /// Tokens per second.
        pub rate: Rate = Rate(100.0) => { label: "Rate", range: 0.001..=10000000 },
        /// Bucket size: calls that may arrive in one burst. The bucket starts full.
        pub burst: u32 = 50 => { label: "Burst", unit: "calls", range: 1..=1000000 },
        /// Which replicas share a bucket.
        pub scope: Scope = Scope::Replica => { label: "Scope", source: "nginx limit_req and Envoy's local rate limit count per process" },
        /// Whether each key has its own bucket.
        pub per: Per = Per::All => { label: "Bucket per" },
    }
}

choice! {
    /// Which replicas share a bucket.
    pub enum Scope {
        /// Each replica has its own bucket, so the limit of the whole service is `rate` times the
        /// number of replicas.
        Replica = "replica",
        /// All replicas share one bucket, as with a limiter in a gateway or in Redis. The lookup
        /// costs no time.
        Service = "service",
    }
}

choice! {
    /// Whether each key has its own bucket.
    pub enum Per {
        /// One bucket for all calls.
        All = "all",
        /// One bucket per key, with its own rate and burst, like a customer's quota.
        Key = "key",
    }
}

variants! {
    /// How the limit follows measured latency (Netflix concurrency-limits).
    pub enum AdaptiveConcurrency {
        bare {}
        with {
            /// Shrinks the limit as recent latency rises above the long-term latency (Gradient2).
            Gradient(Gradient) = "gradient", or Gradient::default();
            /// Adds one per window, and multiplies by `backoff` when latency exceeds the timeout.
            Aimd(Aimd) = "aimd", or Aimd::default();
        }
    }
}

record! {
    /// Sets the limit by the ratio of long-term to recent mean latency.
    pub struct Gradient {
        /// Limit at the start.
        pub initial: u32 = 20 => { label: "Initial limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// Lowest limit.
        pub min: u32 = 20 => { label: "Min limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// Highest limit.
        pub max: u32 = 200 => { label: "Max limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 200" },
        /// How many times the long-term latency is tolerated before the limit shrinks.
        pub tolerance: f64 = 1.5 => { label: "Tolerance", range: 1..=100, source: "Netflix concurrency-limits: 1.5" },
        /// How often the limit is adjusted.
        pub window: Duration = Duration::s(1) => { label: "Window", range: 0.001..=3600, source: "Netflix concurrency-limits: 1 s" },
    }
}

record! {
    /// Additive increase, multiplicative decrease: the limit grows by one and shrinks by a factor.
    pub struct Aimd {
        /// Limit at the start.
        pub initial: u32 = 20 => { label: "Initial limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// Lowest limit.
        pub min: u32 = 20 => { label: "Min limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 20" },
        /// Highest limit.
        pub max: u32 = 200 => { label: "Max limit", unit: "calls", range: 1..=1000000, source: "Netflix concurrency-limits: 200" },
        /// Mean latency of a window above which the limit shrinks.
        pub timeout: Duration = Duration::s(5) => { label: "Latency threshold", range: 0.000001..=3600, source: "Netflix concurrency-limits: 5 s" },
        /// Factor applied to the limit when it shrinks.
        pub backoff: f64 = 0.9 => { label: "Backoff", range: 0.5..=0.99, source: "Netflix concurrency-limits: 0.9" },
        /// How often the limit is adjusted.
        pub window: Duration = Duration::s(1) => { label: "Window", range: 0.001..=3600, source: "Netflix concurrency-limits: 1 s" },
    }
}

record! {
    /// Load shedding by queue delay.
    pub struct Shed {
        /// New calls are rejected while the oldest waiting call has waited longer than this.
        pub queue_delay: Duration = Duration::ms(100) => { label: "Queue delay", range: 0..=86400 },
    }
}

record! {
    /// Queue in front of the slots.
    pub struct CallQueue {
        /// Calls that may wait per replica. When the queue is full the new call is rejected (with
        /// LIFO: the oldest). `null` is unbounded, 0 disables the queue.
        pub capacity: Option<u32> = Some(100) => { label: "Queue capacity", unit: "calls", range: 0..=10000000, source: "Tomcat's acceptCount is 100; its task queue is unbounded" },
        /// Which waiting call is served next.
        pub discipline: Discipline = Discipline::Fifo => { label: "Discipline" },
        /// For the discipline `priority`: operations, most urgent first. Operations not listed come
        /// last, together.
        pub priority: Vec<String> = Vec::new() => { label: "Priority" },
        /// A call that has waited this long is rejected. `null` has no limit.
        pub max_wait: Option<Duration> = None => { label: "Max wait", range: 0.000001..=86400 },
        /// Limits the wait by how long the queue has been standing, with any discipline.
        pub codel: Option<Codel> = None => { label: "Controlled delay (CoDel)" },
    }
}

record! {
    /// Controlled delay: short bursts may wait, a standing queue may not (Nichols and Jacobson
    /// 2012; for services: Maurer, Fail at Scale, 2015).
    pub struct Codel {
        /// Maximum wait of calls that arrive while the queue has not been empty for the interval.
        pub target: Duration = Duration::ms(5) => { label: "Target", range: 0.000001..=3600, source: "Facebook 5 ms, RFC 8289 5 ms" },
        /// Maximum wait of other calls. A queue that has not been empty for this long is a standing
        /// queue.
        pub interval: Duration = Duration::ms(100) => { label: "Interval", range: 0.000001..=3600, source: "Facebook 100 ms, RFC 8289 100 ms" },
    }
}

choice! {
    /// Which waiting call is served next.
    pub enum Discipline {
        /// Oldest first.
        Fifo = "fifo",
        /// Newest first, so that some calls still meet their deadline under overload.
        Lifo = "lifo",
        /// Oldest first, but newest first once the queue has not been empty for the CoDel interval
        /// (100 ms by default).
        AdaptiveLifo = "adaptive_lifo",
        /// Oldest first, with waits bounded by CoDel.
        Codel = "codel",
        /// Most urgent operation first, oldest first within it. Calls in progress are not
        /// interrupted.
        Priority = "priority",
        /// All calls run simultaneously and share the slots equally. No call waits; every call
        /// slows down.
        ProcessorSharing = "processor_sharing",
    }
}
