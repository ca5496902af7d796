//! What the streams of a connection share: [`Link`].

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use h3::{error::Code, quic::ConnectionErrorIncoming};
use quinn::VarInt;
use tokio::time::Instant;

use super::{hints::Hints, transport::Begun};
use crate::{breach::Limit, budget::Budget, session::Session};

/// A connection of QUIC, and what its streams tell each other.
pub(super) struct Link {
    pub(super) quic: quinn::Connection,
    pub(super) session: Arc<Session>,
    pub(super) hints: Arc<Hints>,
    /// What does no work.
    idle: Mutex<Budget>,
    /// Whether the client has begun to speak HTTP/3.
    heard: AtomicBool,
    /// The first request that is rejected.
    end: AtomicU64,
    /// The request that h3 was given last.
    begun: Mutex<Option<Begun>>,
}

impl Link {
    pub(super) fn new(quic: quinn::Connection, session: Arc<Session>, hints: Arc<Hints>) -> Link {
        let limits = &session.site.limits;
        let most = limits.http2_idle_frames;
        let each = std::time::Duration::from_secs(1) / most.max(1);
        Link {
            quic,
            hints,
            idle: Mutex::new(Budget::new(most, each, Instant::now())),
            session,
            heard: AtomicBool::new(false),
            end: AtomicU64::new(u64::MAX),
            begun: Mutex::new(None),
        }
    }

    /// Closes the connection, and with it all of its streams.
    pub(super) fn close(&self, code: Code) {
        self.quic.close(number(code), b"");
    }

    /// The same, as h3 is told of it.
    pub(super) fn broken(&self, code: Code) -> ConnectionErrorIncoming {
        self.close(code);
        ConnectionErrorIncoming::Undefined(Arc::new(code_error(code)))
    }

    /// The client broke a limit that is the connection's.
    pub(super) fn breach(&self, limit: Limit) {
        self.session.report(limit);
        self.close(Code::H3_EXCESSIVE_LOAD);
    }

    /// Something came that does no work.
    ///
    /// # Errors
    ///
    /// Where there was too much of it. The connection is closed then.
    pub(super) fn idle(&self) -> Result<(), Code> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.spend() {
            return Ok(());
        }
        self.breach(Limit::IdleFrames);
        Err(Code::H3_EXCESSIVE_LOAD)
    }

    /// Bytes came that do some.
    pub(super) fn earn(&self) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.earn(1);
    }

    pub(super) fn hear(&self) {
        self.heard.store(true, Relaxed);
    }

    pub(super) fn has_heard(&self) -> bool {
        self.heard.load(Relaxed)
    }

    /// Requests whose streams have the number `end`, or a greater one, are rejected.
    pub(super) fn end_at(&self, end: u64) {
        self.end.store(end, Relaxed);
    }

    /// h3 is given a request.
    pub(super) fn begin(&self, begun: Begun) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    }

    /// The one that it was given last.
    pub(super) fn take_begun(&self) -> Option<Begun> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.take()
    }

    pub(super) fn rejects(&self, stream: u64) -> bool {
        stream >= self.end.load(Relaxed)
    }
}

pub(super) fn number(code: Code) -> VarInt {
    // All codes fit.
    VarInt::from_u64(code.value()).unwrap_or(VarInt::MAX)
}

fn code_error(code: Code) -> std::io::Error {
    std::io::Error::other(format!("the connection was closed with {code}"))
}
