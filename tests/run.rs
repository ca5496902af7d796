//! `enfilade::run`, in processes that are started in all the ways that it chooses by.

#![cfg(unix)]

#[path = "run/clients.rs"]
mod clients;
#[path = "run/program.rs"]
mod program;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
};

use clients::Client;
use program::{PROGRAM, Program, tcp, unix};

/// Nothing, unless it is run by the tests here.
#[test]
fn the_program() {
    if std::env::var_os(PROGRAM).is_some() {
        if let Err(error) = program::main() {
            eprintln!("{error:?}");
            std::process::exit(1);
        }
        std::process::exit(0);
    }
}

#[test]
fn a_web_server_that_speaks_cgi_is_answered_once() {
    let program = Program::new()
        .with("GATEWAY_INTERFACE", "CGI/1.1")
        .with("SERVER_PROTOCOL", "HTTP/1.1")
        .with("REQUEST_METHOD", "GET")
        .with("SCRIPT_NAME", "/cgi")
        .with("REQUEST_URI", "/cgi/a")
        // Where somebody else has set something, too.
        .with("ENFILADE_LISTEN", "nonsense");
    let (output, errors, ended_well) = program.start().end();
    assert!(output.contains("Status: 200"), "{output}");
    assert!(output.ends_with("cgi: /cgi + /a."), "{output}");
    assert_eq!((&*errors, ended_well), ("closed\n", true));
}

#[test]
fn a_socket_as_the_standard_input_speaks_fastcgi() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, path) = unix(&folder);
    let mut running = Program::new().with_input(listener).start();
    assert!(running.line().contains("listening on fastcgi"));
    let stream = UnixStream::connect(path).expect("it listens");
    let answer = Client::answer(Client::FastCgi.send_on(stream, "/a"));
    assert!(answer.contains("fastcgi:  + /a."), "{answer}");
    running.terminate();
    assert_eq!(running.end().1, "closed\n");
}

#[test]
fn a_socket_that_does_not_listen_is_not_taken_for_one_that_does() {
    let input = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let program = Program::new().with_input(input);
    let mut running = program.with("ENFILADE_LISTEN", "http:127.0.0.1:0").start();
    let line = running.line();
    assert!(line.contains("listening on http"), "{line}");
}

/// Hands the standard input over as systemd hands its sockets over.
const AS_SYSTEMD: &str = "exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1;";

#[test]
fn a_socket_of_systemd_speaks_what_it_is_named_after() {
    for (name, client, host) in [
        ("", Client::Http, "http"),
        ("site.socket", Client::Http, "http"),
        ("fastcgi", Client::FastCgi, "fastcgi"),
        ("scgi-admin", Client::Scgi, "scgi"),
        ("uwsgi", Client::Uwsgi, "uwsgi"),
    ] {
        let (listener, address) = tcp();
        let program = Program::after(AS_SYSTEMD).with_input(listener);
        let mut running = program.with("LISTEN_FDNAMES", name).start();
        assert!(
            running.line().contains(&format!("listening on {host}")),
            "{name}"
        );
        let answer = Client::answer(client.send(&address, "/a"));
        assert!(
            answer.contains(&format!("{host}:  + /a.")),
            "{name}: {answer}"
        );
        running.terminate();
        assert_eq!(running.end().1, "closed\n");
    }
}

#[test]
fn a_unix_socket_of_systemd_is_taken_and_what_is_no_socket_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, path) = unix(&folder);
    let mut running = Program::after(AS_SYSTEMD).with_input(listener).start();
    assert!(running.line().contains("listening on unix:"));
    let stream = UnixStream::connect(path).expect("it listens");
    let answer = Client::answer(Client::Http.send_on(stream, "/a"));
    assert!(answer.ends_with("http:  + /a."), "{answer}");
    drop(running);
    let (_, errors, ended_well) = Program::after(AS_SYSTEMD).start().end();
    assert!(
        errors.contains("socket 1 of systemd") && !ended_well,
        "{errors}"
    );
}

/// Hands one invocation over, and gives back how it is answered.
fn lambda(listener: &TcpListener) -> String {
    let event = r#"{"httpMethod":"GET","path":"/a","requestContext":{"elb":{}}}"#;
    loop {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        loop {
            let (mut first, mut length) = (String::new(), 0);
            if reader.read_line(&mut first).expect("a request") == 0 {
                break;
            }
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a field");
                let line = line.trim_end().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().expect("a number");
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            if first.contains("/response ") {
                return String::from_utf8(body).expect("JSON");
            }
            let fields = "lambda-runtime-aws-request-id: 1\r\nlambda-runtime-deadline-ms: 1\r\n";
            let (status, body) = match first.contains("/invocation/next ") {
                true => ("200 OK", event),
                false => ("404 Not Found", ""),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\n{fields}content-length: {}",
                body.len()
            );
            write!(stream, "{head}\r\n\r\n{body}").expect("it reads");
        }
    }
}

#[test]
fn a_function_answers_its_invocations() {
    let (listener, address) = tcp();
    let program = Program::new().with("AWS_LAMBDA_RUNTIME_API", &address);
    let mut running = program.start();
    let answer = lambda(&listener);
    assert!(answer.contains(r#""body":"lambda:  + /a.""#), "{answer}");
    assert!(
        running
            .line()
            .contains("the extension cannot be registered")
    );
    running.terminate();
    assert!(running.end().1.ends_with("closed\n"));
}

#[test]
fn one_app_is_served_in_several_protocols_and_has_one_end() {
    let port = "127.0.0.1:0";
    let places = format!("http:{port}, fastcgi:{port},scgi:{port},uwsgi:{port}");
    let mut running = Program::new().with("ENFILADE_LISTEN", &places).start();
    let mut clients = Vec::new();
    for _ in 0..4 {
        let line = running.line();
        let (kind, address) = match line.strip_prefix("listening on http://") {
            Some(address) => ("http", address),
            None => {
                let place = line.strip_prefix("listening on ").expect(&line);
                place.split_once(':').expect(&line)
            }
        };
        let client = match kind {
            "http" => Client::Http,
            "fastcgi" => Client::FastCgi,
            "scgi" => Client::Scgi,
            "uwsgi" => Client::Uwsgi,
            _ => panic!("{line}"),
        };
        let answer = Client::answer(client.send(address, "/a"));
        assert!(answer.contains(&format!("{kind}:  + /a.")), "{answer}");
        clients.push((kind.to_owned(), client.send(address, "/wait")));
    }
    for _ in 0..4 {
        assert_eq!(running.line(), "begun");
    }
    running.terminate();
    for (kind, stream) in clients {
        let answer = Client::answer(stream);
        assert!(answer.contains(&format!("{kind}:  + /wait.")), "{answer}");
    }
    let (_, errors, ended_well) = running.end();
    assert_eq!((&*errors, ended_well), ("closed\n", true));
}

#[test]
fn threads_that_serve_for_themselves_have_one_end_and_what_they_opened_is_closed_last() {
    let program = Program::new().with("ENFILADE_LISTEN", "http:127.0.0.1:0");
    let mut running = program.with("ENFILADE_THREADS", "per-core:3").start();
    let line = running.line();
    let address = line.rsplit('/').next().expect("an address");
    // One of so many is in each thread.
    let streams: Vec<_> = (0..30)
        .map(|_| Client::Http.send(address, "/linger"))
        .collect();
    for _ in &streams {
        assert_eq!(running.line(), "begun");
    }
    running.terminate();
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.terminate();
    let (_, errors, ended_well) = running.end();
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(
        lines.first(),
        Some(&"stopping: broken off by a second signal")
    );
    assert_eq!(lines.last(), Some(&"closed"));
    assert!(ended_well);
}

#[test]
fn threads_that_nobody_can_have_are_told_how_to_be_written() {
    for (place, threads, told) in [
        ("http:127.0.0.1:0", "many", "write a number of threads"),
        ("fastcgi:127.0.0.1:0", "per-core", "is for HTTP alone"),
    ] {
        let program = Program::new().with("ENFILADE_LISTEN", place);
        let running = program.with("ENFILADE_THREADS", threads).start();
        let (_, errors, ended_well) = running.end();
        assert!(errors.contains(told) && !ended_well, "{errors}");
    }
}

#[test]
fn a_second_signal_breaks_all_off_and_closes_what_was_opened() {
    let places = "http:127.0.0.1:0,scgi:127.0.0.1:0";
    let mut running = Program::new().with("ENFILADE_LISTEN", places).start();
    let (first, second) = (running.line(), running.line());
    let (http, scgi) = if first.contains("http:") {
        (first, second)
    } else {
        (second, first)
    };
    let address = http.rsplit('/').next().expect("an address");
    let scgi = scgi.strip_prefix("listening on scgi:").expect("an address");
    let streams = [
        Client::Http.send(address, "/linger"),
        Client::Scgi.send(scgi, "/linger"),
    ];
    assert_eq!((&*running.line(), &*running.line()), ("begun", "begun"));
    running.terminate();
    // The first signal must have been heard, or there is only one.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.terminate();
    let (_, errors, ended_well) = running.end();
    assert_eq!(
        errors,
        "stopping: broken off by a second signal\ngone\ngone\nclosed\n"
    );
    assert!(ended_well);
    drop(streams);
}

#[test]
fn a_host_that_cannot_start_ends_the_others_and_closes_what_was_opened() {
    let (_listener, address) = tcp();
    let places = format!("scgi:127.0.0.1:0,http:{address}");
    let running = Program::new().with("ENFILADE_LISTEN", &places).start();
    let (_, errors, ended_well) = running.end();
    assert!(
        errors.contains("is in use") && errors.contains("closed"),
        "{errors}"
    );
    assert!(!ended_well);
}

#[test]
fn a_wrong_value_says_what_is_allowed() {
    let running = Program::new()
        .with("ENFILADE_LISTEN", "gopher:127.0.0.1:0")
        .start();
    let (_, errors, ended_well) = running.end();
    assert!(errors.contains("write `http:`, `fastcgi:`"), "{errors}");
    assert!(!errors.contains("closed") && !ended_well, "{errors}");
}
