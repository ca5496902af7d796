//! Answers that carry no body.

use enfilade_core::{IntoResponse, Request, RequestExt, Response};
use http::StatusCode;

use super::apps::{Noting, blocks, noting_polls, ready};
use crate::{
    Case, Failure, Feature, Trial,
    failure::{equal, that},
    kit::note_of,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("a-head-of-a-known-body-has-its-length", &["H33"])
            .app(async |_: Request| "hello")
            .check(async |trial| {
                let answer = trial.send(trial.head("/")).await;
                answer.has_status(200)?.has_body("")?;
                answer.has_field("content-length", &["5"])?;
                Ok(())
            }),
        Case::new("a-head-keeps-the-length-that-an-app-gives", &["H33"])
            .app(async |_: Request| ([("content-length", "1000")], ""))
            .check(async |trial| {
                let answer = trial.send(trial.head("/")).await;
                answer.has_status(200)?.has_body("")?;
                answer.has_field("content-length", &["1000"])?;
                Ok(())
            }),
        Case::new("a-head-of-a-stream-has-no-body", &["H33"])
            .app(async |_: Request| blocks(ready(["one", "two"])))
            .check(async |trial| {
                trial
                    .send(trial.head("/"))
                    .await
                    .has_status(200)?
                    .has_body("")?;
                Ok(())
            }),
        Case::new("the-body-of-a-head-is-dropped-unread", &["H33"])
            .app(unread_with(StatusCode::OK))
            .check(async |trial| is_unread(trial, "HEAD", 200).await),
        Case::new("a-204-has-no-body", &["H33"])
            .app(unread_with(StatusCode::NO_CONTENT))
            .check(async |trial| is_unread(trial, "GET", 204).await),
        Case::new("a-304-has-no-body", &["H33"])
            .app(unread_with(StatusCode::NOT_MODIFIED))
            .check(async |trial| is_unread(trial, "GET", 304).await),
        Case::new("a-205-has-no-body", &["H33"])
            .app(unread_with(StatusCode::RESET_CONTENT))
            .check(async |trial| is_unread(trial, "GET", 205).await),
        Case::new("a-304-keeps-its-fields", &["H33"])
            .app(async |_: Request| {
                let fields = [("etag", "\"a\""), ("cache-control", "max-age=9")];
                (StatusCode::NOT_MODIFIED, fields, "")
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_status(304)?
                    .has_body("")?
                    .has_field("etag", &["\"a\""])?;
                answer.has_field("cache-control", &["max-age=9"])?;
                Ok(())
            }),
        Case::new("a-204-has-no-length", &["H33"])
            .app(async |_: Request| (StatusCode::NO_CONTENT, [("content-length", "5")], "hello"))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_status(204)?
                    .has_body("")?
                    .has_no_field("content-length")?;
                Ok(())
            }),
        Case::new("a-head-of-an-error-has-no-body", &["H33"])
            .app(async |_: Request| (StatusCode::NOT_FOUND, "not here"))
            .check(async |trial| {
                trial
                    .send(trial.head("/"))
                    .await
                    .has_status(404)?
                    .has_body("")?;
                Ok(())
            }),
        Case::new("an-informational-status-is-no-answer", &["H38"])
            .app(async |request: Request| match request.path_info() {
                "/103" => StatusCode::EARLY_HINTS,
                _ => StatusCode::CONTINUE,
            })
            .check(async |trial| {
                for rest in ["/100", "/103"] {
                    trial
                        .send(trial.get(rest))
                        .await
                        .has_status(500)?
                        .is_whole()?;
                }
                Ok(())
            }),
        Case::new(
            "what-carries-no-body-leaves-the-connection-in-step",
            &["H33"],
        )
        .needs(&[Feature::KeepAlive])
        .app(async |request: Request| {
            let status = request.uri().query().unwrap_or_default();
            let status = StatusCode::from_bytes(status.as_bytes()).unwrap_or_default();
            (status, "hello").into_response()
        })
        .check(async |trial| {
            let asks = [
                trial.head("/?200"),
                trial.get("/?204"),
                trial.get("/?304"),
                trial.head("/?404"),
                trial.get("/?200"),
            ];
            let answers = trial.send_all(asks).await;
            let statuses = answers.each_ref().map(|answer| answer.status);
            equal("the statuses", statuses, [200, 204, 304, 404, 200])?;
            answers[4].has_body("hello")?;
            Ok(())
        }),
    ]
}

/// A stream that must not be read, with this status.
fn unread_with(status: StatusCode) -> impl enfilade_core::App {
    move |request: Request| async move {
        let note = note_of(&request);
        let stream = noting_polls(note.clone(), ready(["one", "two"]));
        let body = blocks(stream).watch(Noting(note));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response
    }
}

async fn is_unread(trial: &Trial<'_>, method: &str, status: u16) -> Result<(), Failure> {
    let ask = trial.ask(method, "/");
    let note = trial.note(&ask);
    trial.send(ask).await.has_status(status)?.has_body("")?;
    trial.expect_note(&note, "dropped").await?;
    that(
        note.lines() == ["dropped"],
        "a body that is dropped unread",
        note.lines(),
    )
}
