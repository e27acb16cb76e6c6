//! The top of the inspector: the selection, and policy presets.

use std::sync::Arc;

use design::{Command, Design, KINDS, Link, Record, Shape, Target};
use leptos::prelude::*;

use super::notation::title;
use super::policies::{PRESETS, Preset, fault_words, has_policies};
use super::slot::{Form, Slot};
use super::text as texts;
use crate::bind::text;

/// The selection: its name, its kind, its id.
pub(super) fn header(form: Form, on_delete: Callback<Target>) -> AnyView {
    let target = form.target.get_value();
    let design = form.design.get_untracked();
    match &target {
        Target::Settings => {
            view! { <header class="inspector-head"><h2>"Design"</h2></header> }.into_any()
        }
        Target::Node(id) => {
            let kind = design.node(id).map_or("", |node| node.kind.info().label);
            view! {
                <header class="inspector-head">
                    {rename(form, id.clone())}
                    <p class="quiet">{title(kind)} " " <span class="mono">{id.clone()}</span></p>
                    {delete(target.clone(), on_delete, "Delete node")}
                </header>
            }
            .into_any()
        }
        Target::Link(id) => view! {
            <header class="inspector-head">
                <h2>{about_link(form, id, |design, link| {
                    let titled = |id: &str| {
                        design.node(id).map_or(id, |node| node.title()).to_owned()
                    };
                    format!("{} → {}", titled(&link.from), titled(&link.to))
                })}</h2>
                <p class="quiet">
                    {about_link(form, id, |_, link| title(link.mode.name()))} " "
                    <span class="mono">{id.clone()}</span>
                </p>
                {delete(target.clone(), on_delete, "Delete link")}
            </header>
        }
        .into_any(),
        Target::Fault(at) => {
            let words = design.faults.get(*at).map(fault_words);
            view! {
                <header class="inspector-head">
                    <h2>"Fault"</h2>
                    <p class="quiet">{words}</p>
                    {delete(target.clone(), on_delete, "Delete fault")}
                </header>
            }
            .into_any()
        }
    }
}

/// A sentence about a link that is updated when an end moves or a node is renamed.
fn about_link(form: Form, id: &str, says: fn(&Design, &Link) -> String) -> Signal<String> {
    let id = id.to_owned();
    text(move || {
        let said = |design: &Arc<Design>| Some(says(design, design.link(&id)?));
        form.design.with(said).unwrap_or_default()
    })
}

/// The heading of several items of one kind, or of different kinds.
pub(super) fn several(form: Form, record: Option<&'static Record>) -> AnyView {
    let count = form.count();
    let is_link = matches!(form.target.get_value(), Target::Link(_));
    let what = match record {
        Some(_) if is_link => format!("{count} links"),
        Some(record) => {
            let kind = KINDS.iter().find(|kind| std::ptr::eq(kind.record, record));
            format!("{count} × {}", kind.map_or("node", |kind| kind.label))
        }
        None => format!("{count} nodes"),
    };
    let says = match record {
        Some(_) => "Changes apply to all of them.",
        None => "Their kinds differ. Fields they share are below; changes apply to all.",
    };
    view! {
        <header class="inspector-head">
            <h2>{what}</h2>
            <p class="quiet">{says}</p>
        </header>
    }
    .into_any()
}

fn delete(target: Target, on_delete: Callback<Target>, says: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="quiet-button delete"
            aria-label=says
            on:click=move |_| on_delete.run(target.clone())
        >
            "Delete"
        </button>
    }
}

/// The node's name. If it is emptied, the name is the id again.
fn rename(form: Form, id: String) -> impl IntoView {
    static NAME: Shape = Shape::Optional(&Shape::Text);
    let slot = Slot::new(form, "label".to_owned(), &NAME, "Name".to_owned());
    view! {
        <div class="rename" data-field="label">
            {texts::name(slot, id)}
            <p class="error" id=slot.error_id() aria-live="polite">{move || slot.error.get()}</p>
        </div>
    }
}

/// Policy presets of a link.
pub(super) fn presets(form: Form) -> AnyView {
    let link = Memo::new(move |before: Option<&Option<Link>>| {
        let now = form.target.with_value(|target| match target {
            Target::Link(id) => form.design.with(|design| design.link(id).cloned()),
            Target::Settings | Target::Node(_) | Target::Fault(_) => None,
        });
        now.or_else(|| before.cloned().flatten())
    });
    if !link.with_untracked(|link| link.as_ref().is_some_and(has_policies)) {
        return ().into_any();
    }
    let button = move |preset: &'static Preset| {
        let chosen = move || {
            link.track();
            let mut all = form.all_links().into_iter().filter(has_policies);
            all.all(|link| preset.is_of(&link))
        };
        let apply = move |_| {
            let all = form.all_links().into_iter().filter(has_policies);
            form.send(Command::Batch(
                all.map(|link| preset.command(&link)).collect(),
            ));
        };
        view! {
            <button
                type="button"
                title=preset.help
                aria-pressed=move || chosen().to_string()
                on:click=apply
            >
                {preset.name}
            </button>
        }
    };
    view! {
        <section class="presets" aria-label="Policy presets">
            <h3>"Policies"</h3>
            <div class="segments">{PRESETS.iter().map(button).collect_view()}</div>
        </section>
    }
    .into_any()
}
