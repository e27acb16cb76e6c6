//! The results of experiments: the run beside the same run without a suspect, the findings that
//! were ruled out, and the list of all experiments.

use std::fmt::Write;

use leptos::prelude::*;
use report::{Curve, Experiment, Finding, Standing};

use super::said;
use crate::state::Page;

/// Share of the distance to a bound below which an experiment changed nothing.
const TELLING: f64 = 0.1;
/// A small curve, in its own pixels.
const SIZE: [f64; 2] = [150.0, 52.0];

/// The most significant experiment on a finding, as two curves, and the others in a line each.
pub(super) fn experiments(page: Page, finding: &Finding) -> AnyView {
    let Some(best) = finding.experiments.first() else {
        return ().into_any();
    };
    let rest = finding.experiments.iter().skip(1);
    let is_telling = |one: &&Experiment| one.share >= TELLING;
    let rest: Vec<AnyView> = rest.filter(is_telling).map(|one| line(page, one)).collect();
    let curves = page.review.trials.with_value(|trials| {
        let known = trials
            .known()
            .filter(|_| !best.curve.goodput_per_s.is_empty());
        match known {
            Some(known) => pair(page, &known.curve, best),
            None => view! { <ul class="tried">{line(page, best)}</ul> }.into_any(),
        }
    });
    let verdict = match finding.standing {
        Standing::Confirmed => "Confirmed by repeating the run with the same requests:",
        Standing::Contributes => "Contributes, by repeating the run with the same requests:",
        Standing::RuledOut => "Ruled out by repeating the run with the same requests:",
        Standing::Suspected => "So far, by repeating the run with the same requests:",
        Standing::Untested => "Repeated with the same requests:",
    };
    view! {
        <div class="experiment">
            <p class="quiet">{verdict}</p>
            {curves}
            {text::seeds(best.seeds).map(|seeds| view! { <p class="quiet">{seeds}</p> })}
            {(!rest.is_empty()).then(|| view! { <ul class="tried">{rest}</ul> })}
        </div>
    }
    .into_any()
}

/// The run beside the run without the suspect, on the same axes.
fn pair(page: Page, with: &Curve, best: &Experiment) -> AnyView {
    let change = &best.requirement;
    let top = [with, &best.curve]
        .iter()
        .flat_map(|curve| curve.offered_per_s.iter().chain(&curve.goodput_per_s))
        .copied()
        .fold(1.0, f64::max);
    let length_s = length_s(with).max(length_s(&best.curve));
    let panel = |name: AnyView, curve: &Curve, value: Option<f64>| {
        view! {
            <figure>
                <figcaption>{name}</figcaption>
                {small(curve, top, length_s)}
                <p class="num">{said::value(change.metric, value)}</p>
            </figure>
        }
    };
    let without = view! { "Without " {said::view(page, &best.without)} };
    view! {
        <div class="pair">
            {panel("As it was".into_any(), with, change.before)}
            {panel(without.into_any(), &best.curve, change.after)}
        </div>
        <p class="quiet pair-key">
            <span>
                <i class="curve-key"></i>
                "goodput per second"
            </span>
            <span>
                <i class="curve-key offered"></i>
                "offered load"
            </span>
            <span>"below: " {said::metric(change.metric)}</span>
        </p>
    }
    .into_any()
}

fn length_s(curve: &Curve) -> f64 {
    curve.goodput_per_s.len() as f64 * curve.width_s
}

/// Offered load as a line, goodput as an area.
fn small(curve: &Curve, top: f64, length_s: f64) -> AnyView {
    let [width, height] = SIZE;
    let x = |at: usize| (at as f64 + 0.5) * curve.width_s / length_s.max(1e-9) * width;
    let y = |value: f64| height - (value / top).clamp(0.0, 1.0) * (height - 2.0);
    let path = |series: &[f64]| {
        let mut path = String::new();
        for (at, value) in series.iter().enumerate() {
            let verb = if at == 0 { 'M' } else { 'L' };
            // Writing to a string never fails.
            let _ = write!(path, "{verb}{:.1} {:.1}", x(at), y(*value));
        }
        path
    };
    let good = path(&curve.goodput_per_s);
    let last = x(curve.goodput_per_s.len().saturating_sub(1));
    let area = format!("{good}L{last:.1} {height}L{:.1} {height}Z", x(0));
    let mean = |series: &[f64]| series.iter().sum::<f64>() / series.len().max(1) as f64;
    let says = format!(
        "Average goodput {:.0}/s of {:.0}/s offered",
        mean(&curve.goodput_per_s),
        mean(&curve.offered_per_s)
    );
    view! {
        <svg class="small-curve" viewBox=format!("0 0 {width} {height}") role="img" aria-label=says>
            <path class="area" d=area></path>
            <path class="good" d=good></path>
            <path class="offered" d=path(&curve.offered_per_s)></path>
        </svg>
    }
    .into_any()
}

/// An experiment in a line.
fn line(page: Page, one: &Experiment) -> AnyView {
    let change = &one.requirement;
    let shown = match one.share.abs() < TELLING {
        true => view! { <span class="quiet">"no change"</span> }.into_any(),
        false => view! {
            <span>
                {said::metric(change.metric)} " "
                <span class="num">
                    {said::value(change.metric, change.before)} " \u{2192} "
                    {said::value(change.metric, change.after)}
                </span>
            </span>
        }
        .into_any(),
    };
    view! { <li><span>"Without " {said::view(page, &one.without)}</span> {shown}</li> }.into_any()
}

/// The findings that an experiment refuted.
pub(super) fn ruled_out(page: Page) -> AnyView {
    page.review.findings.track();
    let [unfolded, _] = page.review.unfolded;
    let rows: Vec<AnyView> = page.review.trials.with_value(|trials| {
        let out = trials.known().map_or(&[][..], |known| &known.ruled_out);
        out.iter().map(|finding| out_row(page, finding)).collect()
    });
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <details
            class="ruled-out"
            open=unfolded.get_untracked()
            on:toggle=move |event| follow(unfolded, &event)
        >
            <summary>{format!("Ruled out: {}", rows.len())}</summary>
            <ul>{rows}</ul>
        </details>
    }
    .into_any()
}

/// Remembers whether a list is unfolded when the panel is drawn again.
fn follow(unfolded: RwSignal<bool>, event: &web_sys::Event) {
    let details = event_target::<web_sys::Element>(event);
    unfolded.set(details.has_attribute("open"));
}

fn out_row(page: Page, finding: &Finding) -> AnyView {
    let best = finding.experiments.first().map(|one| line(page, one));
    let nothing = best
        .is_none()
        .then(|| view! { <p class="quiet">"It does not affect the missed requirements."</p> });
    view! {
        <li data-rule=finding.rule.to_string()>
            <p>{said::plain(page, &finding.what)}</p>
            {best.map(|best| view! { <ul class="tried">{best}</ul> })}
            {nothing}
        </li>
    }
    .into_any()
}

/// All experiments, those with the largest effect first.
pub(super) fn tried(page: Page) -> AnyView {
    page.review.findings.track();
    page.review.stage.track();
    let [_, unfolded] = page.review.unfolded;
    let mut tried: Vec<Experiment> = page.review.trials.with_value(|trials| {
        let known = trials.known();
        known.map_or(Vec::new(), |known| known.tried.clone())
    });
    if tried.is_empty() {
        return ().into_any();
    }
    tried.sort_by(|a, b| b.share.total_cmp(&a.share));
    let rows = tried.iter().map(|one| line(page, one));
    view! {
        <details
            class="all-tried"
            open=unfolded.get_untracked()
            on:toggle=move |event| follow(unfolded, &event)
        >
            <summary>{format!("All experiments: {}", tried.len())}</summary>
            <ul class="tried">{rows.collect_view()}</ul>
        </details>
    }
    .into_any()
}
