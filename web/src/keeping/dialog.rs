//! The saved designs: open, rename, copy, download, delete, and undo a deletion.

use editor::keeping::{self, Kept, Order, free_name, size};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{line, shelf, unique};
use crate::bind::text;
use crate::dialogs::head;
use crate::files;
use crate::state::Page;
use crate::words;
use editor::PageAction;

/// The state of the dialog. Copies share it.
#[derive(Clone, Copy)]
struct List {
    page: Page,
    all: RwSignal<Vec<Kept>>,
    order: RwSignal<Order>,
    /// The id of the design whose name is being typed.
    renaming: RwSignal<Option<String>>,
    /// The last deleted design, to restore it.
    deleted: RwSignal<Option<(Kept, String)>>,
    /// The error message.
    said: RwSignal<String>,
}

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let list = List {
        page,
        all: RwSignal::new(Vec::new()),
        order: RwSignal::new(Order::Time),
        renaming: RwSignal::new(None),
        deleted: RwSignal::new(None),
        said: RwSignal::new("Loading\u{2026}".to_owned()),
    };
    list.renew();
    let rows = move || {
        let mut all = list.all.get();
        keeping::sort(&mut all, list.order.get());
        all.into_iter().map(|kept| row(list, kept)).collect_view()
    };
    let head_of = move |order: Order, label: &'static str| {
        let sorted = text(move || {
            match (list.order.get() == order, order) {
                (false, _) => "none",
                (true, Order::Name) => "ascending",
                (true, Order::Time | Order::Size) => "descending",
            }
            .to_owned()
        });
        view! {
            <th scope="col" aria-sort=sorted>
                <button class="sort" on:click=move |_| list.order.set(order)>
                    {label}
                </button>
            </th>
        }
    };
    view! {
        <div class="dialog-body">
            {head("Your designs")}
            <p class="quiet">
                "Saved in this browser only. Every edit is saved automatically; a link you open is saved once you change it."
            </p>
            <div class="tables">
                <table class="designs">
                    <thead>
                        <tr>
                            {head_of(Order::Name, "Name")}
                            {head_of(Order::Time, "Changed")}
                            {head_of(Order::Size, "Size")}
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="said" role="status">
                {list.said}
                " "
                {move || list.deleted.get().map(|deleted| undo(list, deleted))}
            </p>
            <div class="dialog-foot">
                <button
                    class="button primary"
                    data-first=""
                    on:click=move |_| page.perform(PageAction::New)
                >
                    "New design"
                </button>
                <button class="button" on:click=move |_| files::choose(page)>
                    "Open a file\u{2026}"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn undo(list: List, (kept, text): (Kept, String)) -> AnyView {
    view! {
        <button
            class="button"
            on:click=move |_| {
                list.deleted.set(None);
                list.put(kept.clone(), text.clone(), None);
            }
        >
            "Undo"
        </button>
    }
    .into_any()
}

fn row(list: List, kept: Kept) -> AnyView {
    let name = kept.name.clone();
    let id = kept.id.clone();
    let open = list.page.hidden.with_value(|hidden| hidden.document == id);
    let typed = list
        .renaming
        .with(|renaming| renaming.as_ref() == Some(&id));
    let button = |label: &'static str, act: fn(List, Kept)| {
        let kept = kept.clone();
        view! {
            <button
                class="button bare"
                aria-label=format!("{label}: {}", kept.name)
                on:click=move |_| act(list, kept.clone())
            >
                {label}
            </button>
        }
    };
    let named = if typed {
        rename_field(list, kept.clone())
    } else {
        let (id, name) = (id.clone(), name.clone());
        view! {
            <button
                class="to"
                on:click=move |_| list.page.open_kept(id.clone(), name.clone())
            >
                {name.clone()}
            </button>
        }
        .into_any()
    };
    let note = match (kept.nodes, open) {
        (None, _) => "damaged".to_owned(),
        (Some(_), true) => "open".to_owned(),
        (Some(1), false) => "1 node".to_owned(),
        (Some(nodes), false) => format!("{nodes} nodes"),
    };
    view! {
        <tr>
            <th scope="row">{named} <span class="quiet">{note}</span></th>
            <td class="num">{words::when(kept.modified_ms)}</td>
            <td class="num">{size(kept.bytes)}</td>
            <td class="acts">
                {button("Rename", |list, kept| list.renaming.set(Some(kept.id)))}
                {button("Copy", List::duplicate)} {button("Download", List::download)}
                {button("Delete", List::delete)}
            </td>
        </tr>
    }
    .into_any()
}

fn rename_field(list: List, kept: Kept) -> AnyView {
    let field = NodeRef::<leptos::html::Input>::new();
    field.on_load(|field| {
        request_animation_frame(move || {
            // Fails only for elements that cannot have the focus.
            let _ = field.focus();
            field.select();
        });
    });
    let name = kept.name.clone();
    let finish = move |name: Option<String>| {
        // Typing ends once, although Enter and the loss of focus both report it.
        if list.renaming.with_untracked(Option::is_none) {
            return;
        }
        list.renaming.set(None);
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            list.rename(kept.clone(), name.trim());
        }
    };
    let by_key = finish.clone();
    view! {
        <input
            node_ref=field
            aria-label="Name"
            maxlength=keeping::NAME_MAX
            prop:value=name
            on:keydown=move |event| match event.key().as_str() {
                "Enter" => by_key(Some(event_target_value(&event))),
                "Escape" => {
                    // The dialog stays.
                    event.prevent_default();
                    by_key(None);
                }
                _ => {}
            }
            on:blur=move |event| finish(Some(event_target_value(&event)))
        />
    }
    .into_any()
}

impl List {
    fn renew(self) {
        spawn_local(async move {
            let (all, said) = match shelf::list().await {
                Ok(all) if all.is_empty() => (all, "No saved designs yet.".to_owned()),
                Ok(all) => (all, String::new()),
                Err(why) => (Vec::new(), format!("Designs cannot be saved: {why}.")),
            };
            // The dialog may be gone by now, and its signals with it.
            let _ = self.all.try_set(all);
            let deleted = self.deleted.try_with_untracked(Option::is_some);
            if deleted == Some(false) {
                let _ = self.said.try_set(said);
            }
        });
    }

    fn say(self, what: String) {
        let _ = self.said.try_set(what);
    }

    /// Does something with the text of a saved design.
    fn with_text(self, kept: Kept, act: impl FnOnce(Self, Kept, String) + 'static) {
        spawn_local(async move {
            match shelf::read(&kept.id).await {
                Ok(Some((text, _))) => act(self, kept, text),
                Ok(None) => {
                    self.say(format!("\u{201c}{}\u{201d} no longer exists.", kept.name));
                    self.renew();
                }
                Err(why) => self.say(format!("Not read: {why}.")),
            }
        });
    }

    fn put(self, kept: Kept, text: String, seen: Option<String>) {
        spawn_local(async move {
            match shelf::write(&kept, &text, seen.as_deref()).await {
                Ok(shelf::Outcome::Kept) => {
                    self.page
                        .desk(|desk| desk.see_if_known(&kept.id, &kept.stamp));
                    self.say(String::new());
                }
                Ok(shelf::Outcome::Taken) => {
                    self.say(format!(
                        "\u{201c}{}\u{201d} was changed in another tab; nothing was done here.",
                        kept.name
                    ));
                }
                Err(why) => self.say(format!("Not saved: {why}.")),
            }
            self.renew();
        });
    }

    fn is_open(self, id: &str) -> bool {
        self.page.hidden.with_value(|hidden| hidden.document == id)
    }

    fn rename(self, kept: Kept, name: &str) {
        if self.is_open(&kept.id) {
            // An edit like any other, to be undone like any other.
            self.page.rename_design(name.to_owned());
            self.page.save_now();
            let _ = self.all.try_update(|all| {
                if let Some(shown) = all.iter_mut().find(|one| one.id == kept.id) {
                    name.clone_into(&mut shown.name);
                }
            });
            return;
        }
        let name = name.to_owned();
        self.with_text(kept, move |list, kept, text| {
            let seen = Some(kept.stamp.clone());
            match format::json::read(&text) {
                Ok(mut design) => {
                    design.settings.name = name;
                    let text = format::json::write(&design);
                    list.put(line(&kept.id, &design, &text), text, seen);
                }
                // Damaged: its text stays as it is.
                Err(_) => {
                    let stamp = unique();
                    list.put(
                        Kept {
                            name,
                            stamp,
                            ..kept
                        },
                        text,
                        seen,
                    );
                }
            }
        });
    }

    fn duplicate(self, kept: Kept) {
        let name = self
            .all
            .with_untracked(|all| free_name(&kept.name, all.iter().map(|kept| kept.name.as_str())));
        self.with_text(kept, move |list, kept, text| {
            let id = unique();
            let copy = match format::json::read(&text) {
                Ok(mut design) => {
                    design.settings.name = name;
                    let text = format::json::write(&design);
                    (line(&id, &design, &text), text)
                }
                Err(_) => {
                    let stamp = unique();
                    (
                        Kept {
                            id,
                            name,
                            stamp,
                            ..kept
                        },
                        text,
                    )
                }
            };
            list.put(copy.0, copy.1, None);
        });
    }

    fn download(self, kept: Kept) {
        self.with_text(kept, |_, kept, text| {
            files::save_text(&text, &kept.name, files::DESIGN, "application/json");
        });
    }

    fn delete(self, kept: Kept) {
        self.with_text(kept, |list, kept, text| {
            spawn_local(async move {
                match shelf::delete(&kept.id).await {
                    Ok(()) => {
                        list.say(format!("\u{201c}{}\u{201d} is deleted.", kept.name));
                        let _ = list.deleted.try_set(Some((kept, text)));
                    }
                    Err(why) => list.say(format!("Not deleted: {why}.")),
                }
                list.renew();
            });
        });
    }
}
