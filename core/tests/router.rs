//! What a router does, as an app and its clients see it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use enfilade_core::{
    App, Middleware, Mounts, Next, Pipeline, Request, RequestExt, Response, Result, Router,
    from_fn, testing,
};
use http::{HeaderValue, Method};

#[path = "router/refused.rs"]
mod refused;

async fn hit(request: Request) -> String {
    format!(
        "{} {}|{}",
        request.method(),
        request.script_name(),
        request.path_info()
    )
}

fn says(text: &'static str) -> impl App {
    move |_: Request| async move { text }
}

#[tokio::test]
async fn literals_go_before_parameters_and_those_before_the_rest() {
    let router = Router::new()
        .get("/files/{*path}", says("rest"))
        .get("/users/{id}", says("parameter"))
        .get("/users/me", says("literal"))
        .get("/img/{name}.png", says("suffix"))
        .get("/img/{name}", says("whole"));
    for (path, text) in [
        ("/users/me", "literal"),
        ("/users/mee", "parameter"),
        ("/users/m%2Fe", "parameter"),
        ("/files/a/b", "rest"),
        ("/files//", "rest"),
        ("/img/a.png", "suffix"),
        ("/img/a.jpg", "whole"),
    ] {
        testing::get(path).on(&router).await.assert_text(text);
    }
    for path in [
        "/",
        "/users",
        "/users/",
        "/users/me/",
        "/Users/me",
        "/files",
        "/files/",
    ] {
        testing::get(path).on(&router).await.assert_status(404);
    }
}

#[tokio::test]
async fn a_method_without_an_app_is_405_and_options_says_what_there_is() {
    let router = Router::new()
        .get("/x", hit)
        .post("/x", hit)
        .route(Method::from_bytes(b"PURGE").expect("a token"), "/x", hit)
        .delete("/y", hit)
        .any("/any", hit);
    for method in ["PUT", "HEADS", "get"] {
        testing::request(method, "/x")
            .on(&router)
            .await
            .assert_status(405)
            .assert_header("allow", "GET, HEAD, POST, PURGE, OPTIONS");
    }
    testing::head("/y").on(&router).await.assert_status(405);
    testing::options("/y")
        .on(&router)
        .await
        .assert_status(204)
        .assert_header("allow", "DELETE, OPTIONS")
        .assert_empty();
    testing::request("PURGE", "/x")
        .on(&router)
        .await
        .assert_text("PURGE |/x");
    testing::options("/any")
        .on(&router)
        .await
        .assert_text("OPTIONS |/any");
    testing::options("*")
        .on(&router)
        .await
        .assert_status(204)
        .assert_header("allow", "GET, HEAD, POST, PURGE, DELETE, OPTIONS");
}

#[tokio::test]
async fn head_is_answered_by_the_app_for_get_without_its_body() {
    let router = Router::new()
        .get("/x", says("12345"))
        .any("/x", says("any"))
        .get("/y", says("get"))
        .route(Method::HEAD, "/y", says("1"));
    testing::head("/x")
        .on(&router)
        .await
        .assert_status(200)
        .assert_header("content-length", "5")
        .assert_empty();
    testing::head("/y")
        .on(&router)
        .await
        .assert_header("content-length", "1");
    testing::put("/x").on(&router).await.assert_text("any");
}

#[tokio::test]
async fn a_mount_moves_the_split_and_takes_all_below_it() {
    let inner = Router::new().get("/", hit).get("/users/{id}", hit);
    let router = Router::new()
        .get("/{page}", hit)
        .get("/{page}/{*rest}", hit)
        .mount("/api/v1", inner)
        .mount("/api", hit)
        .mount("/", says("the rest"));
    for (path, text) in [
        ("/api/v1", "GET /api/v1|"),
        ("/api/v1/", "GET /api/v1|/"),
        ("/api/v1/users/7", "GET /api/v1|/users/7"),
        ("/api/v2", "GET /api|/v2"),
        ("/api", "GET /api|"),
        ("/apis", "GET |/apis"),
        ("/", "the rest"),
        ("//x", "the rest"),
    ] {
        testing::get(path).on(&router).await.assert_text(text);
    }
    testing::get("/api/v1/x")
        .on(&router)
        .await
        .assert_status(404);
    testing::post("/api/v1/users/7")
        .on(&router)
        .await
        .assert_status(405);
    // Behind an external prefix, and below another mount.
    let site = Mounts::new().mount("/x", router);
    for (path, status) in [("/api/v1", 404), ("/x/api/v1", 200)] {
        let request = testing::get(path).script_name("/x");
        request.on(&site).await.assert_status(status);
    }
}

#[tokio::test]
async fn a_panic_is_a_500_inside_of_a_groups_middleware() {
    let router = Router::new().group(
        from_fn(mark),
        Router::new().get("/x", async |_: Request| -> &'static str {
            panic!("at the disco")
        }),
    );
    testing::get("/x")
        .on(&router)
        .await
        .assert_status(500)
        .assert_header("x-mark", "1")
        .assert_reported("at the disco");
}

async fn mark(request: Request, next: Next<'_>) -> Response {
    let mut response = next.respond(request).await;
    let marks = response.headers().get_all("x-mark").iter().count();
    let marks = HeaderValue::from(marks + 1);
    response.headers_mut().append("x-mark", marks);
    response
}

/// Counts what passes it, and reads a parameter.
struct Count(Arc<AtomicUsize>);

impl Middleware for Count {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        let id = request.param::<String>("id").unwrap_or_default();
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut response = next.respond(request).await;
        if let Ok(id) = id.parse() {
            response.headers_mut().insert("x-id", id);
        }
        response
    }
}

#[tokio::test]
async fn a_group_is_one_instance_that_sees_the_routes_of_the_group_alone() {
    let hits = Arc::new(AtomicUsize::new(0));
    let users = Router::new()
        .get("/users/{id}", hit)
        .put("/users/{id}", hit);
    let router = Router::new()
        .get("/", hit)
        .group(
            Pipeline::new()
                .with(from_fn(mark))
                .with(Count(hits.clone())),
            users,
        )
        .delete("/users/{id}", hit);
    testing::get("/users/7")
        .on(&router)
        .await
        .assert_text("GET |/users/7")
        .assert_header("x-id", "7")
        .assert_header("x-mark", "1");
    testing::put("/users/8")
        .on(&router)
        .await
        .assert_header("x-id", "8");
    for request in [
        testing::get("/"),
        testing::get("/z"),
        testing::delete("/users/7"),
    ] {
        request.on(&router).await.assert_no_header("x-mark");
    }
    assert_eq!(hits.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_a_group_answers_itself_passes_its_middleware() {
    let grouped = Router::new()
        .get("/in", hit)
        .post("/in", hit)
        .get("/both", hit);
    let router = Router::new()
        .group(from_fn(mark), grouped)
        .post("/both", hit);
    for request in [testing::options("/in"), testing::put("/in")] {
        request.on(&router).await.assert_header("x-mark", "1");
    }
    let both = testing::options("/both").on(&router).await;
    both.assert_no_header("x-mark")
        .assert_header("allow", "GET, HEAD, POST, OPTIONS");
}

#[tokio::test]
async fn groups_and_mounts_stand_in_groups() {
    let inner = Router::new()
        .get("/a", hit)
        .mount("/m", Router::new().get("/x", hit));
    let middle = Router::new().get("/b", hit).group(from_fn(mark), inner);
    let router = Router::new().group(from_fn(mark), middle);
    for (path, marks) in [("/a", 2), ("/m/x", 2), ("/m/y", 2), ("/b", 1), ("/c", 0)] {
        let response = testing::get(path).on(&router).await;
        let found = response.headers().get_all("x-mark").iter().count();
        assert_eq!(found, marks, "{path}");
    }
}

#[tokio::test]
async fn middleware_that_drops_the_environ_of_a_group_is_told_so() {
    let forgetful = async |_: Request, next: Next<'_>| next.respond(Request::default()).await;
    let router = Router::new().group(from_fn(forgetful), Router::new().get("/x", hit));
    testing::get("/x")
        .on(&router)
        .await
        .assert_status(500)
        .assert_reported("dropped the environ");
}

#[tokio::test]
async fn merged_routes_keep_their_names_and_share_paths() {
    let reads = Router::new().get("/users/{id}", link).name("user");
    let writes = Router::new().put("/users/{id}", hit);
    let router = Router::new().merge(writes).merge(reads).get("/x", hit);
    testing::get("/users/7")
        .on(&router)
        .await
        .assert_text("/users/7");
    testing::put("/users/7")
        .on(&router)
        .await
        .assert_text("PUT |/users/7");
}

async fn link(request: Request) -> Result<String> {
    let id: u32 = request.param("id")?;
    request.url_for_route("user", &[("id", &id)])
}

#[tokio::test]
async fn a_link_stands_behind_the_script_name_of_the_router_that_knows_the_name() {
    async fn links(request: Request) -> Result<String> {
        Ok([
            request.url_for_route("inner", &[])?,
            request.url_for_route("outer", &[("slug", &"a b/ü"), ("rest", &"c/d?e")])?,
            request.url_for_route("both", &[])?,
            request.url_for_route("files", &[])?,
        ]
        .join(" "))
    }
    let inner = Router::new()
        .get("/links", links)
        .name("inner")
        .get("/inner", hit)
        .name("both");
    let router = Router::new()
        .get("/outer/{slug}/{*rest}", hit)
        .name("outer")
        .get("/outer", hit)
        .name("both")
        .mount("/files", hit)
        .name("files")
        .mount("/in", inner);
    testing::get("/in/links")
        .script_name("/site")
        .on(&router)
        .await
        .assert_text(
            "/site/in/links /site/outer/a%20b%2F%C3%BC/c/d%3Fe /site/in/inner /site/files",
        );
}

#[tokio::test]
async fn a_link_that_cannot_be_made_is_a_500_that_says_why() {
    type Values = &'static [(&'static str, &'static (dyn std::fmt::Display + Sync))];
    for (name, values, reported) in [
        (
            "none",
            &[] as Values,
            "no route is named `none`: there are `rest`, `user`",
        ),
        ("user", &[], "`id` has no value"),
        ("user", &[("id", &"")], "`id` may not be empty"),
        ("user", &[("id", &1), ("x", &1)], "no parameter `x`"),
        ("user", &[("id", &"..")], "not canonical"),
        ("user", &[("id", &"a\\b")], "backslash"),
        ("user", &[("id", &"a\0b")], "control"),
        ("rest", &[("path", &"a/../b")], "not canonical"),
    ] {
        let app = move |request: Request| async move {
            let values: Vec<_> = values
                .iter()
                .map(|(name, value)| (*name, *value as &dyn std::fmt::Display))
                .collect();
            request.url_for_route(name, &values)
        };
        let router = Router::new()
            .get("/users/{id}", app)
            .name("user")
            .get("/rest/{*path}", app)
            .name("rest");
        testing::get("/users/7")
            .on(&router)
            .await
            .assert_status(500)
            .assert_reported(reported);
    }
    let bare = async |request: Request| request.url_for_route("x", &[]);
    testing::get("/")
        .on(&bare)
        .await
        .assert_reported("no route here has a name");
}

#[tokio::test]
async fn a_clone_of_a_router_is_added_to_by_itself() {
    let router = Router::new().get("/x", hit);
    let more = router.clone().get("/y", hit);
    testing::get("/y").on(&router).await.assert_status(404);
    testing::get("/y").on(&more).await.assert_status(200);
    let printed = format!("{more:?}");
    assert!(
        printed.contains("GET /x") && printed.contains("GET /y"),
        "{printed}"
    );
}
