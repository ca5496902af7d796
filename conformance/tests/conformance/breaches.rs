//! Hosts that break a rule, each in one way, and the cases that find it: a kit that passes
//! everything would be of no use.

mod answers;
mod requests;

use enfilade_conformance::{InMemory, Kit, Report, Verdict};
use enfilade_core::{Middleware, Next, Pipeline, Request, from_fn};

/// What comes of `cases`, or of all, on a host that does `breach` to each request and its answer.
async fn report(breach: impl Middleware + 'static, cases: Option<&[&str]>) -> Report {
    let kit = Kit::new().expect("a folder");
    let kit = match cases {
        Some(cases) => kit.with_only(cases),
        None => kit,
    };
    let app = Pipeline::new().with(breach).app(kit.app());
    kit.run(&InMemory::new(app)).await
}

/// Fails unless each of `cases` finds the breach.
async fn finds(breach: impl Middleware + 'static, cases: &[&str]) {
    let report = report(breach, Some(cases)).await;
    assert_eq!(report.verdicts.len(), cases.len(), "some are no cases");
    for (case, verdict) in report.verdicts {
        assert!(
            matches!(verdict, Verdict::Fail { .. }),
            "{case} does not find it: {verdict:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_where_nothing_is_broken() {
    let breach = from_fn(async |request: Request, next: Next<'_>| next.respond(request).await);
    let report = report(breach, None).await;
    report.conforming().expect("nothing is broken");
}
