//! Announces the events of the run to screen readers: politely, a few words every few seconds.

use editor::Tool;
use format::message::RunState;
use leptos::prelude::*;

use crate::state::{Page, Status};
use crate::{canvas, words};

/// Minimum time between announcements about nodes, in ms.
const EVERY_MS: f64 = 4_000.0;
/// Maximum number of nodes that one announcement names.
const NAMED_MAX: usize = 3;

/// Announces when the run pauses or ends, and when the health of nodes changes.
pub(crate) fn announce_run(page: Page) {
    let state = Memo::new(move |_| page.status.with(|status| status.state));
    Effect::new(move |before: Option<RunState>| {
        let now = state.get();
        if before.is_some_and(|before| before != now) {
            let status = page.status.get_untracked();
            page.announce.set(run_in_words(status));
        }
        now
    });
    let said = StoredValue::new((0.0, Vec::<(String, String)>::new()));
    Effect::new(move || {
        page.tick.track();
        let now_ms = crate::engine::now_ms();
        if now_ms - said.with_value(|(at, _)| *at) < EVERY_MS {
            return;
        }
        let now = canvas::healths(page);
        let news = said.with_value(|(_, before)| news(page, before, &now));
        said.set_value((now_ms, now));
        if !news.is_empty() {
            page.announce.set(news);
        }
    });
}

/// Announces the target of a wire that is drawn by keyboard.
pub(crate) fn announce_wire(page: Page) {
    let target = page.editor.with_value(|editor| {
        let Tool::Wiring(wiring) = editor.tool() else {
            return None;
        };
        // With a place on the canvas it is drawn by pointer, and visible.
        let hover = wiring.hover.as_ref().filter(|_| wiring.at.is_none())?;
        let title = |id: &str| Some(editor.design().node(id)?.title().to_owned());
        Some((title(&wiring.wire.node)?, title(&hover.node)?))
    });
    if let Some((from, to)) = target {
        page.announce.set(format!(
            "{from} to {to}. Enter connects, arrows choose another node"
        ));
    }
}

fn run_in_words(status: Status) -> String {
    let at = words::clock(status.time_s);
    match status.state {
        RunState::Playing => "The run continues".to_owned(),
        RunState::Paused => format!("Paused at {at}"),
        RunState::Ended | RunState::OutOfBudget => format!(
            "The run ended at {at}: {} requests, {} answered, {} failed",
            words::count(status.offered),
            words::count(status.ok),
            words::count(status.failed)
        ),
    }
}

/// Returns what changed in the health of nodes.
fn news(page: Page, before: &[(String, String)], now: &[(String, String)]) -> String {
    let changed: Vec<&(String, String)> = now
        .iter()
        .filter(|(id, health)| {
            let was = before.iter().find(|(of, _)| of == id);
            was.is_some_and(|(_, was)| was != health)
        })
        .collect();
    let mut words: Vec<String> = page.design.with_untracked(|design| {
        let named = changed.iter().take(NAMED_MAX);
        named
            .map(|(id, health)| {
                let title = design.node(id).map_or(id.as_str(), |node| node.title());
                format!("{title} is {health}")
            })
            .collect()
    });
    if changed.len() > NAMED_MAX {
        words.push(format!("{} more changed", changed.len() - NAMED_MAX));
    }
    words.join("; ")
}
