//! The client's half of HTTP/1.1 (RFC 9112): [`Wire`].

use bytes::{Buf, BytesMut};

use crate::{
    Ask, End, Framing,
    target::{client::Protocol, progress::Event},
};

/// The client's half of HTTP/1.1.
#[derive(Default)]
pub(super) struct Wire {
    chunked: bool,
    is_head: bool,
    is_connect: bool,
    part: Part,
}

/// What comes next of an answer.
#[derive(Default)]
enum Part {
    #[default]
    Head,
    /// So many bytes.
    Length(u64),
    ChunkSize,
    /// So many bytes of a chunk, and its line end.
    Chunk(u64),
    Trailers,
    /// All until the connection is closed.
    Rest,
}

impl Protocol for Wire {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.chunked = ask.framing == Framing::Chunked;
        self.is_head = ask.method == "HEAD";
        self.is_connect = ask.method == "CONNECT";
        self.part = Part::Head;
        let version = if ask.http10 { "1.0" } else { "1.1" };
        let mut head = format!("{} {} HTTP/{version}\r\n", ask.method, ask.target).into_bytes();
        for (name, value) in &ask.fields {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        head.extend(
            match ask.framing {
                Framing::None | Framing::Raw => String::new(),
                Framing::Length(length) => format!("content-length: {length}\r\n"),
                Framing::Chunked => "transfer-encoding: chunked\r\n".to_owned(),
            }
            .into_bytes(),
        );
        head.extend(b"\r\n");
        head
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        match (self.chunked, bytes.len()) {
            (true, 0) => Vec::new(),
            (true, length) => [format!("{length:x}\r\n").as_bytes(), bytes, b"\r\n"].concat(),
            (false, _) => bytes.to_vec(),
        }
    }

    fn end(&mut self, trailers: &[(String, String)]) -> Vec<u8> {
        if !self.chunked {
            return Vec::new();
        }
        let lines = trailers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("0\r\n{}\r\n", lines.collect::<String>()).into_bytes()
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        match self.part {
            Part::Head => self.head(received),
            Part::Length(0) => Ok(Some(self.over())),
            Part::Length(left) => Ok(take(received, left).map(|data| {
                self.part = Part::Length(left - data.len() as u64);
                Event::Data(data.freeze())
            })),
            Part::ChunkSize => self.chunk_size(received),
            Part::Chunk(0) => match received.get(..2) {
                None => Ok(None),
                Some(b"\r\n") => {
                    received.advance(2);
                    self.part = Part::ChunkSize;
                    self.chunk_size(received)
                }
                Some(other) => Err(format!("a chunk ends in {other:?}")),
            },
            Part::Chunk(left) => Ok(take(received, left).map(|data| {
                self.part = Part::Chunk(left - data.len() as u64);
                Event::Data(data.freeze())
            })),
            Part::Trailers => self.trailers(received),
            Part::Rest => Ok(take(received, u64::MAX).map(|data| Event::Data(data.freeze()))),
        }
    }

    fn closed(&mut self) -> End {
        match self.part {
            Part::Rest => End::Clean,
            Part::Head => End::Broken("the connection was closed before the head's end".to_owned()),
            _ => End::Broken("the connection was closed before the body's end".to_owned()),
        }
    }
}

impl Wire {
    fn over(&mut self) -> Event {
        self.part = Part::Head;
        Event::End(End::Clean)
    }

    fn head(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 500];
        let mut head = httparse::Response::new(&mut fields);
        let size = match head.parse(received) {
            Ok(httparse::Status::Complete(size)) => size,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(error) => return Err(format!("not a head: {error}")),
        };
        let status = head.code.unwrap_or_default();
        let http10 = head.version == Some(0);
        let fields = owned(head.headers);
        received.advance(size);
        if (100..200).contains(&status) && status != 101 {
            return Ok(Some(Event::Informational(status)));
        }
        self.part = self.framing(status, http10, &fields)?;
        Ok(Some(Event::Head(status, fields)))
    }

    /// RFC 9112, section 6.3.
    fn framing(
        &self,
        status: u16,
        http10: bool,
        fields: &[(String, Vec<u8>)],
    ) -> Result<Part, String> {
        let values = |name| {
            let fields = fields.iter().filter(move |(own, _)| own == name);
            fields.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let coding: Vec<String> = values("transfer-encoding").collect();
        let length: Vec<String> = values("content-length").collect();
        if status == 101 {
            return Ok(Part::Rest);
        }
        // A 2xx to CONNECT begins a tunnel, of which nothing is expected here.
        if self.is_connect && (200..300).contains(&status) {
            return Ok(Part::Length(0));
        }
        if self.is_head || status == 204 || status == 304 {
            return Ok(Part::Length(0));
        }
        match (&*coding, &*length) {
            ([], []) => Ok(Part::Rest),
            ([], [length]) => match length.parse() {
                Ok(length) => Ok(Part::Length(length)),
                Err(_) => Err(format!("a content-length of {length:?}")),
            },
            ([coding], []) if coding.eq_ignore_ascii_case("chunked") && !http10 => {
                Ok(Part::ChunkSize)
            }
            _ => Err(format!("framed by {coding:?} and {length:?}")),
        }
    }

    fn chunk_size(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        match httparse::parse_chunk_size(received) {
            Ok(httparse::Status::Partial) => Ok(None),
            Ok(httparse::Status::Complete((size, 0))) => {
                received.advance(size);
                self.part = Part::Trailers;
                self.trailers(received)
            }
            Ok(httparse::Status::Complete((size, length))) => {
                received.advance(size);
                self.part = Part::Chunk(length);
                self.event(received)
            }
            Err(_) => Err("not a chunk's size".to_owned()),
        }
    }

    fn trailers(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 100];
        match httparse::parse_headers(received, &mut fields) {
            Ok(httparse::Status::Partial) => Ok(None),
            Ok(httparse::Status::Complete((size, fields))) => {
                let fields = owned(fields);
                received.advance(size);
                self.part = Part::Length(0);
                Ok(Some(Event::Trailers(fields)))
            }
            Err(error) => Err(format!("not trailers: {error}")),
        }
    }
}

fn owned(fields: &[httparse::Header<'_>]) -> Vec<(String, Vec<u8>)> {
    fields
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()))
        .collect()
}

/// At most `most` of the bytes that are there; `None` where there are none.
fn take(received: &mut BytesMut, most: u64) -> Option<BytesMut> {
    let length = usize::try_from(most).map_or(received.len(), |most| most.min(received.len()));
    (length > 0).then(|| received.split_to(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of `bytes` in answer to a `method`, each as its `Debug`.
    fn read(method: &str, bytes: &[u8]) -> Vec<String> {
        let mut wire = Wire::default();
        let ask = Ask::new("a".to_owned(), method, "/".to_owned());
        wire.begin(&ask);
        let (mut received, mut events) = (BytesMut::new(), Vec::new());
        // Byte by byte, so that nothing depends on how they come.
        for byte in bytes {
            received.extend([byte]);
            loop {
                match wire.event(&mut received) {
                    Ok(Some(event)) => events.push(format!("{event:?}")),
                    Ok(None) => break,
                    Err(why) => {
                        events.push(why);
                        return events;
                    }
                }
                if matches!(wire.part, Part::Head) {
                    break;
                }
            }
        }
        if !matches!(wire.part, Part::Head) {
            events.push(format!("{:?}", wire.closed()));
        }
        events
    }

    #[test]
    fn an_answer_ends_where_its_framing_says() {
        let ok = "Head(200, [(\"content-length\", [50])])";
        for (method, bytes, events) in [
            (
                "GET",
                &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"[..],
                &[ok, "Data(b\"a\")", "Data(b\"b\")", "End(Clean)"][..],
            ),
            (
                "HEAD",
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                &[ok, "End(Clean)"],
            ),
            (
                "GET",
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
                &[
                    ok,
                    "Data(b\"a\")",
                    "Broken(\"the connection was closed before the body's end\")",
                ],
            ),
            (
                "GET",
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
                &["Informational(100)", "Head(204, [])", "End(Clean)"],
            ),
            (
                "GET",
                b"HTTP/1.0 200 OK\r\n\r\na",
                &["Head(200, [])", "Data(b\"a\")", "Clean"],
            ),
        ] {
            assert_eq!(read(method, bytes), events, "{bytes:?}");
        }
    }

    #[test]
    fn chunks_are_whole_only_with_the_last_one() {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let events = |body: &[u8]| read("GET", &[head, body].concat())[1..].to_vec();
        assert_eq!(
            events(b"1\r\na\r\n0\r\nx-sum: 1\r\n\r\n"),
            [
                "Data(b\"a\")",
                "Trailers([(\"x-sum\", [49])])",
                "End(Clean)"
            ]
        );
        assert_eq!(
            events(b"1\r\na\r\n"),
            [
                "Data(b\"a\")",
                "Broken(\"the connection was closed before the body's end\")"
            ]
        );
        assert_eq!(events(b"zz\r\n"), ["not a chunk's size"]);
        assert_eq!(
            events(b"1\r\nab"),
            ["Data(b\"a\")"]
                .map(String::from)
                .into_iter()
                .chain(["Broken(\"the connection was closed before the body's end\")".to_owned()])
                .collect::<Vec<_>>()
        );
    }
}
