//! Metrics over time, in windows of equal width.

use super::Histogram;

/// Maximum number of windows of a run; beyond it, adjacent ones are merged and the width doubles.
const WINDOWS_MAX: usize = 4_096;

/// One window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// Requests made.
    pub offered: u64,
    /// Requests finished in any way.
    pub finished: u64,
    /// Requests finished ok and in time.
    pub good: u64,
    /// Requests failed.
    pub failed: u64,
    /// Attempts to nodes that call no others.
    pub bottom_attempts: u64,
    /// Calls waiting in all queues, at the end.
    pub waiting: u64,
    /// Median latency of answered requests, in ns.
    pub p50: Option<u64>,
    /// 99th percentile, in ns.
    pub p99: Option<u64>,
}

/// All windows of a run.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Width, in ns.
    pub width: u64,
    /// Closed windows, oldest first. The last may be shorter than the width.
    pub closed: Vec<Window>,
    /// The open window.
    pub open: Window,
    /// Latencies of the open window.
    pub latency: Histogram,
    /// When the open window ends.
    pub ends: u64,
}

impl Windows {
    /// Returns windows of this width.
    pub fn new(width: u64) -> Self {
        Self {
            width,
            closed: Vec::new(),
            open: Window::default(),
            latency: Histogram::default(),
            ends: width,
        }
    }

    /// Closes the open window. Windows that begin after the end of arrivals are not kept, because
    /// what finishes in a drain is not a rate.
    pub fn close(&mut self, waiting: u64, end: u64) {
        let mut window = std::mem::take(&mut self.open);
        if self.ends - self.width >= end {
            self.latency.clear();
            self.ends += self.width;
            return;
        }
        window.waiting = waiting;
        window.p50 = self.latency.quantile(0.5);
        window.p99 = self.latency.quantile(0.99);
        self.latency.clear();
        self.closed.push(window);
        if self.closed.len() >= WINDOWS_MAX {
            self.merge();
        }
        self.ends += self.width;
    }

    /// Halves the number of windows. Counts are added; of percentiles, the worse one is kept,
    /// because two percentiles cannot be averaged.
    fn merge(&mut self) {
        let merged = self.closed.chunks(2).map(|pair| {
            let [a, b] = pair else { return pair[0] };
            Window {
                offered: a.offered + b.offered,
                finished: a.finished + b.finished,
                good: a.good + b.good,
                failed: a.failed + b.failed,
                bottom_attempts: a.bottom_attempts + b.bottom_attempts,
                waiting: b.waiting,
                p50: a.p50.max(b.p50),
                p99: a.p99.max(b.p99),
            }
        });
        self.closed = merged.collect();
        self.width *= 2;
    }
}
