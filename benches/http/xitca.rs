//! xitca-web, which has an HTTP/2 of its own: `serve-xitca ROW PORT`.

use enfilade_benches::http::{HELLO, TEXT, arguments};
use xitca_web::{
    App,
    handler::handler_service,
    http::{WebResponse, header::CONTENT_TYPE},
    route::get,
};

async fn hello() -> WebResponse {
    let mut response = WebResponse::new(HELLO.into());
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

fn main() -> std::io::Result<()> {
    let (row, port) = arguments();
    let site = App::new().at("/", get(handler_service(hello))).serve();
    // Without TLS, one of its servers speaks one version.
    let site = match &*row {
        "http1" => site,
        "http2" => site.h2c_prior_knowledge(),
        other => panic!("no row `{other}`"),
    };
    // One core is the server's, and each worker is a thread of its own.
    site.worker_threads(1)
        .bind(("127.0.0.1", port))?
        .run()
        .wait()
}
