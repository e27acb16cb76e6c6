//! What a service says of its replicas' number, start and memory must go together.

use crate::attribute::Reader;
use crate::kinds::Service;

pub(super) fn check(service: &Service, reader: &mut Reader) {
    if let Some(autoscale) = &service.autoscale {
        let (min, max, replicas) = (autoscale.min, autoscale.max, service.replicas);
        if min > max {
            let message = format!("the fewest replicas {min} are more than the most {max}");
            reader.within("autoscale", |reader| reader.problem(message));
        } else if !(min..=max).contains(&replicas) {
            let message =
                format!("{replicas} at the start is not from {min} to {max}, as autoscale says");
            reader.within("replicas", |reader| reader.problem(message));
        }
        if service.concurrency.is_none() && autoscale.cores.is_none() {
            reader.within("autoscale", |reader| {
                reader.problem(
                    "goes by the share of slots held, and the slots are unbounded; give \
                     concurrency a number, or cores",
                );
            });
        }
    }
    if let Some(memory) = &service.memory
        && memory.calls() == 0
    {
        let message = format!(
            "limit_mb {} leaves no room for one call: idle_mb {} and call_mb {} are more",
            memory.limit_mb, memory.idle_mb, memory.call_mb
        );
        reader.within("memory", |reader| reader.problem(message));
    }
}
