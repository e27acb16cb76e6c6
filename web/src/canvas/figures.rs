//! The live figures of nodes and links, written straight to their elements once a frame.

use format::message::{Frame, LinkFrame, NodeFrame, ReplicaState};
use web_sys::Element;

use super::dom::{Attr, Text};
use super::look::{self, Health, SlotRow, Totals};
use crate::words;

/// Rates are taken over at least this much simulated time, in ns.
const RATE_OVER_NS: u64 = 500_000_000;

/// Counts at two earlier moments, from which the rates of late are taken.
#[derive(Default)]
pub(crate) struct Recent<T> {
    earlier: (u64, T),
    later: (u64, T),
}

impl<T: Copy + Default> Recent<T> {
    /// What to take the difference to, and how long ago it was in seconds.
    fn base(&mut self, time_ns: u64, now: T) -> (T, f64) {
        if time_ns < self.later.0 {
            *self = Self::default();
        }
        if time_ns - self.later.0 >= RATE_OVER_NS {
            self.earlier = self.later;
            self.later = (time_ns, now);
        }
        (self.earlier.1, (time_ns - self.earlier.0) as f64 / 1e9)
    }
}

/// The parts of a node's card that change while the simulation runs.
pub(crate) struct NodeParts {
    pub(super) card: Attr,
    name: Attr,
    pub(super) mark: Attr,
    pub(super) slots: [Attr; 3],
    pub(super) places: [Attr; 2],
    pub(super) pips: [Attr; 5],
    waiting: Text,
    pub(super) rate: Text,
    pub(super) note: Text,
    pub(super) badge: Text,
    pub(super) badge_now: Attr,
    causes: Text,
    row: SlotRow,
    /// What the shapes were last drawn from.
    pub(super) drawn: Option<Drawn>,
    recent: Recent<Totals>,
    title: String,
    /// How it is now, in words; empty before the first frame.
    state: String,
}

/// What a card's shapes depend on.
#[derive(PartialEq)]
pub(super) struct Drawn {
    pub(super) slots: [u32; 3],
    pub(super) queue: [u32; 2],
    pub(super) replicas: Vec<ReplicaState>,
}

impl NodeParts {
    /// Finds the parts in a card.
    pub(crate) fn of(card: &Element, title: String) -> Option<Self> {
        let paths = |names: &[&str]| -> Option<Vec<Attr>> {
            names
                .iter()
                .map(|name| Attr::of(card, &format!(".{name}"), "d"))
                .collect()
        };
        Some(Self {
            card: Attr::on(card.clone(), "data-health"),
            name: Attr::on(card.clone(), "aria-label"),
            mark: Attr::of(card, ".health path", "d")?,
            slots: paths(&["slot-all", "slot-working", "slot-blocked"])?
                .try_into()
                .ok()?,
            places: paths(&["place-all", "place-taken"])?.try_into().ok()?,
            pips: paths(&[
                "pip-up",
                "pip-slow",
                "pip-down",
                "pip-ejected",
                "pip-starting",
            ])?
            .try_into()
            .ok()?,
            waiting: Text::of(card, ".waiting")?,
            rate: Text::of(card, ".rate")?,
            note: Text::of(card, ".tell")?,
            badge: Text::of(card, ".badge-count")?,
            badge_now: Attr::of(card, ".badge", "data-state")?,
            causes: Text::of(card, ".causes")?,
            row: SlotRow::default(),
            drawn: None,
            recent: Recent::default(),
            title,
            state: String::new(),
        })
    }

    /// The node has another name.
    pub(crate) fn rename(&mut self, title: String) {
        self.title = title;
    }

    /// Shapes, once a frame.
    pub(crate) fn draw(&mut self, node: &NodeFrame, is_store: bool) {
        let now = Drawn {
            slots: [node.slots, node.working, node.blocked],
            queue: [node.waiting, node.capacity],
            replicas: node.replicas.clone(),
        };
        let last = self.drawn.replace(now);
        let now = self.drawn.as_ref().expect("it was put there");
        let differs = |of: fn(&Drawn) -> [u32; 3]| last.as_ref().map(of) != Some(of(now));
        // A card is drawn in parts: of most, one differs from a frame ago.
        let has_other_replicas = last
            .as_ref()
            .is_none_or(|last| last.replicas != now.replicas);
        let has_other_slots = has_other_replicas || differs(|now| now.slots);
        let has_other_queue = differs(|now| {
            let [waiting, capacity] = now.queue;
            [waiting, capacity, u32::from(now.slots[0] > 0)]
        });
        if !is_store && has_other_slots {
            let paths = self.row.paths(node, row_width(node.replicas.len()));
            for (part, path) in self.slots.iter_mut().zip(paths) {
                part.set(&path);
            }
        }
        if !is_store && has_other_queue {
            let has_queue = node.waiting > 0 || node.slots > 0;
            let places = if has_queue {
                look::places(node.waiting, node.capacity)
            } else {
                Default::default()
            };
            for (part, path) in self.places.iter_mut().zip(places) {
                part.set(&path);
            }
            self.waiting.set(&match node.waiting {
                n if n > look::PLACES => words::short(u64::from(n)),
                _ => String::new(),
            });
        }
        if !has_other_replicas {
            return;
        }
        let shown = match node.replicas.as_slice() {
            [ReplicaState::Up] => &[],
            replicas => replicas,
        };
        for (part, path) in self.pips.iter_mut().zip(look::pips(shown)) {
            part.set(&path);
        }
    }

    /// Nobody is told anything of it.
    pub(crate) fn silence(&mut self) {
        self.draw(&NodeFrame::default(), false);
        self.waiting.set("");
        self.card.set("unknown");
        self.mark.set(look::UNKNOWN);
        self.rate.set("no data");
        self.note.set("");
        self.badge.set("");
        self.badge_now.set("none");
        self.causes.set("");
        self.name.set(&format!("{}, no data", self.title));
    }

    /// Words and rates, a few times a second.
    pub(crate) fn write(&mut self, node: &NodeFrame, time_ns: u64, is_store: bool) {
        let totals = Totals::of(node);
        let (base, seconds) = self.recent.base(time_ns, totals);
        let recent = totals.since(base);
        let health = look::health(node, recent);
        self.card.set(health.name());
        self.mark.set(health.shape());
        self.rate.set(&if seconds > 0.0 {
            format!("{}/s", words::rate(recent.arrivals as f64 / seconds))
        } else {
            String::new()
        });
        self.note.set(&note(node, recent, is_store));
        let failed = look::failures(node);
        self.badge.set(&match failed {
            0 => String::new(),
            n => words::short(n),
        });
        self.badge_now.set(match (failed, recent.failures) {
            (0, _) => "none",
            (_, 0) => "past",
            _ => "now",
        });
        let causes: Vec<String> = look::causes(&node.failures)
            .into_iter()
            .map(|(name, n)| format!("{} {}", words::count(u64::from(n)), words::cause(name)))
            .collect();
        self.causes.set(&causes.join("\n"));
        self.state = match failed {
            0 => health.name().to_owned(),
            _ => format!("{}, failures: {}", health.name(), causes.join(", ")),
        };
        self.name.set(&match (health, failed) {
            (Health::Fine, 0) => self.title.clone(),
            _ => format!("{}, {}", self.title, self.state),
        });
    }

    /// How the node is now, in words.
    pub(super) fn state(&self) -> &str {
        &self.state
    }
}

/// How wide the row of slots is beside the pips of so many replicas.
pub(super) fn row_width(replicas: usize) -> f64 {
    match replicas {
        0 | 1 => look::SLOTS[0],
        n => look::SLOTS[0] - 11.0 * n.min(look::PIPS) as f64 - 6.0,
    }
}

/// The short figure in the card's lower row, where there are no slots to draw.
fn note(node: &NodeFrame, recent: Totals, is_store: bool) -> String {
    let looked_up = recent.hits + recent.misses;
    let held = words::short(u64::from(node.waiting));
    if looked_up > 0 {
        let share = recent.hits as f64 / looked_up as f64 * 100.0;
        // Of what was served, not of what lies there.
        return match recent.age_ns.checked_div(recent.hits) {
            Some(age) if age > 0 => format!("{share:.0}\u{a0}% hits, {} old", words::span(age)),
            _ => format!("{share:.0}\u{a0}% hits, {held} held"),
        };
    }
    if is_store {
        return match node.age_ns {
            age if age > 0 && node.waiting > 0 => {
                format!("{held} held, oldest {}", words::span(age))
            }
            _ => format!("{held} held"),
        };
    }
    if node.versions > 0 {
        let versions = words::short(node.versions);
        return match node.age_ns {
            0 => format!("{versions} versions"),
            age => format!("{versions} versions, {} behind", words::span(age)),
        };
    }
    if node.slots == 0 {
        let under_way = node.working + node.blocked;
        let answered = recent.completions + recent.failures;
        if recent.failures > 0 && answered > 0 {
            let share = recent.failures as f64 / answered as f64 * 100.0;
            return format!("{share:.0}\u{a0}% fail");
        }
        if under_way > 0 {
            return format!("{} under way", words::count(u64::from(under_way)));
        }
    }
    String::new()
}

/// The parts of a link that change while the simulation runs.
pub(crate) struct LinkParts {
    pub(super) line: Attr,
    pub(super) group: Attr,
    sample: Text,
    recent: Recent<u64>,
    /// Attempts per second, as the width of the line last told them.
    pub(super) per_s: Option<f64>,
}

impl LinkParts {
    /// Finds the parts in a link's group.
    pub(crate) fn of(group: &Element) -> Option<Self> {
        Some(Self {
            line: Attr::of(group, ".line", "stroke-width")?,
            group: Attr::on(group.clone(), "data-state"),
            sample: Text::of(group, ".sample")?,
            recent: Recent::default(),
            per_s: None,
        })
    }

    /// Attempts per second of late.
    pub(crate) fn rate(&mut self, link: &LinkFrame, time_ns: u64) -> f64 {
        let (base, seconds) = self.recent.base(time_ns, link.attempts);
        self.per_s = (seconds > 0.0).then(|| link.attempts.saturating_sub(base) as f64 / seconds);
        self.per_s.unwrap_or_default()
    }

    /// Nobody is told anything of it.
    pub(crate) fn silence(&mut self) {
        self.line.set("1.25");
        self.group.set("unknown");
        self.per_s = None;
        self.sample.set("");
    }

    /// Width by flow (a share of the busiest link's), state of breaker and network, and how many
    /// calls a dot is unless that is said for all links.
    pub(crate) fn write(&mut self, link: &LinkFrame, share: f64, says_scale: bool) {
        // Square root: the low end stays legible.
        let width = 1.25 + 2.25 * share.clamp(0.0, 1.0).sqrt();
        self.line.set(&format!("{width:.1}"));
        // A list, as the style sheet takes it.
        self.group
            .set(match (link.breakers_open, link.cut, link.impaired) {
                (0, false, false) => "",
                (0, false, true) => "impaired",
                (0, true, _) => "cut",
                (_, false, _) => "open",
                (_, true, _) => "open cut",
            });
        self.sample.set(&match says_scale {
            true => one_dot(link.dot),
            false => String::new(),
        });
    }
}

/// How many calls a dot is; nothing where it is one.
pub(crate) fn one_dot(calls: u32) -> String {
    match calls {
        0 | 1 => String::new(),
        n => format!("1 dot = {}", words::count(u64::from(n))),
    }
}

/// How many calls a dot is on every link that has any; `None` where that differs.
pub(crate) fn scale(links: &[LinkFrame]) -> Option<u32> {
    let mut busy = links.iter().filter(|link| link.attempts > 0);
    let scale = busy.next()?.dot;
    busy.all(|link| link.dot == scale).then_some(scale)
}

/// Totals of a whole run as a frame has them.
pub(crate) fn failed(frame: &Frame) -> u64 {
    frame.failed.iter().sum()
}
