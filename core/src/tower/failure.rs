//! What the error of a tower service means to a client.

use std::error::Error as StdError;

use ::tower::{load_shed::error::Overloaded, timeout::error::Elapsed};
use http::StatusCode;

use crate::{BoxError, Error};

/// 504 for tower's timeout, 503 for its load shedding, else what `?` makes of it: a 500, unless an
/// [`Error`] went in. The cause is kept.
pub(super) fn error(error: BoxError) -> Error {
    match status(&*error) {
        Some(status) => Error::status(status).because(error),
        None => Error::from(error),
    }
}

/// Looks through the causes too: a layer further out may have wrapped the one that knows.
fn status(error: &(dyn StdError + 'static)) -> Option<StatusCode> {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<Elapsed>() {
            return Some(StatusCode::GATEWAY_TIMEOUT);
        }
        if error.is::<Overloaded>() {
            return Some(StatusCode::SERVICE_UNAVAILABLE);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use std::{fmt, io};

    use super::*;

    #[derive(Debug)]
    struct Wrapped(BoxError);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("wrapped")
        }
    }

    impl StdError for Wrapped {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&*self.0)
        }
    }

    #[test]
    fn timeouts_are_504_and_overload_is_503_also_when_wrapped() {
        let errors: [(fn() -> BoxError, u16); 3] = [
            (|| Elapsed::new().into(), 504),
            (|| Overloaded::new().into(), 503),
            (|| io::Error::other("disk").into(), 500),
        ];
        for (make, status) in errors {
            assert_eq!(error(make()).status_code(), status);
            let wrapped = error(Wrapped(Wrapped(make()).into()).into());
            assert_eq!(wrapped.status_code(), status);
            let cause = wrapped.cause().expect("it is kept").chain();
            assert_eq!(cause, format!("wrapped: wrapped: {}", make()));
        }
    }

    #[test]
    fn an_error_that_went_through_a_service_comes_out_as_it_was() {
        let carried = Error::status(409).message("taken").into_boxed();
        assert_eq!(error(Wrapped(carried).into()).status_code(), 409);
    }
}
