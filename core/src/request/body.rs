//! Reading a request's body whole: bytes and text.

use bytes::Bytes;

use super::told::told;
use crate::{Body, Error, Request, RequestExt, Result, field::media_type::MediaType};

/// Takes the body out of the request.
pub(super) fn take(request: &mut Request) -> Result<Body> {
    request
        .body_mut()
        .take()
        .ok_or_else(|| Error::from("the body of a request can be read once, and it was"))
}

pub(super) async fn bytes(request: &mut Request) -> Result<Bytes> {
    let limit = request.environ().body_limit();
    Ok(take(request)?.into_bytes(limit).await?)
}

pub(super) async fn text(request: &mut Request) -> Result<String> {
    if let Some(media_type) = MediaType::of(request.headers())
        && !media_type.is_utf8()
    {
        return Err(Error::status(415).message(told(format_args!(
            "the {} must be UTF-8, and the Content-Type names another charset",
            media_type.essence()
        ))));
    }
    let bytes = bytes(request).await?;
    String::from_utf8(bytes.into()).map_err(|error| {
        let position = error.utf8_error().valid_up_to() + 1;
        Error::bad_request().message(format!("the body is not UTF-8 at byte {position}"))
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;
    use crate::{BodyError, Cause, IntoResponse};

    fn request(body: impl Into<Body>) -> Request {
        Request::new(body.into())
    }

    #[tokio::test]
    async fn a_body_is_read_within_its_limit_and_once() {
        let mut request = request("12345");
        request.environ_mut().set_body_limit(4);
        let error = request.bytes().await.expect_err("too large");
        assert_eq!(error.status_code(), 413);
        assert!(error.to_string().contains("4 bytes"), "{error}");

        let error = request.bytes().await.expect_err("read already");
        assert_eq!(error.status_code(), 500);
        let cause = error.cause().map(Cause::chain).unwrap_or_default();
        assert!(cause.contains("once"), "{cause}");

        // Whoever reads it can put it back.
        request.environ_mut().set_body_limit(5);
        *request.body_mut() = Body::from("12345");
        let bytes = request.bytes().await.expect("a body");
        *request.body_mut() = bytes.into();
        assert_eq!(request.text().await.expect("a body"), "12345");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_a_400_and_no_shorter_body() {
        let frames = vec![Ok(Bytes::from("123")), Err(BodyError::new("reset"))];
        let mut request = request(Body::stream(futures_util::stream::iter(frames)));
        let error = request.text().await.expect_err("it broke off");
        assert_eq!(error.status_code(), 400);
    }

    #[tokio::test]
    async fn text_that_is_not_utf_8_is_refused_where_it_is_not() {
        let mut latin = request(b"caf\xe9".as_slice());
        let error = latin.text().await.expect_err("not UTF-8");
        assert_eq!(
            error.to_string(),
            "400 Bad Request: the body is not UTF-8 at byte 4"
        );

        let mut latin = request("cafe");
        let latin_1 = HeaderValue::from_static("text/plain; charset=iso-8859-1");
        latin.headers_mut().insert(header::CONTENT_TYPE, latin_1);
        let error = latin.text().await.expect_err("not UTF-8");
        assert_eq!(error.status_code(), 415);
        // It was not read in vain.
        assert_eq!(latin.bytes().await.expect("a body"), "cafe");
    }

    #[tokio::test]
    async fn an_extension_that_nobody_put_is_a_500_that_names_its_type() {
        struct Missing;
        let request = request("");
        let error = request.extension::<Missing>().err().expect("missing");
        let cause = error.cause().map(Cause::chain).unwrap_or_default();
        assert!(
            cause.contains("Missing") && cause.contains("middleware"),
            "{cause}"
        );
        assert_eq!(error.into_response().status(), 500);
    }
}
