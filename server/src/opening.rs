//! A connection before its version is known: [`Opening`].

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use enfilade_core::Connection;
use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::Instant,
};

use crate::{
    alarm::Alarm,
    breach::Limit,
    gate::Gate,
    http2::Http2,
    service::Service,
    session::Session,
    site::Site,
    sniff::{Head, Spoken},
    source::Source,
    stream::Stream,
    wire::Wire,
};

/// An HTTP/1.1 connection. It can be taken over.
///
/// When the server stops, hyper is not told: it would close a connection on which nothing is owed
/// at once, though a request may be on its way. Each answer says by itself that it is the last one.
pub(crate) type Http1 = UpgradeableConnection<TokioIo<Wire>, Service>;

/// Serves HTTP/1.1 on `wire`, from its first request on or from the next one.
///
/// Boxed, because most connections rest at most times, without it.
pub(crate) fn http1(wire: Wire) -> Box<Http1> {
    let session = Arc::clone(wire.session());
    let http1 = &Arc::clone(&session.site).http1;
    let connection = http1.serve_connection(TokioIo::new(wire), Service(session));
    Box::new(connection.with_upgrades())
}

/// A connection whose first bytes are being looked at.
pub(crate) struct Opening {
    stream: Stream,
    head: Head,
    facts: Connection,
    site: Arc<Site>,
    alarm: Alarm,
    /// By when the first bytes must have come.
    due: Option<Instant>,
}

impl Opening {
    pub(crate) fn new(stream: Stream, facts: Connection, site: Arc<Site>, alarm: Alarm) -> Opening {
        Opening {
            stream,
            head: Head::default(),
            facts,
            site,
            alarm,
            due: None,
        }
    }

    /// Reads as many bytes as tell the version; `None` where the client left before.
    pub(crate) fn poll_spoken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Spoken>>> {
        loop {
            let mut buffer = ReadBuf::new(self.head.space());
            if Pin::new(&mut self.stream)
                .poll_read(cx, &mut buffer)?
                .is_pending()
            {
                return self.poll_late(cx).map(|()| Ok(None));
            }
            let count = buffer.filled().len();
            if count == 0 {
                return Poll::Ready(Ok(None));
            }
            if let Some(spoken) = self.head.read(count) {
                return Poll::Ready(Ok(Some(spoken)));
            }
        }
    }

    /// Ends when the first bytes are late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (now, limits) = (Instant::now(), &self.site.limits);
        if self.due.is_none() {
            self.due = now.checked_add(limits.first_byte);
        }
        match self.due {
            Some(due) if now >= due => {
                let breaches = &self.site.breaches;
                breaches.report(Limit::FirstByte, limits, &self.facts.peer);
                Poll::Ready(())
            }
            Some(due) => {
                self.alarm.by(cx, due);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    pub(crate) fn http1(self) -> (Box<Http1>, Arc<Session>) {
        let session = Session::new(self.site, self.facts, false);
        let patience = Some(session.site.half_close);
        let gate = Some(Gate::default());
        let wire = Wire::new(
            Source::new(self.stream, self.head),
            Arc::clone(&session),
            patience,
            self.alarm,
            gate,
        );
        (http1(wire), session)
    }

    pub(crate) fn http2(mut self) -> Http2 {
        self.facts.capabilities.upgrade = false;
        let session = Session::new(self.site, self.facts, true);
        // It is read all the time, and the end of the connection is the end of all its streams.
        let wire = Wire::new(
            Source::new(self.stream, self.head),
            Arc::clone(&session),
            None,
            self.alarm,
            None,
        );
        Http2::new(wire, session)
    }
}
