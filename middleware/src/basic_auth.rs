//! User and password, [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617): [`BasicAuth`].

use std::{fmt, future::Future, sync::Arc};

use enfilade_core::{App, Error, Middleware, Request, Response};
use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};

use crate::{
    Identity, User, Verdict,
    auth::{Malformed, Verifying, challenge, hide_credentials, leave},
};

mod accounts;
mod hashing;
mod htpasswd;
mod login;
mod password_hash;
mod recent;

use accounts::Accounts;
pub use htpasswd::{Htpasswd, HtpasswdError};
use login::Login;

/// Lets in who knows a user's password ([RFC 7617]).
///
/// The accounts are a fixed list, a file of Apache's `htpasswd` ([`Htpasswd`]), or a function of
/// yours. The app finds the [`User`] in the request's extensions, whoever stands outside in the
/// response's.
///
/// ```
/// use enfilade_core::{App, Pipeline, Request};
/// use enfilade_middleware::{BasicAuth, User};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = Pipeline::new()
///     .with(BasicAuth::accounts([("alice", "wonderland")]).with_realm("library"))
///     .app(async |request: Request| User::of(&request).map_or("nobody".into(), User::to_string));
///
/// let refused = app.respond(Request::default()).await;
/// assert_eq!(refused.status(), 401);
/// let challenge = &refused.headers()["www-authenticate"];
/// assert_eq!(challenge, r#"Basic realm="library", charset="UTF-8""#);
///
/// let mut request = Request::default();
/// let credentials = "Basic YWxpY2U6d29uZGVybGFuZA==".parse().unwrap();
/// request.headers_mut().insert("authorization", credentials);
/// let response = app.respond(request).await;
/// assert_eq!(response.into_body().into_bytes(5).await.unwrap(), "alice");
/// # }
/// ```
///
/// # What is refused
///
/// | credentials | answer |
/// |---|---|
/// | none, those of another scheme, wrong ones, or no UTF-8 | 401 and the challenge |
/// | two `Authorization` fields, no strict base64, more than 4 KiB, no colon | 400 |
/// | good ones, but too many passwords wait to be verified | 503 and `Retry-After` |
///
/// A name that is empty and control characters count as wrong credentials. User and password are
/// compared byte by byte: they are UTF-8, as the challenge says, in the form that the client gave
/// them (NFC, says the RFC).
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
/// The client sends the password with every request: use it over TLS alone, and limit the rate of
/// requests, as nothing here stops whoever guesses. Unknown users cost the time of known ones,
/// wrong passwords that of right ones. Passwords are not kept in clear, and appear in no `Debug`
/// and no error; the `Authorization` field stays in the request for the app, marked as sensitive,
/// so that printing the fields does not show it.
///
/// [RFC 7617]: https://www.rfc-editor.org/rfc/rfc7617
/// [RFC 9111, section 3.5]: https://www.rfc-editor.org/rfc/rfc9111#section-3.5
#[derive(Clone)]
pub struct BasicAuth {
    challenge: HeaderValue,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Accounts(Arc<Accounts>),
    Htpasswd(Htpasswd),
    Verifier(Arc<Verifier>),
}

type Verifier = dyn Fn(User, String) -> Verifying + Send + Sync;

impl BasicAuth {
    /// Lets in `accounts`: pairs of user and password.
    ///
    /// For a few accounts that are known at start-up. Only digests of the passwords are kept.
    ///
    /// # Panics
    ///
    /// If a user's name is empty, holds a colon or control characters, or occurs twice, or if a
    /// password is empty: an environment variable that was not set must not open the door.
    #[must_use]
    #[track_caller]
    pub fn accounts<U: AsRef<str>, P: AsRef<str>>(
        accounts: impl IntoIterator<Item = (U, P)>,
    ) -> BasicAuth {
        BasicAuth::new(Source::Accounts(Arc::new(Accounts::new(accounts))))
    }

    /// Lets in the accounts of a file of Apache's `htpasswd`.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), enfilade_middleware::HtpasswdError> {
    /// use enfilade_middleware::{BasicAuth, Htpasswd};
    ///
    /// let auth = BasicAuth::htpasswd(Htpasswd::read("/etc/library/users")?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn htpasswd(file: Htpasswd) -> BasicAuth {
        BasicAuth::new(Source::Htpasswd(file))
    }

    /// Lets in whom `verifier` knows: `async fn(user: String, password: String)` that answers a
    /// [`Verdict`].
    ///
    /// It owes what [`BasicAuth`] does by itself for the other sources: hash passwords off the
    /// async threads and a bounded number at once, and take the same time for users that do not
    /// exist. It is called for every request that has credentials.
    ///
    /// ```
    /// use enfilade_core::Result;
    /// use enfilade_middleware::{BasicAuth, User};
    ///
    /// # #[derive(Clone)] struct Database;
    /// # impl Database {
    /// #     async fn login(&self, _: &str, _: &str) -> std::io::Result<Option<String>> { Ok(None) }
    /// # }
    /// fn auth(database: Database) -> BasicAuth {
    ///     BasicAuth::verify(move |user: String, password: String| {
    ///         let database = database.clone();
    ///         async move {
    ///             let name = database.login(&user, &password).await?;
    ///             Result::<_>::Ok(name.and_then(User::checked))
    ///         }
    ///     })
    /// }
    /// # auth(Database);
    /// ```
    #[must_use]
    pub fn verify<F, V>(verifier: F) -> BasicAuth
    where
        F: Fn(String, String) -> V + Send + Sync + 'static,
        V: Future<Output: Verdict> + Send + 'static,
    {
        let erased = move |user: User, password| -> Verifying {
            let verdict = verifier(user.name().to_owned(), password);
            Box::pin(async move { verdict.await.judge(Some(user)) })
        };
        BasicAuth::new(Source::Verifier(Arc::new(erased)))
    }

    fn new(source: Source) -> BasicAuth {
        BasicAuth {
            challenge: basic_challenge("restricted"),
            source,
        }
    }

    /// What the client is told that it needs a password for, `restricted` by default.
    ///
    /// # Panics
    ///
    /// If `realm` is not printable ASCII.
    #[must_use]
    #[track_caller]
    pub fn with_realm(mut self, realm: &str) -> BasicAuth {
        self.challenge = basic_challenge(realm);
        self
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let login = Login::read(headers)?;
        let identity = match &self.source {
            Source::Accounts(accounts) => {
                let user = accounts.find(login.user.name(), &login.password);
                user.cloned().map(Identity::new)
            }
            Source::Htpasswd(file) => {
                let good = file.verify(login.user.name(), login.password).await?;
                good.then(|| Identity::new(login.user))
            }
            Source::Verifier(verify) => verify(login.user, login.password).await?,
        };
        identity.ok_or(Refusal::Wrong)
    }

    fn refuse(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::Unknown => {
                Error::unauthorized().header(WWW_AUTHENTICATE, self.challenge.clone())
            }
            Refusal::Wrong => Error::unauthorized()
                .message("wrong user or password")
                .header(WWW_AUTHENTICATE, self.challenge.clone()),
            Refusal::Malformed(Malformed(what)) => Error::bad_request().message(what),
            Refusal::Failed(error) => error,
        }
    }
}

impl Middleware for BasicAuth {
    async fn handle(&self, mut request: Request, next: &impl App) -> Response {
        match self.identify(request.headers()).await {
            Ok(identity) => {
                hide_credentials(&mut request);
                let user = identity.enter(&mut request);
                let mut response = next.respond(request).await;
                leave(user, &mut response);
                response
            }
            Err(refusal) => self.refuse(refusal).response_to(&request),
        }
    }
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.source {
            Source::Accounts(accounts) => accounts,
            Source::Htpasswd(file) => file,
            Source::Verifier(_) => &"Verifier",
        };
        f.debug_struct("BasicAuth")
            .field("challenge", &self.challenge)
            .field("source", source)
            .finish()
    }
}

#[track_caller]
fn basic_challenge(realm: &str) -> HeaderValue {
    challenge("Basic", realm, ", charset=\"UTF-8\"")
}

/// Why a request is not let in.
enum Refusal {
    /// It has no credentials of this scheme.
    Unknown,
    Wrong,
    Malformed(Malformed),
    /// The verification itself failed, or found no place.
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

#[cfg(test)]
mod tests;
