//! One place of the document as a control sees it: its value, and how to change it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use design::{Command, Design, Link, Shape, Target, Value};
use leptos::prelude::*;

/// Everything the controls of one target share.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) target: StoredValue<Target>,
    /// Further targets that receive every edit too.
    others: StoredValue<Vec<Target>>,
    pub(super) design: Signal<Arc<Design>>,
    pub(super) on_command: Callback<(Command, String)>,
    /// All present fields of the target.
    fields: Memo<Value>,
    /// Those of the further targets.
    other_fields: Memo<Vec<Value>>,
}

impl Form {
    pub(super) fn new(
        target: Target,
        others: Vec<Target>,
        design: Signal<Arc<Design>>,
        on_command: Callback<(Command, String)>,
    ) -> Self {
        let target = StoredValue::new(target);
        let others = StoredValue::new(others);
        let fields = Memo::new(move |before: Option<&Value>| {
            let now = design.with(|design| target.with_value(|target| design.fields(target)));
            // A target that has just gone keeps its last values until the form goes too.
            now.unwrap_or_else(|_| before.cloned().unwrap_or(Value::Null))
        });
        let other_fields = Memo::new(move |_| {
            design.with(|design| {
                let fields = |other: &Target| design.fields(other).ok();
                others.with_value(|others| others.iter().filter_map(fields).collect())
            })
        });
        Self {
            target,
            others,
            other_fields,
            design,
            on_command,
            fields,
        }
    }

    /// Checks whether the design would accept this command; the error says what is wrong.
    pub(super) fn check(self, command: &Command) -> Result<(), String> {
        let mut trial = self.design.with_untracked(|design| Design::clone(design));
        match trial.apply(command.clone()) {
            Ok(_) => Ok(()),
            Err(error) => Err(error
                .0
                .iter()
                .map(|problem| problem.message.as_str())
                .collect::<Vec<_>>()
                .join("; ")),
        }
    }

    /// Returns the edit that sets a value at a path of every target.
    pub(super) fn set(self, path: &str, value: &Value) -> Command {
        let set = |target: Target| Command::Set(target, path.to_owned(), value.clone());
        let first = set(self.target.get_value());
        self.others.with_value(|others| match &others[..] {
            [] => first,
            others => {
                let others = others.iter().cloned().map(set);
                Command::Batch(std::iter::once(first).chain(others).collect())
            }
        })
    }

    /// Returns the links among the targets.
    pub(super) fn all_links(self) -> Vec<Link> {
        let first = self.target.get_value();
        self.design.with(|design| {
            let link = |target: &Target| match target {
                Target::Link(id) => design.link(id).cloned(),
                Target::Settings | Target::Node(_) | Target::Fault(_) => None,
            };
            let others = self.others.with_value(|others| {
                let others = others.iter().filter_map(link);
                others.collect::<Vec<_>>()
            });
            link(&first).into_iter().chain(others).collect()
        })
    }

    /// Returns the number of targets.
    pub(super) fn count(self) -> usize {
        1 + self.others.with_value(Vec::len)
    }

    /// Sends an edit as a gesture of its own.
    pub(super) fn send(self, command: Command) {
        self.on_command.run((command, fresh("edit")));
    }
}

/// Returns a key that no other gesture has, or an id that no other element has.
pub(super) fn fresh(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!(
        "inspector-{prefix}-{}",
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// What a control shows and changes. It is `Copy`, because it consists of keys.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) form: Form,
    /// Below the target.
    pub(super) path: StoredValue<String>,
    pub(super) shape: &'static Shape,
    pub(super) range: Option<(f64, f64)>,
    pub(super) default: fn() -> Value,
    pub(super) unit: &'static str,
    /// The name of the control: the field's label, or that of the list it is an entry of.
    pub(super) label: StoredValue<String>,
    /// Id of the control, for its label.
    pub(super) id: StoredValue<String>,
    /// The value in the document; `Null` if there is none.
    pub(super) value: Memo<Value>,
    /// Whether another target has another value here.
    pub(super) mixed: Memo<bool>,
    /// Typed text that is not in the document (yet).
    pub(super) draft: RwSignal<Option<String>>,
    /// Why the document did not accept it.
    pub(super) error: RwSignal<Option<String>>,
    /// How the draft is understood, if it is not in the notation of the document.
    pub(super) understood: RwSignal<Option<String>>,
}

impl Slot {
    pub(super) fn new(form: Form, path: String, shape: &'static Shape, label: String) -> Self {
        Self {
            form,
            value: value_at(form, path.clone()),
            mixed: mixed_at(form, path.clone()),
            path: StoredValue::new(path),
            shape,
            range: None,
            default: || Value::Null,
            unit: "",
            label: StoredValue::new(label),
            id: StoredValue::new(fresh("control")),
            draft: RwSignal::new(None),
            error: RwSignal::new(None),
            understood: RwSignal::new(None),
        }
    }

    pub(super) fn of_field(form: Form, path: String, field: &'static design::Field) -> Self {
        Self {
            range: field.range,
            default: field.default,
            unit: field.unit,
            ..Self::new(form, path, &field.shape, field.label.to_owned())
        }
    }

    /// Returns the same place with another shape: the content of an optional that is on.
    pub(super) fn inner(self, shape: &'static Shape) -> Self {
        Self { shape, ..self }
    }

    /// Returns the content of a variant called `name`. Draft and error stay those of the row.
    pub(super) fn variant(self, name: &str, shape: &'static Shape, label: String) -> Self {
        let path = format!("{}.{name}", self.path.get_value());
        Self {
            value: value_at(self.form, path.clone()),
            mixed: mixed_at(self.form, path.clone()),
            path: StoredValue::new(path),
            shape,
            label: StoredValue::new(label),
            id: StoredValue::new(fresh("control")),
            ..self
        }
    }

    pub(super) fn id(self) -> String {
        self.id.get_value()
    }

    pub(super) fn label(self) -> String {
        self.label.get_value()
    }

    pub(super) fn error_id(self) -> String {
        format!("{}-error", self.id.get_value())
    }

    /// Sets the value. A value that the document does not accept changes nothing, and the reason is
    /// shown under the control.
    pub(super) fn commit(self, value: Value) -> bool {
        self.commit_in(value, fresh("edit"))
    }

    /// Sets the value as [`Slot::commit`] does, as part of a gesture. One gesture is undone in one
    /// step.
    pub(super) fn commit_in(self, value: Value, gesture: String) -> bool {
        if value == self.value.get_untracked() && !self.mixed.get_untracked() {
            self.draft.set(None);
            self.error.set(None);
            return true;
        }
        let command = self.command(value);
        let checked = self.form.check(&command);
        let taken = checked.is_ok();
        self.error.set(checked.err());
        if taken {
            self.draft.set(None);
            self.form.on_command.run((command, gesture));
        }
        taken
    }

    /// Returns the edit that sets the value.
    pub(super) fn command(self, value: Value) -> Command {
        self.path.with_value(|path| self.form.set(path, &value))
    }
}

fn mixed_at(form: Form, path: String) -> Memo<bool> {
    Memo::new(move |_| {
        let mine = form.fields.with(|fields| fields.at_path(&path).cloned());
        let differs = |other: &Value| other.at_path(&path) != mine.as_ref();
        form.other_fields.with(|others| others.iter().any(differs))
    })
}

fn value_at(form: Form, path: String) -> Memo<Value> {
    Memo::new(move |_| {
        form.fields
            .with(|fields| fields.at_path(&path).cloned().unwrap_or(Value::Null))
    })
}
