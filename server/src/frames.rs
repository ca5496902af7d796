//! The frames in a stream of bytes (RFC 9113, section 4.1): [`Frames`].

/// The types of frames (RFC 9113, section 6).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// The flags that matter here.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
}

/// The bytes of a frame's head.
const HEAD: usize = 9;

/// The head of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) length: u32,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl Frame {
    fn read(head: [u8; HEAD]) -> Frame {
        let [a, b, c, kind, flags, stream @ ..] = head;
        Frame {
            length: u32::from_be_bytes([0, a, b, c]),
            kind,
            flags,
            // The highest bit is reserved.
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }

    /// The bytes of a frame with `payload`.
    pub(crate) fn write(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        // Those that are written here are a few bytes long.
        let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![0, 0, length, kind, 0];
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&payload[..usize::from(length)]);
        bytes
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// How many bytes of the payload say something together, where they matter here.
    const fn unit(&self) -> usize {
        match self.kind {
            kind::SETTINGS => 6,
            kind::WINDOW_UPDATE => 4,
            _ => 0,
        }
    }
}

/// What is in a stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The head of a frame is there.
    Begun(Frame),
    /// A setting: its number, and its value.
    Setting(u16, u32),
    /// The increment of a window of a stream, or of the connection (0).
    Window { stream: u32, increment: u32 },
}

/// Follows the frames of a stream of bytes, however it is cut. There is no I/O here, and nothing is
/// kept but the head of the frame that has begun.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Bytes to pass over before the first frame.
    before: usize,
    head: [u8; HEAD],
    /// How much of the head is there.
    filled: usize,
    frame: Frame,
    /// The bytes of the payload that are still to come.
    left: usize,
    unit: [u8; 6],
    unit_filled: usize,
}

impl Frames {
    /// Those behind the first `before` bytes.
    pub(crate) fn behind(before: usize) -> Frames {
        Frames {
            before,
            ..Frames::default()
        }
    }

    /// Whether the next byte is the first of a frame.
    pub(crate) const fn is_between(&self) -> bool {
        self.before == 0 && self.filled == 0
    }

    /// The frame that has begun, as far as its head is there.
    pub(crate) fn begun(&self) -> Option<Frame> {
        (self.filled == HEAD).then_some(self.frame)
    }

    /// Tells `each` what is in `bytes`, which follow on those before. It may end that by `false`.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Event) -> bool) {
        let passed = self.before.min(bytes.len());
        self.before -= passed;
        bytes = &bytes[passed..];
        while !bytes.is_empty() {
            if self.filled < HEAD {
                let count = (HEAD - self.filled).min(bytes.len());
                self.head[self.filled..][..count].copy_from_slice(&bytes[..count]);
                self.filled += count;
                bytes = &bytes[count..];
                if self.filled < HEAD {
                    return;
                }
                self.frame = Frame::read(self.head);
                self.left = self.frame.length as usize;
                self.unit_filled = 0;
                if !each(Event::Begun(self.frame)) {
                    return;
                }
            }
            let count = self.left.min(bytes.len());
            if self.frame.unit() > 0 && !self.units(&bytes[..count], &mut each) {
                return;
            }
            self.left -= count;
            bytes = &bytes[count..];
            if self.left == 0 {
                self.filled = 0;
            }
        }
    }

    fn units(&mut self, payload: &[u8], each: &mut impl FnMut(Event) -> bool) -> bool {
        let size = self.frame.unit();
        for byte in payload {
            self.unit[self.unit_filled] = *byte;
            self.unit_filled += 1;
            if self.unit_filled < size {
                continue;
            }
            self.unit_filled = 0;
            let [a, b, c, d, e, f] = self.unit;
            let event = match self.frame.kind {
                kind::SETTINGS => {
                    Event::Setting(u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]))
                }
                _ => Event::Window {
                    stream: self.frame.stream,
                    increment: u32::from_be_bytes([a, b, c, d]) & 0x7fff_ffff,
                },
            };
            if !each(event) {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(frames: &mut Frames, pieces: &[&[u8]]) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in pieces {
            frames.feed(piece, |event| {
                events.push(event);
                true
            });
        }
        events
    }

    #[test]
    fn frames_are_the_same_wherever_the_bytes_are_cut() {
        let mut bytes = b"preface".to_vec();
        bytes.extend(Frame::write(
            kind::SETTINGS,
            0,
            &[0, 4, 0, 1, 0, 0, 0, 3, 0, 0, 0, 9],
        ));
        bytes.extend(Frame::write(kind::DATA, 0x8000_0001, b"data"));
        bytes.extend(Frame::write(kind::WINDOW_UPDATE, 5, &[0x80, 0, 1, 1]));
        bytes.extend(Frame::write(kind::DATA, 1, b""));
        let mut frames = Frames::behind(7);
        let whole = events(&mut frames, &[&bytes]);
        assert!(frames.is_between());
        assert_eq!(whole[1], Event::Setting(4, 65536));
        assert_eq!(whole[2], Event::Setting(3, 9));
        assert!(matches!(whole[3], Event::Begun(frame) if frame.stream == 1 && frame.length == 4));
        let increment = 257;
        assert_eq!(
            whole[5],
            Event::Window {
                stream: 5,
                increment
            }
        );
        assert_eq!(whole.len(), 7);
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                let cut = events(&mut Frames::behind(7), &pieces);
                assert_eq!(cut, whole, "{first}, {second}");
            }
        }
    }

    #[test]
    fn it_is_between_frames_only_there() {
        let bytes = Frame::write(kind::PING, 0, &[0; 8]);
        let mut frames = Frames::default();
        for byte in &bytes {
            assert_eq!(frames.is_between(), std::ptr::eq(byte, &raw const bytes[0]));
            events(&mut frames, &[&[*byte]]);
        }
        assert!(frames.is_between());
    }
}
