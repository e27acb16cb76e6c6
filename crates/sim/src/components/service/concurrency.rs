//! Adaptive concurrency: a limit on calls in progress that follows their latency.
//!
//! After Netflix's concurrency-limits (Gradient2Limit and AIMDLimit, with their windows and their
//! constants): a limit per replica, adjusted once per window by the mean latency of the calls
//! answered in it. A window with fewer than ten has no effect. Failed calls do not count; for AIMD,
//! a mean above its timeout counts as the drop.

use crate::agenda::Time;
use crate::call::Outcome;
use crate::measure::Gauge;
use design::kinds::service::{self as spec, AdaptiveConcurrency};

/// Minimum number of answers of a window.
const SAMPLES_MIN: u64 = 10;
/// Of the gradient: calls that may queue in addition, share of the new limit that is applied, and
/// number of windows of the long mean, which is a plain average for the first ten.
const QUEUE: f64 = 4.0;
const SMOOTHING: f64 = 0.2;
const LONG_WINDOW: f64 = 600.0;
const LONG_WARMUP: u64 = 10;

/// The limits of a service's replicas.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    spec: AdaptiveConcurrency,
    replicas: Vec<Limit>,
}

#[derive(Clone, Debug, Default)]
struct Limit {
    estimate: f64,
    /// The limit in force, a whole number, over time.
    level: Gauge,
    window: Window,
    long_mean: f64,
    windows: u64,
}

/// The answers since the window began.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    ends: Time,
    answers: u64,
    total: u128,
    present_max: u64,
}

impl Limits {
    /// Returns the limits of the design; unchanged ones continue.
    pub(super) fn updated(
        old: Option<Self>,
        spec: &spec::Service,
        replicas: usize,
        now: Time,
    ) -> Option<Self> {
        let wanted = spec.adaptive_concurrency.as_ref()?;
        let mut limits = old
            .filter(|old| old.spec == *wanted)
            .unwrap_or_else(|| Self {
                spec: wanted.clone(),
                replicas: Vec::new(),
            });
        while limits.replicas.len() < replicas {
            let mut limit = Limit::default();
            limit.begin(wanted, now);
            limits.replicas.push(limit);
        }
        Some(limits)
    }

    pub(super) fn admits(&self, replica: u32, present: u64) -> bool {
        present < self.replicas[replica as usize].level.level()
    }

    pub(super) fn finished(
        &mut self,
        replica: u32,
        took: u64,
        present: u64,
        outcome: Outcome,
        now: Time,
    ) {
        if !outcome.is_answer() {
            return;
        }
        let limit = &mut self.replicas[replica as usize];
        let window = &mut limit.window;
        window.answers += 1;
        window.total += u128::from(took);
        window.present_max = window.present_max.max(present);
        if now < window.ends {
            return;
        }
        let ended = std::mem::take(window);
        window.ends = now + bounds(&self.spec).window;
        if ended.answers >= SAMPLES_MIN {
            let mean = ended.total as f64 / ended.answers as f64;
            limit.learn(&self.spec, mean, ended.present_max as f64);
            limit.enforce(now);
        }
    }

    /// Handles a replica that died; it starts again with the initial limit.
    pub(super) fn crash(&mut self, replica: u32, now: Time) {
        if let Some(limit) = self.replicas.get_mut(replica as usize) {
            limit.begin(&self.spec, now);
        }
    }

    /// Returns the limits over time, one per replica.
    pub(super) fn levels(&self) -> impl Iterator<Item = &Gauge> {
        self.replicas.iter().map(|limit| &limit.level)
    }

    /// Returns the limits over time, one per replica.
    pub(super) fn levels_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        self.replicas.iter_mut().map(|limit| &mut limit.level)
    }
}

impl Limit {
    fn begin(&mut self, spec: &AdaptiveConcurrency, now: Time) {
        let bounds = bounds(spec);
        self.estimate = bounds.initial.clamp(bounds.min, bounds.max);
        self.window = Window {
            ends: now + bounds.window,
            ..Window::default()
        };
        (self.long_mean, self.windows) = (0.0, 0);
        self.enforce(now);
    }

    fn enforce(&mut self, now: Time) {
        self.level.set(now, self.estimate as u64);
    }

    /// Takes a window's mean latency, with its maximum number of calls in progress.
    fn learn(&mut self, spec: &AdaptiveConcurrency, mean: f64, present_max: f64) {
        let bounds = bounds(spec);
        let wanted = match spec {
            AdaptiveConcurrency::Gradient(gradient) => {
                self.learn_long(mean);
                if present_max < self.estimate / 2.0 {
                    return;
                }
                let slope = gradient.tolerance * self.long_mean / mean.max(1.0);
                let wanted = self.estimate * slope.clamp(0.5, 1.0) + QUEUE;
                self.estimate * (1.0 - SMOOTHING) + wanted * SMOOTHING
            }
            AdaptiveConcurrency::Aimd(aimd) if mean > aimd.timeout.0 as f64 => {
                self.estimate * aimd.backoff
            }
            AdaptiveConcurrency::Aimd(_) if present_max * 2.0 >= self.estimate => {
                self.estimate + 1.0
            }
            AdaptiveConcurrency::Aimd(_) => return,
        };
        self.estimate = wanted.clamp(bounds.min, bounds.max);
    }

    /// Updates the long-term mean, which a slow period must not raise permanently.
    fn learn_long(&mut self, mean: f64) {
        self.windows += 1;
        let weight = match self.windows <= LONG_WARMUP {
            true => 1.0 / self.windows as f64,
            false => 2.0 / (LONG_WINDOW + 1.0),
        };
        self.long_mean += (mean - self.long_mean) * weight;
        if self.long_mean > 2.0 * mean {
            self.long_mean *= 0.95;
        }
    }
}

/// The parameters of both algorithms.
struct Bounds {
    initial: f64,
    min: f64,
    max: f64,
    window: u64,
}

fn bounds(spec: &AdaptiveConcurrency) -> Bounds {
    let of = |initial, min, max, window: design::Duration| Bounds {
        initial: f64::from(initial),
        min: f64::from(min),
        max: f64::from(max),
        window: window.0,
    };
    match spec {
        AdaptiveConcurrency::Gradient(it) => of(it.initial, it.min, it.max, it.window),
        AdaptiveConcurrency::Aimd(it) => of(it.initial, it.min, it.max, it.window),
    }
}
