//! One connection, from its first byte to its last: [`Serving`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use enfilade_core::Connection;
use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;

use crate::{
    door::Shaking,
    exchange::Exchange,
    http2::Http2,
    service::Service,
    site::Site,
    sniff::Spoken,
    stream::Stream,
    tasks::{Phase, Task},
    wire::Wire,
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
    Shaking(Shaking, Arc<Site>),
    /// Nobody knows yet which version the client speaks.
    Opening(Option<(Wire, Service)>),
    Http1(UpgradeableConnection<TokioIo<Wire>, Service>),
    /// Boxed, so that a connection with HTTP/1 does not make room for it.
    Http2(Box<Http2>),
}

impl Serving {
    /// Serves `site` on `stream`.
    pub(crate) fn new(stream: Stream, facts: Connection, site: Arc<Site>, task: Task) -> Serving {
        let (wire, service) = halves(stream, facts, site);
        Serving::at(Stage::Opening(Some((wire, service))), task)
    }

    /// Serves `site` on what comes out of a handshake.
    pub(crate) fn shaking(shaking: Shaking, site: Arc<Site>, task: Task) -> Serving {
        Serving::at(Stage::Shaking(shaking, site), task)
    }

    const fn at(stage: Stage, task: Task) -> Serving {
        Serving {
            stage,
            task,
            draining: false,
        }
    }
}

/// The bytes and the messages of a connection.
fn halves(stream: Stream, facts: Connection, site: Arc<Site>) -> (Wire, Service) {
    let exchange = Exchange::new();
    let wire = Wire::new(stream, Arc::clone(&exchange), site.half_close);
    let service = Service {
        connection: Arc::new(facts),
        exchange,
        site,
    };
    (wire, service)
}

impl Stage {
    fn speaking(spoken: Spoken, mut wire: Wire, mut service: Service) -> Stage {
        match spoken {
            Spoken::Http1 => {
                let http1 = service.site.http1.clone();
                Stage::Http1(
                    http1
                        .serve_connection(TokioIo::new(wire), service)
                        .with_upgrades(),
                )
            }
            Spoken::Http2 => {
                // Streams end one by one there, and the end of the connection is the end of all.
                wire.hold_nothing_back();
                capabilities_of_http2(&mut service);
                Stage::Http2(Box::new(Http2::new(wire, service)))
            }
        }
    }

    /// Whether there was anything to be drained.
    fn drain(&mut self) -> bool {
        match self {
            Stage::Shaking(..) | Stage::Opening(_) => return false,
            Stage::Http1(connection) => Pin::new(connection).graceful_shutdown(),
            Stage::Http2(connection) => connection.graceful_shutdown(),
        }
        true
    }
}

fn capabilities_of_http2(service: &mut Service) {
    Arc::make_mut(&mut service.connection).capabilities.upgrade = false;
}

/// What goes wrong here is the client's: it left, or does not speak HTTP. hyper has answered what
/// could be answered, and what fails in the app is reported where it fails.
impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        match this.task.phase(cx) {
            Phase::Serving => {}
            Phase::Draining if this.draining => {}
            Phase::Draining => {
                this.draining = true;
                if !this.stage.drain() {
                    return Poll::Ready(());
                }
            }
            Phase::Aborting => return Poll::Ready(()),
        }
        loop {
            match &mut this.stage {
                Stage::Shaking(shaking, site) => {
                    let Some((stream, facts, spoken)) = ready!(shaking.as_mut().poll(cx)) else {
                        return Poll::Ready(());
                    };
                    let (wire, service) = halves(stream, facts, Arc::clone(site));
                    this.stage = Stage::speaking(spoken, wire, service);
                }
                Stage::Opening(opening) => {
                    let Some((mut wire, service)) = opening.take() else {
                        return Poll::Ready(());
                    };
                    match wire.poll_spoken(cx) {
                        Poll::Pending => {
                            *opening = Some((wire, service));
                            return Poll::Pending;
                        }
                        Poll::Ready(Ok(Some(spoken))) => {
                            this.stage = Stage::speaking(spoken, wire, service);
                        }
                        // It left before it said anything.
                        Poll::Ready(_) => return Poll::Ready(()),
                    }
                }
                Stage::Http1(connection) => return Pin::new(connection).poll(cx).map(drop),
                Stage::Http2(connection) => return Pin::new(&mut **connection).poll(cx).map(drop),
            }
        }
    }
}
