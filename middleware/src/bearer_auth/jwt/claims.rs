//! What a verified token says: [`Claims`].

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{header::decode, refused::Refused};
use crate::{Identity, Scopes, User};

/// What a verified JSON Web Token says, as a typed extension of the request.
///
/// To have them as a type of your own, see [`Jwt::with_claims`](crate::Jwt::with_claims).
/// Its `Debug` shows the names alone, as what they say may be personal.
///
/// ```
/// use enfilade_core::{Error, Request, Result};
/// use enfilade_middleware::Claims;
///
/// async fn tenant(request: Request) -> Result<String> {
///     let claims: &Claims = request.extensions().get().ok_or_else(Error::unauthorized)?;
///     let tenant = claims.get("tenant").and_then(|value| value.as_str());
///     Ok(tenant.unwrap_or("none").to_owned())
/// }
/// # let _ = |request: Request| tenant(request);
/// ```
#[derive(Clone)]
pub struct Claims(Arc<Map<String, Value>>);

impl Claims {
    /// Where a name occurs twice the last one counts, as RFC 7519, section 4 allows.
    pub(super) fn read(encoded: &str) -> Result<Claims, Refused> {
        let json = decode(encoded).ok_or(Refused::Payload)?;
        let claims = serde_json::from_slice(&json).map_err(|_| Refused::Payload)?;
        Ok(Claims(Arc::new(claims)))
    }

    /// The claim of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whom the token is about (`sub`).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.get("sub")?.as_str()
    }

    /// Who has issued the token (`iss`).
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.get("iss")?.as_str()
    }

    /// When the token expires (`exp`), in seconds since 1970.
    #[must_use]
    pub fn expires(&self) -> u64 {
        // That it is there was checked before anybody could ask.
        self.get("exp").and_then(Value::as_u64).unwrap_or(0)
    }

    /// The claims as a type of your own. It costs a pass over them, for each call.
    ///
    /// # Errors
    ///
    /// If they do not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&*self.0)
    }

    /// A claim that is a time: whole seconds. Strings and fractions are refused, though RFC 7519
    /// allows fractions, as what is half understood is not verified.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<u64>, Refused> {
        let time = self.get(name).map(Value::as_u64);
        time.map(|time| time.ok_or(Refused::Claim(name)))
            .transpose()
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        let text = self.get(name).map(|value| value.as_str());
        text.map(|text| text.ok_or(Refused::Claim(name)))
            .transpose()
    }

    /// One string, or a list of them.
    pub(super) fn texts(&self, name: &'static str) -> Result<Option<Vec<&str>>, Refused> {
        let texts = match self.get(name) {
            None => return Ok(None),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            Some(value) => value.as_str().map(|text| vec![text]),
        };
        texts.map(Some).ok_or(Refused::Claim(name))
    }

    /// Whom the claims are about, and the claims themselves.
    pub(super) fn identity(&self) -> Result<Identity, Refused> {
        let mut identity = match self.text("sub")? {
            Some(name) => User::checked(name).ok_or(Refused::Claim("sub"))?.into(),
            None => Identity::unnamed(),
        };
        if let Some(scopes) = self.texts("scope")? {
            let scopes = Scopes::checked(scopes.join(" ")).ok_or(Refused::Claim("scope"))?;
            identity = identity.with_scopes(scopes);
        }
        Ok(identity.with_extension(self.clone()))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")?;
        f.debug_list().entries(self.0.keys()).finish()
    }
}
