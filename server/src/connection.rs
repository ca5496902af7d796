//! One connection, from its first byte to its last: [`Serving`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use enfilade_core::Connection;
use tokio::time::{Instant, Sleep, sleep};

use crate::{
    alarm::Alarm,
    breach::Limit,
    door::Handshake,
    handshaking::Handshaking,
    http2::Http2,
    opening::{Http1, Opening},
    proxy::Greeting,
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
    /// Runs while the server stops.
    leaving: Option<Box<Leaving>>,
}

#[allow(
    clippy::large_enum_variant,
    reason = "nearly every connection becomes the large one, and a box would be one more to make"
)]
enum Stage {
    /// A proxy has yet to say whom it speaks for.
    Greeting(Greeting, Option<Arc<dyn Handshake>>, Arc<Site>),
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
    /// Serves `site` on `stream`, behind a handshake where there is one.
    pub(crate) fn new(
        stream: Stream,
        facts: Connection,
        handshake: Option<&dyn Handshake>,
        site: Arc<Site>,
        task: Task,
    ) -> Serving {
        Serving::at(Stage::begin(stream, facts, handshake, site), task)
    }

    /// The same, behind what a proxy says first.
    pub(crate) fn greeting(
        greeting: Greeting,
        handshake: Option<Arc<dyn Handshake>>,
        site: Arc<Site>,
        task: Task,
    ) -> Serving {
        Serving::at(Stage::Greeting(greeting, handshake, site), task)
    }

    const fn at(stage: Stage, task: Task) -> Serving {
        Serving {
            stage,
            task,
            leaving: None,
        }
    }

    /// Lets what runs end, and closes what does not after a moment: also half a head, a handshake
    /// that hangs, and an HTTP/2 client that never confirms that it has heard.
    fn poll_draining(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Stage::Http2(connection) = &mut self.stage {
            connection.graceful_shutdown();
        }
        let leaving = self
            .leaving
            .get_or_insert_with(|| Leaving::new(&self.stage));
        loop {
            ready!(leaving.pause.as_mut().poll(cx));
            // An answer that ended just now may have a next request behind it.
            let was_busy = std::mem::replace(&mut leaving.busy, self.stage.is_busy());
            let is_late = self.stage.speaks() || leaving.begun.elapsed() >= GREETED_BY;
            if !leaving.busy && !was_busy && is_late {
                return Poll::Ready(());
            }
            leaving.pause.as_mut().reset(Instant::now() + LINGER);
        }
    }
}

/// How long the server stays when it stops, for a client whose next request may be on its way: it
/// would see the connection break, and could not know whether it was answered.
const LINGER: Duration = Duration::from_millis(250);

/// The same, for a client that was let in just before, and has yet to say which version it speaks.
const GREETED_BY: Duration = Duration::from_secs(1);

/// A connection of a server that stops.
struct Leaving {
    begun: Instant,
    pause: Pin<Box<Sleep>>,
    /// Whether it was busy when the pause began.
    busy: bool,
}

impl Leaving {
    fn new(stage: &Stage) -> Box<Leaving> {
        Box::new(Leaving {
            begun: Instant::now(),
            pause: Box::pin(sleep(LINGER)),
            busy: stage.is_busy(),
        })
    }
}

impl Stage {
    fn begin(
        stream: Stream,
        facts: Connection,
        handshake: Option<&dyn Handshake>,
        site: Arc<Site>,
    ) -> Stage {
        match handshake {
            None => Stage::Opening(Opening::new(stream, facts, site, Alarm::default())),
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
    fn is_busy(&self) -> bool {
        match self {
            Stage::Http1(_, session) => session.is_busy(),
            Stage::Http2(connection) => connection.is_busy(),
            Stage::Greeting(..) | Stage::Shaking(..) | Stage::Opening(_) | Stage::Closed => false,
        }
    }

    /// Whether the client has begun to speak HTTP.
    const fn speaks(&self) -> bool {
        matches!(self, Stage::Http1(..) | Stage::Http2(_) | Stage::Closed)
    }

    /// What goes wrong here is the client's: it left, or does not speak HTTP. hyper has answered
    /// what could be answered, and what fails in the app is reported where it fails.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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
            Phase::Draining => {
                if this.poll_draining(cx).is_ready() {
                    return Poll::Ready(());
                }
            }
            Phase::Aborting => return Poll::Ready(()),
        }
        this.stage.poll(cx)
    }
}
