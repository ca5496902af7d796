//! One app after the other: [`Cascade`].

use std::fmt;

use http::StatusCode;

use crate::{App, BoxApp, Request, Response, guard::guarded};

mod lent;

use lent::lend;

/// Asks one app after the other, until one answers with something else than 404 or 405.
///
/// The answer of the last one counts, whatever it is. Each app gets a copy of the request's head.
/// The body is not copied and nothing of it is kept: it goes to the first app that reads of it,
/// and the answer of that app counts, too, for there is nothing left for the next. Apps that look
/// for a path usually say 404 before they read.
///
/// For apps at places that are known, [`Mounts`](crate::Mounts) is cheaper and plainer.
///
/// ```
/// use enfilade_core::{App, Body, Cascade, Mounts, Request};
///
/// # async fn old_site(_: Request) -> &'static str { "old" }
/// # async fn new_page(_: Request) -> &'static str { "new" }
/// let site = Cascade::new(Mounts::new().mount("/news", new_page)).or(old_site);
/// # async fn check(site: Cascade) {
/// let request = http::Request::get("/about").body(Body::empty()).unwrap();
/// let answer = site.respond(request).await.into_body().into_bytes(100).await.unwrap();
/// assert_eq!(answer, "old");
/// # }
/// # futures_util::FutureExt::now_or_never(check(site)).unwrap();
/// ```
#[derive(Clone)]
pub struct Cascade {
    earlier: Vec<BoxApp>,
    last: BoxApp,
}

impl Cascade {
    /// Asks `app` first.
    #[must_use]
    pub fn new(app: impl App + 'static) -> Cascade {
        Cascade {
            earlier: Vec::new(),
            last: guarded(app),
        }
    }

    /// Asks `app` where those before have nothing.
    #[must_use]
    pub fn or(mut self, app: impl App + 'static) -> Cascade {
        let app = guarded(app);
        self.earlier.push(std::mem::replace(&mut self.last, app));
        self
    }
}

impl App for Cascade {
    async fn respond(&self, request: Request) -> Response {
        let (head, mut body) = request.into_parts();
        for app in &self.earlier {
            let (lent, loan) = lend(body);
            let response = app.respond(Request::from_parts(head.clone(), lent)).await;
            if !has_nothing(&response) {
                return response;
            }
            match loan.end() {
                Some(unread) => body = unread,
                None => return response,
            }
        }
        self.last.respond(Request::from_parts(head, body)).await
    }
}

fn has_nothing(response: &Response) -> bool {
    matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    )
}

impl fmt::Debug for Cascade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.earlier.iter().chain([&self.last]))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::stream;

    use super::*;
    use crate::{Body, IntoResponse, Router};

    async fn nothing(_: Request) -> StatusCode {
        StatusCode::NOT_FOUND
    }

    async fn reads_and_finds_nothing(request: Request) -> Response {
        let read = request.into_body().into_bytes(100).await;
        assert_eq!(read.expect("a body"), "a body");
        StatusCode::NOT_FOUND.into_response()
    }

    async fn echo(request: Request) -> Response {
        Response::new(request.into_body())
    }

    fn bodies() -> [Body; 3] {
        let blocks = ["a", " body"].map(|text| Ok::<_, std::io::Error>(Bytes::from(text)));
        [
            Body::from("a body"),
            Body::stream(stream::iter(blocks)),
            Body::empty(),
        ]
    }

    async fn answer(app: &impl App, body: Body) -> (u16, Bytes) {
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        let response = app.respond(request).await;
        let status = response.status().as_u16();
        let text = response.into_body().into_bytes(100).await;
        (status, text.expect("a body that is whole"))
    }

    #[tokio::test]
    async fn an_unread_body_reaches_the_app_that_answers() {
        let cascade = Cascade::new(nothing)
            .or(Router::new().get("/", nothing))
            .or(nothing)
            .or(echo)
            .or(nothing);
        for (body, text) in bodies().into_iter().zip(["a body", "a body", ""]) {
            assert_eq!(answer(&cascade, body).await, (200, Bytes::from(text)));
        }
    }

    #[tokio::test]
    async fn who_reads_the_body_has_the_last_word() {
        let cascade = Cascade::new(nothing).or(reads_and_finds_nothing).or(echo);
        for body in bodies().into_iter().take(2) {
            assert_eq!(answer(&cascade, body).await.0, 404);
        }
    }

    #[tokio::test]
    async fn a_body_that_was_passed_on_cannot_be_read_any_more() {
        use std::sync::{Arc, Mutex};
        let kept = Arc::new(Mutex::new(None));
        let keeper = Arc::clone(&kept);
        let keeps = move |request: Request| {
            let keeper = Arc::clone(&keeper);
            async move {
                *keeper.lock().expect("not poisoned") = Some(request.into_body());
                StatusCode::METHOD_NOT_ALLOWED
            }
        };
        let cascade = Cascade::new(keeps).or(echo);
        assert_eq!(answer(&cascade, Body::from("a body")).await.0, 200);
        let body = kept.lock().expect("not poisoned").take().expect("kept");
        assert!(body.into_bytes(100).await.is_err());
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_the_last_answer_counts() {
        async fn panics(_: Request) -> StatusCode {
            panic!("at the disco")
        }
        let cascade = Cascade::new(panics).or(echo);
        assert_eq!(answer(&cascade, Body::empty()).await.0, 500);
        let cascade = Cascade::new(nothing).or(Router::new().get("/", echo));
        assert_eq!(answer(&cascade, Body::empty()).await.0, 405);
    }
}
