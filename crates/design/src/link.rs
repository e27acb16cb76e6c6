//! Links: caller, callee, conditions, network and policies.

use crate::attribute::{Attribute, Field, Reader, Shape};
use crate::distribution::Distribution;
use crate::document::Design;
use crate::quantity::Duration;
use crate::value::Value;
use crate::{choice, record, variants};

record! {
    /// A directed connection from a caller to a callee, with the caller's policies for it.
    pub struct Link {
        /// Stable id. The default is `from->to`, with `#2`, `#3` and so on for parallel links.
        pub id: String = String::new() => { label: "Id" },
        /// The calling node.
        pub from: String = String::new() => { label: "From" },
        /// The called node.
        pub to: String = String::new() => { label: "To" },
        /// How the link is used.
        pub mode: Mode = Mode::Call => { label: "Mode" },
        /// When the link is called. Any one of the conditions is enough.
        pub when: Conditions = Conditions(vec![Condition::Always]) => { label: "When" },
        /// Stage of the caller's plan. Links of the same stage run in parallel. By default each
        /// link is its own stage, in the order drawn.
        pub stage: Option<u32> = None => { label: "Stage", range: 0..=1000 },
        /// Sequential calls per request. 40 calls model an N+1 query.
        pub calls: u32 = 1 => { label: "Calls", range: 1..=10000 },
        /// From a service: sequential calls that each of its processes makes when it starts, before
        /// it accepts calls itself. They load a configuration or a cache, for example.
        pub start_calls: u32 = 0 => {
            label: "Calls at start-up",
            unit: "calls",
            range: 0..=100000
        },
        /// If the call fails, the response is degraded instead of failed.
        pub optional: bool = false => { label: "Optional" },
        /// What a write does to the cache at the end of this link.
        pub on_write: OnWrite = OnWrite::None => { label: "On write" },
        /// One-way network latency. The response takes it again.
        pub latency: Distribution = Distribution::Const(Duration::us(250)) => { label: "Latency", source: "half a round trip of 0.5 ms within a zone" },
        /// Share of packets lost in each direction. A lost packet causes no error, only silence.
        pub loss: f64 = 0.0 => { label: "Packet loss", range: 0..=1 },
        /// How long the caller waits for an attempt. The callee keeps working on it after a
        /// timeout. `null` waits indefinitely.
        pub timeout: Option<Duration> = None => { label: "Timeout", range: 0.000001..=86400, source: "many clients ship none: Go net/http, python requests, axios" },
        /// Retries failed attempts.
        pub retry: Option<Retry> = None => { label: "Retry" },
        /// Stops calling a callee that fails.
        pub breaker: Option<Breaker> = None => { label: "Circuit breaker" },
        /// Refuses calls at the caller while the callee rejects many of them.
        pub adaptive_throttle: Option<AdaptiveThrottle> = None => { label: "Adaptive throttling" },
        /// Limits concurrent attempts per calling replica.
        pub bulkhead: Option<Bulkhead> = None => { label: "Bulkhead" },
        /// Limits connections per calling replica.
        pub pool: Option<Pool> = None => { label: "Connection pool" },
        /// Sends a second attempt when the first is slow, and uses the first response.
        pub hedge: Option<Hedge> = None => { label: "Hedge" },
        /// Sends the remaining time (of this timeout, the caller's deadline or the user's patience)
        /// with each call. The callee drops work that has not started by then.
        pub deadline: bool = false => { label: "Deadline propagation", source: "gRPC: yes; most HTTP clients: no" },
        /// Notifies the callee when the caller stops waiting. It drops queued work and makes no
        /// further calls; work in progress completes.
        pub cancellation: bool = false => { label: "Cancellation", source: "gRPC: yes; most HTTP servers: no" },
        /// For a consumer: maximum deliveries in flight, over all its replicas.
        pub concurrency: u32 = 8 => { label: "Consumer concurrency", unit: "messages", range: 1..=1000000 },
        /// From a load balancer that uses weights: share of each replica behind this link, relative
        /// to other links.
        pub weight: u32 = 1 => { label: "Weight", range: 1..=1000, source: "nginx: 1" },
        /// For a consumer: maximum deliveries in flight per replica. They wait at that replica even
        /// if another is idle. `null` sets no limit per replica.
        pub prefetch: Option<u32> = None => { label: "Prefetch", unit: "messages", range: 1..=1000000, source: "RabbitMQ prefetch count: unlimited unless set, 100 to 300 recommended" },
        /// For a publisher: what it waits for.
        pub ack: Ack = Ack::Accepted => { label: "Acknowledgement" },
        /// From a database: how committed writes reach the queue (transactional outbox or change
        /// data capture). `null` polls every 500 ms, 100 writes at a time.
        pub relay: Option<Relay> = None => { label: "Relay" },
    }
}

record! {
    /// Publishes a database's committed writes to a queue, in order, retrying each until the queue
    /// accepts it.
    pub struct Relay {
        /// How often it polls for new writes.
        pub poll: Duration = Duration::ms(500) => { label: "Poll interval", range: 0.000001..=86400, source: "Debezium poll.interval.ms: 500 ms" },
        /// Maximum number of writes per poll.
        pub batch: u32 = 100 => { label: "Batch size", unit: "messages", range: 1..=1000000 },
    }
}

choice! {
    /// How a link is used.
    pub enum Mode {
        /// Sends a request and waits for the response.
        Call = "call",
        /// Publishes a message to a queue and continues once it is accepted.
        Publish = "publish",
        /// From a queue: the callee consumes its messages.
        Consume = "consume",
        /// From a queue: where messages go after too many deliveries.
        DeadLetter = "dead_letter",
    }
}

choice! {
    /// What a publisher waits for.
    pub enum Ack {
        /// The queue's confirmation that it has the message.
        Accepted = "accepted",
        /// Nothing: it continues immediately and never learns whether the message arrived.
        None = "none",
    }
}

choice! {
    /// What a write does to a cache.
    pub enum OnWrite {
        /// Nothing. The entry stays until its TTL expires.
        None = "none",
        /// Sends an invalidation after the write has succeeded.
        Invalidate = "invalidate",
        /// Sends the new value after the write has succeeded.
        Update = "update",
        /// Write-behind, for a cache with an origin: the cache acknowledges the write and sends it
        /// to the origin later.
        WriteBehind = "write_behind",
    }
}

variants! {
    /// A condition on a call.
    pub enum Condition {
        bare {
            /// On every request.
            Always = "always",
            /// For operations that read.
            Reads = "reads",
            /// For operations that write.
            Writes = "writes",
            /// When a cache in the previous stage missed.
            OnMiss = "on_miss",
            /// When the previous stage failed: a fallback.
            OnError = "on_error",
        }
        with {
            /// For the named operations.
            Operations(Vec<String>) = "operations", or Vec::new();
            /// With this probability.
            Probability(f64) = "probability", or 0.5, range: 0..=1;
        }
    }
}

/// One condition or several of which any suffices; written bare when it is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions(pub Vec<Condition>);

impl Attribute for Conditions {
    const SHAPE: Shape = Shape::OneOrMany(&Condition::SHAPE);
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::List(items) if items.is_empty() => reader.wrong(value, "at least one condition"),
            Value::List(_) => Vec::<Condition>::read(value, reader).map(Self),
            one => Condition::read(one, reader).map(|condition| Self(vec![condition])),
        }
    }
    fn write(&self) -> Value {
        match self.0.as_slice() {
            [one] => one.write(),
            many => Value::List(many.iter().map(Condition::write).collect()),
        }
    }
}

record! {
    /// Retries failed attempts.
    pub struct Retry {
        /// Maximum attempts, including the first.
        pub max_attempts: u32 = 3 => { label: "Max attempts", unit: "attempts", range: 1..=100, source: "AWS SDKs 3, gRPC at most 5, SRE book at most 3" },
        /// Delay before the next attempt.
        pub backoff: Backoff = Backoff::None => { label: "Backoff" },
        /// How the delay is randomized.
        pub jitter: Jitter = Jitter::None => { label: "Jitter" },
        /// Limits retries to a share of the calls, per calling replica.
        pub budget: Option<Budget> = None => { label: "Retry budget" },
        /// Stops retries while many attempts fail, per calling replica.
        pub throttle: Option<RetryThrottle> = None => { label: "Retry throttling" },
        /// A quota that retries use up and successes refill, per calling replica.
        pub quota: Option<RetryQuota> = None => { label: "Retry quota" },
        /// Which failures are retried.
        pub on: Vec<RetryOn> = vec![RetryOn::Timeout, RetryOn::Refused, RetryOn::Rejected, RetryOn::Unavailable, RetryOn::Error] => { label: "Retry on" },
    }
}

variants! {
    /// Delay before the next attempt.
    pub enum Backoff {
        bare {
            /// No delay.
            None = "none",
        }
        with {
            /// A fixed delay.
            Constant(Duration) = "constant", or Duration::ms(100);
            /// Doubles each time, up to a cap.
            Exponential(Exponential) = "exponential", or Exponential::default();
        }
    }
}

record! {
    /// A delay that doubles: base, 2 × base, 4 × base and so on.
    pub struct Exponential {
        /// The first delay.
        pub base: Duration = Duration::ms(100) => { label: "Base", range: 0.000001..=3600, source: "gRPC example 100 ms, AWS SDKs 50 ms to 1 s" },
        /// The longest delay.
        pub cap: Duration = Duration::s(2) => { label: "Cap", range: 0.000001..=3600, source: "gRPC example 1 s, AWS SDKs 20 s" },
    }
}

choice! {
    /// How a delay `v` is randomized (Brooker, Exponential Backoff and Jitter, 2015).
    pub enum Jitter {
        /// No jitter: `v`.
        None = "none",
        /// Full jitter: from 0 to `v`.
        Full = "full",
        /// Equal jitter: from half of `v` to `v`.
        Equal = "equal",
        /// Decorrelated jitter: from the base to three times the previous delay, up to the cap.
        Decorrelated = "decorrelated",
    }
}

record! {
    /// Token bucket for retries: each call adds `ratio` tokens, each retry takes one.
    pub struct Budget {
        /// Retries per call over the long run.
        pub ratio: f64 = 0.1 => { label: "Ratio", unit: "retries per call", range: 0..=10, ratio: true, source: "Finagle 20%, SRE book 10%" },
        /// Maximum number of saved retries. The bucket starts full.
        pub burst: f64 = 10.0 => { label: "Burst", unit: "retries", range: 0..=100000 },
    }
}

record! {
    /// Allows retries while more than half of the tokens are left. A failed attempt takes one
    /// token, a success adds some.
    pub struct RetryThrottle {
        /// Maximum number of tokens. The bucket starts full.
        pub tokens: f64 = 10.0 => { label: "Tokens", unit: "tokens", range: 1..=1000, source: "gRPC A6, retryThrottling: at most 1000, example 10" },
        /// Tokens that a success adds, in steps of 0.001.
        pub token_ratio: f64 = 0.1 => { label: "Token ratio", unit: "tokens per success", range: 0.001..=1000, source: "gRPC A6, retryThrottling: example 0.1" },
    }
}

record! {
    /// A quota of retries that only successes refill (AWS SDKs, standard mode).
    pub struct RetryQuota {
        /// Size of the quota. It starts full.
        pub capacity: u32 = 500 => { label: "Capacity", range: 1..=1000000, source: "botocore retries/quota.py: 500" },
        /// What a retry costs. A successful retry refunds it.
        pub cost: u32 = 5 => { label: "Cost", range: 0..=1000000, source: "botocore retries/standard.py: 5" },
        /// What a retry after a timeout costs.
        pub timeout_cost: u32 = 10 => { label: "Cost after a timeout", range: 0..=1000000, source: "botocore retries/standard.py: 10" },
        /// What a successful first attempt adds.
        pub refund: u32 = 1 => { label: "Refund", range: 0..=1000000, source: "botocore retries/standard.py: 1" },
    }
}

record! {
    /// Client-side throttling: refuses a call with probability max(0, (requests − k × accepts) /
    /// (requests + 1)).
    pub struct AdaptiveThrottle {
        /// Requests allowed per accepted request. Lower values throttle earlier.
        pub k: f64 = 2.0 => { label: "K", range: 1..=1000, source: "Google SRE book, Handling Overload: 2" },
        /// Period over which requests and accepts are counted.
        pub window: Duration = Duration::s(120) => { label: "Window", range: 0.001..=86400, source: "Google SRE book, Handling Overload: 2 min" },
    }
}

choice! {
    /// A failure that can be retried.
    pub enum RetryOn {
        /// The attempt timed out.
        Timeout = "timeout",
        /// The callee's process is down.
        Refused = "refused",
        /// The callee rejected the call, for example because its queue is full.
        Rejected = "rejected",
        /// No healthy replica or leader can serve the call.
        Unavailable = "unavailable",
        /// The callee responded with an error.
        Error = "error",
        /// The caller's own circuit breaker is open.
        CircuitOpen = "circuit_open",
        /// No connection of the pool became free in time.
        PoolTimeout = "pool_timeout",
    }
}

record! {
    /// Stops calling a callee that fails: opens for a while, then lets a few trial calls through
    /// (half-open).
    pub struct Breaker {
        /// Share of failures among recent calls that opens it. `null` ignores the failure rate.
        pub failure_rate: Option<f64> = Some(0.5) => { label: "Failure rate threshold", range: 0.01..=1, source: "resilience4j and Hystrix: 50%" },
        /// Number of recent calls that count, unless a time window is set.
        pub window: u32 = 100 => { label: "Window", unit: "calls", range: 1..=10000, source: "resilience4j: 100 calls" },
        /// Counts the calls of this period instead, in ten buckets. `null` counts the last `window`
        /// calls.
        pub window_time: Option<Duration> = None => { label: "Time window", range: 0.001..=86400, source: "Hystrix: 10 s in 10 buckets" },
        /// Calls needed before the rates are evaluated.
        pub min_calls: u32 = 20 => { label: "Minimum calls", unit: "calls", range: 1..=10000, source: "Hystrix 20, resilience4j 100" },
        /// Share of slow calls, successful or not, that opens it. `null` ignores slow calls.
        pub slow_call_rate: Option<f64> = None => { label: "Slow-call rate threshold", range: 0.01..=1, source: "resilience4j: 100%" },
        /// A call that takes longer than this is slow.
        pub slow_call_duration: Duration = Duration::s(60) => { label: "Slow-call duration", range: 0.000001..=86400, source: "resilience4j: 60 s" },
        /// Consecutive failures that open it. `null` uses the rates only.
        pub consecutive_failures: Option<u32> = None => { label: "Consecutive failures", range: 1..=10000, source: "gobreaker: more than 5" },
        /// How long it stays open.
        pub open_for: Duration = Duration::s(5) => { label: "Open for", range: 0.001..=86400, source: "Hystrix 5 s, resilience4j 60 s" },
        /// Whether it counts attempts (resilience4j) or calls including their retries.
        pub judges: Judged = Judged::Attempts => { label: "Counts" },
        /// Trial calls when half-open. Their failure rate closes the breaker or opens it again.
        /// With `consecutive_failures`, one failure opens it again.
        pub half_open_calls: u32 = 10 => { label: "Trial calls", unit: "calls", range: 1..=1000, source: "Hystrix 1, resilience4j 10" },
    }
}

choice! {
    /// What a circuit breaker counts.
    pub enum Judged {
        /// Each attempt. The breaker is inside the retry loop and may open between attempts.
        Attempts = "attempts",
        /// A call including its retries. A call that the open breaker refuses is not retried.
        Calls = "calls",
    }
}

record! {
    /// Limits concurrent attempts, so that one slow callee cannot occupy the whole caller.
    pub struct Bulkhead {
        /// Maximum attempts in progress. Each counts until its response or timeout.
        pub max_concurrent: u32 = 25 => { label: "Max concurrent", unit: "attempts", range: 1..=1000000, source: "resilience4j 25, Hystrix 10" },
        /// How long an attempt waits for a free place before it is rejected. `null` waits
        /// indefinitely.
        pub wait: Option<Duration> = Some(Duration::ZERO) => { label: "Max wait", range: 0..=86400, source: "resilience4j: 0" },
    }
}

record! {
    /// Hedged requests: sends a further attempt before the first has failed, to another replica if
    /// possible. The first response wins.
    pub struct Hedge {
        /// How long an attempt runs before the next is sent. With the callee's 95th percentile,
        /// hedging adds 5% more attempts.
        pub after: Duration = Duration::ms(50) => { label: "Hedge delay", range: 0.000001..=86400, source: "Dean and Barroso, The Tail at Scale, 2013: the 95th percentile; gRPC A6 example 500 ms" },
        /// Maximum further attempts.
        pub max: u32 = 1 => { label: "Max hedges", unit: "attempts", range: 1..=4, source: "Polly 1, gRPC A6 at most 4" },
    }
}

record! {
    /// A connection pool of each calling replica.
    pub struct Pool {
        /// Number of connections. An attempt holds one until its response or timeout.
        pub size: u32 = 10 => { label: "Size", unit: "connections", range: 1..=1000000, source: "HikariCP: 10" },
        /// How long an attempt waits for a free connection. `null` waits indefinitely.
        pub wait: Option<Duration> = Some(Duration::s(30)) => { label: "Max wait", range: 0..=86400, source: "HikariCP: 30 s" },
        /// Name of a pool shared by several links of this caller. They must have the same size.
        pub shared: Option<String> = None => { label: "Shared pool" },
    }
}

impl Link {
    /// A link of this mode with the defaults.
    pub fn new(
        id: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
        mode: Mode,
    ) -> Self {
        Self {
            id: id.into(),
            from: from.into(),
            to: to.into(),
            mode,
            ..Self::default()
        }
    }

    /// The table entry of a top-level field.
    pub fn field(name: &str) -> Option<&'static Field> {
        Self::RECORD.fields.iter().find(|field| field.name == name)
    }
}

impl Design {
    /// The links whose calls take connections from the pool of this one: itself, and those of the
    /// same caller that share it, in the order drawn.
    pub fn pool_links<'a>(&'a self, link: &'a Link) -> Vec<&'a Link> {
        let shared = |link: &'a Link| link.pool.as_ref()?.shared.as_deref();
        let Some(name) = shared(link) else {
            return vec![link];
        };
        let of_caller = self.links.iter().filter(|other| other.from == link.from);
        of_caller
            .filter(|other| shared(other) == Some(name))
            .collect()
    }
}
