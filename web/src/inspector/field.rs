//! A field of a table as a row: label, control, help, and a button that resets it.

use design::{Field, Record, Shape, Value};
use leptos::prelude::*;

use super::control::{below, inline};
use super::notation::{describe, grouped, prose};
use super::sizes::value_of;
use super::slot::{Form, Slot, fresh};

/// The rows of a table, without the `hidden` fields.
pub(super) fn fields(form: Form, path: &str, record: &'static Record, hidden: &[&str]) -> AnyView {
    record
        .fields
        .iter()
        .filter(|field| !hidden.contains(&field.name))
        .map(|field| {
            let path = match path {
                "" => field.name.to_owned(),
                parent => format!("{parent}.{}", field.name),
            };
            row(form, path, field)
        })
        .collect_view()
        .into_any()
}

fn row(form: Form, path: String, field: &'static Field) -> AnyView {
    let slot = Slot::of_field(form, path.clone(), field);
    let open = RwSignal::new(true);
    let explained = RwSignal::new(false);
    let note_id = fresh("note");
    // A field that must be named has an empty default, and no value to reset to.
    let has_default = (field.default)() != Value::text("");
    let changed = Memo::new(move |_| {
        let differs = slot.value.with(|value| *value != (field.default)());
        has_default && (differs || slot.mixed.get())
    });
    let group = is_group(&field.shape);
    view! {
        <div
            class="field"
            class:group=group
            class:changed=changed
            class:invalid=move || slot.error.with(Option::is_some)
            data-field=path
        >
            <div class="field-head">
                {label(slot, field, open)}
                <button
                    type="button"
                    class="icon-button explain"
                    aria-label=format!("About {}", field.label.to_lowercase())
                    aria-expanded=move || explained.get().to_string()
                    aria-controls=note_id.clone()
                    on:click=move |_| explained.update(|on| *on = !*on)
                >
                    "?"
                </button>
                {mixed(slot)}
                {reset(slot, field, changed)}
                <span class="field-control">{inline(slot)}</span>
            </div>
            <div class="field-below" class:folded=move || !open.get()>
                {below(slot)}
            </div>
            <p class="understood" aria-live="polite">
                {move || slot.understood.get().map(|text| format!("= {text}"))}
            </p>
            <p class="error" id=slot.error_id() aria-live="polite">
                {move || slot.error.get()}
            </p>
            <div class="note" id=note_id hidden=move || !explained.get()>
                {note(field)}
            </div>
        </div>
    }
    .into_any()
}

/// The label of one control, or the heading of a group that folds.
fn label(slot: Slot, field: &'static Field, open: RwSignal<bool>) -> AnyView {
    if !is_group(&field.shape) {
        return view! { <label class="field-label" for=slot.id()>{field.label}</label> }.into_any();
    }
    view! {
        <button
            type="button"
            class="field-label fold"
            aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|on| *on = !*on)
        >
            {field.label}
        </button>
    }
    .into_any()
}

fn is_group(shape: &Shape) -> bool {
    match shape {
        Shape::Record(_) => true,
        Shape::Optional(inner) => is_group(inner),
        Shape::List(item) => is_group(item),
        Shape::Bool
        | Shape::Integer
        | Shape::Number
        | Shape::Ratio
        | Shape::Text
        | Shape::Duration
        | Shape::Rate
        | Shape::Distribution
        | Shape::Choice(_)
        | Shape::OneOrMany(_)
        | Shape::Variants(..) => false,
    }
}

/// A notice that the targets differ here. What is typed is set everywhere.
fn mixed(slot: Slot) -> Option<impl IntoView> {
    let says = move || {
        let mixed = slot.mixed.get();
        mixed.then(|| view! { <span class="mixed">"mixed"</span> })
    };
    (slot.form.count() > 1).then_some(says)
}

/// A reset button. Its room between label and control is reserved, so that nothing moves when it
/// appears.
fn reset(slot: Slot, field: &'static Field, changed: Memo<bool>) -> impl IntoView {
    let default = describe(&field.shape, &(field.default)(), field.unit);
    let says = format!("Reset {} to {default}", field.label.to_lowercase());
    view! {
        <button
            type="button"
            class="icon-button reset"
            aria-label=says.clone()
            title=says
            disabled=move || !changed.get()
            on:click=move |_| { slot.commit((field.default)()); }
        >
            "↺"
        </button>
    }
}

fn note(field: &'static Field) -> impl IntoView {
    let default = (field.default)();
    let source = match field.source {
        "" => String::new(),
        source => format!(" ({source})"),
    };
    let range = field.range.map(|(low, high)| {
        let unit = if field.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", field.unit)
        };
        format!(
            "{} to {}{unit}. ",
            bound(&field.shape, low),
            bound(&field.shape, high)
        )
    });
    view! {
        <p>{prose(field.help)}</p>
        <p class="quiet">
            {range}
            {format!("Default {}{source}.", describe(&field.shape, &default, field.unit))}
        </p>
    }
}

/// Returns an end of a range in the notation of the field.
fn bound(shape: &Shape, size: f64) -> String {
    match value_of(shape, size) {
        Value::Number(number) => grouped(number),
        Value::Text(text) => text,
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => format!("{size}"),
    }
}
