//! What the error of a tower service means to a client.

use std::error::Error as StdError;

use ::tower::{load_shed::error::Overloaded, timeout::error::Elapsed};
use http::StatusCode;

use crate::{BoxError, Error};

/// 504 for tower's timeout, 503 for its load shedding, else 500; the cause is kept.
pub(super) fn error(error: BoxError) -> Error {
    Error::status(status(&*error)).because(error)
}

/// Looks through the causes too: a layer further out may have wrapped the one that knows.
fn status(error: &(dyn StdError + 'static)) -> StatusCode {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<Elapsed>() {
            return StatusCode::GATEWAY_TIMEOUT;
        }
        if error.is::<Overloaded>() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        next = error.source();
    }
    StatusCode::INTERNAL_SERVER_ERROR
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
}
