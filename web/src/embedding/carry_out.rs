//! Carries out the requests of the page around an embed.

use design::{Problem, Value};
use format::embedding::{self as protocol, Request};
use format::link::{self, Shared};
use leptos::prelude::*;

use crate::keeping::unique;
use crate::opening::Opened;
use crate::state::Page;
use crate::theme::Theme;

/// The answer to a request.
type Done = Result<Value, Vec<Problem>>;

/// Refuses a request, with what would be valid.
pub(super) fn refuse(path: &str, message: &str) -> Done {
    Err(vec![Problem {
        path: path.to_owned(),
        message: message.to_owned(),
    }])
}

/// Carries out a request about the page.
pub(super) fn carry_out(page: Page, request: Request) -> Done {
    match request {
        Request::Play if page.is_over() => return restart(page, None),
        Request::Play => page.play(true),
        Request::Pause => page.play(false),
        Request::Step => page.step(),
        Request::Restart(seed) => return restart(page, seed),
        Request::Seek(time_s) => page.seek(time_s),
        Request::RunTo(time_s) => return run_to(page, time_s),
        Request::Speed(speed) => page.set_speed(speed),
        Request::Get(path) => {
            return page
                .design
                .with_untracked(|design| protocol::get(design, &path));
        }
        Request::Trigger => return trigger(page),
        Request::Inject(fault) => {
            let soon = page.soon();
            let command = page
                .design
                .with_untracked(|design| protocol::inject(design, &fault, soon))?;
            page.command(command);
        }
        Request::Clear => {
            let command = page.design.with_untracked(|design| protocol::clear(design));
            page.command_named(command, "Remove all faults");
        }
        Request::Fix(way) => return fix(page, way),
        Request::Undo => return undo(page),
        Request::Design => {
            return Ok(page.design.with_untracked(|design| design.write(true)));
        }
        Request::Link => return Ok(Value::Text(fragment(page))),
        Request::Load(design) => return load(page, &design),
        Request::Findings => return Ok(findings(page)),
        Request::Story(nth) => return story(page, nth),
        Request::Theme(name) => page.theme.set(Theme::from_name(&name)),
        // The connection carries these out itself.
        Request::Set(..)
        | Request::Metric(_)
        | Request::Series(_)
        | Request::Watch(..)
        | Request::Unwatch(_) => {}
    }
    Ok(Value::Null)
}

/// Gives a field another value, and returns the value that it has now. Consecutive changes of a
/// field are undone together.
pub(super) fn set(page: Page, path: &str, value: Value) -> Done {
    let command = page
        .design
        .with_untracked(|design| protocol::set(design, path, value))?;
    page.command_keyed(command, format!("embedding {path}"));
    page.design
        .with_untracked(|design| protocol::get(design, path))
}

fn restart(page: Page, seed: Option<f64>) -> Done {
    if let Some(seed) = seed {
        set(page, "seed", Value::Number(seed))?;
    }
    page.restart();
    Ok(Value::Null)
}

/// Goes to a moment, which the run may not have reached.
fn run_to(page: Page, time_s: f64) -> Done {
    let known_s = page.history.with_value(|history| history.known_s);
    match time_s <= known_s {
        true => page.seek(time_s),
        false => page.run_ahead(time_s),
    }
    Ok(Value::Null)
}

fn lesson(page: Page) -> Result<(), Vec<Problem>> {
    match page.opened.get_untracked() {
        Opened::Lesson => Ok(()),
        Opened::Own => refuse(
            "",
            "is only for lessons; this design is none: it has no fault, fixes or steps",
        )
        .map(|_| ()),
    }
}

fn trigger(page: Page) -> Done {
    lesson(page)?;
    match page.break_it() {
        true => Ok(Value::Null),
        false => refuse("", "this lesson has no fault; its design fails by itself"),
    }
}

fn fix(page: Page, way: usize) -> Done {
    lesson(page)?;
    let ways = page
        .lesson
        .with_value(|lesson| lesson.scenario.remedies.len());
    if way >= ways {
        return refuse(
            "fix",
            &format!("{way} is not valid here; expected 0 to {}", ways - 1),
        );
    }
    match page.apply_fix(way) {
        true => Ok(Value::Null),
        false => refuse("fix", "does not apply to the design as it is now"),
    }
}

/// Undoes the last change, also where readers may not edit.
fn undo(page: Page) -> Done {
    if page.undo_names.with_untracked(|names| names.undo.is_none()) {
        return refuse("", "there is nothing to undo");
    }
    let access = page.editor.with_value(editor::Editor::access);
    let effects = page.edit(|editor| editor.set_access(editor::Access::Edit));
    page.follow_all(effects);
    page.undo();
    let effects = page.edit(|editor| editor.set_access(access));
    page.follow_all(effects);
    Ok(Value::Null)
}

/// Shows the subject of a step, does what its button does, and returns its text.
fn story(page: Page, nth: usize) -> Done {
    lesson(page)?;
    let steps = page
        .lesson
        .with_value(|lesson| lesson.scenario.steps.clone());
    let Some(step) = nth.checked_sub(1).and_then(|at| steps.get(at)) else {
        return refuse(
            "step",
            &format!("{nth} is not valid here; expected 1 to {}", steps.len()),
        );
    };
    page.review.pointed.set(step.point.clone());
    page.do_step(step.does);
    Ok(Value::text(step.text.as_str()))
}

fn fragment(page: Page) -> String {
    page.design.with_untracked(|design| {
        link::encode(&Shared {
            design: design.as_ref().clone(),
            view: None,
        })
    })
}

fn load(page: Page, design: &Value) -> Done {
    let read = match design {
        Value::Text(text) => match link::decode(text) {
            Ok(shared) => Ok(shared.design),
            Err(error) => return refuse("design", &error.to_string()),
        },
        design => format::json::read(&format::json::value_to_string(design)),
    };
    let within = |problem: Problem| Problem {
        path: format!("design.{}", problem.path),
        message: problem.message,
    };
    let design = read.map_err(|all| all.into_iter().map(within).collect::<Vec<_>>())?;
    page.open_own(design, unique());
    Ok(Value::Null)
}

fn findings(page: Page) -> Value {
    let titles = page.review.titles.get_untracked();
    let findings = page.review.findings.get_untracked();
    let written = findings.iter().map(|finding| {
        let text = |message| Value::Text(text::message(message, &titles));
        let subjects = finding.subjects.iter().map(Value::text);
        protocol::object(vec![
            ("rule", Value::text(finding.rule.as_ref())),
            ("severity", Value::text(finding.severity.name())),
            ("subjects", Value::List(subjects.collect())),
            (
                "onset_s",
                finding.onset_s.map_or(Value::Null, Value::Number),
            ),
            ("what", text(&finding.what)),
            ("why", text(&finding.why)),
            ("remedy", text(&finding.remedy)),
        ])
    });
    Value::List(written.collect())
}
