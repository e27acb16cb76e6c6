//! The autoscaler of a service: its recommended number of replicas.
//!
//! Kubernetes' horizontal pod autoscaler, on slot utilization or CPU (a call doing its own work
//! takes a core, one that waits for callees takes none; kubernetes.io, Horizontal Pod Autoscaling):
//! `ceil(current × utilization / target)`, no change within the tolerance, replicas that are not
//! ready counted as idle for scaling out, the highest recommendation within the stabilization
//! window for scaling in, and bounded growth.

use super::Service;
use crate::agenda::Time;
use crate::event::{ALL_REPLICAS, Event, NodeIx};
use crate::measure::Gauge;
use crate::random::{Purpose, Sampler, Stream};
use crate::station::Station;
use crate::world::{Replica, Stage, World};
use design::kinds::service as spec;
use std::collections::VecDeque;

/// Rounding tolerance of a ratio that is exact on paper.
const ROUNDING: f64 = 1e-9;
/// The number of replicas that Kubernetes allows to start at a time, however few there are.
const GROWTH_MIN: u32 = 4;

/// An autoscaler.
#[derive(Clone, Debug)]
pub(crate) struct Autoscaler {
    pub(crate) spec: spec::Autoscale,
    /// The whole service's specification, for the station of a new replica.
    pub(crate) service: Box<spec::Service>,
    /// The times of its next and its last evaluation.
    next: Time,
    looked: Time,
    /// The areas under the held slots, by replica, at the last evaluation.
    areas: Vec<u128>,
    /// Its recommendations: decreasing from front to back, because a smaller number before a larger
    /// one has no effect.
    asked: VecDeque<(Time, u32)>,
    startup: Sampler,
    stream: Stream,
    /// Running replicas, and all that are paid for, including those that start or leave.
    pub(crate) running: Gauge,
    pub(crate) paid: Gauge,
    /// Number of replicas added and removed so far.
    pub(crate) scaled_out: u64,
    pub(crate) scaled_in: u64,
}

impl Autoscaler {
    /// Returns the autoscaler of a design; an existing one continues.
    pub(super) fn updated(
        old: Option<Box<Self>>,
        service: &spec::Service,
        node: NodeIx,
        stations: &[Station],
        cx: &mut World,
    ) -> Option<Box<Self>> {
        let spec = service.autoscale.as_ref()?;
        let now = cx.now;
        let mut scaler = old.unwrap_or_else(|| {
            Box::new(Self {
                spec: spec.clone(),
                service: Box::new(service.clone()),
                next: now,
                looked: now,
                areas: Vec::new(),
                asked: VecDeque::from([(now, wanted(&cx.node(node).replicas))]),
                startup: Sampler::Const(0),
                stream: Stream::new(cx.seed, &cx.node(node).id, Purpose::Startup),
                running: since_the_start(cx, node),
                paid: since_the_start(cx, node),
                scaled_out: 0,
                scaled_in: 0,
            })
        });
        if scaler.next <= now {
            scaler.begin_interval(stations, now);
            let replica = ALL_REPLICAS;
            scaler.next = now + spec.interval.0;
            cx.at(scaler.next, Event::Scale { node, replica });
        }
        let goes_by_another = scaler.spec.cores.is_some() != spec.cores.is_some();
        scaler.spec = spec.clone();
        if goes_by_another {
            scaler.begin_interval(stations, now);
        }
        scaler.startup = Sampler::new(&spec.startup);
        *scaler.service = service.clone();
        scaler.count(&cx.node(node).replicas, now);
        Some(scaler)
    }

    /// Returns the gauge that it evaluates at a replica.
    fn gauge<'a>(&self, station: &'a Station) -> &'a Gauge {
        match self.spec.cores {
            Some(_) => station.at_work(),
            None => station.busy(),
        }
    }

    fn begin_interval(&mut self, stations: &[Station], now: Time) {
        let areas = stations.iter().map(|station| self.gauge(station).area(now));
        self.areas = areas.collect();
        self.looked = now;
    }

    /// Updates the number of replicas.
    fn count(&mut self, replicas: &[Replica], now: Time) {
        let is_running = |replica: &&Replica| replica.is_registered();
        let is_paid = |replica: &&Replica| replica.stage != Stage::Absent;
        self.running
            .set(now, replicas.iter().filter(is_running).count() as u64);
        self.paid
            .set(now, replicas.iter().filter(is_paid).count() as u64);
    }

    /// Draws the startup time of the next replica.
    pub(crate) fn draw_startup(&mut self) -> u64 {
        self.startup.draw(&mut self.stream)
    }

    /// Clamps a number to the bounds.
    pub(crate) fn clamp(&self, replicas: u32) -> u32 {
        replicas.clamp(self.spec.min, self.spec.max)
    }

    /// Evaluates the load and returns the recommended number of replicas.
    fn look(&mut self, replicas: &[Replica], stations: &[Station], now: Time) -> u32 {
        let current = wanted(replicas);
        let wished = self.wish(current, replicas, stations, now);
        self.begin_interval(stations, now);
        let stable = self.stabilize(wished, current, now);
        self.clamp(stable)
    }

    /// Returns the recommendation from the load alone, as Kubernetes computes it.
    fn wish(&self, current: u32, replicas: &[Replica], stations: &[Station], now: Time) -> u32 {
        let places = self.spec.cores.or(self.service.concurrency);
        let whole = (now - self.looked) as f64 * places.map_or(1.0, f64::from);
        let (mut ready, mut load) = (0, 0.0);
        for (place, replica) in replicas.iter().enumerate() {
            let is_ready = replica.stage == Stage::Running && replica.is_up;
            if is_ready && replica.up_since <= self.looked {
                let before = self.areas.get(place).copied().unwrap_or(0);
                let area = self.gauge(&stations[place]).area(now);
                ready += 1;
                let share = area.saturating_sub(before) as f64 / whole;
                // No more than all cores can be busy.
                load += self.spec.cores.map_or(share, |_| share.min(1.0));
            }
        }
        if ready == 0 {
            return current;
        }
        let full = load / self.spec.target;
        let of = |count: u32| (full / f64::from(count), libm::ceil(full - ROUNDING) as u32);
        let is_near = |ratio: f64| (ratio - 1.0).abs() <= self.spec.tolerance + ROUNDING;
        let (ratio, wished) = of(ready);
        if current > ready && ratio > 1.0 {
            // Replicas that are not ready count as idle: they are about to take their share.
            let (ratio, wished) = of(current);
            return match is_near(ratio) || ratio < 1.0 {
                true => current,
                false => wished.max(current),
            };
        }
        match is_near(ratio) {
            true => current,
            false => wished,
        }
    }

    /// Limits how fast the number increases, and how soon it decreases.
    fn stabilize(&mut self, wished: u32, current: u32, now: Time) -> u32 {
        let since = now.saturating_sub(self.spec.stabilization.0);
        while self.asked.front().is_some_and(|(time, _)| *time < since) {
            self.asked.pop_front();
        }
        while self.asked.back().is_some_and(|(_, less)| *less <= wished) {
            self.asked.pop_back();
        }
        self.asked.push_back((now, wished));
        let most = self.asked.front().map_or(wished, |(_, most)| *most);
        let times = (f64::from(current) * self.spec.growth).min(1e9) as u32;
        match wished > current {
            true => wished.min(times.max(current.saturating_add(GROWTH_MIN))),
            false => most.min(current),
        }
    }
}

/// Returns a gauge of something that has not changed until now: the number of replicas before there
/// is an autoscaler.
fn since_the_start(cx: &World, node: NodeIx) -> Gauge {
    let mut gauge = Gauge::default();
    gauge.set(0, u64::from(wanted(&cx.node(node).replicas)));
    if cx.now >= cx.warmup {
        gauge.mark_warmup(cx.warmup);
    }
    gauge
}

/// Returns the number of wanted replicas.
pub(crate) fn wanted(replicas: &[Replica]) -> u32 {
    let is_wanted =
        |replica: &&Replica| replica.is_registered() || replica.stage == Stage::Starting;
    replicas.iter().filter(is_wanted).count() as u32
}

impl Service {
    /// Returns the recommendation of its autoscaler, if it is due to evaluate.
    pub(crate) fn look(&mut self, cx: &mut World) -> Option<u32> {
        let scaler = self.autoscaler.as_mut()?;
        if scaler.next != cx.now {
            return None;
        }
        let (node, replica) = (self.node, ALL_REPLICAS);
        scaler.next = cx.now + scaler.spec.interval.0;
        cx.at(scaler.next, Event::Scale { node, replica });
        Some(scaler.look(&cx.node(node).replicas, &self.stations, cx.now))
    }

    /// Handles replicas that were added or removed.
    pub(crate) fn take_replicas(&mut self, cx: &mut World) {
        if let Some(scaler) = &self.autoscaler {
            let spec = scaler.service.clone();
            self.update(&spec, cx);
        }
    }

    /// Returns the gauges of the number of replicas over time, if it is autoscaled.
    pub(crate) fn scaler_gauges_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        let scaler = self.autoscaler.as_mut();
        scaler
            .into_iter()
            .flat_map(|scaler| [&mut scaler.running, &mut scaler.paid])
    }
}
