//! On the canvas: the feedback loop that keeps a system down after its trigger is over, as a ring
//! of arrows around the nodes that it runs through.

use editor::Rect;
use format::message::Diagnosed;
use leptos::prelude::*;
use report::Finding;

use crate::state::Page;

/// The rules whose findings name the parts of the loop.
const RULES: [&str; 2] = ["metastable-failure", "retry-storm"];
/// Free space between the cards and the ring.
const MARGIN: f64 = 24.0;
/// Additional space below, for two lines of text.
const BELOW: f64 = 34.0;
const RADIUS: f64 = 24.0;

/// Draws the ring, from the moment at which the trigger was over.
#[component]
pub(crate) fn FeedbackLoop() -> impl IntoView {
    let page = Page::get();
    let ring = Memo::new(move |_| {
        page.tick.track();
        let now_s = page.history.with_value(|history| history.now_s);
        page.review.stuck.with(|stuck| {
            let stuck = stuck.as_ref().filter(|(since_s, _)| *since_s <= now_s);
            stuck.and_then(|(_, parts)| around(page, parts))
        })
    });
    move || {
        ring.get().map(|(rect, retries)| {
            let words = match retries {
                true => "overload → timeouts → retries → overload",
                false => "overload → timeouts → wasted work → overload",
            };
            let middle = rect.center().x;
            view! {
                <svg class="feedback" width="1" height="1" aria-hidden="true">
                    <path d=path(rect)></path>
                    <text x=middle y=rect.min.y + 5.0>
                        {words}
                    </text>
                </svg>
            }
        })
    }
}

/// Returns since when a feedback loop keeps the run down, in s, and its parts. They come from the
/// rules, which know the run up to now: experiments may be of an earlier moment.
pub(super) fn parts(shown: &Diagnosed) -> Option<(f64, Vec<String>)> {
    let mut all = shown.findings.iter().flat_map(Finding::all);
    let stuck = all.find(|finding| RULES.contains(&&*finding.rule))?;
    Some((shown.stuck_s?, stuck.subjects.clone()))
}

/// Returns the area of these parts with a margin, and whether a link is among them.
fn around(page: Page, parts: &[String]) -> Option<(Rect, bool)> {
    page.placed().with(|design| {
        let links = || parts.iter().filter_map(|id| design.link(id));
        let ends = links().flat_map(|link| [&link.from, &link.to]);
        let nodes = parts.iter().chain(ends).filter_map(|id| design.node(id));
        let rects = nodes.map(editor::node_rect);
        let all = rects.reduce(|all, one| all.union(one))?;
        let mut ring = all.expand(MARGIN);
        // What was done to data is written below a card.
        ring.max.y += BELOW;
        Some((ring, links().next().is_some()))
    })
}

/// Returns a rounded rectangle with an arrowhead on its upper and on its lower side, beside the
/// words in the middle of the upper one.
fn path(rect: Rect) -> String {
    let (min, max) = (rect.min, rect.max);
    let [first, last] = [0.14, 0.86].map(|share| (min.x + (max.x - min.x) * share).round());
    let [left, right] = [min.x + RADIUS, max.x - RADIUS];
    let corner = format!("a{RADIUS} {RADIUS} 0 0 1");
    format!(
        "M{left} {}H{right}{corner} {RADIUS} {RADIUS}V{}{corner}-{RADIUS} {RADIUS}H{left}\
         {corner}-{RADIUS}-{RADIUS}V{}{corner} {RADIUS}-{RADIUS}M{} {}l10 8-10 8M{} {}l-10 8 10 8",
        min.y,
        max.y - RADIUS,
        min.y + RADIUS,
        last - 5.0,
        min.y - 8.0,
        first + 5.0,
        max.y - 8.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use editor::Point;

    #[test]
    fn the_ring_is_closed_and_its_arrows_are_on_it() {
        let ring = path(Rect::between(
            Point::new(0.0, 0.0),
            Point::new(400.0, 200.0),
        ));
        assert!(ring.starts_with("M24 0H376a"), "{ring}");
        assert!(ring.contains("M339 -8l10 8-10 8"), "{ring}");
        assert!(ring.ends_with("M61 192l-10 8 10 8"), "{ring}");
    }
}
