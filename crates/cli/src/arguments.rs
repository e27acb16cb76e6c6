//! The command line: commands, their options and their help, in one place. Completions and the man
//! page come from it too.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use design::Duration;
use editor::svg::Ground;

/// Most seeds of one invocation.
const SEEDS_MAX: u64 = 10_000;
/// The largest number that a design file carries exactly.
pub(crate) const SEED_MAX: u64 = 9_007_199_254_740_991;
/// The number of seeds that two designs are compared under, unless another is given.
const SEEDS_COMPARED: u64 = 10;
/// Most experiments on a run.
const EXPERIMENTS_MAX: u64 = 10_000;

const EXIT_CODES: &str = "Exit codes: 0 success, 1 a check failed, 2 invalid input.";
const EXAMPLES_RUN: &str = "\
Examples:
  faultline run retry-storm
  faultline run shop.faultline.json --seeds 20 --format csv
  faultline run shop.faultline.json --set api.replicas=4 --duration 5m";
const EXAMPLES_CHECK: &str = "\
Examples:
  faultline check shop.faultline.json --seeds 5
  faultline check shop.faultline.json --format sarif";
const EXAMPLES_LINT: &str = "\
Examples:
  faultline lint shop.faultline.json --allow happy-path";
const EXAMPLES_COMPARE: &str = "\
Examples:
  faultline compare retry-storm
  faultline compare shop.faultline.json --set-b api.replicas=4";
const EXAMPLES_IMPORT: &str = "\
Examples:
  faultline import compose compose.yaml > shop.faultline.json";
const EXAMPLES_EXPORT: &str = "\
Examples:
  faultline export svg shop.faultline.json --theme dark > shop.svg";
const EXAMPLES_COMPLETIONS: &str = "\
Examples:
  faultline completions bash > ~/.local/share/bash-completion/completions/faultline";
const EXAMPLES_MAN: &str = "\
Examples:
  faultline man run > faultline-run.1";

/// Simulates distributed systems: how they fail, and what fixes them.
#[derive(Debug, Parser)]
#[command(name = "faultline", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Invocation {
    /// Without a command, the help is printed.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a design and print its metrics
    #[command(after_help = EXAMPLES_RUN)]
    Run {
        #[command(flatten)]
        tested: Tested,
        #[command(flatten)]
        tracing: Tracing,
    },
    /// Like run, but exit with 1 if a requirement is missed or a finding is an error
    #[command(after_help = EXAMPLES_CHECK)]
    Check {
        #[command(flatten)]
        tested: Tested,
    },
    /// Check a design without running it, and exit with 1 on a warning or an error
    #[command(after_help = EXAMPLES_LINT)]
    Lint(Lint),
    /// List the rules that diagnose designs and runs
    Rules,
    /// Explain a rule: meaning, evidence, exceptions and fixes
    Explain {
        /// The id of a rule, for example retry-storm
        rule: String,
    },
    /// Run two designs under the same seeds and print the differences
    #[command(after_help = EXAMPLES_COMPARE)]
    Compare(Compare),
    /// Convert a file of another tool to a design
    #[command(after_help = EXAMPLES_IMPORT)]
    Import {
        /// The format of the file
        from: Foreign,
        /// The file; - is stdin
        file: String,
    },
    /// Print a design in a format of another tool
    #[command(after_help = EXAMPLES_EXPORT)]
    Export {
        /// The format to print
        to: Picture,
        #[command(flatten)]
        design: Source,
        /// Draw an SVG for this color scheme; by default, it follows the reader's
        #[arg(long)]
        theme: Option<Theme>,
    },
    /// Print the share link of a design (what follows # in its URL)
    Link {
        #[command(flatten)]
        design: Source,
    },
    /// Print the design of a share link as JSON
    Open {
        /// The link, or what follows # in it
        link: String,
    },
    /// List the scenarios and reference designs
    Scenarios,
    /// Print the JSON Schema of design files
    Schema,
    /// Print a script that completes commands and options in a shell
    #[command(after_help = EXAMPLES_COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of faultline or of one of its commands
    #[command(after_help = EXAMPLES_MAN)]
    Man {
        /// A command
        command: Option<String>,
    },
}

/// The design of a command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// A design file (JSON or TOML; - is stdin), a link, or the name of a scenario
    pub(crate) source: String,
}

/// How to run a design.
#[derive(Args, Clone, Debug)]
#[command(allow_negative_numbers = true)]
pub(crate) struct Running {
    /// Use this seed; the same seed gives the same run
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, 0, SEED_MAX))]
    pub(crate) seed: Option<u64>,
    /// Run N consecutive seeds and print the mean and 95% confidence interval of every metric
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, 1, SEEDS_MAX))]
    pub(crate) seeds: Option<u64>,
    /// Simulate this long, for example 90s or 5m
    #[arg(long, value_name = "D", value_parser = |text: &str| Duration::parse(text))]
    pub(crate) duration: Option<Duration>,
    #[command(flatten)]
    pub(crate) changes: Changes,
    /// Stop after N events [default: 4,000,000,000]
    ///
    /// The report then says out_of_budget, and check fails. A drain of more than an hour stops the
    /// run as well.
    #[arg(long, value_name = "N", value_parser = |text: &str| whole(text, 1, u64::MAX))]
    pub(crate) max_events: Option<u64>,
}

/// Changes to a design before it is used.
#[derive(Args, Clone, Debug)]
pub(crate) struct Changes {
    /// Change a field first, by node or link (api.replicas=4, api->db.retry.max_attempts=2) or by
    /// index (nodes[2].replicas=4)
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set: Vec<String>,
}

/// What to run and test, and how to print it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Tested {
    #[command(flatten)]
    pub(crate) design: Source,
    #[command(flatten)]
    pub(crate) running: Running,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Apply the fix of a scenario
    #[arg(long)]
    pub(crate) remedy: bool,
    /// Test causes and fixes in at most N further runs on the same seed; with --seeds, on the first
    /// three
    #[arg(long, value_name = "N|off", default_value = "150", value_parser = experiments)]
    pub(crate) experiments: u64,
    #[command(flatten)]
    pub(crate) accepted: Accepted,
}

/// Findings that do not count.
#[derive(Args, Clone, Debug)]
pub(crate) struct Accepted {
    /// Accept the findings of this rule
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub(crate) allow: Vec<String>,
}

/// Traces of requests.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Tracing {
    /// Write traces for Perfetto or chrome://tracing
    #[arg(long, value_name = "OUT.json", conflicts_with = "seeds")]
    pub(crate) trace: Option<String>,
    /// Trace this share of the requests [default: 0.01]; the last 200,000 spans are kept
    #[arg(long, value_name = "SHARE", requires = "trace", value_parser = share)]
    pub(crate) trace_sample: Option<f64>,
}

/// What to check without a run.
#[derive(Args, Clone, Debug)]
pub(crate) struct Lint {
    #[command(flatten)]
    pub(crate) design: Source,
    #[command(flatten)]
    pub(crate) changes: Changes,
    /// Output format
    #[arg(long, default_value = "text", value_parser = formats(["text", "json", "sarif"]))]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) accepted: Accepted,
}

/// What to compare.
#[derive(Args, Clone, Debug)]
pub(crate) struct Compare {
    /// A design file (JSON or TOML; - is stdin), a link, or the name of a scenario
    pub(crate) a: String,
    /// The other design; without it, a scenario is compared with its fix
    pub(crate) b: Option<String>,
    #[command(flatten)]
    pub(crate) running: Running,
    /// Change a field of B only; B may then be omitted
    #[arg(long, value_name = "PATH=VALUE")]
    pub(crate) set_b: Vec<String>,
    /// Output format
    #[arg(long, default_value = "text", value_parser = formats(["text", "json", "csv"]))]
    pub(crate) format: Format,
}

/// A format to import.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Foreign {
    /// A Docker Compose file
    Compose,
    /// A Mermaid flowchart
    Mermaid,
}

/// A format to export.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Picture {
    /// A Mermaid flowchart
    Mermaid,
    /// A picture
    Svg,
}

/// The color scheme of a picture.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
    /// Findings for code scanning (SARIF 2.1.0)
    Sarif,
}

impl From<Theme> for Ground {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

impl Invocation {
    /// Sets what depends on the command.
    pub(crate) fn with_defaults(mut self) -> Self {
        if let Some(Command::Compare(compare)) = &mut self.command {
            compare.running.seeds.get_or_insert(SEEDS_COMPARED);
        }
        self
    }
}

/// Accepts some of the output formats.
fn formats(names: [&'static str; 3]) -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(names);
    names.map(|name| Format::from_str(&name, false).expect("all of these are formats"))
}

fn whole(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

fn experiments(text: &str) -> Result<u64, String> {
    match text {
        "off" => Ok(0),
        text => whole(text, 1, EXPERIMENTS_MAX).map_err(|error| format!("{error}, or off")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

fn rule(id: &str) -> Result<String, String> {
    crate::findings::known(id).map(|rule| rule.id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declarations_are_consistent() {
        Invocation::command().debug_assert();
    }

    #[test]
    fn the_help_of_a_command_lists_its_options_and_no_others() {
        let mut all = Invocation::command();
        all.build();
        for (option, commands) in [
            ("seeds", &["run", "check", "compare"][..]),
            ("set-b", &["compare"]),
            ("trace", &["run"]),
            ("trace-sample", &["run"]),
            ("remedy", &["run", "check"]),
            ("experiments", &["run", "check"]),
            ("allow", &["run", "check", "lint"]),
            ("set", &["run", "check", "lint", "compare"]),
            ("max-events", &["run", "check", "compare"]),
        ] {
            let has = |command: &&clap::Command| {
                let mut options = command.get_arguments();
                options.any(|argument| argument.get_long() == Some(option))
            };
            let found = all.get_subcommands().filter(has);
            let found: Vec<&str> = found.map(clap::Command::get_name).collect();
            assert_eq!(found, commands, "{option}");
        }
    }

    #[test]
    fn only_formats_that_a_command_can_print_are_accepted() {
        let parse = |arguments: &[&str]| {
            let all = ["faultline"].iter().chain(arguments);
            Invocation::try_parse_from(all).map(Invocation::with_defaults)
        };
        assert!(parse(&["run", "x", "--format", "sarif"]).is_ok());
        assert!(parse(&["lint", "x", "--format", "sarif"]).is_ok());
        assert!(parse(&["compare", "x", "--format", "csv"]).is_ok());
        let error = parse(&["lint", "x", "--format", "csv"]).unwrap_err();
        assert!(error.to_string().contains("text, json, sarif"), "{error}");
        let error = parse(&["compare", "x", "--format", "sarif"]).unwrap_err();
        assert!(error.to_string().contains("text, json, csv"), "{error}");
    }
}
