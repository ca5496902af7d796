//! SCGI and uwsgi: what a web server sees when something ends in the middle.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

use enfilade_adapters::{Scgi, Uwsgi};

use crate::{
    app,
    support::{Backend, Spoken, all},
};

/// Nothing, unless it is run by the tests here.
#[test]
fn a_process_that_serves() {
    let place = "127.0.0.1:0";
    let served = match std::env::var("SPOKEN").as_deref() {
        Ok("scgi") => Scgi::bind(place).with_lifecycle(app::life()).run(app::app),
        Ok("uwsgi") => Uwsgi::bind(place).with_lifecycle(app::life()).run(app::app),
        _ => return,
    };
    eprintln!("ended: {served:?}");
}

#[test]
fn a_request_that_runs_when_the_host_is_told_to_stop_is_answered() {
    for spoken in Spoken::ALL {
        let mut backend = Backend::start(spoken);
        let stream = backend.request("GET", "/slow", 0);
        assert_eq!(backend.process.line(), "begun");
        backend.process.signal("TERM");
        let (answer, error) = all(stream);
        assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
        assert_eq!(error, None);
        let (rest, well) = backend.process.end();
        assert_eq!((&*rest, well), ("closed\nended: Ok(())\n", true));
    }
}

#[test]
fn an_app_is_told_that_the_host_stops() {
    for spoken in Spoken::ALL {
        let mut backend = Backend::start(spoken);
        let stream = backend.request("GET", "/until-the-stop", 0);
        assert_eq!(backend.process.line(), "begun");
        backend.process.signal("TERM");
        assert!(all(stream).0.ends_with("\r\n\r\nstopping"));
        assert!(backend.process.end().1);
    }
}

#[test]
fn a_second_signal_breaks_off_what_runs() {
    for spoken in Spoken::ALL {
        let mut backend = Backend::start(spoken);
        let stream = backend.request("GET", "/never", 0);
        assert_eq!(backend.process.line(), "begun");
        backend.process.signal("TERM");
        std::thread::sleep(std::time::Duration::from_millis(200));
        backend.process.signal("TERM");
        assert_eq!(
            all(stream),
            (String::new(), Some(ErrorKind::ConnectionReset))
        );
        let (rest, well) = backend.process.end();
        assert!(
            rest.contains("1 connections were broken off by a second signal"),
            "{rest}"
        );
        assert!(
            rest.contains("dropped") && rest.contains("closed") && well,
            "{rest}"
        );
    }
}

#[test]
fn an_answer_that_is_broken_off_with_the_host_is_a_reset() {
    for spoken in Spoken::ALL {
        for signals in [&["KILL"][..], &["TERM", "TERM"]] {
            let mut backend = Backend::start(spoken);
            let mut stream = backend.request("GET", "/endless", 0);
            assert_eq!(backend.process.line(), "begun");
            let mut first = [0; 8];
            stream.read_exact(&mut first).expect("the head");
            for signal in signals {
                backend.process.signal(signal);
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
            let (answer, error) = all(stream);
            assert_eq!(
                error,
                Some(ErrorKind::ConnectionReset),
                "{signals:?}: {answer}"
            );
            assert_eq!(backend.process.end().1, signals.len() == 2);
        }
    }
}

#[test]
fn a_client_that_leaves_drops_the_app_whether_it_writes_or_not() {
    for spoken in Spoken::ALL {
        for target in ["/never", "/endless"] {
            let mut backend = Backend::start(spoken);
            let stream = backend.request("GET", target, 0);
            assert_eq!(backend.process.line(), "begun");
            drop(stream);
            assert_eq!(backend.process.line(), "dropped", "{target}");
            backend.process.signal("TERM");
            backend.process.end();
        }
    }
}

#[test]
fn an_app_that_asked_for_it_goes_on_without_its_client_and_a_stop_waits_for_it() {
    for spoken in Spoken::ALL {
        let mut backend = Backend::start(spoken);
        let stream = backend.request("GET", "/finishes", 0);
        assert_eq!(backend.process.line(), "begun");
        drop(stream);
        backend.process.signal("TERM");
        let (rest, well) = backend.process.end();
        let over = "over Some(200) Unsent";
        let expected = format!("went on\n{over}\nclosed\nended: Ok(())\n");
        assert_eq!((rest, well), (expected, true));
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_reset_or_shorter_than_its_length() {
    for spoken in Spoken::ALL {
        let backend = Backend::start(spoken);
        for target in ["/half", "/half-of-ten"] {
            let stream = backend.request("GET", target, 0);
            let (answer, error) = all(stream);
            assert_eq!(error, Some(ErrorKind::ConnectionReset), "{target}");
            // What a reset overtakes is lost.
            assert!(
                answer.is_empty() || answer.ends_with("\r\n\r\nhello"),
                "{answer}"
            );
        }
        backend.process.signal("TERM");
        let (rest, _) = backend.process.end();
        assert!(rest.contains("a response was cut short"), "{rest}");
    }
}

#[test]
fn a_body_that_is_cut_short_is_an_error_for_the_app() {
    for spoken in Spoken::ALL {
        let backend = Backend::start(spoken);
        let mut stream = backend.request("POST", "/count", 10);
        stream.write_all(b"hello").expect("it reads");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        let (answer, _) = all(stream);
        assert!(
            answer.ends_with("\r\n\r\n5, then the body broke off"),
            "{answer}"
        );
        backend.process.signal("TERM");
        backend.process.end();
    }
}

#[test]
fn a_host_that_is_out_of_files_serves_again_when_there_are_some() {
    let mut backend = Backend::with_files(Spoken::Scgi, 24);
    let connections: Vec<_> = (0..32)
        .map(|_| TcpStream::connect(&backend.address).expect("it listens"))
        .collect();
    let line = backend.process.line();
    assert!(
        line.starts_with("cannot accept connections for the moment: "),
        "{line}"
    );
    drop(connections);
    let (answer, _) = all(backend.request("GET", "/tea", 0));
    assert!(answer.ends_with("\r\n\r\n + /tea"), "{answer}");
    backend.process.signal("TERM");
    assert!(backend.process.end().1);
}
