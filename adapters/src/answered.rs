//! A response that is being made: [`Answered`], and the [`Rest`] of it whose client has left.

use std::{
    any::Any,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use enfilade_core::{Response, host::Answer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A response that is being made.
///
/// It is dropped where its client leaves. Then the app is, too, or the rest of it is handed to the
/// host, where it asked to go on.
pub(crate) struct Answered {
    making: Option<Pin<Box<dyn Answer>>>,
    rests: Option<Rests>,
}

/// Where a host takes the rests of answers from.
pub(crate) type Rests = UnboundedSender<Rest>;

/// Both ends of the way to a host.
pub(crate) fn rests() -> (Rests, UnboundedReceiver<Rest>) {
    unbounded_channel()
}

/// What is left of an answer that nobody waits for any more.
pub(crate) struct Rest {
    making: Pin<Box<dyn Answer>>,
    /// What is held until it ends, such as its place among the requests that may run.
    _held: Option<Box<dyn Any + Send>>,
}

impl Answered {
    pub(crate) fn new(making: impl Answer + 'static, rests: Option<Rests>) -> Answered {
        Answered {
            making: Some(Box::pin(making)),
            rests,
        }
    }

    /// The client has left: hands the rest to the host, with what is to be `held` until its end.
    pub(crate) fn leave(&mut self, held: Option<Box<dyn Any + Send>>) {
        let (Some(mut making), Some(rests)) = (self.making.take(), &self.rests) else {
            return;
        };
        if making.as_mut().leave() {
            // A host that has ended takes nothing more.
            let _ = rests.send(Rest {
                making,
                _held: held,
            });
        }
    }
}

impl Future for Answered {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Some(making) = &mut self.making else {
            // Nobody polls behind the end.
            return Poll::Pending;
        };
        let polled = making.as_mut().poll(cx);
        if polled.is_ready() {
            self.making = None;
        }
        polled
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.leave(None);
    }
}

impl Rest {
    /// Has the app go on to its end.
    pub(crate) async fn finish(self) {
        self.making.await;
    }
}
