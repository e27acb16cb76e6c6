//! Traces: what became of single requests, as spans that nest: the request, its calls, their
//! attempts, and within each the waits (for a connection, on the network, for a slot) and the work
//! apart.
//!
//! Which requests are traced follows from the seed and the number of the request alone: tracing
//! draws nothing and changes nothing. What is kept is bounded; the oldest requests go first.

use super::tap::Tap;
use crate::agenda::Time;
use crate::call::{CallId, Outcome};
use crate::components::store::KeyHasher;
use crate::event::{LinkIx, NodeIx};
use hashbrown::HashMap;
use std::collections::{BTreeMap, VecDeque};
use std::hash::BuildHasherDefault;

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// From the user's wish to its end.
    Request,
    /// What a caller needed, over all attempts.
    Call,
    /// One attempt, as its caller sees it.
    Attempt,
    /// The pause before a further attempt.
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
    /// As written in a trace.
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

/// A stretch of time in a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What it is of.
    pub kind: SpanKind,
    /// The span that it is a part of, by place; always an earlier one.
    pub parent: Option<u32>,
    /// Where: the calling node of calls and attempts, else the node itself.
    pub node: NodeIx,
    /// Over which link.
    pub link: LinkIx,
    /// Of the node.
    pub replica: u32,
    /// From 1.
    pub attempt: u32,
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
    /// How, where it can fail.
    pub outcome: Option<Outcome>,
    /// Whether its end was seen; where not (a crash, a lost packet, the end of the run), it ends
    /// with the last that was seen of it.
    pub is_ended: bool,
    /// Whether it went on after what it was a part of was over: work in vain. It then has no parent.
    pub is_late: bool,
}

/// The spans of one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestTrace {
    /// Of all requests of the run, counted from 0.
    pub number: u64,
    /// Its operation, by place.
    pub operation: u32,
    /// Its spans; the request itself comes first.
    pub spans: Vec<Span>,
    /// Spans that found no room.
    pub dropped: u64,
    root: Key,
    keys: Vec<Key>,
}

/// Most spans of all requests: about 20 MB.
const SPANS_MAX: usize = 200_000;
/// Most spans of one request.
const SPANS_OF_REQUEST_MAX: usize = 5_000;

/// How far ahead is looked for the next request that is traced.
const AHEAD: u64 = 1_024;

/// A record of a call, generation included.
type Key = u64;

/// Something by record, looked up and never iterated over.
type ByRecord<T> = HashMap<Key, T, BuildHasherDefault<KeyHasher>>;

/// A record whose call is traced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// Among those traced.
    pub(crate) request: u64,
    pub(crate) attempt: Option<u32>,
    pub(crate) call: Option<u32>,
    pub(crate) serve: Option<u32>,
    pub(crate) is_concluded: bool,
}

/// Collects the spans of the requests that are traced.
#[derive(Clone, Debug)]
pub struct Trace {
    share: f64,
    seed: u64,
    made: u64,
    /// No request before this one is traced; whether it is itself is to be seen.
    next: u64,
    sampled: u64,
    spans: usize,
    /// Those kept, which are the newest of those traced.
    requests: VecDeque<RequestTrace>,
    roots: ByRecord<u64>,
    pub(crate) open: ByRecord<Open>,
    /// Calls whose last attempt failed, by the job that waits and the link (none for a balancer,
    /// which may take another): their spans, for a further attempt.
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

    /// Requests made, and of those traced, kept or not.
    pub fn counts(&self) -> (u64, u64) {
        (self.made, self.sampled)
    }

    /// A request is made; its number, where it is traced.
    #[inline(always)]
    pub(crate) fn samples(&mut self) -> Option<u64> {
        let number = self.made;
        self.made += 1;
        (number == self.next && self.looks_ahead(number)).then_some(number)
    }

    /// Whether the request is traced; and finds the next that may be.
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

    /// One of those kept.
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

    /// Which of those traced the request of this root is.
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

    /// Adds a span; its place, where there was room.
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

    /// A span that was added.
    pub(crate) fn span(&mut self, request: u64, span: Option<u32>) -> Option<&mut Span> {
        self.request(request)?.spans.get_mut(span? as usize)
    }

    /// What was kept, in the order the requests were made. Every span lies within its parent.
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

/// Ends what has no end, and parts what outlived its parent from it.
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

/// From 0 to below 1, by SplitMix64's finaliser: the same request is traced in every design.
fn unit(seed: u64, number: u64) -> f64 {
    let mut z = seed ^ number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

impl Tap {
    /// Opens the tap to trace this share of the requests to come.
    pub(crate) fn trace(&mut self, share: f64, seed: u64) {
        self.is_for_traces = !self.is_open;
        self.is_open = true;
        self.trace = Some(Box::new(Trace::new(share, seed)));
    }
}
