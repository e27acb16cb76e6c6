//! Zones as regions behind everything, and their names above everything. A name opens the menu of
//! its zone.

use design::Command;
use editor::zone_names::{ZoneName, named_area, zone_names};
use editor::zones::{self, Region};
use editor::{Point, Selection, Tool};
use leptos::html::Input;
use leptos::prelude::*;

use crate::bind::text;
use crate::faults::FaultPalette;
use crate::state::{Page, Popup};

/// Returns the present regions. During a drag, each is where it would be if the nodes were dropped.
fn regions_now(page: Page) -> Vec<Region> {
    page.overlay.track();
    page.placed().track();
    page.editor.with_value(|editor| match editor.tool() {
        Tool::Dragging(drag) => zones::regions_while(editor.design(), &drag.zones),
        _ => zones::regions(editor.design()),
    })
}

/// All regions.
#[component]
pub(crate) fn Regions() -> impl IntoView {
    let page = Page::get();
    let regions = Memo::new(move |_| regions_now(page));
    let names = Memo::new(move |_| {
        regions.with(|regions| {
            let names = regions.iter().map(|region| region.name.clone());
            names.collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || names.get() key=|name| name.clone() let:name>
            {region(regions, name)}
        </For>
    }
}

fn region(regions: Memo<Vec<Region>>, name: String) -> AnyView {
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
        let color = mine.with(|region| region.as_ref().map_or(0, |region| region.color));
        format!("region z{color}")
    });
    view! { <div class=class prop:style=place data-zone=name></div> }.into_any()
}

/// The names of the zones in view.
#[component]
pub(crate) fn ZoneNames() -> impl IntoView {
    let page = Page::get();
    let scale = Memo::new(move |_| page.view.with(editor::Viewport::scale));
    let area = Memo::new(move |_| page.view.with(named_area));
    let names = Memo::new(move |_| {
        let (regions, scale, area) = (regions_now(page), scale.get(), area.get());
        page.design
            .with_untracked(|design| zone_names(design, &regions, scale, area))
    });
    let key = |name: &ZoneName| (name.zone.clone(), name.node.clone());
    let keys = Memo::new(move |_| names.with(|names| names.iter().map(key).collect::<Vec<_>>()));
    view! {
        <For each=move || keys.get() key=|key| key.clone() let:of>
            {name_button(page, names, of)}
        </For>
    }
}

/// The name of a zone, which opens its menu.
fn name_button(
    page: Page,
    names: Memo<Vec<ZoneName>>,
    (name, node): (String, Option<String>),
) -> AnyView {
    let zone = name.clone();
    let mine = Memo::new(move |before: Option<&Option<ZoneName>>| {
        let is_mine = |one: &&ZoneName| one.zone == zone && one.node == node;
        let now = names.with(|all| all.iter().find(is_mine).cloned());
        // A name that is about to be removed stays where it was.
        now.or_else(|| before.cloned().flatten())
    });
    let place = text(move || {
        let scale = page.view.with(editor::Viewport::scale);
        let area = mine.with(|name| name.as_ref().map(|name| name.area).unwrap_or_default());
        let (at, width) = (area.min, area.size().x * scale);
        let zoom = 1.0 / scale;
        format!(
            "transform:translate({}px,{}px) scale({zoom});width:{width:.1}px",
            at.x, at.y
        )
    });
    let class = text(move || {
        let color = mine.with(|name| name.as_ref().and_then(|name| name.color));
        match color {
            Some(color) => format!("zone-name z{color}"),
            None => "zone-name".to_owned(),
        }
    });
    // A zone is one stop of the Tab key, however many names it has.
    let stop = move || {
        let repeats = mine.with(|name| name.as_ref().is_some_and(|name| name.repeats));
        if repeats { "-1" } else { "0" }
    };
    let says = format!("Zone {name}: rename or break it");
    let (title, shown, opens) = (name.clone(), name.clone(), name.clone());
    let open = move |event: leptos::ev::MouseEvent| {
        let client = [f64::from(event.client_x()), f64::from(event.client_y())];
        let button = event_target::<web_sys::Element>(&event);
        let rect = button.get_bounding_client_rect();
        // A click by keyboard has no place: then the menu opens below the name.
        let client = match event.detail() {
            0 => [rect.left(), rect.bottom()],
            _ => client,
        };
        let at = super::to_stage(client).unwrap_or_default();
        page.popup.set(Some(Popup::Zone(opens.clone(), at)));
    };
    view! {
        <button
            class=class
            prop:style=place
            data-zone=name
            tabindex=stop
            title=title
            aria-label=says
            aria-haspopup="dialog"
            on:pointerdown=|event| event.stop_propagation()
            on:dblclick=|event| event.stop_propagation()
            on:click=open
        >
            {shown}
        </button>
    }
    .into_any()
}

/// The menu of a zone: its name, its nodes, its removal, its faults.
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
                            aria-label="Zone name"
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
            {may_edit.then(|| view! { <button on:click=dissolve>"Remove the zone"</button> })}
            <h3>"Break it now"</h3>
            <FaultPalette target=name.clone() on_done=move |()| page.popup.set(None) />
        </div>
    }
    .into_any()
}

/// Accepts only the first text. Enter in a field is followed by a change event of the field when it
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
