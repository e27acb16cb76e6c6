//! Links as thin lines with a direction; their policies are small marks at the caller's end.

use design::Link;
use design::link::Mode;
use editor::labels::LinkLabels;
use editor::{Hit, LinkPath, Point, icons};
use leptos::prelude::*;
use leptos::svg::G;

use super::Live;
use super::flows::LinkParts;
use crate::bind::text;
use crate::state::Page;

/// Half the corners of the tear where a link is cut.
const TEAR_STEPS: i32 = 6;

/// A link with its line, as views need them.
#[derive(Clone, PartialEq)]
struct Drawn {
    link: Link,
    path: LinkPath,
    labels: LinkLabels,
    names: [String; 2],
}

impl Drawn {
    /// Returns the link with this id in the design that is shown.
    fn of(page: Page, id: &str) -> Option<Self> {
        page.design.with(|design| {
            let link = design.link(id)?;
            let title = |id: &str| design.node(id).map(|node| node.title().to_owned());
            Some(Self {
                path: page.places.path(id)?,
                labels: page.places.routes(|routes| routes.labels_of(id)),
                names: [title(&link.from)?, title(&link.to)?],
                link: link.clone(),
            })
        })
    }
}

/// All links.
#[component]
pub(crate) fn Links() -> impl IntoView {
    let page = Page::get();
    let ids = Memo::new(move |_| {
        page.design.with(|design| {
            design
                .links
                .iter()
                .map(|link| link.id.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <svg class="links" width="1" height="1">
            <For each=move || ids.get() key=|id| id.clone() let:id>
                <Line id=id />
            </For>
        </svg>
    }
}

#[component]
fn Line(id: String) -> impl IntoView {
    let page = Page::get();
    let live = Live::get();
    let key = id.clone();
    let moved = page.places.of_link(&id);
    let drawn = Memo::new(move |before: Option<&Option<Drawn>>| {
        moved.track();
        page.places.count_shape();
        Drawn::of(page, &key).or_else(|| before.cloned().flatten())
    });
    let selected = {
        let id = id.clone();
        Memo::new(move |_| {
            page.selection
                .with(|selection| selection.links.contains(&id))
        })
    };
    let hovered = {
        let id = id.clone();
        Memo::new(move |_| {
            page.hover.with(
                |hover| matches!(hover, Hit::Link(link) | Hit::LinkEnd(link, _) if *link == id),
            )
        })
    };
    let with = move |read: fn(&Drawn) -> String| {
        text(move || drawn.with(|drawn| drawn.as_ref().map_or_else(String::new, read)))
    };
    let group = NodeRef::<G>::new();
    let key = id.clone();
    group.on_load(move |element| {
        if let Some(parts) = LinkParts::of(&element) {
            live.add_link(key, parts);
        }
    });
    let key = id.clone();
    on_cleanup(move || live.remove_link(&key));
    view! {
        <g
            node_ref=group
            class="link"
            class:selected=selected
            class:hovered=hovered
            data-id=id.clone()
            data-mode=with(|drawn| mode_name(drawn.link.mode).to_owned())
            role="img"
            aria-label=with(label)
        >
            <path class="line" stroke-width="1.25" d=with(|drawn| drawn.path.line.to_svg())></path>
            <path class="arrow" d=with(|drawn| arrow(&drawn.path))></path>
            <path class="gap" d=with(|drawn| cut(&drawn.path))></path>
            <path class="cut" d=with(|drawn| cut(&drawn.path))></path>
            {move || drawn.with(|drawn| drawn.as_ref().map(marks))}
            <text class="label times num" transform=with(sample)></text>
            <text class="label sample num" transform=with(sample)></text>
        </g>
    }
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Call => "call",
        Mode::Publish => "publish",
        Mode::Consume => "consume",
        Mode::DeadLetter => "dead_letter",
    }
}

fn label(drawn: &Drawn) -> String {
    let verb = match drawn.link.mode {
        Mode::Call => "calls",
        Mode::Publish => "publishes to",
        Mode::Consume => "is consumed by",
        Mode::DeadLetter => "sends dead letters to",
    };
    let names: Vec<String> = policies(&drawn.link).map(|policy| policy.title).collect();
    let policies = if names.is_empty() {
        String::new()
    } else {
        format!(", with {}", names.join(", "))
    };
    format!("{} {verb} {}{policies}", drawn.names[0], drawn.names[1])
}

/// Returns an arrowhead just before the callee's port.
fn arrow(path: &LinkPath) -> String {
    let length = path.length().max(1.0);
    let share = 1.0 - 6.0 / length;
    let (tip, way) = (path.at(share), path.direction(share));
    let back = tip - way * 8.0;
    let aside = Point::new(-way.y, way.x) * 4.0;
    let (a, b) = (back + aside, back - aside);
    format!(
        "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}",
        a.x, a.y, tip.x, tip.y, b.x, b.y
    )
}

/// Returns the tear across a link that a partition cuts, as a zigzag line. It is drawn twice: paper
/// shows between its edges.
fn cut(path: &LinkPath) -> String {
    let (middle, way) = (path.at(0.5), path.direction(0.5));
    let across = Point::new(-way.y, way.x);
    let mut tear = String::new();
    for step in -TEAR_STEPS..=TEAR_STEPS {
        let aside = if step % 2 == 0 { -5.0 } else { 5.0 };
        let at = middle + across * (f64::from(step) * 9.0) + way * aside;
        let pen = if tear.is_empty() { 'M' } else { 'L' };
        tear += &format!("{pen}{:.1} {:.1}", at.x, at.y);
    }
    tear
}

struct Policy {
    class: &'static str,
    icon: &'static str,
    title: String,
}

/// Returns the policies of a link, in the order in which a call meets them.
fn policies(link: &Link) -> impl Iterator<Item = Policy> {
    let breaker = link.breaker.as_ref().map(|_| Policy {
        class: "mark breaker",
        // An open switch has another lever, which is upright.
        icon: icons::BREAKER,
        title: "a circuit breaker".to_owned(),
    });
    let pool = link.pool.as_ref().map(|pool| Policy {
        class: "mark pool",
        icon: icons::POOL,
        title: match &pool.shared {
            Some(name) => format!("a pool of {}, shared as {name}", pool.size),
            None => format!("a pool of {}", pool.size),
        },
    });
    let timeout = link.timeout.map(|timeout| Policy {
        class: "mark timeout",
        icon: icons::TIMEOUT,
        title: format!(
            "a timeout of {}",
            crate::words::spaced(&timeout.to_string())
        ),
    });
    let retry = link.retry.as_ref().map(|retry| Policy {
        class: "mark retry",
        icon: icons::RETRY,
        title: match &retry.budget {
            Some(budget) => format!(
                "up to {} attempts, budget {}%",
                retry.max_attempts,
                budget.ratio * 100.0
            ),
            None => format!("up to {} attempts", retry.max_attempts),
        },
    });
    [pool, breaker, timeout, retry].into_iter().flatten()
}

/// Returns the position of the text of the sample, a little below its middle; empty without a
/// place.
fn sample(drawn: &Drawn) -> String {
    drawn.labels.sample.map_or_else(
        || "scale(0)".to_owned(),
        |at| format!("translate({:.1} {:.1})", at.x, at.y + 4.0),
    )
}

fn marks(drawn: &Drawn) -> impl IntoView + use<> {
    let marks = policies(&drawn.link).zip(&drawn.labels.marks).map(|(policy, at)| {
        view! {
            <g class=policy.class transform=format!("translate({:.1} {:.1})", at.x, at.y)>
                <title>{policy.title}</title>
                <circle r="7.5"></circle>
                <path d=policy.icon></path>
                {(policy.class == "mark breaker").then(|| view! { <path class="lever" d="M-5 1.5h3v-5M2 1.5h3"></path> })}
            </g>
        }
    });
    marks.collect_view()
}
