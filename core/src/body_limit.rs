//! How much of a body is read whole: [`BodyLimit`].

use crate::{App, Middleware, Request, RequestExt, Response};

/// Sets how many bytes the methods of [`RequestExt`] that read a body whole will read: `bytes`,
/// `text`, `json`, `form`, and `multipart`, all parts together. Beyond it they fail with 413.
///
/// Without one it is 2 MiB. Put it in front of the route that takes more or less; the innermost
/// one holds. An app that reads the body as a stream is not limited by it.
///
/// ```
/// use enfilade_core::{BodyLimit, Pipeline, Request, RequestExt, Result};
///
/// async fn upload(mut request: Request) -> Result<String> {
///     Ok(format!("{} bytes", request.bytes().await?.len()))
/// }
///
/// let app = Pipeline::new().with(BodyLimit::bytes(64 * 1024 * 1024)).app(upload);
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit {
    bytes: u64,
}

impl BodyLimit {
    /// At most `bytes` bytes.
    #[must_use]
    pub const fn bytes(bytes: u64) -> BodyLimit {
        BodyLimit { bytes }
    }
}

impl Middleware for BodyLimit {
    async fn handle(&self, mut request: Request, next: &impl App) -> Response {
        request.environ_mut().set_body_limit(self.bytes);
        next.respond(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Pipeline, Result};

    #[tokio::test]
    async fn the_innermost_limit_holds() {
        let app = Pipeline::new()
            .with(BodyLimit::bytes(1000))
            .with(BodyLimit::bytes(4))
            .app(async |mut request: Request| -> Result<String> { request.text().await });
        for (text, status) in [("1234", 200), ("12345", 413)] {
            let response = app.respond(Request::new(Body::from(text))).await;
            assert_eq!(response.status(), status, "{text}");
        }
    }
}
