//! FastCGI 1.0: records over a connection that is kept.

use bytes::{Buf, BytesMut};

use super::{head::Reading, variables::variables};
use crate::{
    Ask, End, Feature,
    target::{client::Protocol, progress::Event},
};

pub(super) const LACKS: &[(Feature, &str)] = &[];

const BEGIN_REQUEST: u8 = 1;
const END_REQUEST: u8 = 3;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// The only request of a connection at a time: nobody but one web server asks for more.
const ID: u16 = 1;

/// The web server's half.
#[derive(Default)]
pub(super) struct FastCgi {
    reading: Reading,
    /// What came in STDOUT records and was not read yet.
    output: BytesMut,
    over: bool,
}

impl Protocol for FastCgi {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.reading.begin(ask);
        self.output.clear();
        self.over = false;
        let mut pairs = Vec::new();
        for (name, value) in variables(ask) {
            pairs.extend(length(name.len()));
            pairs.extend(length(value.len()));
            pairs.extend(name.into_bytes());
            pairs.extend(value);
        }
        // The responder, on a connection that is kept.
        let mut bytes = record(BEGIN_REQUEST, &[0, 1, 1, 0, 0, 0, 0, 0]);
        // Pairs may straddle records.
        for piece in pairs.chunks(97) {
            bytes.extend(record(PARAMS, piece));
        }
        bytes.extend(record(PARAMS, b""));
        bytes
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        let records = bytes.chunks(usize::from(u16::MAX));
        records.flat_map(|piece| record(STDIN, piece)).collect()
    }

    fn end(&mut self, _: &[(String, String)]) -> Vec<u8> {
        record(STDIN, b"")
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        loop {
            if let Some(event) = self.reading.event(&mut self.output)? {
                return Ok(Some(event));
            }
            if self.over {
                self.over = false;
                return Ok(Some(Event::End(self.reading.end())));
            }
            let Some((kind, content)) = take_record(received)? else {
                return Ok(None);
            };
            match kind {
                STDOUT => self.output.extend_from_slice(&content),
                STDERR => {}
                END_REQUEST => match content.get(4) {
                    Some(0) => self.over = true,
                    status => return Err(format!("the protocol's status is {status:?}")),
                },
                other => return Err(format!("a record of type {other}")),
            }
        }
    }

    fn closed(&mut self) -> End {
        End::Broken("the connection was closed before END_REQUEST".to_owned())
    }
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = ID.to_be_bytes();
    let size = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let [size_high, size_low] = size.to_be_bytes();
    // Some padding, so that it is tried.
    let padding = u8::from(size % 2 == 1);
    let head = [1, kind, high, low, size_high, size_low, padding, 0];
    [&head, content, &vec![0; padding.into()]].concat()
}

/// One byte below 128, else four with the highest bit set.
fn length(length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short @ ..128) => vec![short],
        _ => {
            let long = u32::try_from(length).unwrap_or(u32::MAX >> 1);
            (long | 1 << 31).to_be_bytes().to_vec()
        }
    }
}

/// The next record's type and content, once all of it is here.
fn take_record(received: &mut BytesMut) -> Result<Option<(u8, BytesMut)>, String> {
    let Some(&[version, kind, high, low, size_high, size_low, padding, _]) =
        received.first_chunk::<8>()
    else {
        return Ok(None);
    };
    if version != 1 || u16::from_be_bytes([high, low]) != ID {
        return Err(format!(
            "a record of version {version} for request {high} {low}"
        ));
    }
    let size = usize::from(u16::from_be_bytes([size_high, size_low]));
    if received.len() < 8 + size + usize::from(padding) {
        return Ok(None);
    }
    received.advance(8);
    let content = received.split_to(size);
    received.advance(padding.into());
    Ok(Some((kind, content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: u8, content: &[u8]) -> Vec<u8> {
        record(kind, content)
    }

    #[test]
    fn an_answer_is_whole_with_its_last_record_alone() {
        let mut protocol = FastCgi::default();
        protocol.begin(&Ask::new("a".to_owned(), "GET", "/".to_owned()));
        let mut received = BytesMut::from(
            &[
                answer(STDOUT, b"Status: 204 No Con"),
                answer(STDERR, b"a word"),
                answer(STDOUT, b"tent\r\n\r\n"),
            ]
            .concat()[..],
        );
        let head = protocol.event(&mut received);
        assert_eq!(format!("{head:?}"), "Ok(Some(Head(204, [])))");
        assert!(matches!(protocol.event(&mut received), Ok(None)));
        assert!(matches!(protocol.closed(), End::Broken(_)));
        received.extend_from_slice(&answer(END_REQUEST, &[0; 8]));
        let end = protocol.event(&mut received);
        assert_eq!(format!("{end:?}"), "Ok(Some(End(Clean)))");
    }

    #[test]
    fn lengths_have_one_byte_or_four() {
        assert_eq!(length(127), [127]);
        assert_eq!(length(128), [0x80, 0, 0, 128]);
        assert_eq!(length(70_000), [0x80, 1, 0x11, 0x70]);
    }
}
