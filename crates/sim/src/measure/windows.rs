//! Figures over time, in windows of equal width.

use super::Histogram;

/// Most windows of a run; past that, neighbours are merged and the width doubles.
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
    /// Attempts into nodes that call nobody.
    pub bottom_attempts: u64,
    /// Calls waiting in all queues, at the end.
    pub waiting: u64,
    /// Median latency of what was answered, in ns.
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
    /// The one that is open.
    pub open: Window,
    /// Latencies of the open one.
    pub latency: Histogram,
    /// When the open one ends.
    pub ends: u64,
}

impl Windows {
    /// Windows of this width.
    pub fn new(width: u64) -> Self {
        Self {
            width,
            closed: Vec::new(),
            open: Window::default(),
            latency: Histogram::default(),
            ends: width,
        }
    }

    /// Closes the open window. What finishes in a drain is no rate of anything: windows that begin
    /// after the end of arrivals are not kept.
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

    /// Halves the number of windows. Counts add up; of percentiles the worse one stays, since two
    /// percentiles cannot be averaged.
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
