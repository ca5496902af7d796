//! Mounts: apps under prefixes and hosts, which always know where they are.
//!
//! ```text
//! cargo run --example mounts
//!
//! $ curl http://127.0.0.1:8000/blog/2026/11
//! script name "/blog", path info "/2026/11", a link: /blog/feed
//! $ curl http://127.0.0.1:8000/blog
//! script name "/blog", path info "", a link: /blog/feed
//! $ curl http://127.0.0.1:8000/blogs
//! the front page
//! $ curl http://127.0.0.1:8000/blog/%2e%2e/blog/%61      # guard and app see one path
//! script name "/blog", path info "/a", a link: /blog/feed
//! $ curl -i http://127.0.0.1:8000/blog/old
//! HTTP/1.1 308 Permanent Redirect
//! location: /blog/new
//! $ curl -H 'host: admin.example.org' http://127.0.0.1:8000/
//! the back office
//! ```

use enfilade::core::{HostError, Redirect};
use enfilade::{App, Mounts, Request, RequestExt, Router};

async fn whereabouts(request: Request) -> String {
    format!(
        "script name {:?}, path info {:?}, a link: {}\n",
        request.script_name(),
        request.path_info(),
        request.url_for("/feed"),
    )
}

async fn front(_: Request) -> &'static str {
    "the front page\n"
}

async fn back_office(_: Request) -> &'static str {
    "the back office\n"
}

/// It does not say where it is mounted, and need not.
fn blog() -> impl App {
    Router::new()
        .get("/old", async |_: Request| Redirect::permanent("/new"))
        .mount("/", whereabouts)
}

fn main() -> Result<(), HostError> {
    enfilade::run(
        Mounts::new()
            .mount("/blog", blog())
            .mount("admin.example.org/", back_office)
            .mount("/", front),
    )
}
