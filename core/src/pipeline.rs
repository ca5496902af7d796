//! Middleware in the order in which a request meets them: [`Pipeline`].

use std::{fmt, marker::PhantomData};

use crate::{App, Middleware, guard::Guard, middleware::Around, short_name::short_name};

mod cut;

use cut::{D0, Depth};

/// Middleware in the order in which a request meets them, closed by an app.
///
/// There is one verb, [`with`](Pipeline::with), and one order: the first is the outermost. A step
/// is a [`Middleware`], a function by [`from_fn`](crate::from_fn()), a tower layer by
#[cfg_attr(
    feature = "tower",
    doc = "[`tower`](crate::tower()), or another pipeline."
)]
#[cfg_attr(not(feature = "tower"), doc = "`tower`, or another pipeline.")]
///
/// A step costs no allocation; every eighth is erased, one boxed future, so that the compiler's
/// depth limit is never met, however long the pipeline.
///
/// A panic in the app becomes a 500 inside of every step, so that it, too, has its log line, its
/// request id and its CORS fields.
///
/// # Examples
///
/// ```
/// use enfilade_core::{App, Middleware, Next, Pipeline, Request, Response, from_fn};
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
///
/// async fn log(request: Request, next: Next<'_>) -> Response {
///     next.respond(request).await
/// }
///
/// let app = Pipeline::new()
///     .with(Powered)       // the outermost
///     .with(from_fn(log))
///     .app(async |_: Request| "hello");
/// assert_eq!(format!("{app:?}"), "Powered -> FromFn<log> -> app");
/// ```
pub struct Pipeline<S = (), D = D0> {
    steps: S,
    depth: PhantomData<fn() -> D>,
}

impl Pipeline {
    /// A pipeline without steps.
    #[must_use]
    pub const fn new() -> Self {
        Pipeline {
            steps: (),
            depth: PhantomData,
        }
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, D: Depth> Pipeline<S, D> {
    /// Puts `step` behind those that are here already: a request meets it after them.
    #[must_use = "a pipeline does nothing until `.app(app)` closes it"]
    pub fn with<T: Step>(self, step: T) -> Pipeline<Then<S, D::Step<T>>, D::Next> {
        Pipeline {
            steps: Then(self.steps, D::step(step)),
            depth: PhantomData,
        }
    }

    /// Closes the pipeline around `app`: the result is an app.
    ///
    /// Tower layers are applied here, once, so that what they share is shared.
    pub fn app<A: App>(self, app: A) -> S::Out
    where
        S: Close<Guard<A>>,
    {
        self.steps.close(Guard::new(app))
    }
}

impl<S: Clone, D> Clone for Pipeline<S, D> {
    fn clone(&self) -> Self {
        Pipeline {
            steps: self.steps.clone(),
            depth: PhantomData,
        }
    }
}

impl<S: Chain, D> fmt::Debug for Pipeline<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Vec::new();
        self.steps.names(&mut names);
        f.write_str(&names.join(" -> "))
    }
}

/// What may stand in a [`Pipeline`]. Every [`Middleware`] is one; nobody implements it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a pipeline",
    label = "not middleware",
    note = "a function `async fn(Request, Next<'_>) -> impl IntoResponse` becomes middleware with `from_fn(f)`",
    note = "a tower layer becomes a step with `tower(layer)`",
    note = "a type of your own becomes middleware with `impl Middleware` and `async fn handle(&self, request: Request, next: &impl App) -> Response`"
)]
pub trait Step {
    /// What [`Debug`](fmt::Debug) prints.
    #[doc(hidden)]
    fn name(&self) -> String {
        short_name(std::any::type_name::<Self>())
    }
}

impl<M: Middleware> Step for M {}

impl<S: Chain, D> Step for Pipeline<S, D> {
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

/// How one step closes over the app behind it. Nobody implements it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in front of this app",
    label = "a step of this pipeline does not fit",
    note = "a tower layer fits if its service takes `http::Request<Body>`, is `Clone + Send`, and its response body is `Send + 'static` with `Data = Bytes`"
)]
pub trait Wrap<A: App + fmt::Debug>: Step {
    /// The app with this step around it.
    type Out: App + fmt::Debug;
    /// Puts this step around `app`.
    fn wrap(self, app: A) -> Self::Out;
}

impl<A: App + fmt::Debug, M: Middleware> Wrap<A> for M {
    type Out = Around<M, A>;

    fn wrap(self, app: A) -> Around<M, A> {
        Around {
            middleware: self,
            app,
        }
    }
}

impl<A: App + fmt::Debug, S: Close<A> + Chain, D> Wrap<A> for Pipeline<S, D> {
    type Out = S::Out;

    fn wrap(self, app: A) -> S::Out {
        self.steps.close(app)
    }
}

/// The steps up to some place, and the one at that place: nested pairs.
#[doc(hidden)]
#[derive(Clone)]
pub struct Then<P, S>(P, S);

/// The names of a pipeline's steps.
#[doc(hidden)]
pub trait Chain {
    fn names(&self, names: &mut Vec<String>);
}

impl Chain for () {
    fn names(&self, _: &mut Vec<String>) {}
}

impl<P: Chain, S: Step> Chain for Then<P, S> {
    fn names(&self, names: &mut Vec<String>) {
        self.0.names(names);
        names.push(self.1.name());
    }
}

/// Closes steps over an app, from the inside.
#[doc(hidden)]
pub trait Close<A: App + fmt::Debug> {
    type Out: App + fmt::Debug;
    fn close(self, app: A) -> Self::Out;
}

impl<A: App + fmt::Debug> Close<A> for () {
    type Out = A;

    fn close(self, app: A) -> A {
        app
    }
}

impl<A: App + fmt::Debug, P, S> Close<A> for Then<P, S>
where
    S: Wrap<A>,
    P: Close<S::Out>,
{
    type Out = P::Out;

    fn close(self, app: A) -> P::Out {
        self.0.close(self.1.wrap(app))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{BoxMiddleware, Next, Request, RequestExt, Response, from_fn};

    /// Writes its name down on the way in and on the way out.
    #[derive(Clone)]
    struct Mark(&'static str);

    impl Middleware for Mark {
        async fn handle(&self, mut request: Request, next: &impl App) -> Response {
            request
                .headers_mut()
                .append("x-in", self.0.parse().expect("a header value"));
            let mut response = next.respond(request).await;
            response
                .headers_mut()
                .append("x-out", self.0.parse().expect("a header value"));
            response
        }
    }

    async fn echo_in(request: Request) -> String {
        all(request.headers(), "x-in")
    }

    async fn pass(request: Request, next: Next<'_>) -> Response {
        next.respond(request).await
    }

    fn all(headers: &http::HeaderMap, name: &str) -> String {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .collect();
        values.join(",")
    }

    async fn orders(app: impl App) -> (String, String) {
        let response = app.respond(Request::default()).await;
        let out = all(response.headers(), "x-out");
        let body = response
            .into_body()
            .into_bytes(1000)
            .await
            .expect("in memory");
        (String::from_utf8_lossy(&body).into_owned(), out)
    }

    #[tokio::test]
    async fn a_request_meets_the_steps_as_written_and_a_response_in_reverse() {
        let stack: Vec<BoxMiddleware> = ["c", "d"]
            .into_iter()
            .map(|m| BoxMiddleware::new(Mark(m)))
            .collect();
        let app = Pipeline::new()
            .with(Mark("a"))
            .with(Pipeline::new().with(Mark("b")).with(stack))
            .with(Some(Mark("e")))
            .with(None::<Mark>)
            .with(())
            .with(Arc::new(Mark("f")))
            .with(from_fn(pass))
            .with(BoxMiddleware::new(Mark("g")))
            .with(Mark("h"))
            .app(echo_in);
        assert_eq!(
            orders(app).await,
            ("a,b,c,d,e,f,g,h".into(), "h,g,f,e,d,c,b,a".into())
        );
    }

    #[tokio::test]
    async fn a_clone_of_a_pipeline_closes_around_another_app() {
        let stack = Pipeline::new().with(Mark("a"));
        let first = stack.clone().app(echo_in);
        let second = stack.app(async |_: Request| "second");
        assert_eq!(orders(first).await.0, "a");
        assert_eq!(orders(second).await, ("second".into(), "a".into()));
    }

    #[test]
    fn debug_prints_the_chain_in_request_order() {
        let stack = Pipeline::new()
            .with(Mark("a"))
            .with(Pipeline::new().with(from_fn(pass)).with(Some(Mark("b"))));
        assert_eq!(format!("{stack:?}"), "Mark -> FromFn<pass> -> Option<Mark>");
        assert_eq!(
            format!("{:?}", stack.app(echo_in)),
            "Mark -> FromFn<pass> -> Option<Mark> -> echo_in"
        );
    }

    macro_rules! ten {
        ($p:expr) => {
            $p.with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
                .with(Mark("x"))
        };
    }

    #[tokio::test]
    async fn a_hundred_steps_compile_and_spawn() {
        let fifty = ten!(ten!(ten!(ten!(ten!(Pipeline::new())))));
        let app = ten!(ten!(ten!(ten!(ten!(fifty))))).app(echo_in).boxed();
        let task = tokio::spawn(async move { orders(app).await });
        assert_eq!(task.await.expect("no panic").0.split(',').count(), 100);
    }

    #[tokio::test]
    async fn a_step_sees_the_environ_of_a_request_without_a_host() {
        let app = Pipeline::new()
            .with(())
            .app(async |request: Request| request.script_name().to_owned());
        assert_eq!(orders(app).await.0, "");
    }
}
