//! The loop that accepts connections, and never ends by itself.

use std::{fs::File, io, pin::pin, sync::Arc, time::Duration};

use enfilade_core::Peer;
use futures_util::FutureExt;
use tokio::time::{Instant, sleep, timeout};

use crate::{breach::Limit, door::Door, site::Site};

/// How long to wait after the first failure, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// How often a failure that lasts is reported.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How long new connections wait for descriptors, before they are turned away.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often connections are asked to leave, where there is no room for more.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Accepts connections at `door` until it is dropped.
///
/// Out of file descriptors, or of memory: the connections that there are go on, the new ones wait
/// in the system's queue until there is room. Those that wait for longer than a second are closed,
/// so that their clients learn of it and can go elsewhere; a descriptor is kept for that.
pub(crate) async fn accept(door: &Door, site: &Arc<Site>) {
    #[cfg(feature = "http3")]
    if let Some(port) = door.http3() {
        let _: ((), ()) =
            futures_util::future::join(port.accept(site), accept_tcp(door, site)).await;
        return;
    }
    accept_tcp(door, site).await;
}

async fn accept_tcp(door: &Door, site: &Arc<Site>) {
    let mut reserve = Reserve::take();
    let mut pause = BACK_OFF.0;
    let mut failing: Option<Instant> = None;
    let mut reported: Option<Instant> = None;
    loop {
        make_room(site).await;
        match door.accept().await {
            Ok((stream, facts)) => {
                (pause, failing) = (BACK_OFF.0, None);
                door.serve(stream, facts, site);
            }
            // The client left while it was waiting: that is its own affair.
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                if reported.is_none_or(|then| then.elapsed() >= REPORT_EVERY) {
                    reported = Some(Instant::now());
                    door.report(&error);
                }
                if failing.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                    reserve.turn_away(door);
                }
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF.1);
            }
        }
    }
}

/// Waits where there are as many connections as there may be, and asks some to leave.
pub(crate) async fn make_room(site: &Site) {
    let (tasks, most) = (&site.tasks, site.crowd.most);
    if tasks.count() < most {
        return;
    }
    let breaches = &site.breaches;
    breaches.report(Limit::Connections, &site.limits, &Peer::Unknown);
    let mut room = pin!(tasks.fewer_than(most));
    loop {
        site.crowd.make_room();
        tasks.wake();
        // Those that rest leave at once; others must come to rest, or to an answer.
        if timeout(ASK_AGAIN, &mut room).await.is_ok() {
            break;
        }
    }
    site.crowd.has_room();
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::NotConnected
    )
}

/// A descriptor that is kept for when there is no other: with it, connections can be accepted, to
/// be closed.
struct Reserve(Option<File>);

impl Reserve {
    /// Nothing where there is none left; then there is nothing to turn clients away with.
    fn take() -> Reserve {
        Reserve(File::open("/dev/null").ok())
    }

    /// Closes the connections that wait, until one that is begun needs the descriptor itself.
    fn turn_away(&mut self, door: &Door) {
        if self.0.take().is_some() {
            while let Some(Ok(connection)) = door.accept().now_or_never() {
                drop(connection);
            }
        }
        *self = Reserve::take();
    }
}
