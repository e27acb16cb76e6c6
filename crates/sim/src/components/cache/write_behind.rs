//! Writes at a cache with an origin: write-through or write-behind.

use super::loading::WRITE;
use super::*;

impl Cache {
    /// Handles a write: to the origin first, unless the link says otherwise.
    pub(super) fn write(&mut self, id: CallId, cx: &mut World) {
        match cx.link(cx.calls[id].link).on_write {
            OnWrite::WriteBehind => self.write_behind(id, cx),
            OnWrite::None | OnWrite::Invalidate | OnWrite::Update => self.load(id, cx),
        }
    }

    fn write_behind(&mut self, id: CallId, cx: &mut World) {
        let key = cx.calls[id].key;
        self.tally.written_behind += 1;
        // No version is known: the origin does not have it yet.
        self.fill(key, Seen::NOTHING, 0, cx.now);
        match self.unwritten.get(&key).copied() {
            Some(job) => self.write_instead(job, id, cx),
            None => self.write_later(id, cx),
        }
        cx.answer(id, Outcome::Ok);
    }

    fn write_later(&mut self, id: CallId, cx: &mut World) {
        let job = self.background(id, cx);
        let record = &mut cx.calls[job];
        (record.place, record.phase, record.root) = (WRITE, Phase::Serving, job);
        // The place of the earlier writes: none yet.
        record.remaining = u32::MAX;
        let key = record.key;
        cx.needed.begin(job);
        cx.hand_over(id, job);
        cx.after_delay(self.write_delay, Event::Served(job));
        self.unwritten.insert(key, job);
    }

    /// Replaces the pending write of a key by a later one.
    fn write_instead(&mut self, job: CallId, id: CallId, cx: &mut World) {
        if let Some(carried) = cx.hand_over(id, job) {
            self.add_earlier(job, vec![carried], cx);
        }
    }

    /// Sends a pending write to the origin. Later writes wait again.
    pub(super) fn write_to_origin(&mut self, job: CallId, cx: &mut World) {
        self.unwritten.remove(&cx.calls[job].key);
        if !self.is_read_through(cx) {
            // An edit removed the origin, so there is nowhere to write to.
            return self.end_write(job, None, cx);
        }
        self.start(job, cx);
    }

    /// Handles a write-behind that reached the origin or failed. A failed one is retried after the
    /// same delay, unless a later write of the key is pending.
    pub(super) fn written_through(&mut self, job: CallId, outcome: Outcome, cx: &mut World) {
        let key = cx.calls[job].key;
        if outcome.is_answer() {
            let seen = cx.seen(job);
            let is_last = !self.unwritten.contains_key(&key);
            if let Some(place) = self.store.find(key).filter(|_| is_last) {
                self.store.entry_mut(place).seen = seen;
            }
            return self.end_write(job, Some(seen), cx);
        }
        if let Some(later) = self.unwritten.get(&key).copied() {
            // The later write replaces this one and all that this one replaced.
            let batch = cx.calls[job].remaining as usize;
            let mut carried = self
                .earlier
                .get_mut(batch)
                .map_or_else(Vec::new, std::mem::take);
            carried.extend(cx.kept(job));
            cx.calls.remove(job);
            if !carried.is_empty() {
                self.add_earlier(later, carried, cx);
            }
            return;
        }
        let call = &mut cx.calls[job];
        call.phase = Phase::Serving;
        (call.is_degraded, call.lacks_look_up) = (false, false);
        cx.after(self.write_delay.duration.max(RETRY_MIN), Event::Served(job));
        self.unwritten.insert(key, job);
    }

    fn add_earlier(&mut self, job: CallId, carried: Vec<Carried>, cx: &mut World) {
        if cx.calls[job].remaining == u32::MAX {
            let free = self.earlier.iter().position(Vec::is_empty);
            let batch = free.unwrap_or(self.earlier.len());
            self.earlier
                .resize_with(self.earlier.len().max(batch + 1), Vec::new);
            cx.calls[job].remaining = batch as u32;
        }
        self.earlier[cx.calls[job].remaining as usize].extend(carried);
    }

    fn end_write(&mut self, job: CallId, seen: Option<Seen>, cx: &mut World) {
        let batch = cx.calls[job].remaining as usize;
        if let Some(batch) = self.earlier.get_mut(batch) {
            for carried in batch.drain(..) {
                if let Some(seen) = &seen {
                    cx.stands_as(&carried, seen);
                }
            }
        }
        cx.calls.remove(job);
    }

    /// Loses the writes that were only in the cache.
    pub(super) fn forget_unwritten(&mut self, cx: &mut World) {
        if self.unwritten.is_empty() {
            return;
        }
        self.unwritten.clear();
        self.earlier.clear();
        let is_mine = |call: &Call| {
            call.purpose == Purpose::Background
                && (call.node, call.place) == (self.node, WRITE)
                && call.phase == Phase::Serving
        };
        let lost: Vec<CallId> = cx
            .calls
            .iter()
            .filter(|(_, call)| is_mine(call))
            .map(|(id, _)| id)
            .collect();
        lost.into_iter().for_each(|id| cx.calls.remove(id));
    }

    /// Loses the writes of some keys that were only in the cache.
    #[cold]
    pub(super) fn forget_unwritten_of(&mut self, is_lost: impl Fn(u32) -> bool, cx: &mut World) {
        let node = self.node;
        let is_mine = |call: &Call| {
            call.purpose == Purpose::Background
                && (call.node, call.place) == (node, WRITE)
                && call.phase == Phase::Serving
                && is_lost(call.key)
        };
        let lost = cx.calls.iter().filter(|(_, call)| is_mine(call));
        let lost: Vec<CallId> = lost.map(|(id, _)| id).collect();
        for id in lost {
            let call = &cx.calls[id];
            self.unwritten.remove(&call.key);
            if let Some(batch) = self.earlier.get_mut(call.remaining as usize) {
                batch.clear();
            }
            cx.calls.remove(id);
        }
    }

    /// Returns whether the origin lacks the last write of a key. A value loaded from there is older
    /// and does not replace it.
    #[inline]
    pub(crate) fn is_ahead(&self, key: u32) -> bool {
        !self.unwritten.is_empty() && self.unwritten.contains_key(&key)
    }

    /// Returns the number of keys whose last write the origin lacks.
    pub fn unwritten(&self) -> usize {
        self.unwritten.len()
    }
}

/// Minimum pause before a failed write-behind is retried. Without it, retries could repeat within
/// one moment indefinitely.
const RETRY_MIN: u64 = 1_000_000;
