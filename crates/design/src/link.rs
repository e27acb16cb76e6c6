//! Links: who calls whom, when, over what network, and with which policies.

use crate::attribute::{Attribute, Field, Reader, Shape};
use crate::distribution::Distribution;
use crate::document::Design;
use crate::quantity::Duration;
use crate::value::Value;
use crate::{choice, record, variants};

record! {
    /// A directed connection from a caller to a callee, with the caller's policies for it.
    pub struct Link {
        /// Stable name; by default `from->to`, with `#2`, `#3` … for parallel links.
        pub id: String = String::new() => { label: "Id" },
        /// The calling node.
        pub from: String = String::new() => { label: "From" },
        /// The called node.
        pub to: String = String::new() => { label: "To" },
        /// How the link is used.
        pub mode: Mode = Mode::Call => { label: "Mode" },
        /// When it is called; any of the conditions is enough.
        pub when: Conditions = Conditions(vec![Condition::Always]) => { label: "When" },
        /// Its place in the caller's plan. Links of one stage run in parallel. By default each link is a stage of its own, in the order drawn.
        pub stage: Option<u32> = None => { label: "Stage", range: 0..=1000 },
        /// Calls one after another per request: 40 is the N+1 query.
        pub calls: u32 = 1 => { label: "Calls", range: 1..=10000 },
        /// Its failure degrades the answer instead of failing it.
        pub optional: bool = false => { label: "Optional" },
        /// What a write does to a cache at the end of this link.
        pub on_write: OnWrite = OnWrite::None => { label: "On write" },
        /// One-way network latency; an answer pays it again.
        pub latency: Distribution = Distribution::Const(Duration::us(250)) => { label: "Latency", source: "half a round trip of 0.5 ms within a zone" },
        /// Share of packets lost, each way. A lost packet is silence, not an error.
        pub loss: f64 = 0.0 => { label: "Loss", range: 0..=1 },
        /// How long an attempt may take before the caller gives up on it; the callee works on. `null` waits for ever.
        pub timeout: Option<Duration> = None => { label: "Timeout", range: 0.000001..=86400, source: "many clients ship none: Go net/http, python requests, axios" },
        /// Further attempts after a failed one.
        pub retry: Option<Retry> = None => { label: "Retry" },
        /// Stops calling a callee that fails.
        pub breaker: Option<Breaker> = None => { label: "Circuit breaker" },
        /// Refuses calls itself, before they are sent, while the callee turns many of them away.
        pub adaptive_throttle: Option<AdaptiveThrottle> = None => { label: "Adaptive throttling" },
        /// Bounds the attempts of each calling replica that are under way at a time.
        pub bulkhead: Option<Bulkhead> = None => { label: "Bulkhead" },
        /// Connections per calling replica.
        pub pool: Option<Pool> = None => { label: "Connection pool" },
        /// A second attempt where the first takes long; the first answer counts.
        pub hedge: Option<Hedge> = None => { label: "Hedge" },
        /// Passes on how long the caller still waits (its timeout here, and what is left of its own deadline or of the user's patience): the callee drops what it has not begun by then, and the caller waits no longer itself.
        pub deadline: bool = false => { label: "Pass the deadline on", source: "gRPC: yes; most HTTP clients: no" },
        /// Tells the callee when the caller gives up: it drops what waits and makes no further calls. What it works on it finishes.
        pub cancellation: bool = false => { label: "Cancel", source: "gRPC: yes; most HTTP servers: no" },
        /// For a consumer: deliveries in flight at most, over all replicas of the consumer.
        pub concurrency: u32 = 8 => { label: "Consumer concurrency", unit: "messages", range: 1..=1000000 },
        /// From a load balancer that goes by weight: the share of each replica at the end of this link, relative to those of other links.
        pub weight: u32 = 1 => { label: "Weight", range: 1..=1000, source: "nginx: 1" },
        /// For a consumer: deliveries in flight at each replica at most, within the concurrency. They wait at that replica, though another may be idle. `null` bounds all replicas together only.
        pub prefetch: Option<u32> = None => { label: "Prefetch", unit: "messages", range: 1..=1000000, source: "RabbitMQ prefetch count: unlimited unless set, 100 to 300 recommended" },
        /// For a publisher: what it waits for.
        pub ack: Ack = Ack::Accepted => { label: "Acknowledgement" },
        /// From a database: how its committed writes are handed to the queue (an outbox, or change data capture). `null` is as usual: every 500 ms, 100 at a time.
        pub relay: Option<Relay> = None => { label: "Relay" },
    }
}

record! {
    /// Hands a database's committed writes to a queue, in their order, each until the queue has it.
    pub struct Relay {
        /// How often it looks for new ones.
        pub poll: Duration = Duration::ms(500) => { label: "Poll", range: 0.000001..=86400, source: "Debezium poll.interval.ms: 500 ms" },
        /// Most it hands over each time.
        pub batch: u32 = 100 => { label: "Batch", unit: "messages", range: 1..=1000000 },
    }
}

choice! {
    /// How a link is used.
    pub enum Mode {
        /// Asks and waits for the answer.
        Call = "call",
        /// Hands a message to a queue and goes on once it was accepted.
        Publish = "publish",
        /// From a queue: the callee consumes its messages.
        Consume = "consume",
        /// From a queue: where messages go that were received too often.
        DeadLetter = "dead_letter",
    }
}

choice! {
    /// What a publisher waits for.
    pub enum Ack {
        /// The queue's word that it has the message.
        Accepted = "accepted",
        /// Nothing: it goes on at once, and never hears whether the message arrived.
        None = "none",
    }
}

choice! {
    /// What a write does to a cache.
    pub enum OnWrite {
        /// Nothing: the entry stays until its TTL runs out.
        None = "none",
        /// Sends a message that removes the entry, once the write has succeeded.
        Invalidate = "invalidate",
        /// Sends a message with the new value, once the write has succeeded.
        Update = "update",
        /// At a cache with an origin: the cache takes the write, answers, and writes to its origin later.
        WriteBehind = "write_behind",
    }
}

variants! {
    /// A condition on a call.
    pub enum Condition {
        bare {
            /// Every time.
            Always = "always",
            /// For operations that read.
            Reads = "reads",
            /// For operations that write.
            Writes = "writes",
            /// When a cache in the stage before missed.
            OnMiss = "on_miss",
            /// When the stage before failed: a fallback.
            OnError = "on_error",
        }
        with {
            /// For these operations.
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
    /// Further attempts after a failed one.
    pub struct Retry {
        /// Attempts in all, the first included.
        pub max_attempts: u32 = 3 => { label: "Max attempts", unit: "attempts", range: 1..=100, source: "AWS SDKs 3, gRPC at most 5, SRE book at most 3" },
        /// Pause before the next attempt.
        pub backoff: Backoff = Backoff::None => { label: "Backoff" },
        /// How the pause is spread.
        pub jitter: Jitter = Jitter::None => { label: "Jitter" },
        /// Bounds retries to a share of the calls, per calling replica.
        pub budget: Option<Budget> = None => { label: "Budget" },
        /// Stops retries while many attempts fail, per calling replica.
        pub throttle: Option<RetryThrottle> = None => { label: "Throttle" },
        /// A quota that retries draw on and answers pay back, per calling replica.
        pub quota: Option<RetryQuota> = None => { label: "Quota" },
        /// Which failures are tried again.
        pub on: Vec<RetryOn> = vec![RetryOn::Timeout, RetryOn::Refused, RetryOn::Rejected, RetryOn::Unavailable, RetryOn::Error] => { label: "On" },
    }
}

variants! {
    /// Pause before the next attempt.
    pub enum Backoff {
        bare {
            /// At once.
            None = "none",
        }
        with {
            /// Always the same.
            Constant(Duration) = "constant", or Duration::ms(100);
            /// Doubles each time, up to a cap.
            Exponential(Exponential) = "exponential", or Exponential::default();
        }
    }
}

record! {
    /// A pause that doubles: base, 2 × base, 4 × base …
    pub struct Exponential {
        /// The first pause.
        pub base: Duration = Duration::ms(100) => { label: "Base", range: 0.000001..=3600, source: "gRPC example 100 ms, AWS SDKs 50 ms to 1 s" },
        /// The longest pause.
        pub cap: Duration = Duration::s(2) => { label: "Cap", range: 0.000001..=3600, source: "gRPC example 1 s, AWS SDKs 20 s" },
    }
}

choice! {
    /// How a pause `v` is spread (Brooker, Exponential Backoff and Jitter, 2015).
    pub enum Jitter {
        /// Not at all: `v`.
        None = "none",
        /// Anywhere from 0 to `v`.
        Full = "full",
        /// Half of `v` and up to as much again.
        Equal = "equal",
        /// From the base to three times the last pause, up to the cap.
        Decorrelated = "decorrelated",
    }
}

record! {
    /// A token bucket for retries: each call pays in `ratio`, each retry takes 1 out.
    pub struct Budget {
        /// Retries per call in the long run.
        pub ratio: f64 = 0.1 => { label: "Ratio", unit: "retries per call", range: 0..=10, ratio: true, source: "Finagle 20 %, SRE book 10 %" },
        /// Retries that may be saved up; the bucket starts full.
        pub burst: f64 = 10.0 => { label: "Burst", unit: "retries", range: 0..=100000 },
    }
}

record! {
    /// Retries while more than half the tokens are left: a failed attempt takes 1 out, an answer pays some in.
    pub struct RetryThrottle {
        /// Most tokens; the bucket starts full.
        pub tokens: f64 = 10.0 => { label: "Tokens", unit: "tokens", range: 1..=1000, source: "gRPC A6, retryThrottling: at most 1000, example 10" },
        /// What an answer pays in, in thousandths at the finest.
        pub token_ratio: f64 = 0.1 => { label: "Token ratio", unit: "tokens per answer", range: 0.001..=1000, source: "gRPC A6, retryThrottling: example 0.1" },
    }
}

record! {
    /// A quota of retries that only answers fill up again (AWS SDKs, standard mode).
    pub struct RetryQuota {
        /// Most of it; it starts full.
        pub capacity: u32 = 500 => { label: "Capacity", range: 1..=1000000, source: "botocore retries/quota.py: 500" },
        /// What a retry takes. An answer to a retry pays it back.
        pub cost: u32 = 5 => { label: "Cost", range: 0..=1000000, source: "botocore retries/standard.py: 5" },
        /// What a retry after a timeout takes.
        pub timeout_cost: u32 = 10 => { label: "Cost after a timeout", range: 0..=1000000, source: "botocore retries/standard.py: 10" },
        /// What an answer to a first attempt pays in.
        pub refund: u32 = 1 => { label: "Refund", range: 0..=1000000, source: "botocore retries/standard.py: 1" },
    }
}

record! {
    /// Client-side throttling: a call is refused with probability max(0, (requests - k × accepts) / (requests + 1)).
    pub struct AdaptiveThrottle {
        /// Calls tried per call accepted before any is refused: the lower, the sooner.
        pub k: f64 = 2.0 => { label: "K", range: 1..=1000, source: "Google SRE book, Handling Overload: 2" },
        /// Over how long calls and acceptances are counted.
        pub window: Duration = Duration::s(120) => { label: "Window", range: 0.001..=86400, source: "Google SRE book, Handling Overload: 2 min" },
    }
}

choice! {
    /// A failure that a retry may follow.
    pub enum RetryOn {
        /// No answer in time.
        Timeout = "timeout",
        /// The callee's process is down.
        Refused = "refused",
        /// The callee had no room.
        Rejected = "rejected",
        /// Nobody there to serve it.
        Unavailable = "unavailable",
        /// The callee answered with an error.
        Error = "error",
        /// The caller's own breaker is open.
        CircuitOpen = "circuit_open",
        /// No connection of the pool came free in time.
        PoolTimeout = "pool_timeout",
    }
}

record! {
    /// Stops calling a callee that fails: open for a while, then half open with a few trial calls.
    pub struct Breaker {
        /// Share of failures among the last calls that opens it. `null` leaves it to the others.
        pub failure_rate: Option<f64> = Some(0.5) => { label: "Failure rate", range: 0.01..=1, source: "resilience4j and Hystrix: 50 %" },
        /// How many of the last calls count, where the window is no time.
        pub window: u32 = 100 => { label: "Window", unit: "calls", range: 1..=10000, source: "resilience4j: 100 calls" },
        /// Counts the calls of this last while instead, in ten steps. `null` counts the last `window` calls.
        pub window_time: Option<Duration> = None => { label: "Time window", range: 0.001..=86400, source: "Hystrix: 10 s in 10 buckets" },
        /// Calls seen before the rate is judged.
        pub min_calls: u32 = 20 => { label: "Minimum calls", unit: "calls", range: 1..=10000, source: "Hystrix 20, resilience4j 100" },
        /// Share of slow calls, answered or not, that opens it. `null` lets calls be slow.
        pub slow_call_rate: Option<f64> = None => { label: "Slow-call rate", range: 0.01..=1, source: "resilience4j: 100 %" },
        /// A call that takes longer is slow.
        pub slow_call_duration: Duration = Duration::s(60) => { label: "Slow from", range: 0.000001..=86400, source: "resilience4j: 60 s" },
        /// Failures in a row that open it. `null` leaves it to the rates.
        pub consecutive_failures: Option<u32> = None => { label: "Consecutive failures", range: 1..=10000, source: "gobreaker: more than 5" },
        /// How long it stays open.
        pub open_for: Duration = Duration::s(5) => { label: "Open for", range: 0.001..=86400, source: "Hystrix 5 s, resilience4j 60 s" },
        /// Whether it judges attempts (resilience4j), or a call with all of its retries.
        pub judges: Judged = Judged::Attempts => { label: "Judges" },
        /// Trial calls when half open: their failure rate (of `min_calls` of them, where that is less) opens it again or closes it. With failures in a row one failure opens it again, and all good closes it.
        pub half_open_calls: u32 = 10 => { label: "Trial calls", unit: "calls", range: 1..=1000, source: "Hystrix 1, resilience4j 10" },
    }
}

choice! {
    /// What a circuit breaker judges.
    pub enum Judged {
        /// Each attempt: it stands inside the retries, and may open between two of them.
        Attempts = "attempts",
        /// A call with all of its retries. What it refuses is not tried again.
        Calls = "calls",
    }
}

record! {
    /// So many attempts at a time and no more, so that one slow callee cannot take up the whole caller.
    pub struct Bulkhead {
        /// Attempts under way at most, each until its answer or its timeout.
        pub max_concurrent: u32 = 25 => { label: "Max concurrent", unit: "attempts", range: 1..=1000000, source: "resilience4j 25, Hystrix 10" },
        /// How long an attempt waits for a place before it is rejected. `null` waits for ever.
        pub wait: Option<Duration> = Some(Duration::ZERO) => { label: "Wait", range: 0..=86400, source: "resilience4j: 0" },
    }
}

record! {
    /// Sends an attempt again before it has failed, to another replica where there is one. The first answer wins and the other attempts are given up.
    pub struct Hedge {
        /// How long an attempt has been under way when the next is sent; the callee's 95th percentile costs 5 % more attempts.
        pub after: Duration = Duration::ms(50) => { label: "After", range: 0.000001..=86400, source: "Dean and Barroso, The Tail at Scale, 2013: the 95th percentile; gRPC A6 example 500 ms" },
        /// Further attempts at most.
        pub max: u32 = 1 => { label: "Max", unit: "attempts", range: 1..=4, source: "Polly 1, gRPC A6 at most 4" },
    }
}

record! {
    /// A bounded set of connections of each calling replica.
    pub struct Pool {
        /// Connections, each held by one attempt until its answer or its timeout.
        pub size: u32 = 10 => { label: "Size", unit: "connections", range: 1..=1000000, source: "HikariCP: 10" },
        /// How long an attempt waits for a free one. `null` waits for ever.
        pub wait: Option<Duration> = Some(Duration::s(30)) => { label: "Wait", range: 0..=86400, source: "HikariCP: 30 s" },
        /// Name of a pool that links of this caller share, each giving the same size.
        pub shared: Option<String> = None => { label: "Shared as" },
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
