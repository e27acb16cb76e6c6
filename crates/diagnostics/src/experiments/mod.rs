//! Conclusions by experiment. The engine gives the same requests for the same seed, so a claim of
//! cause is tested by removing the suspect, and a remedy by applying it. [`Investigation`] says
//! which runs that takes, accepts their reports in any order, and sorts the findings by what was
//! measured. It runs nothing itself.

mod claims;
mod conclude;
mod course;
mod evidence;
mod interventions;
mod investigation;
mod job;
mod library;
mod naming;
mod offers;
mod outcome;
mod pairs;
mod remedies;
mod seeds;

pub use course::{Course, EDITS_MAX};
pub use investigation::{Budget, Investigation, Progress};
pub use job::{Answer, Job};
pub use outcome::Outcome;
pub use report::Conclusion;

#[cfg(test)]
mod tests;
