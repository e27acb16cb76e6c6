//! Zones as regions behind everything. The name of one opens what can be done with it.

use design::Command;
use editor::zones::{self, Region};
use editor::{Point, Selection, Tool};
use leptos::html::Input;
use leptos::prelude::*;

use crate::bind::text;
use crate::faults::FaultPalette;
use crate::state::{Page, Popup};

/// All regions.
#[component]
pub(crate) fn Regions() -> impl IntoView {
    let page = Page::get();
    // While nodes are dragged, each is shown where it would be if it were let go.
    let regions = Memo::new(move |_| {
        page.overlay.track();
        page.placed().track();
        page.editor.with_value(|editor| match editor.tool() {
            Tool::Dragging(drag) => zones::regions_while(editor.design(), &drag.zones),
            _ => zones::regions(editor.design()),
        })
    });
    let names = Memo::new(move |_| {
        regions.with(|regions| {
            let names = regions.iter().map(|region| region.name.clone());
            names.collect::<Vec<_>>()
        })
    });
    let others = Memo::new(move |_| page.placed().with(|design| zones::scattered(design)));
    view! {
        <For each=move || names.get() key=|name| name.clone() let:name>
            {region(page, regions, name)}
        </For>
        {move || {
            let names = others.get().into_iter();
            names.map(|(name, at)| scattered(page, name, at)).collect_view()
        }}
    }
}

fn region(page: Page, regions: Memo<Vec<Region>>, name: String) -> AnyView {
    let key = name.clone();
    let mine = Memo::new(move |before: Option<&Option<Region>>| {
        let now = regions.with(|all| all.iter().find(|region| region.name == key).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    let place = text(move || {
        mine.with(|region| {
            let Some(region) = region else {
                return String::new();
            };
            let (at, size) = (region.rect.min, region.rect.size());
            format!(
                "transform:translate({}px,{}px);width:{}px;height:{}px",
                at.x, at.y, size.x, size.y
            )
        })
    });
    let class = text(move || {
        let colour = mine.with(|region| region.as_ref().map_or(0, |region| region.colour));
        format!("region z{colour}")
    });
    view! {
        <div class=class prop:style=place data-zone=name.clone()>
            {name_button(page, name.clone())}
        </div>
    }
    .into_any()
}

/// The name of a zone that has no region, above a node that is partly in it.
fn scattered(page: Page, name: String, at: Point) -> AnyView {
    let style = format!("transform:translate({}px,{}px)", at.x, at.y);
    view! {
        <div class="region scattered" prop:style=style data-zone=name.clone()>
            {name_button(page, name.clone())}
        </div>
    }
    .into_any()
}

/// The name of a zone, which opens what can be done with it.
fn name_button(page: Page, name: String) -> AnyView {
    let says = format!("Zone {name}: rename it, break it");
    let open = {
        let name = name.clone();
        move |event: leptos::ev::MouseEvent| {
            let client = [f64::from(event.client_x()), f64::from(event.client_y())];
            let button = event_target::<web_sys::Element>(&event);
            let rect = button.get_bounding_client_rect();
            // A click by key has no place: then it opens below the name.
            let client = match event.detail() {
                0 => [rect.left(), rect.bottom()],
                _ => client,
            };
            let at = super::to_stage(client).unwrap_or_default();
            page.popup.set(Some(Popup::Zone(name.clone(), at)));
        }
    };
    view! {
        <button
            class="region-name"
            aria-label=says
            aria-haspopup="dialog"
            on:pointerdown=|event| event.stop_propagation()
            on:dblclick=|event| event.stop_propagation()
            on:click=open
        >
            {name}
        </button>
    }
    .into_any()
}

/// What can be done with a zone: another name, its nodes, its end, its faults.
pub(super) fn menu(page: Page, name: String, at: Point) -> AnyView {
    let may_edit = page
        .editor
        .with_value(|editor| editor.access() == editor::Access::Edit);
    let field = NodeRef::<Input>::new();
    field.on_load(|field| {
        request_animation_frame(move || {
            // Fails only for elements that cannot have the focus.
            let _ = field.focus();
            field.select();
        });
    });
    let typed = {
        let name = name.clone();
        once(move |to: String| rename(page, &name, to.trim()))
    };
    let by_key = typed.clone();
    let select = {
        let name = name.clone();
        move |_| {
            page.popup.set(None);
            page.select(nodes_in(page, &name));
        }
    };
    let dissolve = {
        let name = name.clone();
        move |_| {
            page.popup.set(None);
            page.select(nodes_in(page, &name));
            page.act(editor::ActionId::ZoneLeave);
        }
    };
    view! {
        <div
            class="menu break-menu zone-menu"
            role="dialog"
            aria-label=format!("Zone {name}")
            prop:style=super::popup::place(at, super::popup::BREAK)
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    page.popup.set(None);
                }
                event.stop_propagation();
            }
        >
            {may_edit
                .then(|| {
                    view! {
                        <input
                            node_ref=field
                            aria-label="Name of the zone"
                            maxlength="64"
                            prop:value=name.clone()
                            on:change=move |event| typed(event_target_value(&event))
                            on:keydown=move |event| {
                                if event.key() == "Enter" {
                                    by_key(event_target_value(&event));
                                    page.popup.set(None);
                                }
                            }
                        />
                    }
                })}
            <button on:click=select>"Select its nodes"</button>
            {may_edit.then(|| view! { <button on:click=dissolve>"Dissolve the zone"</button> })}
            <h3>"Break it, now"</h3>
            <FaultPalette target=name.clone() on_done=move |()| page.popup.set(None) />
        </div>
    }
    .into_any()
}

/// Takes the first text and no more: Enter in a field is followed by a change of the field, when it
/// loses the focus.
fn once(take: impl Fn(String) + Clone) -> impl Fn(String) + Clone {
    let done = StoredValue::new(false);
    move |text| {
        if done.try_update_value(|done| std::mem::replace(done, true)) == Some(false) {
            take(text);
        }
    }
}

fn rename(page: Page, from: &str, to: &str) {
    if from == to {
        return;
    }
    match page
        .design
        .with_untracked(|design| zones::rename(design, from, to))
    {
        Ok(commands) => {
            page.command_named(Command::Batch(commands), &format!("Rename zone {from}"))
        }
        Err(why) => page.refuse(&why),
    }
}

fn nodes_in(page: Page, zone: &str) -> Selection {
    page.design.with_untracked(|design| {
        let nodes = design.nodes.iter();
        let inside = nodes.filter(|node| node.deployment.zones().iter().any(|name| name == zone));
        Selection::of_nodes(inside.map(|node| node.id.clone()))
    })
}
