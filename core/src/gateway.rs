//! What every host does around an app: [`Gateway`].

use std::{
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Method;

use crate::{
    App, Cause, PathPolicy, Request, RequestExt, Response,
    call::Call,
    guard::{Guard, poll_guarded},
    host::{Answer, Names, commit_now, strip_all_but_an_upgrade, strip_hop_by_hop},
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
    /// Hop-by-hop fields stay with the host. Of an upgrade that it has offered an app sees `Upgrade`,
    /// and a `Connection` that names nothing else.
    ///
    /// The path is settled first, once for everything behind: see [`PathPolicy`]. A target without
    /// a path passes where it means something, `*` with OPTIONS and an authority with CONNECT. What
    /// the policy refuses is answered with 400, and a script name that is no prefix of the path,
    /// which is a bug of the host, with 500.
    ///
    /// The response can be sent as it is: see [`commit`](crate::host::commit()). The cause of a
    /// server error is reported to the host's error stream.
    ///
    /// Dropping it cancels the app; a host whose client has left asks before: see
    /// [`Answer::leave`](crate::host::Answer::leave).
    pub fn answer(&self, request: Request) -> impl Answer {
        answer_through(self, request)
    }

    /// The same, for hosts that keep the answer beside a connection or in a task of its own.
    pub fn answer_shared(self: Arc<Self>, request: Request) -> impl Answer {
        answer_through(self, request)
    }
}

#[inline]
fn answer_through<A: App>(
    gateway: impl Deref<Target = Gateway<A>> + Send,
    mut request: Request,
) -> impl Answer {
    let names = Names::of(request.headers());
    let call = Call::begin(request.extensions_mut());
    let environ = request.environ();
    let split = environ.script_name as usize;
    let offered = environ.upgrade().is_some();
    if names.hop_by_hop {
        match offered {
            true => strip_all_but_an_upgrade(request.headers_mut()),
            false => strip_hop_by_hop(request.headers_mut()),
        }
    }
    let admitted = gateway.paths.admit(&mut request, split);
    Answering {
        is_head: *request.method() == Method::HEAD,
        offered,
        call,
        rendering: match split {
            0 => Rendering::at_root(&request, names.accept),
            // It may have moved.
            _ => Rendering::of(&request),
        },
        // The one place where the request is kept: each move would cost more than a look at it.
        answer: async move {
            match admitted {
                Ok(()) => gateway.app.inner().respond(request).await,
                Err(error) => error.response_to(&request),
            }
        },
    }
}

pin_project_lite::pin_project! {
    /// Written by hand: an async block would keep the response once more.
    struct Answering<F> {
        #[pin]
        answer: F,
        is_head: bool,
        offered: bool,
        rendering: Rendering,
        // Behind the answer, so that what the app holds is gone when its end is told.
        call: Call,
    }
}

impl<F: Future<Output = Response>> Future for Answering<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let mut polled = poll_guarded(this.answer, cx);
        // Through a reference, so that the response stays where its maker wrote it.
        if let Poll::Ready(response) = &mut polled {
            this.rendering.finish_in_place(response);
            if commit_now(*this.is_head, *this.offered, response, cx) {
                let line = "a response claimed a Content-Length that is not its body's";
                this.call.connection.errors.report(line);
            }
            if response.status().is_server_error()
                && let Some(cause) = response.extensions().get::<Cause>()
            {
                this.call.connection.errors.report(&cause.chain());
            }
            this.call.answered(response);
        }
        polled
    }
}

impl<F: Future<Output = Response> + Send> Answer for Answering<F> {
    fn leave(self: Pin<&mut Self>) -> bool {
        self.project().call.leave()
    }
}
