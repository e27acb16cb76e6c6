//! The trace sink: what the page draws as dots. It never affects the run.

#[cfg(feature = "traces")]
use super::trace::Trace;
use crate::agenda::Time;
use crate::call::Call;
use crate::event::LinkIx;
use std::collections::VecDeque;

/// The kind of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightKind {
    /// The first attempt of a call.
    Call,
    /// A retry.
    Retry,
    /// A message.
    Message,
    /// A successful answer.
    Answer,
    /// A failure.
    Failure,
    /// An attempt that timed out.
    Timeout,
    /// A lost packet.
    Lost,
    /// A successful answer with an outdated version.
    Stale,
    /// A failure because the callee took no call: its process is down, its queue is full, or no
    /// replica can serve it.
    Refused,
    /// An attempt that the caller's own policy did not send: the circuit breaker is open, or the
    /// pool had no free connection.
    Unsent,
    /// An attempt whose caller stopped waiting before the timeout: the user left, another attempt
    /// was answered first, or the call was canceled.
    Abandoned,
    /// A successful answer for which no caller waits any more. It is not sent.
    Late,
}

/// A packet on its way over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The link.
    pub link: LinkIx,
    /// Its kind.
    pub kind: FlightKind,
    /// When it left.
    pub start: Time,
    /// How long it takes, in ns.
    pub duration: u64,
}

/// Maximum number of flights kept until they are taken; older ones are dropped.
const FLIGHTS_MAX: usize = 4_000;

/// Collects flights while the page draws them.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    /// Whether flights are collected.
    pub is_open: bool,
    /// Whether only traces are recorded: nothing is drawn, and calls that are not traced are not
    /// recorded. Then traced calls count as drawn.
    pub(crate) is_for_traces: bool,
    flights: VecDeque<Flight>,
    /// The traced requests, while tracing is on.
    #[cfg(feature = "traces")]
    pub trace: Option<Box<Trace>>,
}

impl Tap {
    /// Returns whether anything about a call is recorded.
    #[inline(always)]
    pub(crate) fn watches(&self, call: &Call) -> bool {
        self.is_open && (call.is_shown || !self.is_for_traces)
    }

    /// Keeps a flight.
    pub fn record(&mut self, flight: Flight) {
        if self.flights.len() >= FLIGHTS_MAX {
            self.flights.pop_front();
        }
        self.flights.push_back(flight);
    }

    /// Takes all flights that were kept.
    pub fn take(&mut self) -> impl Iterator<Item = Flight> {
        std::mem::take(&mut self.flights).into_iter()
    }
}
