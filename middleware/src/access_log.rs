//! A line for every request: [`AccessLog`].

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use enfilade_core::{App, BodyEnd, BodyWatch, Middleware, Request, Response, amend};

mod clock;
mod escape;
mod format;
mod hangup;
mod log_file;
mod queue;
mod record;
#[cfg(feature = "tracing")]
mod tracing_event;

pub use format::Format;
pub use log_file::LogFile;
use record::Wanted;
pub use record::{Outcome, Record};

/// Writes one line for each request, when its response is over.
///
/// The line tells peer, user, request id, mount, request line, status, bytes of the body, and the
/// time until the head was there and until the body was over. There is always one, and only one:
/// also where the app panics, and where the client leaves before the head or within the body,
/// which is marked ([`Outcome::Aborted`], or [`Outcome::Finished`] where the app went on; status 499
/// in the [`Format`]s without room for it).
/// Bytes in memory stay in memory, so a host may still send them at once.
///
/// ```
/// use std::sync::mpsc;
///
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::{AccessLog, Format};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (lines, log) = mpsc::channel();
/// let log_line = move |line: &[u8]| drop(lines.send(String::from_utf8_lossy(line).into_owned()));
/// let app = Pipeline::new()
///     .with(AccessLog::to(Format::Common, log_line))
///     .app(async |_: Request| "hello");
///
/// let response = app.respond(Request::default()).await;
/// response.into_body().into_bytes(5).await.unwrap();
/// assert!(log.recv().unwrap().ends_with("\"GET / HTTP/1.1\" 200 5\n"));
/// # }
/// ```
///
/// # Place in the pipeline
///
/// Outside of everything whose answers shall be logged, so nearly always first. Right inside of
/// [`RequestId`](crate::RequestId) it knows the id also of requests whose client left before the
/// head. The mount is that of the pipeline in which it stands.
///
/// # Security
///
/// Whatever a client sent is escaped, so one record is one line and no terminal is steered. Targets
/// are logged as they came, and queries may hold secrets:
/// [`without_query`](AccessLog::without_query) leaves them out.
///
/// Log injection is [CWE-117](https://cwe.mitre.org/data/definitions/117.html).
#[derive(Clone)]
pub struct AccessLog {
    sink: Arc<dyn Sink>,
    wanted: Wanted,
}

impl AccessLog {
    /// Writes lines to the standard output, within a tenth of a second.
    ///
    /// A thread writes them, as for a [`LogFile`], so a reader that stops reading holds no request
    /// up.
    ///
    /// # Errors
    ///
    /// Where the thread cannot be started.
    pub fn stdout(format: Format) -> io::Result<AccessLog> {
        Ok(AccessLog::file(format, LogFile::stdout()?))
    }

    /// Writes lines to `file`.
    #[must_use]
    pub fn file(format: Format, file: LogFile) -> AccessLog {
        AccessLog::to(format, move |line| {
            file.push(line, |lost, line| format.write_lost(lost, line));
        })
    }

    /// Hands each line, with the line feed at its end, to a function.
    ///
    /// It is called where the response ends, so it must not block. Where it panics, its line is
    /// lost and nothing else.
    #[must_use]
    pub fn to(format: Format, write: impl Fn(&[u8]) + Send + Sync + 'static) -> AccessLog {
        AccessLog {
            sink: Arc::new(Lines { format, write }),
            wanted: Wanted {
                query: true,
                fields: format.tells_fields(),
                durations: format.tells_durations(),
            },
        }
    }

    /// Hands each [`Record`] to a function, for formats and sinks of your own.
    ///
    /// It is called where the response ends, so it must not block. Where it panics, its record is
    /// lost and nothing else.
    #[must_use]
    pub fn records(tell: impl Fn(&Record) + Send + Sync + 'static) -> AccessLog {
        AccessLog {
            sink: Arc::new(Records(tell)),
            wanted: Wanted {
                query: true,
                fields: true,
                durations: true,
            },
        }
    }

    /// Emits each record as an event of the `tracing` crate: level INFO, target
    /// `enfilade::access`, fields named as in [`Format::Json`].
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn tracing() -> AccessLog {
        AccessLog::records(tracing_event::emit)
    }

    /// Leaves the query of the target out. By default it is logged.
    #[must_use]
    pub fn without_query(mut self) -> AccessLog {
        self.wanted.query = false;
        self
    }
}

impl Middleware for AccessLog {
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send {
        let open = Open {
            record: Some(Box::new(Record::of(&request, self.wanted))),
            sink: Arc::clone(&self.sink),
        };
        amend(next.respond(request), |response| open.answered(response))
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

/// A request that is not over. It logs when the body is, or when it is dropped before: then there
/// was no head.
struct Open {
    /// Boxed, because it would be moved about with every future and body that holds it.
    record: Option<Box<Record>>,
    sink: Arc<dyn Sink>,
}

impl Open {
    fn answered(mut self, response: &mut Response) {
        if let Some(record) = &mut self.record {
            record.answered(response);
        }
        let body = std::mem::take(response.body_mut());
        *response.body_mut() = body.watch(self);
    }

    fn close(&mut self, edit: impl FnOnce(&mut Record)) {
        if let Some(mut record) = self.record.take() {
            edit(&mut record);
            record.finish();
            // This runs where a body is dropped, maybe within another panic: one that left here
            // would end the process. The hook has told what it said.
            let _ = catch_unwind(AssertUnwindSafe(|| self.sink.take(&record)));
        }
    }
}

impl BodyWatch for Open {
    fn end(&mut self, end: BodyEnd) {
        self.close(|record| record.ended(end));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close(|record| record.unanswered(std::thread::panicking()));
    }
}

/// Where records go.
trait Sink: Send + Sync {
    fn take(&self, record: &Record);
}

struct Records<F>(F);

impl<F: Fn(&Record) + Send + Sync> Sink for Records<F> {
    fn take(&self, record: &Record) {
        (self.0)(record);
    }
}

struct Lines<F> {
    format: Format,
    write: F,
}

thread_local! {
    /// The room in which a thread's lines are written.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl<F: Fn(&[u8]) + Send + Sync> Sink for Lines<F> {
    fn take(&self, record: &Record) {
        // Taken out, because `write` may end another response, whose line is written here too. A
        // thread that is ending has no room left.
        let mut line = LINE.try_with(RefCell::take).unwrap_or_default();
        line.clear();
        self.format.write(record, &mut line);
        (self.write)(&line);
        let _ = LINE.try_with(|room| room.replace(line));
    }
}
