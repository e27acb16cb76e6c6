//! The report of a load balancer beyond its calls.

use crate::event::NodeIx;
use crate::simulation::Simulation;
use report::OutOfServiceReport;

impl Simulation {
    /// Returns the replicas that a balancer had out of service, if there were any.
    pub(super) fn out_of_service(&self, place: NodeIx) -> Option<OutOfServiceReport> {
        let world = &self.world;
        let balancer = world.node(place).balancer.as_ref()?;
        let exclusions = balancer.exclusions(world.now);
        let [ejections, failed_checks] = exclusions.counts();
        let mean = |gauge: &super::Gauge| gauge.mean(world.warmup, world.end, world.now);
        let [ejected_s, panic_s, none_healthy_s] =
            (exclusions.states.each_ref()).map(|state| mean(state) * self.measured_s());
        let times = [ejected_s, panic_s, none_healthy_s];
        let is_any = ejections + failed_checks > 0 || times.iter().any(|time| *time > 0.0);
        is_any.then(|| OutOfServiceReport {
            ejections,
            failed_checks,
            ejected_s,
            ejected_max: exclusions.ejected.max(),
            panic_s,
            none_healthy_s,
        })
    }
}
