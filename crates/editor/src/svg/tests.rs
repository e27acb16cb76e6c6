use super::xml::escaped;
use super::*;
use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, node_rect};
use crate::icons;
use crate::testing::small;
use design::kinds::client::Client;
use design::kinds::service::{Autoscale, Service};
use design::link::{Breaker, Condition, Conditions, Hedge, Pool, Retry};
use design::{Duration, KINDS, Kind, Node};

/// Checks that a picture is well-formed: its tags match, and its texts contain no markup. The names
/// of elements and attributes are fixed; the contents of a design are only in texts and in quotes.
fn check_xml(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        assert!(!text.contains('>'), "{text}");
        check_entities(text);
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        check_entities(tag);
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap().to_owned()),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
    let bad = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{ffff}');
    assert!(!svg.contains(bad));
}

fn check_entities(text: &str) {
    for after in text.split('&').skip(1) {
        let name = after.split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot"].contains(&name), "&{after}");
    }
}

/// Checks that no words beside a line cover a card or one another.
fn check_labels(design: &Design, picture: &Picture) {
    let cards = design.nodes.iter().map(node_rect);
    let cards: Vec<Rect> = cards.collect();
    for (at, label) in picture.labels.iter().enumerate() {
        assert!(
            !cards.iter().any(|card| card.intersects(label)),
            "{label:?}"
        );
        let others = &picture.labels[at + 1..];
        assert!(
            !others.iter().any(|other| other.intersects(label)),
            "{label:?}"
        );
        assert!(picture.bounds.contains(label.min) && picture.bounds.contains(label.max));
    }
}

/// Returns all texts of a picture.
fn texts(picture: &Picture) -> Vec<&str> {
    let shapes = picture.shapes.iter();
    let texts = shapes.filter_map(|shape| match shape {
        Shape::Text(words) => Some(words.text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn has_path(picture: &Picture, d: &str) -> bool {
    let mut shapes = picture.shapes.iter();
    shapes.any(|shape| matches!(shape, Shape::Path(path) if path.d == d))
}

/// The largest possible picture in a card.
const BODY: &str = "M0 0h176v28H0z";

/// Returns a moment with every metric.
fn moment(design: &Design) -> Moment {
    let node = |node: &Node| {
        let now = NodeNow {
            state: Some(("failing", Ink::Failing, "M1 1l7 7".to_owned())),
            rate: "150/s".to_owned(),
            tell: "9 versions".to_owned(),
            failures: ("12".to_owned(), true),
            harm: "3 stale reads".to_owned(),
            slots: [16, 7, 5],
            waiting: 31,
            body: vec![Drawn {
                d: BODY.to_owned(),
                at: Point::default(),
                scale: [1.0; 2],
                paint: Paint::fill(Ink::Ink),
            }],
            broken: true,
            ..NodeNow::default()
        };
        (node.id.clone(), now)
    };
    let link = |link: &Link| {
        let now = LinkNow {
            rate: "149/s".to_owned(),
            width: 3.0,
            cut: true,
            open: true,
            impaired: false,
        };
        (link.id.clone(), now)
    };
    Moment {
        when: "At 0:12.3 of the run".to_owned(),
        nodes: design.nodes.iter().map(node).collect(),
        links: design.links.iter().map(link).collect(),
    }
}

#[test]
fn random_designs_give_well_formed_pictures_whose_words_stand_free() {
    testing::cases(40, 20).check(|design, _| {
        let numbers = moment(design);
        for moment in [None, Some(&numbers)] {
            let picture = picture(design, moment);
            if !layout::lacks_positions(design) {
                check_labels(design, &picture);
            }
            for ground in [Ground::Either, Ground::Dark] {
                check_xml(&to_svg(&picture, ground));
            }
        }
    });
}

#[test]
fn every_kind_has_its_icon() {
    let mut design = Design::default();
    for (at, kind) in KINDS.iter().enumerate() {
        let at = [200 * at as i32, 0];
        design.nodes.push(Node::new(kind.name, (kind.make)(), at));
    }
    let numbers = moment(&design);
    for moment in [None, Some(&numbers)] {
        let picture = picture(&design, moment);
        for node in &design.nodes {
            assert!(
                has_path(&picture, icons::of_kind(&node.kind)),
                "{}",
                node.id
            );
        }
    }
}

#[test]
fn hostile_names_are_text() {
    assert_eq!(
        escaped("<a href=\"x\">&\u{0}\u{ffff}"),
        "&lt;a href=&quot;x&quot;&gt;&amp;\u{fffd}\u{fffd}"
    );
    let mut design = small();
    let hostile = "\"/><script>alert(1)</script>&\u{1b}";
    design.settings.name = hostile.to_owned();
    design.nodes[1].label = Some(hostile.to_owned());
    design.nodes[1].deployment.zone = Some(hostile.to_owned());
    design.nodes[2].deployment.zones = vec![hostile.to_owned()];
    design.settings.notes = vec![note::new_note([0, 300], hostile)];
    design.links[1].when = Conditions(vec![Condition::Operations(vec![hostile.to_owned()])]);
    let svg = write(&design);
    assert!(!svg.contains("<script") && svg.contains("&lt;script"));
    check_xml(&svg);
}

#[test]
fn a_link_says_when_it_is_called_and_with_which_policies() {
    let mut design = small();
    let link = &mut design.links[1];
    link.when = Conditions(vec![
        Condition::OnMiss,
        Condition::Operations(vec!["buy".to_owned()]),
    ]);
    link.timeout = Some(Duration::ms(300));
    link.retry = Some(Retry::default());
    link.breaker = Some(Breaker::default());
    link.pool = Some(Pool::default());
    link.hedge = Some(Hedge::default());
    design.nodes[2].at = [900, 0];
    let picture = picture(&design, None);
    for words in [
        "on miss or buy",
        "timeout 300\u{a0}ms",
        "3 attempts",
        "circuit breaker",
        "pool of 10",
        "hedged after 50\u{a0}ms",
    ] {
        assert!(
            texts(&picture).contains(&words),
            "{words}: {:?}",
            texts(&picture)
        );
    }
    for icon in [icons::TIMEOUT, icons::RETRY, icons::POOL, icons::HEDGE] {
        assert!(has_path(&picture, icon), "{icon}");
    }
    assert_eq!(picture.labels.len(), 1);
}

#[test]
fn words_wider_than_the_gap_between_neighbors_stand_above_with_a_leader() {
    let mut design = small();
    design.links[1].timeout = Some(Duration::ms(300));
    let [x, y] = design.nodes[1].at;
    design.nodes[2].at = [x + NODE_WIDTH as i32 + 80, y];
    let plain = picture(&design, None);
    check_labels(&design, &plain);
    let [label] = plain.labels[..] else {
        panic!("{:?}", plain.labels);
    };
    assert!(label.max.y < f64::from(y), "{label:?}");
    assert!(texts(&plain).contains(&"timeout 300\u{a0}ms"));
    let middle = NODE_WIDTH + f64::from(x) + 40.0;
    let foot = format!("L{middle:.1} {:.1}", f64::from(y) + NODE_HEIGHT / 2.0);
    let is_leader = |shape: &Shape| matches!(shape, Shape::Path(path) if path.d.ends_with(&foot));
    assert!(plain.shapes.iter().any(is_leader), "no leader {foot}");
    // Counts at the corners of cards, and queues before them, are no obstacle.
    let with = picture(&design, Some(&moment(&design)));
    check_labels(&design, &with);
    assert_eq!(with.labels.len(), 2);
}

#[test]
fn words_without_room_beside_their_link_stand_below() {
    let mut design = small();
    design.links[1].timeout = Some(Duration::ms(300));
    let [x, y] = design.nodes[1].at;
    design.nodes[2].at = [x + NODE_WIDTH as i32 + 14, y];
    let row = NODE_HEIGHT as i32 + 16;
    for (at, [dx, dy]) in [[0, -row], [260, -row], [0, row], [260, row]]
        .iter()
        .enumerate()
    {
        let kind = Kind::Service(Service::default());
        let node = Node::new(format!("n{at}"), kind, [x + dx - 20, y + dy]);
        design.nodes.push(node);
    }
    let picture = picture(&design, None);
    assert!(picture.labels.is_empty(), "{:?}", picture.labels);
    assert!(
        texts(&picture).contains(&"api → db: timeout 300\u{a0}ms"),
        "{:?}",
        texts(&picture)
    );
}

#[test]
fn numbers_are_those_of_the_moment_and_only_there() {
    let design = small();
    let moment = moment(&design);
    let with = picture(&design, Some(&moment));
    let without = picture(&design, None);
    for words in [
        "150/s",
        "149/s",
        "31",
        "9 versions",
        "3 stale reads",
        "12",
        "At 0:12.3 of the run",
        "circuit open",
        "cut",
    ] {
        assert!(texts(&with).contains(&words), "{words}: {:?}", texts(&with));
        assert!(!texts(&without).contains(&words), "{words}");
    }
    check_labels(&design, &with);
    // The slots are drawn for readers who see them, and counted for screen readers.
    let svg = to_svg(&with, Ground::Light);
    assert_eq!(svg.matches("12 of 16 slots in use").count(), 3);
}

/// Returns what a line of text covers.
fn extent(words: &Words) -> Rect {
    let across = width(&words.text, words.size, words.bold);
    let left = words.at.x - if words.from_right { across } else { 0.0 };
    let [up, down] = [0.75, 0.2].map(|share| share * words.size);
    Rect::between(
        Point::new(left, words.at.y - up),
        Point::new(left + across, words.at.y + down),
    )
}

#[test]
fn what_a_card_says_stays_inside_it_and_apart() {
    let mut design = small();
    design.links.clear();
    let service = Service {
        autoscale: Some(Autoscale {
            min: 1_000,
            max: 20_000,
            ..Autoscale::default()
        }),
        ..Service::default()
    };
    design.nodes[1].kind = Kind::Service(service);
    let mut moment = moment(&design);
    for (title, rate, tell) in [
        ("api", "150/s", "96% hits, 12 s old"),
        (
            "Backend for frontend and recommendations gateway",
            "12.3k/s",
            "9 of 16 busy",
        ),
        (
            "W".repeat(40).as_str(),
            "150k/s",
            "1.2M held, oldest 23 min, and some more",
        ),
        (
            "api",
            "a rate that is far longer than any card is wide",
            "9 versions",
        ),
    ] {
        design.nodes[1].label = Some(title.to_owned());
        let now = &mut moment.nodes[1].1;
        (now.rate, now.tell) = (rate.to_owned(), tell.to_owned());
        let picture = picture(&design, Some(&moment));
        for node in &design.nodes {
            check_card(node_rect(node), &of_card(&picture, node.title()));
        }
        assert!(
            texts(&picture)
                .iter()
                .any(|text| rate.starts_with(text.trim_end_matches('…')))
        );
    }
}

/// Returns the shapes of one card.
fn of_card<'a>(picture: &'a Picture, title: &str) -> Vec<&'a Shape> {
    let shapes = picture.shapes.iter();
    let is_begin =
        |shape: &&Shape| matches!(shape, Shape::Begin(about) if about.starts_with(title));
    let of_it = shapes.skip_while(|shape| !is_begin(shape)).skip(1);
    of_it
        .take_while(|shape| !matches!(shape, Shape::End))
        .collect()
}

/// Checks that all lines of text, except those around the card, are inside it, and that they cover
/// neither one another nor the picture.
fn check_card(card: Rect, shapes: &[&Shape]) {
    let outside = ["31", "12", "3 stale reads"];
    let mut taken: Vec<Rect> = Vec::new();
    for shape in shapes {
        let area = match shape {
            Shape::Text(words) if !outside.contains(&words.text.as_str()) => extent(words),
            Shape::Path(path) if path.d == BODY => {
                Rect::between(path.at, path.at + Point::new(176.0, 28.0))
            }
            _ => continue,
        };
        let inside = card.expand(-4.0);
        assert!(
            inside.contains(area.min) && inside.contains(area.max),
            "{shape:?}"
        );
        assert!(
            !taken.iter().any(|other| other.intersects(&area)),
            "{shape:?}"
        );
        taken.push(area);
    }
    assert!(taken.len() >= 4, "{taken:?}");
}

#[test]
fn a_long_title_takes_two_lines_and_is_whole_as_a_tooltip() {
    let mut design = small();
    let title = "Backend for frontend and recommendations gateway";
    design.nodes[1].label = Some(title.to_owned());
    let picture = picture(&design, None);
    let all = texts(&picture);
    assert!(all.contains(&"Backend for frontend"), "{all:?}");
    let kind = design.nodes[1].kind.info().label;
    assert!(write(&design).contains(&format!("<title>{title}, {kind}")));
    let room = NODE_WIDTH - card::INDENT - card::PADDING;
    for words in picture.shapes.iter().filter_map(|shape| match shape {
        Shape::Text(words) if words.bold && words.size == 13.0 => Some(words),
        _ => None,
    }) {
        assert!(
            width(&words.text, words.size, true) <= room,
            "{}",
            words.text
        );
    }
}

#[test]
fn messages_are_dashed_and_zones_and_notes_are_there() {
    let mut design = small();
    design.nodes[0].kind = Kind::Client(Client::default());
    design.nodes[1].kind = Kind::Service(Service::default());
    design.nodes[2].kind = Kind::Queue(design::kinds::queue::Queue::default());
    design.links[1].mode = Mode::Publish;
    design.nodes[1].deployment.zone = Some("east".to_owned());
    design.nodes[2].deployment.zones = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
    design.settings.name = "Orders".to_owned();
    design.settings.notes = vec![note::new_note([0, 300], "peak at noon")];
    let picture = picture(&design, None);
    let all = texts(&picture);
    for words in [
        "Orders",
        "east",
        "replicas in a, b",
        "peak at noon",
        "Messages",
    ] {
        assert!(all.contains(&words), "{words}: {all:?}");
    }
    let svg = to_svg(&picture, Ground::Light);
    assert_eq!(svg.matches("stroke-dasharray=\"6 4.5\"").count(), 2);
    assert!(!svg.contains("<style") && !svg.contains("class="));
    assert!(write(&design).contains("prefers-color-scheme: dark"));
}
