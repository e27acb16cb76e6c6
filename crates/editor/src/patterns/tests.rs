use super::*;
use crate::effect::Effect;
use crate::geometry::node_rect;
use crate::testing::{Hand, check_apart, kind, small};
use crate::tools::Access;
use design::kinds::client::Operation;

/// Runs the pattern on a selected node or link. Checks that the design is valid and that one undo
/// reverts everything, and returns the hand afterwards.
fn done(design: Design, item: Item, pattern: Pattern) -> Hand {
    let mut hand = Hand::on(design);
    let before = hand.editor.design().clone();
    hand.editor.select(Selection::only(item));
    hand.play(pattern.key());
    assert_eq!(hand.editor.design().problems(), []);
    assert_ne!(hand.editor.design(), &before, "{pattern:?} does nothing");
    hand.play("undo");
    assert_eq!(hand.editor.design(), &before);
    hand.play("redo");
    hand
}

fn node(id: &str) -> Item {
    Item::Node(id.to_owned())
}

fn link(id: &str) -> Item {
    Item::Link(id.to_owned())
}

#[test]
fn a_look_aside_cache_is_asked_before_the_database() {
    for selected in [link("api->db"), node("api")] {
        let hand = done(small(), selected, Pattern::LookAside);
        assert_eq!(hand.links(), "users->api api->cache api->db");
        let design = hand.editor.design();
        let cache = design.link("api->cache").unwrap();
        assert_eq!(cache.when.0, [Condition::Reads]);
        assert_eq!(cache.on_write, OnWrite::Invalidate);
        let owner = design.link("api->db").unwrap();
        assert_eq!(owner.when.0, [Condition::OnMiss, Condition::Writes]);
        assert_eq!(hand.selected(), "cache");
    }
}

#[test]
fn a_cache_in_line_takes_over_the_link() {
    let hand = done(small(), link("api->db"), Pattern::ReadThrough);
    assert_eq!(hand.links(), "users->api api->cache cache->db");
    let hand = done(small(), link("api->db"), Pattern::WriteBehind);
    let link = hand.editor.design().link("api->db").unwrap();
    assert_eq!((&*link.to, link.on_write), ("cache", OnWrite::WriteBehind));
}

#[test]
fn a_fan_out_is_one_stage_after_what_was_there() {
    let hand = done(small(), node("api"), Pattern::FanOut);
    let design = hand.editor.design();
    let stages: Vec<_> = design.links.iter().map(|link| link.stage).collect();
    assert_eq!(stages, [None, None, Some(1), Some(1), Some(1)]);
    let again = done(design.clone(), node("api"), Pattern::FanOut);
    let last = again.editor.design().links.last().unwrap();
    assert_eq!(last.stage, Some(3));
}

#[test]
fn queues_are_filled_and_emptied() {
    let hand = done(small(), node("db"), Pattern::Outbox);
    assert_eq!(
        hand.links(),
        "users->api api->db db->outbox outbox->consumer"
    );
    let hand = done(small(), node("api"), Pattern::WorkerPool);
    assert_eq!(hand.links(), "users->api api->db api->jobs jobs->worker");
    let modes: Vec<Mode> = hand.editor.design().links[2..]
        .iter()
        .map(|link| link.mode)
        .collect();
    assert_eq!(modes, [Mode::Publish, Mode::Consume]);
}

/// A gateway with two services behind it, and clients with four operations.
fn gateway() -> Design {
    let mut design = small();
    if let Kind::Client(client) = &mut design.nodes[0].kind {
        let names = ["browse", "cart.add", "checkout", "list catalog"];
        let named = |name: &str| Operation {
            name: name.to_owned(),
            ..Operation::default()
        };
        client.operations = names.map(named).to_vec();
    }
    for (id, label) in [("carts", None), ("svc-2", Some("Catalog service"))] {
        let mut node = Node::new(id, kind("service"), [600, 200]);
        node.label = label.map(str::to_owned);
        design.nodes.push(node);
        let link = Link::new(format!("api->{id}"), "api", id, Mode::Call);
        design.links.push(link);
    }
    design.links.remove(1);
    design
}

#[test]
fn routes_follow_the_names_and_leave_nothing_out() {
    let hand = done(gateway(), node("api"), Pattern::Routes);
    let operations = |id: &str| match &hand.editor.design().link(id).unwrap().when.0[..] {
        [Condition::Operations(names)] => names.join(", "),
        other => panic!("{other:?}"),
    };
    assert_eq!(operations("api->carts"), "cart.add, browse");
    assert_eq!(operations("api->svc-2"), "list catalog, checkout");
    // After the first time, the links have conditions that the user chose.
    let design = hand.editor.design();
    let again = Pattern::Routes.build(design, &Selection::only(node("api")));
    assert!(again.is_none());
}

#[test]
fn a_pattern_is_offered_only_where_it_fits() {
    let offered = |design: &Design, item: Item| -> Vec<&str> {
        let selection = Selection::only(item);
        let mut patterns = Pattern::ALL.to_vec();
        patterns.retain(|pattern| pattern.fits(design, &selection));
        patterns.into_iter().map(Pattern::key).collect()
    };
    let design = small();
    let caches = [
        "look-aside-cache",
        "read-through-cache",
        "write-behind-cache",
    ];
    assert_eq!(offered(&design, link("api->db")), caches);
    assert!(offered(&design, link("users->api")).is_empty());
    assert!(offered(&design, node("users")).is_empty());
    // For a database with one caller, that caller's link is meant.
    let of_database = [&caches[..], &["outbox"]].concat();
    assert_eq!(offered(&design, node("db")), of_database);
    let mut shared = small();
    shared.links[0].to = "db".to_owned();
    assert_eq!(offered(&shared, node("db")), ["outbox"]);
    assert_eq!(
        offered(&design, node("api")),
        [&caches[..], &["fan-out", "worker-pool"]].concat()
    );
    let mut gateway = gateway();
    assert!(offered(&gateway, node("api")).contains(&"routes"));
    // All operations match one of the two: the other link would never be called.
    if let Kind::Client(client) = &mut gateway.nodes[0].kind {
        client.operations.retain(|one| one.name.starts_with("c"));
        client.operations[1].name = "cart.list".to_owned();
    }
    assert!(!offered(&gateway, node("api")).contains(&"routes"));
    let mut staged = small();
    staged.links[1].stage = Some(0);
    assert!(!offered(&staged, link("api->db")).contains(&"look-aside-cache"));
}

#[test]
fn what_is_added_is_in_view() {
    let mut hand = Hand::new();
    hand.editor.resize(Point::new(600.0, 400.0));
    hand.editor.select(Selection::only(node("db")));
    hand.play("outbox");
    let visible = hand.editor.viewport().visible();
    for id in ["outbox", "consumer"] {
        let card = node_rect(hand.editor.design().node(id).unwrap());
        assert!(visible.contains(card.min) && visible.contains(card.max));
    }
}

#[test]
fn what_is_added_keeps_its_distance() {
    let mut hand = Hand::new();
    for _ in 0..3 {
        for id in ["api", "db"] {
            for pattern in [Pattern::WorkerPool, Pattern::FanOut, Pattern::Outbox] {
                hand.editor.select(Selection::only(node(id)));
                hand.play(pattern.key());
            }
        }
    }
    let nodes = &hand.editor.design().nodes;
    assert!(nodes.len() > 20, "{}", nodes.len());
    check_apart(hand.editor.design());
}

#[test]
fn a_cache_between_neighbors_keeps_its_distance() {
    for pattern in [Pattern::LookAside, Pattern::ReadThrough] {
        for apart in [[280, 0], [300, 40], [700, 200], [0, 170]] {
            let mut design = small();
            let [x, y] = design.nodes[1].at;
            design.nodes[0].at = [x - 400, y];
            design.nodes[2].at = [x + apart[0], y + apart[1]];
            check_apart(done(design, link("api->db"), pattern).editor.design());
        }
    }
}

#[test]
fn a_tile_is_dropped_on_what_it_is_for() {
    let middle = |hand: &Hand, id: &str| node_rect(hand.editor.design().node(id).unwrap()).center();
    let mut hand = Hand::new();
    let (api, db) = (middle(&hand, "api"), middle(&hand, "db"));
    hand.editor
        .add_pattern(Pattern::LookAside, Some((api + db) * 0.5));
    assert_eq!(hand.links(), "users->api api->cache api->db");
    hand.editor.add_pattern(Pattern::Outbox, Some(db));
    assert_eq!(hand.selected(), "consumer outbox");
    hand.play("undo");
    hand.play("undo");
    assert_eq!(hand.editor.design(), &small());
}

#[test]
fn a_tile_that_does_not_fit_changes_nothing_and_says_where_it_does() {
    let mut hand = Hand::new();
    let far = Point::new(-900.0, -900.0);
    for pattern in Pattern::ALL {
        for at in [Some(far), None] {
            hand.editor.select(Selection::default());
            let effects = hand.editor.add_pattern(pattern, at);
            let [Effect::Said(why)] = &effects[..] else {
                panic!("{pattern:?}: {effects:?}");
            };
            assert!(
                why.starts_with(pattern.label()) && why.contains(pattern.fits_on()),
                "{why}"
            );
        }
    }
    assert_eq!(hand.editor.design(), &small());
    hand.editor.set_access(Access::Look);
    let effects = hand.editor.add_pattern(Pattern::FanOut, None);
    assert!(matches!(&effects[..], [Effect::Refused(_)]), "{effects:?}");
}

#[test]
fn the_first_name_of_what_a_pattern_added_makes_its_id() {
    let mut hand = Hand::new();
    hand.editor.select(Selection::only(node("api")));
    hand.play("worker-pool");
    let label = Value::text("Invoice mail");
    let target = Target::Node("worker".to_owned());
    hand.editor
        .apply(Command::Set(target, "label".to_owned(), label))
        .unwrap();
    assert_eq!(
        hand.links(),
        "users->api api->db api->jobs jobs->invoice-mail"
    );
}
