//! A web server's side of FastCGI, as far as tests need it: [`Client`].
//!
//! It is written from the specification alone and shares nothing with the host that it tests.

#![allow(
    dead_code,
    reason = "each test that includes this file uses a part of it"
)]

use std::{collections::BTreeMap, io};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const BEGIN_REQUEST: u8 = 1;
pub(crate) const ABORT_REQUEST: u8 = 2;
pub(crate) const END_REQUEST: u8 = 3;
pub(crate) const PARAMS: u8 = 4;
pub(crate) const STDIN: u8 = 5;
pub(crate) const STDOUT: u8 = 6;
pub(crate) const STDERR: u8 = 7;
pub(crate) const DATA: u8 = 8;
pub(crate) const GET_VALUES: u8 = 9;
pub(crate) const GET_VALUES_RESULT: u8 = 10;
pub(crate) const UNKNOWN_TYPE: u8 = 11;

pub(crate) const RESPONDER: u16 = 1;
pub(crate) const AUTHORIZER: u16 = 2;
pub(crate) const FILTER: u16 = 3;

/// A record, as its bytes.
pub(crate) fn record(kind: u8, id: u16, content: &[u8]) -> Vec<u8> {
    padded_record(kind, id, content, 0)
}

/// The same, with padding that is not zero: nobody shall look at it.
pub(crate) fn padded_record(kind: u8, id: u16, content: &[u8], padding: u8) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("one record's content");
    let [id1, id0] = id.to_be_bytes();
    let [length1, length0] = length.to_be_bytes();
    let mut record = vec![1, kind, id1, id0, length1, length0, padding, 0];
    record.extend(content);
    record.extend(std::iter::repeat_n(0xa5, padding.into()));
    record
}

pub(crate) fn begin(id: u16, role: u16, keep: bool) -> Vec<u8> {
    let [role1, role0] = role.to_be_bytes();
    record(
        BEGIN_REQUEST,
        id,
        &[role1, role0, keep.into(), 0, 0, 0, 0, 0],
    )
}

pub(crate) fn pair(name: &str, value: &str) -> Vec<u8> {
    let mut pair = Vec::new();
    for part in [name, value] {
        match u8::try_from(part.len()) {
            Ok(length @ ..=127) => pair.push(length),
            _ => {
                let length = u32::try_from(part.len()).expect("a short part") | 1 << 31;
                pair.extend(length.to_be_bytes());
            }
        }
    }
    pair.extend(name.bytes());
    pair.extend(value.bytes());
    pair
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    pairs.iter().flat_map(|(n, v)| pair(n, v)).collect()
}

/// A stream, in records of `size` bytes, and its end.
pub(crate) fn stream(kind: u8, id: u16, content: &[u8], size: usize) -> Vec<u8> {
    let mut records: Vec<u8> = content
        .chunks(size)
        .flat_map(|piece| record(kind, id, piece))
        .collect();
    records.extend(record(kind, id, b""));
    records
}

/// The parameters of a request without a body, more or less as nginx sends them.
pub(crate) fn get(target: &str) -> Vec<(&str, &str)> {
    request("GET", target, "")
}

pub(crate) fn request<'a>(
    method: &'a str,
    target: &'a str,
    length: &'a str,
) -> Vec<(&'a str, &'a str)> {
    vec![
        (
            "QUERY_STRING",
            target.split_once('?').map_or("", |(_, q)| q),
        ),
        ("REQUEST_METHOD", method),
        ("CONTENT_TYPE", ""),
        ("CONTENT_LENGTH", length),
        ("SCRIPT_NAME", target.split('?').next().unwrap_or_default()),
        ("REQUEST_URI", target),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("REMOTE_ADDR", "192.0.2.1"),
        ("REMOTE_PORT", "40000"),
        ("SERVER_ADDR", "192.0.2.2"),
        ("SERVER_PORT", "80"),
        ("SERVER_NAME", "example.org"),
        ("HTTP_HOST", "example.org"),
    ]
}

/// One record that the application sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: u8,
    pub(crate) id: u16,
    pub(crate) content: Vec<u8>,
}

/// What came for one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    /// Whether STDOUT was ended by its empty record.
    pub(crate) ended: bool,
    /// Application status and protocol status of END_REQUEST; `None` where none has come.
    pub(crate) end: Option<(u32, u8)>,
}

impl Answer {
    /// The status that a web server makes of it.
    pub(crate) fn status(&self) -> u16 {
        let head = String::from_utf8_lossy(&self.stdout);
        let status = head.strip_prefix("Status: ").expect("the status first");
        status[..3].parse().expect("a status")
    }

    /// What is behind the head.
    pub(crate) fn body(&self) -> &[u8] {
        let head = self.stdout.windows(4).position(|end| end == b"\r\n\r\n");
        &self.stdout[head.expect("a head") + 4..]
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// Whether it is to be taken for all of an answer.
    pub(crate) fn is_whole(&self) -> bool {
        self.ended && self.end == Some((0, 0))
    }
}

/// One connection to the application.
pub(crate) struct Client<S> {
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) const fn new(stream: S) -> Client<S> {
        Client { stream }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("sent");
    }

    /// Sends a whole request and keeps the connection.
    pub(crate) async fn ask(&mut self, id: u16, params: &[(&str, &str)], body: &[u8]) {
        let mut bytes = begin(id, RESPONDER, true);
        bytes.extend(stream(PARAMS, id, &pairs(params), 65_535));
        bytes.extend(stream(STDIN, id, body, 65_535));
        self.send(&bytes).await;
    }

    /// The next record; `None` where the connection is closed between two, was reset, or where a
    /// record comes that is none, which says that an answer broke off.
    pub(crate) async fn record(&mut self) -> Option<Record> {
        let mut header = [0; 8];
        match self.stream.read_exact(&mut header).await {
            Ok(_) => {}
            Err(error) => {
                assert!(is_closed(&error), "{error}");
                return None;
            }
        }
        if header == [0; 8] {
            return None;
        }
        let [version, kind, id1, id0, length1, length0, padding, _] = header;
        assert_eq!(version, 1, "{header:?}");
        let length = usize::from(u16::from_be_bytes([length1, length0]));
        let mut content = vec![0; length + usize::from(padding)];
        self.stream.read_exact(&mut content).await.ok()?;
        content.truncate(length);
        Some(Record {
            kind,
            id: u16::from_be_bytes([id1, id0]),
            content,
        })
    }

    /// Everything for request `id`, until it or the connection ends.
    pub(crate) async fn answer(&mut self, id: u16) -> Answer {
        let mut answers = self.answers(&[id]).await;
        answers.remove(&id).unwrap_or_default()
    }

    /// The same for several, until all of them or the connection ends.
    pub(crate) async fn answers(&mut self, ids: &[u16]) -> BTreeMap<u16, Answer> {
        let mut answers: BTreeMap<u16, Answer> = BTreeMap::new();
        let ended = |answers: &BTreeMap<u16, Answer>, id| {
            answers
                .get(id)
                .is_some_and(|answer: &Answer| answer.end.is_some())
        };
        while !ids.iter().all(|id| ended(&answers, id)) {
            let Some(record) = self.record().await else {
                break;
            };
            assert!(ids.contains(&record.id), "for nobody: {record:?}");
            let answer = answers.entry(record.id).or_default();
            assert!(answer.end.is_none(), "behind the end: {record:?}");
            match record.kind {
                STDOUT if record.content.is_empty() => answer.ended = true,
                STDOUT => {
                    assert!(!answer.ended, "behind the end of STDOUT: {record:?}");
                    answer.stdout.extend(record.content);
                }
                STDERR => answer.stderr.extend(record.content),
                END_REQUEST => {
                    let content = &record.content[..];
                    let [a, b, c, d, status, 0, 0, 0] = content else {
                        panic!("no END_REQUEST: {record:?}");
                    };
                    answer.end = Some((u32::from_be_bytes([*a, *b, *c, *d]), *status));
                }
                _ => panic!("nothing that an application sends: {record:?}"),
            }
        }
        answers
    }

    /// Whether the connection is closed now and nothing more has come.
    pub(crate) async fn is_closed(&mut self) -> bool {
        self.record().await.is_none()
    }

    pub(crate) const fn stream(&mut self) -> &mut S {
        &mut self.stream
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
