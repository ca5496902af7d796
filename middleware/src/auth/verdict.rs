//! What a verifier function may answer: [`Verdict`].

use std::{future::Future, pin::Pin};

use enfilade_core::{Error, Result};

use crate::{Identity, User};

/// A verification that is under way, erased.
pub(crate) type Verifying = Pin<Box<dyn Future<Output = Result<Option<Identity>>> + Send>>;

/// What a verifier function may answer.
///
/// * `bool`: whether the credentials are good; the user is the one that they name.
/// * `Option<User>` or `Option<Identity>`: whose they are, nothing where they are not good.
/// * A `Result` of these, where the verification itself may fail: the error is the response, as it
///   is anywhere else (a 500 that keeps its cause by `?`), and the request is not let in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether credentials are good",
    label = "not a verdict",
    note = "a verifier answers `bool`, `Option<User>`, `Option<Identity>`, or a `Result` of one of them"
)]
pub trait Verdict {
    /// Whose the credentials are, if they are good. `named` is the user that they name, where
    /// they name one.
    ///
    /// # Errors
    ///
    /// Where the verification failed, so that nobody knows.
    fn judge(self, named: Option<User>) -> Result<Option<Identity>>;
}

impl Verdict for bool {
    fn judge(self, named: Option<User>) -> Result<Option<Identity>> {
        Ok(self.then(|| named.map_or_else(Identity::unnamed, Identity::new)))
    }
}

impl<I: Into<Identity>> Verdict for Option<I> {
    fn judge(self, _: Option<User>) -> Result<Option<Identity>> {
        Ok(self.map(Into::into))
    }
}

impl<V: Verdict, E: Into<Error>> Verdict for Result<V, E> {
    fn judge(self, named: Option<User>) -> Result<Option<Identity>> {
        self.map_err(Into::into)?.judge(named)
    }
}
