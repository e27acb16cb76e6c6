//! The fault palette: all faults for a node, a link or a zone. One click injects a fault with the
//! defaults. Unfolded, a fault shows its parameters, which are generated from the table of fields.

use std::sync::Arc;

use design::attribute::Named;
use design::{Attribute, Command, Duration, Fault, FaultKind, Shape, Target};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

use super::edit::{all_but, fields_of};
use super::faults_for;
use crate::icons;
use crate::inspector::{FieldForm, fault_words};
use crate::state::Page;

/// Fewer faults than this need no search.
const SEARCH_FROM: usize = 6;
/// Durations to choose from.
const LENGTHS: [(&str, Option<u64>); 4] = [
    ("10 s", Some(10)),
    ("30 s", Some(30)),
    ("2 min", Some(120)),
    ("until ended", None),
];

/// The faults that can be injected into a target now.
#[component]
pub(crate) fn FaultPalette(
    /// A node, a link or a zone.
    target: String,
    /// Called after a fault was injected.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let page = Page::get();
    let kinds = page
        .design
        .with_untracked(|design| faults_for(design, &target));
    let sought = RwSignal::new(String::new());
    let open = RwSignal::new(None::<FaultKind>);
    let lasts = RwSignal::new(Some(10));
    let has_search = kinds.len() >= SEARCH_FROM;
    let target = StoredValue::new(target);
    let lengths = LENGTHS.map(|(label, seconds)| {
        view! {
            <button
                type="button"
                aria-pressed=move || (lasts.get() == seconds).to_string()
                on:click=move |_| lasts.set(seconds)
            >
                {label}
            </button>
        }
    });
    let draft = move |kind| Fault {
        at: page.soon(),
        kind,
        target: target.get_value(),
        lasts: lasts.get_untracked().map(Duration::s),
        ..Fault::default()
    };
    let inject = move |fault: Fault| {
        page.inject(fault);
        on_done.run(());
    };
    let row = move |kind: FaultKind| {
        let named = named(kind);
        let (id, title) = (kind.name(), crate::words::spelled(kind.name()));
        let is_open = move || open.get() == Some(kind);
        let toggle = move |_| open.update(|open| *open = (*open != Some(kind)).then_some(kind));
        view! {
            <li hidden=move || !sought.with(|sought| is_found(sought, named))>
                <div class="fault-row">
                    <button type="button" class="fault" data-fault=id title=named.help on:click=move |_| inject(draft(kind))>
                        {title.clone()}
                        <span class="quiet">{move || {
                            lasts.track();
                            let words = fault_words(&draft(kind));
                            words.strip_prefix(title.as_str()).unwrap_or_default().to_owned()
                        }}</span>
                    </button>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=format!("Set parameters: {}", id.replace('_', " "))
                        aria-expanded=move || is_open().to_string()
                        on:click=toggle
                    >
                        "…"
                    </button>
                </div>
                {move || is_open().then(|| chosen(page, draft(kind), Callback::new(inject)))}
            </li>
        }
    };
    view! {
        <div class="faults" on:keydown=|event| by_key(&event)>
            {has_search.then(|| view! {
                <input
                    type="search"
                    aria-label="Search faults"
                    placeholder="Search faults"
                    on:input=move |event| sought.set(event_target_value(&event).to_lowercase())
                />
            })}
            <div class="segments" role="group" aria-label="Duration">{lengths.collect_view()}</div>
            <ul>{kinds.into_iter().map(row).collect_view()}</ul>
            // Below: a fault that is added here must not push the list from under the pointer.
            {super::live::aimed(page, target.get_value())}
        </div>
    }
    .into_any()
}

/// Arrows go through the search field and the faults found. Enter in the field takes the first of
/// them; a match by name comes before one by description.
fn by_key(event: &KeyboardEvent) {
    let element = event_target::<HtmlElement>(event);
    let Ok(Some(palette)) = element.closest(".faults") else {
        return;
    };
    let Ok(found) = palette.query_selector_all("input[type=search], li:not([hidden]) .fault")
    else {
        return;
    };
    let all: Vec<HtmlElement> = Array::from(&found)
        .into_iter()
        .filter_map(|one| one.dyn_into().ok())
        .collect();
    // Not in the form of an unfolded fault.
    let Some(at) = all.iter().position(|one| *one == element) else {
        return;
    };
    let in_search = element.dyn_ref::<HtmlInputElement>();
    let to = match (event.key().as_str(), in_search) {
        ("ArrowDown", _) => (at + 1).min(all.len() - 1),
        ("ArrowUp", _) => at.saturating_sub(1),
        ("Enter", Some(field)) => {
            event.prevent_default();
            let sought = field.value().trim().to_lowercase().replace(' ', "_");
            let names = |one: &&HtmlElement| {
                let name = one.get_attribute("data-fault");
                name.is_some_and(|name| name.contains(&sought))
            };
            let rows = || all.iter().skip(1);
            if let Some(first) = rows().find(names).or_else(|| rows().next()) {
                first.click();
            }
            return;
        }
        _ => return,
    };
    event.prevent_default();
    event.stop_propagation();
    // Fails only for elements that cannot have the focus.
    let _ = all[to].focus();
}

/// Returns its name and description from the table.
fn named(kind: FaultKind) -> Named {
    let nothing = Named {
        name: kind.name(),
        help: "",
    };
    match FaultKind::SHAPE {
        Shape::Choice(all) => {
            let found = all.iter().find(|named| named.name == kind.name());
            found.copied().unwrap_or(nothing)
        }
        _ => nothing,
    }
}

fn is_found(sought: &str, named: Named) -> bool {
    let text = format!("{} {}", named.name.replace('_', " "), named.help).to_lowercase();
    sought.split_whitespace().all(|word| text.contains(word))
}

/// A fault's parameters, and the button that injects it.
fn chosen(page: Page, fault: Fault, inject: Callback<Fault>) -> AnyView {
    let kind = fault.kind;
    // At the moment of the click, unless the user sets a time.
    let proposed = fault.at;
    let hidden = all_but(&fields_of(&fault));
    // A copy of the design that has the fault: its fields are those of the inspector.
    let mut design = page
        .design
        .with_untracked(|design| design::Design::clone(design));
    let at = design.faults.len();
    let adds = design.apply(Command::AddFault(at, fault)).is_ok();
    let draft = RwSignal::new(Arc::new(design));
    let on_command = Callback::new(move |(command, _): (Command, String)| {
        draft.update(|draft| {
            // A form sends no command that its design would refuse.
            let _ = Arc::make_mut(draft).apply(command);
        });
    });
    view! {
        <div class="fault-form inspector">
            <p class="quiet">{named(kind).help.replace('`', "")}</p>
            {adds.then(|| view! {
                <FieldForm
                    target=Target::Fault(at)
                    design=draft
                    on_command=on_command
                    record=Fault::RECORD
                    hidden=hidden
                />
            })}
            <button
                type="button"
                class="button primary"
                on:click=move |_| {
                    let fault = draft.with_untracked(|draft| draft.faults.get(at).cloned());
                    if let Some(fault) = fault {
                        let at = if fault.at == proposed { page.soon() } else { fault.at };
                        inject.run(Fault { at, ..fault });
                    }
                }
            >
                {icons::glyph(icons::WARNING)}
                "Break it"
            </button>
        </div>
    }
    .into_any()
}
