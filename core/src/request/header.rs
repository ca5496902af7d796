//! Typed fields of a request's head.

use headers::Header;
use http::HeaderMap;

use crate::{Error, Result};

pub(super) fn read<H: Header>(headers: &HeaderMap) -> Result<Option<H>> {
    let mut values = headers.get_all(H::name()).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    H::decode(&mut values).map(Some).map_err(|error| {
        Error::bad_request()
            .message(format!("the field {} is malformed", H::name()))
            .because(error)
    })
}

#[cfg(test)]
mod tests {
    use headers::{ContentLength, IfNoneMatch};
    use http::HeaderValue;

    use crate::{Request, RequestExt};

    #[test]
    fn absent_malformed_and_there_are_three_things() {
        let mut request = Request::default();
        assert!(request.header::<ContentLength>().expect("absent").is_none());

        for (value, length) in [("12", Some(12)), ("x", None), ("", None)] {
            let value = HeaderValue::from_static(value);
            request
                .headers_mut()
                .insert("content-length", value.clone());
            match (request.header::<ContentLength>(), length) {
                (Ok(Some(ContentLength(read))), Some(length)) => assert_eq!(read, length),
                (Err(error), None) => assert_eq!(
                    error.to_string(),
                    "400 Bad Request: the field content-length is malformed"
                ),
                (other, _) => panic!("{value:?} gave {other:?}"),
            }
        }
        let etag = HeaderValue::from_static("\"a\"");
        request.headers_mut().insert("if-none-match", etag);
        assert!(request.header::<IfNoneMatch>().expect("an etag").is_some());
    }
}
