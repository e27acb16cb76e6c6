//! Hops: what a link and its callee count alike, counted once.
//!
//! A call over a link that takes no time is in progress there exactly as long as it is present at
//! its callee. If it begins or ends on the fast path (see [`crate::passage`]), that is noted here,
//! once for both. It is added to the counts of both before anybody reads them ([`World::settle`]):
//! at the end of each slice of a run, and within it before anything that reads metrics. Calls on
//! the general path are counted immediately. Either end of a call may take either path.

use crate::agenda::Time;
use crate::event::LinkIx;
use crate::measure::{Histogram, LinkTally, Tally};
use crate::world::{LinkState, World};

/// Number of ends that are noted before they are added.
const ENDS_MAX: usize = 32;

/// What is noted of a link and its callee, and not yet added to their counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hop {
    /// Calls that began (all, measured).
    began: [u64; 2],
    /// See [`crate::measure::Gauge`]: the sum of the times of ends minus that of beginnings.
    steps: i128,
    /// Durations of successful calls, in ns: doubled, plus 1 for a measured one.
    ends: [u64; ENDS_MAX],
    ended: usize,
}

impl Hop {
    /// Begins a call.
    #[inline(always)]
    pub(crate) fn begin(&mut self, is_measured: bool, now: Time) {
        LinkTally::count(&mut self.began, is_measured);
        self.steps -= i128::from(now);
    }

    /// Ends a successful call. Returns whether enough are noted to be added.
    #[inline(always)]
    pub(crate) fn end(&mut self, is_measured: bool, took: u64, now: Time) -> bool {
        self.steps += i128::from(now);
        let place = self.ended % ENDS_MAX;
        self.ends[place] = took << 1 | u64::from(is_measured);
        self.ended = place + 1;
        self.ended == ENDS_MAX
    }
}

impl LinkState {
    /// Begins a call that arrives at its callee at the same moment.
    #[inline(always)]
    pub(crate) fn begin_hop(&mut self, is_measured: bool, caller: u32, now: Time) {
        self.hop.begin(is_measured, now);
        self.pay_in(caller);
    }
}

impl World {
    /// Ends a successful call that began and ended at both at the same moment.
    #[inline(always)]
    pub(crate) fn end_hop(&mut self, link: LinkIx, is_measured: bool, took: u64) {
        let state = &mut self.links[link.0 as usize];
        if state.hop.end(is_measured, took, self.now) {
            self.settle_hop(link);
        }
    }

    /// Adds everything noted to the counts of links and nodes.
    #[inline(never)]
    pub(crate) fn settle(&mut self) {
        for place in 0..self.links.len() {
            let hop = &self.links[place].hop;
            if hop.began[0] > 0 || hop.ended > 0 {
                self.settle_hop(LinkIx(place as u32));
            }
        }
    }

    #[inline(never)]
    fn settle_hop(&mut self, link: LinkIx) {
        let link = &mut self.links[link.0 as usize];
        let (hop, of_link) = (&mut link.hop, &mut link.tally);
        let of_node = &mut self.nodes[link.to.0 as usize].tally;
        let ends = &hop.ends[..hop.ended];
        let measured = ends.iter().filter(|end| **end & 1 == 1);
        let ended = [ends.len() as u64, measured.clone().count() as u64];
        let times = [&mut of_link.latency, &mut of_node.response];
        Histogram::add_all(times, measured.map(|end| end >> 1));
        let sojourn: u128 = ends.iter().map(|end| u128::from(end >> 1)).sum();
        let level = hop.began[0].wrapping_sub(ended[0]);
        of_link.in_flight.step_by(level, hop.steps);
        of_node.present.step_by(level, hop.steps);
        of_node.sojourn += sojourn;
        let add = |pair: &mut [u64; 2], more: [u64; 2]| {
            pair[0] += more[0];
            pair[1] += more[1];
        };
        add(&mut of_link.calls, hop.began);
        add(&mut of_link.attempts, hop.began);
        add(&mut of_link.answers, ended);
        let both = [&mut of_node.all, &mut of_node.measured];
        for (tally, (began, ended)) in both.into_iter().zip(hop.began.into_iter().zip(ended)) {
            let Tally {
                arrivals,
                completions,
                ..
            } = tally;
            (*arrivals, *completions) = (*arrivals + began, *completions + ended);
        }
        (hop.began, hop.steps, hop.ended) = ([0; 2], 0, 0);
    }
}
