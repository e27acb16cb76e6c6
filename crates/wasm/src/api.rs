//! The functions that JavaScript calls, with the types TypeScript sees.

use design::{Design, Problem};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A design: the object of a design file, or its JSON text. */
export type Design = { faultline: 1 } & Record<string, unknown>;
/** Options of a run. */
export interface Options {
  /** Replaces the design's seed: a whole number from 0 to 2^53 - 1. */
  seed?: number;
  /** Replaces the design's duration, with a unit: "120s". */
  duration?: string;
  /** Maximum number of events. A run that reaches it has "out_of_budget" in run.status. */
  events_max?: number;
  /** Whether the rules diagnose the run. False omits `findings`, for example in a sweep over many runs. */
  findings?: boolean;
  /** Maximum number of experiments on causes and fixes; 0 by default. */
  experiments?: number;
}
/** One thing wrong with a design: where, what, and what would be valid. */
export interface Problem { path: string; message: string }
/** The report of a run: the structure of `faultline run --format json`. */
export type Report = {
  run: { seed: number; duration_s: number; warmup_s: number; ended_s: number; status: string; events: number; hash: string; version: number };
  requests: Record<string, unknown>;
  nodes: Record<string, Record<string, unknown>>;
  links: Record<string, Record<string, unknown>>;
  requirements: Score[];
  /** What the rules found; absent with `findings: false`. */
  findings?: Finding[];
  /** Findings that an experiment refuted; absent if there are none. */
  ruled_out?: Finding[];
  /** All experiments; absent if there are none. */
  tried?: Experiment[];
  windows: Record<string, unknown>;
};
/** A requirement, scored. */
export interface Score {
  metric: string;
  /** The bound, in the unit: one of the two. */
  at_least?: number; at_most?: number;
  /** The measured value, in the unit; null if there is none. */
  actual: number | null;
  /** The unit of bound and value. */
  unit: "ms" | "share" | "per_s" | "count" | "usd";
  /** Why there is no value: "no_request", "not_recovered" and so on. */
  reason?: string;
  verdict: "met" | "missed" | "not_measured";
  /** Whether verdict is "met". */
  met: boolean;
  /** The score as a sentence. */
  text: string;
}
/** A finding of a rule: see docs/rules.md. */
export interface Finding {
  rule: string; severity: "note" | "warning" | "error"; measured: boolean; subjects: string[]; onset_s: number | null;
  what: string; why: string; remedy: string;
  chain: { at_s: number; subject: string; what: string; pieces: { what: Piece[] } }[];
  requirement: string | null;
  remedies: { label: string; edits: Record<string, unknown>[]; cost: string; effect: Effect | null; pieces: { label: Piece[]; cost: Piece[] } }[];
  /** Results of experiments: see docs/diagnosis.md. */
  standing: "untested" | "confirmed" | "contributes" | "ruled_out"; experiments: Experiment[];
  symptoms: Finding[];
  /** The same texts as lists of pieces, in which names, moments and numbers keep their types. */
  pieces: { what: Piece[]; why: Piece[]; remedy: Piece[] };
}
/** A metric in two runs; null if a run has no value. Durations are in ms. */
export interface Change { metric: string; before: number | null; after: number | null }
/** The same run without a suspect; `share` is the part of the distance to the bound that disappears. */
export interface Experiment {
  without: string; subjects: string[]; requirement: Change; share: number;
  /** Other seeds: tested, missing the requirement too, and of these with the same result. */
  seeds: { tried: number; missed: number; held: number };
  curve: { width_s: number; offered_per_s: number[]; goodput_per_s: number[] };
}
/** The measured effect of a remedy, applied on the same seed. */
export interface Effect {
  requirement: Change; bound: number; met: boolean; fixes: boolean; share: number;
  better: Change[]; worse: Change[]; monthly_cost: Change;
}
/** A piece of a text: words, a node or link by its id, a zone, an operation, a moment in seconds, or a number with its unit. */
export type Piece =
  | { text: string } | { node: string } | { link: string } | { zone: string } | { operation: string }
  | { moment: number } | { instant: number } | { figure: Figure };
/** A number in a text, its unit, and where the report has it, if it is one of the report. */
export interface Figure {
  value: number; unit: "count" | "ratio" | "share" | "per_s" | "s" | "ms" | "usd"; field: Field | null;
}
/** A place of the report by its keys, windows of a series from a moment until another, or what is worked out of such. */
export type Field =
  | { at: string[] } | { all: string[] }
  | { windows: { of: string[]; fold: "sum" | "mean" | "max" | "min" | "first" | "last"; from_s: number; until_s: number } }
  | { sum: Field[] } | { max: Field[] } | { difference: [Field, Field] } | { ratio: [Field, Field] } | { scaled: [Field, number] } | { rest: Field };
/** Runs a design to its end. Throws an Error with all problems of a design that cannot be run. */
export function run(design: Design | string, options?: Options): Report;
/** Every problem of a design; an empty list where it can be run. */
export function validate(design: Design | string): Problem[];
/** The fragment of a share link (without its hash sign). */
export function link(design: Design | string): string;
/** The design in a share link, its fragment or a whole URL. */
export function open(link: string): Design;
"#;

/// The names of [`Options`].
const OPTIONS: [&str; 5] = ["seed", "duration", "events_max", "findings", "experiments"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    seed: Option<f64>,
    duration: Option<String>,
    events_max: Option<f64>,
    findings: Option<bool>,
    experiments: Option<f64>,
}

#[derive(Serialize)]
struct JsProblem<'a> {
    path: &'a str,
    message: &'a str,
}

/// Runs a design to its end and gives its report.
///
/// # Errors
///
/// All problems of a design or of options that cannot be run, one a line.
#[wasm_bindgen(skip_typescript)]
pub fn run(design: JsValue, options: JsValue) -> Result<JsValue, JsError> {
    let design = read(&design).map_err(|problems| as_error(&problems))?;
    let (options, experiments) = read_options(options)?;
    let report = host::run(&design, &options).map_err(|problems| as_error(&problems))?;
    match experiments {
        Some(most) => to_js(&host::Diagnosed::tried(&design, report, most)),
        None => to_js(&host::Counted(&report)),
    }
}

/// Every problem of a design; an empty list where it can be run.
///
/// # Errors
///
/// Never for a bad design: that is what the list is for.
#[wasm_bindgen(skip_typescript)]
pub fn validate(design: JsValue) -> Result<JsValue, JsError> {
    let problems = read(&design).err().unwrap_or_default();
    let problems: Vec<_> = problems
        .iter()
        .map(|problem| JsProblem {
            path: &problem.path,
            message: &problem.message,
        })
        .collect();
    to_js(&problems)
}

/// The fragment of a share link.
///
/// # Errors
///
/// All problems of a design that cannot be shared, one a line.
#[wasm_bindgen(skip_typescript)]
pub fn link(design: JsValue) -> Result<String, JsError> {
    let design = read(&design).map_err(|problems| as_error(&problems))?;
    Ok(format::link::encode(&format::link::Shared {
        design,
        view: None,
    }))
}

/// The design in a share link.
///
/// # Errors
///
/// What is wrong with the link: none there, damaged, made by a newer version, or not a valid design.
#[wasm_bindgen(skip_typescript)]
pub fn open(link: &str) -> Result<JsValue, JsError> {
    let shared = format::link::decode(link).map_err(|error| JsError::new(&error.to_string()))?;
    js_sys::JSON::parse(&format::json::write(&shared.design))
        .map_err(|_| JsError::new("the design could not be given"))
}

/// The version of the engine and of this API.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}

/// An object goes through its JSON text, so that there is one reader for files and objects.
fn read(design: &JsValue) -> Result<Design, Vec<Problem>> {
    let text = match design.as_string() {
        Some(text) => Some(text),
        None => js_sys::JSON::stringify(design)
            .ok()
            .and_then(|text| text.as_string()),
    };
    match text {
        Some(text) => format::json::read(&text),
        None => Err(vec![Problem {
            path: String::new(),
            message: "is not a design: give an object or JSON text".into(),
        }]),
    }
}

/// The options of a run, and how many experiments may be made on it; `None` where not even the
/// rules look at it.
fn read_options(options: JsValue) -> Result<(host::Options, Option<usize>), JsError> {
    if options.is_undefined() || options.is_null() {
        return Ok((host::Options::default(), Some(0)));
    }
    // The deserializer looks up the names it knows and passes over the others.
    if let Some(object) = options.dyn_ref::<js_sys::Object>() {
        for name in js_sys::Object::keys(object)
            .iter()
            .filter_map(|name| name.as_string())
        {
            if !OPTIONS.contains(&name.as_str()) {
                let valid = OPTIONS.join(", ");
                return Err(JsError::new(&format!(
                    "options.{name}: unknown field; expected one of {valid}"
                )));
            }
        }
    }
    let options: Options = serde_wasm_bindgen::from_value(options)
        .map_err(|error| JsError::new(&format!("options: {error}")))?;
    let whole = |name: &str, number: Option<f64>| match number {
        None => Ok(None),
        Some(n) if n.trunc() == n && (0.0..=9_007_199_254_740_991.0).contains(&n) => {
            Ok(Some(n as u64))
        }
        Some(n) => Err(JsError::new(&format!(
            "options.{name}: {n} is not a whole number from 0 to 2^53 - 1"
        ))),
    };
    let duration = options
        .duration
        .as_deref()
        .map(design::Duration::parse)
        .transpose();
    let run = host::Options {
        seed: whole("seed", options.seed)?,
        duration: duration
            .map_err(|message| JsError::new(&format!("options.duration: {message}")))?,
        events_max: whole("events_max", options.events_max)?,
    };
    let most = whole("experiments", options.experiments)?.unwrap_or(0);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok((run, options.findings.unwrap_or(true).then_some(most)))
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsError> {
    value
        .serialize(&Serializer::json_compatible())
        .map_err(|error| JsError::new(&error.to_string()))
}

fn as_error(problems: &[Problem]) -> JsError {
    JsError::new(
        &problems
            .iter()
            .map(Problem::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    )
}
