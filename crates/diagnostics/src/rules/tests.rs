use super::ALL;
use std::collections::BTreeSet;

/// The catalogue, the table and the directory name the same rules.
#[test]
fn every_antipattern_has_a_rule_and_a_file() {
    let rules: BTreeSet<&str> = ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(rules.len(), ALL.len(), "ids are unique");
    let catalogue: BTreeSet<&str> = design::allow::RULES.into();
    assert_eq!(rules, catalogue);
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
    let mut files: BTreeSet<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    for rule in ALL {
        let file = format!("{}.rs", rule.id.replace('-', "_"));
        let source = std::fs::read_to_string(format!("{directory}/{file}")).unwrap();
        assert!(
            source.contains(&format!("id: \"{}\"", rule.id)),
            "a rule has the name of its file"
        );
        assert!(files.remove(&file));
        let about = rule.explanation();
        let texts = [about.means, about.evidence, about.silent, about.fixes];
        for text in texts.into_iter().chain([rule.title]) {
            assert!(text.len() > 5 && !text.contains('!'), "{}: {text}", rule.id);
        }
    }
    assert_eq!(
        files,
        BTreeSet::from(["mod.rs".to_owned(), "tests.rs".to_owned()])
    );
}
