//! Bearer tokens, [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750): [`BearerAuth`].

use std::{fmt, future::Future, sync::Arc};

use enfilade_core::{App, BoxError, Error, Middleware, Request, Response};
use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};

use crate::{
    Identity, Scopes, User, Verdict,
    auth::{Malformed, Verifying, challenge, credentials, hide_credentials, leave},
};

#[cfg(feature = "jwt")]
mod jwt;
mod tokens;

#[cfg(feature = "jwt")]
pub use jwt::{Claims, Jwt, JwtKeyError};
use tokens::Tokens;

/// Lets in who bears a token ([RFC 6750]).
///
/// The tokens are a fixed list, JSON Web Tokens (`Jwt`, with the feature `jwt`), or what a function
/// of yours knows. The app finds the [`User`] in the request's extensions, whoever stands outside
/// in the response's.
///
/// ```
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::{BearerAuth, User};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = Pipeline::new()
///     .with(BearerAuth::tokens([("deploy", "mF_9.B5f-4.1JqM")]).with_realm("releases"))
///     .app(async |request: Request| User::of(&request).map_or("nobody".into(), User::to_string));
///
/// let mut request = Request::default();
/// let guess = "Bearer mF_9.B5f-4.1JqL".parse().unwrap();
/// request.headers_mut().insert("authorization", guess);
/// let refused = app.respond(request).await;
/// assert_eq!(refused.status(), 401);
/// let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
/// assert!(challenge.starts_with(r#"Bearer realm="releases", error="invalid_token""#));
/// # }
/// ```
///
/// # What is refused
///
/// | credentials | answer |
/// |---|---|
/// | none, or those of another scheme | 401, a challenge without an error |
/// | two `Authorization` fields, no token, more than 16 KiB | 400, `error="invalid_request"` |
/// | a token that is not good | 401, `error="invalid_token"` |
/// | a good one without the scopes that are required | 403, `error="insufficient_scope"` |
///
/// A token is taken from the `Authorization` field alone: in a query it would end in logs, in a
/// form it would have to be read before the app.
///
/// # Place in the pipeline
///
/// Inside of the access log, the request id, CORS (whose preflights carry no credentials) and
/// limits of the rate; outside of whatever must not see strangers. A cache belongs inside, or it
/// must obey [RFC 9111, section 3.5]: a response to a request with `Authorization` is shared with
/// others only if it says `public`, `s-maxage` or `must-revalidate`. So responses need neither a
/// `Cache-Control` nor a `Vary` from here, and get none.
///
/// # Security
///
/// Who has the token is the user: use it over TLS alone. Tokens appear in no `Debug` and no error;
/// the `Authorization` field stays in the request for the app, marked as sensitive, so that
/// printing the fields does not show it.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750
/// [RFC 9111, section 3.5]: https://www.rfc-editor.org/rfc/rfc9111#section-3.5
#[derive(Clone)]
pub struct BearerAuth {
    realm: Arc<str>,
    required: Option<Scopes>,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Check(Arc<dyn Check>),
    Verifier(Arc<Verifier>),
}

type Verifier = dyn Fn(String) -> Verifying + Send + Sync;

/// A source that knows at once.
trait Check: fmt::Debug + Send + Sync {
    fn check(&self, token: &str) -> Result<Identity, Invalid>;
}

/// A token that is not good: what the client is told, and what the log.
struct Invalid {
    description: &'static str,
    cause: Option<BoxError>,
}

impl Invalid {
    const fn unknown() -> Invalid {
        Invalid {
            description: "the token is not valid",
            cause: None,
        }
    }
}

impl BearerAuth {
    /// The longest token that is read, in bytes.
    const LIMIT: usize = 16 * 1024;

    /// Lets in who bears one of `tokens`: pairs of a user's name and its token.
    ///
    /// Each request is compared with all of them, in constant time. Take tokens from a random
    /// generator, 128 bits or more (`openssl rand -hex 32`). A user may have several: an old one
    /// and a new one, while they are being replaced.
    ///
    /// # Panics
    ///
    /// If a name is empty or holds control characters, or if a token occurs twice, is empty, or
    /// holds what no `Authorization` field can: letters, digits and `-._~+/`, with `=` at its end.
    #[must_use]
    #[track_caller]
    pub fn tokens<U: AsRef<str>, T: AsRef<str>>(
        tokens: impl IntoIterator<Item = (U, T)>,
    ) -> BearerAuth {
        BearerAuth::new(Source::Check(Arc::new(Tokens::new(tokens))))
    }

    /// Lets in whom `verifier` knows: `async fn(token: String)` that answers a [`Verdict`].
    ///
    /// It is called for every request that has a token, of at most 16 KiB. Where it answers
    /// `true`, the request has no [`User`], as a token names nobody.
    ///
    /// ```
    /// use enfilade_middleware::{BearerAuth, Identity, Scopes, User};
    ///
    /// # async fn introspect(_: &str) -> std::io::Result<Option<(String, String)>> { Ok(None) }
    /// async fn verifier(token: String) -> enfilade_core::Result<Option<Identity>> {
    ///     let Some((name, scopes)) = introspect(&token).await? else {
    ///         return Ok(None);
    ///     };
    ///     let scopes = Scopes::checked(scopes).unwrap_or_default();
    ///     Ok(User::checked(name).map(|user| Identity::new(user).with_scopes(scopes)))
    /// }
    /// let auth = BearerAuth::verify(verifier).with_required_scopes("orders:read");
    /// # let _ = auth;
    /// ```
    #[must_use]
    pub fn verify<F, V>(verifier: F) -> BearerAuth
    where
        F: Fn(String) -> V + Send + Sync + 'static,
        V: Future<Output: Verdict> + Send + 'static,
    {
        let erased = move |token| -> Verifying {
            let verdict = verifier(token);
            Box::pin(async move { verdict.await.judge(None) })
        };
        BearerAuth::new(Source::Verifier(Arc::new(erased)))
    }

    fn new(source: Source) -> BearerAuth {
        BearerAuth {
            realm: Arc::from("restricted"),
            required: None,
            source,
        }
    }

    /// What the client is told that it needs a token for, `restricted` by default.
    ///
    /// # Panics
    ///
    /// If `realm` is not printable ASCII.
    #[must_use]
    #[track_caller]
    pub fn with_realm(mut self, realm: &str) -> BearerAuth {
        let _ = challenge("Bearer", realm, "");
        self.realm = Arc::from(realm);
        self
    }

    /// The scopes that a token must have, all of them, separated by spaces; none by default.
    ///
    /// # Panics
    ///
    /// If a scope holds anything but printable ASCII, or `"` or `\`.
    #[must_use]
    #[track_caller]
    pub fn with_required_scopes(mut self, scopes: &str) -> BearerAuth {
        self.required = Some(Scopes::new(scopes));
        self
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let token = credentials(headers, "Bearer", BearerAuth::LIMIT)?.ok_or(Refusal::Unknown)?;
        let identity = match &self.source {
            Source::Check(tokens) => tokens.check(token)?,
            Source::Verifier(verify) => verify(token.to_owned()).await?.ok_or(Invalid::unknown())?,
        };
        match &self.required {
            Some(scopes) if !identity.may(scopes) => {
                Err(Refusal::Insufficient(scopes.clone(), identity.user()))
            }
            _ => Ok(identity),
        }
    }

    fn refuse(&self, refusal: Refusal, request: &Request) -> Response {
        let error = |status, code: &str, description: &'static str, scope: &str| {
            let parameters = format!(", error=\"{code}\", error_description=\"{description}\"");
            let challenge = challenge("Bearer", &self.realm, &(parameters + scope));
            Error::status(status)
                .message(description)
                .header(WWW_AUTHENTICATE, challenge)
        };
        match refusal {
            Refusal::Unknown => Error::unauthorized()
                .header(WWW_AUTHENTICATE, challenge("Bearer", &self.realm, ""))
                .response_to(request),
            Refusal::Malformed(Malformed(what)) => {
                error(StatusCode::BAD_REQUEST, "invalid_request", what, "").response_to(request)
            }
            Refusal::Invalid(Invalid { description, cause }) => {
                let error = error(StatusCode::UNAUTHORIZED, "invalid_token", description, "");
                match cause {
                    Some(cause) => error.because(cause),
                    None => error,
                }
                .response_to(request)
            }
            Refusal::Insufficient(scopes, user) => {
                let description = "the token does not have the scopes that are required";
                let scope = format!(", scope=\"{scopes}\"");
                let code = "insufficient_scope";
                let error = error(StatusCode::FORBIDDEN, code, description, &scope);
                let mut response = error.response_to(request);
                leave(user, &mut response);
                response
            }
            Refusal::Failed(error) => error.response_to(request),
        }
    }
}

impl Middleware for BearerAuth {
    async fn handle(&self, mut request: Request, next: &impl App) -> Response {
        match self.identify(request.headers()).await {
            Ok(identity) => {
                hide_credentials(&mut request);
                let user = identity.enter(&mut request);
                let mut response = next.respond(request).await;
                leave(user, &mut response);
                response
            }
            Err(refusal) => self.refuse(refusal, &request),
        }
    }
}

impl fmt::Debug for BearerAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.source {
            Source::Check(tokens) => tokens,
            Source::Verifier(_) => &"Verifier",
        };
        f.debug_struct("BearerAuth")
            .field("realm", &self.realm)
            .field("required", &self.required)
            .field("source", source)
            .finish()
    }
}

/// Why a request is not let in.
enum Refusal {
    /// It has no credentials of this scheme.
    Unknown,
    Malformed(Malformed),
    Invalid(Invalid),
    /// The scopes that are required, and whose the token is.
    Insufficient(Scopes, Option<User>),
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Failed(error)
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Refusal {
        Refusal::Malformed(malformed)
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Refusal {
        Refusal::Invalid(invalid)
    }
}

#[cfg(test)]
mod tests;
