//! The head of a response, as a web server reads it from a program: [`Style`].

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};

/// How a head begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `Status: 200 OK`, as CGI, FastCGI and SCGI want it. A line of HTTP would be a 500 behind
    /// Apache and a 502 behind HAProxy, and nginx would ignore it.
    Status,
    /// `HTTP/1.1 200 OK`, as the uwsgi protocol has it. Without it Apache gives a 502.
    Http,
}

impl Style {
    /// The head of a response. It always has a status: a web server makes 302 of a `Location`
    /// without one, or answers another path in place of this. A `Location` stands in front of
    /// `Status`, since HAProxy makes 302 of one that follows it. Lines end in CRLF, and none is
    /// folded.
    ///
    /// What would make the web server do something else than pass the response on is left out: see
    /// [`is_for_the_web_server`].
    pub(super) fn head(self, status: StatusCode, fields: &HeaderMap) -> Bytes {
        let size: usize = fields
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        let mut head = BytesMut::with_capacity(size + 64);
        if self == Style::Status {
            put(&mut head, fields, |name| name == header::LOCATION);
        }
        head.put_slice(match self {
            Style::Status => b"Status: ",
            Style::Http => b"HTTP/1.1 ",
        });
        head.put_slice(status.as_str().as_bytes());
        head.put_u8(b' ');
        head.put_slice(status.canonical_reason().unwrap_or("Unknown").as_bytes());
        head.put_slice(b"\r\n");
        put(&mut head, fields, |name| {
            let is_written = self == Style::Status && name == header::LOCATION;
            !is_written && !is_for_the_web_server(name)
        });
        head.put_slice(b"\r\n");
        head.freeze()
    }
}

fn put(head: &mut BytesMut, fields: &HeaderMap, which: impl Fn(&HeaderName) -> bool) {
    for (name, value) in fields.iter().filter(|(name, _)| which(name)) {
        head.put_slice(name.as_str().as_bytes());
        head.put_slice(b": ");
        head.put_slice(value.as_bytes());
        head.put_slice(b"\r\n");
    }
}

/// Whether a web server would act on a field instead of passing it on.
///
/// * `Status` is the status, and there is one.
/// * What frames the client's connection is the web server's: nginx and Apache would pass it on,
///   and send a coding twice. `Trailer` names what these protocols cannot carry.
/// * `X-Accel-Redirect`, `X-Sendfile` and their kin make it send a file in place of the response,
///   or answer another path. An app that passes on what it got from elsewhere would open its web
///   server's files. Those that say how to send this response, such as `X-Accel-Buffering` and
///   `X-Accel-Expires`, pass.
fn is_for_the_web_server(name: &HeaderName) -> bool {
    const NAMES: [HeaderName; 5] = [
        header::CONNECTION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    const OTHERS: [&str; 4] = [
        "keep-alive",
        "proxy-connection",
        "status",
        "x-accel-redirect",
    ];
    const PREFIXES: [&str; 3] = ["x-cgi-", "x-lighttpd-send-", "x-sendfile"];
    NAMES.contains(name)
        || OTHERS.contains(&name.as_str())
        || PREFIXES
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn head(style: Style, status: u16, fields: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let head = style.head(status, &map);
        String::from_utf8(head.to_vec()).expect("text")
    }

    #[test]
    fn the_status_comes_first_but_for_a_location() {
        let fields = [
            ("location", "/x"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ];
        let cookies = "set-cookie: a=1\r\nset-cookie: b=2\r\n\r\n";
        let status = head(Style::Status, 302, &fields);
        assert_eq!(
            status,
            format!("location: /x\r\nStatus: 302 Found\r\n{cookies}")
        );
        let http = head(Style::Http, 302, &fields);
        assert_eq!(
            http,
            format!("HTTP/1.1 302 Found\r\nlocation: /x\r\n{cookies}")
        );
        assert_eq!(head(Style::Status, 799, &[]), "Status: 799 Unknown\r\n\r\n");
    }

    #[test]
    fn what_the_web_server_would_act_on_is_left_out() {
        let fields = [
            ("status", "200 OK"),
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "close"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-accel-redirect", "/etc/passwd"),
            ("x-sendfile", "/etc/passwd"),
            ("x-sendfile2", "/etc/passwd 0-"),
            ("x-sendfile-temporary", "/etc/passwd"),
            ("x-lighttpd-send-file", "/etc/passwd"),
            ("x-lighttpd-send-tempfile", "/etc/passwd"),
            ("x-cgi-anything", "1"),
            ("x-powered-by", "tea"),
        ];
        let head = head(Style::Status, 200, &fields);
        assert_eq!(head, "Status: 200 OK\r\nx-powered-by: tea\r\n\r\n");
    }

    #[test]
    fn what_tells_the_web_server_how_to_send_the_response_passes() {
        for (name, value) in [
            ("x-accel-buffering", "no"),
            ("x-accel-expires", "0"),
            ("x-accel-limit-rate", "4096"),
            ("x-lighttpd-kbytes-per-second", "4"),
        ] {
            let expected = format!("Status: 200 OK\r\n{name}: {value}\r\n\r\n");
            assert_eq!(head(Style::Status, 200, &[(name, value)]), expected);
        }
    }
}
