//! CGI: a process for each request.

use std::{
    io::{Read, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Stdio,
};

use enfilade_adapters::Cgi;

use crate::{
    app,
    support::{Process, all},
};

/// Nothing, unless it is run by the tests here.
#[test]
fn a_process_that_answers() {
    if std::env::var_os("GATEWAY_INTERFACE").is_some() {
        let served = Cgi::new().with_lifecycle(app::life()).run(app::app);
        eprintln!("ended: {served:?}");
        // Before the test harness says anything behind the answer.
        std::process::exit(i32::from(served.is_err()));
    }
}

/// The process of a request for `target`, with a body of `length` bytes.
pub fn start(target: &str, length: u64) -> Process {
    start_with(target, length, Stdio::piped(), Stdio::piped())
}

/// The same, with `socket` for both the standard input and output.
fn start_on(socket: UnixStream, target: &str, length: u64) -> Process {
    let input = socket.try_clone().expect("another handle");
    let [input, output] = [input, socket].map(|socket| Stdio::from(OwnedFd::from(socket)));
    start_with(target, length, input, output)
}

fn start_with(target: &str, length: u64, input: Stdio, output: Stdio) -> Process {
    let environment = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REQUEST_METHOD", "POST"),
        ("SCRIPT_NAME", "/cgi-bin/app"),
        ("REQUEST_URI", &format!("/cgi-bin/app{target}")),
        ("CONTENT_LENGTH", &length.to_string()),
    ];
    Process::start("cgi::a_process_that_answers", &environment, input, output)
}

/// What the process answers: what the test harness prints in front of it is not its own.
pub fn answer(process: &mut Process) -> String {
    let (text, _) = all(process.child.stdout.take().expect("it is piped"));
    text.split_once("Status: ").expect("an answer").1.to_owned()
}

#[test]
fn a_request_is_answered_while_the_standard_input_stays_open() {
    let mut process = start("/tea", 0);
    let answered = answer(&mut process);
    assert_eq!(
        answered,
        "200 OK\r\ncontent-length: 19\r\n\r\n/cgi-bin/app + /tea"
    );
    let (rest, well) = process.end();
    assert_eq!((&*rest, well), ("closed\nended: Ok(())\n", true));
}

#[test]
fn a_body_is_read_to_its_length_and_no_further() {
    let mut process = start("/count", 5);
    let mut input = process.child.stdin.take().expect("it is piped");
    input
        .write_all(b"hello, and extension data")
        .expect("it reads");
    assert!(answer(&mut process).ends_with("\r\n\r\n5"));
    process.end();
}

#[test]
fn a_body_that_is_cut_short_is_an_error_for_the_app() {
    let mut process = start("/count", 10);
    let mut input = process.child.stdin.take().expect("it is piped");
    input.write_all(b"hello").expect("it reads");
    drop(input);
    assert!(answer(&mut process).ends_with("\r\n\r\n5, then the body broke off"));
    process.end();
}

#[test]
fn a_signal_drops_the_app_and_closes_what_it_opened() {
    let mut process = start("/never", 0);
    assert_eq!(process.line(), "begun");
    process.signal("TERM");
    let (rest, well) = process.end();
    assert_eq!((&*rest, well), ("dropped\nclosed\nended: Ok(())\n", true));
}

#[test]
fn a_signal_leaves_an_app_that_asked_for_it_a_second() {
    let mut process = start("/finishes", 0);
    assert_eq!(process.line(), "begun");
    process.signal("TERM");
    let (rest, well) = process.end();
    let over = "over Some(200) Unsent";
    let expected = format!("went on\n{over}\nclosed\nended: Ok(())\n");
    assert_eq!((rest, well), (expected, true));
}

#[test]
fn an_output_that_is_closed_drops_the_app() {
    let mut process = start("/endless", 0);
    assert_eq!(process.line(), "begun");
    drop(process.child.stdout.take());
    let (rest, well) = process.end();
    assert_eq!((&*rest, well), ("dropped\nclosed\nended: Ok(())\n", true));
}

#[test]
fn an_answer_that_breaks_off_is_shorter_than_its_length_and_fails_the_process() {
    let mut process = start("/half-of-ten", 0);
    let answered = answer(&mut process);
    assert_eq!(answered, "200 OK\r\ncontent-length: 10\r\n\r\nhello");
    let (rest, well) = process.end();
    assert!(
        rest.contains("a response was cut short: ") && !well,
        "{rest}"
    );
}

#[test]
fn a_process_that_is_killed_leaves_half_an_answer() {
    let mut process = start("/endless", 0);
    assert_eq!(process.line(), "begun");
    let mut output = process.child.stdout.take().expect("it is piped");
    let mut some = [0; 64];
    output.read_exact(&mut some).expect("a head");
    process.signal("KILL");
    assert_eq!(all(output).1, None, "which looks like an end");
    assert!(!process.end().1);
}

/// Apache gives a program one socket for both, and one that is closed with unread bytes in it is
/// reset, and the answer lost.
#[test]
fn an_answer_to_an_upload_that_nobody_reads_is_not_lost_with_it() {
    let (mut near, far) = UnixStream::pair().expect("a pair");
    let mut process = start_on(far, "/tea", 1_000_000);
    let upload = near.try_clone().expect("another handle");
    let uploading = std::thread::spawn(move || (&upload).write_all(&[b'x'; 1_000_000]));
    let (text, error) = all(&mut near);
    assert!(text.ends_with("\r\n\r\n/cgi-bin/app + /tea"), "{text}");
    assert_eq!(error, None);
    uploading
        .join()
        .expect("no panic")
        .expect("all of it is read");
    assert!(process.child.wait().expect("it ended").success());
}
