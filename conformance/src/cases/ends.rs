//! How answers fail, and what becomes of apps whose clients leave.

use std::time::Duration;

use enfilade_core::{Body, IntoResponse, OnDisconnect, Pipeline, Request, RequestExt, Response};
use futures_util::{StreamExt, stream};

use super::apps::{Noting, OnDrop, PATIENCE, blocks, broken, note_the_end, once_told, ready};
use crate::{
    Case, Failure, Feature, Step, Trial,
    failure::{equal, that},
    kit::note_of,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = failures();
    cases.extend(lengths());
    cases.extend(leaving());
    cases
}

fn failures() -> Vec<Case> {
    vec![
        Case::new("a-first-frame-that-fails-is-a-500", &["H24", "H26"])
            .app(async |_: Request| blocks(broken()))
            .check(is_500),
        Case::new("a-panic-is-a-500", &["H26"])
            .app(async |request: Request| {
                assert!(request.uri().path().is_empty(), "on purpose");
            })
            .check(is_500),
        Case::new("a-panic-in-the-first-frame-is-a-500", &["H24", "H26"])
            .app(async |_: Request| blocks(stream::once(async { panic!("on purpose") })))
            .check(is_500),
        Case::new("a-second-frame-that-fails-shows", &["H25"])
            .needs(&[Feature::StreamingResponse, Feature::BrokenEnd])
            .app(async |request: Request| {
                let go_on = once_told(note_of(&request), "first is here", "");
                blocks(ready(["first"]).chain(go_on).chain(broken()))
            })
            .check(breaks_off),
        Case::new("a-panic-in-the-second-frame-shows", &["H25", "H26"])
            .needs(&[Feature::StreamingResponse, Feature::BrokenEnd])
            .app(async |request: Request| {
                let go_on = once_told(note_of(&request), "first is here", "");
                let panic = stream::once(async { panic!("on purpose") });
                blocks(ready(["first"]).chain(go_on).chain(panic))
            })
            .check(breaks_off),
        Case::new("a-failure-right-after-the-first-frame-shows", &["H25"])
            .needs(&[Feature::BrokenEnd])
            .app(async |_: Request| blocks(ready(["first"]).chain(broken())))
            .check(async |trial| {
                // Whether the head went out before is a matter of how a host buffers.
                let answer = trial.send(trial.get("/")).await;
                answer.fails().map(drop)
            }),
        Case::new("a-failure-does-not-end-the-host", &["H26"])
            .needs(&[Feature::OneProcess])
            .app(async |request: Request| match request.path_info() {
                "/panic" => panic!("on purpose"),
                "/break" => blocks(ready(["first"]).chain(broken())),
                _ => Body::from("well"),
            })
            .check(async |trial| {
                for _ in 0..3 {
                    trial.send(trial.get("/panic")).await;
                    trial.send(trial.get("/break")).await;
                }
                trial.send(trial.get("/")).await.has_body("well")?;
                Ok(())
            }),
        Case::new("a-cause-is-not-told-to-the-client", &["H26", "H40"])
            .app(async |_: Request| -> enfilade_core::Result<()> {
                Err(std::io::Error::other("the password is swordfish").into())
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(500)?;
                let leaks = answer.to_string().contains("swordfish");
                answer.expect(!leaks, format_args!("nothing of the cause"))?;
                Ok(())
            }),
        Case::new("a-report-is-no-part-of-an-answer", &["H40"])
            .app(async |request: Request| {
                request
                    .environ()
                    .report("a line\r\nand one that is none: \u{1b}[0m é");
                "answer"
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.has_body("answer")?;
                Ok(())
            }),
    ]
}

/// What an app promises with Content-Length, and does not keep.
fn lengths() -> Vec<Case> {
    vec![
        Case::new("an-answer-that-is-too-short-shows", &["H31"])
            .needs(&[Feature::Wire])
            .app(async |_: Request| with_length("10", blocks(ready(["short"]))))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.fails().map(drop)
            }),
        Case::new("no-more-is-sent-than-was-promised", &["H31"])
            .needs(&[Feature::Wire, Feature::KeepAlive])
            .app(async |request: Request| match request.uri().query() {
                Some("long") => with_length("4", blocks(ready(["much", "more"]))),
                _ => "next".into_response(),
            })
            .check(async |trial| {
                let asks = [trial.get("/?long"), trial.get("/")];
                let [long, next] = trial.send_all(asks).await;
                let kept = long.body().len() <= 4;
                long.expect(kept, format_args!("at most four bytes"))?;
                // The connection may be closed, but what comes is no rest of the first.
                that(
                    next.status == 0 || next.text() == "next",
                    "the next answer, or none",
                    next,
                )
            }),
        Case::new("a-length-of-other-bytes-is-not-believed", &["H31", "H32"])
            .app(async |_: Request| with_length("3", "hello".into()))
            .check(async |trial| {
                trial.send(trial.get("/")).await.has_body("hello")?;
                Ok(())
            }),
    ]
}

fn leaving() -> Vec<Case> {
    vec![
        Case::new("a-body-is-dropped-when-its-client-leaves", &["H23", "H27"])
            .needs(&[Feature::StreamingResponse, Feature::Disconnect])
            .app(async |request: Request| {
                let never = stream::pending();
                blocks(ready(["first"]).chain(never)).watch(Noting(note_of(&request)))
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitBody(5)).step(Step::Leave);
                let note = trial.note(&ask);
                trial.send(ask).await;
                trial.expect_note(&note, "dropped").await?;
                equal("the notes", note.lines(), ["dropped"])
            }),
        Case::new("an-app-is-dropped-when-its-client-leaves", &["H23"])
            .needs(&[Feature::Disconnect])
            .app(async |request: Request| {
                let note = note_of(&request);
                let _noting = OnDrop(Some(note.clone()));
                note.write("begun");
                std::future::pending::<()>().await;
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                let ask = ask.until(&note, "begun", PATIENCE).step(Step::Leave);
                trial.send(ask).await;
                trial.expect_note(&note, "dropped").await
            }),
        Case::new("the-end-of-a-request-is-told-in-reverse", &["H48"])
            .app(async |request: Request| {
                note_the_end(&request, "first");
                note_the_end(&request, "last");
                "hello"
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                trial.send(ask).await.has_body("hello")?;
                trial.expect_note(&note, "first 200 Complete").await?;
                let told = ["last 200 Complete", "first 200 Complete"];
                equal("the notes", note.lines(), told)
            }),
        Case::new("the-end-of-a-request-that-fails-is-told", &["H48"])
            .app(async |request: Request| {
                note_the_end(&request, "over");
                blocks(ready(["one"]).chain(broken()))
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                trial.send(ask).await;
                trial.expect_note(&note, "over 200 Failed").await?;
                equal("the notes", note.lines(), ["over 200 Failed"])
            }),
        Case::new(
            "a-client-that-leaves-is-told-of-at-the-end",
            &["H48", "H23"],
        )
        .needs(&[Feature::Disconnect])
        .app(async |request: Request| {
            let note = note_of(&request);
            note_the_end(&request, "over");
            note.write("begun");
            std::future::pending::<()>().await;
        })
        .check(async |trial| {
            let ask = trial.get("/");
            let note = trial.note(&ask);
            let ask = ask.until(&note, "begun", PATIENCE).step(Step::Leave);
            trial.send(ask).await;
            trial.expect_note(&note, "over 0 Dropped").await?;
            equal("the notes", note.lines(), ["begun", "over 0 Dropped"])
        }),
        Case::new("an-app-that-asks-for-it-goes-on", &["H23"])
            .needs(&[Feature::Disconnect, Feature::Finish])
            .app(
                Pipeline::new()
                    .with(OnDisconnect::Finish)
                    .app(async |request: Request| {
                        let note = note_of(&request);
                        note_the_end(&request, "over");
                        note.write("begun");
                        // So that the host sees its client leave; with CGI it has a second.
                        tokio::time::sleep(Duration::from_millis(500)).await;
                        note.write("went on");
                        "hello"
                    }),
            )
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                let ask = ask.until(&note, "begun", PATIENCE).step(Step::Leave);
                trial.send(ask).await;
                trial.expect_note(&note, "went on").await?;
                let over = |lines: &[String]| lines.iter().any(|line| line.starts_with("over "));
                note.until(PATIENCE, over).await;
                let lines = note.lines();
                // One that did not see it in time has sent the answer.
                let told = ["over 200 Unsent", "over 200 Complete", "over 200 Dropped"];
                let last = lines.last().is_some_and(|line| told.contains(&&**line));
                that(last, "an app that came to its end", lines)
            }),
        Case::new("a-body-ends-once", &["H27", "H48"])
            .app(async |request: Request| {
                let body = blocks(ready(["one", "two"]));
                body.watch(Noting(note_of(&request)))
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                trial.send(ask).await.has_body("onetwo")?;
                trial.expect_note(&note, "complete").await?;
                equal("the notes", note.lines(), ["complete"])
            }),
        Case::new("a-body-that-fails-ends-once", &["H27", "H48"])
            .app(async |request: Request| {
                let body = blocks(ready(["one"]).chain(broken()));
                body.watch(Noting(note_of(&request)))
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                trial.send(ask).await;
                trial.expect_note(&note, "failed").await?;
                equal("the notes", note.lines(), ["failed"])
            }),
    ]
}

async fn is_500(trial: &Trial<'_>) -> Result<(), Failure> {
    let answer = trial.send(trial.get("/")).await;
    answer.has_status(500)?.is_whole()?;
    Ok(())
}

/// The head comes, and the body has no end.
async fn breaks_off(trial: &Trial<'_>) -> Result<(), Failure> {
    let ask = trial.get("/").step(Step::AwaitBody(5));
    let note = trial.note(&ask);
    let answer = trial.send(ask.tell(&note, "first is here")).await;
    answer.has_status(200)?.is_broken()?;
    Ok(())
}

fn with_length(length: &'static str, body: Body) -> Response {
    ([("content-length", length)], body).into_response()
}
