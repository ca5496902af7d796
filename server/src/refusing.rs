//! What becomes of a request that is refused: an answer, and a line now and then.

use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use enfilade_core::{Body, Connection, Response};
use http::{HeaderValue, StatusCode, Version, header};
use tokio::time::Instant;

use crate::strict::Refusal;

/// How often there is a line about refused requests.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// The answer to a request that is refused.
pub(crate) fn answer(refusal: Refusal, version: Version) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = Response::new(Body::from(format!("{status}: {}\n", refusal.why)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, text);
    if version <= Version::HTTP_11 {
        let close = HeaderValue::from_static("close");
        headers.insert(header::CONNECTION, close);
    }
    response
}

/// Tells the error stream of refused requests, and not more often than helps.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Told>);

#[derive(Default)]
struct Told {
    last: Option<Instant>,
    /// Those since then.
    untold: u64,
}

impl Refusals {
    pub(crate) fn report(&self, refusal: Refusal, facts: &Connection) {
        if let Some(untold) = self.count(Instant::now()) {
            let mut line = format!("refused a request of {}: {refusal}", facts.peer);
            if untold > 0 {
                let _ = write!(line, "; and {untold} more since the last such line");
            }
            facts.errors.report(&line);
        }
    }

    /// Counts one; how many had no line, where it is time for one.
    fn count(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.last.is_some_and(|last| now - last < REPORT_EVERY) {
            told.untold += 1;
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_a_second_and_none_is_uncounted() {
        let refusals = Refusals::default();
        let now = Instant::now();
        assert_eq!(refusals.count(now), Some(0));
        assert_eq!(refusals.count(now), None);
        assert_eq!(refusals.count(now), None);
        assert_eq!(refusals.count(now + REPORT_EVERY), Some(2));
    }
}
