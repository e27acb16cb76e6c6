//! Traces in the Chrome trace event format, which Perfetto and `chrome://tracing` open: each
//! request is a process, and its spans lie on as few lines (threads) as nest without crossing.

use serde_json::{Value, json};
use sim::Simulation;
use sim::call::Outcome;
use sim::event::LinkIx;
use sim::measure::{RequestTrace, Span, SpanKind, Trace};

/// What was traced, as one JSON document. Times are in µs of simulated time.
pub(crate) fn chrome(simulation: &Simulation, trace: &Trace) -> String {
    let requests = trace.requests();
    let (made, sampled) = trace.counts();
    let mut text = String::from("{\"displayTimeUnit\":\"ms\",\"otherData\":");
    let other = json!({
        "made_by": "faultline",
        "design": simulation.design().settings.name,
        "requests": made,
        "requests_sampled": sampled,
        "requests_kept": requests.len(),
        "spans_dropped": requests.iter().map(|request| request.dropped).sum::<u64>(),
    });
    text += &format!("{other},\"traceEvents\":[");
    for request in &requests {
        for event in events(simulation, request) {
            text += if text.ends_with('[') { "\n" } else { ",\n" };
            text += &event.to_string();
        }
    }
    text += "\n]}\n";
    text
}

fn events(simulation: &Simulation, request: &RequestTrace) -> Vec<Value> {
    // Viewers keep processes and threads of number 0 to themselves.
    let process = request.number + 1;
    let lines = lines(&request.spans);
    let mut events = vec![
        json!({"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": title(simulation, request)}}),
        json!({"ph": "M", "name": "process_sort_index", "pid": process, "tid": 0, "args": {"sort_index": process}}),
    ];
    for (span, line) in request.spans.iter().zip(lines) {
        let world = simulation.world();
        let mut arguments = json!({"node": world.node(span.node).id, "replica": span.replica});
        if span.link != LinkIx::NONE {
            arguments["link"] = json!(world.link(span.link).id);
            arguments["attempt"] = json!(span.attempt);
        }
        if let Some(outcome) = span.outcome {
            arguments["outcome"] = json!(outcome_name(outcome));
        }
        for (name, is_so) in [("late", span.is_late), ("unfinished", !span.is_ended)] {
            if is_so {
                arguments[name] = json!(true);
            }
        }
        let us = |ns: u64| ns as f64 / 1e3;
        events.push(json!({
            "ph": "X",
            "name": name(simulation, request, span),
            "cat": span.kind.name(),
            "ts": us(span.start),
            "dur": us(span.end - span.start),
            "pid": process,
            "tid": line + 1,
            "args": arguments,
        }));
    }
    events
}

/// What a request was, and how it went.
fn title(simulation: &Simulation, request: &RequestTrace) -> String {
    let Some(span) = request.spans.first() else {
        return format!("request {}", request.number);
    };
    let operation = simulation.world().operation_name(request.operation);
    let ms = (span.end - span.start) as f64 / 1e6;
    let outcome = span.outcome.map_or("unfinished", outcome_name);
    format!(
        "{operation} {} at {:.3} s: {outcome}, {ms:.3} ms",
        request.number,
        span.start as f64 / 1e9
    )
}

fn name(simulation: &Simulation, request: &RequestTrace, span: &Span) -> String {
    let world = simulation.world();
    let link = || match span.link {
        LinkIx::NONE => world.node(span.node).id.clone(),
        link => world.link(link).id.clone(),
    };
    match span.kind {
        SpanKind::Request => world.operation_name(request.operation).to_owned(),
        SpanKind::Call => link(),
        SpanKind::Attempt => format!("attempt {}", span.attempt),
        SpanKind::Backoff => "backoff".to_owned(),
        SpanKind::Connection => "wait for a connection".to_owned(),
        SpanKind::Network => "network".to_owned(),
        SpanKind::Serve => world.node(span.node).id.clone(),
        SpanKind::Queue => "wait for a slot".to_owned(),
        SpanKind::Service => "work".to_owned(),
    }
}

pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Degraded => "degraded",
        Outcome::Failed(cause) => cause.name(),
    }
}

/// The line of every span. A span lies on its parent's line where no sibling is in the way, else
/// with all below it on the first line that is free for as long.
fn lines(spans: &[Span]) -> Vec<usize> {
    // Of each line, the stretches taken by what is not below a span of the same line.
    let mut taken: Vec<Vec<(u64, u64)>> = Vec::new();
    let mut lines = vec![0; spans.len()];
    // Of each span, the stretches of its line that its children took.
    let mut within: Vec<Vec<(u64, u64)>> = vec![Vec::new(); spans.len()];
    let is_free = |taken: &[(u64, u64)], span: &Span| {
        taken
            .iter()
            .all(|(start, end)| span.end <= *start || span.start >= *end)
    };
    // In order of time, an outer span before its inner ones.
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|at| (spans[*at].start, std::cmp::Reverse(spans[*at].end), *at));
    for at in order {
        let span = &spans[at];
        let stretch = (span.start, span.end);
        if let Some(parent) = span.parent.map(|parent| parent as usize)
            && is_free(&within[parent], span)
        {
            lines[at] = lines[parent];
            within[parent].push(stretch);
            continue;
        }
        let free = taken.iter().position(|taken| is_free(taken, span));
        lines[at] = free.unwrap_or(taken.len());
        match free {
            Some(line) => taken[line].push(stretch),
            None => taken.push(vec![stretch]),
        }
    }
    lines
}
