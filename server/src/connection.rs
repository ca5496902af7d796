//! One connection, from its first byte to its last: [`Serving`].

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
    handshaking::Handshaking,
    http2::Http2,
    opening::{Http1, Opening},
    session::Session,
    site::Site,
    sniff::Spoken,
    stream::Stream,
    tasks::{Phase, Task},
};

/// A connection being served: the future that its task runs.
pub(crate) struct Serving {
    stage: Stage,
    task: Task,
    draining: bool,
}

#[allow(
    clippy::large_enum_variant,
    reason = "nearly every connection becomes the large one, and a box would be one more to make"
)]
enum Stage {
    /// TLS is not agreed on yet.
    Shaking(Box<Handshaking>),
    /// Nobody knows yet which version the client speaks.
    Opening(Opening),
    Http1(Http1, Arc<Session>),
    /// Boxed, so that a connection with HTTP/1 does not make room for it.
    Http2(Box<Http2>),
    Closed,
}

impl Serving {
    /// Serves `site` on `stream`.
    pub(crate) fn new(stream: Stream, facts: Connection, site: Arc<Site>, task: Task) -> Serving {
        let opening = Opening::new(stream, facts, site, Alarm::default());
        Serving::at(Stage::Opening(opening), task)
    }

    /// Serves `site` on what comes out of a handshake.
    pub(crate) fn shaking(handshaking: Handshaking, task: Task) -> Serving {
        Serving::at(Stage::Shaking(Box::new(handshaking)), task)
    }

    const fn at(stage: Stage, task: Task) -> Serving {
        Serving {
            stage,
            task,
            draining: false,
        }
    }

    /// Lets what runs end, and what does not run be closed.
    fn drain(&mut self) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        match &mut self.stage {
            Stage::Http1(connection, _) => Pin::new(connection).graceful_shutdown(),
            Stage::Http2(connection) => connection.graceful_shutdown(),
            Stage::Shaking(..) | Stage::Opening(_) | Stage::Closed => self.stage = Stage::Closed,
        }
    }
}

impl Stage {
    fn speaking(opening: Opening, spoken: Spoken) -> Stage {
        match spoken {
            Spoken::Http1 => {
                let (connection, session) = opening.http1();
                Stage::Http1(connection, session)
            }
            Spoken::Http2 => Stage::Http2(Box::new(opening.http2())),
        }
    }

    /// What goes wrong here is the client's: it left, or does not speak HTTP. hyper has answered
    /// what could be answered, and what fails in the app is reported where it fails.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            *self = match self {
                Stage::Shaking(handshaking) => match ready!(handshaking.poll(cx)) {
                    Some((opening, spoken)) => Stage::speaking(opening, spoken),
                    None => Stage::Closed,
                },
                Stage::Opening(opening) => {
                    let spoken = ready!(opening.poll_spoken(cx));
                    match (spoken, std::mem::replace(self, Stage::Closed)) {
                        (Ok(Some(spoken)), Stage::Opening(opening)) => {
                            Stage::speaking(opening, spoken)
                        }
                        _ => Stage::Closed,
                    }
                }
                Stage::Http1(connection, session) => {
                    let ended = ready!(Pin::new(connection).poll(cx));
                    if ended.is_err_and(|error| error.is_parse_too_large()) {
                        session.report(Limit::HeadBytes);
                    }
                    return Poll::Ready(());
                }
                Stage::Http2(connection) => return Pin::new(&mut **connection).poll(cx).map(drop),
                Stage::Closed => return Poll::Ready(()),
            };
        }
    }
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        match this.task.phase(cx) {
            Phase::Serving => {}
            Phase::Draining => this.drain(),
            Phase::Aborting => return Poll::Ready(()),
        }
        this.stage.poll(cx)
    }
}
