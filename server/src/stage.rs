//! How far a connection has come: [`Stage`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use enfilade_core::Connection;

use crate::{
    alarm::Alarm,
    breach::Limit,
    door::Handshake,
    handshaking::Handshaking,
    http2::Http2,
    opening::{Http1, Opening, http1},
    proxy::Greeting,
    session::Session,
    site::Site,
    sniff::Spoken,
    stream::Stream,
    wire::Wire,
};

/// What a connection is at.
///
/// What is large is boxed: most connections rest at most times.
pub(crate) enum Stage {
    /// A proxy has yet to say whom it speaks for.
    Greeting(Greeting, Option<Arc<dyn Handshake>>, Arc<Site>),
    /// TLS is not agreed on yet.
    Shaking(Box<Handshaking>),
    /// Nobody knows yet which version the client speaks.
    Opening(Box<Opening>),
    Http1(Box<Http1>, Arc<Session>),
    /// Between two requests of HTTP/1.1, after a while.
    Resting(Box<Wire>),
    /// It has rested long enough, or its client has left.
    Leaving(Box<Wire>),
    Http2(Box<Http2>),
    Closed,
}

impl Stage {
    pub(crate) fn begin(
        stream: Stream,
        facts: Connection,
        handshake: Option<&dyn Handshake>,
        site: Arc<Site>,
    ) -> Stage {
        match handshake {
            None => {
                let opening = Opening::new(stream, facts, site, Alarm::default());
                Stage::Opening(Box::new(opening))
            }
            Some(handshake) => {
                let peer = facts.peer.clone();
                let shaking = handshake.shake(stream, facts);
                Stage::Shaking(Box::new(Handshaking::new(shaking, peer, site)))
            }
        }
    }

    fn speaking(opening: Opening, spoken: Spoken) -> Stage {
        match spoken {
            Spoken::Http1 => {
                let (connection, session) = opening.http1();
                Stage::Http1(connection, session)
            }
            Spoken::Http2 => Stage::Http2(Box::new(opening.http2())),
        }
    }

    /// Whether a request is being received or answered.
    pub(crate) fn is_busy(&self) -> bool {
        match self {
            Stage::Http1(_, session) => session.is_busy(),
            Stage::Http2(connection) => connection.is_busy(),
            _ => false,
        }
    }

    /// Whether the client has begun to speak HTTP.
    pub(crate) const fn speaks(&self) -> bool {
        !matches!(
            self,
            Stage::Greeting(..) | Stage::Shaking(..) | Stage::Opening(_)
        )
    }

    /// Lets a connection rest that nothing is owed on.
    fn rest(connection: Http1) -> Stage {
        match connection.into_parts() {
            // Always so, since whole messages pass the gate; bytes that were lost would shift what
            // is read as the next request.
            Some(parts) if parts.read_buf.is_empty() => {
                Stage::Resting(parts.io.into_inner().rest())
            }
            _ => Stage::Closed,
        }
    }

    /// What goes wrong here is the client's: it left, or does not speak HTTP. hyper has answered
    /// what could be answered, and what fails in the app is reported where it fails.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            *self = match self {
                Stage::Greeting(greeting, handshake, site) => {
                    match ready!(greeting.as_mut().poll(cx)) {
                        Some((stream, facts)) => {
                            let site = Arc::clone(site);
                            Stage::begin(stream, facts, handshake.as_deref(), site)
                        }
                        None => Stage::Closed,
                    }
                }
                Stage::Shaking(handshaking) => match ready!(handshaking.poll(cx)) {
                    Some((opening, spoken)) => Stage::speaking(opening, spoken),
                    None => Stage::Closed,
                },
                Stage::Opening(opening) => {
                    let spoken = ready!(opening.poll_spoken(cx));
                    match (spoken, std::mem::replace(self, Stage::Closed)) {
                        (Ok(Some(spoken)), Stage::Opening(opening)) => {
                            Stage::speaking(*opening, spoken)
                        }
                        _ => Stage::Closed,
                    }
                }
                Stage::Http1(connection, session) => {
                    match Pin::new(&mut **connection).poll(cx) {
                        Poll::Ready(ended) => {
                            if ended.is_err_and(|error| error.is_parse_too_large()) {
                                session.report(Limit::HeadBytes);
                            }
                            return Poll::Ready(());
                        }
                        Poll::Pending if session.take_tired() => {}
                        Poll::Pending => return Poll::Pending,
                    }
                    match std::mem::replace(self, Stage::Closed) {
                        Stage::Http1(connection, _) => Stage::rest(*connection),
                        other => other,
                    }
                }
                Stage::Resting(wire) => {
                    let is_awake = ready!(wire.poll_awake(cx));
                    match std::mem::replace(self, Stage::Closed) {
                        Stage::Resting(wire) if is_awake => {
                            let session = Arc::clone(wire.session());
                            Stage::Http1(http1(*wire), session)
                        }
                        Stage::Resting(wire) => Stage::Leaving(wire),
                        other => other,
                    }
                }
                Stage::Leaving(wire) => return wire.poll_leave(cx),
                Stage::Http2(connection) => return Pin::new(&mut **connection).poll(cx).map(drop),
                Stage::Closed => return Poll::Ready(()),
            };
        }
    }
}
