//! The operators' view: alerts on the metrics that nodes emit, and the traces that they keep.
//!
//! An alert knows only its node's metrics. A node that is down or whose telemetry is lost emits
//! none, and nothing is delivered later.

use crate::agenda::Time;
use crate::call::Outcome;
use crate::components::Node;
use crate::event::{Event, NodeIx};
use crate::random::{self, Stream};
use crate::world::World;
use design::Design;
use design::telemetry::{Alert, Backlog, Signal};
use std::collections::VecDeque;

/// Maximum number of buckets of a window: 3 days are kept in steps of about 2 minutes.
const BUCKETS: u64 = 2_048;
/// Maximum number of firings of one alert that are kept; later ones are only counted.
pub(crate) const EPISODES: usize = 1_000;

/// The answers of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    all: u64,
    bad: u64,
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.bad += other.bad;
    }

    fn less(self, other: Self) -> Self {
        Self {
            all: self.all - other.all,
            bad: self.bad - other.bad,
        }
    }

    /// Returns whether more than a share of all is bad.
    fn exceeds(self, share: f64) -> bool {
        self.bad as f64 > share * self.all as f64
    }
}

/// A firing of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// When it began.
    pub from: Time,
    /// When it ended, if it has.
    pub until: Option<Time>,
}

/// An alert of a run.
#[derive(Clone, Debug)]
pub struct Watch {
    spec: Alert,
    node: NodeIx,
    width: u64,
    /// Full buckets, the oldest first, their sum, and the one being filled with its end.
    buckets: VecDeque<Bucket>,
    sum: Bucket,
    open: Bucket,
    open_ends: Time,
    is_full: bool,
    /// Whether the node's metrics arrived at the last evaluation.
    is_heard: bool,
    /// The node's counters at the last evaluation.
    seen: Bucket,
    /// When metrics last arrived.
    heard: Time,
    /// Since when too much has waited, or for too long, at every evaluation.
    too_much_since: Option<Time>,
    /// The first firings.
    pub episodes: Vec<Episode>,
    /// Number of firings.
    pub fired: u64,
    is_firing: bool,
}

/// All alerts of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches {
    pub(crate) list: Vec<Watch>,
    generation: u32,
}

/// A node's trace sampling.
#[derive(Clone, Debug)]
pub struct Traces {
    share: f64,
    stream: Stream,
    /// Number of traces kept (of calls that started after the warm-up).
    pub kept: u64,
    /// Of those, the traces of failed calls.
    pub of_failures: u64,
}

impl Traces {
    /// Returns a sampling with a stream of the node's own; `None` if nothing is kept.
    pub(crate) fn new(share: f64, seed: u64, id: &str) -> Option<Box<Self>> {
        let stream = || Stream::new(seed, id, random::Purpose::Sampling);
        (share > 0.0).then(|| {
            Box::new(Self {
                share,
                stream: stream(),
                kept: 0,
                of_failures: 0,
            })
        })
    }

    /// Sets a share that an edit changed.
    pub(crate) fn set_share(&mut self, share: f64) {
        self.share = share;
    }

    /// Handles the end of a call. Whether its trace is kept does not depend on its outcome: it is
    /// drawn here instead of at the beginning, which is equivalent and needs no memory.
    #[inline(never)]
    pub(crate) fn ended(&mut self, outcome: Outcome) {
        if self.stream.chance(self.share) {
            self.kept += 1;
            self.of_failures += u64::from(!outcome.is_answer());
        }
    }
}

impl Watches {
    /// Takes the alerts of a design; unchanged ones continue.
    pub(crate) fn set(&mut self, design: &Design, cx: &mut World) {
        let is_same = self.list.len() == design.settings.alerts.len()
            && self
                .list
                .iter()
                .zip(&design.settings.alerts)
                .all(|(watch, alert)| {
                    watch.spec == *alert && cx.node_places.get(&alert.node) == Some(&watch.node)
                });
        if is_same {
            return;
        }
        self.generation += 1;
        let mut old = std::mem::take(&mut self.list);
        for alert in &design.settings.alerts {
            let Some(&node) = cx.node_places.get(&alert.node) else {
                continue;
            };
            let known = old
                .iter()
                .position(|watch| watch.spec == *alert && watch.node == node);
            let watch = match known {
                Some(known) => old.swap_remove(known),
                None => Watch::new(alert, node, cx),
            };
            self.list.push(watch);
        }
        for place in 0..self.list.len() {
            self.schedule(place, cx);
        }
    }

    /// Schedules evaluations on multiples of its interval, so that edits do not shift them.
    fn schedule(&self, place: usize, cx: &mut World) {
        let every = self.list[place].spec.every.0;
        let event = Event::Watch {
            alert: place as u32,
            generation: self.generation,
        };
        cx.at((cx.now / every + 1) * every, event);
    }

    /// Evaluates an alert.
    pub(crate) fn evaluate(&mut self, alert: u32, generation: u32, nodes: &[Node], cx: &mut World) {
        if generation != self.generation {
            return;
        }
        if let Some(watch) = self.list.get_mut(alert as usize) {
            watch.look(nodes, cx);
            self.schedule(alert as usize, cx);
        }
    }
}

impl Watch {
    fn new(alert: &Alert, node: NodeIx, cx: &World) -> Self {
        let steps = alert
            .when
            .looks_back()
            .0
            .div_ceil(BUCKETS)
            .div_ceil(alert.every.0);
        let width = alert.every.0 * steps.max(1);
        let mut watch = Self {
            spec: alert.clone(),
            node,
            width,
            buckets: VecDeque::new(),
            sum: Bucket::default(),
            open: Bucket::default(),
            open_ends: cx.now + width,
            is_full: false,
            is_heard: true,
            seen: Bucket::default(),
            heard: cx.now,
            too_much_since: None,
            episodes: Vec::new(),
            fired: 0,
            is_firing: false,
        };
        watch.seen = watch.counters(cx);
        watch
    }

    /// Returns the alert's name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Returns what the node has counted so far.
    fn counters(&self, cx: &World) -> Bucket {
        let tally = &cx.node(self.node).tally;
        match &self.spec.when {
            Signal::SlowRatio(slow) => Bucket {
                all: tally.response.count(),
                bad: tally.response.count_above(slow.slower_than.0),
            },
            Signal::BurnRate(_)
            | Signal::ErrorRatio(_)
            | Signal::Silence(_)
            | Signal::Backlog(_)
            | Signal::OldestAge(_) => {
                let bad = tally.all.failures.iter().sum();
                Bucket {
                    all: tally.all.completions + bad,
                    bad,
                }
            }
        }
    }

    fn look(&mut self, nodes: &[Node], cx: &World) {
        let now = cx.now;
        let counted = self.counters(cx);
        let news = counted.less(self.seen);
        self.seen = counted;
        // A period in which it was partly down does not count.
        let was_heard = std::mem::replace(&mut self.is_heard, cx.node(self.node).emits_metrics());
        if was_heard && self.is_heard && news.all > 0 {
            self.open.add(news);
            self.heard = now;
        }
        self.is_full = now >= self.open_ends;
        self.look_at_backlog(&nodes[self.node.0 as usize], now);
        let fires = self.fires(now) && !self.may_yet_hear(cx);
        self.turn(now);
        if fires && !self.is_firing {
            self.fired += 1;
            if self.episodes.len() < EPISODES {
                self.episodes.push(Episode {
                    from: now,
                    until: None,
                });
            }
        } else if !fires
            && self.is_firing
            && let Some(last) = self.episodes.last_mut()
            && self.fired as usize <= EPISODES
        {
            last.until = Some(now);
        }
        self.is_firing = fires;
    }

    /// Returns whether a silence is only just long enough, of a node that is up, and its moment is
    /// not over: what is answered in it is counted by the next evaluation.
    fn may_yet_hear(&self, cx: &World) -> bool {
        let is_just_so =
            matches!(&self.spec.when, Signal::Silence(over) if cx.now - self.heard == over.0);
        let is_another = |event: &Event| !matches!(event, Event::Watch { .. });
        is_just_so && self.is_heard && cx.agenda.has_due(cx.now, is_another)
    }

    /// Evaluates the backlog of its node, if the alert is on that.
    fn look_at_backlog(&mut self, node: &Node, now: Time) {
        let is_too_much = self.is_heard
            && match &self.spec.when {
                Signal::Backlog(backlog) => node.waiting() > u64::from(backlog.above),
                Signal::OldestAge(oldest) => match node {
                    Node::Queue(queue) => queue.oldest_age.now(now) > oldest.above.0,
                    _ => false,
                },
                Signal::BurnRate(_)
                | Signal::ErrorRatio(_)
                | Signal::SlowRatio(_)
                | Signal::Silence(_) => false,
            };
        self.too_much_since = is_too_much.then(|| self.too_much_since.unwrap_or(now));
    }

    /// Closes the open bucket when it is full and drops the oldest.
    fn turn(&mut self, now: Time) {
        if !self.is_full {
            return;
        }
        self.open_ends = now + self.width;
        let full = std::mem::take(&mut self.open);
        self.buckets.push_back(full);
        self.sum.add(full);
        let kept = self.spec.when.looks_back().0 / self.width;
        while self.buckets.len() as u64 > kept.max(1) {
            if let Some(oldest) = self.buckets.pop_front() {
                self.sum = self.sum.less(oldest);
            }
        }
    }

    fn fires(&self, now: Time) -> bool {
        match &self.spec.when {
            Signal::BurnRate(burn) => {
                let allowed = burn.times * (1.0 - burn.slo);
                let long = self.over(burn.long.0);
                long.exceeds(allowed) && self.over(burn.short.0).exceeds(allowed)
            }
            Signal::ErrorRatio(ratio) => self.over(ratio.over.0).exceeds(ratio.above),
            Signal::SlowRatio(ratio) => self.over(ratio.over.0).exceeds(ratio.above),
            Signal::Silence(over) => now - self.heard >= over.0,
            Signal::Backlog(Backlog { lasts, .. }) => {
                let lasts = lasts.map_or(0, |lasts| lasts.0);
                self.too_much_since
                    .is_some_and(|since| now - since >= lasts)
            }
            Signal::OldestAge(_) => self.too_much_since.is_some(),
        }
    }

    /// Returns the answers of a recent period.
    fn over(&self, time: u64) -> Bucket {
        // The open bucket is one of them once it is full.
        let count = (time / self.width) as usize;
        let count = count.saturating_sub(usize::from(self.is_full));
        let mut sum = self.open;
        if count >= self.buckets.len() {
            sum.add(self.sum);
            return sum;
        }
        for bucket in self.buckets.iter().rev().take(count) {
            sum.add(*bucket);
        }
        sum
    }
}
