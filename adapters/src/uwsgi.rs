//! The uwsgi protocol, as the [documentation of uWSGI][spec] has it: [`Uwsgi`].
//!
//! ```no_run
//! use enfilade_adapters::Uwsgi;
//! use enfilade_core::{HostError, Request};
//!
//! fn main() -> Result<(), HostError> {
//!     Uwsgi::bind("unix:/run/site.sock").run(async |_: Request| "hello")
//! }
//! ```
//!
//! What it can carry:
//!
//! | | | |
//! |---|---|---|
//! | bodies of requests stream | yes | as far as the web server does not collect them first; a length must be told, else the answer is 411 |
//! | bodies of responses stream | yes | |
//! | trailers | no | |
//! | peer, local address, server name | yes | as the web server tells them |
//! | facts of TLS | yes | as the web server tells them; no certificates of clients |
//! | informational responses | no | |
//! | upgrade | no | |
//! | files are sent by the operating system | no | |
//! | a client that leaves drops the app | yes | when the web server closes the connection |
//! | an app that asks for it goes on without its client | yes | see [`OnDisconnect`](enfilade_core::OnDisconnect) |
//! | the process ends after one request | no | |
//!
//! Requests for apps in WSGI, PSGI, Rack and CGI are taken, which differ in nothing but the first
//! byte (0, 5, 7 and 9), and those of `uwsgi_modifier1 30`, with which an operator says
//! that `SCRIPT_NAME` is the prefix below which the app stands. All others are refused: there are
//! some that run code. For the same reason the variables that steer uWSGI (`UWSGI_FILE`,
//! `UWSGI_SETENV` and their kin) are variables like others here.
//!
//! The answer begins with a line of HTTP: Apache wants it, and nginx would pass a `Status` on.
//!
//! A response that breaks off, for whatever reason, ends with a reset, over TCP, and before its
//! `Content-Length`. Over a Unix socket nothing tells one without a length from one that ended,
//! and lighttpd makes a clean end of it over TCP, too: tell the length where it is known.
//!
//! Fields with which an app would have its web server send a file or another path are left out of
//! responses: `X-Accel-Redirect`, `X-Sendfile` and what begins with it, `X-Lighttpd-Send-`, `X-CGI-`;
//! and `Status`. Those that say how to send this response, such as `X-Accel-Buffering`, pass.
//!
//! [spec]: https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html

use bytes::BytesMut;
use enfilade_core::Capabilities;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    backend::{Backend, Protocol, Reader, Unfinished, Writer},
    exchange::{Ended, serve_packet},
    gateway::{BadRequest, Style},
    site::Site,
};

mod decode;

pub use decode::{Packet, decode};

/// Hosts an app behind a web server that speaks the uwsgi protocol. See the [module](self).
pub type Uwsgi = Backend<UwsgiProtocol>;

/// What makes a [`Backend`] speak the uwsgi protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct UwsgiProtocol;

impl Protocol for UwsgiProtocol {
    const NAME: &'static str = "uwsgi";

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.streaming_request = true;
        capabilities.streaming_response = true;
        capabilities.disconnect = true;
        capabilities.finish = true;
        capabilities
    }

    async fn serve(&self, reader: Reader, writer: Writer, site: &Site) {
        serve(site, reader, Unfinished::new(writer)).await;
    }
}

async fn serve<R, W>(site: &Site, reader: R, writer: W) -> Ended
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let decode = |buffer: &mut BytesMut| -> Result<_, BadRequest> {
        let packet = decode(buffer)?;
        packet
            .map(|packet| packet.imported(site.import()))
            .transpose()
    };
    serve_packet(site, Style::Http, decode, reader, writer).await
}

#[cfg(test)]
mod tests;
