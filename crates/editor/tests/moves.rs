//! The cost of a move during a drag does not depend on the size of the design.

#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use design::link::Mode;
use design::{Design, KINDS, Link, Node};
use editor::{Change, Editor, Effect, Input, Point, Pointer};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, with a counter.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps what the system's allocator requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the place is from the system's allocator, with this layout.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns a client and this many services in rows, each linked to the one before it, and one
/// service alone.
fn services(count: usize) -> Design {
    let kind = |name: &str| {
        let info = KINDS.iter().find(|info| info.name == name);
        (info.expect("there is such a kind").make)()
    };
    let place = |at: usize| [(at % 20) as i32 * 300, (at / 20) as i32 * 120];
    let mut nodes = vec![Node::new("alone", kind("service"), [-600, 0])];
    nodes.push(Node::new("n0", kind("client"), [-300, 0]));
    let more = (1..count).map(|at| Node::new(format!("n{at}"), kind("service"), place(at)));
    nodes.extend(more);
    let links = (1..count).map(|at| {
        let (from, to) = (format!("n{}", at - 1), format!("n{at}"));
        Link::new(format!("l{at}"), from, to, Mode::Call)
    });
    Design {
        links: links.collect(),
        nodes,
        ..Design::default()
    }
}

/// Returns the number of allocations for the moves of a drag, and the number of moves that changed
/// the design.
fn cost(count: usize, id: &str) -> (u64, usize) {
    let design = services(count);
    let node = design.node(id).expect("it is in the design");
    let from = Point::from(node.at) + Point::new(60.0, 10.0);
    let mut editor = Editor::new(design.clone());
    editor.handle(Input::PointerDown(Pointer::mouse(from)));
    let mut to = |step: u32| {
        // Between rows and columns: to whichever side, the same links and lines are near.
        let at = from + Point::new(f64::from(step) * 9.0 - 60.0, -700.0 - f64::from(step));
        editor.handle(Input::PointerMove(Pointer::mouse(at)))
    };
    // What the gesture makes once is not counted.
    to(0);
    to(1);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut moved = 0;
    for step in 2..30 {
        let effects = to(step);
        let is_move = |effect: &Effect| match effect {
            Effect::Changed(edit) => edit.change == Change::Moved,
            _ => false,
        };
        moved += usize::from(effects.iter().any(is_move));
    }
    (ALLOCATIONS.load(Ordering::Relaxed) - before, moved)
}

/// Runs in a process of its own, because nothing else may allocate in the meantime.
#[test]
fn a_move_allocates_as_often_among_a_thousand_nodes_as_among_ten() {
    for id in ["n5", "alone"] {
        let (few, moved) = cost(10, id);
        assert!(moved > 20, "{moved}");
        assert_eq!(cost(1_000, id), (few, moved), "{id}");
    }
}
