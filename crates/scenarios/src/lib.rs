//! The library of scenarios: one data file each, with a design that fails, what breaks it, the
//! remedies as edit commands, the words and steps of a lesson, and what its runs must show. Beside
//! them stand sound designs, which hold what they are required to.
//!
//! A new scenario is a new file in `library/`; the page, the command line and the tests find it.
//! [`INDEX`] names all of them. Their texts are compiled in with the feature `library`; without it
//! only the one that the page opens with is, and the page fetches the others and [`read`]s them.

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
pub use courses::{COURSES, Course, after};
pub use figure::{Figure, Unit};
pub use scenario::{Remedy, Scenario, Shown, Source, Story, Trigger};
pub use status::Status;
pub use step::{Does, Step, Until};
pub use story::{Piece, pieces};

use design::{Design, Problem};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What a list says of a scenario or a sound design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in links, on the command line, and of its file.
    pub id: &'static str,
    /// What people see.
    pub title: &'static str,
    /// What it is about.
    pub theme: Theme,
    /// How long it takes to play; 0 for a sound design.
    pub minutes: u32,
    /// One sentence.
    pub summary: &'static str,
}

/// What a scenario is about, in the order of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Theme {
    /// Calls over a network: timeouts, retries, chains.
    Calls,
    /// More load than there is room for.
    Overload,
    /// Caches.
    Caches,
    /// Who owns data, where it is, and how old it is.
    Data,
    /// Messages and their consumers.
    Queues,
    /// Who gets the next call.
    Balancing,
    /// Locks, leaders, partitions of the network.
    Coordination,
    /// Requirements, telemetry, scaling.
    Operations,
}

impl Theme {
    /// All, in the order of the gallery.
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

    /// As written in a file.
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

/// A design that holds what it is required to: a starting point, and what no rule has a word on.
#[derive(Clone, Debug)]
pub struct Sound {
    /// Its name.
    pub id: String,
    /// What people see.
    pub title: String,
    /// What it is about.
    pub theme: Theme,
    /// One sentence.
    pub summary: String,
    /// The system.
    pub design: Design,
}

/// Every scenario that is compiled in, in order of id.
///
/// # Panics
///
/// If a file of the library is wrong; a test reads them all.
pub fn all() -> Vec<Scenario> {
    ids()
        .map(|id| find(id).expect("the id is of the list"))
        .collect()
}

/// The ids of every scenario that is compiled in, in order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}

/// The scenario of this id, where it is compiled in.
///
/// # Panics
///
/// If its file is wrong; a test reads them all.
pub fn find(id: &str) -> Option<Scenario> {
    let (id, text) = FILES.iter().find(|(known, _)| *known == id)?;
    Some(read(id, text).unwrap_or_else(|problems| panic!("scenario {id}: {problems:?}")))
}

/// A scenario from the text of its file.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read(id: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    scenario::read(id, &parse(text)?)
}

/// What the scenario of this id claims, where it is compiled in.
///
/// # Panics
///
/// If its file is wrong; a test reads them all.
pub fn claims(id: &str) -> Option<Claims> {
    let (id, text) = FILES.iter().find(|(known, _)| *known == id)?;
    let claims = parse(text).and_then(|value| claims::read(&value));
    Some(claims.unwrap_or_else(|problems| panic!("scenario {id}: {problems:?}")))
}

/// Every sound design that is compiled in, in order of id.
///
/// # Panics
///
/// If a file is wrong; a test reads them all.
pub fn sound() -> Vec<Sound> {
    DESIGN_FILES
        .iter()
        .filter_map(|(id, _)| find_sound(id))
        .collect()
}

/// The sound design of this id, where it is compiled in.
///
/// # Panics
///
/// If its file is wrong; a test reads them all.
pub fn find_sound(id: &str) -> Option<Sound> {
    let (id, text) = DESIGN_FILES.iter().find(|(known, _)| *known == id)?;
    let sound = read_sound(id, text);
    Some(sound.unwrap_or_else(|problems| panic!("design {id}: {problems:?}")))
}

/// A sound design from the text of its file.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read_sound(id: &str, text: &str) -> Result<Sound, Vec<Problem>> {
    scenario::read_sound(id, &parse(text)?)
}

fn parse(text: &str) -> Result<design::Value, Vec<Problem>> {
    format::json::value_from_str(text).map_err(|problem| vec![problem])
}

#[cfg(test)]
mod tests;
