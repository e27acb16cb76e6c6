//! Zones as regions behind everything. The name of one opens what can be done with it.

use design::{Command, Fault, FaultKind};
use editor::zones::{self, Region};
use editor::{Point, Selection, Tool};
use leptos::html::Input;
use leptos::prelude::*;

use crate::bind::text;
use crate::state::{Page, Popup};

/// All regions.
#[component]
pub(crate) fn Regions() -> impl IntoView {
    let page = Page::get();
    // While nodes are dragged, each is shown where it would be if it were let go.
    let regions = Memo::new(move |_| {
        page.overlay.track();
        page.design.track();
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
    view! {
        <For each=move || names.get() key=|name| name.clone() let:name>
            {region(page, regions, name)}
        </For>
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
        <div class=class style=place data-zone=name.clone()>
            <button
                class="region-name"
                aria-label=says
                aria-haspopup="dialog"
                on:pointerdown=|event| event.stop_propagation()
                on:dblclick=|event| event.stop_propagation()
                on:click=open
            >
                {name.clone()}
            </button>
        </div>
    }
    .into_any()
}

/// What can be done with a zone: another name, its nodes, its end, its faults.
pub(super) fn menu(page: Page, name: String, at: Point) -> AnyView {
    let style = format!(
        "left:max(8px, min({}px, calc(100% - 248px)));top:max(8px, min({}px, calc(100% - 320px)))",
        at.x, at.y
    );
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
        move |to: String| rename(page, &name, to.trim())
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
    let faults: Vec<AnyView> = faults_of(page, &name)
        .into_iter()
        .map(|kind| {
            let zone = name.clone();
            view! {
                <button
                    data-fault=kind.name()
                    on:click=move |_| {
                        page.popup.set(None);
                        page.inject(Fault {
                            at: page.soon(),
                            kind,
                            target: zone.clone(),
                            ..Fault::default()
                        });
                    }
                >
                    {words(kind)}
                </button>
            }
            .into_any()
        })
        .collect();
    view! {
        <div
            class="menu zone-menu"
            role="dialog"
            aria-label=format!("Zone {name}")
            style=style
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
            <div class="zone-faults">{faults}</div>
        </div>
    }
    .into_any()
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
        let inside = nodes.filter(|node| node.deployment.zone.as_deref() == Some(zone));
        Selection::of_nodes(inside.map(|node| node.id.clone()))
    })
}

/// What can happen to the zone: a cut, and whatever can hit a node in it.
fn faults_of(page: Page, zone: &str) -> Vec<FaultKind> {
    page.design.with_untracked(|design| {
        let hits = |kind: &FaultKind| {
            *kind == FaultKind::Partition
                || *kind != FaultKind::RollingDeploy
                    && design.nodes.iter().any(|node| {
                        let is_inside = node.deployment.zones().iter().any(|name| name == zone);
                        is_inside && kind.targets().contains(&node.kind.name())
                    })
        };
        let mut kinds: Vec<FaultKind> = FaultKind::ALL.iter().copied().filter(hits).collect();
        // The cut comes first: it is what zones are for.
        kinds.sort_by_key(|kind| *kind != FaultKind::Partition);
        kinds
    })
}

fn words(kind: FaultKind) -> String {
    crate::words::sentence(&kind.name().replace('_', " "))
}
