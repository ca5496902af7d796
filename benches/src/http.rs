//! What the servers share: what they answer, and the work of the five middleware where it is
//! written by hand.

use std::{
    cell::RefCell,
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, Method, Uri, Version, header};

pub mod layers;

/// What every server answers.
pub const HELLO: &str = "Hello, world!";
/// The media type of [`HELLO`].
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// The token that the load brings.
pub const TOKEN: &str = "1f0a6c2e9d8b4a7f9e3c5d7b1a2f4e6d";
/// The two fields that are set.
pub const FIELDS: [(&str, &str); 2] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// How many apps are mounted, at `/m0`, `/m1`, and so on.
pub const MOUNTS: usize = 50;
/// How many routes each of them has: `/r0/items/{id}/detail`, and so on.
pub const ROUTES: usize = 20;

/// The port to listen on, and which of a server's rows to serve: `SERVER ROW PORT`.
///
/// # Panics
///
/// If one is missing.
#[must_use]
pub fn arguments() -> (String, u16) {
    let mut arguments = std::env::args().skip(1);
    let row = arguments.next().expect("ROW");
    let port = arguments.next().and_then(|port| port.parse().ok());
    (row, port.expect("PORT"))
}

/// Counts, so that no line can be left out by the compiler.
static SINK: AtomicU64 = AtomicU64::new(0);

/// Where access logs go: what an operating system would do with a line is not measured.
pub fn sink(line: &[u8]) {
    SINK.fetch_add(line.len() as u64, Ordering::Relaxed);
}

/// Whether the request brings [`TOKEN`].
#[must_use]
pub fn is_authorized(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let Some(token) = given.and_then(|given| given.strip_prefix(b"Bearer ")) else {
        return false;
    };
    let differences = token.iter().zip(TOKEN.as_bytes()).map(|(a, b)| a ^ b);
    token.len() == TOKEN.len() && differences.fold(0, |all, one| all | one) == 0
}

/// The id that a request brings, or a new one.
///
/// # Panics
///
/// Never: a UUID is a field value.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    match headers.get("x-request-id") {
        Some(id) if id.len() <= 128 => id.clone(),
        _ => {
            let mut buffer = [0; 36];
            let id = uuid::Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
            HeaderValue::from_str(id).expect("hexadecimal digits and hyphens")
        }
    }
}

/// What a line of the log is made of, kept while the request is being answered.
#[derive(Clone, Debug)]
pub struct Entry {
    begun: Instant,
    method: Method,
    uri: Uri,
    version: Version,
    agent: Option<HeaderValue>,
}

impl Entry {
    /// Begins an entry.
    pub fn new<B>(request: &http::Request<B>) -> Entry {
        Entry {
            begun: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            agent: request.headers().get(header::USER_AGENT).cloned(),
        }
    }

    /// Writes the line, about in the combined format.
    pub fn write(&self, status: http::StatusCode, bytes: u64) {
        thread_local!(static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok());
        LINE.with_borrow_mut(|line| {
            line.clear();
            let written = writeln!(
                line,
                "127.0.0.1 - - [{}] \"{} {} {:?}\" {} {bytes} \"-\" \"{}\" {}",
                now.as_secs(),
                self.method,
                self.uri,
                self.version,
                status.as_u16(),
                agent.unwrap_or("-"),
                self.begun.elapsed().as_micros(),
            );
            written.expect("a vector takes everything");
            sink(line);
        });
    }
}
