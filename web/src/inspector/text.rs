//! A text field for a value, and the slider beside it.

use design::{Shape, Value};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::notation::{read, show, understood};
use super::sizes::{Scale, Stride, size_of, stepped, value_of};
use super::slot::{Slot, fresh};

/// The text control. Enter and leaving it commit, Escape restores, arrows step.
pub(super) fn line(slot: Slot) -> AnyView {
    let (kind, mode) = match slot.shape {
        Shape::Integer => ("line line-number", "numeric"),
        Shape::Number => ("line line-number", "decimal"),
        Shape::Ratio => ("line line-number", "text"),
        Shape::Duration | Shape::Rate => ("line line-quantity", "text"),
        Shape::Text => ("line line-text", "text"),
        _ => ("line line-code", "text"),
    };
    Effect::new(move |_| {
        let draft = slot.draft.get();
        let says = draft.and_then(|draft| understood(slot.shape, &draft));
        slot.understood.set(says);
    });
    // Steps by arrow keys are one gesture as long as the control keeps the focus.
    let gesture = StoredValue::new(String::new());
    commit_when_gone(slot);
    // A refused text is dropped when the value changes, by a preset or an undo.
    Effect::new(move |before: Option<Value>| {
        let now = slot.value.get();
        let is_other = before.is_some_and(|before| before != now);
        if is_other && slot.error.with_untracked(Option::is_some) {
            slot.draft.set(None);
            slot.error.set(None);
        }
        now
    });
    view! {
        <span class=kind>
            <input
                id=slot.id()
                type="text"
                inputmode=mode
                autocomplete="off"
                spellcheck="false"
                maxlength="2000"
                prop:value=move || slot.draft.get().unwrap_or_else(|| shown(slot))
                placeholder=move || if slot.mixed.get() { "mixed" } else { "" }
                aria-label=slot.label()
                aria-invalid=move || slot.error.with(Option::is_some).to_string()
                aria-describedby=slot.error_id()
                on:input=move |event| on_input(slot, event_target_value(&event))
                on:keydown=move |event| on_key(slot, &event, gesture)
                on:focus=move |_| gesture.set_value(fresh("steps"))
                on:blur=move |_| commit_draft(slot)
            />
            {(!slot.unit.is_empty()).then(|| view! { <span class="unit">{slot.unit}</span> })}
        </span>
    }
    .into_any()
}

/// Returns the present text; empty if targets differ.
fn shown(slot: Slot) -> String {
    if slot.mixed.get() {
        String::new()
    } else {
        slot.value.with(show)
    }
}

fn on_input(slot: Slot, text: String) {
    // An error disappears as soon as it is fixed, but appears only when the text is finished.
    if slot.error.with_untracked(Option::is_some) {
        let checked = slot.form.check(&slot.command(read(slot.shape, &text)));
        slot.error.set(checked.err());
    }
    slot.draft.set(Some(text));
}

fn commit_draft(slot: Slot) {
    // A control that is taken away loses the focus after its signals are gone.
    if let Some(Some(text)) = slot.draft.try_get_untracked() {
        slot.commit(read(slot.shape, &text));
    }
}

fn on_key(slot: Slot, event: &KeyboardEvent, gesture: StoredValue<String>) {
    // Keys typed here are not shortcuts of the page; combinations with Control or Command may be.
    // Escape with nothing to restore leaves the inspector.
    let leaves = event.key() == "Escape" && slot.draft.get_untracked().is_none();
    if !event.ctrl_key() && !event.meta_key() && !leaves {
        event.stop_propagation();
    }
    match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            commit_draft(slot);
        }
        "Escape" => {
            slot.draft.set(None);
            slot.error.set(None);
        }
        "ArrowUp" => step(slot, event, 1.0, gesture),
        "ArrowDown" => step(slot, event, -1.0, gesture),
        _ => {}
    }
}

fn step(slot: Slot, event: &KeyboardEvent, sign: f64, gesture: StoredValue<String>) {
    let stride = if event.shift_key() {
        Stride::Large
    } else {
        Stride::Small
    };
    let from = match slot.draft.get_untracked() {
        Some(text) => read(slot.shape, &text),
        None => slot.value.get_untracked(),
    };
    if let Some(next) = stepped(slot.shape, &from, slot.range, sign, stride) {
        event.prevent_default();
        slot.commit_in(next, gesture.get_value());
    }
}

/// Commits the typed text when the control is removed. A click on another node removes it before it
/// loses the focus, and not every browser sends an event for that.
fn commit_when_gone(slot: Slot) {
    let form = slot.form;
    on_cleanup(move || {
        let Some(Some(text)) = slot.draft.try_get_untracked() else {
            return;
        };
        let Some(path) = slot.path.try_get_value() else {
            return;
        };
        if form.target.try_get_value().is_none() {
            return;
        }
        let command = form.set(&path, &read(slot.shape, &text));
        let (design, send) = (form.design, form.on_command);
        queue_microtask(move || {
            let fits = design.try_with_untracked(|design| {
                design::Design::clone(design).apply(command.clone()).is_ok()
            });
            if fits == Some(true) {
                send.try_run((command, fresh("edit")));
            }
        });
    });
}

/// The slider of a size, if one helps.
pub(super) fn slider(slot: Slot) -> Option<AnyView> {
    let default = size_of(slot.shape, &(slot.default)());
    let scale = Scale::of(slot.shape, slot.range, default)?;
    // A drag is one gesture, and so are the key presses of one stay.
    let gesture = StoredValue::new(fresh("slide"));
    let begin = move || gesture.set_value(fresh("slide"));
    let place = move || {
        slot.value
            .with(|value| size_of(slot.shape, value))
            .map_or(0.0, |size| scale.place(size))
    };
    let default_place = default.map(|size| scale.place(size));
    let on_slide = move |text: String| {
        if let Ok(place) = text.parse::<f64>() {
            slot.commit_in(value_of(slot.shape, scale.size(place)), gesture.get_value());
        }
    };
    Some(
        view! {
            <span class="slide">
                <input
                    type="range"
                    min="0"
                    max="100"
                    step=scale.step()
                    prop:value=move || format!("{:.3}", place())
                    prop:style=move || format!("--place:{:.2}%", place())
                    aria-label=format!("{}, slider", slot.label())
                    aria-valuetext=move || slot.value.with(said)
                    on:pointerdown=move |_| begin()
                    on:focus=move |_| begin()
                    on:input=move |event| on_slide(event_target_value(&event))
                    on:keydown=|event| {
                        if !event.ctrl_key() && !event.meta_key() {
                            event.stop_propagation();
                        }
                    }
                />
                {default_place
                    .map(|place| {
                        view! { <span class="slide-default" aria-hidden="true" prop:style=format!("--default:{place:.2}")></span> }
                    })}
            </span>
        }
        .into_any(),
    )
}

fn said(value: &Value) -> String {
    show(value)
}

/// The text control of a name: large; empty means `instead`.
pub(super) fn name(slot: Slot, instead: String) -> AnyView {
    let commit = move || {
        if let Some(Some(text)) = slot.draft.try_get_untracked() {
            let text = text.trim();
            slot.commit(if text.is_empty() {
                Value::Null
            } else {
                Value::text(text)
            });
        }
    };
    let instead = StoredValue::new(instead);
    let shown = move || match slot.value.with(show) {
        none if none.is_empty() => instead.get_value(),
        label => label,
    };
    view! {
        <input
            id=slot.id()
            class="name"
            type="text"
            autocomplete="off"
            maxlength="200"
            aria-label=slot.label()
            aria-describedby=slot.error_id()
            placeholder=instead.get_value()
            prop:value=move || slot.draft.get().unwrap_or_else(shown)
            on:input=move |event| slot.draft.set(Some(event_target_value(&event)))
            on:blur=move |_| commit()
            on:keydown=move |event| {
                let leaves = event.key() == "Escape" && slot.draft.get_untracked().is_none();
                if !event.ctrl_key() && !event.meta_key() && !leaves {
                    event.stop_propagation();
                }
                match event.key().as_str() {
                    "Enter" => commit(),
                    "Escape" => slot.draft.set(None),
                    _ => {}
                }
            }
        />
    }
    .into_any()
}
