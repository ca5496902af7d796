//! Lambda: what its runtime interface sees when something ends in the middle.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

use enfilade_adapters::lambda::Lambda;

use crate::{app, support::Process};

/// Nothing, unless it is run by the tests here.
#[test]
fn a_process_that_serves() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let host = Lambda::from_env().expect("it is told").with_streaming();
        let served = host.with_lifecycle(app::life()).run(app::app);
        eprintln!("ended: {served:?}");
    }
}

/// A function that answers one invocation.
pub struct Function {
    pub process: Process,
    reader: BufReader<TcpStream>,
    /// Its extension waits there for an event.
    _extension: Option<TcpStream>,
}

impl Function {
    /// Invokes a function with a GET of `target`.
    pub fn invoke(target: &str) -> Function {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a port").to_string();
        let name = "lambda::a_process_that_serves";
        let environment = [("AWS_LAMBDA_RUNTIME_API", &*address)];
        let process = Process::start(name, &environment, Stdio::null(), Stdio::null());
        let mut extension = None;
        loop {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            while let Some(asked) = head(&mut reader) {
                let path = asked.split(' ').nth(1).unwrap_or_default();
                match path.rsplit('/').next() {
                    Some("register") => {
                        // Its body says that it wants no events.
                        let mut events = [0; 13];
                        reader.read_exact(&mut events).expect("a body");
                        say(&mut stream, "lambda-extension-identifier: 1", "");
                    }
                    Some("next") if path.contains("/extension/") => {
                        extension = Some(stream);
                        break;
                    }
                    _ => {
                        say(&mut stream, NEXT, &event(target));
                        return Function {
                            process,
                            reader,
                            _extension: extension,
                        };
                    }
                }
            }
        }
    }

    /// The body of its answer, when the head is there: JSON, eight zeros and what the client gets,
    /// in chunks.
    pub fn answer(&mut self) -> &mut BufReader<TcpStream> {
        let first = head(&mut self.reader).expect("an answer");
        assert!(first.contains("/invocation/1/response "), "{first}");
        &mut self.reader
    }
}

const NEXT: &str = "lambda-runtime-aws-request-id: 1\r\nlambda-runtime-deadline-ms: 1";

/// What a function URL sends.
fn event(target: &str) -> String {
    let context =
        r#"{"domainName":"x.lambda-url.eu-west-1.on.aws","timeEpoch":1,"http":{"method":"GET"}}"#;
    format!(r#"{{"version":"2.0","rawPath":"{target}","requestContext":{context}}}"#)
}

/// The first line of a request whose head is read to its end; nothing at the end of the connection.
fn head(reader: &mut impl BufRead) -> Option<String> {
    let mut lines = reader.lines().map(|line| line.expect("a head"));
    let first = lines.next()?;
    lines.find(String::is_empty);
    Some(first)
}

fn say(stream: &mut TcpStream, fields: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\n{fields}\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).expect("it reads");
}

/// How a stream ends.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

#[test]
fn an_invocation_that_runs_when_the_function_is_told_to_stop_is_answered() {
    let mut function = Function::invoke("/slow");
    assert_eq!(function.process.line(), "begun");
    function.process.signal("TERM");
    let answer = function.answer();
    let mut told = Vec::new();
    while !told.ends_with(LAST_CHUNK) {
        let read = answer.read_until(b'\n', &mut told).expect("an answer");
        assert!(read > 0, "{told:?}");
    }
    assert!(told.windows(4).any(|four| four == b"done"));
    say(answer.get_mut(), "x-accepted: 1", "");
    let (rest, well) = function.process.end();
    assert_eq!((&*rest, well), ("closed\nended: Ok(())\n", true));
}

#[test]
fn a_function_that_is_killed_ends_no_stream() {
    let mut function = Function::invoke("/endless");
    assert_eq!(function.process.line(), "begun");
    let mut told = vec![0; 64];
    function.answer().read_exact(&mut told).expect("a piece");
    function.process.signal("KILL");
    // By a reset or without.
    let _ = function.reader.read_to_end(&mut told);
    assert!(!told.ends_with(LAST_CHUNK));
    assert!(!function.process.end().1);
}
