//! The whole example of the design file's page opens and runs.

use crate::*;

const EXAMPLE: &str = include_str!("example.json");

#[test]
fn the_example_opens_and_runs() {
    let design = format::json::read(EXAMPLE).unwrap_or_else(|problems| panic!("{problems:?}"));
    let api = design.node("api").unwrap();
    assert_eq!(api.deployment.team.as_deref(), Some("checkout"));
    let written = format::json::write(&design);
    assert!(written.contains(r#""team": "checkout""#), "{written}");
    assert_eq!(format::json::read(&written).unwrap(), design);
    let run = run_design(&design);
    assert!(run.number("/requests/offered") > 20_000.0);
    assert!(run.number("/nodes/worker/arrivals") > 1_000.0);
    assert_eq!(run.report["requirements"].as_array().unwrap().len(), 5);
}
