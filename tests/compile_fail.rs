//! What the compiler says to who writes something that does not fit: it must say what to write
//! instead.
//!
//! Each file in `tests/compile_fail` must not compile, and each of its lines `//~ text` must be in
//! what the compiler says. Not the whole of it is held: it lists every app that there is, and
//! differs between compilers.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// The features that the cases need, and no server: it would take minutes to build.
const MANIFEST: &str = r#"
[package]
name = "compile-fail"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
enfilade = { path = "ROOT", default-features = false, features = ["tower"] }
axum = { version = "0.8", default-features = false }
tower = { version = "0.5", default-features = false, features = ["limit"] }
"#;

fn cases(root: &Path) -> BTreeMap<String, PathBuf> {
    fs::read_dir(root.join("tests/compile_fail"))
        .expect("the cases")
        .map(|entry| entry.expect("a case").path())
        .map(|path| {
            (
                path.file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                path,
            )
        })
        .collect()
}

/// A package with each case as a program. All are checked at once.
fn package(root: &Path, cases: &BTreeMap<String, PathBuf>) -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-fail");
    fs::create_dir_all(&package).expect("a folder in target");
    let mut manifest = MANIFEST.replace("ROOT", &root.to_string_lossy());
    for (name, path) in cases {
        let path = path.to_string_lossy();
        manifest += &format!("\n[[bin]]\nname = {name:?}\npath = {path:?}\n");
    }
    fs::write(package.join("Cargo.toml"), manifest).expect("written");
    // The same versions as the workspace, which are here already.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("copied");
    package
}

/// What the compiler says of each case.
fn check(package: &Path) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--offline", "--quiet"])
        .args(["--message-format", "json"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", package)
        .env("RUSTFLAGS", "")
        .output()
        .expect("cargo runs");
    let mut said = BTreeMap::<String, String>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).expect("cargo writes JSON");
        if message["reason"] == "compiler-message" && message["message"]["level"] == "error" {
            let name = message["target"]["name"]
                .as_str()
                .expect("a name")
                .to_owned();
            let text = message["message"]["rendered"].as_str().expect("a text");
            *said.entry(name).or_default() += text;
        }
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!said.is_empty(), "nothing was checked: {errors}");
    said
}

#[test]
fn what_does_not_fit_is_refused_with_what_to_write_instead() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases(root);
    let said = check(&package(root, &cases));
    let mut missing = String::new();
    for (name, path) in &cases {
        let source = fs::read_to_string(path).expect("a case");
        let expected: Vec<_> = source
            .lines()
            .filter_map(|line| line.strip_prefix("//~ "))
            .collect();
        assert!(!expected.is_empty(), "{name} expects nothing");
        let Some(said) = said.get(name) else {
            missing += &format!("{name} compiles\n");
            continue;
        };
        for text in expected {
            if !said.contains(text) {
                missing += &format!("{name}: {text:?} is not in:\n{said}\n");
            }
        }
    }
    assert!(missing.is_empty(), "{missing}");
}
