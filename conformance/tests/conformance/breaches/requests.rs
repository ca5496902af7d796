//! Requests that do not arrive as they are, and environs that are wrong.

use enfilade_core::{Body, BodyError, Capabilities, Next, Request, RequestExt, from_fn};
use futures_util::StreamExt;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, BodyStream};

use super::finds;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_collected_before_they_are_given_to_the_app() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let body = std::mem::take(request.body_mut());
        let collected = body.collect().await;
        // A body that was cut passes for one that ended.
        let bytes = collected
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        *request.body_mut() = bytes.into();
        next.respond(request).await
    });
    finds(
        breach,
        &[
            "a-piece-arrives-before-the-next-is-sent",
            "an-answer-may-come-before-the-body",
            "trailers-of-a-request-arrive",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_request_that_passes_for_a_whole_one() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let body = std::mem::take(request.body_mut());
        let frames = BodyStream::new(body).take_while(|frame| std::future::ready(frame.is_ok()));
        let pieces = frames.filter_map(async |frame| {
            let data = frame.ok()?.into_data().ok()?;
            Some(Ok::<_, BodyError>(data))
        });
        // Nobody watches the client any more, so the app goes on.
        *request.body_mut() = Body::stream(pieces);
        let app = next.respond(request);
        app.await
    });
    finds(breach, &["a-body-that-is-cut-is-no-end"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_is_called_twice() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        let mut again = Request::default();
        *again.uri_mut() = request.uri().clone();
        *again.headers_mut() = request.headers().clone();
        *again.extensions_mut() = request.extensions().clone();
        next.respond(again).await;
        next.respond(request).await
    });
    finds(
        breach,
        &["a-request-is-given-to-the-app-once", "a-body-ends-once"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn capabilities_that_are_not_there() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let mut capabilities = Capabilities::default();
        capabilities.upgrade = true;
        request.environ_mut().connection_mut().capabilities = capabilities;
        next.respond(request).await
    });
    finds(breach, &["what-a-host-says-it-carries-it-carries"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_name_with_its_port() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        request.environ_mut().connection_mut().server_name = "example.org:8080".into();
        next.respond(request).await
    });
    finds(breach, &["the-server-has-a-name-and-a-port"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_is_believed_unasked() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        if request.headers().contains_key("x-forwarded-proto") {
            request.environ_mut().connection_mut().scheme = http::uri::Scheme::HTTPS;
        }
        if let Some(host) = request.headers().get("x-forwarded-host").cloned() {
            request.headers_mut().insert(header::HOST, host);
        }
        next.respond(request).await
    });
    finds(breach, &["forwarded-fields-are-believed-of-nobody"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_that_are_lost_or_invented() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let cookies = request.headers().get_all(header::COOKIE).iter();
        let joined = cookies
            .map(HeaderValue::as_bytes)
            .collect::<Vec<_>>()
            .join(&b", "[..]);
        if !joined.is_empty() {
            let joined = HeaderValue::from_bytes(&joined).expect("a value");
            request.headers_mut().insert(header::COOKIE, joined);
        }
        if let Some(last) = request.headers().get_all("x-a").iter().next_back().cloned() {
            request.headers_mut().insert("x-a", last);
        }
        if let Some(user) = request.headers_mut().remove("x_user") {
            request.headers_mut().insert("x-user", user);
        }
        request
            .headers_mut()
            .insert("te", HeaderValue::from_static("gzip"));
        let mut response = next.respond(request).await;
        response
            .headers_mut()
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/html"));
        response
    });
    finds(
        breach,
        &[
            "two-cookie-fields-are-one-list",
            "repeated-fields-stay-in-order",
            "repeated-fields-stay-apart",
            "an-underscore-is-no-hyphen",
            "fields-of-the-connection-are-withheld",
            "a-host-does-not-guess-a-type",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_that_are_decoded_and_cleaned_once_more() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let target = request.uri().to_string();
        let target = target
            .replace("%2F", "/")
            .replace("//", "/")
            .replace("%25", "%");
        if let Ok(uri) = target.parse() {
            *request.uri_mut() = uri;
        }
        next.respond(request).await
    });
    finds(
        breach,
        &[
            "repeated-slashes-arrive",
            "an-escaped-slash-splits-nothing",
            "an-escaped-percent-stays-escaped",
            "a-prefix-ends-with-a-segment",
            "mount-table-061",
        ],
    )
    .await;
}
