//! The design as tables, for users who read it rather than look at it.

use editor::{Item, layout};
use leptos::prelude::*;

use crate::bind::text;
use crate::dialogs::head;
use crate::state::Page;
use crate::words;

/// The dialog. It is updated during the run.
pub(crate) fn view(page: Page) -> AnyView {
    let design = page.design;
    let rows = move || {
        design.with(|design| {
            let order = layout::flow_order(design);
            let nodes = order.iter().filter_map(|id| design.node(id));
            nodes
                .map(|node| node_row(page, design, node))
                .collect_view()
        })
    };
    let links = move || {
        design.with(|design| {
            let links = design.links.iter();
            links
                .map(|link| link_row(page, design, link))
                .collect_view()
        })
    };
    let notes = move || {
        page.places.track_notes();
        let notes = design.with(|design| design.settings.notes.clone());
        let item = |(at, note): (usize, design::Note)| {
            let label = words::opening(&note.text);
            view! { <li>{go(page, Item::Note(at), label)}</li> }
        };
        (!notes.is_empty()).then(|| {
            view! {
                <h3>"Notes"</h3>
                <ul class="notes">{notes.into_iter().enumerate().map(item).collect_view()}</ul>
            }
        })
    };
    view! {
        <div class="dialog-body">
            {head("Outline")}
            <div class="tables" tabindex="0" role="region" aria-label="Tables">
                <table>
                    <caption>"Nodes, in the order of flow"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Node"</th>
                            <th scope="col">"Kind"</th>
                            <th scope="col" class="what">"Description"</th>
                            <th scope="col">"Calls"</th>
                            <th scope="col">"Now"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <table>
                    <caption>"Links"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col">"To"</th>
                            <th scope="col">"Policies"</th>
                        </tr>
                    </thead>
                    <tbody>{links}</tbody>
                </table>
                {notes}
                {empty(page)}
            </div>
        </div>
    }
    .into_any()
}

fn empty(page: Page) -> impl IntoView {
    let none = text(
        move || match page.design.with(|design| design.nodes.is_empty()) {
            true => "This design is empty. Press Ctrl K and type \u{201c}add\u{201d}.".to_owned(),
            false => String::new(),
        },
    );
    view! { <p class="quiet">{none}</p> }
}

fn go(page: Page, item: Item, label: String) -> AnyView {
    view! {
        <button
            class="to"
            on:click=move |_| {
                page.dialog.set(None);
                let item = item.clone();
                request_animation_frame(move || page.reveal(item));
            }
        >
            {label}
        </button>
    }
    .into_any()
}

fn node_row(page: Page, design: &design::Design, node: &design::Node) -> AnyView {
    let title = |id: &str| design.node(id).map_or(id, |node| node.title()).to_owned();
    let called: Vec<String> = design
        .links
        .iter()
        .filter(|link| link.from == node.id)
        .map(|link| title(&link.to))
        .collect();
    let id = node.id.clone();
    let now = text(move || {
        page.tick.track();
        crate::canvas::state_of(page, &id)
    });
    view! {
        <tr>
            <th scope="row">{go(page, Item::Node(node.id.clone()), node.title().to_owned())}</th>
            <td>{node.kind.info().label}</td>
            <td class="what">{words::describe(&node.kind)}</td>
            <td>{called.join(", ")}</td>
            <td class="num">{now}</td>
        </tr>
    }
    .into_any()
}

fn link_row(page: Page, design: &design::Design, link: &design::Link) -> AnyView {
    let title = |id: &str| design.node(id).map_or(id, |node| node.title()).to_owned();
    view! {
        <tr>
            <th scope="row">{go(page, Item::Link(link.id.clone()), title(&link.from))}</th>
            <td>{title(&link.to)}</td>
            <td>{words::policies(link)}</td>
        </tr>
    }
    .into_any()
}
