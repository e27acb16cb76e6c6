//! The same module in a dedicated worker: a [`Session`] between messages and the clock.

use format::message::{PROTOCOL, Reply, Request};
use gloo_timers::callback::Timeout;
use host::Session;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

/// Pause between two checks of the clock while the run keeps up with it, in ms.
const REST_MS: u32 = 6;

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    session: RefCell<Session>,
    /// The next turn of the loop, while the run keeps up with the clock.
    timer: RefCell<Option<Timeout>>,
    /// A message to itself is the next turn if the run does not keep up: browsers delay a timer of
    /// 0 ms to 4 ms.
    again: MessagePort,
    is_again_due: RefCell<bool>,
}

/// Returns the scope of the worker that this module runs in; `None` in a page.
pub(crate) fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// Makes the worker run the simulation.
///
/// # Errors
///
/// Fails if the browser has no message channels.
pub(crate) fn start(scope: DedicatedWorkerGlobalScope) -> Result<(), JsValue> {
    report_panics(&scope);
    let channel = MessageChannel::new()?;
    let worker = Rc::new(Worker {
        scope: scope.clone(),
        session: RefCell::default(),
        timer: RefCell::default(),
        again: channel.port1(),
        is_again_due: RefCell::new(false),
    });
    let turn = Closure::<dyn FnMut()>::new({
        let worker = Rc::clone(&worker);
        move || {
            worker.is_again_due.replace(false);
            worker.turn();
        }
    });
    channel
        .port2()
        .set_onmessage(Some(turn.as_ref().unchecked_ref()));
    let take =
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| worker.take(&event));
    scope.set_onmessage(Some(take.as_ref().unchecked_ref()));
    // The worker lives until the page ends it, and so do its two listeners.
    turn.forget();
    take.forget();
    post(&scope, &Reply::Ready { protocol: PROTOCOL });
    Ok(())
}

impl Worker {
    fn take(self: &Rc<Self>, event: &MessageEvent) {
        let bytes = js_sys::Uint8Array::new(&event.data()).to_vec();
        match Request::decode(&bytes) {
            Ok(request) => {
                let replies = self.session.borrow_mut().handle(request);
                replies.iter().for_each(|reply| post(&self.scope, reply));
                self.turn_soon();
            }
            Err(message) => post(&self.scope, &Reply::Failed { message }),
        }
    }

    fn turn(self: &Rc<Self>) {
        let clock = || {
            self.scope
                .performance()
                .map_or(0.0, |performance| performance.now())
        };
        let replies = self.session.borrow_mut().advance(&clock);
        replies.iter().for_each(|reply| post(&self.scope, reply));
        let session = self.session.borrow();
        if session.is_behind() {
            self.turn_soon();
        } else if session.is_busy() {
            let worker = Rc::clone(self);
            self.timer
                .replace(Some(Timeout::new(REST_MS, move || worker.turn())));
        }
    }

    /// Takes the next turn after the messages that arrived in the meantime.
    fn turn_soon(&self) {
        self.timer.replace(None);
        if !self.is_again_due.replace(true) {
            // Fails only for what cannot be cloned.
            let _ = self.again.post_message(&JsValue::NULL);
        }
    }
}

fn post(scope: &DedicatedWorkerGlobalScope, reply: &Reply) {
    let bytes = js_sys::Uint8Array::from(reply.encode().as_slice());
    let transfer = js_sys::Array::of1(&bytes.buffer());
    // Fails only for what cannot be cloned; bytes can.
    let _ = scope.post_message_with_transfer(&bytes, &transfer);
}

/// Reports a panic, which is a bug of the engine: the page receives its message and starts a new
/// worker.
fn report_panics(scope: &DedicatedWorkerGlobalScope) {
    let scope = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        post(
            &scope,
            &Reply::Failed {
                message: info.to_string(),
            },
        )
    }));
}
