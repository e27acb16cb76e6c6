//! Fields with several items: operations, steps of a load profile, conditions.

use design::{Shape, Value};
use leptos::prelude::*;

use super::control::{below, inline};
use super::field;
use super::notation::{first_value, items_of, show};
use super::slot::Slot;

/// Rows beyond this are counted, not shown.
const ROWS_MAX: usize = 50;

/// Appends an item.
pub(super) fn add_button(slot: Slot, item: &'static Shape) -> AnyView {
    let add = move |_| {
        let mut items = slot.value.with_untracked(items_of);
        items.push(first_value(item, &Value::Null, None));
        slot.commit(Value::List(items));
    };
    view! {
        <button
            type="button"
            class="quiet-button"
            aria-label=format!("Add to {}", slot.label().to_lowercase())
            on:click=add
        >
            "Add"
        </button>
    }
    .into_any()
}

/// The items, each with its controls.
pub(super) fn rows(slot: Slot, item: &'static Shape) -> AnyView {
    // Rows are made again only when their number changes: an edit inside one keeps its focus.
    let count = Memo::new(move |_| slot.value.with(|value| items_of(value).len()));
    let many = matches!(slot.shape, Shape::List(_));
    view! {
        {move || {
            let count = count.get();
            let path = slot.path.get_value();
            let rows = (0..count.min(ROWS_MAX)).map(|at| {
                // A single condition is written without a list, so it has no index.
                let path = if many || count > 1 { format!("{path}[{at}]") } else { path.clone() };
                let removable = many || count > 1;
                row(slot, item, at, path, removable)
            });
            let rest = count.saturating_sub(ROWS_MAX);
            view! {
                <div class="rows">
                    {rows.collect_view()}
                    {(rest > 0).then(|| view! { <p class="meaning">{format!("and {rest} more")}</p> })}
                </div>
            }
        }}
    }
    .into_any()
}

fn row(list: Slot, item: &'static Shape, at: usize, path: String, removable: bool) -> AnyView {
    let label = format!("{} {}", list.label(), at + 1);
    let slot = Slot::new(list.form, path.clone(), item, label.clone());
    let remove = move |_| {
        let mut items = list.value.with_untracked(items_of);
        if at < items.len() {
            items.remove(at);
        }
        list.commit(Value::List(items));
    };
    // A record is shown by its own name, if it has one.
    let called = move || {
        let name = slot.value.with(|value| value.get("name").map(show));
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| slot.label())
    };
    let controls = match item {
        Shape::Record(record) => {
            view! { <div class="nested">{field::fields(list.form, &path, record, &[])}</div> }
                .into_any()
        }
        _ => view! {
            {below(slot)}
            <p class="error" id=slot.error_id() aria-live="polite">{move || slot.error.get()}</p>
        }
        .into_any(),
    };
    let is_record = matches!(item, Shape::Record(_));
    view! {
        <div class="item" role="group" aria-label=label.clone()>
            <div class="item-head">
                {if is_record {
                    view! { <span class="item-name">{called}</span> }.into_any()
                } else {
                    inline(slot)
                }}
                {removable
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="icon-button item-remove"
                                aria-label=format!("Remove {}", label.to_lowercase())
                                title="Remove"
                                on:click=remove
                            >
                                "×"
                            </button>
                        }
                    })}
            </div>
            {controls}
        </div>
    }
    .into_any()
}
