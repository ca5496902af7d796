//! What an app saw of a request: [`Seen`].

use std::{collections::BTreeMap, error::Error};

use enfilade_core::{Body, Capabilities, Peer, Request, RequestExt, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};

/// What an app saw of a request, as the kit's app tells it in JSON.
///
/// Bytes are text of one character each, so that none is lost.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The target as the client sent it.
    pub original_target: String,
    /// The canonical path.
    pub path: String,
    /// The part of the path under which the app is mounted.
    pub script_name: String,
    /// The part of the path that is the app's own.
    pub path_info: String,
    /// The query.
    pub query: Option<String>,
    /// The version of HTTP.
    pub version: String,
    /// The fields, in their order.
    pub fields: Vec<(String, String)>,
    /// `http` or `https`.
    pub scheme: String,
    /// The name of the server.
    pub server_name: String,
    /// The port of the server.
    pub server_port: u16,
    /// The client's address, `unix`, or `-`.
    pub peer: String,
    /// What TLS agreed on, where the host speaks it.
    pub tls: Option<String>,
    /// The kind of host.
    pub host: String,
    /// What the host says it can carry.
    pub capabilities: BTreeMap<String, bool>,
    /// An absolute URL of the app's `/x`.
    pub absolute_url: String,
    /// The process that answered.
    pub process: u32,
    /// The body's length, as far as it was told before the body was read.
    pub declared: Option<u64>,
    /// The frames of the body that came.
    pub frames: usize,
    /// The bytes of the body that came.
    pub length: u64,
    /// The first 200 bytes of the body.
    pub start: String,
    /// A sum of the whole body, in hexadecimal.
    pub sum: String,
    /// The trailers.
    pub trailers: Vec<(String, String)>,
    /// What broke the body off.
    pub broken: Option<String>,
}

impl Seen {
    /// The values of a field.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|(own, _)| own == name);
        fields.map(|(_, value)| &**value).collect()
    }

    pub(crate) async fn of(mut request: Request) -> Seen {
        let body = std::mem::take(request.body_mut());
        let mut seen = Seen::of_head(&request);
        seen.declared = body.size_hint().exact();
        seen.read(body).await;
        seen
    }

    fn of_head(request: &Request) -> Seen {
        let environ = request.environ();
        let connection = environ.connection();
        Seen {
            method: request.method().to_string(),
            original_target: request.original_target().to_string(),
            path: request.uri().path().to_owned(),
            script_name: request.script_name().to_owned(),
            path_info: request.path_info().to_owned(),
            query: request.uri().query().map(str::to_owned),
            version: format!("{:?}", environ.version()),
            fields: text_fields(request.headers()),
            scheme: connection.scheme.to_string(),
            server_name: connection.server_name.to_string(),
            server_port: connection.server_port,
            peer: match &connection.peer {
                Peer::Inet(address) => address.to_string(),
                peer => peer.to_string(),
            },
            tls: connection.tls.as_ref().map(|tls| format!("{tls:?}")),
            host: connection.host.to_owned(),
            capabilities: capabilities(connection.capabilities),
            absolute_url: request.absolute_url_for("/x"),
            process: std::process::id(),
            declared: None,
            frames: 0,
            length: 0,
            start: String::new(),
            sum: String::new(),
            trailers: Vec::new(),
            broken: None,
        }
    }

    async fn read(&mut self, mut body: Body) {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => {
                    self.frames += 1;
                    bytes.extend_from_slice(&data);
                }
                Ok(Err(frame)) => {
                    self.trailers = frame
                        .into_trailers()
                        .map_or_else(|_| Vec::new(), |map| text_fields(&map));
                }
                Err(error) => {
                    let cause = error.source().map(ToString::to_string);
                    self.broken = Some(cause.unwrap_or_else(|| error.to_string()));
                    break;
                }
            }
        }
        self.length = bytes.len() as u64;
        self.start = text(&bytes[..bytes.len().min(200)]);
        self.sum = sum_of(&bytes);
    }

    pub(crate) fn response(&self) -> Response {
        let json = serde_json::to_vec(self).expect("names and text alone");
        let mut response = Response::new(json.into());
        let json = http::HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, json);
        response
    }
}

/// FNV-1a, 64 bits, of words of eight bytes: a byte at a time takes too long without optimisation.
pub(crate) fn sum_of(bytes: &[u8]) -> String {
    let sum = bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |sum, word| {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        (sum ^ u64::from_le_bytes(padded)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{sum:016x}")
}

/// Each byte as the character of its number, which loses nothing.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn text_fields(fields: &http::HeaderMap) -> Vec<(String, String)> {
    fields
        .iter()
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}

fn capabilities(capabilities: Capabilities) -> BTreeMap<String, bool> {
    [
        ("streaming_request", capabilities.streaming_request),
        ("streaming_response", capabilities.streaming_response),
        ("trailers", capabilities.trailers),
        ("informational", capabilities.informational),
        ("upgrade", capabilities.upgrade),
        ("file", capabilities.file),
        ("disconnect", capabilities.disconnect),
        ("finish", capabilities.finish),
        ("run_once", capabilities.run_once),
    ]
    .into_iter()
    .map(|(name, has)| (name.to_owned(), has))
    .collect()
}
