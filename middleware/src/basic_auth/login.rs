//! The credentials of RFC 7617: [`Login`].

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;

use super::Refusal;
use crate::{
    User,
    auth::{Malformed, credentials},
};

/// What the credentials say: base64 of `user:password`, in UTF-8, without control characters.
pub(super) struct Login {
    pub(super) user: User,
    pub(super) password: String,
}

impl Login {
    /// The most base64 that is read: a name and a password of 3 KiB together.
    const LIMIT: usize = 4096;

    pub(super) fn read(headers: &HeaderMap) -> Result<Login, Refusal> {
        let encoded = credentials(headers, "Basic", Login::LIMIT)?.ok_or(Refusal::Unknown)?;
        let decoded = BASE64_STANDARD
            .decode(encoded)
            .map_err(|_| Malformed("the credentials are not base64"))?;
        let Some(colon) = decoded.iter().position(|&byte| byte == b':') else {
            return Err(Malformed("the credentials have no colon").into());
        };
        // From here on a person may have typed it, who has to be asked again: no 400.
        let text = String::from_utf8(decoded).map_err(|_| Refusal::Wrong)?;
        let user = User::checked(&text[..colon]).ok_or(Refusal::Wrong)?;
        let password = text[colon + 1..].to_owned();
        if password.chars().any(char::is_control) {
            return Err(Refusal::Wrong);
        }
        Ok(Login { user, password })
    }
}
