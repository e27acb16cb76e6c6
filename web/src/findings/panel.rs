//! The findings in the side panel: each cause on top, its symptoms folded below.

use leptos::prelude::*;
use report::{Finding, Standing, Step};

use super::scorecard::Scorecard;
use super::{accept, evidence, mark, name_of, progress, remedy, said};
use crate::bind;
use crate::state::{Page, RunHash};
use crate::toolbar::Hash;

/// The panel.
#[component]
pub(crate) fn Findings() -> impl IntoView {
    let page = Page::get();
    let list = move || {
        let findings = page.review.findings.get();
        let open = page.review.open.get();
        let rows = findings.iter().map(|finding| item(page, finding, &open));
        rows.collect_view()
    };
    let state = bind::text(move || {
        let is_empty = page.review.findings.with(|findings| findings.is_empty());
        let known = page.review.until_s.with(Option::is_some);
        match (page.hash.get(), is_empty) {
            (RunHash::Invalid, _) => "The design cannot be run.",
            (_, true) if known => "No findings in the design or its run so far.",
            _ => "",
        }
        .to_owned()
    });
    view! {
        <section class="findings" id="findings" aria-label="Findings" tabindex="-1">
            <h2 class="visually-hidden">"Findings"</h2>
            <Scorecard />
            <p class="findings-state quiet" role="status">
                {state}
            </p>
            {progress::view(page)}
            <ol
                class="finding-list"
                on:pointerenter=move |_| page.read_findings(true)
                on:pointerleave=move |_| page.read_findings(false)
                on:focusin=move |_| page.read_findings(true)
                on:focusout=move |_| page.read_findings(false)
            >
                {list}
            </ol>
            {move || evidence::ruled_out(page)}
            {move || evidence::tried(page)}
            {move || earlier(page)}
            {move || accept::accepted(page)}
            <Hash />
        </section>
    }
    .into_any()
}

/// Findings of the run before an edit that the run after it does not have.
fn earlier(page: Page) -> AnyView {
    let now = page.review.findings.get();
    let open = page.review.open.get();
    let is_gone = |finding: &Finding| {
        let mut all = now.iter().flat_map(Finding::all);
        !all.any(|one| one.key() == finding.key())
    };
    let rows: Vec<AnyView> = page.review.earlier.with(|earlier| {
        let gone = earlier.iter().filter(|(_, finding)| is_gone(finding));
        gone.map(|(_, finding)| item(page, &told(finding), &open))
            .collect()
    });
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <h3>"Before the last edits"</h3>
        <ol class="finding-list earlier">{rows}</ol>
    }
    .into_any()
}

/// A finding of an earlier run, as text only: its remedies were tested on another design, and the
/// curve of that run is gone.
fn told(finding: &Finding) -> Finding {
    let mut told = finding.clone();
    told.remedies.clear();
    for experiment in &mut told.experiments {
        experiment.curve = report::Curve::default();
    }
    told.symptoms = told.symptoms.iter().map(self::told).collect();
    told
}

fn item(page: Page, finding: &Finding, open: &[String]) -> AnyView {
    let key = finding.key();
    let is_open = open.contains(&key);
    let onset = finding.onset_s.map(|at_s| {
        view! { <span class="num quiet">{format!("{at_s:.1} s")}</span> }
    });
    let standing = standing(finding.standing).map(|says| {
        view! {
            <span class="standing" data-standing=finding.standing.name()>
                {says}
            </span>
        }
    });
    let toggled = key.clone();
    let toggle = move |_| {
        page.review
            .open
            .update(|open| match open.iter().position(|one| *one == toggled) {
                Some(at) => drop(open.remove(at)),
                None => open.push(toggled.clone()),
            });
    };
    view! {
        <li
            class="finding"
            data-severity=finding.severity.name()
            data-rule=finding.rule.to_string()
        >
            <button class="finding-head" aria-expanded=is_open.to_string() on:click=toggle>
                {mark(finding.severity)}
                <span class="visually-hidden">{format!("{}: ", finding.severity.name())}</span>
                <span class="finding-what">{said::plain(page, &finding.what)}</span>
                <span class="finding-when">{onset} {standing}</span>
            </button>
            {is_open.then(|| body(page, finding, open))}
        </li>
    }
    .into_any()
}

/// Returns the standing of a finding, in a word or two.
fn standing(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Untested => None,
        Standing::Suspected => Some("suspected"),
        Standing::Confirmed => Some("confirmed"),
        Standing::Contributes => Some("contributes"),
        Standing::RuledOut => Some("ruled out"),
    }
}

fn body(page: Page, finding: &Finding, open: &[String]) -> AnyView {
    let chain = finding.chain.iter().map(|event| event_row(page, event));
    let chain = (!finding.chain.is_empty()).then(|| {
        view! {
            <ol class="chain" aria-label="What happened, in order">
                {chain.collect_view()}
            </ol>
        }
    });
    let remedies = finding
        .remedies
        .iter()
        .map(|one| remedy::view(page, one.clone()));
    let endangers = finding
        .requirement
        .map(|metric| format!("Endangers: {}. ", text::metric(metric).to_lowercase()));
    let basis = match finding.measured {
        true => "Measured in this run.",
        false => "Found in the design, not measured.",
    };
    let below = finding
        .symptoms
        .iter()
        .map(|symptom| item(page, symptom, open));
    let symptoms = (!finding.symptoms.is_empty()).then(|| {
        view! {
            <h4>{match finding.symptoms.len() {
                1 => "Also explains this".to_owned(),
                n => format!("Also explains these {n}"),
            }}</h4>
            <ol class="finding-list symptoms">{below.collect_view()}</ol>
        }
    });
    let remedy =
        (!finding.remedy.is_empty()).then(|| view! { <p>{said::view(page, &finding.remedy)}</p> });
    view! {
        <div class="finding-body">
            <p>{said::view(page, &finding.why)}</p>
            {evidence::experiments(page, finding)}
            {chain}
            <p class="subjects">{subjects(page, finding)}</p>
            {remedy}
            {remedies.collect_view()}
            {symptoms}
            <p class="quiet">{endangers} {basis}</p>
            {accept::form(page, finding.rule.to_string())}
        </div>
    }
    .into_any()
}

/// The subjects of a finding. A press shows one on the canvas.
fn subjects(page: Page, finding: &Finding) -> AnyView {
    let shown = finding.subjects.iter().take(6).map(|id| {
        let (name, id) = (
            page.design.with_untracked(|design| name_of(design, id)),
            id.clone(),
        );
        let pointed = id.clone();
        view! {
            <button
                class="subject"
                on:click=move |_| page.show_part(&id)
                on:pointerenter=move |_| page.review.pointed.set(Some(pointed.clone()))
                on:pointerleave=move |_| page.review.pointed.set(None)
            >
                {name}
            </button>
        }
    });
    shown.collect_view().into_any()
}

/// Returns whether a text contains a name as whole words.
fn has_words(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let ends = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
    text.match_indices(&name).any(|(at, name)| {
        ends(text[..at].chars().next_back()) && ends(text[at + name.len()..].chars().next())
    })
}

fn event_row(page: Page, step: &Step) -> AnyView {
    let (at_s, subject) = (step.at_s, step.subject.clone());
    let what = said::plain(page, &step.what);
    let name = page
        .design
        .with_untracked(|design| name_of(design, &subject));
    // Some messages name their subject themselves: "its users" is not a name.
    let name = (!has_words(&what, &name)).then(|| {
        view! {
            <b>{name}</b>
            ": "
        }
    });
    view! {
        <li>
            <button
                class="moment"
                title="Go to this moment"
                on:click=move |_| page.jump(at_s, &subject)
            >
                <span class="num">{format!("{at_s:.1} s")}</span>
                <span>{name} {what}</span>
            </button>
        </li>
    }
    .into_any()
}
