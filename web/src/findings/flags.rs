//! On the canvas: the subjects of findings, what a text points at, and what a remedy would change.

use std::collections::BTreeMap;

use editor::Rect;
use editor::preview::Fate;
use leptos::prelude::*;

use super::{mark, said};
use crate::state::Page;
use report::{Finding, Severity, Standing};

/// A flag at a node or a link.
#[derive(Clone, PartialEq)]
struct Flag {
    at: [f64; 2],
    severity: Severity,
    what: String,
    key: String,
    is_cause: bool,
    is_on_link: bool,
}

/// Returns the subject of the top finding, once experiments have confirmed that it is the cause.
pub(crate) fn cause(findings: &[Finding]) -> Option<&str> {
    let top = findings.first()?;
    let is_confirmed = top.standing == Standing::Confirmed;
    is_confirmed.then(|| top.subjects.first().map(String::as_str))?
}

/// Small flags at the main subject of every finding.
#[component]
pub(crate) fn Flags() -> impl IntoView {
    let page = Page::get();
    let flags = Memo::new(move |_| {
        let findings = page.review.findings.get();
        page.placed().with(|design| {
            let mut flags: BTreeMap<&str, Flag> = BTreeMap::new();
            let mut flag = |finding: &'_ Finding| {
                let subject = finding.subjects.first()?;
                let (id, at) = match (design.node(subject), design.link(subject)) {
                    (Some(node), _) => (node.id.as_str(), node.at.map(f64::from)),
                    (None, Some(link)) => {
                        let labels = page.places.routes(|routes| routes.labels_of(subject));
                        // Without room, it is below the line.
                        let below = editor::Point::new(0.0, 28.0);
                        let on_line = || Some(page.places.path(subject)?.at(0.5) + below);
                        let at = labels.flag.or_else(on_line)?;
                        (link.id.as_str(), [at.x, at.y])
                    }
                    (None, None) => return None,
                };
                let new = Flag {
                    at,
                    severity: finding.severity,
                    what: said::plain(page, &finding.what),
                    key: finding.key(),
                    is_cause: false,
                    is_on_link: design.node(id).is_none(),
                };
                let known = flags.entry(id).or_insert_with(|| new.clone());
                if new.severity > known.severity {
                    *known = new;
                }
                Some(())
            };
            for finding in findings.iter().flat_map(Finding::all) {
                flag(finding);
            }
            if let Some(flag) = cause(&findings).and_then(|id| flags.get_mut(id)) {
                flag.is_cause = true;
            }
            flags.into_values().collect::<Vec<_>>()
        })
    });
    let flag = move |flag: Flag| {
        let [x, y] = flag.at;
        let key = flag.key;
        view! {
            <button
                class="flag"
                class:cause=flag.is_cause
                class:on-link=flag.is_on_link
                tabindex="-1"
                // Not `transform`: it enlarges flags on a small canvas.
                prop:style=format!("translate:{x}px {y}px")
                title=flag.what.clone()
                aria-label=format!("Finding: {}", flag.what)
                on:pointerdown=|event| event.stop_propagation()
                on:dblclick=|event| event.stop_propagation()
                on:click=move |_| page.show_finding(key.clone())
            >
                {mark(flag.severity)}
            </button>
        }
    };
    let shown = move || flags.get().into_iter().map(flag).collect_view();
    shown.into_any()
}

/// Outlines of what a text points at, and of what a remedy would change.
#[component]
pub(crate) fn Traced() -> impl IntoView {
    let page = Page::get();
    let pointed = move || {
        let id = page.review.pointed.get()?;
        page.placed().with(|design| match design.node(&id) {
            Some(node) => Some(outline(editor::node_rect(node), "pointed").into_any()),
            None => {
                let line = page.places.path(&id)?.line;
                let line = view! { <path class="pointed" d=line.to_svg()></path> };
                Some(line.into_any())
            }
        })
    };
    let preview = move || {
        page.review.preview.get().map(|preview| {
            let links = preview.links.iter().map(|(line, fate)| {
                view! { <path class=class(*fate) d=line.to_svg()></path> }
            });
            let nodes = preview.nodes.iter().map(|(rect, title, fate)| {
                let name = (*fate == Fate::Added).then(|| {
                    let at = rect.center();
                    view! {
                        <text x=at.x y=at.y + 5.0>
                            {title.clone()}
                        </text>
                    }
                });
                view! { {outline(*rect, class(*fate))} {name} }
            });
            view! { {links.collect_view()} {nodes.collect_view()} }
        })
    };
    view! {
        <svg class="traced" width="1" height="1" aria-hidden="true">
            {pointed}
            {preview}
        </svg>
    }
    .into_any()
}

fn class(fate: Fate) -> &'static str {
    match fate {
        Fate::Changed => "changed",
        Fate::Added => "added",
        Fate::Removed => "removed",
    }
}

fn outline(rect: Rect, class: &'static str) -> impl IntoView {
    let (rect, size) = (rect.expand(5.0), rect.expand(5.0).size());
    view! { <rect class=class x=rect.min.x y=rect.min.y width=size.x height=size.y rx="9"></rect> }
}
