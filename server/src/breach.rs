//! Limits that were broken: [`Limit`] names them, [`Breaches`] tells of them.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use enfilade_core::{ErrorSink, Peer};
use http::StatusCode;
use tokio::time::Instant;

use crate::{
    Limits,
    strict::{
        LONG_FIELD, LONG_HEAD, LONG_LINE, LONG_TARGET, LONG_TRAILERS, MANY_FIELDS, MANY_TRAILERS,
        Refusal,
    },
};

/// How often there is a line about each limit.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// A limit that a client can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    FirstByte,
    TlsHandshake,
    Head,
    Body,
    BodyBytes,
    Write,
    HeadBytes,
    HeaderList,
    Line,
    Uri,
    Fields,
    Trailers,
    Resets,
    IdleFrames,
    Ping,
    Calm,
    Stream,
    Connections,
    ConnectionsPerAddress,
    RequestsInFlight,
}

impl Limit {
    pub(crate) const ALL: [Limit; 20] = [
        Limit::FirstByte,
        Limit::TlsHandshake,
        Limit::Head,
        Limit::Body,
        Limit::BodyBytes,
        Limit::Write,
        Limit::HeadBytes,
        Limit::HeaderList,
        Limit::Line,
        Limit::Uri,
        Limit::Fields,
        Limit::Trailers,
        Limit::Resets,
        Limit::IdleFrames,
        Limit::Ping,
        Limit::Calm,
        Limit::Stream,
        Limit::Connections,
        Limit::ConnectionsPerAddress,
        Limit::RequestsInFlight,
    ];

    /// The limit that a refused head or trailer broke, where it broke one.
    pub(crate) fn broken_by(refusal: Refusal) -> Option<Limit> {
        match refusal {
            LONG_LINE | LONG_FIELD => Some(Limit::Line),
            LONG_TARGET => Some(Limit::Uri),
            LONG_HEAD | LONG_TRAILERS => Some(Limit::HeadBytes),
            MANY_FIELDS | MANY_TRAILERS => Some(Limit::Fields),
            _ => None,
        }
    }

    /// What the client is told, where it can be told anything.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Limit::BodyBytes => StatusCode::PAYLOAD_TOO_LARGE,
            Limit::Trailers => StatusCode::BAD_REQUEST,
            Limit::Line | Limit::Uri => StatusCode::URI_TOO_LONG,
            Limit::HeadBytes | Limit::HeaderList | Limit::Fields => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Limit::Connections | Limit::ConnectionsPerAddress | Limit::RequestsInFlight => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// What was broken, with the field of [`Limits`] that says otherwise.
    fn describe(self, limits: &Limits) -> String {
        let bytes =
            |what: &str, count: u64, name: &str| format!("{what} of {count} bytes ({name})");
        let count = |most: usize, what: &str, name: &str| format!("{most} {what} ({name})");
        let time =
            |what: &str, time: Duration, name: &str| format!("{what} within {time:?} ({name})");
        let pace = |what: &str, idle: Duration, rate: u32, name: &str| {
            format!("{what} within {idle:?} or at {rate} bytes a second ({name})")
        };
        match self {
            Limit::FirstByte => time("the first bytes", limits.first_byte, "first_byte"),
            Limit::TlsHandshake => time("the handshake", limits.tls_handshake, "tls_handshake"),
            Limit::Head => time("a whole head", limits.head, "head"),
            Limit::Body => format!(
                "{}, or all of it within {:?} (body_total)",
                pace(
                    "a body",
                    limits.body_idle,
                    limits.body_rate,
                    "body_idle, body_rate"
                ),
                limits.body_total
            ),
            Limit::BodyBytes => bytes("a body", limits.body_bytes, "body_bytes"),
            Limit::Write | Limit::Stream => {
                let what = if self == Limit::Write {
                    "an answer read"
                } else {
                    "a stream read"
                };
                pace(
                    what,
                    limits.write_idle,
                    limits.write_rate,
                    "write_idle, write_rate",
                )
            }
            Limit::HeadBytes => bytes("a head", limits.head_bytes as u64, "head_bytes"),
            Limit::HeaderList => bytes(
                "the fields of a head",
                limits.http2_header_list.into(),
                "http2_header_list",
            ),
            Limit::Line => bytes("a line of a head", limits.line_bytes as u64, "line_bytes"),
            Limit::Uri => bytes("a target", limits.uri_bytes as u64, "uri_bytes"),
            Limit::Fields => count(limits.fields, "fields", "fields"),
            Limit::Trailers => {
                "trailers without fields of a head, and without `_` in names".to_owned()
            }
            Limit::Resets => count(limits.http2_resets as usize, "resets", "http2_resets"),
            Limit::IdleFrames => count(
                limits.http2_idle_frames as usize,
                "idle frames a second",
                "http2_idle_frames",
            ),
            Limit::Ping => time("an answer to PING", limits.http2_pong, "http2_pong"),
            Limit::Calm => format!(
                "fields of {} bytes (http2_header_list), {} streams reset by the server \
                 (http2_local_resets) or {} by the client (http2_pending_resets), or DATA of too \
                 few bytes",
                limits.http2_header_list, limits.http2_local_resets, limits.http2_pending_resets,
            ),
            Limit::Connections => {
                "there are as many connections as there may be (connections); the next ones wait"
                    .to_owned()
            }
            Limit::ConnectionsPerAddress => count(
                limits.connections_per_address.unwrap_or(usize::MAX),
                "connections of one address",
                "connections_per_address",
            ),
            Limit::RequestsInFlight => count(
                limits.requests_in_flight,
                "requests in flight",
                "requests_in_flight",
            ),
        }
    }
}

/// Tells the error stream of limits that were broken, and not more often than helps.
pub(crate) struct Breaches {
    errors: Arc<dyn ErrorSink>,
    told: [Mutex<Told>; Limit::ALL.len()],
}

#[derive(Default)]
struct Told {
    last: Option<Instant>,
    /// Those since then.
    untold: u64,
}

impl Breaches {
    pub(crate) fn new(errors: Arc<dyn ErrorSink>) -> Breaches {
        Breaches {
            errors,
            told: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// `peer` has broken `limit`.
    pub(crate) fn report(&self, limit: Limit, limits: &Limits, peer: &Peer) {
        if let Some(line) = self.line(limit, limits, peer) {
            self.errors.report(&line);
        }
    }

    fn line(&self, limit: Limit, limits: &Limits, peer: &dyn Display) -> Option<String> {
        let mut told = self.told[limit as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if told.last.is_some_and(|last| now - last < REPORT_EVERY) {
            told.untold += 1;
            return None;
        }
        told.last = Some(now);
        let what = limit.describe(limits);
        let mut line = match limit {
            // It is nobody's in particular.
            Limit::Connections => what,
            _ => format!("{peer} broke a limit: {what}"),
        };
        match std::mem::take(&mut told.untold) {
            0 => {}
            more => line += &format!("; so did {more} more since the last such line"),
        }
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use enfilade_core::StandardError;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_limit_has_a_line_a_second_and_none_is_uncounted() {
        let breaches = Breaches::new(Arc::new(StandardError));
        let limits = Limits::default();
        let line = |limit| breaches.line(limit, &limits, &"203.0.113.9");
        assert_eq!(
            line(Limit::Head).as_deref(),
            Some("203.0.113.9 broke a limit: a whole head within 10s (head)")
        );
        assert_eq!(line(Limit::Head), None);
        assert_eq!(line(Limit::Head), None);
        assert!(line(Limit::Uri).is_some());
        tokio::time::advance(REPORT_EVERY).await;
        let next = line(Limit::Head).expect("a second has passed");
        assert!(
            next.ends_with("; so did 2 more since the last such line"),
            "{next}"
        );
        tokio::time::advance(REPORT_EVERY).await;
        assert!(!line(Limit::Head).expect("a line").contains("more"));
    }

    #[test]
    fn what_can_be_answered_is_answered_by_the_right_status() {
        for (limit, status) in [
            (Limit::Head, 408),
            (Limit::Body, 408),
            (Limit::BodyBytes, 413),
            (Limit::Uri, 414),
            (Limit::Line, 414),
            (Limit::Fields, 431),
            (Limit::Trailers, 400),
            (Limit::RequestsInFlight, 503),
        ] {
            assert_eq!(limit.status(), status, "{limit:?}");
        }
    }
}
