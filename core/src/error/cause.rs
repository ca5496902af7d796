//! Why a response is an error: [`Cause`].

use std::{error::Error as StdError, sync::Arc};

use crate::BoxError;

/// Why a response is an error: rides in its extensions, for loggers and error pages.
///
/// ```
/// use enfilade_core::{App, Cause, Error, Request};
/// # async fn check() {
/// async fn app(_: Request) -> Result<String, Error> {
///     Ok("x".parse::<u8>()?.to_string())
/// }
/// let response = App::respond(&app, Request::default()).await;
/// let cause = response.extensions().get::<Cause>().unwrap();
/// assert_eq!(cause.chain(), "invalid digit found in string");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Keeps `error` as a cause.
    #[must_use]
    pub fn new(error: BoxError) -> Cause {
        Cause(Arc::from(error))
    }

    /// The error itself.
    #[must_use]
    pub fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0
    }

    /// It and what caused it, as one line: `a: b: c`.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            line.push_str(": ");
            line.push_str(&error.to_string());
            source = error.source();
        }
        line
    }
}
