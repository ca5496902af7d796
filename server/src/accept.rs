//! The loop that accepts connections, and never ends by itself.

use std::{io, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{door::Door, site::Site};

/// How long to wait after the first failure, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// How often a failure that lasts is reported.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Accepts connections at `door` until it is dropped.
///
/// Out of file descriptors, or of memory: the connections that there are go on, the new ones wait
/// in the system's queue until there is room.
pub(crate) async fn accept(door: &Door, site: &Arc<Site>) {
    let mut pause = BACK_OFF.0;
    let mut reported: Option<Instant> = None;
    loop {
        match door.accept().await {
            Ok((stream, facts)) => {
                pause = BACK_OFF.0;
                door.serve(stream, facts, site);
            }
            // The client left while it was waiting: that is its own affair.
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                if reported.is_none_or(|then| then.elapsed() >= REPORT_EVERY) {
                    reported = Some(Instant::now());
                    door.report(&error);
                }
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF.1);
            }
        }
    }
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
