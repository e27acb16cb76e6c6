//! The library of scenarios. Each scenario is one data file with a design that fails, the faults
//! that trigger the failure, fixes as edit commands, the texts of a lesson, and what its runs must
//! show. The library also has reference designs, which meet their requirements.
//!
//! A new scenario is a new file in `library/`; the page, the command line and the tests find it.
//! [`INDEX`] lists all scenarios. The feature `library` compiles all files in. Without it, only the
//! scenario that the page opens with is compiled in; the page fetches the others and [`read`]s
//! them.

mod ask;
mod claims;
mod courses;
mod figure;
mod reading;
mod scenario;
mod status;
mod step;
mod story;

pub use ask::{Ask, Choice};
pub use claims::{Claims, Expectation, NearMiss};
pub use courses::{Course, after};
pub use figure::{Figure, Unit};
pub use scenario::{Remedy, Scenario, Shown, Source, Story, Trigger};
pub use status::Status;
pub use step::{Does, Step, Until};
pub use story::{Piece, pieces};

use design::{Design, Problem};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The entry of a scenario or a reference design in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id in links and on the command line; also the name of the file.
    pub id: &'static str,
    /// The title: the standard name of the failure or design.
    pub title: &'static str,
    /// The group in the gallery.
    pub theme: Theme,
    /// How many minutes the lesson takes; 0 for a reference design.
    pub minutes: u32,
    /// One sentence that describes the situation.
    pub summary: &'static str,
}

/// The subject of a scenario, in the order of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Theme {
    /// Calls over a network: timeouts, retries, chains.
    Calls,
    /// Load beyond capacity.
    Overload,
    /// Caches.
    Caches,
    /// Ownership, placement and staleness of data.
    Data,
    /// Messages and their consumers.
    Queues,
    /// Load balancing and health checks.
    Balancing,
    /// Locks, leaders and network partitions.
    Coordination,
    /// Requirements, telemetry, scaling.
    Operations,
}

impl Theme {
    /// All themes, in the order of the gallery.
    pub const ALL: [Self; 8] = [
        Self::Calls,
        Self::Overload,
        Self::Caches,
        Self::Data,
        Self::Queues,
        Self::Balancing,
        Self::Coordination,
        Self::Operations,
    ];

    /// Returns the name as written in a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Overload => "overload",
            Self::Caches => "caches",
            Self::Data => "data",
            Self::Queues => "queues",
            Self::Balancing => "balancing",
            Self::Coordination => "coordination",
            Self::Operations => "operations",
        }
    }
}

/// A reference design: a starting point that meets its requirements and triggers no rule.
#[derive(Clone, Debug)]
pub struct Sound {
    /// The id in links and on the command line.
    pub id: String,
    /// The title.
    pub title: String,
    /// The group in the gallery.
    pub theme: Theme,
    /// One sentence that describes the design.
    pub summary: String,
    /// The design.
    pub design: Design,
}

/// Returns every scenario that is compiled in, in order of id.
///
/// # Panics
///
/// If a file of the library is invalid; a test reads them all.
pub fn all() -> Vec<Scenario> {
    ids()
        .map(|id| find(id).expect("the id is of the list"))
        .collect()
}

/// Returns the ids of all scenarios that are compiled in, in order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}

/// Returns the scenario with this id, or `None` if it is not compiled in.
///
/// # Panics
///
/// If its file is invalid; a test reads them all.
pub fn find(id: &str) -> Option<Scenario> {
    let (id, text) = FILES.iter().find(|(known, _)| *known == id)?;
    Some(read(id, text).unwrap_or_else(|problems| panic!("scenario {id}: {problems:?}")))
}

/// Reads a scenario from the text of its file.
///
/// # Errors
///
/// Returns every problem of the file.
pub fn read(id: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    scenario::read(id, &parse(text)?)
}

/// Returns the claims of the scenario with this id, or `None` if it is not compiled in.
///
/// # Panics
///
/// If its file is invalid; a test reads them all.
pub fn claims(id: &str) -> Option<Claims> {
    let (id, text) = FILES.iter().find(|(known, _)| *known == id)?;
    let claims = parse(text).and_then(|value| claims::read(&value));
    Some(claims.unwrap_or_else(|problems| panic!("scenario {id}: {problems:?}")))
}

/// Returns every reference design that is compiled in, in order of id.
///
/// # Panics
///
/// If a file is invalid; a test reads them all.
pub fn sound() -> Vec<Sound> {
    DESIGN_FILES
        .iter()
        .filter_map(|(id, _)| find_sound(id))
        .collect()
}

/// Returns the reference design with this id, or `None` if it is not compiled in.
///
/// # Panics
///
/// If its file is invalid; a test reads them all.
pub fn find_sound(id: &str) -> Option<Sound> {
    let (id, text) = DESIGN_FILES.iter().find(|(known, _)| *known == id)?;
    let sound = read_sound(id, text);
    Some(sound.unwrap_or_else(|problems| panic!("design {id}: {problems:?}")))
}

/// Reads a reference design from the text of its file.
///
/// # Errors
///
/// Returns every problem of the file.
pub fn read_sound(id: &str, text: &str) -> Result<Sound, Vec<Problem>> {
    scenario::read_sound(id, &parse(text)?)
}

fn parse(text: &str) -> Result<design::Value, Vec<Problem>> {
    format::json::value_from_str(text).map_err(|problem| vec![problem])
}

#[cfg(test)]
mod tests;
