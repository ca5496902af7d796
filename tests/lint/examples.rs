//! The examples, as a user starts them, with the lint on.

use std::{path::PathBuf, process::Command};

use crate::switch::{Served, curl};

/// What is asked where nothing else is said.
const ROOT: &[&[&str]] = &[&["/"]];

/// An example, and what it is asked: arguments of curl, the target first.
const ASKED: [(&str, &[&[&str]]); 9] = [
    (
        "errors",
        &[
            &["/orders/2"],
            &["/orders/1", "-H", "accept: text/html"],
            &["/orders/x"],
            &["/stock"],
            &["/panic"],
        ],
    ),
    ("hello", &[&["/"], &["/", "--head"], &["/", "-d", "a=b"]]),
    (
        "mounts",
        &[
            &["/blog"],
            &["/blog/old"],
            &["/blog/a//b"],
            &["/", "-H", "host: admin.example.org"],
            &["/x"],
        ],
    ),
    (
        "pipeline",
        &[
            &["/api/books"],
            &["/api/books", "-u", "ada:lovelace"],
            &[
                "/api/books",
                "-u",
                "ada:lovelace",
                "-H",
                "accept-encoding: gzip",
                "--output",
                "-",
            ],
            &[
                "/api/books",
                "-u",
                "ada:lovelace",
                "-H",
                "accept-encoding: br",
                "--head",
            ],
            &["/api/books/3", "-u", "ada:lovelace"],
            &["/api/books/99", "-u", "ada:lovelace"],
            &["/axum/hello/bob", "-u", "ada:lovelace"],
            &["/axum/old", "-u", "ada:lovelace", "--location"],
            &["/status", "-u", "ada:lovelace", "--http2-prior-knowledge"],
        ],
    ),
    (
        "state",
        &[
            &["/hits"],
            &["/hits", "-X", "DELETE"],
            &["/hits", "-X", "PUT"],
        ],
    ),
    (
        "streaming",
        &[
            &["/clock", "--max-time", "2"],
            &["/upload", "-T", "Cargo.lock"],
        ],
    ),
    (
        "testing",
        &[
            &["/sum", "--json", "{\"a\":2,\"b\":3}"],
            &["/sum", "--json", "[1]"],
            &[
                "/sum",
                "-H",
                "expect: 100-continue",
                "--json",
                "{\"a\":2,\"b\":3}",
            ],
        ],
    ),
    (
        "tower",
        &[
            &["/shop/cart"],
            &["/shop/help/x"],
            &["/shop/cart", "-X", "OPTIONS", "-H", "origin: http://a"],
        ],
    ),
    (
        "websocket",
        &[
            &["/echo"],
            &[
                "/echo",
                "--max-time",
                "1",
                "-H",
                "connection: upgrade",
                "-H",
                "upgrade: websocket",
                "-H",
                "sec-websocket-version: 13",
                "-H",
                "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
            ],
        ],
    ),
];

/// Where cargo puts the examples beside this test. It builds them with all tests, but not with one.
fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("this test");
    let folder = tests
        .ancestors()
        .nth(2)
        .expect("it is in a folder of cargo's");
    let program = folder.join("examples").join(name);
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--all-features", "--example", name])
            .arg("--target-dir")
            .arg(folder.parent().expect("a target folder"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(
            built.is_ok_and(|status| status.success()),
            "{name} does not build"
        );
    }
    program
}

/// The names of the files in `examples`, and what each is asked.
fn examples() -> Vec<(String, &'static [&'static [&'static str]])> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let names = std::fs::read_dir(folder)
        .expect("the examples")
        .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned));
    let asked = |name: &str| {
        let said = ASKED.iter().find(|(example, _)| *example == name);
        said.map_or(ROOT, |(_, requests)| *requests)
    };
    names.map(|name| (name.clone(), asked(&name))).collect()
}

#[test]
fn lint_is_silent_on_all_examples() {
    let examples = examples();
    assert!(examples.len() >= ASKED.len(), "{examples:?}");
    for (name, requests) in examples {
        let mut command = Command::new(program(&name));
        command.env("ENFILADE_LINT", "1");
        let served = Served::start(command);
        for request in requests {
            let url = format!("{}{}", served.url, request[0]);
            let arguments = [&["--path-as-is", &*url][..], &request[1..]].concat();
            let answer = curl(&arguments);
            assert!(answer.starts_with("HTTP/"), "{name} {request:?}: {answer}");
        }
        let errors = served.stop();
        assert!(!errors.contains("lint: "), "{name}: {errors}");
    }
}
