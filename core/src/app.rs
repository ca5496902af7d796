//! The application half of the gateway: [`App`], and its erased form [`BoxApp`].

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::{IntoResponse, Request, Response, short_name::short_name};

/// Anything that answers requests.
///
/// This is the one signature of the gateway. A host calls it, a [`Middleware`](crate::Middleware)
/// calls it, and a middleware around an app *is* an app again, so whatever takes an app takes a
/// whole site.
///
/// # Who owes what
///
/// * An app answers every request. There is no error type: what fails becomes a response where it
///   fails, so that every middleware outside sees it. See [`Error`](crate::Error).
/// * It is called many times, and concurrently, through `&self`. There is no readiness and no
///   clone: state that must be one is one, and a limit limits.
/// * Dropping the future cancels the request; that is what a host does when the client leaves.
/// * `request.uri()` is the canonical path. No app and no middleware rewrites it; where an app is
///   mounted is in the [`Environ`](crate::Environ).
///
/// # Examples
///
/// An async function that returns anything that is [`IntoResponse`] is an app:
///
/// ```
/// use enfilade_core::{App, Request, RequestExt};
///
/// async fn hello(request: Request) -> String {
///     format!("hello from {}", request.path_info())
/// }
///
/// fn site() -> impl App {
///     hello
/// }
/// # let _ = site();
/// ```
///
/// The literal form, a struct that holds the app inside it, needs nothing else either. This is
/// what a middleware is once it stands around an app:
///
/// ```
/// use enfilade_core::{App, Request, Response};
///
/// struct Powered<A> {
///     app: A,
/// }
///
/// impl<A: App> App for Powered<A> {
///     async fn respond(&self, request: Request) -> Response {
///         let mut response = self.app.respond(request).await;
///         response.headers_mut().insert("x-powered-by", "steam".parse().unwrap());
///         response
///     }
/// }
/// # fn check(app: impl App) -> impl App { Powered { app } }
/// ```
///
/// Write `async fn respond`. A body that creates the inner future first and awaits it in an
/// `async` block doubles the future's size at every step.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an application",
    label = "not an `App`",
    note = "an application is `async fn(Request) -> impl IntoResponse`, or a type that implements `App`",
    note = "a closure must name its argument's type: `async |request: Request| ..`",
    note = "an async closure that captures cannot serve: use `with_state(state, f)`, or `move |request: Request| {{ let db = db.clone(); async move {{ .. }} }}`"
)]
pub trait App: Send + Sync {
    /// Answers one request.
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Erases the type; the result is cheap to clone. The shape for `fn site() -> BoxApp`.
    ///
    /// One allocation here, and one for each request (the future).
    fn boxed(self) -> BoxApp
    where
        Self: Sized + 'static,
    {
        BoxApp(Arc::new(self))
    }
}

/// What an async function returns: any future. It is there for its message alone.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this function is not async: `{Self}` is not a future",
    label = "not async",
    note = "write `async fn`, or a closure `async |request: Request| ..`"
)]
pub trait Asynchronous: Future {}

#[diagnostic::do_not_recommend]
impl<Fut: Future> Asynchronous for Fut {}

/// A function of a request. It is there so that whatever else is wrong with one is told first.
#[doc(hidden)]
pub trait Calls {
    type Reply;
    fn call(&self, request: Request) -> Self::Reply;
}

#[diagnostic::do_not_recommend]
impl<F, Reply> Calls for F
where
    F: Fn(Request) -> Reply,
{
    type Reply = Reply;

    fn call(&self, request: Request) -> Reply {
        self(request)
    }
}

impl<F, Fut> App for F
where
    F: Calls<Reply = Fut> + Send + Sync,
    Fut: Asynchronous<Output: IntoResponse> + Send,
{
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        Converted {
            future: self.call(request),
        }
    }
}

pin_project_lite::pin_project! {
    /// A function's future, whose value becomes a response. An async block would keep the request
    /// a second time.
    struct Converted<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future<Output: IntoResponse>> Future for Converted<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        self.project()
            .future
            .poll(cx)
            .map(IntoResponse::into_response)
    }
}

impl<A: App> App for Arc<A> {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        (**self).respond(request)
    }
}

/// A response that is being made, erased.
pub(crate) type Reply<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// A response that is there already.
#[cold]
pub(crate) fn ready<'a>(response: Response) -> Reply<'a> {
    Box::pin(std::future::ready(response))
}

/// The object-safe twin of [`App`]. Its method has another name, so that the two never collide.
pub(crate) trait ErasedApp: Send + Sync {
    fn respond_erased(&self, request: Request) -> Reply<'_>;
    fn name(&self) -> &'static str;
}

impl<A: App> ErasedApp for A {
    fn respond_erased(&self, request: Request) -> Reply<'_> {
        // Made where it stays: `Box::pin` would make it here and copy it.
        let boxed = Box::write(Box::new_uninit(), self.respond(request));
        Box::into_pin(boxed)
    }

    fn name(&self) -> &'static str {
        std::any::type_name::<A>()
    }
}

/// An [`App`] of any type, behind one pointer. Made by [`App::boxed`].
///
/// ```
/// use enfilade_core::{App, BoxApp, Request};
///
/// fn site(maintenance: bool) -> BoxApp {
///     if maintenance {
///         (async |_: Request| http::StatusCode::SERVICE_UNAVAILABLE).boxed()
///     } else {
///         (async |_: Request| "welcome").boxed()
///     }
/// }
/// # site(true);
/// ```
#[derive(Clone)]
pub struct BoxApp(Arc<dyn ErasedApp>);

impl BoxApp {
    /// The same as `respond`, with a type that has a name.
    pub(crate) fn reply(&self, request: Request) -> Reply<'_> {
        self.0.respond_erased(request)
    }
}

impl App for BoxApp {
    fn respond(&self, request: Request) -> impl Future<Output = Response> + Send {
        self.reply(request)
    }

    fn boxed(self) -> BoxApp {
        self
    }
}

impl fmt::Debug for BoxApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxApp({})", short_name(self.0.name()))
    }
}

const _: () = {
    const fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<BoxApp>();
};
