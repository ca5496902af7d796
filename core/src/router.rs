//! Apps by method and path pattern: [`Router`].

use std::{fmt, future::Future, panic::Location, sync::Arc};

use http::Method;

use crate::{App, BoxApp, Guard, Request, Response, Wrap, app::ready, guard::guarded};

mod endpoint;
mod entry;
mod group;
mod lookup;
mod pattern;
mod reverse;
mod routes;
mod table;

use endpoint::Endpoint;
use group::{Door, Onward};
pub(crate) use lookup::Place;
pub(crate) use routes::Routes;

/// Apps by method and path pattern.
///
/// # Patterns
///
/// A pattern is matched against the path info as it is in the canonical path, escapes and all, and
/// parameters are decoded afterwards: `%2F` in a path never ends a parameter.
///
/// * `/users/me` is itself. Case counts, and so does a `/` at the end.
/// * `/users/{id}` takes one segment that is not empty; `/{name}.png` takes some of one.
/// * `/files/{*path}` takes all that is left, if it is not empty.
///
/// Segment by segment, literal text goes before a parameter, more text around it before less, and
/// a parameter before `{*path}`, whatever the order in which the routes are written; a route that
/// fits is always found. Where a router is mounted and nothing is
/// left of the path, it is asked for its `/`.
///
/// # Answers of its own
///
/// HEAD is answered by the app for GET (the host drops the body); OPTIONS with 204 and `Allow`; a
/// method that a path has no app for with 405 and `Allow`; what nothing matches with 404.
///
/// # Apps
///
/// What stands at a route is an app, so a pipeline for one route is
/// `.get("/", pipeline.app(app))`; [`group`](Router::group) puts middleware around several, and
/// [`mount`](Router::mount) gives all below a prefix to one app, such as another router. Panics are
/// answered right around the app, see [`Guard`]. A router costs one allocation a request: the
/// app's future.
///
/// # Examples
///
/// ```
/// use enfilade_core::{App, Body, Request, RequestExt, Result, Router};
///
/// async fn user(request: Request) -> Result<String> {
///     let id: u64 = request.param("id")?;
///     let next = request.url_for_route("user", &[("id", &(id + 1))])?;
///     Ok(format!("user {id}; the next is {next}"))
/// }
/// # async fn home(_: Request) -> &'static str { "home" }
/// # async fn create(_: Request) -> http::StatusCode { http::StatusCode::CREATED }
///
/// let users = Router::new()
///     .get("/", home)
///     .post("/", create)
///     .get("/{id}", user).name("user");
/// let site = Router::new().get("/", home).mount("/users", users);
/// # async fn check(site: Router) {
/// let request = http::Request::get("/users/7").body(Body::empty()).unwrap();
/// let answer = site.respond(request).await.into_body().into_bytes(100).await.unwrap();
/// assert_eq!(answer, "user 7; the next is /users/8");
/// # }
/// # futures_util::FutureExt::now_or_never(check(site)).unwrap();
/// ```
///
/// # Panics
///
/// The methods that add something panic if it could never be reached, because something else is
/// there already, or if its pattern is none. The message says what, names both places, and says
/// what to write.
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<Routes>,
    /// What `name` is for.
    last: Option<u32>,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $verb:ident $method:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// If it could never be reached, see [`Router`].
        #[must_use]
        #[track_caller]
        pub fn $verb(self, pattern: &str, app: impl App + 'static) -> Router {
            self.route(Method::$method, pattern, app)
        }
    )*};
}

impl Router {
    /// No routes: every request is answered with 404.
    #[must_use]
    pub fn new() -> Router {
        Router::default()
    }

    methods! {
        /// Answers GET, and HEAD, at `pattern` with `app`.
        get GET;
        /// Answers POST at `pattern` with `app`.
        post POST;
        /// Answers PUT at `pattern` with `app`.
        put PUT;
        /// Answers PATCH at `pattern` with `app`.
        patch PATCH;
        /// Answers DELETE at `pattern` with `app`.
        delete DELETE;
    }

    /// Answers `method` at `pattern` with `app`.
    ///
    /// # Panics
    ///
    /// If it could never be reached, see [`Router`].
    #[must_use]
    #[track_caller]
    pub fn route(self, method: Method, pattern: &str, app: impl App + 'static) -> Router {
        self.insert(Some(method), pattern, guarded(app), Location::caller())
    }

    /// Answers the methods at `pattern` that have no app of their own there with `app`.
    ///
    /// # Panics
    ///
    /// If it could never be reached, see [`Router`].
    #[must_use]
    #[track_caller]
    pub fn any(self, pattern: &str, app: impl App + 'static) -> Router {
        self.insert(None, pattern, guarded(app), Location::caller())
    }

    /// Gives all below `prefix` to `app`, which sees it as the end of its script name; prefixes
    /// match as those of [`Mounts`](crate::Mounts) do. A mount goes before all routes, so a route
    /// below one is refused, and it is closed: its 404 is the answer. `/` takes what no route and
    /// no other mount takes.
    ///
    /// # Panics
    ///
    /// If it could never be reached, or makes a route unreachable, see [`Router`].
    #[must_use]
    #[track_caller]
    #[doc(alias = "fallback")]
    #[doc(alias = "nest")]
    pub fn mount(mut self, prefix: &str, app: impl App + 'static) -> Router {
        let endpoint = Endpoint::new(None, guarded(app), Location::caller());
        match self.edit().insert_mount(prefix, endpoint) {
            Ok(entry) => self.last = Some(entry),
            Err(reason) => panic!("cannot mount at `{prefix}`: {reason}"),
        }
        self
    }

    /// Names the route or mount that was written last, for
    /// [`url_for_route`](crate::RequestExt::url_for_route). The name is that of the pattern,
    /// whatever the method.
    ///
    /// # Panics
    ///
    /// If the name is taken, or if nothing was written just before it.
    #[must_use]
    #[track_caller]
    pub fn name(mut self, name: &str) -> Router {
        let place = Location::caller();
        let named = match self.last {
            Some(entry) => self.edit().name(name, entry, place),
            None => Err("a name stands behind the route that it is for".into()),
        };
        if let Err(reason) = named {
            panic!("cannot name a route `{name}`: {reason}");
        }
        self
    }

    /// Takes over all routes, mounts and names of `other`.
    ///
    /// # Panics
    ///
    /// If one is here already, see [`Router`].
    #[must_use]
    #[track_caller]
    pub fn merge(mut self, other: Router) -> Router {
        if let Err(reason) = self.edit().absorb(&other.routes) {
            panic!("cannot merge {reason}");
        }
        self.last = None;
        self
    }

    /// Takes over all of `routes`, with `step` around them: a middleware, a pipeline, or whatever
    /// else [`Pipeline::with`](crate::Pipeline::with) takes.
    ///
    /// The one instance stands between the match and the app of every route of the group, so its
    /// limits and counters hold for the group as a whole, and it can ask for path parameters. It
    /// does not see what no route of the group matches. A group's answers to OPTIONS, and with
    /// 405, pass it as well, unless the path has apps outside of the group, too.
    ///
    /// ```
    /// use enfilade_core::{Next, Pipeline, Request, Response, Router, from_fn};
    ///
    /// async fn only_admins(request: Request, next: Next<'_>) -> Response {
    ///     next.respond(request).await
    /// }
    /// # async fn app(_: Request) -> &'static str { "app" }
    ///
    /// let site = Router::new()
    ///     .get("/articles", app)
    ///     .group(from_fn(only_admins), Router::new().post("/articles", app).get("/users", app));
    /// # let _ = site;
    /// ```
    ///
    /// # Panics
    ///
    /// If one of the routes is here already, see [`Router`].
    #[must_use]
    #[track_caller]
    pub fn group<S>(self, step: S, mut routes: Router) -> Router
    where
        S: Wrap<Onward, Out: 'static>,
    {
        // What is behind is guarded, and what the step answers itself is written here.
        let app = Guard::new(step.wrap(Onward::new())).boxed();
        routes.edit().put_behind(&Arc::new(Door { app }));
        self.merge(routes)
    }

    #[track_caller]
    fn insert(
        mut self,
        method: Option<Method>,
        pattern: &str,
        app: BoxApp,
        place: &'static Location<'static>,
    ) -> Router {
        let verb = method
            .as_ref()
            .map_or("any method", Method::as_str)
            .to_owned();
        let endpoint = Endpoint::new(method, app, place);
        match self.edit().insert(pattern, endpoint) {
            Ok(entry) => self.last = Some(entry),
            Err(reason) => panic!("cannot route {verb} `{pattern}`: {reason}"),
        }
        self
    }

    /// Nothing is copied while a router is built; a clone that is added to copies its table.
    fn edit(&mut self) -> &mut Routes {
        Arc::make_mut(&mut self.routes)
    }
}

impl App for Router {
    // Not an async function: its future would hold the request once more.
    fn respond(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        match self.routes.enter(&mut request) {
            Some(place) => self.routes.app(place).reply(request),
            None => ready(self.routes.unmatched(&request)),
        }
    }
}

/// The methods and patterns, and their apps.
impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut routes = f.debug_map();
        for entry in &self.routes.entries {
            for endpoint in &entry.endpoints {
                let method = endpoint.method.as_ref().map_or("*", Method::as_str);
                let pattern = entry.pattern.text();
                routes.entry(&format_args!("{method} {pattern}"), &endpoint.app);
            }
        }
        routes.finish()
    }
}
