//! Reports as CSV (RFC 4180): one metric per line, so that a spreadsheet can filter by section,
//! subject and metric name.

use crate::statistics;
use serde_json::Value;

/// Identifies a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// `run`, `requests`, `operations`, `nodes`, `links`, `requirements`, `windows`...
    pub(crate) section: String,
    /// The node, link, operation or requirement; of windows, when it begins, in s.
    pub(crate) of: String,
    /// Its path in the JSON report, below that.
    pub(crate) figure: String,
}

/// A report, of one run or of several seeds.
pub(crate) fn report(report: &Value) -> String {
    let rows = rows(report);
    let is_summary = rows
        .iter()
        .any(|(_, value)| statistics::read(value).is_some());
    let mut out = match is_summary {
        true => "section,of,figure,missing_in,mean,ci95_low,ci95_high\n".to_owned(),
        false => "section,of,figure,value\n".to_owned(),
    };
    for (key, value) in rows {
        let Key {
            section,
            of,
            figure,
        } = &key;
        let estimate = statistics::read(value);
        if !is_summary {
            line(&mut out, &[section, of, figure, &plain(value)]);
            continue;
        }
        let shown = estimate.map_or_else(|| plain(value), |estimate| estimate.mean.to_string());
        let missing = estimate.map_or_else(String::new, |estimate| estimate.missing.to_string());
        let ends = estimate.and_then(|estimate| estimate.interval());
        let ends = ends.map(|ends| ends.map(|end| end.to_string()));
        let [low, high] = ends.unwrap_or_default();
        line(
            &mut out,
            &[section, of, figure, &missing, &shown, &low, &high],
        );
    }
    out
}

/// Text without its quotes; what was not measured is empty.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes one line.
pub(crate) fn line<T: AsRef<str>>(out: &mut String, cells: &[T]) {
    for (at, cell) in cells.iter().enumerate() {
        let cell = cell.as_ref();
        if at > 0 {
            out.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            *out += &format!("\"{}\"", cell.replace('"', "\"\""));
        } else {
            *out += cell;
        }
    }
    out.push('\n');
}

/// All metrics of a report, in order.
pub(crate) fn rows(report: &Value) -> Vec<(Key, &Value)> {
    let mut rows = Vec::new();
    let sections = report.as_object().into_iter().flatten();
    for (section, value) in sections {
        match (section.as_str(), value) {
            ("nodes" | "links" | "node_windows" | "link_windows", Value::Object(parts)) => {
                for (of, figures) in parts {
                    walk(section, of, "", figures, &mut rows);
                }
            }
            ("windows", Value::Object(series)) => windows(series, &mut rows),
            ("requirements", Value::Array(scores)) => {
                for score in scores {
                    let of = score["metric"].as_str().unwrap_or_default();
                    // The text says what the figures say.
                    let figures = score.as_object().into_iter().flatten();
                    for (name, value) in figures.filter(|(name, _)| *name != "text") {
                        walk(section, of, name, value, &mut rows);
                    }
                }
            }
            ("findings", Value::Array(findings)) => {
                for finding in findings {
                    let of = finding["rule"].as_str().unwrap_or_default();
                    walk(section, of, "severity", &finding["severity"], &mut rows);
                    walk(section, of, "what", &finding["what"], &mut rows);
                }
            }
            ("requests", Value::Object(figures)) => {
                for (figure, value) in figures {
                    match value {
                        Value::Object(operations) if figure == "by_operation" => {
                            for (of, figures) in operations {
                                walk("operations", of, "", figures, &mut rows);
                            }
                        }
                        value => walk(section, "", figure, value, &mut rows),
                    }
                }
            }
            _ => walk(section, "", "", value, &mut rows),
        }
    }
    rows
}

fn windows<'a>(series: &'a serde_json::Map<String, Value>, rows: &mut Vec<(Key, &'a Value)>) {
    let width_s = series.get("width_s").and_then(Value::as_f64).unwrap_or(1.0);
    for (figure, values) in series {
        for (at, value) in values.as_array().into_iter().flatten().enumerate() {
            let of = (at as f64 * width_s).to_string();
            walk("windows", &of, figure, value, rows);
        }
    }
}

/// The leaves below a value: numbers, names, means.
fn walk<'a>(
    section: &str,
    of: &str,
    path: &str,
    value: &'a Value,
    rows: &mut Vec<(Key, &'a Value)>,
) {
    match value {
        Value::Object(entries) if statistics::read(value).is_none() => {
            for (name, value) in entries {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                walk(section, of, &path, value, rows);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(section, of, &format!("{path}[{at}]"), item, rows);
            }
        }
        leaf => {
            let key = Key {
                section: section.to_owned(),
                of: of.to_owned(),
                figure: path.to_owned(),
            };
            rows.push((key, leaf));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_lines() {
        let report = report(&json!({
            "run": {"seed": 7},
            "requests": {"ok": 3, "failed": {"timeout": 1}, "by_operation": {"a, \"b\"": {"ok": 2}}},
            "nodes": {"api": {"wait_ms": {"p99": null}, "replicas": [{"arrivals": 4}]}},
            "windows": {"width_s": 0.5, "waiting": [1, 2]},
        }));
        let expected = "section,of,figure,value\nrun,,seed,7\nrequests,,ok,3\nrequests,,failed.timeout,1\n\
            operations,\"a, \"\"b\"\"\",ok,2\nnodes,api,wait_ms.p99,\nnodes,api,replicas[0].arrivals,4\n\
            windows,0,waiting,1\nwindows,0.5,waiting,2\n";
        assert_eq!(report, expected);
    }
}
