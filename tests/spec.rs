//! SPEC.md names what holds each rule; this holds SPEC.md to it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all test functions below `folder`.
fn tests_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            let mut is_test = false;
            for line in source.lines().map(str::trim) {
                is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                let name = line.trim_start_matches("async ").strip_prefix("fn ");
                if let Some((name, _)) = name.and_then(|name| name.split_once('(')) {
                    if is_test {
                        names.insert(name.to_owned());
                    }
                    is_test = false;
                }
            }
        }
    }
}

/// The rules of SPEC.md: number, and what holds it.
fn rules() -> Vec<(String, String)> {
    let spec = fs::read_to_string(root().join("SPEC.md")).expect("SPEC.md");
    let rows = spec
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            (
                cells[0].to_owned(),
                cells.last().copied().unwrap_or_default().to_owned(),
            )
        });
    rows.filter(|(number, _)| number != "rule").collect()
}

#[test]
fn every_rule_is_held_by_a_type_or_by_tests_that_exist() {
    let mut names = BTreeSet::new();
    for folder in ["core", "middleware", "server", "adapters", "tests"] {
        tests_below(&root().join(folder), &mut names);
    }
    let rules = rules();
    assert!(rules.len() > 30, "SPEC.md was not understood: {rules:?}");
    for (number, holder) in rules {
        let (types, tests) = match (holder.split_once("test "), holder.starts_with("type ")) {
            (Some((types, tests)), _) => (types, tests),
            (None, true) => (&*holder, ""),
            (None, false) => panic!("{number} has no holder: {holder:?}"),
        };
        assert!(
            types.is_empty() || types.starts_with("type `"),
            "{number}: {types:?}"
        );
        for test in tests.split(", ").filter(|test| !test.is_empty()) {
            let test = test.trim_matches('`');
            assert!(
                names.contains(test),
                "{number} is held by {test}, which is no test"
            );
        }
    }
}

#[test]
fn the_rules_are_numbered_without_gaps() {
    let mut next = std::collections::BTreeMap::from([('H', 1), ('A', 1), ('M', 1)]);
    for (number, _) in rules() {
        let half = number.chars().next().expect("a number");
        let expected = next.get_mut(&half).expect("H, A or M");
        assert_eq!(number, format!("{half}{expected}"));
        *expected += 1;
    }
}
