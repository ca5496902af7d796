//! Hosts an app over FastCGI 1.0: [`FastCgi`].
//!
//! ```no_run
//! use enfilade_adapters::FastCgi;
//! use enfilade_core::{HostError, Request};
//!
//! fn main() -> Result<(), HostError> {
//!     FastCgi::bind("unix:/run/site.sock").run(async |_: Request| "hello")
//! }
//! ```
//!
//! What it can carry:
//!
//! | | | |
//! |---|---|---|
//! | bodies of requests stream | yes | as far as the web server does not collect them first |
//! | bodies of responses stream | yes | |
//! | trailers | no | |
//! | peer, local address, server name | yes | as the web server tells them |
//! | facts of TLS | yes | as the web server tells them; no certificates of clients |
//! | informational responses | no | |
//! | upgrade | no | |
//! | files are sent by the operating system | no | |
//! | a client that leaves drops the app | yes | when the web server aborts the request or closes the connection |
//! | an app that asks for it goes on without its client | yes | see [`OnDisconnect`](enfilade_core::OnDisconnect); it counts against [`with_max_requests`](FastCgi::with_max_requests) |
//! | the process ends after one request | no | |
//!
//! # In front of it
//!
//! nginx:
//!
//! ```text
//! upstream site { server unix:/run/site.sock; keepalive 16; }
//! location / {
//!     include fastcgi_params;
//!     fastcgi_pass site;
//!     fastcgi_keep_conn on;
//! }
//! ```
//!
//! It reads answers ahead into buffers. A stream of events that must not wait there says
//! `X-Accel-Buffering: no`, as `fastcgi_buffering off;` does for all answers.
//! `fastcgi_request_buffering off;` has uploads stream.
//!
//! Fields with which an app would have its web server send a file or another path are left out of
//! responses: `X-Accel-Redirect`, `X-Sendfile` and what begins with it, `X-Lighttpd-Send-`, `X-CGI-`;
//! and `Status`. Those that say how to send this response, such as `X-Accel-Buffering`, pass.
//!
//! # Roles
//!
//! An app is a *Responder*. Another one may play the *Authorizer*: see
//! [`with_authorizer`](FastCgi::with_authorizer). Nobody plays the *Filter*, which is refused with
//! `FCGI_UNKNOWN_ROLE`.
//!
//! # Who waits for whom
//!
//! FastCGI has no flow control beside that of its connection. A connection carries one request at a
//! time, by default, and others are refused with `FCGI_CANT_MPX_CONN`. So an app that reads
//! slowly has its own web server wait: 64 KiB of a body are kept for it. A web server that reads
//! slowly has its app wait: no body is polled while 64 KiB wait to be sent to it. With
//! [`with_multiplexing`](FastCgi::with_multiplexing) a connection carries several, and
//! [`with_stall`](FastCgi::with_stall) says how long they wait for the slowest.
//!
//! # Ends
//!
//! * A body that the web server cuts short, by an abort or with its connection, is an error to the
//!   app, and never a shorter body. The app's future is dropped then. While an app leaves its body
//!   unread, and all 64 KiB are taken, nobody notices.
//! * A web server that closes its side of a connection has left, even if it would still read: none
//!   closes it for another reason.
//! * An answer that breaks off is never ended. The protocol has no words for it, and nginx takes the
//!   end of a connection for that of an answer without a length. So the last that is sent is
//!   what is no record, and over TCP the connection is reset. Behind nginx, lighttpd, HAProxy and
//!   Apache's mod_proxy_fcgi the client sees that it has not all; mod_fcgid puts an error page behind
//!   what it has, and says that this was all.
//! * Over TCP the system says it for a process that is killed, too. Over a Unix socket nothing does:
//!   with `fastcgi_keep_conn on` nginx sees it, and without it takes what it has for a whole answer,
//!   or has the client wait for the rest of a length.
//! * Connections are kept where the web server asks for it, until the host stops. What was sent
//!   before that is answered: a connection that is new then has a second to bring its request, and
//!   a request as long to bring the rest of its parameters. Later ones are refused with
//!   `FCGI_OVERLOADED`.
//!
//! # Errors
//!
//! What is reported during a request goes to the web server in STDERR records, and so to its error
//! log; everything else goes to [`with_error_sink`](FastCgi::with_error_sink).
//!
//! FastCGI 1.0: <https://fastcgi-archives.github.io/FastCGI_Specification.html>

use std::{net::IpAddr, sync::Arc, time::Duration};

use enfilade_core::{App, Gateway};

use crate::{answered::Answered, backend::Backend};

mod breach;
mod closing;
mod conversation;
mod exchange;
mod inherited;
mod management;
mod pairs;
mod pipe;
mod protocol;
mod record;
mod rules;
mod serving;
mod stall;
mod stderr;
mod verdict;

pub use pairs::{CutPair, Pairs};
pub use protocol::FastCgiProtocol;
pub use record::{BadVersion, Header, Piece, RecordReader};

/// Hosts an app over FastCGI. What it has in common with its kin is told at [`Backend`], what is
/// special about it in the [module](self).
pub type FastCgi = Backend<FastCgiProtocol>;

impl Backend<FastCgiProtocol> {
    /// Answers requests that ask for an Authorizer with `app`. By default they are refused.
    ///
    /// A web server asks it whether a request may pass. A response with status 200 lets it pass;
    /// its fields `Variable-NAME` become variables of the request, such as `REMOTE_USER`, and the
    /// rest of it is dropped. Any other response is the answer to the client. So the verdict of a
    /// middleware is that of a pipeline around an app that lets everybody pass:
    ///
    /// ```
    /// use enfilade_adapters::FastCgi;
    /// use enfilade_core::{App, Error, Next, Pipeline, Request, Response, Result, from_fn};
    ///
    /// async fn friends_only(request: Request, next: Next<'_>) -> Result<Response> {
    ///     match request.headers().get("x-knock") {
    ///         Some(knock) if knock == "friend" => Ok(next.respond(request).await),
    ///         _ => Err(Error::status(403)),
    ///     }
    /// }
    ///
    /// let gate = Pipeline::new()
    ///     .with(from_fn(friends_only))
    ///     .app(async |_: Request| ([("variable-remote-user", "a friend")], ""));
    /// let host = FastCgi::bind("127.0.0.1:0").with_authorizer(gate);
    /// # let _ = host;
    /// ```
    pub fn with_authorizer(mut self, app: impl App + 'static) -> FastCgi {
        let app = Arc::new(app);
        self.protocol.rules.authorizes = true;
        self.protocol.authorizer = Some(Box::new(move |request, paths, rests| {
            let gateway = Gateway::new(Arc::clone(&app)).with_path_policy(paths);
            Answered::new(Arc::new(gateway).answer_shared(request), rests)
        }));
        self
    }

    /// How many requests may run at a time, on all connections: 1,024 by default. More are refused
    /// with `FCGI_OVERLOADED`, of which web servers make a 502 or 503.
    pub const fn with_max_requests(mut self, requests: usize) -> FastCgi {
        self.protocol.rules.requests = requests;
        self
    }

    /// Takes as many as `requests` at a time on one connection; more are refused with
    /// `FCGI_OVERLOADED`. By default, and with less than 2, a connection carries one request at a
    /// time, which all web servers can do, and few anything else.
    ///
    /// Each one may have 64 KiB of its body waiting for its app. When they are taken, the
    /// connection is read no further, for a while: see [`with_stall`](FastCgi::with_stall).
    ///
    /// Nor can an answer be kept back for a client that reads slowly: HAProxy then reads no answer on
    /// that connection.
    ///
    /// Where an answer breaks off, the connection takes no more requests, and it is closed when
    /// the others are answered, or after the time of [`with_stall`](FastCgi::with_stall): their
    /// clients have done nothing wrong, but FastCGI knows no other way to break off one.
    pub const fn with_multiplexing(mut self, requests: usize) -> FastCgi {
        self.protocol.rules.requests_per_connection = if requests < 2 { 1 } else { requests };
        self
    }

    /// How long a request may hold up the others on its connection by not reading its body: 5
    /// seconds by default, in all. Then its body breaks off with an error, and what else comes of
    /// it is dropped. An answer that breaks off waits as long for the others on its connection; then
    /// they are broken off with it, which is reported. It matters with multiplexing alone; a request
    /// that has a connection for itself takes the time it takes.
    pub const fn with_stall(mut self, longest: Duration) -> FastCgi {
        self.protocol.stall = longest;
        self
    }

    /// Closes TCP connections from anybody else. By default everybody may connect who can, except
    /// where the socket is [inherited](FastCgi::inherited).
    pub fn with_web_servers(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> FastCgi {
        let addresses = addresses.into_iter().map(|address| address.to_canonical());
        self.protocol.web_servers = Some(addresses.collect());
        self
    }
}
