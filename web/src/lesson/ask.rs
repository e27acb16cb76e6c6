//! Predict, then see: the question before the reveal, and the prediction beside the result.

use host::scenarios::Ask;
use leptos::prelude::*;

use super::Lesson;
use super::path::{Guess, Verdict, verdict};
use crate::state::Page;

/// The question, with its choices. It can be skipped, and no step waits for an answer.
pub(super) fn question(page: Page, lesson: StoredValue<Lesson>) -> AnyView {
    let Some(ask) = lesson.with_value(|lesson| lesson.scenario.ask.clone()) else {
        return ().into_any();
    };
    let choices = ask.choices.iter().enumerate().map(|(nth, choice)| {
        view! {
            <label>
                <input
                    type="radio"
                    name="prediction"
                    prop:checked=move || page.path.guess.get() == Guess::Choice(nth)
                    on:change=move |_| page.predict(nth)
                />
                {choice.text.clone()}
            </label>
        }
    });
    let choices = choices.collect_view();
    let is_open = move || page.path.guess.get() == Guess::Open;
    view! {
        <fieldset class="ask" hidden=move || page.path.guess.get() == Guess::Skipped>
            <legend>"Predict first"</legend>
            <p>{ask.question.clone()}</p>
            {choices}
            <Show when=is_open>
                <button
                    class="button bare"
                    on:click=move |_| page.path.guess.set(Guess::Skipped)
                >
                    "Skip"
                </button>
            </Show>
        </fieldset>
    }
    .into_any()
}

/// The prediction beside the result, from the step by which the run has shown it.
pub(super) fn reveal(page: Page, lesson: StoredValue<Lesson>, nth: usize) -> AnyView {
    let Some(ask) = lesson.with_value(|lesson| lesson.scenario.ask.clone()) else {
        return ().into_any();
    };
    let guessed = Memo::new(move |_| match page.path.guess.get() {
        Guess::Choice(guess) if page.path.done.with(|done| done.current()) >= nth => Some(guess),
        _ => None,
    });
    Effect::new(move || {
        if guessed.get().is_some() && page.path.runs.with_untracked(Option::is_none) {
            page.run_lesson(0, false);
        }
    });
    let ask = StoredValue::new(ask);
    let shown = Memo::new(move |_| {
        let guess = guessed.get()?;
        let runs = page.path.runs.get()?;
        Some((guess, ask.with_value(|ask| verdict(ask, &runs[0]))?))
    });
    let body = move || {
        let (guess, verdict) = shown.get()?;
        let own_run = lesson.with_value(Lesson::own_run);
        Some(ask.with_value(|ask| compared(ask, guess, &verdict, own_run)))
    };
    view! {
        <div class="reveal" role="status" hidden=move || shown.with(Option::is_none)>
            {body}
        </div>
    }
    .into_any()
}

fn compared(ask: &Ask, guess: usize, verdict: &Verdict, own_run: String) -> AnyView {
    let Verdict { value, right } = verdict;
    let is_right = guess == *right;
    let said = |nth: usize| ask.choices.get(nth).map(|choice| choice.text.clone());
    let because = |nth: usize| ask.choices.get(nth).map(|choice| choice.because.clone());
    let outcome = match is_right {
        true => "as predicted",
        false => "not as predicted",
    };
    view! {
        <dl>
            <dt>"Predicted"</dt>
            <dd>{said(guess)}</dd>
            <dt>"Measured"</dt>
            <dd data-right=is_right.to_string()>
                {said(*right)} " (" <span class="num">{value.clone()}</span> "), " {outcome}
            </dd>
        </dl>
        <p>{because(guess)}</p>
        <p class="quiet">{own_run}</p>
    }
    .into_any()
}
