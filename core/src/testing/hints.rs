//! What an app hints before it answers, in a test: [`Hints`].

use std::sync::{Arc, Mutex, Weak};

use http::HeaderMap;

use crate::{Hinted, Informational, host::EARLY_HINTS, lifecycle::lock};

/// The early hints of one request, as its host takes them until there is an answer.
#[derive(Debug, Default)]
pub(super) struct Hints(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    hints: Vec<HeaderMap>,
    answered: bool,
}

impl Hints {
    pub(super) fn shared(self: &Arc<Hints>) -> Weak<dyn Informational> {
        let shared: Arc<dyn Informational> = Arc::clone(self) as _;
        Arc::downgrade(&shared)
    }

    /// What was hinted; from now on it is too late.
    pub(super) fn close(&self) -> Vec<HeaderMap> {
        let mut taken = lock(&self.0);
        taken.answered = true;
        std::mem::take(&mut taken.hints)
    }
}

impl Informational for Hints {
    fn early_hints(&self, _: u64, fields: HeaderMap) -> Hinted {
        let mut taken = lock(&self.0);
        if taken.answered {
            return Hinted::TooLate;
        }
        if taken.hints.len() == EARLY_HINTS {
            return Hinted::TooMany;
        }
        taken.hints.push(fields);
        Hinted::Taken
    }
}

#[cfg(test)]
mod tests {
    use crate::{Capabilities, Request, RequestExt, testing};

    #[tokio::test]
    async fn a_test_sees_what_was_hinted() {
        let app = async |request: Request| {
            let hinted = |n: u8| request.environ().early_hints([("link", format!("</{n}>"))]);
            format!("{:?}", (0..9).map(hinted).last())
        };
        let response = testing::get("/").on(&app).await;
        response.assert_text("Some(TooMany)");
        let hints = response.early_hints().iter();
        let links: Vec<_> = hints.map(|fields| &fields["link"]).collect();
        assert_eq!(links.len(), 8);
        assert_eq!(links[7], "</7>");
    }

    #[tokio::test]
    async fn a_host_without_them_and_an_old_client_get_none() {
        let app = async |request: Request| {
            format!("{:?}", request.environ().early_hints([("link", "</a>")]))
        };
        let old = testing::get("/").version(http::Version::HTTP_10);
        let old = old.on(&app).await;
        old.assert_text("OldVersion");
        assert!(old.early_hints().is_empty());
        let without = testing::get("/").capabilities(Capabilities::default());
        without.on(&app).await.assert_text("Unsupported");
    }

    #[tokio::test]
    async fn what_is_hinted_behind_the_head_is_too_late() {
        let app = async |request: Request| {
            let environ = request.environ().clone();
            let late = async move {
                let hinted = environ.early_hints([("link", "</a>")]);
                Ok::<_, crate::BodyError>(format!("{hinted:?}").into())
            };
            // Asked for when the head is out already: the first poll finds nothing yet.
            let late = futures_util::StreamExt::flatten(futures_util::stream::once(async {
                tokio::task::yield_now().await;
                futures_util::stream::once(late)
            }));
            ([("content-type", "text/plain")], crate::Body::stream(late))
        };
        let response = testing::get("/").on(&app).await;
        response.assert_text("TooLate");
        assert!(response.early_hints().is_empty());
    }
}
