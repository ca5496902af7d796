//! Answers that are made while they are sent.

use bytes::Bytes;
use enfilade_core::{App, Body, BodyError, IntoResponse, Next, Pipeline, Request, from_fn};
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::{BodyStream, StreamBody};

use super::apps::{blocks, long, once_told, ready};
use crate::{
    Case, Failure, Feature, Framing, Step, Trial,
    failure::{equal, that},
    kit::note_of,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("a-frame-is-not-held-back", &["H29"])
            .needs(&[Feature::StreamingResponse])
            .app(first_and_second)
            .check(is_not_held_back),
        Case::new("a-frame-passes-a-pipeline-at-once", &["H29", "M2", "M8"])
            .needs(&[Feature::StreamingResponse])
            .app(behind_nine_steps(first_and_second))
            .check(is_not_held_back),
        Case::new(
            "a-head-goes-out-before-a-frame-that-is-late",
            &["H24", "H29"],
        )
        .needs(&[Feature::StreamingResponse])
        .app(async |request: Request| blocks(once_told(note_of(&request), "head is here", "frame")))
        .check(async |trial| {
            let ask = trial.get("/").step(Step::AwaitHead);
            let note = trial.note(&ask);
            let answer = trial.send(ask.tell(&note, "head is here")).await;
            answer.has_body("frame")?;
            Ok(())
        }),
        Case::new("ten-frames-come-one-by-one", &["H29"])
            .needs(&[Feature::StreamingResponse])
            .app(async |request: Request| {
                let note = note_of(&request);
                const LINES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
                blocks(
                    stream::iter(LINES).flat_map(move |line| once_told(note.clone(), line, line)),
                )
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitHead);
                let note = trial.note(&ask);
                let lines = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
                let ask = lines.into_iter().enumerate().fold(ask, |ask, (n, line)| {
                    ask.tell(&note, line).step(Step::AwaitBody(n + 1))
                });
                trial.send(ask).await.has_body("0123456789")?;
                Ok(())
            }),
        Case::new("empty-frames-end-nothing", &["H30"])
            .app(async |_: Request| blocks(ready(["", "a", "", "", "b", ""])))
            .check(async |trial| {
                trial.send(trial.get("/")).await.has_body("ab")?;
                Ok(())
            }),
        Case::new("a-thousand-frames-arrive", &["H29", "H30"])
            .app(async |_: Request| {
                blocks(stream::iter((0..1000).map(|n| Ok(format!("{n}\n").into()))))
            })
            .check(async |trial| {
                let lines: String = (0..1000).map(|n| format!("{n}\n")).collect();
                trial.send(trial.get("/")).await.has_body(lines)?;
                Ok(())
            }),
        Case::new("a-large-stream-arrives", &["H30"])
            .app(async |_: Request| {
                let bytes = Bytes::from(long(LARGE));
                let pieces = (0..LARGE)
                    .step_by(50_000)
                    .map(move |at| Ok(bytes.slice(at..LARGE.min(at + 50_000))));
                blocks(stream::iter(pieces))
            })
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.is_whole()?;
                let body = answer.body();
                equal("the number of bytes", body.len(), LARGE)?;
                that(body == long(LARGE), "the bytes that were sent", "others")
            }),
        Case::new("pieces-are-echoed-one-by-one", &["H20", "H29"])
            .needs(&[
                Feature::UnknownLength,
                Feature::StreamingRequest,
                Feature::StreamingResponse,
                Feature::EarlyAnswer,
            ])
            .app(async |request: Request| {
                let pieces = BodyStream::new(request.into_body())
                    .try_filter_map(async |frame| Ok(frame.into_data().ok()));
                Body::stream(pieces)
            })
            .check(async |trial| {
                let ask = trial.post("/").framing(Framing::Chunked);
                let ask = ask.send("one ").step(Step::AwaitBody(4));
                let ask = ask.send("two ").step(Step::AwaitBody(8)).send("three");
                trial.send(ask).await.has_body("one two three")?;
                Ok(())
            }),
        Case::new("trailers-arrive", &["H47"])
            .needs(&[Feature::Trailers])
            .app(with_trailers)
            .check(async |trial| {
                let answer = trial.send(trial.get("/").field("te", "trailers")).await;
                answer.has_status(200)?.has_body("data")?;
                let trailers = answer.trailers.iter();
                let sums = trailers.filter(|(name, _)| name == "x-sum");
                equal("the values of x-sum", sums.count(), 1)
            }),
        Case::new("an-answer-with-trailers-is-whole-without-them", &["H47"])
            .app(with_trailers)
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.has_body("data")?;
                Ok(())
            }),
    ]
}

const LARGE: usize = 4 * 1024 * 1024;

/// `app` behind steps that do nothing, as many as make a pipeline cut itself.
fn behind_nine_steps(app: impl App + 'static) -> impl App {
    let step = from_fn(async |request: Request, next: Next<'_>| next.respond(request).await);
    let three = Pipeline::new().with(step).with(step).with(step);
    Pipeline::new()
        .with(three.clone())
        .with(three.clone())
        .with(three)
        .app(app)
}

async fn first_and_second(request: Request) -> Body {
    let second = once_told(note_of(&request), "first is here", "second");
    blocks(ready(["first "]).chain(second))
}

async fn is_not_held_back(trial: &Trial<'_>) -> Result<(), Failure> {
    let ask = trial.get("/").step(Step::AwaitBody(6));
    let note = trial.note(&ask);
    let answer = trial.send(ask.tell(&note, "first is here")).await;
    answer.has_body("first second")?;
    Ok(())
}

async fn with_trailers(_: Request) -> impl IntoResponse {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-sum", http::HeaderValue::from_static("1"));
    let frames = [
        Ok::<_, BodyError>(http_body::Frame::data(Bytes::from("data"))),
        Ok(http_body::Frame::trailers(trailers)),
    ];
    let body = StreamBody::new(stream::iter(frames));
    ([("trailer", "x-sum")], Body::new(body))
}
