//! The host of tests: what calls the app, and [`Script`].

use std::fmt;

use super::{Client, TestRequest, TestResponse};
use crate::{
    App, Gateway, Host, HostError, Request, Response, from_fn::ByRef, lint::Lint,
    middleware::Around,
};

/// Answers `request` as any host does, with `lint` between the host and the app.
pub(super) async fn answer(app: &impl App, request: Request, lint: Option<Lint>) -> Response {
    let app = Around {
        middleware: lint,
        app: ByRef(app),
    };
    Gateway::new(app).answer(request).await
}

/// A [`Host`] that sends requests from a list, one after the other, and stops: for code that takes
/// any host. Cookies are kept from one to the next, as by a [`Client`].
///
/// ```
/// use enfilade_core::{Host, Request, testing};
///
/// # async fn check() -> Result<(), enfilade_core::HostError> {
/// let host = testing::Script::new([testing::get("/"), testing::head("/")], |response| {
///     response.assert_status(200);
/// });
/// host.serve(async |_: Request| "hello").await
/// # }
/// ```
pub struct Script<F> {
    requests: Vec<TestRequest>,
    check: F,
}

impl<F: FnMut(TestResponse) + Send> Script<F> {
    /// Sends `requests`, and gives each response to `check`.
    pub fn new(requests: impl IntoIterator<Item = TestRequest>, check: F) -> Script<F> {
        Script {
            requests: requests.into_iter().collect(),
            check,
        }
    }
}

impl<F: FnMut(TestResponse) + Send> Host for Script<F> {
    async fn serve(mut self, app: impl App + 'static) -> Result<(), HostError> {
        let client = Client::new(&app);
        for request in self.requests {
            (self.check)(client.send(request).await);
        }
        Ok(())
    }
}

impl<F> fmt::Debug for Script<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.requests).finish()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;

    use super::*;
    use crate::{Body, BodyError, Peer, RequestExt, testing};

    #[tokio::test]
    async fn the_environ_is_what_the_test_says() {
        let app = async |request: Request| {
            let connection = request.environ().connection();
            format!(
                "{} {} {} {} {:?} {:?} {}",
                connection.scheme,
                request.headers()["host"].to_str().unwrap_or("-"),
                request.script_name(),
                request.path_info(),
                request.uri().query(),
                request.version(),
                connection.peer,
            )
        };
        testing::get("https://example.org/a?b")
            .script_name("/s")
            .peer("[::1]:1")
            .version(http::Version::HTTP_2)
            .on(&app)
            .await
            .assert_text("https example.org /s /a Some(\"b\") HTTP/2.0 ::1");
        testing::get("/")
            .connection(|connection| connection.peer = Peer::Unknown)
            .on(&app)
            .await
            .assert_text("http localhost  / None HTTP/1.1 -");
    }

    #[tokio::test]
    async fn a_stream_that_fails_at_once_is_a_500_and_later_is_broken_off() {
        let app = async |request: Request| {
            let mut frames: Vec<Result<_, BodyError>> = vec![Err(BodyError::new("disk gone"))];
            if request.path_info() == "/later" {
                frames.insert(0, Ok(http_body::Frame::data("begun".into())));
            }
            Body::new(StreamBody::new(futures_util::stream::iter(frames)))
        };
        testing::get("/at-once")
            .on(&app)
            .await
            .assert_status(500)
            .assert_reported("disk gone")
            .assert_text("Internal Server Error\n");
        let later = testing::get("/later").on(&app).await;
        later.assert_status(200).assert_broken_off();
        assert_eq!(later.bytes(), "begun");
    }

    #[tokio::test]
    async fn a_failed_assertion_shows_the_whole_response() {
        let response = testing::get("/").on(&async |_: Request| "hello").await;
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            response.assert_status(404);
        }));
        let shown = *shown
            .expect_err("it is a 200")
            .downcast::<String>()
            .expect("text");
        for part in [
            "status 404 was expected",
            "200 OK",
            "content-type: text/plain",
            "hello",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in {shown}");
        }
    }

    #[tokio::test]
    async fn every_assertion_can_fail() {
        let response = testing::get("/")
            .on(&async |_: Request| ("x", "hello").1)
            .await;
        let failing: [fn(&TestResponse); 8] = [
            |r| _ = r.assert_status(201),
            |r| _ = r.assert_header("content-type", "text/html"),
            |r| _ = r.assert_header("x-missing", ""),
            |r| _ = r.assert_no_header("content-type"),
            |r| _ = r.assert_text("hell"),
            |r| _ = r.assert_text_contains("bye"),
            |r| _ = r.assert_broken_off(),
            |r| _ = r.assert_reported(""),
        ];
        for (position, fails) in failing.into_iter().enumerate() {
            let outcome =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fails(&response)));
            assert!(outcome.is_err(), "assertion {position}");
        }
    }

    #[tokio::test]
    async fn a_script_is_a_host() {
        let mut seen = Vec::new();
        let host = Script::new([testing::get("/1"), testing::post("/2")], |response| {
            seen.push(response.text().to_owned());
        });
        let app = async |request: Request| format!("{} {}", request.method(), request.uri());
        host.serve(app).await.expect("a script has an end");
        assert_eq!(seen, ["GET /1", "POST /2"]);
    }
}
