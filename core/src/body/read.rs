//! Reading a body whole, within a limit.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use http::StatusCode;
use http_body::Body as _;
use http_body_util::BodyExt;

use super::{Body, BodyError};
use crate::Error;

impl Body {
    /// Reads the whole body, at most `limit` bytes. Trailers are dropped.
    ///
    /// # Errors
    ///
    /// [`ReadError::TooLarge`] as soon as it is known, often before anything is read;
    /// [`ReadError::Broken`] where the body broke off.
    pub async fn into_bytes(mut self, limit: u64) -> Result<Bytes, ReadError> {
        if self.size_hint().lower() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        let mut room = limit;
        while let Some(frame) = self.frame().await {
            let Ok(data) = frame.map_err(ReadError::Broken)?.into_data() else {
                continue;
            };
            room = room
                .checked_sub(data.remaining() as u64)
                .ok_or(ReadError::TooLarge { limit })?;
            if first.is_empty() && rest.is_empty() {
                first = data;
            } else {
                // Most bodies are one block, which is handed on as it is.
                if rest.is_empty() {
                    rest.extend_from_slice(&std::mem::take(&mut first));
                }
                rest.extend_from_slice(&data);
            }
        }
        Ok(if rest.is_empty() {
            first
        } else {
            rest.freeze()
        })
    }
}

/// Why a body could not be read whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// It has more bytes than were allowed.
    TooLarge {
        /// How many were.
        limit: u64,
    },
    /// It broke off: the client left, or the bytes were malformed.
    Broken(BodyError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::TooLarge { limit } => {
                write!(
                    f,
                    "the body is larger than the {limit} bytes that are allowed here"
                )
            }
            ReadError::Broken(_) => f.write_str("the body could not be read to its end"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::TooLarge { .. } => None,
            ReadError::Broken(error) => Some(error),
        }
    }
}

impl ReadError {
    /// 413 for a body that is too large, 400 for one that broke off.
    #[must_use]
    pub fn into_error(self) -> Error {
        let status = match self {
            ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ReadError::Broken(_) => StatusCode::BAD_REQUEST,
        };
        Error::status(status)
            .message(self.to_string())
            .because(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(blocks: &[&'static str]) -> Body {
        let blocks: Vec<_> = blocks
            .iter()
            .map(|text| Ok::<_, BodyError>(Bytes::from_static(text.as_bytes())))
            .collect();
        Body::stream(futures_util::stream::iter(blocks))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_not_beyond() {
        for body in [|| Body::from("12345"), || blocks(&["12", "", "345"])] {
            assert_eq!(
                body().into_bytes(5).await.expect("within the limit"),
                "12345"
            );
            let error = body().into_bytes(4).await.expect_err("beyond the limit");
            assert!(
                matches!(error, ReadError::TooLarge { limit: 4 }),
                "{error:?}"
            );
        }
    }

    #[tokio::test]
    async fn too_large_and_broken_off_are_told_apart() {
        let broken: Vec<Result<Bytes, &str>> = vec![Ok("12".into()), Err("reset")];
        let body = Body::stream(futures_util::stream::iter(broken));
        let error = body.into_bytes(100).await.expect_err("it broke off");
        assert!(matches!(error, ReadError::Broken(_)), "{error:?}");
        assert_eq!(error.into_error().status_code(), 400);
    }
}
