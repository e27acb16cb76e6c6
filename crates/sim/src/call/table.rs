//! The table of records: slots that are reused, each with the number of times it has been freed.

use super::{Call, CallId, Phase, Purpose};
use crate::data::Rows;
use crate::event::{LinkIx, NodeIx};

/// Maximum number of records at a time, which bounds the memory of a run (128 bytes each).
pub const CALLS_MAX: usize = 4_000_000;

/// The table of records.
#[derive(Clone, Debug)]
pub struct Calls {
    records: Vec<Call>,
    /// The data that records carry, if the design writes.
    pub(crate) rows: Rows,
    free: u32,
    live: u32,
    probes: u32,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            rows: Rows::default(),
            free: u32::MAX,
            live: 0,
            probes: 0,
        }
    }
}

impl Calls {
    /// Adds a record that is its own root.
    #[inline(always)]
    pub fn insert_root(&mut self, call: Call) -> CallId {
        self.put(call, true)
    }

    /// Adds a record.
    #[inline(always)]
    pub fn insert(&mut self, call: Call) -> CallId {
        self.put(call, false)
    }

    /// Adds the record of a call, if no data is carried.
    #[inline(always)]
    pub(crate) fn insert_call(&mut self, mut call: Call) -> CallId {
        if self.free == u32::MAX {
            self.grow();
        }
        self.live += 1;
        let slot = self.free;
        let place = &mut self.records[slot as usize];
        self.free = place.next;
        let generation = place.generation;
        call.generation = generation;
        *place = call;
        CallId { slot, generation }
    }

    #[inline(always)]
    fn put(&mut self, mut call: Call, is_root: bool) -> CallId {
        if self.free == u32::MAX {
            self.grow();
        }
        self.live += 1;
        self.probes += u32::from(call.is_probe());
        let slot = self.free;
        let place = &mut self.records[slot as usize];
        self.free = place.next;
        let generation = place.generation;
        call.generation = generation;
        if is_root {
            call.root = CallId { slot, generation };
        }
        *place = call;
        if self.rows.is_on {
            self.begin_row(slot);
        }
        CallId { slot, generation }
    }

    /// Begins the data row of a new record with that of the job that makes it.
    #[inline(never)]
    fn begin_row(&mut self, slot: u32) {
        let call = &self.records[slot as usize];
        let is_delivered = self
            .get(call.parent)
            .is_some_and(|parent| parent.purpose == Purpose::Delivery);
        let is_step = !is_delivered && !call.is_balanced;
        self.rows.begin(slot, call, is_step);
    }

    /// Reserves a place for a record that may have to be added later. Places are taken and freed as
    /// if it were there, because the order of calls that end simultaneously depends on them.
    #[inline(always)]
    pub(crate) fn keep(&mut self, caller_replica: u32) -> u32 {
        if self.free == u32::MAX {
            self.grow();
        }
        self.live += 1;
        let slot = self.free;
        let place = &mut self.records[slot as usize];
        self.free = place.next;
        (place.caller_replica, place.via) = (caller_replica, LinkIx::NONE);
        slot
    }

    /// Returns the calling replica for which a place was reserved.
    pub(crate) fn kept_for(&self, slot: u32) -> u32 {
        self.records[slot as usize].caller_replica
    }

    /// Adds a record in a place that was reserved for it.
    pub(crate) fn fill(&mut self, slot: u32, call: Call) -> CallId {
        let place = &mut self.records[slot as usize];
        let generation = place.generation;
        *place = Call { generation, ..call };
        CallId { slot, generation }
    }

    /// Frees a reserved place.
    #[inline(always)]
    pub(crate) fn let_go(&mut self, slot: u32) {
        let generation = self.records[slot as usize].generation;
        self.remove_call(CallId { slot, generation });
    }

    /// Adds one more place; its content is not valid.
    #[cold]
    fn grow(&mut self) {
        self.free = self.records.len() as u32;
        self.records
            .push(Call::new(Purpose::Call, NodeIx(0), LinkIx::NONE));
    }

    /// Frees a record.
    #[inline]
    pub fn remove(&mut self, id: CallId) {
        let call = &mut self.records[id.slot as usize];
        debug_assert_eq!(call.generation, id.generation, "a record is freed twice");
        call.generation = call.generation.wrapping_add(1);
        call.next = self.free;
        call.phase = Phase::Gone;
        self.free = id.slot;
        self.live -= 1;
        self.probes -= u32::from(call.is_probe());
    }

    /// Frees a record that is not a probe's.
    #[inline(always)]
    pub(crate) fn remove_call(&mut self, id: CallId) {
        let call = &mut self.records[id.slot as usize];
        call.generation = call.generation.wrapping_add(1);
        call.next = self.free;
        call.phase = Phase::Gone;
        self.free = id.slot;
        self.live -= 1;
    }

    /// Returns the record, unless it was freed.
    #[inline]
    pub fn get(&self, id: CallId) -> Option<&Call> {
        self.records
            .get(id.slot as usize)
            .filter(|call| call.generation == id.generation)
    }

    /// Returns the record, unless it was freed.
    #[inline]
    pub fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.records
            .get_mut(id.slot as usize)
            .filter(|call| call.generation == id.generation)
    }

    /// Returns the capacity.
    pub(crate) fn room(&self) -> usize {
        self.records.len()
    }

    /// Returns the number of records.
    pub fn live(&self) -> usize {
        self.live as usize
    }

    /// Returns the number of records that are not health probes.
    pub fn live_work(&self) -> usize {
        (self.live - self.probes) as usize
    }

    /// Returns the id of the record in a place, for lists within a station.
    pub(crate) fn id_at(&self, slot: u32) -> CallId {
        CallId {
            slot,
            generation: self.records[slot as usize].generation,
        }
    }

    /// Returns every live record, in order of place.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, &Call)> {
        let mut is_free = vec![false; self.records.len()];
        let mut free = self.free;
        while free != u32::MAX {
            is_free[free as usize] = true;
            free = self.records[free as usize].next;
        }
        for slot in 0..self.records.len() {
            let call = &self.records[slot];
            if !is_free[slot] && call.via != LinkIx::NONE {
                is_free[call.kept as usize] = true;
            }
        }
        self.records
            .iter()
            .enumerate()
            .filter(move |(slot, _)| !is_free[*slot])
            .map(|(slot, call)| {
                (
                    CallId {
                        slot: slot as u32,
                        generation: call.generation,
                    },
                    call,
                )
            })
    }
}

impl std::ops::Index<CallId> for Calls {
    type Output = Call;
    #[inline]
    fn index(&self, id: CallId) -> &Call {
        let call = &self.records[id.slot as usize];
        debug_assert_eq!(call.generation, id.generation, "a freed record is used");
        call
    }
}

impl std::ops::IndexMut<CallId> for Calls {
    #[inline]
    fn index_mut(&mut self, id: CallId) -> &mut Call {
        let call = &mut self.records[id.slot as usize];
        debug_assert_eq!(call.generation, id.generation, "a freed record is used");
        call
    }
}
