//! Connections that are taken over: what a client offers, and what becomes of it.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use enfilade_core::{Connection, Io, Panicked, Upgrading};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Version, header, request::Parts};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::tasks::{Phase, Task};

/// What a client offered: to speak another protocol from now on.
pub(crate) struct Offer {
    pub(crate) protocol: HeaderValue,
    pub(crate) on_upgrade: OnUpgrade,
}

/// The offer of a request, where it makes one that can be taken up.
///
/// HTTP/2 by upgrade is none: it was dropped from the standard (RFC 9113, section 3.1), and served
/// to smuggle requests past proxies. Nor is one with a body, which would have to be read first.
pub(crate) fn offer(request: &Parts, has_body: bool) -> Option<Offer> {
    let on_upgrade = request.extensions.get::<OnUpgrade>()?;
    let protocol = request.headers.get(header::UPGRADE)?;
    let is_h2c = protocol.as_bytes().to_ascii_lowercase().starts_with(b"h2c");
    let can_be_taken_up = request.version == Version::HTTP_11
        && !has_body
        && is_of_this_hop(&request.headers)
        && !is_h2c;
    can_be_taken_up.then(|| Offer {
        protocol: protocol.clone(),
        on_upgrade: on_upgrade.clone(),
    })
}

/// An offer that is not named in `Connection` was meant for somebody before us (RFC 9110, section
/// 7.8).
fn is_of_this_hop(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
}

/// Runs the handler with the connection, once the head is out. A graceful stop waits for it, and
/// its deadline ends it.
pub(crate) fn take_over(
    upgrading: Upgrading,
    on_upgrade: OnUpgrade,
    connection: Arc<Connection>,
    mut task: Task,
) {
    let handled = async move {
        // Where the client left before the head was out, there is nothing to hand over.
        if let Ok(upgraded) = on_upgrade.await {
            let io = Io::from_tokio(TokioIo::new(upgraded));
            let run = AssertUnwindSafe(upgrading.run(io)).catch_unwind();
            if let Err(panic) = run.await {
                let panic = Panicked::new(&*panic);
                connection.errors.report(&panic.to_string());
            }
        }
    };
    tokio::spawn(async move {
        let mut handled = pin!(handled);
        poll_fn(|cx| match task.phase(cx) {
            Phase::Aborting => Poll::Ready(()),
            Phase::Serving | Phase::Draining => handled.as_mut().poll(cx),
        })
        .await;
    });
}
