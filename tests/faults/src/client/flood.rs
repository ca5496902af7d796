//! Clients of HTTP/2 that send more than they should: [`Flooded`] says what became of them.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, time::timeout};

use super::frames::{Frame, Http2, frame, kind};

/// What became of a client that sent more than it should.
#[derive(Debug, Default)]
pub(crate) struct Flooded {
    pub(crate) goaway: Option<Frame>,
    /// Frames of the flood that were read before; where it was sent at once, those that were sent.
    pub(crate) frames: u64,
    /// Streams that the server has reset.
    pub(crate) resets: u64,
    /// Bytes that could be sent.
    pub(crate) sent: usize,
}

impl Http2 {
    /// Says `bytes` while it reads, until the server ends the connection, or says nothing for long
    /// enough after the last byte.
    pub(crate) async fn flood(self, bytes: Vec<u8>) -> Flooded {
        const ENOUGH: Duration = Duration::from_secs(3);
        let (reading, mut writing) = self.stream.into_split();
        let mut client = Http2 {
            stream: reading,
            buffer: self.buffer,
        };
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            for piece in bytes.chunks(4096) {
                if writing.write_all(piece).await.is_err() {
                    break;
                }
                sent += piece.len();
            }
            (sent, writing)
        });
        let mut flooded = Flooded::default();
        loop {
            let next = match sending.is_finished() {
                true => timeout(ENOUGH, client.next()).await,
                false => Ok(client.next().await),
            };
            match next {
                Ok(Ok(frame)) if frame.kind == kind::GOAWAY => flooded.goaway = Some(frame),
                Ok(Ok(frame)) => flooded.resets += u64::from(frame.kind == kind::RST_STREAM),
                _ => break,
            }
        }
        // Nobody panics there.
        flooded.sent = sending.await.map_or(0, |(sent, _)| sent);
        flooded
    }

    /// Says `piece` of `each` frames again and again, and waits each time until the server has read
    /// it, up to so many frames in all.
    pub(crate) async fn flood_step_by_step(
        &mut self,
        piece: &[u8],
        each: u64,
        at_most: u64,
    ) -> Flooded {
        let mut flooded = Flooded::default();
        while flooded.frames < at_most {
            let (frames, is_open) = self.say_and_wait(piece).await;
            flooded.frames += each;
            flooded.sent += piece.len();
            for frame in frames {
                match frame.kind {
                    kind::GOAWAY => flooded.goaway = Some(frame),
                    kind::RST_STREAM => flooded.resets += 1,
                    _ => {}
                }
            }
            if !is_open {
                break;
            }
        }
        flooded
    }

    /// Says `bytes`, and waits until the server has read them: it answers a PING behind them. Gives
    /// what else came; where that ends in GOAWAY, or the connection ended, it read no more.
    pub(crate) async fn say_and_wait(&mut self, bytes: &[u8]) -> (Vec<Frame>, bool) {
        const MARK: &[u8; 8] = b"the mark";
        let ping = frame(kind::PING, 0, 0, MARK);
        // That the server is gone is seen by what comes.
        let _ = self.say([bytes, &ping].concat()).await;
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) if frame.kind == kind::PING && frame.payload == MARK => {
                    return (frames, true);
                }
                Ok(frame) => {
                    let is_last = frame.kind == kind::GOAWAY;
                    frames.push(frame);
                    if is_last {
                        return (frames, false);
                    }
                }
                Err(_) => return (frames, false),
            }
        }
    }
}
