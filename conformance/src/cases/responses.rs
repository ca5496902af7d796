//! What a client sees of an answer.

use enfilade_core::Request;
use http::StatusCode;

use crate::{Case, Feature};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("two-cookies-stay-two", &["H35"])
            .app(async |_: Request| ([("set-cookie", "a=1"), ("set-cookie", "b=2")], "ok"))
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer
                    .has_status(200)?
                    .has_field("set-cookie", &["a=1", "b=2"])?;
                Ok(())
            }),
        Case::new("a-known-body-has-its-length", &["H32"])
            .app(async |_: Request| "hello")
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                answer.has_status(200)?.has_body("hello")?;
                Ok(())
            }),
        Case::new("an-empty-body-is-empty", &["H32"])
            .app(async |_: Request| "")
            .check(async |trial| {
                trial
                    .send(trial.get("/"))
                    .await
                    .has_status(200)?
                    .has_body("")?;
                Ok(())
            }),
        Case::new("every-status-arrives", &["H38"])
            .app(async |request: Request| {
                let status = request.uri().query().unwrap_or_default();
                StatusCode::from_bytes(status.as_bytes()).unwrap_or_default()
            })
            .check(async |trial| {
                for status in [201, 226, 404, 410, 418, 451, 500, 503, 599] {
                    let answer = trial.send(trial.get(&format!("/?{status}"))).await;
                    answer.has_status(status)?;
                }
                Ok(())
            }),
        Case::new("a-head-has-no-body", &["H33"])
            .app(async |_: Request| "hello")
            .check(async |trial| {
                trial
                    .send(trial.head("/"))
                    .await
                    .has_status(200)?
                    .has_body("")?;
                Ok(())
            }),
        Case::new("date-is-there-once", &["H34"])
            .needs(&[Feature::OriginServer])
            .check(async |trial| {
                let answer = trial.send(trial.get("/")).await;
                let dates = answer.values("date").len();
                answer.expect(dates == 1, format_args!("one Date"))?;
                Ok(())
            }),
    ]
}
