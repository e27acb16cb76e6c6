//! The live metrics of nodes, written directly to their elements once a frame.

use design::Kind;
use format::message::{BOXES_MAX, BoxFrame, Frame, LinkFrame, NodeFrame, ReplicaState};
use web_sys::Element;

use super::boxes;
use super::dom::{Attr, Text};
use super::look::{self, Health, SlotRow, Totals};
use crate::words;
use host::rates::Recent;

/// The parts of a node's card that change while the simulation runs.
pub(crate) struct NodeParts {
    pub(super) card: Attr,
    name: Attr,
    pub(super) mark: Attr,
    pub(super) body: [Attr; BODY.len()],
    pub(super) places: [Attr; 2],
    waiting: Text,
    pub(super) rate: Text,
    pub(super) note: Text,
    aside: Text,
    /// Below the card: wasted work, and harm to data.
    pub(super) harm: Text,
    harm_shape: Attr,
    is_wasted: Attr,
    pub(super) badge: Text,
    pub(super) badge_now: Attr,
    causes: Text,
    row: SlotRow,
    /// What the shapes were last drawn from.
    pub(super) drawn: Option<Drawn>,
    recent: Recent<Totals>,
    title: String,
    /// Its state in words; empty before the first frame.
    state: String,
}

/// What a card's shapes depend on.
#[derive(Default, PartialEq)]
pub(super) struct Drawn {
    pub(super) slots: [u32; 3],
    pub(super) queue: [u32; 2],
    replicas: Vec<ReplicaState>,
    boxes: Vec<BoxFrame>,
}

/// The picture in a card: of its slots, its replicas, its users or its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Slots, or a box per replica.
    Slots,
    /// A tank.
    Tank,
    /// Users.
    Crowd,
    /// A box per replica of the services behind it.
    Backends,
}

impl Body {
    /// Returns the picture of a kind of node.
    pub(crate) fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Client(_) => Self::Crowd,
            Kind::Cache(_) | Kind::Queue(_) => Self::Tank,
            Kind::LoadBalancer(_) => Self::Backends,
            Kind::Service(_) | Kind::Database(_) | Kind::Coordinator(_) => Self::Slots,
        }
    }
}

/// The parts of the picture: first those of the boxes, in their order, then all others.
pub(super) const BODY: [&str; 14] = [
    "working", "blocked", "edge", "leader", "slow", "down", "ejected", "starting", "faulty",
    "tear", "gone", "free", "level", "missed",
];

impl NodeParts {
    /// Finds the parts of a card.
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
            body: BODY
                .map(|name| Attr::of(card, &format!(".body .{name}"), "d"))
                .into_iter()
                .collect::<Option<Vec<_>>>()?
                .try_into()
                .ok()?,
            places: paths(&["place-all", "place-taken"])?.try_into().ok()?,
            waiting: Text::of(card, ".waiting")?,
            rate: Text::of(card, ".rate")?,
            note: Text::of(card, ".tell")?,
            aside: Text::of(card, ".aside")?,
            harm: Text::of(card, ".harm-words")?,
            harm_shape: Attr::of(card, ".harm path", "d")?,
            is_wasted: Attr::on(card.clone(), "data-wasted"),
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

    /// Sets another name.
    pub(crate) fn rename(&mut self, title: String) {
        self.title = title;
    }

    /// Draws the replicas that a load balancer chooses from, each with its calls in flight.
    pub(crate) fn draw_backends<'a>(&mut self, targets: impl Iterator<Item = &'a NodeFrame>) {
        let mut now = Drawn::default();
        for target in targets {
            let whole = [look::whole(target)];
            let boxes = match target.boxes.as_slice() {
                [] if target.replicas.len() == 1 => &whole[..],
                boxes => boxes,
            };
            for (state, one) in target.replicas.iter().zip(boxes) {
                now.replicas.push(*state);
                now.boxes.push(BoxFrame {
                    working: one.working + one.blocked + one.waiting,
                    ..BoxFrame::default()
                });
            }
        }
        now.replicas.truncate(BOXES_MAX);
        now.boxes.truncate(BOXES_MAX);
        if self.drawn.as_ref() == Some(&now) {
            return;
        }
        let paths = boxes::paths(&now.replicas, &now.boxes);
        for (part, path) in self.body.iter_mut().zip(paths) {
            part.set(&path);
        }
        self.drawn = Some(now);
    }

    /// Updates the shapes, once a frame.
    pub(crate) fn draw(&mut self, node: &NodeFrame, body: Body) {
        let now = Drawn {
            slots: [node.slots, node.working, node.blocked],
            queue: [node.waiting, node.capacity],
            replicas: node.replicas.clone(),
            boxes: node.boxes.clone(),
        };
        let last = self.drawn.replace(now);
        let now = self.drawn.as_ref().expect("it was put there");
        // A card is drawn in parts: for most cards, one differs from the last frame.
        let has_other = |differs: fn(&Drawn, &Drawn) -> bool| {
            last.as_ref().is_none_or(|last| differs(last, now))
        };
        let has_other_slots = has_other(|last, now| {
            last.slots != now.slots || last.replicas != now.replicas || last.boxes != now.boxes
        });
        let has_other_queue = has_other(|last, now| {
            last.queue != now.queue || (last.slots[0] > 0) != (now.slots[0] > 0)
        });
        if body == Body::Slots && has_other_slots {
            let (boxes, free) = slots(&mut self.row, node);
            let paths = boxes.into_iter().chain([free]);
            for (part, path) in self.body.iter_mut().zip(paths) {
                part.set(&path);
            }
        }
        if body != Body::Tank && has_other_queue {
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
    }

    /// Shows no metrics, because no telemetry reports them.
    pub(crate) fn silence(&mut self) {
        for part in self.body.iter_mut().chain(&mut self.places) {
            part.set("");
        }
        self.drawn = None;
        self.waiting.set("");
        self.card.set("unknown");
        self.mark.set(look::UNKNOWN);
        self.rate.set("no data");
        self.note.set("");
        self.aside.set("");
        self.harm.set("");
        self.harm_shape.set("");
        self.is_wasted.set("");
        self.badge.set("");
        self.badge_now.set("none");
        self.causes.set("");
        self.name.set(&format!("{}, no data", self.title));
    }

    /// Updates words and rates, a few times a second.
    pub(crate) fn write(&mut self, node: &NodeFrame, time_ns: u64, body: Body) {
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
        self.note.set(&note(node, recent, body));
        self.picture(node, recent, body);
        let wasted = look::wasted(recent);
        self.is_wasted
            .set(if wasted.is_some_and(|share| share >= 0.5) {
                "most"
            } else {
                ""
            });
        let wasted = wasted.map(|share| format!("{:.0}% of work wasted", share * 100.0));
        // The age of what was served, not of the entries.
        let age = recent
            .age_ns
            .checked_div(recent.hits)
            .filter(|age| *age > 0);
        let age_ns = age.unwrap_or(0);
        let age = age.map(|age| format!("serves {} old", words::span(age)));
        let harm: Vec<String> = wasted
            .into_iter()
            .chain(age)
            .chain(look::harm(node.harm))
            .chain(look::redelivered(node.redelivered))
            .collect();
        self.harm.set(&harm.join(", "));
        self.harm_shape.set(&match node.redelivered {
            0 => look::coins(node.harm, age_ns),
            _ => look::LOOP.to_owned(),
        });
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

    /// Writes how long what it is about takes: for users the p99 latency, in ms (NaN if it is not
    /// known for them alone), and for a queue the age of its oldest message.
    pub(super) fn write_times(&mut self, node: &NodeFrame, body: Body, p99_ms: f64) {
        self.aside.set(&match body {
            Body::Crowd if p99_ms.is_finite() => {
                format!("p99 {}", words::span((p99_ms * 1e6) as u64))
            }
            Body::Tank if node.hits + node.misses == 0 && node.age_ns > 0 && node.waiting > 0 => {
                format!("oldest {}", words::span(node.age_ns))
            }
            _ => String::new(),
        });
    }

    /// Draws the part of the picture that shows rates.
    fn picture(&mut self, node: &NodeFrame, recent: Totals, body: Body) {
        let [working, _, edge, _, _, down, .., level, missed] = &mut self.body;
        match body {
            Body::Crowd if recent.completions + recent.failures > 0 => {
                let [served, failed] = look::crowd(recent);
                working.set(&served);
                down.set(&failed);
            }
            Body::Tank => {
                let paths = look::tank(node, recent);
                for (part, path) in [edge, level, missed].into_iter().zip(paths) {
                    part.set(&path);
                }
            }
            Body::Crowd | Body::Slots | Body::Backends => {}
        }
    }

    /// Returns the state of the node, in words.
    pub(super) fn state(&self) -> &str {
        &self.state
    }
}

/// Draws the replicas as boxes if there are several or if one is not up, else each slot; and the
/// outlines of all slots.
fn slots(row: &mut SlotRow, node: &NodeFrame) -> (boxes::Paths, String) {
    use ReplicaState::{Slow, Up};
    let whole = [look::whole(node)];
    match (node.boxes.as_slice(), node.replicas.as_slice()) {
        ([], [state]) if !matches!(state, Up | Slow) => {
            (boxes::paths(&node.replicas, &whole), String::new())
        }
        ([], replicas) => {
            let [free, working, blocked] = row.paths(node, look::SLOTS[0]);
            let mut paths = boxes::Paths::default();
            paths[boxes::Part::Working as usize] = working;
            paths[boxes::Part::Blocked as usize] = blocked;
            if *replicas == [Slow] {
                let [right, bottom] = look::SLOTS;
                paths[boxes::Part::Slow as usize] =
                    format!("M{} {}l5 9h-10z", right - 5.0, bottom - 9.0);
            }
            (paths, free)
        }
        (boxes, replicas) => (boxes::paths(replicas, boxes), String::new()),
    }
}

/// Returns the metric at the foot of the card, beside its rate.
fn note(node: &NodeFrame, recent: Totals, body: Body) -> String {
    let looked_up = recent.hits + recent.misses;
    let held = words::short(u64::from(node.waiting));
    if looked_up > 0 {
        let share = recent.hits as f64 / looked_up as f64 * 100.0;
        return format!("{share:.0}% hits");
    }
    if body == Body::Tank {
        return format!("{held} held");
    }
    let answered = recent.completions + recent.failures;
    if recent.failures > 0 && answered > 0 {
        let share = recent.failures as f64 / answered as f64 * 100.0;
        return match share {
            share if share < 0.5 => "<1% fail".to_owned(),
            share => format!("{share:.0}% fail"),
        };
    }
    // A copy that has lacked a write for longer than the network takes.
    if node.versions > 0 && node.age_ns >= 1_000_000_000 {
        return format!("{} behind", words::span(node.age_ns));
    }
    let under_way = node.working + node.blocked;
    match node.slots {
        0 if under_way > 0 => format!("{} in flight", words::count(u64::from(under_way))),
        0 => String::new(),
        slots => format!(
            "{}/{} busy",
            words::short(u64::from(under_way)),
            words::short(u64::from(slots))
        ),
    }
}

/// Returns how many calls a dot stands for; empty if it is one.
pub(crate) fn one_dot(calls: u32) -> String {
    match calls {
        0 | 1 => String::new(),
        n => format!("1 dot = {}", words::count(u64::from(n))),
    }
}

/// Returns how many calls a dot stands for on every link with traffic; `None` if links differ.
pub(crate) fn scale(links: &[LinkFrame]) -> Option<u32> {
    let mut busy = links.iter().filter(|link| link.attempts > 0);
    let scale = busy.next()?.dot;
    busy.all(|link| link.dot == scale).then_some(scale)
}

/// Returns the failures of the whole run.
pub(crate) fn failed(frame: &Frame) -> u64 {
    frame.failed.iter().sum()
}
