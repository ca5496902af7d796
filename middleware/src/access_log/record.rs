//! What is known of a request when it is over: [`Record`].

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use enfilade_core::{BodyEnd, Cause, Connection, Ending, Peer, Request, RequestExt, Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header,
    uri::{Authority, PathAndQuery},
};

use super::clock;
use crate::{RequestIdValue, User};

/// What is known of a request when it is over: what [`AccessLog::records`] hands to its function,
/// and what a [`Format`] writes.
///
/// Nothing in it is escaped: what a client sent may hold quotes, and bytes that are not UTF-8.
///
/// [`AccessLog::records`]: super::AccessLog::records
/// [`Format`]: super::Format
pub struct Record {
    arrival: Instant,
    connection: Arc<Connection>,
    method: Method,
    target: Target,
    version: Version,
    mount: Option<Box<str>>,
    referer: Option<HeaderValue>,
    agent: Option<HeaderValue>,
    user: Option<User>,
    id: Option<RequestIdValue>,
    status: Option<StatusCode>,
    /// When the head was there, where anybody wants to know.
    head: Option<Instant>,
    /// The length that the head promises, where the body is a stream.
    promised: Option<u64>,
    cause: Option<Cause>,
    bytes: u64,
    end: Option<Instant>,
    outcome: Outcome,
    wanted: Wanted,
}

/// What a record is to hold: a log that tells less costs less.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) query: bool,
    pub(super) fields: bool,
    pub(super) durations: bool,
}

/// What of a request's target is logged. Each shares the bytes of the request.
enum Target {
    Path(PathAndQuery),
    Authority(Authority),
    Nothing,
}

impl Target {
    fn of(uri: &Uri) -> Target {
        match (uri.path_and_query(), uri.authority()) {
            (Some(path), _) => Target::Path(path.clone()),
            (None, Some(authority)) => Target::Authority(authority.clone()),
            (None, None) => Target::Nothing,
        }
    }
}

/// How a response went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it was handed to the host.
    Complete,
    /// The app broke it off, or panicked where no response could be made of it.
    Failed,
    /// The client left, or the host had to give up, and the app was cancelled.
    Aborted,
    /// The client left before the head, and the app went on to its end
    /// ([`OnDisconnect::Finish`](enfilade_core::OnDisconnect::Finish)).
    Finished,
}

impl Outcome {
    /// `complete`, `failed`, `aborted` or `finished`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::Failed => "failed",
            Outcome::Aborted => "aborted",
            Outcome::Finished => "finished",
        }
    }
}

impl Record {
    /// Keeps of `request` what is wanted.
    pub(super) fn of(request: &Request, wanted: Wanted) -> Record {
        let environ = request.environ();
        let mount = request.script_name();
        let field = |name| request.headers().get(name).cloned();
        Record {
            arrival: Instant::now(),
            connection: environ.connection_shared(),
            method: request.method().clone(),
            target: Target::of(request.original_target()),
            version: environ.version(),
            mount: (!mount.is_empty()).then(|| Box::from(mount)),
            referer: wanted.fields.then(|| field(header::REFERER)).flatten(),
            agent: wanted.fields.then(|| field(header::USER_AGENT)).flatten(),
            user: User::in_extensions(request.extensions()).cloned(),
            id: request.extensions().get().cloned(),
            status: None,
            head: None,
            promised: None,
            cause: None,
            bytes: 0,
            end: None,
            // What a request is that nobody answered.
            outcome: Outcome::Aborted,
            wanted,
        }
    }

    /// The head is there.
    pub(super) fn answered(&mut self, response: &Response) {
        self.head = self.now();
        self.status = Some(response.status());
        if response.body().is_stream() {
            self.promised = content_length(response.headers());
        }
        let extensions = response.extensions();
        if !extensions.is_empty() {
            self.cause = extensions.get().cloned();
            // The innermost knows best.
            if let Some(user) = User::in_extensions(extensions) {
                self.user = Some(user.clone());
            }
            if let Some(id) = extensions.get() {
                self.id = Some(RequestIdValue::clone(id));
            }
        }
    }

    /// The body is over.
    pub(super) fn ended(&mut self, end: BodyEnd) {
        self.bytes = end.bytes;
        self.outcome = match end.ending {
            Ending::Complete => Outcome::Complete,
            Ending::Failed => Outcome::Failed,
            Ending::Unsent => Outcome::Finished,
            _ if self.has_no_body() || self.promised == Some(end.bytes) => Outcome::Complete,
            _ => Outcome::Aborted,
        };
    }

    /// There is no head: the future was dropped, and if a panic dropped it, the host answers 500.
    pub(super) fn unanswered(&mut self, panicking: bool) {
        if panicking {
            self.status = Some(StatusCode::INTERNAL_SERVER_ERROR);
            self.outcome = Outcome::Failed;
        }
    }

    pub(super) fn finish(&mut self) {
        self.end = self.now();
    }

    fn now(&self) -> Option<Instant> {
        self.wanted.durations.then(Instant::now)
    }

    /// A body that may not be sent is dropped unread by the host; the client has everything.
    fn has_no_body(&self) -> bool {
        self.method == Method::HEAD
            || matches!(
                self.status,
                Some(StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
            )
    }

    pub(super) const fn arrival(&self) -> Instant {
        self.arrival
    }

    /// When the request reached the log.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        clock::time_of_day(self.arrival)
    }

    /// Who is at the other end of the connection.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.connection.peer
    }

    /// The user, where an authentication has proved one.
    #[must_use]
    pub const fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// The id of the request. Where the log stands outside of
    /// [`RequestId`](crate::RequestId), a request without a response has none.
    #[must_use]
    pub const fn id(&self) -> Option<&RequestIdValue> {
        self.id.as_ref()
    }

    /// The script name of the app in whose pipeline the log stands; nothing at the root.
    #[must_use]
    pub fn mount(&self) -> Option<&str> {
        self.mount.as_deref()
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query as the client sent them, or the authority of a CONNECT.
    #[must_use]
    pub fn target(&self) -> &str {
        match &self.target {
            Target::Path(path) if self.wanted.query => path.as_str(),
            Target::Path(path) => path.path(),
            Target::Authority(authority) => authority.as_str(),
            Target::Nothing => "",
        }
    }

    /// The version of HTTP that the client spoke.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The `Referer` field of the request.
    #[must_use]
    pub const fn referer(&self) -> Option<&HeaderValue> {
        self.referer.as_ref()
    }

    /// The `User-Agent` field of the request.
    #[must_use]
    pub const fn agent(&self) -> Option<&HeaderValue> {
        self.agent.as_ref()
    }

    /// The status that the app gave; nothing where the client left before there was one.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The bytes of the body that were handed to the host.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// From arrival until the head was there, which is when its first byte can be sent.
    #[must_use]
    pub fn first_byte(&self) -> Option<Duration> {
        Some(self.head?.duration_since(self.arrival))
    }

    /// From arrival to the end.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.end
            .unwrap_or(self.arrival)
            .duration_since(self.arrival)
    }

    /// How it went.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Why the response is an error, where one is and says why.
    #[must_use]
    pub const fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("method", &self.method)
            .field("target", &self.target())
            .field("status", &self.status)
            .field("bytes", &self.bytes)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}
