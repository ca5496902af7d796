//! Apps that return `anyhow::Result` (feature `anyhow`).
//!
//! `?` makes an [`Error`] of an `anyhow::Error` without this; what it adds is the other direction.

use ::anyhow::Error as Anyhow;

use super::carried::Carried;
use crate::{Error, IntoResponse, Response};

/// With feature `anyhow`: a 500 that keeps its cause, or what an [`Error`] inside of it says.
impl IntoResponse for Anyhow {
    fn into_response(self) -> Response {
        Error::from(self).into_response()
    }
}

/// With feature `anyhow`: keeps status, message and fields, so that they come back when it is
/// answered, also from behind a context.
impl From<Error> for Anyhow {
    fn from(error: Error) -> Anyhow {
        Anyhow::new(Carried::new(error))
    }
}

#[cfg(test)]
mod tests {
    use ::anyhow::Context;

    use super::*;
    use crate::{App, Cause, Request, Result};

    fn fails() -> ::anyhow::Result<u8> {
        "x".parse().context("reading the setting")
    }

    #[tokio::test]
    async fn the_question_mark_makes_an_error_of_anyhow_s_and_keeps_its_contexts() {
        let app = async |_: Request| -> Result<String> { Ok(fails()?.to_string()) };
        let response = app.respond(Request::default()).await;
        assert_eq!(response.status(), 500);
        let cause = response.extensions().get::<Cause>().expect("a cause");
        assert_eq!(
            cause.chain(),
            "reading the setting: invalid digit found in string"
        );
    }

    #[tokio::test]
    async fn an_app_may_return_anyhow_s_result_and_a_status_survives_it() {
        fn missing() -> Result<u8> {
            Err(Error::not_found().message("no such user"))
        }
        let app = async |_: Request| -> ::anyhow::Result<String> {
            let user = missing()
                .map_err(Anyhow::from)
                .context("loading the page")?;
            Ok(user.to_string())
        };
        let response = app.respond(Request::default()).await;
        assert_eq!(response.status(), 404);
        let cause = response.extensions().get::<Cause>().expect("a cause");
        assert_eq!(
            cause.chain(),
            "loading the page: no such user: answered with 404 Not Found"
        );
        // And through a `Result` of ours.
        let back = Error::from(Anyhow::from(Error::not_found()).context("a").context("b"));
        assert_eq!(back.status_code(), 404);
    }
}
