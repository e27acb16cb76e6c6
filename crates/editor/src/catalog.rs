//! Nodes that can be put on the canvas, and the search for them: kinds and presets.

use crate::wire::Wire;
use design::{Design, KINDS, Kind, KindInfo, PRESETS, Preset};

/// Something that can be put on the canvas.
#[derive(Clone, Copy, Debug)]
pub enum Thing {
    /// A plain node of a kind.
    Kind(&'static KindInfo),
    /// A node made from a preset.
    Preset(&'static Preset),
}

impl Thing {
    /// Returns its stable name, for ids and markup: `cache`, `redis`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kind(info) => info.name,
            Self::Preset(preset) => preset.name,
        }
    }

    /// Returns the name that users see.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Kind(info) => info.label,
            Self::Preset(preset) => preset.label,
        }
    }

    /// Returns the kind of the node it makes.
    pub fn info(&self) -> &'static KindInfo {
        match self {
            Self::Kind(info) => info,
            Self::Preset(preset) => preset.info(),
        }
    }

    /// Returns its description, one sentence.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Kind(info) => info.record.help,
            Self::Preset(preset) => preset.about,
        }
    }

    /// Returns the node's kind, with its parameters.
    pub fn make(&self) -> Kind {
        match self {
            Self::Kind(info) => (info.make)(),
            Self::Preset(preset) => preset.make(),
        }
    }

    /// Returns the label that a new node gets, if it is not its id.
    pub(crate) fn title(&self, design: &Design) -> Option<String> {
        let Self::Preset(preset) = self else {
            return None;
        };
        let taken = |title: &str| design.nodes.iter().any(|node| node.title() == title);
        let numbered = (2..).map(|n| format!("{} {n}", preset.label));
        std::iter::once(preset.label.to_owned())
            .chain(numbered)
            .find(|title| !taken(title))
    }

    /// Returns the words that the search matches, besides its label.
    fn words(&self) -> [&'static str; 4] {
        let words = match self {
            Self::Kind(info) => kind_words(info.name),
            Self::Preset(preset) => preset.words,
        };
        [self.name(), words, self.info().label, self.info().name]
    }
}

/// Returns synonyms of a kind.
fn kind_words(kind: &str) -> &'static str {
    match kind {
        "client" => "users traffic load generator source caller",
        "load_balancer" => "lb proxy router balancer",
        "service" => "server app application api backend microservice worker",
        "cache" => "memory lookup",
        "queue" => "messages broker topic buffer",
        "database" => "db store storage sql table",
        "coordinator" => "lock mutex leader election consensus",
        _ => "",
    }
}

/// A group of kinds and presets.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// The heading.
    pub label: &'static str,
    /// Its kinds and presets: plain kinds first.
    pub things: Vec<Thing>,
}

/// Returns the kinds and presets that match `query`, by group. With a wire, only those that the
/// wire may be connected to. Empty groups are left out.
pub fn shelves(design: &Design, wire: Option<&Wire>, query: &str) -> Vec<Shelf> {
    let fits: Option<Vec<&str>> =
        wire.map(|wire| wire.kinds(design).iter().map(|kind| kind.name).collect());
    let fits = |thing: &Thing| match &fits {
        // A preset connects as its kind does: no parameter that it sets matters to a wire.
        Some(kinds) => kinds.contains(&thing.info().name),
        None => true,
    };
    let groups = PRESETS.iter().map(|group| {
        let kinds = KINDS.iter().filter(|kind| group.kinds.contains(&kind.name));
        let things = kinds.map(Thing::Kind);
        let mut things: Vec<Thing> = things
            .chain(group.presets.iter().map(Thing::Preset))
            .filter(|thing| rank(thing, query).is_some() && fits(thing))
            .collect();
        // In their usual order, unless there is a query: then the best match first.
        things.sort_by_key(|thing| rank(thing, query));
        Shelf {
            label: group.label,
            things,
        }
    });
    let mut shelves: Vec<Shelf> = groups.filter(|shelf| !shelf.things.is_empty()).collect();
    shelves.sort_by_key(|shelf| rank(&shelf.things[0], query));
    shelves
}

/// Returns the kind or preset called `name`.
pub fn thing(name: &str) -> Option<Thing> {
    let mut kinds = KINDS.iter().map(Thing::Kind);
    kinds
        .find(|kind| kind.name() == name)
        .or_else(|| design::presets::preset(name).map(Thing::Preset))
}

/// Returns how well a kind or preset matches a query: the lower the better, `None` if a word does
/// not match.
fn rank(thing: &Thing, query: &str) -> Option<u8> {
    let query = query.trim().to_lowercase();
    let label = thing.label().to_lowercase();
    if query.is_empty() {
        return Some(0);
    }
    if label.starts_with(&query) {
        return Some(0);
    }
    let begins = |text: &str, wanted: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        text.starts_with(wanted) || words.any(|word| word.starts_with(wanted))
    };
    let rank_of = |wanted: &str| {
        let [name, words, kind, kind_name] = thing.words();
        let places = [&label, name, words, kind, kind_name];
        let at = places.iter().position(|text| begins(text, wanted))?;
        // The name ranks like the label, and the kind's two names rank alike.
        Some([1, 1, 2, 3, 3][at])
    };
    query
        .split_whitespace()
        .map(rank_of)
        .collect::<Option<Vec<u8>>>()?
        .into_iter()
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;
    use crate::{End, Wire};

    fn found(query: &str) -> Vec<&'static str> {
        let shelves = shelves(&small(), None, query);
        let things = shelves.iter().flat_map(|shelf| &shelf.things);
        things.map(Thing::name).collect()
    }

    #[test]
    fn things_are_found_by_name_kind_and_synonym() {
        for (query, first) in [
            ("redis", "redis"),
            ("Postgres", "postgresql"),
            ("pg", "postgresql"),
            ("s3", "object-store"),
            ("s", "service"),
            ("elastic", "aws-alb"),
            ("elasticsearch", "search-index"),
            ("faas", "lambda"),
            ("mutex", "coordinator"),
            ("k8s", "k8s-service"),
            ("db", "database"),
            ("amazon queue", "sqs-queue"),
        ] {
            assert_eq!(
                found(query).first(),
                Some(&first),
                "{query}: {:?}",
                found(query)
            );
        }
        assert!(found("no such thing").is_empty());
        assert_eq!(found("").len(), found("  ").len());
        assert!(found("").len() > 40);
    }

    #[test]
    fn a_wire_narrows_it_to_what_may_connect() {
        let design = small();
        let from_api = Wire::from_port("api", End::From);
        let offered = shelves(&design, Some(&from_api), "");
        let names: Vec<&str> = offered
            .iter()
            .flat_map(|shelf| shelf.things.iter().map(Thing::name))
            .collect();
        assert!(names.contains(&"redis") && names.contains(&"kafka-topic"));
        assert!(!names.contains(&"web-client") && !names.contains(&"client"));
        let gone = Wire::from_port("gone", End::From);
        assert!(shelves(&design, Some(&gone), "").is_empty());
    }

    #[test]
    fn a_second_one_is_numbered() {
        let mut design = small();
        let redis = thing("redis").unwrap();
        assert_eq!(redis.title(&design).as_deref(), Some("Redis cache"));
        design.nodes[0].label = Some("Redis cache".to_owned());
        assert_eq!(redis.title(&design).as_deref(), Some("Redis cache 2"));
        assert_eq!(thing("cache").unwrap().title(&design), None);
    }
}
