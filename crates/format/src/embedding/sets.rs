//! Changes of fields that have not taken effect yet. A control that is dragged sends more of them
//! than a run can take; only the last value of each field counts.

use design::{Problem, Value};

/// Most changes that wait for an answer at a time.
const WAITING_MAX: usize = 1_000;

/// A change of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct DueSet {
    /// The path of the field.
    pub path: String,
    /// Its last value.
    pub value: Value,
    /// The ids of the messages that the change answers.
    pub ids: Vec<Value>,
}

/// The changes that are due, in the order in which their fields were first changed.
#[derive(Clone, Debug, Default)]
pub struct Sets {
    due: Vec<DueSet>,
}

impl Sets {
    /// Adds a change. A later value of a field replaces an earlier one.
    ///
    /// # Errors
    ///
    /// If too many changes wait.
    pub fn push(&mut self, path: String, value: Value, id: Option<Value>) -> Result<(), Problem> {
        let waiting: usize = self.due.iter().map(|due| due.ids.len().max(1)).sum();
        if waiting >= WAITING_MAX {
            let message = format!("too many changes at a time; at most {WAITING_MAX}");
            return Err(Problem { path, message });
        }
        match self.due.iter_mut().find(|due| due.path == path) {
            Some(due) => {
                due.value = value;
                due.ids.extend(id);
            }
            None => self.due.push(DueSet {
                path,
                value,
                ids: id.into_iter().collect(),
            }),
        }
        Ok(())
    }

    /// Takes all changes.
    pub fn take(&mut self) -> Vec<DueSet> {
        std::mem::take(&mut self.due)
    }
}
