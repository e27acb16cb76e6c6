//! Poison messages, which fail at every attempt.

use crate::call::{CallId, Purpose};
use crate::world::World;

impl World {
    /// Returns whether a call delivers a poison message.
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
