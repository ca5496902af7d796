//! A connection before its version is known: [`Opening`].

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use enfilade_core::Connection;
use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    gate::Gate,
    http2::Http2,
    service::Service,
    session::Session,
    site::Site,
    sniff::{Head, Spoken},
    stream::Stream,
    wire::Wire,
};

/// An HTTP/1.1 connection. It can be taken over.
pub(crate) type Http1 = UpgradeableConnection<TokioIo<Wire>, Service>;

/// A connection whose first bytes are being looked at.
pub(crate) struct Opening {
    stream: Stream,
    head: Head,
    facts: Connection,
    site: Arc<Site>,
}

impl Opening {
    pub(crate) fn new(stream: Stream, facts: Connection, site: Arc<Site>) -> Opening {
        Opening {
            stream,
            head: Head::default(),
            facts,
            site,
        }
    }

    /// Reads as many bytes as tell the version; `None` where the client left before.
    pub(crate) fn poll_spoken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Spoken>>> {
        loop {
            let mut buffer = ReadBuf::new(self.head.space());
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let count = buffer.filled().len();
            if count == 0 {
                return Poll::Ready(Ok(None));
            }
            if let Some(spoken) = self.head.read(count) {
                return Poll::Ready(Ok(Some(spoken)));
            }
        }
    }

    pub(crate) fn http1(self) -> Http1 {
        let session = Session::new(self.site, self.facts);
        let patience = Some(session.site.half_close);
        let gate = Some(Gate::default());
        let wire = Wire::new(self.stream, self.head, Arc::clone(&session), patience, gate);
        let http1 = &Arc::clone(&session.site).http1;
        http1
            .serve_connection(TokioIo::new(wire), Service(session))
            .with_upgrades()
    }

    pub(crate) fn http2(mut self) -> Http2 {
        self.facts.capabilities.upgrade = false;
        let session = Session::new(self.site, self.facts);
        // It is read all the time, and the end of the connection is the end of all its streams.
        let wire = Wire::new(self.stream, self.head, Arc::clone(&session), None, None);
        Http2::new(wire, Service(session))
    }
}
