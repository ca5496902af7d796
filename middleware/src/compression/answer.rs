//! The response's half: what is encoded, and how.

use enfilade_core::{Body, Error, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_body::Body as _;

use super::{Coding, Compression, asked::Asked, encoded::Encoded, head, pool::Kind};
use crate::field;

/// Responses in memory up to so many bytes are compressed before they go out, so that their
/// length is known; larger ones while they go out.
const IN_MEMORY: usize = 256 * 1024;

impl Compression {
    pub(super) async fn answer(&self, asked: Asked, mut response: Response) -> Response {
        head::match_not_modified(response.status(), response.headers_mut(), &asked.held);
        // What a range is sent of would have been encoded as a whole, so it varies as the whole.
        let whole = response.status() != StatusCode::PARTIAL_CONTENT;
        if !self.may_encode(&response)
            || whole && !self.is_large_enough(&asked, &response)
            || self
                .predicate
                .as_ref()
                .is_some_and(|predicate| !predicate(&response))
        {
            return response;
        }
        head::vary(response.headers_mut());
        match asked.coding {
            Some(coding) if whole => self.encode(coding, asked.only_encoded, response).await,
            _ => response,
        }
    }

    /// Whether status and fields allow a coding.
    fn may_encode(&self, response: &Response) -> bool {
        let (status, headers) = (response.status(), response.headers());
        let bodiless = status.is_informational()
            || matches!(
                status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
            );
        !bodiless
            && headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|value| self.types.includes(value))
            && !headers.contains_key(header::CONTENT_ENCODING)
            && !field::forbids_transform(headers)
    }

    fn is_large_enough(&self, asked: &Asked, response: &Response) -> bool {
        let length = match response.body().size_hint().exact() {
            // The answer to a HEAD often has no body, but the length that a GET would have.
            Some(0) if asked.head => declared_length(response),
            None => declared_length(response),
            known => known,
        };
        match length {
            Some(0) => false,
            Some(length) => length >= self.min_size || asked.only_encoded,
            None => true,
        }
    }

    async fn encode(&self, coding: Coding, only_encoded: bool, mut response: Response) -> Response {
        let level = self.levels[coding as usize];
        let kind = Kind { coding, level };
        let body = std::mem::take(response.body_mut());
        let body = match body.in_memory_len() {
            Some(1..=IN_MEMORY) => body.try_into_bytes(),
            _ => Err(body),
        };
        let bytes = match body {
            Ok(bytes) => bytes,
            Err(body) => {
                head::set_encoded(response.headers_mut(), coding);
                *response.body_mut() = Body::new(Encoded::new(body, kind));
                return response;
            }
        };
        let limit = if only_encoded {
            usize::MAX
        } else {
            bytes.len() - 1
        };
        match Encoded::whole(bytes.clone(), kind, limit).await {
            Ok(Some(encoded)) => {
                head::set_encoded(response.headers_mut(), coding);
                let length = HeaderValue::from(encoded.len());
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, length);
                *response.body_mut() = Body::from(encoded);
                response
            }
            Ok(None) => response.map(|_| Body::from(bytes)),
            Err(error) => Error::from(error).into_response(),
        }
    }
}

fn declared_length(response: &Response) -> Option<u64> {
    let value = response.headers().get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}
