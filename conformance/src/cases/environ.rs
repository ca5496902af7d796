//! What a host tells an app about a call.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use enfilade_core::Request;

use crate::{
    Case, Failure, Feature,
    failure::{equal, that},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("methods-arrive-as-they-are", &["H2"]).check(async |trial| {
            for method in ["GET", "DELETE", "OPTIONS", "PROPFIND", "M-SEARCH"] {
                let seen = trial.send(trial.ask(method, "/")).await.seen()?;
                equal("the method", seen.method, method)?;
            }
            Ok(())
        }),
        Case::new("a-method-keeps-its-case", &["H2"]).check(async |trial| {
            let seen = trial.send(trial.ask("get", "/")).await.seen()?;
            equal("the method", seen.method, "get")
        }),
        Case::new("the-server-has-a-name-and-a-port", &["H10"]).check(async |trial| {
            let seen = trial
                .send(trial.get("/").host("example.org:8080"))
                .await
                .seen()?;
            let name = &*seen.server_name;
            let has_port =
                !name.starts_with('[') && name.contains(':') && name.matches(':').count() == 1;
            that(!name.is_empty() && !has_port, "a name without a port", name)?;
            that(seen.server_port > 0, "a port", seen.server_port)
        }),
        Case::new("the-scheme-is-that-of-the-last-hop", &["H12"]).check(async |trial| {
            let seen = trial.send(trial.get("/")).await.seen()?;
            let scheme = if trial.target().is_tls() {
                "https"
            } else {
                "http"
            };
            equal("the scheme", seen.scheme, scheme)
        }),
        Case::new("the-version-is-the-client-s", &["H13"])
            .needs(&[Feature::Http10])
            .check(async |trial| {
                let seen = trial.send(trial.get("/")).await.seen()?;
                equal("the version", seen.version, "HTTP/1.1")?;
                let mut ask = trial.get("/");
                ask.http10 = true;
                let seen = trial.send(ask).await.seen()?;
                equal("the version", seen.version, "HTTP/1.0")
            }),
        Case::new("one-app-answers-all-requests", &["H1"])
            .needs(&[Feature::OneProcess])
            .app(counting())
            .check(async |trial| {
                let mut last = 0;
                for _ in 0..5 {
                    let answer = trial.send(trial.get("/")).await;
                    let count = answer.text().parse::<u64>().unwrap_or_default();
                    answer.expect(count > last, format_args!("a count above {last}"))?;
                    last = count;
                }
                Ok(())
            }),
        Case::new("a-request-is-given-to-the-app-once", &["H1"])
            .app(async |request: Request| {
                crate::kit::note_of(&request).write("called");
                "hello"
            })
            .check(async |trial| {
                let ask = trial.get("/");
                let note = trial.note(&ask);
                trial.send(ask).await.has_body("hello")?;
                equal("the notes", note.lines(), ["called"])
            }),
        Case::new("what-a-host-says-it-carries-it-carries", &["H39"]).check(async |trial| {
            let seen = trial.send(trial.get("/")).await.seen()?;
            for (capability, feature) in [
                ("streaming_request", Feature::StreamingRequest),
                ("streaming_response", Feature::StreamingResponse),
                ("trailers", Feature::Trailers),
                ("upgrade", Feature::Upgrade),
                ("disconnect", Feature::Disconnect),
            ] {
                says(&seen, capability, trial.target().lacks(feature).is_none())?;
            }
            let one_process = trial.target().lacks(Feature::OneProcess).is_none();
            says(&seen, "run_once", !one_process)
        }),
        Case::new(
            "sixteen-requests-at-once-get-their-own-answers",
            &["H1", "A1"],
        )
        .check(async |trial| {
            let exchanges = (0..16).map(async |n| {
                let ask = trial.get(&format!("/{n}")).field("x-n", n.to_string());
                let seen = trial.send(ask).await.seen()?;
                equal("the path info", seen.path_info.clone(), format!("/{n}"))?;
                equal("x-n", seen.values("x-n"), [n.to_string()])
            });
            let outcomes = futures_util::future::join_all(exchanges).await;
            outcomes.into_iter().collect()
        }),
    ]
}

fn says(seen: &crate::Seen, capability: &str, expected: bool) -> Result<(), Failure> {
    let said = seen.capabilities.get(capability).copied();
    equal(
        &format!("the capability {capability}"),
        said,
        Some(expected),
    )
}

/// Answers with how many requests it has answered.
fn counting() -> impl enfilade_core::App {
    let count = Arc::new(AtomicU64::new(0));
    move |_: Request| {
        let count = count.fetch_add(1, Relaxed) + 1;
        async move { count.to_string() }
    }
}
