//! The document: settings, nodes, links, faults, requirements.

use crate::allow::Allowance;
use crate::attribute::{Attribute, Problem, Reader};
use crate::deployment::{Deployment, Zones};
use crate::fault::Fault;
use crate::kinds::{KINDS, Kind};
use crate::link::Link;
use crate::note::{Note, Place};
use crate::quantity::Duration;
use crate::record;
use crate::requirement::Requirement;
use crate::salvage;
use crate::telemetry::Alert;
use crate::validate;
use crate::value::Value;
use std::collections::BTreeMap;

/// The version of the document's structure that this code writes.
pub const VERSION: u32 = 1;
/// Most nodes of one design.
pub const NODES_MAX: usize = 10_000;
/// Most links of one design.
pub const LINKS_MAX: usize = 20_000;
/// Most faults of one design.
pub const FAULTS_MAX: usize = 1_000;
/// Most requirements of one design.
pub const REQUIREMENTS_MAX: usize = 100;

record! {
    /// Settings of a run.
    pub struct Settings {
        /// Name of the design.
        pub name: String = "Untitled".to_owned() => { label: "Name" },
        /// Seed of all random streams. The same design and seed produce the same run, byte for
        /// byte.
        pub seed: u64 = 1 => { label: "Seed", range: 0.0..=9007199254740991.0 },
        /// How long requests arrive, in simulated time.
        pub duration: Duration = Duration::s(60) => { label: "Duration", range: 0.001..=2592000 },
        /// Requests that start before this are excluded from all metrics.
        pub warmup: Duration = Duration::ZERO => { label: "Warm-up" },
        /// After the last arrival, the run continues until the work in flight is done.
        pub drain: bool = true => { label: "Drain" },
        /// Network distance between zones.
        pub zones: Zones = Zones::default() => { label: "Zones" },
        /// Alerts that notify the operators.
        pub alerts: Vec<Alert> = Vec::new() => { label: "Alerts" },
        /// Text on the canvas. It does not affect the run.
        pub notes: Vec<Note> = Vec::new() => { label: "Notes" },
        /// Known and accepted findings.
        pub allow: Vec<Allowance> = Vec::new() => { label: "Allowed findings" },
    }
}

/// A node on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Stable name: links, faults and random streams go by it.
    pub id: String,
    /// What people see; the id where there is none.
    pub label: Option<String>,
    /// Upper left corner on the canvas, in pixels at 100 %.
    pub at: [i32; 2],
    /// Where it runs.
    pub deployment: Deployment,
    /// What it is.
    pub kind: Kind,
}

/// A whole design.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Design {
    /// Name, seed, duration, warm-up, drain.
    pub settings: Settings,
    /// In the order drawn.
    pub nodes: Vec<Node>,
    /// In the order drawn, which is also the default order of a plan.
    pub links: Vec<Link>,
    /// In any order.
    pub faults: Vec<Fault>,
    /// What the design has to hold.
    pub requirements: Vec<Requirement>,
}

const NODE_FIELDS: [&str; 4] = ["id", "kind", "at", "label"];
const DESIGN_LISTS: [&str; 6] = [
    SCHEMA,
    "faultline",
    "nodes",
    "links",
    "faults",
    "requirements",
];
/// Where an editor finds the JSON Schema of a file. It is no part of the design: reading ignores
/// it, and [`Design::write`] leaves it out.
const SCHEMA: &str = "$schema";

impl Node {
    /// A node of this kind.
    pub fn new(id: impl Into<String>, kind: Kind, at: [i32; 2]) -> Self {
        Self {
            id: id.into(),
            label: None,
            at,
            deployment: Deployment::default(),
            kind,
        }
    }

    /// What people see: the label, or the id where there is none or it is blank.
    pub fn title(&self) -> &str {
        let label = self.label.as_deref();
        let label = label.filter(|label| !label.trim().is_empty());
        label.unwrap_or(&self.id)
    }

    /// Reads a node: `id`, `kind`, `at`, `label`, where it runs and the parameters of its kind.
    pub fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::Map(entries) = value else {
            return reader.wrong(value, "an object");
        };
        let take = |name: &str| {
            entries
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value)
        };
        let id = match take("id") {
            Some(id) => reader.field::<String>("id", id, None),
            None => {
                reader.problem("missing field `id`; each node needs a short, unique name");
                None
            }
        };
        let label = take("label").map_or(Some(None), |label| reader.field("label", label, None));
        let at = take("at").map_or(Some(Place([0, 0])), |at| {
            reader.within("at", |reader| Place::read(at, reader))
        });
        let of_deployment = |key: &str| {
            let mut fields = Deployment::RECORD.fields.iter();
            fields.any(|field| field.name == key)
        };
        let those = |wanted: &dyn Fn(&str) -> bool| {
            let entries = entries.iter().filter(|(key, _)| wanted(key));
            Value::Map(entries.cloned().collect())
        };
        let deployment = Deployment::read(&those(&of_deployment), reader);
        let kind = match take("kind") {
            Some(Value::Text(kind)) => {
                let of_kind = |key: &str| !NODE_FIELDS.contains(&key) && !of_deployment(key);
                Kind::read(kind, &those(&of_kind), reader)
            }
            Some(other) => reader.within("kind", |reader| reader.wrong(other, &kind_names())),
            None => {
                reader.problem(format!("missing field `kind`; expected {}", kind_names()));
                None
            }
        };
        Some(Self {
            id: id?,
            label: label?,
            at: at?.0,
            deployment: deployment?,
            kind: kind?,
        })
    }

    /// Writes it; `sparse` leaves out what is at its default.
    pub fn write(&self, sparse: bool) -> Value {
        let mut entries = vec![
            ("id".to_owned(), Value::text(&self.id)),
            ("kind".to_owned(), Value::text(self.kind.name())),
            ("at".to_owned(), self.at.to_vec().write()),
        ];
        if self.label.is_some() || !sparse {
            entries.push(("label".to_owned(), self.label.write()));
        }
        let mut deployment = self.deployment.write();
        let mut parameters = self.kind.write();
        if sparse {
            deployment = deployment.without(&Deployment::default().write());
            parameters = parameters.without(&(self.kind.info().make)().write());
        }
        for part in [deployment, parameters] {
            if let Value::Map(part) = part {
                entries.extend(part);
            }
        }
        Value::Map(entries)
    }
}

fn kind_names() -> String {
    format!(
        "one of {}",
        KINDS
            .iter()
            .map(|kind| kind.name)
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// Farthest a node may stand from the origin, in pixels.
pub const POSITION_MAX: i32 = 1_000_000;

impl Design {
    /// The names of the operations that the clients send, client by client. Those of several
    /// clients occur several times.
    pub fn operation_names(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .flat_map(|node| match &node.kind {
                Kind::Client(client) => client.operations.as_slice(),
                Kind::LoadBalancer(_)
                | Kind::Service(_)
                | Kind::Cache(_)
                | Kind::Queue(_)
                | Kind::Database(_)
                | Kind::Coordinator(_) => &[],
            })
            .map(|operation| operation.name.as_str())
    }

    /// Reads a whole design. An error holds every problem of the document, not the first alone.
    pub fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        let design = read_design(value, &mut reader);
        if let Some(design) = &design {
            // What the parts say alone is right; now what they say together.
            validate::validate(design, &mut reader);
        }
        let is_read = design.is_some();
        match design {
            Some(design) if reader.is_clean() => Ok(design),
            _ => {
                let mut problems = reader.finish();
                if !is_read {
                    problems.extend(salvage::further_problems(value, &problems));
                }
                Err(problems)
            }
        }
    }

    /// Returns all problems of the current design, which may be incomplete.
    pub fn problems(&self) -> Vec<Problem> {
        let mut reader = Reader::default();
        validate::validate(self, &mut reader);
        reader.finish()
    }

    /// Writes it; `sparse` leaves out what is at its default, as files and links do.
    pub fn write(&self, sparse: bool) -> Value {
        let mut entries = vec![("faultline".to_owned(), Value::Number(f64::from(VERSION)))];
        let mut settings = self.settings.write();
        if sparse {
            settings = settings.without(&Settings::default().write());
        }
        if let Value::Map(settings) = settings {
            entries.extend(settings);
        }
        let nodes = self.nodes.iter().map(|node| node.write(sparse)).collect();
        let mut ids = DefaultLinkIds::default();
        let links = self.links.iter().map(|link| {
            let written = link.write();
            if !sparse {
                return written;
            }
            let usual = Link {
                id: ids.next(&link.from, &link.to),
                ..Link::default()
            };
            written.without(&usual.write())
        });
        let faults = self.faults.iter().map(|fault| {
            if sparse {
                fault
                    .write()
                    .without(&unnamed_kind(Fault::default().write()))
            } else {
                fault.write()
            }
        });
        let requirements = self.requirements.iter().map(|requirement| {
            let written = requirement.write();
            if sparse {
                written.without(&Value::Map(vec![
                    ("at_least".into(), Value::Null),
                    ("at_most".into(), Value::Null),
                ]))
            } else {
                written
            }
        });
        for (name, list) in [
            ("nodes", nodes),
            ("links", links.collect::<Vec<_>>()),
            ("faults", faults.collect()),
            ("requirements", requirements.collect()),
        ] {
            if !list.is_empty() || !sparse || name == "nodes" || name == "links" {
                entries.push((name.to_owned(), Value::List(list)));
            }
        }
        Value::Map(entries)
    }

    /// The node called `id`.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The link called `id`.
    pub fn link(&self, id: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    /// Whether a node judges anything by the time of day, or stamps anything with it that others
    /// judge.
    pub fn reads_clock(&self, id: &str, kind: &Kind) -> bool {
        let is_passed_on = |link: &Link| link.deadline && (link.from == id || link.to == id);
        kind.reads_clock() || self.links.iter().any(is_passed_on)
    }

    /// The moment a fault is over, if it ends.
    pub fn fault_ends(&self, fault: &Fault) -> Option<Duration> {
        let replicas = self
            .node(&fault.target)
            .map_or(1, |node| node.kind.replicas());
        fault.ends(replicas)
    }

    /// Whether the faults of both designs do the same up to a moment: those that begin before it
    /// are equal, or differ only in when they end, and none of these ends before it.
    pub fn has_same_faults_until(&self, other: &Self, moment: Duration) -> bool {
        let is_open = |design: &Self, fault: &Fault| {
            let end = design.fault_ends(fault);
            fault.mtbf.is_none() && end.is_none_or(|end| end >= moment)
        };
        let is_same = |(one, two): (&Fault, &Fault)| {
            let as_long = Fault {
                lasts: two.lasts,
                ..one.clone()
            };
            one == two || as_long == *two && is_open(self, one) && is_open(other, two)
        };
        let begun = |fault: &&Fault| fault.at < moment;
        let (ours, theirs): (Vec<_>, Vec<_>) = (
            self.faults.iter().filter(begun).collect(),
            other.faults.iter().filter(begun).collect(),
        );
        ours.len() == theirs.len() && ours.into_iter().zip(theirs).all(is_same)
    }
}

/// A fault's kind is always written: it is what the fault is.
fn unnamed_kind(default: Value) -> Value {
    match default {
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .filter(|(key, _)| key != "kind" && key != "at")
                .collect(),
        ),
        other => other,
    }
}

/// The ids that links get by default, in the order they stand in the list.
#[derive(Default)]
struct DefaultLinkIds(BTreeMap<(String, String), usize>);

impl DefaultLinkIds {
    fn next(&mut self, from: &str, to: &str) -> String {
        let parallel = self.0.entry((from.to_owned(), to.to_owned())).or_default();
        *parallel += 1;
        match *parallel {
            1 => format!("{from}->{to}"),
            n => format!("{from}->{to}#{n}"),
        }
    }
}

pub(crate) fn read_design(value: &Value, reader: &mut Reader) -> Option<Design> {
    let Value::Map(entries) = value else {
        return reader.wrong(value, "a design object with \"faultline\": 1");
    };
    read_version(value, reader)?;
    let schema = value.get(SCHEMA).map_or(Some(()), |schema| {
        let read = reader.field::<String>(SCHEMA, schema, None);
        read.map(|_| ())
    });
    let of_settings = entries
        .iter()
        .filter(|(key, _)| !DESIGN_LISTS.contains(&key.as_str()));
    let known: Vec<&str> = Settings::RECORD
        .fields
        .iter()
        .map(|field| field.name)
        .chain(DESIGN_LISTS)
        .collect();
    let mut settings = Vec::new();
    let mut complete = schema.is_some();
    for (key, value) in of_settings {
        if known.contains(&key.as_str()) {
            settings.push((key.clone(), value.clone()));
        } else {
            complete = false;
            reader.within(key, |reader| reader.unknown("field", key, &known));
        }
    }
    let settings = Settings::read(&Value::Map(settings), reader);
    let nodes = read_list(value, "nodes", NODES_MAX, reader, |node, reader| {
        Node::read(node, reader)
    });
    let mut ids = DefaultLinkIds::default();
    let links = read_list(value, "links", LINKS_MAX, reader, |link, reader| {
        let mut link = Link::read(link, reader)?;
        let usual = ids.next(&link.from, &link.to);
        if link.id.is_empty() {
            link.id = usual;
        }
        Some(link)
    });
    let faults = read_list(value, "faults", FAULTS_MAX, reader, |fault, reader| {
        Fault::read(fault, reader)
    });
    let requirements = read_list(
        value,
        "requirements",
        REQUIREMENTS_MAX,
        reader,
        Requirement::read_entry,
    );
    let design = Design {
        settings: settings?,
        nodes: nodes?,
        links: links?,
        faults: faults?,
        requirements: requirements?,
    };
    complete.then_some(design)
}

fn read_version(value: &Value, reader: &mut Reader) -> Option<()> {
    match value.get("faultline") {
        Some(Value::Number(version)) if *version == f64::from(VERSION) => Some(()),
        Some(Value::Number(version)) if *version > f64::from(VERSION) => {
            reader.within("faultline", |reader| {
                reader.problem(format!(
                    "this design was made by a newer Faultline (document version {version}; this one reads up to {VERSION})"
                ));
            });
            None
        }
        Some(other) => {
            let message = format!("{other} is not a document version; expected {VERSION}");
            reader.within("faultline", |reader| reader.problem(message));
            None
        }
        None => {
            reader.problem("not a Faultline design: missing field \"faultline\": 1");
            None
        }
    }
}

/// Reads a list, keeping what is right of it in order so that later entries are judged too.
fn read_list<T>(
    design: &Value,
    name: &str,
    max: usize,
    reader: &mut Reader,
    mut read: impl FnMut(&Value, &mut Reader) -> Option<T>,
) -> Option<Vec<T>> {
    let items = match design.get(name) {
        None => return Some(Vec::new()),
        Some(Value::List(items)) => items,
        Some(other) => return reader.within(name, |reader| reader.wrong(other, "a list")),
    };
    if items.len() > max {
        let message = format!("{} entries are too many; at most {max}", items.len());
        reader.within(name, |reader| reader.problem(message));
        return None;
    }
    let mut good = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let read = reader.within(&format!("{name}[{at}]"), |reader| read(item, reader));
        good.extend(read);
    }
    (good.len() == items.len()).then_some(good)
}
