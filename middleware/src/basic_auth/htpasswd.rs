//! The accounts of a file of Apache's `htpasswd`: [`Htpasswd`].

use std::{collections::HashMap, fmt, num::NonZeroUsize, path::Path, sync::Arc, time::Instant};

use enfilade_core::Result;

use super::{hashing::Hashing, password_hash::PasswordHash, recent::Recent};

mod error;

pub use error::HtpasswdError;
use error::Problem;

/// The accounts of a file that Apache's `htpasswd` makes: a line `user:hash` for each.
///
/// It is read once, here, and never again: start anew after a change. Hashes are bcrypt
/// (`htpasswd -B`), argon2id (`$argon2id$v=19$..`), apr1 (`-m`) and SHA-1 (`-s`). Prefer the first
/// two: SHA-1 has no salt, and a thief of the file tries thousands of millions of passwords a
/// second. Of a password bcrypt sees the first 72 bytes alone, as it does in Apache. A line with a password in plain text or a hash of crypt is an error that names the line.
///
/// ```
/// use enfilade_middleware::{BasicAuth, Htpasswd};
///
/// let users = Htpasswd::parse("# the librarians\nalice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")?;
/// let auth = BasicAuth::htpasswd(users);
/// # let _ = auth;
///
/// let refused = Htpasswd::parse("alice:wonderland\n").unwrap_err();
/// assert!(refused.to_string().starts_with("line 1: a password in plain text"));
/// # Ok::<(), enfilade_middleware::HtpasswdError>(())
/// ```
///
/// # What a login costs
///
/// A hash is made to be slow: 50 ms and more. So it runs off the async threads, on at most half of
/// the processors ([`with_threads`](Htpasswd::with_threads)); where more than 32 logins wait for
/// each thread, the next is answered with 503.
///
/// As the client sends its password with each request, the last 1024 that were right are
/// remembered for 5 minutes, as MACs (HMAC-SHA-256) under a random key. What the file says cannot
/// change meanwhile, wrong passwords are never remembered, and nothing of it is of use without the
/// memory of the process, which has seen the passwords themselves.
/// [`without_memory`](Htpasswd::without_memory) makes every request pay.
///
/// # Time
///
/// Every login computes one hash of each kind and cost that occurs in the file: the user's own for
/// its kind, and for each other kind, or for a user that does not exist, one that was made up when
/// the file was read. So the time tells nobody which users exist. A file with one kind costs one
/// hash; one that mixes bcrypt of cost 10 and 12 costs both for everybody.
#[derive(Clone)]
pub struct Htpasswd {
    file: Arc<File>,
    hashing: Hashing,
    recent: Option<Arc<Recent>>,
}

/// The accounts, and a made-up hash of each kind that they have.
struct File {
    accounts: HashMap<String, PasswordHash>,
    dummies: Vec<PasswordHash>,
}

impl Htpasswd {
    /// Reads the file at `path`. It blocks: call it before you serve.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has a line that is no account, or a user twice.
    pub fn read(path: impl AsRef<Path>) -> Result<Htpasswd, HtpasswdError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(Problem::Read);
        text.and_then(|text| Htpasswd::load(&text))
            .map_err(|problem| HtpasswdError::new(Some(path), problem))
    }

    /// Reads the lines of `text`, for accounts that come from elsewhere than a file.
    ///
    /// # Errors
    ///
    /// If it has a line that is no account, or a user twice.
    pub fn parse(text: &str) -> Result<Htpasswd, HtpasswdError> {
        Htpasswd::load(text).map_err(|problem| HtpasswdError::new(None, problem))
    }

    fn load(text: &str) -> Result<Htpasswd, Problem> {
        Ok(Htpasswd {
            file: Arc::new(File::parse(text)?),
            hashing: Hashing::of_half_the_processors(),
            recent: Some(Arc::new(Recent::new().map_err(Problem::Random)?)),
        })
    }

    /// On how many threads passwords are hashed at once, over all clones of this; half of the
    /// processors by default.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Htpasswd {
        self.hashing = Hashing::new(threads);
        self
    }

    /// Hashes the password of every request, instead of remembering those that were right.
    #[must_use]
    pub fn without_memory(mut self) -> Htpasswd {
        self.recent = None;
        self
    }

    /// Whether `user` has this password.
    pub(super) async fn verify(&self, user: &str, password: String) -> Result<bool> {
        let known = self.recent.as_deref();
        let known = known.map(|recent| (recent, recent.fingerprint(user, &password)));
        if let Some((recent, fingerprint)) = &known
            && recent.knows(fingerprint, Instant::now())
        {
            return Ok(true);
        }
        let file = Arc::clone(&self.file);
        let name = user.to_owned();
        let good = self
            .hashing
            .run(move || file.verify(&name, |hash| hash.matches(password.as_bytes())))
            .await?;
        if let Some((recent, fingerprint)) = known
            && good
        {
            recent.remember(fingerprint, Instant::now());
        }
        Ok(good)
    }
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Htpasswd")
            .field("accounts", &self.file.accounts.len())
            .field("hashing", &self.hashing)
            .field("recent", &self.recent)
            .finish()
    }
}

impl File {
    fn parse(text: &str) -> Result<File, Problem> {
        let mut accounts = HashMap::new();
        let mut dummies: Vec<PasswordHash> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let refuse = |what| Problem::Line { line, what };
            let (user, hash) = text.split_once(':').ok_or(refuse("no colon"))?;
            if user.is_empty() || user.chars().any(char::is_control) {
                return Err(refuse(
                    "a user's name that is empty or has control characters",
                ));
            }
            let hash = PasswordHash::parse(hash).map_err(refuse)?;
            if dummies.iter().all(|dummy| dummy.kind() != hash.kind()) {
                dummies.push(hash.dummy().map_err(Problem::Random)?);
            }
            if accounts.insert(user.to_owned(), hash).is_some() {
                return Err(refuse("a user that has a line already"));
            }
        }
        Ok(File { accounts, dummies })
    }

    /// Whether `user` exists and `matches` its hash. For every user, known or not, it is asked the
    /// same number of times, for hashes of the same kinds, in the same order.
    fn verify(&self, user: &str, mut matches: impl FnMut(&PasswordHash) -> bool) -> bool {
        let own = self.accounts.get(user);
        self.dummies.iter().fold(false, |good, dummy| {
            let own = own.filter(|own| own.kind() == dummy.kind());
            matches(own.unwrap_or(dummy)) & own.is_some() | good
        })
    }
}

#[cfg(test)]
mod tests;
