//! A remedy: its measured effect, a preview on the canvas while the pointer is on it, and a button
//! that applies it.

use leptos::prelude::*;
use report::{Change, Effect, Remedy};

use super::said;
use crate::state::Page;

/// A remedy with its effect.
pub(super) fn view(page: Page, remedy: Remedy) -> AnyView {
    let label = said::plain(page, &remedy.label);
    let effect = remedy.effect.as_ref().map(effect);
    let cost = (!remedy.cost.is_empty()).then(|| {
        view! { <p class="quiet">"Costs: " {said::view(page, &remedy.cost)}</p> }
    });
    let remedy = StoredValue::new(remedy);
    let foresee = move || remedy.with_value(|remedy| page.foresee(Some(remedy)));
    view! {
        <div
            class="finding-fix"
            on:pointerenter=move |_| foresee()
            on:pointerleave=move |_| page.foresee(None)
        >
            <button
                class="button"
                title="Apply and compare"
                on:focus=move |_| foresee()
                on:blur=move |_| page.foresee(None)
                on:click=move |_| remedy.with_value(|remedy| page.apply_remedy(remedy))
            >
                {label}
            </button>
            {effect}
            {cost}
        </div>
    }
    .into_any()
}

/// The metrics that the remedy makes worse or better, and the monthly cost.
fn effect(effect: &Effect) -> AnyView {
    // Harm comes first, because the remedy is a trade-off.
    let worse = effect.worse.iter().map(|change| row("worse", change));
    let better = std::iter::once(&effect.requirement).chain(&effect.better);
    let better = better.map(|change| row("better", change));
    let [before, after] = [effect.monthly_cost.before, effect.monthly_cost.after]
        .map(|cost| cost.unwrap_or_default());
    let cost = ((after - before).abs() >= 1.0).then(|| row("cost", &effect.monthly_cost));
    let fixes = match (effect.fixes, effect.worse.is_empty()) {
        (true, true) => Some("This run then meets every requirement."),
        _ => None,
    };
    view! {
        <dl class="effect">{worse.collect_view()} {better.collect_view()} {cost}</dl>
        {fixes.map(|fixes| view! { <p class="fixes">{fixes}</p> })}
        {text::seeds(effect.seeds).map(|seeds| view! { <p class="quiet">{seeds}</p> })}
    }
    .into_any()
}

fn row(how: &'static str, change: &Change) -> AnyView {
    let sign = match how {
        "worse" => "Worse: ",
        _ => "",
    };
    view! {
        <div data-how=how>
            <dt>{sign} {said::metric(change.metric)}</dt>
            <dd class="num">
                {said::value(change.metric, change.before)} " \u{2192} "
                {said::value(change.metric, change.after)}
            </dd>
        </div>
    }
    .into_any()
}
