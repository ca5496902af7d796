//! What all connections of a server share: [`Site`].

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use enfilade_core::{App, Gateway, Request, Response, host::Answer};
use http::HeaderValue;
use hyper::server::conn::http1;
use tokio::time::Instant;

use crate::{
    Limits,
    answered::{Answered, Making},
    breach::{Breaches, Limit},
    crowd::{Addresses, Crowd},
    finish::Finish,
    options::Options,
    proofs::Proofs,
    refusal,
    refusing::Refusals,
    session::Session,
    strict::Lengths,
    tasks::{Phase, Task, Tasks},
};

/// An age that no connection reaches.
const NEVER: Duration = Duration::from_secs(1 << 32);

/// The app, and how it is served.
pub(crate) struct Site {
    app: Arc<dyn Hosted>,
    pub(crate) http1: http1::Builder,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) server_header: Option<HeaderValue>,
    pub(crate) date: bool,
    pub(crate) half_close: Duration,
    pub(crate) refusals: Refusals,
    pub(crate) limits: Limits,
    /// What heads of HTTP/1 are held to.
    pub(crate) lengths: Lengths,
    pub(crate) breaches: Breaches,
    /// Requests that are being answered.
    pub(crate) in_flight: AtomicUsize,
    pub(crate) crowd: Crowd,
    pub(crate) addresses: Option<Arc<Addresses>>,
    /// What is answered in place of the app.
    pub(crate) proofs: Vec<Arc<dyn Proofs>>,
    /// Connections that have come, to spread their ends.
    connections: AtomicU32,
    /// Where HTTP/3 is spoken.
    #[cfg(feature = "http3")]
    pub(crate) alternatives: crate::http3::Alternatives,
}

impl Site {
    pub(crate) fn new(
        app: impl App + 'static,
        options: &Options,
        proofs: Vec<Arc<dyn Proofs>>,
    ) -> Site {
        let limits = options.limits.clone();
        let mut http1 = http1::Builder::new();
        http1.auto_date_header(options.date);
        // The wire sees to clients that leave.
        http1.half_close(true);
        http1.max_header_size(limits.head_bytes);
        // By default hyper has room for 100, without asking for memory. What is less is refused
        // before hyper sees it.
        let lengths = limits.lengths();
        if lengths.fields > 100 {
            http1.max_headers(lengths.fields);
        }
        Site {
            app: Arc::new(Gateway::new(app).with_path_policy(options.paths)),
            http1,
            tasks: Tasks::new(),
            server_header: options.server_header.clone(),
            date: options.date,
            half_close: options.half_close,
            refusals: Refusals::default(),
            breaches: Breaches::new(Arc::clone(&options.errors)),
            crowd: Crowd::new(limits.connections),
            addresses: Addresses::new(limits.connections_per_address),
            limits,
            lengths,
            proofs,
            in_flight: AtomicUsize::new(0),
            connections: AtomicU32::new(0),
            #[cfg(feature = "http3")]
            alternatives: crate::http3::Alternatives::default(),
        }
    }

    /// When a connection that comes at `now` will be too old: a tenth earlier or later, so that
    /// those of one moment do not all come again in one.
    pub(crate) fn old(&self, now: Instant) -> Option<Instant> {
        // Multiples of the golden ratio fall evenly.
        let number = self
            .connections
            .fetch_add(1, Relaxed)
            .wrapping_mul(0x9e37_79b9);
        let part = f64::from(number) / f64::from(u32::MAX);
        let age = self.limits.age;
        if age >= NEVER {
            return None;
        }
        now.checked_add(age.mul_f64(0.9 + part / 5.0))
    }

    /// Whether three quarters of the requests are there that may be answered at once.
    pub(crate) fn is_crowded(&self) -> bool {
        let most = self.limits.requests_in_flight;
        self.in_flight.load(Relaxed) >= most - most / 4
    }

    pub(crate) fn answer(&self, request: Request, finish: Finish) -> Answered {
        Arc::clone(&self.app).answer(request, finish)
    }
}

/// A [`Gateway`], erased: so hyper is compiled once, and not for each app.
trait Hosted: Send + Sync {
    fn answer(self: Arc<Self>, request: Request, finish: Finish) -> Answered;
}

impl<A: App + 'static> Hosted for Gateway<A> {
    fn answer(self: Arc<Self>, request: Request, finish: Finish) -> Answered {
        // Made where it stays: `Box::pin` would make it here and copy it.
        let boxed = Box::write(
            Box::new_uninit(),
            Finishing {
                answer: self.answer_shared(request),
                finish: Some(finish),
                held: None,
                left: false,
            },
        );
        Answered::making(Box::into_pin(boxed))
    }
}

pin_project_lite::pin_project! {
    /// An answer that will be made ready to go out.
    struct Finishing<F> {
        #[pin]
        answer: F,
        finish: Option<Finish>,
        // An answer that waits for its hints to go out.
        held: Option<Box<Response>>,
        // Whether nobody waits for the answer any more.
        left: bool,
    }
}

impl<F: Answer> Future for Finishing<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if *this.left {
            return this.answer.poll(cx).map(Ok);
        }
        let mut polled = match this.held.take() {
            None => this.answer.poll(cx).map(Ok),
            Some(response) => Poll::Ready(Ok(*response)),
        };
        let hints = |finish: &Finish| finish.answering.session().hints.wait();
        if this.finish.as_ref().is_some_and(hints) {
            // The wire has us polled again.
            if let Poll::Ready(Ok(response)) = polled {
                *this.held = Some(Box::new(response));
            }
            return Poll::Pending;
        }
        // A body that broke a limit is refused, whatever the app makes of it.
        let refused = this.finish.as_ref().and_then(|f| f.answering.refused());
        if let (Some(limit), Some(finish)) = (refused, this.finish.take_if(|_| refused.is_some())) {
            let mut response = refusal(limit, finish.answering.session());
            finish.apply(&mut response);
            return Poll::Ready(Ok(response));
        }
        // Through a reference, so that the response is moved once.
        if let Poll::Ready(Ok(response)) = &mut polled
            && let Some(finish) = this.finish.take()
        {
            finish.apply(response);
        }
        polled
    }
}

impl<F: Answer> Making for Finishing<F> {
    fn leave(self: Pin<&mut Self>) -> Option<Task> {
        let this = self.project();
        let session = this.finish.as_ref()?.answering.session();
        let tasks = &session.site.tasks;
        if tasks.phase() == Phase::Aborting || !this.answer.leave() {
            return None;
        }
        session.hints.close();
        *this.left = true;
        Some(tasks.register())
    }
}

/// The answer to a request that broke a limit. Over HTTP/1.1 it is the connection's last one.
pub(crate) fn refusal(limit: Limit, session: &Session) -> Response {
    if !session.http2 {
        session.spend();
    }
    refusal::answer(limit)
}
