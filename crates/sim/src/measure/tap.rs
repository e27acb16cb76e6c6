//! The tap: what the page draws as dots. It watches and never decides.

#[cfg(feature = "traces")]
use super::trace::Trace;
use crate::agenda::Time;
use crate::call::Call;
use crate::event::LinkIx;
use std::collections::VecDeque;

/// What is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlightKind {
    /// The first attempt of a call.
    Call,
    /// A further attempt.
    Retry,
    /// A message.
    Message,
    /// A good answer.
    Answer,
    /// A failure.
    Failure,
    /// An attempt given up by its caller.
    Timeout,
    /// A lost packet.
    Lost,
    /// A good answer made of a version that no longer stands.
    Stale,
}

/// Something on its way over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// The link.
    pub link: LinkIx,
    /// What it is.
    pub kind: FlightKind,
    /// When it left.
    pub start: Time,
    /// How long it takes, in ns.
    pub duration: u64,
}

/// Most flights kept until somebody takes them; older ones are dropped.
const FLIGHTS_MAX: usize = 4_000;

/// Collects flights while somebody watches.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    /// Whether anybody watches.
    pub is_open: bool,
    /// Whether only traces are taken: nothing is drawn, and of a call that is not traced nothing is
    /// to be noted. Then those are shown that are traced.
    pub(crate) is_for_traces: bool,
    flights: VecDeque<Flight>,
    /// The requests that are traced, while any are.
    #[cfg(feature = "traces")]
    pub trace: Option<Box<Trace>>,
}

impl Tap {
    /// Whether anything about a call is to be noted.
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

    /// Takes all that was kept.
    pub fn take(&mut self) -> impl Iterator<Item = Flight> {
        std::mem::take(&mut self.flights).into_iter()
    }
}
