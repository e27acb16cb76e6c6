//! The library: lessons in courses, and reference designs to start from. Their files are fetched
//! when they are shown or opened; the page never waits for one.

mod fetch;
mod picture;
pub(crate) mod progress;

use host::scenarios::{self, COURSES, DESIGNS, Entry, INDEX, Theme};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::dialogs::head;
use crate::keeping::unique;
use crate::lesson::Lesson;
use crate::opening::Opened;
use crate::state::{About, Page};

/// A section of the library: lessons or reference designs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    Lessons,
    Designs,
}

impl Shelf {
    /// Returns the path of a file, relative to the page.
    fn path(self, id: &str) -> String {
        match self {
            Self::Lessons => format!("scenarios/{id}.json"),
            Self::Designs => format!("scenarios/sound/{id}.json"),
        }
    }
}

/// Returns the name of a theme.
pub(crate) fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Calls => "Calls and retries",
        Theme::Overload => "Overload",
        Theme::Caches => "Caches",
        Theme::Data => "Data",
        Theme::Queues => "Queues",
        Theme::Balancing => "Balancing",
        Theme::Coordination => "Coordination",
        Theme::Operations => "Operations",
    }
}

/// What an address names.
pub(crate) enum Named {
    /// A lesson that is compiled in.
    Lesson(Box<Lesson>),
    /// A lesson or design that has to be fetched.
    Fetch(Shelf, &'static str),
    /// An unknown id, with the most similar known one.
    Unknown(Option<&'static str>),
}

/// Looks an id up.
pub(crate) fn find(id: &str) -> Named {
    if let Some(lesson) = Lesson::load(id) {
        return Named::Lesson(Box::new(lesson));
    }
    let known = |list: &'static [Entry]| list.iter().find(|entry| entry.id == id);
    if let Some(entry) = known(INDEX) {
        return Named::Fetch(Shelf::Lessons, entry.id);
    }
    if let Some(entry) = known(DESIGNS) {
        return Named::Fetch(Shelf::Designs, entry.id);
    }
    let ids = INDEX.iter().chain(DESIGNS).map(|entry| entry.id);
    Named::Unknown(design::validate::nearest(id, ids))
}

/// Opens a lesson of the library. The present design stays saved.
pub(crate) fn open_scenario(page: Page, id: &str) {
    open(page, id, || {});
}

/// Opens a lesson that the browser's history has returned to.
pub(crate) fn return_to(page: Page, id: &str) {
    open(page, id, move || page.return_next());
}

/// Opens a lesson or a design of the library. `before` is called once it is there.
fn open(page: Page, id: &str, before: impl FnOnce() + 'static) {
    page.dialog.set(None);
    page.dismiss(About::Opening);
    match find(id) {
        Named::Lesson(lesson) => {
            before();
            enter(page, *lesson, true);
        }
        Named::Fetch(shelf, id) => fetch_and(page, shelf, id, move |opened| match opened {
            Ok(Fetched::Lesson(lesson)) => {
                before();
                enter(page, *lesson, true);
            }
            Ok(Fetched::Design(design)) => {
                before();
                page.address_next(format!("#scenario={id}"));
                page.open_own(*design, unique());
                page.announce.set("Opened as your own design".to_owned());
            }
            Err(why) => page.notice(About::Opening, why),
        }),
        Named::Unknown(_) => {}
    }
}

/// Begins a lesson.
fn enter(page: Page, lesson: Lesson, playing: bool) {
    page.leave_document();
    page.take_lesson(lesson);
    page.show_side(crate::findings::Side::Story);
    page.open_lesson(playing);
    page.announce.set("The lesson begins".to_owned());
    if page.opened.get_untracked() == Opened::Lesson {
        crate::acting::focus_soon("#story");
    }
}

/// What a file of the library holds.
pub(crate) enum Fetched {
    Lesson(Box<Lesson>),
    Design(Box<design::Design>),
}

/// Fetches a file and passes on its contents, or why it failed. If several are in progress, the
/// last one counts.
pub(crate) fn fetch_and(
    page: Page,
    shelf: Shelf,
    id: &'static str,
    then: impl FnOnce(Result<Fetched, String>) + 'static,
) {
    let token = page.hidden.try_update_value(|hidden| {
        hidden.fetch_token += 1;
        hidden.fetch_token
    });
    page.announce.set("Fetching\u{2026}".to_owned());
    spawn_local(async move {
        let read = match fetch::text(&shelf.path(id)).await {
            Ok(text) => read(shelf, id, &text),
            Err(why) => Err(format!(
                "\u{201c}{id}\u{201d} could not be fetched: {why}. The open design is unchanged."
            )),
        };
        let now = page.hidden.try_with_value(|hidden| hidden.fetch_token);
        if now == token {
            then(read);
        }
    });
}

fn read(shelf: Shelf, id: &str, text: &str) -> Result<Fetched, String> {
    let problem = |problems: Vec<design::Problem>| {
        let first = problems
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!("The file of \u{201c}{id}\u{201d} is damaged: {first}.")
    };
    match shelf {
        Shelf::Lessons => scenarios::read(id, text)
            .map(|scenario| Fetched::Lesson(Box::new(Lesson::new(scenario)))),
        Shelf::Designs => {
            scenarios::read_sound(id, text).map(|sound| Fetched::Design(Box::new(sound.design)))
        }
    }
    .map_err(problem)
}

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let open = page.lesson.with_value(|lesson| lesson.scenario.id.clone());
    let open = (page.opened.get_untracked() == Opened::Lesson).then_some(open);
    let sight = picture::Sight::new();
    let wanted = RwSignal::new(String::new());
    let groups = COURSES.iter().map(|course| Group {
        title: course.title,
        about: course.about,
        shelf: Shelf::Lessons,
        entries: course.entries().collect(),
    });
    let designs = Group {
        title: "Reference designs",
        about: "Systems that meet their requirements, to start your own from.",
        shelf: Shelf::Designs,
        entries: DESIGNS.iter().collect(),
    };
    let groups = groups.chain([designs]);
    let groups = groups.map(|one| group(page, one, &open, &sight, wanted));
    let groups = groups.collect_view();
    let is_empty = move || {
        let mut all = INDEX.iter().chain(DESIGNS);
        wanted.with(|wanted| !all.any(|entry| is_match(entry, wanted)))
    };
    view! {
        <div class="dialog-body gallery">
            {head("Lessons and designs")}
            <p class="quiet">
                "Each lesson is a system that fails, in about two minutes. Your own designs stay saved."
            </p>
            <input
                type="search"
                class="gallery-search"
                aria-label="Search lessons and designs"
                placeholder="Search: timeout, CAP, stampede \u{2026}"
                data-first=""
                prop:value=wanted
                on:input=move |event| wanted.set(event_target_value(&event))
            />
            <Show when=is_empty>
                <p role="status">"Nothing matches."</p>
            </Show>
            {groups}
        </div>
    }
    .into_any()
}

/// Lessons or designs under one heading.
struct Group {
    title: &'static str,
    about: &'static str,
    shelf: Shelf,
    entries: Vec<&'static Entry>,
}

/// Returns whether an entry contains all words searched for, in its title, its summary or its id.
fn is_match(entry: &Entry, wanted: &str) -> bool {
    let text = format!(
        "{} {} {} {}",
        entry.title,
        entry.summary,
        entry.id,
        theme(entry.theme)
    );
    let text = text.to_lowercase();
    let wanted = wanted.to_lowercase();
    wanted.split_whitespace().all(|word| text.contains(word))
}

fn group(
    page: Page,
    group: Group,
    open: &Option<String>,
    sight: &picture::Sight,
    wanted: RwSignal<String>,
) -> AnyView {
    let Group {
        title,
        about,
        shelf,
        entries,
    } = group;
    let all = entries.clone();
    let is_hidden = move || wanted.with(|wanted| !all.iter().any(|entry| is_match(entry, wanted)));
    let cards = entries
        .into_iter()
        .map(|entry| card(page, shelf, entry, open, sight, wanted));
    view! {
        <section class="shelf" hidden=is_hidden>
            <h3>{title}</h3>
            <p class="quiet">{about}</p>
            <ul class="cards">{cards.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn card(
    page: Page,
    shelf: Shelf,
    entry: &'static Entry,
    open: &Option<String>,
    sight: &picture::Sight,
    wanted: RwSignal<String>,
) -> AnyView {
    let is_open = open.as_deref() == Some(entry.id);
    let time = match (shelf, is_open) {
        (_, true) => "open".to_owned(),
        (Shelf::Lessons, _) => match progress::of(entry.id).words() {
            "" => format!("{}\u{a0}min", entry.minutes),
            words => words.to_owned(),
        },
        (Shelf::Designs, _) => theme(entry.theme).to_owned(),
    };
    view! {
        <li hidden=move || wanted.with(|wanted| !is_match(entry, wanted))>
            <button
                class="card"
                data-id=entry.id
                aria-current=is_open.then_some("true")
                on:click=move |_| open_scenario(page, entry.id)
            >
                {picture::view(shelf, entry.id, sight)}
                <span class="card-title">
                    <b>{entry.title}</b>
                    <span class="quiet">{time}</span>
                </span>
                <span class="card-words">{entry.summary}</span>
            </button>
        </li>
    }
    .into_any()
}
