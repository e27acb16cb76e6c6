//! Traces: single requests as nested spans: the request, its calls, their attempts, and within each
//! the waits (for a connection, on the network, for a slot) and the work.
//!
//! The seed and the number of the request alone decide which requests are traced; tracing draws
//! nothing and changes nothing. The number of spans is bounded; the oldest requests are dropped
//! first.

use super::tap::Tap;
use crate::agenda::Time;
use crate::call::{CallId, Outcome};
use crate::components::store::KeyHasher;
use crate::event::{LinkIx, NodeIx};
use hashbrown::HashMap;
use std::collections::{BTreeMap, VecDeque};
use std::hash::BuildHasherDefault;

/// The kind of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// From the user's request to its end.
    Request,
    /// What a caller needed, over all attempts.
    Call,
    /// One attempt, as its caller sees it.
    Attempt,
    /// The pause before a retry.
    Backoff,
    /// Waiting for a connection of the caller's pool.
    Connection,
    /// On the way, there or back.
    Network,
    /// At the callee, from arrival to answer.
    Serve,
    /// Waiting for a slot of the callee.
    Queue,
    /// The callee's own work.
    Service,
}

impl SpanKind {
    /// Returns the name in a trace.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Call => "call",
            Self::Attempt => "attempt",
            Self::Backoff => "backoff",
            Self::Connection => "connection",
            Self::Network => "network",
            Self::Serve => "serve",
            Self::Queue => "queue",
            Self::Service => "service",
        }
    }
}

/// A span of time in a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its kind.
    pub kind: SpanKind,
    /// The index of its parent span; always an earlier one.
    pub parent: Option<u32>,
    /// Its node: the calling node of calls and attempts, else the node itself.
    pub node: NodeIx,
    /// Its link.
    pub link: LinkIx,
    /// The replica of the node.
    pub replica: u32,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// Its outcome, if it can fail.
    pub outcome: Option<Outcome>,
    /// Whether its end was observed; otherwise (a crash, a lost packet, the end of the run) it ends
    /// with the last observation.
    pub is_ended: bool,
    /// Whether it continued after its parent had ended: wasted work. It then has no parent.
    pub is_late: bool,
}

/// The spans of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTrace {
    /// Its number among all requests of the run, from 0.
    pub number: u64,
    /// Its operation, by index.
    pub operation: u32,
    /// Its spans; the first is the request itself.
    pub spans: Vec<Span>,
    /// Number of spans that were dropped.
    pub dropped: u64,
    root: Key,
    keys: Vec<Key>,
}

/// Maximum number of spans of all requests: about 20 MB.
const SPANS_MAX: usize = 200_000;
/// Maximum number of spans of one request.
const SPANS_OF_REQUEST_MAX: usize = 5_000;

/// How far ahead the next traced request is searched.
const AHEAD: u64 = 1_024;

/// A record of a call, generation included.
type Key = u64;

/// A map by record that is never iterated over.
type ByRecord<T> = HashMap<Key, T, BuildHasherDefault<KeyHasher>>;

/// A record whose call is traced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// The index among the traced requests.
    pub(crate) request: u64,
    pub(crate) attempt: Option<u32>,
    pub(crate) call: Option<u32>,
    pub(crate) serve: Option<u32>,
    pub(crate) is_concluded: bool,
}

/// Collects the spans of the traced requests.
#[derive(Clone, Debug)]
pub struct Trace {
    share: f64,
    seed: u64,
    made: u64,
    /// No request before this one is traced; this one may be.
    next: u64,
    sampled: u64,
    spans: usize,
    /// The kept traces: the newest ones.
    requests: VecDeque<RequestTrace>,
    roots: ByRecord<u64>,
    pub(crate) open: ByRecord<Open>,
    /// Calls whose last attempt failed, by the waiting job and the link (none for a balancer, which
    /// may take another): their spans, for a further attempt.
    pub(crate) failed: BTreeMap<(Key, LinkIx), u32>,
}

fn key(id: CallId) -> Key {
    u64::from(id.generation) << 32 | u64::from(id.slot)
}

impl Trace {
    /// Traces this share of requests, from 0 to 1.
    pub fn new(share: f64, seed: u64) -> Self {
        Self {
            share,
            seed,
            made: 0,
            next: 0,
            sampled: 0,
            spans: 0,
            requests: VecDeque::new(),
            roots: ByRecord::default(),
            open: ByRecord::default(),
            failed: BTreeMap::new(),
        }
    }

    /// Returns the number of requests, and of those traced, kept or not.
    pub fn counts(&self) -> (u64, u64) {
        (self.made, self.sampled)
    }

    /// Counts a request. Returns its number, if it is traced.
    #[inline(always)]
    pub(crate) fn samples(&mut self) -> Option<u64> {
        let number = self.made;
        self.made += 1;
        (number == self.next && self.looks_ahead(number)).then_some(number)
    }

    /// Returns whether the request is traced; also finds the next that may be.
    #[inline(never)]
    fn looks_ahead(&mut self, number: u64) -> bool {
        let is_traced = |number: u64| unit(self.seed, number) < self.share;
        let is_this = is_traced(number);
        let mut ahead = number + 1..number + AHEAD;
        self.next = ahead
            .find(|next| is_traced(*next))
            .unwrap_or(number + AHEAD);
        is_this
    }

    /// Begins the trace of a request.
    pub(crate) fn begin(&mut self, root: CallId, number: u64, operation: u32, span: Span) {
        while self.spans >= SPANS_MAX
            && let Some(oldest) = self.requests.pop_front()
        {
            self.forget(&oldest);
        }
        let root = key(root);
        let request = self.sampled;
        self.sampled += 1;
        self.roots.insert(root, request);
        self.requests.push_back(RequestTrace {
            number,
            operation,
            root,
            ..RequestTrace::default()
        });
        let serve = self.push(request, span);
        let open = Open {
            request,
            attempt: None,
            call: None,
            serve,
            is_concluded: true,
        };
        self.watch(root, open);
    }

    /// Returns one of the kept traces.
    fn request(&mut self, request: u64) -> Option<&mut RequestTrace> {
        let first = self.sampled - self.requests.len() as u64;
        self.requests.get_mut(request.checked_sub(first)? as usize)
    }

    fn forget(&mut self, request: &RequestTrace) {
        self.spans -= request.spans.len();
        self.roots.remove(&request.root);
        for key in &request.keys {
            self.open.remove(key);
            let links = (*key, LinkIx(0))..=(*key, LinkIx::NONE);
            let failed: Vec<_> = self.failed.range(links).map(|(key, _)| *key).collect();
            for key in failed {
                self.failed.remove(&key);
            }
        }
    }

    /// Returns the index among the traced requests of the request with this root.
    pub(crate) fn request_of(&self, root: CallId) -> Option<u64> {
        self.roots.get(&key(root)).copied()
    }

    pub(crate) fn open(&mut self, id: CallId) -> Option<&mut Open> {
        self.open.get_mut(&key(id))
    }

    pub(crate) fn insert(&mut self, id: CallId, open: Open) {
        self.watch(key(id), open);
    }

    fn watch(&mut self, key: Key, open: Open) {
        if let Some(request) = self.request(open.request)
            && request.keys.len() < SPANS_OF_REQUEST_MAX
        {
            request.keys.push(key);
            self.open.insert(key, open);
        }
    }

    pub(crate) fn close(&mut self, id: CallId) {
        self.open.remove(&key(id));
    }

    pub(crate) fn remember_failed(&mut self, job: CallId, link: LinkIx, call: u32) {
        self.failed.insert((key(job), link), call);
    }

    pub(crate) fn take_failed(&mut self, job: CallId, link: LinkIx) -> Option<u32> {
        self.failed.remove(&(key(job), link))
    }

    /// Adds a span. Returns its index, if there was room.
    pub(crate) fn push(&mut self, request: u64, span: Span) -> Option<u32> {
        let request = self.request(request)?;
        if request.spans.len() >= SPANS_OF_REQUEST_MAX {
            request.dropped += 1;
            return None;
        }
        request.spans.push(span);
        let place = request.spans.len() as u32 - 1;
        self.spans += 1;
        Some(place)
    }

    /// Returns a span that was added.
    pub(crate) fn span(&mut self, request: u64, span: Option<u32>) -> Option<&mut Span> {
        self.request(request)?.spans.get_mut(span? as usize)
    }

    /// Returns the kept traces, in the order in which the requests were made. Every span lies
    /// within its parent.
    pub fn requests(&self) -> Vec<RequestTrace> {
        let requests = self.requests.iter().cloned();
        requests
            .map(|mut request| {
                nest(&mut request.spans);
                request
            })
            .collect()
    }
}

/// Ends spans without an end, and separates those that outlived their parent from it.
fn nest(spans: &mut [Span]) {
    for at in (0..spans.len()).rev() {
        spans[at].end = spans[at].end.max(spans[at].start);
        let end = spans[at].end;
        if let Some(parent) = spans[at].parent {
            let parent = &mut spans[parent as usize];
            if !parent.is_ended {
                parent.end = parent.end.max(end);
            }
        }
    }
    for at in 0..spans.len() {
        if let Some(parent) = spans[at].parent {
            let parent = &spans[parent as usize];
            let is_within = spans[at].start >= parent.start && spans[at].end <= parent.end;
            if !is_within {
                spans[at].is_late = true;
                spans[at].parent = None;
            }
        }
    }
}

/// Returns a number from 0 to below 1, by SplitMix64's finalizer: the same request is traced in
/// every design.
fn unit(seed: u64, number: u64) -> f64 {
    let mut z = seed ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

impl Tap {
    /// Starts tracing this share of future requests.
    pub(crate) fn trace(&mut self, share: f64, seed: u64) {
        self.is_for_traces = !self.is_open;
        self.is_open = true;
        self.trace = Some(Box::new(Trace::new(share, seed)));
    }
}
