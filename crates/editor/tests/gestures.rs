//! A gesture changes what it is about and nothing else. Links are drawn from the ports of nodes of
//! every kind, by real pointer events, one after another, with various selections in between.

use design::{Command, Design, KINDS, Link, Node};
use editor::geometry::has_port;
use editor::hit::PORT_REACH;
use editor::wire::Wire;
use editor::{Editor, Effect, End, Input, Point, Pointer, PointerKind, node_rect, port};
use proptest::prelude::*;

/// Distance between nodes, with room for an empty place between them.
const CELL: [i32; 2] = [480, 240];
const COLUMNS: usize = 4;

/// How a link is drawn.
#[derive(Clone, Copy, Debug)]
enum Hold {
    /// The button stays down on the way.
    Dragged,
    /// A click begins the wire, another one drops it.
    Clicked,
}

#[derive(Clone, Copy, Debug)]
enum Gesture {
    /// From the port of a node to another node.
    Draw(usize, End, usize, Hold),
    /// From the port of a node to an empty place.
    DrawToNothing(usize, End, Hold),
    /// From the port of a node, then canceled.
    DrawAndCancel(usize, End),
    /// A click on a node.
    Click(usize),
    /// A click on a link, which the user has chosen from then on.
    ClickLink(usize),
    /// A node is moved to a free place.
    Move(usize),
}

/// How the user points.
#[derive(Clone, Copy, Debug)]
struct Hand {
    kind: PointerKind,
    scale: f64,
    /// Distance from the port's middle to the press, as a share of the port's reach.
    miss: [f64; 2],
}

const STEADY: Hand = Hand {
    kind: PointerKind::Mouse,
    scale: 1.0,
    miss: [0.0, 0.0],
};

/// Nodes of these kinds, row by row.
fn laid_out(kinds: impl IntoIterator<Item = usize>) -> Design {
    let nodes = kinds.into_iter().enumerate().map(|(at, kind)| {
        let place = [
            (at % COLUMNS) as i32 * CELL[0],
            (at / COLUMNS) as i32 * CELL[1],
        ];
        Node::new(format!("n{at}"), (KINDS[kind].make)(), place)
    });
    Design {
        nodes: nodes.collect(),
        ..Design::default()
    }
}

impl Hand {
    fn pointer(self, editor: &Editor, at: Point) -> Pointer {
        Pointer {
            kind: self.kind,
            ..Pointer::mouse(editor.viewport().to_screen(at))
        }
    }

    fn press(self, editor: &mut Editor, at: Point) -> Vec<Effect> {
        let pointer = self.pointer(editor, at);
        editor.handle(Input::PointerDown(pointer))
    }

    fn lift(self, editor: &mut Editor, at: Point) -> Vec<Effect> {
        let pointer = self.pointer(editor, at);
        editor.handle(Input::PointerUp(pointer))
    }

    fn travel(self, editor: &mut Editor, from: Point, to: Point) {
        for step in 1..=4 {
            let at = from.towards(to, f64::from(step) / 4.0);
            let pointer = self.pointer(editor, at);
            editor.handle(Input::PointerMove(pointer));
        }
    }

    fn click(self, editor: &mut Editor, at: Point) {
        self.press(editor, at);
        self.lift(editor, at);
    }

    /// Returns where the pointer presses to take a port.
    fn on_port(self, node: &Node, end: End) -> Point {
        let reach = (self.kind.port_radius() / self.scale).min(PORT_REACH);
        // A share of 0.7 in both directions is within the circle.
        let [x, y] = self.miss.map(|share| share * 0.7 * reach);
        port(node, end) + Point::new(x, y)
    }

    fn draw(self, editor: &mut Editor, from: Point, to: Point, hold: Hold) -> Vec<Effect> {
        self.press(editor, from);
        if let Hold::Clicked = hold {
            self.lift(editor, from);
        }
        self.travel(editor, from, to);
        let mut effects = Vec::new();
        if let Hold::Clicked = hold {
            effects.extend(self.press(editor, to));
        }
        effects.extend(self.lift(editor, to));
        effects
    }
}

/// Carries out a gesture and checks that it did what it should, and nothing else.
fn check(editor: &mut Editor, hand: Hand, gesture: Gesture) -> Result<(), TestCaseError> {
    let before = editor.design().clone();
    let node = |at: usize| &before.nodes[at % before.nodes.len()];
    let mut wanted = before.clone();
    match gesture {
        Gesture::Draw(at, end, other, hold) => {
            let wire = Wire::from_port(node(at).id.clone(), end);
            wanted
                .links
                .extend(draw(editor, hand, &wire, node(other), hold)?);
        }
        Gesture::DrawToNothing(at, end, hold) => {
            draw_to_nothing(editor, hand, node(at), end, hold)?;
        }
        Gesture::DrawAndCancel(at, end) => {
            let start = hand.on_port(node(at), end);
            hand.press(editor, start);
            hand.travel(editor, start, start + Point::new(0.0, f64::from(CELL[1])));
            editor.handle(Input::Cancel);
        }
        Gesture::Click(at) => hand.click(editor, node_rect(node(at)).center()),
        Gesture::ClickLink(at) => {
            if let Some(link) = before.links.get(at % before.links.len().max(1)) {
                let middle = editor.scene().path(&link.id).map(|path| path.at(0.5));
                hand.click(editor, middle.unwrap_or_default());
            }
        }
        Gesture::Move(at) => {
            let at = at % before.nodes.len();
            wanted.nodes[at].at = park(editor, hand, at);
        }
    }
    prop_assert!(editor.tool().is_idle(), "{gesture:?}");
    prop_assert_eq!(editor.design(), &wanted, "{:?} by {:?}", gesture, hand);
    Ok(())
}

/// Draws a wire to a node, and returns the expected link.
fn draw(
    editor: &mut Editor,
    hand: Hand,
    wire: &Wire,
    to: &Node,
    hold: Hold,
) -> Result<Option<Link>, TestCaseError> {
    let before = editor.design().clone();
    let Some(from) = before.node(&wire.node) else {
        return Ok(None);
    };
    let end = wire.loose.other();
    if !has_port(&from.kind, end) || from.id == to.id {
        return Ok(None);
    }
    let fits = wire.refusal(&before, &to.id).is_none();
    let twin = wire.twin(&before, &to.id).filter(|_| fits);
    hand.draw(
        editor,
        hand.on_port(from, end),
        node_rect(to).center(),
        hold,
    );
    let made = match wire.connect(&before, &to.id) {
        Some((Command::AddLink(_, link), _)) if fits && twin.is_none() => Some(*link),
        _ => None,
    };
    if let Some(link) = made.as_ref().or(twin) {
        let selection = editor.selection();
        prop_assert!(
            selection.links.contains(&link.id),
            "{} is selected",
            link.id
        );
    }
    Ok(made)
}

/// Drops a wire in an empty place. The editor then offers what to add there.
fn draw_to_nothing(
    editor: &mut Editor,
    hand: Hand,
    from: &Node,
    end: End,
    hold: Hold,
) -> Result<(), TestCaseError> {
    if !has_port(&from.kind, end) {
        return Ok(());
    }
    let aside = Point::new(-f64::from(CELL[0]) * 2.0, 0.0);
    let effects = hand.draw(editor, hand.on_port(from, end), aside, hold);
    let wire = Some(Wire::from_port(from.id.clone(), end));
    let asks = |effect: &Effect| match effect {
        Effect::QuickAdd(add) => add.wire == wire,
        _ => false,
    };
    prop_assert!(effects.iter().any(asks), "offers what to add");
    Ok(())
}

/// Moves a node to a free place, and returns the place.
fn park(editor: &mut Editor, hand: Hand, at: usize) -> [i32; 2] {
    let node = editor.design().nodes[at].clone();
    // A node that is not linked yet is put into a link below it: that is another gesture.
    let mut links = editor.design().links.iter();
    if links.any(|link| link.from == node.id || link.to == node.id) {
        let from = node_rect(&node).center();
        let column = (COLUMNS + 1 + at) as f64;
        let to = Point::new(column * f64::from(CELL[0]), from.y);
        hand.press(editor, from);
        hand.travel(editor, from, to);
        hand.lift(editor, to);
    }
    editor.design().nodes[at].at
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![3 => Just(End::From), 1 => Just(End::To)]
}

fn hold() -> impl Strategy<Value = Hold> {
    prop_oneof![Just(Hold::Dragged), Just(Hold::Clicked)]
}

/// Few nodes begin most wires, so that many leave from one port and many arrive at one.
fn gesture() -> impl Strategy<Value = Gesture> {
    let few = || prop_oneof![3 => 0..3usize, 1 => 0..14usize];
    prop_oneof![
        8 => (few(), end(), 0..14usize, hold())
            .prop_map(|(from, end, to, hold)| Gesture::Draw(from, end, to, hold)),
        2 => (few(), end(), hold())
            .prop_map(|(from, end, hold)| Gesture::DrawToNothing(from, end, hold)),
        1 => (few(), end()).prop_map(|(from, end)| Gesture::DrawAndCancel(from, end)),
        1 => (0..14usize).prop_map(Gesture::Click),
        1 => (0..20usize).prop_map(Gesture::ClickLink),
        1 => (0..14usize).prop_map(Gesture::Move),
    ]
}

fn hand() -> impl Strategy<Value = Hand> {
    let kind = prop_oneof![Just(PointerKind::Mouse), Just(PointerKind::Touch)];
    let miss = [-1.0..1.0f64, -1.0..1.0f64];
    (kind, 0.3..2.5f64, miss).prop_map(|(kind, scale, miss)| Hand { kind, scale, miss })
}

fn see(editor: &mut Editor, hand: Hand) {
    editor.resize(Point::new(1440.0, 900.0));
    editor.look_at(Point::new(700.0, 300.0), hand.scale);
}

#[test]
fn a_port_takes_as_many_links_as_are_drawn_from_it_whatever_its_kind() {
    for (of, info) in KINDS.iter().enumerate() {
        for end in [End::From, End::To] {
            let others = (0..KINDS.len()).chain(0..KINDS.len());
            let mut editor = Editor::new(laid_out([of].into_iter().chain(others)));
            see(&mut editor, STEADY);
            let wire = Wire::from_port("n0", end);
            let mut drawn = 0;
            for other in 1..editor.design().nodes.len() {
                let fits = wire
                    .refusal(editor.design(), &format!("n{other}"))
                    .is_none();
                let hold = [Hold::Dragged, Hold::Clicked][other % 2];
                let gesture = Gesture::Draw(0, end, other, hold);
                check(&mut editor, STEADY, gesture).unwrap_or_else(|why| {
                    panic!("{} {end:?}, node {other}: {why}", info.name);
                });
                drawn += usize::from(fits && has_port(&editor.design().nodes[0].kind, end));
            }
            let links: Vec<&Link> = editor.design().links.iter().collect();
            assert_eq!(links.len(), drawn, "{} {end:?}", info.name);
            assert!(drawn > 1 || !has_port(&editor.design().nodes[0].kind, end));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_gesture_changes_what_it_is_about_and_nothing_else(
        kinds in prop::collection::vec(0..KINDS.len(), 3..14),
        gestures in prop::collection::vec((gesture(), hand()), 1..24),
    ) {
        let first = laid_out(kinds);
        let mut editor = Editor::new(first.clone());
        for (gesture, hand) in gestures {
            see(&mut editor, hand);
            check(&mut editor, hand, gesture)?;
        }
        while !editor::actions::run(&mut editor, editor::ActionId::Undo).is_empty() {}
        prop_assert_eq!(editor.design(), &first);
    }
}
