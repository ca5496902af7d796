//! One request in each of the protocols, as small as it can be.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

/// What is spoken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    Http,
    FastCgi,
    Scgi,
    Uwsgi,
}

impl Client {
    /// Asks for `path`.
    pub(crate) fn send(self, address: &str, path: &str) -> TcpStream {
        let stream = TcpStream::connect(address).expect("it listens");
        self.send_on(stream, path)
    }

    pub(crate) fn send_on<S: Write>(self, mut stream: S, path: &str) -> S {
        stream.write_all(&self.request(path)).expect("it reads");
        stream
    }

    /// All that comes, as text.
    pub(crate) fn answer(mut stream: impl Read) -> String {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn request(self, path: &str) -> Vec<u8> {
        let variables = [
            ("CONTENT_LENGTH", "0"),
            ("SCGI", "1"),
            ("REQUEST_METHOD", "GET"),
            ("REQUEST_URI", path),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
        ];
        let texts = variables.iter();
        match self {
            Client::Http => {
                let head = "Host: localhost\r\nConnection: close";
                format!("GET {path} HTTP/1.1\r\n{head}\r\n\r\n").into_bytes()
            }
            Client::Scgi => {
                let block: String = texts
                    .map(|(name, value)| format!("{name}\0{value}\0"))
                    .collect();
                format!("{}:{block},", block.len()).into_bytes()
            }
            Client::Uwsgi => {
                let texts = texts.flat_map(|(name, value)| [*name, *value]);
                let sized = |text: &str| [&[length(text), 0], text.as_bytes()].concat();
                let block: Vec<u8> = texts.flat_map(sized).collect();
                let size = u16::try_from(block.len()).expect("short").to_le_bytes();
                [&[0, size[0], size[1], 0], &block[..]].concat()
            }
            Client::FastCgi => {
                let pair = |(name, value): &(&str, &str)| {
                    [
                        &[length(name), length(value)],
                        name.as_bytes(),
                        value.as_bytes(),
                    ]
                    .concat()
                };
                let block: Vec<u8> = texts.flat_map(pair).collect();
                let begin = [0, 1, 0, 0, 0, 0, 0, 0];
                [
                    record(1, &begin),
                    record(4, &block),
                    record(4, &[]),
                    record(5, &[]),
                ]
                .concat()
            }
        }
    }
}

fn length(text: &str) -> u8 {
    u8::try_from(text.len()).expect("short")
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let size = u16::try_from(content.len()).expect("short").to_be_bytes();
    [&[1, kind, 0, 1, size[0], size[1], 0, 0], content].concat()
}
