//! What the rules found, for people and for tools; and what somebody has accepted.

use design::{Allowance, Design};
use host::diagnostics::{self, rules};
use report::Severity;
use serde_json::{Map, Value, json};

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
        Some(near) => format!("\"{rule}\" is no rule, did you mean {near}?"),
        None => format!("\"{rule}\" is no rule; faultline rules lists them"),
    })
}

/// The structural findings of a design, as JSON.
pub(crate) fn of_design(design: &Design) -> Vec<Value> {
    let found = diagnostics::diagnose(design, None);
    let written = text::Written::all(&found, &text::Titles::ids());
    let written = written.iter().map(serde_json::to_value);
    written
        .map(|finding| finding.expect("a finding holds nothing that JSON cannot"))
        .collect()
}

/// The findings of a report.
pub(crate) fn of_report(report: &Value) -> &[Value] {
    report["findings"].as_array().map_or(&[], Vec::as_slice)
}

fn word<'a>(finding: &'a Value, name: &str) -> &'a str {
    finding[name].as_str().unwrap_or_default()
}

fn list(finding: &Value, name: &str) -> Vec<Value> {
    finding[name].as_array().cloned().unwrap_or_default()
}

/// How many findings are at least this severe, those below others included.
pub(crate) fn count(findings: &[Value], severity: Severity) -> usize {
    let names: &[&str] = match severity {
        Severity::Error => &["error"],
        Severity::Warning => &["error", "warning"],
        Severity::Note => &["error", "warning", "note"],
    };
    let each = findings.iter().map(|finding| {
        let own = usize::from(names.contains(&word(finding, "severity")));
        own + count(&list(finding, "symptoms"), severity)
    });
    each.sum()
}

/// For people: the cause, what happened, what to do, and what it explains.
pub(crate) fn text(findings: &[Value]) -> String {
    let mut out = String::new();
    for finding in findings {
        let seeds = match finding["seeds"].as_u64() {
            Some(seeds) => format!(", in {seeds} seeds"),
            None => String::new(),
        };
        out += &format!(
            "{:<8} {}: {}{seeds}\n",
            word(finding, "severity"),
            word(finding, "rule"),
            word(finding, "what")
        );
        out += &wrapped(word(finding, "why"));
        for step in list(finding, "chain").iter().take(6) {
            let at = step["at_s"].as_f64().unwrap_or(0.0);
            out += &format!(
                "           {at:>7.1} s  {}: {}\n",
                word(step, "subject"),
                word(step, "what")
            );
        }
        out += &wrapped(&format!("→ {}", word(finding, "remedy")));
        for symptom in list(finding, "symptoms") {
            let (rule, what) = (word(&symptom, "rule"), word(&symptom, "what"));
            out += &format!("         └ explains {rule}: {what}\n");
        }
    }
    out
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

/// The findings of several seeds: each with how many show it, as severe as the worst.
pub(crate) fn summarize(reports: &[Value]) -> Value {
    let mut all: Vec<Value> = Vec::new();
    for finding in reports.iter().flat_map(of_report) {
        let same = |known: &&mut Value| {
            known["rule"] == finding["rule"] && known["subjects"][0] == finding["subjects"][0]
        };
        match all.iter_mut().find(same) {
            Some(known) => {
                known["seeds"] = json!(known["seeds"].as_u64().unwrap_or(1) + 1);
                if rank(&finding["severity"]) > rank(&known["severity"]) {
                    known["severity"] = finding["severity"].clone();
                }
            }
            None => {
                let mut first = finding.clone();
                first["seeds"] = json!(1);
                all.push(first);
            }
        }
    }
    all.sort_by_key(|finding| {
        std::cmp::Reverse((rank(&finding["severity"]), finding["seeds"].as_u64()))
    });
    Value::Array(all)
}

fn rank(severity: &Value) -> u8 {
    match severity.as_str() {
        Some("error") => 2,
        Some("warning") => 1,
        _ => 0,
    }
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

/// What a rule means, and what it is told by.
pub(crate) fn explain(rule: &rules::Rule) -> String {
    let part = |name: &str, text: &str| format!("\n{name}\n{}", wrapped(text));
    format!(
        "{}: {}\n{}{}{}{}",
        rule.id,
        rule.title,
        wrapped(rule.means),
        part("Told by", rule.evidence),
        part("Silent on", rule.silent),
        part("Mended by", rule.mends)
    )
}

/// SARIF 2.1.0, for code scanning: a result for each finding, those below others too.
pub(crate) fn sarif(source: &str, findings: &[Value]) -> String {
    let mut found = Vec::new();
    gather(findings, &mut found);
    let named: Vec<Value> = rules::ALL
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": rule.title,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.means},
                "help": {"text": format!("{} {}", rule.evidence, rule.mends)},
            })
        })
        .collect();
    let results: Vec<Value> = found
        .iter()
        .map(|finding| result(source, finding))
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

fn gather<'a>(findings: &'a [Value], all: &mut Vec<&'a Value>) {
    for finding in findings {
        all.push(finding);
        gather(
            finding["symptoms"].as_array().map_or(&[], Vec::as_slice),
            all,
        );
    }
}

fn result(source: &str, finding: &Value) -> Value {
    let rule = word(finding, "rule");
    let place = rules::ALL
        .iter()
        .position(|known| known.id == rule)
        .unwrap_or(0);
    let subjects = list(finding, "subjects");
    let logical: Vec<Value> = subjects
        .iter()
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
    let first = subjects.first().and_then(Value::as_str).unwrap_or_default();
    let said = ["what", "why", "remedy"].map(|name| word(finding, name));
    json!({
        "ruleId": rule,
        "ruleIndex": place,
        "level": finding["severity"],
        "message": {"text": format!("{}. {} {}", said[0], said[1], said[2])},
        "locations": if location.is_empty() { json!([]) } else { json!([location]) },
        "partialFingerprints": {"ruleAndSubject/v1": format!("{rule}:{first}")},
        "properties": {
            "measured": finding["measured"],
            "onset_s": finding["onset_s"],
            "pieces": finding["pieces"],
        },
    })
}
