//! Middleware from a function: [`from_fn()`], [`from_fn_with`] and [`Next`].

use std::{fmt, future::Future};

use crate::{
    App, Middleware, Request, Response, app::ErasedApp, rendering::Rendering,
    short_name::short_name,
};

mod function;

pub use function::{MiddlewareFn, MiddlewareFnWith};

/// What stands behind a middleware function. Call [`respond`](Next::respond), or hand it to
/// whatever takes an [`App`].
#[derive(Clone, Copy)]
pub struct Next<'a>(pub(crate) &'a dyn ErasedApp);

impl<'a> Next<'a> {
    /// Passes the request on. One allocation.
    pub fn respond(self, request: Request) -> impl Future<Output = Response> + Send + 'a {
        self.0.respond_erased(request)
    }
}

impl App for Next<'_> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.0.respond_erased(request)
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Next")
    }
}

/// Middleware from `async fn(Request, Next<'_>) -> impl IntoResponse`.
///
/// The function may return a `Result`, so `?` works in it. Async closures serve as long as they
/// capture nothing; captured state goes through [`from_fn_with`] or into a type that implements
/// [`Middleware`]. One allocation a request.
///
/// ```
/// use enfilade_core::{Error, Next, Pipeline, Request, Response, Result, from_fn};
///
/// async fn only_json(request: Request, next: Next<'_>) -> Result<Response> {
///     match request.headers().get("accept") {
///         Some(accept) if accept == "application/json" => Ok(next.respond(request).await),
///         _ => Err(Error::status(406).message("this API speaks JSON")),
///     }
/// }
///
/// let app = Pipeline::new().with(from_fn(only_json)).app(async |_: Request| "{}");
/// # let _ = app;
/// ```
pub fn from_fn<F>(function: F) -> FromFn<F>
where
    F: for<'a> MiddlewareFn<'a>,
{
    FromFn(function)
}

/// Middleware from `async fn(S, Request, Next<'_>) -> impl IntoResponse`, with a clone of `state`
/// for each call.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use enfilade_core::{Next, Pipeline, Request, Response, from_fn_with};
///
/// async fn count(hits: Arc<AtomicU64>, request: Request, next: Next<'_>) -> Response {
///     hits.fetch_add(1, Ordering::Relaxed);
///     next.respond(request).await
/// }
///
/// let hits = Arc::new(AtomicU64::new(0));
/// let app = Pipeline::new().with(from_fn_with(hits.clone(), count)).app(async |_: Request| "hi");
/// # let _ = app;
/// ```
pub fn from_fn_with<S, F>(state: S, function: F) -> FromFnWith<S, F>
where
    S: Clone + Send + Sync,
    F: for<'a> MiddlewareFnWith<'a, S>,
{
    FromFnWith { state, function }
}

/// A function as [`Middleware`]. Made by [`from_fn()`].
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

impl<F> Middleware for FromFn<F>
where
    F: for<'a> MiddlewareFn<'a>,
{
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let rendering = Rendering::of(&request);
        let next = ByRef(next);
        rendering.finish(self.0.run(request, Next(&next)).await)
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short_name(std::any::type_name::<F>()))
    }
}

/// A function with its state as [`Middleware`]. Made by [`from_fn_with`].
#[derive(Clone, Copy)]
pub struct FromFnWith<S, F> {
    state: S,
    function: F,
}

impl<S, F> Middleware for FromFnWith<S, F>
where
    S: Clone + Send + Sync,
    F: for<'a> MiddlewareFnWith<'a, S>,
{
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let rendering = Rendering::of(&request);
        let next = ByRef(next);
        rendering.finish(
            self.function
                .run(self.state.clone(), request, Next(&next))
                .await,
        )
    }
}

impl<S, F> fmt::Debug for FromFnWith<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short_name(std::any::type_name::<F>()))
    }
}

/// A borrowed app. `impl App for &A` would collide with the impl for functions.
pub(crate) struct ByRef<'a, A>(pub(crate) &'a A);

impl<A: App> App for ByRef<'_, A> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.0.respond(request)
    }
}
