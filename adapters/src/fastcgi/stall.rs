//! A connection that waits for one app: [`Stall`].

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use super::{exchange::Exchange, pipe::Cut};

/// One request's body has no room for what comes next, and what comes behind it waits, too.
///
/// FastCGI has no flow control of its own. Where a connection carries one request at a time,
/// whoever sends it waits as long as it takes. Where it carries several, the others must not wait
/// for the slowest: each request may hold them up for so long in all, and then its body is cut.
pub(crate) struct Stall {
    pub(crate) id: u16,
    began: Instant,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    /// Waits for the app of request `id`, at most for `patience`, where there is such a bound.
    pub(crate) fn new(id: u16, patience: Option<Duration>) -> Stall {
        Stall {
            id,
            began: Instant::now(),
            patience: patience.map(|patience| Box::pin(sleep(patience))),
        }
    }

    /// Ends when there is room for more, or when there need be none.
    pub(crate) fn poll(&mut self, exchange: &mut Exchange, cx: &mut Context<'_>) -> Poll<()> {
        let room = exchange.feed.poll_room(cx);
        if let Some(patience) = &mut self.patience {
            if room.is_ready() {
                exchange.patience = exchange.patience.saturating_sub(self.began.elapsed());
            } else if patience.as_mut().poll(cx).is_ready() {
                exchange.feed.cut(Cut::Overrun);
                return Poll::Ready(());
            }
        }
        room
    }
}
