//! The fields of a request's head: from variables to a [`HeaderMap`].

use enfilade_core::host::strip_hop_by_hop;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{BadRequest, Variables};

/// The names that are not taken from an `HTTP_` variable.
///
/// * Length and type of the body have variables of their own, and web servers that let `_` pass in
///   names send what a client wrote as `Content_Length` under this name.
/// * The transfer coding was the web server's to decode.
/// * `Proxy` is no field: the variable steers HTTP clients (httpoxy, CVE-2016-5385).
const NOT_FIELDS: [&str; 4] = [
    "content-length",
    "content-type",
    "transfer-encoding",
    "proxy",
];

/// The fields that `variables` tell of, without those that belong to the client's connection.
pub(super) fn fields(variables: &Variables) -> Result<HeaderMap, BadRequest> {
    let mut fields = HeaderMap::new();
    for (variable, value) in variables.iter() {
        let Some(name) = field_name(variable) else {
            continue;
        };
        let value = HeaderValue::from_maybe_shared(value.clone()).map_err(|_| {
            let variable = String::from_utf8_lossy(variable);
            BadRequest::malformed(variable, "is no field value")
        })?;
        match (name == header::COOKIE)
            .then(|| fields.get_mut(&name))
            .flatten()
        {
            Some(cookies) => *cookies = joined(cookies, &value)?,
            None => {
                fields
                    .try_append(name, value)
                    .map_err(|_| BadRequest::TooLarge)?;
            }
        }
    }
    strip_hop_by_hop(&mut fields);
    if let Some(value) = variables.given("CONTENT_TYPE") {
        let value = HeaderValue::from_maybe_shared(value.clone())
            .map_err(|_| BadRequest::malformed("CONTENT_TYPE", "is no field value"))?;
        fields.insert(header::CONTENT_TYPE, value);
    }
    Ok(fields)
}

/// The field that a variable stands for: `HTTP_USER_AGENT` is `user-agent`. Variables whose name
/// is none that CGI would make, in lower case or with a hyphen, stand for none.
fn field_name(variable: &[u8]) -> Option<HeaderName> {
    let name = variable.strip_prefix(b"HTTP_")?;
    let is_cgi = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    if name.is_empty() || !name.iter().all(is_cgi) {
        return None;
    }
    let name: Vec<u8> = name
        .iter()
        .map(|byte| match byte {
            b'_' => b'-',
            byte => byte.to_ascii_lowercase(),
        })
        .collect();
    let name = HeaderName::from_bytes(&name).ok()?;
    (!NOT_FIELDS.contains(&name.as_str())).then_some(name)
}

/// Two `Cookie` fields as one (RFC 9113, section 8.2.3).
fn joined(first: &HeaderValue, second: &HeaderValue) -> Result<HeaderValue, BadRequest> {
    let both = [first.as_bytes(), b"; ", second.as_bytes()].concat();
    HeaderValue::from_maybe_shared(bytes::Bytes::from(both))
        .map_err(|_| BadRequest::malformed("HTTP_COOKIE", "is no field value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sent: &[(&'static str, &'static str)]) -> Result<Vec<String>, BadRequest> {
        let mut variables = Variables::new();
        for (name, value) in sent {
            variables.push(*name, *value)?;
        }
        let fields = fields(&variables)?;
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        Ok(fields.iter().map(line).collect())
    }

    #[test]
    fn variables_of_fields_become_fields_and_no_others_do() {
        let sent = [
            ("HTTP_HOST", "ex.test:8888"),
            ("HTTP_X_FOO", "1"),
            ("HTTP_X_EMPTY", ""),
            ("HTTP_X_FOO", "2"),
            ("CONTENT_TYPE", "text/plain"),
            ("REMOTE_USER", "eve"),
            ("HTTPS", "on"),
            ("HTTP_", "x"),
            ("PATH", "/usr/bin"),
        ];
        let fields = read(&sent).expect("fields");
        assert_eq!(
            fields,
            [
                "host: ex.test:8888",
                "x-foo: 1",
                "x-foo: 2",
                "x-empty: ",
                "content-type: text/plain",
            ]
        );
    }

    #[test]
    fn what_a_client_smuggles_under_a_twin_of_a_name_is_dropped() {
        let sent = [
            ("HTTP_CONTENT_LENGTH", "99"),
            ("HTTP_CONTENT_TYPE", "evil/x"),
            ("HTTP_TRANSFER_ENCODING", "chunked"),
            ("HTTP_PROXY", "http://evil.test"),
            ("HTTP_X-FORWARDED-FOR", "evil"),
            ("HTTP_x_forwarded_for", "evil"),
            ("http_host", "evil"),
            ("CONTENT_TYPE", ""),
        ];
        assert_eq!(read(&sent), Ok(vec![]));
    }

    #[test]
    fn what_belongs_to_the_clients_connection_does_not_reach_the_app() {
        let sent = [
            ("HTTP_CONNECTION", "close, X-Hop, Host"),
            ("HTTP_KEEP_ALIVE", "timeout=5"),
            ("HTTP_TE", "trailers"),
            ("HTTP_UPGRADE", "websocket"),
            ("HTTP_X_HOP", "1"),
            ("HTTP_HOST", "ex.test"),
        ];
        assert_eq!(read(&sent), Ok(vec!["host: ex.test".to_owned()]));
    }

    #[test]
    fn cookies_are_joined_as_cookies() {
        let sent = [("HTTP_COOKIE", "a=1"), ("HTTP_COOKIE", "b=2; c=3")];
        assert_eq!(read(&sent), Ok(vec!["cookie: a=1; b=2; c=3".to_owned()]));
    }

    #[test]
    fn a_control_character_in_a_value_is_refused() {
        for name in ["HTTP_X", "HTTP_COOKIE", "CONTENT_TYPE"] {
            for value in ["a\nb", "a\r\n b", "\0", "\u{7f}"] {
                let refused = read(&[(name, value)]).expect_err(value);
                assert_eq!(refused.to_string(), format!("{name} is no field value"));
            }
        }
    }
}
