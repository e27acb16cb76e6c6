//! The canvas at this moment, for a picture of it: taken from what was last written to its
//! elements, so that picture and canvas agree.

use editor::Point;
use editor::svg::{Drawn, Ink, LinkNow, Moment, NodeNow, Paint};
use leptos::prelude::*;

use super::dom::Attr;
use super::figures::NodeParts;
use super::flows::LinkParts;
use crate::state::Page;
use crate::words;

/// Returns the metrics on the canvas; `None` before a run has shown any.
pub(crate) fn moment(page: Page) -> Option<Moment> {
    let broken = page.broken.get_untracked();
    page.live.0.with_value(|picture| {
        let is_broken = |id: &String| broken.iter().any(|(node, _)| node == id);
        let nodes = picture.nodes.iter();
        let known = nodes.filter(|(_, parts)| !parts.card.shown().is_empty());
        let nodes = known.map(|(id, parts)| (id.clone(), node(parts, is_broken(id))));
        let links = picture.links.iter();
        let moment = Moment {
            when: format!(
                "At {} of the run",
                words::clock(picture.frame.time_ns as f64 / 1e9)
            ),
            nodes: nodes.collect(),
            links: links.map(|(id, parts)| (id.clone(), link(parts))).collect(),
        };
        (!moment.nodes.is_empty()).then_some(moment)
    })
}

fn node(parts: &NodeParts, broken: bool) -> NodeNow {
    let (health, ink) = match parts.card.shown() {
        "fine" => ("fine", Ink::Fine),
        "waiting" => ("waiting", Ink::Waiting),
        "degraded" => ("degraded", Ink::Degraded),
        "failing" => ("failing", Ink::Failing),
        _ => ("no data", Ink::Quiet),
    };
    let drawn = parts.drawn.as_ref();
    let body = [
        Paint::fill(Ink::Ink),
        Paint::fill(Ink::Waiting),
        Paint::line(Ink::Quiet, 1.0),
        Paint::fill(Ink::Ink),
        Paint::fill(Ink::Degraded),
        Paint::line(Ink::Failing, 1.5),
        Paint::line(Ink::Degraded, 1.5),
        Paint::line(Ink::Waiting, 1.5),
        Paint::line(Ink::Failing, 1.5),
        Paint::line(Ink::Failing, 1.5),
        Paint {
            dash: [3.0, 2.5],
            ..Paint::line(Ink::Failing, 1.0)
        },
        Paint::fill(Ink::Free),
        Paint::fill(Ink::Waiting),
        Paint::fill(Ink::Degraded),
    ];
    let body = paths(&parts.body, body);
    // For a store this is its contents: it has no queue places.
    let waiting = match parts.places[0].shown() {
        "" => 0,
        _ => drawn.map_or(0, |drawn| drawn.queue[0]),
    };
    let places = [Ink::Free, Ink::Waiting].map(Paint::fill);
    NodeNow {
        state: Some((health, ink, parts.mark.shown().to_owned())),
        rate: parts.rate.shown().to_owned(),
        tell: parts.note.shown().to_owned(),
        harm: parts.harm.shown().to_owned(),
        failures: (
            parts.badge.shown().to_owned(),
            parts.badge_now.shown() == "now",
        ),
        slots: drawn.map_or([0; 3], |drawn| drawn.slots),
        waiting,
        body,
        // Without waiting calls, a picture uses the room before the inlet otherwise.
        places: match waiting {
            0 => Vec::new(),
            _ => paths(&parts.places, places),
        },
        broken,
    }
}

fn link(parts: &LinkParts) -> LinkNow {
    let is = |word: &str| parts.group.shown().split(' ').any(|state| state == word);
    LinkNow {
        rate: parts
            .per_s
            .map_or_else(String::new, |rate| format!("{}/s", words::rate(rate))),
        width: parts.line.shown().parse().unwrap_or_default(),
        cut: is("cut") || is("part"),
        impaired: is("impaired"),
        open: is("open"),
    }
}

/// Returns the paths that are not empty, each with its paint.
fn paths<const N: usize>(parts: &[Attr; N], paints: [Paint; N]) -> Vec<Drawn> {
    let shown = parts.iter().zip(paints);
    shown
        .filter(|(part, _)| !part.shown().is_empty())
        .map(|(part, paint)| Drawn {
            d: part.shown().to_owned(),
            at: Point::default(),
            scale: [1.0; 2],
            paint,
        })
        .collect()
}
