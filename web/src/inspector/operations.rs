//! Lists of operations: a box to tick for each operation that the design's clients send.

use design::{Design, Value};
use leptos::prelude::*;

use super::notation::items_of;
use super::slot::Slot;
use super::text;

/// Returns whether a list of texts at this path names operations: the last part says so.
pub(super) fn are_at(path: &str) -> bool {
    path.rsplit('.').next() == Some("operations")
}

/// The boxes; a line of text while no client has an operation.
pub(super) fn checks(slot: Slot) -> AnyView {
    let offered = Memo::new(move |_| {
        let design = slot.form.design;
        slot.value
            .with(|value| design.with(|design| offered(design, value)))
    });
    view! {
        {move || match offered.get() {
            none if none.is_empty() => text::line(slot),
            names => {
                view! {
                    <div class="checks" role="group" aria-label=slot.label()>
                        {names.into_iter().map(|name| check(slot, name)).collect_view()}
                    </div>
                }
                    .into_any()
            }
        }}
    }
    .into_any()
}

fn check(slot: Slot, name: String) -> impl IntoView {
    let this = Value::text(&name);
    let is_on = {
        let this = this.clone();
        move || slot.value.with(|value| items_of(value).contains(&this))
    };
    let toggle = move |event| {
        let listed = slot.value.with_untracked(items_of);
        let order = slot
            .form
            .design
            .with_untracked(|design| offered(design, &Value::List(listed.clone())));
        let is_ticked = event_target_checked(&event);
        let kept = order.into_iter().map(Value::Text).filter(|value| {
            if *value == this {
                is_ticked
            } else {
                listed.contains(value)
            }
        });
        slot.commit(Value::List(kept.collect()));
    };
    view! {
        <label>
            <input type="checkbox" prop:checked=is_on on:change=toggle />
            <span>{name}</span>
        </label>
    }
}

/// Returns the operations of all clients in drawing order, then those that are listed although no
/// client has them: the user can remove them by their boxes.
fn offered(design: &Design, listed: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let known = design.operation_names().map(str::to_owned);
    let listed = items_of(listed)
        .into_iter()
        .filter_map(|value| match value {
            Value::Text(name) => Some(name),
            _ => None,
        });
    for name in known.chain(listed) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::kinds::client::{Client, Operation};
    use design::{Kind, Node};

    #[test]
    fn operations_are_known_by_the_path() {
        assert!(are_at("when.operations"));
        assert!(are_at("when[1].operations"));
        assert!(are_at("cross_shard.operations"));
        assert!(!are_at("zones"));
        assert!(!are_at("operations.priority"));
    }

    #[test]
    fn every_operation_is_offered_once_and_unknown_ones_last() {
        let mut design = Design::default();
        for (id, names) in [("web", ["read", "buy"]), ("app", ["buy", "search"])] {
            let operations = names.map(|name| Operation {
                name: name.to_owned(),
                ..Operation::default()
            });
            let client = Client {
                operations: operations.to_vec(),
                ..Client::default()
            };
            let node = Node::new(id.to_owned(), Kind::Client(client), [0, 0]);
            design.nodes.push(node);
        }
        let listed = Value::List(vec![Value::text("gone"), Value::text("buy")]);
        assert_eq!(offered(&design, &listed), ["read", "buy", "search", "gone"]);
    }
}
