//! The button that injects the lesson's fault.

use design::{Command, Design};
use leptos::prelude::*;

use super::Lesson;
use crate::bind::{flag, text};
use crate::state::Page;

/// The button; absent if the design fails by itself.
#[component]
pub(crate) fn Trigger(
    lesson: StoredValue<Lesson>,
    /// What else a press does.
    #[prop(optional)]
    pressed: Option<Callback<()>>,
) -> impl IntoView {
    let page = Page::get();
    let label = lesson.with_value(|lesson| {
        let trigger = lesson.scenario.trigger.as_ref();
        trigger.map(|trigger| trigger.label.clone())
    });
    let Some(label) = label else {
        return ().into_any();
    };
    let possible = Memo::new(move |_| {
        page.design
            .with(|design| lesson.with_value(|lesson| lesson.can_break(design)))
    });
    let on = Memo::new(move |_| {
        page.tick.track();
        let now = page.history.with_value(|history| history.now_s);
        page.design.with(|design| {
            lesson.with_value(|lesson| {
                let mut spans = spans(lesson, design).into_iter();
                spans.any(|(at, end)| (at - 0.2..end).contains(&now))
            })
        })
    });
    view! {
        <button
            class="button primary trigger"
            title=text(move || if on.get() { "The fault is active" } else { "" }.to_owned())
            disabled=flag(move || !possible.get() || on.get())
            on:click=move |_| {
                pull(page, lesson);
                if let Some(pressed) = pressed {
                    pressed.run(());
                }
            }
        >
            {label}
        </button>
    }
    .into_any()
}

/// Injects the fault now. If the run is over, it is restarted and the fault begins shortly after
/// its start.
pub(super) fn pull(page: Page, lesson: StoredValue<Lesson>) {
    let faults_from = |at| lesson.with_value(|lesson| lesson.faults_from(at));
    let (first, label) = page
        .design
        .with_untracked(|design| (design.faults.len(), "Break it"));
    let add = |at: design::Duration, first: usize| {
        let faults = faults_from(at).into_iter().enumerate();
        faults.map(move |(nth, fault)| Command::AddFault(first + nth, fault))
    };
    if !page.is_over() {
        if !page.playing.get_untracked() {
            page.play(true);
        }
        let mut commands: Vec<Command> = add(page.soon(), first).collect();
        return match (commands.pop(), commands.is_empty()) {
            (Some(one), true) => page.command(one),
            (last, _) => {
                commands.extend(last);
                page.command_named(Command::Batch(commands), label);
            }
        };
    }
    let old: Vec<usize> = page.design.with_untracked(|design| {
        let is_old =
            |at: &usize| lesson.with_value(|lesson| lesson.is_trigger(&design.faults[*at]));
        (0..design.faults.len()).rev().filter(is_old).collect()
    });
    let first = first - old.len();
    let mut commands: Vec<Command> = old.into_iter().map(Command::RemoveFault).collect();
    commands.extend(add(design::Duration::s(10), first));
    page.command_named(Command::Batch(commands), "Break it again");
    page.restart();
}

/// Returns when each of the lesson's faults is active, from and to, in seconds.
pub(super) fn spans(lesson: &Lesson, design: &Design) -> Vec<(f64, f64)> {
    let faults = design.faults.iter();
    let mine = faults.filter(|fault| lesson.is_trigger(fault));
    mine.map(|fault| {
        // A message that cannot be processed stays after it was sent.
        let stays = fault.kind == design::FaultKind::PoisonMessage;
        let end = design.fault_ends(fault).filter(|_| !stays);
        (
            fault.at.as_s(),
            end.map_or(f64::INFINITY, design::Duration::as_s),
        )
    })
    .collect()
}
