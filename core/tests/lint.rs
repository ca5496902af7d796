//! A catalogue of broken apps, hosts and middleware: the lint finds each, by its rule, and blames
//! whoever is at fault. What keeps the rules it lets pass without a word.

#[path = "lint/apps.rs"]
mod apps;
#[path = "lint/case.rs"]
mod case;
#[path = "lint/cuts.rs"]
mod cuts;
#[path = "lint/hosts.rs"]
mod hosts;
#[path = "lint/middleware.rs"]
mod middleware;
#[path = "lint/nested.rs"]
mod nested;
#[path = "lint/reporters.rs"]
mod reporters;
#[path = "lint/silent.rs"]
mod silent;

use std::collections::BTreeSet;

use case::Case;
use enfilade_core::lint::Finding;

async fn each_is_found(cases: Vec<Case>) {
    let mut missed = Vec::new();
    for case in cases {
        let found = (case.run)().await;
        let right = found
            .iter()
            .any(|found| found.rules().contains(&case.rule) && found.whose() == case.whose);
        if !right {
            missed.push(format!("{} ({}): {found:#?}", case.name, case.rule));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test]
async fn every_broken_app_is_found() {
    each_is_found(apps::broken()).await;
}

#[tokio::test]
async fn every_broken_host_is_found() {
    each_is_found(hosts::broken()).await;
}

#[tokio::test]
async fn every_broken_middleware_is_found() {
    each_is_found(middleware::broken()).await;
}

#[tokio::test]
async fn what_is_broken_is_found_through_other_lints() {
    each_is_found(nested::broken()).await;
}

/// What each check says to do, which no two of them say alike.
fn mends() -> BTreeSet<&'static str> {
    let checks = include_str!("../src/lint/check.rs").split("const ");
    let checks = checks.filter(|text| text.contains(": Check ="));
    checks
        .filter_map(|check| check.rsplit('"').nth(1))
        .collect()
}

#[tokio::test]
async fn every_check_finds_something_of_the_catalogue() {
    let mut found = BTreeSet::new();
    for case in [apps::broken(), hosts::broken(), middleware::broken()]
        .into_iter()
        .flatten()
    {
        found.extend((case.run)().await.iter().map(Finding::mend));
    }
    let idle: Vec<_> = mends().difference(&found).copied().collect();
    assert!(
        idle.is_empty(),
        "nothing is broken so that it would say: {idle:#?}"
    );
    assert_eq!(mends().len(), found.len());
}

#[test]
fn the_catalogue_is_large_and_no_two_of_it_are_the_same() {
    let all = [apps::broken(), hosts::broken(), middleware::broken()];
    let names: Vec<_> = all.iter().flatten().map(|case| case.name).collect();
    let different: BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len());
    assert!(names.len() >= 40, "{} are broken", names.len());
}
