//! Placeholder for the charts.

use leptos::prelude::*;

use crate::history::SharedHistory;

/// Charts and time line of the present run.
#[component]
pub(crate) fn Charts(
    /// What the run has shown so far.
    history: SharedHistory,
    /// Rises when `history` has changed.
    #[prop(into)]
    tick: Signal<u32>,
) -> impl IntoView {
    view! { <p class="num">{move || { tick.get(); history.with_value(|h| h.windows.len()) }}</p> }
}
