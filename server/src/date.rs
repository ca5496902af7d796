//! The time at which an answer is made: [`now`].

use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;

thread_local! {
    /// The second that was written last, and how.
    static WRITTEN: RefCell<(u64, Option<HeaderValue>)> = const { RefCell::new((0, None)) };
}

/// The value of `Date` (RFC 9110, section 6.6.1). Each thread writes it once a second.
pub(crate) fn now() -> HeaderValue {
    at(SystemTime::now())
}

fn at(now: SystemTime) -> HeaderValue {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    WRITTEN.with_borrow_mut(|(second, written)| match written {
        Some(written) if *second == since.as_secs() => written.clone(),
        _ => {
            *second = since.as_secs();
            let date = httpdate::fmt_http_date(UNIX_EPOCH + since);
            let date = HeaderValue::from_maybe_shared(bytes::Bytes::from(date))
                .expect("a date has nothing but visible characters");
            written.insert(date).clone()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_date_is_written_anew_when_its_second_has_passed_or_the_clock_was_set_back() {
        for (milliseconds, expected) in [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778_000, "Sun, 06 Nov 1994 08:49:38 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let date = at(UNIX_EPOCH + Duration::from_millis(milliseconds));
            assert_eq!(date, expected);
        }
    }
}
