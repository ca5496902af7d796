//! A chunked body, byte by byte: [`Chunks`] (RFC 9112, section 7.1).

use enfilade_core::host::is_barred_from_trailers;

use super::{
    bytes::is_token,
    lengths::Lengths,
    refusal::{LONG_TRAILERS, MANY_TRAILERS, Refusal, bad},
    trailers::LONGEST,
};

/// Digits of a chunk's size: more would not fit.
const DIGIT_LIMIT: u8 = 16;
/// The bytes of extensions that are read in all of a body: nobody reads what they say.
const EXTENSION_LIMIT: u16 = 4 * 1024;

/// A reader of chunks. It keeps nothing of them.
#[derive(Debug)]
pub(super) struct Chunks {
    at: At,
    size: u64,
    digits: u8,
    extensions: u16,
    trailers: usize,
    fields: usize,
    /// The first bytes of a trailer's name, in small letters: as many as tell whether it may be.
    name: [u8; LONGEST],
    named: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Size,
    /// Behind the semicolon, in the name of an extension.
    ExtensionName {
        empty: bool,
    },
    ExtensionValue {
        empty: bool,
    },
    Quoted,
    Escaped,
    /// Behind the last quote.
    AfterQuoted,
    SizeEnd,
    Data,
    DataEnd,
    DataEndLine,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerEnd,
    LastEnd,
    Ended,
}

impl Default for Chunks {
    fn default() -> Chunks {
        Chunks {
            at: At::Size,
            size: 0,
            digits: 0,
            extensions: 0,
            trailers: 0,
            fields: 0,
            name: [0; LONGEST],
            named: 0,
        }
    }
}

impl Chunks {
    pub(super) fn has_ended(&self) -> bool {
        self.at == At::Ended
    }

    /// Reads on, up to the end of the body: how many bytes were good, and what is wrong behind
    /// them.
    pub(super) fn read(&mut self, bytes: &[u8], lengths: &Lengths) -> (usize, Result<(), Refusal>) {
        let mut at = 0;
        while at < bytes.len() && self.at != At::Ended {
            if self.at == At::Data {
                let left = usize::try_from(self.size).unwrap_or(usize::MAX);
                let count = left.min(bytes.len() - at);
                self.size -= count as u64;
                at += count;
                if self.size == 0 {
                    self.at = At::DataEnd;
                }
                continue;
            }
            match self.step(bytes[at], lengths) {
                Ok(next) => self.at = next,
                Err(refusal) => return (at, Err(refusal)),
            }
            at += 1;
        }
        (at, Ok(()))
    }

    fn step(&mut self, byte: u8, lengths: &Lengths) -> Result<At, Refusal> {
        match (self.at, byte) {
            (At::Size, _) => self.size(byte),
            (At::SizeEnd, b'\n') if self.size > 0 => Ok(At::Data),
            (At::SizeEnd, b'\n') => Ok(At::TrailerStart),
            (At::DataEnd, b'\r') => Ok(At::DataEndLine),
            (At::DataEndLine, b'\n') => {
                self.digits = 0;
                Ok(At::Size)
            }
            (At::DataEnd | At::DataEndLine, _) => {
                Err(bad("a chunk is longer or shorter than its size"))
            }
            (At::LastEnd, b'\n') => Ok(At::Ended),
            (At::TrailerEnd, b'\n') => Ok(At::TrailerStart),
            (At::SizeEnd | At::LastEnd | At::TrailerEnd, _) => {
                Err(bad("a carriage return stands alone in a chunked body"))
            }
            (At::TrailerStart | At::TrailerName | At::TrailerValue, _) => {
                self.trailer(byte, lengths)
            }
            _ => self.extension(byte),
        }
    }

    fn size(&mut self, byte: u8) -> Result<At, Refusal> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            self.digits += 1;
            if self.digits > DIGIT_LIMIT {
                return Err(bad("a chunk's size has more than 16 digits"));
            }
            let before = if self.digits == 1 { 0 } else { self.size };
            self.size = before << 4 | u64::from(digit);
            return Ok(At::Size);
        }
        match byte {
            _ if self.digits == 0 => Err(bad("a chunk has no size")),
            b'\r' => Ok(At::SizeEnd),
            b';' => self.extension(byte),
            b'\n' => Err(bad("a chunk's size ends in a bare line feed")),
            _ => Err(bad("a chunk's size is not a hexadecimal number")),
        }
    }

    /// Extensions are names with or without values; nothing else may stand between them.
    fn extension(&mut self, byte: u8) -> Result<At, Refusal> {
        self.extensions += 1;
        if self.extensions > EXTENSION_LIMIT {
            return Err(bad("the chunks' extensions are longer than 4 KiB"));
        }
        match (self.at, byte) {
            (At::Size, b';') => Ok(At::ExtensionName { empty: true }),
            (
                At::ExtensionName { empty: false }
                | At::ExtensionValue { empty: false }
                | At::AfterQuoted,
                b';',
            ) => Ok(At::ExtensionName { empty: true }),
            (At::ExtensionName { empty: false }, b'=') => Ok(At::ExtensionValue { empty: true }),
            (
                At::ExtensionName { empty: false }
                | At::ExtensionValue { empty: false }
                | At::AfterQuoted,
                b'\r',
            ) => Ok(At::SizeEnd),
            (At::ExtensionName { .. }, _) if is_token(byte) => {
                Ok(At::ExtensionName { empty: false })
            }
            (At::ExtensionValue { .. }, _) if is_token(byte) => {
                Ok(At::ExtensionValue { empty: false })
            }
            (At::ExtensionValue { empty: true }, b'"') => Ok(At::Quoted),
            (At::Quoted, b'"') => Ok(At::AfterQuoted),
            (At::Quoted, b'\\') => Ok(At::Escaped),
            (At::Quoted | At::Escaped, b' '..=b'~') => Ok(At::Quoted),
            _ => Err(bad(
                "a chunk's extension is not a name with or without a value",
            )),
        }
    }

    fn trailer(&mut self, byte: u8, lengths: &Lengths) -> Result<At, Refusal> {
        self.trailers += 1;
        if self.trailers > lengths.head {
            return Err(LONG_TRAILERS);
        }
        match (self.at, byte) {
            (At::TrailerStart, b'\r') => Ok(At::LastEnd),
            (At::TrailerStart, _) if is_token(byte) => {
                self.fields += 1;
                if self.fields > lengths.fields {
                    return Err(MANY_TRAILERS);
                }
                self.named = 0;
                self.spell(byte);
                Ok(At::TrailerName)
            }
            (At::TrailerName, b':') if self.is_forbidden() => {
                Err(bad("a trailer says what only a head may say"))
            }
            (At::TrailerName, b':') => Ok(At::TrailerValue),
            (At::TrailerName, b'_') => Err(bad("a trailer's name has an underscore")),
            (At::TrailerName, _) if is_token(byte) => {
                self.spell(byte);
                Ok(At::TrailerName)
            }
            (At::TrailerValue, b'\r') => Ok(At::TrailerEnd),
            (At::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => Ok(At::TrailerValue),
            (_, b'\n') => Err(bad("a trailer ends in a bare line feed")),
            (At::TrailerStart, b' ' | b'\t') => Err(bad("a trailer goes on in a second line")),
            _ => Err(bad("a trailer is not a name, a colon and a value")),
        }
    }

    fn spell(&mut self, byte: u8) {
        if let Some(place) = self.name.get_mut(usize::from(self.named)) {
            *place = byte.to_ascii_lowercase();
        }
        self.named = self.named.saturating_add(1);
    }

    fn is_forbidden(&self) -> bool {
        let name = self.name.get(..usize::from(self.named));
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        name.is_some_and(is_barred_from_trailers)
    }
}
