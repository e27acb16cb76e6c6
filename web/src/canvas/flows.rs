//! The traffic of links, written directly to their elements: rates, states, and how retries
//! multiply along the path.

use format::message::LinkFrame;
use web_sys::Element;

use super::dom::{Attr, Text};
use crate::words;
use host::rates::Recent;

/// Minimum retry amplification that is shown.
const TIMES_MIN: f64 = 1.25;
/// Width of a letter, in font sizes: the text is monospaced.
const CHAR_EM: f64 = 0.6;
/// Maximum length of a path along which retries multiply, in links.
const WAY_MAX: usize = 12;

/// The parts of a link that change while the simulation runs.
pub(crate) struct LinkParts {
    pub(super) line: Attr,
    pub(super) group: Attr,
    times: Text,
    times_x: Attr,
    sample: Text,
    sample_x: Attr,
    recent: Recent<[u64; 2]>,
    /// Attempts per second, as the width of the line shows them.
    pub(super) per_s: Option<f64>,
}

impl LinkParts {
    /// Finds the parts of a link's group.
    pub(crate) fn of(group: &Element) -> Option<Self> {
        Some(Self {
            line: Attr::of(group, ".line", "stroke-width")?,
            group: Attr::on(group.clone(), "data-state"),
            times: Text::of(group, ".times")?,
            times_x: Attr::of(group, ".times", "x")?,
            sample: Text::of(group, ".sample")?,
            sample_x: Attr::of(group, ".sample", "x")?,
            recent: Recent::default(),
            per_s: None,
        })
    }

    /// Returns recent attempts per second, and attempts per call: at most the number that its
    /// policies allow.
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

    /// Shows no metrics, because no telemetry reports them.
    pub(crate) fn silence(&mut self) {
        self.line.set("1.25");
        self.group.set("unknown");
        self.per_s = None;
        self.times.set("");
        self.sample.set("");
    }

    /// Updates the width by flow (a share of the busiest link's), the state of breaker and network,
    /// the retry amplification up to here, and how many calls a dot stands for, unless all links
    /// have the same number.
    pub(crate) fn write(&mut self, link: &LinkFrame, share: f64, times: f64, says_scale: bool) {
        // Square root: the low end stays legible.
        let width = 1.25 + 2.25 * share.clamp(0.0, 1.0).sqrt();
        self.line.set(&format!("{width:.1}"));
        // A list, as the style sheet takes it.
        self.group
            .set(match (link.breakers_open, link.cut, link.impaired) {
                (0, false, false) => "",
                (0, false, true) => "impaired",
                (0, true, _) if link.passes => "part",
                (0, true, _) => "cut",
                (_, false, _) => "open",
                (_, true, _) if link.passes => "open part",
                (_, true, _) => "open cut",
            });
        let times = match times {
            times if times < TIMES_MIN => String::new(),
            times if times < 9.95 => format!("\u{d7}{times:.1} "),
            times => format!("\u{d7}{times:.0} "),
        };
        let dot = words::short(link.dot.into());
        let sample = match says_scale && link.dot > 1 {
            // Between two cards there is room for about ten letters.
            true if !times.is_empty() => format!("\u{25cf}{dot}"),
            true => format!("\u{25cf} = {dot}"),
            false => String::new(),
        };
        // Both together are centered at their place.
        let [first, second] = [&times, &sample].map(|text| text.chars().count() as f64 * CHAR_EM);
        self.times_x.set(&format!("{:.2}em", -second / 2.0));
        self.sample_x.set(&format!("{:.2}em", first / 2.0));
        self.times.set(&times);
        self.sample.set(&sample);
    }
}

/// Recent traffic on a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// Attempts per second.
    pub(crate) per_s: f64,
    /// Attempts per call.
    pub(crate) retries: f64,
}

/// Returns, for each link, the number of attempts for each one that there would be without retries:
/// the product along the path from the clients. Links are given by the indices of their ends.
pub(crate) fn amplification(nodes: usize, links: &[(usize, usize)], flows: &[Flow]) -> Vec<f64> {
    let mut at_node = vec![1.0; nodes];
    let mut on_link = vec![1.0; links.len()];
    // A path has at most as many links as there are nodes; longer ones are cycles.
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

/// Returns the maximum number of attempts that a call over a link can make. In a second in which
/// many calls wait for their next attempt, there are more attempts than that for each new call.
pub(super) fn most_attempts(link: &design::Link) -> f64 {
    let retries = link.retry.as_ref().map_or(1, |retry| retry.max_attempts);
    let copies = link
        .hedge
        .as_ref()
        .map_or(1.0, |hedge| f64::from(hedge.max) + 1.0);
    f64::from(retries) * copies
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
        // A cycle ends.
        let ring = amplification(2, &[(0, 1), (1, 0)], &[flow(1.0, 2.0); 2]);
        assert!(ring.iter().all(|times| times.is_finite()));
    }
}
