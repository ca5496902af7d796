//! `ENFILADE_LINT`, in processes of their own.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use enfilade::{Request, Response, core::Body};
use http::{HeaderValue, header};

const SERVES: &str = "ENFILADE_TEST_SERVES";

/// This very test, started again as a process of its own, is what serves.
#[test]
fn an_app_that_breaks_a_rule() {
    if std::env::var_os(SERVES).is_none() {
        return;
    }
    let app = async |_: Request| {
        let mut response = Response::new(Body::from("hello"));
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    };
    if let Err(error) = enfilade::run(app) {
        eprintln!("{error}");
    }
}

/// A process that serves, told by its environment how.
pub(crate) struct Served {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
    pub(crate) url: String,
    head: String,
}

impl Served {
    /// Starts `command`, and waits until it says where it listens or ends.
    pub(crate) fn start(mut command: Command) -> Served {
        let mut child = command
            .env("ENFILADE_LISTEN", "http:127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut head, mut url) = (String::new(), String::new());
        while url.is_empty() {
            let begin = head.len();
            if errors.read_line(&mut head).expect("text") == 0 {
                break;
            }
            let found = head[begin..].split_once("http://").map(|(_, rest)| rest);
            let place = found.and_then(|rest| rest.split_whitespace().next());
            url = place.map_or_else(String::new, |place| format!("http://{place}"));
        }
        Served {
            child,
            errors,
            url,
            head,
        }
    }

    /// Stops it, and gives all that it wrote to its error stream.
    pub(crate) fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        self.errors.read_to_string(&mut self.head).expect("text");
        self.child.wait().expect("it ends");
        self.head
    }
}

pub(crate) fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "10"])
        .args(arguments)
        .output()
        .expect("curl is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn started_with(lint: Option<&str>) -> Served {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args([
        "--exact",
        "switch::an_app_that_breaks_a_rule",
        "--nocapture",
    ]);
    command.env(SERVES, "1").env_remove("ENFILADE_LINT");
    if let Some(value) = lint {
        command.env("ENFILADE_LINT", value);
    }
    Served::start(command)
}

#[test]
fn run_reports_breaches_where_it_is_told_to_and_in_debug_builds() {
    for (value, reports) in [
        (Some("1"), 1),
        (Some("0"), 0),
        (None, usize::from(cfg!(debug_assertions))),
    ] {
        let served = started_with(value);
        for _ in 0..2 {
            let answer = curl(&[&served.url]);
            assert!(answer.ends_with("hello"), "{answer}");
            assert!(!answer.contains("connection: close"), "{answer}");
        }
        let errors = served.stop();
        let lines = errors
            .lines()
            .filter(|line| line.starts_with("lint: breach of rule A4"));
        assert_eq!(lines.count(), reports, "{value:?}: {errors}");
    }
}

#[test]
fn another_value_says_what_is_allowed() {
    let errors = started_with(Some("yes")).stop();
    assert!(
        errors.contains("ENFILADE_LINT is \"yes\"; write 1"),
        "{errors}"
    );
}
