//! The lessons in an order to learn them in: each course builds on those before it.

use crate::{Entry, INDEX};

/// A few lessons on one subject, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// What people see.
    pub title: &'static str,
    /// What it is about and what it takes for granted, in a sentence or two.
    pub about: &'static str,
    /// The ids of its lessons.
    pub lessons: &'static [&'static str],
}

/// All courses, in order. Every lesson is in exactly one of them.
pub const COURSES: &[Course] = &[
    Course {
        title: "1. Calls that fail",
        about: "Timeouts, retries and what they cost. Start here.",
        lessons: &[
            "retry-storm",
            "unreliable-network",
            "sync-chain",
            "idempotency",
            "metastable-failure",
        ],
    },
    Course {
        title: "2. Capacity and queueing",
        about: "Why requests wait, and why more capacity comes late. Needs timeouts.",
        lessons: &[
            "thundering-herd",
            "head-of-line-blocking",
            "pool-exhaustion",
            "noisy-neighbour",
            "async-silver-bullet",
            "autoscaling-lag",
        ],
    },
    Course {
        title: "3. Caches",
        about: "Hit ratio, staleness, and what happens to the origin. Needs queueing.",
        lessons: &[
            "stale-cache",
            "cache-stampede",
            "cache-cold-start",
            "hot-key",
            "cache-all",
        ],
    },
    Course {
        title: "4. Data in more than one place",
        about: "Replication, sharding, partitions, and delivery of messages. Needs retries.",
        lessons: &[
            "eventual-is-not-instant",
            "cap",
            "split-brain",
            "shard-key",
            "happy-path",
            "poison-message",
        ],
    },
    Course {
        title: "5. Architecture",
        about: "What services share, and how often they call each other. Needs queueing.",
        lessons: &[
            "fan-out-tail",
            "microservice-maze",
            "shared-database",
            "data-ownership",
            "central-coordinator",
        ],
    },
    Course {
        title: "6. Operations",
        about: "Health checks, objectives, telemetry and alerts. Needs courses 1 and 2.",
        lessons: &[
            "load-balancer-blind",
            "gray-failure",
            "requirements-trap",
            "flying-blind",
            "monitoring-over-prevention",
        ],
    },
];

impl Course {
    /// Returns the entries of its lessons, in order.
    pub fn entries(&self) -> impl Iterator<Item = &'static Entry> {
        let find = |id: &&str| INDEX.iter().find(|entry| entry.id == *id);
        self.lessons.iter().filter_map(find)
    }
}

/// Returns the lesson after this one, in the order of the courses; after the last, the first.
pub fn after(id: &str) -> Option<&'static Entry> {
    let ordered = || COURSES.iter().flat_map(Course::entries);
    let mut rest = ordered().skip_while(|entry| entry.id != id).skip(1);
    rest.next().or_else(|| ordered().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_is_in_exactly_one_course() {
        let mut listed: Vec<&str> = COURSES
            .iter()
            .flat_map(|course| course.lessons)
            .copied()
            .collect();
        listed.sort_unstable();
        let known: Vec<&str> = INDEX.iter().map(|entry| entry.id).collect();
        assert_eq!(listed, known);
    }

    #[test]
    fn lessons_follow_each_other_and_begin_again() {
        let mut id = "retry-storm";
        for _ in INDEX {
            id = after(id).unwrap().id;
        }
        assert_eq!(id, "retry-storm");
        assert_eq!(after("poison-message").unwrap().id, "fan-out-tail");
    }
}
