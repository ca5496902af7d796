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
    door::Handshake,
    proxy::Greeting,
    site::Site,
    stage::Stage,
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

#[cfg(test)]
mod tests;
