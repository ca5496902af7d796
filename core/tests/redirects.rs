//! Redirects and errors, seen from outside of mounts.

use enfilade_core::{
    App, Error, IntoResponse, Middleware, Mounts, Pipeline, Redirect, Request, RequestExt,
    Response, Result, Router, testing,
};

/// Sends everybody to the login page of whatever it stands in.
struct Login;

impl Middleware for Login {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        match request.path_info() {
            "/private" => Redirect::to("/login").into_response(),
            "/forbidden" => Error::forbidden().into_response(),
            _ => next.respond(request).await,
        }
    }
}

fn shop() -> Router {
    async fn item(request: Request) -> Result<Redirect> {
        let url = request.url_for_route("item", &[("id", &8)])?;
        Ok(Redirect::see_other(url).as_written().only_local())
    }
    Router::new()
        .get("/old", async |_: Request| Redirect::permanent("/new"))
        .get("/away", async |_: Request| {
            Redirect::to("https://example.org/")
        })
        .get("/items/{id}", item)
        .name("item")
}

fn site() -> impl App {
    let guarded = Pipeline::new().with(Login).app(shop());
    let inner = Mounts::new().mount("/shop", guarded);
    Pipeline::new()
        .with(Login)
        .app(Mounts::new().mount("/a", inner).mount("/", shop()))
}

#[tokio::test]
async fn a_redirect_stays_in_the_mount_that_it_comes_from() {
    let site = site();
    for (target, location) in [
        ("/old", "/new"),
        ("/a/shop/old", "/a/shop/new"),
        // From the middleware inside of the mount, and from the one outside.
        ("/a/shop/private", "/a/shop/login"),
        ("/private", "/login"),
        ("/a/shop/away", "https://example.org/"),
        ("/a/shop/items/7", "/a/shop/items/8"),
    ] {
        testing::get(target)
            .on(&site)
            .await
            .assert_header("location", location);
        // Below the prefix of an outer server, too.
        let location = match location.strip_prefix('/') {
            Some(path) => format!("/outer/{path}"),
            None => location.to_owned(),
        };
        let response = testing::get(target).script_name("/outer").on(&site).await;
        response.assert_header("location", &location);
    }
}

#[tokio::test]
async fn an_error_of_a_middleware_is_written_as_the_client_reads_it_without_its_help() {
    for target in ["/forbidden", "/a/shop/forbidden"] {
        testing::get(target)
            .header("accept", "text/html")
            .on(&site())
            .await
            .assert_status(403)
            .assert_header("content-type", "text/html; charset=utf-8")
            .assert_header("vary", "accept")
            .assert_text_contains("<h1>403 Forbidden</h1>");
    }
}

#[tokio::test]
async fn what_a_groups_middleware_answers_knows_the_mount_of_its_router() {
    async fn app(_: Request) -> &'static str {
        panic!("behind the middleware")
    }
    struct Panics;
    impl Middleware for Panics {
        async fn handle(&self, _: Request, _: &impl App) -> Response {
            panic!("in the middleware")
        }
    }
    /// Says what has passed it.
    struct Outer;
    impl Middleware for Outer {
        async fn handle(&self, request: Request, next: &impl App) -> Response {
            let mut response = next.respond(request).await;
            let status = http::HeaderValue::from(response.status().as_u16());
            response.headers_mut().insert("x-passed", status);
            response
        }
    }
    let private = Router::new().get("/x", app);
    let panics = Router::new().get("/panics", app);
    let shop = Router::new()
        .group(SendsToLogin, private)
        .group(Panics, panics);
    let site = Pipeline::new()
        .with(Outer)
        .app(Mounts::new().mount("/shop", shop));
    testing::get("/shop/x")
        .on(&site)
        .await
        .assert_header("location", "/shop/login");
    testing::get("/shop/panics")
        .on(&site)
        .await
        .assert_status(500)
        .assert_header("x-passed", "500");
}

struct SendsToLogin;

impl Middleware for SendsToLogin {
    async fn handle(&self, _: Request, _: &impl App) -> Response {
        Redirect::to("/login").into_response()
    }
}
