//! The contents of the selected cache or database, during the run.

use design::{Kind, Target};
use format::message::{Held, Inside};
use leptos::prelude::*;

use super::slot::Form;
use crate::state::Page;
use crate::words;

/// The table, for nodes that store anything.
pub(super) fn inside(form: Form) -> AnyView {
    let page = Page::get();
    let kind = form.target.with_value(|target| match target {
        Target::Node(id) => form.design.with_untracked(|design| {
            design
                .nodes
                .iter()
                .position(|node| node.id == *id)
                .and_then(|at| match design.nodes[at].kind {
                    Kind::Cache(_) => Some((at, true)),
                    Kind::Database(_) => Some((at, false)),
                    _ => None,
                })
        }),
        Target::Link(_) | Target::Settings | Target::Fault(_) => None,
    });
    let Some((at, is_cache)) = kind else {
        return ().into_any();
    };
    let shown = move || {
        let inside = page
            .inside
            .get()
            .filter(|inside| usize::from(inside.node) == at);
        inside.map(|inside| table(&inside, is_cache))
    };
    view! {
        <details class="inside">
            <summary>"Contents"</summary>
            {shown}
        </details>
    }
    .into_any()
}

fn table(inside: &Inside, is_cache: bool) -> AnyView {
    let says = match is_cache {
        true => {
            let unread = inside.rows.iter().filter(|row| row.hits == 0).count();
            let stale = inside.rows.iter().filter(|row| is_stale(row)).count();
            format!(
                "{} entries. Of the {} shown, {unread} were never read and {stale} are stale; {} fills of the whole run were never read.",
                words::count(inside.held),
                inside.rows.len(),
                words::count(inside.never_read)
            )
        }
        false => format!(
            "{} keys were written, the most written first.",
            words::count(inside.held)
        ),
    };
    let headings: &[&str] = match is_cache {
        true => &["key", "version", "age", "expires in", "hits"],
        false => &["key", "versions"],
    };
    let row = move |row: &Held| {
        let version = match (row.version, is_stale(row)) {
            (version, true) => format!("{version} of {}", row.standing),
            (0, false) => "–".to_owned(),
            (version, false) => version.to_string(),
        };
        let cells = is_cache.then(|| {
            let unread = row.hits == 0;
            view! {
                <td>{row.age_ns.map(seconds)}</td>
                <td>{row.expires_ns.map_or("never".to_owned(), seconds)}</td>
                <td class:quiet=unread>{if unread { "never read".to_owned() } else { words::count(row.hits.into()) }}</td>
            }
        });
        view! {
            <tr class:stale=is_stale(row)>
                <td>{row.key}</td>
                <td>{version} {is_stale(row).then_some(" stale")}</td>
                {cells}
            </tr>
        }
    };
    view! {
        <p class="quiet">{says}</p>
        <div class="inside-rows" tabindex="0">
            <table class="num">
                <thead>
                    <tr>{headings.iter().map(|name| view! { <th scope="col">{*name}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{inside.rows.iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn is_stale(row: &Held) -> bool {
    row.version < row.standing
}

fn seconds(ns: u64) -> String {
    let s = ns as f64 / 1e9;
    if s < 10.0 {
        format!("{s:.2}\u{a0}s")
    } else {
        format!("{s:.0}\u{a0}s")
    }
}
