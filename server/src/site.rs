//! What all connections of a server share: [`Site`].

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use enfilade_core::{App, Gateway, Request, Response};
use http::HeaderValue;
use hyper::server::conn::http1;

use crate::{finish::Finish, options::Options, refusing::Refusals, tasks::Tasks};

/// The app, and how it is served.
pub(crate) struct Site {
    app: Arc<dyn Answer>,
    pub(crate) http1: http1::Builder,
    pub(crate) tasks: Arc<Tasks>,
    pub(crate) server_header: Option<HeaderValue>,
    pub(crate) date: bool,
    pub(crate) half_close: Duration,
    pub(crate) refusals: Refusals,
}

impl Site {
    pub(crate) fn new(app: impl App + 'static, options: &Options) -> Site {
        // Limits on heads and on time belong here.
        let mut http1 = http1::Builder::new();
        http1.auto_date_header(options.date);
        // The wire sees to clients that leave.
        http1.half_close(true);
        Site {
            app: Arc::new(Gateway::new(app).with_path_policy(options.paths)),
            http1,
            tasks: Tasks::new(),
            server_header: options.server_header.clone(),
            date: options.date,
            half_close: options.half_close,
            refusals: Refusals::default(),
        }
    }

    pub(crate) fn answer(&self, request: Request, finish: Finish) -> Answered {
        Arc::clone(&self.app).answer(request, finish)
    }
}

/// A response that is being made. One box a request: hyper keeps the future's type inside each
/// connection, and idle connections shall not pay for the depth of a pipeline.
pub(crate) type Answered = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// A [`Gateway`], erased: so hyper is compiled once, and not for each app.
trait Answer: Send + Sync {
    fn answer(self: Arc<Self>, request: Request, finish: Finish) -> Answered;
}

impl<A: App + 'static> Answer for Gateway<A> {
    fn answer(self: Arc<Self>, request: Request, finish: Finish) -> Answered {
        // Made where it stays: `Box::pin` would make it here and copy it.
        let boxed = Box::write(
            Box::new_uninit(),
            Finishing {
                answer: self.answer_shared(request),
                finish: Some(finish),
            },
        );
        Box::into_pin(boxed)
    }
}

pin_project_lite::pin_project! {
    /// An answer that will be made ready to go out.
    struct Finishing<F> {
        #[pin]
        answer: F,
        finish: Option<Finish>,
    }
}

impl<F: Future<Output = Response>> Future for Finishing<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut polled = this.answer.poll(cx).map(Ok);
        // Through a reference, so that the response is moved once.
        if let Poll::Ready(Ok(response)) = &mut polled
            && let Some(finish) = this.finish.take()
        {
            finish.apply(response);
        }
        polled
    }
}
