//! The engine against published results. The quick points run with the other tests, and so does a
//! random sample of the others, which differs from run to run. `cargo xtask validate` runs every
//! point and writes `docs/accuracy.md`.

#![expect(
    clippy::disallowed_types,
    reason = "the sample is as large as the time allows; the ban is for the simulation"
)]

mod validation;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use validation::{
    Case, Line, Published, TABLE, Verdict, all, check, document, fingerprint, fingerprint_of, has,
};

/// The present page.
const PAGE: &str = include_str!("../docs/accuracy.md");

/// The command that makes the page again.
const RENEW: &str = "run `cargo xtask validate`, and look at what has changed in docs/accuracy.md";

/// How long the sample continues to take further points.
const SAMPLE: Duration = Duration::from_secs(8);

/// Points that took more than ten seconds on two busy cores; all points of a case if no number is
/// given. The sample leaves them to `cargo xtask validate`, because one of them takes minutes.
const SLOW: [&str; 14] = [
    "A01.2", "A02.2", "A05.1", "C07.2", "D06", "D07", "D14", "L06", "L08.1", "M03.2", "M05.0",
    "Q18.3", "Q24.1", "T01.3",
];

#[test]
fn every_published_case_has_a_row_and_every_row_a_case() {
    let published: Vec<String> = all().into_iter().map(|case| case.id).collect();
    let rows: Vec<&str> = TABLE.iter().map(|case| case.id).collect();
    assert_eq!(published, rows);
}

#[test]
fn the_page_is_of_this_engine() {
    let now = fingerprint(&all());
    let page = fingerprint_of(PAGE).expect("docs/accuracy.md gives its fingerprint");
    assert_eq!(
        page, now,
        "docs/accuracy.md was written by another engine, or for other cases: {RENEW}"
    );
}

#[test]
fn quick_points_hold() {
    let published = all();
    let points: Vec<Job> = jobs(&published)
        .filter(|job| job.point < job.row.quick)
        .collect();
    assert!(points.len() > 25, "only {} points are quick", points.len());
    let mut missed = Vec::new();
    for job in points {
        missed.extend(job.misses(&job.check()));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Checks points that are not quick, as many as fit into a few seconds, and different ones on each
/// run. `SEED` selects a fixed sample.
#[test]
fn a_sample_of_the_other_points_holds() {
    let published = all();
    let mut left: Vec<Job> = jobs(&published)
        .filter(|job| job.point >= job.row.quick && !job.is_slow() && !job.is_omitted())
        .collect();
    let seed = testing::cases(0, 1).seeds().next().expect("one is drawn");
    let mut rng = testing::Rng::new(seed);
    let (mut missed, mut taken) = (Vec::new(), Vec::new());
    let began = Instant::now();
    while began.elapsed() < SAMPLE && !left.is_empty() {
        let job = left.swap_remove(rng.place(left.len()));
        missed.extend(job.misses(&job.check()));
        taken.push(format!("{}.{}", job.row.id, job.point));
    }
    println!("{} points of SEED={seed}: {}", taken.len(), taken.join(" "));
    assert!(missed.is_empty(), "SEED={seed}\n{}", missed.join("\n"));
}

/// A point of a case.
#[derive(Clone, Copy)]
struct Job<'a> {
    case: &'a Published,
    row: &'static Case,
    point: usize,
}

fn jobs(published: &[Published]) -> impl Iterator<Item = Job<'_>> {
    published.iter().flat_map(|case| {
        let row = TABLE.iter().find(|row| row.id == case.id);
        let row = row.expect("every case has a row");
        (0..case.points.len()).map(move |point| Job { case, row, point })
    })
}

impl Job<'_> {
    fn check(self) -> Vec<Line> {
        check(self.row, &self.case.points[self.point])
    }

    fn is_slow(self) -> bool {
        let id = self.row.id;
        SLOW.contains(&id) || SLOW.contains(&format!("{id}.{}", self.point).as_str())
    }

    /// Returns whether no part of it is expressed.
    fn is_omitted(self) -> bool {
        self.row.omits.iter().any(|(name, _)| *name == "*")
    }

    /// Returns what it misses, and whether the page says something else.
    fn misses(self, lines: &[Line]) -> Vec<String> {
        let missed = lines.iter().filter(|line| line.verdict == Verdict::Missed);
        let mut missed: Vec<String> = missed
            .map(|line| format!("{}.{} {line}", self.row.id, self.point))
            .collect();
        if missed.is_empty() && !has(PAGE, self.case, self.point, lines) {
            let (id, point) = (self.row.id, self.point);
            missed.push(format!("{id}.{point} is not what the page says: {RENEW}"));
        }
        missed
    }
}

/// `FAULTLINE_CASES` limits it to some cases; `FAULTLINE_ACCURACY` names the page to write.
#[test]
#[ignore = "minutes: cargo xtask validate"]
fn every_point_holds() {
    let wanted = std::env::var("FAULTLINE_CASES").unwrap_or_default();
    let is_wanted = |id: &str| wanted.is_empty() || wanted.split(',').any(|case| case == id);
    let published = all();
    // Every point is a job of its own; their order on the page stays that of the table.
    let jobs: Vec<Job> = jobs(&published)
        .filter(|job| is_wanted(&job.case.id))
        .collect();
    let done: Mutex<Vec<Option<Vec<Line>>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((at, job)) = next_of(&jobs, &next) {
            let began = Instant::now();
            let checked = std::panic::catch_unwind(|| job.check());
            let lines = checked.unwrap_or_else(|_| {
                eprintln!("{}.{} did not run", job.row.id, job.point);
                Vec::new()
            });
            say(job, &lines, began.elapsed());
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
    let done: Vec<Vec<Line>> = done.into_iter().map(Option::unwrap_or_default).collect();
    if let Ok(page) = std::env::var("FAULTLINE_ACCURACY") {
        let results = jobs.iter().zip(&done);
        let results = results.map(|(job, lines)| (job.case, job.point, lines.as_slice()));
        let page_now = document(results, &fingerprint(&published));
        std::fs::write(&page, page_now).expect("the page can be written");
    }
    let missed = jobs.iter().zip(&done).flat_map(|(job, lines)| {
        let missed = lines.iter().filter(|line| line.verdict == Verdict::Missed);
        missed.map(|line| format!("{}.{} {line}", job.row.id, job.point))
    });
    let missed: Vec<String> = missed.collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let silent = jobs.iter().zip(&done).filter(|(_, lines)| lines.is_empty());
    assert_eq!(silent.count(), 0, "points did not run");
}

fn next_of<'a>(jobs: &[Job<'a>], next: &AtomicUsize) -> Option<(usize, Job<'a>)> {
    let at = next.fetch_add(1, Ordering::SeqCst);
    jobs.get(at).map(|job| (at, *job))
}

fn say(job: Job, lines: &[Line], took: Duration) {
    let (id, point) = (job.row.id, job.point);
    for line in lines {
        let verdict = match line.verdict {
            Verdict::Held => "holds  ",
            Verdict::Missed => "MISSED ",
            Verdict::Omitted(_) => "omitted",
        };
        println!("{verdict} {id}.{point} {line}");
    }
    println!("        {id}.{point} took {:.2} s", took.as_secs_f64());
}
