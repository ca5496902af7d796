//! A watcher that holds apps, hosts and middleware to the rule book: [`Lint`].
//!
//! The rules are in [`spec`](crate::spec). Many of them no compiler sees to: that a
//! `Content-Length` is true, that no frame is held back, that no cookie is lost. A lint looks for
//! them while requests are answered, and says which rule was broken, by whom, where, and how to
//! mend it. It changes nothing, unless it is told to break bodies off.
//!
//! # In tests
//!
#![cfg_attr(
    feature = "testing",
    doc = "[`testing`](crate::testing) puts a lint in front of every app that it calls, and"
)]
#![cfg_attr(
    not(feature = "testing"),
    doc = "The client of feature `testing` puts a lint in front of every app that it calls, and"
)]
//! fails at a breach. For a middleware of your own, put one on both sides of it: the two know of
//! each other, and find what neither could find alone.
//!
//! ```
//! use enfilade_core::{Middleware, App, Pipeline, Request, Response, lint::Lint};
//!
//! struct Shout;
//!
//! impl Middleware for Shout {
//!     async fn handle(&self, request: Request, next: &impl App) -> Response {
//!         let (head, body) = next.respond(request).await.into_parts();
//!         let bytes = body.into_bytes(1000).await.unwrap_or_default();
//!         Response::from_parts(head, bytes.to_ascii_uppercase().into())
//!     }
//! }
//!
//! # async fn check() {
//! let (lint, findings) = Lint::collecting();
//! let app = Pipeline::new()
//!     .with(lint.around(Shout))
//!     .app(async |_: Request| ([("etag", "\"1\"")], "hello"));
//! app.respond(Request::default()).await.into_body().into_bytes(1000).await.unwrap();
//!
//! let breach = findings.take().into_iter().find(|found| found.rules().contains(&"M4")).unwrap();
//! assert_eq!(breach.whose(), "`Shout`");
//! assert_eq!(breach.what(), "the bytes of the body were changed, and `etag` is the same");
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(check());
//! ```
//!
//! [`Lint::panicking`] is for tests that only want to know that there is nothing to find.
//!
//! To find what leaks, let it break things off: [`Lint::with_responses_cut_after`] does as a client
//! that leaves, [`Lint::with_requests_cut_after`] as one that never finishes its upload.
//!
//! # In development
//!
//! `enfilade::run` puts [`Lint::reporting`] in front of an app in debug builds: each finding is
//! written once to the host's error stream. With a host of your own:
//!
//! ```
//! use enfilade_core::{App, Pipeline, Request, lint::Lint};
//!
//! fn site() -> impl App {
//!     async |_: Request| "hello"
//! }
//!
//! let app = Pipeline::new().with(Lint::reporting()).app(site());
//! # let _ = app.boxed();
//! ```
//!
//! For a log of another kind, [`Lint::new`] takes any closure, such as one for `tracing`:
//!
//! ```
//! use enfilade_core::lint::{Finding, Lint};
//!
//! let lint = Lint::new(|finding: &Finding| tracing::warn!(%finding));
//! # let _ = lint;
//! ```
//!
//! # What it does not see
//!
//! The content of a body that is a piece of a file: a host may send that in its own way, so no lint
//! reads it, and whether a middleware changed its bytes (M4) is not known. Nor is it where a body
//! was broken off, and where a middleware answers with a part (206). A body that is kept though its
//! client has left is counted where it was read to its end, and not before. A body behind HEAD is no
//! finding: the host drops it (H33).
//!
//! # What it costs
//!
//! Some allocations and locks for each request, and a look at each byte. An app that is not wrapped
//! costs nothing.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{App, Middleware, Request, Response, StandardError, Step};

mod around;
mod body;
mod check;
mod exchange;
mod fields;
mod finding;
mod hints;
mod ledger;
mod record;
mod reporter;
mod request;
mod response;
mod sides;
mod watches;

pub use around::Linted;
pub use finding::{Finding, Severity};
use record::{Destination, Parties};
use reporter::Panicking;
pub use reporter::{Findings, Reporter};
use sides::Place;

/// Holds what is on both sides of it to the rule book: the host outside, the app inside.
///
/// It is middleware, and stands anywhere in a pipeline; [`around`](Lint::around) puts it on both
/// sides of a step. Of several lints that a request passes, the outermost gets what all of them
/// find, and a check is reported once for a request, by the lint that saw it first: so the blame is
/// where the fault is.
///
/// See the [module](self) for where to put it.
#[derive(Clone)]
pub struct Lint {
    undropped: Arc<Undropped>,
    destination: Destination,
    parties: Arc<Parties>,
    cuts: Cuts,
}

/// After how many frames bodies are broken off.
#[derive(Clone, Copy, Debug, Default)]
struct Cuts {
    responses: Option<usize>,
    requests: Option<usize>,
}

impl Lint {
    /// Tells `reporter` what it finds, breaches and warnings.
    ///
    /// ```
    /// use enfilade_core::lint::{Finding, Lint};
    ///
    /// let lint = Lint::new(|finding: &Finding| eprintln!("{finding}"));
    /// # let _ = lint;
    /// ```
    pub fn new(reporter: impl Reporter + 'static) -> Lint {
        Lint::to(Destination::Reporter(Arc::new(reporter)))
    }

    /// Panics at a breach, for tests; warnings are not told.
    ///
    /// A host catches panics, so this panics once more when the last clone is dropped: with the app,
    /// at the end of the test.
    #[must_use]
    pub fn panicking() -> Lint {
        Lint::new(Panicking::default())
    }

    /// Writes what it finds to the host's error stream, each finding once, in lines that begin with
    /// `lint: `; for development. What differs in its details is another finding; after 1,000 of
    /// them it says so, and no more.
    #[must_use]
    pub fn reporting() -> Lint {
        Lint::to(Destination::ErrorStream(Arc::default()))
    }

    /// Collects what it finds, for tests of broken things, and for tools.
    #[must_use]
    pub fn collecting() -> (Lint, Findings) {
        let findings = Findings::default();
        (Lint::new(findings.clone()), findings)
    }

    fn to(destination: Destination) -> Lint {
        Lint {
            undropped: Arc::new(Undropped {
                count: Arc::default(),
                destination: destination.clone(),
            }),
            destination,
            parties: Arc::new(Parties {
                caller: "the host".into(),
                callee: "the app".into(),
            }),
            cuts: Cuts::default(),
        }
    }

    /// Drops each response's body after so many frames, as a host does whose client leaves, and
    /// lets the body fail for whoever is outside. By default nothing is cut.
    ///
    /// What the body held must be given back by then: a body inside of a middleware that is still
    /// there is a breach of M3.
    #[must_use]
    pub const fn with_responses_cut_after(mut self, frames: usize) -> Lint {
        self.cuts.responses = Some(frames);
        self
    }

    /// Lets each request's body fail after so many frames, as it does when a client leaves in the
    /// middle of an upload. By default nothing is cut.
    #[must_use]
    pub const fn with_requests_cut_after(mut self, frames: usize) -> Lint {
        self.cuts.requests = Some(frames);
        self
    }

    /// Puts this lint on both sides of `step`: a middleware, a tower layer, or a pipeline.
    ///
    /// ```
    /// use enfilade_core::{Next, Pipeline, Request, Response, from_fn, lint::Lint};
    ///
    /// async fn pass(request: Request, next: Next<'_>) -> Response {
    ///     next.respond(request).await
    /// }
    ///
    /// let app = Pipeline::new()
    ///     .with(Lint::panicking().around(from_fn(pass)))
    ///     .app(async |_: Request| "hello");
    /// assert_eq!(format!("{app:?}"), "Lint -> FromFn<pass> -> Lint -> app");
    /// ```
    pub fn around<S: Step>(self, step: S) -> Linted<S> {
        Linted::new(self, step)
    }
}

impl Middleware for Lint {
    async fn handle(&self, request: Request, next: &impl App) -> Response {
        sides::watch(self, &self.parties, Place::Alone, request, next).await
    }
}

impl fmt::Debug for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lint")
            .field("cuts", &self.cuts)
            .finish_non_exhaustive()
    }
}

/// How many bodies have ended and were not dropped. Told when the last clone of a lint is.
struct Undropped {
    count: Arc<AtomicUsize>,
    destination: Destination,
}

impl Drop for Undropped {
    fn drop(&mut self) {
        let count = self.count.load(Ordering::Relaxed);
        if count > 0 {
            let what = format!("{count} bodies of responses have ended and were never dropped");
            let finding =
                Finding::new(check::NEVER_DROPPED, what, "the host".into(), String::new());
            self.destination.report(&finding, &StandardError);
        }
    }
}
