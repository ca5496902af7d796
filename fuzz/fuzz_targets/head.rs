//! Any bytes as HTTP/1 requests: what the server's check lets pass, hyper reads with the same ends.
//!
//! `cargo +nightly fuzz run head`

#![no_main]

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::Future,
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response, Version,
    body::{Bytes, Incoming},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1,
    service::service_fn,
};
use libfuzzer_sys::fuzz_target;

/// The check is nobody's interface but the server's.
#[allow(dead_code, unused_imports, reason = "the server uses all of it")]
#[path = "../../server/src"]
mod server {
    pub(crate) mod strict;
}

use server::strict::{Lengths, Reader, Stop};

/// The server's own.
const LENGTHS: Lengths = Lengths {
    head: 32 * 1024,
    line: 8 * 1024,
    target: 8 * 1024,
    fields: 100,
};

fuzz_target!(|bytes: &[u8]| {
    let (passed, stop, in_body) = at_once(bytes);
    let (heads, passed_singly, stop_singly) = singly(bytes);
    assert_eq!(passed, passed_singly, "{stop:?} {stop_singly:?}");
    assert_eq!(stop, stop_singly);
    let seen = hyper(&bytes[..passed]);
    assert!(
        seen.heads == heads || (seen.heads < heads && seen.closes),
        "{seen:?} of {heads}"
    );
    if seen.heads == heads {
        assert!(!seen.failed || in_body, "{seen:?}");
        assert_eq!(seen.bodies, heads - u32::from(in_body), "{seen:?}");
    }
});

/// How many bytes pass, why no more do, and whether a body has not ended.
fn at_once(bytes: &[u8]) -> (usize, Stop, bool) {
    let (mut reader, mut passed) = (Reader::default(), 0);
    loop {
        let (count, stop) = reader.read(&bytes[passed..], &LENGTHS);
        passed += count;
        if stop != Stop::Undecided {
            return (passed, stop, reader.is_in_body());
        }
        reader.stay();
    }
}

/// The same, byte by byte, with the number of heads.
fn singly(bytes: &[u8]) -> (u32, usize, Stop) {
    let (mut reader, mut passed, mut heads, mut last) = (Reader::default(), 0, 0, Stop::Nowhere);
    for end in 1..=bytes.len() {
        let was_in_body = reader.is_in_body();
        if reader.is_undecided() {
            reader.stay();
        }
        let (count, stop) = reader.read(&bytes[passed..end], &LENGTHS);
        heads += u32::from(!was_in_body && count > 0);
        passed += count;
        last = stop;
        if matches!(stop, Stop::Head(_) | Stop::Body(_)) {
            break;
        }
    }
    (heads, passed, last)
}

/// What hyper has made of some bytes.
#[derive(Debug, Default)]
struct Seen {
    heads: u32,
    /// Bodies that were read to their end.
    bodies: u32,
    /// Whether the last request was one behind which the connection is closed.
    closes: bool,
    failed: bool,
}

fn hyper(bytes: &[u8]) -> Seen {
    let seen = Rc::new(RefCell::new(Seen::default()));
    let kept = Rc::clone(&seen);
    let service = service_fn(move |request: Request<Incoming>| {
        let kept = Rc::clone(&kept);
        async move {
            {
                let mut seen = kept.borrow_mut();
                seen.heads += 1;
                let is_1_0 = request.version() == Version::HTTP_10;
                seen.closes = is_1_0 || request.headers().contains_key("connection");
            }
            let ended = request.into_body().collect().await.is_ok();
            kept.borrow_mut().bodies += u32::from(ended);
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = hyper::StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(response)
        }
    });
    let memory = Memory {
        bytes: bytes.to_vec(),
        at: Cell::new(0),
    };
    let mut builder = http1::Builder::new();
    builder.half_close(true);
    let mut connection = pin!(builder.serve_connection(memory, service));
    let mut cx = Context::from_waker(Waker::noop());
    let mut left = bytes.len() + 100;
    let failed = loop {
        match connection.as_mut().poll(&mut cx) {
            Poll::Ready(result) => break result.is_err(),
            Poll::Pending => left -= 1,
        }
        assert!(left > 0, "hyper waits for more than there is");
    };
    let mut seen = seen.take();
    seen.failed = failed;
    seen
}

/// Bytes that have all come, and a client that takes whatever it is answered.
struct Memory {
    bytes: Vec<u8>,
    at: Cell<usize>,
}

impl Read for Memory {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.bytes[self.at.get()..];
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        self.at.set(self.at.get() + count);
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
