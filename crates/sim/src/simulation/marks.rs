//! Marks: moments at which a run does something although no event is due: the end of the warm-up
//! and of arrivals, the ends of windows, and in a drain the check whether it is over.

use super::{MESSAGES_MAX, Simulation, Status};
use crate::agenda::Time;
use crate::call::CALLS_MAX;
use crate::components::load_balancer::Balancer;
use crate::components::{Component, Node, Queue};
use crate::measure::{Gauge, NodeTally};

/// Maximum simulated time of a drain, because some calls wait indefinitely.
const DRAIN_MAX: u64 = 3_600_000_000_000;

/// Interval at which a drain checks whether it is over.
const DRAIN_LOOK: u64 = 10_000_000;

impl Simulation {
    /// Passes a window's end, the end of the warm-up or the end of arrivals, if it is due by
    /// `until`. Returns false if there is none, or if the run ends.
    #[cold]
    pub(super) fn pass_mark(&mut self, until: Time) -> bool {
        if self.next_mark > until {
            let reached = (self.world.events, self.next_mark);
            if self.paused.0 != reached {
                self.paused = (reached, self.world.now);
            }
            self.world.now = self.world.now.max(until);
            return false;
        }
        let mark = self.next_mark;
        let world = &mut self.world;
        world.settle();
        // A call that waits for a crashed process to restart is not idle.
        let is_stuck = !world.agenda.has_work() && !self.faults.has_more(mark, world.end);
        let is_idle = || !world.has_work() || is_stuck;
        let is_idle = mark > world.end && is_idle();
        if is_idle || mark > world.end.saturating_add(DRAIN_MAX) {
            if self.paused.0 == (world.events, mark) {
                world.now = self.paused.1;
            }
            self.end_run();
            if !is_idle {
                // Unfinished calls may still finish, so nothing can be counted as lost.
                self.status = Status::OutOfBudget;
            }
            return false;
        }
        world.now = mark;
        if mark == world.warmup {
            self.each_gauge(Gauge::mark_warmup);
            self.each_tally(|tally| tally.came.0 = tally.all.arrivals);
            self.each_queue(|queue| queue.oldest_age.mark_warmup(mark));
            self.each_balancer(|balancer| balancer.mark_warmup(mark));
        }
        if mark == self.world.end {
            self.each_gauge(Gauge::mark_end);
            self.each_tally(|tally| tally.came.1 = Some(tally.all.arrivals));
            self.each_queue(|queue| queue.oldest_age.mark_end(mark));
            self.each_balancer(|balancer| balancer.mark_end(mark));
        }
        let world = &mut self.world;
        // The end of arrivals cuts the window that is open.
        if mark == world.windows.ends || mark == world.end {
            let waiting = world.waiting;
            world.windows.close(waiting, world.end);
            self.keep_parts();
        }
        let world = &mut self.world;
        if mark == world.end && !self.design.settings.drain {
            return self.end_run();
        }
        if world.calls.live() > CALLS_MAX || world.messages > MESSAGES_MAX {
            self.status = Status::OutOfBudget;
            return false;
        }
        self.next_mark = self.following_mark(mark);
        true
    }

    pub(super) fn following_mark(&self, mark: Time) -> Time {
        let later = self.marks().into_iter().filter(|time| *time > mark).min();
        let window = self.world.windows.ends;
        // In a drain, checks often whether anything is left to wait for.
        let drain = if mark >= self.world.end {
            mark + DRAIN_LOOK
        } else {
            Time::MAX
        };
        later.unwrap_or(Time::MAX).min(window).min(drain)
    }

    pub(super) fn marks(&self) -> [Time; 2] {
        [self.world.warmup, self.world.end]
    }

    fn end_run(&mut self) -> bool {
        let world = &mut self.world;
        let is_open_window_used = world.windows.open != crate::measure::Window::default();
        if is_open_window_used {
            let waiting = world.waiting;
            world.windows.close(waiting, world.end);
        }
        self.status = Status::Ended;
        false
    }

    fn each_queue(&mut self, mark: impl Fn(&mut Queue)) {
        for node in &mut self.nodes {
            if let Node::Queue(queue) = node {
                mark(queue);
            }
        }
    }

    fn each_balancer(&mut self, mark: impl Fn(&mut Balancer)) {
        let nodes = self.world.nodes.iter_mut();
        nodes
            .filter_map(|node| node.balancer.as_mut())
            .for_each(|balancer| mark(balancer));
    }

    fn each_tally(&mut self, mark: impl Fn(&mut NodeTally)) {
        for state in &mut self.world.nodes {
            mark(&mut state.tally);
        }
    }

    fn each_gauge(&mut self, mark: impl Fn(&mut Gauge, Time)) {
        let now = self.world.now;
        for state in &mut self.world.nodes {
            mark(&mut state.tally.present, now);
        }
        for link in &mut self.world.links {
            mark(&mut link.tally.in_flight, now);
            mark(&mut link.tally.open, now);
            mark(&mut link.tally.half_open, now);
        }
        for node in &mut self.nodes {
            for station in node.stations_mut() {
                station.gauges_mut().for_each(|gauge| mark(gauge, now));
            }
            match node {
                Node::Queue(queue) => mark(&mut queue.waiting, now),
                Node::Coordinator(coordinator) => {
                    mark(&mut coordinator.waiting, now);
                    mark(&mut coordinator.held, now);
                }
                Node::Database(database) => {
                    database.gauges_mut().for_each(|gauge| mark(gauge, now));
                }
                Node::Client(_) | Node::LoadBalancer(_) | Node::Service(_) | Node::Cache(_) => {}
            }
            if let Node::Service(service) = node {
                service.limits_mut().for_each(|gauge| mark(gauge, now));
                service
                    .scaler_gauges_mut()
                    .for_each(|gauge| mark(gauge, now));
            }
        }
    }
}
