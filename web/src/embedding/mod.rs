//! The embed's side of its protocol: the page around the frame hands over a port, and steers the
//! run with the requests of [`format::embedding`]. Works from any origin, including none.

mod carry_out;

use design::{Problem, Value};
use format::embedding::{self as protocol, DueSet, Message, Metric, Refused, Request, Sets};
use format::message::{RunState, WindowFrame};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};

use crate::opening::Opened;
use crate::state::Page;

/// How often the state of the run and watched metrics are looked at, in ms.
const BEAT_MS: u64 = 250;
/// For how long changes of fields are collected, in ms.
const SET_MS: u64 = 50;
/// Most design names of nodes in the message that begins a connection.
const NODES_MAX: usize = 500;

/// The connection to the page around the frame.
#[derive(Default)]
struct Connection {
    port: Option<MessagePort>,
    /// Changes of fields that have not taken effect yet.
    sets: Sets,
    is_set_due: bool,
    watches: Vec<Watch>,
    /// The number of the last watch.
    last: u32,
    beats: u32,
    /// What was sent last, so that only changes are sent.
    state: String,
}

/// Metrics that are reported again and again.
struct Watch {
    id: u32,
    metrics: Vec<(String, Metric)>,
    /// Reported at every beat that this divides.
    every: u32,
}

/// The key to what the page and its connection hold.
#[derive(Clone, Copy)]
struct Link {
    page: Page,
    connection: StoredValue<Connection, LocalStorage>,
    /// Counts the changes of the design.
    changes: RwSignal<u32>,
    /// Whether the lesson's main fix is in the design.
    fixed: Memo<bool>,
}

/// Listens to the page around the frame, and tells it that this one listens.
pub(crate) fn listen(page: Page) {
    let link = Link {
        page,
        connection: StoredValue::new_local(Connection::default()),
        changes: RwSignal::new(0),
        fixed: Memo::new(move |_| page.opened.get() == Opened::Lesson && page.is_fixed(0)),
    };
    Effect::new(move || {
        page.design.track();
        link.changes.update(|count| *count = count.wrapping_add(1));
    });
    let handle = window_event_listener_untyped("message", move |event| {
        if let Ok(event) = event.dyn_into::<MessageEvent>() {
            link.greet(&event);
        }
    });
    on_cleanup(move || handle.remove());
    let beat = move || link.beat();
    // Fails only without a window.
    let _ = set_interval_with_handle(beat, std::time::Duration::from_millis(BEAT_MS));
    if let Some(parent) = parent() {
        let hello = protocol::write(vec![("type", Value::text("listening"))]);
        // Says nothing that a page of any origin may not know.
        let _ = parent.post_message(&parsed(&hello), "*");
    }
}

/// The window around the frame, if this is one.
fn parent() -> Option<web_sys::Window> {
    let parent = window().parent().ok()??;
    (parent != window()).then_some(parent)
}

/// A message of ours as JavaScript has it.
fn parsed(text: &str) -> JsValue {
    js_sys::JSON::parse(text).unwrap_or(JsValue::NULL)
}

/// The text of a message from outside; what has none is refused when it is read.
fn text_of(data: &JsValue) -> String {
    let text = js_sys::JSON::stringify(data).ok();
    text.and_then(|text| text.as_string()).unwrap_or_default()
}

impl Link {
    /// Takes the port that comes with a `hello` of the window around the frame.
    fn greet(self, event: &MessageEvent) {
        let is_parent = event
            .source()
            .zip(parent())
            .is_some_and(|(source, parent)| JsValue::from(source) == JsValue::from(parent));
        let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>() else {
            return;
        };
        let read = |name: &str| js_sys::Reflect::get(&event.data(), &name.into()).ok();
        let is_hello = read("type").is_some_and(|name| name == "hello");
        let Some(version) = read("faultline").filter(|_| is_parent && is_hello) else {
            return;
        };
        if version.as_f64() != Some(protocol::VERSION) {
            let message = format!(
                "this embed has version {} of the protocol",
                protocol::VERSION
            );
            let path = "faultline".to_owned();
            let refusal = protocol::refusal(None, &[Problem { path, message }]);
            let _ = port.post_message(&parsed(&refusal));
            return;
        }
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            self.take(&text_of(&event.data()));
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // As long-lived as the port, which lives as long as the page around this one.
        on_message.forget();
        self.connection.update_value(|connection| {
            if let Some(old) = connection.port.replace(port) {
                old.close();
            }
            *connection = Connection {
                port: connection.port.take(),
                ..Connection::default()
            };
        });
        self.tell_state();
    }

    fn post(self, text: &str) {
        self.connection.with_value(|connection| {
            if let Some(port) = &connection.port {
                // Fails only for what cannot be cloned.
                let _ = port.post_message(&parsed(text));
            }
        });
    }

    /// Takes a message.
    fn take(self, text: &str) {
        let Message { id, request } = match protocol::read(text) {
            Ok(message) => message,
            Err(Refused { id, problems }) => return self.post(&protocol::refusal(id, &problems)),
        };
        let request = match request {
            Request::Set(path, value) => return self.set_soon(path, value, id),
            request => request,
        };
        // Requests take effect in the order in which they were sent.
        self.apply_sets();
        let done = match request {
            Request::Watch(names, hz) => self.watch(names, hz),
            Request::Unwatch(which) => {
                self.connection.update_value(|connection| {
                    let is_other = |watch: &Watch| f64::from(watch.id) != which;
                    connection.watches.retain(is_other);
                });
                Ok(Value::Null)
            }
            Request::Metric(name) => self.metric(&name),
            Request::Series(name) => self.series(&name),
            request => carry_out::carry_out(self.page, request),
        };
        self.answer(id, done);
    }

    fn answer(self, id: Option<Value>, done: Result<Value, Vec<Problem>>) {
        match (id, done) {
            (Some(id), Ok(value)) => self.post(&protocol::answer(id, value)),
            (None, Ok(_)) => {}
            (id, Err(problems)) => self.post(&protocol::refusal(id, &problems)),
        }
    }

    /// Collects the change of a field with those that follow soon.
    fn set_soon(self, path: String, value: Value, id: Option<Value>) {
        let pushed = self.connection.try_update_value(|connection| {
            connection.sets.push(path, value, id.clone())?;
            Ok(!std::mem::replace(&mut connection.is_set_due, true))
        });
        match pushed {
            Some(Ok(true)) => set_timeout(
                move || self.apply_sets(),
                std::time::Duration::from_millis(SET_MS),
            ),
            Some(Err(problem)) => self.answer(id, Err(vec![problem])),
            Some(Ok(false)) | None => {}
        }
    }

    fn apply_sets(self) {
        let due = self.connection.try_update_value(|connection| {
            connection.is_set_due = false;
            connection.sets.take()
        });
        for DueSet { path, value, ids } in due.unwrap_or_default() {
            let done = carry_out::set(self.page, &path, value);
            match &done {
                Err(problems) if ids.is_empty() => self.post(&protocol::refusal(None, problems)),
                _ => ids
                    .into_iter()
                    .for_each(|id| self.answer(Some(id), done.clone())),
            }
        }
    }

    fn metric(self, name: &str) -> Result<Value, Vec<Problem>> {
        let design = self.page.design.get_untracked();
        let metric = Metric::read(name, &design)?;
        Ok(self.value_of(&metric))
    }

    /// Returns time and value of each window so far.
    fn series(self, name: &str) -> Result<Value, Vec<Problem>> {
        let design = self.page.design.get_untracked();
        let Metric::System(at) = Metric::read(name, &design)? else {
            return carry_out::refuse(
                "name",
                "only metrics of the whole system are kept over time",
            );
        };
        let pair = |window: &WindowFrame| {
            let end_s = window.start_s + window.width_s;
            let value = crate::charts::metrics_of(window)[at];
            let value = if value.is_finite() {
                Value::Number(value)
            } else {
                Value::Null
            };
            Value::List(vec![Value::Number(end_s), value])
        };
        let pairs = self
            .page
            .history
            .with_value(|history| history.so_far().iter().map(pair).collect());
        Ok(Value::List(pairs))
    }

    fn value_of(self, metric: &Metric) -> Value {
        let page = self.page;
        let system = page.history.with_value(crate::charts::metrics);
        let value = page.design.with_untracked(|design| {
            page.live
                .with_frame(|frame| metric.of(&system, frame, design))
        });
        value.map_or(Value::Null, Value::Number)
    }

    fn watch(self, names: Vec<String>, hz: f64) -> Result<Value, Vec<Problem>> {
        let design = self.page.design.get_untracked();
        let read = |name: String| Metric::read(&name, &design).map(|metric| (name, metric));
        let metrics: Vec<_> = names.into_iter().map(read).collect::<Result<_, _>>()?;
        let every = (1e3 / hz / BEAT_MS as f64).round().max(1.0) as u32;
        let id = self.connection.try_update_value(|connection| {
            if connection.watches.len() >= protocol::WATCHED_MAX {
                return None;
            }
            connection.last += 1;
            let id = connection.last;
            connection.watches.push(Watch { id, metrics, every });
            Some(id)
        });
        match id.flatten() {
            Some(id) => Ok(Value::Number(f64::from(id))),
            None => {
                let most = protocol::WATCHED_MAX;
                carry_out::refuse("", &format!("too many watches; at most {most}"))
            }
        }
    }

    /// Sends what has changed, and the watched metrics.
    fn beat(self) {
        let beats = self.connection.try_update_value(|connection| {
            connection.port.as_ref()?;
            connection.beats = connection.beats.wrapping_add(1);
            Some(connection.beats)
        });
        let Some(beats) = beats.flatten() else { return };
        self.tell_state();
        let due: Vec<String> = self.connection.with_value(|connection| {
            let watches = connection.watches.iter();
            let due = watches.filter(|watch| beats.is_multiple_of(watch.every));
            due.map(|watch| self.report(watch)).collect()
        });
        due.iter().for_each(|text| self.post(text));
    }

    fn report(self, watch: &Watch) -> String {
        let values = watch.metrics.iter();
        let values = values.map(|(name, metric)| (name.clone(), self.value_of(metric)));
        protocol::write(vec![
            ("type", Value::text("values")),
            ("watch", Value::Number(f64::from(watch.id))),
            ("values", Value::Map(values.collect())),
        ])
    }

    /// Sends the state, if it is another one than before.
    fn tell_state(self) {
        let state = self.state();
        let is_new = self.connection.try_update_value(|connection| {
            let is_new = connection.state != state;
            connection.state.clone_from(&state);
            is_new
        });
        if is_new == Some(true) {
            self.post(&state);
        }
    }

    fn state(self) -> String {
        let page = self.page;
        let status = page.status.get_untracked();
        let run = match (status.state, page.playing.get_untracked()) {
            (RunState::Ended | RunState::OutOfBudget, _) => "ended",
            (_, true) => "playing",
            (_, false) => "paused",
        };
        let is_lesson = page.opened.get_untracked() == Opened::Lesson;
        let [steps, fixes] = match is_lesson {
            true => page.lesson.with_value(|lesson| {
                let scenario = &lesson.scenario;
                [scenario.steps.len(), scenario.remedies.len()]
            }),
            false => [0, 0],
        };
        let number = |n: usize| Value::Number(n as f64);
        page.design.with_untracked(|design| {
            let nodes = design.nodes.iter().take(NODES_MAX);
            let nodes = nodes.map(|node| Value::text(node.id.as_str()));
            protocol::write(vec![
                ("type", Value::text("state")),
                ("run", Value::text(run)),
                (
                    "time_s",
                    Value::Number((status.time_s * 100.0).round() / 100.0),
                ),
                ("speed", Value::Number(page.speed.get_untracked())),
                ("name", Value::text(design.settings.name.as_str())),
                ("duration_s", Value::Number(design.settings.duration.as_s())),
                ("nodes", Value::List(nodes.collect())),
                ("steps", number(steps)),
                ("fixes", number(fixes)),
                ("fixed", Value::Bool(self.fixed.get_untracked())),
                ("changes", number(self.changes.get_untracked() as usize)),
            ])
        })
    }
}
