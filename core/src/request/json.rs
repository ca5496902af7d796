//! Reading JSON from a request.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::{body, media_type, told::told};
use crate::{Error, Request, Result};

pub(super) async fn read<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    media_type::expect(request, "application/json", |media_type| {
        media_type.is_json()
    })?;
    let text = body::bytes(request).await?;
    serde_json::from_slice(&text).map_err(|error| refused::<T>(&text, error))
}

/// Reads once more, to learn in which field it failed: what fits pays nothing for it.
fn refused<T: DeserializeOwned>(text: &[u8], error: serde_json::Error) -> Error {
    let mut again = serde_json::Deserializer::from_slice(text);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut again) {
        Err(error) => error.path().to_string(),
        Ok(_) => ".".to_owned(),
    };
    let (status, what) = match error.classify() {
        Category::Data => (422, "the JSON does not fit"),
        _ => (400, "the body is not JSON"),
    };
    // The path of the whole is a single point.
    let message = if path == "." {
        told(format_args!("{what}: {error}"))
    } else {
        told(format_args!("{what}: {path}: {error}"))
    };
    Error::status(status).message(message).because(error)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;
    use crate::{Body, RequestExt};

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Order {
        items: Vec<Item>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Item {
        count: u8,
    }

    fn request(media_type: &'static str, text: impl Into<Body>) -> Request {
        let mut request = Request::new(text.into());
        let media_type = HeaderValue::from_static(media_type);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        request
    }

    #[tokio::test]
    async fn what_is_no_json_is_a_400_and_what_does_not_fit_a_422_that_says_where() {
        for (text, expected) in [
            (
                "",
                "400 Bad Request: the body is not JSON: EOF while parsing a value at line 1 column 0",
            ),
            (
                "{\"items\":[\n{\"count\":1},}",
                "400 Bad Request: the body is not JSON: items[1]: expected value at line 2 column 13",
            ),
            (
                "{\"items\":[]} x",
                "400 Bad Request: the body is not JSON: trailing characters at line 1 column 14",
            ),
            (
                "{\"items\":[{\"count\":1},{\"count\":300}]}",
                "422 Unprocessable Entity: the JSON does not fit: items[1].count: invalid value: \
                 integer `300`, expected u8 at line 1 column 34",
            ),
            (
                "{\"items\":[{}]}",
                "422 Unprocessable Entity: the JSON does not fit: items[0]: missing field `count` \
                 at line 1 column 12",
            ),
            (
                "[[1]]",
                "422 Unprocessable Entity: the JSON does not fit: [0][0]: invalid type: \
                 integer `1`, expected struct Item at line 1 column 3",
            ),
        ] {
            let error = request("application/json", text).json::<Order>().await;
            assert_eq!(error.expect_err("refused").to_string(), expected, "{text}");
        }
        let deep = "[".repeat(100_000);
        let error = request("application/json", deep)
            .json::<serde_json::Value>()
            .await;
        assert_eq!(error.expect_err("too deep").status_code(), 400);
        let long = format!("{{\"items\":\"{}\"}}", "x".repeat(100_000));
        let error = request("application/json", long).json::<Order>().await;
        assert!(error.expect_err("no list").to_string().len() < 400);
    }

    #[tokio::test]
    async fn what_does_not_say_that_it_is_json_is_a_415_and_stays_unread() {
        for media_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let mut request = request(media_type, "{}");
            let error = request.json::<Order>().await.expect_err("no JSON");
            assert_eq!(error.status_code(), 415, "{media_type}");
            assert_eq!(request.text().await.expect("unread"), "{}");
        }
        let error = Request::default()
            .json::<Order>()
            .await
            .expect_err("no type");
        assert_eq!(error.status_code(), 415);
    }

    #[tokio::test]
    async fn json_is_read_and_the_head_stays() {
        let mut request = request(
            "application/vnd.x+json;charset=utf-8",
            "{\"items\":[{\"count\":7}]}",
        );
        let order: Order = request.json().await.expect("an order");
        assert_eq!(order.items, [Item { count: 7 }]);
        assert!(request.headers().contains_key(header::CONTENT_TYPE));
    }
}
