//! The table of actions, in the order lists show them.

use super::{ActionId, Direction, Distance, Group, PageAction};

/// Which, its key, its name, its group, its shortcuts. Space is in the table for those who read it:
/// the page itself takes it, since held down it pans.
pub(super) type Row = (
    ActionId,
    &'static str,
    &'static str,
    Group,
    &'static [&'static str],
);

pub(super) const ROWS: &[Row] = {
    use ActionId as A;
    use ActionId::Page as P;
    use Direction as D;
    use Distance::{Far, Near};
    use Group as G;
    use PageAction::*;
    &[
        (P(Play), "play", "Play or pause", G::Run, &["Space"]),
        (P(Step), "step", "Step 10 ms", G::Run, &["S"]),
        (
            P(Restart),
            "restart",
            "Run again with the same seed",
            G::Run,
            &["R"],
        ),
        (
            P(NewSeed),
            "new-seed",
            "Run again with a new seed",
            G::Run,
            &["Shift+R"],
        ),
        (P(Faster), "faster", "Faster", G::Run, &["."]),
        (P(Slower), "slower", "Slower", G::Run, &[","]),
        (A::Undo, "undo", "Undo", G::Edit, &["Mod+Z"]),
        (A::Redo, "redo", "Redo", G::Edit, &["Mod+Shift+Z", "Mod+Y"]),
        (
            A::Delete,
            "delete",
            "Delete",
            G::Edit,
            &["Delete", "Backspace"],
        ),
        (P(Copy), "copy", "Copy", G::Edit, &["Mod+C"]),
        (P(Cut), "cut", "Cut", G::Edit, &["Mod+X"]),
        (P(Paste), "paste", "Paste", G::Edit, &["Mod+V"]),
        (A::Duplicate, "duplicate", "Duplicate", G::Edit, &["Mod+D"]),
        (A::Connect, "connect", "Connect to…", G::Edit, &["C"]),
        (A::Confirm, "rename", "Rename", G::Edit, &["Enter", "F2"]),
        (A::Tidy, "tidy", "Tidy up", G::Edit, &["Shift+T"]),
        (P(Break), "break", "Break it…", G::Edit, &["B"]),
        (A::ZoneNew, "zone-new", "Put in a new zone", G::Edit, &["G"]),
        (
            A::ZoneLeave,
            "zone-leave",
            "Take out of its zone",
            G::Edit,
            &["Shift+G"],
        ),
        (
            A::Nudge(D::Left, Near),
            "nudge-left",
            "Move left",
            G::Edit,
            &["ArrowLeft"],
        ),
        (
            A::Nudge(D::Right, Near),
            "nudge-right",
            "Move right",
            G::Edit,
            &["ArrowRight"],
        ),
        (
            A::Nudge(D::Up, Near),
            "nudge-up",
            "Move up",
            G::Edit,
            &["ArrowUp"],
        ),
        (
            A::Nudge(D::Down, Near),
            "nudge-down",
            "Move down",
            G::Edit,
            &["ArrowDown"],
        ),
        (
            A::Nudge(D::Left, Far),
            "nudge-far-left",
            "Move far left",
            G::Edit,
            &["Shift+ArrowLeft"],
        ),
        (
            A::Nudge(D::Right, Far),
            "nudge-far-right",
            "Move far right",
            G::Edit,
            &["Shift+ArrowRight"],
        ),
        (
            A::Nudge(D::Up, Far),
            "nudge-far-up",
            "Move far up",
            G::Edit,
            &["Shift+ArrowUp"],
        ),
        (
            A::Nudge(D::Down, Far),
            "nudge-far-down",
            "Move far down",
            G::Edit,
            &["Shift+ArrowDown"],
        ),
        (
            A::SelectAll,
            "select-all",
            "Select all",
            G::Select,
            &["Mod+A"],
        ),
        (A::Deselect, "deselect", "Deselect", G::Select, &["Escape"]),
        (
            A::ZoomIn,
            "zoom-in",
            "Zoom in",
            G::View,
            &["Mod+=", "Mod++"],
        ),
        (A::ZoomOut, "zoom-out", "Zoom out", G::View, &["Mod+-"]),
        (
            A::ZoomReset,
            "zoom-reset",
            "Zoom to 100 %",
            G::View,
            &["Mod+0"],
        ),
        (A::ZoomFit, "zoom-fit", "Zoom to fit", G::View, &["Shift+1"]),
        (
            A::ZoomSelection,
            "zoom-selection",
            "Zoom to selection",
            G::View,
            &["Shift+2"],
        ),
        (
            P(Inspect),
            "inspect",
            "Parameters of the selection",
            G::View,
            &["I"],
        ),
        (
            P(Theme),
            "theme",
            "Light or dark",
            G::View,
            &["Alt+Shift+D"],
        ),
        (P(Operators), "operators", "Operators' view", G::View, &[]),
        (P(Find), "find", "Find anything", G::Find, &["Mod+K"]),
        (
            P(Shortcuts),
            "shortcuts",
            "Keyboard shortcuts",
            G::Find,
            &["?"],
        ),
        (
            P(Outline),
            "outline",
            "Outline: the design as tables",
            G::Find,
            &["Shift+O"],
        ),
        (
            P(Menu),
            "menu",
            "Menu of the selection",
            G::Find,
            &["Shift+F10", "ContextMenu"],
        ),
        (P(New), "new", "New design", G::Keep, &[]),
        (P(Designs), "designs", "Your designs…", G::Keep, &["Mod+O"]),
        (P(Save), "save", "Keep now", G::Keep, &["Mod+S"]),
        (P(Share), "share", "Share…", G::Keep, &["Shift+S"]),
        (P(Import), "import", "Open a file…", G::Keep, &[]),
        (P(ExportJson), "export-json", "Export as JSON", G::Keep, &[]),
        (P(ExportSvg), "export-svg", "Export as SVG", G::Keep, &[]),
        (P(ExportPng), "export-png", "Export as PNG", G::Keep, &[]),
        (
            P(ExportMermaid),
            "export-mermaid",
            "Export as Mermaid",
            G::Keep,
            &[],
        ),
        (A::AddSomething, "add", "Add…", G::Add, &["A"]),
        (A::AddNote, "add-note", "Add note", G::Add, &["N"]),
    ]
};
