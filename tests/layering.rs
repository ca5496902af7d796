//! The arrows between the packages point one way, and each package is built of what it may be.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

/// What each package may depend on, of our own; anything else must not know the workspace at all.
const ARROWS: &[(&str, &[&str])] = &[
    ("enfilade-core", &[]),
    ("enfilade-middleware", &["enfilade-core"]),
    ("enfilade-server", &["enfilade-core"]),
    ("enfilade-adapters", &["enfilade-core"]),
    ("enfilade-conformance", &["enfilade-core"]),
    (
        "enfilade",
        &[
            "enfilade-adapters",
            "enfilade-core",
            "enfilade-middleware",
            "enfilade-server",
        ],
    ),
];

/// What whoever only writes middleware depends on: the crates of `enfilade-core` without features.
const CORE: &[&str] = &[
    "bytes",
    "futures-core",
    "http",
    "http-body",
    "http-body-util",
    "percent-encoding",
    "pin-project-lite",
    "smallvec",
    "sync_wrapper",
];

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// The names of a package's dependencies that `keep` keeps.
fn dependencies(package: &Value, keep: impl Fn(&Value) -> bool) -> Vec<String> {
    package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|dependency| keep(dependency))
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn the_arrows_between_the_packages_point_one_way() {
    for package in packages() {
        let name = package["name"].as_str().expect("a name").to_owned();
        let Some((_, allowed)) = ARROWS.iter().find(|(package, _)| *package == name) else {
            assert_eq!(
                package["publish"],
                Value::Array(vec![]),
                "{name} has no place in ARROWS"
            );
            continue;
        };
        // Tests may look further; what is shipped may not.
        let ours = dependencies(&package, |dependency| {
            dependency["kind"].is_null()
                && dependency["name"]
                    .as_str()
                    .is_some_and(|name| name.starts_with("enfilade"))
        });
        for dependency in ours {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn core_without_features_is_little_more_than_the_http_types() {
    let packages = packages();
    let core = packages
        .iter()
        .find(|package| package["name"] == "enfilade-core")
        .expect("core");
    let required = dependencies(core, |dependency| {
        dependency["kind"].is_null() && dependency["optional"] == Value::Bool(false)
    });
    for dependency in required {
        assert!(
            CORE.contains(&dependency.as_str()),
            "core must not need {dependency}"
        );
    }
}

#[test]
fn core_names_no_runtime_outside_its_bridges() {
    // Files of tests alone may use what tests use.
    let bridges = ["tokio_io.rs", "hyper.rs", "tests.rs"];
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("core/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let source = std::fs::read_to_string(&path).expect("a source file");
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            let uses = code.lines().map(str::trim).find(|line| {
                !line.starts_with("//") && (line.contains("tokio::") || line.contains("hyper::"))
            });
            assert!(
                uses.is_none() || bridges.contains(&name),
                "{}: {uses:?}",
                path.display()
            );
        }
    }
}
