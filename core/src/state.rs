//! A function that is handed its state: [`with_state`].

use std::{fmt, future::Future};

use crate::{App, IntoResponse, Request, Response, app::Asynchronous, short_name::short_name};

/// An app from `async fn(S, Request) -> impl IntoResponse`, with a clone of `state` for each
/// request.
///
/// State that is to be shared is in an [`Arc`](std::sync::Arc), or is one, as most pools are. What
/// differs from request to request is in the request, as are the environ and the extensions.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use enfilade_core::{App, Request, Router, with_state};
///
/// #[derive(Clone, Default)]
/// struct Site {
///     visits: Arc<AtomicU64>,
/// }
///
/// async fn visit(site: Site, _: Request) -> String {
///     format!("visit {}", site.visits.fetch_add(1, Ordering::Relaxed) + 1)
/// }
///
/// async fn visits(site: Site, _: Request) -> String {
///     format!("{} visits", site.visits.load(Ordering::Relaxed))
/// }
///
/// let site = Site::default();
/// let app = Router::new()
///     .get("/", with_state(site.clone(), visit))
///     .get("/visits", with_state(site, visits));
/// # let _ = app.boxed();
/// ```
pub fn with_state<S, F>(state: S, function: F) -> WithState<S, F>
where
    S: Clone + Send + Sync,
    F: AppFnWith<S>,
{
    WithState { state, function }
}

/// The functions that [`with_state`] takes. Nobody implements this by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot serve as an application with a state of type `{S}`",
    label = "wrong application function",
    note = "write `async fn name(state: {S}, request: Request) -> impl IntoResponse`, with the state first"
)]
pub trait AppFnWith<S>: Send + Sync {
    /// Calls the function.
    fn run(&self, state: S, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S, F, Fut> AppFnWith<S> for F
where
    S: Send,
    F: Fn(S, Request) -> Fut + Send + Sync,
    Fut: Asynchronous<Output: IntoResponse> + Send,
{
    async fn run(&self, state: S, request: Request) -> Response {
        self(state, request).await.into_response()
    }
}

/// A function with its state as an [`App`]. Made by [`with_state`].
#[derive(Clone, Copy)]
pub struct WithState<S, F> {
    state: S,
    function: F,
}

impl<S, F> App for WithState<S, F>
where
    S: Clone + Send + Sync,
    F: AppFnWith<S>,
{
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.function.run(self.state.clone(), request)
    }
}

impl<S, F> fmt::Debug for WithState<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short_name(std::any::type_name::<F>()))
    }
}
