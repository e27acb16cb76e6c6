//! What a failure's cause leaves open: which limit refused a call, or that its callee died.

use super::{Call, Cause, Outcome};

/// What more is known about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Detail {
    /// The caller's adaptive throttling refused it.
    AdaptiveThrottle,
    /// The caller's circuit breaker was open.
    CircuitBreaker,
    /// The caller's bulkhead had no place for it.
    Bulkhead,
    /// The caller's connection pool had no connection for it.
    Pool,
    /// The callee's rate limiter had no token.
    RateLimit,
    /// The callee had as many calls in progress as its adaptive limit allows.
    ConcurrencyLimit,
    /// The callee shed load.
    Shed,
    /// The callee's queue was full.
    QueueFull,
    /// It had waited in the callee's queue for the maximum time.
    MaxWait,
    /// The callee had no free connection.
    Connections,
    /// The callee died with it.
    Reset,
}

/// Every limit, with its name in reports, in the order of [`ByLimit`].
pub const LIMITS: [(Detail, &str); 10] = [
    (Detail::AdaptiveThrottle, "adaptive_throttle"),
    (Detail::CircuitBreaker, "circuit_breaker"),
    (Detail::Bulkhead, "bulkhead"),
    (Detail::Pool, "pool"),
    (Detail::RateLimit, "rate_limit"),
    (Detail::ConcurrencyLimit, "concurrency_limit"),
    (Detail::Shed, "shed"),
    (Detail::QueueFull, "queue_full"),
    (Detail::MaxWait, "max_wait"),
    (Detail::Connections, "connections"),
];

/// A count per limit.
pub type ByLimit = [u64; LIMITS.len()];

/// Marks `previous` as a detail. No table has that many records.
const MARK: u32 = 0xffff_ff00;
/// Every detail, in order of its number.
const DETAILS: [Detail; LIMITS.len() + 1] = {
    let mut all = [Detail::Reset; LIMITS.len() + 1];
    let mut place = 0;
    while place < LIMITS.len() {
        all[place] = LIMITS[place].0;
        place += 1;
    }
    all
};

impl Call {
    /// Notes what more is known about its failure. It must not wait in a queue any more.
    pub(crate) fn set_detail(&mut self, detail: Detail) {
        self.previous = MARK | detail as u32;
    }

    /// Returns what more is known about its failure.
    #[inline]
    pub(crate) fn detail(&self, outcome: Outcome) -> Option<Detail> {
        let Outcome::Failed(cause) = outcome else {
            return None;
        };
        match cause {
            Cause::CircuitOpen => Some(Detail::CircuitBreaker),
            Cause::PoolTimeout => Some(Detail::Pool),
            Cause::Rejected if !self.is_sent => Some(self.noted().unwrap_or(Detail::Bulkhead)),
            Cause::Rejected | Cause::Refused | Cause::Error => self.noted(),
            Cause::Timeout | Cause::Unavailable | Cause::Abandoned => None,
        }
    }

    #[inline]
    fn noted(&self) -> Option<Detail> {
        let place = self.previous.checked_sub(MARK)?;
        DETAILS.get(place as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Purpose;
    use crate::event::{LinkIx, NodeIx};

    #[test]
    fn every_detail_is_read_as_it_was_noted() {
        let mut call = Call::new(Purpose::Call, NodeIx(0), LinkIx(0));
        let refused = Outcome::Failed(Cause::Refused);
        assert_eq!(call.detail(refused), None);
        for detail in DETAILS {
            call.set_detail(detail);
            assert_eq!(call.detail(refused), Some(detail));
            assert_eq!(call.detail(Outcome::Ok), None);
        }
        for (place, (limit, _)) in LIMITS.iter().enumerate() {
            assert_eq!(*limit as usize, place);
        }
    }
}
