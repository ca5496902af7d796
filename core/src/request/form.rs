//! Reading forms and queries (`application/x-www-form-urlencoded`).

use http::Uri;
use serde::de::DeserializeOwned;

use super::{body, media_type, told::told};
use crate::{Error, Request, Result};

/// More fields than this are refused: in memory each is many times what it is on the wire.
const MOST_FIELDS: usize = 1000;

pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T> {
    parse(uri.query().unwrap_or("").as_bytes()).map_err(|refused| refused.of("query", 400, 400))
}

pub(super) async fn read<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    media_type::expect(request, FORM, |media_type| media_type.is(FORM))?;
    let text = body::bytes(request).await?;
    parse(&text).map_err(|refused| refused.of("form", 413, 422))
}

const FORM: &str = "application/x-www-form-urlencoded";

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refused> {
    if text.split(|byte| *byte == b'&').count() > MOST_FIELDS {
        return Err(Refused::TooMany);
    }
    serde_html_form::from_bytes(text).map_err(|error| {
        // Once more, to learn in which field it failed: what fits pays nothing for it.
        let again = serde_html_form::Deserializer::from_bytes(text);
        let path = match serde_path_to_error::deserialize::<_, T>(again) {
            Err(error) => error.path().to_string(),
            Ok(_) => ".".to_owned(),
        };
        Refused::Unfit { path, error }
    })
}

enum Refused {
    TooMany,
    Unfit {
        path: String,
        error: serde_html_form::de::Error,
    },
}

impl Refused {
    fn of(self, what: &str, too_many: u16, unfit: u16) -> Error {
        match self {
            Refused::TooMany => Error::status(too_many)
                .message(format!("the {what} has more than {MOST_FIELDS} fields")),
            Refused::Unfit { path, error } => {
                // The path of the whole is a single point.
                let message = if path == "." {
                    told(format_args!("the {what} does not fit: {error}"))
                } else {
                    told(format_args!("the {what} does not fit: {path}: {error}"))
                };
                Error::status(unfit).message(message).because(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;
    use crate::{Body, RequestExt};

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Search {
        q: String,
        page: Option<u32>,
        #[serde(default)]
        tag: Vec<String>,
    }

    fn target(target: &str) -> Request {
        let mut request = Request::default();
        *request.uri_mut() = target.parse().expect("a target");
        request
    }

    fn posted(text: impl Into<Body>) -> Request {
        let mut request = Request::new(text.into());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        request
    }

    #[tokio::test]
    async fn what_does_not_fit_says_which_field() {
        for (text, message) in [
            (
                "q=a&page=x",
                "does not fit: page: invalid digit found in string",
            ),
            ("page=1", "does not fit: missing field `q`"),
            ("", "does not fit: missing field `q`"),
        ] {
            let error = target(&format!("/?{text}")).query::<Search>();
            let error = error.expect_err("refused").to_string();
            assert_eq!(
                error,
                format!("400 Bad Request: the query {message}"),
                "{text}"
            );
            let error = posted(text.to_owned()).form::<Search>().await;
            let error = error.expect_err("refused").to_string();
            assert_eq!(
                error,
                format!("422 Unprocessable Entity: the form {message}"),
                "{text}"
            );
        }
        assert_eq!(
            target("/")
                .query::<Search>()
                .expect_err("no q")
                .status_code(),
            400
        );
    }

    #[tokio::test]
    async fn a_flood_of_fields_is_refused_unread() {
        let flood = "q&".repeat(MOST_FIELDS);
        let error = posted(flood).form::<Vec<(String, String)>>().await;
        assert_eq!(error.expect_err("too many").status_code(), 413);
        let most = vec!["q"; MOST_FIELDS].join("&");
        let fields = posted(most).form::<Vec<(String, String)>>().await;
        assert_eq!(fields.expect("not too many").len(), MOST_FIELDS);
    }

    #[tokio::test]
    async fn fields_repeat_and_are_decoded() {
        let expected = Search {
            q: "a b&c=ü".to_owned(),
            page: Some(2),
            tag: vec!["x".to_owned(), "y".to_owned()],
        };
        let text = "q=a+b%26c%3D%C3%BC&page=2&tag=x&tag=y";
        let query: Search = target(&format!("/?{text}")).query().expect("a query");
        assert_eq!(query, expected);
        let form: Search = posted(text).form().await.expect("a form");
        assert_eq!(form, expected);
    }

    #[tokio::test]
    async fn another_content_type_is_a_415() {
        let error = Request::new(Body::from("q=a")).form::<Search>().await;
        assert_eq!(error.expect_err("no type").status_code(), 415);
    }
}
