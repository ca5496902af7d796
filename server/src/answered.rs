//! A response that is being made: [`Answered`].

use std::{
    convert::Infallible,
    future::{Future, Ready, poll_fn, ready},
    pin::Pin,
    task::{Context, Poll},
};

use enfilade_core::Response;
use tokio::runtime::Handle;

use crate::tasks::{Phase, Task};

/// A response that is being made. One box a request: hyper keeps the future's type inside each
/// connection, and idle connections shall not pay for the depth of a pipeline.
///
/// It is dropped where its client leaves. Then the app is, too, or it goes on in a task of its own
/// where it asked to.
pub(crate) struct Answered(Option<Pin<Box<dyn Making>>>);

/// What makes it.
pub(crate) trait Making: Future<Output = Result<Response, Infallible>> + Send {
    /// The client has left. Gives a place among what runs where the app is to go on.
    fn leave(self: Pin<&mut Self>) -> Option<Task>;
}

impl Answered {
    pub(crate) fn making(making: Pin<Box<dyn Making>>) -> Answered {
        Answered(Some(making))
    }

    /// One that no app had to make.
    pub(crate) fn ready(response: Response) -> Answered {
        Answered::making(Box::pin(ready(Ok(response))))
    }
}

impl Future for Answered {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(making) = &mut self.0 else {
            // Nobody polls behind the end.
            return Poll::Pending;
        };
        let polled = making.as_mut().poll(cx);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        let Some(mut making) = self.0.take() else {
            return;
        };
        // Where the runtime itself ends, nothing can go on.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if let Some(task) = making.as_mut().leave() {
            runtime.spawn(finish(making, task));
        }
    }
}

/// Has the app go on to its end, or to that of the server's patience.
async fn finish(mut making: Pin<Box<dyn Making>>, mut task: Task) {
    poll_fn(|cx| match task.phase(cx) {
        Phase::Aborting => Poll::Ready(()),
        Phase::Serving | Phase::Draining => making.as_mut().poll(cx).map(drop),
    })
    .await;
}

impl Making for Ready<Result<Response, Infallible>> {
    fn leave(self: Pin<&mut Self>) -> Option<Task> {
        None
    }
}
