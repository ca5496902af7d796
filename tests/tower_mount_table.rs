//! The mount table holds for tower services behind mounts, and for apps behind those.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request as AxumRequest, response::IntoResponse};
use enfilade_core::{
    AppService, Connection, Environ, FitService, Gateway, Mounted, Mounts, Request, RequestExt,
    Response, from_service,
};
use http::{Uri, Version};
use tower::service_fn;

#[allow(dead_code, reason = "routers need what is not used here")]
#[path = "../conformance/src/mount_table/rows.rs"]
mod rows;

use rows::{Outcome, ROWS, Row};

fn request(row: &Row) -> Option<Request> {
    let mut request = Request::default();
    *request.method_mut() = row.method.parse().ok()?;
    *request.uri_mut() = row.target.parse::<Uri>().ok()?;
    request.headers_mut().insert("host", row.host.parse().ok()?);
    let environ = Environ::new(Arc::new(Connection::default()), Version::HTTP_11);
    let environ = environ.with_script_name(row.external.len());
    request.extensions_mut().insert(environ);
    Some(request)
}

/// What a service of any kind sees of its mount, said in a body, with a redirect to its `/x`.
fn seen<B>(point: &str, request: &http::Request<B>) -> http::Response<String> {
    let uri = request.uri();
    let environ = request.extensions().get::<Environ>().expect("the host's");
    assert!(
        format!("{environ:?}").contains("script_name: 0"),
        "the split goes with the path"
    );
    let (script_name, path_info) = match request.extensions().get::<Mounted>() {
        Some(mounted) => {
            assert_eq!(mounted.uri().query(), uri.query());
            assert_eq!(mounted.uri().authority(), uri.authority());
            let path_info = mounted.path_info();
            assert_eq!(
                [mounted.script_name(), path_info].concat(),
                mounted.uri().path()
            );
            assert_eq!(
                uri.path(),
                if path_info.is_empty() { "/" } else { path_info }
            );
            (mounted.script_name(), path_info)
        }
        None => ("", uri.path()),
    };
    http::Response::builder()
        .header("location", "/x")
        .header("set-cookie", "a=b; Path=/")
        .body(format!("{point} {script_name} {path_info}"))
        .expect("a response")
}

/// The same for an app, which sees the whole path wherever it is.
async fn seen_by_app(point: &'static str, request: Request) -> Response {
    let (script_name, path_info) = (request.script_name(), request.path_info());
    assert_eq!([script_name, path_info].concat(), request.uri().path());
    assert!(request.extensions().get::<Mounted>().is_none());
    let path = if script_name.is_empty() {
        "/"
    } else {
        script_name
    };
    http::Response::builder()
        .header("location", request.url_for("/x"))
        .header("set-cookie", format!("a=b; Path={path}"))
        .body(format!("{point} {script_name} {path_info}").into())
        .expect("a response")
}

/// What axum answers itself: it sends no body to CONNECT.
fn without_connect() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(|row| row.method != "CONNECT")
}

/// Each of `rows`, with what `service` makes behind each mount.
async fn check<S: FitService>(
    rows: impl IntoIterator<Item = &'static Row>,
    service: impl Fn(&'static str) -> S,
) {
    for row in rows {
        let Some(request) = request(row) else {
            assert_eq!(row.outcome, Outcome::Refused(400), "{row:?}");
            continue;
        };
        let site = row.mounts.iter().fold(Mounts::new(), |site, point| {
            site.mount(point, from_service(service(point)))
        });
        let response = Gateway::new(site).answer(request).await;
        let status = response.status().as_u16();
        let (head, body) = response.into_parts();
        let text = body.into_bytes(1000).await.expect("a body in memory");
        match row.outcome {
            Outcome::Refused(expected) => assert_eq!(status, expected, "{row:?}"),
            Outcome::At {
                mount,
                script_name,
                path_info,
            } => {
                assert_eq!(
                    text,
                    format!("{mount} {script_name} {path_info}"),
                    "{row:?}"
                );
                let path = if script_name.is_empty() {
                    "/"
                } else {
                    script_name
                };
                assert_eq!(
                    head.headers["location"],
                    format!("{script_name}/x"),
                    "{row:?}"
                );
                assert_eq!(
                    head.headers["set-cookie"],
                    format!("a=b; Path={path}"),
                    "{row:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_mounted_tower_service_holds_to_the_table() {
    check(ROWS, |point| {
        service_fn(async move |request: Request| Ok::<_, Infallible>(seen(point, &request)))
    })
    .await;
}

#[tokio::test]
async fn a_mounted_axum_router_holds_to_the_table() {
    check(without_connect(), |point| {
        Router::new()
            .fallback(async move |request: AxumRequest| seen(point, &request).into_response())
    })
    .await;
}

#[tokio::test]
async fn an_app_in_a_mounted_axum_router_holds_to_the_table() {
    check(without_connect(), |point| {
        let app = AppService::new(move |request: Request| seen_by_app(point, request));
        Router::new().fallback_service(app)
    })
    .await;
}

#[tokio::test]
async fn an_app_as_a_mounted_service_holds_to_the_table() {
    check(ROWS, |point| {
        AppService::new(move |request: Request| seen_by_app(point, request))
    })
    .await;
}
