//! What every host does around an app: [`Gateway`].

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Method;

use crate::{
    App, Cause, Connection, PathPolicy, Request, RequestExt, Response,
    guard::{Guard, given, guard_reply},
    host::commit_now,
    rendering::Rendering,
};

/// An app as a host calls it: canonical paths in, responses that can be sent out.
///
/// Shared by all connections of a host; it costs no allocation of its own.
#[derive(Clone, Debug)]
pub struct Gateway<A> {
    app: Guard<A>,
    paths: PathPolicy,
}

impl<A: App> Gateway<A> {
    /// Hosts `app`.
    pub const fn new(app: A) -> Gateway<A> {
        Gateway {
            app: Guard::new(app),
            paths: PathPolicy::Canonical,
        }
    }

    /// What is done about paths that are not canonical; they are made canonical by default.
    #[must_use]
    pub const fn with_path_policy(mut self, policy: PathPolicy) -> Gateway<A> {
        self.paths = policy;
        self
    }

    /// The app with its panics caught, and nothing else: where another host stands outside.
    #[cfg(feature = "tower")]
    pub(crate) const fn guarded(&self) -> &Guard<A> {
        &self.app
    }

    /// Answers one request, to which the host has given its [`Environ`](crate::Environ).
    ///
    /// Its path is settled first, once for everything behind: see [`PathPolicy`]. A target without
    /// a path passes where it means something, `*` with OPTIONS and an authority with CONNECT. What
    /// the policy refuses is answered with 400, and a script name that is no prefix of the path,
    /// which is a bug of the host, with 500.
    ///
    /// The response can be sent as it is: see [`commit`](crate::host::commit()). The cause of a
    /// server error is reported to the host's error stream.
    pub fn answer(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        let is_head = request.method() == Method::HEAD;
        let environ = request.environ();
        let (connection, split) = (environ.connection_shared(), environ.script_name as usize);
        Answering {
            answer: match self.paths.admit(&mut request, split) {
                Ok(()) => guard_reply(Rendering::below(&request, split), request, |request| {
                    self.app.inner().respond(request)
                }),
                Err(error) => given(error.response_to(&request)),
            },
            is_head,
            connection,
        }
    }
}

pin_project_lite::pin_project! {
    /// Written by hand: an async block would keep the request and the response once more.
    struct Answering<F> {
        #[pin]
        answer: F,
        is_head: bool,
        connection: Arc<Connection>,
    }
}

impl<F: Future<Output = Response>> Future for Answering<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let mut polled = this.answer.poll(cx);
        if let Poll::Ready(response) = &mut polled {
            if commit_now(*this.is_head, response, cx) {
                let line = "a response claimed a Content-Length that is not its body's";
                this.connection.errors.report(line);
            }
            if response.status().is_server_error()
                && let Some(cause) = response.extensions().get::<Cause>()
            {
                this.connection.errors.report(&cause.chain());
            }
        }
        polled
    }
}
