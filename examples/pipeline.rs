//! The main job: an app behind authentication, compression and an access log, with a second app
//! and an axum router mounted under prefixes.
//!
//! ```text
//! cargo run --features tower --example pipeline
//!
//! $ curl -i http://127.0.0.1:8000/api/books
//! HTTP/1.1 401 Unauthorized
//! www-authenticate: Basic realm="library", charset="UTF-8"
//! $ curl -u ada:lovelace --compressed http://127.0.0.1:8000/api/books
//! [{"id":1,"title":"The Art of Computer Programming","author":"Donald E. Knuth"}, ...]
//! $ curl -u ada:lovelace http://127.0.0.1:8000/api/books/3
//! {"id":3,"title":"A Discipline of Programming","author":"Edsger W. Dijkstra"}
//! $ curl -u ada:lovelace http://127.0.0.1:8000/status/ready
//! script name /status, path info /ready: up
//! $ curl -u ada:lovelace http://127.0.0.1:8000/axum/hello/bob
//! hello bob, from axum
//! $ curl -i -u ada:lovelace http://127.0.0.1:8000/axum/old
//! HTTP/1.1 308 Permanent Redirect
//! location: /axum/hello/you
//! ```
//!
//! and one line a request on the standard output, such as
//!
//! ```text
//! 127.0.0.1 - ada [23/Nov/2026:00:12:34 +0000] "GET /api/books HTTP/1.1" 200 154 "-" "curl/7.88.1"
//! ```

use std::time::Duration;

use axum::{extract::Path, response::Redirect, routing};
use enfilade::core::{HostError, Json, Lifecycle, OrStatus, from_service};
use enfilade::middleware::{AccessLog, BasicAuth, Compression, Format, RequestId, Timeout};
use enfilade::{App, Mounts, Pipeline, Request, RequestExt, Result, Router};
use serde::Serialize;

#[derive(Serialize)]
struct Book {
    id: usize,
    title: &'static str,
    author: &'static str,
}

const BOOKS: [(&str, &str); 12] = [
    ("The Art of Computer Programming", "Donald E. Knuth"),
    (
        "Structure and Interpretation of Computer Programs",
        "Harold Abelson, Gerald Jay Sussman",
    ),
    ("A Discipline of Programming", "Edsger W. Dijkstra"),
    (
        "The C Programming Language",
        "Brian W. Kernighan, Dennis M. Ritchie",
    ),
    ("Communicating Sequential Processes", "C. A. R. Hoare"),
    ("The Mythical Man-Month", "Frederick P. Brooks"),
    ("Programming Pearls", "Jon Bentley"),
    ("Types and Programming Languages", "Benjamin C. Pierce"),
    (
        "Computer Architecture: A Quantitative Approach",
        "John L. Hennessy, David A. Patterson",
    ),
    (
        "Introduction to Algorithms",
        "Thomas H. Cormen, Charles E. Leiserson, Ronald L. Rivest",
    ),
    (
        "The Unix Programming Environment",
        "Brian W. Kernighan, Rob Pike",
    ),
    ("Purely Functional Data Structures", "Chris Okasaki"),
];

fn find(id: usize) -> Option<Book> {
    let (title, author) = *BOOKS.get(id.checked_sub(1)?)?;
    Some(Book { id, title, author })
}

async fn books(_: Request) -> Json<Vec<Book>> {
    Json((1..=BOOKS.len()).filter_map(find).collect())
}

async fn book(request: Request) -> Result<Json<Book>> {
    Ok(Json(find(request.param("id")?).or_status(404)?))
}

fn api() -> impl App {
    Router::new().get("/books", books).get("/books/{id}", book)
}

/// An app is any async function; it knows where it is mounted.
async fn status(request: Request) -> String {
    format!(
        "script name {}, path info {}: up\n",
        request.script_name(),
        request.path_info()
    )
}

/// An axum router keeps its own ways; its redirects come out right under any prefix.
fn axum_site() -> axum::Router {
    axum::Router::new()
        .route(
            "/hello/{name}",
            routing::get(async |Path(name): Path<String>| format!("hello {name}, from axum\n")),
        )
        .route(
            "/old",
            routing::get(async || Redirect::permanent("/hello/you")),
        )
}

fn site() -> Result<impl App> {
    let site = Pipeline::new()
        .with(RequestId::new())
        .with(AccessLog::stdout(Format::Combined)?)
        .with(Compression::new())
        .with(Timeout::new(Duration::from_secs(30)))
        .with(BasicAuth::accounts([("ada", "lovelace")]).with_realm("library"))
        .app(
            Mounts::new()
                .mount("/api", api())
                .mount("/status", status)
                .mount("/axum", from_service(axum_site())),
        );
    Ok(site)
}

fn main() -> Result<(), HostError> {
    enfilade::launch(async |_: &Lifecycle| site())
}
