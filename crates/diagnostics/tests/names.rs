//! Every text of every finding names nodes and links through marks. Their ids are made words that
//! no text has by itself, so that one that was put in without a mark shows.

use design::{Design, Kind};
use diagnostics::{Finding, Names, diagnose};
use sim::{Report, Simulation};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// In every id, and nowhere else.
const ODD: &str = "zqx";

fn run(design: &Design, events_max: u64) -> Report {
    let mut simulation = Simulation::new(design).with_budget(events_max);
    simulation.run();
    simulation.report()
}

fn id(at: usize) -> String {
    format!("{ODD}{at}{ODD}")
}

fn title(at: usize) -> String {
    format!("Q7 <{at}>")
}

/// The same design with odd ids and other titles.
fn renamed(design: &Design) -> Design {
    let mut renamed = design.clone();
    let node_id = |old: &str| {
        let mut nodes = design.nodes.iter();
        nodes.position(|node| node.id == old).map(id)
    };
    let rename = |old: &mut String| {
        if let Some(new) = node_id(old) {
            *old = new;
        }
    };
    for (at, node) in renamed.nodes.iter_mut().enumerate() {
        node.id = id(at);
        node.label = Some(title(at));
        if let Kind::Database(database) = &mut node.kind {
            database.copy_of.iter_mut().for_each(rename);
        }
    }
    renamed.links.clear();
    for link in &design.links {
        let mut link = link.clone();
        rename(&mut link.from);
        rename(&mut link.to);
        link.id = renamed.free_link_id(&link.from, &link.to);
        renamed.links.push(link);
    }
    for fault in &mut renamed.faults {
        match design.links.iter().position(|link| link.id == fault.target) {
            Some(at) => fault.target = renamed.links[at].id.clone(),
            None => rename(&mut fault.target),
        }
        fault.to.iter_mut().for_each(rename);
    }
    for alert in &mut renamed.settings.alerts {
        rename(&mut alert.node);
    }
    assert_eq!(renamed.problems(), []);
    renamed
}

/// All that people read of a finding, and of those below it.
fn texts(finding: &Finding) -> Vec<String> {
    let each = finding.all().into_iter().flat_map(|finding| {
        let steps = finding.chain.iter().map(|step| &step.what);
        let remedies = finding.remedies.iter();
        let remedies = remedies.flat_map(|remedy| [&remedy.label, &remedy.cost]);
        let own = [&finding.what, &finding.why, &finding.remedy];
        own.into_iter().chain(steps).chain(remedies)
    });
    each.cloned().collect()
}

/// Checks both ways of naming; the rules that found something.
fn check(design: &Design, report: Option<&Report>) -> Vec<(&'static str, bool)> {
    let by_id = diagnose(design, report, Names::Ids);
    let by_title = diagnose(design, report, Names::Titles);
    assert_eq!(by_id.len(), by_title.len());
    for (by_id, by_title) in by_id.iter().zip(&by_title) {
        let rule = by_id.rule;
        assert_eq!(by_id.subjects, by_title.subjects, "{rule}: ids stay");
        for (by_id, by_title) in texts(by_id).iter().zip(texts(by_title)) {
            let mut expected = by_id.clone();
            for at in 0..design.nodes.len() {
                expected = expected.replace(&id(at), &title(at));
            }
            assert_eq!(by_title, expected, "{rule}: names, and nothing else");
            assert!(!by_title.contains(ODD), "{rule}: {by_title}");
            for text in [by_id, &by_title] {
                let marks = '\u{e000}'..='\u{f8ff}';
                assert!(!text.chars().any(|c| marks.contains(&c)), "{rule}: {text}");
            }
        }
    }
    let all = by_id.iter().flat_map(Finding::all);
    all.map(|finding| (finding.rule, finding.measured))
        .collect()
}

#[test]
fn every_name_in_every_text_is_resolved() {
    // Each with how far it is run.
    let mut designs: Vec<(Design, u64)> = Vec::new();
    for scenario in scenarios::all() {
        designs.push((scenario.broken(), u64::MAX));
        designs.push((scenario.mended(), u64::MAX));
    }
    designs.extend((0..200).map(|seed| (testing::design(seed), 100_000)));
    let next = AtomicUsize::new(0);
    let told: Mutex<BTreeSet<(&str, bool)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((design, events_max)) =
                    designs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let design = renamed(design);
                    let mut found = check(&design, None);
                    found.extend(check(&design, Some(&run(&design, *events_max))));
                    told.lock().unwrap().extend(found);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let of = |wanted: bool| {
        let rules = told.iter().filter(|(_, measured)| *measured == wanted);
        rules.map(|(rule, _)| *rule).collect::<BTreeSet<_>>()
    };
    let (structural, measured) = (of(false), of(true));
    println!("structural: {structural:?}\nmeasured: {measured:?}");
    let silent: Vec<&str> = (diagnostics::rules::ALL.iter())
        .map(|rule| rule.id)
        .filter(|id| !measured.contains(id))
        .collect();
    assert!(silent.is_empty(), "never seen: {silent:?}");
}

#[test]
fn every_name_in_every_text_about_fresh_designs_is_resolved() {
    testing::cases(0, 100).check(|design, _| {
        let design = renamed(design);
        check(&design, None);
        check(&design, Some(&run(&design, 100_000)));
    });
}
