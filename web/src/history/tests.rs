use super::*;
use design::{Command, Fault, FaultKind, Kind, Target, Value};
use editor::{ActionId, Editor, actions};

/// A history beside an editor, as in the page.
struct Run {
    editor: Editor,
    history: History,
}

impl Run {
    fn new() -> Self {
        let database = design::kinds::Database::default();
        let node = design::Node::new("db", Kind::Database(database), [0, 0]);
        let design = Design {
            nodes: vec![node],
            ..Design::default()
        };
        Self {
            editor: Editor::new(design),
            history: History::default(),
        }
    }

    /// Moves the run to a moment; `known_s` is the latest moment it has reached.
    fn at(&mut self, now_s: f64, known_s: f64) -> &mut Self {
        self.history.stands(now_s, known_s, 0.0);
        self
    }

    fn follow(&mut self, act: impl FnOnce(&mut Editor) -> Vec<editor::Effect>) -> &mut Self {
        let before = self.editor.design().clone();
        for effect in act(&mut self.editor) {
            if let editor::Effect::Changed(edit) = effect {
                let after = self.editor.design().clone();
                self.history.take_edit(&edit, &before, &after);
            }
        }
        self
    }

    fn edit(&mut self, command: Command) -> &mut Self {
        self.follow(|editor| editor.apply(command).unwrap())
    }

    fn undo(&mut self) -> &mut Self {
        self.follow(|editor| actions::run(editor, ActionId::Undo))
    }

    fn ticks(&self) -> Vec<(f64, &str)> {
        let marks = self.history.marks.iter();
        let ticks = marks.filter(|mark| mark.kind == MarkKind::Edit);
        ticks.map(|mark| (mark.time_s, &*mark.label)).collect()
    }
}

fn replicas(count: f64) -> Command {
    let target = Target::Node("db".into());
    Command::Set(target, "concurrency".into(), Value::Number(count))
}

fn slowdown(at_s: u64) -> Command {
    Command::AddFault(
        0,
        Fault {
            at: design::Duration::s(at_s),
            kind: FaultKind::Slowdown,
            target: "db".into(),
            ..Fault::default()
        },
    )
}

#[test]
fn a_node_named_like_a_fault_is_an_edit() {
    let mut run = Run::new();
    let service = Kind::Service(design::kinds::Service::default());
    let mut bank = design::Node::new("bank", service, [300, 0]);
    bank.label = Some("Bank of X".into());
    run.at(5.0, 5.0).edit(Command::AddNode(1, Box::new(bank)));
    assert_eq!(run.ticks(), [(5.0, "Add Bank of X")]);
}

#[test]
fn undo_and_redo_are_marked_as_what_they_are() {
    let mut run = Run::new();
    run.at(5.0, 5.0).edit(replicas(3.0));
    run.at(6.0, 6.0).edit(replicas(4.0));
    run.at(7.0, 7.0).undo();
    run.at(8.0, 8.0).undo();
    run.at(9.0, 9.0)
        .follow(|editor| actions::run(editor, ActionId::Redo));
    let name = "Change concurrency of db";
    let (undo, redo) = (format!("Undo: {name}"), format!("Redo: {name}"));
    assert_eq!(
        run.ticks(),
        [
            (5.0, name),
            (6.0, name),
            (7.0, &undo),
            (8.0, &undo),
            (9.0, &redo)
        ]
    );
}

#[test]
fn a_name_makes_no_other_run_and_no_tick() {
    let mut run = Run::new();
    let target = Target::Node("db".into());
    let name = Command::Set(target, "label".into(), Value::text("Orders"));
    run.at(5.0, 9.0).edit(name);
    run.edit(Command::Set(
        Target::Settings,
        "name".into(),
        Value::text("Shop"),
    ));
    assert!(run.ticks().is_empty());
    run.undo();
    assert!(run.ticks().is_empty());
}

#[test]
fn one_gesture_is_one_tick() {
    let mut run = Run::new();
    run.at(5.0, 5.0);
    let slider = run.editor.gesture("Change concurrency of db");
    for count in 1..9 {
        run.follow(|editor| editor.edit(replicas(f64::from(count)), &slider).unwrap());
    }
    assert_eq!(run.ticks().len(), 1);
}

#[test]
fn a_fault_has_a_band_and_no_tick() {
    let mut run = Run::new();
    run.at(5.0, 5.0).edit(slowdown(5));
    run.at(8.0, 8.0).undo();
    assert!(run.ticks().is_empty());
}

#[test]
fn an_edit_at_the_start_has_no_tick() {
    let mut run = Run::new();
    run.edit(replicas(3.0));
    assert!(run.ticks().is_empty());
    // Nor does one after going back to the start: what came later is discarded.
    run.at(10.0, 10.0).edit(replicas(4.0));
    run.at(0.0, 10.0).edit(replicas(5.0));
    assert_eq!(run.ticks().len(), 1);
}

#[test]
fn a_fault_that_took_effect_keeps_its_band_when_it_is_undone() {
    let mut run = Run::new();
    let bands = |run: &Run| -> Vec<(f64, Option<f64>, MarkKind)> {
        let marks = run.history.marks.iter();
        let bands = marks.filter(|mark| matches!(mark.kind, MarkKind::Fault | MarkKind::Removed));
        bands
            .map(|mark| (mark.time_s, mark.end_s, mark.kind))
            .collect()
    };
    let fault = Fault {
        at: design::Duration::s(10),
        lasts: Some(design::Duration::s(20)),
        kind: FaultKind::Slowdown,
        target: "db".into(),
        ..Fault::default()
    };
    run.at(5.0, 5.0).edit(Command::AddFault(0, fault));
    let take = |run: &mut Run| {
        let design = run.editor.design().clone();
        run.history.take_design(&design);
    };
    take(&mut run);
    assert_eq!(bands(&run), [(10.0, Some(30.0), MarkKind::Fault)]);
    // Before it took effect it leaves nothing behind.
    run.at(8.0, 8.0).undo();
    take(&mut run);
    assert_eq!(bands(&run), []);
    run.follow(|editor| actions::run(editor, ActionId::Redo));
    take(&mut run);
    run.at(15.0, 15.0).undo();
    take(&mut run);
    assert_eq!(bands(&run), [(10.0, Some(15.0), MarkKind::Removed)]);
    run.follow(|editor| actions::run(editor, ActionId::Redo));
    take(&mut run);
    assert_eq!(bands(&run), [(10.0, Some(30.0), MarkKind::Fault)]);
    run.history.restart();
    take(&mut run);
    assert_eq!(bands(&run), [(10.0, Some(30.0), MarkKind::Fault)]);
}
