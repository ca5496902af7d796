//! The CGI variables of a request (RFC 3875, section 4.1), as a web server makes them.

use percent_encoding::percent_decode_str;

use crate::{Ask, Framing};

/// All variables of a request. Fields of the same name are as many variables of one name.
pub(super) fn variables(ask: &Ask) -> Vec<(String, Vec<u8>)> {
    let (target, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    let host = ask.host_field();
    let version = if ask.http10 { "HTTP/1.0" } else { "HTTP/1.1" };
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let (path, script_name) = (decoded(target), decoded(&ask.script_name));
    let mut variables: Vec<(String, Vec<u8>)> = [
        ("GATEWAY_INTERFACE", "CGI/1.1".as_bytes()),
        ("SERVER_SOFTWARE", b"kit/1"),
        ("SERVER_PROTOCOL", version.as_bytes()),
        ("SERVER_NAME", name_of(&host).as_bytes()),
        ("SERVER_PORT", b"8888"),
        ("SERVER_ADDR", b"192.0.2.80"),
        ("REMOTE_ADDR", b"192.0.2.1"),
        ("REMOTE_PORT", b"40000"),
        ("REQUEST_SCHEME", b"http"),
        ("REQUEST_METHOD", ask.method.as_bytes()),
        ("REQUEST_URI", ask.target.as_bytes()),
        ("QUERY_STRING", query.as_bytes()),
        ("SCRIPT_NAME", &script_name),
        (
            "PATH_INFO",
            path.strip_prefix(&*script_name).unwrap_or(&path),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_vec()))
    .collect();
    // Some protocols cannot carry it, and the target tells.
    variables.retain(|(name, value)| name != "PATH_INFO" || !value.contains(&0));
    if let Framing::Length(length) = ask.framing {
        let length = length.to_string().into_bytes();
        variables.push(("CONTENT_LENGTH".to_owned(), length));
    }
    if ask.framing == Framing::Chunked {
        let name = "HTTP_TRANSFER_ENCODING".to_owned();
        variables.push((name, b"chunked".to_vec()));
    }
    for (name, value) in &ask.fields {
        // `A_B` and `A-B` would be one variable.
        if name.contains('_') {
            continue;
        }
        let name = name.to_ascii_uppercase().replace('-', "_");
        if name == "CONTENT_TYPE" {
            variables.push((name, value.clone()));
        } else {
            variables.push((format!("HTTP_{name}"), value.clone()));
        }
    }
    variables
}

/// The same, with one variable for the fields of a name.
pub(super) fn joined(ask: &Ask) -> Vec<(String, Vec<u8>)> {
    let mut joined: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in variables(ask) {
        match joined.iter_mut().find(|(own, _)| *own == name) {
            Some((name, values)) => {
                let between: &[u8] = if name == "HTTP_COOKIE" { b"; " } else { b", " };
                values.extend([between, &value].concat());
            }
            None => joined.push((name, value)),
        }
    }
    joined
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_info_has_no_escapes_and_begins_behind_the_script_name() {
        let mut ask = Ask::new("a".to_owned(), "GET", "/ext/a%20b?c%20d".to_owned());
        ask.script_name = "/ext".to_owned();
        let variables = variables(
            &ask.host("example.org:80")
                .field("x_a", "1")
                .field("x-b", "2"),
        );
        let value = |name: &str| {
            let found = variables.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        for (name, expected) in [
            ("PATH_INFO", Some("/a b")),
            ("REQUEST_URI", Some("/ext/a%20b?c%20d")),
            ("QUERY_STRING", Some("c%20d")),
            ("SERVER_NAME", Some("example.org")),
            ("HTTP_HOST", Some("example.org:80")),
            ("HTTP_X_A", None),
            ("HTTP_X_B", Some("2")),
            ("CONTENT_LENGTH", None),
        ] {
            assert_eq!(value(name).as_deref(), expected, "{name}");
        }
    }
}
