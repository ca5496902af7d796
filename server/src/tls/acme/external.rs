//! Accounts that an authority has already given, outside of ACME: [`External`].

use std::fmt;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use enfilade_core::HostError;
use instant_acme::ExternalAccountKey;

/// With or without `=`: authorities give both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name of an account, and the key that its owner signs with (RFC 8555, section 7.3.4).
#[derive(Clone)]
pub(super) struct External {
    id: String,
    /// As it was given, in base64url.
    key: String,
}

impl External {
    pub(super) const fn new(id: String, key: String) -> External {
        External { id, key }
    }

    pub(super) fn key(&self) -> Result<ExternalAccountKey, HostError> {
        // Why it is none could tell some of it.
        let key = BASE64.decode(&self.key).ok().filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| {
            HostError::new(format!(
                "the key of the external account {:?} is not written in base64url, as the \
                 authority gives it",
                self.id
            ))
        })?;
        Ok(ExternalAccountKey::new(self.id.clone(), &key))
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("External").field(&self.id).finish()
    }
}
