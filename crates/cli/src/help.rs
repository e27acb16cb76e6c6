//! What `faultline COMMAND --help` prints: the part of the help about the command, and examples.

use crate::arguments::{COMMANDS, HELP};

/// Commands that take an option whose explanation names none.
const USUAL: [&str; 3] = ["run", "check", "compare"];
/// Where the explanation of an option begins.
const COLUMN: usize = 26;

/// The help of a command; `None` where there is no such command.
pub(crate) fn of(command: &str) -> Option<String> {
    if !COMMANDS.contains(&command) {
        return None;
    }
    let usages = entries("  faultline ");
    let usages = usages.iter().filter(|usage| {
        let named = usage.split_whitespace().nth(1);
        named == Some(command)
    });
    let mut out: String = usages.cloned().collect();
    if out.contains("SOURCE") {
        out += "\nSOURCE is a design file (JSON or TOML; - is stdin), a link, or the name of a\n\
                scenario.\n";
    }
    let options = entries("  --");
    let options = options.iter().filter(|option| is_of(option, command));
    let options: String = options.cloned().collect();
    if !options.is_empty() {
        out += &format!("\nOptions:\n{options}");
    }
    let examples = examples(command);
    if !examples.is_empty() {
        out += "\nExamples:\n";
        for example in examples {
            out += &format!("  faultline {example}\n");
        }
    }
    Some(out + "\nfaultline --help lists all commands.\n")
}

/// The entries of the help whose first line begins like this, each with its continuation lines.
fn entries(head: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut is_inside = false;
    for line in HELP.lines() {
        let goes_on = is_inside && line.starts_with("          ");
        is_inside = line.starts_with(head) || goes_on;
        match entries.last_mut() {
            Some(last) if goes_on => *last += &format!("{line}\n"),
            _ if is_inside => entries.push(format!("{line}\n")),
            _ => {}
        }
    }
    entries
}

/// Whether a command takes an option. Its explanation may begin with "(run, check)".
fn is_of(option: &str, command: &str) -> bool {
    let explained = option.get(COLUMN..).unwrap_or_default().trim_start();
    let said = explained
        .strip_prefix('(')
        .and_then(|said| said.split_once(')'));
    let is_named = |said: &str| {
        let mut words = said.split([' ', ',']);
        words.any(|word| word == command)
    };
    match said {
        Some((said, _)) => is_named(said),
        // Lint takes a design that is changed first, too.
        None => USUAL.contains(&command) || command == "lint" && option.starts_with("  --set "),
    }
}

fn examples(command: &str) -> &'static [&'static str] {
    match command {
        "run" => &[
            "run retry-storm",
            "run shop.faultline.json --seeds 20 --format csv",
            "run shop.faultline.json --set api.replicas=4 --duration 5m",
        ],
        "check" => &[
            "check shop.faultline.json --seeds 5",
            "check shop.faultline.json --format sarif",
        ],
        "lint" => &["lint shop.faultline.json --allow happy-path"],
        "compare" => &[
            "compare retry-storm",
            "compare shop.faultline.json --set-b api.replicas=4",
        ],
        "explain" => &["explain metastable-failure"],
        "import" => &["import compose compose.yaml > shop.faultline.json"],
        "export" => &["export svg shop.faultline.json --theme dark > shop.svg"],
        "link" => &["link shop.faultline.json"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_own_help_and_no_other_command_s() {
        for command in COMMANDS {
            let help = of(command).unwrap();
            assert!(
                help.starts_with(&format!("  faultline {command}")),
                "{help}"
            );
            let usages = help.split("Examples:").next().unwrap().lines();
            let usages = usages.filter(|line| line.starts_with("  faultline "));
            for usage in usages {
                assert_eq!(usage.split_whitespace().nth(1), Some(command), "{usage}");
            }
        }
        assert_eq!(of("rnu"), None);
    }

    #[test]
    fn options_are_those_that_the_command_takes() {
        let has = |command: &str, option: &str| of(command).unwrap().contains(option);
        for (option, commands) in [
            ("--seeds", &["run", "check", "compare"][..]),
            ("--set-b", &["compare"]),
            ("--trace OUT", &["run"]),
            ("--trace-sample", &["run"]),
            ("--remedy", &["run", "check"]),
            ("--experiments", &["run", "check"]),
            ("--allow", &["run", "check", "lint"]),
            ("sarif", &["run", "check", "lint"]),
            ("--set PATH", &["run", "check", "compare", "lint"]),
            ("--max-events", &["run", "check", "compare"]),
        ] {
            for command in COMMANDS {
                let is_of = commands.contains(&command);
                let help = of(command).unwrap();
                let options = help.split("Options:").nth(1).unwrap_or_default();
                let options = options.split("Examples:").next().unwrap();
                assert_eq!(options.contains(option), is_of, "{command} {option}");
            }
        }
        assert!(has("export", "--theme light|dark"));
        assert!(has("run", "spans are kept"), "with the lines that go on");
    }
}
