//! The bridge to the simulation: a web worker, or the same session in the page if a worker cannot
//! start. It counts runs, drops late messages of an earlier run, and starts a new worker after a
//! failure.

mod in_page;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;

use format::message::{PROTOCOL, Reply, Request, RunId};
use in_page::InPage;
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use worker::LiveWorker;

/// Time after which a worker that has not reported "ready" is abandoned, in milliseconds.
const READY_WAIT_MS: u64 = 10_000;
/// After this many consecutive failures, the page stops starting new workers by itself.
const FAILURES_MAX: u32 = 4;

/// What the engine tells the page.
pub(crate) enum EngineEvent {
    /// A message of the present run, or one that belongs to no run.
    Reply(Reply),
    /// The worker failed. With `restarted`, a new one has been started and waits for `Load`.
    Failed {
        /// The error message.
        message: String,
        /// Whether another one was started.
        restarted: bool,
    },
}

type Sink = Rc<dyn Fn(EngineEvent)>;

/// The bridge. Clones share it.
#[derive(Clone)]
pub(crate) struct Engine(Rc<RefCell<Inner>>);

struct Inner {
    run: RunId,
    backend: Backend,
    /// Requests that are sent once the worker is ready.
    pending: Vec<Request>,
    failures: u32,
    /// Increases with every worker, so that timers and messages of an old one are recognized.
    generation: u32,
    sink: Sink,
}

enum Backend {
    /// Nothing runs, and nothing will until the user restarts it: it failed too often.
    Stopped,
    /// The worker is starting.
    Opening,
    Starting(LiveWorker),
    Worker(LiveWorker),
    Local(Box<InPage>),
}

impl Engine {
    /// Starts a worker; `sink` receives everything it sends.
    pub(crate) fn start(sink: impl Fn(EngineEvent) + 'static) -> Self {
        let engine = Self(Rc::new(RefCell::new(Inner {
            run: 0,
            backend: Backend::Opening,
            pending: Vec::new(),
            failures: 0,
            generation: 0,
            sink: Rc::new(sink),
        })));
        engine.start_worker();
        engine
    }

    /// The present run.
    pub(crate) fn run(&self) -> RunId {
        self.0.borrow().run
    }

    /// Returns where the simulation runs, for browser tests.
    pub(crate) fn place(&self) -> &'static str {
        match self.0.borrow().backend {
            Backend::Stopped => "nowhere",
            Backend::Opening => "starting",
            Backend::Starting(_) => "starting",
            Backend::Worker(_) => "worker",
            Backend::Local(_) => "page",
        }
    }

    /// Begins a new run, in place of the present one.
    pub(crate) fn load(&self, design: String, playing: bool, speed: f64) {
        let run = {
            let mut inner = self.0.borrow_mut();
            inner.run = inner.run.wrapping_add(1);
            // Requests that wait for a starting worker belong to runs that are over, except
            // comparisons.
            inner
                .pending
                .retain(|request| matches!(request, Request::Compare { .. }));
            inner.run
        };
        self.send(Request::Load {
            run,
            design,
            playing,
            speed,
        });
    }

    /// Sends a request, now or once the worker is ready.
    pub(crate) fn send(&self, request: Request) {
        let mut inner = self.0.borrow_mut();
        match &mut inner.backend {
            Backend::Worker(live) => live.send(&request),
            Backend::Local(local) => local.send(request),
            Backend::Starting(_) | Backend::Opening | Backend::Stopped => {
                inner.pending.push(request);
            }
        }
    }

    /// For tests of the recovery: sends the worker bytes that are not a message.
    pub(crate) fn crash(&self) {
        if let Backend::Worker(live) = &self.0.borrow().backend {
            live.send_bytes(&[0xff; 3]);
        }
    }

    fn start_worker(&self) {
        let generation = {
            let mut inner = self.0.borrow_mut();
            inner.generation += 1;
            inner.backend = Backend::Opening;
            inner.generation
        };
        match self.spawn(generation) {
            Ok(live) => {
                self.0.borrow_mut().backend = Backend::Starting(live);
                let engine = self.clone();
                set_timeout(
                    move || {
                        let late = {
                            let inner = engine.0.borrow();
                            inner.generation == generation
                                && matches!(inner.backend, Backend::Starting(_))
                        };
                        if late {
                            engine.run_in_page();
                        }
                    },
                    std::time::Duration::from_millis(READY_WAIT_MS),
                );
            }
            Err(_) => self.run_in_page(),
        }
    }

    fn spawn(&self, generation: u32) -> Result<LiveWorker, JsValue> {
        let (hears, fails) = (self.clone(), self.clone());
        LiveWorker::spawn(
            move |data| hears.on_message(generation, &data),
            move |message| fails.on_failure(generation, message),
        )
    }

    fn on_message(&self, generation: u32, data: &JsValue) {
        if self.0.borrow().generation != generation {
            return;
        }
        if let Some(bytes) = bytes_of(data) {
            return match Reply::decode(&bytes) {
                Ok(reply) => self.on_reply(generation, reply),
                Err(error) => self.on_failure(generation, error),
            };
        }
        let failed = Reflect::get(data, &"failed".into()).ok();
        if let Some(why) = failed.and_then(|why| why.as_string()) {
            self.on_failure(generation, why);
        }
    }

    fn on_reply(&self, generation: u32, reply: Reply) {
        match reply {
            Reply::Ready { protocol: PROTOCOL } => self.on_ready(),
            Reply::Ready { protocol } => self.on_failure(
                generation,
                format!(
                    "the worker speaks version {protocol} of the protocol, the page {PROTOCOL}; reload the page"
                ),
            ),
            Reply::Failed { message } => self.on_failure(generation, message),
            reply => self.deliver(reply),
        }
    }

    fn on_ready(&self) {
        let mut inner = self.0.borrow_mut();
        let inner = &mut *inner;
        inner.backend = match std::mem::replace(&mut inner.backend, Backend::Opening) {
            Backend::Starting(live) => {
                for request in inner.pending.drain(..) {
                    live.send(&request);
                }
                Backend::Worker(live)
            }
            other => other,
        };
    }

    fn deliver(&self, reply: Reply) {
        let sink = {
            let mut inner = self.0.borrow_mut();
            if let Reply::Frame(frame) = &reply
                && frame.run != inner.run
            {
                return;
            }
            inner.failures = 0;
            Rc::clone(&inner.sink)
        };
        sink(EngineEvent::Reply(reply));
    }

    fn on_failure(&self, generation: u32, message: String) {
        let (sink, never_ran, restart) = {
            let mut inner = self.0.borrow_mut();
            if inner.generation != generation {
                return;
            }
            inner.failures += 1;
            (
                Rc::clone(&inner.sink),
                matches!(inner.backend, Backend::Starting(_)),
                inner.failures < FAILURES_MAX,
            )
        };
        if never_ran {
            // The worker could not start at all: the page runs the session itself.
            return self.run_in_page();
        }
        if restart {
            self.start_worker();
        } else {
            let mut inner = self.0.borrow_mut();
            inner.generation += 1;
            inner.failures = 0;
            inner.backend = Backend::Stopped;
        }
        sink(EngineEvent::Failed {
            message,
            restarted: restart,
        });
    }

    /// Starts a worker again after the page stopped doing so by itself.
    pub(crate) fn revive(&self) {
        let stopped = matches!(self.0.borrow().backend, Backend::Stopped);
        if stopped {
            self.start_worker();
        }
    }

    fn run_in_page(&self) {
        let generation = {
            let mut inner = self.0.borrow_mut();
            inner.generation += 1;
            inner.backend = Backend::Opening;
            inner.generation
        };
        let engine = self.clone();
        let mut local = InPage::new(move || engine.advance_local(generation));
        let mut inner = self.0.borrow_mut();
        for request in inner.pending.drain(..) {
            local.send(request);
        }
        inner.backend = Backend::Local(Box::new(local));
    }

    fn advance_local(&self, generation: u32) {
        let replies = match &mut self.0.borrow_mut().backend {
            Backend::Local(local) => local.turn(),
            Backend::Stopped | Backend::Opening | Backend::Starting(_) | Backend::Worker(_) => {
                return;
            }
        };
        for reply in replies {
            if self.0.borrow().generation == generation {
                self.on_reply(generation, reply);
            }
        }
    }
}

fn bytes_of(data: &JsValue) -> Option<Vec<u8>> {
    if let Some(array) = data.dyn_ref::<Uint8Array>() {
        return Some(array.to_vec());
    }
    data.dyn_ref::<js_sys::ArrayBuffer>()
        .map(|buffer| Uint8Array::new(buffer).to_vec())
}

/// Returns wall-clock milliseconds since the page was opened, never decreasing.
pub(crate) fn now_ms() -> f64 {
    window()
        .performance()
        .map_or(0.0, |performance| performance.now())
}
