//! The command line: the invocation, its options and the help.

use crate::help;
use design::Duration;
use editor::svg::Ground;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
faultline simulates distributed systems: how they fail, and what fixes them.

  faultline run SOURCE [options]   run a design and print its metrics
  faultline check SOURCE [options] like run, but exits with 1 if a requirement is missed or a
                                   finding is an error
  faultline lint SOURCE [options]  check a design without running it; exits with 1 on a
                                   warning or an error
  faultline rules                  list the rules that diagnose designs and runs
  faultline explain RULE           explain a rule: meaning, evidence, exceptions and fixes
  faultline compare A B [options]  run two designs under the same seeds and print the
                                   differences; a single scenario is compared with its fix
  faultline import compose FILE    convert a Docker Compose file to a design
  faultline import mermaid FILE    convert a Mermaid flowchart to a design
  faultline export mermaid SOURCE  print a design as a Mermaid flowchart
  faultline export svg SOURCE [--theme light|dark]
                                   draw a design as SVG; by default it follows the
                                   reader's color scheme
  faultline link SOURCE            print the share link of a design (what follows # in its URL)
  faultline open LINK              print the design of a share link as JSON
  faultline scenarios              list the scenarios and reference designs
  faultline schema                 print the JSON Schema of design files

SOURCE is a design file (JSON or TOML; - is stdin), a link, or the name of a scenario.

Options of run, check and compare:
  --seed N                use this seed; the same seed gives the same run
  --seeds N               run N consecutive seeds and print the mean and 95% confidence
                          interval of every metric (compare: 10 by default)
  --duration D            simulate this long, for example 90s or 5m
  --format text|json|csv  output format
  --set PATH=VALUE        change a field first, by node or link (api.replicas=4,
                          api->db.retry.max_attempts=2) or by index (nodes[2].replicas=4)
  --set-b PATH=VALUE      (compare) change a field of B only; B may then be omitted
  --trace OUT.json        (run) write traces for Perfetto or chrome://tracing
  --trace-sample SHARE    (run) trace this share of the requests (default 0.01); the last
                          200,000 spans are kept
  --remedy                (run, check) apply the fix of a scenario
  --max-events N          stop after N events (default 4,000,000,000); the report then says
                          out_of_budget, and check fails. A drain of more than an hour
                          stops the run as well
  --experiments N|off     (run, check) test causes and fixes in at most N further runs on
                          the same seed (default 150); with --seeds, on the first three
  --allow RULE            (run, check, lint) accept the findings of this rule
  --format sarif          (run, check, lint) findings for code scanning (SARIF 2.1.0)

faultline COMMAND --help shows the options of a command.
Exit codes: 0 success, 1 a check failed, 2 invalid input.
";

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Invocation {
    /// `--help`, or nothing.
    Help,
    /// `--help` of a command, as it is printed
    HelpOf(String),
    /// `--version`
    Version,
    /// `run`
    Run(String, Options),
    /// `check`
    Check(String, Options),
    /// `compare`, with the second where there is one
    Compare(String, Option<String>, Options),
    /// `lint`
    Lint(String, Options),
    /// `rules`
    Rules,
    /// `explain`
    Explain(String),
    /// `scenarios`
    Scenarios,
    /// `schema`
    Schema,
    /// `import`
    Import(Foreign, String),
    /// `export`
    Export(Foreign, String),
    /// `link`
    Link(String),
    /// `open`
    Open(String),
}

/// A format of another tool.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Foreign {
    /// Docker Compose; imported only.
    Compose,
    /// A Mermaid flowchart.
    Mermaid,
    /// A picture; exported only.
    Svg(Ground),
}

/// How to run, and how to print.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Replaces the seed of the design.
    pub(crate) seed: Option<u64>,
    /// How many seeds; `None` is one run, reported as such.
    pub(crate) seeds: Option<u32>,
    /// Replaces the duration of the design.
    pub(crate) duration: Option<Duration>,
    /// How to print.
    pub(crate) format: Format,
    /// `PATH=VALUE`, in order.
    pub(crate) settings: Vec<String>,
    /// The same, for the second of two designs.
    pub(crate) settings_b: Vec<String>,
    /// With the scenario's remedy.
    pub(crate) remedy: bool,
    /// Where traces go.
    pub(crate) trace: Option<String>,
    /// The share of requests that are traced.
    pub(crate) trace_share: Option<f64>,
    /// Rules whose findings are accepted.
    pub(crate) allow: Vec<String>,
    /// Most events of each run.
    pub(crate) events_max: Option<u64>,
    /// Most experiments on each run; `None` is [`EXPERIMENTS`].
    pub(crate) experiments: Option<usize>,
}

/// Options of one command.
const OF_CHECK: [&str; 3] = ["--remedy", "--allow", "--experiments"];
const OF_RUN: [&str; 5] = [
    "--remedy",
    "--allow",
    "--experiments",
    "--trace",
    "--trace-sample",
];

/// The default limit of experiments on a run.
pub(crate) const EXPERIMENTS: usize = 150;

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
    /// For code scanning.
    Sarif,
}

/// Most seeds of one invocation.
const SEEDS_MAX: u32 = 10_000;

/// The largest number that a design file carries exactly.
pub(crate) const SEED_MAX: u64 = 9_007_199_254_740_991;

/// Every command.
pub(crate) const COMMANDS: [&str; 12] = [
    "import",
    "export",
    "run",
    "check",
    "lint",
    "rules",
    "explain",
    "compare",
    "link",
    "open",
    "scenarios",
    "schema",
];

/// The options of each command that runs something, besides those of all of them.
const COMMON: [&str; 6] = [
    "--seed",
    "--seeds",
    "--duration",
    "--format",
    "--set",
    "--max-events",
];

/// Reads the arguments; the error says what would be valid.
pub(crate) fn parse(arguments: &[String]) -> Result<Invocation, String> {
    let wants_help = |argument: &String| argument == "--help" || argument == "-h";
    if arguments.is_empty() || arguments.iter().any(wants_help) {
        let own = arguments.first().and_then(|command| help::of(command));
        return Ok(own.map_or(Invocation::Help, Invocation::HelpOf));
    }
    let (command, rest) = (arguments[0].as_str(), &arguments[1..]);
    match (command, rest) {
        ("--version" | "-V", []) => Ok(Invocation::Version),
        ("run", rest) => {
            let (source, options) = parse_one(command, rest, &OF_RUN)?;
            if options.trace.is_none() && options.trace_share.is_some() {
                return Err("--trace-sample needs --trace OUT.json".to_owned());
            }
            if options.trace.is_some() && options.seeds.is_some() {
                return Err("--trace records a single run; remove --seeds".to_owned());
            }
            Ok(Invocation::Run(source, options))
        }
        ("check", rest) => {
            let (source, options) = parse_one(command, rest, &OF_CHECK)?;
            Ok(Invocation::Check(source, options))
        }
        ("lint", rest) => {
            let (source, options) = parse_one(command, rest, &["--allow"])?;
            Ok(Invocation::Lint(source, options))
        }
        ("rules", []) => Ok(Invocation::Rules),
        ("explain", [rule]) => Ok(Invocation::Explain(rule.clone())),
        ("compare", rest) => parse_compare(rest),
        ("scenarios", []) => Ok(Invocation::Scenarios),
        ("schema", []) => Ok(Invocation::Schema),
        ("link", [source]) => Ok(Invocation::Link(source.clone())),
        ("open", [link]) => Ok(Invocation::Open(link.clone())),
        ("import", [what, file]) => match what.as_str() {
            "compose" => Ok(Invocation::Import(Foreign::Compose, file.clone())),
            "mermaid" => Ok(Invocation::Import(Foreign::Mermaid, file.clone())),
            _ => Err(format!(
                "unknown import format \"{what}\"; expected compose or mermaid"
            )),
        },
        ("export", [what, rest @ ..]) if what == "svg" => parse_picture(rest),
        ("export", [what, source]) => match what.as_str() {
            "mermaid" => Ok(Invocation::Export(Foreign::Mermaid, source.clone())),
            _ => Err(format!(
                "unknown export format \"{what}\"; expected mermaid or svg"
            )),
        },
        ("import", _) => Err("import takes compose or mermaid, and a file".to_owned()),
        ("export", _) => Err("export takes mermaid or svg, and a design".to_owned()),
        ("link" | "open" | "explain", _) => Err(format!(
            "{command} takes one argument; see faultline {command} --help"
        )),
        ("scenarios" | "schema" | "rules" | "--version" | "-V", _) => Err(format!(
            "{command} takes no arguments; see faultline --help"
        )),
        _ => Err(format!(
            "unknown command \"{command}\"; expected one of {}. See faultline --help",
            COMMANDS.join(", ")
        )),
    }
}

/// The arguments of `export svg`: a design and an optional theme.
fn parse_picture(arguments: &[String]) -> Result<Invocation, String> {
    let (mut ground, mut sources) = (Ground::Either, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let theme = match argument.split_once('=') {
            Some(("--theme", theme)) => theme,
            _ if argument == "--theme" => arguments.next().ok_or("missing value for --theme")?,
            _ => {
                sources.push(argument);
                continue;
            }
        };
        ground = match theme {
            "light" => Ground::Light,
            "dark" => Ground::Dark,
            _ => {
                return Err(format!(
                    "--theme {theme}: unknown theme; expected light or dark"
                ));
            }
        };
    }
    match sources[..] {
        [source] => Ok(Invocation::Export(Foreign::Svg(ground), source.clone())),
        _ => Err(format!(
            "export svg takes one design, not {}; see faultline export --help",
            sources.len()
        )),
    }
}

fn parse_one(
    command: &str,
    arguments: &[String],
    own: &[&str],
) -> Result<(String, Options), String> {
    let (mut sources, options) = parse_options(command, arguments, own)?;
    match sources.len() {
        1 => Ok((sources.remove(0), options)),
        0 => Err(format!(
            "{command} needs a design file, a link or a scenario; see faultline {command} --help"
        )),
        _ => Err(format!("{command} takes one design, not {}", sources.len())),
    }
}

fn parse_compare(arguments: &[String]) -> Result<Invocation, String> {
    let (sources, mut options) = parse_options("compare", arguments, &["--set-b"])?;
    options.seeds.get_or_insert(10);
    match sources.as_slice() {
        [a] => Ok(Invocation::Compare(a.clone(), None, options)),
        [a, b] => Ok(Invocation::Compare(a.clone(), Some(b.clone()), options)),
        _ => Err(format!(
            "compare takes two designs, not {}; see faultline compare --help",
            sources.len()
        )),
    }
}

/// Splits arguments into positional arguments and options.
fn parse_options(
    command: &str,
    arguments: &[String],
    own: &[&str],
) -> Result<(Vec<String>, Options), String> {
    let mut options = Options::default();
    let mut sources = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if !argument.starts_with("--") {
            sources.push(argument.clone());
            continue;
        }
        // Both --seed 7 and --seed=7.
        let (option, attached) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        if !COMMON.contains(&option) && !own.contains(&option) {
            return Err(format!(
                "unknown option \"{option}\" for {command}; see faultline {command} --help"
            ));
        }
        if option == "--remedy" {
            if let Some(value) = attached {
                return Err(format!("--remedy takes no value, but got \"{value}\""));
            }
            options.remedy = true;
            continue;
        }
        let value = attached
            .or_else(|| arguments.next().cloned())
            .ok_or_else(|| format!("missing value for {option}"))?;
        match option {
            "--seed" => options.seed = Some(whole(option, &value, 0, SEED_MAX)?),
            "--seeds" => {
                options.seeds = Some(whole(option, &value, 1, u64::from(SEEDS_MAX))? as u32);
            }
            "--duration" => {
                let duration = Duration::parse(&value);
                options.duration = Some(duration.map_err(|error| format!("--duration: {error}"))?);
            }
            "--format" => options.format = format(&value)?,
            "--max-events" => options.events_max = Some(whole(option, &value, 1, u64::MAX)?),
            "--experiments" => options.experiments = Some(experiments(option, &value)?),
            "--allow" => {
                let rule = crate::findings::known(&value);
                rule.map_err(|error| format!("--allow {value}: {error}"))?;
                options.allow.push(value);
            }
            "--trace" => options.trace = Some(value),
            "--trace-sample" => {
                let share = value
                    .parse()
                    .ok()
                    .filter(|share| (0.0..=1.0).contains(share));
                let wrong = || format!("--trace-sample {value}: expected a number from 0 to 1");
                options.trace_share = Some(share.ok_or_else(wrong)?);
            }
            "--set-b" => options.settings_b.push(value),
            _ => options.settings.push(value),
        }
    }
    Ok((sources, options))
}

fn whole(option: &str, value: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = value.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{option} {value}: expected a whole number from {least} to {most}"))
}

fn experiments(option: &str, value: &str) -> Result<usize, String> {
    match value {
        "off" => Ok(0),
        value => whole(option, value, 1, 10_000)
            .map(|number| number as usize)
            .map_err(|error| format!("{error}, or off")),
    }
}

fn format(value: &str) -> Result<Format, String> {
    match value {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        "sarif" => Ok(Format::Sarif),
        _ => Err(format!(
            "unknown format \"{value}\"; expected text, json, csv or sarif"
        )),
    }
}
