//! SCGI and the protocol of uWSGI: the variables in one packet, then the body as it is.

use bytes::BytesMut;

use super::{
    head::Reading,
    variables::{joined, variables},
};
use crate::{
    Ask, End, Feature,
    target::{Place, client::Protocol, progress::Event},
};

const LACKS: &[(Feature, &str)] = &[
    (
        Feature::BrokenEnd,
        "a connection that ends is an answer that ends, and a Unix socket has no reset",
    ),
    (Feature::KeepAlive, "a connection is for one request"),
    (Feature::UnknownLength, "a body has a length always"),
    (Feature::RepeatedFields, "some web servers join them"),
];

/// What cannot be carried to a host at `place`.
pub(super) const fn lacks(place: &Place) -> &'static [(Feature, &'static str)] {
    match place {
        Place::Unix(_) => LACKS,
        // A reset tells of an answer that broke off.
        _ => LACKS.split_at(1).1,
    }
}

/// The variables as SCGI has them: the length first, `SCGI` behind it, no name twice.
#[derive(Default)]
pub(super) struct Scgi(Reading);

impl Protocol for Scgi {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.0.begin(ask);
        let mut pairs = joined(ask);
        let length = pairs.iter().position(|(name, _)| name == "CONTENT_LENGTH");
        let length = length.map_or_else(|| b"0".to_vec(), |at| pairs.remove(at).1);
        let first = [
            ("CONTENT_LENGTH".to_owned(), length),
            ("SCGI".to_owned(), b"1".to_vec()),
        ];
        let mut packet = Vec::new();
        for (name, value) in first.into_iter().chain(pairs) {
            packet.extend([name.as_bytes(), b"\0", &value, b"\0"].concat());
        }
        [format!("{}:", packet.len()).as_bytes(), &packet, b","].concat()
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn end(&mut self, _: &[(String, String)]) -> Vec<u8> {
        Vec::new()
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        self.0.event(received)
    }

    fn closed(&mut self) -> End {
        self.0.end()
    }
}

/// The variables as uWSGI has them: lengths of two bytes, the lower one first.
pub(super) struct Uwsgi(Reading);

impl Default for Uwsgi {
    fn default() -> Uwsgi {
        Uwsgi(Reading::with_status_line())
    }
}

impl Protocol for Uwsgi {
    fn begin(&mut self, ask: &Ask) -> Vec<u8> {
        self.0.begin(ask);
        let mut packet = Vec::new();
        for (name, value) in variables(ask) {
            for text in [name.as_bytes(), &value] {
                // No case sends as much.
                let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
                packet.extend(length.to_le_bytes());
                packet.extend(&text[..length.into()]);
            }
        }
        let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
        let [low, high] = length.to_le_bytes();
        [&[0, low, high, 0], &*packet].concat()
    }

    fn data(&mut self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn end(&mut self, _: &[(String, String)]) -> Vec<u8> {
        Vec::new()
    }

    fn event(&mut self, received: &mut BytesMut) -> Result<Option<Event>, String> {
        self.0.event(received)
    }

    fn closed(&mut self) -> End {
        self.0.end()
    }
}
