//! How answers stream, fail and end.

use std::time::Duration;

use bytes::Bytes;
use enfilade_core::{Body, BodyEnd, BodyError, BodyWatch, Ending, Request};
use futures_util::{StreamExt, stream};

use crate::{Case, End, Feature, Step, kit::note_of, notes::Note};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("a-frame-is-not-held-back", &["H29"])
            .needs(&[Feature::StreamingResponse])
            .app(async |request: Request| {
                let note = note_of(&request);
                let second = async move {
                    let told = note.wait_for("first is here", Duration::from_secs(3)).await;
                    Ok(Bytes::from(if told { "second" } else { "too late" }))
                };
                blocks(stream::iter([Ok(Bytes::from("first "))]).chain(stream::once(second)))
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitBody(5));
                let note = trial.note(&ask);
                let answer = trial.send(ask.tell(&note, "first is here")).await;
                answer.has_body("first second")?;
                Ok(())
            }),
        Case::new("a-first-frame-that-fails-is-a-500", &["H24"])
            .app(async |_: Request| blocks(stream::iter([Err(BodyError::new("broken"))])))
            .check(async |trial| {
                trial
                    .send(trial.get("/"))
                    .await
                    .has_status(500)?
                    .is_whole()?;
                Ok(())
            }),
        Case::new("a-second-frame-that-fails-shows", &["H25"])
            .needs(&[Feature::BrokenEnd])
            .app(async |request: Request| {
                let note = note_of(&request);
                let second = async move {
                    note.wait_for("first is here", Duration::from_secs(3)).await;
                    Err(BodyError::new("broken"))
                };
                blocks(stream::iter([Ok(Bytes::from("first"))]).chain(stream::once(second)))
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitHead);
                let note = trial.note(&ask);
                let answer = trial.send(ask.tell(&note, "first is here")).await;
                answer.has_status(200)?.is_broken()?;
                Ok(())
            }),
        Case::new("a-failure-right-after-the-first-frame-shows", &["H25"])
            .needs(&[Feature::BrokenEnd])
            .app(async |_: Request| {
                let frames = [Ok(Bytes::from("first")), Err(BodyError::new("broken"))];
                blocks(stream::iter(frames))
            })
            .check(async |trial| {
                // Whether the head went out before is a matter of how a host buffers.
                let answer = trial.send(trial.get("/")).await;
                if answer.status == 500 && answer.end == End::Clean {
                    return Ok(());
                }
                answer.is_broken().map(drop)
            }),
        Case::new("a-body-is-dropped-when-its-client-leaves", &["H23", "H27"])
            .needs(&[Feature::Disconnect])
            .app(async |request: Request| {
                let note = note_of(&request);
                let first = stream::iter([Ok(Bytes::from("first"))]);
                let never = stream::pending();
                blocks(first.chain(never)).watch(Noting(note))
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitBody(5)).step(Step::Leave);
                let note = trial.note(&ask);
                trial.send(ask).await;
                trial.expect_note(&note, "dropped").await
            }),
    ]
}

/// A body of blocks.
fn blocks(
    blocks: impl futures_core::Stream<Item = Result<Bytes, BodyError>> + Send + 'static,
) -> Body {
    Body::stream(blocks)
}

/// Notes how a body ended.
struct Noting(Note);

impl BodyWatch for Noting {
    fn end(&mut self, end: BodyEnd) {
        self.0.write(match end.ending {
            Ending::Complete => "complete",
            Ending::Failed => "failed",
            Ending::Dropped => "dropped",
            _ => "otherwise",
        });
    }
}
