//! The bodies of requests.

use std::time::Duration;

use enfilade_core::{Request, RequestExt};
use http_body_util::BodyExt;

use super::apps::{OnDrop, PATIENCE, long};
use crate::{
    Case, End, Failure, Feature, Framing, Seen, Step, Trial,
    failure::{equal, that},
    kit::note_of,
    seen::sum_of,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(unread());
    cases.extend(cut());
    cases
}

fn whole() -> Vec<Case> {
    vec![
        Case::new("a-body-arrives-with-its-length", &["H15", "H19"]).check(async |trial| {
            let seen = trial.send(trial.post("/").body("hello")).await.seen()?;
            equal("the declared length", seen.declared, Some(5))?;
            is(&seen, b"hello")
        }),
        Case::new("an-empty-body-is-empty", &["H15", "H19"]).check(async |trial| {
            let seen = trial.send(trial.post("/").body("")).await.seen()?;
            is(&seen, b"")
        }),
        Case::new("no-body-is-an-empty-body", &["H19"]).check(async |trial| {
            for method in ["GET", "POST", "DELETE"] {
                is(&trial.send(trial.ask(method, "/")).await.seen()?, b"")?;
            }
            Ok(())
        }),
        Case::new("any-method-may-have-a-body", &["H19"]).check(async |trial| {
            for method in ["PUT", "PATCH", "DELETE", "PROPFIND"] {
                let seen = trial
                    .send(trial.ask(method, "/").body("hello"))
                    .await
                    .seen()?;
                is(&seen, b"hello")?;
            }
            Ok(())
        }),
        Case::new("every-byte-arrives", &["H30"]).check(async |trial| {
            let bytes: Vec<u8> = (0..=255).chain(*b"\r\n\n\r\0\x1a").collect();
            is(
                &trial
                    .send(trial.post("/").body(bytes.clone()))
                    .await
                    .seen()?,
                &bytes,
            )
        }),
        Case::new("a-large-body-arrives", &["H19", "H30"]).check(async |trial| {
            let bytes = long(4 * 1024 * 1024 + 1);
            is(
                &trial
                    .send(trial.post("/").body(bytes.clone()))
                    .await
                    .seen()?,
                &bytes,
            )
        }),
        Case::new("a-body-ends-at-its-length", &["H19"]).check(async |trial| {
            // The connection stays open and the client ends nothing.
            let ask = trial.post("/").body("hello").step(Step::AwaitHead);
            is(&trial.send(ask).await.seen()?, b"hello")
        }),
        Case::new("a-body-in-pieces-arrives", &["H19"]).check(async |trial| {
            let ask = trial.post("/").framing(Framing::Length(11));
            let pause = Step::Pause(Duration::from_millis(20));
            let ask = ask.send("hel").step(pause.clone()).send("lo ").step(pause);
            is(&trial.send(ask.send("world")).await.seen()?, b"hello world")
        }),
        Case::new("a-body-of-unknown-length-arrives", &["H16", "H20"])
            .needs(&[Feature::UnknownLength])
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Chunked);
                let seen = trial.send(ask.send("hello ").send("world")).await.seen()?;
                is(&seen, b"hello world")?;
                equal(
                    "transfer-encoding",
                    seen.values("transfer-encoding"),
                    [""; 0],
                )
            }),
        Case::new("an-empty-body-of-unknown-length-is-empty", &["H20"])
            .needs(&[Feature::UnknownLength])
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Chunked);
                is(&trial.send(ask).await.seen()?, b"")
            }),
        Case::new("a-large-body-of-unknown-length-arrives", &["H20"])
            .needs(&[Feature::UnknownLength])
            .check(async |trial| {
                let bytes = long(2_000_000);
                let ask = trial.post("/").framing(Framing::Chunked);
                let pieces = bytes.chunks(70_000);
                let ask = pieces.fold(ask, |ask, piece| ask.send(piece.to_vec()));
                is(&trial.send(ask).await.seen()?, &bytes)
            }),
        Case::new("a-piece-arrives-before-the-next-is-sent", &["H20"])
            .needs(&[Feature::StreamingRequest])
            .app(async |mut request: Request| {
                let note = note_of(&request);
                if let Some(Ok(_)) = request.body_mut().frame().await {
                    note.write("first is here");
                }
                let rest = request.bytes().await;
                rest.map_or(0, |rest| rest.len()).to_string()
            })
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Length(11)).send("first");
                let note = trial.note(&ask);
                // The second is sent by a client that has been told of the first.
                let ask = ask.until(&note, "first is here", PATIENCE);
                trial.send(ask.send("second")).await.has_body("6")?;
                Ok(())
            }),
        Case::new("trailers-of-a-request-arrive", &["H20"])
            .needs(&[Feature::RequestTrailers])
            .check(async |trial| {
                let ask = trial
                    .post("/")
                    .framing(Framing::Chunked)
                    .field("trailer", "x-sum");
                let trailers = vec![("x-sum".to_owned(), "1".to_owned())];
                let seen = trial
                    .send(ask.send("hello").step(Step::End(trailers)))
                    .await;
                let seen = seen.seen()?;
                is(&seen, b"hello")?;
                equal(
                    "the trailers",
                    seen.trailers,
                    [("x-sum".to_owned(), "1".to_owned())],
                )
            }),
    ]
}

fn unread() -> Vec<Case> {
    vec![
        Case::new("an-app-need-not-read-a-body", &["M10"])
            .app(async |_: Request| "early")
            .check(async |trial| {
                trial
                    .send(trial.post("/").body("hello"))
                    .await
                    .has_body("early")?;
                Ok(())
            }),
        Case::new("a-large-body-may-be-left-unread", &["M10"])
            .needs(&[Feature::EarlyAnswer])
            .app(async |_: Request| "early")
            .check(async |trial| {
                let ask = trial.post("/").body(long(4 * 1024 * 1024));
                trial.send(ask).await.has_body("early")?;
                Ok(())
            }),
        Case::new("an-answer-may-come-before-the-body", &["M10"])
            .needs(&[Feature::EarlyAnswer])
            .app(async |_: Request| "early")
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Length(9));
                let ask = ask.send("1234").step(Step::AwaitHead).send("56789");
                trial.send(ask).await.has_body("early")?;
                Ok(())
            }),
        Case::new("continue-is-said-when-a-body-is-asked-for", &["H21"])
            .needs(&[Feature::Expect])
            .check(async |trial| {
                let ask = trial.post("/").field("expect", "100-continue");
                let ask = ask.framing(Framing::Length(5)).step(Step::AwaitHead);
                let answer = trial.send(ask.send("hello")).await;
                equal("the informational answers", &*answer.informational, [100])?;
                is(&answer.seen()?, b"hello")
            }),
        Case::new("no-continue-is-said-where-no-body-is-asked-for", &["H21"])
            .needs(&[Feature::Expect])
            .app(async |_: Request| http::StatusCode::FORBIDDEN)
            .check(async |trial| {
                let ask = trial.post("/").field("expect", "100-continue");
                let ask = ask.framing(Framing::Length(5)).step(Step::AwaitHead);
                let answer = trial.send(ask).await;
                answer.has_status(403)?;
                equal("the informational answers", &*answer.informational, [0; 0])
            }),
    ]
}

fn cut() -> Vec<Case> {
    vec![
        Case::new("a-body-that-is-cut-is-no-end", &["H22"])
            .needs(&[Feature::CutRequest])
            .app(noting_ends)
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Length(10));
                is_cut(trial, ask.send("hello"), Step::Cut).await
            }),
        Case::new("a-body-of-unknown-length-that-is-cut-is-no-end", &["H22"])
            .needs(&[Feature::UnknownLength, Feature::CutUnknownLength])
            .app(noting_ends)
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Chunked);
                is_cut(trial, ask.send("hello"), Step::Cut).await
            }),
        Case::new("a-client-that-leaves-in-its-body-is-no-end", &["H22"])
            .needs(&[Feature::CutRequest])
            .app(noting_ends)
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Length(10));
                is_cut(trial, ask.send("hello"), Step::Leave).await
            }),
    ]
}

/// Notes that a body has begun, and how it ended.
async fn noting_ends(mut request: Request) {
    let note = note_of(&request);
    // A host may drop an app whose client has left.
    let mut dropped = OnDrop(Some(note.clone()));
    let ended = loop {
        match request.body_mut().frame().await {
            Some(Ok(_)) => note.write("begun"),
            Some(Err(_)) => break "broken",
            None => break "whole",
        }
    };
    dropped.0 = None;
    note.write(ended);
}

async fn is_cut(trial: &Trial<'_>, ask: crate::Ask, how: Step) -> Result<(), Failure> {
    let note = trial.note(&ask);
    // A host that reads all of it before it calls the app does not begin.
    let ask = ask.until(&note, "begun", Duration::from_secs(1));
    let answer = trial.send(ask.step(how)).await;
    let over = |lines: &[String]| lines.iter().any(|line| line != "begun");
    note.until(Duration::from_secs(15), over).await;
    let lines = note.lines();
    let knows = |line: &String| line == "broken" || line == "dropped";
    // Where the host itself waits for the whole body.
    let never_called = lines.is_empty() && (answer.end == End::Left || answer.status != 200);
    that(
        lines.iter().any(knows) || never_called,
        "the body to break off, or its app to be dropped",
        lines,
    )
}

fn is(seen: &Seen, body: &[u8]) -> Result<(), Failure> {
    equal("an error of the body", seen.broken.as_deref(), None::<&str>)?;
    equal("the body's length", seen.length, body.len() as u64)?;
    equal("the body's sum", &*seen.sum, sum_of(body))
}
