//! What goes over one connection, and how long it lasts.

use enfilade_core::{Error, Io, Request, RequestExt};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::apps::{blocks, broken, long, ready};
use crate::{
    Answer, Case, Feature, Framing, Step,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = one_by_one();
    cases.extend(taken_over());
    cases
}

fn one_by_one() -> Vec<Case> {
    vec![
        Case::new("one-exchange-follows-another", &["H1"])
            .needs(&[Feature::KeepAlive])
            .check(async |trial| {
                let asks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|n| {
                    let ask = trial.post(&format!("/{n}"));
                    ask.body("x".repeat(n))
                });
                for (n, answer) in trial.send_all(asks).await.iter().enumerate() {
                    let seen = answer.seen()?;
                    equal("the path info", seen.path_info, format!("/{n}"))?;
                    equal("the body's length", seen.length, n as u64)?;
                }
                Ok(())
            }),
        Case::new("a-body-that-nobody-reads-is-no-request", &["M10"])
            .needs(&[Feature::KeepAlive])
            .app(async |_: Request| "early")
            .check(async |trial| {
                // Were the body taken for a request, the answer to it would be a 400.
                let asks = [trial.post("/").body("x y z\r\n\r\n"), trial.get("/")];
                let [first, second] = trial.send_all(asks).await;
                first.has_body("early")?;
                follows_or_is_closed(second)
            }),
        Case::new("a-large-body-that-nobody-reads-is-no-request", &["M10"])
            .needs(&[Feature::KeepAlive, Feature::EarlyAnswer])
            .app(async |_: Request| "early")
            .check(async |trial| {
                let upload = trial.post("/").body(long(1024 * 1024));
                let [first, second] = trial.send_all([upload, trial.get("/")]).await;
                first.has_body("early")?;
                follows_or_is_closed(second)
            }),
        Case::new("an-answer-that-broke-off-is-followed-by-none", &["H25"])
            .needs(&[Feature::KeepAlive, Feature::BrokenEnd])
            .app(async |request: Request| match request.uri().query() {
                Some("break") => blocks(ready(["first"]).chain(broken())),
                _ => "early".into(),
            })
            .check(async |trial| {
                let asks = [trial.get("/?break"), trial.get("/")];
                let [first, second] = trial.send_all(asks).await;
                first.fails()?;
                follows_or_is_closed(second)
            }),
        Case::new("a-stream-to-http10-ends-with-the-connection", &["H32"])
            .needs(&[Feature::Http10])
            .app(async |_: Request| blocks(ready(["one ", "two"])))
            .check(async |trial| {
                let mut ask = trial.get("/");
                ask.http10 = true;
                let answer = trial.send(ask).await;
                answer.has_status(200)?.has_body("one two")?;
                answer.has_no_field("transfer-encoding")?;
                Ok(())
            }),
    ]
}

fn taken_over() -> Vec<Case> {
    vec![
        Case::new("a-connection-is-taken-over", &["H45"])
            .needs(&[Feature::Upgrade])
            .app(async |request: Request| -> enfilade_core::Result {
                let upgrade = request.environ().upgrade();
                let upgrade = upgrade.ok_or(Error::status(426))?.clone();
                Ok(upgrade.accept(echo))
            })
            .check(async |trial| {
                let ask = trial.get("/").field("connection", "upgrade");
                let ask = ask.field("upgrade", "kit-echo").framing(Framing::Raw);
                let ask = ask
                    .step(Step::AwaitHead)
                    .send("ping")
                    .step(Step::AwaitBody(4));
                let answer = trial.send(ask.send("pong.")).await;
                answer
                    .has_status(101)?
                    .has_field("upgrade", &["kit-echo"])?;
                answer.has_body("pingpong.")?;
                Ok(())
            }),
        Case::new("an-upgrade-that-nobody-asked-for-is-not-offered", &["H45"])
            .app(async |request: Request| {
                let offered = request.environ().upgrade().is_some();
                offered.to_string()
            })
            .check(async |trial| {
                trial.send(trial.get("/")).await.has_body("false")?;
                Ok(())
            }),
        Case::new("an-upgrade-may-be-turned-down", &["H45"])
            .needs(&[Feature::HopByHop])
            .app(async |_: Request| "no")
            .check(async |trial| {
                let ask = trial.get("/").field("connection", "upgrade");
                let ask = ask.field("upgrade", "kit-echo");
                trial.send(ask).await.has_status(200)?.has_body("no")?;
                Ok(())
            }),
        Case::new("a-101-that-nobody-asked-for-is-a-500", &["H45"])
            .app(async |_: Request| http::StatusCode::SWITCHING_PROTOCOLS)
            .check(async |trial| {
                trial
                    .send(trial.get("/"))
                    .await
                    .has_status(500)?
                    .is_whole()?;
                Ok(())
            }),
    ]
}

/// The next answer on a connection, or none because the host closed it.
fn follows_or_is_closed(answer: Answer) -> Result<(), crate::Failure> {
    let is_closed = answer.status == 0 && answer.is_broken().is_ok();
    that(
        is_closed || answer.text() == "early",
        "the next answer, or a closed connection",
        answer.to_string(),
    )
}

/// Sends what comes back, nine bytes of it.
async fn echo(mut io: Io) {
    let mut bytes = [0; 9];
    let mut at = 0;
    while at < bytes.len() {
        match io.read(&mut bytes[at..]).await {
            Ok(count @ 1..) => {
                if io.write_all(&bytes[at..at + count]).await.is_err() {
                    return;
                }
                // What cannot be flushed shows at the client.
                let _ = io.flush().await;
                at += count;
            }
            _ => return,
        }
    }
    let _ = io.shutdown().await;
}
