//! What a service says of its replicas' number, start and memory must go together.

use crate::attribute::Reader;
use crate::kinds::Service;

pub(super) fn check(service: &Service, reader: &mut Reader) {
    if let Some(autoscale) = &service.autoscale {
        let (min, max, replicas) = (autoscale.min, autoscale.max, service.replicas);
        if min > max {
            let message = format!("min {min} is greater than max {max}");
            reader.within("autoscale", |reader| reader.problem(message));
        } else if !(min..=max).contains(&replicas) {
            let message = format!(
                "{replicas} is out of range; expected {min} to {max} (the bounds of autoscale)"
            );
            reader.within("replicas", |reader| reader.problem(message));
        }
        if service.concurrency.is_none() && autoscale.cores.is_none() {
            reader.within("autoscale", |reader| {
                reader.problem(
                    "needs the share of slots in use, but slots are unbounded; set \
                     concurrency or cores",
                );
            });
        }
    }
    if let Some(memory) = &service.memory
        && memory.calls() == 0
    {
        let message = format!(
            "limit_mb {} is less than idle_mb {} plus call_mb {} and leaves no room for a call",
            memory.limit_mb, memory.idle_mb, memory.call_mb
        );
        reader.within("memory", |reader| reader.problem(message));
    }
}
