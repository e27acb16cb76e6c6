//! Mutated input of every format: whatever it says, reading it ends, soon, in a design or in
//! problems, and what was read can be written, read back and run.
//!
//! `cargo test` mutates for two seconds; `FAULTLINE_FUZZ_SECONDS=600 cargo test -p faultline
//! mutated` for ten minutes. An input that fails is reported with the `SEED` that makes it again,
//! and kept in a file, as short as it still fails.

#![expect(
    clippy::disallowed_types,
    reason = "the test measures how long reading takes"
)]

use crate::{compose, input};
use design::Design;
use format::message::{Course, Reply, Request};
use format::{json, link, mermaid};
use std::time::{Duration, Instant};
use testing::{Failure, Rng, failure_of};

/// Longest that one input may take in an unoptimised build on a busy machine.
const SLOW: Duration = Duration::from_secs(20);
/// Inputs that are the same on every run, before those that are not.
const FIXED: u64 = 100;
/// Longest input that mutation makes.
const LENGTH_MAX: usize = 100_000;

/// What mutation puts in: the words and numbers that readers trip over.
const WORDS: [&str; 48] = [
    "null",
    "true",
    "-1",
    "0",
    "1e308",
    "-0",
    "9007199254740993",
    "0.1e-400",
    "1e999",
    "\"\"",
    "{}",
    "[]",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "é",
    "🦀",
    "\n",
    "\t",
    ":",
    ",",
    "=",
    "->",
    "-->",
    "-.->",
    "---",
    "|",
    "&",
    "%%",
    "subgraph",
    "end",
    ";",
    "#",
    "*a",
    "&a ",
    "<<: ",
    "- ",
    "[[nodes]]",
    "exp(",
    "0/s",
    "720h",
    "inf",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Json,
    Toml,
    Link,
    Mermaid,
    Compose,
    Message,
}

/// Good input to begin with.
fn corpus() -> Vec<(Format, Vec<u8>)> {
    let mut corpus = Vec::new();
    let designs = (0..12).map(testing::design);
    let scenarios = host::scenarios::all();
    for design in designs.chain(scenarios.iter().map(|scenario| scenario.faulty())) {
        corpus.push((Format::Json, json::write(&design)));
        corpus.push((Format::Mermaid, mermaid::write(&design)));
        let value: toml::Value =
            serde_json::from_str(&json::write(&design).replace("null", "\"null\"")).unwrap();
        corpus.push((Format::Toml, toml_text(&value)));
        let shared = link::Shared { design, view: None };
        corpus.push((Format::Link, link::encode(&shared)));
    }
    let compose = "name: shop\nservices:\n  web: &w\n    image: nginx:1\n    ports: ['80:80']\n    depends_on: [api]\n  api:\n    <<: *w\n    image: a/b:2\n\
        \x20   deploy: {replicas: 3}\n    depends_on: {db: {condition: x}}\n    environment: {URL: 'redis://cache:6379'}\n  db: {image: postgres}\n  cache: {image: redis}\n";
    corpus.push((Format::Compose, compose.to_owned()));
    let drawn = "flowchart TD\nsubgraph s\nU((Users)) -->|10 %| LB{nginx}\nend\nLB --> a & b -- reads --> C([Redis])\nb -.-> Q[[Jobs]] ==> W(Worker):::x\nW <--> D@{ shape: cyl, label: \"x\" }\n";
    corpus.push((Format::Mermaid, drawn.to_owned()));
    let corpus = corpus.into_iter();
    let texts = corpus.map(|(format, text)| (format, text.into_bytes()));
    texts.chain(messages()).collect()
}

/// Messages of the page, and what the worker answers.
fn messages() -> Vec<(Format, Vec<u8>)> {
    let design = json::write(&testing::design(3));
    let mut session = host::Session::new();
    let requests = [
        Request::Load {
            run: 1,
            design: design.clone(),
            playing: true,
            speed: f64::INFINITY,
        },
        Request::Course { run: 1 },
        Request::Try {
            token: 1,
            course: Course {
                first: design,
                ..Course::default()
            },
            experiments: 2,
            helpers: 1,
        },
    ];
    let mut messages = Vec::new();
    for (turn, request) in requests.into_iter().enumerate() {
        messages.push(request.encode());
        let mut replies = session.handle(request);
        replies.extend(session.advance(&|| 100.0 * turn as f64));
        messages.extend(replies.iter().map(Reply::encode));
    }
    assert!(messages.len() > 3, "there are a frame and a conclusion");
    let messages = messages.into_iter();
    messages.map(|bytes| (Format::Message, bytes)).collect()
}

/// Enough TOML for a corpus: inline tables all the way.
fn toml_text(value: &toml::Value) -> String {
    let toml::Value::Table(table) = value else {
        return String::new();
    };
    table
        .iter()
        .map(|(key, value)| format!("{key} = {}\n", inline(value)))
        .collect()
}

fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", inline(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        toml::Value::Array(items) => format!(
            "[{}]",
            items.iter().map(inline).collect::<Vec<_>>().join(", ")
        ),
        toml::Value::String(text) => json::value_to_string(&design::Value::text(text)),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => format!("{number:?}"),
        toml::Value::Boolean(is_on) => is_on.to_string(),
        toml::Value::Datetime(date) => date.to_string(),
    }
}

fn mutate(rng: &mut Rng, input: &mut Vec<u8>, others: &[(Format, Vec<u8>)]) {
    for _ in 0..=rng.below(6) {
        let at = rng.place(input.len() + 1);
        let end = (at + rng.place(40)).min(input.len());
        match rng.below(8) {
            0 if at < input.len() => input[at] ^= 1 << rng.below(8),
            1 => drop(input.drain(at..end)),
            2 => drop(input.splice(at..at, input[at..end].to_vec())),
            3 => {
                // Deeper, or longer, than anybody would write it.
                let piece = input[at..(at + 1 + rng.place(8)).min(input.len())]
                    .repeat(1 + rng.place(3_000));
                input.splice(at..at, piece);
            }
            4 => {
                let other = &others[rng.place(others.len())].1;
                let from = rng.place(other.len());
                let piece = other[from..(from + rng.place(200)).min(other.len())].to_vec();
                input.splice(at..end, piece);
            }
            5 => replace_number(rng, input),
            _ => {
                let word = WORDS[rng.place(WORDS.len())];
                input.splice(at..end.min(at + rng.place(6)), word.bytes());
            }
        }
    }
    input.truncate(LENGTH_MAX);
}

/// Replaces a number, so that the input mostly stays well-formed.
fn replace_number(rng: &mut Rng, input: &mut Vec<u8>) {
    let digits: Vec<usize> = (0..input.len())
        .filter(|at| input[*at].is_ascii_digit())
        .collect();
    let Some(&at) = digits.get(rng.place(digits.len())) else {
        return;
    };
    let start = (0..at)
        .rev()
        .take_while(|at| input[*at].is_ascii_digit())
        .last()
        .unwrap_or(at);
    let end = (at..input.len())
        .find(|at| !input[*at].is_ascii_digit())
        .unwrap_or(input.len());
    let numbers = [
        "0",
        "1",
        "-1",
        "0.5",
        "10000",
        "1000000",
        "4294967295",
        "4294967296",
        "1e18",
        "99999999999999999999",
    ];
    let number = numbers[rng.place(numbers.len())];
    input.splice(start..end, number.bytes());
}

/// Reads an input as its format, and does with what is valid what people do.
fn digest(format: Format, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let design = match format {
        Format::Message => return digest_message(bytes),
        Format::Json => input::read("x.json", &text).ok(),
        Format::Toml => input::read("x.toml", &text).ok(),
        Format::Link => link::decode(&text).ok().map(|shared| shared.design),
        Format::Mermaid => mermaid::read(&text).ok().map(|imported| imported.design),
        Format::Compose => compose::read(&text).ok().map(|imported| imported.design),
    };
    if let Some(design) = design {
        digest_design(&design);
    }
}

fn digest_design(design: &Design) {
    assert_eq!(design.problems(), [], "what was read is valid");
    assert_eq!(json::read(&json::write(design)).as_ref(), Ok(design));
    assert!(mermaid::read(&mermaid::write(design)).is_ok());
    assert!(editor::svg::write(design).ends_with("</svg>\n"));
    let options = host::Options {
        duration: Some(design::Duration::ms(200)),
        events_max: Some(5_000),
        ..host::Options::default()
    };
    // A shorter run may end before its warm-up; that is said, and is no mistake.
    let _ = host::run(design, &options);
}

/// Whatever can be read as a message is one, and is written as it is read.
fn digest_message(bytes: &[u8]) {
    // Not the messages themselves are compared: a NaN in one is not equal to itself.
    if let Ok(request) = Request::decode(bytes) {
        let written = request.encode();
        assert_eq!(
            Request::decode(&written).map(|read| read.encode()),
            Ok(written)
        );
    }
    if let Ok(reply) = Reply::decode(bytes) {
        let written = reply.encode();
        assert_eq!(
            Reply::decode(&written).map(|read| read.encode()),
            Ok(written)
        );
    }
}

/// The input of a seed.
fn drawn(seed: u64, corpus: &[(Format, Vec<u8>)]) -> (Format, Vec<u8>) {
    let mut rng = Rng::new(seed);
    let (format, mut bytes) = rng.pick(corpus).clone();
    mutate(&mut rng, &mut bytes, corpus);
    (format, bytes)
}

/// Fails with the shortest input found that fails as this one, which it keeps in a file.
fn report(seed: u64, format: Format, bytes: &[u8], failure: &Failure) -> ! {
    let fails = |bytes: &[u8]| {
        let other = failure_of(|| digest(format, bytes));
        other.is_some_and(|other| other.place == failure.place)
    };
    let shortest = testing::shrink_bytes(bytes, fails);
    let path = std::env::temp_dir().join(format!("faultline-fuzz-{seed}.{format:?}"));
    std::fs::write(&path, &shortest).expect("the input that failed is kept");
    panic!(
        "{format:?} of seed {seed}, at {}: {}\n\nShortened from {} to {} bytes, in {}:\n{}\n\n\
         Repeat it: SEED={seed} cargo test -p faultline mutated\n",
        failure.place,
        failure.message,
        bytes.len(),
        shortest.len(),
        path.display(),
        shortest.escape_ascii()
    )
}

#[test]
fn mutated_input_is_read_or_refused() {
    let seconds = std::env::var("FAULTLINE_FUZZ_SECONDS").unwrap_or_else(|_| "2".to_owned());
    let seconds = seconds
        .parse()
        .expect("FAULTLINE_FUZZ_SECONDS is a number of seconds");
    let corpus = corpus();
    for (format, bytes) in &corpus {
        digest(*format, bytes);
    }
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut count = 0u64;
    for seed in testing::cases(FIXED, u64::MAX / 2).seeds() {
        if seed >= FIXED && Instant::now() > until && count > 0 {
            break;
        }
        let (format, bytes) = drawn(seed, &corpus);
        let begun = Instant::now();
        if let Some(failure) = failure_of(|| digest(format, &bytes)) {
            report(seed, format, &bytes, &failure);
        }
        let took = begun.elapsed();
        assert!(took < SLOW, "{format:?} of seed {seed} took {took:?}");
        count += 1;
    }
    println!("{count} inputs");
}
