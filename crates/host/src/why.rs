//! Why single requests took as long as they did: a copy of the run, made at a keyframe, goes once
//! more through the time looked at and traces its requests. The run on the canvas is left alone.

use crate::SLICE_EVENTS;
use crate::past::Past;
use crate::trace::outcome_name;
use format::message::{Reply, Traced, TracedKind, TracedSpan};
use sim::Simulation;
use sim::agenda::Time;
use sim::call::Outcome;
use sim::event::LinkIx;
use sim::measure::{RequestTrace, Span, SpanKind};

/// How far back is looked for the slowest requests, in ns.
const BACK: Time = 10_000_000_000;
/// How long before a dot left its request was made, and how long after it ends, at most, in ns.
const AROUND: Time = 5_000_000_000;
/// Approximate number of requests to trace.
const REQUESTS: f64 = 4_000.0;
/// Most events in all.
const EVENTS_MAX: u64 = 40_000_000;
/// Slowest requests told, and failures.
const SLOWEST: usize = 10;
const FAILED: usize = 10;
/// Maximum number of spans reported per request.
const SPANS_MAX: usize = 300;

/// The question, and how far it got.
#[derive(Debug)]
pub(crate) struct Why {
    token: u32,
    /// A link, and when something left over it.
    of: Option<(String, Time)>,
    from: Time,
    until: Time,
    simulation: Simulation,
    done: usize,
    is_tracing: bool,
    events: u64,
}

impl Why {
    /// Starts a query of recent requests, or of those around a packet that left over a link.
    pub(crate) fn new(token: u32, of: Option<(String, Time)>, past: &Past, now: Time) -> Self {
        let (from, until) = match &of {
            Some((_, at)) => (
                at.saturating_sub(AROUND),
                now.min(at.saturating_add(AROUND)),
            ),
            None => (now.saturating_sub(BACK), now),
        };
        let (simulation, done) = past.copy_at(from);
        let events = simulation.events();
        Self {
            token,
            of,
            from,
            until,
            simulation,
            done,
            is_tracing: false,
            events,
        }
    }

    /// Goes on a little; true where it is done.
    pub(crate) fn advance(&mut self, past: &Past) -> bool {
        let to = if self.is_tracing {
            self.until
        } else {
            self.from
        };
        let is_there = past.follow(&mut self.simulation, &mut self.done, to, SLICE_EVENTS);
        if is_there && !self.is_tracing {
            self.is_tracing = true;
            let share = self.share();
            self.simulation.trace(share);
            return false;
        }
        is_there || self.simulation.events() - self.events > EVENTS_MAX
    }

    /// The share of requests that yields about [`REQUESTS`]; all of them to find a particular one.
    fn share(&self) -> f64 {
        let now = self.simulation.now().max(1) as f64;
        let per_ns = self.simulation.totals().offered as f64 / now;
        let expected = per_ns * (self.until - self.from) as f64;
        match self.of {
            None if expected > REQUESTS => REQUESTS / expected,
            _ => 1.0,
        }
    }

    /// What was found.
    pub(crate) fn reply(mut self) -> Reply {
        let trace = self.simulation.tap_mut().trace.take();
        let mut all = trace.map(|trace| trace.requests()).unwrap_or_default();
        all.retain(|request| !request.spans.is_empty());
        let seen = all.len() as u64;
        let asked = self.of.as_ref().and_then(|(link, at)| {
            let link = self.simulation.link_place(link)?;
            all.iter().position(|request| has(request, link, *at))
        });
        let asked = asked.map(|place| all.swap_remove(place));
        // Longest first; among equals the earlier.
        all.sort_by_key(|request| (u64::MAX - took(request, self.until), request.number));
        let (failed, fine): (Vec<_>, Vec<_>) = all.into_iter().partition(has_failed);
        let picked = asked
            .into_iter()
            .chain(fine.into_iter().take(SLOWEST))
            .chain(failed.into_iter().take(FAILED));
        let requests = picked.map(|request| self.told(&request)).collect();
        Reply::Why {
            token: self.token,
            from_ns: self.from,
            until_ns: self.until,
            seen,
            requests,
        }
    }

    fn told(&self, request: &RequestTrace) -> Traced {
        let root = &request.spans[0];
        let world = self.simulation.world();
        let spans = in_order(&request.spans);
        let dropped = request.dropped + spans.len().saturating_sub(SPANS_MAX) as u64;
        let span = |(at, depth, is_late): (usize, u8, bool)| TracedSpan {
            is_late,
            ..self.span(&request.spans[at], depth)
        };
        Traced {
            operation: world.operation_name(request.operation).to_owned(),
            start_ns: root.start,
            end_ns: if root.is_ended { root.end } else { self.until },
            outcome: root
                .outcome
                .map_or(String::new(), |outcome| outcome_name(outcome).into()),
            spans: spans.into_iter().take(SPANS_MAX).map(span).collect(),
            dropped,
        }
    }

    fn span(&self, span: &Span, depth: u8) -> TracedSpan {
        let world = self.simulation.world();
        let place = match (span.kind, span.link) {
            (SpanKind::Call | SpanKind::Attempt | SpanKind::Network, link)
                if link != LinkIx::NONE =>
            {
                world.link(link).id.clone()
            }
            _ => world.node(span.node).id.clone(),
        };
        TracedSpan {
            kind: kind(span.kind),
            depth,
            place,
            attempt: span.attempt,
            start_ns: span.start,
            end_ns: if span.is_ended {
                span.end
            } else {
                span.end.max(span.start)
            },
            failed: match span.outcome {
                Some(Outcome::Failed(cause)) => cause.name().to_owned(),
                _ => String::new(),
            },
            is_late: span.is_late,
        }
    }
}

fn took(request: &RequestTrace, until: Time) -> Time {
    let root = &request.spans[0];
    let end = if root.is_ended { root.end } else { until };
    end.saturating_sub(root.start)
}

fn has_failed(request: &RequestTrace) -> bool {
    matches!(request.spans[0].outcome, Some(Outcome::Failed(_)))
}

/// Whether an attempt of the request started or ended over that link at that moment.
fn has(request: &RequestTrace, link: LinkIx, at: Time) -> bool {
    let over = |span: &&Span| span.link == link;
    let mut spans = request.spans.iter().filter(over);
    spans.any(|span| span.start == at || span.end == at)
}

/// Returns the spans depth first, siblings in order of time, each with its depth and whether it or
/// a parent is wasted work.
fn in_order(spans: &[Span]) -> Vec<(usize, u8, bool)> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    let mut roots = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        match span.parent {
            Some(parent) => children[parent as usize].push(at),
            None => roots.push(at),
        }
    }
    let by_time = |list: &mut Vec<usize>| {
        list.sort_by_key(|at| (std::cmp::Reverse(spans[*at].start), std::cmp::Reverse(*at)));
    };
    children.iter_mut().for_each(by_time);
    by_time(&mut roots);
    let begin = |at: usize| (at, 0u8, spans[at].is_late);
    let mut stack: Vec<_> = roots.into_iter().map(begin).collect();
    let mut order = Vec::with_capacity(spans.len());
    while let Some((at, depth, is_late)) = stack.pop() {
        order.push((at, depth, is_late));
        let inner = children[at].iter();
        stack.extend(inner.map(|child| (*child, depth.saturating_add(1), is_late)));
    }
    order
}

fn kind(kind: SpanKind) -> TracedKind {
    match kind {
        SpanKind::Request => TracedKind::Request,
        SpanKind::Call => TracedKind::Call,
        SpanKind::Attempt => TracedKind::Attempt,
        SpanKind::Backoff => TracedKind::Backoff,
        SpanKind::Connection => TracedKind::Connection,
        SpanKind::Network => TracedKind::Network,
        SpanKind::Serve => TracedKind::Serve,
        SpanKind::Queue => TracedKind::Queue,
        SpanKind::Service => TracedKind::Service,
    }
}
