//! A client of HTTP/2 that sends any frames.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::support::Running;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// The first bytes of a client.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The setting by which the server is not to refer to fields that it has sent before.
pub const NO_TABLE: &[u8] = &[0, 1, 0, 0, 0, 0];

/// The fields of `GET / http://x`, by numbers of the static table (RFC 7541, appendix A).
pub const GET: &[u8] = b"\x82\x86\x84\x41\x01x";

/// The same, with POST.
pub const POST: &[u8] = b"\x83\x86\x84\x41\x01x";

/// A frame that was received.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// The reason of RST_STREAM and GOAWAY.
    pub fn reason(&self) -> u32 {
        let before = if self.kind == GOAWAY { 4 } else { 0 };
        let bytes = self.payload[before..].first_chunk().expect("a reason");
        u32::from_be_bytes(*bytes)
    }

    /// The status of an answer, in HEADERS of a connection with [`NO_TABLE`].
    pub fn status(&self) -> u16 {
        // What is read first may say that there is no table.
        let update = usize::from(self.payload[0] == 0x20);
        match self.payload[update..] {
            // Of the static table.
            [known @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][known as usize - 0x88],
            // Its name is; the value is in Huffman's code (RFC 7541, appendix B), or plain.
            [0x08 | 0x48, 0x82, a, b, ..] => digits([a, b, 0]),
            [0x08 | 0x48, 0x83, a, b, c, ..] => digits([a, b, c]),
            [0x08 | 0x48, 3, a, b, c, ..] => [a, b, c]
                .iter()
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')),
            ref other => panic!("no status: {other:?}"),
        }
    }
}

/// Three digits: 0, 1 and 2 have five bits each, the others have six.
fn digits([a, b, c]: [u8; 3]) -> u16 {
    let mut bits = u32::from_be_bytes([a, b, c, 0]);
    let mut number = 0;
    for _ in 0..3 {
        let (digit, width) = match bits >> 27 {
            digit @ 0..=2 => (digit, 5),
            _ => ((bits >> 26) - 0b01_1001 + 3, 6),
        };
        number = number * 10 + u16::try_from(digit).expect("a digit");
        bits <<= width;
    }
    number
}

pub struct Http2(pub TcpStream);

impl Http2 {
    /// A connection on which both sides have said their settings.
    pub fn connect(server: &Running, settings: &[u8]) -> Http2 {
        let stream = TcpStream::connect(server.addr()).expect("it listens");
        let patience = Some(Duration::from_secs(10));
        stream.set_read_timeout(patience).expect("a timeout");
        stream.set_nodelay(true).expect("an option");
        let mut client = Http2(stream);
        client.0.write_all(PREFACE).expect("it listens");
        client.send(SETTINGS, 0, 0, settings);
        client.send(SETTINGS, 1, 0, b"");
        client
    }

    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let bytes = frame(kind, flags, stream, payload);
        self.0.write_all(&bytes).expect("it listens");
    }

    /// The next frame; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut head = [0; 9];
        match self.0.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes(stream);
        Ok(Some(Frame {
            kind,
            flags,
            stream,
            payload,
        }))
    }

    /// The next frame of a kind.
    pub fn until(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.next().expect("it comes").expect("it comes");
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// All frames to the end, and how long that took.
    pub fn rest(&mut self) -> (Vec<Frame>, Duration) {
        let begun = Instant::now();
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = self.next() {
            frames.push(frame);
        }
        (frames, begun.elapsed())
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a length");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}
