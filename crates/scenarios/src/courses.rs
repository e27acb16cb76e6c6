//! The lessons in an order to learn them in: each course builds on those before it. They are listed
//! in `courses.json`.

use crate::{COURSES, Entry, INDEX};

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
