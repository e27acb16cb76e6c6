//! Search for anything by a few letters: actions, nodes, links, saved designs, scenarios.

use editor::keeping::Kept;
use editor::{ActionId, Item, find, keys};
use host::scenarios::{DESIGNS, Entry, INDEX};
use leptos::html::{Input, Ul};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, KeyboardEvent};

use crate::bind::{flag, text};
use crate::keeping::shelf;
use crate::state::{Page, Place};
use crate::words::{self, keyboard};

/// What a result leads to.
#[derive(Clone)]
enum Goal {
    Act(ActionId),
    Go(Item),
    /// A setting of the design, by its field.
    Setting(&'static str),
    Open {
        id: String,
        name: String,
    },
    Scenario(&'static str),
    Add(editor::Thing),
}

/// Something that can be found.
#[derive(Clone)]
struct Thing {
    goal: Goal,
    label: String,
    /// Further text that is searched. Its first line is shown beside the label.
    hint: String,
    /// A key that does the same.
    keys: Option<String>,
}

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let things = RwSignal::new(things(page));
    if page.place == Place::Playground {
        spawn_local(async move {
            let kept = shelf::list().await.unwrap_or_default();
            // The dialog may be gone by now; then so is the signal.
            let _ = things.try_update(|things| things.extend(kept.into_iter().map(kept_thing)));
        });
    }
    let query = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        let query = query.get();
        things.with(|things| {
            let searched = things
                .iter()
                .map(|thing| (thing.label.as_str(), thing.hint.as_str()));
            find::find(&query, searched)
        })
    });
    let input = NodeRef::<Input>::new();
    let list = NodeRef::<Ul>::new();
    let choose = move |place: usize| {
        let chosen = found.with_untracked(|found| found.get(place).copied());
        let goal = chosen.and_then(|at| {
            things.with_untracked(|things| things.get(at).map(|thing| thing.goal.clone()))
        });
        if let Some(goal) = goal {
            page.dialog.set(None);
            // After the dialog has returned the focus.
            request_animation_frame(move || follow(page, goal));
        }
    };
    let move_to = move |place: usize| {
        at.set(place);
        request_animation_frame(move || {
            // The dialog may be gone by then.
            let list = list.try_get_untracked().flatten();
            let row = list.and_then(|list| list.children().item(place as u32));
            if let Some(row) = row {
                keep_in_view(&row);
            }
        });
    };
    let on_key = move |event: KeyboardEvent| {
        let (count, now) = (found.with_untracked(Vec::len), at.get_untracked());
        let last = count.saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowDown" if now >= last => 0,
            "ArrowDown" => now + 1,
            "ArrowUp" if now == 0 => last,
            "ArrowUp" => now - 1,
            "PageDown" => (now + 8).min(last),
            "PageUp" => now.saturating_sub(8),
            "Enter" => {
                event.prevent_default();
                return choose(now);
            }
            _ => return,
        };
        event.prevent_default();
        move_to(to);
    };
    let rows = move || {
        let found = found.get();
        things.with_untracked(|things| {
            let found = found.into_iter().filter_map(|at| things.get(at));
            found
                .enumerate()
                .map(|(place, thing)| row(thing, place, at, Callback::new(choose)))
                .collect_view()
        })
    };
    let active = text(move || match found.with(Vec::is_empty) {
        true => String::new(),
        false => format!("find-{}", at.get()),
    });
    view! {
        <div class="find-body">
            <h2 id="dialog-title" class="visually-hidden">
                "Find anything"
            </h2>
            <input
                class="find-field"
                node_ref=input
                data-first=""
                role="combobox"
                aria-label="Find anything"
                aria-autocomplete="list"
                aria-expanded="true"
                aria-controls="find-list"
                aria-activedescendant=active
                placeholder="An action, a node, a link, a design"
                autocomplete="off"
                spellcheck="false"
                maxlength=find::QUERY_MAX
                on:input=move |event| {
                    query.set(event_target_value(&event));
                    move_to(0);
                }
                on:keydown=on_key
            />
            <ul id="find-list" role="listbox" aria-label="Results" node_ref=list>
                {rows}
            </ul>
            <p class="find-none quiet" role="status">
                {text(move || {
                    let none = found.with(Vec::is_empty);
                    if none { "No match. Try a kind, a name, or a verb." } else { "" }
                        .to_owned()
                })}
            </p>
        </div>
    }
    .into_any()
}

fn row(thing: &Thing, place: usize, at: RwSignal<usize>, choose: Callback<usize>) -> AnyView {
    view! {
        <li
            id=format!("find-{place}")
            role="option"
            aria-selected=text(move || (at.get() == place).to_string())
            class:at=flag(move || at.get() == place)
            on:pointermove=move |_| {
                if at.get_untracked() != place {
                    at.set(place);
                }
            }
            on:click=move |_| choose.run(place)
        >
            <span class="find-label">{thing.label.clone()}</span>
            <span class="find-hint quiet">
                {words::sentence(thing.hint.lines().next().unwrap_or_default())}
            </span>
            {thing.keys.clone().map(|keys| view! { <kbd>{keys}</kbd> })}
        </li>
    }
    .into_any()
}

fn keep_in_view(row: &Element) {
    let (Some(list), Some(row)) = (row.parent_element(), row.dyn_ref::<web_sys::HtmlElement>())
    else {
        return;
    };
    let (top, bottom) = (row.offset_top(), row.offset_top() + row.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}

fn follow(page: Page, goal: Goal) {
    match goal {
        Goal::Act(action) => page.act(action),
        Goal::Go(item) => page.reveal(item),
        Goal::Setting(field) => page.show_settings(field),
        Goal::Open { id, name } => page.open_kept(id, name),
        Goal::Add(thing) => {
            if page.add_thing(&thing, None) {
                crate::canvas::focus_selected(page);
            }
        }
        Goal::Scenario(id) => {
            crate::gallery::open_scenario(page, id);
        }
    }
}

fn things(page: Page) -> Vec<Thing> {
    let actions = page
        .offered()
        .into_iter()
        .filter(|action| !matches!(action.id, ActionId::Nudge(..)) && action.key != "find");
    let mut things: Vec<Thing> = actions
        .map(|action| Thing {
            goal: Goal::Act(action.id),
            hint: action.group.label().to_owned(),
            keys: first_key(action.shortcuts),
            label: action.name,
        })
        .collect();
    if page.can(ActionId::AddSomething) {
        things.extend(
            design::PRESETS
                .iter()
                .flat_map(|group| group.presets.iter())
                .map(|preset| Thing {
                    goal: Goal::Add(editor::Thing::Preset(preset)),
                    label: format!("Add {}", preset.label),
                    hint: format!("{}\n{}", preset.info().label, preset.words),
                    keys: None,
                }),
        );
    }
    page.design.with_untracked(|design| {
        let title = |id: &str| design.node(id).map_or(id, |node| node.title()).to_owned();
        things.extend(design.nodes.iter().map(|node| Thing {
            goal: Goal::Go(Item::Node(node.id.clone())),
            label: node.title().to_owned(),
            hint: format!(
                "{}, {}",
                node.kind.info().label,
                words::describe(&node.kind)
            ),
            keys: None,
        }));
        things.extend(design.links.iter().map(|link| Thing {
            goal: Goal::Go(Item::Link(link.id.clone())),
            label: format!("{} \u{2192} {}", title(&link.from), title(&link.to)),
            hint: "Link".to_owned(),
            keys: None,
        }));
        things.extend(
            design
                .settings
                .notes
                .iter()
                .enumerate()
                .map(|(at, note)| Thing {
                    goal: Goal::Go(Item::Note(at)),
                    label: words::opening(&note.text),
                    hint: "Note".to_owned(),
                    keys: None,
                }),
        );
    });
    if page.place == Place::Playground {
        things.extend(settings());
        let lesson = |hint: &'static str| {
            move |entry: &Entry| Thing {
                goal: Goal::Scenario(entry.id),
                label: entry.title.to_owned(),
                hint: hint.to_owned(),
                keys: None,
            }
        };
        things.extend(INDEX.iter().map(lesson("Lesson")));
        things.extend(DESIGNS.iter().map(lesson("Reference design")));
    }
    things
}

fn first_key(shortcuts: &[&str]) -> Option<String> {
    shortcuts.first().map(|one| keys::label(one, keyboard()))
}

/// Returns the settings of the design. Their help texts are searched too.
fn settings() -> impl Iterator<Item = Thing> {
    let fields = design::Settings::RECORD.fields.iter();
    fields.map(|field| Thing {
        goal: Goal::Setting(field.name),
        label: field.label.to_owned(),
        hint: format!("Settings of the design\n{} telemetry", field.help),
        keys: None,
    })
}

fn kept_thing(kept: Kept) -> Thing {
    Thing {
        hint: format!("Saved design, {}", words::when(kept.modified_ms)),
        label: kept.name.clone(),
        goal: Goal::Open {
            id: kept.id,
            name: kept.name,
        },
        keys: None,
    }
}
