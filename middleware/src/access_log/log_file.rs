//! A file that a thread writes: [`LogFile`].

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use enfilade_core::{ErrorSink, StandardError};

use super::{hangup::Hangup, queue::Queue};

/// A file to which an [`AccessLog`](super::AccessLog) appends its lines, through a thread of its
/// own.
///
/// No request waits for it, and none fails with it. Lines wait in memory, at most 2 MiB of them,
/// and are written within a tenth of a second. While the disk is full, or whatever is behind the
/// file stands still, the thread tries again each second and lines go on waiting; those without
/// room are lost, [counted](LogFile::lost), and the log tells how many as soon as it takes lines
/// again. The standard error stream is told when writing begins to fail.
///
/// On Unix the file is opened again within a second of a SIGHUP, which is how log rotation works:
/// move the file away, then send the signal. That signal then no longer ends the process; see
/// [`open_without_hangup`](LogFile::open_without_hangup).
///
/// A clone is the same file. When the last one is dropped, with the app, what waits is written,
/// for at most two seconds.
///
/// ```no_run
/// use enfilade_core::{App, Lifecycle, Pipeline, Request, Result};
/// use enfilade_middleware::{AccessLog, Format, LogFile};
///
/// async fn site(_: &Lifecycle) -> Result<impl App> {
///     let file = LogFile::open("/var/log/site/access.log")?;
///     Ok(Pipeline::new()
///         .with(AccessLog::file(Format::Combined, file))
///         .app(async |_: Request| "hello"))
/// }
/// # let _ = async || site(&Lifecycle::new()).await.map(|_| ());
/// ```
#[derive(Clone)]
pub struct LogFile(Arc<Handle>);

/// The bytes that may wait.
const LIMIT: usize = 2 * 1024 * 1024;
/// How long a stop waits for the last lines.
const LAST: Duration = Duration::from_secs(2);

impl LogFile {
    /// Opens `path` for appending, and creates it where there is none.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, or the thread not be started.
    pub fn open(path: impl AsRef<Path>) -> io::Result<LogFile> {
        LogFile::start(Target::file(path.as_ref())?, LIMIT, true)
    }

    /// The same, but SIGHUP keeps its meaning: only [`reopen`](LogFile::reopen) opens it again.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, or the thread not be started.
    pub fn open_without_hangup(path: impl AsRef<Path>) -> io::Result<LogFile> {
        LogFile::start(Target::file(path.as_ref())?, LIMIT, false)
    }

    /// The standard output, written in the same way.
    pub(super) fn stdout() -> io::Result<LogFile> {
        LogFile::start(Target::Stdout, LIMIT, false)
    }

    /// Opens the file again under its name, soon; for when it was moved away. Lines that still
    /// wait go into the new one. Where it cannot be opened, the old one stays, and the standard
    /// error stream is told.
    pub fn reopen(&self) {
        self.0.shared.reopen.store(true, Ordering::Relaxed);
        self.0.shared.queue.hurry();
    }

    /// Has everything written that was logged until now, and waits for it, for at most this long.
    /// Whether it was in time. It blocks the thread.
    #[must_use = "it tells whether the lines were written"]
    pub fn flush(&self, at_most: Duration) -> bool {
        self.0.shared.queue.flush(at_most)
    }

    /// How many lines were lost, because there was no room for them.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.shared.queue.lost()
    }

    pub(super) fn push(&self, line: &[u8], tell: impl FnOnce(u64, &mut Vec<u8>)) {
        self.0.shared.queue.push(line, tell);
    }

    fn start(target: Target, limit: usize, hangup: bool) -> io::Result<LogFile> {
        let shared = Arc::new(Shared {
            queue: Queue::new(limit),
            reopen: Arc::default(),
        });
        let hangup = hangup.then(|| Hangup::sets(&shared.reopen)).transpose()?;
        let name = target.name();
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || writer.write(target))?;
        Ok(LogFile(Arc::new(Handle {
            name,
            shared,
            _hangup: hangup,
        })))
    }
}

impl fmt::Debug for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogFile({})", self.0.name)
    }
}

/// What the clones of a [`LogFile`] share; the thread does not, so that the last can be dropped.
struct Handle {
    name: String,
    shared: Arc<Shared>,
    _hangup: Option<Hangup>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close(LAST);
        let untold = self.shared.queue.untold();
        if untold > 0 {
            StandardError.report(&format!("{untold} lines of {} were lost", self.name));
        }
    }
}

struct Shared {
    queue: Queue,
    reopen: Arc<AtomicBool>,
}

impl Shared {
    /// What the thread does.
    fn write(&self, mut target: Target) {
        let name = target.name();
        let mut batch = Vec::new();
        let (mut written, mut failing) = (0, false);
        loop {
            let last = self.queue.gather(&mut batch);
            if self.reopen.swap(false, Ordering::Relaxed) {
                match target.reopen() {
                    // A line that was half written begins again in the new file.
                    Ok(()) => written = line_start(&batch, written),
                    Err(error) => StandardError.report(&error.to_string()),
                }
            }
            match target.append(&batch, &mut written) {
                Ok(()) => {
                    (written, failing) = (0, false);
                    // Room for a flood is not kept for ever.
                    batch.clear();
                    batch.shrink_to(KEPT);
                }
                Err(error) => {
                    if !failing {
                        StandardError.report(&format!("cannot write to {name}: {error}"));
                    }
                    failing = true;
                    if self.queue.is_closed() {
                        return self.queue.abandon(&batch[written..]);
                    }
                }
            }
            if last {
                return self.queue.abandon(&[]);
            }
        }
    }
}

/// The room that a buffer keeps between its batches.
const KEPT: usize = 128 * 1024;

/// Where lines end up.
enum Target {
    Stdout,
    File { path: PathBuf, file: File },
}

impl Target {
    fn file(path: &Path) -> io::Result<Target> {
        Ok(Target::File {
            path: path.to_owned(),
            file: open(path)?,
        })
    }

    fn name(&self) -> String {
        match self {
            Target::Stdout => "the standard output".to_owned(),
            Target::File { path, .. } => path.display().to_string(),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let Target::File { path, file } = self {
            *file = open(path)?;
        }
        Ok(())
    }

    /// Writes what `written` says is not written, and counts it.
    fn append(&mut self, batch: &[u8], written: &mut usize) -> io::Result<()> {
        while *written < batch.len() {
            let rest = &batch[*written..];
            let result = match self {
                Target::Stdout => io::stdout().write(rest),
                Target::File { file, .. } => file.write(rest),
            };
            match result {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => *written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        match self {
            Target::Stdout => io::stdout().flush(),
            Target::File { .. } => Ok(()),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.map_err(|error| {
        let text = format!("cannot open the log {}: {error}", path.display());
        io::Error::new(error.kind(), text)
    })
}

fn line_start(batch: &[u8], written: usize) -> usize {
    let feed = batch[..written].iter().rposition(|byte| *byte == b'\n');
    feed.map_or(0, |feed| feed + 1)
}

#[cfg(test)]
mod tests {
    use super::line_start;

    #[test]
    fn a_line_that_was_half_written_begins_again() {
        let batch = b"one\ntwo\nthree\n";
        for (written, start) in [(0, 0), (3, 0), (4, 4), (7, 4), (8, 8), (14, 14)] {
            assert_eq!(line_start(batch, written), start, "{written}");
        }
    }
}
