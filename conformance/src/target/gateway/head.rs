//! The answer of a program to its web server (RFC 3875, section 6): [`Reading`].

use bytes::{Buf, BytesMut};

use crate::{Ask, End, target::progress::Event};

/// Reads an answer: a head, and a body that ends where the protocol says.
#[derive(Default)]
pub(super) struct Reading {
    /// Whether the first line is that of HTTP, as with uWSGI, and no `Status` field.
    status_line: bool,
    /// What is still to come, where the answer has a length and carries a body.
    left: Option<u64>,
    has_head: bool,
    is_head: bool,
}

impl Reading {
    /// Of a protocol whose answers begin with the line of HTTP.
    pub(super) fn with_status_line() -> Reading {
        Reading {
            status_line: true,
            ..Reading::default()
        }
    }

    /// Begins with the answer to `ask`.
    pub(super) fn begin(&mut self, ask: &Ask) {
        (self.left, self.has_head) = (None, false);
        self.is_head = ask.method == "HEAD";
    }

    /// Takes the next event off what came.
    pub(super) fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        if !self.has_head {
            return self.head(received);
        }
        // What a program sends beyond its length is cut off, as web servers do.
        let most = self.left.map_or(received.len(), |left| {
            usize::try_from(left).map_or(received.len(), |left| left.min(received.len()))
        });
        let data = received.split_to(most);
        if let Some(left) = &mut self.left {
            *left -= data.len() as u64;
            received.clear();
        }
        Ok((!data.is_empty()).then(|| Event::Data(data.freeze())))
    }

    /// What it means that nothing more comes.
    pub(super) fn end(&self) -> End {
        match (self.has_head, self.left) {
            (false, _) => End::Broken("the answer ended before its head's end".to_owned()),
            (true, Some(left @ 1..)) => End::Broken(format!("{left} bytes are missing")),
            (true, _) => End::Clean,
        }
    }

    fn head(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 500];
        let (size, status, fields) = if self.status_line {
            let mut head = httparse::Response::new(&mut fields);
            match head.parse(received) {
                Ok(httparse::Status::Complete(size)) => (size, head.code, &*head.headers),
                Ok(httparse::Status::Partial) => return Ok(None),
                Err(error) => return Err(format!("not a head: {error}")),
            }
        } else {
            match httparse::parse_headers(received, &mut fields) {
                Ok(httparse::Status::Complete((size, fields))) => (size, None, fields),
                Ok(httparse::Status::Partial) => return Ok(None),
                Err(error) => return Err(format!("not a head: {error}")),
            }
        };
        let mut owned: Vec<(String, Vec<u8>)> = fields
            .iter()
            .map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec()))
            .collect();
        received.advance(size);
        let status = match status {
            Some(status) => status,
            None => status_of(&mut owned)?,
        };
        self.has_head = true;
        let length = owned.iter().find(|(name, _)| name == "content-length");
        if let Some((_, length)) = length
            && !self.is_head
            && status != 304
        {
            let length = String::from_utf8_lossy(length);
            let length = length.parse::<u64>();
            self.left = Some(length.map_err(|error| format!("a length: {error}"))?);
        }
        Ok(Some(Event::Head(status, owned)))
    }
}

/// The `Status` field, which must be there: some web servers make something else of an answer
/// without it. It is first, but for a `Location`, of which HAProxy makes a 302 where it follows.
fn status_of(fields: &mut Vec<(String, Vec<u8>)>) -> Result<u16, String> {
    let at = fields
        .iter()
        .take_while(|(name, _)| name == "location")
        .count();
    match fields.get(at) {
        Some((name, value)) if name == "status" => {
            let text = String::from_utf8_lossy(value).into_owned();
            fields.remove(at);
            let number = text.split(' ').next().unwrap_or_default();
            let is_late = fields[at..].iter().any(|(name, _)| name == "location");
            match number.parse() {
                Ok(_) if is_late => Err("a Location stands behind the Status".to_owned()),
                number => number.map_err(|_| format!("a status of {text:?}")),
            }
        }
        other => Err(format!("the first field is no Status: {other:?}")),
    }
}
