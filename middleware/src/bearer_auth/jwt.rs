//! JSON Web Tokens, [RFC 7519](https://www.rfc-editor.org/rfc/rfc7519): [`Jwt`].

use std::{fmt, path::Path, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;

use super::{BearerAuth, Check, Invalid, Source};
use crate::Identity;

mod claims;
mod error;
mod header;
mod jwks;
mod key;
mod keys;
mod refused;
mod rules;

pub use claims::Claims;
pub use error::JwtKeyError;
use header::Header;
use key::Key;
use keys::Keys;
use refused::Refused;
use rules::Rules;

/// How JSON Web Tokens are verified ([RFC 7519]): by which keys, and what they must claim.
///
/// A key is of one algorithm, and a token that says another is refused: `none` cannot be said, and
/// no public key becomes the secret of an HMAC. There are HS256, RS256, ES256 and EdDSA with
/// Ed25519, which may also call itself by its new name ([RFC 9864]).
///
/// ```
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::{BearerAuth, Claims, Jwt};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let keys = r#"{ "keys": [{ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow" }] }"#;
/// let jwt = Jwt::jwks(keys).unwrap().with_issuer("joe");
/// let app = Pipeline::new().with(BearerAuth::jwt(jwt)).app(async |request: Request| {
///     let claims: &Claims = request.extensions().get().expect("`BearerAuth` is outside");
///     format!("let in until {}", claims.expires())
/// });
///
/// // The example of RFC 7515, which was good until March 2011.
/// let token = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
///     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
///     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// let mut request = Request::default();
/// request.headers_mut().insert("authorization", token.parse().unwrap());
/// let refused = app.respond(request).await;
/// let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
/// assert!(challenge.ends_with(r#"error_description="the token has expired""#));
/// # }
/// ```
///
/// # What a token must claim
///
/// | claim | is refused if |
/// |---|---|
/// | `exp` | it is missing or past |
/// | `nbf` | it is in the future |
/// | `iss` | issuers are set, and it is none of them |
/// | `aud` | it names none of the audiences; also if none is set, as [RFC 7519, section 4.1.3] asks |
/// | `sub` | it cannot be a [`User`](crate::User)'s name: empty, or with control characters |
///
/// Times are whole seconds without a sign; strings, fractions and anything else that is malformed
/// are refused, and so is a header with `crit`, as no extension is understood. Clocks may differ by
/// 30 seconds. Tokens of more than 16 KiB are not read.
///
/// # What the app finds
///
/// In the request's extensions: the [`User`](crate::User) that `sub` names, where it is there;
/// [`Scopes`](crate::Scopes) from `scope`, where it is there; all [`Claims`]; and the type that
/// [`with_claims`](Jwt::with_claims) names.
///
/// # Security
///
/// Set an audience, or a token that somebody gave to another service opens yours. Where several
/// issuers are set, the same `sub` may be two people: look at `iss` too. The client is told that a
/// token has expired, and else nothing but that it is not valid; the reason is the
/// [`Cause`](enfilade_core::Cause) of the response, and holds nothing from the token.
///
/// [RFC 7519]: https://www.rfc-editor.org/rfc/rfc7519
/// [RFC 7519, section 4.1.3]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
/// [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864
#[derive(Clone)]
pub struct Jwt {
    keys: Arc<Keys>,
    rules: Rules,
    read: Option<Read>,
}

/// Reads the claims as the type that the app asked for, into the identity.
type Read = fn(&Claims, Identity) -> Option<Identity>;

impl Jwt {
    /// Tokens that are signed with HS256 and `secret`: whoever can verify can sign, too.
    ///
    /// # Errors
    ///
    /// If the secret has less than 32 bytes ([RFC 7518, section 3.2]).
    ///
    /// [RFC 7518, section 3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Jwt, JwtKeyError> {
        Jwt::one(Key::hs256(secret.as_ref()))
    }

    /// Tokens that are signed with RS256, for this public key in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// If it is no public key of RSA, or one of less than 2048 bits.
    pub fn rs256(pem: impl AsRef<[u8]>) -> Result<Jwt, JwtKeyError> {
        Jwt::one(keys::public_key(pem.as_ref()).and_then(|der| Key::rs256(&der)))
    }

    /// Tokens that are signed with ES256, for this public key in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// If it is no public key on the curve P-256.
    pub fn es256(pem: impl AsRef<[u8]>) -> Result<Jwt, JwtKeyError> {
        Jwt::one(keys::public_key(pem.as_ref()).and_then(|der| Key::es256(&der)))
    }

    /// Tokens that are signed with Ed25519, for this public key in PEM (`BEGIN PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// If it is no public key of Ed25519.
    pub fn eddsa(pem: impl AsRef<[u8]>) -> Result<Jwt, JwtKeyError> {
        Jwt::one(keys::public_key(pem.as_ref()).and_then(|der| Key::eddsa(&der)))
    }

    /// Tokens that are signed for one of the keys of a JWK Set ([RFC 7517]), the one that `kid`
    /// names; a token need not name it where there is only one.
    ///
    /// Keys that are for encryption, or of other algorithms, are passed over.
    ///
    /// # Errors
    ///
    /// If the text is no JWK Set, if no key is left, if one is malformed or too short, if two have
    /// one `kid`, or if one of several has none.
    ///
    /// [RFC 7517]: https://www.rfc-editor.org/rfc/rfc7517
    pub fn jwks(json: &str) -> Result<Jwt, JwtKeyError> {
        jwks::read(json).map(Jwt::new)
    }

    /// The same from the file at `path`. It blocks, and the file is read once: call it before you
    /// serve.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, and as for [`Jwt::jwks`].
    pub fn jwks_file(path: impl AsRef<Path>) -> Result<Jwt, JwtKeyError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(JwtKeyError::read);
        text.and_then(|json| Jwt::jwks(&json))
            .map_err(|error| error.at(path))
    }

    fn one(key: Result<Key, &'static str>) -> Result<Jwt, JwtKeyError> {
        let key = key.map_err(JwtKeyError::key)?;
        Ok(Jwt::new(Keys::one(key)))
    }

    fn new(keys: Keys) -> Jwt {
        Jwt {
            keys: Arc::new(keys),
            rules: Rules::default(),
            read: None,
        }
    }

    /// An issuer whose tokens are let in; call it again for more. Any by default.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Jwt {
        self.rules.issuers.push(issuer.into());
        self
    }

    /// A name of this service, for which tokens are let in; call it again for more. By default
    /// only tokens for no audience at all are.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Jwt {
        self.rules.audiences.push(audience.into());
        self
    }

    /// The `typ` that a token must have, such as `at+jwt` for an access token ([RFC 9068]), so that
    /// no other kind of token of the same issuer passes. Any by default.
    ///
    /// [RFC 9068]: https://www.rfc-editor.org/rfc/rfc9068
    #[must_use]
    pub fn with_type(mut self, typ: impl Into<String>) -> Jwt {
        self.rules.typ = Some(typ.into());
        self
    }

    /// By how much the clocks may differ, in whole seconds; 30 by default.
    #[must_use]
    pub const fn with_leeway(mut self, leeway: Duration) -> Jwt {
        self.rules.leeway = leeway.as_secs();
        self
    }

    /// Reads the claims as a `T`, which the app then finds in the request's extensions. A token
    /// whose claims do not fit is refused.
    ///
    /// ```
    /// use enfilade_middleware::Jwt;
    ///
    /// #[derive(Clone, serde::Deserialize)]
    /// struct Staff {
    ///     email: String,
    ///     #[serde(default)]
    ///     groups: Vec<String>,
    /// }
    ///
    /// let jwt = Jwt::hs256("0123456789abcdef0123456789abcdef")?.with_claims::<Staff>();
    /// # let _ = jwt;
    /// # Ok::<(), enfilade_middleware::JwtKeyError>(())
    /// ```
    #[must_use]
    pub fn with_claims<T>(mut self) -> Jwt
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        self.read = Some(|claims, identity| {
            let claims: T = claims.parse().ok()?;
            Some(identity.with_extension(claims))
        });
        self
    }

    /// Whose `token` is, if it is good at `now`, in seconds since 1970.
    fn verify(&self, token: &str, now: u64) -> Result<Identity, Refused> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Shape)?;
        let (header, payload) = signed.split_once('.').ok_or(Refused::Shape)?;
        let header = Header::read(header)?;
        let key = self.keys.find(header.kid.as_deref()).ok_or(Refused::Key)?;
        key.verify(&header.alg, signed, signature)?;
        let claims = Claims::read(payload)?;
        self.rules.check_type(&header)?;
        self.rules.check(&claims, now)?;
        let identity = claims.identity()?;
        match self.read {
            Some(read) => read(&claims, identity).ok_or(Refused::Unfit),
            None => Ok(identity),
        }
    }
}

impl Check for Jwt {
    fn check(&self, token: &str) -> Result<Identity, Invalid> {
        self.verify(token, rules::now()).map_err(Invalid::from)
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt")
            .field("keys", &self.keys)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

impl BearerAuth {
    /// Lets in who bears a JSON Web Token that `jwt` verifies.
    #[must_use]
    pub fn jwt(jwt: Jwt) -> BearerAuth {
        BearerAuth::new(Source::Check(Arc::new(jwt)))
    }
}

#[cfg(test)]
mod tests;
