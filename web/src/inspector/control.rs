//! Controls by shape. Each has a part beside its label and, if it needs the room, a part below.
//! Both are made from the shape alone; no kind of node is known here.

use design::attribute::{Named, Variant};
use design::{Distribution, Shape, Value};
use leptos::prelude::*;

use super::notation::{as_variant, first_value, is_scalar, prose, title, variant_of};
use super::slot::Slot;
use super::{curve, field, list, operations, text};

/// Segments are side by side only up to this number of names.
const SEGMENTS_MAX: usize = 3;
const SEGMENT_LETTERS_MAX: usize = 22;

/// The part beside the label.
pub(super) fn inline(slot: Slot) -> AnyView {
    match slot.shape {
        Shape::Bool => switch(slot),
        Shape::Integer
        | Shape::Number
        | Shape::Ratio
        | Shape::Duration
        | Shape::Rate
        | Shape::Text => text::line(slot),
        Shape::Distribution => spark(slot),
        Shape::Choice(names) => choice(slot, names),
        Shape::Optional(inner) => optional_inline(slot, inner),
        Shape::Variants(bare, with) => variants_inline(slot, bare, with),
        Shape::List(item) if !is_listed_bare(item) => list::add_button(slot, item),
        Shape::OneOrMany(item) => list::add_button(slot, item),
        Shape::List(_) | Shape::Record(_) => ().into_any(),
    }
}

/// The part below, if there is one.
pub(super) fn below(slot: Slot) -> AnyView {
    match slot.shape {
        Shape::Integer | Shape::Number | Shape::Ratio | Shape::Duration | Shape::Rate => {
            text::slider(slot).into_any()
        }
        Shape::Distribution => text::line(slot),
        Shape::Optional(inner) => optional_below(slot, inner),
        Shape::Variants(_, with) => variants_below(slot, with),
        Shape::Record(record) => {
            let path = slot.path.get_value();
            view! { <div class="nested">{field::fields(slot.form, &path, record, &[])}</div> }
                .into_any()
        }
        Shape::List(Shape::Choice(names)) => checks(slot, names),
        Shape::List(Shape::Text) if slot.path.with_value(|path| operations::are_at(path)) => {
            operations::checks(slot)
        }
        Shape::List(item) if is_scalar(item) => text::line(slot),
        Shape::List(item) | Shape::OneOrMany(item) => list::rows(slot, item),
        Shape::Choice(names) => choice_help(slot, names),
        Shape::Bool | Shape::Text => ().into_any(),
    }
}

/// Returns whether a list of such items is a line of text or a set of boxes to tick, rather than
/// rows.
fn is_listed_bare(item: &Shape) -> bool {
    is_scalar(item) || matches!(item, Shape::Choice(_))
}

fn switch(slot: Slot) -> AnyView {
    let on = move || slot.value.with(|value| *value == Value::Bool(true));
    view! {
        <button
            id=slot.id()
            type="button"
            class="toggle"
            role="switch"
            aria-label=slot.label()
            aria-checked=move || on().to_string()
            on:click=move |_| { slot.commit(Value::Bool(!on())); }
        ></button>
    }
    .into_any()
}

fn optional_inline(slot: Slot, inner: &'static Shape) -> AnyView {
    let on = is_on(slot);
    // Off and on again restores the value.
    let last = StoredValue::new(None::<Value>);
    let toggle = move |_| {
        if on.get_untracked() {
            last.set_value(Some(slot.value.get_untracked()));
            slot.commit(Value::Null);
        } else {
            let first = || first_value(inner, &(slot.default)(), slot.range);
            slot.commit(last.get_value().unwrap_or_else(first));
        }
    };
    view! {
        {move || on.get().then(|| inline(slot.inner(inner)))}
        {move || (!on.get()).then(|| view! { <span class="off">"off"</span> })}
        <button
            type="button"
            class="toggle"
            role="switch"
            aria-label=format!("Use {}", slot.label().to_lowercase())
            aria-checked=move || on.get().to_string()
            on:click=toggle
        ></button>
    }
    .into_any()
}

fn optional_below(slot: Slot, inner: &'static Shape) -> AnyView {
    let on = is_on(slot);
    view! { {move || on.get().then(|| below(slot.inner(inner)))} }.into_any()
}

fn is_on(slot: Slot) -> Memo<bool> {
    Memo::new(move |_| slot.value.with(|value| *value != Value::Null))
}

fn choice(slot: Slot, names: &'static [Named]) -> AnyView {
    let letters: usize = names.iter().map(|named| named.name.len()).sum();
    if names.len() <= SEGMENTS_MAX && letters <= SEGMENT_LETTERS_MAX {
        return segments(slot, names);
    }
    let options = names.iter().map(|named| (named.name, named.help)).collect();
    let current = Memo::new(move |_| slot.value.with(variant_of));
    select(
        slot,
        options,
        current,
        Callback::new(move |name: String| {
            slot.commit(Value::text(name));
        }),
    )
}

fn segments(slot: Slot, names: &'static [Named]) -> AnyView {
    let group = slot.id();
    let segment = move |named: &'static Named| {
        let chosen = move || {
            let named = slot.value.with(|value| *value == Value::text(named.name));
            named && !slot.mixed.get()
        };
        view! {
            <label title=prose(named.help)>
                <input
                    type="radio"
                    name=group.clone()
                    prop:checked=chosen
                    on:change=move |_| { slot.commit(Value::text(named.name)); }
                />
                <span>{title(named.name)}</span>
            </label>
        }
    };
    view! {
        <span id=slot.id() class="segments" role="radiogroup" aria-label=slot.label()>
            {names.iter().map(segment).collect_view()}
        </span>
    }
    .into_any()
}

fn select(
    slot: Slot,
    options: Vec<(&'static str, &'static str)>,
    current: Memo<String>,
    on_choice: Callback<String>,
) -> AnyView {
    let option = move |(name, help): (&'static str, &'static str)| {
        view! {
            <option value=name title=prose(help) prop:selected=move || current.get() == name && !slot.mixed.get()>
                {title(name)}
            </option>
        }
    };
    view! {
        <select
            id=slot.id()
            class="select"
            aria-label=slot.label()
            on:change=move |event| on_choice.run(event_target_value(&event))
        >
            // A choice of the first target's present value would be no change.
            {(slot.form.count() > 1)
                .then(|| view! { <option value="" hidden prop:selected=slot.mixed>"mixed"</option> })}
            {options.into_iter().map(option).collect_view()}
        </select>
    }
    .into_any()
}

/// The meaning of the chosen name. Its room is reserved, so that a choice moves nothing.
fn choice_help(slot: Slot, names: &'static [Named]) -> AnyView {
    let said = move || {
        let name = slot.value.with(variant_of);
        names
            .iter()
            .find(|named| named.name == name)
            .map(|named| prose(named.help))
    };
    view! { <p class="meaning">{said}</p> }.into_any()
}

fn checks(slot: Slot, names: &'static [Named]) -> AnyView {
    let check = move |named: &'static Named| {
        let this = Value::text(named.name);
        let on = {
            let this = this.clone();
            move || {
                slot.value
                    .with(|value| matches!(value, Value::List(items) if items.contains(&this)))
            }
        };
        let toggle = move |event| {
            let on = event_target_checked(&event);
            let has = |name: &str| {
                let listed = slot.value.with_untracked(|value| {
                    matches!(value, Value::List(items) if items.contains(&Value::text(name)))
                });
                if name == named.name { on } else { listed }
            };
            let kept = names.iter().filter(|named| has(named.name));
            slot.commit(Value::List(
                kept.map(|named| Value::text(named.name)).collect(),
            ));
        };
        view! {
            <label title=prose(named.help)>
                <input type="checkbox" prop:checked=on on:change=toggle />
                <span>{title(named.name)}</span>
            </label>
        }
    };
    view! {
        <div class="checks" role="group" aria-label=slot.label()>
            {names.iter().map(check).collect_view()}
        </div>
    }
    .into_any()
}

fn variants_inline(slot: Slot, bare: &'static [Named], with: &'static [Variant]) -> AnyView {
    let current = Memo::new(move |_| slot.value.with(variant_of));
    let options = bare
        .iter()
        .map(|named| (named.name, named.help))
        .chain(with.iter().map(|variant| (variant.name, variant.help)))
        .collect();
    let on_choice = Callback::new(move |name: String| {
        let before = slot.value.get_untracked();
        slot.commit(as_variant(&name, bare, with, &before));
    });
    view! {
        {select(slot, options, current, on_choice)}
        {move || {
            let carried = carried(with, &current.get())?;
            let label = format!("{}, {}", slot.label(), title(carried.name).to_lowercase());
            Some(inline(slot.variant(carried.name, &carried.shape, label)))
        }}
    }
    .into_any()
}

fn variants_below(slot: Slot, with: &'static [Variant]) -> AnyView {
    let current = Memo::new(move |_| slot.value.with(variant_of));
    view! {
        {move || {
            let carried = carried(with, &current.get())?;
            let label = format!("{}, {}", slot.label(), title(carried.name).to_lowercase());
            Some(below(slot.variant(carried.name, &carried.shape, label)))
        }}
    }
    .into_any()
}

fn carried(with: &'static [Variant], name: &str) -> Option<&'static Variant> {
    with.iter().find(|variant| variant.name == name)
}

/// The distribution's density and mean, beside its label.
fn spark(slot: Slot) -> AnyView {
    let parsed = Memo::new(move |_| {
        slot.value.with(|value| match value {
            Value::Text(text) => Distribution::parse(text).ok(),
            _ => None,
        })
    });
    let drawing = move || {
        parsed.with(|parsed| {
            parsed.as_ref().map(|distribution| {
                view! {
                    <span class="spark">
                        <span class="unit">{curve::mean(distribution)}</span>
                        <svg
                            width=curve::WIDTH
                            height=curve::HEIGHT
                            viewBox=format!("0 0 {} {}", curve::WIDTH, curve::HEIGHT)
                            aria-hidden="true"
                        >
                            <path d=curve::path(distribution) />
                        </svg>
                    </span>
                }
            })
        })
    };
    view! { {drawing} }.into_any()
}
