//! The inspector: every parameter of the selection.
//!
//! It is generated from the tables of fields in `design`. A new kind of node or a new parameter
//! appears here without a change.

mod breaking;
mod control;
mod curve;
mod field;
mod header;
mod inside;
mod list;
mod notation;
mod operations;
mod policies;
mod sizes;
mod slot;
mod text;

use std::sync::Arc;

use design::fault::Fault;
use design::{Command, Deployment, Design, Link, Record, Settings, Target};
use leptos::prelude::*;

pub(crate) use policies::fault_words;
use slot::Form;

/// Fields of a link that its heading shows: they cannot be changed here.
const LINK_HEADING: [&str; 4] = ["id", "from", "to", "mode"];
/// Problems beyond this are counted.
const PROBLEMS_SHOWN: usize = 5;

/// The inspector of one target; nothing for `None`.
#[component]
pub(crate) fn Inspector(
    /// What is shown: one target, or several whose shared fields are set together.
    #[prop(into)]
    targets: Signal<Vec<Target>>,
    /// The present design.
    #[prop(into)]
    design: Signal<Arc<Design>>,
    /// An edit, with the key of the gesture it belongs to: edits with the same key are one entry of
    /// the history.
    #[prop(into)]
    on_command: Callback<(Command, String)>,
    /// Called to delete the target.
    #[prop(into)]
    on_delete: Callback<Target>,
) -> impl IntoView {
    // Made again for another target, or when the target has come or gone; never for an edit.
    let shown = Memo::new(move |_| {
        let mut others = targets.get();
        if others.is_empty() {
            return None;
        }
        let target = others.remove(0);
        let record = design.with(|design| record_of(design, &target))?;
        let is_alike = |other: &Target| {
            let other = design.with(|design| record_of(design, other));
            other.is_some_and(|other| std::ptr::eq(other, record))
        };
        let alike = others.iter().all(is_alike);
        Some(Shown {
            target,
            others,
            record,
            alike,
        })
    });
    let problems = Memo::new(move |_| design.with(|design| problems_of(design)));
    view! {
        <div class="inspector">
            {move || {
                shown
                    .get()
                    .map(|Shown { target, others, record, alike }| {
                        let several = !others.is_empty();
                        let form = Form::new(target.clone(), others, design, on_command);
                        let hidden: &[&str] = match target {
                            Target::Link(_) => &LINK_HEADING,
                            Target::Settings | Target::Node(_) | Target::Fault(_) => &[],
                        };
                        let is_node = matches!(target, Target::Node(_));
                        view! {
                            {if several {
                                header::several(form, alike.then_some(record))
                            } else {
                                header::header(form, on_delete)
                            }}
                            {problem_list(problems)}
                            {(!several).then(|| (inside::inside(form), breaking::breaking(form)))}
                            {alike.then(|| header::presets(form))}
                            <div class="fields">
                                {alike.then(|| field::fields(form, "", record, hidden))}
                                {is_node.then(|| field::fields(form, "", Deployment::RECORD, &[]))}
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// Rows for the fields of one target, anywhere on the page.
#[component]
pub(crate) fn FieldForm(
    target: Target,
    #[prop(into)] design: Signal<Arc<Design>>,
    on_command: Callback<(Command, String)>,
    record: &'static Record,
    /// Fields that are not shown.
    hidden: Vec<&'static str>,
) -> impl IntoView {
    let form = Form::new(target, Vec::new(), design, on_command);
    view! { <div class="fields">{field::fields(form, "", record, &hidden)}</div> }.into_any()
}

#[derive(Clone)]
struct Shown {
    target: Target,
    others: Vec<Target>,
    /// Whether all are of one kind.
    alike: bool,
    record: &'static Record,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        let same = self.target == other.target && self.others == other.others;
        same && self.alike == other.alike && std::ptr::eq(self.record, other.record)
    }
}

/// Returns the table of fields of a target that exists.
fn record_of(design: &Design, target: &Target) -> Option<&'static Record> {
    match target {
        Target::Settings => Some(Settings::RECORD),
        Target::Node(id) => design.node(id).map(|node| node.kind.info().record),
        Target::Link(id) => design.link(id).map(|_| Link::RECORD),
        Target::Fault(at) => design.faults.get(*at).map(|_| Fault::RECORD),
    }
}

/// Returns every problem of the design: its place in the user's terms, and its message.
fn problems_of(design: &Design) -> Vec<(String, String)> {
    let problems = design.problems().into_iter();
    problems
        .map(|problem| (place(design, &problem.path), problem.message))
        .collect()
}

/// `nodes[1].operations` as `api.operations`.
fn place(design: &Design, path: &str) -> String {
    let named = |list: &str, title: &dyn Fn(usize) -> Option<String>| {
        let rest = path.strip_prefix(list)?;
        let (index, rest) = rest.split_once(']')?;
        Some(title(index.parse().ok()?)? + rest)
    };
    let node = |at: usize| design.nodes.get(at).map(|node| node.title().to_owned());
    let link = |at: usize| {
        design
            .links
            .get(at)
            .map(|link| crate::findings::name_of(design, &link.id))
    };
    named("nodes[", &node)
        .or_else(|| named("links[", &link))
        .unwrap_or_else(|| path.to_owned())
}

fn problem_list(problems: Memo<Vec<(String, String)>>) -> impl IntoView {
    let item = |(place, message): (String, String)| {
        view! {
            <li>
                <span class="mono">{place}</span>
                " "
                {message}
            </li>
        }
    };
    move || {
        let mut all = problems.get();
        let rest = all.len().saturating_sub(PROBLEMS_SHOWN);
        all.truncate(PROBLEMS_SHOWN);
        (!all.is_empty()).then(|| {
            view! {
                <section class="problems" aria-label="Problems of the design">
                    <ul>{all.into_iter().map(item).collect_view()}</ul>
                    {(rest > 0).then(|| view! { <p>{format!("and {rest} more")}</p> })}
                </section>
            }
        })
    }
}
