//! Hosts that break a rule, each in one way, and the case that finds it: a kit that passes
//! everything would be of no use.

use bytes::Bytes;
use enfilade_conformance::{InMemory, Kit, Report, Verdict};
use enfilade_core::{
    App, Body, BodyError, Capabilities, Middleware, Next, Pipeline, Request, RequestExt, Response,
    from_fn,
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, header};
use http_body_util::{BodyExt, BodyStream};

/// What comes of `cases`, or of all, on a host that does `breach` to each request and its answer.
async fn report(breach: impl Middleware + 'static, cases: Option<&[&str]>) -> Report {
    let kit = Kit::new().expect("a folder");
    let kit = match cases {
        Some(cases) => kit.with_only(cases),
        None => kit,
    };
    let app = Pipeline::new().with(breach).app(kit.app());
    kit.run(&InMemory::new(app)).await
}

/// Fails unless each of `cases` finds the breach.
async fn finds(breach: impl Middleware + 'static, cases: &[&str]) {
    let report = report(breach, Some(cases)).await;
    assert_eq!(report.verdicts.len(), cases.len(), "some are no cases");
    for (case, verdict) in report.verdicts {
        assert!(
            matches!(verdict, Verdict::Fail { .. }),
            "{case} does not find it: {verdict:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_found_where_nothing_is_broken() {
    let breach = from_fn(async |request: Request, next: Next<'_>| next.respond(request).await);
    let report = report(breach, None).await;
    report.conforming().expect("nothing is broken");
}

#[tokio::test]
async fn answers_that_are_collected_before_they_are_sent() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        let (head, body) = next.respond(request).await.into_parts();
        match body.collect().await {
            Ok(collected) => Response::from_parts(head, collected.to_bytes().into()),
            Err(error) => {
                enfilade_core::IntoResponse::into_response(enfilade_core::Error::from(error))
            }
        }
    });
    finds(
        breach,
        &[
            "a-frame-is-not-held-back",
            "a-head-goes-out-before-a-frame-that-is-late",
            "ten-frames-come-one-by-one",
            "pieces-are-echoed-one-by-one",
            "a-second-frame-that-fails-shows",
            "the-body-of-a-head-is-dropped-unread",
            "trailers-arrive",
        ],
    )
    .await;
}

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn an_end_that_hides_that_a_body_failed() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        next.respond(request).await.map(|body| {
            let frames =
                BodyStream::new(body).take_while(|frame| std::future::ready(frame.is_ok()));
            Body::new(http_body_util::StreamBody::new(frames))
        })
    });
    finds(
        breach,
        &[
            "a-second-frame-that-fails-shows",
            "a-first-frame-that-fails-is-a-500",
        ],
    )
    .await;
}

#[tokio::test]
async fn fields_that_are_merged() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        let mut response = next.respond(request).await;
        let values: Vec<_> = response
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .cloned()
            .collect();
        if values.len() > 1 {
            let merged = values
                .iter()
                .map(HeaderValue::as_bytes)
                .collect::<Vec<_>>()
                .join(&b", "[..]);
            let merged = HeaderValue::from_bytes(&merged).expect("a value");
            response.headers_mut().insert(header::SET_COOKIE, merged);
        }
        response
    });
    finds(breach, &["two-cookies-stay-two"]).await;
}

#[tokio::test]
async fn newlines_that_are_translated() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        next.respond(request).await.map(|body| {
            let frames = BodyStream::new(body);
            Body::stream(frames.filter_map(async |frame| match frame {
                Ok(frame) => {
                    let data = frame.into_data().ok()?;
                    let text: Vec<u8> =
                        data.iter().copied().filter(|byte| *byte != b'\r').collect();
                    Some(Ok(Bytes::from(text)))
                }
                Err(error) => Some(Err(error)),
            }))
        })
    });
    finds(
        breach,
        &[
            "every-byte-of-an-answer-arrives",
            "a-head-of-a-known-body-has-its-length",
        ],
    )
    .await;
}

#[tokio::test]
async fn an_empty_frame_that_ends_a_body() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        next.respond(request).await.map(|body| {
            let frames = BodyStream::new(body).take_while(|frame| {
                let is_empty = frame
                    .as_ref()
                    .is_ok_and(|frame| frame.data_ref().is_some_and(Bytes::is_empty));
                std::future::ready(!is_empty)
            });
            Body::new(http_body_util::StreamBody::new(frames))
        })
    });
    finds(breach, &["empty-frames-end-nothing"]).await;
}

#[tokio::test]
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

#[tokio::test]
async fn capabilities_that_are_not_there() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        let mut capabilities = Capabilities::default();
        capabilities.upgrade = true;
        request.environ_mut().connection_mut().capabilities = capabilities;
        next.respond(request).await
    });
    finds(breach, &["what-a-host-says-it-carries-it-carries"]).await;
}

#[tokio::test]
async fn a_server_name_with_its_port() {
    let breach = from_fn(async |mut request: Request, next: Next<'_>| {
        request.environ_mut().connection_mut().server_name = "example.org:8080".into();
        next.respond(request).await
    });
    finds(breach, &["the-server-has-a-name-and-a-port"]).await;
}

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
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

#[tokio::test]
async fn a_body_that_is_held_after_its_client_has_left() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        next.respond(request).await.map(|body| {
            let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, BodyError>>(64);
            tokio::spawn(async move {
                let mut frames = BodyStream::new(body);
                while let Some(frame) = frames.next().await {
                    let data = frame.map(|frame| frame.into_data().unwrap_or_default());
                    // It goes on for nobody.
                    let _ = sender.send(data).await;
                }
            });
            Body::stream(stream::unfold(receiver, async |mut receiver| {
                Some((receiver.recv().await?, receiver))
            }))
        })
    });
    finds(
        breach,
        &[
            "a-body-is-dropped-when-its-client-leaves",
            "the-body-of-a-head-is-dropped-unread",
        ],
    )
    .await;
}

#[tokio::test]
async fn an_app_that_goes_on_after_its_client_has_left() {
    struct Detached;
    impl Middleware for Detached {
        async fn handle(&self, request: Request, next: &impl App) -> Response {
            // Leaked on purpose: the future is never dropped.
            let mut app = Box::pin(std::mem::ManuallyDrop::new(Box::pin(next.respond(request))));
            std::future::poll_fn(|cx| app.as_mut().get_mut().as_mut().poll(cx)).await
        }
    }
    finds(Detached, &["an-app-is-dropped-when-its-client-leaves"]).await;
}
