//! Which version a connection speaks, told by its first bytes (RFC 9113, section 3.3).

/// What a client says first that knows that it talks to an HTTP/2 server.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first bytes of a connection, as many as are needed to tell.
///
/// They are kept in place, without a buffer, and read again by whoever serves the connection.
#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: [u8; PREFACE.len()],
    end: u8,
    begin: u8,
}

/// The version that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http1,
    Http2,
}

impl Head {
    /// Where the next bytes go. Never empty before the version is told.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[usize::from(self.end)..]
    }

    /// Room for new bytes, where all of the old ones were given back.
    pub(crate) fn refill(&mut self) -> &mut [u8] {
        debug_assert!(self.is_empty());
        (self.begin, self.end) = (0, 0);
        self.space()
    }

    /// Takes `count` bytes that were put into the space, and tells the version if they decide it.
    pub(crate) fn read(&mut self, count: usize) -> Option<Spoken> {
        self.end = u8::try_from(usize::from(self.end) + count).unwrap_or(self.end);
        let seen = &self.bytes[..usize::from(self.end)];
        if !PREFACE.starts_with(seen) {
            Some(Spoken::Http1)
        } else if seen.len() == PREFACE.len() {
            Some(Spoken::Http2)
        } else {
            None
        }
    }

    /// Gives at most `limit` of the bytes back, once.
    pub(crate) fn take(&mut self, limit: usize) -> &[u8] {
        let (begin, end) = (usize::from(self.begin), usize::from(self.end));
        let until = end.min(begin.saturating_add(limit));
        self.begin = u8::try_from(until).unwrap_or(self.end);
        &self.bytes[begin..until]
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.begin == self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(parts: &[&[u8]]) -> Vec<Option<Spoken>> {
        let mut head = Head::default();
        parts
            .iter()
            .map(|part| {
                head.space()[..part.len()].copy_from_slice(part);
                head.read(part.len())
            })
            .collect()
    }

    #[test]
    fn the_preface_is_http2_wherever_it_is_cut() {
        for cut in 1..PREFACE.len() {
            let (first, second) = PREFACE.split_at(cut);
            assert_eq!(told(&[first, second]), [None, Some(Spoken::Http2)], "{cut}");
        }
        assert_eq!(told(&[PREFACE]), [Some(Spoken::Http2)]);
    }

    #[test]
    fn the_first_byte_that_differs_is_http1() {
        assert_eq!(told(&[b"G"]), [Some(Spoken::Http1)]);
        assert_eq!(told(&[b"P", b"UT / HTTP/1.1"]), [None, Some(Spoken::Http1)]);
        assert_eq!(told(&[b"PRI * HTTP/1.1\r\n"]), [Some(Spoken::Http1)]);
    }

    #[test]
    fn what_was_read_is_given_back_once_in_any_pieces() {
        let mut head = Head::default();
        head.space()[..5].copy_from_slice(b"GET /");
        head.read(5);
        assert_eq!(head.take(3), b"GET");
        assert!(!head.is_empty());
        assert_eq!(head.take(100), b" /");
        assert!(head.is_empty());
        assert_eq!(head.take(100), b"");
    }
}
