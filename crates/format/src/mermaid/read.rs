//! Reading flowcharts. Lenient, since they are drawn for people: what is understood is taken, the
//! rest is noted.

use super::{MARK, SHAPES};
use crate::import::{Draft, Imported, products};
use crate::json::SIZE_MAX;
use design::Problem;
use design::link::{Condition, Conditions};
use std::collections::BTreeSet;

/// Reads a flowchart.
///
/// # Errors
///
/// Where it is no flowchart, is too large, or does not make a valid design.
pub fn read(text: &str) -> Result<Imported, Vec<Problem>> {
    let refuse = |message: String| {
        Err(vec![Problem {
            path: String::new(),
            message,
        }])
    };
    if text.len() > SIZE_MAX {
        return refuse(format!(
            "is too large: {} bytes; at most {SIZE_MAX}",
            text.len()
        ));
    }
    let mut reader = Reader {
        draft: Draft::new("Imported flowchart"),
        trusts_shapes: text.contains(MARK),
        shown: BTreeSet::new(),
        edges: Vec::new(),
    };
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()));
    let is_header = |line: &str| {
        let word = line.split([' ', ';', '\t']).next().unwrap_or_default();
        word == "graph" || word == "flowchart" || word == "flowchart-elk"
    };
    // Front matter, comments and fences of Markdown may come before.
    let Some((_, header)) = lines.by_ref().find(|(_, line)| is_header(line)) else {
        return refuse(
            "is not a Mermaid flowchart; expected a line that starts with flowchart or graph"
                .to_owned(),
        );
    };
    for statement in header.split(';').skip(1) {
        reader.statement(1, statement.trim());
    }
    for (at, line) in lines {
        if line.starts_with("```") {
            break;
        }
        if line.starts_with("%%") {
            continue;
        }
        for statement in statements(line) {
            reader.statement(at, statement.trim());
        }
        if reader.draft.is_full() {
            return refuse("has too many nodes or links".to_owned());
        }
    }
    reader.finish()
}

/// A line may hold several statements; a semicolon in quotes or brackets ends none.
fn statements(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0i32, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' | '(' | '{' if !quoted => depth += 1,
            ']' | ')' | '}' if !quoted => depth -= 1,
            ';' if !quoted && depth <= 0 => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts
}

struct Reader {
    draft: Draft,
    trusts_shapes: bool,
    /// Words of Mermaid that were noted already.
    shown: BTreeSet<String>,
    edges: Vec<Edge>,
}

/// An arrow between two nodes, kept until all kinds are known.
struct Edge {
    line: usize,
    from: String,
    to: String,
    label: String,
    is_two_way: bool,
}

/// A node as written in a statement.
struct Mention<'a> {
    id: &'a str,
    shape: Option<(&'static str, String)>,
}

impl Reader {
    fn statement(&mut self, line: usize, text: &str) {
        if text.is_empty() || text.starts_with("%%") {
            return;
        }
        let word = text.split_whitespace().next().unwrap_or_default();
        match word {
            "end" | "direction" => return,
            "subgraph" | "style" | "linkStyle" | "classDef" | "class" | "click" | "accTitle:"
            | "accDescr:" => {
                if self.shown.insert(word.to_owned()) {
                    self.draft.note(format!(
                        "line {line}: {word} ignored; it does not affect the system"
                    ));
                }
                return;
            }
            _ => {}
        }
        if self.chain(line, text).is_none() {
            let shown: String = text.chars().take(60).collect();
            self.draft
                .note(format!("line {line}: not understood: {shown}"));
        }
    }

    /// Nodes and arrows in turn. `None` if something else follows; what came before counts.
    fn chain(&mut self, line: usize, text: &str) -> Option<()> {
        let mut rest = text;
        let mut from = self.group(&mut rest)?;
        while !rest.is_empty() {
            let (label, is_two_way) = arrow(&mut rest)?;
            let to = self.group(&mut rest)?;
            for (a, b) in from.iter().flat_map(|a| to.iter().map(move |b| (a, b))) {
                // What is drawn beyond the bound is noted once the links are made.
                if self.edges.len() <= design::document::LINKS_MAX {
                    self.edges.push(Edge {
                        line,
                        from: a.clone(),
                        to: b.clone(),
                        label: label.clone(),
                        is_two_way,
                    });
                }
            }
            from = to;
        }
        Some(())
    }

    /// One node, or several with `&` between.
    fn group(&mut self, rest: &mut &str) -> Option<Vec<String>> {
        let mut ids = Vec::new();
        loop {
            let mention = mention(rest)?;
            ids.push(self.meet(mention));
            *rest = rest.trim_start();
            match rest.strip_prefix('&') {
                Some(after) => *rest = after.trim_start(),
                None => return Some(ids),
            }
        }
    }

    /// Adds a node where it was not met before; a shape given later counts, too.
    fn meet(&mut self, mention: Mention<'_>) -> String {
        let id: String = mention.id.chars().take(64).collect();
        if mention.shape.is_none() && self.draft.kind(&id).is_some() {
            return id;
        }
        let (shape, label) = mention.shape.unwrap_or(("service", String::new()));
        let guess = || {
            let words = [id.as_str(), label.as_str()].map(|text| text.to_ascii_lowercase());
            let words: Vec<&str> = words
                .iter()
                .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
                .collect();
            words.iter().rev().find_map(|word| products::kind_of(word))
        };
        // Most people draw boxes for everything: then the name says more.
        let kind = match shape {
            "service" if !self.trusts_shapes => guess().unwrap_or("service"),
            shape => shape,
        };
        let is_known = self.draft.kind(&id).is_some();
        match is_known {
            true => {
                if let Some(info) = design::KINDS.iter().find(|info| info.name == kind)
                    && let Some(node) = self.draft.node(&id)
                {
                    node.kind = (info.make)();
                }
            }
            false => drop(self.draft.add(&id, kind)),
        }
        if !label.is_empty()
            && label != id
            && let Some(node) = self.draft.node(&id)
        {
            node.label = Some(label.chars().take(200).collect());
        }
        id
    }

    fn finish(mut self) -> Result<Imported, Vec<Problem>> {
        for edge in std::mem::take(&mut self.edges) {
            if self.draft.is_full() {
                self.draft.note(format!(
                    "line {}: too many links; the rest was skipped",
                    edge.line
                ));
                break;
            }
            let conditions = conditions(&edge.label);
            if conditions.is_none() && !edge.label.is_empty() {
                self.draft.note(format!(
                    "line {}: the label \"{}\" was ignored",
                    edge.line, edge.label
                ));
            }
            if edge.is_two_way {
                self.draft.note(format!(
                    "line {}: bidirectional arrow, imported as {} calls {}; responses return anyway",
                    edge.line, edge.from, edge.to
                ));
            }
            if let Some(link) = self.draft.connect(&edge.from, &edge.to)
                && let Some((when, optional)) = conditions
            {
                (link.when, link.optional) = (when, optional);
            }
        }
        let ids = self.draft.ids();
        let has_client = ids.iter().any(|id| self.draft.kind(id) == Some("client"));
        let entries = self.draft.uncalled();
        if !has_client && !entries.is_empty() {
            self.draft.note(format!(
                "no client found; one was added in front of {}",
                entries.join(", ")
            ));
            self.draft.add_client(&entries);
        }
        self.draft.finish()
    }
}

/// A node's id and shape at the beginning of `rest`.
fn mention<'a>(rest: &mut &'a str) -> Option<Mention<'a>> {
    *rest = rest.trim_start();
    let mut end = 0;
    let bytes = rest.as_bytes();
    for (at, c) in rest.char_indices() {
        // A dash within a name is one that no arrow begins with.
        let is_dash =
            c == '-' && at > 0 && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        let is_dot = c == '.' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !(c.is_alphanumeric() || c == '_' || is_dash || is_dot) {
            break;
        }
        end = at + c.len_utf8();
    }
    if end == 0 {
        return None;
    }
    let id = &rest[..end];
    *rest = &rest[end..];
    let shape = match rest.chars().next() {
        Some('[' | '(' | '{' | '>') => Some(shape(rest)?),
        Some('@') if rest.starts_with("@{") => Some(named_shape(rest)?),
        _ => None,
    };
    // A class: id:::name
    if let Some(after) = rest.strip_prefix(":::") {
        *rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
    }
    Some(Mention { id, shape })
}

/// Brackets with a label in them.
fn shape(rest: &mut &str) -> Option<(&'static str, String)> {
    let others = [
        ("client", "(((", ")))"),
        ("service", "[/", "/]"),
        ("service", "[\\", "\\]"),
        ("service", "(", ")"),
    ];
    // Longer brackets first: "[(" is no "[".
    let mut shapes: Vec<_> = SHAPES.into_iter().chain(others).collect();
    shapes.sort_by_key(|(_, open, _)| std::cmp::Reverse(open.len()));
    for (kind, open, close) in shapes {
        let Some(inner) = rest.strip_prefix(open) else {
            continue;
        };
        let inner = inner.trim_start();
        let (label, after) = match inner.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"')?;
                let after = quoted[end + 1..].trim_start();
                match after.strip_prefix(close) {
                    Some(after) => (&quoted[..end], after),
                    None => continue,
                }
            }
            None => match inner.find(close) {
                Some(end) => (&inner[..end], &inner[end + close.len()..]),
                None => continue,
            },
        };
        *rest = after;
        return Some((kind, plain(label)));
    }
    None
}

/// `@{ shape: cyl, label: "Orders" }`
fn named_shape(rest: &mut &str) -> Option<(&'static str, String)> {
    let inner = rest.strip_prefix("@{")?;
    let end = inner.find('}')?;
    *rest = &inner[end + 1..];
    let (mut kind, mut label) = ("service", String::new());
    for part in inner[..end].split(',') {
        let Some((name, value)) = part.split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches('"');
        match name.trim() {
            "shape" => {
                kind = match value {
                    "cyl" | "cylinder" | "db" | "database" => "database",
                    "stadium" | "pill" | "terminal" => "cache",
                    "circle" | "circ" | "dbl-circ" | "double-circle" => "client",
                    "diam" | "diamond" | "decision" | "question" => "load_balancer",
                    "hex" | "hexagon" | "prepare" => "coordinator",
                    "fr-rect"
                    | "subproc"
                    | "subprocess"
                    | "subroutine"
                    | "das"
                    | "h-cyl"
                    | "horizontal-cylinder" => "queue",
                    _ => "service",
                }
            }
            "label" => label = plain(value),
            _ => {}
        }
    }
    Some((kind, label))
}

/// An arrow at the beginning of `rest`: its label, and whether it points both ways.
fn arrow(rest: &mut &str) -> Option<(String, bool)> {
    *rest = rest.trim_start();
    let is_line = |c: char| matches!(c, '-' | '=' | '.' | '~');
    let (mut text, is_two_way) = match rest.strip_prefix(['<', 'o', 'x']) {
        Some(after) if after.starts_with(is_line) => (after, rest.starts_with('<')),
        _ => (*rest, false),
    };
    let start = text;
    text = text.trim_start_matches(is_line);
    let length = start.len() - text.len();
    if length < 2 {
        return None;
    }
    let mut label = String::new();
    if let Some(after) = head(text) {
        text = after;
    } else if length == 2 {
        // A label within the line: -- reads -->, -. reads .->, == reads ==>
        let end = text.find([start.chars().next()?, '.'])?;
        let inner = text[..end].trim();
        let after = text[end..].trim_start_matches(is_line);
        if text.len() - end < after.len() + 2 {
            return None;
        }
        label = plain(inner);
        text = head(after).unwrap_or(after);
    }
    text = text.trim_start();
    if let Some(inner) = text.strip_prefix('|') {
        let end = inner.find('|')?;
        label = plain(&inner[..end]);
        text = &inner[end + 1..];
    }
    *rest = text.trim_start();
    Some((label, is_two_way))
}

/// An arrow's head. An o or x is one only if no name follows directly.
fn head(text: &str) -> Option<&str> {
    if let Some(after) = text.strip_prefix('>') {
        return Some(after);
    }
    let after = text.strip_prefix(['o', 'x'])?;
    (!after.starts_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(after)
}

/// A label without quotes, line breaks and entities.
fn plain(label: &str) -> String {
    let label = label.trim().trim_matches('"');
    let mut out = label.to_owned();
    for (written, meant) in [
        ("<br/>", " "),
        ("<br>", " "),
        ("<br />", " "),
        ("#quot;", "\""),
        ("#lt;", "<"),
        ("#gt;", ">"),
        ("#92;", "\\"),
        ("#96;", "`"),
        ("#amp;", "&"),
        ("#35;", "#"),
    ] {
        out = out.replace(written, meant);
    }
    out.chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The conditions that a label of ours says; `None` of any other.
fn conditions(label: &str) -> Option<(Conditions, bool)> {
    if label.is_empty() {
        return None;
    }
    let (mut conditions, mut optional) = (Vec::new(), false);
    for part in label.split(',').map(str::trim) {
        let share = || part.strip_suffix('%')?.trim().parse::<f64>().ok();
        match part {
            "optional" => optional = true,
            "always" => conditions.push(Condition::Always),
            "reads" => conditions.push(Condition::Reads),
            "writes" => conditions.push(Condition::Writes),
            "on_miss" => conditions.push(Condition::OnMiss),
            "on_error" => conditions.push(Condition::OnError),
            _ => {
                let share = share().filter(|share| (0.0..=100.0).contains(share))?;
                conditions.push(Condition::Probability(share / 100.0));
            }
        }
    }
    if conditions.is_empty() {
        conditions.push(Condition::Always);
    }
    Some((Conditions(conditions), optional))
}
