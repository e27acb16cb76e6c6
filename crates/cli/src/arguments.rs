//! What was asked for.

use design::Duration;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
faultline simulates distributed systems: how they fail, and what mends them.

  faultline run SOURCE [options]   run a design and print its figures
  faultline link SOURCE            print the link of a design (what follows # in its URL)
  faultline open LINK              print the design of a link, as JSON
  faultline scenarios              list the scenarios
  faultline schema                 print the JSON Schema of design files

SOURCE is a design file (JSON or TOML; - is stdin), a link, or the name of a scenario.

Options of run:
  --seed N            another seed than the design's: the same seed gives the same run
  --duration D        another duration, as 90s or 5m
  --format text|json  figures for people, or the whole report
  --set PATH=VALUE    change a field first, by node or link (api.replicas=4,
                      api->db.retry.max_attempts=2) or by place (nodes[2].replicas=4)
  --remedy            of a scenario: with what mends it

Exit codes: 0 fine, 2 bad input.
";

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Invocation {
    /// `--help`, or nothing.
    Help,
    /// `--version`
    Version,
    /// `run`
    Run(Run),
    /// `scenarios`
    Scenarios,
    /// `schema`
    Schema,
    /// `link`
    Link(String),
    /// `open`
    Open(String),
}

/// A run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// File, link or scenario.
    pub(crate) source: String,
    /// In place of the design's own.
    pub(crate) seed: Option<u64>,
    /// In place of the design's own.
    pub(crate) duration: Option<Duration>,
    /// How to print.
    pub(crate) format: Format,
    /// `PATH=VALUE`, in order.
    pub(crate) settings: Vec<String>,
    /// With the scenario's remedy.
    pub(crate) remedy: bool,
}

/// How figures are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Reads the arguments; the error says what would be valid.
pub(crate) fn parse(arguments: &[String]) -> Result<Invocation, String> {
    if arguments.is_empty()
        || arguments
            .iter()
            .any(|argument| argument == "--help" || argument == "-h")
    {
        return Ok(Invocation::Help);
    }
    let (command, rest) = (arguments[0].as_str(), &arguments[1..]);
    match (command, rest) {
        ("--version" | "-V", []) => Ok(Invocation::Version),
        ("run", rest) => parse_run(rest).map(Invocation::Run),
        ("scenarios", []) => Ok(Invocation::Scenarios),
        ("schema", []) => Ok(Invocation::Schema),
        ("link", [source]) => Ok(Invocation::Link(source.clone())),
        ("open", [link]) => Ok(Invocation::Open(link.clone())),
        ("link" | "open", _) => Err(format!(
            "{command} takes one argument; see faultline --help"
        )),
        ("scenarios" | "schema" | "--version" | "-V", _) => Err(format!(
            "{command} takes no arguments; see faultline --help"
        )),
        _ => Err(format!(
            "\"{command}\" is no command; there are run, link, open and scenarios. See faultline --help"
        )),
    }
}

fn parse_run(arguments: &[String]) -> Result<Run, String> {
    let mut run = Run::default();
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
        if option == "--remedy" {
            run.remedy = true;
            continue;
        }
        if !["--seed", "--duration", "--format", "--set"].contains(&option) {
            return Err(format!(
                "\"{option}\" is no option of run; see faultline --help"
            ));
        }
        let value = attached
            .or_else(|| arguments.next().cloned())
            .ok_or_else(|| format!("{option} lacks its value"))?;
        match option {
            "--seed" => run.seed = Some(seed(&value)?),
            "--duration" => run.duration = Some(Duration::parse(&value)?),
            "--format" => run.format = format(&value)?,
            _ => run.settings.push(value),
        }
    }
    match sources.len() {
        1 => run.source = sources.remove(0),
        0 => {
            return Err(
                "run what? A design file, a link, or a scenario; see faultline --help".to_owned(),
            );
        }
        _ => return Err(format!("run takes one design, not {}", sources.len())),
    }
    Ok(run)
}

fn seed(value: &str) -> Result<u64, String> {
    // The largest number that a design file carries exactly.
    let largest = 9_007_199_254_740_991;
    value
        .parse()
        .ok()
        .filter(|seed| *seed <= largest)
        .ok_or_else(|| {
            format!("\"{value}\" is not a seed; seeds are whole numbers from 0 to {largest}")
        })
}

fn format(value: &str) -> Result<Format, String> {
    match value {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(format!("\"{value}\" is no format; there are text and json")),
    }
}
