//! See why: traces of single requests as waterfalls, in a panel over the canvas. Opened by a click
//! on a dot, or for the slowest recent requests.

use std::sync::Arc;

use design::Design;
use format::message::{Request, Traced, TracedKind, TracedSpan};
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::findings::name_of;
use crate::state::Page;
use crate::{icons, words};

/// Maximum number of lines of a waterfall.
const LINES_MAX: usize = 120;

/// What was requested, and the answer.
#[derive(Clone, Debug)]
pub(crate) struct Why {
    token: u32,
    /// Whether a dot was clicked; otherwise, the slowest and the failed requests are shown.
    is_dot: bool,
    /// The node whose failures are shown.
    failed_at: Option<String>,
    answer: Option<Arc<Answer>>,
}

#[derive(Debug)]
struct Answer {
    from_s: f64,
    until_s: f64,
    seen: u64,
    requests: Vec<Traced>,
}

/// The parts of a request's time, in the order shown.
const PARTS: [(TracedKind, &str, &str); 5] = [
    (TracedKind::Queue, "queue", "waiting for a slot"),
    (TracedKind::Connection, "pool", "waiting for a connection"),
    (TracedKind::Service, "work", "work"),
    (
        TracedKind::Backoff,
        "backoff",
        "pause before another attempt",
    ),
    (TracedKind::Network, "network", "on the network"),
];

impl Page {
    /// Requests the traces of slow requests: the one of a dot, or the slowest recent ones.
    pub(crate) fn ask_why(self, of: Option<(u16, u64)>) {
        self.ask(of, None);
    }

    /// Requests the traces of recent failures, with those first that failed at a node.
    pub(crate) fn ask_why_failed(self, node: String) {
        self.ask(None, Some(node));
    }

    fn ask(self, of: Option<(u16, u64)>, failed_at: Option<String>) {
        let token = self.hidden.try_update_value(|hidden| {
            hidden.why_token += 1;
            hidden.why_token
        });
        let token = token.unwrap_or_default();
        self.why.set(Some(Why {
            token,
            is_dot: of.is_some(),
            failed_at,
            answer: None,
        }));
        self.tell(|run| Request::Why { run, token, of });
    }

    /// Takes the answer.
    pub(crate) fn take_why(
        self,
        token: u32,
        [from_ns, until_ns]: [u64; 2],
        seen: u64,
        requests: Vec<Traced>,
    ) {
        let waits = |why: &Option<Why>| why.as_ref().is_some_and(|why| why.token == token);
        if !self.why.with_untracked(waits) {
            return;
        }
        let answer = Answer {
            from_s: from_ns as f64 / 1e9,
            until_s: until_ns as f64 / 1e9,
            seen,
            requests,
        };
        self.why.update(|why| {
            if let Some(why) = why {
                why.answer = Some(Arc::new(answer));
            }
        });
    }
}

/// The panel, after a request for traces.
#[component]
pub(crate) fn WhyPanel() -> impl IntoView {
    let page = Page::get();
    let close = move || page.why.set(None);
    let shown = move || {
        page.why.get().map(|why| {
            let body = match &why.answer {
                None => view! { <p class="quiet">"Loading …"</p> }.into_any(),
                Some(answer) if answer.requests.is_empty() => {
                    view! { <p class="quiet">"No requests in this period."</p> }.into_any()
                }
                Some(answer) => waterfalls(page, Arc::clone(answer), why.failed_at.as_deref()),
            };
            view! {
                <section
                    class="why"
                    aria-label="Why requests take so long"
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            event.stop_propagation();
                            close();
                        }
                    }
                >
                    <header>
                        <h2>{title(&why)}</h2>
                        <button class="button bare icon" aria-label="Close" on:click=move |_| close()>
                            {icons::glyph(icons::CLOSE)}
                        </button>
                    </header>
                    {body}
                </section>
            }
        })
    };
    shown.into_any()
}

fn title(why: &Why) -> String {
    match (&why.answer, why.is_dot) {
        (Some(answer), false) => format!(
            "Slowest and failed of {} requests, {:.1} to {:.1} s",
            words::count(answer.seen),
            answer.from_s,
            answer.until_s
        ),
        (_, true) => "This request, and the slowest around it".to_owned(),
        (None, false) => "Slowest and failed requests".to_owned(),
    }
}

/// Returns the first request that failed at a node, else the first that failed; by its index.
fn failed_at(requests: &[Traced], node: &str, design: &Design) -> Option<usize> {
    let is_here = |span: &TracedSpan| {
        let link = design.link(&span.place);
        span.place == node || link.is_some_and(|link| link.from == node || link.to == node)
    };
    let here = |span: &TracedSpan| !span.failed.is_empty() && is_here(span);
    let failed = |request: &Traced| !matches!(&*request.outcome, "ok" | "degraded" | "");
    let all = || requests.iter().enumerate().filter(|(_, one)| failed(one));
    let mut at_node = all().filter(|(_, one)| one.spans.iter().any(here));
    at_node.next().or_else(|| all().next()).map(|(at, _)| at)
}

fn waterfalls(page: Page, answer: Arc<Answer>, node: Option<&str>) -> AnyView {
    let design = page.design.get_untracked();
    let first = node.and_then(|node| failed_at(&answer.requests, node, &design));
    let chosen = RwSignal::new(first.unwrap_or(0));
    let none_failed = (node.is_some() && first.is_none()).then(|| {
        let (from_s, until_s) = (answer.from_s, answer.until_s);
        format!("No user request failed from {from_s:.1} to {until_s:.1} s.")
    });
    let longest = answer.requests.iter().map(took).max().unwrap_or(1).max(1);
    let row = |(at, request): (usize, &Traced)| {
        let share = took(request) as f64 / longest as f64 * 100.0;
        let outcome = outcome(request);
        let failed = request.outcome != "ok";
        view! {
            <button
                class="request"
                aria-pressed=text(move || (chosen.get() == at).to_string())
                class:failed=failed
                on:click=move |_| chosen.set(at)
            >
                <span class="num">{ms(took(request))}</span>
                <span class="what">{request.operation.clone()} " " <span class="quiet">{outcome}</span></span>
                <span class="parts" prop:style=format!("width:{share:.1}%")>{parts(request)}</span>
            </button>
        }
    };
    let rows = answer.requests.iter().enumerate().map(row).collect_view();
    view! {
        {none_failed.map(|says| view! { <p class="why-none">{says}</p> })}
        <div class="why-body">
            <div class="requests" role="group" aria-label="Requests">{rows}</div>
            <div class="waterfall" tabindex="0" aria-label="Spans of the request">
                {move || {
                    let request = answer.requests.get(chosen.get());
                    request.map(|request| page.design.with(|design| waterfall(request, design)))
                }}
            </div>
        </div>
        <p class="why-key quiet">
            {PARTS.map(|(_, name, help)| view! { <span title=help><i class=name></i>{name}</span> }).collect_view()}
        </p>
    }
    .into_any()
}

fn took(request: &Traced) -> u64 {
    request.end_ns.saturating_sub(request.start_ns)
}

fn outcome(request: &Traced) -> String {
    match request.outcome.as_str() {
        "" => "in progress".to_owned(),
        "ok" | "degraded" => request.outcome.clone(),
        cause => words::cause(cause).to_owned(),
    }
}

/// The parts of a request's time, as far as any work was done for it.
fn parts(request: &Traced) -> AnyView {
    let of = |kind: TracedKind| {
        let spans = request
            .spans
            .iter()
            .filter(|span| span.kind == kind && !span.is_late);
        spans.map(length).sum::<u64>()
    };
    let sums = PARTS.map(|(kind, name, _)| (of(kind), name));
    let all = sums.iter().map(|(sum, _)| sum).sum::<u64>().max(1);
    sums.into_iter()
        .filter(|(sum, _)| *sum > 0)
        .map(|(sum, name)| {
            let share = sum as f64 / all as f64 * 100.0;
            view! { <i class=name prop:style=format!("width:{share:.1}%")></i> }
        })
        .collect_view()
        .into_any()
}

fn length(span: &TracedSpan) -> u64 {
    span.end_ns.saturating_sub(span.start_ns)
}

fn waterfall(request: &Traced, design: &Design) -> AnyView {
    let ends = request.spans.iter().map(|span| span.end_ns);
    let end_ns = ends.max().unwrap_or(0).max(request.end_ns);
    let all = end_ns.saturating_sub(request.start_ns).max(1) as f64;
    let share = |ns: u64| ns.saturating_sub(request.start_ns) as f64 / all * 100.0;
    let line = |span: &TracedSpan| {
        let (from, width) = (share(span.start_ns), length(span) as f64 / all * 100.0);
        let says = says(span, design);
        let why = match span.failed.as_str() {
            "" => String::new(),
            cause => format!(": {}", words::cause(cause)),
        };
        let late = if span.is_late { ", wasted" } else { "" };
        view! {
            <li class:late=span.is_late class:failed=!span.failed.is_empty()>
                <span class="span-name" prop:style=format!("padding-left:{}px", u32::from(span.depth.min(12)) * 10)>
                    {says}
                    <span class="quiet">{why}{late}</span>
                </span>
                <span class="track">
                    <i class=class(span.kind) prop:style=format!("left:{from:.2}%;width:{width:.2}%")></i>
                </span>
                <span class="num">{ms(length(span))}</span>
            </li>
        }
    };
    let more = request.dropped as usize + request.spans.len().saturating_sub(LINES_MAX);
    view! {
        <p class="quiet">
            {format!(
                "Sent at {:.3} s; {}",
                request.start_ns as f64 / 1e9,
                if request.outcome.is_empty() { "in progress".to_owned() } else { format!("{} after {}", outcome(request), ms(took(request))) },
            )}
        </p>
        <ol>{request.spans.iter().take(LINES_MAX).map(line).collect_view()}</ol>
        {(more > 0).then(|| view! { <p class="quiet">{format!("and {more} more spans")}</p> })}
    }
    .into_any()
}

fn says(span: &TracedSpan, design: &Design) -> String {
    match span.kind {
        TracedKind::Request => "request".to_owned(),
        TracedKind::Call | TracedKind::Serve => name_of(design, &span.place),
        TracedKind::Attempt => format!("attempt {}", span.attempt),
        TracedKind::Backoff => "backoff".to_owned(),
        TracedKind::Connection => "wait for a connection".to_owned(),
        TracedKind::Network => "network".to_owned(),
        TracedKind::Queue => "wait for a slot".to_owned(),
        TracedKind::Service => "work".to_owned(),
    }
}

fn class(kind: TracedKind) -> &'static str {
    let found = PARTS.iter().find(|(part, ..)| *part == kind);
    found.map_or("whole", |(_, name, _)| name)
}

/// Returns a time, in ms.
fn ms(ns: u64) -> String {
    let ms = ns as f64 / 1e6;
    match ms {
        ms if ms < 10.0 => format!("{ms:.2}\u{a0}ms"),
        ms if ms < 100.0 => format!("{ms:.1}\u{a0}ms"),
        ms => format!("{}\u{a0}ms", words::count(ms.round() as u64)),
    }
}

/// The button in the charts that opens the panel.
#[component]
pub(crate) fn AskSlowest() -> impl IntoView {
    let page = Page::get();
    view! {
        <button
            class="ask-slowest"
            title="Traces of the slowest and the failed requests of the last 10 s"
            disabled=flag(move || page.status.with(|status| status.offered == 0))
            on:click=move |_| page.ask_why(None)
        >
            "Slowest and failed …"
        </button>
    }
}
