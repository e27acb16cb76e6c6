//! Poison: messages that every attempt fails at.

use crate::call::{CallId, Purpose};
use crate::world::World;

impl World {
    /// Whether a call delivers a message that every attempt fails at.
    #[inline]
    pub fn is_poisoned(&self, id: CallId) -> bool {
        self.poisons && self.delivers_poison(id)
    }

    #[cold]
    fn delivers_poison(&self, id: CallId) -> bool {
        let delivery = self.calls.get(self.calls[id].parent);
        delivery.is_some_and(|call| call.purpose == Purpose::Delivery && call.is_miss)
    }
}
