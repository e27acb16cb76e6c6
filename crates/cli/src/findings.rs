//! Prints findings for people and for tools, and accepts findings.

use design::{Allowance, Design};
use host::diagnostics::{self, rules};
use report::{Effect, Experiment, Finding, FindingOver, Message, Severity, Standing};
use serde_json::{Map, Value, json};
use text::Titles;

/// Accepts the findings of these rules in a design.
pub(crate) fn allow(design: &mut Design, allowed: &[String]) {
    design
        .settings
        .allow
        .extend(allowed.iter().map(|rule| Allowance {
            rule: rule.clone(),
            because: "--allow".to_owned(),
        }));
}

/// Whether there is such a rule; the error names the nearest.
pub(crate) fn known(rule: &str) -> Result<&'static rules::Rule, String> {
    rules::find(rule).ok_or_else(|| match design::allow::nearest_rule(rule) {
        Some(near) => format!("unknown rule \"{rule}\", did you mean {near}?"),
        None => format!("unknown rule \"{rule}\"; faultline rules lists all rules"),
    })
}

/// The structural findings of a design.
pub(crate) fn of_design(design: &Design) -> Vec<FindingOver> {
    let found = diagnostics::diagnose(design, None).into_iter();
    found
        .map(|finding| FindingOver { finding, seeds: 1 })
        .collect()
}

/// Whether one of these findings, or of those below them, is at least this severe.
pub(crate) fn has(finding: &Finding, severity: Severity) -> bool {
    let all = finding.all();
    all.iter().any(|finding| finding.severity >= severity)
}

fn said(message: &Message) -> String {
    text::message(message, &Titles::ids())
}

/// A line for an error.
pub(crate) fn line(finding: &Finding) -> String {
    format!("error: {}: {}", finding.rule, said(&finding.what))
}

/// As JSON.
pub(crate) fn json(findings: &[FindingOver]) -> Value {
    let ids = Titles::ids();
    let written = findings.iter().map(|seen| {
        let written = text::Written::new(&seen.finding, &ids);
        serde_json::to_value(written).expect("a finding holds nothing that JSON cannot")
    });
    written.collect()
}

/// For people: the cause, what happened, what to do, and what it explains.
pub(crate) fn text(findings: &[FindingOver], are_several: bool) -> String {
    let mut out = String::new();
    for FindingOver { finding, seeds } in findings {
        let seeds = match are_several {
            true => format!(", in {seeds} seeds"),
            false => String::new(),
        };
        let (severity, what) = (finding.severity.name(), said(&finding.what));
        out += &format!("{severity:<8} {}: {what}{seeds}\n", finding.rule);
        out += &wrapped(&said(&finding.why));
        for step in finding.chain.iter().take(6) {
            let (at, subject, what) = (step.at_s, &step.subject, said(&step.what));
            out += &format!("           {at:>7.1} s  {subject}: {what}\n");
        }
        if let Some(best) = finding.experiments.first() {
            out += &wrapped(&tried(finding.standing, best));
        }
        out += &wrapped(&format!("→ {}", said(&finding.remedy)));
        for remedy in finding.remedies.iter().take(REMEDIES_MAX) {
            if let Some(effect) = &remedy.effect {
                out += &wrapped(&format!("  + {}: {}", said(&remedy.label), brings(effect)));
            }
        }
        for symptom in &finding.symptoms {
            let (rule, what) = (&symptom.rule, said(&symptom.what));
            out += &format!("         └ explains {rule}: {what}\n");
        }
    }
    out
}

/// Most remedies of a finding; the others are in the JSON.
const REMEDIES_MAX: usize = 3;

/// What an experiment says of a finding.
fn tried(standing: Standing, best: &Experiment) -> String {
    let change = text::change(&best.requirement);
    let verdict = match standing {
        Standing::Confirmed => "Confirmed",
        Standing::Contributes => "Contributes",
        Standing::RuledOut => "Ruled out",
        Standing::Untested | Standing::Suspected => "Tested",
    };
    let seeds = text::seeds(best.seeds).map_or(String::new(), |seeds| format!(" {seeds}"));
    format!(
        "{verdict}: without {}, {change}.{seeds}",
        said(&best.without)
    )
}

/// What a remedy brings, and what it makes worse.
fn brings(effect: &Effect) -> String {
    let better = std::iter::once(&effect.requirement).chain(&effect.better);
    let better: Vec<String> = better.map(text::change).collect();
    let mut brings = better.join(", ");
    if !effect.worse.is_empty() {
        let worse: Vec<String> = effect.worse.iter().map(text::change).collect();
        brings += &format!("; worse: {}", worse.join(", "));
    }
    let cost = &effect.monthly_cost;
    let dollars = |value: Option<f64>| value.unwrap_or(0.0);
    if (dollars(cost.after) - dollars(cost.before)).abs() >= 1.0 {
        brings += &format!("; {}", text::change(cost));
    }
    match text::seeds(effect.seeds) {
        Some(seeds) => format!("{brings}. {seeds}"),
        None => brings,
    }
}

/// Lines of at most a hundred columns, under the finding they belong to.
fn wrapped(text: &str) -> String {
    const INDENT: &str = "         ";
    let mut out = String::from(INDENT);
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + length > 90 {
            out += "\n";
            out += INDENT;
            width = 0;
        }
        if width > 0 {
            out.push(' ');
        }
        out += word;
        width += length + 1;
    }
    out + "\n"
}

/// Every rule, a line each.
pub(crate) fn rules() -> String {
    let mut all: Vec<_> = rules::ALL.iter().collect();
    all.sort_by_key(|rule| rule.id);
    let width = all.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let lines = all
        .iter()
        .map(|rule| format!("{:width$}  {}\n", rule.id, rule.title));
    lines.collect()
}

/// Explains a rule: what it means, its evidence, its exceptions and its fixes.
pub(crate) fn explain(rule: &rules::Rule) -> String {
    let part = |name: &str, text: &str| format!("\n{name}\n{}", wrapped(text));
    let about = rule.explanation();
    format!(
        "{}: {}\n{}{}{}{}",
        rule.id,
        rule.title,
        wrapped(about.means),
        part("Evidence", about.evidence),
        part("Silent on", about.silent),
        part("Fixed by", about.fixes)
    )
}

/// SARIF 2.1.0, for code scanning: a result for each finding, those below others too.
pub(crate) fn sarif(source: &str, findings: &[FindingOver]) -> String {
    let found = findings.iter().flat_map(|seen| seen.finding.all());
    let results: Vec<Value> = found.map(|finding| result(source, finding)).collect();
    let named: Vec<Value> = rules::ALL
        .iter()
        .map(|rule| {
            let about = rule.explanation();
            json!({
                "id": rule.id,
                "name": rule.title,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": about.means},
                "help": {"text": format!("{} {}", about.evidence, about.fixes)},
            })
        })
        .collect();
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "faultline",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": named,
            }},
            "results": results,
        }],
    });
    format!("{sarif:#}\n")
}

fn result(source: &str, finding: &Finding) -> Value {
    let place = rules::ALL
        .iter()
        .position(|known| known.id == finding.rule)
        .unwrap_or(0);
    let logical: Vec<Value> = (finding.subjects.iter())
        .map(|subject| json!({"name": subject, "kind": "resource"}))
        .collect();
    let mut location = Map::new();
    // A scenario and a link are no files; stdin is none either.
    if std::path::Path::new(source).is_file() {
        let uri = source.replace('\\', "/").replace(' ', "%20");
        location.insert(
            "physicalLocation".to_owned(),
            json!({"artifactLocation": {"uri": uri}}),
        );
    }
    if !logical.is_empty() {
        location.insert("logicalLocations".to_owned(), Value::Array(logical));
    }
    let first = finding.subjects.first().map_or("", String::as_str);
    let [what, why, remedy] = [&finding.what, &finding.why, &finding.remedy].map(said);
    json!({
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": finding.severity,
        "message": {"text": format!("{what}. {why} {remedy}")},
        "locations": if location.is_empty() { json!([]) } else { json!([location]) },
        "partialFingerprints": {"ruleAndSubject/v1": format!("{}:{first}", finding.rule)},
        "properties": {
            "measured": finding.measured,
            "onset_s": finding.onset_s,
            "pieces": {"what": finding.what, "why": finding.why, "remedy": finding.remedy},
        },
    })
}
