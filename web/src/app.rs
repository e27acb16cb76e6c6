//! The playground: what stands where.

use leptos::prelude::*;

use crate::charts::Charts;
use crate::inspector::Inspector;
use crate::state::Page;

/// The whole page.
#[component]
pub(crate) fn App() -> impl IntoView {
    let page = Page::new();
    provide_context(page);
    let something_selected = move || page.selection.with(|s| !s.nodes.is_empty() || !s.links.is_empty());
    view! {
        <main class="page">
            <Show when=something_selected>
                <aside class="inspect" aria-label="Inspector">
                    <Inspector design=page.design selection=page.selection on_command=page.on_command() />
                </aside>
            </Show>
            <section class="figures" aria-label="Figures">
                <Charts history=page.history tick=page.tick />
            </section>
        </main>
    }
}
