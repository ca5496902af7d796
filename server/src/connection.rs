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
    door::{Handshake, Shaking},
    http1::Http1,
    http2::Http2,
    opening::Opening,
    proxy::Greeting,
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
    leaving: Option<Pin<Box<Sleep>>>,
}

/// How long the server stays when it stops, for a client that has yet to say what it wants, or
/// whose next request may be on its way: it would see the connection break, and could not know
/// whether it was answered.
const LINGER: Duration = Duration::from_millis(250);

#[allow(
    clippy::large_enum_variant,
    reason = "nearly every connection becomes the large one, and a box would be one more to make"
)]
enum Stage {
    /// A proxy has yet to say whom it speaks for.
    Greeting(Greeting, Option<Arc<dyn Handshake>>, Arc<Site>),
    /// TLS is not agreed on yet.
    Shaking(Shaking, Arc<Site>),
    /// Nobody knows yet which version the client speaks.
    Opening(Opening),
    Http1(Http1),
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
        let leaving = self.leaving.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        loop {
            ready!(leaving.as_mut().poll(cx));
            if !self.stage.is_busy() {
                return Poll::Ready(());
            }
            leaving.as_mut().reset(Instant::now() + LINGER);
        }
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
            None => Stage::Opening(Opening::new(stream, facts, site)),
            Some(handshake) => Stage::Shaking(handshake.shake(stream, facts), site),
        }
    }

    fn speaking(opening: Opening, spoken: Spoken) -> Stage {
        match spoken {
            Spoken::Http1 => Stage::Http1(opening.http1()),
            Spoken::Http2 => Stage::Http2(Box::new(opening.http2())),
        }
    }

    /// Whether a request is being received or answered.
    fn is_busy(&self) -> bool {
        match self {
            Stage::Http1(connection) => connection.is_busy(),
            Stage::Http2(connection) => connection.is_busy(),
            Stage::Greeting(..) | Stage::Shaking(..) | Stage::Opening(_) | Stage::Closed => false,
        }
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
                Stage::Shaking(shaking, site) => match ready!(shaking.as_mut().poll(cx)) {
                    Some((stream, facts, spoken)) => {
                        let opening = Opening::new(stream, facts, Arc::clone(site));
                        Stage::speaking(opening, spoken)
                    }
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
                Stage::Http1(connection) => return Pin::new(connection).poll(cx).map(drop),
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
