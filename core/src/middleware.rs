//! Both halves at once: [`Middleware`], and the forms in which a stack can be decided at run time.

use std::{fmt, future::Future, sync::Arc};

use crate::{
    App, Next, Request, Response,
    app::{ErasedApp, Reply},
    from_fn::ByRef,
    short_name::short_name,
};

/// What stands between a host and an app, and plays both: an app to whatever calls it, a host to
/// the app behind it.
///
/// # Who owes what
///
/// * Call `next` at most once, unless the middleware is documented to replay requests, and await
///   it before returning.
/// * Answering without calling `next` is fine. Answer with [`Error::response_to`] where it is an
///   error, so that it is written in the form that the client accepts.
/// * Pass on what you do not understand: bodies, trailers, upgrades, extensions.
/// * Whoever changes the bytes of a body also removes or mends `Content-Length`, the strength of
///   `ETag`, digests and `Accept-Ranges`.
/// * Keep settings in `&self`. The one instance serves all requests, so counters and limits hold.
///
/// # Examples
///
/// ```
/// use enfilade_core::{App, Middleware, Request, Response};
///
/// struct Powered;
///
/// impl Middleware for Powered {
///     async fn handle(&self, request: Request, next: &impl App) -> Response {
///         let mut response = next.respond(request).await;
///         response.headers_mut().insert("x-powered-by", "steam".parse().unwrap());
///         response
///     }
/// }
/// ```
///
/// A function serves as well, through [`from_fn`](crate::from_fn()). Middleware that only changes
/// responses has a cheaper form: [`amend`](crate::amend()).
///
/// [`Error::response_to`]: crate::Error::response_to
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not middleware",
    label = "not a `Middleware`",
    note = "implement `Middleware`: `async fn handle(&self, request: Request, next: &impl App) -> Response`",
    note = "a function becomes middleware with `from_fn(f)`, a tower layer with `tower(layer)`"
)]
pub trait Middleware: Send + Sync {
    /// Answers one request, usually by passing it to `next`.
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send;
}

/// A [`Middleware`] around an [`App`]: an app again. Closing a [`Pipeline`](crate::Pipeline)
/// makes these.
#[derive(Clone)]
pub struct Around<M, A> {
    pub(crate) middleware: M,
    pub(crate) app: A,
}

impl<M: Middleware, A: App> App for Around<M, A> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.middleware.handle(request, &self.app)
    }
}

impl<M, A: fmt::Debug> fmt::Debug for Around<M, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} -> {:?}",
            short_name(std::any::type_name::<M>()),
            self.app
        )
    }
}

/// No middleware at all.
impl Middleware for () {
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send {
        next.respond(request)
    }
}

/// One instance, shared by several pipelines: its counters and limits are one.
impl<M: Middleware> Middleware for Arc<M> {
    fn handle(&self, request: Request, next: &impl App) -> impl Future<Output = Response> + Send {
        (**self).handle(request, next)
    }
}

/// Middleware that a setting switches off.
impl<M: Middleware> Middleware for Option<M> {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        match self {
            Some(middleware) => middleware.handle(request, next).await,
            None => next.respond(request).await,
        }
    }
}

trait ErasedMiddleware: Send + Sync {
    fn handle_erased<'a>(&'a self, request: Request, next: &'a dyn ErasedApp) -> Reply<'a>;
    fn name(&self) -> &'static str;
}

impl<M: Middleware> ErasedMiddleware for M {
    fn handle_erased<'a>(&'a self, request: Request, next: &'a dyn ErasedApp) -> Reply<'a> {
        Box::pin(async move { self.handle(request, &Next(next)).await })
    }

    fn name(&self) -> &'static str {
        std::any::type_name::<M>()
    }
}

/// A [`Middleware`] of any type, behind one pointer; cheap to clone, and every clone is the same
/// instance.
///
/// Stacks that are put together at run time are a `Vec<BoxMiddleware>`, which is middleware too,
/// in the order in which a request meets it. Each costs two allocations a request.
///
/// ```
/// use enfilade_core::{App, BoxMiddleware, Next, Pipeline, Request, from_fn};
///
/// async fn log(request: Request, next: Next<'_>) -> enfilade_core::Response {
///     next.respond(request).await
/// }
///
/// fn stack(names: &[&str]) -> Vec<BoxMiddleware> {
///     names
///         .iter()
///         .filter_map(|name| match *name {
///             "log" => Some(BoxMiddleware::new(from_fn(log))),
///             _ => None,
///         })
///         .collect()
/// }
///
/// let app = Pipeline::new().with(stack(&["log"])).app(async |_: Request| "hello");
/// # let _ = app.boxed();
/// ```
#[derive(Clone)]
pub struct BoxMiddleware(Arc<dyn ErasedMiddleware>);

impl BoxMiddleware {
    /// Erases the type of `middleware`.
    pub fn new(middleware: impl Middleware + 'static) -> BoxMiddleware {
        BoxMiddleware(Arc::new(middleware))
    }
}

impl Middleware for BoxMiddleware {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        self.0.handle_erased(request, &ByRef(next)).await
    }
}

impl fmt::Debug for BoxMiddleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short_name(self.0.name()))
    }
}

/// A stack that was put together at run time, first = outermost.
impl Middleware for Vec<BoxMiddleware> {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        Rest {
            stack: self,
            app: &ByRef(next),
        }
        .respond(request)
        .await
    }
}

/// What is left of a run-time stack, and the app behind it.
struct Rest<'a> {
    stack: &'a [BoxMiddleware],
    app: &'a dyn ErasedApp,
}

impl App for Rest<'_> {
    async fn respond(&self, request: Request) -> Response {
        match self.stack.split_first() {
            Some((first, stack)) => {
                let rest = Rest {
                    stack,
                    app: self.app,
                };
                first.0.handle_erased(request, &rest).await
            }
            None => self.app.respond_erased(request).await,
        }
    }
}
