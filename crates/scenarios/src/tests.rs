//! Reads every file of the library and checks that its parts fit together.

use super::*;

#[test]
fn every_remedy_and_near_miss_fits_its_design() {
    for scenario in all() {
        let (id, faulty) = (&scenario.id, scenario.faulty());
        assert_eq!(faulty.problems(), [], "{id}");
        for remedy in &scenario.remedies {
            let fixed = scenario.fixed_by(remedy);
            assert_eq!(fixed.problems(), [], "{id}: {}", remedy.label);
            assert_ne!(fixed, faulty, "{id}: {}", remedy.label);
        }
        let claims = claims(id).unwrap();
        assert!(
            !claims.faulty.is_empty() && !claims.fixed.is_empty(),
            "{id}"
        );
        assert!(!claims.near_misses.is_empty(), "{id}");
        for near_miss in claims.near_misses {
            let mut design = faulty.clone();
            let done = design.apply(near_miss.command);
            assert!(done.is_ok(), "{id}: {}: {done:?}", near_miss.label);
            assert_eq!(design.problems(), [], "{id}: {}", near_miss.label);
            assert_ne!(design, faulty, "{id}: {}", near_miss.label);
        }
    }
}

#[test]
fn every_remedy_can_be_undone() {
    for scenario in all() {
        for remedy in &scenario.remedies {
            let mut design = scenario.faulty();
            let inverse = design.apply(remedy.command.clone()).unwrap();
            design.apply(inverse).unwrap();
            assert_eq!(
                design,
                scenario.faulty(),
                "{}: {}",
                scenario.id,
                remedy.label
            );
        }
    }
}

#[test]
fn steps_point_at_what_is_there_and_texts_name_figures_that_are_shown() {
    for scenario in all() {
        let (id, design) = (&scenario.id, scenario.fixed());
        let is_there = |point: &String| {
            [&design, &scenario.design]
                .iter()
                .any(|design| design.node(point).is_some() || design.link(point).is_some())
        };
        for point in scenario.steps.iter().filter_map(|step| step.point.as_ref()) {
            assert!(is_there(point), "{id}: {point}");
        }
        let does = |wanted| scenario.steps.iter().any(|step| step.does == Some(wanted));
        assert_eq!(does(Does::Trigger), scenario.trigger.is_some(), "{id}");
        assert!(does(Does::Remedy) && does(Does::Compare), "{id}");
        let Story {
            believed,
            watch,
            why,
            change,
        } = &scenario.story;
        let costs = scenario.remedies.iter().map(|remedy| &remedy.cost);
        let steps = scenario.steps.iter().map(|step| &step.text);
        for text in [believed, watch, why, change]
            .into_iter()
            .chain(costs)
            .chain(steps)
        {
            for piece in pieces(text) {
                if let Piece::Figure { name, .. } = piece {
                    let is_shown = scenario.shows.iter().any(|shown| shown.name == name);
                    assert!(is_shown, "{id}: no metric {name}");
                }
            }
        }
        assert!(!scenario.reading.is_empty(), "{id}");
        let is_address = |source: &Source| source.url.starts_with("https://");
        assert!(scenario.reading.iter().all(is_address), "{id}");
    }
}

#[test]
fn every_lesson_asks_for_a_guess_among_three_answers_that_exclude_each_other() {
    for scenario in all() {
        let id = &scenario.id;
        let ask = scenario.ask.as_ref().unwrap_or_else(|| panic!("{id}"));
        assert!(ask.question.ends_with('?'), "{id}");
        assert_eq!(ask.choices.len(), 3, "{id}");
        let range = |choice: &Choice| {
            let (least, most) = (choice.at_least, choice.at_most);
            assert!(least.is_some() || most.is_some(), "{id}: {}", choice.text);
            let range = [least.unwrap_or(f64::MIN), most.unwrap_or(f64::MAX)];
            assert!(range[0] <= range[1], "{id}: {}", choice.text);
            range
        };
        let mut ranges: Vec<[f64; 2]> = ask.choices.iter().map(range).collect();
        ranges.sort_by(|one, other| one[0].total_cmp(&other[0]));
        let is_apart = |pair: &[[f64; 2]]| pair[0][1] < pair[1][0];
        assert!(ranges.windows(2).all(is_apart), "{id}: {ranges:?}");
    }
}

#[test]
fn what_is_read_before_the_lesson_is_compared_needs_no_figure_of_its_runs() {
    for scenario in all() {
        let Scenario {
            id,
            title,
            summary,
            story,
            ..
        } = &scenario;
        let steps = scenario.steps.iter().map(|step| &step.text);
        let costs = scenario.remedies.iter().map(|remedy| &remedy.cost);
        let ask = scenario.ask.iter();
        let asked = ask.clone().map(|ask| &ask.question);
        let choices = ask.flat_map(|ask| &ask.choices);
        let choices = choices.flat_map(|choice| [&choice.text, &choice.because]);
        let texts = [title, summary, &story.believed, &story.watch].into_iter();
        for text in texts.chain(steps).chain(costs).chain(asked).chain(choices) {
            assert!(!text.contains(['{', '\u{2026}']), "{id}: {text}");
        }
    }
}

#[test]
fn sentences_of_lessons_are_short() {
    const WORDS: usize = 25;
    for scenario in all() {
        let Scenario { summary, story, .. } = &scenario;
        let Story {
            believed,
            watch,
            why,
            change,
        } = story;
        let steps = scenario.steps.iter().map(|step| &step.text);
        let costs = scenario.remedies.iter().map(|remedy| &remedy.cost);
        let ask = scenario.ask.iter();
        let asked = ask.clone().map(|ask| &ask.question);
        let because = ask
            .flat_map(|ask| &ask.choices)
            .map(|choice| &choice.because);
        let texts = [summary, believed, watch, why, change].into_iter();
        for text in texts.chain(steps).chain(costs).chain(asked).chain(because) {
            for sentence in text.replace("? ", ". ").split(". ") {
                let words = sentence.split_whitespace().count();
                assert!(words <= WORDS, "{}: {words} words: {sentence}", scenario.id);
            }
        }
    }
}

#[test]
fn a_step_without_a_button_that_states_something_is_reached_by_an_event() {
    for scenario in all() {
        let claims = claims(&scenario.id).unwrap();
        assert_eq!(claims.steps.len(), scenario.steps.len());
        let mut events = 0;
        for (at, step) in scenario.steps.iter().enumerate() {
            let is_led_to = step.does == Some(Does::Trigger) || step.until.is_some();
            events += usize::from(is_led_to);
            // The last step before the remedy says what has happened: it claims it, and by then
            // something has.
            let is_before_remedy =
                scenario.steps.get(at + 1).and_then(|next| next.does) == Some(Does::Remedy);
            if is_before_remedy {
                let (id, text) = (&scenario.id, &step.text);
                assert!(events > 0 && !claims.steps[at].is_empty(), "{id}: {text}");
            }
        }
    }
}

#[test]
fn every_status_sentence_has_its_value() {
    for scenario in all() {
        let Some(status) = &scenario.now else {
            continue;
        };
        let id = &scenario.id;
        assert_eq!(status.text.matches("{value}").count(), 1, "{id}");
        assert!(!status.none.contains('{'), "{id}");
    }
}

#[test]
fn only_steps_without_a_button_wait_for_an_event() {
    for scenario in all() {
        for step in &scenario.steps {
            let id = &scenario.id;
            assert!(
                step.does.is_none() || step.until.is_none(),
                "{id}: {}",
                step.text
            );
        }
    }
}

#[test]
fn the_page_has_the_first_lesson_without_what_only_tests_read() {
    let text = include_str!(concat!(env!("OUT_DIR"), "/first.json"));
    let (short, whole) = (read(FIRST, text).unwrap(), find(FIRST).unwrap());
    assert!(format!("{short:?}") == format!("{whole:?}"), "{text}");
    for name in ["claims", "near_miss", "expect"] {
        assert!(!text.contains(name), "{name}");
    }
}

#[test]
fn the_index_says_what_the_files_say() {
    let read: Vec<_> = all()
        .iter()
        .map(|scenario| {
            (
                scenario.id.clone(),
                scenario.title.clone(),
                scenario.theme,
                scenario.minutes,
            )
        })
        .collect();
    let listed: Vec<_> = INDEX
        .iter()
        .map(|entry| {
            (
                entry.id.to_owned(),
                entry.title.to_owned(),
                entry.theme,
                entry.minutes,
            )
        })
        .collect();
    assert_eq!(read, listed);
    assert_eq!(sound().len(), DESIGNS.len());
}

#[test]
fn nodes_do_not_overlap() {
    let designs = all()
        .into_iter()
        .flat_map(|scenario| [scenario.faulty(), scenario.fixed()])
        .chain(sound().into_iter().map(|sound| sound.design));
    for design in designs {
        for (at, node) in design.nodes.iter().enumerate() {
            for other in &design.nodes[..at] {
                let [dx, dy] = [0, 1].map(|axis| (node.at[axis] - other.at[axis]).abs());
                let (name, one, two) = (&design.settings.name, &node.id, &other.id);
                assert!(dx >= 240 || dy >= 120, "{name}: {one} and {two}");
            }
        }
    }
}

#[test]
fn problems_of_a_file_are_reported_with_their_path() {
    let problems = read(
        "x",
        r#"{"title": "", "theme": "cache", "minutes": 2, "summary": "S.", "design": {"faultline": 1, "nodes": [{"id": "a", "kind": "clint"}]},
            "remedies": [{"label": "L", "cost": "C.", "set": [{"node": "a", "feild": "batch", "to": 2}, {"sett": 1}]}],
            "story": {"believed": "B.", "watch": "W.", "why": "Y."}, "stepps": []}"#,
    )
    .unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let told = |start: &str| said.iter().any(|said| said.starts_with(start));
    for start in [
        "stepps: unknown field, did you mean steps?",
        "title: must not be empty",
        "theme: unknown name, did you mean caches?",
        "design.nodes[0].kind: ",
        "remedies[0].set[0].feild: unknown field, did you mean field?",
        "remedies[0].set[1]: an object is not valid here; expected an edit",
        "story: missing field `change`",
    ] {
        assert!(told(start), "{start}: {said:#?}");
    }
}
