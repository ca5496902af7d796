//! How a process is to serve its app: [`Start`].

use enfilade_core::HostError;

use super::{Kind, Surroundings, threads::THREADS};

pub(super) const LISTEN: &str = "ENFILADE_LISTEN";
const GATEWAY: &str = "GATEWAY_INTERFACE";
const SYSTEMD_COUNT: &str = "LISTEN_FDS";
const SYSTEMD_NAMES: &str = "LISTEN_FDNAMES";
const SYSTEMD_PROCESS: &str = "LISTEN_PID";
const LAMBDA: &str = "AWS_LAMBDA_RUNTIME_API";
const LAMBDA_ANSWERS: &str = "ENFILADE_LAMBDA";

/// All variables that are looked at.
pub(super) const VARIABLES: [&str; 8] = [
    GATEWAY,
    SYSTEMD_COUNT,
    SYSTEMD_NAMES,
    SYSTEMD_PROCESS,
    LAMBDA,
    LAMBDA_ANSWERS,
    LISTEN,
    THREADS,
];

/// Where HTTP is spoken if nothing else is said.
const DEFAULT: &str = "127.0.0.1:8000";

/// How a process is to serve its app.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// One request, from a web server.
    Cgi,
    /// FastCGI on the standard input.
    Inherited,
    /// On sockets that systemd has opened: what is spoken on each.
    Activated(Vec<Kind>),
    /// As a function of AWS Lambda, whose answers are whole or streams.
    Lambda { is_streaming: bool },
    /// On sockets that are to be opened.
    Listening(Vec<(Kind, String)>),
}

impl Start {
    /// What `found` asks for: the first that applies. Whoever starts processes in one of these ways
    /// does so for a reason, so what a person has set comes last.
    pub(super) fn of(found: &Surroundings) -> Result<Start, HostError> {
        if let Some(version) = found.variable(GATEWAY)? {
            return cgi(version);
        }
        if found.is_socket {
            return Ok(Start::Inherited);
        }
        if let Some(kinds) = activated(found)? {
            return Ok(Start::Activated(kinds));
        }
        if found.variable(LAMBDA)?.is_some() {
            return lambda(found.variable(LAMBDA_ANSWERS)?);
        }
        match found.variable(LISTEN)? {
            Some(places) => listening(places),
            None => Ok(Start::Listening(vec![(Kind::Http, DEFAULT.to_owned())])),
        }
    }
}

fn cgi(version: &str) -> Result<Start, HostError> {
    if version.starts_with("CGI/1.") {
        return Ok(Start::Cgi);
    }
    Err(HostError::new(format!(
        "{GATEWAY} is {version:?}, where a web server writes `CGI/1.1`; unset it, if this is no CGI \
         program"
    )))
}

/// What systemd wants to be spoken on its sockets; none if they are not for this process.
fn activated(found: &Surroundings) -> Result<Option<Vec<Kind>>, HostError> {
    let Some(count) = found.variable(SYSTEMD_COUNT)? else {
        return Ok(None);
    };
    // A parent's variables are inherited, its sockets are not meant.
    let process = found.variable(SYSTEMD_PROCESS)?;
    if process.is_some_and(|process| process.parse() != Ok(found.process)) {
        return Ok(None);
    }
    let count: u16 = count.parse().map_err(|error| {
        let message = format!("{SYSTEMD_COUNT} is {count:?}, where systemd writes a number");
        HostError::new(message).because(error)
    })?;
    let names = found.variable(SYSTEMD_NAMES)?.unwrap_or_default();
    let names = names.split(':').chain(std::iter::repeat(""));
    let kinds: Vec<Kind> = names.take(count.into()).map(Kind::of_socket).collect();
    Ok((count > 0).then_some(kinds))
}

fn lambda(answers: Option<&str>) -> Result<Start, HostError> {
    let is_streaming = match answers {
        None | Some("whole") => false,
        Some("streaming") => true,
        Some(other) => {
            return Err(HostError::new(format!(
                "{LAMBDA_ANSWERS} is {other:?}; write `streaming` where the function's URL or REST \
                 API is set up for response streams, or `whole`, which is the default"
            )));
        }
    };
    Ok(Start::Lambda { is_streaming })
}

fn listening(places: &str) -> Result<Start, HostError> {
    let places = places.split(',').map(|place| read(place.trim()));
    places.collect::<Result<_, _>>().map(Start::Listening)
}

/// One place: what is spoken, and where.
fn read(written: &str) -> Result<(Kind, String), HostError> {
    let (kind, place) = written.split_once(':').unwrap_or_default();
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
    match kind {
        Some(kind) if !place.is_empty() => Ok((kind, place.to_owned())),
        _ => Err(HostError::new(format!(
            "{LISTEN} has {written:?}; write `http:`, `fastcgi:`, `scgi:` or `uwsgi:` and an \
             address or a Unix socket, such as `http:127.0.0.1:8000` or \
             `fastcgi:unix:/run/site.sock`, several separated by commas"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(variables: &[(&'static str, &str)], is_socket: bool) -> Result<Start, HostError> {
        let mut found = Surroundings::of(is_socket, 7);
        for (name, value) in variables {
            found = found.with(name, *value);
        }
        Start::of(&found)
    }

    fn http(place: &str) -> Start {
        Start::Listening(vec![(Kind::Http, place.to_owned())])
    }

    #[test]
    fn the_first_that_applies_is_chosen() {
        let cgi = (GATEWAY, "CGI/1.1");
        let systemd = [(SYSTEMD_COUNT, "1"), (SYSTEMD_PROCESS, "7")];
        let lambda = (LAMBDA, "127.0.0.1:9001");
        let listen = (LISTEN, "http:[::]:80");
        let all = [cgi, systemd[0], systemd[1], lambda, listen];
        for (variables, is_socket, expected) in [
            (&all[..], true, Start::Cgi),
            (&all[1..], true, Start::Inherited),
            (&all[1..], false, Start::Activated(vec![Kind::Http])),
            (
                &all[3..],
                false,
                Start::Lambda {
                    is_streaming: false,
                },
            ),
            (
                &[lambda, (LAMBDA_ANSWERS, "streaming")],
                false,
                Start::Lambda { is_streaming: true },
            ),
            (&all[4..], false, http("[::]:80")),
            (&[], true, Start::Inherited),
            (&[], false, http("127.0.0.1:8000")),
            (
                &[(GATEWAY, ""), (LISTEN, ""), (LAMBDA, "")],
                false,
                http("127.0.0.1:8000"),
            ),
            (&[(GATEWAY, "CGI/1.0")], false, Start::Cgi),
        ] {
            let chosen = start(variables, is_socket).expect("a start");
            assert_eq!(chosen, expected, "{variables:?} {is_socket}");
        }
    }

    #[test]
    fn sockets_of_systemd_speak_what_they_are_named_after() {
        use Kind::{FastCgi, Http, Scgi, Uwsgi};
        for (count, process, names, expected) in [
            ("1", Some("7"), None, Some(vec![Http])),
            (
                "2",
                Some("7"),
                Some("fastcgi:site.socket"),
                Some(vec![FastCgi, Http]),
            ),
            (
                "3",
                Some("7"),
                Some("scgi-a:uwsgi"),
                Some(vec![Scgi, Uwsgi, Http]),
            ),
            ("1", Some("7"), Some("http:scgi"), Some(vec![Http])),
            ("1", None, Some("scgi"), Some(vec![Scgi])),
            ("1", Some("8"), None, None),
            ("x", Some("8"), None, None),
            ("0", Some("7"), None, None),
        ] {
            let mut variables = vec![(SYSTEMD_COUNT, count)];
            variables.extend(process.map(|process| (SYSTEMD_PROCESS, process)));
            variables.extend(names.map(|names| (SYSTEMD_NAMES, names)));
            let chosen = start(&variables, false).expect("a start");
            let expected = expected.map_or_else(|| http("127.0.0.1:8000"), Start::Activated);
            assert_eq!(chosen, expected, "{variables:?}");
        }
    }

    #[test]
    fn places_are_of_mixed_kinds() {
        let places = "http:127.0.0.1:80, fastcgi:unix:/run/x.sock,scgi::9000,uwsgi:/run/y.sock";
        let places = start(&[(LISTEN, places)], false).expect("a start");
        let expected = [
            (Kind::Http, "127.0.0.1:80"),
            (Kind::FastCgi, "unix:/run/x.sock"),
            (Kind::Scgi, ":9000"),
            (Kind::Uwsgi, "/run/y.sock"),
        ];
        let expected = expected.map(|(kind, place)| (kind, place.to_owned()));
        assert_eq!(places, Start::Listening(expected.to_vec()));
    }

    #[test]
    fn a_wrong_value_says_what_to_write() {
        for (name, value, advice) in [
            (LISTEN, "8000", "such as `http:127.0.0.1:8000`"),
            (
                LISTEN,
                "https:127.0.0.1:8000",
                "`fastcgi:`, `scgi:` or `uwsgi:`",
            ),
            (LISTEN, "http:", "such as `http:127.0.0.1:8000`"),
            (
                LISTEN,
                "http:[::]:80,,http:[::]:81",
                "several separated by commas",
            ),
            (LISTEN, ",", "such as"),
            (GATEWAY, "WSGI/1.0", "`CGI/1.1`"),
            (GATEWAY, "CGI/2.0", "unset it"),
            (LAMBDA_ANSWERS, "yes", "`streaming`"),
            (SYSTEMD_COUNT, "many", "a number"),
            (SYSTEMD_COUNT, "-1", "a number"),
        ] {
            let mut variables = vec![(name, value)];
            variables.extend((name == LAMBDA_ANSWERS).then_some((LAMBDA, "127.0.0.1:9001")));
            let error = start(&variables, false).expect_err(value).to_string();
            assert!(error.contains(name) && error.contains(advice), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let value = std::ffi::OsString::from_vec(vec![0xff]);
        let found = Surroundings::of(false, 7).with(LISTEN, value);
        let error = Start::of(&found).expect_err("it is no text").to_string();
        assert!(error.contains("is not text"), "{error}");
    }
}
