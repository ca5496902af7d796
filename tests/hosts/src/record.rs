//! What each web server sends for a fixed list of requests: the golden fixtures.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{Door, Front, dump::escaped};

/// A request, as bytes, and what is to be seen with it.
struct Asked {
    title: &'static str,
    bytes: &'static [u8],
}

/// A request of one line, `Host: ex.test:8888`, and more fields.
macro_rules! ask {
    ($title:literal, $line:literal $(, $more:literal)*) => {
        Asked {
            title: $title,
            bytes: concat!($line, "\r\nHost: ex.test:8888\r\nConnection: close\r\n", $($more,)* "\r\n")
                .as_bytes(),
        }
    };
}

const REQUESTS: &[Asked] = &[
    ask!(
        "escapes, empty segments and dots",
        "GET /a%20b%2Fc//d/../e;p=1/%C3%A9?q=1%20&x=/ HTTP/1.1"
    ),
    ask!("no query", "GET /a/b HTTP/1.1"),
    ask!("an empty query", "GET /? HTTP/1.1"),
    ask!("a query that is no form", "GET /?a+b=%zz HTTP/1.1"),
    ask!("slashes in front", "GET //a///b// HTTP/1.1"),
    ask!("below a prefix", "GET /ext/x%2Fy//z?q HTTP/1.1"),
    ask!("the prefix alone", "GET /ext HTTP/1.1"),
    ask!("the prefix and a slash", "GET /ext/ HTTP/1.1"),
    ask!("more than the prefix", "GET /extra/x HTTP/1.1"),
    ask!("the prefix, escaped", "GET /%65xt/x HTTP/1.1"),
    ask!("the prefix left by dots", "GET /ext/../x HTTP/1.1"),
    ask!(
        "fields that come twice",
        "GET /fields HTTP/1.1",
        "X-Foo: one\r\nX-Foo: two\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: text/html\r\n"
    ),
    ask!(
        "names with twins",
        "GET /names HTTP/1.1",
        "X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: 192.0.2.2\r\nX_Under: u\r\nX.Dot: d\r\n",
        "Content_Type: evil/x\r\nProxy: http://evil.test/\r\n"
    ),
    Asked {
        title: "a field of the connection",
        bytes: b"GET /hop HTTP/1.1\r\nHost: ex.test:8888\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n",
    },
    ask!(
        "values",
        "GET /values HTTP/1.1",
        "X-Empty:\r\nX-Text: caf\u{e9}\r\nX-Tab: a\tb\r\nX-Quote: \"a\\\"b\"\r\n"
    ),
    ask!(
        "credentials",
        "GET /secret HTTP/1.1",
        "Authorization: Basic YWRhOmxvdmVsYWNl\r\n"
    ),
    ask!(
        "a body with a length",
        "POST /body HTTP/1.1",
        "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    ),
    ask!(
        "a body without a length",
        "POST /body HTTP/1.1",
        "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
    ),
    ask!(
        "an empty body",
        "POST /body HTTP/1.1",
        "Content-Type: text/plain\r\nContent-Length: 0\r\n"
    ),
    ask!(
        "a length with a twin",
        "POST /body HTTP/1.1",
        "Content_Length: 99\r\nContent-Length: 5\r\n\r\nhello"
    ),
    ask!(
        "a client that waits for 100",
        "POST /body HTTP/1.1",
        "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
    ),
    ask!("other methods", "PROPFIND /dav HTTP/1.1"),
    ask!(
        "the absolute form",
        "GET http://other.test:99/abs?q HTTP/1.1"
    ),
    ask!("no path at all", "OPTIONS * HTTP/1.1"),
    ask!("HTTP/1.0", "GET /old HTTP/1.0"),
    Asked {
        title: "HTTP/1.0 without a host",
        bytes: b"GET /older HTTP/1.0\r\n\r\n",
    },
    Asked {
        title: "an address as host",
        bytes: b"GET /v6 HTTP/1.1\r\nHost: [::1]:8888\r\nConnection: close\r\n\r\n",
    },
];

/// Asks at a door of `front`, behind which [`serve`](crate::dump::serve) or
/// [`program`](crate::dump::program) answers, and writes down what it got.
///
/// Ports, folders and the client's port are those of the configuration and not of this run.
///
/// # Errors
///
/// If the door cannot be reached.
pub fn record(front: &Front, door: &Door) -> io::Result<String> {
    let version = front.server().version().unwrap_or_default();
    let mut text = format!("# {} {version}\n", door.name);
    for asked in REQUESTS {
        let _ = write!(text, "\n## {}\n", asked.title);
        for line in asked.bytes.trim_ascii_end().split(|byte| *byte == b'\n') {
            let _ = writeln!(text, "> {}", escaped(line.trim_ascii_end()));
        }
        text += &exchange(front, door, asked.bytes)?;
    }
    Ok(text)
}

fn exchange(front: &Front, door: &Door, request: &[u8]) -> io::Result<String> {
    let address = front.address(door);
    let (client, response) = ask(address, request)?;
    let response = String::from_utf8_lossy(&response);
    let response = response.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response, ""));
    let status = head.split(' ').nth(1).unwrap_or("nothing");
    let head = head.to_ascii_lowercase();
    let body = match head.contains("transfer-encoding: chunked") {
        true => &unchunked(body),
        false => body,
    };
    if status != "200" || !body.contains("REQUEST_METHOD=") {
        return Ok(format!("! {status}\n"));
    }
    Ok(settled(body, front, client))
}

/// The content of chunks; as far as they are whole.
fn unchunked(body: &str) -> String {
    let (mut content, mut rest) = (String::new(), body);
    while let Some((size, more)) = rest.split_once("\r\n")
        && let Ok(size @ 1..) = usize::from_str_radix(size, 16)
        && let Some((chunk, more)) = more.split_at_checked(size)
    {
        content += chunk;
        rest = more.trim_start_matches("\r\n");
    }
    content
}

/// Without what changes from run to run.
fn settled(body: &str, front: &Front, client: u16) -> String {
    let mut lines: Vec<String> = front
        .settled(body)
        .lines()
        .map(|line| match line.split_once('=') {
            Some((name, port)) if port == client.to_string() => format!("{name}=40000"),
            // The number of Debian's patch changes, and what is sent does not.
            Some(("SERVER_SOFTWARE", value)) => {
                let value = value.split('-').next().unwrap_or(value);
                format!("SERVER_SOFTWARE={value}")
            }
            _ => line.to_owned(),
        })
        .collect();
    lines.push(String::new());
    lines.join("\n")
}

fn ask(address: SocketAddr, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(request)?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok((stream.local_addr()?.port(), response))
}
