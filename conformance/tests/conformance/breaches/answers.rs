//! Answers that do not arrive as they are.

use bytes::Bytes;
use enfilade_core::{
    App, Body, BodyError, Error, IntoResponse, Middleware, Next, Request, Response, from_fn,
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, header};
use http_body_util::{BodyExt, BodyStream};

use super::finds;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_collected_before_they_are_sent() {
    let breach = from_fn(async |request: Request, next: Next<'_>| {
        let (head, body) = next.respond(request).await.into_parts();
        match body.collect().await {
            Ok(collected) => Response::from_parts(head, collected.to_bytes().into()),
            Err(error) => Error::from(error).into_response(),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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
