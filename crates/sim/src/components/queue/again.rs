//! Why a message is delivered again.

use crate::call::{Cause, Detail, Outcome};
use crate::network::Done;

/// Why a message is delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Again {
    /// Its consumer was still working when the visibility timeout expired.
    VisibilityTimeout,
    /// Its consumer answered with a failure, or refused it.
    Failure,
    /// Its consumer was down, or died while it had the message.
    ConsumerCrash,
    /// The message or its acknowledgment was lost on the way, or at a consumer that hung.
    Lost,
    /// The timeout of its link expired.
    LinkTimeout,
    /// The session of its reader expired, and another has its partition.
    SessionTimeout,
    /// Its reader worked on it, or on another message, beyond the maximum poll interval.
    PollInterval,
    /// Its queue crashed and lost the state of its deliveries.
    QueueCrash,
}

/// Every reason, with its name in reports, in the order of [`ByReason`].
pub const REASONS: [(Again, &str); 8] = [
    (Again::VisibilityTimeout, "visibility_timeout"),
    (Again::Failure, "failure"),
    (Again::ConsumerCrash, "consumer_crash"),
    (Again::Lost, "lost"),
    (Again::LinkTimeout, "link_timeout"),
    (Again::SessionTimeout, "session_timeout"),
    (Again::PollInterval, "poll_interval"),
    (Again::QueueCrash, "queue_crash"),
];

/// Redeliveries, by reason.
pub type ByReason = [u64; REASONS.len()];

impl Again {
    /// Returns why a message is delivered again whose delivery failed.
    pub(super) fn after(done: &Done) -> Self {
        match (done.outcome, done.detail) {
            (_, Some(Detail::Reset)) => Self::ConsumerCrash,
            (Outcome::Failed(Cause::Refused), None) => Self::ConsumerCrash,
            (Outcome::Failed(Cause::Timeout), _) => Self::LinkTimeout,
            _ => Self::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_in_their_order() {
        for (place, (reason, _)) in REASONS.iter().enumerate() {
            assert_eq!(*reason as usize, place);
        }
    }
}
