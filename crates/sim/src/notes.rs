//! Policy state of calls beyond their records. Most calls need none of it, so it is stored beside
//! the records, under the same indices, and created when a policy needs it.

use crate::agenda::Time;
use crate::call::CallId;

/// Maximum number of hedges of one attempt.
pub(crate) const PEERS_MAX: usize = 4;

/// What a call waits for at its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Nothing,
    Bulkhead,
    Pool,
}

/// The policy state of one call.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    generation: u32,
    /// The epoch of the caller's breaker when it admitted the call.
    pub(crate) epoch: u32,
    /// When it was admitted, if the breaker judges the call with its retries.
    pub(crate) admitted: Time,
    /// The pause before it, for decorrelated jitter, in ns.
    pub(crate) pause: u64,
    /// What the retry took from its quota.
    pub(crate) took: u32,
    /// What it waits for at its caller, and until when; for the pool, only if there is a bulkhead
    /// before it.
    pub(crate) waits_for: WaitsFor,
    pub(crate) waits_until: Time,
    /// Whether it holds a place of its caller's bulkhead.
    pub(crate) holds_place: bool,
    /// The number of its hedge; 0 is the attempt itself.
    pub(crate) hedge: u32,
    /// The other attempts of its call that are in progress.
    pub(crate) peers: [CallId; PEERS_MAX],
    /// At its callee: its deadline.
    pub(crate) deadline: Time,
    /// At its callee: whether it was canceled.
    pub(crate) is_cancelled: bool,
    /// At its callee: calls made for it that end with it. Some have already ended.
    pub(crate) calls: Vec<CallId>,
}

impl Note {
    fn blank(generation: u32) -> Self {
        Self {
            generation,
            epoch: 0,
            admitted: 0,
            pause: 0,
            took: 0,
            waits_for: WaitsFor::Nothing,
            waits_until: 0,
            holds_place: false,
            hedge: 0,
            peers: [CallId::NONE; PEERS_MAX],
            deadline: Time::MAX,
            is_cancelled: false,
            calls: Vec::new(),
        }
    }
}

/// The policy state of calls in progress.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    places: Vec<Note>,
}

impl Notes {
    /// Returns the state of a call, if there is any. It outlives the call's record until its place
    /// is reused.
    #[inline]
    pub(crate) fn get(&self, id: CallId) -> Option<&Note> {
        let note = self.places.get(id.slot as usize);
        note.filter(|note| note.generation == id.generation)
    }

    /// Returns the state of a call, if there is any, to change it.
    pub(crate) fn get_mut(&mut self, id: CallId) -> Option<&mut Note> {
        let note = self.places.get_mut(id.slot as usize);
        note.filter(|note| note.generation == id.generation)
    }

    /// Returns the state of a call, empty if there was none.
    pub(crate) fn of(&mut self, id: CallId) -> &mut Note {
        let place = id.slot as usize;
        if place >= self.places.len() {
            // No record has been reused as often as this: the places in between belong to none.
            self.places.resize(place + 1, Note::blank(u32::MAX));
        }
        let note = &mut self.places[place];
        if note.generation != id.generation {
            let mut calls = std::mem::take(&mut note.calls);
            calls.clear();
            *note = Note {
                calls,
                ..Note::blank(id.generation)
            };
        }
        note
    }
}
