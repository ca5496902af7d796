//! The end of a connection whose client may still be sending: [`leave`].

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, SystemTime},
};

use enfilade_core::{Error, IntoResponse};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{
    stream::Stream,
    tasks::{Phase, Task},
};

/// How a client is left that may still be sending: how long it may take to read the last words,
/// and how much of what it goes on sending is thrown away in the meantime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    time: Duration,
    bytes: usize,
}

impl Patience {
    /// With a client that was answered early: some read nothing before they have sent all.
    pub(crate) const ANSWERED: Patience = Patience {
        time: Duration::from_secs(5),
        bytes: usize::MAX,
    };

    /// With one that broke a limit.
    pub(crate) const REFUSED: Patience = Patience {
        time: Duration::from_secs(2),
        bytes: 1 << 20,
    };
}

/// Says the last words, closes the server's side, and throws away what still comes.
///
/// A socket that is closed while bytes wait in it is reset, and a reset may take away what the
/// client has not read yet (RFC 9112, section 9.6).
pub(crate) fn leave(mut stream: Stream, words: Vec<u8>, patience: Patience, mut task: Task) {
    let leaving = timeout(patience.time, async move {
        if stream.write_all(&words).await.is_err() || stream.shutdown().await.is_err() {
            return;
        }
        let (mut thrown_away, mut buffer) = (0, [0; 4096]);
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            thrown_away += count;
            if thrown_away > patience.bytes {
                return;
            }
        }
    });
    tokio::spawn(async move {
        let mut leaving = pin!(leaving);
        poll_fn(|cx| match task.phase(cx) {
            Phase::Aborting => Poll::Ready(()),
            Phase::Serving | Phase::Draining => leaving.as_mut().poll(cx).map(drop),
        })
        .await;
    });
}

/// An answer to what never became a request.
pub(crate) fn answer(status: StatusCode, date: bool) -> Vec<u8> {
    let response = Error::status(status).into_response();
    let (parts, body) = response.into_parts();
    // Plain text is in memory.
    let body = body.try_into_bytes().unwrap_or_default();
    let mut words = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in &parts.headers {
        words.extend_from_slice(name.as_str().as_bytes());
        words.extend_from_slice(b": ");
        words.extend_from_slice(value.as_bytes());
        words.extend_from_slice(b"\r\n");
    }
    if date {
        let now = httpdate::fmt_http_date(SystemTime::now());
        words.extend_from_slice(format!("date: {now}\r\n").as_bytes());
    }
    let length = body.len();
    let end = format!("content-length: {length}\r\nconnection: close\r\n\r\n");
    words.extend_from_slice(end.as_bytes());
    words.extend_from_slice(&body);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_looks_as_that_of_any_error_does() {
        let words = answer(StatusCode::REQUEST_TIMEOUT, false);
        assert_eq!(
            String::from_utf8_lossy(&words),
            "HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n\
             vary: accept\r\ncontent-length: 16\r\nconnection: close\r\n\r\nRequest Timeout\n"
        );
        let words =
            String::from_utf8_lossy(&answer(StatusCode::REQUEST_TIMEOUT, true)).into_owned();
        assert!(words.contains("\r\ndate: "), "{words}");
    }
}
