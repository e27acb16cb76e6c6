use super::{ALL, FILES};
use std::collections::BTreeSet;

/// The catalogue, the table and the directory name the same rules.
#[test]
fn every_antipattern_has_a_rule_and_a_file() {
    let rules: BTreeSet<&str> = ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(rules.len(), ALL.len(), "ids are unique");
    let catalogue: BTreeSet<&str> = design::allow::RULES.into();
    assert_eq!(rules, catalogue);
    let directory = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules")).unwrap();
    let mut files: BTreeSet<String> = directory
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .replace('_', "-")
        })
        .collect();
    files.retain(|name| !matches!(name.as_str(), "mod" | "tests"));
    assert_eq!(files, rules.iter().map(|id| (*id).to_owned()).collect());
    for (rule, file) in ALL.iter().zip(FILES) {
        assert_eq!(
            rule.id,
            file.replace('_', "-"),
            "a rule has the name of its file"
        );
        for text in [
            rule.title,
            rule.means,
            rule.evidence,
            rule.silent,
            rule.mends,
        ] {
            assert!(text.len() > 5 && !text.contains('!'), "{}: {text}", rule.id);
        }
    }
}
