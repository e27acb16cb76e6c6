//! The live figures of nodes and links, written straight to their elements once a frame.

use design::Kind;
use format::message::{BoxFrame, Frame, LinkFrame, NodeFrame, ReplicaState};
use web_sys::Element;

use super::boxes;
use super::dom::{Attr, Text};
use super::look::{self, Health, SlotRow, Totals};
use crate::words;

/// Rates are taken over at least this much simulated time, in ns.
const RATE_OVER_NS: u64 = 500_000_000;

/// Retry amplification that is worth a word.
const TIMES_MIN: f64 = 1.25;
/// Most links of a way along which retries multiply.
const WAY_MAX: usize = 12;

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
    pub(super) body: [Attr; BODY.len()],
    pub(super) places: [Attr; 2],
    waiting: Text,
    pub(super) rate: Text,
    pub(super) note: Text,
    /// Below the card: wasted work, and harm to data.
    pub(super) harm: Text,
    is_wasted: Attr,
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
pub(super) struct Drawn {
    pub(super) slots: [u32; 3],
    pub(super) queue: [u32; 2],
    replicas: Vec<ReplicaState>,
    boxes: Vec<BoxFrame>,
}

/// The picture in a card: of its slots, of its replicas, of its users or of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Slots, or a box per replica.
    Slots,
    /// A tank.
    Tank,
    /// Users.
    Crowd,
    /// Nothing.
    Empty,
}

impl Body {
    /// Of a kind of node.
    pub(crate) fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Client(_) => Self::Crowd,
            Kind::Cache(_) | Kind::Queue(_) => Self::Tank,
            Kind::LoadBalancer(_) => Self::Empty,
            Kind::Service(_) | Kind::Database(_) | Kind::Coordinator(_) => Self::Slots,
        }
    }
}

/// The parts of the picture: first those of the boxes, in their order, then all others.
pub(super) const BODY: [&str; 12] = [
    "working", "blocked", "edge", "leader", "slow", "down", "ejected", "starting", "faulty",
    "free", "level", "missed",
];

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
            harm: Text::of(card, ".harm")?,
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

    /// The node has another name.
    pub(crate) fn rename(&mut self, title: String) {
        self.title = title;
    }

    /// Shapes, once a frame.
    pub(crate) fn draw(&mut self, node: &NodeFrame, body: Body) {
        let now = Drawn {
            slots: [node.slots, node.working, node.blocked],
            queue: [node.waiting, node.capacity],
            replicas: node.replicas.clone(),
            boxes: node.boxes.clone(),
        };
        let last = self.drawn.replace(now);
        let now = self.drawn.as_ref().expect("it was put there");
        // A card is drawn in parts: of most, one differs from a frame ago.
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

    /// Nobody is told anything of it.
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
        self.harm.set("");
        self.is_wasted.set("");
        self.badge.set("");
        self.badge_now.set("none");
        self.causes.set("");
        self.name.set(&format!("{}, no data", self.title));
    }

    /// Words and rates, a few times a second.
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
        // Of what was served, not of what is held.
        let age = recent
            .age_ns
            .checked_div(recent.hits)
            .filter(|age| *age > 0);
        let age = age.map(|age| format!("serves {} old", words::span(age)));
        let harm: Vec<String> = wasted
            .into_iter()
            .chain(age)
            .chain(look::harm(node.harm))
            .collect();
        self.harm.set(&harm.join(", "));
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

    /// The part of the picture that shows rates.
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
            Body::Crowd | Body::Slots | Body::Empty => {}
        }
    }

    /// How the node is now, in words.
    pub(super) fn state(&self) -> &str {
        &self.state
    }
}

/// The replicas as boxes where there are several or one that is not up, else every slot by itself;
/// and the outlines of all slots.
fn slots(row: &mut SlotRow, node: &NodeFrame) -> (boxes::Paths, String) {
    use ReplicaState::{Slow, Up};
    let whole = [BoxFrame {
        working: node.working,
        blocked: node.blocked,
        slots: node.slots,
        waiting: node.waiting,
        ..BoxFrame::default()
    }];
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

/// The metric at the foot of the card, beside its rate.
fn note(node: &NodeFrame, recent: Totals, body: Body) -> String {
    let looked_up = recent.hits + recent.misses;
    let held = words::short(u64::from(node.waiting));
    if looked_up > 0 {
        let share = recent.hits as f64 / looked_up as f64 * 100.0;
        return format!("{share:.0}% hits");
    }
    if body == Body::Tank {
        return match node.age_ns {
            age if age > 0 && node.waiting > 0 => {
                format!("{held} held, oldest {}", words::span(age))
            }
            _ => format!("{held} held"),
        };
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

/// The parts of a link that change while the simulation runs.
pub(crate) struct LinkParts {
    pub(super) line: Attr,
    pub(super) group: Attr,
    times: Text,
    sample: Text,
    recent: Recent<[u64; 2]>,
    /// Attempts per second, as the width of the line last told them.
    pub(super) per_s: Option<f64>,
}

impl LinkParts {
    /// Finds the parts in a link's group.
    pub(crate) fn of(group: &Element) -> Option<Self> {
        Some(Self {
            line: Attr::of(group, ".line", "stroke-width")?,
            group: Attr::on(group.clone(), "data-state"),
            times: Text::of(group, ".times")?,
            sample: Text::of(group, ".sample")?,
            recent: Recent::default(),
            per_s: None,
        })
    }

    /// Recent attempts per second, and attempts per call: at most those that its policies allow.
    pub(crate) fn rate(&mut self, link: &LinkFrame, time_ns: u64, most: f64) -> Flow {
        let now = [link.attempts, link.calls];
        let (base, seconds) = self.recent.base(time_ns, now);
        let [attempts, calls] = [0, 1].map(|at| now[at].saturating_sub(base[at]) as f64);
        self.per_s = (seconds > 0.0).then(|| attempts / seconds);
        Flow {
            per_s: self.per_s.unwrap_or_default(),
            retries: if calls > 0.0 {
                (attempts / calls).clamp(1.0, most)
            } else {
                1.0
            },
        }
    }

    /// Nobody is told anything of it.
    pub(crate) fn silence(&mut self) {
        self.line.set("1.25");
        self.group.set("unknown");
        self.per_s = None;
        self.times.set("");
        self.sample.set("");
    }

    /// Width by flow (a share of the busiest link's), state of breaker and network, the retry
    /// amplification up to here, and how many calls a dot is unless that is said for all links.
    pub(crate) fn write(&mut self, link: &LinkFrame, share: f64, times: f64, says_scale: bool) {
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
        self.times.set(&match times {
            times if times < TIMES_MIN => String::new(),
            times if times < 9.95 => format!("\u{d7}{times:.1} "),
            times => format!("\u{d7}{times:.0} "),
        });
        self.sample.set(&match says_scale && link.dot > 1 {
            true => format!("\u{25cf} = {}", words::short(link.dot.into())),
            false => String::new(),
        });
    }
}

/// What went over a link of late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// Attempts per second.
    pub(crate) per_s: f64,
    /// Attempts per call.
    pub(crate) retries: f64,
}

/// How many attempts there are on each link for one that there would be without retries: the
/// product along the way from the clients. Links are given by the places of their ends.
pub(crate) fn amplification(nodes: usize, links: &[(usize, usize)], flows: &[Flow]) -> Vec<f64> {
    let mut at_node = vec![1.0; nodes];
    let mut on_link = vec![1.0; links.len()];
    // A way has at most as many links as there are nodes; longer ways are rings.
    for _ in 0..nodes.min(WAY_MAX) {
        let mut sums = vec![[0.0; 2]; nodes];
        for ((link, (from, to)), flow) in on_link.iter_mut().zip(links).zip(flows) {
            *link = at_node.get(*from).copied().unwrap_or(1.0) * flow.retries;
            if let Some([weighted, weights]) = sums.get_mut(*to) {
                *weighted += *link * flow.per_s;
                *weights += flow.per_s;
            }
        }
        for (node, [weighted, weights]) in at_node.iter_mut().zip(sums) {
            *node = if weights > 0.0 {
                weighted / weights
            } else {
                1.0
            };
        }
    }
    on_link
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_multiply_along_the_way() {
        let flow = |per_s: f64, retries: f64| Flow { per_s, retries };
        // A chain with three attempts each, and a second caller of its end that does not retry.
        let links = [(0, 1), (1, 2), (2, 3), (4, 2)];
        let flows = [
            flow(3.0, 3.0),
            flow(9.0, 3.0),
            flow(54.0, 3.0),
            flow(9.0, 1.0),
        ];
        let times = amplification(5, &links, &flows);
        assert_eq!(times, [3.0, 9.0, 15.0, 1.0]);
        // A ring ends.
        let ring = amplification(2, &[(0, 1), (1, 0)], &[flow(1.0, 2.0); 2]);
        assert!(ring.iter().all(|times| times.is_finite()));
    }
}
