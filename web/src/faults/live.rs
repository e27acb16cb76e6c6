//! The active faults over the canvas: each with its name, its remaining time, and a button that
//! ends it.

use design::{Command, Fault};
use leptos::prelude::*;

use super::is_on;
use crate::inspector::fault_words;
use crate::state::Page;
use crate::words;

/// Maximum number of faults shown.
const SHOWN_MAX: usize = 4;

/// The faults that are on, over the canvas.
#[component]
pub(crate) fn LiveFaults() -> impl IntoView {
    let page = Page::get();
    let live = Memo::new(move |_| {
        page.tick.track();
        let now_s = page.history.with_value(|history| history.now_s);
        page.design.with(|design| {
            let faults = design.faults.iter().enumerate();
            let on = faults.filter(|(_, fault)| is_on(design, fault, now_s));
            on.map(|(at, fault)| (at, fault.clone()))
                .collect::<Vec<_>>()
        })
    });
    let chip = move |(at, fault): (usize, Fault)| {
        let label = page
            .design
            .with_untracked(|design| crate::history::fault_label(&fault, design));
        view! {
            <li>
                <span class="what" title=label.clone()>{label.clone()}</span>
                <span class="num quiet">{left(page, fault)}</span>
                <button
                    class="button end-fault"
                    aria-label=format!("End: {label}")
                    on:click=move |_| page.mend(at)
                >
                    "End"
                </button>
            </li>
        }
    };
    let shown = move || {
        let mut faults = live.get();
        let more = faults.len().saturating_sub(SHOWN_MAX);
        faults.truncate(SHOWN_MAX);
        (!faults.is_empty()).then(|| {
            view! {
                <ul class="live-faults" aria-label="Active faults">
                    {faults.into_iter().map(chip).collect_view()}
                    {(more > 0).then(|| view! { <li class="quiet">{format!("and {more} more")}</li> })}
                </ul>
            }
        })
    };
    shown.into_any()
}

/// The remaining time of a fault.
fn left(page: Page, fault: Fault) -> impl IntoView {
    let left = Memo::new(move |_| {
        page.tick.track();
        let now_s = page.history.with_value(|history| history.now_s);
        let ends = page.design.with(|design| design.fault_ends(&fault));
        match ends {
            Some(end) => format!("{} s left", words::figure((end.as_s() - now_s).max(0.0))),
            None => "until ended".to_owned(),
        }
    });
    move || left.get()
}

/// The target's faults, each with buttons to end it and to remove it.
pub(super) fn aimed(page: Page, id: String) -> impl IntoView {
    let faults = Memo::new(move |_| {
        page.tick.track();
        let now_s = page.history.with_value(|history| history.now_s);
        page.design.with(|design| {
            let aimed = design.faults.iter().enumerate();
            let aimed = aimed.filter(|(_, fault)| fault.target == id);
            aimed
                .map(|(at, fault)| (at, fault.clone(), is_on(design, fault, now_s)))
                .collect::<Vec<_>>()
        })
    });
    let item = move |(at, fault, is_on): (usize, Fault, bool)| {
        let words = format!("{} from {:.1} s", fault_words(&fault), fault.at.as_s());
        view! {
            <li>
                <span>{words.clone()}</span>
                {is_on.then(|| view! {
                    <button
                        type="button"
                        class="quiet-button"
                        aria-label=format!("End {words}")
                        on:click=move |_| page.mend(at)
                    >
                        "End"
                    </button>
                })}
                <button
                    type="button"
                    class="icon-button"
                    aria-label=format!("Remove {words}")
                    title="Remove"
                    on:click=move |_| page.command_named(Command::RemoveFault(at), &format!("Remove {words}"))
                >
                    "×"
                </button>
            </li>
        }
    };
    move || {
        let faults = faults.get();
        (!faults.is_empty()).then(
            || view! { <ul class="scheduled">{faults.into_iter().map(item).collect_view()}</ul> },
        )
    }
}
