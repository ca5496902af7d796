//! Apps, and pieces of apps, that several cases use.

use std::time::Duration;

use bytes::Bytes;
use enfilade_core::{Body, BodyEnd, BodyError, BodyWatch, Ending, Outcome, Request, RequestExt};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

use crate::{kit::note_of, notes::Note};

/// How long an app waits for its client: long enough for a machine that does much else.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// A body of blocks.
pub(super) fn blocks<S>(blocks: S) -> Body
where
    S: Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
{
    Body::stream(blocks)
}

/// A stream of these blocks, each ready at once.
pub(super) fn ready<const N: usize>(
    blocks: [&'static str; N],
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    stream::iter(blocks.map(|block| Ok(Bytes::from(block))))
}

/// The block `told` once `line` is noted, or `too late`.
pub(super) fn once_told(
    note: Note,
    line: &'static str,
    told: &'static str,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    stream::once(async move {
        let was_told = note.wait_for(line, PATIENCE).await;
        Ok(Bytes::from(if was_told { told } else { "too late" }))
    })
}

/// A stream that notes when it is asked for something.
pub(super) fn noting_polls<S>(note: Note, stream: S) -> impl Stream<Item = S::Item> + Send
where
    S: Stream + Send + 'static,
{
    stream::once(async move {
        note.write("polled");
        stream
    })
    .flatten()
}

/// A block that does not come: an error in its place.
pub(super) fn broken() -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    stream::iter([Err(BodyError::new("broken on purpose"))])
}

/// Notes how a body ended, each time that it is told.
pub(super) struct Noting(pub(super) Note);

impl BodyWatch for Noting {
    fn end(&mut self, end: BodyEnd) {
        self.0.write(match end.ending {
            Ending::Complete => "complete",
            Ending::Failed => "failed",
            Ending::Dropped => "dropped",
            Ending::Unsent => "unsent",
            _ => "otherwise",
        });
    }
}

/// Notes under a `name` how the request is over.
pub(super) fn note_the_end(request: &Request, name: &'static str) {
    let note = note_of(request);
    let is_hosted = request.environ().on_finish(move |outcome: &Outcome| {
        let status = outcome.status.map_or(0, |status| status.as_u16());
        note.write(&format!("{name} {status} {:?}", outcome.ending));
    });
    assert!(is_hosted, "a host calls it");
}

/// Notes that it is dropped, unless it was told not to.
pub(super) struct OnDrop(pub(super) Option<Note>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(note) = self.0.take() {
            note.write("dropped");
        }
    }
}

/// `length` bytes that repeat in no short period.
pub(super) fn long(length: usize) -> Vec<u8> {
    // A prime, so that the repetition falls on no boundary of a buffer.
    const PERIOD: usize = 16_381;
    let period: Vec<u8> = (0..PERIOD)
        .map(|n| (n.wrapping_mul(0x9E37_79B1) >> 16) as u8)
        .collect();
    let mut bytes = period.repeat(length.div_ceil(PERIOD));
    bytes.truncate(length);
    bytes
}
