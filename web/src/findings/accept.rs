//! Findings that a design accepts, each with a reason. They are part of the design.

use design::{Command, Target, Value};
use leptos::prelude::*;

use crate::state::Page;

/// Maximum length of a reason.
const REASON_MAX: usize = 200;

fn set(page: Page, change: impl FnOnce(&mut Vec<(String, String)>), name: &str) {
    let mut list: Vec<(String, String)> = page.design.with_untracked(|design| {
        let all = design.settings.allow.iter();
        all.map(|one| (one.rule.clone(), one.because.clone()))
            .collect()
    });
    change(&mut list);
    let entry = |(rule, because): (String, String)| {
        Value::Map(vec![
            ("rule".to_owned(), Value::Text(rule)),
            ("because".to_owned(), Value::Text(because)),
        ])
    };
    let list = Value::List(list.into_iter().map(entry).collect());
    page.end_gesture();
    page.command_named(
        Command::Set(Target::Settings, "allow".to_owned(), list),
        name,
    );
}

/// "Accept with a reason", then the field for it.
pub(super) fn form(page: Page, rule: String) -> AnyView {
    let open = page.review.accepting.get_untracked();
    if open.as_deref() != Some(rule.as_str()) {
        return view! {
            <button
                class="button bare accept"
                title="The rule stays silent for this design from now on"
                on:click=move |_| {
                    page.review.accepting.set(Some(rule.clone()));
                    // Redraws the list.
                    page.review.open.update(|_| ());
                    crate::acting::focus_soon("#findings .accept-form input");
                }
            >
                "Accept with a reason"
            </button>
        }
        .into_any();
    }
    let reason = RwSignal::new(String::new());
    let close = move || {
        page.review.accepting.set(None);
        page.review.open.update(|_| ());
    };
    view! {
        <form
            class="accept-form"
            on:submit=move |event| {
                event.prevent_default();
                let because = reason.get_untracked().trim().to_owned();
                if because.is_empty() {
                    return page.refuse("enter a reason for the next reader");
                }
                page.review.accepting.set(None);
                let rule = rule.clone();
                set(page, |list| list.push((rule, because)), "Accept a finding");
            }
        >
            <label>
                "Why is it accepted?"
                <input
                    maxlength=REASON_MAX
                    on:input=move |event| reason.set(event_target_value(&event))
                />
            </label>
            <span class="row">
                <button class="button" type="submit">
                    "Accept"
                </button>
                <button class="button bare" type="button" on:click=move |_| close()>
                    "Cancel"
                </button>
            </span>
        </form>
    }
    .into_any()
}

/// The accepted findings, each with a button that reports it again.
pub(super) fn accepted(page: Page) -> AnyView {
    let list = page.design.with(|design| design.settings.allow.clone());
    if list.is_empty() {
        return ().into_any();
    }
    let rows = list.into_iter().enumerate().map(|(at, one)| {
        view! {
            <li>
                <span>
                    <b>{one.rule.replace('-', " ")}</b>
                    ": "
                    {one.because}
                </span>
                <button
                    class="button bare"
                    on:click=move |_| {
                        let forget = |list: &mut Vec<(String, String)>| {
                            if at < list.len() {
                                list.remove(at);
                            }
                        };
                        set(page, forget, "Report a finding again");
                    }
                >
                    "Report again"
                </button>
            </li>
        }
    });
    view! {
        <h3>"Accepted"</h3>
        <ul class="accepted">{rows.collect_view()}</ul>
    }
    .into_any()
}
