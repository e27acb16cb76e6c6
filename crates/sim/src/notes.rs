//! What policies know of a call beyond its record. Most calls need none of it, so it stands beside
//! the records, in places of the same numbers, and is made where a policy asks for it.

use crate::agenda::Time;
use crate::call::CallId;

/// Most further attempts that hedge one attempt.
pub(crate) const PEERS_MAX: usize = 4;

/// What a call waits for at its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    Nothing,
    Bulkhead,
    Pool,
}

/// A note on one call.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    generation: u32,
    /// The caller's breaker when it let the call through.
    pub(crate) epoch: u32,
    /// When that was, where the breaker judges the call with its retries.
    pub(crate) admitted: Time,
    /// The pause before it, for decorrelated jitter, in ns.
    pub(crate) pause: u64,
    /// What the retry took from its quota.
    pub(crate) took: u32,
    /// What it waits for at its caller, and until when; for the pool only where a bulkhead stands
    /// before it.
    pub(crate) waits_for: WaitsFor,
    pub(crate) waits_until: Time,
    /// Whether it takes up a place of its caller's bulkhead.
    pub(crate) holds_place: bool,
    /// Which hedge of its call it is; 0 is the attempt itself.
    pub(crate) hedge: u32,
    /// The other attempts of its call, as far as they are under way.
    pub(crate) peers: [CallId; PEERS_MAX],
    /// At its callee: until when its caller waits for it.
    pub(crate) deadline: Time,
    /// At its callee: whether the caller has said that it gave up.
    pub(crate) is_cancelled: bool,
    /// At its callee: calls made for it that end with it. Some have ended before.
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

/// The notes on calls under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    places: Vec<Note>,
}

impl Notes {
    /// The note on a call, if there is one. It outlives the call's record until its place is used
    /// again.
    #[inline]
    pub(crate) fn get(&self, id: CallId) -> Option<&Note> {
        let note = self.places.get(id.slot as usize);
        note.filter(|note| note.generation == id.generation)
    }

    /// The note on a call, if there is one, to change it.
    pub(crate) fn get_mut(&mut self, id: CallId) -> Option<&mut Note> {
        let note = self.places.get_mut(id.slot as usize);
        note.filter(|note| note.generation == id.generation)
    }

    /// The note on a call, blank if there was none.
    pub(crate) fn of(&mut self, id: CallId) -> &mut Note {
        let place = id.slot as usize;
        if place >= self.places.len() {
            // No record has lived as often as this says: the places between are nobody's.
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
