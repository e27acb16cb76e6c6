//! Fields of the report as text.

use crate::quantity::number;
use report::{Field, Fold};

/// Formats a field: "nodes.db.arrivals", "mean of windows.goodput_per_s from 40 s to 55 s", "a.b /
/// c.d".
pub fn field(of: &Field) -> String {
    match of {
        Field::At(keys) => keys.join("."),
        Field::All(keys) => format!("all of {}", keys.join(".")),
        Field::Windows {
            of,
            fold,
            from_s,
            until_s,
        } => {
            let fold = match fold {
                Fold::Sum => "sum",
                Fold::Mean => "mean",
                Fold::Max => "highest",
                Fold::Min => "lowest",
                Fold::First => "first",
                Fold::Last => "last",
            };
            let (from, until) = (number(*from_s), number(*until_s));
            format!("{fold} of {} from {from} s to {until} s", of.join("."))
        }
        Field::Sum(fields) => {
            let fields: Vec<String> = fields.iter().map(part).collect();
            fields.join(" + ")
        }
        Field::Max(fields) => {
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("highest of {}", fields.join(", "))
        }
        Field::Difference(both) => format!("{} - {}", part(&both[0]), part(&both[1])),
        Field::Ratio(both) => format!("{} / {}", part(&both[0]), part(&both[1])),
        Field::Scaled(of, by) => format!("{} × {}", part(of), number(*by)),
        Field::Rest(of) => format!("1 - {}", part(of)),
    }
}

/// Formats a field within another.
fn part(of: &Field) -> String {
    match of {
        Field::At(_) => field(of),
        of => format!("({})", field(of)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_reads_as_a_formula() {
        let calls = || Field::at(["nodes", "db", "arrivals"]);
        assert_eq!(field(&calls()), "nodes.db.arrivals");
        let mean = Field::windows(["windows", "goodput_per_s"], Fold::Mean, 40.0, 55.5);
        assert_eq!(
            field(&mean.over(calls()).times(100.0)),
            "((mean of windows.goodput_per_s from 40 s to 55.5 s) / nodes.db.arrivals) × 100"
        );
        assert_eq!(field(&calls().rest()), "1 - nodes.db.arrivals");
    }
}
