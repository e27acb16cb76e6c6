//! The engine against published results. A quick selection runs with the other tests, every point
//! by `cargo xtask validate`, which writes `docs/accuracy.md`.

mod validation;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use validation::{Line, TABLE, Verdict, all, check, document};

#[test]
fn every_published_case_has_a_row_and_every_row_a_case() {
    let published: Vec<String> = all().into_iter().map(|case| case.id).collect();
    let rows: Vec<&str> = TABLE.iter().map(|case| case.id).collect();
    let in_order: Vec<&String> = published
        .iter()
        .filter(|id| rows.contains(&id.as_str()))
        .collect();
    assert_eq!(in_order, rows);
}

#[test]
fn quick_points_hold() {
    let mut missed = Vec::new();
    let mut points = 0;
    let published = all();
    for case in TABLE {
        let known = published.iter().find(|known| known.id == case.id);
        let known = known.expect("every row has a case");
        for (at, point) in known.points.iter().take(case.quick).enumerate() {
            points += 1;
            missed.extend(misses(case.id, at, &check(case, point)));
        }
    }
    assert!(points > 25, "only {points} points are quick");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// `FAULTLINE_CASES` limits it to some cases, `FAULTLINE_ACCURACY` names the page to write.
#[test]
#[ignore = "minutes: cargo xtask validate"]
fn every_point_holds() {
    let wanted = std::env::var("FAULTLINE_CASES").unwrap_or_default();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.split(',').any(|case| case == id);
    let published = all();
    // Every point is a job of its own; their order on the page stays that of the table.
    let jobs: Vec<(usize, usize, usize)> = published
        .iter()
        .enumerate()
        .filter(|(_, case)| is_wanted(&case.id))
        .flat_map(|(at, case)| (0..case.points.len()).map(move |point| (at, point)))
        .enumerate()
        .map(|(at, (case, point))| (case, point, at))
        .collect();
    let done: Mutex<Vec<Option<Vec<Line>>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(&(case, point, at)) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
            let row = TABLE.iter().find(|row| row.id == published[case].id);
            let Some(row) = row else { continue };
            let checked = std::panic::catch_unwind(|| check(row, &published[case].points[point]));
            let lines = checked.unwrap_or_else(|_| {
                eprintln!("{}.{point} did not run", row.id);
                Vec::new()
            });
            say(row.id, point, &lines);
            done.lock().expect("nobody panics with it")[at] = Some(lines);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let done = done.into_inner().expect("nobody panics with it");
    let results = || {
        let results = jobs.iter().zip(&done);
        results.filter_map(|((case, point, _), lines)| {
            lines
                .as_ref()
                .map(|lines| (&published[*case], *point, lines.as_slice()))
        })
    };
    if let Ok(page) = std::env::var("FAULTLINE_ACCURACY") {
        std::fs::write(&page, document(results())).expect("the page can be written");
    }
    let missed = results().flat_map(|(case, point, lines)| misses(&case.id, point, lines));
    let missed: Vec<String> = missed.collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn misses(id: &str, point: usize, lines: &[Line]) -> Vec<String> {
    let missed = lines.iter().filter(|line| line.verdict == Verdict::Missed);
    missed.map(|line| format!("{id}.{point} {line}")).collect()
}

fn say(id: &str, point: usize, lines: &[Line]) {
    for line in lines {
        let verdict = match line.verdict {
            Verdict::Held => "holds  ",
            Verdict::Missed => "MISSED ",
            Verdict::Omitted(_) => "omitted",
        };
        println!("{verdict} {id}.{point} {line}");
    }
}
