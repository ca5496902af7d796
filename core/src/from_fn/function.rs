//! The functions that serve as middleware, and what is said of those that do not.
//!
//! Each kind is two traits, so that the compiler tells the nearest truth: what is wrong with the
//! arguments is told by `Calls`, what is wrong with the reply by the bounds on it.

use std::future::Future;

use super::Next;
use crate::{IntoResponse, Request, Response, app::Asynchronous};

/// The functions that [`from_fn()`](super::from_fn()) takes. Nobody implements this by hand.
pub trait MiddlewareFn<'a>: Send + Sync {
    /// Calls the function.
    fn run(&self, request: Request, next: Next<'a>) -> impl Future<Output = Response> + Send;
}

impl<'a, F, Fut> MiddlewareFn<'a> for F
where
    F: Calls<'a, Reply = Fut> + Send + Sync,
    Fut: Asynchronous<Output: IntoResponse> + Send,
{
    async fn run(&self, request: Request, next: Next<'a>) -> Response {
        self.call(request, next).await.into_response()
    }
}

/// A function of a request and what stands behind.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot serve as middleware",
    label = "wrong middleware function",
    note = "write `async fn name(request: Request, next: Next<'_>) -> impl IntoResponse`, with the request first",
    note = "a closure that captures cannot serve: pass what it captures through `from_fn_with(state, f)`, or implement `Middleware` for a struct"
)]
pub trait Calls<'a> {
    type Reply;
    fn call(&self, request: Request, next: Next<'a>) -> Self::Reply;
}

#[diagnostic::do_not_recommend]
impl<'a, F, Reply> Calls<'a> for F
where
    F: Fn(Request, Next<'a>) -> Reply,
{
    type Reply = Reply;

    fn call(&self, request: Request, next: Next<'a>) -> Reply {
        self(request, next)
    }
}

/// The functions that [`from_fn_with`](super::from_fn_with) takes. Nobody implements this by hand.
pub trait MiddlewareFnWith<'a, S>: Send + Sync {
    /// Calls the function.
    fn run(
        &self,
        state: S,
        request: Request,
        next: Next<'a>,
    ) -> impl Future<Output = Response> + Send;
}

impl<'a, S, F, Fut> MiddlewareFnWith<'a, S> for F
where
    S: Send,
    F: CallsWith<'a, S, Reply = Fut> + Send + Sync,
    Fut: Asynchronous<Output: IntoResponse> + Send,
{
    async fn run(&self, state: S, request: Request, next: Next<'a>) -> Response {
        self.call(state, request, next).await.into_response()
    }
}

/// A function of a state, a request and what stands behind.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot serve as middleware with a state of type `{S}`",
    label = "wrong middleware function",
    note = "write `async fn name(state: {S}, request: Request, next: Next<'_>) -> impl IntoResponse`, in this order",
    note = "a closure that captures cannot serve: make what it captures part of the state, or implement `Middleware` for a struct"
)]
pub trait CallsWith<'a, S> {
    type Reply;
    fn call(&self, state: S, request: Request, next: Next<'a>) -> Self::Reply;
}

#[diagnostic::do_not_recommend]
impl<'a, S, F, Reply> CallsWith<'a, S> for F
where
    F: Fn(S, Request, Next<'a>) -> Reply,
{
    type Reply = Reply;

    fn call(&self, state: S, request: Request, next: Next<'a>) -> Reply {
        self(state, request, next)
    }
}
