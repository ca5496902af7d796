//! A piece of a file as a body.

use std::{
    fmt,
    fs::File,
    future::Future,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;

use super::BodyError;

/// What is read of a file at once, in bytes.
const BLOCK: u64 = 64 * 1024;

/// A piece of an open file: what a host may send in its own way, and reads in blocks otherwise.
///
/// ```no_run
/// use enfilade_core::{Body, FileRange};
///
/// # fn check() -> std::io::Result<()> {
/// let file = std::fs::File::open("movie.webm")?;
/// let body = Body::from(FileRange::new(file, 0..1024));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FileRange {
    file: File,
    range: Range<u64>,
}

impl FileRange {
    /// The bytes `range` of `file`. What is beyond the file's end breaks the body off when it is
    /// reached, so check the length first.
    #[must_use]
    pub fn new(file: File, range: Range<u64>) -> FileRange {
        let end = range.end.max(range.start);
        FileRange {
            file,
            range: range.start..end,
        }
    }

    /// All of `file`, as long as it is now. Asks the operating system, so it may block shortly.
    ///
    /// # Errors
    ///
    /// Where the file's length cannot be read.
    pub fn whole(file: File) -> io::Result<FileRange> {
        let length = file.metadata()?.len();
        Ok(FileRange::new(file, 0..length))
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The bytes of it, from the first to the one behind the last.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Reads the next block. Blocks.
    fn read(&mut self, sought: bool) -> io::Result<Bytes> {
        if !sought {
            self.file.seek(SeekFrom::Start(self.range.start))?;
        }
        let wanted = (self.range.end - self.range.start).min(BLOCK);
        let mut block = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        (&mut self.file).take(wanted).read_to_end(&mut block)?;
        if (block.len() as u64) < wanted {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter",
            ));
        }
        self.range.start += wanted;
        Ok(block.into())
    }
}

type Reading = Pin<Box<dyn Future<Output = (FileRange, io::Result<Bytes>)> + Send>>;

enum State {
    Idle(FileRange),
    Reading(Mutex<Reading>),
    Over,
}

/// Reads a [`FileRange`] off the async threads, block by block.
pub(super) struct FileBody {
    state: State,
    remaining: u64,
    sought: bool,
}

impl FileBody {
    pub(super) fn new(range: FileRange) -> FileBody {
        let remaining = range.range.end - range.range.start;
        FileBody {
            state: State::Idle(range),
            remaining,
            sought: false,
        }
    }

    pub(super) const fn remaining(&self) -> u64 {
        self.remaining
    }

    pub(super) fn unread(&self) -> Option<&FileRange> {
        match &self.state {
            State::Idle(range) if !self.sought => Some(range),
            _ => None,
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return Poll::Ready(None),
                State::Idle(_) if self.remaining == 0 => return Poll::Ready(None),
                State::Idle(mut range) => {
                    let sought = std::mem::replace(&mut self.sought, true);
                    self.state =
                        State::Reading(Mutex::new(Box::pin(::blocking::unblock(move || {
                            let block = range.read(sought);
                            (range, block)
                        }))));
                }
                State::Reading(mut reading) => {
                    let future = reading
                        .get_mut()
                        .unwrap_or_else(|poison| poison.into_inner());
                    let Poll::Ready((range, block)) = future.as_mut().poll(cx) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(match block {
                        Ok(block) => {
                            self.remaining -= block.len() as u64;
                            self.state = State::Idle(range);
                            Ok(Frame::data(block))
                        }
                        Err(error) => Err(BodyError::new(error)),
                    }));
                }
            }
        }
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileBody({} bytes)", self.remaining)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http_body_util::BodyExt;

    use super::*;
    use crate::Body;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(content).expect("room for it");
        file
    }

    #[tokio::test]
    async fn a_range_gives_exactly_its_bytes_in_blocks() {
        let content: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let body = Body::from(FileRange::new(file(&content), 10..150_000));
        assert_eq!(body.as_file().map(FileRange::range), Some(10..150_000));
        let read = body.into_bytes(200_000).await.expect("a whole file");
        assert_eq!(read, content[10..150_000]);
    }

    #[tokio::test]
    async fn a_file_that_ends_early_breaks_off_and_is_never_a_clean_end() {
        let mut body = Body::from(FileRange::new(file(b"short"), 0..100));
        let error = body.frame().await.expect("a frame").expect_err("an error");
        let source = std::error::Error::source(&error)
            .expect("a cause")
            .to_string();
        assert_eq!(source, "the file became shorter");
    }

    #[tokio::test]
    async fn an_empty_range_is_an_empty_body() {
        let body = Body::from(FileRange::whole(file(b"")).expect("a length"));
        assert!(
            body.into_bytes(0)
                .await
                .expect("nothing to read")
                .is_empty()
        );
    }
}
