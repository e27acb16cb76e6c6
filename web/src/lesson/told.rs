//! What happened, with the metrics of the lesson's own two runs.

use design::Value;
use host::scenarios::{Piece, Shown, pieces};
use leptos::prelude::*;

use super::Lesson;
use crate::findings::{Side, said};
use crate::state::Page;

/// The explanation, folded until the user opens it or gets to it.
pub(super) fn view(page: Page, lesson: StoredValue<Lesson>) -> AnyView {
    let (why, change, shows) = lesson.with_value(|lesson| {
        let scenario = &lesson.scenario;
        let story = &scenario.story;
        (
            story.why.clone(),
            story.change.clone(),
            scenario.shows.clone(),
        )
    });
    let is_done = move || {
        let steps = lesson.with_value(|lesson| lesson.scenario.steps.len());
        page.path.done.with(|done| done.current()) >= steps.max(1)
    };
    let fill = move |text: &str| {
        page.path
            .runs
            .with(|runs| filled(text, &shows, runs.as_deref()))
    };
    let fill = StoredValue::new(fill);
    let own_run = lesson.with_value(Lesson::own_run);
    let text = move |text: String| crate::bind::text(move || fill.with_value(|fill| fill(&text)));
    let named = move || {
        // The diagnosis is of the faulty run: once that is fixed, there is none.
        let findings = page.review.findings.get();
        let rule = lesson.with_value(|lesson| lesson.scenario.id.clone());
        let top = findings.iter().find(|finding| finding.rule == rule)?;
        Some(view! {
            <p class="named">
                <span class="quiet">"The diagnosis of this run: "</span>
                <button class="link" on:click=move |_| page.show_side(Side::Findings)>
                    {said::plain(page, &top.what)}
                </button>
            </p>
        })
    };
    view! {
        <details
            class="told"
            prop:open=is_done
            on:toggle=move |event| {
                let details = event_target::<web_sys::Element>(&event);
                let waits = page.path.runs.with_untracked(Option::is_none);
                if details.has_attribute("open") && waits {
                    page.run_lesson(0, false);
                }
            }
        >
            <summary>"What happened"</summary>
            <p>{text(why)}</p>
            <p>{text(change)}</p>
            <p class="quiet">{own_run}</p>
            {named}
        </details>
    }
    .into_any()
}

/// Returns a text with its values; an ellipsis for those that are not known yet.
pub(super) fn filled(text: &str, shows: &[Shown], runs: Option<&[Value; 2]>) -> String {
    let figure = |name: &str, fixed: bool| {
        let shown = shows.iter().find(|shown| shown.name == name)?;
        let value = shown.figure.of(&runs?[usize::from(fixed)])?;
        Some(shown.unit.show(value))
    };
    let said = pieces(text).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Figure { name, fixed } => {
            figure(name, fixed).unwrap_or_else(|| "\u{2026}".to_owned())
        }
    });
    said.collect()
}
