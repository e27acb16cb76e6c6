//! The requirements of the design with their values in the run up to now, and a form to add some.

use design::requirement::Bound;
use design::validate::check_requirement;
use design::{Attribute, Command, Duration, Metric, Reader, Requirement, Value};
use format::message::RunState;
use leptos::prelude::*;
use report::{Score, Unit};

use super::shapes::{self, is_more_better};
use crate::bind;
use crate::icons;
use crate::state::Page;

/// The scorecard.
#[component]
pub(super) fn Scorecard() -> impl IntoView {
    let page = Page::get();
    let adding = RwSignal::new(false);
    let required = Memo::new(move |_| page.design.with(|design| design.requirements.clone()));
    let rows = move || {
        let required = required.get();
        let scores = page.review.scores.get();
        let rows = required.iter().enumerate().map(|(at, requirement)| {
            // The report may be of the design a moment ago, so the score must be of this
            // requirement.
            let score = scores
                .get(at)
                .filter(|score| score.metric == requirement.metric);
            row(page, at, requirement, score)
        });
        rows.collect_view()
    };
    let none = Memo::new(move |_| required.with(Vec::is_empty));
    let so_far = bind::text(move || {
        let state = page.status.with(|status| status.state);
        let is_over = matches!(state, RunState::Ended | RunState::OutOfBudget);
        if is_over { "Run" } else { "So far" }.to_owned()
    });
    view! {
        <div class="scorecard">
            <h3>"Requirements"</h3>
            {move || none.get().then(|| first(page))}
            <table hidden=move || none.get()>
                <thead>
                    <tr>
                        <th scope="col">"Metric"</th>
                        <th scope="col">"Target"</th>
                        <th scope="col">{so_far}</th>
                        <th scope="col">
                            <span class="visually-hidden">"Remove"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {move || match adding.get() {
                true => form(page, adding),
                false => {
                    view! {
                        <button class="button bare add" on:click=move |_| adding.set(true)>
                            {icons::glyph(icons::PLUS)}
                            "Add a requirement"
                        </button>
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

fn row(page: Page, at: usize, requirement: &Requirement, score: Option<&Score>) -> AnyView {
    let unit = Unit::of(requirement.metric);
    let name = text::metric(requirement.metric);
    let bound = |bound: &Bound| {
        let bound = match bound {
            Bound::Number(number) => *number,
            Bound::Duration(duration) => duration.as_ms(),
        };
        shapes::limit(report::Bound::AtMost(bound), unit)
    };
    let target = match (&requirement.at_least, &requirement.at_most) {
        (Some(least), Some(most)) => format!("{} to {}", bound(least), bound(most)),
        (Some(least), None) => format!("\u{2265} {}", bound(least)),
        (None, Some(most)) => format!("\u{2264} {}", bound(most)),
        (None, None) => "any".to_owned(),
    };
    let (state, sign, says) = match score.map(|score| score.verdict) {
        Some(verdict) => (
            shapes::state(verdict),
            shapes::icon(verdict),
            text::verdict(verdict),
        ),
        None => ("", "M5 5h.01", "not known yet"),
    };
    let actual = score.map_or("\u{2026}".to_owned(), shapes::actual);
    let class = score.map_or("num", shapes::class);
    let remove = format!("Remove {}", name.to_lowercase());
    view! {
        <tr data-state=state>
            <th scope="row">{name}</th>
            <td class="num">{target}</td>
            <td class=class>
                {actual} <svg class="verdict" viewBox="0 0 10 10" role="img" aria-label=says>
                    <path d=sign></path>
                </svg>
            </td>
            <td>
                <button
                    class="button bare icon"
                    aria-label=remove.clone()
                    title=remove
                    on:click=move |_| page.command(Command::RemoveRequirement(at))
                >
                    {icons::glyph(icons::CLOSE)}
                </button>
            </td>
        </tr>
    }
    .into_any()
}

/// Offers the first requirements of a design without any.
fn first(page: Page) -> AnyView {
    let offer = |label: &'static str, requirement: Requirement| {
        view! {
            <button
                class="button"
                on:click=move |_| {
                    page.command(Command::AddRequirement(usize::MAX, requirement.clone()));
                }
            >
                {label}
            </button>
        }
    };
    let answered = Requirement {
        metric: Metric::Availability,
        at_least: Some(Bound::Number(0.999)),
        at_most: None,
    };
    let fast = Requirement {
        metric: Metric::LatencyP99,
        at_least: None,
        at_most: Some(Bound::Duration(Duration::ms(500))),
    };
    view! {
        <p>"None yet. Requirements state what is good enough."</p>
        <div class="offers">
            {offer("99.9% answered", answered)}
            {offer("p99 within 500\u{a0}ms", fast)}
        </div>
    }
    .into_any()
}

fn form(page: Page, adding: RwSignal<bool>) -> AnyView {
    let chosen = RwSignal::new(Metric::Availability);
    let bound = RwSignal::new(String::new());
    let said = RwSignal::new(String::new());
    let options = Metric::ALL.iter().map(|one| {
        view! { <option value=one.name()>{text::metric(*one)}</option> }
    });
    let unit = move || {
        let words = match (is_more_better(chosen.get()), chosen.get().is_duration()) {
            (true, _) => "at least",
            (false, true) => "at most, e.g. 300ms",
            (false, false) => "at most",
        };
        words.to_owned()
    };
    let add = move || match read_requirement(chosen.get_untracked(), bound.get_untracked().trim()) {
        Ok(requirement) => {
            adding.set(false);
            page.command(Command::AddRequirement(usize::MAX, requirement));
        }
        Err(why) => said.set(why),
    };
    view! {
        <form
            class="add-requirement"
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <select
                aria-label="Metric"
                on:change=move |event| {
                    let name = event_target_value(&event);
                    if let Some(one) = Metric::ALL.iter().find(|one| one.name() == name) {
                        chosen.set(*one);
                    }
                }
            >
                {options.collect_view()}
            </select>
            <label>
                <span class="quiet">{unit}</span>
                <input
                    class="num"
                    maxlength="20"
                    on:input=move |event| bound.set(event_target_value(&event))
                />
            </label>
            <span class="row">
                <button class="button" type="submit">
                    "Add"
                </button>
                <button class="button bare" type="button" on:click=move |_| adding.set(false)>
                    "Cancel"
                </button>
            </span>
            <p class="refusal" role="status">
                {said}
            </p>
        </form>
    }
    .into_any()
}

/// Returns the requirement with this bound, as it was typed. The error is for the user.
fn read_requirement(figure: Metric, typed: &str) -> Result<Requirement, String> {
    let bound = match typed.parse::<f64>() {
        Ok(number) => Value::Number(number),
        Err(_) => Value::text(typed),
    };
    let name = match is_more_better(figure) {
        true => "at_least",
        false => "at_most",
    };
    let entries = [("metric", figure.write()), (name, bound)];
    let entries = entries.map(|(name, value)| (name.to_owned(), value));
    let mut reader = Reader::default();
    let requirement = Requirement::read_entry(&Value::Map(entries.into()), &mut reader);
    if let Some(requirement) = &requirement {
        check_requirement(requirement, &mut reader);
    }
    match (requirement, reader.finish().first()) {
        (Some(requirement), None) => Ok(requirement),
        (_, Some(problem)) => Err(crate::words::sentence(&problem.message)),
        (None, None) => Err("Enter a value, e.g. 300ms".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_read_as_it_is_typed() {
        let read = |figure, typed| read_requirement(figure, typed);
        let least = |figure, typed| read(figure, typed).map(|required| required.at_least);
        let most = |figure, typed| read(figure, typed).map(|required| required.at_most);
        for typed in ["0.999", "99.9%", "99.9 %"] {
            let bound = Some(Bound::Number(0.999));
            assert_eq!(least(Metric::Availability, typed), Ok(bound), "{typed}");
        }
        let bound = Bound::Duration(Duration::ms(300));
        assert_eq!(most(Metric::LatencyP99, "300ms"), Ok(Some(bound)));
        let refused = |figure, typed| read(figure, typed).unwrap_err();
        let whole = refused(Metric::Availability, "99.9");
        assert!(whole.contains("did you mean 0.999 or 99.9%?"), "{whole}");
        assert!(refused(Metric::LatencyP99, "300").contains("duration"));
        assert!(refused(Metric::Goodput, "50%").contains("availability only"));
    }
}
