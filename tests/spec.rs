//! SPEC.md names what holds each rule; this holds SPEC.md, the lint and the conformance kit to
//! one another.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where the packages' code is, whose types and tests may hold a rule.
const PACKAGES: [&str; 5] = ["core", "middleware", "server", "adapters", "tests"];

/// Where the lint says which rules its checks hold.
const LINT: &str = "core/src/lint/check.rs";

/// Where the conformance kit has its cases.
const KIT: &str = "conformance/src";

/// What of other crates holds a rule: each, by the name that SPEC.md has for it. That it is there
/// the compiler sees to; that it holds the rule is for who reads the rule to judge.
macro_rules! named {
    ($($type:ty),*; $($function:path as $signature:ty),*) => {
        [
            $({ let _ = size_of::<$type>(); stringify!($type) },)*
            $({ let _: $signature = $function; stringify!($function) },)*
        ]
    };
}

/// Whether it is a type or a function of another crate that holds a rule.
fn is_of_another_crate(name: &str) -> bool {
    // No safe code can call `set_var`, and this project has no other.
    named![
        http::Extensions, http::HeaderMap, http::HeaderName, http::HeaderValue, http::Method,
        http::StatusCode, http::Uri, http::Version;
        std::env::set_var as unsafe fn(&'static str, &'static str)
    ]
    .contains(&name)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A rule of SPEC.md: its number, level and reason, and what holds it.
struct Rule {
    number: String,
    level: String,
    text: String,
    why: String,
    holders: Vec<(String, Vec<String>)>,
}

impl Rule {
    fn read(line: &str) -> Rule {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, level, text, why, held] = cells[..] else {
            panic!("a rule has five cells, unlike {line}");
        };
        Rule {
            number: number.to_owned(),
            level: level.to_owned(),
            text: text.to_owned(),
            why: why.to_owned(),
            holders: held.split("; ").map(holder).collect(),
        }
    }

    fn names(&self, kind: &str) -> &[String] {
        let named = self.holders.iter().find(|(held_by, _)| held_by == kind);
        named.map_or(&[], |(_, names)| names)
    }

    fn is_held_by(&self, kind: &str) -> bool {
        self.holders.iter().any(|(held_by, _)| held_by == kind)
    }
}

/// ``test `a`, `b` `` is the kind `test` and the names `a` and `b`.
fn holder(text: &str) -> (String, Vec<String>) {
    let (kind, names) = text.split_once(' ').unwrap_or((text, ""));
    let names = names.split(", ").filter(|name| !name.is_empty());
    let plain = |name: &str| name.trim_matches('`').to_owned();
    (kind.to_owned(), names.map(plain).collect())
}

fn rules() -> Vec<Rule> {
    let spec = fs::read_to_string(root().join("SPEC.md")).expect("SPEC.md");
    let is_rule = |line: &&str| {
        let mut start = line.trim_start_matches("| ").chars();
        line.starts_with("| ")
            && start.next().is_some_and(|half| "HAM".contains(half))
            && start.next().is_some_and(|digit| digit.is_ascii_digit())
    };
    spec.lines().filter(is_rule).map(Rule::read).collect()
}

/// The sources below `folder`; none where there is no such folder.
fn sources(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).expect("a source file"));
        }
    }
    found
}

fn code() -> Vec<String> {
    let packages = PACKAGES.iter().map(|package| root().join(package));
    packages.flat_map(|package| sources(&package)).collect()
}

/// The names of all test functions in `sources`.
fn tests(sources: &[String]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources {
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
    names
}

/// Whether `sources` declare `path`: a type of ours, or one and its method.
fn is_declared(path: &str, sources: &[String]) -> bool {
    let (item, method) = path
        .split_once("::")
        .map_or((path, None), |(item, method)| (item, Some(method)));
    let declares = |keywords: &[&str], name: &str| {
        sources
            .iter()
            .flat_map(|source| source.lines())
            .any(|line| {
                keywords.iter().any(|keyword| {
                    let after = line.split_once(&format!("{keyword} {name}"));
                    after.is_some_and(|(_, rest)| {
                        !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric())
                    })
                })
            })
    };
    declares(&["pub struct", "pub enum", "pub trait", "pub type"], item)
        && method.is_none_or(|method| declares(&["fn"], method))
}

/// Every rule that a source cites, as a text of its own such as `"H12"`.
fn cited(source: &str) -> BTreeSet<String> {
    let is_number = |text: &&str| {
        text.strip_prefix(['H', 'A', 'M'])
            .is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
    };
    source
        .split('"')
        .filter(is_number)
        .map(str::to_owned)
        .collect()
}

fn cited_by_the_lint() -> BTreeSet<String> {
    cited(&fs::read_to_string(root().join(LINT)).expect("the checks of the lint"))
}

/// `None` where the kit is not part of the tree.
fn cited_by_the_kit() -> Option<BTreeSet<String>> {
    let sources = sources(&root().join(KIT));
    let all = sources.iter().flat_map(|source| cited(source)).collect();
    (!sources.is_empty()).then_some(all)
}

#[test]
fn every_rule_has_a_level_a_reason_and_a_holder() {
    let levels = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"];
    for rule in rules() {
        let Rule { number, level, .. } = &rule;
        assert!(levels.contains(&&**level), "{number}: {level}");
        assert!(!rule.text.is_empty() && !rule.why.is_empty(), "{number}");
        for (kind, names) in &rule.holders {
            let is_named = match &**kind {
                "type" | "test" => true,
                "lint" | "kit" => false,
                _ => panic!("{number} is held by {kind:?}, which is no kind of holder"),
            };
            assert_eq!(is_named, !names.is_empty(), "{number}: {kind} {names:?}");
        }
    }
}

#[test]
fn the_rules_are_numbered_as_they_stand() {
    let numbers: Vec<_> = rules().into_iter().map(|rule| rule.number).collect();
    let expected: Vec<_> = [('H', 50), ('A', 20), ('M', 12)]
        .iter()
        .flat_map(|(half, last)| (1..=*last).map(move |number| format!("{half}{number}")))
        .collect();
    assert_eq!(numbers, expected);
}

#[test]
fn every_test_and_type_that_holds_a_rule_exists() {
    let code = code();
    let tests = tests(&code);
    for rule in rules() {
        for test in rule.names("test") {
            assert!(
                tests.contains(test),
                "{} is held by {test}, which is no test",
                rule.number
            );
        }
        for name in rule.names("type") {
            let exists = match name.starts_with(char::is_lowercase) {
                true => is_of_another_crate(name),
                false => is_declared(name, &code),
            };
            assert!(
                exists,
                "{} is held by {name}, which is no type",
                rule.number
            );
        }
    }
}

#[test]
fn the_rules_that_the_lint_holds_are_those_that_its_checks_cite() {
    let held: BTreeSet<_> = rules()
        .into_iter()
        .filter(|rule| rule.is_held_by("lint"))
        .map(|rule| rule.number)
        .collect();
    assert_eq!(
        cited_by_the_lint(),
        held,
        "what {LINT} cites, and what SPEC.md says"
    );
}

#[test]
fn every_check_of_the_lint_cites_a_rule() {
    let checks = fs::read_to_string(root().join(LINT)).expect("the checks of the lint");
    let mut count = 0;
    for check in checks
        .split("const ")
        .filter(|text| text.contains(": Check ="))
    {
        let (name, rest) = check.split_once(':').unwrap_or_default();
        assert!(!cited(rest).is_empty(), "{name} cites no rule");
        count += 1;
    }
    assert!(count > 40, "{LINT} was not understood: {count} checks");
}

#[test]
fn the_rules_that_the_kit_holds_are_those_that_its_cases_cite() {
    let rules = rules();
    let Some(cited) = cited_by_the_kit() else {
        let by_the_kit_alone: Vec<_> = rules
            .iter()
            .filter(|rule| rule.is_held_by("kit") && rule.holders.len() == 1)
            .map(|rule| &rule.number)
            .collect();
        assert!(
            by_the_kit_alone.is_empty(),
            "{KIT} is missing, and nothing else holds {by_the_kit_alone:?}"
        );
        return;
    };
    let held: BTreeSet<_> = rules
        .into_iter()
        .filter(|rule| rule.is_held_by("kit"))
        .map(|rule| rule.number)
        .collect();
    assert_eq!(
        cited, held,
        "what the cases of {KIT} cite, and what SPEC.md says"
    );
}

/// What is packed with a package is below its folder, so core has a copy for its documentation.
#[test]
fn the_rule_book_is_in_the_documentation_of_core_word_for_word() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect(path);
    assert_eq!(
        read("core/src/spec.rs").trim(),
        r#"#![doc = include_str!("../SPEC.md")]"#
    );
    assert!(
        read("SPEC.md") == read("core/SPEC.md"),
        "core/SPEC.md is not SPEC.md any more: cp SPEC.md core/SPEC.md"
    );
}
