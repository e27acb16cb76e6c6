//! The writes that clients intend: each has an id, and a record for as long as anything in progress
//! could still apply it.

use super::row::{Carried, OpId};
use crate::agenda::Time;
use crate::event::{LinkIx, NodeIx};

/// Not yet.
pub(super) const NEVER: Time = Time::MAX;

/// The effect of one statement of an operation on one store.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effect {
    pub(super) store: u16,
    pub(super) statement: u64,
    /// The message that delivered it; 0 if none did.
    pub(super) message: u64,
    /// The last version it made.
    pub(super) version: u32,
    /// Number of times it was applied.
    pub(super) times: u32,
    /// Whether it is still there; a failover may lose it.
    pub(super) stands: bool,
    /// When it was first applied, and by which attempt.
    pub(super) first: Applied,
}

/// An attempt that applied a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Time.
    pub at: Time,
    /// The link that it went over.
    pub link: LinkIx,
    /// Which attempt of its call it was, from 1.
    pub attempt: u16,
}

impl Effect {
    /// Returns whether it is the effect of a statement on a store.
    fn is_of(&self, store: u16, carried: &Carried) -> bool {
        self.store == store && self.statement == carried.statement
    }
}

/// A write that a client intends.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) generation: u32,
    /// Its number in order of creation.
    pub(super) number: u64,
    pub(super) client: NodeIx,
    pub(super) operation: u32,
    pub(super) key: u32,
    pub(super) made: Time,
    /// When the client finished it, with or without success.
    pub(super) ended: Time,
    pub(super) is_acknowledged: bool,
    pub(super) is_measured: bool,
    /// Whether an id travels with it, by which a callee can recognize it.
    pub(super) has_key: bool,
    /// Whether the client is about to retry it.
    pub(super) is_kept: bool,
    /// The edition of the design, because the writes of a plan are known only for the present one.
    pub(super) edition: u32,
    pub(super) effects: Vec<Effect>,
    pub(super) last_effect: Time,
    /// Whether a step of it was applied twice.
    pub(super) is_duplicated: bool,
    is_open: bool,
}

impl Op {
    /// Returns whether it is present in a store.
    pub(super) fn stands_in(&self, store: u16) -> bool {
        self.stands(|other| other == store)
    }

    /// Returns whether it is present in any store of these.
    pub(super) fn stands(&self, is_one: impl Fn(u16) -> bool) -> bool {
        let mut effects = self.effects.iter();
        effects.any(|effect| effect.stands && is_one(effect.store))
    }

    /// Returns the version it made in a store, if that is still present.
    pub(super) fn version_in(&self, store: u16) -> Option<u32> {
        let mine = self.effects.iter().rev();
        mine.filter(|effect| effect.store == store && effect.stands)
            .map(|effect| effect.version)
            .max()
    }

    /// Returns the effect of a statement on a store by this message, if it was applied before.
    pub(super) fn effect(&mut self, store: u16, carried: &Carried) -> Option<&mut Effect> {
        self.effects
            .iter_mut()
            .find(|effect| effect.is_of(store, carried) && effect.message == carried.message)
    }

    /// Returns the attempt that first applied a statement to a store.
    pub(super) fn first(&self, store: u16, carried: &Carried) -> Option<Applied> {
        let mut mine = self.effects.iter();
        let first = mine.find(|effect| effect.is_of(store, carried));
        first.map(|effect| effect.first)
    }

    /// Returns how often a statement was applied to a store.
    pub(super) fn times(&self, store: u16, carried: &Carried) -> u32 {
        let mine = self
            .effects
            .iter()
            .filter(|effect| effect.is_of(store, carried));
        mine.map(|effect| effect.times).sum()
    }
}

/// The table of operations.
#[derive(Clone, Debug, Default)]
pub(super) struct Ops {
    list: Vec<Op>,
    free: Vec<u32>,
    /// Number of created ones.
    pub(super) made: u64,
    /// Number of judged and forgotten ones.
    pub(super) settled: u64,
}

impl Ops {
    /// Adds a write of a client.
    pub(super) fn make(&mut self, mut op: Op) -> OpId {
        self.made += 1;
        op.number = self.made;
        let place = self.free.pop().unwrap_or(self.list.len() as u32);
        match self.list.get_mut(place as usize) {
            Some(old) => {
                op.generation = old.generation;
                op.effects = std::mem::take(&mut old.effects);
                op.effects.clear();
                *old = op;
            }
            None => self.list.push(op),
        }
        OpId {
            place,
            generation: self.list[place as usize].generation,
        }
    }

    pub(super) fn get(&self, id: OpId) -> Option<&Op> {
        self.list
            .get(id.place as usize)
            .filter(|op| op.is_open && op.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: OpId) -> Option<&mut Op> {
        self.list
            .get_mut(id.place as usize)
            .filter(|op| op.is_open && op.generation == id.generation)
    }

    /// Returns the operation in a place, if it has not been judged.
    pub(super) fn at(&self, place: usize) -> Option<&Op> {
        self.list.get(place).filter(|op| op.is_open)
    }

    /// Returns the number of operations that have not been judged.
    pub(super) fn open(&self) -> usize {
        self.list.len() - self.free.len()
    }

    /// Returns the number of places.
    pub(super) fn places(&self) -> usize {
        self.list.len()
    }

    /// Returns every operation that has not been judged, with its place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Op)> {
        self.list.iter().enumerate().filter(|(_, op)| op.is_open)
    }

    /// Removes the record of an operation that can no longer have an effect.
    pub(super) fn settle(&mut self, place: usize) {
        let op = &mut self.list[place];
        op.is_open = false;
        op.generation = op.generation.wrapping_add(1);
        self.settled += 1;
        self.free.push(place as u32);
    }
}

impl Op {
    /// Returns an operation of a client.
    pub(super) fn new(client: NodeIx, operation: u32, key: u32, made: Time) -> Self {
        Self {
            generation: 0,
            number: 0,
            client,
            operation,
            key,
            made,
            ended: NEVER,
            is_acknowledged: false,
            is_measured: false,
            has_key: false,
            is_kept: false,
            edition: 0,
            effects: Vec::new(),
            last_effect: 0,
            is_duplicated: false,
            is_open: true,
        }
    }
}
