//! Early hints.

use enfilade_core::{Hinted, Request, RequestExt};

use super::apps::PATIENCE;
use crate::{
    Case, Feature, Step,
    failure::{equal, that},
    kit::note_of,
};

const LINK: [(&str, &str); 1] = [("link", "</a.css>; rel=preload; as=style")];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("early-hints-come-before-the-answer", &["H46"])
            .needs(&[Feature::EarlyHints])
            .app(async |request: Request| {
                let note = note_of(&request);
                let hinted = request.environ().early_hints(LINK);
                // The answer is made when the client has seen the hint.
                let in_time = note.wait_for("the hint is here", PATIENCE).await;
                format!("{hinted:?} {in_time}")
            })
            .check(async |trial| {
                let ask = trial.get("/").step(Step::AwaitHead);
                let note = trial.note(&ask);
                let answer = trial.send(ask.tell(&note, "the hint is here")).await;
                equal("the informational answers", &*answer.informational, [103])?;
                answer.has_status(200)?.has_body("Taken true")?;
                Ok(())
            }),
        Case::new("early-hints-do-no-harm", &["H46", "H39"])
            .app(async |request: Request| {
                let environ = request.environ();
                let hinted = [environ.early_hints(LINK), environ.early_hints(LINK)];
                let said = match environ.connection().capabilities.informational {
                    false => hinted == [Hinted::Unsupported; 2],
                    // A web server in front may speak another version.
                    true => hinted == [Hinted::Taken; 2] || hinted == [Hinted::OldVersion; 2],
                };
                if said { "as said" } else { "otherwise" }
            })
            .check(async |trial| {
                for ask in [trial.get("/"), trial.post("/").body("hello")] {
                    let answer = trial.send(ask).await;
                    answer.has_status(200)?.has_body("as said")?;
                    answer.has_no_field("link")?;
                    that(
                        answer.informational.iter().all(|status| *status == 103),
                        "nothing but 103 before the answer",
                        &answer,
                    )?;
                }
                Ok(())
            }),
        Case::new("an-old-client-gets-no-early-hints", &["H46", "H13"])
            .needs(&[Feature::Http10])
            .app(async |request: Request| {
                request.environ().early_hints(LINK);
                "answer"
            })
            .check(async |trial| {
                let mut ask = trial.get("/");
                ask.http10 = true;
                let answer = trial.send(ask).await;
                equal("the informational answers", &*answer.informational, [0; 0])?;
                answer.has_status(200)?.has_body("answer")?;
                Ok(())
            }),
    ]
}
