//! Tracing of calls: the moments at which spans begin and end. Called only while tracing is on; see
//! [`crate::measure::Trace`].

use crate::call::{ANY_REPLICA, Call, CallId, Outcome, Phase};
use crate::event::{LinkIx, NodeIx};
use crate::measure::{Open, Span, SpanKind, Trace};
use crate::world::World;

impl Span {
    fn new(kind: SpanKind, node: NodeIx, start: u64, parent: Option<u32>) -> Self {
        Self {
            kind,
            parent,
            node,
            link: LinkIx::NONE,
            replica: 0,
            attempt: 1,
            start,
            end: start,
            outcome: None,
            is_ended: false,
            is_late: false,
        }
    }

    fn until(mut self, end: u64) -> Self {
        (self.end, self.is_ended) = (end, true);
        self
    }

    fn over(mut self, call: &Call) -> Self {
        (self.link, self.replica) = (call.link, call.caller_replica);
        self.attempt = u32::from(call.attempt);
        self
    }

    fn at_callee(mut self, call: &Call) -> Self {
        self.link = call.link;
        self.replica = if call.replica == ANY_REPLICA {
            0
        } else {
            call.replica
        };
        self.attempt = u32::from(call.attempt);
        self
    }

    fn finish(&mut self, end: u64, outcome: Outcome) {
        (self.end, self.outcome, self.is_ended) = (end, Some(outcome), true);
    }
}

impl World {
    /// Traces a user's request.
    #[inline(always)]
    pub(crate) fn trace_request(&mut self, id: CallId) {
        let trace = self.tap.trace.as_mut();
        if let Some(number) = trace.and_then(|trace| trace.samples()) {
            self.begin_trace(id, number);
        }
    }

    #[cold]
    fn begin_trace(&mut self, id: CallId, number: u64) {
        let Some(trace) = &mut self.tap.trace else {
            return;
        };
        let call = &mut self.calls[id];
        call.is_shown |= self.tap.is_for_traces;
        let span = Span::new(SpanKind::Request, call.node, self.now, None);
        trace.begin(id, number, call.operation, span);
    }

    /// Traces the end of a request for the user.
    #[cold]
    pub(crate) fn trace_request_end(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        if let Some(trace) = &mut self.tap.trace
            && let Some(request) = trace.request_of(id)
            && let Some(span) = trace.span(request, Some(0))
        {
            span.finish(now, outcome);
        }
    }

    /// Traces an attempt that has to wait for a connection, or is sent.
    #[cold]
    pub(crate) fn trace_attempt(&mut self, id: CallId) {
        let now = self.now;
        let Some(mut trace) = self.tap.trace.take() else {
            return;
        };
        match trace.open(id) {
            // It waited before, and no longer does.
            Some(open) => {
                let (request, attempt) = (open.request, open.attempt);
                let call = &self.calls[id];
                let start = trace.span(request, attempt).map_or(now, |span| span.start);
                let from = self.link(call.link).from;
                let wait = Span::new(SpanKind::Connection, from, start, attempt);
                trace.push(request, wait.over(call).until(now));
            }
            None => self.open_attempt(&mut trace, id),
        }
        self.tap.trace = Some(trace);
    }

    /// Begins the spans of an attempt, and of its call if it is the first.
    fn open_attempt(&self, trace: &mut Trace, id: CallId) {
        let (now, call) = (self.now, &self.calls[id]);
        let Some(request) = trace.request_of(call.root) else {
            return;
        };
        let from = match call.link {
            LinkIx::NONE => call.node,
            link => self.link(link).from,
        };
        let parent = self.open_job(trace, call.parent);
        let earlier = (call.attempt > 1)
            .then(|| trace.take_failed(call.parent, call_key(call)))
            .flatten();
        if let Some(span) = trace.span(request, earlier) {
            let pause = Span::new(SpanKind::Backoff, from, span.end, earlier);
            if span.end < now {
                trace.push(request, pause.over(call).until(now));
            }
        }
        let call_span = earlier.or_else(|| {
            let span = Span::new(SpanKind::Call, from, now, parent).over(call);
            trace.push(request, span)
        });
        let span = Span::new(SpanKind::Attempt, from, now, call_span).over(call);
        let attempt = trace.push(request, span);
        let open = Open {
            request,
            attempt,
            call: call_span,
            serve: None,
            is_concluded: false,
        };
        trace.insert(id, open);
    }

    /// Returns the span of a job at its callee, and begins it if needed.
    fn open_job(&self, trace: &mut Trace, job: CallId) -> Option<u32> {
        let call = self.calls.get(job)?;
        let open = trace.open(job)?;
        if open.serve.is_some() {
            return open.serve;
        }
        let (request, attempt) = (open.request, open.attempt);
        if call.started < call.arrived {
            let from = self.link(call.link).from;
            let way = Span::new(SpanKind::Network, from, call.started, attempt).over(call);
            trace.push(request, way.until(call.arrived));
        }
        let span = Span::new(SpanKind::Serve, call.node, call.arrived, attempt).at_callee(call);
        let serve = trace.push(request, span);
        if let Some(open) = trace.open(job) {
            open.serve = serve;
        }
        serve
    }

    /// Traces the end of a job's own work.
    #[cold]
    pub(crate) fn trace_served(&mut self, id: CallId) {
        let now = self.now;
        let Some(mut trace) = self.tap.trace.take() else {
            return;
        };
        if trace.open(id).is_some() {
            let call = &self.calls[id];
            let serve = self.open_job(&mut trace, id);
            let begins = call.slot_since.clamp(call.arrived, now);
            let request = trace.open(id).map_or(0, |open| open.request);
            let part = |kind, start| Span::new(kind, call.node, start, serve).at_callee(call);
            if call.arrived < begins {
                trace.push(request, part(SpanKind::Queue, call.arrived).until(begins));
            }
            trace.push(request, part(SpanKind::Service, begins).until(now));
        }
        self.tap.trace = Some(trace);
    }

    /// Traces an answer of a callee, whether or not the caller still waits.
    #[cold]
    pub(crate) fn trace_answer(&mut self, id: CallId) {
        let now = self.now;
        let Some(mut trace) = self.tap.trace.take() else {
            return;
        };
        if trace.open(id).is_some() {
            let serve = self.open_job(&mut trace, id);
            let open = trace.open(id).map(|open| (open.request, open.is_concluded));
            if let Some((request, is_concluded)) = open {
                if let Some(span) = trace.span(request, serve) {
                    span.finish(now, self.calls[id].outcome);
                }
                if is_concluded {
                    trace.close(id);
                }
            }
        }
        self.tap.trace = Some(trace);
    }

    /// Traces the end of a caller's wait for an attempt.
    #[cold]
    pub(crate) fn trace_conclusion(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        let Some(mut trace) = self.tap.trace.take() else {
            return;
        };
        if trace.open(id).is_none() {
            // A breaker refused, or a balancer had no backend: an attempt that took no time.
            self.open_attempt(&mut trace, id);
        }
        let call = &self.calls[id];
        let is_back = call.phase == Phase::Answering && call.is_sent;
        if let Some(open) = trace.open(id) {
            open.is_concluded = true;
            let open = *open;
            let served = trace.span(open.request, open.serve);
            if let Some(left) = served.filter(|span| span.is_ended).map(|span| span.end)
                && is_back
                && left < now
            {
                let way = Span::new(SpanKind::Network, call.node, left, open.attempt);
                trace.push(open.request, way.at_callee(call).until(now));
            }
            let began = trace
                .span(open.request, open.attempt)
                .map_or(now, |span| span.start);
            if !call.is_sent && began < now {
                // No connection became free in time.
                let from = self.link(call.link).from;
                let wait = Span::new(SpanKind::Connection, from, began, open.attempt);
                trace.push(open.request, wait.over(call).until(now));
            }
            for span in [open.attempt, open.call] {
                if let Some(span) = trace.span(open.request, span) {
                    span.finish(now, outcome);
                }
            }
            if let (Some(span), false) = (open.call, outcome.is_answer()) {
                trace.remember_failed(call.parent, call_key(call), span);
            }
            if !call.phase.is_at_callee() && call.phase != Phase::Travelling {
                trace.close(id);
            }
        }
        self.tap.trace = Some(trace);
    }
}

/// Returns the link of a call, or none for a balancer, which may take another link for its next
/// attempt.
fn call_key(call: &Call) -> LinkIx {
    if call.is_balanced {
        LinkIx::NONE
    } else {
        call.link
    }
}
