//! How much a client may take, of time and of everything else: [`Limits`].

use std::time::Duration;

use enfilade_core::BodyPace;

use crate::strict::Lengths;

mod default;
#[cfg(feature = "serde")]
mod seconds;

/// What a client may take before the server ends it. All of it is on by default.
///
/// Who breaks a limit is told so where that is still possible: by a 408, 413, 414, 431 or 503 over
/// HTTP/1.1, after which the connection is closed, and by GOAWAY or RST_STREAM over HTTP/2. The
/// error stream gets a line that names the limit, its value and the client: one a second for each
/// limit at most, with the number of those that had none.
///
/// HTTP/3 is held to what HTTP/2 is held to, the fields named after it included: a handshake is
/// QUIC's, the first bytes are its SETTINGS or a request, the head is that of each request, and who
/// breaks a limit is told by a status, a reset or the end of the connection. Where 64 handshakes
/// are under way, or connections are counted by address, clients have to show first that their
/// addresses are their own (RFC 9000, section 8.1.2).
///
/// A duration of [`Duration::MAX`] is no limit, and so is the greatest value of a number. With
/// feature `serde`, durations are numbers of seconds, and what is left out has its default.
///
/// ```
/// use std::time::Duration;
///
/// use enfilade_server::{Limits, Server};
///
/// let mut limits = Limits::default();
/// limits.keep_alive = Duration::from_secs(5);
/// limits.connections_per_address = Some(256);
/// let server = Server::bind("[::]:8000").with_limits(limits);
/// # let _ = server;
/// ```
///
/// # What else there is
///
/// * How large a body the helpers read whole is the app's: [`BodyLimit`](enfilade_core::BodyLimit).
/// * How slowly a body may come is the app's to change: [`BodyPace`].
/// * How long an app may take to answer is the app's: a middleware of its own.
/// * A connection that was taken over (WebSocket) is held to no limit of these but the number of
///   connections.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Limits {
    /// From the connection to its first bytes, as many as tell HTTP/1.1 from HTTP/2, and to the
    /// first frame of HTTP/2: 10 seconds. (nginx and Caddy 60, h2o 10, actix 5.)
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub first_byte: Duration,

    /// For the handshake of TLS: 10 seconds. (nginx 60, h2o 10, actix 3.)
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub tls_handshake: Duration,

    /// For all of a request's head, from its first byte, however many come on the way: 10 seconds.
    /// (nginx and Caddy 60, Apache 20 to 40, actix 5.) With HTTP/2, for each frame but DATA, and
    /// for what continues HEADERS.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub head: Duration,

    /// How long no byte of a body may come: 20 seconds. (nginx 60, Apache 20, h2o 5.)
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub body_idle: Duration,

    /// How many bytes of a body must come each second, on average, after
    /// [`body_grace`](Limits::body_grace): 500, as with Apache. Zero is no rate.
    pub body_rate: u32,

    /// After how long of waiting for a body its rate counts: 10 seconds.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub body_grace: Duration,

    /// How long a body may be waited for in all: 5 minutes, as with Node.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub body_total: Duration,

    /// The most bytes of a body, whatever the app allows, and also where it streams: 1 GiB, as
    /// with h2o. (nginx 1 MiB; most have none.) An app raises its own limit up to this one.
    pub body_bytes: u64,

    /// How long a client may take nothing of an answer that is there: 30 seconds. (nginx and Caddy
    /// 60, lighttpd 360.) With HTTP/2, for each stream as well.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub write_idle: Duration,

    /// How many bytes of an answer a client must take each second, on average, while it is waited
    /// for longer than [`write_idle`](Limits::write_idle) in all: 500. Zero is no rate. So a
    /// client that takes a byte now and then, or opens a window of HTTP/2 by a byte, is none that
    /// reads.
    pub write_rate: u32,

    /// How long a connection of HTTP/1.1 may rest between two requests: 60 seconds. (nginx 75,
    /// Caddy 300, Apache, Node and uvicorn 5.)
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub keep_alive: Duration,

    /// How long a connection of HTTP/2 may have no open stream: 60 seconds. (nginx 75, h2o 10.)
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub http2_keep_alive: Duration,

    /// Requests of one connection: 10,000. (nginx 1,000, Apache 100.) Then it is closed in order.
    pub requests: u32,

    /// How old a connection becomes, give or take a tenth, so that those of one moment do not end
    /// in one: an hour, as with nginx. Then it is closed in order.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub age: Duration,

    /// Bytes of a request's head over HTTP/1, and of its trailers: 32 KiB. (nginx 4 x 8 KiB, Apache 8,190 a
    /// field, Node 16 KiB; hyper 408 KiB.) Beyond it the answer is 431. More than 256 KiB is as
    /// 256 KiB.
    pub head_bytes: usize,

    /// Bytes of the request line, and over HTTP/1.1 of each field: 8 KiB. (Apache 8,190.) Beyond it
    /// the answer is 414, or 431 for a field.
    pub line_bytes: usize,

    /// Bytes of the target: 8 KiB. (nginx 8 KiB; hyper 64 KiB.) Beyond it the answer is 414. More
    /// than 65,534 is as 65,534.
    pub uri_bytes: usize,

    /// Fields of a head, and of its trailers: 100. (Apache, h2o and gunicorn 100, nginx 1,000.)
    /// Each piece of a cookie that HTTP/2 cuts up is one. Beyond it the answer is 431. Over
    /// HTTP/1.1 more than 10,000 is as 10,000, and above 100 each request takes memory for as many.
    pub fields: usize,

    /// Open streams of a connection of HTTP/2: 100. (nginx 128, HAProxy 100.)
    pub http2_streams: u32,

    /// Decoded bytes of the fields of a head, with 32 for each field (RFC 9113, section 6.5.2):
    /// 16 KiB. (nginx 32 KiB, HAProxy 16 KiB.) Over HTTP/3 more than 512 KiB is as 512 KiB.
    pub http2_header_list: u32,

    /// What a client may send of a body before the app reads it: 256 KiB.
    pub http2_stream_window: u32,

    /// What a client may send of all bodies of a connection before their apps read it: 1 MiB.
    pub http2_connection_window: u32,

    /// Streams that were ended because of what the client did wrong, before the connection is:
    /// 256. (hyper 1,024.)
    pub http2_local_resets: usize,

    /// Streams that the client reset before the server looked at them: 20.
    pub http2_pending_resets: usize,

    /// Streams that a client may reset at once; one more comes back every 30 ms: 128. (nghttp2
    /// 1,000.)
    pub http2_resets: u32,

    /// Frames a second that do no work: PING, SETTINGS, PRIORITY, those of no known type, DATA of
    /// less than five bytes that ends no body, and WINDOW_UPDATE and what continues HEADERS beyond
    /// need: 1,000.
    pub http2_idle_frames: u32,

    /// After how long of silence a client of HTTP/2 is pinged that is owed an answer: 30 seconds.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub http2_ping: Duration,

    /// How long it may take to answer: 20 seconds.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub http2_pong: Duration,

    /// Connections in all; the next ones wait in the system's queue. By default 10,000, or four
    /// fifths of the files that the process may open (`RLIMIT_NOFILE`), if that is less. When all
    /// are taken, connections that rest are closed to make room.
    pub connections: Option<usize>,

    /// Connections of one address, or of one network of 64 bits with IPv6; one more is closed at
    /// once. By default there is no such limit: a proxy or a carrier's network is one address.
    pub connections_per_address: Option<usize>,

    /// Requests that are being answered: 1,024. One more gets 503 with `Retry-After: 1`. While three
    /// quarters of them are there, the rate of a body counts after one second already: so bodies
    /// that drip do not keep others out.
    pub requests_in_flight: usize,
}

/// What hyper can read: its buffer, the length of an [`http::Uri`], and well below the number of
/// fields at which an [`http::HeaderMap`] panics.
const MOST: Lengths = Lengths {
    head: 256 * 1024,
    line: 256 * 1024,
    target: 65_534,
    fields: 10_000,
};

impl Limits {
    /// What is read of a head over HTTP/3: well below what makes an [`http::HeaderMap`] panic.
    #[cfg(feature = "http3")]
    pub(crate) fn http3_header_list(&self) -> u64 {
        u64::from(self.http2_header_list).min(512 * 1024)
    }

    /// What the check in front of hyper holds heads to: at most what hyper can read.
    pub(crate) fn lengths(&self) -> Lengths {
        Lengths {
            head: self.head_bytes.min(MOST.head),
            // A line that has not ended is measured alone.
            line: self.line_bytes.min(self.head_bytes).min(MOST.head),
            target: self.uri_bytes.min(MOST.target),
            fields: self.fields.min(MOST.fields),
        }
    }

    pub(crate) const fn body_pace(&self) -> BodyPace {
        BodyPace::new()
            .with_idle(self.body_idle)
            .with_rate(self.body_rate, self.body_grace)
            .with_total(self.body_total)
    }

    pub(crate) const fn write_pace(&self) -> BodyPace {
        BodyPace::any()
            .with_idle(self.write_idle)
            .with_rate(self.write_rate, self.write_idle)
    }
}
